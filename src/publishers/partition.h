/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISHERS_PARTITION_H
#define PUBLISHERS_PARTITION_H

#include "core/db.h"
#include "core/service.h"

/* Keeps daily partitions of outbox and inbox: made ahead, dropped after retention. One thread,
 * works once an hour and at start. */
extern const struct part partition_part;

/*
 * One round of upkeep of one table now, by the database's time: partitions made ahead, expired ones
 * dropped. RETRY when a lock was not had within 100 ms: later.
 */
enum outcome partition_upkeep(struct db *db, const char *parent, int64_t keep_days,
                              struct fault *fault);

#endif
