#!/usr/bin/env bash
# Runs a command beside a PostgreSQL server of its own, and ends the server whatever the command does.
#
#   scripts/with-postgres.sh COMMAND [ARGUMENT...]
#
# The server lives in a temporary folder, listens on a free port of the loopback address and keeps nothing. The
# command finds it by TEST_DATABASE_URL, whose user may create databases; TEST_DATABASE_RESTART is a program that kills
# the server and starts it again. With DURABLE=1 nothing that was committed is lost by that.

# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

(($# > 0)) || fail "no command was given" "scripts/with-postgres.sh COMMAND [ARGUMENT...]"
binaries=$(postgres_bin) || fail "PostgreSQL is not installed" "Run: scripts/setup.sh test"

folder=$(mktemp -d "${TMPDIR:-/tmp}/deploymend-postgres.XXXXXX")
password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
(umask 077 && printf '%s\n' "$password" >"$folder/password")

# PostgreSQL refuses to run as root.
if [[ $EUID -eq 0 ]]; then
  owner=nobody
  ! id postgres >/dev/null 2>&1 || owner=postgres
  chown -R "$owner" "$folder"
  postgres() { (cd / && setpriv --reuid "$owner" --regid "$(id -g "$owner")" --clear-groups "$binaries/$1" "${@:2}"); }
else
  postgres() { "$binaries/$1" "${@:2}"; }
fi

# shellcheck disable=SC2317 # called by the trap
stop() {
  trap - EXIT
  postgres pg_ctl --pgdata "$folder/data" --mode immediate --wait stop >/dev/null 2>&1 || true
  rm -rf "$folder"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# The password itself, over the loopback address: by SCRAM each of thousands of connections would cost unoptimised
# programs thousands of rounds of hashing.
postgres initdb --pgdata "$folder/data" --username deploymend --pwfile "$folder/password" --auth password \
  --encoding UTF8 --locale C --no-sync >"$folder/initdb.log" 2>&1 || {
  cat "$folder/initdb.log" >&2
  fail "initdb failed"
}

free_port() { node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'; }

# Durability is off: nothing outlives this script.
durable=off
[[ -z ${DURABLE:-} ]] || durable=on
start() {
  port=$(free_port)
  postgres pg_ctl --pgdata "$folder/data" --log "$folder/server.log" --wait --timeout 60 --options "\
    -c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories= -c max_connections=300 \
    -c fsync=off -c synchronous_commit=$durable -c full_page_writes=off -c shared_buffers=64MB" start >/dev/null 2>&1
}

# Another program may take the port in between.
start || start || start || {
  cat "$folder/server.log" >&2
  fail "PostgreSQL did not start"
}

{
  printf '#!/usr/bin/env bash\n%s\n' "binaries=$binaries owner=${owner:-}"
  declare -f postgres
  printf 'postgres pg_ctl --pgdata %q --mode immediate --wait --timeout 60 restart --log %q >/dev/null\n' \
    "$folder/data" "$folder/server.log"
} >"$folder/restart"
chmod 755 "$folder/restart"
export TEST_DATABASE_RESTART="$folder/restart"
export TEST_DATABASE_URL="postgres://deploymend:$password@127.0.0.1:$port/postgres"
status=0
"$@" || status=$?
exit "$status"
