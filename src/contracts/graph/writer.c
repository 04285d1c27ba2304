/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/graph/writer.h"

#include <string.h>

static const struct graph_writer writers[] = {
    {"text", graph_write_text},
    {"mermaid", graph_write_mermaid},
    {"dot", graph_write_dot},
    {"json", graph_write_json},
};

const struct graph_writer *graph_writer_find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(writers); i++) {
        if (strcmp(writers[i].name, name) == 0) {
            return &writers[i];
        }
    }
    return NULL;
}
