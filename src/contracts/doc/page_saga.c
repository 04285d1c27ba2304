/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/doc/page.h"

#include <string.h>

static const char root[] = "../";

static void add_ends(const struct site *site, struct buffer *out, const struct saga *saga,
                     bool is_start)
{
    size_t found = 0;
    html_add(out, "<section><h2>%s</h2>\n<ul>", is_start ? "Begins with" : "Ends with");
    for (size_t i = 0; i < saga->event_count; i++) {
        const struct saga_event *event = &saga->events[i];
        if (is_start ? event->is_start : event->is_end) {
            buffer_text(out, "<li>");
            link_event(site, out, root, event->event);
            if (is_start && event->is_outside) {
                buffer_text(out, " <span class=\"quiet\">of another story</span>");
            }
            buffer_text(out, "</li>\n");
            found++;
        }
    }
    buffer_text(out, found > 0 ? "</ul></section>\n"
                               : "<li class=\"quiet\">nothing</li></ul></section>\n");
}

static void add_step(const struct site *site, struct buffer *out,
                     const struct graph_operation *step)
{
    buffer_text(out, step->compensates != NULL ? "<li class=\"undo\">" : "<li>");
    buffer_text(out, "<p>On ");
    link_events(site, out, root, step->events, step->event_count);
    buffer_text(out, ", ");
    link_service(site, out, root, step->service);
    html_add(out, " does <code>%s</code>", step->label);
    if (step->compensates != NULL) {
        html_add(out, ", which undoes <code>%s</code>", step->compensates->label);
    }
    if (step->outcome_count > 0) {
        buffer_text(out, ", and says ");
        for (size_t i = 0; i < step->outcome_count; i++) {
            buffer_text(out, i > 0 ? " or " : "");
            link_event(site, out, root, step->outcomes[i]);
        }
    }
    buffer_text(out, ".</p>");
    html_prose(out, step->operation->summary);
    buffer_text(out, "<p class=\"quiet\">Tried ");
    retry_text(site, out, step);
    buffer_text(out, ".</p></li>\n");
}

void page_saga(struct site *site, size_t i, struct buffer *out)
{
    struct saga saga = {0};
    bool has_layout = saga_read(&saga, site->graph, site->graph->sagas[i]);
    page_begin(site, out, root, site->graph->sagas[i], "saga");
    html_add(out, "<p class=\"kind\">Saga</p>\n<h1>%s</h1>\n", site->graph->sagas[i]);
    html_add(out, "<p>%zu steps and %zu events.</p>\n", saga.step_count, saga.event_count);
    if (has_layout) {
        draw_saga(site, out, &saga);
    } else {
        buffer_text(out, "<p class=\"quiet\">Too large to be drawn.</p>\n");
    }
    buffer_text(out, "<div class=\"pair\">\n");
    add_ends(site, out, &saga, true);
    add_ends(site, out, &saga, false);
    buffer_text(out, "</div>\n<section><h2>Steps</h2>\n<ol class=\"steps\">\n");
    for (size_t s = 0; s < saga.step_count; s++) {
        add_step(site, out, saga.steps[s]);
    }
    buffer_text(out, "</ol></section>\n");
    page_end(out);
    search_add(site, FOUND_SAGA, site->graph->sagas[i], NULL, site->sagas[i], NULL);
    saga_done(&saga);
}
