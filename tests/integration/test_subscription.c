/* SPDX-License-Identifier: Apache-2.0 */
#include "core/buffer.h"
#include "core/clock.h"
#include "core/memory.h"
#include "core/token.h"
#include "stage.h"

#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The real subscription service alone on a stage: billing, coaching and profile speak by hand. */

#define REQUEST "{\"paymentMethod\":\"pm_card_visa\"}"
#define PLAN "01938f60-7e01-7a55-8f10-94a5b6c7d8e9"

enum { PATIENCE_MS = 15000 };

static struct stage stage;
static PGconn *conn;

static void open_patient(void)
{
    stage_open(&stage, "subscription",
               (const char *const[]){"UPGRADE_DEADLINE=10m", "WATCH_AFTER=10m", NULL});
}

static void open_hasty(void)
{
    static const char *const settings[] = {"UPGRADE_DEADLINE=1s", "WATCH_AFTER=500ms",
                                           "ATTENTION_AFTER=2", NULL};
    stage_open(&stage, "subscription", settings);
}

static void close_stage(void)
{
    stage_close(&stage);
}

static void connect_to_database(void)
{
    conn = stage_connect(&stage);
}

static void disconnect(void)
{
    PQfinish(conn);
}

#define ASSERT_ASK(wanted, ...)                                                                    \
    do {                                                                                           \
        AUTO(free_text) char *got_ = stage_text(conn, __VA_ARGS__);                                \
        ck_assert_str_eq(got_, (wanted));                                                          \
    } while (0)

static json_object *health(void)
{
    struct answer answer = client_call(company_health_port(stage.company, "subscription"), "GET",
                                       "/readyz", NULL, NULL, 0);
    json_object *all = json_tokener_parse(buffer_cstr(&answer.body));
    ck_assert_ptr_nonnull(all);
    answer_done(&answer);
    return all;
}

/* Happenings that no rule knows. */
static int64_t unknown(void)
{
    json_object *all = health();
    json_object *counters = NULL;
    ck_assert(json_object_object_get_ex(all, "counters", &counters));
    int64_t number = member_number(counters, "saga_unknown");
    (void)json_object_put(all);
    return number;
}

struct user {
    char id[UUID_TEXT_BYTES];
    char path[128];
    char *token;
};

static struct user stranger(void)
{
    struct user user = {0};
    struct uuid id = ids_new();
    (void)ids_format(&id, user.id);
    (void)snprintf(user.path, sizeof user.path, "/users/%s/premium-upgrades", user.id);
    user.token = stage_token(&id);
    return user;
}

static long call(const struct user *user, const char *method, const char *path, const char *key,
                 const char *body, json_object **out)
{
    return company_call(stage.company, "subscription", method, path, user->token, key, body, out);
}

/* What others say about an upgrade of a user. */
static const struct line {
    const char *type, *account, *routing_key, *members;
} lines[] = {
    {"PaymentCompleted", "billing", "billing.payment-completed.v1",
     "\"chargeId\":\"" PLAN
     "\",\"providerReference\":\"pi_1\",\"amountMinor\":999,\"currency\":\"EUR\","
     "\"paidAt\":\"2026-11-23T07:08:01.250Z\""},
    {"PaymentFailed", "billing", "billing.payment-failed.v1",
     "\"reason\":\"insufficient_funds\",\"failedAt\":\"2026-11-23T07:08:01.250Z\""},
    {"PaymentRefunded", "billing", "billing.payment-refunded.v1",
     "\"refundId\":\"" PLAN "\",\"chargeId\":\"" PLAN
     "\",\"providerReference\":\"re_1\",\"amountMinor\":999,"
     "\"currency\":\"EUR\",\"refundedAt\":\"2026-11-23T07:11:00.000Z\""},
    {"PaymentVoided", "billing", "billing.payment-voided.v1",
     "\"voidedAt\":\"2026-11-23T07:08:02.000Z\""},
    {"PlanGenerated", "coaching", "coaching.plan-generated.v1",
     "\"planId\":\"" PLAN "\",\"tier\":\"premium\",\"weeks\":12,\"daysPerWeek\":3,"
     "\"generatedAt\":\"2026-11-23T07:08:01.700Z\""},
    {"PlanGenerationFailed", "coaching", "coaching.plan-generation-failed.v1",
     "\"tier\":\"premium\",\"reason\":\"metrics-missing\",\"detail\":\"Record your weight first.\","
     "\"failedAt\":\"2026-11-23T07:08:01.700Z\""},
    {"PlanWithdrawn", "coaching", "coaching.plan-withdrawn.v1",
     "\"withdrawnAt\":\"2026-11-23T07:11:30.000Z\""},
    {"UserDeleted", "profile", "profile.user-deleted.v1",
     "\"deletedAt\":\"2026-11-23T07:11:30.000Z\""},
    {"UserRegistered", "profile", "profile.user-registered.v1",
     "\"name\":\"Ada\",\"email\":\"ada@example.org\",\"registeredAt\":\"2026-11-23T07:05:00."
     "000Z\""},
};

static const struct line *find_line(const char *type)
{
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        if (strcmp(lines[i].type, type) == 0) {
            return &lines[i];
        }
    }
    return NULL;
}

/* `upgrade` may be NULL. Returns the event's id. */
static struct uuid hear_times(const char *name, const struct user *user, const char *upgrade,
                              int times)
{
    const struct line *line = find_line(name);
    ck_assert_ptr_nonnull(line);
    AUTO(free_text)
    char *part = upgrade != NULL ? xasprintf("\"upgradeId\":\"%s\",", upgrade) : xstrdup("");
    AUTO(free_text)
    char *body = xasprintf("{%s\"userId\":\"%s\",%s}", part, user->id, line->members);
    struct saying saying = {.service = line->account,
                            .name = name,
                            .routing_key = line->routing_key,
                            .id = ids_new(),
                            .body = body};
    ck_assert(ids_parse(upgrade != NULL ? upgrade : user->id, &saying.subject));
    stage_say(&stage, &saying, 1, times);
    return saying.id;
}

/* Once the event is in the inbox, its effects are there, too. */
static void hear(const char *name, const struct user *user, const char *upgrade)
{
    struct uuid id = hear_times(name, user, upgrade, 1);
    char text[UUID_TEXT_BYTES];
    stage_await(conn, 1, "select count(*) from inbox where id = '%s'", ids_format(&id, text));
}

static void await_state(const char *upgrade, const char *state)
{
    stage_await(conn, 1, "select count(*) from upgrade where id = '%s' and state = '%s'", upgrade,
                state);
}

static struct user registered(void)
{
    struct user user = stranger();
    hear("UserRegistered", &user, NULL);
    return user;
}

/* Asks for premium; the new upgrade's id is yours. */
static char *begin(const struct user *user)
{
    json_object *answer = NULL;
    ck_assert_int_eq(call(user, "POST", user->path, NULL, REQUEST, &answer), 202);
    ck_assert_str_eq(member_text(answer, "state"), "requested");
    char *id = xstrdup(member_text(answer, "id"));
    (void)json_object_put(answer);
    return id;
}

static long cancel(const struct user *user, const char *upgrade)
{
    AUTO(free_text) char *path = xasprintf("%s/%s", user->path, upgrade);
    return call(user, "DELETE", path, NULL, NULL, NULL);
}

static void leave(struct user *user)
{
    free(user->token);
}

enum { STEPS_MAX = 8 };

static const struct story {
    const char *name;
    struct {
        const char *what; /* an event; DELETE is the user's cancel, with the status of its answer */
        long status;
        const char *then; /* the state afterwards */
    } steps[STEPS_MAX];
    const char *said, *reason,
        *entitlement; /* what the entitlement's `active` reads; "" = there is none */
} stories[] = {
    {.name = "completes",
     .steps = {{"PaymentCompleted", 0, "active"},
               {"PaymentCompleted", 0, "active"},
               {"PlanGenerated", 0, "completed"},
               {"PlanGenerated", 0, "completed"},
               {"DELETE", 409, "completed"},
               {"UserDeleted", 0, "completed"}},
     .said = "PremiumUpgradeRequested PremiumActivated PremiumUpgradeCompleted",
     .reason = "",
     .entitlement = "t"},
    {.name = "declined",
     .steps = {{"PaymentFailed", 0, "rejected"},
               {"PaymentFailed", 0, "rejected"},
               {"DELETE", 409, "rejected"}},
     .said = "PremiumUpgradeRequested PremiumUpgradeRejected",
     .reason = "insufficient_funds",
     .entitlement = ""},
    {.name = "no plan, money first",
     .steps = {{"PaymentCompleted", 0, "active"},
               {"PlanGenerationFailed", 0, "cancelling"},
               {"DELETE", 202, "cancelling"},
               {"PaymentRefunded", 0, "cancelling_plan"},
               {"PaymentRefunded", 0, "cancelling_plan"},
               {"PlanWithdrawn", 0, "cancelled"},
               {"DELETE", 409, "cancelled"}},
     .said = "PremiumUpgradeRequested PremiumActivated PremiumRevoked PremiumUpgradeCancelled",
     .reason = "plan_failed",
     .entitlement = "f"},
    {.name = "cancelled before activation",
     .steps = {{"DELETE", 202, "cancelling_money"},
               {"DELETE", 202, "cancelling_money"},
               {"PaymentCompleted", 0, "cancelling_money"},
               {"PaymentRefunded", 0, "cancelled"},
               {"PaymentCompleted", 0, "cancelled"}},
     .said = "PremiumUpgradeRequested PremiumActivationFailed PremiumUpgradeCancelled",
     .reason = "cancelled",
     .entitlement = ""},
    {.name = "cancelled after activation, plan first",
     .steps = {{"PaymentCompleted", 0, "active"},
               {"DELETE", 202, "cancelling"},
               {"PlanGenerated", 0, "cancelling"},
               {"PlanWithdrawn", 0, "cancelling_money"},
               {"PlanWithdrawn", 0, "cancelling_money"},
               {"PaymentRefunded", 0, "cancelled"}},
     .said = "PremiumUpgradeRequested PremiumActivated PremiumRevoked PremiumUpgradeCancelled",
     .reason = "cancelled",
     .entitlement = "f"},
    {.name = "declined after the pivot",
     .steps = {{"DELETE", 202, "cancelling_money"},
               {"PaymentFailed", 0, "cancelling_money"},
               {"PaymentVoided", 0, "cancelled"},
               {"PaymentVoided", 0, "cancelled"}},
     .said = "PremiumUpgradeRequested PremiumActivationFailed PremiumUpgradeCancelled",
     .reason = "cancelled",
     .entitlement = ""},
    {.name = "user deleted before activation",
     .steps = {{"UserDeleted", 0, "cancelling_money"},
               {"UserDeleted", 0, "cancelling_money"},
               {"PaymentVoided", 0, "cancelled"}},
     .said = "PremiumUpgradeRequested PremiumActivationFailed PremiumUpgradeCancelled",
     .reason = "user_deleted",
     .entitlement = ""},
    {.name = "user deleted after activation",
     .steps = {{"PaymentCompleted", 0, "active"},
               {"UserDeleted", 0, "cancelling"},
               {"PaymentRefunded", 0, "cancelling_plan"},
               {"PlanWithdrawn", 0, "cancelled"}},
     .said = "PremiumUpgradeRequested PremiumActivated PremiumRevoked PremiumUpgradeCancelled",
     .reason = "user_deleted",
     .entitlement = "f"},
};

static void take_step(const struct user *user, const char *upgrade, const char *what, long status)
{
    if (strcmp(what, "DELETE") == 0) {
        ck_assert_int_eq(cancel(user, upgrade), status);
        return;
    }
    bool is_about_user = strcmp(what, "UserDeleted") == 0;
    hear(what, user, is_about_user ? NULL : upgrade);
}

/* Versions count from 1 without gaps, each decision follows from the one before, and the last one
 * is the state. */
static void check_history(const struct user *user, const char *upgrade, const char *state)
{
    AUTO(free_text) char *path = xasprintf("%s/%s", user->path, upgrade);
    json_object *answer = NULL;
    json_object *decisions = NULL;
    ck_assert_int_eq(call(user, "GET", path, NULL, NULL, &answer), 200);
    ck_assert_str_eq(member_text(answer, "state"), state);
    ck_assert_int_eq(member_number(answer, "amountMinor"), 999);
    ck_assert(json_object_object_get_ex(answer, "decisions", &decisions));
    const char *before = "-";
    for (size_t i = 0; i < json_object_array_length(decisions); i++) {
        json_object *decision = json_object_array_get_idx(decisions, i);
        ck_assert_int_eq(member_number(decision, "version"), (int64_t)i + 1);
        ck_assert_str_eq(member_text(decision, "before"), before);
        ck_assert_str_ne(member_text(decision, "because"), "");
        before = member_text(decision, "after");
    }
    ck_assert_str_eq(before, state);
    (void)json_object_put(answer);
}

START_TEST(tells_a_story)
{
    const struct story *story = &stories[_i];
    struct user user = registered();
    AUTO(free_text) char *upgrade = begin(&user);
    int64_t unknown_before = unknown();
    const char *state = "requested";
    for (size_t i = 0; i < STEPS_MAX && story->steps[i].what != NULL; i++) {
        take_step(&user, upgrade, story->steps[i].what, story->steps[i].status);
        state = story->steps[i].then;
        AUTO(free_text)
        char *got = stage_text(conn, "select state from upgrade where id = '%s'", upgrade);
        ck_assert_msg(strcmp(got, state) == 0, "%s: after step %zu it is %s", story->name, i + 1,
                      got);
    }
    ASSERT_ASK(story->said,
               "select string_agg(split_part(type, '.', 3), ' ' order by seq) from outbox "
               "where kind = 0 and correlation_id = '%s'",
               upgrade);
    ASSERT_ASK(story->reason, "select reason from upgrade where id = '%s'", upgrade);
    ASSERT_ASK(story->entitlement, "select active from entitlement where upgrade_id = '%s'",
               upgrade);
    ASSERT_ASK("0", "select count(*) from upgrade where id = '%s' and due_at is not null", upgrade);
    ck_assert_int_eq(unknown(), unknown_before);
    check_history(&user, upgrade, state);
    leave(&user);
}
END_TEST

START_TEST(an_event_that_comes_three_times_has_one_effect)
{
    struct user user = registered();
    AUTO(free_text) char *upgrade = begin(&user);
    (void)hear_times("PaymentCompleted", &user, upgrade, 3);
    await_state(upgrade, "active");
    hear("PlanGenerated", &user, upgrade);
    await_state(upgrade, "completed");
    ASSERT_ASK("3", "select count(*) from decision where upgrade_id = '%s'", upgrade);
    ASSERT_ASK("3", "select count(*) from outbox where correlation_id = '%s'", upgrade);
    leave(&user);
}
END_TEST

START_TEST(a_request_that_comes_three_times_has_one_effect_and_one_answer)
{
    struct user user = registered();
    char first[UUID_TEXT_BYTES] = "";
    for (int i = 0; i < 3; i++) {
        json_object *answer = NULL;
        ck_assert_int_eq(call(&user, "POST", user.path, "the-same-key", REQUEST, &answer), 202);
        if (i > 0) {
            ck_assert_str_eq(member_text(answer, "id"), first);
        }
        (void)snprintf(first, sizeof first, "%s", member_text(answer, "id"));
        (void)json_object_put(answer);
    }
    ASSERT_ASK("1", "select count(*) from upgrade where user_id = '%s'", user.id);
    ASSERT_ASK("1", "select count(*) from outbox where correlation_id = '%s'", first);
    leave(&user);
}
END_TEST

struct racer {
    pthread_t thread;
    const struct user *user;
    int64_t delay_ms;
    long status;
    char upgrade[256];
};

static void *race(void *context)
{
    struct racer *racer = context;
    json_object *answer = NULL;
    clock_sleep_ms(racer->delay_ms);
    racer->status = call(racer->user, "POST", racer->user->path, NULL, REQUEST, &answer);
    (void)snprintf(racer->upgrade, sizeof racer->upgrade, "%s", member_text(answer, "upgrade"));
    (void)json_object_put(answer);
    return NULL;
}

START_TEST(of_requests_at_once_one_wins_and_the_others_learn_of_it)
{
    enum { RACERS = 4, RACES = 5 };
    for (int n = 0; n < RACES; n++) {
        struct user user = registered();
        struct racer racers[RACERS];
        for (int i = 0; i < RACERS; i++) {
            racers[i] = (struct racer){.user = &user};
            ck_assert_int_eq(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
        }
        for (int i = 0; i < RACERS; i++) {
            (void)pthread_join(racers[i].thread, NULL);
        }
        AUTO(free_text)
        char *path = stage_text(conn,
                                "select '/users/' || user_id || '/premium-upgrades/' || id from "
                                "upgrade where user_id = '%s'",
                                user.id);
        int accepted = 0;
        for (int i = 0; i < RACERS; i++) {
            accepted += racers[i].status == 202;
            if (racers[i].status != 202) {
                ck_assert_int_eq(racers[i].status, 409);
                ck_assert_str_eq(racers[i].upgrade, path);
            }
        }
        ck_assert_int_eq(accepted, 1);
        ASSERT_ASK("1", "select count(*) from upgrade where user_id = '%s'", user.id);
        leave(&user);
    }
}
END_TEST

/* Either the request finds the user gone, or the deletion finds the upgrade. */
START_TEST(a_deletion_misses_no_request)
{
    enum { RACES = 20 };
    int accepted = 0;
    for (int n = 0; n < RACES; n++) {
        struct user user = registered();
        struct racer racer = {.user = &user, .delay_ms = INT64_C(2) * n};
        ck_assert_int_eq(pthread_create(&racer.thread, NULL, race, &racer), 0);
        (void)hear_times("UserDeleted", &user, NULL, 1);
        (void)pthread_join(racer.thread, NULL);
        stage_await(conn, 1,
                    "select count(*) from member where user_id = '%s' and deleted_at is not null",
                    user.id);
        ck_assert(racer.status == 202 || racer.status == 404);
        accepted += racer.status == 202;
        ASSERT_ASK(racer.status == 202 ? "cancelling_money" : "",
                   "select state from upgrade where user_id = '%s'", user.id);
        leave(&user);
    }
    printf("# %d of %d requests came before the deletion\n", accepted, RACES);
}
END_TEST

START_TEST(a_rejected_user_may_try_again_and_sees_both)
{
    struct user user = registered();
    AUTO(free_text) char *first = begin(&user);
    ck_assert_int_eq(call(&user, "POST", user.path, NULL, REQUEST, NULL), 409);
    hear("PaymentFailed", &user, first);
    AUTO(free_text) char *second = begin(&user);
    json_object *answer = NULL;
    json_object *upgrades = NULL;
    ck_assert_int_eq(call(&user, "GET", user.path, NULL, NULL, &answer), 200);
    ck_assert(json_object_object_get_ex(answer, "upgrades", &upgrades));
    ck_assert_int_eq(json_object_array_length(upgrades), 2);
    ck_assert_str_eq(member_text(json_object_array_get_idx(upgrades, 0), "id"), second);
    ck_assert_str_eq(member_text(json_object_array_get_idx(upgrades, 1), "id"), first);
    (void)json_object_put(answer);
    leave(&user);
}
END_TEST

static const struct refusal {
    const char *body, *field;
} refusals[] = {
    {"{}", "/paymentMethod"},
    {"{\"paymentMethod\":\"4242424242424242\"}", "/paymentMethod"},
    {"{\"paymentMethod\":\"visa\"}", "/paymentMethod"},
    {"{\"paymentMethod\":\"pm_card_visa\",\"amountMinor\":1}", "/amountMinor"},
    {"{\"paymentMethod\":\"pm_card_visa\",\"amount\":1}", "/amount"},
    {"{\"paymentMethod\":\"pm_card_visa\",\"note\":\"4242 4242 4242 4242\"}", "/note"},
};

START_TEST(refuses_a_body_and_names_the_field)
{
    struct user user = registered();
    json_object *answer = NULL;
    ck_assert_int_eq(call(&user, "POST", user.path, NULL, refusals[_i].body, &answer), 422);
    ck_assert_str_eq(member_text(answer, "field"), refusals[_i].field);
    ck_assert_ptr_null(strstr(json_object_to_json_string(answer), "4242"));
    (void)json_object_put(answer);
    ASSERT_ASK("0", "select count(*) from upgrade where user_id = '%s'", user.id);
    leave(&user);
}
END_TEST

START_TEST(a_user_who_is_not_known_yet_is_told_when_to_ask_again)
{
    struct user user = stranger();
    AUTO(free_text) char *authorization = xasprintf("Authorization: Bearer %s", user.token);
    struct answer answer =
        client_call(company_http_port(stage.company, "subscription"), "POST", user.path,
                    HEADERS(authorization, JSON), REQUEST, strlen(REQUEST));
    ck_assert_int_eq(answer.status, 404);
    ck_assert(answer_has_head(&answer, "Retry-After: 1"));
    ck_assert(answer_has(&answer, "not known here yet"));
    answer_done(&answer);
    leave(&user);
}
END_TEST

START_TEST(a_user_who_has_left_cannot_upgrade_whatever_came_first)
{
    struct user user = stranger();
    hear("UserDeleted", &user, NULL);
    hear("UserRegistered", &user, NULL);
    json_object *answer = NULL;
    ck_assert_int_eq(call(&user, "POST", user.path, NULL, REQUEST, &answer), 404);
    ck_assert_str_eq(member_text(answer, "detail"), "The user has left.");
    (void)json_object_put(answer);
    leave(&user);
}
END_TEST

static char *admin_token(void)
{
    AUTO(free_text) char *path = xasprintf("%s/jwt.key", getenv("SECRETS_DIR"));
    struct token_keys *keys = NULL;
    struct fault fault;
    char *text = NULL;
    int64_t now_ms = clock_now_ms();
    const struct token token = {
        .subject = ids_new(), .role = TOKEN_ADMIN, .expires_s = now_ms / 1000 + 3600};
    ck_assert_int_eq(token_keys_load(path, &keys, &fault), OK);
    ck_assert_int_eq(token_make(keys, &token, now_ms, &text, &fault), OK);
    token_keys_free(keys);
    return text;
}

START_TEST(users_reach_their_own_upgrades_only)
{
    struct user user = registered();
    struct user other = registered();
    AUTO(free_text) char *upgrade = begin(&user);
    AUTO(free_text) char *path = xasprintf("%s/%s", user.path, upgrade);
    AUTO(free_text) char *through_other = xasprintf("%s/%s", other.path, upgrade);
    const struct {
        const char *method, *path;
        long status;
    } calls[] = {
        {"GET", path, 403},          {"DELETE", path, 403},          {"POST", user.path, 403},
        {"GET", through_other, 404}, {"DELETE", through_other, 404},
    };
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        const char *body = strcmp(calls[i].method, "POST") == 0 ? REQUEST : NULL;
        ck_assert_int_eq(call(&other, calls[i].method, calls[i].path, NULL, body, NULL),
                         calls[i].status);
    }
    ck_assert_int_eq(
        company_call(stage.company, "subscription", "GET", path, NULL, NULL, NULL, NULL), 401);
    AUTO(free_text) char *admin = admin_token();
    ck_assert_int_eq(
        company_call(stage.company, "subscription", "GET", path, admin, NULL, NULL, NULL), 200);
    ASSERT_ASK("requested", "select state from upgrade where id = '%s'", upgrade);
    leave(&user);
    leave(&other);
}
END_TEST

START_TEST(an_ordinary_plan_concerns_no_upgrade)
{
    struct user user = registered();
    AUTO(free_text) char *upgrade = begin(&user);
    int64_t unknown_before = unknown();
    hear("PaymentCompleted", &user, upgrade);
    hear("PlanGenerated", &user, NULL);
    hear("PlanGenerationFailed", &user, NULL);
    ASSERT_ASK("active", "select state from upgrade where id = '%s'", upgrade);
    ck_assert_int_eq(unknown(), unknown_before);
    leave(&user);
}
END_TEST

START_TEST(an_upgrade_that_never_was_is_counted_and_changes_nothing)
{
    struct user user = registered();
    int64_t unknown_before = unknown();
    hear("PaymentCompleted", &user, PLAN);
    ck_assert_int_eq(unknown(), unknown_before + 1);
    ASSERT_ASK("0", "select count(*) from outbox where correlation_id = '" PLAN "'");
    leave(&user);
}
END_TEST

START_TEST(the_deadline_cancels_before_activation)
{
    struct user user = registered();
    AUTO(free_text) char *upgrade = begin(&user);
    await_state(upgrade, "cancelling_money");
    ASSERT_ASK("deadline", "select reason from upgrade where id = '%s'", upgrade);
    ASSERT_ASK(
        "t",
        "select decided_at >= deadline_at and decided_at < deadline_at + interval '1 second' "
        "from upgrade join decision on upgrade_id = id and event = 'deadline' where id = '%s'",
        upgrade);
    ASSERT_ASK("1", "select count(distinct traceparent) from outbox where correlation_id = '%s'",
               upgrade);
    hear("PaymentVoided", &user, upgrade);
    ASSERT_ASK("cancelled", "select state from upgrade where id = '%s'", upgrade);
    leave(&user);
}
END_TEST

START_TEST(the_deadline_revokes_after_activation)
{
    struct user user = registered();
    AUTO(free_text) char *upgrade = begin(&user);
    hear("PaymentCompleted", &user, upgrade);
    await_state(upgrade, "cancelling");
    ASSERT_ASK("f", "select active from entitlement where upgrade_id = '%s'", upgrade);
    hear("PlanWithdrawn", &user, upgrade);
    hear("PaymentRefunded", &user, upgrade);
    ASSERT_ASK("cancelled", "select state from upgrade where id = '%s'", upgrade);
    ASSERT_ASK(
        "deadline",
        "select convert_from(body, 'UTF8')::json ->> 'reason' from outbox "
        "where correlation_id = '%s' and type = 'fit.subscription.PremiumUpgradeCancelled.v1'",
        upgrade);
    leave(&user);
}
END_TEST

START_TEST(the_deadline_leaves_what_is_complete)
{
    struct user user = registered();
    AUTO(free_text) char *upgrade = begin(&user);
    hear("PaymentCompleted", &user, upgrade);
    hear("PlanGenerated", &user, upgrade);
    clock_sleep_ms(1500);
    ASSERT_ASK("completed", "select state from upgrade where id = '%s'", upgrade);
    leave(&user);
}
END_TEST

static bool is_listed(const char *upgrade)
{
    json_object *all = health();
    bool is_listed = strstr(member_text(all, "upgrades_needing_attention"), upgrade) != NULL;
    ck_assert(!is_listed || member_number(all, "needs_attention") > 0);
    (void)json_object_put(all);
    return is_listed;
}

static void await_listed(const char *upgrade, bool wanted)
{
    int64_t deadline = clock_monotonic_ms() + PATIENCE_MS;
    while (is_listed(upgrade) != wanted) {
        ck_assert_int_lt(clock_monotonic_ms(), deadline);
        clock_sleep_ms(20);
    }
}

/* Before activation billing alone must answer, after it both; so it is another event that is said
 * again. */
static const struct {
    bool is_activated;
    const char *state, *revocation;
} unanswered[] = {
    {false, "cancelling_money", "PremiumActivationFailed"},
    {true, "cancelling", "PremiumRevoked"},
};

START_TEST(an_unanswered_revocation_is_said_again_until_somebody_should_look)
{
    struct user user = registered();
    AUTO(free_text) char *upgrade = begin(&user);
    if (unanswered[_i].is_activated) {
        hear("PaymentCompleted", &user, upgrade);
    }
    ck_assert_int_eq(cancel(&user, upgrade), 202);
    ck_assert(!is_listed(upgrade));
    await_listed(upgrade, true);
    ASSERT_ASK(unanswered[_i].state, "select state from upgrade where id = '%s'", upgrade);
    ASSERT_ASK("t",
               "select count(*) >= 3 and count(*) = count(distinct id) from outbox "
               "where correlation_id = '%s' and type like 'fit.subscription.%s.v1'",
               upgrade, unanswered[_i].revocation);
    ASSERT_ASK("t", "select count(*) >= 2 from decision where upgrade_id = '%s' and before = after",
               upgrade);

    hear("PaymentVoided", &user, upgrade);
    if (unanswered[_i].is_activated) {
        ASSERT_ASK("cancelling_plan", "select state from upgrade where id = '%s'", upgrade);
        ASSERT_ASK("f", "select needs_attention from upgrade where id = '%s'", upgrade);
        hear("PlanWithdrawn", &user, upgrade);
    }
    ASSERT_ASK("cancelled", "select state from upgrade where id = '%s'", upgrade);
    await_listed(upgrade, false);
    leave(&user);
}
END_TEST

START_TEST(the_watch_waits_twice_as_long_each_time)
{
    struct user user = registered();
    AUTO(free_text) char *upgrade = begin(&user);
    ck_assert_int_eq(cancel(&user, upgrade), 202);
    stage_await(conn, 3, "select count(*) from decision where upgrade_id = '%s' and before = after",
                upgrade);
    ASSERT_ASK("t",
               "select bool_and(gap > interval '0.4 seconds' * 2 ^ (version - 3)) from (select "
               "version, decided_at - "
               "lag(decided_at) over (order by version) as gap from decision where upgrade_id = "
               "'%s') as g "
               "where version >= 3",
               upgrade);
    hear("PaymentVoided", &user, upgrade);
    leave(&user);
}
END_TEST

static TCase *make_case(Suite *suite, const char *name, void (*setup)(void))
{
    TCase *tcase = tcase_create(name);
    tcase_add_unchecked_fixture(tcase, setup, close_stage);
    tcase_add_checked_fixture(tcase, connect_to_database, disconnect);
    tcase_set_timeout(tcase, 60);
    suite_add_tcase(suite, tcase);
    return tcase;
}

static Suite *make_suite(void)
{
    Suite *suite = suite_create("subscription");
    TCase *tcase = make_case(suite, "stories", open_patient);
    tcase_add_loop_test(tcase, tells_a_story, 0, (int)COUNT_OF(stories));
    tcase_add_test(tcase, an_event_that_comes_three_times_has_one_effect);
    tcase_add_test(tcase, a_request_that_comes_three_times_has_one_effect_and_one_answer);
    tcase_add_test(tcase, of_requests_at_once_one_wins_and_the_others_learn_of_it);
    tcase_add_test(tcase, a_deletion_misses_no_request);
    tcase_add_test(tcase, a_rejected_user_may_try_again_and_sees_both);
    tcase_add_loop_test(tcase, refuses_a_body_and_names_the_field, 0, (int)COUNT_OF(refusals));
    tcase_add_test(tcase, a_user_who_is_not_known_yet_is_told_when_to_ask_again);
    tcase_add_test(tcase, a_user_who_has_left_cannot_upgrade_whatever_came_first);
    tcase_add_test(tcase, users_reach_their_own_upgrades_only);
    tcase_add_test(tcase, an_ordinary_plan_concerns_no_upgrade);
    tcase_add_test(tcase, an_upgrade_that_never_was_is_counted_and_changes_nothing);

    tcase = make_case(suite, "time", open_hasty);
    tcase_add_test(tcase, the_deadline_cancels_before_activation);
    tcase_add_test(tcase, the_deadline_revokes_after_activation);
    tcase_add_test(tcase, the_deadline_leaves_what_is_complete);
    tcase_add_loop_test(tcase, an_unanswered_revocation_is_said_again_until_somebody_should_look, 0,
                        (int)COUNT_OF(unanswered));
    tcase_add_test(tcase, the_watch_waits_twice_as_long_each_time);
    return suite;
}

int main(void)
{
    if (!stage_has_servers()) {
        printf("1..0 # SKIP the environment names no servers\n");
        return 0;
    }
    SRunner *runner = srunner_create(make_suite());
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
