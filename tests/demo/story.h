/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DEMO_STORY_H
#define DEMO_STORY_H

#include "core/ids.h"
#include "demo/tap.h"
#include "support/company.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

/* One story while it is told: the user it is about, what has been heard, how it is printed. */

enum { HEARD_MAX = 256, FAILURE_BYTES = 256 };

struct user {
    char id[UUID_TEXT_BYTES];
    char token[2048];
};

struct telling {
    struct company *company;
    struct tap *tap;
    bool has_colour;
    struct user user;
    char upgrade_id[UUID_TEXT_BYTES];
    char state[32]; /* of the upgrade, as last read */
    struct heard heard[HEARD_MAX];
    size_t heard_count;
    int64_t began_ms;            /* what was said before belongs to another story */
    char failure[FAILURE_BYTES]; /* "" while all is well; the first failure stays */
};

/* Prints one line of the story: what the narrator does. */
void tell(struct telling *telling, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Remembers why the story did not go as told. */
void tell_failure(struct telling *telling, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

enum body { BODY_NONE, BODY_METRICS }; /* does the user record body metrics */

/* Registers a user, sets a goal, waits for the first plan. */
void meet_user(struct telling *telling, const char *name, enum body body);

/* Asks for premium with a payment method of the provider's; fills upgrade_id. Returns the HTTP
 * status. */
long ask_for_premium(struct telling *telling, const char *payment_method,
                     const char *idempotency_key);
/* Reads the upgrade's state from its URL. */
const char *read_state(struct telling *telling);
/* Listens and reads until the upgrade is in `state`; a failure when it is not within timeout_ms. */
bool await_state(struct telling *telling, const char *state, int64_t timeout_ms);
/* Listens until the event has been heard in this story. */
bool await_event(struct telling *telling, const char *name, int64_t timeout_ms);
/* Just listens. */
void listen_for(struct telling *telling, int64_t ms);

/* One fault at the provider, for this story's upgrade or for whatever comes next. */
void disturb_provider(struct telling *telling, const char *route, const char *fault, int64_t ms);

/* What the provider's own ledger says about this story's upgrade. */
struct money {
    int64_t charges, refunds, charged_minor, refunded_minor;
};
struct money read_money(struct telling *telling);
/* Everything in it, whatever it is about. False when it cannot be read. */
bool read_ledger(struct company *company, struct money *total);
/* A failure when the ledger says otherwise. */
void expect_money(struct telling *telling, int64_t charges, int64_t refunds);

/* Looks at a dead-letter queue's first message and leaves it there: a failure unless its reason
 * names `field`. */
void show_dead_letter(struct telling *telling, const char *queue, const char *field);

#endif
