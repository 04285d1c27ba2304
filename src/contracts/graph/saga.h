/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_GRAPH_SAGA_H
#define CONTRACTS_GRAPH_SAGA_H

#include "contracts/graph/graph.h"
#include "contracts/graph/layout.h"

/*
 * One saga, read from the operations that say x-saga. A step hears events and leads to others
 * (x-outcomes); it may undo another step (x-compensates).
 *
 * The layout has a box for every event and every step, events first, and an arrow from each event
 * to the steps that hear it and from each step to its outcomes.
 */

struct saga_event {
    struct graph_event *event;
    bool is_outside; /* no part of the saga says it: it comes from another story */
    bool is_start;   /* no step leads to it */
    bool is_end;     /* part of the saga, and no step of it reacts */
};

/* Zeroed is empty and valid. */
struct saga {
    struct arena arena;
    const char *name;
    struct saga_event *events;
    size_t event_count;
    struct graph_operation **steps;
    size_t step_count;
    struct layout layout;
};

/* `name` is one of the graph's sagas. Events and steps are in the order of the story, as far as it
 * has one; not so when the saga is too large for a layout (false). The graph must outlive it. */
bool saga_read(struct saga *saga, const struct graph *graph, const char *name);
void saga_done(struct saga *saga);

#endif
