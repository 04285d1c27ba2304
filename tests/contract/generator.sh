#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The generator as a program: what it writes, what it leaves alone, how it refuses. Prints TAP.
#   usage: generator.sh GENERATOR CONTRACTS
set -euo pipefail

# shellcheck source=tests/support/tap.sh
. "$(dirname "$0")/../support/tap.sh"

generator=$1
contracts=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
generate()
{
    "$generator" --contracts "$1" --service billing --header "$folder/billing_contract.h" \
        --source "$folder/billing_contract.c" --depfile "$folder/billing.d" 2>"$folder/stderr"
}

times()
{
    stat -c %y "$folder/billing_contract.h" "$folder/billing_contract.c"
}

lists_every_contract()
{
    local document
    for document in "$contracts"/*.yaml "$contracts"/shared/*.yaml; do
        grep -qF "$document" "$folder/billing.d" || return 1
    done
}

is_untouched()
{
    local before
    before=$(times)
    sleep 0.02
    generate "$contracts" && [[ $(times) == "$before" ]]
}

refuses_by_line_and_column()
{
    local before
    before=$(times)
    cp -r "$contracts" "$folder/broken"
    sed -i '0,/type: integer/s//type: tuple/' "$folder/broken/shared/event.yaml"
    ! generate "$folder/broken" && [[ $(times) == "$before" ]] &&
        grep -qE "^$folder/broken/shared/event.yaml:[0-9]+:[0-9]+: the type \"tuple\" does not map to C$" \
            "$folder/stderr"
}

# Only what others declare to hear has to arrive somewhere.
knows_who_is_heard()
{
    cp -r "$contracts" "$folder/deaf"
    rm "$folder/deaf/history.yaml" # which hears everything
    "$generator" --contracts "$folder/deaf" --service notification --header "$folder/n.h" --source "$folder/n.c"
    grep -A11 'message_notification_sent = {' "$folder/n.c" | grep -q 'is_heard = false' &&
        grep -A11 'message_payment_voided = {' "$folder/billing_contract.c" | grep -q 'is_heard = true'
}

# Everything that is sealed is somebody's, and a recorder has no handlers.
knows_persons_and_recorders()
{
    "$generator" --contracts "$contracts" --service history --header "$folder/h.h" --source "$folder/h.c"
    grep -A13 'message_user_registered = {' "$folder/h.c" | grep -q 'person = &user_registered_fields\[0\]' &&
        ! grep -A11 'message_payment_voided = {' "$folder/h.c" | grep -q 'person' &&
        [[ $(grep -c '\.operation = ' "$folder/h.c") == 20 ]] && ! grep -q 'enum outcome' "$folder/h.h" "$folder/h.c"
}

says_how_it_is_used()
{
    local status=0
    "$generator" --service billing 2>"$folder/stderr" || status=$?
    ((status == 2)) && grep -q '^usage: ' "$folder/stderr"
}

echo 1..7
check 'generates a service' generate "$contracts"
check 'the depfile lists every contract that was read' lists_every_contract
check 'a second run leaves the files alone' is_untouched
check 'a wrong contract is refused by line and column, and nothing is written' refuses_by_line_and_column
check 'is_heard looks at all contracts of the folder' knows_who_is_heard
check "a person is named where data is personal, and a recorder needs no handlers" knows_persons_and_recorders
check 'wrong usage is exit status 2' says_how_it_is_used
