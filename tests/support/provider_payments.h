/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_PROVIDER_PAYMENTS_H
#define SUPPORT_PROVIDER_PAYMENTS_H

#include "provider_form.h"
#include "provider_ledger.h"

/*
 * The rules of PaymentIntents and Refunds, as far as a shop needs them that charges once and
 * refunds at most once.
 *
 *   requires_payment_method ──► requires_confirmation ──► succeeded ──► refunds
 *            ▲  declined                 │  ├──► requires_action (confirmed again: asked again)
 *            └───────────────────────────┘  └──► processing ──► succeeded
 *   cancel: from everywhere but succeeded and canceled
 *
 * Nothing here waits or answers; the caller holds the provider's lock and commits the ledger.
 */

struct payments {
    struct ledger *ledger;
    int64_t
        processing_ms; /* until a processing charge or refund succeeds; -1: until settled by hand */
    int64_t refund_fail_ms; /* a refund that fails is said to have succeeded for so long */
    int64_t next_due_ms;    /* nothing is due before; 0 after a start: look */
};

struct reply {
    unsigned status;
    struct json_object *body; /* the caller's */
    bool has_begun;           /* execution began, so the reply is final for its idempotency key */
};

/* id: from the path, "" where it has none. */
typedef struct reply payments_call(struct payments *payments, const char *id,
                                   const struct form *form);

payments_call payments_create;
payments_call payments_read;
payments_call payments_confirm;
payments_call payments_cancel;
payments_call refunds_create;
payments_call refunds_read;
payments_call refunds_list;

/* Does what has become due by now. To be called before anything is read or changed. */
void payments_advance(struct payments *payments);

/* Ends all that is processing or pending at once; returns how many. */
int payments_settle(struct payments *payments);

/* What the ledger says to whoever audits it: charges, refunds, totals by currency, intents. */
struct json_object *payments_audit(const struct payments *payments);

/* Stripe's error object; code and param may be NULL. */
struct reply reply_error(unsigned status, const char *type, const char *code, const char *param,
                         const char *message);

#endif
