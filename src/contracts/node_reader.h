/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_NODE_READER_H
#define CONTRACTS_NODE_READER_H

#include "contracts/node.h"

/*
 * What the readers of YAML (node_yaml.c) and of JSON (node_json.c) have in common: limits, numbers
 * and duplicate keys. For contracts/node*.c alone.
 */

struct node_reader {
    const char *path;
    struct arena *arena;
    struct findings *findings;
    size_t nodes;
    bool failed;
};

#define NODE_FAIL(reader, place, ...)                                                              \
    ((reader)->failed = true,                                                                      \
     findings_add_kind((reader)->findings, FINDING_UNREADABLE, place, __VA_ARGS__))

/* NULL after a finding: too many. */
struct node *node_reader_new(struct node_reader *reader, enum node_kind kind,
                             struct position place);
void node_reader_append(struct node_reader *reader, struct node *parent, struct node *child);
/* A list or map is complete: duplicate keys are found, a large map gets its index. */
void node_reader_close(struct node_reader *reader, struct node *node);
bool node_reader_has_depth(struct node_reader *reader, struct position place, int depth);

/* -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)? : JSON's numbers and nothing else. */
bool node_is_number(const char *text, bool *is_integer);
/* Makes the node the number that its text says. */
void node_set_number(struct node *node, bool is_integer);

const struct node *node_parse_yaml(struct node_reader *reader, const char *bytes, size_t length);
const struct node *node_parse_json(struct node_reader *reader, const char *bytes, size_t length);

#endif
