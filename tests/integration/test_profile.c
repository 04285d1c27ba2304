/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include "core/memory.h"
#include "support/process.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* The real profile service over HTTP; what it says is read in its outbox. */

static struct stage stage;
static PGconn *conn;
static struct arena arena; /* what lives as long as the case */

static void open_stage(void)
{
    stage_open(&stage, "profile", NULL);
}

static void close_stage(void)
{
    stage_close(&stage);
}

static void connect_case(void)
{
    conn = stage_connect(&stage);
}

static void disconnect_case(void)
{
    PQfinish(conn);
    arena_done(&arena);
}

struct user {
    char id[UUID_TEXT_BYTES];
    const char *token;
};

static long call(const char *method, const struct user *user, const char *below, const char *body,
                 json_object **out)
{
    AUTO(free_text) char *path = xasprintf("/users/%s%s", user->id, below);
    return company_call(stage.company, "profile", method, path, user->token, NULL, body, out);
}

static struct user register_user(const char *body)
{
    json_object *answer = NULL;
    struct user user;
    ck_assert_int_eq(
        company_call(stage.company, "profile", "POST", "/users", NULL, NULL, body, &answer), 201);
    (void)snprintf(user.id, sizeof user.id, "%s", member_text(answer, "id"));
    user.token = arena_printf(&arena, "%s", member_text(answer, "token"));
    (void)json_object_put(answer);
    return user;
}

static struct user register_ada(void)
{
    return register_user("{\"name\":\"Ada Lovelace\",\"email\":\"ada@example.org\"}");
}

#define BODY "convert_from(body, 'UTF8')::json"

static void check_said(const struct user *user, const char *wanted)
{
    AUTO(free_text)
    char *text = stage_text(conn,
                            "select string_agg(split_part(type, '.', 3), ' ' order by sequence) "
                            "from outbox where subject = '%s'",
                            user->id);
    ck_assert_str_eq(text, wanted);
}

static void check_last_said(const struct user *user, const char *member, const char *wanted)
{
    AUTO(free_text)
    char *text = stage_text(
        conn,
        "select " BODY "->>'%s' from outbox where subject = '%s' order by sequence desc limit 1",
        member, user->id);
    ck_assert_str_eq(text, wanted);
}

#define GOAL                                                                                       \
    "{\"goal\":\"lose_weight\",\"level\":\"beginner\",\"daysPerWeek\":4,\"equipment\":[\"bike\","  \
    "\"bands\"],\"targetWeightG\":72000}"

START_TEST(a_new_user_gets_an_id_a_place_and_a_token)
{
    static const char body[] = "{\"name\":\"Zoë Đặng\",\"email\":\"zoe.dang@example.com\"}";
    struct answer answer = client_call(company_http_port(stage.company, "profile"), "POST",
                                       "/users", HEADERS(JSON), body, strlen(body));
    ck_assert_int_eq(answer.status, 201);
    json_object *json = json_tokener_parse(buffer_cstr(&answer.body));
    struct user user;
    (void)snprintf(user.id, sizeof user.id, "%s", member_text(json, "id"));
    user.token = arena_printf(&arena, "%s", member_text(json, "token"));
    AUTO(free_text) char *location = xasprintf("Location: /users/%s", user.id);
    ck_assert_msg(answer_has_head(&answer, location), "%s", buffer_cstr(&answer.head));
    answer_done(&answer);
    (void)json_object_put(json);

    ck_assert_int_eq(call("GET", &user, "", NULL, &json), 200);
    ck_assert_str_eq(member_text(json, "name"), "Zoë Đặng");
    ck_assert_str_eq(member_text(json, "email"), "zoe.dang@example.com");
    ck_assert(!json_object_object_get_ex(json, "goal", NULL));
    ck_assert(!json_object_object_get_ex(json, "token", NULL));
    (void)json_object_put(json);
    check_said(&user, "UserRegistered");
    check_last_said(&user, "name", "Zoë Đặng");
}
END_TEST

enum { CHECK_MS = 30000 };

/* `contract check` beside the service's exchange, until `count` events have been judged. */
static pid_t start_check(const char *count, const char *log)
{
    const char *url = getenv("AMQP_URL");
    const char *slash = url != NULL ? strrchr(url, '/') : NULL;
    ck_assert_ptr_nonnull(slash);
    AUTO(free_text)
    char *amqp = xasprintf("AMQP_URL=%.*s/%s", (int)(slash - url), url, stage.name);
    AUTO(free_text)
    char *tool = xasprintf("%s/src/tools/quadrille", company_build(stage.company));
    const char *const argv[] = {tool,         "contract",       "check",  "--queue", "profile",
                                "--exchange", "profile.events", "--key",  "#",       "--profile",
                                "quadrille",  "--as",           "sender", "--count", count,
                                NULL};
    pid_t pid = process_start(argv, (const char *const[]){amqp, NULL}, log);
    AUTO(free_text) char *wait = xasprintf("until grep -q listening %s; do sleep 0.05; done", log);
    const char *const shell[] = {"/bin/sh", "-c", wait, NULL};
    ck_assert_int_eq(process_wait(process_start(shell, NULL, NULL), CHECK_MS), 0);
    return pid;
}

/* The contract, and docs/contracts.md, down to the kind of every header. */
START_TEST(what_it_says_is_allowed_on_the_wire)
{
    AUTO(free_text) char *log = xasprintf("%s/check.log", company_folder(stage.company));
    pid_t pid = start_check("4", log);
    struct user user = register_ada();
    ck_assert_int_eq(call("PUT", &user, "/goal", GOAL, NULL), 200);
    ck_assert_int_eq(call("POST", &user, "/metrics", "{\"weightG\":80000,\"heightMm\":1800}", NULL),
                     200);
    ck_assert_int_eq(call("DELETE", &user, "", NULL, NULL), 204);
    int status = process_wait(pid, CHECK_MS);
    if (status != 0) {
        AUTO(free_text) char *show = xasprintf("sed 's/^/# /' %s", log);
        (void)process_wait(
            process_start((const char *const[]){"/bin/sh", "-c", show, NULL}, NULL, NULL),
            CHECK_MS);
    }
    ck_assert_msg(status == 0, "the check ended with %d; see its verdicts above", status);
}
END_TEST

START_TEST(the_same_registration_sent_again_is_one_user)
{
    json_object *first = NULL;
    json_object *second = NULL;
    static const char body[] = "{\"name\":\"Ada\",\"email\":\"once@example.org\"}";
    ck_assert_int_eq(company_call(stage.company, "profile", "POST", "/users", NULL,
                                  "a-key-that-nobody-guesses", body, &first),
                     201);
    ck_assert_int_eq(company_call(stage.company, "profile", "POST", "/users", NULL,
                                  "a-key-that-nobody-guesses", body, &second),
                     201);
    ck_assert_str_eq(member_text(first, "id"), member_text(second, "id"));
    ck_assert_int_eq(
        stage_number(conn, "select count(*) from users where email = 'once@example.org'"), 1);
    ck_assert_int_eq(stage_number(conn, "select count(*) from outbox where subject = '%s'",
                                  member_text(first, "id")),
                     1);
    (void)json_object_put(first);
    (void)json_object_put(second);
}
END_TEST

START_TEST(an_update_is_said_once_and_only_when_it_changes_something)
{
    struct user user = register_ada();
    json_object *answer = NULL;
    static const char body[] = "{\"name\":\"Ada King\",\"email\":\"ada.king@example.org\"}";
    ck_assert_int_eq(call("PUT", &user, "", body, &answer), 200);
    ck_assert_str_eq(member_text(answer, "name"), "Ada King");
    (void)json_object_put(answer);
    ck_assert_int_eq(call("PUT", &user, "", body, NULL), 200);
    check_said(&user, "UserRegistered ProfileUpdated");
    check_last_said(&user, "email", "ada.king@example.org");
}
END_TEST

START_TEST(a_deleted_user_leaves_nothing_personal)
{
    struct user user = register_ada();
    ck_assert_int_eq(call("PUT", &user, "/goal", GOAL, NULL), 200);
    ck_assert_int_eq(call("POST", &user, "/metrics", "{\"weightG\":80000}", NULL), 200);
    ck_assert_int_eq(call("DELETE", &user, "", NULL, NULL), 204);
    check_said(&user, "UserRegistered FitnessGoalSet BodyMetricsRecorded UserDeleted");

    ck_assert_int_eq(
        stage_number(conn,
                     "select count(*) from users where id = '%s' and name is null and email is null"
                     " and deleted_at is not null",
                     user.id),
        1);
    ck_assert_int_eq(stage_number(conn,
                                  "select (select count(*) from goal where user_id = '%s')"
                                  " + (select count(*) from metric where user_id = '%s')",
                                  user.id, user.id),
                     0);
    ck_assert_int_eq(call("GET", &user, "", NULL, NULL), 404);
    ck_assert_int_eq(call("DELETE", &user, "", NULL, NULL), 404);
    ck_assert_int_eq(
        call("PUT", &user, "", "{\"name\":\"Ada\",\"email\":\"ada@example.org\"}", NULL), 404);
    ck_assert_int_eq(call("PUT", &user, "/goal", GOAL, NULL), 404);
    ck_assert_int_eq(call("POST", &user, "/metrics", "{\"weightG\":80000}", NULL), 404);
    check_said(&user, "UserRegistered FitnessGoalSet BodyMetricsRecorded UserDeleted");
}
END_TEST

START_TEST(a_deleted_user_is_in_no_kept_answer)
{
    json_object *answer = NULL;
    static const char body[] = "{\"name\":\"Brief\",\"email\":\"brief@example.org\"}";
    static const char key[] = "0d8a1c0e-6f53-4b0b-8f0e-3b9f3f3c7d42";
    struct user user;
    ck_assert_int_eq(
        company_call(stage.company, "profile", "POST", "/users", NULL, key, body, &answer), 201);
    (void)snprintf(user.id, sizeof user.id, "%s", member_text(answer, "id"));
    user.token = arena_printf(&arena, "%s", member_text(answer, "token"));
    (void)json_object_put(answer);
    AUTO(free_text) char *metrics = xasprintf("/users/%s/metrics", user.id);
    ck_assert_int_eq(company_call(stage.company, "profile", "POST", metrics, user.token, key,
                                  "{\"weightG\":80000}", NULL),
                     200);
    ck_assert_int_eq(call("DELETE", &user, "", NULL, NULL), 204);
    ck_assert_int_eq(stage_number(conn,
                                  "select count(*) from idempotency where subject = '%s' and "
                                  "answer is null",
                                  user.id),
                     2);
    ck_assert_int_eq(
        company_call(stage.company, "profile", "POST", "/users", NULL, key, body, &answer), 410);
    ck_assert_str_eq(member_text(answer, "type"), "/problems/gone");
    (void)json_object_put(answer);
    ck_assert_int_eq(
        stage_number(conn, "select count(*) from users where email = 'brief@example.org'"), 0);
}
END_TEST

START_TEST(users_reach_themselves_only)
{
    struct user ada = register_ada();
    struct user other = register_ada();
    AUTO(free_text) char *path = xasprintf("/users/%s", ada.id);
    ck_assert_int_eq(company_call(stage.company, "profile", "GET", path, NULL, NULL, NULL, NULL),
                     401);
    ck_assert_int_eq(
        company_call(stage.company, "profile", "GET", path, other.token, NULL, NULL, NULL), 403);
    ck_assert_int_eq(
        company_call(stage.company, "profile", "DELETE", path, other.token, NULL, NULL, NULL), 403);
    ck_assert_int_eq(call("GET", &ada, "", NULL, NULL), 200);
}
END_TEST

START_TEST(a_goal_is_said_once_and_shown)
{
    struct user user = register_ada();
    json_object *answer = NULL;
    ck_assert_int_eq(call("PUT", &user, "/goal", GOAL, NULL), 200);
    ck_assert_int_eq(call("PUT", &user, "/goal", GOAL, &answer), 200);
    check_said(&user, "UserRegistered FitnessGoalSet");
    check_last_said(&user, "equipment", "[\"bike\",\"bands\"]");
    check_last_said(&user, "targetWeightG", "72000");
    json_object *goal = json_object_object_get(answer, "goal");
    ck_assert_str_eq(member_text(goal, "goal"), "lose_weight");
    ck_assert_int_eq(member_number(goal, "targetWeightG"), 72000);
    ck_assert_uint_eq(json_object_array_length(json_object_object_get(goal, "equipment")), 2);
    (void)json_object_put(answer);

    ck_assert_int_eq(
        call(
            "PUT", &user, "/goal",
            "{\"goal\":\"stay_healthy\",\"level\":\"advanced\",\"daysPerWeek\":7,\"equipment\":[]}",
            &answer),
        200);
    check_said(&user, "UserRegistered FitnessGoalSet FitnessGoalSet");
    ck_assert(
        !json_object_object_get_ex(json_object_object_get(answer, "goal"), "targetWeightG", NULL));
    (void)json_object_put(answer);
}
END_TEST

START_TEST(what_was_measured_earlier_changes_nothing)
{
    struct user user = register_ada();
    json_object *answer = NULL;
    ck_assert_int_eq(call("POST", &user, "/metrics",
                          "{\"weightG\":82000,\"measuredAt\":\"2026-01-02T03:04:05Z\"}", NULL),
                     200);
    ck_assert_int_eq(call("POST", &user, "/metrics",
                          "{\"weightG\":90000,\"heightMm\":1790,"
                          "\"measuredAt\":\"2025-12-01T03:04:05Z\"}",
                          &answer),
                     200);
    json_object *metrics = json_object_object_get(answer, "metrics");
    ck_assert_int_eq(member_number(metrics, "weightG"), 82000);
    ck_assert_int_eq(member_number(metrics, "heightMm"), 1790);
    ck_assert_str_eq(member_text(metrics, "measuredAt"), "2026-01-02T03:04:05.000Z");
    (void)json_object_put(answer);
    ck_assert_int_eq(call("POST", &user, "/metrics",
                          "{\"weightG\":81000,\"measuredAt\":\"2026-01-02T03:04:05Z\"}", &answer),
                     200);
    ck_assert_int_eq(member_number(json_object_object_get(answer, "metrics"), "weightG"), 81000);
    (void)json_object_put(answer);
}
END_TEST

START_TEST(a_measuring_keeps_what_it_leaves_out)
{
    struct user user = register_ada();
    json_object *answer = NULL;
    ck_assert_int_eq(call("POST", &user, "/metrics",
                          "{\"weightG\":82000,\"heightMm\":1790,\"restingHeartRateBpm\":62,"
                          "\"measuredAt\":\"2026-01-02T03:04:05.678+01:00\"}",
                          NULL),
                     200);
    check_last_said(&user, "measuredAt", "2026-01-02T02:04:05.678Z");
    ck_assert_int_eq(
        call("POST", &user, "/metrics", "{\"weightG\":81000,\"maxPushups\":0}", &answer), 200);
    check_said(&user, "UserRegistered BodyMetricsRecorded BodyMetricsRecorded");
    check_last_said(&user, "heightMm", "");
    check_last_said(&user, "maxPushups", "0");
    json_object *metrics = json_object_object_get(answer, "metrics");
    ck_assert_int_eq(member_number(metrics, "weightG"), 81000);
    ck_assert_int_eq(member_number(metrics, "heightMm"), 1790);
    (void)json_object_put(answer);
}
END_TEST

static const struct refusal {
    const char *method, *below, *body; /* below NULL: POST /users */
    long status;
    const char *field;
} refusals[] = {
    {"POST", NULL, "{\"name\":\"Ada\\nBcc: all@example.org\",\"email\":\"ada@example.org\"}", 422,
     "/name"},
    {"POST", NULL, "{\"name\":\"Ada\\u0085\",\"email\":\"ada@example.org\"}", 422, "/name"},
    {"POST", NULL, "{\"name\":\"\",\"email\":\"ada@example.org\"}", 422, "/name"},
    {"POST", NULL, "{\"email\":\"ada@example.org\"}", 422, "/name"},
    {"POST", NULL, "{\"name\":\"Ada\",\"email\":\"ada@example.org\\r\\nBcc: all@example.org\"}",
     422, "/email"},
    {"POST", NULL, "{\"name\":\"Ada\",\"email\":\"ada\"}", 422, "/email"},
    {"POST", NULL, "{\"name\":\"Ada\",\"email\":\"ada@example.org\",\"role\":\"admin\"}", 422,
     "/role"},
    {"POST", NULL, "{\"name\":", 400, ""},
    {"PUT", "", "{\"name\":\"Ada\\u0000\",\"email\":\"ada@example.org\"}", 400,
     ""}, /* no text of ours holds one */
    {"PUT", "/goal", "{\"goal\":\"fly\",\"level\":\"beginner\",\"daysPerWeek\":4,\"equipment\":[]}",
     422, "/goal"},
    {"PUT", "/goal",
     "{\"goal\":\"stay_healthy\",\"level\":\"beginner\",\"daysPerWeek\":8,\"equipment\":[]}", 422,
     "/daysPerWeek"},
    {"PUT", "/goal",
     "{\"goal\":\"stay_healthy\",\"level\":\"beginner\",\"daysPerWeek\":4,\"equipment\":[\"moon\"]"
     "}",
     422, "/equipment/0"},
    {"PUT", "/goal",
     "{\"goal\":\"stay_healthy\",\"level\":\"beginner\",\"daysPerWeek\":4,\"equipment\":[],"
     "\"targetWeightG\":1}",
     422, "/targetWeightG"},
    {"POST", "/metrics", "{\"weightG\":0}", 422, "/weightG"},
    {"POST", "/metrics", "{\"heightMm\":3001}", 422, "/heightMm"},
    {"POST", "/metrics", "{}", 422, ""},
    {"POST", "/metrics", "{\"weightG\":80000,\"measuredAt\":\"2999-01-01T00:00:00Z\"}", 422,
     "/measuredAt"},
};

START_TEST(what_breaks_a_rule_is_refused_by_its_field)
{
    const struct refusal *refusal = &refusals[_i];
    struct user user = register_ada();
    json_object *problem = NULL;
    long status = refusal->below != NULL
                      ? call(refusal->method, &user, refusal->below, refusal->body, &problem)
                      : company_call(stage.company, "profile", "POST", "/users", NULL, NULL,
                                     refusal->body, &problem);
    ck_assert_int_eq(status, refusal->status);
    ck_assert_str_eq(member_text(problem, "field"), refusal->field);
    ck_assert_ptr_null(strstr(member_text(problem, "detail"), "Bcc"));
    (void)json_object_put(problem);
    check_said(&user, "UserRegistered");
}
END_TEST

/* The body's rules are the contract's: what is just within them can be said. */
START_TEST(what_is_just_within_the_rules_is_taken)
{
    char name[401] = "";
    for (int i = 0; i < 200; i++) {
        (void)snprintf(name + strlen(name), sizeof name - strlen(name), "é");
    }
    AUTO(free_text) char *body = xasprintf("{\"name\":\"%s\",\"email\":\"a@example.org\"}", name);
    struct user user = register_user(body);
    AUTO(free_text)
    char *longer = xasprintf("{\"name\":\"%sx\",\"email\":\"a@example.org\"}", name);
    ck_assert_int_eq(call("PUT", &user, "", longer, NULL), 422);

    static const char *const goals[] = {
        "{\"goal\":\"build_muscle\",\"level\":\"advanced\",\"daysPerWeek\":1,\"targetWeightG\":"
        "30000,\"equipment\":"
        "[\"dumbbells\",\"barbell\",\"kettlebell\",\"bands\",\"pull_up_bar\",\"machine\",\"bike\","
        "\"rower\",\"treadmill\"]}",
        "{\"goal\":\"improve_endurance\",\"level\":\"intermediate\",\"daysPerWeek\":7,"
        "\"targetWeightG\":300000,"
        "\"equipment\":[]}",
    };
    for (size_t i = 0; i < COUNT_OF(goals); i++) {
        ck_assert_int_eq(call("PUT", &user, "/goal", goals[i], NULL), 200);
    }
    static const char *const metrics[] = {
        "{\"weightG\":1,\"heightMm\":1,\"restingHeartRateBpm\":1,\"ageYears\":0,\"maxPushups\":0,"
        "\"sleepMinutes\":0}",
        "{\"weightG\":1000000,\"heightMm\":3000,\"restingHeartRateBpm\":300,\"ageYears\":150,"
        "\"maxPushups\":1000,"
        "\"sleepMinutes\":1440}",
    };
    for (size_t i = 0; i < COUNT_OF(metrics); i++) {
        ck_assert_int_eq(call("POST", &user, "/metrics", metrics[i], NULL), 200);
    }
}
END_TEST

int main(void)
{
    if (!stage_has_servers()) {
        (void)puts("1..0 # SKIP the environment names no servers");
        return EXIT_SUCCESS;
    }
    Suite *suite = suite_create("profile");
    TCase *tcase = tcase_create("profile");
    tcase_set_timeout(tcase, 60);
    tcase_add_unchecked_fixture(tcase, open_stage, close_stage);
    tcase_add_checked_fixture(tcase, connect_case, disconnect_case);
    tcase_add_test(tcase, a_new_user_gets_an_id_a_place_and_a_token);
    tcase_add_test(tcase, what_it_says_is_allowed_on_the_wire);
    tcase_add_test(tcase, the_same_registration_sent_again_is_one_user);
    tcase_add_test(tcase, an_update_is_said_once_and_only_when_it_changes_something);
    tcase_add_test(tcase, a_deleted_user_leaves_nothing_personal);
    tcase_add_test(tcase, a_deleted_user_is_in_no_kept_answer);
    tcase_add_test(tcase, users_reach_themselves_only);
    tcase_add_test(tcase, a_goal_is_said_once_and_shown);
    tcase_add_test(tcase, what_was_measured_earlier_changes_nothing);
    tcase_add_test(tcase, a_measuring_keeps_what_it_leaves_out);
    tcase_add_loop_test(tcase, what_breaks_a_rule_is_refused_by_its_field, 0,
                        (int)COUNT_OF(refusals));
    tcase_add_test(tcase, what_is_just_within_the_rules_is_taken);
    suite_add_tcase(suite, tcase);

    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
