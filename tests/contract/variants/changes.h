/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VARIANTS_CHANGES_H
#define VARIANTS_CHANGES_H

#include "variants.h"

/* A value is written as JSON, and those that an edit names are written changed. */

struct edit {
    const struct spot *spot;
    const struct change *change;
    size_t number; /* which of the change's ways */
};

struct writer {
    struct buffer *out;
    const struct edit *edits;
    size_t edit_count;
};

struct change {
    const char *name;
    size_t (*ways)(const struct spot *spot); /* 0: does not suit */
    void (*write)(const struct writer *writer, const struct spot *spot, size_t number);
};

extern const struct change changes[];
extern const size_t change_count;

/* The value, changed or as it is. */
void write_value(const struct writer *writer, const struct node *node);

/* As it is, but for its parts. */
void write_plain(const struct writer *writer, const struct node *node);

#endif
