/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/pointer.h"

void pointer_add_key(struct buffer *pointer, const char *key)
{
    buffer_byte(pointer, '/');
    for (const char *at = key; *at != '\0'; at++) {
        if (*at == '~' || *at == '/') {
            buffer_text(pointer, *at == '~' ? "~0" : "~1");
        } else {
            buffer_byte(pointer, *at);
        }
    }
}

void pointer_add_index(struct buffer *pointer, size_t index)
{
    buffer_printf(pointer, "/%zu", index);
}

static void add_steps(struct buffer *pointer, const struct node *node)
{
    if (node->parent == NULL) {
        return;
    }
    add_steps(pointer, node->parent); /* NODE_MAX_DEPTH at most */
    if (node->key != NULL) {
        pointer_add_key(pointer, node->key);
        return;
    }
    size_t index = 0;
    for (const struct node *at = node->parent->first; at != NULL && at != node; at = at->next) {
        index++;
    }
    pointer_add_index(pointer, index);
}

const char *pointer_to(struct arena *arena, const struct node *node)
{
    AUTO(buffer_done) struct buffer pointer = {0};
    if (node != NULL) {
        add_steps(&pointer, node);
    }
    return arena_text(arena, buffer_cstr(&pointer), pointer.length);
}
