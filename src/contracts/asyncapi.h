/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_ASYNCAPI_H
#define CONTRACTS_ASYNCAPI_H

#include "contracts/node.h"
#include "contracts/ref.h"
#include "core/outcome.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * AsyncAPI 3.0 and 3.1 documents as one model, whoever wrote them: who says what to whom over which
 * channel. Linter, checker, differ, graph and documentation read this; contracts/model.h is its
 * narrower sister for services that C is generated for.
 *
 * References are followed and traits are merged (JSON Merge Patch, the target wins). Reading is
 * lenient: what is missing or of the wrong kind is NULL or left out, and the linter's rules say so
 * from the nodes; findings are added only for what cannot be read at all (no YAML, dangling $ref).
 */

struct asyncapi_channel;

struct asyncapi_message {
    const struct node *at;      /* the Message Object with its traits merged in */
    const struct node *written; /* the same as it stands in the file, references followed */
    const char *key;            /* in its channel's messages */
    const char *name;           /* its `name`, else the key: with its channel, its identity */
    const char *title, *summary;
    const char *content_type;   /* its own, else the document's default, else NULL */
    const char *schema_format;  /* of a Multi Format Schema Object, else NULL */
    const struct node *payload; /* the schema itself (a reference is not followed), NULL: none */
    const struct node *headers; /* likewise */
    const struct node *correlation_id; /* the Correlation ID Object, NULL: none */
    const struct node *examples;       /* a list, NULL: none */
    struct asyncapi_channel *channel;
};

struct asyncapi_channel {
    const struct node *at; /* the Channel Object, references followed */
    const char *key;       /* in the channels of the document that defines it */
    const char *address;   /* NULL: unknown */
    /* Whose document defines it. A channel of a shared file, that is no AsyncAPI document, is
     * defined by each document that lists it. */
    struct asyncapi_document *owner;
    struct asyncapi_message *messages;
    size_t message_count;
    struct asyncapi_message **by_node; /* the same, sorted by `written`: for asyncapi.c */
    /* AMQP channel binding; all NULL when there is none. */
    const struct node *amqp;
    const char *exchange;      /* `is: routingKey`; "" is the default exchange */
    const char *exchange_type; /* topic, direct … */
    const char *queue;         /* `is: queue` */
    const char *vhost;         /* "/" when the binding does not say */
    uint64_t identity;         /* a hash of what asyncapi_same_channel compares: a quick "no" */
};

struct asyncapi_operation {
    const struct node *at; /* the Operation Object with its traits merged in */
    const struct node *written;
    const char *key;
    const char *title, *summary;
    bool is_send;
    struct asyncapi_document *document;
    struct asyncapi_channel *channel;   /* NULL: cannot be found */
    struct asyncapi_message **messages; /* those it names, else all of its channel's */
    size_t message_count;
    bool names_messages;
    struct asyncapi_channel *reply_channel;   /* NULL: none, or known at run time only */
    struct asyncapi_message **reply_messages; /* as above, of the reply's channel */
    size_t reply_message_count;
    /* Extensions of profile quadrille; NULL or empty in others' documents. */
    const char *saga, *compensates;
    const struct node *outcomes; /* list of strings */
};

/* One document is one application: a service. */
struct asyncapi_document {
    const struct document *file;
    bool is_given;        /* false: only reached by a reference to one of its channels */
    const char *service;  /* the file's name without .yaml, .yml, .json; its folder's name when
                             the file is called asyncapi */
    const char *title;    /* info.title */
    const char *version;  /* info.version */
    const char *asyncapi; /* "3.0.0" */
    const char *id;       /* may be NULL */
    const char *default_content_type;
    struct asyncapi_channel *channels; /* those it defines itself */
    size_t channel_count;
    struct asyncapi_operation *operations;
    size_t operation_count;
};

enum { ASYNCAPI_DOCUMENTS_MAX = 1000 };

/* Zeroed is empty and valid. */
struct asyncapi {
    struct documents documents; /* the findings are in here */
    struct asyncapi_document *items;
    size_t count;
    struct asyncapi_channel **by_node; /* all channels, sorted by `at`: for asyncapi.c */
    size_t channel_count;
    size_t unread; /* files that were asked for and are no AsyncAPI document that can be read */
};

/*
 * Reads files and folders (*.yaml, *.yml, *.json in them and below, in the order of their paths,
 * without hidden folders and node_modules; only those that have a member `asyncapi` at the root, so
 * that shared parts may lie beside). REJECT with a fault when a path does not exist or nothing was
 * found; broken files become findings instead.
 */
enum outcome asyncapi_load(struct asyncapi *set, const char *const *paths, size_t path_count,
                           struct fault *fault);
void asyncapi_done(struct asyncapi *set);

/*
 * Whether two channels of different documents are one: the same node, or the same exchange (or
 * queue) of the same virtual host and the same address; without AMQP the address alone. A document
 * of another team has its own copy of a channel instead of a reference.
 */
bool asyncapi_same_channel(const struct asyncapi_channel *a, const struct asyncapi_channel *b);
/* The same channel and the same name. */
bool asyncapi_same_message(const struct asyncapi_message *a, const struct asyncapi_message *b);

#endif
