/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISHERS_IDEMPOTENCY_H
#define PUBLISHERS_IDEMPOTENCY_H

#include "core/db.h"
#include "core/http.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Idempotency-Key: the same request twice has one effect and the same answer. A key belongs to its
 * caller, method and path. Callers without a token share one space: there the key itself, which
 * must be too long to be guessed, tells them apart, and nobody gets an answer without having sent
 * the same body.
 *
 * An advisory lock that ends with the transaction keeps twins apart: the second learns at once that
 * the first is running. The answer is kept in the transaction of its effect, so there is never one
 * without the other. A handler's refusal (409, 422) is kept as well, so that a late copy of the
 * request gets the same answer; what was refused before the handler ran is not.
 *
 * An answer may hold a bearer token and personal data. Its body is sealed (libsodium's secretbox)
 * with a key made from the Idempotency-Key, of which only a hash is stored: the table, its dumps
 * and its backups show nothing to who did not send the request.
 */

enum {
    IDEMPOTENCY_KEY_MAX_BYTES = 255,
    IDEMPOTENCY_OPEN_KEY_MIN_BYTES = 16, /* of callers without a token */
    IDEMPOTENCY_HASH_BYTES = 32,         /* BLAKE2b-256 */
    IDEMPOTENCY_KEEP_MS = 24 * 60 * 60 * 1000,
    IDEMPOTENCY_EXPIRE_ROWS = 500, /* removed in one transaction */
};

struct idempotency {
    uint8_t key[IDEMPOTENCY_HASH_BYTES];
    uint8_t body[IDEMPOTENCY_HASH_BYTES];
    uint8_t seal[IDEMPOTENCY_HASH_BYTES]; /* the key of the kept answer; never stored */
    bool is_replayed;                     /* the reply is what was answered before */
};

/* 1 to 255 visible ASCII characters. */
bool idempotency_is_key(const char *text);

/* `caller` is NULL for somebody without a token. */
void idempotency_init(struct idempotency *idempotency, const struct uuid *caller,
                      const struct http_request *request);

/*
 * First thing in the transaction. OK: nobody has done it, go on. REJECT: the reply is filled, with
 * the first answer or a problem; roll back.
 */
enum outcome idempotency_enter(struct idempotency *idempotency, struct db *db, int64_t now_ms,
                               struct http_reply *reply, struct fault *fault);

/* Last thing in the transaction. */
enum outcome idempotency_keep(const struct idempotency *idempotency, struct db *db, int64_t now_ms,
                              const struct http_reply *reply, struct fault *fault);

/* One batch, in a transaction of its own; fewer than IDEMPOTENCY_EXPIRE_ROWS means that was all. */
enum outcome idempotency_expire(struct db *db, int64_t now_ms, int64_t *removed,
                                struct fault *fault);

#endif
