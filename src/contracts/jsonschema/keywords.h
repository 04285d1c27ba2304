/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_JSONSCHEMA_KEYWORDS_H
#define CONTRACTS_JSONSCHEMA_KEYWORDS_H

#include "contracts/jsonschema/compile.h"

/* The keywords of draft-07, a table: where schemas hold schemas, and how each is compiled. */

enum keyword_holds {
    HOLDS_NO_SCHEMA,
    HOLDS_SCHEMA,
    HOLDS_SCHEMAS, /* a list or a map */
    HOLDS_SCHEMA_OR_SCHEMAS,
};

/* HOLDS_NO_SCHEMA for what is no keyword. */
enum keyword_holds keyword_holds(const char *name);

/* Whether it applies its schemas to the same value, so that what they declare is declared. */
bool keyword_is_part(const char *name);

/* Every keyword of a schema that is a map, in the table's order. */
enum outcome keywords_compile(struct compiler *compiler, const struct node *schema);

#endif
