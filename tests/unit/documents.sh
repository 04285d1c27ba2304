#!/usr/bin/env bash
# Are the documents true to the code? TAP.
#   documents.sh SOURCE BUILD            compares
#   documents.sh SOURCE BUILD --update   rewrites what lies between <!-- begin: … --> and <!-- end -->
# shellcheck disable=SC2016 # backquotes are Markdown's
set -euo pipefail
SOURCE=$1 BUILD=$2 MODE=${3:-}
cd "$SOURCE"
SERVICES=(profile subscription billing coaching notification history)
TEST=0 FAILED=0
SCRATCH=$(mktemp -d)
trap 'rm -rf "$SCRATCH"' EXIT

# verdict NAME FILE: an empty file is a success, else it says what is wrong.
verdict() {
    TEST=$((TEST + 1))
    if [ -s "$2" ]; then
        FAILED=$((FAILED + 1))
        echo "not ok $TEST - $1"
        sed 's/^/# /' "$2"
    else
        echo "ok $TEST - $1"
    fi
}

# ---- generated blocks: one function per name --------------------------------------------------

saga_tables() { "$BUILD/tests/unit/print_saga" | sed 's/^## /### /'; }

# Subscription's acting rows as a state diagram.
saga_diagram() {
    echo '```mermaid'
    echo 'stateDiagram-v2'
    "$BUILD/tests/unit/print_saga" | awk -F ' *[|] *' '
        /^## / { service = $0 }
        service != "## subscription" || !/^\| `/ || NF != 8 { next }
        { gsub(/`/, ""); from = $2 == "-" ? "[*]" : $2
          printf "    %s --> %s: %s%s\n", from, $4, $3, $5 == "-" ? "" : " / " $5
          if ($7 != "" && ($4 == "completed" || $4 == "rejected" || $4 == "cancelled")) { ends[$4] = 1 } }
        END { for (state in ends) { printf "    %s --> [*]\n", state | "sort" } }'
    echo '```'
}

# help SERVICE common|own: the settings of every service end with DRAIN.
help() {
    echo '```text'
    "$BUILD/src/services/fit-$1" --help | awk -v part="$2" '
        /^Settings/ { inside = 1; next }
        /^$/ { inside = 0 }
        inside && part == (own ? "own" : "common") { print }
        inside && last { own = 1 }
        { last = /^  DRAIN / }'
    echo '```'
}

block() {
    case $1 in
    'saga tables') saga_tables ;;
    'saga diagram') saga_diagram ;;
    'settings of every service') help profile common ;;
    'settings of '*) help "${1#settings of }" own ;;
    *) echo "there is no block named $1" ;;
    esac
}

# fill FILE: the document as it should be.
fill() {
    local line name='' inside=no
    while IFS= read -r line; do
        if [[ $line =~ ^'<!-- begin: '(.*)' -->'$ ]]; then
            name=${BASH_REMATCH[1]}
            printf '%s\n\n' "$line"
            block "$name"
            inside=yes
        elif [ "$line" = '<!-- end -->' ]; then
            printf '\n%s\n' "$line"
            inside=no
        elif [ $inside = no ]; then
            printf '%s\n' "$line"
        fi
    done <"$1"
}

for document in docs/sagas.md docs/configuration.md; do
    fill "$document" >"$SCRATCH/filled"
    if [ "$MODE" = --update ]; then
        cat "$SCRATCH/filled" >"$document"
    fi
    diff -u "$document" "$SCRATCH/filled" >"$SCRATCH/found" || true
    verdict "$document says what the code says" "$SCRATCH/found"
done
for service in "${SERVICES[@]}"; do
    "$BUILD/src/services/fit-$service" --help | diff <(help profile common) - | grep '^<   *[A-Z]' || true
done >"$SCRATCH/found"
verdict "every service has the common settings" "$SCRATCH/found"

# ---- log lines --------------------------------------------------------------------------------

# What a service may log as a warning or an error, and what the runbook explains.
grep -rhozP 'log_(warn|error)\(\s*"[^"]+"' src --include='*.c' | tr '\0\n' '\n ' | grep -oP '"\K[^"]+' | sort -u >"$SCRATCH/logged"
grep -rhozP 'log_(info|warn|error)\(\s*"[^"]+"' src --include='*.c' | tr '\0\n' '\n ' | grep -oP '"\K[^"]+' | sort -u >"$SCRATCH/said"
# Names of files and members of /readyz look the same.
grep -oP '`\K[a-z_-]+\.[a-z_-]+(?=`)' docs/runbook.md | grep -vE '\.(md|sh|json|dlq)$|^(relay|provider)\.(state|lag_ms|backlog|breaker)$' | sort -u >"$SCRATCH/explained"
comm -23 "$SCRATCH/logged" "$SCRATCH/explained" | sed 's/$/ is logged, and the runbook does not explain it/' >"$SCRATCH/found"
verdict "the runbook explains every warning and error" "$SCRATCH/found"
comm -13 "$SCRATCH/said" "$SCRATCH/explained" | sed 's/$/ is explained, and nothing logs it/' >"$SCRATCH/found"
verdict "nothing in the runbook is made up" "$SCRATCH/found"

# ---- what can be followed ---------------------------------------------------------------------

# found_in FILE PATTERN: finding nothing is no failure.
found_in() { grep -ohP "$2" "$1" || true; }

documents=(README.md CONTRIBUTING.md CHANGELOG.md docs/*.md docs/adr/*.md)
for document in "${documents[@]}"; do
    found_in "$document" '\]\(\K[^)#: ]+(?=[)#])' | sort -u | while read -r target; do
        [ -e "$(dirname "$document")/$target" ] || echo "$document: $target does not exist"
    done
done >"$SCRATCH/found"
verdict "every link leads somewhere" "$SCRATCH/found"

# Files and folders of the project that a document names in full.
for document in "${documents[@]}"; do
    found_in "$document" '`\K(src|scripts|tests|events|docs)/[A-Za-z0-9_./-]+(?=`)' | sort -u | while read -r target; do
        [ -e "$target" ] || echo "$document: $target does not exist"
    done
done >"$SCRATCH/found"
verdict "every file that is named exists" "$SCRATCH/found"

# quadrille's commands, as documents write them.
"$BUILD/src/tools/quadrille" --help >"$SCRATCH/help"
for document in "${documents[@]}"; do
    found_in "$document" '(?<=`|/|^)quadrille \K[a-z]+( [a-z]+)?' | sort -u | while read -r command; do
        grep -qE "^ +(quadrille )?$command( |$)" "$SCRATCH/help" ||
            grep -qE "^ +(quadrille )?${command%% *}( +[^a-z ]|  |$)" "$SCRATCH/help" || echo "$document: quadrille $command"
    done
done >"$SCRATCH/found"
verdict "every command of quadrille that is named exists" "$SCRATCH/found"

for document in "${documents[@]}"; do
    found_in "$document" '\./run \K[a-z]+' | sort -u | while read -r verb; do
        ./run help "$verb" >/dev/null 2>&1 || echo "$document: ./run $verb"
    done
done >"$SCRATCH/found"
verdict "every verb of ./run that is named exists" "$SCRATCH/found"

echo "1..$TEST"
[ "$FAILED" -eq 0 ]
