/* SPDX-License-Identifier: Apache-2.0 */
#include "core/buffer.h"

#include "core/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buffer_done(struct buffer *buffer)
{
    free(buffer->bytes);
    *buffer = (struct buffer){0};
}

void buffer_clear(struct buffer *buffer)
{
    buffer->length = 0;
}

char *buffer_reserve(struct buffer *buffer, size_t count)
{
    size_t need = buffer->length + count + 1;
    if (need > buffer->room) {
        size_t room = buffer->room > 0 ? buffer->room * 2 : 256;
        buffer->room = room > need ? room : need;
        buffer->bytes = xrealloc(buffer->bytes, buffer->room);
    }
    return buffer->bytes + buffer->length;
}

void buffer_grow(struct buffer *buffer, size_t count)
{
    buffer->length += count;
}

bool buffer_read(struct buffer *buffer, FILE *file, size_t most)
{
    enum { PIECE_BYTES = 65536 };
    size_t before = buffer->length;
    size_t count = 0;
    do {
        count = fread(buffer_reserve(buffer, PIECE_BYTES), 1, PIECE_BYTES, file);
        buffer_grow(buffer, count);
    } while (count > 0 && buffer->length - before <= most);
    return ferror(file) == 0;
}

void buffer_add(struct buffer *buffer, const void *bytes, size_t count)
{
    if (count > 0) {
        memcpy(buffer_reserve(buffer, count), bytes, count);
        buffer->length += count;
    }
}

void buffer_byte(struct buffer *buffer, char byte)
{
    *buffer_reserve(buffer, 1) = byte;
    buffer->length++;
}

void buffer_text(struct buffer *buffer, const char *text)
{
    buffer_add(buffer, text, strlen(text));
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    (void)vsnprintf(buffer_reserve(buffer, (size_t)length), (size_t)length + 1, format, again);
    va_end(again);
    buffer->length += (size_t)length;
}

void buffer_i64(struct buffer *buffer, int64_t number)
{
    char digits[24];
    char *end = digits + sizeof digits;
    char *at = end;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0) {
        *--at = '-';
    }
    buffer_add(buffer, at, (size_t)(end - at));
}

void buffer_json(struct buffer *buffer, const char *text, size_t length)
{
    buffer_byte(buffer, '"');
    size_t start = 0;
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f) {
            continue;
        }
        buffer_add(buffer, text + start, i - start);
        start = i + 1;
        if (c == '"' || c == '\\') {
            buffer_byte(buffer, '\\');
            buffer_byte(buffer, (char)c);
        } else {
            buffer_printf(buffer, "\\u%04x", c);
        }
    }
    buffer_add(buffer, text + start, length - start);
    buffer_byte(buffer, '"');
}

void buffer_drop(struct buffer *buffer, size_t count)
{
    memmove(buffer->bytes, buffer->bytes + count, buffer->length - count);
    buffer->length -= count;
}

const char *buffer_cstr(struct buffer *buffer)
{
    *buffer_reserve(buffer, 0) = '\0';
    return buffer->bytes;
}
