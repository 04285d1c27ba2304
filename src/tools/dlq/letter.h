/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_DLQ_LETTER_H
#define TOOLS_DLQ_LETTER_H

#include "core/broker.h"
#include "core/broker_headers.h"

/*
 * One picture of a dead letter, whoever wrote its headers: RabbitMQ itself, our services, or one of
 * the frameworks in letter.c's table. Reading it cannot fail: what cannot be read is not known.
 */

/* What a header may tell. */
enum letter_fact {
    LETTER_QUEUE,        /* where it failed */
    LETTER_REASON,       /* for people */
    LETTER_CLASS,        /* stable: ours, or RabbitMQ's "rejected", "expired" … */
    LETTER_EXCEPTION,    /* the exception's type */
    LETTER_STACK,        /* where it was thrown */
    LETTER_FAILED_AT,    /* the last time */
    LETTER_FIRST_FAILED, /* the first time */
    LETTER_ATTEMPTS,     /* executions, as far as told */
    LETTER_EXCHANGE,     /* where it was published before it failed */
    LETTER_ROUTING_KEY,
    LETTER_TYPE,    /* of the message */
    LETTER_RETURNS, /* how often somebody has sent it back to its queue */
    LETTER_FACTS,
};

/* Names of facts, as in --json: "queue", "reason" … */
const char *letter_fact_name(enum letter_fact fact);

enum {
    LETTER_TEXT_MAX_BYTES = 8 * 1024, /* of one fact; the rest is cut */
    LETTER_FINGERPRINT_BYTES = 16,
    LETTER_FINGERPRINT_TEXT_BYTES = 2 * LETTER_FINGERPRINT_BYTES + 1,
    LETTER_FAMILIES_MAX = 8,
};

/* One fact and who told it. */
struct letter_told {
    const char *text; /* NULL: not known, or a number */
    int64_t number;   /* a count, or UTC milliseconds */
    bool is_known;
    const char *family; /* "MassTransit" */
    const char *header; /* "MT-Fault-Message" */
};

/*
 * Borrows from its delivery and lives in the arena it was read into: until broker_release, and
 * until the arena is reset. letter_keep copies what a list of letters needs.
 */
struct letter {
    const struct delivery *delivery;
    struct header_value headers; /* the whole tree */
    struct letter_told facts[LETTER_FACTS];
    const char *families[LETTER_FAMILIES_MAX]; /* all that have left something */
    size_t family_count;
    const char *id;     /* message_id, else the fingerprint in hex */
    bool has_own_id;    /* it is a message_id */
    int64_t deliveries; /* x-delivery-count; -1 when absent */
    int64_t sent_ms;    /* when it was made, by timestamp or id; 0 = not known */
    const char *normal; /* the reason without what differs from case to case (reason.h) */
    bool is_cut;        /* the body is longer than what was kept: it cannot be sent on */
    const char *unread; /* why not all headers could be read; NULL = they were */
    /* Of exchange, routing key, properties and body without what the broker changes when it
     * delivers again: two looks at the same message give the same. */
    uint8_t fingerprint[LETTER_FINGERPRINT_BYTES];
};

/* With it all facts; `arena` is the caller's. */
void letter_read(const struct delivery *delivery, struct arena *arena, struct letter *out);

static inline const char *letter_text(const struct letter *letter, enum letter_fact fact)
{
    return letter->facts[fact].text;
}

/* -1 (0 for instants) when not known. */
int64_t letter_number(const struct letter *letter, enum letter_fact fact);
/* The last failure, else when it was made; 0 = not known. */
int64_t letter_time_ms(const struct letter *letter);
/* What the group shows first: class if it is ours, else exception type, else class; never NULL. */
const char *letter_cause(const struct letter *letter);

/* Lower-case hex. Returns `out`. */
const char *letter_fingerprint(const struct letter *letter,
                               char out[LETTER_FINGERPRINT_TEXT_BYTES]);

/* A group is cause + normalised reason + message type; its id is 12 hex digits. */
enum { LETTER_GROUP_TEXT_BYTES = 13 };
const char *letter_group(const struct letter *letter, char out[LETTER_GROUP_TEXT_BYTES]);

/* Headers that the broker adds or changes by itself when it delivers again. */
bool letter_is_broker_count(const char *header);

#endif
