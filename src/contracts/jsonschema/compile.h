/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_JSONSCHEMA_COMPILE_H
#define CONTRACTS_JSONSCHEMA_COMPILE_H

#include "contracts/jsonschema/program.h"
#include "contracts/jsonschema/resolve.h"

/*
 * From nodes to blocks. Schemas are compiled one at a time from a queue, so that no chain of
 * references can exhaust the stack; a schema that is met again is the same block.
 */

/* How a schema treats members that nobody declares. */
enum mode {
    MODE_OPEN,
    MODE_CLOSED, /* refuses them, and so do the schemas of its members and elements */
    MODE_PART,   /* a part of a closed one, which speaks for it; its members' schemas are closed */
};

/* An instruction for the kinds of values in the mask. */
struct emission {
    struct instruction instruction;
    unsigned kinds;
};

struct pending {
    const struct node *schema;
    enum mode mode;
    uint32_t block;
};

/* From a block to one that it applies to the same value. */
struct edge {
    uint32_t from;
    uint32_t to;
    const struct node *at;
};

struct compiler {
    struct jsonschema *program;
    struct resolver resolver;
    const struct jsonschema_options *options;
    struct fault *fault;
    struct names known; /* schema and mode → block */
    struct pending *queue;
    size_t queued;
    struct edge *edges;
    size_t edge_count;
    size_t closing_steps;
    const struct node *counted; /* the last list element asked for, and its index */
    size_t counted_index;

    /* Of the schema being compiled. */
    uint32_t block;
    enum mode mode;
    struct emission *emissions;
    size_t emission_count, emission_room;
    unsigned kinds; /* of values that `type` lets pass */
    const struct node *type;
    struct members *members;
    struct items *items;
    struct condition *condition;
    struct content *content;
};

/* The block of a schema, references followed; compiled later. */
enum outcome compile_block(struct compiler *compiler, const struct node *schema, enum mode mode,
                           uint32_t *out);

/* Of a schema for members or elements. */
enum outcome compile_child(struct compiler *compiler, const struct node *schema, uint32_t *out);

/* Of a schema for the same value. `is_part`: what it declares is declared. */
enum outcome compile_same(struct compiler *compiler, const struct node *schema, bool is_part,
                          uint32_t *out);

void compile_emit(struct compiler *compiler, const struct node *keyword, unsigned kinds,
                  struct instruction instruction);

/* Where a keyword stands, for errors. */
uint32_t compile_source(struct compiler *compiler, const struct node *keyword);

#endif
