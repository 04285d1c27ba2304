/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_LINT_VALUE_H
#define CONTRACTS_LINT_VALUE_H

#include "contracts/node.h"

#include <stdbool.h>

/* Values that stand in a contract, compared as JSON Schema does. */

/* Numbers by what they are worth, maps without regard to order. */
bool value_equal(const struct node *a, const struct node *b);

/* Whether the value has the type, or one of the types, that `type` (string or list) names; unknown
 * names fit everything. */
bool value_has_type(const struct node *value, const struct node *type);

#endif
