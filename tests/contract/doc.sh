#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Looks at the documentation site in Debian's chromium; prints TAP. Packages and sites go into FOLDER, outside the source tree.
#   usage: doc.sh FOLDER QUADRILLE NAME=CONTRACTS...
set -euo pipefail

# Where npm, its registry or chromium is out of reach the check is skipped, but never in CI: there it fails.
skip()
{
    if [[ ${CI:-} == true ]]; then
        printf '1..1\nnot ok 1 - the documentation in a browser\n# %s\n' "$1"
        exit 1
    fi
    printf '1..0 # SKIP %s\n' "$1"
    exit 0
}

if (($# < 3)); then
    echo 'usage: doc.sh FOLDER QUADRILLE NAME=CONTRACTS...' >&2
    exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
folder=$1
quadrille=$(realpath "$2")
shift 2

if ! command -v npm >/dev/null || ! command -v node >/dev/null; then
    skip 'npm is not installed'
fi
browser=$(command -v chromium) || skip 'chromium is not installed'
mkdir -p "$folder"
if ! cmp -s "$here/doc/package-lock.json" "$folder/installed.json"; then
    cp "$here/doc/package.json" "$here/doc/package-lock.json" "$folder/"
    if ! (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund >npm.log 2>&1); then
        skip "npm ci failed: $(grep -m1 'npm error' "$folder/npm.log" || tail -n1 "$folder/npm.log")"
    fi
    cp "$here/doc/package-lock.json" "$folder/installed.json"
fi

for site in "$@"; do
    "$quadrille" contract doc "$folder/sites/${site%%=*}" "${site#*=}" >/dev/null
done
cd "$folder"
exec node "$here/doc/check.mjs" "$browser" "$(pwd)/sites"
