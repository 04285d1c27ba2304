/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_BROKER_INTERNAL_H
#define CORE_BROKER_INTERNAL_H

#include "core/broker.h"
#include "core/buffer.h"

#include <amqp.h>
#include <amqp_framing.h>

/* What the broker*.c files share; nobody else includes this (or amqp.h). */

enum {
    AMQP_CHANNEL = 1,
    FRAME_HEAD_BYTES = 7, /* type, channel, size */
    FRAME_END = 0xCE,
    /* The broker holds no content header against the frame limit, and adds to what was published
     * (x-delivery-count). */
    FRAME_SLACK_BYTES = 4096,
    CALL_MS = 5000,
    POOL_PAGE_BYTES = 16 * 1024, /* of what the decoder allocates */
};

/* A message in one block of memory: the struct, then its property list, texts, headers and body. */
struct arrival {
    struct arrival *next;
    struct delivery delivery;
    size_t held_bytes; /* its share of the broker's */
};

/* In which content the frames that follow belong. */
enum content { CONTENT_NONE, CONTENT_DELIVERY, CONTENT_GET, CONTENT_RETURN };

/* A publication that the broker has not judged yet. */
struct outstanding {
    uint64_t id_hash; /* of its message_id: a basic.return names no number */
    bool is_open;
    bool is_returned;
    char reason[96];
};

struct broker {
    int fd;
    struct tls *tls; /* NULL: plain text, as the URL says */
    bool is_tls;
    char *url, *name;
    char *user, *password, *host, *vhost; /* borrowed from url_parts */
    char *url_parts;
    int port;
    int wanted_heartbeat_s;
    int64_t connect_ms;

    bool is_lost, is_blocked, is_channel_open;
    struct fault lost_fault;
    uint32_t frame_max;
    int64_t heartbeat_ms; /* 0 = none */
    int64_t last_sent_ms, last_received_ms;
    uint64_t received_bytes; /* ever */

    struct buffer out; /* encoded frames; `out_sent` bytes of it are gone */
    size_t out_sent;
    struct buffer in; /* received bytes; `in_read` of them are parsed */
    size_t in_read;
    amqp_pool_t pool; /* what the decoder allocates for one frame */

    /* One call at a time: the method that answered, and what it said. */
    amqp_method_number_t reply;
    struct fault refusal; /* channel.close instead of an answer */
    bool is_refused, is_calling;
    uint32_t reply_messages, reply_consumers;
    char *reply_queue;
    char *reply_consumer; /* its tag, of the consumer that was started last */
    bool is_consuming;    /* it has not been cancelled */
    char server_version[32];

    /* Assembling a content. */
    enum content content;
    struct delivery head; /* tag, flags; texts in `head_text` */
    struct buffer head_text;
    size_t exchange_length;
    char return_reason[96];
    struct arrival *partial;
    size_t partial_have, partial_want;

    /* Arrived and not taken; taken and not released. */
    struct arrival *ready_first, *ready_last, *taken;
    size_t ready_count;
    size_t held_bytes;   /* of what was delivered and is not released */
    struct arrival *got; /* answer of basic.get */

    /* Confirms: a ring indexed by number; `room` is a power of two. */
    struct outstanding *ring;
    size_t room;
    uint64_t oldest, next; /* open numbers are in [oldest, next) */
    size_t unconfirmed;
    verdict_fn on_verdict;
    void *on_verdict_context;
};

/* Marks the connection as gone, with a reason that later calls repeat. Returns LOST. */
enum outcome broker_lose(struct broker *broker, struct fault *fault, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Queues one method frame. */
enum outcome broker_send_method(struct broker *broker, uint16_t channel, amqp_method_number_t id,
                                void *method, struct fault *fault);
/* Opens a frame in `out` with room for `payload` bytes and returns where they go; close it with the
 * length really used. */
uint8_t *broker_frame_open(struct broker *broker, size_t payload);
void broker_frame_close(struct broker *broker, uint8_t type, uint16_t channel, size_t length);

/* So much waits here that nothing more is read, as a slow reader would. */
static inline bool broker_is_full(const struct broker *broker)
{
    return broker->held_bytes >= BROKER_HELD_MAX_BYTES;
}

/* Parses every whole frame in `in`. */
enum outcome broker_parse(struct broker *broker, struct fault *fault);

/* Sends a method and waits for `reply` (or a channel.close, which is REJECT). */
enum outcome broker_call(struct broker *broker, amqp_method_number_t id, void *method,
                         amqp_method_number_t reply, struct fault *fault);

/* Confirms (broker_publish.c). */
enum outcome broker_judge(struct broker *broker, uint64_t number, bool multiple, bool is_ack,
                          struct fault *fault);
void broker_note_return(struct broker *broker, const struct properties *properties,
                        const char *reason);

/* Contents (broker_consume.c). */
enum outcome broker_content_header(struct broker *broker, const uint8_t *payload, size_t length,
                                   struct fault *fault);
enum outcome broker_content_body(struct broker *broker, const uint8_t *payload, size_t length,
                                 struct fault *fault);

/* Property lists (broker_properties.c): decodes `raw` into texts that live in `text`, which must
 * have room for raw_length + 64. */
enum outcome properties_decode(amqp_pool_t *pool, const void *raw, size_t raw_length,
                               struct properties *out, struct header *headers, char *text,
                               struct fault *fault);

static inline amqp_bytes_t bytes_of(const char *text)
{
    return text != NULL ? amqp_cstring_bytes(text) : amqp_empty_bytes;
}

#endif
