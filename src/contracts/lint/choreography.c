/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/choreography.h"

bool choreography_says_true(const struct node *map, const char *key)
{
    const struct node *value = node_find(map, key);
    return value != NULL && value->kind == NODE_BOOLEAN && value->integer == 1;
}

void lint_choreography(struct lint *lint)
{
    choreography_flow(lint);
    choreography_personal(lint);
    choreography_sagas(lint);
    if (lint->is_ours) {
        choreography_extensions(lint);
        choreography_ours(lint);
    }
}
