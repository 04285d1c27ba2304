/* SPDX-License-Identifier: Apache-2.0 */
#include "athlete.h"
#include "coaching_contract.h"
#include "coaching_sql.h"
#include "consumers/consumer.h"
#include "core/service.h"
#include "planning.h"
#include "publishers/command.h"
#include "publishers/partition.h"
#include "publishers/relay.h"
#include "upgrade.h"

/*
 * Workout plans: an ordinary one whenever a goal is set, a premium one for each upgrade. What a
 * plan looks like is plan.c's, what an upgrade means the saga's; here is what is heard.
 */

struct coaching_config {
    int64_t goal_patience_ms;
};

/* What a user's events are ordered by; without it, old news would overwrite new. */
static enum outcome check_sequence(struct work *work)
{
    return work->cause->sequence > 0
               ? OK
               : fault_set(work->fault, REJECT, "cloudEvents_sequence must be at least 1");
}

#define LOAD(event, besides)                                                                       \
    enum outcome load_##event(struct work *work, const struct event *const events[], size_t count) \
    {                                                                                              \
        return athlete_load(work, (const void *const *)events, count,                              \
                            offsetof(struct event, user_id), besides);                             \
    }
LOAD(fitness_goal_set, 0)
LOAD(body_metrics_recorded, 0)
LOAD(premium_activated, ATHLETE_METRICS | ATHLETE_UPGRADES)
LOAD(premium_revoked, ATHLETE_UPGRADES)
LOAD(user_deleted, ATHLETE_UPGRADES)
#undef LOAD

/* The contract's words are the planner's; a word that only one of them knows is a newer goal than
 * this service. */
static enum outcome read_goal(struct work *work, const struct fitness_goal_set *event,
                              struct plan_request *goal)
{
    bool is_known = plan_goal_parse(fitness_goal_set_goal_values[event->goal], &goal->goal) &&
                    plan_level_parse(fitness_goal_set_level_values[event->level], &goal->level);
    for (size_t i = 0; i < event->equipment_count; i++) {
        is_known =
            is_known && plan_equipment_add(fitness_goal_set_equipment_values[event->equipment[i]],
                                           &goal->equipment);
    }
    goal->days_per_week = (int)event->days_per_week;
    goal->target_weight_g = event->has_target_weight_g ? event->target_weight_g : 0;
    return is_known ? OK
                    : fault_set(work->fault, REJECT,
                                "the planner does not know this goal, level or equipment");
}

enum outcome on_fitness_goal_set(struct work *work, const struct fitness_goal_set *event)
{
    struct athlete *athlete = athlete_get(work, &event->user_id);
    struct plan_request goal = {0};
    bool is_news = false;
    enum outcome o = check_sequence(work);
    if (o == OK) {
        o = read_goal(work, event, &goal);
    }
    if (o == OK) {
        o = athlete_set_goal(work, athlete, &goal, work->cause->sequence, &is_news);
    }
    if (o != OK || !is_news) {
        return o;
    }
    struct planning planning = {0};
    planning_try(athlete, TIER_ORDINARY, &planning);
    const struct uuid plan_id = ids_new();
    o = planning_store(work, athlete, &planning, &plan_id);
    return o == OK ? planning_say(work, athlete, &planning, &plan_id) : o;
}

enum outcome on_body_metrics_recorded(struct work *work, const struct body_metrics_recorded *event)
{
    const struct {
        bool has;
        enum plan_metric metric;
        int64_t value;
    } measured[] = {
        {event->has_weight_g, PLAN_METRIC_WEIGHT_G, event->weight_g},
        {event->has_height_mm, PLAN_METRIC_HEIGHT_MM, event->height_mm},
        {event->has_resting_heart_rate_bpm, PLAN_METRIC_RESTING_HEART_RATE_BPM,
         event->resting_heart_rate_bpm},
        {event->has_age_years, PLAN_METRIC_AGE_YEARS, event->age_years},
        {event->has_max_pushups, PLAN_METRIC_MAX_PUSHUPS, event->max_pushups},
        {event->has_sleep_minutes, PLAN_METRIC_SLEEP_MINUTES, event->sleep_minutes},
    };
    struct plan_metrics metrics = {0};
    for (size_t i = 0; i < COUNT_OF(measured); i++) {
        if (measured[i].has) {
            plan_metrics_set(&metrics, measured[i].metric, measured[i].value);
        }
    }
    const struct measuring measuring = {.at_ms = event->measured_at_ms,
                                        .sequence = work->cause->sequence};
    enum outcome o = check_sequence(work);
    return o == OK
               ? athlete_set_metrics(work, athlete_get(work, &event->user_id), &metrics, &measuring)
               : o;
}

/*
 * An activation without a goal or the metrics that a premium plan needs is early, or comes from a
 * user who has never told them: nothing that we could hear tells which, because they may be on
 * their way from another service. So it is parked until an activation of that age cannot be early
 * any more; then what is missing is a refusal like any other, the upgrade is undone at once, and
 * nobody has to wait for the deadline. What comes even later finds the upgrade refused, which is
 * safe. The retries of the contract last longer than this patience: eight attempts take at least
 * half a minute.
 */
static bool is_early(const struct work *work, const struct upgrade *upgrade,
                     const struct planning *planning, const struct premium_activated *event)
{
    const struct coaching_config *config = work->runtime->own;
    return upgrade->state == COACHING_NONE && planning->is_early &&
           work->now_ms < event->activated_at_ms + config->goal_patience_ms;
}

enum outcome on_premium_activated(struct work *work, const struct premium_activated *event)
{
    struct athlete *athlete = athlete_get(work, &event->user_id);
    struct upgrade *upgrade = upgrade_get(work, athlete, &event->upgrade_id);
    struct planning planning = {.upgrade_id = &event->upgrade_id};
    planning_try(athlete, TIER_PREMIUM, &planning);
    if (is_early(work, upgrade, &planning, event)) {
        return fault_set(work->fault, RETRY, "%s: it may be on its way", planning.reason);
    }
    return upgrade_decide(work, athlete, upgrade,
                          planning.reason == NULL ? COACHING_ON_ACTIVATED_PLANNABLE
                                                  : COACHING_ON_ACTIVATED_UNPLANNABLE,
                          &planning);
}

enum outcome on_premium_revoked(struct work *work, const struct premium_revoked *event)
{
    struct athlete *athlete = athlete_get(work, &event->user_id);
    struct upgrade *upgrade = upgrade_get(work, athlete, &event->upgrade_id);
    return upgrade_decide(work, athlete, upgrade, COACHING_ON_PREMIUM_REVOKED, NULL);
}

/* The user's tombstone stands for every upgrade that is not known yet; the known ones each go their
 * way. */
enum outcome on_user_deleted(struct work *work, const struct user_deleted *event)
{
    struct athlete *athlete = athlete_get(work, &event->user_id);
    enum outcome o = athlete->is_gone ? OK : athlete_forget(work, athlete);
    for (struct upgrade *upgrade = athlete->upgrades; o == OK && upgrade != NULL;
         upgrade = upgrade->next) {
        if (upgrade->is_stored) {
            o = upgrade_decide(work, athlete, upgrade, COACHING_ON_USER_DELETED, NULL);
        }
    }
    return o;
}

static enum outcome show_plan(struct command *command)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = db_run(command->work->db, &sql_plan_read,
                            DB_PARAMS(db_uuid(&command->user_id)), &rows, command->work->fault);
    if (o != OK) {
        return o;
    }
    if (db_rows_count(rows) > 0 && !db_is_null(rows, 0, 0)) {
        command->reply->status = 200;
        buffer_add(&command->reply->body, db_get_text(rows, 0, 0), db_get_length(rows, 0, 0));
        return OK;
    }
    if (db_rows_count(rows) > 0 && !db_is_null(rows, 0, 1)) {
        return problem_reply(command->reply, PROBLEM_NOT_FOUND, NULL, "there is no plan: %s",
                             db_get_text(rows, 0, 1));
    }
    return problem_reply(command->reply, PROBLEM_NOT_FOUND, NULL,
                         "there is no plan: set a goal with PUT /users/{id}/goal; the plan for one "
                         "that has just been set takes a moment");
}

/* clang-format off */
static const struct command_route routes[] = {
    {"GET", "/users/{id}/plan", ACCESS_OWNER, true, NULL, show_plan},
};

static const struct config_entry config[] = {
    {.name = "GOAL_PATIENCE", .kind = CONFIG_DURATION, .offset = offsetof(struct coaching_config, goal_patience_ms),
     .fallback = "15s", .min = 1, .max = 30000,
     .help = "how long an activation waits for a goal or metrics that may still be on their way"},
};
/* clang-format on */

static const struct part *const parts[] = {&consumer_part, &relay_part, &partition_part,
                                           &command_part, NULL};

static const struct service coaching_service = {
    .name = "coaching",
    .summary = "workout plans: ordinary ones for goals, premium ones for upgrades",
    .contract = &coaching_contract,
    .parts = parts,
    .commands = routes,
    .command_count = COUNT_OF(routes),
    .config = config,
    .config_count = COUNT_OF(config),
    .own_size = sizeof(struct coaching_config),
};

int main(int argc, char **argv)
{
    return service_main(argc, argv, &coaching_service);
}
