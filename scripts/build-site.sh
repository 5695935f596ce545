#!/usr/bin/env bash
# Builds what the browser loads into target/site: the WebAssembly module, the parts of it that some pages need, their
# loaders, the style sheet, the files of public/, and compressed copies of all that compresses well. Steps whose input
# has not changed are left out.
#
# The names are those that the page asks for: pkg/deploymend.js, pkg/deploymend_bg.wasm, pkg/deploymend.css. The server
# reads from pkg/parts.json which parts a page needs.

# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly site=$root/target/site work=$root/target/site-work
readonly module=${CARGO_TARGET_DIR:-$root/target}/$wasm_target/wasm-release/deploymend.wasm
mkdir -p "$site/pkg" "$work"
cd "$root"

started=$SECONDS
timed() {
  local start=$SECONDS label=$1
  shift
  "$@"
  printf 'site: %s (%d s)\n' "$label" $((SECONDS - start))
}

compile() {
  local cargo
  mapfile -t cargo < <(wasm_cargo)
  ((${#cargo[@]})) || fail "no Rust target $wasm_target" "Run: make setup"
  if [[ ${cargo[*]} == *debian* ]]; then export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=wasm-ld-22; fi
  # The module is cut along its relocations.
  "${cargo[@]}" rustc --lib --no-default-features --features hydrate \
    --target "$wasm_target" --profile wasm-release -- -C link-arg=--emit-relocs
}

# What rustc uses by default and every current browser has; no more, or the optimiser may use newer ones.
# Inlining makes like functions unlike, and the module as it is sent grows by 9 %. Sorted by name, the copies of one
# generic function lie side by side, which compresses better.
optimise() {
  node tools/node_modules/binaryen/bin/wasm-opt --enable-bulk-memory --enable-bulk-memory-opt --enable-multivalue \
    --enable-mutable-globals --enable-nontrapping-float-to-int --enable-reference-types --enable-sign-ext \
    --always-inline-max-function-size 0 --flexible-inline-max-function-size 0 \
    --one-caller-inline-max-function-size 0 -Oz --reorder-functions-by-name --strip-producers \
    --strip-target-features "$1" -o "$2" 2> >(grep -v 'unknown name subsection' >&2)
}

# Cuts the module at the functions marked #[lazy], binds the main part to JavaScript, optimises all parts.
bind() {
  local bindgen split part
  bindgen=$(tool_path wasm-bindgen) || fail "no wasm-bindgen $(pinned_version wasm-bindgen)" "Run: make setup"
  split=$(tool_path wasm-split-cli) || fail "no wasm-split-cli $(pinned_version wasm-split-cli)" "Run: make setup"
  rm -rf "$work/parts" "$work/bound" "$work/pkg"
  mkdir -p "$work/pkg"
  "$split" --target web --out-name deploymend "$module" "$work/parts"
  "$bindgen" --target web --no-typescript --keep-lld-exports --out-name deploymend --out-dir "$work/bound" "$work/parts/deploymend.wasm"
  optimise "$work/bound/deploymend_bg.wasm" "$work/pkg/deploymend_bg.wasm"
  for part in "$work"/parts/{chunk,split}_*.wasm; do
    [[ ! -f $part ]] || optimise "$part" "$work/pkg/${part##*/}"
  done
  if [[ -d $work/bound/snippets ]]; then cp -R "$work/bound/snippets" "$work/pkg/"; fi
  cp "$work/bound/deploymend.js" "$work/parts/__wasm_split.js" "$work/pkg/"
  node scripts/list-parts.mjs "$work/pkg"
  find "$site/pkg" -mindepth 1 -maxdepth 1 ! -name 'deploymend.css*' -exec rm -r {} +
  cp -R "$work/pkg/." "$site/pkg/"
}

style() {
  # The style sheet imports `tailwindcss`, which lies in tools/.
  NODE_PATH=$root/tools/node_modules node tools/node_modules/@tailwindcss/cli/dist/index.mjs \
    --input style/main.css --output "$work/deploymend.css" --minify 2>"$work/tailwind.log" ||
    { cat "$work/tailwind.log" >&2; fail "Tailwind could not build style/main.css"; }
  cmp -s "$work/deploymend.css" "$site/pkg/deploymend.css" || cp "$work/deploymend.css" "$site/pkg/deploymend.css"
}

# The stamp names what the output was made from and with.
fingerprint() {
  pinned_version wasm-bindgen
  pinned_version wasm-split-cli
  sha256sum "$module" tools/package-lock.json scripts/build-site.sh scripts/list-parts.mjs
}

timed "compiled for the browser" compile
if [[ ! -f $work/bound.stamp || $(<"$work/bound.stamp") != "$(fingerprint)" ]]; then
  timed "cut, bound and optimised" bind
  fingerprint >"$work/bound.stamp"
fi
timed "style sheet" style
[[ ! -d public ]] || cp -R --update public/. "$site/"

mapfile -d '' -t files < <(find "$site" -type f \( -name '*.wasm' -o -name '*.js' -o -name '*.css' -o -name '*.svg' \) -print0)
node scripts/compress.mjs "${files[@]}"
printf 'site: ready in %d s\n' $((SECONDS - started))
