/* SPDX-License-Identifier: Apache-2.0 */
#include "core/card.h"

#include "core/ids.h"
#include "core/text.h"

#include <string.h>

enum {
    DIGITS_MIN = 12,
    DIGITS_MAX = 19,
    SPREAD_DIGITS_MIN = 13,
    SPREAD_GROUP_MIN = 4, /* all groups but the last */
    SPREAD_GAP_MAX = 2,   /* characters between groups */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter_or_digit(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* ISO/IEC 7812-1, annex B: from the right, every second digit counts double. */
static bool passes_luhn(const char *digits, size_t count)
{
    unsigned sum = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned digit = (unsigned)(digits[count - 1 - i] - '0');
        unsigned doubled = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
        sum += i % 2 == 1 ? doubled : digit;
    }
    return sum % 10 == 0;
}

/* Does a number begin with the group at `text`, and end with this or a later group? */
static bool starts_card(const char *text, size_t length)
{
    char digits[DIGITS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < length; i++) {
        if (is_digit(text[i])) {
            if (count == DIGITS_MAX) {
                return false;
            }
            digits[count++] = text[i];
            bool is_group_end = i + 1 == length || !is_digit(text[i + 1]);
            if (is_group_end && count >= DIGITS_MIN && passes_luhn(digits, count)) {
                return true;
            }
        } else if ((text[i] != ' ' && text[i] != '-') || !is_digit(text[i - 1])) {
            return false;
        }
    }
    return false;
}

static size_t digits_at(const char *text, size_t length)
{
    size_t count = 0;
    while (count < length && is_digit(text[count])) {
        count++;
    }
    return count;
}

/* Bytes of the next characters, at most two, that are no letters and no digits. Beyond ASCII all
 * are such. */
static size_t gap_at(const char *text, size_t length)
{
    size_t at = 0;
    for (int i = 0; i < SPREAD_GAP_MAX && at < length && !is_letter_or_digit(text[at]); i++) {
        uint32_t ignored = 0;
        size_t step = text_code_point(text + at, length - at, &ignored);
        at += step > 0 ? step : 1;
    }
    return at;
}

/*
 * The same with anything between the groups ("4242.4242.4242.4242", two spaces, a no-break space).
 * Dates, times and addresses would often pass for a card number, so each group must be as long as a
 * card's.
 */
static bool starts_spread_card(const char *text, size_t length)
{
    char digits[DIGITS_MAX];
    size_t count = 0;
    for (size_t at = 0, group = SPREAD_GROUP_MIN; group >= SPREAD_GROUP_MIN;
         at += gap_at(text + at, length - at)) {
        group = digits_at(text + at, length - at);
        if (group == 0 || count + group > DIGITS_MAX) {
            return false;
        }
        memcpy(digits + count, text + at, group);
        count += group;
        at += group;
        if (count >= SPREAD_DIGITS_MIN && passes_luhn(digits, count)) {
            return true;
        }
    }
    return false;
}

bool card_is_in(const char *text, size_t length)
{
    struct uuid ignored;
    for (size_t i = 0; i < length; i++) {
        bool is_word_start = i == 0 || !is_letter_or_digit(text[i - 1]);
        if (is_word_start && length - i >= UUID_TEXT_BYTES - 1 &&
            ids_parse_n(text + i, UUID_TEXT_BYTES - 1, &ignored)) {
            i += UUID_TEXT_BYTES - 2;
            continue;
        }
        bool is_group_start = is_digit(text[i]) && (i == 0 || !is_digit(text[i - 1]));
        if (is_group_start &&
            (starts_card(text + i, length - i) || starts_spread_card(text + i, length - i))) {
            return true;
        }
    }
    return false;
}
