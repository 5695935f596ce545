// Writes FILE.br and FILE.gz beside every file given, unless they are newer than the file, and prints the three sizes.
import { createReadStream, createWriteStream } from 'node:fs';
import { stat, utimes } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { constants, createBrotliCompress, createGzip } from 'node:zlib';

const kinds = {
  gz: () => createGzip({ level: 9 }),
  br: (size) =>
    createBrotliCompress({
      params: {
        [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
        [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
        [constants.BROTLI_PARAM_SIZE_HINT]: size,
      },
    }),
};

async function compressed(file, suffix) {
  const source = await stat(file);
  const target = `${file}.${suffix}`;
  const existing = await stat(target).catch(() => undefined);
  if (existing === undefined || existing.mtimeMs < source.mtimeMs) {
    await pipeline(createReadStream(file), kinds[suffix](source.size), createWriteStream(target));
    await utimes(target, new Date(), source.mtime);
  }
  return (await stat(target)).size;
}

const columns = (name, ...sizes) => `${name.padEnd(28)}${sizes.map((size) => String(size).padStart(12)).join('')}`;

console.log(columns('bytes', 'raw', 'gzip', 'brotli'));
for (const file of process.argv.slice(2)) {
  const { size } = await stat(file);
  console.log(columns(basename(file), size, await compressed(file, 'gz'), await compressed(file, 'br')));
}
