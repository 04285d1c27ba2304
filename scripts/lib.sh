# shellcheck shell=bash disable=SC2034 # used by those who source this
# What every other script uses: saying, failing, timing, secrets, and leaving nothing behind.

RUN_DIR=$ROOT/.run
QUADRILLE=$ROOT/build/src/tools/quadrille

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
    BOLD=$'\e[1m' RED=$'\e[31m' GREEN=$'\e[32m' YELLOW=$'\e[33m' PLAIN=$'\e[0m'
else
    BOLD='' RED='' GREEN='' YELLOW='' PLAIN=''
fi

say() { printf '%s\n' "$*"; }
warn() { printf '%s\n' "${YELLOW}$*${PLAIN}" >&2; }
fail() { printf '%s\n' "${RED}$*${PLAIN}" >&2; }
die() { fail "$*"; exit 1; }

# failed_with_log TEXT FILE: what went wrong, and what the program itself said last.
failed_with_log() {
    fail "$1 The end of $2:"
    tail -n 20 "$2" >&2
}

wrong_usage() {
    fail "$1"
    exit 2
}

# ---- time -------------------------------------------------------------------------------------

now_ms() { local now=${EPOCHREALTIME/[.,]/}; printf '%s' "$((now / 1000))"; }

# Seconds since the given now_ms, with one decimal.
seconds_since() {
    local ms=$(($(now_ms) - $1))
    printf '%d.%d s' $((ms / 1000)) $((ms % 1000 / 100))
}

# ---- cleaning up ------------------------------------------------------------------------------
# Each on_exit command runs once, last one first, however the script ends (all but SIGKILL).

CLEANUPS=()
on_exit() { CLEANUPS+=("$(printf '%q ' "$@")"); }

run_cleanups() {
    local status=$? i
    trap '' INT TERM HUP
    set +e
    for ((i = ${#CLEANUPS[@]} - 1; i >= 0; i--)); do
        eval "${CLEANUPS[i]}"
    done
    CLEANUPS=()
    exit "$status"
}

catch_signals() {
    trap run_cleanups EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
}

# Runs a command in a process group of its own. Bash handles a signal only between commands, except
# while it waits: so a signal takes effect at once, and the cleanup ends the whole group.
CHILD=
CHILD_FINISHES=no # whether it is waited for instead of ended
interruptible() {
    local status=0
    if [ "$BASHPID" != "$$" ]; then # already inside such a group
        "$@"
        return
    fi
    set -m
    "$@" </dev/null 9>&- &
    CHILD=$!
    set +m
    wait "$CHILD" || status=$?
    CHILD=
    return "$status"
}

# The same for what must not be stopped half-way.
uninterruptible() {
    local status=0
    CHILD_FINISHES=yes
    interruptible "$@" || status=$?
    CHILD_FINISHES=no
    return "$status"
}

end_child() {
    [ -n "$CHILD" ] || return 0
    if [ "$CHILD_FINISHES" = yes ]; then
        warn "Waiting for the packages' installation, which must not be stopped half-way"
        while kill -0 -- "-$CHILD" 2>/dev/null; do sleep 0.1; done
        return
    fi
    end_group "$CHILD"
}

# end_group LEADER: TERM, and KILL after ten seconds.
end_group() {
    local tries
    kill -TERM -- "-$1" 2>/dev/null || return 0
    for ((tries = 0; tries < 100; tries++)); do
        kill -0 -- "-$1" 2>/dev/null || return 0
        sleep 0.1
    done
    kill -KILL -- "-$1" 2>/dev/null
}

# ---- steps ------------------------------------------------------------------------------------

# step TEXT COMMAND…: quiet when it works, one line with the time; the log when it does not.
step() {
    local text=$1 log=$RUN_DIR/log/step.$BASHPID started status=0
    shift
    mkdir -p "$RUN_DIR/log"
    started=$(now_ms)
    interruptible "$@" >"$log" 2>&1 || status=$?
    if [ "$status" -eq 0 ]; then
        printf '%-44s %sok%s  %s\n' "$text" "$GREEN" "$PLAIN" "$(seconds_since "$started")"
    else
        printf '%-44s %sfailed%s  %s\n' "$text" "$RED" "$PLAIN" "$(seconds_since "$started")"
        tail -n 100 "$log" >&2
    fi
    rm -f "$log"
    return "$status"
}

# ---- secrets ----------------------------------------------------------------------------------

random_hex() { od -An -v -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }

# secret_file FILE TEXT: written once; an existing one is kept.
secret_file() {
    [ -s "$1" ] || (umask 077 && printf '%s\n' "$2" >"$1")
}

service_names() {
    local file
    for file in "$ROOT"/events/asyncapi/*.yaml; do
        [ -e "$file" ] && basename "$file" .yaml
    done
    return 0
}

# One password per account, the same at the broker and at the database.
make_secrets() {
    local dir=$1/secrets account
    mkdir -p "$dir" && chmod 0700 "$dir" || return 1
    for account in deploy audit operator history_keys $(service_names); do
        secret_file "$dir/$account.password" "$(random_hex 24)"
    done
    secret_file "$dir/jwt.key" "$(random_hex 32)"
    secret_file "$dir/provider.key" "sk_test_$(random_hex 16)"
}
