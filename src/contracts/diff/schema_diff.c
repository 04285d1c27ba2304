/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/diff/schema_diff.h"

#include "contracts/literal.h"
#include "contracts/pointer.h"

#include <stdlib.h>
#include <string.h>

enum { PAIRS_MAX = 2000, DEPTH_MAX = 64 };

/* ---- What does not touch the wire, or only touches it through conventions. ---- */

struct walk {
    struct inclusion run; /* for references and comparisons */
    const struct schema_diff_options *options;
    struct diff *diff;
    struct buffer path;
    struct {
        const struct node *old, *new;
    } seen[PAIRS_MAX];
    size_t seen_count;
    int depth;
};

static struct position place_of(const struct node *keyword, const struct node *schema)
{
    return keyword != NULL ? keyword->key_place : schema->place;
}

static void tell(struct walk *walk, enum diff_rule_id rule, enum diff_level level, unsigned sides,
                 const struct node *const schemas[2], const struct node *const keywords[2],
                 const char *note)
{
    const struct node *decides = keywords[1] != NULL ? keywords[1] : schemas[1];
    const struct diff_finding finding = {
        .rule = rule,
        .level = level,
        .sides = sides,
        .old_place = place_of(keywords[0], schemas[0]),
        .new_place = place_of(keywords[1], schemas[1]),
        .old_node = schemas[0],
        .new_node = schemas[1],
        .subject = walk->options->subject != NULL ? walk->options->subject : "",
        .path = buffer_cstr(&walk->path),
        .pointer = pointer_to(&walk->run.arena, decides),
        .before = diff_text(&walk->run.arena, keywords[0]),
        .after = diff_text(&walk->run.arena, keywords[1]),
        .note = note,
    };
    diff_add(walk->diff, &finding);
}

/* Keywords that assert nothing, and what a change of them means. */
static const struct {
    const char *keyword;
    enum diff_rule_id rule;
    enum diff_level level;
    bool is_extended;
    unsigned sides;
} notes[] = {
    {"title", P29, DIFF_OK, false, 0},
    {"description", P29, DIFF_OK, false, 0},
    {"examples", P29, DIFF_OK, false, 0},
    {"$comment", P29, DIFF_OK, false, 0},
    {"additionalProperties", P22, DIFF_RISKY, false, 0},
    {"default", P29, DIFF_RISKY, false, 0},
    {"deprecated", P30, DIFF_OK, false, 0},
    {"discriminator", P28, DIFF_BREAKING, true, DIFF_FORWARD | DIFF_BACKWARD},
    {"x-extensible-enum", P12, DIFF_RISKY, true, 0},
};

/* Keywords of which generated code is made. */
static const char *const generated[] = {
    "maxLength", "maxItems", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
    "enum",      "const",    "format",  "pattern", "minLength",        "minItems",
};

static bool differ(const struct node *a, const struct node *b)
{
    return a == NULL || b == NULL ? a != b : !literal_equal(a, b);
}

/* DIFF_RULE_COUNT: by any rule. */
static bool is_told(const struct diff *diff, enum diff_rule_id rule, const struct node *keyword)
{
    for (size_t i = 0; i < diff->count && keyword != NULL; i++) {
        struct position place = diff->items[i].new_place;
        if ((rule == DIFF_RULE_COUNT || diff->items[i].rule == rule) &&
            place.path == keyword->key_place.path && place.line == keyword->key_place.line &&
            place.column == keyword->key_place.column) {
            return true;
        }
    }
    return false;
}

static void compare_notes(struct walk *walk, const struct node *old, const struct node *new)
{
    for (size_t i = 0; i < COUNT_OF(notes); i++) {
        const struct node *a = node_find(old, notes[i].keyword);
        const struct node *b = node_find(new, notes[i].keyword);
        if ((notes[i].is_extended && !walk->options->is_extended) || !differ(a, b) ||
            is_told(walk->diff, notes[i].rule, b)) {
            continue;
        }
        tell(walk, notes[i].rule, notes[i].level, notes[i].sides & walk->options->sides,
             (const struct node *const[2]){old, new}, (const struct node *const[2]){a, b},
             notes[i].keyword);
    }
    for (size_t i = 0; i < COUNT_OF(generated) && walk->options->is_extended; i++) {
        const struct node *a = node_find(old, generated[i]);
        const struct node *b = node_find(new, generated[i]);
        if (differ(a, b) && !is_told(walk->diff, DIFF_RULE_COUNT, b)) {
            tell(walk, P31, DIFF_SOURCE, 0, (const struct node *const[2]){old, new},
                 (const struct node *const[2]){a, b}, generated[i]);
        }
    }
}

static void walk_pair(struct walk *walk, const struct node *old, const struct node *new);

static void walk_step(struct walk *walk, const char *step, const struct node *old,
                      const struct node *new)
{
    size_t length = walk->path.length;
    buffer_printf(&walk->path, "/%s", step);
    walk_pair(walk, old, new);
    walk->path.length = length;
}

static bool lists(const struct node *schema, const char *name)
{
    const struct node *required = node_find(schema, "required");
    for (const struct node *at = required != NULL ? required->first : NULL; at != NULL;
         at = at->next) {
        if (at->kind == NODE_STRING && strcmp(at->text, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Members of one side only. Required ones are told by the inclusion. */
static void tell_lone(struct walk *walk, enum diff_rule_id rule, const struct node *old,
                      const struct node *new, const struct node *property)
{
    bool is_added = rule == P01;
    if (lists(is_added ? new : old, property->key)) {
        return;
    }
    size_t length = walk->path.length;
    buffer_printf(&walk->path, "/%s", property->key);
    tell(walk, rule, DIFF_OK, 0, (const struct node *const[2]){old, new},
         (const struct node *const[2]){is_added ? NULL : property, is_added ? property : NULL},
         NULL);
    walk->path.length = length;
}

static bool same_order(const struct node *old, const struct node *new)
{
    const struct node *b = new->first;
    for (const struct node *a = old->first; a != NULL; a = a->next) {
        if (node_find(new, a->key) == NULL) {
            continue;
        }
        while (b != NULL && node_find(old, b->key) == NULL) {
            b = b->next;
        }
        if (b == NULL || strcmp(a->key, b->key) != 0) {
            return false;
        }
        b = b->next;
    }
    return true;
}

static void walk_members(struct walk *walk, const struct node *old, const struct node *new)
{
    const struct node *a = node_find(old, "properties");
    const struct node *b = node_find(new, "properties");
    for (const struct node *at = a != NULL ? a->first : NULL; at != NULL; at = at->next) {
        const struct node *other = node_find(b, at->key);
        if (other == NULL) {
            tell_lone(walk, P04, old, new, at);
        } else {
            walk_step(walk, at->key, at, other);
        }
    }
    for (const struct node *at = b != NULL ? b->first : NULL; at != NULL; at = at->next) {
        if (node_find(a, at->key) == NULL) {
            tell_lone(walk, P01, old, new, at);
        }
    }
    if (a != NULL && b != NULL && a->kind == NODE_MAP && b->kind == NODE_MAP &&
        walk->options->is_extended && !same_order(a, b)) {
        /* The same object; only what is generated from it, a struct, is laid out anew. */
        tell(walk, P31, DIFF_OK, 0, (const struct node *const[2]){old, new},
             (const struct node *const[2]){a, b}, "the order of the members");
    }
}

static bool was_seen(struct walk *walk, const struct node *old, const struct node *new)
{
    for (size_t i = 0; i < walk->seen_count; i++) {
        if (walk->seen[i].old == old && walk->seen[i].new == new) {
            return true;
        }
    }
    if (walk->seen_count == PAIRS_MAX) {
        return true;
    }
    walk->seen[walk->seen_count].old = old;
    walk->seen[walk->seen_count++].new = new;
    return false;
}

static void walk_lists(struct walk *walk, const struct node *old, const struct node *new,
                       const char *keyword)
{
    const struct node *a = node_find(old, keyword);
    const struct node *b = node_find(new, keyword);
    if (a == NULL || b == NULL || a->kind != NODE_LIST || b->kind != NODE_LIST ||
        a->count != b->count) {
        return;
    }
    for (a = a->first, b = b->first; a != NULL && b != NULL; a = a->next, b = b->next) {
        walk_pair(walk, a, b);
    }
}

static void walk_pair(struct walk *walk, const struct node *old, const struct node *new)
{
    old = inclusion_follow(&walk->run, old);
    new = inclusion_follow(&walk->run, new);
    if (old == NULL || new == NULL || old->kind != NODE_MAP || new->kind != NODE_MAP ||
        walk->depth == DEPTH_MAX || was_seen(walk, old, new)) {
        return;
    }
    walk->depth++;
    compare_notes(walk, old, new);
    walk_members(walk, old, new);
    const struct node *a = node_find(old, "items");
    const struct node *b = node_find(new, "items");
    if (a != NULL && b != NULL) {
        walk_step(walk, "*", a, b);
    }
    walk_lists(walk, old, new, "allOf");
    walk_lists(walk, old, new, "anyOf");
    walk_lists(walk, old, new, "oneOf");
    walk->depth--;
}

/* ---- One property gone and one come, alike but for the name. ---- */

static const char *last_step(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static bool same_parent(const char *a, const char *b)
{
    size_t length = (size_t)(last_step(a) - a);
    return (size_t)(last_step(b) - b) == length && strncmp(a, b, length) == 0;
}

static struct diff_finding *find_lone(struct diff *diff, size_t from, enum diff_rule_id rule,
                                      const char *beside, size_t *count)
{
    struct diff_finding *found = NULL;
    for (size_t i = from; i < diff->count; i++) {
        if (diff->items[i].rule == rule && same_parent(diff->items[i].path, beside)) {
            found = &diff->items[i];
            (*count)++;
        }
    }
    return found;
}

static void remove_finding(struct diff *diff, const struct diff_finding *finding)
{
    size_t index = (size_t)(finding - diff->items);
    memmove(&diff->items[index], &diff->items[index + 1],
            (diff->count - index - 1) * sizeof diff->items[0]);
    diff->count--;
}

static void join_renamed(struct diff *diff, size_t from, struct inclusion *run)
{
    for (size_t i = from; i < diff->count; i++) {
        struct diff_finding *gone = &diff->items[i];
        size_t gone_count = 0;
        size_t come_count = 0;
        if (gone->rule != P05) {
            continue;
        }
        (void)find_lone(diff, from, P05, gone->path, &gone_count);
        struct diff_finding *come = find_lone(diff, from, P03, gone->path, &come_count);
        if (gone_count != 1 || come_count != 1 || gone->level != come->level) {
            continue;
        }
        const struct node *a =
            node_find(node_find(gone->old_node, "properties"), last_step(gone->path));
        const struct node *b =
            node_find(node_find(come->new_node, "properties"), last_step(come->path));
        if (a == NULL || b == NULL || !same_schema(run, a, b)) {
            continue;
        }
        gone->rule = P08;
        gone->sides |= come->sides;
        gone->new_place = come->new_place;
        gone->before = arena_printf(&diff->arena, "\"%s\"", last_step(gone->path));
        gone->after = arena_printf(&diff->arena, "\"%s\"", last_step(come->path));
        remove_finding(diff, come);
        i = from; /* the list has moved */
    }
}

/* ---- Both directions. ---- */

static enum verdict include(struct diff *diff, const struct schema_version *left,
                            const struct schema_version *right, enum diff_side side,
                            const struct schema_diff_options *options)
{
    if ((options->sides & side) == 0) {
        return VERDICT_YES;
    }
    struct inclusion run = {
        .left_documents = left->documents,
        .right_documents = right->documents,
        .is_closed = options->is_closed,
        .is_extended = options->is_extended,
        .side = side,
        .subject = options->subject,
        .diff = diff,
    };
    enum verdict verdict = inclusion_run(&run, left->schema, right->schema);
    inclusion_done(&run);
    return verdict;
}

struct schema_verdicts schema_diff(struct diff *diff, const struct schema_version *old,
                                   const struct schema_version *new,
                                   const struct schema_diff_options *options)
{
    size_t from = diff->count;
    const struct schema_verdicts verdicts = {
        .forward = include(diff, new, old, DIFF_FORWARD, options),
        .backward = include(diff, old, new, DIFF_BACKWARD, options),
    };
    struct walk *walk = xcalloc(1, sizeof *walk);
    walk->options = options;
    walk->diff = diff;
    walk->run =
        (struct inclusion){.left_documents = old->documents, .right_documents = new->documents};
    if (!options->is_wire_only) {
        walk_pair(walk, old->schema, new->schema);
    }
    join_renamed(diff, from, &walk->run);
    inclusion_done(&walk->run);
    buffer_done(&walk->path);
    free(walk);
    return verdicts;
}
