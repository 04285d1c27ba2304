/* SPDX-License-Identifier: Apache-2.0 */
#include "core/http.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/problem.h"

#include <assert.h>
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* What a client makes us wait for; while we work we wait for nobody. */
enum phase { PHASE_HEAD, PHASE_BODY, PHASE_WORK, PHASE_SEND, PHASES };

/* A client, for as long as it is connected. */
struct visitor {
    struct visitor *next, **link;
    int fd;
    enum phase phase;
    int64_t since_ms; /* monotonic */
};

struct http {
    struct MHD_Daemon *daemon;
    const struct http_route *routes;
    size_t route_count;
    int quiesced_fd; /* the listening socket once MHD has let go of it; -1 before */
    int port;
    _Atomic int running; /* requests between their headers and the end of their answer */
    _Atomic bool is_draining;
    pthread_mutex_t lock; /* of what is below */
    pthread_cond_t is_given;
    void **free_contexts;
    int free_count;
    struct visitor *visitors;
    int64_t limits_ms[PHASES]; /* 0 = none */
};

/* One request on its way. */
struct exchange {
    struct http *http;
    struct buffer body;
    size_t received;
    char path[]; /* cut into segments at the slashes once matched */
};

void http_reply_header(struct http_reply *reply, const char *name, const char *format, ...)
{
    assert(reply->header_count < HTTP_HEADERS_MAX);
    struct http_header *header = &reply->headers[reply->header_count++];
    header->name = name;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(header->value, sizeof header->value, format, arguments);
    va_end(arguments);
    assert(length >= 0 && (size_t)length < sizeof header->value);
    (void)length;
}

void http_reply_clear(struct http_reply *reply)
{
    buffer_clear(&reply->body);
    *reply = (struct http_reply){.body = reply->body, .request_id = reply->request_id};
}

void http_reply_done(struct http_reply *reply)
{
    buffer_done(&reply->body);
    *reply = (struct http_reply){0};
}

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
    if (MHD_add_response_header(response, name, value) == MHD_NO) {
        abort(); /* out of memory, or a value with a line break in it: ours, never a peer's */
    }
}

static void add_headers(struct MHD_Response *response, const struct http_reply *reply)
{
    char id[UUID_TEXT_BYTES];
    add_header(response, "X-Request-Id", ids_format(&reply->request_id, id));
    add_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (reply->body.length > 0) {
        add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
                   reply->content_type != NULL ? reply->content_type : "application/json");
    }
    if (reply->location[0] != '\0') {
        add_header(response, MHD_HTTP_HEADER_LOCATION, reply->location);
    }
    if (reply->retry_after_s > 0) {
        char seconds[16];
        (void)snprintf(seconds, sizeof seconds, "%d", reply->retry_after_s);
        add_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
    }
    for (size_t i = 0; i < reply->header_count; i++) {
        add_header(response, reply->headers[i].name, reply->headers[i].value);
    }
}

/* Empties the reply. */
static enum MHD_Result send_reply(struct http *http, struct MHD_Connection *connection,
                                  struct http_reply *reply)
{
    assert(reply->status >= 200);
    struct MHD_Response *response = MHD_create_response_from_buffer(
        reply->body.length, reply->body.bytes, MHD_RESPMEM_MUST_FREE);
    if (response == NULL) {
        abort();
    }
    add_headers(response, reply);
    if (atomic_load(&http->is_draining)) {
        add_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    }
    reply->body = (struct buffer){0};
    enum MHD_Result result = MHD_queue_response(connection, (unsigned)reply->status, response);
    MHD_destroy_response(response);
    return result;
}

/* Does `path` follow `pattern`? `params` gets where the values of {…} begin; each ends at a slash
 * or the end. */
static bool path_matches(const char *pattern, const char *path, const char *params[HTTP_PARAMS_MAX])
{
    size_t count = 0;
    while (*pattern != '\0') {
        if (*pattern == '{') {
            size_t length = strcspn(path, "/");
            if (length == 0) {
                return false;
            }
            assert(count < HTTP_PARAMS_MAX);
            params[count++] = path;
            path += length;
            pattern += strcspn(pattern, "}") + 1;
        } else if (*pattern++ != *path++) {
            return false;
        }
    }
    return *path == '\0';
}

static bool method_matches(const struct http_route *route, const char *method)
{
    return strcmp(route->method, method) == 0 || (strcmp(method, MHD_HTTP_METHOD_HEAD) == 0 &&
                                                  strcmp(route->method, MHD_HTTP_METHOD_GET) == 0);
}

/* The methods of all routes with this path, for Allow; empty when the path is unknown. */
static void allow_of(const struct http *http, const char *path, char *allow, size_t room)
{
    size_t length = 0;
    allow[0] = '\0';
    for (size_t i = 0; i < http->route_count; i++) {
        const char *params[HTTP_PARAMS_MAX];
        const char *method = http->routes[i].method;
        if (path_matches(http->routes[i].path, path, params)) {
            int added = snprintf(allow + length, room - length, "%s%s%s", length > 0 ? ", " : "",
                                 method, strcmp(method, MHD_HTTP_METHOD_GET) == 0 ? ", HEAD" : "");
            assert(added > 0 && length + (size_t)added < room);
            length += (size_t)added;
        }
    }
}

/* NULL after answering 404 or 405. */
static const struct http_route *find_route(const struct http *http, struct http_request *request,
                                           struct http_reply *reply)
{
    for (size_t i = 0; i < http->route_count; i++) {
        const struct http_route *route = &http->routes[i];
        const char *params[HTTP_PARAMS_MAX] = {0};
        if (method_matches(route, request->method) &&
            path_matches(route->path, request->path, params)) {
            memcpy(request->params, params, sizeof params);
            return route;
        }
    }
    char allow[HTTP_VALUE_MAX_BYTES];
    allow_of(http, request->path, allow, sizeof allow);
    if (allow[0] != '\0') {
        http_reply_header(reply, MHD_HTTP_HEADER_ALLOW, "%s", allow);
        (void)problem_reply(reply, PROBLEM_METHOD, NULL, NULL);
    } else {
        (void)problem_reply(reply, PROBLEM_NOT_FOUND, NULL, NULL);
    }
    return NULL;
}

static const char *find_header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static bool is_lower_hex(const char *text, size_t length)
{
    return strspn(text, "0123456789abcdef") >= length;
}

static bool is_all_zero(const char *text, size_t length)
{
    return strspn(text, "0") >= length;
}

bool http_traceparent(const char *text, char out[TRACEPARENT_TEXT_BYTES])
{
    enum { TRACE_AT = 3, PARENT_AT = 36, FLAGS_AT = 53, LENGTH = TRACEPARENT_TEXT_BYTES - 1 };
    if (text == NULL || strlen(text) < LENGTH || !is_lower_hex(text, 2) ||
        strncmp(text, "ff", 2) == 0) {
        return false;
    }
    bool is_version_0 = strncmp(text, "00", 2) == 0;
    if (text[LENGTH] != '\0' && (is_version_0 || text[LENGTH] != '-')) {
        return false;
    }
    if (text[TRACE_AT - 1] != '-' || text[PARENT_AT - 1] != '-' || text[FLAGS_AT - 1] != '-' ||
        !is_lower_hex(text + TRACE_AT, 32) || !is_lower_hex(text + PARENT_AT, 16) ||
        !is_lower_hex(text + FLAGS_AT, 2) || is_all_zero(text + TRACE_AT, 32) ||
        is_all_zero(text + PARENT_AT, 16)) {
        return false;
    }
    (void)snprintf(out, TRACEPARENT_TEXT_BYTES, "00%.*s", LENGTH - 2, text + 2);
    return true;
}

static void new_traceparent(char out[TRACEPARENT_TEXT_BYTES])
{
    uint8_t bytes[24];
    char hex[2 * sizeof bytes + 1];
    do {
        randombytes_buf(bytes, sizeof bytes);
        (void)sodium_bin2hex(hex, sizeof hex, bytes, sizeof bytes);
    } while (is_all_zero(hex, 32) || is_all_zero(hex + 32, 16));
    (void)snprintf(out, TRACEPARENT_TEXT_BYTES, "00-%.32s-%.16s-01", hex, hex + 32);
}

/* application/json, with no parameter but charset=utf-8. */
static bool is_json(const char *type)
{
    static const char json[] = "application/json";
    if (type == NULL || strncasecmp(type, json, sizeof json - 1) != 0) {
        return false;
    }
    type += sizeof json - 1;
    type += strspn(type, " \t");
    if (*type == '\0') {
        return true;
    }
    if (*type++ != ';') {
        return false;
    }
    type += strspn(type, " \t");
    return strcasecmp(type, "charset=utf-8") == 0 || strcasecmp(type, "charset=\"utf-8\"") == 0;
}

/* True when the route can be served with what came; else the problem is in the reply. */
static bool check_body(const struct http_route *route, const struct exchange *exchange,
                       struct MHD_Connection *connection, struct http_reply *reply)
{
    if (exchange->received > HTTP_BODY_MAX_BYTES) {
        (void)problem_reply(reply, PROBLEM_TOO_LARGE, NULL, NULL);
        return false;
    }
    if (!route->has_body) {
        if (exchange->received > 0) {
            (void)problem_reply(reply, PROBLEM_MALFORMED, NULL, "This request takes no body.");
        }
        return exchange->received == 0;
    }
    if (exchange->received == 0) {
        (void)problem_reply(reply, PROBLEM_MALFORMED, NULL, "The body is missing.");
        return false;
    }
    if (!is_json(find_header(connection, MHD_HTTP_HEADER_CONTENT_TYPE)) ||
        find_header(connection, MHD_HTTP_HEADER_CONTENT_ENCODING) != NULL) {
        (void)problem_reply(reply, PROBLEM_MEDIA_TYPE, NULL, NULL);
        return false;
    }
    return true;
}

/* Parameters become texts of their own: the slashes after them turn into NULs. */
static void cut_params(struct http_request *request, char *path)
{
    for (size_t i = 0; i < HTTP_PARAMS_MAX && request->params[i] != NULL; i++) {
        char *start = path + (request->params[i] - request->path);
        start[strcspn(start, "/")] = '\0';
        request->params[i] = start;
    }
}

/* False when none has become free in time. */
static bool context_take(struct http *http, void **context)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += HTTP_WAIT_MAX_S;

    (void)pthread_mutex_lock(&http->lock);
    int error = 0;
    while (http->free_count == 0 && error == 0) {
        error = pthread_cond_timedwait(&http->is_given, &http->lock, &until);
    }
    bool is_taken = http->free_count > 0;
    if (is_taken) {
        *context = http->free_contexts[--http->free_count];
    }
    (void)pthread_mutex_unlock(&http->lock);
    return is_taken;
}

static void context_give(struct http *http, void *context)
{
    (void)pthread_mutex_lock(&http->lock);
    http->free_contexts[http->free_count++] = context;
    (void)pthread_cond_signal(&http->is_given);
    (void)pthread_mutex_unlock(&http->lock);
}

static void visitor_come(struct http *http, struct MHD_Connection *connection, void **slot)
{
    struct visitor *visitor = xcalloc(1, sizeof *visitor);
    visitor->fd =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    visitor->since_ms = clock_monotonic_ms();
    *slot = visitor;
    (void)pthread_mutex_lock(&http->lock);
    visitor->link = &http->visitors;
    visitor->next = http->visitors;
    if (visitor->next != NULL) {
        visitor->next->link = &visitor->next;
    }
    http->visitors = visitor;
    (void)pthread_mutex_unlock(&http->lock);
}

static void visitor_go(struct http *http, void **slot)
{
    struct visitor *visitor = *slot;
    (void)pthread_mutex_lock(&http->lock);
    *visitor->link = visitor->next;
    if (visitor->next != NULL) {
        visitor->next->link = visitor->link;
    }
    (void)pthread_mutex_unlock(&http->lock);
    free(visitor);
    *slot = NULL;
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **slot,
                          enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        visitor_come(cls, connection, slot);
    } else {
        visitor_go(cls, slot);
    }
}

static void visitor_enter(struct http *http, struct MHD_Connection *connection, enum phase phase)
{
    struct visitor *visitor =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    (void)pthread_mutex_lock(&http->lock);
    visitor->phase = phase;
    visitor->since_ms = clock_monotonic_ms();
    (void)pthread_mutex_unlock(&http->lock);
}

static int64_t limit_of(const struct http *http, enum phase phase)
{
    enum { DRAIN_BODY_MAX_MS = HTTP_DRAIN_BODY_MAX_S * 1000 };
    int64_t limit_ms = http->limits_ms[phase];
    bool is_hurried = phase == PHASE_BODY && atomic_load(&http->is_draining);
    return is_hurried && limit_ms > DRAIN_BODY_MAX_MS ? DRAIN_BODY_MAX_MS : limit_ms;
}

void http_tick(struct http *http)
{
    int64_t now_ms = clock_monotonic_ms();
    (void)pthread_mutex_lock(&http->lock);
    for (struct visitor *visitor = http->visitors; visitor != NULL; visitor = visitor->next) {
        int64_t limit_ms = limit_of(http, visitor->phase);
        if (limit_ms > 0 && now_ms - visitor->since_ms > limit_ms) {
            log_debug("http.too_slow", LOG_INT("after_ms", now_ms - visitor->since_ms));
            (void)shutdown(visitor->fd, SHUT_RDWR); /* its thread notices, and closes it */
        }
    }
    (void)pthread_mutex_unlock(&http->lock);
}

static void serve(struct http *http, const struct http_route *route,
                  const struct http_request *request, struct http_reply *reply)
{
    void *context = NULL;
    if (!context_take(http, &context)) {
        log_warn("http.no_context", LOG_TEXT("route", route->path),
                 LOG_INT("waited_s", HTTP_WAIT_MAX_S));
        (void)problem_reply(reply, PROBLEM_UNAVAILABLE, NULL, NULL);
        return;
    }
    route->serve(context, route, request, reply);
    context_give(http, context);
}

static enum MHD_Result answer(struct exchange *exchange, struct MHD_Connection *connection,
                              const char *path, const char *method)
{
    struct http *http = exchange->http;
    struct http_request request = {
        .id = ids_new(),
        .method = method,
        .path = path,
        .body = exchange->body.bytes,
        .body_length = exchange->body.length,
        .authorization = find_header(connection, MHD_HTTP_HEADER_AUTHORIZATION),
        .idempotency_key = find_header(connection, "Idempotency-Key"),
    };
    struct http_reply reply = {.request_id = request.id};
    if (!http_traceparent(find_header(connection, "traceparent"), request.traceparent)) {
        new_traceparent(request.traceparent);
    }

    visitor_enter(http, connection, PHASE_WORK);
    const struct http_route *route = find_route(http, &request, &reply);
    if (route != NULL && check_body(route, exchange, connection, &reply)) {
        cut_params(&request, exchange->path);
        serve(http, route, &request, &reply);
    } else {
        log_debug("http.turned_away", LOG_TEXT("method", method), LOG_INT("status", reply.status));
    }
    visitor_enter(http, connection, PHASE_SEND);
    return send_reply(http, connection, &reply);
}

static struct exchange *exchange_new(struct http *http, const char *path)
{
    size_t bytes = strlen(path) + 1;
    struct exchange *exchange = xcalloc(1, sizeof *exchange + bytes);
    exchange->http = http;
    memcpy(exchange->path, path, bytes);
    atomic_fetch_add(&http->running, 1);
    return exchange;
}

/* A body announced so large that reading it makes no sense is refused at its headers. */
static bool is_announced_too_large(struct MHD_Connection *connection)
{
    const char *length = find_header(connection, MHD_HTTP_HEADER_CONTENT_LENGTH);
    return length != NULL && strtoull(length, NULL, 10) > HTTP_DISCARD_MAX_BYTES;
}

static void collect(struct exchange *exchange, const char *data, size_t bytes)
{
    exchange->received += bytes;
    if (exchange->received <= HTTP_BODY_MAX_BYTES) {
        buffer_add(&exchange->body, data, bytes);
    }
}

/* MHD calls this once with the headers, then with pieces of the body, then once more at the end. */
static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *data,
                                  size_t *bytes, void **slot)
{
    struct http *http = cls;
    struct exchange *exchange = *slot;
    (void)version;

    if (exchange == NULL) {
        exchange = exchange_new(http, path);
        *slot = exchange;
        visitor_enter(http, connection, PHASE_BODY);
        if (is_announced_too_large(connection)) {
            struct http_reply reply = {.request_id = ids_new()};
            (void)problem_reply(&reply, PROBLEM_TOO_LARGE, NULL, NULL);
            log_debug("http.turned_away", LOG_TEXT("method", method),
                      LOG_INT("status", reply.status));
            visitor_enter(http, connection, PHASE_SEND);
            return send_reply(http, connection, &reply);
        }
        return MHD_YES;
    }
    if (*bytes > 0) {
        collect(exchange, data, *bytes);
        *bytes = 0;
        return MHD_YES;
    }
    return answer(exchange, connection, path, method);
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **slot,
                         enum MHD_RequestTerminationCode code)
{
    struct http *http = cls;
    struct exchange *exchange = *slot;
    (void)code;

    visitor_enter(http, connection, PHASE_HEAD);
    if (exchange != NULL) {
        buffer_done(&exchange->body);
        free(exchange);
        *slot = NULL;
        atomic_fetch_sub(&http->running, 1);
    }
}

static size_t keep_escapes(void *cls, struct MHD_Connection *connection, char *text)
{
    (void)cls;
    (void)connection;
    return strlen(text);
}

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        return ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr) >> 24 ==
               IN_LOOPBACKNET;
    }
    return address->sa_family == AF_INET6 &&
           IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
}

/* `host:port` or `[host]:port`. The list is the caller's (freeaddrinfo). */
static enum outcome resolve(const char *listen, struct addrinfo **out, struct fault *fault)
{
    const char *colon = strrchr(listen, ':');
    if (colon == NULL || colon[1] == '\0') {
        return fault_set(fault, FATAL, "listen on '%s': it must be host:port", listen);
    }
    const char *start = listen;
    size_t length = (size_t)(colon - listen);
    if (length >= 2 && start[0] == '[' && start[length - 1] == ']') {
        start++;
        length -= 2;
    }
    AUTO(free_text) char *host = xstrndup(start, length);
    const struct addrinfo hints = {.ai_family = AF_UNSPEC,
                                   .ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    int error = getaddrinfo(length > 0 ? host : NULL, colon + 1, &hints, out);
    if (error != 0 || *out == NULL) {
        return fault_set(fault, FATAL, "listen on '%s': %s", listen, gai_strerror(error));
    }
    return OK;
}

/* A thread per connection: a handler that waits for its database holds nobody else up. */
static struct MHD_Daemon *start_daemon(struct http *http, const struct addrinfo *address)
{
    unsigned flags = MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD |
                     MHD_USE_THREAD_PER_CONNECTION | MHD_USE_ITC;
    if (address->ai_family == AF_INET6) {
        flags |= MHD_USE_IPv6;
    }
    return MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, http, MHD_OPTION_SOCK_ADDR, address->ai_addr,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, http, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, http, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_CONNECTIONS_MAX,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)HTTP_CONNECTIONS_PER_IP_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_IDLE_MAX_S,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_HEAD_MAX_BYTES,
        MHD_OPTION_THREAD_STACK_SIZE, (size_t)HTTP_STACK_BYTES, MHD_OPTION_END);
}

static int port_of(struct MHD_Daemon *daemon)
{
    return MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

/* Deadlines are of the monotonic clock. */
static void init_waiting(struct http *http)
{
    pthread_condattr_t attributes;
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&http->is_given, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    (void)pthread_mutex_init(&http->lock, NULL);
}

static void set_limits(struct http *http, const struct http_options *options)
{
    enum { S_MS = 1000 };
    http->limits_ms[PHASE_HEAD] =
        options->head_max_ms > 0 ? options->head_max_ms : (int64_t)HTTP_ARRIVAL_MAX_S * S_MS;
    http->limits_ms[PHASE_BODY] =
        options->body_max_ms > 0 ? options->body_max_ms : (int64_t)HTTP_BODY_MAX_S * S_MS;
    http->limits_ms[PHASE_SEND] = (int64_t)HTTP_SEND_MAX_S * S_MS;
}

enum outcome http_open(const struct http_options *options, struct http **out, struct fault *fault)
{
    assert(options->context_count > 0);
    struct addrinfo *address = NULL;
    enum outcome o = resolve(options->listen, &address, fault);
    if (o != OK) {
        return o;
    }
    assert(address != NULL);
    if (options->only_loopback && !is_loopback(address->ai_addr)) {
        freeaddrinfo(address);
        return fault_set(fault, FATAL, "listen on '%s': only a loopback address is allowed here",
                         options->listen);
    }

    struct http *http = xcalloc(1, sizeof *http);
    http->quiesced_fd = -1;
    set_limits(http, options);
    http->routes = options->routes;
    http->route_count = options->route_count;
    http->free_contexts = xcalloc((size_t)options->context_count, sizeof *http->free_contexts);
    memcpy(http->free_contexts, options->contexts,
           (size_t)options->context_count * sizeof *http->free_contexts);
    http->free_count = options->context_count;
    init_waiting(http);

    errno = 0;
    http->daemon = start_daemon(http, address);
    int error = errno;
    freeaddrinfo(address);
    if (http->daemon == NULL) {
        http_close(http);
        return fault_set(fault, FATAL, "listen on '%s': %s", options->listen, strerror(error));
    }
    http->port = port_of(http->daemon);
    *out = http;
    return OK;
}

int http_port(const struct http *http)
{
    return http->port;
}

bool http_drain(struct http *http, int64_t ms)
{
    enum { LOOK_EVERY_MS = 5 };
    atomic_store(&http->is_draining, true);
    if (http->quiesced_fd < 0) {
        http->quiesced_fd = MHD_quiesce_daemon(http->daemon);
    }
    int64_t deadline = clock_monotonic_ms() + ms;
    while (atomic_load(&http->running) > 0) {
        if (clock_monotonic_ms() >= deadline) {
            return false;
        }
        http_tick(http);
        clock_sleep_ms(LOOK_EVERY_MS);
    }
    return true;
}

void http_close(struct http *http)
{
    if (http == NULL) {
        return;
    }
    if (http->daemon != NULL) {
        MHD_stop_daemon(http->daemon);
    }
    if (http->quiesced_fd >= 0) {
        (void)close(http->quiesced_fd);
    }
    (void)pthread_cond_destroy(&http->is_given);
    (void)pthread_mutex_destroy(&http->lock);
    free(http->free_contexts);
    free(http);
}
