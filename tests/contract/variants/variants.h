/* SPDX-License-Identifier: Apache-2.0 */
#ifndef VARIANTS_VARIANTS_H
#define VARIANTS_VARIANTS_H

#include "contracts/node.h"
#include "contracts/schema.h"
#include "core/buffer.h"
#include "support/dice.h"

#include <stddef.h>

/*
 * Thousands of variants of one example, as JSON text: first each change of the table alone, at each
 * value of the example that it suits, then some of them together, then bytes damaged. Most changes
 * lie where a contract draws a line: at a bound, at a length, beside an enum's value, one character
 * off a format. Which of them are valid is not said: two judges are asked.
 */

/* A value of the example and what the contract says about it. */
struct spot {
    const struct node *node;
    const struct schema *schema;
};

struct variants {
    struct spot *spots; /* the example first */
    size_t count, room;
};

/* Zeroed is empty. `schema` is the payload's. */
void variants_of(struct variants *variants, const struct node *example,
                 const struct schema *schema);
void variants_done(struct variants *variants);

/* `json` ends in a NUL that `length` does not count. */
typedef void variants_judge(void *context, const char *json, size_t length);

/* The example itself and every single change. */
void variants_single(const struct variants *variants, variants_judge *judge, void *context);

/* `count` times some changes together, every fourth with damaged bytes. */
void variants_random(const struct variants *variants, struct dice *dice, size_t count,
                     variants_judge *judge, void *context);

#endif
