/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_CHECK_CHECK_H
#define CONTRACTS_CHECK_CHECK_H

#include "contracts/asyncapi.h"
#include "core/memory.h"
#include "core/outcome.h"

#include <json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Is this message allowed? Judges payloads, and whole AMQP messages, of which it also finds out
 * what they are: exactly one message of the contracts must fit. Verdicts name places and rules,
 * never a value: a message may hold personal data.
 */

enum {
    CHECK_MESSAGE_MAX_BYTES = 16 * 1024 * 1024, /* a payload; RabbitMQ's own limit */
    /* A description of a message: Base64 and escapes make its body longer. */
    CHECK_INPUT_MAX_BYTES = 32 * 1024 * 1024,
    CHECK_CATALOGUE_MAX = 10 * 1000, /* messages in the contracts: each is compared with each */
    CHECK_ERRORS_MAX = 1000,  /* looked for in one message; what is beyond is not even counted */
    CHECK_CANDIDATES_MAX = 3, /* told when none fits, the best first */
};

struct check_options {
    bool is_sender; /* closed: undeclared members of a payload are refused */
    bool is_ours;   /* profile quadrille: the wire's rules of docs/contracts.md as well */
    bool ignores_format;
    size_t max_errors; /* told per message and candidate, at most CHECK_ERRORS_MAX */
};

/* A message as it came, or as somebody describes it. Borrowed; NULL is not known, not there. */
struct check_message {
    const char *exchange, *routing_key;
    struct json_object *properties; /* of AMQP, by the names of the management API; no headers */
    struct json_object *headers;
    const char *body;
    size_t body_length;
    bool has_value; /* the body is described by `value`, a JSON value, instead of bytes */
    struct json_object *value;
};

enum check_part { CHECK_INPUT, CHECK_MESSAGE, CHECK_PROPERTIES, CHECK_HEADERS, CHECK_PAYLOAD };
/* "payload" … */
const char *check_part_name(enum check_part part);

struct check_error {
    enum check_part part;
    const char *instance;  /* JSON Pointer into that part */
    const char *schema;    /* JSON Pointer to what says so, from its file's root; NULL: nothing */
    struct position place; /* of that; path NULL: nothing */
    const char *text;      /* a plain sentence */
};

struct check_errors {
    struct check_error *items;
    size_t count;  /* told */
    size_t hidden; /* found beside */
};

struct check_candidate {
    const struct asyncapi_message *message;
    const char *label; /* billing.PaymentCompleted */
    struct check_errors errors;
};

/* Lives until check_verdict_done or the next message that it is used for. Zeroed is valid. */
struct check_verdict {
    struct arena arena;
    bool is_allowed;
    /* Not allowed, because nothing can be said: the contract of what it is, or may be, cannot be
     * read. */
    bool is_unjudged;
    const struct asyncapi_message *message; /* what it is; NULL: none, or several */
    const char *label;                      /* of that */
    struct check_errors errors;
    /* Why it is none of them, or which they are when there are several. */
    struct check_candidate candidates[CHECK_CANDIDATES_MAX];
    size_t candidate_count, candidates_hidden;
    const char *note; /* what could not be judged, and why; NULL: everything was */
};
void check_verdict_done(struct check_verdict *verdict);

struct checker;
struct check_entry;

/* Keeps `set`, whose documents must stay. *out is the caller's. REJECT when there are no messages,
 * or more than CHECK_CATALOGUE_MAX.
 */
enum outcome checker_new(struct asyncapi *set, const struct check_options *options,
                         struct checker **out, struct fault *fault);
void checker_free(struct checker *checker);

/*
 * The message that `name` means: PaymentCompleted, billing.PaymentCompleted, the same with the
 * channel's key between (billing.paymentCompleted.PaymentCompleted), or its CloudEvents type.
 * REJECT says which it may be, or which was probably meant.
 */
enum outcome checker_find(struct checker *checker, const char *name, struct check_entry **out,
                          struct fault *fault);

/* Calls `see` for each message, or only for `entry` and its copies, about which the contracts
 * cannot say all: `reason` tells why. Then payloads get the verdict is_unjudged, or where only the
 * payload's schema is of a kind that cannot be judged here, a note.
 */
typedef void checker_see(void *context, const char *label, const char *reason);
void checker_each_unjudged(struct checker *checker, struct check_entry *entry, checker_see *see,
                           void *context);

/* The bytes of a payload of this message. */
void checker_payload(struct checker *checker, struct check_entry *entry, const char *bytes,
                     size_t length, struct check_verdict *verdict);
/* A whole message: what is it, and is it allowed? `now_ms` tells ids that lie in the future. */
void checker_message(struct checker *checker, const struct check_message *message, int64_t now_ms,
                     struct check_verdict *verdict);
/* A verdict on what cannot be read. */
void checker_refuse(struct check_verdict *verdict, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
