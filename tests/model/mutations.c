/* SPDX-License-Identifier: Apache-2.0 */
#include "mutations.h"

#include "environments.h"

#include <string.h>

#define ON_SUBSCRIPTION(in, on, then, says, does)                                                  \
    {                                                                                              \
        SUBSCRIPTION, SUBSCRIPTION_##in, SUBSCRIPTION_ON_##on, SUBSCRIPTION_##then,                \
            SUBSCRIPTION_SAYS_##says, (does), false                                                \
    }
#define ON_BILLING(in, on, then, says, does)                                                       \
    {                                                                                              \
        BILLING, BILLING_##in, BILLING_ON_##on, BILLING_##then, BILLING_SAYS_##says, (does), false \
    }
#define ON_COACHING(in, on, then, says, does)                                                      \
    {                                                                                              \
        COACHING, COACHING_##in, COACHING_ON_##on, COACHING_##then, COACHING_SAYS_##says, (does),  \
            false                                                                                  \
    }
#define DROPPED(service, in, on)                                                                   \
    {                                                                                              \
        service, service##_##in, service##_ON_##on, service##_##in, 0, 0, true                     \
    }
#define CANCEL_AGAIN (DO_PIVOT_CANCELLED | DO_ENTITLEMENT_OFF)

const struct mutation mutations[] = {
    {.name = "void-under-way",
     .what = "PaymentVoided is said while a provider call may be under way",
     .patch_count = 2,
     .patches = {ON_BILLING(CALLING, PREMIUM_ACTIVATION_FAILED, VOIDED, PAYMENT_VOIDED,
                            DO_CLOSE_INTENT),
                 ON_BILLING(CALLING, PREMIUM_REVOKED, VOIDED, PAYMENT_VOIDED, DO_CLOSE_INTENT)}},
    {.name = "ask-not-cancel",
     .what = "an unwanted charge is settled by asking the provider, not by cancelling there",
     .breakage = ASKS_INSTEAD_OF_CANCELLING},
    {.name = "call-before-claim",
     .what = "the first provider call is made before the claim is committed",
     .breakage = CALLS_BEFORE_THE_CLAIM},
    {.name = "decline-left-open",
     .what = "PaymentFailed is said before the payment intent is shut",
     .patch_count = 1,
     .patches = {ON_BILLING(CALLING, DECLINED, DECLINED, PAYMENT_FAILED, DO_CLOSE_INTENT)}},
    {.name = "declined-silent",
     .what = "`declined` does not answer a revocation",
     .patch_count = 2,
     .patches = {DROPPED(BILLING, DECLINED, PREMIUM_ACTIVATION_FAILED),
                 DROPPED(BILLING, DECLINED, PREMIUM_REVOKED)}},
    {.name = "failed-after-pivot",
     .what = "PaymentFailed rejects the upgrade even after the pivot",
     .patch_count = 2,
     .patches = {ON_SUBSCRIPTION(CANCELLING_MONEY, PAYMENT_FAILED, REJECTED,
                                 PREMIUM_UPGRADE_REJECTED, DO_STOP_DEADLINE),
                 ON_SUBSCRIPTION(CANCELLED, PAYMENT_FAILED, REJECTED, PREMIUM_UPGRADE_REJECTED,
                                 DO_STOP_DEADLINE)}},
    {.name = "completed-after-end", /* before the end one more revocation does no harm: the watch */
     .what = "a PaymentCompleted that is late is answered by revoking once more",
     .patch_count = 1,
     .patches = {ON_SUBSCRIPTION(CANCELLED, PAYMENT_COMPLETED, CANCELLED, PREMIUM_ACTIVATION_FAILED,
                                 0)}},
    {.name = "close-without-plan",
     .what = "closing does not wait for PlanWithdrawn",
     .patch_count = 2,
     .patches = {ON_SUBSCRIPTION(CANCELLING, PAYMENT_REFUNDED, CANCELLED, PREMIUM_UPGRADE_CANCELLED,
                                 DO_CLOSE_UPGRADE),
                 ON_SUBSCRIPTION(CANCELLING, PAYMENT_VOIDED, CANCELLED, PREMIUM_UPGRADE_CANCELLED,
                                 DO_CLOSE_UPGRADE)}},
    {.name = "no-charge-tombstone",
     .what = "billing answers an early revocation but leaves no tombstone",
     .patch_count = 2,
     .patches = {ON_BILLING(NONE, PREMIUM_ACTIVATION_FAILED, NONE, PAYMENT_VOIDED, 0),
                 ON_BILLING(NONE, PREMIUM_REVOKED, NONE, PAYMENT_VOIDED, 0)}},
    {.name = "silent-charge-tombstone",
     .what = "billing's tombstone does not answer",
     .patch_count = 2,
     .patches = {ON_BILLING(NONE, PREMIUM_ACTIVATION_FAILED, VOIDED, NOTHING,
                            DO_INSERT_CHARGE_TOMBSTONE),
                 ON_BILLING(NONE, PREMIUM_REVOKED, VOIDED, NOTHING, DO_INSERT_CHARGE_TOMBSTONE)}},
    {.name = "no-plan-tombstone",
     .what = "coaching answers an early revocation but leaves no tombstone",
     .patch_count = 1,
     .patches = {ON_COACHING(NONE, PREMIUM_REVOKED, NONE, PLAN_WITHDRAWN, 0)}},
    {.name = "silent-plan-tombstone",
     .what = "coaching's tombstone does not answer",
     .patch_count = 1,
     .patches = {ON_COACHING(NONE, PREMIUM_REVOKED, WITHDRAWN, NOTHING, DO_INSERT_PLAN_TOMBSTONE)}},
    {.name = "failed-plan-silent",
     .what = "a failed plan does not answer a revocation",
     .patch_count = 1,
     .patches = {DROPPED(COACHING, FAILED, PREMIUM_REVOKED)}},
    {.name = "cancel-after-end",
     .what = "cancel and deadline are granted after the end as well",
     .patch_count = 6,
     .patches = {ON_SUBSCRIPTION(COMPLETED, CANCEL, CANCELLING, PREMIUM_REVOKED, CANCEL_AGAIN),
                 ON_SUBSCRIPTION(COMPLETED, DEADLINE, CANCELLING, PREMIUM_REVOKED, CANCEL_AGAIN),
                 ON_SUBSCRIPTION(REJECTED, CANCEL, CANCELLING_MONEY, PREMIUM_ACTIVATION_FAILED,
                                 DO_PIVOT_CANCELLED),
                 ON_SUBSCRIPTION(REJECTED, DEADLINE, CANCELLING_MONEY, PREMIUM_ACTIVATION_FAILED,
                                 DO_PIVOT_CANCELLED),
                 ON_SUBSCRIPTION(CANCELLED, CANCEL, CANCELLING_MONEY, PREMIUM_ACTIVATION_FAILED,
                                 DO_PIVOT_CANCELLED),
                 ON_SUBSCRIPTION(CANCELLED, DEADLINE, CANCELLING_MONEY, PREMIUM_ACTIVATION_FAILED,
                                 DO_PIVOT_CANCELLED)}},
    {.name = "blind-commit",
     .what = "a worker commits its result without `WHERE state = …`",
     .breakage = COMMITS_BLINDLY},
    {.name = "same-key-after-500",
     .what = "a key whose stored answer is a 500 is used again",
     .breakage = REPEATS_AN_ANSWERED_KEY},
    {.name = "new-intent-after-silence",
     .what = "no answer at all is followed by a new payment intent under a new key",
     .breakage = TAKES_A_FRESH_INTENT},
    {.name = "billing-hears-deletion",
     .what = "billing undoes by itself when the user is deleted",
     .patch_count = 3,
     .patches = {ON_BILLING(TO_CHARGE, USER_DELETED, VOIDED, PAYMENT_VOIDED, DO_CLOSE_INTENT),
                 ON_BILLING(CALLING, USER_DELETED, VOIDING, NOTHING, DO_CANCEL_AT_PROVIDER),
                 ON_BILLING(CHARGED, USER_DELETED, REFUNDING, NOTHING, DO_OPEN_REFUND_INTENT)}},
    {.name = "check-then-insert",
     .what = "one open upgrade per user is checked first and inserted later",
     .breakage = CHECKS_THEN_INSERTS},
    {.name = "coaching-by-user",
     .what = "coaching's rows are keyed by user, not by upgrade",
     .breakage = KEYS_COACHING_BY_USER},
    {.name = "no-watch",
     .what = "a revocation is said once only",
     .patch_count = 4,
     .patches = {DROPPED(SUBSCRIPTION, CANCELLING, WATCH_ACTIVATED),
                 DROPPED(SUBSCRIPTION, CANCELLING_PLAN, WATCH_ACTIVATED),
                 DROPPED(SUBSCRIPTION, CANCELLING_MONEY, WATCH_ACTIVATED),
                 DROPPED(SUBSCRIPTION, CANCELLING_MONEY, WATCH_NOT_ACTIVATED)}},
    {.name = "answer-once",
     .what = "billing and coaching do not repeat their answer",
     .patch_count = 5,
     .patches = {DROPPED(BILLING, REFUNDED, PREMIUM_ACTIVATION_FAILED),
                 DROPPED(BILLING, REFUNDED, PREMIUM_REVOKED),
                 DROPPED(BILLING, VOIDED, PREMIUM_ACTIVATION_FAILED),
                 DROPPED(BILLING, VOIDED, PREMIUM_REVOKED),
                 DROPPED(COACHING, WITHDRAWN, PREMIUM_REVOKED)}},
    {.name = NULL},
};

#define SAME(service, in, on, loss, why)                                                           \
    {                                                                                              \
        service, service##_##in, service##_ON_##on, loss, why                                      \
    }
#define CANCEL_TELLS "a shortcut: the cancellation at the provider is refused and tells the same"
#define SUBSCRIPTION_HEARS "subscription hears UserDeleted itself and revokes, and that is answered"

const struct row_mutation equivalents[] = {
    SAME(SUBSCRIPTION, REQUESTED, PAYMENT_FAILED, LOSE_ACTIONS,
         "a deadline that is not stopped finds the story ended"),
    SAME(BILLING, DECLINING, CHARGED, LOSE_ROW, CANCEL_TELLS),
    SAME(BILLING, VOIDING, CHARGED, LOSE_ROW, CANCEL_TELLS),
    SAME(BILLING, VOIDING, DECLINED, LOSE_ROW,
         "it stays and says nothing, like a no-op; it is not counted as one"),
    SAME(COACHING, FAILED, USER_DELETED, LOSE_ROW,
         "`failed` has no plan either, and answers a revocation alike"),
    SAME(COACHING, GONE, ACTIVATED_PLANNABLE, LOSE_ROW, SUBSCRIPTION_HEARS),
    SAME(COACHING, GONE, ACTIVATED_PLANNABLE, LOSE_SAY, SUBSCRIPTION_HEARS),
    SAME(COACHING, GONE, ACTIVATED_UNPLANNABLE, LOSE_ROW, SUBSCRIPTION_HEARS),
    SAME(COACHING, GONE, ACTIVATED_UNPLANNABLE, LOSE_SAY, SUBSCRIPTION_HEARS),
    {.because = NULL},
};

const struct mutation *mutation_find(const char *name)
{
    for (const struct mutation *mutation = mutations; mutation->name != NULL; mutation++) {
        if (strcmp(mutation->name, name) == 0) {
            return mutation;
        }
    }
    return NULL;
}

/*
 * Through the environments, until one of them shows something. Unlisted pairs are let pass, as in
 * production, so that the harm itself is found; if there is none, having met one is the finding.
 */
static struct finding search(const struct rules *rules, unsigned breakage, FILE *trace,
                             const struct environment **where)
{
    struct finding finding = {0};
    const struct environment *unlisted_in = NULL;
    for (const struct environment *e = environments; e->name != NULL && finding.invariant == NULL;
         e++) {
        if (!e->is_for_totals_only) {
            *where = e;
            finding = explore(e, rules, breakage | IGNORES_UNLISTED, trace);
            unlisted_in = finding.unlisted > 0 && !e->counts_bugs ? e : unlisted_in;
        }
    }
    if (finding.invariant == NULL && unlisted_in != NULL) {
        *where = unlisted_in;
        finding = explore(unlisted_in, rules, breakage, trace);
    }
    return finding;
}

static void apply(struct rules *rules, const struct patch *patch)
{
    rules->at[patch->service][patch->state][patch->event] =
        (struct rule){.is_listed = true,
                      .kind = patch->is_no_op ? RULE_NO_OP : RULE_ACT,
                      .next = patch->next,
                      .say = patch->say,
                      .actions = patch->actions,
                      .because = "taken back"};
}

struct finding mutation_explore(const struct mutation *mutation, FILE *trace,
                                const struct environment **where)
{
    struct rules rules;
    rules_load(&rules);
    for (unsigned i = 0; i < mutation->patch_count; i++) {
        apply(&rules, &mutation->patches[i]);
    }
    return search(&rules, mutation->breakage, trace, where);
}

struct finding patch_explore(const struct patch *patch, const struct environment **where)
{
    struct rules rules;
    rules_load(&rules);
    apply(&rules, patch);
    return search(&rules, 0, NULL, where);
}

struct finding row_mutation_explore(const struct row_mutation *mutation,
                                    const struct environment **where)
{
    struct rules rules;
    rules_load(&rules);
    struct rule *rule = &rules.at[mutation->service][mutation->state][mutation->event];
    if (mutation->loss == LOSE_ROW) {
        *rule = (struct rule){
            .is_listed = true, .kind = RULE_NO_OP, .next = mutation->state, .because = "dropped"};
    }
    if (mutation->loss == LOSE_SAY) {
        rule->say = 0;
    }
    if (mutation->loss == LOSE_ACTIONS) {
        rule->actions = 0;
    }
    return search(&rules, 0, NULL, where);
}
