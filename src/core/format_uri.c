/* SPDX-License-Identifier: Apache-2.0 */
#include "core/format_internal.h"
#include "core/text.h"

#include <string.h>

enum {
    UNRESERVED = FORMAT_ALPHA | FORMAT_DIGIT | FORMAT_MARK,
    REG_NAME = UNRESERVED | FORMAT_SUB_DELIM,
    USER_INFO = REG_NAME | FORMAT_COLON,
    SEGMENT_WITHOUT_COLON = REG_NAME | FORMAT_AT,
    PATH = REG_NAME | FORMAT_COLON | FORMAT_AT | FORMAT_SLASH,
    QUERY = PATH | FORMAT_QUESTION,
};

/* What is left to read, and of what kind: RFC 3986, or RFC 3987 with its letters beyond ASCII. */
struct uri {
    const char *at;
    const char *end;
    bool is_international;
};

/* Letters beyond ASCII that an IRI may have (RFC 3987), and those that only its query may have. */
static bool is_ucschar(uint32_t point)
{
    if (point < 0x10000) {
        return (point >= 0xa0 && point <= 0xd7ff) || (point >= 0xf900 && point <= 0xfdcf) ||
               (point >= 0xfdf0 && point <= 0xffef);
    }
    /* Planes 1 to 13, and 14 without its tags; the last two of each are no characters. */
    bool is_tag = point >= 0xe0000 && point <= 0xe0fff;
    return point <= 0xefffd && (point & 0xffff) <= 0xfffd && !is_tag;
}

static bool is_iprivate(uint32_t point)
{
    return (point >= 0xe000 && point <= 0xf8ff) ||
           (point >= 0xf0000 && point <= 0x10fffd && (point & 0xffff) <= 0xfffd);
}

/* Bytes of the character that stands there if the part may have it, else 0. */
static size_t character_bytes(const struct uri *uri, unsigned classes, bool may_be_private)
{
    if (format_is(*uri->at, classes)) {
        return 1;
    }
    if (format_is_escape(uri->at, uri->end)) {
        return 3;
    }
    if (!uri->is_international) {
        return 0;
    }
    uint32_t point = 0;
    size_t bytes = text_code_point(uri->at, (size_t)(uri->end - uri->at), &point);
    return is_ucschar(point) || (may_be_private && is_iprivate(point)) ? bytes : 0;
}

static void skip(struct uri *uri, unsigned classes, bool may_be_private)
{
    while (uri->at < uri->end) {
        size_t bytes = character_bytes(uri, classes, may_be_private);
        if (bytes == 0) {
            return;
        }
        uri->at += bytes;
    }
}

static bool has(const struct uri *uri, char c)
{
    return uri->at < uri->end && *uri->at == c;
}

static bool take_one(struct uri *uri, char c)
{
    bool is_there = has(uri, c);
    uri->at += is_there ? 1 : 0;
    return is_there;
}

/* "v1.fe80::a": a version, then what it likes. */
static bool is_ip_future(const char *text, const char *end)
{
    struct uri uri = {.at = text, .end = end};
    if (!take_one(&uri, 'v') && !take_one(&uri, 'V')) {
        return false;
    }
    skip(&uri, FORMAT_HEX, false);
    if (uri.at == text + 1 || !take_one(&uri, '.') || uri.at == end) {
        return false;
    }
    while (uri.at < end && format_is(*uri.at, USER_INFO)) {
        uri.at++;
    }
    return uri.at == end;
}

static bool read_ip_literal(struct uri *uri)
{
    const char *close = memchr(uri->at, ']', (size_t)(uri->end - uri->at));
    if (close == NULL ||
        !(format_is_ipv6(uri->at, (size_t)(close - uri->at)) || is_ip_future(uri->at, close))) {
        return false;
    }
    uri->at = close + 1;
    return true;
}

/* [userinfo@]host[:port], up to the path, the query or the fragment. */
static bool read_authority(struct uri *uri)
{
    const char *start = uri->at;
    skip(uri, USER_INFO, false);
    if (!take_one(uri, '@')) {
        uri->at = start;
    }
    if (take_one(uri, '[')) {
        if (!read_ip_literal(uri)) {
            return false;
        }
    } else {
        skip(uri, REG_NAME, false);
    }
    if (take_one(uri, ':')) {
        while (uri->at < uri->end && format_is(*uri->at, FORMAT_DIGIT)) {
            uri->at++;
        }
    }
    return uri->at == uri->end || has(uri, '/') || has(uri, '?') || has(uri, '#');
}

/* All that may follow the scheme, or stand alone as a reference. */
static bool read_rest(struct uri *uri)
{
    if (uri->end - uri->at >= 2 && uri->at[0] == '/' && uri->at[1] == '/') {
        uri->at += 2;
        if (!read_authority(uri)) {
            return false;
        }
    }
    skip(uri, PATH, false);
    if (take_one(uri, '?')) {
        skip(uri, QUERY, true);
    }
    if (take_one(uri, '#')) {
        skip(uri, QUERY, false);
    }
    return uri->at == uri->end;
}

static bool read_scheme(struct uri *uri)
{
    if (uri->at == uri->end || !format_is(*uri->at, FORMAT_ALPHA)) {
        return false;
    }
    while (uri->at < uri->end && (format_is(*uri->at, FORMAT_ALPHA | FORMAT_DIGIT) ||
                                  has(uri, '+') || has(uri, '-') || has(uri, '.'))) {
        uri->at++;
    }
    return take_one(uri, ':');
}

static bool is_absolute(struct uri uri)
{
    return read_scheme(&uri) && read_rest(&uri);
}

static bool is_reference(struct uri uri)
{
    if (is_absolute(uri)) {
        return true;
    }
    /* Else the first segment would be read as a scheme. */
    struct uri segment = uri;
    skip(&segment, SEGMENT_WITHOUT_COLON, false);
    return !has(&segment, ':') && read_rest(&uri);
}

bool format_is_uri(const char *text, size_t length)
{
    return is_absolute((struct uri){.at = text, .end = text + length});
}

bool format_is_uri_reference(const char *text, size_t length)
{
    return is_reference((struct uri){.at = text, .end = text + length});
}

bool format_is_iri(const char *text, size_t length)
{
    return is_absolute((struct uri){.at = text, .end = text + length, .is_international = true});
}

bool format_is_iri_reference(const char *text, size_t length)
{
    return is_reference((struct uri){.at = text, .end = text + length, .is_international = true});
}

/* RFC 6570: "name", "a.b", "%41" with ":3" or "*" behind. */
static bool read_variable(struct uri *uri)
{
    const char *start = uri->at;
    do {
        const char *part = uri->at;
        while (uri->at < uri->end) {
            bool is_plain = format_is(*uri->at, FORMAT_ALPHA | FORMAT_DIGIT) || *uri->at == '_';
            if (!is_plain && !format_is_escape(uri->at, uri->end)) {
                break;
            }
            uri->at += is_plain ? 1 : 3;
        }
        if (uri->at == part) {
            return false;
        }
    } while (take_one(uri, '.'));
    if (take_one(uri, '*')) {
        return true;
    }
    if (!take_one(uri, ':')) {
        return uri->at > start;
    }
    /* 1 to 9999 */
    const char *digits = uri->at;
    while (uri->at < uri->end && uri->at - digits < 4 && format_is(*uri->at, FORMAT_DIGIT)) {
        uri->at++;
    }
    return uri->at > digits && *digits != '0';
}

/* What stands between braces, and the closing one. */
static bool read_expression(struct uri *uri)
{
    static const char operators[] = "+#./;?&=,!@|"; /* the last five are reserved */
    if (uri->at < uri->end && *uri->at != '\0' && strchr(operators, *uri->at) != NULL) {
        uri->at++;
    }
    do {
        if (!read_variable(uri)) {
            return false;
        }
    } while (take_one(uri, ','));
    return take_one(uri, '}');
}

bool format_is_uri_template(const char *text, size_t length)
{
    struct uri uri = {.at = text, .end = text + length, .is_international = true};
    while (uri.at < uri.end) {
        skip(&uri, QUERY | FORMAT_LITERAL, true);
        if (uri.at < uri.end && (!take_one(&uri, '{') || !read_expression(&uri))) {
            return false;
        }
    }
    return true;
}
