/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_CHECK_CATALOGUE_H
#define CONTRACTS_CHECK_CATALOGUE_H

#include "contracts/check/check.h"
#include "contracts/jsonschema/jsonschema.h"

/* What the files of check/ share: the messages that something may be, with their schemas. */

struct check_entry {
    const struct asyncapi_message *message;
    const char *label;     /* billing.PaymentCompleted */
    const char *qualified; /* billing.paymentCompleted.PaymentCompleted */
    const char *type;      /* fit.billing.PaymentCompleted.v1; NULL: the address has no version */
    const char
        *wire_type; /* what AMQP's property type says for it: of its binding, else its name */
    /* The next description of the same message: each team has its own copy of a channel, and a
     * message must be allowed by every one of them. */
    struct check_entry *copy;
    struct check_entry *first; /* NULL: it is the first one */
    /* The first entry that is the same Message Object under the same name, on another channel:
     * that is one message, wherever it is said. Itself when there is none. */
    struct check_entry *same;
    bool is_compiled;
    struct jsonschema *payload, *headers; /* NULL: everything is allowed, or `note` */
    const char *note;                     /* why payloads cannot be judged */
    bool is_foreign;                      /* because of their schemaFormat */
    const char *unjudged; /* why nothing can be said about the message: its contract cannot be read;
                             NULL: it can */
    const struct node *because; /* where that is */
};

struct checker {
    struct asyncapi *set;
    struct check_options options;
    struct arena arena;
    struct check_entry *entries;
    size_t count;
};

enum outcome catalogue_init(struct checker *checker, struct fault *fault);
void catalogue_done(struct checker *checker);
/* A message's AMQP binding, NULL when there is none. */
const struct node *catalogue_binding(struct documents *documents,
                                     const struct asyncapi_message *message);
/* Compiles the entry's schemas when that has not been done. */
void catalogue_compile(struct checker *checker, struct check_entry *entry);

/* Errors are kept in `arena`, the first max_errors of them. */
struct check_notes {
    struct arena *arena;
    struct check_errors *errors;
    size_t max_errors;
};
void check_note(const struct check_notes *notes, enum check_part part, const char *instance,
                const struct node *because, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* How many were found, told or not. */
size_t check_found(const struct check_errors *errors);

/* The text of a member; NULL when it is not there, no text, or has a NUL in it. */
const char *check_text(struct json_object *object, const char *key);

/* What is judged: the message, and its payload once it has been read. */
struct check_subject {
    const struct check_message *message;
    int64_t now_ms;
    bool is_read, is_json;
    struct json_object *value; /* owned when it has been read from bytes */
    char *unreadable;          /* why not */
};

/* Content type, binding, headers, correlation and payload, as one entry's contract wants them. */
void content_judge(struct checker *checker, struct check_entry *entry,
                   struct check_subject *subject, const struct check_notes *notes,
                   const char **note);
/* The payload alone. */
void content_judge_payload(struct checker *checker, struct check_entry *entry,
                           struct check_subject *subject, const struct check_notes *notes,
                           const char **note);
void content_done(struct check_subject *subject);

/* What the AMQP bindings of the operations say that have this message. */
void operation_judge(struct checker *checker, const struct check_entry *entry,
                     const struct check_message *message, const struct check_notes *notes);

/* The wire's rules of profile quadrille. */
void ours_judge(struct checker *checker, const struct check_entry *entry,
                const struct check_subject *subject, const struct check_notes *notes);

/* Where a message was said first: a dead letter that is given back comes through the default
 * exchange, and its headers tell. */
struct check_origin {
    const char *exchange, *routing_key; /* NULL: not known */
};
struct check_origin ours_origin(const struct checker *checker, const struct check_message *message);

/* Whether exchange, routing key and type are the entry's; else notes why not. Returns how much of
 * it agrees, to tell the nearest of those that are not. */
enum { AGREES_NEARLY = 1, AGREES_EXCHANGE = 2, AGREES_KEY = 4, AGREES_TYPE = 8 };
unsigned identity_judge(struct checker *checker, const struct check_entry *entry,
                        const struct check_message *message, const struct check_notes *notes);

#endif
