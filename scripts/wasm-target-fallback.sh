#!/usr/bin/env bash
# Makes a Rust toolchain for WebAssembly out of Debian's packages, for machines where rustup cannot download a target.
#
# Debian packages a whole matching set: compiler, cargo, the standard library's source and lld. It is linked into
# rustup as `debian`, and the standard library is compiled for the browser once. The toolchain in use cannot be
# combined with Debian's source: compiler and library have to be of one version.

# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly library=/usr/lib/rustlib/$wasm_target/lib

if ! dpkg -s rustc-web cargo-web rust-web-src lld-22 >/dev/null 2>&1; then
  as_root apt-get update
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
    rustc-web cargo-web rust-web-src lld-22
fi

rustup run debian rustc --version 2>/dev/null || rustup toolchain link debian /usr

if ! has_std "$library"; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  mkdir "$work/src"
  cat >"$work/Cargo.toml" <<'MANIFEST'
[package]
name = "standard-library"
version = "0.0.0"
edition = "2021"
[lib]
crate-type = ["cdylib"]
[profile.release]
panic = "abort"
MANIFEST
  : >"$work/src/lib.rs"
  (
    cd "$work"
    # `build-std` is not stable; the compiler accepts it for this one build.
    env -u RUSTFLAGS -u RUSTUP_TOOLCHAIN RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc \
      CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=wasm-ld-22 \
      /usr/bin/cargo build --release -Zbuild-std=std,panic_abort --target "$wasm_target" --target-dir "$work/target"
  )
  as_root mkdir -p "$library"
  as_root cp "$work/target/$wasm_target/release/deps/"*.rlib "$library/"
fi

has_std "$library" || fail "no standard library in $library"
