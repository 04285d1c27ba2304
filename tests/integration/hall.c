/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"

#include "core/broker.h"
#include "core/clock.h"
#include "core/memory.h"
#include "support/process.h"
#include "tools/secret.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TOOL_MS = 60000, READY_MS = 20000, STOP_MS = 12000, AWAIT_MS = 30000 };

/* Another program's contracts may have more: HALL_SERVICES, separated by spaces. */
enum { SERVICES_MAX = 8 };
static const char *services[SERVICES_MAX] = {"teller", "listener"};
static size_t service_count = 2;

static void name_services(void)
{
    const char *given = getenv("HALL_SERVICES");
    if (given == NULL) {
        return;
    }
    char *save = NULL;
    service_count = 0;
    for (char *name = strtok_r(xstrdup(given), " ", &save);
         name != NULL && service_count < SERVICES_MAX; name = strtok_r(NULL, " ", &save)) {
        services[service_count++] = name;
    }
}

static char *read_file(const char *path)
{
    struct buffer text = {0};
    FILE *file = fopen(path, "re");
    char block[4096];
    size_t length;
    while (file != NULL && (length = fread(block, 1, sizeof block, file)) > 0) {
        buffer_add(&text, block, length);
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    char *copy = xstrdup(buffer_cstr(&text));
    buffer_done(&text);
    return copy;
}

static void give_up(const char *what, const char *why)
{
    (void)fprintf(stderr, "hall: %s: %s\n", what, why);
    exit(1);
}

static void write_secret(const char *folder, const char *name, const char *text)
{
    AUTO(free_text) char *path = xasprintf("%s/%s.password", folder, name);
    FILE *file = fopen(path, "we");
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) {
        give_up(path, strerror(errno));
    }
}

/* People's accounts belong to the whole server: where they have passwords already, those stay. */
static void make_secrets(struct hall *hall)
{
    static const char *const people[] = {"operator", "audit"};
    const char *existing = getenv("SECRETS_DIR");
    hall->secrets = xasprintf("%s/secrets", hall->stage.folder);
    if (mkdir(hall->secrets, 0700) != 0) {
        give_up(hall->secrets, strerror(errno));
    }
    for (size_t i = 0; i < service_count; i++) {
        char text[UUID_TEXT_BYTES];
        const struct uuid id = ids_new();
        write_secret(hall->secrets, services[i], ids_format(&id, text));
    }
    for (size_t i = 0; i < COUNT_OF(people); i++) {
        char *password = NULL;
        struct fault fault;
        if (secret_read(existing, people[i], &password, &fault) != OK) {
            give_up(people[i], fault.text);
        }
        write_secret(hall->secrets, people[i], password);
        free(password);
    }
}

static char *with_vhost(const struct hall *hall, const char *url)
{
    ck_assert_ptr_nonnull(url);
    const char *authority = url + strcspn(url, "/") + strlen("//");
    return xasprintf("%.*s/%s", (int)(authority - url) + (int)strcspn(authority, "/"), url,
                     hall->stage.name);
}

static char *with_account(const struct hall *hall, const char *url, const char *account)
{
    char *password = NULL;
    struct fault fault;
    if (secret_read(hall->secrets, account, &password, &fault) != OK) {
        give_up(account, fault.text);
    }
    char *text = secret_url_with_user(url, account, password);
    free(password);
    return text;
}

char *hall_amqp_url(const struct hall *hall, const char *account)
{
    AUTO(free_text) char *url = with_vhost(hall, getenv("AMQP_URL"));
    return account != NULL ? with_account(hall, url, account) : take(url);
}

char *hall_database_url(const struct hall *hall, const char *account, const char *service)
{
    AUTO(free_text) char *database = xasprintf("%s_%s", hall->stage.name, service);
    AUTO(free_text) char *url = secret_url_with_database(getenv("DATABASE_URL"), database);
    return account != NULL ? with_account(hall, url, account) : take(url);
}

int hall_tool(const struct hall *hall, const char *const arguments[], char **output)
{
    AUTO(free_text) char *prefix = xasprintf("DATABASE_PREFIX=%s_", hall->stage.name);
    AUTO(free_text) char *vhost = xasprintf("AMQP_VHOST=%s", hall->stage.name);
    AUTO(free_text) char *secrets = xasprintf("SECRETS_DIR=%s", hall->secrets);
    AUTO(free_text) char *log = xasprintf("%s/quadrille-%d.log", hall->stage.folder, (int)getpid());
    const char *argv[32] = {getenv("QUADRILLE_BIN")};
    for (size_t i = 0; arguments[i] != NULL && i + 2 < COUNT_OF(argv); i++) {
        argv[i + 1] = arguments[i];
    }
    (void)unlink(log);
    int status = process_wait(
        process_start(argv, (const char *const[]){prefix, vhost, secrets, NULL}, log), TOOL_MS);
    if (output != NULL) {
        *output = read_file(log);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void apply(const struct hall *hall, const char *what)
{
    char *output = NULL;
    if (hall_tool(hall, (const char *const[]){what, "apply", NULL}, &output) != 0) {
        give_up(what, output);
    }
    free(output);
}

static void run(PGconn *conn, const char *sql)
{
    PGresult *result = PQexec(conn, sql);
    if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK) {
        give_up(sql, PQerrorMessage(conn));
    }
    PQclear(result);
}

void hall_open(struct hall *hall)
{
    const struct uuid id = ids_new();
    char folder[] = "/tmp/test_hall_XXXXXX";
    *hall = (struct hall){.stage.service = "listener"};
    (void)snprintf(hall->stage.name, sizeof hall->stage.name, "h%02x%02x%02x%02x%02x", id.bytes[11],
                   id.bytes[12], id.bytes[13], id.bytes[14], id.bytes[15]);
    if (mkdtemp(folder) == NULL) {
        give_up(folder, strerror(errno));
    }
    hall->stage.folder = xstrdup(folder);
    name_services();
    make_secrets(hall);
    apply(hall, "topology");
    apply(hall, "schema");
    AUTO(free_text) char *tables = read_file(getenv("LISTENER_SQL"));
    PGconn *conn = stage_connect(&hall->stage);
    run(conn, tables);
    PQfinish(conn);
    /* Everybody who looks for an account from here on means ours. */
    (void)setenv("SECRETS_DIR", hall->secrets, 1);
}

static void drop_roles(void)
{
    PGconn *conn = PQconnectdb(getenv("DATABASE_URL"));
    for (size_t i = 0; i < service_count; i++) {
        AUTO(free_text) char *drop = xasprintf("drop role %s, %s_owner", services[i], services[i]);
        PQclear(PQexec(conn, drop)); /* not while a hall of another program is open */
    }
    PQfinish(conn);
}

void hall_close(struct hall *hall)
{
    for (size_t i = 0; i < service_count; i++) {
        stage_delete(&hall->stage, "users", services[i]);
    }
    stage_clear(&hall->stage);
    drop_roles();
    free(hall->secrets);
}

static struct broker *open_broker(const struct hall *hall)
{
    AUTO(free_text) char *url = hall_amqp_url(hall, NULL);
    struct broker *broker = NULL;
    struct fault fault = {0};
    ck_assert_msg(
        broker_open(&(struct broker_options){.url = url, .name = "test"}, &broker, &fault) == OK,
        "%s", fault.text);
    return broker;
}

void hall_clear(struct hall *hall)
{
    static const char *const queues[] = {"listener", "listener.dlq"};
    struct broker *broker = open_broker(hall);
    struct fault fault = {0};
    for (size_t i = 0; i < COUNT_OF(queues); i++) {
        ck_assert_msg(broker_purge(broker, queues[i], &fault) == OK, "%s", fault.text);
    }
    broker_close(broker);
    PGconn *conn = stage_connect(&hall->stage);
    run(conn, "truncate effect, promise, parking, outbox, inbox, retry, suspect, unsent;"
              "alter table retry disable trigger trip; update door set is_open = false; update "
              "stumbling set times = 0; select "
              "setval('stumbles', 1, false)");
    PQfinish(conn);
}

void hall_cut_off(const struct hall *hall)
{
    AUTO(free_text) char *url = hall_database_url(hall, "listener", "listener");
    PGconn *own = PQconnectdb(url);
    ck_assert_int_gt(stage_number(own, "select count(pg_terminate_backend(pid)) from "
                                       "pg_stat_activity where usename = current_user and "
                                       "datname = current_database() and pid <> pg_backend_pid()"),
                     0);
    PQfinish(own);
}

long hall_depth(const struct hall *hall, const char *queue)
{
    struct broker *broker = open_broker(hall);
    struct fault fault = {0};
    uint32_t messages = 0;
    ck_assert_msg(broker_queue_declare(broker, queue, "quorum", true, &messages, NULL, &fault) ==
                      OK,
                  "%s", fault.text);
    broker_close(broker);
    return (long)messages;
}

void hall_give_back(const struct hall *hall, const char *queue, int count, int times)
{
    struct broker *broker = open_broker(hall);
    struct fault fault = {0};
    for (int time = 0; time < times; time++) {
        struct delivery delivery = {0};
        for (int i = 0; i < count; i++) {
            bool got = false;
            ck_assert_msg(broker_get(broker, queue, &delivery, &got, &fault) == OK, "%s",
                          fault.text);
            ck_assert_msg(got, "%s has %d messages only", queue, i);
        }
        ck_assert_msg(broker_nack(broker, delivery.tag, true, true, &fault) == OK, "%s",
                      fault.text);
        broker_release(broker);
        clock_sleep_ms(50); /* what has been given back is not there at once */
    }
    broker_close(broker);
}

void hall_await_depth(const struct hall *hall, const char *queue, long wanted)
{
    int64_t until = clock_monotonic_ms() + AWAIT_MS;
    for (long depth = -1; depth != wanted; clock_sleep_ms(20)) {
        depth = hall_depth(hall, queue);
        ck_assert_msg(depth == wanted || clock_monotonic_ms() < until,
                      "%s has %ld messages, not %ld", queue, depth, wanted);
    }
}

static int read_health_port(const char *path)
{
    AUTO(free_text) char *text = read_file(path);
    const char *line = strstr(text, "HEALTH_PORT=");
    return line != NULL ? (int)strtol(line + strlen("HEALTH_PORT="), NULL, 10) : 0;
}

struct listener_process hall_start(const struct hall *hall, const char *const extra[])
{
    static int started;
    AUTO(free_text) char *amqp_url = hall_amqp_url(hall, "listener");
    AUTO(free_text) char *database_url = hall_database_url(hall, "listener", "listener");
    AUTO(free_text) char *amqp = xasprintf("AMQP_URL=%s", amqp_url);
    AUTO(free_text) char *database = xasprintf("DATABASE_URL=%s", database_url);
    AUTO(free_text)
    char *ports = xasprintf("%s/%d-%d.ports", hall->stage.folder, (int)getpid(), started);
    AUTO(free_text) char *port_file = xasprintf("PORT_FILE=%s", ports);
    struct listener_process listener = {
        .log = xasprintf("%s/%d-%d.log", hall->stage.folder, (int)getpid(), started++)};
    const char *environment[16] = {amqp, database, port_file, "LOG_FORMAT=json", "LOG_LEVEL=debug"};
    for (size_t i = 0, at = 5; extra != NULL && extra[i] != NULL && at + 1 < COUNT_OF(environment);
         i++, at++) {
        environment[at] = extra[i];
    }
    const char *const argv[] = {getenv("LISTENER_BIN"), NULL};
    listener.pid = process_start(argv, environment, listener.log);
    int64_t until = clock_monotonic_ms() + READY_MS;
    while ((listener.health_port = read_health_port(ports)) == 0) {
        ck_assert_msg(process_is_alive(listener.pid) && clock_monotonic_ms() < until,
                      "the listener has not started: %s", read_file(listener.log));
        clock_sleep_ms(2);
    }
    return listener;
}

int hall_end(struct listener_process *listener, int signal)
{
    int status = process_end(listener->pid, signal, STOP_MS);
    listener->pid = 0;
    return status;
}

void hall_await_kill(struct listener_process *listener)
{
    int status = process_wait(listener->pid, AWAIT_MS);
    ck_assert_msg(status != -1 && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
                  "the listener ended with %d", status);
    listener->pid = 0;
}

long long hall_tells(const struct listener_process *listener, const char *name)
{
    AUTO(free_text) char *key = xasprintf("\"%s\":", name);
    struct answer answer = client_call(listener->health_port, "GET", "/readyz", NULL, NULL, 0);
    const char *at = strstr(buffer_cstr(&answer.body), key);
    long long number = at != NULL ? strtoll(at + strlen(key), NULL, 10) : -1;
    answer_done(&answer);
    return number;
}

void hall_await(const struct listener_process *listener, const char *name, long long wanted)
{
    int64_t until = clock_monotonic_ms() + AWAIT_MS;
    for (long long number = -1; number != wanted; clock_sleep_ms(10)) {
        number = hall_tells(listener, name);
        ck_assert_msg(number == wanted || clock_monotonic_ms() < until, "%s is %lld, not %lld",
                      name, number, wanted);
    }
}

bool hall_says(const struct listener_process *listener, const char *text)
{
    struct answer answer = client_call(listener->health_port, "GET", "/readyz", NULL, NULL, 0);
    bool is_said = answer_has(&answer, text);
    answer_done(&answer);
    return is_said;
}

int hall_times_logged(const struct listener_process *listener, const char *text)
{
    AUTO(free_text) char *log = read_file(listener->log);
    int times = 0;
    for (const char *at = strstr(log, text); at != NULL; at = strstr(at + 1, text)) {
        times++;
    }
    return times;
}

bool hall_has_logged(const struct listener_process *listener, const char *text)
{
    return hall_times_logged(listener, text) > 0;
}

static void add(struct tales *tales, struct saying saying, char *body)
{
    tales->bodies = xrealloc(tales->bodies, (tales->body_count + 1) * sizeof *tales->bodies);
    tales->bodies[tales->body_count++] = body;
    tales->list = xrealloc(tales->list, (tales->count + 1) * sizeof *tales->list);
    saying.service = "teller";
    saying.id = ids_new();
    saying.body = body;
    tales->list[tales->count++] = saying;
}

void tales_add(struct tales *tales, size_t count, const char *act, int64_t number, const char *note)
{
    for (size_t i = 0; i < count; i++) {
        const struct uuid id = ids_new();
        char text[UUID_TEXT_BYTES];
        char *body = xasprintf("{\"taleId\":\"%s\",\"act\":\"%s\",\"number\":%lld,\"note\":\"%s\"}",
                               ids_format(&id, text), act, (long long)number, note);
        add(tales,
            (struct saying){.name = "TaleTold",
                            .routing_key = "teller.tale-told.v1",
                            .subject = id,
                            .sequence = 1},
            body);
    }
}

void tales_add_oaths(struct tales *tales, size_t count, const char *act)
{
    for (size_t i = 0; i < count; i++) {
        const struct uuid id = ids_new();
        char text[UUID_TEXT_BYTES];
        char *body = xasprintf("{\"taleId\":\"%s\",\"act\":\"%s\"}", ids_format(&id, text), act);
        add(tales,
            (struct saying){.name = "OathSworn",
                            .routing_key = "teller.oath-sworn.v1",
                            .subject = id,
                            .sequence = 1},
            body);
    }
}

void tales_multiply(struct tales *tales, int times, unsigned seed)
{
    size_t total = tales->count * (size_t)times;
    tales->list = xrealloc(tales->list, total * sizeof *tales->list);
    for (size_t i = tales->count; i < total; i++) {
        tales->list[i] = tales->list[i - tales->count];
    }
    tales->count = total;
    for (size_t i = total - 1; i > 0; i--) {
        size_t other = (size_t)rand_r(&seed) % (i + 1);
        struct saying swap = tales->list[i];
        tales->list[i] = tales->list[other];
        tales->list[other] = swap;
    }
}

void tales_tell(const struct hall *hall, const struct tales *tales)
{
    stage_say(&hall->stage, tales->list, tales->count, 1);
}

void tales_done(struct tales *tales)
{
    for (size_t i = 0; i < tales->body_count; i++) {
        free(tales->bodies[i]);
    }
    free(tales->bodies);
    free(tales->list);
}

void hall_check_effects(PGconn *conn, long long wanted)
{
    ck_assert_int_eq(stage_number(conn, "select count(*) from effect"), wanted);
    ck_assert_int_eq(stage_number(conn, "select count(distinct event_id) from effect"), wanted);
    ck_assert_int_eq(stage_number(conn, "select count(*) from inbox"), wanted);
    ck_assert_int_eq(stage_number(conn, "select count(*) from outbox where kind = 0"), wanted);
    ck_assert_int_eq(
        stage_number(conn, "select count(distinct causation_id) from outbox where kind = 0"),
        wanted);
}

void hall_await_effects(PGconn *conn, long long wanted)
{
    stage_await(conn, wanted, "select count(distinct event_id) from effect");
    hall_check_effects(conn, wanted);
}
