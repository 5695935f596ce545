#!/usr/bin/env bash
# Writes what a release is made of into target/sbom, as CycloneDX 1.5 in JSON, from the lock files alone:
#
#   server.cdx.json    crates of the program
#   browser.cdx.json   crates of the WebAssembly module
#   tools.cdx.json     npm packages of tools/: OpenCode, which runs beside the program, and what builds the browser files
#   tests.cdx.json     npm packages of end2end/, which nothing that is released has

# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

cyclonedx=$(tool_path cargo-cyclonedx) || fail "no cargo-cyclonedx $(pinned_version cargo-cyclonedx)" "Run: scripts/setup.sh sbom"
readonly spec=1.5
folder=${CARGO_TARGET_DIR:-$root/target}/sbom
mkdir -p "$folder"

# The program writes beside each manifest of the workspace, whatever it is asked for: a name that nothing else has.
name=sbom-$$
scratch=$(mktemp -d)
# shellcheck disable=SC2317 # called by the trap
clean() {
  rm -rf "$scratch"
  rm -f "$root/$name.json" "$root/migrations/$name.json" "$root/end2end/standins/$name.json"
}
trap clean EXIT
version=$(locked_version deploymend)

# crates OUTPUT FEATURE TARGET
crates() {
  "$cyclonedx" cyclonedx --quiet --manifest-path "$root/Cargo.toml" --format json --spec-version "$spec" \
    --override-filename "$name" --no-default-features --features "$2" --target "$3" --no-build-deps
  mv "$root/$name.json" "$folder/$1"
}

# packages OUTPUT FOLDER: npm names the list by its folder, and wants a version, which ours have no use for.
packages() {
  local copy=$scratch/deploymend-$2
  mkdir "$copy"
  cp "$root/$2/package.json" "$root/$2/package-lock.json" "$copy"
  node -e '
    const { readFileSync, writeFileSync } = require("fs");
    const [version, ...files] = process.argv.slice(1);
    for (const file of files) {
      const json = JSON.parse(readFileSync(file, "utf8"));
      json.version = version;
      if (json.packages) json.packages[""].version = version;
      writeFileSync(file, JSON.stringify(json));
    }
  ' "$version" "$copy/package.json" "$copy/package-lock.json"
  (cd "$copy" && npm sbom --package-lock-only --sbom-format cyclonedx --sbom-type application) >"$scratch/$1"
  mv "$scratch/$1" "$folder/$1"
}

crates server.cdx.json ssr "$(rustc -vV | sed -n 's/^host: //p')"
crates browser.cdx.json hydrate "$wasm_target"
packages tools.cdx.json tools
packages tests.cdx.json end2end

for file in server browser tools tests; do
  node -e '
    const { readFileSync } = require("fs");
    const bom = JSON.parse(readFileSync(process.argv[1], "utf8"));
    if (bom.bomFormat !== "CycloneDX" || !(bom.components?.length > 0)) throw new Error("not a bill of materials");
    console.log(String(bom.components.length).padStart(5) + " components  " + process.argv[1]);
  ' "$folder/$file.cdx.json"
done
