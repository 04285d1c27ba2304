/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/dlq/copy.h"

#include "tools/dlq/letter.h"

#include <string.h>

/* The list's fields in their order on the wire (AMQP 0-9-1, 4.2.6.1 and the class basic). */
enum field_kind { SHORT_TEXT, TABLE, BYTE, LONG };
enum {
    FLAG_MORE = 1,
    FLAG_HEADERS = 1 << 13,
    FLAG_DELIVERY_MODE = 1 << 12,
    FLAG_MESSAGE_ID = 1 << 7,
    FLAG_USER_ID = 1 << 4,
    SHORT_TEXT_MAX_BYTES = 255,
    PERSISTENT = 2,
};
static const struct {
    uint16_t flag;
    enum field_kind kind;
} fields[] = {
    {1 << 15, SHORT_TEXT},         /* content_type */
    {1 << 14, SHORT_TEXT},         /* content_encoding */
    {FLAG_HEADERS, TABLE},         /* headers */
    {FLAG_DELIVERY_MODE, BYTE},    /* delivery_mode */
    {1 << 11, BYTE},               /* priority */
    {1 << 10, SHORT_TEXT},         /* correlation_id */
    {1 << 9, SHORT_TEXT},          /* reply_to */
    {1 << 8, SHORT_TEXT},          /* expiration */
    {FLAG_MESSAGE_ID, SHORT_TEXT}, /* message_id */
    {1 << 6, LONG},                /* timestamp */
    {1 << 5, SHORT_TEXT},          /* type */
    {FLAG_USER_ID, SHORT_TEXT},    /* user_id */
    {1 << 3, SHORT_TEXT},          /* app_id */
    {1 << 2, SHORT_TEXT},          /* cluster_id */
};

static const char USER_HEADER[] = "quadrille-user-id";

struct span {
    const uint8_t *start;
    size_t length;
};

static void add_uint(struct buffer *out, uint64_t number, size_t bytes)
{
    for (size_t i = bytes; i-- > 0;) {
        buffer_byte(out, (char)(number >> (8 * i) & 0xff));
    }
}

static void add_short_text(struct buffer *out, const char *text)
{
    size_t length = strnlen(text, SHORT_TEXT_MAX_BYTES);
    buffer_byte(out, (char)length);
    buffer_add(out, text, length);
}

/* Name, letter and value, as in a table. */
static void add_header(struct buffer *out, const struct header *header)
{
    add_short_text(out, header->name);
    if (header->is_number) {
        buffer_byte(out, 'l');
        add_uint(out, (uint64_t)header->number, 8);
    } else {
        buffer_byte(out, 'S');
        add_uint(out, strlen(header->text), 4);
        buffer_text(out, header->text);
    }
}

static size_t field_bytes(enum field_kind kind, const uint8_t *at, size_t rest)
{
    switch (kind) {
    case SHORT_TEXT:
        return rest > 0 ? 1u + at[0] : SIZE_MAX;
    case TABLE:
        return rest >= 4 ? 4u + ((size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 |
                                 (size_t)at[3])
                         : SIZE_MAX;
    case BYTE:
        return 1;
    case LONG:
        return 8;
    }
    return SIZE_MAX;
}

/* Where each field is; absent ones have no start. */
static bool find_fields(const uint8_t *raw, size_t length, struct span spans[COUNT_OF(fields)])
{
    if (length < 2 || (raw[1] & FLAG_MORE) != 0) {
        return false;
    }
    unsigned flags = (unsigned)raw[0] << 8 | raw[1];
    size_t at = 2;
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        spans[i] = (struct span){0};
        if ((flags & fields[i].flag) == 0) {
            continue;
        }
        size_t bytes = field_bytes(fields[i].kind, raw + at, length - at);
        if (bytes > length - at) {
            return false;
        }
        spans[i] = (struct span){raw + at, bytes};
        at += bytes;
    }
    return at == length;
}

static bool is_replaced(const struct header_value *header, const struct copy_changes *changes)
{
    for (size_t i = 0; i < changes->header_count; i++) {
        const char *name = changes->headers[i].name;
        if (header->name_length == strlen(name) &&
            memcmp(header->name, name, header->name_length) == 0) {
            return true;
        }
    }
    return false;
}

static void add_table(struct buffer *out, const struct header_value *headers, struct span user,
                      const struct copy_changes *changes)
{
    size_t place = out->length;
    add_uint(out, 0, 4);
    for (size_t i = 0; i < headers->count; i++) {
        const struct header_value *header = &headers->items[i];
        bool is_count = letter_is_broker_count(header->name);
        bool is_old_user = user.length > 1 && strcmp(header->name, USER_HEADER) == 0;
        if (!is_count && !is_old_user && !is_replaced(header, changes)) {
            buffer_add(out, header->raw, header->raw_length);
        }
    }
    for (size_t i = 0; i < changes->header_count; i++) {
        add_header(out, &changes->headers[i]);
    }
    if (user.length > 1) {
        add_short_text(out, USER_HEADER);
        buffer_byte(out, 'S');
        add_uint(out, user.length - 1, 4);
        buffer_add(out, user.start + 1, user.length - 1);
    }
    size_t bytes = out->length - place - 4;
    for (size_t i = 0; i < 4; i++) {
        out->bytes[place + i] = (char)(bytes >> (8 * (3 - i)) & 0xff);
    }
}

static void add_fields(struct buffer *out, const struct span spans[COUNT_OF(fields)],
                       const struct header_value *headers, struct span user,
                       const struct copy_changes *changes)
{
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        if (fields[i].flag == FLAG_HEADERS) {
            add_table(out, headers, user, changes);
        } else if (fields[i].flag == FLAG_DELIVERY_MODE) {
            buffer_byte(out, PERSISTENT);
        } else if (fields[i].flag == FLAG_MESSAGE_ID && changes->message_id != NULL) {
            add_short_text(out, changes->message_id);
        } else if (fields[i].flag == FLAG_USER_ID) {
            if (changes->user_id != NULL) {
                add_short_text(out, changes->user_id);
            }
        } else if (spans[i].start != NULL) {
            buffer_add(out, spans[i].start, spans[i].length);
        }
    }
}

static struct span user_of(const struct span spans[COUNT_OF(fields)])
{
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        if (fields[i].flag == FLAG_USER_ID) {
            return spans[i];
        }
    }
    return (struct span){0};
}

enum outcome copy_properties(const void *raw, size_t raw_length, const struct header_value *headers,
                             const struct copy_changes *changes, struct buffer *out,
                             struct fault *fault)
{
    struct span spans[COUNT_OF(fields)];
    if (!find_fields(raw, raw_length, spans)) {
        return fault_set(fault, REJECT, "the property list cannot be read");
    }
    struct span user = changes->user_id == NULL ? user_of(spans) : (struct span){0};
    const uint8_t *bytes = raw;
    unsigned flags = ((unsigned)bytes[0] << 8 | bytes[1]) | FLAG_HEADERS | FLAG_DELIVERY_MODE;
    flags = changes->message_id != NULL ? flags | FLAG_MESSAGE_ID : flags;
    flags = changes->user_id != NULL ? flags | FLAG_USER_ID : flags & ~(unsigned)FLAG_USER_ID;
    add_uint(out, flags, 2);
    add_fields(out, spans, headers, user, changes);
    return OK;
}
