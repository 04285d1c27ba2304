/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_MODEL_H
#define CONTRACTS_MODEL_H

#include "contracts/asyncapi.h"
#include "contracts/schema.h"
#include "core/contract.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The general model (contracts/asyncapi.h) of a folder with our own contracts, seen as generator
 * and topology need it: what our conventions promise is read once, here, and whatever they do not
 * allow is a finding. Every part knows the node it was read from.
 */

enum {
    MODEL_SERVICES_MAX = 200,
    MODEL_ADDRESS_MAX_BYTES = 255, /* AMQP's limit for a routing key */
};

struct model_message {
    const struct node *at;
    const char *key;     /* in the channel's messages */
    const char *name;    /* PaymentCompleted */
    const char *type;    /* fit.billing.PaymentCompleted.v1 */
    const char *summary; /* may be NULL */
    const struct model_channel *channel;
    const struct schema *payload;
    const struct property *subject;     /* x-subject */
    const struct property *correlation; /* x-correlation; NULL: inherited from the cause */
    const struct property *person;      /* x-person; NULL: nothing in it is personal */
    const struct node *examples;        /* list of {payload}; NULL when there is none */
    bool is_heard;                      /* a receive names it */
};

/* Owned by the service in whose document it is defined. */
struct model_channel {
    const struct node *at;
    const char *key;
    const char *address; /* billing.payment-completed.v1 */
    int major;
    const struct model_service *owner;
    struct model_message *messages;
    size_t message_count;
};

struct model_operation {
    const struct node *at;
    const char *key; /* chargeCustomer */
    const char *summary;
    const struct model_channel *channel;
    struct model_message **messages;
    size_t message_count;
    const char *saga;            /* x-saga or NULL */
    const char *compensates;     /* x-compensates or NULL */
    const struct node *outcomes; /* x-outcomes: list of strings, or NULL */
    struct retry_policy retry;
};

struct model_service {
    const char *name;     /* the file's name without .yaml */
    const char *exchange; /* <name>.events */
    const char *title;
    bool hears_all; /* x-hears-all: one handler takes every message, raw */
    const struct asyncapi_document *from;
    const struct document *document;
    struct model_channel *channels; /* its own */
    size_t channel_count;
    struct model_operation *sends;
    size_t send_count;
    struct model_operation *receives;
    size_t receive_count;
};

/* Zeroed is empty and valid. */
struct contract_set {
    struct asyncapi asyncapi; /* what was read; the findings are in its documents */
    struct model_service *services;
    size_t service_count;
};

/*
 * Reads every *.yaml of the folder in the order of names. REJECT when there are findings
 * (asyncapi.documents.findings), with the first of them in the fault; the model holds what could be
 * read and is good for nothing but more findings then.
 */
enum outcome contract_set_load(struct contract_set *set, const char *folder, struct fault *fault);
void contract_set_done(struct contract_set *set);

/* NULL when there is none. */
const struct model_service *contract_set_find(const struct contract_set *set, const char *service);

/* What a receive without x-retry gets, member by member. */
extern const struct retry_policy model_default_retry;

#endif
