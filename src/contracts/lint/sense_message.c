/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/sense.h"

#include "contracts/lint/location.h"
#include "contracts/similar.h"
#include "core/text.h"

#include <ctype.h>
#include <string.h>

/* Those of the specification, without their versions. */
static const char *const schema_formats[] = {
    "application/vnd.aai.asyncapi",
    "application/vnd.aai.asyncapi+json",
    "application/vnd.aai.asyncapi+yaml",
    "application/schema+json",
    "application/schema+yaml",
    "application/vnd.apache.avro",
    "application/vnd.apache.avro+json",
    "application/vnd.apache.avro+yaml",
    "application/vnd.oai.openapi",
    "application/vnd.oai.openapi+json",
    "application/vnd.oai.openapi+yaml",
    "application/raml+yaml",
    "application/vnd.google.protobuf",
    "application/xml",
    "application/vnd.confluent.protobuf",
};

static void judge_payload(struct lint *lint, const struct asyncapi_message *message)
{
    if (node_find(message->at, "payload") == NULL) {
        lint_add(lint, &sense_message_without_payload, message->at->place,
                 "the message %s does not say what is in it: give it a payload", message->name);
    }
}

static void judge_headers(struct lint *lint, const struct asyncapi_message *message)
{
    const struct node *headers = ref_follow(lint->documents, message->headers);
    const struct node *type = node_find(headers, "type");
    if (headers == NULL ||
        !sense_is_json_schema(node_find_text(node_find(message->at, "headers"), "schemaFormat"))) {
        return;
    }
    if (type != NULL && (type->kind != NODE_STRING || strcmp(type->text, "object") != 0)) {
        lint_add(lint, &sense_headers_not_object, type->place,
                 "the headers of %s must be of type object", message->name);
    }
}

static void judge_schema_format(struct lint *lint, const struct asyncapi_message *message,
                                const char *member)
{
    const struct node *schema = node_find(message->at, member);
    const struct node *at = ref_follow(lint->documents, schema);
    const struct node *format = node_find(at, "schemaFormat");
    if (format == NULL || format->kind != NODE_STRING) {
        return;
    }
    AUTO(free_text) char *name = xstrndup(format->text, strcspn(format->text, "; "));
    for (size_t i = 0; i < COUNT_OF(schema_formats); i++) {
        if (strcasecmp(schema_formats[i], name) == 0) {
            return;
        }
    }
    const char *near = similar_find(name, schema_formats, COUNT_OF(schema_formats));
    lint_add(lint, &sense_unknown_schema_format, format->place,
             "the specification knows no schema format \"%s\"%s%s%s", name,
             near != NULL ? ": did you mean \"" : "", near != NULL ? near : "",
             near != NULL ? "\"?" : "");
}

static size_t token_length(const char *text)
{
    size_t length = 0;
    while (isalnum((unsigned char)text[length]) ||
           (text[length] != '\0' && strchr("!#$%&'*+-.^_`|~", text[length]) != NULL)) {
        length++;
    }
    return length;
}

static const char *skip_space(const char *text)
{
    return text + strspn(text, " \t");
}

/* token "=" (token / quoted text), RFC 9110; NULL when it is none. */
static const char *skip_parameter(const char *at)
{
    size_t name = token_length(at);
    if (name == 0 || at[name] != '=') {
        return NULL;
    }
    at += name + 1;
    if (*at != '"') {
        size_t value = token_length(at);
        return value > 0 ? at + value : NULL;
    }
    for (at++; *at != '"'; at++) {
        at += *at == '\\' && at[1] != '\0' ? 1 : 0;
        if (*at == '\0') {
            return NULL;
        }
    }
    return at + 1;
}

static bool is_media_type(const char *text)
{
    size_t type = token_length(text);
    size_t subtype = type > 0 && text[type] == '/' ? token_length(text + type + 1) : 0;
    if (subtype == 0) {
        return false;
    }
    const char *at = skip_space(text + type + 1 + subtype);
    while (at != NULL && *at == ';') {
        at = skip_space(at + 1);
        at = *at == '\0' ? at : skip_parameter(at); /* a last ; alone is allowed */
        at = at != NULL ? skip_space(at) : NULL;
    }
    return at != NULL && *at == '\0';
}

void sense_content_type(struct lint *lint, const struct node *content_type)
{
    if (content_type != NULL && content_type->kind == NODE_STRING &&
        !is_media_type(content_type->text)) {
        lint_add(lint, &sense_content_type_invalid, content_type->place,
                 "\"%s\" is no media type: write it as in application/json", content_type->text);
    }
}

/* A header of a message that declares none; but many write AMQP's own property as if it were one.
 */
static bool is_header_of_nothing(const struct asyncapi_message *message, const char *location)
{
    static const char header[] = "$message.header#/";
    const char *name = location + strlen(header);
    return text_starts_with(location, header) && node_find(message->at, "headers") == NULL &&
           strcmp(name, "correlationId") != 0 && strcmp(name, "correlation_id") != 0;
}

static void judge_correlation(struct lint *lint, const struct asyncapi_message *message)
{
    const struct node *location = node_find(message->correlation_id, "location");
    const char *missing = NULL;
    if (location == NULL || location->kind != NODE_STRING) {
        return;
    }
    if (is_header_of_nothing(message, location->text)) {
        lint_add(lint, &sense_correlation_id_undeclared, location->place,
                 "the correlation id is said to be at %s, but %s declares no headers",
                 location->text, message->name);
        return;
    }
    if (location_find(lint->documents, message, location->text, NULL, &missing) == SCHEMA_ABSENT) {
        lint_add(lint, &sense_correlation_id_undeclared, location->place,
                 "the correlation id is said to be at %s, but %s declares no \"%s\" there",
                 location->text, message->name, missing);
    }
}

void sense_message(struct lint *lint, const struct asyncapi_message *message)
{
    judge_payload(lint, message);
    judge_headers(lint, message);
    judge_schema_format(lint, message, "payload");
    judge_schema_format(lint, message, "headers");
    sense_content_type(lint, node_find(message->at, "contentType"));
    judge_correlation(lint, message);
}
