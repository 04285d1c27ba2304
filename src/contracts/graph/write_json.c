/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/graph/saga.h"
#include "contracts/graph/writer.h"

#include <string.h>

/*
 * {
 *   "view": "saga", "name": "premium-upgrade",
 *   "services":   [{"id", "name", "title", "version"}],
 *   "events":     [{"id", "name", "title", "address", "exchange", "queue"}],
 *   "operations": [{"id", "service", "action", "reply", "events", "outcomes", "saga",
 * "compensates"}], "sagas":      [{"name", "steps": [operation], "begins": [event], "ends":
 * [event]}]
 * }
 * Members are never left out: what a document does not say is null.
 */

static void add_text(struct buffer *out, const char *text)
{
    if (text == NULL) {
        buffer_text(out, "null");
    } else {
        buffer_json(out, text, strlen(text));
    }
}

static void add_member(struct buffer *out, const char *key, const char *text)
{
    buffer_printf(out, ", \"%s\": ", key);
    add_text(out, text);
}

static void add_id(struct buffer *out, const char *id)
{
    buffer_text(out, "{\"id\": ");
    add_text(out, id);
}

static void add_service(struct buffer *out, const struct graph_service *service)
{
    add_id(out, service->label);
    add_member(out, "name", service->name);
    add_member(out, "title", service->document->title);
    add_member(out, "version", service->document->version);
    buffer_byte(out, '}');
}

static void add_event(struct buffer *out, const struct graph_event *event)
{
    add_id(out, event->label);
    add_member(out, "name", event->name);
    add_member(out, "title", event->message != NULL ? event->message->title : NULL);
    add_member(out, "address", event->channel->address);
    add_member(out, "exchange", event->channel->exchange);
    add_member(out, "queue", event->channel->queue);
    buffer_byte(out, '}');
}

static void add_events(struct buffer *out, const char *key, struct graph_event *const *events,
                       size_t count)
{
    buffer_printf(out, ", \"%s\": [", key);
    bool is_first = true;
    for (size_t i = 0; i < count; i++) {
        if (events[i]->is_shown) {
            buffer_text(out, is_first ? "" : ", ");
            add_text(out, events[i]->label);
            is_first = false;
        }
    }
    buffer_byte(out, ']');
}

static void add_operation(struct buffer *out, const struct graph_operation *operation)
{
    add_id(out, operation->label);
    add_member(out, "service", operation->service->label);
    add_member(out, "action", operation->is_send ? "send" : "receive");
    buffer_printf(out, ", \"reply\": %s", operation->is_reply ? "true" : "false");
    add_events(out, "events", operation->events, operation->event_count);
    add_events(out, "outcomes", operation->outcomes, operation->outcome_count);
    add_member(out, "saga", operation->operation->saga);
    add_member(out, "compensates", operation->operation->compensates);
    buffer_byte(out, '}');
}

static void next(struct buffer *out, bool *is_first)
{
    buffer_text(out, *is_first ? "\n    " : ",\n    ");
    *is_first = false;
}

static void add_saga(struct buffer *out, const struct graph *graph, const char *name)
{
    struct saga saga = {0};
    (void)saga_read(&saga, graph, name); /* one that is too large is told in another order */
    buffer_text(out, "{\"name\": ");
    add_text(out, name);
    buffer_text(out, ", \"steps\": [");
    for (size_t i = 0; i < saga.step_count; i++) {
        buffer_text(out, i > 0 ? ", {\"service\": " : "{\"service\": ");
        add_text(out, saga.steps[i]->service->label);
        add_member(out, "operation", saga.steps[i]->label);
        buffer_byte(out, '}');
    }
    for (int end = 0; end < 2; end++) {
        buffer_text(out, end == 0 ? "], \"begins\": [" : "], \"ends\": [");
        bool is_first = true;
        for (size_t i = 0; i < saga.event_count; i++) {
            if (end == 0 ? saga.events[i].is_start : saga.events[i].is_end) {
                buffer_text(out, is_first ? "" : ", ");
                add_text(out, saga.events[i].event->label);
                is_first = false;
            }
        }
    }
    buffer_text(out, "]}");
    saga_done(&saga);
}

static bool shows_saga(const struct graph *graph, const char *name)
{
    return graph->view == GRAPH_SYSTEM ||
           (graph->view == GRAPH_SAGA && strcmp(name, graph->view_name) == 0);
}

void graph_write_json(const struct graph *graph, struct buffer *out)
{
    buffer_printf(out, "{\n  \"view\": \"%s\"", graph_view_name(graph->view));
    add_member(out, "name", graph->view_name);
    bool is_first = true;
    buffer_text(out, ",\n  \"services\": [");
    for (size_t i = 0; i < graph->service_count; i++) {
        if (graph->services[i].is_shown) {
            next(out, &is_first);
            add_service(out, &graph->services[i]);
        }
    }
    is_first = true;
    buffer_text(out, "\n  ],\n  \"events\": [");
    for (size_t i = 0; i < graph->event_count; i++) {
        if (graph->events[i].is_shown) {
            next(out, &is_first);
            add_event(out, &graph->events[i]);
        }
    }
    is_first = true;
    buffer_text(out, "\n  ],\n  \"operations\": [");
    for (size_t i = 0; i < graph->operation_count; i++) {
        if (graph->operations[i].is_shown) {
            next(out, &is_first);
            add_operation(out, &graph->operations[i]);
        }
    }
    is_first = true;
    buffer_text(out, "\n  ],\n  \"sagas\": [");
    for (size_t i = 0; i < graph->saga_count; i++) {
        if (shows_saga(graph, graph->sagas[i])) {
            next(out, &is_first);
            add_saga(out, graph, graph->sagas[i]);
        }
    }
    buffer_text(out, "\n  ]\n}\n");
}
