/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISHERS_RELAY_H
#define PUBLISHERS_RELAY_H

#include "core/service.h"

/*
 * Moves outbox rows to the broker in commit order, waits for confirms, advances its cursor. One
 * thread; of the processes of a service the one that holds the advisory lock is active, the others
 * stand by.
 */
extern const struct part relay_part;

#endif
