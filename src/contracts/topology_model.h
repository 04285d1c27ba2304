/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_TOPOLOGY_MODEL_H
#define CONTRACTS_TOPOLOGY_MODEL_H

#include "contracts/model.h"
#include "core/memory.h"

#include <stddef.h>
#include <stdint.h>

/*
 * What the broker must have declared, derived from the contracts: rows, no connection. For a
 * service s:
 *
 *     s.events (topic) ──address──► s (quorum) ──policy──► s.dlx (fanout) ──► s.dlq (quorum)
 *
 * Arguments of a queue can never change, so there is only its type; everything else is a policy.
 */

struct topology_exchange {
    const char *name;
    const char *type; /* topic, fanout; durable, all of them */
};

struct topology_queue {
    const char *name; /* durable, x-queue-type=quorum */
};

struct topology_binding {
    const char *exchange;
    const char *queue;
    const char *routing_key; /* "" for a fanout exchange */
};

struct topology_setting {
    const char *key;
    const char *text; /* NULL: it is the number */
    int64_t number;
};

struct topology_policy {
    const char *name;                        /* the queue's: one policy per queue */
    const char *pattern;                     /* ^billing$ */
    const struct topology_setting *settings; /* applied to queues */
    size_t setting_count;
};

struct topology_user {
    const char *name;
    const char *tags; /* comma-separated, "" for none */
};

/* Regular expressions on names of exchanges and queues. */
struct topology_permission {
    const char *user;
    const char *configure;
    const char *write;
    const char *read;
};

/* Regular expressions on routing keys, per exchange. */
struct topology_topic_permission {
    const char *user;
    const char *exchange;
    const char *write;
    const char *read;
};

struct topology_model {
    struct arena arena;
    struct topology_exchange *exchanges;
    size_t exchange_count;
    struct topology_queue *queues;
    size_t queue_count;
    struct topology_binding *bindings;
    size_t binding_count;
    struct topology_policy *policies;
    size_t policy_count;
    struct topology_user *users;
    size_t user_count;
    struct topology_permission *permissions;
    size_t permission_count;
    struct topology_topic_permission *topic_permissions;
    size_t topic_permission_count;
};

/* The account that sends dead letters back through the default exchange; separate from every
 * service's. */
#define TOPOLOGY_OPERATOR "operator"
/* Looks at the management pages, moves nothing. */
#define TOPOLOGY_AUDIT "audit"

/* Rows in the order of services, then of operations. Texts are the model's own or the contracts':
 * keep both. */
void topology_model_init(struct topology_model *topology, const struct contract_set *set);
void topology_model_done(struct topology_model *topology);

#endif
