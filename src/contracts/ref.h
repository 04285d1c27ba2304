/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_REF_H
#define CONTRACTS_REF_H

#include "contracts/finding.h"
#include "contracts/node.h"
#include "core/memory.h"

/*
 * A set of YAML files that refer to each other: `$ref:
 * './billing.yaml#/channels/paymentCompleted'`, a path relative to the file it stands in and a JSON
 * Pointer. Files are read once, when first named. Nothing is fetched over a network.
 */

enum {
    REF_MAX_HOPS = 32,             /* a chain of references longer than this is a circle */
    REF_MAX_FOLLOWED = 100 * 1000, /* of one set: references that multiply each other never end */
};

struct document {
    const char *path;
    const struct node *root; /* NULL when it could not be read */
    struct document *next;
};

struct documents {
    struct document *first;
    struct arena arena;
    struct findings findings;
    size_t followed;
    size_t merged; /* nodes that merging traits has made */
};

void documents_done(struct documents *documents);

/* NULL when it cannot be read. */
const struct document *documents_open(struct documents *documents, const char *path);

/* Follows `$ref` until something else comes: the node itself when it is no reference, NULL after
 * adding a finding. */
const struct node *ref_follow(struct documents *documents, const struct node *node);

#endif
