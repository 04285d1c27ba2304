/* SPDX-License-Identifier: Apache-2.0 */
#include "core/broker_internal.h"

#include <string.h>

/* Property lists: flags and values of a content header, from and to the wire. */

const struct header *properties_find(const struct properties *properties, const char *name)
{
    for (size_t i = 0; i < properties->header_count; i++) {
        if (strcmp(properties->headers[i].name, name) == 0) {
            return &properties->headers[i];
        }
    }
    return NULL;
}

/* Copies into the text room, NUL-terminated; returns where. The room holds every byte of the list
 * plus a NUL per value. */
static const char *keep(char **text, amqp_bytes_t bytes)
{
    char *start = *text;
    memcpy(start, bytes.bytes, bytes.len);
    start[bytes.len] = '\0';
    *text = start + bytes.len + 1;
    return start;
}

static struct header read_header(const amqp_table_entry_t *entry, char **text)
{
    struct header header = {.name = keep(text, entry->key)};
    switch (entry->value.kind) {
    case AMQP_FIELD_KIND_UTF8:
    case AMQP_FIELD_KIND_BYTES:
        header.text = keep(text, entry->value.value.bytes);
        break;
    case AMQP_FIELD_KIND_BOOLEAN:
        header.number = entry->value.value.boolean != 0;
        header.is_number = true;
        break;
    case AMQP_FIELD_KIND_I8:
        header.number = (int64_t)entry->value.value.i8;
        header.is_number = true;
        break;
    case AMQP_FIELD_KIND_U8:
        header.number = entry->value.value.u8;
        header.is_number = true;
        break;
    case AMQP_FIELD_KIND_I16:
        header.number = entry->value.value.i16;
        header.is_number = true;
        break;
    case AMQP_FIELD_KIND_U16:
        header.number = entry->value.value.u16;
        header.is_number = true;
        break;
    case AMQP_FIELD_KIND_I32:
        header.number = entry->value.value.i32;
        header.is_number = true;
        break;
    case AMQP_FIELD_KIND_U32:
        header.number = entry->value.value.u32;
        header.is_number = true;
        break;
    case AMQP_FIELD_KIND_I64:
    case AMQP_FIELD_KIND_U64:
    case AMQP_FIELD_KIND_TIMESTAMP:
        header.number = entry->value.value.i64;
        header.is_number = true;
        break;
    default:
        break; /* kept in the raw list only */
    }
    return header;
}

/* Where there are more than BROKER_HEADERS_MAX, only those that somebody here reads; the raw list
 * keeps them all. */
static bool is_read(amqp_bytes_t key)
{
    static const char *const beginnings[] = {"cloudEvents_", "traceparent", "x-delivery-count",
                                             "quadrille-", "x-original-"};
    for (size_t i = 0; i < COUNT_OF(beginnings); i++) {
        size_t length = strlen(beginnings[i]);
        if (key.len >= length && memcmp(key.bytes, beginnings[i], length) == 0) {
            return true;
        }
    }
    return false;
}

static const struct {
    amqp_flags_t flag;
    size_t from, to;
} texts[] = {
#define TEXT(FLAG, name)                                                                           \
    {                                                                                              \
        AMQP_BASIC_##FLAG##_FLAG, offsetof(amqp_basic_properties_t, name),                         \
            offsetof(struct properties, name)                                                      \
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
#undef TEXT
};

enum outcome properties_decode(amqp_pool_t *pool, const void *raw, size_t raw_length,
                               struct properties *out, struct header *headers, char *text,
                               struct fault *fault)
{
    void *decoded = NULL;
    amqp_bytes_t encoded = {.len = raw_length, .bytes = (void *)raw};
    if (amqp_decode_properties(AMQP_BASIC_CLASS, pool, encoded, &decoded) < 0) {
        return fault_set(fault, REJECT, "the property list cannot be read");
    }
    const amqp_basic_properties_t *in = decoded;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        if ((in->_flags & texts[i].flag) != 0) {
            const amqp_bytes_t *value = (const amqp_bytes_t *)((const char *)in + texts[i].from);
            *(const char **)((char *)out + texts[i].to) = keep(&text, *value);
        }
    }
    if ((in->_flags & AMQP_BASIC_TIMESTAMP_FLAG) != 0) {
        out->timestamp_s = (int64_t)in->timestamp;
    }
    out->is_persistent =
        (in->_flags & AMQP_BASIC_DELIVERY_MODE_FLAG) != 0 && in->delivery_mode == 2;
    if ((in->_flags & AMQP_BASIC_HEADERS_FLAG) != 0) {
        size_t count = (size_t)in->headers.num_entries;
        for (size_t i = 0; i < count && out->header_count < BROKER_HEADERS_MAX; i++) {
            if (count <= BROKER_HEADERS_MAX || is_read(in->headers.entries[i].key)) {
                headers[out->header_count++] = read_header(&in->headers.entries[i], &text);
            }
        }
        out->headers = headers;
    }
    return OK;
}

enum outcome broker_properties_decode(const void *raw, size_t raw_length, struct arena *arena,
                                      struct properties *out, struct fault *fault)
{
    amqp_pool_t pool;
    init_amqp_pool(&pool, POOL_PAGE_BYTES);
    struct header *headers = arena_alloc(arena, BROKER_HEADERS_MAX * sizeof *headers);
    char *text = arena_alloc(arena, raw_length + 64 + BROKER_HEADERS_MAX);
    *out = (struct properties){.raw = raw, .raw_length = raw_length};
    enum outcome o = properties_decode(&pool, raw, raw_length, out, headers, text, fault);
    empty_amqp_pool(&pool);
    return o;
}

static enum outcome encode(amqp_basic_properties_t *properties, size_t most, struct buffer *out,
                           struct fault *fault)
{
    char *room = buffer_reserve(out, most);
    int length = amqp_encode_properties(AMQP_BASIC_CLASS, properties,
                                        (amqp_bytes_t){.len = most, .bytes = room});
    if (length < 0) {
        return fault_set(fault, REJECT, "broker: the properties do not fit %zu bytes", most);
    }
    buffer_grow(out, (size_t)length);
    return OK;
}

static amqp_table_entry_t entry_of(const struct header *header)
{
    amqp_table_entry_t entry = {.key = amqp_cstring_bytes(header->name)};
    if (header->is_number) {
        entry.value.kind = AMQP_FIELD_KIND_I64;
        entry.value.value.i64 = header->number;
    } else {
        entry.value.kind = AMQP_FIELD_KIND_UTF8;
        entry.value.value.bytes = bytes_of(header->text);
    }
    return entry;
}

enum outcome broker_properties_encode(const struct properties *in, struct buffer *out,
                                      struct fault *fault)
{
    if (in->header_count > BROKER_HEADERS_MAX) {
        return fault_set(fault, REJECT, "broker: more than %d headers", BROKER_HEADERS_MAX);
    }
    amqp_basic_properties_t properties = {0};
    size_t most = 64;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        const char *value = *(const char *const *)((const char *)in + texts[i].to);
        if (value != NULL) {
            properties._flags |= texts[i].flag;
            *(amqp_bytes_t *)((char *)&properties + texts[i].from) = amqp_cstring_bytes(value);
            most += strlen(value) + 1;
        }
    }
    amqp_table_entry_t entries[BROKER_HEADERS_MAX];
    for (size_t i = 0; i < in->header_count; i++) {
        entries[i] = entry_of(&in->headers[i]);
        most += strlen(in->headers[i].name) + 16 +
                (in->headers[i].text != NULL ? strlen(in->headers[i].text) : 0);
    }
    if (in->header_count > 0) {
        properties._flags |= AMQP_BASIC_HEADERS_FLAG;
        properties.headers =
            (amqp_table_t){.num_entries = (int)in->header_count, .entries = entries};
    }
    if (in->timestamp_s != 0) {
        properties._flags |= AMQP_BASIC_TIMESTAMP_FLAG;
        properties.timestamp = (uint64_t)in->timestamp_s;
    }
    properties._flags |= AMQP_BASIC_DELIVERY_MODE_FLAG;
    properties.delivery_mode = in->is_persistent ? 2 : 1;
    return encode(&properties, most, out, fault);
}

static const char USER_HEADER[] = "quadrille-user-id";
static const char DROPPED_HEADER[] = "quadrille-dropped-headers";

/* A header of the same name is replaced: a dead letter that failed again tells its last failure. */
static void set_entry(amqp_table_entry_t *entries, int *count, amqp_table_entry_t entry)
{
    for (int i = 0; i < *count; i++) {
        if (entries[i].key.len == entry.key.len &&
            memcmp(entries[i].key.bytes, entry.key.bytes, entry.key.len) == 0) {
            entries[i] = entry;
            return;
        }
    }
    entries[(*count)++] = entry;
}

enum {
    EXTEND_SPARE_BYTES = 32, /* a table, the delivery mode, the name of the header of the user id */
    ENTRY_SPARE_BYTES = 16,  /* lengths, the kind, a number */
    DROPPED_TEXT_BYTES = 200,
};

/* The headers of a list that is being extended, and what the whole list takes on the wire at most.
 */
struct extension {
    amqp_table_entry_t *entries;
    int count;
    size_t bytes, max_bytes;
    struct buffer dropped; /* names */
};

static size_t header_bytes(const struct header *header)
{
    size_t text = header->is_number || header->text == NULL ? 0 : strlen(header->text);
    return strlen(header->name) + ENTRY_SPARE_BYTES + text;
}

/* `scratch` has room for every entry. */
static size_t entry_bytes(amqp_table_entry_t *entry, const struct buffer *scratch)
{
    amqp_table_t table = {.num_entries = 1, .entries = entry};
    size_t length = 0;
    int status = amqp_encode_table((amqp_bytes_t){.len = scratch->room, .bytes = scratch->bytes},
                                   &table, &length);
    return status < 0 ? 0 : length;
}

static void drop_largest(struct extension *extension, const struct buffer *scratch)
{
    int largest = 0;
    size_t most = 0;
    for (int i = 0; i < extension->count; i++) {
        size_t bytes = entry_bytes(&extension->entries[i], scratch);
        if (bytes > most) {
            most = bytes;
            largest = i;
        }
    }
    amqp_bytes_t name = extension->entries[largest].key;
    buffer_text(&extension->dropped, extension->dropped.length > 0 ? ", " : "");
    buffer_add(&extension->dropped, name.bytes, name.len);
    extension->count--;
    extension->entries[largest] = extension->entries[extension->count];
    extension->bytes -= most < extension->bytes ? most : extension->bytes;
}

/* A dead letter that fits no frame could never leave: rather without a header of theirs than
 * without the class. */
static void make_room(struct extension *extension, size_t needed)
{
    if (extension->count == 0 || extension->bytes + needed <= extension->max_bytes) {
        return;
    }
    AUTO(buffer_done) struct buffer scratch = {0};
    (void)buffer_reserve(&scratch, extension->bytes);
    extension->bytes += sizeof DROPPED_HEADER + ENTRY_SPARE_BYTES + DROPPED_TEXT_BYTES;
    while (extension->count > 0 && extension->bytes + needed > extension->max_bytes) {
        drop_largest(extension, &scratch);
    }
}

/* What is ours is cut so that everything fits, the last first; our first is kept whole. */
static void add_more(struct extension *extension, const struct header *more, size_t count)
{
    size_t room =
        extension->max_bytes > extension->bytes ? extension->max_bytes - extension->bytes : 0;
    for (size_t i = 0; i < count; i++) {
        amqp_table_entry_t entry = entry_of(&more[i]);
        size_t names = strlen(more[i].name) + ENTRY_SPARE_BYTES;
        if (i > 0 && room < names) {
            continue;
        }
        room = room > names ? room - names : 0;
        if (!more[i].is_number) {
            amqp_bytes_t *text = &entry.value.value.bytes;
            text->len = i > 0 && text->len > room ? room : text->len;
            room = room > text->len ? room - text->len : 0;
        }
        set_entry(extension->entries, &extension->count, entry);
    }
}

static amqp_table_entry_t bytes_entry(const char *name, amqp_bytes_t bytes)
{
    return (amqp_table_entry_t){.key = amqp_cstring_bytes(name),
                                .value = {.kind = AMQP_FIELD_KIND_UTF8, .value.bytes = bytes}};
}

static enum outcome extend(amqp_basic_properties_t *properties, struct extension *extension,
                           const struct header *more, size_t count, struct buffer *out,
                           struct fault *fault)
{
    make_room(extension, count > 0 ? header_bytes(&more[0]) : 0);
    if ((properties->_flags & AMQP_BASIC_USER_ID_FLAG) != 0) {
        set_entry(extension->entries, &extension->count,
                  bytes_entry(USER_HEADER, properties->user_id));
        properties->_flags &= ~(amqp_flags_t)AMQP_BASIC_USER_ID_FLAG;
    }
    if (extension->dropped.length > 0) {
        size_t length = extension->dropped.length;
        length = length < DROPPED_TEXT_BYTES ? length : DROPPED_TEXT_BYTES;
        set_entry(extension->entries, &extension->count,
                  bytes_entry(DROPPED_HEADER,
                              (amqp_bytes_t){.len = length, .bytes = extension->dropped.bytes}));
    }
    add_more(extension, more, count);
    properties->_flags |= AMQP_BASIC_HEADERS_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG;
    properties->headers =
        (amqp_table_t){.num_entries = extension->count, .entries = extension->entries};
    properties->delivery_mode = 2;
    return encode(properties, extension->max_bytes, out, fault);
}

enum outcome broker_properties_extend(const void *raw, size_t raw_length, const struct header *more,
                                      size_t count, size_t max_bytes, struct buffer *out,
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
        amqp_basic_properties_t *properties = decoded;
        bool has_headers = (properties->_flags & AMQP_BASIC_HEADERS_FLAG) != 0;
        struct extension extension = {.count = has_headers ? properties->headers.num_entries : 0,
                                      .bytes = raw_length + EXTEND_SPARE_BYTES,
                                      .max_bytes = max_bytes};
        extension.entries = xcalloc((size_t)extension.count + count + 2, sizeof *extension.entries);
        if (extension.count > 0) {
            memcpy(extension.entries, properties->headers.entries,
                   (size_t)extension.count * sizeof *extension.entries);
        }
        o = extend(properties, &extension, more, count, out, fault);
        buffer_done(&extension.dropped);
        free(extension.entries);
    }
    empty_amqp_pool(&pool);
    return o;
}
