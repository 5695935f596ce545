// Writes __wasm_split_manifest.json: for each function at which the module was cut, the files that its pages need. The
// server reads it and names those files in the head of a page.
//
//   node split-manifest.mjs FOLDER LOADER
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, loader] = process.argv.slice(2);
const source = readFileSync(join(folder, loader), 'utf8');
// An empty part has no file.
const file = (text) => text.match(/new URL\("\.\/([^"]+)\.wasm"/)?.[1];

const shared = new Map();
const manifest = {};
for (const statement of source.split(/^(?=const |export const |function )/m)) {
  const [, chunk] = statement.match(/^const (__chunk_\d+) = /) ?? [];
  const [, cut] = statement.match(/^export const __wasm_split_load_(\w+) = /) ?? [];
  if (chunk) shared.set(chunk, file(statement));
  if (cut) {
    const [, needed] = statement.match(/\[([^\]]*)\]\)\);\s*(?:\/\*.*\*\/\s*)?$/);
    const chunks = needed.split(',').map((name) => shared.get(name.trim()));
    manifest[cut] = [...chunks, file(statement)].filter((name) => name !== undefined);
  }
}

const named = new Set(Object.values(manifest).flat());
const forgotten = readdirSync(folder).filter((name) => /^(chunk|split)_.*\.wasm$/.test(name) && !named.has(name.slice(0, -5)));
if (named.size === 0 || forgotten.length > 0) {
  throw new Error(`the loader ${loader} is not understood: no function needs ${forgotten.join(', ') || 'any file'}`);
}
writeFileSync(join(folder, '__wasm_split_manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
