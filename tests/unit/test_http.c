/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clock.h"
#include "core/http.h"
#include "core/problem.h"

#include "support/client.h"
#include "unit.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LANES = 2 };

struct lane {
    _Atomic int users; /* a context belongs to one request at a time */
};

static struct lane lanes[LANES];
static _Atomic int overlaps, slow_started, held;

static void serve_echo(void *context, const struct http_route *route,
                       const struct http_request *request, struct http_reply *reply)
{
    struct lane *lane = context;
    if (atomic_fetch_add(&lane->users, 1) != 0) {
        atomic_fetch_add(&overlaps, 1);
    }
    reply->status = 200;
    buffer_printf(&reply->body, "%s|%s|%s|%s|%s|%.*s", (const char *)route->data,
                  request->params[0] != NULL ? request->params[0] : "-",
                  request->params[1] != NULL ? request->params[1] : "-",
                  request->authorization != NULL ? request->authorization : "-",
                  request->traceparent, (int)request->body_length,
                  request->body != NULL ? request->body : "");
    atomic_fetch_sub(&lane->users, 1);
}

static void serve_slow(void *context, const struct http_route *route,
                       const struct http_request *request, struct http_reply *reply)
{
    atomic_store(&slow_started, 1);
    clock_sleep_ms(300);
    serve_echo(context, route, request, reply);
}

static void serve_held(void *context, const struct http_route *route,
                       const struct http_request *request, struct http_reply *reply)
{
    atomic_fetch_add(&held, 1);
    clock_sleep_ms(HTTP_WAIT_MAX_S * 1000 + 500);
    serve_echo(context, route, request, reply);
}

static void serve_accepted(void *context, const struct http_route *route,
                           const struct http_request *request, struct http_reply *reply)
{
    (void)context;
    (void)route;
    (void)request;
    reply->status = 202;
    reply->retry_after_s = 7;
    (void)snprintf(reply->location, sizeof reply->location, "/things/1");
    http_reply_header(reply, "X-Extra", "%d", 42);
}

static const struct http_route routes[] = {
    {.method = "GET", .path = "/things", .serve = serve_echo, .data = "list"},
    {.method = "POST", .path = "/things", .serve = serve_echo, .has_body = true, .data = "make"},
    {.method = "GET", .path = "/things/{id}", .serve = serve_echo, .data = "get"},
    {.method = "DELETE", .path = "/things/{id}/parts/{part}", .serve = serve_echo, .data = "drop"},
    {.method = "GET", .path = "/slow", .serve = serve_slow, .data = "slow"},
    {.method = "GET", .path = "/held", .serve = serve_held, .data = "held"},
    {.method = "PUT", .path = "/accepted", .serve = serve_accepted},
};

static struct http *open_server_with(int64_t head_max_ms, int64_t body_max_ms)
{
    static void *contexts[LANES] = {&lanes[0], &lanes[1]};
    const struct http_options options = {
        .listen = "127.0.0.1:0",
        .routes = routes,
        .route_count = sizeof routes / sizeof routes[0],
        .contexts = contexts,
        .context_count = LANES,
        .head_max_ms = head_max_ms,
        .body_max_ms = body_max_ms,
    };
    struct http *http = NULL;
    struct fault fault = {.text = ""};
    ck_assert_int_ge(sodium_init(), 0);
    ck_assert_msg(http_open(&options, &http, &fault) == OK, "%s", fault.text);
    ck_assert_int_gt(http_port(http), 0);
    return http;
}

static struct http *open_server(void)
{
    return open_server_with(0, 0);
}

#define TRACE "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

/* clang-format off */
static const struct route_case { const char *method, *path, *body; long status; const char *start, *head; } cases[] = {
    {"GET", "/things", NULL, 200, "list|-|-|", "Content-Type: application/json"},
    {"GET", "/things?q=1", NULL, 200, "list|-|-|", NULL},
    {"GET", "/things/7", NULL, 200, "get|7|-|", "X-Request-Id: "},
    {"HEAD", "/things/7", NULL, 200, "", NULL},
    {"DELETE", "/things/7/parts/x", NULL, 200, "drop|7|x|", NULL},
    {"POST", "/things", "{}", 200, "make|-|-|", NULL},
    {"GET", "/", NULL, 404, "{\"type\":\"/problems/not-found\"", "Content-Type: application/problem+json"},
    {"GET", "/things/", NULL, 404, NULL, NULL},
    {"GET", "/things/7/", NULL, 404, NULL, NULL},
    {"GET", "/thing", NULL, 404, NULL, NULL},
    {"GET", "/things%2F7", NULL, 404, NULL, NULL},
    {"GET", "/things%00", NULL, 404, NULL, NULL},
    {"PUT", "/things", NULL, 405, "{\"type\":\"/problems/method-not-allowed\"", "Allow: GET, HEAD, POST"},
    {"POST", "/things/7", "{}", 405, NULL, "Allow: GET, HEAD\r\n"},
    {"HEAD", "/things/7/parts/x", NULL, 405, "", "Allow: DELETE\r\n"},
    {"OPTIONS", "/things", NULL, 405, NULL, NULL},
    {"POST", "/things", NULL, 400, "{\"type\":\"/problems/malformed\"", NULL},
    {"DELETE", "/things/7/parts/x", "{}", 400, NULL, NULL},
    {"PUT", "/accepted", NULL, 202, "", "Location: /things/1"},
    {"PUT", "/accepted", NULL, 202, "", "Retry-After: 7"},
    {"PUT", "/accepted", NULL, 202, "", "X-Extra: 42"},
};

static const struct type_case { const char *header; long status; } types[] = {
    {"Content-Type: application/json", 200},
    {"Content-Type: Application/JSON; charset=UTF-8", 200},
    {"Content-Type: application/json;charset=\"utf-8\"", 200},
    {"Content-Type: application/json; charset=latin1", 415},
    {"Content-Type: application/jsonp", 415},
    {"Content-Type: text/plain", 415},
    {"Content-Type:", 415}, /* none */
};

static const struct trace_case { const char *text, *expected; } traces[] = {
    {TRACE, TRACE},
    {"01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more", TRACE},
    {"01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", TRACE},
    {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more", NULL},
    {"01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01more", NULL},
    {"ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", NULL},
    {"00-00000000000000000000000000000000-b7ad6b7169203331-01", NULL},
    {"00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", NULL},
    {"00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", NULL},
    {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331", NULL},
    {"", NULL},
    {NULL, NULL},
};
/* clang-format on */

START_TEST(answers_by_method_and_path)
{
    const struct route_case *row = &cases[_i];
    struct http *http = open_server();
    struct answer answer = client_call(http_port(http), row->method, row->path, HEADERS(JSON),
                                       row->body, row->body != NULL ? strlen(row->body) : 0);
    ck_assert_msg(answer.status == row->status, "%s %s: %ld", row->method, row->path,
                  answer.status);
    if (row->start != NULL) {
        ck_assert_msg(strncmp(buffer_cstr(&answer.body), row->start, strlen(row->start)) == 0, "%s",
                      buffer_cstr(&answer.body));
    }
    if (row->start != NULL && row->start[0] == '\0') {
        ck_assert_uint_eq(answer.body.length, 0);
    }
    ck_assert_msg(row->head == NULL || answer_has_head(&answer, row->head), "%s",
                  buffer_cstr(&answer.head));
    answer_done(&answer);
    http_close(http);
}
END_TEST

START_TEST(wants_json)
{
    struct http *http = open_server();
    struct answer answer =
        client_call(http_port(http), "POST", "/things", HEADERS(types[_i].header), "{}", 2);
    ck_assert_msg(answer.status == types[_i].status, "%s: %ld", types[_i].header, answer.status);
    answer_done(&answer);
    http_close(http);
}
END_TEST

START_TEST(refuses_an_encoded_body)
{
    struct http *http = open_server();
    struct answer answer = client_call(http_port(http), "POST", "/things",
                                       HEADERS(JSON, "Content-Encoding: gzip"), "{}", 2);
    ck_assert_int_eq(answer.status, 415);
    answer_done(&answer);
    http_close(http);
}
END_TEST

START_TEST(takes_the_largest_body_and_no_larger)
{
    static char body[4 * HTTP_DISCARD_MAX_BYTES];
    static const struct {
        size_t length;
        long status;
    } sizes[] = {
        {HTTP_BODY_MAX_BYTES, 200},
        {HTTP_BODY_MAX_BYTES + 1, 413},
        {HTTP_DISCARD_MAX_BYTES, 413},
        {sizeof body, 413},
    };
    struct http *http = open_server();
    memset(body, ' ', sizeof body);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct answer answer =
            client_call(http_port(http), "POST", "/things", HEADERS(JSON), body, sizes[i].length);
        ck_assert_msg(answer.status == sizes[i].status, "%zu bytes: %ld", sizes[i].length,
                      answer.status);
        answer_done(&answer);
    }
    struct answer chunked =
        client_call(http_port(http), "POST", "/things", HEADERS(JSON, "Transfer-Encoding: chunked"),
                    body, HTTP_BODY_MAX_BYTES + 1);
    ck_assert_int_eq(chunked.status, 413);
    answer_done(&chunked);
    struct answer endless =
        client_call(http_port(http), "POST", "/things",
                    HEADERS(JSON, "Transfer-Encoding: chunked", "Expect:"), body, sizeof body);
    ck_assert_int_eq(endless.status, 413);
    answer_done(&endless);
    http_close(http);
}
END_TEST

START_TEST(refuses_endless_headers)
{
    static char header[2 * HTTP_HEAD_MAX_BYTES] = "X-Long: ";
    struct http *http = open_server();
    memset(header + strlen(header), 'a', sizeof header - strlen(header) - 1);
    struct answer answer = client_call(http_port(http), "GET", "/things", HEADERS(header), NULL, 0);
    ck_assert_msg(answer.status == 431 || answer.status == 413, "%ld", answer.status);
    answer_done(&answer);
    http_close(http);
}
END_TEST

START_TEST(reads_traceparent_as_w3c_says)
{
    char out[TRACEPARENT_TEXT_BYTES];
    bool is_valid = http_traceparent(traces[_i].text, out);
    ck_assert_int_eq(is_valid, traces[_i].expected != NULL);
    if (is_valid) {
        ck_assert_str_eq(out, traces[_i].expected);
    }
}
END_TEST

START_TEST(makes_a_traceparent_where_there_is_none)
{
    struct http *http = open_server();
    struct answer kept = client_call(http_port(http), "GET", "/things",
                                     HEADERS("traceparent: " TRACE, "Authorization: me"), NULL, 0);
    ck_assert_ptr_nonnull(strstr(buffer_cstr(&kept.body), "|me|" TRACE "|"));
    struct answer made =
        client_call(http_port(http), "GET", "/things", HEADERS("traceparent: nonsense"), NULL, 0);
    const char *text = strstr(buffer_cstr(&made.body), "|00-");
    char out[TRACEPARENT_TEXT_BYTES], given[TRACEPARENT_TEXT_BYTES];
    ck_assert_ptr_nonnull(text);
    (void)snprintf(given, sizeof given, "%.55s", text + 1);
    ck_assert(http_traceparent(given, out));
    answer_done(&kept);
    answer_done(&made);
    http_close(http);
}
END_TEST

static void *call_often(void *context)
{
    for (int i = 0; i < 50; i++) {
        struct answer answer = client_call(http_port(context), "GET", "/things/7", NULL, NULL, 0);
        ck_assert_int_eq(answer.status, 200);
        answer_done(&answer);
    }
    return NULL;
}

START_TEST(gives_each_request_a_context_of_its_own)
{
    struct http *http = open_server();
    pthread_t threads[8];
    for (size_t i = 0; i < 8; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, call_often, http), 0);
    }
    for (size_t i = 0; i < 8; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    ck_assert_int_eq(atomic_load(&overlaps), 0);
    http_close(http);
}
END_TEST

static void *call_slow(void *context)
{
    struct answer answer = client_call(http_port(context), "GET", "/slow", NULL, NULL, 0);
    ck_assert_int_eq(answer.status, 200);
    ck_assert_ptr_nonnull(strstr(buffer_cstr(&answer.body), "slow|"));
    ck_assert(answer_has_head(&answer, "Connection: close"));
    answer_done(&answer);
    return NULL;
}

static int connect_to(int port)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons((uint16_t)port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

START_TEST(finishes_what_runs_before_it_closes)
{
    struct http *http = open_server();
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, call_slow, http), 0);
    while (!atomic_load(&slow_started)) {
        clock_sleep_ms(1);
    }
    ck_assert(http_drain(http, 5000));
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    http_close(http);
}
END_TEST

START_TEST(does_not_wait_for_ever_for_a_client_that_stalls)
{
    static const char head[] = "POST /things HTTP/1.1\r\nHost: x\r\nContent-Type: "
                               "application/json\r\nContent-Length: 9\r\n\r\n{";
    struct http *http = open_server();
    int fd = connect_to(http_port(http));
    ck_assert_int_eq(send(fd, head, sizeof head - 1, 0), (ssize_t)(sizeof head - 1));
    clock_sleep_ms(100);
    int64_t start = clock_monotonic_ms();
    ck_assert(!http_drain(http, 200));
    ck_assert_int_lt(clock_monotonic_ms() - start, 1000);
    http_close(http);
    close(fd);
}
END_TEST

/* How long the server puts up with a client that sends `text` and then one byte after the other. */
static int64_t drip(struct http *http, const char *text)
{
    int fd = connect_to(http_port(http));
    int64_t start = clock_monotonic_ms();
    ck_assert_int_eq(send(fd, text, strlen(text), 0), (ssize_t)strlen(text));
    char byte = 0;
    for (int i = 0; i < 100; i++) {
        clock_sleep_ms(20);
        http_tick(http);
        bool is_gone = recv(fd, &byte, 1, MSG_DONTWAIT) == 0 || send(fd, "a", 1, MSG_NOSIGNAL) != 1;
        if (is_gone) {
            break;
        }
    }
    close(fd);
    return clock_monotonic_ms() - start;
}

/* clang-format off */
static const struct drip_case { const char *text; int64_t head_max_ms, body_max_ms; } drips[] = {
    {"GET /things HTTP/1.1\r\nHost: x\r\nX-Slow: ", 300, 60000},
    {"GET /things HTTP/1.1\r\nHost: x\r\n\r\nGET /things HTTP/1.1\r\nX-Slow: ", 300, 60000},
    {"POST /things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{", 60000, 300},
    {"POST /things HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n", 60000, 300},
};
/* clang-format on */

START_TEST(cuts_off_a_client_that_drips)
{
    struct http *http = open_server_with(drips[_i].head_max_ms, drips[_i].body_max_ms);
    int64_t ms = drip(http, drips[_i].text);
    ck_assert_msg(ms >= 250 && ms < 1500, "%lld ms", (long long)ms);
    http_close(http);
}
END_TEST

static void *call_patiently(void *http)
{
    struct answer answer = client_call(http_port(http), "GET", "/slow", NULL, NULL, 0);
    ck_assert_int_eq(answer.status, 200);
    answer_done(&answer);
    return NULL;
}

START_TEST(but_not_one_who_waits_for_a_slow_answer)
{
    struct http *http = open_server_with(100, 100);
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, call_patiently, http), 0);
    for (int i = 0; i < 20; i++) {
        clock_sleep_ms(20);
        http_tick(http);
    }
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    http_close(http);
}
END_TEST

static void *call_held(void *http)
{
    struct answer answer = client_call(http_port(http), "GET", "/held", NULL, NULL, 0);
    ck_assert_int_eq(answer.status, 200);
    answer_done(&answer);
    return NULL;
}

START_TEST(says_503_when_all_are_busy_for_too_long)
{
    struct http *http = open_server();
    pthread_t threads[LANES];
    for (int i = 0; i < LANES; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, call_held, http), 0);
    }
    while (atomic_load(&held) < LANES) {
        clock_sleep_ms(1);
    }
    struct answer answer = client_call(http_port(http), "GET", "/things", NULL, NULL, 0);
    ck_assert_int_eq(answer.status, 503);
    ck_assert(answer_has_head(&answer, "Retry-After: 1"));
    answer_done(&answer);
    for (int i = 0; i < LANES; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    http_close(http);
}
END_TEST

START_TEST(stops_soon_though_a_body_is_on_its_way)
{
    static const char head[] = "POST /things HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{";
    struct http *http = open_server();
    int fd = connect_to(http_port(http));
    ck_assert_int_eq(send(fd, head, sizeof head - 1, 0), (ssize_t)(sizeof head - 1));
    clock_sleep_ms(100);
    int64_t start = clock_monotonic_ms();
    ck_assert(http_drain(http, 7000));
    ck_assert_int_lt(clock_monotonic_ms() - start, HTTP_DRAIN_BODY_MAX_S * 1000 + 2000);
    http_close(http);
    close(fd);
}
END_TEST

START_TEST(survives_a_client_that_leaves)
{
    static const char head[] = "POST /things HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{";
    struct http *http = open_server();
    int fd = connect_to(http_port(http));
    ck_assert_int_eq(send(fd, head, sizeof head - 1, 0), (ssize_t)(sizeof head - 1));
    close(fd);
    ck_assert(http_drain(http, 5000));
    http_close(http);
}
END_TEST

/* clang-format off */
static const struct address_case { const char *listen; bool only_loopback, is_good; } addresses[] = {
    {"127.0.0.1:0", true, true},
    {"localhost:0", true, true},
    {"[::1]:0", true, true},
    {"0.0.0.0:0", false, true},
    {"0.0.0.0:0", true, false},
    {"[::]:0", true, false},
    {":0", true, false},
    {"127.0.0.1", false, false},
    {"127.0.0.1:", false, false},
    {"192.0.2.1:0", false, false}, /* not ours */
};
/* clang-format on */

START_TEST(listens_where_it_may)
{
    void *const contexts[] = {NULL};
    const struct http_options options = {.listen = addresses[_i].listen,
                                         .only_loopback = addresses[_i].only_loopback,
                                         .contexts = contexts,
                                         .context_count = 1};
    struct http *http = NULL;
    struct fault fault = {.text = ""};
    enum outcome o = http_open(&options, &http, &fault);
    ck_assert_msg((o == OK) == addresses[_i].is_good, "%s: %s", addresses[_i].listen, fault.text);
    ck_assert(o == OK || strstr(fault.text, addresses[_i].listen) != NULL);
    http_close(http);
}
END_TEST

START_TEST(says_when_a_port_is_taken)
{
    struct http *first = open_server();
    struct http *second = NULL;
    void *const contexts[] = {NULL};
    char listen[32];
    struct fault fault = {.text = ""};
    (void)snprintf(listen, sizeof listen, "127.0.0.1:%d", http_port(first));
    const struct http_options options = {
        .listen = listen, .contexts = contexts, .context_count = 1};
    ck_assert_int_eq(http_open(&options, &second, &fault), FATAL);
    ck_assert_msg(strstr(fault.text, "in use") != NULL, "%s", fault.text);
    http_close(first);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("http");
    tcase_set_timeout(tests, 30);
    tcase_add_loop_test(tests, answers_by_method_and_path, 0, sizeof cases / sizeof cases[0]);
    tcase_add_loop_test(tests, wants_json, 0, sizeof types / sizeof types[0]);
    tcase_add_test(tests, refuses_an_encoded_body);
    tcase_add_test(tests, takes_the_largest_body_and_no_larger);
    tcase_add_test(tests, refuses_endless_headers);
    tcase_add_loop_test(tests, reads_traceparent_as_w3c_says, 0, sizeof traces / sizeof traces[0]);
    tcase_add_test(tests, makes_a_traceparent_where_there_is_none);
    tcase_add_test(tests, gives_each_request_a_context_of_its_own);
    tcase_add_test(tests, finishes_what_runs_before_it_closes);
    tcase_add_test(tests, does_not_wait_for_ever_for_a_client_that_stalls);
    tcase_add_loop_test(tests, cuts_off_a_client_that_drips, 0, sizeof drips / sizeof drips[0]);
    tcase_add_test(tests, but_not_one_who_waits_for_a_slow_answer);
    tcase_add_test(tests, says_503_when_all_are_busy_for_too_long);
    tcase_add_test(tests, stops_soon_though_a_body_is_on_its_way);
    tcase_add_test(tests, survives_a_client_that_leaves);
    tcase_add_loop_test(tests, listens_where_it_may, 0, sizeof addresses / sizeof addresses[0]);
    tcase_add_test(tests, says_when_a_port_is_taken);
    Suite *suite = suite_create("http");
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
