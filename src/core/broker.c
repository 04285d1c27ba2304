/* SPDX-License-Identifier: Apache-2.0 */
#include "core/broker_internal.h"

#include "core/clock.h"
#include "core/db.h"
#include "core/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    HEARTBEAT_S = 10,
    CONNECT_MS = 5000,
    CLOSE_MS = 1000,
    RECEIVE_BYTES = 256 * 1024,
    SOCKET_BUFFER_BYTES = 1024 * 1024,
};

enum outcome broker_lose(struct broker *broker, struct fault *fault, const char *format, ...)
{
    if (!broker->is_lost) {
        char text[FAULT_TEXT_BYTES];
        va_list args;
        va_start(args, format);
        (void)vsnprintf(text, sizeof text, format, args);
        va_end(args);
        broker->is_lost = true;
        (void)fault_set(&broker->lost_fault, LOST, "broker: %s", text);
    }
    return fault_set(fault, LOST, "%s", broker->lost_fault.text);
}

/* A publisher that is never quite done would keep all it ever sent. Half of it at a time, so that
 * each byte moves once. */
static void drop_sent(struct broker *broker)
{
    if (broker->out_sent > broker->out.length / 2) {
        buffer_drop(&broker->out, broker->out_sent);
        broker->out_sent = 0;
    }
}

static const char *reason_of(const struct broker *broker, int error)
{
    return error == EPROTO && broker->tls != NULL ? tls_reason(broker->tls) : strerror(error);
}

static ssize_t put(struct broker *broker, const char *bytes, size_t count)
{
    return broker->tls == NULL ? send(broker->fd, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT)
                               : tls_send(broker->tls, bytes, count);
}

static ssize_t get(struct broker *broker, char *bytes, size_t count)
{
    return broker->tls == NULL ? recv(broker->fd, bytes, count, MSG_DONTWAIT)
                               : tls_receive(broker->tls, bytes, count);
}

static enum outcome send_some(struct broker *broker, struct fault *fault)
{
    while (broker->out_sent < broker->out.length) {
        ssize_t sent = put(broker, broker->out.bytes + broker->out_sent,
                           broker->out.length - broker->out_sent);
        if (sent > 0) {
            broker->out_sent += (size_t)sent;
            broker->last_sent_ms = clock_monotonic_ms();
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            drop_sent(broker);
            return OK;
        } else if (errno != EINTR) {
            return broker_lose(broker, fault, "send: %s", reason_of(broker, errno));
        }
    }
    buffer_clear(&broker->out);
    broker->out_sent = 0;
    return OK;
}

static enum outcome receive_some(struct broker *broker, struct fault *fault)
{
    while (!broker_is_full(broker)) {
        if (broker->in_read > 0) {
            buffer_drop(&broker->in, broker->in_read);
            broker->in_read = 0;
        }
        char *room = buffer_reserve(&broker->in, RECEIVE_BYTES);
        ssize_t got = get(broker, room, RECEIVE_BYTES);
        if (got == 0) {
            return broker_lose(broker, fault, "the broker closed the connection");
        }
        if (got < 0) {
            if (errno == EINTR) {
                continue;
            }
            if (errno == EAGAIN || errno == EWOULDBLOCK) {
                return OK;
            }
            return broker_lose(broker, fault, "receive: %s", reason_of(broker, errno));
        }
        buffer_grow(&broker->in, (size_t)got);
        broker->received_bytes += (uint64_t)got;
        broker->last_received_ms = clock_monotonic_ms();
        enum outcome o = broker_parse(broker, fault);
        /* TLS gives one record at a time, however much has come. */
        if (o != OK || (got < RECEIVE_BYTES && broker->tls == NULL)) {
            return o;
        }
    }
    broker->last_received_ms = clock_monotonic_ms(); /* who does not listen hears no silence */
    return OK;
}

uint8_t *broker_frame_open(struct broker *broker, size_t payload)
{
    return (uint8_t *)buffer_reserve(&broker->out, FRAME_HEAD_BYTES + payload + 1) +
           FRAME_HEAD_BYTES;
}

void broker_frame_close(struct broker *broker, uint8_t type, uint16_t channel, size_t length)
{
    uint8_t *head = (uint8_t *)buffer_reserve(&broker->out, FRAME_HEAD_BYTES + length + 1);
    head[0] = type;
    head[1] = (uint8_t)(channel >> 8);
    head[2] = (uint8_t)(channel & 0xff);
    head[3] = (uint8_t)(length >> 24);
    head[4] = (uint8_t)(length >> 16 & 0xff);
    head[5] = (uint8_t)(length >> 8 & 0xff);
    head[6] = (uint8_t)(length & 0xff);
    head[FRAME_HEAD_BYTES + length] = FRAME_END;
    buffer_grow(&broker->out, FRAME_HEAD_BYTES + length + 1);
}

enum outcome broker_send_method(struct broker *broker, uint16_t channel, amqp_method_number_t id,
                                void *method, struct fault *fault)
{
    uint8_t *payload = broker_frame_open(broker, BROKER_FRAME_MAX);
    payload[0] = (uint8_t)(id >> 24);
    payload[1] = (uint8_t)(id >> 16 & 0xff);
    payload[2] = (uint8_t)(id >> 8 & 0xff);
    payload[3] = (uint8_t)(id & 0xff);
    int length = amqp_encode_method(
        id, method, (amqp_bytes_t){.len = BROKER_FRAME_MAX - 4, .bytes = payload + 4});
    if (length < 0 || (size_t)length + 4 + FRAME_HEAD_BYTES + 1 > broker->frame_max) {
        return fault_set(fault, REJECT, "broker: %s is too large for a frame",
                         amqp_method_name(id));
    }
    broker_frame_close(broker, AMQP_FRAME_METHOD, channel, (size_t)length + 4);
    return OK;
}

static void send_heartbeat(struct broker *broker)
{
    (void)broker_frame_open(broker, 0);
    broker_frame_close(broker, AMQP_FRAME_HEARTBEAT, 0, 0);
}

enum outcome broker_tick(struct broker *broker, struct fault *fault)
{
    if (broker->is_lost) {
        return broker_lose(broker, fault, "gone");
    }
    /* Read first: what has arrived while this thread was busy counts as a sign of life. */
    enum outcome o = receive_some(broker, fault);
    if (o != OK) {
        return o;
    }
    int64_t now = clock_monotonic_ms();
    if (broker->heartbeat_ms > 0) {
        if (now - broker->last_received_ms > 2 * broker->heartbeat_ms) {
            return broker_lose(broker, fault, "silent for %lld ms, which is two heartbeats",
                               (long long)(now - broker->last_received_ms));
        }
        if (now - broker->last_sent_ms >= broker->heartbeat_ms / 2 &&
            broker->out.length == broker->out_sent) {
            send_heartbeat(broker);
        }
    }
    return send_some(broker, fault);
}

static int64_t until_heartbeat(const struct broker *broker)
{
    if (broker->heartbeat_ms == 0) {
        return INT64_MAX;
    }
    int64_t now = clock_monotonic_ms();
    int64_t to_send = broker->last_sent_ms + broker->heartbeat_ms / 2 - now;
    int64_t to_receive = broker->last_received_ms + 2 * broker->heartbeat_ms - now + 1;
    int64_t ms = to_send < to_receive ? to_send : to_receive;
    return ms > 1 ? ms : 1;
}

enum outcome broker_wait(struct broker *broker, int fd, int64_t timeout_ms, struct fault *fault)
{
    /* What has been queued is sent before sleeping, else the answer would never come; and what this
     * has received may be all that the caller waits for. */
    uint64_t received = broker->received_bytes;
    enum outcome o = broker_tick(broker, fault);
    if (o != OK || broker->received_bytes != received) {
        return o;
    }
    int64_t heartbeat = until_heartbeat(broker);
    int64_t ms = timeout_ms < heartbeat ? timeout_ms : heartbeat;
    struct pollfd polled[2] = {{.fd = -1}, {.fd = fd, .events = POLLIN}};
    if (!broker_is_full(broker)) {
        polled[0] = (struct pollfd){.fd = broker->fd, .events = POLLIN};
    }
    if (broker->out.length > broker->out_sent ||
        (broker->tls != NULL && tls_wants_write(broker->tls))) {
        polled[0].fd = broker->fd;
        polled[0].events |= POLLOUT;
    }
    (void)poll(polled, 2, (int)(ms > 0 ? ms : 0));
    return broker_tick(broker, fault);
}

static void companion_tick(void *context)
{
    struct broker *broker = context;
    if (!broker->is_lost) {
        struct fault ignored;
        enum outcome o = broker_tick(broker, &ignored);
        (void)o; /* remembered in the broker: its owner learns it at the next call */
    }
}

struct companion broker_companion(struct broker *broker)
{
    int64_t every = broker->heartbeat_ms > 0 ? broker->heartbeat_ms / 2 : 1000;
    return (struct companion){
        .fd = -1, .every_ms = every, .tick = companion_tick, .context = broker};
}

static enum outcome await_reply(struct broker *broker, amqp_method_number_t reply,
                                int64_t deadline_ms, struct fault *fault)
{
    while (broker->reply != reply && !broker->is_refused) {
        int64_t rest = deadline_ms - clock_monotonic_ms();
        if (rest <= 0) {
            return broker_lose(broker, fault, "no %s in time", amqp_method_name(reply));
        }
        enum outcome o = broker_wait(broker, -1, rest, fault);
        if (o != OK) {
            return o;
        }
    }
    return OK;
}

static enum outcome channel_open(struct broker *broker, struct fault *fault)
{
    amqp_channel_open_t open = {.out_of_band = amqp_empty_bytes};
    broker->reply = 0;
    enum outcome o =
        broker_send_method(broker, AMQP_CHANNEL, AMQP_CHANNEL_OPEN_METHOD, &open, fault);
    if (o == OK) {
        o = await_reply(broker, AMQP_CHANNEL_OPEN_OK_METHOD, clock_monotonic_ms() + CALL_MS, fault);
    }
    broker->is_channel_open = o == OK;
    return o;
}

enum outcome broker_call(struct broker *broker, amqp_method_number_t id, void *method,
                         amqp_method_number_t reply, struct fault *fault)
{
    if (broker->is_lost) {
        return broker_lose(broker, fault, "gone");
    }
    broker->reply = 0;
    broker->is_refused = false;
    broker->is_calling = true;
    enum outcome o = broker_send_method(broker, AMQP_CHANNEL, id, method, fault);
    if (o == OK) {
        o = await_reply(broker, reply, clock_monotonic_ms() + CALL_MS, fault);
    }
    broker->is_calling = false;
    if (o == OK && broker->is_refused) {
        broker->is_refused = false;
        o = channel_open(broker, fault);
        return o == OK ? fault_set(fault, REJECT, "broker: %s", broker->refusal.text) : o;
    }
    return o;
}

static enum outcome read_url(struct broker *broker, struct fault *fault)
{
    struct amqp_connection_info info;
    amqp_default_connection_info(&info);
    broker->url_parts = xstrdup(broker->url);
    if (amqp_parse_url(broker->url_parts, &info) != AMQP_STATUS_OK) {
        return fault_set(fault, FATAL,
                         "the AMQP URL cannot be read: write amqp://user:password@host:port/vhost, "
                         "or amqps:// for TLS");
    }
    broker->is_tls = info.ssl != 0;
    broker->user = info.user;
    broker->password = info.password;
    broker->host = info.host;
    broker->vhost = info.vhost;
    broker->port = info.port;
    return OK;
}

static bool wait_fd(int fd, short events, int64_t deadline_ms)
{
    for (;;) {
        int64_t rest = deadline_ms - clock_monotonic_ms();
        struct pollfd polled = {.fd = fd, .events = events};
        int ready = poll(&polled, 1, (int)(rest > 0 ? rest : 0));
        if (ready > 0) {
            return true;
        }
        if (rest <= 0) {
            return false;
        }
    }
}

static int connect_address(const struct addrinfo *address, int64_t deadline_ms)
{
    int fd = socket(address->ai_family, address->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
                    address->ai_protocol);
    if (fd < 0) {
        return -1;
    }
    int on = 1;
    int bytes = SOCKET_BUFFER_BYTES;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    if (connect(fd, address->ai_addr, address->ai_addrlen) != 0) {
        int error = errno;
        socklen_t size = sizeof error;
        if (error != EINPROGRESS || !wait_fd(fd, POLLOUT, deadline_ms)) {
            errno = error == EINPROGRESS ? ETIMEDOUT : error;
            goto failed;
        }
        if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) {
            errno = error;
            goto failed;
        }
    }
    return fd;

failed : {
    int saved = errno;
    (void)close(fd);
    errno = saved;
    return -1;
}
}

static enum outcome connect_socket(struct broker *broker, int64_t deadline_ms, struct fault *fault)
{
    char port[16];
    (void)snprintf(port, sizeof port, "%d", broker->port);
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *addresses = NULL;
    int failed = getaddrinfo(broker->host, port, &hints, &addresses);
    if (failed != 0) {
        return broker_lose(broker, fault, "%s: %s", broker->host, gai_strerror(failed));
    }
    broker->fd = -1;
    for (const struct addrinfo *a = addresses; a != NULL && broker->fd < 0; a = a->ai_next) {
        broker->fd = connect_address(a, deadline_ms);
    }
    int error = errno;
    freeaddrinfo(addresses);
    if (broker->fd < 0) {
        return broker_lose(broker, fault, "connect to %s:%d: %s", broker->host, broker->port,
                           strerror(error));
    }
    return OK;
}

static enum outcome start_tls(struct broker *broker, const struct tls_files *files,
                              int64_t deadline_ms, struct fault *fault)
{
    enum outcome o = tls_new(files, broker->host, broker->fd, &broker->tls, fault);
    while (o == OK) {
        o = tls_shake_hands(broker->tls, fault);
        if (o == OK) {
            return OK;
        }
        if (o == LOST) {
            return broker_lose(broker, fault, "%s:%d: %s", broker->host, broker->port, fault->text);
        }
        if (!wait_fd(broker->fd, tls_wants_write(broker->tls) ? POLLOUT : POLLIN, deadline_ms)) {
            return broker_lose(broker, fault, "%s:%d: TLS: no handshake in time", broker->host,
                               broker->port);
        }
        o = OK;
    }
    return o;
}

static amqp_table_entry_t text_entry(const char *key, const char *text)
{
    return (amqp_table_entry_t){
        .key = amqp_cstring_bytes(key),
        .value = {.kind = AMQP_FIELD_KIND_UTF8, .value.bytes = amqp_cstring_bytes(text)}};
}

static amqp_table_entry_t true_entry(const char *key)
{
    return (amqp_table_entry_t){.key = amqp_cstring_bytes(key),
                                .value = {.kind = AMQP_FIELD_KIND_BOOLEAN, .value.boolean = 1}};
}

static enum outcome send_start_ok(struct broker *broker, struct fault *fault)
{
    amqp_table_entry_t capabilities[] = {
        true_entry("publisher_confirms"),           true_entry("basic.nack"),
        true_entry("consumer_cancel_notify"),       true_entry("connection.blocked"),
        true_entry("authentication_failure_close"),
    };
    amqp_table_entry_t entries[] = {
        text_entry("product", "quadrille"),
        text_entry("connection_name", broker->name != NULL ? broker->name : "quadrille"),
        {.key = amqp_cstring_bytes("capabilities"),
         .value = {.kind = AMQP_FIELD_KIND_TABLE,
                   .value.table = {.num_entries = COUNT_OF(capabilities),
                                   .entries = capabilities}}},
    };

    /* SASL PLAIN: NUL user NUL password */
    struct buffer secret = {0};
    buffer_byte(&secret, '\0');
    buffer_text(&secret, broker->user);
    buffer_byte(&secret, '\0');
    buffer_text(&secret, broker->password);
    amqp_connection_start_ok_t ok = {
        .client_properties = {.num_entries = COUNT_OF(entries), .entries = entries},
        .mechanism = amqp_cstring_bytes("PLAIN"),
        .response = {.len = secret.length, .bytes = secret.bytes},
        .locale = amqp_cstring_bytes("en_US"),
    };
    enum outcome o = broker_send_method(broker, 0, AMQP_CONNECTION_START_OK_METHOD, &ok, fault);
    explicit_bzero(secret.bytes, secret.length);
    buffer_done(&secret);
    return o;
}

/* Tune is answered where it arrives (broker_frame.c); here only the order of the handshake stands.
 */
static enum outcome handshake(struct broker *broker, int64_t deadline_ms, struct fault *fault)
{
    buffer_add(&broker->out, "AMQP\0\0\x09\x01", 8);
    enum outcome o = await_reply(broker, AMQP_CONNECTION_START_METHOD, deadline_ms, fault);
    if (o == OK) {
        o = send_start_ok(broker, fault);
    }
    if (o == OK) {
        o = await_reply(broker, AMQP_CONNECTION_TUNE_METHOD, deadline_ms, fault);
    }
    if (o == OK) {
        amqp_connection_open_t open = {.virtual_host = amqp_cstring_bytes(broker->vhost)};
        o = broker_send_method(broker, 0, AMQP_CONNECTION_OPEN_METHOD, &open, fault);
    }
    if (o == OK) {
        o = await_reply(broker, AMQP_CONNECTION_OPEN_OK_METHOD, deadline_ms, fault);
    }
    return o == OK ? channel_open(broker, fault) : o;
}

enum outcome broker_open(const struct broker_options *options, struct broker **out,
                         struct fault *fault)
{
    struct broker *broker = xcalloc(1, sizeof *broker);
    broker->fd = -1;
    broker->url = xstrdup(options->url);
    broker->name = options->name != NULL ? xstrdup(options->name) : NULL;
    broker->wanted_heartbeat_s = options->heartbeat_s > 0 ? options->heartbeat_s : HEARTBEAT_S;
    broker->frame_max = BROKER_FRAME_MAX;
    broker->oldest = 1;
    broker->next = 1;
    init_amqp_pool(&broker->pool, POOL_PAGE_BYTES);

    int64_t deadline =
        clock_monotonic_ms() + (options->connect_ms > 0 ? options->connect_ms : CONNECT_MS);
    enum outcome o = read_url(broker, fault);
    if (o == OK) {
        o = connect_socket(broker, deadline, fault);
    }
    if (o == OK && broker->is_tls) {
        o = start_tls(broker, &options->tls, deadline, fault);
    }
    if (o == OK) {
        broker->last_received_ms = clock_monotonic_ms();
        broker->last_sent_ms = broker->last_received_ms;
        o = handshake(broker, deadline, fault);
    }
    if (o != OK) {
        broker_close(broker);
        return o;
    }
    *out = broker;
    return OK;
}

static void close_politely(struct broker *broker)
{
    amqp_connection_close_t close = {.reply_code = AMQP_REPLY_SUCCESS,
                                     .reply_text = amqp_cstring_bytes("bye")};
    struct fault ignored;
    if (broker_send_method(broker, 0, AMQP_CONNECTION_CLOSE_METHOD, &close, &ignored) == OK) {
        broker->reply = 0;
        enum outcome o = await_reply(broker, AMQP_CONNECTION_CLOSE_OK_METHOD,
                                     clock_monotonic_ms() + CLOSE_MS, &ignored);
        (void)o;
    }
}

static void free_arrivals(struct arrival *first)
{
    while (first != NULL) {
        struct arrival *next = first->next;
        free(first);
        first = next;
    }
}

void broker_close(struct broker *broker)
{
    if (broker == NULL) {
        return;
    }
    if (broker->fd >= 0) {
        if (!broker->is_lost && broker->is_channel_open) {
            close_politely(broker);
        }
        if (broker->tls != NULL && !broker->is_lost) {
            tls_close(broker->tls);
        }
        (void)close(broker->fd);
    }
    tls_free(broker->tls);
    free_arrivals(broker->ready_first);
    free_arrivals(broker->taken);
    free_arrivals(broker->got);
    free(broker->partial);
    free(broker->ring);
    free(broker->reply_queue);
    free(broker->reply_consumer);
    free(broker->url);
    free(broker->name);
    if (broker->url_parts != NULL) {
        explicit_bzero(broker->url_parts, strlen(broker->url_parts));
    }
    free(broker->url_parts);
    buffer_done(&broker->out);
    buffer_done(&broker->in);
    buffer_done(&broker->head_text);
    empty_amqp_pool(&broker->pool);
    free(broker);
}

int broker_socket(const struct broker *broker)
{
    return broker->fd;
}

bool broker_is_lost(const struct broker *broker)
{
    return broker->is_lost;
}

bool broker_is_blocked(const struct broker *broker)
{
    return broker->is_blocked;
}

const char *broker_user(const struct broker *broker)
{
    return broker->user;
}

const char *broker_vhost(const struct broker *broker)
{
    return broker->vhost;
}

unsigned broker_frame_max(const struct broker *broker)
{
    return broker->frame_max;
}

const char *broker_server_version(const struct broker *broker)
{
    return broker->server_version;
}
