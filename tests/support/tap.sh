# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Sourced by tests that print TAP.

number=0

# check WHAT COMMAND…: one test, ok when the command is. When it is not, what the files ./stdout and ./stderr have is shown.
check()
{
    local what=$1
    shift
    number=$((number + 1))
    if "$@"; then
        echo "ok $number - $what"
    else
        echo "not ok $number - $what"
        head -q -c 2000 stdout stderr 2>/dev/null | sed 's/^/# /' || true
    fi
}
