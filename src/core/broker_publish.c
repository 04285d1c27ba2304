/* SPDX-License-Identifier: Apache-2.0 */
#include "core/broker_internal.h"

#include <stdlib.h>
#include <string.h>

/* FNV-1a, 64 bits. */
static uint64_t hash_bytes(const void *bytes, size_t count)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < count; i++) {
        hash = (hash ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3u;
    }
    return hash;
}

/* Property flags (AMQP 0-9-1, 4.2.6.1) of what may stand before message_id, in wire order, with how
 * each is skipped. */
static const struct {
    uint16_t flag;
    enum { SKIP_SHORT_TEXT, SKIP_TABLE, SKIP_BYTE } skip;
} before_message_id[] = {
    {1 << 15, SKIP_SHORT_TEXT}, /* content_type */
    {1 << 14, SKIP_SHORT_TEXT}, /* content_encoding */
    {1 << 13, SKIP_TABLE},      /* headers */
    {1 << 12, SKIP_BYTE},       /* delivery_mode */
    {1 << 11, SKIP_BYTE},       /* priority */
    {1 << 10, SKIP_SHORT_TEXT}, /* correlation_id */
    {1 << 9, SKIP_SHORT_TEXT},  /* reply_to */
    {1 << 8, SKIP_SHORT_TEXT},  /* expiration */
};
enum { FLAG_MESSAGE_ID = 1 << 7 };

/* A returned message names itself only by its message_id; found here without decoding the whole
 * list. */
static uint64_t message_id_hash(const uint8_t *raw, size_t length)
{
    if (length < 2) {
        return hash_bytes("", 0);
    }
    uint16_t flags = (uint16_t)(raw[0] << 8 | raw[1]);
    size_t at = 2;
    if ((flags & FLAG_MESSAGE_ID) == 0) {
        return hash_bytes("", 0);
    }
    for (size_t i = 0; i < COUNT_OF(before_message_id) && at < length; i++) {
        if ((flags & before_message_id[i].flag) == 0) {
            continue;
        }
        switch (before_message_id[i].skip) {
        case SKIP_SHORT_TEXT:
            at += 1u + raw[at];
            break;
        case SKIP_TABLE:
            if (at + 4 <= length) {
                at += 4u + ((size_t)raw[at] << 24 | (size_t)raw[at + 1] << 16 |
                            (size_t)raw[at + 2] << 8 | raw[at + 3]);
            } else {
                at = length;
            }
            break;
        case SKIP_BYTE:
            at++;
            break;
        }
    }
    if (at >= length || at + 1 + raw[at] > length) {
        return hash_bytes("", 0);
    }
    return hash_bytes(raw + at + 1, raw[at]);
}

static struct outstanding *outstanding_at(struct broker *broker, uint64_t number)
{
    return &broker->ring[number & (broker->room - 1)];
}

static void ring_grow(struct broker *broker)
{
    size_t room = broker->room > 0 ? broker->room * 2 : 1024;
    struct outstanding *bigger = xcalloc(room, sizeof *bigger);
    for (uint64_t n = broker->oldest; n < broker->next; n++) {
        bigger[n & (room - 1)] = *outstanding_at(broker, n);
    }
    free(broker->ring);
    broker->ring = bigger;
    broker->room = room;
}

enum outcome broker_confirm_select(struct broker *broker, struct fault *fault)
{
    amqp_confirm_select_t select = {0};
    return broker_call(broker, AMQP_CONFIRM_SELECT_METHOD, &select, AMQP_CONFIRM_SELECT_OK_METHOD,
                       fault);
}

void broker_on_verdict(struct broker *broker, verdict_fn fn, void *context)
{
    broker->on_verdict = fn;
    broker->on_verdict_context = context;
}

static void judge_one(struct broker *broker, uint64_t number, bool is_ack)
{
    struct outstanding *outstanding = outstanding_at(broker, number);
    if (!outstanding->is_open) {
        return;
    }
    outstanding->is_open = false;
    broker->unconfirmed--;
    enum verdict verdict = !is_ack                    ? VERDICT_NACKED
                           : outstanding->is_returned ? VERDICT_RETURNED
                                                      : VERDICT_CONFIRMED;
    if (broker->on_verdict != NULL) {
        broker->on_verdict(broker->on_verdict_context, number, verdict,
                           is_ack ? outstanding->reason
                                  : "the broker could not take it (basic.nack)");
    }
}

enum outcome broker_judge(struct broker *broker, uint64_t number, bool multiple, bool is_ack,
                          struct fault *fault)
{
    if (number < broker->oldest || number >= broker->next) {
        return number < broker->oldest
                   ? OK
                   : broker_lose(broker, fault, "a confirm for what was never sent");
    }
    for (uint64_t n = multiple ? broker->oldest : number; n <= number; n++) {
        judge_one(broker, n, is_ack);
    }
    while (broker->oldest < broker->next && !outstanding_at(broker, broker->oldest)->is_open) {
        broker->oldest++;
    }
    return OK;
}

void broker_note_return(struct broker *broker, const struct properties *properties,
                        const char *reason)
{
    uint64_t hash = message_id_hash(properties->raw, properties->raw_length);
    for (uint64_t n = broker->oldest; n < broker->next; n++) {
        struct outstanding *outstanding = outstanding_at(broker, n);
        if (outstanding->is_open && !outstanding->is_returned && outstanding->id_hash == hash) {
            outstanding->is_returned = true;
            (void)snprintf(outstanding->reason, sizeof outstanding->reason, "%s", reason);
            return;
        }
    }
}

static void put_u64(uint8_t *out, uint64_t value)
{
    for (int i = 7; i >= 0; i--) {
        out[i] = (uint8_t)(value & 0xff);
        value >>= 8;
    }
}

static void send_content(struct broker *broker, const void *properties, size_t properties_length,
                         const uint8_t *body, size_t body_length)
{
    uint8_t *head = broker_frame_open(broker, 12 + properties_length);
    head[0] = AMQP_BASIC_CLASS >> 8;
    head[1] = AMQP_BASIC_CLASS & 0xff;
    head[2] = 0;
    head[3] = 0;
    put_u64(head + 4, body_length);
    memcpy(head + 12, properties, properties_length);
    broker_frame_close(broker, AMQP_FRAME_HEADER, AMQP_CHANNEL, 12 + properties_length);

    size_t most = broker->frame_max - FRAME_HEAD_BYTES - 1;
    for (size_t at = 0; at < body_length;) {
        size_t part = body_length - at < most ? body_length - at : most;
        memcpy(broker_frame_open(broker, part), body + at, part);
        broker_frame_close(broker, AMQP_FRAME_BODY, AMQP_CHANNEL, part);
        at += part;
    }
}

/* | basic.publish | ticket 2 | exchange | routing key | bits |: written by hand, the generic
 * encoder costs a 128 KiB reserve. */
static enum outcome send_publish(struct broker *broker, const char *exchange,
                                 const char *routing_key, bool mandatory, struct fault *fault)
{
    size_t exchange_length = strlen(exchange);
    size_t key_length = strlen(routing_key);
    if (exchange_length > 255 || key_length > 255) {
        return fault_set(fault, REJECT,
                         "broker: exchange and routing key are at most 255 bytes long");
    }
    uint8_t *at = broker_frame_open(broker, 4 + 2 + 1 + exchange_length + 1 + key_length + 1);
    uint8_t *start = at;
    *at++ = 0;
    *at++ = AMQP_BASIC_CLASS;
    *at++ = 0;
    *at++ = AMQP_BASIC_PUBLISH_METHOD & 0xff;
    *at++ = 0;
    *at++ = 0;
    *at++ = (uint8_t)exchange_length;
    memcpy(at, exchange, exchange_length);
    at += exchange_length;
    *at++ = (uint8_t)key_length;
    memcpy(at, routing_key, key_length);
    at += key_length;
    *at++ = mandatory ? 1 : 0;
    broker_frame_close(broker, AMQP_FRAME_METHOD, AMQP_CHANNEL, (size_t)(at - start));
    return OK;
}

enum outcome broker_publish(struct broker *broker, const char *exchange, const char *routing_key,
                            bool mandatory, const void *properties, size_t properties_length,
                            const void *body, size_t body_length, uint64_t *number,
                            struct fault *fault)
{
    if (broker->is_lost) {
        return broker_lose(broker, fault, "gone");
    }
    if (12 + properties_length + FRAME_HEAD_BYTES + 1 > broker->frame_max) {
        return fault_set(fault, REJECT, "broker: %zu bytes of properties do not fit a frame of %u",
                         properties_length, broker->frame_max);
    }
    enum outcome o = send_publish(broker, exchange, routing_key, mandatory, fault);
    if (o != OK) {
        return o;
    }
    send_content(broker, properties, properties_length, body, body_length);

    if (broker->next - broker->oldest >= broker->room) {
        ring_grow(broker);
    }
    *number = broker->next++;
    *outstanding_at(broker, *number) = (struct outstanding){
        .id_hash = message_id_hash(properties, properties_length), .is_open = true};
    broker->unconfirmed++;
    return OK;
}

size_t broker_unconfirmed(const struct broker *broker)
{
    return broker->unconfirmed;
}
