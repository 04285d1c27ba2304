/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONSUMERS_QUARANTINE_H
#define CONSUMERS_QUARANTINE_H

#include "core/service.h"

/*
 * A message under suspicion of killing its process is run while this process runs nothing else:
 * whatever kills the process then was that message, and no other is in flight to be blamed with it.
 *
 *   batches > 0   any number of batches at once
 *   is_alone      one suspect, and no batch
 *   suspects      who wants to be alone, or is: no batch begins, so that they get their turn
 *
 * Nothing here waits: who is not let in asks again, and meanwhile looks after its connections.
 */

bool quarantine_enter(struct quarantine *quarantine);
void quarantine_leave(struct quarantine *quarantine);

/* First ask, then try until it is true, and in any case leave, also without having been let in. */
void quarantine_ask_alone(struct quarantine *quarantine);
bool quarantine_enter_alone(struct quarantine *quarantine);
void quarantine_leave_alone(struct quarantine *quarantine, bool was_alone);

#endif
