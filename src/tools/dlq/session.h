/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_DLQ_SESSION_H
#define TOOLS_DLQ_SESSION_H

#include "tools/access.h"
#include "tools/dlq/drain.h"
#include "tools/dlq/letter.h"
#include "tools/dlq/place.h"
#include "tools/dlq/selection.h"

/*
 * What every command of `quadrille dlq` on one queue begins with: where the servers are, the queue
 * (the first argument), what is known of it, the selection; and its one pass over the queue.
 */

struct dlq_session {
    const struct cli_call *call;
    const char *queue;
    struct broker_options broker;  /* for connections */
    struct management *management; /* NULL: not given */
    struct place place;
    struct selection selection;
    char *name; /* of its connections */
    char *vhost;
    struct arena arena; /* of the letter that is being visited */
};

/* A letter of the queue. `is_selected`: the selection takes it. `decision` is DRAIN_KEEP already.
 */
struct dlq_visitor {
    enum outcome (*letter)(void *context, struct drain *drain, const struct letter *letter,
                           bool is_selected, drain_ticket ticket, enum drain_decision *decision,
                           struct fault *fault);
    enum outcome (*settle)(void *context, struct drain *drain, bool is_last, struct fault *fault);
    void *context;
    bool is_acting;
    int64_t most; /* letters to be seen; 0 = all */
};

/* Finds out about the queue; EXIT_DONE, or it has been said what is wrong. A warning about what
 * looking costs is said as well. dlq_session_close in either case. */
int dlq_session_open(const struct cli_call *call, struct dlq_session *session);
/* The same for a queue that a plan or the trail names: every letter is selected. */
int dlq_session_open_queue(const struct cli_call *call, const char *queue,
                           struct dlq_session *session);
void dlq_session_close(struct dlq_session *session);

/* The pass. EXIT_FAILED when it was said that it failed, EXIT_PARTLY when it ended early (said,
 * too) or not all could be seen. Then, on stderr, what others hold. */
int dlq_session_run(struct dlq_session *session, const struct dlq_visitor *visitor,
                    struct drain_report *report);

/* Rows of access and selection for a command's table. */
#define DLQ_OPTIONS ACCESS_BROKER_AND_MANAGEMENT, SELECTION_OPTIONS

#endif
