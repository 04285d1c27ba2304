/* SPDX-License-Identifier: Apache-2.0 */
#include "core/memory.h"
#include "core/money.h"
#include "unit.h"

static const struct {
    int64_t minor;
    const char *currency, *text;
} amounts[] = {
    {999, "EUR", "9.99 EUR"},
    {5, "USD", "0.05 USD"},
    {0, "CHF", "0.00 CHF"},
    {-1234, "EUR", "-12.34 EUR"},
    {999, "JPY", "999 JPY"},
    {0, "XPF", "0 XPF"},
    {9990, "KWD", "9.990 KWD"},
    {12345, "CLF", "1.2345 CLF"},
    {500, "ISK", "5.00 ISK"},
    {100, "ABC", "1.00 ABC"},
    {INT64_MAX, "EUR", "92233720368547758.07 EUR"},
    {INT64_MIN, "JPY", "-9223372036854775808 JPY"},
};

START_TEST(an_amount_has_the_digits_of_its_currency)
{
    char text[MONEY_TEXT_BYTES];
    ck_assert_str_eq(money_format(amounts[_i].minor, amounts[_i].currency, text), amounts[_i].text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("money");
    TCase *tcase = tcase_create("money");
    tcase_add_loop_test(tcase, an_amount_has_the_digits_of_its_currency, 0, (int)COUNT_OF(amounts));
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
