/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_PROVIDER_HTTP_H
#define SUPPORT_PROVIDER_HTTP_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A listener on loopback: one thread per connection, so an answer may take its time. */

enum {
    BODY_MAX_BYTES = 64 * 1024,
    CONNECTIONS_MAX = 512,
    IDLE_MAX_S = 120,
};

struct request {
    struct MHD_Connection *connection;
    const char *method;
    const char *path;
    char body[BODY_MAX_BYTES + 1];
    size_t body_bytes;
    bool is_too_large; /* the body is not complete then */
};

struct answer {
    unsigned status; /* 0: close the connection without an answer */
    char *body;      /* taken over; NULL: none */
    bool is_replayed;
};

struct listener {
    void *subject;
    struct answer (*answer)(void *subject, const struct request *request); /* in any thread */
    bool (*is_away)(void *subject); /* NULL: never; else connections are closed at once */
    struct MHD_Daemon *daemon;
};

/* subject and callbacks are set by the caller. port 0: a free one. Says on stderr why it cannot. */
bool listener_open(struct listener *listener, uint16_t port);

uint16_t listener_port(const struct listener *listener);

/* Waits for the answers under way; who waits in one must have been told to stop before. */
void listener_close(struct listener *listener);

/* NULL when absent. */
const char *request_header(const struct request *request, const char *name);

/* Blocks until the client has closed the connection or stop_fd is readable. */
void request_await_end(const struct request *request, int stop_fd);

/* Breaks the connection off with a TCP reset. */
void request_reset(const struct request *request);

/* Blocks for so long. False: stop_fd became readable before. */
bool wait_ms(int64_t ms, int stop_fd);

#endif
