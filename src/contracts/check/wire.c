/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/check/wire.h"

#include "contracts/check/address.h"
#include "contracts/similar.h"
#include "core/text.h"

#include <string.h>

enum {
    SHORT_TEXT_MAX_BYTES = 255, /* AMQP's shortstr */
    TOLD_NAME_MAX_BYTES = 64,   /* of a member that is not known */
};

/* What a description may hold. The last ones are told by the management API and not judged. */
static const char *const members[] = {
    "exchange", "routing_key",      "properties",    "headers",     "body",          "body_base64",
    "payload",  "payload_encoding", "payload_bytes", "redelivered", "message_count",
};

static const struct property {
    const char *name;
    bool is_number;
    int64_t min, max;
} properties[] = {
    {.name = "content_type"},
    {.name = "content_encoding"},
    {.name = "correlation_id"},
    {.name = "reply_to"},
    {.name = "expiration"},
    {.name = "message_id"},
    {.name = "type"},
    {.name = "user_id"},
    {.name = "app_id"},
    {.name = "cluster_id"},
    {.name = "delivery_mode", .is_number = true, .min = 1, .max = 2},
    {.name = "priority", .is_number = true, .min = 0, .max = 255},
    {.name = "timestamp", .is_number = true, .min = 0, .max = INT64_MAX},
};

static struct json_object *member(struct json_object *object, const char *key)
{
    struct json_object *found = NULL;
    return json_object_object_get_ex(object, key, &found) ? found : NULL;
}

/* Its name is no value of the message: it is the slip itself. */
static enum outcome refuse_unknown(const char *where, const char *key, const char *const *names,
                                   size_t count, struct fault *fault)
{
    const char *meant = similar_find(key, names, count);
    size_t length = 0;
    size_t point = 1;
    while (point > 0 && length < TOLD_NAME_MAX_BYTES && key[length] != '\0') {
        uint32_t unused = 0;
        point = text_code_point(key + length, strlen(key + length), &unused);
        length += point;
    }
    return fault_set(fault, REJECT, "%s a member \"%.*s%s\" that is not known; %s%s%s", where,
                     (int)length, key, key[length] != '\0' ? "…" : "",
                     meant != NULL ? "did you mean " : "--help tells those that are",
                     meant != NULL ? meant : "", meant != NULL ? "?" : "");
}

static enum outcome check_members(struct json_object *description, struct fault *fault)
{
    json_object_object_foreach(description, key, value)
    {
        bool is_known = false;
        (void)value;
        for (size_t i = 0; i < COUNT_OF(members) && !is_known; i++) {
            is_known = strcmp(key, members[i]) == 0;
        }
        if (!is_known) {
            return refuse_unknown("the description has", key, members, COUNT_OF(members), fault);
        }
    }
    return OK;
}

static enum outcome read_text(struct json_object *value, const char *name, const char **out,
                              struct fault *fault)
{
    const char *text =
        json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
    size_t length = text != NULL ? (size_t)json_object_get_string_len(value) : 0;
    if (text == NULL || length > SHORT_TEXT_MAX_BYTES || strlen(text) != length) {
        return fault_set(fault, REJECT, "%s must be a string of at most %d bytes without NUL", name,
                         SHORT_TEXT_MAX_BYTES);
    }
    *out = text;
    return OK;
}

static enum outcome check_property(const struct property *property, struct json_object *value,
                                   struct fault *fault)
{
    const char *text = NULL;
    if (!property->is_number) {
        return read_text(value, property->name, &text, fault);
    }
    int64_t number = json_object_is_type(value, json_type_int) ? json_object_get_int64(value) : -1;
    if (number < property->min || number > property->max) {
        return fault_set(fault, REJECT, "%s must be an integer from %lld to %lld", property->name,
                         (long long)property->min, (long long)property->max);
    }
    return OK;
}

static enum outcome check_properties(struct json_object *object, struct fault *fault)
{
    enum outcome o = OK;
    json_object_object_foreach(object, key, value)
    {
        const struct property *property = NULL;
        const char *names[COUNT_OF(properties)];
        for (size_t i = 0; i < COUNT_OF(properties); i++) {
            names[i] = properties[i].name;
            property = strcmp(key, names[i]) == 0 ? &properties[i] : property;
        }
        if (property != NULL) {
            o = check_property(property, value, fault);
        } else if (strcmp(key, "headers") != 0) {
            o = refuse_unknown("properties has", key, names, COUNT_OF(names), fault);
        }
        if (o != OK) {
            return o;
        }
    }
    return OK;
}

/* The management API writes an empty table as []. */
static enum outcome read_table(struct json_object *object, const char *key,
                               struct json_object **out, struct fault *fault)
{
    struct json_object *value = member(object, key);
    if (value == NULL ||
        (json_object_is_type(value, json_type_array) && json_object_array_length(value) == 0)) {
        return OK;
    }
    if (!json_object_is_type(value, json_type_object)) {
        return fault_set(fault, REJECT, "%s must be an object", key);
    }
    *out = value;
    return OK;
}

static enum outcome read_properties(struct json_object *description, struct check_message *message,
                                    struct fault *fault)
{
    struct json_object *within = NULL;
    enum outcome o = read_table(description, "properties", &message->properties, fault);
    if (o == OK) {
        o = read_table(description, "headers", &message->headers, fault);
    }
    if (o == OK && message->properties != NULL) {
        o = check_properties(message->properties, fault);
        if (o == OK) {
            o = read_table(message->properties, "headers", &within, fault);
        }
    }
    if (o == OK && within != NULL && message->headers != NULL) {
        return fault_set(fault, REJECT, "headers are there twice: beside and within properties");
    }
    message->headers = within != NULL ? within : message->headers;
    return o;
}

/* Body */

static int digit_of(char byte)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = byte != '\0' ? strchr(digits, byte) : NULL;
    return at != NULL ? (int)(at - digits) : -1;
}

/* RFC 4648, with its padding and nothing else. */
static bool decode_base64(const char *text, size_t length, struct buffer *out)
{
    size_t padding = 0;
    while (padding < 2 && padding < length && text[length - padding - 1] == '=') {
        padding++;
    }
    uint32_t bits = 0;
    for (size_t i = 0; i + padding < length; i++) {
        int digit = digit_of(text[i]);
        if (digit < 0) {
            return false;
        }
        bits = bits << 6 | (uint32_t)digit;
        if (i % 4 != 0) {
            buffer_byte(out, (char)(bits >> (6 - 2 * (i % 4))));
        }
    }
    uint32_t left = padding == 0 ? 0 : padding == 1 ? 3 : 15; /* bits that must be unused */
    return length % 4 == 0 && (bits & left) == 0;
}

static enum outcome read_base64(struct json_object *value, const char *name, struct wire *wire,
                                struct fault *fault)
{
    if (!json_object_is_type(value, json_type_string) ||
        !decode_base64(json_object_get_string(value), (size_t)json_object_get_string_len(value),
                       &wire->body)) {
        return fault_set(fault, REJECT, "%s is no Base64 (RFC 4648, with padding)", name);
    }
    wire->message.body = buffer_cstr(&wire->body);
    wire->message.body_length = wire->body.length;
    return OK;
}

static enum outcome read_payload(struct json_object *description, struct wire *wire,
                                 struct fault *fault)
{
    struct json_object *payload = member(description, "payload");
    struct json_object *encoding = member(description, "payload_encoding");
    const char *name = json_object_is_type(encoding, json_type_string)
                           ? json_object_get_string(encoding)
                           : "string";
    if (strcmp(name, "base64") == 0) {
        return read_base64(payload, "payload", wire, fault);
    }
    if (strcmp(name, "string") != 0) {
        return fault_set(fault, REJECT, "payload_encoding must be string or base64");
    }
    if (!json_object_is_type(payload, json_type_string)) {
        return fault_set(
            fault, REJECT,
            "payload must be a string, as the management API writes it; JSON goes into "
            "body");
    }
    wire->message.body = json_object_get_string(payload);
    wire->message.body_length = (size_t)json_object_get_string_len(payload);
    return OK;
}

static enum outcome read_body(struct json_object *description, struct wire *wire,
                              struct fault *fault)
{
    struct json_object *body = NULL;
    bool has_body = json_object_object_get_ex(description, "body", &body);
    struct json_object *base64 = member(description, "body_base64");
    bool has_payload = member(description, "payload") != NULL;
    if (has_body + (base64 != NULL) + has_payload != 1) {
        return fault_set(fault, REJECT, "exactly one of body, body_base64 and payload is needed");
    }
    if (has_payload) {
        return read_payload(description, wire, fault);
    }
    if (base64 != NULL) {
        return read_base64(base64, "body_base64", wire, fault);
    }
    wire->message.has_value = true;
    wire->message.value = body;
    return OK;
}

enum outcome wire_read(struct json_object *description, struct wire *wire, struct fault *fault)
{
    if (!json_object_is_type(description, json_type_object)) {
        return fault_set(fault, REJECT, "the description of a message must be an object");
    }
    struct check_message *message = &wire->message;
    struct json_object *exchange = member(description, "exchange");
    struct json_object *routing_key = member(description, "routing_key");
    enum outcome o = check_members(description, fault);
    if (o == OK && exchange != NULL) {
        o = read_text(exchange, "exchange", &message->exchange, fault);
    }
    if (o == OK && routing_key != NULL) {
        o = read_text(routing_key, "routing_key", &message->routing_key, fault);
    }
    if (o == OK) {
        o = read_properties(description, message, fault);
    }
    return o == OK ? read_body(description, wire, fault) : o;
}

void wire_done(struct wire *wire)
{
    buffer_done(&wire->body);
    *wire = (struct wire){0};
}
