/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_DB_H
#define CORE_DB_H

#include "core/ids.h"
#include "core/memory.h"
#include "core/outcome.h"
#include "core/sql.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* clang-format off */
/*
 * One PostgreSQL connection, owned by one thread, always in pipeline mode and never blocking for ever. Statements are
 * prepared on first use; parameters and results travel in binary. SQLSTATE becomes an outcome here and nowhere else:
 *
 *   LOST    the connection is gone or the server is going (08*, 57P01-57P03, 53300, the companion says so)
 *   RETRY   the same may succeed later; is_conflict set for 40001, 40P01, 23505 and for a row count that was not expected
 *   REJECT  the data itself is refused: 22* and 23* other than 23505
 *   FATAL   our mistake: 42* (syntax, missing table or privilege), 0A*, 28* at connect
 */
/* clang-format on */

struct db;
struct db_rows;

/* PostgreSQL counts microseconds from 2000-01-01; in UTC milliseconds. */
#define DB_EPOCH_MS INT64_C(946684800000)

/* Waiting for the database must not stop another connection's heartbeats: it is looked after
 * meanwhile. */
struct companion {
    int fd;                      /* polled for reading as well; -1 for none */
    int64_t every_ms;            /* tick at least this often */
    void (*tick)(void *context); /* must not block */
    void *context;
};

struct db_options {
    const char *url;      /* postgresql://user:password@host:port/database */
    const char *database; /* another one of the same server than the URL names; NULL: that one */
    const char *name;     /* application_name: "billing worker-1" */
    const char *settings; /* "-c jit=off …" or NULL */
    int64_t connect_ms;   /* 0 = 5,000 */
    int64_t statement_ms; /* client-side limit on waiting for one answer, then LOST; 0 = 30,000 */
};

enum outcome db_open(const struct db_options *options, struct db **out, struct fault *fault);
void db_close(struct db *db);       /* NULL is fine */
void db_close_auto(struct db **db); /* for AUTO */
bool db_is_lost(const struct db *db);
/* Watched while waiting; copied. NULL ends it. */
void db_set_companion(struct db *db, const struct companion *companion);

/* One parameter. Make them with the functions below; what they point to must live until the call
 * returns. */
struct db_param {
    unsigned oid;
    int length; /* -1 = NULL */
    const void *data;
    uint8_t small[16]; /* used when data is NULL and length >= 0 */
};

struct db_param db_null(void);
struct db_param db_text(const char *text); /* NULL pointer = SQL NULL */
struct db_param db_text_n(const char *text, size_t length);
struct db_param db_bytes(const void *bytes, size_t length);
struct db_param db_i64(int64_t number);
struct db_param db_i32(int32_t number);
struct db_param db_bool(bool value);
struct db_param db_uuid(const struct uuid *id); /* NULL pointer = SQL NULL */
struct db_param db_time(int64_t utc_ms);        /* timestamptz; INT64_MIN = SQL NULL */

/* Array parameters: filled one by one, then handed over with db_array. A zeroed one is empty and
 * needs db_array_init. */
enum db_type { DB_UUID, DB_TEXT, DB_BYTEA, DB_INT8, DB_INT4, DB_BOOL, DB_TIMESTAMPTZ };
struct db_array {
    unsigned oid, element_oid;
    struct {
        char *bytes;
        size_t length, room;
    } data;
    uint32_t count;
    bool has_null;
};
void db_array_init(struct db_array *array,
                   enum db_type type); /* keeps the memory of an earlier use */
void db_array_done(struct db_array *array);
void db_array_null(struct db_array *array);
void db_array_uuid(struct db_array *array, const struct uuid *id);
void db_array_text(struct db_array *array, const char *text);
void db_array_bytes(struct db_array *array, const void *bytes, size_t length);
void db_array_i64(struct db_array *array, int64_t number); /* DB_INT8 */
void db_array_i32(struct db_array *array, int32_t number);
void db_array_time(struct db_array *array, int64_t utc_ms);
struct db_param db_array(struct db_array *array);

#define DB_PARAMS(...)                                                                             \
    ((const struct db_param[]){__VA_ARGS__}),                                                      \
        (int)COUNT_OF(((const struct db_param[]){__VA_ARGS__}))
#define DB_NO_PARAMS NULL, 0

/*
 * Runs one statement and waits for its rows. Inside a transaction it first collects what was queued
 * before: a failure there is returned, with its culprit. `rows` may be NULL; else it is yours
 * (db_rows_free).
 */
enum outcome db_run(struct db *db, const struct sql *sql, const struct db_param *params, int count,
                    struct db_rows **rows, struct fault *fault);

/* A plain text (several statements allowed, no parameters) outside any transaction; for migrations
 * and settings. */
enum outcome db_script(struct db *db, const char *text, struct fault *fault);

/* A transaction: tx_end rolls back unless tx_commit returned OK. BEGIN itself costs no round trip.
 */
struct tx {
    struct db *db; /* NULL when closed */
};
enum outcome tx_begin(struct db *db, struct tx *tx, struct fault *fault);
enum outcome tx_commit(struct tx *tx,
                       struct fault *fault); /* one Sync: every queued error comes out here */
void tx_end(struct tx *tx);

enum { DB_ANY_ROWS = -1 };

/*
 * Queues a write inside the open transaction; it is sent at the next db_run or at tx_commit, where
 * SQL errors come out with fault.culprit = `tag`. When `expected_rows` is not DB_ANY_ROWS and
 * another number of rows was touched, that is a RETRY with is_conflict. Parameters are copied.
 */
enum outcome db_queue(struct db *db, const struct sql *sql, const struct db_param *params,
                      int count, int64_t expected_rows, int tag, struct fault *fault);

int db_rows_count(const struct db_rows *rows); /* NULL counts as 0 */
int64_t db_rows_affected(const struct db_rows *rows);
void db_rows_free(struct db_rows *rows);
void db_rows_free_auto(struct db_rows **rows);
bool db_is_null(const struct db_rows *rows, int row, int column);
int64_t db_get_i64(const struct db_rows *rows, int row,
                   int column); /* int2, int4, int8, xid8, bool; NULL reads 0 */
bool db_get_bool(const struct db_rows *rows, int row, int column);
struct uuid db_get_uuid(const struct db_rows *rows, int row, int column); /* NULL reads nil */
int64_t db_get_time(const struct db_rows *rows, int row,
                    int column); /* timestamptz as UTC ms; NULL reads INT64_MIN */
const char *db_get_text(const struct db_rows *rows, int row,
                        int column); /* text, bytea, …; borrowed, NUL-terminated; NULL reads "" */
size_t db_get_length(const struct db_rows *rows, int row, int column);

/* Forgets all queued work, closes any open transaction and reconnects. LOST when it cannot. */
enum outcome db_reopen(struct db *db, struct fault *fault);

/* The socket, for loops that poll it. */
int db_socket(const struct db *db);

#endif
