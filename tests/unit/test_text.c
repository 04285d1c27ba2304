/* SPDX-License-Identifier: Apache-2.0 */
#include "core/text.h"

#include "core/memory.h"
#include "unit.h"

#include <string.h>

START_TEST(reads_whole_numbers_within_bounds)
{
    int64_t out = 7;
    ck_assert(text_int("0", 0, 0, &out) && out == 0);
    ck_assert(text_int("-12", -12, 5, &out) && out == -12);
    ck_assert(text_int("9223372036854775807", INT64_MIN, INT64_MAX, &out) && out == INT64_MAX);
    ck_assert(text_int("-9223372036854775808", INT64_MIN, INT64_MAX, &out) && out == INT64_MIN);
    static const char *const wrong[] = {"",
                                        "-",
                                        "+1",
                                        " 1",
                                        "1 ",
                                        "1x",
                                        "0x1",
                                        "9223372036854775808",
                                        "-9223372036854775809",
                                        "99999999999999999999"};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        ck_assert_msg(!text_int(wrong[i], INT64_MIN, INT64_MAX, &out), "%s", wrong[i]);
    }
    ck_assert(!text_int("6", 1, 5, &out) && !text_int("0", 1, 5, &out) &&
              !text_int(NULL, 0, 1, &out));
    ck_assert_int_eq(out, INT64_MIN);
}
END_TEST

START_TEST(reads_durations)
{
    static const struct {
        const char *text;
        int64_t ms;
    } right[] = {{"500ms", 500},  {"30s", 30000},    {"5m", 300000},
                 {"2h", 7200000}, {"7d", 604800000}, {"0s", 0}};
    static const char *const wrong[] = {"",    "s",    "5",    "5 s",
                                        "-5s", "1.5h", "5sec", "9223372036854775807d"};
    int64_t ms = 0;
    for (size_t i = 0; i < COUNT_OF(right); i++) {
        ck_assert(text_duration_ms(right[i].text, &ms));
        ck_assert_int_eq(ms, right[i].ms);
    }
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        ck_assert_msg(!text_duration_ms(wrong[i], &ms), "%s", wrong[i]);
    }
}
END_TEST

START_TEST(reads_date_times)
{
    static const struct {
        const char *text;
        int64_t ms;
    } right[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01T00:00:00.001Z", 1},
        {"1969-12-31T23:59:59.999Z", -1},
        {"2026-11-23T07:05:00.123Z", 1795417500123},
        {"2026-11-23t07:05:00.123999999999z", 1795417500123},
        {"2026-11-23T07:05:00.1Z", 1795417500100},
        {"2026-11-23T08:35:00.123+01:30", 1795417500123},
        {"2026-11-22T23:05:00.123-08:00", 1795417500123},
        {"2000-02-29T00:00:00Z", 951782400000},
        {"0000-01-01T00:00:00Z", -62167219200000},
        {"9999-12-31T23:59:59.999Z", 253402300799999},
        {"1998-12-31T23:59:60Z", 915148800000},
        {"1998-12-31T15:59:60.123-08:00", 915148800123},
        {"1999-01-01T00:59:60+01:00", 915148800000},
    };
    static const char *const wrong[] = {
        "",
        "2026-11-23",
        "2026-11-23T07:05:00",
        "2026-11-23 07:05:00Z",
        "2026-11-23T07:05Z",
        "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2026-11-31T00:00:00Z",
        "2026-11-00T00:00:00Z",
        "2026-11-23T24:00:00Z",
        "2026-11-23T07:60:00Z",
        "2026-11-23T07:05:60Z",
        "1998-12-31T23:59:61Z",
        "1998-12-31T23:58:60Z",
        "1998-12-31T22:59:60Z",
        "2026-11-23T07:05:00.Z",
        "2026-11-23T07:05:00,1Z",
        "2026-11-23T07:05:00+0100",
        "2026-11-23T07:05:00+24:00",
        "2026-11-23T07:05:00+01:60",
        "2026-11-23T07:05:00+01",
        "2026-11-23T07:05:00ZZ",
        "2026-1-23T07:05:00Z",
        "9999-12-31T23:59:59-00:01",
        "0000-01-01T00:00:00+00:01",
        "+026-11-23T07:05:00Z",
    };
    for (size_t i = 0; i < COUNT_OF(right); i++) {
        int64_t ms = 0;
        ck_assert_msg(text_date_time(right[i].text, strlen(right[i].text), &ms), "%s",
                      right[i].text);
        ck_assert_int_eq(ms, right[i].ms);
    }
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        int64_t ms = 0;
        ck_assert_msg(!text_date_time(wrong[i], strlen(wrong[i]), &ms), "%s", wrong[i]);
    }
}
END_TEST

START_TEST(knows_real_days)
{
    ck_assert(text_is_date("2024-02-29", 10) && text_is_date("1900-02-28", 10));
    ck_assert(!text_is_date("1900-02-29", 10) && !text_is_date("2026-04-31", 10) &&
              !text_is_date("2026-4-3", 8));
    ck_assert(!text_is_date("2026-04-30T", 11) && !text_is_date("", 0));
}
END_TEST

START_TEST(knows_utf8)
{
    static const char *const right[] = {"",
                                        "a",
                                        "\xc2\x80",
                                        "\xdf\xbf",
                                        "\xe0\xa0\x80",
                                        "\xed\x9f\xbf",
                                        "\xee\x80\x80",
                                        "\xef\xbf\xbf",
                                        "\xf0\x90\x80\x80",
                                        "\xf4\x8f\xbf\xbf"};
    static const char *const wrong[] = {
        "\x80",         "\xc0\x80",         "\xc1\xbf",         "\xc2",
        "\xc2\x41",     "\xe0\x9f\xbf",     "\xe2\x82",         "\xed\xa0\x80",
        "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
        "\xff",         "a\xf0\x9f\x98"};
    for (size_t i = 0; i < COUNT_OF(right); i++) {
        size_t points = 9;
        ck_assert(text_is_utf8(right[i], strlen(right[i]), &points));
        ck_assert_uint_eq(points, i == 0 ? 0 : 1);
    }
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        ck_assert(!text_is_utf8(wrong[i], strlen(wrong[i]), NULL));
    }
}
END_TEST

START_TEST(sees_control_characters)
{
    ck_assert(!text_has_control("Zo\xc3\xab \xc2\xa0", 7));
    static const char *const wrong[] = {"\n", "a\x1b", "\x7f", "\xc2\x80", "a\xc2\x9f"};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        ck_assert(text_has_control(wrong[i], strlen(wrong[i])));
    }
    ck_assert(text_has_control("\0", 1));
}
END_TEST

START_TEST(reads_four_hexadecimal_digits)
{
    static const char text[] = "00aF19";
    ck_assert_int_eq(text_hex_quad(text, text + 6), 0xaf);
    ck_assert_int_eq(text_hex_quad(text + 2, text + 6), 0xaf19);
    ck_assert_int_eq(text_hex_quad(text + 3, text + 6), -1);
    ck_assert_int_eq(text_hex_digit('g'), -1);
    ck_assert_int_eq(text_hex_digit('\x10'), -1); /* '0' without a bit */
    ck_assert_int_eq(text_hex_digit('\xff'), -1);
}
END_TEST

static const struct {
    const char *text, *decoded;
    bool is_well_formed;
} percents[] = {
    {"", "", true},
    {"a%20b", "a b", true},
    {"%41%6a%C3%ab", "Aj\xc3\xab", true},
    {"%2541", "%41", true},
    {"%01", "\x01", true},
    {"%00x", "%00x", false},
    {"100%", "100%", false},
    {"%4", "%4", false},
    {"%%41", "%A", false},
    {"%4g%41", "%4gA", false},
};

START_TEST(decodes_percents)
{
    char text[16];
    (void)snprintf(text, sizeof text, "%s", percents[_i].text);
    ck_assert(text_decode_percent(text) == percents[_i].is_well_formed);
    ck_assert_str_eq(text, percents[_i].decoded);
}
END_TEST

START_TEST(compares_starts)
{
    ck_assert(text_starts_with("abc", "") && text_starts_with("abc", "abc"));
    ck_assert(!text_starts_with("ab", "abc") && !text_starts_with("xabc", "abc"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("text");
    TCase *tests = tcase_create("text");
    tcase_add_test(tests, reads_whole_numbers_within_bounds);
    tcase_add_test(tests, reads_durations);
    tcase_add_test(tests, reads_date_times);
    tcase_add_test(tests, knows_real_days);
    tcase_add_test(tests, knows_utf8);
    tcase_add_test(tests, sees_control_characters);
    tcase_add_test(tests, reads_four_hexadecimal_digits);
    tcase_add_loop_test(tests, decodes_percents, 0, COUNT_OF(percents));
    tcase_add_test(tests, compares_starts);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
