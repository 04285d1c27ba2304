#!/usr/bin/env bash
# ./run demo: the stories, on the instance that ./run has started (its addresses are in the environment).
set -euo pipefail

export QUADRILLE_BUILD=$PWD/build
status=0
"$QUADRILLE_BUILD/tests/demo/demo" "$INSTANCE_DIR/company" || status=$?
cat <<END

Logs, mail and the provider's ledger: ${INSTANCE_DIR#"$PWD"/}/company
To look around on servers that stay: ./run up
END
exit "$status"
