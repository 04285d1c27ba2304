/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_CHECK_UPCAST_H
#define CONTRACTS_CHECK_UPCAST_H

#include "contracts/node.h"
#include "core/outcome.h"

#include <json.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * How an older major version of a message becomes this one, for those who read what was said long
 * ago. Written in the newer message's contract, one mapping for each older major; everything is
 * about members at the top of the payload:
 *
 *     x-upcast:
 *       - from: 1
 *         drop: [note]                    what has no meaning any more
 *         rename: {amount: amountMinor}   after that
 *         default: {currency: EUR}        where the member is not there
 *         set: {channel: web}             whatever it was
 */

enum { UPCAST_MAPPINGS_MAX = 16, UPCAST_MEMBERS_MAX = 64 };

/* What is wrong with an x-upcast. */
typedef void (*upcast_complain_fn)(void *context, const struct node *where, const char *text);

/* `message` is a Message Object (asyncapi_message: at) whose own major is `major`. Says everything
 * that is wrong with its x-upcast; none is fine. */
void upcast_judge(const struct node *message, int64_t major, upcast_complain_fn complain,
                  void *context);

/* The mapping from that major; NULL when there is none, or it is not usable. */
const struct node *upcast_find(const struct node *message, int64_t from);

/* REJECT when the body is no object, or a renamed member would overwrite another one. */
enum outcome upcast_apply(const struct node *mapping, struct json_object *body,
                          struct fault *fault);

#endif
