/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/node_set.h"

#include <stdlib.h>

enum { NODE_SET_ROOM = 64 }; /* a power of two, as every later room */

/* The slot that holds the node, or the empty one where it belongs. */
static size_t slot_of(const struct node_set *set, const struct node *node)
{
    const uint64_t golden = 0x9E3779B97F4A7C15U; /* Fibonacci hashing */
    size_t mask = set->room - 1;
    size_t slot = (size_t)(((uint64_t)(uintptr_t)node * golden) >> 32) & mask;
    while (set->slots[slot] != NULL && set->slots[slot] != node) {
        slot = (slot + 1) & mask;
    }
    return slot;
}

static void grow(struct node_set *set)
{
    struct node_set larger = {.room = set->room > 0 ? set->room * 2 : NODE_SET_ROOM};
    larger.slots = xcalloc(larger.room, sizeof(struct node *));
    for (size_t i = 0; i < set->room; i++) {
        if (set->slots[i] != NULL) {
            larger.slots[slot_of(&larger, set->slots[i])] = set->slots[i];
        }
    }
    larger.count = set->count;
    free(set->slots);
    *set = larger;
}

bool node_set_add(struct node_set *set, const struct node *node)
{
    if (set->count * 2 >= set->room) {
        grow(set);
    }
    size_t slot = slot_of(set, node);
    if (set->slots[slot] != NULL) {
        return false;
    }
    set->slots[slot] = node;
    set->count++;
    return true;
}

bool node_set_has(const struct node_set *set, const struct node *node)
{
    return set->room > 0 && set->slots[slot_of(set, node)] != NULL;
}

void node_set_done(struct node_set *set)
{
    free(set->slots);
    *set = (struct node_set){0};
}
