/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUBSCRIPTION_WATCH_H
#define SUBSCRIPTION_WATCH_H

#include <stdint.h>

enum { WATCH_DELAY_MAX_MS = 60 * 60 * 1000 };

/*
 * How long to wait for an answer to a revocation that has been said again `repeats` times: doubled
 * each time, capped at an hour, but never shorter than the first wait.
 */
int64_t watch_delay_ms(int64_t first_ms, int repeats);

#endif
