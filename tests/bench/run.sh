#!/usr/bin/env bash
# The measurements, on the servers that the environment names.  Called by ./run bench and by the tests.
#   run.sh [WHAT…] [--json] [--quick]      WHAT: see scripts/bench.sh; without one: all.  Results go to descriptor 3 where
#                                          it is open.
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
root=${here%/tests/bench}
export QUADRILLE_BUILD=${QUADRILLE_BUILD:-$root/build}
quadrille=$QUADRILLE_BUILD/src/tools/quadrille

. "$root/scripts/bench.sh"

options=()
for argument in "$@"; do
    if [[ $argument == --json || $argument == --quick ]]; then
        options+=("$argument")
    elif [[ " ${BENCHES[*]} " != *" $argument "* ]]; then
        printf 'bench: what is %s? There are %s, --json and --quick.\n' "$argument" "${BENCHES[*]}" >&2
        exit 2
    fi
done
benches_wanted "$@"
! benches_need_servers "$@" || : "${AMQP_URL:?}" "${MANAGEMENT_URL:?}" "${DATABASE_URL:?}" "${SECRETS_DIR:?}"
{ : >&3; } 2>/dev/null || exec 3>&1

folder=$(mktemp -d "${INSTANCE_DIR:-/tmp}/bench.XXXXXX")

# The benchmark's own services, in a virtual host and databases of their own, with accounts of their own.
bench_hop() {
    local account secrets=$folder/secrets
    mkdir -m 0700 "$secrets"
    for account in deploy audit operator; do
        cp -p "$SECRETS_DIR/$account.password" "$secrets/"
    done
    for account in hop sink source; do
        (umask 077 && od -An -v -N24 -tx1 /dev/urandom | tr -d ' \n' >"$secrets/$account.password")
    done
    export SECRETS_DIR=$secrets
    "$quadrille" topology apply --contracts "$here/contracts" --vhost bench >"$folder/quadrille.log"
    "$quadrille" schema apply --contracts "$here/contracts" --prefix bench_ >>"$folder/quadrille.log"
    AMQP_URL=${AMQP_URL%/*}/bench "$QUADRILLE_BUILD/tests/bench/bench-hop" --folder "$folder" "${options[@]}" >&3
}

# The company itself, on its own topology and databases.
bench_saga() { "$QUADRILLE_BUILD/tests/bench/bench-saga" --folder "$folder/company" "${options[@]}" >&3; }

# The operator's commands on a large dead-letter queue, in a virtual host of its own.
bench_ops() {
    mkdir -p "$folder/ops"
    QUADRILLE_BIN=$quadrille "$QUADRILLE_BUILD/tests/bench/bench-ops" --folder "$folder/ops" "${options[@]}" >&3
}

# Contracts and payloads, beside what others use; --quick goes without the others.
bench_contract() {
    local others=$root/.run/bench-contract workers=() company=$root/events/asyncapi script=$here/contract
    mkdir -p "$folder"
    if [[ " ${options[*]} " != *" --quick "* ]]; then
        "$script/install.sh" "$others"
        if [ -e "$others/installed.json" ]; then
            workers+=(--worker "cd '$others' && exec node '$script/ajv.mjs' '$folder/payloads.json'")
            workers+=(--worker "cd '$others' && exec node '$script/parser.mjs' '$company'/*.yaml")
            workers+=(--parser "cd '$others' && exec node '$script/parser.mjs' --once '$company'/*.yaml")
        fi
        [ ! -e "$others/fastjsonschema" ] ||
            workers+=(--worker "PYTHONPATH='$others/fastjsonschema' exec /usr/bin/python3 '$script/fastjsonschema_worker.py' '$folder/payloads.json'")
        [ ! -x "$others/valijson" ] || workers+=(--worker "exec '$others/valijson' '$folder/payloads.json'")
    fi
    "$QUADRILLE_BUILD/tests/bench/bench-contract" --folder "$folder" --contracts "$company" --quadrille "$quadrille" \
        "${workers[@]}" "${options[@]}" >&3
}

for what in "${WANTED[@]}"; do
    ("bench_$what")
done
rm -rf "$folder"
