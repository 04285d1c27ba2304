/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/spec.h"

#include <string.h>

/* Bindings: what only one protocol knows. AMQP 0-9-1 stands here, five others in
 * lint/spec_protocols.c, and what is left is free. */

/* clang-format off */
static const struct spec_member free_members[] = {
    {"bindingVersion", SPEC_TEXT},
};
static const struct spec_object free_binding = {
    .name = "binding", .members = free_members, .member_count = COUNT_OF(free_members),
    .is_open = true,
};

#define FREE(name) {name, .object = &free_binding}
#define KNOWN(name, what) {name, .object = &(what)}
#define OTHER_PROTOCOLS \
    FREE("anypointmq"), FREE("amqp1"), FREE("mqtt5"), FREE("jms"), FREE("sns"), FREE("solace"), \
    FREE("sqs"), FREE("stomp"), FREE("redis"), FREE("mercure"), FREE("ibmmq"), \
    FREE("googlepubsub"), FREE("pulsar"), FREE("ros2")

#define OBJECT(title, table) \
    {.name = (title), .members = (table), .member_count = COUNT_OF(table)}
#define BINDINGS(title, table, where) \
    {.name = (title), .members = (table), .member_count = COUNT_OF(table), .section = (where)}

static const char *const exchange_types[] = {"topic", "direct", "fanout", "default", "headers", NULL};
static const char *const channel_kinds[] = {"routingKey", "queue", NULL};

static const struct spec_member exchange_members[] = {
    {"name", SPEC_TEXT, .check = spec_is_short},
    {"type", SPEC_TEXT, .values = exchange_types},
    {"durable", SPEC_BOOLEAN},
    {"autoDelete", SPEC_BOOLEAN},
    {"vhost", SPEC_TEXT},
};
static const struct spec_object exchange = OBJECT("AMQP exchange", exchange_members);

static const struct spec_member queue_members[] = {
    {"name", SPEC_TEXT, .check = spec_is_short},
    {"durable", SPEC_BOOLEAN},
    {"exclusive", SPEC_BOOLEAN},
    {"autoDelete", SPEC_BOOLEAN},
    {"vhost", SPEC_TEXT},
};
static const struct spec_object queue = OBJECT("AMQP queue", queue_members);

#define VERSION {"bindingVersion", SPEC_TEXT, .check = spec_is_amqp_version}

static const struct spec_member amqp_channel_members[] = {
    {"is", SPEC_TEXT, .values = channel_kinds},
    {"exchange", .object = &exchange},
    {"queue", .object = &queue},
    VERSION,
};
const struct spec_object spec_amqp_channel = OBJECT("AMQP Channel Binding Object", amqp_channel_members);

static const char *const modes[] = {"1", "2", NULL};

#define OPERATION_MEMBERS \
    {"expiration", SPEC_INTEGER, .check = spec_is_natural}, \
    {"userId", SPEC_TEXT}, \
    {"cc", SPEC_LIST, SPEC_TEXTS}, \
    {"priority", SPEC_INTEGER}, \
    {"deliveryMode", SPEC_INTEGER, .values = modes}, \
    {"mandatory", SPEC_BOOLEAN}, \
    {"bcc", SPEC_LIST, SPEC_TEXTS}, \
    {"timestamp", SPEC_BOOLEAN}, \
    {"ack", SPEC_BOOLEAN}, \
    VERSION

static const struct spec_member amqp_operation_members[] = {OPERATION_MEMBERS};
static const struct spec_member amqp_operation_0_2_members[] = {
    OPERATION_MEMBERS,
    {"replyTo", SPEC_TEXT},
};
static const struct spec_object amqp_operation_0_3 = OBJECT("AMQP Operation Binding Object", amqp_operation_members);
static const struct spec_object amqp_operation_0_2 = OBJECT("AMQP Operation Binding Object", amqp_operation_0_2_members);
/* clang-format on */

static const struct spec_object *choose_operation(const struct node *node)
{
    const char *version = node_find_text(node, "bindingVersion");
    bool is_old =
        version != NULL && (strcmp(version, "0.1.0") == 0 || strcmp(version, "0.2.0") == 0);
    return is_old ? &amqp_operation_0_2 : &amqp_operation_0_3;
}

/* clang-format off */
static const struct spec_object amqp_operation = {
    .name = "AMQP Operation Binding Object", .choose = choose_operation,
};

static const struct spec_member amqp_message_members[] = {
    {"contentEncoding", SPEC_TEXT},
    {"messageType", SPEC_TEXT},
    VERSION,
};
static const struct spec_object amqp_message = OBJECT("AMQP Message Binding Object", amqp_message_members);

static const struct spec_member server_members[] = {
    FREE("amqp"),
    KNOWN("kafka", spec_kafka_server),
    KNOWN("mqtt", spec_mqtt_server),
    FREE("ws"), FREE("http"), FREE("nats"),
    OTHER_PROTOCOLS,
};
static const struct spec_member channel_members[] = {
    KNOWN("amqp", spec_amqp_channel),
    KNOWN("kafka", spec_kafka_channel),
    KNOWN("ws", spec_ws_channel),
    FREE("mqtt"), FREE("http"), FREE("nats"),
    OTHER_PROTOCOLS,
};
static const struct spec_member operation_members[] = {
    KNOWN("amqp", amqp_operation),
    KNOWN("kafka", spec_kafka_operation),
    KNOWN("mqtt", spec_mqtt_operation),
    KNOWN("http", spec_http_operation),
    KNOWN("nats", spec_nats_operation),
    FREE("ws"),
    OTHER_PROTOCOLS,
};
static const struct spec_member message_members[] = {
    KNOWN("amqp", amqp_message),
    KNOWN("kafka", spec_kafka_message),
    KNOWN("mqtt", spec_mqtt_message),
    KNOWN("http", spec_http_message),
    FREE("ws"), FREE("nats"),
    OTHER_PROTOCOLS,
};

const struct spec_object spec_server_bindings =
    BINDINGS("Server Bindings Object", server_members, "serverBindings");
const struct spec_object spec_channel_bindings =
    BINDINGS("Channel Bindings Object", channel_members, "channelBindings");
const struct spec_object spec_operation_bindings =
    BINDINGS("Operation Bindings Object", operation_members, "operationBindings");
const struct spec_object spec_message_bindings =
    BINDINGS("Message Bindings Object", message_members, "messageBindings");
/* clang-format on */
