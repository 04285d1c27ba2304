/* SPDX-License-Identifier: Apache-2.0 */
#include "core/memory.h"
#include "services/subscription/watch.h"
#include "unit.h"

#include <limits.h>
#include <stdint.h>

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

static const struct {
    int64_t first_ms;
    int repeats;
    int64_t wanted_ms;
} delays[] = {
    {2 * MINUTE, 0, 2 * MINUTE},
    {2 * MINUTE, 1, 4 * MINUTE},
    {2 * MINUTE, 4, 32 * MINUTE},
    {2 * MINUTE, 5, HOUR},
    {2 * MINUTE, 6, HOUR},
    {2 * MINUTE, INT_MAX, HOUR},
    {500, 1, SECOND},
    {HOUR, 0, HOUR},
    {HOUR, 1, HOUR},
    {24 * HOUR, 0, 24 * HOUR},
    {24 * HOUR, 9, 24 * HOUR},
};

START_TEST(doubles_up_to_an_hour_and_never_shrinks)
{
    ck_assert_int_eq(watch_delay_ms(delays[_i].first_ms, delays[_i].repeats), delays[_i].wanted_ms);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("delay");
    tcase_add_loop_test(cases, doubles_up_to_an_hour_and_never_shrinks, 0, (int)COUNT_OF(delays));
    Suite *suite = suite_create("watch");
    suite_add_tcase(suite, cases);
    return unit_run(suite);
}
