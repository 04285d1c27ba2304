/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include "core/clock.h"
#include "core/memory.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/*
 * The real coaching service: what profile and subscription would say is said by hand, what coaching
 * says is read in its outbox.
 */

static struct stage stage;

enum { PATIENCE_MS = 1500 };

static void open_stage(void)
{
    AUTO(free_text) char *patience = xasprintf("GOAL_PATIENCE=%dms", PATIENCE_MS);
    stage_open(&stage, "coaching", (const char *const[]){patience, NULL});
}

static void close_stage(void)
{
    stage_close(&stage);
}

static PGconn *conn;
static struct arena arena; /* what lives as long as the case */

struct user {
    struct uuid id, upgrade_id;
    char text[UUID_TEXT_BYTES], upgrade[UUID_TEXT_BYTES];
};

static void connect_case(void)
{
    conn = stage_connect(&stage);
}

static void disconnect_case(void)
{
    PQfinish(conn);
    arena_done(&arena);
}

static struct user make_user(void)
{
    struct user user = {.id = ids_new(), .upgrade_id = ids_new()};
    (void)ids_format(&user.id, user.text);
    (void)ids_format(&user.upgrade_id, user.upgrade);
    return user;
}

#define GOAL                                                                                       \
    "\"goal\":\"gain_strength\",\"level\":\"intermediate\",\"daysPerWeek\":3,\"equipment\":["      \
    "\"barbell\"]"
#define REFUSED_GOAL                                                                               \
    "\"goal\":\"gain_strength\",\"level\":\"intermediate\",\"daysPerWeek\":1,\"equipment\":["      \
    "\"barbell\"]"
#define METRICS "\"weightG\":82000,\"heightMm\":1790,\"restingHeartRateBpm\":62"

static struct saying goal_set(const struct user *user, int64_t sequence, const char *goal)
{
    char now[CLOCK_TEXT_BYTES];
    return (struct saying){.service = "profile",
                           .name = "FitnessGoalSet",
                           .routing_key = "profile.fitness-goal-set.v1",
                           .id = ids_new(),
                           .subject = user->id,
                           .sequence = sequence,
                           .body =
                               arena_printf(&arena, "{\"userId\":\"%s\",%s,\"setAt\":\"%s\"}",
                                            user->text, goal, clock_format(clock_now_ms(), now))};
}

static struct saying measured(const struct user *user, int64_t sequence, const char *metrics,
                              const char *at)
{
    return (struct saying){.service = "profile",
                           .name = "BodyMetricsRecorded",
                           .routing_key = "profile.body-metrics-recorded.v1",
                           .id = ids_new(),
                           .subject = user->id,
                           .sequence = sequence,
                           .body =
                               arena_printf(&arena, "{\"userId\":\"%s\",%s,\"measuredAt\":\"%s\"}",
                                            user->text, metrics, at)};
}

/* All at the same time. */
static struct saying metrics_recorded(const struct user *user, int64_t sequence,
                                      const char *metrics)
{
    return measured(user, sequence, metrics, "2026-11-23T07:00:00.000Z");
}

static struct saying user_deleted(const struct user *user, int64_t sequence)
{
    char now[CLOCK_TEXT_BYTES];
    return (struct saying){.service = "profile",
                           .name = "UserDeleted",
                           .routing_key = "profile.user-deleted.v1",
                           .id = ids_new(),
                           .subject = user->id,
                           .sequence = sequence,
                           .body = arena_printf(&arena, "{\"userId\":\"%s\",\"deletedAt\":\"%s\"}",
                                                user->text, clock_format(clock_now_ms(), now))};
}

static struct saying activated(const struct user *user, int64_t sequence)
{
    char now[CLOCK_TEXT_BYTES];
    char until[CLOCK_TEXT_BYTES];
    return (struct saying){
        .service = "subscription",
        .name = "PremiumActivated",
        .routing_key = "subscription.premium-activated.v1",
        .id = ids_new(),
        .subject = user->upgrade_id,
        .sequence = sequence,
        .body = arena_printf(
            &arena,
            "{\"upgradeId\":\"%s\",\"userId\":\"%s\",\"activatedAt\":\"%s\",\"validUntil\":\"%s\"}",
            user->upgrade, user->text, clock_format(clock_now_ms(), now),
            clock_format(clock_now_ms() + 1000000, until))};
}

static struct saying revoked(const struct user *user, int64_t sequence)
{
    char now[CLOCK_TEXT_BYTES];
    return (struct saying){
        .service = "subscription",
        .name = "PremiumRevoked",
        .routing_key = "subscription.premium-revoked.v1",
        .id = ids_new(),
        .subject = user->upgrade_id,
        .sequence = sequence,
        .body = arena_printf(
            &arena,
            "{\"upgradeId\":\"%s\",\"userId\":\"%s\",\"reason\":\"deadline\",\"revokedAt\":\"%s\"}",
            user->upgrade, user->text, clock_format(clock_now_ms(), now))};
}

static void await_done(const struct uuid *id)
{
    char text[UUID_TEXT_BYTES];
    stage_await(conn, 1, "select count(*) from inbox where id = '%s'", ids_format(id, text));
}

static void say(struct saying saying)
{
    stage_say(&stage, &saying, 1, 1);
    await_done(&saying.id);
}

#define BODY "convert_from(body, 'UTF8')::json"

/* "PlanGenerated PlanWithdrawn": what has been said about this upgrade, or about the user beside
 * any upgrade. */
static char *said(const struct user *user, bool of_upgrade)
{
    return stage_text(conn,
                      "select string_agg(split_part(type, '.', 3), ' ' order by seq) from outbox"
                      " where kind = 0 and subject = '%s' and coalesce(" BODY
                      "->>'upgradeId', '') = '%s'",
                      user->text, of_upgrade ? user->upgrade : "");
}

static void check_said(const struct user *user, bool of_upgrade, const char *wanted)
{
    AUTO(free_text) char *text = said(user, of_upgrade);
    ck_assert_str_eq(text, wanted);
}

static char *last_said(const struct user *user, const char *member)
{
    return stage_text(
        conn, "select " BODY "->>'%s' from outbox where subject = '%s' order by seq desc limit 1",
        member, user->text);
}

static void check_last_said(const struct user *user, const char *member, const char *wanted)
{
    AUTO(free_text) char *text = last_said(user, member);
    ck_assert_str_eq(text, wanted);
}

static long get_plan(const struct user *user, json_object **plan)
{
    AUTO(free_text) char *path = xasprintf("/users/%s/plan", user->text);
    AUTO(free_text) char *token = stage_token(&user->id);
    return company_call(stage.company, "coaching", "GET", path, token, NULL, NULL, plan);
}

static void check_plan(const struct user *user, const char *tier)
{
    json_object *plan = NULL;
    ck_assert_int_eq(get_plan(user, &plan), 200);
    ck_assert_str_eq(member_text(plan, "tier"), tier);
    ck_assert_str_eq(member_text(plan, "upgradeId"),
                     strcmp(tier, "premium") == 0 ? user->upgrade : "");
    json_object *document = json_object_object_get(plan, "plan");
    ck_assert_str_eq(member_text(document, "tier"), tier);
    ck_assert_uint_gt(json_object_array_length(json_object_object_get(document, "sessions")), 0);
    (void)json_object_put(plan);
}

static void check_no_plan(const struct user *user, const char *detail)
{
    json_object *problem = NULL;
    ck_assert_int_eq(get_plan(user, &problem), 404);
    ck_assert_msg(strstr(member_text(problem, "detail"), detail) != NULL, "%s",
                  member_text(problem, "detail"));
    (void)json_object_put(problem);
}

START_TEST(a_goal_makes_an_ordinary_plan)
{
    const struct user user = make_user();
    check_no_plan(&user, "set a goal with PUT /users/{id}/goal");
    say(goal_set(&user, 3, GOAL));
    check_said(&user, false, "PlanGenerated");
    check_last_said(&user, "tier", "ordinary");
    check_last_said(&user, "daysPerWeek", "3");
    check_plan(&user, "ordinary");

    json_object *plan = NULL;
    ck_assert_int_eq(get_plan(&user, &plan), 200);
    check_last_said(&user, "planId", member_text(plan, "planId"));
    ck_assert_str_eq(member_text(plan, "userId"), user.text);
    (void)json_object_put(plan);
}
END_TEST

START_TEST(a_new_goal_replaces_the_plan)
{
    const struct user user = make_user();
    say(goal_set(&user, 1, GOAL));
    AUTO(free_text) char *first = last_said(&user, "planId");
    say(goal_set(&user, 2,
                 "\"goal\":\"improve_endurance\",\"level\":\"beginner\",\"daysPerWeek\":4,"
                 "\"equipment\":[]"));
    check_said(&user, false, "PlanGenerated PlanGenerated");
    ck_assert_int_eq(stage_number(conn,
                                  "select count(*) from plan where user_id = '%s' and id <> '%s'",
                                  user.text, first),
                     1);
    ck_assert_int_eq(stage_number(conn, "select count(*) from plan where id = '%s'", first), 0);
}
END_TEST

START_TEST(an_older_goal_never_overwrites_a_newer_one)
{
    const struct user user = make_user();
    say(goal_set(&user, 9, GOAL));
    say(goal_set(
        &user, 4,
        "\"goal\":\"stay_healthy\",\"level\":\"beginner\",\"daysPerWeek\":2,\"equipment\":[]"));
    check_said(&user, false, "PlanGenerated");
    AUTO(free_text)
    char *goal = stage_text(conn, "select goal from athlete where user_id = '%s'", user.text);
    ck_assert_str_eq(goal, "gain_strength");
}
END_TEST

START_TEST(a_goal_that_cannot_be_planned_is_refused_with_its_reason)
{
    const struct user user = make_user();
    say(goal_set(&user, 1, REFUSED_GOAL));
    check_said(&user, false, "PlanGenerationFailed");
    check_last_said(&user, "reason", "too-few-days");
    check_last_said(&user, "tier", "ordinary");
    check_no_plan(&user, "at least two training days");

    say(goal_set(&user, 2, GOAL));
    check_plan(&user, "ordinary");
    say(goal_set(&user, 3, REFUSED_GOAL));
    json_object *plan = NULL;
    ck_assert_int_eq(get_plan(&user, &plan), 200); /* the one from before still counts */
    ck_assert_str_eq(member_text(json_object_object_get(plan, "refused"), "reason"),
                     "too-few-days");
    (void)json_object_put(plan);
}
END_TEST

START_TEST(each_metric_keeps_its_newest_value)
{
    const struct user user = make_user();
    say(metrics_recorded(&user, 7, "\"weightG\":70000"));
    say(metrics_recorded(&user, 5, METRICS));
    say(metrics_recorded(&user, 6, "\"heightMm\":1800,\"weightG\":90000"));
    AUTO(free_text)
    char *metrics = stage_text(conn,
                               "select string_agg(value || '/' || sequence, ' ' order by value) "
                               "from metric where user_id = '%s'",
                               user.text);
    ck_assert_str_eq(metrics, "62/5 1800/6 70000/7");
}
END_TEST

START_TEST(what_was_measured_earlier_never_overwrites_what_was_measured_later)
{
    const struct user user = make_user();
    say(measured(&user, 1, "\"weightG\":70000", "2026-11-20T07:00:00Z"));
    say(measured(&user, 3, "\"weightG\":90000,\"heightMm\":1800", "2026-11-10T07:00:00Z"));
    say(measured(&user, 2, "\"heightMm\":1790,\"ageYears\":34", "2026-11-20T07:00:00Z"));
    AUTO(free_text)
    char *metrics =
        stage_text(conn,
                   "select string_agg(value || '/' || value_sequence || '/' || sequence, ' ' "
                   "order by value) from metric where user_id = '%s'",
                   user.text);
    ck_assert_str_eq(metrics, "34/2/2 1790/2/3 70000/1/3");
}
END_TEST

START_TEST(news_without_a_sequence_become_a_dead_letter)
{
    const struct user user = make_user();
    const struct saying saying = goal_set(&user, 0, GOAL);
    char id[UUID_TEXT_BYTES];
    stage_say(&stage, &saying, 1, 1);
    stage_await(conn, 1,
                "select count(*) from outbox where kind = 1 and failure_class = 'rejected' and "
                "cause_id = '%s'",
                ids_format(&saying.id, id));
    ck_assert_int_eq(
        stage_number(conn, "select count(*) from athlete where user_id = '%s'", user.text), 0);
}
END_TEST

/*
 * A PremiumActivated, R PremiumRevoked, D UserDeleted, each under a new id, one after the other,
 * for a user who has a goal, and metrics where `is_plannable`.
 */
static const struct path {
    const char *events;
    bool is_plannable;
    const char *state; /* "" for no row */
    const char *says;
} paths[] = {
    {"A", true, "premium", "PlanGenerated"},
    {"A", false, "failed", "PlanGenerationFailed"},
    {"R", true, "withdrawn", "PlanWithdrawn"},
    {"D", true, "", ""},
    {"AR", true, "withdrawn", "PlanGenerated PlanWithdrawn"},
    {"AR", false, "withdrawn", "PlanGenerationFailed PlanWithdrawn"},
    {"AD", true, "gone", "PlanGenerated"},
    {"AD", false, "gone", "PlanGenerationFailed"},
    {"AA", true, "premium", "PlanGenerated"},
    {"AA", false, "failed", "PlanGenerationFailed"},
    {"RA", true, "withdrawn", "PlanWithdrawn"},
    {"RA", false, "withdrawn", "PlanWithdrawn"},
    {"RD", true, "withdrawn", "PlanWithdrawn"},
    {"RR", true, "withdrawn", "PlanWithdrawn PlanWithdrawn"},
    {"DA", true, "failed_gone", "PlanGenerationFailed"},
    {"DR", true, "withdrawn", "PlanWithdrawn"},
    {"DD", true, "", ""},
    {"ADA", true, "failed_gone", "PlanGenerated PlanGenerationFailed"},
    {"ADR", true, "withdrawn", "PlanGenerated PlanWithdrawn"},
    {"ADD", true, "gone", "PlanGenerated"},
    {"DAA", true, "failed_gone", "PlanGenerationFailed"},
    {"DAD", true, "failed_gone", "PlanGenerationFailed"},
    {"DAR", true, "withdrawn", "PlanGenerationFailed PlanWithdrawn"},
    {"ARA", true, "withdrawn", "PlanGenerated PlanWithdrawn"},
    {"ARD", true, "withdrawn", "PlanGenerated PlanWithdrawn"},
    {"ARR", true, "withdrawn", "PlanGenerated PlanWithdrawn PlanWithdrawn"},
};

static void prepare_athlete(const struct user *user, bool is_plannable)
{
    say(goal_set(user, 1, GOAL));
    if (is_plannable) {
        say(metrics_recorded(user, 2, METRICS));
    }
}

START_TEST(every_path_of_the_table)
{
    const struct path *path = &paths[_i];
    const struct user user = make_user();
    prepare_athlete(&user, path->is_plannable);
    for (int i = 0; path->events[i] != '\0'; i++) {
        switch (path->events[i]) {
        case 'A':
            say(activated(&user, i + 1));
            break;
        case 'R':
            say(revoked(&user, i + 1));
            break;
        default:
            say(user_deleted(&user, i + 3));
        }
    }
    check_said(&user, true, path->says);
    AUTO(free_text)
    char *state = stage_text(conn, "select state from upgrade where id = '%s'", user.upgrade);
    ck_assert_str_eq(state, path->state);
    if (strchr(path->events, 'D') != NULL) {
        check_no_plan(&user, "there is no plan");
    } else {
        check_plan(&user, strcmp(path->state, "premium") == 0 ? "premium" : "ordinary");
    }
}
END_TEST

START_TEST(a_withdrawn_plan_is_named_and_deleted)
{
    const struct user user = make_user();
    prepare_athlete(&user, true);
    say(activated(&user, 1));
    AUTO(free_text) char *plan = last_said(&user, "planId");
    say(revoked(&user, 2));
    check_last_said(&user, "planId", plan);
    ck_assert_int_eq(stage_number(conn, "select count(*) from plan where id = '%s'", plan), 0);
    ck_assert_int_eq(
        stage_number(conn, "select count(*) from plan where user_id = '%s'", user.text), 1);
}
END_TEST

START_TEST(a_goal_set_while_premium_is_on_counts_when_it_goes)
{
    const struct user user = make_user();
    prepare_athlete(&user, true);
    say(activated(&user, 1));
    say(goal_set(&user, 3,
                 "\"goal\":\"improve_endurance\",\"level\":\"beginner\",\"daysPerWeek\":4,"
                 "\"equipment\":[]"));
    check_plan(&user, "premium");
    json_object *plan = NULL;
    ck_assert_int_eq(get_plan(&user, &plan), 200);
    json_object *waiting = json_object_object_get(plan, "waiting");
    ck_assert_str_eq(member_text(waiting, "goal"), "improve_endurance");
    check_last_said(&user, "planId", member_text(waiting, "planId"));
    (void)json_object_put(plan);

    say(revoked(&user, 2));
    ck_assert_int_eq(get_plan(&user, &plan), 200);
    ck_assert_str_eq(member_text(json_object_object_get(plan, "plan"), "goal"),
                     "improve_endurance");
    ck_assert(!json_object_object_get_ex(plan, "waiting", NULL));
    (void)json_object_put(plan);
}
END_TEST

START_TEST(nothing_waits_behind_a_premium_plan_for_the_newest_goal)
{
    const struct user user = make_user();
    prepare_athlete(&user, true);
    say(activated(&user, 1));
    json_object *plan = NULL;
    ck_assert_int_eq(get_plan(&user, &plan), 200);
    ck_assert_str_eq(member_text(plan, "tier"), "premium");
    ck_assert(!json_object_object_get_ex(plan, "waiting", NULL));
    (void)json_object_put(plan);
}
END_TEST

START_TEST(a_late_revocation_leaves_the_plan_of_a_later_upgrade)
{
    struct user user = make_user();
    prepare_athlete(&user, true);
    say(activated(&user, 1));
    const struct user before = user;
    user.upgrade_id = ids_new();
    (void)ids_format(&user.upgrade_id, user.upgrade);
    say(activated(&user, 1));
    say(revoked(&before, 2));
    check_said(&before, true, "PlanGenerated PlanWithdrawn");
    check_plan(&user, "premium");
}
END_TEST

START_TEST(an_activation_waits_for_a_goal_that_is_on_its_way)
{
    const struct user user = make_user();
    const struct saying early = activated(&user, 1);
    char id[UUID_TEXT_BYTES];
    say(metrics_recorded(&user, 1, METRICS));
    stage_say(&stage, &early, 1, 1);
    stage_await(conn, 1, "select count(*) from retry where id = '%s'", ids_format(&early.id, id));
    say(goal_set(&user, 2, GOAL));
    await_done(&early.id);
    check_said(&user, true, "PlanGenerated");
    check_plan(&user, "premium");
}
END_TEST

START_TEST(an_activation_waits_for_metrics_that_are_on_their_way)
{
    const struct user user = make_user();
    const struct saying early = activated(&user, 1);
    char id[UUID_TEXT_BYTES];
    say(goal_set(&user, 1, GOAL));
    say(metrics_recorded(&user, 2, "\"weightG\":82000")); /* not all that are needed */
    stage_say(&stage, &early, 1, 1);
    stage_await(conn, 1, "select count(*) from retry where id = '%s'", ids_format(&early.id, id));
    say(metrics_recorded(&user, 3, METRICS));
    await_done(&early.id);
    check_said(&user, true, "PlanGenerated");
    check_plan(&user, "premium");
}
END_TEST

START_TEST(an_activation_without_metrics_is_refused_in_the_end)
{
    const struct user user = make_user();
    say(goal_set(&user, 1, GOAL));
    int64_t start_ms = clock_now_ms();
    say(activated(&user, 1));
    ck_assert_int_ge(clock_now_ms() - start_ms, PATIENCE_MS);
    check_said(&user, true, "PlanGenerationFailed");
    check_last_said(&user, "reason", "metrics-missing");
    check_plan(&user, "ordinary");
}
END_TEST

START_TEST(an_activation_without_a_goal_is_refused_in_the_end)
{
    const struct user user = make_user();
    say(activated(&user, 1)); /* done: refused, not dead-lettered */
    check_said(&user, true, "PlanGenerationFailed");
    check_last_said(&user, "reason", "goal-missing");
    check_no_plan(&user, "set your fitness goal first");
    say(goal_set(&user, 1, GOAL));
    check_plan(&user, "ordinary");
    say(revoked(&user, 2));
    check_said(&user, true, "PlanGenerationFailed PlanWithdrawn");
}
END_TEST

START_TEST(nothing_is_kept_of_a_deleted_user)
{
    const struct user user = make_user();
    prepare_athlete(&user, true);
    say(activated(&user, 1));
    say(user_deleted(&user, 4));
    say(goal_set(&user, 3, GOAL)); /* late */
    say(metrics_recorded(&user, 2, METRICS));
    check_said(&user, false, "PlanGenerated");
    ck_assert_int_eq(stage_number(conn,
                                  "select (select count(*) from plan where user_id = '%s')"
                                  " + (select count(*) from metric where user_id = '%s')",
                                  user.text, user.text),
                     0);
    ck_assert_int_eq(
        stage_number(
            conn,
            "select count(*) from athlete where user_id = '%s' and is_gone and goal is null"
            " and target_weight_g is null and plan_id is null",
            user.text),
        1);
}
END_TEST

enum { CROWD = 40, SAYINGS = 4 * CROWD, COPIES = 3 };

static void shuffle(struct saying *sayings, size_t count)
{
    for (size_t i = count - 1; i > 0; i--) {
        size_t j = (size_t)rand() % (i + 1);
        const struct saying other = sayings[i];
        sayings[i] = sayings[j];
        sayings[j] = other;
    }
}

/* Every event three times, in any order: each user ends withdrawn, with one answer to each
 * question. */
START_TEST(a_crowd_in_any_order_is_answered_once_each)
{
    static struct user users[CROWD];
    static struct saying sayings[SAYINGS];
    srand(20261123);
    for (int i = 0; i < CROWD; i++) {
        users[i] = make_user();
        struct saying *said = &sayings[(size_t)i * 4];
        said[0] = goal_set(&users[i], 1, GOAL);
        said[1] = metrics_recorded(&users[i], 2, METRICS);
        said[2] = activated(&users[i], 1);
        said[3] = revoked(&users[i], 2);
    }
    shuffle(sayings, SAYINGS);
    stage_say(&stage, sayings, SAYINGS, COPIES);
    for (int i = 0; i < SAYINGS; i++) {
        await_done(&sayings[i].id);
    }
    for (int i = 0; i < CROWD; i++) {
        check_said(&users[i], false, "PlanGenerated");
        AUTO(free_text) char *text = said(&users[i], true);
        ck_assert_msg(strcmp(text, "PlanWithdrawn") == 0 ||
                          strcmp(text, "PlanGenerated PlanWithdrawn") == 0 ||
                          strcmp(text, "PlanGenerationFailed PlanWithdrawn") == 0,
                      "%s", text);
        check_plan(&users[i], "ordinary");
    }
}
END_TEST

START_TEST(a_plan_is_shown_to_its_user_only)
{
    const struct user user = make_user();
    const struct user other = make_user();
    say(goal_set(&user, 1, GOAL));
    AUTO(free_text) char *path = xasprintf("/users/%s/plan", user.text);
    AUTO(free_text) char *token = stage_token(&other.id);
    ck_assert_int_eq(company_call(stage.company, "coaching", "GET", path, NULL, NULL, NULL, NULL),
                     401);
    ck_assert_int_eq(company_call(stage.company, "coaching", "GET", path, token, NULL, NULL, NULL),
                     403);
}
END_TEST

START_TEST(no_event_met_a_state_without_a_rule)
{
    struct answer answer = client_call(company_health_port(stage.company, "coaching"), "GET",
                                       "/readyz", NULL, NULL, 0);
    ck_assert_int_eq(answer.status, 200);
    ck_assert_msg(answer_has(&answer, "\"saga_unknown\":0,"), "%s", buffer_cstr(&answer.body));
    ck_assert_msg(!answer_has(&answer, "\"saga_noops\":0,"), "%s", buffer_cstr(&answer.body));
    answer_done(&answer);
}
END_TEST

int main(void)
{
    if (!stage_has_servers()) {
        (void)puts("1..0 # SKIP the environment names no servers");
        return EXIT_SUCCESS;
    }
    Suite *suite = suite_create("coaching");
    TCase *tcase = tcase_create("coaching");
    tcase_set_timeout(tcase, 60);
    tcase_add_unchecked_fixture(tcase, open_stage, close_stage);
    tcase_add_checked_fixture(tcase, connect_case, disconnect_case);
    tcase_add_test(tcase, a_goal_makes_an_ordinary_plan);
    tcase_add_test(tcase, a_new_goal_replaces_the_plan);
    tcase_add_test(tcase, an_older_goal_never_overwrites_a_newer_one);
    tcase_add_test(tcase, a_goal_that_cannot_be_planned_is_refused_with_its_reason);
    tcase_add_test(tcase, each_metric_keeps_its_newest_value);
    tcase_add_test(tcase, what_was_measured_earlier_never_overwrites_what_was_measured_later);
    tcase_add_test(tcase, news_without_a_sequence_become_a_dead_letter);
    tcase_add_loop_test(tcase, every_path_of_the_table, 0, (int)COUNT_OF(paths));
    tcase_add_test(tcase, a_withdrawn_plan_is_named_and_deleted);
    tcase_add_test(tcase, a_goal_set_while_premium_is_on_counts_when_it_goes);
    tcase_add_test(tcase, nothing_waits_behind_a_premium_plan_for_the_newest_goal);
    tcase_add_test(tcase, a_late_revocation_leaves_the_plan_of_a_later_upgrade);
    tcase_add_test(tcase, an_activation_waits_for_a_goal_that_is_on_its_way);
    tcase_add_test(tcase, an_activation_waits_for_metrics_that_are_on_their_way);
    tcase_add_test(tcase, an_activation_without_metrics_is_refused_in_the_end);
    tcase_add_test(tcase, an_activation_without_a_goal_is_refused_in_the_end);
    tcase_add_test(tcase, nothing_is_kept_of_a_deleted_user);
    tcase_add_test(tcase, a_crowd_in_any_order_is_answered_once_each);
    tcase_add_test(tcase, a_plan_is_shown_to_its_user_only);
    tcase_add_test(tcase, no_event_met_a_state_without_a_rule);
    suite_add_tcase(suite, tcase);

    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
