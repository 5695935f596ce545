#!/usr/bin/env bash
# Builds what the browser loads into target/site: the WebAssembly module and its loader, the style sheet, the files of
# public/, and compressed copies of all that compresses well. Steps whose input has not changed are left out.
#
# The names are those that the page asks for: pkg/deploymend.js, pkg/deploymend_bg.wasm, pkg/deploymend.css.

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
  "${cargo[@]}" build --lib --no-default-features --features hydrate \
    --target "$wasm_target" --profile wasm-release
}

bind() {
  local program
  program=$(tool_path wasm-bindgen) || fail "no wasm-bindgen $(pinned_version wasm-bindgen)" "Run: make setup"
  "$program" --target web --no-typescript --out-name deploymend --out-dir "$work/bound" "$module"
  # What rustc uses by default and every current browser has; no more, or the optimiser may use newer ones.
  # Inlining makes like functions unlike, and the module as it is sent grows by 9 %. Sorted by name, the copies of one
  # generic function lie side by side, which compresses better.
  node tools/node_modules/binaryen/bin/wasm-opt --enable-bulk-memory --enable-bulk-memory-opt --enable-multivalue \
    --enable-mutable-globals --enable-nontrapping-float-to-int --enable-reference-types --enable-sign-ext \
    --always-inline-max-function-size 0 --flexible-inline-max-function-size 0 \
    --one-caller-inline-max-function-size 0 -Oz --reorder-functions-by-name --strip-producers \
    --strip-target-features "$work/bound/deploymend_bg.wasm" -o "$work/bound/optimised.wasm"
  rm -rf "$site/pkg/snippets"
  if [[ -d $work/bound/snippets ]]; then cp -R "$work/bound/snippets" "$site/pkg/"; fi
  cp "$work/bound/deploymend.js" "$site/pkg/deploymend.js"
  cp "$work/bound/optimised.wasm" "$site/pkg/deploymend_bg.wasm"
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
  sha256sum "$module" tools/package-lock.json scripts/build-site.sh
}

timed "compiled for the browser" compile
if [[ ! -f $work/bound.stamp || $(<"$work/bound.stamp") != "$(fingerprint)" ]]; then
  timed "bound and optimised" bind
  fingerprint >"$work/bound.stamp"
fi
timed "style sheet" style
[[ ! -d public ]] || cp -R --update public/. "$site/"

mapfile -d '' -t files < <(find "$site" -type f \( -name '*.wasm' -o -name '*.js' -o -name '*.css' -o -name '*.svg' \) -print0)
node scripts/compress.mjs "${files[@]}"
printf 'site: ready in %d s\n' $((SECONDS - started))
