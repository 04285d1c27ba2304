/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_DLQ_COPY_H
#define TOOLS_DLQ_COPY_H

#include "core/broker.h"
#include "core/broker_headers.h"
#include "core/buffer.h"

/*
 * The property list of a message that is sent on: what stands there is copied byte for byte, except
 *
 *   - user_id, which the broker takes from its owner only: it goes into header quadrille-user-id
 *   - headers by which the broker counts deliveries: it would go on counting from there
 *   - delivery mode, always 2: a copy that a restart forgets is none
 *   - what `changes` says
 */

struct copy_changes {
    const struct header *headers; /* each replaces one of the same name */
    size_t header_count;
    const char *message_id; /* NULL: as it is */
    const char *user_id;    /* NULL: none */
};

/* `headers` is what headers_read made of `raw`. REJECT when the list cannot be read. */
enum outcome copy_properties(const void *raw, size_t raw_length, const struct header_value *headers,
                             const struct copy_changes *changes, struct buffer *out,
                             struct fault *fault);

#endif
