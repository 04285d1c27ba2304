/* SPDX-License-Identifier: Apache-2.0 */
#include "core/broker_internal.h"

#include <string.h>

/* What a broker answers on its port for TLS to who speaks plain AMQP there: an alert. */
enum { TLS_ALERT = 21, TLS_MAJOR = 3 };

/* Frames in: each method that a broker may send has a row and a small function. */

typedef enum outcome (*method_fn)(struct broker *broker, const void *method, struct fault *fault);

static uint32_t read_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static enum outcome on_tune(struct broker *broker, const void *method, struct fault *fault)
{
    const amqp_connection_tune_t *tune = method;
    if (tune->frame_max > 0 && tune->frame_max < broker->frame_max) {
        broker->frame_max = tune->frame_max;
    }
    /* The smaller heartbeat wins; 0 on their side means that they do not care. */
    int heartbeat = broker->wanted_heartbeat_s;
    if (tune->heartbeat > 0 && tune->heartbeat < heartbeat) {
        heartbeat = tune->heartbeat;
    }
    broker->heartbeat_ms = (int64_t)heartbeat * 1000;
    amqp_connection_tune_ok_t ok = {.channel_max = tune->channel_max,
                                    .frame_max = broker->frame_max,
                                    .heartbeat = (uint16_t)heartbeat};
    return broker_send_method(broker, 0, AMQP_CONNECTION_TUNE_OK_METHOD, &ok, fault);
}

static enum outcome on_connection_close(struct broker *broker, const void *method,
                                        struct fault *fault)
{
    const amqp_connection_close_t *close = method;
    amqp_connection_close_ok_t ok = {0};
    enum outcome o = broker_send_method(broker, 0, AMQP_CONNECTION_CLOSE_OK_METHOD, &ok, NULL);
    (void)o;
    return broker_lose(broker, fault, "connection closed: %d %.*s", close->reply_code,
                       (int)close->reply_text.len, (const char *)close->reply_text.bytes);
}

static enum outcome on_blocked(struct broker *broker, const void *method, struct fault *fault)
{
    broker->is_blocked = true;
    return OK;
}

static enum outcome on_unblocked(struct broker *broker, const void *method, struct fault *fault)
{
    broker->is_blocked = false;
    return OK;
}

/* As an answer to a call it is a refusal; out of the blue it takes consumer and confirms with it.
 */
static enum outcome on_channel_close(struct broker *broker, const void *method, struct fault *fault)
{
    const amqp_channel_close_t *close = method;
    broker->is_channel_open = false;
    (void)fault_set(&broker->refusal, REJECT, "%d %.*s", close->reply_code,
                    (int)close->reply_text.len, (const char *)close->reply_text.bytes);
    amqp_channel_close_ok_t ok = {0};
    enum outcome o =
        broker_send_method(broker, AMQP_CHANNEL, AMQP_CHANNEL_CLOSE_OK_METHOD, &ok, fault);
    if (o != OK) {
        return o;
    }
    if (broker->is_calling) {
        broker->is_refused = true;
        return OK;
    }
    return broker_lose(broker, fault, "channel closed: %s", broker->refusal.text);
}

static enum outcome on_cancel(struct broker *broker, const void *method, struct fault *fault)
{
    return broker_lose(broker, fault, "the consumer was cancelled: its queue is gone or has moved");
}

static void begin_content(struct broker *broker, enum content content, amqp_bytes_t exchange,
                          amqp_bytes_t routing_key)
{
    broker->content = content;
    buffer_clear(&broker->head_text);
    buffer_add(&broker->head_text, exchange.bytes, exchange.len);
    buffer_add(&broker->head_text, routing_key.bytes, routing_key.len);
    broker->exchange_length = exchange.len;
    (void)buffer_cstr(&broker->head_text); /* not NULL, even when both are empty */
}

static enum outcome on_deliver(struct broker *broker, const void *method, struct fault *fault)
{
    const amqp_basic_deliver_t *deliver = method;
    broker->head = (struct delivery){.tag = deliver->delivery_tag,
                                     .is_redelivered = deliver->redelivered != 0};
    begin_content(broker, CONTENT_DELIVERY, deliver->exchange, deliver->routing_key);
    return OK;
}

static enum outcome on_get_ok(struct broker *broker, const void *method, struct fault *fault)
{
    const amqp_basic_get_ok_t *got = method;
    broker->head =
        (struct delivery){.tag = got->delivery_tag, .is_redelivered = got->redelivered != 0};
    broker->reply_messages = got->message_count;
    begin_content(broker, CONTENT_GET, got->exchange, got->routing_key);
    broker->reply = 0; /* answered when its content is complete */
    return OK;
}

static enum outcome on_return(struct broker *broker, const void *method, struct fault *fault)
{
    const amqp_basic_return_t *returned = method;
    (void)snprintf(broker->return_reason, sizeof broker->return_reason, "%d %.*s",
                   returned->reply_code,
                   (int)(returned->reply_text.len < 80 ? returned->reply_text.len : 80),
                   (const char *)returned->reply_text.bytes);
    broker->head = (struct delivery){0};
    begin_content(broker, CONTENT_RETURN, returned->exchange, returned->routing_key);
    return OK;
}

static enum outcome on_ack(struct broker *broker, const void *method, struct fault *fault)
{
    const amqp_basic_ack_t *ack = method;
    return broker_judge(broker, ack->delivery_tag, ack->multiple != 0, true, fault);
}

static enum outcome on_nack(struct broker *broker, const void *method, struct fault *fault)
{
    const amqp_basic_nack_t *nack = method;
    return broker_judge(broker, nack->delivery_tag, nack->multiple != 0, false, fault);
}

static enum outcome on_declare_ok(struct broker *broker, const void *method, struct fault *fault)
{
    const amqp_queue_declare_ok_t *ok = method;
    broker->reply_messages = ok->message_count;
    broker->reply_consumers = ok->consumer_count;
    free(broker->reply_queue);
    broker->reply_queue = xstrndup(ok->queue.bytes, ok->queue.len);
    return OK;
}

static enum outcome on_consume_ok(struct broker *broker, const void *method, struct fault *fault)
{
    const amqp_basic_consume_ok_t *ok = method;
    free(broker->reply_consumer);
    broker->reply_consumer = xstrndup(ok->consumer_tag.bytes, ok->consumer_tag.len);
    broker->is_consuming = true;
    return OK;
}

static enum outcome on_cancel_ok(struct broker *broker, const void *method, struct fault *fault)
{
    broker->is_consuming = false;
    return OK;
}

/* Its properties say which version it is. */
static enum outcome on_start(struct broker *broker, const void *method, struct fault *fault)
{
    const amqp_connection_start_t *start = method;
    for (int i = 0; i < start->server_properties.num_entries; i++) {
        const amqp_table_entry_t *entry = &start->server_properties.entries[i];
        if (entry->key.len == strlen("version") &&
            memcmp(entry->key.bytes, "version", entry->key.len) == 0 &&
            entry->value.kind == AMQP_FIELD_KIND_UTF8) {
            (void)snprintf(broker->server_version, sizeof broker->server_version, "%.*s",
                           (int)entry->value.value.bytes.len,
                           (const char *)entry->value.value.bytes.bytes);
        }
    }
    return OK;
}

static const struct {
    amqp_method_number_t id;
    method_fn run;
    bool is_unasked; /* answers no call */
} methods[] = {
    {AMQP_BASIC_DELIVER_METHOD, on_deliver, true},
    {AMQP_BASIC_ACK_METHOD, on_ack, true},
    {AMQP_BASIC_NACK_METHOD, on_nack, true},
    {AMQP_BASIC_RETURN_METHOD, on_return, true},
    {AMQP_BASIC_GET_OK_METHOD, on_get_ok},
    {AMQP_BASIC_CANCEL_METHOD, on_cancel, true},
    {AMQP_QUEUE_DECLARE_OK_METHOD, on_declare_ok},
    {AMQP_BASIC_CONSUME_OK_METHOD, on_consume_ok},
    {AMQP_BASIC_CANCEL_OK_METHOD, on_cancel_ok},
    {AMQP_CONNECTION_START_METHOD, on_start},
    {AMQP_CHANNEL_CLOSE_METHOD, on_channel_close},
    {AMQP_CONNECTION_CLOSE_METHOD, on_connection_close},
    {AMQP_CONNECTION_TUNE_METHOD, on_tune},
    {AMQP_CONNECTION_BLOCKED_METHOD, on_blocked, true},
    {AMQP_CONNECTION_UNBLOCKED_METHOD, on_unblocked, true},
};

static enum outcome on_method(struct broker *broker, const uint8_t *payload, size_t length,
                              struct fault *fault)
{
    if (length < 4) {
        return broker_lose(broker, fault, "a method frame of %zu bytes", length);
    }
    amqp_method_number_t id = read_u32(payload);
    void *decoded = NULL;
    amqp_bytes_t encoded = {.len = length - 4, .bytes = (void *)(payload + 4)};
    if (amqp_decode_method(id, &broker->pool, encoded, &decoded) < 0) {
        return broker_lose(broker, fault, "a method that cannot be read (%08x)", id);
    }
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        if (methods[i].id == id) {
            broker->reply =
                methods[i].is_unasked ? broker->reply : id; /* it may come right behind an answer */
            return methods[i].run(broker, decoded, fault);
        }
    }
    broker->reply = id; /* an …-ok whose arrival is all it says */
    return OK;
}

static enum outcome on_frame(struct broker *broker, uint8_t type, const uint8_t *payload,
                             size_t length, struct fault *fault)
{
    switch (type) {
    case AMQP_FRAME_METHOD:
        return on_method(broker, payload, length, fault);
    case AMQP_FRAME_HEADER:
        return broker_content_header(broker, payload, length, fault);
    case AMQP_FRAME_BODY:
        return broker_content_body(broker, payload, length, fault);
    case AMQP_FRAME_HEARTBEAT:
        return OK;
    default:
        return broker_lose(broker, fault, "a frame of unknown type %u", type);
    }
}

enum outcome broker_parse(struct broker *broker, struct fault *fault)
{
    while (broker->in.length - broker->in_read >= FRAME_HEAD_BYTES) {
        const uint8_t *head = (const uint8_t *)broker->in.bytes + broker->in_read;
        if (memcmp(head, "AMQP", 4) == 0) {
            return broker_lose(broker, fault, "it speaks another protocol version");
        }
        if (head[0] == TLS_ALERT && head[1] == TLS_MAJOR) {
            return broker_lose(broker, fault, "TLS is spoken there: write amqps:// in the URL");
        }
        size_t length = read_u32(head + 3);
        if (length > BROKER_FRAME_MAX + FRAME_SLACK_BYTES) {
            return broker_lose(broker, fault, "a frame of %zu bytes", length);
        }
        if (broker->in.length - broker->in_read < FRAME_HEAD_BYTES + length + 1) {
            return OK;
        }
        if (head[FRAME_HEAD_BYTES + length] != FRAME_END) {
            return broker_lose(broker, fault, "a frame without its end");
        }
        enum outcome o = on_frame(broker, head[0], head + FRAME_HEAD_BYTES, length, fault);
        recycle_amqp_pool(&broker->pool);
        if (o != OK) {
            return o;
        }
        broker->in_read += FRAME_HEAD_BYTES + length + 1;
    }
    return OK;
}
