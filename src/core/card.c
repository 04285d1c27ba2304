/* SPDX-License-Identifier: Apache-2.0 */
#include "core/card.h"

#include "core/ids.h"

#include <string.h>

enum { DIGITS_MIN = 12, DIGITS_MAX = 19, SEPARATORS_MAX = 2 };

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

/* How people part groups of digits: the length of what stands at `text`, 0 for anything else. No
 * colon, which is of times. */
static size_t separator_bytes(const char *text, size_t length)
{
    static const char no_break_space[] = "\xc2\xa0";
    if (length >= 2 && memcmp(text, no_break_space, 2) == 0) {
        return 2;
    }
    return length > 0 && text[0] != '\0' && strchr(" -._/", text[0]) != NULL ? 1 : 0;
}

/* Does a number begin with the group at `text`, and end with this or a later group? */
static bool starts_card(const char *text, size_t length)
{
    char digits[DIGITS_MAX];
    size_t count = 0;
    int separators = 0;
    for (size_t i = 0; i < length; i++) {
        if (is_digit(text[i])) {
            separators = 0;
            if (count == DIGITS_MAX) {
                return false;
            }
            digits[count++] = text[i];
            bool is_group_end = i + 1 == length || !is_digit(text[i + 1]);
            if (is_group_end && count >= DIGITS_MIN && passes_luhn(digits, count)) {
                return true;
            }
        } else {
            size_t bytes = separator_bytes(text + i, length - i);
            if (bytes == 0 || ++separators > SEPARATORS_MAX) {
                return false;
            }
            i += bytes - 1;
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
        if (is_group_start && starts_card(text + i, length - i)) {
            return true;
        }
    }
    return false;
}
