/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/choreography.h"

#include "contracts/similar.h"
#include "core/text.h"

#include <stdlib.h>
#include <string.h>

/* Our extensions: which there are, and where they mean something. */

enum place {
    OPERATION = 1 << 0,
    MESSAGE = 1 << 1,
    CHANNEL = 1 << 2,
    PARAMETER = 1 << 3,
    INFO = 1 << 4,
    SCHEMA = 1 << 5, /* and whatever else has no name here */
};

/* clang-format off */
static const struct {
    const char *key;
    int places;
    const char *says;
} extensions[] = {
    {"x-subject", MESSAGE, "a message"},
    {"x-correlation", MESSAGE, "a message"},
    {"x-person", MESSAGE, "a message"},
    {"x-upcast", MESSAGE, "a message"},
    {"x-hears-all", INFO, "a document's info"},
    {"x-saga", OPERATION, "an operation"},
    {"x-saga-end", OPERATION, "an operation that sends"},
    {"x-outcomes", OPERATION, "an operation that receives"},
    {"x-compensates", OPERATION, "an operation that receives"},
    {"x-external-effect", OPERATION, "an operation that receives"},
    {"x-retry", OPERATION, "an operation that receives"},
    {"x-external", OPERATION | MESSAGE | CHANNEL, "an operation, a message or a channel"},
    {"x-personal", SCHEMA | PARAMETER, "a property or an address's parameter"},
    {"x-extensible-enum", SCHEMA, "a schema"},
};
/* clang-format on */

/* Those of an operation that one direction has no use for. */
static const struct {
    const char *key;
    bool is_send;
} directions[] = {
    {"x-saga-end", true},         {"x-outcomes", false}, {"x-compensates", false},
    {"x-external-effect", false}, {"x-retry", false},
};

static bool is_known(const char *key)
{
    for (size_t i = 0; i < COUNT_OF(extensions); i++) {
        if (strcmp(extensions[i].key, key) == 0) {
            return true;
        }
    }
    return false;
}

static void judge_spelling(struct lint *lint, const struct node *member)
{
    const char *names[COUNT_OF(extensions)];
    for (size_t i = 0; i < COUNT_OF(extensions); i++) {
        names[i] = extensions[i].key;
    }
    const char *near =
        is_known(member->key) ? NULL : similar_find(member->key, names, COUNT_OF(names));
    if (near != NULL) {
        lint_add(lint, &choreography_misspelt_extension, member->key_place,
                 "no extension is called %s: did you mean %s?", member->key, near);
    }
}

/* An object of the specification: the key of the map that it stands in tells what it is. */
static int place_of(const struct node *object)
{
    static const struct {
        const char *key;
        int place;
    } maps[] = {
        {"operations", OPERATION},  {"operationTraits", OPERATION}, {"messages", MESSAGE},
        {"messageTraits", MESSAGE}, {"channels", CHANNEL},          {"parameters", PARAMETER},
    };
    const char *key = object->parent != NULL ? object->parent->key : NULL;
    bool is_info = object->parent != NULL && object->parent->parent == NULL &&
                   object->key != NULL && strcmp(object->key, "info") == 0;
    if (is_info) {
        return INFO;
    }
    for (size_t i = 0; i < COUNT_OF(maps) && key != NULL; i++) {
        if (strcmp(maps[i].key, key) == 0) {
            return maps[i].place;
        }
    }
    /* A trait that is written where it is used. */
    const struct node *owner = object->parent != NULL ? object->parent->parent : NULL;
    bool is_trait = key != NULL && strcmp(key, "traits") == 0 && owner != NULL;
    return is_trait ? place_of(owner) : SCHEMA;
}

static void judge_place(struct lint *lint, const struct node *member)
{
    int place = place_of(member->parent);
    for (size_t i = 0; i < COUNT_OF(extensions); i++) {
        if (strcmp(extensions[i].key, member->key) == 0 && (extensions[i].places & place) == 0) {
            lint_add(lint, &choreography_misplaced_extension, member->key_place,
                     "%s means nothing here: it belongs to %s", member->key, extensions[i].says);
        }
    }
}

static void judge_direction(struct lint *lint, const struct asyncapi_operation *operation)
{
    for (size_t i = 0; i < COUNT_OF(directions); i++) {
        const struct node *member = node_find(operation->at, directions[i].key);
        if (member != NULL && operation->is_send != directions[i].is_send) {
            lint_add(lint, &choreography_misplaced_extension, member->key_place,
                     "%s means nothing at an operation that %s", member->key,
                     operation->is_send ? "sends" : "receives");
        }
    }
}

/* Below these is data, whose keys are anybody's. */
static bool is_data(const char *key)
{
    static const char *const keys[] = {"examples", "example", "default", "const", "enum"};
    for (size_t i = 0; i < COUNT_OF(keys) && key != NULL; i++) {
        if (strcmp(keys[i], key) == 0) {
            return true;
        }
    }
    return false;
}

/* As deep as a file may be nested. */
static void walk(struct lint *lint, const struct node *node)
{
    for (const struct node *child = node->first; child != NULL; child = child->next) {
        /* A property may have any name, even one of these. */
        bool is_property = node->key != NULL && strcmp(node->key, "properties") == 0;
        if (child->key != NULL && !is_property && text_starts_with(child->key, "x-")) {
            judge_spelling(lint, child);
            judge_place(lint, child);
        } else if (is_property || !is_data(child->key)) {
            walk(lint, child);
        }
    }
}

void choreography_extensions(struct lint *lint)
{
    for (const struct document *file = lint->documents->first; file != NULL; file = file->next) {
        if (file->root != NULL) {
            walk(lint, file->root);
        }
    }
    for (size_t i = 0; i < lint->set->count; i++) {
        for (size_t j = 0; j < lint->set->items[i].operation_count; j++) {
            judge_direction(lint, &lint->set->items[i].operations[j]);
        }
    }
}
