/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BILLING_CHARGE_H
#define BILLING_CHARGE_H

#include "core/db.h"
#include "core/envelope.h"
#include "core/ids.h"
#include "publishers/work.h"
#include "saga/premium_upgrade.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * A charge in memory: its row, with its refund's. Handlers and the cashier decide about it by the
 * table in src/saga; here is what both do with a rule.
 */

enum {
    REFERENCE_MAX_BYTES = 255,
    METHOD_MAX_BYTES = 255,
    CODE_MAX_BYTES = 63,
};

struct charge {
    struct uuid id, upgrade_id;
    struct uuid user_id; /* nil once forgotten */
    enum billing_state state;
    int64_t amount_minor;
    char currency[4];
    char payment_method[METHOD_MAX_BYTES + 1]; /* "" once the provider keeps it */
    char reference[REFERENCE_MAX_BYTES + 1];   /* of the payment intent; "" until it is known */
    int32_t create_n, confirm_n, refund_n;     /* the newest key of its kind; 0 = none used yet */
    int64_t asked_at_ms; /* first use of a key that has had no answer; 0 = there is none */
    char decline_reason[CODE_MAX_BYTES + 1];
    bool is_open; /* something is wanted of the provider */
    int32_t tries;
    char last_error[CODE_MAX_BYTES + 1];
    bool needs_attention;
    struct uuid cause_id;
    char traceparent[TRACEPARENT_TEXT_BYTES];
    struct uuid refund_id; /* nil until it is opened */
    char refund_reference[REFERENCE_MAX_BYTES + 1];
};

/* From a row of charge_load, charge_due or charge_held. RETRY when the state is none that this
 * version knows; with is_conflict when the charge was moved between its refund and itself. */
enum outcome charge_read(const struct db_rows *rows, int row, struct charge *charge,
                         struct fault *fault);

/*
 * Does what the rule says in the open transaction: the next state, the refund row, the event; in
 * memory and queued, all but the charge row itself, which the caller writes.
 */
enum outcome charge_apply(struct work *work, struct charge *charge,
                          const struct billing_rule *rule);

/* Counts and logs a (state, event) that changes nothing; `rule` NULL = never expected. */
void charge_note(struct work *work, const struct charge *charge, enum billing_event event,
                 const struct billing_rule *rule);

#endif
