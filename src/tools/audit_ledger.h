/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_AUDIT_LEDGER_H
#define TOOLS_AUDIT_LEDGER_H

#include "core/ids.h"
#include "core/outcome.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The payment provider's own book: what it has really charged and refunded. */

struct ledger_line {
    struct uuid upgrade; /* metadata.upgrade_id; nil when it names none */
    bool is_refund;
    int64_t amount_minor;
    int64_t at_ms;
    const char *id, *intent, *currency; /* borrowed from the ledger's document */
};

struct ledger {
    json_object *document;
    struct ledger_line
        *lines; /* by upgrade, charges first, in the order of time; failed refunds moved no money */
    size_t count;
};

/* GET <url>/ledger, or the same document from `file:PATH`. LOST when nobody answers. */
enum outcome ledger_read(const char *url, struct ledger *ledger, struct fault *fault);
void ledger_done(struct ledger *ledger);

#endif
