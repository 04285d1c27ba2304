#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Looks at the documentation site in Debian's chromium; prints TAP. Packages and sites go into FOLDER, outside the source tree.
#   usage: doc.sh FOLDER QUADRILLE NAME=CONTRACTS...
set -euo pipefail

if (($# < 3)); then
    echo 'usage: doc.sh FOLDER QUADRILLE NAME=CONTRACTS...' >&2
    exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/support/npm.sh
. "$here/../support/npm.sh"
folder=$1
quadrille=$(realpath "$2")
shift 2

browser=$(command -v chromium) || skip_or_fail 'the documentation in a browser' 'chromium is not installed'
npm_packages_or_skip 'the documentation in a browser' "$here/doc" "$folder"

for site in "$@"; do
    "$quadrille" contract doc "$folder/sites/${site%%=*}" "${site#*=}" >/dev/null
done
cd "$folder"
exec node "$here/doc/check.mjs" "$browser" "$(pwd)/sites"
