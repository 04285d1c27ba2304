#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the differ calls compatible, judged by ajv; prints TAP. Packages are installed into FOLDER, outside the source tree.
#   usage: diff-ajv.sh FOLDER SAMPLER
set -euo pipefail

if (($# != 2)); then
    echo 'usage: diff-ajv.sh FOLDER SAMPLER' >&2
    exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/support/npm.sh
. "$here/../support/npm.sh"
folder=$1
sampler=$(realpath "$2")

npm_packages_or_skip 'ajv agrees' "$here/diff/ajv" "$folder"

folder=$(realpath "$folder")
if ! DIFF_PAIRS=${DIFF_PAIRS:-250} DIFF_SEED=${DIFF_SEED:-7} DIFF_CORPUS=$folder/corpus.jsonl "$sampler" >"$folder/sampler.log" 2>&1; then
    printf '1..1\nnot ok 1 - the sampler\n'
    sed 's/^/# /' "$folder/sampler.log"
    exit 1
fi
exec node "$here/diff/ajv/second-opinion.mjs" "$folder/corpus.jsonl" "$folder"
