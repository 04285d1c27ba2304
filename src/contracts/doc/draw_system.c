/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/doc/draw.h"
#include "contracts/doc/page.h"

#include <stdlib.h>
#include <string.h>

/*
 * Who says what to whom, in three columns. Events have a row each, grouped by who says them, so
 * that nothing lies over anything; lines cross only between the columns.
 *
 *     [billing ]──(PaymentCompleted)──[subscription]
 *              └──(PaymentFailed)────┘
 */

enum {
    EVENTS_MAX = 150, /* more are a list, not a picture */
    MARGIN = 12,
    ROW = 34,
    PILL_HEIGHT = 26,
    GROUP_GAP = 18,
    BOX_HEIGHT = 48,
    BOX_GAP = 22,
    PADDING = 14,
    COLUMN_GAP = 100,
    HEAD = 30, /* the columns' names */
};

struct row {
    const struct graph_event *event;
    double y; /* the middle */
};

struct end {
    const struct graph_service *service;
    double sum; /* the sum of where its events are */
    double y;   /* the middle of its box */
    size_t links, drawn;
};

struct map {
    const struct site *site;
    struct buffer *out;
    struct arena arena;
    struct row *rows;
    size_t row_count;
    size_t *row_of_event;     /* SIZE_MAX: none */
    struct end *left, *right; /* by service; links 0: not there */
    double left_width, event_width, right_width, height;
};

static double wider(double width, const char *text)
{
    double of_text = draw_text_width(text) + 2 * PADDING;
    return of_text > width ? of_text : width;
}

static void add_row(struct map *map, const struct graph_event *event, double *y)
{
    size_t index = (size_t)(event - map->site->graph->events);
    if (map->row_of_event[index] != SIZE_MAX) {
        return;
    }
    map->row_of_event[index] = map->row_count;
    map->rows[map->row_count++] = (struct row){.event = event, .y = *y + ROW / 2.0};
    map->event_width = wider(map->event_width, draw_cut(&map->arena, event->label));
    *y += ROW;
}

/* By who says them; what nobody says comes last. */
static void add_rows(struct map *map)
{
    const struct graph *graph = map->site->graph;
    double y = HEAD;
    for (size_t s = 0; s < graph->service_count; s++) {
        const struct graph_service *service = &graph->services[s];
        double top = y;
        for (size_t i = 0; i < service->operation_count; i++) {
            const struct graph_operation *operation = &service->operations[i];
            for (size_t e = 0;
                 operation->is_shown && operation->is_send && e < operation->event_count; e++) {
                if (operation->events[e]->is_shown) {
                    add_row(map, operation->events[e], &y);
                }
            }
        }
        if (y > top) {
            y = y - top < BOX_HEIGHT ? top + BOX_HEIGHT : y;
            y += GROUP_GAP;
        }
    }
    for (size_t e = 0; e < graph->event_count; e++) {
        if (graph->events[e].is_shown) {
            add_row(map, &graph->events[e], &y);
        }
    }
    map->height = y;
}

static const struct row *row_of(const struct map *map, const struct graph_event *event)
{
    size_t row = map->row_of_event[event - map->site->graph->events];
    return row != SIZE_MAX ? &map->rows[row] : NULL;
}

/* Several operations of a service may hear one event: that is one line. */
static bool is_first(const struct map *map, const struct graph_operation *operation,
                     const struct graph_event *event)
{
    size_t index = (size_t)(event - map->site->graph->events);
    for (size_t i = 0; i < map->site->of_event_count[index]; i++) {
        const struct graph_operation *other = map->site->of_event[index][i];
        if (other->service == operation->service && other->is_send == operation->is_send) {
            return other == operation;
        }
    }
    return true;
}

static void add_ends(struct map *map)
{
    const struct graph *graph = map->site->graph;
    for (size_t i = 0; i < graph->operation_count; i++) {
        const struct graph_operation *operation = &graph->operations[i];
        size_t service = (size_t)(operation->service - graph->services);
        struct end *end = &(operation->is_send ? map->left : map->right)[service];
        for (size_t e = 0; operation->is_shown && e < operation->event_count; e++) {
            const struct row *row = row_of(map, operation->events[e]);
            if (row != NULL && is_first(map, operation, operation->events[e])) {
                end->service = operation->service;
                end->sum += row->y;
                end->links++;
            }
        }
        double *width = operation->is_send ? &map->left_width : &map->right_width;
        *width = end->links > 0 ? wider(*width, draw_cut(&map->arena, operation->service->label))
                                : *width;
    }
}

static int by_wish(const void *a, const void *b)
{
    const struct end *const *left = a;
    const struct end *const *right = b;
    if ((*left)->y < (*right)->y) {
        return -1;
    }
    if ((*left)->y > (*right)->y) {
        return 1;
    }
    return (*left)->service < (*right)->service ? -1 : 1;
}

/* Beside the mean of their events, one below the other; back up from the lower edge. */
static void place_column(struct map *map, struct end *ends)
{
    size_t count = 0;
    const struct graph *graph = map->site->graph;
    struct end **order = arena_alloc(&map->arena, (graph->service_count + 1) * sizeof(void *));
    for (size_t i = 0; i < graph->service_count; i++) {
        if (ends[i].links > 0) {
            ends[i].y = ends[i].sum / (double)ends[i].links;
            order[count++] = &ends[i];
        }
    }
    qsort(order, count, sizeof(void *), by_wish);
    double step = BOX_HEIGHT + BOX_GAP;
    double needed = HEAD + (double)count * step;
    map->height = needed > map->height ? needed : map->height;
    double least = HEAD + step / 2;
    for (size_t i = 0; i < count; i++) {
        order[i]->y = order[i]->y < least ? least : order[i]->y;
        least = order[i]->y + step;
    }
    double most = map->height - step / 2;
    for (size_t i = count; i-- > 0;) {
        order[i]->y = order[i]->y > most ? most : order[i]->y;
        most = order[i]->y - step;
    }
}

/* ---- SVG ---- */

static void add_service(struct map *map, const struct end *end, double x, double width)
{
    if (end->links == 0) {
        return;
    }
    struct buffer *out = map->out;
    const char *name = map->site->services[end->service - map->site->graph->services];
    const char *label = end->service->label;
    html_add(out, "<a href=\"services/%s.html\">", name);
    html_add(out,
             "<g class=\"box service\" data-name=\"%s\"><title>%s</title>"
             "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" rx=\"6\"/>"
             "<text class=\"name\" x=\"%.1f\" y=\"%.1f\">%s</text></g>",
             label, label, x, end->y - BOX_HEIGHT / 2.0, width, BOX_HEIGHT, x + width / 2,
             end->y + 4.5, draw_cut(&map->arena, label));
    buffer_text(out, "</a>\n");
}

/* Rows come from the top, and so do the places where their lines enter a box: they do not cross
 * there. */
static double next_entry(struct end *end)
{
    enum { EDGE = 7 };
    double room = BOX_HEIGHT - 2 * EDGE;
    double y = end->y - room / 2 + room * ((double)end->drawn + 0.5) / (double)end->links;
    end->drawn++;
    return y;
}

static void add_event(struct map *map, const struct row *row)
{
    struct buffer *out = map->out;
    const struct site *site = map->site;
    size_t index = (size_t)(row->event - site->graph->events);
    double x = map->left_width + COLUMN_GAP;
    double end = x + map->event_width;
    buffer_text(out, "<g class=\"flow\">");
    const struct graph_service *last[2] = {NULL, NULL};
    for (size_t i = 0; i < site->of_event_count[index]; i++) {
        const struct graph_operation *operation = site->of_event[index][i];
        size_t service = (size_t)(operation->service - site->graph->services);
        if (last[operation->is_send] == operation->service) {
            continue;
        }
        last[operation->is_send] = operation->service;
        if (operation->is_send) {
            draw_curve_right(out, map->left_width, map->left[service].y, x, row->y);
        } else {
            draw_curve_right(out, end, row->y, end + COLUMN_GAP, next_entry(&map->right[service]));
        }
    }
    html_add(
        out,
        "<a href=\"events/%s.html\"><g class=\"box event%s\" data-name=\"%s\"><title>%s</title>"
        "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" rx=\"%d\"/>"
        "<text class=\"name\" x=\"%.1f\" y=\"%.1f\">%s</text></g></a></g>\n",
        site->events[index], last[0] == NULL ? " unheard" : "", row->event->label,
        row->event->label, x, row->y - PILL_HEIGHT / 2.0, map->event_width, PILL_HEIGHT,
        PILL_HEIGHT / 2, x + map->event_width / 2, row->y + 4.5,
        draw_cut(&map->arena, row->event->label));
}

static void add_map(struct map *map)
{
    struct buffer *out = map->out;
    const struct graph *graph = map->site->graph;
    double right = map->left_width + map->event_width + 2 * COLUMN_GAP;
    double width = right + map->right_width + 2 * MARGIN;
    double height = map->height + 2 * MARGIN;
    html_add(out,
             "<figure class=\"drawing\">\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
             "aria-label=\"Map of services and events\">\n<svg class=\"map\" role=\"group\" "
             "aria-label=\"Who says what to whom\" width=\"%.1f\" height=\"%.1f\" "
             "viewBox=\"%d %d %.1f %.1f\">\n",
             width, height, -MARGIN, -MARGIN, width, height);
    html_add(out,
             "<text class=\"sub\" x=\"%.1f\" y=\"10\">says</text>"
             "<text class=\"sub\" x=\"%.1f\" y=\"10\">event</text>"
             "<text class=\"sub\" x=\"%.1f\" y=\"10\">hears</text>\n",
             map->left_width / 2, map->left_width + COLUMN_GAP + map->event_width / 2,
             right + map->right_width / 2);
    for (size_t i = 0; i < map->row_count; i++) {
        add_event(map, &map->rows[i]);
    }
    for (size_t i = 0; i < graph->service_count; i++) {
        add_service(map, &map->left[i], 0, map->left_width);
        add_service(map, &map->right[i], right, map->right_width);
    }
    buffer_text(out, "</svg>\n</div>\n</figure>\n");
}

void draw_system(const struct site *site, struct buffer *out)
{
    const struct graph *graph = site->graph;
    size_t shown = 0;
    for (size_t i = 0; i < graph->event_count; i++) {
        shown += graph->events[i].is_shown;
    }
    if (shown == 0 || shown > EVENTS_MAX) {
        buffer_text(out, shown == 0 ? "<p class=\"quiet\">No events.</p>\n"
                                    : "<p class=\"quiet\">Too many events to be drawn; the table "
                                      "below has them all.</p>\n");
        return;
    }
    struct map map = {.site = site, .out = out};
    struct arena *arena = &map.arena;
    map.rows = arena_alloc(arena, (shown + 1) * sizeof map.rows[0]);
    map.row_of_event = arena_alloc(arena, (graph->event_count + 1) * sizeof map.row_of_event[0]);
    map.left = arena_alloc(arena, (graph->service_count + 1) * sizeof map.left[0]);
    map.right = arena_alloc(arena, (graph->service_count + 1) * sizeof map.right[0]);
    for (size_t i = 0; i < graph->event_count; i++) {
        map.row_of_event[i] = SIZE_MAX;
    }
    add_rows(&map);
    add_ends(&map);
    place_column(&map, map.left);
    place_column(&map, map.right);
    add_map(&map);
    arena_done(arena);
}
