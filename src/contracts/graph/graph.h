/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_GRAPH_GRAPH_H
#define CONTRACTS_GRAPH_GRAPH_H

#include "contracts/asyncapi.h"
#include "core/memory.h"
#include "core/outcome.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Who says what to whom: services, events, and operations between them, from any set of AsyncAPI
 * documents. Copies of an event in several documents are one event here. The writers
 * (graph/writer.h) and the documentation print what is shown of it.
 *
 * Names in documents are other people's. A `label` is a name that is safe to print (no control
 * characters) and that nothing else of its kind has.
 */

enum {
    GRAPH_EVENTS_MAX = 20 * 1000,
    GRAPH_LINKS_MAX = 200 * 1000, /* an operation and an event that it says or hears */
    GRAPH_SAGAS_MAX = 1000,
    GRAPH_LABEL_MAX_BYTES = 200,
};

struct graph_service {
    const struct asyncapi_document *document;
    const char *name;
    const char *label;
    bool is_shown;
    struct graph_operation *operations; /* its part of the graph's */
    size_t operation_count;
};

struct graph_event {
    const char *name; /* of the message; of the channel, where that names no messages */
    const char *label;
    const struct asyncapi_message *message; /* its sender's, where there is one; NULL: none named */
    const struct asyncapi_channel *channel;
    bool is_shown;
    struct graph_event *next_of_name; /* with the same hash */
};

struct graph_operation {
    const struct asyncapi_operation *operation;
    const char *label;
    struct graph_service *service;
    bool is_send;
    bool is_reply; /* what the operation's `reply` says or hears */
    bool is_shown;
    struct graph_event **events;
    size_t event_count;
    struct graph_event **outcomes; /* a receive's: x-outcomes */
    size_t outcome_count;
    struct graph_operation *compensates; /* NULL: nothing */
};

enum graph_view { GRAPH_SYSTEM, GRAPH_SERVICE, GRAPH_SAGA, GRAPH_EVENT };

/* Zeroed is empty and valid. */
struct graph {
    struct arena arena;
    struct graph_service *services;
    size_t service_count;
    struct graph_event *events;
    size_t event_count;
    struct graph_operation *operations;
    size_t operation_count;
    const char **sagas; /* their names, each once, in the order of the documents */
    size_t saga_count;
    enum graph_view view;
    const char *view_name; /* of the service, saga or event; NULL: the whole system */
};

/* Everything is shown at first, but of documents that were not given only what concerns those that
 * were. `set` must outlive the graph. REJECT when a limit is passed. */
enum outcome graph_make(struct graph *graph, const struct asyncapi *set, struct fault *fault);
void graph_done(struct graph *graph);

/*
 * Leaves a part shown: a service with those it speaks to and hears from; a saga's operations and
 * events; an event (by its name or label) with who says it and why, who hears it and what that
 * leads to. REJECT when there is no such thing; the fault names those that there are.
 */
enum outcome graph_show(struct graph *graph, enum graph_view view, const char *name,
                        struct fault *fault);

/* "system", "service" … */
const char *graph_view_name(enum graph_view view);

/* Whether it is among those that the operation says or hears; among its outcomes. */
bool graph_says(const struct graph_operation *operation, const struct graph_event *event);
bool graph_leads_to(const struct graph_operation *operation, const struct graph_event *event);

#endif
