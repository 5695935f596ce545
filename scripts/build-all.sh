#!/usr/bin/env bash
# Compiles the tests and, at the same time, what the browser loads: each ends with one large crate, which keeps one
# processor busy.
#
#   scripts/build-all.sh ARGUMENT OF CARGO...

# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root"

mkdir -p target
trap 'jobs -p | xargs --no-run-if-empty kill 2>/dev/null || true' EXIT
scripts/build-site.sh >target/build-site.log 2>&1 &
site=$!
status=0
cargo test "$@" --no-run || status=$?
wait "$site" || status=$?
cat target/build-site.log
exit "$status"
