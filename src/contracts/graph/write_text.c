/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/graph/label.h"
#include "contracts/graph/saga.h"
#include "contracts/graph/writer.h"

#include <stdlib.h>
#include <string.h>

/* For people at a terminal: aligned, and no wider than a line where names allow it. */

enum { LINE_COLUMNS = 100 };

/* ---- words and columns ---- */

static void pad(struct buffer *out, const char *text, size_t width)
{
    buffer_text(out, text);
    for (size_t i = label_width(text); i < width; i++) {
        buffer_byte(out, ' ');
    }
}

static void end_line(struct buffer *out)
{
    while (out->length > 0 && out->bytes[out->length - 1] == ' ') {
        out->length--;
    }
    buffer_byte(out, '\n');
}

static size_t wider(size_t width, const char *text)
{
    size_t of_text = label_width(text);
    return of_text > width ? of_text : width;
}

/* One line of somebody's prose. */
static void add_prose(struct buffer *out, const char *indent, const char *text)
{
    if (text != NULL && text[0] != '\0') {
        struct arena arena = {0};
        buffer_printf(out, "%s%s\n", indent, label_clean(&arena, text));
        arena_done(&arena);
    }
}

/* Words in a paragraph that hangs at column `indent`, where the line already stands. */
struct wrapped {
    struct buffer *out;
    size_t indent, column;
    bool has_words;
};

static void add_word(struct wrapped *line, const char *word)
{
    if (line->has_words && line->column + 2 + label_width(word) > LINE_COLUMNS) {
        buffer_text(line->out, ",");
        end_line(line->out);
        pad(line->out, "", line->indent);
        line->column = line->indent;
    } else if (line->has_words) {
        buffer_text(line->out, ", ");
        line->column += 2;
    }
    buffer_text(line->out, word);
    line->column += label_width(word);
    line->has_words = true;
}

/* ---- the system, a service ---- */

/* For each event who is at its two ends; a service is there once. */
struct ends {
    size_t *first[2]; /* by event; says, hears; index into links, SIZE_MAX: none */
    struct end_link {
        const struct graph_service *service;
        size_t next;
    } * links;
    size_t *last[2];
};

enum { SAYS, HEARS };

static void add_end(struct ends *ends, size_t link, size_t event, int side,
                    const struct graph_service *service)
{
    size_t last = ends->last[side][event];
    if (last != SIZE_MAX && ends->links[last].service == service) {
        return; /* a service's operations follow each other */
    }
    ends->links[link] = (struct end_link){.service = service, .next = SIZE_MAX};
    if (last == SIZE_MAX) {
        ends->first[side][event] = link;
    } else {
        ends->links[last].next = link;
    }
    ends->last[side][event] = link;
}

static void ends_init(struct ends *ends, const struct graph *graph)
{
    size_t links = 0;
    for (size_t i = 0; i < graph->operation_count; i++) {
        links += graph->operations[i].event_count;
    }
    ends->links = xcalloc(links + 1, sizeof ends->links[0]);
    for (int side = 0; side < 2; side++) {
        ends->first[side] = xcalloc(graph->event_count + 1, sizeof *ends->first[side]);
        ends->last[side] = xcalloc(graph->event_count + 1, sizeof *ends->last[side]);
        for (size_t i = 0; i < graph->event_count; i++) {
            ends->first[side][i] = SIZE_MAX;
            ends->last[side][i] = SIZE_MAX;
        }
    }
    size_t link = 0;
    for (size_t i = 0; i < graph->operation_count; i++) {
        const struct graph_operation *operation = &graph->operations[i];
        for (size_t e = 0; operation->is_shown && e < operation->event_count; e++) {
            add_end(ends, link++, (size_t)(operation->events[e] - graph->events),
                    operation->is_send ? SAYS : HEARS, operation->service);
        }
    }
}

static void ends_done(struct ends *ends)
{
    free(ends->links);
    for (int side = 0; side < 2; side++) {
        free(ends->first[side]);
        free(ends->last[side]);
    }
}

static void add_others(struct wrapped *line, const struct ends *ends, size_t event, int side)
{
    static const char *const nobody[] = {[SAYS] = "(nobody says it)", [HEARS] = "(nobody)"};
    for (size_t at = ends->first[side][event]; at != SIZE_MAX; at = ends->links[at].next) {
        add_word(line, ends->links[at].service->label);
    }
    if (!line->has_words) {
        add_word(line, nobody[side]);
    }
}

static void add_side(struct buffer *out, const struct graph *graph, const struct ends *ends,
                     const struct graph_service *service, int side, size_t width)
{
    static const char *const heads[] = {[SAYS] = "  says   ", [HEARS] = "  hears  "};
    static const char *const arrows[] = {[SAYS] = "  -> ", [HEARS] = "  <- "};
    enum { HEAD_COLUMNS = 9, ARROW_COLUMNS = 5 };
    bool is_first = true;
    bool *is_listed = xcalloc(graph->event_count + 1, sizeof *is_listed);
    for (size_t i = 0; i < service->operation_count; i++) {
        const struct graph_operation *operation = &service->operations[i];
        if (!operation->is_shown || operation->is_send != (side == SAYS)) {
            continue;
        }
        for (size_t e = 0; e < operation->event_count; e++) {
            size_t event = (size_t)(operation->events[e] - graph->events);
            if (!operation->events[e]->is_shown || is_listed[event]) {
                continue;
            }
            is_listed[event] = true;
            pad(out, is_first ? heads[side] : "", HEAD_COLUMNS);
            is_first = false;
            pad(out, operation->events[e]->label, width);
            buffer_text(out, arrows[side]);
            struct wrapped line = {.out = out, .indent = HEAD_COLUMNS + width + ARROW_COLUMNS};
            line.column = line.indent;
            add_others(&line, ends, event, side == SAYS ? HEARS : SAYS);
            end_line(out);
        }
    }
    free(is_listed);
}

static void write_services(const struct graph *graph, struct buffer *out)
{
    struct ends ends;
    ends_init(&ends, graph);
    size_t width = 0;
    for (size_t i = 0; i < graph->event_count; i++) {
        width = graph->events[i].is_shown ? wider(width, graph->events[i].label) : width;
    }
    bool is_first = true;
    for (size_t i = 0; i < graph->service_count; i++) {
        const struct graph_service *service = &graph->services[i];
        bool is_asked_for = graph->view != GRAPH_SERVICE ||
                            strcmp(service->name, graph->view_name) == 0 ||
                            strcmp(service->label, graph->view_name) == 0;
        if (!service->is_shown || !is_asked_for) {
            continue;
        }
        buffer_printf(out, "%s%s\n", is_first ? "" : "\n", service->label);
        is_first = false;
        add_side(out, graph, &ends, service, SAYS, width);
        add_side(out, graph, &ends, service, HEARS, width);
    }
    ends_done(&ends);
}

/* ---- a saga ---- */

struct columns {
    size_t service, step, event;
    bool is_narrow; /* the names are too long to stand side by side */
};

static struct columns saga_columns(const struct saga *saga)
{
    enum { GAPS = 2 + 2 + 2 + 4 };
    struct columns columns = {0};
    for (size_t i = 0; i < saga->step_count; i++) {
        columns.service = wider(columns.service, saga->steps[i]->service->label);
        columns.step = wider(columns.step, saga->steps[i]->label);
    }
    for (size_t i = 0; i < saga->event_count; i++) {
        columns.event = wider(columns.event, saga->events[i].event->label);
    }
    columns.is_narrow = GAPS + columns.service + columns.step + 2 * columns.event > LINE_COLUMNS;
    return columns;
}

static void add_list(struct buffer *out, const char *head, struct graph_event *const *events,
                     size_t count)
{
    if (count == 0) {
        return;
    }
    buffer_text(out, head);
    struct wrapped line = {.out = out, .indent = label_width(head), .column = label_width(head)};
    for (size_t i = 0; i < count; i++) {
        add_word(&line, events[i]->label);
    }
    end_line(out);
}

static void add_narrow_step(struct buffer *out, const struct graph_operation *step)
{
    buffer_printf(out, "  %s  %s\n", step->service->label, step->label);
    if (step->compensates != NULL) {
        buffer_printf(out, "    undoes    %s\n", step->compensates->label);
    }
    add_list(out, "    hears     ", step->events, step->event_count);
    add_list(out, "    leads to  ", step->outcomes, step->outcome_count);
}

static void add_step(struct buffer *out, const struct graph_operation *step,
                     const struct columns *columns)
{
    size_t undo = step->compensates != NULL ? 1 : 0;
    size_t lines =
        step->event_count > step->outcome_count ? step->event_count : step->outcome_count;
    lines = lines > 1 + undo ? lines : 1 + undo;
    for (size_t i = 0; i < lines; i++) {
        AUTO(buffer_done) struct buffer name = {0};
        if (i == 0) {
            buffer_text(&name, step->label);
        } else if (i == 1 && undo > 0) {
            buffer_printf(&name, "undoes %s", step->compensates->label);
        }
        buffer_text(out, "  ");
        pad(out, i < step->event_count ? step->events[i]->label : "", columns->event + 2);
        pad(out, i == 0 ? step->service->label : "", columns->service + 2);
        pad(out, buffer_cstr(&name), columns->step);
        if (i < step->outcome_count) {
            buffer_printf(out, " -> %s", step->outcomes[i]->label);
        }
        end_line(out);
    }
}

static void write_saga(const struct graph *graph, struct buffer *out)
{
    static const char undoes[] = "undoes ";
    struct saga saga = {0};
    (void)saga_read(&saga, graph, graph->view_name);
    struct columns columns = saga_columns(&saga);
    for (size_t i = 0; i < saga.step_count; i++) {
        if (saga.steps[i]->compensates != NULL) {
            size_t width = sizeof undoes - 1 + label_width(saga.steps[i]->compensates->label);
            columns.step = width > columns.step ? width : columns.step;
        }
    }
    add_prose(out, "saga ", saga.name);
    buffer_text(out, "\nbegins with\n");
    for (size_t i = 0; i < saga.event_count; i++) {
        if (saga.events[i].is_start) {
            buffer_printf(out, "  %s%s\n", saga.events[i].event->label,
                          saga.events[i].is_outside ? "  (from outside)" : "");
        }
    }
    buffer_text(out, "\nwhen this is said, who does what, and what it leads to\n");
    for (size_t i = 0; i < saga.step_count; i++) {
        if (columns.is_narrow) {
            add_narrow_step(out, saga.steps[i]);
        } else {
            add_step(out, saga.steps[i], &columns);
        }
    }
    buffer_text(out, "\nends with\n");
    bool has_end = false;
    for (size_t i = 0; i < saga.event_count; i++) {
        if (saga.events[i].is_end) {
            buffer_printf(out, "  %s\n", saga.events[i].event->label);
            has_end = true;
        }
    }
    buffer_text(out, has_end ? "" : "  nothing: every event of it has a step that reacts\n");
    saga_done(&saga);
}

/* ---- an event ---- */

static const char *because_of(const struct graph *graph, const struct graph_operation *operation,
                              const struct graph_event *event, struct arena *arena)
{
    AUTO(buffer_done) struct buffer causes = {0};
    for (size_t i = 0; i < graph->operation_count; i++) {
        const struct graph_operation *cause = &graph->operations[i];
        if (cause->service == operation->service && graph_leads_to(cause, event)) {
            for (size_t e = 0; e < cause->event_count; e++) {
                buffer_printf(&causes, "%s%s", causes.length > 0 ? ", " : "",
                              cause->events[e]->label);
            }
        }
    }
    return causes.length > 0 ? arena_text(arena, causes.bytes, causes.length) : NULL;
}

static void add_surroundings(struct buffer *out, const struct graph *graph,
                             const struct graph_event *event)
{
    struct arena arena = {0};
    const struct asyncapi_channel *channel = event->channel;
    buffer_printf(out, "%s\n", event->label);
    add_prose(out, "  ", event->message != NULL ? event->message->summary : NULL);
    add_prose(out, "  address   ", channel->address);
    add_prose(out, "  exchange  ", channel->exchange);
    add_prose(out, "  queue     ", channel->queue);
    size_t service = 0;
    size_t step = 0;
    for (size_t i = 0; i < graph->operation_count; i++) {
        const struct graph_operation *operation = &graph->operations[i];
        if (graph_says(operation, event)) {
            service = wider(service, operation->service->label);
            step = wider(step, operation->label);
        }
    }
    enum { HEAD_COLUMNS = 12 };
    for (int side = SAYS; side <= HEARS; side++) {
        size_t found = 0;
        for (size_t i = 0; i < graph->operation_count; i++) {
            const struct graph_operation *operation = &graph->operations[i];
            if (operation->is_send != (side == SAYS) || !graph_says(operation, event)) {
                continue;
            }
            pad(out, found++ > 0 ? "" : (side == SAYS ? "  said by" : "  heard by"), HEAD_COLUMNS);
            pad(out, operation->service->label, service + 2);
            pad(out, operation->label, step);
            end_line(out);
            const char *causes = side == SAYS ? because_of(graph, operation, event, &arena) : NULL;
            if (causes != NULL) {
                buffer_printf(out, "%*safter %s\n", HEAD_COLUMNS + 2, "", causes);
            }
            add_list(out, "              leads to ", operation->outcomes, operation->outcome_count);
        }
        if (found == 0) {
            buffer_text(out, side == SAYS ? "  said by   nobody\n" : "  heard by  nobody\n");
        }
    }
    arena_done(&arena);
}

static void write_event(const struct graph *graph, struct buffer *out)
{
    bool is_first = true;
    for (size_t i = 0; i < graph->event_count; i++) {
        const struct graph_event *event = &graph->events[i];
        if (strcmp(event->name, graph->view_name) == 0 ||
            strcmp(event->label, graph->view_name) == 0) {
            buffer_text(out, is_first ? "" : "\n");
            add_surroundings(out, graph, event);
            is_first = false;
        }
    }
}

void graph_write_text(const struct graph *graph, struct buffer *out)
{
    static void (*const writers[])(const struct graph *graph, struct buffer *out) = {
        [GRAPH_SYSTEM] = write_services,
        [GRAPH_SERVICE] = write_services,
        [GRAPH_SAGA] = write_saga,
        [GRAPH_EVENT] = write_event,
    };
    writers[graph->view](graph, out);
}
