/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_MUTATIONS_H
#define MODEL_MUTATIONS_H

#include "explore.h"

/*
 * Rules taken back, to see that the model notices. A mutation patches the model's copy of the
 * tables, or breaks the executor. Unlisted pairs are ignored at first, as production does, so that
 * the harm itself is found.
 */

enum { MOST_PATCHES = 8 };

struct patch {
    enum service service;
    unsigned state, event, next, say, actions;
    bool is_no_op;
};

struct mutation {
    const char *name, *what;
    unsigned breakage;
    unsigned patch_count;
    struct patch patches[MOST_PATCHES];
};

/* Ends with a NULL name. */
extern const struct mutation mutations[];

const struct mutation *mutation_find(const char *name);

/* What is found first, in which environment. With nothing found, `where` is the last environment
 * tried. */
struct finding mutation_explore(const struct mutation *mutation, FILE *trace,
                                const struct environment **where);

/* The same for one patch of several: each is to be noticed by itself. */
struct finding patch_explore(const struct patch *patch, const struct environment **where);

/* One row without its effect: the whole row is a no-op, or it says nothing, or it does nothing. */
enum loss { LOSE_ROW, LOSE_SAY, LOSE_ACTIONS };

struct row_mutation {
    enum service service;
    unsigned state, event;
    enum loss loss;
    const char *because; /* of an equivalent one: why nobody can notice */
};

/* The row mutations that change nothing that matters; ends with a NULL reason. */
extern const struct row_mutation equivalents[];

struct finding row_mutation_explore(const struct row_mutation *mutation,
                                    const struct environment **where);

#endif
