/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"

#include <string.h>

enum { YEAR_MAX = 9999 };

static const int64_t DAY_MS = 86400000;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads digits up to `end`; false when there is none or the number leaves int64. Advances `text`.
 */
static bool read_digits(const char **text, int64_t *out)
{
    int64_t number = 0;
    const char *at = *text;
    for (; is_digit(*at); at++) {
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_sub_overflow(number, *at - '0', &number)) {
            return false;
        }
    }
    if (at == *text) {
        return false;
    }
    *text = at;
    *out = number; /* negated: INT64_MIN has no positive twin */
    return true;
}

bool text_int(const char *text, int64_t min, int64_t max, int64_t *out)
{
    if (text == NULL) {
        return false;
    }
    bool is_negative = *text == '-';
    text += is_negative ? 1 : 0;
    int64_t number = 0;
    if (!read_digits(&text, &number) || *text != '\0' || (!is_negative && number == INT64_MIN)) {
        return false;
    }
    number = is_negative ? number : -number;
    if (number < min || number > max) {
        return false;
    }
    *out = number;
    return true;
}

bool text_duration_ms(const char *text, int64_t *out)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};

    int64_t number = 0;
    if (text == NULL || !read_digits(&text, &number)) {
        return false;
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(text, units[i].name) == 0) {
            int64_t ms = 0;
            if (__builtin_mul_overflow(number, -units[i].ms, &ms)) {
                return false;
            }
            *out = ms;
            return true;
        }
    }
    return false;
}

/* Exactly `count` digits; -1 when one is none. */
static int fixed_digits(const char *text, int count)
{
    int number = 0;
    for (int i = 0; i < count; i++) {
        if (!is_digit(text[i])) {
            return -1;
        }
        number = number * 10 + (text[i] - '0');
    }
    return number;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && is_leap ? 29 : days[month - 1];
}

/*
 * Days since 1970-01-01 in the proleptic Gregorian calendar: years are counted from March, so that
 * the leap day comes last, in eras of 400 years (Howard Hinnant, "chrono-Compatible Low-Level Date
 * Algorithms").
 */
static int64_t days_from_date(int year, int month, int day)
{
    int y = month <= 2 ? year - 1 : year;
    int era = (y >= 0 ? y : y - 399) / 400;
    int year_of_era = y - era * 400;
    int day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return (int64_t)era * 146097 + day_of_era - 719468;
}

/* "2026-11-23"; `days` since 1970. */
static bool read_date(const char *text, int64_t *days)
{
    int year = fixed_digits(text, 4);
    int month = fixed_digits(text + 5, 2);
    int day = fixed_digits(text + 8, 2);
    if (year < 0 || text[4] != '-' || text[7] != '-' || month < 1 || month > 12 || day < 1 ||
        day > days_in_month(year, month)) {
        return false;
    }
    *days = days_from_date(year, month, day);
    return true;
}

bool text_is_date(const char *text, size_t length)
{
    int64_t days = 0;
    return length == 10 && read_date(text, &days);
}

/* "Z" or "+01:30"; minutes east of UTC. */
static bool read_zone(const char *text, size_t length, int *minutes)
{
    if (length == 1 && (*text == 'Z' || *text == 'z')) {
        *minutes = 0;
        return true;
    }
    if (length != 6 || (*text != '+' && *text != '-') || text[3] != ':') {
        return false;
    }
    int hour = fixed_digits(text + 1, 2);
    int minute = fixed_digits(text + 4, 2);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59) {
        return false;
    }
    *minutes = (*text == '-' ? -1 : 1) * (hour * 60 + minute);
    return true;
}

/* ".123456": the first three digits count. Advances `at`; false for a point without digits. */
static bool read_fraction(const char **at, const char *end, int *ms)
{
    *ms = 0;
    if (*at == end || **at != '.') {
        return true;
    }
    const char *digit = *at + 1;
    int weight = 100;
    for (; digit < end && is_digit(*digit); digit++) {
        *ms += (*digit - '0') * weight;
        weight /= 10;
    }
    bool has_digits = digit > *at + 1;
    *at = digit;
    return has_digits;
}

/*
 * "07:05:00.123+01:30"; `utc_ms` counts from midnight UTC of the same date, so it may be negative
 * or more than a day. A leap second is the last one of a UTC day; it counts as the first of the
 * next, as POSIX time has it.
 */
static bool read_time(const char *text, size_t length, int64_t *utc_ms)
{
    if (length < 9 || text[2] != ':' || text[5] != ':') {
        return false;
    }
    int hour = fixed_digits(text, 2);
    int minute = fixed_digits(text + 3, 2);
    int second = fixed_digits(text + 6, 2);
    const char *end = text + length;
    const char *at = text + 8;
    int ms = 0;
    int zone = 0;
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60 ||
        !read_fraction(&at, end, &ms) || !read_zone(at, (size_t)(end - at), &zone)) {
        return false;
    }
    int64_t minute_of_day = hour * 60 + minute - zone;
    if (second == 60 && (minute_of_day + 1440) % 1440 != 1439) {
        return false;
    }
    *utc_ms = (minute_of_day * 60 + second) * 1000 + ms;
    return true;
}

bool text_is_time(const char *text, size_t length)
{
    int64_t ms = 0;
    return read_time(text, length, &ms);
}

bool text_date_time(const char *text, size_t length, int64_t *out_ms)
{
    int64_t days = 0;
    int64_t ms = 0;
    if (length < 20 || !read_date(text, &days) || (text[10] != 'T' && text[10] != 't') ||
        !read_time(text + 11, length - 11, &ms)) {
        return false;
    }
    int64_t utc_ms = days * DAY_MS + ms;
    if (utc_ms < days_from_date(0, 1, 1) * DAY_MS ||
        utc_ms >= days_from_date(YEAR_MAX + 1, 1, 1) * DAY_MS) {
        return false;
    }
    *out_ms = utc_ms;
    return true;
}

const uint8_t text_hex_digits[UINT8_MAX + 1] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

int32_t text_hex_quad(const char *at, const char *end)
{
    enum { DIGITS = 4 };
    if (end - at < DIGITS) {
        return -1;
    }
    int32_t value = 0;
    for (int i = 0; i < DIGITS; i++) {
        int digit = text_hex_digit(at[i]);
        if (digit < 0) {
            return -1;
        }
        value = value << 4 | digit;
    }
    return value;
}

bool text_decode_percent(char *text)
{
    bool is_well_formed = true;
    char *to = text;
    for (const char *from = text; *from != '\0'; from++) {
        int high = *from == '%' ? text_hex_digit(from[1]) : -1;
        int low = high >= 0 ? text_hex_digit(from[2]) : -1;
        if (low >= 0 && high + low > 0) {
            *to++ = (char)(high << 4 | low);
            from += 2;
        } else {
            is_well_formed = is_well_formed && *from != '%';
            *to++ = *from;
        }
    }
    *to = '\0';
    return is_well_formed;
}

size_t text_code_point(const char *text, size_t length, uint32_t *point)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *bytes = (const unsigned char *)text;
    if (length == 0) {
        return 0;
    }
    if (bytes[0] < 0x80) {
        *point = bytes[0];
        return 1;
    }
    size_t count = bytes[0] >= 0xf0 ? 4 : bytes[0] >= 0xe0 ? 3 : 2;
    if (bytes[0] < 0xc2 || bytes[0] > 0xf4 || count > length) {
        return 0;
    }
    uint32_t value = bytes[0] & (0xffU >> (count + 1));
    for (size_t i = 1; i < count; i++) {
        if ((bytes[i] & 0xc0) != 0x80) {
            return 0;
        }
        value = value << 6 | (bytes[i] & 0x3f);
    }
    if (value < smallest[count] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) {
        return 0;
    }
    *point = value;
    return count;
}

size_t text_put_point(uint32_t point, char out[4])
{
    if (point < 0x80) {
        *out = (char)point;
        return 1;
    }
    size_t bytes = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = bytes; i-- > 1; point >>= 6) {
        out[i] = (char)(0x80 | (point & 0x3f));
    }
    *out = (char)(((0xf00U >> bytes) & 0xf0) | point);
    return bytes;
}

size_t text_byte_order_mark(const char *text, size_t length)
{
    static const char mark[] = {'\xEF', '\xBB', '\xBF'};
    return length >= sizeof mark && memcmp(text, mark, sizeof mark) == 0 ? sizeof mark : 0;
}

bool text_is_utf8(const char *text, size_t length, size_t *points)
{
    size_t count = 0;
    for (size_t at = 0; at < length; count++) {
        uint32_t point = 0;
        size_t step = text_code_point(text + at, length - at, &point);
        if (step == 0) {
            return false;
        }
        at += step;
    }
    if (points != NULL) {
        *points = count;
    }
    return true;
}

bool text_has_control(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 || c == 0x7f) {
            return true;
        }
        /* U+0080 to U+009F are C2 80 to C2 9F. */
        if (c == 0xc2 && i + 1 < length && (unsigned char)text[i + 1] < 0xa0) {
            return true;
        }
    }
    return false;
}

bool text_starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}
