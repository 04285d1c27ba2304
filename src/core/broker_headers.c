/* SPDX-License-Identifier: Apache-2.0 */
#include "core/broker_headers.h"

#include <string.h>

/*
 * AMQP 0-9-1, 4.2.5 and 4.2.6, with the field types as RabbitMQ writes them
 * (https://www.rabbitmq.com/amqp-0-9-1-errata#section_3).
 */

/* What remains to be read. */
struct cursor {
    const uint8_t *at, *end;
};

static size_t rest(const struct cursor *cursor)
{
    return (size_t)(cursor->end - cursor->at);
}

static bool read_uint(struct cursor *cursor, unsigned bytes, uint64_t *out)
{
    if (rest(cursor) < bytes) {
        return false;
    }
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++) {
        value = value << 8 | cursor->at[i];
    }
    cursor->at += bytes;
    *out = value;
    return true;
}

/* A run of bytes behind its length. */
static bool read_run(struct cursor *cursor, unsigned length_bytes, struct cursor *out)
{
    uint64_t length = 0;
    if (!read_uint(cursor, length_bytes, &length) || length > rest(cursor)) {
        return false;
    }
    *out = (struct cursor){cursor->at, cursor->at + length};
    cursor->at += length;
    return true;
}

struct reading {
    struct arena *arena;
    size_t values;
    struct fault *fault;
};

static const struct {
    char letter;
    unsigned bytes;
    bool is_signed;
} integers[] = {
    {'t', 1, false}, {'b', 1, true},  {'B', 1, false}, {'s', 2, true},  {'u', 2, false},
    {'I', 4, true},  {'i', 4, false}, {'l', 8, true},  {'L', 8, false}, {'T', 8, false},
};

static bool read_integer(struct cursor *cursor, size_t row, struct header_value *out)
{
    uint64_t bits = 0;
    unsigned width = integers[row].bytes * 8;
    if (!read_uint(cursor, integers[row].bytes, &bits)) {
        return false;
    }
    if (integers[row].is_signed && width < 64 && (bits >> (width - 1)) != 0) {
        bits |= UINT64_MAX << width;
    }
    out->kind = HEADER_NUMBER;
    out->number = (int64_t)bits;
    out->real = integers[row].is_signed ? (double)(int64_t)bits : (double)bits;
    return true;
}

static bool read_real(struct cursor *cursor, char letter, struct header_value *out)
{
    uint64_t bits = 0;
    out->kind = HEADER_REAL;
    if (letter == 'f') {
        float number = 0;
        if (!read_uint(cursor, 4, &bits)) {
            return false;
        }
        uint32_t low = (uint32_t)bits;
        memcpy(&number, &low, sizeof number);
        out->real = (double)number;
        return true;
    }
    if (letter == 'd') {
        if (!read_uint(cursor, 8, &bits)) {
            return false;
        }
        memcpy(&out->real, &bits, sizeof out->real);
        return true;
    }
    uint64_t scale = 0; /* 'D': decimal places, then an integer */
    if (!read_uint(cursor, 1, &scale) || !read_uint(cursor, 4, &bits)) {
        return false;
    }
    out->real = (double)(int32_t)(uint32_t)bits;
    for (uint64_t i = 0; i < scale; i++) {
        out->real /= 10;
    }
    return true;
}

static enum outcome read_items(struct reading *reading, struct cursor run, bool is_table,
                               unsigned depth, struct header_value *out);

/* Recursive to HEADERS_DEPTH_MAX. */
static enum outcome read_value(struct reading *reading, struct cursor *cursor, unsigned depth,
                               struct header_value *out)
{
    uint64_t letter = 0;
    struct cursor run;
    if (!read_uint(cursor, 1, &letter)) {
        return fault_set(reading->fault, REJECT, "the headers end within a value");
    }
    out->wire_kind = (char)letter;
    for (size_t i = 0; i < COUNT_OF(integers); i++) {
        if (integers[i].letter == (char)letter) {
            return read_integer(cursor, i, out)
                       ? OK
                       : fault_set(reading->fault, REJECT, "the headers end within a number");
        }
    }
    switch ((char)letter) {
    case 'f':
    case 'd':
    case 'D':
        return read_real(cursor, (char)letter, out)
                   ? OK
                   : fault_set(reading->fault, REJECT, "the headers end within a number");
    case 'V':
        out->kind = HEADER_VOID;
        return OK;
    case 'S':
    case 'x':
    case 'F':
    case 'A':
        break;
    default:
        return fault_set(reading->fault, REJECT, "a header has the unknown type 0x%02x",
                         (unsigned)letter);
    }
    if (!read_run(cursor, 4, &run)) {
        return fault_set(reading->fault, REJECT, "a header is longer than its list");
    }
    if (letter == 'S' || letter == 'x') {
        out->kind = HEADER_TEXT;
        out->text_length = rest(&run);
        out->text = arena_text(reading->arena, (const char *)run.at, out->text_length);
        return OK;
    }
    if (depth == HEADERS_DEPTH_MAX) {
        return fault_set(reading->fault, REJECT, "headers are nested deeper than %d levels",
                         HEADERS_DEPTH_MAX);
    }
    return read_items(reading, run, letter == 'F', depth + 1, out);
}

static enum outcome read_item(struct reading *reading, struct cursor *run, bool is_table,
                              unsigned depth, struct header_value *item)
{
    struct cursor name;
    item->raw = run->at;
    item->name = "";
    if (++reading->values > HEADERS_VALUES_MAX) {
        return fault_set(reading->fault, REJECT, "more than %d header values", HEADERS_VALUES_MAX);
    }
    if (is_table) {
        if (!read_run(run, 1, &name)) {
            return fault_set(reading->fault, REJECT, "the headers end within a name");
        }
        item->name_length = rest(&name);
        item->name = arena_text(reading->arena, (const char *)name.at, item->name_length);
    }
    enum outcome o = read_value(reading, run, depth, item);
    item->raw_length = (size_t)(run->at - (const uint8_t *)item->raw);
    return o;
}

static enum outcome read_items(struct reading *reading, struct cursor run, bool is_table,
                               unsigned depth, struct header_value *out)
{
    enum { FIRST_ROOM = 16 };
    size_t room = FIRST_ROOM;
    struct header_value *items = arena_alloc(reading->arena, room * sizeof *items);
    enum outcome o = OK;
    out->kind = is_table ? HEADER_TABLE : HEADER_LIST;
    while (rest(&run) > 0 && o == OK) {
        if (out->count == room) {
            struct header_value *more = arena_alloc(reading->arena, 2 * room * sizeof *items);
            memcpy(more, items, room * sizeof *items);
            items = more;
            room *= 2;
        }
        o = read_item(reading, &run, is_table, depth, &items[out->count]);
        out->count += o == OK;
    }
    out->items = items;
    return o;
}

/* Only these stand before the headers, and both are short strings. */
enum { FLAG_CONTENT_TYPE = 1 << 15, FLAG_CONTENT_ENCODING = 1 << 14, FLAG_HEADERS = 1 << 13 };

bool headers_locate(const void *raw, size_t raw_length, size_t *at, size_t *length)
{
    struct cursor cursor = {raw, (const uint8_t *)raw + raw_length};
    struct cursor run;
    uint64_t flags = 0;
    *at = *length = 0;
    if (!read_uint(&cursor, 2, &flags) || (flags & 1) != 0) { /* 1: more flags, which none has */
        return false;
    }
    if ((flags & FLAG_HEADERS) == 0) {
        return true;
    }
    if (((flags & FLAG_CONTENT_TYPE) != 0 && !read_run(&cursor, 1, &run)) ||
        ((flags & FLAG_CONTENT_ENCODING) != 0 && !read_run(&cursor, 1, &run)) ||
        !read_run(&cursor, 4, &run)) {
        return false;
    }
    *at = (size_t)(run.at - (const uint8_t *)raw);
    *length = rest(&run);
    return true;
}

enum outcome headers_read(const void *raw, size_t raw_length, struct arena *arena,
                          struct header_value *out, struct fault *fault)
{
    struct reading reading = {.arena = arena, .fault = fault};
    size_t at = 0;
    size_t length = 0;
    *out = (struct header_value){.kind = HEADER_TABLE, .wire_kind = 'F', .name = ""};
    if (!headers_locate(raw, raw_length, &at, &length)) {
        return fault_set(fault, REJECT, "the property list cannot be read");
    }
    const uint8_t *start = (const uint8_t *)raw + at;
    return length > 0 ? read_items(&reading, (struct cursor){start, start + length}, true, 0, out)
                      : OK;
}

static const struct header_value *get_n(const struct header_value *table, const char *name,
                                        size_t length)
{
    if (table->kind != HEADER_TABLE) {
        return NULL;
    }
    for (size_t i = 0; i < table->count; i++) {
        const struct header_value *item = &table->items[i];
        if (item->name_length == length && memcmp(item->name, name, length) == 0) {
            return item;
        }
    }
    return NULL;
}

const struct header_value *headers_get(const struct header_value *table, const char *name)
{
    return get_n(table, name, strlen(name));
}

const struct header_value *headers_find(const struct header_value *table, const char *path)
{
    for (;;) {
        const struct header_value *whole = headers_get(table, path);
        const char *dot = strchr(path, '.');
        if (whole != NULL || dot == NULL) {
            return whole;
        }
        table = get_n(table, path, (size_t)(dot - path));
        if (table == NULL) {
            return NULL;
        }
        path = dot + 1;
    }
}
