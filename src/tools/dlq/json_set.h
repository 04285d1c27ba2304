/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_DLQ_JSON_SET_H
#define TOOLS_DLQ_JSON_SET_H

#include "core/buffer.h"
#include "core/outcome.h"

/* One value of JSON text replaced or added; every other byte stays. */

/*
 * `set` is "/path=value": a JSON Pointer (RFC 6901; "" is the whole text, "-" the end of a list)
 * and JSON, or else a text as it stands. REJECT when the place cannot be there.
 */
enum outcome json_set(const char *json, size_t length, const char *set, struct buffer *out,
                      struct fault *fault);

/* Lines that differ, with - and + before them and escaped for a terminal; `context` lines around.
 */
void json_diff(const char *before, size_t before_length, const char *after, size_t after_length,
               struct buffer *out);

#endif
