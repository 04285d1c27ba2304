/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/pointer.h"

#include "core/text.h"

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

void pointer_unescape(char *step)
{
    char *to = step;
    for (const char *from = step; *from != '\0'; from++) {
        if (from[0] == '~' && (from[1] == '0' || from[1] == '1')) {
            *to++ = *++from == '0' ? '~' : '/';
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
}

const struct node *pointer_child(const struct node *node, const char *step)
{
    if (node->kind == NODE_MAP) {
        return node_find(node, step);
    }
    int64_t index = 0;
    bool is_index = step[0] >= '0' && step[0] <= '9' && (step[0] != '0' || step[1] == '\0');
    if (node->kind != NODE_LIST || !is_index || !text_int(step, 0, NODE_MAX_ITEMS, &index)) {
        return NULL;
    }
    const struct node *child = node->first;
    while (child != NULL && index-- > 0) {
        child = child->next;
    }
    return child;
}
