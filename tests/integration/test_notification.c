/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include "core/buffer.h"
#include "core/clock.h"
#include "core/memory.h"
#include "core/text.h"
#include "support/process.h"
#include "support/smtp.h"

#include <check.h>
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * The real notification service: what the others would say is said by hand; what it does is read in
 * its Maildir or at a mail server, what it says in its outbox.
 */

static struct stage stage;
static PGconn *conn;
static struct arena arena; /* what lives as long as the case */

enum { END_MS = 30000, HELD_S = 30, QUIET_MS = 700 };

#define CRASH "CRASH_AT=notification-after-delivery"

static void begin_case(void)
{
    conn = stage_connect(&stage);
}

static void end_case(void)
{
    PQfinish(conn);
    arena_done(&arena);
}

static char *amqp_setting(void)
{
    AUTO(free_text) char *url = company_amqp_url("notification");
    const char *authority = strstr(url, "://") + 3;
    return arena_printf(&arena, "AMQP_URL=%.*s/%s",
                        (int)(authority + strcspn(authority, "/") - url), url, stage.name);
}

static char *database_setting(void)
{
    AUTO(free_text) char *name = xasprintf("%s_notification", stage.name);
    AUTO(free_text) char *url = company_database_url("notification", name);
    return arena_printf(&arena, "DATABASE_URL=%s", url);
}

/* As stage_open starts it, with these settings (NULL: without). */
static void restart(const char *setting, const char *another)
{
    if (company_is_alive(stage.company, "notification")) {
        ck_assert_int_eq(company_signal(stage.company, "notification", SIGTERM), 0);
    }
    const char *const extra[] = {amqp_setting(), database_setting(),
                                 setting != NULL ? setting : another,
                                 setting != NULL ? another : NULL, NULL};
    company_start_one(stage.company, "notification", extra);
    company_await_ready(stage.company, "notification");
}

static void await_crash(void)
{
    ck_assert_msg(process_was_killed(company_await_end(stage.company, "notification", END_MS)),
                  "it was not killed");
}

static bool has_logged(const char *event, const char *id)
{
    AUTO(free_text)
    char *command = xasprintf("grep '\"%s\"' '%s/notification.log' | grep -q '%s'", event,
                              company_folder(stage.company), id);
    return system(command) == 0;
}

struct user {
    struct uuid id;
    char text[UUID_TEXT_BYTES];
    const char *email;
};

static struct user make_user(void)
{
    struct user user = {.id = ids_new()};
    (void)ids_format(&user.id, user.text);
    user.email = arena_printf(&arena, "%s@example.org", user.text);
    return user;
}

#define NOW "\"2026-11-23T07:06:00.200Z\""
#define ID "\"01938f60-4d10-7b8e-a2f3-6c7d8e9f0a1b\""

/* What follows "userId". */
static const struct cause {
    const char *service, *name, *routing_key, *members;
} causes[] = {
    {"coaching", "PlanGenerated", "coaching.plan-generated.v1",
     "\"planId\":" ID ",\"tier\":\"ordinary\",\"weeks\":8,\"daysPerWeek\":3,\"generatedAt\":" NOW},
    {"coaching", "PlanGenerationFailed", "coaching.plan-generation-failed.v1",
     "\"tier\":\"ordinary\",\"reason\":\"too-few-days\",\"detail\":\"Too "
     "few\\r\\nBcc: eve@example.com\",\"failedAt\":" NOW},
    {"subscription", "PremiumActivated", "subscription.premium-activated.v1",
     "\"upgradeId\":" ID ",\"activatedAt\":" NOW ",\"validUntil\":" NOW},
    {"subscription", "PremiumUpgradeCompleted", "subscription.premium-upgrade-completed.v1",
     "\"upgradeId\":" ID ",\"planId\":" ID ",\"completedAt\":" NOW ",\"validUntil\":" NOW},
    {"subscription", "PremiumUpgradeRejected", "subscription.premium-upgrade-rejected.v1",
     "\"upgradeId\":" ID ",\"reason\":\"insufficient_funds\",\"rejectedAt\":" NOW},
    {"subscription", "PremiumUpgradeCancelled", "subscription.premium-upgrade-cancelled.v1",
     "\"upgradeId\":" ID ",\"reason\":\"deadline\",\"cancelledAt\":" NOW},
    {"billing", "PaymentRefunded", "billing.payment-refunded.v1",
     "\"upgradeId\":" ID ",\"refundId\":" ID ",\"chargeId\":" ID
     ",\"providerReference\":\"re_1\",\"amountMinor\":999,\"currency\":\"EUR\","
     "\"refundedAt\":" NOW},
    {"profile", "UserDeleted", "profile.user-deleted.v1", "\"deletedAt\":" NOW},
};

enum {
    PLAN_GENERATED = 0,
    PREMIUM_UPGRADE_REJECTED = 4,
    PAYMENT_REFUNDED = 6,
    USER_DELETED = COUNT_OF(causes) - 1
};

static struct saying told(const struct user *user, size_t cause, int64_t sequence)
{
    return (struct saying){
        .service = causes[cause].service,
        .name = causes[cause].name,
        .routing_key = causes[cause].routing_key,
        .id = ids_new(),
        .subject = user->id,
        .sequence = sequence,
        .body = arena_printf(&arena, "{\"userId\":\"%s\",%s}", user->text, causes[cause].members)};
}

static struct saying registered(const struct user *user, int64_t sequence)
{
    return (struct saying){
        .service = "profile",
        .name = "UserRegistered",
        .routing_key = "profile.user-registered.v1",
        .id = ids_new(),
        .subject = user->id,
        .sequence = sequence,
        .body = arena_printf(
            &arena,
            "{\"userId\":\"%s\",\"name\":\"Zoë Đặng\",\"email\":\"%s\",\"registeredAt\":" NOW "}",
            user->text, user->email)};
}

static struct saying moved(const struct user *user, int64_t sequence, const char *email)
{
    return (struct saying){
        .service = "profile",
        .name = "ProfileUpdated",
        .routing_key = "profile.profile-updated.v1",
        .id = ids_new(),
        .subject = user->id,
        .sequence = sequence,
        .body = arena_printf(
            &arena,
            "{\"userId\":\"%s\",\"name\":\"Zoë King\",\"email\":\"%s\",\"updatedAt\":" NOW "}",
            user->text, email)};
}

static const char *text_of(const struct uuid *id)
{
    char text[UUID_TEXT_BYTES];
    return arena_printf(&arena, "%s", ids_format(id, text));
}

static void await_mail(const struct uuid *id, const char *state)
{
    stage_await(conn, 1, "select count(*) from mail where id = '%s' and state = '%s'", text_of(id),
                state);
}

static void say(struct saying saying)
{
    stage_say(&stage, &saying, 1, 1);
    stage_await(conn, 1, "select count(*) from inbox where id = '%s'", text_of(&saying.id));
}

/* Says it and waits for what becomes of the mail. */
static void say_and_await(struct saying saying, const char *state)
{
    say(saying);
    await_mail(&saying.id, state);
}

/* A user whom the service knows. */
static struct user make_known_user(void)
{
    struct user user = make_user();
    say_and_await(registered(&user, 1), "sent");
    return user;
}

/* What a crash has left leased is due again at once. */
static void end_lease(const struct uuid *id)
{
    PGresult *result = PQexec(conn, arena_printf(&arena,
                                                 "update mail set due = clock_timestamp() "
                                                 "where id = '%s' and state = 'open'",
                                                 text_of(id)));
    ck_assert_str_eq(PQcmdTuples(result), "1");
    PQclear(result);
}

/* How many mails of new/ or cur/ begin with this id; "" = all. */
static int count_files(const char *folder, const char *id)
{
    DIR *files = opendir(arena_printf(&arena, "%s/%s", company_maildir(stage.company), folder));
    int count = 0;
    for (const struct dirent *entry; files != NULL && (entry = readdir(files)) != NULL;) {
        count += entry->d_name[0] != '.' && text_starts_with(entry->d_name, id);
    }
    if (files != NULL) {
        (void)closedir(files);
    }
    return count;
}

/* The mail in new/. */
static const char *read_mail(const struct uuid *id)
{
    const char *path =
        arena_printf(&arena, "%s/new/%s", company_maildir(stage.company), text_of(id));
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "there is no %s", path);
    char text[4096];
    size_t length = fread(text, 1, sizeof text - 1, file);
    text[length] = '\0';
    (void)fclose(file);
    return arena_printf(&arena, "%s", text);
}

static void check_address(const struct uuid *id, const char *email)
{
    const char *text = read_mail(id);
    ck_assert_msg(strstr(text, arena_printf(&arena, "\r\n <%s>\r\n", email)) != NULL, "%s", text);
}

/* Exactly one file, in new/ under the event's id alone. */
static void check_delivered(const struct uuid *id)
{
    (void)read_mail(id);
    ck_assert_int_eq(count_files("new", text_of(id)) + count_files("cur", text_of(id)), 1);
}

static void check_not_delivered(const struct uuid *id)
{
    ck_assert_int_eq(count_files("new", text_of(id)) + count_files("cur", text_of(id)), 0);
}

/* How often NotificationSent tells of this event. */
static void check_said(const struct uuid *id, int times)
{
    ck_assert_int_eq(
        stage_number(
            conn,
            "select count(*) from outbox where type = 'fit.notification.NotificationSent.v1'"
            " and causation_id = '%s'"
            " and convert_from(body, 'UTF8')::json->>'causeId' = '%s'",
            text_of(id), text_of(id)),
        times);
    ck_assert_int_eq(
        stage_number(conn, "select count(*) from outbox where causation_id = '%s'", text_of(id)),
        times);
}

static void shuffle(struct saying *sayings, size_t count)
{
    for (size_t i = count - 1; i > 0; i--) {
        size_t j = (size_t)rand() % (i + 1);
        const struct saying other = sayings[i];
        sayings[i] = sayings[j];
        sayings[j] = other;
    }
}

START_TEST(each_event_three_times_in_any_order_is_one_mail)
{
    enum { USERS = 10, EACH = USER_DELETED + 2, EVENTS = USERS * EACH, COPIES = 3 };
    static struct saying sayings[EVENTS * COPIES];
    srand(20261123);
    size_t n = 0;
    for (int i = 0; i < USERS; i++) {
        const struct user user = make_user();
        sayings[n++] = registered(&user, 1);
        sayings[n++] = moved(&user, 2, user.email);
        for (size_t cause = 0; cause < USER_DELETED; cause++) {
            sayings[n++] = told(&user, cause, 1);
        }
    }
    for (size_t i = EVENTS; i < COUNT_OF(sayings); i++) {
        sayings[i] = sayings[i - EVENTS];
    }
    int before = count_files("new", "");
    long long said = stage_number(conn, "select count(*) from outbox");
    shuffle(sayings, COUNT_OF(sayings));
    stage_say(&stage, sayings, COUNT_OF(sayings), 1);
    for (size_t i = 0; i < COUNT_OF(sayings); i++) {
        await_mail(&sayings[i].id, "sent");
        check_delivered(&sayings[i].id);
        check_said(&sayings[i].id, 1);
    }
    clock_sleep_ms(QUIET_MS); /* the copies that are still on their way */
    ck_assert_int_eq(count_files("new", "") - before, EVENTS);
    ck_assert_int_eq(stage_number(conn, "select count(*) from outbox") - said, EVENTS);
}
END_TEST

START_TEST(a_mail_carries_the_story_of_its_cause)
{
    const struct user user = make_known_user();
    struct saying saying = told(&user, PLAN_GENERATED, 1);
    saying.story = ids_new();
    saying.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    say_and_await(saying, "sent");
    check_said(&saying.id, 1);
    ck_assert_int_eq(
        stage_number(conn,
                     "select count(*) from outbox where causation_id = '%s' and correlation_id = "
                     "'%s' and traceparent = '%s' and subject = '%s'",
                     text_of(&saying.id), text_of(&saying.story), saying.traceparent, user.text),
        1);
    check_address(&saying.id, user.email);
}
END_TEST

START_TEST(a_detail_ends_no_header)
{
    const struct user user = make_known_user();
    const struct saying saying = told(&user, PLAN_GENERATED + 1, 1);
    say_and_await(saying, "sent");
    const char *text = read_mail(&saying.id);
    ck_assert_msg(strstr(text, "eve@example.com") == NULL, "%s", text);
}
END_TEST

static const struct {
    size_t cause;
    const char *words;
} bodies[] = {
    {PLAN_GENERATED, "8 weeks, 3 days a week. If you have premium, your premium plan goes on,"},
    {PREMIUM_UPGRADE_REJECTED, "nothing was charged: there is not enough money behind the card."},
    {PAYMENT_REFUNDED, "We have refunded 9.99 EUR."},
};

START_TEST(a_mail_says_in_words_what_has_happened)
{
    const struct user user = make_known_user();
    const struct saying saying = told(&user, bodies[_i].cause, 1);
    say_and_await(saying, "sent");
    AUTO(free_text)
    char *body = stage_text(conn, "select convert_from(decode('%s', 'base64'), 'UTF8')",
                            strstr(read_mail(&saying.id), "\r\n\r\n"));
    ck_assert_msg(strstr(body, bodies[_i].words) != NULL, "%s", body);
}
END_TEST

static void move_to_cur(const struct uuid *id)
{
    const char *maildir = company_maildir(stage.company);
    ck_assert_int_eq(rename(arena_printf(&arena, "%s/new/%s", maildir, text_of(id)),
                            arena_printf(&arena, "%s/cur/%s:2,S", maildir, text_of(id))),
                     0);
}

START_TEST(a_repeated_event_whose_mail_has_been_read_sends_no_other)
{
    const struct user user = make_known_user();
    const struct saying saying = told(&user, PLAN_GENERATED, 1);
    say_and_await(saying, "sent");
    move_to_cur(&saying.id);
    stage_say(&stage, &saying, 1, 3);
    say_and_await(told(&user, PLAN_GENERATED, 2), "sent"); /* is behind them in the queue */
    ck_assert_int_eq(count_files("new", text_of(&saying.id)), 0);
    ck_assert_int_eq(count_files("cur", text_of(&saying.id)), 1);
    check_said(&saying.id, 1);
}
END_TEST

/* _i: a reader has been there before the restart */
START_TEST(a_mail_that_was_delivered_before_a_kill_is_not_delivered_again)
{
    const struct user user = make_known_user();
    struct saying saying = told(&user, PLAN_GENERATED, 1);
    saying.story = ids_new();
    saying.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    restart(CRASH, NULL);
    say(saying);
    await_crash();
    check_delivered(&saying.id);
    check_said(&saying.id, 0);
    if (_i == 1) {
        move_to_cur(&saying.id);
    }
    end_lease(&saying.id);
    restart(NULL, NULL);
    await_mail(&saying.id, "sent");
    ck_assert_int_eq(count_files("new", text_of(&saying.id)), _i == 0);
    ck_assert_int_eq(count_files("cur", text_of(&saying.id)), _i == 1);
    check_said(&saying.id, 1);
    ck_assert_int_eq(stage_number(conn,
                                  "select count(*) from outbox where causation_id = '%s' and "
                                  "correlation_id = '%s' and traceparent = '%s'",
                                  text_of(&saying.id), text_of(&saying.story), saying.traceparent),
                     1);
}
END_TEST

START_TEST(a_mail_waits_until_its_user_is_known)
{
    const struct user user = make_user();
    const struct saying early = told(&user, PLAN_GENERATED, 1);
    say(early);
    clock_sleep_ms(QUIET_MS);
    ck_assert_int_eq(stage_number(conn,
                                  "select count(*) from mail where id = '%s' and state = 'open' "
                                  "and tries = 0",
                                  text_of(&early.id)),
                     1);
    check_not_delivered(&early.id);
    say_and_await(registered(&user, 1), "sent");
    await_mail(&early.id, "sent");
    check_address(&early.id, user.email);
    check_said(&early.id, 1);
}
END_TEST

START_TEST(an_older_profile_never_overwrites_a_newer_one)
{
    const struct user user = make_user();
    const struct saying newest = moved(&user, 5, user.email);
    const struct saying older = moved(&user, 3, "older@example.org");
    struct user oldest_user = user;
    oldest_user.email = "oldest@example.org";
    const struct saying oldest = registered(&oldest_user, 1);
    say_and_await(newest, "sent");
    say_and_await(older, "sent");
    say_and_await(oldest, "sent");
    const struct saying last = told(&user, PLAN_GENERATED, 1);
    say_and_await(last, "sent");
    check_address(&older.id, user.email);
    check_address(&oldest.id, user.email);
    check_address(&last.id, user.email);
    const struct saying move = moved(&user, 6, "newer@example.org");
    say_and_await(move, "sent");
    check_address(&move.id, user.email);
    const struct saying after = told(&user, PLAN_GENERATED, 2);
    say_and_await(after, "sent");
    check_address(&after.id, "newer@example.org");
}
END_TEST

START_TEST(a_changed_address_is_told_to_the_old_one)
{
    const struct user user = make_known_user();
    const struct saying taken = moved(&user, 2, "eve@example.com");
    stage_say(&stage, &taken, 1, 3);
    await_mail(&taken.id, "sent");
    check_delivered(&taken.id);
    check_address(&taken.id, user.email);
    ck_assert_int_eq(stage_number(conn,
                                  "select count(*) from mail where id = '%s' and email is null",
                                  text_of(&taken.id)),
                     1); /* not kept any longer */
    const struct saying renamed = moved(&user, 3, "eve@example.com");
    say_and_await(renamed, "sent");
    check_address(&renamed.id, "eve@example.com");
}
END_TEST

static void check_forgotten(const struct user *user)
{
    ck_assert_int_eq(stage_number(conn,
                                  "select count(*) from recipient where user_id = '%s' and "
                                  "forgotten and name = '' and email = ''",
                                  user->text),
                     1);
}

/* What still comes for a user who is gone. */
static void check_silence(const struct user *user)
{
    const struct saying late[] = {told(user, PLAN_GENERATED, 1), registered(user, 1),
                                  moved(user, 2, user->email), moved(user, 9, user->email)};
    for (size_t i = 0; i < COUNT_OF(late); i++) {
        say_and_await(late[i], "dropped");
        check_not_delivered(&late[i].id);
        check_said(&late[i].id, 0);
    }
    check_forgotten(user);
}

START_TEST(a_deleted_user_gets_a_goodbye_and_is_forgotten)
{
    const struct user user = make_known_user();
    say_and_await(told(&user, PLAN_GENERATED, 1), "sent");
    const struct saying goodbye = told(&user, USER_DELETED, 3);
    say_and_await(goodbye, "sent");
    check_address(&goodbye.id, user.email);
    check_said(&goodbye.id, 1);
    check_silence(&user);
    ck_assert_int_eq(stage_number(conn,
                                  "select count(*) from mail where user_id = '%s' and detail <> ''",
                                  user.text),
                     0);
}
END_TEST

START_TEST(a_goodbye_that_is_killed_on_its_way_still_forgets)
{
    const struct user user = make_known_user();
    const struct saying goodbye = told(&user, USER_DELETED, 3);
    restart(CRASH, NULL);
    say(goodbye);
    await_crash();
    end_lease(&goodbye.id);
    restart(NULL, NULL);
    await_mail(&goodbye.id, "sent");
    check_delivered(&goodbye.id);
    check_address(&goodbye.id, user.email);
    check_said(&goodbye.id, 1);
    check_forgotten(&user);
}
END_TEST

START_TEST(a_user_who_was_never_known_is_not_remembered_after_deletion)
{
    const struct user user = make_user();
    const struct saying goodbye = told(&user, USER_DELETED, 3);
    say_and_await(goodbye, "dropped");
    check_said(&goodbye.id, 0);
    check_silence(&user);
}
END_TEST

static void add_mail(const char *state, int64_t age_days, struct uuid *id)
{
    int64_t noted_ms = clock_now_ms() - age_days * INT64_C(24) * 3600 * 1000;
    *id = ids_floor(noted_ms);
    id->bytes[15] = state[0] == 'o'; /* two of one age */
    PGresult *result = PQexec(
        conn, arena_printf(&arena,
                           "insert into mail (id, user_id, cause_name, detail, "
                           "correlation_id, state, noted_at) values ('%s', '%s', "
                           "'PlanGenerated', '', '%s', '%s', to_timestamp(%lld / 1000.0))",
                           text_of(id), text_of(id), text_of(id), state, (long long)noted_ms));
    ck_assert_str_eq(PQcmdTuples(result), "1");
    PQclear(result);
}

START_TEST(an_ended_mail_is_kept_as_long_as_the_inbox_remembers)
{
    enum { INBOX_DAYS = 30 };
    struct uuid old;
    struct uuid old_open;
    struct uuid young;
    add_mail("sent", INBOX_DAYS + 3, &old);
    add_mail("open", INBOX_DAYS + 3, &old_open); /* waits for its recipient */
    add_mail("dropped", INBOX_DAYS + 1, &young);
    restart(NULL, NULL);
    stage_await(conn, 0, "select count(*) from mail where id = '%s'", text_of(&old));
    ck_assert_int_eq(stage_number(conn, "select count(*) from mail where id in ('%s', '%s')",
                                  text_of(&old_open), text_of(&young)),
                     2);
    PQclear(
        PQexec(conn, arena_printf(&arena, "delete from mail where id = '%s'", text_of(&old_open))));
}
END_TEST

static struct smtp *smtp;

enum { STOP_MS = 10000 };

/* SIGTERM: it leaves by itself, with 0, in time. */
static void check_stop(void)
{
    int64_t start_ms = clock_monotonic_ms();
    int status = company_signal(stage.company, "notification", SIGTERM);
    ck_assert_int_lt(clock_monotonic_ms() - start_ms, STOP_MS);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "wait status %d", status);
}

static const char *smtp_setting(void)
{
    return arena_printf(&arena, "SMTP_URL=smtp://127.0.0.1:%d", smtp_port(smtp));
}

static void begin_smtp(void)
{
    begin_case();
    smtp = smtp_new(0);
    restart(smtp_setting(), NULL);
}

static void end_smtp(void)
{
    smtp_free(smtp);
    smtp = NULL;
    end_case();
}

/* How many copies the server has taken; all have the same Message-ID. */
static int copies(const struct uuid *id)
{
    return (int)smtp_count(
        smtp,
        arena_printf(&arena, "\r\nMessage-ID: <%s@notification.fit.example>\r\n", text_of(id)));
}

START_TEST(each_event_three_times_is_one_mail_at_the_server)
{
    const struct user user = make_user();
    struct saying sayings[USER_DELETED + 1];
    sayings[USER_DELETED] = registered(&user, 1);
    for (size_t cause = 0; cause < USER_DELETED; cause++) {
        sayings[cause] = told(&user, cause, 1);
    }
    stage_say(&stage, sayings, COUNT_OF(sayings), 3);
    for (size_t i = 0; i < COUNT_OF(sayings); i++) {
        await_mail(&sayings[i].id, "sent");
        ck_assert_int_eq(copies(&sayings[i].id), 1);
        check_said(&sayings[i].id, 1);
        check_not_delivered(&sayings[i].id); /* not in the Maildir as well */
    }
    ck_assert_uint_eq(smtp_count(smtp, arena_printf(&arena, "RCPT TO:<%s>", user.email)),
                      COUNT_OF(sayings));
    ck_assert_int_eq(stage_number(conn,
                                  "select count(*) from outbox where subject = '%s' and "
                                  "convert_from(body, 'UTF8')::json->>'medium' = 'smtp'",
                                  user.text),
                     COUNT_OF(sayings));
}
END_TEST

START_TEST(a_kill_after_the_250_sends_a_second_copy_with_the_same_id)
{
    const struct user user = make_known_user();
    const struct saying saying = told(&user, PLAN_GENERATED, 1);
    restart(smtp_setting(), CRASH);
    say(saying);
    await_crash();
    ck_assert_int_eq(copies(&saying.id), 1);
    end_lease(&saying.id);
    restart(smtp_setting(), NULL);
    await_mail(&saying.id, "sent");
    ck_assert_int_eq(copies(&saying.id), 2);
    check_said(&saying.id, 1);
}
END_TEST

START_TEST(a_database_that_is_lost_after_the_250_costs_no_second_copy)
{
    const struct user user = make_known_user();
    const struct saying saying = told(&user, PLAN_GENERATED, 1);
    smtp_hold(smtp, SMTP_MESSAGE);
    say(saying);
    ck_assert(smtp_await_held(smtp, HELD_S));
    PGconn *own = PQconnectdb(strchr(database_setting(), '=') + 1);
    ck_assert_int_eq(
        stage_number(own,
                     "select count(pg_terminate_backend(pid)) from pg_stat_activity where "
                     "datname = '%s_notification' and application_name = 'notification mailer'",
                     stage.name),
        1);
    PQfinish(own);
    smtp_hold(smtp, SMTP_STEPS);
    await_mail(&saying.id, "sent");
    ck_assert_int_eq(copies(&saying.id), 1);
    check_said(&saying.id, 1);
}
END_TEST

static void check_given_back(const struct uuid *id)
{
    ck_assert_int_eq(
        stage_number(conn,
                     "select count(*) from mail where id = '%s' and state = 'open' and lease is "
                     "null and tries = 0 and due <= clock_timestamp()",
                     text_of(id)),
        1);
}

static const enum smtp_step early_steps[] = {SMTP_GREETING, SMTP_SENDER, SMTP_RECIPIENT};

START_TEST(a_stop_before_the_message_sends_nothing_and_gives_the_mails_back)
{
    enum { AT_ONCE_MS = 5000 };
    const struct user user = make_known_user();
    const struct saying first = told(&user, PLAN_GENERATED, 1);
    const struct saying second = told(&user, PLAN_GENERATED, 2);
    smtp_hold(smtp, early_steps[_i]);
    say(first);
    ck_assert(smtp_await_held(smtp, HELD_S));
    say(second);
    int64_t start_ms = clock_monotonic_ms();
    check_stop();
    ck_assert_int_lt(clock_monotonic_ms() - start_ms, AT_ONCE_MS);
    check_given_back(&first.id);
    check_given_back(&second.id);
    smtp_hold(smtp, SMTP_STEPS);
    restart(smtp_setting(), NULL);
    await_mail(&first.id, "sent");
    await_mail(&second.id, "sent");
    ck_assert_int_eq(copies(&first.id), 1);
    ck_assert_int_eq(copies(&second.id), 1);
}
END_TEST

static void *let_go_later(void *server)
{
    enum { LATER_MS = 1500 };
    clock_sleep_ms(LATER_MS);
    smtp_hold(server, SMTP_STEPS);
    return NULL;
}

START_TEST(a_stop_after_the_message_waits_for_the_answer)
{
    const struct user user = make_known_user();
    const struct saying saying = told(&user, PLAN_GENERATED, 1);
    smtp_hold(smtp, SMTP_MESSAGE);
    say(saying);
    ck_assert(smtp_await_held(smtp, HELD_S));
    pthread_t helper;
    ck_assert_int_eq(pthread_create(&helper, NULL, let_go_later, smtp), 0);
    check_stop();
    ck_assert_int_eq(pthread_join(helper, NULL), 0);
    await_mail(&saying.id, "sent");
    restart(smtp_setting(), NULL);
    clock_sleep_ms(QUIET_MS);
    ck_assert_int_eq(copies(&saying.id), 1);
    ck_assert_int_eq(
        stage_number(conn, "select tries from mail where id = '%s'", text_of(&saying.id)), 1);
}
END_TEST

START_TEST(a_stop_does_not_wait_for_ever)
{
    const struct user user = make_known_user();
    const struct saying saying = told(&user, PLAN_GENERATED, 1);
    smtp_hold(smtp, SMTP_MESSAGE);
    say(saying);
    ck_assert(smtp_await_held(smtp, HELD_S));
    check_stop();
    smtp_hold(smtp, SMTP_STEPS);
    restart(smtp_setting(), NULL);
    await_mail(&saying.id, "sent");
}
END_TEST

START_TEST(a_busy_server_is_asked_again_later)
{
    enum { BUSY_TIMES = 1, PAUSES_MS = 500 + 1000 + 2000 };
    const struct user user = make_known_user();
    const struct saying saying = told(&user, PLAN_GENERATED, 1);
    smtp_refuse(smtp, SMTP_GREETING, 421, BUSY_TIMES);
    smtp_refuse(smtp, SMTP_RECIPIENT, 451, BUSY_TIMES);
    smtp_refuse(smtp, SMTP_MESSAGE, 452, BUSY_TIMES);
    int64_t start_ms = clock_monotonic_ms();
    say_and_await(saying, "sent");
    ck_assert_int_ge(clock_monotonic_ms() - start_ms, PAUSES_MS);
    ck_assert_int_eq(
        stage_number(conn, "select tries from mail where id = '%s'", text_of(&saying.id)), 4);
    ck_assert_int_eq(copies(&saying.id), 1);
    check_said(&saying.id, 1);
}
END_TEST

static const struct {
    enum smtp_step step;
    int code;
    const char *reason;
} refusals_of_a_mail[] = {{SMTP_SENDER, 553, "SMTP: MAIL failed: 553"},
                          {SMTP_RECIPIENT, 554, "SMTP: RCPT failed: 554"},
                          {SMTP_MESSAGE, 550, "(550)"}};

/* The server says "never"; the mail waits for an hour, and the log says to what it was said. */
static void say_refused(const struct saying *saying, int i)
{
    smtp_refuse(smtp, refusals_of_a_mail[i].step, refusals_of_a_mail[i].code, 1);
    say(*saying);
    stage_await(conn, 1,
                "select count(*) from mail where id = '%s' and state = 'open' and tries = 1 and "
                "lease is null and due > clock_timestamp() + interval '50 minutes'",
                text_of(&saying->id));
    ck_assert(has_logged("mail.refused", text_of(&saying->id)));
    ck_assert_int_eq(stage_number(conn, "select strpos(last_error, '%s') from mail where id = '%s'",
                                  refusals_of_a_mail[i].reason, text_of(&saying->id)) > 0,
                     1);
}

static bool has_attention(void)
{
    struct answer answer = client_call(company_health_port(stage.company, "notification"), "GET",
                                       "/readyz", NULL, NULL, 0);
    bool has = answer_has(&answer, "\"needs_attention\":") &&
               !answer_has(&answer, "\"needs_attention\":0");
    answer_done(&answer);
    return has;
}

START_TEST(a_refused_mail_waits_for_days_and_asks_for_attention)
{
    const struct user user = make_known_user();
    const struct saying saying = told(&user, PLAN_GENERATED, 1);
    say_refused(&saying, _i);
    int64_t end_ms = clock_monotonic_ms() + END_MS;
    while (!has_attention()) {
        ck_assert_int_lt(clock_monotonic_ms(), end_ms);
        clock_sleep_ms(100);
    }
    const struct saying next = told(&user, PLAN_GENERATED, 2); /* hurts no other */
    say_and_await(next, "sent");
    end_lease(&saying.id); /* somebody has mended the settings */
    await_mail(&saying.id, "sent");
    ck_assert_int_eq(copies(&saying.id), 1);
    check_said(&saying.id, 1);
}
END_TEST

START_TEST(a_mail_that_is_refused_for_days_is_dropped_and_logged)
{
    const struct user user = make_known_user();
    const struct saying saying = told(&user, PLAN_GENERATED, 1);
    say_refused(&saying, _i);
    smtp_refuse(smtp, refusals_of_a_mail[_i].step, refusals_of_a_mail[_i].code, 1);
    PQclear(PQexec(conn, arena_printf(&arena,
                                      "update mail set due = clock_timestamp(), refused_since = "
                                      "clock_timestamp() - interval '6 days' where id = '%s'",
                                      text_of(&saying.id))));
    await_mail(&saying.id, "dropped");
    ck_assert(has_logged("mail.dropped", text_of(&saying.id)));
    check_said(&saying.id, 0);
    ck_assert_int_eq(copies(&saying.id), 0);
    const struct saying next = told(&user, PLAN_GENERATED, 2); /* hurts no other */
    say_and_await(next, "sent");
    ck_assert_int_eq(copies(&next.id), 1);
}
END_TEST

START_TEST(what_the_mailer_logs_belongs_to_the_story)
{
    const struct user user = make_known_user();
    struct saying saying = told(&user, PLAN_GENERATED, 1);
    saying.story = ids_new();
    saying.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    smtp_refuse(smtp, SMTP_MESSAGE, 452, 1);
    say_and_await(saying, "sent");
    ck_assert(has_logged("mail.put-off", arena_printf(&arena, "%s.*%s.*%s", text_of(&saying.id),
                                                      text_of(&saying.story), saying.traceparent)));
}
END_TEST

static const struct {
    enum smtp_step step;
    int code;
} refusals_of_us[] = {{SMTP_GREETING, 554}, {SMTP_RECIPIENT, 530}};

START_TEST(a_mail_waits_for_a_server_that_refuses_us)
{
    const struct user user = make_known_user();
    const struct saying saying = told(&user, PLAN_GENERATED, 1);
    smtp_refuse(smtp, refusals_of_us[_i].step, refusals_of_us[_i].code, 1);
    say_and_await(saying, "sent");
    ck_assert_int_eq(
        stage_number(conn, "select tries from mail where id = '%s'", text_of(&saying.id)), 2);
    ck_assert_int_eq(copies(&saying.id), 1);
}
END_TEST

START_TEST(a_mail_waits_for_a_server_that_is_away)
{
    const struct user user = make_known_user();
    const struct saying saying = told(&user, PLAN_GENERATED, 1);
    int port = smtp_port(smtp);
    smtp_free(smtp);
    say(saying);
    stage_await(conn, 2, "select tries from mail where id = '%s'", text_of(&saying.id));
    smtp = smtp_new(port);
    await_mail(&saying.id, "sent");
    ck_assert_int_eq(copies(&saying.id), 1);
    check_said(&saying.id, 1);
}
END_TEST

static const struct {
    const char *setting, *says;
} wrong_settings[] = {
    {"SMTP_URL=http://127.0.0.1:25", "SMTP_URL must begin with smtp://"},
    {"SMTP_URL=file:///tmp/mail", "SMTP_URL must begin with smtp://"},
    {"SMTP_URL=127.0.0.1:25", "SMTP_URL must begin with smtp://"},
    {"MAIL_FROM=The Fit Company", "MAIL_FROM must be an address"},
    {"MAIL_FROM=<coach@fit.example>", "MAIL_FROM must be an address"},
};

START_TEST(wrong_settings_are_named_at_the_start)
{
    const char *program =
        arena_printf(&arena, "%s/src/services/fit-notification", getenv("QUADRILLE_BUILD"));
    const char *setting = wrong_settings[_i].setting;
    const char *log = arena_printf(&arena, "%s/wrong-%d.log", company_folder(stage.company), _i);
    const char *const environment[] = {amqp_setting(), database_setting(), setting, NULL};
    int status = process_end(process_start((const char *const[]){program, NULL}, environment, log),
                             0, END_MS);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 2);
    ck_assert_int_eq(
        system(arena_printf(&arena, "grep -q '%s' '%s'", wrong_settings[_i].says, log)), 0);
}
END_TEST

int main(void)
{
    if (!stage_has_servers()) {
        (void)puts("1..0 # SKIP the environment names no servers");
        return EXIT_SUCCESS;
    }
    Suite *suite = suite_create("notification");
    TCase *tcase = tcase_create("maildir");
    tcase_add_checked_fixture(tcase, begin_case, end_case);
    tcase_add_test(tcase, each_event_three_times_in_any_order_is_one_mail);
    tcase_add_test(tcase, a_mail_carries_the_story_of_its_cause);
    tcase_add_test(tcase, a_detail_ends_no_header);
    tcase_add_loop_test(tcase, a_mail_says_in_words_what_has_happened, 0, (int)COUNT_OF(bodies));
    tcase_add_test(tcase, a_repeated_event_whose_mail_has_been_read_sends_no_other);
    tcase_add_loop_test(tcase, a_mail_that_was_delivered_before_a_kill_is_not_delivered_again, 0,
                        2);
    tcase_add_test(tcase, a_mail_waits_until_its_user_is_known);
    tcase_add_test(tcase, an_older_profile_never_overwrites_a_newer_one);
    tcase_add_test(tcase, a_changed_address_is_told_to_the_old_one);
    tcase_add_test(tcase, a_deleted_user_gets_a_goodbye_and_is_forgotten);
    tcase_add_test(tcase, a_goodbye_that_is_killed_on_its_way_still_forgets);
    tcase_add_test(tcase, a_user_who_was_never_known_is_not_remembered_after_deletion);
    tcase_add_test(tcase, an_ended_mail_is_kept_as_long_as_the_inbox_remembers);
    tcase_add_loop_test(tcase, wrong_settings_are_named_at_the_start, 0,
                        (int)COUNT_OF(wrong_settings));
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("smtp");
    tcase_add_checked_fixture(tcase, begin_smtp, end_smtp);
    tcase_add_test(tcase, each_event_three_times_is_one_mail_at_the_server);
    tcase_add_test(tcase, a_kill_after_the_250_sends_a_second_copy_with_the_same_id);
    tcase_add_test(tcase, a_database_that_is_lost_after_the_250_costs_no_second_copy);
    tcase_add_loop_test(tcase, a_stop_before_the_message_sends_nothing_and_gives_the_mails_back, 0,
                        (int)COUNT_OF(early_steps));
    tcase_add_test(tcase, a_stop_after_the_message_waits_for_the_answer);
    tcase_add_test(tcase, a_stop_does_not_wait_for_ever);
    tcase_add_test(tcase, a_busy_server_is_asked_again_later);
    tcase_add_test(tcase, what_the_mailer_logs_belongs_to_the_story);
    tcase_add_loop_test(tcase, a_refused_mail_waits_for_days_and_asks_for_attention, 0,
                        (int)COUNT_OF(refusals_of_a_mail));
    tcase_add_loop_test(tcase, a_mail_that_is_refused_for_days_is_dropped_and_logged, 0,
                        (int)COUNT_OF(refusals_of_a_mail));
    tcase_add_loop_test(tcase, a_mail_waits_for_a_server_that_refuses_us, 0,
                        (int)COUNT_OF(refusals_of_us));
    tcase_add_test(tcase, a_mail_waits_for_a_server_that_is_away);
    suite_add_tcase(suite, tcase);

    stage_open(&stage, "notification", NULL);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK); /* cases restart the service, a child of ours */
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    stage_close(&stage);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
