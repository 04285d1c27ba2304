/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/sense.h"

#include <stdlib.h>
#include <string.h>

/*
 * What nobody refers to. Everything that can be reached from the documents' roots, without their
 * components, is used; a component that cannot is not, even when another unused one names it.
 */

enum { ROUNDS_MAX = 16 }; /* kinds of kinds of kinds, told apart by a discriminator */

struct reach {
    struct lint *lint;
    struct node_set seen;
    const struct node **list; /* to be looked into */
    size_t count, room;
};

static void done(struct reach *reach)
{
    node_set_done(&reach->seen);
    free(reach->list);
}

static void remember(struct reach *reach, const struct node *node)
{
    if (node == NULL || !node_set_add(&reach->seen, node)) {
        return;
    }
    if (reach->count == reach->room) {
        reach->room = reach->room > 0 ? reach->room * 2 : 64;
        reach->list = xrealloc(reach->list, reach->room * sizeof(struct node *));
    }
    reach->list[reach->count++] = node;
}

/* The root of the file that a reference names. */
static const struct node *root_of(struct documents *documents, const struct node *ref)
{
    const char *from = ref->place.path;
    const char *slash = strrchr(from, '/');
    size_t folder = slash != NULL ? (size_t)(slash - from) + 1 : 0;
    size_t file = strcspn(ref->text, "#");
    AUTO(free_text)
    char *path =
        file > 0 ? xasprintf("%.*s%.*s", (int)folder, from, (int)file, ref->text) : xstrdup(from);
    const struct document *document = documents_open(documents, path);
    return document != NULL ? document->root : NULL;
}

/* '#/components/messages/Order/payload' uses the whole of Order, which may be a reference itself
 * that following would step over. */
static void remember_component(struct reach *reach, const struct node *ref)
{
    static const char prefix[] = "/components/";
    const char *at = ref->text + strcspn(ref->text, "#");
    at += *at == '#' ? 1 : 0;
    if (strncmp(at, prefix, strlen(prefix)) != 0) {
        return;
    }
    at += strlen(prefix);
    size_t kind_length = strcspn(at, "/");
    const char *name_at = at + kind_length + (at[kind_length] == '/');
    AUTO(free_text) char *kind = xstrndup(at, kind_length);
    AUTO(free_text) char *name = xstrndup(name_at, strcspn(name_at, "/"));
    const struct node *components = node_find(root_of(reach->lint->documents, ref), "components");
    remember(reach, node_find(node_find(components, kind), name));
}

static void look_into(struct reach *reach)
{
    while (reach->count > 0) {
        const struct node *node = reach->list[--reach->count];
        const struct node *ref = node_find(node, "$ref");
        if (ref != NULL && ref->kind == NODE_STRING) {
            const struct node *target = ref_follow(reach->lint->documents, node);
            if (target != NULL) { /* else it is dangling, or no file to open again */
                remember(reach, target);
                remember_component(reach, ref);
            }
        }
        for (const struct node *child = node->first; child != NULL; child = child->next) {
            remember(reach, child);
        }
    }
}

/* A document of components alone is a library: its users are elsewhere. */
static bool is_library(const struct node *root)
{
    return node_find(root, "channels") == NULL && node_find(root, "operations") == NULL;
}

static void look_into_document(struct reach *reach, const struct node *root)
{
    for (const struct node *member = root->first; member != NULL; member = member->next) {
        if (strcmp(member->key, "components") != 0 || is_library(root)) {
            remember(reach, member);
        }
    }
    look_into(reach);
}

/* The schema is a kind (allOf) of one that is used and has a discriminator: values name it. */
static bool is_kind_of_used(struct reach *reach, const struct node *schema)
{
    const struct node *list = node_find(schema, "allOf");
    for (const struct node *each = list != NULL ? list->first : NULL; each != NULL;
         each = each->next) {
        const struct node *base = ref_follow(reach->lint->documents, each);
        if (base != NULL && base != each && node_set_has(&reach->seen, base) &&
            node_find(base, "discriminator") != NULL) {
            return true;
        }
    }
    return false;
}

static bool look_into_kinds(struct reach *reach)
{
    bool found = false;
    for (size_t i = 0; i < reach->lint->set->count; i++) {
        const struct node *components =
            node_find(reach->lint->set->items[i].file->root, "components");
        const struct node *schemas = node_find(components, "schemas");
        for (const struct node *each = schemas != NULL ? schemas->first : NULL; each != NULL;
             each = each->next) {
            if (!node_set_has(&reach->seen, each) && is_kind_of_used(reach, each)) {
                remember(reach, each);
                look_into(reach);
                found = true;
            }
        }
    }
    return found;
}

static void judge_components(struct reach *reach, const struct node *root)
{
    const struct node *components = node_find(root, "components");
    for (const struct node *kind = components != NULL ? components->first : NULL; kind != NULL;
         kind = kind->next) {
        bool is_kind = kind->kind == NODE_MAP && strncmp(kind->key, "x-", 2) != 0;
        for (const struct node *each = is_kind ? kind->first : NULL; each != NULL;
             each = each->next) {
            if (!node_set_has(&reach->seen, each)) {
                lint_add(reach->lint, &sense_unused_component, each->key_place,
                         "nothing refers to %s/%s: use it or remove it", kind->key, each->key);
            }
        }
    }
}

static void collect_used(const struct asyncapi *set, struct node_set *used)
{
    for (size_t i = 0; i < set->count; i++) {
        for (size_t j = 0; j < set->items[i].operation_count; j++) {
            const struct asyncapi_operation *operation = &set->items[i].operations[j];
            const struct asyncapi_channel *channels[] = {operation->channel,
                                                         operation->reply_channel};
            for (size_t k = 0; k < COUNT_OF(channels); k++) {
                if (channels[k] != NULL) {
                    (void)node_set_add(used, channels[k]->at);
                }
            }
        }
    }
}

static void judge_channels(struct lint *lint, const struct asyncapi_document *document,
                           const struct node_set *used)
{
    for (size_t i = 0; i < document->channel_count; i++) {
        const struct asyncapi_channel *channel = &document->channels[i];
        if (!node_set_has(used, channel->at)) {
            lint_add(lint, &sense_unused_channel, channel->at->key_place,
                     "no operation uses the channel %s: add one or remove it", channel->key);
        }
    }
}

void sense_unused(struct lint *lint)
{
    AUTO(done) struct reach reach = {.lint = lint};
    AUTO(node_set_done) struct node_set used = {0};
    collect_used(lint->set, &used);
    for (size_t i = 0; i < lint->set->count; i++) {
        look_into_document(&reach, lint->set->items[i].file->root);
    }
    for (int round = 0; round < ROUNDS_MAX && look_into_kinds(&reach); round++) {
    }
    for (size_t i = 0; i < lint->set->count; i++) {
        judge_components(&reach, lint->set->items[i].file->root);
        judge_channels(lint, &lint->set->items[i], &used);
    }
}
