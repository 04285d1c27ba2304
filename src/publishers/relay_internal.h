/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISHERS_RELAY_INTERNAL_H
#define PUBLISHERS_RELAY_INTERNAL_H

#include "core/broker.h"
#include "core/buffer.h"
#include "core/db.h"
#include "core/service.h"

/*
 * What the relay*.c files share; nobody else includes this.
 *
 *   outbox ─poll, chunk─► first … last chunk ─publish─► in flight ─verdicts─► settled: cursor
 * moves, failures to `unsent` (relay_window.c)      (relay_send.c) (relay_cursor.c)
 *
 * Reading runs ahead of settling. Each chunk carries the cursor as it will be once the chunk and
 * all before it are done, so that what is saved is always a position that a fresh relay can go on
 * from.
 */

enum {
    CHUNK_ROWS = 500,
    FRESH_ROWS = 100,                  /* a window with fewer is read with one statement */
    CHUNK_BYTES = 4 * 1024 * 1024,     /* a chunk ends with the row that reaches it */
    HELD_BYTES = 4 * CHUNK_BYTES,      /* read and not settled: beyond it nothing is read */
    IN_FLIGHT_BYTES = 4 * 1024 * 1024, /* published and not judged */
    UNSENT_ROWS = 200,                 /* tried again at a time */
};

/* The row of relay_cursor; see schema.sql. Texts are owned. */
struct cursor {
    int64_t version;
    char *last;
    char *target; /* NULL between windows */
    int64_t last_at_ms, oldest_at_ms, target_at_ms;
    int64_t floor_seq, after_seq, high_seq, base_seq;
    bool restoring;
};

enum row_state { ROW_OPEN, ROW_DONE, ROW_FAILED };

struct row_fate {
    enum row_state state;
    char *reason; /* of a failed one */
};

struct chunk {
    struct chunk *next;
    struct db_rows *rows; /* columns: enum outbox_column */
    struct row_fate *fates;
    int count;
    int sent;      /* rows up to here have been published */
    int judged;    /* how many are ROW_DONE or ROW_FAILED */
    size_t bytes;  /* of all rows */
    bool is_retry; /* rows of `unsent`: the cursor has nothing to do with them */
    struct cursor then;
};

/* Which row a publication was: indexed by its confirm number. */
struct slot {
    struct chunk *chunk; /* NULL: free, or forgotten */
    int row;
    uint64_t number;
};

struct relay {
    struct runtime *runtime;
    struct db *db;         /* NULL until opened */
    struct broker *broker; /* NULL while there is none */
    int wake_fd;           /* readable when events were appended or the runtime stops */
    char source[80];       /* /fit/billing */

    struct cursor saved; /* as in the database */
    struct cursor ahead; /* as far as has been read */
    int64_t left; /* rows of the window at `ahead` that are still to be read; -1 = not known */
    bool is_busy; /* the last window was a large one: the next is probably too */
    int64_t next_save_ms; /* monotonic, when the cursor may move again */

    struct chunk *first, *last;
    int waiting;       /* rows in chunks that are not published yet */
    size_t held_bytes; /* of all chunks */

    struct slot *slots; /* `slot_count`, a power of two */
    size_t slot_count;
    uint64_t next_number; /* that the broker connection will give */
    size_t in_flight_bytes;
    struct buffer properties;

    int64_t unsent;       /* rows in the table, when last counted */
    int64_t next_look_ms; /* monotonic, when relay_look may ask again */
};

/* The columns that relay_chunk.sql, relay_fresh.sql, relay_restored.sql and unsent_take.sql return.
 */
enum outbox_column {
    COLUMN_SEQ,
    COLUMN_ID,
    COLUMN_KIND,
    COLUMN_TYPE,
    COLUMN_EXCHANGE,
    COLUMN_ROUTING_KEY,
    COLUMN_CORRELATION_ID,
    COLUMN_CAUSATION_ID,
    COLUMN_SUBJECT,
    COLUMN_SEQUENCE,
    COLUMN_TRACEPARENT,
    COLUMN_OCCURRED_AT,
    COLUMN_BODY,
    COLUMN_PROPERTIES,
    COLUMN_TARGET, /* these three of relay_fresh.sql only */
    COLUMN_TARGET_AT,
    COLUMN_IS_WHOLE,
};

/* relay_cursor.c */
void cursor_copy(struct cursor *to, const struct cursor *from);
void cursor_done(struct cursor *cursor);
/* The window ends: everything that `target` sees is done. */
void cursor_close_window(struct cursor *cursor);
/* No row that is still unread has a smaller id: old partitions need not be looked at. */
struct uuid cursor_oldest_id(const struct cursor *cursor);
/*
 * Reads the row, after a restored dump rebases it first, and counts `unsent`. Also writes it once:
 * who cannot move the cursor must not publish, and whoever moved it before is fenced from now on.
 */
enum outcome relay_cursor_load(struct relay *relay, struct fault *fault);
/* Counts `unsent` again: rows may come by hand. Also a sign of life. */
enum outcome relay_count_unsent(struct relay *relay, struct fault *fault);
/*
 * Settles the finished chunks at the front: failures are recorded and the cursor moves, in one
 * transaction. RETRY with is_conflict: another relay moves the cursor now. *settled tells whether
 * there was one.
 */
enum outcome relay_settle(struct relay *relay, bool *settled, struct fault *fault);
/* When there will be something to settle (monotonic); INT64_MAX while there is nothing. */
int64_t relay_save_due_ms(const struct relay *relay);

/* relay_window.c */
/* Appends the next chunk, if there is one; *got tells. */
enum outcome relay_read(struct relay *relay, bool *got, struct fault *fault);
/* The same for what is due in `unsent`. Not while an earlier such chunk is unsettled: its rows
 * would be read again. */
enum outcome relay_read_unsent(struct relay *relay, bool *got, struct fault *fault);
bool relay_has_retries(const struct relay *relay);
/* Only looks how much there is: for lag and backlog while nothing can be sent. A long backlog makes
 * that dear; then it is done less often, and most calls do nothing. */
enum outcome relay_look(struct relay *relay, struct fault *fault);
/* Drops everything that was read and not settled; the next relay_read starts again at the saved
 * cursor. */
void relay_forget(struct relay *relay);
void chunk_free(struct chunk *chunk);

/* relay_send.c */
/* Publishes what the window has room for; *sent tells whether there was anything. */
enum outcome relay_send(struct relay *relay, bool *sent, struct fault *fault);
/* What a row weighs in memory and on the wire: body and, of a dead letter, properties. */
size_t relay_row_bytes(const struct db_rows *rows, int row);
void relay_on_verdict(void *context, uint64_t number, enum verdict verdict, const char *reason);

#endif
