/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_GRAPH_LAYOUT_H
#define CONTRACTS_GRAPH_LAYOUT_H

#include "core/memory.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Boxes and arrows in layers, from top to bottom, without overlaps: the usual four steps of
 * Sugiyama, Tagawa and Toda, "Methods for Visual Understanding of Hierarchical System Structures"
 * (1981): turn round what closes a circle, assign layers, order within layers, place.
 *
 *     layer 0       [ A ]
 *                   /   \            an arrow that passes a layer gets a waypoint in it,
 *     layer 1   [ B ]    ·           so that it never crosses a box
 *                   \   /
 *     layer 2       [ C ]
 *
 * The same input gives the same picture.
 */

enum { LAYOUT_POINTS_MAX = 3000 /* boxes and waypoints */, LAYOUT_ARROWS_MAX = 2000 };

struct layout_box {
    double width, height; /* in */
    double x, y;          /* out: the left upper corner */
    size_t layer;         /* out, from 0 */
    size_t place;         /* out: in its layer, from the left, waypoints counted */
};

struct layout_point {
    double x, y;
};

struct layout_arrow {
    size_t from, to;             /* in: boxes */
    struct layout_point *points; /* out: from the one's edge to the other's, in pairs that cross
                                    the space between two layers, or a layer straight down */
    size_t point_count;
};

struct layout {
    struct layout_box *boxes;
    size_t box_count;
    struct layout_arrow *arrows;
    size_t arrow_count;
    double gap_x, gap_y;
    double width, height; /* out */
    size_t layer_count;   /* out */
};

/* Layers alone: every arrow that closes no circle points down. False when a limit is passed. */
bool layout_layers(struct layout *layout);

/* Layers and places; the points live in `arena`. False when a limit is passed. */
bool layout_run(struct layout *layout, struct arena *arena);

#endif
