/* SPDX-License-Identifier: Apache-2.0 */
#include "core/memory.h"
#include "hall.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Dead letters of our own services: what `quadrille dlq` sends back is heard by a real consumer, as
 * the operator's account. */

static struct hall hall;
static PGconn *conn;

static void open_hall(void)
{
    hall_open(&hall);
}

static void close_hall(void)
{
    hall_close(&hall);
}

static void set_up(void)
{
    hall_clear(&hall);
    conn = stage_connect(&hall.stage);
}

static void tear_down(void)
{
    PQfinish(conn);
}

/* Yours. */
static char *dlq(int code, const char *const *words)
{
    char *output = NULL;
    AUTO(free_text) char *url = hall_amqp_url(&hall, "operator");
    AUTO(free_text) char *state = xasprintf("%s/state", hall.stage.folder);
    const char *arguments[24] = {"dlq"};
    for (size_t i = 0; words[i] != NULL && i + 2 < COUNT_OF(arguments); i++) {
        arguments[i + 1] = words[i];
    }
    ck_assert_int_eq(setenv("AMQP_URL", url, 1), 0);
    ck_assert_int_eq(setenv("XDG_STATE_HOME", state, 1), 0);
    ck_assert_int_eq(unsetenv("MANAGEMENT_URL"), 0);
    int ended = hall_tool(&hall, arguments, &output);
    ck_assert_msg(ended == code, "ended with %d: %s", ended, output);
    return output;
}
#define DLQ(code, ...) dlq(code, (const char *const[]){__VA_ARGS__, NULL})

START_TEST(a_letter_that_is_edited_is_handled)
{
    struct tales tales = {0};
    tales_add(&tales, 3, "refuse", 7, "good");
    tales_tell(&hall, &tales);
    struct listener_process listener = hall_start(&hall, NULL);
    hall_await_depth(&hall, "listener.dlq", 3);
    /* the cause is not repaired: it comes back, and shows it */
    free(DLQ(0, "retry", "listener.dlq", "--limit", "1", "--yes"));
    hall_await_depth(&hall, "listener.dlq", 3);
    AUTO(free_text) char *groups = DLQ(0, "groups", "listener.dlq");
    ck_assert_msg(strstr(groups, "sent back up to 1 times") != NULL, "%s", groups);
    const char *contracts = getenv("CONTRACTS");
    free(DLQ(3, "edit", "listener.dlq", "--set", "/act=dance", "--contracts", contracts, "--yes"));
    free(
        DLQ(0, "edit", "listener.dlq", "--set", "/act=believe", "--contracts", contracts, "--yes"));
    hall_await_effects(conn, 3);
    hall_check_effects(conn, 3);
    hall_await_depth(&hall, "listener.dlq", 0);
    (void)hall_end(&listener, SIGTERM);
    tales_done(&tales);
}
END_TEST

int main(void)
{
    if (!stage_has_servers()) {
        (void)puts(HALL_SKIP);
        return EXIT_SUCCESS;
    }
    Suite *suite = suite_create("dlq own");
    TCase *cases = tcase_create("own");
    tcase_set_timeout(cases, 60);
    tcase_add_unchecked_fixture(cases, open_hall, close_hall);
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, a_letter_that_is_edited_is_handled);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
