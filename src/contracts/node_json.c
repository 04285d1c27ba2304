/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/node_reader.h"

#include "core/buffer.h"
#include "core/text.h"

#include <string.h>

/* JSON by the letter of RFC 8259, with the place of every value. Columns count code points. */
struct json {
    struct node_reader *reader;
    const char *at, *end;
    int line;
    const char *counted; /* up to here the columns of this line are counted */
    int column;
    struct buffer text; /* of the string that is being read */
    bool is_key;        /* which cannot hold U+0000 */
    bool has_nul;
};

/* Places are asked for from left to right, so that a long line is counted once. */
static struct position here(struct json *json)
{
    for (; json->counted < json->at; json->counted++) {
        json->column += ((unsigned char)*json->counted & 0xC0) != 0x80 ? 1 : 0; /* not inside of
                                                                                  a code point */
    }
    return (struct position){
        .path = json->reader->path, .line = json->line, .column = json->column};
}

static void next_line(struct json *json, const char *start)
{
    json->line++;
    json->counted = start;
    json->column = 1;
}

#define FAIL(json, ...) NODE_FAIL((json)->reader, here(json), __VA_ARGS__)

static void skip_space(struct json *json)
{
    for (; json->at < json->end; json->at++) {
        if (*json->at == '\n') {
            next_line(json, json->at + 1);
        } else if (*json->at != ' ' && *json->at != '\t' && *json->at != '\r') {
            return;
        }
    }
}

static bool has(const struct json *json, char c)
{
    return json->at < json->end && *json->at == c;
}

/* Skips space and `c`. */
static bool accept(struct json *json, char c)
{
    skip_space(json);
    bool is_there = has(json, c);
    json->at += is_there ? 1 : 0;
    return is_there;
}

static void add_code_point(struct buffer *out, int point)
{
    enum { CONTINUES = 0x80, SIX_BITS = 0x3F };
    if (point < 0x80) {
        buffer_byte(out, (char)point);
        return;
    }
    int tail = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    static const int heads[] = {0, 0xC0, 0xE0, 0xF0};
    buffer_byte(out, (char)(heads[tail] | (point >> (6 * tail))));
    while (tail-- > 0) {
        buffer_byte(out, (char)(CONTINUES | ((point >> (6 * tail)) & SIX_BITS)));
    }
}

/* \uXXXX, two of them for what lies beyond U+FFFF; `at` stands on the u. */
static void read_unicode(struct json *json)
{
    enum { HIGH = 0xD800, LOW = 0xDC00, AFTER = 0xE000, BEYOND = 0x10000 };
    int unit = (int)text_hex_quad(json->at + 1, json->end);
    if (unit < 0) {
        FAIL(json, "\\u needs four hexadecimal digits");
        return;
    }
    int point = unit;
    size_t used = 5;
    if (unit >= HIGH && unit < LOW && json->end - json->at > 6 && json->at[5] == '\\' &&
        json->at[6] == 'u') {
        int low = (int)text_hex_quad(json->at + 7, json->end);
        if (low >= LOW && low < AFTER) {
            point = BEYOND + ((unit - HIGH) << 10) + (low - LOW);
            used = 11;
        }
    }
    if (point >= HIGH && point < AFTER) {
        FAIL(json, "half of a surrogate pair is no text");
        return;
    }
    if (point == 0 && json->is_key) {
        FAIL(json, "the key contains U+0000");
        return;
    }
    json->has_nul = json->has_nul || point == 0;
    add_code_point(&json->text, point);
    json->at += used;
}

static void read_escape(struct json *json)
{
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    json->at++;
    const char *name = json->at < json->end && *json->at != '\0' ? strchr(names, *json->at) : NULL;
    if (name != NULL) {
        buffer_byte(&json->text, values[name - names]);
        json->at++;
    } else if (has(json, 'u')) {
        read_unicode(json);
    } else {
        FAIL(json, "an escape that JSON does not know");
    }
}

/* `at` stands on the quote. NULL after a finding. */
static const char *read_text(struct json *json)
{
    buffer_clear(&json->text);
    json->has_nul = false;
    json->at++;
    while (!json->reader->failed) {
        const char *start = json->at;
        while (json->at < json->end && *json->at != '"' && *json->at != '\\' &&
               (unsigned char)*json->at >= ' ') {
            json->at++;
        }
        buffer_add(&json->text, start, (size_t)(json->at - start));
        if (has(json, '"')) {
            json->at++;
            return arena_text(json->reader->arena, buffer_cstr(&json->text), json->text.length);
        }
        if (has(json, '\\')) {
            read_escape(json);
        } else if (json->at >= json->end) {
            FAIL(json, "the text has no end");
        } else {
            FAIL(json, "a control character in a text must be escaped");
        }
    }
    return NULL;
}

static void read_literal(struct json *json, struct node *node)
{
    static const struct {
        const char *text;
        enum node_kind kind;
        int integer;
    } literals[] = {
        {"null", NODE_NULL, 0},
        {"true", NODE_BOOLEAN, 1},
        {"false", NODE_BOOLEAN, 0},
    };
    const char *start = json->at;
    const char *end = start;
    while (end < json->end && *end != '\0' && strchr(" \t\r\n,:[]{}\"", *end) == NULL) {
        end++;
    }
    node->text = arena_text(json->reader->arena, start, (size_t)(end - start));
    for (size_t i = 0; i < COUNT_OF(literals); i++) {
        if (strcmp(node->text, literals[i].text) == 0) {
            node->kind = literals[i].kind;
            node->integer = literals[i].integer;
            json->at = end;
            return;
        }
    }
    bool is_integer = false;
    if (!node_is_number(node->text, &is_integer)) {
        FAIL(json, start == end ? "not JSON: a value is missing" : "not JSON: no such value");
        return;
    }
    node_set_number(node, is_integer);
    json->at = end;
}

static struct node *read_value(struct json *json, int depth);

static void read_member(struct json *json, struct node *map, int depth)
{
    skip_space(json);
    struct position place = here(json);
    if (!has(json, '"')) {
        FAIL(json, "not JSON: a key in quotes is missing");
        return;
    }
    json->is_key = true;
    const char *key = read_text(json);
    json->is_key = false;
    if (key == NULL || !accept(json, ':')) {
        FAIL(json, "not JSON: a colon is missing after the key");
        return;
    }
    struct node *child = read_value(json, depth + 1);
    if (child != NULL) {
        child->key = key;
        child->key_place = place;
        node_reader_append(json->reader, map, child);
    }
}

static void read_children(struct json *json, struct node *parent, int depth)
{
    char closing = parent->kind == NODE_MAP ? '}' : ']';
    json->at++;
    if (accept(json, closing)) {
        return;
    }
    do {
        struct node *child = NULL;
        if (parent->kind == NODE_MAP) {
            read_member(json, parent, depth);
        } else if ((child = read_value(json, depth + 1)) != NULL) {
            node_reader_append(json->reader, parent, child);
        }
    } while (!json->reader->failed && accept(json, ','));
    if (!json->reader->failed && !accept(json, closing)) {
        FAIL(json, "not JSON: a comma or %c is missing", closing);
    }
    node_reader_close(json->reader, parent);
}

static struct node *read_value(struct json *json, int depth)
{
    skip_space(json);
    struct node *node = node_reader_new(json->reader, NODE_STRING, here(json));
    if (node == NULL) {
        return NULL;
    }
    if (has(json, '{') || has(json, '[')) {
        node->kind = *json->at == '{' ? NODE_MAP : NODE_LIST;
        if (node_reader_has_depth(json->reader, node->place, depth)) {
            read_children(json, node, depth);
        }
    } else if (has(json, '"')) {
        node->text = read_text(json);
        node->length = json->has_nul ? json->text.length : 0;
    } else {
        read_literal(json, node);
    }
    return json->reader->failed ? NULL : node;
}

static size_t bad_byte(const char *bytes, size_t length)
{
    size_t at = 0;
    for (size_t size = 1; at < length && size > 0; at += size) {
        uint32_t point = 0;
        size = text_code_point(bytes + at, length - at, &point);
        if (size == 0) {
            return at;
        }
    }
    return length;
}

const struct node *node_parse_json(struct node_reader *reader, const char *bytes, size_t length)
{
    size_t skip = text_byte_order_mark(bytes, length);
    struct json json = {.reader = reader,
                        .at = bytes + skip,
                        .end = bytes + length,
                        .line = 1,
                        .counted = bytes + skip,
                        .column = 1};
    size_t bad = bad_byte(bytes, length);
    if (bad < length) {
        json.at = bytes + bad;
        for (const char *byte = bytes; byte < json.at; byte++) {
            if (*byte == '\n') {
                next_line(&json, byte + 1);
            }
        }
        FAIL(&json, "not JSON: the text is no UTF-8");
        return NULL;
    }
    skip_space(&json);
    if (json.at == json.end) {
        FAIL(&json, "the file is empty");
        return NULL;
    }
    const struct node *root = read_value(&json, 0);
    skip_space(&json);
    if (!reader->failed && json.at != json.end) {
        FAIL(&json, "not JSON: something follows the value");
    }
    buffer_done(&json.text);
    return reader->failed ? NULL : root;
}
