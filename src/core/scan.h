/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_SCAN_H
#define CORE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * JSON's words (RFC 8259), found in place: nothing is copied, nothing allocated. Every function
 * that returns false has set `problem`, a half sentence for people, and left `at` where it stands.
 */

struct scan {
    const char *start;
    const char *at;
    const char *end;
    const char *problem;
    bool takes_nul; /* \u0000 is a character like others; else it is refused */
};

/* A string between its quotes, valid UTF-8 once unescaped. */
struct scan_text {
    const char *start;
    size_t length; /* as written */
    size_t bytes;  /* unescaped */
    size_t points; /* code points, unescaped */
    bool is_escaped;
};

struct scan_number {
    const char *start;
    size_t length;
    bool is_plain; /* neither fraction nor exponent */
};

static inline void scan_space(struct scan *scan)
{
    while (scan->at < scan->end &&
           (*scan->at == ' ' || *scan->at == '\n' || *scan->at == '\t' || *scan->at == '\r')) {
        scan->at++;
    }
}

/* The next byte after white space; '\0' at the end (which is no byte of JSON either). */
static inline char scan_peek(struct scan *scan)
{
    scan_space(scan);
    if (scan->at == scan->end) {
        return '\0';
    }
    return *scan->at;
}

/* Takes that byte when it comes next. */
static inline bool scan_take(struct scan *scan, char byte)
{
    if (scan_peek(scan) != byte || byte == '\0') {
        return false;
    }
    scan->at++;
    return true;
}

/* The same, else a problem. */
bool scan_expect(struct scan *scan, char byte);
/* true, false or null in full. */
bool scan_word(struct scan *scan, const char *word);
/* The string that starts at the quote `at`. */
bool scan_string(struct scan *scan, struct scan_text *text);
/* Takes a member's name and colon when they are written just so; false is no problem. `name` needs
 * no escapes. */
bool scan_take_key(struct scan *scan, const char *name);
/* A member's name and its colon. */
bool scan_key(struct scan *scan, struct scan_text *key);
bool scan_number(struct scan *scan, struct scan_number *number);
/* Any value, at most `depth` levels deep; its syntax is checked in full. */
bool scan_skip(struct scan *scan, unsigned depth);
/* Nothing but white space is left. */
bool scan_is_done(struct scan *scan);

/* Writes text->bytes bytes. */
void scan_unescape(const struct scan_text *text, char *out);

/* The number as int64, exactly: 1.0 and 1e2 are integers. */
enum scan_integer { SCAN_INTEGER, SCAN_FRACTION, SCAN_OVERFLOW };
enum scan_integer scan_integer(const struct scan_number *number, int64_t *out);

/* How many bytes from `at` need no attention in a string: ASCII but control characters, quotes and
 * backslashes. */
size_t scan_plain(const char *at, const char *end);

#endif
