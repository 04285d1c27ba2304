/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/escape.h"

#include "core/memory.h"
#include "core/text.h"
#include "unit.h"

#include <string.h>

static const struct {
    const char *in;
    size_t length; /* 0: to the NUL */
    const char *line, *lines, *json;
} cases[] = {
    {"plain", 0, "plain", "plain", "\"plain\""},
    {"Zoë 語 🏃", 0, "Zoë 語 🏃", "Zoë 語 🏃", "\"Zoë 語 🏃\""},
    {"a\nb\tc\rd", 0, "a\\nb\\tc\\rd", "a\nb\tc\\rd", "\"a\\nb\\u0009c\\u000dd\""},
    {"\x1b[2J\x1b]0;owned\x07", 0, "\\x1b[2J\\x1b]0;owned\\x07", "\\x1b[2J\\x1b]0;owned\\x07",
     "\"\\u001b[2J\\u001b]0;owned\\u0007\""},
    {"\x7f\xc2\x9b"
     "31m\xc2\x85",
     0, "\\x7f\\u{9b}31m\\u{85}", "\\x7f\\u{9b}31m\\u{85}", "\"\\u007f\\u009b31m\\u0085\""},
    {"user\u202egnp.exe\u2066\u200b\ufeff", 0, "user\\u{202e}gnp.exe\\u{2066}\\u{200b}\\u{feff}",
     "user\\u{202e}gnp.exe\\u{2066}\\u{200b}\\u{feff}",
     "\"user\\u202egnp.exe\\u2066\\u200b\\ufeff\""},
    {"\U000e0041", 0, "\\u{e0041}", "\\u{e0041}", "\"\\udb40\\udc41\""},
    {"\xff\xc3(\xed\xa0\x80", 0, "\\xff\\xc3(\\xed\\xa0\\x80", "\\xff\\xc3(\\xed\\xa0\\x80",
     "\"\\ufffd\\ufffd(\\ufffd\\ufffd\\ufffd\""},
    {"\xc0\x9b\x9b", 0, "\\xc0\\x9b\\x9b", "\\xc0\\x9b\\x9b", "\"\\ufffd\\ufffd\\ufffd\""},
    {"a\0b", 3, "a\\x00b", "a\\x00b", "\"a\\u0000b\""},
    {"say \"\\n\"", 0, "say \"\\n\"", "say \"\\n\"", "\"say \\\"\\\\n\\\"\""},
};

START_TEST(what_a_terminal_obeys_is_shown)
{
    size_t length = cases[_i].length > 0 ? cases[_i].length : strlen(cases[_i].in);
    AUTO(buffer_done) struct buffer line = {0};
    AUTO(buffer_done) struct buffer lines = {0};
    AUTO(buffer_done) struct buffer json = {0};
    escape_add(&line, cases[_i].in, length, ESCAPE_LINE);
    escape_add(&lines, cases[_i].in, length, ESCAPE_LINES);
    escape_json(&json, cases[_i].in, length);
    ck_assert_str_eq(buffer_cstr(&line), cases[_i].line);
    ck_assert_str_eq(buffer_cstr(&lines), cases[_i].lines);
    ck_assert_str_eq(buffer_cstr(&json), cases[_i].json);
}
END_TEST

START_TEST(nothing_that_comes_out_is_hostile)
{
    for (unsigned first = 0; first < 256; first++) {
        for (unsigned second = 0; second < 256; second++) {
            const char bytes[3] = {(char)first, (char)second, (char)0x9b};
            AUTO(buffer_done) struct buffer out = {0};
            escape_add(&out, bytes, sizeof bytes, ESCAPE_LINE);
            escape_json(&out, bytes, sizeof bytes);
            const char *text = buffer_cstr(&out);
            ck_assert(text_is_utf8(text, out.length, NULL));
            ck_assert_msg(!text_has_control(text, out.length), "%02x %02x", first, second);
        }
    }
}
END_TEST

static const struct {
    const char *in;
    size_t width;
    const char *out;
    size_t written;
} cuts[] = {
    {"short", 8, "short", 5},
    {"exactly8", 8, "exactly8", 8},
    {"too long now", 8, "too lon…", 8},
    {"語語語語", 3, "語語…", 3},
    {"abc\x1b[2J", 5, "abc…", 4},
    {"anything", 1, "…", 1},
    {"anything", 0, "", 0},
    {"", 4, "", 0},
};

START_TEST(a_column_is_never_wider_than_asked)
{
    AUTO(buffer_done) struct buffer out = {0};
    buffer_text(&out, "> ");
    size_t written = escape_cut(&out, cuts[_i].in, strlen(cuts[_i].in), cuts[_i].width);
    ck_assert_str_eq(buffer_cstr(&out) + 2, cuts[_i].out);
    ck_assert_uint_eq(written, cuts[_i].written);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("escape");
    TCase *tcase = tcase_create("escape");
    tcase_add_loop_test(tcase, what_a_terminal_obeys_is_shown, 0, (int)COUNT_OF(cases));
    tcase_add_test(tcase, nothing_that_comes_out_is_hostile);
    tcase_add_loop_test(tcase, a_column_is_never_wider_than_asked, 0, (int)COUNT_OF(cuts));
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
