/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_PROVIDER_KEYS_H
#define SUPPORT_PROVIDER_KEYS_H

#include "provider_ledger.h"

/*
 * Idempotency keys. A key is claimed while its request runs, then it keeps the answer, whatever it
 * was, until it is forgotten; a request that never began execution gives its key back. The id of a
 * key contains its API key's print.
 */

enum {
    KEY_MAX_BYTES = 255,
};

struct keys {
    struct ledger *ledger;
    struct json_object *running; /* a set */
    int64_t ttl_ms;
};

enum claim {
    CLAIMED,
    STORED,   /* answered before */
    MISMATCH, /* answered before, to other parameters */
    RUNNING,
};

/* stored: on STORED the record with "status" and "body", borrowed. */
enum claim keys_claim(struct keys *keys, const char *id, uint64_t print,
                      struct json_object **stored);

void keys_store(struct keys *keys, const char *id, uint64_t print, unsigned status,
                const char *body);

void keys_release(struct keys *keys, const char *id);

#endif
