/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONSUMERS_INCOMING_H
#define CONSUMERS_INCOMING_H

#include "core/broker.h"
#include "core/contract.h"
#include "core/envelope.h"
#include "core/memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A message on its way through a batch, whether it was just delivered or comes out of `retry`. */

/* What will become of it. Everything but FATE_OPEN is settled in the transaction that the batch
 * commits. */
enum fate {
    FATE_OPEN, /* to be claimed and handled */
    FATE_PARK, /* set aside: into `retry` */
    FATE_DEAD, /* set aside: a dead letter */
    FATE_DONE, /* committed: nothing is left to do */
};

/* Stable words to route on: header quadrille-failure-class. */
#define CLASS_CONTRACT_VIOLATION "contract-violation"
#define CLASS_UNIDENTIFIED "unidentified"
#define CLASS_REJECTED "rejected"
#define CLASS_RETRIES_EXHAUSTED "retries-exhausted"
#define CLASS_CRASHED "crashed"
#define CLASS_TOO_OLD "too-old"
#define CLASS_FROM_THE_FUTURE "from-the-future"

enum {
    REASON_BYTES = 400,
    SUSPECT_DELIVERIES = 3, /* x-delivery-count from which a message is run alone */
};

struct incoming {
    /* As it came. Borrowed from the delivery or the retry row until the batch ends. */
    const char *exchange;
    const char *routing_key;
    struct properties properties;
    const char *body;
    size_t body_length;
    size_t body_sent; /* larger than body_length: too large to be kept whole */
    int64_t delivery_count;

    /* From `retry`: how often it has been run, since when it fails. */
    bool is_retry;
    int attempts; /* executions so far */
    int64_t first_failed_ms;

    /* What it turned out to be. */
    struct envelope envelope;
    const struct receive *receive; /* NULL when unidentified */
    struct retry_policy policy;
    void *event;

    enum fate fate;
    bool is_fresh;   /* claimed in the running attempt; false = a duplicate */
    bool is_said;    /* dead, and its letter has been written before */
    bool is_suspect; /* has a row in `suspect` that goes when it is done */
    const char *failure_class;
    char reason[REASON_BYTES];
};

/* What a service hears, and from when on it can still tell duplicates. */
struct listener {
    const struct contract *contract;
    int64_t oldest_ms; /* from then on every day has its inbox partition */
};

/*
 * Fills `in` from the delivery fields already set: who says what, is it believed. A message that
 * cannot be handled gets its fate, class and reason; that is no error of ours, so there is no
 * outcome. The body is not looked into: what comes from outside may kill us there.
 */
void incoming_identify(struct incoming *in, const struct listener *listener, struct arena *arena,
                       int64_t now_ms);

/* The body of an open one: is it valid? A crash from here on is the message's own. */
void incoming_decode(struct incoming *in, struct arena *arena);

/*
 * Where it was said first. A dead letter that the operator gives back comes through the default
 * exchange, where the routing key is the queue's name; its headers tell what it was.
 */
struct origin {
    const char *exchange;
    const char *routing_key;
};
struct origin incoming_origin(const struct incoming *in);

/* Sets it aside after a failed execution: parked with its next attempt counted, or dead when its
 * attempts are used up. */
void incoming_set_aside(struct incoming *in, const struct fault *fault);

/* For PostgreSQL's text and for logs: control bytes and broken UTF-8 become '?'. NULL reads "". May
 * return `text` itself. */
const char *incoming_clean_text(struct arena *arena, const char *text);

#endif
