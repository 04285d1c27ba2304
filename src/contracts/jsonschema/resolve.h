/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_JSONSCHEMA_RESOLVE_H
#define CONTRACTS_JSONSCHEMA_RESOLVE_H

#include "contracts/jsonschema/jsonschema.h"
#include "contracts/jsonschema/names.h"
#include "core/outcome.h"

/*
 * Which schema a $ref means. A resource is what has a URI: a file, or a schema with $id. References
 * are resolved against the resource that they stand in.
 */

struct resource {
    const char *uri;
    const struct node *root;
};

/* The key of a node in a table of names: its address. */
struct node_key {
    const struct node *node;
};

struct resolver {
    struct documents *documents;
    const struct jsonschema_options *options;
    struct arena arena;
    struct resource *resources;
    size_t resource_count;
    struct names by_uri;  /* resources */
    struct names anchors; /* "uri#name" → index in `anchored` */
    struct names by_node; /* schemas whose $id have been read → their resource */
    const struct node **anchored;
    size_t anchored_count;
    struct fault *fault;
};

void resolver_done(struct resolver *resolver);

/* Reads the identifiers of the schema that compiling starts with. */
enum outcome resolver_start(struct resolver *resolver, const struct node *schema);

/* The schema that `ref`, the value of a $ref, names; it may be a reference itself. REJECT says why
 * there is none. */
enum outcome resolver_follow(struct resolver *resolver, const struct node *ref,
                             const struct node **out);

/* "path:line:column: text" */
void resolver_refuse(struct fault *fault, const struct node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same as a REJECT. */
#define RESOLVER_REFUSE(fault, node, ...) (resolver_refuse(fault, node, __VA_ARGS__), REJECT)

#endif
