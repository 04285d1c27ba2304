/* SPDX-License-Identifier: Apache-2.0 */
#include "core/link.h"

#include "unit.h"

/* clang-format off */
static const struct link_case { enum link_state relay, first, last, expected; } cases[] = {
    {LINK_UNUSED, LINK_UNUSED, LINK_UNUSED, LINK_UNUSED},
    {LINK_UP,     LINK_UNUSED, LINK_UNUSED, LINK_UP},
    {LINK_UNUSED, LINK_UP,     LINK_UP,     LINK_UP},
    {LINK_UP,     LINK_DOWN,   LINK_UP,     LINK_DOWN}, /* the relay's success hides no worker's trouble */
    {LINK_UP,     LINK_UP,     LINK_DOWN,   LINK_DOWN}, /* nor does another worker's */
    {LINK_DOWN,   LINK_UP,     LINK_UP,     LINK_DOWN},
    {LINK_DOWN,   LINK_UNUSED, LINK_UNUSED, LINK_DOWN},
};
/* clang-format on */

START_TEST(a_server_is_there_when_nobody_who_needs_it_misses_it)
{
    const struct link_case *row = &cases[_i];
    struct links links = {0};
    link_set(&links, SEAT_RELAY, LINK_BROKER, row->relay);
    link_set(&links, SEAT_WORKER, LINK_BROKER, row->first);
    link_set(&links, SEAT_WORKER + LINK_WORKERS_MAX - 1, LINK_BROKER, row->last);
    ck_assert_int_eq(link_of_all(&links, LINK_BROKER), row->expected);
    ck_assert_int_eq(link_of_all(&links, LINK_DATABASE), LINK_UNUSED);
}
END_TEST

START_TEST(who_has_no_seat_says_nothing)
{
    struct links links = {0};
    link_set(&links, SEAT_NONE, LINK_DATABASE, LINK_DOWN);
    ck_assert_int_eq(link_of_all(&links, LINK_DATABASE), LINK_UNUSED);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("link");
    tcase_add_loop_test(tests, a_server_is_there_when_nobody_who_needs_it_misses_it, 0,
                        sizeof cases / sizeof cases[0]);
    tcase_add_test(tests, who_has_no_seat_says_nothing);
    Suite *suite = suite_create("link");
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
