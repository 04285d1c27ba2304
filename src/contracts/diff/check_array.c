/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/diff/inclusion.h"

/* Longer tuples are not compared position by position. */
enum { POSITIONS_MAX = 100 };

static bool may_have(const struct variant *left, size_t index)
{
    return left->max_size > (int64_t)index;
}

/* Positions that some schema of the left side tells apart. */
static size_t count_positions(const struct terms *terms)
{
    size_t count = 0;
    for (size_t i = 0; i < terms->count; i++) {
        const struct node *items = node_find(terms->items[i].node, "items");
        if (items != NULL && items->kind == NODE_LIST && items->count > count) {
            count = items->count;
        }
    }
    return count;
}

static enum verdict worse(enum verdict a, enum verdict b)
{
    return a > b ? a : b;
}

static enum verdict check_at(struct inclusion *run, const struct variant *left, size_t index,
                             const char *step, const struct node *schema)
{
    if (!may_have(left, index)) {
        return VERDICT_YES;
    }
    struct terms *item = terms_new(run);
    terms_item(run, left->terms, index, item);
    if (terms_are_empty(run, item)) {
        return VERDICT_YES; /* no array is that long */
    }
    return inclusion_below(run, step, item, schema);
}

/* Every position from `from` on. Those beyond all tuples are all alike. */
static enum verdict check_rest(struct inclusion *run, const struct variant *left, size_t from,
                               const struct node *schema)
{
    size_t positions = count_positions(left->terms);
    if (positions > POSITIONS_MAX) {
        return inclusion_unknown(run, left, schema,
                                 (struct reason){.forward = P32,
                                                 .backward = P32,
                                                 .note = "items with too many positions"});
    }
    enum verdict verdict = VERDICT_YES;
    for (size_t i = from; i < positions; i++) {
        verdict =
            worse(verdict, check_at(run, left, i, arena_printf(&run->arena, "%zu", i), schema));
    }
    return worse(verdict, check_at(run, left, positions > from ? positions : from, "*", schema));
}

enum verdict check_items(struct inclusion *run, const struct variant *left,
                         const struct node *right, const struct node *keyword)
{
    if (keyword->kind != NODE_LIST) {
        return check_rest(run, left, 0, keyword);
    }
    enum verdict verdict = VERDICT_YES;
    size_t index = 0;
    for (const struct node *at = keyword->first; at != NULL; at = at->next) {
        const char *step = arena_printf(&run->arena, "%zu", index);
        verdict = worse(verdict, check_at(run, left, index++, step, at));
    }
    return verdict;
}

/* Says something beside a list of items only. */
enum verdict check_additional_items(struct inclusion *run, const struct variant *left,
                                    const struct node *right, const struct node *keyword)
{
    const struct node *items = node_find(right, "items");
    if (items == NULL || items->kind != NODE_LIST) {
        return VERDICT_YES;
    }
    return check_rest(run, left, items->count, keyword);
}

enum verdict check_unique(struct inclusion *run, const struct variant *left,
                          const struct node *right, const struct node *keyword)
{
    if (keyword->integer == 0 || left->max_size <= 1) {
        return VERDICT_YES;
    }
    for (size_t i = 0; i < left->terms->count; i++) {
        const struct node *unique = node_find(left->terms->items[i].node, "uniqueItems");
        if (unique != NULL && unique->kind == NODE_BOOLEAN && unique->integer != 0) {
            return VERDICT_YES;
        }
    }
    return inclusion_no(run, left, right,
                        (struct reason){.forward = P20, .backward = P20, .keyword = "uniqueItems"});
}

/* One item that must be there and can only be such a one, or a `contains` that asks for more. */
enum verdict check_contains(struct inclusion *run, const struct variant *left,
                            const struct node *right, const struct node *keyword)
{
    bool has_own = false;
    for (size_t i = 0; i < left->terms->count; i++) {
        const struct term *term = &left->terms->items[i];
        const struct node *own = node_find(term->node, "contains");
        if (own != NULL) {
            has_own = true;
            struct terms *item = terms_new(run);
            terms_add(run, item, own, term->is_left);
            if (inclusion_try_below(run, item, keyword) == VERDICT_YES) {
                return VERDICT_YES;
            }
        }
    }
    for (int64_t i = 0; i < left->min_size && i < POSITIONS_MAX; i++) {
        struct terms *item = terms_new(run);
        terms_item(run, left->terms, (size_t)i, item);
        if (inclusion_try_below(run, item, keyword) == VERDICT_YES) {
            return VERDICT_YES;
        }
    }
    const struct reason reason = {.forward = P21, .backward = P21, .keyword = "contains"};
    return has_own ? inclusion_unknown(run, left, right, reason)
                   : inclusion_no(run, left, right, reason);
}
