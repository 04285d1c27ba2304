/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"

#include "core/clock.h"
#include "core/memory.h"
#include "support/process.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/*
 * The servers go away under load and come back: the same process goes on, no attempt is burned,
 * nothing dies, each effect happens once. Needs an instance whose servers may be stopped
 * (INSTANCE_DIR).
 */

enum { LOAD = 6000, SERVER_MS = 60000 };

static struct hall hall;

static void set_up(void)
{
    hall_clear(&hall);
}

static void server(const char *verb, const char *name)
{
    AUTO(free_text) char *log = xasprintf("%s/server.log", hall.stage.folder);
    const char *const argv[] = {getenv("SERVER_SCRIPT"), getenv("INSTANCE_DIR"), verb, name, NULL};
    int status = process_wait(process_start(argv, NULL, log), SERVER_MS);
    ck_assert_msg(status == 0, "server.sh %s %s ended with %d, see %s", verb, name, status, log);
}

static void wait_for(const struct listener_process *listener, const char *text, int64_t at_most_ms)
{
    int64_t until = clock_monotonic_ms() + at_most_ms;
    while (!hall_says(listener, text)) {
        ck_assert_msg(clock_monotonic_ms() < until, "the listener does not say %s in %lld ms", text,
                      (long long)at_most_ms);
        clock_sleep_ms(10);
    }
}

static void wait_for_some_effects(void)
{
    PGconn *conn = stage_connect(&hall.stage);
    stage_await(conn, 1, "select (count(*) >= 500)::int from effect");
    ck_assert_int_lt(stage_number(conn, "select count(*) from effect"), LOAD);
    PQfinish(conn);
}

/* All there once, and nobody paid for the outage. */
static void check_end(struct listener_process *listener, long long wanted)
{
    PGconn *conn = stage_connect(&hall.stage);
    hall_await_effects(conn, wanted);
    hall_await_depth(&hall, "listener", 0);
    ck_assert(process_is_alive(listener->pid));
    ck_assert_int_eq(stage_number(conn, "select count(*) from parking"), 0);
    ck_assert_int_eq(stage_number(conn, "select count(*) from suspect"), 0);
    ck_assert_int_eq(stage_number(conn, "select count(*) from outbox where kind = 1"), 0);
    ck_assert_int_eq(hall_tells(listener, "dead_lettered"), 0);
    ck_assert_int_eq(hall_end(listener, SIGTERM), 0);
    ck_assert_int_eq(hall_depth(&hall, "listener"), 0);
    ck_assert_int_eq(hall_depth(&hall, "listener.dlq"), 0);
    hall_check_effects(conn, wanted);
    PQfinish(conn);
}

static void tell(int count)
{
    struct tales tales = {0};
    tales_add(&tales, (size_t)count, "believe", 7, "good");
    tales_tell(&hall, &tales);
    tales_done(&tales);
}

/* Small batches, so that the outage comes in the middle of the load. */
#define SMALL ((const char *const[]){"BATCH=20", NULL})

START_TEST(postgres_restarts_in_immediate_mode_under_load)
{
    struct listener_process listener = hall_start(&hall, SMALL);
    tell(LOAD);
    wait_for_some_effects();
    server("restart-immediately", "postgres");
    check_end(&listener, LOAD);
}
END_TEST

START_TEST(the_broker_restarts_under_load)
{
    struct listener_process listener = hall_start(&hall, SMALL);
    tell(LOAD);
    wait_for_some_effects();
    server("stop", "rabbitmq");
    wait_for(&listener, "\"broker\":\"down\"", 5000);
    server("start", "rabbitmq");
    check_end(&listener, LOAD);
}
END_TEST

START_TEST(a_frozen_broker_is_noticed_within_two_heartbeats)
{
    struct listener_process listener =
        hall_start(&hall, (const char *const[]){"HEARTBEAT_S=1", NULL});
    wait_for(&listener, "\"status\":\"ready\"", 5000);
    /* Its relay stands by, so its workers notice by themselves. */
    struct listener_process second =
        hall_start(&hall, (const char *const[]){"HEARTBEAT_S=1", NULL});
    wait_for(&second, "\"state\":\"standby\"", 5000);
    wait_for(&second, "\"status\":\"ready\"", 5000);
    server("pause", "rabbitmq");
    int64_t frozen = clock_monotonic_ms();
    wait_for(&listener, "\"broker\":\"down\"", 4000);
    wait_for(&second, "\"broker\":\"down\"", 4000);
    int64_t noticed = clock_monotonic_ms() - frozen;
    server("resume", "rabbitmq");
    ck_assert_int_ge(noticed, 500); /* not by accident */
    ck_assert_int_le(noticed, 3000);
    wait_for(&listener, "\"status\":\"ready\"", 20000);
    wait_for(&second, "\"status\":\"ready\"", 20000);
    ck_assert_int_eq(hall_end(&second, SIGTERM), 0);
    tell(100);
    check_end(&listener, 100);
}
END_TEST

START_TEST(a_database_outage_keeps_the_broker_connection_and_ends_by_itself)
{
    struct listener_process listener = hall_start(&hall, SMALL);
    wait_for(&listener, "\"status\":\"ready\"", 5000);
    server("stop", "postgres");
    tell(200);
    wait_for(&listener, "\"database\":\"down\"", 5000);
    ck_assert(hall_says(&listener, "\"broker\":\"up\""));
    clock_sleep_ms(1500);
    server("start", "postgres");
    check_end(&listener, 200);
    ck_assert(hall_has_logged(&listener, "database.back"));
    ck_assert(!hall_has_logged(&listener, "consumer.reconnecting"));
}
END_TEST

/* Connections succeed, writing does not: asked less and less often, and ready only when it works.
 */
START_TEST(a_database_that_takes_no_writes_is_not_stormed)
{
    PGconn *conn = stage_connect(&hall.stage);
    AUTO(free_text)
    char *read_only = xasprintf("alter database %s_listener set default_transaction_read_only = on",
                                hall.stage.name);
    AUTO(free_text)
    char *writable = xasprintf("alter database %s_listener reset default_transaction_read_only",
                               hall.stage.name);
    struct listener_process listener = hall_start(&hall, (const char *const[]){"WORKERS=1", NULL});
    wait_for(&listener, "\"status\":\"ready\"", 5000);
    PQclear(PQexec(conn, read_only));
    hall_cut_off(&hall); /* what is open may write still */
    tell(20);
    clock_sleep_ms(3000);
    int refusals = hall_times_logged(&listener, "database.refused");
    ck_assert_msg(refusals >= 2 && refusals <= 8, "asked %d times in 3 s", refusals);
    PQclear(PQexec(conn, writable));
    PQfinish(conn);
    check_end(&listener, 20);
    ck_assert_int_eq(hall_times_logged(&listener, "database.lost"), 1);
    ck_assert_int_eq(hall_times_logged(&listener, "database.back"), 1);
}
END_TEST

START_TEST(a_listener_started_without_its_database_waits_for_it)
{
    server("stop", "postgres");
    struct listener_process listener = hall_start(&hall, NULL);
    tell(50);
    clock_sleep_ms(300);
    ck_assert(process_is_alive(listener.pid));
    ck_assert(hall_says(&listener, "\"status\":\"not ready\""));
    server("start", "postgres");
    check_end(&listener, 50);
}
END_TEST

static void open_hall(void)
{
    hall_open(&hall);
}

/* A case that has failed may have left a server stopped or frozen. */
static void close_hall(void)
{
    server("resume", "rabbitmq");
    server("start", "rabbitmq");
    server("start", "postgres");
    hall_close(&hall);
}

int main(void)
{
    if (!stage_has_servers()) {
        (void)puts(HALL_SKIP);
        return EXIT_SUCCESS;
    }
    if (getenv("INSTANCE_DIR") == NULL || getenv("SERVER_SCRIPT") == NULL) {
        (void)puts("1..0 # SKIP these servers are not ours to stop: INSTANCE_DIR is not set");
        return EXIT_SUCCESS;
    }
    TCase *cases = tcase_create("outage");
    tcase_set_timeout(cases, 90);
    tcase_add_unchecked_fixture(cases, open_hall, close_hall);
    tcase_add_checked_fixture(cases, set_up, NULL);
    tcase_add_test(cases, postgres_restarts_in_immediate_mode_under_load);
    tcase_add_test(cases, the_broker_restarts_under_load);
    tcase_add_test(cases, a_frozen_broker_is_noticed_within_two_heartbeats);
    tcase_add_test(cases, a_database_outage_keeps_the_broker_connection_and_ends_by_itself);
    tcase_add_test(cases, a_database_that_takes_no_writes_is_not_stormed);
    tcase_add_test(cases, a_listener_started_without_its_database_waits_for_it);
    Suite *suite = suite_create("outage");
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
