/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/schema_walk.h"

#include <string.h>

/* Branches of branches multiply, and may be each other's: a question looks into so many, so deep.
 */
enum { BRANCHES_MAX = 64, BRANCHES_MAX_DEPTH = 32 };

struct question {
    struct documents *documents;
    const char *name;
    const struct node *found;
    int branches, depth;
};

/* Where a schema holds schemas. */
enum shape { ONE, LIST, MAP, ONE_OR_LIST };

static const struct part {
    const char *key;
    enum shape shape;
    bool is_in_place;
} parts[] = {
    {"properties", MAP, false},
    {"patternProperties", MAP, false},
    {"definitions", MAP, false},
    {"additionalProperties", ONE, false},
    {"items", ONE_OR_LIST, false},
    {"additionalItems", ONE, false},
    {"contains", ONE, false},
    {"propertyNames", ONE, false},
    {"dependencies", MAP, true},
    {"allOf", LIST, true},
    {"anyOf", LIST, true},
    {"oneOf", LIST, true},
    {"not", ONE, true},
    {"if", ONE, true},
    {"then", ONE, true},
    {"else", ONE, true},
};

static void remember(struct schema_walk *walk, const struct node *schema,
                     const struct schema_visit *outer, bool is_in_place)
{
    const struct node *at = ref_follow(walk->documents, schema);
    if (at == NULL || at->kind != NODE_MAP || !node_set_add(&walk->seen, at)) {
        return;
    }
    struct schema_visit *visit = arena_alloc(&walk->documents->arena, sizeof *visit);
    *visit = (struct schema_visit){.at = at, .outer = outer, .is_in_place = is_in_place};
    if (walk->first == NULL) {
        walk->first = visit;
    } else {
        walk->last->next = visit;
    }
    walk->last = visit;
}

static void remember_part(struct schema_walk *walk, const struct part *part,
                          const struct schema_visit *outer)
{
    const struct node *node = node_find(outer->at, part->key);
    if (node == NULL) {
        return;
    }
    bool is_list = node->kind == NODE_LIST && (part->shape == LIST || part->shape == ONE_OR_LIST);
    bool is_many = is_list || (part->shape == MAP && node->kind == NODE_MAP);
    if (!is_many && (part->shape == ONE || part->shape == ONE_OR_LIST)) {
        remember(walk, node, outer, part->is_in_place);
    }
    for (const struct node *each = is_many ? node->first : NULL; each != NULL; each = each->next) {
        remember(walk, each, outer, part->is_in_place);
    }
}

void schema_walk(struct schema_walk *walk, const struct node *schema, schema_see *see,
                 void *context)
{
    remember(walk, schema, NULL, false);
    while (walk->first != NULL) {
        const struct schema_visit *visit = walk->first;
        walk->first = walk->first->next;
        see(context, visit);
        for (size_t i = 0; i < COUNT_OF(parts); i++) {
            remember_part(walk, &parts[i], visit);
        }
    }
}

void schema_walk_done(struct schema_walk *walk)
{
    node_set_done(&walk->seen);
}

static const struct node *enter(struct question *question, const struct node *schema)
{
    if (schema == NULL || question->depth > BRANCHES_MAX_DEPTH ||
        question->branches++ > BRANCHES_MAX) {
        return NULL;
    }
    const struct node *at = ref_follow(question->documents, schema);
    return at != NULL && at->kind == NODE_MAP ? at : NULL;
}

static enum schema_answer member_of(struct question *question, const struct node *schema);

static enum schema_answer member_of_part(struct question *question, const struct node *node,
                                         bool is_one)
{
    enum schema_answer best = SCHEMA_OPEN;
    question->depth++;
    for (const struct node *each = is_one ? node : node->first;
         each != NULL && best != SCHEMA_DECLARED; each = is_one ? NULL : each->next) {
        enum schema_answer answer = member_of(question, each);
        best = answer != SCHEMA_OPEN ? answer : best;
    }
    question->depth--;
    return best;
}

static enum schema_answer member_of_branches(struct question *question, const struct node *at)
{
    enum schema_answer best = SCHEMA_OPEN;
    for (size_t i = 0; i < COUNT_OF(parts) && best != SCHEMA_DECLARED; i++) {
        const struct node *node = parts[i].is_in_place ? node_find(at, parts[i].key) : NULL;
        if (node != NULL && strcmp(parts[i].key, "not") != 0) {
            enum schema_answer answer = member_of_part(question, node, parts[i].shape == ONE);
            best = answer != SCHEMA_OPEN ? answer : best;
        }
    }
    return best;
}

static enum schema_answer member_of(struct question *question, const struct node *schema)
{
    const struct node *at = enter(question, schema);
    const struct node *properties = node_find(at, "properties");
    const struct node *own = node_find(properties, question->name);
    const struct node *others = node_find(at, "additionalProperties");
    if (at == NULL) {
        return SCHEMA_OPEN;
    }
    if (own != NULL) {
        question->found = own;
        return SCHEMA_DECLARED;
    }
    enum schema_answer answer = member_of_branches(question, at);
    if (answer == SCHEMA_DECLARED) {
        return answer;
    }
    if (node_find(at, "patternProperties") != NULL ||
        (others != NULL && others->kind == NODE_MAP)) {
        return SCHEMA_OPEN;
    }
    return properties != NULL ? SCHEMA_ABSENT : answer;
}

enum schema_answer schema_member(struct documents *documents, const struct node *schema,
                                 const char *name, const struct node **found)
{
    struct question question = {.documents = documents, .name = name};
    enum schema_answer answer = member_of(&question, schema);
    if (answer == SCHEMA_DECLARED) {
        *found = question.found;
    }
    return answer;
}

static bool requires(struct question *question, const struct node *schema);

/* Of a list of branches: whether one does, or all. */
static bool branches_require(struct question *question, const struct node *list, bool all)
{
    if (list == NULL || list->kind != NODE_LIST || list->count == 0) {
        return false;
    }
    bool answer = all;
    question->depth++;
    for (const struct node *each = list->first; each != NULL && answer == all; each = each->next) {
        answer = requires(question, each);
    }
    question->depth--;
    return answer;
}

static bool requires(struct question *question, const struct node *schema)
{
    const struct node *at = enter(question, schema);
    const struct node *required = node_find(at, "required");
    for (const struct node *each = required != NULL ? required->first : NULL; each != NULL;
         each = each->next) {
        if (each->kind == NODE_STRING && strcmp(each->text, question->name) == 0) {
            return true;
        }
    }
    return branches_require(question, node_find(at, "allOf"), false) ||
           branches_require(question, node_find(at, "anyOf"), true) ||
           branches_require(question, node_find(at, "oneOf"), true);
}

bool schema_requires(struct documents *documents, const struct node *schema, const char *name)
{
    struct question question = {.documents = documents, .name = name};
    return requires(&question, schema);
}
