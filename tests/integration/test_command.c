/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clock.h"
#include "core/ids.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/token.h"
#include "publishers/idempotency.h"
#include "publishers/publishers_sql.h"
#include "support/client.h"

#include <check.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* The command part in a real process (command_service.c) on a real database of its own. */

#define TRACE "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
#define NOTE "{\"text\":\"hello\"}"
#define KEY_LINE "a-key-for-tests-of-forty-characters-00001"

static const char trace_header[] = "traceparent: " TRACE;
static char *server_url; /* the deploy account's */
static char database[32], folder[64], *owner_url, *runtime_url;
static PGconn *conn;
static struct token_keys *keys;

static pid_t service_pid;
static int http_port_number, health_port;
static struct uuid user, other_user;
static char user_path[UUID_TEXT_BYTES], other_path[UUID_TEXT_BYTES];
static char *user_token, *admin_token, *operator_token;

static char *tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The first value of the first row, yours; "" when there is none. */
static char *tell(const char *format, ...)
{
    char *sql = NULL;
    va_list arguments;
    va_start(arguments, format);
    ck_assert_int_ge(vasprintf(&sql, format, arguments), 0);
    va_end(arguments);
    PGresult *result = PQexec(conn, sql);
    ExecStatusType status = PQresultStatus(result);
    ck_assert_msg(status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK, "%s: %s", sql,
                  PQerrorMessage(conn));
    char *value = xstrdup(PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
    free(sql);
    return value;
}

static long count(const char *sql)
{
    AUTO(free_text) char *value = tell("%s", sql);
    return strtol(value, NULL, 10);
}

static void do_sql(const char *sql)
{
    free(tell("%s", sql));
}

static void connect_as(const char *url)
{
    conn = PQconnectdb(url);
    ck_assert_msg(PQstatus(conn) == CONNECTION_OK, "%s", PQerrorMessage(conn));
    do_sql("set client_min_messages = warning");
}

/* `url` with another database, and with another account where one is given. */
static char *url_for(const char *url, const char *account)
{
    const char *at = strrchr(url, '@');
    const char *slash = strrchr(url, '/');
    ck_assert(at != NULL && slash > at);
    if (account == NULL) {
        return xasprintf("%.*s/%s", (int)(slash - url), url, database);
    }
    return xasprintf("postgresql://%s:secret@%.*s/%s", account, (int)(slash - at - 1), at + 1,
                     database);
}

static void make_database(void)
{
    struct uuid dice = ids_new();
    (void)snprintf(database, sizeof database, "qc_%02x%02x%02x%02x%02x", dice.bytes[11],
                   dice.bytes[12], dice.bytes[13], dice.bytes[14], dice.bytes[15]);
    connect_as(server_url);
    free(tell("create role %s login password 'secret'", database));
    free(tell("grant %s to current_user", database)); /* to end its connections */
    free(tell("create role %s_audit", database));
    free(tell("create database %s", database));
    PQfinish(conn);
    owner_url = url_for(server_url, NULL);
    runtime_url = url_for(server_url, database);
    connect_as(owner_url);
    free(tell("set quadrille.runtime_role = '%s'", database));
    free(tell("set quadrille.audit_role = '%s_audit'", database));
    do_sql(sql_001_outbox.text);
    do_sql(sql_002_idempotency.text);
    do_sql(
        "create table note (id uuid primary key, user_id uuid not null, text varchar(60) not null);"
        "create table counter (value bigint not null); insert into counter values (0)");
    free(tell("grant select, insert, delete on note to %s; grant select, update on counter to %s",
              database, database));
}

/* Autovacuum may be at work there, and its process is not ours to end: it leaves by itself. */
static void drop_when_alone(void)
{
    AUTO(free_text) char *sql = xasprintf("drop database %s with (force)", database);
    int64_t deadline = clock_monotonic_ms() + 10000;
    PGresult *result = PQexec(conn, sql);
    while (PQresultStatus(result) != PGRES_COMMAND_OK && clock_monotonic_ms() < deadline) {
        PQclear(result);
        clock_sleep_ms(100);
        result = PQexec(conn, sql);
    }
    ck_assert_msg(PQresultStatus(result) == PGRES_COMMAND_OK, "%s", PQresultErrorMessage(result));
    PQclear(result);
}

static void drop_database(void)
{
    PQfinish(conn);
    connect_as(server_url);
    drop_when_alone();
    free(tell("drop role %s; drop role %s_audit", database, database));
    PQfinish(conn);
    free(owner_url);
    free(runtime_url);
}

static char *in_folder(const char *name)
{
    return xasprintf("%s/%s", folder, name);
}

static void read_ports(void)
{
    AUTO(free_text) char *path = in_folder("ports");
    int64_t deadline = clock_monotonic_ms() + 10000;
    FILE *file = NULL;
    while ((file = fopen(path, "r")) == NULL) {
        ck_assert_msg(clock_monotonic_ms() < deadline, "the service wrote no ports");
        ck_assert_int_eq(waitpid(service_pid, NULL, WNOHANG), 0);
        clock_sleep_ms(5);
    }
    char text[128] = {0};
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    ck_assert_uint_gt(length, 0);
    const char *health = strstr(text, "HEALTH_PORT=");
    ck_assert_int_eq(strncmp(text, "HTTP_PORT=", 10), 0);
    ck_assert_ptr_nonnull(health);
    http_port_number = (int)strtol(text + 10, NULL, 10);
    health_port = (int)strtol(health + 12, NULL, 10);
    ck_assert_int_gt(http_port_number, 0);
    ck_assert_int_gt(health_port, 0);
}

static void set_environment(void)
{
    AUTO(free_text) char *key_file = in_folder("keys");
    AUTO(free_text) char *port_file = in_folder("ports");
    setenv("AMQP_URL", "amqp://nobody:nothing@127.0.0.1:1/", 1);
    setenv("DATABASE_URL", runtime_url, 1);
    setenv("JWT_KEY_FILE", key_file, 1);
    setenv("PORT_FILE", port_file, 1);
    setenv("LOG_LEVEL", "debug", 1);
    setenv("LOG_FORMAT", "json", 1);
}

/* Starts the service without waiting; its log goes to the folder. `name=value` settings end with
 * NULL. */
static pid_t spawn(const char *argument, const char *const *settings)
{
    AUTO(free_text) char *log = in_folder("log");
    const char *binary = getenv("COMMAND_SERVICE_BIN");
    ck_assert_ptr_nonnull(binary);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        dup2(fd, STDOUT_FILENO);
        dup2(fd, STDERR_FILENO);
        set_environment();
        for (size_t i = 0; settings != NULL && settings[i] != NULL; i++) {
            putenv(xstrdup(settings[i]));
        }
        execl(binary, binary, argument, NULL);
        _exit(127);
    }
    return pid;
}

static void start(const char *const *settings)
{
    AUTO(free_text) char *port_file = in_folder("ports");
    (void)unlink(port_file);
    service_pid = spawn(NULL, settings);
    read_ports();
}

/* Its exit status, or minus the signal that ended it. */
static int wait_end(pid_t pid)
{
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int stop(int signal_number)
{
    kill(service_pid, signal_number);
    int status = wait_end(service_pid);
    service_pid = 0;
    return status;
}

static char *read_log(void)
{
    AUTO(free_text) char *path = in_folder("log");
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    char *text = xcalloc(1, 1 << 18);
    (void)!fread(text, 1, (1 << 18) - 1, file);
    fclose(file);
    return text;
}

static char *bearer_until(const struct uuid *subject, enum token_role role, int64_t in_s)
{
    enum { LIFE_S = 2 * 3600 };
    char *text = NULL;
    struct fault fault = {.text = ""};
    int64_t expires_s = clock_now_ms() / 1000 + in_s;
    const struct token token = {.subject = *subject, .role = role, .expires_s = expires_s};
    ck_assert_msg(token_make(keys, &token, (expires_s - LIFE_S) * 1000, &text, &fault) == OK, "%s",
                  fault.text);
    char *header = xasprintf("Authorization: Bearer %s", text);
    free(text);
    return header;
}

static char *bearer(const struct uuid *subject, enum token_role role)
{
    return bearer_until(subject, role, 3600);
}

/* The claims of a good token without its signature, under a head that says there is none. */
static char *unsigned_bearer(const char *good)
{
    static const char head[] = "{\"alg\":\"none\",\"typ\":\"JWT\"}";
    char text[64];
    const char *claims = strchr(good, '.') + 1;
    (void)sodium_bin2base64(text, sizeof text, (const unsigned char *)head, sizeof head - 1,
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return xasprintf("Authorization: Bearer %s.%.*s.", text, (int)strcspn(claims, "."), claims);
}

/* `path` follows /users/<user>. `key` may be NULL. */
static struct answer post(const char *path, const char *body, const char *key)
{
    AUTO(free_text) char *whole = xasprintf("/users/%s%s", user_path, path);
    AUTO(free_text) char *key_header = key != NULL ? xasprintf("Idempotency-Key: %s", key) : NULL;
    return client_call(
        http_port_number, "POST", whole,
        HEADERS(JSON, user_token, trace_header, key_header != NULL ? key_header : "X-None: 1"),
        body, body != NULL ? strlen(body) : 0);
}

static void check_post(const char *path, const char *body, const char *key, long status,
                       const char *code)
{
    struct answer answer = post(path, body, key);
    ck_assert_msg(answer.status == status, "%s %s: %ld %s", path, body, answer.status,
                  buffer_cstr(&answer.body));
    ck_assert_msg(code == NULL || answer_has(&answer, code), "%s", buffer_cstr(&answer.body));
    answer_done(&answer);
}

static void set_up(void)
{
    struct fault fault = {.text = ""};
    ck_assert_int_ge(sodium_init(), 0);
    (void)snprintf(folder, sizeof folder, "/tmp/test_command_XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    AUTO(free_text) char *path = in_folder("keys");
    FILE *file = fopen(path, "w");
    fputs(KEY_LINE "\n", file);
    fclose(file);
    ck_assert_int_eq(chmod(path, 0600), 0);
    ck_assert_msg(token_keys_load(path, &keys, &fault) == OK, "%s", fault.text);
    user = ids_new();
    other_user = ids_new();
    (void)ids_format(&user, user_path);
    (void)ids_format(&other_user, other_path);
    user_token = bearer(&user, TOKEN_USER);
    admin_token = bearer(&other_user, TOKEN_ADMIN);
    operator_token = bearer(&other_user, TOKEN_OPERATOR);
    make_database();
    service_pid = 0;
}

static void tear_down(void)
{
    static const char *const names[] = {"keys", "ports", "log"};
    if (service_pid != 0) {
        (void)stop(SIGKILL);
    }
    drop_database();
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        AUTO(free_text) char *path = in_folder(names[i]);
        (void)unlink(path);
    }
    (void)rmdir(folder);
    token_keys_free(keys);
    free(user_token);
    free(admin_token);
    free(operator_token);
}

START_TEST(lets_in_whom_it_should)
{
    start(NULL);
    AUTO(free_text) char *mine = xasprintf("/users/%s/notes", user_path);
    AUTO(free_text) char *theirs = xasprintf("/users/%s/notes", other_path);
    AUTO(free_text) char *broken = xstrdup(user_token);
    broken[strlen(broken) - 3] ^= 1;
    AUTO(free_text) char *expired = bearer_until(&user, TOKEN_USER, -3600);
    AUTO(free_text) char *unsigned_token = unsigned_bearer(user_token);
    const struct {
        const char *path, *token;
        long status;
    } rows[] = {
        {mine, user_token, 201},
        {mine, admin_token, 201},
        {theirs, user_token, 403},
        {mine, operator_token, 403},
        {mine, "X-None: 1", 401},
        {mine, broken, 401},
        {mine, expired, 401},
        {mine, unsigned_token, 401},
        {mine, "Authorization: Basic dTpw", 401},
        {mine, "Authorization: Bearer", 401},
        {"/users/7/notes", "X-None: 1", 401},
        {"/users/7/notes", user_token, 404},
        {"/open", "X-None: 1", 201},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct answer answer = client_call(http_port_number, "POST", rows[i].path,
                                           HEADERS(JSON, rows[i].token), NOTE, strlen(NOTE));
        ck_assert_msg(answer.status == rows[i].status, "row %zu: %ld", i, answer.status);
        ck_assert(answer.status != 401 || answer_has_head(&answer, "WWW-Authenticate: Bearer"));
        ck_assert(answer.status < 400 ||
                  answer_has_head(&answer, "Content-Type: application/problem+json"));
        answer_done(&answer);
    }
    ck_assert_int_eq(count("select count(*) from note"), 3);
}
END_TEST

START_TEST(refuses_what_it_cannot_read)
{
    static char large[64 * 1024 + 2];
    memset(large, ' ', sizeof large - 1);
    /* clang-format off */
    const struct { const char *body; long status; const char *has; } rows[] = {
        {"{", 400, "/problems/malformed"},
        {NULL, 400, "/problems/malformed"},
        {"{\"text\":}", 400, "/problems/malformed"},
        {large, 413, "/problems/too-large"},
        {"{}", 422, "\"field\":\"/text\""},
        {"[]", 422, "\"field\":\"\""},
        {"{\"text\":1}", 422, "\"field\":\"/text\""},
        {"{\"text\":\"a\",\"amount\":0}", 422, "\"field\":\"/amount\""},
        {"{\"text\":\"a\",\"price\":1}", 422, "\"field\":\"/price\""},
        {"{\"text\":\"4242 4242 4242 4242\"}", 422, "/problems/card-number"},
        {"{\"text\":\"a\",\"amount\":4242424242424242}", 422, "\"field\":\"/amount\""},
        {"{\"text\":\"a\",\"x\":{\"y\":[\"4242-4242-4242-4242\"]}}", 422, "\"field\":\"/x/y/0\""},
    };
    /* clang-format on */
    start(NULL);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct answer answer = post("/notes", rows[i].body, NULL);
        ck_assert_msg(answer.status == rows[i].status && answer_has(&answer, rows[i].has),
                      "row %zu: %ld %s", i, answer.status, buffer_cstr(&answer.body));
        ck_assert(!answer_has(&answer, "4242"));
        answer_done(&answer);
    }
    AUTO(free_text) char *path = xasprintf("/users/%s/notes", user_path);
    struct answer plain =
        client_call(http_port_number, "POST", path, HEADERS("Content-Type: text/plain", user_token),
                    NOTE, strlen(NOTE));
    ck_assert_int_eq(plain.status, 415);
    struct answer method =
        client_call(http_port_number, "PUT", path, HEADERS(JSON, user_token), NOTE, strlen(NOTE));
    ck_assert_int_eq(method.status, 405);
    ck_assert(answer_has_head(&method, "Allow: POST"));
    answer_done(&plain);
    answer_done(&method);
    ck_assert_int_eq(count("select count(*) from note"), 0);
    AUTO(free_text) char *log = read_log();
    ck_assert_ptr_null(strstr(log, "4242"));
}
END_TEST

START_TEST(reads_writes_and_forgets)
{
    start(NULL);
    struct answer made = post("/notes", "{\"text\":\"a \\\"b\\\"\"}", NULL);
    ck_assert_int_eq(made.status, 201);
    AUTO(free_text) char *id = tell("select id from note");
    AUTO(free_text) char *path = xasprintf("/users/%s/notes/%s", user_path, id);
    struct answer got = client_call(http_port_number, "GET", path, HEADERS(user_token), NULL, 0);
    ck_assert_int_eq(got.status, 200);
    ck_assert_str_eq(buffer_cstr(&got.body), "{\"text\":\"a \\\"b\\\"\"}");
    struct answer gone =
        client_call(http_port_number, "DELETE", path, HEADERS(user_token), NULL, 0);
    ck_assert_int_eq(gone.status, 204);
    struct answer missing =
        client_call(http_port_number, "GET", path, HEADERS(user_token), NULL, 0);
    ck_assert_int_eq(missing.status, 404);
    answer_done(&made);
    answer_done(&got);
    answer_done(&gone);
    answer_done(&missing);
}
END_TEST

START_TEST(rolls_back_what_it_refuses)
{
    start(NULL);
    check_post("/refused", NOTE, "key-1", 409, "There is one already.");
    check_post("/wrong", NULL, NULL, 500, "/problems/internal");
    ck_assert_int_eq(count("select count(*) from note"), 0);
    ck_assert_int_eq(count("select count(*) from outbox"), 0);
    /* The answer alone is kept. */
    ck_assert_int_eq(count("select count(*) from idempotency"), 1);
}
END_TEST

START_TEST(is_unavailable_without_its_database_and_recovers)
{
    start(NULL);
    check_post("/notes", NOTE, NULL, 201, NULL);
    free(tell("alter role %s nologin", database));
    free(tell("select pg_terminate_backend(pid) from pg_stat_activity where usename = '%s'",
              database));
    free(tell("alter role %s login", database));
    check_post("/notes", NOTE, NULL, 201, NULL); /* the connection had died unnoticed */
    (void)stop(SIGKILL);

    start(HEADERS("DATABASE_URL=postgresql://nobody:x@127.0.0.1:1/nothing"));
    struct answer answer = post("/notes", NOTE, "key-1");
    ck_assert_int_eq(answer.status, 503);
    ck_assert(answer_has_head(&answer, "Retry-After: "));
    answer_done(&answer);
    struct answer ready = client_call(health_port, "GET", "/readyz", NULL, NULL, 0);
    ck_assert_int_eq(ready.status, 503);
    ck_assert(answer_has(&ready, "\"database\":\"down\""));
    answer_done(&ready);
}
END_TEST

START_TEST(answers_a_repeated_key_without_a_second_effect)
{
    start(NULL);
    struct answer first = post("/notes", NOTE, "key-1");
    ck_assert_int_eq(first.status, 201);
    ck_assert(!answer_has_head(&first, "Idempotent-Replayed"));
    for (int i = 0; i < 2; i++) {
        struct answer again = post("/notes", NOTE, "key-1");
        ck_assert_int_eq(again.status, 201);
        ck_assert(answer_has_head(&again, "Idempotent-Replayed: true"));
        ck_assert(answer_has_head(&again, "Location: /notes/"));
        ck_assert(answer_has_head(&again, "Content-Type: application/json"));
        ck_assert_str_eq(buffer_cstr(&again.body), buffer_cstr(&first.body));
        answer_done(&again);
    }
    answer_done(&first);
    ck_assert_int_eq(count("select count(*) from note"), 1);
    ck_assert_int_eq(count("select count(*) from outbox"), 1);

    check_post("/notes", "{\"text\":\"other\"}", "key-1", 422, "/problems/idempotency-key-reused");
    check_post("/notes", NOTE, "key-2", 201, NULL); /* another key */
    check_post("/slow", NOTE, "key-1", 201, NULL);  /* another route */
    AUTO(free_text) char *path = xasprintf("/users/%s/notes", user_path);
    struct answer other =
        client_call(http_port_number, "POST", path,
                    HEADERS(JSON, admin_token, "Idempotency-Key: key-1"), NOTE, strlen(NOTE));
    ck_assert_int_eq(other.status, 201); /* another caller */
    ck_assert(!answer_has_head(&other, "Idempotent-Replayed"));
    answer_done(&other);
    ck_assert_int_eq(count("select count(*) from note"), 4);
}
END_TEST

START_TEST(takes_keys_of_anyone)
{
    start(NULL);
    struct answer answers[2];
    for (int i = 0; i < 2; i++) {
        answers[i] = client_call(http_port_number, "POST", "/open",
                                 HEADERS(JSON, "Idempotency-Key: " KEY_LINE), NOTE, strlen(NOTE));
        ck_assert_int_eq(answers[i].status, 201);
    }
    ck_assert_str_eq(buffer_cstr(&answers[0].body), buffer_cstr(&answers[1].body));
    ck_assert_int_eq(count("select count(*) from note"), 1);
    answer_done(&answers[0]);
    answer_done(&answers[1]);
}
END_TEST

START_TEST(refuses_a_key_that_is_none)
{
    char longest[IDEMPOTENCY_KEY_MAX_BYTES + 2] = {0};
    start(NULL);
    memset(longest, 'k', IDEMPOTENCY_KEY_MAX_BYTES + 1);
    check_post("/notes", NOTE, longest, 400, "/problems/bad-idempotency-key");
    check_post("/notes", NOTE, "two words", 400, "/problems/bad-idempotency-key");
    check_post("/notes", NOTE, "sch\xc3\xb6n", 400, "/problems/bad-idempotency-key");
    longest[IDEMPOTENCY_KEY_MAX_BYTES] = '\0';
    check_post("/notes", NOTE, longest, 201, NULL);
}
END_TEST

static void *post_slow(void *context)
{
    struct answer *answer = context;
    *answer = post("/slow", NOTE, "twins");
    return NULL;
}

/* Until a slow request is inside its transaction. */
static void wait_for_slow(void)
{
    int64_t deadline = clock_monotonic_ms() + 10000;
    while (count("select count(*) from pg_stat_activity where datname = current_database() "
                 "and pid <> pg_backend_pid() and state = 'active' and query like '%pg_sleep%'") ==
           0) {
        ck_assert_int_lt(clock_monotonic_ms(), deadline);
        clock_sleep_ms(5);
    }
}

START_TEST(lets_one_of_many_twins_through)
{
    enum { TWINS = 6 };
    pthread_t threads[TWINS];
    struct answer answers[TWINS];
    int made = 0, running = 0;
    start(NULL);
    for (int i = 0; i < TWINS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, post_slow, &answers[i]), 0);
    }
    for (int i = 0; i < TWINS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        made += answers[i].status == 201 ? 1 : 0;
        running +=
            answers[i].status == 409 && answer_has(&answers[i], "/problems/still-running") ? 1 : 0;
        answer_done(&answers[i]);
    }
    ck_assert_int_eq(made + running, TWINS);
    ck_assert_int_ge(made, 1);
    ck_assert_int_ge(running, 1);
    ck_assert_int_eq(count("select count(*) from note"), 1);
    ck_assert_int_eq(count("select count(*) from outbox"), 1);
    check_post("/slow", NOTE, "twins", 201, NULL);
    ck_assert_int_eq(count("select count(*) from note"), 1);
}
END_TEST

START_TEST(tells_the_second_at_once)
{
    pthread_t thread;
    struct answer first;
    start(NULL);
    ck_assert_int_eq(pthread_create(&thread, NULL, post_slow, &first), 0);
    wait_for_slow();
    struct answer second = post("/slow", NOTE, "twins");
    ck_assert_int_eq(second.status, 409);
    ck_assert(answer_has(&second, "/problems/still-running"));
    ck_assert(answer_has_head(&second, "Retry-After: 1"));
    answer_done(&second);
    ck_assert_int_eq(count("select count(*) from note"), 0); /* the first is still at it */
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(first.status, 201);
    answer_done(&first);
}
END_TEST

/* Killed at each point: whatever the client does next, the effect is there once. */
static const struct crash_case {
    const char *setting;
    long notes_after_crash;
} crashes[] = {
    {"CRASH_AT=command.after_claim", 0},
    {"CRASH_AT=command.before_commit", 0},
    {"CRASH_AT=command.after_commit", 1},
};

START_TEST(keeps_its_promise_through_a_crash)
{
    const struct crash_case *row = &crashes[_i];
    start(HEADERS(row->setting));
    struct answer lost = post("/notes", NOTE, "key-1");
    ck_assert_int_eq(lost.status, 0);
    answer_done(&lost);
    ck_assert_int_eq(wait_end(service_pid), -SIGKILL);
    service_pid = 0;
    clock_sleep_ms(100); /* the server notices */
    ck_assert_int_eq(count("select count(*) from note"), row->notes_after_crash);

    start(NULL);
    struct answer again = post("/notes", NOTE, "key-1");
    ck_assert_msg(again.status == 201, "%ld %s", again.status, buffer_cstr(&again.body));
    ck_assert_int_eq(answer_has_head(&again, "Idempotent-Replayed: true"),
                     row->notes_after_crash == 1);
    answer_done(&again);
    ck_assert_int_eq(count("select count(*) from note"), 1);
    ck_assert_int_eq(count("select count(*) from outbox"), 1);
    ck_assert_int_eq(count("select count(*) from idempotency"), 1);
}
END_TEST

START_TEST(forgets_a_key_after_its_day)
{
    struct fault fault = {.text = ""};
    struct db *db = NULL;
    int64_t removed = 0;
    start(NULL);
    check_post("/notes", NOTE, "key-1", 201, NULL);
    ck_assert_int_eq(count("select count(*) from idempotency where expires_at between now() + "
                           "interval '1439 minutes' "
                           "and now() + interval '1441 minutes'"),
                     1);
    do_sql("update idempotency set expires_at = now() - interval '1 second'");
    check_post("/notes", "{\"text\":\"other\"}", "key-1", 201, NULL);
    ck_assert_int_eq(count("select count(*) from note"), 2);

    do_sql("insert into idempotency select decode(md5(n::text), 'hex'), '', now(), 200, null, '' "
           "from generate_series(1, 700) n");
    ck_assert_msg(db_open(&(struct db_options){.url = runtime_url, .name = "test"}, &db, &fault) ==
                      OK,
                  "%s", fault.text);
    ck_assert_int_eq(idempotency_expire(db, clock_now_ms() + 1000, &removed, &fault), OK);
    ck_assert_int_eq(removed, IDEMPOTENCY_EXPIRE_ROWS);
    ck_assert_int_eq(idempotency_expire(db, clock_now_ms() + 1000, &removed, &fault), OK);
    ck_assert_int_eq(removed, 200);
    ck_assert_int_eq(count("select count(*) from idempotency"), 1);
    db_close(db);
}
END_TEST

START_TEST(carries_the_traceparent_and_the_request_into_the_outbox)
{
    start(NULL);
    struct answer answer = post("/notes", NOTE, NULL);
    AUTO(free_text) char *trace = tell("select traceparent from outbox");
    AUTO(free_text) char *correlation = tell("select correlation_id from outbox");
    AUTO(free_text) char *cause = tell("select causation_id from outbox");
    AUTO(free_text) char *request_id = xasprintf("X-Request-Id: %s", correlation);
    ck_assert_str_eq(trace, TRACE);
    ck_assert_str_eq(cause, "");
    ck_assert_msg(answer_has_head(&answer, request_id), "%s", buffer_cstr(&answer.head));
    AUTO(free_text) char *log = read_log();
    ck_assert_ptr_nonnull(strstr(log, TRACE));
    ck_assert_ptr_null(strstr(log, "hello"));
    answer_done(&answer);
}
END_TEST

static void *post_count(void *context)
{
    struct answer answer = post("/count", NULL, NULL);
    *(long *)context = answer.status;
    answer_done(&answer);
    return NULL;
}

START_TEST(runs_again_what_lost_a_race)
{
    enum { RACERS = 3 };
    pthread_t threads[RACERS];
    long statuses[RACERS], done = 0;
    start(NULL);
    for (int i = 0; i < RACERS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, post_count, &statuses[i]), 0);
    }
    for (int i = 0; i < RACERS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        ck_assert_msg(statuses[i] == 204, "%ld", statuses[i]);
        done++;
    }
    ck_assert_int_eq(count("select value from counter"), done);
}
END_TEST

START_TEST(finishes_the_request_that_runs_when_told_to_stop)
{
    pthread_t thread;
    struct answer answer;
    start(NULL);
    ck_assert_int_eq(pthread_create(&thread, NULL, post_slow, &answer), 0);
    wait_for_slow();
    ck_assert_int_eq(stop(SIGTERM), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(answer.status, 201);
    answer_done(&answer);
    ck_assert_int_eq(count("select count(*) from note"), 1);
}
END_TEST

START_TEST(goes_at_the_second_signal)
{
    pthread_t thread;
    struct answer answer;
    start(NULL);
    ck_assert_int_eq(pthread_create(&thread, NULL, post_slow, &answer), 0);
    wait_for_slow();
    kill(service_pid, SIGINT);
    clock_sleep_ms(50);
    ck_assert_int_eq(stop(SIGINT), 1);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(answer.status, 0);
    answer_done(&answer);
}
END_TEST

START_TEST(is_over_when_a_part_fails)
{
    start(HEADERS("FAIL_AFTER_MS=300"));
    ck_assert_int_eq(wait_end(service_pid), 1);
    service_pid = 0;
    AUTO(free_text) char *log = read_log();
    ck_assert_ptr_nonnull(strstr(log, "told to fail"));
}
END_TEST

/* The handler has said 201 before the database says no. */
START_TEST(a_commit_that_is_refused_is_no_success)
{
    start(NULL);
    check_post("/notes", "{\"text\":\"" KEY_LINE KEY_LINE "\"}", "key-1", 500,
               "/problems/internal");
    ck_assert_int_eq(count("select count(*) from note"), 0);
    ck_assert_int_eq(count("select count(*) from idempotency"), 0);
    AUTO(free_text) char *log = read_log();
    ck_assert_ptr_nonnull(strstr(log, "http.failed"));
}
END_TEST

START_TEST(what_was_refused_once_stays_refused_under_its_key)
{
    start(NULL);
    check_post("/notes", NOTE, NULL, 201, NULL);
    check_post("/only", NOTE, "key-1", 409, "There is one already.");
    ck_assert_int_eq(count("select count(*) from note"), 1);
    ck_assert_int_eq(count("select count(*) from outbox"), 1);
    do_sql("delete from note");
    struct answer late = post("/only", NOTE, "key-1");
    ck_assert_int_eq(late.status, 409);
    ck_assert(answer_has(&late, "There is one already."));
    ck_assert(answer_has_head(&late, "Content-Type: application/problem+json"));
    ck_assert(answer_has_head(&late, "Idempotent-Replayed: true"));
    answer_done(&late);
    ck_assert_int_eq(count("select count(*) from note"), 0);
    check_post("/only", NOTE, "key-2", 201, NULL);
}
END_TEST

/* Answers may hold tokens and names: only who has the key can read what is kept. */
START_TEST(a_kept_answer_shows_nothing_to_who_reads_the_table)
{
    start(NULL);
    check_post("/notes", NOTE, "key-1", 201, NULL);
    ck_assert_int_eq(count("select count(*) from idempotency where length(answer) > 40"), 1);
    ck_assert_int_eq(
        count("select count(*) from idempotency where position('noteId'::bytea in answer) > 0"), 0);
    do_sql("update idempotency set answer = set_byte(answer, 30, 255 - get_byte(answer, 30))");
    check_post("/notes", NOTE, "key-1", 500, "/problems/internal");
    do_sql("update idempotency set answer = 'short'");
    check_post("/notes", NOTE, "key-1", 500, "/problems/internal");
    ck_assert_int_eq(count("select count(*) from note"), 1);
}
END_TEST

START_TEST(a_caller_without_a_token_needs_a_key_that_nobody_guesses)
{
    start(NULL);
    static const struct {
        const char *header;
        long status;
    } keys_sent[] = {{"Idempotency-Key: register-1", 400},
                     {"Idempotency-Key: 123456789012345", 400},
                     {"Idempotency-Key: 1234567890123456", 201}};
    for (size_t i = 0; i < COUNT_OF(keys_sent); i++) {
        struct answer answer = client_call(http_port_number, "POST", "/open",
                                           HEADERS(JSON, keys_sent[i].header), NOTE, strlen(NOTE));
        ck_assert_int_eq(answer.status, keys_sent[i].status);
        ck_assert(answer.status == 201 || answer_has(&answer, "a random UUID"));
        answer_done(&answer);
    }
}
END_TEST

/* A process that is not ready is sent no requests: it must find out by itself. */
START_TEST(is_ready_again_without_being_asked)
{
    pthread_t thread;
    struct answer answer;
    start(NULL);
    ck_assert_int_eq(pthread_create(&thread, NULL, post_slow, &answer), 0);
    wait_for_slow();
    free(tell("select pg_terminate_backend(pid) from pg_stat_activity where usename = '%s'",
              database));
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(answer.status, 503);
    answer_done(&answer);
    struct answer down = client_call(health_port, "GET", "/readyz", NULL, NULL, 0);
    ck_assert_int_eq(down.status, 503);
    ck_assert(answer_has(&down, "\"database\":\"down\""));
    answer_done(&down);
    int64_t deadline = clock_monotonic_ms() + 5000;
    long status = 0;
    while (status != 200 && clock_monotonic_ms() < deadline) {
        struct answer ready = client_call(health_port, "GET", "/readyz", NULL, NULL, 0);
        status = ready.status;
        answer_done(&ready);
        clock_sleep_ms(50);
    }
    ck_assert_int_eq(status, 200);
}
END_TEST

START_TEST(tells_its_health)
{
    start(NULL);
    check_post("/notes", NOTE, NULL, 201, NULL);
    struct answer alive = client_call(health_port, "GET", "/healthz", NULL, NULL, 0);
    struct answer ready = client_call(health_port, "GET", "/readyz", NULL, NULL, 0);
    struct answer public = client_call(http_port_number, "GET", "/readyz", NULL, NULL, 0);
    ck_assert_int_eq(alive.status, 200);
    ck_assert_int_eq(ready.status, 200);
    ck_assert_int_eq(public.status, 404);
    static const char *const parts[] = {
        "\"status\":\"ready\"", "\"broker\":\"up\"", "\"database\":\"up\"", "\"state\":\"standby\"",
        "\"lag_ms\":0",         "\"unsent\":3",      "\"retries\":0",       "\"needs_attention\":0",
        "\"notes\":\"fine\"",   "\"consumed\":0"};
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        ck_assert_msg(answer_has(&ready, parts[i]), "%s", buffer_cstr(&ready.body));
    }
    answer_done(&alive);
    answer_done(&ready);
    answer_done(&public);
}
END_TEST

/* clang-format off */
static const struct start_case { const char *argument, *setting; int status; const char *says; } starts[] = {
    {"--help", NULL, 0, "DATABASE_URL"},
    {"--version", NULL, 0, "notes "},
    {"--nonsense", NULL, 2, "wrong arguments"},
    {NULL, "DATABASE_URL=", 2, "DATABASE_URL"},
    {NULL, "LOG_LEVEL=loud", 2, "LOG_LEVEL must be one of debug, info, warn, error, off"},
    {NULL, "LOG_FORMAT=xml", 2, "LOG_FORMAT must be one of json, text, auto"},
    {NULL, "FAVOURITE=9", 2, "FAVOURITE must be even"},
    {NULL, "HEALTH_LISTEN=0.0.0.0:0", 1, "loopback"},
    {NULL, "HTTP_LISTEN=192.0.2.1:0", 1, "192.0.2.1"},
    {NULL, "JWT_KEY_FILE=/nowhere/keys", 1, "/nowhere/keys"},
    {NULL, "JWT_KEY_FILE=", 1, "JWT_KEY_FILE"},
    {NULL, "PORT_FILE=/nowhere/ports", 1, "/nowhere/ports"},
};
/* clang-format on */

START_TEST(says_what_it_is_and_why_it_does_not_start)
{
    const struct start_case *row = &starts[_i];
    int status =
        wait_end(spawn(row->argument, row->setting != NULL ? HEADERS(row->setting) : NULL));
    AUTO(free_text) char *log = read_log();
    ck_assert_msg(status == row->status, "%d: %s", status, log);
    ck_assert_msg(strstr(log, row->says) != NULL, "%s", log);
}
END_TEST

START_TEST(names_wrong_settings_of_both_tables_at_once)
{
    int status = wait_end(spawn(NULL, HEADERS("WORKERS=0", "FAVOURITE=10")));
    AUTO(free_text) char *log = read_log();
    ck_assert_int_eq(status, 2);
    ck_assert_msg(strstr(log, "WORKERS must be a whole number from 1 to 64; "
                              "FAVOURITE must be a whole number from 1 to 9\"") != NULL,
                  "%s", log);
}
END_TEST

int main(void)
{
    const char *url = getenv("DATABASE_URL");
    if (url == NULL) {
        puts("1..0 # SKIP DATABASE_URL is not set");
        return EXIT_SUCCESS;
    }
    server_url = xstrdup(url);
    TCase *cases = tcase_create("command");
    tcase_set_timeout(cases, 60);
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, lets_in_whom_it_should);
    tcase_add_test(cases, refuses_what_it_cannot_read);
    tcase_add_test(cases, reads_writes_and_forgets);
    tcase_add_test(cases, rolls_back_what_it_refuses);
    tcase_add_test(cases, is_unavailable_without_its_database_and_recovers);
    tcase_add_test(cases, answers_a_repeated_key_without_a_second_effect);
    tcase_add_test(cases, takes_keys_of_anyone);
    tcase_add_test(cases, refuses_a_key_that_is_none);
    tcase_add_test(cases, lets_one_of_many_twins_through);
    tcase_add_test(cases, tells_the_second_at_once);
    tcase_add_loop_test(cases, keeps_its_promise_through_a_crash, 0, COUNT_OF(crashes));
    tcase_add_test(cases, forgets_a_key_after_its_day);
    tcase_add_test(cases, carries_the_traceparent_and_the_request_into_the_outbox);
    tcase_add_test(cases, runs_again_what_lost_a_race);
    tcase_add_test(cases, finishes_the_request_that_runs_when_told_to_stop);
    tcase_add_test(cases, goes_at_the_second_signal);
    tcase_add_test(cases, is_over_when_a_part_fails);
    tcase_add_test(cases, a_commit_that_is_refused_is_no_success);
    tcase_add_test(cases, what_was_refused_once_stays_refused_under_its_key);
    tcase_add_test(cases, a_kept_answer_shows_nothing_to_who_reads_the_table);
    tcase_add_test(cases, a_caller_without_a_token_needs_a_key_that_nobody_guesses);
    tcase_add_test(cases, is_ready_again_without_being_asked);
    tcase_add_test(cases, tells_its_health);
    tcase_add_loop_test(cases, says_what_it_is_and_why_it_does_not_start, 0, COUNT_OF(starts));
    tcase_add_test(cases, names_wrong_settings_of_both_tables_at_once);
    Suite *suite = suite_create("command");
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    free(server_url);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
