/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/doc/page.h"

#include "contracts/model.h"

#include <ctype.h>
#include <string.h>

/* Nothing but the files beside the page may be loaded, whatever got into it. */
static const char policy[] =
    "default-src 'none'; style-src 'self' file:; script-src 'self' file:; img-src data:; "
    "base-uri 'none'; form-action 'none'";

void page_begin(const struct site *site, struct buffer *out, const char *root, const char *title,
                const char *kind)
{
    html_add(out,
             "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
             "<meta http-equiv=\"Content-Security-Policy\" content=\"%s\">\n"
             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
             "<meta name=\"color-scheme\" content=\"light dark\">\n"
             "<title>%s%s%s</title>\n"
             "<link rel=\"icon\" href=\"data:,\">\n"
             "<link rel=\"stylesheet\" href=\"%sstyle.css\">\n"
             "<script defer src=\"%ssearch-index.js\"></script>\n"
             "<script defer src=\"%ssearch.js\"></script>\n</head>\n",
             policy, title != NULL ? title : "", title != NULL ? " · " : "", site->title, root,
             root, root);
    html_add(out,
             "<body data-root=\"%s\">\n<a class=\"skip\" href=\"#main\">To the content</a>\n"
             "<header class=\"bar\">\n<a class=\"home\" href=\"%sindex.html\">%s</a>\n"
             "<nav aria-label=\"Site\"><a href=\"%sindex.html#services\">Services</a> "
             "<a href=\"%sindex.html#events\">Events</a> ",
             root, root, site->title, root, root);
    if (site->graph->saga_count > 0) {
        html_add(out, "<a href=\"%sindex.html#sagas\">Sagas</a>", root);
    }
    buffer_text(
        out,
        "</nav>\n<div class=\"search\" role=\"search\" hidden>\n"
        "<input type=\"search\" id=\"search\" placeholder=\"Search  /\" aria-label=\"Search "
        "services, "
        "events, fields and sagas\" autocomplete=\"off\" spellcheck=\"false\" role=\"combobox\" "
        "aria-expanded=\"false\" aria-controls=\"found\" aria-autocomplete=\"list\">\n"
        "<ul id=\"found\" role=\"listbox\" aria-label=\"Found\" hidden></ul>\n</div>\n</header>\n");
    html_add(out, "<main id=\"main\" class=\"%s\">\n", kind);
}

void page_end(struct buffer *out)
{
    buffer_text(out, "</main>\n</body>\n</html>\n");
}

/* ---- links ---- */

static void add_link(struct buffer *out, const char *root, const char *folder, const char *name,
                     const char *label)
{
    if (name != NULL) {
        html_add(out, "<a href=\"%s%s/%s.html\">%s</a>", root, folder, name, label);
    } else {
        html_add(out, "%s", label);
    }
}

void link_service(const struct site *site, struct buffer *out, const char *root,
                  const struct graph_service *service)
{
    add_link(out, root, "services", site->services[service - site->graph->services],
             service->label);
}

void link_event(const struct site *site, struct buffer *out, const char *root,
                const struct graph_event *event)
{
    add_link(out, root, "events", site->events[event - site->graph->events], event->label);
}

void link_saga(const struct site *site, struct buffer *out, const char *root, const char *name)
{
    for (size_t i = 0; name != NULL && i < site->graph->saga_count; i++) {
        if (strcmp(site->graph->sagas[i], name) == 0) {
            add_link(out, root, "sagas", site->sagas[i], name);
        }
    }
}

void link_events(const struct site *site, struct buffer *out, const char *root,
                 struct graph_event *const *events, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buffer_text(out, i > 0 ? ", " : "");
        link_event(site, out, root, events[i]);
    }
}

void link_ends(const struct site *site, struct buffer *out, const char *root,
               const struct graph_event *event, bool is_send)
{
    size_t index = (size_t)(event - site->graph->events);
    const struct graph_service *last = NULL; /* a service's operations follow each other */
    for (size_t i = 0; i < site->of_event_count[index]; i++) {
        const struct graph_operation *operation = site->of_event[index][i];
        if (operation->is_send == is_send && operation->service != last) {
            buffer_text(out, last != NULL ? ", " : "");
            link_service(site, out, root, operation->service);
            last = operation->service;
        }
    }
    if (last == NULL) {
        buffer_text(out, "<span class=\"quiet\">nobody</span>");
    }
}

void search_add(struct site *site, enum search_kind kind, const char *name, const char *more,
                const char *page, const char *anchor)
{
    static const struct {
        const char *name, *folder;
    } kinds[] = {
        [FOUND_SERVICE] = {"service", "services"},
        [FOUND_EVENT] = {"event", "events"},
        [FOUND_FIELD] = {"field", "events"},
        [FOUND_SAGA] = {"saga", "sagas"},
    };
    enum { INDEX_MAX_BYTES = 32 * 1024 * 1024 };
    if (page == NULL || site->index.length > INDEX_MAX_BYTES) {
        return;
    }
    struct buffer *index = &site->index;
    buffer_printf(index, "[\"%s\", ", kinds[kind].name);
    buffer_json(index, name, strlen(name));
    buffer_text(index, ", ");
    buffer_json(index, more != NULL ? more : "", more != NULL ? strlen(more) : 0);
    buffer_printf(index, ", \"%s/%s.html%s%s\"],\n", kinds[kind].folder, page,
                  anchor != NULL ? "#" : "", anchor != NULL ? anchor : "");
}

void fact(struct buffer *out, const char *name, const char *value)
{
    if (value != NULL && value[0] != '\0') {
        html_add(out, "<div><dt>%s</dt><dd>%s</dd></div>\n", name, value);
    }
}

/* ---- tables ---- */

/* Roles are said again, because a table whose parts are blocks has lost them. */
void table_begin(struct buffer *out, const char *class, const char *const *columns, size_t count)
{
    html_add(out,
             "<div class=\"table\"><table role=\"table\" class=\"%s\"><thead role=\"rowgroup\">"
             "<tr role=\"row\">",
             class);
    for (size_t i = 0; i < count; i++) {
        html_add(out, "<th role=\"columnheader\" scope=\"col\">%s</th>", columns[i]);
    }
    buffer_text(out, "</tr></thead><tbody role=\"rowgroup\">\n");
}

void table_end(struct buffer *out)
{
    buffer_text(out, "</tbody></table></div>\n");
}

void row_begin(struct buffer *out)
{
    buffer_text(out, "<tr role=\"row\"><th role=\"rowheader\" scope=\"row\">");
}

void row_end(struct buffer *out)
{
    buffer_text(out, "</tr>\n");
}

void cell_begin(struct buffer *out, const char *column)
{
    html_add(out, "<td role=\"cell\" data-label=\"%s\"><div>", column);
}

void cell_end(struct buffer *out)
{
    buffer_text(out, "</div></td>");
}

bool says_the_same(const char *title, const char *name)
{
    for (;;) {
        while (*title != '\0' && !isalnum((unsigned char)*title) && (unsigned char)*title < 0x80) {
            title++;
        }
        while (*name != '\0' && !isalnum((unsigned char)*name) && (unsigned char)*name < 0x80) {
            name++;
        }
        if (tolower((unsigned char)*title) != tolower((unsigned char)*name)) {
            return false;
        }
        if (*title == '\0') {
            return true;
        }
        title++;
        name++;
    }
}

bool is_conventional(const struct site *site, const struct graph_service *service)
{
    return site->is_conventional[service - site->graph->services];
}

/* 300000 → "5m", as a contract would say it. */
static const char *duration_text(char text[32], int64_t ms)
{
    static const struct {
        int64_t ms;
        const char *unit;
    } units[] = {{3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"}};
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        if (ms % units[i].ms == 0) {
            (void)snprintf(text, 32, "%lld%s", (long long)(ms / units[i].ms), units[i].unit);
            break;
        }
    }
    return text;
}

static const char *text_or(const struct node *map, const char *key, const char *fallback)
{
    const struct node *node = node_find(map, key);
    return node != NULL && node->text != NULL ? node->text : fallback;
}

void retry_text(const struct site *site, struct buffer *out,
                const struct graph_operation *operation)
{
    const struct node *retry = node_find(operation->operation->at, "x-retry");
    if (retry == NULL && !is_conventional(site, operation->service)) {
        buffer_text(out, "<span class=\"quiet\">as the document does not say</span>");
        return;
    }
    char attempts[16];
    char base[32];
    char max[32];
    (void)snprintf(attempts, sizeof attempts, "%d", model_default_retry.attempts);
    const char *said = text_or(retry, "attempts", attempts);
    if (strcmp(said, "unlimited") == 0) {
        buffer_text(out, "for ever");
    } else {
        html_add(out, "up to %s times", said);
    }
    html_add(out, ", after %s doubling up to %s",
             text_or(retry, "base", duration_text(base, model_default_retry.base_ms)),
             text_or(retry, "max", duration_text(max, model_default_retry.max_ms)));
    buffer_text(out, retry == NULL ? " <span class=\"quiet\">(default)</span>" : "");
}
