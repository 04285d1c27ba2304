/* SPDX-License-Identifier: Apache-2.0 */
#include "core/format_internal.h"
#include "core/text.h"

bool format_is_date(const char *text, size_t length)
{
    return text_is_date(text, length);
}

bool format_is_date_time(const char *text, size_t length)
{
    int64_t ms = 0;
    return text_date_time(text, length, &ms);
}

bool format_is_time(const char *text, size_t length)
{
    return text_is_time(text, length);
}

/*
 * Numbers with one of `units` behind each, without gaps: after years come months, after months
 * days (RFC 3339, appendix A). Advances `at`; false when a number has no unit in its turn.
 */
static bool read_amounts(const char **at, const char *end, const char *units)
{
    const char *unit = NULL;
    while (*at < end && format_is(**at, FORMAT_DIGIT)) {
        while (*at < end && format_is(**at, FORMAT_DIGIT)) {
            (*at)++;
        }
        if (*at == end) {
            return false;
        }
        if (unit == NULL) {
            for (unit = units; *unit != '\0' && *unit != **at; unit++) {
            }
        } else {
            unit++;
        }
        if (*unit == '\0' || *unit != **at) {
            return false;
        }
        (*at)++;
    }
    return unit != NULL;
}

static bool is_weeks(const char *at, const char *end)
{
    return read_amounts(&at, end, "W") && at == end;
}

/* "P3Y6M4DT12H30M5S", "PT36H", "P2W". */
bool format_is_duration(const char *text, size_t length)
{
    const char *at = text;
    const char *end = text + length;
    if (at == end || *at != 'P') {
        return false;
    }
    at++;
    if (is_weeks(at, end)) {
        return true;
    }
    bool has_days = at < end && *at != 'T';
    if (has_days && !read_amounts(&at, end, "YMD")) {
        return false;
    }
    if (at == end) {
        return has_days;
    }
    if (*at != 'T') {
        return false;
    }
    at++;
    return read_amounts(&at, end, "HMS") && at == end;
}
