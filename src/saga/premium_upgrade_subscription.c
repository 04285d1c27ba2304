/* SPDX-License-Identifier: Apache-2.0 */
#include "saga/premium_upgrade.h"

#include <string.h>

static const char *const states[] = {
    [SUBSCRIPTION_NONE] = "-",
    [SUBSCRIPTION_REQUESTED] = "requested",
    [SUBSCRIPTION_ACTIVE] = "active",
    [SUBSCRIPTION_CANCELLING] = "cancelling",
    [SUBSCRIPTION_CANCELLING_MONEY] = "cancelling_money",
    [SUBSCRIPTION_CANCELLING_PLAN] = "cancelling_plan",
    [SUBSCRIPTION_COMPLETED] = "completed",
    [SUBSCRIPTION_REJECTED] = "rejected",
    [SUBSCRIPTION_CANCELLED] = "cancelled",
};

static const char *const events[] = {
    [SUBSCRIPTION_ON_POST] = "POST upgrade",
    [SUBSCRIPTION_ON_PAYMENT_COMPLETED] = "PaymentCompleted",
    [SUBSCRIPTION_ON_PAYMENT_FAILED] = "PaymentFailed",
    [SUBSCRIPTION_ON_PLAN_GENERATED] = "PlanGenerated",
    [SUBSCRIPTION_ON_PLAN_GENERATION_FAILED] = "PlanGenerationFailed",
    [SUBSCRIPTION_ON_CANCEL] = "user's cancel",
    [SUBSCRIPTION_ON_DEADLINE] = "deadline",
    [SUBSCRIPTION_ON_USER_DELETED] = "UserDeleted",
    [SUBSCRIPTION_ON_PAYMENT_REFUNDED] = "PaymentRefunded",
    [SUBSCRIPTION_ON_PAYMENT_VOIDED] = "PaymentVoided",
    [SUBSCRIPTION_ON_PLAN_WITHDRAWN] = "PlanWithdrawn",
    [SUBSCRIPTION_ON_WATCH_ACTIVATED] = "watch, had been active",
    [SUBSCRIPTION_ON_WATCH_NOT_ACTIVATED] = "watch, never active",
};

static const char *const says[] = {
    [SUBSCRIPTION_SAYS_NOTHING] = "-",
    [SUBSCRIPTION_SAYS_PREMIUM_UPGRADE_REQUESTED] = "PremiumUpgradeRequested",
    [SUBSCRIPTION_SAYS_PREMIUM_ACTIVATED] = "PremiumActivated",
    [SUBSCRIPTION_SAYS_PREMIUM_ACTIVATION_FAILED] = "PremiumActivationFailed",
    [SUBSCRIPTION_SAYS_PREMIUM_REVOKED] = "PremiumRevoked",
    [SUBSCRIPTION_SAYS_PREMIUM_UPGRADE_COMPLETED] = "PremiumUpgradeCompleted",
    [SUBSCRIPTION_SAYS_PREMIUM_UPGRADE_REJECTED] = "PremiumUpgradeRejected",
    [SUBSCRIPTION_SAYS_PREMIUM_UPGRADE_CANCELLED] = "PremiumUpgradeCancelled",
};

/* The tables read like saga's prose; these put the prefixes back. */
#define ACT(in, on, then, says_, does, why)                                                        \
    {                                                                                              \
        RULE_ACT, SUBSCRIPTION_##in, SUBSCRIPTION_ON_##on, SUBSCRIPTION_##then,                    \
            SUBSCRIPTION_SAYS_##says_, (does), (why)                                               \
    }
#define REPEAT(in, on, says_, why)                                                                 \
    {                                                                                              \
        RULE_REPEAT, SUBSCRIPTION_##in, SUBSCRIPTION_ON_##on, SUBSCRIPTION_##in,                   \
            SUBSCRIPTION_SAYS_##says_, 0, (why)                                                    \
    }
#define NO_OP(in, on, why)                                                                         \
    {                                                                                              \
        RULE_NO_OP, SUBSCRIPTION_##in, SUBSCRIPTION_ON_##on, SUBSCRIPTION_##in,                    \
            SUBSCRIPTION_SAYS_NOTHING, 0, (why)                                                    \
    }

#define MONEY_KNOWS "the pivot has cancelled: billing already knows it must pay back"
#define PLAN_KNOWS "the pivot has cancelled: coaching already knows it must withdraw"
#define SAME_ANSWER "already cancelling: same answer"
#define SETTLED "already settled: a repeat"
#define ENDED "the story has ended: late or repeated"
#define CONFLICT "the story has ended: HTTP 409, nothing changes"
#define MONEY_SETTLED "money is settled; the plan is still out"
#define ALL_UNDONE "the last thing to undo is undone"
#define UNANSWERED "unanswered for too long: say the revocation again"

static const struct subscription_rule acts[] = {
    ACT(NONE, POST, REQUESTED, PREMIUM_UPGRADE_REQUESTED, DO_INSERT_UPGRADE | DO_START_DEADLINE,
        "a new story begins; one open upgrade per user (partial unique index)"),

    ACT(REQUESTED, PAYMENT_COMPLETED, ACTIVE, PREMIUM_ACTIVATED, DO_ENTITLEMENT_ON,
        "money is here and nobody has cancelled: premium is on"),
    ACT(REQUESTED, PAYMENT_FAILED, REJECTED, PREMIUM_UPGRADE_REJECTED, DO_STOP_DEADLINE,
        "the card was declined: no money moved, nothing to undo"),
    ACT(REQUESTED, CANCEL, CANCELLING_MONEY, PREMIUM_ACTIVATION_FAILED, DO_PIVOT_CANCELLED,
        "the user wins the pivot before activation: only money may have to come back"),
    ACT(REQUESTED, DEADLINE, CANCELLING_MONEY, PREMIUM_ACTIVATION_FAILED, DO_PIVOT_CANCELLED,
        "the deadline wins the pivot before activation: only money may have to come back"),
    ACT(REQUESTED, USER_DELETED, CANCELLING_MONEY, PREMIUM_ACTIVATION_FAILED, DO_PIVOT_CANCELLED,
        "the deletion wins the pivot before activation: only money may have to come back"),

    ACT(ACTIVE, PLAN_GENERATED, COMPLETED, PREMIUM_UPGRADE_COMPLETED,
        DO_PIVOT_COMPLETED | DO_STOP_DEADLINE, "the pivot is still free: the upgrade is complete"),
    ACT(ACTIVE, PLAN_GENERATION_FAILED, CANCELLING, PREMIUM_REVOKED,
        DO_PIVOT_CANCELLED | DO_ENTITLEMENT_OFF,
        "no plan, no premium: the pivot decides to cancel"),
    ACT(ACTIVE, CANCEL, CANCELLING, PREMIUM_REVOKED, DO_PIVOT_CANCELLED | DO_ENTITLEMENT_OFF,
        "the user wins the pivot after activation: money and plan must come back"),
    ACT(ACTIVE, DEADLINE, CANCELLING, PREMIUM_REVOKED, DO_PIVOT_CANCELLED | DO_ENTITLEMENT_OFF,
        "the deadline wins the pivot after activation: money and plan must come back"),
    ACT(ACTIVE, USER_DELETED, CANCELLING, PREMIUM_REVOKED, DO_PIVOT_CANCELLED | DO_ENTITLEMENT_OFF,
        "the deletion wins the pivot after activation: money and plan must come back"),

    ACT(CANCELLING, PAYMENT_REFUNDED, CANCELLING_PLAN, NOTHING, DO_NOTE_MONEY_SETTLED,
        MONEY_SETTLED),
    ACT(CANCELLING, PAYMENT_VOIDED, CANCELLING_PLAN, NOTHING, DO_NOTE_MONEY_SETTLED, MONEY_SETTLED),
    ACT(CANCELLING, PLAN_WITHDRAWN, CANCELLING_MONEY, NOTHING, DO_NOTE_PLAN_WITHDRAWN,
        "the plan is back; the money is still out"),
    ACT(CANCELLING_MONEY, PAYMENT_REFUNDED, CANCELLED, PREMIUM_UPGRADE_CANCELLED, DO_CLOSE_UPGRADE,
        ALL_UNDONE),
    ACT(CANCELLING_MONEY, PAYMENT_VOIDED, CANCELLED, PREMIUM_UPGRADE_CANCELLED, DO_CLOSE_UPGRADE,
        ALL_UNDONE),
    ACT(CANCELLING_PLAN, PLAN_WITHDRAWN, CANCELLED, PREMIUM_UPGRADE_CANCELLED, DO_CLOSE_UPGRADE,
        ALL_UNDONE),
};

static const struct subscription_rule repeats[] = {
    REPEAT(CANCELLING, WATCH_ACTIVATED, PREMIUM_REVOKED, UNANSWERED),
    REPEAT(CANCELLING_MONEY, WATCH_ACTIVATED, PREMIUM_REVOKED, UNANSWERED),
    REPEAT(CANCELLING_MONEY, WATCH_NOT_ACTIVATED, PREMIUM_ACTIVATION_FAILED, UNANSWERED),
    REPEAT(CANCELLING_PLAN, WATCH_ACTIVATED, PREMIUM_REVOKED, UNANSWERED),
};

static const struct subscription_rule no_ops[] = {
    NO_OP(ACTIVE, PAYMENT_COMPLETED, "already done: a repeat"),

    NO_OP(CANCELLING, PAYMENT_COMPLETED, MONEY_KNOWS),
    NO_OP(CANCELLING, PLAN_GENERATED, PLAN_KNOWS),
    NO_OP(CANCELLING, PLAN_GENERATION_FAILED, PLAN_KNOWS),
    NO_OP(CANCELLING, CANCEL, SAME_ANSWER),
    NO_OP(CANCELLING, DEADLINE, SAME_ANSWER),
    NO_OP(CANCELLING, USER_DELETED, SAME_ANSWER),

    NO_OP(CANCELLING_MONEY, PAYMENT_COMPLETED, MONEY_KNOWS),
    NO_OP(CANCELLING_MONEY, PAYMENT_FAILED,
          "the pivot has cancelled: billing answers that with PaymentVoided, wait for it"),
    NO_OP(CANCELLING_MONEY, PLAN_GENERATED, PLAN_KNOWS),
    NO_OP(CANCELLING_MONEY, PLAN_GENERATION_FAILED, PLAN_KNOWS),
    NO_OP(CANCELLING_MONEY, CANCEL, SAME_ANSWER),
    NO_OP(CANCELLING_MONEY, DEADLINE, SAME_ANSWER),
    NO_OP(CANCELLING_MONEY, USER_DELETED, SAME_ANSWER),
    NO_OP(CANCELLING_MONEY, PLAN_WITHDRAWN, SETTLED),

    NO_OP(CANCELLING_PLAN, PAYMENT_COMPLETED, MONEY_KNOWS),
    NO_OP(CANCELLING_PLAN, PLAN_GENERATED, PLAN_KNOWS),
    NO_OP(CANCELLING_PLAN, PLAN_GENERATION_FAILED, PLAN_KNOWS),
    NO_OP(CANCELLING_PLAN, CANCEL, SAME_ANSWER),
    NO_OP(CANCELLING_PLAN, DEADLINE, SAME_ANSWER),
    NO_OP(CANCELLING_PLAN, USER_DELETED, SAME_ANSWER),
    NO_OP(CANCELLING_PLAN, PAYMENT_REFUNDED, SETTLED),

    NO_OP(COMPLETED, PAYMENT_COMPLETED, ENDED),
    NO_OP(COMPLETED, PLAN_GENERATED, ENDED),
    NO_OP(COMPLETED, PLAN_GENERATION_FAILED, ENDED),
    NO_OP(COMPLETED, DEADLINE, ENDED),
    NO_OP(COMPLETED, USER_DELETED, ENDED),
    NO_OP(COMPLETED, CANCEL, CONFLICT),

    NO_OP(REJECTED, PAYMENT_FAILED, ENDED),
    NO_OP(REJECTED, DEADLINE, ENDED),
    NO_OP(REJECTED, USER_DELETED, ENDED),
    NO_OP(REJECTED, CANCEL, CONFLICT),

    NO_OP(CANCELLED, PAYMENT_COMPLETED, ENDED),
    NO_OP(CANCELLED, PAYMENT_FAILED, ENDED),
    NO_OP(CANCELLED, PLAN_GENERATED, ENDED),
    NO_OP(CANCELLED, PLAN_GENERATION_FAILED, ENDED),
    NO_OP(CANCELLED, DEADLINE, ENDED),
    NO_OP(CANCELLED, USER_DELETED, ENDED),
    NO_OP(CANCELLED, PAYMENT_REFUNDED, ENDED),
    NO_OP(CANCELLED, PAYMENT_VOIDED, ENDED),
    NO_OP(CANCELLED, PLAN_WITHDRAWN, ENDED),
    NO_OP(CANCELLED, CANCEL, CONFLICT),
};

static const struct subscription_rule *find(const struct subscription_rule *rules, size_t count,
                                            enum subscription_state state,
                                            enum subscription_event event)
{
    for (size_t i = 0; i < count; i++) {
        if (rules[i].state == state && rules[i].event == event) {
            return &rules[i];
        }
    }
    return NULL;
}

const struct subscription_rule *subscription_decide(enum subscription_state state,
                                                    enum subscription_event event)
{
    const struct subscription_rule *rule = find(acts, sizeof(acts) / sizeof(acts[0]), state, event);
    if (rule == NULL) {
        rule = find(repeats, sizeof(repeats) / sizeof(repeats[0]), state, event);
    }
    if (rule == NULL) {
        rule = find(no_ops, sizeof(no_ops) / sizeof(no_ops[0]), state, event);
    }
    return rule;
}

const char *subscription_state_name(enum subscription_state state)
{
    return states[state];
}

const char *subscription_event_name(enum subscription_event event)
{
    return events[event];
}

const char *subscription_say_name(enum subscription_say say)
{
    return says[say];
}

bool subscription_state_find(const char *name, enum subscription_state *state)
{
    for (unsigned i = 1; i < SUBSCRIPTION_STATES; i++) {
        if (strcmp(states[i], name) == 0) {
            *state = (enum subscription_state)i;
            return true;
        }
    }
    return false;
}
