/* SPDX-License-Identifier: Apache-2.0 */
#include "publishers/work.h"

#include <stdlib.h>
#include <string.h>

/* Open addressing; never more than half full. Entries live in the arena, so that their addresses
 * stay. */
struct row {
    const void *table;
    struct uuid key;
    max_align_t data[];
};

struct rows {
    struct row **slots;
    size_t room; /* a power of two, or 0 */
    size_t count;
    struct arena arena;
};

enum { ROOM_MIN = 64 };

struct rows *rows_new(void)
{
    return xcalloc(1, sizeof(struct rows));
}

void rows_clear(struct rows *rows)
{
    if (rows->count > 0) {
        memset(rows->slots, 0, rows->room * sizeof(struct row *));
    }
    rows->count = 0;
    arena_reset(&rows->arena);
}

void rows_free(struct rows *rows)
{
    if (rows == NULL) {
        return;
    }
    arena_done(&rows->arena);
    free(rows->slots);
    free(rows);
}

/* A version 7 id ends in 62 random bits; other ids are mixed by the multiplication (Fibonacci
 * hashing, Knuth 6.4). */
static size_t hash(const void *table, const struct uuid *key)
{
    uint64_t low = 0;
    uint64_t high = 0;
    memcpy(&high, key->bytes, sizeof high);
    memcpy(&low, key->bytes + sizeof high, sizeof low);
    uint64_t mixed = (low ^ (high * 3) ^ (uint64_t)(uintptr_t)table) * 0x9e3779b97f4a7c15u;
    return (size_t)(mixed >> 32);
}

/* Where the row is, or the empty slot where it would go. */
static struct row **find_slot(struct row **slots, size_t room, const void *table,
                              const struct uuid *key)
{
    size_t at = hash(table, key) & (room - 1);
    while (slots[at] != NULL && (slots[at]->table != table || !ids_equal(&slots[at]->key, key))) {
        at = (at + 1) & (room - 1);
    }
    return &slots[at];
}

static void grow(struct rows *rows)
{
    size_t room = rows->room > 0 ? rows->room * 2 : ROOM_MIN;
    struct row **slots = xcalloc(room, sizeof(struct row *));
    for (size_t i = 0; i < rows->room; i++) {
        if (rows->slots[i] != NULL) {
            *find_slot(slots, room, rows->slots[i]->table, &rows->slots[i]->key) = rows->slots[i];
        }
    }
    free(rows->slots);
    rows->slots = slots;
    rows->room = room;
}

void *work_remember(struct work *work, const void *table, const struct uuid *key, size_t size)
{
    struct rows *rows = work->rows;
    if ((rows->count + 1) * 2 > rows->room) {
        grow(rows);
    }
    struct row **slot = find_slot(rows->slots, rows->room, table, key);
    if (*slot == NULL) {
        *slot = arena_alloc(&rows->arena, sizeof(struct row) + size);
        (*slot)->table = table;
        (*slot)->key = *key;
        rows->count++;
    }
    return (*slot)->data;
}

void *work_recall(const struct work *work, const void *table, const struct uuid *key)
{
    const struct rows *rows = work->rows;
    if (rows->room == 0) {
        return NULL;
    }
    struct row *row = *find_slot(rows->slots, rows->room, table, key);
    return row != NULL ? row->data : NULL;
}
