#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The manual pages: one for every command, without a warning of those who format them. Prints TAP.
#   usage: man.sh QUADRILLE
set -euo pipefail

quadrille=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
number=0

check()
{
    local what=$1
    shift
    number=$((number + 1))
    if "$@" >"$folder/found" 2>&1 && [ ! -s "$folder/found" ]; then
        echo "ok $number - $what"
    else
        echo "not ok $number - $what"
        sed 's/^/# /' "$folder/found"
    fi
}

skip()
{
    number=$((number + 1))
    echo "ok $number - $1 # SKIP $2 is not installed"
}

commands() { "$quadrille" --help | grep -oP '^  \K[a-z]+( [a-z-]+)*(?=  )'; }

every_command_has_one()
{
    diff <(commands | tr ' ' '-' | sed 's/.*/quadrille-&.1/' | sort) <(cd "$folder/man1" && printf '%s\n' quadrille-*.1 | sort)
}

# What --help tells stands in the page: every option.
every_option_is_there()
{
    local command option
    while read -r command; do
        # shellcheck disable=SC2086 # its words are arguments
        "$quadrille" $command --help | grep -oP '^  --\K[a-z-]+' | while read -r option; do
            grep -qF -- "\\fB\\-\\-${option//-/\\-}\\fR" "$folder/man1/quadrille-${command// /-}.1" || echo "$command: --$option"
        done
    done < <(commands)
}

no_warning_of_groff() { for page in "$folder"/man1/*.1; do groff -man -t -Tutf8 -w all -z "$page"; done; }
# A date would differ with every build, and lines are as long as a help's paragraph.
no_warning_of_mandoc() { mandoc -T lint "$folder"/man1/*.1 | grep -vE 'missing date|input text line longer|referenced manual not found' || true; }

# The same words as --help, whatever roff makes of them.
reads_as_it_was_written()
{
    local line
    "$quadrille" contract check --help | grep '^  quadrille contract check --wire' | sed 's/^ *//' >"$folder/wanted"
    "$quadrille" man contract check >"$folder/page.1"
    MANWIDTH=200 man -E UTF-8 -l "$folder/page.1" | col -bx >"$folder/shown"
    while IFS= read -r line; do
        grep -qF -- "$line" "$folder/shown" || echo "not shown: $line"
    done <"$folder/wanted"
    grep -qF '"message_id": "…"' "$folder/shown" || echo 'an ellipsis is lost'
    grep -qF "binding's messageType" "$folder/shown" || echo 'an apostrophe is lost'
}

one_is_printed()
{
    "$quadrille" man contract check | cmp - "$folder/man1/quadrille-contract-check.1"
    "$quadrille" man 'contract check' | cmp - "$folder/man1/quadrille-contract-check.1"
    "$quadrille" man | cmp - "$folder/man1/quadrille.1"
}

refuses()
{
    local status=0
    "$quadrille" man "$@" >"$folder/stdout" 2>"$folder/stderr" || status=$?
    ((status == 2)) || echo "status $status"
    [ ! -s "$folder/stdout" ] || echo 'prints a page'
}

echo 1..9
check 'all are written' "$quadrille" man --write "$folder/man1"
check 'every command has one' every_command_has_one
check 'every option is in it' every_option_is_there
check 'one is printed' one_is_printed
check 'no such command' refuses contract nothing
check 'a command and --write' refuses contract check --write "$folder/man1"
if command -v groff >/dev/null; then
    check 'groff has no warning' no_warning_of_groff
else
    skip 'groff has no warning' groff
fi
if command -v man >/dev/null && command -v col >/dev/null; then
    check 'man shows the words of --help' reads_as_it_was_written
else
    skip 'man shows the words of --help' man
fi
if command -v mandoc >/dev/null; then
    check 'mandoc has no warning' no_warning_of_mandoc
else
    skip 'mandoc has no warning' mandoc
fi
