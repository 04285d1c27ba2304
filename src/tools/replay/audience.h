/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_REPLAY_AUDIENCE_H
#define TOOLS_REPLAY_AUDIENCE_H

#include "contracts/model.h"
#include "core/db.h"
#include "tools/cli.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Who gets what is replayed, and what their inboxes know of it: which events they have already, and
 * from when on they can tell. A service whose database cannot be reached is judged by --inbox-days.
 */

enum { AUDIENCE_CHUNK = 1000 }; /* ids that an inbox is asked for at once */

struct audience_member {
    const char *queue;                   /* the service's name */
    const struct model_service *service; /* NULL: a queue that the contracts do not know */
    struct db *db;                       /* NULL: cannot be asked */
    struct fault why;                    /* why not */
    int64_t oldest_ms;                   /* what is older cannot be told apart; 0: anything goes */
};

struct audience {
    const struct contract_set *contracts;
    struct audience_member *members;
    size_t count;
};

/* Everybody, or `to` alone. EXIT_DONE, or it has been said what is wrong. */
int audience_init(struct audience *audience, const struct cli_call *call,
                  const struct contract_set *contracts, const char *to);
void audience_done(struct audience *audience);

/* Does its contract say that it hears this type? A queue that the contracts do not know hears
 * everything. */
bool audience_hears(const struct audience_member *member, const char *type);

/* How many of them it has: 0 when it cannot be asked. */
enum outcome audience_has(struct audience_member *member, struct db_array *ids, int64_t *count,
                          struct fault *fault);

#endif
