/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/key_index.h"

#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

void key_index_add(struct key_index *index, uint64_t key, size_t value)
{
    if ((index->count & (index->count - 1)) == 0) { /* full at every power of two */
        size_t room = index->count > 0 ? index->count * 2 : 1;
        index->items = xrealloc(index->items, room * sizeof index->items[0]);
    }
    index->items[index->count++] = (struct key_entry){key, value};
}

static int by_key(const void *a, const void *b)
{
    const struct key_entry *left = a;
    const struct key_entry *right = b;
    int keys = (left->key > right->key) - (left->key < right->key);
    return keys != 0 ? keys : (left->value > right->value) - (left->value < right->value);
}

void key_index_sort(struct key_index *index)
{
    if (index->count > 1) {
        qsort(index->items, index->count, sizeof index->items[0], by_key);
    }
}

const struct key_entry *key_index_find(const struct key_index *index, uint64_t key, size_t *count)
{
    size_t first = 0;
    size_t end = index->count;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        if (index->items[middle].key < key) {
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    while (end < index->count && index->items[end].key == key) {
        end++;
    }
    *count = end - first;
    return index->items != NULL ? &index->items[first] : NULL;
}

void key_index_done(struct key_index *index)
{
    free(index->items);
    *index = (struct key_index){0};
}

uint64_t key_hash_bytes(uint64_t hash, const char *bytes, size_t length)
{
    const uint64_t prime = 0x100000001b3u;
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ (unsigned char)bytes[i]) * prime;
    }
    return hash;
}

uint64_t key_hash(uint64_t hash, const char *text)
{
    const uint64_t prime = 0x100000001b3u;
    hash = text != NULL ? key_hash_bytes(hash, text, strlen(text)) : hash;
    return (hash ^ (text != NULL ? 1 : 2)) * prime;
}
