/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_HISTORY_PRINT_H
#define TOOLS_HISTORY_PRINT_H

#include "core/buffer.h"
#include "tools/history/history.h"

/* An event of the log for people and for programs. */

enum print_depth {
    PRINT_HEAD,  /* what it is */
    PRINT_WHOLE, /* and body and properties: docs/json.md */
};

/* One JSON object, without a line feed. */
void print_json(struct buffer *out, const struct history_event *event, enum print_depth depth);
/* One line: when, type, service, subject, id. */
void print_line(const struct cli_call *call, const struct history_event *event);
/* "PaymentCompleted" of fit.billing.PaymentCompleted.v1; borrowed from `type`, `length` long. */
const char *print_name(const char *type, size_t *length);

#endif
