/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/doc/html.h"

#include "core/memory.h"
#include "core/text.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

static const char REPLACEMENT[] = "\xef\xbf\xbd"; /* U+FFFD */

static const char *entity_of(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

void html_text(struct buffer *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length;) {
        uint32_t point = 0;
        size_t bytes = text_code_point(text + i, length - i, &point);
        const char *entity = entity_of(text[i]);
        bool is_control =
            (point < 0x20 && text[i] != '\n' && text[i] != '\t') || (point >= 0x7f && point < 0xa0);
        if (entity != NULL) {
            buffer_text(out, entity);
        } else if (bytes == 0 || is_control) {
            buffer_text(out, REPLACEMENT);
        } else {
            buffer_add(out, text + i, bytes);
        }
        i += bytes > 0 ? bytes : 1;
    }
}

void html_add(struct buffer *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    while (*format != '\0') {
        size_t plain = strcspn(format, "%");
        buffer_add(out, format, plain);
        format += plain;
        if (text_starts_with(format, "%s")) {
            const char *text = va_arg(args, const char *);
            if (text != NULL) {
                html_text(out, text, strlen(text));
            }
            format += 2;
        } else if (text_starts_with(format, "%zu")) {
            buffer_printf(out, "%zu", va_arg(args, size_t));
            format += 3;
        } else if (text_starts_with(format, "%d")) {
            buffer_printf(out, "%d", va_arg(args, int));
            format += 2;
        } else if (text_starts_with(format, "%.1f")) {
            buffer_printf(out, "%.1f", va_arg(args, double));
            format += 4;
        } else {
            assert(*format == '\0'); /* a conversion that is not known here */
            break;
        }
    }
    va_end(args);
}

/* ---- JSON ---- */

struct json_writer {
    struct buffer text;
    bool is_one_line;
    size_t limit;
};

static void new_line(struct json_writer *writer, int depth)
{
    if (writer->is_one_line) {
        return;
    }
    buffer_byte(&writer->text, '\n');
    for (int i = 0; i < depth; i++) {
        buffer_text(&writer->text, "  ");
    }
}

/* Nodes are NODE_MAX_DEPTH deep at most. */
static void add_json(struct json_writer *writer, const struct node *node, int depth)
{
    struct buffer *text = &writer->text;
    if (text->length > writer->limit) {
        return;
    }
    if (node->kind == NODE_STRING) {
        buffer_json(text, node->text, strlen(node->text));
    } else if (node->kind == NODE_NULL) {
        buffer_text(text, "null");
    } else if (node->kind == NODE_LIST || node->kind == NODE_MAP) {
        bool is_map = node->kind == NODE_MAP;
        buffer_byte(text, is_map ? '{' : '[');
        for (const struct node *child = node->first; child != NULL; child = child->next) {
            new_line(writer, depth + 1);
            if (is_map) {
                buffer_json(text, child->key, strlen(child->key));
                buffer_text(text, ": ");
            }
            add_json(writer, child, depth + 1);
            if (child->next != NULL) {
                buffer_text(text, writer->is_one_line ? ", " : ",");
            }
        }
        if (node->first != NULL) {
            new_line(writer, depth);
        }
        buffer_byte(text, is_map ? '}' : ']');
    } else {
        buffer_text(text, node->text);
    }
}

void html_json(struct buffer *out, const struct node *node, bool is_one_line, size_t limit)
{
    struct json_writer writer = {.is_one_line = is_one_line, .limit = limit};
    add_json(&writer, node, 0);
    size_t length = writer.text.length;
    if (length > limit) {
        length = limit;
        while (length > 0 && ((unsigned char)writer.text.bytes[length] & 0xc0U) == 0x80U) {
            length--; /* not within a character */
        }
    }
    html_text(out, buffer_cstr(&writer.text), length);
    if (length < writer.text.length) {
        buffer_text(out, "…");
    }
    buffer_done(&writer.text);
}
