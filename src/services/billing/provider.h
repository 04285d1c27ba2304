/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BILLING_PROVIDER_H
#define BILLING_PROVIDER_H

#include "charge.h"
#include "core/memory.h"
#include "core/outcome.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The payment provider over HTTP: the part of Stripe's PaymentIntents and Refunds API that a shop
 * needs. Many calls at once on one thread; none blocks. Nothing is repeated here: what an answer
 * means, and what to ask next, is intent.h's.
 */

enum {
    PROVIDER_PATH_MAX_BYTES = REFERENCE_MAX_BYTES + 64,
    PROVIDER_FORM_MAX_BYTES = 1024,
    PROVIDER_KEY_MAX_BYTES = 96,
    PROVIDER_ANSWER_MAX_BYTES = 256 * 1024,
};

struct provider_call {
    char path[PROVIDER_PATH_MAX_BYTES]; /* after the base URL, with its query */
    bool is_post;
    char form[PROVIDER_FORM_MAX_BYTES];
    char key[PROVIDER_KEY_MAX_BYTES]; /* Idempotency-Key; "" = none */
};

enum answer_kind {
    ANSWER_NONE,  /* none at all: whatever was asked may have happened, or may yet */
    ANSWER_LATER, /* not carried out, and not stored under the key: too many calls, or the key is in
                     use */
    ANSWER_BROKEN,  /* an error of the provider's, or unreadable: says nothing, and is final for its
                       key */
    ANSWER_DENIED,  /* it does not know us: a matter of configuration, and not stored under the key
                     */
    ANSWER_REFUSED, /* not carried out, and never will be as it is; says nothing about others */
    ANSWER_INTENT,  /* the payment intent as it is now, with the refusal or the decline if there was
                       one */
    ANSWER_REFUND,  /* a refund, or what a list of them comes to */
};

enum payment_status {
    PAYMENT_OTHER,           /* one that we do not know: wait */
    PAYMENT_REQUIRES_METHOD, /* declined, or never had one */
    PAYMENT_REQUIRES_CONFIRMATION,
    PAYMENT_REQUIRES_ACTION,
    PAYMENT_PROCESSING,
    PAYMENT_SUCCEEDED,
    PAYMENT_CANCELED,
};

enum refund_status { REFUND_NOTHING, REFUND_FAILED, REFUND_PENDING, REFUND_SUCCEEDED };

struct answer {
    enum answer_kind kind;
    long http_status; /* 0 when there was no answer */
    enum payment_status payment;
    enum refund_status refund; /* of a list the most hopeful */
    int64_t refunded_minor;    /* the sum of those that succeeded */
    char reference[REFERENCE_MAX_BYTES +
                   1];             /* of the payment intent or refund; letters, digits, _ and - */
    char code[CODE_MAX_BYTES + 1]; /* why not: the provider's word, or ours; "" when all is well */
    char decline_code[CODE_MAX_BYTES + 1];
    bool is_about_method;   /* refused for what the user pays with, not for how we asked */
    int64_t retry_after_ms; /* 0 = not said */
};

struct provider_options {
    const char *url, *api_key;
    int64_t connect_ms, answer_ms;
    int calls_max;
};

struct provider;

/* http only to a loopback address; no user, query or fragment. FATAL says what is wrong. */
enum outcome provider_check_url(const char *url, struct fault *fault);
enum outcome provider_open(const struct provider_options *options, struct provider **out,
                           struct fault *fault);
void provider_close(struct provider *provider); /* drops what is under way; NULL is fine */

/* Starts a call; at most calls_max at a time. `context` comes back with the answer. */
void provider_ask(struct provider *provider, const struct provider_call *call, void *context);
int provider_calling(const struct provider *provider);
/* Moves bytes; returns when a call has ended, or after ms. */
void provider_wait(struct provider *provider, int64_t ms);
/* One call that has ended. False when there is none. */
bool provider_take(struct provider *provider, void **context, struct answer *answer);

#endif
