/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_DLQ_LETTER_VIEW_H
#define TOOLS_DLQ_LETTER_VIEW_H

#include "tools/cli.h"
#include "tools/dlq/letter.h"

/* A letter for people and as JSON: everything foreign is escaped. */

enum { LETTER_SHOWN_MAX_BYTES = 64 * 1024 }; /* of a body, unless asked for more */

/* The whole picture, several lines. `call` decides about colours. */
void letter_print(const struct cli_call *call, const struct letter *letter, size_t max_bytes,
                  struct buffer *out);

/* One line: time, id, type, cause, reason. */
void letter_print_line(const struct cli_call *call, const struct letter *letter,
                       struct buffer *out);

/* An object without a line feed; with the body as `body` (text) or `body_base64`, unless
 * `without_body`. docs/json.md has its members. */
void letter_json(const struct letter *letter, bool without_body, struct buffer *out);

/* "2026-11-23T07:05:00.123Z", or "-" for 0. */
const char *letter_instant(int64_t ms, char out[32]);

/* "name":"text" and so on, with a comma before it when something stands there; NULL becomes null.
 */
void json_member_text(struct buffer *out, const char *name, const char *text);
void json_member_number(struct buffer *out, const char *name, int64_t number);
void json_member_bool(struct buffer *out, const char *name, bool is_true);
/* An instant as RFC 3339; 0 becomes null. */
void json_member_instant(struct buffer *out, const char *name, int64_t ms);
void json_member_base64(struct buffer *out, const char *name, const void *bytes, size_t length);

#endif
