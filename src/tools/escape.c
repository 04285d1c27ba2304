/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/escape.h"

#include "core/memory.h"
#include "core/text.h"

#include <string.h>

/* In order, so that the search can end early. */
static const struct {
    uint32_t first, last;
    const char *because;
} hostile[] = {
    {0x00, 0x1f, "C0: a terminal obeys them"},
    {0x7f, 0x9f, "DEL and C1: some terminals obey them"},
    {0xad, 0xad, "soft hyphen: not seen"},
    {0x61c, 0x61c, "Arabic letter mark: changes the direction"},
    {0x180e, 0x180e, "Mongolian vowel separator: not seen"},
    {0x200b, 0x200f, "no width, and direction marks"},
    {0x2028, 0x202e, "line and paragraph separators, embeddings and overrides"},
    {0x2060, 0x206f, "isolates, and what is not seen"},
    {0xfeff, 0xfeff, "byte order mark: not seen"},
    {0xfff9, 0xfffb, "interlinear annotation"},
    {0xe0000, 0xe0fff, "tags and other unseen ones"},
};

bool escape_is_hostile(uint32_t point)
{
    for (size_t i = 0; i < COUNT_OF(hostile) && point >= hostile[i].first; i++) {
        if (point <= hostile[i].last) {
            return true;
        }
    }
    return false;
}

enum { ESCAPED_BYTES = 16 };

/* One code point or byte as it is shown; how many bytes of the input it was. */
static size_t show_one(const char *bytes, size_t length, enum escape_style style,
                       char out[ESCAPED_BYTES], size_t *shown)
{
    uint32_t point = 0;
    size_t taken = text_code_point(bytes, length, &point);
    int written = 0;
    if (taken == 0) {
        written = snprintf(out, ESCAPED_BYTES, "\\x%02x", (unsigned char)bytes[0]);
        taken = 1;
    } else if (style == ESCAPE_LINES && (point == '\n' || point == '\t')) {
        out[0] = (char)point;
        written = 1;
    } else if (point == '\n' || point == '\t' || point == '\r') {
        written = snprintf(out, ESCAPED_BYTES, "\\%c",
                           point == '\n'   ? 'n'
                           : point == '\t' ? 't'
                                           : 'r');
    } else if (!escape_is_hostile(point)) {
        memcpy(out, bytes, taken);
        written = (int)taken;
    } else if (point <= 0x7f) {
        written = snprintf(out, ESCAPED_BYTES, "\\x%02x", point);
    } else {
        written = snprintf(out, ESCAPED_BYTES, "\\u{%x}", point);
    }
    *shown = (size_t)written;
    return taken;
}

void escape_add(struct buffer *out, const char *bytes, size_t length, enum escape_style style)
{
    for (size_t i = 0; i < length;) {
        char one[ESCAPED_BYTES];
        size_t shown = 0;
        i += show_one(bytes + i, length - i, style, one, &shown);
        buffer_add(out, one, shown);
    }
}

static size_t count_points(const char *text, size_t length)
{
    size_t points = 0;
    for (size_t i = 0; i < length; i++) {
        points += ((unsigned char)text[i] & 0xc0) != 0x80;
    }
    return points;
}

size_t escape_cut(struct buffer *out, const char *bytes, size_t length, size_t width)
{
    size_t written = 0;
    size_t last_length = out->length; /* up to where one more column is left */
    size_t last_written = 0;
    for (size_t i = 0; i < length;) {
        char one[ESCAPED_BYTES];
        size_t shown = 0;
        i += show_one(bytes + i, length - i, ESCAPE_LINE, one, &shown);
        size_t points = count_points(one, shown);
        if (written + points > width) {
            out->length = last_length;
            buffer_text(out, width > 0 ? "…" : "");
            return width > 0 ? last_written + 1 : 0;
        }
        buffer_add(out, one, shown);
        written += points;
        if (written < width) {
            last_length = out->length;
            last_written = written;
        }
    }
    return written;
}

char *escape_new(const char *text)
{
    struct buffer out = {0};
    if (text != NULL) {
        escape_add(&out, text, strlen(text), ESCAPE_LINE);
    }
    char *copy = xstrdup(buffer_cstr(&out));
    buffer_done(&out);
    return copy;
}

void escape_print(FILE *out, const char *text)
{
    AUTO(free_text) char *escaped = escape_new(text);
    (void)fputs(escaped, out);
}

static void json_point(struct buffer *out, uint32_t point)
{
    if (point > 0xffff) {
        point -= 0x10000;
        buffer_printf(out, "\\u%04x\\u%04x", 0xd800 + (point >> 10), 0xdc00 + (point & 0x3ff));
    } else {
        buffer_printf(out, "\\u%04x", point);
    }
}

void escape_json(struct buffer *out, const char *bytes, size_t length)
{
    buffer_byte(out, '"');
    for (size_t i = 0; i < length;) {
        uint32_t point = 0;
        size_t taken = text_code_point(bytes + i, length - i, &point);
        if (taken == 0) {
            buffer_text(out, "\\ufffd");
            taken = 1;
        } else if (point == '"' || point == '\\') {
            buffer_byte(out, '\\');
            buffer_byte(out, (char)point);
        } else if (point == '\n') {
            buffer_text(out, "\\n");
        } else if (escape_is_hostile(point)) {
            json_point(out, point);
        } else {
            buffer_add(out, bytes + i, taken);
        }
        i += taken;
    }
    buffer_byte(out, '"');
}

/* Outside its strings valid JSON holds nothing that is hostile but white space. */
void escape_json_text(struct buffer *out, const char *json, size_t length)
{
    for (size_t i = 0; i < length;) {
        uint32_t point = 0;
        size_t taken = text_code_point(json + i, length - i, &point);
        bool is_space = point == '\n' || point == '\t' || point == '\r';
        if (taken == 0) {
            buffer_text(out, "\\ufffd");
            taken = 1;
        } else if (escape_is_hostile(point) && !is_space) {
            json_point(out, point);
        } else {
            buffer_add(out, json + i, taken);
        }
        i += taken;
    }
}
