#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Reads our contracts with AsyncAPI's own parser; prints TAP. Packages are installed into FOLDER, outside the source tree.
#   usage: official-parser.sh FOLDER CONTRACT...
set -euo pipefail

# Where npm or its registry is out of reach the check is skipped, but never in CI: there it fails.
skip()
{
    if [[ ${CI:-} == true ]]; then
        printf '1..1\nnot ok 1 - the official parser reads every contract\n# %s\n' "$1"
        exit 1
    fi
    printf '1..0 # SKIP %s\n' "$1"
    exit 0
}

if (($# < 2)); then
    echo 'usage: official-parser.sh FOLDER CONTRACT...' >&2
    exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
folder=$1
shift

if ! command -v npm >/dev/null || ! command -v node >/dev/null; then
    skip 'npm is not installed'
fi
mkdir -p "$folder"
if ! cmp -s "$here/parser/package-lock.json" "$folder/installed.json"; then
    cp "$here/parser/package.json" "$here/parser/package-lock.json" "$folder/"
    if ! (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund >npm.log 2>&1); then
        skip "npm ci failed: $(grep -m1 'npm error' "$folder/npm.log" || tail -n1 "$folder/npm.log")"
    fi
    cp "$here/parser/package-lock.json" "$folder/installed.json"
fi

contracts=()
for contract in "$@"; do
    contracts+=("$(realpath "$contract")")
done
cd "$folder"
exec node "$here/parser/parse.mjs" "${contracts[@]}"
