/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/model.h"
#include "core/clock.h"
#include "core/ids.h"
#include "core/memory.h"
#include "tools/management.h"
#include "tools/secret.h"

#include <check.h>
#include <json-c/json.h>
#include <libpq-fe.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Every check is shown to fail: a small company at rest is written into databases of its own, row
 * by row as the services would have, and holds. Then each test breaks something and sees exactly
 * those invariants named that it breaks.
 */

enum {
    SERVICES_MAX = 16,
    TEXT_BYTES = 64,
    PRICE = 999,
    COUNTED_MS = 6500 /* the broker counts every five seconds */
};

static char prefix[TEXT_BYTES], vhost[TEXT_BYTES], folder[TEXT_BYTES];
static struct contract_set contracts;
static PGconn *connections[SERVICES_MAX];

/* The three stories of the company at rest, and events that the tests look for. */
static struct uuid completed, rejected, cancelled;
static struct uuid a_registration, a_request, an_activation, a_decision_event;
static struct uuid a_goal, a_measuring, a_revocation;
static struct uuid completed_user, cancelled_user;

static size_t index_of(const char *service)
{
    for (size_t i = 0; i < contracts.service_count; i++) {
        if (strcmp(contracts.services[i].name, service) == 0) {
            return i;
        }
    }
    ck_abort_msg("no contract of %s", service);
}

/* Runs a statement as the owner of the service's database. */
static void tell(const char *service, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void tell(const char *service, const char *format, ...)
{
    char *sql = NULL;
    va_list args;
    va_start(args, format);
    ck_assert_int_ge(vasprintf(&sql, format, args), 0);
    va_end(args);
    PGresult *result = PQexec(connections[index_of(service)], sql);
    ExecStatusType status = PQresultStatus(result);
    ck_assert_msg(status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK, "%s: %s", sql,
                  PQresultErrorMessage(result));
    PQclear(result);
    free(sql);
}

static const char *text_of(const struct uuid *id)
{
    static char texts[8][UUID_TEXT_BYTES];
    static size_t next;
    return ids_format(id, texts[next++ % COUNT_OF(texts)]);
}

/* The same with an id in the place of %s, for statements that stand in tables. */
static void tell_about(const char *service, const char *sql, const struct uuid *id)
{
    const char *place = strstr(sql, "%s");
    ck_assert_ptr_nonnull(place);
    tell(service, "%.*s%s%s", (int)(place - sql), sql, text_of(id), place + 2);
}

static void connect_all(void)
{
    for (size_t i = 0; i < contracts.service_count; i++) {
        const char *service = contracts.services[i].name;
        AUTO(free_text) char *database = xasprintf("%s%s", prefix, service);
        AUTO(free_text) char *url = secret_url_with_database(getenv("DATABASE_URL"), database);
        connections[i] = PQconnectdb(url);
        ck_assert_msg(PQstatus(connections[i]) == CONNECTION_OK, "%s",
                      PQerrorMessage(connections[i]));
        tell(service, "set role %s_owner", service);
        tell(service, "set client_min_messages = warning; set synchronous_commit = off");
    }
}

static void disconnect_all(void)
{
    for (size_t i = 0; i < contracts.service_count; i++) {
        PQfinish(connections[i]);
    }
}

static const struct model_message *message_of(const struct model_service *service, const char *name)
{
    for (size_t c = 0; c < service->channel_count; c++) {
        for (size_t m = 0; m < service->channels[c].message_count; m++) {
            if (strcmp(service->channels[c].messages[m].name, name) == 0) {
                return &service->channels[c].messages[m];
            }
        }
    }
    ck_abort_msg("%s says no %s", service->name, name);
}

static bool hears(const struct model_service *listener, const struct model_message *message)
{
    for (size_t r = 0; r < listener->receive_count; r++) {
        for (size_t m = 0; m < listener->receives[r].message_count; m++) {
            if (strcmp(listener->receives[r].messages[m]->type, message->type) == 0) {
                return true;
            }
        }
    }
    return false;
}

static void append(const char *service, const struct model_message *message, const struct uuid *id,
                   const struct uuid *subject, const struct uuid *cause)
{
    AUTO(free_text)
    char *causation = cause != NULL ? xasprintf("'%s'", text_of(cause)) : xstrdup("null");
    tell(service,
         "with numbered as (insert into outbox_subject as o values ('%s', 1)"
         "                  on conflict (subject) do update set sequence = o.sequence + 1 "
         "returning sequence)"
         "insert into outbox (id, kind, type, exchange, routing_key, causation_id, subject, "
         "sequence, occurred_at, body)"
         "select '%s', 0, '%s', '%s.events', '%s', %s, '%s', sequence, clock_timestamp(), '{}' "
         "from numbered",
         text_of(subject), text_of(id), message->type, service, message->channel->address,
         causation, text_of(subject));
}

static void claim(const char *service, const struct uuid *id)
{
    tell(service, "insert into inbox (id) values ('%s')", text_of(id));
}

static void record(const struct uuid *id, const struct model_message *message)
{
    tell(
        "history",
        "insert into event_log (id, era, type, service, exchange, routing_key, correlation_id,"
        " occurred_at, properties, body) values ('%s', 1, '%s', '%s', '', '', '%s', now(), '', '')",
        text_of(id), message->type, message->channel->owner->name, text_of(id));
}

/* An event is said, heard by all who hear it by contract, and its user told. */
static struct uuid say(const char *service, const char *name, const struct uuid *subject,
                       const struct uuid *cause)
{
    const struct model_message *message = message_of(&contracts.services[index_of(service)], name);
    struct uuid id = ids_new();
    append(service, message, &id, subject, cause);
    for (size_t i = 0; i < contracts.service_count; i++) {
        const struct model_service *listener = &contracts.services[i];
        if (!hears(listener, message)) {
            continue;
        }
        claim(listener->name, &id);
        if (strcmp(listener->name, "history") == 0) {
            record(&id, message);
        }
        if (strcmp(listener->name, "notification") == 0) {
            tell(
                "notification",
                "insert into mail (id, user_id, cause_name, detail, correlation_id, state, sent_at)"
                "values ('%s', '%s', '%s', '', '%s', 'sent', now())",
                text_of(&id), text_of(subject), name, text_of(subject));
            say("notification", "NotificationSent", subject, &id);
        }
    }
    return id;
}

static void decide(const struct uuid *upgrade, int version, const struct uuid *cause,
                   const char *before, const char *after, const char *says, const struct uuid *said)
{
    AUTO(free_text)
    char *cause_id = cause != NULL ? xasprintf("'%s'", text_of(cause)) : xstrdup("null");
    AUTO(free_text)
    char *said_as =
        says != NULL ? xasprintf("'%s', '%s'", says, text_of(said)) : xstrdup("null, null");
    tell("subscription",
         "insert into decision (upgrade_id, version, decided_at, event, cause_id, before, after, "
         "says, said_id, because)"
         "values ('%s', %d, now(), 'something', %s, '%s', '%s', %s, 'the test says so')",
         text_of(upgrade), version, cause_id, before, after, said_as);
}

static void begin_upgrade(struct uuid *upgrade, struct uuid *user, const char *state, int version,
                          const char *pivot, bool has_ended, int age_s)
{
    tell("subscription",
         "insert into upgrade (id, user_id, state, version, pivot, tier, amount_minor, currency, "
         "days, requested_at,"
         "                     deadline_at, ended_at)"
         "values ('%s', '%s', '%s', %d, nullif('%s', ''), 'premium', %d, 'EUR', 30, now() - "
         "interval '%d s',"
         "        now() + interval '15 min', %s)",
         text_of(upgrade), text_of(user), state, version, pivot, PRICE, age_s,
         has_ended ? "now()" : "null");
}

static void keep_charge(const struct uuid *upgrade, const char *state)
{
    tell("billing",
         "insert into charge (id, upgrade_id, state, amount_minor, currency) values ('%s', '%s', "
         "'%s', %d, 'EUR')",
         text_of(upgrade), text_of(upgrade), state, PRICE);
    if (strcmp(state, "refunded") == 0) {
        tell("billing",
             "insert into refund (id, charge_id, amount_minor, currency, reference, refunded_at)"
             "values ('%s', '%s', %d, 'EUR', 'pi_cancelled', now())",
             text_of(upgrade), text_of(upgrade), PRICE);
    }
}

static struct uuid add_plan(const struct uuid *user, const struct uuid *upgrade)
{
    struct uuid id = ids_new();
    AUTO(free_text)
    char *for_upgrade = upgrade != NULL ? xasprintf("'%s'", text_of(upgrade)) : xstrdup("null");
    tell("coaching", "insert into plan values ('%s', '%s', '%s', %s, '{}', now())", text_of(&id),
         text_of(user), upgrade != NULL ? "premium" : "ordinary", for_upgrade);
    return id;
}

/* A user with an ordinary plan, and the premium one that counts while the upgrade is premium. */
static void keep_plan(const struct uuid *upgrade, const struct uuid *user, const char *state)
{
    tell("coaching", "insert into athlete (user_id) values ('%s') on conflict do nothing",
         text_of(user));
    tell("coaching",
         "insert into upgrade (id, user_id, state, changed_at) values ('%s', '%s', '%s', now())",
         text_of(upgrade), text_of(user), state);
    struct uuid ordinary = add_plan(user, NULL);
    struct uuid counts = strcmp(state, "premium") == 0 ? add_plan(user, upgrade) : ordinary;
    tell("coaching",
         "update athlete set plan_id = '%s', ordinary_plan_id = '%s' where user_id = '%s'",
         text_of(&counts), text_of(&ordinary), text_of(user));
}

static void keep_entitlement(const struct uuid *upgrade, const struct uuid *user, bool is_on)
{
    tell("subscription",
         "insert into entitlement values ('%s', '%s', now(), now() + interval '30 days', %s)",
         text_of(upgrade), text_of(user), is_on ? "true" : "false");
}

/* A goal and metrics, as the second and the third event of the user; the goal is answered. */
static void begin_training(const struct uuid *user)
{
    a_goal = say("profile", "FitnessGoalSet", user, NULL);
    a_measuring = say("profile", "BodyMetricsRecorded", user, NULL);
    say("coaching", "PlanGenerated", user, &a_goal);
    tell("coaching", "insert into athlete (user_id, goal_sequence) values ('%s', 2)",
         text_of(user));
    tell("coaching",
         "insert into metric (user_id, metric, value, measured_at, value_sequence, sequence)"
         " values ('%s', 'weight_g', 1, now(), 3, 3)",
         text_of(user));
}

static void tell_completed(void)
{
    completed = ids_new();
    completed_user = ids_new();
    a_registration = say("profile", "UserRegistered", &completed_user, NULL);
    begin_training(&completed_user);
    a_request = say("subscription", "PremiumUpgradeRequested", &completed, NULL);
    struct uuid paid = say("billing", "PaymentCompleted", &completed, &a_request);
    an_activation = say("subscription", "PremiumActivated", &completed, &paid);
    struct uuid planned = say("coaching", "PlanGenerated", &completed_user, &an_activation);
    a_decision_event = say("subscription", "PremiumUpgradeCompleted", &completed, &planned);

    begin_upgrade(&completed, &completed_user, "completed", 3, "completed", true, 3600);
    keep_entitlement(&completed, &completed_user, true);
    keep_charge(&completed, "charged");
    keep_plan(&completed, &completed_user, "premium");
    decide(&completed, 1, NULL, "-", "requested", "PremiumUpgradeRequested", &a_request);
    decide(&completed, 2, &paid, "requested", "active", "PremiumActivated", &an_activation);
    decide(&completed, 3, &planned, "active", "completed", "PremiumUpgradeCompleted",
           &a_decision_event);
}

static void tell_rejected(void)
{
    struct uuid user = ids_new();
    rejected = ids_new();
    struct uuid requested = say("subscription", "PremiumUpgradeRequested", &rejected, NULL);
    struct uuid failed = say("billing", "PaymentFailed", &rejected, &requested);
    struct uuid end = say("subscription", "PremiumUpgradeRejected", &rejected, &failed);

    begin_upgrade(&rejected, &user, "rejected", 2, "", true, 3600);
    keep_charge(&rejected, "declined");
    decide(&rejected, 1, NULL, "-", "requested", "PremiumUpgradeRequested", &requested);
    decide(&rejected, 2, &failed, "requested", "rejected", "PremiumUpgradeRejected", &end);
}

static void tell_cancelled(void)
{
    cancelled = ids_new();
    cancelled_user = ids_new();
    struct uuid requested = say("subscription", "PremiumUpgradeRequested", &cancelled, NULL);
    struct uuid paid = say("billing", "PaymentCompleted", &cancelled, &requested);
    struct uuid activated = say("subscription", "PremiumActivated", &cancelled, &paid);
    struct uuid failed = say("coaching", "PlanGenerationFailed", &cancelled_user, &activated);
    a_revocation = say("subscription", "PremiumRevoked", &cancelled, &failed);
    struct uuid refunded = say("billing", "PaymentRefunded", &cancelled, &a_revocation);
    struct uuid withdrawn = say("coaching", "PlanWithdrawn", &cancelled_user, &a_revocation);
    struct uuid end = say("subscription", "PremiumUpgradeCancelled", &cancelled, &withdrawn);

    begin_upgrade(&cancelled, &cancelled_user, "cancelled", 5, "cancelled", true, 3600);
    keep_entitlement(&cancelled, &cancelled_user, false);
    keep_charge(&cancelled, "refunded");
    keep_plan(&cancelled, &cancelled_user, "withdrawn");
    decide(&cancelled, 1, NULL, "-", "requested", "PremiumUpgradeRequested", &requested);
    decide(&cancelled, 2, &paid, "requested", "active", "PremiumActivated", &activated);
    decide(&cancelled, 3, &failed, "active", "cancelling", "PremiumRevoked", &a_revocation);
    decide(&cancelled, 4, &refunded, "cancelling", "cancelling_plan", NULL, NULL);
    decide(&cancelled, 5, &withdrawn, "cancelling_plan", "cancelled", "PremiumUpgradeCancelled",
           &end);
}

/* Every relay has sent everything that is there now. */
static void relay_all(void)
{
    for (size_t i = 0; i < contracts.service_count; i++) {
        tell(contracts.services[i].name,
             "update relay_cursor set last = pg_current_snapshot(), last_at = now()");
    }
}

static json_object *ledger;

static json_object *lines(const char *kind)
{
    return json_object_object_get(ledger, kind);
}

static json_object *add_line(const char *kind, const char *intent, const struct uuid *upgrade,
                             int64_t amount, int64_t at_ms)
{
    json_object *line = json_object_new_object();
    json_object *metadata = json_object_new_object();
    (void)json_object_object_add(metadata, "upgrade_id", json_object_new_string(text_of(upgrade)));
    (void)json_object_object_add(line, "id", json_object_new_string(intent));
    (void)json_object_object_add(line, "intent", json_object_new_string(intent));
    (void)json_object_object_add(line, "currency", json_object_new_string("eur"));
    (void)json_object_object_add(line, "amount", json_object_new_int64(amount));
    (void)json_object_object_add(line, "at_ms", json_object_new_int64(at_ms));
    (void)json_object_object_add(line, "metadata", metadata);
    (void)json_object_array_add(lines(kind), line);
    return line;
}

static void set_number(const char *kind, size_t line, const char *key, int64_t number)
{
    (void)json_object_object_add(json_object_array_get_idx(lines(kind), line), key,
                                 json_object_new_int64(number));
}

static void start_ledger(void)
{
    ledger = json_object_new_object();
    (void)json_object_object_add(ledger, "charges", json_object_new_array());
    (void)json_object_object_add(ledger, "refunds", json_object_new_array());
}

static void set_up_empty(void)
{
    connect_all();
    start_ledger();
    for (size_t i = 0; i < contracts.service_count; i++) {
        tell(contracts.services[i].name,
             "truncate outbox, outbox_subject, unsent, inbox, retry, suspect");
    }
    tell("subscription", "truncate upgrade, decision, entitlement");
    tell("billing", "truncate charge, refund");
    tell("coaching", "truncate athlete, metric, plan, upgrade");
    tell("notification", "truncate mail");
    tell("history", "truncate event_log");
}

static void set_up(void)
{
    set_up_empty();
    tell_completed();
    tell_rejected();
    tell_cancelled();
    relay_all();
    add_line("charges", "pi_completed", &completed, PRICE, 1000);
    add_line("charges", "pi_cancelled", &cancelled, PRICE, 2000);
    add_line("refunds", "pi_cancelled", &cancelled, PRICE, 3000);
}

static void tear_down(void)
{
    disconnect_all();
    json_object_put(ledger);
}

struct answer {
    int code;
    json_object *document;
    char broken[TEXT_BYTES]; /* "I1 I4": what does not hold */
};

static FILE *start_audit(const char *more)
{
    AUTO(free_text) char *path = xasprintf("%s/ledger.json", folder);
    ck_assert_int_eq(json_object_to_file(path, ledger), 0);
    AUTO(free_text)
    char *command = xasprintf("'%s' audit --json --prefix %s --vhost %s --provider-url file:%s %s",
                              getenv("QUADRILLE_BIN"), prefix, vhost, path, more);
    FILE *pipe = popen(command, "re");
    ck_assert_ptr_nonnull(pipe);
    return pipe;
}

static struct answer end_audit(FILE *pipe)
{
    static char text[1 << 20];
    struct answer answer = {0};
    text[fread(text, 1, sizeof text - 1, pipe)] = '\0';
    int status = pclose(pipe);
    ck_assert(WIFEXITED(status));
    answer.code = WEXITSTATUS(status);
    answer.document = json_tokener_parse(text);
    json_object *list = NULL;
    ck_assert_msg(json_object_object_get_ex(answer.document, "invariants", &list), "no report: %s",
                  text);
    ck_assert_uint_eq(json_object_array_length(list), 11);
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        json_object *verdict = json_object_array_get_idx(list, i);
        if (!json_object_get_boolean(json_object_object_get(verdict, "holds"))) {
            size_t length = strlen(answer.broken);
            (void)snprintf(answer.broken + length, sizeof answer.broken - length, "%s%s",
                           length > 0 ? " " : "",
                           json_object_get_string(json_object_object_get(verdict, "id")));
        }
    }
    return answer;
}

static struct answer audit(const char *more)
{
    return end_audit(start_audit(more));
}

static void expect_with(const char *more, const char *broken)
{
    struct answer answer = audit(more);
    ck_assert_msg(strcmp(answer.broken, broken) == 0, "broken: '%s', not '%s'\n%s", answer.broken,
                  broken, json_object_to_json_string(answer.document));
    ck_assert_int_eq(answer.code, broken[0] == '\0' ? 0 : 1);
    json_object_put(answer.document);
}

static void expect(const char *broken)
{
    expect_with("", broken);
}

/* The same, and a counterexample of the first broken invariant names the upgrade or event. */
static void expect_naming(const char *broken, const char *key, const struct uuid *id)
{
    struct answer answer = audit("");
    ck_assert_msg(strcmp(answer.broken, broken) == 0, "broken: '%s', not '%s'\n%s", answer.broken,
                  broken, json_object_to_json_string(answer.document));
    ck_assert_int_eq(answer.code, 1);
    const char *text = json_object_to_json_string_ext(answer.document, JSON_C_TO_STRING_PLAIN);
    AUTO(free_text) char *pair = xasprintf("\"%s\":\"%s\"", key, text_of(id));
    ck_assert_msg(strstr(text, pair) != NULL, "%s is not in %s", pair, text);
    json_object_put(answer.document);
}

START_TEST(a_company_at_rest_holds)
{
    struct answer answer = audit("");
    ck_assert_msg(answer.code == 0, "%s", json_object_to_json_string(answer.document));
    ck_assert_str_eq(answer.broken, "");
    json_object_put(answer.document);
}
END_TEST

START_TEST(an_empty_company_proves_nothing)
{
    struct answer answer = audit("");
    ck_assert_int_eq(answer.code, 1);
    ck_assert_str_eq(answer.broken, "I1 I2 I3 I4 I5 I6 I7 I8 I9 I12");
    json_object *list = json_object_object_get(answer.document, "invariants");
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        json_object *verdict = json_object_array_get_idx(list, i);
        bool is_queues = /* they are there, and empty */
            strcmp(json_object_get_string(json_object_object_get(verdict, "id")), "I10") == 0;
        ck_assert_int_eq(json_object_get_int(json_object_object_get(verdict, "judged")),
                         is_queues ? 2 * (int)contracts.service_count : 0);
        ck_assert_int_eq(json_object_get_int(json_object_object_get(verdict, "differing")), 0);
    }
    json_object_put(answer.document);
}
END_TEST

START_TEST(names_a_second_charge)
{
    add_line("charges", "pi_again", &cancelled, PRICE, 2500);
    add_line("refunds", "pi_again", &cancelled, PRICE, 3500);
    expect_naming("I1", "upgrade", &cancelled);
}
END_TEST

START_TEST(names_a_second_charge_that_is_kept)
{
    add_line("charges", "pi_again", &completed, PRICE, 2500);
    expect_naming("I1 I4 I12", "upgrade", &completed);
}
END_TEST

START_TEST(names_money_taken_for_no_upgrade)
{
    struct uuid nobody = ids_new();
    add_line("charges", "pi_nobody", &nobody, PRICE, 2500);
    add_line("refunds", "pi_nobody", &nobody, PRICE, 3500);
    expect_naming("I1", "upgrade", &nobody);
}
END_TEST

START_TEST(names_a_refund_before_its_charge)
{
    set_number("refunds", 0, "at_ms", 1);
    expect_naming("I2", "upgrade", &cancelled);
}
END_TEST

START_TEST(names_a_refund_of_another_amount)
{
    set_number("refunds", 0, "amount", PRICE - 1);
    expect_naming("I2 I12", "upgrade", &cancelled);
}
END_TEST

START_TEST(names_a_second_refund)
{
    add_line("refunds", "pi_cancelled", &cancelled, PRICE, 4000);
    expect_naming("I2 I4 I12", "upgrade", &cancelled);
}
END_TEST

/* Billing's own word for what was given back. */
static const struct {
    const char *sql;
    const struct uuid *charge;
} refunds[] = {
    {"delete from refund where charge_id = '%s'", &cancelled},
    {"update refund set amount_minor = 998 where charge_id = '%s'", &cancelled},
    {"update refund set reference = 'pi_other' where charge_id = '%s'", &cancelled},
    {"update refund set refunded_at = null where charge_id = '%s'", &cancelled},
    {"insert into refund select id, id, amount_minor, currency, 're_none', now(), now() "
     "from charge where id = '%s'",
     &completed},
};

START_TEST(names_a_refund_that_billing_has_written_down_otherwise)
{
    tell_about("billing", refunds[_i].sql, refunds[_i].charge);
    expect_naming("I2", "upgrade", refunds[_i].charge);
}
END_TEST

START_TEST(names_a_stuck_upgrade)
{
    struct uuid stuck = ids_new();
    struct uuid user = ids_new();
    begin_upgrade(&stuck, &user, "requested", 1, "", false, 90);
    decide(&stuck, 1, NULL, "-", "requested", NULL, NULL);
    expect_naming("I3", "upgrade", &stuck);
    expect_with("--within 2m", "");
}
END_TEST

START_TEST(names_a_second_end)
{
    say("subscription", "PremiumUpgradeCompleted", &completed, NULL);
    relay_all();
    expect_naming("I3", "upgrade", &completed);
}
END_TEST

START_TEST(names_two_different_ends)
{
    say("subscription", "PremiumUpgradeCancelled", &completed, NULL);
    relay_all();
    expect_naming("I3", "upgrade", &completed);
}
END_TEST

START_TEST(names_an_end_of_no_upgrade)
{
    struct uuid nobody = ids_new();
    say("subscription", "PremiumUpgradeRejected", &nobody, NULL);
    relay_all();
    expect_naming("I3", "upgrade", &nobody);
}
END_TEST

START_TEST(names_a_request_of_no_upgrade)
{
    struct uuid nobody = ids_new();
    say("subscription", "PremiumUpgradeRequested", &nobody, NULL);
    keep_charge(&nobody, "to_charge");
    relay_all();
    expect_naming("I3", "upgrade", &nobody);
}
END_TEST

/* What each end means, broken in one table of one service. */
static const struct {
    const char *service, *sql;
    const struct uuid *upgrade;
    const char *broken; /* NULL: I4 alone */
} meanings[] = {
    {"subscription", "update entitlement set active = not active where upgrade_id = '%s'",
     &completed},
    {"subscription", "update entitlement set active = not active where upgrade_id = '%s'",
     &cancelled},
    {"billing", "update charge set state = 'refunded' where upgrade_id = '%s'", &completed,
     "I2 I4"},
    {"billing", "update charge set state = 'charged' where upgrade_id = '%s'", &cancelled},
    {"billing", "update charge set state = 'charged' where upgrade_id = '%s'", &rejected},
    {"billing", "update charge set amount_minor = 998 where upgrade_id = '%s'", &completed},
    {"billing", "delete from charge where upgrade_id = '%s'", &completed, "I4 I7"},
    {"coaching", "update upgrade set state = 'withdrawn' where id = '%s'", &completed},
    {"coaching", "update upgrade set state = 'premium' where id = '%s'", &cancelled},
};

START_TEST(names_an_end_that_is_not_true)
{
    tell_about(meanings[_i].service, meanings[_i].sql, meanings[_i].upgrade);
    const char *broken = meanings[_i].broken != NULL ? meanings[_i].broken : "I4";
    expect_naming(broken, "upgrade", meanings[_i].upgrade);
}
END_TEST

/* What becomes of plans, by user. */
static const struct {
    const char *sql;
    const struct uuid *user, *upgrade; /* where the counterexample names the upgrade */
} plans[] = {
    {"delete from plan where tier = 'premium' and user_id = '%s'", &completed_user, &completed},
    {"update athlete set plan_id = ordinary_plan_id where user_id = '%s'", &completed_user, NULL},
    {"update athlete set plan_id = gen_random_uuid() where user_id = '%s'", &cancelled_user, NULL},
    {"update athlete set plan_id = null where user_id = '%s'", &cancelled_user, NULL},
    {"update athlete set is_gone = true, plan_id = null, ordinary_plan_id = null "
     "where user_id = '%s'",
     &cancelled_user, NULL},
};

START_TEST(names_a_plan_that_does_not_count)
{
    tell_about("coaching", plans[_i].sql, plans[_i].user);
    if (plans[_i].upgrade != NULL) {
        expect_naming("I4", "upgrade", plans[_i].upgrade);
    } else {
        expect_naming("I4", "subject", plans[_i].user);
    }
}
END_TEST

/* A deleted user leaves nothing but the tombstone, and the upgrade stays what it was. */
START_TEST(a_user_who_has_left_needs_no_plan)
{
    tell_about("coaching", "delete from plan where user_id = '%s'", &completed_user);
    tell_about("coaching",
               "update athlete set is_gone = true, plan_id = null, ordinary_plan_id = null "
               "where user_id = '%s'",
               &completed_user);
    tell_about("coaching", "update upgrade set state = 'gone' where user_id = '%s'",
               &completed_user);
    expect("");
}
END_TEST

START_TEST(names_an_amount_that_was_changed)
{
    set_number("charges", 0, "amount", PRICE + 1);
    expect_naming("I4 I12", "upgrade", &completed);
}
END_TEST

START_TEST(names_a_lost_event)
{
    tell("subscription", "delete from inbox where id = '%s'", text_of(&a_registration));
    expect_naming("I5", "event", &a_registration);
}
END_TEST

/* `audit --events --json`, parsed; the exit code must be `wanted`. */
static json_object *events_missing(int wanted)
{
    static char text[1 << 16];
    AUTO(free_text)
    char *command = xasprintf("unset MANAGEMENT_URL PROVIDER_ADMIN_URL; '%s' audit --events --json "
                              "--ids-dir '%s' --prefix %s",
                              getenv("QUADRILLE_BIN"), folder, prefix);
    FILE *pipe = popen(command, "re");
    ck_assert_ptr_nonnull(pipe);
    text[fread(text, 1, sizeof text - 1, pipe)] = '\0';
    int status = pclose(pipe);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == wanted, "%s", text);
    json_object *document = json_tokener_parse(text);
    ck_assert_msg(document != NULL, "no JSON: %s", text);
    return document;
}

static json_object *member_of(json_object *object, const char *key)
{
    return json_object_object_get(object, key);
}

START_TEST(names_who_has_missed_an_event_and_what_repairs_it)
{
    json_object *document = events_missing(0);
    ck_assert_int_eq(json_object_get_int64(member_of(document, "missing")), 0);
    ck_assert_int_gt(json_object_get_int64(member_of(document, "judged")), 0);
    json_object_put(document);

    tell("billing", "delete from inbox where id = '%s'", text_of(&a_revocation));
    document = events_missing(1);
    json_object *listeners = member_of(document, "listeners");
    ck_assert_uint_eq(json_object_array_length(listeners), 1);
    json_object *missed = json_object_array_get_idx(listeners, 0);
    AUTO(free_text)
    char *command = xasprintf("quadrille replay --ids %s/billing.ids --to billing", folder);
    ck_assert_str_eq(json_object_get_string(member_of(missed, "listener")), "billing");
    ck_assert_str_eq(json_object_get_string(member_of(missed, "type")),
                     "fit.subscription.PremiumRevoked.v1");
    ck_assert_str_eq(json_object_get_string(member_of(missed, "replay")), command);
    ck_assert_str_eq(json_object_get_string(json_object_array_get_idx(member_of(missed, "ids"), 0)),
                     text_of(&a_revocation));
    json_object_put(document);

    AUTO(free_text) char *path = xasprintf("%s/billing.ids", folder);
    char line[TEXT_BYTES] = "";
    struct stat file;
    ck_assert_int_eq(stat(path, &file), 0);
    ck_assert_uint_eq(file.st_mode & 0777, 0600);
    FILE *ids = fopen(path, "re");
    ck_assert_ptr_nonnull(ids);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, ids));
    ck_assert_int_eq(strncmp(line, text_of(&a_revocation), UUID_TEXT_BYTES - 1), 0);
    (void)fclose(ids);
    ck_assert_int_eq(unlink(path), 0);
}
END_TEST

static void park(const struct uuid *id, const char *body)
{
    tell("subscription",
         "insert into retry (id, queue, type, attempts, due, first_failed_at, last_failed_at, "
         "reason, exchange,"
         "                   routing_key, properties, body)"
         "values ('%s', 'subscription', 'UserRegistered', 1, now(), now(), now(), 'not now', '', "
         "'', '', '%s')",
         text_of(id), body);
}

START_TEST(a_parked_event_is_not_lost_but_not_at_rest_either)
{
    tell("subscription", "delete from inbox where id = '%s'", text_of(&a_registration));
    park(&a_registration, "{}");
    expect_naming("I10", "event", &a_registration);
}
END_TEST

START_TEST(names_a_body_that_nobody_has_said)
{
    park(&a_registration, "{\"name\":\"another\"}");
    expect_naming("I8 I10", "event", &a_registration);
}
END_TEST

START_TEST(names_a_ghost)
{
    struct uuid ghost = ids_new();
    claim("coaching", &ghost);
    expect_naming("I6", "event", &ghost);

    AUTO(free_text) char *path = xasprintf("%s/foreign", folder);
    AUTO(free_text) char *more = xasprintf("--foreign %s", path);
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    (void)fprintf(file, "# by hand\n%s\n", text_of(&ghost));
    (void)fclose(file);
    expect_with(more, "");
}
END_TEST

START_TEST(names_an_event_of_two_outboxes)
{
    struct uuid other = ids_new();
    append("subscription", message_of(&contracts.services[index_of("profile")], "UserRegistered"),
           &a_registration, &other, NULL);
    relay_all();
    expect_naming("I6", "event", &a_registration);
}
END_TEST

START_TEST(names_an_effect_that_happened_twice)
{
    struct uuid user = ids_new();
    say("coaching", "PlanGenerated", &user, &an_activation);
    relay_all();
    expect_naming("I7", "cause", &an_activation);
}
END_TEST

/* Answers that exclude each other, for one cause. */
static const struct {
    const char *service, *name;
    const struct uuid *upgrade, *cause;
} contraries[] = {
    {"billing", "PaymentFailed", &completed, &a_request},
    {"billing", "PaymentVoided", &cancelled, &a_revocation},
    {"coaching", "PlanGenerationFailed", &completed_user, &an_activation},
    {"coaching", "PlanGenerationFailed", &completed_user, &a_goal},
};

START_TEST(names_contrary_answers)
{
    say(contraries[_i].service, contraries[_i].name, contraries[_i].upgrade, contraries[_i].cause);
    relay_all();
    expect_naming("I7", "cause", contraries[_i].cause);
}
END_TEST

/* One payment may be taken and given back for the same reason. */
START_TEST(a_payment_may_be_taken_and_given_back)
{
    say("billing", "PaymentRefunded", &completed, &a_request);
    relay_all();
    expect("");
}
END_TEST

/* Claimed, and no effect. */
START_TEST(names_a_goal_that_nobody_knows)
{
    struct uuid goal = say("profile", "FitnessGoalSet", &completed_user, NULL);
    say("coaching", "PlanGenerated", &completed_user, &goal);
    relay_all();
    expect_naming("I7", "event", &goal);
}
END_TEST

START_TEST(names_a_goal_without_an_answer)
{
    struct uuid goal = say("profile", "FitnessGoalSet", &completed_user, NULL);
    relay_all();
    tell_about("coaching", "update athlete set goal_sequence = 4 where user_id = '%s'",
               &completed_user);
    expect_naming("I7", "event", &goal);
    tell_about("coaching", "update athlete set goal_sequence = 5 where user_id = '%s'",
               &completed_user);
    expect(""); /* news that were old when they came */
}
END_TEST

START_TEST(names_metrics_that_nobody_knows)
{
    struct uuid metrics = say("profile", "BodyMetricsRecorded", &completed_user, NULL);
    relay_all();
    expect_naming("I7", "event", &metrics);
}
END_TEST

START_TEST(names_a_request_without_a_charge)
{
    struct uuid user = ids_new();
    struct uuid young = ids_new();
    struct uuid request = say("subscription", "PremiumUpgradeRequested", &young, NULL);
    relay_all();
    begin_upgrade(&young, &user, "requested", 1, "", false, 0);
    decide(&young, 1, NULL, "-", "requested", "PremiumUpgradeRequested", &request);
    expect_naming("I7", "event", &request);
}
END_TEST

START_TEST(names_a_mail_that_was_not_written)
{
    tell("notification", "delete from mail where id = '%s'", text_of(&a_registration));
    expect_naming("I7", "event", &a_registration);
}
END_TEST

START_TEST(names_a_mail_about_nothing)
{
    struct uuid ghost = ids_new();
    tell("notification",
         "insert into mail (id, user_id, cause_name, detail, correlation_id) values ('%s', '%s', "
         "'UserRegistered', '', '%s')",
         text_of(&ghost), text_of(&ghost), text_of(&ghost));
    expect_naming("I7 I8", "event", &ghost);
}
END_TEST

START_TEST(names_an_event_that_was_not_recorded)
{
    tell("history", "delete from event_log where id = '%s'", text_of(&a_registration));
    expect_naming("I7", "event", &a_registration);
}
END_TEST

START_TEST(names_an_event_that_was_slipped_into_the_log)
{
    struct uuid ghost = ids_new();
    tell("history",
         "insert into event_log (id, era, type, service, exchange, routing_key, correlation_id,"
         " occurred_at, properties, body) select '%s', era, type, service, exchange, routing_key,"
         " correlation_id, occurred_at, properties, body from event_log limit 1",
         text_of(&ghost));
    expect_naming("I7 I8", "event", &ghost);
}
END_TEST

START_TEST(names_an_event_that_was_rolled_back)
{
    struct uuid ghost = ids_new();
    tell("subscription", "update decision set said_id = '%s' where said_id = '%s'", text_of(&ghost),
         text_of(&a_decision_event));
    expect_naming("I8", "event", &ghost);
}
END_TEST

START_TEST(names_a_claim_after_its_effect)
{
    tell("billing", "delete from inbox where id = '%s'", text_of(&a_request));
    claim("billing", &a_request);
    expect_naming("I9", "cause", &a_request);
}
END_TEST

START_TEST(names_a_cause_that_was_never_claimed)
{
    tell("billing", "delete from inbox where id = '%s'", text_of(&a_request));
    expect_naming("I5 I9", "cause", &a_request);
}
END_TEST

START_TEST(names_a_gap_in_the_numbers_of_a_subject)
{
    tell("subscription", "update outbox set sequence = sequence + 1 where id = '%s'",
         text_of(&a_decision_event));
    expect_naming("I9", "event", &a_decision_event);
}
END_TEST

START_TEST(names_a_last_event_that_is_missing)
{
    tell("profile", "update outbox_subject set sequence = sequence + 1");
    expect_naming("I9", "event", &a_measuring);
}
END_TEST

START_TEST(names_a_version_that_was_skipped)
{
    tell("subscription", "update decision set version = 7 where upgrade_id = '%s' and version = 3",
         text_of(&completed));
    expect_naming("I9", "subject", &completed);
}
END_TEST

START_TEST(names_an_event_that_the_relay_has_not_sent)
{
    struct uuid user = ids_new();
    struct uuid id = say("profile", "UserRegistered", &user, NULL);
    expect_naming("I10", "event", &id);
}
END_TEST

START_TEST(names_an_unsent_event)
{
    tell("profile",
         "insert into unsent (id, seq, reason, due) select id, seq, 'returned', now() from outbox "
         "where id = '%s'",
         text_of(&a_registration));
    expect_naming("I10", "event", &a_registration);
}
END_TEST

START_TEST(waits_until_everything_has_come_to_rest)
{
    struct uuid user = ids_new();
    say("profile", "UserRegistered", &user, NULL);
    FILE *pipe = start_audit("--wait 20s");
    clock_sleep_ms(1500);
    relay_all();
    struct answer answer = end_audit(pipe);
    ck_assert_str_eq(answer.broken, "");
    ck_assert_int_eq(answer.code, 0);
    json_object_put(answer.document);
}
END_TEST

START_TEST(names_money_that_is_under_way)
{
    struct uuid young = ids_new();
    struct uuid user = ids_new();
    begin_upgrade(&young, &user, "requested", 1, "", false, 0);
    decide(&young, 1, NULL, "-", "requested", NULL, NULL);
    add_line("charges", "pi_young", &young, PRICE, 5000);
    expect("I12");
}
END_TEST

static struct management *manage(void)
{
    struct management *management = NULL;
    struct fault fault;
    ck_assert_msg(management_open(getenv("MANAGEMENT_URL"), &management, &fault) == OK, "%s",
                  fault.text);
    return management;
}

static void put_into(const char *queue)
{
    AUTO(management_close_auto) struct management *management = manage();
    struct fault fault;
    json_object *body = json_object_new_object();
    (void)json_object_object_add(body, "properties", json_object_new_object());
    (void)json_object_object_add(body, "routing_key", json_object_new_string(queue));
    (void)json_object_object_add(body, "payload", json_object_new_string("{}"));
    (void)json_object_object_add(body, "payload_encoding", json_object_new_string("string"));
    enum outcome o = management_call(management, "POST", body, NULL, &fault,
                                     "exchanges/%s/amq.default/publish", vhost);
    ck_assert_msg(o == OK, "%s", fault.text);
    json_object_put(body);
}

static void empty_queue(const char *queue)
{
    AUTO(management_close_auto) struct management *management = manage();
    struct fault fault;
    enum outcome o = management_call(management, "DELETE", NULL, NULL, &fault,
                                     "queues/%s/%s/contents", vhost, queue);
    ck_assert_msg(o == OK, "%s", fault.text);
}

static void die(const struct uuid *id, const char *class)
{
    struct uuid letter = ids_new();
    tell("coaching",
         "insert into outbox (id, kind, type, exchange, routing_key, occurred_at, body, "
         "failure_class, failed_queue, cause_id)"
         "values ('%s', 1, '', 'coaching.dlx', 'coaching', now(), '{}', '%s', 'coaching', '%s')",
         text_of(&letter), class, text_of(id));
    relay_all();
    put_into("coaching.dlq");
}

START_TEST(names_a_dead_letter_more)
{
    put_into("coaching.dlq");
    clock_sleep_ms(COUNTED_MS);
    expect_with("--lag 0s", "I10");
    expect_with("--lag 0s --dead-letters 1", "I10"); /* no outbox has it */
    empty_queue("coaching.dlq");
    expect("");
}
END_TEST

/* The sum of all queues is as expected. */
START_TEST(names_a_dead_letter_in_the_wrong_queue)
{
    struct uuid poison = ids_new();
    die(&poison, "contract-violation");
    expect_with("--dead-letters 1", "");
    empty_queue("coaching.dlq");
    put_into("billing.dlq");
    clock_sleep_ms(COUNTED_MS);
    struct answer answer = audit("--dead-letters 1 --lag 0s");
    ck_assert_str_eq(answer.broken, "I10");
    const char *text = json_object_to_json_string_ext(answer.document, JSON_C_TO_STRING_PLAIN);
    ck_assert_msg(strstr(text, "\"service\":\"billing.dlq\",\"wanted\":0,\"found\":1") != NULL &&
                      strstr(text, "\"service\":\"coaching.dlq\",\"wanted\":1,\"found\":0") != NULL,
                  "%s", text);
    json_object_put(answer.document);
    empty_queue("billing.dlq");
}
END_TEST

/* A message that has taken a real event's id proves nothing about that event. */
START_TEST(an_unidentified_message_settles_nothing)
{
    tell("coaching", "delete from inbox where id = '%s'", text_of(&a_measuring));
    die(&a_measuring, "unidentified");
    expect_with("--dead-letters 1", "I5");
    tell("coaching", "update outbox set failure_class = 'contract-violation' where kind = 1");
    expect_with("--dead-letters 1", "");
    empty_queue("coaching.dlq");
}
END_TEST

START_TEST(knows_which_events_should_be_dead)
{
    struct uuid poison = ids_new();
    struct uuid other = ids_new();
    AUTO(free_text) char *path = xasprintf("%s/poison", folder);
    AUTO(free_text) char *more = xasprintf("--dead-letters %s", path);
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    (void)fprintf(file, "%s\n", text_of(&poison));
    (void)fclose(file);

    die(&poison, "contract-violation");
    expect_with(more, "");
    tell("coaching", "update outbox set cause_id = '%s' where cause_id = '%s'", text_of(&other),
         text_of(&poison));
    expect_with(more, "I10");
    tell("coaching", "update outbox set failure_class = 'rejected' where cause_id = '%s'",
         text_of(&other));
    expect_with("--dead-letters 1", "I8");
    empty_queue("coaching.dlq");
}
END_TEST

START_TEST(names_a_message_that_nobody_takes)
{
    put_into("coaching");
    clock_sleep_ms(COUNTED_MS);
    expect_with("--lag 0s", "I10");
    empty_queue("coaching");
}
END_TEST

/* Each invariant is waited for, so two programs at once take half the time: this is part `part` of
 * `parts`. */
static Suite *suite(size_t part, size_t parts)
{
    const struct {
        const char *name;
        const TTest *test;
        int last;
    } broken[] = {
#define CASE(test) {#test, test, 1}
        CASE(a_company_at_rest_holds),
        CASE(names_a_second_charge),
        CASE(names_a_second_charge_that_is_kept),
        CASE(names_money_taken_for_no_upgrade),
        CASE(names_a_refund_before_its_charge),
        CASE(names_a_refund_of_another_amount),
        CASE(names_a_second_refund),
        {"names_a_refund_that_billing_has_written_down_otherwise",
         names_a_refund_that_billing_has_written_down_otherwise, COUNT_OF(refunds)},
        CASE(names_a_stuck_upgrade),
        CASE(names_a_second_end),
        CASE(names_two_different_ends),
        CASE(names_an_end_of_no_upgrade),
        CASE(names_a_request_of_no_upgrade),
        {"names_an_end_that_is_not_true", names_an_end_that_is_not_true, COUNT_OF(meanings)},
        {"names_a_plan_that_does_not_count", names_a_plan_that_does_not_count, COUNT_OF(plans)},
        CASE(a_user_who_has_left_needs_no_plan),
        CASE(names_an_amount_that_was_changed),
        CASE(names_a_lost_event),
        CASE(names_who_has_missed_an_event_and_what_repairs_it),
        CASE(a_parked_event_is_not_lost_but_not_at_rest_either),
        CASE(names_a_body_that_nobody_has_said),
        CASE(names_a_ghost),
        CASE(names_an_event_of_two_outboxes),
        CASE(names_an_effect_that_happened_twice),
        {"names_contrary_answers", names_contrary_answers, COUNT_OF(contraries)},
        CASE(a_payment_may_be_taken_and_given_back),
        CASE(names_a_goal_that_nobody_knows),
        CASE(names_a_goal_without_an_answer),
        CASE(names_metrics_that_nobody_knows),
        CASE(names_a_request_without_a_charge),
        CASE(names_a_mail_that_was_not_written),
        CASE(names_a_mail_about_nothing),
        CASE(names_an_event_that_was_not_recorded),
        CASE(names_an_event_that_was_slipped_into_the_log),
        CASE(names_an_event_that_was_rolled_back),
        CASE(names_a_claim_after_its_effect),
        CASE(names_a_cause_that_was_never_claimed),
        CASE(names_a_gap_in_the_numbers_of_a_subject),
        CASE(names_a_last_event_that_is_missing),
        CASE(names_a_version_that_was_skipped),
        CASE(names_an_event_that_the_relay_has_not_sent),
        CASE(names_an_unsent_event),
        CASE(waits_until_everything_has_come_to_rest),
        CASE(names_money_that_is_under_way),
        CASE(names_a_dead_letter_more),
        CASE(names_a_dead_letter_in_the_wrong_queue),
        CASE(an_unidentified_message_settles_nothing),
        CASE(knows_which_events_should_be_dead),
        CASE(names_a_message_that_nobody_takes),
#undef CASE
    };
    Suite *suite = suite_create("audit");
    if (part == 0) {
        TCase *empty = tcase_create("empty");
        tcase_set_timeout(empty, 60); /* the broker has not counted its new queues yet */
        tcase_add_checked_fixture(empty, set_up_empty, tear_down);
        tcase_add_test(empty, an_empty_company_proves_nothing);
        suite_add_tcase(suite, empty);
    }
    for (size_t i = part; i < COUNT_OF(broken); i += parts) {
        TCase *at_rest = tcase_create(broken[i].name);
        tcase_set_timeout(at_rest, 60);
        tcase_add_checked_fixture(at_rest, set_up, tear_down);
        tcase_add_loop_test(at_rest, broken[i].test, 0, broken[i].last);
        suite_add_tcase(suite, at_rest);
    }
    return suite;
}

static bool run_tool(const char *arguments)
{
    AUTO(free_text) char *command = xasprintf("'%s' %s >&2", getenv("QUADRILLE_BIN"), arguments);
    return system(command) == 0;
}

static bool build(void)
{
    (void)snprintf(prefix, sizeof prefix, "audit%d_", (int)getpid());
    (void)snprintf(vhost, sizeof vhost, "audit%d", (int)getpid());
    (void)snprintf(folder, sizeof folder, "/tmp/audit-test.XXXXXX");
    struct fault fault;
    AUTO(free_text) char *schema = xasprintf("schema apply --json --prefix %s", prefix);
    AUTO(free_text) char *topology = xasprintf("topology apply --json --vhost %s", vhost);
    if (contract_set_load(&contracts, getenv("CONTRACTS"), &fault) != OK) {
        (void)fprintf(stderr, "%s\n", fault.text);
        return false;
    }
    return mkdtemp(folder) != NULL && run_tool(schema) && run_tool(topology);
}

static void demolish(void)
{
    struct fault fault;
    AUTO(management_close_auto) struct management *management = NULL;
    if (management_open(getenv("MANAGEMENT_URL"), &management, &fault) == OK &&
        management_call(management, "DELETE", NULL, NULL, &fault, "vhosts/%s", vhost) != OK) {
        (void)fprintf(stderr, "%s\n", fault.text);
    }
    PGconn *deploy = PQconnectdb(getenv("DATABASE_URL"));
    for (size_t i = 0; i < contracts.service_count; i++) {
        AUTO(free_text)
        char *sql = xasprintf("drop database if exists %s%s with (force)", prefix,
                              contracts.services[i].name);
        PQclear(PQexec(deploy, sql));
    }
    PQfinish(deploy);
    AUTO(free_text) char *remove = xasprintf("rm -r '%s'", folder);
    (void)!system(remove);
    contract_set_done(&contracts);
}

int main(int argc, char **argv)
{
    size_t part = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
    size_t parts = argc == 3 ? strtoul(argv[2], NULL, 10) : 1;
    static const char *const needed[] = {"AMQP_URL",    "MANAGEMENT_URL", "DATABASE_URL",
                                         "SECRETS_DIR", "QUADRILLE_BIN",  "CONTRACTS"};
    for (size_t i = 0; i < COUNT_OF(needed); i++) {
        if (getenv(needed[i]) == NULL) {
            (void)printf("1..0 # SKIP %s is not set\n", needed[i]);
            return 0;
        }
    }
    int failed = 1;
    if (build()) {
        SRunner *runner = srunner_create(suite(part, parts));
        srunner_set_tap(runner, "-");
        srunner_run_all(runner, CK_SILENT);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
    }
    demolish();
    return failed == 0 ? 0 : 1;
}
