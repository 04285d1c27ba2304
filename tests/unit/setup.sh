#!/usr/bin/env bash
# What ./run says when the machine is not as it should be. TAP; needs no servers.
#   setup.sh SOURCE
set -euo pipefail
cd "$1"
SCRATCH=$(mktemp -d)
trap 'rm -rf "$SCRATCH"' EXIT
unset AMQP_URL MANAGEMENT_URL DATABASE_URL INSTANCE_DIR

# Everything that ./run is made of, with folders of this test's own.
cat >"$SCRATCH/prelude" <<END
set -euo pipefail
ROOT=$(printf %q "$PWD")
for part in lib packages servers instance build; do . scripts/\$part.sh; done
RUN_DIR=$(printf %q "$SCRATCH")/run
POLICY=\$RUN_DIR/policy-rc.d NO_CLUSTER=\$RUN_DIR/createcluster.d/ours INSTALL_LOCK=\$RUN_DIR/lock
EXTERNAL=no
catch_signals
mkdir -p "\$RUN_DIR/log"
END

TEST=0
# says TEXT STATUS WORDS COMMANDS: the commands end with the status, and what they print has the words.
says() {
    local status=0
    TEST=$((TEST + 1))
    { cat "$SCRATCH/prelude" && printf '%s\n' "$4"; } >"$SCRATCH/script"
    bash "$SCRATCH/script" >"$SCRATCH/output" 2>&1 || status=$?
    if [ "$status" -eq "$2" ] && grep -qE -- "$3" "$SCRATCH/output"; then
        echo "ok $TEST - $1"
    else
        echo "not ok $TEST - $1"
        sed "s/^/# status $status: /" "$SCRATCH/output"
    fi
}

says "a port out of range is refused" 1 'RABBITMQ_PORT=70000 is not a port' \
    'RABBITMQ_PORT=70000; choose_port RABBITMQ_PORT /nowhere'
says "a port that is no number is refused" 1 'RABBITMQ_PORT=http is not a port' \
    'RABBITMQ_PORT=http; choose_port RABBITMQ_PORT /nowhere'
says "one port for two servers is refused" 1 'EPMD_PORT=21717 is already the port of another server' \
    'PORTS_CHOSEN=" 21717 "; EPMD_PORT=21717; choose_port EPMD_PORT /nowhere'
# shellcheck disable=SC2016 # for the script
says "a port that is taken is refused, and the variable is named" 1 'Port [0-9]+ \(POSTGRES_PORT\) is taken' '
    coproc perl -MIO::Socket::INET -e '\''$| = 1;
        $s = IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1"); print $s->sockport, "\n"; sleep 60'\''
    on_exit kill "$COPROC_PID"
    read -r POSTGRES_PORT <&"${COPROC[0]}"
    choose_port POSTGRES_PORT /nowhere'

says "too little disk is said, with the place" 1 'Only [0-9]+ MiB of disk are free at /; 999999999 are needed' \
    'DISK_MIN_MIB=999999999; check_room /'
says "too little memory is said" 1 'Only [0-9]+ MiB of memory are available; 999999999 are needed' \
    'MEMORY_MIN_MIB=999999999; check_room /'
says "enough of both is nothing to talk about" 0 '^done$' \
    'DISK_MIN_MIB=1; MEMORY_MIN_MIB=1; check_room /; echo done'

says "a package that cannot be installed ends it, with the end of apt's log" 1 'E: no such thing' \
    'apt_get() { echo "E: no such thing"; return 100; }; packages_install no-such-package'
# shellcheck disable=SC2016
says "a failed installation leaves no policy against services behind" 0 '^none$' '
    apt_get() { [ -e "$POLICY" ] || echo "no policy"; return 100; }
    (catch_signals; packages_install no-such-package) >/dev/null 2>&1 || true
    if [ -e "$POLICY" ] || [ -e "$NO_CLUSTER" ]; then echo left; else echo none; fi'
# shellcheck disable=SC2016
says "what a killed installation left is lifted by the next run" 0 '^lifted$' '
    [ "$(id -u)" -eq 0 ] || { echo lifted; exit; }
    start_no_services
    CLEANUPS=()
    packages_ensure bash
    [ -e "$POLICY" ] || echo lifted'
# shellcheck disable=SC2016
says "but not while that installation is still at work" 0 '^kept$' '
    [ "$(id -u)" -eq 0 ] || { echo kept; exit; }
    exec 8>"$INSTALL_LOCK"
    flock 8
    start_no_services
    bash -c "$(sed "s/^catch_signals$//" '"$SCRATCH"'/prelude); packages_ensure bash" 8>&-
    [ ! -e "$POLICY" ] || echo kept'
says "without root, the command is told" 1 'sudo apt-get install --no-install-recommends no-such-package' \
    'id() { echo 1000; }; packages_ensure no-such-package'

# shellcheck disable=SC2016
says "a server that ends while it starts is told, with the end of its log" 1 'dummy ended.*end of .*dummy.log' '
    dummy_is_ready() { return 1; }
    mkdir -p "$RUN_DIR/x/log"
    spawn "$RUN_DIR/x" dummy sh -c "echo I cannot; exit 1"
    await_ready "$RUN_DIR/x" dummy | cat'
# shellcheck disable=SC2016
says "a server that does not come up in time is told" 1 'dummy did not come up within 0 s' '
    dummy_is_ready() { return 1; }
    START_TIMEOUT_S=0
    mkdir -p "$RUN_DIR/x/log"
    spawn "$RUN_DIR/x" dummy sleep 30
    on_exit server_signal "$RUN_DIR/x" dummy KILL
    await_ready "$RUN_DIR/x" dummy | cat'
# shellcheck disable=SC2016
says "a record without an identity is nobody's" 0 '^nobody$' '
    mkdir -p "$RUN_DIR/x"
    printf "999999999 \n" >"$RUN_DIR/x/dummy.pid"
    server_pid "$RUN_DIR/x" dummy || echo nobody'
# shellcheck disable=SC2016
says "a cluster that cannot be made is told, with what initdb says" 1 'initdb could not make a cluster' '
    mkdir -p "$RUN_DIR/x/log" "$RUN_DIR/x/secrets"
    touch "$RUN_DIR/a-file"
    postgres_create "$RUN_DIR/x" "$RUN_DIR/a-file"'

# shellcheck disable=SC2016
says "the environment of one of our own servers is no choice of existing ones" 0 '^ours, unset$' '
    INSTANCE_DIR=$RUN_DIR/up AMQP_URL=a MANAGEMENT_URL=m DATABASE_URL=d
    servers_are_external || echo "ours, ${AMQP_URL:-unset}"'
# shellcheck disable=SC2016
says "somebody else's servers are" 0 '^theirs, a$' '
    AMQP_URL=a MANAGEMENT_URL=m DATABASE_URL=d
    servers_are_external && echo "theirs, $AMQP_URL"'
says "but only when all three are named" 1 'AMQP_URL set, but not MANAGEMENT_URL DATABASE_URL' \
    'AMQP_URL=a; servers_are_external'
echo "1..$TEST"
