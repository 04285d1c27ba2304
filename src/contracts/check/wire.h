/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_CHECK_WIRE_H
#define CONTRACTS_CHECK_WIRE_H

#include "contracts/check/check.h"
#include "core/buffer.h"

/*
 * A whole AMQP message as JSON, as `contract check --wire` reads it:
 *
 *     {"exchange": "billing.events", "routing_key": "billing.payment-completed.v1",
 *      "properties": {"content_type": "application/json", "type": "PaymentCompleted", …},
 *      "headers": {"cloudEvents_id": "…", …},
 *      "body": any JSON | "body_base64": "…"}
 *
 * Exchange and routing key may be left out, and are then not known and not judged; properties and
 * headers that are left out are not there. What the management page and its
 * API show for a message is understood as well: headers within the properties, `payload` with
 * `payload_encoding` (string or base64) as body. Other members are refused: a slip would be a fact
 * that is silently not judged.
 */

/* Borrows from the description; zeroed is valid. */
struct wire {
    struct check_message message;
    struct buffer body; /* decoded */
};

enum outcome wire_read(struct json_object *description, struct wire *wire, struct fault *fault);
void wire_done(struct wire *wire);

#endif
