/* SPDX-License-Identifier: Apache-2.0 */
#include "support/proxy.h"

#include "core/clock.h"
#include "core/memory.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 64, BLOCK_BYTES = 65536, TEXT_BYTES = 64, LOOK_MS = 10 };

enum answer { ANSWER_PASSES, ANSWER_ARMED, ANSWER_CUT };

/* Shared by the parent, who tells, and the child, who does. */
struct proxy {
    int port;
    pid_t child;
    _Atomic bool is_blackhole;
    _Atomic int64_t delay_ms;
    _Atomic int cuts;
    _Atomic int answer; /* enum answer */
    char text[TEXT_BYTES];
};

struct connection {
    int client, server;
    bool is_doomed; /* its next answer is the one to be cut */
};

struct relay {
    struct proxy *proxy;
    int listener, target;
    int cuts_done;
    struct connection connections[CONNECTIONS_MAX];
    int count;
};

static void give_up(const char *what)
{
    (void)fprintf(stderr, "proxy: %s: %s\n", what, strerror(errno));
    _exit(1);
}

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int open_socket(void)
{
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        give_up("socket");
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

static void end(struct relay *relay, int index)
{
    (void)close(relay->connections[index].client);
    (void)close(relay->connections[index].server);
    relay->connections[index] = relay->connections[--relay->count];
}

static void accept_one(struct relay *relay)
{
    struct sockaddr_in address = loopback(relay->target);
    int client = accept4(relay->listener, NULL, NULL, SOCK_CLOEXEC);
    int server = open_socket();
    if (client < 0 || relay->count == CONNECTIONS_MAX ||
        connect(server, (struct sockaddr *)&address, sizeof address) != 0) {
        (void)close(client);
        (void)close(server);
        return;
    }
    relay->connections[relay->count++] = (struct connection){.client = client, .server = server};
}

static bool send_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR) {
            return false;
        }
        bytes += sent > 0 ? sent : 0;
        length -= sent > 0 ? (size_t)sent : 0;
    }
    return true;
}

/* False when the connection is over. */
static bool pass(struct proxy *proxy, struct connection *connection, bool is_from_client)
{
    static char block[BLOCK_BYTES];
    int from = is_from_client ? connection->client : connection->server;
    int to = is_from_client ? connection->server : connection->client;
    ssize_t got = recv(from, block, sizeof block, 0);
    if (got <= 0 || (connection->is_doomed && !is_from_client)) {
        return false;
    }
    int armed = ANSWER_ARMED;
    if (is_from_client && atomic_load(&proxy->answer) == ANSWER_ARMED &&
        memmem(block, (size_t)got, proxy->text, strlen(proxy->text)) != NULL) {
        connection->is_doomed = atomic_compare_exchange_strong(&proxy->answer, &armed, ANSWER_CUT);
    }
    clock_sleep_ms(atomic_load(&proxy->delay_ms));
    return send_all(to, block, (size_t)got);
}

static void look_once(struct relay *relay)
{
    struct pollfd polled[1 + 2 * CONNECTIONS_MAX] = {{.fd = relay->listener, .events = POLLIN}};
    int count = relay->count;
    for (int i = 0; i < count; i++) {
        polled[1 + 2 * i] = (struct pollfd){.fd = relay->connections[i].client, .events = POLLIN};
        polled[2 + 2 * i] = (struct pollfd){.fd = relay->connections[i].server, .events = POLLIN};
    }
    if (atomic_load(&relay->proxy->is_blackhole)) {
        clock_sleep_ms(LOOK_MS);
        return;
    }
    (void)poll(polled, 1 + 2 * (nfds_t)count, LOOK_MS);
    /* From the last one, because who ends is replaced by the last one. */
    for (int i = count - 1; i >= 0; i--) {
        struct connection *connection = &relay->connections[i];
        if ((polled[1 + 2 * i].revents != 0 && !pass(relay->proxy, connection, true)) ||
            (polled[2 + 2 * i].revents != 0 && !pass(relay->proxy, connection, false))) {
            end(relay, i);
        }
    }
    if (polled[0].revents != 0) {
        accept_one(relay);
    }
}

static void run(struct relay *relay)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        look_once(relay);
        int cuts = atomic_load(&relay->proxy->cuts);
        while (cuts != relay->cuts_done && relay->count > 0) {
            end(relay, 0);
        }
        relay->cuts_done = cuts;
    }
}

struct proxy *proxy_start(int port)
{
    struct proxy *proxy =
        mmap(NULL, sizeof *proxy, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    static struct relay relay;
    relay = (struct relay){.proxy = proxy, .target = port, .listener = open_socket()};
    if (proxy == MAP_FAILED ||
        bind(relay.listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(relay.listener, CONNECTIONS_MAX) != 0 ||
        getsockname(relay.listener, (struct sockaddr *)&address, &size) != 0) {
        give_up("listen");
    }
    proxy->port = ntohs(address.sin_port);
    pid_t child = fork();
    if (child < 0) {
        give_up("fork");
    }
    if (child == 0) {
        run(&relay);
    }
    proxy->child = child;
    (void)close(relay.listener);
    return proxy;
}

void proxy_stop(struct proxy *proxy)
{
    (void)kill(proxy->child, SIGKILL);
    (void)waitpid(proxy->child, NULL, 0);
    (void)munmap(proxy, sizeof *proxy);
}

int proxy_port(const struct proxy *proxy)
{
    return proxy->port;
}

char *proxy_url(const struct proxy *proxy, const char *url)
{
    const char *host = strrchr(url, '@');
    const char *path = host != NULL ? strchr(host, '/') : NULL;
    if (path == NULL) {
        give_up("a URL without user or path");
    }
    return xasprintf("%.*s@127.0.0.1:%d%s", (int)(host - url), url, proxy->port, path);
}

void proxy_blackhole(struct proxy *proxy, bool is_on)
{
    atomic_store(&proxy->is_blackhole, is_on);
}

void proxy_delay(struct proxy *proxy, int64_t ms)
{
    atomic_store(&proxy->delay_ms, ms);
}

void proxy_cut(struct proxy *proxy)
{
    atomic_fetch_add(&proxy->cuts, 1);
}

void proxy_cut_answer(struct proxy *proxy, const char *text)
{
    (void)snprintf(proxy->text, sizeof proxy->text, "%s", text);
    atomic_store(&proxy->answer, ANSWER_ARMED);
}

bool proxy_has_cut_answer(const struct proxy *proxy)
{
    return atomic_load(&proxy->answer) == ANSWER_CUT;
}
