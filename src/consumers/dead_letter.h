/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONSUMERS_DEAD_LETTER_H
#define CONSUMERS_DEAD_LETTER_H

#include "consumers/incoming.h"
#include "publishers/outbox.h"

/*
 * Appends the message as a dead letter to the outbox: body, properties and headers as they came,
 * plus why, where and since when it failed. `max_bytes` bounds the property list; our texts are cut
 * to fit.
 */
enum outcome dead_letter_add(struct outbox *outbox, const char *queue, const struct incoming *in,
                             int64_t now_ms, size_t max_bytes, struct arena *arena,
                             struct fault *fault);

#endif
