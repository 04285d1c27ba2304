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
 * nobody else can guess when it is random as it should be, tells them apart, and nobody gets an
 * answer without having sent the same body.
 *
 * An advisory lock that ends with the transaction keeps twins apart: the second learns at once that
 * the first is running. The answer is kept in the transaction of its effect, so there is never one
 * without the other. What is refused is not kept: it had no effect, and the same request may
 * succeed later.
 */

enum {
    IDEMPOTENCY_KEY_MAX_BYTES = 255,
    IDEMPOTENCY_HASH_BYTES = 32, /* BLAKE2b-256 */
    IDEMPOTENCY_KEEP_MS = 24 * 60 * 60 * 1000,
    IDEMPOTENCY_EXPIRE_ROWS = 500, /* removed in one transaction */
};

struct idempotency {
    uint8_t key[IDEMPOTENCY_HASH_BYTES];
    uint8_t body[IDEMPOTENCY_HASH_BYTES];
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
enum outcome idempotency_enter(const struct idempotency *idempotency, struct db *db, int64_t now_ms,
                               struct http_reply *reply, struct fault *fault);

/* Last thing in the transaction. */
enum outcome idempotency_keep(const struct idempotency *idempotency, struct db *db, int64_t now_ms,
                              const struct http_reply *reply, struct fault *fault);

/* One batch, in a transaction of its own; fewer than IDEMPOTENCY_EXPIRE_ROWS means that was all. */
enum outcome idempotency_expire(struct db *db, int64_t now_ms, int64_t *removed,
                                struct fault *fault);

#endif
