/* SPDX-License-Identifier: Apache-2.0 */
#include "support/flood.h"

#include "contracts/topology_model.h"
#include "core/broker.h"
#include "core/clock.h"
#include "core/memory.h"
#include "support/company.h"
#include "support/dice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TAKE = 200, PREFETCH = 1000, WINDOW = 500, CONFIRM_MS = 20000, KEPT_MAX = 20000 };

/* A connection has one consumer: each listening service has an ear of its own. */
struct ear {
    struct broker *broker;
    char *queue; /* the service's queue, not the temporary one */
};

struct kept {
    const char *queue;
    const void *properties, *body;
    size_t properties_length, body_length;
};

struct flood {
    struct arena arena;
    struct ear *ears;
    size_t ear_count;
    struct kept *messages;
    size_t count, room;
};

static bool say(const char *what, const struct fault *fault)
{
    (void)fprintf(stderr, "flood: %s: %s\n", what, fault->text);
    return false;
}

static enum outcome open_ear(struct ear *ear, const struct topology_model *topology,
                             struct fault *fault)
{
    char *queue = NULL;
    const struct broker_options options = {.url = getenv("AMQP_URL"), .name = "flood"};
    enum outcome o = broker_open(&options, &ear->broker, fault);
    if (o == OK) {
        o = broker_queue_temporary(ear->broker, &queue, fault);
    }
    for (size_t i = 0; i < topology->binding_count && o == OK; i++) {
        const struct topology_binding *binding = &topology->bindings[i];
        if (strcmp(binding->queue, ear->queue) == 0) {
            o = broker_bind(ear->broker, queue, binding->exchange, binding->routing_key, fault);
        }
    }
    if (o == OK) {
        o = broker_consume(ear->broker, queue, PREFETCH, fault);
    }
    free(queue);
    return o;
}

static bool open_ears(struct flood *flood, const struct topology_model *topology)
{
    struct fault fault;
    flood->ears = xcalloc(topology->queue_count + 1, sizeof *flood->ears);
    for (size_t i = 0; i < topology->queue_count; i++) {
        const char *queue = topology->queues[i].name;
        if (strchr(queue, '.') != NULL) { /* a dead letter queue */
            continue;
        }
        struct ear *ear = &flood->ears[flood->ear_count++];
        ear->queue = xstrdup(queue);
        if (open_ear(ear, topology, &fault) != OK) {
            return say(queue, &fault);
        }
    }
    return true;
}

struct flood *flood_open(const char *contracts)
{
    struct contract_set set = {0};
    struct fault fault;
    if (contract_set_load(&set, contracts, &fault) != OK) {
        (void)say(contracts, &fault);
        contract_set_done(&set);
        return NULL;
    }
    struct topology_model topology = {0};
    topology_model_init(&topology, &set);
    struct flood *flood = xcalloc(1, sizeof *flood);
    if (!open_ears(flood, &topology)) {
        flood_close(flood);
        flood = NULL;
    }
    topology_model_done(&topology);
    contract_set_done(&set);
    return flood;
}

void flood_close(struct flood *flood)
{
    if (flood == NULL) {
        return;
    }
    for (size_t i = 0; i < flood->ear_count; i++) {
        broker_close(flood->ears[i].broker);
        free(flood->ears[i].queue);
    }
    free(flood->ears);
    free(flood->messages);
    arena_done(&flood->arena);
    free(flood);
}

static const void *keep(struct flood *flood, const void *bytes, size_t length)
{
    return arena_text(&flood->arena, bytes, length);
}

static void remember(struct flood *flood, const struct ear *ear, const struct delivery *delivery)
{
    if (flood->count == flood->room) {
        flood->room = flood->room * 2 + TAKE;
        flood->messages = xrealloc(flood->messages, flood->room * sizeof *flood->messages);
    }
    flood->messages[flood->count++] = (struct kept){
        .queue = ear->queue,
        .properties = keep(flood, delivery->properties.raw, delivery->properties.raw_length),
        .properties_length = delivery->properties.raw_length,
        .body = keep(flood, delivery->body, delivery->body_length),
        .body_length = delivery->body_length,
    };
}

/* How many came; -1 when the connection is gone. */
static long listen_once(struct flood *flood, struct ear *ear, int64_t wait_ms)
{
    struct delivery deliveries[TAKE];
    struct fault fault;
    size_t count = 0;
    enum outcome o = broker_take(ear->broker, deliveries, TAKE, wait_ms, &count, &fault);
    for (size_t i = 0; i < count && o == OK && flood->count < KEPT_MAX; i++) {
        if (deliveries[i].properties.app_id != NULL) { /* not a poison: each has one dead letter */
            remember(flood, ear, &deliveries[i]);
        }
    }
    if (o == OK && count > 0) {
        o = broker_ack(ear->broker, deliveries[count - 1].tag, true, &fault);
    }
    broker_release(ear->broker);
    if (o != OK) {
        (void)say("listening", &fault);
        return -1;
    }
    return (long)count;
}

bool flood_listen(struct flood *flood, int64_t quiet_ms)
{
    int64_t deadline = clock_monotonic_ms() + quiet_ms;
    do {
        for (size_t i = 0; i < flood->ear_count; i++) {
            long count = listen_once(flood, &flood->ears[i], 10);
            if (count < 0) {
                return false;
            }
            if (count > 0) {
                deadline = clock_monotonic_ms() + quiet_ms;
            }
        }
    } while (clock_monotonic_ms() < deadline);
    return true;
}

static enum outcome await_confirms(struct broker *broker, size_t at_most, struct fault *fault)
{
    int64_t deadline = clock_monotonic_ms() + CONFIRM_MS;
    enum outcome o = OK;
    while (o == OK && broker_unconfirmed(broker) > at_most) {
        o = clock_monotonic_ms() < deadline
                ? broker_wait(broker, -1, 100, fault)
                : fault_set(fault, RETRY, "no confirm in %d ms", CONFIRM_MS);
    }
    return o;
}

static void shuffle(size_t *order, size_t count, uint64_t seed)
{
    struct dice dice = {seed};
    for (size_t i = count; i > 1; i--) {
        size_t other = (size_t)dice_below(&dice, i);
        size_t kept = order[i - 1];
        order[i - 1] = order[other];
        order[other] = kept;
    }
}

static enum outcome send_in_order(const struct flood *flood, const size_t *order, size_t count,
                                  struct fault *fault)
{
    AUTO(free_text) char *url = company_amqp_url(TOPOLOGY_OPERATOR);
    struct broker *broker = NULL;
    const struct broker_options options = {.url = url, .name = "flood operator"};
    enum outcome o = broker_open(&options, &broker, fault);
    if (o == OK) {
        o = broker_confirm_select(broker, fault);
    }
    for (size_t i = 0; i < count && o == OK; i++) {
        const struct kept *message = &flood->messages[order[i]];
        uint64_t number = 0;
        o = broker_publish(broker, "", message->queue, true, message->properties,
                           message->properties_length, message->body, message->body_length, &number,
                           fault);
        if (o == OK) {
            o = await_confirms(broker, WINDOW, fault);
        }
    }
    if (o == OK) {
        o = await_confirms(broker, 0, fault);
    }
    broker_close(broker);
    return o;
}

bool flood_send(struct flood *flood, unsigned times, uint64_t seed)
{
    size_t count = flood->count * times;
    size_t *order = xcalloc(count + 1, sizeof *order);
    for (size_t i = 0; i < count; i++) {
        order[i] = i % flood->count;
    }
    shuffle(order, count, seed);
    struct fault fault;
    bool is_sent = send_in_order(flood, order, count, &fault) == OK || say("sending", &fault);
    free(order);
    flood->count = 0;
    arena_reset(&flood->arena);
    return is_sent;
}

size_t flood_count(const struct flood *flood)
{
    return flood->count;
}
