/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_BODY_H
#define CORE_BODY_H

#include "core/outcome.h"

#include <stddef.h>

/*
 * An HTTP body before any table reads it: is it JSON at all, and is there a card number in any
 * string, number or member's name? The fault is worded as the codec's: "/note must not hold a card
 * number".
 */

enum body_verdict { BODY_GOOD, BODY_MALFORMED, BODY_HAS_CARD };

enum body_verdict body_check(const char *json, size_t length, struct fault *fault);

#endif
