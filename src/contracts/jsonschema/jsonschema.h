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

enum {
    JSONSCHEMA_MAX_BLOCKS = 200 * 1000,      /* schemas that one program may consist of */
    JSONSCHEMA_MAX_DEPTH = 3000,             /* schemas within schemas while one runs */
    JSONSCHEMA_MAX_STEPS = 50 * 1000 * 1000, /* schemas applied to one instance: references may
                                                multiply each other */
};

struct jsonschema;

/* What lies in `folder` is what `uri` and everything below it names. */
struct jsonschema_folder {
    const char *uri;
    const char *folder; /* or one file */
};

struct jsonschema_options {
    bool ignores_format;
    /* Undeclared members are refused in every object that has `properties` and neither
     * `additionalProperties` nor `patternProperties`: what we publish may hold declared fields
     * only. Declared is what any part of the schema names that applies to the same object (allOf
     * and its kin, references). */
    bool is_closed;
    const struct jsonschema_folder *folders;
    size_t folder_count;
    /* Files that relative references may reach; NULL: any. Symbolic links are resolved first. */
    const char *root;
    /* Not checked, as if no schema had it: shows a test that it would notice. */
    const char *without;
};

/*
 * Compiles the schema at `schema`, references followed: '#…', by $id, relative to the file it
 * stands in, and what `folders` hold. Never the network. REJECT says what is wrong with the schema,
 * with file, line and column. The program does not need the nodes any more. `options` may be NULL.
 * *out is the caller's.
 */
enum outcome jsonschema_compile(struct documents *documents, const struct node *schema,
                                const struct jsonschema_options *options, struct jsonschema **out,
                                struct fault *fault);
void jsonschema_free(struct jsonschema *schema);

/* The schema of draft-07 schemas. `options` may be NULL. */
enum outcome jsonschema_compile_metaschema(const struct jsonschema_options *options,
                                           struct jsonschema **out, struct fault *fault);

/* Thread-safe: a program is read only. An instance that would exceed JSONSCHEMA_MAX_DEPTH or _STEPS
 * is not valid. */
bool jsonschema_is_valid(const struct jsonschema *schema, struct json_object *instance);

struct jsonschema_error {
    const char *instance;  /* JSON Pointer to what is wrong */
    const char *schema;    /* JSON Pointer to the keyword that says so, from its file's root */
    struct position place; /* of that keyword */
    const char *text;      /* a plain sentence; never the value itself */
};
/* Borrowed for the call; false stops. */
typedef bool jsonschema_report(void *context, const struct jsonschema_error *error);

/*
 * Every error. Where none of several alternatives fits, the errors of the one that comes closest
 * follow. Returns is_valid.
 */
bool jsonschema_explain(const struct jsonschema *schema, struct json_object *instance,
                        jsonschema_report *report, void *context);

/* The keywords that can be wrong, for tests: NULL behind the last. */
const char *jsonschema_keyword(size_t index);

#endif
