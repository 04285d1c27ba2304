/* SPDX-License-Identifier: Apache-2.0 */
#include "timer.h"

#include "core/backoff.h"
#include "core/buffer.h"
#include "core/clock.h"
#include "core/log.h"
#include "subscription_contract.h"
#include "subscription_sql.h"
#include "upgrade.h"

enum {
    DUE_MAX = 100,       /* looked at in one round */
    LOOK_EVERY_MS = 500, /* another process, or a request, may have brought something sooner */
    LISTED_MAX = 20,
    READINESS_MS = 1000,
};

/* The deadline as long as the pivot is free; after that the watch, which needs to know what must be
 * undone. */
static enum subscription_event event_of(const struct upgrade *upgrade)
{
    if (upgrade->pivot == NULL) {
        return SUBSCRIPTION_ON_DEADLINE;
    }
    return upgrade->activated_at_ms != INT64_MIN ? SUBSCRIPTION_ON_WATCH_ACTIVATED
                                                 : SUBSCRIPTION_ON_WATCH_NOT_ACTIVATED;
}

static enum outcome decide(struct work *work, const struct uuid *id)
{
    AUTO(db_rows_free_auto) struct db_rows *taken = NULL;
    enum outcome o = db_run(work->db, &sql_timer_take,
                            DB_PARAMS(db_uuid(id), db_time(work->now_ms)), &taken, work->fault);
    if (o == OK && db_rows_count(taken) == 0) {
        return OK; /* somebody else has it, or had it */
    }
    if (o == OK) {
        o = upgrade_load_one(work, id);
    }
    if (o != OK) {
        return o;
    }
    struct upgrade *upgrade = upgrade_find(work, id);
    enum subscription_event event = event_of(upgrade);
    work->traceparent = upgrade->traceparent;
    log_info("timer.due", LOG_ID("upgrade", id), LOG_TEXT("on", subscription_event_name(event)),
             LOG_TEXT("state", subscription_state_name(upgrade->state)));
    const char *reason = event == SUBSCRIPTION_ON_DEADLINE
                             ? revocation_reason_values[REVOCATION_REASON_DEADLINE]
                             : NULL;
    bool needed_attention = upgrade->needs_attention;
    o = upgrade_decide(work, upgrade, &(struct happening){.event = event, .reason = reason});
    if (o == OK && upgrade->needs_attention && !needed_attention) {
        log_warn(
            "upgrade.needs_attention", LOG_ID("upgrade", id), LOG_INT("repeats", upgrade->repeats),
            LOG_TEXT("reason", "nobody answers its revocation, which is said again and again"));
    }
    return o;
}

static enum outcome work_off(struct runtime *runtime, struct db *db, const struct uuid *id,
                             struct fault *fault)
{
    AUTO(task_end) struct task task = {0};
    enum outcome o = task_begin(&task, db, runtime, fault);
    if (o == OK) {
        o = decide(&task.work, id);
    }
    return o == OK ? task_commit(&task) : o;
}

/* One transaction each, so that one that cannot be worked off holds up no other. Tells when to look
 * again. */
static enum outcome work_off_due(struct runtime *runtime, struct db *db, int64_t *wait_ms,
                                 struct fault *fault)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = db_run(db, &sql_timer_next, DB_PARAMS(db_i64(DUE_MAX)), &rows, fault);
    int64_t now_ms = clock_now_ms();
    bool is_more = db_rows_count(rows) == DUE_MAX;
    *wait_ms = is_more ? 0 : LOOK_EVERY_MS;
    for (int row = 0; o == OK && row < db_rows_count(rows) && !runtime_is_stopping(runtime);
         row++) {
        int64_t left_ms = db_get_time(rows, row, 1) - now_ms;
        if (left_ms > 0) {
            *wait_ms = left_ms < LOOK_EVERY_MS ? left_ms : LOOK_EVERY_MS;
            break;
        }
        struct uuid id = db_get_uuid(rows, row, 0);
        o = work_off(runtime, db, &id, fault);
        if (o == RETRY || o == REJECT) {
            log_warn("timer.later", LOG_ID("upgrade", &id), LOG_TEXT("reason", fault->text));
            *wait_ms = LOOK_EVERY_MS;
            o = OK;
        }
    }
    return o;
}

static enum outcome count_attention(struct runtime *runtime, struct db *db, struct fault *fault)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = db_run(db, &sql_attention_list, DB_PARAMS(db_i64(1)), &rows, fault);
    if (o == OK) {
        runtime->counters.needs_attention = db_rows_count(rows) > 0 ? db_get_i64(rows, 0, 2) : 0;
    }
    return o;
}

static enum outcome tick(struct runtime *runtime, struct db **db, int64_t *wait_ms,
                         struct fault *fault)
{
    enum outcome o = OK;
    if (*db == NULL) {
        o = db_open(&(struct db_options){.url = runtime->config->database_url,
                                         .name = "subscription timer"},
                    db, fault);
    } else if (db_is_lost(*db)) {
        o = db_reopen(*db, fault);
    }
    if (o == OK) {
        o = work_off_due(runtime, *db, wait_ms, fault);
    }
    return o == OK ? count_attention(runtime, *db, fault) : o;
}

static enum outcome run(struct runtime *runtime, int index, struct fault *fault)
{
    AUTO(db_close_auto) struct db *db = NULL;
    struct backoff backoff = {0};
    (void)index;
    while (!runtime_is_stopping(runtime)) {
        int64_t wait_ms = 0;
        enum outcome o = tick(runtime, &db, &wait_ms, fault);
        if (o == FATAL) {
            return FATAL;
        }
        if (o == OK) {
            backoff = (struct backoff){0};
        } else {
            wait_ms = backoff_next(&backoff);
            log_warn("timer.reconnecting", LOG_TEXT("reason", fault->text),
                     LOG_INT("in_ms", wait_ms));
        }
        (void)runtime_sleep(runtime, wait_ms);
    }
    return OK;
}

const struct part timer_part = {.name = "timer", .run = run};

static enum outcome list_attention(const struct runtime *runtime, struct buffer *out,
                                   struct fault *fault)
{
    AUTO(db_close_auto) struct db *db = NULL;
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    const struct db_options options = {.url = runtime->config->database_url,
                                       .name = "subscription health",
                                       .connect_ms = READINESS_MS,
                                       .statement_ms = READINESS_MS};
    enum outcome o = db_open(&options, &db, fault);
    if (o == OK) {
        o = db_run(db, &sql_attention_list, DB_PARAMS(db_i64(LISTED_MAX)), &rows, fault);
    }
    for (int row = 0; o == OK && row < db_rows_count(rows); row++) {
        char text[UUID_TEXT_BYTES];
        struct uuid id = db_get_uuid(rows, row, 0);
        buffer_printf(out, "%s{\"id\":\"%s\",\"state\":\"%s\"}", row == 0 ? "" : ",",
                      ids_format(&id, text), db_get_text(rows, row, 1));
    }
    return o;
}

void timer_readiness(struct runtime *runtime, struct buffer *out)
{
    struct fault fault;
    buffer_text(out, ",\"upgrades_needing_attention\":[");
    if (runtime->counters.needs_attention > 0 && list_attention(runtime, out, &fault) != OK) {
        log_warn("readiness.incomplete", LOG_TEXT("reason", fault.text));
    }
    buffer_text(out, "]");
}
