/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clock.h"
#include "core/db.h"
#include "core/memory.h"
#include "support/company.h"
#include "support/load.h"
#include "support/process.h"
#include "tools/secret.h"

#include <check.h>
#include <curl/curl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/*
 * `quadrille saga` over the whole company: upgrades that end in every way, one that waits for a
 * service that is away, and a history that somebody has tampered with.
 */

enum {
    COMPLETED = 0, /* users of a load, by how their upgrade ends */
    REJECTED = 3,
    COMPENSATED = 7,
    USERS = 8,
    WAITING = USERS, /* those that ask while coaching is away */
    PARKED,
    END_MS = 60000,
    TOOL_MS = 30000,
    PAUSE_MS = 100
};

static const char *const settings[] = {"UPGRADE_DEADLINE=5m", "PROVIDER_TIMEOUT=2s",
                                       "PROVIDER_LEASE=1s", "GOAL_PATIENCE=2s", NULL};

static struct company *company;
static struct load load;
static struct arena arena;

static void setup(void)
{
    AUTO(free_text) char *folder = xasprintf("%s/saga", getenv("INSTANCE_DIR"));
    company = company_new(&(const struct company_options){.folder = folder, .extra = settings});
    company_start(company);
    load = (struct load){.company = company};
    load_users(&load, USERS);
    load_ask(&load, 0);
    ck_assert_uint_eq(load_await(&load, END_MS), 0);
    ck_assert_uint_eq(load_wrong(&load), 0);
}

static void teardown(void)
{
    company_free(company);
    arena_done(&arena);
}

struct output {
    int code;
    const char *text;
};

static struct output run_tool(const char *const arguments[])
{
    static int runs;
    const char *log = arena_printf(&arena, "%s/tool.%d", company_folder(company), runs++);
    const char *argv[24] = {arena_printf(&arena, "%s/src/tools/quadrille", company_build(company)),
                            "saga"};
    struct buffer text = {0};
    (void)remove(log);
    for (size_t i = 0; arguments[i] != NULL; i++) {
        argv[i + 2] = arguments[i];
    }
    int status = process_wait(process_start(argv, NULL, log), TOOL_MS);
    FILE *file = fopen(log, "re");
    ck_assert_ptr_nonnull(file);
    ck_assert(buffer_read(&text, file, (size_t)16 * 1024 * 1024));
    (void)fclose(file);
    struct output output = {.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
                            .text = arena_text(&arena, buffer_cstr(&text), text.length)};
    buffer_done(&text);
    return output;
}

#define TOOL(...) run_tool((const char *const[]){__VA_ARGS__, NULL})

static void expect_text(const struct output *output, const char *wanted)
{
    ck_assert_msg(strstr(output->text, wanted) != NULL, "no \"%s\" in:\n%s", wanted, output->text);
}

/* The history hears of an event a moment after those who wait for it. */
static struct output await_text(const char *wanted, const char *const arguments[])
{
    int64_t deadline = clock_monotonic_ms() + END_MS;
    struct output output = run_tool(arguments);
    while (strstr(output.text, wanted) == NULL && clock_monotonic_ms() < deadline) {
        clock_sleep_ms(PAUSE_MS);
        output = run_tool(arguments);
    }
    expect_text(&output, wanted);
    return output;
}

#define AWAIT(wanted, ...) await_text(wanted, (const char *const[]){__VA_ARGS__, NULL})

static void do_sql(const char *database, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* As the database's owner. */
static void do_sql(const char *database, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *statement = arena_vprintf(&arena, format, args);
    va_end(args);
    AUTO(free_text) char *url = secret_url_with_database(getenv("DATABASE_URL"), database);
    AUTO(free_text) char *text = xasprintf("set role %s_owner; %s", database, statement);
    AUTO(db_close_auto) struct db *db = NULL;
    struct fault fault;
    ck_assert_msg(db_open(&(const struct db_options){.url = url}, &db, &fault) == OK, "%s",
                  fault.text);
    ck_assert_msg(db_script(db, text, &fault) == OK, "%s", fault.text);
}

static const struct {
    size_t user;
    const char *end;
    bool is_undone;
    const char *said[6];
} endings[] = {
    {COMPLETED,
     "PremiumUpgradeCompleted",
     false,
     {"PremiumUpgradeRequested", "PaymentCompleted", "PremiumActivated", "PlanGenerated"}},
    {REJECTED, "PremiumUpgradeRejected", false, {"PremiumUpgradeRequested", "PaymentFailed"}},
    {COMPENSATED,
     "PremiumUpgradeCancelled",
     true,
     {"PlanGenerationFailed", "PremiumRevoked", "PaymentRefunded", "PlanWithdrawn"}},
};

START_TEST(a_story_that_has_ended_is_told_whole)
{
    const char *id = load.users[endings[_i].user].upgrade_id;
    AUTO(free_text) char *end = xasprintf("%s  subscription  (end)", endings[_i].end);
    struct output output = AWAIT(end, "show", id);
    ck_assert_int_eq(output.code, 0);
    expect_text(&output, "done");
    ck_assert_int_eq(strstr(output.text, "(compensation)") != NULL, endings[_i].is_undone);
    for (size_t i = 0; endings[_i].said[i] != NULL; i++) {
        expect_text(&output, endings[_i].said[i]);
    }
    ck_assert_ptr_null(strstr(output.text, "should say"));
    ck_assert_ptr_null(strstr(output.text, "undeclared"));

    /* The same of any event of it, and for programs. */
    struct output json = TOOL("show", id, "--json");
    json_object *root = json_tokener_parse(json.text);
    ck_assert_ptr_nonnull(root);
    ck_assert_str_eq(member_text(root, "state"), "done");
    ck_assert_str_eq(member_text(root, "end"), endings[_i].end);
    json_object *events = json_object_object_get(root, "events");
    const char *last =
        member_text(json_object_array_get_idx(events, json_object_array_length(events) - 1), "id");
    struct output of_event = TOOL("show", last);
    expect_text(&of_event, end);
    (void)json_object_put(root);
    struct output mermaid = TOOL("show", id, "--format", "mermaid");
    ck_assert_int_eq(strncmp(mermaid.text, "flowchart TD\n", 13), 0);
    expect_text(&mermaid, "-->|");
}
END_TEST

START_TEST(the_list_tells_states_and_can_be_narrowed)
{
    struct output all = TOOL("ls");
    for (size_t i = 0; i < USERS; i++) {
        expect_text(&all, load.users[i].upgrade_id);
    }
    struct output undone = TOOL("ls", "--state", "compensated");
    expect_text(&undone, load.users[COMPENSATED].upgrade_id);
    ck_assert_ptr_null(strstr(undone.text, load.users[COMPLETED].upgrade_id));
    ck_assert_ptr_null(strstr(undone.text, load.users[REJECTED].upgrade_id));
    ck_assert_str_eq(TOOL("ls", "--state", "open").text, "");
    ck_assert_int_eq(TOOL("ls", "--state", "lost").code, 2);
}
END_TEST

START_TEST(a_sound_history_is_verified)
{
    for (size_t i = 0; i < USERS; i++) {
        struct output output = TOOL("verify", "--correlation", load.users[i].upgrade_id);
        ck_assert_msg(output.code == 0, "%s", output.text);
        expect_text(&output, "1 stories, 0 findings");
    }
}
END_TEST

START_TEST(a_story_that_waits_is_found_with_its_reason)
{
    load_users(&load, 1);
    ck_assert_int_eq(company_signal(company, "coaching", SIGTERM), 0);
    load_ask(&load, WAITING);
    const char *id = load.users[WAITING].upgrade_id;
    (void)AWAIT("coaching should say PlanGenerated or PlanGenerationFailed", "show", id);
    struct output output = AWAIT("and no consumer", "stuck", "--after", "1ms");
    ck_assert_int_eq(output.code, 1);
    expect_text(&output, id);
    struct output blind = TOOL("stuck", "--after", "1ms", "--management-url", "");
    expect_text(&blind, "it has not reached coaching; its queue: not looked at");
    struct output json = TOOL("show", id, "--after", "1ms", "--json");
    expect_text(&json, "\"text\":\"it has not reached coaching");
    struct output judged = TOOL("verify", "--after", "1ms");
    ck_assert_int_eq(judged.code, 1);
    expect_text(&judged, "missing-reaction");
    ck_assert_int_eq(TOOL("stuck", "--after", "2h").code, 0);

    company_start_one(company, "coaching", NULL);
    ck_assert_uint_eq(load_await(&load, END_MS), 0);
    (void)AWAIT("PremiumUpgradeCompleted", "show", id);
    ck_assert_int_eq(TOOL("stuck", "--after", "1ms").code, 0);
}
END_TEST

/* What the services' databases say is told as well: the row stands for a handler that fails. */
START_TEST(a_parked_event_is_the_reason)
{
    load_users(&load, 1);
    ck_assert_int_eq(company_signal(company, "coaching", SIGTERM), 0);
    load_ask(&load, PARKED);
    const char *id = load.users[PARKED].upgrade_id;
    (void)AWAIT("coaching should say PlanGenerated or PlanGenerationFailed", "show", id);
    struct output json = TOOL("show", id, "--after", "1ms", "--json");
    json_object *root = json_tokener_parse(json.text);
    json_object *reasons = json_object_object_get(root, "reasons");
    ck_assert_uint_eq(json_object_array_length(reasons), 1);
    const char *cause = member_text(json_object_array_get_idx(reasons, 0), "cause");
    do_sql("coaching",
           "insert into retry (id, queue, type, attempts, due, first_failed_at, last_failed_at,"
           " reason, exchange, routing_key, properties, body) values ('%s', 'coaching', 'any', 3,"
           " now() + interval '1 hour', now(), now(), E'no gym \\x1b[31m', '', '', '', '')",
           cause);
    struct output output = TOOL("stuck", "--after", "1ms");
    expect_text(&output, "parked by coaching after 3 attempts");
    expect_text(&output, "no gym \\x1b[31m");
    do_sql("coaching", "delete from retry where id = '%s'", cause);
    (void)json_object_put(root);
    company_start_one(company, "coaching", NULL);
    ck_assert_uint_eq(load_await(&load, END_MS), 0);
}
END_TEST

/* Somebody has put a reaction into the log that coaching never declared. */
static void tamper(const char *correlation_id)
{
    struct uuid new_id = ids_new();
    char id[UUID_TEXT_BYTES];
    do_sql("history",
           "insert into event_log (id, era, type, service, exchange, routing_key, correlation_id,"
           " causation_id, occurred_at, properties, body)"
           " select '%s', era, 'fit.coaching.PlanWithdrawn.v1', 'coaching', 'coaching.events',"
           " 'coaching.plan-withdrawn.v1', correlation_id, id, now(), '', '{}' from event_log"
           " where correlation_id = '%s' and type = 'fit.subscription.PremiumActivated.v1'",
           ids_format(&new_id, id), correlation_id);
}

START_TEST(an_undeclared_reaction_is_named)
{
    const char *id = load.users[COMPLETED].upgrade_id;
    tamper(id);
    struct output output = TOOL("verify", "--correlation", id);
    ck_assert_int_eq(output.code, 1);
    expect_text(&output, "undeclared-reaction");
    expect_text(&output, id);
    expect_text(&output, "no contract lets coaching answer PremiumActivated with it");
    expect_text(&output, " stories, 1 findings");
}
END_TEST

int main(void)
{
    if (getenv("AMQP_URL") == NULL || getenv("DATABASE_URL") == NULL ||
        getenv("SECRETS_DIR") == NULL || getenv("INSTANCE_DIR") == NULL) {
        (void)printf("1..0 # SKIP no servers: ./run test starts them\n");
        return 0;
    }
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    Suite *all = suite_create("saga");
    TCase *tests = tcase_create("saga");
    tcase_add_unchecked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 0); /* no fork: Meson has the time limit */
    tcase_add_loop_test(tests, a_story_that_has_ended_is_told_whole, 0, COUNT_OF(endings));
    tcase_add_test(tests, the_list_tells_states_and_can_be_narrowed);
    tcase_add_test(tests, a_sound_history_is_verified);
    tcase_add_test(tests, a_story_that_waits_is_found_with_its_reason);
    tcase_add_test(tests, a_parked_event_is_the_reason);
    tcase_add_test(tests, an_undeclared_reaction_is_named);
    suite_add_tcase(all, tests);
    SRunner *runner = srunner_create(all);
    srunner_set_fork_status(runner, CK_NOFORK); /* the company's processes belong to this one */
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
