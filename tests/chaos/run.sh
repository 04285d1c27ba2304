#!/usr/bin/env bash
# ./run chaos: a campaign of faults on the instance that ./run has started (its addresses are in the environment).
#   run.sh [--seed N] [--minutes M] [--model]      --model: explore the saga in every environment instead
set -euo pipefail

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
root=${here%/tests/chaos}
export QUADRILLE_BUILD=${QUADRILLE_BUILD:-$root/build}

arguments=() model=no
for argument in "$@"; do
    if [ "$argument" = --model ]; then model=yes; else arguments+=("$argument"); fi
done
if [ $model = yes ]; then
    exec "$QUADRILLE_BUILD/tests/model/model" --everything
fi
: "${AMQP_URL:?}" "${MANAGEMENT_URL:?}" "${DATABASE_URL:?}" "${SECRETS_DIR:?}" "${INSTANCE_DIR:?}"
if [ -z "${SERVERS_ARE_OURS:-}" ]; then
    echo "chaos: existing servers are not broken on purpose; unset AMQP_URL, MANAGEMENT_URL and DATABASE_URL" >&2
    exit 1
fi
export CONTRACTS=$root/events/asyncapi SERVER_SCRIPT=$root/scripts/server.sh
mkdir -p "$INSTANCE_DIR/company" # logs, mail and the provider's ledger
exec "$QUADRILLE_BUILD/tests/chaos/chaos" "${arguments[@]}" "$INSTANCE_DIR/company"
