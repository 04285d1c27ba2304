/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/diff/inclusion.h"

#include "contracts/pointer.h"

#include <string.h>

/*
 * What a $ref may lead to. Below an $id it means one thing to JSON Schema, a place in that schema,
 * and another to tools that see nothing but the file. Where both readings lead somewhere, and not
 * to the same place, it is not followed.
 */

static bool holds_file(const struct documents *documents, const char *path)
{
    for (const struct document *at = documents->first; at != NULL; at = at->next) {
        if (at->path == path) {
            return true;
        }
    }
    return false;
}

struct documents *inclusion_documents(struct inclusion *run, const struct node *node)
{
    return holds_file(run->left_documents, node->place.path) ? run->left_documents
                                                             : run->right_documents;
}

/* The text without its fragment. */
static size_t length_of_address(const char *text)
{
    return strcspn(text, "#?");
}

static const char *last_step(const char *path, size_t length)
{
    const char *slash = memrchr(path, '/', length);
    return slash != NULL ? slash + 1 : path;
}

static bool has_same_last_step(const char *a, const char *b)
{
    const char *left = last_step(a, length_of_address(a));
    const char *right = last_step(b, length_of_address(b));
    size_t length = (size_t)(a + length_of_address(a) - left);
    return (size_t)(b + length_of_address(b) - right) == length &&
           strncmp(left, right, length) == 0;
}

/* A file that calls itself by another name: its relative references are relative to that. */
static bool is_elsewhere(const struct node *root, const struct node *reference)
{
    const char *id = node_find_text(root, "$id");
    return id != NULL && reference->kind == NODE_STRING && reference->text[0] != '#' &&
           !has_same_last_step(id, root->place.path);
}

/* Of an $id that is more than a name in its file; NULL. */
static const char *own_address(const struct node *schema)
{
    const char *id = node_find_text(schema, "$id");
    return id != NULL && id[0] != '#' ? id : NULL;
}

/* The nearest one around it, below the root of the file. */
static const struct node *find_holder(const struct node *node)
{
    while (node->parent != NULL && own_address(node) == NULL) {
        node = node->parent;
    }
    return node->parent != NULL ? node : NULL;
}

static const struct node *walk(struct inclusion *run, const struct node *from, const char *fragment)
{
    if (strchr(fragment, '%') != NULL) {
        return NULL;
    }
    while (from != NULL && *fragment == '/') {
        size_t length = strcspn(++fragment, "/");
        char *step = arena_text(&run->arena, fragment, length);
        pointer_unescape(step);
        from = pointer_child(from, step);
        fragment += length;
    }
    return *fragment == '\0' ? from : NULL;
}

/* "#" alone is the schema around it: no file with contracts is a schema itself. */
const struct node *reference_in_file(struct inclusion *run, const struct node *node)
{
    const char *text = node_find_text(node, "$ref");
    bool is_local = text != NULL && !ref_is_elsewhere(text) && (text[0] != '#' || text[1] != '\0');
    return is_local ? ref_follow(inclusion_documents(run, node), node) : NULL;
}

const struct node *reference_in_holder(struct inclusion *run, const struct node *node)
{
    const char *text = node_find_text(node, "$ref");
    const struct node *holder = text != NULL && text[0] == '#' ? find_holder(node) : NULL;
    const struct node *target = holder != NULL ? walk(run, holder, text + 1) : NULL;
    return target != node ? target : NULL;
}

const struct node *inclusion_follow(struct inclusion *run, const struct node *node)
{
    const struct node *reference = node_find(node, "$ref");
    if (reference == NULL) {
        return node;
    }
    const struct node *root = node;
    while (root->parent != NULL) {
        root = root->parent;
    }
    if (find_holder(node) == NULL) {
        return is_elsewhere(root, reference) ? NULL
                                             : ref_follow(inclusion_documents(run, node), node);
    }
    if (reference->kind != NODE_STRING || reference->text[0] != '#') {
        return NULL;
    }
    const struct node *by_file = reference_in_file(run, node);
    const struct node *by_holder = reference_in_holder(run, node);
    const struct node *target = by_holder != NULL ? by_holder : by_file;
    bool is_clear = by_file == NULL || by_holder == NULL || by_file == by_holder;
    if (!is_clear || target == NULL || ++run->hops > REF_MAX_HOPS) {
        run->hops = 0;
        return NULL;
    }
    target = inclusion_follow(run, target); /* from there on by its own place */
    run->hops = 0;
    return target;
}

/* ---- References that are not followed. ---- */

/* Relative to the same addresses. */
bool reference_has_same_base(const struct node *a, const struct node *b)
{
    while (a != NULL && b != NULL) {
        while (a != NULL && own_address(a) == NULL) {
            a = a->parent;
        }
        while (b != NULL && own_address(b) == NULL) {
            b = b->parent;
        }
        if (a == NULL || b == NULL || strcmp(own_address(a), own_address(b)) != 0) {
            break;
        }
        a = a->parent;
        b = b->parent;
    }
    return a == NULL && b == NULL;
}

static bool may_mean(const char *id, const char *reference)
{
    if (reference[0] == '#') {
        const char *name = strchr(id, '#');
        return name != NULL && strcmp(name, reference) == 0;
    }
    return length_of_address(id) > 0 && has_same_last_step(id, reference);
}

static bool add_candidates(struct inclusion *run, const struct node *node, const char *reference,
                           struct reference_candidates *out)
{
    const char *id = node_find_text(node, "$id");
    if (id != NULL && may_mean(id, reference)) {
        if (out->count == COUNT_OF(out->ids)) {
            return false;
        }
        const char *fragment = reference[0] != '#' ? strchr(reference, '#') : NULL;
        out->ids[out->count] = id;
        out->targets[out->count++] = fragment != NULL ? walk(run, node, fragment + 1) : node;
        /* A name within is not looked for. */
        if (fragment != NULL && fragment[1] != '\0' && fragment[1] != '/') {
            return false;
        }
    }
    for (const struct node *child = node->first; child != NULL; child = child->next) {
        if (child->kind >= NODE_LIST && !add_candidates(run, child, reference, out)) {
            return false;
        }
    }
    return true;
}

bool reference_candidates(struct inclusion *run, const struct node *node,
                          struct reference_candidates *out)
{
    const char *reference = node_find_text(node, "$ref");
    *out = (struct reference_candidates){0};
    const struct documents *documents = inclusion_documents(run, node);
    for (const struct document *at = documents->first; at != NULL; at = at->next) {
        if (at->root != NULL && !add_candidates(run, at->root, reference, out)) {
            return false;
        }
    }
    return reference != NULL && strchr(reference, '%') == NULL;
}
