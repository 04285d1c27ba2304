/* SPDX-License-Identifier: Apache-2.0 */
#include "core/backoff.h"

#include "unit.h"

enum { DRAWS = 200 };

START_TEST(grows_to_its_limit_and_stays_there)
{
    struct backoff backoff = {0};
    int64_t most = BACKOFF_FIRST_MS;
    for (int i = 0; i < 40; i++) {
        int64_t pause = backoff_next(&backoff);
        ck_assert_int_ge(pause, most / 2);
        ck_assert_int_le(pause, most);
        most = most * 2 < BACKOFF_MAX_MS ? most * 2 : BACKOFF_MAX_MS;
    }
    ck_assert_int_eq(backoff.ms, BACKOFF_MAX_MS);
}
END_TEST

/* Those who failed together do not come back together: half of the pause is dice. */
START_TEST(no_two_pauses_are_alike)
{
    int64_t least = BACKOFF_MAX_MS;
    int64_t most = 0;
    for (int i = 0; i < DRAWS; i++) {
        struct backoff backoff = {.ms = BACKOFF_MAX_MS};
        int64_t pause = backoff_next(&backoff);
        least = pause < least ? pause : least;
        most = pause > most ? pause : most;
    }
    ck_assert_int_lt(least, BACKOFF_MAX_MS * 6 / 10);
    ck_assert_int_gt(most, BACKOFF_MAX_MS * 9 / 10);
}
END_TEST

START_TEST(begins_anew_when_cleared)
{
    struct backoff backoff = {.ms = BACKOFF_MAX_MS};
    backoff = (struct backoff){0};
    ck_assert_int_le(backoff_next(&backoff), BACKOFF_FIRST_MS);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("backoff");
    TCase *tests = tcase_create("backoff");
    tcase_add_test(tests, grows_to_its_limit_and_stays_there);
    tcase_add_test(tests, no_two_pauses_are_alike);
    tcase_add_test(tests, begins_anew_when_cleared);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
