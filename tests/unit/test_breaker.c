/* SPDX-License-Identifier: Apache-2.0 */
#include "services/billing/breaker.h"

#include "unit.h"

enum { FAILURES = 3, FIRST_MS = 100, MAX_MS = 350, NOW_MS = 1000 };

static struct breaker new_breaker(void)
{
    return (struct breaker){.failures_max = FAILURES, .first_ms = FIRST_MS, .max_ms = MAX_MS};
}

static void fail_times(struct breaker *breaker, int times, int64_t now_ms)
{
    for (int i = 0; i < times; i++) {
        breaker_failed(breaker, now_ms);
    }
}

START_TEST(lets_everything_through_at_first)
{
    struct breaker breaker = new_breaker();
    ck_assert_int_eq(breaker_room(&breaker, 50, NOW_MS), 50);
    ck_assert_int_eq(breaker_room(&breaker, 0, NOW_MS), 0);
    ck_assert_int_eq(breaker_wait_ms(&breaker, NOW_MS), 0);
}
END_TEST

START_TEST(opens_after_failures_in_a_row_only)
{
    struct breaker breaker = new_breaker();
    fail_times(&breaker, FAILURES - 1, NOW_MS);
    breaker_succeeded(&breaker);
    fail_times(&breaker, FAILURES - 1, NOW_MS);
    ck_assert_int_eq(breaker.state, BREAKER_CLOSED);
    ck_assert_int_eq(breaker_room(&breaker, 7, NOW_MS), 7);
    fail_times(&breaker, 1, NOW_MS);
    ck_assert_int_eq(breaker.state, BREAKER_OPEN);
    ck_assert_int_eq(breaker_room(&breaker, 7, NOW_MS), 0);
    ck_assert_int_eq(breaker_wait_ms(&breaker, NOW_MS + 30), FIRST_MS - 30);
}
END_TEST

START_TEST(lets_one_probe_through_when_the_time_is_over)
{
    struct breaker breaker = new_breaker();
    fail_times(&breaker, FAILURES, NOW_MS);
    ck_assert_int_eq(breaker_room(&breaker, 7, NOW_MS + FIRST_MS - 1), 0);
    ck_assert_int_eq(breaker_room(&breaker, 7, NOW_MS + FIRST_MS), 1);
    ck_assert_int_eq(breaker.state, BREAKER_HALF_OPEN);
    ck_assert_int_eq(breaker_room(&breaker, 7, NOW_MS + FIRST_MS), 1); /* it has not started yet */
    breaker_started(&breaker);
    ck_assert_int_eq(breaker_room(&breaker, 7, NOW_MS + FIRST_MS), 0);
    ck_assert_int_eq(breaker_room(&breaker, 7, NOW_MS + 1000 * FIRST_MS), 0);
}
END_TEST

START_TEST(closes_when_the_probe_succeeds)
{
    struct breaker breaker = new_breaker();
    fail_times(&breaker, FAILURES, NOW_MS);
    (void)breaker_room(&breaker, 1, NOW_MS + FIRST_MS);
    breaker_started(&breaker);
    breaker_succeeded(&breaker);
    ck_assert_int_eq(breaker.state, BREAKER_CLOSED);
    ck_assert_int_eq(breaker_room(&breaker, 7, NOW_MS + FIRST_MS), 7);
    fail_times(&breaker, FAILURES, NOW_MS); /* and is patient again */
    ck_assert_int_eq(breaker_wait_ms(&breaker, NOW_MS), FIRST_MS);
}
END_TEST

START_TEST(waits_twice_as_long_after_each_failed_probe_up_to_a_cap)
{
    static const int64_t waits[] = {FIRST_MS, FIRST_MS + FIRST_MS, MAX_MS, MAX_MS};
    struct breaker breaker = new_breaker();
    int64_t now_ms = NOW_MS;
    fail_times(&breaker, FAILURES, now_ms);
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        ck_assert_int_eq(breaker_wait_ms(&breaker, now_ms), waits[i]);
        now_ms += waits[i];
        ck_assert_int_eq(breaker_room(&breaker, 7, now_ms), 1);
        breaker_started(&breaker);
        fail_times(&breaker, 1, now_ms);
        ck_assert_int_eq(breaker.state, BREAKER_OPEN);
    }
}
END_TEST

START_TEST(late_failures_of_older_calls_do_not_prolong_the_pause)
{
    struct breaker breaker = new_breaker();
    fail_times(&breaker, FAILURES, NOW_MS);
    fail_times(&breaker, 10, NOW_MS + 50);
    ck_assert_int_eq(breaker_wait_ms(&breaker, NOW_MS), FIRST_MS);
}
END_TEST

START_TEST(an_answer_to_an_older_call_closes_it)
{
    struct breaker breaker = new_breaker();
    fail_times(&breaker, FAILURES, NOW_MS);
    breaker_succeeded(&breaker);
    ck_assert_int_eq(breaker_room(&breaker, 7, NOW_MS + 1), 7);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("breaker");
    TCase *tcase = tcase_create("breaker");
    tcase_add_test(tcase, lets_everything_through_at_first);
    tcase_add_test(tcase, opens_after_failures_in_a_row_only);
    tcase_add_test(tcase, lets_one_probe_through_when_the_time_is_over);
    tcase_add_test(tcase, closes_when_the_probe_succeeds);
    tcase_add_test(tcase, waits_twice_as_long_after_each_failed_probe_up_to_a_cap);
    tcase_add_test(tcase, late_failures_of_older_calls_do_not_prolong_the_pause);
    tcase_add_test(tcase, an_answer_to_an_older_call_closes_it);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
