// optimise.mjs IN OUT: the module that wasm-bindgen wrote → a smaller one that does the same.
//
// Leptos can take over a page in two ways: at once, or step by step for views that are loaded when they are needed.
// The second way is an asynchronous copy of the first for every kind of view. Ours never starts it (src/lib.rs calls
// `hydrate_body`, not `hydrate_lazy`), nor does it use `template!`, but the compiler cannot know: each erased view
// points at its copies. Here the copies lose their bodies; called all the same, they would stop the module at once.
import { readFileSync, writeFileSync } from 'node:fs';
import binaryen from '../tools/node_modules/binaryen/index.js';

const NEVER_CALLED = ['hydrate_async', 'hydrate_from_template'];

const { Features } = binaryen;
// What rustc uses by default and every current browser has; no more, or the optimiser may use newer ones.
const features =
  Features.BulkMemory | Features.BulkMemoryOpt | Features.Multivalue | Features.MutableGlobals |
  Features.NontrappingFPToInt | Features.ReferenceTypes | Features.SignExt;

const [input, output] = process.argv.slice(2);
const module = binaryen.readBinary(readFileSync(input));
module.setFeatures(features);

const emptied = Object.fromEntries(NEVER_CALLED.map((name) => [name, 0]));
for (let index = 0; index < module.getNumFunctions(); index++) {
  const code = module.getFunctionByIndex(index);
  const name = NEVER_CALLED.find((name) => binaryen.Function.getName(code).includes(name));
  if (name !== undefined) {
    binaryen.Function.setBody(code, module.unreachable());
    emptied[name]++;
  }
}
for (const [name, count] of Object.entries(emptied)) {
  if (count === 0) throw new Error(`no function is called *${name}*: are the names still in the module?`);
}

// As `wasm-opt -Oz`, but without inlining: it makes like functions unlike, so that the module grows by 9 % as it is
// sent. Sorted by name, the copies of one generic function lie side by side, which brotli likes too.
binaryen.setOptimizeLevel(2);
binaryen.setShrinkLevel(2);
binaryen.setAlwaysInlineMaxSize(0);
binaryen.setOneCallerInlineMaxSize(0);
binaryen.setFlexibleInlineMaxSize(0);
module.optimize();
module.runPasses(['reorder-functions-by-name', 'strip-producers', 'strip-target-features']);
if (!module.validate()) throw new Error('the optimised module is not valid');
writeFileSync(output, module.emitBinary());
