#!/usr/bin/env bash
# Runs a test program on servers of its own, which it may freeze, fill and kill while other programs run on theirs:
#   scripts/own-servers.sh NAME PROGRAM [ARGUMENT…]
# Existing servers (./run help) are used as they are.
set -euo pipefail
ROOT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
. "$ROOT/scripts/lib.sh"
. "$ROOT/scripts/servers.sh"
. "$ROOT/scripts/instance.sh"

[ $# -ge 2 ] || wrong_usage "$(sed -n '3s/^# *//p' "${BASH_SOURCE[0]}")"
NAME=test-$1
shift

if [ -n "${AMQP_URL:-}" ] && [ -z "${SERVERS_ARE_OURS:-}" ]; then
    exec "$@"
fi
EXTERNAL=no
servers_are_external || true # forgets the servers of the caller

exec 3>&1 >&2 # standard output is the program's alone
to_its_reader() { "$@" >&3 3>&-; }

catch_signals
with_instance "$NAME" to_its_reader "$@"
