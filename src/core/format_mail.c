/* SPDX-License-Identifier: Apache-2.0 */
#include "core/format_internal.h"
#include "core/text.h"

#include <string.h>
#include <strings.h>

/* RFC 5321, 4.5.3.1: a path has 256 with its angle brackets. */
enum { EMAIL_MAX_BYTES = 254, LOCAL_PART_MAX_BYTES = 64 };

static bool is_beyond_ascii(char c)
{
    return (unsigned char)c >= 0x80;
}

/* "joe.bloggs" */
static bool is_dot_string(const char *text, size_t length, bool is_international)
{
    if (length == 0 || text[0] == '.' || text[length - 1] == '.') {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        bool is_atext = format_is(text[i], FORMAT_ALPHA | FORMAT_DIGIT | FORMAT_ATEXT) ||
                        (is_international && is_beyond_ascii(text[i]));
        if (!is_atext && (text[i] != '.' || text[i + 1] == '.')) {
            return false;
        }
    }
    return true;
}

/* Bytes of the quoted string that `text` starts with; 0 when it is none. */
static size_t quoted_bytes(const char *text, size_t length, bool is_international)
{
    for (size_t i = 1; i < length; i++) {
        if (text[i] == '"') {
            return i + 1;
        }
        bool is_pair = text[i] == '\\';
        i += is_pair ? 1 : 0;
        bool is_printable = i < length && text[i] >= ' ' && text[i] <= '~';
        if (!is_printable &&
            (is_pair || !is_international || i == length || !is_beyond_ascii(text[i]))) {
            return 0;
        }
    }
    return 0;
}

/* Where the @ must be. */
static size_t local_part_bytes(const char *text, size_t length, bool is_international)
{
    if (length > 0 && text[0] == '"') {
        return quoted_bytes(text, length, is_international);
    }
    const char *at = memchr(text, '@', length);
    size_t bytes = at == NULL ? 0 : (size_t)(at - text);
    return is_dot_string(text, bytes, is_international) ? bytes : 0;
}

/* "[127.0.0.1]" or "[IPv6:::1]" */
static bool is_address_literal(const char *text, size_t length)
{
    if (length < 2 || text[0] != '[' || text[length - 1] != ']') {
        return false;
    }
    static const char tag[] = "IPv6:";
    size_t prefix = sizeof tag - 1;
    text++;
    length -= 2;
    return length > prefix && strncasecmp(text, tag, prefix) == 0
               ? format_is_ipv6(text + prefix, length - prefix)
               : format_is_ipv4(text, length);
}

static bool is_mailbox(const char *text, size_t length, bool is_international,
                       format_check *is_domain)
{
    if (length > EMAIL_MAX_BYTES) {
        return false;
    }
    size_t local = local_part_bytes(text, length, is_international);
    if (local == 0 || local > LOCAL_PART_MAX_BYTES || local == length || text[local] != '@') {
        return false;
    }
    const char *domain = text + local + 1;
    size_t rest = length - local - 1;
    return is_domain(domain, rest) || is_address_literal(domain, rest);
}

bool format_is_email(const char *text, size_t length)
{
    return is_mailbox(text, length, false, format_is_domain);
}

/* What was a domain stays one, with labels that IDNA has reserved, too. */
static bool is_international_domain(const char *text, size_t length)
{
    return format_is_domain(text, length) || format_is_idn_hostname(text, length);
}

/* RFC 6531: letters beyond ASCII on both sides. */
bool format_is_idn_email(const char *text, size_t length)
{
    return text_is_utf8(text, length, NULL) &&
           is_mailbox(text, length, true, is_international_domain);
}
