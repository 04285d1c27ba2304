/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

/*
 * Billing's two intent workers and the payment provider. A call is a request on its way, its
 * execution, an answer on its way, and a conditional commit; between any two of them the worker may
 * give up or die. A request that nobody waits for any more may still arrive.
 *
 * The provider keeps the first answer of each idempotency key, a 500 too, until it forgets all keys
 * (a day passes). It refuses what the payment intent's own state forbids: confirming a cancelled
 * one, cancelling or charging a charged one, refunding twice.
 */

static const char *const call_names[] = {
    [CALL_NONE] = "nothing",
    [CREATE] = "create the payment intent",
    [CONFIRM] = "confirm",
    [READ] = "read the payment intent",
    [CANCEL] = "cancel the payment intent",
    [REFUND] = "refund",
    [LIST] = "list the refunds",
};

static const char *const answer_names[] = {
    [NO_ANSWER] = "nothing",
    [SAYS_CREATED] = "created",
    [SAYS_CHARGED] = "charged",
    [SAYS_DECLINED] = "declined",
    [SAYS_ERROR] = "500",
    [SAYS_OPEN] = "still open",
    [SAYS_IS_CANCELLED] = "it is cancelled",
    [SAYS_CANCELLED] = "cancelled",
    [SAYS_CANNOT_CANCEL] = "cannot cancel, charged",
    [SAYS_REFUNDED] = "refunded",
    [SAYS_NOT_REFUNDED] = "no refund",
};

/* What the provider does with a request that it has not seen before. */
enum choice { CARRY_OUT, DECLINE, FAIL_BEFORE, FAIL_AFTER, CHOICES };

static const char *const choice_names[] = {
    [CARRY_OUT] = "",
    [DECLINE] = ", the card is declined",
    [FAIL_BEFORE] = ", fails before the effect",
    [FAIL_AFTER] = ", fails after the effect",
};

static unsigned *key_of(struct story *story, unsigned call, unsigned attempt)
{
    return call == CONFIRM ? &story->confirm_key[attempt] : &story->refund_key[attempt];
}

/* Whether the request would have an effect, so that there is something to choose. */
static bool has_choice(const struct run *run, const struct story *story, unsigned call,
                       unsigned attempt)
{
    if (call == CONFIRM) {
        const bool is_chargeable =
            story->payment == PAYMENT_OPEN ||
            (story->payment == PAYMENT_CHARGED && run->breakage & TAKES_A_FRESH_INTENT);
        return is_chargeable && story->confirm_key[attempt] == NO_ANSWER;
    }
    return call == REFUND && story->refunds < story->charges &&
           story->refund_key[attempt] == NO_ANSWER;
}

static bool is_possible(const struct run *run, const struct world *world, unsigned i, unsigned call,
                        unsigned attempt, enum choice choice)
{
    switch (choice) {
    case CARRY_OUT:
        return true;
    case DECLINE:
        return call == CONFIRM && run->environment->may_decline &&
               has_choice(run, &world->story[i], call, attempt);
    case FAIL_BEFORE:
    case FAIL_AFTER:
        return world->left.errors > 0 && has_choice(run, &world->story[i], call, attempt);
    case CHOICES:
        break;
    }
    return false;
}

static enum answer confirm(const struct run *run, struct story *story, enum choice choice)
{
    if (story->payment == PAYMENT_CANCELLED) {
        return SAYS_IS_CANCELLED;
    }
    if (story->payment == PAYMENT_CHARGED && !(run->breakage & TAKES_A_FRESH_INTENT)) {
        return SAYS_CHARGED;
    }
    if (choice == DECLINE) {
        return SAYS_DECLINED;
    }
    if (choice == FAIL_BEFORE) {
        return SAYS_ERROR;
    }
    story->payment = PAYMENT_CHARGED;
    story->charges++;
    return choice == FAIL_AFTER ? SAYS_ERROR : SAYS_CHARGED;
}

static enum answer refund(struct story *story, enum choice choice)
{
    if (story->refunds < story->charges && choice != FAIL_BEFORE) {
        story->refunds++;
    }
    return choice == CARRY_OUT ? SAYS_REFUNDED : SAYS_ERROR;
}

static enum answer cancel(struct story *story)
{
    if (story->payment == PAYMENT_CHARGED) {
        return SAYS_CANNOT_CANCEL;
    }
    const enum answer answer =
        story->payment == PAYMENT_CANCELLED ? SAYS_IS_CANCELLED : SAYS_CANCELLED;
    story->payment = PAYMENT_CANCELLED;
    return answer;
}

static enum answer read_intent(const struct story *story)
{
    switch ((enum payment_intent)story->payment) {
    case PAYMENT_CHARGED:
        return SAYS_CHARGED;
    case PAYMENT_CANCELLED:
        return SAYS_IS_CANCELLED;
    case PAYMENT_NONE:
    case PAYMENT_OPEN:
        break;
    }
    return SAYS_OPEN;
}

/* The request arrives: the stored answer, or the effect and an answer to store. */
static enum answer arrive(const struct run *run, struct story *story, unsigned call,
                          unsigned attempt, enum choice choice)
{
    switch ((enum call)call) {
    case CREATE:
        story->payment = story->payment == PAYMENT_NONE ? PAYMENT_OPEN : story->payment;
        return SAYS_CREATED;
    case CONFIRM:
    case REFUND: {
        unsigned *key = key_of(story, call, attempt);
        if (*key == NO_ANSWER) {
            *key = call == CONFIRM ? confirm(run, story, choice) : refund(story, choice);
        }
        return (enum answer) * key;
    }
    case READ:
        return read_intent(story);
    case CANCEL:
        return cancel(story);
    case LIST:
        return story->refunds > 0 ? SAYS_REFUNDED : SAYS_NOT_REFUNDED;
    case CALL_NONE:
        break;
    }
    return NO_ANSWER;
}

/* The call that the open intent asks for next, from what the row knows. */
static enum call next_call(const struct run *run, const struct story *story)
{
    if (!story->has_intent_id) {
        return CREATE;
    }
    switch ((enum intent)story->intent) {
    case INTENT_CHARGE:
        return story->must_read ? READ : CONFIRM;
    case INTENT_CANCEL:
        return run->breakage & ASKS_INSTEAD_OF_CANCELLING ? READ : CANCEL;
    case INTENT_REFUND:
        return story->must_read ? LIST : REFUND;
    case INTENT_NONE:
        break;
    }
    return CALL_NONE;
}

static bool is_keyed(unsigned call)
{
    return call != CREATE && call != CANCEL;
}

static void claim(struct run *run, const struct world *world, unsigned i, unsigned w)
{
    const struct story *story = &world->story[i];
    struct world next = *world;
    struct story *after = &next.story[i];
    if (story->intent == INTENT_NONE ||
        run->rules.at[BILLING][story->billing][BILLING_ON_CLAIM].kind != RULE_ACT) {
        return;
    }
    world_note(run, "a worker claims");
    if (!(run->breakage & CALLS_BEFORE_THE_CLAIM && story->billing == BILLING_TO_CHARGE)) {
        world_apply(run, &next, i, BILLING, BILLING_ON_CLAIM);
    }
    const enum call call = next_call(run, story);
    after->worker[w] = (struct worker){
        .phase = SENT,
        .call = call,
        .attempt = is_keyed(call) ? story->attempt : 0,
        .claimed = run->breakage & COMMITS_BLINDLY ? after->billing : 0,
    };
    world_note(run, "; sends: %s, key %u", call_names[call], after->worker[w].attempt);
    world_emit(run, &next, true);
}

static void request_arrives(struct run *run, const struct world *world, unsigned i, unsigned w)
{
    const struct worker *worker = &world->story[i].worker[w];
    for (unsigned choice = 0; choice < CHOICES; choice++) {
        if (!is_possible(run, world, i, worker->call, worker->attempt, (enum choice)choice)) {
            continue;
        }
        struct world next = *world;
        struct story *story = &next.story[i];
        story->worker[w].phase = ANSWERED;
        story->worker[w].answer =
            arrive(run, story, worker->call, worker->attempt, (enum choice)choice);
        next.left.errors -= choice >= FAIL_BEFORE;
        world_note(run, "the provider is asked: %s, key %u%s; answers \"%s\"",
                   call_names[worker->call], worker->attempt, choice_names[choice],
                   answer_names[story->worker[w].answer]);
        world_emit(run, &next, choice < FAIL_BEFORE);
    }
}

static void late_call_arrives(struct run *run, const struct world *world, unsigned i, unsigned l)
{
    const struct late_call *late = &world->story[i].late[l];
    for (unsigned choice = 0; choice < CHOICES; choice++) {
        if (!is_possible(run, world, i, late->call, late->attempt, (enum choice)choice)) {
            continue;
        }
        struct world next = *world;
        struct story *story = &next.story[i];
        const enum answer answer =
            arrive(run, story, late->call, late->attempt, (enum choice)choice);
        story->late[l] = (struct late_call){0};
        next.left.errors -= choice >= FAIL_BEFORE;
        world_note(
            run, "the late call arrives at the provider: %s, key %u%s; \"%s\" is heard by nobody",
            call_names[late->call], late->attempt, choice_names[choice], answer_names[answer]);
        world_emit(run, &next, false);
    }
}

/* The worker gives up or dies: a request under way may still arrive, an answer is lost. */
static void forget_call(struct run *run, const struct world *world, unsigned i, unsigned w)
{
    const struct worker *worker = &world->story[i].worker[w];
    struct world next = *world;
    if (world->left.timeouts == 0) {
        return;
    }
    next.left.timeouts--;
    next.story[i].worker[w] = (struct worker){0};
    if (worker->call == CONFIRM && run->breakage & TAKES_A_FRESH_INTENT &&
        worker->attempt == world->story[i].attempt && worker->attempt < KEYS - 1) {
        next.story[i].attempt++;
    }
    const bool is_late =
        worker->phase == SENT &&
        (worker->call == CONFIRM || worker->call == CANCEL || worker->call == REFUND);
    world_note(run, "time-out or crash: %s, key %u, %s", call_names[worker->call], worker->attempt,
               is_late ? "may still arrive" : "without an effect to come");
    for (unsigned l = 0; is_late && l < run->environment->late_calls; l++) {
        if (next.story[i].late[l].call == CALL_NONE) {
            next.story[i].late[l] = (struct late_call){worker->call, worker->attempt};
            break;
        }
    }
    world_emit(run, &next, false);
}

/* A result decides by the state that the row has now, under its lock; a broken executor uses the
 * state it remembers. */
static void commit_result(struct run *run, struct world *next, unsigned i,
                          const struct worker *worker, unsigned event)
{
    struct story *story = &next->story[i];
    if (run->breakage & COMMITS_BLINDLY) {
        story->billing = worker->claimed;
    }
    if (run->breakage & CALLS_BEFORE_THE_CLAIM && story->billing == BILLING_TO_CHARGE) {
        world_apply(run, next, i, BILLING, BILLING_ON_CLAIM);
    }
    world_apply(run, next, i, BILLING, event);
}

/* An answer that decides nothing changes how the next call is made, if the row still asks for the
 * same. */
static void commit_knowledge(struct run *run, struct story *story, const struct worker *worker)
{
    const unsigned wanted =
        worker->call == REFUND || worker->call == LIST ? INTENT_REFUND : INTENT_CHARGE;
    if (story->intent != wanted || story->attempt != worker->attempt) {
        return;
    }
    if (worker->answer == SAYS_ERROR) {
        story->must_read = !(run->breakage & REPEATS_AN_ANSWERED_KEY);
    } else if (story->must_read && story->attempt < KEYS - 1) {
        story->must_read = 0;
        story->attempt++;
    }
}

static void commit(struct run *run, const struct world *world, unsigned i, unsigned w)
{
    const struct worker worker = world->story[i].worker[w];
    struct world next = *world;
    struct story *story = &next.story[i];
    story->worker[w] = (struct worker){0};
    world_note(run, "a worker commits \"%s\"", answer_names[worker.answer]);
    switch ((enum answer)worker.answer) {
    case SAYS_CREATED:
        story->has_intent_id |= story->intent != INTENT_NONE;
        break;
    case SAYS_CHARGED:
        commit_result(run, &next, i, &worker, BILLING_ON_CHARGED);
        break;
    case SAYS_DECLINED:
        commit_result(run, &next, i, &worker, BILLING_ON_DECLINED);
        break;
    case SAYS_IS_CANCELLED:
        commit_result(run, &next, i, &worker, BILLING_ON_INTENT_IS_CANCELLED);
        break;
    case SAYS_CANCELLED:
        commit_result(run, &next, i, &worker, BILLING_ON_CANCELLED);
        break;
    case SAYS_CANNOT_CANCEL:
        commit_result(run, &next, i, &worker, BILLING_ON_CANNOT_CANCEL);
        break;
    case SAYS_REFUNDED:
        commit_result(run, &next, i, &worker, BILLING_ON_REFUNDED);
        break;
    case SAYS_OPEN:
        if (story->intent == INTENT_CANCEL && run->breakage & ASKS_INSTEAD_OF_CANCELLING) {
            commit_result(run, &next, i, &worker, BILLING_ON_CANCELLED);
            break;
        }
        commit_knowledge(run, story, &worker);
        break;
    case SAYS_ERROR:
    case SAYS_NOT_REFUNDED:
        commit_knowledge(run, story, &worker);
        break;
    case NO_ANSWER:
        break;
    }
    world_emit(run, &next, true);
}

static void worker_steps(struct run *run, const struct world *world, unsigned i, unsigned w)
{
    switch ((enum phase)world->story[i].worker[w].phase) {
    case IDLE:
        if (w == 0 || world->story[i].worker[w - 1].phase != IDLE) { /* idle workers are alike */
            claim(run, world, i, w);
        }
        break;
    case SENT:
        request_arrives(run, world, i, w);
        forget_call(run, world, i, w);
        break;
    case ANSWERED:
        commit(run, world, i, w);
        forget_call(run, world, i, w);
        break;
    }
}

static void forget_keys(struct run *run, const struct world *world, unsigned i)
{
    struct world next = *world;
    bool is_known = false;
    for (unsigned k = 0; k < KEYS; k++) {
        is_known |=
            next.story[i].confirm_key[k] != NO_ANSWER || next.story[i].refund_key[k] != NO_ANSWER;
        next.story[i].confirm_key[k] = NO_ANSWER;
        next.story[i].refund_key[k] = NO_ANSWER;
    }
    if (is_known && world->left.forgets > 0) {
        world_note(run, "a day passes: the provider forgets its keys");
        next.left.forgets--;
        world_emit(run, &next, false);
    }
}

void provider_steps(struct run *run, const struct world *world, unsigned i)
{
    for (unsigned w = 0; w < run->environment->workers; w++) {
        worker_steps(run, world, i, w);
    }
    for (unsigned l = 0; l < run->environment->late_calls; l++) {
        if (world->story[i].late[l].call != CALL_NONE) {
            late_call_arrives(run, world, i, l);
        }
    }
    forget_keys(run, world, i);
}
