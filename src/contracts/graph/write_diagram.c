/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/graph/saga.h"
#include "contracts/graph/writer.h"
#include "core/text.h"

#include <stdlib.h>
#include <string.h>

/*
 * Mermaid and Graphviz: the same boxes and arrows in two languages, so they are two tables.
 *
 *     system, service:  service -> event -> service
 *     saga, event:      event -> step (an operation that receives) -> event
 */

enum shape { SERVICE, EVENT, START, END, STEP, UNDO, SHAPE_COUNT };

struct language {
    const char *head, *head_down, *tail; /* left to right, top to bottom */
    const char *open[SHAPE_COUNT], *close[SHAPE_COUNT];
    const char *arrow, *undoes; /* the second with a label */
    const char *line_break;
    void (*add_text)(struct buffer *out, const char *text);
};

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr(" .,:+-_/()'", c) != NULL) || (unsigned char)c >= 0x80;
}

/* Mermaid reads `#35;` as the character of that number, even within quotes; everything else that
 * could mean something to it, or to the HTML that it makes, is written so. */
static void add_mermaid_text(struct buffer *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (is_plain(*text)) {
            buffer_byte(out, *text);
        } else {
            buffer_printf(out, "#%d;", (unsigned char)*text);
        }
    }
}

/* A quoted string has two marks: the quote, and the backslash of its escapes (\N is the node's
 * name). */
static void add_dot_text(struct buffer *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            buffer_byte(out, '\\');
        }
        buffer_byte(out, *text);
    }
}

static const struct language mermaid = {
    .head = "flowchart LR\n",
    .head_down = "flowchart TD\n",
    .tail = "  classDef undo stroke-dasharray: 5 4\n  classDef finish stroke-width: 3px\n",
    .open = {[SERVICE] = "[\"",
             [EVENT] = "([\"",
             [START] = "([\"",
             [END] = "([\"",
             [STEP] = "[\"",
             [UNDO] = "[\""},
    .close = {[SERVICE] = "\"]",
              [EVENT] = "\"])",
              [START] = "\"])",
              [END] = "\"]):::finish",
              [STEP] = "\"]",
              [UNDO] = "\"]:::undo"},
    .arrow = "-->",
    .undoes = "-. undoes .->",
    .line_break = "<br>",
    .add_text = add_mermaid_text,
};

static const struct language dot = {
    .head = "digraph contracts {\n  rankdir=LR\n  node [fontname=\"Helvetica\"]\n",
    .head_down = "digraph contracts {\n  node [fontname=\"Helvetica\"]\n",
    .tail = "}\n",
    .open = {[SERVICE] = " [shape=box style=bold label=\"",
             [EVENT] = " [shape=ellipse label=\"",
             [START] = " [shape=ellipse label=\"",
             [END] = " [shape=ellipse peripheries=2 label=\"",
             [STEP] = " [shape=box label=\"",
             [UNDO] = " [shape=box style=dashed label=\""},
    .close = {[SERVICE] = "\"]",
              [EVENT] = "\"]",
              [START] = "\"]",
              [END] = "\"]",
              [STEP] = "\"]",
              [UNDO] = "\"]"},
    .arrow = "->",
    .undoes = "->",
    .line_break = "\\n",
    .add_text = add_dot_text,
};

struct drawing {
    const struct graph *graph;
    const struct language *language;
    struct buffer *out;
};

static void add_box(const struct drawing *drawing, char kind, size_t id, enum shape shape,
                    const char *first, const char *second)
{
    const struct language *language = drawing->language;
    buffer_printf(drawing->out, "  %c%zu%s", kind, id, language->open[shape]);
    language->add_text(drawing->out, first);
    if (second != NULL) {
        buffer_text(drawing->out, language->line_break);
        language->add_text(drawing->out, second);
    }
    buffer_printf(drawing->out, "%s\n", language->close[shape]);
}

static void add_arrow(const struct drawing *drawing, char from, size_t from_id, char to,
                      size_t to_id)
{
    buffer_printf(drawing->out, "  %c%zu %s %c%zu\n", from, from_id, drawing->language->arrow, to,
                  to_id);
}

static size_t event_id(const struct drawing *drawing, const struct graph_event *event)
{
    return (size_t)(event - drawing->graph->events);
}

static size_t service_id(const struct drawing *drawing, const struct graph_service *service)
{
    return (size_t)(service - drawing->graph->services);
}

static size_t operation_id(const struct drawing *drawing, const struct graph_operation *operation)
{
    return (size_t)(operation - drawing->graph->operations);
}

/* ---- services and events ---- */

/* Several operations of a service may hear one event: one arrow is enough. `last` holds, by event,
 * the service that had an arrow last; a service's operations come one after the other. */
static void draw_links(const struct drawing *drawing, const struct graph_operation *operation,
                       const struct graph_service **last)
{
    for (size_t i = 0; i < operation->event_count; i++) {
        const struct graph_event *event = operation->events[i];
        size_t id = event_id(drawing, event);
        if (!event->is_shown || last[id] == operation->service) {
            continue;
        }
        last[id] = operation->service;
        size_t service = service_id(drawing, operation->service);
        if (operation->is_send) {
            add_arrow(drawing, 's', service, 'e', id);
        } else {
            add_arrow(drawing, 'e', id, 's', service);
        }
    }
}

static void draw_services(const struct drawing *drawing)
{
    const struct graph *graph = drawing->graph;
    buffer_text(drawing->out, drawing->language->head);
    for (size_t i = 0; i < graph->service_count; i++) {
        if (graph->services[i].is_shown) {
            add_box(drawing, 's', i, SERVICE, graph->services[i].label, NULL);
        }
    }
    for (size_t i = 0; i < graph->event_count; i++) {
        if (graph->events[i].is_shown) {
            add_box(drawing, 'e', i, EVENT, graph->events[i].label, NULL);
        }
    }
    const struct graph_service **said = xcalloc(2 * (graph->event_count + 1), sizeof(void *));
    const struct graph_service **heard = said + graph->event_count + 1;
    for (size_t i = 0; i < graph->operation_count; i++) {
        const struct graph_operation *operation = &graph->operations[i];
        if (operation->is_shown) {
            draw_links(drawing, operation, operation->is_send ? said : heard);
        }
    }
    free(said);
}

/* ---- events and steps ---- */

static void draw_step(const struct drawing *drawing, const struct graph_operation *step)
{
    size_t id = operation_id(drawing, step);
    add_box(drawing, 'o', id, step->compensates != NULL ? UNDO : STEP, step->service->label,
            step->label);
    for (size_t i = 0; i < step->event_count; i++) {
        if (step->events[i]->is_shown) {
            add_arrow(drawing, 'e', event_id(drawing, step->events[i]), 'o', id);
        }
    }
    for (size_t i = 0; i < step->outcome_count; i++) {
        if (step->outcomes[i]->is_shown) {
            add_arrow(drawing, 'o', id, 'e', event_id(drawing, step->outcomes[i]));
        }
    }
}

static void draw_undo(const struct drawing *drawing, const struct graph_operation *step)
{
    if (step->compensates != NULL) {
        buffer_printf(
            drawing->out, "  o%zu %s o%zu%s\n", operation_id(drawing, step),
            drawing->language->undoes, operation_id(drawing, step->compensates),
            drawing->language == &dot ? " [style=dashed constraint=false label=\"undoes\"]" : "");
    }
}

static void draw_saga(const struct drawing *drawing)
{
    struct saga saga = {0};
    (void)saga_read(&saga, drawing->graph, drawing->graph->view_name);
    buffer_text(drawing->out, drawing->language->head_down);
    for (size_t i = 0; i < saga.event_count; i++) {
        const struct saga_event *event = &saga.events[i];
        add_box(drawing, 'e', event_id(drawing, event->event),
                event->is_end     ? END
                : event->is_start ? START
                                  : EVENT,
                event->event->label, NULL);
    }
    for (size_t i = 0; i < saga.step_count; i++) {
        draw_step(drawing, saga.steps[i]);
    }
    for (size_t i = 0; i < saga.step_count; i++) {
        const struct graph_operation *undone = saga.steps[i]->compensates;
        if (undone != NULL && undone->is_shown && !undone->is_send) {
            draw_undo(drawing, saga.steps[i]);
        }
    }
    saga_done(&saga);
}

/* Who says it, why, who hears it, and what that leads to. */
static void draw_event(const struct drawing *drawing)
{
    const struct graph *graph = drawing->graph;
    buffer_text(drawing->out, drawing->language->head);
    for (size_t i = 0; i < graph->event_count; i++) {
        if (graph->events[i].is_shown) {
            add_box(drawing, 'e', i, EVENT, graph->events[i].label, NULL);
        }
    }
    for (size_t i = 0; i < graph->operation_count; i++) {
        const struct graph_operation *operation = &graph->operations[i];
        if (operation->is_shown && operation->is_send) {
            add_box(drawing, 'o', i, SERVICE, operation->service->label, operation->label);
            for (size_t e = 0; e < operation->event_count; e++) {
                if (operation->events[e]->is_shown) {
                    add_arrow(drawing, 'o', i, 'e', event_id(drawing, operation->events[e]));
                }
            }
        } else if (operation->is_shown) {
            draw_step(drawing, operation);
        }
    }
}

static void draw(const struct graph *graph, const struct language *language, struct buffer *out)
{
    const struct drawing drawing = {.graph = graph, .language = language, .out = out};
    if (graph->view == GRAPH_SAGA) {
        draw_saga(&drawing);
    } else if (graph->view == GRAPH_EVENT) {
        draw_event(&drawing);
    } else {
        draw_services(&drawing);
    }
    buffer_text(out, language->tail);
}

void graph_write_mermaid(const struct graph *graph, struct buffer *out)
{
    draw(graph, &mermaid, out);
}

void graph_write_dot(const struct graph *graph, struct buffer *out)
{
    draw(graph, &dot, out);
}
