/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/ref.h"

#include "core/text.h"

#include <stdint.h>
#include <string.h>

void documents_done(struct documents *documents)
{
    arena_done(&documents->arena);
    findings_done(&documents->findings);
    *documents = (struct documents){0};
}

/* "a/./b/../c" → "a/c", so that a file has one name. */
static char *normal_path(struct arena *arena, const char *path)
{
    char *normal = arena_alloc(arena, strlen(path) + 2);
    size_t length = 0;
    const char *at = path;
    if (*at == '/') {
        normal[length++] = '/';
    }
    while (*at != '\0') {
        size_t step = strcspn(at, "/");
        char *slash = memrchr(normal, '/', length > 0 ? length - 1 : 0);
        size_t parent = slash != NULL ? (size_t)(slash - normal) + 1 : 0;
        bool has_parent = length > parent && strncmp(normal + parent, "../", 3) != 0;
        if (step == 2 && strncmp(at, "..", 2) == 0 && has_parent && length > 1) {
            length = parent;
        } else if (step > 0 && !(step == 1 && *at == '.')) {
            memcpy(normal + length, at, step);
            length += step;
            normal[length++] = '/';
        }
        at += step;
        at += strspn(at, "/");
    }
    normal[length > 1 ? length - 1 : length] = '\0';
    return normal;
}

const struct document *documents_open(struct documents *documents, const char *path)
{
    char *name = normal_path(&documents->arena, path);
    struct document **at = &documents->first;
    for (; *at != NULL; at = &(*at)->next) {
        if (strcmp((*at)->path, name) == 0) {
            return (*at)->root != NULL ? *at : NULL;
        }
    }

    struct document *document = arena_alloc(&documents->arena, sizeof *document);
    document->path = name;
    document->root = node_load(name, &documents->arena, &documents->findings);
    *at = document;
    return document->root != NULL ? document : NULL;
}

/* The file that a reference names, seen from the file it stands in. */
static const struct node *open_target(struct documents *documents, const struct node *ref,
                                      size_t length)
{
    const char *from = ref->place.path;
    const char *slash = strrchr(from, '/');
    size_t folder = slash != NULL ? (size_t)(slash - from) + 1 : 0;
    const char *path = length == 0 ? from
                                   : arena_printf(&documents->arena, "%.*s%.*s", (int)folder, from,
                                                  (int)length, ref->text);
    const struct document *document = documents_open(documents, path);
    if (document == NULL) {
        findings_add(&documents->findings, ref->place,
                     "the reference \"%s\" names no readable file", ref->text);
        return NULL;
    }
    return document->root;
}

static int hex(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c != '\0' ? strchr(digits, c | 0x20) : NULL;
    return at != NULL ? (int)(at - digits) : -1;
}

/* One step of a JSON Pointer in a URI fragment: %xx, then ~1 and ~0. */
static char *pointer_step(struct arena *arena, const char *text, size_t length)
{
    char *step = arena_alloc(arena, length + 1);
    size_t out = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '%' && i + 2 < length && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0) {
            step[out++] = (char)(hex(text[i + 1]) * 16 + hex(text[i + 2]));
            i += 2;
        } else {
            step[out++] = text[i];
        }
    }
    step[out] = '\0';

    char *to = step;
    for (const char *from = step; *from != '\0'; from++) {
        if (from[0] == '~' && (from[1] == '0' || from[1] == '1')) {
            *to++ = from[1] == '0' ? '~' : '/';
            from++;
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
    return step;
}

static const struct node *child_at(const struct node *node, const char *step)
{
    if (node->kind == NODE_MAP) {
        return node_find(node, step);
    }
    int64_t index = 0;
    if (node->kind != NODE_LIST || !text_int(step, 0, NODE_MAX_ITEMS, &index)) {
        return NULL;
    }
    const struct node *child = node->first;
    while (child != NULL && index-- > 0) {
        child = child->next;
    }
    return child;
}

static const struct node *hop(struct documents *documents, const struct node *ref, int hops);

/* References on the way of a pointer are followed as well: '#/channels/x/messages/Y' where x is a
 * reference. */
static const struct node *follow(struct documents *documents, const struct node *node, int hops)
{
    const struct node *ref = node_find(node, "$ref");
    return ref == NULL ? node : hop(documents, ref, hops + 1);
}

static const struct node *hop(struct documents *documents, const struct node *ref, int hops)
{
    if (ref->kind != NODE_STRING) {
        findings_add(&documents->findings, ref->place, "$ref must be a string, not a %s",
                     node_kind_name(ref->kind));
        return NULL;
    }
    if (hops > REF_MAX_HOPS) {
        findings_add(&documents->findings, ref->place, "the reference \"%s\" leads in a circle",
                     ref->text);
        return NULL;
    }
    if (++documents->followed > REF_MAX_FOLLOWED) {
        findings_add(&documents->findings, (struct position){.path = ref->place.path},
                     "more than %d references were followed", REF_MAX_FOLLOWED);
        return NULL;
    }
    size_t file = strcspn(ref->text, "#");
    if (ref->text[0] == '/' || memchr(ref->text, ':', file) != NULL) {
        findings_add(&documents->findings, ref->place,
                     "the reference \"%s\" must be relative to this file", ref->text);
        return NULL;
    }

    const struct node *node = open_target(documents, ref, file);
    const char *at = ref->text + file;
    at += *at == '#' ? 1 : 0;
    while (node != NULL && *at == '/') {
        size_t length = strcspn(++at, "/");
        node = follow(documents, node, hops);
        if (node == NULL) {
            return NULL;
        }
        node = child_at(node, pointer_step(&documents->arena, at, length));
        at += length;
        if (node == NULL) {
            findings_add(&documents->findings, ref->place,
                         "the reference \"%s\" leads nowhere from \"%.*s\" on", ref->text,
                         (int)(at - ref->text), ref->text);
        }
    }
    if (node != NULL && *at != '\0') {
        findings_add(&documents->findings, ref->place, "\"%s\" is no JSON Pointer", ref->text);
        return NULL;
    }
    return node == NULL ? NULL : follow(documents, node, hops);
}

const struct node *ref_follow(struct documents *documents, const struct node *node)
{
    return follow(documents, node, 0);
}
