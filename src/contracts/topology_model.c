/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/topology_model.h"

#include <stdbool.h>
#include <string.h>

enum {
    OPERATORS = 2,
    DELIVERY_LIMIT = 1000, /* the last net: long before, `suspect` has made a dead letter of it */
};

static const struct topology_setting dead_letter_settings[] = {
    /* On 3.10, -1 drops a message at its first return; on 4.x no limit means 20: looking would
       destroy dead letters. */
    {.key = "delivery-limit", .number = INT32_MAX},
};

static void add_exchange(struct topology_model *topology, const char *name, const char *type)
{
    topology->exchanges[topology->exchange_count++] =
        (struct topology_exchange){.name = name, .type = type};
}

static void add_queue(struct topology_model *topology, const char *name,
                      const struct topology_setting *settings, size_t count)
{
    /* A service's name holds nothing that a regular expression reads, and ".dlq" one dot. */
    const char *dot = strchr(name, '.');
    int head = dot != NULL ? (int)(dot - name) : (int)strlen(name);
    topology->queues[topology->queue_count++] = (struct topology_queue){.name = name};
    topology->policies[topology->policy_count++] = (struct topology_policy){
        .name = name,
        .pattern = arena_printf(&topology->arena, "^%.*s%s%s$", head, name, dot != NULL ? "\\" : "",
                                dot != NULL ? dot : ""),
        .settings = settings,
        .setting_count = count,
    };
}

static void add_binding(struct topology_model *topology, const char *exchange, const char *queue,
                        const char *routing_key)
{
    topology->bindings[topology->binding_count++] =
        (struct topology_binding){.exchange = exchange, .queue = queue, .routing_key = routing_key};
}

static void add_service_account(struct topology_model *topology,
                                const struct model_service *service)
{
    struct arena *arena = &topology->arena;
    const char *name = service->name;
    topology->users[topology->user_count++] = (struct topology_user){.name = name, .tags = ""};
    topology->permissions[topology->permission_count++] = (struct topology_permission){
        .user = name,
        .configure = "^$",
        .write = arena_printf(arena, "^%s\\.(events|dlx)$", name),
        .read = arena_printf(arena, "^%s$", name),
    };
    topology->topic_permissions[topology->topic_permission_count++] =
        (struct topology_topic_permission){
            .user = name,
            .exchange = service->exchange,
            .write = arena_printf(arena, "^%s\\.", name),
            .read = "^$",
        };
}

/* The accounts of people: what they may is the same in every company. */
static void add_operators(struct topology_model *topology)
{
    static const struct topology_user users[] = {
        {.name = TOPOLOGY_OPERATOR, .tags = "impersonator,monitoring"},
        {.name = TOPOLOGY_AUDIT, .tags = "monitoring"},
    };
    static const struct topology_permission permissions[] = {
        {TOPOLOGY_OPERATOR, .configure = "^$", .write = "^(amq\\.default|.+\\.events)$",
         .read = "\\.dlq$"},
        {TOPOLOGY_AUDIT, .configure = "^$", .write = "^$", .read = "^$"},
    };
    for (size_t i = 0; i < COUNT_OF(users); i++) {
        topology->users[topology->user_count++] = users[i];
        topology->permissions[topology->permission_count++] = permissions[i];
    }
}

static bool is_bound(const struct topology_model *topology, const char *queue, const char *key)
{
    for (size_t i = 0; i < topology->binding_count; i++) {
        if (strcmp(topology->bindings[i].queue, queue) == 0 &&
            strcmp(topology->bindings[i].routing_key, key) == 0) {
            return true;
        }
    }
    return false;
}

static void add_service(struct topology_model *topology, const struct model_service *service)
{
    struct arena *arena = &topology->arena;
    const char *dead_exchange = arena_printf(arena, "%s.dlx", service->name);
    const char *dead_queue = arena_printf(arena, "%s.dlq", service->name);
    const struct topology_setting settings[] = {
        {.key = "dead-letter-exchange", .text = dead_exchange},
        {.key = "dead-letter-strategy", .text = "at-least-once"},
        {.key = "overflow", .text = "reject-publish"},
        {.key = "delivery-limit", .number = DELIVERY_LIMIT},
    };

    add_exchange(topology, service->exchange, "topic");
    add_exchange(topology, dead_exchange, "fanout");
    add_queue(topology, service->name,
              memcpy(arena_alloc(arena, sizeof settings), settings, sizeof settings),
              COUNT_OF(settings));
    add_queue(topology, dead_queue, dead_letter_settings, COUNT_OF(dead_letter_settings));
    for (size_t i = 0; i < service->receive_count; i++) {
        const struct model_channel *channel = service->receives[i].channel;
        if (!is_bound(topology, service->name, channel->address)) {
            add_binding(topology, channel->owner->exchange, service->name, channel->address);
        }
    }
    add_binding(topology, dead_exchange, dead_queue, "");
    add_service_account(topology, service);
}

void topology_model_init(struct topology_model *topology, const struct contract_set *set)
{
    *topology = (struct topology_model){0};
    size_t services = set->service_count;
    size_t receives = 0;
    for (size_t i = 0; i < services; i++) {
        receives += set->services[i].receive_count;
    }

    struct arena *arena = &topology->arena;
    topology->exchanges = arena_alloc(arena, 2 * services * sizeof topology->exchanges[0]);
    topology->queues = arena_alloc(arena, 2 * services * sizeof topology->queues[0]);
    topology->policies = arena_alloc(arena, 2 * services * sizeof topology->policies[0]);
    topology->bindings = arena_alloc(arena, (receives + services) * sizeof topology->bindings[0]);
    topology->users = arena_alloc(arena, (services + OPERATORS) * sizeof topology->users[0]);
    topology->permissions =
        arena_alloc(arena, (services + OPERATORS) * sizeof topology->permissions[0]);
    topology->topic_permissions =
        arena_alloc(arena, services * sizeof topology->topic_permissions[0]);
    for (size_t i = 0; i < services; i++) {
        add_service(topology, &set->services[i]);
    }
    add_operators(topology);
}

void topology_model_done(struct topology_model *topology)
{
    arena_done(&topology->arena);
    *topology = (struct topology_model){0};
}
