/* SPDX-License-Identifier: Apache-2.0 */
#include "cashier.h"

#include "billing.h"
#include "billing_sql.h"
#include "breaker.h"
#include "charge.h"
#include "core/backoff.h"
#include "core/clock.h"
#include "core/crash.h"
#include "core/log.h"
#include "intent.h"
#include "provider.h"

#include <stdlib.h>
#include <string.h>

enum {
    POLL_MS = 20, /* how long a new intent may wait unseen */
    UPKEEP_MS = 1000,
    FORGET_MAX_MS = 10 * 60 * 1000, /* how often at least deleted users' charges are looked for */
    STOP_SPARE_MS = 2000, /* of the time that a stop may take, to commit the last answers */
    CONFLICTS_MAX = 5,
};

/* An open intent that is leased to us. */
struct job {
    bool is_used;
    bool is_answered;
    struct uuid holder; /* of the lease; new at each claim */
    struct charge charge;
    enum billing_state asked_in; /* the state when it was asked */
    enum step asked;
    struct answer answer;
    enum step next; /* decided in the open transaction, done after its commit */
};

struct cashier {
    struct runtime *runtime;
    struct billing *billing;
    struct db *db;
    struct backoff backoff;
    int64_t reopen_at_ms;
    struct provider *provider;
    struct breaker breaker;
    struct job *jobs;   /* billing->calls of them */
    struct job **round; /* those that one transaction is about; as many */
    int used;
    int64_t claim_at_ms, renew_at_ms, count_at_ms, forget_at_ms; /* monotonic */
    struct db_array ids, holders, states;
};

/* How many calls may be started in this round, for jobs that have had one. */
static int room_of(struct cashier *cashier)
{
    int wanted = runtime_is_stopping(cashier->runtime) ? 0 : (int)cashier->billing->calls;
    return breaker_room(&cashier->breaker, wanted, clock_monotonic_ms());
}

static int64_t jitter(int64_t ms)
{
    struct uuid random = ids_new();
    uint32_t dice = (uint32_t)random.bytes[14] << 8 | random.bytes[15];
    return ms / 2 + (int64_t)(dice % 1024) * (ms - ms / 2) / 1024;
}

static int64_t retry_ms(const struct cashier *cashier, const struct job *job)
{
    int64_t most = cashier->billing->retry_max_ms;
    int64_t ms = cashier->billing->retry_first_ms;
    for (int i = 1; i < job->charge.tries && ms < most; i++) {
        ms *= 2;
    }
    ms = jitter(ms < most ? ms : most);
    int64_t told = job->answer.retry_after_ms < most ? job->answer.retry_after_ms : most;
    return ms > told ? ms : told;
}

/* `held`: NULL when the row is only now being claimed. */
static enum outcome write_row(struct work *work, const struct job *job, enum billing_state before,
                              const struct uuid *held, int64_t due_in_ms)
{
    const struct charge *c = &job->charge;
    bool is_leased = job->next != STEP_NONE;
    const char *method = c->is_open && c->payment_method[0] != '\0' ? c->payment_method : NULL;
    return work_queue(work, &sql_charge_write,
                      DB_PARAMS(db_uuid(&c->id), db_text(billing_state_name(before)), db_uuid(held),
                                db_text(billing_state_name(c->state)), db_text(method),
                                db_text(c->reference[0] != '\0' ? c->reference : NULL),
                                db_i32(c->create_n), db_i32(c->confirm_n), db_i32(c->refund_n),
                                db_time(c->asked_at_ms != 0 ? c->asked_at_ms : INT64_MIN),
                                db_text(c->decline_reason[0] != '\0' ? c->decline_reason : NULL),
                                db_uuid(is_leased ? &job->holder : NULL),
                                c->is_open ? db_i64(due_in_ms) : db_null(), db_i32(c->tries),
                                db_text(c->last_error[0] != '\0' ? c->last_error : NULL),
                                db_bool(c->needs_attention)),
                      1);
}

/* True when the table has a rule that acts. */
static bool decide(struct work *work, struct charge *charge, enum billing_event event,
                   enum outcome *o)
{
    const struct billing_rule *rule = billing_decide(charge->state, event);
    if (rule == NULL || rule->kind != RULE_ACT) {
        charge_note(work, charge, event, rule);
        return false;
    }
    *o = charge_apply(work, charge, rule);
    return true;
}

/* The step that the charge wants now. What needs no call is concluded on the spot. */
static enum step next_step(struct cashier *cashier, struct work *work, struct job *job,
                           bool is_clear, enum outcome *o)
{
    int64_t life_ms = cashier->billing->key_life_ms;
    enum step step = intent_next(&job->charge, is_clear, work->now_ms, life_ms);
    if (step == STEP_CONCLUDE && decide(work, &job->charge, BILLING_ON_CANCELLED, o)) {
        job->charge.needs_attention = false;
        step = intent_next(&job->charge, false, work->now_ms, life_ms);
    }
    return *o == OK && step != STEP_CONCLUDE ? step : STEP_NONE;
}

/* Goes on with `step` at once if there is room, or gives the row back until it is due again. */
static enum outcome move_on(struct cashier *cashier, struct work *work, struct job *job,
                            enum step step, int64_t rest_ms, enum billing_state before,
                            const struct uuid *held, int *room)
{
    if (step != STEP_NONE && rest_ms == 0 && *room > 0) {
        *room -= 1;
        intent_use_key(&job->charge, step, work->now_ms, cashier->billing->key_life_ms);
        job->next = step;
        return write_row(work, job, before, held, cashier->billing->lease_ms);
    }
    int64_t shut_ms = breaker_wait_ms(&cashier->breaker, clock_monotonic_ms());
    job->next = STEP_NONE;
    return write_row(work, job, before, held, rest_ms > shut_ms ? rest_ms : shut_ms);
}

/* What the answer makes of the charge as it is now. `rest_ms` is written: 0 = go on at once. */
static enum outcome take_lesson(struct cashier *cashier, struct work *work, struct job *job,
                                bool *is_clear, int64_t *rest_ms)
{
    struct charge *charge = &job->charge;
    enum outcome o = OK;
    enum billing_event event = BILLING_EVENTS;
    enum lesson lesson = intent_learn(charge, job->asked, &job->answer, &event);
    if (lesson == LEARNED_EVENT && !decide(work, charge, event, &o)) {
        lesson = LEARNED_NOTHING;
    }
    /* An event has changed what is wanted while the call was under way: its answer holds up
     * nothing. */
    bool is_turned = lesson != LEARNED_EVENT && charge->state != job->asked_in;
    bool is_idle = !is_turned && (lesson == LEARNED_NOTHING || lesson == LEARNED_PENDING);
    *is_clear = lesson == LEARNED_CLEAR && !is_turned;
    *rest_ms = 0;
    if (lesson == LEARNED_EVENT || lesson == LEARNED_PENDING || is_turned) {
        charge->needs_attention = false;
    }
    if (is_idle && lesson == LEARNED_NOTHING) {
        charge->tries++;
    } else if (!*is_clear) {
        charge->tries = 0; /* that it has not happened is not progress */
    }
    if (is_idle) {
        charge->needs_attention |= charge->tries >= cashier->billing->attention_tries;
        *rest_ms =
            lesson == LEARNED_PENDING ? cashier->billing->pending_ms : retry_ms(cashier, job);
    }
    return o;
}

/* What is said has the event as its cause that last set the intent. */
static void bind_cause(struct work *work, const struct charge *charge, struct envelope *cause)
{
    *cause = (struct envelope){
        .id = charge->cause_id,
        .correlation_id = charge->upgrade_id,
        .has_correlation_id = true,
        .traceparent = charge->traceparent[0] != '\0' ? charge->traceparent : NULL,
    };
    work->cause = cause;
    log_bind(cause);
}

static void unbind_cause(struct work *work)
{
    log_unbind();
    work->cause = NULL;
}

static enum outcome settle_one(struct cashier *cashier, struct work *work, struct job *job,
                               int *room)
{
    enum billing_state before = job->charge.state;
    struct envelope cause;
    bool is_clear = false;
    int64_t rest_ms = 0;

    bind_cause(work, &job->charge, &cause);
    enum outcome o = take_lesson(cashier, work, job, &is_clear, &rest_ms);
    enum step step = o == OK ? next_step(cashier, work, job, is_clear, &o) : STEP_NONE;
    o = o == OK ? move_on(cashier, work, job, step, rest_ms, before, &job->holder, room) : o;
    unbind_cause(work);
    return o;
}

static struct job *find_job(struct job *const *jobs, size_t count, const struct uuid *charge_id)
{
    for (size_t i = 0; i < count; i++) {
        if (ids_equal(&jobs[i]->charge.id, charge_id)) {
            return jobs[i];
        }
    }
    return NULL;
}

/* Begins the two arrays that name leases of ours. */
static void name_none(struct cashier *cashier)
{
    db_array_init(&cashier->ids, DB_UUID);
    db_array_init(&cashier->holders, DB_UUID);
}

static void name_lease(struct cashier *cashier, const struct job *job)
{
    db_array_uuid(&cashier->ids, &job->charge.id);
    db_array_uuid(&cashier->holders, &job->holder);
}

static void name_states(struct cashier *cashier)
{
    db_array_init(&cashier->states, DB_TEXT);
    for (int state = BILLING_NONE + 1; state < BILLING_STATES; state++) {
        db_array_text(&cashier->states, billing_state_name((enum billing_state)state));
    }
}

static enum outcome find_held(struct cashier *cashier, struct job *const *jobs, size_t count,
                              struct db_rows **rows, struct fault *fault)
{
    name_none(cashier);
    for (size_t i = 0; i < count; i++) {
        jobs[i]->next = STEP_NONE; /* stays so when the lease is no longer ours */
        name_lease(cashier, jobs[i]);
    }
    return db_run(cashier->db, &sql_charge_held,
                  DB_PARAMS(db_array(&cashier->ids), db_array(&cashier->holders)), rows, fault);
}

/* All answers that are there, in one transaction. */
static enum outcome settle_in_task(struct cashier *cashier, struct job *const *jobs, size_t count,
                                   struct fault *fault)
{
    AUTO(task_end) struct task task = {0};
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    int room = room_of(cashier);
    enum outcome o = task_begin(&task, cashier->db, cashier->runtime, fault);
    o = o == OK ? find_held(cashier, jobs, count, &rows, fault) : o;
    for (int i = 0; o == OK && i < db_rows_count(rows); i++) {
        struct uuid id = db_get_uuid(rows, i, 0);
        struct job *job = find_job(jobs, count, &id);
        o = charge_read(rows, i, &job->charge, fault);
        o = o == OK ? settle_one(cashier, &task.work, job, &room) : o;
    }
    return o == OK ? task_commit(&task) : o;
}

/* One that cannot be committed is dropped: its lease runs out, and it is asked about again. */
static enum outcome settle(struct cashier *cashier, struct job *const *jobs, size_t count,
                           struct fault *fault)
{
    enum outcome o = RETRY;
    for (int i = 0; i < CONFLICTS_MAX && o == RETRY; i++) {
        o = settle_in_task(cashier, jobs, count, fault);
    }
    if (o == OK || o == LOST || o == FATAL) {
        return o;
    }
    if (count == 1) {
        log_error("charge.not-settled", LOG_ID("upgrade", &jobs[0]->charge.upgrade_id),
                  LOG_TEXT("reason", fault->text));
        jobs[0]->next = STEP_NONE;
        return OK;
    }
    o = settle(cashier, jobs, count / 2, fault);
    return o == OK ? settle(cashier, jobs + count / 2, count - count / 2, fault) : o;
}

static void start(struct cashier *cashier, struct job *job)
{
    struct provider_call call;
    intent_call(&job->charge, job->next, &call);
    job->asked = job->next;
    job->asked_in = job->charge.state;
    job->next = STEP_NONE;
    job->is_answered = false;
    breaker_started(&cashier->breaker);
    provider_ask(cashier->provider, &call, job);
}

/* After the commit that decided it. */
static void start_or_release(struct cashier *cashier, struct job *job)
{
    if (job->next != STEP_NONE) {
        start(cashier, job);
        return;
    }
    *job = (struct job){0};
    cashier->used--;
}

static void note_health(struct cashier *cashier, const struct answer *answer)
{
    enum breaker_state before = cashier->breaker.state;
    bool is_bad = answer->kind == ANSWER_NONE || answer->kind == ANSWER_BROKEN ||
                  answer->kind == ANSWER_DENIED;
    if (is_bad) {
        breaker_failed(&cashier->breaker, clock_monotonic_ms());
    } else {
        breaker_succeeded(&cashier->breaker);
    }
    if (before != BREAKER_OPEN && cashier->breaker.state == BREAKER_OPEN) {
        log_warn("provider.away", LOG_TEXT("reason", answer->code),
                 LOG_INT("pause_ms", cashier->breaker.open_ms));
    } else if (before != BREAKER_CLOSED && cashier->breaker.state == BREAKER_CLOSED) {
        log_info("provider.back");
    }
}

static void collect(struct cashier *cashier)
{
    void *context = NULL;
    struct answer answer;
    while (provider_take(cashier->provider, &context, &answer)) {
        struct job *job = context;
        job->answer = answer;
        job->is_answered = true;
        note_health(cashier, &answer);
        log_debug("provider.answered", LOG_ID("upgrade", &job->charge.upgrade_id),
                  LOG_INT("step", job->asked), LOG_INT("status", answer.http_status),
                  LOG_TEXT("code", answer.code));
    }
}

static enum outcome finish(struct cashier *cashier, struct fault *fault)
{
    size_t count = 0;
    struct job **jobs = cashier->round;
    for (int64_t i = 0; i < cashier->billing->calls; i++) {
        if (cashier->jobs[i].is_answered) {
            jobs[count++] = &cashier->jobs[i];
        }
    }
    enum outcome o = OK;
    if (count > 0) {
        crash_point("billing-after-call");
        o = settle(cashier, jobs, count, fault);
    }
    if (count > 0 && o == OK) {
        crash_point("billing-after-commit");
    }
    for (size_t i = 0; o == OK && i < count; i++) {
        start_or_release(cashier, jobs[i]);
    }
    return o;
}

static struct job *free_job(struct cashier *cashier)
{
    struct job *job = cashier->jobs;
    while (job->is_used) {
        job++;
    }
    return job;
}

static enum outcome claim_one(struct cashier *cashier, struct work *work, struct job *job,
                              int *room)
{
    struct envelope cause;
    enum billing_state before = job->charge.state;
    enum outcome o = OK;

    bind_cause(work, &job->charge, &cause);
    if (!decide(work, &job->charge, BILLING_ON_CLAIM, &o)) {
        job->charge.is_open = false; /* nothing is wanted in this state */
    }
    enum step step = o == OK ? next_step(cashier, work, job, false, &o) : STEP_NONE;
    o = o == OK ? move_on(cashier, work, job, step, 0, before, NULL, room) : o;
    unbind_cause(work);
    return o;
}

/* Commits the claims before any call is made. `count` jobs are in cashier->round. */
static enum outcome claim_in_task(struct cashier *cashier, int wanted, size_t *count,
                                  struct fault *fault)
{
    AUTO(task_end) struct task task = {0};
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    int room = wanted;
    enum outcome o = task_begin(&task, cashier->db, cashier->runtime, fault);
    o = o == OK ? db_run(cashier->db, &sql_charge_due,
                         DB_PARAMS(db_i32(wanted), db_array(&cashier->states)), &rows, fault)
                : o;
    for (int i = 0; o == OK && i < db_rows_count(rows); i++) {
        struct job *job = free_job(cashier);
        *job = (struct job){.is_used = true, .holder = ids_new()};
        cashier->used++;
        cashier->round[(*count)++] = job;
        o = charge_read(rows, i, &job->charge, fault);
        o = o == OK ? claim_one(cashier, &task.work, job, &room) : o;
    }
    return o == OK && *count > 0 ? task_commit(&task) : o;
}

static enum outcome claim(struct cashier *cashier, struct fault *fault)
{
    int64_t now_ms = clock_monotonic_ms();
    int free_jobs = (int)cashier->billing->calls - cashier->used;
    if (now_ms < cashier->claim_at_ms) {
        return OK;
    }
    cashier->claim_at_ms = now_ms + POLL_MS;
    int wanted = breaker_room(&cashier->breaker, free_jobs, now_ms);
    if (wanted == 0) {
        return OK;
    }
    size_t count = 0;
    enum outcome o = claim_in_task(cashier, wanted, &count, fault);
    if (o == OK && count > 0) {
        cashier->claim_at_ms = now_ms; /* there may be more */
        crash_point("billing-after-intent");
    }
    for (size_t i = 0; i < count; i++) {
        if (o != OK) {
            cashier->round[i]->next = STEP_NONE;
        }
        start_or_release(cashier, cashier->round[i]);
    }
    return o;
}

/* A lease is short, so that the intents of a process that died are soon taken up, and renewed as
 * long as a call takes. */
static enum outcome renew(struct cashier *cashier, struct fault *fault)
{
    int64_t now_ms = clock_monotonic_ms();
    if (now_ms < cashier->renew_at_ms || cashier->used == 0) {
        return OK;
    }
    cashier->renew_at_ms = now_ms + cashier->billing->lease_ms / 4;
    name_none(cashier);
    for (int64_t i = 0; i < cashier->billing->calls; i++) {
        if (cashier->jobs[i].is_used) {
            name_lease(cashier, &cashier->jobs[i]);
        }
    }
    return db_run(cashier->db, &sql_charge_renew,
                  DB_PARAMS(db_array(&cashier->ids), db_array(&cashier->holders),
                            db_i64(cashier->billing->lease_ms)),
                  NULL, fault);
}

static enum outcome count_open(struct cashier *cashier, struct fault *fault)
{
    int64_t now_ms = clock_monotonic_ms();
    if (now_ms < cashier->count_at_ms) {
        return OK;
    }
    cashier->count_at_ms = now_ms + UPKEEP_MS;
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = db_run(cashier->db, &sql_charge_attention,
                            DB_PARAMS(db_i64(cashier->billing->attention_ms)), &rows, fault);
    if (o == OK) {
        atomic_store(&cashier->billing->status.open_intents, db_get_i64(rows, 0, 0));
        atomic_store(&cashier->runtime->counters.needs_attention, db_get_i64(rows, 0, 1));
    }
    return o;
}

static enum outcome forget(struct cashier *cashier, struct fault *fault)
{
    int64_t now_ms = clock_monotonic_ms();
    int64_t every_ms = cashier->billing->forget_ms;
    if (now_ms < cashier->forget_at_ms) {
        return OK;
    }
    every_ms = every_ms < UPKEEP_MS ? UPKEEP_MS : every_ms;
    cashier->forget_at_ms = now_ms + (every_ms < FORGET_MAX_MS ? every_ms : FORGET_MAX_MS);
    return db_run(cashier->db, &sql_charge_anonymise,
                  DB_PARAMS(db_i64(cashier->billing->forget_ms)), NULL, fault);
}

static void show_status(struct cashier *cashier)
{
    atomic_store(&cashier->billing->status.breaker, (int)cashier->breaker.state);
    atomic_store(&cashier->billing->status.calling, provider_calling(cashier->provider));
}

/* Calls go on while the database is away; their answers wait for it. */
static enum outcome connect_db(struct cashier *cashier, struct fault *fault)
{
    if (cashier->db != NULL && !db_is_lost(cashier->db)) {
        return OK;
    }
    if (clock_monotonic_ms() < cashier->reopen_at_ms) {
        return LOST;
    }
    enum outcome o = OK;
    if (cashier->db != NULL) {
        o = db_reopen(cashier->db, fault);
    } else {
        const struct db_options options = {.url = cashier->runtime->config->database_url,
                                           .name = "billing cashier"};
        o = db_open(&options, &cashier->db, fault);
    }
    if (o == OK) {
        cashier->backoff = (struct backoff){0};
        return OK;
    }
    int64_t pause_ms = backoff_next(&cashier->backoff);
    cashier->reopen_at_ms = clock_monotonic_ms() + pause_ms;
    log_warn("cashier.waiting", LOG_TEXT("reason", fault->text), LOG_INT("in_ms", pause_ms));
    return o;
}

static enum outcome go_round(struct cashier *cashier, bool is_stopping, struct fault *fault)
{
    collect(cashier);
    enum outcome o = connect_db(cashier, fault);
    o = o == OK ? finish(cashier, fault) : o;
    o = o == OK ? renew(cashier, fault) : o;
    if (!is_stopping) {
        o = o == OK ? claim(cashier, fault) : o;
        o = o == OK ? count_open(cashier, fault) : o;
        o = o == OK ? forget(cashier, fault) : o;
    }
    if (o == RETRY || o == REJECT) {
        log_warn("cashier.again", LOG_TEXT("reason", fault->text));
        cashier->claim_at_ms = clock_monotonic_ms() + UPKEEP_MS;
        o = OK;
    }
    show_status(cashier);
    provider_wait(cashier->provider, POLL_MS);
    return o == LOST ? OK : o;
}

/* What is under way may still be answered; what is not, is unknown, and the next process settles
 * it. */
static enum outcome work_until_stopped(struct cashier *cashier, struct fault *fault)
{
    int64_t stop_at_ms = INT64_MAX;
    enum outcome o = OK;
    while (o == OK && clock_monotonic_ms() < stop_at_ms) {
        bool is_stopping = runtime_is_stopping(cashier->runtime);
        if (is_stopping && stop_at_ms == INT64_MAX) {
            stop_at_ms = clock_monotonic_ms() + cashier->runtime->config->drain_ms - STOP_SPARE_MS;
        }
        if (is_stopping && cashier->used == 0) {
            break;
        }
        o = go_round(cashier, is_stopping, fault);
    }
    return o;
}

static enum outcome cashier_run(struct runtime *runtime, int index, struct fault *fault)
{
    (void)index;
    struct billing *billing = billing_of(runtime);
    struct cashier cashier = {
        .runtime = runtime,
        .billing = billing,
        .breaker = {.failures_max = (int)billing->breaker_failures,
                    .first_ms = billing->breaker_first_ms,
                    .max_ms = billing->breaker_max_ms},
        .jobs = xcalloc((size_t)billing->calls, sizeof *cashier.jobs),
        .round = xcalloc((size_t)billing->calls, sizeof(struct job *)),
    };
    const struct provider_options options = {.url = billing->provider_url,
                                             .api_key = billing->provider_key,
                                             .connect_ms = billing->connect_ms,
                                             .answer_ms = billing->answer_ms,
                                             .calls_max = (int)billing->calls};
    name_states(&cashier);
    enum outcome o = provider_open(&options, &cashier.provider, fault);
    o = o == OK ? work_until_stopped(&cashier, fault) : o;
    provider_close(cashier.provider);
    db_close(cashier.db);
    db_array_done(&cashier.ids);
    db_array_done(&cashier.holders);
    db_array_done(&cashier.states);
    free(cashier.jobs);
    free(cashier.round);
    return o;
}

const struct part cashier_part = {.name = "cashier", .run = cashier_run};
