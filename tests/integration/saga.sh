#!/usr/bin/env bash
# Stories in a history of its own, row by row as fit-history would have written them, looked at with `quadrille saga`. TAP.
#   saga.sh QUADRILLE CONTRACTS
set -euo pipefail
QUADRILLE=$1 CONTRACTS=$2
if [ -z "${DATABASE_URL:-}" ] || [ -z "${SECRETS_DIR:-}" ]; then
    echo "1..0 # SKIP the environment names no servers"
    exit 0
fi
export CONTRACTS DATABASE_PREFIX="saga_$$_"
unset KEYS_DATABASE_URL
LOG="${DATABASE_URL%/*}/${DATABASE_PREFIX}history"
SCRATCH=$(mktemp -d)
TEST=0 FAILED=0
drop() {
    for database in history history_keys coaching; do
        psql -qX "$DATABASE_URL" -c "drop database if exists \"$DATABASE_PREFIX$database\" with (force)"
    done
    rm -rf "$SCRATCH"
}
trap drop EXIT

# expect CODE TEXT… -- ARGUMENTS…: the command's exit code, and what its output has; !TEXT is what it has not.
expect() {
    local name=$1 code=$2 texts=() wrong="" got=0
    shift 2
    while [ "$1" != -- ]; do
        texts+=("$1")
        shift
    done
    shift
    "$QUADRILLE" saga "$@" >"$SCRATCH/out" 2>&1 || got=$?
    [ "$got" = "$code" ] || wrong="exit $got instead of $code"
    for text in "${texts[@]}"; do
        if [ "${text#!}" != "$text" ]; then
            ! grep -qF -- "${text#!}" "$SCRATCH/out" || wrong="$wrong; has ${text#!}"
        else
            grep -qF -- "$text" "$SCRATCH/out" || wrong="$wrong; has not $text"
        fi
    done
    TEST=$((TEST + 1))
    if [ -z "$wrong" ]; then
        echo "ok $TEST - $name"
    else
        FAILED=$((FAILED + 1))
        echo "not ok $TEST - $name: $wrong"
        sed 's/^/# /' "$SCRATCH/out"
    fi
}

new_id() { psql -qXAt "$DATABASE_URL" -c \
    "select overlay(overlay(rpad(lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint), 12, '0'), 12, '0')
     || replace(substr(gen_random_uuid()::text, 15), '-', '') placing '7' from 13 for 1) placing 'a' from 17 for 1)::uuid"; }

# say STORY CAUSE SERVICE NAME [AGE]: one row of the log; LAST is its id. CAUSE may be empty.
say() {
    LAST=$(new_id)
    psql -qX "$LOG" -v ON_ERROR_STOP=1 -c "insert into event_log
        (id, era, type, service, exchange, routing_key, correlation_id, causation_id, subject, occurred_at, properties, body)
        values ('$LAST', 1, 'fit.$3.$4.v1', '$3', '$3.events', 'any', '$1', nullif('$2', '')::uuid, '$1',
                clock_timestamp() - interval '${5:-1 hour}', '', '{}')"
}

# tell STORY SERVICE.NAME…: each caused by the one before; +SERVICE.NAME has no cause.
tell() {
    local story=$1 cause=""
    shift
    for said in "$@"; do
        [ "${said#+}" = "$said" ] || cause=""
        said=${said#+}
        say "$story" "$cause" "${said%%.*}" "${said#*.}"
        cause=$LAST
    done
}

"$QUADRILLE" schema apply --service history >/dev/null
"$QUADRILLE" schema apply --service coaching >/dev/null

COMPLETED=$(new_id) REJECTED=$(new_id) COMPENSATED=$(new_id) STUCK=$(new_id) FRESH=$(new_id) FORGED=$(new_id)
BEGIN=(subscription.PremiumUpgradeRequested billing.PaymentCompleted subscription.PremiumActivated)
tell "$COMPLETED" "${BEGIN[@]}" coaching.PlanGenerated subscription.PremiumUpgradeCompleted
tell "$REJECTED" subscription.PremiumUpgradeRequested billing.PaymentFailed subscription.PremiumUpgradeRejected
tell "$COMPENSATED" "${BEGIN[@]}" coaching.PlanGenerated +subscription.PremiumRevoked billing.PaymentRefunded
REVOKED=$(psql -qXAt "$LOG" -c "select id from event_log where correlation_id = '$COMPENSATED' and type like '%Revoked%'")
say "$COMPENSATED" "$REVOKED" coaching PlanWithdrawn
say "$COMPENSATED" "$LAST" subscription PremiumUpgradeCancelled
tell "$STUCK" "${BEGIN[@]}"
say "$FRESH" "" subscription PremiumUpgradeRequested "0 s"

expect "ls lists every story" 0 "$COMPLETED" "$REJECTED" "$COMPENSATED" "$STUCK" "$FRESH" -- ls
expect "ls knows states" 0 "$STUCK" "!$FRESH" "!$COMPLETED" -- ls --state stuck
expect "ls knows who is on the way" 0 "$FRESH" "!$STUCK" -- ls --state open
expect "ls knows what was undone" 0 "$COMPENSATED" "!$COMPLETED" "!$STUCK" -- ls --state compensated
expect "ls counts only what was asked for" 0 "$COMPENSATED" "!$FRESH" -- ls --limit 1 --state=done
expect "ls knows its states" 2 "--state is open, done, compensated or stuck" -- ls --state lost
expect "ls selects by subject" 0 "$REJECTED" "!$STUCK" -- ls --subject "$REJECTED"
expect "ls selects by time" 0 "!$REJECTED" -- ls --until 1h
expect "ls selects by saga" 1 "no such saga" -- ls --saga nothing
expect "show has the end" 0 "done" "PremiumUpgradeCompleted" "(end)" -- show "$COMPLETED"
expect "show marks compensations" 0 "PaymentRefunded  billing  (compensation)" "PlanWithdrawn" -- show "$COMPENSATED"
expect "show says what is next" 0 "overdue" "coaching should say PlanGenerated or PlanGenerationFailed" -- show "$STUCK"
expect "show draws" 0 "flowchart TD" "overdue" -- show "$STUCK" --format mermaid
expect "show prints data" 0 '"state":"stuck"' '"is_overdue":true' -- show "$STUCK" --json
expect "show misses a story" 1 "no saga with this correlation id" -- show "$(new_id)"
expect "show takes an event's id" 0 "$COMPENSATED" "PlanWithdrawn" -- show "$REVOKED"
expect "show needs an id" 2 "a UUID" -- show nothing
expect "stuck names one story and who should speak" 1 "$STUCK" "coaching should say" "!$FRESH" "!$REJECTED" -- stuck
coaching() { psql -qX "${DATABASE_URL%/*}/${DATABASE_PREFIX}coaching" -v ON_ERROR_STOP=1 -c "$1"; }
ACTIVE="select id from event_log where correlation_id = '$STUCK' and type like '%Activated%'"
ACTIVE=$(psql -qXAt "$LOG" -c "$ACTIVE")
expect "stuck says what has not arrived" 1 "it has not reached coaching" -- stuck
coaching "insert into outbox (id, kind, type, exchange, routing_key, occurred_at, body, failure_class, failed_queue, cause_id)
    values ('$(new_id)', 1, '', '', '', now(), '', 'rejected', 'coaching', '$ACTIVE')"
expect "data has the reason too" 1 "\"reasons\":[{\"cause\":\"$ACTIVE\",\"service\":\"coaching\",\"text\":\"dead letter in coaching.dlq" -- stuck --json
expect "stuck finds the dead letter" 1 "dead letter in coaching.dlq (rejected)" -- stuck
coaching "insert into retry (id, queue, type, attempts, due, first_failed_at, last_failed_at, reason, exchange, routing_key, properties, body)
    values ('$ACTIVE', 'coaching', 'x', 3, now(), now(), now(), E'no \\x1b luck', '', '', '', '')"
expect "stuck finds the parked retry" 1 "parked by coaching after 3 attempts" 'no \x1b luck' -- stuck
coaching "delete from retry; insert into inbox (id) values ('$ACTIVE')"
expect "show says that it was handled" 0 "likely reason: coaching has handled it" -- show "$STUCK"
expect "stuck is patient" 0 "!$STUCK" -- stuck --after 2h
expect "verify finds nothing in sound stories" 0 "0 findings" -- verify --after 2h
expect "verify finds what is missing" 1 "missing-reaction" "$STUCK" -- verify
ACTIVATED=$(psql -qXAt "$LOG" -c "select id from event_log where correlation_id = '$STUCK' and type like '%Activated%'")
say "$STUCK" "$ACTIVATED" billing PaymentVoided
expect "verify finds an undeclared reaction" 1 "undeclared-reaction" "no contract lets billing answer PremiumActivated" -- \
    verify --after 2h
tell "$FORGED" subscription.PremiumUpgradeRejected
expect "verify finds an end without a beginning" 1 "end-without-start" "$FORGED" -- verify --after 2h
expect "however many have ended since, stuck finds it" 1 "$STUCK" -- stuck --limit 2
say "$COMPLETED" "" subscription PremiumUpgradeCancelled
expect "verify finds a second end" 1 "two-ends  PremiumUpgradeCancelled" -- verify --correlation "$COMPLETED"
say "$REJECTED" "" "billing" $'Evil\e[31m'
expect "foreign names do not reach the terminal as they are" 1 'Evil\x1b[31m' -- verify --correlation "$REJECTED"
echo "1..$TEST"
[ "$FAILED" = 0 ]
