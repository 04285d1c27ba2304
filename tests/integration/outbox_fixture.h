/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_OUTBOX_FIXTURE_H
#define TESTS_OUTBOX_FIXTURE_H

#include "core/broker.h"
#include "core/contract.h"
#include "core/db.h"
#include "core/service.h"

#include <libpq-fe.h>
#include <pthread.h>

/*
 * A service of its own on the real servers: database and roles as the migrations want them, an
 * exchange with a quorum queue that hears everything, dead letters, and a runtime for the parts
 * under test. Every name is random, so that runs cannot meet.
 */

struct said {
    struct uuid subject_id;
    int64_t amount;
};

struct fixture {
    char name[32]; /* of the service, database, runtime role */
    char owner[48];
    char *owner_url; /* the deploy account in the service's database */
    char *url;       /* the runtime role there */
    char queue[48], dlq[48], exchange[48], dlx[48];
    PGconn *conn; /* deploy, in the role of the owner */
    struct broker *broker;
    struct message heard, unheard,
        missing; /* `missing`: somebody should hear it, nobody is bound */
    const struct message *sends[3];
    struct contract contract;
    struct service service;
    struct service_config config;
    struct runtime runtime;
};

/* False when the environment names no servers. */
bool fixture_has_servers(void);

/* Names, contract and runtime alone; nothing on the servers. */
void fixture_contract(struct fixture *fixture, const char *name);
void fixture_open(struct fixture *fixture);
void fixture_close(struct fixture *fixture);

/* A relay of this fixture in a thread. */
struct relay_thread {
    struct runtime runtime;
    pthread_t thread;
    enum outcome outcome;
    struct fault fault;
};
void relay_start(struct fixture *fixture, struct relay_thread *relay);
void relay_stop(struct relay_thread *relay);

/* One number, with the formatted statement run as the owner. Fails the test on an error. */
long long ask(PGconn *conn, const char *format, ...) __attribute__((format(printf, 2, 3)));
void tell(PGconn *conn, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* SQLSTATE of a statement that must fail. */
const char *refused(PGconn *conn, const char *sql);
PGconn *connect_to(const char *url);

/* Says `count` events in one transaction over `db`, each of its own subject unless `subject` is
 * given. */
void say(struct fixture *fixture, struct db *db, const struct message *message,
         const struct uuid *subject, int count);
/* The same by plain SQL, quickly: for large numbers. Body: {"n":<i>}. */
void say_many(struct fixture *fixture, PGconn *conn, int count);
struct db *fixture_db(const struct fixture *fixture);

/* What the queue got: ids in the order of arrival. Acked. */
struct heard {
    struct uuid *ids;
    size_t count, room;
};
/* Takes until `distinct` ids have arrived in all or nothing came for `quiet_ms`. */
void hear(const char *queue, struct heard *heard, size_t distinct, int64_t quiet_ms);
size_t heard_distinct(const struct heard *heard);
void heard_done(struct heard *heard);

/* Waits until the statement gives `wanted`; false after ms. */
bool wait_until(PGconn *conn, long long wanted, int64_t ms, const char *sql);

#endif
