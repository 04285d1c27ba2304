/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISHERS_COMMAND_H
#define PUBLISHERS_COMMAND_H

#include "core/codec.h"
#include "core/http.h"
#include "core/problem.h"
#include "core/service.h"
#include "core/token.h"
#include "publishers/work.h"

/*
 * The HTTP way in: one request, one transaction, one answer. Whoever calls is known (bearer token),
 * may touch only what is theirs, and with an Idempotency-Key on a POST gets the same answer again
 * instead of a second effect (idempotency.h). A body is read by the route's shape with nothing
 * beside it, and no card number passes.
 */

struct command {
    struct work *work;
    const struct http_request *request;
    struct http_reply *reply;
    struct uuid user_id; /* of the path's {id}; nil when the path has none. Whom the answer is
                            about: a function that makes a user writes the new id here */
    struct uuid item_id; /* of the path's second {…}; nil when the path has none */
    const void *body;    /* decoded by the route's shape; NULL when it has none */
    const struct token *caller; /* NULL where ACCESS_ANYONE */
    const struct token_keys
        *keys; /* to make a token with; NULL when the service has no JWT_KEY_FILE */
};

/*
 * OK: reply is filled; commit. REJECT: reply holds a problem (problem_reply); roll back. With an
 * Idempotency-Key a 409 or 422 is the answer to every repetition too; what may pass by itself is
 * another status. RETRY: conflict, run again (bounded), then 503. LOST: 503 with Retry-After. A
 * function may run more than once for one request, each time in a new transaction with an empty
 * reply; it must touch nothing outside.
 */
typedef enum outcome (*command_fn)(struct command *command);

enum access {
    ACCESS_ANYONE, /* no token needed */
    ACCESS_OWNER,  /* the token's subject is the path's {id}, or the token is an admin's */
};

struct command_route {
    const char *method;
    const char *path; /* "/users/{id}/premium-upgrades/{upgradeId}" */
    enum access access;
    bool is_query;            /* GET: reads only, no Idempotency-Key */
    const struct shape *body; /* NULL: no body */
    command_fn run;
};

/* The part that serves a service's public listener. The service points `struct service.commands` at
 * its table. */
extern const struct part command_part;

#endif
