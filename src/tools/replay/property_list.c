/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/replay/property_list.h"

#include <string.h>

/*
 *   flags (2 bytes) · content_type · content_encoding · headers · …
 *   headers         length (4) · entries: name (shortstr) · kind (1) · value
 */

enum {
    FLAG_MORE = 1 << 0, /* another word of flags follows: basic has none */
    FLAG_HEADERS = 1 << 13,
    FLAG_CONTENT_ENCODING = 1 << 14,
    FLAG_CONTENT_TYPE = 1 << 15,
    SHORT_TEXT_MAX = 255,
};

static const char *const delivered[] = {"x-delivery-count", "x-acquired-count"};

struct bytes {
    const unsigned char *at;
    size_t left;
};

static bool skip(struct bytes *in, size_t count)
{
    if (in->left < count) {
        return false;
    }
    in->at += count;
    in->left -= count;
    return true;
}

static bool skip_short_text(struct bytes *in)
{
    return in->left > 0 && skip(in, 1U + in->at[0]);
}

static bool read_length(struct bytes *in, size_t *length)
{
    if (in->left < 4) {
        return false;
    }
    *length = (size_t)in->at[0] << 24 | (size_t)in->at[1] << 16 | (size_t)in->at[2] << 8 |
              (size_t)in->at[3];
    return skip(in, 4) && *length <= in->left;
}

/* A field value after its kind; tables and lists are stepped over whole. */
static bool skip_value(struct bytes *in, char kind)
{
    static const struct {
        const char *kinds;
        size_t bytes;
    } sizes[] = {{"tbB", 1}, {"sUu", 2}, {"Iif", 4}, {"D", 5}, {"LldT", 8}, {"V", 0}};
    if (kind == '\0') {
        return false;
    }
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        if (strchr(sizes[i].kinds, kind) != NULL) {
            return skip(in, sizes[i].bytes);
        }
    }
    size_t length = 0;
    return strchr("SxAF", kind) != NULL && read_length(in, &length) && skip(in, length);
}

static bool is_named(const unsigned char *entry, const char *name)
{
    return entry[0] == strlen(name) && memcmp(entry + 1, name, entry[0]) == 0;
}

static bool is_replaced(const unsigned char *entry, const struct header *more, size_t count)
{
    bool is_one = false;
    for (size_t i = 0; i < COUNT_OF(delivered); i++) {
        is_one = is_one || is_named(entry, delivered[i]);
    }
    for (size_t i = 0; i < count; i++) {
        is_one = is_one || is_named(entry, more[i].name);
    }
    return is_one;
}

static bool copy_entries(struct bytes table, const struct header *more, size_t count,
                         struct buffer *out)
{
    while (table.left > 0) {
        const unsigned char *entry = table.at;
        if (!skip_short_text(&table) || table.left == 0) {
            return false;
        }
        char kind = (char)table.at[0];
        if (!skip(&table, 1) || !skip_value(&table, kind)) {
            return false;
        }
        if (!is_replaced(entry, more, count)) {
            buffer_add(out, entry, (size_t)(table.at - entry));
        }
    }
    return true;
}

static void add_number(struct buffer *out, size_t number)
{
    const unsigned char bytes[4] = {(unsigned char)(number >> 24), (unsigned char)(number >> 16),
                                    (unsigned char)(number >> 8), (unsigned char)number};
    buffer_add(out, bytes, sizeof bytes);
}

static void add_header(struct buffer *out, const struct header *header)
{
    size_t name = strlen(header->name);
    size_t text = strlen(header->text);
    buffer_byte(out, (char)(name < SHORT_TEXT_MAX ? name : SHORT_TEXT_MAX));
    buffer_add(out, header->name, name < SHORT_TEXT_MAX ? name : SHORT_TEXT_MAX);
    buffer_byte(out, 'S');
    add_number(out, text);
    buffer_add(out, header->text, text);
}

static bool mark(struct bytes in, const struct header *more, size_t count, struct buffer *out)
{
    const unsigned char *start = in.at;
    if (in.left < 2) {
        return false;
    }
    unsigned flags = (unsigned)in.at[0] << 8 | in.at[1];
    if ((flags & FLAG_MORE) != 0 || !skip(&in, 2) ||
        ((flags & FLAG_CONTENT_TYPE) != 0 && !skip_short_text(&in)) ||
        ((flags & FLAG_CONTENT_ENCODING) != 0 && !skip_short_text(&in))) {
        return false;
    }
    struct bytes table = {0};
    buffer_byte(out, (char)((flags | FLAG_HEADERS) >> 8));
    buffer_byte(out, (char)flags);
    buffer_add(out, start + 2, (size_t)(in.at - start) - 2);
    if ((flags & FLAG_HEADERS) != 0) {
        if (!read_length(&in, &table.left)) {
            return false;
        }
        table.at = in.at;
        (void)skip(&in, table.left);
    }
    size_t length_at = out->length;
    add_number(out, 0);
    if (!copy_entries(table, more, count, out)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        add_header(out, &more[i]);
    }
    size_t length = out->length - length_at - 4;
    for (size_t i = 0; i < 4; i++) {
        out->bytes[length_at + i] = (char)(length >> (24 - 8 * i));
    }
    buffer_add(out, in.at, in.left);
    return true;
}

enum outcome property_list_mark(const void *raw, size_t raw_length, const struct header *more,
                                size_t count, struct buffer *out, struct fault *fault)
{
    return mark((struct bytes){raw, raw_length}, more, count, out)
               ? OK
               : fault_set(fault, REJECT, "its property list cannot be read");
}
