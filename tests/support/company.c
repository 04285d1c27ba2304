/* SPDX-License-Identifier: Apache-2.0 */
#include "support/company.h"

#include "core/clock.h"
#include "core/memory.h"
#include "support/process.h"
#include "tools/secret.h"

#include <errno.h>
#include <glob.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READY_MS = 30000, STOP_MS = 12000, EXTRA_MAX = 32, TWINS_MAX = 8 };

/* The provider first: billing needs it. */
static const char *const names[] = {"provider", "profile",      "subscription", "billing",
                                    "coaching", "notification", "history"};
enum { PROVIDER, MEMBERS = COUNT_OF(names) };

struct member {
    pid_t pid;
    char *port_file;
    char *log;
    _Atomic int http_port,
        health_port; /* other threads may ask while a member starts again, on the same ports */
};

struct company {
    char *folder, *build, *maildir, *secrets;
    const char *const *extra;
    struct member members[MEMBERS];
    pid_t twins[TWINS_MAX];
    size_t twin_count;
};

static void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

static void fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fputs("company: ", stderr);
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
    va_end(args);
    exit(1);
}

static const char *need_env(const char *name)
{
    const char *value = getenv(name);
    if (value == NULL || value[0] == '\0') {
        fail("the environment variable %s is needed", name);
    }
    return value;
}

static size_t index_of(const char *name)
{
    for (size_t i = 0; i < MEMBERS; i++) {
        if (strcmp(names[i], name) == 0) {
            return i;
        }
    }
    fail("there is no %s in the company", name);
}

static void make_folder(const char *path)
{
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        fail("%s: %s", path, strerror(errno));
    }
}

static char *password_of(const char *account)
{
    char *password = NULL;
    struct fault fault;
    if (secret_read(need_env("SECRETS_DIR"), account, &password, &fault) != OK) {
        fail("%s", fault.text);
    }
    return password;
}

char *company_amqp_url(const char *account)
{
    AUTO(free_text) char *password = password_of(account);
    return secret_url_with_user(need_env("AMQP_URL"), account, password);
}

char *company_database_url(const char *account, const char *database)
{
    AUTO(free_text) char *password = password_of(account);
    AUTO(free_text)
    char *server = secret_url_with_user(need_env("DATABASE_URL"), account, password);
    return secret_url_with_database(server, database);
}

struct company *company_new(const struct company_options *options)
{
    struct company *company = xcalloc(1, sizeof *company);
    make_folder(options->folder);
    company->folder = realpath(options->folder, NULL);
    company->build = xstrdup(need_env("QUADRILLE_BUILD"));
    company->secrets = xstrdup(need_env("SECRETS_DIR"));
    company->maildir = xasprintf("%s/mail", company->folder);
    company->extra = options->extra;
    for (size_t i = 0; i < MEMBERS; i++) {
        company->members[i].port_file = xasprintf("%s/%s.ports", company->folder, names[i]);
        company->members[i].log = xasprintf("%s/%s.log", company->folder, names[i]);
    }
    return company;
}

static int read_port(const char *path, const char *key)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return 0;
    }
    char line[256];
    int port = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, key, strlen(key)) == 0) {
            const char *colon = strrchr(line, ':');
            port = (int)strtol(colon != NULL ? colon + 1 : strchr(line, '=') + 1, NULL, 10);
        }
    }
    (void)fclose(file);
    return port;
}

static pid_t start_provider(struct company *company)
{
    AUTO(free_text) char *program = xasprintf("%s/tests/support/provider", company->build);
    AUTO(free_text) char *key = xasprintf("%s/provider.key", company->secrets);
    AUTO(free_text) char *ledger = xasprintf("%s/ledger.jsonl", company->folder);
    const struct member *member = &company->members[PROVIDER];
    /* Restarted on its old ports: billing was told them once. */
    AUTO(free_text) char *port = xasprintf("%d", member->http_port);
    AUTO(free_text) char *admin_port = xasprintf("%d", member->health_port);
    const char *const argv[] = {
        program,           "--port",   port,   "--admin-port",   admin_port, "--port-file",
        member->port_file, "--ledger", ledger, "--api-key-file", key,        NULL};
    return process_start(argv, NULL, member->log);
}

struct settings {
    const char *list[EXTRA_MAX];
    char *owned[16];
    size_t count, owned_count;
};

static void add_setting(struct settings *settings, char *text)
{
    settings->owned[settings->owned_count++] = text;
    settings->list[settings->count++] = text;
}

static void add_extra(struct settings *settings, const char *const extra[])
{
    for (size_t i = 0; extra != NULL && extra[i] != NULL && settings->count < EXTRA_MAX - 1; i++) {
        settings->list[settings->count++] = extra[i];
    }
}

static pid_t start_service(struct company *company, const char *name, const char *port_file,
                           const char *log, const char *const extra[])
{
    struct settings settings = {0};
    AUTO(free_text) char *amqp = company_amqp_url(name);
    AUTO(free_text) char *database = company_database_url(name, name);
    add_setting(&settings, xasprintf("AMQP_URL=%s", amqp));
    add_setting(&settings, xasprintf("DATABASE_URL=%s", database));
    if (strcmp(name, "history") == 0) {
        AUTO(free_text) char *keys = company_database_url("history_keys", "history_keys");
        add_setting(&settings, xasprintf("KEYS_DATABASE_URL=%s", keys));
    }
    add_setting(&settings, xasprintf("PORT_FILE=%s", port_file));
    add_setting(&settings, xasprintf("JWT_KEY_FILE=%s/jwt.key", company->secrets));
    add_setting(&settings, xasprintf("MAILDIR=%s", company->maildir));
    add_setting(&settings, xasprintf("PROVIDER_KEY_FILE=%s/provider.key", company->secrets));
    add_setting(&settings, xasprintf("PROVIDER_URL=http://127.0.0.1:%d",
                                     company->members[PROVIDER].http_port));
    add_setting(&settings,
                xasprintf("HTTP_LISTEN=127.0.0.1:%d", company->members[index_of(name)].http_port));
    settings.list[settings.count++] = "LOG_FORMAT=json";
    settings.list[settings.count++] = "MANAGEMENT_URL";
    settings.list[settings.count++] = "SMTP_URL";
    add_extra(&settings, company->extra);
    add_extra(&settings, extra);

    AUTO(free_text) char *program = xasprintf("%s/src/services/fit-%s", company->build, name);
    const char *const argv[] = {program, NULL};
    pid_t pid = process_start(argv, settings.list, log);
    for (size_t i = 0; i < settings.owned_count; i++) {
        free(settings.owned[i]);
    }
    return pid;
}

static void show_tail(const struct member *member)
{
    char *command = xasprintf("tail -n 20 '%s' >&2", member->log);
    int ignored = system(command);
    (void)ignored;
    free(command);
}

static void await_ports(struct member *member, const char *name)
{
    bool is_provider = strcmp(name, "provider") == 0;
    int64_t deadline = clock_monotonic_ms() + READY_MS;
    for (;;) {
        int http = read_port(member->port_file, is_provider ? "PROVIDER_URL" : "HTTP_PORT");
        int health =
            read_port(member->port_file, is_provider ? "PROVIDER_ADMIN_URL" : "HEALTH_PORT");
        if (health != 0) {
            member->http_port = http;
            member->health_port = health;
            return;
        }
        if (!process_is_alive(member->pid) || clock_monotonic_ms() > deadline) {
            show_tail(member);
            fail("%s did not say its ports", name);
        }
        clock_sleep_ms(10);
    }
}

void company_start_one(struct company *company, const char *name, const char *const extra[])
{
    size_t i = index_of(name);
    struct member *member = &company->members[i];
    (void)unlink(member->port_file);
    member->pid = i == PROVIDER
                      ? start_provider(company)
                      : start_service(company, name, member->port_file, member->log, extra);
    await_ports(member, name);
}

int company_start_twin(struct company *company, const char *name)
{
    if (company->twin_count == TWINS_MAX) {
        fail("more than %d twins", TWINS_MAX);
    }
    AUTO(free_text)
    char *port_file = xasprintf("%s/%s.twin-%zu.ports", company->folder, name, company->twin_count);
    AUTO(free_text)
    char *log = xasprintf("%s/%s.twin-%zu.log", company->folder, name, company->twin_count);
    (void)unlink(port_file);
    const char *const extra[] = {"HTTP_LISTEN=127.0.0.1:0", NULL};
    struct member twin = {.port_file = port_file, .log = log};
    twin.pid = start_service(company, name, port_file, log, extra);
    await_ports(&twin, name);
    company->twins[company->twin_count++] = twin.pid;
    return twin.health_port;
}

static bool says_200(int health_port, const char *path)
{
    struct answer answer = client_call(health_port, "GET", path, NULL, NULL, 0);
    bool is_200 = answer.status == 200;
    answer_done(&answer);
    return is_200;
}

bool company_becomes_ready(int health_port)
{
    int64_t deadline = clock_monotonic_ms() + READY_MS;
    while (!says_200(health_port, "/readyz")) {
        if (clock_monotonic_ms() > deadline) {
            return false;
        }
        clock_sleep_ms(20);
    }
    return true;
}

void company_await_ready(struct company *company, const char *name)
{
    struct member *member = &company->members[index_of(name)];
    int64_t deadline = clock_monotonic_ms() + READY_MS;
    for (;;) {
        if (says_200(member->health_port, index_of(name) == PROVIDER ? "/healthz" : "/readyz")) {
            return;
        }
        if (!process_is_alive(member->pid) || clock_monotonic_ms() > deadline) {
            show_tail(member);
            fail("%s is not ready", name);
        }
        clock_sleep_ms(20);
    }
}

void company_start(struct company *company)
{
    for (size_t i = 0; i < MEMBERS; i++) {
        company_start_one(company, names[i], NULL);
    }
    for (size_t i = 0; i < MEMBERS; i++) {
        company_await_ready(company, names[i]);
    }
}

int company_signal(struct company *company, const char *name, int signal)
{
    struct member *member = &company->members[index_of(name)];
    if (signal == SIGSTOP || signal == SIGCONT) {
        return kill(member->pid, signal);
    }
    int status = process_end(member->pid, signal, STOP_MS);
    member->pid = 0;
    return status;
}

bool company_is_alive(const struct company *company, const char *name)
{
    return process_is_alive(company->members[index_of(name)].pid);
}

int company_await_end(struct company *company, const char *name, int64_t timeout_ms)
{
    struct member *member = &company->members[index_of(name)];
    int status = process_wait(member->pid, timeout_ms);
    if (status != -1) {
        member->pid = 0;
    }
    return status;
}

void company_stop(struct company *company)
{
    for (size_t i = 0; i < company->twin_count; i++) {
        (void)kill(company->twins[i], SIGTERM);
    }
    for (size_t i = 0; i < MEMBERS; i++) {
        if (company->members[i].pid > 0) {
            (void)kill(company->members[i].pid, SIGTERM);
        }
    }
    for (size_t i = 0; i < company->twin_count; i++) {
        (void)process_end(company->twins[i], SIGTERM, STOP_MS);
    }
    company->twin_count = 0;
    for (size_t i = 0; i < MEMBERS; i++) {
        (void)process_end(company->members[i].pid, SIGTERM, STOP_MS);
        company->members[i].pid = 0;
    }
}

void company_free(struct company *company)
{
    company_stop(company);
    for (size_t i = 0; i < MEMBERS; i++) {
        free(company->members[i].port_file);
        free(company->members[i].log);
    }
    free(company->folder);
    free(company->build);
    free(company->maildir);
    free(company->secrets);
    free(company);
}

int company_http_port(const struct company *company, const char *name)
{
    return company->members[index_of(name)].http_port;
}

int company_health_port(const struct company *company, const char *name)
{
    return company->members[index_of(name)].health_port;
}

const char *company_maildir(const struct company *company)
{
    return company->maildir;
}

const char *company_folder(const struct company *company)
{
    return company->folder;
}

const char *company_build(const struct company *company)
{
    return company->build;
}

static size_t count_lines(const char *path, const char *sought)
{
    size_t count = 0;
    char *line = NULL;
    size_t room = 0;
    FILE *file = fopen(path, "re");
    while (file != NULL && getline(&line, &room, file) >= 0) {
        count += strstr(line, sought) != NULL;
    }
    free(line);
    if (file != NULL) {
        (void)fclose(file);
    }
    return count;
}

size_t company_count_logged(const struct company *company, const char *event)
{
    AUTO(free_text) char *pattern = xasprintf("%s/*.log", company->folder);
    AUTO(free_text) char *sought = xasprintf("\"event\":\"%s\"", event);
    glob_t logs = {0};
    size_t count = 0;
    (void)glob(pattern, 0, NULL, &logs);
    for (size_t i = 0; i < logs.gl_pathc; i++) {
        count += count_lines(logs.gl_pathv[i], sought);
    }
    globfree(&logs);
    return count;
}

static long finish(struct answer answer, json_object **out)
{
    if (out != NULL) {
        *out = answer.body.length > 0 ? json_tokener_parse(buffer_cstr(&answer.body)) : NULL;
    }
    long status = answer.status;
    answer_done(&answer);
    return status;
}

long company_call(struct company *company, const char *name, const char *method, const char *path,
                  const char *token, const char *idempotency_key, const char *body,
                  json_object **out)
{
    AUTO(free_text)
    char *authorization = token != NULL ? xasprintf("Authorization: Bearer %s", token) : NULL;
    AUTO(free_text)
    char *key = idempotency_key != NULL ? xasprintf("Idempotency-Key: %s", idempotency_key) : NULL;
    const char *headers[4] = {NULL};
    size_t count = 0;
    if (body != NULL) {
        headers[count++] = JSON;
    }
    if (authorization != NULL) {
        headers[count++] = authorization;
    }
    if (key != NULL) {
        headers[count++] = key;
    }
    return finish(client_call(company_http_port(company, name), method, path, headers, body,
                              body != NULL ? strlen(body) : 0),
                  out);
}

long company_provider(struct company *company, const char *method, const char *path,
                      const char *body, json_object **out)
{
    return finish(client_call(company_health_port(company, "provider"), method, path,
                              body != NULL ? HEADERS(JSON) : NULL, body,
                              body != NULL ? strlen(body) : 0),
                  out);
}

const char *member_text(json_object *object, const char *key)
{
    json_object *value = NULL;
    if (object == NULL || !json_object_object_get_ex(object, key, &value) || value == NULL) {
        return "";
    }
    return json_object_get_string(value);
}

int64_t member_number(json_object *object, const char *key)
{
    json_object *value = NULL;
    return object != NULL && json_object_object_get_ex(object, key, &value)
               ? json_object_get_int64(value)
               : 0;
}
