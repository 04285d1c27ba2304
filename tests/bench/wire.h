/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_WIRE_H
#define BENCH_WIRE_H

#include "core/broker.h"
#include "core/buffer.h"
#include "core/contract.h"
#include "core/envelope.h"

/*
 * Publishes an event with the properties and headers that the relay gives it, without an outbox:
 * for filling a queue, and for the loop that has no database. `scratch` is reused from call to
 * call.
 */
enum outcome wire_publish(struct broker *broker, const struct message *message,
                          const struct envelope *envelope, struct buffer *scratch, uint64_t *number,
                          struct fault *fault);

#endif
