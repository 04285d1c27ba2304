/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BILLING_CASHIER_H
#define BILLING_CASHIER_H

#include "core/service.h"

/*
 * Works off open intents: leases those that are due, asks the provider for many at once outside any
 * transaction, and commits each answer together with its event if the lease is still its own. One
 * thread.
 */
extern const struct part cashier_part;

#endif
