/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISHERS_IDEMPOTENCY_H
#define PUBLISHERS_IDEMPOTENCY_H

#include "core/db.h"
#include "core/http.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Idempotency-Key: the same request twice has one effect and the same answer. A key belongs to its
 * caller, method and path. Callers without a token share one space: there the key itself tells them
 * apart, so it must be long enough that nobody guesses it.
 *
 * An advisory lock that ends with the transaction keeps twins apart: the second learns at once that
 * the first is running. The answer is kept in the transaction of its effect, so there is never one
 * without the other.
 *
 * Answers hold personal data, and a new user's holds a bearer token. So the table has the key's
 * hash and the answer sealed (secretbox) with another hash of the key: without the key, which only
 * the client has, a row says nothing. When somebody is deleted, idempotency_forget empties the
 * answers about them; the rows stay, and the same request again is told that it is gone.
 */

enum {
    IDEMPOTENCY_KEY_MAX_BYTES = 255,
    IDEMPOTENCY_SECRET_MIN_BYTES = 16, /* of the key of somebody without a token */
    IDEMPOTENCY_HASH_BYTES = 32,       /* BLAKE2b-256 */
    IDEMPOTENCY_KEEP_MS = 24 * 60 * 60 * 1000,
    IDEMPOTENCY_EXPIRE_ROWS = 500, /* removed in one transaction */
};

struct idempotency {
    uint8_t key[IDEMPOTENCY_HASH_BYTES];
    uint8_t body[IDEMPOTENCY_HASH_BYTES];
    uint8_t seal[IDEMPOTENCY_HASH_BYTES]; /* never stored */
};

/* 1 to 255 visible ASCII characters; at least 16 where the key alone tells who asks. */
bool idempotency_is_key(const char *text, bool has_caller);

/* `caller` is NULL for somebody without a token. */
void idempotency_init(struct idempotency *idempotency, const struct uuid *caller,
                      const struct http_request *request);

/*
 * First thing in the transaction. *is_settled: the reply is filled, with the first answer or a
 * problem; roll back. Else nobody has done it, go on.
 */
enum outcome idempotency_enter(const struct idempotency *idempotency, struct db *db, int64_t now_ms,
                               struct http_reply *reply, bool *is_settled, struct fault *fault);

/* Last thing in the transaction. `subject`: whom the answer is about; may be nil. */
enum outcome idempotency_keep(const struct idempotency *idempotency, struct db *db, int64_t now_ms,
                              const struct uuid *subject, const struct http_reply *reply,
                              struct fault *fault);

/* Queues it, in the transaction that deletes them. */
enum outcome idempotency_forget(struct db *db, const struct uuid *subject, struct fault *fault);

/* One batch, in a transaction of its own; fewer than IDEMPOTENCY_EXPIRE_ROWS means that was all. */
enum outcome idempotency_expire(struct db *db, int64_t now_ms, int64_t *removed,
                                struct fault *fault);

#endif
