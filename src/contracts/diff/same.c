/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/diff/inclusion.h"

#include <string.h>

/* Deeper or more than this is simply not known to be the same. */
enum { SAME_PAIRS_MAX = 256, SAME_DEPTH_MAX = 200, SAME_STEPS_MAX = 20000 };

/* How the values of a keyword are compared. What is not here asserts nothing. */
enum content { VALUE, SET, SCHEMA, SCHEMAS, SCHEMA_LIST, SCHEMA_OR_LIST, DEPENDENCIES };

static const struct {
    const char *keyword;
    enum content content;
} keywords[] = {
    {"type", SET},
    {"enum", SET},
    {"const", VALUE},
    {"multipleOf", VALUE},
    {"maximum", VALUE},
    {"exclusiveMaximum", VALUE},
    {"minimum", VALUE},
    {"exclusiveMinimum", VALUE},
    {"maxLength", VALUE},
    {"minLength", VALUE},
    {"pattern", VALUE},
    {"format", VALUE},
    {"items", SCHEMA_OR_LIST},
    {"additionalItems", SCHEMA},
    {"maxItems", VALUE},
    {"minItems", VALUE},
    {"uniqueItems", VALUE},
    {"contains", SCHEMA},
    {"maxProperties", VALUE},
    {"minProperties", VALUE},
    {"required", SET},
    {"properties", SCHEMAS},
    {"patternProperties", SCHEMAS},
    {"additionalProperties", SCHEMA},
    {"dependencies", DEPENDENCIES},
    {"propertyNames", SCHEMA},
    {"if", SCHEMA},
    {"then", SCHEMA},
    {"else", SCHEMA},
    {"allOf", SCHEMA_LIST},
    {"anyOf", SCHEMA_LIST},
    {"oneOf", SCHEMA_LIST},
    {"not", SCHEMA},
    /* Assert nothing themselves, but others read them as if they did. */
    {"contentEncoding", VALUE},
    {"contentMediaType", VALUE},
    {"x-extensible-enum", VALUE},
    {"dependentRequired", VALUE},
    {"dependentSchemas", VALUE},
    {"unevaluatedProperties", VALUE},
    {"unevaluatedItems", VALUE},
    {"prefixItems", VALUE},
    {"minContains", VALUE},
    {"maxContains", VALUE},
    {"$dynamicRef", VALUE},
    {"$recursiveRef", VALUE},
};

struct pair {
    const struct node *a, *b;
};

struct comparison {
    struct inclusion *run;
    struct pair open[SAME_PAIRS_MAX]; /* reached by a reference; taken as the same when met again */
    size_t open_count;
    int depth;
    size_t steps;
};

static bool same(struct comparison *c, const struct node *a, const struct node *b);

static bool has_value(const struct node *list, const struct node *value)
{
    for (const struct node *at = list->first; at != NULL; at = at->next) {
        if (literal_equal(at, value)) {
            return true;
        }
    }
    return false;
}

static bool holds_all(const struct node *list, const struct node *values)
{
    for (const struct node *at = values->first; at != NULL; at = at->next) {
        if (!has_value(list, at)) {
            return false;
        }
    }
    return true;
}

/* "string" is ["string"]. */
static bool same_set(const struct node *a, const struct node *b)
{
    if (a->kind == NODE_LIST && b->kind == NODE_LIST) {
        return holds_all(a, b) && holds_all(b, a);
    }
    if (a->kind == NODE_LIST) {
        return a->count == 1 && literal_equal(a->first, b);
    }
    if (b->kind == NODE_LIST) {
        return b->count == 1 && literal_equal(a, b->first);
    }
    return literal_equal(a, b);
}

static bool same_schemas(struct comparison *c, const struct node *a, const struct node *b,
                         bool (*is_same)(struct comparison *, const struct node *,
                                         const struct node *))
{
    if (a->kind != NODE_MAP || b->kind != NODE_MAP || a->count != b->count) {
        return false;
    }
    for (const struct node *child = a->first; child != NULL; child = child->next) {
        const struct node *other = node_find(b, child->key);
        if (other == NULL || !is_same(c, child, other)) {
            return false;
        }
    }
    return true;
}

/* In their order: whoever shuffles alternatives is judged by the checks. */
static bool same_schema_list(struct comparison *c, const struct node *a, const struct node *b)
{
    if (a->kind != NODE_LIST || b->kind != NODE_LIST || a->count != b->count) {
        return false;
    }
    const struct node *right = b->first;
    for (const struct node *left = a->first; left != NULL; left = left->next) {
        if (!same(c, left, right)) {
            return false;
        }
        right = right->next;
    }
    return true;
}

static bool same_dependency(struct comparison *c, const struct node *a, const struct node *b)
{
    return a->kind == NODE_LIST && b->kind == NODE_LIST ? same_set(a, b) : same(c, a, b);
}

static bool same_content(struct comparison *c, enum content content, const struct node *a,
                         const struct node *b)
{
    switch (content) {
    case SET:
        return same_set(a, b);
    case SCHEMA:
        return same(c, a, b);
    case SCHEMAS:
        return same_schemas(c, a, b, same);
    case SCHEMA_LIST:
        return same_schema_list(c, a, b);
    case SCHEMA_OR_LIST:
        return a->kind == NODE_LIST ? same_schema_list(c, a, b) : same(c, a, b);
    case DEPENDENCIES:
        return same_schemas(c, a, b, same_dependency);
    case VALUE:
        break;
    }
    return literal_equal(a, b);
}

static bool same_maps(struct comparison *c, const struct node *a, const struct node *b)
{
    for (size_t i = 0; i < COUNT_OF(keywords); i++) {
        const struct node *left = node_find(a, keywords[i].keyword);
        const struct node *right = node_find(b, keywords[i].keyword);
        if ((left == NULL) != (right == NULL)) {
            return false;
        }
        if (left != NULL && !same_content(c, keywords[i].content, left, right)) {
            return false;
        }
    }
    return true;
}

static bool is_open(const struct comparison *c, const struct node *a, const struct node *b)
{
    for (size_t i = 0; i < c->open_count; i++) {
        if (c->open[i].a == a && c->open[i].b == b) {
            return true;
        }
    }
    return false;
}

static bool same_nodes(struct comparison *c, const struct node *a, const struct node *b)
{
    if (a->kind != b->kind) {
        return false;
    }
    if (a->kind != NODE_MAP) {
        return a->kind == NODE_BOOLEAN && a->integer == b->integer;
    }
    return same_maps(c, a, b);
}

/* Neither leads anywhere, or both to the same. */
static bool same_targets(struct comparison *c, const struct node *a, const struct node *b)
{
    return a == NULL || b == NULL ? a == b : same(c, a, b);
}

/* Of references that are not followed: wherever they lead, they lead to the same. */
static bool same_elsewhere(struct comparison *c, const struct node *a, const struct node *b)
{
    const char *left = node_find_text(a, "$ref");
    const char *right = node_find_text(b, "$ref");
    bool is_absolute = left != NULL && left[strcspn(left, ":/?#")] == ':';
    struct reference_candidates from;
    struct reference_candidates to;
    if (left == NULL || right == NULL || strcmp(left, right) != 0 ||
        (!is_absolute && !reference_has_same_base(a, b)) ||
        !reference_candidates(c->run, a, &from) || !reference_candidates(c->run, b, &to) ||
        from.count != to.count ||
        !same_targets(c, reference_in_file(c->run, a), reference_in_file(c->run, b)) ||
        !same_targets(c, reference_in_holder(c->run, a), reference_in_holder(c->run, b))) {
        return false;
    }
    for (size_t i = 0; i < from.count; i++) {
        if (strcmp(from.ids[i], to.ids[i]) != 0 ||
            !same_targets(c, from.targets[i], to.targets[i])) {
            return false;
        }
    }
    return true;
}

/* Taken as the same when met again; false: there is no room for more. */
static bool open_pair(struct comparison *c, const struct node *a, const struct node *b)
{
    if (c->open_count == SAME_PAIRS_MAX) {
        return false;
    }
    c->open[c->open_count++] = (struct pair){a, b};
    return true;
}

static bool is_too_much(struct comparison *c)
{
    return ++c->steps > SAME_STEPS_MAX || c->depth == SAME_DEPTH_MAX;
}

static bool same(struct comparison *c, const struct node *written_a, const struct node *written_b)
{
    const struct node *a = inclusion_follow(c->run, written_a);
    const struct node *b = inclusion_follow(c->run, written_b);
    bool by_reference = a != written_a || b != written_b || a == NULL || b == NULL;
    bool is_followed = a != NULL && b != NULL;
    if (!is_followed && a != b) {
        return false; /* one of them is known */
    }
    a = is_followed ? a : written_a;
    b = is_followed ? b : written_b;
    if (is_too_much(c)) {
        return false;
    }
    if ((is_followed && a == b) || is_open(c, a, b)) {
        return true;
    }
    if (by_reference && !open_pair(c, a, b)) {
        return false;
    }
    c->depth++;
    bool is_same = is_followed ? same_nodes(c, a, b) : same_elsewhere(c, a, b);
    c->depth--;
    return is_same;
}

bool same_schema(struct inclusion *run, const struct node *a, const struct node *b)
{
    struct comparison c = {.run = run};
    return same(&c, a, b);
}

bool same_keyword(struct inclusion *run, const char *keyword, const struct node *a,
                  const struct node *b)
{
    struct comparison c = {.run = run};
    for (size_t i = 0; i < COUNT_OF(keywords); i++) {
        if (strcmp(keywords[i].keyword, keyword) == 0) {
            return same_content(&c, keywords[i].content, a, b);
        }
    }
    return false;
}
