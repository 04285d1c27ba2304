/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/check/address.h"

#include <string.h>

struct word {
    const char *start;
    size_t length;
};

enum { WORDS_MAX = ADDRESS_MAX_BYTES + 1 };

static size_t split(const char *text, struct word *words)
{
    size_t count = 0;
    for (;;) {
        size_t length = strcspn(text, ".");
        words[count++] = (struct word){text, length};
        if (text[length] == '\0' || count == WORDS_MAX) {
            return count;
        }
        text += length + 1;
    }
}

static bool is_word(const struct word *word, const char *text)
{
    return strlen(text) == word->length && memcmp(word->start, text, word->length) == 0;
}

/* The `enum` of a parameter; NULL: any value. */
static const struct node *values_of(struct documents *documents,
                                    const struct asyncapi_channel *channel, const char *name,
                                    size_t length)
{
    const struct node *parameters = node_find(channel->at, "parameters");
    parameters = parameters != NULL ? ref_follow(documents, parameters) : NULL;
    if (parameters == NULL || parameters->kind != NODE_MAP) {
        return NULL;
    }
    for (const struct node *node = parameters->first; node != NULL; node = node->next) {
        if (strlen(node->key) == length && memcmp(node->key, name, length) == 0) {
            const struct node *list = node_find(ref_follow(documents, node), "enum");
            return list != NULL && list->kind == NODE_LIST ? list : NULL;
        }
    }
    return NULL;
}

/* Where in a word of the key one may stand after what has been compared so far. */
struct reach {
    bool at[ADDRESS_MAX_BYTES + 1];
};

static void pass_text(const struct word *key, const char *text, size_t length,
                      const struct reach *from, struct reach *to)
{
    for (size_t i = 0; i + length <= key->length; i++) {
        if (from->at[i] && memcmp(key->start + i, text, length) == 0) {
            to->at[i + length] = true;
        }
    }
}

static void pass_parameter(const struct word *key, const struct node *values,
                           const struct reach *from, struct reach *to)
{
    for (const struct node *value = values != NULL ? values->first : NULL; value != NULL;
         value = value->next) {
        if (value->text != NULL && value->text[0] != '\0') {
            pass_text(key, value->text, strlen(value->text), from, to);
        }
    }
    bool is_behind = false;
    for (size_t i = 0; i <= key->length && values == NULL; i++) {
        to->at[i] = is_behind;
        is_behind = is_behind || from->at[i];
    }
}

/* How long the parameter is that starts here, with its braces; 0: it is text. */
static size_t parameter_length(const char *at, const char *end)
{
    const char *close = *at == '{' ? memchr(at, '}', (size_t)(end - at)) : NULL;
    return close != NULL ? (size_t)(close - at) + 1 : 0;
}

static bool word_matches(struct documents *documents, const struct asyncapi_channel *channel,
                         const struct word *pattern, const struct word *key)
{
    if (is_word(pattern, "*")) {
        return true;
    }
    struct reach reach = {.at = {true}};
    const char *end = pattern->start + pattern->length;
    for (const char *at = pattern->start; at < end;) {
        struct reach next = {0};
        size_t length = parameter_length(at, end);
        if (length > 0) {
            pass_parameter(key, values_of(documents, channel, at + 1, length - 2), &reach, &next);
        } else {
            length = 1;
            while (at + length < end && at[length] != '{') {
                length++;
            }
            pass_text(key, at, length, &reach, &next);
        }
        reach = next;
        at += length;
    }
    return reach.at[key->length];
}

bool address_matches(struct documents *documents, const struct asyncapi_channel *channel,
                     const char *routing_key)
{
    if (strlen(routing_key) > ADDRESS_MAX_BYTES) {
        return false;
    }
    struct word patterns[WORDS_MAX];
    struct word keys[WORDS_MAX];
    size_t pattern_count = split(channel->address, patterns);
    size_t key_count = split(routing_key, keys);
    /* Which numbers of the key's words may be used up by the address's words so far. */
    bool used[WORDS_MAX + 1] = {true};
    for (size_t i = 0; i < pattern_count; i++) {
        bool next[WORDS_MAX + 1] = {false};
        bool is_any = is_word(&patterns[i], "#");
        bool is_behind = false;
        for (size_t j = 0; j <= key_count; j++) {
            is_behind = is_behind || used[j];
            if (is_any) {
                next[j] = is_behind;
            } else if (j < key_count && used[j]) {
                next[j + 1] = word_matches(documents, channel, &patterns[i], &keys[j]);
            }
        }
        memcpy(used, next, sizeof used);
    }
    return used[key_count];
}
