/* SPDX-License-Identifier: Apache-2.0 */
#include "outbox_fixture.h"

#include "core/clock.h"
#include "core/log.h"
#include "publishers/publishers_sql.h"
#include "publishers/relay.h"
#include "publishers/work.h"

#include <check.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static const struct field said_fields[] = {
    {.name = "subjectId",
     .kind = FIELD_UUID,
     .required = true,
     .offset = offsetof(struct said, subject_id),
     .has_offset = FIELD_ABSENT},
    {.name = "amount",
     .kind = FIELD_INTEGER,
     .required = true,
     .offset = offsetof(struct said, amount),
     .has_offset = FIELD_ABSENT,
     .has_min = true,
     .has_max = true,
     .min = 0,
     .max = INT64_MAX},
};
static const struct shape said_shape = {.name = "Said",
                                        .size = sizeof(struct said),
                                        .fields = said_fields,
                                        .field_count = COUNT_OF(said_fields)};

bool fixture_has_servers(void)
{
    return getenv("AMQP_URL") != NULL && getenv("DATABASE_URL") != NULL;
}

PGconn *connect_to(const char *url)
{
    PGconn *conn = PQconnectdb(url);
    ck_assert_msg(PQstatus(conn) == CONNECTION_OK, "%s", PQerrorMessage(conn));
    return conn;
}

__attribute__((format(printf, 2, 0))) static PGresult *
run_formatted(PGconn *conn, const char *format, va_list args)
{
    char *sql = NULL;
    ck_assert_int_ge(vasprintf(&sql, format, args), 0);
    PGresult *result = PQexec(conn, sql);
    ExecStatusType status = PQresultStatus(result);
    ck_assert_msg(status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK, "%s: %s", sql,
                  PQerrorMessage(conn));
    free(sql);
    return result;
}

long long ask(PGconn *conn, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    PGresult *result = run_formatted(conn, format, args);
    va_end(args);
    ck_assert_int_eq(PQntuples(result), 1);
    const char *text = PQgetvalue(result, 0, 0);
    long long value = text[0] == 't' ? 1 : strtoll(text, NULL, 10);
    PQclear(result);
    return value;
}

void tell(PGconn *conn, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    PQclear(run_formatted(conn, format, args));
    va_end(args);
}

const char *refused(PGconn *conn, const char *sql)
{
    static char state[6];
    PGresult *result = PQexec(conn, sql);
    const char *text = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    (void)snprintf(state, sizeof state, "%s", text != NULL ? text : "00000");
    PQclear(result);
    return state;
}

bool wait_until(PGconn *conn, long long wanted, int64_t ms, const char *sql)
{
    int64_t until = clock_monotonic_ms() + ms;
    while (ask(conn, "%s", sql) != wanted) {
        if (clock_monotonic_ms() > until) {
            return false;
        }
        clock_sleep_ms(20);
    }
    return true;
}

/* `url` with another user and database: postgresql://user:password@host/database. */
static char *url_for(const char *url, const char *account, const char *database)
{
    ck_assert_ptr_nonnull(url);
    const char *at = strrchr(url, '@');
    const char *slash = strrchr(url, '/');
    ck_assert(at != NULL && slash > at);
    if (account != NULL) {
        return xasprintf("postgresql://%s:secret@%.*s/%s", account, (int)(slash - at - 1), at + 1,
                         database);
    }
    return xasprintf("%.*s/%s", (int)(slash - url), url, database);
}

static void make_database(struct fixture *f)
{
    PGconn *deploy = connect_to(getenv("DATABASE_URL"));
    tell(deploy, "create role %s", f->owner);
    tell(deploy, "grant %s to current_user", f->owner);
    tell(deploy, "create role %s login password 'secret'", f->name);
    tell(deploy, "create role %s_audit", f->name);
    tell(deploy, "create database %s owner %s", f->name, f->owner);
    PQfinish(deploy);

    f->owner_url = url_for(getenv("DATABASE_URL"), NULL, f->name);
    f->url = url_for(getenv("DATABASE_URL"), f->name, f->name);
    f->conn = connect_to(f->owner_url);
    tell(f->conn, "set role %s", f->owner);
    tell(f->conn, "set quadrille.runtime_role = '%s'", f->name);
    tell(f->conn, "set quadrille.audit_role = '%s_audit'", f->name);
    PQclear(PQexec(f->conn, "set client_min_messages = warning"));
    PGresult *result = PQexec(f->conn, sql_001_outbox.text);
    ck_assert_msg(PQresultStatus(result) == PGRES_TUPLES_OK, "%s", PQerrorMessage(f->conn));
    PQclear(result);
}

static void make_topology(struct fixture *f)
{
    struct fault fault = {0};
    const struct broker_options options = {.url = getenv("AMQP_URL"), .name = "test"};
    ck_assert_msg(broker_open(&options, &f->broker, &fault) == OK, "%s", fault.text);
    bool is_made =
        broker_exchange_declare(f->broker, f->exchange, "topic", false, &fault) == OK &&
        broker_exchange_declare(f->broker, f->dlx, "fanout", false, &fault) == OK &&
        broker_queue_declare(f->broker, f->queue, "quorum", false, NULL, NULL, &fault) == OK &&
        broker_queue_declare(f->broker, f->dlq, "quorum", false, NULL, NULL, &fault) == OK &&
        broker_bind(f->broker, f->queue, f->exchange, f->heard.routing_key, &fault) == OK &&
        broker_bind(f->broker, f->dlq, f->dlx, "", &fault) == OK;
    ck_assert_msg(is_made, "%s", fault.text);
}

static void make_message(struct fixture *f, struct message *message, const char *name,
                         const char *type, const char *routing_key, bool is_heard)
{
    *message = (struct message){
        .name = name,
        .type = type,
        .service = f->name,
        .exchange = f->exchange,
        .routing_key = routing_key,
        .major = 1,
        .shape = &said_shape,
        .subject_offset = offsetof(struct said, subject_id),
        .correlation_offset = -1,
        .is_heard = is_heard,
    };
}

static void make_runtime(struct fixture *f)
{
    f->sends[0] = &f->heard;
    f->sends[1] = &f->unheard;
    f->sends[2] = &f->missing;
    f->contract =
        (struct contract){.service = f->name, .sends = f->sends, .send_count = COUNT_OF(f->sends)};
    f->service = (struct service){.name = f->name, .summary = "test", .contract = &f->contract};
    f->config = (struct service_config){
        .amqp_url = getenv("AMQP_URL"),
        .heartbeat_s = 2,
        .relay_window = 1000,
        .inbox_days = 7,
        .outbox_days = 30,
        .drain_ms = 5000,
    };
    f->runtime = (struct runtime){.service = &f->service,
                                  .config = &f->config,
                                  .stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
                                  .relay_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
}

void fixture_contract(struct fixture *f, const char *name)
{
    *f = (struct fixture){0};
    (void)snprintf(f->name, sizeof f->name, "%s", name);
    (void)snprintf(f->owner, sizeof f->owner, "%s_owner", f->name);
    (void)snprintf(f->queue, sizeof f->queue, "%s", f->name);
    (void)snprintf(f->dlq, sizeof f->dlq, "%s.dlq", f->name);
    (void)snprintf(f->exchange, sizeof f->exchange, "%s.events", f->name);
    (void)snprintf(f->dlx, sizeof f->dlx, "%s.dlx", f->name);
    make_message(f, &f->heard, "Said", "fit.test.Said.v1", "test.said.v1", true);
    make_message(f, &f->unheard, "Murmured", "fit.test.Murmured.v1", "test.murmured.v1", false);
    make_message(f, &f->missing, "Lost", "fit.test.Lost.v1", "test.lost.v1", true);
    make_runtime(f);
}

void fixture_open(struct fixture *f)
{
    log_init("test", getenv("LOG_LEVEL") != NULL ? getenv("LOG_LEVEL") : "off", "text");
    struct uuid dice = ids_new();
    char name[32];
    (void)snprintf(name, sizeof name, "qt_%02x%02x%02x%02x%02x", dice.bytes[11], dice.bytes[12],
                   dice.bytes[13], dice.bytes[14], dice.bytes[15]);
    fixture_contract(f, name);
    make_database(f);
    make_topology(f);
    f->config.database_url = f->url;
}

void fixture_close(struct fixture *f)
{
    struct fault fault;
    enum outcome queue = broker_queue_delete(f->broker, f->queue, &fault);
    enum outcome dlq = broker_queue_delete(f->broker, f->dlq, &fault);
    (void)queue;
    (void)dlq;
    broker_close(f->broker);
    PQfinish(f->conn);
    PGconn *deploy = connect_to(getenv("DATABASE_URL"));
    tell(deploy, "drop database %s", f->name); /* waits 5 s for sessions that are ending */
    tell(deploy, "drop role %s, %s, %s_audit", f->name, f->owner, f->name);
    PQfinish(deploy);
    free(f->owner_url);
    free(f->url);
    (void)close(f->runtime.stop_fd);
    (void)close(f->runtime.relay_fd);
}

static void *relay_main(void *context)
{
    struct relay_thread *relay = context;
    relay->outcome = relay_part.run(&relay->runtime, 0, &relay->fault);
    return NULL;
}

void relay_start(struct fixture *f, struct relay_thread *relay)
{
    *relay = (struct relay_thread){.runtime = {.service = &f->service,
                                               .config = &f->config,
                                               .stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
                                               .relay_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)}};
    ck_assert_int_eq(pthread_create(&relay->thread, NULL, relay_main, relay), 0);
}

void relay_stop(struct relay_thread *relay)
{
    atomic_store(&relay->runtime.stopping, true);
    uint64_t one = 1;
    ck_assert_int_eq(write(relay->runtime.stop_fd, &one, sizeof one), sizeof one);
    (void)pthread_join(relay->thread, NULL);
    ck_assert_msg(relay->outcome == OK, "%s", relay->fault.text);
    (void)close(relay->runtime.stop_fd);
    (void)close(relay->runtime.relay_fd);
}

struct db *fixture_db(const struct fixture *f)
{
    struct fault fault;
    struct db *db = NULL;
    ck_assert_msg(db_open(&(struct db_options){.url = f->url, .name = "test"}, &db, &fault) == OK,
                  "%s", fault.text);
    return db;
}

void say(struct fixture *f, struct db *db, const struct message *message,
         const struct uuid *subject, int count)
{
    struct fault fault = {0};
    AUTO(task_end) struct task task;
    ck_assert_msg(task_begin(&task, db, &f->runtime, &fault) == OK, "%s", fault.text);
    for (int i = 0; i < count; i++) {
        const struct said said = {.subject_id = subject != NULL ? *subject : ids_new(),
                                  .amount = i};
        ck_assert_msg(work_publish(&task.work, message, &said) == OK, "%s", fault.text);
    }
    ck_assert_msg(task_commit(&task) == OK, "%s", fault.text);
}

void say_many(struct fixture *f, PGconn *conn, int count)
{
    tell(conn,
         "insert into outbox (id, kind, type, exchange, routing_key, subject, sequence, "
         "occurred_at, body)"
         " select (left(uuid_floor(clock_timestamp())::text, 14) || '7' || "
         "substr(gen_random_uuid()::text, 16))::uuid,"
         " 0, '%s', '%s', '%s', gen_random_uuid(), 1, clock_timestamp(),"
         " convert_to('{\"n\":' || n || ',\"padding\":\"' || repeat('x', 380) || '\"}', 'UTF8')"
         " from generate_series(1, %d) n",
         f->heard.type, f->heard.exchange, f->heard.routing_key, count);
}

static int compare(const void *a, const void *b)
{
    return ids_compare(a, b);
}

size_t heard_distinct(const struct heard *heard)
{
    if (heard->count == 0) {
        return 0;
    }
    struct uuid *sorted = xmalloc(heard->count * sizeof *sorted);
    memcpy(sorted, heard->ids, heard->count * sizeof *sorted);
    qsort(sorted, heard->count, sizeof *sorted, compare);
    size_t distinct = 1;
    for (size_t i = 1; i < heard->count; i++) {
        distinct += ids_equal(&sorted[i - 1], &sorted[i]) ? 0 : 1;
    }
    free(sorted);
    return distinct;
}

static bool has_heard(const struct heard *heard, size_t distinct)
{
    return heard->count >= distinct && heard_distinct(heard) >= distinct;
}

/* A message whose ack was lost with an earlier connection comes again, marked: that is no second
 * publication. */
static void note(struct heard *heard, const struct delivery *delivery)
{
    struct uuid id;
    ck_assert(ids_parse(delivery->properties.message_id, &id));
    for (size_t i = 0; delivery->is_redelivered && i < heard->count; i++) {
        if (ids_equal(&heard->ids[i], &id)) {
            return;
        }
    }
    if (heard->count == heard->room) {
        heard->room = heard->room * 2 + 1024;
        heard->ids = xrealloc(heard->ids, heard->room * sizeof *heard->ids);
    }
    heard->ids[heard->count++] = id;
}

void hear(const char *queue, struct heard *heard, size_t distinct, int64_t quiet_ms)
{
    struct fault fault = {0};
    struct broker *broker = NULL;
    const struct broker_options options = {.url = getenv("AMQP_URL"), .name = "test listener"};
    ck_assert_msg(broker_open(&options, &broker, &fault) == OK, "%s", fault.text);
    ck_assert_msg(broker_consume(broker, queue, 2000, &fault) == OK, "%s", fault.text);
    static struct delivery deliveries[500];
    int64_t until = clock_monotonic_ms() + quiet_ms;
    while (!has_heard(heard, distinct) && clock_monotonic_ms() < until) {
        size_t got = 0;
        ck_assert_msg(broker_take(broker, deliveries, COUNT_OF(deliveries), 100, &got, &fault) ==
                          OK,
                      "%s", fault.text);
        for (size_t i = 0; i < got; i++) {
            note(heard, &deliveries[i]);
        }
        if (got > 0) {
            ck_assert(broker_ack(broker, deliveries[got - 1].tag, true, &fault) == OK);
            broker_release(broker);
            until = clock_monotonic_ms() + quiet_ms;
        }
    }
    broker_close(broker);
}

void heard_done(struct heard *heard)
{
    free(heard->ids);
    *heard = (struct heard){0};
}
