/* SPDX-License-Identifier: Apache-2.0 */
#include "core/body.h"
#include "core/card.h"

#include "unit.h"

#include <string.h>

/* clang-format off */
static const struct text_case { const char *text; bool is_card; } texts[] = {
    {"4242424242424242", true},
    {"4242 4242 4242 4242", true},
    {"4242-4242-4242-4242", true},
    {"my card is 4242424242424242, thanks", true},
    {"4242 4242 4242 4242 123", true},       /* the check value beside it */
    {"12 4242 4242 4242 4242", true},
    {"x4242424242424242x", true},
    {"378282246310005", true},               /* 15 digits */
    {"6304000000000000", true},
    {"000000000000", true},                  /* the shortest */
    {"6799990100000000019", true},           /* 19 digits */
    {"4242424242424243", false},             /* Luhn */
    {"4242 4242  4242 4242", true},
    {"4242.4242.4242.4242", true},
    {"4242, 4242, 4242, 4242", true},
    {"4242/4242_4242\t4242", true},
    {"4242\xc2\xa0" "4242\xc2\xa0" "4242\xc2\xa0" "4242", true}, /* no-break spaces */
    {"4242\xe2\x80\x91" "4242\xe2\x80\x91" "4242\xe2\x80\x91" "4242", true}, /* no-break hyphens */
    {"3782 . 822463 . 10005", false},        /* three characters end a row of groups */
    {"3782.822463.10005", true},
    {"4242.4242.4242.4242x", true},
    {"4242.4242x4242.4242", false},
    {"42:42:42:42:42:42:42:42", false},      /* short groups are something else */
    {"424.242.424.242.4242", false},
    {"4242.4242.4242.4243", false},
    {"2026-11-23 07:05:00.123", false},
    {"+49 (1512) 3456-7890", false},
    {"192.168.100.200", false},
    {"42424242424", false},                  /* 11 digits */
    {"00000000000000000000", false},         /* 20 digits in one piece */
    {"2026-11-23T07:05:00.123Z", false},
    {"00000000-0000-7000-8000-000000000000", false},
    {"id 00000000-0000-7000-8000-000000000000.", false},
    {"00000000-0000-7000-8000-000000000000 4242424242424242", true},
    {"", false},
};

static const struct body_case { const char *json; enum body_verdict verdict; const char *fault; } bodies[] = {
    {"{\"a\":1,\"b\":[true,false,null,\"x\",1.5e3],\"c\":{}}", BODY_GOOD, ""},
    {"[]", BODY_GOOD, ""},
    {"{\"note\":\"4242 4242 4242 4242\"}", BODY_HAS_CARD, "/note must not hold a card number"},
    {"{\"a\":{\"b\":[0,\"4242424242424242\"]}}", BODY_HAS_CARD, "/a/b/1 must not hold a card number"},
    {"{\"n\":4242424242424242}", BODY_HAS_CARD, "/n must not hold a card number"},
    {"{\"n\":4.242424242424242e15}", BODY_HAS_CARD, "/n must not hold a card number"},
    {"{\"n\":4242424242424242.0}", BODY_HAS_CARD, "/n must not hold a card number"},
    {"{\"s\":\"\\u0034242424242424242\"}", BODY_HAS_CARD, "/s must not hold a card number"},
    {"{\"o\":{\"4242424242424242\":1}}", BODY_HAS_CARD, "/o must not hold a card number"},
    {"{\"4242424242424242\":1}", BODY_HAS_CARD, "the document must not hold a card number"},
    {"{\"a\":1", BODY_MALFORMED, NULL},
    {"{\"a\":1}}", BODY_MALFORMED, NULL},
    {"{'a':1}", BODY_MALFORMED, NULL},
    {"{\"a\":}", BODY_MALFORMED, NULL},
    {"{\"a\":1,}", BODY_MALFORMED, NULL},
    {"nul", BODY_MALFORMED, NULL},
    {"", BODY_MALFORMED, NULL},
    {"[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]", BODY_MALFORMED, NULL},
    {"\"\xff\"", BODY_MALFORMED, NULL},
};
/* clang-format on */

START_TEST(tells_a_card_number_from_other_text)
{
    const struct text_case *row = &texts[_i];
    ck_assert_msg(card_is_in(row->text, strlen(row->text)) == row->is_card, "'%s'", row->text);
}
END_TEST

START_TEST(judges_a_body)
{
    const struct body_case *row = &bodies[_i];
    struct fault fault = {.text = ""};
    ck_assert_msg(body_check(row->json, strlen(row->json), &fault) == row->verdict, "%s: %s",
                  row->json, fault.text);
    if (row->fault != NULL) {
        ck_assert_str_eq(fault.text, row->fault);
    }
    ck_assert_ptr_null(strstr(fault.text, "4242"));
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("card");
    tcase_add_loop_test(cases, tells_a_card_number_from_other_text, 0,
                        sizeof texts / sizeof texts[0]);
    tcase_add_loop_test(cases, judges_a_body, 0, sizeof bodies / sizeof bodies[0]);
    Suite *suite = suite_create("card");
    suite_add_tcase(suite, cases);
    return unit_run(suite);
}
