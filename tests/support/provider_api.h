/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_PROVIDER_API_H
#define SUPPORT_PROVIDER_API_H

#include "provider_faults.h"
#include "provider_http.h"
#include "provider_keys.h"
#include "provider_payments.h"

#include <pthread.h>

/* clang-format off */
/*
 * What the shop talks to. The way of a call, where it may go wrong on purpose, and what its idempotency key knows then:
 *
 *   API key ─► [late | timeout_before | error500_before | reset] ─► claim the key ─► [slow | stored500] ─► effect
 *           ─► [error500_after] ─► keep the answer, write the ledger ─► [timeout_after] ─► answer
 */
/* clang-format on */

enum {
    API_KEYS_MAX = 8,
    API_KEY_MAX_BYTES = 255,
};

struct provider {
    pthread_mutex_t lock; /* over all below but the last two; never held while waiting */
    struct ledger ledger;
    struct payments payments;
    struct keys keys;
    struct faults faults;
    int64_t away_until_ms;                              /* monotonic */
    int stop_fd;                                        /* readable once the provider is to end */
    char api_keys[API_KEYS_MAX][API_KEY_MAX_BYTES + 1]; /* "": none */
};

/* The callbacks of its listener; subject is the provider. */
struct answer api_answer(void *subject, const struct request *request);
bool api_is_away(void *subject);

#endif
