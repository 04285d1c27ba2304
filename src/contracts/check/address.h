/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_CHECK_ADDRESS_H
#define CONTRACTS_CHECK_ADDRESS_H

#include "contracts/asyncapi.h"

#include <stdbool.h>

/*
 * Does a routing key belong to a channel's address? AsyncAPI (3.0 and 3.1, "Channel Address
 * Expressions") says only that an expression is a name in curly braces and stands for a dynamic
 * value, and ("Parameter Object") that `enum` limits the values; which characters a value may have,
 * it leaves open. Here `{id}` is one or more bytes of one word: never a dot, which divides
 * the words of a routing key as it does for AMQP's own `*`. It may be a part of the word
 * (`order-{id}`), and a parameter with `enum` stands for one of its values. Some documents have a
 * binding key as address: there `*` is one word, `#` any number of words.
 */

enum { ADDRESS_MAX_BYTES = 255 }; /* of a routing key, in AMQP */

bool address_matches(struct documents *documents, const struct asyncapi_channel *channel,
                     const char *routing_key);

#endif
