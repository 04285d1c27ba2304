/* SPDX-License-Identifier: Apache-2.0 */
#include "consumers/consumer.h"
#include "core/service.h"
#include "listener_contract.h"
#include "publishers/partition.h"
#include "publishers/relay.h"
#include "publishers/work.h"

/*
 * A service whose handlers do what the event tells them: believe it, fail in every way that a
 * handler can fail, or take long. Small, but a real process with all that service_main, the
 * consumer and the relay do.
 */

enum { NOT_IN_THE_CONTRACT = 5000000 };

static const struct sql sql_door = {"door", "select is_open from door"};
static const struct sql sql_effect = {
    "effect",
    "insert into effect (event_id, tale_id, number) values ($1::uuid, $2::uuid, $3::bigint)"};
static const struct sql sql_promise = {"promise",
                                       "insert into promise (kept_by) values ($1::uuid)"};
static const struct sql sql_stumble = {"stumble", "select stumble()"};
static const struct sql sql_lock = {"lock", "update lock set turns = turns + 1 where id = $1::int"};
static const struct sql sql_dawdle = {
    "dawdle", "select pg_advisory_xact_lock_shared(4711), pg_sleep($1::bigint / 1000.0)"};

/* What load_ brings: one row for all. */
struct door {
    bool is_open;
};
static const struct uuid door_key = {{0}};

static enum outcome load_door(struct work *work)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = db_run(work->db, &sql_door, DB_NO_PARAMS, &rows, work->fault);
    if (o == OK) {
        struct door *door = work_remember(work, &sql_door, &door_key, sizeof *door);
        door->is_open = db_get_bool(rows, 0, 0);
    }
    return o;
}

enum outcome load_tale_told(struct work *work, const struct tale_told *const events[], size_t count)
{
    (void)events;
    (void)count;
    return load_door(work);
}

enum outcome load_oath_sworn(struct work *work, const struct oath_sworn *const events[],
                             size_t count)
{
    (void)events;
    (void)count;
    return load_door(work);
}

static enum outcome believe(struct work *work, const struct uuid *tale_id, int64_t number)
{
    enum outcome o =
        work_queue(work, &sql_effect,
                   DB_PARAMS(db_uuid(&work->cause->id), db_uuid(tale_id), db_i64(number)), 1);
    return o == OK ? publish_tale_heard(work,
                                        &(struct tale_heard){.tale_id = *tale_id, .number = number})
                   : o;
}

static enum outcome wait_for_door(struct work *work)
{
    const struct door *door = work_recall(work, &sql_door, &door_key);
    return door->is_open ? OK : fault_set(work->fault, RETRY, "the door is closed");
}

static enum outcome take_locks(struct work *work)
{
    enum outcome o = work_queue(work, &sql_lock, DB_PARAMS(db_i32(1)), 1);
    return o == OK ? work_queue(work, &sql_lock, DB_PARAMS(db_i32(2)), 1) : o;
}

/* Says as many events as it was told. */
static enum outcome babble(struct work *work, const struct uuid *tale_id, int64_t number)
{
    enum outcome o = OK;
    for (int64_t i = 1; o == OK && i < number; i++) {
        o = publish_tale_heard(work, &(struct tale_heard){.tale_id = *tale_id, .number = i});
    }
    return o == OK ? believe(work, tale_id, number) : o;
}

static enum outcome act(struct work *work, const struct uuid *tale_id, enum act act, int64_t number)
{
    enum outcome o = OK;
    switch (act) {
    case ACT_BELIEVE:
        break;
    case ACT_WAIT:
        o = wait_for_door(work);
        break;
    case ACT_DOUBT:
        o = fault_set(work->fault, RETRY, "the listener doubts it");
        break;
    case ACT_REFUSE:
        return REJECT; /* without a word */
    case ACT_BREAK_RULE:
        number = 13;
        break;
    case ACT_BREAK_PROMISE:
        o = work_queue(work, &sql_promise, DB_PARAMS(db_uuid(tale_id)), 1);
        break;
    case ACT_BREAK_OWN_CONTRACT:
        number = NOT_IN_THE_CONTRACT;
        break;
    case ACT_STUMBLE:
        o = work_queue(work, &sql_stumble, DB_NO_PARAMS, 1);
        break;
    case ACT_LOCK:
        o = take_locks(work);
        break;
    case ACT_BABBLE:
        return babble(work, tale_id, number);
    case ACT_DAWDLE:
        o = work_queue(work, &sql_dawdle, DB_PARAMS(db_i64(number)), 1);
        break;
    }
    return o == OK ? believe(work, tale_id, number) : o;
}

enum outcome on_tale_told(struct work *work, const struct tale_told *event)
{
    return act(work, &event->tale_id, event->act, event->number);
}

enum outcome on_oath_sworn(struct work *work, const struct oath_sworn *event)
{
    return act(work, &event->tale_id, event->act, 0);
}

int main(int argc, char **argv)
{
    static const struct part *const parts[] = {&consumer_part, &relay_part, &partition_part, NULL};
    static const struct service service = {
        .name = "listener",
        .summary = "does with an event what the event says",
        .contract = &listener_contract,
        .parts = parts,
    };
    return service_main(argc, argv, &service);
}
