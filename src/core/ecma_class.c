/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ecma_read.h"

#include "core/text.h"

#include <string.h>

enum {
    SURROGATE_MIN = 0xd800,
    TRAIL_MIN = 0xdc00,
    SURROGATE_MAX = 0xdfff,
    PROPERTY_MAX_BYTES = 64
};

struct range {
    uint32_t low, high;
};

static const struct range digits[] = {{'0', '9'}};
static const struct range words[] = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
/* WhiteSpace and LineTerminator: category Zs, the controls, and the byte order mark. */
static const struct range spaces[] = {
    {'\t', '\r'},     {' ', ' '},       {0xa0, 0xa0},     {0x1680, 0x1680}, {0x2000, 0x200a},
    {0x2028, 0x2029}, {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000}, {0xfeff, 0xfeff}};

static void add_item(struct ecma_reader *reader, struct ecma_set *set, struct ecma_item item)
{
    if (set->count == set->room) {
        set->room = set->room > 0 ? set->room * 2 : 4;
        struct ecma_item *more = arena_alloc(reader->arena, set->room * sizeof *more);
        if (set->count > 0) {
            memcpy(more, set->items, set->count * sizeof *more);
        }
        set->items = more;
    }
    set->items[set->count++] = item;
}

void ecma_add_range(struct ecma_reader *reader, struct ecma_set *set, uint32_t low, uint32_t high)
{
    if (low < SURROGATE_MIN) {
        uint32_t top = high < SURROGATE_MIN ? high : SURROGATE_MIN - 1;
        add_item(reader, set, (struct ecma_item){.low = low, .high = top});
    }
    if (high > SURROGATE_MAX) {
        uint32_t bottom = low > SURROGATE_MAX ? low : SURROGATE_MAX + 1;
        add_item(reader, set, (struct ecma_item){.low = bottom, .high = high});
    }
}

static void add_ranges(struct ecma_reader *reader, struct ecma_set *set, const struct range *ranges,
                       size_t count, bool is_negative)
{
    uint32_t next = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_negative) {
            ecma_add_range(reader, set, ranges[i].low, ranges[i].high);
        } else if (ranges[i].low > next) {
            ecma_add_range(reader, set, next, ranges[i].low - 1);
        }
        next = ranges[i].high + 1;
    }
    if (is_negative) {
        ecma_add_range(reader, set, next, ECMA_POINT_MAX);
    }
}

/* \d \D \s \S \w \W */
static bool add_class(struct ecma_reader *reader, struct ecma_set *set, uint32_t letter)
{
    static const struct {
        char letter;
        const struct range *ranges;
        size_t count;
    } classes[] = {
        {'d', digits, COUNT_OF(digits)},
        {'s', spaces, COUNT_OF(spaces)},
        {'w', words, COUNT_OF(words)},
    };
    for (size_t i = 0; i < COUNT_OF(classes); i++) {
        if ((letter | 0x20) == (uint32_t)classes[i].letter) {
            add_ranges(reader, set, classes[i].ranges, classes[i].count, (letter & 0x20) == 0);
            return true;
        }
    }
    return false;
}

static bool is_property_character(uint32_t point)
{
    return point < 0x80 && point != '$' && (ecma_is_name(point, false) || point == '=');
}

/* \p{…}, from behind the p. */
static bool add_property(struct ecma_reader *reader, struct ecma_set *set, bool is_negative)
{
    if (!ecma_take(reader, '{')) {
        return ecma_fail(reader, "after \\p comes a property, as in \\p{Letter}");
    }
    char name[PROPERTY_MAX_BYTES];
    size_t length = 0;
    while (is_property_character(reader->point) && length < sizeof name) {
        name[length++] = (char)ecma_next(reader);
    }
    if (!ecma_take(reader, '}')) {
        return ecma_fail(reader, "a property must end with }");
    }
    const char *property = ecma_property(name, length, reader->arena);
    if (property == NULL) {
        return ecma_fail(reader, "there is no such property of characters");
    }
    add_item(reader, set, (struct ecma_item){.property = property, .is_negative = is_negative});
    return true;
}

static int hex_value(uint32_t point)
{
    return point < 0x80 ? text_hex_digit((char)point) : -1;
}

/* Exactly `count` hexadecimal digits. */
static bool read_hex(struct ecma_reader *reader, int count, uint32_t *out)
{
    *out = 0;
    for (int i = 0; i < count; i++) {
        int value = hex_value(reader->point);
        if (value < 0) {
            return ecma_fail(reader, count == 2 ? "after \\x come two hexadecimal digits"
                                                : "after \\u come four hexadecimal digits");
        }
        *out = *out << 4 | (uint32_t)value;
        (void)ecma_next(reader);
    }
    return true;
}

/* \u{1f600}, from behind the brace. */
static bool read_braces(struct ecma_reader *reader, uint32_t *out)
{
    *out = 0;
    bool is_empty = true;
    for (int value = 0; (value = hex_value(reader->point)) >= 0; is_empty = false) {
        *out = *out << 4 | (uint32_t)value;
        if (*out > ECMA_POINT_MAX) {
            return ecma_fail(reader, "the last character is \\u{10ffff}");
        }
        (void)ecma_next(reader);
    }
    return (!is_empty && ecma_take(reader, '}')) ||
           ecma_fail(reader, "between \\u{ and } come hexadecimal digits");
}

bool ecma_read_unicode(struct ecma_reader *reader, uint32_t *point)
{
    if (ecma_take(reader, '{')) {
        return read_braces(reader, point);
    }
    if (!read_hex(reader, 4, point)) {
        return false;
    }
    if (*point < SURROGATE_MIN || *point >= TRAIL_MIN) {
        return true;
    }
    /* A pair is one character; what is no pair stays for the next to read. */
    struct ecma_reader ahead = *reader;
    uint32_t trail = 0;
    if (ecma_take_two(&ahead, '\\', 'u') && read_hex(&ahead, 4, &trail) && trail >= TRAIL_MIN &&
        trail <= SURROGATE_MAX) {
        *point = 0x10000 + ((*point - SURROGATE_MIN) << 10 | (trail - TRAIL_MIN));
        *reader = ahead;
    }
    return true;
}

static bool is_letter(uint32_t point)
{
    point |= 0x20;
    return point >= 'a' && point <= 'z';
}

/* What stands for itself behind a backslash. */
static bool is_syntax(uint32_t point, bool is_in_class)
{
    return point < 0x80 && point != 0 &&
           (strchr("^$\\.*+?()[]{}|/", (int)point) != NULL || (is_in_class && point == '-'));
}

static bool read_character(struct ecma_reader *reader, bool is_in_class, uint32_t *point)
{
    static const char controls[][2] = {{'f', '\f'}, {'n', '\n'}, {'r', '\r'},
                                       {'t', '\t'}, {'v', '\v'}, {'b', '\b'}};
    uint32_t c = reader->point;
    if (c == ECMA_NO_POINT) {
        return ecma_fail(reader, "a backslash with nothing behind it");
    }
    for (size_t i = 0; i < COUNT_OF(controls); i++) {
        if (c == (uint32_t)controls[i][0] && (is_in_class || c != 'b')) {
            *point = (uint32_t)controls[i][1];
            (void)ecma_next(reader);
            return true;
        }
    }
    if (is_syntax(c, is_in_class)) {
        *point = ecma_next(reader);
        return true;
    }
    if (c == 'x' || c == 'u') {
        (void)ecma_next(reader);
        return c == 'x' ? read_hex(reader, 2, point) : ecma_read_unicode(reader, point);
    }
    if (c == 'c') {
        (void)ecma_next(reader);
        *point = reader->point & 0x1f;
        return is_letter(ecma_next(reader)) ||
               ecma_fail(reader, "after \\c comes a letter, as in \\cA");
    }
    if (c == '0') {
        (void)ecma_next(reader);
        *point = 0;
        return reader->point < '0' || reader->point > '9' ||
               ecma_fail(reader, "after \\0 comes no digit");
    }
    return ecma_fail(reader, "there is no such escape");
}

enum ecma_read ecma_read_escape(struct ecma_reader *reader, struct ecma_set *set, bool is_in_class,
                                uint32_t *point)
{
    if (reader->point == 'p' || reader->point == 'P') {
        bool is_negative = ecma_next(reader) == 'P';
        return add_property(reader, set, is_negative) ? ECMA_READ_SET : ECMA_READ_NOTHING;
    }
    if (add_class(reader, set, reader->point)) {
        (void)ecma_next(reader);
        return ECMA_READ_SET;
    }
    return read_character(reader, is_in_class, point) ? ECMA_READ_CHARACTER : ECMA_READ_NOTHING;
}

/* One element of a class. */
static enum ecma_read read_element(struct ecma_reader *reader, struct ecma_set *set,
                                   uint32_t *point)
{
    if (reader->point == ECMA_NO_POINT) {
        (void)ecma_fail(reader, "a class is not closed");
        return ECMA_READ_NOTHING;
    }
    *point = ecma_next(reader);
    return *point == '\\' ? ecma_read_escape(reader, set, true, point) : ECMA_READ_CHARACTER;
}

/* "a", "a-z" or "\d". */
static bool read_range(struct ecma_reader *reader, struct ecma_set *set)
{
    uint32_t low = 0;
    enum ecma_read first = read_element(reader, set, &low);
    if (first == ECMA_READ_NOTHING) {
        return false;
    }
    bool is_range = reader->point == '-' && reader->at < reader->end && *reader->at != ']';
    uint32_t high = low;
    if (is_range) {
        (void)ecma_next(reader);
        enum ecma_read second = read_element(reader, set, &high);
        if (second == ECMA_READ_NOTHING) {
            return false;
        }
        if (first == ECMA_READ_SET || second == ECMA_READ_SET) {
            return ecma_fail(reader, "a range goes from a character to a character");
        }
        if (low > high) {
            return ecma_fail(reader, "a range must not fall, as in [z-a]");
        }
    }
    if (first == ECMA_READ_CHARACTER) {
        ecma_add_range(reader, set, low, high);
    }
    return true;
}

bool ecma_read_class(struct ecma_reader *reader, struct ecma_set *set)
{
    set->is_negative = ecma_take(reader, '^');
    while (!ecma_take(reader, ']')) {
        if (!read_range(reader, set)) {
            return false;
        }
    }
    return true;
}
