/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_TEXT_H
#define CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Small questions about text and numbers in text. Nothing here allocates. */

/* The whole text must be a decimal integer within [min, max]. `out` is written only on success. */
bool text_int(const char *text, int64_t min, int64_t max, int64_t *out);

/* "500ms", "30s", "5m", "2h", "7d" → milliseconds. */
bool text_duration_ms(const char *text, int64_t *out);

/* RFC 3339 date-time ("2026-11-23T07:05:00.123Z", offsets allowed) → UTC milliseconds; fractions
 * beyond ms are cut. */
bool text_date_time(const char *text, size_t length, int64_t *out_ms);

/* RFC 3339 full-date with a real calendar day. */
bool text_is_date(const char *text, size_t length);

/* RFC 3339 full-time ("07:05:00.123Z"): with an offset, and second 60 only where UTC has it. */
bool text_is_time(const char *text, size_t length);

/* One more than a hexadecimal digit's value, 0 for every other byte. Every event carries half a
 * dozen ids: a table pays. */
extern const uint8_t text_hex_digits[UINT8_MAX + 1];

/* A hexadecimal digit's value, of either case; -1 for every other byte. */
static inline int text_hex_digit(char c)
{
    return text_hex_digits[(unsigned char)c] - 1;
}

/* The value of the four hexadecimal digits that JSON writes behind \u; -1 when they are not there.
 */
int32_t text_hex_quad(const char *at, const char *end);

/* Decodes %xx in place. What is no escape, or would be U+0000, stays, and the answer is false. */
bool text_decode_percent(char *text);

/* Bytes of the code point that starts there (1 to 4), 0 when it is malformed, overlong, a surrogate
 * or cut off. */
size_t text_code_point(const char *text, size_t length, uint32_t *point);

/* How many bytes the byte order mark takes that some editors begin a UTF-8 file with: 3 or 0. */
size_t text_byte_order_mark(const char *text, size_t length);

/* Writes a code point (no surrogate, not beyond U+10FFFF) as UTF-8; how many bytes. */
size_t text_put_point(uint32_t point, char out[4]);

/* Well-formed UTF-8 (no overlong forms, surrogates or beyond U+10FFFF); counts code points when
 * `points` is not NULL. */
bool text_is_utf8(const char *text, size_t length, size_t *points);

/* Any of U+0000–U+001F, U+007F–U+009F: what must never reach a terminal, a mail header or a log
 * unescaped. */
bool text_has_control(const char *text, size_t length);

bool text_starts_with(const char *text, const char *prefix);

#endif
