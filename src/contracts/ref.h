/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_REF_H
#define CONTRACTS_REF_H

#include "contracts/finding.h"
#include "contracts/node.h"
#include "core/memory.h"

#include <stdbool.h>

/*
 * A set of YAML and JSON files that refer to each other: `$ref:
 * './billing.yaml#/channels/paymentCompleted'`, a path relative to the file it stands in and a JSON
 * Pointer. Files are read once, when first named, and each reference is followed once. Nothing is
 * fetched over a network, and absolute paths are refused: a contract means the same everywhere.
 */

enum {
    REF_MAX_HOPS = 32, /* of a reference to a reference to … */
};

struct document {
    const char *path;        /* as it was named first */
    const char *real;        /* links resolved: one file has many names; NULL: it is no file */
    const struct node *root; /* NULL when it could not be read */
    struct document *next;
};

struct documents {
    struct document *first;
    struct arena arena;
    struct findings findings;
    struct ref_slot *slots; /* where each reference led, a hash table */
    size_t slot_count, slots_used;
    size_t schemas; /* that schema_read has made */
    size_t merged;  /* nodes that merging traits has made */
};

void documents_done(struct documents *documents);

/* NULL when it cannot be read. */
const struct document *documents_open(struct documents *documents, const char *path);

/* Follows `$ref` until something else comes: the node itself when it is no reference, NULL after
 * adding a finding. Later calls know the result. `node` may be NULL: then so is the result. */
const struct node *ref_follow(struct documents *documents, const struct node *node);

/* An address ("https://…", "urn:…") or an absolute path: never followed. */
bool ref_is_elsewhere(const char *ref);

#endif
