/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_SCHEMA_H
#define CONTRACTS_SCHEMA_H

#include "contracts/node.h"
#include "contracts/ref.h"
#include "core/codec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The part of JSON Schema draft-07 that maps to a C struct, in the words of core/codec.h. What does
 * not map is refused by name and place; whoever must judge any schema at all works on the nodes.
 */

enum { SCHEMA_MAX_READ = 100 * 1000 }; /* for one set: references that multiply never end */

struct schema {
    const struct node *at; /* its definition: two schemas with the same `at` are the same */
    const char *component; /* the last step of the reference it was reached by; NULL when it stands
                              in place */
    enum field_kind kind;
    bool nullable;
    bool personal;
    bool has_min, has_max;
    bool exclusive_min, exclusive_max; /* NUMBER */
    int64_t min, max; /* as in struct field; exclusive bounds of an INTEGER are made inclusive */
    double number_min, number_max;
    const char *pattern;
    const char *const *values; /* ENUM */
    size_t value_count;
    struct property *properties; /* OBJECT */
    size_t property_count;
    const struct schema *item; /* ARRAY */
};

struct property {
    const char *name;
    struct position place;
    bool required;
    const struct schema *schema;
};

/* NULL after adding findings. The result lives in the documents' arena. */
const struct schema *schema_read(struct documents *documents, const struct node *node);

/* NULL when `object` has no such property. */
const struct property *schema_find(const struct schema *object, const char *name);

#endif
