/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_NODE_H
#define CONTRACTS_NODE_H

#include "contracts/finding.h"
#include "core/memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * YAML as a tree of nodes that know their line and column. The language is YAML 1.2 restricted to
 * what JSON can say, as AsyncAPI asks: `on`, `yes`, `0o17` and dates are strings; tags, anchors,
 * aliases, several documents in a file and duplicate keys are refused.
 */

enum {
    NODE_MAX_BYTES = 1024 * 1024,
    NODE_MAX_DEPTH = 64,
    NODE_MAX_NODES = 100 * 1000, /* of one file */
    NODE_MAX_ITEMS = 2000,       /* of one list or map */
};

enum node_kind {
    NODE_NULL,
    NODE_BOOLEAN,
    NODE_INTEGER,
    NODE_NUMBER,
    NODE_STRING,
    NODE_LIST,
    NODE_MAP,
};

struct node {
    enum node_kind kind;
    struct position place;
    const char *text; /* scalars: as written, without quotes */
    int64_t integer;  /* INTEGER, and 0 or 1 for BOOLEAN */
    double number;    /* NUMBER and INTEGER */

    const struct node *parent; /* NULL for the root */
    const char *key;           /* its name when the parent is a map */
    struct position key_place;
    struct node *first, *last,
        *next; /* children of a list or map in their order; the next sibling */
    size_t count;
};

/* NULL when the file cannot be read as such; the findings say why. Nodes live in `arena`; `path`
 * must outlive them. */
const struct node *node_load(const char *path, struct arena *arena, struct findings *findings);

/* The same from bytes; `path` only names them. */
const struct node *node_parse(const char *path, const char *bytes, size_t length,
                              struct arena *arena, struct findings *findings);

/* NULL when `map` is NULL, is no map or has no such key. */
const struct node *node_find(const struct node *map, const char *key);

/* The text of a string member; NULL when there is none or it is no string. */
const char *node_find_text(const struct node *map, const char *key);

/* "string", "map" …, for messages. */
const char *node_kind_name(enum node_kind kind);

#endif
