# shellcheck shell=bash
# What the scripts share: where things are, and which program is used for what.
# Sourced, never run.

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly root

# Some service managers and containers start programs without a home. npm and cargo need a place to write.
if [[ -z ${HOME:-} ]]; then
  HOME=$root/target/home
  export HOME
  mkdir -p "$HOME"
fi

# Compiled tools, one folder per version, shared by all checkouts of this user.
tools=${DEPLOYMEND_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/deploymend}
readonly tools

readonly wasm_target=wasm32-unknown-unknown

note() { printf '%s\n' "$*" >&2; }

# fail WHAT [WHAT TO DO]
fail() {
  note "error: $1"
  [[ -z ${2:-} ]] || note "       $2"
  exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

# Runs a command as the administrator.
as_root() {
  if [[ $EUID -eq 0 ]]; then
    "$@"
  elif has sudo; then
    sudo -n "$@"
  else
    note "root or sudo is needed for: $*"
    return 1
  fi
}

# The version of a crate in Cargo.lock.
locked_version() {
  awk -v crate="\"$1\"" '$1 == "name" { found = $3 == crate } found && $1 == "version" { gsub(/"/, "", $3); print $3; exit }' \
    "$root/Cargo.lock"
}

# The version of a compiled tool that this checkout works with.
pinned_version() {
  case $1 in
    # These programs and their crates have to agree.
    wasm-bindgen) locked_version wasm-bindgen ;;
    wasm-split-cli) locked_version wasm_split_helpers ;;
    cargo-deny) echo 0.20.2 ;;
    cargo-machete) echo 0.9.2 ;;
    cargo-fuzz) echo 0.13.2 ;;
    cargo-cyclonedx) echo 0.5.9 ;;
    *) fail "no version is known of $1" ;;
  esac
}

# The program of exactly that version, from our folder or from PATH; nothing if there is none.
tool_path() {
  local version ours
  version=$(pinned_version "$1")
  ours=$tools/$1-$version/bin/$1
  if [[ -x $ours ]]; then
    printf '%s\n' "$ours"
  elif has "$1" && [[ $("$1" --version 2>/dev/null) == "$1 $version"* ]]; then
    command -v "$1"
  else
    return 1
  fi
}

# An environment of Python's for the locked version of Schemathesis and what it needs.
schemathesis_folder() {
  printf '%s/schemathesis-%s\n' "$tools" "$(sha256sum "$root/end2end/api/requirements.txt" | cut -c1-12)"
}

# The folder with initdb, postgres and pg_ctl: Debian keeps it off PATH. The newest one wins.
postgres_bin() {
  local found
  found=$(printf '%s\n' /usr/lib/postgresql/*/bin/initdb | sort -V | tail -n 1)
  if [[ -x $found ]]; then
    dirname "$found"
  elif has initdb && has pg_ctl; then
    dirname "$(command -v initdb)"
  else
    return 1
  fi
}

# A Chromium that starts. Ubuntu's `chromium` may be a stub that only points at a snap.
chromium_path() {
  local name
  for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
    if [[ -n $name ]] && has "$name" && "$name" --version >/dev/null 2>&1; then
      command -v "$name"
      return
    fi
  done
  return 1
}

# The OpenCode program for this processor, below tools/node_modules.
opencode_path() {
  local kind
  case $(uname -m) in
    x86_64)
      kind=linux-x64
      grep -qw avx2 /proc/cpuinfo || kind=linux-x64-baseline
      ;;
    aarch64) kind=linux-arm64 ;;
    *) fail "OpenCode has no program for $(uname -m)" "Use a 64-bit Intel, AMD or Arm machine." ;;
  esac
  printf '%s\n' "$root/tools/node_modules/opencode-$kind/bin/opencode"
}

has_std() { compgen -G "$1/libstd-*.rlib" >/dev/null; }

# The words that start a cargo for the browser: the usual toolchain, or the one of wasm-target-fallback.sh.
wasm_cargo() {
  if has_std "$(rustc --print target-libdir --target $wasm_target 2>/dev/null)"; then
    printf 'cargo\n'
  elif has_std /usr/lib/rustlib/$wasm_target/lib && rustup run debian rustc --version >/dev/null 2>&1; then
    printf 'cargo\n+debian\n'
  else
    return 1
  fi
}
