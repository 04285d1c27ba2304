/* SPDX-License-Identifier: Apache-2.0 */
#include "core/codec.h"

#include "core/buffer.h"
#include "core/clock.h"
#include "core/decimal.h"
#include "core/ids.h"
#include "core/rule.h"
#include "core/scan.h"
#include "core/text.h"

#include <math.h>
#include <string.h>

struct encoder {
    struct buffer *out;
    struct fault *fault;
};

/* Appends the field of the struct `in`. */
typedef enum outcome (*encode_fn)(struct encoder *encoder, const struct field *field,
                                  const struct place *place, const char *in);

static enum outcome encode_value(struct encoder *encoder, const struct field *field,
                                 const struct place *place, const char *in);
static enum outcome encode_object(struct encoder *encoder, const struct shape *shape,
                                  const struct place *place, const char *in);

/* Text without anything to escape, in quotes. */
static void put_plain(struct buffer *out, const char *text, size_t length)
{
    char *at = buffer_reserve(out, length + 2);
    at[0] = '"';
    memcpy(at + 1, text, length);
    at[length + 1] = '"';
    buffer_grow(out, length + 2);
}

/* A member's name, as codec_prepare wants it: nothing to escape. */
static void put_name(struct buffer *out, char before, const char *name, size_t length)
{
    char *at = buffer_reserve(out, length + 4);
    at[0] = before;
    at[1] = '"';
    memcpy(at + 2, name, length);
    at[length + 2] = '"';
    at[length + 3] = ':';
    buffer_grow(out, length + 4);
}

static void put_text(struct buffer *out, const char *text, size_t length, bool is_plain)
{
    if (is_plain) {
        put_plain(out, text, length);
    } else {
        buffer_json(out, text, length);
    }
}

static enum outcome encode_text(struct encoder *encoder, const struct field *field,
                                const struct place *place, const char *in)
{
    const char *text = *(const char *const *)(in + field->offset);
    if (text == NULL) {
        return rule_fail(place, encoder->fault, "is required");
    }
    size_t bytes = strlen(text);
    size_t points = scan_plain(text, text + bytes);
    bool is_plain = points == bytes;
    if (!is_plain) {
        size_t rest = 0;
        if (!text_is_utf8(text + points, bytes - points, &rest)) {
            return rule_fail(place, encoder->fault, "is not valid UTF-8");
        }
        points += rest;
    }
    enum outcome o = rule_length(field, place, bytes, points, encoder->fault);
    if (o == OK) {
        o = rule_format(field, place, text, bytes, encoder->fault);
    }
    if (o == OK) {
        put_text(encoder->out, text, bytes, is_plain);
    }
    return o;
}

static enum outcome encode_uuid(struct encoder *encoder, const struct field *field,
                                const struct place *place, const char *in)
{
    char text[UUID_TEXT_BYTES];
    (void)ids_format((const struct uuid *)(in + field->offset), text);
    put_plain(encoder->out, text, UUID_TEXT_BYTES - 1);
    return rule_length(field, place, UUID_TEXT_BYTES - 1, UUID_TEXT_BYTES - 1, encoder->fault);
}

static enum outcome encode_date_time(struct encoder *encoder, const struct field *field,
                                     const struct place *place, const char *in)
{
    int64_t ms = *(const int64_t *)(in + field->offset);
    char text[CLOCK_TEXT_BYTES];
    size_t length = strlen(clock_format(ms, text));
    if (!text_is_date(text, 10)) { /* what clock_format says of an instant beyond its years */
        return rule_fail(place, encoder->fault, "must be between the years 0 and 9999");
    }
    put_plain(encoder->out, text, length);
    return rule_length(field, place, length, length, encoder->fault);
}

static enum outcome encode_enum(struct encoder *encoder, const struct field *field,
                                const struct place *place, const char *in)
{
    int index = *(const int *)(in + field->offset);
    if (index < 0 || index >= field->value_count) {
        return rule_values(field, place, encoder->fault);
    }
    const char *text = field->values[index];
    size_t length = strlen(text);
    put_text(encoder->out, text, length, scan_plain(text, text + length) == length);
    return OK;
}

static enum outcome encode_integer(struct encoder *encoder, const struct field *field,
                                   const struct place *place, const char *in)
{
    int64_t number = *(const int64_t *)(in + field->offset);
    buffer_i64(encoder->out, number);
    return rule_integer(field, place, number, encoder->fault);
}

static enum outcome encode_number(struct encoder *encoder, const struct field *field,
                                  const struct place *place, const char *in)
{
    double number = *(const double *)(in + field->offset);
    if (!isfinite(number)) {
        return rule_fail(place, encoder->fault, "must be a number");
    }
    char text[DECIMAL_TEXT_BYTES];
    buffer_text(encoder->out, decimal_write(number, text));
    return rule_number(field, place, number, encoder->fault);
}

static enum outcome encode_boolean(struct encoder *encoder, const struct field *field,
                                   const struct place *place, const char *in)
{
    buffer_text(encoder->out, *(const bool *)(in + field->offset) ? "true" : "false");
    return OK;
}

static enum outcome encode_member_object(struct encoder *encoder, const struct field *field,
                                         const struct place *place, const char *in)
{
    return encode_object(encoder, field->shape, place, in + field->offset);
}

static enum outcome encode_array(struct encoder *encoder, const struct field *field,
                                 const struct place *place, const char *in)
{
    const char *items = *(const char *const *)(in + field->offset);
    size_t count = *(const size_t *)(in + field->count_offset);
    enum outcome o = rule_depth(place, encoder->fault);
    if (o == OK) {
        o = rule_items(field, place, count, encoder->fault);
    }
    if (o == OK && count > 0 && items == NULL) {
        o = rule_fail(place, encoder->fault, "is required");
    }
    struct place item = {.up = place, .depth = place->depth + 1};
    buffer_byte(encoder->out, '[');
    for (size_t i = 0; o == OK && i < count; i++) {
        item.index = i;
        if (i > 0) {
            buffer_byte(encoder->out, ',');
        }
        o = encode_value(encoder, field->item, &item, items + i * field->item_size);
    }
    buffer_byte(encoder->out, ']');
    return o;
}

static enum outcome encode_value(struct encoder *encoder, const struct field *field,
                                 const struct place *place, const char *in)
{
    static const encode_fn encoders[] = {
        [FIELD_STRING] = encode_text,
        [FIELD_DATE] = encode_text,
        [FIELD_EMAIL] = encode_text,
        [FIELD_URI] = encode_text,
        [FIELD_UUID] = encode_uuid,
        [FIELD_DATE_TIME] = encode_date_time,
        [FIELD_INTEGER] = encode_integer,
        [FIELD_NUMBER] = encode_number,
        [FIELD_BOOLEAN] = encode_boolean,
        [FIELD_ENUM] = encode_enum,
        [FIELD_OBJECT] = encode_member_object,
        [FIELD_ARRAY] = encode_array,
    };
    return encoders[field->kind](encoder, field, place, in);
}

/* A field that is not there is left out when it is optional, else null. */
static enum outcome encode_object(struct encoder *encoder, const struct shape *shape,
                                  const struct place *place, const char *in)
{
    enum outcome o = rule_depth(place, encoder->fault);
    char before = '{';
    for (size_t i = 0; o == OK && i < shape->field_count; i++) {
        const struct field *field = &shape->fields[i];
        bool is_there = !rule_has_flag(field) || *(const bool *)(in + field->has_offset);
        if (!is_there && !field->required) {
            continue;
        }
        size_t length = strlen(field->name);
        put_name(encoder->out, before, field->name, length);
        before = ',';
        if (!is_there) {
            buffer_text(encoder->out, "null");
            continue;
        }
        struct place member = {
            .up = place, .name = field->name, .length = length, .depth = place->depth + 1};
        o = encode_value(encoder, field, &member, in);
    }
    if (before == '{') {
        buffer_byte(encoder->out, '{');
    }
    buffer_byte(encoder->out, '}');
    return o;
}

enum outcome codec_encode(const struct shape *shape, const void *in, struct buffer *out,
                          struct fault *fault)
{
    struct encoder encoder = {.out = out, .fault = fault};
    struct place document = {.depth = 1};
    size_t length = out->length;
    enum outcome o = encode_object(&encoder, shape, &document, in);
    if (o != OK) {
        out->length = length;
    }
    return o;
}
