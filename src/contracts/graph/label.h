/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_GRAPH_LABEL_H
#define CONTRACTS_GRAPH_LABEL_H

#include "core/memory.h"

#include <stdbool.h>
#include <stddef.h>

/* Names that other people chose, made fit to be printed: no control characters and no marks that
 * turn the direction of writing, not too long, and different from each other. */

/* Set of texts. Zeroed is empty and valid. */
struct labels {
    const char **slots;
    size_t room, count;
    size_t last_number; /* never counted from 1 again: equal names may be many */
    bool folds_case;    /* "a" and "A" are the same */
};

void labels_done(struct labels *labels);

/* False when it is there already. `text` must outlive the set. */
bool labels_put(struct labels *labels, const char *text);
bool labels_has(const struct labels *labels, const char *text);

/* `name`, or "name (more)" where that is taken, or "name 2"; `more` may be NULL. */
const char *labels_add(struct labels *labels, struct arena *arena, const char *name,
                       const char *more);

const char *label_clean(struct arena *arena, const char *text);

/* How many columns it takes on a terminal, roughly: its code points. */
size_t label_width(const char *text);

#endif
