#!/usr/bin/env bash
# Handles one server of a running instance, for tests and operators:
#   scripts/server.sh DIR start|stop|kill|pause|resume rabbitmq|postgres
#   scripts/server.sh DIR restart-immediately postgres
#   scripts/server.sh DIR status
#   scripts/server.sh DIR rabbitmqctl ARGUMENT…
set -euo pipefail
ROOT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
. "$ROOT/scripts/lib.sh"
. "$ROOT/scripts/servers.sh"

usage() { wrong_usage "$(sed -n '3,6s/^# *//p' "${BASH_SOURCE[0]}")"; }

[ $# -ge 2 ] || usage
DIR=$1 VERB=$2
shift 2
[ -e "$DIR/env" ] || die "$DIR has no servers"
env_load "$DIR"

server_named() {
    case ${1:-} in
    rabbitmq | postgres) SERVER=$1 ;;
    *) usage ;;
    esac
}

# PostgreSQL has a process for each connection.  One that ends meanwhile is none to worry about.
signal_children() {
    local pid children
    pid=$(server_pid "$DIR" "$SERVER") || return 0
    read -ra children <<<"$(<"/proc/$pid/task/$pid/children")"
    kill "-$1" "${children[@]}" 2>/dev/null || true
}

case $VERB in
status) servers_status "$DIR" ;;
rabbitmqctl) rabbitmq_ctl "$DIR" "$@" ;;
start)
    server_named "$@"
    server_pid "$DIR" "$SERVER" >/dev/null || server_start "$DIR" "$SERVER"
    ;;
stop)
    server_named "$@"
    if [ "$SERVER" = postgres ]; then signal=INT; else signal=TERM; fi
    server_signal "$DIR" "$SERVER" "$signal"
    server_await_end "$DIR" "$SERVER" "$signal"
    ;;
kill)
    server_named "$@"
    server_signal "$DIR" "$SERVER" KILL
    server_await_end "$DIR" "$SERVER" KILL
    ;;
pause)
    server_named "$@"
    server_signal "$DIR" "$SERVER" STOP
    signal_children STOP
    ;;
resume)
    server_named "$@"
    signal_children CONT
    server_signal "$DIR" "$SERVER" CONT
    ;;
restart-immediately)
    server_named postgres
    server_signal "$DIR" postgres QUIT # PostgreSQL's immediate mode: no checkpoint, recovery at the next start
    server_await_end "$DIR" postgres QUIT
    server_start "$DIR" postgres
    ;;
*) usage ;;
esac
