/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/dlq/letter_time.h"

#include "core/text.h"

#include <stdio.h>
#include <string.h>

/* By size: 1973 in the next smaller unit is long after any date in this one. */
bool letter_time_number(int64_t number, int64_t *out_ms)
{
    static const int64_t limits[] = {100000000000, 100000000000000, 100000000000000000};
    if (number <= 0) {
        return false;
    }
    if (number < limits[0]) {
        *out_ms = number * 1000;
    } else if (number < limits[1]) {
        *out_ms = number;
    } else if (number < limits[2]) {
        *out_ms = number / 1000;
    } else {
        *out_ms = number / 1000000;
    }
    return true;
}

enum {
    DATE_BYTES = 10,   /* 2026-11-23 */
    SECOND_BYTES = 19, /* 2026-11-23T07:05:00 */
    TEXT_MAX_BYTES = 48,
};

/* "…:00:123456 Z" → "…:00.123456Z", and the like. */
static size_t normalise(const char *text, char out[TEXT_MAX_BYTES])
{
    size_t length = 0;
    for (const char *at = text; *at != '\0' && length < TEXT_MAX_BYTES - 2; at++) {
        if (*at == ' ' && length != DATE_BYTES) {
            continue;
        }
        bool is_fraction = length == SECOND_BYTES && (*at == ':' || *at == ',');
        out[length] = *at;
        if (*at == ' ') {
            out[length] = 'T';
        } else if (is_fraction) {
            out[length] = '.';
        }
        length++;
    }
    bool has_offset = memchr(out, 'Z', length) != NULL || memchr(out, '+', length) != NULL ||
                      (length > DATE_BYTES && memchr(out + DATE_BYTES, '-', length - DATE_BYTES));
    if (!has_offset) {
        out[length++] = 'Z';
    }
    return length;
}

bool letter_time_text(const char *text, int64_t *out_ms)
{
    int64_t number = 0;
    char normal[TEXT_MAX_BYTES];
    if (text_int(text, 1, INT64_MAX, &number)) {
        return letter_time_number(number, out_ms);
    }
    if (strlen(text) < SECOND_BYTES) {
        return false;
    }
    return text_date_time(normal, normalise(text, normal), out_ms);
}
