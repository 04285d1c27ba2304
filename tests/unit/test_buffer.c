/* SPDX-License-Identifier: Apache-2.0 */
#include "core/buffer.h"

#include "core/memory.h"
#include "unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

START_TEST(is_empty_when_zeroed)
{
    AUTO(buffer_done) struct buffer buffer = {0};
    ck_assert_str_eq(buffer_cstr(&buffer), "");
    buffer_add(&buffer, "", 0);
    ck_assert_uint_eq(buffer.length, 0);
}
END_TEST

START_TEST(grows_at_the_end)
{
    AUTO(buffer_done) struct buffer buffer = {0};
    for (int i = 0; i < 10000; i++) {
        buffer_printf(&buffer, "%04d,", i);
    }
    ck_assert_uint_eq(buffer.length, 50000);
    ck_assert_int_eq(memcmp(buffer.bytes + 49995, "9999,", 5), 0);
    buffer_drop(&buffer, 49995);
    ck_assert_str_eq(buffer_cstr(&buffer), "9999,");
    buffer_clear(&buffer);
    buffer_text(&buffer, "a");
    buffer_byte(&buffer, 'b');
    memcpy(buffer_reserve(&buffer, 2), "cd", 2);
    buffer_grow(&buffer, 2);
    ck_assert_str_eq(buffer_cstr(&buffer), "abcd");
}
END_TEST

START_TEST(reads_files_up_to_a_limit)
{
    enum { MANY = 200000, MOST = 100000 };
    AUTO(buffer_done) struct buffer buffer = {0};
    FILE *file = tmpfile();
    ck_assert_ptr_nonnull(file);
    for (int i = 0; i < MANY; i++) {
        (void)fputc('a' + i % 26, file);
    }
    rewind(file);
    buffer_text(&buffer, "x");
    ck_assert(buffer_read(&buffer, file, MANY));
    ck_assert_uint_eq(buffer.length, MANY + 1);
    ck_assert_int_eq(buffer.bytes[MANY], 'a' + (MANY - 1) % 26);

    rewind(file);
    buffer_clear(&buffer);
    ck_assert(buffer_read(&buffer, file, MOST));
    ck_assert(buffer.length > MOST && buffer.length < MANY);
    (void)fclose(file);

    file = fopen("/", "re"); /* a folder can be opened, and not read */
    ck_assert_ptr_nonnull(file);
    ck_assert(!buffer_read(&buffer, file, MOST));
    (void)fclose(file);
}
END_TEST

START_TEST(writes_numbers)
{
    static const int64_t numbers[] = {0, 7, -1, 10, INT64_MAX, INT64_MIN, 1234567890123};
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        AUTO(buffer_done) struct buffer buffer = {0};
        AUTO(free_text) char *expected = xasprintf("%" PRId64, numbers[i]);
        buffer_i64(&buffer, numbers[i]);
        ck_assert_str_eq(buffer_cstr(&buffer), expected);
    }
}
END_TEST

START_TEST(escapes_json)
{
    AUTO(buffer_done) struct buffer buffer = {0};
    static const char text[] = "a\"\\\n\x01\x7f\0z\xc3\xab";
    buffer_json(&buffer, text, sizeof text - 1);
    ck_assert_str_eq(buffer_cstr(&buffer), "\"a\\\"\\\\\\u000a\\u0001\\u007f\\u0000z\xc3\xab\"");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("buffer");
    TCase *tests = tcase_create("buffer");
    tcase_add_test(tests, is_empty_when_zeroed);
    tcase_add_test(tests, grows_at_the_end);
    tcase_add_test(tests, reads_files_up_to_a_limit);
    tcase_add_test(tests, writes_numbers);
    tcase_add_test(tests, escapes_json);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
