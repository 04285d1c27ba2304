/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/doc/draw.h"
#include "contracts/doc/page.h"

#include <string.h>

/*
 * A saga from top to bottom: events are round, steps have corners, what undoes is dashed, ends have
 * a second line around them.
 */

enum {
    MARGIN = 12,
    PADDING = 14,
    LINE = 18, /* of text */
    EVENT_HEIGHT = 34,
    GAP_X = 28,
    GAP_Y = 34,
    BOX_WIDTH_MIN = 90,
};

static const char root[] = "../";

struct text {
    const char *lines[3]; /* NULL: none */
    const char *classes[3];
    const char *whole; /* what the first line was cut from */
};

struct drawing {
    const struct site *site;
    struct buffer *out;
    struct saga *saga;
    struct arena arena;
    struct text *texts; /* by box */
};

static void add_line(struct drawing *drawing, size_t box, const char *line, const char *class)
{
    struct text *text = &drawing->texts[box];
    size_t i = 0;
    while (text->lines[i] != NULL) {
        i++;
    }
    text->lines[i] = draw_cut(&drawing->arena, line);
    text->classes[i] = class;
}

static void measure(struct drawing *drawing, size_t i, double height)
{
    struct layout_box *box = &drawing->saga->layout.boxes[i];
    box->width = BOX_WIDTH_MIN;
    box->height = height;
    for (size_t l = 0; l < COUNT_OF(drawing->texts[i].lines); l++) {
        const char *line = drawing->texts[i].lines[l];
        static const double small = 0.85; /* 11 px, not bold */
        bool is_small = line != NULL && strcmp(drawing->texts[i].classes[l], "sub") == 0;
        double width =
            line != NULL ? draw_text_width(line) * (is_small ? small : 1) + 2 * PADDING : 0;
        box->width = width > box->width ? width : box->width;
        box->height += l > 0 && line != NULL ? LINE : 0;
    }
}

static void prepare(struct drawing *drawing)
{
    struct saga *saga = drawing->saga;
    for (size_t i = 0; i < saga->event_count; i++) {
        const struct saga_event *event = &saga->events[i];
        const char *mark = event->is_end       ? "end"
                           : event->is_outside ? "from another story"
                           : event->is_start   ? "begin"
                                               : NULL;
        drawing->texts[i].whole = event->event->label;
        add_line(drawing, i, event->event->label, "name");
        if (mark != NULL) {
            add_line(drawing, i, mark, "sub");
        }
        measure(drawing, i, EVENT_HEIGHT);
    }
    for (size_t s = 0; s < saga->step_count; s++) {
        const struct graph_operation *step = saga->steps[s];
        size_t i = saga->event_count + s;
        drawing->texts[i].whole = step->label;
        add_line(drawing, i, step->service->label, "sub");
        add_line(drawing, i, step->label, "name");
        if (step->compensates != NULL) {
            add_line(drawing, i,
                     arena_printf(&drawing->arena, "undoes %s", step->compensates->label), "sub");
        }
        measure(drawing, i, EVENT_HEIGHT);
    }
}

/* ---- SVG ---- */

static void add_box(struct drawing *drawing, size_t i, const char *class, double radius,
                    bool is_double)
{
    struct buffer *out = drawing->out;
    const struct layout_box *box = &drawing->saga->layout.boxes[i];
    const struct text *text = &drawing->texts[i];
    enum { INSET = 4 };
    html_add(out, "<g class=\"box %s\" data-name=\"%s\"><title>%s</title>", class, text->whole,
             text->whole);
    html_add(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"%.1f\"/>",
             box->x, box->y, box->width, box->height, radius);
    if (is_double) {
        html_add(out,
                 "<rect class=\"inner\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
                 "rx=\"%.1f\"/>",
                 box->x + INSET, box->y + INSET, box->width - 2 * INSET, box->height - 2 * INSET,
                 radius - INSET);
    }
    double y = box->y + EVENT_HEIGHT / 2.0 + 4.5;
    for (size_t l = 0; l < COUNT_OF(text->lines) && text->lines[l] != NULL; l++, y += LINE) {
        html_add(out, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">%s</text>", text->classes[l],
                 box->x + box->width / 2, y, text->lines[l]);
    }
    buffer_text(out, "</g>\n");
}

static void begin_link(struct drawing *drawing, const char *folder, const char *name)
{
    if (name != NULL) {
        html_add(drawing->out, "<a href=\"%s%s/%s.html\">", root, folder, name);
    }
}

static void end_link(struct drawing *drawing, const char *name)
{
    buffer_text(drawing->out, name != NULL ? "</a>" : "");
}

/* One without length would turn the arrow's head. */
static void add_line_to(struct buffer *out, const struct layout_point *from,
                        const struct layout_point *to)
{
    if (from->y < to->y - 1 || from->y > to->y + 1) {
        html_add(out, "L%.1f %.1f", to->x, to->y);
    }
}

/* Straight within a layer, curved between two. */
static void add_arrow(struct buffer *out, const struct layout_arrow *arrow)
{
    if (arrow->point_count < 4) {
        return;
    }
    const struct layout_point *at = arrow->points;
    html_add(out, "<path class=\"arrow\" marker-end=\"url(#head)\" d=\"M%.1f %.1f", at[0].x,
             at[0].y);
    add_line_to(out, &at[0], &at[1]);
    for (size_t i = 2; i + 1 < arrow->point_count; i += 2) {
        double middle = (at[i - 1].y + at[i].y) / 2;
        html_add(out, "C%.1f %.1f %.1f %.1f %.1f %.1f", at[i - 1].x, middle, at[i].x, middle,
                 at[i].x, at[i].y);
        add_line_to(out, &at[i], &at[i + 1]);
    }
    buffer_text(out, "\"/>\n");
}

static void add_legend(struct buffer *out)
{
    buffer_text(out, "<figcaption class=\"legend\"><span><i class=\"key event\"></i>event</span>"
                     "<span><i class=\"key end\"></i>end of the story</span>"
                     "<span><i class=\"key step\"></i>step of a service</span>"
                     "<span><i class=\"key undo\"></i>step that undoes another</span>"
                     "</figcaption>\n");
}

static void add_drawing(struct drawing *drawing)
{
    struct buffer *out = drawing->out;
    struct saga *saga = drawing->saga;
    double width = saga->layout.width + 2 * MARGIN;
    double height = saga->layout.height + 2 * MARGIN;
    html_add(out,
             "<figure class=\"drawing\">\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
             "aria-label=\"Drawing of the saga\">\n<svg class=\"saga\" role=\"group\" "
             "aria-label=\"%s\" width=\"%.1f\" height=\"%.1f\" viewBox=\"%d %d %.1f %.1f\">\n"
             "<defs><marker id=\"head\" viewBox=\"0 0 8 8\" refX=\"7.5\" refY=\"4\" "
             "markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\">"
             "<path d=\"M0 0L8 4L0 8Z\"/></marker></defs>\n",
             saga->name, width, height, -MARGIN, -MARGIN, width, height);
    for (size_t i = 0; i < saga->layout.arrow_count; i++) {
        add_arrow(out, &saga->layout.arrows[i]);
    }
    const struct site *site = drawing->site;
    for (size_t i = 0; i < saga->event_count; i++) {
        const struct saga_event *event = &saga->events[i];
        const char *name = site->events[event->event - site->graph->events];
        double radius = saga->layout.boxes[i].height / 2;
        begin_link(drawing, "events", name);
        add_box(drawing, i,
                event->is_end       ? "event end"
                : event->is_outside ? "event outside"
                                    : "event",
                radius, event->is_end);
        end_link(drawing, name);
    }
    for (size_t s = 0; s < saga->step_count; s++) {
        const struct graph_operation *step = saga->steps[s];
        const char *name = site->services[step->service - site->graph->services];
        begin_link(drawing, "services", name);
        add_box(drawing, saga->event_count + s, step->compensates != NULL ? "step undo" : "step", 6,
                false);
        end_link(drawing, name);
    }
    buffer_text(out, "</svg>\n</div>\n");
    add_legend(out);
    buffer_text(out, "</figure>\n");
}

void draw_saga(const struct site *site, struct buffer *out, struct saga *saga)
{
    struct drawing drawing = {.site = site, .out = out, .saga = saga};
    struct layout *layout = &saga->layout;
    drawing.texts = arena_alloc(&drawing.arena, (layout->box_count + 1) * sizeof drawing.texts[0]);
    prepare(&drawing);
    layout->gap_x = GAP_X;
    layout->gap_y = GAP_Y;
    if (layout_run(layout, &drawing.arena)) {
        add_drawing(&drawing);
    } else {
        buffer_text(out, "<p class=\"quiet\">Too large to be drawn.</p>\n");
    }
    arena_done(&drawing.arena);
}
