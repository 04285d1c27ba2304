/* SPDX-License-Identifier: Apache-2.0 */
#include "breaker.h"

static const char *const names[] = {
    [BREAKER_CLOSED] = "closed",
    [BREAKER_OPEN] = "open",
    [BREAKER_HALF_OPEN] = "half open",
};

int breaker_room(struct breaker *breaker, int wanted, int64_t now_ms)
{
    if (breaker->state == BREAKER_OPEN && now_ms >= breaker->until_ms) {
        breaker->state = BREAKER_HALF_OPEN;
        breaker->is_probing = false;
    }
    switch (breaker->state) {
    case BREAKER_CLOSED:
        return wanted;
    case BREAKER_HALF_OPEN:
        return wanted > 0 && !breaker->is_probing ? 1 : 0;
    case BREAKER_OPEN:
        break;
    }
    return 0;
}

void breaker_started(struct breaker *breaker)
{
    breaker->is_probing = breaker->state == BREAKER_HALF_OPEN;
}

/* An answer to a call from before the opening counts as well: the provider is there. */
void breaker_succeeded(struct breaker *breaker)
{
    breaker->state = BREAKER_CLOSED;
    breaker->failures = 0;
    breaker->open_ms = 0;
    breaker->is_probing = false;
}

void breaker_failed(struct breaker *breaker, int64_t now_ms)
{
    if (breaker->state == BREAKER_OPEN) {
        return; /* a call from before the opening */
    }
    breaker->failures++;
    if (breaker->state == BREAKER_CLOSED && breaker->failures < breaker->failures_max) {
        return;
    }
    int64_t open_ms = breaker->open_ms == 0 ? breaker->first_ms : breaker->open_ms * 2;
    breaker->open_ms = open_ms < breaker->max_ms ? open_ms : breaker->max_ms;
    breaker->until_ms = now_ms + breaker->open_ms;
    breaker->state = BREAKER_OPEN;
    breaker->is_probing = false;
}

int64_t breaker_wait_ms(const struct breaker *breaker, int64_t now_ms)
{
    return breaker->state == BREAKER_OPEN && breaker->until_ms > now_ms ? breaker->until_ms - now_ms
                                                                        : 0;
}

const char *breaker_state_name(enum breaker_state state)
{
    return names[state];
}
