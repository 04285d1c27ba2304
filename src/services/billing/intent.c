/* SPDX-License-Identifier: Apache-2.0 */
#include "intent.h"

#include "billing_contract.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_key_good(const struct charge *charge, int64_t now_ms, int64_t key_life_ms)
{
    return charge->asked_at_ms != 0 && now_ms - charge->asked_at_ms < key_life_ms;
}

enum step intent_next(const struct charge *charge, bool is_clear, int64_t now_ms,
                      int64_t key_life_ms)
{
    bool is_known = charge->reference[0] != '\0';
    switch (charge->state) {
    case BILLING_CALLING:
        if (!is_known) {
            return STEP_CREATE;
        }
        return charge->confirm_n == 0 || is_clear ? STEP_CONFIRM : STEP_READ;
    case BILLING_DECLINING:
    case BILLING_VOIDING:
        if (is_known) {
            return STEP_CANCEL;
        }
        return is_key_good(charge, now_ms, key_life_ms) ? STEP_CREATE : STEP_CONCLUDE;
    case BILLING_REFUNDING:
        return charge->refund_n == 0 || is_clear ? STEP_REFUND : STEP_LIST;
    case BILLING_NONE:
    case BILLING_TO_CHARGE:
    case BILLING_CHARGED:
    case BILLING_DECLINED:
    case BILLING_REFUNDED:
    case BILLING_VOIDED:
    case BILLING_STATES:
        break;
    }
    return STEP_NONE;
}

/* Reading has no effect, and cancelling a second time neither: they need no key. */
static bool has_key(enum step step)
{
    return step == STEP_CREATE || step == STEP_CONFIRM || step == STEP_REFUND;
}

void intent_use_key(struct charge *charge, enum step step, int64_t now_ms, int64_t key_life_ms)
{
    if (!has_key(step)) {
        return;
    }
    int32_t *number = step == STEP_CREATE    ? &charge->create_n
                      : step == STEP_CONFIRM ? &charge->confirm_n
                                             : &charge->refund_n;
    if (*number == 0 || !is_key_good(charge, now_ms, key_life_ms)) {
        *number += 1;
        charge->asked_at_ms = now_ms;
    }
}

/* Nothing here needs escaping: ids, numbers, letters, and what the contract or is_plain have let
 * through. */
static void fill(char *to, size_t room, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void fill(char *to, size_t room, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(to, room, format, args);
    va_end(args);
    if (length < 0 || (size_t)length >= room) {
        abort();
    }
}

#define FILL(to, ...) fill((to), sizeof(to), __VA_ARGS__)

static void call_create(const struct charge *charge, const char *upgrade,
                        struct provider_call *call)
{
    char currency[sizeof charge->currency];
    for (size_t i = 0; i < sizeof currency; i++) {
        currency[i] = (char)tolower((unsigned char)charge->currency[i]);
    }
    FILL(call->path, "/v1/payment_intents");
    FILL(
        call->form,
        "amount=%lld&currency=%s&payment_method=%s&metadata[upgrade_id]=%s"
        "&automatic_payment_methods[enabled]=true&automatic_payment_methods[allow_redirects]=never",
        (long long)charge->amount_minor, currency, charge->payment_method, upgrade);
    if (charge->create_n == 1) {
        FILL(call->key, "%s:create", upgrade);
    } else {
        FILL(call->key, "%s:create:%d", upgrade, charge->create_n);
    }
}

void intent_call(const struct charge *charge, enum step step, struct provider_call *call)
{
    char upgrade[UUID_TEXT_BYTES];
    ids_format(&charge->upgrade_id, upgrade);
    *call = (struct provider_call){.is_post = true};

    switch (step) {
    case STEP_CREATE:
        call_create(charge, upgrade, call);
        break;
    case STEP_CONFIRM:
        FILL(call->path, "/v1/payment_intents/%s/confirm", charge->reference);
        FILL(call->key, "%s:confirm:%d", upgrade, charge->confirm_n);
        break;
    case STEP_READ:
        FILL(call->path, "/v1/payment_intents/%s", charge->reference);
        call->is_post = false;
        break;
    case STEP_CANCEL:
        FILL(call->path, "/v1/payment_intents/%s/cancel", charge->reference);
        break;
    case STEP_REFUND:
        FILL(call->path, "/v1/refunds");
        FILL(call->form, "payment_intent=%s&amount=%lld&metadata[upgrade_id]=%s", charge->reference,
             (long long)charge->amount_minor, upgrade);
        FILL(call->key, "%s:refund:%d", upgrade, charge->refund_n);
        break;
    case STEP_LIST:
        FILL(call->path, "/v1/refunds?payment_intent=%s&limit=100", charge->reference);
        call->is_post = false;
        break;
    case STEP_NONE:
    case STEP_CONCLUDE:
        abort(); /* nothing to ask */
    }
}

/* In the contract's words: the issuer's reason if it has one for it, else the provider's, else
 * `other`. */
static void note_decline(struct charge *charge, const struct answer *answer)
{
    const char *const codes[] = {answer->decline_code, answer->code};
    const char *reason = decline_reason_values[DECLINE_REASON_OTHER];
    for (size_t i = COUNT_OF(codes); i-- > 0;) {
        for (size_t j = 0; j < COUNT_OF(decline_reason_values); j++) {
            if (strcmp(codes[i], decline_reason_values[j]) == 0) {
                reason = decline_reason_values[j];
            }
        }
    }
    (void)snprintf(charge->decline_reason, sizeof charge->decline_reason, "%s", reason);
}

/* Whatever key is still without an answer belongs to what has now been settled. */
static enum lesson learn(struct charge *charge, enum billing_event *event, enum billing_event what)
{
    charge->asked_at_ms = 0;
    *event = what;
    return LEARNED_EVENT;
}

/* Created, or found again. The provider keeps the payment method now. */
static enum lesson learn_reference(struct charge *charge, const struct answer *answer)
{
    (void)snprintf(charge->reference, sizeof charge->reference, "%s", answer->reference);
    charge->payment_method[0] = '\0';
    return LEARNED_STEP;
}

static enum lesson learn_payment(struct charge *charge, enum step asked,
                                 const struct answer *answer, enum billing_event *event)
{
    bool is_refused = answer->http_status >= 400;
    switch (answer->payment) {
    case PAYMENT_SUCCEEDED:
        return learn(charge, event,
                     asked == STEP_CANCEL ? BILLING_ON_CANNOT_CANCEL : BILLING_ON_CHARGED);
    case PAYMENT_CANCELED:
        return learn(charge, event,
                     asked == STEP_CANCEL && !is_refused ? BILLING_ON_CANCELLED
                                                         : BILLING_ON_INTENT_IS_CANCELLED);
    case PAYMENT_REQUIRES_METHOD:
        if (asked == STEP_CANCEL) {
            return LEARNED_NOTHING;
        }
        note_decline(charge, answer);
        return learn(charge, event, BILLING_ON_DECLINED);
    case PAYMENT_REQUIRES_CONFIRMATION:
        return asked == STEP_READ ? LEARNED_CLEAR : LEARNED_NOTHING;
    case PAYMENT_REQUIRES_ACTION:
    case PAYMENT_PROCESSING:
    case PAYMENT_OTHER:
        break;
    }
    return asked == STEP_CANCEL ? LEARNED_NOTHING : LEARNED_PENDING;
}

static enum lesson learn_refund(struct charge *charge, const struct answer *answer,
                                enum billing_event *event)
{
    switch (answer->refund) {
    case REFUND_SUCCEEDED:
        if (answer->refunded_minor != charge->amount_minor) {
            break; /* somebody has paid back a part by hand: for people to settle */
        }
        (void)snprintf(charge->refund_reference, sizeof charge->refund_reference, "%s",
                       answer->reference);
        return learn(charge, event, BILLING_ON_REFUNDED);
    case REFUND_PENDING:
        return LEARNED_PENDING;
    case REFUND_FAILED:
    case REFUND_NOTHING:
        return LEARNED_CLEAR;
    }
    (void)snprintf(charge->last_error, sizeof charge->last_error, "partly_refunded");
    charge->needs_attention = true;
    return LEARNED_NOTHING;
}

static enum lesson learn_refusal(struct charge *charge, enum step asked,
                                 const struct answer *answer, enum billing_event *event)
{
    if (asked == STEP_CREATE && answer->is_about_method) { /* there is no payment intent */
        note_decline(charge, answer);
        return learn(charge, event, BILLING_ON_DECLINED);
    }
    if (asked == STEP_REFUND && strcmp(answer->code, "charge_already_refunded") == 0) {
        return LEARNED_NOTHING; /* the list shows it, sooner or later */
    }
    charge->needs_attention = true; /* we asked what cannot be asked: the user did nothing wrong */
    return LEARNED_NOTHING;
}

enum lesson intent_learn(struct charge *charge, enum step asked, const struct answer *answer,
                         enum billing_event *event)
{
    bool is_answer = answer->kind != ANSWER_NONE && answer->kind != ANSWER_LATER &&
                     answer->kind != ANSWER_DENIED;
    if (is_answer && has_key(asked)) {
        charge->asked_at_ms = 0; /* whatever it was, it is final for the key */
    }
    (void)snprintf(charge->last_error, sizeof charge->last_error, "%s", answer->code);

    switch (answer->kind) {
    case ANSWER_INTENT:
        return asked == STEP_CREATE ? learn_reference(charge, answer)
                                    : learn_payment(charge, asked, answer, event);
    case ANSWER_REFUND: {
        enum lesson lesson = learn_refund(charge, answer, event);
        if (lesson != LEARNED_CLEAR || asked == STEP_LIST) {
            return lesson;
        }
        charge->needs_attention =
            true; /* the provider could not pay back: tried on, but people should know */
        (void)snprintf(charge->last_error, sizeof charge->last_error, "refund_failed");
        return LEARNED_NOTHING;
    }
    case ANSWER_REFUSED:
        return learn_refusal(charge, asked, answer, event);
    case ANSWER_NONE:
    case ANSWER_LATER:
    case ANSWER_BROKEN:
    case ANSWER_DENIED:
        break;
    }
    return LEARNED_NOTHING;
}
