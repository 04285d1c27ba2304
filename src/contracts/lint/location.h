/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_LINT_LOCATION_H
#define CONTRACTS_LINT_LOCATION_H

#include "contracts/asyncapi.h"
#include "contracts/lint/schema_walk.h"

/*
 * Where a runtime expression leads in a message's schemas: `$message.header#/id`,
 * `$message.payload#/order/id`. ABSENT tells which step is `missing` (in the documents' arena);
 * DECLARED gives its schema in `found`, which may be NULL. What is no such expression, and what
 * schemas other than JSON Schema say, is OPEN.
 */
enum schema_answer location_find(struct documents *documents,
                                 const struct asyncapi_message *message, const char *expression,
                                 const struct node **found, const char **missing);

#endif
