/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_DLQ_PLACE_H
#define TOOLS_DLQ_PLACE_H

#include "tools/management.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Queues as the management API knows them: which hold dead letters, what looking at one costs, and
 * who holds messages of it. Its numbers are up to five seconds old; AMQP has the exact depth.
 */

struct place {
    char *name, *vhost;
    char *type;                        /* "quorum", "classic"; "" = not known */
    char *because;                     /* why it is taken for a dead-letter queue */
    int64_t ready, unacked, consumers; /* -1 = not known */
    double arrival_rate;               /* messages a second; -1 = not known */
    int64_t limit;      /* deliveries that a message survives; 0 = no limit, -1 = not known */
    char *limit_source; /* "policy billing.dlq", "argument x-delivery-limit", "the default of …" */
    bool is_argument;   /* the limit cannot be lifted by a policy */
    bool counts_looks;  /* a message that is only looked at uses up one of these */
    bool goes_to_tail;  /* what comes back goes to the end of the queue, or that is not known */
};

struct places {
    struct place *items;
    size_t count;
};

void place_done(struct place *place);
void places_done(struct places *places);

/* Without a management API: what the broker's version alone tells. `version` is "3.10.8". */
void place_guess(const char *version, const char *vhost, const char *queue, struct place *out);

/* REJECT when the queue is not there. place_done. */
enum outcome place_find(struct management *management, const char *vhost, const char *queue,
                        struct place *out, struct fault *fault);

/*
 * The dead-letter and error queues of a virtual host: by name, or because another queue
 * dead-letters into them; with `match` (NULL = none) instead those whose name fits, * standing for
 * any characters and ? for one. In the order of their names. places_done.
 */
enum outcome places_find(struct management *management, const char *vhost, const char *match,
                         struct places *out, struct fault *fault);

/* Does the name alone say so? The convention, or NULL. */
const char *place_convention(const char *queue);
/* A shell's * and ?. */
bool place_matches(const char *pattern, const char *name);

/* Who holds messages of the queue that are not acknowledged: lines for people, escaped, such as
 * "17 held by connection billing worker (127.0.0.1:4711, user billing)". Yours; NULL when nobody
 * does. */
char *place_holders(struct management *management, const char *vhost, const char *queue);

/* What looking costs here, and how to avoid it: lines for people, escaped. NULL when it costs
 * nothing. Yours. */
char *place_warning(const struct place *place);

#endif
