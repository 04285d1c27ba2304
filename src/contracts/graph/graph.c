/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/graph/graph.h"

#include "contracts/graph/label.h"
#include "contracts/jsonschema/names.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 4096 };

struct maker {
    struct graph *graph;
    struct graph_event *buckets[BUCKETS];
    size_t event_room;
    size_t links;
    struct fault *fault;
};

/* FNV-1a, continued. */
static uint32_t hash_on(uint32_t hash, const char *text)
{
    for (; text != NULL && *text != '\0'; text++) {
        hash = (hash ^ (unsigned char)*text) * 16777619U;
    }
    return hash;
}

/* By its address as well: many channels may have a message of the same name. */
static size_t bucket_of(const char *name, const struct asyncapi_channel *channel)
{
    return hash_on(hash_on(2166136261U, name), channel->address) % BUCKETS;
}

static const char *channel_name(const struct asyncapi_channel *channel)
{
    if (channel->address != NULL) {
        return channel->address;
    }
    return channel->key != NULL ? channel->key : "?";
}

static const char *message_name(const struct asyncapi_message *message)
{
    return message->name != NULL ? message->name : "?";
}

static bool is_event(const struct graph_event *event, const struct asyncapi_channel *channel,
                     const struct asyncapi_message *message)
{
    if (message == NULL || event->message == NULL) {
        return message == event->message && asyncapi_same_channel(event->channel, channel);
    }
    return asyncapi_same_message(event->message, message);
}

/* `message` is NULL for a channel that names none. NULL when there are too many events. */
static struct graph_event *need_event(struct maker *maker, const struct asyncapi_channel *channel,
                                      const struct asyncapi_message *message)
{
    const char *name = message != NULL ? message_name(message) : channel_name(channel);
    struct graph_event **bucket = &maker->buckets[bucket_of(name, channel)];
    for (struct graph_event *event = *bucket; event != NULL; event = event->next_of_name) {
        if (strcmp(event->name, name) == 0 && is_event(event, channel, message)) {
            return event;
        }
    }
    if (maker->graph->event_count == maker->event_room) {
        return NULL;
    }
    struct graph_event *event = &maker->graph->events[maker->graph->event_count++];
    *event = (struct graph_event){
        .name = name,
        .message = message,
        .channel = channel,
        .is_shown = true,
        .next_of_name = *bucket,
    };
    *bucket = event;
    return event;
}

static enum outcome too_many(struct maker *maker, const char *what, int limit)
{
    return fault_set(maker->fault, REJECT, "more than %d %s: name fewer documents at once", limit,
                     what);
}

static enum outcome add_event(struct maker *maker, struct graph_operation *operation,
                              const struct asyncapi_channel *channel,
                              const struct asyncapi_message *message)
{
    struct graph_event *event = need_event(maker, channel, message);
    if (event == NULL) {
        return too_many(maker, "events", GRAPH_EVENTS_MAX);
    }
    if (maker->links++ == GRAPH_LINKS_MAX) {
        return too_many(maker, "events of operations", GRAPH_LINKS_MAX);
    }
    /* The sender's own definition is what the documentation shows. */
    if (operation->is_send && message != NULL && channel->owner == operation->operation->document) {
        event->message = message;
        event->channel = channel;
    }
    if (!graph_says(operation, event)) {
        operation->events[operation->event_count++] = event;
    }
    return OK;
}

static enum outcome add_operation(struct maker *maker, struct graph_service *service,
                                  const struct asyncapi_operation *of, bool is_reply)
{
    struct graph *graph = maker->graph;
    const struct asyncapi_channel *channel = is_reply ? of->reply_channel : of->channel;
    struct graph_operation *operation = &graph->operations[graph->operation_count++];
    *operation = (struct graph_operation){
        .operation = of,
        .label = label_clean(&graph->arena, of->key != NULL ? of->key : "?"),
        .service = service,
        .is_send = of->is_send != is_reply,
        .is_reply = is_reply,
        .is_shown = service->is_shown,
    };
    if (channel == NULL) {
        return OK;
    }
    size_t count = is_reply ? of->reply_message_count : of->message_count;
    operation->events = arena_alloc(&graph->arena, (count + 1) * sizeof(void *));
    for (size_t i = 0; i < count; i++) {
        const struct asyncapi_message *message = is_reply ? of->reply_messages[i] : of->messages[i];
        enum outcome o = add_event(maker, operation,
                                   message->channel != NULL ? message->channel : channel, message);
        if (o != OK) {
            return o;
        }
    }
    return count > 0 ? OK : add_event(maker, operation, channel, NULL);
}

/* Before all operations, so that events are in the order of their owners. */
static enum outcome add_channels(struct maker *maker, const struct asyncapi_document *document)
{
    for (size_t c = 0; c < document->channel_count; c++) {
        const struct asyncapi_channel *channel = &document->channels[c];
        for (size_t m = 0; m < channel->message_count; m++) {
            if (need_event(maker, channel, &channel->messages[m]) == NULL) {
                return too_many(maker, "events", GRAPH_EVENTS_MAX);
            }
        }
    }
    return OK;
}

static enum outcome add_document(struct maker *maker, const struct asyncapi_document *document)
{
    struct graph *graph = maker->graph;
    struct graph_service *service = &graph->services[graph->service_count++];
    *service = (struct graph_service){
        .document = document,
        .name = document->service != NULL ? document->service : "?",
        .is_shown = document->is_given,
        .operations = &graph->operations[graph->operation_count],
    };
    for (size_t i = 0; i < document->operation_count; i++) {
        const struct asyncapi_operation *operation = &document->operations[i];
        enum outcome o = add_operation(maker, service, operation, false);
        if (o == OK && operation->reply_channel != NULL) {
            o = add_operation(maker, service, operation, true);
        }
        if (o != OK) {
            return o;
        }
    }
    service->operation_count =
        (size_t)(&graph->operations[graph->operation_count] - service->operations);
    return OK;
}

/* What x-outcomes and x-compensates of one service name. */
struct named {
    struct names said;       /* its first event of a name that it says → index in the graph */
    struct names operations; /* without replies → index in the service */
};

static void add_named(struct graph *graph, const struct graph_service *service, struct named *named)
{
    for (size_t i = 0; i < service->operation_count; i++) {
        const struct graph_operation *operation = &service->operations[i];
        for (size_t e = 0; operation->is_send && e < operation->event_count; e++) {
            const struct graph_event *event = operation->events[e];
            (void)names_add(&named->said, &graph->arena, event->name, strlen(event->name),
                            (uint32_t)(event - graph->events));
        }
        const char *key = operation->operation->key;
        if (!operation->is_reply && key != NULL) {
            (void)names_add(&named->operations, &graph->arena, key, strlen(key), (uint32_t)i);
        }
    }
}

static const struct name *find_text(const struct names *names, const char *text)
{
    return text != NULL ? names_find(names, text, strlen(text)) : NULL;
}

static void add_outcomes(struct graph *graph, const struct named *named,
                         struct graph_operation *operation)
{
    const struct node *names = operation->operation->outcomes;
    if (operation->is_send || names == NULL || names->kind != NODE_LIST) {
        return;
    }
    operation->outcomes = arena_alloc(&graph->arena, (names->count + 1) * sizeof(void *));
    for (const struct node *name = names->first; name != NULL; name = name->next) {
        const struct name *said =
            find_text(&named->said, name->kind == NODE_STRING ? name->text : NULL);
        if (said != NULL && !graph_leads_to(operation, &graph->events[said->value])) {
            operation->outcomes[operation->outcome_count++] = &graph->events[said->value];
        }
    }
}

static void add_links(struct graph *graph, struct graph_service *service)
{
    struct named named = {0};
    add_named(graph, service, &named);
    for (size_t i = 0; i < service->operation_count; i++) {
        struct graph_operation *operation = &service->operations[i];
        add_outcomes(graph, &named, operation);
        const struct name *other = find_text(&named.operations, operation->operation->compensates);
        operation->compensates = other != NULL ? &service->operations[other->value] : NULL;
    }
}

static void add_labels(struct graph *graph)
{
    struct labels services = {0};
    for (size_t i = 0; i < graph->service_count; i++) {
        struct graph_service *service = &graph->services[i];
        service->label =
            labels_add(&services, &graph->arena, service->name, service->document->title);
    }
    labels_done(&services);
    struct labels events = {0};
    for (size_t i = 0; i < graph->event_count; i++) {
        struct graph_event *event = &graph->events[i];
        event->label =
            labels_add(&events, &graph->arena, event->name, channel_name(event->channel));
    }
    labels_done(&events);
}

static enum outcome add_sagas(struct maker *maker)
{
    struct graph *graph = maker->graph;
    struct labels known = {0};
    graph->sagas = arena_alloc(&graph->arena, GRAPH_SAGAS_MAX * sizeof graph->sagas[0]);
    enum outcome o = OK;
    for (size_t i = 0; i < graph->operation_count && o == OK; i++) {
        const char *saga = graph->operations[i].operation->saga;
        if (saga == NULL || !labels_put(&known, saga)) {
            continue;
        }
        if (graph->saga_count == GRAPH_SAGAS_MAX) {
            o = too_many(maker, "sagas", GRAPH_SAGAS_MAX);
        } else {
            graph->sagas[graph->saga_count++] = saga;
        }
    }
    labels_done(&known);
    return o;
}

static void make_room(struct maker *maker, const struct asyncapi *set)
{
    struct graph *graph = maker->graph;
    size_t events = 0;
    size_t operations = 0;
    for (size_t d = 0; d < set->count; d++) {
        const struct asyncapi_document *document = &set->items[d];
        operations += 2 * document->operation_count;
        for (size_t c = 0; c < document->channel_count; c++) {
            events += document->channels[c].message_count;
        }
        for (size_t i = 0; i < document->operation_count; i++) {
            const struct asyncapi_operation *operation = &document->operations[i];
            events += operation->message_count + 2;
            events += operation->reply_message_count;
        }
    }
    maker->event_room = events < GRAPH_EVENTS_MAX ? events : GRAPH_EVENTS_MAX;
    struct arena *arena = &graph->arena;
    graph->services = arena_alloc(arena, (set->count + 1) * sizeof graph->services[0]);
    graph->events = arena_alloc(arena, (maker->event_room + 1) * sizeof graph->events[0]);
    graph->operations = arena_alloc(arena, (operations + 1) * sizeof graph->operations[0]);
}

/* Of a document that others only refer to, what concerns those is shown. */
static void hide_far(struct graph *graph)
{
    bool *is_near = arena_alloc(&graph->arena, graph->event_count + 1);
    for (size_t i = 0; i < graph->event_count; i++) {
        const struct asyncapi_document *owner = graph->events[i].channel->owner;
        is_near[i] = owner == NULL || owner->is_given;
    }
    for (size_t i = 0; i < graph->operation_count; i++) {
        const struct graph_operation *operation = &graph->operations[i];
        for (size_t e = 0; operation->service->is_shown && e < operation->event_count; e++) {
            is_near[operation->events[e] - graph->events] = true;
        }
    }
    for (size_t i = 0; i < graph->event_count; i++) {
        graph->events[i].is_shown = is_near[i];
    }
    for (size_t i = 0; i < graph->operation_count; i++) {
        struct graph_operation *operation = &graph->operations[i];
        bool is_given = operation->service->document->is_given;
        for (size_t e = 0; !is_given && !operation->is_shown && e < operation->event_count; e++) {
            operation->is_shown = operation->events[e]->is_shown;
        }
        operation->service->is_shown |= operation->is_shown;
    }
}

enum outcome graph_make(struct graph *graph, const struct asyncapi *set, struct fault *fault)
{
    struct maker maker = {.graph = graph, .fault = fault};
    make_room(&maker, set);
    for (size_t i = 0; i < set->count; i++) {
        enum outcome o = add_channels(&maker, &set->items[i]);
        if (o != OK) {
            return o;
        }
    }
    for (size_t i = 0; i < set->count; i++) {
        enum outcome o = add_document(&maker, &set->items[i]);
        if (o != OK) {
            return o;
        }
    }
    for (size_t i = 0; i < graph->service_count; i++) {
        add_links(graph, &graph->services[i]);
    }
    hide_far(graph);
    add_labels(graph);
    return add_sagas(&maker);
}

void graph_done(struct graph *graph)
{
    arena_done(&graph->arena);
    *graph = (struct graph){0};
}

bool graph_says(const struct graph_operation *operation, const struct graph_event *event)
{
    for (size_t i = 0; i < operation->event_count; i++) {
        if (operation->events[i] == event) {
            return true;
        }
    }
    return false;
}

bool graph_leads_to(const struct graph_operation *operation, const struct graph_event *event)
{
    for (size_t i = 0; i < operation->outcome_count; i++) {
        if (operation->outcomes[i] == event) {
            return true;
        }
    }
    return false;
}
