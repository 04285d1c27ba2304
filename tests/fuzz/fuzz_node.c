/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/merge.h"
#include "contracts/node.h"
#include "contracts/ref.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool is_true)
{
    if (!is_true) {
        abort();
    }
}

/* Every node is where its parent says, and can be found by its name. */
static size_t check_tree(const struct node *node, int depth)
{
    require(depth <= NODE_MAX_DEPTH + 1);
    require(isfinite(node->number));
    require((node->kind >= NODE_LIST) == (node->text == NULL));
    require(node->place.line > 0 && node->place.column > 0);
    size_t count = 0;
    size_t below = 0;
    for (const struct node *child = node->first; child != NULL; child = child->next) {
        count++;
        require(child->parent == node);
        require((child->key != NULL) == (node->kind == NODE_MAP));
        require(child->key == NULL || node_find(node, child->key) == child);
        below += check_tree(child, depth + 1);
    }
    require(count == node->count && count <= NODE_MAX_ITEMS);
    return below + 1;
}

/* References and traits of any node, wherever they lead. */
static void follow_all(struct documents *documents, const struct node *node)
{
    const struct node *target = ref_follow(documents, node);
    require(target == NULL || node_find(target, "$ref") == NULL);
    if (node->kind == NODE_MAP) {
        require(merge_traits(documents, node)->kind == NODE_MAP);
    }
    for (const struct node *child = node->first; child != NULL; child = child->next) {
        follow_all(documents, child);
    }
}

/* The first byte chooses the language. What cannot be read is said, what can be read is whole. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct documents documents = {0};
    const char *path = data[0] == '{' ? "fuzz.json" : "fuzz.yaml";
    size_t skip = data[0] == '{' ? 0 : 1;
    const struct node *root = node_parse(path, (const char *)data + skip, size - skip,
                                         &documents.arena, &documents.findings);
    require((root == NULL) == (documents.findings.count > 0));
    if (root != NULL) {
        require(check_tree(root, 0) <= NODE_MAX_NODES);
        follow_all(&documents, root);
    }
    documents_done(&documents);
    return 0;
}
