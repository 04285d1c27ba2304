/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_DLQ_BODY_VIEW_H
#define TOOLS_DLQ_BODY_VIEW_H

#include "core/broker.h"
#include "core/buffer.h"

/* A body for people: decompressed within bounds, JSON with a member per line, text escaped,
 * anything else as a hex dump. */

enum {
    BODY_INFLATED_MAX_BYTES = 4 * 1024 * 1024, /* of a compressed body: no bomb goes further */
    BODY_HEX_MAX_BYTES = 64 * 1024,            /* shown of a binary one */
};

enum body_kind { BODY_EMPTY, BODY_JSON, BODY_TEXT, BODY_BINARY };

struct body_view {
    enum body_kind kind;
    const char *bytes; /* as it came, or decompressed */
    size_t length;
    bool is_compressed;
    bool is_bounded; /* it would have become larger */
    const char
        *problem; /* it says that it is compressed and cannot be read: `bytes` is as it came */
    struct buffer inflated;
};

/* Borrows the delivery's body. */
void body_view_init(struct body_view *view, const struct delivery *delivery);
void body_view_done(struct body_view *view);

/* "JSON", "text", "binary", "empty" */
const char *body_kind_name(enum body_kind kind);

/* For a terminal: escaped, at most about max_bytes of it, with a line that says when it was cut. */
void body_view_print(const struct body_view *view, size_t max_bytes, struct buffer *out);

#endif
