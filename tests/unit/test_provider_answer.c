/* SPDX-License-Identifier: Apache-2.0 */
#include "services/billing/provider_answer.h"

#include "core/memory.h"
#include "unit.h"

#include <string.h>

#define INTENT(status)                                                                             \
    "{\"id\":\"pi_1\",\"object\":\"payment_intent\",\"amount\":999,\"status\":\"" status "\""
#define REFUND(id, amount, status)                                                                 \
    "{\"id\":\"" id "\",\"object\":\"refund\",\"amount\":" amount ",\"status\":\"" status "\"}"
#define LIST(...)                                                                                  \
    "{\"object\":\"list\",\"data\":[" __VA_ARGS__ "],\"has_more\":false,\"url\":\"/v1/refunds\"}"

/* clang-format off */
static const struct {
    long status;
    const char *body;
    struct answer wanted;
} cases[] = {
    /* payment intents */
    {200, INTENT("requires_confirmation") ",\"last_payment_error\":null}",
     {.kind = ANSWER_INTENT, .payment = PAYMENT_REQUIRES_CONFIRMATION, .reference = "pi_1"}},
    {200, INTENT("succeeded") "}", {.kind = ANSWER_INTENT, .payment = PAYMENT_SUCCEEDED, .reference = "pi_1"}},
    {200, INTENT("requires_capture") "}", {.kind = ANSWER_INTENT, .payment = PAYMENT_OTHER, .reference = "pi_1"}},
    {200, INTENT("requires_payment_method") ",\"last_payment_error\":{\"code\":\"card_declined\",\"decline_code\":\"lost_card\"}}",
     {.kind = ANSWER_INTENT, .payment = PAYMENT_REQUIRES_METHOD, .reference = "pi_1", .code = "card_declined", .decline_code = "lost_card"}},
    {402, "{\"error\":{\"type\":\"card_error\",\"code\":\"expired_card\",\"payment_intent\":" INTENT("requires_payment_method") "}}}",
     {.kind = ANSWER_INTENT, .payment = PAYMENT_REQUIRES_METHOD, .reference = "pi_1", .code = "expired_card"}},
    {400, "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"payment_intent_unexpected_state\",\"payment_intent\":" INTENT("succeeded") "}}}",
     {.kind = ANSWER_INTENT, .payment = PAYMENT_SUCCEEDED, .reference = "pi_1", .code = "payment_intent_unexpected_state"}},
    /* refunds */
    {200, REFUND("re_1", "999", "succeeded"), {.kind = ANSWER_REFUND, .refund = REFUND_SUCCEEDED, .refunded_minor = 999, .reference = "re_1"}},
    {200, REFUND("re_1", "999", "requires_action"), {.kind = ANSWER_REFUND, .refund = REFUND_PENDING, .reference = "re_1"}},
    {200, LIST(""), {.kind = ANSWER_REFUND, .refund = REFUND_NOTHING}},
    {200, LIST(REFUND("re_1", "999", "failed") "," REFUND("re_2", "999", "pending") "," REFUND("re_3", "999", "canceled")),
     {.kind = ANSWER_REFUND, .refund = REFUND_PENDING, .reference = "re_2"}},
    {200, LIST(REFUND("re_1", "500", "succeeded") "," REFUND("re_2", "499", "succeeded")),
     {.kind = ANSWER_REFUND, .refund = REFUND_SUCCEEDED, .refunded_minor = 999, .reference = "re_1"}},
    /* errors */
    {400, "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"resource_missing\",\"param\":\"payment_method\"}}",
     {.kind = ANSWER_REFUSED, .code = "resource_missing", .is_about_method = true}},
    {402, "{\"error\":{\"type\":\"card_error\",\"code\":\"expired_card\"}}", {.kind = ANSWER_REFUSED, .code = "expired_card", .is_about_method = true}},
    {400, "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"parameter_unknown\",\"param\":\"payment_method\"}}",
     {.kind = ANSWER_REFUSED, .code = "parameter_unknown"}},
    {400, "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"resource_missing\",\"param\":\"currency\"}}",
     {.kind = ANSWER_REFUSED, .code = "resource_missing"}},
    {400, "{\"error\":{\"type\":\"idempotency_error\"}}", {.kind = ANSWER_BROKEN, .code = "idempotency_error"}},
    {401, "{\"error\":{\"type\":\"invalid_request_error\"}}", {.kind = ANSWER_DENIED, .code = "invalid_request_error"}},
    {404, "{\"error\":{\"type\":\"invalid_request_error\",\"code\":\"resource_missing\"}}", {.kind = ANSWER_REFUSED, .code = "resource_missing"}},
    {409, "{\"error\":{\"type\":\"idempotency_error\",\"code\":\"idempotency_key_in_use\"}}", {.kind = ANSWER_LATER, .code = "idempotency_key_in_use"}},
    {429, "{\"error\":{\"type\":\"rate_limit_error\",\"code\":\"rate_limit\"}}", {.kind = ANSWER_LATER, .code = "rate_limit"}},
    {500, "{\"error\":{\"type\":\"api_error\"}}", {.kind = ANSWER_BROKEN, .code = "api_error"}},
    /* what is not the provider's language says nothing */
    {200, "", {.kind = ANSWER_BROKEN, .code = "unreadable"}},
    {200, "<html>", {.kind = ANSWER_BROKEN, .code = "unreadable"}},
    {200, "{\"object\":\"payment_intent\",\"id\":\"pi_1\"}", {.kind = ANSWER_BROKEN, .code = "unreadable"}},
    {200, "{\"object\":\"payment_intent\",\"id\":\"../../x\",\"status\":\"succeeded\"}", {.kind = ANSWER_BROKEN, .code = "unreadable"}},
    {200, "{\"object\":\"charge\",\"id\":\"ch_1\"}", {.kind = ANSWER_BROKEN, .code = "unreadable"}},
    {200, LIST(REFUND("re 1", "999", "succeeded")), {.kind = ANSWER_BROKEN, .refunded_minor = 999, .code = "unreadable"}},
    {302, "", {.kind = ANSWER_BROKEN, .code = "redirected"}},
    {400, "<html>Bad Request</html>", {.kind = ANSWER_BROKEN, .code = "unreadable"}},
    {403, "<html>Forbidden</html>", {.kind = ANSWER_DENIED, .code = "unreadable"}},
    {404, "<html>Not Found</html>", {.kind = ANSWER_BROKEN, .code = "unreadable"}},
    {503, "Service Unavailable", {.kind = ANSWER_BROKEN, .code = "unreadable"}},
    {500, "{\"error\":{\"type\":\"api_error\",\"code\":\"a b\\ncard 4242\"}}", {.kind = ANSWER_BROKEN, .code = "unknown"}},
};
/* clang-format on */

START_TEST(understands)
{
    const struct answer *wanted = &cases[_i].wanted;
    struct answer answer;
    provider_answer_read(cases[_i].status, cases[_i].body, strlen(cases[_i].body), &answer);
    ck_assert_int_eq(answer.kind, wanted->kind);
    ck_assert_int_eq(answer.http_status, cases[_i].status);
    ck_assert_int_eq(answer.payment, wanted->payment);
    ck_assert_int_eq(answer.refund, wanted->refund);
    ck_assert_int_eq(answer.refunded_minor, wanted->refunded_minor);
    ck_assert_str_eq(answer.reference, wanted->reference);
    ck_assert_str_eq(answer.code, wanted->code);
    ck_assert_str_eq(answer.decline_code, wanted->decline_code);
    ck_assert_int_eq(answer.is_about_method, wanted->is_about_method);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("provider_answer");
    TCase *tcase = tcase_create("provider_answer");
    tcase_add_loop_test(tcase, understands, 0, (int)COUNT_OF(cases));
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
