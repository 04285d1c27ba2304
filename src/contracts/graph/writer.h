/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_GRAPH_WRITER_H
#define CONTRACTS_GRAPH_WRITER_H

#include "contracts/graph/graph.h"
#include "core/buffer.h"

/* What is shown of a graph, in one of four languages. */

struct graph_writer {
    const char *name; /* "mermaid" */
    void (*write)(const struct graph *graph, struct buffer *out);
};

/* text, mermaid, dot, json; NULL when there is none of this name. */
const struct graph_writer *graph_writer_find(const char *name);

void graph_write_text(const struct graph *graph, struct buffer *out);
void graph_write_mermaid(const struct graph *graph, struct buffer *out);
void graph_write_dot(const struct graph *graph, struct buffer *out);
void graph_write_json(const struct graph *graph, struct buffer *out);

#endif
