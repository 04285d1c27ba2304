/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_HTTP_H
#define CORE_HTTP_H

#include "core/buffer.h"
#include "core/envelope.h"
#include "core/ids.h"
#include "core/outcome.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A listener: requests matched to a table of routes, answered by one handler each. Each connection
 * has a thread; there are fewer contexts. A handler runs with a context that is its alone until it
 * returns, so contexts may own what belongs to one thread at a time (a database connection). A
 * request that gets no context within HTTP_WAIT_MAX_S is answered 503.
 *
 * What no handler sees, because it is answered here with a problem (problem.h): 404, 405 with
 * Allow, 413, 415, and 400 for a body that is missing or not wanted. What is not HTTP, or has a
 * head over HTTP_HEAD_MAX_BYTES, gets a plain 400, 413 or 431 of the library's own. HEAD is served
 * wherever GET is. Paths are matched as they are sent: nothing we serve needs percent-encoding.
 */

enum {
    HTTP_BODY_MAX_BYTES = 64 * 1024,
    /* Announced: read and dropped, so that the client sees its 413. Above it the answer comes
     * before the body. A body that announces nothing is dropped to its end, or until its time is
     * over. */
    HTTP_DISCARD_MAX_BYTES = 1024 * 1024,
    HTTP_HEAD_MAX_BYTES = 16 * 1024, /* request line and headers */
    HTTP_CONNECTIONS_MAX = 512,
    HTTP_CONNECTIONS_PER_IP_MAX = 256,
    HTTP_IDLE_MAX_S = 30,
    /* However a client drips: */
    HTTP_ARRIVAL_MAX_S = 45,   /* from a connection's start, or its last answer, to the end of the
                                  next head */
    HTTP_BODY_MAX_S = 10,      /* from there to the end of the body */
    HTTP_SEND_MAX_S = 45,      /* to take the answer */
    HTTP_DRAIN_BODY_MAX_S = 1, /* of a body that is on its way when it is time to stop */
    HTTP_WAIT_MAX_S = 3,       /* for a context */
    HTTP_STACK_BYTES = 512 * 1024,
    HTTP_PARAMS_MAX = 4,
    HTTP_HEADERS_MAX = 6,
    HTTP_VALUE_MAX_BYTES = 256,
};

struct http_request {
    struct uuid id; /* ours, new; the answer's X-Request-Id */
    const char *method, *path;
    const char *params[HTTP_PARAMS_MAX]; /* what stands for {…}, in order; NULL after the last */
    const char *body;                    /* not NUL-terminated */
    size_t body_length;
    const char *authorization, *idempotency_key; /* NULL when absent */
    char traceparent[TRACEPARENT_TEXT_BYTES]; /* the caller's when it was valid, else a new one */
};

struct http_header {
    const char *name;
    char value[HTTP_VALUE_MAX_BYTES];
};

/* A zeroed reply is empty and valid. A handler sets at least the status. */
struct http_reply {
    int status;
    struct uuid request_id;
    struct buffer body;
    const char *content_type; /* NULL = application/json */
    char location[HTTP_VALUE_MAX_BYTES];
    int retry_after_s; /* 0 = not said */
    struct http_header headers[HTTP_HEADERS_MAX];
    size_t header_count;
};

/* One more header. Too many, or a value too long, is a bug and aborts. */
void http_reply_header(struct http_reply *reply, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void http_reply_clear(
    struct http_reply *reply); /* as before the handler ran; keeps request_id and memory */
void http_reply_done(struct http_reply *reply);

struct http_route;
typedef void (*http_fn)(void *context, const struct http_route *route,
                        const struct http_request *request, struct http_reply *reply);

struct http_route {
    const char *method;
    const char *path; /* "/users/{id}/plan" */
    bool has_body;    /* a JSON body is required; otherwise none may be sent */
    http_fn serve;
    const void *data; /* the handler's */
};

struct http_options {
    const char *listen;              /* host:port or [host]:port; port 0 = a free one */
    bool only_loopback;              /* refuse any other address */
    const struct http_route *routes; /* borrowed until http_close */
    size_t route_count;
    void *const *contexts; /* how many handlers run at once; what they point to is borrowed until
                              http_close */
    int context_count;
    int64_t head_max_ms, body_max_ms; /* 0 = HTTP_ARRIVAL_MAX_S, HTTP_BODY_MAX_S */
};

struct http;

/* FATAL names the address and says why it cannot be had. */
enum outcome http_open(const struct http_options *options, struct http **out, struct fault *fault);
int http_port(const struct http *http);
/* Cuts off connections whose request takes too long to arrive, or whose answer to leave. To be
 * called about once a second. */
void http_tick(struct http *http);
/* Accepts no more, closes idle connections as they speak, waits for what runs. False when the time
 * was not enough. */
bool http_drain(struct http *http, int64_t ms);
void http_close(struct http *http); /* NULL is fine */

/* W3C Trace Context: version 00, or a later one cut to what 00 knows. False when it must be
 * ignored. */
bool http_traceparent(const char *text, char out[TRACEPARENT_TEXT_BYTES]);

#endif
