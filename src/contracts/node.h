/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_NODE_H
#define CONTRACTS_NODE_H

#include "contracts/finding.h"
#include "core/memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * YAML and JSON as a tree of nodes that know their line and column. YAML is 1.2 restricted to what
 * JSON can say, as AsyncAPI asks: `on`, `yes`, `0o17` and dates are strings; tags, merge keys
 * (`<<`), several documents in a file and duplicate keys are refused. An alias is read as a copy of
 * what its anchor marks, which keeps the place where it was written. A file called *.json is JSON
 * to the letter (RFC 8259), and so is one that is called neither *.json nor *.yaml or *.yml but
 * reads as such.
 */

enum {
    NODE_MAX_BYTES = 8 * 1024 * 1024,
    NODE_MAX_DEPTH = 64,
    NODE_MAX_NODES = 500 * 1000, /* of one file, aliases expanded */
    NODE_MAX_ITEMS = 100 * 1000, /* of one list or map */
    NODE_MAX_ANCHORS = 256,      /* of one file */
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
    size_t length;    /* of a text that holds U+0000, which only JSON can say; else 0 */
    int64_t integer;  /* INTEGER, and 0 or 1 for BOOLEAN */
    double number;    /* NUMBER and INTEGER */
    bool is_beyond;   /* an INTEGER that 64 bits do not hold, or a NUMBER too large for a double:
                         `integer` and `number` are the nearest there are, `text` is exact */

    const struct node *parent; /* NULL for the root */
    const char *key;           /* its name when the parent is a map */
    struct position key_place; /* of that name; without one the place of the value */
    struct node *first, *last,
        *next; /* children of a list or map in their order; the next sibling */
    size_t count;
    struct node *const *index; /* of a large map: its children sorted by key; else NULL */
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
/* "a string", "an integer", "null". */
const char *node_kind_phrase(enum node_kind kind);

#endif
