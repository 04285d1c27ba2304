/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_REPLAY_PROPERTY_LIST_H
#define TOOLS_REPLAY_PROPERTY_LIST_H

#include "core/broker.h"
#include "core/buffer.h"

/*
 * An AMQP property list as it came over the wire, with headers added and nothing else changed: the
 * bytes of everything else stay as they are. What the broker itself has put there when it delivered
 * (x-delivery-count and the like) is left out: it was about that delivery.
 */

/* Appended to `out`. A header of the same name as one of `more` (texts all of them) is replaced.
 * REJECT when the list cannot be read. */
enum outcome property_list_mark(const void *raw, size_t raw_length, const struct header *more,
                                size_t count, struct buffer *out, struct fault *fault);

#endif
