/* SPDX-License-Identifier: Apache-2.0 */
#include "demo/tap.h"

#include "core/broker.h"
#include "core/memory.h"
#include "core/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PREFETCH = 500, TAKE = 100 };

static const char *const exchanges[] = {"profile.events", "subscription.events", "billing.events",
                                        "coaching.events", "notification.events"};

struct tap {
    struct broker *broker;
};

static void need(enum outcome outcome, const struct fault *fault)
{
    if (outcome != OK) {
        (void)fprintf(stderr, "demo: listening to the broker: %s\n", fault->text);
        exit(1);
    }
}

struct tap *tap_open(void)
{
    struct tap *tap = xcalloc(1, sizeof *tap);
    struct fault fault;
    char *queue = NULL;
    const struct broker_options options = {.url = getenv("AMQP_URL"), .name = "demo tap"};
    need(broker_open(&options, &tap->broker, &fault), &fault);
    need(broker_queue_temporary(tap->broker, &queue, &fault), &fault);
    for (size_t i = 0; i < COUNT_OF(exchanges); i++) {
        need(broker_bind(tap->broker, queue, exchanges[i], "#", &fault), &fault);
    }
    need(broker_consume(tap->broker, queue, PREFETCH, &fault), &fault);
    free(queue);
    return tap;
}

void tap_close(struct tap *tap)
{
    broker_close(tap->broker);
    free(tap);
}

static const char *header(const struct delivery *delivery, const char *name)
{
    const struct header *found = properties_find(&delivery->properties, name);
    return found != NULL && found->text != NULL ? found->text : "";
}

static struct heard read_delivery(const struct delivery *delivery)
{
    struct heard heard = {0};
    const char *id = header(delivery, "cloudEvents_id");
    (void)ids_parse(id, &heard.id);
    heard.has_causation_id =
        ids_parse(header(delivery, "cloudEvents_causationid"), &heard.causation_id);
    const char *exchange = delivery->exchange;
    (void)snprintf(heard.service, sizeof heard.service, "%.*s", (int)strcspn(exchange, "."),
                   exchange);
    (void)snprintf(heard.name, sizeof heard.name, "%s",
                   delivery->properties.type != NULL ? delivery->properties.type
                                                     : header(delivery, "cloudEvents_type"));
    (void)snprintf(heard.story, sizeof heard.story, "%s",
                   header(delivery, "cloudEvents_correlationid"));
    const char *time = header(delivery, "cloudEvents_time");
    (void)text_date_time(time, strlen(time), &heard.said_at_ms);
    return heard;
}

void tap_listen(struct tap *tap, int64_t wait_ms,
                void (*on)(void *context, const struct heard *heard), void *context)
{
    struct delivery deliveries[TAKE];
    struct fault fault;
    size_t count = 0;
    need(broker_take(tap->broker, deliveries, TAKE, wait_ms, &count, &fault), &fault);
    for (size_t i = 0; i < count; i++) {
        struct heard heard = read_delivery(&deliveries[i]);
        on(context, &heard);
    }
    if (count > 0) {
        need(broker_ack(tap->broker, deliveries[count - 1].tag, true, &fault), &fault);
    }
    broker_release(tap->broker);
}
