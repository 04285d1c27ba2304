/* SPDX-License-Identifier: Apache-2.0 */
#include "services/billing/intent.h"

#include "billing_contract.h"
#include "core/memory.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

enum { NOW_MS = 1000000, LIFE_MS = 1000, FRESH = NOW_MS - LIFE_MS + 1, OLD = NOW_MS - LIFE_MS };

#define UPGRADE "01a21163-ad6c-70e3-8bae-73c50f6250d6"

static struct charge new_charge(enum billing_state state, const char *reference)
{
    struct charge charge = {.state = state,
                            .amount_minor = 999,
                            .currency = "EUR",
                            .payment_method = "pm_card_visa",
                            .is_open = true};
    ck_assert(ids_parse(UPGRADE, &charge.upgrade_id));
    (void)snprintf(charge.reference, sizeof charge.reference, "%s", reference);
    return charge;
}

/* clang-format off */
static const struct {
    enum billing_state state;
    const char *reference;
    int32_t confirm_n, refund_n;
    int64_t asked_at_ms;
    bool is_clear;
    enum step wanted;
} nexts[] = {
    {BILLING_CALLING,    "",     0, 0, 0,     false, STEP_CREATE},
    {BILLING_CALLING,    "pi_1", 0, 0, 0,     false, STEP_CONFIRM},
    {BILLING_CALLING,    "pi_1", 1, 0, FRESH, false, STEP_READ}, /* never a blind repetition */
    {BILLING_CALLING,    "pi_1", 1, 0, 0,     false, STEP_READ},
    {BILLING_CALLING,    "pi_1", 1, 0, FRESH, true,  STEP_CONFIRM},
    {BILLING_DECLINING,  "pi_1", 1, 0, 0,     false, STEP_CANCEL},
    {BILLING_VOIDING,    "pi_1", 1, 0, FRESH, true,  STEP_CANCEL}, /* a late call may still arrive */
    {BILLING_VOIDING,    "",     0, 0, FRESH, false, STEP_CREATE}, /* to learn what to cancel */
    {BILLING_VOIDING,    "",     0, 0, OLD,   false, STEP_CONCLUDE},
    {BILLING_VOIDING,    "",     0, 0, 0,     false, STEP_CONCLUDE},
    {BILLING_DECLINING,  "",     0, 0, 0,     false, STEP_CONCLUDE},
    {BILLING_REFUNDING,  "pi_1", 1, 0, 0,     false, STEP_REFUND},
    {BILLING_REFUNDING,  "pi_1", 1, 1, FRESH, false, STEP_LIST}, /* listed before it is repeated */
    {BILLING_REFUNDING,  "pi_1", 1, 1, 0,     false, STEP_LIST},
    {BILLING_REFUNDING,  "pi_1", 1, 1, FRESH, true,  STEP_REFUND},
    {BILLING_TO_CHARGE,  "",     0, 0, 0,     true,  STEP_NONE},
    {BILLING_CHARGED,    "pi_1", 1, 0, 0,     true,  STEP_NONE},
    {BILLING_DECLINED,   "pi_1", 1, 0, 0,     true,  STEP_NONE},
    {BILLING_REFUNDED,   "pi_1", 1, 1, 0,     true,  STEP_NONE},
    {BILLING_VOIDED,     "pi_1", 1, 0, 0,     true,  STEP_NONE},
};

static const struct {
    enum step step;
    int32_t number;
    int64_t asked_at_ms;
    int32_t wanted;
    int64_t wanted_at_ms;
    const char *key;
} keys[] = {
    {STEP_CREATE,  0, 0,     1, NOW_MS, UPGRADE ":create"},
    {STEP_CREATE,  1, FRESH, 1, FRESH,  UPGRADE ":create"},   /* no answer at all: the same key */
    {STEP_CREATE,  1, 0,     2, NOW_MS, UPGRADE ":create:2"}, /* an answer is final for its key */
    {STEP_CREATE,  1, OLD,   2, NOW_MS, UPGRADE ":create:2"}, /* forgotten, maybe */
    {STEP_CONFIRM, 0, 0,     1, NOW_MS, UPGRADE ":confirm:1"},
    {STEP_CONFIRM, 1, FRESH, 1, FRESH,  UPGRADE ":confirm:1"},
    {STEP_CONFIRM, 1, 0,     2, NOW_MS, UPGRADE ":confirm:2"},
    {STEP_CONFIRM, 2, OLD,   3, NOW_MS, UPGRADE ":confirm:3"},
    {STEP_REFUND,  0, 0,     1, NOW_MS, UPGRADE ":refund:1"},
    {STEP_REFUND,  1, FRESH, 1, FRESH,  UPGRADE ":refund:1"},
    {STEP_REFUND,  1, 0,     2, NOW_MS, UPGRADE ":refund:2"},
    {STEP_REFUND,  1, OLD,   2, NOW_MS, UPGRADE ":refund:2"},
    {STEP_READ,    1, FRESH, 1, FRESH,  ""},
    {STEP_CANCEL,  1, FRESH, 1, FRESH,  ""},
    {STEP_LIST,    1, 0,     1, 0,      ""},
};

#define INTENT(status) {.kind = ANSWER_INTENT, .http_status = 200, .payment = PAYMENT_##status, .reference = "pi_1"}
#define REFUSED_INTENT(status) {.kind = ANSWER_INTENT, .http_status = 400, .payment = PAYMENT_##status, .reference = "pi_1"}
#define REFUND(status, minor) {.kind = ANSWER_REFUND, .http_status = 200, .refund = REFUND_##status, .refunded_minor = (minor), .reference = "re_1"}
#define ERROR(kind_, word) {.kind = ANSWER_##kind_, .code = (word)}
#define NO_EVENT BILLING_EVENTS

static const struct {
    enum step asked;
    struct answer answer;
    enum lesson wanted;
    enum billing_event event;
    bool is_key_open; /* no answer yet: it is used again */
    bool needs_attention;
} lessons[] = {
    {STEP_CREATE,  INTENT(REQUIRES_CONFIRMATION),         LEARNED_STEP,    NO_EVENT, false, false},
    {STEP_CREATE,  {.kind = ANSWER_REFUSED, .is_about_method = true, .code = "lost_card"},
                                                          LEARNED_EVENT,   BILLING_ON_DECLINED, false, false},
    {STEP_CREATE,  ERROR(REFUSED, "parameter_unknown"),   LEARNED_NOTHING, NO_EVENT, false, true}, /* ours, not the user's */
    {STEP_CREATE,  ERROR(NONE, ""),                       LEARNED_NOTHING, NO_EVENT, true,  false},
    {STEP_CREATE,  ERROR(LATER, "rate_limit"),            LEARNED_NOTHING, NO_EVENT, true,  false},
    {STEP_CREATE,  ERROR(DENIED, ""),                     LEARNED_NOTHING, NO_EVENT, true,  false},
    {STEP_CREATE,  ERROR(BROKEN, "api_error"),            LEARNED_NOTHING, NO_EVENT, false, false},
    {STEP_CONFIRM, INTENT(SUCCEEDED),                     LEARNED_EVENT,   BILLING_ON_CHARGED, false, false},
    {STEP_CONFIRM, REFUSED_INTENT(SUCCEEDED),             LEARNED_EVENT,   BILLING_ON_CHARGED, false, false},
    {STEP_CONFIRM, REFUSED_INTENT(REQUIRES_METHOD),       LEARNED_EVENT,   BILLING_ON_DECLINED, false, false},
    {STEP_CONFIRM, REFUSED_INTENT(CANCELED),              LEARNED_EVENT,   BILLING_ON_INTENT_IS_CANCELLED, false, false},
    {STEP_CONFIRM, INTENT(REQUIRES_ACTION),               LEARNED_PENDING, NO_EVENT, false, false},
    {STEP_CONFIRM, INTENT(PROCESSING),                    LEARNED_PENDING, NO_EVENT, false, false},
    {STEP_CONFIRM, ERROR(REFUSED, "resource_missing"),    LEARNED_NOTHING, NO_EVENT, false, true},
    {STEP_CONFIRM, ERROR(NONE, ""),                       LEARNED_NOTHING, NO_EVENT, true,  false},
    {STEP_CONFIRM, ERROR(BROKEN, "api_error"),            LEARNED_NOTHING, NO_EVENT, false, false},
    {STEP_READ,    INTENT(REQUIRES_CONFIRMATION),         LEARNED_CLEAR,   NO_EVENT, true,  false}, /* the key stays open */
    {STEP_READ,    INTENT(SUCCEEDED),                     LEARNED_EVENT,   BILLING_ON_CHARGED, false, false},
    {STEP_CANCEL,  INTENT(CANCELED),                      LEARNED_EVENT,   BILLING_ON_CANCELLED, false, false},
    {STEP_CANCEL,  REFUSED_INTENT(CANCELED),              LEARNED_EVENT,   BILLING_ON_INTENT_IS_CANCELLED, false, false},
    {STEP_CANCEL,  REFUSED_INTENT(SUCCEEDED),             LEARNED_EVENT,   BILLING_ON_CANNOT_CANCEL, false, false},
    {STEP_CANCEL,  REFUSED_INTENT(PROCESSING),            LEARNED_NOTHING, NO_EVENT, true,  false},
    {STEP_CANCEL,  ERROR(NONE, ""),                       LEARNED_NOTHING, NO_EVENT, true,  false},
    {STEP_REFUND,  REFUND(SUCCEEDED, 999),                LEARNED_EVENT,   BILLING_ON_REFUNDED, false, false},
    {STEP_REFUND,  REFUND(SUCCEEDED, 500),                LEARNED_NOTHING, NO_EVENT, false, true},
    {STEP_REFUND,  REFUND(PENDING, 0),                    LEARNED_PENDING, NO_EVENT, false, false},
    {STEP_REFUND,  REFUND(FAILED, 0),                     LEARNED_NOTHING, NO_EVENT, false, true},
    {STEP_REFUND,  ERROR(REFUSED, "charge_already_refunded"), LEARNED_NOTHING, NO_EVENT, false, false}, /* waits, then lists */
    {STEP_REFUND,  ERROR(NONE, ""),                       LEARNED_NOTHING, NO_EVENT, true,  false},
    {STEP_REFUND,  ERROR(BROKEN, "api_error"),            LEARNED_NOTHING, NO_EVENT, false, false},
    {STEP_LIST,    REFUND(SUCCEEDED, 999),                LEARNED_EVENT,   BILLING_ON_REFUNDED, false, false},
    {STEP_LIST,    REFUND(NOTHING, 0),                    LEARNED_CLEAR,   NO_EVENT, true,  false},
    {STEP_LIST,    REFUND(FAILED, 0),                     LEARNED_CLEAR,   NO_EVENT, true,  false},
};
/* clang-format on */

START_TEST(knows_what_to_ask_next)
{
    struct charge charge = new_charge(nexts[_i].state, nexts[_i].reference);
    charge.confirm_n = nexts[_i].confirm_n;
    charge.refund_n = nexts[_i].refund_n;
    charge.asked_at_ms = nexts[_i].asked_at_ms;
    ck_assert_int_eq(intent_next(&charge, nexts[_i].is_clear, NOW_MS, LIFE_MS), nexts[_i].wanted);
}
END_TEST

static int32_t *number_of(struct charge *charge, enum step step)
{
    return step == STEP_CREATE    ? &charge->create_n
           : step == STEP_CONFIRM ? &charge->confirm_n
                                  : &charge->refund_n;
}

START_TEST(uses_a_key_again_only_while_it_has_no_answer_and_is_remembered)
{
    enum step step = keys[_i].step;
    struct charge charge = new_charge(BILLING_CALLING, "pi_1");
    struct provider_call call;
    *number_of(&charge, step) = keys[_i].number;
    charge.asked_at_ms = keys[_i].asked_at_ms;
    intent_use_key(&charge, step, NOW_MS, LIFE_MS);
    intent_call(&charge, step, &call);
    ck_assert_int_eq(*number_of(&charge, step), keys[_i].wanted);
    ck_assert_int_eq(charge.asked_at_ms, keys[_i].wanted_at_ms);
    ck_assert_str_eq(call.key, keys[_i].key);
}
END_TEST

START_TEST(understands_an_answer)
{
    struct charge charge = new_charge(BILLING_CALLING, "pi_1");
    enum billing_event event = NO_EVENT;
    charge.asked_at_ms = FRESH;
    ck_assert_int_eq(intent_learn(&charge, lessons[_i].asked, &lessons[_i].answer, &event),
                     lessons[_i].wanted);
    ck_assert_int_eq(event, lessons[_i].event);
    ck_assert_int_eq(charge.asked_at_ms, lessons[_i].is_key_open ? FRESH : 0);
    ck_assert_int_eq(charge.needs_attention, lessons[_i].needs_attention);
}
END_TEST

START_TEST(keeps_what_the_provider_said)
{
    struct charge charge = new_charge(BILLING_CALLING, "");
    enum billing_event event = NO_EVENT;
    const struct answer created = INTENT(REQUIRES_CONFIRMATION);
    (void)intent_learn(&charge, STEP_CREATE, &created, &event);
    ck_assert_str_eq(charge.reference, "pi_1");
    ck_assert_str_eq(charge.payment_method, "");

    const struct answer declined = {.kind = ANSWER_INTENT,
                                    .http_status = 402,
                                    .payment = PAYMENT_REQUIRES_METHOD,
                                    .code = "card_declined",
                                    .decline_code = "stolen_card"};
    (void)intent_learn(&charge, STEP_CONFIRM, &declined, &event);
    ck_assert_str_eq(charge.decline_reason, "stolen_card");

    const struct answer refunded = REFUND(SUCCEEDED, 999);
    (void)intent_learn(&charge, STEP_REFUND, &refunded, &event);
    ck_assert_str_eq(charge.refund_reference, "re_1");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("intent");
    TCase *tcase = tcase_create("intent");
    tcase_add_loop_test(tcase, knows_what_to_ask_next, 0, (int)COUNT_OF(nexts));
    tcase_add_loop_test(tcase, uses_a_key_again_only_while_it_has_no_answer_and_is_remembered, 0,
                        (int)COUNT_OF(keys));
    tcase_add_loop_test(tcase, understands_an_answer, 0, (int)COUNT_OF(lessons));
    tcase_add_test(tcase, keeps_what_the_provider_said);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
