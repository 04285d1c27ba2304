/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_PATTERN_H
#define CORE_PATTERN_H

#include "core/outcome.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The `pattern` of a schema: a regular expression of ECMA-262 with the u flag, searched anywhere in
 * the text. It is read by core/ecma.h, so what is an error there is one here, and run by PCRE2;
 * what PCRE2 cannot run as ECMA-262 means it (back references, lookbehinds of any length, large
 * counts) runs on a machine of our own. Both give up rather than hold a thread.
 */

struct pattern; /* core/codec.h */

enum { PATTERN_SHOWN_BYTES = 120 }; /* of it, in what is wrong with it */

/* Compiles once; again is nothing. Not thread-safe. FATAL says what is wrong with it, and at which
 * character. */
enum outcome pattern_prepare(struct pattern *pattern, struct fault *fault);
/* Gives back what pattern_prepare made; the text stays the caller's. */
void pattern_done(struct pattern *pattern);

/* Is it a regular expression at all? `text` may hold any bytes. */
bool pattern_is_valid(const char *text, size_t length);

enum pattern_verdict {
    PATTERN_MATCHES,
    PATTERN_DIFFERS,
    PATTERN_GAVE_UP, /* more backtracking than any honest text needs */
};

/* `text` must be valid UTF-8 and the pattern prepared. */
enum pattern_verdict pattern_match(const struct pattern *pattern, const char *text, size_t length);

#endif
