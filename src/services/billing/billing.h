/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BILLING_BILLING_H
#define BILLING_BILLING_H

#include "core/service.h"

#include <stdatomic.h>
#include <stdint.h>

/* What is billing's own in a runtime: its settings, and what its cashier shows in /readyz. */
struct billing {
    char *provider_url;
    char *provider_key;
    int64_t connect_ms, answer_ms;
    int64_t calls;
    int64_t lease_ms;
    int64_t retry_first_ms, retry_max_ms;
    int64_t pending_ms;
    int64_t key_life_ms;
    int64_t breaker_failures, breaker_first_ms, breaker_max_ms;
    int64_t attention_tries, attention_ms;
    int64_t forget_ms;
    struct billing_status {
        _Atomic int breaker; /* enum breaker_state */
        _Atomic int calling;
        _Atomic int64_t open_intents;
    } status;
};

/* The settings are written once, before threads; the status is atomic. */
static inline struct billing *billing_of(const struct runtime *runtime)
{
    return (struct billing *)runtime->own;
}

#endif
