/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_BROKER_H
#define CORE_BROKER_H

#include "core/envelope.h"
#include "core/memory.h"
#include "core/outcome.h"
#include "core/tls.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One AMQP 0-9-1 connection with one channel, owned by one thread. Nothing here blocks without a
 * deadline: the socket is non-blocking, what comes in is always drained, heartbeats are ours (a
 * silent peer is LOST after two of them). librabbitmq encodes and decodes; connecting, sending and
 * receiving are done here, because its own publish can hang for ever. AMQP replies become outcomes
 * here and nowhere else:
 *
 *   LOST    the connection or channel is gone, or the peer is silent. Close, and open again after a
 * delay REJECT  the broker refuses: 403, 404, 406 (the fault has its words) RETRY   a deadline
 * passed and the connection is still good FATAL   the URL cannot be read, or a file of TLS
 */

struct broker;

enum {
    BROKER_FRAME_MAX = 131072,
    BROKER_HEADERS_MAX = 64,
    BROKER_MESSAGE_MAX_BYTES =
        16 * 1024 * 1024, /* a larger delivery is cut, else the connection goes */
    BROKER_HELD_MAX_BYTES = 64 * 1024 * 1024, /* not yet released: no more is read meanwhile */
};

struct broker_options {
    const char *url;      /* amqp://user:password@host:port/vhost; amqps:// for TLS */
    const char *name;     /* connection_name in the management page: "billing relay" */
    int heartbeat_s;      /* 0 = 10 */
    int64_t connect_ms;   /* whole handshake; 0 = 5,000 */
    struct tls_files tls; /* for amqps:// */
};

enum outcome broker_open(const struct broker_options *options, struct broker **out,
                         struct fault *fault);
/* Politely when the peer still answers within a second, else just closes. NULL is fine. */
void broker_close(struct broker *broker);

int broker_socket(const struct broker *broker);
bool broker_is_lost(const struct broker *broker);
bool broker_is_blocked(
    const struct broker *broker); /* connection.blocked: a memory or disk alarm */
const char *broker_user(const struct broker *broker);
const char *broker_vhost(const struct broker *broker);
unsigned broker_frame_max(const struct broker *broker);
/* "3.10.8", as the server says it; "" when it says nothing. */
const char *broker_server_version(const struct broker *broker);

/* Sends and receives whatever is possible now, heartbeats included; never waits. */
enum outcome broker_tick(struct broker *broker, struct fault *fault);
/* Waits until something arrives (or `fd` becomes readable, unless -1), at most timeout_ms, then
 * ticks. */
enum outcome broker_wait(struct broker *broker, int fd, int64_t timeout_ms, struct fault *fault);
/* For db_set_companion: keeps heartbeats going while the thread waits for its database. */
struct companion;
struct companion broker_companion(struct broker *broker);

/* A header's value is text, a number, or kept as it came (tables, arrays, …: `is_other`). */
struct header {
    const char *name;
    const char *text; /* NULL when it is not a string */
    int64_t number;
    bool is_number;
};

/* What a message carries beside its body. Texts borrowed; NULL or 0 = not there. */
struct properties {
    const char *message_id, *type, *app_id, *user_id, *correlation_id, *content_type,
        *content_encoding, *reply_to, *expiration;
    int64_t timestamp_s;
    bool is_persistent;
    const struct header *headers;
    size_t header_count;
    /* The property list as it came over the wire (flags and values): put it back with
     * broker_properties_extend. */
    const void *raw;
    size_t raw_length;
};

const struct header *properties_find(const struct properties *properties,
                                     const char *name); /* NULL when absent */

/* One message as delivered; lives until broker_release. */
struct delivery {
    uint64_t tag;
    bool is_redelivered;
    const char *exchange;
    const char *routing_key;
    struct properties properties;
    const char *body;
    size_t body_length;
    size_t body_sent; /* larger than body_length: only its beginning was kept */
};

/* Starts consuming. REJECT when the queue does not exist or may not be read. */
enum outcome broker_consume(struct broker *broker, const char *queue, int prefetch,
                            struct fault *fault);

/*
 * Asks for the end of the consumer that broker_consume started last. What is on its way still
 * arrives: take it until broker_is_consuming says no (an answer behind more than
 * BROKER_HELD_MAX_BYTES is not read before). What was delivered stays held, and may be acknowledged
 * or returned after that.
 */
enum outcome broker_cancel(struct broker *broker, struct fault *fault);
bool broker_is_consuming(const struct broker *broker);

/*
 * Takes up to `max` messages that have arrived; waits up to wait_ms for the first one, never for
 * the rest. `count` may be 0 with OK. The deliveries stay valid until broker_release. LOST also
 * when the broker cancels the consumer.
 */
enum outcome broker_take(struct broker *broker, struct delivery *out, size_t max, int64_t wait_ms,
                         size_t *count, struct fault *fault);
/* How many more are waiting in this process. */
size_t broker_ready(const struct broker *broker);
/* Gives back the memory of every delivery taken so far. */
void broker_release(struct broker *broker);

enum outcome broker_ack(struct broker *broker, uint64_t tag, bool multiple, struct fault *fault);
enum outcome broker_nack(struct broker *broker, uint64_t tag, bool multiple, bool requeue,
                         struct fault *fault);
/* basic.get: *got tells whether there was one. */
enum outcome broker_get(struct broker *broker, const char *queue, struct delivery *out, bool *got,
                        struct fault *fault);

/* Publisher confirms on, numbers start at 1. */
enum outcome broker_confirm_select(struct broker *broker, struct fault *fault);

/* What the broker said about publication `number`. A returned message is `returned` first, then
 * confirmed: report comes once, at the end. */
enum verdict { VERDICT_CONFIRMED, VERDICT_RETURNED, VERDICT_NACKED };
typedef void (*verdict_fn)(void *context, uint64_t number, enum verdict verdict,
                           const char *reason);
void broker_on_verdict(struct broker *broker, verdict_fn fn, void *context);

/* Encodes a property list (flags and values) for broker_publish; appended to `out`. */
struct buffer;
enum outcome broker_properties_encode(const struct properties *properties, struct buffer *out,
                                      struct fault *fault);
/* Reads a list kept from an earlier delivery (struct properties: raw). Texts live in `arena`; `raw`
 * is borrowed. */
enum outcome broker_properties_decode(const void *raw, size_t raw_length, struct arena *arena,
                                      struct properties *out, struct fault *fault);
/*
 * A list kept from a delivery as a JSON object, appended to `out`: named and typed as the
 * management API does it, headers within. Bytes that are no UTF-8 become U+FFFD; what no JSON
 * number can say, and what lies deeper than BROKER_JSON_MAX_DEPTH, becomes null.
 */
enum { BROKER_JSON_MAX_DEPTH = 32 };
enum outcome broker_properties_json(const void *raw, size_t raw_length, struct buffer *out,
                                    struct fault *fault);
/*
 * The dead letter's list: `raw` as it came, byte for byte, without user_id (moved into header
 * `quadrille-user-id`), delivery_mode 2, plus `more` headers: the first one whole, the others as
 * far as the list stays under max_bytes. Where not even the first one fits, the largest headers of
 * `raw` are left out and named in header `quadrille-dropped-headers`.
 */
enum outcome broker_properties_extend(const void *raw, size_t raw_length, const struct header *more,
                                      size_t count, size_t max_bytes, struct buffer *out,
                                      struct fault *fault);

/*
 * Queues one message for sending: `properties` is an encoded list. Never waits; `number` is its
 * confirm number. The caller bounds what is unconfirmed (broker_unconfirmed)
 * and calls broker_tick or broker_wait.
 */
enum outcome broker_publish(struct broker *broker, const char *exchange, const char *routing_key,
                            bool mandatory, const void *properties, size_t properties_length,
                            const void *body, size_t body_length, uint64_t *number,
                            struct fault *fault);
size_t broker_unconfirmed(const struct broker *broker);

/* Declarations, for topology and tools. Each waits for its answer (5 s, then LOST). REJECT leaves
 * the connection usable: its channel is reopened. */
enum outcome broker_exchange_declare(struct broker *broker, const char *exchange, const char *kind,
                                     bool passive, struct fault *fault);
enum outcome broker_queue_declare(struct broker *broker, const char *queue, const char *queue_type,
                                  bool passive, uint32_t *messages, uint32_t *consumers,
                                  struct fault *fault);
/* A temporary queue named by the broker: exclusive, deleted with the connection. The name is yours.
 */
enum outcome broker_queue_temporary(struct broker *broker, char **name, struct fault *fault);
/* The same, where at most so many messages wait: then the oldest is dropped. */
enum outcome broker_queue_temporary_bounded(struct broker *broker, int32_t max_messages,
                                            char **name, struct fault *fault);
enum outcome broker_bind(struct broker *broker, const char *queue, const char *exchange,
                         const char *routing_key, struct fault *fault);
enum outcome broker_unbind(struct broker *broker, const char *queue, const char *exchange,
                           const char *routing_key, struct fault *fault);
enum outcome broker_queue_delete(struct broker *broker, const char *queue, struct fault *fault);
enum outcome broker_purge(struct broker *broker, const char *queue, struct fault *fault);

#endif
