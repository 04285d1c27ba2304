/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VARIANTS_CHANGE_NUMBERS_H
#define VARIANTS_CHANGE_NUMBERS_H

#include "changes.h"

/* Beside the bounds and the example's own value, in every way to write it. */
size_t near_ways(const struct spot *spot);
void write_near(const struct writer *writer, const struct spot *spot, size_t number);

/* Numbers at the edges of what machines hold, and what only looks like one. */
size_t number_ways(const struct spot *spot);
void write_number(const struct writer *writer, const struct spot *spot, size_t number);

#endif
