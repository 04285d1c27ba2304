/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/jsonschema/names.h"

enum { NAMES_FIRST_SLOTS = 8 };

static struct name *free_slot(const struct names *names, const char *text, size_t length)
{
    size_t i = names_hash(text, length) & names->mask;
    while (names->slots[i].text != NULL) {
        i = (i + 1) & names->mask;
    }
    return &names->slots[i];
}

/* At most half of the slots are taken. */
static void grow(struct names *names, struct arena *arena)
{
    const struct names old = *names;
    size_t slots = old.slots == NULL ? NAMES_FIRST_SLOTS : (old.mask + 1) * 2;
    names->slots = arena_alloc(arena, slots * sizeof names->slots[0]);
    names->mask = slots - 1;
    for (size_t i = 0; old.slots != NULL && i <= old.mask; i++) {
        if (old.slots[i].text != NULL) {
            *free_slot(names, old.slots[i].text, old.slots[i].length) = old.slots[i];
        }
    }
}

struct name *names_add(struct names *names, struct arena *arena, const char *text, size_t length,
                       uint32_t value)
{
    const struct name *known = names_find(names, text, length);
    if (known != NULL) {
        return &names->slots[known - names->slots];
    }
    if (names->slots == NULL || names->count * 2 >= names->mask + 1) {
        grow(names, arena);
    }
    struct name *slot = free_slot(names, text, length);
    *slot = (struct name){.text = text, .length = length, .value = value};
    names->count++;
    return slot;
}
