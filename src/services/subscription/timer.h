/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUBSCRIPTION_TIMER_H
#define SUBSCRIPTION_TIMER_H

#include "core/service.h"

/*
 * The passing of time: a deadline that is over, a revocation that nobody has answered. One thread;
 * of several processes any may take what is due. It also counts what needs attention.
 */
extern const struct part timer_part;

/* For /readyz: which upgrades need attention. Asks the database only when there are some. */
void timer_readiness(struct runtime *runtime, struct buffer *out);

#endif
