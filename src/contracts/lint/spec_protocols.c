/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/spec.h"

/* Bindings of the protocols beside AMQP that many use: Kafka, MQTT, WebSockets, HTTP and NATS. */

/* clang-format off */
#define OBJECT(title, table) {.name = (title), .members = (table), .member_count = COUNT_OF(table)}
#define VERSION(versions) {"bindingVersion", SPEC_TEXT, .values = (versions)}
#define SCHEMA(name) {name, .object = &spec_schema, .flags = SPEC_REF}
#define NATURAL(name) {name, SPEC_INTEGER, .check = spec_is_natural}

/* A number as it is, or a schema of the numbers that it may be; for texts likewise. */
static const struct spec_object integer = {.name = "integer", .kinds = SPEC_INTEGER};
static const struct spec_object text = {.name = "string", .kinds = SPEC_TEXT};
/* clang-format on */

static const struct spec_object *choose_integer(const struct node *node)
{
    return node->kind == NODE_INTEGER ? &integer : &spec_schema;
}

static const struct spec_object *choose_text(const struct node *node)
{
    return node->kind == NODE_STRING ? &text : &spec_schema;
}

/* clang-format off */
static const struct spec_object integer_or_schema = {.name = "number", .choose = choose_integer};
static const struct spec_object text_or_schema = {.name = "text", .choose = choose_text};

static const char *const kafka_versions[] = {"0.5.0", "0.4.0", "0.3.0", "0.1.0", "latest", NULL};
static const char *const id_places[] = {"header", "payload", NULL};
static const char *const clean_ups[] = {"compact", "delete", NULL};

static const struct spec_member kafka_server_members[] = {
    {"schemaRegistryUrl", SPEC_TEXT},
    {"schemaRegistryVendor", SPEC_TEXT},
    VERSION(kafka_versions),
};
static const struct spec_member topic_members[] = {
    {"cleanup.policy", SPEC_LIST, SPEC_TEXTS, .values = clean_ups},
    {"retention.ms", SPEC_INTEGER},
    {"retention.bytes", SPEC_INTEGER},
    NATURAL("delete.retention.ms"),
    NATURAL("max.message.bytes"),
};
static const struct spec_object topic = {
    .name = "Kafka topic configuration", .members = topic_members,
    .member_count = COUNT_OF(topic_members), .is_open = true,
};
static const struct spec_member kafka_channel_members[] = {
    {"topic", SPEC_TEXT},
    {"partitions", SPEC_INTEGER, .check = spec_is_positive},
    {"replicas", SPEC_INTEGER, .check = spec_is_positive},
    {"topicConfiguration", .object = &topic},
    VERSION(kafka_versions),
};
static const struct spec_member kafka_operation_members[] = {
    SCHEMA("groupId"),
    SCHEMA("clientId"),
    VERSION(kafka_versions),
};
static const struct spec_member kafka_message_members[] = {
    {"key", SPEC_MAP | SPEC_BOOLEAN}, /* a schema, or Avro's */
    {"schemaIdLocation", SPEC_TEXT, .values = id_places},
    {"schemaIdPayloadEncoding", SPEC_TEXT},
    {"schemaLookupStrategy", SPEC_TEXT},
    VERSION(kafka_versions),
};
const struct spec_object spec_kafka_server = OBJECT("Kafka Server Binding Object", kafka_server_members);
const struct spec_object spec_kafka_channel = OBJECT("Kafka Channel Binding Object", kafka_channel_members);
const struct spec_object spec_kafka_operation = OBJECT("Kafka Operation Binding Object", kafka_operation_members);
const struct spec_object spec_kafka_message = OBJECT("Kafka Message Binding Object", kafka_message_members);

static const char *const mqtt_versions[] = {"0.2.0", "0.1.0", "latest", NULL};
static const char *const qualities[] = {"0", "1", "2", NULL};
static const char *const indicators[] = {"0", "1", NULL};

static const struct spec_member last_will_members[] = {
    {"topic", SPEC_TEXT},
    {"qos", SPEC_INTEGER, .values = qualities},
    {"message", SPEC_TEXT},
    {"retain", SPEC_BOOLEAN},
};
static const struct spec_object last_will = OBJECT("MQTT last will", last_will_members);

static const struct spec_member mqtt_server_members[] = {
    {"clientId", SPEC_TEXT},
    {"cleanSession", SPEC_BOOLEAN},
    {"lastWill", .object = &last_will},
    NATURAL("keepAlive"),
    {"sessionExpiryInterval", .object = &integer_or_schema, .flags = SPEC_REF},
    {"maximumPacketSize", .object = &integer_or_schema, .flags = SPEC_REF},
    VERSION(mqtt_versions),
};
static const struct spec_member mqtt_operation_members[] = {
    {"qos", SPEC_INTEGER, .values = qualities},
    {"retain", SPEC_BOOLEAN},
    {"messageExpiryInterval", .object = &integer_or_schema, .flags = SPEC_REF},
    VERSION(mqtt_versions),
};
static const struct spec_member mqtt_message_members[] = {
    {"payloadFormatIndicator", SPEC_INTEGER, .values = indicators},
    SCHEMA("correlationData"),
    {"contentType", SPEC_TEXT},
    {"responseTopic", .object = &text_or_schema, .flags = SPEC_REF},
    VERSION(mqtt_versions),
};
const struct spec_object spec_mqtt_server = OBJECT("MQTT Server Binding Object", mqtt_server_members);
const struct spec_object spec_mqtt_operation = OBJECT("MQTT Operation Binding Object", mqtt_operation_members);
const struct spec_object spec_mqtt_message = OBJECT("MQTT Message Binding Object", mqtt_message_members);

static const char *const ws_versions[] = {"0.1.0", "latest", NULL};
static const char *const ws_methods[] = {"GET", "POST", NULL};

static const struct spec_member ws_channel_members[] = {
    {"method", SPEC_TEXT, .values = ws_methods},
    SCHEMA("query"),
    SCHEMA("headers"),
    VERSION(ws_versions),
};
const struct spec_object spec_ws_channel = OBJECT("WebSockets Channel Binding Object", ws_channel_members);

static const char *const http_versions[] = {"0.3.0", "0.2.0", "latest", NULL};
static const char *const http_methods[] = {
    "GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE", NULL,
};
static const struct spec_member http_operation_members[] = {
    {"method", SPEC_TEXT, .values = http_methods},
    SCHEMA("query"),
    VERSION(http_versions),
};
static const struct spec_member http_message_members[] = {
    SCHEMA("headers"),
    {"statusCode", SPEC_NUMBER},
    VERSION(http_versions),
};
const struct spec_object spec_http_operation = OBJECT("HTTP Operation Binding Object", http_operation_members);
const struct spec_object spec_http_message = OBJECT("HTTP Message Binding Object", http_message_members);

static const char *const nats_versions[] = {"0.1.0", "latest", NULL};
static const struct spec_member nats_operation_members[] = {
    {"queue", SPEC_TEXT, .check = spec_is_short},
    VERSION(nats_versions),
};
const struct spec_object spec_nats_operation = OBJECT("NATS Operation Binding Object", nats_operation_members);
/* clang-format on */
