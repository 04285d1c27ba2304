/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ecma.h"

#include <inttypes.h>

/* Each kind of node, written so that PCRE2 has nothing to interpret: no option, no shorthand. */

static void write_node(const struct ecma_node *node, struct buffer *out);

static bool is_alphanumeric(uint32_t point)
{
    return (point >= '0' && point <= '9') || (point >= 'A' && point <= 'Z') ||
           (point >= 'a' && point <= 'z');
}

static void write_point(uint32_t point, struct buffer *out)
{
    if (is_alphanumeric(point)) {
        buffer_byte(out, (char)point);
    } else {
        buffer_printf(out, "\\x{%" PRIx32 "}", point);
    }
}

static void write_item(const struct ecma_item *item, struct buffer *out)
{
    if (item->property != NULL) {
        buffer_printf(out, "\\%c{%s}", item->is_negative ? 'P' : 'p', item->property);
        return;
    }
    write_point(item->low, out);
    if (item->high > item->low) {
        buffer_byte(out, '-');
        write_point(item->high, out);
    }
}

void ecma_write_set(const struct ecma_set *set, struct buffer *out)
{
    if (set->count == 0) {
        buffer_text(out, set->is_negative ? "[\\x{0}-\\x{10ffff}]" : "[^\\x{0}-\\x{10ffff}]");
        return;
    }
    buffer_text(out, set->is_negative ? "[^" : "[");
    for (size_t i = 0; i < set->count; i++) {
        write_item(&set->items[i], out);
    }
    buffer_byte(out, ']');
}

static void write_children(const struct ecma_node *node, const char *between, struct buffer *out)
{
    for (const struct ecma_node *child = node->first; child != NULL; child = child->next) {
        buffer_text(out, child == node->first ? "" : between);
        write_node(child, out);
    }
}

static void write_repeat(const struct ecma_node *node, struct buffer *out)
{
    if (node->max == 0) {
        return; /* PCRE2 10.42 takes a ^ in there for one that holds */
    }
    write_node(node->first, out);
    if (node->max == ECMA_UNBOUNDED) {
        buffer_printf(out, "{%" PRIu32 ",}", node->min);
    } else {
        buffer_printf(out, "{%" PRIu32 ",%" PRIu32 "}", node->min, node->max);
    }
    buffer_text(out, node->is_lazy ? "?" : "");
}

static void write_look(const struct ecma_node *node, struct buffer *out)
{
    buffer_text(out, node->is_behind ? "(?<" : "(?");
    buffer_byte(out, node->is_negative ? '!' : '=');
    write_children(node, "", out);
    buffer_byte(out, ')');
}

static void write_node(const struct ecma_node *node, struct buffer *out)
{
    switch (node->kind) {
    case ECMA_SEQUENCE:
        write_children(node, "", out);
        break;
    case ECMA_CHOICE:
        write_children(node, "|", out);
        break;
    case ECMA_CHARACTER:
        write_point(node->point, out);
        break;
    case ECMA_SET:
        ecma_write_set(node->set, out);
        break;
    case ECMA_REPEAT:
        write_repeat(node, out);
        break;
    case ECMA_GROUP:
        buffer_text(out, "(?:");
        write_children(node, "", out);
        buffer_byte(out, ')');
        break;
    case ECMA_LOOK:
        write_look(node, out);
        break;
    case ECMA_START:
        buffer_text(out, "\\A");
        break;
    case ECMA_END:
        buffer_text(out, "\\z");
        break;
    case ECMA_EDGE:
        buffer_text(out, node->is_negative ? "\\B" : "\\b");
        break;
    case ECMA_BACK: /* the caller has looked at has_back */
        break;
    }
}

void ecma_write(const struct ecma *ecma, struct buffer *out)
{
    write_node(ecma->root, out);
}
