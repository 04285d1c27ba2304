/* SPDX-License-Identifier: Apache-2.0 */
#include "core/link.h"

#include <assert.h>

void link_set(struct links *links, int seat, enum link_server server, enum link_state state)
{
    assert(seat >= SEAT_NONE && seat < SEATS);
    if (seat != SEAT_NONE) {
        atomic_store(&links->states[seat][server], (int)state);
    }
}

enum link_state link_get(const struct links *links, int seat, enum link_server server)
{
    assert(seat >= SEAT_NONE && seat < SEATS);
    return (enum link_state)atomic_load(&links->states[seat][server]);
}

enum link_state link_of_all(const struct links *links, enum link_server server)
{
    enum link_state all = LINK_UNUSED;
    for (int seat = SEAT_NONE + 1; seat < SEATS; seat++) {
        enum link_state state = link_get(links, seat, server);
        if (state == LINK_DOWN) {
            return LINK_DOWN;
        }
        all = state == LINK_UP ? LINK_UP : all;
    }
    return all;
}

const char *link_name(enum link_state state)
{
    static const char *const names[] = {
        [LINK_UNUSED] = "unused", [LINK_DOWN] = "down", [LINK_UP] = "up"};
    return names[state];
}
