/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_ENVELOPE_H
#define CORE_ENVELOPE_H

#include "core/ids.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * An event around its payload: CloudEvents 1.0 attributes in our words. Plain data; texts are
 * borrowed from whoever made it (a delivery, a database row). NULL text, false flag or 0 means "not
 * there".
 */

enum {
    ENVELOPE_BODY_MAX_BYTES = 256 * 1024,
    ENVELOPE_TYPE_MAX_BYTES = 200,
    ENVELOPE_SUBJECT_MAX_BYTES = 64,
    ENVELOPE_FUTURE_MAX_MS = 5 * 60 * 1000, /* how far ahead the clock in an id may be */
    TRACEPARENT_TEXT_BYTES = 56,            /* 00-<32 hex>-<16 hex>-<2 hex> and the NUL */
};

struct envelope {
    struct uuid id;
    const char *type;   /* fit.billing.PaymentCompleted.v1 */
    const char *source; /* /fit/billing */
    const char *subject;
    struct uuid correlation_id;
    bool has_correlation_id;
    struct uuid causation_id;
    bool has_causation_id;
    int64_t sequence; /* per subject, from 1; 0 = none */
    int64_t time_ms;
    const char *traceparent;
    const char *body; /* JSON, not NUL-terminated */
    size_t body_length;
};

/*
 * What everybody who takes a message insists on. Both return NULL, or what is wrong, without any
 * value. The id is property message_id, else header cloudEvents_id; the texts may be NULL. `out` is
 * good only when nothing is wrong.
 */
const char *envelope_read_id(const char *message_id, const char *header, struct uuid *out);
const char *envelope_check_content(const char *content_type, const char *content_encoding);

#endif
