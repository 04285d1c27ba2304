#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Random patterns, judged by us and by a JavaScript engine; prints TAP.
#   usage: compare.sh JUDGE
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/support/npm.sh
. "$here/../../support/npm.sh"

command -v node >/dev/null || skip_or_fail 'patterns mean what they mean to a JavaScript engine' 'node is not installed'
exec node "$here/compare.mjs" "$(realpath "$1")" 1 6000
