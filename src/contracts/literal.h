/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_LITERAL_H
#define CONTRACTS_LITERAL_H

#include "contracts/node.h"

#include <stdbool.h>

/* Values that stand in a contract (enum, const, bounds, examples), judged as JSON Schema does:
 * numbers digit by digit, maps without regard to order. */

bool literal_equal(const struct node *a, const struct node *b);

/* Numbers: less than, equal to or greater than zero; and whether one is an integer, as 1.0 is. */
int literal_compare(const struct node *a, const struct node *b);
bool literal_is_integer(const struct node *number);

/* Whether the value has the type, or one of the types, that `type` (string or list) names; unknown
 * names fit everything. */
bool literal_has_type(const struct node *value, const struct node *type);

#endif
