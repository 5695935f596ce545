#!/usr/bin/env bash
# Every check that needs no test run. All of them run, whatever the earlier ones found; the end says which failed.

# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root"

failed=()

# check NAME COMMAND...
check() {
  local name=$1 start=$SECONDS result=ok
  shift
  printf '\n== %s\n' "$name"
  "$@" || { result=FAILED; failed+=("$name"); }
  printf '== %s: %s (%d s)\n' "$name" "$result" $((SECONDS - start))
}

# A long check that has build files of its own runs beside the others: each compilation ends with one large crate, which
# keeps one processor busy.
declare -A beside
trap 'jobs -p | xargs --no-run-if-empty kill 2>/dev/null || true' EXIT
begin() {
  local name=$1
  shift
  "$@" >"target/lint-$name.log" 2>&1 &
  beside[$name]=$!
}

finish() {
  local status=0
  wait "${beside[$1]}" || status=$?
  cat "target/lint-$1.log"
  return "$status"
}

# The same features as the tests, and always the whole workspace: another selection compiles the dependencies again.
server=(--workspace --features "ssr,failpoints")
# What .cargo/config.toml says, for the commands that set flags of their own.
erased="--cfg erase_components"

browser() {
  local cargo
  mapfile -t cargo < <(wasm_cargo)
  ((${#cargo[@]})) || { note "no Rust target $wasm_target: run make setup"; return 1; }
  local flags=(--lib --no-default-features --features hydrate --target "$wasm_target" --target-dir target/lint-browser)
  if [[ ${cargo[*]} == *debian* ]]; then
    # That toolchain comes without clippy.
    RUSTFLAGS="$erased -D warnings" "${cargo[@]}" check "${flags[@]}"
  else
    "${cargo[@]}" clippy "${flags[@]}" -- -D warnings
  fi
}

# An application's documentation is for those who work on it.
documentation() {
  RUSTDOCFLAGS="$erased -D warnings -A rustdoc::private_intra_doc_links" \
    cargo doc --no-deps --document-private-items "${server[@]}"
}

# Its modules are the product's own, listed once more: what they need may change.
fuzz() {
  cargo check --manifest-path fuzz/Cargo.toml --target-dir target/fuzz/check --lib --bins --no-default-features \
    --features ssr
}

run_tool() {
  local program
  program=$(tool_path "$1") || { note "$1 $(pinned_version "$1") is missing: run scripts/setup.sh lint"; return 1; }
  "$program" "${@:2}"
}

# The advisory database is a Git repository elsewhere; a machine without a way to it cannot ask it.
advisories() {
  if timeout 120 "$(tool_path cargo-deny)" fetch db >target/advisories.log 2>&1; then
    run_tool cargo-deny --offline check advisories
  else
    echo "not checked: the advisory database cannot be reached from here"
  fi
}

mkdir -p target
begin browser browser
begin fuzz fuzz
check "formatting" cargo fmt --all --check
check "clippy, server" cargo clippy --all-targets "${server[@]}" -- -D warnings
check "documentation" documentation
check "clippy, browser" finish browser
check "licences, bans and sources" run_tool cargo-deny check licenses bans sources
check "advisories" advisories
check "fuzz" finish fuzz
check "unused dependencies" run_tool cargo-machete
check "shell scripts" bash -c 'git ls-files -z "*.sh" .ci/run | xargs -0 shellcheck --external-sources'

printf '\n'
if ((${#failed[@]})); then
  printf 'lint: failed: %s (%d s)\n' "$(IFS=,; printf '%s' "${failed[*]}")" "$SECONDS"
  exit 1
fi
printf 'lint: everything is in order (%d s)\n' "$SECONDS"
