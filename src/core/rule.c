/* SPDX-License-Identifier: Apache-2.0 */
#include "core/rule.h"

#include "core/format.h"
#include "core/pattern.h"
#include "core/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { PATH_MAX_BYTES = 320, NAME_MAX_BYTES = 64, WORDS_MAX_BYTES = 384 };

/* A line that is cut, never overrun. */
struct line {
    char bytes[PATH_MAX_BYTES];
    size_t length;
};

static void add(struct line *line, const char *text)
{
    size_t length = strlen(text);
    if (length < sizeof line->bytes - line->length) {
        memcpy(line->bytes + line->length, text, length + 1);
        line->length += length;
    }
}

/*
 * One step of a JSON Pointer. A name may come from a stranger and go to a log: what is not
 * printable ASCII is written as \xNN, and what is long is cut.
 */
static void add_name(struct line *line, const char *name, size_t length)
{
    size_t stop = line->length + NAME_MAX_BYTES;
    for (size_t i = 0; i < length; i++) {
        if (line->length >= stop) {
            add(line, "...");
            return;
        }
        char c = name[i];
        char piece[8];
        if (c == '~' || c == '/') {
            (void)snprintf(piece, sizeof piece, "~%d", c == '/');
        } else if (c > ' ' && c < 0x7f && c != '\\') {
            (void)snprintf(piece, sizeof piece, "%c", c);
        } else {
            (void)snprintf(piece, sizeof piece, "\\x%02x", (unsigned char)c);
        }
        add(line, piece);
    }
}

static void add_place(struct line *line, const struct place *place)
{
    if (place->up == NULL) {
        return;
    }
    add_place(line, place->up);
    add(line, "/");
    if (place->name == NULL) {
        char index[24];
        (void)snprintf(index, sizeof index, "%zu", place->index);
        add(line, index);
    } else {
        add_name(line, place->name, place->length);
    }
}

enum outcome rule_fail(const struct place *place, struct fault *fault, const char *format, ...)
{
    struct line path = {.length = 0};
    add_place(&path, place);
    char words[WORDS_MAX_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(words, sizeof words, format, args);
    va_end(args);
    return fault_set(fault, REJECT, "%s %s", path.length > 0 ? path.bytes : "the document", words);
}

enum outcome rule_depth(const struct place *place, struct fault *fault)
{
    return place->depth <= CODEC_DEPTH_MAX ? OK : rule_fail(place, fault, "is nested too deep");
}

static bool is_below(const struct field *field, int64_t number)
{
    return field->has_min && number < field->min;
}

static bool is_above(const struct field *field, int64_t number)
{
    return field->has_max && number > field->max;
}

static const char *plural(int64_t count)
{
    return count == 1 ? "" : "s";
}

enum outcome rule_length(const struct field *field, const struct place *place, size_t bytes,
                         size_t points, struct fault *fault)
{
    if (is_below(field, (int64_t)points)) {
        return rule_fail(place, fault, "must have at least %" PRId64 " character%s", field->min,
                         plural(field->min));
    }
    if (is_above(field, (int64_t)points)) {
        return rule_fail(place, fault, "must have at most %" PRId64 " character%s", field->max,
                         plural(field->max));
    }
    if (!field->has_max && bytes > CODEC_STRING_MAX_BYTES) {
        return rule_fail(place, fault, "must have at most %d bytes", CODEC_STRING_MAX_BYTES);
    }
    return OK;
}

static enum outcome follow_pattern(const struct field *field, const struct place *place,
                                   const char *text, size_t length, struct fault *fault)
{
    switch (pattern_match(field->pattern, text, length)) {
    case PATTERN_DIFFERS:
        return rule_fail(place, fault, "must match %s", field->pattern->text);
    case PATTERN_GAVE_UP:
        return rule_fail(place, fault, "takes too long to match against %s", field->pattern->text);
    case PATTERN_MATCHES:
        break;
    }
    return OK;
}

enum outcome rule_format(const struct field *field, const struct place *place, const char *text,
                         size_t length, struct fault *fault)
{
    if (field->kind == FIELD_DATE && !text_is_date(text, length)) {
        return rule_fail(place, fault, "must be a date (YYYY-MM-DD)");
    }
    if (field->kind == FIELD_EMAIL && !format_is_email(text, length)) {
        return rule_fail(place, fault, "must be an e-mail address");
    }
    if (field->kind == FIELD_URI && !format_is_uri(text, length)) {
        return rule_fail(place, fault, "must be an absolute URI");
    }
    return field->pattern == NULL ? OK : follow_pattern(field, place, text, length, fault);
}

enum outcome rule_integer(const struct field *field, const struct place *place, int64_t number,
                          struct fault *fault)
{
    if (is_below(field, number)) {
        return rule_fail(place, fault, "must be at least %" PRId64, field->min);
    }
    if (is_above(field, number)) {
        return rule_fail(place, fault, "must be at most %" PRId64, field->max);
    }
    return OK;
}

enum outcome rule_number(const struct field *field, const struct place *place, double number,
                         struct fault *fault)
{
    if (field->has_min &&
        (number < field->number_min || (field->exclusive_min && number <= field->number_min))) {
        return rule_fail(place, fault, "must be %s %.17g",
                         field->exclusive_min ? "greater than" : "at least", field->number_min);
    }
    if (field->has_max &&
        (number > field->number_max || (field->exclusive_max && number >= field->number_max))) {
        return rule_fail(place, fault, "must be %s %.17g",
                         field->exclusive_max ? "less than" : "at most", field->number_max);
    }
    return OK;
}

size_t rule_items_max(const struct field *field)
{
    return field->has_max ? (size_t)field->max : CODEC_ITEMS_MAX;
}

enum outcome rule_items(const struct field *field, const struct place *place, size_t count,
                        struct fault *fault)
{
    if (is_below(field, (int64_t)count)) {
        return rule_fail(place, fault, "must have at least %" PRId64 " item%s", field->min,
                         plural(field->min));
    }
    size_t max = rule_items_max(field);
    if (count > max) {
        return rule_fail(place, fault, "must have at most %zu item%s", max, plural((int64_t)max));
    }
    return OK;
}

enum outcome rule_values(const struct field *field, const struct place *place, struct fault *fault)
{
    struct line list = {.length = 0};
    for (uint16_t i = 0; i < field->value_count; i++) {
        add(&list, i == 0 ? "" : ", ");
        add(&list, field->values[i]);
    }
    return rule_fail(place, fault, "must be one of %s", list.bytes);
}
