#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Completion in the real shells: what is offered for what has been typed. Prints TAP.
#   usage: completion.sh QUADRILLE
# shellcheck disable=SC2016 # the shells expand it
set -euo pipefail

quadrille=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
number=0

report()
{
    local verdict=$1 what=$2
    number=$((number + 1))
    echo "$verdict $number - $what"
}

# The table: what is typed (| is where Tab is pressed, in the last word), and what is offered, in the order of the alphabet.
cases='
quadrille con|:contract
quadrille contract d|:diff doc
quadrille topology |:apply plan show verify
quadrille contract diff --fo|:--format
quadrille contract diff --format |:github json text
quadrille contract diff --format=t|:text
quadrille contract check --as s|:sender
quadrille contract graph fold|:folder/
quadrille contract doc fi|:file.yaml
quadrille topology show --contracts f|:folder/
quadrille contract check --contracts f|:file.yaml folder/
quadrille topology plan --profile s|:staging
quadrille schema apply --service f|:
quadrille topology x|:
quadrille completion |:bash fish zsh
quadrille contract lint --json --fail-on |:error warning
'

mkdir -p "$folder/here/folder" "$folder/quadrille"
touch "$folder/here/file.yaml"
printf '[staging]\nurl = amqp://h\n[test]\n' >"$folder/quadrille/profiles"
for shell in bash zsh fish; do
    "$quadrille" completion "$shell" >"$folder/completion.$shell"
done
export XDG_CONFIG_HOME=$folder HOME=$folder

offered_by_bash()
{
    bash --norc -c '
        source "$1"
        line=$2
        # As readline splits it: = is a word of its own.
        read -ra COMP_WORDS <<<"${line//=/ = }"
        if [[ $line == *" " ]]; then COMP_WORDS+=(""); fi
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _quadrille
        for word in "${COMPREPLY[@]}"; do
            if [ -d "$word" ]; then word=$word/; fi # readline adds it: -o filenames
            printf "%s\n" "$word"
        done' bash "$folder/completion.bash" "$1"
}

# Descriptions stand behind a tab. fish offers --option=value whole.
offered_by_fish()
{
    fish --no-config -c 'source $argv[1]; complete -C $argv[2]' "$folder/completion.fish" "$1" | cut -f1 | sed 's/^--[a-z-]*=//'
}

# In a terminal of its own, as an interactive shell: what it would show is written to a file instead.
mkdir "$folder/zsh"
cat >"$folder/zsh/.zshrc" <<'END'
PS1= PS2=
autoload -U compinit
compinit -u -D
source $HOME/completion.zsh
compadd()
{
    # Calls that only fill arrays are the completion system's own.
    if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
        builtin compadd "$@"
        return
    fi
    local -a hits
    builtin compadd -A hits "$@"
    print -rl -- $hits >>$HOME/offered
    builtin compadd "$@"
}
finish() { : >$HOME/finished }
zle -N finish
bindkey '^I' complete-word '^G' finish
cd $HOME/here
: >$HOME/ready
END
cat >"$folder/zsh/ask" <<'END'
await() { for ((i = 0; i < 1000; i++)); do [[ -e $HOME/$1 ]] && return; sleep 0.01; done; exit 1 }
zmodload zsh/zpty
zpty shell zsh -d -i
await ready
zpty -n -w shell $1$'\t\a'
await finished
zpty -d shell
END

offered_by_zsh()
{
    rm -f "$folder/offered" "$folder/ready" "$folder/finished"
    ZDOTDIR=$folder/zsh zsh -f "$folder/zsh/ask" "$1" >/dev/null
    [ ! -e "$folder/offered" ] || while IFS= read -r word; do
        if [ -d "$word" ]; then word=$word/; fi
        printf '%s\n' "$word"
    done <"$folder/offered"
}

cd "$folder/here"
mapfile -t rows < <(grep . <<<"$cases")
echo "1..$((3 * ${#rows[@]}))"
for shell in bash zsh fish; do
    if ! command -v "$shell" >/dev/null; then
        for row in "${rows[@]}"; do
            report ok "$shell: ${row%%|*} # SKIP $shell is not installed"
        done
        continue
    fi
    for row in "${rows[@]}"; do
        line=${row%%|*}
        wanted=$(tr ' ' '\n' <<<"${row#*|:}" | sort | paste -sd ' ')
        found=$("offered_by_$shell" "$line" | grep . | sort -u | paste -sd ' ' || true)
        if [ "$found" = "$wanted" ]; then
            report ok "$shell: $line"
        else
            report 'not ok' "$shell: $line: offered '$found' instead of '$wanted'"
        fi
    done
done
