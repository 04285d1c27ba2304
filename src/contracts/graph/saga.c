/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/graph/saga.h"

#include <stdlib.h>
#include <string.h>

static bool is_of(const struct graph_operation *operation, const char *name)
{
    return operation->operation->saga != NULL && strcmp(operation->operation->saga, name) == 0;
}

struct marks {
    bool said, heard, led_to;
};

static struct marks *mark_events(struct saga *saga, const struct graph *graph)
{
    const char *name = saga->name;
    struct marks *marks = arena_alloc(&saga->arena, (graph->event_count + 1) * sizeof *marks);
    for (size_t i = 0; i < graph->operation_count; i++) {
        const struct graph_operation *operation = &graph->operations[i];
        for (size_t e = 0; is_of(operation, name) && e < operation->event_count; e++) {
            struct marks *mark = &marks[operation->events[e] - graph->events];
            mark->said |= operation->is_send;
            mark->heard |= !operation->is_send;
        }
        for (size_t o = 0; is_of(operation, name) && o < operation->outcome_count; o++) {
            marks[operation->outcomes[o] - graph->events].led_to = true;
        }
    }
    return marks;
}

static void add_events(struct saga *saga, const struct graph *graph)
{
    const struct marks *marks = mark_events(saga, graph);
    saga->events = arena_alloc(&saga->arena, (graph->event_count + 1) * sizeof saga->events[0]);
    for (size_t i = 0; i < graph->event_count; i++) {
        bool is_inside = marks[i].said || marks[i].led_to;
        if (is_inside || marks[i].heard) {
            saga->events[saga->event_count++] = (struct saga_event){
                .event = &graph->events[i],
                .is_outside = !is_inside,
                .is_start = !marks[i].led_to,
                .is_end = !marks[i].heard,
            };
        }
    }
}

static void add_steps(struct saga *saga, const struct graph *graph)
{
    saga->steps = arena_alloc(&saga->arena, (graph->operation_count + 1) * sizeof(void *));
    for (size_t i = 0; i < graph->operation_count; i++) {
        if (is_of(&graph->operations[i], saga->name) && !graph->operations[i].is_send) {
            saga->steps[saga->step_count++] = &graph->operations[i];
        }
    }
}

static void add_arrow(struct layout *layout, size_t from, size_t to)
{
    layout->arrows[layout->arrow_count++] = (struct layout_arrow){.from = from, .to = to};
}

static void add_arrows(struct saga *saga, const struct graph *graph)
{
    struct layout *layout = &saga->layout;
    size_t *index = arena_alloc(&saga->arena, (graph->event_count + 1) * sizeof *index);
    for (size_t e = 0; e < saga->event_count; e++) {
        index[saga->events[e].event - graph->events] = e;
    }
    size_t room = 1;
    for (size_t s = 0; s < saga->step_count; s++) {
        room += saga->steps[s]->event_count + saga->steps[s]->outcome_count;
    }
    layout->box_count = saga->event_count + saga->step_count;
    layout->boxes = arena_alloc(&saga->arena, (layout->box_count + 1) * sizeof *layout->boxes);
    layout->arrows = arena_alloc(&saga->arena, room * sizeof *layout->arrows);
    layout->arrow_count = 0;
    for (size_t s = 0; s < saga->step_count; s++) {
        const struct graph_operation *step = saga->steps[s];
        for (size_t i = 0; i < step->event_count; i++) {
            add_arrow(layout, index[step->events[i] - graph->events], saga->event_count + s);
        }
        for (size_t i = 0; i < step->outcome_count; i++) {
            add_arrow(layout, saga->event_count + s, index[step->outcomes[i] - graph->events]);
        }
    }
}

/* Both are told in layers; within one the documents' order stays. */
static void sort_by_layer(struct saga *saga)
{
    const struct layout_box *boxes = saga->layout.boxes;
    struct saga_event *events = arena_alloc(&saga->arena, (saga->event_count + 1) * sizeof *events);
    struct graph_operation **steps =
        arena_alloc(&saga->arena, (saga->step_count + 1) * sizeof(void *));
    size_t event_count = 0;
    size_t step_count = 0;
    for (size_t layer = 0; layer < saga->layout.layer_count; layer++) {
        for (size_t i = 0; i < saga->event_count; i++) {
            if (boxes[i].layer == layer) {
                events[event_count++] = saga->events[i];
            }
        }
        for (size_t i = 0; i < saga->step_count; i++) {
            if (boxes[saga->event_count + i].layer == layer) {
                steps[step_count++] = saga->steps[i];
            }
        }
    }
    saga->events = events;
    saga->steps = steps;
}

void saga_done(struct saga *saga)
{
    arena_done(&saga->arena);
    *saga = (struct saga){0};
}

bool saga_read(struct saga *saga, const struct graph *graph, const char *name)
{
    saga_done(saga);
    saga->name = name;
    add_events(saga, graph);
    add_steps(saga, graph);
    add_arrows(saga, graph);
    if (!layout_layers(&saga->layout)) {
        return false;
    }
    sort_by_layer(saga);
    add_arrows(saga, graph);
    return true;
}
