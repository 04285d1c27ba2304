/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_KEY_INDEX_H
#define CONTRACTS_KEY_INDEX_H

#include <stddef.h>
#include <stdint.h>

/*
 * Which of many things share a key, such as the hash of a name: what would otherwise be compared
 * with everything is compared with those alone. Fill it, sort it once, then ask. Equal hashes prove
 * nothing: who asks compares what was found. Zeroed is empty and valid.
 */

struct key_entry {
    uint64_t key;
    size_t value; /* mostly the number of an item in a list */
};

struct key_index {
    struct key_entry *items;
    size_t count;
};

void key_index_add(struct key_index *index, uint64_t key, size_t value);
void key_index_sort(struct key_index *index);

/* The first entry with this key; *count is how many follow each other, by rising values. */
const struct key_entry *key_index_find(const struct key_index *index, uint64_t key, size_t *count);
void key_index_done(struct key_index *index);

/* FNV-1a, continued from `hash`, KEY_HASH_START at first; NULL and "" differ. */
#define KEY_HASH_START UINT64_C(0xcbf29ce484222325)
uint64_t key_hash(uint64_t hash, const char *text);
uint64_t key_hash_bytes(uint64_t hash, const char *bytes, size_t length);

#endif
