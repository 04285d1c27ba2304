/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/graph/graph.h"

#include "contracts/graph/label.h"
#include "core/buffer.h"

#include <string.h>

/* Which part of a graph is shown. */

static void hide_all(struct graph *graph)
{
    for (size_t i = 0; i < graph->service_count; i++) {
        graph->services[i].is_shown = false;
    }
    for (size_t i = 0; i < graph->event_count; i++) {
        graph->events[i].is_shown = false;
    }
    for (size_t i = 0; i < graph->operation_count; i++) {
        graph->operations[i].is_shown = false;
    }
}

static void show_operation(struct graph_operation *operation)
{
    operation->is_shown = true;
    operation->service->is_shown = true;
}

static void show_events(struct graph_event **events, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        events[i]->is_shown = true;
    }
}

static bool says_one_of(const struct graph_operation *operation, const bool *wanted,
                        const struct graph *graph)
{
    for (size_t i = 0; i < operation->event_count; i++) {
        if (wanted[operation->events[i] - graph->events]) {
            return true;
        }
    }
    return false;
}

static bool is_named(const char *name, const char *label, const char *wanted)
{
    return strcmp(name, wanted) == 0 || strcmp(label, wanted) == 0;
}

/* It, and at the other end of what it says and hears those who hear and say that. */
static bool show_service(struct graph *graph, const char *name)
{
    bool *said = arena_alloc(&graph->arena, graph->event_count + 1);
    bool *heard = arena_alloc(&graph->arena, graph->event_count + 1);
    bool is_found = false;
    for (size_t i = 0; i < graph->service_count; i++) {
        struct graph_service *service = &graph->services[i];
        if (is_named(service->name, service->label, name)) {
            service->is_shown = true;
            is_found = true;
        }
    }
    for (size_t i = 0; i < graph->operation_count; i++) {
        struct graph_operation *operation = &graph->operations[i];
        if (is_named(operation->service->name, operation->service->label, name)) {
            operation->is_shown = true;
            show_events(operation->events, operation->event_count);
            for (size_t e = 0; e < operation->event_count; e++) {
                (operation->is_send ? said : heard)[operation->events[e] - graph->events] = true;
            }
        }
    }
    for (size_t i = 0; i < graph->operation_count; i++) {
        struct graph_operation *operation = &graph->operations[i];
        if (says_one_of(operation, operation->is_send ? heard : said, graph)) {
            show_operation(operation);
        }
    }
    return is_found;
}

static bool show_saga(struct graph *graph, const char *name)
{
    bool is_found = false;
    for (size_t i = 0; i < graph->operation_count; i++) {
        struct graph_operation *operation = &graph->operations[i];
        const char *saga = operation->operation->saga;
        if (saga != NULL && strcmp(saga, name) == 0) {
            show_operation(operation);
            show_events(operation->events, operation->event_count);
            show_events(operation->outcomes, operation->outcome_count);
            is_found = true;
        }
    }
    /* Who says what it only hears: the story begins there. */
    for (size_t i = 0; i < graph->operation_count; i++) {
        struct graph_operation *operation = &graph->operations[i];
        for (size_t e = 0; operation->is_send && e < operation->event_count; e++) {
            if (operation->events[e]->is_shown) {
                show_operation(operation);
            }
        }
    }
    return is_found;
}

static bool show_event(struct graph *graph, const char *name)
{
    bool *wanted = arena_alloc(&graph->arena, graph->event_count + 1);
    bool is_found = false;
    for (size_t i = 0; i < graph->event_count; i++) {
        struct graph_event *event = &graph->events[i];
        wanted[i] = is_named(event->name, event->label, name);
        event->is_shown = wanted[i];
        is_found |= wanted[i];
    }
    for (size_t i = 0; i < graph->operation_count; i++) {
        struct graph_operation *operation = &graph->operations[i];
        if (says_one_of(operation, wanted, graph)) {
            show_operation(operation);
            show_events(operation->outcomes, operation->outcome_count);
        }
        for (size_t o = 0; o < operation->outcome_count; o++) {
            if (wanted[operation->outcomes[o] - graph->events]) {
                show_operation(operation);
                show_events(operation->events, operation->event_count);
            }
        }
    }
    return is_found;
}

/* "billing, coaching … (12 more)": what could have been meant. */
static const char *list_services(struct graph *graph, size_t i)
{
    return i < graph->service_count ? graph->services[i].label : NULL;
}

static const char *list_sagas(struct graph *graph, size_t i)
{
    return i < graph->saga_count ? label_clean(&graph->arena, graph->sagas[i]) : NULL;
}

static const char *list_events(struct graph *graph, size_t i)
{
    return i < graph->event_count ? graph->events[i].label : NULL;
}

static const struct view_kind {
    const char *name;
    bool (*show)(struct graph *graph, const char *name);
    const char *(*list)(struct graph *graph, size_t i);
} views[] = {
    [GRAPH_SYSTEM] = {"system", NULL, NULL},
    [GRAPH_SERVICE] = {"service", show_service, list_services},
    [GRAPH_SAGA] = {"saga", show_saga, list_sagas},
    [GRAPH_EVENT] = {"event", show_event, list_events},
};

const char *graph_view_name(enum graph_view view)
{
    return views[view].name;
}

static enum outcome refuse(struct graph *graph, const struct view_kind *kind, const char *name,
                           struct fault *fault)
{
    enum { LISTED_BYTES_MAX = 300 };
    AUTO(buffer_done) struct buffer list = {0};
    size_t i = 0;
    const char *each = NULL;
    while (list.length < LISTED_BYTES_MAX && (each = kind->list(graph, i)) != NULL) {
        buffer_printf(&list, "%s%s", i++ > 0 ? ", " : "", each);
    }
    if (i == 0) {
        buffer_text(&list, "none");
    }
    return fault_set(fault, REJECT, "there is no %s \"%s\"; there are: %s%s", kind->name,
                     label_clean(&graph->arena, name), buffer_cstr(&list),
                     kind->list(graph, i) != NULL ? ", …" : "");
}

enum outcome graph_show(struct graph *graph, enum graph_view view, const char *name,
                        struct fault *fault)
{
    const struct view_kind *kind = &views[view];
    if (kind->show == NULL) {
        return OK;
    }
    hide_all(graph);
    if (!kind->show(graph, name)) {
        return refuse(graph, kind, name, fault);
    }
    graph->view = view;
    graph->view_name = name;
    return OK;
}
