/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_NODE_SET_H
#define CONTRACTS_NODE_SET_H

#include "contracts/node.h"

#include <stdbool.h>

/* Nodes that have been seen, by their address. Zeroed is empty and valid. */
struct node_set {
    const struct node **slots;
    size_t room, count;
};

/* False when it was there already. */
bool node_set_add(struct node_set *set, const struct node *node);
bool node_set_has(const struct node_set *set, const struct node *node);
void node_set_done(struct node_set *set);

#endif
