/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clock.h"
#include "core/db.h"
#include "core/memory.h"
#include "support/company.h"
#include "support/flood.h"
#include "support/load.h"
#include "support/process.h"

#include <check.h>
#include <curl/curl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * The whole company under load while something is killed, frozen or restarted. After each blow
 * every upgrade must have ended as it was bound to, and every invariant must hold: the audit asks
 * databases, broker and provider.
 */

enum {
    USERS = 12,
    MANY_USERS = 3 * USERS,
    EVENTS_AT_LEAST = 10 * USERS,
    HONEST = 100,
    CRASH_MS = 20000,
    END_MS = 60000,
    QUIET_MS = 500,
    WITHOUT_SERVERS_MS = 1500
};

static const char *const settings[] = {"UPGRADE_DEADLINE=5m",
                                       "WATCH_AFTER=10s",
                                       "PROVIDER_TIMEOUT=2s",
                                       "PROVIDER_LEASE=1s",
                                       "PROVIDER_RETRY_MAX=1s",
                                       "HEARTBEAT_S=2",
                                       "PROVIDER_PENDING_POLL=200ms",
                                       "WORKERS=2",
                                       "GOAL_PATIENCE=2s",
                                       NULL};

static struct company *company;
static struct load load;

static void setup(void)
{
    /* Beside the databases, because the ledger belongs to them. */
    AUTO(free_text) char *folder = xasprintf("%s/company", getenv("INSTANCE_DIR"));
    company = company_new(&(const struct company_options){.folder = folder, .extra = settings});
    company_start(company);
    load = (struct load){.company = company};
}

static void teardown(void)
{
    company_free(company);
}

/* Everybody ends as bound, and nothing was lost, doubled or made up on the way. */
static void expect_sound(void)
{
    ck_assert_uint_eq(load_await(&load, END_MS), 0);
    ck_assert_uint_eq(load_wrong(&load), 0);
    ck_assert_uint_eq(load.unanswered, 0);
    ck_assert_msg(load_audit(company), "the audit names a broken invariant");
    ck_assert_uint_gt(company_count_logged(company, "charge.moved"), 0); /* the logs are read */
    ck_assert_uint_eq(company_count_logged(company, "saga.unknown"), 0);
}

static size_t more_users(size_t count)
{
    size_t from = load.count;
    load_users(&load, count);
    ck_assert_uint_eq(load.count, from + count);
    return from;
}

#define TRACE "4bf92f3577b34da6a3ce929d0e0e4736"

/* Asks for premium as a traced caller would. */
static void ask_with_trace(struct load_user *user)
{
    AUTO(free_text) char *path = xasprintf("/users/%s/premium-upgrades", user->id);
    AUTO(free_text) char *authorization = xasprintf("Authorization: Bearer %s", user->token);
    const char *const headers[] = {JSON, authorization,
                                   "traceparent: 00-" TRACE "-00f067aa0ba902b7-01", NULL};
    const char *body = "{\"paymentMethod\":\"pm_card_visa\"}";
    struct answer answer = {0};
    for (int tries = 0; tries < 100 && answer.status != 202; tries++) {
        answer_done(&answer); /* 404 until subscription has heard of the new user */
        clock_sleep_ms(20);
        answer = client_call(company_http_port(company, "subscription"), "POST", path, headers,
                             body, strlen(body));
    }
    json_object *upgrade = json_tokener_parse(buffer_cstr(&answer.body));
    ck_assert_int_eq(answer.status, 202);
    (void)snprintf(user->upgrade_id, sizeof user->upgrade_id, "%s", member_text(upgrade, "id"));
    (void)json_object_put(upgrade);
    answer_done(&answer);
}

/* How many events of the story the service has said, and how many of them carry the trace. */
static void count_traced(const char *service, const char *upgrade_id, int64_t *said,
                         int64_t *traced)
{
    static const struct sql sql_traced = {
        "traced",
        "select count(*), count(*) filter (where traceparent like '00-" TRACE "-%') from outbox"
        " where correlation_id = $1::uuid"};
    AUTO(free_text) char *url = company_database_url(service, service);
    AUTO(db_close_auto) struct db *db = NULL;
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    struct fault fault;
    struct uuid id;
    ck_assert(ids_parse(upgrade_id, &id));
    ck_assert_msg(db_open(&(const struct db_options){.url = url}, &db, &fault) == OK, "%s",
                  fault.text);
    ck_assert_msg(db_run(db, &sql_traced, DB_PARAMS(db_uuid(&id)), &rows, &fault) == OK, "%s",
                  fault.text);
    *said = db_get_i64(rows, 0, 0);
    *traced = db_get_i64(rows, 0, 1);
}

START_TEST(the_trace_of_a_request_reaches_every_event_of_its_story)
{
    static const struct {
        const char *service;
        int64_t said;
    } tellers[] = {{"subscription", 3}, {"billing", 1}, {"coaching", 1}, {"notification", 3}};
    size_t from = more_users(1);
    ask_with_trace(&load.users[from]);
    expect_sound();
    for (size_t i = 0; i < COUNT_OF(tellers); i++) {
        int64_t said = 0;
        int64_t traced = 0;
        count_traced(tellers[i].service, load.users[from].upgrade_id, &said, &traced);
        ck_assert_msg(said == tellers[i].said && traced == said,
                      "%s said %lld events, %lld with the trace", tellers[i].service,
                      (long long)said, (long long)traced);
    }
}
END_TEST

START_TEST(upgrades_end_as_they_are_bound_to)
{
    load_ask(&load, more_users(USERS));
    expect_sound();
}
END_TEST

enum { DEATHS = 3 };

/* Which processes die at which labelled points, together. Each is started again when it has died.
 */
static const struct {
    const char *service;
    const char *point;
} crashes[][DEATHS] = {
    {{"subscription", "CRASH_AT=consumer-after-claim:2"},
     {"billing", "CRASH_AT=consumer-before-commit"},
     {"coaching", "CRASH_AT=consumer-after-commit"}},
    {{"subscription", "CRASH_AT=consumer-after-ack:3"},
     {"billing", "CRASH_AT=relay-before-cursor"},
     {"notification", "CRASH_AT=notification-after-delivery:5"}},
    {{"subscription", "CRASH_AT=relay-after-publish:2"},
     {"billing", "CRASH_AT=billing-after-intent"}},
    {{"subscription", "CRASH_AT=command.before_commit:3"},
     {"billing", "CRASH_AT=billing-after-call:2"}},
    {{"subscription", "CRASH_AT=command.after_commit:4"},
     {"billing", "CRASH_AT=billing-after-commit"}},
};

START_TEST(processes_killed_at_labelled_points_harm_nobody)
{
    size_t from = more_users(USERS);
    for (size_t i = 0; i < DEATHS && crashes[_i][i].service != NULL; i++) {
        const char *const extra[] = {crashes[_i][i].point, NULL};
        (void)company_signal(company, crashes[_i][i].service, SIGTERM);
        company_start_one(company, crashes[_i][i].service, extra);
    }
    size_t kills = load.kills;
    load_ask(&load, from);
    /* Only subscription is asked: a restart by the load was its own. */
    bool has_died[DEATHS] = {load.kills > kills};
    int64_t deadline = clock_monotonic_ms() + CRASH_MS;
    for (size_t left = DEATHS; left > 0 && clock_monotonic_ms() < deadline; clock_sleep_ms(10)) {
        left = 0;
        for (size_t i = 0; i < DEATHS && crashes[_i][i].service != NULL; i++) {
            int status = has_died[i] ? -1 : company_await_end(company, crashes[_i][i].service, 0);
            if (status != -1) {
                ck_assert_msg(process_was_killed(status), "%s ended with %d",
                              crashes[_i][i].service, status);
                company_start_one(company, crashes[_i][i].service, NULL);
                has_died[i] = true;
            }
            left += !has_died[i];
        }
    }
    for (size_t i = 0; i < DEATHS && crashes[_i][i].service != NULL; i++) {
        ck_assert_msg(has_died[i], "%s was never at %s", crashes[_i][i].service,
                      crashes[_i][i].point);
    }
    expect_sound();
}
END_TEST

/* scripts/server.sh does to the instance's servers what its arguments say. */
static void server(const char *words)
{
    AUTO(free_text)
    char *command =
        xasprintf("\"%s\" \"%s\" %s >&2", getenv("SERVER_SCRIPT"), getenv("INSTANCE_DIR"), words);
    ck_assert_int_eq(system(command), 0);
}

static const struct {
    const char *first, *then; /* `then` may be NULL */
    int64_t pause_ms;
} outages[] = {
    {"restart-immediately postgres", NULL, 0},
    {"pause rabbitmq", "resume rabbitmq", 5000}, /* more than two heartbeats */
};

START_TEST(an_outage_under_load_heals_by_itself)
{
    size_t from = more_users(USERS);
    load_ask(&load, from);
    server(outages[_i].first);
    clock_sleep_ms(outages[_i].pause_ms);
    if (outages[_i].then != NULL) {
        server(outages[_i].then);
    }
    load_ask(&load, more_users(USERS / 2));
    expect_sound();
}
END_TEST

START_TEST(two_processes_of_each_service_do_everything_once)
{
    static const char *const names[] = {"profile",  "subscription", "billing",
                                        "coaching", "notification", "history"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        /* Its relay stands by, and it serves all the same. */
        ck_assert_msg(company_becomes_ready(company_start_twin(company, names[i])),
                      "a second %s is not ready", names[i]);
    }
    load_ask(&load, more_users(MANY_USERS));
    expect_sound();
}
END_TEST

START_TEST(every_service_leaves_within_ten_seconds_of_sigterm)
{
    static const char *const services[] = {"profile",  "subscription", "billing",
                                           "coaching", "notification", "history"};
    load_ask(&load, more_users(USERS));
    for (size_t i = 0; i < COUNT_OF(services); i++) {
        int64_t start = clock_monotonic_ms();
        int status = company_signal(company, services[i], SIGTERM);
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s left with status %d",
                      services[i], status);
        ck_assert_int_lt(clock_monotonic_ms() - start, 10000);
        company_start_one(company, services[i], NULL);
    }
    expect_sound();
}
END_TEST

START_TEST(duplicates_change_nothing)
{
    struct flood *flood = flood_open(getenv("CONTRACTS"));
    ck_assert_ptr_nonnull(flood);
    load_ask(&load, more_users(USERS));
    ck_assert_uint_eq(load_await(&load, END_MS), 0);
    ck_assert(flood_listen(flood, QUIET_MS));
    ck_assert_uint_ge(flood_count(flood), EVENTS_AT_LEAST);
    /* With an honest load beside them. */
    size_t from = more_users(USERS);
    ck_assert(flood_send(flood, 3, 1));
    load_ask(&load, from);
    flood_close(flood);
    expect_sound();
}
END_TEST

START_TEST(a_poison_among_a_hundred_honest_upgrades_harms_none)
{
    size_t from = more_users(HONEST);
    ck_assert(load_poison(company));
    load_ask(&load, from);
    ck_assert(load_poison(company));
    expect_sound();
}
END_TEST

/* Both servers are killed under load. Three services start again while nobody is there: they wait.
 */
START_TEST(killed_servers_come_back_and_early_services_wait_for_them)
{
    static const char *const early[] = {"profile", "subscription", "billing"};
    load_ask(&load, more_users(USERS));
    server("kill postgres");
    server("kill rabbitmq");
    for (size_t i = 0; i < COUNT_OF(early); i++) {
        (void)company_signal(company, early[i], SIGTERM);
        company_start_one(company, early[i], NULL);
    }
    clock_sleep_ms(WITHOUT_SERVERS_MS);
    for (size_t i = 0; i < COUNT_OF(early); i++) {
        ck_assert_msg(company_is_alive(company, early[i]), "%s did not wait", early[i]);
    }
    server("start postgres");
    server("start rabbitmq");
    size_t restarts = load.restarts;
    load_ask(&load, more_users(USERS));
    ck_assert_uint_eq(load.restarts, restarts);
    expect_sound();
}
END_TEST

static Suite *suite(bool has_instance)
{
    Suite *all = suite_create("company");
    TCase *tests = tcase_create("company");
    tcase_add_unchecked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 0); /* no fork: Meson has the time limit */
    tcase_add_test(tests, the_trace_of_a_request_reaches_every_event_of_its_story);
    tcase_add_test(tests, upgrades_end_as_they_are_bound_to);
    tcase_add_loop_test(tests, processes_killed_at_labelled_points_harm_nobody, 0,
                        COUNT_OF(crashes));
    tcase_add_test(tests, duplicates_change_nothing);
    tcase_add_test(tests, a_poison_among_a_hundred_honest_upgrades_harms_none);
    tcase_add_test(tests, every_service_leaves_within_ten_seconds_of_sigterm);
    if (has_instance) {
        tcase_add_loop_test(tests, an_outage_under_load_heals_by_itself, 0, COUNT_OF(outages));
        tcase_add_test(tests, killed_servers_come_back_and_early_services_wait_for_them);
    }
    tcase_add_test(tests, two_processes_of_each_service_do_everything_once);
    suite_add_tcase(all, tests);
    return all;
}

int main(void)
{
    if (getenv("AMQP_URL") == NULL || getenv("DATABASE_URL") == NULL ||
        getenv("SECRETS_DIR") == NULL || getenv("INSTANCE_DIR") == NULL) {
        (void)printf("1..0 # SKIP no servers: ./run test starts them\n");
        return 0;
    }
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    SRunner *runner = srunner_create(suite(getenv("SERVERS_ARE_OURS") != NULL));
    srunner_set_fork_status(runner, CK_NOFORK); /* the company's processes belong to this one */
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
