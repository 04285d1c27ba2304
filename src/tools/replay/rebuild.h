/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_REPLAY_REBUILD_H
#define TOOLS_REPLAY_REBUILD_H

#include "contracts/model.h"
#include "core/db.h"
#include "tools/cli.h"
#include "tools/replay/plan.h"

/*
 * A projection made anew from the history, in a database beside the service's own:
 *
 *   <service>_rebuild made by the migrations ── the mark in <service>: its workers take nothing
 * from the queue, and run the feed there ── the history into the feed ── everything that <service>
 * had claimed is there too ── <service> becomes <service>_replaced and <service>_rebuild <service>,
 * in one transaction, while nobody is connected ── the workers come back to it and go on with the
 * queue
 *
 * Every step finds out what has been done, so that it goes on after kill -9.
 */

enum {
    REBUILD_FEED_MAX = 20 * 1000, /* rows that wait in the feed */
    REBUILD_CHUNK = 500,
    REBUILD_CHUNK_BYTES = 8 * 1024 * 1024, /* of bodies, and one more */
    REBUILD_DAYS_MAX = 3660,               /* of the history, back from today */
    REBUILD_SCHEMA_MAX_BYTES = 8 * 1024 * 1024,
};

struct rebuild {
    const struct cli_call *call;
    const struct model_service *service;
    const char *url; /* of the deploy role */
    char *live_name, *shadow_name, *old_name;
    struct db *admin, *live, *shadow;
    struct plan_source source; /* what goes into the feed */
    int64_t since_ms;          /* 0: everything that the history has */
    int64_t wait_ms;           /* how long the history may take to bring what the service had */
    const char *schema; /* a file with the service's own tables; NULL: migrations make them */
    bool keeps_old;
    char *revoke; /* of what we were given to end the sessions of others */
    int64_t fed, skipped;
};

/* REJECT: this service's state is not made of events alone, or it does something outside. */
enum outcome rebuild_judge(const struct model_service *service, struct fault *fault);

/* What the servers have of it. */
enum rebuild_state {
    REBUILD_NONE,
    REBUILD_MARKED,  /* under way */
    REBUILD_SWAPPED, /* done but for the database that was replaced */
};
enum outcome rebuild_open(struct rebuild *rebuild, enum rebuild_state *state, struct fault *fault);
void rebuild_done(struct rebuild *rebuild);

/* The shadow, and the mark. `first_ms`: of the oldest event. */
enum outcome rebuild_begin(struct rebuild *rebuild, int64_t first_ms, struct fault *fault);
/* Until it is swapped in. */
enum outcome rebuild_go(struct rebuild *rebuild, struct fault *fault);
/* Drops what was replaced. */
enum outcome rebuild_drop_old(struct rebuild *rebuild, struct fault *fault);
/* As if it had never begun. */
enum outcome rebuild_abort(struct rebuild *rebuild, struct fault *fault);

#endif
