/* SPDX-License-Identifier: Apache-2.0 */
#include "core/broker_internal.h"

#include "core/clock.h"

#include <stdlib.h>
#include <string.h>

static uint64_t read_u64(const uint8_t *at)
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++) {
        value = value << 8 | at[i];
    }
    return value;
}

/*
 * One block: | struct arrival | headers[HEADERS_MAX that fit] | raw list | texts | exchange 0 |
 * routing key 0 | body 0 | A header takes at least 2 bytes on the wire (an empty name's length, the
 * type of void), so raw_length / 2 bounds their number.
 */
static struct arrival *arrival_new(struct broker *broker, const uint8_t *raw, size_t raw_length,
                                   size_t body_length)
{
    size_t header_room = raw_length / 2 < BROKER_HEADERS_MAX ? raw_length / 2 : BROKER_HEADERS_MAX;
    size_t text_room = raw_length + 64 + BROKER_HEADERS_MAX;
    size_t size = sizeof(struct arrival) + header_room * sizeof(struct header) + raw_length +
                  text_room + broker->head_text.length + 2 + body_length + 1;
    struct arrival *arrival = xmalloc(size);
    arrival->next = NULL;
    arrival->held_bytes = broker->content == CONTENT_DELIVERY ? size : 0;
    arrival->delivery = broker->head;

    char *at = (char *)(arrival + 1) + header_room * sizeof(struct header);
    struct properties *properties = &arrival->delivery.properties;
    memcpy(at, raw, raw_length);
    properties->raw = at;
    properties->raw_length = raw_length;
    at += raw_length + text_room;

    size_t key_length = broker->head_text.length - broker->exchange_length;
    arrival->delivery.exchange = at;
    memcpy(at, broker->head_text.bytes, broker->exchange_length);
    at[broker->exchange_length] = '\0';
    at += broker->exchange_length + 1;
    arrival->delivery.routing_key = at;
    memcpy(at, broker->head_text.bytes + broker->exchange_length, key_length);
    at[key_length] = '\0';
    at += key_length + 1;
    arrival->delivery.body = at;
    arrival->delivery.body_length = body_length;
    at[body_length] = '\0';
    return arrival;
}

static enum outcome arrival_decode(struct broker *broker, struct arrival *arrival,
                                   struct fault *fault)
{
    struct properties *properties = &arrival->delivery.properties;
    char *text = (char *)properties->raw + properties->raw_length;
    return properties_decode(&broker->pool, properties->raw, properties->raw_length, properties,
                             (struct header *)(arrival + 1), text, fault);
}

static void content_done(struct broker *broker)
{
    struct arrival *arrival = take(broker->partial);
    switch (broker->content) {
    case CONTENT_DELIVERY:
        if (broker->ready_last != NULL) {
            broker->ready_last->next = arrival;
        } else {
            broker->ready_first = arrival;
        }
        broker->ready_last = arrival;
        broker->ready_count++;
        broker->held_bytes += arrival->held_bytes;
        break;
    case CONTENT_GET:
        free(broker->got);
        broker->got = arrival;
        broker->reply = AMQP_BASIC_GET_OK_METHOD;
        break;
    case CONTENT_RETURN:
        broker_note_return(broker, &arrival->delivery.properties, broker->return_reason);
        free(arrival);
        break;
    case CONTENT_NONE:
        break;
    }
    broker->content = CONTENT_NONE;
}

/* | class 2 | weight 2 | body size 8 | flags and values … | */
enum { CONTENT_HEAD_BYTES = 12 };

enum outcome broker_content_header(struct broker *broker, const uint8_t *payload, size_t length,
                                   struct fault *fault)
{
    if (broker->content == CONTENT_NONE || broker->partial != NULL || length < CONTENT_HEAD_BYTES) {
        return broker_lose(broker, fault, "a content header out of place");
    }
    uint64_t body = read_u64(payload + 4);
    bool is_cut = body > BROKER_MESSAGE_MAX_BYTES;
    if (is_cut && broker->content != CONTENT_DELIVERY) {
        return broker_lose(broker, fault, "a message of %llu bytes, the limit is %d",
                           (unsigned long long)body, BROKER_MESSAGE_MAX_BYTES);
    }
    broker->partial = arrival_new(broker, payload + CONTENT_HEAD_BYTES, length - CONTENT_HEAD_BYTES,
                                  is_cut ? ENVELOPE_BODY_MAX_BYTES : (size_t)body);
    broker->partial->delivery.body_sent = (size_t)body;
    enum outcome o = arrival_decode(broker, broker->partial, fault);
    if (o != OK) {
        return broker_lose(broker, fault, "a property list that cannot be read");
    }
    broker->partial_have = 0;
    broker->partial_want = (size_t)body;
    if (body == 0) {
        content_done(broker);
    }
    return OK;
}

enum outcome broker_content_body(struct broker *broker, const uint8_t *payload, size_t length,
                                 struct fault *fault)
{
    if (broker->partial == NULL || length > broker->partial_want - broker->partial_have) {
        return broker_lose(broker, fault, "a content body out of place");
    }
    const struct delivery *delivery = &broker->partial->delivery;
    if (broker->partial_have < delivery->body_length) {
        size_t room = delivery->body_length - broker->partial_have;
        memcpy((char *)delivery->body + broker->partial_have, payload,
               length < room ? length : room);
    }
    broker->partial_have += length;
    if (broker->partial_have == broker->partial_want) {
        content_done(broker);
    }
    return OK;
}

enum outcome broker_consume(struct broker *broker, const char *queue, int prefetch,
                            struct fault *fault)
{
    amqp_basic_qos_t qos = {.prefetch_count = (uint16_t)prefetch};
    enum outcome o =
        broker_call(broker, AMQP_BASIC_QOS_METHOD, &qos, AMQP_BASIC_QOS_OK_METHOD, fault);
    if (o != OK) {
        return o;
    }
    amqp_basic_consume_t consume = {.queue = amqp_cstring_bytes(queue)};
    return broker_call(broker, AMQP_BASIC_CONSUME_METHOD, &consume, AMQP_BASIC_CONSUME_OK_METHOD,
                       fault);
}

enum outcome broker_cancel(struct broker *broker, struct fault *fault)
{
    if (broker->is_lost) {
        return broker_lose(broker, fault, "gone");
    }
    amqp_basic_cancel_t cancel = {.consumer_tag = bytes_of(broker->reply_consumer)};
    enum outcome o =
        broker_send_method(broker, AMQP_CHANNEL, AMQP_BASIC_CANCEL_METHOD, &cancel, fault);
    return o == OK ? broker_tick(broker, fault) : o;
}

bool broker_is_consuming(const struct broker *broker)
{
    return broker->is_consuming;
}

/* A batch of the largest messages would be more than one statement may hold (1 GB): the next take
 * has the rest. */
enum { TAKE_BYTES = 32 * 1024 * 1024 };

static size_t take_ready(struct broker *broker, struct delivery *out, size_t max)
{
    size_t count = 0;
    size_t bytes = 0;
    while (count < max && bytes < TAKE_BYTES && broker->ready_first != NULL) {
        struct arrival *arrival = broker->ready_first;
        bytes += arrival->delivery.body_length + arrival->delivery.properties.raw_length;
        broker->ready_first = arrival->next;
        if (broker->ready_first == NULL) {
            broker->ready_last = NULL;
        }
        broker->ready_count--;
        out[count++] = arrival->delivery;
        arrival->next = broker->taken;
        broker->taken = arrival;
    }
    return count;
}

enum outcome broker_take(struct broker *broker, struct delivery *out, size_t max, int64_t wait_ms,
                         size_t *count, struct fault *fault)
{
    enum outcome o = broker_tick(broker, fault);
    /* A part of a message is none: wait on while something comes. */
    int64_t until = clock_monotonic_ms() + wait_ms;
    uint64_t received = 0;
    for (int64_t rest = wait_ms;
         o == OK && broker->ready_count == 0 && rest > 0 && received != broker->received_bytes;
         rest = until - clock_monotonic_ms()) {
        received = broker->received_bytes;
        o = broker_wait(broker, -1, rest, fault);
    }
    if (o != OK) {
        return o;
    }
    *count = take_ready(broker, out, max);
    return OK;
}

size_t broker_ready(const struct broker *broker)
{
    return broker->ready_count;
}

void broker_release(struct broker *broker)
{
    struct arrival *arrival = take(broker->taken);
    while (arrival != NULL) {
        struct arrival *next = arrival->next;
        broker->held_bytes -= arrival->held_bytes;
        free(arrival);
        arrival = next;
    }
}

enum outcome broker_ack(struct broker *broker, uint64_t tag, bool multiple, struct fault *fault)
{
    if (broker->is_lost) {
        return broker_lose(broker, fault, "gone");
    }
    amqp_basic_ack_t ack = {.delivery_tag = tag, .multiple = multiple};
    enum outcome o = broker_send_method(broker, AMQP_CHANNEL, AMQP_BASIC_ACK_METHOD, &ack, fault);
    return o == OK ? broker_tick(broker, fault) : o;
}

enum outcome broker_nack(struct broker *broker, uint64_t tag, bool multiple, bool requeue,
                         struct fault *fault)
{
    if (broker->is_lost) {
        return broker_lose(broker, fault, "gone");
    }
    amqp_basic_nack_t nack = {.delivery_tag = tag, .multiple = multiple, .requeue = requeue};
    enum outcome o = broker_send_method(broker, AMQP_CHANNEL, AMQP_BASIC_NACK_METHOD, &nack, fault);
    return o == OK ? broker_tick(broker, fault) : o;
}

enum outcome broker_get(struct broker *broker, const char *queue, struct delivery *out, bool *got,
                        struct fault *fault)
{
    amqp_basic_get_t get = {.queue = amqp_cstring_bytes(queue)};
    broker->reply = 0;
    broker->is_refused = false;
    broker->is_calling = true;
    enum outcome o = broker_send_method(broker, AMQP_CHANNEL, AMQP_BASIC_GET_METHOD, &get, fault);
    int64_t deadline = clock_monotonic_ms() + CALL_MS;
    while (o == OK && broker->got == NULL && broker->reply != AMQP_BASIC_GET_EMPTY_METHOD &&
           !broker->is_refused) {
        int64_t rest = deadline - clock_monotonic_ms();
        o = rest > 0 ? broker_wait(broker, -1, rest, fault)
                     : broker_lose(broker, fault, "no answer to basic.get");
    }
    broker->is_calling = false;
    if (o != OK) {
        return o;
    }
    if (broker->is_refused) {
        return broker_lose(broker, fault, "%s", broker->refusal.text);
    }
    *got = broker->got != NULL;
    if (*got) {
        struct arrival *arrival = take(broker->got);
        *out = arrival->delivery;
        arrival->next = broker->taken;
        broker->taken = arrival;
    }
    return OK;
}
