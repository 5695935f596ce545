// Writes FOLDER/parts.json: for each function at which the module was cut, the files behind it, without their ending.
//
//   node list-parts.mjs FOLDER
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder] = process.argv.slice(2);
const loader = '__wasm_split.js';
const source = readFileSync(join(folder, loader), 'utf8');
// An empty part has no file.
const file = (text) => text.match(/new URL\("\.\/([^"]+)\.wasm"/)?.[1];

const shared = new Map();
const parts = {};
for (const statement of source.split(/^(?=const |export const |function )/m)) {
  const [, chunk] = statement.match(/^const (__chunk_\d+) = /) ?? [];
  const [, cut] = statement.match(/^export const __wasm_split_load_(\w+?)(?:_\d+)? = /) ?? [];
  if (chunk) shared.set(chunk, file(statement));
  if (cut) {
    const [, needed] = statement.match(/\[([^\]]*)\]\)\);\s*(?:\/\*.*\*\/\s*)?$/);
    const chunks = needed.split(',').map((name) => shared.get(name.trim()));
    parts[cut] = [...chunks, file(statement)].filter((name) => name !== undefined);
  }
}

const named = new Set(Object.values(parts).flat());
const forgotten = readdirSync(folder).filter((name) => /^(chunk|split)_.*\.wasm$/.test(name) && !named.has(name.slice(0, -5)));
if (named.size === 0 || forgotten.length > 0) {
  throw new Error(`the loader ${loader} is not understood: no function needs ${forgotten.join(', ') || 'any file'}`);
}
writeFileSync(join(folder, 'parts.json'), `${JSON.stringify(parts, null, 2)}\n`);
