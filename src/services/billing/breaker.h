/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BILLING_BREAKER_H
#define BILLING_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Whether it makes sense to call the provider at all. Pure: the caller brings the time and makes
 * the calls.
 *
 *   CLOSED ──failures in a row──► OPEN ──after a while──► HALF_OPEN ──success──► CLOSED
 *                                  ▲                          │
 *                                  └────failure, waits double─┘
 *
 * Half open lets one call through at a time, the probe.
 */

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN };

struct breaker {
    int failures_max;         /* in a row, to open */
    int64_t first_ms, max_ms; /* how long it stays open: doubled each time, capped */
    enum breaker_state state;
    int failures;
    int64_t open_ms;  /* of the last opening */
    int64_t until_ms; /* of OPEN, on the caller's monotonic clock */
    bool is_probing;
};

/* How many of `wanted` calls may start now. Those that do start are told with breaker_started, one
 * by one. */
int breaker_room(struct breaker *breaker, int wanted, int64_t now_ms);
void breaker_started(struct breaker *breaker);
/* The provider answered sensibly / not at all, or with an error of its own. */
void breaker_succeeded(struct breaker *breaker);
void breaker_failed(struct breaker *breaker, int64_t now_ms);
/* How long until calls may start; 0 when they may. */
int64_t breaker_wait_ms(const struct breaker *breaker, int64_t now_ms);

const char *breaker_state_name(enum breaker_state state);

#endif
