/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_CONTRACT_H
#define CORE_CONTRACT_H

#include "core/codec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the generator writes from events/asyncapi/: the tables that publishing, consuming and
 * dispatch walk. The types are here, the tables in the generated <service>_contract.c of each
 * service.
 */

struct work;

/* An event type, in the words of its owner's contract. */
struct message {
    const char *name;        /* PaymentCompleted */
    const char *type;        /* cloudEvents_type: fit.billing.PaymentCompleted.v1 */
    const char *service;     /* owner, and the broker user who may say it: billing */
    const char *exchange;    /* billing.events */
    const char *routing_key; /* billing.payment-completed.v1 */
    int major;
    const struct shape *shape;
    int subject_offset;         /* of the struct uuid that names the aggregate (x-subject) */
    int correlation_offset;     /* of the struct uuid that names the story (x-correlation), or -1:
                                   inherited from the cause */
    int correlation_has_offset; /* of the bool that says whether it is there (else inherited), or
                                   -1: always there */
    const struct field *person; /* x-person: the required UUID of the user whose personal data it
                                   holds; NULL: it holds none */
    bool is_heard; /* some contract declares to hear it: a returned one is then a fault, not a fact
                      of life */
};

enum { ATTEMPTS_UNLIMITED = INT32_MAX };

struct retry_policy {
    int attempts; /* executions, the first included; ATTEMPTS_UNLIMITED */
    int64_t base_ms;
    int64_t max_ms;
};

/* A `receive` operation: which event, which handler. A service that says x-hears-all has none: its
 * recorder (core/service.h) takes every message as it came. */
struct receive {
    const char *operation; /* the key in the contract: makePremiumPlan */
    const struct message *message;
    /* Optional, once per batch and receive: one set-based statement brings the rows its handlers
     * need (work_remember). */
    enum outcome (*load)(struct work *work, const void *const events[], size_t count);
    enum outcome (*on)(struct work *work, const void *event);
    struct retry_policy retry;
    const char *saga;            /* x-saga or NULL */
    const char *compensates;     /* x-compensates or NULL */
    const char *const *outcomes; /* x-outcomes: message names, NULL-terminated; NULL when none */
};

struct contract {
    const char *service; /* also its queue, its database role and its broker user */
    const struct message *const *sends;
    size_t send_count;
    const struct receive *receives;
    size_t receive_count;
};

/* NULL when this contract does not send / hear it. */
const struct message *contract_find_send(const struct contract *contract, const char *type);
const struct receive *contract_find_receive(const struct contract *contract, const char *type);

/* Compiles every pattern in the contract's shapes. Once, before threads start. */
enum outcome contract_prepare(const struct contract *contract, struct fault *fault);

#endif
