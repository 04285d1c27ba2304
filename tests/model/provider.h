/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_PROVIDER_H
#define MODEL_PROVIDER_H

#include "world.h"

/*
 * The payment provider. It keeps the first answer of each idempotency key, a 500 too, until it
 * forgets all keys (a day passes). It refuses what the payment intent's own state forbids:
 * confirming a cancelled one, cancelling or charging a charged one, refunding twice.
 */

/* What it answers. Those before SAYS_OPEN may be stored under a key, in 3 bits. */
enum reply {
    NO_REPLY,
    SAYS_CREATED,
    SAYS_REFUSED, /* a creation: no such payment method; a refund: it is made already */
    SAYS_CHARGED,
    SAYS_DECLINED,
    SAYS_ERROR, /* a 500; stored under the key, it is that key's answer for a day */
    SAYS_IS_CANCELLED,
    SAYS_REFUNDED,
    SAYS_OPEN,
    SAYS_CANCELLED,
    SAYS_CANNOT_CANCEL,
    SAYS_NOT_REFUNDED,
    REPLIES,
};

/* What it does with a request that it has not seen before. */
enum choice { CARRY_OUT, DECLINE, FAIL_BEFORE, FAIL_AFTER, CHOICES };

const char *provider_reply_name(unsigned reply);
const char *provider_call_name(unsigned step);
const char *provider_choice_name(enum choice choice);

/* Whether the choice is open when this call arrives. */
bool provider_may_choose(const struct run *run, const struct world *world, unsigned story,
                         const struct call *call, enum choice choice);
/* The request arrives: the stored answer, or the effect and an answer to store. */
enum reply provider_answers(struct story *story, const struct call *call, enum choice choice);

#endif
