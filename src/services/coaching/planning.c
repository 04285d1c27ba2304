/* SPDX-License-Identifier: Apache-2.0 */
#include "planning.h"

#include "coaching_sql.h"

#include <assert.h>

static const enum plan_tier plan_tiers[] = {
    [TIER_ORDINARY] = PLAN_TIER_ORDINARY,
    [TIER_PREMIUM] = PLAN_TIER_PREMIUM,
};

void planning_try(const struct athlete *athlete, enum tier tier, struct planning *out)
{
    out->tier = tier;
    if (athlete->is_gone) {
        out->reason = "user-gone";
        out->detail = "There is no such user any more.";
        return;
    }
    if (athlete->goal_sequence == 0) {
        out->reason = "goal-missing";
        out->detail = "A plan is made for a goal: set your fitness goal first.";
        out->is_early = true;
        return;
    }
    enum plan_refusal refusal = plan_make(&athlete->request, plan_tiers[tier], &out->plan);
    if (refusal != PLAN_REFUSAL_NONE) {
        out->reason = plan_refusal_name(refusal);
        out->detail = plan_refusal_text(refusal);
        out->is_early = refusal == PLAN_REFUSAL_METRICS_MISSING;
    }
}

static enum outcome store_plan(struct work *work, const struct athlete *athlete,
                               const struct planning *planning, const struct uuid *plan_id)
{
    char *document = arena_alloc(work->arena, PLAN_JSON_BYTES);
    size_t length = plan_to_json(&planning->plan, document, PLAN_JSON_BYTES);
    assert(length < PLAN_JSON_BYTES);
    if (planning->tier == TIER_ORDINARY) {
        return work_queue(work, &sql_plan_set_ordinary,
                          DB_PARAMS(db_uuid(plan_id), db_uuid(&athlete->user_id),
                                    db_text_n(document, length), db_time(work->now_ms)),
                          1);
    }
    return work_queue(work, &sql_plan_set_premium,
                      DB_PARAMS(db_uuid(plan_id), db_uuid(&athlete->user_id),
                                db_text_n(document, length), db_time(work->now_ms),
                                db_uuid(planning->upgrade_id)),
                      1);
}

enum outcome planning_store(struct work *work, const struct athlete *athlete,
                            const struct planning *planning, const struct uuid *plan_id)
{
    if (planning->reason == NULL) {
        return store_plan(work, athlete, planning, plan_id);
    }
    return work_queue(work, &sql_plan_refuse,
                      DB_PARAMS(db_uuid(&athlete->user_id), db_text(tier_values[planning->tier]),
                                db_text(planning->reason), db_text(planning->detail),
                                db_time(work->now_ms)),
                      1);
}

enum outcome planning_say(struct work *work, const struct athlete *athlete,
                          const struct planning *planning, const struct uuid *plan_id)
{
    bool has_upgrade = planning->upgrade_id != NULL;
    struct uuid upgrade_id = has_upgrade ? *planning->upgrade_id : (struct uuid){0};
    if (planning->reason != NULL) {
        return publish_plan_generation_failed(work, &(struct plan_generation_failed){
                                                        .user_id = athlete->user_id,
                                                        .has_upgrade_id = has_upgrade,
                                                        .upgrade_id = upgrade_id,
                                                        .tier = planning->tier,
                                                        .reason = planning->reason,
                                                        .detail = planning->detail,
                                                        .failed_at_ms = work->now_ms,
                                                    });
    }
    return publish_plan_generated(work, &(struct plan_generated){
                                            .plan_id = *plan_id,
                                            .user_id = athlete->user_id,
                                            .has_upgrade_id = has_upgrade,
                                            .upgrade_id = upgrade_id,
                                            .tier = planning->tier,
                                            .weeks = planning->plan.week_count,
                                            .days_per_week = planning->plan.days_per_week,
                                            .generated_at_ms = work->now_ms,
                                        });
}
