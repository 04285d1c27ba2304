/* SPDX-License-Identifier: Apache-2.0 */
#include "publishers/partition.h"

#include "core/clock.h"
#include "core/log.h"
#include "publishers/publishers_sql.h"

#include <string.h>

enum {
    ROUND_MS = 60 * 60 * 1000,
    AGAIN_MS = 60 * 1000, /* after a lock that was not had */
    DAYS_BEHIND = 1,
    DAYS_AHEAD = 3,
    SKEW_MAX_MS = 2 * 60 * 1000, /* listeners refuse ids that are 5 minutes ahead of their clock */
};

static const struct sql sql_partition_expired = {
    "partition_expired",
    "select day::text from partition_expired($1::text, $2::int8::int4) as e (day)"};
static const struct sql sql_partition_drop = {
    "partition_drop", "select partition_drop($1::text, $2::text::date, $3::int8::int4)"};
static const struct sql sql_partition_clock = {"partition_clock", "select clock_timestamp()"};
static const struct sql sql_partition_exists = {"partition_exists",
                                                "select to_regclass($1::text) is not null"};

static enum outcome make(struct db *db, const char *parent, int64_t keep_days, struct fault *fault)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = db_run(
        db, &sql_partition_make,
        DB_PARAMS(db_text(parent), db_i32(DAYS_BEHIND), db_i32(DAYS_AHEAD), db_i64(keep_days)),
        &rows, fault);
    if (o == OK && db_get_i64(rows, 0, 0) > 0) {
        log_info("partition.made", LOG_TEXT("table", parent),
                 LOG_INT("days", db_get_i64(rows, 0, 0)));
    }
    return o;
}

/* Each in a transaction of its own: writers wait while one is being dropped. */
static enum outcome drop(struct db *db, const char *parent, const char *day, int64_t keep_days,
                         bool *is_busy, struct fault *fault)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o =
        db_run(db, &sql_partition_drop, DB_PARAMS(db_text(parent), db_text(day), db_i64(keep_days)),
               &rows, fault);
    if (o != OK) {
        return o;
    }
    const char *result = db_get_text(rows, 0, 0);
    *is_busy = strcmp(result, "busy") == 0;
    if (strcmp(result, "needed") == 0) {
        log_warn("partition.kept", LOG_TEXT("table", parent), LOG_TEXT("day", day),
                 LOG_TEXT("because", "it has expired, but holds rows that are still needed"));
    } else if (!*is_busy) {
        log_info("partition.dropped", LOG_TEXT("table", parent), LOG_TEXT("day", day));
    }
    return OK;
}

enum outcome partition_upkeep(struct db *db, const char *parent, int64_t keep_days,
                              struct fault *fault)
{
    enum outcome o = make(db, parent, keep_days, fault);
    if (o != OK) {
        return o;
    }
    AUTO(db_rows_free_auto) struct db_rows *days = NULL;
    o = db_run(db, &sql_partition_expired, DB_PARAMS(db_text(parent), db_i64(keep_days)), &days,
               fault);
    bool was_busy = false;
    for (int i = 0; o == OK && i < db_rows_count(days); i++) {
        bool is_busy = false;
        o = drop(db, parent, db_get_text(days, i, 0), keep_days, &is_busy, fault);
        was_busy = was_busy || is_busy;
    }
    return o == OK && was_busy
               ? fault_set(fault, RETRY, "partitions of %s: a lock was not had in time", parent)
               : o;
}

/* Ids are made by this process's clock and judged by the database's. */
static enum outcome check_clock(struct db *db, struct fault *fault)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = db_run(db, &sql_partition_clock, DB_NO_PARAMS, &rows, fault);
    if (o != OK) {
        return o;
    }
    int64_t skew_ms = clock_now_ms() - db_get_time(rows, 0, 0);
    if (skew_ms > SKEW_MAX_MS || skew_ms < -SKEW_MAX_MS) {
        return fault_set(fault, FATAL,
                         "the clock differs by %lld s from the database's: ids would lie",
                         (long long)(skew_ms / 1000));
    }
    return OK;
}

static enum outcome keep(struct db *db, const char *parent, int64_t keep_days, struct fault *fault)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = db_run(db, &sql_partition_exists, DB_PARAMS(db_text(parent)), &rows, fault);
    return o == OK && db_get_bool(rows, 0, 0) ? partition_upkeep(db, parent, keep_days, fault) : o;
}

/* Each table for itself: that the outbox gives way to a reader is nothing to the inbox. */
static enum outcome keep_all(struct db *db, const struct service_config *config,
                             struct fault *fault)
{
    struct fault second;
    enum outcome outbox = keep(db, "outbox", config->outbox_days, fault);
    enum outcome inbox = keep(db, "inbox", config->inbox_days, &second);
    if (inbox <= outbox) {
        return outbox;
    }
    *fault = second;
    return inbox;
}

static enum outcome round_now(const struct runtime *runtime, struct fault *fault)
{
    const struct service_config *config = runtime->config;
    AUTO(free_text) char *name = xasprintf("%s partitions", runtime->service->name);
    AUTO(db_close_auto) struct db *db = NULL;
    enum outcome o =
        db_open(&(struct db_options){.url = config->database_url, .name = name}, &db, fault);
    if (o == OK) {
        o = check_clock(db, fault);
    }
    return o == OK ? keep_all(db, config, fault) : o;
}

/* Between 90 % and 100 % of `ms`, so that the processes of a service do not meet. */
static int64_t jittered(int64_t ms)
{
    struct uuid dice = ids_new();
    return ms - ms / 10 * dice.bytes[15] / 255;
}

static enum outcome run(struct runtime *runtime, int index, struct fault *fault)
{
    (void)index;
    while (!runtime_is_stopping(runtime)) {
        enum outcome o = round_now(runtime, fault);
        if (o == FATAL) {
            return FATAL;
        }
        if (o != OK) {
            log_warn("partition.later", LOG_TEXT("reason", fault->text));
        }
        (void)runtime_sleep(runtime, jittered(o == OK ? ROUND_MS : AGAIN_MS));
    }
    return OK;
}

const struct part partition_part = {.name = "partitions", .run = run};
