/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_REPLAY_SEND_H
#define TOOLS_REPLAY_SEND_H

#include "core/broker.h"
#include "tools/replay/plan.h"
#include "tools/replay/run.h"

/*
 * The second pass over the chosen events: each that the plan lets through is published, mandatory
 * and confirmed, in the order of the log, with at most SEND_WINDOW unconfirmed. How far it has come
 * is saved every SEND_SAVE_EVERY confirmed messages and SEND_SAVE_MS, so after kill -9 so many and
 * a window are sent twice at most.
 */

enum { SEND_WINDOW = 1000, SEND_SAVE_EVERY = 5000, SEND_SAVE_MS = 500 };

struct sending {
    const struct cli_call *call;
    const struct plan_source *source;
    const struct plan *plan;
    struct run *run;
    struct broker *broker;
};

/* OK with run->state RUN_DONE, or RUN_STOPPED when it was asked to stop. */
enum outcome send_all(struct sending *sending, struct fault *fault);

#endif
