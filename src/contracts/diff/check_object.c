/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/diff/inclusion.h"

#include <string.h>

static enum verdict worse(enum verdict a, enum verdict b)
{
    return a > b ? a : b;
}

/* Dependencies looked at for one name. */
enum { DEPENDENCY_DEPTH_MAX = 4, DEPENDENCIES_MAX = 5000 };

static bool lists(const struct node *list, const char *name)
{
    for (const struct node *at = list != NULL && list->kind == NODE_LIST ? list->first : NULL;
         at != NULL; at = at->next) {
        if (at->kind == NODE_STRING && strcmp(at->text, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool requires_at(const struct terms *terms, const char *name, int depth, int *left);

/* What is required may need further members. */
static bool is_needed(const struct terms *terms, const char *name, int depth, int *left)
{
    for (size_t i = 0; i < terms->count && depth < DEPENDENCY_DEPTH_MAX; i++) {
        const struct node *needs = node_find(terms->items[i].node, "dependencies");
        for (const struct node *at = needs != NULL && needs->kind == NODE_MAP ? needs->first : NULL;
             at != NULL && --*left > 0; at = at->next) {
            if (lists(at, name) && requires_at(terms, at->key, depth + 1, left)) {
                return true;
            }
        }
    }
    return false;
}

static bool requires_at(const struct terms *terms, const char *name, int depth, int *left)
{
    for (size_t i = 0; i < terms->count; i++) {
        if (lists(node_find(terms->items[i].node, "required"), name)) {
            return true;
        }
    }
    return is_needed(terms, name, depth, left);
}

static bool requires(const struct terms *terms, const char *name)
{
    int left = DEPENDENCIES_MAX;
    return requires_at(terms, name, 0, &left);
}

static bool declares(const struct terms *terms, const char *name)
{
    for (size_t i = 0; i < terms->count; i++) {
        if (node_find(node_find(terms->items[i].node, "properties"), name) != NULL) {
            return true;
        }
    }
    return false;
}

/* True when the member cannot occur. */
static bool member_of(struct inclusion *run, const struct variant *left, const char *name,
                      struct terms **out)
{
    *out = terms_new(run);
    terms_member(run, left, name, *out);
    return terms_are_empty(run, *out);
}

/* ---- Members that must be there. ---- */

enum verdict check_required(struct inclusion *run, const struct variant *left,
                            const struct node *right, const struct node *keyword)
{
    enum verdict verdict = VERDICT_YES;
    for (const struct node *at = keyword->first; at != NULL; at = at->next) {
        if (at->kind != NODE_STRING || requires(left->terms, at->text)) {
            continue;
        }
        bool is_declared = declares(left->terms, at->text);
        size_t length = run->path.length;
        buffer_printf(&run->path, "/%s", at->text);
        verdict = worse(verdict, inclusion_no(run, left, right,
                                              (struct reason){
                                                  .forward = is_declared ? P07 : P05,
                                                  .backward = is_declared ? P06 : P03,
                                                  .keyword = "required",
                                              }));
        run->path.length = length;
    }
    return verdict;
}

/* ---- Members that are named. ---- */

/* The left side says nothing about the name: others may have used it for anything. */
static enum verdict check_unnamed(struct inclusion *run, const struct variant *left,
                                  const struct terms *member, const struct node *right,
                                  const struct node *property)
{
    enum verdict verdict = inclusion_try_below(run, member, property);
    if (verdict == VERDICT_YES) {
        return verdict;
    }
    size_t length = run->path.length;
    buffer_printf(&run->path, "/%s", property->key);
    const struct reason reason = {
        .forward = P04,
        .backward = P02,
        .keyword = "properties",
        .note = "the side that does not declare it allows any value under this name",
    };
    verdict = verdict == VERDICT_NO ? inclusion_no(run, left, right, reason)
                                    : inclusion_unknown(run, left, right, reason);
    run->path.length = length;
    return verdict;
}

enum verdict check_properties(struct inclusion *run, const struct variant *left,
                              const struct node *right, const struct node *keyword)
{
    enum verdict verdict = VERDICT_YES;
    for (const struct node *at = keyword->first; at != NULL; at = at->next) {
        struct terms *member = NULL;
        if (member_of(run, left, at->key, &member)) {
            continue;
        }
        verdict = worse(verdict, member->count == 0 && !member->is_unsure
                                     ? check_unnamed(run, left, member, right, at)
                                     : inclusion_below(run, at->key, member, at));
    }
    return verdict;
}

/* ---- Members that are not named. ---- */

/* What the left side says about names that it does not name itself: one list of schemas for each
 * way in which its patterns may match. */
struct others {
    struct terms *cases[INCLUSION_TERMS_MAX];
    const struct node *patterns[INCLUSION_TERMS_MAX]; /* {pattern: …} of its names; NULL: any */
    size_t count;
};

/* False when its names are not just a few. */
static bool list_names(struct inclusion *run, const struct variant *left, struct variants *out)
{
    if (terms_find(left->terms, "propertyNames") == NULL) {
        return false;
    }
    variants_make(run, terms_names(run, left->terms, NULL), out);
    bool are_few = !out->is_unsure;
    for (size_t i = 0; i < out->count && are_few; i++) {
        are_few = out->items[i].is_finite;
    }
    return are_few;
}

static void add_patterns(struct inclusion *run, const struct terms *base, const struct term *term,
                         struct others *out)
{
    const struct node *patterns = node_find(term->node, "patternProperties");
    for (const struct node *at = patterns->first; at != NULL; at = at->next) {
        if (out->count == INCLUSION_TERMS_MAX) {
            out->cases[0]->is_unsure = true;
            return;
        }
        out->cases[out->count] = terms_copy(run, base);
        out->patterns[out->count] = terms_pattern(run, at->key);
        terms_add(run, out->cases[out->count++], at, term->is_left);
    }
}

static bool has_patterns(const struct term *term)
{
    const struct node *patterns = node_find(term->node, "patternProperties");
    return patterns != NULL && patterns->count > 0;
}

/* Only one schema with patterns is taken apart; of further ones nothing is concluded. */
static void find_others(struct inclusion *run, const struct variant *left, struct others *out)
{
    struct variants names;
    *out = (struct others){0};
    if (left->is_closed || left->max_size == 0 || list_names(run, left, &names)) {
        return; /* there are none */
    }
    struct terms *base = terms_new(run);
    base->is_unsure = left->terms->is_unsure;
    const struct term *patterned = NULL;
    for (size_t i = 0; i < left->terms->count; i++) {
        const struct term *term = &left->terms->items[i];
        const struct node *additional = node_find(term->node, "additionalProperties");
        if (has_patterns(term)) {
            base->is_unsure |= patterned != NULL;
            patterned = patterned != NULL ? patterned : term;
        } else if (additional != NULL) {
            terms_add(run, base, additional, term->is_left);
        }
    }
    out->cases[out->count++] = terms_copy(run, base);
    if (patterned != NULL) {
        const struct node *additional = node_find(patterned->node, "additionalProperties");
        if (additional != NULL) {
            terms_add(run, out->cases[0], additional, patterned->is_left);
        }
        add_patterns(run, base, patterned, out);
    }
}

/* Every such name of the left side matches the pattern. */
static bool are_matched(struct inclusion *run, const struct variant *left,
                        const struct node *own_pattern, const char *pattern)
{
    const struct terms *names = terms_names(run, left->terms, own_pattern);
    return inclusion_try_below(run, names, terms_pattern(run, pattern)) == VERDICT_YES;
}

/* One of the right side's patterns speaks of all of them. */
static bool are_patterned(struct inclusion *run, const struct variant *left,
                          const struct node *own_pattern, const struct node *right)
{
    const struct node *patterns = node_find(right, "patternProperties");
    for (const struct node *at = patterns != NULL ? patterns->first : NULL; at != NULL;
         at = at->next) {
        if (are_matched(run, left, own_pattern, at->key)) {
            return true;
        }
    }
    return false;
}

/* Some of them are certainly those that `schema` speaks of: any name may be there, or all match. */
static bool are_meant(struct inclusion *run, const struct variant *left,
                      const struct node *own_pattern, const struct node *right,
                      const struct node *schema)
{
    bool are_any = terms_find(left->terms, "propertyNames") == NULL;
    if (are_any && own_pattern == NULL) {
        return true;
    }
    if (strcmp(schema->key, "additionalProperties") == 0) {
        return are_any && node_find(right, "properties") == NULL &&
               node_find(right, "patternProperties") == NULL;
    }
    return are_matched(run, left, own_pattern, schema->key);
}

static enum verdict check_others(struct inclusion *run, const struct variant *left,
                                 const struct node *right, const struct node *schema,
                                 const char *keyword)
{
    struct others others;
    bool is_additional = strcmp(keyword, "additionalProperties") == 0;
    find_others(run, left, &others);
    enum verdict verdict = VERDICT_YES;
    for (size_t i = 0; i < others.count; i++) {
        const struct node *pattern = others.patterns[i];
        if (terms_are_empty(run, others.cases[i]) ||
            (is_additional && are_patterned(run, left, pattern, right))) {
            continue;
        }
        enum verdict one = inclusion_try_below(run, others.cases[i], schema);
        bool is_doubtful = one == VERDICT_NO && !are_meant(run, left, pattern, right, schema);
        verdict = worse(verdict, is_doubtful ? VERDICT_UNKNOWN : one);
    }
    if (verdict == VERDICT_YES) {
        return verdict;
    }
    size_t length = run->path.length;
    buffer_text(&run->path, "/*");
    const struct reason reason = {.forward = P22, .backward = P22, .keyword = keyword};
    verdict = verdict == VERDICT_NO ? inclusion_no(run, left, right, reason)
                                    : inclusion_unknown(run, left, right, reason);
    run->path.length = length;
    return verdict;
}

/* Whether `right` says about the name what its other members are. */
static enum verdict is_additional(struct inclusion *run, const struct node *right, const char *name)
{
    if (node_find(node_find(right, "properties"), name) != NULL) {
        return VERDICT_NO;
    }
    enum verdict verdict = VERDICT_YES;
    const struct node *patterns = node_find(right, "patternProperties");
    for (const struct node *at = patterns != NULL ? patterns->first : NULL; at != NULL;
         at = at->next) {
        enum verdict one = instance_matches(run, at->key, name);
        if (one == VERDICT_YES) {
            return VERDICT_NO;
        }
        verdict = one == VERDICT_UNKNOWN ? VERDICT_UNKNOWN : verdict;
    }
    return verdict;
}

/* A member that only the left side names, under additionalProperties of the right. */
static enum verdict check_surplus(struct inclusion *run, const struct variant *left,
                                  const struct node *right, const char *name,
                                  const struct node *schema)
{
    struct terms *member = NULL;
    if (is_additional(run, right, name) == VERDICT_NO || member_of(run, left, name, &member)) {
        return VERDICT_YES;
    }
    const struct node *node = inclusion_follow(run, schema);
    if (node == NULL || node->kind != NODE_BOOLEAN) {
        return inclusion_below(run, name, member, schema);
    }
    if (node->integer != 0) {
        return VERDICT_YES;
    }
    size_t length = run->path.length;
    buffer_printf(&run->path, "/%s", name);
    enum verdict verdict =
        inclusion_no(run, left, right,
                     (struct reason){.forward = P01,
                                     .backward = P04,
                                     .keyword = "additionalProperties",
                                     .note = "the other side refuses members it does not know"});
    run->path.length = length;
    return verdict;
}

typedef enum verdict name_check(struct inclusion *run, const struct variant *left,
                                const struct node *right, const char *name,
                                const struct node *schema);

/* Every name that the left side declares or requires. */
static enum verdict for_names(struct inclusion *run, const struct variant *left,
                              const struct node *right, const struct node *schema,
                              name_check *check)
{
    enum verdict verdict = VERDICT_YES;
    for (size_t i = 0; i < left->terms->count; i++) {
        const struct node *term = left->terms->items[i].node;
        const struct node *properties = node_find(term, "properties");
        for (const struct node *at = properties != NULL ? properties->first : NULL; at != NULL;
             at = at->next) {
            verdict = worse(verdict, check(run, left, right, at->key, schema));
        }
        const struct node *required = node_find(term, "required");
        for (const struct node *at = required != NULL ? required->first : NULL; at != NULL;
             at = at->next) {
            if (at->kind == NODE_STRING && !declares(left->terms, at->text)) {
                verdict = worse(verdict, check(run, left, right, at->text, schema));
            }
        }
    }
    struct variants names;
    bool are_few = list_names(run, left, &names);
    for (size_t i = 0; are_few && i < names.count; i++) {
        for (size_t n = 0; n < names.items[i].value_count; n++) {
            const struct node *name = names.items[i].values[n];
            if (name->length == 0 && !declares(left->terms, name->text)) {
                verdict = worse(verdict, check(run, left, right, name->text, schema));
            }
        }
    }
    /* Declared in another branch: may be there, too. */
    for (size_t i = 0; left->is_closed && i < left->declaring->count; i++) {
        const struct node *properties = node_find(left->declaring->items[i].node, "properties");
        for (const struct node *at = properties != NULL ? properties->first : NULL; at != NULL;
             at = at->next) {
            if (!declares(left->terms, at->key)) {
                verdict = worse(verdict, check(run, left, right, at->key, schema));
            }
        }
    }
    return verdict;
}

enum verdict check_additional_properties(struct inclusion *run, const struct variant *left,
                                         const struct node *right, const struct node *keyword)
{
    enum verdict verdict = for_names(run, left, right, keyword, check_surplus);
    return worse(verdict, check_others(run, left, right, keyword, "additionalProperties"));
}

static enum verdict check_matching(struct inclusion *run, const struct variant *left,
                                   const struct node *right, const char *name,
                                   const struct node *schema)
{
    struct terms *member = NULL;
    if (instance_matches(run, schema->key, name) == VERDICT_NO ||
        member_of(run, left, name, &member)) {
        return VERDICT_YES;
    }
    return inclusion_below(run, name, member, schema);
}

/* The same pattern on the left side says the same about the same names. */
static bool has_same_pattern(struct inclusion *run, const struct variant *left,
                             const struct node *schema)
{
    for (size_t i = 0; i < left->terms->count; i++) {
        const struct term *term = &left->terms->items[i];
        const struct node *own = node_find(node_find(term->node, "patternProperties"), schema->key);
        if (own != NULL) {
            struct terms *member = terms_new(run);
            terms_add(run, member, own, term->is_left);
            if (inclusion_try_below(run, member, schema) == VERDICT_YES) {
                return true;
            }
        }
    }
    return false;
}

/* "^name$" matches one name; NULL: more than that, or nobody knows. */
static const char *only_name(struct inclusion *run, const char *pattern)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    size_t length = pattern[0] == '^' ? strspn(pattern + 1, plain) : 0;
    return length > 0 && strcmp(pattern + 1 + length, "$") == 0
               ? arena_text(&run->arena, pattern + 1, length)
               : NULL;
}

enum verdict check_pattern_properties(struct inclusion *run, const struct variant *left,
                                      const struct node *right, const struct node *keyword)
{
    enum verdict verdict = VERDICT_YES;
    for (const struct node *at = keyword->first; at != NULL; at = at->next) {
        const char *name = only_name(run, at->key);
        if (has_same_pattern(run, left, at)) {
            continue;
        }
        if (name != NULL) {
            verdict = worse(verdict, check_matching(run, left, right, name, at));
            continue;
        }
        verdict = worse(verdict, for_names(run, left, right, at, check_matching));
        verdict = worse(verdict, check_others(run, left, right, at, "patternProperties"));
    }
    return verdict;
}

/* ---- Names. ---- */

static enum verdict check_name(struct inclusion *run, const struct variant *left,
                               const struct node *right, const char *name,
                               const struct node *schema)
{
    struct terms *member = NULL;
    const struct node value = {.kind = NODE_STRING, .text = name};
    enum verdict verdict = instance_fits(run, &value, schema);
    return verdict == VERDICT_YES || member_of(run, left, name, &member) ? VERDICT_YES : verdict;
}

static enum verdict check_other_names(struct inclusion *run, const struct variant *left,
                                      const struct node *keyword)
{
    struct others others;
    enum verdict verdict = VERDICT_YES;
    find_others(run, left, &others);
    for (size_t i = 0; i < others.count; i++) {
        if (!terms_are_empty(run, others.cases[i])) {
            const struct terms *names = terms_names(run, left->terms, others.patterns[i]);
            verdict = worse(verdict, inclusion_try_below(run, names, keyword));
        }
    }
    return verdict;
}

enum verdict check_property_names(struct inclusion *run, const struct variant *left,
                                  const struct node *right, const struct node *keyword)
{
    enum verdict verdict = for_names(run, left, right, keyword, check_name);
    verdict = worse(verdict,
                    verdict == VERDICT_YES ? check_other_names(run, left, keyword) : VERDICT_YES);
    const struct reason reason = {.forward = P22, .backward = P22, .keyword = "propertyNames"};
    if (verdict == VERDICT_NO) {
        return inclusion_no(run, left, right, reason);
    }
    return verdict == VERDICT_UNKNOWN ? inclusion_unknown(run, left, right, reason) : verdict;
}

/* ---- Dependencies. ---- */

static bool needs_all(const struct variant *left, const struct node *names)
{
    for (const struct node *at = names->first; at != NULL; at = at->next) {
        if (at->kind == NODE_STRING && !requires(left->terms, at->text)) {
            return false;
        }
    }
    return true;
}

/* What the left side itself demands where the member is there; its node is NULL when nothing. */
static struct term find_dependency(const struct variant *left, const char *name)
{
    for (size_t i = 0; i < left->terms->count; i++) {
        const struct term *term = &left->terms->items[i];
        const struct node *own = node_find(node_find(term->node, "dependencies"), name);
        if (own != NULL) {
            return (struct term){own, term->is_left};
        }
    }
    return (struct term){0};
}

static bool holds_names(const struct node *list, const struct node *names)
{
    for (const struct node *at = names->first; at != NULL; at = at->next) {
        bool is_there = false;
        for (const struct node *own = list->first; own != NULL; own = own->next) {
            is_there |= literal_equal(own, at);
        }
        if (!is_there) {
            return false;
        }
    }
    return true;
}

static enum verdict check_dependency(struct inclusion *run, const struct variant *left,
                                     const struct node *needed)
{
    struct terms *member = NULL;
    if (member_of(run, left, needed->key, &member)) {
        return VERDICT_YES;
    }
    const struct term own = find_dependency(left, needed->key);
    enum verdict verdict = VERDICT_NO;
    if (needed->kind == NODE_LIST) {
        bool is_held =
            own.node != NULL && own.node->kind == NODE_LIST && holds_names(own.node, needed);
        verdict = is_held || needs_all(left, needed) ? VERDICT_YES : VERDICT_NO;
    } else {
        struct terms *terms = terms_of_variant(run, left);
        if (own.node != NULL && own.node->kind != NODE_LIST) {
            terms_add(run, terms, own.node, own.is_left);
        }
        verdict = inclusion_try(run, terms, needed);
    }
    return verdict == VERDICT_NO && own.node != NULL ? VERDICT_UNKNOWN : verdict;
}

enum verdict check_dependencies(struct inclusion *run, const struct variant *left,
                                const struct node *right, const struct node *keyword)
{
    enum verdict verdict = VERDICT_YES;
    for (const struct node *at = keyword->first; at != NULL; at = at->next) {
        verdict = worse(verdict, check_dependency(run, left, at));
    }
    const struct reason reason = {.forward = P27, .backward = P27, .keyword = "dependencies"};
    if (verdict == VERDICT_NO) {
        return inclusion_no(run, left, right, reason);
    }
    return verdict == VERDICT_UNKNOWN ? inclusion_unknown(run, left, right, reason) : verdict;
}
