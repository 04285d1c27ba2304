/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/dlq/json_at.h"

#include "core/memory.h"
#include "core/scan.h"
#include "core/text.h"

#include <string.h>

static struct scan scan_of(const char *json, size_t length)
{
    return (struct scan){.start = json, .at = json, .end = json + length, .takes_nul = true};
}

/* A step of the pointer with ~0 and ~1 read. */
static void read_step(const char **pointer, struct buffer *out)
{
    const char *at = *pointer + 1;
    buffer_clear(out);
    for (; *at != '\0' && *at != '/'; at++) {
        bool is_escape = at[0] == '~' && (at[1] == '0' || at[1] == '1');
        if (is_escape) {
            buffer_text(out, *++at == '0' ? "~" : "/");
        } else {
            buffer_byte(out, *at);
        }
    }
    *pointer = at;
}

static bool key_is(const struct scan_text *key, struct buffer *step)
{
    if (!key->is_escaped) {
        return key->length == step->length &&
               memcmp(key->start, buffer_cstr(step), key->length) == 0;
    }
    if (key->bytes != step->length) {
        return false;
    }
    AUTO(free_text) char *text = xmalloc(key->bytes + 1);
    scan_unescape(key, text);
    return memcmp(text, buffer_cstr(step), key->bytes) == 0;
}

/* Leaves the scan before the member's value. */
static bool enter_member(struct scan *scan, struct buffer *step)
{
    if (!scan_take(scan, '{') || scan_peek(scan) == '}') {
        return false;
    }
    do {
        struct scan_text key;
        if (!scan_key(scan, &key)) {
            return false;
        }
        if (key_is(&key, step)) {
            return true;
        }
        if (!scan_skip(scan, JSON_AT_DEPTH_MAX)) {
            return false;
        }
    } while (scan_take(scan, ','));
    return false;
}

static bool enter_item(struct scan *scan, struct buffer *step)
{
    int64_t index = 0;
    const char *text = buffer_cstr(step);
    bool has_zeros = text[0] == '0' && text[1] != '\0';
    if (has_zeros || !text_int(text, 0, INT32_MAX, &index) || !scan_take(scan, '[') ||
        scan_peek(scan) == ']') {
        return false;
    }
    for (; index > 0; index--) {
        if (!scan_skip(scan, JSON_AT_DEPTH_MAX) || !scan_take(scan, ',')) {
            return false;
        }
    }
    return true;
}

bool json_at(const char *json, size_t length, const char *pointer, struct json_span *out)
{
    AUTO(buffer_done) struct buffer step = {0};
    struct scan scan = scan_of(json, length);
    scan.at += text_byte_order_mark(json, length);
    while (*pointer == '/') {
        read_step(&pointer, &step);
        if (scan_peek(&scan) == '{' ? !enter_member(&scan, &step) : !enter_item(&scan, &step)) {
            return false;
        }
    }
    scan_space(&scan);
    const char *start = scan.at;
    if (*pointer != '\0' || !scan_skip(&scan, JSON_AT_DEPTH_MAX)) {
        return false;
    }
    *out = (struct json_span){start, (size_t)(scan.at - start)};
    return true;
}

void json_span_text(const struct json_span *span, struct buffer *out)
{
    struct scan scan = scan_of(span->start, span->length);
    struct scan_text text;
    if (span->length == 0 || span->start[0] != '"' || !scan_string(&scan, &text)) {
        buffer_add(out, span->start, span->length);
        return;
    }
    scan_unescape(&text, buffer_reserve(out, text.bytes));
    buffer_grow(out, text.bytes);
}

bool json_is_valid(const char *json, size_t length)
{
    struct scan scan = scan_of(json, length);
    return scan_skip(&scan, JSON_AT_DEPTH_MAX) && scan_is_done(&scan);
}

static void new_line(struct buffer *out, size_t depth)
{
    buffer_byte(out, '\n');
    for (size_t i = 0; i < depth; i++) {
        buffer_text(out, "  ");
    }
}

static size_t string_length(const char *at, const char *end)
{
    const char *start = at++;
    while (at < end && *at != '"') {
        at += *at == '\\' ? 2 : 1;
    }
    return (size_t)(at + 1 - start);
}

static bool is_empty(struct scan *scan, char close)
{
    struct scan ahead = *scan;
    if (!scan_take(&ahead, close)) {
        return false;
    }
    *scan = ahead;
    return true;
}

static void pretty_one(struct scan *scan, size_t *depth, struct buffer *out)
{
    char byte = *scan->at;
    if (byte == '"') {
        size_t length = string_length(scan->at, scan->end);
        buffer_add(out, scan->at, length);
        scan->at += length;
        return;
    }
    scan->at++;
    switch (byte) {
    case '{':
    case '[':
        buffer_byte(out, byte);
        if (is_empty(scan, byte == '{' ? '}' : ']')) {
            buffer_byte(out, byte == '{' ? '}' : ']');
        } else {
            new_line(out, ++*depth);
        }
        break;
    case '}':
    case ']':
        new_line(out, --*depth);
        buffer_byte(out, byte);
        break;
    case ',':
        buffer_byte(out, byte);
        new_line(out, *depth);
        break;
    case ':':
        buffer_text(out, ": ");
        break;
    default:
        buffer_byte(out, byte);
        break;
    }
}

void json_pretty(const char *json, size_t length, struct buffer *out)
{
    struct scan scan = scan_of(json, length);
    size_t depth = 0;
    while (scan_peek(&scan) != '\0') {
        pretty_one(&scan, &depth, out);
    }
}
