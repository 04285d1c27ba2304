/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/* The only source of time. Instants are UTC milliseconds; waiting uses the monotonic clock. */

int64_t clock_now_ms(void);       /* UTC, since 1970 */
int64_t clock_monotonic_ms(void); /* for deadlines and durations only */
int64_t clock_monotonic_us(void);
void clock_sleep_ms(int64_t ms);

enum { CLOCK_TEXT_BYTES = 32 };

/* RFC 3339 in UTC with milliseconds: 2026-11-23T07:05:00.123Z. Returns `out`. */
const char *clock_format(int64_t utc_ms, char out[CLOCK_TEXT_BYTES]);

#endif
