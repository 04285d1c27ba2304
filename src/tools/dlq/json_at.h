/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_DLQ_JSON_AT_H
#define TOOLS_DLQ_JSON_AT_H

#include "core/buffer.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * One value within JSON text, found by its JSON Pointer (RFC 6901) without building a tree: a
 * hundred thousand bodies are asked one thing each. Also JSON as people like to read it. For
 * documents use json-c.
 */

enum { JSON_AT_DEPTH_MAX = 128 };

/* A value as it is written: | "text" | 12.50 | {…} | */
struct json_span {
    const char *start;
    size_t length;
};

/* False when there is no such value, or the text is no JSON up to there. The first of members of
 * the same name. `pointer` is "" (everything) or begins with a slash. */
bool json_at(const char *json, size_t length, const char *pointer, struct json_span *out);

/* The value's text appended: a string unescaped, anything else as it is written. */
void json_span_text(const struct json_span *span, struct buffer *out);

/* Is it one JSON text, nothing before or behind it? */
bool json_is_valid(const char *json, size_t length);

/* The same JSON with a member per line, appended to `out`; strings and numbers stay byte for byte.
 * `json` must be valid. */
void json_pretty(const char *json, size_t length, struct buffer *out);

#endif
