/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ids.h"

#include "core/clock.h"
#include "core/memory.h"
#include "unit.h"

#include <ctype.h>
#include <pthread.h>
#include <string.h>

enum { MANY = 50000, TWICE = 2 * MANY };

START_TEST(makes_version_7_with_the_time_in_front)
{
    int64_t before = clock_now_ms();
    struct uuid id = ids_new();
    int64_t after = clock_now_ms();
    ck_assert(ids_is_v7(&id) && !ids_is_nil(&id));
    ck_assert_int_ge(ids_time_ms(&id), before);
    ck_assert_int_le(ids_time_ms(&id), after + 1);
    struct uuid floor = ids_floor(ids_time_ms(&id));
    ck_assert_int_lt(ids_compare(&floor, &id), 0);
}
END_TEST

START_TEST(never_goes_back_within_a_thread)
{
    struct uuid last = ids_new();
    for (int i = 0; i < MANY; i++) {
        struct uuid next = ids_new();
        if (ids_compare(&last, &next) >= 0) {
            ck_abort_msg("not increasing at %d", i);
        }
        last = next;
    }
}
END_TEST

static void *make_many(void *out)
{
    struct uuid *ids = out;
    for (int i = 0; i < MANY; i++) {
        ids[i] = ids_new();
    }
    return NULL;
}

static int compare(const void *a, const void *b)
{
    return ids_compare(a, b);
}

START_TEST(never_makes_one_twice_in_two_threads)
{
    struct uuid *ids = xcalloc(TWICE, sizeof *ids);
    pthread_t other;
    ck_assert_int_eq(pthread_create(&other, NULL, make_many, ids), 0);
    make_many(ids + MANY);
    ck_assert_int_eq(pthread_join(other, NULL), 0);
    qsort(ids, TWICE, sizeof *ids, compare);
    for (int i = 1; i < TWICE; i++) {
        if (ids_equal(&ids[i - 1], &ids[i])) {
            ck_abort_msg("twice at %d", i);
        }
    }
    free(ids);
}
END_TEST

START_TEST(reads_what_it_writes_in_either_case)
{
    struct uuid id = ids_new();
    char text[UUID_TEXT_BYTES];
    struct uuid again;
    ck_assert(ids_parse(ids_format(&id, text), &again) && ids_equal(&id, &again));
    for (char *c = text; *c != '\0'; c++) {
        *c = (char)toupper((unsigned char)*c);
    }
    ck_assert(ids_parse(text, &again) && ids_equal(&id, &again));
}
END_TEST

START_TEST(refuses_other_texts)
{
    static const char *const wrong[] = {"",
                                        "01970000-0000-7000-8000-00000000000",
                                        "01970000-0000-7000-8000-0000000000000",
                                        "01970000x0000-7000-8000-000000000000",
                                        "0197000g-0000-7000-8000-000000000000",
                                        "{1970000-0000-7000-8000-00000000000}",
                                        "01970000000070008000000000000000----",
                                        "0197000-00000-7000-8000-000000000000"};
    struct uuid id = {{0}};
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        ck_assert_msg(!ids_parse(wrong[i], &id), "%s", wrong[i]);
    }
    ck_assert(!ids_parse(NULL, &id) && ids_is_nil(&id));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ids");
    TCase *tests = tcase_create("ids");
    tcase_add_test(tests, makes_version_7_with_the_time_in_front);
    tcase_add_test(tests, never_goes_back_within_a_thread);
    tcase_add_test(tests, never_makes_one_twice_in_two_threads);
    tcase_add_test(tests, reads_what_it_writes_in_either_case);
    tcase_add_test(tests, refuses_other_texts);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
