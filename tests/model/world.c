/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <assert.h>
#include <stdarg.h>

static const struct {
    enum service to;
    unsigned as;
} slots[SLOTS] = {
    [UPGRADE_REQUESTED_TO_BILLING] = {BILLING, BILLING_ON_PREMIUM_UPGRADE_REQUESTED},
    [ACTIVATION_FAILED_TO_BILLING] = {BILLING, BILLING_ON_PREMIUM_ACTIVATION_FAILED},
    [REVOKED_TO_BILLING] = {BILLING, BILLING_ON_PREMIUM_REVOKED},
    [DELETED_TO_BILLING] = {BILLING, BILLING_ON_USER_DELETED},
    [PAYMENT_COMPLETED_TO_SUBSCRIPTION] = {SUBSCRIPTION, SUBSCRIPTION_ON_PAYMENT_COMPLETED},
    [PAYMENT_FAILED_TO_SUBSCRIPTION] = {SUBSCRIPTION, SUBSCRIPTION_ON_PAYMENT_FAILED},
    [PAYMENT_REFUNDED_TO_SUBSCRIPTION] = {SUBSCRIPTION, SUBSCRIPTION_ON_PAYMENT_REFUNDED},
    [PAYMENT_VOIDED_TO_SUBSCRIPTION] = {SUBSCRIPTION, SUBSCRIPTION_ON_PAYMENT_VOIDED},
    [PLAN_GENERATED_TO_SUBSCRIPTION] = {SUBSCRIPTION, SUBSCRIPTION_ON_PLAN_GENERATED},
    [PLAN_FAILED_TO_SUBSCRIPTION] = {SUBSCRIPTION, SUBSCRIPTION_ON_PLAN_GENERATION_FAILED},
    [PLAN_WITHDRAWN_TO_SUBSCRIPTION] = {SUBSCRIPTION, SUBSCRIPTION_ON_PLAN_WITHDRAWN},
    [DELETED_TO_SUBSCRIPTION] = {SUBSCRIPTION, SUBSCRIPTION_ON_USER_DELETED},
    [ACTIVATED_TO_COACHING] = {COACHING, COACHING_ON_ACTIVATED_PLANNABLE},
    [REVOKED_TO_COACHING] = {COACHING, COACHING_ON_PREMIUM_REVOKED},
    [DELETED_TO_COACHING] = {COACHING, COACHING_ON_USER_DELETED},
};

#define TO(slot) (1U << (slot))

/* Who hears what is said. The ends of a story have no listener that matters to it. */
static const unsigned heard_by[SERVICES][SUBSCRIPTION_SAYS] = {
    [SUBSCRIPTION] =
        {
            [SUBSCRIPTION_SAYS_PREMIUM_UPGRADE_REQUESTED] = TO(UPGRADE_REQUESTED_TO_BILLING),
            [SUBSCRIPTION_SAYS_PREMIUM_ACTIVATED] = TO(ACTIVATED_TO_COACHING),
            [SUBSCRIPTION_SAYS_PREMIUM_ACTIVATION_FAILED] = TO(ACTIVATION_FAILED_TO_BILLING),
            [SUBSCRIPTION_SAYS_PREMIUM_REVOKED] = TO(REVOKED_TO_BILLING) | TO(REVOKED_TO_COACHING),
        },
    [BILLING] =
        {
            [BILLING_SAYS_PAYMENT_COMPLETED] = TO(PAYMENT_COMPLETED_TO_SUBSCRIPTION),
            [BILLING_SAYS_PAYMENT_FAILED] = TO(PAYMENT_FAILED_TO_SUBSCRIPTION),
            [BILLING_SAYS_PAYMENT_REFUNDED] = TO(PAYMENT_REFUNDED_TO_SUBSCRIPTION),
            [BILLING_SAYS_PAYMENT_VOIDED] = TO(PAYMENT_VOIDED_TO_SUBSCRIPTION),
        },
    [COACHING] =
        {
            [COACHING_SAYS_PLAN_GENERATED] = TO(PLAN_GENERATED_TO_SUBSCRIPTION),
            [COACHING_SAYS_PLAN_GENERATION_FAILED] = TO(PLAN_FAILED_TO_SUBSCRIPTION),
            [COACHING_SAYS_PLAN_WITHDRAWN] = TO(PLAN_WITHDRAWN_TO_SUBSCRIPTION),
        },
};

void world_note(struct run *run, const char *format, ...)
{
    if (run->notes == NULL) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    vfprintf(run->notes, format, arguments);
    va_end(arguments);
}

static unsigned unread(const struct story *story, unsigned slot)
{
    return (unsigned)(story->net >> 4 * slot) & 7;
}

static bool is_redelivered(const struct story *story, unsigned slot)
{
    return story->net >> (4 * slot + 3) & 1;
}

static void send(struct story *story, unsigned set)
{
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        if (set & TO(slot)) {
            assert(unread(story, slot) < 7);
            story->net += UINT64_C(1) << 4 * slot;
        }
    }
}

static void act_subscription(struct world *world, struct story *story, unsigned actions)
{
    if (actions & DO_START_DEADLINE) {
        story->deadline = DEADLINE_ARMED;
    }
    if (actions & DO_STOP_DEADLINE && story->deadline == DEADLINE_ARMED) {
        story->deadline = DEADLINE_OVER;
    }
    if (actions & (DO_PIVOT_COMPLETED | DO_PIVOT_CANCELLED)) {
        if (story->pivot != PIVOT_FREE) {
            world->broken = "I3: the pivot is decided once";
        }
        story->pivot = actions & DO_PIVOT_COMPLETED ? PIVOT_COMPLETED : PIVOT_CANCELLED;
    }
    if (actions & DO_ENTITLEMENT_ON) {
        story->entitlement = 1;
        story->activated = 1;
    }
    if (actions & DO_ENTITLEMENT_OFF) {
        story->entitlement = 0;
    }
}

/* As charge.c does: which intent it is, the state tells. */
static void act_billing(struct story *story, unsigned actions)
{
    if (actions & (DO_OPEN_CHARGE_INTENT | DO_CANCEL_AT_PROVIDER | DO_OPEN_REFUND_INTENT)) {
        story->is_open = 1;
    }
    if (actions & (DO_CLOSE_INTENT | DO_INSERT_CHARGE_TOMBSTONE)) {
        story->is_open = 0;
    }
    if (actions & DO_OPEN_REFUND_INTENT) {
        story->has_refund = 1;
    }
}

static void act_coaching(struct story *story, unsigned actions)
{
    if (actions & DO_INSERT_PREMIUM_PLAN) {
        story->plan = 1;
    }
    if (actions & (DO_PLAN_POINTER_BACK | DO_DELETE_PLANS)) {
        story->plan = 0;
    }
}

/*
 * Whether saying this tells anything new. Repeating an answer does not; nor does coaching when an
 * inbox that has forgotten PremiumActivated hands it over once more after the deletion: "no plan",
 * which subscription ignores.
 */
static bool is_new(const struct run *run, enum service service, const struct rule *rule)
{
    const bool is_answer_of_forgotten =
        service == COACHING && run->environment->faults.duplicates > 0;
    return rule->kind != RULE_REPEAT && !is_answer_of_forgotten;
}

static void say(const struct run *run, struct world *world, struct story *story,
                enum service service, const struct rule *rule)
{
    if (rule->say == 0) {
        return;
    }
    const bool is_end =
        service == SUBSCRIPTION && rule->say >= SUBSCRIPTION_SAYS_PREMIUM_UPGRADE_COMPLETED;
    if (story->ends != 0 && is_end) {
        world->broken = "I3: a story has one end";
    } else if (story->ends != 0 && is_new(run, service, rule)) {
        world->broken = "I3: nothing new is said after the end";
    }
    if (is_end) {
        story->ends |= 1U << (rule->say - SUBSCRIPTION_SAYS_PREMIUM_UPGRADE_COMPLETED);
    }
    if (service == BILLING) {
        story->facts |= 1U << (rule->say - 1);
    }
    send(story, heard_by[service][rule->say]);
}

static unsigned *state_of(struct story *story, enum service service)
{
    unsigned *const states[] = {[SUBSCRIPTION] = &story->subscription,
                                [BILLING] = &story->billing,
                                [COACHING] = &story->coaching};
    return states[service];
}

static void note_rule(struct run *run, enum service service, unsigned state, unsigned event,
                      const struct rule *rule)
{
    if (run->notes == NULL) {
        return;
    }
    world_note(run, "; %s hears \"%s\": %s", service_name(service), event_name(service, event),
               state_name(service, state));
    if (rule->next != state) {
        world_note(run, " → %s", state_name(service, rule->next));
    }
    if (rule->say != 0) {
        world_note(run, ", says %s", say_name(service, rule->say));
    }
    world_note(run, " (%s)", rule->because);
}

static bool execute(struct run *run, struct world *world, unsigned i, enum service service,
                    unsigned state, unsigned event)
{
    const struct rule *rule = &run->rules.at[service][state][event];
    struct story *owner =
        &world->story[service == COACHING && run->breakage & KEYS_COACHING_BY_USER ? 0 : i];
    run->reached.at[service][state][event] = true;
    note_rule(run, service, state, event, rule);
    if (!rule->is_listed) {
        run->unlisted++;
        if (!run->environment->counts_bugs && !(run->breakage & IGNORES_UNLISTED)) {
            world->broken = "a pair in neither list is never reached";
        }
        return false;
    }
    if (rule->kind == RULE_NO_OP) {
        return false;
    }
    *state_of(owner, service) = rule->next;
    act_subscription(world, owner, rule->actions);
    act_billing(owner, rule->actions);
    act_coaching(owner, rule->actions);
    say(run, world, &world->story[i], service, rule);
    return true;
}

bool world_apply(struct run *run, struct world *world, unsigned i, enum service service,
                 unsigned event)
{
    struct story *owner =
        &world->story[service == COACHING && run->breakage & KEYS_COACHING_BY_USER ? 0 : i];
    if (service == COACHING && event == COACHING_ON_USER_DELETED) {
        owner->knows_deletion = 1;
    }
    if (service == SUBSCRIPTION && owner->ends == 0 &&
        (event == SUBSCRIPTION_ON_CANCEL || event == SUBSCRIPTION_ON_DEADLINE ||
         event == SUBSCRIPTION_ON_USER_DELETED)) {
        owner->is_unwanted = 1;
    }
    return execute(run, world, i, service, *state_of(owner, service), event);
}

static uint64_t order_of(const struct worker *w)
{
    const uint64_t call = (w->call.step * 4 + w->call.key) * 4 + w->call.intent;
    return (((call * 4 + w->phase) * 16 + w->answer) * 16 + w->asked_in) * 2 + w->is_holder;
}

/* Who is who does not matter: two workers are kept in one order, idle ones last. */
static void canonicalise(struct story *story)
{
    struct worker *w = story->worker;
    if (order_of(&w[0]) < order_of(&w[1])) {
        const struct worker other = w[0];
        w[0] = w[1];
        w[1] = other;
    }
}

void world_emit(struct run *run, struct world *next, bool is_progress)
{
    if (next->broken == NULL) {
        next->broken = world_find_broken(run, next);
    }
    for (unsigned i = 0; i < run->environment->stories; i++) {
        worker_tidy(run, &next->story[i]);
        canonicalise(&next->story[i]);
    }
    run->transitions++;
    run->step(run, next, is_progress);
}

static void hear(struct run *run, struct world *next, unsigned i, unsigned slot,
                 bool is_unplannable)
{
    unsigned event = slots[slot].as;
    if (slot == ACTIVATED_TO_COACHING && is_unplannable) {
        event = COACHING_ON_ACTIVATED_UNPLANNABLE;
    }
    world_apply(run, next, i, slots[slot].to, event);
}

static void deliver_once(struct run *run, const struct world *world, unsigned i, unsigned slot,
                         bool is_unplannable)
{
    const uint64_t one = UINT64_C(1) << 4 * slot;
    struct world next = *world;
    world_note(run, "delivered");
    next.story[i].net -= one;
    hear(run, &next, i, slot, is_unplannable);
    world_emit(run, &next, true);

    if (world->left.duplicates > 0) {
        next = *world;
        world_note(run, "delivered, and will come again to an inbox that has forgotten it");
        next.left.duplicates--;
        hear(run, &next, i, slot, is_unplannable);
        world_emit(run, &next, false);
    }
    if (world->left.redeliveries > 0 && !is_redelivered(&world->story[i], slot)) {
        next = *world;
        world_note(run, "delivered and committed, then a crash before the ack");
        next.left.redeliveries--;
        next.story[i].net += 7 * one; /* one event less to read, and the bit on top */
        hear(run, &next, i, slot, is_unplannable);
        world_emit(run, &next, false);
    }
}

static void deliver(struct run *run, const struct world *world, unsigned i, unsigned slot)
{
    const struct story *story = &world->story[i];
    const enum plans plans = run->environment->plans;
    if (unread(story, slot) > 0) {
        if (slot != ACTIVATED_TO_COACHING || plans != PLANS_CANNOT) {
            deliver_once(run, world, i, slot, false);
        }
        if (slot == ACTIVATED_TO_COACHING && plans != PLANS_CAN) {
            deliver_once(run, world, i, slot, true);
        }
        if (world->left.losses > 0) {
            struct world next = *world;
            world_note(run, "lost for good: \"%s\" to %s",
                       event_name(slots[slot].to, slots[slot].as), service_name(slots[slot].to));
            next.left.losses--;
            next.story[i].net -= UINT64_C(1) << 4 * slot;
            world_emit(run, &next, false);
        }
    }
    if (is_redelivered(story, slot)) {
        struct world next = *world;
        world_note(run, "redelivered: the inbox of %s knows it", service_name(slots[slot].to));
        next.story[i].net &= ~(UINT64_C(8) << 4 * slot);
        world_emit(run, &next, true);
    }
}

static bool may_post(const struct run *run, const struct world *world, unsigned i)
{
    if (world->story[i].subscription != SUBSCRIPTION_NONE || world->is_deleted) {
        return false;
    }
    if (i == 0) {
        return true;
    }
    const unsigned before = world->story[i - 1].subscription;
    return before == SUBSCRIPTION_REJECTED || before == SUBSCRIPTION_CANCELLED ||
           (run->breakage & CHECKS_THEN_INSERTS && before != SUBSCRIPTION_NONE);
}

static void user_steps(struct run *run, const struct world *world, unsigned i)
{
    const struct story *story = &world->story[i];
    if (may_post(run, world, i)) {
        struct world next = *world;
        world_note(run, "the user asks for premium%s", i == 0 ? "" : " again");
        world_apply(run, &next, i, SUBSCRIPTION, SUBSCRIPTION_ON_POST);
        world_emit(run, &next, false);
    }
    if (world->left.cancels > 0 && story->subscription != SUBSCRIPTION_NONE) {
        struct world next = *world;
        world_note(run, "the user cancels");
        next.left.cancels--;
        world_apply(run, &next, i, SUBSCRIPTION, SUBSCRIPTION_ON_CANCEL);
        world_emit(run, &next, false);
    }
    if (world->left.deletions > 0 && story->subscription != SUBSCRIPTION_NONE) {
        struct world next = *world;
        world_note(run, "the user is deleted");
        next.left.deletions--;
        next.is_deleted = 1;
        send(&next.story[i],
             TO(DELETED_TO_BILLING) | TO(DELETED_TO_SUBSCRIPTION) | TO(DELETED_TO_COACHING));
        world_emit(run, &next, false);
    }
}

/* The timer sees the deadline pass, then asks: the story may have moved on in between. */
static void deadline_steps(struct run *run, const struct world *world, unsigned i)
{
    struct world next = *world;
    if (world->story[i].deadline == DEADLINE_ARMED && run->environment->has_deadline) {
        world_note(run, "the deadline passes");
        next.story[i].deadline = DEADLINE_DUE;
        world_emit(run, &next, true);
    }
    if (world->story[i].deadline == DEADLINE_DUE) {
        world_note(run, "the timer asks");
        next.story[i].deadline = DEADLINE_OVER;
        world_apply(run, &next, i, SUBSCRIPTION, SUBSCRIPTION_ON_DEADLINE);
        world_emit(run, &next, true);
    }
}

static bool is_quiet(const struct story *story)
{
    return story->net == 0 && story->deadline != DEADLINE_DUE && !story->is_open &&
           story->worker[0].phase == IDLE;
}

/* The watch comes when nothing else moves, without limit; or too early, as often as the budget
 * says. */
static void watch_step(struct run *run, const struct world *world, unsigned i)
{
    const struct story *story = &world->story[i];
    const bool is_cancelling = story->subscription == SUBSCRIPTION_CANCELLING ||
                               story->subscription == SUBSCRIPTION_CANCELLING_MONEY ||
                               story->subscription == SUBSCRIPTION_CANCELLING_PLAN;
    const bool is_early = !is_quiet(story);
    if (!is_cancelling || !run->environment->has_watch ||
        (is_early && world->left.early_watches == 0)) {
        return;
    }
    struct world next = *world;
    world_note(run, is_early ? "the watch comes too early" : "the watch comes");
    next.left.early_watches -= is_early;
    world_apply(run, &next, i, SUBSCRIPTION,
                story->activated ? SUBSCRIPTION_ON_WATCH_ACTIVATED
                                 : SUBSCRIPTION_ON_WATCH_NOT_ACTIVATED);
    world_emit(run, &next, !is_early);
}

static void stray_step(struct run *run, const struct world *world, unsigned i)
{
    if (world->left.strays > 0 && world->story[i].subscription == SUBSCRIPTION_REQUESTED) {
        struct world next = *world;
        world_note(run, "a PaymentCompleted is published that billing has never said");
        next.left.strays--;
        send(&next.story[i], TO(PAYMENT_COMPLETED_TO_SUBSCRIPTION));
        world_emit(run, &next, false);
    }
}

void world_steps(struct run *run, const struct world *world)
{
    for (unsigned i = 0; i < run->environment->stories; i++) {
        user_steps(run, world, i);
        for (unsigned slot = 0; slot < SLOTS; slot++) {
            deliver(run, world, i, slot);
        }
        deadline_steps(run, world, i);
        watch_step(run, world, i);
        stray_step(run, world, i);
        worker_steps(run, world, i);
        provider_steps(run, world, i);
    }
}
