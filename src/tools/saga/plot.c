/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/saga/plot.h"

#include "contracts/graph/saga.h"

#include <stdlib.h>
#include <string.h>

static bool is_of(const struct graph_operation *operation, const char *name)
{
    return operation->operation->saga != NULL && strcmp(operation->operation->saga, name) == 0;
}

unsigned plot_role(const struct plot *plot, const struct graph_event *event)
{
    return event != NULL ? plot->roles[event - plot->graph->events] : 0;
}

bool plot_is_step(const struct plot *plot, const struct graph_operation *operation)
{
    return !operation->is_send && operation->outcome_count > 0 && is_of(operation, plot->name);
}

static void read_shape(struct plot *plot)
{
    struct saga saga = {0};
    (void)saga_read(&saga, plot->graph, plot->name); /* too large to be laid out: who cares */
    for (size_t i = 0; i < saga.event_count; i++) {
        const struct saga_event *event = &saga.events[i];
        plot->roles[event->event - plot->graph->events] =
            (event->is_outside ? 0U : PLOT_INSIDE) | (event->is_start ? PLOT_START : 0U) |
            (event->is_end && !event->is_outside ? PLOT_END : 0U);
    }
    saga_done(&saga);
}

static bool says_end(const struct graph_operation *operation)
{
    const struct node *end = node_find(operation->operation->at, "x-saga-end");
    return end != NULL && end->kind == NODE_BOOLEAN && end->integer == 1;
}

/* What the contracts call the end counts; without a word of theirs, where the story stops. */
static void read_ends(struct plot *plot)
{
    const struct graph *graph = plot->graph;
    bool *ends = arena_alloc(&plot->arena, graph->event_count + 1);
    bool is_said = false;
    for (size_t i = 0; i < graph->operation_count; i++) {
        const struct graph_operation *operation = &graph->operations[i];
        if (!operation->is_send || !is_of(operation, plot->name) || !says_end(operation)) {
            continue;
        }
        is_said = true;
        for (size_t e = 0; e < operation->event_count; e++) {
            ends[operation->events[e] - graph->events] = true;
        }
    }
    for (size_t i = 0; is_said && i < graph->event_count; i++) {
        plot->roles[i] = (plot->roles[i] & ~(unsigned)PLOT_END) | (ends[i] ? PLOT_END : 0U);
    }
}

static void read_telling(struct plot *plot)
{
    const struct graph *graph = plot->graph;
    for (size_t i = 0; i < graph->event_count; i++) {
        plot->roles[i] |= (plot->roles[i] & PLOT_INSIDE) != 0 ? PLOT_TELLING : 0U;
    }
    for (size_t i = 0; i < graph->operation_count; i++) {
        const struct graph_operation *operation = &graph->operations[i];
        for (size_t o = 0; !is_of(operation, plot->name) && o < operation->outcome_count; o++) {
            plot->roles[operation->outcomes[o] - graph->events] &= ~(unsigned)PLOT_TELLING;
        }
    }
}

/* What nothing leads to and only undoing steps hear is a change of mind, not a beginning. */
static bool only_undoes(const struct plot *plot, const struct graph_event *event)
{
    bool is_undone = false;
    for (size_t i = 0; i < plot->graph->operation_count; i++) {
        const struct graph_operation *step = &plot->graph->operations[i];
        if (!plot_is_step(plot, step) || !graph_says(step, event)) {
            continue;
        }
        if (step->compensates == NULL) {
            return false;
        }
        is_undone = true;
    }
    return is_undone;
}

static void read_starts(struct plot *plot)
{
    for (size_t i = 0; i < plot->graph->event_count; i++) {
        if (only_undoes(plot, &plot->graph->events[i])) {
            plot->roles[i] &= ~(unsigned)PLOT_START;
        }
    }
}

void plot_read(struct plot *plot, const struct graph *graph, const char *name)
{
    *plot = (struct plot){.graph = graph, .name = name};
    plot->roles = arena_alloc(&plot->arena, (graph->event_count + 1) * sizeof plot->roles[0]);
    read_shape(plot);
    read_starts(plot);
    read_ends(plot);
    read_telling(plot);
}

void plot_done(struct plot *plot)
{
    arena_done(&plot->arena);
    *plot = (struct plot){0};
}

static bool hears_one_of(const struct graph_operation *step, const bool *reached,
                         const struct graph *graph)
{
    for (size_t e = 0; e < step->event_count; e++) {
        if (reached[step->events[e] - graph->events]) {
            return true;
        }
    }
    return false;
}

static bool mark_outcomes(const struct graph_operation *step, bool *reached,
                          const struct graph *graph)
{
    bool is_new = false;
    for (size_t o = 0; o < step->outcome_count; o++) {
        bool *mark = &reached[step->outcomes[o] - graph->events];
        is_new |= !*mark;
        *mark = true;
    }
    return is_new;
}

bool plot_reaches(const struct plot *plot, const struct graph_operation *step,
                  const struct graph_event *event)
{
    const struct graph *graph = plot->graph;
    bool *reached = xcalloc(graph->event_count + 1, 1);
    bool goes_on = mark_outcomes(step, reached, graph);
    while (goes_on) {
        goes_on = false;
        for (size_t i = 0; i < graph->operation_count; i++) {
            const struct graph_operation *next = &graph->operations[i];
            if (plot_is_step(plot, next) && hears_one_of(next, reached, graph)) {
                goes_on |= mark_outcomes(next, reached, graph);
            }
        }
    }
    bool is_reached = reached[event - graph->events];
    free(reached);
    return is_reached;
}

/* The parts between the last dots: service, name, version. */
struct type_parts {
    const char *service, *name, *version;
    size_t service_length, name_length;
};

static const char *dot_before(const char *type, const char *end)
{
    while (end > type && end[-1] != '.') {
        end--;
    }
    return end > type ? end - 1 : NULL;
}

static bool split(const char *type, struct type_parts *parts)
{
    const char *version = strrchr(type, '.');
    const char *name = version != NULL ? dot_before(type, version) : NULL;
    if (name == NULL) {
        return false;
    }
    const char *service = dot_before(type, name);
    service = service != NULL ? service + 1 : type;
    *parts = (struct type_parts){service, name + 1, version, (size_t)(name - service),
                                 (size_t)(version - name - 1)};
    return true;
}

static bool is_text(const char *text, const char *bytes, size_t length)
{
    return strlen(text) == length && memcmp(text, bytes, length) == 0;
}

/* Addresses that end in a version distinguish majors. */
static bool has_version(const char *address, const char *version)
{
    const char *own = address != NULL ? strrchr(address, '.') : NULL;
    bool is_version = own != NULL && own[1] == 'v' && own[2] >= '0' && own[2] <= '9';
    return !is_version || strcmp(own, version) == 0;
}

const struct graph_event *plot_event(const struct graph *graph, const char *type)
{
    struct type_parts parts;
    if (!split(type, &parts)) {
        return NULL;
    }
    for (size_t i = 0; i < graph->event_count; i++) {
        const struct graph_event *event = &graph->events[i];
        const struct asyncapi_channel *channel = event->channel;
        if (channel != NULL && channel->owner != NULL &&
            is_text(event->name, parts.name, parts.name_length) &&
            is_text(channel->owner->service, parts.service, parts.service_length) &&
            has_version(channel->address, parts.version)) {
            return event;
        }
    }
    return NULL;
}
