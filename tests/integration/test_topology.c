/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"

#include "core/broker.h"
#include "core/buffer.h"
#include "core/memory.h"
#include "support/process.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * What the contracts make of a broker and of databases: `quadrille topology` notices and repairs
 * every kind of drift, and each promise of least privilege is proved by an attempt that fails, made
 * with the real account.
 */

enum { CURL_MS = 20000 };

static struct hall hall;

static int topology(const char *verb, char **output)
{
    return hall_tool(&hall, (const char *const[]){"topology", verb, NULL}, output);
}

static void check_tool(const char *verb, int wanted, const char *says)
{
    char *output = NULL;
    int code = topology(verb, &output);
    ck_assert_msg(code == wanted, "topology %s ended with %d, not %d: %s", verb, code, wanted,
                  output);
    ck_assert_msg(strstr(output, says) != NULL, "topology %s does not say '%s': %s", verb, says,
                  output);
    free(output);
}

/* The management API as the deploy user: %v stands for the virtual host. */
static void manage(const char *method, const char *path, const char *body)
{
    AUTO(free_text) char *log = xasprintf("%s/manage.log", hall.stage.folder);
    const char *vhost = strstr(path, "%v");
    AUTO(free_text)
    char *url = vhost != NULL ? xasprintf("%s/api/%.*s%s%s", getenv("MANAGEMENT_URL"),
                                          (int)(vhost - path), path, hall.stage.name, vhost + 2)
                              : xasprintf("%s/api/%s", getenv("MANAGEMENT_URL"), path);
    const char *const argv[] = {"/usr/bin/curl",
                                "-sSf",
                                "-X",
                                method,
                                "-H",
                                "content-type: application/json",
                                "-d",
                                body,
                                url,
                                NULL};
    int status = process_wait(process_start(argv, NULL, log), CURL_MS);
    ck_assert_msg(status == 0, "%s %s ended with %d, see %s", method, path, status, log);
}

START_TEST(shows_what_the_contracts_want)
{
    static const char *const rows[] = {
        "teller.events",        "listener.dlx",
        "teller.oath-sworn.v1", "delivery-limit=2147483647",
        "impersonator",         "^listener\\.(events|dlx)$",
        "^listener\\.",         "dead-letter-strategy=at-least-once",
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        check_tool("show", 0, rows[i]);
    }
}
END_TEST

START_TEST(applied_twice_changes_nothing)
{
    check_tool("verify", 0, "as the contracts want");
    check_tool("apply", 0, "0 changes made");
    check_tool("plan", 0, "as the contracts want");
}
END_TEST

/* clang-format off */
static const struct drift { const char *name, *method, *path, *body, *says; } drifts[] = {
    {"a binding is missing", "DELETE", "bindings/%v/e/teller.events/q/listener/teller.tale-told.v1", "", "teller.tale-told.v1"},
    {"a binding too many", "POST", "bindings/%v/e/teller.events/q/listener", "{\"routing_key\":\"teller.#\"}", "remove"},
    {"a binding to another exchange", "POST", "bindings/%v/e/teller.events/e/amq.topic", "{\"routing_key\":\"#\"}", "exchange amq.topic"},
    {"a binding between our exchanges", "POST", "bindings/%v/e/teller.events/e/listener.events", "{\"routing_key\":\"#\"}", "exchange listener.events"},
    {"a policy is another", "PUT", "policies/%v/listener", "{\"pattern\":\"^listener$\",\"apply-to\":\"queues\",\"definition\":{\"delivery-limit\":3}}", "policy"},
    {"a policy is gone", "DELETE", "policies/%v/listener.dlq", "", "policy"},
    {"a policy has another pattern", "PUT", "policies/%v/teller", "{\"pattern\":\"^telle$\",\"apply-to\":\"queues\",\"definition\":{\"dead-letter-exchange\":\"teller.dlx\",\"dead-letter-strategy\":\"at-least-once\",\"overflow\":\"reject-publish\",\"delivery-limit\":1000}}", "policy"},
    {"a policy is for exchanges", "PUT", "policies/%v/listener.dlq", "{\"pattern\":\"^listener\\\\.dlq$\",\"apply-to\":\"exchanges\",\"definition\":{\"delivery-limit\":2147483647}}", "policy"},
    {"an exchange is gone", "DELETE", "exchanges/%v/teller.dlx", "", "exchange"},
    {"a queue is gone", "DELETE", "queues/%v/teller.dlq", "", "queue"},
    {"another password", "PUT", "users/teller", "{\"password\":\"guessed\",\"tags\":\"\"}", "user"},
    {"other tags", "PUT", "users/listener", "{\"password_hash\":\"\",\"tags\":\"administrator\"}", "tags"},
    {"a user is gone", "DELETE", "users/teller", "", "user"},
    {"another permission", "PUT", "permissions/%v/listener", "{\"configure\":\".*\",\"write\":\".*\",\"read\":\".*\"}", "permission"},
    {"a permission is gone", "DELETE", "permissions/%v/teller", "", "permission"},
    {"another topic permission", "PUT", "topic-permissions/%v/listener", "{\"exchange\":\"listener.events\",\"write\":\".*\",\"read\":\".*\"}", "topic permission"},
    {"a topic permission is gone", "DELETE", "topic-permissions/%v/teller", "", "topic permission"},
};
/* clang-format on */

START_TEST(notices_and_repairs_drift)
{
    const struct drift *drift = &drifts[_i];
    manage(drift->method, drift->path, drift->body);
    check_tool("plan", 0, drift->says);
    check_tool("verify", 1, drift->says);
    check_tool("apply", 0, "changes made");
    check_tool("verify", 0, "as the contracts want");
}
END_TEST

/* clang-format off */
static const struct refusal { const char *name, *remove, *path, *body, *says; } refusals[] = {
    {"a classic queue", "queues/%v/teller.dlq", "queues/%v/teller.dlq", "{\"durable\":true,\"arguments\":{}}", "move the messages"},
    {"a queue with more arguments", "queues/%v/teller.dlq", "queues/%v/teller.dlq", "{\"durable\":true,\"arguments\":{\"x-queue-type\":\"quorum\",\"x-max-length\":10}}", "move the messages"},
    {"an exchange of another type", "exchanges/%v/teller.dlx", "exchanges/%v/teller.dlx", "{\"type\":\"direct\",\"durable\":true}", "delete it"},
    {"a transient exchange", "exchanges/%v/teller.dlx", "exchanges/%v/teller.dlx", "{\"type\":\"fanout\",\"durable\":false}", "delete it"},
    {"an alternate exchange", "exchanges/%v/teller.events", "exchanges/%v/teller.events", "{\"type\":\"topic\",\"durable\":true,\"arguments\":{\"alternate-exchange\":\"amq.fanout\"}}", "delete it"},
};
/* clang-format on */

/* What never changes in place is refused with the way to migrate; the rest is done all the same. */
START_TEST(refuses_what_cannot_be_changed_in_place)
{
    const struct refusal *refusal = &refusals[_i];
    manage("DELETE", refusal->remove, "");
    manage("PUT", refusal->path, refusal->body);
    check_tool("verify", 1, refusal->says);
    manage("DELETE", "permissions/%v/teller", "");
    check_tool("apply", 3, refusal->says);
    char *output = NULL;
    ck_assert_int_eq(topology("apply", &output), 1); /* nothing was left but the refusal */
    free(output);
    manage("DELETE", refusal->remove, "");
    check_tool("apply", 0, "changes made");
    check_tool("verify", 0, "as the contracts want");
}
END_TEST

/* A policy of a higher priority takes the place of ours, whatever ours says. */
START_TEST(notices_a_policy_that_hides_ours)
{
    manage("PUT", "policies/%v/clever",
           "{\"pattern\":\"^listener\",\"priority\":10,\"apply-to\":\"queues\",\"definition\":{"
           "\"max-length\":1}}");
    check_tool("verify", 1, "clever");
    manage("DELETE", "policies/%v/clever", "");
    check_tool("verify", 0, "as the contracts want");
}
END_TEST

/* The queue of a service that is no more would fill up unseen. It is unbound, and what is in it
 * stays. */
START_TEST(unbinds_a_queue_that_no_contract_names)
{
    manage("PUT", "queues/%v/former", "{\"durable\":true}");
    manage("POST", "bindings/%v/e/teller.events/q/former", "{\"routing_key\":\"teller.#\"}");
    check_tool("verify", 1, "teller.events -> former");
    check_tool("apply", 0, "1 changes made");
    check_tool("verify", 0, "as the contracts want");
    manage("GET", "queues/%v/former", "");
    manage("DELETE", "queues/%v/former", "");
}
END_TEST

/* clang-format off */
static const struct stranger { const char *name, *path, *body, *says; } strangers[] = {
    {"a permission", "permissions/%v/listener.stray", "{\"configure\":\"\",\"write\":\"teller\",\"read\":\"\"}", "clear_permissions"},
    {"a topic permission", "topic-permissions/%v/listener.stray", "{\"exchange\":\"teller.events\",\"write\":\".*\",\"read\":\"\"}", "clear_topic_permissions"},
    {"a topic permission of a service", "topic-permissions/%v/listener", "{\"exchange\":\"teller.events\",\"write\":\".*\",\"read\":\"\"}", "listener on teller.events"},
};
/* clang-format on */

/* Verify names them, apply leaves them: somebody may need them. */
START_TEST(tells_of_strangers_and_leaves_them)
{
    const struct stranger *stranger = &strangers[_i];
    manage("PUT", "users/listener.stray", "{\"password\":\"x\",\"tags\":\"\"}");
    manage("PUT", stranger->path, stranger->body);
    check_tool("verify", 1, stranger->says);
    check_tool("apply", 0, "0 changes made");
    check_tool("verify", 1, stranger->says);
    manage("DELETE", stranger->path, "");
    manage("DELETE", "users/listener.stray", "");
    check_tool("apply", 0, "changes made");
    check_tool("verify", 0, "as the contracts want");
}
END_TEST

static struct broker *open_as(const char *account)
{
    AUTO(free_text) char *url = hall_amqp_url(&hall, account);
    struct broker *broker = NULL;
    struct fault fault = {0};
    ck_assert_msg(
        broker_open(&(struct broker_options){.url = url, .name = "test"}, &broker, &fault) == OK,
        "%s", fault.text);
    return broker;
}

static enum outcome declare_queue(struct broker *broker, struct fault *fault)
{
    return broker_queue_declare(broker, "listener.own", "quorum", false, NULL, NULL, fault);
}

static enum outcome declare_temporary(struct broker *broker, struct fault *fault)
{
    char *name = NULL;
    enum outcome o = broker_queue_temporary(broker, &name, fault);
    free(name);
    return o;
}

static enum outcome declare_exchange(struct broker *broker, struct fault *fault)
{
    return broker_exchange_declare(broker, "listener.more", "topic", false, fault);
}

static enum outcome delete_queue(struct broker *broker, struct fault *fault)
{
    return broker_queue_delete(broker, "listener", fault);
}

static enum outcome bind_own(struct broker *broker, struct fault *fault)
{
    return broker_bind(broker, "listener", "teller.events", "#", fault);
}

static enum outcome unbind_own(struct broker *broker, struct fault *fault)
{
    return broker_unbind(broker, "listener", "teller.events", "teller.tale-told.v1", fault);
}

static enum outcome get_from(struct broker *broker, const char *queue, struct fault *fault)
{
    struct delivery delivery;
    bool got = false;
    return broker_get(broker, queue, &delivery, &got, fault);
}

static enum outcome read_anothers(struct broker *broker, struct fault *fault)
{
    return get_from(broker, "teller", fault);
}

static enum outcome read_own(struct broker *broker, struct fault *fault)
{
    return get_from(broker, "listener", fault);
}

static enum outcome read_own_dead(struct broker *broker, struct fault *fault)
{
    return get_from(broker, "listener.dlq", fault);
}

static enum outcome consume_anothers(struct broker *broker, struct fault *fault)
{
    return broker_consume(broker, "teller", 1, fault);
}

static void note_verdict(void *context, uint64_t number, enum verdict verdict, const char *reason)
{
    (void)number;
    (void)verdict;
    (void)reason;
    *(bool *)context = true;
}

/* The broker's refusal of a publication closes the channel: REJECT or LOST with its words. */
static enum outcome publish(struct broker *broker, const char *exchange, const char *routing_key,
                            const char *user_id, struct fault *fault)
{
    AUTO(buffer_done) struct buffer properties = {0};
    bool is_judged = false;
    uint64_t number = 0;
    enum outcome o =
        broker_properties_encode(&(struct properties){.user_id = user_id}, &properties, fault);
    if (o == OK) {
        o = broker_confirm_select(broker, fault);
    }
    broker_on_verdict(broker, note_verdict, &is_judged);
    if (o == OK) {
        o = broker_publish(broker, exchange, routing_key, false, properties.bytes,
                           properties.length, "{}", 2, &number, fault);
    }
    while (o == OK && !is_judged) {
        o = broker_wait(broker, -1, 2000, fault);
    }
    return o;
}

static enum outcome publish_own(struct broker *broker, struct fault *fault)
{
    return publish(broker, "listener.events", "listener.tale-heard.v1", "listener", fault);
}

static enum outcome publish_dead(struct broker *broker, struct fault *fault)
{
    return publish(broker, "listener.dlx", "listener", NULL, fault);
}

static enum outcome publish_to_anothers(struct broker *broker, struct fault *fault)
{
    return publish(broker, "teller.events", "teller.tale-told.v1", "listener", fault);
}

static enum outcome publish_anothers_topic(struct broker *broker, struct fault *fault)
{
    return publish(broker, "listener.events", "teller.tale-told.v1", "listener", fault);
}

static enum outcome publish_anothers_dead(struct broker *broker, struct fault *fault)
{
    return publish(broker, "teller.dlx", "teller", "listener", fault);
}

static enum outcome publish_directly(struct broker *broker, struct fault *fault)
{
    return publish(broker, "", "listener", "listener", fault);
}

static enum outcome publish_to_amq_topic(struct broker *broker, struct fault *fault)
{
    return publish(broker, "amq.topic", "listener.tale-heard.v1", "listener", fault);
}

static enum outcome publish_as_another(struct broker *broker, struct fault *fault)
{
    return publish(broker, "listener.events", "listener.tale-heard.v1", "teller", fault);
}

/* Whoever looks through a queue that ends with its connection takes nothing from anybody. */
START_TEST(lets_somebody_listen_in)
{
    struct broker *broker = open_as(NULL);
    struct fault fault = {0};
    char *queue = NULL;
    ck_assert_msg(broker_queue_temporary(broker, &queue, &fault) == OK &&
                      broker_bind(broker, queue, "teller.events", "#", &fault) == OK,
                  "%s", fault.text);
    check_tool("verify", 0, "as the contracts want");
    broker_close(broker);
    free(queue);
}
END_TEST

/* clang-format off */
static const struct deed { const char *account; const char *name; enum outcome (*act)(struct broker *broker, struct fault *fault); const char *refused; } deeds[] = {
    {"listener", "read its own queue", read_own, NULL},
    {"listener", "publish on its own exchange", publish_own, NULL},
    {"listener", "publish a dead letter of its own", publish_dead, NULL},
    {"listener", "declare a queue", declare_queue, "403"},
    {"listener", "declare a temporary queue", declare_temporary, "403"},
    {"listener", "declare an exchange", declare_exchange, "403"},
    {"listener", "delete its own queue", delete_queue, "403"},
    {"listener", "bind its own queue to more", bind_own, "403"},
    {"listener", "unbind its own queue", unbind_own, "403"},
    {"listener", "read another's queue", read_anothers, "403"},
    {"listener", "consume another's queue", consume_anothers, "403"},
    {"listener", "read its own dead letters", read_own_dead, "403"},
    {"listener", "publish on another's exchange", publish_to_anothers, "403"},
    {"listener", "publish another's topic on its own exchange", publish_anothers_topic, "403"},
    {"listener", "publish another's dead letter", publish_anothers_dead, "403"},
    {"listener", "publish to a queue directly", publish_directly, "403"},
    {"listener", "publish on amq.topic", publish_to_amq_topic, "403"},
    {"listener", "publish under another's name", publish_as_another, "406"},
    {"operator", "read dead letters", read_own_dead, NULL},
    {"operator", "read a service's queue", read_own, "403"},
    {"operator", "say a service's event again on its exchange", publish_own, NULL},
    {"operator", "publish a service's dead letter", publish_dead, "403"},
    {"operator", "declare a queue", declare_queue, "403"},
    {"operator", "delete a queue", delete_queue, "403"},
    {"audit", "read dead letters", read_own_dead, "403"},
    {"audit", "publish to a queue directly", publish_directly, "403"},
    {"audit", "declare a queue", declare_queue, "403"},
};
/* clang-format on */

START_TEST(lets_each_account_do_its_own_work_only)
{
    const struct deed *deed = &deeds[_i];
    struct broker *broker = open_as(deed->account);
    struct fault fault = {0};
    enum outcome o = deed->act(broker, &fault);
    if (deed->refused == NULL) {
        ck_assert_msg(o == OK, "%s may not %s: %s", deed->account, deed->name, fault.text);
    } else {
        ck_assert_msg(o != OK, "%s may %s", deed->account, deed->name);
        ck_assert_msg(strstr(fault.text, deed->refused) != NULL, "%s may not %s, but: %s",
                      deed->account, deed->name, fault.text);
    }
    broker_close(broker);
}
END_TEST

static PGconn *connect_to(const char *account, const char *service)
{
    AUTO(free_text) char *url = hall_database_url(&hall, account, service);
    return PQconnectdb(url);
}

/* clang-format off */
static const struct statement { const char *account, *sql, *state; } statements[] = {
    {"listener", "select count(*) from outbox", NULL},
    {"listener", "insert into inbox (id) values (uuid_floor(now()))", NULL},
    {"listener", "update outbox set body = ''", "42501"},
    {"listener", "delete from outbox", "42501"},
    {"listener", "truncate outbox", "42501"},
    {"listener", "delete from inbox", "42501"},
    {"listener", "update inbox set claimed_at = now()", "42501"},
    {"listener", "truncate inbox", "42501"},
    {"listener", "drop table outbox", "42501"},
    {"listener", "alter table outbox add column more int", "42501"},
    {"listener", "create table mine (n int)", "42501"},
    {"listener", "create schema mine", "42501"},
    {"listener", "create temporary table mine (n int)", "42501"},
    {"listener", "insert into schema_migration (module, name, hash) values ('a', 'b', 'c')", "42501"},
    {"listener", "insert into relay_cursor (system_identifier, last, last_at, oldest_at) values (1, pg_current_snapshot(), now(), now())", "42501"},
    {"listener", "set role listener_owner", "42501"},
    {"listener", "set role quadrille_audit", "42501"},
    {"listener", "create role mine", "42501"},
    {"listener", "create database mine", "42501"},
    {"listener", "select partition_drop('outbox', current_date, 1)", "22023"},
    {"listener", "copy (select 1) to program 'true'", "42501"},
    {"audit", "select count(*) from outbox", NULL},
    {"audit", "select count(*) from inbox", NULL},
    {"audit", "select count(*) from retry", NULL},
    {"audit", "select count(*) from effect", NULL}, /* of the service's own, what its schema grants */
    {"audit", "select count(*) from promise", "42501"},
    {"audit", "select answer from idempotency", "42501"}, /* answers hold bearer tokens */
    {"audit", "insert into inbox (id) values (uuid_floor(now()))", "25006"},
    {"audit", "set transaction read write; delete from outbox", "42501"},
    {"audit", "set transaction read write; insert into inbox (id) values (uuid_floor(now()))", "42501"},
    {"audit", "set transaction read write; create table mine (n int)", "42501"},
};
/* clang-format on */

static PGconn *connect_role(const char *account)
{
    if (strcmp(account, "audit") != 0) {
        return connect_to(account, "listener");
    }
    /* The role's name differs from the account's. */
    AUTO(free_text) char *url = hall_database_url(&hall, account, "listener");
    AUTO(free_text)
    char *renamed = xasprintf("postgresql://quadrille_%s", url + strlen("postgresql://"));
    return PQconnectdb(renamed);
}

START_TEST(lets_each_role_do_its_own_work_only)
{
    const struct statement *statement = &statements[_i];
    PGconn *conn = connect_role(statement->account);
    ck_assert_msg(PQstatus(conn) == CONNECTION_OK, "%s", PQerrorMessage(conn));
    if (strncmp(statement->sql, "create database", strlen("create database")) != 0) {
        PQclear(PQexec(conn, "begin")); /* never committed */
    }
    PGresult *result = PQexec(conn, statement->sql);
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (statement->state == NULL) {
        ck_assert_msg(state == NULL, "%s may not %s: %s", statement->account, statement->sql,
                      PQerrorMessage(conn));
    } else {
        ck_assert_msg(state != NULL && strcmp(state, statement->state) == 0, "%s: %s gives %s",
                      statement->account, statement->sql,
                      state != NULL ? PQerrorMessage(conn) : "no error");
    }
    PQclear(result);
    PQfinish(conn);
}
END_TEST

START_TEST(closes_each_database_to_the_others)
{
    PGconn *conn = connect_to("listener", "teller");
    ck_assert_msg(PQstatus(conn) != CONNECTION_OK, "the listener is in the teller's database");
    ck_assert_msg(strstr(PQerrorMessage(conn), "permission denied for database") != NULL, "%s",
                  PQerrorMessage(conn));
    PQfinish(conn);
}
END_TEST

/* Even inside, by an operator's mistake, there is nothing to read. */
START_TEST(keeps_anothers_tables_closed_even_inside)
{
    AUTO(free_text) char *url = hall_database_url(&hall, NULL, "teller");
    AUTO(free_text)
    char *grant = xasprintf(
        "set role teller_owner; grant connect on database %s_teller to listener", hall.stage.name);
    AUTO(free_text)
    char *revoke = xasprintf("revoke connect on database %s_teller from listener", hall.stage.name);
    PGconn *deploy = PQconnectdb(url);
    PQclear(PQexec(deploy, grant));
    PGconn *conn = connect_to("listener", "teller");
    ck_assert_msg(PQstatus(conn) == CONNECTION_OK, "%s", PQerrorMessage(conn));
    PGresult *result = PQexec(conn, "select * from outbox");
    ck_assert_str_eq(PQresultErrorField(result, PG_DIAG_SQLSTATE), "42501");
    PQclear(result);
    PQfinish(conn);
    PQclear(PQexec(deploy, revoke));
    PQfinish(deploy);
}
END_TEST

static void open_hall(void)
{
    hall_open(&hall);
}

static void close_hall(void)
{
    hall_close(&hall);
}

int main(void)
{
    if (!stage_has_servers()) {
        (void)puts(HALL_SKIP);
        return EXIT_SUCCESS;
    }
    TCase *cases = tcase_create("topology");
    tcase_set_timeout(cases, 60);
    tcase_add_unchecked_fixture(cases, open_hall, close_hall);
    tcase_add_test(cases, shows_what_the_contracts_want);
    tcase_add_test(cases, applied_twice_changes_nothing);
    tcase_add_loop_test(cases, lets_each_account_do_its_own_work_only, 0, COUNT_OF(deeds));
    tcase_add_loop_test(cases, lets_each_role_do_its_own_work_only, 0, COUNT_OF(statements));
    tcase_add_test(cases, closes_each_database_to_the_others);
    tcase_add_test(cases, keeps_anothers_tables_closed_even_inside);
    tcase_add_loop_test(cases, notices_and_repairs_drift, 0, COUNT_OF(drifts));
    tcase_add_loop_test(cases, refuses_what_cannot_be_changed_in_place, 0, COUNT_OF(refusals));
    tcase_add_test(cases, notices_a_policy_that_hides_ours);
    tcase_add_test(cases, unbinds_a_queue_that_no_contract_names);
    tcase_add_loop_test(cases, tells_of_strangers_and_leaves_them, 0, COUNT_OF(strangers));
    tcase_add_test(cases, lets_somebody_listen_in);
    Suite *suite = suite_create("topology");
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
