/* SPDX-License-Identifier: Apache-2.0 */
#include "core/backoff.h"

#include "core/ids.h"

int64_t backoff_next(struct backoff *backoff)
{
    backoff->ms = backoff->ms == 0 ? BACKOFF_FIRST_MS : backoff->ms * 2;
    if (backoff->ms > BACKOFF_MAX_MS) {
        backoff->ms = BACKOFF_MAX_MS;
    }
    /* Full speed would bring every worker back in the same instant. */
    struct uuid random = ids_new();
    int64_t dice = (int64_t)random.bytes[14] << 8 | random.bytes[15];
    return backoff->ms / 2 + dice % (backoff->ms / 2 + 1);
}
