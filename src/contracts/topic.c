/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/topic.h"

#include <stddef.h>
#include <string.h>

static size_t word_length(const char *at)
{
    return strcspn(at, ".");
}

/* The word after this one; NULL at the end. */
static const char *next_word(const char *at)
{
    at += word_length(at);
    return *at == '.' ? at + 1 : NULL;
}

static bool is_word(const char *at, char wildcard)
{
    return at != NULL && at[0] == wildcard && (at[1] == '.' || at[1] == '\0');
}

static bool has_parameter(const char *at)
{
    return memchr(at, '{', word_length(at)) != NULL;
}

static bool same_word(const char *binding, const char *key)
{
    if (is_word(binding, '*') || has_parameter(binding) || has_parameter(key)) {
        return true;
    }
    size_t length = word_length(binding);
    return length == word_length(key) && strncmp(binding, key, length) == 0;
}

/* As with * in file names: after a # that took too little, go back to it and let it take one word
 * more. Quadratic at worst. */
bool topic_matches(const char *binding, const char *routing_key)
{
    const char *after_hash = NULL;
    const char *retry = NULL;
    bool has_hash = false;
    const char *pattern = binding;
    const char *key = routing_key;
    while (true) {
        if (is_word(pattern, '#')) {
            has_hash = true;
            after_hash = next_word(pattern);
            retry = key;
            pattern = after_hash;
        } else if (pattern == NULL && key == NULL) {
            return true;
        } else if (pattern != NULL && key != NULL && same_word(pattern, key)) {
            pattern = next_word(pattern);
            key = next_word(key);
        } else if (has_hash && retry != NULL) {
            retry = next_word(retry);
            key = retry;
            pattern = after_hash;
        } else {
            return false;
        }
    }
}

bool topic_has_wildcard(const char *binding)
{
    for (const char *at = binding; at != NULL; at = next_word(at)) {
        if (is_word(at, '*') || is_word(at, '#')) {
            return true;
        }
    }
    return false;
}
