/* SPDX-License-Identifier: Apache-2.0 */
#include "watch.h"

int64_t watch_delay_ms(int64_t first_ms, int repeats)
{
    int64_t delay = first_ms;
    for (int i = 0; i < repeats && delay < WATCH_DELAY_MAX_MS; i++) {
        delay *= 2;
    }
    if (delay <= WATCH_DELAY_MAX_MS) {
        return delay;
    }
    return first_ms > WATCH_DELAY_MAX_MS ? first_ms : WATCH_DELAY_MAX_MS;
}
