/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/doc/page.h"

#include <string.h>

static const char root[] = "../";

static const char *file_of(const struct asyncapi_document *document)
{
    const char *path = document->file->path;
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static void add_facts(struct buffer *out, const struct graph_service *service)
{
    const struct asyncapi_document *document = service->document;
    buffer_text(out, "<dl class=\"facts\">\n");
    fact(out, "Version", document->version);
    fact(out, "AsyncAPI", document->asyncapi);
    fact(out, "File", file_of(document));
    fact(out, "Id", document->id);
    const struct node *license = node_find(node_find(document->file->root, "info"), "license");
    fact(out, "License", node_find_text(license, "name"));
    buffer_text(out, "</dl>\n");
}

static void add_said(const struct site *site, struct buffer *out,
                     const struct graph_service *service)
{
    static const char *const heads[] = {"Event", "When", "Heard by"};
    size_t found = 0;
    buffer_text(out, "<section><h2 id=\"says\">Says</h2>\n");
    for (size_t i = 0; i < service->operation_count; i++) {
        const struct graph_operation *operation = &service->operations[i];
        for (size_t e = 0; operation->is_shown && operation->is_send && e < operation->event_count;
             e++) {
            const struct graph_event *event = operation->events[e];
            if (found++ == 0) {
                table_begin(out, "stack", heads, COUNT_OF(heads));
            }
            row_begin(out);
            link_event(site, out, root, event);
            buffer_text(out, "</th>");
            cell_begin(out, "When");
            html_prose(out, operation->operation->summary != NULL ? operation->operation->summary
                            : event->message != NULL              ? event->message->summary
                                                                  : NULL);
            cell_end(out);
            cell_begin(out, "Heard by");
            link_ends(site, out, root, event, false);
            cell_end(out);
            row_end(out);
        }
    }
    buffer_text(out, found > 0 ? "</tbody></table></div></section>\n"
                               : "<p class=\"quiet\">Nothing.</p></section>\n");
}

static void add_heard_row(const struct site *site, struct buffer *out,
                          const struct graph_operation *operation)
{
    row_begin(out);
    link_events(site, out, root, operation->events, operation->event_count);
    buffer_text(out, "</th>");
    cell_begin(out, "Said by");
    if (operation->event_count > 0) {
        link_ends(site, out, root, operation->events[0], true);
    }
    cell_end(out);
    cell_begin(out, "What it does");
    html_add(out, "<code>%s</code>", operation->label);
    html_prose(out, operation->operation->summary);
    if (operation->compensates != NULL) {
        html_add(out, "<p class=\"quiet\">undoes <code>%s</code></p>",
                 operation->compensates->label);
    }
    if (operation->operation->saga != NULL) {
        buffer_text(out, "<p class=\"quiet\">saga ");
        link_saga(site, out, root, operation->operation->saga);
        buffer_text(out, "</p>");
    }
    cell_end(out);
    cell_begin(out, "Leads to");
    link_events(site, out, root, operation->outcomes, operation->outcome_count);
    cell_end(out);
    cell_begin(out, "Tried");
    retry_text(site, out, operation);
    cell_end(out);
    row_end(out);
}

static void add_heard(const struct site *site, struct buffer *out,
                      const struct graph_service *service)
{
    static const char *const heads[] = {"Event", "Said by", "What it does", "Leads to", "Tried"};
    size_t found = 0;
    buffer_text(out, "<section><h2 id=\"hears\">Hears</h2>\n");
    for (size_t i = 0; i < service->operation_count; i++) {
        const struct graph_operation *operation = &service->operations[i];
        if (operation->is_shown && !operation->is_send) {
            if (found++ == 0) {
                table_begin(out, "stack", heads, COUNT_OF(heads));
            }
            add_heard_row(site, out, operation);
        }
    }
    buffer_text(out, found > 0 ? "</tbody></table></div></section>\n"
                               : "<p class=\"quiet\">Nothing.</p></section>\n");
}

/* What the broker has for a service of our conventions follows from its name. */
static void add_broker(const struct site *site, struct buffer *out,
                       const struct graph_service *service)
{
    if (!is_conventional(site, service)) {
        return;
    }
    const char *name = service->label;
    html_add(
        out,
        "<section><h2 id=\"broker\">On the broker</h2>\n<dl class=\"facts\">\n"
        "<div><dt>Says through</dt><dd><code>%s.events</code></dd></div>\n"
        "<div><dt>Hears from</dt><dd><code>%s</code></dd></div>\n"
        "<div><dt>Dead letters</dt><dd><code>%s.dlx</code> → <code>%s.dlq</code></dd></div>\n"
        "</dl>\n<p>An event that fails is parked in the service's own database and tried again. "
        "When its attempts are used up, or when it can never succeed, it goes to "
        "<code>%s.dlq</code> with the reason.</p></section>\n",
        name, name, name, name, name);
}

static void add_servers(const struct site *site, struct buffer *out,
                        const struct graph_service *service)
{
    const struct node *servers = node_find(service->document->file->root, "servers");
    const struct node *each = servers != NULL && servers->kind == NODE_MAP ? servers->first : NULL;
    if (each == NULL) {
        return;
    }
    buffer_text(out, "<section><h2 id=\"servers\">Servers</h2>\n<dl class=\"facts\">\n");
    for (; each != NULL; each = each->next) {
        const struct node *server = ref_follow(site->documents, each);
        const char *host = node_find_text(server, "host");
        const char *protocol = node_find_text(server, "protocol");
        const char *description = node_find_text(server, "description");
        html_add(out, "<div><dt>%s</dt><dd><code>%s%s%s</code>%s%s</dd></div>\n", each->key,
                 protocol, protocol != NULL ? " " : "", host, description != NULL ? " " : "",
                 description);
    }
    buffer_text(out, "</dl></section>\n");
}

void page_service(struct site *site, size_t i, struct buffer *out)
{
    const struct graph_service *service = &site->graph->services[i];
    const struct node *info = node_find(service->document->file->root, "info");
    const char *description = node_find_text(info, "description");
    page_begin(site, out, root, service->label, "service");
    html_add(out, "<p class=\"kind\">Service</p>\n<h1>%s</h1>\n", service->label);
    const char *title = service->document->title;
    if (title != NULL && !says_the_same(title, service->label)) {
        html_add(out, "<p class=\"subtitle\">%s</p>\n", title);
    }
    html_prose(out, description);
    add_facts(out, service);
    add_said(site, out, service);
    add_heard(site, out, service);
    add_broker(site, out, service);
    add_servers(site, out, service);
    page_end(out);
    search_add(site, FOUND_SERVICE, service->label, service->document->title, site->services[i],
               NULL);
}
