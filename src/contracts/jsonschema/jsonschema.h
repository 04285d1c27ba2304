/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_JSONSCHEMA_JSONSCHEMA_H
#define CONTRACTS_JSONSCHEMA_JSONSCHEMA_H

#include "contracts/node.h"
#include "contracts/ref.h"
#include "core/outcome.h"

#include <json.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * JSON Schema draft-07, complete. A schema is compiled to a flat program once and then run: a fast
 * yes or no, and a separate run that explains. Instances are json-c objects as
 * contracts/jsonschema/value.h makes them, so that numbers keep their fidelity.
 */

struct jsonschema;

struct jsonschema_options {
    bool ignores_format;
    /* Undeclared members are refused in every object that has `properties` and says nothing itself
     * about others: what we publish may hold declared fields only. */
    bool is_closed;
};

/*
 * Compiles the schema at `schema`, references followed: '#…', by $id, relative to the file it
 * stands in, and what `documents` resolves to local folders. Never the network. REJECT says what is
 * wrong with the schema, with file, line and column. The program does not need the nodes any more,
 * but keeps the places' paths. *out is the caller's.
 */
enum outcome jsonschema_compile(struct documents *documents, const struct node *schema,
                                const struct jsonschema_options *options, struct jsonschema **out,
                                struct fault *fault);
void jsonschema_free(struct jsonschema *schema);

/* Thread-safe: a program is read only. */
bool jsonschema_is_valid(const struct jsonschema *schema, struct json_object *instance);

struct jsonschema_error {
    const char *instance;  /* JSON Pointer to what is wrong */
    const char *schema;    /* JSON Pointer to the keyword that says so */
    struct position place; /* of that keyword */
    const char *text;      /* a plain sentence; never the value itself */
};
/* Borrowed for the call; false stops. */
typedef bool jsonschema_report(void *context, const struct jsonschema_error *error);

/* Every error, in the order of the instance. Returns is_valid. */
bool jsonschema_explain(const struct jsonschema *schema, struct json_object *instance,
                        jsonschema_report *report, void *context);

#endif
