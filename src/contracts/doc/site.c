/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/doc/site.h"

#include "contracts/doc/folder.h"
#include "contracts/doc/page.h"
#include "contracts/graph/label.h"

#include <stdlib.h>
#include <string.h>

extern const char site_style_css[];
extern const char site_search_js[];

/* ---- file names ---- */

static bool is_safe(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

/* Letters, digits, _ and -: no way out of the folder, nothing to escape in an address. Two never
 * differ in case alone, for file systems that do not see that. */
static const char *file_name(struct labels *names, struct arena *arena, const char *label)
{
    enum { NAME_MAX_BYTES = 80 };
    char text[NAME_MAX_BYTES + 1];
    size_t length = 0;
    for (; *label != '\0' && length < NAME_MAX_BYTES; label++) {
        bool is_repeated = length == 0 || text[length - 1] == '-'; /* nor does a name begin so */
        if (is_safe(*label) && !(*label == '-' && is_repeated)) {
            text[length++] = *label;
        } else if (!is_repeated) {
            text[length++] = '-';
        }
    }
    text[length] = '\0';
    const char *name = length > 0 ? arena_text(arena, text, length) : "unnamed";
    const char *stem = name;
    while (!labels_put(names, name)) {
        name = arena_printf(arena, "%s-%zu", stem, ++names->last_number + 1);
    }
    return name;
}

static void name_files(struct site *site)
{
    const struct graph *graph = site->graph;
    struct arena *arena = &site->arena;
    site->services = arena_alloc(arena, (graph->service_count + 1) * sizeof site->services[0]);
    site->events = arena_alloc(arena, (graph->event_count + 1) * sizeof site->events[0]);
    site->sagas = arena_alloc(arena, (graph->saga_count + 1) * sizeof site->sagas[0]);
    struct labels names[3] = {{.folds_case = true}, {.folds_case = true}, {.folds_case = true}};
    for (size_t i = 0; i < graph->service_count; i++) {
        site->services[i] = file_name(&names[0], arena, graph->services[i].label);
    }
    for (size_t i = 0; i < graph->event_count; i++) {
        site->events[i] = file_name(&names[1], arena, graph->events[i].label);
    }
    for (size_t i = 0; i < graph->saga_count; i++) {
        site->sagas[i] = file_name(&names[2], arena, graph->sagas[i]);
    }
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        labels_done(&names[i]);
    }
}

/* ---- who has to do with an event ---- */

static void gather_operations(struct site *site)
{
    const struct graph *graph = site->graph;
    struct arena *arena = &site->arena;
    size_t *counts = arena_alloc(arena, (graph->event_count + 1) * sizeof *counts);
    site->of_event = arena_alloc(arena, (graph->event_count + 1) * sizeof(void *));
    for (int pass = 0; pass < 2; pass++) {
        for (size_t e = 0; e < graph->event_count; e++) {
            site->of_event[e] =
                pass == 1 ? arena_alloc(arena, (counts[e] + 1) * sizeof(void *)) : NULL;
            counts[e] = pass == 1 ? 0 : counts[e];
        }
        for (size_t i = 0; i < graph->operation_count; i++) {
            struct graph_operation *operation = &graph->operations[i];
            for (size_t e = 0; operation->is_shown && e < operation->event_count; e++) {
                size_t event = (size_t)(operation->events[e] - graph->events);
                if (pass == 1) {
                    site->of_event[event][counts[event]] = operation;
                }
                counts[event]++;
            }
        }
    }
    site->of_event_count = counts;
}

/* ---- our conventions ---- */

static bool has_extension(const struct asyncapi_operation *operation)
{
    static const char *const extensions[] = {"x-saga", "x-outcomes", "x-compensates", "x-retry"};
    for (size_t i = 0; i < COUNT_OF(extensions); i++) {
        if (node_find(operation->at, extensions[i]) != NULL) {
            return true;
        }
    }
    return false;
}

static bool follows_conventions(const struct asyncapi_document *document)
{
    for (size_t i = 0; i < document->operation_count; i++) {
        const struct asyncapi_operation *operation = &document->operations[i];
        if (has_extension(operation)) {
            return true;
        }
        for (size_t m = 0; m < operation->message_count; m++) {
            if (node_find(operation->messages[m]->at, "x-subject") != NULL) {
                return true;
            }
        }
    }
    return false;
}

static void find_conventional(struct site *site)
{
    const struct graph *graph = site->graph;
    site->is_conventional = arena_alloc(&site->arena, graph->service_count + 1);
    for (size_t i = 0; i < graph->service_count; i++) {
        site->is_conventional[i] = follows_conventions(graph->services[i].document);
    }
}

/* ---- pages ---- */

static enum outcome write_page(struct folder *folder, const char *below, const char *name,
                               struct buffer *page, struct fault *fault)
{
    AUTO(free_text) char *path = xasprintf("%s/%s.html", below, name);
    return folder_write(folder, path, buffer_cstr(page), page->length, fault);
}

typedef void page_function(struct site *site, size_t i, struct buffer *out);

static enum outcome write_pages(struct site *site, struct folder *folder, const char *below,
                                const char **names, size_t count, page_function *page,
                                struct fault *fault)
{
    enum outcome o = OK;
    AUTO(buffer_done) struct buffer out = {0};
    for (size_t i = 0; i < count && o == OK; i++) {
        if (names[i] != NULL) {
            buffer_clear(&out);
            page(site, i, &out);
            o = write_page(folder, below, names[i], &out, fault);
        }
    }
    return o;
}

static enum outcome write_all(struct site *site, struct folder *folder, struct fault *fault)
{
    const struct graph *graph = site->graph;
    enum outcome o =
        folder_write(folder, "style.css", site_style_css, strlen(site_style_css), fault);
    if (o == OK) {
        o = folder_write(folder, "search.js", site_search_js, strlen(site_search_js), fault);
    }
    if (o == OK) {
        o = write_pages(site, folder, "services", site->services, graph->service_count,
                        page_service, fault);
    }
    if (o == OK) {
        o = write_pages(site, folder, "events", site->events, graph->event_count, page_event,
                        fault);
    }
    if (o == OK) {
        o = write_pages(site, folder, "sagas", site->sagas, graph->saga_count, page_saga, fault);
    }
    AUTO(buffer_done) struct buffer out = {0};
    if (o == OK) {
        page_index(site, &out);
        o = folder_write(folder, "index.html", buffer_cstr(&out), out.length, fault);
    }
    if (o == OK) { /* its rows were added by the pages */
        buffer_clear(&out);
        buffer_printf(&out, "window.contractIndex = [\n%s];\n", buffer_cstr(&site->index));
        o = folder_write(folder, "search-index.js", buffer_cstr(&out), out.length, fault);
    }
    return o == OK ? folder_finish(folder, fault) : o;
}

/* What is not shown has no page. */
static size_t leave_out_hidden(struct site *site)
{
    const struct graph *graph = site->graph;
    size_t pages = 1 + graph->saga_count;
    for (size_t i = 0; i < graph->service_count; i++) {
        site->services[i] = graph->services[i].is_shown ? site->services[i] : NULL;
        pages += graph->services[i].is_shown;
    }
    for (size_t i = 0; i < graph->event_count; i++) {
        site->events[i] = graph->events[i].is_shown ? site->events[i] : NULL;
        pages += graph->events[i].is_shown;
    }
    return pages;
}

static enum outcome write_site(struct site *site, const char *folder_path, size_t *pages,
                               struct fault *fault)
{
    name_files(site);
    gather_operations(site);
    find_conventional(site);
    *pages = leave_out_hidden(site);
    if (*pages > SITE_PAGES_MAX) {
        return fault_set(fault, REJECT, "%zu pages are more than %d: name fewer documents at once",
                         *pages, SITE_PAGES_MAX);
    }
    struct folder folder;
    enum outcome o = folder_open(&folder, folder_path, fault);
    if (o == OK) {
        o = write_all(site, &folder, fault);
    }
    folder_close(&folder);
    return o;
}

enum outcome site_write(struct asyncapi *set, const char *title, const char *folder, size_t *pages,
                        struct fault *fault)
{
    struct graph graph = {0};
    struct site site = {.documents = &set->documents, .graph = &graph};
    enum outcome o = graph_make(&graph, set, fault);
    if (o == OK) {
        site.title = label_clean(&site.arena, title);
        o = write_site(&site, folder, pages, fault);
    }
    buffer_done(&site.index);
    arena_done(&site.arena);
    graph_done(&graph);
    return o;
}
