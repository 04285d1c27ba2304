#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Would the linter's tests notice a linter that is wrong?  Runs them with a bug each (seeded_lint.c); prints TAP.
#   usage: lint-seeded.sh PROGRAM
set -euo pipefail

program=$1
number=0

# results BUG TEST: how many cases of the test passed and failed.
results() {
    { SEEDED_LINT=$1 "$program" || true; } |
        awk -v test=":$2:" 'index($0, test) { if (/^not ok/) { failed++ } else { passed++ } } END { print passed + 0, failed + 0 }'
}

check() {
    local what=$1 passed=$2 failed=$3 expected=$4
    number=$((number + 1))
    if [ "$passed" -eq "$expected" ] && [ "$failed" -gt 0 ]; then
        printf 'ok %d - %s: %d cases are red\n' "$number" "$what" "$failed"
    else
        printf 'not ok %d - %s: %d cases are green, %d red\n' "$number" "$what" "$passed" "$failed"
    fi
}

echo 1..2
# Each rule's own bad example is among them: a rule without one would be green.
read -r passed failed < <(results deaf bad_example_is_found_where_it_is_marked)
check 'a rule that finds nothing turns its bad example red' "$passed" "$failed" 0
read -r passed failed < <(results nervous good_example_is_clean)
check 'a rule that always finds something turns the good examples red' "$passed" "$failed" 0
