/* SPDX-License-Identifier: Apache-2.0 */
#include "publishers/command.h"

#include "core/body.h"
#include "core/clock.h"
#include "core/crash.h"
#include "core/log.h"
#include "publishers/idempotency.h"

#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    DESKS = 4, /* commands that run at once, each with a database connection */
    TRIES = 3, /* of one command that loses races */
    CONNECT_MS = 2000,
    STATEMENT_MS = 10000,
    EXPIRE_EVERY_MS = 60 * 1000,
    PROBE_EVERY_MS = 1000, /* of a database that a command has missed */
};

/* Where one command at a time is served. */
struct desk {
    struct runtime *runtime;
    const struct token_keys *keys;
    char name[64];
    struct db *db; /* NULL until the first command */
    struct arena arena;
    struct rows *rows;
    struct outbox *outbox;
};

static enum outcome check_token(const struct desk *desk, const struct http_request *request,
                                struct token *token, struct http_reply *reply)
{
    static const char scheme[] = "Bearer ";
    struct fault fault = {.text = "there is none"};
    const char *text = request->authorization;
    if (text == NULL || strncasecmp(text, scheme, sizeof scheme - 1) != 0 ||
        token_check(desk->keys, text + sizeof scheme - 1, clock_now_ms(), token, &fault) != OK) {
        log_debug("http.unauthenticated", LOG_TEXT("reason", fault.text));
        return problem_reply(reply, PROBLEM_UNAUTHENTICATED, NULL, NULL);
    }
    return OK;
}

/* Ids that are none name nothing: 404. */
static enum outcome read_ids(struct command *command)
{
    struct uuid *const ids[] = {&command->user_id, &command->item_id};
    for (size_t i = 0; i < HTTP_PARAMS_MAX && command->request->params[i] != NULL; i++) {
        if (i >= COUNT_OF(ids) || !ids_parse(command->request->params[i], ids[i])) {
            return problem_reply(command->reply, PROBLEM_NOT_FOUND, NULL, NULL);
        }
    }
    return OK;
}

static enum outcome check_access(const struct desk *desk, const struct command_route *route,
                                 struct command *command, struct token *token)
{
    if (route->access == ACCESS_ANYONE) {
        return read_ids(command);
    }
    enum outcome o = check_token(desk, command->request, token, command->reply);
    if (o == OK) {
        command->caller = token;
        o = read_ids(command);
    }
    if (o == OK && token->role != TOKEN_ADMIN && !ids_equal(&token->subject, &command->user_id)) {
        return problem_reply(command->reply, PROBLEM_FORBIDDEN, NULL, NULL);
    }
    return o;
}

/* Faults about a body begin with a JSON Pointer, which has no space in it, or with "the document".
 */
static enum outcome refuse_body(struct http_reply *reply, enum problem problem, const char *fault)
{
    size_t length = fault[0] == '/' ? strcspn(fault, " ") : 0;
    AUTO(free_text) char *field = xstrndup(fault, length);
    return problem_reply(reply, problem, field, "%s", fault);
}

static enum outcome read_body(struct desk *desk, const struct command_route *route,
                              struct command *command)
{
    const struct http_request *request = command->request;
    struct fault fault = {.text = ""};
    if (route->body == NULL) {
        return OK;
    }
    switch (body_check(request->body, request->body_length, &fault)) {
    case BODY_MALFORMED:
        return problem_reply(command->reply, PROBLEM_MALFORMED, NULL, "%s", fault.text);
    case BODY_HAS_CARD:
        return refuse_body(command->reply, PROBLEM_CARD_NUMBER, fault.text);
    case BODY_GOOD:
        break;
    }
    void *body = arena_alloc(&desk->arena, route->body->size);
    if (codec_decode(route->body, CODEC_CLOSED, request->body, request->body_length, &desk->arena,
                     body, &fault) != OK) {
        return refuse_body(command->reply, PROBLEM_INVALID, fault.text);
    }
    command->body = body;
    return OK;
}

static bool takes_key(const struct command_route *route, const struct http_request *request)
{
    return !route->is_query && strcmp(route->method, "POST") == 0 &&
           request->idempotency_key != NULL;
}

/* Nobody speaks to an idle connection but to say that it ends. */
static bool has_died(const struct db *db)
{
    struct pollfd socket = {.fd = db_socket(db), .events = POLLIN};
    return poll(&socket, 1, 0) != 0;
}

static void tell_database(struct runtime *runtime, bool is_up)
{
    link_set(&runtime->counters.links, SEAT_HTTP, LINK_DATABASE, is_up ? LINK_UP : LINK_DOWN);
}

static enum outcome connect_desk(struct desk *desk, struct fault *fault)
{
    enum outcome o = OK;
    if (desk->db == NULL) {
        const struct db_options options = {
            .url = desk->runtime->config->database_url,
            .name = desk->name,
            .settings = "-c jit=off -c lock_timeout=3s",
            .connect_ms = CONNECT_MS,
            .statement_ms = STATEMENT_MS,
        };
        o = db_open(&options, &desk->db, fault);
    } else if (db_is_lost(desk->db) || has_died(desk->db)) {
        o = db_reopen(desk->db, fault);
    }
    tell_database(desk->runtime, o == OK);
    return o;
}

static const struct sql sql_before_run = {"before_run", "savepoint before_run"};
static const struct sql sql_as_before_run = {"as_before_run", "rollback to savepoint before_run"};

/*
 * Refused for what there is (409) or for what was sent (422): an answer like any other, so a
 * duplicate that comes late gets it too, although the same request might succeed by then. Somebody
 * was told that nothing happened, and nothing must happen after that.
 */
static bool is_final(const struct command *command)
{
    return command->reply->status == 409 || command->reply->status == 422;
}

/* Its writes and events go, the lock on the key stays. */
static enum outcome take_back(struct desk *desk, struct fault *fault)
{
    outbox_clear(desk->outbox);
    return db_run(desk->db, &sql_as_before_run, DB_NO_PARAMS, NULL, fault);
}

static enum outcome run_route(struct desk *desk, const struct command_route *route,
                              struct command *command, bool has_key)
{
    struct fault *fault = command->work->fault;
    enum outcome o = OK;
    if (has_key) {
        o = db_queue(desk->db, &sql_before_run, DB_NO_PARAMS, DB_ANY_ROWS, FAULT_NOBODY, fault);
    }
    if (o == OK) {
        o = route->run(command);
    }
    return o == REJECT && has_key && is_final(command) ? take_back(desk, fault) : o;
}

static enum outcome run_once(struct desk *desk, const struct command_route *route,
                             struct command *command, const struct idempotency *key)
{
    struct work *work = command->work;
    AUTO(tx_end) struct tx tx = {0};
    bool is_settled = false;
    enum outcome o = tx_begin(desk->db, &tx, work->fault);
    if (o == OK && key != NULL) {
        o = idempotency_enter(key, desk->db, work->now_ms, command->reply, &is_settled,
                              work->fault);
        crash_point("command.after_claim");
    }
    if (o != OK || is_settled) {
        return o;
    }
    o = run_route(desk, route, command, key != NULL);
    bool has_said = outbox_count(desk->outbox) > 0;
    if (o == OK) {
        o = outbox_flush(desk->outbox, desk->db, work->fault);
    }
    if (o == OK && key != NULL) {
        o = idempotency_keep(key, desk->db, work->now_ms, &command->user_id, command->reply,
                             work->fault);
    }
    if (o == OK) {
        crash_point("command.before_commit");
        o = tx_commit(&tx, work->fault);
    }
    if (o == OK) {
        crash_point("command.after_commit");
        if (has_said) {
            runtime_wake_relay(desk->runtime);
        }
    }
    return o;
}

static enum outcome run_until_settled(struct desk *desk, const struct command_route *route,
                                      struct command *command, const struct idempotency *key)
{
    struct fault *fault = command->work->fault;
    enum outcome o = RETRY;
    for (int i = 0; i < TRIES; i++) {
        *fault = (struct fault){.culprit = FAULT_NOBODY};
        http_reply_clear(command->reply);
        outbox_clear(desk->outbox);
        rows_clear(desk->rows);
        o = connect_desk(desk, fault);
        if (o != OK) {
            return o; /* it has just been tried */
        }
        command->work->db = desk->db;
        o = run_once(desk, route, command, key);
        if (o != RETRY || !fault->is_conflict) {
            return o;
        }
    }
    return o;
}

/* Every outcome has an answer; what is our own mistake goes to the log. */
static void settle(struct desk *desk, enum outcome o, struct http_reply *reply,
                   const struct fault *fault)
{
    switch (o) {
    case OK:
        assert(reply->status != 0);
        return;
    case REJECT:
        if (reply->status >= 400) {
            return;
        }
        /* Nobody has refused it: it broke a rule of the database, or of a contract. */
        __attribute__((fallthrough));
    case FATAL:
        log_error("http.failed", LOG_TEXT("outcome", outcome_name(o)),
                  LOG_TEXT("reason", fault->text));
        http_reply_clear(reply);
        (void)problem_reply(reply, PROBLEM_INTERNAL, NULL, NULL);
        return;
    case LOST:
        tell_database(desk->runtime, false);
        __attribute__((fallthrough));
    case RETRY:
        log_warn("http.unavailable", LOG_TEXT("outcome", outcome_name(o)),
                 LOG_TEXT("reason", fault->text));
        http_reply_clear(reply);
        (void)problem_reply(reply, PROBLEM_UNAVAILABLE, NULL, NULL);
        return;
    }
}

static void refuse_key(struct command *command)
{
    static const char secret[] =
        "Without a bearer token it must have at least 16, for it alone tells "
        "who asks: send a random UUID.";
    (void)problem_reply(command->reply, PROBLEM_BAD_KEY, NULL,
                        command->caller == NULL ? "%s" : NULL, secret);
}

static void run_command(struct desk *desk, const struct command_route *route,
                        const struct http_request *request, struct http_reply *reply)
{
    struct fault fault = {.culprit = FAULT_NOBODY};
    struct token token = {0};
    struct idempotency key;
    struct work work = {
        .correlation_id = request->id,
        .traceparent = request->traceparent,
        .fault = &fault,
        .arena = &desk->arena,
        .rows = desk->rows,
        .outbox = desk->outbox,
        .runtime = desk->runtime,
        .tag = FAULT_NOBODY,
        .now_ms = clock_now_ms(),
    };
    struct command command = {
        .work = &work, .request = request, .reply = reply, .keys = desk->keys};

    if (check_access(desk, route, &command, &token) != OK ||
        read_body(desk, route, &command) != OK) {
        return;
    }
    bool has_key = takes_key(route, request);
    if (has_key && !idempotency_is_key(request->idempotency_key, command.caller != NULL)) {
        refuse_key(&command);
        return;
    }
    if (has_key) {
        idempotency_init(&key, command.caller != NULL ? &command.caller->subject : NULL, request);
    }
    enum outcome o = run_until_settled(desk, route, &command, has_key ? &key : NULL);
    settle(desk, o, reply, &fault);
}

static void serve(void *context, const struct http_route *http_route,
                  const struct http_request *request, struct http_reply *reply)
{
    struct desk *desk = context;
    const struct command_route *route = http_route->data;
    const struct envelope story = {.correlation_id = request->id,
                                   .has_correlation_id = true,
                                   .traceparent = request->traceparent};
    int64_t start_us = clock_monotonic_us();

    log_thread("http");
    log_bind(&story);
    run_command(desk, route, request, reply);
    arena_reset(&desk->arena);
    log_info("http.answered", LOG_TEXT("method", request->method), LOG_TEXT("route", route->path),
             LOG_INT("status", reply->status), LOG_INT("us", clock_monotonic_us() - start_us));
    log_unbind();
}

struct office {
    struct runtime *runtime;
    struct token_keys *keys;
    struct http_route *routes;
    struct desk desks[DESKS];
    struct http *http;
};

static enum outcome prepare_routes(struct office *office, struct fault *fault)
{
    const struct service *service = office->runtime->service;
    office->routes = xcalloc(service->command_count, sizeof *office->routes);
    for (size_t i = 0; i < service->command_count; i++) {
        const struct command_route *route = &service->commands[i];
        office->routes[i] = (struct http_route){
            .method = route->method,
            .path = route->path,
            .has_body = route->body != NULL,
            .serve = serve,
            .data = route,
        };
        enum outcome o = route->body != NULL ? codec_prepare(route->body, fault) : OK;
        if (o != OK) {
            return o;
        }
        if (route->access != ACCESS_ANYONE && office->keys == NULL) {
            return fault_set(fault, FATAL, "JWT_KEY_FILE is not set, and %s %s wants a token",
                             route->method, route->path);
        }
    }
    return OK;
}

static enum outcome open_office(struct office *office, struct fault *fault)
{
    const struct service_config *config = office->runtime->config;
    void *contexts[DESKS];
    enum outcome o = OK;
    if (config->jwt_key_file != NULL && config->jwt_key_file[0] != '\0') {
        o = token_keys_load(config->jwt_key_file, &office->keys, fault);
    }
    if (o == OK) {
        o = prepare_routes(office, fault);
    }
    if (o != OK) {
        return o;
    }
    for (int i = 0; i < DESKS; i++) {
        struct desk *desk = &office->desks[i];
        *desk = (struct desk){.runtime = office->runtime,
                              .keys = office->keys,
                              .rows = rows_new(),
                              .outbox = outbox_new()};
        (void)snprintf(desk->name, sizeof desk->name, "%s http-%d", office->runtime->service->name,
                       i);
        contexts[i] = desk;
    }
    const struct http_options options = {
        .listen = config->http_listen,
        .routes = office->routes,
        .route_count = office->runtime->service->command_count,
        .contexts = contexts,
        .context_count = DESKS,
    };
    return http_open(&options, &office->http, fault);
}

static void close_office(struct office *office)
{
    http_close(office->http);
    for (int i = 0; i < DESKS; i++) {
        db_close(office->desks[i].db);
        arena_done(&office->desks[i].arena);
        rows_free(office->desks[i].rows);
        outbox_free(office->desks[i].outbox);
    }
    free(office->routes);
    token_keys_free(office->keys);
}

/* A connection of its own, for a moment: the desks' are busy, and an idle one would be a waste. */
static void remove_expired(const struct office *office)
{
    struct fault fault = {.culprit = FAULT_NOBODY};
    AUTO(db_close_auto) struct db *db = NULL;
    const struct db_options options = {.url = office->runtime->config->database_url,
                                       .name = "idempotency upkeep"};
    int64_t removed = IDEMPOTENCY_EXPIRE_ROWS;
    enum outcome o = db_open(&options, &db, &fault);
    while (o == OK && removed == IDEMPOTENCY_EXPIRE_ROWS && !runtime_is_stopping(office->runtime)) {
        o = idempotency_expire(db, clock_now_ms(), &removed, &fault);
    }
    if (o != OK) {
        log_warn("idempotency.upkeep_failed", LOG_TEXT("outcome", outcome_name(o)),
                 LOG_TEXT("reason", fault.text));
    }
}

/*
 * A process that is not ready gets no requests, so none will find out that the database is there
 * again.
 */
static void probe(const struct office *office)
{
    struct fault fault = {.culprit = FAULT_NOBODY};
    AUTO(db_close_auto) struct db *db = NULL;
    const struct db_options options = {.url = office->runtime->config->database_url,
                                       .name = "http probe",
                                       .connect_ms = CONNECT_MS};
    if (db_open(&options, &db, &fault) == OK) {
        tell_database(office->runtime, true);
    } else {
        log_debug("http.probe_failed", LOG_TEXT("reason", fault.text));
    }
}

/* Until the runtime stops. */
static void keep_office(const struct office *office)
{
    struct runtime *runtime = office->runtime;
    int64_t expire_ms = clock_monotonic_ms() + EXPIRE_EVERY_MS;
    while (!runtime_sleep(runtime, PROBE_EVERY_MS)) {
        http_tick(office->http);
        if (link_get(&runtime->counters.links, SEAT_HTTP, LINK_DATABASE) == LINK_DOWN) {
            probe(office);
        }
        if (clock_monotonic_ms() >= expire_ms) {
            remove_expired(office);
            expire_ms = clock_monotonic_ms() + EXPIRE_EVERY_MS;
        }
    }
}

static enum outcome run_office(struct runtime *runtime, int index, struct fault *fault)
{
    (void)index;
    if (runtime->config->http_listen[0] == '\0') {
        return OK; /* no public listener is wanted */
    }
    struct office office = {.runtime = runtime};
    enum outcome o = open_office(&office, fault);
    if (o == OK) {
        atomic_store(&runtime->http_port, http_port(office.http));
        keep_office(&office);
        /* A fifth of the time is left for closing. */
        if (!http_drain(office.http, runtime->config->drain_ms * 4 / 5)) {
            log_warn(
                "http.cut_off",
                LOG_TEXT("reason", "requests were still running when the time to drain was over"));
        }
    }
    close_office(&office);
    return o;
}

const struct part command_part = {.name = "http", .run = run_office};
