/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_WORLD_H
#define MODEL_WORLD_H

#include <stdint.h>

#include "rules.h"

/*
 * One moment of a premium upgrade and everything around it: three services' rows, the messages on
 * their way, the intent workers, the provider, and the faults that may still happen. Small enough
 * to keep millions of them.
 */

enum {
    STORIES = 2,
    WORKERS = 2,
    KEYS = 3, /* of each kind, and payment intents: one per create key */
    STORY_WORDS = 3,
    MOST_WORDS = 1 + STORIES * STORY_WORDS
};

/* One kind of message to one listener. */
enum slot {
    UPGRADE_REQUESTED_TO_BILLING,
    ACTIVATION_FAILED_TO_BILLING,
    REVOKED_TO_BILLING,
    DELETED_TO_BILLING,
    PAYMENT_COMPLETED_TO_SUBSCRIPTION,
    PAYMENT_FAILED_TO_SUBSCRIPTION,
    PAYMENT_REFUNDED_TO_SUBSCRIPTION,
    PAYMENT_VOIDED_TO_SUBSCRIPTION,
    PLAN_GENERATED_TO_SUBSCRIPTION,
    PLAN_FAILED_TO_SUBSCRIPTION,
    PLAN_WITHDRAWN_TO_SUBSCRIPTION,
    DELETED_TO_SUBSCRIPTION,
    ACTIVATED_TO_COACHING,
    REVOKED_TO_COACHING,
    DELETED_TO_COACHING,
    SLOTS,
};

enum deadline { DEADLINE_NONE, DEADLINE_ARMED, DEADLINE_DUE, DEADLINE_OVER };
enum pivot { PIVOT_FREE, PIVOT_COMPLETED, PIVOT_CANCELLED };
enum payment_intent {
    PAYMENT_NONE,
    PAYMENT_OPEN,
    PAYMENT_DECLINED, /* and can still be confirmed */
    PAYMENT_CHARGED,
    PAYMENT_CANCELLED,
};
enum phase { IDLE, SENT, ANSWERED };
enum asked { ASKED_NONE, ASKED_LATELY, ASKED_LONG_AGO }; /* with a key that has had no answer */
enum { END_COMPLETED = 1, END_REJECTED = 2, END_CANCELLED = 4 };
enum { FACT_COMPLETED = 1, FACT_FAILED = 2, FACT_REFUNDED = 4, FACT_VOIDED = 8 };

/* What is asked of the provider: a step of the production protocol, which of its keys, which
 * payment intent. */
struct call {
    unsigned step, key, intent;
};

/* An intent worker. The claim is committed when the request is sent; nothing can happen between the
 * two but a crash, which looks like a request that never arrives. */
struct worker {
    unsigned phase, answer;
    struct call call;
    unsigned is_holder; /* of the lease */
    unsigned asked_in;  /* billing's state when it asked */
};

struct story {
    uint64_t net; /* per slot 4 bits: events not yet read (0 to 7), and on top: a read one is
                     redelivered */
    /* subscription */
    unsigned subscription, entitlement, activated, deadline, pivot, ends, facts;
    unsigned is_unwanted; /* subscription was asked to cancel before the end */
    /* billing */
    unsigned billing, is_open, has_refund, reference, create_n, confirm_n, refund_n, asked;
    /* coaching */
    unsigned coaching, plan, knows_deletion;
    /* provider */
    unsigned charges, refunds;
    unsigned payment[KEYS];
    /* the stored answers, 0: unknown or forgotten */
    unsigned create_key[KEYS], confirm_key[KEYS], refund_key[KEYS];
    struct worker worker[WORKERS];
    struct call late; /* nobody waits for its answer any more, but it may still arrive */
};

/* Faults that may still happen, and what the user may still do. */
struct budget {
    unsigned timeouts, errors, forgets, duplicates, redeliveries, losses, early_watches, cancels,
        deletions, strays;
};

struct world {
    struct budget left;
    unsigned is_deleted;
    struct story story[STORIES];
    const char *broken; /* the invariant that the last step broke; not part of the state */
};

enum plans { PLANS_BOTH, PLANS_CAN, PLANS_CANNOT };

/* What may happen: a bounded set of faults. */
struct environment {
    const char *name, *about;
    unsigned stories, workers;
    bool has_late_call, may_decline, has_deadline, has_watch;
    bool is_for_totals_only; /* too big to be searched for every mutation */
    bool counts_bugs; /* something impossible happens here, so unlisted pairs are met: counted, as
                         in production */
    enum plans plans;
    unsigned ends; /* the ends that stories reach here, each of them somewhere */
    struct budget faults;
};

/* What a broken executor does wrong; a set of bits. */
enum breakage {
    ASKS_INSTEAD_OF_CANCELLING = 1 << 0,
    CALLS_BEFORE_THE_CLAIM = 1 << 1,
    COMMITS_BLINDLY = 1 << 2,
    REPEATS_AN_ANSWERED_KEY = 1 << 3,
    TAKES_A_FRESH_INTENT = 1 << 4,
    CHECKS_THEN_INSERTS = 1 << 5,
    KEYS_COACHING_BY_USER = 1 << 6,
    IGNORES_UNLISTED = 1 << 7, /* not wrong: production counts them and goes on */
};

/* One step out of a world. `is_progress` is false for faults and for what nobody has to do. */
struct run;
typedef void step_fn(struct run *run, const struct world *next, bool is_progress);

struct run {
    const struct environment *environment;
    struct rules rules;
    unsigned breakage;
    struct reached reached;
    uint64_t transitions, unlisted;
    step_fn *step;
    void *context;
    FILE *notes; /* when tracing: what the step did, in words */
};

struct world world_start(const struct environment *environment);
unsigned world_words(const struct environment *environment);
void world_pack(const struct environment *environment, const struct world *world, uint64_t *words);
void world_unpack(const struct environment *environment, const uint64_t *words,
                  struct world *world);

/* Calls run->step for every step that is possible. */
void world_steps(struct run *run, const struct world *world);

/* Whether every story that was begun has said its end. */
bool world_has_ended(const struct environment *environment, const struct world *world);

/* The invariant that does not hold in this world, or NULL. */
const char *world_find_broken(const struct run *run, const struct world *world);

/* Executes the row for this event in the owner's transaction; returns whether it acted. */
bool world_apply(struct run *run, struct world *world, unsigned story, enum service service,
                 unsigned event);
void worker_steps(struct run *run, const struct world *world, unsigned story);
/* Drops what can have no influence any more, so that worlds which differ in nothing else are one.
 */
void worker_tidy(const struct run *run, struct story *story);
void provider_steps(struct run *run, const struct world *world, unsigned story);
void world_emit(struct run *run, struct world *next, bool is_progress);
void world_note(struct run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
