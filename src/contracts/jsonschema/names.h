/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_JSONSCHEMA_NAMES_H
#define CONTRACTS_JSONSCHEMA_NAMES_H

#include "core/memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * A table from byte strings to small numbers: the properties of a schema, the texts of an enum, the
 * URIs and nodes that the compiler knows. Grows while it is built, in an arena; then it is only
 * read.
 */

struct name {
    const char *text; /* NULL: a free slot */
    size_t length;
    uint32_t value;
};

struct names {
    struct name *slots;
    size_t mask;
    size_t count;
};

__extension__ typedef unsigned __int128 names_wide;

/* Both halves of the product: so every bit of the word reaches the low bits, which choose a slot.
 */
static inline uint64_t names_mix(uint64_t hash, uint64_t word)
{
    names_wide product = (names_wide)(hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* For names as short as most are, both ends and the length say all. */
static inline uint64_t names_hash(const char *text, size_t length)
{
    uint64_t head = 0;
    uint64_t tail = 0;
    if (length >= 8) {
        memcpy(&head, text, 8);
        memcpy(&tail, text + length - 8, 8);
    } else if (length >= 4) {
        memcpy(&head, text, 4);
        memcpy(&tail, text + length - 4, 4);
    } else if (length > 0) {
        head = (unsigned char)text[0] | (uint64_t)(unsigned char)text[length / 2] << 8 |
               (uint64_t)(unsigned char)text[length - 1] << 16;
    }
    /* Turned, because a text of 8 bytes is its own head and tail. */
    uint64_t hash = names_mix(head ^ length, tail << 23 | tail >> 41);
    for (size_t i = 8; i + 8 < length; i += 8) {
        memcpy(&head, text + i, 8);
        hash = names_mix(hash, head);
    }
    return hash;
}

/* NULL when it is not there. */
static inline const struct name *names_find(const struct names *names, const char *text,
                                            size_t length)
{
    if (names->count == 0) {
        return NULL;
    }
    for (size_t i = names_hash(text, length) & names->mask; names->slots[i].text != NULL;
         i = (i + 1) & names->mask) {
        if (names->slots[i].length == length && memcmp(names->slots[i].text, text, length) == 0) {
            return &names->slots[i];
        }
    }
    return NULL;
}

/* The entry of that name, added with `value` when it is new. The text is borrowed. */
struct name *names_add(struct names *names, struct arena *arena, const char *text, size_t length,
                       uint32_t value);

#endif
