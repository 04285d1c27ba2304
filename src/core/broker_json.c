/* SPDX-License-Identifier: Apache-2.0 */
#include "core/broker_internal.h"
#include "core/text.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* Property lists as JSON, for people and tools that look at messages. */

static void write_text(struct buffer *out, amqp_bytes_t bytes)
{
    const char *text = bytes.bytes;
    if (text_is_utf8(text, bytes.len, NULL)) {
        buffer_json(out, text, bytes.len);
        return;
    }
    AUTO(buffer_done) struct buffer clean = {0};
    for (size_t i = 0; i < bytes.len;) {
        uint32_t point = 0;
        size_t length = text_code_point(text + i, bytes.len - i, &point);
        if (length == 0) {
            buffer_text(&clean, "\xEF\xBF\xBD"); /* U+FFFD */
        } else {
            buffer_add(&clean, text + i, length);
        }
        i += length > 0 ? length : 1;
    }
    buffer_json(out, buffer_cstr(&clean), clean.length);
}

static void write_double(struct buffer *out, double number)
{
    if (isfinite(number)) {
        buffer_printf(out, "%.17g", number);
    } else {
        buffer_text(out, "null");
    }
}

static void write_value(struct buffer *out, const amqp_field_value_t *field, int depth);

static void write_table(struct buffer *out, const amqp_table_t *table, int depth)
{
    buffer_byte(out, '{');
    for (int i = 0; i < table->num_entries; i++) {
        buffer_text(out, i > 0 ? "," : "");
        write_text(out, table->entries[i].key);
        buffer_byte(out, ':');
        write_value(out, &table->entries[i].value, depth);
    }
    buffer_byte(out, '}');
}

static void write_list(struct buffer *out, const amqp_array_t *list, int depth)
{
    buffer_byte(out, '[');
    for (int i = 0; i < list->num_entries; i++) {
        buffer_text(out, i > 0 ? "," : "");
        write_value(out, &list->entries[i], depth);
    }
    buffer_byte(out, ']');
}

/* Recursive to BROKER_JSON_MAX_DEPTH. */
static void write_value(struct buffer *out, const amqp_field_value_t *field, int depth)
{
    switch (field->kind) {
    case AMQP_FIELD_KIND_UTF8:
    case AMQP_FIELD_KIND_BYTES:
        write_text(out, field->value.bytes);
        break;
    case AMQP_FIELD_KIND_BOOLEAN:
        buffer_text(out, field->value.boolean != 0 ? "true" : "false");
        break;
    case AMQP_FIELD_KIND_I8:
        buffer_i64(out, (int64_t)field->value.i8);
        break;
    case AMQP_FIELD_KIND_U8:
        buffer_i64(out, field->value.u8);
        break;
    case AMQP_FIELD_KIND_I16:
        buffer_i64(out, field->value.i16);
        break;
    case AMQP_FIELD_KIND_U16:
        buffer_i64(out, field->value.u16);
        break;
    case AMQP_FIELD_KIND_I32:
        buffer_i64(out, field->value.i32);
        break;
    case AMQP_FIELD_KIND_U32:
        buffer_i64(out, field->value.u32);
        break;
    case AMQP_FIELD_KIND_I64:
        buffer_i64(out, field->value.i64);
        break;
    case AMQP_FIELD_KIND_U64:
    case AMQP_FIELD_KIND_TIMESTAMP:
        buffer_printf(out, "%" PRIu64, field->value.u64);
        break;
    case AMQP_FIELD_KIND_F32:
        write_double(out, field->value.f32);
        break;
    case AMQP_FIELD_KIND_F64:
        write_double(out, field->value.f64);
        break;
    case AMQP_FIELD_KIND_DECIMAL:
        buffer_printf(out, "%" PRIu32 "e-%u", field->value.decimal.value,
                      field->value.decimal.decimals);
        break;
    case AMQP_FIELD_KIND_TABLE:
    case AMQP_FIELD_KIND_ARRAY:
        if (depth == BROKER_JSON_MAX_DEPTH) {
            buffer_text(out, "null");
        } else if (field->kind == AMQP_FIELD_KIND_TABLE) {
            write_table(out, &field->value.table, depth + 1);
        } else {
            write_list(out, &field->value.array, depth + 1);
        }
        break;
    default:
        buffer_text(out, "null");
        break;
    }
}

static const struct {
    const char *name;
    amqp_flags_t flag;
    size_t from;
} texts[] = {
#define TEXT(FLAG, member)                                                                         \
    {                                                                                              \
#member, AMQP_BASIC_##FLAG##_FLAG, offsetof(amqp_basic_properties_t, member)               \
    }
    TEXT(CONTENT_TYPE, content_type),
    TEXT(CONTENT_ENCODING, content_encoding),
    TEXT(CORRELATION_ID, correlation_id),
    TEXT(REPLY_TO, reply_to),
    TEXT(EXPIRATION, expiration),
    TEXT(MESSAGE_ID, message_id),
    TEXT(TYPE, type),
    TEXT(USER_ID, user_id),
    TEXT(APP_ID, app_id),
    TEXT(CLUSTER_ID, cluster_id),
#undef TEXT
};

static void next_name(struct buffer *out, const char *name)
{
    buffer_printf(out, "%s\"%s\":", out->bytes[out->length - 1] != '{' ? "," : "", name);
}

static void write_properties(struct buffer *out, const amqp_basic_properties_t *in)
{
    buffer_byte(out, '{');
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        if ((in->_flags & texts[i].flag) != 0) {
            next_name(out, texts[i].name);
            write_text(out, *(const amqp_bytes_t *)((const char *)in + texts[i].from));
        }
    }
    if ((in->_flags & AMQP_BASIC_DELIVERY_MODE_FLAG) != 0) {
        next_name(out, "delivery_mode");
        buffer_i64(out, in->delivery_mode);
    }
    if ((in->_flags & AMQP_BASIC_PRIORITY_FLAG) != 0) {
        next_name(out, "priority");
        buffer_i64(out, in->priority);
    }
    if ((in->_flags & AMQP_BASIC_TIMESTAMP_FLAG) != 0) {
        next_name(out, "timestamp");
        buffer_printf(out, "%" PRIu64, in->timestamp);
    }
    if ((in->_flags & AMQP_BASIC_HEADERS_FLAG) != 0) {
        next_name(out, "headers");
        write_table(out, &in->headers, 0);
    }
    buffer_byte(out, '}');
}

enum outcome broker_properties_json(const void *raw, size_t raw_length, struct buffer *out,
                                    struct fault *fault)
{
    amqp_pool_t pool;
    init_amqp_pool(&pool, POOL_PAGE_BYTES);
    void *decoded = NULL;
    amqp_bytes_t encoded = {.len = raw_length, .bytes = (void *)raw};
    enum outcome o = OK;
    if (amqp_decode_properties(AMQP_BASIC_CLASS, &pool, encoded, &decoded) < 0) {
        o = fault_set(fault, REJECT, "the property list cannot be read");
    } else {
        write_properties(out, decoded);
    }
    empty_amqp_pool(&pool);
    return o;
}
