/* SPDX-License-Identifier: Apache-2.0 */
#include "services/billing/provider.h"

#include "core/clock.h"
#include "core/memory.h"
#include "core/text.h"
#include "unit.h"

#include <arpa/inet.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_MS = 10000, WAIT_MS = 10, DAY_MS = 24 * 60 * 60 * 1000 };

static const struct {
    const char *url;
    enum outcome wanted;
} urls[] = {
    {"https://api.stripe.com", OK},
    {"https://api.stripe.com/", OK},
    {"https://127.0.0.1:8443", OK},
    {"http://127.0.0.1:8080", OK},
    {"http://127.9.8.7:8080", OK},
    {"http://localhost:8080", OK},
    {"http://[::1]:8080", OK},
    {"http://example.org", FATAL},
    {"http://127.0.0.1.example.org", FATAL},
    {"http://localhost.example.org", FATAL},
    {"http://10.0.0.1", FATAL},
    {"http://[::2]", FATAL},
    {"https://user@api.stripe.com", FATAL},
    {"https://user:password@api.stripe.com", FATAL},
    {"http://127.0.0.1@example.org", FATAL},
    {"https://api.stripe.com/?a=b", FATAL},
    {"https://api.stripe.com/#a", FATAL},
    {"ftp://127.0.0.1", FATAL},
    {"file:///etc/passwd", FATAL},
    {"api.stripe.com", FATAL},
    {"", FATAL},
};

START_TEST(refuses_an_address_to_which_no_key_may_be_sent)
{
    struct fault fault = {0};
    ck_assert_msg(provider_check_url(urls[_i].url, &fault) == urls[_i].wanted, "%s", urls[_i].url);
}
END_TEST

struct peer {
    int fd, port;
};

static struct peer peer_open(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, length), 0);
    ck_assert_int_eq(listen(fd, 1), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    return (struct peer){fd, ntohs(address.sin_port)};
}

/* False when nobody has come. */
static bool peer_answer(const struct peer *peer, const char *text)
{
    struct pollfd wanted = {.fd = peer->fd, .events = POLLIN};
    if (poll(&wanted, 1, 0) == 0) {
        return false;
    }
    char request[4096];
    int fd = accept(peer->fd, NULL, NULL);
    ck_assert_int_gt(recv(fd, request, sizeof request, 0), 0);
    ck_assert_int_eq(send(fd, text, strlen(text), 0), (ssize_t)strlen(text));
    (void)close(fd);
    return true;
}

/* One call to a provider that answers so. */
static struct answer ask(const struct peer *peer, const char *text)
{
    AUTO(free_text) char *url = xasprintf("http://127.0.0.1:%d", peer->port);
    const struct provider_options options = {.url = url,
                                             .api_key = "key",
                                             .connect_ms = PATIENCE_MS,
                                             .answer_ms = PATIENCE_MS,
                                             .calls_max = 1};
    const struct provider_call call = {
        .path = "/v1/refunds", .is_post = true, .form = "a=b", .key = "k"};
    struct provider *provider = NULL;
    struct fault fault;
    struct answer answer = {0};
    void *context = NULL;
    ck_assert_int_eq(provider_open(&options, &provider, &fault), OK);
    provider_ask(provider, &call, NULL);
    for (int64_t until = clock_monotonic_ms() + PATIENCE_MS;
         !provider_take(provider, &context, &answer);) {
        ck_assert_int_lt(clock_monotonic_ms(), until);
        provider_wait(provider, WAIT_MS);
        (void)peer_answer(peer, text);
    }
    provider_close(provider);
    (void)close(peer->fd);
    return answer;
}

START_TEST(follows_no_redirect)
{
    struct peer provider = peer_open();
    struct peer stranger = peer_open();
    AUTO(free_text)
    char *text = xasprintf("HTTP/1.1 307 Elsewhere\r\nLocation: http://127.0.0.1:%d/\r\n"
                           "Content-Length: 0\r\nConnection: close\r\n\r\n",
                           stranger.port);
    struct answer answer = ask(&provider, text);
    ck_assert_int_eq(answer.kind, ANSWER_BROKEN);
    ck_assert_str_eq(answer.code, "redirected");
    ck_assert(!peer_answer(&stranger, text));
    (void)close(stranger.fd);
}
END_TEST

static const struct {
    const char *said;
    int64_t wanted_ms;
} rests[] = {
    {"7", 7000},
    {"86401", DAY_MS},
    {"9223372036854775807", DAY_MS},
};

START_TEST(waits_as_long_as_it_is_told_but_at_most_a_day)
{
    struct peer provider = peer_open();
    AUTO(free_text)
    char *text = xasprintf("HTTP/1.1 429 Slower\r\nRetry-After: %s\r\nContent-Length: 0\r\n"
                           "Connection: close\r\n\r\n",
                           rests[_i].said);
    struct answer answer = ask(&provider, text);
    ck_assert_int_eq(answer.kind, ANSWER_LATER);
    ck_assert_int_eq(answer.retry_after_ms, rests[_i].wanted_ms);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("provider");
    TCase *tcase = tcase_create("provider");
    tcase_add_loop_test(tcase, refuses_an_address_to_which_no_key_may_be_sent, 0,
                        (int)COUNT_OF(urls));
    tcase_add_test(tcase, follows_no_redirect);
    tcase_add_loop_test(tcase, waits_as_long_as_it_is_told_but_at_most_a_day, 0,
                        (int)COUNT_OF(rests));
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
