/* SPDX-License-Identifier: Apache-2.0 */
#include "provider_http.h"

#include "provider_ledger.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static enum MHD_Result send_answer(const struct request *request, struct answer answer)
{
    if (answer.status == 0) {
        free(answer.body);
        return MHD_NO;
    }

    size_t bytes = answer.body == NULL ? 0 : strlen(answer.body);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(bytes, answer.body, MHD_RESPMEM_MUST_FREE);
    if (response == NULL) {
        free(answer.body);
        return MHD_NO;
    }
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    if (answer.status == MHD_HTTP_UNAUTHORIZED) {
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
    }
    if (answer.is_replayed) {
        (void)MHD_add_response_header(response, "Idempotent-Replayed", "true");
    }
    enum MHD_Result result = MHD_queue_response(request->connection, answer.status, response);
    MHD_destroy_response(response);
    return result;
}

static void collect(struct request *request, const char *data, size_t bytes)
{
    if (bytes > BODY_MAX_BYTES - request->body_bytes) {
        request->is_too_large = true;
        return;
    }
    memcpy(request->body + request->body_bytes, data, bytes);
    request->body_bytes += bytes;
    request->body[request->body_bytes] = '\0';
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *bytes, void **request_cls)
{
    struct listener *listener = cls;
    struct request *request = *request_cls;
    (void)version;

    if (request == NULL) { /* headers only as yet */
        if (listener->is_away != NULL && listener->is_away(listener->subject)) {
            return MHD_NO;
        }
        *request_cls = calloc(1, sizeof(*request));
        return *request_cls == NULL ? MHD_NO : MHD_YES;
    }
    if (*bytes > 0) {
        collect(request, data, *bytes);
        *bytes = 0;
        return MHD_YES;
    }
    request->connection = connection;
    request->method = method;
    request->path = url;
    return send_answer(request, listener->answer(listener->subject, request));
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **request_cls,
                         enum MHD_RequestTerminationCode code)
{
    (void)cls;
    (void)connection;
    (void)code;
    free(*request_cls);
    *request_cls = NULL;
}

static enum MHD_Result on_accept(void *cls, const struct sockaddr *address, socklen_t length)
{
    struct listener *listener = cls;
    (void)address;
    (void)length;

    return listener->is_away != NULL && listener->is_away(listener->subject) ? MHD_NO : MHD_YES;
}

bool listener_open(struct listener *listener, uint16_t port)
{
    const struct sockaddr_in loopback = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };

    listener->daemon = MHD_start_daemon(
        MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL, port,
        on_accept, listener, on_request, listener, MHD_OPTION_SOCK_ADDR, &loopback,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_MAX_S,
        MHD_OPTION_LISTENING_ADDRESS_REUSE, 1U, MHD_OPTION_END);
    if (listener->daemon == NULL) {
        fprintf(stderr, "provider: cannot listen on port %u: %s\n", port, strerror(errno));
        return false;
    }
    return true;
}

uint16_t listener_port(const struct listener *listener)
{
    return MHD_get_daemon_info(listener->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

void listener_close(struct listener *listener)
{
    if (listener->daemon != NULL) {
        MHD_stop_daemon(listener->daemon);
        listener->daemon = NULL;
    }
}

const char *request_header(const struct request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

static int socket_of(const struct request *request)
{
    return MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD)
        ->connect_fd;
}

void request_await_end(const struct request *request, int stop_fd)
{
    struct pollfd fds[] = {
        {.fd = socket_of(request), .events = POLLRDHUP},
        {.fd = stop_fd, .events = POLLIN},
    };

    while (poll(fds, 2, -1) < 0 && errno == EINTR) {
    }
}

void request_reset(const struct request *request)
{
    const struct sockaddr nowhere = {.sa_family = AF_UNSPEC};

    (void)connect(socket_of(request), &nowhere, sizeof(nowhere)); /* Linux resets the old peer */
}

bool wait_ms(int64_t ms, int stop_fd)
{
    struct pollfd stop = {.fd = stop_fd, .events = POLLIN};
    int64_t end_ms = monotonic_ms() + ms;

    for (int64_t left_ms = ms; left_ms > 0; left_ms = end_ms - monotonic_ms()) {
        if (poll(&stop, 1, left_ms > INT_MAX ? INT_MAX : (int)left_ms) > 0) {
            return false;
        }
    }
    return true;
}
