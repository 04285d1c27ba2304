/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_SAGA_PLOT_H
#define TOOLS_SAGA_PLOT_H

#include "contracts/graph/graph.h"
#include "core/memory.h"

#include <stdbool.h>

/*
 * How a saga is meant to go, from the contracts alone: what each event is in it, and which step of
 * which service may answer which event with what. Names of events are never asked for by this code.
 */

enum plot_role {
    PLOT_INSIDE = 1,  /* a part of the saga says it */
    PLOT_START = 2,   /* no step leads to it, and not only undoing ones hear it */
    PLOT_END = 4,     /* x-saga-end; where no event has that: no step reacts to it */
    PLOT_TELLING = 8, /* nothing but this saga leads to it: who has said it is in this saga */
};

/* Zeroed is empty and valid. */
struct plot {
    struct arena arena;
    const struct graph *graph;
    const char *name;
    unsigned *roles; /* by event of the graph */
};

/* `name` is one of the graph's sagas. The graph must outlive it. */
void plot_read(struct plot *plot, const struct graph *graph, const char *name);
void plot_done(struct plot *plot);

/* 0 for NULL. */
unsigned plot_role(const struct plot *plot, const struct graph_event *event);
/* Is it a step of the saga, one that leads to something? */
bool plot_is_step(const struct plot *plot, const struct graph_operation *operation);
/* Can this event come of what the step leads to, however many steps later? */
bool plot_reaches(const struct plot *plot, const struct graph_operation *step,
                  const struct graph_event *event);

/* The event of a cloudEvents_type fit.<service>.<Name>.v<major>; NULL: no contract has it. */
const struct graph_event *plot_event(const struct graph *graph, const char *type);

#endif
