/* SPDX-License-Identifier: Apache-2.0 */
#include "core/broker_internal.h"

#include <string.h>

enum outcome broker_exchange_declare(struct broker *broker, const char *exchange, const char *kind,
                                     bool passive, struct fault *fault)
{
    amqp_exchange_declare_t declare = {.exchange = bytes_of(exchange),
                                       .type = bytes_of(kind != NULL ? kind : "topic"),
                                       .passive = passive,
                                       .durable = 1};
    return broker_call(broker, AMQP_EXCHANGE_DECLARE_METHOD, &declare,
                       AMQP_EXCHANGE_DECLARE_OK_METHOD, fault);
}

enum outcome broker_queue_declare(struct broker *broker, const char *queue, const char *queue_type,
                                  bool passive, uint32_t *messages, uint32_t *consumers,
                                  struct fault *fault)
{
    amqp_table_entry_t type = {
        .key = amqp_cstring_bytes("x-queue-type"),
        .value = {.kind = AMQP_FIELD_KIND_UTF8, .value.bytes = bytes_of(queue_type)},
    };
    amqp_queue_declare_t declare = {.queue = bytes_of(queue), .passive = passive, .durable = 1};
    if (queue_type != NULL && !passive) {
        declare.arguments = (amqp_table_t){.num_entries = 1, .entries = &type};
    }
    enum outcome o = broker_call(broker, AMQP_QUEUE_DECLARE_METHOD, &declare,
                                 AMQP_QUEUE_DECLARE_OK_METHOD, fault);
    if (o == OK && messages != NULL) {
        *messages = broker->reply_messages;
    }
    if (o == OK && consumers != NULL) {
        *consumers = broker->reply_consumers;
    }
    return o;
}

static enum outcome declare_temporary(struct broker *broker, amqp_table_t arguments, char **name,
                                      struct fault *fault)
{
    amqp_queue_declare_t declare = {.exclusive = 1, .auto_delete = 1, .arguments = arguments};
    enum outcome o = broker_call(broker, AMQP_QUEUE_DECLARE_METHOD, &declare,
                                 AMQP_QUEUE_DECLARE_OK_METHOD, fault);
    if (o == OK) {
        *name = take(broker->reply_queue);
    }
    return o;
}

enum outcome broker_queue_temporary(struct broker *broker, char **name, struct fault *fault)
{
    return declare_temporary(broker, amqp_empty_table, name, fault);
}

enum outcome broker_queue_temporary_bounded(struct broker *broker, int32_t max_messages,
                                            char **name, struct fault *fault)
{
    amqp_table_entry_t entry = {.key = amqp_cstring_bytes("x-max-length"),
                                .value = {.kind = AMQP_FIELD_KIND_I32, .value.i32 = max_messages}};
    return declare_temporary(broker, (amqp_table_t){.num_entries = 1, .entries = &entry}, name,
                             fault);
}

enum outcome broker_bind(struct broker *broker, const char *queue, const char *exchange,
                         const char *routing_key, struct fault *fault)
{
    amqp_queue_bind_t bind = {.queue = bytes_of(queue),
                              .exchange = bytes_of(exchange),
                              .routing_key = bytes_of(routing_key)};
    return broker_call(broker, AMQP_QUEUE_BIND_METHOD, &bind, AMQP_QUEUE_BIND_OK_METHOD, fault);
}

enum outcome broker_unbind(struct broker *broker, const char *queue, const char *exchange,
                           const char *routing_key, struct fault *fault)
{
    amqp_queue_unbind_t unbind = {.queue = bytes_of(queue),
                                  .exchange = bytes_of(exchange),
                                  .routing_key = bytes_of(routing_key)};
    return broker_call(broker, AMQP_QUEUE_UNBIND_METHOD, &unbind, AMQP_QUEUE_UNBIND_OK_METHOD,
                       fault);
}

enum outcome broker_queue_delete(struct broker *broker, const char *queue, struct fault *fault)
{
    amqp_queue_delete_t delete = {.queue = bytes_of(queue)};
    return broker_call(broker, AMQP_QUEUE_DELETE_METHOD, &delete, AMQP_QUEUE_DELETE_OK_METHOD,
                       fault);
}

enum outcome broker_purge(struct broker *broker, const char *queue, struct fault *fault)
{
    amqp_queue_purge_t purge = {.queue = bytes_of(queue)};
    return broker_call(broker, AMQP_QUEUE_PURGE_METHOD, &purge, AMQP_QUEUE_PURGE_OK_METHOD, fault);
}
