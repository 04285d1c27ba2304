/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clock.h"
#include "core/crash.h"
#include "core/log.h"
#include "publishers/publishers_sql.h"
#include "publishers/relay_internal.h"

#include <stdlib.h>
#include <string.h>

static const struct sql sql_relay_rebase = {"relay_rebase", "select relay_rebase()"};
static const struct sql sql_unsent_count = {
    "unsent_count", "select count(*) from (select from unsent limit $1::int8) u"};

/*
 * An id is made a little before its transaction gets its number; outbox_append.sql refuses ids that
 * are more than twelve hours away from the database's clock. A day is beyond both.
 */
enum { ID_MARGIN_MS = 24 * 60 * 60 * 1000 };

enum {
    SAVE_EVERY_MS = 20,     /* what a crash may have said twice */
    UNSENT_COUNTED = 10000, /* beyond it the number does not matter */
};

static void text_copy(char **to, const char *from)
{
    char *copy = from != NULL ? xstrdup(from) : NULL;
    free(*to);
    *to = copy;
}

void cursor_copy(struct cursor *to, const struct cursor *from)
{
    char *last = to->last;
    char *target = to->target;
    *to = *from;
    to->last = last;
    to->target = target;
    text_copy(&to->last, from->last);
    text_copy(&to->target, from->target);
}

void cursor_done(struct cursor *cursor)
{
    free(cursor->last);
    free(cursor->target);
    *cursor = (struct cursor){0};
}

/* A snapshot's text is "xmin:xmax:xip,…" (pg_snapshot). */
static uint64_t snapshot_xmin(const char *snapshot)
{
    return strtoull(snapshot, NULL, 10);
}

static uint64_t snapshot_xmax(const char *snapshot)
{
    const char *colon = strchr(snapshot, ':');
    return colon != NULL ? strtoull(colon + 1, NULL, 10) : 0;
}

/*
 * From when on ids can still come: a transaction that runs at `target` got its number after `last`
 * was taken if the number is not below last's xmax; if any is older, the earlier bound stands.
 */
static int64_t oldest_after(const struct cursor *cursor)
{
    uint64_t xmin = snapshot_xmin(cursor->target);
    if (xmin == snapshot_xmax(cursor->target)) {
        return cursor->target_at_ms;
    }
    return xmin >= snapshot_xmax(cursor->last) ? cursor->last_at_ms : cursor->oldest_at_ms;
}

void cursor_close_window(struct cursor *cursor)
{
    cursor->oldest_at_ms = oldest_after(cursor);
    cursor->last_at_ms = cursor->target_at_ms;
    cursor->target_at_ms = INT64_MIN;
    free(cursor->last);
    cursor->last = take(cursor->target);
    cursor->floor_seq = 0;
    cursor->after_seq = 0;
}

struct uuid cursor_oldest_id(const struct cursor *cursor)
{
    return ids_floor(cursor->oldest_at_ms > ID_MARGIN_MS ? cursor->oldest_at_ms - ID_MARGIN_MS : 0);
}

static enum outcome read_row(struct relay *relay, bool *is_restored, struct fault *fault)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = db_run(relay->db, &sql_relay_cursor_read, DB_NO_PARAMS, &rows, fault);
    if (o != OK) {
        return o;
    }
    if (db_rows_count(rows) != 1) {
        return fault_set(fault, FATAL, "relay: the cursor has no row");
    }
    struct cursor *cursor = &relay->saved;
    cursor->version = db_get_i64(rows, 0, 0);
    text_copy(&cursor->last, db_get_text(rows, 0, 1));
    cursor->last_at_ms = db_get_time(rows, 0, 2);
    cursor->oldest_at_ms = db_get_time(rows, 0, 3);
    text_copy(&cursor->target, db_is_null(rows, 0, 4) ? NULL : db_get_text(rows, 0, 4));
    cursor->target_at_ms = db_get_time(rows, 0, 5);
    cursor->floor_seq = db_get_i64(rows, 0, 6);
    cursor->after_seq = db_get_i64(rows, 0, 7);
    cursor->high_seq = db_get_i64(rows, 0, 8);
    cursor->base_seq = db_get_i64(rows, 0, 9);
    cursor->restoring = db_get_bool(rows, 0, 10);
    *is_restored = db_get_bool(rows, 0, 11);
    return OK;
}

static enum outcome rebase(struct relay *relay, struct fault *fault)
{
    enum outcome o = db_run(relay->db, &sql_relay_rebase, DB_NO_PARAMS, NULL, fault);
    if (o != OK) {
        return fault_wrap(fault, o, "after a restored dump");
    }
    bool is_restored = false;
    o = read_row(relay, &is_restored, fault);
    if (o == OK) {
        log_warn(
            "relay.restored", LOG_INT("after_seq", relay->saved.after_seq),
            LOG_INT("base_seq", relay->saved.base_seq),
            LOG_TEXT(
                "because",
                "the cursor is of another cluster: going on by sequence number, with duplicates"));
    }
    return o;
}

enum outcome relay_count_unsent(struct relay *relay, struct fault *fault)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o =
        db_run(relay->db, &sql_unsent_count, DB_PARAMS(db_i64(UNSENT_COUNTED)), &rows, fault);
    if (o == OK) {
        relay->unsent = db_get_i64(rows, 0, 0);
    }
    return o;
}

/* What a run of finished chunks changes. */
struct settlement {
    struct db_array failed_ids, failed_seqs, failed_reasons, sent_ids;
    int64_t failed;            /* for the first time */
    const struct cursor *then; /* NULL: the cursor stays */
};

static void settlement_done(struct settlement *settlement)
{
    db_array_done(&settlement->failed_ids);
    db_array_done(&settlement->failed_seqs);
    db_array_done(&settlement->failed_reasons);
    db_array_done(&settlement->sent_ids);
}

static void collect_row(struct settlement *settlement, const struct chunk *chunk, int row)
{
    struct uuid id = db_get_uuid(chunk->rows, row, COLUMN_ID);
    if (chunk->fates[row].state == ROW_FAILED) {
        db_array_uuid(&settlement->failed_ids, &id);
        db_array_i64(&settlement->failed_seqs, db_get_i64(chunk->rows, row, COLUMN_SEQ));
        db_array_text(&settlement->failed_reasons, chunk->fates[row].reason);
        settlement->failed += chunk->is_retry ? 0 : 1;
    } else if (chunk->is_retry) {
        db_array_uuid(&settlement->sent_ids, &id);
    }
}

static void collect(struct settlement *settlement, const struct chunk *chunk)
{
    for (int row = 0; row < chunk->count; row++) {
        collect_row(settlement, chunk, row);
    }
    if (!chunk->is_retry) {
        settlement->then = &chunk->then;
    }
}

enum { MOVE_PARAMS = 10 };

static void move_params(const struct relay *relay, const struct cursor *then,
                        struct db_param params[MOVE_PARAMS])
{
    const struct db_param all[MOVE_PARAMS] = {
        db_i64(relay->saved.version), db_text(then->last),     db_time(then->last_at_ms),
        db_time(then->oldest_at_ms),  db_text(then->target),   db_time(then->target_at_ms),
        db_i64(then->floor_seq),      db_i64(then->after_seq), db_i64(then->high_seq),
        db_bool(then->restoring),
    };
    memcpy(params, all, sizeof all);
}

static enum outcome queue_move(struct relay *relay, const struct cursor *then, struct fault *fault)
{
    struct db_param params[MOVE_PARAMS];
    move_params(relay, then, params);
    return db_queue(relay->db, &sql_relay_cursor_move, params, MOVE_PARAMS, 1, FAULT_NOBODY, fault);
}

/* The usual case: nothing but the cursor, one statement that is its own transaction. */
static enum outcome move_alone(struct relay *relay, const struct cursor *then, struct fault *fault)
{
    struct db_param params[MOVE_PARAMS];
    move_params(relay, then, params);
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = db_run(relay->db, &sql_relay_cursor_move, params, MOVE_PARAMS, &rows, fault);
    if (o == OK && db_rows_affected(rows) != 1) {
        (void)fault_set(fault, RETRY, "relay: somebody else moves the cursor now");
        fault->is_conflict = true;
        return RETRY;
    }
    return o;
}

static enum outcome queue_all(struct relay *relay, struct settlement *settlement,
                              struct fault *fault)
{
    enum outcome o = OK;
    if (settlement->failed_ids.count > 0) {
        o = db_queue(relay->db, &sql_unsent_add,
                     DB_PARAMS(db_array(&settlement->failed_ids),
                               db_array(&settlement->failed_seqs),
                               db_array(&settlement->failed_reasons)),
                     DB_ANY_ROWS, FAULT_NOBODY, fault);
    }
    if (o == OK && settlement->sent_ids.count > 0) {
        o = db_queue(relay->db, &sql_unsent_delete, DB_PARAMS(db_array(&settlement->sent_ids)),
                     DB_ANY_ROWS, FAULT_NOBODY, fault);
    }
    if (o == OK && settlement->then != NULL) {
        o = queue_move(relay, settlement->then, fault);
    }
    return o;
}

static enum outcome save_all(struct relay *relay, struct settlement *settlement,
                             struct fault *fault)
{
    AUTO(tx_end) struct tx tx = {0};
    enum outcome o = tx_begin(relay->db, &tx, fault);
    if (o == OK) {
        o = queue_all(relay, settlement, fault);
    }
    return o == OK ? tx_commit(&tx, fault) : o;
}

static enum outcome save(struct relay *relay, struct settlement *settlement, struct fault *fault)
{
    crash_point("relay-before-cursor");
    bool is_move_only = settlement->then != NULL && settlement->failed_ids.count == 0 &&
                        settlement->sent_ids.count == 0;
    enum outcome o = is_move_only ? move_alone(relay, settlement->then, fault)
                                  : save_all(relay, settlement, fault);
    if (o == OK && settlement->then != NULL) {
        int64_t version = relay->saved.version + 1;
        cursor_copy(&relay->saved, settlement->then);
        relay->saved.version = version;
    }
    return o == OK && !is_move_only ? relay_count_unsent(relay, fault) : o;
}

enum outcome relay_cursor_load(struct relay *relay, struct fault *fault)
{
    bool is_restored = false;
    enum outcome o = read_row(relay, &is_restored, fault);
    if (o == OK && is_restored) {
        o = rebase(relay, fault);
    }
    if (o == OK) {
        o = move_alone(relay, &relay->saved, fault);
    }
    if (o != OK) {
        return o;
    }
    relay->saved.version++;
    relay_forget(relay);
    return relay_count_unsent(relay, fault);
}

static bool has_finished(const struct relay *relay)
{
    return relay->first != NULL && relay->first->judged == relay->first->count;
}

int64_t relay_save_due_ms(const struct relay *relay)
{
    return has_finished(relay) ? relay->next_save_ms : INT64_MAX;
}

enum outcome relay_settle(struct relay *relay, bool *settled, struct fault *fault)
{
    *settled = false;
    int64_t now = clock_monotonic_ms();
    if (!has_finished(relay) ||
        (now < relay->next_save_ms && !runtime_is_stopping(relay->runtime))) {
        return OK;
    }
    relay->next_save_ms = now + SAVE_EVERY_MS;
    crash_point("relay-after-confirm");
    AUTO(settlement_done) struct settlement settlement = {0};
    db_array_init(&settlement.failed_ids, DB_UUID);
    db_array_init(&settlement.failed_seqs, DB_INT8);
    db_array_init(&settlement.failed_reasons, DB_TEXT);
    db_array_init(&settlement.sent_ids, DB_UUID);

    struct chunk *rest = relay->first;
    for (; rest != NULL && rest->judged == rest->count; rest = rest->next) {
        collect(&settlement, rest);
    }
    enum outcome o = save(relay, &settlement, fault);
    if (o != OK) {
        return o;
    }
    if (settlement.failed > 0) {
        log_warn("relay.unsent", LOG_INT("rows", settlement.failed), LOG_INT("all", relay->unsent),
                 LOG_TEXT("because",
                          "the broker returned or refused them: tried again beside the stream"));
    }
    while (relay->first != rest) {
        struct chunk *done = relay->first;
        relay->first = done->next;
        relay->held_bytes -= done->bytes;
        chunk_free(done);
    }
    if (relay->first == NULL) {
        relay->last = NULL;
    }
    *settled = true;
    return OK;
}
