/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_DOC_DRAW_H
#define CONTRACTS_DOC_DRAW_H

#include "core/buffer.h"
#include "core/memory.h"

/* What the drawings share: text in boxes of a guessed width. */

/* Pixels that a text of the drawings' size (13 px, bold) takes at most; a guess on the wide side,
 * because the font is the reader's. */
double draw_text_width(const char *text);

/* The text, cut with "…" so that it fits into a box that has a largest width. */
const char *draw_cut(struct arena *arena, const char *text);

/* <path class="arrow" …> from left to right or from top to bottom. */
void draw_curve_right(struct buffer *out, double x1, double y1, double x2, double y2);

#endif
