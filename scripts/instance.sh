# shellcheck shell=bash
# An instance: the two servers, with topology and schemas applied.  up, test, demo, bench and chaos have one each.

instance_dir() { printf '%s/%s' "$RUN_DIR" "$1"; }

apply_topology() { "$QUADRILLE" topology apply --contracts "$ROOT/events/asyncapi" --secrets "$SECRETS_DIR"; }
apply_schema() { "$QUADRILLE" schema apply --contracts "$ROOT/events/asyncapi" --secrets "$SECRETS_DIR"; }

instance_prepare() {
    [ -x "$QUADRILLE" ] || { fail "$QUADRILLE is not built: topology and schemas cannot be applied"; return 1; }
    step "topology" apply_topology && step "schemas" apply_schema
}

# One start, stop or use of an instance at a time.  Held through descriptor 9, which no child inherits.
instance_lock() {
    mkdir -p "$1"
    exec 9>"$1/lock"
    flock -n 9 || die "Another ./run is using ${1#"$ROOT"/}. Wait for it, or stop it."
}

instance_start() {
    local dir=$1
    if [ "$EXTERNAL" = yes ]; then
        say "Using the existing servers of ${EXTERNAL_VARIABLES[*]}: nothing is started"
        make_secrets "$dir"
        unset "${ENV_VARIABLES[@]}" # of another clone's servers
        export INSTANCE_DIR=$dir SECRETS_DIR=$dir/secrets
    else
        servers_start "$dir" && env_load "$dir"
    fi
}

# What a run that was killed has left at work there.
end_leftover() {
    local pid
    pid=$(server_pid "$1" job) || return 0
    warn "Ending process group $pid, which an interrupted ./run has left"
    end_group "$pid"
}

# In the background of `interruptible`, so BASHPID is the group's leader.
run_recorded() {
    local dir=$1
    shift
    printf '%s %s\n' "$BASHPID" "$(process_identity "$BASHPID")" >"$dir/job.pid"
    "$@"
}

# with_instance NAME COMMAND…: a fresh instance for as long as the command runs, which finds everything in its
# environment (see DIR/env).  Its data stays until the next time, to be looked at.
with_instance() {
    local dir status=0
    dir=$(instance_dir "$1")
    shift
    instance_lock "$dir"
    end_leftover "$dir"
    if [ "$EXTERNAL" = no ]; then
        on_exit servers_stop "$dir"
        servers_stop "$dir"
        servers_wipe "$dir"
        rm -rf "$dir/log" "$dir/company" # a ledger belongs to its databases
    fi
    on_exit end_child
    instance_start "$dir" && instance_prepare || return 1
    interruptible run_recorded "$dir" "$@" || status=$?
    rm -f "$dir/job.pid"
    [ "$EXTERNAL" = yes ] || servers_stop "$dir"
    exec 9>&-
    return "$status"
}

instance_describe() {
    local dir=$1 shown=${1#"$ROOT"/}
    env_load "$dir"
    cat <<END

${BOLD}RabbitMQ $RABBITMQ_VERSION${PLAIN}    amqp://127.0.0.1:$RABBITMQ_PORT   http://127.0.0.1:$MANAGEMENT_PORT (management)
${BOLD}PostgreSQL $POSTGRES_VERSION${PLAIN}  postgresql://127.0.0.1:$POSTGRES_PORT/postgres
accounts          deploy (administrator), audit, operator, $(service_names | paste -sd ' ' | sed 's/ /, /g')
passwords         $shown/secrets/<account>.password
everything        . $shown/env
logs              $shown/log
stop              ./run down
END
}
