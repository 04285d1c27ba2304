/* SPDX-License-Identifier: Apache-2.0 */
#include "upgrade.h"

#include "coaching_sql.h"
#include "core/log.h"
#include "core/service.h"

/* The key of work_remember. */
static const char table[] = "upgrade";

static struct upgrade *remember(struct work *work, struct athlete *athlete, const struct uuid *id)
{
    struct upgrade *upgrade = work_recall(work, table, id);
    if (upgrade == NULL) {
        upgrade = work_remember(work, table, id, sizeof *upgrade);
        upgrade->id = *id;
        upgrade->next = athlete->upgrades;
        athlete->upgrades = upgrade;
    }
    return upgrade;
}

enum outcome upgrade_load(struct work *work, struct db_array *users)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o =
        db_run(work->db, &sql_upgrade_load, DB_PARAMS(db_array(users)), &rows, work->fault);
    for (int row = 0; o == OK && row < db_rows_count(rows); row++) {
        struct uuid id = db_get_uuid(rows, row, 0);
        struct uuid user_id = db_get_uuid(rows, row, 1);
        struct upgrade *upgrade = remember(work, athlete_get(work, &user_id), &id);
        upgrade->is_stored = true;
        upgrade->plan_id = db_get_uuid(rows, row, 3);
        if (!coaching_state_find(db_get_text(rows, row, 2), &upgrade->state)) {
            return fault_set(work->fault, FATAL,
                             "a stored upgrade is in a state that the saga does not know");
        }
    }
    return o;
}

struct upgrade *upgrade_get(struct work *work, struct athlete *athlete, const struct uuid *id)
{
    struct upgrade *upgrade = remember(work, athlete, id);
    if (!upgrade->is_stored) {
        upgrade->state = athlete->is_gone ? COACHING_GONE : COACHING_NONE;
    }
    return upgrade;
}

struct step {
    struct work *work;
    struct athlete *athlete;
    struct upgrade *upgrade;
    const struct coaching_rule *rule;
    const struct planning *planning;
};

static enum outcome keep_planning(struct step *step)
{
    if (step->planning->reason == NULL) {
        step->upgrade->plan_id = ids_new();
    }
    return planning_store(step->work, step->athlete, step->planning, &step->upgrade->plan_id);
}

static enum outcome bring_plan_back(struct step *step)
{
    return work_queue(step->work, &sql_plan_back,
                      DB_PARAMS(db_uuid(&step->athlete->user_id), db_uuid(&step->upgrade->plan_id)),
                      DB_ANY_ROWS);
}

/* What is not here needs nothing beside the upgrade's own row; a deleted user's plans and tombstone
 * are athlete.c's. */
static const struct effect {
    unsigned action;
    enum outcome (*apply)(struct step *step);
} effects[] = {
    {DO_INSERT_PREMIUM_PLAN, keep_planning},
    {DO_INSERT_WITHOUT_PLAN, keep_planning},
    {DO_PLAN_POINTER_BACK, bring_plan_back},
};

static enum outcome take_effect(struct step *step)
{
    enum outcome o = athlete_store(step->work, step->athlete);
    for (size_t i = 0; o == OK && i < COUNT_OF(effects); i++) {
        if ((step->rule->actions & effects[i].action) != 0) {
            o = effects[i].apply(step);
        }
    }
    return o;
}

static enum outcome move(struct step *step)
{
    struct upgrade *upgrade = step->upgrade;
    const char *next = coaching_state_name(step->rule->next);
    const struct db_param plan =
        ids_is_nil(&upgrade->plan_id) ? db_null() : db_uuid(&upgrade->plan_id);
    enum outcome o =
        upgrade->is_stored
            ? work_queue(step->work, &sql_upgrade_move,
                         DB_PARAMS(db_uuid(&upgrade->id),
                                   db_text(coaching_state_name(step->rule->state)), db_text(next),
                                   db_time(step->work->now_ms)),
                         1)
            : work_queue(step->work, &sql_upgrade_add,
                         DB_PARAMS(db_uuid(&upgrade->id), db_uuid(&step->athlete->user_id),
                                   db_text(next), plan, db_time(step->work->now_ms)),
                         1);
    upgrade->is_stored = true;
    upgrade->state = step->rule->next;
    return o;
}

static enum outcome say_withdrawn(const struct step *step)
{
    const struct upgrade *upgrade = step->upgrade;
    return publish_plan_withdrawn(step->work, &(struct plan_withdrawn){
                                                  .upgrade_id = upgrade->id,
                                                  .user_id = step->athlete->user_id,
                                                  .has_plan_id = !ids_is_nil(&upgrade->plan_id),
                                                  .plan_id = upgrade->plan_id,
                                                  .withdrawn_at_ms = step->work->now_ms,
                                              });
}

static enum outcome say(const struct step *step)
{
    switch (step->rule->say) {
    case COACHING_SAYS_PLAN_GENERATED:
    case COACHING_SAYS_PLAN_GENERATION_FAILED:
        return planning_say(step->work, step->athlete, step->planning, &step->upgrade->plan_id);
    case COACHING_SAYS_PLAN_WITHDRAWN:
        return say_withdrawn(step);
    case COACHING_SAYS_NOTHING:
    case COACHING_SAYS:
        break;
    }
    return OK;
}

static enum outcome stand_still(const struct step *step, enum coaching_event event)
{
    struct service_counters *counters = &step->work->runtime->counters;
    const struct upgrade *upgrade = step->upgrade;
    if (step->rule != NULL) {
        counters->saga_noops++;
        log_debug("saga.no_op", LOG_ID("upgrade", &upgrade->id),
                  LOG_TEXT("on", coaching_event_name(event)),
                  LOG_TEXT("because", step->rule->because));
    } else {
        counters->saga_unknown++;
        log_warn("saga.unknown", LOG_ID("upgrade", &upgrade->id),
                 LOG_TEXT("state", coaching_state_name(upgrade->state)),
                 LOG_TEXT("on", coaching_event_name(event)),
                 LOG_TEXT("done", "nothing: no rule knows this"));
    }
    return OK;
}

enum outcome upgrade_decide(struct work *work, struct athlete *athlete, struct upgrade *upgrade,
                            enum coaching_event event, const struct planning *planning)
{
    struct step step = {
        .work = work,
        .athlete = athlete,
        .upgrade = upgrade,
        .rule = coaching_decide(upgrade->state, event),
        .planning = planning,
    };
    if (step.rule == NULL || step.rule->kind == RULE_NO_OP) {
        return stand_still(&step, event);
    }
    enum outcome o = OK;
    if (step.rule->kind == RULE_ACT) {
        o = take_effect(&step);
        if (o == OK) {
            o = move(&step);
        }
    }
    return o == OK ? say(&step) : o;
}
