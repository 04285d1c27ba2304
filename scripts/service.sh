#!/usr/bin/env bash
# Runs one service in the foreground, with its own accounts, on the servers that the environment names:
#   set -a; . .run/up/env; set +a
#   HTTP_LISTEN=127.0.0.1:8081 scripts/service.sh profile
# What else it may be told by the environment: build/src/services/fit-profile --help
set -euo pipefail
ROOT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
. "$ROOT/scripts/lib.sh"

SERVICE=${1:-}
PROGRAM=$ROOT/build/src/services/fit-$SERVICE
[ $# -eq 1 ] || wrong_usage "usage: scripts/service.sh SERVICE"
[ -x "$PROGRAM" ] || die "build/src/services/fit-$SERVICE is not built, or there is no such service"
for name in AMQP_URL DATABASE_URL SECRETS_DIR; do
    [ -n "${!name:-}" ] || die "$name is not set; after ./run up: set -a; . .run/up/env; set +a"
done

# as URL: the same address with the service's account in it.
as() { printf '%s//%s:%s@%s' "${1%%//*}" "$SERVICE" "$(<"$SECRETS_DIR/$SERVICE.password")" "${1#*@}"; }

AMQP_URL=$(as "$AMQP_URL")
if [ "$SERVICE" = history ]; then
    KEYS_DATABASE_URL=$(SERVICE=history_keys as "${DATABASE_URL%/*}/${DATABASE_PREFIX:-}history_keys")
    export KEYS_DATABASE_URL
fi
DATABASE_URL=$(as "${DATABASE_URL%/*}/${DATABASE_PREFIX:-}$SERVICE")
: "${JWT_KEY_FILE=$SECRETS_DIR/jwt.key}" "${PROVIDER_KEY_FILE=$SECRETS_DIR/provider.key}"
export AMQP_URL DATABASE_URL JWT_KEY_FILE PROVIDER_KEY_FILE
exec "$PROGRAM"
