/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_COMPANY_H
#define SUPPORT_COMPANY_H

#include "support/client.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The whole Fit Company as child processes, on the servers that the environment names (AMQP_URL,
 * MANAGEMENT_URL, DATABASE_URL of the deploy account, SECRETS_DIR), with the stand-in payment
 * provider. For the demo and for tests. Binaries come from the build folder that QUADRILLE_BUILD
 * names. Whatever cannot go on ends the process with a message.
 */

struct company;

struct company_options {
    const char
        *folder; /* logs, port files, mail, the provider's ledger; made when it is not there */
    const char *const *extra; /* "NAME=value" for every service, NULL-terminated; may be NULL */
};

struct company *company_new(const struct company_options *options);
void company_free(struct company *company); /* stops everything first */

/* Starts the provider and all five services and waits until all are ready. */
void company_start(struct company *company);
void company_stop(struct company *company);

/* One service ("billing") or "provider". `extra` as above, for this start only, e.g.
 * {"CRASH_AT=consumer-before-commit", NULL}. */
void company_start_one(struct company *company, const char *name, const char *const extra[]);
/* A second process of the same service; ended with the company. Returns its health port. */
int company_start_twin(struct company *company, const char *name);
/* Whoever is behind that health port, in time. */
bool company_becomes_ready(int health_port);
/* Sends the signal and waits for the end (not for SIGSTOP and SIGCONT). Returns the wait status. */
int company_signal(struct company *company, const char *name, int signal);
bool company_is_alive(const struct company *company, const char *name);
/* Waits until the process has ended by itself: its wait status (process_was_killed: by a crash
 * point), or -1 when it has not within timeout_ms. */
int company_await_end(struct company *company, const char *name, int64_t timeout_ms);
void company_await_ready(struct company *company, const char *name);

/* Ports in use; for the provider: its API and its admin port. */
int company_http_port(const struct company *company, const char *name);
int company_health_port(const struct company *company, const char *name);

/* Where mail goes, where a process logs. Borrowed. */
const char *company_maildir(const struct company *company);
const char *company_folder(const struct company *company);
const char *company_build(const struct company *company);
/* How often this event ("saga.unknown") was logged, in all lives of all processes: a counter lives
 * no longer than its process. */
size_t company_count_logged(const struct company *company, const char *event);

/*
 * One HTTP call of a service's public listener. `token` and `idempotency_key` may be NULL, `body`
 * is JSON or NULL. Returns the status (0: no answer); `out` gets the parsed answer when not NULL
 * (json_object_put; NULL when it is no JSON).
 */
long company_call(struct company *company, const char *name, const char *method, const char *path,
                  const char *token, const char *idempotency_key, const char *body,
                  json_object **out);
/* The provider's admin port. */
long company_provider(struct company *company, const char *method, const char *path,
                      const char *body, json_object **out);

/* "user" → amqp URL with the account's own password; likewise for a database. Yours. */
char *company_amqp_url(const char *account);
char *company_database_url(const char *account, const char *database);

/* A text member of an answer, "" when it is not there. Borrowed from the object. */
const char *member_text(json_object *object, const char *key);
int64_t member_number(json_object *object, const char *key);

#endif
