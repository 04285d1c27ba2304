/* SPDX-License-Identifier: Apache-2.0 */
#include "core/codec.h"

#include "core/decimal.h"
#include "core/ids.h"
#include "core/rule.h"
#include "core/scan.h"
#include "core/text.h"

#include <string.h>

struct decoder {
    struct scan scan;
    enum codec_mode mode;
    struct arena *arena;
    struct fault *fault;
};

/* Reads the value at the scan's position (one byte of it is there) into the struct `out`. */
typedef enum outcome (*decode_fn)(struct decoder *decoder, const struct field *field,
                                  const struct place *place, char *out);

static enum outcome decode_value(struct decoder *decoder, const struct field *field,
                                 const struct place *place, char *out);
static enum outcome decode_object(struct decoder *decoder, const struct shape *shape,
                                  const struct place *place, char *out);

static enum outcome broken(const struct decoder *decoder, const struct place *place)
{
    return rule_fail(place, decoder->fault, "%s at byte %zu", decoder->scan.problem,
                     (size_t)(decoder->scan.at - decoder->scan.start));
}

/* A text where it stands, or unescaped in the arena; its length is checked before anything is
 * copied. */
static enum outcome read_text(struct decoder *decoder, const struct field *field,
                              const struct place *place, struct scan_text *text, const char **bytes)
{
    if (*decoder->scan.at != '"') {
        return rule_fail(place, decoder->fault, "must be a string");
    }
    if (!scan_string(&decoder->scan, text)) {
        return broken(decoder, place);
    }
    enum outcome o = rule_length(field, place, text->bytes, text->points, decoder->fault);
    if (o != OK) {
        return o;
    }
    *bytes = text->start;
    if (text->is_escaped) {
        char *copy = arena_alloc(decoder->arena, text->bytes + 1);
        scan_unescape(text, copy);
        *bytes = copy;
    }
    return OK;
}

static enum outcome decode_text(struct decoder *decoder, const struct field *field,
                                const struct place *place, char *out)
{
    struct scan_text text = {0};
    const char *bytes = "";
    enum outcome o = read_text(decoder, field, place, &text, &bytes);
    if (o == OK) {
        o = rule_format(field, place, bytes, text.bytes, decoder->fault);
    }
    if (o == OK) {
        *(const char **)(out + field->offset) =
            text.is_escaped ? bytes : arena_text(decoder->arena, bytes, text.bytes);
    }
    return o;
}

static enum outcome decode_uuid(struct decoder *decoder, const struct field *field,
                                const struct place *place, char *out)
{
    struct scan_text text = {0};
    const char *bytes = "";
    enum outcome o = read_text(decoder, field, place, &text, &bytes);
    if (o == OK && !ids_parse_n(bytes, text.bytes, (struct uuid *)(out + field->offset))) {
        return rule_fail(place, decoder->fault, "must be a UUID");
    }
    return o;
}

static enum outcome decode_date_time(struct decoder *decoder, const struct field *field,
                                     const struct place *place, char *out)
{
    struct scan_text text = {0};
    const char *bytes = "";
    enum outcome o = read_text(decoder, field, place, &text, &bytes);
    if (o == OK && !text_date_time(bytes, text.bytes, (int64_t *)(out + field->offset))) {
        return rule_fail(place, decoder->fault, "must be a date and time (RFC 3339)");
    }
    return o;
}

/* Is `name` exactly those bytes? They hold no NUL, so strncmp never reads past the name's end. */
static bool is_same(const char *name, const char *bytes, size_t length)
{
    return strncmp(name, bytes, length) == 0 && name[length] == '\0';
}

static enum outcome decode_enum(struct decoder *decoder, const struct field *field,
                                const struct place *place, char *out)
{
    struct scan_text text = {0};
    const char *bytes = "";
    enum outcome o = read_text(decoder, field, place, &text, &bytes);
    if (o != OK) {
        return o;
    }
    for (uint16_t i = 0; i < field->value_count; i++) {
        if (is_same(field->values[i], bytes, text.bytes)) {
            *(int *)(out + field->offset) = i;
            return OK;
        }
    }
    return rule_values(field, place, decoder->fault);
}

static enum outcome read_number(struct decoder *decoder, const struct place *place,
                                const char *what, struct scan_number *number)
{
    char first = *decoder->scan.at;
    if (first != '-' && (first < '0' || first > '9')) {
        return rule_fail(place, decoder->fault, "must be %s", what);
    }
    return scan_number(&decoder->scan, number) ? OK : broken(decoder, place);
}

static enum outcome decode_integer(struct decoder *decoder, const struct field *field,
                                   const struct place *place, char *out)
{
    struct scan_number number = {0};
    enum outcome o = read_number(decoder, place, "an integer", &number);
    if (o != OK) {
        return o;
    }
    int64_t value = 0;
    switch (scan_integer(&number, &value)) {
    case SCAN_FRACTION:
        return rule_fail(place, decoder->fault, "must be an integer");
    case SCAN_OVERFLOW:
        return rule_fail(place, decoder->fault, "is out of range");
    case SCAN_INTEGER:
        break;
    }
    *(int64_t *)(out + field->offset) = value;
    return rule_integer(field, place, value, decoder->fault);
}

static enum outcome decode_number(struct decoder *decoder, const struct field *field,
                                  const struct place *place, char *out)
{
    struct scan_number number = {0};
    enum outcome o = read_number(decoder, place, "a number", &number);
    if (o != OK) {
        return o;
    }
    double value = 0;
    if (!decimal_read(number.start, number.length, &value)) {
        return rule_fail(place, decoder->fault, "is out of range");
    }
    *(double *)(out + field->offset) = value;
    return rule_number(field, place, value, decoder->fault);
}

static enum outcome decode_boolean(struct decoder *decoder, const struct field *field,
                                   const struct place *place, char *out)
{
    char first = *decoder->scan.at;
    if (first != 't' && first != 'f') {
        return rule_fail(place, decoder->fault, "must be true or false");
    }
    *(bool *)(out + field->offset) = first == 't';
    return scan_word(&decoder->scan, first == 't' ? "true" : "false") ? OK : broken(decoder, place);
}

static enum outcome decode_member_object(struct decoder *decoder, const struct field *field,
                                         const struct place *place, char *out)
{
    return decode_object(decoder, field->shape, place, out + field->offset);
}

/* Room for one more item; what a doubling leaves behind lives as long as the arena. */
static char *make_room(struct arena *arena, char *items, size_t count, size_t *room,
                       size_t item_size)
{
    if (count < *room) {
        return items;
    }
    *room = count > 0 ? count * 2 : 4;
    char *more = arena_alloc(arena, *room * item_size);
    return count > 0 ? memcpy(more, items, count * item_size) : more;
}

static enum outcome decode_items(struct decoder *decoder, const struct field *field,
                                 const struct place *place, char **items, size_t *count)
{
    struct place item = {.up = place, .depth = place->depth + 1};
    size_t max = rule_items_max(field);
    size_t room = 0;
    do {
        if (*count == max) {
            return rule_items(field, place, max + 1, decoder->fault);
        }
        *items = make_room(decoder->arena, *items, *count, &room, field->item_size);
        item.index = *count;
        if (scan_peek(&decoder->scan) == '\0') {
            decoder->scan.problem = "is cut off";
            return broken(decoder, &item);
        }
        enum outcome o =
            decode_value(decoder, field->item, &item, *items + *count * field->item_size);
        if (o != OK) {
            return o;
        }
        (*count)++;
    } while (scan_take(&decoder->scan, ','));
    return scan_expect(&decoder->scan, ']') ? OK : broken(decoder, place);
}

static enum outcome decode_array(struct decoder *decoder, const struct field *field,
                                 const struct place *place, char *out)
{
    if (*decoder->scan.at != '[') {
        return rule_fail(place, decoder->fault, "must be an array");
    }
    enum outcome o = rule_depth(place, decoder->fault);
    decoder->scan.at++;
    char *items = NULL;
    size_t count = 0;
    if (o == OK && !scan_take(&decoder->scan, ']')) {
        o = decode_items(decoder, field, place, &items, &count);
    }
    if (o == OK) {
        o = rule_items(field, place, count, decoder->fault);
    }
    if (o == OK) {
        *(void **)(out + field->offset) = items;
        *(size_t *)(out + field->count_offset) = count;
    }
    return o;
}

static enum outcome decode_value(struct decoder *decoder, const struct field *field,
                                 const struct place *place, char *out)
{
    static const decode_fn decoders[] = {
        [FIELD_STRING] = decode_text,
        [FIELD_DATE] = decode_text,
        [FIELD_EMAIL] = decode_text,
        [FIELD_URI] = decode_text,
        [FIELD_UUID] = decode_uuid,
        [FIELD_DATE_TIME] = decode_date_time,
        [FIELD_INTEGER] = decode_integer,
        [FIELD_NUMBER] = decode_number,
        [FIELD_BOOLEAN] = decode_boolean,
        [FIELD_ENUM] = decode_enum,
        [FIELD_OBJECT] = decode_member_object,
        [FIELD_ARRAY] = decode_array,
    };
    return decoders[field->kind](decoder, field, place, out);
}

/* A value of a declared member; null means "not there" where the contract allows it. */
static enum outcome decode_member(struct decoder *decoder, const struct field *field,
                                  const struct place *place, char *out)
{
    char first = scan_peek(&decoder->scan);
    if (first == '\0') {
        decoder->scan.problem = "is cut off";
        return broken(decoder, place);
    }
    if (first == 'n' && field->nullable) {
        return scan_word(&decoder->scan, "null") ? OK : broken(decoder, place);
    }
    enum outcome o = decode_value(decoder, field, place, out);
    if (o == OK && rule_has_flag(field)) {
        *(bool *)(out + field->has_offset) = true;
    }
    return o;
}

static enum outcome skip_unknown(struct decoder *decoder, const struct place *place)
{
    if (decoder->mode == CODEC_CLOSED) {
        return rule_fail(place, decoder->fault, "is not known here");
    }
    unsigned depth = CODEC_DEPTH_MAX + 1 - place->depth;
    return scan_skip(&decoder->scan, depth) ? OK : broken(decoder, place);
}

/* field_count when the table has no such name. */
static size_t find_field(const struct shape *shape, const char *name, size_t length)
{
    size_t i = 0;
    while (i < shape->field_count &&
           !(shape->fields[i].name[0] == name[0] && is_same(shape->fields[i].name, name, length))) {
        i++;
    }
    return i;
}

/* One pass over an object: `seen` has a bit per row of its table, `expected` is the row after the
 * last one read. */
struct progress {
    uint64_t seen;
    size_t expected;
};

static enum outcome decode_row(struct decoder *decoder, const struct shape *shape, size_t i,
                               const struct place *member, struct progress *progress, char *out)
{
    if ((progress->seen >> i & 1) != 0) {
        return rule_fail(member, decoder->fault, "is there twice");
    }
    progress->seen |= UINT64_C(1) << i;
    progress->expected = i + 1;
    return decode_member(decoder, &shape->fields[i], member, out);
}

static enum outcome decode_unexpected(struct decoder *decoder, const struct shape *shape,
                                      const struct place *place, struct progress *progress,
                                      char *out)
{
    struct scan_text key;
    if (!scan_key(&decoder->scan, &key)) {
        return broken(decoder, place);
    }
    char unescaped[CODEC_KEY_MAX_BYTES];
    if (key.is_escaped) {
        scan_unescape(&key, unescaped);
    }
    struct place member = {
        .up = place,
        .name = key.is_escaped ? unescaped : key.start,
        .length = key.bytes,
        .depth = place->depth + 1,
    };
    size_t i =
        member.length > 0 ? find_field(shape, member.name, member.length) : shape->field_count;
    return i < shape->field_count ? decode_row(decoder, shape, i, &member, progress, out)
                                  : skip_unknown(decoder, &member);
}

/* Members usually come in table order, written without escapes, so the next row's name is simply
 * compared. */
static enum outcome decode_pair(struct decoder *decoder, const struct shape *shape,
                                const struct place *place, struct progress *progress, char *out)
{
    size_t i = progress->expected;
    if (i == shape->field_count || !scan_take_key(&decoder->scan, shape->fields[i].name)) {
        return decode_unexpected(decoder, shape, place, progress, out);
    }
    const char *name = shape->fields[i].name;
    struct place member = {
        .up = place, .name = name, .length = strlen(name), .depth = place->depth + 1};
    return decode_row(decoder, shape, i, &member, progress, out);
}

static enum outcome require_all(struct decoder *decoder, const struct shape *shape,
                                const struct place *place, uint64_t seen)
{
    for (size_t i = 0; i < shape->field_count; i++) {
        const struct field *field = &shape->fields[i];
        if (field->required && (seen >> i & 1) == 0) {
            struct place member = {.up = place, .name = field->name, .length = strlen(field->name)};
            return rule_fail(&member, decoder->fault, "is required");
        }
    }
    return OK;
}

static enum outcome decode_object(struct decoder *decoder, const struct shape *shape,
                                  const struct place *place, char *out)
{
    if (*decoder->scan.at != '{') {
        return rule_fail(place, decoder->fault, "must be an object");
    }
    enum outcome o = rule_depth(place, decoder->fault);
    if (o != OK) {
        return o;
    }
    decoder->scan.at++;
    struct progress progress = {0};
    if (!scan_take(&decoder->scan, '}')) {
        do {
            o = decode_pair(decoder, shape, place, &progress, out);
            if (o != OK) {
                return o;
            }
        } while (scan_take(&decoder->scan, ','));
        if (!scan_expect(&decoder->scan, '}')) {
            return broken(decoder, place);
        }
    }
    return require_all(decoder, shape, place, progress.seen);
}

enum outcome codec_decode(const struct shape *shape, enum codec_mode mode, const char *json,
                          size_t length, struct arena *arena, void *out, struct fault *fault)
{
    struct decoder decoder = {
        .scan = {.start = json, .at = json, .end = json + length},
        .mode = mode,
        .arena = arena,
        .fault = fault,
    };
    struct place document = {.depth = 1};
    memset(out, 0, shape->size);
    if (scan_peek(&decoder.scan) == '\0') {
        return rule_fail(&document, fault, "must be an object");
    }
    enum outcome o = decode_object(&decoder, shape, &document, out);
    if (o == OK && !scan_is_done(&decoder.scan)) {
        return broken(&decoder, &document);
    }
    return o;
}
