/* SPDX-License-Identifier: Apache-2.0 */
#include "saga/premium_upgrade.h"

#include <string.h>

static const char *const states[] = {
    [BILLING_NONE] = "-",
    [BILLING_TO_CHARGE] = "to_charge",
    [BILLING_CALLING] = "calling",
    [BILLING_DECLINING] = "declining",
    [BILLING_CHARGED] = "charged",
    [BILLING_DECLINED] = "declined",
    [BILLING_VOIDING] = "voiding",
    [BILLING_REFUNDING] = "refunding",
    [BILLING_REFUNDED] = "refunded",
    [BILLING_VOIDED] = "voided",
};

static const char *const events[] = {
    [BILLING_ON_PREMIUM_UPGRADE_REQUESTED] = "PremiumUpgradeRequested",
    [BILLING_ON_PREMIUM_ACTIVATION_FAILED] = "PremiumActivationFailed",
    [BILLING_ON_PREMIUM_REVOKED] = "PremiumRevoked",
    [BILLING_ON_USER_DELETED] = "UserDeleted",
    [BILLING_ON_CLAIM] = "worker claims the intent",
    [BILLING_ON_CHARGED] = "provider: charged",
    [BILLING_ON_DECLINED] = "provider: declined",
    [BILLING_ON_INTENT_IS_CANCELLED] = "provider: intent is cancelled",
    [BILLING_ON_CANCELLED] = "provider: cancelled",
    [BILLING_ON_CANNOT_CANCEL] = "provider: cannot cancel, charged",
    [BILLING_ON_REFUNDED] = "provider: refunded",
};

static const char *const says[] = {
    [BILLING_SAYS_NOTHING] = "-",
    [BILLING_SAYS_PAYMENT_COMPLETED] = "PaymentCompleted",
    [BILLING_SAYS_PAYMENT_FAILED] = "PaymentFailed",
    [BILLING_SAYS_PAYMENT_REFUNDED] = "PaymentRefunded",
    [BILLING_SAYS_PAYMENT_VOIDED] = "PaymentVoided",
};

/* The tables read like saga's prose; these put the prefixes back. */
#define ACT(in, on, then, says_, does, why)                                                        \
    {                                                                                              \
        RULE_ACT, BILLING_##in, BILLING_ON_##on, BILLING_##then, BILLING_SAYS_##says_, (does),     \
            (why)                                                                                  \
    }
#define REPEAT(in, on, says_, why)                                                                 \
    {                                                                                              \
        RULE_REPEAT, BILLING_##in, BILLING_ON_##on, BILLING_##in, BILLING_SAYS_##says_, 0, (why)   \
    }
#define NO_OP(in, on, why)                                                                         \
    {                                                                                              \
        RULE_NO_OP, BILLING_##in, BILLING_ON_##on, BILLING_##in, BILLING_SAYS_NOTHING, 0, (why)    \
    }

#define TOMBSTONE "tombstone: the undo came before the request, which will find the door shut"
#define NOT_CALLED "not one call was made (row lock against the claim): close the intent"
#define MAYBE_CALLED "a call may be under way: only the provider can tell; settle first, then speak"
#define BEING_SHUT "the payment intent is being shut anyway; answer as a void"
#define AFTER_ALL "another call of ours went through after all: the money is taken"
#define SHUT "declined and shut: no money moved and none can"
#define MONEY_IS_OURS "the money is ours: open the refund intent"
#define NOTHING_MOVED "no money moved, but somebody waits for an answer"
#define HAS_ROW "this upgrade already has its charge row (unique upgrade_id)"
#define ONLY_PIVOT                                                                                 \
    "billing never acts on a deletion: only the pivot may undo; anonymise after the end"
#define TOO_LATE "another worker was first: conditional update finds nothing"
#define UNDONE "already undone or being undone"
#define ASKED_AGAIN "asked again: subscription may have missed the answer"

static const struct billing_rule acts[] = {
    ACT(NONE, PREMIUM_UPGRADE_REQUESTED, TO_CHARGE, NOTHING, DO_OPEN_CHARGE_INTENT,
        "write the intent; nothing has been asked of the provider yet"),
    ACT(NONE, PREMIUM_ACTIVATION_FAILED, VOIDED, PAYMENT_VOIDED, DO_INSERT_CHARGE_TOMBSTONE,
        TOMBSTONE),
    ACT(NONE, PREMIUM_REVOKED, VOIDED, PAYMENT_VOIDED, DO_INSERT_CHARGE_TOMBSTONE, TOMBSTONE),

    ACT(TO_CHARGE, PREMIUM_ACTIVATION_FAILED, VOIDED, PAYMENT_VOIDED, DO_CLOSE_INTENT, NOT_CALLED),
    ACT(TO_CHARGE, PREMIUM_REVOKED, VOIDED, PAYMENT_VOIDED, DO_CLOSE_INTENT, NOT_CALLED),
    ACT(TO_CHARGE, CLAIM, CALLING, NOTHING, DO_CREATE_THEN_CONFIRM,
        "commit before the first call: from now on the outcome may be unknown"),

    ACT(CALLING, PREMIUM_ACTIVATION_FAILED, VOIDING, NOTHING, DO_CANCEL_AT_PROVIDER, MAYBE_CALLED),
    ACT(CALLING, PREMIUM_REVOKED, VOIDING, NOTHING, DO_CANCEL_AT_PROVIDER, MAYBE_CALLED),
    ACT(CALLING, CLAIM, CALLING, NOTHING, 0, "ask again: same payment intent, same key"),
    ACT(CALLING, CHARGED, CHARGED, PAYMENT_COMPLETED, DO_CLOSE_INTENT,
        "the provider says the money is taken"),
    ACT(CALLING, DECLINED, DECLINING, NOTHING, DO_CANCEL_AT_PROVIDER,
        "the provider says no; cancel the payment intent before saying so: an open one can still "
        "be charged"),

    ACT(DECLINING, PREMIUM_ACTIVATION_FAILED, VOIDING, NOTHING, 0, BEING_SHUT),
    ACT(DECLINING, PREMIUM_REVOKED, VOIDING, NOTHING, 0, BEING_SHUT),
    ACT(DECLINING, CLAIM, DECLINING, NOTHING, 0,
        "cancel the payment intent; repeat until it answers"),
    ACT(DECLINING, CHARGED, CHARGED, PAYMENT_COMPLETED, DO_CLOSE_INTENT, AFTER_ALL),
    ACT(DECLINING, CANNOT_CANCEL, CHARGED, PAYMENT_COMPLETED, DO_CLOSE_INTENT, AFTER_ALL),
    ACT(DECLINING, INTENT_IS_CANCELLED, DECLINED, PAYMENT_FAILED, DO_CLOSE_INTENT, SHUT),
    ACT(DECLINING, CANCELLED, DECLINED, PAYMENT_FAILED, DO_CLOSE_INTENT, SHUT),

    ACT(CHARGED, PREMIUM_ACTIVATION_FAILED, REFUNDING, NOTHING, DO_OPEN_REFUND_INTENT,
        MONEY_IS_OURS),
    ACT(CHARGED, PREMIUM_REVOKED, REFUNDING, NOTHING, DO_OPEN_REFUND_INTENT, MONEY_IS_OURS),
    ACT(DECLINED, PREMIUM_ACTIVATION_FAILED, VOIDED, PAYMENT_VOIDED, 0, NOTHING_MOVED),
    ACT(DECLINED, PREMIUM_REVOKED, VOIDED, PAYMENT_VOIDED, 0, NOTHING_MOVED),

    ACT(VOIDING, CLAIM, VOIDING, NOTHING, 0,
        "cancel the payment intent at the provider; repeat until it answers"),
    ACT(VOIDING, CHARGED, REFUNDING, PAYMENT_COMPLETED, DO_OPEN_REFUND_INTENT,
        "the call that was under way did take the money: give it back"),
    ACT(VOIDING, DECLINED, VOIDING, NOTHING, 0,
        "not the last word: the cancellation at the provider decides"),
    ACT(VOIDING, INTENT_IS_CANCELLED, VOIDED, PAYMENT_VOIDED, DO_CLOSE_INTENT,
        "the provider says the payment intent is cancelled"),
    ACT(VOIDING, CANCELLED, VOIDED, PAYMENT_VOIDED, DO_CLOSE_INTENT,
        "cancelled at the provider: no later call can charge"),
    ACT(VOIDING, CANNOT_CANCEL, REFUNDING, PAYMENT_COMPLETED, DO_OPEN_REFUND_INTENT,
        "too late to cancel: the money was taken, so give it back"),

    ACT(REFUNDING, CLAIM, REFUNDING, NOTHING, 0,
        "refund with key <id>:refund; repeat until it answers"),
    ACT(REFUNDING, REFUNDED, REFUNDED, PAYMENT_REFUNDED, DO_CLOSE_INTENT, "the money is back"),
};

static const struct billing_rule repeats[] = {
    REPEAT(REFUNDED, PREMIUM_ACTIVATION_FAILED, PAYMENT_REFUNDED, ASKED_AGAIN),
    REPEAT(REFUNDED, PREMIUM_REVOKED, PAYMENT_REFUNDED, ASKED_AGAIN),
    REPEAT(VOIDED, PREMIUM_ACTIVATION_FAILED, PAYMENT_VOIDED, ASKED_AGAIN),
    REPEAT(VOIDED, PREMIUM_REVOKED, PAYMENT_VOIDED, ASKED_AGAIN),
};

static const struct billing_rule no_ops[] = {
    NO_OP(NONE, USER_DELETED, ONLY_PIVOT),

    NO_OP(TO_CHARGE, PREMIUM_UPGRADE_REQUESTED, HAS_ROW),
    NO_OP(TO_CHARGE, USER_DELETED, ONLY_PIVOT),

    NO_OP(CALLING, PREMIUM_UPGRADE_REQUESTED, HAS_ROW),
    NO_OP(CALLING, USER_DELETED, ONLY_PIVOT),

    NO_OP(DECLINING, PREMIUM_UPGRADE_REQUESTED, HAS_ROW),
    NO_OP(DECLINING, USER_DELETED, ONLY_PIVOT),
    NO_OP(DECLINING, DECLINED, TOO_LATE),

    NO_OP(CHARGED, PREMIUM_UPGRADE_REQUESTED, HAS_ROW),
    NO_OP(CHARGED, USER_DELETED, ONLY_PIVOT),
    NO_OP(CHARGED, CHARGED, TOO_LATE),
    NO_OP(CHARGED, DECLINED, TOO_LATE),
    NO_OP(CHARGED, CANNOT_CANCEL, TOO_LATE),

    NO_OP(DECLINED, PREMIUM_UPGRADE_REQUESTED, HAS_ROW),
    NO_OP(DECLINED, USER_DELETED, ONLY_PIVOT),
    NO_OP(DECLINED, DECLINED, TOO_LATE),
    NO_OP(DECLINED, INTENT_IS_CANCELLED, TOO_LATE),
    NO_OP(DECLINED, CANCELLED, TOO_LATE),

    NO_OP(VOIDING, PREMIUM_UPGRADE_REQUESTED, HAS_ROW),
    NO_OP(VOIDING, PREMIUM_ACTIVATION_FAILED, UNDONE),
    NO_OP(VOIDING, USER_DELETED, ONLY_PIVOT),

    NO_OP(REFUNDING, PREMIUM_UPGRADE_REQUESTED, HAS_ROW),
    NO_OP(REFUNDING, PREMIUM_ACTIVATION_FAILED, UNDONE),
    NO_OP(REFUNDING, PREMIUM_REVOKED, UNDONE),
    NO_OP(REFUNDING, USER_DELETED, ONLY_PIVOT),
    NO_OP(REFUNDING, CHARGED, TOO_LATE),
    NO_OP(REFUNDING, DECLINED, TOO_LATE),
    NO_OP(REFUNDING, CANNOT_CANCEL, TOO_LATE),

    NO_OP(REFUNDED, PREMIUM_UPGRADE_REQUESTED, HAS_ROW),
    NO_OP(REFUNDED, USER_DELETED, ONLY_PIVOT),
    NO_OP(REFUNDED, CHARGED, TOO_LATE),
    NO_OP(REFUNDED, DECLINED, TOO_LATE),
    NO_OP(REFUNDED, CANNOT_CANCEL, TOO_LATE),
    NO_OP(REFUNDED, REFUNDED, TOO_LATE),

    NO_OP(VOIDED, PREMIUM_UPGRADE_REQUESTED, "tombstone: never charge"),
    NO_OP(VOIDED, USER_DELETED, ONLY_PIVOT),
    NO_OP(VOIDED, DECLINED, TOO_LATE),
    NO_OP(VOIDED, INTENT_IS_CANCELLED, TOO_LATE),
    NO_OP(VOIDED, CANCELLED, TOO_LATE),
};

static const struct billing_rule *find(const struct billing_rule *rules, size_t count,
                                       enum billing_state state, enum billing_event event)
{
    for (size_t i = 0; i < count; i++) {
        if (rules[i].state == state && rules[i].event == event) {
            return &rules[i];
        }
    }
    return NULL;
}

const struct billing_rule *billing_decide(enum billing_state state, enum billing_event event)
{
    const struct billing_rule *rule = find(acts, sizeof(acts) / sizeof(acts[0]), state, event);
    if (rule == NULL) {
        rule = find(repeats, sizeof(repeats) / sizeof(repeats[0]), state, event);
    }
    if (rule == NULL) {
        rule = find(no_ops, sizeof(no_ops) / sizeof(no_ops[0]), state, event);
    }
    return rule;
}

const char *billing_state_name(enum billing_state state)
{
    return states[state];
}

const char *billing_event_name(enum billing_event event)
{
    return events[event];
}

const char *billing_say_name(enum billing_say say)
{
    return says[say];
}

bool billing_state_find(const char *name, enum billing_state *state)
{
    for (unsigned i = 1; i < BILLING_STATES; i++) {
        if (strcmp(states[i], name) == 0) {
            *state = (enum billing_state)i;
            return true;
        }
    }
    return false;
}
