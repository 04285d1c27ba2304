/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include "core/broker.h"
#include "core/buffer.h"
#include "core/clock.h"
#include "core/memory.h"
#include "core/token.h"
#include "support/process.h"
#include "tools/secret.h"

#include <check.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { TOOL_MS = 60000, AWAIT_MS = 30000 };

bool stage_has_servers(void)
{
    static const char *const needed[] = {"AMQP_URL", "MANAGEMENT_URL", "DATABASE_URL",
                                         "SECRETS_DIR"};
    for (size_t i = 0; i < COUNT_OF(needed); i++) {
        if (getenv(needed[i]) == NULL) {
            return false;
        }
    }
    return true;
}

static void run_tool(const struct stage *stage, const char *command, const char *option,
                     const char *value)
{
    AUTO(free_text) char *tool = xasprintf("%s/src/tools/quadrille", company_build(stage->company));
    AUTO(free_text) char *log = xasprintf("%s/quadrille.log", stage->folder);
    const char *const argv[] = {tool, command, "apply", option, value, NULL};
    int status = process_wait(process_start(argv, NULL, log), TOOL_MS);
    if (status != 0) {
        (void)fprintf(stderr, "stage: quadrille %s apply has failed: see %s\n", command, log);
        exit(1);
    }
}

/* The deploy account's URL of a database of ours, or of a service's account. */
static char *database_url(const struct stage *stage, const char *account)
{
    AUTO(free_text) char *database = xasprintf("%s_%s", stage->name, stage->service);
    return account != NULL ? company_database_url(account, database)
                           : secret_url_with_database(getenv("DATABASE_URL"), database);
}

static char *amqp_url(const struct stage *stage, const char *account)
{
    AUTO(free_text) char *url = company_amqp_url(account);
    const char *authority = strstr(url, "://") + 3;
    return xasprintf("%.*s/%s", (int)(authority - url) + (int)strcspn(authority, "/"), url,
                     stage->name);
}

void stage_open(struct stage *stage, const char *service, const char *const extra[])
{
    const struct uuid id = ids_new();
    stage->service = service;
    (void)snprintf(stage->name, sizeof stage->name, "t%02x%02x%02x%02x%02x", id.bytes[11],
                   id.bytes[12], id.bytes[13], id.bytes[14], id.bytes[15]);
    char folder[] = "/tmp/test_stage_XXXXXX";
    stage->folder = xstrdup(mkdtemp(folder));
    stage->company =
        company_new(&(struct company_options){.folder = stage->folder, .extra = extra});

    AUTO(free_text) char *prefix = xasprintf("%s_", stage->name);
    run_tool(stage, "topology", "--vhost", stage->name);
    run_tool(stage, "schema", "--prefix", prefix);

    AUTO(free_text) char *amqp = amqp_url(stage, service);
    AUTO(free_text) char *database = database_url(stage, service);
    AUTO(free_text) char *amqp_setting = xasprintf("AMQP_URL=%s", amqp);
    AUTO(free_text) char *database_setting = xasprintf("DATABASE_URL=%s", database);
    AUTO(free_text) char *keys_name = xasprintf("%s_history_keys", stage->name);
    AUTO(free_text) char *keys = company_database_url("history_keys", keys_name);
    AUTO(free_text) char *keys_setting = xasprintf("KEYS_DATABASE_URL=%s", keys);
    company_start_one(stage->company, service,
                      (const char *const[]){amqp_setting, database_setting, keys_setting, NULL});
    company_await_ready(stage->company, service);
}

static void drop_databases(const struct stage *stage)
{
    PGconn *conn = PQconnectdb(getenv("DATABASE_URL"));
    PGresult *names = PQexec(conn, "select quote_ident(datname) from pg_database");
    for (int i = 0; i < PQntuples(names); i++) {
        const char *name = PQgetvalue(names, i, 0);
        if (strncmp(name, stage->name, strlen(stage->name)) == 0) {
            AUTO(free_text) char *drop = xasprintf("drop database %s with (force)", name);
            PQclear(PQexec(conn, drop));
        }
    }
    PQclear(names);
    PQfinish(conn);
}

void stage_delete(const struct stage *stage, const char *what, const char *name)
{
    AUTO(free_text) char *url = xasprintf("%s/api/%s/%s", getenv("MANAGEMENT_URL"), what, name);
    AUTO(free_text) char *log = xasprintf("%s/curl.log", stage->folder);
    const char *const argv[] = {"/usr/bin/curl", "-sS", "-X", "DELETE", url, NULL};
    (void)process_wait(process_start(argv, NULL, log), TOOL_MS);
}

void stage_clear(struct stage *stage)
{
    stage_delete(stage, "vhosts", stage->name);
    drop_databases(stage);
    AUTO(free_text) char *folder = stage->folder;
    const char *const remove[] = {"/bin/rm", "-rf", folder, NULL};
    (void)process_wait(process_start(remove, NULL, "/dev/null"), TOOL_MS);
}

void stage_close(struct stage *stage)
{
    company_free(stage->company);
    stage_clear(stage);
}

PGconn *stage_connect(const struct stage *stage)
{
    AUTO(free_text) char *url = database_url(stage, NULL);
    AUTO(free_text) char *role = xasprintf("set role %s_owner", stage->service);
    PGconn *conn = PQconnectdb(url);
    ck_assert_msg(PQstatus(conn) == CONNECTION_OK, "%s", PQerrorMessage(conn));
    PQclear(PQexec(conn, role));
    return conn;
}

static char *query(PGconn *conn, const char *sql)
{
    PGresult *result = PQexec(conn, sql);
    ck_assert_msg(PQresultStatus(result) == PGRES_TUPLES_OK, "%s: %s", sql, PQerrorMessage(conn));
    char *text = xstrdup(PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
    return text;
}

static char *format_text(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

static char *format_text(const char *format, va_list args)
{
    char *text = NULL;
    ck_assert_int_ge(vasprintf(&text, format, args), 0);
    return text;
}

char *stage_text(PGconn *conn, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    AUTO(free_text) char *sql = format_text(format, args);
    va_end(args);
    return query(conn, sql);
}

long long stage_number(PGconn *conn, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    AUTO(free_text) char *sql = format_text(format, args);
    va_end(args);
    AUTO(free_text) char *text = query(conn, sql);
    return strtoll(text, NULL, 10);
}

void stage_await(PGconn *conn, long long wanted, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    AUTO(free_text) char *sql = format_text(format, args);
    va_end(args);
    int64_t until = clock_monotonic_ms() + AWAIT_MS;
    for (;;) {
        AUTO(free_text) char *text = query(conn, sql);
        if (strtoll(text, NULL, 10) == wanted) {
            return;
        }
        ck_assert_msg(clock_monotonic_ms() < until, "%s is %s, not %lld", sql, text, wanted);
        clock_sleep_ms(10);
    }
}

char *stage_token(const struct uuid *user_id)
{
    AUTO(free_text) char *path = xasprintf("%s/jwt.key", getenv("SECRETS_DIR"));
    struct token_keys *keys = NULL;
    struct fault fault = {0};
    ck_assert_msg(token_keys_load(path, &keys, &fault) == OK, "%s", fault.text);
    const struct token token = {.subject = *user_id, .expires_s = clock_now_ms() / 1000 + 3600};
    char *text = NULL;
    ck_assert_msg(token_make(keys, &token, clock_now_ms(), &text, &fault) == OK, "%s", fault.text);
    token_keys_free(keys);
    return text;
}

void stage_encode(const struct saying *saying, struct buffer *out)
{
    char id[UUID_TEXT_BYTES];
    char subject[UUID_TEXT_BYTES];
    char story[UUID_TEXT_BYTES];
    char time[CLOCK_TEXT_BYTES];
    (void)ids_format(&saying->id, id);
    (void)ids_format(&saying->subject, subject);
    (void)ids_format(ids_is_nil(&saying->story) ? &saying->id : &saying->story, story);
    (void)clock_format(clock_now_ms(), time);
    AUTO(free_text)
    char *type = xasprintf("fit.%s.%s.v%d", saying->service, saying->name,
                           saying->major > 0 ? saying->major : 1);
    AUTO(free_text) char *source = xasprintf("/fit/%s", saying->service);
    AUTO(free_text) char *sequence = xasprintf("%lld", (long long)saying->sequence);
    struct header headers[9] = {
        {.name = "cloudEvents_specversion", .text = "1.0"},
        {.name = "cloudEvents_id", .text = id},
        {.name = "cloudEvents_type", .text = type},
        {.name = "cloudEvents_source", .text = source},
        {.name = "cloudEvents_time", .text = time},
        {.name = "cloudEvents_subject", .text = subject},
        {.name = "cloudEvents_correlationid", .text = story},
    };
    size_t count = 7;
    if (saying->sequence != 0) {
        headers[count++] = (struct header){.name = "cloudEvents_sequence", .text = sequence};
    }
    if (saying->traceparent != NULL) {
        headers[count++] = (struct header){.name = "traceparent", .text = saying->traceparent};
    }
    const struct properties properties = {
        .message_id = id,
        .type = saying->name,
        .app_id = saying->service,
        .user_id = saying->service,
        .correlation_id = story,
        .content_type = "application/json",
        .timestamp_s = clock_now_ms() / 1000,
        .is_persistent = true,
        .headers = headers,
        .header_count = count,
    };
    struct fault fault = {0};
    ck_assert_msg(broker_properties_encode(&properties, out, &fault) == OK, "%s", fault.text);
}

static void count_confirmed(void *context, uint64_t number, enum verdict verdict,
                            const char *reason)
{
    (void)number;
    ck_assert_msg(verdict == VERDICT_CONFIRMED, "the broker said %s", reason);
    ++*(size_t *)context;
}

static void publish(struct broker *broker, const struct saying *saying)
{
    AUTO(buffer_done) struct buffer properties = {0};
    AUTO(free_text) char *exchange = xasprintf("%s.events", saying->service);
    struct fault fault = {0};
    uint64_t number = 0;
    stage_encode(saying, &properties);
    ck_assert_msg(broker_publish(broker, exchange, saying->routing_key, true, properties.bytes,
                                 properties.length, saying->body, strlen(saying->body), &number,
                                 &fault) == OK,
                  "%s", fault.text);
}

/* Everything that this service says, in the order given. */
static void say_as(const struct stage *stage, const char *service, const struct saying *sayings,
                   size_t count, int times)
{
    AUTO(free_text) char *url = amqp_url(stage, service);
    struct broker *broker = NULL;
    struct fault fault = {0};
    size_t sent = 0;
    size_t confirmed = 0;
    ck_assert_msg(
        broker_open(&(struct broker_options){.url = url, .name = "test"}, &broker, &fault) == OK,
        "%s", fault.text);
    ck_assert_msg(broker_confirm_select(broker, &fault) == OK, "%s", fault.text);
    broker_on_verdict(broker, count_confirmed, &confirmed);
    for (int time = 0; time < times; time++) {
        for (size_t i = 0; i < count; i++) {
            if (strcmp(sayings[i].service, service) == 0) {
                publish(broker, &sayings[i]);
                sent++;
            }
        }
    }
    while (confirmed < sent) {
        ck_assert_msg(broker_wait(broker, -1, 5000, &fault) == OK, "%s", fault.text);
    }
    broker_close(broker);
}

void stage_say(const struct stage *stage, const struct saying *sayings, size_t count, int times)
{
    for (size_t i = 0; i < count; i++) {
        bool is_first = true;
        for (size_t before = 0; before < i; before++) {
            is_first = is_first && strcmp(sayings[before].service, sayings[i].service) != 0;
        }
        if (is_first) {
            say_as(stage, sayings[i].service, sayings, count, times);
        }
    }
}
