/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_STAGE_H
#define TESTS_STAGE_H

#include "core/ids.h"
#include "support/company.h"

#include <libpq-fe.h>
#include <stdint.h>

/*
 * One real service alone on the real servers, in a virtual host and databases of its own: what the
 * others would say is said by hand, under their accounts. Opened in the test program itself (an
 * unchecked fixture), used by forked cases, each with connections of its own.
 */

struct stage {
    const char *service;
    char name[40]; /* of the virtual host, and before the database's name */
    char *folder;
    struct company *company;
};

/* False when the environment names no servers. */
bool stage_has_servers(void);
/* `extra`: "NAME=value" for the service, NULL-terminated. */
void stage_open(struct stage *stage, const char *service, const char *const extra[]);
void stage_close(struct stage *stage);
/* What stage_close does once the service is gone: the virtual host, the databases and the folder
 * go. */
void stage_clear(struct stage *stage);
/* Deletes one of the broker's things: "vhosts" or "users" and its name. */
void stage_delete(const struct stage *stage, const char *what, const char *name);

/* The service's database, as its owner. */
PGconn *stage_connect(const struct stage *stage);
/* The text of one value; "" for no row and for NULL. Yours. */
char *stage_text(PGconn *conn, const char *format, ...) __attribute__((format(printf, 2, 3)));
long long stage_number(PGconn *conn, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Fails the test when the statement does not give `wanted` in time. */
void stage_await(PGconn *conn, long long wanted, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A bearer token of this user. Yours. */
char *stage_token(const struct uuid *user_id);

/* An event as its owner would say it. */
struct saying {
    const char *service;     /* profile */
    const char *name;        /* FitnessGoalSet */
    const char *routing_key; /* profile.fitness-goal-set.v1 */
    struct uuid id, subject;
    int64_t sequence; /* 0: without one */
    const char *body;
    struct uuid story;       /* its correlation; nil: begins with this event */
    const char *traceparent; /* NULL: without one */
    int major;               /* 0: 1 */
};
struct buffer;
/* Its property list, as stage_say sends it. */
void stage_encode(const struct saying *saying, struct buffer *out);
/* Publishes under the service's own account, `times` copies of each, and waits for the confirms. */
void stage_say(const struct stage *stage, const struct saying *sayings, size_t count, int times);

#endif
