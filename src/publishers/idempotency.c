/* SPDX-License-Identifier: Apache-2.0 */
#include "publishers/idempotency.h"

#include "core/problem.h"
#include "publishers/publishers_sql.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

_Static_assert(IDEMPOTENCY_HASH_BYTES == crypto_generichash_BYTES, "BLAKE2b-256");

enum { BODY_HASH, STATUS, CONTENT_TYPE, LOCATION, BODY }; /* columns of idempotency_find.sql */

bool idempotency_is_key(const char *text)
{
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++) {
        if (text[i] <= ' ' || text[i] > '~') {
            return false;
        }
    }
    return length >= 1 && length <= IDEMPOTENCY_KEY_MAX_BYTES;
}

/* With its NUL, so that neighbours cannot flow into each other. */
static void hash_text(crypto_generichash_state *state, const char *text)
{
    (void)crypto_generichash_update(state, (const unsigned char *)text, strlen(text) + 1);
}

void idempotency_init(struct idempotency *idempotency, const struct uuid *caller,
                      const struct http_request *request)
{
    char id[UUID_TEXT_BYTES];
    crypto_generichash_state state;
    (void)crypto_generichash_init(&state, NULL, 0, sizeof idempotency->key);
    hash_text(&state, caller != NULL ? ids_format(caller, id) : "anyone");
    hash_text(&state, request->method);
    hash_text(&state, request->path);
    hash_text(&state, request->idempotency_key);
    (void)crypto_generichash_final(&state, idempotency->key, sizeof idempotency->key);
    (void)crypto_generichash(idempotency->body, sizeof idempotency->body,
                             (const unsigned char *)request->body, request->body_length, NULL, 0);
}

static struct db_param key_of(const struct idempotency *idempotency)
{
    return db_bytes(idempotency->key, sizeof idempotency->key);
}

/* OK with *is_ours false: a twin holds it. */
static enum outcome lock(const struct idempotency *idempotency, struct db *db, bool *is_ours,
                         struct fault *fault)
{
    int64_t number = 0;
    memcpy(&number, idempotency->key, sizeof number);
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = db_run(db, &sql_idempotency_lock, DB_PARAMS(db_i64(number)), &rows, fault);
    if (o == OK) {
        *is_ours = db_get_bool(rows, 0, 0);
    }
    return o;
}

static void replay(const struct db_rows *rows, struct http_reply *reply)
{
    const char *type = db_get_text(rows, 0, CONTENT_TYPE);
    http_reply_clear(reply);
    reply->status = (int)db_get_i64(rows, 0, STATUS);
    /* Whoever reads the reply outlives the rows: the only types we keep are these two. */
    reply->content_type =
        strcmp(type, "application/problem+json") == 0 ? "application/problem+json" : NULL;
    (void)snprintf(reply->location, sizeof reply->location, "%s", db_get_text(rows, 0, LOCATION));
    buffer_add(&reply->body, db_get_text(rows, 0, BODY), db_get_length(rows, 0, BODY));
    http_reply_header(reply, "Idempotent-Replayed", "true");
}

enum outcome idempotency_enter(const struct idempotency *idempotency, struct db *db, int64_t now_ms,
                               struct http_reply *reply, struct fault *fault)
{
    bool is_ours = false;
    enum outcome o = lock(idempotency, db, &is_ours, fault);
    if (o != OK) {
        return o;
    }
    if (!is_ours) {
        return problem_reply(reply, PROBLEM_STILL_RUNNING, NULL, NULL);
    }
    /* A statement of its own: its snapshot is younger than the lock and sees what a twin has
     * committed. */
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    o = db_run(db, &sql_idempotency_find, DB_PARAMS(key_of(idempotency), db_time(now_ms)), &rows,
               fault);
    if (o != OK || db_rows_count(rows) == 0) {
        return o;
    }
    bool is_same =
        db_get_length(rows, 0, BODY_HASH) == sizeof idempotency->body &&
        memcmp(db_get_text(rows, 0, BODY_HASH), idempotency->body, sizeof idempotency->body) == 0;
    if (!is_same) {
        return problem_reply(reply, PROBLEM_KEY_REUSED, NULL, NULL);
    }
    replay(rows, reply);
    return fault_set(fault, REJECT, "answered before");
}

enum outcome idempotency_keep(const struct idempotency *idempotency, struct db *db, int64_t now_ms,
                              const struct http_reply *reply, struct fault *fault)
{
    return db_queue(
        db, &sql_idempotency_keep,
        DB_PARAMS(key_of(idempotency), db_bytes(idempotency->body, sizeof idempotency->body),
                  db_time(now_ms), db_time(now_ms + IDEMPOTENCY_KEEP_MS), db_i32(reply->status),
                  db_text(reply->content_type), db_text(reply->location),
                  db_bytes(reply->body.bytes, reply->body.length)),
        1, FAULT_NOBODY, fault);
}

enum outcome idempotency_expire(struct db *db, int64_t now_ms, int64_t *removed,
                                struct fault *fault)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o =
        db_run(db, &sql_idempotency_expire,
               DB_PARAMS(db_time(now_ms), db_i64(IDEMPOTENCY_EXPIRE_ROWS)), &rows, fault);
    if (o == OK) {
        *removed = db_rows_affected(rows);
    }
    return o;
}
