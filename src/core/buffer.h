/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_BUFFER_H
#define CORE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Bytes that grow at the end. A zeroed buffer is empty and valid; it always keeps room for a final
 * NUL (buffer_text). */

struct buffer {
    char *bytes;
    size_t length;
    size_t room;
};

void buffer_done(struct buffer *buffer);
void buffer_clear(struct buffer *buffer); /* keeps the memory */

void buffer_add(struct buffer *buffer, const void *bytes, size_t count);
void buffer_byte(struct buffer *buffer, char byte);
void buffer_text(struct buffer *buffer, const char *text);
void buffer_printf(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void buffer_i64(struct buffer *buffer, int64_t number);
/* A JSON string with its quotes: control characters, quotes and backslashes escaped. `text` must be
 * UTF-8. */
void buffer_json(struct buffer *buffer, const char *text, size_t length);

/* Makes room for `count` more bytes and returns where they go; add them with buffer_grow. */
char *buffer_reserve(struct buffer *buffer, size_t count);
void buffer_grow(struct buffer *buffer, size_t count);
/* Drops the first `count` bytes. */
void buffer_drop(struct buffer *buffer, size_t count);

/* Adds the rest of a file, but not much more than `most` bytes: whoever finds more there refuses
 * it. False when it cannot be read. */
bool buffer_read(struct buffer *buffer, FILE *file, size_t most);

/* The content as a C string, borrowed; "" when empty. */
const char *buffer_cstr(struct buffer *buffer);

#endif
