#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Reads our contracts with AsyncAPI's own parser; prints TAP. Packages are installed into FOLDER, outside the source tree.
#   usage: official-parser.sh FOLDER CONTRACT...
set -euo pipefail

if (($# < 2)); then
    echo 'usage: official-parser.sh FOLDER CONTRACT...' >&2
    exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/support/npm.sh
. "$here/../support/npm.sh"
folder=$1
shift

npm_packages_or_skip 'the official parser reads every contract' "$here/parser" "$folder"

contracts=()
for contract in "$@"; do
    contracts+=("$(realpath "$contract")")
done
cd "$folder"
exec node "$here/parser/parse.mjs" "${contracts[@]}"
