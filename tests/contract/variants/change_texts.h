/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VARIANTS_CHANGE_TEXTS_H
#define VARIANTS_CHANGE_TEXTS_H

#include "changes.h"

/* At the limits of a length, in code points of one to four bytes, plain and escaped. */
size_t length_ways(const struct spot *spot);
void write_length(const struct writer *writer, const struct spot *spot, size_t number);

/* One character away from the example. */
size_t edit_ways(const struct spot *spot);
void write_edit(const struct writer *writer, const struct spot *spot, size_t number);

/* What looks like a date, an address, an identifier. */
size_t almost_ways(const struct spot *spot);
void write_almost(const struct writer *writer, const struct spot *spot, size_t number);

/* The values of an enum, and what is nearly one. */
size_t enum_ways(const struct spot *spot);
void write_enum(const struct writer *writer, const struct spot *spot, size_t number);

#endif
