/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/ref.h"

#include "contracts/pointer.h"
#include "core/text.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void documents_done(struct documents *documents)
{
    arena_done(&documents->arena);
    findings_done(&documents->findings);
    free(documents->slots);
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
    if (length == 0) {
        normal[length++] = '.';
    } else if (length > 1) {
        length--;
    }
    normal[length] = '\0';
    return normal;
}

/* Links resolved; NULL when there is no such file. */
static const char *real_path(struct arena *arena, const char *path)
{
    char real[PATH_MAX];
    return realpath(path, real) != NULL ? arena_text(arena, real, strlen(real)) : NULL;
}

static struct document *find_document(const struct documents *documents, const char *name,
                                      const char *real)
{
    struct document *document = documents->first;
    while (document != NULL && strcmp(document->path, name) != 0 &&
           (real == NULL || document->real == NULL || strcmp(document->real, real) != 0)) {
        document = document->next;
    }
    return document;
}

const struct document *documents_open(struct documents *documents, const char *path)
{
    char *name = normal_path(&documents->arena, path);
    struct document *document = find_document(documents, name, NULL);
    const char *real = document == NULL ? real_path(&documents->arena, name) : NULL;
    document = document == NULL ? find_document(documents, name, real) : document;
    if (document != NULL) {
        return document->root != NULL ? document : NULL;
    }

    document = arena_alloc(&documents->arena, sizeof *document);
    document->path = name;
    document->real = real;
    document->root = node_load(name, &documents->arena, &documents->findings);
    struct document **last = &documents->first;
    while (*last != NULL) {
        last = &(*last)->next;
    }
    *last = document;
    return document->root != NULL ? document : NULL;
}

static const struct node *root_of(const struct node *node)
{
    while (node->parent != NULL) {
        node = node->parent;
    }
    return node;
}

/* A part of a reference with %xx decoded; what is no such escape stays. */
static char *decode(struct arena *arena, const char *text, size_t length)
{
    char *part = arena_text(arena, text, length);
    (void)text_decode_percent(part);
    return part;
}

/* The file that a reference names, seen from the file it stands in. Only files: reading a device
 * might never end. */
static const struct node *open_target(struct documents *documents, const struct node *ref,
                                      size_t length)
{
    if (length == 0) {
        return root_of(ref);
    }
    const char *from = ref->place.path;
    const char *slash = strrchr(from, '/');
    size_t folder = slash != NULL ? (size_t)(slash - from) + 1 : 0;
    const char *path = arena_printf(&documents->arena, "%.*s%s", (int)folder, from,
                                    decode(&documents->arena, ref->text, length));
    struct stat entry;
    const struct document *document = NULL;
    if (stat(path, &entry) == 0 && S_ISREG(entry.st_mode)) {
        document = documents_open(documents, path);
    }
    if (document == NULL) {
        findings_add_kind(&documents->findings, FINDING_DANGLING, ref->place,
                          "the reference \"%s\" names no readable file", ref->text);
        return NULL;
    }
    return document->root;
}

/* What is known of a reference, by its text's node. */
struct ref_slot {
    const struct node *ref;
    const struct node *target; /* NULL: nowhere, or not yet */
    bool is_open;              /* it is being followed right now */
};

static struct ref_slot *slot_of(const struct documents *documents, const struct node *ref)
{
    size_t mask = documents->slot_count - 1;
    uint64_t hash = (uint64_t)(uintptr_t)ref * 0x9E3779B97F4A7C15u;
    size_t at = (size_t)(hash >> 32) & mask;
    while (documents->slots[at].ref != NULL && documents->slots[at].ref != ref) {
        at = (at + 1) & mask;
    }
    return &documents->slots[at];
}

static void make_room(struct documents *documents)
{
    enum { FIRST = 64 };
    if (documents->slots_used * 2 < documents->slot_count) {
        return;
    }
    struct ref_slot *old = documents->slots;
    size_t count = documents->slot_count;
    documents->slot_count = count > 0 ? count * 2 : FIRST;
    documents->slots = xcalloc(documents->slot_count, sizeof *old);
    for (size_t i = 0; i < count; i++) {
        if (old[i].ref != NULL) {
            *slot_of(documents, old[i].ref) = old[i];
        }
    }
    free(old);
}

static const struct node *hop(struct documents *documents, const struct node *ref, int hops);

/* References on the way of a pointer are followed as well: '#/channels/x/messages/Y' where x is a
 * reference. */
static const struct node *follow(struct documents *documents, const struct node *node, int hops)
{
    const struct node *ref = node_find(node, "$ref");
    return ref == NULL ? node : hop(documents, ref, hops + 1);
}

bool ref_is_elsewhere(const char *ref)
{
    return ref[0] == '/' || ref[strcspn(ref, ":/#")] == ':';
}

static const struct node *walk(struct documents *documents, const struct node *ref, int hops)
{
    size_t file = strcspn(ref->text, "#");
    const struct node *node = open_target(documents, ref, file);
    const char *at = ref->text + file;
    at += *at == '#' ? 1 : 0;
    while (node != NULL && *at == '/') {
        size_t length = strcspn(++at, "/");
        char *step = decode(&documents->arena, at, length);
        pointer_unescape(step);
        const struct node *child = pointer_child(node, step);
        if (child == NULL) {
            /* Only then: {$ref: '#/definitions/a', definitions: {a: …}} is no circle. */
            node = follow(documents, node, hops);
            if (node == NULL) {
                return NULL;
            }
            child = pointer_child(node, step);
        }
        node = child;
        at += length;
        if (node == NULL) {
            findings_add_kind(&documents->findings, FINDING_DANGLING, ref->place,
                              "the reference \"%s\" leads nowhere from \"%.*s\" on", ref->text,
                              (int)(at - ref->text), ref->text);
        }
    }
    if (node != NULL && *at != '\0') {
        findings_add_kind(&documents->findings, FINDING_DANGLING, ref->place,
                          "\"%s\" is no JSON Pointer", ref->text);
        return NULL;
    }
    return node == NULL ? NULL : follow(documents, node, hops);
}

/* NULL after a finding. */
static const struct node *walk_if_possible(struct documents *documents, const struct node *ref,
                                           int hops)
{
    struct findings *findings = &documents->findings;
    if (ref->kind != NODE_STRING) {
        findings_add_kind(findings, FINDING_DANGLING, ref->place, "$ref must be a string, not %s",
                          node_kind_phrase(ref->kind));
        return NULL;
    }
    if (ref_is_elsewhere(ref->text)) {
        findings_add_kind(findings, FINDING_NOT_FOLLOWED, ref->place,
                          "the reference \"%s\" must be relative to this file", ref->text);
        return NULL;
    }
    if (hops > REF_MAX_HOPS) {
        findings_add_kind(findings, FINDING_CIRCULAR, ref->place,
                          "more than %d references lead from one to the next", REF_MAX_HOPS);
        return NULL;
    }
    return walk(documents, ref, hops);
}

static const struct node *hop(struct documents *documents, const struct node *ref, int hops)
{
    make_room(documents);
    struct ref_slot *slot = slot_of(documents, ref);
    if (slot->ref != NULL) {
        if (slot->is_open) {
            findings_add_kind(&documents->findings, FINDING_CIRCULAR, ref->place,
                              "the reference \"%s\" leads in a circle", ref->text);
        }
        return slot->target;
    }
    *slot = (struct ref_slot){.ref = ref, .is_open = true};
    documents->slots_used++;
    const struct node *target = walk_if_possible(documents, ref, hops);
    slot = slot_of(documents, ref); /* the table may have grown */
    slot->target = target;
    slot->is_open = false;
    return target;
}

const struct node *ref_follow(struct documents *documents, const struct node *node)
{
    return follow(documents, node, 0);
}
