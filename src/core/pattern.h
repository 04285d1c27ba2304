/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_PATTERN_H
#define CORE_PATTERN_H

#include "core/outcome.h"

#include <stddef.h>

/*
 * The `pattern` of a schema: ECMA-262 with the u flag, searched anywhere in the text, run by PCRE2.
 * Classes are ASCII
 * (\s, too, which ECMA-262 has wider).
 */

struct pattern;

/* Compiles once; again is nothing. Not thread-safe. FATAL says what is wrong with it, and where. */
enum outcome pattern_prepare(struct pattern *pattern, struct fault *fault);
/* Gives back what pattern_prepare made; the text stays the caller's. */
void pattern_done(struct pattern *pattern);

enum pattern_verdict {
    PATTERN_MATCHES,
    PATTERN_DIFFERS,
    PATTERN_GAVE_UP, /* more backtracking than any honest text needs */
};

/* `text` must be valid UTF-8 and the pattern prepared. */
enum pattern_verdict pattern_match(const struct pattern *pattern, const char *text, size_t length);

#endif
