/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/diff/inclusion.h"

#include <string.h>

struct terms *terms_new(struct inclusion *run)
{
    return arena_alloc(&run->arena, sizeof(struct terms));
}

struct terms *terms_copy(struct inclusion *run, const struct terms *terms)
{
    struct terms *copy = terms_new(run);
    *copy = *terms;
    return copy;
}

static bool has_term(const struct terms *terms, const struct node *node, bool is_left)
{
    for (size_t i = 0; i < terms->count; i++) {
        if (terms->items[i].node == node && terms->items[i].is_left == is_left) {
            return true;
        }
    }
    return false;
}

bool terms_have(const struct terms *terms, const struct node *node)
{
    return has_term(terms, node, true) || has_term(terms, node, false);
}

void terms_add(struct inclusion *run, struct terms *terms, const struct node *schema, bool is_left)
{
    const struct node *node = inclusion_follow(run, schema);
    if (node == NULL || (node->kind != NODE_MAP && node->kind != NODE_BOOLEAN)) {
        bool is_kept = node == NULL && terms->unfollowed_count < INCLUSION_UNFOLLOWED_MAX;
        terms->is_unsure = true;
        if (is_kept) {
            terms->unfollowed[terms->unfollowed_count++] = schema;
        }
        return;
    }
    if (node->kind == NODE_BOOLEAN) {
        terms->is_never |= node->integer == 0;
        return;
    }
    /* Known already: that also ends a schema that holds itself in allOf. */
    if (has_term(terms, node, is_left)) {
        return;
    }
    if (terms->count == INCLUSION_TERMS_MAX) {
        terms->is_unsure = true;
        return;
    }
    terms->items[terms->count++] = (struct term){node, is_left};
    const struct node *refused = node_find(node, "not");
    refused = refused != NULL ? inclusion_follow(run, refused) : NULL;
    if (refused != NULL &&
        (refused->kind == NODE_BOOLEAN ? refused->integer != 0
                                       : refused->kind == NODE_MAP && refused->count == 0)) {
        terms->is_never = true;
    }
    const struct node *twice = node_find(refused, "not");
    if (refused != NULL && twice != NULL && refused->count == 1) {
        terms_add(run, terms, twice, is_left);
    }
    const struct node *all = node_find(node, "allOf");
    for (const struct node *part = all != NULL ? all->first : NULL; part != NULL;
         part = part->next) {
        terms_add(run, terms, part, is_left);
    }
}

const struct node *terms_find(const struct terms *terms, const char *keyword)
{
    for (size_t i = 0; i < terms->count; i++) {
        const struct node *value = node_find(terms->items[i].node, keyword);
        if (value != NULL) {
            return value;
        }
    }
    return NULL;
}

/* False when a pattern could not be decided: then additionalProperties may hold or not. */
static bool add_matching(struct inclusion *run, const struct term *term, const char *name,
                         struct terms *out, bool *is_declared)
{
    bool is_sure = true;
    const struct node *patterns = node_find(term->node, "patternProperties");
    for (const struct node *at = patterns != NULL ? patterns->first : NULL; at != NULL;
         at = at->next) {
        enum verdict verdict = instance_matches(run, at->key, name);
        if (verdict == VERDICT_YES) {
            terms_add(run, out, at, term->is_left);
            *is_declared = true;
        }
        is_sure &= verdict != VERDICT_UNKNOWN;
    }
    return is_sure;
}

static void add_member(struct inclusion *run, const struct term *term, const char *name,
                       struct terms *out)
{
    bool is_declared = false;
    const struct node *property = node_find(node_find(term->node, "properties"), name);
    if (property != NULL) {
        terms_add(run, out, property, term->is_left);
        is_declared = true;
    }
    bool is_sure = add_matching(run, term, name, out, &is_declared);
    const struct node *others = node_find(term->node, "additionalProperties");
    if (!is_declared && is_sure && others != NULL) {
        terms_add(run, out, others, term->is_left);
    }
    out->is_unsure |= !is_sure;
}

static bool lists(const struct node *list, const char *name)
{
    for (const struct node *at = list != NULL ? list->first : NULL; at != NULL; at = at->next) {
        if (at->kind == NODE_STRING && strcmp(at->text, name) == 0) {
            return true;
        }
    }
    return false;
}

/* What is required is declared as well: whoever publishes it must say it. */
static bool is_declared(const struct terms *declaring, const char *name)
{
    for (size_t i = 0; i < declaring->count; i++) {
        const struct node *schema = declaring->items[i].node;
        if (node_find(node_find(schema, "properties"), name) != NULL ||
            lists(node_find(schema, "required"), name)) {
            return true;
        }
    }
    return false;
}

/* {not: {required: [name]}}, {dependencies: {name: false}} */
static bool refuses_member(const struct node *schema, const char *name)
{
    const struct node *refused = node_find(schema, "not");
    const struct node *required = node_find(refused, "required");
    const struct node *dependency = node_find(node_find(schema, "dependencies"), name);
    return (required != NULL && refused->count == 1 && required->count == 1 &&
            lists(required, name)) ||
           (dependency != NULL && dependency->kind == NODE_BOOLEAN && dependency->integer == 0);
}

void terms_member(struct inclusion *run, const struct variant *variant, const char *name,
                  struct terms *out)
{
    for (size_t i = 0; i < variant->terms->count; i++) {
        const struct term *term = &variant->terms->items[i];
        add_member(run, term, name, out);
        out->is_never |= refuses_member(term->node, name);
        const struct node *names = node_find(term->node, "propertyNames");
        if (names != NULL) {
            struct node text = {.kind = NODE_STRING, .text = name};
            out->is_never |= instance_fits(run, &text, names) == VERDICT_NO;
        }
    }
    if (variant->is_closed && !is_declared(variant->declaring, name)) {
        out->is_never = true;
    }
    out->is_never |= variant->max_size == 0;
    out->is_unsure |= variant->terms->is_unsure;
}

static void add_item(struct inclusion *run, const struct term *term, size_t index,
                     struct terms *out)
{
    const struct node *items = node_find(term->node, "items");
    if (items == NULL) {
        return;
    }
    if (items->kind != NODE_LIST) {
        terms_add(run, out, items, term->is_left);
        return;
    }
    const struct node *at = items->first;
    for (size_t i = 0; i < index && at != NULL; i++) {
        at = at->next;
    }
    at = at != NULL ? at : node_find(term->node, "additionalItems");
    if (at != NULL) {
        terms_add(run, out, at, term->is_left);
    }
}

void terms_item(struct inclusion *run, const struct terms *terms, size_t index, struct terms *out)
{
    for (size_t i = 0; i < terms->count; i++) {
        add_item(run, &terms->items[i], index, out);
    }
    out->is_unsure |= terms->is_unsure;
}

/* ---- Names. ---- */

const struct node *terms_pattern(struct inclusion *run, const char *pattern)
{
    struct node *keyword = arena_alloc(&run->arena, sizeof *keyword);
    struct node *schema = arena_alloc(&run->arena, sizeof *schema);
    *keyword =
        (struct node){.kind = NODE_STRING, .text = pattern, .key = "pattern", .parent = schema};
    *schema = (struct node){.kind = NODE_MAP, .first = keyword, .last = keyword, .count = 1};
    return schema;
}

static struct node string_type = {.kind = NODE_STRING, .text = "string", .key = "type"};
static const struct node any_name = {
    .kind = NODE_MAP,
    .first = &string_type,
    .last = &string_type,
    .count = 1,
};

struct terms *terms_names(struct inclusion *run, const struct terms *terms,
                          const struct node *pattern)
{
    struct terms *names = terms_new(run);
    terms_add(run, names, &any_name, true);
    if (pattern != NULL) {
        terms_add(run, names, pattern, true);
    }
    for (size_t i = 0; i < terms->count; i++) {
        const struct node *own = node_find(terms->items[i].node, "propertyNames");
        if (own != NULL) {
            terms_add(run, names, own, terms->items[i].is_left);
        }
    }
    return names;
}
