/* SPDX-License-Identifier: Apache-2.0 */
#include "publishers/idempotency.h"

#include "core/problem.h"
#include "publishers/publishers_sql.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

_Static_assert(IDEMPOTENCY_HASH_BYTES == crypto_generichash_BYTES, "BLAKE2b-256");
_Static_assert(IDEMPOTENCY_HASH_BYTES == crypto_secretbox_KEYBYTES, "a hash is a key");

enum { BODY_HASH, STATUS, CONTENT_TYPE, LOCATION, ANSWER }; /* columns of idempotency_find.sql */

bool idempotency_is_key(const char *text, bool has_caller)
{
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++) {
        if (text[i] <= ' ' || text[i] > '~') {
            return false;
        }
    }
    return length >= (has_caller ? 1 : IDEMPOTENCY_SECRET_MIN_BYTES) &&
           length <= IDEMPOTENCY_KEY_MAX_BYTES;
}

/* With its NUL, so that neighbours cannot flow into each other. */
static void hash_text(crypto_generichash_state *state, const char *text)
{
    (void)crypto_generichash_update(state, (const unsigned char *)text, strlen(text) + 1);
}

/* Hashes for different purposes tell nothing about each other. */
static void hash_request(const char *purpose, const struct uuid *caller,
                         const struct http_request *request, uint8_t out[IDEMPOTENCY_HASH_BYTES])
{
    char id[UUID_TEXT_BYTES];
    crypto_generichash_state state;
    (void)crypto_generichash_init(&state, NULL, 0, IDEMPOTENCY_HASH_BYTES);
    hash_text(&state, purpose);
    hash_text(&state, caller != NULL ? ids_format(caller, id) : "anyone");
    hash_text(&state, request->method);
    hash_text(&state, request->path);
    hash_text(&state, request->idempotency_key);
    (void)crypto_generichash_final(&state, out, IDEMPOTENCY_HASH_BYTES);
}

void idempotency_init(struct idempotency *idempotency, const struct uuid *caller,
                      const struct http_request *request)
{
    hash_request("find", caller, request, idempotency->key);
    hash_request("seal", caller, request, idempotency->seal);
    /* Keyed: else whoever guesses a short body could see that it is right. */
    (void)crypto_generichash(idempotency->body, sizeof idempotency->body,
                             (const unsigned char *)request->body, request->body_length,
                             idempotency->seal, sizeof idempotency->seal);
}

static void seal(const struct idempotency *idempotency, const struct buffer *body,
                 struct buffer *out)
{
    uint8_t nonce[crypto_secretbox_NONCEBYTES];
    randombytes_buf(nonce, sizeof nonce);
    buffer_add(out, (const char *)nonce, sizeof nonce);
    char *box = buffer_reserve(out, crypto_secretbox_MACBYTES + body->length);
    (void)crypto_secretbox_easy((uint8_t *)box, (const uint8_t *)body->bytes, body->length, nonce,
                                idempotency->seal);
    buffer_grow(out, crypto_secretbox_MACBYTES + body->length);
}

static enum outcome unseal(const struct idempotency *idempotency, const char *sealed, size_t length,
                           struct buffer *out, struct fault *fault)
{
    enum { FRAME = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES };
    const uint8_t *nonce = (const uint8_t *)sealed;
    const uint8_t *box = nonce + crypto_secretbox_NONCEBYTES;
    char *room = buffer_reserve(out, length);
    if (length < FRAME ||
        crypto_secretbox_open_easy((uint8_t *)room, box, length - crypto_secretbox_NONCEBYTES,
                                   nonce, idempotency->seal) != 0) {
        return fault_set(fault, REJECT, "a kept answer is not what was kept");
    }
    buffer_grow(out, length - FRAME);
    return OK;
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

static enum outcome replay(const struct idempotency *idempotency, const struct db_rows *rows,
                           struct http_reply *reply, struct fault *fault)
{
    const char *type = db_get_text(rows, 0, CONTENT_TYPE);
    http_reply_clear(reply);
    enum outcome o = unseal(idempotency, db_get_text(rows, 0, ANSWER),
                            db_get_length(rows, 0, ANSWER), &reply->body, fault);
    if (o != OK) {
        return o;
    }
    reply->status = (int)db_get_i64(rows, 0, STATUS);
    /* Whoever reads the reply outlives the rows: the only types we keep are these two. */
    reply->content_type =
        strcmp(type, "application/problem+json") == 0 ? "application/problem+json" : NULL;
    (void)snprintf(reply->location, sizeof reply->location, "%s", db_get_text(rows, 0, LOCATION));
    http_reply_header(reply, "Idempotent-Replayed", "true");
    return OK;
}

static enum outcome refuse(struct http_reply *reply, enum problem problem)
{
    enum outcome refused = problem_reply(reply, problem, NULL, NULL);
    (void)refused;
    return OK;
}

static bool is_same_body(const struct idempotency *idempotency, const struct db_rows *rows)
{
    return db_get_length(rows, 0, BODY_HASH) == sizeof idempotency->body &&
           memcmp(db_get_text(rows, 0, BODY_HASH), idempotency->body, sizeof idempotency->body) ==
               0;
}

enum outcome idempotency_enter(const struct idempotency *idempotency, struct db *db, int64_t now_ms,
                               struct http_reply *reply, bool *is_settled, struct fault *fault)
{
    bool is_ours = false;
    enum outcome o = lock(idempotency, db, &is_ours, fault);
    if (o != OK) {
        return o;
    }
    *is_settled = true;
    if (!is_ours) {
        return refuse(reply, PROBLEM_STILL_RUNNING);
    }
    /* A statement of its own: its snapshot is younger than the lock and sees what a twin has
     * committed. */
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    o = db_run(db, &sql_idempotency_find, DB_PARAMS(key_of(idempotency), db_time(now_ms)), &rows,
               fault);
    if (o != OK || db_rows_count(rows) == 0) {
        *is_settled = false;
        return o;
    }
    if (!is_same_body(idempotency, rows)) {
        return refuse(reply, PROBLEM_KEY_REUSED);
    }
    if (db_is_null(rows, 0, ANSWER)) {
        return refuse(reply, PROBLEM_GONE);
    }
    return replay(idempotency, rows, reply, fault);
}

enum outcome idempotency_keep(const struct idempotency *idempotency, struct db *db, int64_t now_ms,
                              const struct uuid *subject, const struct http_reply *reply,
                              struct fault *fault)
{
    AUTO(buffer_done) struct buffer sealed = {0};
    seal(idempotency, &reply->body, &sealed);
    return db_queue(
        db, &sql_idempotency_keep,
        DB_PARAMS(key_of(idempotency), db_bytes(idempotency->body, sizeof idempotency->body),
                  db_time(now_ms), db_time(now_ms + IDEMPOTENCY_KEEP_MS), db_i32(reply->status),
                  db_text(reply->content_type), db_text(reply->location),
                  db_uuid(ids_is_nil(subject) ? NULL : subject),
                  db_bytes(sealed.bytes, sealed.length)),
        1, FAULT_NOBODY, fault);
}

enum outcome idempotency_forget(struct db *db, const struct uuid *subject, struct fault *fault)
{
    return db_queue(db, &sql_idempotency_forget, DB_PARAMS(db_uuid(subject)), DB_ANY_ROWS,
                    FAULT_NOBODY, fault);
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
