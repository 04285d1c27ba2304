/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/cli.h"

#include <assert.h>
#include <string.h>

struct nodes {
    struct cli_node *items;
    size_t count;
};

static size_t find(const struct nodes *nodes, const char *path, size_t length)
{
    for (size_t i = 0; i < nodes->count; i++) {
        if (strlen(nodes->items[i].path) == length &&
            strncmp(nodes->items[i].path, path, length) == 0) {
            return i;
        }
    }
    return nodes->count;
}

/* "contract" and "contract check" for "contract check". */
static void add(struct nodes *nodes, struct arena *arena, const struct cli_command *command)
{
    const char *word = command->path;
    size_t parent = 0;
    for (;;) {
        size_t end = (size_t)(word - command->path) + strcspn(word, " ");
        size_t i = find(nodes, command->path, end);
        if (i == nodes->count) {
            assert(nodes->count < CLI_NODES_MAX);
            const char *path = arena_text(arena, command->path, end);
            nodes->items[nodes->count++] = (struct cli_node){
                .path = path, .word = path + (word - command->path), .parent = parent};
        }
        parent = i;
        if (command->path[end] == '\0') {
            nodes->items[i].command = command;
            nodes->items[i].summary = command->summary;
            return;
        }
        word = command->path + end + 1;
    }
}

/* "check, diff, doc": what a word is about that is no command. */
static const char *following(const struct nodes *nodes, size_t parent, struct arena *arena)
{
    const char *text = "";
    for (size_t i = 1; i < nodes->count; i++) {
        if (nodes->items[i].parent == parent) {
            text = arena_printf(arena, "%s%s%s", text, *text != '\0' ? ", " : "",
                                nodes->items[i].word);
        }
    }
    return text;
}

const struct cli_node *cli_nodes(const struct cli_tree *tree, struct arena *arena, size_t *count)
{
    struct nodes nodes = {arena_alloc(arena, CLI_NODES_MAX * sizeof nodes.items[0]), 1};
    nodes.items[0] = (struct cli_node){.path = "", .word = ""};
    for (size_t g = 0; g < tree->group_count; g++) {
        for (size_t i = 0; i < tree->counts[g]; i++) {
            add(&nodes, arena, &tree->groups[g][i]);
        }
    }
    for (size_t i = 0; i < nodes.count; i++) {
        if (nodes.items[i].summary == NULL) {
            nodes.items[i].summary = following(&nodes, i, arena);
        }
    }
    *count = nodes.count;
    return nodes.items;
}
