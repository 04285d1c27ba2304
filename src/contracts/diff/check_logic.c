/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/diff/inclusion.h"

#include <string.h>

static enum verdict worse(enum verdict a, enum verdict b)
{
    return a > b ? a : b;
}

/* ---- allOf ---- */

static size_t count_parts(const struct terms *terms, const char *keyword)
{
    const struct node *list = terms_find(terms, keyword);
    return list != NULL ? list->count : 0;
}

enum verdict check_all_of(struct inclusion *run, const struct variant *left,
                          const struct node *right, const struct node *keyword)
{
    struct terms *terms = terms_of_variant(run, left);
    bool has_more = keyword->count > count_parts(left->terms, "allOf");
    enum verdict verdict = VERDICT_YES;
    for (const struct node *at = keyword->first; at != NULL; at = at->next) {
        if (!has_more) {
            verdict = worse(verdict, inclusion_decide(run, terms, at));
            continue;
        }
        enum verdict one = inclusion_try(run, terms, at);
        const struct reason reason = {
            .forward = P26,
            .backward = P26,
            .keyword = "allOf",
            .note = arena_printf(&run->arena, "not implied: %s", diff_text(&run->arena, at)),
        };
        if (one == VERDICT_NO) {
            one = inclusion_no(run, left, right, reason);
        } else if (one == VERDICT_UNKNOWN) {
            one = inclusion_unknown(run, left, right, reason);
        }
        verdict = worse(verdict, one);
    }
    return verdict;
}

/* ---- anyOf, oneOf ---- */

static bool are_disjoint(struct inclusion *run, const struct terms *left, const struct node *branch)
{
    struct terms *both = terms_copy(run, left);
    terms_add(run, both, branch, false);
    return terms_are_empty(run, both);
}

static const struct node *find_branch(struct inclusion *run, const struct terms *left,
                                      const struct node *list)
{
    for (const struct node *at = list->first; at != NULL; at = at->next) {
        if (inclusion_try(run, left, at) == VERDICT_YES) {
            return at;
        }
    }
    return NULL;
}

/* No branch takes all of the left side. When it meets only one of them, that one is to blame. */
static enum verdict blame_branch(struct inclusion *run, const struct variant *left,
                                 const struct terms *terms, const struct node *right,
                                 const struct node *list)
{
    const struct node *only = NULL;
    size_t met = 0;
    for (const struct node *at = list->first; at != NULL; at = at->next) {
        if (!are_disjoint(run, terms, at)) {
            only = at;
            met++;
        }
    }
    if (met == 1) {
        return inclusion_decide(run, terms, only);
    }
    struct reason reason = {.forward = P23, .backward = P24, .keyword = list->key};
    if (met == 0 || count_parts(left->terms, list->key) > list->count) {
        reason.note = "an alternative of one side has no counterpart on the other";
        return inclusion_no(run, left, right, reason);
    }
    reason.note = "no alternative of the other side allows all of it; together they may";
    return inclusion_unknown(run, left, right, reason);
}

enum verdict check_any_of(struct inclusion *run, const struct variant *left,
                          const struct node *right, const struct node *keyword)
{
    struct terms *terms = terms_of_variant(run, left);
    return find_branch(run, terms, keyword) != NULL
               ? VERDICT_YES
               : blame_branch(run, left, terms, right, keyword);
}

/* The left side is exactly one of its own alternatives: not another one that holds `branch`. */
static bool is_excluded(struct inclusion *run, const struct variant *left,
                        const struct node *branch)
{
    struct terms *other = terms_new(run);
    terms_add(run, other, branch, false);
    for (size_t i = 0; i < left->terms->count; i++) {
        const struct node *list = node_find(left->terms->items[i].node, "oneOf");
        const struct node *chosen = NULL;
        for (const struct node *at = list != NULL ? list->first : NULL; at != NULL; at = at->next) {
            const struct node *own = inclusion_follow(run, at);
            if (own != NULL && chosen == NULL && terms_have(left->terms, own)) {
                chosen = at;
            }
        }
        for (const struct node *at = chosen != NULL ? list->first : NULL; at != NULL;
             at = at->next) {
            if (at != chosen && inclusion_try_strictly(run, other, at) == VERDICT_YES) {
                return true;
            }
        }
    }
    return false;
}

static bool has_same(struct inclusion *run, const struct variant *left, const char *name,
                     const struct node *keyword)
{
    for (size_t i = 0; i < left->terms->count; i++) {
        const struct node *own = node_find(left->terms->items[i].node, name);
        if (own != NULL && same_keyword(run, name, own, keyword)) {
            return true;
        }
    }
    return false;
}

enum verdict check_one_of(struct inclusion *run, const struct variant *left,
                          const struct node *right, const struct node *keyword)
{
    if (has_same(run, left, "oneOf", keyword)) {
        return VERDICT_YES;
    }
    struct terms *terms = terms_of_variant(run, left);
    const struct node *branch = find_branch(run, terms, keyword);
    if (branch == NULL) {
        return blame_branch(run, left, terms, right, keyword);
    }
    for (const struct node *at = keyword->first; at != NULL; at = at->next) {
        if (at != branch && !are_disjoint(run, terms, at) && !is_excluded(run, left, at)) {
            return inclusion_unknown(
                run, left, right,
                (struct reason){.forward = P25, .backward = P25, .keyword = "oneOf"});
        }
    }
    return VERDICT_YES;
}

/* ---- not, if ---- */

enum verdict check_not(struct inclusion *run, const struct variant *left, const struct node *right,
                       const struct node *keyword)
{
    struct terms *terms = terms_of_variant(run, left);
    const struct node *twice = node_find(keyword, "not");
    if (twice != NULL && keyword->count == 1) {
        return inclusion_decide(run, terms, twice);
    }
    if (are_disjoint(run, terms, keyword)) {
        return VERDICT_YES;
    }
    struct terms *refused = terms_new(run);
    terms_add(run, refused, keyword, false);
    for (size_t i = 0; i < left->terms->count; i++) {
        const struct node *own = node_find(left->terms->items[i].node, "not");
        if (own != NULL && inclusion_try_strictly(run, refused, own) == VERDICT_YES) {
            return VERDICT_YES;
        }
    }
    const struct reason reason = {.forward = P27, .backward = P27, .keyword = "not"};
    return inclusion_try(run, terms, keyword) == VERDICT_YES
               ? inclusion_no(run, left, right, reason)
               : inclusion_unknown(run, left, right, reason);
}

static bool has_same_or_none(struct inclusion *run, const struct node *left,
                             const struct node *right, const char *name)
{
    const struct node *a = node_find(left, name);
    const struct node *b = node_find(right, name);
    return a == NULL || b == NULL ? a == b : same_schema(run, a, b);
}

static bool has_same_condition(struct inclusion *run, const struct variant *left,
                               const struct node *right)
{
    for (size_t i = 0; i < left->terms->count; i++) {
        const struct node *own = left->terms->items[i].node;
        if (has_same_or_none(run, own, right, "if") && has_same_or_none(run, own, right, "then") &&
            has_same_or_none(run, own, right, "else")) {
            return true;
        }
    }
    return false;
}

static enum verdict check_branch(struct inclusion *run, const struct terms *terms,
                                 const struct node *branch)
{
    return branch == NULL ? VERDICT_YES : inclusion_try(run, terms, branch);
}

enum verdict check_if(struct inclusion *run, const struct variant *left, const struct node *right,
                      const struct node *keyword)
{
    const struct node *yes = node_find(right, "then");
    const struct node *no = node_find(right, "else");
    if ((yes == NULL && no == NULL) || has_same_condition(run, left, right)) {
        return VERDICT_YES;
    }
    struct terms *terms = terms_of_variant(run, left);
    struct terms *both = terms_copy(run, terms);
    terms_add(run, both, keyword, false);
    bool is_never = terms_are_empty(run, both);
    bool is_always = inclusion_try(run, terms, keyword) == VERDICT_YES;
    enum verdict verdict = is_never ? VERDICT_YES : check_branch(run, both, yes);
    if (!is_always) {
        verdict = worse(verdict, check_branch(run, terms, no));
    }
    if (verdict == VERDICT_YES) {
        return verdict;
    }
    return inclusion_unknown(run, left, right,
                             (struct reason){.forward = P27, .backward = P27, .keyword = "if"});
}
