/* SPDX-License-Identifier: Apache-2.0 */
#include "core/scan.h"

#include "core/codec.h"
#include "core/text.h"

#include <endian.h>
#include <string.h>

static bool fail(struct scan *scan, const char *problem)
{
    scan->problem = problem;
    return false;
}

static bool is_digit_at(const struct scan *scan)
{
    return scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9';
}

bool scan_expect(struct scan *scan, char byte)
{
    return scan_take(scan, byte) || fail(scan, "is not valid JSON");
}

bool scan_word(struct scan *scan, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(scan->end - scan->at) < length || memcmp(scan->at, word, length) != 0) {
        return fail(scan, "is not valid JSON");
    }
    scan->at += length;
    return true;
}

/*
 * Eight bytes at a time: the lowest bit set is the top bit of the first byte that is a control
 * character, a quote, a backslash or not ASCII; bits above it may lie, because subtraction borrows
 * ("Bit Twiddling Hacks", Sean Eron Anderson: determine if a word has a byte less than n).
 */
static uint64_t find_special(uint64_t word)
{
    static const uint64_t ones = UINT64_C(0x0101010101010101);
    static const uint64_t tops = UINT64_C(0x8080808080808080);
    uint64_t quote = word ^ (ones * '"');
    uint64_t slash = word ^ (ones * '\\');
    uint64_t control = (word - ones * 0x20) & ~word;
    return (word | control | ((quote - ones) & ~quote) | ((slash - ones) & ~slash)) & tops;
}

size_t scan_plain(const char *at, const char *end)
{
    const char *start = at;
    for (; end - at >= 8; at += 8) {
        uint64_t word = 0;
        memcpy(&word, at, sizeof word);
        uint64_t special = find_special(le64toh(word));
        if (special != 0) {
            return (size_t)(at - start) + (size_t)__builtin_ctzll(special) / 8;
        }
    }
    while (at < end && (unsigned char)*at >= 0x20 && (unsigned char)*at < 0x80 && *at != '"' &&
           *at != '\\') {
        at++;
    }
    return (size_t)(at - start);
}

/* \uXXXX, or two of them for one code point beyond U+FFFF. `at` stands on the u. */
static bool unicode_escape(struct scan *scan, uint32_t *point)
{
    int32_t high = text_hex_quad(scan->at + 1, scan->end);
    if (high < 0) {
        return fail(scan, "has a bad escape");
    }
    if (high == 0 && !scan->takes_nul) {
        return fail(scan, "has U+0000");
    }
    scan->at += 5;
    *point = (uint32_t)high;
    if (high < 0xd800 || high > 0xdfff) {
        return true;
    }
    int32_t low = -1;
    if (high < 0xdc00 && scan->end - scan->at >= 6 && scan->at[0] == '\\' && scan->at[1] == 'u') {
        low = text_hex_quad(scan->at + 2, scan->end);
    }
    if (low < 0xdc00 || low > 0xdfff) {
        return fail(scan, "has a lone surrogate");
    }
    scan->at += 6;
    *point = 0x10000 + (((uint32_t)high - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
    return true;
}

/* `at` stands behind the backslash. */
static bool any_escape(struct scan *scan, uint32_t *point)
{
    static const char names[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    if (scan->at == scan->end) {
        return fail(scan, "is cut off");
    }
    if (*scan->at == 'u') {
        return unicode_escape(scan, point);
    }
    const char *name = *scan->at == '\0' ? NULL : strchr(names, *scan->at);
    if (name == NULL) {
        return fail(scan, "has a bad escape");
    }
    *point = (unsigned char)meanings[name - names];
    scan->at++;
    return true;
}

static size_t utf8_bytes(uint32_t point)
{
    return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
}

/* One step that scan_plain does not take. */
static bool special_char(struct scan *scan, struct scan_text *text)
{
    uint32_t point = 0;
    if (*scan->at == '\\') {
        scan->at++;
        if (!any_escape(scan, &point)) {
            return false;
        }
        text->is_escaped = true;
    } else {
        if ((unsigned char)*scan->at < 0x20) {
            return fail(scan, "has a control character");
        }
        size_t step = text_code_point(scan->at, (size_t)(scan->end - scan->at), &point);
        if (step == 0) {
            return fail(scan, "is not valid UTF-8");
        }
        scan->at += step;
    }
    text->bytes += utf8_bytes(point);
    text->points++;
    return true;
}

bool scan_string(struct scan *scan, struct scan_text *text)
{
    scan->at++;
    *text = (struct scan_text){.start = scan->at};
    for (;;) {
        size_t plain = scan_plain(scan->at, scan->end);
        scan->at += plain;
        text->bytes += plain;
        text->points += plain;
        if (scan->at == scan->end) {
            return fail(scan, "is cut off");
        }
        if (*scan->at == '"') {
            text->length = (size_t)(scan->at - text->start);
            scan->at++;
            return true;
        }
        if (!special_char(scan, text)) {
            return false;
        }
    }
}

void scan_unescape(const struct scan_text *text, char *out)
{
    struct scan scan = {.start = text->start,
                        .at = text->start,
                        .end = text->start + text->length,
                        .takes_nul = true};
    while (scan.at < scan.end) {
        if (*scan.at != '\\') {
            *out++ = *scan.at++;
            continue;
        }
        scan.at++;
        uint32_t point = 0;
        if (any_escape(&scan, &point)) { /* scan_string has seen that it is good */
            out += text_put_point(point, out);
        }
    }
}

bool scan_take_key(struct scan *scan, const char *name)
{
    size_t length = strlen(name);
    scan_space(scan);
    const char *at = scan->at;
    if ((size_t)(scan->end - at) < length + 3 || at[0] != '"' ||
        memcmp(at + 1, name, length) != 0 || at[length + 1] != '"' || at[length + 2] != ':') {
        return false;
    }
    scan->at += length + 3;
    return true;
}

bool scan_key(struct scan *scan, struct scan_text *key)
{
    if (scan_peek(scan) != '"') {
        return fail(scan, "is not valid JSON");
    }
    if (!scan_string(scan, key)) {
        return false;
    }
    if (key->bytes > CODEC_KEY_MAX_BYTES) {
        return fail(scan, "has a member whose name is too long");
    }
    return scan_expect(scan, ':');
}

static bool digits(struct scan *scan)
{
    if (!is_digit_at(scan)) {
        return fail(scan, "is not valid JSON");
    }
    while (is_digit_at(scan)) {
        scan->at++;
    }
    return true;
}

static bool is_at(const struct scan *scan, char a, char b)
{
    return scan->at < scan->end && (*scan->at == a || *scan->at == b);
}

bool scan_number(struct scan *scan, struct scan_number *number)
{
    *number = (struct scan_number){.start = scan->at, .is_plain = true};
    if (is_at(scan, '-', '-')) {
        scan->at++;
    }
    if (is_at(scan, '0', '0')) {
        scan->at++;
        if (is_digit_at(scan)) {
            return fail(scan, "is not valid JSON");
        }
    } else if (!digits(scan)) {
        return false;
    }
    if (is_at(scan, '.', '.')) {
        number->is_plain = false;
        scan->at++;
        if (!digits(scan)) {
            return false;
        }
    }
    if (is_at(scan, 'e', 'E')) {
        number->is_plain = false;
        scan->at++;
        if (is_at(scan, '+', '-')) {
            scan->at++;
        }
        if (!digits(scan)) {
            return false;
        }
    }
    number->length = (size_t)(scan->at - number->start);
    return true;
}

/* Adds a decimal digit to a number that is kept negative, because INT64_MIN has no positive twin.
 */
static bool push_digit(int64_t *number, int digit)
{
    return !__builtin_mul_overflow(*number, 10, number) &&
           !__builtin_sub_overflow(*number, digit, number);
}

static enum scan_integer finish(int64_t negated, bool is_negative, int64_t *out)
{
    if (!is_negative && negated == INT64_MIN) {
        return SCAN_OVERFLOW;
    }
    *out = is_negative ? negated : -negated;
    return SCAN_INTEGER;
}

/* The exponent as written, cut where it exceeds anything a body can balance with digits. */
static int64_t read_exponent(const char *at, const char *end)
{
    bool is_negative = at < end && *at == '-';
    int64_t exponent = 0;
    for (; at < end; at++) {
        if (*at >= '0' && *at <= '9' && exponent < 1000000000) {
            exponent = exponent * 10 + (*at - '0');
        }
    }
    return is_negative ? -exponent : exponent;
}

/*
 * d.ddde±n: `scale` counts the powers of ten still to apply. Zeros are held back until another
 * digit follows, so the trailing ones move into the scale; what is left must have a scale of zero
 * or more.
 */
static enum scan_integer scientific(const struct scan_number *text, int64_t *out)
{
    const char *end = text->start + text->length;
    const char *at = text->start;
    bool is_negative = *at == '-';
    int64_t number = 0;
    int64_t held = 0;
    int64_t scale = 0;
    bool is_fraction = false;
    bool is_overflow = false;
    for (at += is_negative ? 1 : 0; at < end && (*at | 0x20) != 'e'; at++) {
        if (*at == '.') {
            is_fraction = true;
            continue;
        }
        scale -= is_fraction ? 1 : 0;
        if (*at == '0') {
            held += number != 0 ? 1 : 0;
            continue;
        }
        for (; held > 0 && !is_overflow; held--) {
            is_overflow = !push_digit(&number, 0);
        }
        is_overflow = is_overflow || !push_digit(&number, *at - '0');
    }
    if (number == 0 && !is_overflow) {
        *out = 0;
        return SCAN_INTEGER;
    }

    scale += held + (at < end ? read_exponent(at + 1, end) : 0);
    if (scale < 0) {
        return SCAN_FRACTION;
    }
    for (; scale > 0 && !is_overflow; scale--) {
        is_overflow = !push_digit(&number, 0);
    }
    return is_overflow ? SCAN_OVERFLOW : finish(number, is_negative, out);
}

enum scan_integer scan_integer(const struct scan_number *number, int64_t *out)
{
    if (!number->is_plain) {
        return scientific(number, out);
    }
    const char *end = number->start + number->length;
    const char *at = number->start;
    bool is_negative = *at == '-';
    int64_t negated = 0;
    for (at += is_negative ? 1 : 0; at < end; at++) {
        if (!push_digit(&negated, *at - '0')) {
            return SCAN_OVERFLOW;
        }
    }
    return finish(negated, is_negative, out);
}

static bool skip_scalar(struct scan *scan, char first)
{
    struct scan_text text;
    struct scan_number number;
    switch (first) {
    case '"':
        return scan_string(scan, &text);
    case 't':
        return scan_word(scan, "true");
    case 'f':
        return scan_word(scan, "false");
    case 'n':
        return scan_word(scan, "null");
    default:
        return scan_number(scan, &number);
    }
}

/* Containers are kept as a stack of bits (1 = object), so that no input can exhaust the machine's
 * stack. */
bool scan_skip(struct scan *scan, unsigned depth)
{
    _Static_assert(CODEC_DEPTH_MAX <= 64, "one bit per level");
    uint64_t objects = 0;
    unsigned level = 0;
    struct scan_text key;
    for (;;) {
        char first = scan_peek(scan);
        bool is_object = first == '{';
        if (is_object || first == '[') {
            scan->at++;
            if (level == depth) {
                return fail(scan, "is nested too deep");
            }
            if (!scan_take(scan, is_object ? '}' : ']')) {
                objects = objects << 1 | (is_object ? 1 : 0);
                level++;
                if (is_object && !scan_key(scan, &key)) {
                    return false;
                }
                continue;
            }
        } else if (!skip_scalar(scan, first)) {
            return false;
        }

        /* A value is complete: close what ends here, then go to the next one. */
        while (level > 0 && !scan_take(scan, ',')) {
            if (!scan_expect(scan, (objects & 1) != 0 ? '}' : ']')) {
                return false;
            }
            objects >>= 1;
            level--;
        }
        if (level == 0) {
            return true;
        }
        if ((objects & 1) != 0 && !scan_key(scan, &key)) {
            return false;
        }
    }
}

bool scan_is_done(struct scan *scan)
{
    scan_space(scan);
    return scan->at == scan->end || fail(scan, "is followed by more bytes");
}
