/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/merge.h"

#include <string.h>

/* Two maps that are being merged, and what they are members of. */
struct meeting {
    const struct node *base, *patch;
    const struct meeting *outer;
    int depth;
};

static struct node *copy_node(struct documents *documents, const struct node *node)
{
    struct node *copy = arena_alloc(&documents->arena, sizeof *copy);
    *copy = *node;
    copy->next = NULL;
    documents->merged++;
    return copy;
}

static struct node *empty_map(struct documents *documents, const struct node *like)
{
    struct node *map = copy_node(documents, like);
    map->first = map->last = NULL;
    map->count = 0;
    return map;
}

/* Puts a copy of `child` at the end of `map`; what is below stays shared. */
static void append(struct documents *documents, struct node *map, const struct node *child)
{
    struct node *copy = copy_node(documents, child);
    copy->parent = map;
    if (map->first == NULL) {
        map->first = copy;
    } else {
        map->last->next = copy;
    }
    map->last = copy;
    map->count++;
}

static bool is_map(const struct node *node)
{
    return node != NULL && node->kind == NODE_MAP;
}

static const struct node *merge(struct documents *documents, struct meeting meeting);

/* Schemas may refer to themselves, and two such schemas meet again inside of each other. */
static bool is_circular(const struct meeting *meeting)
{
    for (const struct meeting *at = meeting->outer; at != NULL; at = at->outer) {
        if (at->base == meeting->base && at->patch == meeting->patch) {
            return true;
        }
    }
    return false;
}

/* The value of one member that both have; NULL when it goes. */
static const struct node *merge_member(struct documents *documents, const struct node *base,
                                       const struct node *patch, const struct meeting *outer)
{
    if (patch->kind == NODE_NULL) {
        return NULL;
    }
    if (!is_map(base) || !is_map(patch)) {
        return patch;
    }
    struct meeting meeting = {
        .base = ref_follow(documents, base),
        .patch = ref_follow(documents, patch),
        .outer = outer,
        .depth = outer->depth + 1,
    };
    if (!is_map(meeting.base) || !is_map(meeting.patch) || meeting.base == meeting.patch ||
        is_circular(&meeting)) {
        return patch;
    }
    const struct node *merged = merge(documents, meeting);
    if (merged == meeting.patch) {
        return patch;
    }
    struct node *named = copy_node(documents, merged);
    named->key = patch->key;
    named->key_place = patch->key_place;
    return named;
}

/* The patch applied to the base; where that would not end the patch is the result. */
static const struct node *merge(struct documents *documents, struct meeting meeting)
{
    if (meeting.depth > MERGE_MAX_DEPTH || documents->merged > MERGE_MAX_NODES) {
        return meeting.patch;
    }
    struct node *map = empty_map(documents, meeting.patch);
    for (const struct node *child = meeting.base->first; child != NULL; child = child->next) {
        const struct node *other = node_find(meeting.patch, child->key);
        const struct node *value =
            other == NULL ? child : merge_member(documents, child, other, &meeting);
        if (value != NULL) {
            append(documents, map, value);
        }
    }
    for (const struct node *child = meeting.patch->first; child != NULL; child = child->next) {
        if (child->kind != NODE_NULL && node_find(meeting.base, child->key) == NULL) {
            append(documents, map, child);
        }
    }
    return map;
}

static const struct node *without_traits(struct documents *documents, const struct node *target)
{
    struct node *map = empty_map(documents, target);
    for (const struct node *child = target->first; child != NULL; child = child->next) {
        if (strcmp(child->key, "traits") != 0) {
            append(documents, map, child);
        }
    }
    return map;
}

const struct node *merge_traits(struct documents *documents, const struct node *target)
{
    const struct node *traits = node_find(target, "traits");
    if (traits == NULL || traits->kind != NODE_LIST) {
        return target;
    }
    const struct node *merged = NULL;
    for (const struct node *each = traits->first; each != NULL; each = each->next) {
        const struct node *trait = ref_follow(documents, each);
        if (is_map(trait)) {
            merged = merged == NULL
                         ? trait
                         : merge(documents, (struct meeting){.base = merged, .patch = trait});
        }
    }
    const struct node *own = without_traits(documents, target);
    return merged == NULL ? own : merge(documents, (struct meeting){.base = merged, .patch = own});
}
