/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/dlq/reason.h"

#include "core/buffer.h"
#include "core/text.h"

#include <stdbool.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Part of a word: a match may not begin behind one, nor end before one. */
static bool is_word(char c)
{
    return is_letter(c) || is_digit(c) || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

/* What is being read, and the byte before `at`. */
struct span {
    const char *start, *at, *end;
};

static char peek(const struct span *span, size_t ahead)
{
    if (ahead >= (size_t)(span->end - span->at)) {
        return '\0';
    }
    return span->at[ahead];
}

static size_t run_of(const struct span *span, size_t from, bool (*is)(char))
{
    size_t i = from;
    while ((size_t)(span->end - span->at) > i && is(span->at[i])) {
        i++;
    }
    return i - from;
}

/* Each returns how many bytes it takes, 0 when it is none. */

static size_t match_quoted(const struct span *span)
{
    static const char *const pairs[] = {"\"\"",
                                        "''",
                                        "``",
                                        "\xe2\x80\x9c\xe2\x80\x9d",
                                        "\xe2\x80\x98\xe2\x80\x99",
                                        "\xc2\xab\xc2\xbb"};
    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        size_t width = strlen(pairs[i]) / 2;
        if ((size_t)(span->end - span->at) < 2 * width || memcmp(span->at, pairs[i], width) != 0) {
            continue;
        }
        for (const char *at = span->at + width; at + width <= span->end; at++) {
            bool is_closing = memcmp(at, pairs[i] + width, width) == 0;
            /* an apostrophe within a word closes nothing */
            if (is_closing && (width > 1 || at + 1 == span->end || !is_word(at[1]))) {
                return (size_t)(at - span->at) + width;
            }
        }
    }
    return 0;
}

static size_t match_uuid(const struct span *span)
{
    static const size_t groups[] = {8, 4, 4, 4, 12};
    size_t at = 0;
    for (size_t i = 0; i < COUNT_OF(groups); i++) {
        if (i > 0 && peek(span, at++) != '-') {
            return 0;
        }
        if (run_of(span, at, is_hex) != groups[i]) {
            return 0;
        }
        at += groups[i];
    }
    return at;
}

/* "10:02:33.123", "10:02" */
static size_t match_clock(const struct span *span, size_t at)
{
    size_t start = at;
    size_t hour = run_of(span, at, is_digit);
    if (hour == 0 || hour > 2) {
        return 0;
    }
    at += hour;
    for (int i = 0; i < 2 && peek(span, at) == ':' && run_of(span, at + 1, is_digit) == 2; i++) {
        at += 3;
    }
    if (at == start + hour) {
        return 0;
    }
    if ((peek(span, at) == '.' || peek(span, at) == ',' || peek(span, at) == ':') &&
        is_digit(peek(span, at + 1))) {
        at += 1 + run_of(span, at + 1, is_digit);
    }
    if (peek(span, at) == 'Z') {
        at++;
    } else if ((peek(span, at) == '+' || peek(span, at) == '-') &&
               run_of(span, at + 1, is_digit) >= 2) {
        at += 1 + run_of(span, at + 1, is_digit);
        at += peek(span, at) == ':' ? 1 + run_of(span, at + 1, is_digit) : 0;
    }
    return at - start;
}

/* "2026-11-23", "11/23/2026", "23.11.2026", with a time of day behind it or not; a time alone. */
static size_t match_time(const struct span *span)
{
    size_t at = 0;
    size_t digits[3];
    char separator = '\0';
    for (int i = 0; i < 3; i++) {
        digits[i] = run_of(span, at, is_digit);
        at += digits[i];
        if (digits[i] == 0 || digits[i] > 4) {
            return match_clock(span, 0);
        }
        if (i == 0) {
            separator = peek(span, at);
        }
        if (i < 2 && (peek(span, at++) != separator || strchr("-/.", separator) == NULL)) {
            return match_clock(span, 0);
        }
    }
    if ((digits[0] == 4) == (digits[2] == 4) || digits[1] > 2) {
        return match_clock(span, 0);
    }
    if (peek(span, at) == 'T' || peek(span, at) == ' ') {
        size_t clock = match_clock(span, at + 1);
        return clock > 0 ? at + 1 + clock : at;
    }
    return at;
}

static bool is_address(char c)
{
    return !is_space(c) && strchr("\"'`<>()[]{},;", c) == NULL;
}

static size_t match_url(const struct span *span)
{
    size_t scheme = run_of(span, 0, is_letter);
    if (scheme < 2 || peek(span, scheme) != ':' || peek(span, scheme + 1) != '/' ||
        peek(span, scheme + 2) != '/') {
        return 0;
    }
    return scheme + run_of(span, scheme, is_address);
}

/* "/var/lib/x", "C:\x", "\\host\x": at least two steps, so that "and/or" is none. */
static size_t match_path(const struct span *span)
{
    bool is_drive = is_letter(peek(span, 0)) && peek(span, 1) == ':' && peek(span, 2) == '\\';
    char separator = peek(span, is_drive ? 2 : 0);
    if (separator != '/' && separator != '\\') {
        return 0;
    }
    size_t length = run_of(span, 0, is_address);
    size_t steps = 0;
    while (length > 0 && (span->at[length - 1] == '.' || span->at[length - 1] == ':')) {
        length--; /* of the sentence */
    }
    for (size_t i = 0; i < length; i++) {
        steps += span->at[i] == separator;
    }
    return steps >= 2 ? length : 0;
}

static size_t match_mail(const struct span *span)
{
    size_t length = run_of(span, 0, is_address);
    const char *sign = memchr(span->at, '@', length);
    while (length > 0 && (span->at[length - 1] == '.' || span->at[length - 1] == ':')) {
        length--;
    }
    bool has_host = sign != NULL && sign > span->at &&
                    memchr(sign, '.', (size_t)(span->at + length - sign)) != NULL;
    return has_host ? length : 0;
}

static size_t match_ip(const struct span *span)
{
    size_t at = 0;
    for (int i = 0; i < 4; i++) {
        size_t digits = run_of(span, at, is_digit);
        if (digits == 0 || digits > 3 || (i < 3 && peek(span, at + digits) != '.')) {
            return 0;
        }
        at += digits + (i < 3 ? 1 : 0);
    }
    if (peek(span, at) == ':' && is_digit(peek(span, at + 1))) {
        at += 1 + run_of(span, at + 1, is_digit);
    }
    return at;
}

/* "0x1f", and eight hex digits or more of which one at least is a digit. */
static size_t match_hex(const struct span *span)
{
    enum { HEX_MIN = 8 };
    if (peek(span, 0) == '0' && (peek(span, 1) == 'x' || peek(span, 1) == 'X')) {
        size_t digits = run_of(span, 2, is_hex);
        return digits > 0 ? 2 + digits : 0;
    }
    size_t length = run_of(span, 0, is_hex);
    bool has_digit = false;
    bool has_letter = false;
    for (size_t i = 0; i < length; i++) {
        has_digit = has_digit || is_digit(span->at[i]);
        has_letter = has_letter || is_letter(span->at[i]);
    }
    return length >= HEX_MIN && has_digit && has_letter ? length : 0;
}

static size_t match_number(const struct span *span)
{
    size_t at = run_of(span, 0, is_digit);
    while (at > 0 && (peek(span, at) == '.' || peek(span, at) == ',') &&
           is_digit(peek(span, at + 1))) {
        at += 1 + run_of(span, at + 1, is_digit);
    }
    if (at > 0 && (peek(span, at) == 'e' || peek(span, at) == 'E')) {
        size_t sign = peek(span, at + 1) == '+' || peek(span, at + 1) == '-';
        size_t digits = run_of(span, at + 1 + sign, is_digit);
        at += digits > 0 ? 1 + sign + digits : 0;
    }
    return at;
}

/* The first that matches wins. */
static const struct {
    size_t (*match)(const struct span *span);
    const char *becomes;
    bool within; /* also behind a letter, and before one: "user4711", "250ms" */
} kinds[] = {
    {match_quoted, "<text>", false}, {match_url, "<url>", false},   {match_path, "<path>", false},
    {match_uuid, "<id>", false},     {match_time, "<time>", false}, {match_mail, "<mail>", false},
    {match_ip, "<ip>", false},       {match_hex, "<hex>", false},   {match_number, "<n>", true},
};

static size_t match_any(const struct span *span, const char **becomes)
{
    bool is_behind_word = span->at > span->start && is_word(span->at[-1]);
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        if (is_behind_word && !kinds[i].within) {
            continue;
        }
        size_t length = kinds[i].match(span);
        bool is_before_word = length > 0 && is_word(peek(span, length));
        if (length > 0 && (kinds[i].within || !is_before_word)) {
            *becomes = kinds[i].becomes;
            return length;
        }
    }
    return 0;
}

/* The first line that says something. */
static struct span first_line(const char *text, size_t length)
{
    const char *end = text + length;
    while (text < end && is_space(*text)) {
        text++;
    }
    const char *feed = memchr(text, '\n', (size_t)(end - text));
    return (struct span){text, text, feed != NULL ? feed : end};
}

static void add_plain(struct buffer *out, char byte)
{
    if (!is_space(byte)) {
        buffer_byte(out, byte);
    } else if (out->length > 0 && out->bytes[out->length - 1] != ' ') {
        buffer_byte(out, ' ');
    }
}

const char *reason_normal(const char *text, size_t length, struct arena *arena)
{
    enum { READ_MAX_BYTES = 4 * REASON_MAX_BYTES }; /* matching looks ahead: bounded, so is it */
    AUTO(buffer_done) struct buffer out = {0};
    struct span span = first_line(text, length);
    if (span.end - span.start > READ_MAX_BYTES) {
        span.end = span.start + READ_MAX_BYTES;
    }
    while (span.at < span.end && out.length < REASON_MAX_BYTES) {
        const char *becomes = NULL;
        size_t taken = match_any(&span, &becomes);
        if (taken > 0) {
            buffer_text(&out, becomes);
        } else {
            add_plain(&out, *span.at);
            taken = 1;
        }
        span.at += taken;
    }
    size_t end = out.length < REASON_MAX_BYTES ? out.length : REASON_MAX_BYTES;
    while (end > 0 && end < out.length && ((unsigned char)out.bytes[end] & 0xc0) == 0x80) {
        end--; /* within a code point */
    }
    while (end > 0 && out.bytes[end - 1] == ' ') {
        end--;
    }
    return arena_text(arena, buffer_cstr(&out), end);
}
