/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_CRASH_H
#define CORE_CRASH_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Places where a failure test kills the process, named by the environment:
 *
 *   CRASH_AT=label            SIGKILL at the first pass of crash_point("label")
 *   CRASH_AT=label:3          at the third
 *   CRASH_AT=label:3:abort    by abort(); `exit` = _exit(1), `stop` = SIGSTOP: frozen
 *   CRASH_ON=marker           SIGKILL when crash_on sees bytes with the marker: a poison message
 *
 * A variable that cannot be read ends the process at start, so that no test passes because of a
 * typing error. Unset, a point costs one load.
 */

extern bool crash_is_armed; /* read before threads start, then never written */

void crash_pass(const char *label);
void crash_look(const void *bytes, size_t length);

static inline void crash_point(const char *label)
{
    if (__builtin_expect(crash_is_armed, false)) {
        crash_pass(label);
    }
}

static inline void crash_on(const void *bytes, size_t length)
{
    if (__builtin_expect(crash_is_armed, false)) {
        crash_look(bytes, length);
    }
}

#endif
