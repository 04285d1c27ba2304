/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clock.h"
#include "publishers/publishers_sql.h"
#include "publishers/relay_internal.h"

#include <stdlib.h>

/* An idle relay moves `last` this often, so that its searches need not look at ever older
 * partitions. */
enum { IDLE_MOVE_MS = 60000 };

/* Of a relay that can only look, one part of so many of its time may go into looking. */
enum { LOOK_EVERY_MS = 1000, LOOK_SHARE = 20 };

void chunk_free(struct chunk *chunk)
{
    for (int i = 0; i < chunk->count; i++) {
        free(chunk->fates[i].reason);
    }
    free(chunk->fates);
    db_rows_free(chunk->rows);
    cursor_done(&chunk->then);
    free(chunk);
}

void relay_forget(struct relay *relay)
{
    while (relay->first != NULL) {
        struct chunk *next = relay->first->next;
        chunk_free(relay->first);
        relay->first = next;
    }
    relay->last = NULL;
    relay->waiting = 0;
    relay->held_bytes = 0;
    for (size_t i = 0; i < relay->slot_count; i++) {
        relay->slots[i].chunk = NULL;
    }
    relay->in_flight_bytes = 0;
    relay->left = -1;
    cursor_copy(&relay->ahead, &relay->saved);
}

static size_t rows_bytes(const struct db_rows *rows, int count)
{
    size_t bytes = 0;
    for (int row = 0; row < count; row++) {
        bytes += relay_row_bytes(rows, row);
    }
    return bytes;
}

static struct chunk *append(struct relay *relay, struct db_rows *rows, bool is_retry)
{
    struct chunk *chunk = xcalloc(1, sizeof *chunk);
    chunk->rows = rows;
    chunk->count = db_rows_count(rows);
    chunk->bytes = rows_bytes(rows, chunk->count);
    chunk->fates = xcalloc((size_t)chunk->count + 1, sizeof *chunk->fates);
    chunk->is_retry = is_retry;
    if (relay->last != NULL) {
        relay->last->next = chunk;
    } else {
        relay->first = chunk;
    }
    relay->last = chunk;
    relay->waiting += chunk->count;
    relay->held_bytes += chunk->bytes;
    return chunk;
}

enum poll_column { POLL_TARGET, POLL_TARGET_AT, POLL_FLOOR, POLL_ROWS, POLL_OLDEST };

static enum outcome look(struct relay *relay, const struct cursor *cursor, struct db_rows **seen,
                         struct fault *fault)
{
    struct uuid oldest_id = cursor_oldest_id(cursor);
    return db_run(relay->db, &sql_relay_poll,
                  DB_PARAMS(db_text(cursor->last), db_i64(cursor->base_seq), db_uuid(&oldest_id)),
                  seen, fault);
}

enum outcome relay_look(struct relay *relay, struct fault *fault)
{
    int64_t started_ms = clock_monotonic_ms();
    if (started_ms < relay->next_look_ms) {
        return OK;
    }
    AUTO(db_rows_free_auto) struct db_rows *seen = NULL;
    enum outcome o = look(relay, &relay->saved, &seen, fault);
    int64_t now = clock_monotonic_ms();
    int64_t pause_ms = (now - started_ms) * LOOK_SHARE;
    relay->next_look_ms = now + (pause_ms > LOOK_EVERY_MS ? pause_ms : LOOK_EVERY_MS);
    if (o == OK) {
        int64_t lag_ms = db_is_null(seen, 0, POLL_OLDEST)
                             ? 0
                             : clock_now_ms() - db_get_time(seen, 0, POLL_OLDEST);
        atomic_store(&relay->runtime->counters.relay_backlog, db_get_i64(seen, 0, POLL_ROWS));
        atomic_store(&relay->runtime->counters.relay_lag_ms, lag_ms > 0 ? lag_ms : 0);
    }
    return o;
}

/*
 * A small window, whole: one statement instead of two. *is_large: nothing was done, it has to be
 * read in chunks. An empty one is not worth a move of the cursor.
 */
static enum outcome read_small_window(struct relay *relay, bool *got, bool *is_large,
                                      struct fault *fault)
{
    struct cursor *ahead = &relay->ahead;
    struct uuid oldest_id = cursor_oldest_id(ahead);
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = db_run(relay->db, &sql_relay_fresh,
                            DB_PARAMS(db_text(ahead->last), db_i64(ahead->base_seq),
                                      db_uuid(&oldest_id), db_i64(FRESH_ROWS), db_i64(CHUNK_BYTES)),
                            &rows, fault);
    int count = db_rows_count(rows);
    *is_large = count > 0 && !db_get_bool(rows, 0, COLUMN_IS_WHOLE);
    if (o != OK || *is_large || count == 0) {
        return o;
    }
    free(ahead->target);
    ahead->target = xstrdup(db_get_text(rows, 0, COLUMN_TARGET));
    ahead->target_at_ms = db_get_time(rows, 0, COLUMN_TARGET_AT);
    int64_t last_seq = db_get_i64(rows, count - 1, COLUMN_SEQ);
    ahead->high_seq = last_seq > ahead->high_seq ? last_seq : ahead->high_seq;
    cursor_close_window(ahead);
    struct chunk *chunk = append(relay, take(rows), false);
    cursor_copy(&chunk->then, ahead);
    *got = true;
    return OK;
}

/* Opens a window at `ahead` when there is anything new. Rows that only late writers wrote have no
 * floor. */
static enum outcome open_window(struct relay *relay, struct fault *fault)
{
    AUTO(db_rows_free_auto) struct db_rows *seen = NULL;
    enum outcome o = look(relay, &relay->ahead, &seen, fault);
    if (o != OK) {
        return o;
    }
    struct cursor *ahead = &relay->ahead;
    int64_t target_at_ms = db_get_time(seen, 0, POLL_TARGET_AT);
    relay->left = db_get_i64(seen, 0, POLL_ROWS);
    relay->is_busy = relay->left >= FRESH_ROWS;
    if (relay->left == 0 &&
        (relay->first != NULL || target_at_ms - ahead->last_at_ms < IDLE_MOVE_MS)) {
        return OK;
    }
    free(ahead->target);
    ahead->target = xstrdup(db_get_text(seen, 0, POLL_TARGET));
    ahead->target_at_ms = target_at_ms;
    ahead->floor_seq =
        db_is_null(seen, 0, POLL_FLOOR) ? INT64_MAX : db_get_i64(seen, 0, POLL_FLOOR);
    ahead->after_seq = ahead->base_seq;
    return OK;
}

static enum outcome read_rows(struct relay *relay, struct db_rows **rows, struct fault *fault)
{
    const struct cursor *ahead = &relay->ahead;
    if (ahead->restoring) {
        return db_run(relay->db, &sql_relay_restored,
                      DB_PARAMS(db_i64(ahead->after_seq), db_i64(ahead->base_seq),
                                db_i64(CHUNK_ROWS), db_i64(CHUNK_BYTES)),
                      rows, fault);
    }
    struct uuid oldest_id = cursor_oldest_id(ahead);
    return db_run(relay->db, &sql_relay_chunk,
                  DB_PARAMS(db_text(ahead->last), db_text(ahead->target), db_i64(ahead->floor_seq),
                            db_i64(ahead->after_seq), db_i64(CHUNK_ROWS), db_uuid(&oldest_id),
                            db_i64(CHUNK_BYTES)),
                  rows, fault);
}

/* `ahead` moves behind the rows that were read. A chunk that is full may not be the last one. */
static void advance(struct relay *relay, const struct chunk *chunk)
{
    struct cursor *ahead = &relay->ahead;
    int count = chunk->count;
    if (count > 0) {
        ahead->after_seq = db_get_i64(chunk->rows, count - 1, COLUMN_SEQ);
        ahead->high_seq = ahead->after_seq > ahead->high_seq ? ahead->after_seq : ahead->high_seq;
    }
    if (relay->left >= 0) {
        relay->left -= count;
    }
    if (relay->left != 0 && (count >= CHUNK_ROWS || chunk->bytes >= CHUNK_BYTES)) {
        return;
    }
    relay->left = -1;
    if (ahead->restoring) {
        ahead->restoring = false;
        ahead->after_seq = 0;
    } else {
        cursor_close_window(ahead);
    }
}

enum outcome relay_read(struct relay *relay, bool *got, struct fault *fault)
{
    *got = false;
    struct cursor *ahead = &relay->ahead;
    if (!ahead->restoring && ahead->target == NULL) {
        bool is_large = relay->is_busy;
        enum outcome o = is_large ? OK : read_small_window(relay, got, &is_large, fault);
        bool is_idle = clock_now_ms() - ahead->last_at_ms >= IDLE_MOVE_MS;
        if (o != OK || *got || (!is_large && !is_idle)) {
            return o;
        }
        o = open_window(relay, fault);
        if (o != OK || ahead->target == NULL) {
            return o;
        }
    }
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    if (relay->left != 0) {
        enum outcome o = read_rows(relay, &rows, fault);
        if (o != OK) {
            return o;
        }
    }
    struct chunk *chunk = append(relay, take(rows), false);
    advance(relay, chunk);
    cursor_copy(&chunk->then, ahead);
    *got = true;
    return OK;
}

bool relay_has_retries(const struct relay *relay)
{
    const struct chunk *chunk = relay->first;
    while (chunk != NULL && !chunk->is_retry) {
        chunk = chunk->next;
    }
    return chunk != NULL;
}

enum outcome relay_read_unsent(struct relay *relay, bool *got, struct fault *fault)
{
    *got = false;
    if (relay_has_retries(relay)) {
        return OK;
    }
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = db_run(relay->db, &sql_unsent_take,
                            DB_PARAMS(db_i64(UNSENT_ROWS), db_i64(CHUNK_BYTES)), &rows, fault);
    if (o == OK && db_rows_count(rows) > 0) {
        (void)append(relay, take(rows), true);
        *got = true;
    }
    return o;
}
