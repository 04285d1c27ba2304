/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_DLQ_DRAIN_H
#define TOOLS_DLQ_DRAIN_H

#include "core/broker.h"

/*
 * One pass over a queue, whatever is done with its messages. Each is taken and shown once to a
 * visitor; those it is done with are acknowledged, and the others go back in their order at the
 * end, also after Ctrl-C and after a failure of the visitor's.
 *
 *   take ── visit ─┬─ DRAIN_KEEP … held until the end ── settle ── back, in order
 *                  └─ DRAIN_DONE, or drain_done() later ── ack
 *
 * The pass ends when as many were seen as were ready at its start (what arrives meanwhile, such as
 * a retried message that failed again, is not visited), or when the queue gives no more. Memory:
 * one bit for each message, and what has arrived and is not visited yet (BROKER_HELD_MAX_BYTES).
 *
 * A consumer holds at most 65,535 messages, and one that is given so many at once blocks its queue
 * for seconds. So consumers of DRAIN_CONSUMER_SHARE follow each other: one that is full is
 * cancelled (what it holds stays held), and the next one goes on where it stopped. Acknowledging
 * one message among n held ones of a connection costs the broker n steps, so a pass that
 * acknowledges has another connection for every DRAIN_ACTING_SHARE that it keeps.
 *
 * Order: a quorum queue puts what comes back behind what has come back before it and before all
 * that was never taken, so the pass returns it in order; it scrambles more than 32 in one command,
 * and merges commands when more than 32 are under way: so they go by 32, and a few of these are
 * awaited together. RabbitMQ 3 without a delivery limit puts it at the end of the queue: there a
 * pass takes everything, even when the visitor has seen enough, and only what arrives meanwhile
 * overtakes. After kill -9 or a lost connection the set is complete and the order is not.
 */

enum {
    DRAIN_CONSUMER_SHARE = 2048,
    DRAIN_ACTING_SHARE = 8192,   /* held by one connection */
    DRAIN_CONNECTIONS_MAX = 128, /* then the rest of the queue is not seen, which is reported */
    DRAIN_RETURN_CHUNK = 32,
};

struct drain;
typedef uint64_t drain_ticket; /* a message that is held, until the pass ends */

enum drain_decision {
    DRAIN_KEEP,   /* back at the end, unless drain_done comes first */
    DRAIN_DONE,   /* its copy is safe where it belongs: acknowledge now */
    DRAIN_ENOUGH, /* keep this one, and show no more */
};

struct drain_visitor {
    /* `delivery` lives until the return. Any other outcome than OK ends the pass with it; the
     * message is kept. May take its time when it calls drain_tick. */
    enum outcome (*visit)(void *context, struct drain *drain, const struct delivery *delivery,
                          drain_ticket ticket, enum drain_decision *out, struct fault *fault);
    /* Called when nothing more will be visited, and whenever nothing has arrived: the visitor's own
     * connection can be looked after. `is_last`: what is not drain_done when it returns goes back.
     * NULL when it has nothing to do. */
    enum outcome (*settle)(void *context, struct drain *drain, bool is_last, struct fault *fault);
    void *context;
    bool is_acting; /* it may say DRAIN_DONE or call drain_done */
};

struct drain_options {
    const struct broker_options *broker; /* for every connection of the pass */
    const char *queue;
    int64_t most;      /* see no more than so many; 0 = all. (A whole pass may be needed all the
                          same, see `goes_to_tail`.) */
    bool goes_to_tail; /* the queue puts returned messages at its end, or that is not known */
    bool has_progress; /* a line on stderr when it takes long */
};

struct drain_report {
    int64_t depth;    /* ready at the start */
    int64_t seen;     /* visited */
    int64_t done;     /* acknowledged */
    int64_t returned; /* kept and back in the queue */
    int64_t unseen;   /* of `depth`: not given, although nothing else came */
    int connections;
    bool is_interrupted;            /* Ctrl-C */
    bool is_order_lost;             /* what was kept is in the queue, but not in its order */
    bool is_full;                   /* DRAIN_CONNECTIONS_MAX */
    int64_t looked_ms, returned_ms; /* how long visiting and returning took */
};

/* After Ctrl-C (or SIGTERM) a pass ends in order; after the second one at once. Call before
 * drain_run, once. */
void drain_catch_signals(void);
bool drain_is_interrupted(void);

/*
 * The pass. REJECT: the queue is not there or may not be read; LOST: the connection is gone, what
 * was held is in the queue again in any order. The report is filled in any case.
 */
enum outcome drain_run(const struct drain_options *options, const struct drain_visitor *visitor,
                       struct drain_report *report, struct fault *fault);

/* Acknowledges a message that was kept. Twice is a mistake of the caller's. */
enum outcome drain_done(struct drain *drain, drain_ticket ticket, struct fault *fault);
/* Keeps the connections alive while a visitor is busy elsewhere; never waits. */
enum outcome drain_tick(struct drain *drain, struct fault *fault);

#endif
