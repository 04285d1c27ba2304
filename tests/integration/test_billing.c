/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include "core/clock.h"
#include "core/memory.h"
#include "core/text.h"
#include "support/client.h"
#include "support/process.h"

#include <check.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * The real billing service with the stand-in provider: what subscription and profile would say is
 * said by hand, what billing says is read in its outbox, and what happened to the money in the
 * provider's own ledger. The cases run in one process, because they end and restart the service.
 */

enum { START_MS = 10000, END_MS = 20000, MANY = 60, LATE_MS = 600 };

#define AMOUNT "999"

static struct stage stage;
static const char *settings[32]; /* of every billing process */
static PGconn *conn;

/* The provider, on the same ports and ledger whenever it is started. */
static struct {
    pid_t pid;
    int port, admin_port;
    char folder[64];
    char *url_setting;
} provider;

static bool read_ports(const char *path)
{
    char port[8] = "";
    char admin_port[8] = "";
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return false;
    }
    int count = fscanf(file,
                       "PROVIDER_URL=http://127.0.0.1:%7[0-9] "
                       "PROVIDER_ADMIN_URL=http://127.0.0.1:%7[0-9]",
                       port, admin_port);
    (void)fclose(file);
    int64_t numbers[2] = {0};
    bool is_read = count == 2 && text_int(port, 1, UINT16_MAX, &numbers[0]) &&
                   text_int(admin_port, 1, UINT16_MAX, &numbers[1]);
    provider.port = (int)numbers[0];
    provider.admin_port = (int)numbers[1];
    return is_read;
}

static void start_provider(const char *option, const char *value)
{
    AUTO(free_text)
    char *program = xasprintf("%s/tests/support/provider", getenv("QUADRILLE_BUILD"));
    AUTO(free_text) char *key = xasprintf("%s/provider.key", getenv("SECRETS_DIR"));
    AUTO(free_text) char *ports = xasprintf("%s/ports", provider.folder);
    AUTO(free_text) char *ledger = xasprintf("%s/ledger.jsonl", provider.folder);
    AUTO(free_text) char *log = xasprintf("%s/log", provider.folder);
    AUTO(free_text) char *port = xasprintf("%d", provider.port);
    AUTO(free_text) char *admin_port = xasprintf("%d", provider.admin_port);
    const char *const argv[] = {
        program, "--api-key-file", key,        "--port-file", ports, "--ledger", ledger, "--port",
        port,    "--admin-port",   admin_port, option,        value, NULL};
    (void)unlink(ports);
    provider.pid = process_start(argv, NULL, log);
    for (int64_t until = clock_monotonic_ms() + START_MS; !read_ports(ports);) {
        ck_assert_msg(clock_monotonic_ms() < until && process_is_alive(provider.pid), "see %s",
                      log);
        clock_sleep_ms(10);
    }
}

static void restart_provider(const char *option, const char *value)
{
    ck_assert_int_eq(process_end(provider.pid, SIGTERM, END_MS), 0);
    start_provider(option, value);
}

/* Yours. */
static json_object *admin(const char *method, const char *path, const char *body)
{
    struct answer answer = client_call(provider.admin_port, method, path, HEADERS(JSON), body,
                                       body != NULL ? strlen(body) : 0);
    ck_assert_msg(answer.status >= 200 && answer.status < 300, "%s %s: %ld %s", method, path,
                  answer.status, buffer_cstr(&answer.body));
    json_object *json = json_tokener_parse(buffer_cstr(&answer.body));
    answer_done(&answer);
    return json;
}

/* The next `times` calls of a route that are about this upgrade. */
static void break_provider(const char *upgrade, const char *route, const char *fault, int times,
                           int ms)
{
    AUTO(free_text)
    char *body =
        xasprintf("{\"route\":\"%s\",\"fault\":\"%s\",\"times\":%d,\"ms\":%d,\"upgrade\":\"%s\"}",
                  route, fault, times, ms, upgrade);
    json_object_put(admin("POST", "/faults", body));
}

static const char *member(json_object *object, const char *name)
{
    json_object *value = NULL;
    return json_object_object_get_ex(object, name, &value) ? json_object_get_string(value) : "";
}

static bool is_of(json_object *line, const char *upgrade)
{
    json_object *metadata = NULL;
    return json_object_object_get_ex(line, "metadata", &metadata) &&
           strcmp(member(metadata, "upgrade_id"), upgrade) == 0;
}

/* Lines of the ledger ("charges", "refunds") about an upgrade that moved exactly its amount. */
static int count_lines(const char *kind, const char *upgrade)
{
    json_object *ledger = admin("GET", "/ledger", NULL);
    json_object *lines = NULL;
    int count = 0;
    ck_assert(json_object_object_get_ex(ledger, kind, &lines));
    for (size_t i = 0; i < json_object_array_length(lines); i++) {
        json_object *line = json_object_array_get_idx(lines, i);
        if (is_of(line, upgrade) && strcmp(member(line, "status"), "failed") != 0) {
            ck_assert_str_eq(member(line, "amount"), AMOUNT);
            ck_assert_str_eq(member(line, "currency"), "eur");
            count++;
        }
    }
    json_object_put(ledger);
    return count;
}

/* Payment intents that were ever made for an upgrade. */
static int count_intents(const char *upgrade)
{
    json_object *ledger = admin("GET", "/ledger", NULL);
    json_object *intents = NULL;
    int count = 0;
    ck_assert(json_object_object_get_ex(ledger, "intents", &intents));
    json_object_object_foreach(intents, id, intent)
    {
        (void)id;
        count += is_of(intent, upgrade);
    }
    json_object_put(ledger);
    return count;
}

/* Can the payment intent that billing knows still be charged? One it never learned of cannot:
 * nobody confirms it. */
static bool is_chargeable(const char *reference)
{
    json_object *ledger = admin("GET", "/ledger", NULL);
    json_object *intents = NULL;
    json_object *intent = NULL;
    ck_assert(json_object_object_get_ex(ledger, "intents", &intents));
    bool is_there = json_object_object_get_ex(intents, reference, &intent);
    bool is_open = is_there && strcmp(member(intent, "status"), "succeeded") != 0 &&
                   strcmp(member(intent, "status"), "canceled") != 0;
    ck_assert(is_there || reference[0] == '\0');
    json_object_put(ledger);
    return is_open;
}

/* Where its queue and its rows are. Yours. */
static char *amqp_setting(void)
{
    AUTO(free_text) char *url = company_amqp_url("billing");
    const char *authority = strstr(url, "://") + 3;
    return xasprintf("AMQP_URL=%.*s/%s", (int)(authority + strcspn(authority, "/") - url), url,
                     stage.name);
}

static char *database_setting(void)
{
    AUTO(free_text) char *name = xasprintf("%s_billing", stage.name);
    AUTO(free_text) char *url = company_database_url("billing", name);
    return xasprintf("DATABASE_URL=%s", url);
}

/* As stage_open starts it, with more settings. */
static void start_billing(const char *setting, const char *another)
{
    AUTO(free_text) char *amqp = amqp_setting();
    AUTO(free_text) char *database = database_setting();
    const char *const extra[] = {amqp, database, setting, setting != NULL ? another : NULL, NULL};
    company_start_one(stage.company, "billing", extra);
}

/* A second process beside it. */
static pid_t start_twin(void)
{
    AUTO(free_text)
    char *program = xasprintf("%s/src/services/fit-billing", getenv("QUADRILLE_BUILD"));
    AUTO(free_text)
    char *key = xasprintf("PROVIDER_KEY_FILE=%s/provider.key", getenv("SECRETS_DIR"));
    AUTO(free_text) char *log = xasprintf("%s/twin.log", company_folder(stage.company));
    AUTO(free_text) char *amqp = amqp_setting();
    AUTO(free_text) char *database = database_setting();
    const char *environment[COUNT_OF(settings) + 4] = {amqp, database, key};
    memcpy(environment + 3, settings, sizeof settings);
    return process_start((const char *const[]){program, NULL}, environment, log);
}

static void restart_billing(const char *setting, const char *another)
{
    if (company_is_alive(stage.company, "billing")) {
        ck_assert_int_eq(company_signal(stage.company, "billing", SIGTERM), 0);
    }
    start_billing(setting, another);
    company_await_ready(stage.company, "billing");
}

static json_object *readiness(void)
{
    struct answer answer =
        client_call(company_health_port(stage.company, "billing"), "GET", "/readyz", NULL, NULL, 0);
    json_object *json = json_tokener_parse(buffer_cstr(&answer.body));
    answer_done(&answer);
    ck_assert_ptr_nonnull(json);
    return json;
}

static void await_breaker(const char *state)
{
    for (int64_t until = clock_monotonic_ms() + START_MS;;) {
        json_object *ready = readiness();
        json_object *shown = NULL;
        ck_assert(json_object_object_get_ex(ready, "provider", &shown));
        bool is_there = strcmp(member(shown, "breaker"), state) == 0;
        json_object_put(ready);
        if (is_there) {
            return;
        }
        ck_assert_msg(clock_monotonic_ms() < until, "the breaker is not %s", state);
        clock_sleep_ms(5);
    }
}

static void open_stage(void)
{
    (void)snprintf(provider.folder, sizeof provider.folder, "/tmp/test_billing.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(provider.folder));
    start_provider(NULL, NULL);
    provider.url_setting = xasprintf("PROVIDER_URL=http://127.0.0.1:%d", provider.port);
    const char *const extra[] = {provider.url_setting,
                                 "PROVIDER_TIMEOUT=400ms",
                                 "PROVIDER_RETRY_FIRST=50ms",
                                 "PROVIDER_RETRY_MAX=300ms",
                                 "PROVIDER_PENDING_POLL=50ms",
                                 "PROVIDER_LEASE=700ms",
                                 "BREAKER_FAILURES=4",
                                 "BREAKER_FIRST=100ms",
                                 "BREAKER_MAX=400ms",
                                 "ATTENTION_TRIES=3",
                                 "FORGET_AFTER=1ms",
                                 "LOG_LEVEL=debug",
                                 NULL};
    memcpy(settings, extra, sizeof extra);
    stage_open(&stage, "billing", settings);
    conn = stage_connect(&stage);
}

static void close_stage(void)
{
    PQfinish(conn);
    stage_close(&stage);
    (void)process_end(provider.pid, SIGTERM, END_MS);
    const char *const remove[] = {"/bin/rm", "-rf", provider.folder, NULL};
    (void)process_wait(process_start(remove, NULL, "/dev/null"), END_MS);
    free(provider.url_setting);
}

/* A case that failed may have left faults or a dead service behind. */
static void begin_case(void)
{
    json_object_put(admin("DELETE", "/faults", NULL));
    json_object_put(admin("POST", "/back", NULL));
    if (!company_is_alive(stage.company, "billing")) {
        restart_billing(NULL, NULL);
    }
}

struct story {
    struct uuid upgrade_id, user_id;
    char upgrade[UUID_TEXT_BYTES], user[UUID_TEXT_BYTES];
};

static struct story new_story(void)
{
    struct story story = {.upgrade_id = ids_new(), .user_id = ids_new()};
    (void)ids_format(&story.upgrade_id, story.upgrade);
    (void)ids_format(&story.user_id, story.user);
    return story;
}

/* Returns the event's id. */
static struct uuid say(const char *service, const char *name, const char *routing_key,
                       const struct uuid *subject, const char *body, int times)
{
    const struct saying saying = {.service = service,
                                  .name = name,
                                  .routing_key = routing_key,
                                  .id = ids_new(),
                                  .subject = *subject,
                                  .sequence = 1,
                                  .body = body};
    stage_say(&stage, &saying, 1, times);
    return saying.id;
}

static struct uuid say_amount_requested(const struct story *story, const char *method,
                                        const char *amount)
{
    AUTO(free_text)
    char *body = xasprintf(
        "{\"upgradeId\":\"%s\",\"userId\":\"%s\",\"tier\":\"premium\",\"amountMinor\":%s"
        ",\"currency\":\"EUR\",\"paymentMethod\":\"%s\",\"requestedAt\":\"2026-11-23T07:08:00."
        "000Z\","
        "\"deadlineAt\":\"2026-11-23T07:23:00.000Z\"}",
        story->upgrade, story->user, amount, method);
    return say("subscription", "PremiumUpgradeRequested",
               "subscription.premium-upgrade-requested.v1", &story->upgrade_id, body, 1);
}

static struct uuid say_requested(const struct story *story, const char *method)
{
    return say_amount_requested(story, method, AMOUNT);
}

static void say_failed(const struct story *story)
{
    AUTO(free_text)
    char *body = xasprintf("{\"upgradeId\":\"%s\",\"userId\":\"%s\",\"reason\":\"cancelled\","
                           "\"failedAt\":\"2026-11-23T07:09:00.000Z\"}",
                           story->upgrade, story->user);
    say("subscription", "PremiumActivationFailed", "subscription.premium-activation-failed.v1",
        &story->upgrade_id, body, 1);
}

static void say_revoked(const struct story *story)
{
    AUTO(free_text)
    char *body = xasprintf("{\"upgradeId\":\"%s\",\"userId\":\"%s\",\"reason\":\"plan_failed\","
                           "\"revokedAt\":\"2026-11-23T07:09:00.000Z\"}",
                           story->upgrade, story->user);
    say("subscription", "PremiumRevoked", "subscription.premium-revoked.v1", &story->upgrade_id,
        body, 1);
}

static void say_deleted(const struct story *story)
{
    AUTO(free_text)
    char *body =
        xasprintf("{\"userId\":\"%s\",\"deletedAt\":\"2026-11-23T07:09:00.000Z\"}", story->user);
    say("profile", "UserDeleted", "profile.user-deleted.v1", &story->user_id, body, 1);
}

static void await_state(const struct story *story, const char *state)
{
    stage_await(conn, 1, "select count(*) from charge where upgrade_id = '%s' and state = '%s'",
                story->upgrade, state);
}

/* How the story stands: the row, all that was said about it in order, and the provider's ledger. */
static void check(const struct story *story, const char *state, const char *said, int charges,
                  int refunds)
{
    await_state(story, state);
    AUTO(free_text)
    char *got = stage_text(conn,
                           "select coalesce(string_agg(split_part(type, '.', 3), ' ' order by "
                           "seq), '') from outbox where kind = 0 and correlation_id = '%s'",
                           story->upgrade);
    ck_assert_str_eq(got, said);
    ck_assert_int_eq(count_lines("charges", story->upgrade), charges);
    ck_assert_int_eq(count_lines("refunds", story->upgrade), refunds);
    ck_assert_int_eq(
        stage_number(conn,
                     "select count(*) from charge where upgrade_id = '%s' and "
                     "(due is not null or lease_holder is not null or payment_method is not null)",
                     story->upgrade),
        0);
    AUTO(free_text)
    char *reference = stage_text(
        conn, "select coalesce(reference, '') from charge where upgrade_id = '%s'", story->upgrade);
    ck_assert(!is_chargeable(reference));
}

/* The newest key of each kind. */
static void check_keys(const struct story *story, int create_n, int confirm_n, int refund_n)
{
    AUTO(free_text) char *wanted = xasprintf("%d %d %d", create_n, confirm_n, refund_n);
    AUTO(free_text)
    char *got = stage_text(conn,
                           "select concat_ws(' ', create_n, confirm_n, refund_n) from charge "
                           "where upgrade_id = '%s'",
                           story->upgrade);
    ck_assert_str_eq(got, wanted);
}

#define COMPLETED "PaymentCompleted"
#define REFUNDED "PaymentCompleted PaymentRefunded"

START_TEST(a_good_card_is_charged_once)
{
    struct story story = new_story();
    say_requested(&story, "pm_card_visa");
    check(&story, "charged", COMPLETED, 1, 0);

    /* Under another event id: the row is in the way. */
    const struct uuid again = say_requested(&story, "pm_card_visa");
    char id[UUID_TEXT_BYTES];
    stage_await(conn, 1, "select count(*) from inbox where id = '%s'", ids_format(&again, id));
    check(&story, "charged", COMPLETED, 1, 0);
    ck_assert_int_eq(count_intents(story.upgrade), 1);
    AUTO(free_text)
    char *body = stage_text(
        conn, "select convert_from(body, 'UTF8') from outbox where correlation_id = '%s'",
        story.upgrade);
    json_object *event = json_tokener_parse(body);
    AUTO(free_text)
    char *reference =
        stage_text(conn, "select reference from charge where upgrade_id = '%s'", story.upgrade);
    ck_assert_str_eq(member(event, "providerReference"), reference);
    ck_assert_str_eq(member(event, "amountMinor"), AMOUNT);
    ck_assert_str_eq(member(event, "currency"), "EUR");
    ck_assert_str_eq(member(event, "userId"), story.user);
    json_object_put(event);
    ck_assert_int_eq(
        stage_number(conn,
                     "select count(*) from outbox o join inbox i on i.id = o.causation_id "
                     "where o.correlation_id = '%s'",
                     story.upgrade),
        1);
}
END_TEST

static const struct {
    const char *method, *reason;
} declines[] = {
    {"pm_card_chargeDeclined", "card_declined"},
    {"pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds"},
    {"pm_card_chargeDeclinedExpiredCard", "expired_card"},
    {"pm_nobody_knows", "other"}, /* refused at the creation: there is no payment intent */
};

START_TEST(a_decline_is_said_after_the_intent_is_shut)
{
    struct story story = new_story();
    say_requested(&story, declines[_i].method);
    check(&story, "declined", "PaymentFailed", 0, 0);
    AUTO(free_text)
    char *reason = stage_text(conn,
                              "select convert_from(body, 'UTF8')::json ->> 'reason' from outbox "
                              "where correlation_id = '%s'",
                              story.upgrade);
    ck_assert_str_eq(reason, declines[_i].reason);

    say_failed(&story); /* somebody waits for an answer */
    check(&story, "voided", "PaymentFailed PaymentVoided", 0, 0);
}
END_TEST

START_TEST(a_refusal_of_how_we_ask_is_no_decline)
{
    struct story story = new_story();
    say_amount_requested(&story, "pm_card_visa", "100000000"); /* the provider takes one less */
    stage_await(conn, 1,
                "select count(*) from charge where upgrade_id = '%s' and needs_attention and "
                "last_error = 'parameter_invalid_integer' and create_n >= 2",
                story.upgrade);
    await_state(&story, "calling");
    await_breaker("closed");
    say_failed(&story); /* as the deadline would */
    check(&story, "voided", "PaymentVoided", 0, 0);
    ck_assert_int_eq(
        stage_number(conn,
                     "select count(*) from charge where upgrade_id = '%s' and needs_attention",
                     story.upgrade),
        0);
}
END_TEST

START_TEST(a_revocation_pays_back_once_however_often_it_is_said)
{
    struct story story = new_story();
    say_requested(&story, "pm_card_visa");
    await_state(&story, "charged");
    say_revoked(&story);
    check(&story, "refunded", REFUNDED, 1, 1);
    say_revoked(&story); /* said again: answered again */
    stage_await(conn, 3, "select count(*) from outbox where correlation_id = '%s'", story.upgrade);
    check(&story, "refunded", REFUNDED " PaymentRefunded", 1, 1);
    ck_assert_int_eq(
        stage_number(conn,
                     "select count(*) from refund r join charge c on c.id = r.charge_id "
                     "where upgrade_id = '%s' and refunded_at is not null",
                     story.upgrade),
        1);
}
END_TEST

START_TEST(a_revocation_that_meets_the_end_of_the_refund_is_answered_in_full)
{
    struct story story = new_story();
    say_requested(&story, "pm_card_visa");
    await_state(&story, "charged");
    PGconn *other = stage_connect(&stage);
    PQclear(PQexec(other, "begin"));
    AUTO(free_text)
    char *refund = stage_text(
        other,
        "insert into refund (id, charge_id, amount_minor, currency, reference, refunded_at) select "
        "gen_random_uuid(), id, amount_minor, currency, 're_' || id, now() from charge where "
        "upgrade_id = '%s' returning reference",
        story.upgrade);
    AUTO(free_text)
    char *state = stage_text(
        other, "update charge set state = 'refunded' where upgrade_id = '%s' returning state",
        story.upgrade);
    ck_assert_str_eq(state, "refunded");
    say_revoked(&story);
    stage_await(conn, 1,
                "select count(*) from pg_locks w where not granted and exists (select from "
                "pg_locks l join pg_database d on d.oid = l.database where l.pid = w.pid and "
                "datname = current_database())");
    PQclear(PQexec(other, "commit"));
    PQfinish(other);
    stage_await(conn, 2, "select count(*) from outbox where correlation_id = '%s'", story.upgrade);
    AUTO(free_text)
    char *said =
        stage_text(conn,
                   "select convert_from(body, 'UTF8')::json ->> 'providerReference' from "
                   "outbox where correlation_id = '%s' and type like '%%PaymentRefunded%%'",
                   story.upgrade);
    ck_assert_str_eq(said, refund);
}
END_TEST

/* While a new version is rolled out, an old process may meet a state that is none of its own. */
START_TEST(a_charge_in_a_state_of_the_next_version_holds_up_no_other)
{
    struct story strange = new_story();
    AUTO(free_text)
    char *states =
        stage_text(conn, "select format('alter table charge add constraint %%I %%s', conname, "
                         "pg_get_constraintdef(oid)) from pg_constraint "
                         "where conname = 'charge_state_check'");
    PQclear(PQexec(conn, "alter table charge drop constraint charge_state_check"));
    AUTO(free_text)
    char *id = stage_text(conn,
                          "insert into charge (id, upgrade_id, user_id, state, amount_minor, "
                          "currency, due, cause_id) values (gen_random_uuid(), '%s', '%s', "
                          "'tomorrow', 999, 'EUR', now() - interval '1 hour', gen_random_uuid()) "
                          "returning id",
                          strange.upgrade, strange.user);
    struct story story = new_story();
    say_requested(&story, "pm_card_visa");
    check(&story, "charged", COMPLETED, 1, 0);
    ck_assert_int_eq(
        stage_number(conn, "delete from charge where id = '%s' and tries = 0 returning 1", id), 1);
    PQclear(PQexec(conn, states));
    ck_assert_int_eq(
        stage_number(conn,
                     "select count(*) from pg_constraint where conname = 'charge_state_check'"),
        1);
}
END_TEST

START_TEST(an_undo_before_the_request_shuts_the_door)
{
    struct story story = new_story();
    say_failed(&story);
    check(&story, "voided", "PaymentVoided", 0, 0);
    say_requested(&story, "pm_card_visa");
    say_failed(&story); /* answered again, after the request has been seen */
    stage_await(conn, 2, "select count(*) from outbox where correlation_id = '%s'", story.upgrade);
    check(&story, "voided", "PaymentVoided PaymentVoided", 0, 0);
}
END_TEST

START_TEST(a_payment_that_waits_for_its_owner_ends_by_cancelling)
{
    struct story story = new_story();
    say_requested(&story, "pm_card_authenticationRequired");
    await_state(&story, "calling");
    stage_await(conn, 1,
                "select count(*) from charge where upgrade_id = '%s' and confirm_n = 1 and "
                "asked_at is null",
                story.upgrade);
    clock_sleep_ms(200);
    await_state(&story, "calling");
    say_failed(&story);
    check(&story, "voided", "PaymentVoided", 0, 0);
}
END_TEST

START_TEST(a_payment_that_takes_its_time_is_awaited)
{
    restart_provider("--processing-ms", "500");
    struct story story = new_story();
    say_requested(&story, "pm_usBankAccount_success");
    check(&story, "charged", COMPLETED, 1, 0);

    struct story back = new_story();
    say_requested(&back, "pm_card_pendingRefund");
    await_state(&back, "charged");
    say_revoked(&back);
    check(&back, "refunded", REFUNDED, 1, 1);
}
END_TEST

START_TEST(a_deleted_user_is_forgotten_after_the_story)
{
    struct story story = new_story();
    say_requested(&story, "pm_card_visa");
    await_state(&story, "charged");
    say_deleted(&story);
    stage_await(conn, 1, "select count(*) from charge where upgrade_id = '%s' and user_id is null",
                story.upgrade);
    check(&story, "charged", COMPLETED, 1, 0);
    say_revoked(&story); /* the pivot had more to say after all */
    check(&story, "refunded", REFUNDED, 1, 1);
    stage_await(conn, 1, "select count(*) from charge where upgrade_id = '%s' and user_id is null",
                story.upgrade);
}
END_TEST

/*
 * A key is used again only after no answer at all; an answer, a stored 500 too, is final for it.
 * What was created by a call whose answer was lost with its key is never confirmed.
 */
static const struct {
    const char *route, *fault;
    int create_n, confirm_n, intents;
} troubles[] = {
    {"create", "timeout_before", 1, 1, 1},
    {"create", "timeout_after", 1, 1, 1},
    {"create", "stored500", 2, 1, 1},
    {"create", "error500_before", 2, 1, 1},
    {"create", "error500_after", 2, 1, 2},
    {"create", "reset", 1, 1, 1},
    {"create", "slow", 1, 1, 1},
    {"confirm", "timeout_before", 1, 1, 1},
    {"confirm", "timeout_after", 1, 1, 1},
    {"confirm", "stored500", 1, 2, 1},
    {"confirm", "error500_before", 1, 2, 1},
    {"confirm", "error500_after", 1, 1, 1},
    {"confirm", "reset", 1, 1, 1},
    {"confirm", "slow", 1, 1, 1},
    {"confirm", "late", 1, 1, 1},
};

START_TEST(an_upgrade_that_is_wanted_is_charged_once_whatever_happens)
{
    struct story story = new_story();
    break_provider(story.upgrade, troubles[_i].route, troubles[_i].fault, 1, LATE_MS);
    say_requested(&story, "pm_card_visa");
    check(&story, "charged", COMPLETED, 1, 0);
    check_keys(&story, troubles[_i].create_n, troubles[_i].confirm_n, 0);
    ck_assert_int_eq(count_intents(story.upgrade), troubles[_i].intents);
    if (strcmp(troubles[_i].fault, "late") == 0) {
        clock_sleep_ms(600); /* the late call arrives and finds the payment made */
        check(&story, "charged", COMPLETED, 1, 0);
    }
}
END_TEST

START_TEST(an_unwanted_upgrade_leaves_no_money_behind_whatever_happens)
{
    struct story story = new_story();
    break_provider(story.upgrade, troubles[_i].route, troubles[_i].fault, 1, LATE_MS);
    say_requested(&story, "pm_card_visa");
    stage_await(conn, 1,
                "select count(*) from charge where upgrade_id = '%s' and (create_n > 0 or state = "
                "'charged')",
                story.upgrade);
    say_failed(&story);
    stage_await(
        conn, 1,
        "select count(*) from charge where upgrade_id = '%s' and state in ('voided', 'refunded')",
        story.upgrade);
    clock_sleep_ms(strcmp(troubles[_i].fault, "late") == 0 ? 1000 : 0);
    int charges = count_lines("charges", story.upgrade);
    ck_assert_int_le(charges, 1);
    /* Nothing may be said that the ledger does not bear out, not even by a call that arrived late.
     */
    check(&story, charges == 1 ? "refunded" : "voided", charges == 1 ? REFUNDED : "PaymentVoided",
          charges, charges);
}
END_TEST

START_TEST(a_call_that_arrives_after_the_cancellation_charges_nothing)
{
    struct story story = new_story();
    break_provider(story.upgrade, "confirm", "late", 1, 1500);
    say_requested(&story, "pm_card_visa");
    stage_await(conn, 1, "select count(*) from charge where upgrade_id = '%s' and confirm_n = 1",
                story.upgrade);
    say_failed(&story);
    check(&story, "voided", "PaymentVoided", 0, 0);
    clock_sleep_ms(1500);
    check(&story, "voided", "PaymentVoided", 0, 0);
}
END_TEST

static const struct {
    const char *fault;
    int refund_n;
} refund_troubles[] = {
    {"timeout_before", 1}, {"timeout_after", 1}, {"stored500", 2}, {"error500_before", 2},
    {"error500_after", 1}, {"reset", 1},         {"slow", 1},      {"late", 1},
};

START_TEST(a_refund_is_made_once_whatever_happens)
{
    struct story story = new_story();
    say_requested(&story, "pm_card_visa");
    await_state(&story, "charged");
    break_provider(story.upgrade, "refund", refund_troubles[_i].fault, 1, LATE_MS);
    say_revoked(&story);
    check(&story, "refunded", REFUNDED, 1, 1);
    check_keys(&story, 1, 1, refund_troubles[_i].refund_n);
    clock_sleep_ms(strcmp(refund_troubles[_i].fault, "late") == 0 ? 600 : 0);
    check(&story, "refunded", REFUNDED, 1, 1);
}
END_TEST

static const char *const cancel_troubles[] = {
    "timeout_before", "timeout_after", "stored500", "error500_before",
    "error500_after", "reset",         "slow"};

START_TEST(a_cancellation_is_repeated_until_it_is_answered)
{
    struct story story = new_story();
    break_provider(story.upgrade, "cancel", cancel_troubles[_i], 2, LATE_MS);
    say_requested(&story, "pm_card_chargeDeclined");
    check(&story, "declined", "PaymentFailed", 0, 0);
}
END_TEST

START_TEST(a_refund_that_fails_needs_attention_and_is_tried_on)
{
    struct story story = new_story();
    say_requested(&story, "pm_card_refundFail");
    await_state(&story, "charged");
    say_revoked(&story);
    stage_await(
        conn, 1,
        "select count(*) from charge where upgrade_id = '%s' and needs_attention and refund_n >= 3",
        story.upgrade);
    await_state(&story, "refunding");
    ck_assert_int_eq(count_lines("refunds", story.upgrade), 0);
    for (int64_t until = clock_monotonic_ms() + START_MS;;) {
        json_object *ready = readiness();
        int64_t attention = strtoll(member(ready, "needs_attention"), NULL, 10);
        json_object_put(ready);
        if (attention >= 1) {
            break;
        }
        ck_assert_msg(clock_monotonic_ms() < until, "/readyz does not show it");
        clock_sleep_ms(20);
    }
    /* For the cases after this one: as an operator would settle it. */
    ck_assert_int_eq(stage_number(conn,
                                  "update charge set due = null, needs_attention = false "
                                  "where upgrade_id = '%s' returning 1",
                                  story.upgrade),
                     1);
}
END_TEST

START_TEST(keys_that_the_provider_has_forgotten_charge_nobody_twice)
{
    restart_provider("--key-ttl", "1");
    restart_billing("PROVIDER_KEY_LIFE=500ms", "PROVIDER_TIMEOUT=1300ms");
    struct story charged = new_story();
    struct story refunded = new_story();
    struct story created = new_story();
    break_provider(charged.upgrade, "confirm", "timeout_after", 1, 0);
    break_provider(created.upgrade, "create", "timeout_after", 1, 0);
    say_requested(&charged, "pm_card_visa");
    say_requested(&created, "pm_card_visa");
    say_requested(&refunded, "pm_card_visa");
    await_state(&refunded, "charged");
    break_provider(refunded.upgrade, "refund", "timeout_after", 1, 0);
    say_revoked(&refunded);
    check(&charged, "charged", COMPLETED, 1, 0);
    check(&created, "charged", COMPLETED, 1, 0);
    check(&refunded, "refunded", REFUNDED, 1, 1);
    restart_provider(NULL, NULL);
    restart_billing(NULL, NULL);
}
END_TEST

START_TEST(the_breaker_opens_while_the_provider_is_away_and_closes_when_it_is_back)
{
    struct story stories[4];
    await_breaker("closed");
    json_object_put(admin("POST", "/away", "{\"for_ms\":-1}"));
    for (size_t i = 0; i < COUNT_OF(stories); i++) {
        stories[i] = new_story();
        say_requested(&stories[i], "pm_card_visa");
    }
    await_breaker("open");
    say_failed(&stories[0]); /* cannot be settled while nobody answers */
    await_state(&stories[0], "voiding");
    clock_sleep_ms(300);
    await_state(&stories[0], "voiding");
    json_object_put(admin("POST", "/back", NULL));
    await_breaker("closed");
    check(&stories[0], "voided", "PaymentVoided", 0, 0);
    for (size_t i = 1; i < COUNT_OF(stories); i++) {
        check(&stories[i], "charged", COMPLETED, 1, 0);
    }
}
END_TEST

START_TEST(what_is_wanted_anew_needs_no_attention_yet)
{
    struct story story = new_story();
    json_object_put(admin("POST", "/away", "{\"for_ms\":-1}"));
    say_requested(&story, "pm_card_visa");
    stage_await(conn, 1, "select count(*) from charge where upgrade_id = '%s' and needs_attention",
                story.upgrade);
    say_failed(&story);
    stage_await(conn, 1,
                "select count(*) from charge where upgrade_id = '%s' and state = 'voiding' and "
                "not needs_attention",
                story.upgrade);
    json_object_put(admin("POST", "/back", NULL));
    check(&story, "voided", "PaymentVoided", 0, 0);
    await_breaker("closed");
}
END_TEST

START_TEST(many_are_charged_at_once)
{
    struct story stories[MANY];
    for (int i = 0; i < MANY; i++) {
        stories[i] = new_story();
        break_provider(stories[i].upgrade, "confirm", "slow", 1, 400);
    }
    int64_t began_ms = clock_monotonic_ms();
    for (int i = 0; i < MANY; i++) {
        say_requested(&stories[i], "pm_card_visa");
    }
    for (int i = 0; i < MANY; i++) {
        await_state(&stories[i], "charged");
    }
    ck_assert_int_lt(clock_monotonic_ms() - began_ms,
                     MANY * 400 / 4); /* one by one would take all of it */
    for (int i = 0; i < MANY; i++) {
        check(&stories[i], "charged", COMPLETED, 1, 0);
    }
}
END_TEST

static const struct {
    const char *crash; /* at the claim, after the answers and commits of create and confirm, then of
                          the refund */
    bool is_refund;
} crashes[] = {
    {"CRASH_AT=billing-after-intent:1", false}, {"CRASH_AT=billing-after-call:1", false},
    {"CRASH_AT=billing-after-call:2", false},   {"CRASH_AT=billing-after-commit:1", false},
    {"CRASH_AT=billing-after-commit:2", false}, {"CRASH_AT=billing-after-intent:1", true},
    {"CRASH_AT=billing-after-call:1", true},    {"CRASH_AT=billing-after-commit:1", true},
};

START_TEST(a_process_that_is_killed_anywhere_charges_and_refunds_once)
{
    struct story story = new_story();
    if (crashes[_i].is_refund) {
        say_requested(&story, "pm_card_visa");
        await_state(&story, "charged");
    }
    restart_billing(crashes[_i].crash, NULL);
    if (crashes[_i].is_refund) {
        say_revoked(&story);
    } else {
        say_requested(&story, "pm_card_visa");
    }
    ck_assert_msg(process_was_killed(company_await_end(stage.company, "billing", END_MS)),
                  "it was not killed");
    restart_billing(NULL, NULL);
    check(&story, crashes[_i].is_refund ? "refunded" : "charged",
          crashes[_i].is_refund ? REFUNDED : COMPLETED, 1, crashes[_i].is_refund);
}
END_TEST

START_TEST(a_cancellation_while_the_service_is_dead_gives_the_money_back)
{
    struct story story = new_story();
    restart_billing("CRASH_AT=billing-after-call:2",
                    NULL); /* charged, and nobody has written it down */
    say_requested(&story, "pm_card_visa");
    ck_assert_msg(process_was_killed(company_await_end(stage.company, "billing", END_MS)),
                  "it was not killed");
    ck_assert_int_eq(count_lines("charges", story.upgrade), 1);
    say_failed(&story);
    restart_billing(NULL, NULL);
    check(&story, "refunded", REFUNDED, 1, 1);
}
END_TEST

START_TEST(an_answer_survives_the_loss_of_the_database_connection)
{
    struct story story = new_story();
    break_provider(story.upgrade, "confirm", "slow", 1, 300);
    say_requested(&story, "pm_card_visa");
    stage_await(conn, 1, "select count(*) from charge where upgrade_id = '%s' and confirm_n = 1",
                story.upgrade);
    AUTO(free_text) char *setting = database_setting();
    PGconn *own = PQconnectdb(setting + strlen("DATABASE_URL="));
    ck_assert_int_eq(
        stage_number(own,
                     "select count(pg_terminate_backend(pid)) from pg_stat_activity where "
                     "datname = '%s_billing' and application_name = 'billing cashier'",
                     stage.name),
        1);
    PQfinish(own);
    check(&story, "charged", COMPLETED, 1, 0);
}
END_TEST

/* Not in the middle of a transaction, whose locks would keep the other from the rows. */
static void freeze_billing(void)
{
    AUTO(free_text) char *setting = database_setting();
    PGconn *own = PQconnectdb(setting + strlen("DATABASE_URL="));
    while (true) {
        (void)company_signal(stage.company, "billing", SIGSTOP);
        if (stage_number(own, "select count(*) from pg_stat_activity where state <> 'idle' and "
                              "usename = current_user and pid <> pg_backend_pid()") == 0) {
            break;
        }
        (void)company_signal(stage.company, "billing", SIGCONT);
        clock_sleep_ms(1);
    }
    PQfinish(own);
}

START_TEST(a_frozen_process_loses_its_leases_to_another)
{
    enum { STORIES = 12 };
    struct story stories[STORIES];
    for (int i = 0; i < STORIES; i++) {
        stories[i] = new_story();
        break_provider(stories[i].upgrade, "create", "slow", 1, 300);
        break_provider(stories[i].upgrade, "confirm", "slow", 1, 300);
        say_requested(&stories[i], "pm_card_visa");
    }
    stage_await(conn, 1,
                "select count(*) from charge where upgrade_id = '%s' and lease_holder is "
                "not null",
                stories[STORIES - 1].upgrade);
    freeze_billing();
    AUTO(free_text)
    char *leases = stage_text(conn, "select coalesce(string_agg(lease_holder::text, ','), '') from "
                                    "charge where lease_holder is not null");
    ck_assert_str_ne(leases, "");
    pid_t twin = start_twin();
    for (int i = 0; i < STORIES; i++) {
        check(&stories[i], "charged", COMPLETED, 1, 0); /* by the other */
    }
    ck_assert_int_eq(
        stage_number(conn, "select count(*) from charge where lease_holder = any ('{%s}')", leases),
        0);
    (void)company_signal(stage.company, "billing", SIGCONT);
    clock_sleep_ms(300); /* it finds answers to calls that are no longer its own */
    for (int i = 0; i < STORIES; i++) {
        check(&stories[i], "charged", COMPLETED, 1, 0);
    }
    ck_assert_int_eq(process_end(twin, SIGTERM, END_MS), 0);
}
END_TEST

START_TEST(no_event_met_a_state_without_a_rule)
{
    /* So it is the log that is read. */
    ck_assert_uint_gt(company_count_logged(stage.company, "saga.no-op"), 0);
    ck_assert_uint_eq(company_count_logged(stage.company, "saga.unknown"), 0);
    ck_assert_int_eq(stage_number(conn, "select count(*) from retry"), 0);
    ck_assert_int_eq(stage_number(conn, "select count(*) from outbox where kind = 1"), 0);
}
END_TEST

int main(void)
{
    if (!stage_has_servers()) {
        (void)puts("1..0 # SKIP the environment names no servers");
        return EXIT_SUCCESS;
    }
    Suite *suite = suite_create("billing");
    TCase *tcase = tcase_create("billing");
    tcase_add_unchecked_fixture(tcase, open_stage, close_stage);
    tcase_add_checked_fixture(tcase, begin_case, NULL);
    tcase_add_test(tcase, a_good_card_is_charged_once);
    tcase_add_loop_test(tcase, a_decline_is_said_after_the_intent_is_shut, 0,
                        (int)COUNT_OF(declines));
    tcase_add_test(tcase, a_refusal_of_how_we_ask_is_no_decline);
    tcase_add_test(tcase, a_revocation_pays_back_once_however_often_it_is_said);
    tcase_add_test(tcase, a_revocation_that_meets_the_end_of_the_refund_is_answered_in_full);
    tcase_add_test(tcase, a_charge_in_a_state_of_the_next_version_holds_up_no_other);
    tcase_add_test(tcase, an_undo_before_the_request_shuts_the_door);
    tcase_add_test(tcase, a_payment_that_waits_for_its_owner_ends_by_cancelling);
    tcase_add_test(tcase, a_payment_that_takes_its_time_is_awaited);
    tcase_add_test(tcase, a_deleted_user_is_forgotten_after_the_story);
    tcase_add_loop_test(tcase, an_upgrade_that_is_wanted_is_charged_once_whatever_happens, 0,
                        (int)COUNT_OF(troubles));
    tcase_add_loop_test(tcase, an_unwanted_upgrade_leaves_no_money_behind_whatever_happens, 0,
                        (int)COUNT_OF(troubles));
    tcase_add_test(tcase, a_call_that_arrives_after_the_cancellation_charges_nothing);
    tcase_add_loop_test(tcase, a_refund_is_made_once_whatever_happens, 0,
                        (int)COUNT_OF(refund_troubles));
    tcase_add_loop_test(tcase, a_cancellation_is_repeated_until_it_is_answered, 0,
                        (int)COUNT_OF(cancel_troubles));
    tcase_add_test(tcase, a_refund_that_fails_needs_attention_and_is_tried_on);
    tcase_add_test(tcase, keys_that_the_provider_has_forgotten_charge_nobody_twice);
    tcase_add_test(tcase, the_breaker_opens_while_the_provider_is_away_and_closes_when_it_is_back);
    tcase_add_test(tcase, what_is_wanted_anew_needs_no_attention_yet);
    tcase_add_test(tcase, many_are_charged_at_once);
    tcase_add_loop_test(tcase, a_process_that_is_killed_anywhere_charges_and_refunds_once, 0,
                        (int)COUNT_OF(crashes));
    tcase_add_test(tcase, a_cancellation_while_the_service_is_dead_gives_the_money_back);
    tcase_add_test(tcase, an_answer_survives_the_loss_of_the_database_connection);
    tcase_add_test(tcase, a_frozen_process_loses_its_leases_to_another);
    tcase_add_test(tcase, no_event_met_a_state_without_a_rule);
    suite_add_tcase(suite, tcase);

    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
