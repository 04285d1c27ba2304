#!/usr/bin/env bash
# Follows docs/add-an-event.md word for word in a scratch copy of the project and looks at the result. TAP.
#   newcomer.sh SOURCE BUILD
# Servers come from the environment, as ./run test sets it. It works in a virtual host and databases of its own.
set -euo pipefail
SOURCE=$1 BUILD=$2
DOCUMENT=$SOURCE/docs/add-an-event.md

for name in AMQP_URL MANAGEMENT_URL DATABASE_URL SECRETS_DIR; do
    if [ -z "${!name:-}" ]; then
        echo "1..0 # SKIP $name is not set: no servers"
        exit 0
    fi
done

SCRATCH=$(mktemp -d)
NAME=newcomer_$$
unset CONTRACTS
export AMQP_VHOST=$NAME DATABASE_PREFIX=${NAME}_
DEPLOY_DATABASE_URL=$DATABASE_URL

clean() {
    local database
    jobs -p | xargs -r kill 2>/dev/null || true
    wait || true
    curl -sS -o "$SCRATCH/curl.log" -X DELETE "$MANAGEMENT_URL/api/vhosts/$NAME" || true
    psql -XAtq "$DEPLOY_DATABASE_URL" -c "select datname from pg_database where datname like '${NAME}\\_%'" |
        while read -r database; do
            psql -XAtq "$DEPLOY_DATABASE_URL" -c "drop database $database with (force)" || true
        done
    rm -rf "$SCRATCH"
}
trap clean EXIT
trap 'not_ok "it ends in time"' TERM

TEST=0
ok() { TEST=$((TEST + 1)); echo "ok $TEST - $1"; }
not_ok() {
    TEST=$((TEST + 1))
    echo "not ok $TEST - $1"
    sed 's/^/# /' "$SCRATCH/output" | tail -n 40
    for log in profile coaching; do
        if [ -s "$SCRATCH/tree/$log.log" ]; then tail -n 5 "$SCRATCH/tree/$log.log" | sed "s/^/# $log: /"; fi
    done
    echo "1..$TEST"
    exit 1
}

# ---- the document as steps --------------------------------------------------------------------
# steps/NN.edit: its file, its line, its text; steps/NN.sh: commands. In the order of the document.

mkdir "$SCRATCH/steps"
: >"$SCRATCH/output"
awk -v folder="$SCRATCH/steps" '
    /^In `[^`]+`, below the line `[^`]+`:$/ {
        split($0, part, "`")
        edit = part[2] "\n" part[4]
        next
    }
    /^```/ && !inside { inside = 1; kind = substr($0, 4); text = ""; next }
    /^```$/ && inside {
        inside = 0
        if (edit != "") {
            printf "%s\n%s", edit, text >(folder "/" sprintf("%02d", ++count) ".edit")
            edit = ""
        } else if (kind == "sh") {
            printf "%s", text >(folder "/" sprintf("%02d", ++count) ".sh")
        }
        next
    }
    inside { text = text $0 "\n" }' "$DOCUMENT"

# edit FILE: the text below the first line that reads as said.
edit() {
    local file line
    file=$(sed -n 1p "$1")
    line=$(sed -n 2p "$1")
    sed 1,2d "$1" >"$SCRATCH/text"
    LINE=$line awk -v text="$SCRATCH/text" '
        { print }
        !done && $0 == ENVIRON["LINE"] {
            done = 1
            while ((getline added <text) > 0) { print added }
        }
        END { exit !done }' "$file" >"$SCRATCH/edited" || { echo "$file has no line: $line" >"$SCRATCH/output"; return 1; }
    cat "$SCRATCH/edited" >"$file"
}

# ---- a scratch copy, and servers as ./run up leaves them --------------------------------------

mkdir "$SCRATCH/tree"
tar -C "$SOURCE" --exclude='./build*' --exclude=./.run --exclude=./.git -cf - . | tar -C "$SCRATCH/tree" -xf -
cd "$SCRATCH/tree"
meson setup build --buildtype=debug -Dtests=false >"$SCRATCH/output" 2>&1 || not_ok "the copy is set up"
# What the newcomer does not change is built already.
mkdir -p build/src/tools build/src/services build/tests/support
cp "$BUILD/src/tools/quadrille" build/src/tools/
cp "$BUILD/src/services/fit-profile" build/src/services/
cp "$BUILD/tests/support/say" build/tests/support/
build/src/tools/quadrille topology apply >"$SCRATCH/output" 2>&1 || not_ok "the topology as it was"
build/src/tools/quadrille schema apply >"$SCRATCH/output" 2>&1 || not_ok "the schemas as they were"
AMQP_URL=${AMQP_URL%/*}/$NAME
free_port() {
    perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport'
}
PROFILE_PORT=$(free_port) COACHING_PORT=$(free_port)
export AMQP_URL PROFILE_PORT COACHING_PORT

# ---- following it -----------------------------------------------------------------------------

# In this shell, so that what one step sets, the next one knows.
run_step() {
    # shellcheck disable=SC1090
    . "$1" >"$SCRATCH/output" 2>&1
}

builds=0
for step in "$SCRATCH"/steps/*; do
    case $step in
    *.edit) edit "$step" || not_ok "an edit finds its place" ;;
    *.sh)
        if grep -q '^ninja ' "$step"; then
            builds=$((builds + 1))
            if [ $builds -eq 1 ]; then
                run_step "$step" && not_ok "the build without the handler fails"
                grep -q "undefined reference to \`on_training_resumed'" "$SCRATCH/output" || not_ok "the linker names the missing function"
                [ "$(grep -o "undefined reference to \`[^']*'" "$SCRATCH/output" | sort -u | wc -l)" -eq 1 ] || not_ok "nothing else is missing"
                ok "the linker names the missing function, and only that"
            else
                run_step "$step" || not_ok "it builds once the function is there"
                ok "it builds once the function is there"
            fi
        elif grep -q 'topology apply' "$step"; then
            run_step "$step" || not_ok "the topology is applied"
            grep -q 'profile.training-resumed.v1' "$SCRATCH/output" || not_ok "the plan names the new binding"
            ok "the plan names the new binding, and it is applied"
        else
            run_step "$step" || not_ok "$(head -n 1 "$step")"
        fi
        ;;
    esac
done

[ -n "${first:-}" ] || not_ok "there is a first plan"
ok "the services run: there is a first plan"
[[ -n ${second:-} && $second != "$first" ]] || not_ok "the event leads to a new plan"
ok "the event, said by a foreign client, leads to a new plan"

# Whoever follows the page has no trouble with ./run lint afterwards.
if command -v clang-format >/dev/null; then
    clang-format --dry-run -Werror src/services/coaching/coaching.c >"$SCRATCH/output" 2>&1 || not_ok "the code is formatted as the project's"
fi

diff -rq -x .git -x .run -x 'build*' -x '*.log' "$SOURCE" . >"$SCRATCH/output" || true
[ "$(wc -l <"$SCRATCH/output")" -eq 4 ] || not_ok "exactly four files were touched"
ok "exactly four files were touched"
[ "$(psql -XAt "${DEPLOY_DATABASE_URL%/*}/${NAME}_coaching" -c 'set role coaching_owner' \
    -c "select count(*) from outbox where type = 'fit.coaching.PlanGenerated.v1' and causation_id is not null" | tail -n 1)" = 2 ] ||
    not_ok "coaching has said PlanGenerated twice"
ok "coaching has said PlanGenerated for the goal and for the new event"
echo "1..$TEST"
