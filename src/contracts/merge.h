/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_MERGE_H
#define CONTRACTS_MERGE_H

#include "contracts/node.h"
#include "contracts/ref.h"

/* Traits: what several messages or operations have in common, merged into each as AsyncAPI says. */

enum {
    MERGE_MAX_DEPTH = 64,
    MERGE_MAX_NODES = 200 * 1000, /* made for one set of documents */
};

/*
 * `target`, a Message or Operation Object, with its `traits` merged in (JSON Merge Patch in the
 * order they are listed; what the target says itself wins) and without that member; `target` itself
 * when it has none. What is new lives in the documents' arena; every part keeps the place where it
 * was written. References are followed only where two maps meet.
 */
const struct node *merge_traits(struct documents *documents, const struct node *target);

#endif
