/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/schema_walk.h"

#include <stdlib.h>
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

/* ---- circles ---- */

/* A schema on the way, and the branch of it that is looked into. */
struct step {
    const struct node *at;
    size_t part;
    const struct node *branch; /* NULL: the part's first one comes next */
};

/* A stack of our own: a chain of references may be as long as a file. */
struct way {
    struct step *steps;
    size_t count, room;
};

static void go_into(struct way *way, const struct node *at)
{
    if (way->count == way->room) {
        way->room = way->room > 0 ? way->room * 2 : BRANCHES_MAX_DEPTH;
        way->steps = xrealloc(way->steps, way->room * sizeof way->steps[0]);
    }
    way->steps[way->count++] = (struct step){.at = at};
}

static const struct node *first_branch(const struct step *step)
{
    const struct part *part = &parts[step->part];
    const struct node *node = part->is_in_place ? node_find(step->at, part->key) : NULL;
    if (node == NULL || part->shape == ONE) {
        return node;
    }
    bool is_many = node->kind == (part->shape == MAP ? NODE_MAP : NODE_LIST);
    return is_many ? node->first : NULL;
}

/* The next schema that judges the same value; NULL after the last. */
static const struct node *next_branch(struct step *step)
{
    while (step->part < COUNT_OF(parts)) {
        bool is_first = step->branch == NULL;
        bool is_one = parts[step->part].shape == ONE;
        step->branch = is_first ? first_branch(step) : is_one ? NULL : step->branch->next;
        if (step->branch != NULL) {
            return step->branch;
        }
        step->part++;
    }
    return NULL;
}

void schema_circles_find(struct schema_circles *circles, struct documents *documents,
                         const struct node *schema, schema_circle_see *see, void *context)
{
    struct way way = {0};
    const struct node *start = ref_follow(documents, schema);
    if (start != NULL && node_set_add(&circles->entered, start)) {
        go_into(&way, start);
    }
    while (way.count > 0) {
        struct step *step = &way.steps[way.count - 1];
        const struct node *branch = next_branch(step);
        const struct node *at = ref_follow(documents, branch);
        if (branch == NULL) {
            (void)node_set_add(&circles->left, step->at);
            way.count--;
        } else if (at == NULL || at->kind != NODE_MAP) {
            continue;
        } else if (node_set_add(&circles->entered, at)) {
            go_into(&way, at);
        } else if (!node_set_has(&circles->left, at)) {
            see(context, branch);
        }
    }
    free(way.steps);
}

void schema_circles_done(struct schema_circles *circles)
{
    node_set_done(&circles->entered);
    node_set_done(&circles->left);
}

/* ---- questions ---- */

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
