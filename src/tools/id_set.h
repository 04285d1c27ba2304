/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_ID_SET_H
#define TOOLS_ID_SET_H

#include "core/ids.h"
#include "core/outcome.h"

#include <stdbool.h>
#include <stddef.h>

/* Ids from a file: one UUID a line; empty lines and what follows a # do not count. A zeroed set is
 * empty. */

struct id_set {
    struct uuid *ids; /* sorted, each once */
    size_t count;
};

enum outcome id_set_read(const char *path, struct id_set *set, struct fault *fault);
void id_set_done(struct id_set *set);

/* Brings ids that were added by hand into order, each once. */
void id_set_sort(struct id_set *set);
bool id_set_has(const struct id_set *set, const struct uuid *id);

#endif
