/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/dlq/reason.h"

#include "unit.h"

#include <string.h>

static const struct {
    const char *reason, *normal;
} cases[] = {
    {"order 4711 not found at 10:02:33", "order <n> not found at <time>"},
    {"Order 01938f60-4d10-7b8e-a2f3-6c7d8e9f0a1b is gone", "Order <id> is gone"},
    {"Object reference not set to an instance of an object.",
     "Object reference not set to an instance of an object."},
    {"The given key 'c-17' was not present; don't ask",
     "The given key <text> was not present; don't ask"},
    {"cannot parse \"a \\\" b\" here", "cannot parse <text> b\" here"},
    {"it's Bob's and 'x y' too", "it's Bob's and <text> too"},
    {"2026-11-23T07:05:00.123Z: deadline exceeded after 250ms",
     "<time>: deadline exceeded after <n>ms"},
    {"2026-11-23 07:05:00,123 ERROR", "<time> ERROR"},
    {"on 11/23/2026 and 23.11.2026", "on <time> and <time>"},
    {"connect to 10.0.0.7:5432: refused", "connect to <ip>: refused"},
    {"GET https://api.example.org/v1/users/17?x=1 gave 503", "GET <url> gave <n>"},
    {"open /var/lib/app/17.txt: no such file", "open <path>: no such file"},
    {"open C:\\data\\x\\17.txt: no", "open <path>: no"},
    {"and/or is a word", "and/or is a word"},
    {"mail to ada@example.org bounced", "mail to <mail> bounced"},
    {"trace 0x7ffee3b4 and 9f86d081884c7d65 and deadbeef", "trace <hex> and <hex> and deadbeef"},
    {"amount -12.50 or 1,000,000 or 1e-9", "amount -<n> or <n> or <n>"},
    {"user4711 has 3.5 retries", "user<n> has <n> retries"},
    {"  \n\n  first line that says something\n  at Stack.Trace(17)",
     "first line that says something"},
    {"many   spaces\tand tabs  ", "many spaces and tabs"},
    {"", ""},
    {"\n", ""},
    {"\xff\xfe 17", "\xff\xfe <n>"},
    {"Ärger mit Kunde 17 „x“", "Ärger mit Kunde <n> „x“"},
    {"/amount must be at least 1", "/amount must be at least <n>"},
};

START_TEST(what_differs_from_case_to_case_goes)
{
    AUTO(arena_done) struct arena arena = {0};
    const char *normal = reason_normal(cases[_i].reason, strlen(cases[_i].reason), &arena);
    ck_assert_str_eq(normal, cases[_i].normal);
}
END_TEST

START_TEST(a_normal_reason_stays_as_it_is)
{
    AUTO(arena_done) struct arena arena = {0};
    const char *normal = cases[_i].normal;
    ck_assert_str_eq(reason_normal(normal, strlen(normal), &arena), normal);
}
END_TEST

START_TEST(a_long_reason_is_cut_between_characters)
{
    enum { LONG = 1 << 20 };
    AUTO(arena_done) struct arena arena = {0};
    AUTO(free_text) char *text = xmalloc(LONG);
    for (int start = 0; start < 2; start++) {
        for (int i = 0; i < LONG; i += 2) {
            text[i] = "ë"[0];
            text[i + 1] = "ë"[1];
        }
        const char *normal = reason_normal(text + 2 - start, LONG - 4, &arena);
        ck_assert_uint_le(strlen(normal), REASON_MAX_BYTES);
        ck_assert_uint_ge(strlen(normal), REASON_MAX_BYTES - 2);
    }
    memset(text, '\'', LONG);
    ck_assert_uint_le(strlen(reason_normal(text, LONG, &arena)), REASON_MAX_BYTES);
    memset(text, '/', LONG);
    ck_assert_str_eq(reason_normal(text, LONG, &arena), "<path>");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reason");
    TCase *tcase = tcase_create("reason");
    tcase_add_loop_test(tcase, what_differs_from_case_to_case_goes, 0, (int)COUNT_OF(cases));
    tcase_add_loop_test(tcase, a_normal_reason_stays_as_it_is, 0, (int)COUNT_OF(cases));
    tcase_add_test(tcase, a_long_reason_is_cut_between_characters);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
