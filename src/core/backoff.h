/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_BACKOFF_H
#define CORE_BACKOFF_H

#include <stdint.h>

/* How long to wait before trying a connection again: doubled each time, capped, half of it random.
 * Zeroed = first try. */

enum { BACKOFF_FIRST_MS = 100, BACKOFF_MAX_MS = 10000 };

struct backoff {
    int64_t ms; /* the last delay before jitter */
};

int64_t backoff_next(struct backoff *backoff);

#endif
