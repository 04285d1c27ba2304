/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/graph/layout.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    NOBODY = -1,
    CAREFUL_MAX = 100, /* knots: more are ordered with less care */
    ORDER_SWEEPS = 16,
    PLACE_SWEEPS = 48,
    LAST_SWEEPS = 16,
    WAYPOINT_WEIGHT = 8
};

/* A box, or a waypoint of an arrow in a layer that it passes. */
struct knot {
    long box; /* NOBODY: a waypoint */
    size_t layer, place, best_place;
    double width, x; /* x: the middle */
    double wish;     /* where it would like to be */
};

/* A piece of an arrow, from one layer to the next. */
struct piece {
    size_t upper, lower; /* knots */
};

struct layer {
    size_t *knots; /* from the left */
    size_t count;
    struct piece *pieces; /* to the next layer */
    size_t piece_count;
    double top, height;
};

struct plan {
    struct layout *layout;
    struct arena arena;
    bool *is_turned; /* arrows that point up */
    struct knot *knots;
    size_t knot_count;
    struct layer *layers;
    size_t layer_count;
    size_t *first_knot; /* of each arrow: its first waypoint; the others follow */
};

/* ---- circles ---- */

struct walk {
    const struct layout *layout;
    size_t *first, *next; /* arrows by the box that they leave, in their order; SIZE_MAX ends */
    enum { NEW, OPEN, DONE } * state;
    size_t *at; /* the arrow that a box on the stack is at */
    size_t *stack;
};

static void walk_from(struct walk *walk, size_t start, bool *is_turned)
{
    size_t depth = 0;
    walk->stack[depth++] = start;
    walk->state[start] = OPEN;
    while (depth > 0) {
        size_t box = walk->stack[depth - 1];
        size_t arrow = walk->at[box];
        if (arrow == SIZE_MAX) {
            walk->state[box] = DONE;
            depth--;
            continue;
        }
        walk->at[box] = walk->next[arrow];
        size_t to = walk->layout->arrows[arrow].to;
        if (walk->state[to] == OPEN) {
            is_turned[arrow] = true;
        } else if (walk->state[to] == NEW) {
            walk->state[to] = OPEN;
            walk->stack[depth++] = to;
        }
    }
}

/* Those that nothing leads to go first, so that stories begin at the top. */
static void turn_circles(struct plan *plan)
{
    const struct layout *layout = plan->layout;
    size_t boxes = layout->box_count;
    struct arena *arena = &plan->arena;
    struct walk walk = {
        .layout = layout,
        .first = arena_alloc(arena, (boxes + 1) * sizeof *walk.first),
        .next = arena_alloc(arena, (layout->arrow_count + 1) * sizeof *walk.next),
        .state = arena_alloc(arena, (boxes + 1) * sizeof *walk.state),
        .stack = arena_alloc(arena, (boxes + 1) * sizeof *walk.stack),
    };
    bool *is_reached = arena_alloc(arena, boxes + 1);
    for (size_t i = 0; i < boxes; i++) {
        walk.first[i] = SIZE_MAX;
    }
    for (size_t i = layout->arrow_count; i-- > 0;) {
        const struct layout_arrow *arrow = &layout->arrows[i];
        walk.next[i] = walk.first[arrow->from];
        walk.first[arrow->from] = i;
        is_reached[arrow->to] = true;
    }
    walk.at = walk.first;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < boxes; i++) {
            if (walk.state[i] == NEW && (pass == 1 || !is_reached[i])) {
                walk_from(&walk, i, plan->is_turned);
            }
        }
    }
}

static size_t upper_box(const struct plan *plan, size_t arrow)
{
    const struct layout_arrow *a = &plan->layout->arrows[arrow];
    return plan->is_turned[arrow] ? a->to : a->from;
}

static size_t lower_box(const struct plan *plan, size_t arrow)
{
    const struct layout_arrow *a = &plan->layout->arrows[arrow];
    return plan->is_turned[arrow] ? a->from : a->to;
}

/* ---- layers ---- */

/* Below everything that leads to it. */
static void push_down(struct plan *plan)
{
    struct layout *layout = plan->layout;
    for (bool has_changed = true; has_changed;) {
        has_changed = false;
        for (size_t i = 0; i < layout->arrow_count; i++) {
            const struct layout_box *upper = &layout->boxes[upper_box(plan, i)];
            struct layout_box *lower = &layout->boxes[lower_box(plan, i)];
            if (upper != lower && lower->layer <= upper->layer) {
                lower->layer = upper->layer + 1;
                has_changed = true;
            }
        }
    }
}

/* What begins late stands late: down to what it leads to, where that makes no arrow longer. */
static void pull_down(struct plan *plan, size_t deepest)
{
    struct layout *layout = plan->layout;
    size_t *in = arena_alloc(&plan->arena, (layout->box_count + 1) * sizeof *in);
    size_t *out = arena_alloc(&plan->arena, (layout->box_count + 1) * sizeof *out);
    size_t *room = arena_alloc(&plan->arena, (layout->box_count + 1) * sizeof *room);
    for (size_t i = 0; i < layout->arrow_count; i++) {
        out[upper_box(plan, i)]++;
        in[lower_box(plan, i)]++;
    }
    for (size_t layer = deepest + 1; layer-- > 0;) {
        for (size_t i = 0; i < layout->box_count; i++) {
            room[i] = SIZE_MAX;
        }
        for (size_t i = 0; i < layout->arrow_count; i++) {
            size_t upper = upper_box(plan, i);
            size_t lower = layout->boxes[lower_box(plan, i)].layer;
            room[upper] = lower < room[upper] ? lower : room[upper];
        }
        for (size_t i = 0; i < layout->box_count; i++) {
            struct layout_box *box = &layout->boxes[i];
            if (box->layer == layer && out[i] > 0 && out[i] >= in[i] && room[i] > layer + 1) {
                box->layer = room[i] - 1;
            }
        }
    }
}

static bool assign_layers(struct plan *plan)
{
    struct layout *layout = plan->layout;
    if (layout->box_count > LAYOUT_POINTS_MAX || layout->arrow_count > LAYOUT_ARROWS_MAX) {
        return false;
    }
    for (size_t i = 0; i < layout->box_count; i++) {
        layout->boxes[i].layer = 0;
    }
    plan->is_turned = arena_alloc(&plan->arena, layout->arrow_count + 1);
    turn_circles(plan);
    push_down(plan);
    size_t deepest = 0;
    for (size_t i = 0; i < layout->box_count; i++) {
        deepest = layout->boxes[i].layer > deepest ? layout->boxes[i].layer : deepest;
    }
    pull_down(plan, deepest);
    layout->layer_count = layout->box_count > 0 ? deepest + 1 : 0;
    return true;
}

bool layout_layers(struct layout *layout)
{
    struct plan plan = {.layout = layout};
    bool is_done = assign_layers(&plan);
    arena_done(&plan.arena);
    return is_done;
}

/* ---- waypoints ---- */

/* How many layers it passes. */
static size_t passed(const struct plan *plan, size_t arrow)
{
    const struct layout_box *boxes = plan->layout->boxes;
    size_t upper = boxes[upper_box(plan, arrow)].layer;
    size_t lower = boxes[lower_box(plan, arrow)].layer;
    return lower > upper ? lower - upper - 1 : 0;
}

static void add_knot(struct plan *plan, long box, size_t layer, double width)
{
    struct layer *in = &plan->layers[layer];
    plan->knots[plan->knot_count] =
        (struct knot){.box = box, .layer = layer, .place = in->count, .width = width};
    in->knots[in->count++] = plan->knot_count++;
}

static void add_piece(struct plan *plan, size_t upper, size_t lower)
{
    struct layer *layer = &plan->layers[plan->knots[upper].layer];
    layer->pieces[layer->piece_count++] = (struct piece){.upper = upper, .lower = lower};
}

static bool add_knots(struct plan *plan)
{
    enum { WAYPOINT_WIDTH = 4 };
    struct layout *layout = plan->layout;
    size_t knots = layout->box_count;
    for (size_t i = 0; i < layout->arrow_count; i++) {
        knots += passed(plan, i);
    }
    if (knots > LAYOUT_POINTS_MAX) {
        return false;
    }
    struct arena *arena = &plan->arena;
    plan->layer_count = layout->layer_count;
    plan->knots = arena_alloc(arena, (knots + 1) * sizeof *plan->knots);
    plan->layers = arena_alloc(arena, (plan->layer_count + 1) * sizeof *plan->layers);
    plan->first_knot = arena_alloc(arena, (layout->arrow_count + 1) * sizeof *plan->first_knot);
    size_t *sizes = arena_alloc(arena, 2 * (plan->layer_count + 1) * sizeof *sizes);
    size_t *pieces = sizes + plan->layer_count + 1;
    for (size_t i = 0; i < layout->box_count; i++) {
        sizes[layout->boxes[i].layer]++;
    }
    for (size_t i = 0; i < layout->arrow_count; i++) {
        size_t first = layout->boxes[upper_box(plan, i)].layer;
        for (size_t p = 0; p <= passed(plan, i); p++) {
            pieces[first + p]++;
            sizes[first + p + 1 < plan->layer_count ? first + p + 1 : 0]++;
        }
    }
    for (size_t i = 0; i < plan->layer_count; i++) {
        struct layer *layer = &plan->layers[i];
        layer->knots = arena_alloc(arena, (sizes[i] + 1) * sizeof *layer->knots);
        layer->pieces = arena_alloc(arena, (pieces[i] + 1) * sizeof *layer->pieces);
    }
    for (size_t i = 0; i < layout->box_count; i++) {
        add_knot(plan, (long)i, layout->boxes[i].layer, layout->boxes[i].width);
    }
    for (size_t i = 0; i < layout->arrow_count; i++) {
        size_t at = upper_box(plan, i);
        size_t end = lower_box(plan, i);
        plan->first_knot[i] = plan->knot_count;
        for (size_t p = 0; p < passed(plan, i); p++) {
            add_knot(plan, NOBODY, layout->boxes[upper_box(plan, i)].layer + p + 1, WAYPOINT_WIDTH);
            add_piece(plan, at, plan->knot_count - 1);
            at = plan->knot_count - 1;
        }
        if (at != end) { /* an arrow from a box to itself is not drawn */
            add_piece(plan, at, end);
        }
    }
    return true;
}

/* ---- order ---- */

/* Between a layer and the next. */
static size_t crossings_below(const struct plan *plan, size_t l)
{
    size_t crossings = 0;
    const struct knot *knots = plan->knots;
    const struct layer *layer = &plan->layers[l];
    for (size_t i = 0; i < layer->piece_count; i++) {
        const struct piece *a = &layer->pieces[i];
        for (size_t j = i + 1; j < layer->piece_count; j++) {
            const struct piece *b = &layer->pieces[j];
            long upper = (long)knots[a->upper].place - (long)knots[b->upper].place;
            long lower = (long)knots[a->lower].place - (long)knots[b->lower].place;
            crossings += (upper < 0 && lower > 0) || (upper > 0 && lower < 0);
        }
    }
    return crossings;
}

static size_t count_crossings(const struct plan *plan)
{
    size_t crossings = 0;
    for (size_t l = 0; l < plan->layer_count; l++) {
        crossings += crossings_below(plan, l);
    }
    return crossings;
}

static size_t crossings_around(const struct plan *plan, size_t l)
{
    return crossings_below(plan, l) + (l > 0 ? crossings_below(plan, l - 1) : 0);
}

static void swap(struct plan *plan, struct layer *layer, size_t i)
{
    size_t knot = layer->knots[i];
    layer->knots[i] = layer->knots[i + 1];
    layer->knots[i + 1] = knot;
    plan->knots[layer->knots[i]].place = i;
    plan->knots[knot].place = i + 1;
}

/* Neighbours change places where that takes a crossing away. */
static void swap_neighbours(struct plan *plan)
{
    enum { ROUNDS = 4 };
    bool has_changed = plan->knot_count <= CAREFUL_MAX;
    for (int round = 0; round < ROUNDS && has_changed; round++) {
        has_changed = false;
        for (size_t l = 0; l < plan->layer_count; l++) {
            struct layer *layer = &plan->layers[l];
            for (size_t i = 0; i + 1 < layer->count; i++) {
                size_t before = crossings_around(plan, l);
                swap(plan, layer, i);
                if (crossings_around(plan, l) < before) {
                    has_changed = true;
                } else {
                    swap(plan, layer, i);
                }
            }
        }
    }
}

/* The mean of the neighbours above (below), by place or by x; one without any stays. */
static void wish(struct plan *plan, size_t l, bool above, bool below, bool by_x)
{
    struct layer *layer = &plan->layers[l];
    size_t *counts = xcalloc(layer->count + 1, sizeof *counts);
    double *sums = xcalloc(layer->count + 1, sizeof *sums);
    struct knot *knots = plan->knots;
    for (int side = 0; side < 2; side++) {
        bool is_above = side == 0;
        if ((is_above && (!above || l == 0)) || (!is_above && !below)) {
            continue;
        }
        const struct layer *with = is_above ? &plan->layers[l - 1] : layer;
        for (size_t i = 0; i < with->piece_count; i++) {
            const struct piece *piece = &with->pieces[i];
            const struct knot *mine = &knots[is_above ? piece->lower : piece->upper];
            const struct knot *other = &knots[is_above ? piece->upper : piece->lower];
            sums[mine->place] += by_x ? other->x : (double)other->place;
            counts[mine->place]++;
        }
    }
    for (size_t i = 0; i < layer->count; i++) {
        struct knot *knot = &knots[layer->knots[i]];
        double here = by_x ? knot->x : (double)knot->place;
        knot->wish = counts[i] > 0 ? sums[i] / (double)counts[i] : here;
    }
    free(counts);
    free(sums);
}

/* Insertion sort: stable, and the order is nearly right already. */
static void sort_layer(struct plan *plan, struct layer *layer)
{
    for (size_t i = 1; i < layer->count; i++) {
        size_t moving = layer->knots[i];
        size_t j = i;
        for (; j > 0 && plan->knots[layer->knots[j - 1]].wish > plan->knots[moving].wish; j--) {
            layer->knots[j] = layer->knots[j - 1];
        }
        layer->knots[j] = moving;
    }
    for (size_t i = 0; i < layer->count; i++) {
        plan->knots[layer->knots[i]].place = i;
    }
}

/* Another order to begin with: sweeps find the best one near by only. The same in every run. */
static void shuffle(struct plan *plan, uint32_t seed)
{
    for (size_t l = 0; l < plan->layer_count; l++) {
        struct layer *layer = &plan->layers[l];
        for (size_t i = layer->count; i > 1; i--) {
            seed = seed * 1664525U + 1013904223U; /* Numerical Recipes' generator */
            size_t other = (seed >> 16) % i;
            size_t knot = layer->knots[i - 1];
            layer->knots[i - 1] = layer->knots[other];
            layer->knots[other] = knot;
        }
        for (size_t i = 0; i < layer->count; i++) {
            plan->knots[layer->knots[i]].place = i;
        }
    }
}

static void keep_if_better(struct plan *plan, size_t *best)
{
    size_t crossings = count_crossings(plan);
    if (crossings < *best) {
        *best = crossings;
        for (size_t i = 0; i < plan->knot_count; i++) {
            plan->knots[i].best_place = plan->knots[i].place;
        }
    }
}

static void order(struct plan *plan)
{
    enum { STARTS = 12 };
    size_t best = SIZE_MAX;
    for (uint32_t start = 0; best > 0 && start < (plan->knot_count > CAREFUL_MAX ? 1 : STARTS);
         start++) {
        if (start > 0) {
            shuffle(plan, start);
        }
        keep_if_better(plan, &best);
        for (int sweep = 0; sweep < ORDER_SWEEPS && best > 0; sweep++) {
            for (size_t i = 0; i < plan->layer_count; i++) {
                bool is_down = sweep % 2 == 0;
                size_t l = is_down ? i : plan->layer_count - 1 - i;
                wish(plan, l, is_down, !is_down, false);
                sort_layer(plan, &plan->layers[l]);
            }
            swap_neighbours(plan);
            keep_if_better(plan, &best);
        }
    }
    for (size_t i = 0; i < plan->knot_count; i++) {
        struct knot *knot = &plan->knots[i];
        knot->place = knot->best_place;
        plan->layers[knot->layer].knots[knot->place] = i;
    }
}

/* ---- places ---- */

struct block {
    double sum, weight;
    size_t count;
};

/*
 * As near to the wishes as order and distances allow, in the sense of least squares. With the
 * distances taken off it is a regression whose result must not fall: neighbours that want to pass
 * each other are pooled into one block at their mean (pool adjacent violators).
 */
static void settle_layer(struct plan *plan, struct layer *layer, double gap)
{
    struct block *blocks = xcalloc(layer->count + 1, sizeof *blocks);
    size_t block_count = 0;
    double offset = 0;
    double before = 0;
    for (size_t i = 0; i < layer->count; i++) {
        struct knot *knot = &plan->knots[layer->knots[i]];
        offset += i > 0 ? before / 2 + gap + knot->width / 2 : 0;
        before = knot->width;
        double weight = knot->box == NOBODY ? WAYPOINT_WEIGHT : 1;
        blocks[block_count++] =
            (struct block){.sum = weight * (knot->wish - offset), .weight = weight, .count = 1};
        knot->x = offset;
        while (block_count > 1 &&
               blocks[block_count - 2].sum * blocks[block_count - 1].weight >=
                   blocks[block_count - 1].sum * blocks[block_count - 2].weight) {
            struct block *last = &blocks[--block_count];
            blocks[block_count - 1].sum += last->sum;
            blocks[block_count - 1].weight += last->weight;
            blocks[block_count - 1].count += last->count;
        }
    }
    size_t i = 0;
    for (size_t b = 0; b < block_count; b++) {
        for (size_t n = 0; n < blocks[b].count; n++) {
            plan->knots[layer->knots[i++]].x += blocks[b].sum / blocks[b].weight;
        }
    }
    free(blocks);
}

static void place_across(struct plan *plan)
{
    double gap = plan->layout->gap_x;
    for (int sweep = -1; sweep <= PLACE_SWEEPS; sweep++) {
        bool is_down = sweep % 2 == 0;
        bool is_last = sweep > PLACE_SWEEPS - LAST_SWEEPS;
        for (size_t i = 0; i < plan->layer_count; i++) {
            size_t l = is_down || is_last ? i : plan->layer_count - 1 - i;
            if (sweep >= 0) {
                wish(plan, l, is_down || is_last, !is_down || is_last, true);
            }
            settle_layer(plan, &plan->layers[l], gap);
        }
    }
    double left = 0;
    double right = 0;
    for (size_t i = 0; i < plan->knot_count; i++) {
        const struct knot *knot = &plan->knots[i];
        left = i == 0 || knot->x - knot->width / 2 < left ? knot->x - knot->width / 2 : left;
        right = i == 0 || knot->x + knot->width / 2 > right ? knot->x + knot->width / 2 : right;
    }
    for (size_t i = 0; i < plan->knot_count; i++) {
        plan->knots[i].x -= left;
    }
    plan->layout->width = right - left;
}

static void place_down(struct plan *plan)
{
    struct layout *layout = plan->layout;
    double y = 0;
    for (size_t l = 0; l < plan->layer_count; l++) {
        struct layer *layer = &plan->layers[l];
        for (size_t i = 0; i < layer->count; i++) {
            long box = plan->knots[layer->knots[i]].box;
            if (box != NOBODY && layout->boxes[box].height > layer->height) {
                layer->height = layout->boxes[box].height;
            }
        }
        layer->top = y;
        y += layer->height + layout->gap_y;
    }
    layout->height = y > 0 ? y - layout->gap_y : 0;
}

static void place_boxes(struct plan *plan)
{
    for (size_t i = 0; i < plan->layout->box_count; i++) {
        struct layout_box *box = &plan->layout->boxes[i];
        const struct knot *knot = &plan->knots[i]; /* boxes are the first knots */
        const struct layer *layer = &plan->layers[knot->layer];
        box->x = knot->x - box->width / 2;
        box->y = layer->top + (layer->height - box->height) / 2;
        box->place = knot->place;
    }
}

/* ---- arrows ---- */

static void turn_points(struct layout_arrow *arrow)
{
    for (size_t i = 0; i < arrow->point_count / 2; i++) {
        struct layout_point *a = &arrow->points[i];
        struct layout_point *b = &arrow->points[arrow->point_count - 1 - i];
        struct layout_point other = *a;
        *a = *b;
        *b = other;
    }
}

static void draw_arrow(struct plan *plan, size_t i, struct arena *arena)
{
    struct layout_arrow *arrow = &plan->layout->arrows[i];
    const struct layout_box *upper = &plan->layout->boxes[upper_box(plan, i)];
    const struct layout_box *lower = &plan->layout->boxes[lower_box(plan, i)];
    if (upper == lower) {
        return;
    }
    size_t waypoints = passed(plan, i);
    struct layout_point *points = arena_alloc(arena, (2 * waypoints + 4) * sizeof *points);
    size_t count = 0;
    const struct layer *first = &plan->layers[upper->layer];
    const struct layer *last = &plan->layers[lower->layer];
    double x = plan->knots[upper_box(plan, i)].x;
    points[count++] = (struct layout_point){x, upper->y + upper->height};
    points[count++] = (struct layout_point){x, first->top + first->height};
    for (size_t w = 0; w < waypoints; w++) {
        const struct knot *knot = &plan->knots[plan->first_knot[i] + w];
        const struct layer *layer = &plan->layers[knot->layer];
        points[count++] = (struct layout_point){knot->x, layer->top};
        points[count++] = (struct layout_point){knot->x, layer->top + layer->height};
    }
    x = plan->knots[lower_box(plan, i)].x;
    points[count++] = (struct layout_point){x, last->top};
    points[count++] = (struct layout_point){x, lower->y};
    arrow->points = points;
    arrow->point_count = count;
    if (plan->is_turned[i]) {
        turn_points(arrow);
    }
}

bool layout_run(struct layout *layout, struct arena *arena)
{
    struct plan plan = {.layout = layout};
    bool is_done = assign_layers(&plan) && add_knots(&plan);
    if (is_done) {
        order(&plan);
        place_across(&plan);
        place_down(&plan);
        place_boxes(&plan);
        for (size_t i = 0; i < layout->arrow_count; i++) {
            draw_arrow(&plan, i, arena);
        }
    }
    arena_done(&plan.arena);
    return is_done;
}
