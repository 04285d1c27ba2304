#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the differ calls compatible, judged by ajv; prints TAP. Packages are installed into FOLDER, outside the source tree.
#   usage: diff-ajv.sh FOLDER SAMPLER
set -euo pipefail

# Where npm or its registry is out of reach the check is skipped, but never in CI: there it fails.
skip()
{
    if [[ ${CI:-} == true ]]; then
        printf '1..1\nnot ok 1 - ajv agrees\n# %s\n' "$1"
        exit 1
    fi
    printf '1..0 # SKIP %s\n' "$1"
    exit 0
}

if (($# != 2)); then
    echo 'usage: diff-ajv.sh FOLDER SAMPLER' >&2
    exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
folder=$1
sampler=$(realpath "$2")

if ! command -v npm >/dev/null || ! command -v node >/dev/null; then
    skip 'npm is not installed'
fi
mkdir -p "$folder"
if ! cmp -s "$here/diff/ajv/package-lock.json" "$folder/installed.json"; then
    cp "$here/diff/ajv/package.json" "$here/diff/ajv/package-lock.json" "$folder/"
    if ! (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund >npm.log 2>&1); then
        skip "npm ci failed: $(grep -m1 'npm error' "$folder/npm.log" || tail -n1 "$folder/npm.log")"
    fi
    cp "$here/diff/ajv/package-lock.json" "$folder/installed.json"
fi

folder=$(realpath "$folder")
if ! DIFF_PAIRS=${DIFF_PAIRS:-250} DIFF_SEED=${DIFF_SEED:-7} DIFF_CORPUS=$folder/corpus.jsonl "$sampler" >"$folder/sampler.log" 2>&1; then
    printf '1..1\nnot ok 1 - the sampler\n'
    sed 's/^/# /' "$folder/sampler.log"
    exit 1
fi
exec node "$here/diff/ajv/second-opinion.mjs" "$folder/corpus.jsonl" "$folder"
