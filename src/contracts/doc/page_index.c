/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/doc/page.h"

#include <string.h>

static void add_services(const struct site *site, struct buffer *out)
{
    buffer_text(out, "<section><h2 id=\"services\">Services</h2>\n<ul class=\"cards\">\n");
    for (size_t i = 0; i < site->graph->service_count; i++) {
        const struct graph_service *service = &site->graph->services[i];
        if (!service->is_shown) {
            continue;
        }
        const struct node *info = node_find(service->document->file->root, "info");
        buffer_text(out, "<li><h3>");
        link_service(site, out, "", service);
        html_add(out, "</h3> <span class=\"quiet\">%s</span>", service->document->version);
        html_prose(out, node_find_text(info, "description"));
        buffer_text(out, "</li>\n");
    }
    buffer_text(out, "</ul></section>\n");
}

static void add_events(const struct site *site, struct buffer *out)
{
    static const char *const columns[] = {"Event", "Meaning", "Said by", "Heard by"};
    buffer_text(out, "<section><h2 id=\"events\">Events</h2>\n");
    table_begin(out, "stack", columns, COUNT_OF(columns));
    for (size_t i = 0; i < site->graph->event_count; i++) {
        const struct graph_event *event = &site->graph->events[i];
        if (!event->is_shown) {
            continue;
        }
        row_begin(out);
        link_event(site, out, "", event);
        buffer_text(out, "</th>");
        cell_begin(out, "Meaning");
        html_prose(out, event->message != NULL ? event->message->summary : NULL);
        cell_end(out);
        cell_begin(out, "Said by");
        link_ends(site, out, "", event, true);
        cell_end(out);
        cell_begin(out, "Heard by");
        link_ends(site, out, "", event, false);
        cell_end(out);
        row_end(out);
    }
    table_end(out);
    buffer_text(out, "</section>\n");
}

static void add_sagas(const struct site *site, struct buffer *out)
{
    if (site->graph->saga_count == 0) {
        return;
    }
    buffer_text(out, "<section><h2 id=\"sagas\">Sagas</h2>\n<ul class=\"cards\">\n");
    for (size_t i = 0; i < site->graph->saga_count; i++) {
        struct saga saga = {0};
        (void)saga_read(&saga, site->graph, site->graph->sagas[i]);
        buffer_text(out, "<li><h3>");
        link_saga(site, out, "", site->graph->sagas[i]);
        html_add(out, "</h3><p class=\"quiet\">%zu steps, %zu events</p></li>\n", saga.step_count,
                 saga.event_count);
        saga_done(&saga);
    }
    buffer_text(out, "</ul></section>\n");
}

static void add_count(struct buffer *out, size_t count, const char *what, const char *after)
{
    html_add(out, "%zu %s%s%s", count, what, count == 1 ? "" : "s", after);
}

void page_index(struct site *site, struct buffer *out)
{
    const struct graph *graph = site->graph;
    size_t services = 0;
    size_t events = 0;
    for (size_t i = 0; i < graph->service_count; i++) {
        services += graph->services[i].is_shown;
    }
    for (size_t i = 0; i < graph->event_count; i++) {
        events += graph->events[i].is_shown;
    }
    page_begin(site, out, "", NULL, "index");
    html_add(out, "<h1>%s</h1>\n<p class=\"subtitle\">", site->title);
    add_count(out, services, "service", ", ");
    add_count(out, events, "event", graph->saga_count > 0 ? ", " : "");
    if (graph->saga_count > 0) {
        add_count(out, graph->saga_count, "saga", "");
    }
    buffer_text(out, "</p>\n");
    buffer_text(out, "<section><h2 id=\"map\">Who says what to whom</h2>\n");
    draw_system(site, out);
    buffer_text(out, "</section>\n");
    add_services(site, out);
    add_sagas(site, out);
    add_events(site, out);
    page_end(out);
}
