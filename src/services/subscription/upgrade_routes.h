/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUBSCRIPTION_UPGRADE_ROUTES_H
#define SUBSCRIPTION_UPGRADE_ROUTES_H

#include "publishers/command.h"

/* Premium upgrades over HTTP: ask for one, look at one or all, cancel one. */

enum { UPGRADE_ROUTES = 4 };

extern const struct command_route upgrade_routes[UPGRADE_ROUTES];

#endif
