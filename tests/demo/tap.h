/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DEMO_TAP_H
#define DEMO_TAP_H

#include "core/ids.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Listens to everything the services say: a temporary queue bound beside theirs, so nothing is
 * taken from anybody. */

struct tap;

struct heard {
    struct uuid id, causation_id;
    bool has_causation_id;
    char service[32];
    char name[64];
    char story[UUID_TEXT_BYTES]; /* correlation id */
    int64_t said_at_ms;          /* UTC, when it was stated */
};

struct tap *tap_open(void); /* ends the process when it cannot */
void tap_close(struct tap *tap);

/* Listens for at most wait_ms; calls `on` for each event. */
void tap_listen(struct tap *tap, int64_t wait_ms,
                void (*on)(void *context, const struct heard *heard), void *context);

#endif
