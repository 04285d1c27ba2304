/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/graph/writer.h"

#include <string.h>

const struct graph_writer graph_writers[] = {
    {"text", graph_write_text},
    {"mermaid", graph_write_mermaid},
    {"dot", graph_write_dot},
    {"json", graph_write_json},
};
const size_t graph_writer_count = COUNT_OF(graph_writers);

const struct graph_writer *graph_writer_find(const char *name)
{
    for (size_t i = 0; i < graph_writer_count; i++) {
        if (strcmp(graph_writers[i].name, name) == 0) {
            return &graph_writers[i];
        }
    }
    return NULL;
}
