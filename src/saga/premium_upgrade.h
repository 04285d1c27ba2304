/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SAGA_PREMIUM_UPGRADE_H
#define SAGA_PREMIUM_UPGRADE_H

#include <stdbool.h>
#include <stdio.h>

/*
 * The premium upgrade, as decisions: for each of the three services a table of (state, event) →
 * next state, what to say, what to do, and why. Pure: no I/O, no allocation, nothing but the C
 * library. The services execute a row in one transaction, by one conditional update
 * (`WHERE state = …`); tests/model explores the same rows exhaustively.
 *
 * `…_decide` is asked about what the inbox has let through: a redelivery with a known id never gets
 * here, so a second revocation is one that was said again, and wants its answer again. NULL means
 * never reached in the exploration: stay, say nothing, count it as a bug.
 *
 * Names are the texts of the SQL columns and of the events. `…_find` reads a state column; the
 * state "-" (no row) is never stored, so it is not found.
 */

enum rule_kind {
    RULE_ACT,    /* go to `next`, do `actions`, say `say` */
    RULE_REPEAT, /* stay, and say again what was said before, under a new event id */
    RULE_NO_OP,  /* stay and say nothing: late or repeated; count it */
};

/* What a row does besides changing its state; a set of bits. */
enum premium_upgrade_action {
    /* subscription */
    DO_INSERT_UPGRADE = 1 << 0,
    DO_START_DEADLINE = 1 << 1,
    DO_STOP_DEADLINE = 1 << 2,
    DO_PIVOT_CANCELLED = 1 << 3,
    DO_PIVOT_COMPLETED = 1 << 4,
    DO_ENTITLEMENT_ON = 1 << 5,
    DO_ENTITLEMENT_OFF = 1 << 6,
    DO_NOTE_MONEY_SETTLED = 1 << 7,
    DO_NOTE_PLAN_WITHDRAWN = 1 << 8,
    DO_CLOSE_UPGRADE = 1 << 9,
    /* billing */
    DO_OPEN_CHARGE_INTENT = 1 << 10, /* insert the charge row: it is the open intent */
    DO_CREATE_THEN_CONFIRM =
        1 << 11, /* create the payment intent unconfirmed, commit its id, confirm it */
    DO_CANCEL_AT_PROVIDER = 1 << 12,      /* the open intent is now: cancel the payment intent */
    DO_OPEN_REFUND_INTENT = 1 << 13,      /* the open intent is now: refund the charge */
    DO_CLOSE_INTENT = 1 << 14,            /* nothing is wanted of the provider any more */
    DO_INSERT_CHARGE_TOMBSTONE = 1 << 15, /* a charge row without an intent */
    /* coaching */
    DO_INSERT_PREMIUM_PLAN = 1 << 16,
    DO_INSERT_WITHOUT_PLAN = 1 << 17,
    DO_INSERT_PLAN_TOMBSTONE = 1 << 18,
    DO_USER_TOMBSTONE = 1 << 19,
    DO_PLAN_POINTER_BACK = 1 << 20, /* to the newest ordinary plan */
    DO_DELETE_PLANS = 1 << 21,
};

enum { PREMIUM_UPGRADE_ACTIONS = 22 };

enum subscription_state {
    SUBSCRIPTION_NONE,
    SUBSCRIPTION_REQUESTED,
    SUBSCRIPTION_ACTIVE,
    SUBSCRIPTION_CANCELLING,
    SUBSCRIPTION_CANCELLING_MONEY,
    SUBSCRIPTION_CANCELLING_PLAN,
    SUBSCRIPTION_COMPLETED,
    SUBSCRIPTION_REJECTED,
    SUBSCRIPTION_CANCELLED,
    SUBSCRIPTION_STATES,
};

enum subscription_event {
    SUBSCRIPTION_ON_POST,
    SUBSCRIPTION_ON_PAYMENT_COMPLETED,
    SUBSCRIPTION_ON_PAYMENT_FAILED,
    SUBSCRIPTION_ON_PLAN_GENERATED,
    SUBSCRIPTION_ON_PLAN_GENERATION_FAILED,
    SUBSCRIPTION_ON_CANCEL,
    SUBSCRIPTION_ON_DEADLINE,
    SUBSCRIPTION_ON_USER_DELETED,
    SUBSCRIPTION_ON_PAYMENT_REFUNDED,
    SUBSCRIPTION_ON_PAYMENT_VOIDED,
    SUBSCRIPTION_ON_PLAN_WITHDRAWN,
    SUBSCRIPTION_ON_WATCH_ACTIVATED,     /* cancelling for too long; premium had been active */
    SUBSCRIPTION_ON_WATCH_NOT_ACTIVATED, /* cancelling for too long; premium had never been active
                                          */
    SUBSCRIPTION_EVENTS,
};

enum subscription_say {
    SUBSCRIPTION_SAYS_NOTHING,
    SUBSCRIPTION_SAYS_PREMIUM_UPGRADE_REQUESTED,
    SUBSCRIPTION_SAYS_PREMIUM_ACTIVATED,
    SUBSCRIPTION_SAYS_PREMIUM_ACTIVATION_FAILED,
    SUBSCRIPTION_SAYS_PREMIUM_REVOKED,
    SUBSCRIPTION_SAYS_PREMIUM_UPGRADE_COMPLETED, /* an end */
    SUBSCRIPTION_SAYS_PREMIUM_UPGRADE_REJECTED,  /* an end */
    SUBSCRIPTION_SAYS_PREMIUM_UPGRADE_CANCELLED, /* an end */
    SUBSCRIPTION_SAYS,
};

struct subscription_rule {
    enum rule_kind kind;
    enum subscription_state state;
    enum subscription_event event;
    enum subscription_state next;
    enum subscription_say say;
    unsigned actions;
    const char *because;
};

const struct subscription_rule *subscription_decide(enum subscription_state state,
                                                    enum subscription_event event);
const char *subscription_state_name(enum subscription_state state);
const char *subscription_event_name(enum subscription_event event);
const char *subscription_say_name(enum subscription_say say);
bool subscription_state_find(const char *name, enum subscription_state *state);

enum billing_state {
    BILLING_NONE,
    BILLING_TO_CHARGE,
    BILLING_CALLING,
    BILLING_DECLINING,
    BILLING_CHARGED,
    BILLING_DECLINED,
    BILLING_VOIDING,
    BILLING_REFUNDING,
    BILLING_REFUNDED,
    BILLING_VOIDED,
    BILLING_STATES,
};

enum billing_event {
    BILLING_ON_PREMIUM_UPGRADE_REQUESTED,
    BILLING_ON_PREMIUM_ACTIVATION_FAILED,
    BILLING_ON_PREMIUM_REVOKED,
    BILLING_ON_USER_DELETED,
    BILLING_ON_CLAIM,    /* a worker leases the open intent; commit this before any call */
    BILLING_ON_CHARGED,  /* confirmed, or read: the payment intent has succeeded */
    BILLING_ON_DECLINED, /* the card was declined; the payment intent is still open */
    BILLING_ON_INTENT_IS_CANCELLED, /* any call found the payment intent cancelled already */
    BILLING_ON_CANCELLED,           /* our cancellation was carried out */
    BILLING_ON_CANNOT_CANCEL,       /* refused: the payment intent has succeeded */
    BILLING_ON_REFUNDED,            /* refunded, or the list of refunds shows it */
    BILLING_EVENTS,
};

enum billing_say {
    BILLING_SAYS_NOTHING,
    BILLING_SAYS_PAYMENT_COMPLETED,
    BILLING_SAYS_PAYMENT_FAILED,
    BILLING_SAYS_PAYMENT_REFUNDED,
    BILLING_SAYS_PAYMENT_VOIDED,
    BILLING_SAYS,
};

struct billing_rule {
    enum rule_kind kind;
    enum billing_state state;
    enum billing_event event;
    enum billing_state next;
    enum billing_say say;
    unsigned actions;
    const char *because;
};

const struct billing_rule *billing_decide(enum billing_state state, enum billing_event event);
const char *billing_state_name(enum billing_state state);
const char *billing_event_name(enum billing_event event);
const char *billing_say_name(enum billing_say say);
bool billing_state_find(const char *name, enum billing_state *state);

enum coaching_state {
    COACHING_NONE,
    COACHING_PREMIUM,
    COACHING_FAILED,
    COACHING_GONE,
    COACHING_FAILED_GONE,
    COACHING_WITHDRAWN,
    COACHING_STATES,
};

enum coaching_event {
    COACHING_ON_ACTIVATED_PLANNABLE,   /* PremiumActivated, and the plan can be made */
    COACHING_ON_ACTIVATED_UNPLANNABLE, /* PremiumActivated, and no plan can ever be made of what is
                                          known */
    COACHING_ON_PREMIUM_REVOKED,
    COACHING_ON_USER_DELETED,
    COACHING_EVENTS,
};

enum coaching_say {
    COACHING_SAYS_NOTHING,
    COACHING_SAYS_PLAN_GENERATED,
    COACHING_SAYS_PLAN_GENERATION_FAILED,
    COACHING_SAYS_PLAN_WITHDRAWN,
    COACHING_SAYS,
};

struct coaching_rule {
    enum rule_kind kind;
    enum coaching_state state;
    enum coaching_event event;
    enum coaching_state next;
    enum coaching_say say;
    unsigned actions;
    const char *because;
};

const struct coaching_rule *coaching_decide(enum coaching_state state, enum coaching_event event);
const char *coaching_state_name(enum coaching_state state);
const char *coaching_event_name(enum coaching_event event);
const char *coaching_say_name(enum coaching_say say);
bool coaching_state_find(const char *name, enum coaching_state *state);

/* Prints the three tables as Markdown: rows that act, rows that say something again, listed no-ops.
 */
void premium_upgrade_print(FILE *out);

#endif
