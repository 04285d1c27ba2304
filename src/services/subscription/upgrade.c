/* SPDX-License-Identifier: Apache-2.0 */
#include "upgrade.h"

#include "core/log.h"
#include "core/service.h"
#include "subscription.h"
#include "subscription_contract.h"
#include "subscription_sql.h"
#include "watch.h"

#include <string.h>

enum { DAY_MS = 24 * 60 * 60 * 1000 };

/* Addresses that name what work_remember keeps. */
static const char by_id, by_user;

static const char *text_or_null(struct arena *arena, const struct db_rows *rows, int row,
                                int column)
{
    if (db_is_null(rows, row, column)) {
        return NULL;
    }
    return arena_text(arena, db_get_text(rows, row, column), db_get_length(rows, row, column));
}

struct upgrade upgrade_read(struct arena *arena, const struct db_rows *rows, int row)
{
    struct upgrade upgrade = {
        .id = db_get_uuid(rows, row, 0),
        .user_id = db_get_uuid(rows, row, 1),
        .version = (int32_t)db_get_i64(rows, row, 3),
        .pivot = text_or_null(arena, rows, row, 4),
        .reason = text_or_null(arena, rows, row, 5),
        .tier = text_or_null(arena, rows, row, 6),
        .amount_minor = db_get_i64(rows, row, 7),
        .currency = text_or_null(arena, rows, row, 8),
        .days = db_get_i64(rows, row, 9),
        .requested_at_ms = db_get_time(rows, row, 10),
        .deadline_at_ms = db_get_time(rows, row, 11),
        .activated_at_ms = db_get_time(rows, row, 12),
        .ended_at_ms = db_get_time(rows, row, 13),
        .due_at_ms = db_get_time(rows, row, 14),
        .repeats = (int32_t)db_get_i64(rows, row, 15),
        .needs_attention = db_get_bool(rows, row, 16),
        .traceparent = text_or_null(arena, rows, row, 17),
    };
    (void)subscription_state_find(db_get_text(rows, row, 2),
                                  &upgrade.state); /* the table's check knows no others */
    return upgrade;
}

struct upgrade upgrade_new(const struct uuid *user_id)
{
    return (struct upgrade){
        .id = ids_new(),
        .user_id = *user_id,
        .state = SUBSCRIPTION_NONE,
        .requested_at_ms = INT64_MIN,
        .deadline_at_ms = INT64_MIN,
        .activated_at_ms = INT64_MIN,
        .ended_at_ms = INT64_MIN,
        .due_at_ms = INT64_MIN,
    };
}

static bool is_open(const struct upgrade *upgrade)
{
    return upgrade->state != SUBSCRIPTION_REJECTED && upgrade->state != SUBSCRIPTION_CANCELLED;
}

enum outcome upgrade_load(struct work *work, struct db_array *ids, struct db_array *users)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = db_run(work->db, &sql_upgrade_load, DB_PARAMS(db_array(ids), db_array(users)),
                            &rows, work->fault);
    if (o != OK) {
        return o;
    }
    for (int row = 0; row < db_rows_count(rows); row++) {
        struct uuid id = db_get_uuid(rows, row, 0);
        struct upgrade *upgrade = work_remember(work, &by_id, &id, sizeof *upgrade);
        *upgrade = upgrade_read(work->arena, rows, row);
        if (is_open(upgrade)) {
            struct upgrade **open =
                work_remember(work, &by_user, &upgrade->user_id, sizeof(struct upgrade *));
            *open = upgrade;
        }
    }
    return OK;
}

enum outcome upgrade_load_one(struct work *work, const struct uuid *id)
{
    AUTO(db_array_done) struct db_array ids = {0};
    AUTO(db_array_done) struct db_array users = {0};
    db_array_init(&ids, DB_UUID);
    db_array_init(&users, DB_UUID);
    db_array_uuid(&ids, id);
    return upgrade_load(work, &ids, &users);
}

struct upgrade *upgrade_find(const struct work *work, const struct uuid *id)
{
    return work_recall(work, &by_id, id);
}

struct upgrade *upgrade_find_open(const struct work *work, const struct uuid *user_id)
{
    struct upgrade **open = work_recall(work, &by_user, user_id);
    return open != NULL ? *open : NULL;
}

int64_t upgrade_valid_until_ms(const struct upgrade *upgrade)
{
    return upgrade->activated_at_ms == INT64_MIN
               ? INT64_MIN
               : upgrade->activated_at_ms + upgrade->days * DAY_MS;
}

/* A step being carried out: what happened to which upgrade, and the rule that answers it. */
struct step {
    struct work *work;
    struct upgrade *upgrade;
    const struct happening *happening;
    const struct subscription_rule *rule;
    struct uuid said_id;
};

static const struct subscription_config *config_of(const struct step *step)
{
    return step->work->runtime->own;
}

static enum outcome insert_upgrade(struct step *step)
{
    step->upgrade->requested_at_ms = step->work->now_ms;
    step->upgrade->traceparent = step->work->traceparent;
    return OK;
}

static enum outcome start_deadline(struct step *step)
{
    step->upgrade->deadline_at_ms = step->work->now_ms + config_of(step)->deadline_ms;
    step->upgrade->due_at_ms = step->upgrade->deadline_at_ms;
    return OK;
}

/* A step forward is an answer: the watch begins anew. */
static enum outcome watch(struct step *step)
{
    step->upgrade->repeats = 0;
    step->upgrade->needs_attention = false;
    step->upgrade->due_at_ms = step->work->now_ms + config_of(step)->watch_after_ms;
    return OK;
}

static enum outcome watch_on(struct step *step)
{
    struct upgrade *upgrade = step->upgrade;
    const struct subscription_config *config = config_of(step);
    upgrade->repeats++;
    upgrade->due_at_ms =
        step->work->now_ms + watch_delay_ms(config->watch_after_ms, upgrade->repeats);
    upgrade->needs_attention =
        upgrade->needs_attention || upgrade->repeats >= config->attention_after;
    return OK;
}

static enum outcome pivot_cancelled(struct step *step)
{
    step->upgrade->pivot = "cancelled";
    return watch(step);
}

static enum outcome pivot_completed(struct step *step)
{
    step->upgrade->pivot = "completed";
    return OK;
}

static enum outcome end(struct step *step)
{
    step->upgrade->ended_at_ms = step->work->now_ms;
    step->upgrade->due_at_ms = INT64_MIN;
    step->upgrade->needs_attention = false;
    return OK;
}

static enum outcome entitlement_on(struct step *step)
{
    struct upgrade *upgrade = step->upgrade;
    upgrade->activated_at_ms = step->work->now_ms;
    return work_queue(step->work, &sql_entitlement_on,
                      DB_PARAMS(db_uuid(&upgrade->id), db_uuid(&upgrade->user_id),
                                db_time(upgrade->activated_at_ms),
                                db_time(upgrade_valid_until_ms(upgrade))),
                      1);
}

static enum outcome entitlement_off(struct step *step)
{
    return work_queue(step->work, &sql_entitlement_off, DB_PARAMS(db_uuid(&step->upgrade->id)), 1);
}

/*
 * What has been settled is told by the state, so a note only sets the watch back. A deadline stops
 * where the story ends: a cancelled pivot has put the watch in its place.
 */
static const struct {
    unsigned action;
    enum outcome (*run)(struct step *step);
} effects[] = {
    {DO_INSERT_UPGRADE, insert_upgrade},
    {DO_START_DEADLINE, start_deadline},
    {DO_PIVOT_CANCELLED, pivot_cancelled},
    {DO_PIVOT_COMPLETED, pivot_completed},
    {DO_ENTITLEMENT_ON, entitlement_on},
    {DO_ENTITLEMENT_OFF, entitlement_off},
    {DO_NOTE_MONEY_SETTLED, watch},
    {DO_NOTE_PLAN_WITHDRAWN, watch},
    {DO_STOP_DEADLINE, end},
    {DO_CLOSE_UPGRADE, end},
};

/* The place of a text among the values of an enum; one too far when it is none of them, which no
 * contract lets out. */
static unsigned value_of(const char *const *values, size_t count, const char *text)
{
    unsigned i = 0;
    while (i < count && (text == NULL || strcmp(values[i], text) != 0)) {
        i++;
    }
    return i;
}

#define VALUE_OF(name, text) value_of(name##_values, COUNT_OF(name##_values), (text))

static enum outcome say_requested(struct step *step)
{
    const struct upgrade *upgrade = step->upgrade;
    return work_publish_as(step->work, &message_premium_upgrade_requested,
                           &(struct premium_upgrade_requested){
                               .upgrade_id = upgrade->id,
                               .user_id = upgrade->user_id,
                               .tier = VALUE_OF(tier, upgrade->tier),
                               .amount_minor = upgrade->amount_minor,
                               .currency = upgrade->currency,
                               .payment_method = step->happening->payment_method,
                               .requested_at_ms = upgrade->requested_at_ms,
                               .deadline_at_ms = upgrade->deadline_at_ms,
                           },
                           &step->said_id);
}

static enum outcome say_activated(struct step *step)
{
    const struct upgrade *upgrade = step->upgrade;
    return work_publish_as(step->work, &message_premium_activated,
                           &(struct premium_activated){
                               .upgrade_id = upgrade->id,
                               .user_id = upgrade->user_id,
                               .activated_at_ms = upgrade->activated_at_ms,
                               .valid_until_ms = upgrade_valid_until_ms(upgrade),
                           },
                           &step->said_id);
}

static enum outcome say_activation_failed(struct step *step)
{
    const struct upgrade *upgrade = step->upgrade;
    return work_publish_as(step->work, &message_premium_activation_failed,
                           &(struct premium_activation_failed){
                               .upgrade_id = upgrade->id,
                               .user_id = upgrade->user_id,
                               .reason = VALUE_OF(cancellation_reason, upgrade->reason),
                               .failed_at_ms = step->work->now_ms,
                           },
                           &step->said_id);
}

static enum outcome say_revoked(struct step *step)
{
    const struct upgrade *upgrade = step->upgrade;
    return work_publish_as(step->work, &message_premium_revoked,
                           &(struct premium_revoked){
                               .upgrade_id = upgrade->id,
                               .user_id = upgrade->user_id,
                               .reason = VALUE_OF(revocation_reason, upgrade->reason),
                               .revoked_at_ms = step->work->now_ms,
                           },
                           &step->said_id);
}

static enum outcome say_completed(struct step *step)
{
    const struct upgrade *upgrade = step->upgrade;
    return work_publish_as(step->work, &message_premium_upgrade_completed,
                           &(struct premium_upgrade_completed){
                               .upgrade_id = upgrade->id,
                               .user_id = upgrade->user_id,
                               .plan_id = step->happening->plan_id,
                               .completed_at_ms = upgrade->ended_at_ms,
                               .valid_until_ms = upgrade_valid_until_ms(upgrade),
                           },
                           &step->said_id);
}

static enum outcome say_rejected(struct step *step)
{
    const struct upgrade *upgrade = step->upgrade;
    return work_publish_as(step->work, &message_premium_upgrade_rejected,
                           &(struct premium_upgrade_rejected){
                               .upgrade_id = upgrade->id,
                               .user_id = upgrade->user_id,
                               .reason = VALUE_OF(decline_reason, upgrade->reason),
                               .rejected_at_ms = upgrade->ended_at_ms,
                           },
                           &step->said_id);
}

static enum outcome say_cancelled(struct step *step)
{
    const struct upgrade *upgrade = step->upgrade;
    return work_publish_as(step->work, &message_premium_upgrade_cancelled,
                           &(struct premium_upgrade_cancelled){
                               .upgrade_id = upgrade->id,
                               .user_id = upgrade->user_id,
                               .reason = VALUE_OF(revocation_reason, upgrade->reason),
                               .cancelled_at_ms = upgrade->ended_at_ms,
                           },
                           &step->said_id);
}

static enum outcome (*const sayings[SUBSCRIPTION_SAYS])(struct step *step) = {
    [SUBSCRIPTION_SAYS_PREMIUM_UPGRADE_REQUESTED] = say_requested,
    [SUBSCRIPTION_SAYS_PREMIUM_ACTIVATED] = say_activated,
    [SUBSCRIPTION_SAYS_PREMIUM_ACTIVATION_FAILED] = say_activation_failed,
    [SUBSCRIPTION_SAYS_PREMIUM_REVOKED] = say_revoked,
    [SUBSCRIPTION_SAYS_PREMIUM_UPGRADE_COMPLETED] = say_completed,
    [SUBSCRIPTION_SAYS_PREMIUM_UPGRADE_REJECTED] = say_rejected,
    [SUBSCRIPTION_SAYS_PREMIUM_UPGRADE_CANCELLED] = say_cancelled,
};

static enum outcome insert(struct step *step)
{
    const struct upgrade *upgrade = step->upgrade;
    return work_queue(step->work, &sql_upgrade_insert,
                      DB_PARAMS(db_uuid(&upgrade->id), db_uuid(&upgrade->user_id),
                                db_text(subscription_state_name(upgrade->state)),
                                db_i32(upgrade->version), db_text(upgrade->tier),
                                db_i64(upgrade->amount_minor), db_text(upgrade->currency),
                                db_i32((int32_t)upgrade->days), db_time(upgrade->requested_at_ms),
                                db_time(upgrade->deadline_at_ms), db_time(upgrade->due_at_ms),
                                db_text(upgrade->traceparent)),
                      1);
}

static enum outcome update(struct step *step)
{
    const struct upgrade *upgrade = step->upgrade;
    return work_queue(
        step->work, &sql_upgrade_update,
        DB_PARAMS(db_uuid(&upgrade->id), db_text(subscription_state_name(step->rule->state)),
                  db_i32(upgrade->version - 1), db_text(subscription_state_name(upgrade->state)),
                  db_i32(upgrade->version), db_text(upgrade->pivot), db_text(upgrade->reason),
                  db_time(upgrade->activated_at_ms), db_time(upgrade->ended_at_ms),
                  db_time(upgrade->due_at_ms), db_i32(upgrade->repeats),
                  db_bool(upgrade->needs_attention)),
        1);
}

static enum outcome add_decision(struct step *step)
{
    const struct subscription_rule *rule = step->rule;
    const struct work *work = step->work;
    bool has_said = rule->say != SUBSCRIPTION_SAYS_NOTHING;
    return work_queue(step->work, &sql_decision_add,
                      DB_PARAMS(db_uuid(&step->upgrade->id), db_i32(step->upgrade->version),
                                db_time(work->now_ms),
                                db_text(subscription_event_name(rule->event)),
                                db_uuid(work->cause != NULL ? &work->cause->id : NULL),
                                db_text(subscription_state_name(rule->state)),
                                db_text(subscription_state_name(rule->next)),
                                db_text(has_said ? subscription_say_name(rule->say) : NULL),
                                db_uuid(has_said ? &step->said_id : NULL), db_text(rule->because)),
                      1);
}

static enum outcome take_effect(struct step *step)
{
    enum outcome o = step->rule->kind == RULE_REPEAT ? watch_on(step) : OK;
    for (size_t i = 0; o == OK && i < COUNT_OF(effects); i++) {
        if (step->rule->actions & effects[i].action) {
            o = effects[i].run(step);
        }
    }
    return o;
}

static enum outcome say(struct step *step)
{
    return step->rule->say != SUBSCRIPTION_SAYS_NOTHING ? sayings[step->rule->say](step) : OK;
}

static enum outcome carry_out(struct step *step)
{
    struct upgrade *upgrade = step->upgrade;
    upgrade->state = step->rule->next;
    upgrade->version++;
    if (step->happening->reason != NULL) {
        upgrade->reason = step->happening->reason;
    }
    enum outcome o = take_effect(step);
    if (o == OK) {
        o = say(step);
    }
    if (o == OK) {
        o = step->rule->state == SUBSCRIPTION_NONE ? insert(step) : update(step);
    }
    return o == OK ? add_decision(step) : o;
}

static enum outcome stand_still(struct step *step)
{
    struct service_counters *counters = &step->work->runtime->counters;
    if (step->rule != NULL) {
        counters->saga_noops++;
        log_debug("saga.no_op", LOG_ID("upgrade", &step->upgrade->id),
                  LOG_TEXT("on", subscription_event_name(step->happening->event)),
                  LOG_TEXT("because", step->rule->because));
    } else {
        counters->saga_unknown++;
        log_warn("saga.unknown", LOG_ID("upgrade", &step->upgrade->id),
                 LOG_TEXT("state", subscription_state_name(step->upgrade->state)),
                 LOG_TEXT("on", subscription_event_name(step->happening->event)),
                 LOG_TEXT("done", "nothing: no rule knows this"));
    }
    return OK;
}

enum outcome upgrade_decide(struct work *work, struct upgrade *upgrade,
                            const struct happening *happening)
{
    struct step step = {
        .work = work,
        .upgrade = upgrade,
        .happening = happening,
        .rule = subscription_decide(upgrade->state, happening->event),
    };
    bool is_step = step.rule != NULL && step.rule->kind != RULE_NO_OP;
    return is_step ? carry_out(&step) : stand_still(&step);
}
