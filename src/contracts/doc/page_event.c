/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/doc/page.h"

#include <stdlib.h>
#include <string.h>

static const char root[] = "../";

/* ---- facts ---- */

/* "billing.payment-completed.v1" → "v1"; NULL when the address ends otherwise. */
static const char *address_version(const char *address)
{
    const char *dot = address != NULL ? strrchr(address, '.') : NULL;
    if (dot == NULL || dot[1] != 'v' || dot[2] == '\0' ||
        strspn(dot + 2, "0123456789") != strlen(dot + 2)) {
        return NULL;
    }
    return dot + 1;
}

static void add_facts(struct buffer *out, const struct graph_event *event)
{
    const struct asyncapi_channel *channel = event->channel;
    const struct asyncapi_message *message = event->message;
    buffer_text(out, "<dl class=\"facts\">\n");
    fact(out, "Version", address_version(channel->address));
    if (channel->owner != NULL) {
        fact(out, "Document", channel->owner->title);
        fact(out, "Document's version", channel->owner->version);
    }
    fact(out, "Address", channel->address);
    fact(out, "Exchange", channel->exchange);
    fact(out, "Exchange type", channel->exchange_type);
    fact(out, "Queue", channel->queue);
    if (message != NULL) {
        fact(out, "Content type", message->content_type);
        fact(out, "Schema", message->schema_format);
        fact(out, "Correlation", node_find_text(message->correlation_id, "location"));
        fact(out, "About (x-subject)", node_find_text(message->at, "x-subject"));
        fact(out, "Story (x-correlation)", node_find_text(message->at, "x-correlation"));
        fact(out, "Personal data of (x-person)", node_find_text(message->at, "x-person"));
    }
    buffer_text(out, "</dl>\n");
}

/* ---- who has to do with it ---- */

static void add_senders(const struct site *site, struct buffer *out,
                        const struct graph_event *event)
{
    size_t index = (size_t)(event - site->graph->events);
    buffer_text(out, "<section><h2>Said by</h2>\n");
    size_t found = 0;
    for (size_t i = 0; i < site->of_event_count[index]; i++) {
        const struct graph_operation *operation = site->of_event[index][i];
        if (!operation->is_send) {
            continue;
        }
        buffer_text(out, found++ == 0 ? "<ul class=\"cards\">\n<li>" : "<li>");
        link_service(site, out, root, operation->service);
        html_add(out, " <code>%s</code>", operation->label);
        html_prose(out, operation->operation->summary);
        for (size_t c = 0; c < operation->service->operation_count; c++) {
            const struct graph_operation *cause = &operation->service->operations[c];
            if (graph_leads_to(cause, event)) {
                buffer_text(out, "<p class=\"quiet\">after ");
                link_events(site, out, root, cause->events, cause->event_count);
                html_add(out, ", by <code>%s</code></p>", cause->label);
            }
        }
        buffer_text(out, "</li>\n");
    }
    buffer_text(out, found > 0 ? "</ul></section>\n"
                               : "<p class=\"quiet\">Nobody here says it.</p></section>\n");
}

static void add_listeners(const struct site *site, struct buffer *out,
                          const struct graph_event *event)
{
    size_t index = (size_t)(event - site->graph->events);
    buffer_text(out, "<section><h2>Heard by</h2>\n");
    size_t found = 0;
    for (size_t i = 0; i < site->of_event_count[index]; i++) {
        const struct graph_operation *operation = site->of_event[index][i];
        if (operation->is_send) {
            continue;
        }
        buffer_text(out, found++ == 0 ? "<ul class=\"cards\">\n<li>" : "<li>");
        link_service(site, out, root, operation->service);
        html_add(out, " <code>%s</code>", operation->label);
        html_prose(out, operation->operation->summary);
        if (operation->outcome_count > 0) {
            buffer_text(out, "<p class=\"quiet\">leads to ");
            link_events(site, out, root, operation->outcomes, operation->outcome_count);
            buffer_text(out, "</p>");
        }
        if (operation->compensates != NULL) {
            html_add(out, "<p class=\"quiet\">undoes <code>%s</code></p>",
                     operation->compensates->label);
        }
        buffer_text(out, "<p class=\"quiet\">tried ");
        retry_text(site, out, operation);
        buffer_text(out, "</p></li>\n");
    }
    buffer_text(out, found > 0 ? "</ul></section>\n"
                               : "<p class=\"quiet\">Nobody here listens.</p></section>\n");
}

/* Other versions have the same name and another address. Where every event is called "Event", the
 * first will do: all pages together would have the square of their number. */
static void add_versions(const struct site *site, struct buffer *out,
                         const struct graph_event *event)
{
    enum { SHOWN_MAX = 50 };
    size_t found = 0;
    for (size_t i = 0; i < site->graph->event_count; i++) {
        const struct graph_event *other = &site->graph->events[i];
        if (other == event || !other->is_shown || strcmp(other->name, event->name) != 0) {
            continue;
        }
        buffer_text(out, found++ == 0 ? "<section><h2>Of the same name</h2>\n<ul>" : "");
        if (found <= SHOWN_MAX) {
            buffer_text(out, "<li>");
            link_event(site, out, root, other);
            html_add(out, " <code>%s</code></li>\n", other->channel->address);
        }
    }
    if (found > SHOWN_MAX) {
        buffer_printf(out, "<li>and %zu more</li>\n", found - SHOWN_MAX);
    }
    buffer_text(out, found > 0 ? "</ul></section>\n" : "");
}

static bool is_part_of(const struct graph_operation *operation, const char *saga,
                       const struct graph_event *event)
{
    return operation->operation->saga != NULL && strcmp(operation->operation->saga, saga) == 0 &&
           (graph_says(operation, event) || graph_leads_to(operation, event));
}

static void add_sagas(const struct site *site, struct buffer *out, const struct graph_event *event)
{
    size_t found = 0;
    size_t index = (size_t)(event - site->graph->events);
    for (size_t s = 0; s < site->graph->saga_count; s++) {
        bool is_part = false;
        for (size_t i = 0; i < site->of_event_count[index] && !is_part; i++) {
            is_part = is_part_of(site->of_event[index][i], site->graph->sagas[s], event);
        }
        if (is_part) {
            buffer_text(out, found++ == 0 ? "<p>Part of the saga " : ", ");
            link_saga(site, out, root, site->graph->sagas[s]);
        }
    }
    buffer_text(out, found > 0 ? "</p>\n" : "");
}

/* ---- what it carries ---- */

static void add_schema(struct site *site, struct buffer *out, const char *title,
                       const struct node *schema, const char *prefix,
                       const struct graph_event *event)
{
    if (schema == NULL) {
        return;
    }
    html_add(out, "<section><h2 id=\"%s\">%s</h2>\n", prefix, title);
    const char *format = event->message->schema_format;
    bool is_foreign =
        strcmp(prefix, "payload") == 0 && format != NULL && strstr(format, "schema+json") == NULL &&
        strstr(format, "schema+yaml") == NULL && strstr(format, "aai.asyncapi") == NULL;
    if (is_foreign) { /* Avro, Protobuf …: shown as it is */
        buffer_text(out, "<pre tabindex=\"0\"><code>");
        html_json(out, schema, false, HTML_JSON_MAX_BYTES);
        buffer_text(out, "</code></pre>\n");
    } else {
        /* Headers are the same for all: they would be most of what the search finds. */
        fields_table(site, out, schema, prefix, strcmp(prefix, "payload") == 0 ? event : NULL);
    }
    buffer_text(out, "</section>\n");
}

static void add_example_part(struct buffer *out, const char *title, const struct node *node)
{
    if (node != NULL) {
        html_add(out, "<p class=\"sub\">%s</p><pre tabindex=\"0\"><code>", title);
        html_json(out, node, false, HTML_JSON_MAX_BYTES);
        buffer_text(out, "</code></pre>\n");
    }
}

static void add_examples(struct site *site, struct buffer *out,
                         const struct asyncapi_message *message)
{
    enum { EXAMPLES_MAX = 50 };
    const struct node *examples = message->examples;
    const struct node *payload =
        message->payload != NULL ? ref_follow(site->documents, message->payload) : NULL;
    bool is_bare = examples == NULL || examples->kind != NODE_LIST || examples->count == 0;
    examples = is_bare ? node_find(payload, "examples") : examples;
    if (examples == NULL || examples->kind != NODE_LIST || examples->count == 0) {
        return;
    }
    buffer_text(out, "<section><h2>Examples</h2>\n");
    size_t count = 0;
    for (const struct node *each = examples->first; each != NULL && count < EXAMPLES_MAX;
         each = each->next, count++) {
        buffer_text(out, "<figure>");
        if (is_bare) {
            add_example_part(out, "payload", each);
        } else {
            const char *name = node_find_text(each, "name");
            if (name != NULL) {
                html_add(out, "<figcaption>%s</figcaption>", name);
            }
            html_prose(out, node_find_text(each, "summary"));
            add_example_part(out, "headers", node_find(each, "headers"));
            add_example_part(out, "payload", node_find(each, "payload"));
        }
        buffer_text(out, "</figure>\n");
    }
    buffer_text(out, "</section>\n");
}

void page_event(struct site *site, size_t i, struct buffer *out)
{
    const struct graph_event *event = &site->graph->events[i];
    const struct asyncapi_message *message = event->message;
    const char *summary = message != NULL ? message->summary : NULL;
    page_begin(site, out, root, event->label, "event");
    html_add(out, "<p class=\"kind\">Event</p>\n<h1>%s</h1>\n", event->label);
    if (message != NULL && message->title != NULL && !says_the_same(message->title, event->label)) {
        html_add(out, "<p class=\"subtitle\">%s</p>\n", message->title);
    }
    html_prose(out, summary);
    html_prose(out, message != NULL ? node_find_text(message->at, "description") : NULL);
    add_sagas(site, out, event);
    add_facts(out, event);
    buffer_text(out, "<div class=\"pair\">\n");
    add_senders(site, out, event);
    add_listeners(site, out, event);
    buffer_text(out, "</div>\n");
    search_add(site, FOUND_EVENT, event->label, summary, site->events[i], NULL);
    if (message != NULL) {
        add_schema(site, out, "Fields", message->payload, "payload", event);
        add_examples(site, out, message);
        add_schema(site, out, "Headers", message->headers, "headers", event);
    }
    add_versions(site, out, event);
    page_end(out);
}
