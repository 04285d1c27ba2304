/* SPDX-License-Identifier: Apache-2.0 */
#include "charge.h"

#include "billing_contract.h"
#include "billing_sql.h"
#include "core/log.h"
#include "core/service.h"

#include <stdio.h>
#include <string.h>

/* Every text of ours was bounded when it was written. */
static void copy(char *to, size_t room, const struct db_rows *rows, int row, int column)
{
    (void)snprintf(to, room, "%s", db_get_text(rows, row, column));
}

/*
 * PostgreSQL reads a row that it had to wait for once more, but not what was joined to it: such a
 * charge is newer than its refund, and the next reading has both.
 */
static bool is_torn(const struct charge *charge)
{
    switch (charge->state) {
    case BILLING_REFUNDING:
        return ids_is_nil(&charge->refund_id);
    case BILLING_REFUNDED:
        return charge->refund_reference[0] == '\0';
    case BILLING_NONE:
    case BILLING_TO_CHARGE:
    case BILLING_CALLING:
    case BILLING_DECLINING:
    case BILLING_CHARGED:
    case BILLING_DECLINED:
    case BILLING_VOIDING:
    case BILLING_VOIDED:
    case BILLING_STATES:
        break;
    }
    return false;
}

enum outcome charge_read(const struct db_rows *rows, int row, struct charge *charge,
                         struct fault *fault)
{
    enum billing_state state = BILLING_NONE;
    if (!billing_state_find(db_get_text(rows, row, 3), &state)) {
        return fault_set(fault, RETRY, "a charge is in state %s, which this version does not know",
                         db_get_text(rows, row, 3));
    }
    *charge = (struct charge){
        .id = db_get_uuid(rows, row, 0),
        .upgrade_id = db_get_uuid(rows, row, 1),
        .user_id = db_get_uuid(rows, row, 2),
        .state = state,
        .amount_minor = db_get_i64(rows, row, 4),
        .create_n = (int32_t)db_get_i64(rows, row, 8),
        .confirm_n = (int32_t)db_get_i64(rows, row, 9),
        .refund_n = (int32_t)db_get_i64(rows, row, 10),
        .asked_at_ms = db_is_null(rows, row, 11) ? 0 : db_get_time(rows, row, 11),
        .is_open = db_get_bool(rows, row, 13),
        .tries = (int32_t)db_get_i64(rows, row, 14),
        .needs_attention = db_get_bool(rows, row, 16),
        .cause_id = db_get_uuid(rows, row, 17),
        .refund_id = db_get_uuid(rows, row, 19),
    };
    copy(charge->currency, sizeof charge->currency, rows, row, 5);
    copy(charge->payment_method, sizeof charge->payment_method, rows, row, 6);
    copy(charge->reference, sizeof charge->reference, rows, row, 7);
    copy(charge->decline_reason, sizeof charge->decline_reason, rows, row, 12);
    copy(charge->last_error, sizeof charge->last_error, rows, row, 15);
    copy(charge->traceparent, sizeof charge->traceparent, rows, row, 18);
    copy(charge->refund_reference, sizeof charge->refund_reference, rows, row, 20);
    if (is_torn(charge)) {
        enum outcome o = fault_set(fault, RETRY, "a charge was moved while its refund was read");
        fault->is_conflict = true;
        return o;
    }
    return OK;
}

static enum decline_reason decline_reason(const struct charge *charge)
{
    for (size_t i = 0; i < COUNT_OF(decline_reason_values); i++) {
        if (strcmp(decline_reason_values[i], charge->decline_reason) == 0) {
            return (enum decline_reason)i;
        }
    }
    return DECLINE_REASON_OTHER;
}

static enum outcome say(struct work *work, const struct charge *charge, enum billing_say what)
{
    switch (what) {
    case BILLING_SAYS_PAYMENT_COMPLETED:
        return publish_payment_completed(work, &(struct payment_completed){
                                                   .upgrade_id = charge->upgrade_id,
                                                   .user_id = charge->user_id,
                                                   .charge_id = charge->id,
                                                   .provider_reference = charge->reference,
                                                   .amount_minor = charge->amount_minor,
                                                   .currency = charge->currency,
                                                   .paid_at_ms = work->now_ms,
                                               });
    case BILLING_SAYS_PAYMENT_FAILED:
        return publish_payment_failed(work, &(struct payment_failed){
                                                .upgrade_id = charge->upgrade_id,
                                                .user_id = charge->user_id,
                                                .reason = decline_reason(charge),
                                                .failed_at_ms = work->now_ms,
                                            });
    case BILLING_SAYS_PAYMENT_REFUNDED:
        return publish_payment_refunded(work, &(struct payment_refunded){
                                                  .upgrade_id = charge->upgrade_id,
                                                  .user_id = charge->user_id,
                                                  .refund_id = charge->refund_id,
                                                  .charge_id = charge->id,
                                                  .provider_reference = charge->refund_reference,
                                                  .amount_minor = charge->amount_minor,
                                                  .currency = charge->currency,
                                                  .refunded_at_ms = work->now_ms,
                                              });
    case BILLING_SAYS_PAYMENT_VOIDED:
        return publish_payment_voided(work, &(struct payment_voided){
                                                .upgrade_id = charge->upgrade_id,
                                                .user_id = charge->user_id,
                                                .voided_at_ms = work->now_ms,
                                            });
    case BILLING_SAYS_NOTHING:
    case BILLING_SAYS:
        break;
    }
    return OK;
}

static enum outcome open_refund(struct work *work, struct charge *charge)
{
    charge->refund_id = ids_new();
    return work_queue(work, &sql_refund_open,
                      DB_PARAMS(db_uuid(&charge->refund_id), db_uuid(&charge->id),
                                db_i64(charge->amount_minor), db_text(charge->currency)),
                      1);
}

static enum outcome close_refund(struct work *work, const struct charge *charge)
{
    return work_queue(work, &sql_refund_done,
                      DB_PARAMS(db_uuid(&charge->refund_id), db_text(charge->refund_reference),
                                db_time(work->now_ms)),
                      1);
}

enum outcome charge_apply(struct work *work, struct charge *charge, const struct billing_rule *rule)
{
    enum { OPENS = DO_OPEN_CHARGE_INTENT | DO_CANCEL_AT_PROVIDER | DO_OPEN_REFUND_INTENT };
    enum outcome o = OK;

    if (rule->next != charge->state) {
        log_info("charge.moved", LOG_ID("upgrade", &charge->upgrade_id),
                 LOG_TEXT("from", billing_state_name(charge->state)),
                 LOG_TEXT("to", billing_state_name(rule->next)),
                 LOG_TEXT("because", rule->because));
    }
    charge->state = rule->next;
    if (rule->actions & OPENS) {
        charge->is_open = true;
    }
    if (rule->actions & (DO_CLOSE_INTENT | DO_INSERT_CHARGE_TOMBSTONE)) {
        charge->is_open = false;
    }
    if (rule->actions & DO_OPEN_REFUND_INTENT) {
        o = open_refund(work, charge);
    }
    if (o == OK && rule->event == BILLING_ON_REFUNDED) {
        o = close_refund(work, charge);
    }
    return o == OK ? say(work, charge, rule->say) : o;
}

void charge_note(struct work *work, const struct charge *charge, enum billing_event event,
                 const struct billing_rule *rule)
{
    if (rule != NULL) {
        work->runtime->counters.saga_noops++;
        log_debug("saga.no-op", LOG_ID("upgrade", &charge->upgrade_id),
                  LOG_TEXT("state", billing_state_name(charge->state)),
                  LOG_TEXT("event", billing_event_name(event)), LOG_TEXT("because", rule->because));
        return;
    }
    work->runtime->counters.saga_unknown++;
    log_warn("saga.unknown", LOG_ID("upgrade", &charge->upgrade_id),
             LOG_TEXT("state", billing_state_name(charge->state)),
             LOG_TEXT("event", billing_event_name(event)));
}
