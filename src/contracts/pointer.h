/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_POINTER_H
#define CONTRACTS_POINTER_H

#include "contracts/node.h"
#include "core/buffer.h"
#include "core/memory.h"

#include <stddef.h>

/* JSON Pointers (RFC 6901), step by step. */

void pointer_add_key(struct buffer *pointer, const char *key);
void pointer_add_index(struct buffer *pointer, size_t index);

/* Where a node stands, from the root of its file. NULL is the root. The text lives in the arena. */
const char *pointer_to(struct arena *arena, const struct node *node);

/* ~1 and ~0 of one step, in place; a ~ before anything else stays. */
void pointer_unescape(char *step);

/* The member or element that an unescaped step names; NULL when there is none. */
const struct node *pointer_child(const struct node *node, const char *step);

#endif
