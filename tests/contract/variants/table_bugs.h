/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VARIANTS_TABLE_BUGS_H
#define VARIANTS_TABLE_BUGS_H

#include "core/codec.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What a generator that forgets or miscounts would write: copies of a shape, each with one rule of
 * one row wrong. Rows of nested shapes and of an array's element are in turn, too.
 */

struct table_bug {
    const struct shape *shape; /* the copy; lives until the next call */
    char what[160];            /* "/address/street: minLength one more" */
};

/* Called for each bug; false stops. */
typedef bool table_bug_visit(void *context, const struct table_bug *bug);

/* How many there were. */
size_t table_bugs(const struct shape *shape, table_bug_visit *visit, void *context);

#endif
