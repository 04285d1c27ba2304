/* SPDX-License-Identifier: Apache-2.0 */
#include "provider.h"

#include "services/billing/intent.h"

static const char *const call_names[] = {
    [STEP_NONE] = "nothing",
    [STEP_CREATE] = "create the payment intent",
    [STEP_CONFIRM] = "confirm",
    [STEP_READ] = "read the payment intent",
    [STEP_CANCEL] = "cancel the payment intent",
    [STEP_REFUND] = "refund",
    [STEP_LIST] = "list the refunds",
    [STEP_CONCLUDE] = "nothing",
};

static const char *const reply_names[REPLIES] = {
    [NO_REPLY] = "nothing",
    [SAYS_CREATED] = "created",
    [SAYS_REFUSED] = "refused",
    [SAYS_CHARGED] = "charged",
    [SAYS_DECLINED] = "declined",
    [SAYS_ERROR] = "500",
    [SAYS_IS_CANCELLED] = "it is cancelled",
    [SAYS_REFUNDED] = "refunded",
    [SAYS_OPEN] = "still open",
    [SAYS_CANCELLED] = "cancelled",
    [SAYS_CANNOT_CANCEL] = "cannot cancel, charged",
    [SAYS_NOT_REFUNDED] = "no refund",
};

static const char *const choice_names[CHOICES] = {
    [CARRY_OUT] = "",
    [DECLINE] = ", the card is declined",
    [FAIL_BEFORE] = ", fails before the effect",
    [FAIL_AFTER] = ", fails after the effect",
};

const char *provider_reply_name(unsigned reply)
{
    return reply_names[reply];
}

const char *provider_call_name(unsigned step)
{
    return call_names[step];
}

const char *provider_choice_name(enum choice choice)
{
    return choice_names[choice];
}

/* The payment intent that a call is about: a create key makes the one of its own number. */
static unsigned *payment_of(struct story *story, const struct call *call)
{
    return &story->payment[call->intent - 1];
}

/* NULL for a call that has no key. */
static unsigned *key_of(struct story *story, const struct call *call)
{
    switch ((enum step)call->step) {
    case STEP_CREATE:
        return &story->create_key[call->key - 1];
    case STEP_CONFIRM:
        return &story->confirm_key[call->key - 1];
    case STEP_REFUND:
        return &story->refund_key[call->key - 1];
    case STEP_NONE:
    case STEP_READ:
    case STEP_CANCEL:
    case STEP_LIST:
    case STEP_CONCLUDE:
        break;
    }
    return NULL;
}

/* Whether the request would have an effect, so that there is something to choose. */
static bool has_choice(const struct story *seen, const struct call *call)
{
    struct story story = *seen;
    const unsigned *key = key_of(&story, call);
    if (key == NULL || *key != NO_REPLY) {
        return false;
    }
    if (call->step == STEP_CONFIRM) {
        const unsigned payment = *payment_of(&story, call);
        return payment == PAYMENT_OPEN || payment == PAYMENT_DECLINED;
    }
    return call->step == STEP_CREATE || story.refunds < story.charges;
}

bool provider_may_choose(const struct run *run, const struct world *world, unsigned i,
                         const struct call *call, enum choice choice)
{
    const struct story *story = &world->story[i];
    switch (choice) {
    case CARRY_OUT:
        return true;
    case DECLINE:
        return call->step != STEP_REFUND && run->environment->may_decline &&
               has_choice(story, call);
    case FAIL_BEFORE:
    case FAIL_AFTER:
        return world->left.errors > 0 && has_choice(story, call);
    case CHOICES:
        break;
    }
    return false;
}

static enum reply create(unsigned *payment, enum choice choice)
{
    if (choice == DECLINE) {
        return SAYS_REFUSED;
    }
    if (choice != FAIL_BEFORE && *payment == PAYMENT_NONE) {
        *payment = PAYMENT_OPEN;
    }
    return choice == CARRY_OUT ? SAYS_CREATED : SAYS_ERROR;
}

static enum reply confirm(struct story *story, unsigned *payment, enum choice choice)
{
    if (*payment == PAYMENT_CANCELLED) {
        return SAYS_IS_CANCELLED;
    }
    if (*payment == PAYMENT_CHARGED) {
        return SAYS_CHARGED;
    }
    if (choice == DECLINE) {
        *payment = PAYMENT_DECLINED;
        return SAYS_DECLINED;
    }
    if (choice == FAIL_BEFORE) {
        return SAYS_ERROR;
    }
    *payment = PAYMENT_CHARGED;
    story->charges++;
    return choice == FAIL_AFTER ? SAYS_ERROR : SAYS_CHARGED;
}

static enum reply refund(struct story *story, enum choice choice)
{
    if (story->refunds == story->charges) {
        return SAYS_REFUSED;
    }
    story->refunds += choice != FAIL_BEFORE;
    return choice == CARRY_OUT ? SAYS_REFUNDED : SAYS_ERROR;
}

static enum reply cancel(unsigned *payment)
{
    if (*payment == PAYMENT_CHARGED) {
        return SAYS_CANNOT_CANCEL;
    }
    const enum reply reply = *payment == PAYMENT_CANCELLED ? SAYS_IS_CANCELLED : SAYS_CANCELLED;
    *payment = PAYMENT_CANCELLED;
    return reply;
}

static enum reply read_payment(unsigned payment)
{
    static const enum reply replies[] = {
        [PAYMENT_NONE] = SAYS_OPEN,
        [PAYMENT_OPEN] = SAYS_OPEN,
        [PAYMENT_DECLINED] = SAYS_DECLINED,
        [PAYMENT_CHARGED] = SAYS_CHARGED,
        [PAYMENT_CANCELLED] = SAYS_IS_CANCELLED,
    };
    return replies[payment];
}

static enum reply carry_out(struct story *story, const struct call *call, enum choice choice)
{
    switch ((enum step)call->step) {
    case STEP_CREATE:
        return create(payment_of(story, call), choice);
    case STEP_CONFIRM:
        return confirm(story, payment_of(story, call), choice);
    case STEP_READ:
        return read_payment(*payment_of(story, call));
    case STEP_CANCEL:
        return cancel(payment_of(story, call));
    case STEP_REFUND:
        return refund(story, choice);
    case STEP_LIST:
        return story->refunds > 0 ? SAYS_REFUNDED : SAYS_NOT_REFUNDED;
    case STEP_NONE:
    case STEP_CONCLUDE:
        break;
    }
    return NO_REPLY;
}

enum reply provider_answers(struct story *story, const struct call *call, enum choice choice)
{
    unsigned *key = key_of(story, call);
    if (key == NULL) {
        return carry_out(story, call, choice);
    }
    if (*key == NO_REPLY) {
        *key = carry_out(story, call, choice);
    }
    return (enum reply) * key;
}

static void late_call_arrives(struct run *run, const struct world *world, unsigned i)
{
    const struct call late = world->story[i].late;
    for (unsigned choice = 0; choice < CHOICES; choice++) {
        if (!provider_may_choose(run, world, i, &late, (enum choice)choice)) {
            continue;
        }
        struct world next = *world;
        struct story *story = &next.story[i];
        const enum reply reply = provider_answers(story, &late, (enum choice)choice);
        story->late = (struct call){0};
        next.left.errors -= choice >= FAIL_BEFORE;
        world_note(run,
                   "the late call arrives at the provider: %s, key %u%s; \"%s\" is heard by nobody",
                   call_names[late.step], late.key, choice_names[choice], reply_names[reply]);
        world_emit(run, &next, false);
    }
}

/* A day passes. Billing holds a key to be forgotten some hours before the provider forgets it. */
static void keys_grow_old(struct run *run, const struct world *world, unsigned i)
{
    struct world next = *world;
    struct story *story = &next.story[i];
    bool is_known = story->asked == ASKED_LATELY;
    next.left.forgets--;
    story->asked = is_known ? ASKED_LONG_AGO : story->asked;
    if (is_known) {
        world_note(run, "most of a day passes: billing does not rely on its key any more");
        world_emit(run, &next, false);
    }
    for (unsigned k = 0; k < KEYS; k++) {
        is_known |= story->create_key[k] || story->confirm_key[k] || story->refund_key[k];
        story->create_key[k] = NO_REPLY;
        story->confirm_key[k] = NO_REPLY;
        story->refund_key[k] = NO_REPLY;
    }
    if (is_known) {
        world_note(run, "a day passes: the provider forgets its keys");
        world_emit(run, &next, false);
    }
}

void provider_steps(struct run *run, const struct world *world, unsigned i)
{
    if (world->story[i].late.step != STEP_NONE) {
        late_call_arrives(run, world, i);
    }
    if (world->left.forgets > 0) {
        keys_grow_old(run, world, i);
    }
}
