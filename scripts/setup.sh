#!/usr/bin/env bash
# Installs what Deploymend needs on a Debian or Ubuntu machine, and only what is missing.
#
#   scripts/setup.sh PART...      parts: build, run, test, lint, fuzz, sbom, all
#
#   build   the WebAssembly target, wasm-bindgen, wasm-split, Tailwind, wasm-opt
#   run     bubblewrap, ripgrep and OpenCode
#   test    Chromium, PostgreSQL, Playwright, Schemathesis
#   lint    shellcheck, cargo-deny, cargo-machete
#   fuzz    cargo-fuzz; not among all
#   sbom    cargo-cyclonedx; not among all
#
# Needs beforehand: rustup with a Rust toolchain, Node.js 20 or later with npm, make, git, curl, a C toolchain,
# and root or sudo. Compiled tools go to $DEPLOYMEND_TOOLS, by default ~/.cache/deploymend.

# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly log=$root/target/setup.log
done_any=

# step LABEL HINT FUNCTION [ARGUMENT...]: one line with the seconds, or the end of the log and what to do.
# The function runs in a bash of its own, so that it stops at its first failing line.
step() {
  local label=$1 hint=$2 status=0 start=$SECONDS
  shift 2
  done_any=yes
  printf 'set-up: %s ... ' "$label"
  bash "${BASH_SOURCE[0]}" --step "$@" >"$log" 2>&1 </dev/null 9>&- || status=$?
  if ((status == 0)); then
    printf 'done in %d s\n' $((SECONDS - start))
  else
    printf 'failed after %d s\n' $((SECONDS - start))
    note "--- the last lines of $log"
    tail -n 25 "$log" >&2
    note "---"
    fail "set-up could not finish: $label" "$hint"
  fi
}

# --- what has to be there already

check_machine() {
  local missing=() program
  for program in rustup cargo rustc node npm git curl make cc; do has "$program" || missing+=("$program"); done
  if ((${#missing[@]})); then
    fail "missing: ${missing[*]}" \
      "Install rustup from https://rustup.rs, Node.js 20 or later, and the packages build-essential, git and curl."
  fi
  local rust node wanted
  wanted=$(awk -F'"' '/^rust-version = /{print $2; exit}' "$root/Cargo.toml")
  rust=$(rustc --version | awk '{print $2}')
  [[ $(printf '%s\n' "$wanted" "$rust" | sort -V | head -n 1) == "$wanted" ]] ||
    fail "Rust $wanted or later is needed, this is $rust" "Run: rustup update stable"
  node=$(node -p 'process.versions.node.split(".")[0]')
  ((node >= 20)) || fail "Node.js 20 or later is needed, this is $(node --version)" "See https://nodejs.org"
}

# --- Debian packages

# The steps write to a log and cannot ask for a password: sudo asks here, where there is someone to ask.
ask_for_root() {
  if [[ $EUID -ne 0 && -t 0 ]] && has sudo; then sudo -v; fi
}

install_apt() {
  has apt-get || { note "There is no apt-get here."; return 1; }
  export DEBIAN_FRONTEND=noninteractive
  local try
  for try in 1 2 3; do
    as_root apt-get update && break
    ((try < 3)) || note "The package lists could not be refreshed; trying with those at hand."
    sleep $((try * 2))
  done
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "$@"
}

apt_packages() {
  local wanted=()
  for part in "$@"; do
    case $part in
      run)
        has bwrap || wanted+=(bubblewrap)
        # Two of the agent's tools search with it.
        has rg || wanted+=(ripgrep)
        ;;
      test)
        chromium_path >/dev/null || ! apt_has_chromium || wanted+=(chromium)
        postgres_bin >/dev/null || wanted+=(postgresql)
        # Debian packages Python's own environments on their own.
        python3 -c 'import ensurepip, venv' 2>/dev/null || wanted+=(python3-venv)
        ;;
      lint) has shellcheck || wanted+=(shellcheck) ;;
    esac
  done
  ((${#wanted[@]})) || return 0
  ask_for_root
  step "packages ${wanted[*]}" "Install them by hand: apt-get install ${wanted[*]}" install_apt "${wanted[@]}"
}

# Ubuntu's package of that name is a pointer to a snap, which does not start in containers.
apt_has_chromium() { ! grep -qi '^ID=ubuntu' /etc/os-release; }

# --- the browser half

add_wasm_target() { timeout 180 rustup target add "$wasm_target"; }

need_wasm_target() {
  wasm_cargo >/dev/null && return
  printf 'set-up: Rust target %s ... ' "$wasm_target"
  local start=$SECONDS
  # rustup's word alone is not enough: a toolchain unpacked by hand may only claim to have the target.
  if add_wasm_target >"$log" 2>&1 </dev/null 9>&- && wasm_cargo >/dev/null; then
    printf 'done in %d s\n' $((SECONDS - start))
    done_any=yes
  else
    printf 'not to be had from rustup (%d s)\n' $((SECONDS - start))
    ask_for_root
    step "Debian's own toolchain for $wasm_target (about 2 minutes)" \
      "Make \`rustup target add $wasm_target\` work, or use Debian 12 or later, whose packages have a matching set." \
      wasm_target_fallback
  fi
}

wasm_target_fallback() { bash "$root/scripts/wasm-target-fallback.sh"; }

# Compiled without optimisation: these run for seconds, so the time to compile is what counts.
install_cargo_tool() {
  local package=$1 program=$2 version folder build
  shift 2
  version=$(pinned_version "$program")
  folder=$tools/$program-$version
  build=$tools/build-$program
  local arguments=("$package" --version "$version" --debug --root "$folder.part" --target-dir "$build" --force "$@")
  cd "$tools"
  export CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_DEV_DEBUG_ASSERTIONS=false CARGO_PROFILE_DEV_OVERFLOW_CHECKS=false
  # The package's own lock file first. It can name a version that is no longer to be had.
  cargo install --locked "${arguments[@]}" || cargo install "${arguments[@]}"
  rm -rf "$folder" "$build"
  mv "$folder.part" "$folder"
  # Not every one knows --version.
  "$folder/bin/$program" --help >/dev/null
}

# cargo_tool PACKAGE PROGRAM DURATION [ARGUMENT OF CARGO INSTALL...]
cargo_tool() {
  local package=$1 program=$2 duration=$3 version
  version=$(pinned_version "$program")
  shift 3
  tool_path "$program" >/dev/null || step "$program $version (compiles for about $duration)" \
    "Try by hand: cargo install $package --version $version $*" install_cargo_tool "$package" "$program" "$@"
}

# --- npm packages, exactly as locked, without running their scripts

npm_stamp() { cat "$1/package.json" "$1/package-lock.json" | sha256sum | cut -d' ' -f1; }

install_npm() {
  cd "$1"
  npm ci --ignore-scripts --no-audit --no-fund
  npm_stamp . >node_modules/.installed
}

npm_packages() {
  local folder=$root/$1
  [[ -f $folder/node_modules/.installed && $(<"$folder/node_modules/.installed") == "$(npm_stamp "$folder")" ]] ||
    step "npm packages of $1/" "Look whether npm reaches its registry: npm ping" install_npm "$folder"
}

check_opencode() {
  local program version
  program=$(opencode_path)
  version=$("$program" --version)
  [[ $version == "$(node -p 'require(process.argv[1]).version' "${program%/bin/*}/package.json")" ]]
}

need_opencode() {
  local stamp=$root/tools/node_modules/.opencode-works
  [[ -f $stamp ]] && return
  step "OpenCode" "Delete tools/node_modules and try again." check_opencode
  touch "$stamp"
}

# --- the tester of the REST API, exactly as locked

install_schemathesis() {
  local folder
  folder=$(schemathesis_folder)
  rm -rf "$folder"
  python3 -m venv "$folder"
  "$folder/bin/pip" install --disable-pip-version-check --no-input --only-binary :all: --require-hashes \
    --requirement "$root/end2end/api/requirements.txt"
  "$folder/bin/schemathesis" --version
  touch "$folder/.installed"
}

need_schemathesis() {
  [[ -f $(schemathesis_folder)/.installed ]] ||
    step "Schemathesis" "Look whether pip reaches its registry: pip download six" install_schemathesis
}

# --- browser for the tests where apt has none

install_playwright_chromium() {
  cd "$root/end2end"
  as_root npx playwright install-deps chromium
  npx playwright install chromium
}

need_chromium() {
  chromium_path >/dev/null && return
  compgen -G "$HOME/.cache/ms-playwright/chromium-*" >/dev/null && return
  ask_for_root
  step "Chromium, as Playwright packages it" \
    "Install Chromium or Chrome and name it: CHROMIUM=/path/to/chrome make test" install_playwright_chromium
}

# --- parts

install_part() {
  case $1 in
    build)
      need_wasm_target
      cargo_tool wasm-bindgen-cli wasm-bindgen "a minute"
      cargo_tool wasm_split_cli_support wasm-split-cli "half a minute" --features build-binary
      npm_packages tools
      ;;
    run)
      npm_packages tools
      need_opencode
      ;;
    test)
      npm_packages end2end
      need_schemathesis
      need_chromium
      ;;
    lint)
      cargo_tool cargo-deny cargo-deny "a minute"
      cargo_tool cargo-machete cargo-machete "a minute"
      ;;
    fuzz) cargo_tool cargo-fuzz cargo-fuzz "a minute" ;;
    sbom) cargo_tool cargo-cyclonedx cargo-cyclonedx "a minute" ;;
  esac
}

main() {
  local parts=() part
  for part in "$@"; do
    case $part in
      all) parts+=(build run test lint) ;;
      build | run | test | lint | fuzz | sbom) parts+=("$part") ;;
      *) fail "there is no part called $part" "Parts: build, run, test, lint, fuzz, sbom, all" ;;
    esac
  done
  ((${#parts[@]})) || fail "say which parts" "For instance: scripts/setup.sh build run"

  mkdir -p "$root/target"
  check_machine
  apt_packages "${parts[@]}"
  for part in "${parts[@]}"; do install_part "$part"; done
  if [[ -n $done_any ]]; then echo "set-up: ready in $SECONDS s"; fi
}

if [[ ${1:-} == --step ]]; then
  shift
  "$@"
else
  # Two of these at once would get in each other's way.
  mkdir -p "$tools"
  exec 9>"$tools/setup.lock"
  flock 9
  main "$@"
fi
