/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_LINT_SCHEMA_WALK_H
#define CONTRACTS_LINT_SCHEMA_WALK_H

#include "contracts/node_set.h"
#include "contracts/ref.h"

/*
 * Every schema that can be reached from some, each once, references followed. The walk keeps a list
 * instead of descending, so that no chain of references is too long.
 */

struct schema_visit {
    const struct node *at; /* a map */
    /* The schema that it is a part of. */
    const struct schema_visit *outer;
    bool is_in_place; /* judges the same value as `outer`: a branch of allOf and the like */
    struct schema_visit *next;
};

struct schema_walk {
    struct documents *documents;
    struct node_set seen;
    struct schema_visit *first, *last; /* what is still to be seen */
};

typedef void schema_see(void *context, const struct schema_visit *visit);

/* `schema` and all below it; what an earlier call has seen is not seen again. */
void schema_walk(struct schema_walk *walk, const struct node *schema, schema_see *see,
                 void *context);
void schema_walk_done(struct schema_walk *walk);

/* Schemas that have been looked through for circles. Zeroed is empty and valid. */
struct schema_circles {
    struct node_set entered, left;
};

typedef void schema_circle_see(void *context, const struct node *branch);

/*
 * Calls `see` with each branch of `schema`, or of what it applies to the same value, that leads
 * back to a schema on the way to it: a schema that applies itself to the same value again, without
 * end. What an earlier call has looked through is not looked through again.
 */
void schema_circles_find(struct schema_circles *circles, struct documents *documents,
                         const struct node *schema, schema_circle_see *see, void *context);
void schema_circles_done(struct schema_circles *circles);

/*
 * The question "what does it say about this member", asked of a schema with its branches in place
 * (allOf, anyOf, oneOf, if, then, else, references).
 */
enum schema_answer {
    SCHEMA_ABSENT,   /* it lists its properties, and this is none */
    SCHEMA_OPEN,     /* it says nothing about properties, or about any */
    SCHEMA_DECLARED, /* *found is its schema */
};
enum schema_answer schema_member(struct documents *documents, const struct node *schema,
                                 const char *name, const struct node **found);

/* Whether the schema's values always have this member. */
bool schema_requires(struct documents *documents, const struct node *schema, const char *name);

#endif
