/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/diff/inclusion.h"

#include "contracts/pointer.h"

#include <string.h>

/* Pairs that were decided or are being decided. */
enum { MEMO_SLOTS = 1024 };

enum state { STATE_OPEN, STATE_DONE, STATE_FORGOTTEN };

struct decision {
    const struct terms *left;
    const struct node *right;
    enum state state;
    enum verdict verdict;
    bool is_extended;
    int depth;    /* of the instance */
    size_t order; /* among those that are open */
    struct decision *next;
};

struct inclusion_memo {
    struct decision *decisions[MEMO_SLOTS];
};

void inclusion_done(struct inclusion *run)
{
    instance_done(run);
    arena_done(&run->arena);
    buffer_done(&run->path);
}

static size_t slot_of(const void *pointer)
{
    return (size_t)(((uintptr_t)pointer >> 4) * 2654435761U) % MEMO_SLOTS;
}

static struct inclusion_memo *memo(struct inclusion *run)
{
    if (run->memo == NULL) {
        run->memo = arena_alloc(&run->arena, sizeof *run->memo);
        run->lowest_used = SIZE_MAX;
    }
    return run->memo;
}

/* ---- Findings. ---- */

static struct position place_of(const struct node *keyword, const struct node *schema)
{
    if (keyword != NULL) {
        return keyword->key != NULL ? keyword->key_place : keyword->place;
    }
    return schema != NULL ? schema->place : (struct position){0};
}

static void report(struct inclusion *run, const struct variant *left, const struct node *right,
                   const struct reason *reason, enum diff_level level)
{
    if (run->quiet > 0) {
        return;
    }
    const struct node *left_schema =
        left != NULL && left->terms->count > 0 ? left->terms->items[0].node : NULL;
    const struct node *left_keyword = left_schema;
    const struct node *right_keyword = right;
    if (reason->keyword != NULL) {
        left_keyword = left != NULL ? terms_find(left->terms, reason->keyword) : NULL;
        right_keyword = node_find(right, reason->keyword);
    }
    bool is_forward = run->side == DIFF_FORWARD;
    struct position left_place = place_of(left_keyword, left_schema);
    struct position right_place = place_of(right_keyword, right);
    const char *left_text = diff_text(&run->arena, left_keyword);
    const char *right_text = diff_text(&run->arena, right_keyword);
    const struct diff_finding finding = {
        .rule = is_forward ? reason->forward : reason->backward,
        .level = level,
        .sides = run->side,
        .old_place = is_forward ? right_place : left_place,
        .new_place = is_forward ? left_place : right_place,
        .old_node = is_forward ? right : left_schema,
        .new_node = is_forward ? left_schema : right,
        .subject = run->subject != NULL ? run->subject : "",
        .path = buffer_cstr(&run->path),
        .pointer = pointer_to(&run->arena, right_keyword != NULL ? right_keyword : right),
        .before = is_forward ? right_text : left_text,
        .after = is_forward ? left_text : right_text,
        .note = reason->note,
    };
    diff_add(run->diff, &finding);
    run->found++;
}

enum verdict inclusion_no(struct inclusion *run, const struct variant *left,
                          const struct node *right, struct reason reason)
{
    if (left != NULL && left->terms->is_unsure) {
        return inclusion_unknown(run, left, right, reason);
    }
    report(run, left, right, &reason, DIFF_BREAKING);
    return VERDICT_NO;
}

enum verdict inclusion_unknown(struct inclusion *run, const struct variant *left,
                               const struct node *right, struct reason reason)
{
    report(run, left, right, &reason, DIFF_UNKNOWN);
    return VERDICT_UNKNOWN;
}

enum verdict inclusion_risky(struct inclusion *run, const struct variant *left,
                             const struct node *right, struct reason reason)
{
    report(run, left, right, &reason, DIFF_RISKY);
    return VERDICT_YES;
}

static enum verdict undecided(struct inclusion *run, const struct terms *left,
                              const struct node *right, const char *note)
{
    const struct variant variant = {.terms = left};
    return inclusion_unknown(run, &variant, right,
                             (struct reason){.forward = P32, .backward = P32, .note = note});
}

/* ---- One alternative against a schema. ---- */

enum { LIST = 1 << NODE_LIST, MAP = 1 << NODE_MAP, BOOLEAN = 1 << NODE_BOOLEAN };
enum { TEXT = 1 << NODE_STRING, NUMBER = 1 << NODE_INTEGER | 1 << NODE_NUMBER };
enum { SCHEMA = MAP | BOOLEAN, ANY = SCHEMA | LIST | TEXT | NUMBER | 1 << NODE_NULL };

/* In this order: what is allowed at all, then how much of it, then what it holds. */
static const struct {
    const char *keyword;
    unsigned kinds; /* of instances it speaks of */
    unsigned value; /* what the keyword itself must be */
    bool is_for_values;
    inclusion_check *check;
} checks[] = {
    {"type", KIND_ALL, TEXT | LIST, true, check_type},
    {"enum", KIND_ALL, LIST, true, check_values},
    {"const", KIND_ALL, ANY, true, check_values},
    {"minimum", KIND_NUMBER, NUMBER, false, check_low},
    {"exclusiveMinimum", KIND_NUMBER, NUMBER, false, check_low},
    {"maximum", KIND_NUMBER, NUMBER, false, check_high},
    {"exclusiveMaximum", KIND_NUMBER, NUMBER, false, check_high},
    {"multipleOf", KIND_NUMBER, NUMBER, false, check_multiple_of},
    {"minLength", KIND_STRING, NUMBER, false, check_min_size},
    {"maxLength", KIND_STRING, NUMBER, false, check_max_size},
    {"pattern", KIND_STRING, TEXT, false, check_pattern},
    {"format", KIND_STRING | KIND_NUMBER, TEXT, false, check_format},
    {"contentEncoding", KIND_STRING, TEXT, false, check_content},
    {"contentMediaType", KIND_STRING, TEXT, false, check_content},
    {"minItems", KIND_ARRAY, NUMBER, false, check_min_size},
    {"maxItems", KIND_ARRAY, NUMBER, false, check_max_size},
    {"uniqueItems", KIND_ARRAY, BOOLEAN, false, check_unique},
    {"items", KIND_ARRAY, SCHEMA | LIST, false, check_items},
    {"additionalItems", KIND_ARRAY, SCHEMA, false, check_additional_items},
    {"contains", KIND_ARRAY, SCHEMA, false, check_contains},
    {"minProperties", KIND_OBJECT, NUMBER, false, check_min_size},
    {"maxProperties", KIND_OBJECT, NUMBER, false, check_max_size},
    {"required", KIND_OBJECT, LIST, false, check_required},
    {"properties", KIND_OBJECT, MAP, false, check_properties},
    {"patternProperties", KIND_OBJECT, MAP, false, check_pattern_properties},
    {"additionalProperties", KIND_OBJECT, SCHEMA, false, check_additional_properties},
    {"propertyNames", KIND_OBJECT, SCHEMA, false, check_property_names},
    {"dependencies", KIND_OBJECT, MAP, false, check_dependencies},
    {"allOf", KIND_ALL, LIST, false, check_all_of},
    {"anyOf", KIND_ALL, LIST, false, check_any_of},
    {"oneOf", KIND_ALL, LIST, false, check_one_of},
    {"not", KIND_ALL, SCHEMA, false, check_not},
    {"if", KIND_ALL, SCHEMA, false, check_if},
    {"dependentRequired", KIND_OBJECT, ANY, true, check_newer},
    {"dependentSchemas", KIND_OBJECT, ANY, true, check_newer},
    {"unevaluatedProperties", KIND_OBJECT, ANY, true, check_newer},
    {"unevaluatedItems", KIND_ARRAY, ANY, true, check_newer},
    {"prefixItems", KIND_ARRAY, ANY, true, check_newer},
    {"minContains", KIND_ARRAY, ANY, true, check_newer},
    {"maxContains", KIND_ARRAY, ANY, true, check_newer},
    {"$dynamicRef", KIND_ALL, ANY, true, check_newer},
    {"$recursiveRef", KIND_ALL, ANY, true, check_newer},
};

static enum verdict worse(enum verdict a, enum verdict b)
{
    return a > b ? a : b;
}

static enum verdict check_keyword(struct inclusion *run, const struct variant *left,
                                  const struct node *right, size_t index)
{
    const struct node *keyword = node_find(right, checks[index].keyword);
    if (keyword == NULL || (checks[index].kinds & left->kinds) == 0) {
        return VERDICT_YES;
    }
    if ((checks[index].value & 1U << keyword->kind) == 0) {
        return inclusion_unknown(run, left, right,
                                 (struct reason){.forward = P32,
                                                 .backward = P32,
                                                 .keyword = checks[index].keyword,
                                                 .note = "the keyword is no draft-07"});
    }
    return checks[index].check(run, left, right, keyword);
}

/* A variant that can only be one of a few values is asked for each of them. */
static enum verdict check_each_value(struct inclusion *run, const struct variant *left,
                                     const struct node *right)
{
    enum verdict verdict = VERDICT_YES;
    for (size_t i = 0; i < left->value_count; i++) {
        if (is_extensible(run, right) && !is_listed(right, left->values[i])) {
            continue; /* told as risky */
        }
        enum verdict one = instance_fits(run, left->values[i], right);
        if (one == VERDICT_YES) {
            continue;
        }
        const char *note =
            arena_printf(&run->arena, "%s is %s", diff_text(&run->arena, left->values[i]),
                         one == VERDICT_NO ? "refused by the other side" : "perhaps refused");
        const char *choice = node_find(right, "oneOf") != NULL ? "oneOf" : "anyOf";
        bool is_choice = node_find(right, choice) != NULL;
        const struct reason reason = {.forward = is_choice ? P23 : P12,
                                      .backward = is_choice ? P24 : P13,
                                      .keyword = is_choice ? choice : NULL,
                                      .note = note};
        verdict = worse(verdict, one == VERDICT_NO ? inclusion_no(run, left, right, reason)
                                                   : inclusion_unknown(run, left, right, reason));
    }
    return verdict;
}

static enum verdict decide_variant(struct inclusion *run, const struct variant *left,
                                   const struct node *right)
{
    enum verdict verdict = VERDICT_YES;
    for (size_t i = 0; i < COUNT_OF(checks); i++) {
        if (left->is_finite && !checks[i].is_for_values) {
            continue;
        }
        verdict = worse(verdict, check_keyword(run, left, right, i));
        if (verdict == VERDICT_NO && (checks[i].check == check_type || run->quiet > 0)) {
            return verdict; /* nothing more to say */
        }
    }
    if (left->is_finite && verdict == VERDICT_YES) {
        verdict = check_each_value(run, left, right);
    }
    return verdict;
}

static enum verdict decide_nothing(struct inclusion *run, const struct variants *variants,
                                   const struct node *right)
{
    if (variants->count == 0) {
        return VERDICT_YES;
    }
    return inclusion_no(
        run, &variants->items[0], right,
        (struct reason){.forward = P09, .backward = P10, .note = "nothing at all is allowed"});
}

static enum verdict decide_variants(struct inclusion *run, const struct terms *left,
                                    const struct node *right)
{
    struct variants variants;
    variants_make(run, left, &variants);
    if (variants.is_unsure) {
        return undecided(run, left, right, "too many alternatives");
    }
    if (right->kind == NODE_BOOLEAN) {
        return decide_nothing(run, &variants, right);
    }
    enum verdict verdict = VERDICT_YES;
    for (size_t i = 0; i < variants.count; i++) {
        verdict = worse(verdict, decide_variant(run, &variants.items[i], right));
        if (verdict == VERDICT_NO && run->quiet > 0) {
            break;
        }
    }
    return verdict;
}

/* ---- What was decided before. ---- */

static bool same_terms(const struct terms *a, const struct terms *b)
{
    if (a->count != b->count || a->is_unsure != b->is_unsure) {
        return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        if (a->items[i].node != b->items[i].node || a->items[i].is_left != b->items[i].is_left) {
            return false;
        }
    }
    for (size_t i = 0; i < a->unfollowed_count && i < b->unfollowed_count; i++) {
        if (a->unfollowed[i] != b->unfollowed[i]) {
            return false;
        }
    }
    return a->unfollowed_count == b->unfollowed_count;
}

static struct decision *find_decision(struct inclusion *run, const struct terms *left,
                                      const struct node *right)
{
    struct decision **slot = &memo(run)->decisions[slot_of(right)];
    for (struct decision *at = *slot; at != NULL; at = at->next) {
        if (at->right == right && at->is_extended == run->is_extended &&
            same_terms(at->left, left)) {
            return at;
        }
    }
    struct decision *decision = arena_alloc(&run->arena, sizeof *decision);
    *decision = (struct decision){.left = terms_copy(run, left),
                                  .right = right,
                                  .is_extended = run->is_extended,
                                  .state = STATE_FORGOTTEN,
                                  .next = *slot};
    *slot = decision;
    return decision;
}

/* One that is open is taken for YES further down in the instance: were it wrong, another step down
 * would show it, and instances end. At the same place it would prove itself. */
static enum verdict use_open(struct inclusion *run, const struct decision *decision)
{
    if (decision->depth >= run->depth) {
        return undecided(run, decision->left, decision->right, "a schema that refers to itself");
    }
    if (decision->order < run->lowest_used) {
        run->lowest_used = decision->order;
    }
    return VERDICT_YES;
}

/* What rests on an assumption that is not settled is not remembered. */
static void close_decision(struct inclusion *run, struct decision *decision, enum verdict verdict,
                           size_t lowest_before)
{
    bool is_settled = run->lowest_used >= decision->order || verdict != VERDICT_YES;
    decision->state = is_settled ? STATE_DONE : STATE_FORGOTTEN;
    decision->verdict = verdict;
    if (run->lowest_used >= decision->order || lowest_before < run->lowest_used) {
        run->lowest_used = lowest_before;
    }
}

static enum verdict decide(struct inclusion *run, const struct terms *left,
                           const struct node *right)
{
    struct decision *decision = find_decision(run, left, right);
    if (decision->state == STATE_OPEN) {
        return use_open(run, decision);
    }
    /* Findings are told again for every path, so only silence may be remembered. */
    if (decision->state == STATE_DONE && (decision->verdict == VERDICT_YES || run->quiet > 0)) {
        return decision->verdict;
    }
    size_t lowest_before = run->lowest_used;
    decision->state = STATE_OPEN;
    decision->depth = run->depth;
    decision->order = run->open_count++;
    run->lowest_used = SIZE_MAX;
    enum verdict verdict = decide_variants(run, left, right);
    run->open_count--;
    close_decision(run, decision, verdict, lowest_before);
    return verdict;
}

enum verdict inclusion_decide(struct inclusion *run, const struct terms *left,
                              const struct node *right)
{
    const struct node *node = inclusion_follow(run, right);
    for (size_t i = 0; node == NULL && i < left->unfollowed_count; i++) {
        if (same_schema(run, left->unfollowed[i], right)) {
            return VERDICT_YES;
        }
    }
    if (node == NULL || (node->kind != NODE_MAP && node->kind != NODE_BOOLEAN)) {
        return undecided(run, left, right,
                         node == NULL ? "the reference cannot be followed" : "this is no schema");
    }
    bool allows_all = node->kind == NODE_BOOLEAN ? node->integer != 0 : node->count == 0;
    if (left->is_never || allows_all) {
        return VERDICT_YES;
    }
    for (size_t i = 0; i < left->count; i++) {
        if (same_schema(run, left->items[i].node, node)) {
            return VERDICT_YES;
        }
    }
    if (++run->steps > INCLUSION_STEPS_MAX || run->depth > INCLUSION_DEPTH_MAX) {
        return undecided(run, left, node, "the schemas are too large or too deep to be compared");
    }
    return decide(run, left, node);
}

enum verdict inclusion_below(struct inclusion *run, const char *step, const struct terms *left,
                             const struct node *right)
{
    size_t length = run->path.length;
    pointer_add_key(&run->path, step);
    run->depth++;
    enum verdict verdict = inclusion_decide(run, left, right);
    run->depth--;
    run->path.length = length;
    return verdict;
}

enum verdict inclusion_try(struct inclusion *run, const struct terms *left,
                           const struct node *right)
{
    run->quiet++;
    enum verdict verdict = inclusion_decide(run, left, right);
    run->quiet--;
    return verdict;
}

enum verdict inclusion_try_strictly(struct inclusion *run, const struct terms *left,
                                    const struct node *right)
{
    bool is_extended = run->is_extended;
    run->is_extended = false;
    enum verdict verdict = inclusion_try(run, left, right);
    run->is_extended = is_extended;
    return verdict;
}

enum verdict inclusion_try_below(struct inclusion *run, const struct terms *left,
                                 const struct node *right)
{
    run->depth++;
    enum verdict verdict = inclusion_try(run, left, right);
    run->depth--;
    return verdict;
}

enum verdict inclusion_run(struct inclusion *run, const struct node *left, const struct node *right)
{
    (void)memo(run);
    struct terms *terms = terms_new(run);
    terms_add(run, terms, left, true);
    size_t found = run->found;
    enum verdict verdict = inclusion_decide(run, terms, right);
    if (verdict != VERDICT_YES && run->found == found && run->quiet == 0) {
        (void)undecided(run, terms, right, "no single keyword is the reason");
    }
    return verdict;
}
