/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/dlq/json_set.h"

#include "core/memory.h"
#include "tools/dlq/json_at.h"
#include "tools/escape.h"

#include <stdlib.h>
#include <string.h>

enum { DIFF_CELLS_MAX = 1000 * 1000, DIFF_LINE_MAX_BYTES = 4096 };

static void add_value(struct buffer *out, const char *value)
{
    if (json_is_valid(value, strlen(value))) {
        buffer_text(out, value);
    } else {
        escape_json(out, value, strlen(value));
    }
}

static size_t skip_space(const char *json, size_t at, size_t end)
{
    while (at < end && strchr(" \t\r\n", json[at]) != NULL) {
        at++;
    }
    return at;
}

/* Behind the last member or item of what `parent` is. */
static enum outcome insert(const char *json, size_t length, const struct json_span *parent,
                           const char *name, const char *value, struct buffer *out,
                           struct fault *fault)
{
    char close = parent->start[0] == '{' ? '}' : ']';
    if ((close == ']' && (parent->start[0] != '[' || strcmp(name, "-") != 0)) ||
        parent->length < 2) {
        return fault_set(fault, REJECT, "there is no such place in it");
    }
    size_t start = (size_t)(parent->start - json);
    size_t end = start + parent->length - 1; /* of the closing bracket */
    bool is_empty = skip_space(json, start + 1, end) == end;
    size_t last = end;
    while (!is_empty && strchr(" \t\r\n", json[last - 1]) != NULL) {
        last--;
    }
    buffer_add(out, json, last);
    buffer_text(out, is_empty ? "" : ",");
    if (close == '}') {
        AUTO(buffer_done) struct buffer plain = {0};
        for (const char *at = name; *at != '\0'; at++) {
            bool is_escape = at[0] == '~' && (at[1] == '0' || at[1] == '1');
            if (is_escape) {
                at++;
                buffer_byte(&plain, *at == '0' ? '~' : '/');
            } else {
                buffer_byte(&plain, *at);
            }
        }
        escape_json(out, buffer_cstr(&plain), plain.length);
        buffer_byte(out, ':');
    }
    add_value(out, value);
    buffer_add(out, json + last, length - last);
    return OK;
}

enum outcome json_set(const char *json, size_t length, const char *set, struct buffer *out,
                      struct fault *fault)
{
    const char *sign = strchr(set, '=');
    struct json_span span;
    if (sign == NULL || (set[0] != '/' && sign != set)) {
        return fault_set(fault, REJECT, "--set is /path=value");
    }
    AUTO(free_text) char *pointer = xstrndup(set, (size_t)(sign - set));
    const char *value = sign + 1;
    if (pointer[0] == '\0') {
        buffer_text(out, value);
        return OK;
    }
    if (json_at(json, length, pointer, &span)) {
        size_t start = (size_t)(span.start - json);
        buffer_add(out, json, start);
        add_value(out, value);
        buffer_add(out, json + start + span.length, length - start - span.length);
        return OK;
    }
    char *slash = strrchr(pointer, '/');
    AUTO(free_text) char *name = xstrdup(slash + 1);
    *slash = '\0';
    if (!json_at(json, length, pointer, &span)) {
        return fault_set(fault, REJECT, "there is no such place in it");
    }
    return insert(json, length, &span, name, value, out, fault);
}

/* The difference */

struct lines {
    const char **starts;
    size_t *lengths;
    size_t count;
};

static struct lines split(const char *text, size_t length)
{
    struct lines lines = {.starts = xcalloc(length + 1, sizeof(char *)),
                          .lengths = xcalloc(length + 1, sizeof(size_t))};
    for (size_t at = 0; at < length;) {
        const char *end = memchr(text + at, '\n', length - at);
        size_t bytes = end != NULL ? (size_t)(end - text) - at : length - at;
        lines.starts[lines.count] = text + at;
        lines.lengths[lines.count++] = bytes;
        at += bytes + 1;
    }
    return lines;
}

static void lines_done(struct lines *lines)
{
    free(lines->starts);
    free(lines->lengths);
}

static bool is_same(const struct lines *a, size_t i, const struct lines *b, size_t k)
{
    return a->lengths[i] == b->lengths[k] && memcmp(a->starts[i], b->starts[k], a->lengths[i]) == 0;
}

static void put(struct buffer *out, char sign, const struct lines *lines, size_t i)
{
    size_t length = lines->lengths[i];
    buffer_byte(out, sign);
    buffer_byte(out, ' ');
    escape_add(out, lines->starts[i], length < DIFF_LINE_MAX_BYTES ? length : DIFF_LINE_MAX_BYTES,
               ESCAPE_LINE);
    buffer_byte(out, '\n');
}

/* Longest common subsequence of what lies between the common beginning and end. */
static void diff_lines(const struct lines *a, const struct lines *b, size_t first, size_t a_end,
                       size_t b_end, struct buffer *out)
{
    size_t rows = a_end - first + 1;
    size_t columns = b_end - first + 1;
    bool is_small = rows < DIFF_CELLS_MAX / columns;
    unsigned *table = is_small ? xcalloc(rows * columns, sizeof *table) : NULL;
    for (size_t i = rows - 1; is_small && i-- > 0;) {
        for (size_t k = columns - 1; k-- > 0;) {
            unsigned down = table[(i + 1) * columns + k];
            unsigned right = table[i * columns + k + 1];
            table[i * columns + k] = is_same(a, first + i, b, first + k)
                                         ? table[(i + 1) * columns + k + 1] + 1
                                     : down > right ? down
                                                    : right;
        }
    }
    size_t i = 0;
    size_t k = 0;
    while (i < rows - 1 || k < columns - 1) {
        if (is_small && i < rows - 1 && k < columns - 1 && is_same(a, first + i, b, first + k)) {
            i++;
            k++;
        } else if (i < rows - 1 && (!is_small || k == columns - 1 ||
                                    table[(i + 1) * columns + k] >= table[i * columns + k + 1])) {
            put(out, '-', a, first + i++);
        } else {
            put(out, '+', b, first + k++);
        }
    }
    free(table);
}

void json_diff(const char *before, size_t before_length, const char *after, size_t after_length,
               struct buffer *out)
{
    AUTO(buffer_done) struct buffer old = {0};
    AUTO(buffer_done) struct buffer new = {0};
    json_pretty(before, before_length, &old);
    json_pretty(after, after_length, &new);
    struct lines a = split(buffer_cstr(&old), old.length);
    struct lines b = split(buffer_cstr(&new), new.length);
    size_t first = 0;
    while (first < a.count && first < b.count && is_same(&a, first, &b, first)) {
        first++;
    }
    size_t a_end = a.count;
    size_t b_end = b.count;
    while (a_end > first && b_end > first && is_same(&a, a_end - 1, &b, b_end - 1)) {
        a_end--;
        b_end--;
    }
    diff_lines(&a, &b, first, a_end, b_end, out);
    lines_done(&a);
    lines_done(&b);
}
