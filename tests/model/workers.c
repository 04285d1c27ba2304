/* SPDX-License-Identifier: Apache-2.0 */
#include "provider.h"

#include "services/billing/intent.h"

/*
 * Billing's two intent workers. What to ask next, under which key, and what an answer means is
 * decided by the production protocol, intent.c; this executes it as cashier.c does. A call is a
 * request on its way, its execution, an answer on its way, and a conditional commit; between any
 * two of them the worker may give up or die. A request that nobody waits for any more may still
 * arrive.
 *
 * A lease may run out at any time and another worker claim. What a worker then learns about keys
 * and payment intents is dropped, as in production; but an event is let through by the row's state
 * alone: the tables are explored as if there were no leases.
 */

enum { NOW_MS = 1000, LIFE_MS = 100, AMOUNT = 999 };

static const int64_t asked_at_ms[] = {
    [ASKED_NONE] = 0, [ASKED_LATELY] = NOW_MS, [ASKED_LONG_AGO] = NOW_MS - LIFE_MS};

#define INTENT(status, is)                                                                         \
    {                                                                                              \
        .kind = ANSWER_INTENT, .http_status = (status), .payment = PAYMENT_##is                    \
    }
#define REFUNDS(is, minor)                                                                         \
    {                                                                                              \
        .kind = ANSWER_REFUND, .refund = REFUND_##is, .refunded_minor = (minor)                    \
    }

static const struct answer answers[REPLIES] = {
    [SAYS_CREATED] = INTENT(200, REQUIRES_CONFIRMATION),
    [SAYS_REFUSED] = {.kind = ANSWER_REFUSED,
                      .is_about_method = true,
                      .code = "charge_already_refunded"},
    [SAYS_CHARGED] = INTENT(200, SUCCEEDED),
    [SAYS_DECLINED] = INTENT(402, REQUIRES_METHOD),
    [SAYS_ERROR] = {.kind = ANSWER_BROKEN, .http_status = 500},
    [SAYS_IS_CANCELLED] = INTENT(400, CANCELED),
    [SAYS_REFUNDED] = REFUNDS(SUCCEEDED, AMOUNT),
    [SAYS_OPEN] = INTENT(200, REQUIRES_CONFIRMATION),
    [SAYS_CANCELLED] = INTENT(200, CANCELED),
    [SAYS_CANNOT_CANCEL] = INTENT(400, SUCCEEDED),
    [SAYS_NOT_REFUNDED] = REFUNDS(NOTHING, 0),
};

/* The answer speaks of the payment intent that was asked about. */
static struct answer answer_of(const struct worker *worker)
{
    struct answer answer = answers[worker->answer];
    answer.reference[0] = (char)('0' + worker->call.intent);
    return answer;
}

/* Of a broken executor: it calls, and its claim is not committed yet. */
static bool is_unclaimed(const struct run *run, const struct story *story)
{
    return run->breakage & CALLS_BEFORE_THE_CLAIM && story->billing == BILLING_TO_CHARGE;
}

static struct charge charge_of(const struct run *run, const struct story *story)
{
    struct charge charge = {
        .state = is_unclaimed(run, story) ? BILLING_CALLING : (enum billing_state)story->billing,
        .amount_minor = AMOUNT,
        .create_n = (int32_t)story->create_n,
        .confirm_n = (int32_t)story->confirm_n,
        .refund_n = (int32_t)story->refund_n,
        .asked_at_ms = asked_at_ms[story->asked],
        .is_open = story->is_open,
    };
    if (story->reference != 0) {
        charge.reference[0] = (char)('0' + story->reference);
    }
    return charge;
}

static enum asked asked_of(int64_t at_ms)
{
    if (at_ms == 0) {
        return ASKED_NONE;
    }
    return NOW_MS - at_ms < LIFE_MS ? ASKED_LATELY : ASKED_LONG_AGO;
}

static void keep(struct story *story, const struct charge *charge)
{
    story->reference = charge->reference[0] == '\0' ? 0 : (unsigned)(charge->reference[0] - '0');
    story->create_n = (unsigned)charge->create_n;
    story->confirm_n = (unsigned)charge->confirm_n;
    story->refund_n = (unsigned)charge->refund_n;
    story->asked = asked_of(charge->asked_at_ms);
}

static struct call call_of(const struct charge *charge, enum step step)
{
    struct call call = {.step = step, .intent = (unsigned)(charge->reference[0] - '0')};
    if (step == STEP_CREATE) {
        call.key = (unsigned)charge->create_n;
        call.intent = call.key;
    } else if (step == STEP_CONFIRM) {
        call.key = (unsigned)charge->confirm_n;
    } else if (step == STEP_REFUND) {
        call.key = (unsigned)charge->refund_n;
    }
    return call;
}

/* The key is committed before the call. The model has few of them; a story that needs more is not
 * followed. */
static bool ask(struct run *run, struct story *story, unsigned w, enum step step)
{
    struct charge charge = charge_of(run, story);
    if (step == STEP_CANCEL && run->breakage & ASKS_INSTEAD_OF_CANCELLING) {
        step = STEP_READ;
    }
    intent_use_key(&charge, step, NOW_MS, LIFE_MS);
    const struct call call = call_of(&charge, step);
    if (call.key > KEYS) {
        return false;
    }
    if (!is_unclaimed(run, story)) {
        keep(story, &charge);
    }
    story->worker[w] =
        (struct worker){.phase = SENT, .call = call, .is_holder = true, .asked_in = story->billing};
    world_note(run, "; sends: %s, key %u", provider_call_name(step), call.key);
    return true;
}

static enum step next_step(const struct run *run, const struct story *story, bool is_clear)
{
    const struct charge charge = charge_of(run, story);
    return intent_next(&charge, is_clear, NOW_MS, LIFE_MS);
}

/* The lease is this worker's: what needs no call is concluded, and the next call is made unless the
 * row is to rest. */
static void go_on(struct run *run, struct world *next, unsigned i, unsigned w, bool is_clear,
                  bool is_resting)
{
    struct story *story = &next->story[i];
    enum step step = next_step(run, story, is_clear);
    if (step == STEP_CONCLUDE) {
        world_apply(run, next, i, BILLING, BILLING_ON_CANCELLED);
        step = next_step(run, story, false);
    }
    const bool is_calling = step != STEP_NONE && step != STEP_CONCLUDE && !is_resting;
    if (!is_calling || ask(run, story, w, step)) {
        world_emit(run, next, true);
    }
}

static void claim(struct run *run, const struct world *world, unsigned i, unsigned w)
{
    const struct story *story = &world->story[i];
    struct world next = *world;
    if (!story->is_open ||
        run->rules.at[BILLING][story->billing][BILLING_ON_CLAIM].kind != RULE_ACT) {
        return;
    }
    world_note(run, "a worker claims");
    for (unsigned other = 0; other < WORKERS; other++) {
        next.story[i].worker[other].is_holder = false;
    }
    if (!is_unclaimed(run, story)) {
        world_apply(run, &next, i, BILLING, BILLING_ON_CLAIM);
    }
    go_on(run, &next, i, w, false, false);
}

static void request_arrives(struct run *run, const struct world *world, unsigned i, unsigned w)
{
    const struct call *call = &world->story[i].worker[w].call;
    for (unsigned choice = 0; choice < CHOICES; choice++) {
        if (!provider_may_choose(run, world, i, call, (enum choice)choice)) {
            continue;
        }
        struct world next = *world;
        struct story *story = &next.story[i];
        story->worker[w].phase = ANSWERED;
        story->worker[w].answer = provider_answers(story, call, (enum choice)choice);
        next.left.errors -= choice >= FAIL_BEFORE;
        world_note(run, "the provider is asked: %s, key %u%s; answers \"%s\"",
                   provider_call_name(call->step), call->key,
                   provider_choice_name((enum choice)choice),
                   provider_reply_name(story->worker[w].answer));
        world_emit(run, &next, choice < FAIL_BEFORE);
    }
}

static bool may_be_late(const struct run *run, const struct story *story,
                        const struct worker *worker)
{
    return run->environment->has_late_call && story->late.step == STEP_NONE &&
           worker->phase == SENT && worker->call.step != STEP_READ &&
           worker->call.step != STEP_LIST;
}

/* The worker gives up or dies: a request under way may still arrive, an answer is lost. */
static void forget_call(struct run *run, const struct world *world, unsigned i, unsigned w)
{
    const struct worker *worker = &world->story[i].worker[w];
    struct world next = *world;
    struct story *story = &next.story[i];
    if (world->left.timeouts == 0) {
        return;
    }
    const bool is_late = may_be_late(run, story, worker);
    world_note(run, "time-out or crash: %s, key %u, %s", provider_call_name(worker->call.step),
               worker->call.key, is_late ? "may still arrive" : "without an effect to come");
    next.left.timeouts--;
    if (is_late) {
        story->late = worker->call;
    }
    if (run->breakage & TAKES_A_FRESH_INTENT && story->billing == BILLING_CALLING) {
        story->reference = 0;
        story->asked = ASKED_NONE;
    }
    story->worker[w] = (struct worker){0};
    world_emit(run, &next, false);
}

/* An event decides by the state that the row has now, under its lock; a broken executor uses the
 * state it remembers. Returns whether the table has a rule that acts. */
static bool commit_event(struct run *run, struct world *next, unsigned i,
                         const struct worker *worker, unsigned event)
{
    struct story *story = &next->story[i];
    if (run->breakage & COMMITS_BLINDLY) {
        story->billing = worker->asked_in;
    }
    if (is_unclaimed(run, story)) {
        world_apply(run, next, i, BILLING, BILLING_ON_CLAIM);
    }
    return world_apply(run, next, i, BILLING, event);
}

static enum lesson learn(const struct run *run, struct charge *charge, const struct worker *worker,
                         enum billing_event *event)
{
    const struct answer answer = answer_of(worker);
    const int64_t asked = charge->asked_at_ms;
    const enum lesson lesson = intent_learn(charge, (enum step)worker->call.step, &answer, event);
    if (run->breakage & REPEATS_AN_ANSWERED_KEY && worker->answer == SAYS_ERROR) {
        charge->asked_at_ms = asked;
    }
    if (run->breakage & ASKS_INSTEAD_OF_CANCELLING && lesson == LEARNED_CLEAR &&
        (charge->state == BILLING_VOIDING || charge->state == BILLING_DECLINING)) {
        *event = BILLING_ON_CANCELLED;
        return LEARNED_EVENT;
    }
    return lesson;
}

static void commit(struct run *run, const struct world *world, unsigned i, unsigned w)
{
    const struct worker worker = world->story[i].worker[w];
    struct world next = *world;
    struct story *story = &next.story[i];
    struct charge charge = charge_of(run, story);
    enum billing_event event = BILLING_EVENTS;
    enum lesson lesson = learn(run, &charge, &worker, &event);

    story->worker[w] = (struct worker){0};
    world_note(run, "a worker commits \"%s\"", provider_reply_name(worker.answer));
    if (lesson == LEARNED_EVENT && event == BILLING_ON_REFUNDED && !story->has_refund) {
        return; /* there is no refund to close: that transaction fails each time */
    }
    if (worker.is_holder) {
        keep(story, &charge);
    }
    if (lesson == LEARNED_EVENT && !commit_event(run, &next, i, &worker, event)) {
        lesson = LEARNED_NOTHING;
    }
    if (!worker.is_holder) {
        world_emit(run, &next, true);
        return;
    }
    const bool is_turned = lesson != LEARNED_EVENT && story->billing != worker.asked_in;
    const bool is_idle = lesson == LEARNED_NOTHING || lesson == LEARNED_PENDING;
    go_on(run, &next, i, w, lesson == LEARNED_CLEAR && !is_turned, is_idle && !is_turned);
}

/* Whether a call of this kind may still arrive. */
static bool is_under_way(const struct story *story, enum step step)
{
    bool is_found = story->late.step == step;
    for (unsigned w = 0; w < WORKERS; w++) {
        const struct worker *worker = &story->worker[w];
        is_found |= worker->phase == SENT && worker->call.step == step;
    }
    return is_found;
}

static void drop_keys(unsigned keys[KEYS])
{
    for (unsigned k = 0; k < KEYS; k++) {
        keys[k] = NO_REPLY;
    }
}

static void drop_unknown_payments(struct story *story)
{
    for (unsigned k = 0; k < KEYS; k++) {
        if (k + 1 != story->reference) {
            story->payment[k] = PAYMENT_NONE;
        }
    }
}

/* All that a worker's state at its asking tells is whether it is the same now. */
static void drop_turned(struct story *story)
{
    for (unsigned w = 0; w < WORKERS; w++) {
        struct worker *worker = &story->worker[w];
        if (!worker->is_holder || worker->asked_in != story->billing) {
            worker->asked_in = BILLING_NONE;
        }
    }
}

void worker_tidy(const struct run *run, struct story *story)
{
    const bool is_confirmable =
        story->billing == BILLING_TO_CHARGE || story->billing == BILLING_CALLING;
    if (!(run->breakage & (COMMITS_BLINDLY | TAKES_A_FRESH_INTENT))) {
        drop_turned(story);
        if (story->reference != 0 && !is_under_way(story, STEP_CREATE)) {
            drop_keys(story->create_key);
            drop_unknown_payments(story);
        }
        if (!is_confirmable && !is_under_way(story, STEP_CONFIRM)) {
            drop_keys(story->confirm_key);
            story->confirm_n = 0;
        }
        if (story->billing == BILLING_REFUNDED && !is_under_way(story, STEP_REFUND)) {
            drop_keys(story->refund_key);
            story->refund_n = 0;
        }
        story->asked = story->is_open ? story->asked : ASKED_NONE;
    }
}

static void one_worker_steps(struct run *run, const struct world *world, unsigned i, unsigned w)
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

void worker_steps(struct run *run, const struct world *world, unsigned i)
{
    for (unsigned w = 0; w < run->environment->workers; w++) {
        one_worker_steps(run, world, i, w);
    }
}
