/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_DLQ_REASON_H
#define TOOLS_DLQ_REASON_H

#include "core/memory.h"

#include <stddef.h>

/*
 * A reason without what differs from case to case, so that a thousand letters of one cause are one
 * group: "order 4711 not found at 10:02:33" becomes "order <n> not found at <time>". Only the first
 * line that says something counts; it is cut after REASON_MAX_BYTES.
 */

enum { REASON_MAX_BYTES = 240 };

/* Any bytes; lives in the arena. */
const char *reason_normal(const char *text, size_t length, struct arena *arena);

#endif
