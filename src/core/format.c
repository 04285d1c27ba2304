/* SPDX-License-Identifier: Apache-2.0 */
#include "core/format.h"

#include "core/format_internal.h"
#include "core/ids.h"
#include "core/pattern.h"
#include "core/text.h"

#include <string.h>

/* clang-format off */
const uint16_t format_classes[256] = {
    ['0' ... '9'] = FORMAT_DIGIT | FORMAT_HEX,
    ['A' ... 'F'] = FORMAT_ALPHA | FORMAT_HEX, ['G' ... 'Z'] = FORMAT_ALPHA,
    ['a' ... 'f'] = FORMAT_ALPHA | FORMAT_HEX, ['g' ... 'z'] = FORMAT_ALPHA,
    ['-'] = FORMAT_MARK | FORMAT_ATEXT, ['_'] = FORMAT_MARK | FORMAT_ATEXT,
    ['~'] = FORMAT_MARK | FORMAT_ATEXT, ['.'] = FORMAT_MARK,
    ['!'] = FORMAT_SUB_DELIM | FORMAT_ATEXT, ['$'] = FORMAT_SUB_DELIM | FORMAT_ATEXT,
    ['&'] = FORMAT_SUB_DELIM | FORMAT_ATEXT, ['\''] = FORMAT_SUB_DELIM | FORMAT_ATEXT,
    ['*'] = FORMAT_SUB_DELIM | FORMAT_ATEXT, ['+'] = FORMAT_SUB_DELIM | FORMAT_ATEXT,
    ['='] = FORMAT_SUB_DELIM | FORMAT_ATEXT,
    ['('] = FORMAT_SUB_DELIM, [')'] = FORMAT_SUB_DELIM,
    [','] = FORMAT_SUB_DELIM, [';'] = FORMAT_SUB_DELIM,
    [':'] = FORMAT_COLON, ['@'] = FORMAT_AT,
    ['/'] = FORMAT_SLASH | FORMAT_ATEXT, ['?'] = FORMAT_QUESTION | FORMAT_ATEXT,
    ['#'] = FORMAT_ATEXT | FORMAT_LITERAL, ['['] = FORMAT_LITERAL, [']'] = FORMAT_LITERAL,
    ['%'] = FORMAT_ATEXT, ['^'] = FORMAT_ATEXT, ['`'] = FORMAT_ATEXT,
    ['{'] = FORMAT_ATEXT, ['|'] = FORMAT_ATEXT, ['}'] = FORMAT_ATEXT,
};
/* clang-format on */

static bool is_uuid(const char *text, size_t length)
{
    struct uuid id;
    return ids_parse_n(text, length, &id);
}

/* RFC 6901: "" or tokens that each start with a slash; ~ only as ~0 or ~1. */
static bool is_json_pointer(const char *text, size_t length)
{
    if (length > 0 && text[0] != '/') {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '~' && (i + 1 == length || (text[i + 1] != '0' && text[i + 1] != '1'))) {
            return false;
        }
    }
    return text_is_utf8(text, length, NULL);
}

/* How many levels up, without a leading zero; then # (the name there) or a pointer. */
static bool is_relative_json_pointer(const char *text, size_t length)
{
    size_t digits = 0;
    while (digits < length && format_is(text[digits], FORMAT_DIGIT)) {
        digits++;
    }
    if (digits == 0 || (text[0] == '0' && digits > 1)) {
        return false;
    }
    bool is_name = digits + 1 == length && text[digits] == '#';
    return is_name || is_json_pointer(text + digits, length - digits);
}

static const struct {
    const char *name;
    format_check *check;
} formats[] = {
    {"date", format_is_date},
    {"date-time", format_is_date_time},
    {"duration", format_is_duration},
    {"email", format_is_email},
    {"hostname", format_is_hostname},
    {"idn-email", format_is_idn_email},
    {"idn-hostname", format_is_idn_hostname},
    {"ipv4", format_is_ipv4},
    {"ipv6", format_is_ipv6},
    {"iri", format_is_iri},
    {"iri-reference", format_is_iri_reference},
    {"json-pointer", is_json_pointer},
    {"regex", pattern_is_valid},
    {"relative-json-pointer", is_relative_json_pointer},
    {"time", format_is_time},
    {"uri", format_is_uri},
    {"uri-reference", format_is_uri_reference},
    {"uri-template", format_is_uri_template},
    {"uuid", is_uuid},
};

format_check *format_find(const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (strcmp(formats[i].name, name) == 0) {
            return formats[i].check;
        }
    }
    return NULL;
}
