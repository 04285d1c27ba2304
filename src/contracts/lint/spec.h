/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_LINT_SPEC_H
#define CONTRACTS_LINT_SPEC_H

#include "contracts/node.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The AsyncAPI 3.0 and 3.1 specification as tables: which objects there are, which members each
 * has, of which kind they are, and where a Reference Object may stand instead. lint/structure.c
 * walks documents by them.
 */

/* What a value may be. */
enum {
    SPEC_NULL = 1u << NODE_NULL,
    SPEC_BOOLEAN = 1u << NODE_BOOLEAN,
    SPEC_INTEGER = 1u << NODE_INTEGER, /* 1.0 is one */
    SPEC_NUMBER = 1u << NODE_NUMBER | SPEC_INTEGER,
    SPEC_TEXT = 1u << NODE_STRING,
    SPEC_LIST = 1u << NODE_LIST,
    SPEC_MAP = 1u << NODE_MAP,
    SPEC_ANY = SPEC_NULL | SPEC_BOOLEAN | SPEC_NUMBER | SPEC_TEXT | SPEC_LIST | SPEC_MAP,
};

/* How a member's value holds its `object`. */
enum spec_holds {
    SPEC_ITSELF,         /* the value is one */
    SPEC_LIST_OF,        /* a list of them */
    SPEC_MAP_OF,         /* a map of them, under any names */
    SPEC_COMPONENTS_OF,  /* likewise, under names that a reference can use */
    SPEC_ITSELF_OR_LIST, /* `items` */
};

enum {
    SPEC_REQUIRED = 1 << 0,
    SPEC_REF = 1 << 1,      /* a Reference Object may stand there instead */
    SPEC_REF_ONLY = 1 << 2, /* a Reference Object must stand there */
    SPEC_UNIQUE = 1 << 3,   /* no entry of the list twice */
    SPEC_SOME = 1 << 4,     /* at least one entry */
    SPEC_TEXTS = 1 << 5,    /* entries of the list are texts */
    SPEC_SCHEMA = 1 << 6,   /* a Schema Object or a Multi Format Schema Object */
};

/* NULL when the value is right, else what it must be ("an absolute URL"). */
typedef const char *spec_check(const struct node *value);

struct spec_member {
    const char *name;
    unsigned kinds; /* of a value without an `object` */
    unsigned flags;
    const struct spec_object *object;
    enum spec_holds holds;
    const char *const *values; /* the allowed texts, NULL at their end; NULL: any */
    spec_check *check;
};

struct spec_object {
    const char *name; /* as the specification calls it, "Message Object" */
    const struct spec_member *members;
    size_t member_count;
    unsigned kinds; /* 0: a map and nothing else */
    bool is_open;   /* other members are no mistake */
    unsigned rest;  /* then: what their values may be; 0: anything */
    /* Under which member of components one is defined; a reference must lead to such a place when
     * it leads into components at all. NULL: anywhere. */
    const char *section;
    /* The object that this one really is, chosen by what it says; NULL: itself. */
    const struct spec_object *(*choose)(const struct node *node);
};

extern const struct spec_object spec_document;
extern const struct spec_object spec_schema;
extern const struct spec_object spec_multi_format;
extern const struct spec_object spec_message_example;
extern const struct spec_object spec_amqp_channel;
extern const struct spec_object spec_tag;

/* lint/spec_bindings.c, for lint/spec.c. */
extern const struct spec_object spec_server_bindings;
extern const struct spec_object spec_channel_bindings;
extern const struct spec_object spec_operation_bindings;
extern const struct spec_object spec_message_bindings;
/* lint/spec_protocols.c, for lint/spec_bindings.c. */
extern const struct spec_object spec_kafka_server, spec_kafka_channel, spec_kafka_operation,
    spec_kafka_message, spec_mqtt_server, spec_mqtt_operation, spec_mqtt_message, spec_ws_channel,
    spec_http_operation, spec_http_message, spec_nats_operation;
/* lint/spec_security.c, for lint/spec.c. */
extern const struct spec_object spec_security_scheme;
/* lint/spec.c, for lint/spec_schema.c. */
extern const struct spec_object spec_external_docs;

/* NULL when there is none. */
const struct spec_member *spec_find(const struct spec_object *object, const char *name);

/* A member of an older version of AsyncAPI, and what to write today; NULL when it is none. */
const char *spec_moved(const struct spec_object *object, const char *name);

spec_check spec_is_uri, spec_is_email, spec_is_expression, spec_is_natural, spec_is_positive,
    spec_is_short, spec_is_amqp_version;

#endif
