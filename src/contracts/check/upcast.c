/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/check/upcast.h"

#include "contracts/jsonschema/value.h"
#include "core/memory.h"

#include <stdio.h>
#include <string.h>

/* What a mapping may say, in the order in which it is done. */
enum word { FROM, DROP, RENAME, DEFAULT, SET };

static const struct {
    const char *key;
    enum node_kind kind;
    bool is_texts; /* its items are member names */
    const char *says;
} words[] = {
    [FROM] = {"from", NODE_INTEGER, false, "an integer: the older major version"},
    [DROP] = {"drop", NODE_LIST, true, "a list of member names"},
    [RENAME] = {"rename", NODE_MAP, true, "a map of old names to new ones"},
    [DEFAULT] = {"default", NODE_MAP, false, "a map of members to values"},
    [SET] = {"set", NODE_MAP, false, "a map of members to values"},
};

struct judging {
    upcast_complain_fn complain;
    void *context;
};

static void complain(const struct judging *judging, const struct node *where, const char *text)
{
    if (judging->complain != NULL) {
        judging->complain(judging->context, where, text);
    }
}

static bool judge_word(const struct judging *judging, enum word word, const struct node *value)
{
    bool is_right = value->kind == words[word].kind && value->count <= UPCAST_MEMBERS_MAX;
    for (const struct node *each = value->first; is_right && words[word].is_texts && each != NULL;
         each = each->next) {
        is_right = each->kind == NODE_STRING && each->length == 0;
    }
    if (!is_right) {
        char text[160];
        (void)snprintf(text, sizeof text, "%s of x-upcast must be %s", words[word].key,
                       words[word].says);
        complain(judging, value, text);
    }
    return is_right;
}

static bool judge_mapping(const struct judging *judging, const struct node *mapping)
{
    if (mapping->kind != NODE_MAP || node_find(mapping, "from") == NULL) {
        complain(judging, mapping,
                 "a mapping of x-upcast must be a map with `from`, the older major version");
        return false;
    }
    bool is_right = true;
    for (const struct node *each = mapping->first; each != NULL; each = each->next) {
        size_t word = 0;
        while (word < COUNT_OF(words) && strcmp(words[word].key, each->key) != 0) {
            word++;
        }
        if (word == COUNT_OF(words)) {
            complain(judging, each,
                     "a mapping of x-upcast has from, drop, rename, default and set, and no other "
                     "member");
            is_right = false;
        } else {
            is_right = judge_word(judging, (enum word)word, each) && is_right;
        }
    }
    return is_right;
}

static const struct node *mappings_of(const struct node *message)
{
    const struct node *list = node_find(message, "x-upcast");
    return list != NULL && list->kind == NODE_LIST ? list : NULL;
}

static bool is_double(const struct node *mapping, int64_t from)
{
    for (const struct node *before = mapping->parent->first; before != mapping;
         before = before->next) {
        const struct node *other = node_find(before, "from");
        if (other != NULL && other->kind == NODE_INTEGER && other->integer == from) {
            return true;
        }
    }
    return false;
}

void upcast_judge(const struct node *message, int64_t major, upcast_complain_fn complain_fn,
                  void *context)
{
    const struct judging judging = {complain_fn, context};
    const struct node *said = node_find(message, "x-upcast");
    if (said == NULL) {
        return;
    }
    if (said->kind != NODE_LIST || said->count == 0 || said->count > UPCAST_MAPPINGS_MAX) {
        complain(&judging, said, "x-upcast must be a list of mappings, one for each older major");
        return;
    }
    for (const struct node *each = said->first; each != NULL; each = each->next) {
        if (!judge_mapping(&judging, each)) {
            continue;
        }
        const struct node *from = node_find(each, "from");
        if (from->integer < 1 || from->integer >= major) {
            complain(&judging, from,
                     "`from` of x-upcast must be an older major version than this message's");
        } else if (is_double(each, from->integer)) {
            complain(&judging, from, "x-upcast has another mapping from the same version");
        }
    }
}

const struct node *upcast_find(const struct node *message, int64_t from)
{
    const struct judging silent = {NULL, NULL};
    const struct node *list = mappings_of(message);
    for (const struct node *each = list != NULL ? list->first : NULL; each != NULL;
         each = each->next) {
        const struct node *said = node_find(each, "from");
        if (said != NULL && said->kind == NODE_INTEGER && said->integer == from &&
            judge_mapping(&silent, each)) {
            return each;
        }
    }
    return NULL;
}

static const struct node *first_of(const struct node *mapping, enum word word)
{
    const struct node *value = node_find(mapping, words[word].key);
    return value != NULL ? value->first : NULL;
}

/* All old names are taken out before a new one comes in: {a: b, b: a} swaps. */
static enum outcome rename_members(const struct node *first, struct json_object *body,
                                   struct fault *fault)
{
    struct json_object *values[UPCAST_MEMBERS_MAX];
    bool is_there[UPCAST_MEMBERS_MAX];
    size_t count = 0;
    for (const struct node *each = first; each != NULL; each = each->next, count++) {
        values[count] = NULL;
        is_there[count] = json_object_object_get_ex(body, each->key, &values[count]);
        (void)json_object_get(values[count]);
        if (is_there[count]) {
            json_object_object_del(body, each->key);
        }
    }
    enum outcome o = OK;
    size_t at = 0;
    for (const struct node *each = first; each != NULL; each = each->next, at++) {
        if (!is_there[at]) {
            continue;
        }
        if (o == OK && json_object_object_get_ex(body, each->text, NULL)) {
            o = fault_set(fault, REJECT, "x-upcast renames %s to %s, which is there already",
                          each->key, each->text);
        }
        if (o == OK) {
            (void)json_object_object_add(body, each->text, values[at]);
        } else {
            (void)json_object_put(values[at]);
        }
    }
    return o;
}

static enum outcome put_members(const struct node *first, bool overwrites, struct json_object *body,
                                struct fault *fault)
{
    enum outcome o = OK;
    for (const struct node *each = first; o == OK && each != NULL; each = each->next) {
        struct json_object *value = NULL;
        if (!overwrites && json_object_object_get_ex(body, each->key, NULL)) {
            continue;
        }
        o = value_of_node(each, &value, fault);
        if (o == OK) {
            (void)json_object_object_add(body, each->key, value);
        }
    }
    return o;
}

enum outcome upcast_apply(const struct node *mapping, struct json_object *body, struct fault *fault)
{
    if (!json_object_is_type(body, json_type_object)) {
        return fault_set(fault, REJECT, "x-upcast needs a payload that is an object");
    }
    for (const struct node *each = first_of(mapping, DROP); each != NULL; each = each->next) {
        json_object_object_del(body, each->text);
    }
    enum outcome o = rename_members(first_of(mapping, RENAME), body, fault);
    if (o == OK) {
        o = put_members(first_of(mapping, DEFAULT), false, body, fault);
    }
    return o == OK ? put_members(first_of(mapping, SET), true, body, fault) : o;
}
