# shellcheck shell=bash
# A private RabbitMQ and a private PostgreSQL on the loopback interface, all they own below one folder:
#
#   DIR/env                   how to reach them (0600), shell assignments
#   DIR/secrets/              a password per account (0700)
#   DIR/rabbitmq, postgres    their data       DIR/log/  their logs
#   DIR/<server>.pid          "pid identity": a number alone may belong to another program by now
#   DIR/ports                 what is its own or will be when it has started: not for other instances

RABBITMQ_BIN=/usr/lib/rabbitmq/bin # the commands in /usr/sbin change to the user rabbitmq
START_TIMEOUT_S=60
STOP_TIMEOUT_S=30
PORT_MIN=20000
PORT_MAX=32000 # outside Linux's ephemeral range, where any outgoing connection may sit
DISK_MIN_MIB=${DISK_MIN_MIB:-2048}
MEMORY_MIN_MIB=${MEMORY_MIN_MIB:-1024}

# ---- existing servers -------------------------------------------------------------------------

EXTERNAL_VARIABLES=(AMQP_URL MANAGEMENT_URL DATABASE_URL)
# What else env_write says.
ENV_VARIABLES=(INSTANCE_DIR SECRETS_DIR SERVERS_ARE_OURS RABBITMQ_PORT MANAGEMENT_PORT RABBITMQ_DIST_PORT EPMD_PORT
    POSTGRES_PORT RABBITMQ_NODENAME RABBITMQ_PID POSTGRES_PID RABBITMQ_VERSION POSTGRES_VERSION)

# Succeeds when the caller's environment names servers to use; some variables without the others is an error.
# What a shell has from one of our own DIR/env is no choice of servers: each verb has servers of its own.
servers_are_external() {
    local name set=() missing=()
    if [[ ${INSTANCE_DIR:-} == "$RUN_DIR"/* ]]; then
        unset "${EXTERNAL_VARIABLES[@]}" "${ENV_VARIABLES[@]}"
    fi
    for name in "${EXTERNAL_VARIABLES[@]}"; do
        if [ -n "${!name:-}" ]; then set+=("$name"); else missing+=("$name"); fi
    done
    [ ${#set[@]} -gt 0 ] || return 1
    [ ${#missing[@]} -eq 0 ] ||
        die "${set[*]} set, but not ${missing[*]}. Set all of ${EXTERNAL_VARIABLES[*]} to use existing servers, or none."
}

# ---- processes --------------------------------------------------------------------------------

# What tells a process from a later one with the same number: the boot and the start time.
process_identity() {
    local stat fields
    { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
    read -ra fields <<<"${stat##*) }" # the name before it may hold anything
    [ "${fields[0]}" != Z ] || return 1
    printf '%s/%s' "$(</proc/sys/kernel/random/boot_id)" "${fields[19]}"
}

# server_pid DIR SERVER: its process id while it runs, else fails.
server_pid() {
    local pid identity
    { read -r pid identity <"$1/$2.pid"; } 2>/dev/null || return 1
    # No identity: it had ended before spawn could look.
    [ -n "$identity" ] && [ "$(process_identity "$pid")" = "$identity" ] || return 1
    printf '%s' "$pid"
}

# spawn DIR SERVER COMMAND…: in a session of its own, so that Ctrl-C reaches only us, who stop it properly.
spawn() {
    local dir=$1 server=$2 pid
    shift 2
    setsid "$@" </dev/null >>"$dir/log/$server.log" 2>&1 9>&- &
    pid=$!
    disown "$pid"
    printf '%s %s\n' "$pid" "$(process_identity "$pid")" >"$dir/$server.pid"
}

# server_signal DIR SERVER SIGNAL
server_signal() {
    local pid
    pid=$(server_pid "$1" "$2") || return 0
    kill "-$3" "$pid" 2>/dev/null || true
}

# server_await_end DIR SERVER SIGNAL: says it again, because a node that is still booting ignores it.
server_await_end() {
    local deadline=$((SECONDS + STOP_TIMEOUT_S)) tries
    for ((tries = 1; ; tries++)); do
        server_pid "$1" "$2" >/dev/null || break
        if [ $((tries % 40)) -eq 0 ]; then server_signal "$1" "$2" "$3"; fi
        if [ $SECONDS -ge $deadline ]; then
            warn "$2 did not stop within $STOP_TIMEOUT_S s: killed"
            server_signal "$1" "$2" KILL
            deadline=$((SECONDS + STOP_TIMEOUT_S))
        fi
        sleep 0.05
    done
    rm -f "$1/$2.pid"
}

# ---- ports ------------------------------------------------------------------------------------

port_is_free() {
    perl -MIO::Socket::INET -e \
        'exit !IO::Socket::INET->new(Listen => 1, ReuseAddr => 1, LocalAddr => "127.0.0.1", LocalPort => $ARGV[0])' "$1"
}

# Who listens there, as far as we may know.
port_holder() {
    command -v ss >/dev/null || return 0
    ss -Hltnp "sport = :$1" 2>/dev/null |
        sed -nE 's/.*users:\(\("([^"]+)",pid=([0-9]+).*/ by \1, process \2/p' | head -n 1
}

PORTS_CHOSEN=' '

port_is_reserved() { cat "$RUN_DIR"/*/ports 2>/dev/null | grep -qx "$1"; }

# choose_port NAME DIR → the variable NAME: the user's choice, else the one of last time, else a random free one.
choose_port() {
    local port=${!1:-} tries
    if [ -n "$port" ]; then
        if ! [[ $port =~ ^[1-9][0-9]{0,4}$ ]] || [ "$port" -gt 65535 ]; then
            fail "$1=$port is not a port: 1 to 65535"
            return 1
        fi
        if [[ $PORTS_CHOSEN == *" $port "* ]]; then
            fail "$1=$port is already the port of another server here. Choose another one or unset $1."
            return 1
        fi
        if ! port_is_free "$port"; then
            fail "Port $port ($1) is taken$(port_holder "$port"). Choose another one or unset $1."
            return 1
        fi
    else
        port=$(env_get "$2" "$1")
        for ((tries = 0; tries < 100; tries++)); do
            if [ -n "$port" ] && [[ $PORTS_CHOSEN != *" $port "* ]] && ! port_is_reserved "$port" &&
                port_is_free "$port"; then break; fi
            port=$((PORT_MIN + SRANDOM % (PORT_MAX - PORT_MIN)))
        done
    fi
    PORTS_CHOSEN+="$port "
    printf -v "$1" %s "$port"
}

# One instance at a time: those that start together must not choose the same.
choose_ports() {
    local dir=$1 name lock status=0
    exec {lock}>"$RUN_DIR/ports.lock"
    flock "$lock"
    rm -f "$dir/ports"
    for name in RABBITMQ_PORT MANAGEMENT_PORT RABBITMQ_DIST_PORT EPMD_PORT POSTGRES_PORT; do
        choose_port "$name" "$dir" || { status=1; break; }
    done
    tr -s ' ' '\n' <<<"$PORTS_CHOSEN" | sed '/^$/d' >"$dir/ports"
    exec {lock}>&-
    return "$status"
}

# ---- the env file -----------------------------------------------------------------------------

env_get() { [ ! -e "$1/env" ] || sed -n "s/^$2=//p" "$1/env"; }

# Exports everything that DIR/env says.
env_load() {
    set -a
    # shellcheck disable=SC1091
    . "$1/env"
    set +a
}

env_write() {
    local dir=$1 password
    password=$(<"$dir/secrets/deploy.password")
    (
        umask 077
        cat >"$dir/env.new" <<END
# Written by ./run. How to reach this instance's servers.
AMQP_URL=amqp://deploy:$password@127.0.0.1:$RABBITMQ_PORT/%2F
MANAGEMENT_URL=http://deploy:$password@127.0.0.1:$MANAGEMENT_PORT
DATABASE_URL=postgresql://deploy:$password@127.0.0.1:$POSTGRES_PORT/postgres
INSTANCE_DIR=$(printf %q "$dir")
SECRETS_DIR=$(printf %q "$dir/secrets")
SERVERS_ARE_OURS=yes
RABBITMQ_PORT=$RABBITMQ_PORT
MANAGEMENT_PORT=$MANAGEMENT_PORT
RABBITMQ_DIST_PORT=$RABBITMQ_DIST_PORT
EPMD_PORT=$EPMD_PORT
POSTGRES_PORT=$POSTGRES_PORT
RABBITMQ_NODENAME=$RABBITMQ_NODENAME
RABBITMQ_PID=$(server_pid "$dir" rabbitmq)
POSTGRES_PID=$(server_pid "$dir" postgres)
RABBITMQ_VERSION=$(rabbitmq_version)
POSTGRES_VERSION=$(postgres_version)
END
    ) && mv "$dir/env.new" "$dir/env"
}

# ---- RabbitMQ ---------------------------------------------------------------------------------

rabbitmq_version() {
    local home
    home=$(dirname "$(dirname "$(readlink -f "$RABBITMQ_BIN/rabbitmq-server")")")
    printf '%s' "${home##*-}"
}

# What the node and its command line share: nothing of the machine's own RabbitMQ.
rabbitmq_environment() {
    local home=$1/rabbitmq
    RABBITMQ_ENVIRONMENT=(
        PATH="$PATH" LANG=C.UTF-8 HOME="$home" ERL_CRASH_DUMP="$1/log/erl_crash.dump"
        RUNNING_UNDER_SYSTEMD=true # no shell between us and the node
        ERL_EPMD_PORT="$EPMD_PORT" ERL_EPMD_ADDRESS=127.0.0.1
        RABBITMQ_NODENAME="$RABBITMQ_NODENAME" RABBITMQ_DIST_PORT="$RABBITMQ_DIST_PORT"
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}'
        RABBITMQ_CONF_ENV_FILE="$home/env.conf" RABBITMQ_CONFIG_FILE="$home/rabbitmq.conf"
        RABBITMQ_ADVANCED_CONFIG_FILE="$home/advanced.config" RABBITMQ_ENABLED_PLUGINS_FILE="$home/enabled_plugins"
        RABBITMQ_MNESIA_BASE="$home/data" RABBITMQ_PID_FILE="$home/node.pid"
        RABBITMQ_LOG_BASE="$1/log" RABBITMQ_LOGS="$1/log/rabbitmq.log"
    )
}

rabbitmq_configure() {
    local home=$1/rabbitmq memory_mib
    memory_mib=$(awk '/^MemTotal/ { limit = int($2 * 0.4 / 1024); print limit < 1024 ? limit : 1024 }' /proc/meminfo)
    mkdir -p "$home/data" && chmod 0700 "$home" || return 1
    if [ ! -e "$home/.erlang.cookie" ]; then
        (umask 077 && random_hex 20 >"$home/.erlang.cookie") && chmod 0400 "$home/.erlang.cookie"
    fi
    : >"$home/env.conf"
    # Queue depths are told every second instead of every five: the audit waits for them.
    echo '[{rabbit, [{quorum_tick_interval, 1000}]}].' >"$home/advanced.config"
    echo '[rabbitmq_management].' >"$home/enabled_plugins"
    # The first start of an empty node makes the default user; ours takes the place of guest.
    (umask 077 && cat >"$home/rabbitmq.conf") <<END
listeners.tcp.local = 127.0.0.1:$RABBITMQ_PORT
management.tcp.ip = 127.0.0.1
management.tcp.port = $MANAGEMENT_PORT
default_user = deploy
default_pass = $(<"$1/secrets/deploy.password")
default_user_tags.administrator = true
heartbeat = 10
collect_statistics_interval = 1000
disk_free_limit.absolute = 50MB
vm_memory_high_watermark.absolute = ${memory_mib}MiB
raft.wal_max_size_bytes = 67108864
log.console = false
log.file.level = info
END
}

rabbitmq_start() {
    local dir=$1
    [ -n "${RABBITMQ_NODENAME:-}" ] || RABBITMQ_NODENAME=quadrille_$RABBITMQ_PORT@localhost
    rabbitmq_configure "$dir" && rabbitmq_environment "$dir" || return 1
    if ! server_pid "$dir" epmd >/dev/null; then
        spawn "$dir" epmd env -i "${RABBITMQ_ENVIRONMENT[@]}" epmd
    fi
    spawn "$dir" rabbitmq env -i "${RABBITMQ_ENVIRONMENT[@]}" "$RABBITMQ_BIN/rabbitmq-server"
}

# The password goes to curl by its configuration, because every user of the machine sees a command line.
rabbitmq_is_ready() {
    curl -fsS -m 2 -o "$1/log/ready.json" -K - 2>/dev/null <<END
user = "deploy:$(<"$1/secrets/deploy.password")"
url = "http://127.0.0.1:$MANAGEMENT_PORT/api/health/checks/port-listener/$RABBITMQ_PORT"
END
}

# rabbitmqctl for this instance.  Needs env_load first.
rabbitmq_ctl() {
    local dir=$1
    shift
    rabbitmq_environment "$dir"
    env -i "${RABBITMQ_ENVIRONMENT[@]}" "$RABBITMQ_BIN/rabbitmqctl" "$@"
}

# ---- PostgreSQL -------------------------------------------------------------------------------

postgres_bin() { printf '%s/%s' "$(pg_config --bindir)" "$1"; }
postgres_version() { "$(postgres_bin postgres)" --version | sed -E 's/^[^0-9]*([0-9.]+).*/\1/'; }

# PostgreSQL refuses to run as root; then it is the user postgres.
as_postgres() {
    if [ "$(id -u)" -eq 0 ]; then
        setpriv --reuid postgres --regid postgres --init-groups "$@"
    else
        "$@"
    fi
}

# Where the data lies: below DIR, or in /var/tmp when the user postgres cannot get there.
postgres_data() {
    local dir=$1
    if as_postgres test -x "$dir"; then
        printf '%s/postgres' "$dir"
    else
        printf '/var/tmp/quadrille-%s/postgres' "$(printf %s "$dir" | sha256sum | cut -c 1-12)"
    fi
}

postgres_make_data_folder() {
    local data=$1 dir=$2 parent=${1%/*}
    if [ "$parent" != "$dir" ]; then
        say "The user postgres cannot enter $dir: its data goes to $data"
        check_room "${parent%/*}" || return 1
        [ -d "$parent" ] || mkdir -m 0711 "$parent" || return 1
        if [ -L "$parent" ] || [ ! -O "$parent" ]; then
            fail "$parent belongs to someone else"
            return 1
        fi
    fi
    [ -d "$data" ] || mkdir -m 0700 "$data" || return 1
    [ "$(id -u)" -ne 0 ] || chown postgres: "$data"
}

# An empty cluster with two roles.  deploy makes databases and roles, and is no superuser.
postgres_create() {
    local dir=$1 data=$2
    secret_file "$dir/secrets/postgres.password" "$(random_hex 24)"
    if ! as_postgres "$(postgres_bin initdb)" -D "$data" -U postgres -E UTF8 --locale=C.UTF-8 --auth=reject \
        --no-instructions >>"$dir/log/postgres.log" 2>&1; then
        failed_with_log "initdb could not make a cluster in $data." "$dir/log/postgres.log"
        return 1
    fi
    (umask 077 && cat >"$data/pg_hba.conf") <<END
host all all 127.0.0.1/32 scram-sha-256
END
    [ "$(id -u)" -ne 0 ] || chown postgres: "$data/pg_hba.conf"
    # It ends with 0 whatever becomes of a statement: what it says on its standard error tells.
    if ! as_postgres "$(postgres_bin postgres)" --single -j -D "$data" postgres >/dev/null 2>"$dir/log/roles.log" <<END
ALTER ROLE postgres PASSWORD '$(<"$dir/secrets/postgres.password")';

CREATE ROLE deploy LOGIN CREATEDB CREATEROLE PASSWORD '$(<"$dir/secrets/deploy.password")';

END
    then
        failed_with_log "PostgreSQL could not make its first roles." "$dir/log/roles.log"
        return 1
    fi
    if grep -qE '(ERROR|FATAL|PANIC):' "$dir/log/roles.log"; then
        failed_with_log "PostgreSQL could not make its first roles." "$dir/log/roles.log"
        return 1
    fi
    rm -f "$dir/log/roles.log"
}

postgres_configure() {
    cat >"$1/postgresql.conf" <<END
listen_addresses = '127.0.0.1'
port = $POSTGRES_PORT
unix_socket_directories = ''
password_encryption = scram-sha-256
max_connections = 300
shared_buffers = 256MB
fsync = on
min_wal_size = 256MB
max_wal_size = 2GB
checkpoint_timeout = 15min
track_commit_timestamp = on # the benchmark asks when an effect was committed
jit = off
log_min_messages = warning
log_line_prefix = '%m [%p] %q%u@%d '
timezone = UTC
log_timezone = UTC
END
}

# Backends of a killed server hold its shared memory for a moment longer.
postgres_await_backends() {
    local data=$1 deadline=$((SECONDS + STOP_TIMEOUT_S)) cwd in_use
    while [ $SECONDS -lt $deadline ]; do
        in_use=
        for cwd in /proc/[0-9]*/cwd; do
            if [ "$cwd" -ef "$data" ]; then in_use=$cwd; fi
        done
        # What the lock file says is then about nobody, or about another program with that number.
        [ -n "$in_use" ] || { rm -f "$data/postmaster.pid"; return 0; }
        sleep 0.1
    done
    fail "Process $(basename "$(dirname "$in_use")") still works in $data"
    return 1
}

postgres_start() {
    local dir=$1 data
    data=$(postgres_data "$dir")
    if [ ! -e "$dir/complete" ]; then
        postgres_make_data_folder "$data" "$dir" && postgres_create "$dir" "$data" || return 1
    fi
    postgres_await_backends "$data" && postgres_configure "$data" || return 1
    if [ "$(id -u)" -eq 0 ]; then
        spawn "$dir" postgres setpriv --reuid postgres --regid postgres --init-groups "$(postgres_bin postgres)" -D "$data"
    else
        spawn "$dir" postgres "$(postgres_bin postgres)" -D "$data"
    fi
}

postgres_is_ready() {
    "$(postgres_bin pg_isready)" -q -h 127.0.0.1 -p "$POSTGRES_PORT" -d postgres -U deploy
}

# ---- both -------------------------------------------------------------------------------------

# What a container may still use; nothing where there is no limit.
memory_left_mib() {
    local limit used file # cgroup v2, then v1
    for file in /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes; do
        [ -r "$file" ] || continue
        limit=$(<"$file")
        used=$(cat "${file%/*}"/memory.current "${file%/*}"/memory.usage_in_bytes 2>/dev/null | head -n 1) || true
        [[ $limit =~ ^[0-9]{1,18}$ && $used =~ ^[0-9]{1,18}$ ]] || continue
        printf '%s' $(((limit - used) / 1048576))
        return
    done
}

# check_room FOLDER…: before anything is installed or built, and again where the data will lie.
check_room() {
    local folder disk_mib memory_mib left
    for folder in "$@"; do
        disk_mib=$(df -Pk "$folder" | awk 'NR == 2 { print int($4 / 1024) }')
        if [ "$disk_mib" -lt "$DISK_MIN_MIB" ]; then
            fail "Only $disk_mib MiB of disk are free at $folder; $DISK_MIN_MIB are needed."
            return 1
        fi
    done
    memory_mib=$(awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)
    left=$(memory_left_mib)
    if [ -n "$left" ] && [ "$left" -lt "$memory_mib" ]; then memory_mib=$left; fi
    if [ "$memory_mib" -lt "$MEMORY_MIN_MIB" ]; then
        fail "Only $memory_mib MiB of memory are available; $MEMORY_MIN_MIB are needed."
        return 1
    fi
}

await_ready() {
    local dir=$1 server=$2 deadline=$((SECONDS + START_TIMEOUT_S))
    until "${server}_is_ready" "$dir"; do
        if ! server_pid "$dir" "$server" >/dev/null; then
            failed_with_log "$server ended while it was starting." "$dir/log/$server.log"
            return 1
        fi
        if [ $SECONDS -ge $deadline ]; then
            failed_with_log "$server did not come up within $START_TIMEOUT_S s." "$dir/log/$server.log"
            return 1
        fi
        sleep 0.1
    done
}

servers_running() { server_pid "$1" rabbitmq >/dev/null && server_pid "$1" postgres >/dev/null; }

# servers_start DIR: both, in parallel.  What was started is stopped again when one does not come up.
servers_start() {
    local dir=$1 started
    started=$(now_ms)
    servers_stop "$dir" # what is left when one of the two was killed
    mkdir -p "$dir/log" && chmod 0700 "$dir/log" && make_secrets "$dir" || return 1
    [ -e "$dir/complete" ] || servers_wipe "$dir" # a first start that was interrupted
    choose_ports "$dir" || return 1
    RABBITMQ_NODENAME=$(env_get "$dir" RABBITMQ_NODENAME) # its data belongs to that name
    if ! { rabbitmq_start "$dir" && postgres_start "$dir" &&
        await_ready "$dir" postgres && await_ready "$dir" rabbitmq && env_write "$dir"; }; then
        servers_stop "$dir"
        return 1
    fi
    touch "$dir/complete"
    say "RabbitMQ $(rabbitmq_version) and PostgreSQL $(postgres_version) are running ($(seconds_since "$started"))"
}

# servers_stop DIR: only the processes that servers_start recorded there.
servers_stop() {
    local dir=$1
    [ -d "$dir" ] || return 0
    server_signal "$dir" postgres INT # "fast": does not wait for its clients
    server_signal "$dir" rabbitmq TERM
    server_signal "$dir" postgres CONT
    server_signal "$dir" rabbitmq CONT
    server_await_end "$dir" postgres INT
    server_await_end "$dir" rabbitmq TERM
    server_signal "$dir" epmd TERM
    server_await_end "$dir" epmd TERM
}

servers_status() {
    local dir=$1 server pid
    for server in rabbitmq postgres; do
        if pid=$(server_pid "$dir" "$server"); then
            say "$server: running, process $pid"
        else
            say "$server: stopped"
        fi
    done
}

# Takes the data away, keeps logs and secrets.
servers_wipe() {
    local dir=$1 data
    rm -rf "$dir/rabbitmq" "$dir/complete" "$dir/env"
    command -v pg_config >/dev/null || return 0
    data=$(postgres_data "$dir")
    rm -rf "$data"
    if [ "${data%/*}" != "$dir" ]; then rmdir "${data%/*}" 2>/dev/null || true; fi
}

# server_start DIR SERVER: one of the two again, on its data and ports.
server_start() {
    env_load "$1"
    "$2_start" "$1" && await_ready "$1" "$2" && env_write "$1"
}
