/* SPDX-License-Identifier: Apache-2.0 */
#include "core/format_internal.h"
#include "core/text.h"

#include <idn2.h>
#include <string.h>

enum {
    HOST_MAX_BYTES = 253,
    LABEL_MAX_BYTES = 63,
    U_LABEL_MAX_BYTES = 4 * LABEL_MAX_BYTES, /* more never fits 63 bytes of Punycode */
};

bool format_is_ipv4(const char *text, size_t length)
{
    size_t at = 0;
    for (int part = 0; part < 4; part++) {
        if (part > 0 && (at == length || text[at++] != '.')) {
            return false;
        }
        size_t start = at;
        int number = 0;
        while (at < length && at - start < 3 && format_is(text[at], FORMAT_DIGIT)) {
            number = number * 10 + (text[at++] - '0');
        }
        /* A leading zero would be octal to some. */
        if (at == start || number > 255 || (text[start] == '0' && at - start > 1)) {
            return false;
        }
    }
    return at == length;
}

static size_t count_hex(const char *text, size_t length)
{
    size_t count = 0;
    while (count < length && format_is(text[count], FORMAT_HEX)) {
        count++;
    }
    return count;
}

/*
 * Eight groups of up to four digits; "::" once, for one or more of them that are zero; an IPv4
 * address may stand for the last two (RFC 4291, 2.2). No zone: that is not part of the address.
 */
bool format_is_ipv6(const char *text, size_t length)
{
    int groups = 0;
    bool has_gap = false;
    size_t at = 0;
    while (at < length) {
        if (length - at >= 2 && text[at] == ':' && text[at + 1] == ':') {
            if (has_gap) {
                return false;
            }
            has_gap = true;
            at += 2;
            if (at == length) {
                break;
            }
        } else if (groups > 0 && text[at++] != ':') {
            return false;
        }
        size_t digits = count_hex(text + at, length - at);
        if (at + digits < length && text[at + digits] == '.') {
            groups += 2;
            if (!format_is_ipv4(text + at, length - at)) {
                return false;
            }
            break;
        }
        if (digits < 1 || digits > 4) {
            return false;
        }
        groups++;
        at += digits;
    }
    return has_gap ? groups < 8 : groups == 8;
}

/* Letters, digits, inner hyphens. */
static bool is_ldh_label(const char *text, size_t length)
{
    if (length == 0 || length > LABEL_MAX_BYTES || text[0] == '-' || text[length - 1] == '-') {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (!format_is(text[i], FORMAT_ALPHA | FORMAT_DIGIT) && text[i] != '-') {
            return false;
        }
    }
    return true;
}

/* xn--…: it must be the Punycode of a label that IDNA2008 allows, and in the only way to write it.
 */
static bool is_a_label(const char *text, size_t length)
{
    uint8_t label[LABEL_MAX_BYTES + 1];
    for (size_t i = 0; i < length; i++) {
        bool is_upper = text[i] >= 'A' && text[i] <= 'Z';
        label[i] = (uint8_t)(is_upper ? text[i] - 'A' + 'a' : text[i]);
    }
    label[length] = '\0';
    uint8_t *name = NULL;
    int code = idn2_register_u8(NULL, label, &name, 0);
    idn2_free(name);
    return code == IDN2_OK;
}

static bool has_prefix(const char *text, size_t length)
{
    return length >= 4 && (text[0] | 0x20) == 'x' && (text[1] | 0x20) == 'n' && text[2] == '-' &&
           text[3] == '-';
}

/* Bytes of a label as DNS has it; 0: it is none. */
typedef size_t label_bytes(const char *text, size_t length);

static size_t ldh_bytes(const char *text, size_t length)
{
    return is_ldh_label(text, length) ? length : 0;
}

static size_t host_bytes(const char *text, size_t length)
{
    bool is_host =
        is_ldh_label(text, length) && (!has_prefix(text, length) || is_a_label(text, length));
    return is_host ? length : 0;
}

/*
 * A label with letters beyond ASCII: valid code points, rules of context and of direction, Unicode
 * form C, and not too long as Punycode (RFC 5891, 4.2, as for a registration).
 */
static size_t u_label_bytes(const char *text, size_t length)
{
    if (length > U_LABEL_MAX_BYTES) {
        return 0;
    }
    /* ASCII that is no letter, digit or hyphen passes the library as it is. */
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)text[i] < 0x80 && text[i] != '-' &&
            !format_is(text[i], FORMAT_ALPHA | FORMAT_DIGIT)) {
            return 0;
        }
    }
    uint8_t label[U_LABEL_MAX_BYTES + 1];
    memcpy(label, text, length);
    label[length] = '\0';
    uint8_t *name = NULL;
    int code = idn2_register_u8(label, NULL, &name, 0);
    size_t bytes = code == IDN2_OK ? strlen((const char *)name) : 0;
    idn2_free(name);
    return bytes <= LABEL_MAX_BYTES ? bytes : 0;
}

static bool is_ascii(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)text[i] >= 0x80) {
            return false;
        }
    }
    return true;
}

static size_t idn_bytes(const char *text, size_t length)
{
    if (!is_ascii(text, length)) {
        return u_label_bytes(text, length);
    }
    /* Hyphens in the third and fourth place are reserved for prefixes, of which there is one. */
    bool is_reserved = length >= 4 && text[2] == '-' && text[3] == '-';
    return is_reserved && !has_prefix(text, length) ? 0 : host_bytes(text, length);
}

/* The bytes of the separator that starts there: a full stop, or one of the three that IDNA takes
 * for it (RFC 3490, 3.1). */
static size_t dot_bytes(const char *text, size_t length)
{
    static const char *const wide[] = {"\xe3\x80\x82", "\xef\xbc\x8e", "\xef\xbd\xa1"};
    if (text[0] == '.') {
        return 1;
    }
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++) {
        if (length >= 3 && memcmp(text, wide[i], 3) == 0) {
            return 3;
        }
    }
    return 0;
}

/* Labels with dots between them, and together not too long for DNS. */
static bool is_name(const char *text, size_t length, bool is_idn, label_bytes *measure)
{
    size_t start = 0;
    size_t bytes = 0;
    for (size_t i = 0; i <= length;) {
        size_t dot = i == length ? 1 : is_idn ? dot_bytes(text + i, length - i) : text[i] == '.';
        if (dot == 0) {
            i++;
            continue;
        }
        size_t label = measure(text + start, i - start);
        bytes += label + (start > 0 ? 1 : 0);
        if (label == 0 || bytes > HOST_MAX_BYTES) {
            return false;
        }
        i += dot;
        start = i;
    }
    return true;
}

bool format_is_domain(const char *text, size_t length)
{
    return is_name(text, length, false, ldh_bytes);
}

bool format_is_hostname(const char *text, size_t length)
{
    return is_name(text, length, false, host_bytes);
}

bool format_is_idn_hostname(const char *text, size_t length)
{
    return text_is_utf8(text, length, NULL) && is_name(text, length, true, idn_bytes);
}
