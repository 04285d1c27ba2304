/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_LINK_H
#define CORE_LINK_H

#include <stdatomic.h>

/*
 * Which servers the threads of a process reach, for /readyz. Each thread that needs a server has a
 * seat of its own and writes there alone, so that nobody's success hides another's trouble; the
 * process reaches a server when nobody who needs it is without it.
 */

enum link_server { LINK_BROKER, LINK_DATABASE, LINK_SERVERS };

/* Zero: not needed, as by a standby relay that has nothing to publish. */
enum link_state { LINK_UNUSED, LINK_DOWN, LINK_UP };

enum { LINK_WORKERS_MAX = 64 };

enum link_seat {
    SEAT_NONE,
    SEAT_HTTP, /* of all desks together */
    SEAT_RELAY,
    SEAT_WORKER, /* of the first one; the others' follow */
    SEATS = SEAT_WORKER + LINK_WORKERS_MAX,
};

struct links {
    _Atomic int states[SEATS][LINK_SERVERS]; /* enum link_state */
};

/* Nothing at SEAT_NONE. */
void link_set(struct links *links, int seat, enum link_server server, enum link_state state);
enum link_state link_get(const struct links *links, int seat, enum link_server server);
/* Of the process: DOWN as soon as one is. */
enum link_state link_of_all(const struct links *links, enum link_server server);

const char *link_name(enum link_state state); /* "up" */

#endif
