/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_FORMAT_INTERNAL_H
#define CORE_FORMAT_INTERNAL_H

#include "core/format.h"

#include <stdint.h>

/* What the files of core/format.h share: the checks by name, and one table of ASCII classes. */

bool format_is_date(const char *text, size_t length);
bool format_is_date_time(const char *text, size_t length);
bool format_is_time(const char *text, size_t length);
bool format_is_duration(const char *text, size_t length);
bool format_is_idn_email(const char *text, size_t length);
bool format_is_hostname(const char *text, size_t length);
bool format_is_idn_hostname(const char *text, size_t length);
bool format_is_ipv4(const char *text, size_t length);
bool format_is_ipv6(const char *text, size_t length);
bool format_is_uri_reference(const char *text, size_t length);
bool format_is_iri(const char *text, size_t length);
bool format_is_iri_reference(const char *text, size_t length);
bool format_is_uri_template(const char *text, size_t length);

/* A domain of RFC 5321 and 1123: dotted labels of letters, digits and inner hyphens. */
bool format_is_domain(const char *text, size_t length);

enum format_class {
    FORMAT_ALPHA = 1,
    FORMAT_DIGIT = 2,
    FORMAT_HEX = 4,
    FORMAT_MARK = 8,       /* -._~ */
    FORMAT_SUB_DELIM = 16, /* !$&'()*+,;= */
    FORMAT_COLON = 32,
    FORMAT_AT = 64,
    FORMAT_SLASH = 128,
    FORMAT_QUESTION = 256,
    FORMAT_ATEXT = 512,    /* what an atom of RFC 5322 has beside letters and digits */
    FORMAT_LITERAL = 1024, /* what else a URI template may have outside braces: []#/ */
};

extern const uint16_t format_classes[256];

static inline bool format_is(char c, unsigned classes)
{
    return (format_classes[(unsigned char)c] & classes) != 0;
}

/* %41 */
static inline bool format_is_escape(const char *at, const char *end)
{
    return end - at >= 3 && at[0] == '%' && format_is(at[1], FORMAT_HEX) &&
           format_is(at[2], FORMAT_HEX);
}

#endif
