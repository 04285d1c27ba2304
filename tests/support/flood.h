/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_FLOOD_H
#define SUPPORT_FLOOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Everything that the services hear, heard once more beside them by temporary queues with the same
 * bindings, and sent again, shuffled, to the queue it was meant for, by the operator's account. For
 * tests that duplicates change nothing.
 */

struct flood;

/* `contracts`: the folder. NULL, with a line on stderr, when the broker or the contracts cannot be
 * read. */
struct flood *flood_open(const char *contracts);
void flood_close(struct flood *flood);

/* Keeps what services have said, until nothing comes for quiet_ms. False when the connection is
 * gone. */
bool flood_listen(struct flood *flood, int64_t quiet_ms);
/* Sends all that was heard `times` times, shuffled by `seed`, waits for the confirms, and forgets
 * it. */
bool flood_send(struct flood *flood, unsigned times, uint64_t seed);
size_t flood_count(const struct flood *flood);

#endif
