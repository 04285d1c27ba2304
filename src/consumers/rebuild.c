/* SPDX-License-Identifier: Apache-2.0 */
#include "consumers/consumer_internal.h"
#include "consumers/inbox_sql.h"
#include "core/clock.h"
#include "core/crash.h"
#include "core/log.h"

#include <string.h>

enum {
    MARK_EVERY_MS = 250,
    FEED_WAIT_MS = 20, /* the feed is empty, or somebody else runs it */
};

enum outcome rebuild_look(struct consumer *c, struct fault *fault)
{
    if (clock_monotonic_ms() < c->mark_poll_ms) {
        return OK;
    }
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = db_run(c->db, &sql_rebuild_mark, DB_NO_PARAMS, &rows, fault);
    if (o != OK) {
        return o;
    }
    c->mark_poll_ms = clock_monotonic_ms() + MARK_EVERY_MS;
    c->is_rebuilding = db_rows_count(rows) > 0;
    if (c->is_rebuilding) {
        (void)snprintf(c->shadow_name, sizeof c->shadow_name, "%s", db_get_text(rows, 0, 0));
    }
    return OK;
}

void rebuild_leave(struct consumer *c)
{
    db_close(take(c->shadow));
}

static enum outcome open_shadow(struct consumer *c, bool *is_ours, struct fault *fault)
{
    *is_ours = c->shadow != NULL;
    if (*is_ours) {
        return OK;
    }
    const struct db_options options = {.url = c->runtime->config->database_url,
                                       .database = c->shadow_name,
                                       .name = c->name,
                                       .settings =
                                           "-c jit=off -c plan_cache_mode=force_generic_plan"};
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = db_open(&options, &c->shadow, fault);
    c->oldest_read_ms = 0;
    if (o == OK) {
        o = db_run(c->shadow, &sql_rebuild_lock, DB_NO_PARAMS, &rows, fault);
    }
    *is_ours = o == OK && db_get_bool(rows, 0, 0);
    if (!*is_ours) {
        rebuild_leave(c);
    }
    return o;
}

static enum outcome read_feed(struct consumer *c, const struct db_rows *rows, struct fault *fault)
{
    int64_t now_ms = clock_now_ms();
    for (int row = 0; row < db_rows_count(rows); row++) {
        struct incoming *in = &c->items[row];
        *in = (struct incoming){
            .exchange = db_get_text(rows, row, 2),
            .routing_key = db_get_text(rows, row, 3),
            .delivery_count = db_get_i64(rows, row, 1) - 1,
            .body = db_get_text(rows, row, 5),
            .body_length = db_get_length(rows, row, 5),
        };
        enum outcome o =
            broker_properties_decode(db_get_text(rows, row, 4), db_get_length(rows, row, 4),
                                     &c->arena, &in->properties, fault);
        if (o != OK) {
            return o;
        }
        incoming_identify(in, &c->listener, &c->arena, now_ms);
    }
    return OK;
}

/* Everything below works on the shadow: `db` is its connection. */
static enum outcome run_feed(struct consumer *c, size_t *count, struct fault *fault)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    *count = 0;
    enum outcome o = consumer_read_oldest(c, fault);
    if (o == OK) {
        o = consumer_poll_retries(c, fault);
    }
    if (o == OK) {
        o = db_run(c->db, &sql_rebuild_take, DB_PARAMS(db_i32((int32_t)c->batch_size)), &rows,
                   fault);
    }
    if (o == OK) {
        o = read_feed(c, rows, fault);
    }
    if (o != OK || db_rows_count(rows) == 0) {
        return o;
    }
    *count = (size_t)db_rows_count(rows);
    c->runtime->counters.consumed += *count;
    o = consumer_run_all(c, *count, fault);
    crash_point("rebuild-after-commit");
    if (o == OK) {
        int64_t last = db_get_i64(rows, db_rows_count(rows) - 1, 0);
        o = db_run(c->db, &sql_rebuild_done, DB_PARAMS(db_i64(last)), NULL, fault);
    }
    return o;
}

static enum outcome work_on_shadow(struct consumer *c, size_t *count, struct fault *fault)
{
    struct db *live = c->db;
    struct companion companion = broker_companion(c->broker);
    db_set_companion(live, NULL);
    db_set_companion(c->shadow, &companion);
    c->db = c->shadow;
    c->batch.db = c->db;
    enum outcome o = run_feed(c, count, fault);
    c->db = live;
    c->batch.db = live;
    db_set_companion(c->shadow, NULL);
    db_set_companion(live, &companion);
    return o;
}

enum outcome rebuild_some(struct consumer *c, struct fault *fault)
{
    bool is_ours = false;
    size_t count = 0;
    /* One worker of each process would do; the lock takes one of all of them. */
    enum outcome o = c->index == 0 ? open_shadow(c, &is_ours, fault) : OK;
    if (o == OK && is_ours) {
        o = work_on_shadow(c, &count, fault);
    }
    if (o != OK && !broker_is_lost(c->broker)) {
        /* It may be gone, with the mark: that is looked at first. What is wrong with the shadow is
         * no reason to leave the service. */
        log_warn("rebuild.interrupted", LOG_TEXT("reason", fault->text));
        rebuild_leave(c);
        c->mark_poll_ms = 0;
        c->oldest_read_ms = 0;
        is_ours = false;
        count = 0;
        o = OK;
    }
    if (o == OK && count == 0) {
        o = broker_wait(c->broker, c->runtime->stop_fd, is_ours ? FEED_WAIT_MS : MARK_EVERY_MS,
                        fault);
    }
    return o == RETRY ? OK : o;
}
