/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_LOAD_H
#define SUPPORT_LOAD_H

#include "core/ids.h"
#include "support/company.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Many users who want premium at once, in a fixed mixture of stories. For failure tests: whatever
 * is broken meanwhile, each must end as it is bound to.
 */

enum { LOAD_MAX = 1000 };

struct load_kind;

struct load_user {
    char id[UUID_TEXT_BYTES];
    char token[1024];
    char upgrade_id[UUID_TEXT_BYTES];
    const struct load_kind *kind;
    char state[32];
};

struct load {
    struct company *company;
    struct load_user users[LOAD_MAX];
    size_t count;
    bool is_hectic;  /* more kinds: users who cancel half-way or leave, cards that never come to an
                        end; deadlines pass */
    bool is_watched; /* somebody else starts again what has died */
    unsigned number; /* tells the users of several loads apart */
    size_t restarts; /* how often a service was found dead while it was asked, and started again */
    size_t kills;    /* how many of them had been killed */
    size_t
        unanswered; /* requests that got another answer than they should, however often repeated */
};

/*
 * Registers `count` users more, sets goals, records metrics where the plan shall be possible. A
 * service that is dead when it is asked is started again, as a supervisor would; 503 and silence
 * are met with patience.
 */
void load_users(struct load *load, size_t count);
/* Asks for premium for users[from … count). Every request has an Idempotency-Key and is repeated
 * until it is answered. */
void load_ask(struct load *load, size_t from);
/* The change of mind of those who have one: cancels the upgrade, deletes the user. */
void load_change_minds(struct load *load, size_t from);
/* Waits until every upgrade has ended; returns how many have not within timeout_ms. */
size_t load_await(struct load *load, int64_t timeout_ms);
/* How many ended otherwise than bound; tells the story of each on stderr. */
size_t load_wrong(const struct load *load);
/* How many ended so. */
size_t load_ended(const struct load *load, const char *state);

/* A PaymentCompleted that breaks its contract, said with billing's account: a dead letter more.
 * False when not confirmed. */
bool load_poison(struct company *company);

/*
 * Runs `quadrille audit --wait` against company, databases, broker and provider; true when every
 * invariant holds and the poisons are the only dead letters.
 */
bool load_audit(struct company *company);

#endif
