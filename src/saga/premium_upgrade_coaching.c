/* SPDX-License-Identifier: Apache-2.0 */
#include "saga/premium_upgrade.h"

#include <string.h>

static const char *const states[] = {
    [COACHING_NONE] = "-",
    [COACHING_PREMIUM] = "premium",
    [COACHING_FAILED] = "failed",
    [COACHING_GONE] = "gone",
    [COACHING_FAILED_GONE] = "failed_gone",
    [COACHING_WITHDRAWN] = "withdrawn",
};

static const char *const events[] = {
    [COACHING_ON_ACTIVATED_PLANNABLE] = "PremiumActivated, plan can be made",
    [COACHING_ON_ACTIVATED_UNPLANNABLE] = "PremiumActivated, plan cannot be made",
    [COACHING_ON_PREMIUM_REVOKED] = "PremiumRevoked",
    [COACHING_ON_USER_DELETED] = "UserDeleted",
};

static const char *const says[] = {
    [COACHING_SAYS_NOTHING] = "-",
    [COACHING_SAYS_PLAN_GENERATED] = "PlanGenerated",
    [COACHING_SAYS_PLAN_GENERATION_FAILED] = "PlanGenerationFailed",
    [COACHING_SAYS_PLAN_WITHDRAWN] = "PlanWithdrawn",
};

/* The tables read like saga's prose; these put the prefixes back. */
#define ACT(in, on, then, says_, does, why)                                                        \
    {                                                                                              \
        RULE_ACT, COACHING_##in, COACHING_ON_##on, COACHING_##then, COACHING_SAYS_##says_, (does), \
            (why)                                                                                  \
    }
#define REPEAT(in, on, says_, why)                                                                 \
    {                                                                                              \
        RULE_REPEAT, COACHING_##in, COACHING_ON_##on, COACHING_##in, COACHING_SAYS_##says_, 0,     \
            (why)                                                                                  \
    }
#define NO_OP(in, on, why)                                                                         \
    {                                                                                              \
        RULE_NO_OP, COACHING_##in, COACHING_ON_##on, COACHING_##in, COACHING_SAYS_NOTHING, 0,      \
            (why)                                                                                  \
    }

#define NO_PLAN_FOR_GONE "no plan for a user who is gone"
#define NOTHING_LEFT "nothing left to withdraw, but somebody waits for an answer"
#define ANSWERED "this upgrade already has its answer (unique upgrade_id)"
#define SHUT "tombstone: no plan is made any more"

static const struct coaching_rule acts[] = {
    ACT(NONE, ACTIVATED_PLANNABLE, PREMIUM, PLAN_GENERATED, DO_INSERT_PREMIUM_PLAN,
        "premium is on: the plan is made"),
    ACT(NONE, ACTIVATED_UNPLANNABLE, FAILED, PLAN_GENERATION_FAILED, DO_INSERT_WITHOUT_PLAN,
        "the plan cannot be made (definitively): say so"),
    ACT(NONE, PREMIUM_REVOKED, WITHDRAWN, PLAN_WITHDRAWN, DO_INSERT_PLAN_TOMBSTONE,
        "tombstone: the revocation came before the activation"),
    ACT(NONE, USER_DELETED, GONE, NOTHING, DO_USER_TOMBSTONE,
        "the user is gone: remember it, so that no plan is made any more"),

    ACT(PREMIUM, PREMIUM_REVOKED, WITHDRAWN, PLAN_WITHDRAWN, DO_PLAN_POINTER_BACK,
        "the premium plan goes, the plan from before counts again"),
    ACT(PREMIUM, USER_DELETED, GONE, NOTHING, DO_DELETE_PLANS,
        "the user is gone: the plans are deleted"),

    ACT(FAILED, PREMIUM_REVOKED, WITHDRAWN, PLAN_WITHDRAWN, 0,
        "there is no plan to withdraw, but somebody waits for an answer"),
    ACT(FAILED, USER_DELETED, GONE, NOTHING, DO_USER_TOMBSTONE, "the user is gone"),

    ACT(GONE, ACTIVATED_PLANNABLE, FAILED_GONE, PLAN_GENERATION_FAILED, 0, NO_PLAN_FOR_GONE),
    ACT(GONE, ACTIVATED_UNPLANNABLE, FAILED_GONE, PLAN_GENERATION_FAILED, 0, NO_PLAN_FOR_GONE),
    ACT(GONE, PREMIUM_REVOKED, WITHDRAWN, PLAN_WITHDRAWN, 0, NOTHING_LEFT),
    ACT(FAILED_GONE, PREMIUM_REVOKED, WITHDRAWN, PLAN_WITHDRAWN, 0, NOTHING_LEFT),
};

static const struct coaching_rule repeats[] = {
    REPEAT(WITHDRAWN, PREMIUM_REVOKED, PLAN_WITHDRAWN,
           "asked again: subscription may have missed the answer"),
};

static const struct coaching_rule no_ops[] = {
    NO_OP(PREMIUM, ACTIVATED_PLANNABLE, ANSWERED),
    NO_OP(PREMIUM, ACTIVATED_UNPLANNABLE, ANSWERED),
    NO_OP(FAILED, ACTIVATED_PLANNABLE, ANSWERED),
    NO_OP(FAILED, ACTIVATED_UNPLANNABLE, ANSWERED),
    NO_OP(GONE, USER_DELETED, "the user is gone"),
    NO_OP(FAILED_GONE, ACTIVATED_PLANNABLE, ANSWERED),
    NO_OP(FAILED_GONE, ACTIVATED_UNPLANNABLE, ANSWERED),
    NO_OP(FAILED_GONE, USER_DELETED, ANSWERED),
    NO_OP(WITHDRAWN, ACTIVATED_PLANNABLE, SHUT),
    NO_OP(WITHDRAWN, ACTIVATED_UNPLANNABLE, SHUT),
    NO_OP(WITHDRAWN, USER_DELETED, SHUT),
};

static const struct coaching_rule *find(const struct coaching_rule *rules, size_t count,
                                        enum coaching_state state, enum coaching_event event)
{
    for (size_t i = 0; i < count; i++) {
        if (rules[i].state == state && rules[i].event == event) {
            return &rules[i];
        }
    }
    return NULL;
}

const struct coaching_rule *coaching_decide(enum coaching_state state, enum coaching_event event)
{
    const struct coaching_rule *rule = find(acts, sizeof(acts) / sizeof(acts[0]), state, event);
    if (rule == NULL) {
        rule = find(repeats, sizeof(repeats) / sizeof(repeats[0]), state, event);
    }
    if (rule == NULL) {
        rule = find(no_ops, sizeof(no_ops) / sizeof(no_ops[0]), state, event);
    }
    return rule;
}

const char *coaching_state_name(enum coaching_state state)
{
    return states[state];
}

const char *coaching_event_name(enum coaching_event event)
{
    return events[event];
}

const char *coaching_say_name(enum coaching_say say)
{
    return says[say];
}

bool coaching_state_find(const char *name, enum coaching_state *state)
{
    for (unsigned i = 1; i < COACHING_STATES; i++) {
        if (strcmp(states[i], name) == 0) {
            *state = (enum coaching_state)i;
            return true;
        }
    }
    return false;
}
