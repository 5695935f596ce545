#!/usr/bin/env bash
# Runs the fuzz targets one after the other, each for that long, from their seeds and what earlier runs have found.
#
#   scripts/fuzz.sh SECONDS [TARGET...]      all targets when none is named

# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

(($# > 0)) || fail "say for how long" "scripts/fuzz.sh SECONDS [TARGET...]"
seconds=$1
shift
targets=("$@")
((${#targets[@]})) || mapfile -t targets < <(sed -n '/^\[\[bin\]\]/,/^path/s/^name = "\(.*\)"/\1/p' "$root/fuzz/Cargo.toml")
program=$(tool_path cargo-fuzz) || fail "no cargo-fuzz $(pinned_version cargo-fuzz)" "Run: scripts/setup.sh fuzz"
readonly work=${CARGO_TARGET_DIR:-$root/target}/fuzz

cd "$root/fuzz"
failed=()
for target in "${targets[@]}"; do
  # The recorded build logs are the seeds of the diagnosis.
  seeds=seeds/$target
  [[ $target != diagnosis ]] || seeds=../tests/data/logs
  [[ -d $seeds ]] || fail "there is no target $target"
  found=$work/found/$target
  mkdir -p "$found"
  printf '\n== %s, %s s\n' "$target" "$seconds"
  RUSTC_BOOTSTRAP=1 "$program" run --fuzz-dir . --target-dir "$work/build" --sanitizer none "$target" "$found" "$seeds" -- \
    -max_total_time="$seconds" -max_len=65536 -timeout=5 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$work/$target-" || failed+=("$target")
done

if ((${#failed[@]})); then
  printf '\nfuzz: failed: %s; the inputs are in %s\n' "$(IFS=,; printf '%s' "${failed[*]}")" "$work"
  exit 1
fi
printf '\nfuzz: nothing was found in %s targets, %s s each\n' "${#targets[@]}" "$seconds"
