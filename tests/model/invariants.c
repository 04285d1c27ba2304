/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

/* Checked in every state: so also at the very moment an end is said, and ever after. */

static const char *broken_money(const struct story *story)
{
    if (story->charges > 1) {
        return "I1: at most one charge";
    }
    if (story->refunds > story->charges) {
        return "I2: no refund without a charge";
    }
    if ((story->facts & FACT_COMPLETED && story->facts & (FACT_FAILED | FACT_VOIDED)) ||
        (story->facts & FACT_REFUNDED && story->facts & FACT_VOIDED)) {
        return "I2: payment facts do not contradict each other";
    }
    if (story->facts & FACT_REFUNDED && !(story->facts & FACT_COMPLETED)) {
        return "I2: no refund is told of a payment that was not told";
    }
    return NULL;
}

static const char *broken_end(const struct run *run, const struct world *world,
                              const struct story *story)
{
    const bool is_by_user = run->breakage & KEYS_COACHING_BY_USER;
    const unsigned plan = is_by_user ? world->story[0].plan : story->plan;
    if (story->ends & END_COMPLETED) {
        if (story->is_unwanted) {
            return "I4: completed: nobody had cancelled before";
        }
        if (story->charges != 1 || story->refunds != 0) {
            return "I4: completed: charged once, nothing given back";
        }
        if (!story->entitlement || (!plan && !world->is_deleted)) {
            return "I4: completed: entitlement on and plan premium";
        }
        if (story->pivot != PIVOT_COMPLETED) {
            return "I4: completed: the pivot says so";
        }
    }
    if (story->ends & (END_CANCELLED | END_REJECTED)) {
        if (story->charges != story->refunds) {
            return "I4: cancelled or rejected: no money is kept";
        }
        if (story->entitlement || (plan && !is_by_user)) {
            return "I4: cancelled or rejected: no entitlement, no premium plan";
        }
    }
    if (story->ends & END_CANCELLED && story->pivot != PIVOT_CANCELLED) {
        return "I4: cancelled: the pivot says so";
    }
    return NULL;
}

const char *world_find_broken(const struct run *run, const struct world *world)
{
    unsigned completed = 0;
    for (unsigned i = 0; i < run->environment->stories; i++) {
        const struct story *story = &world->story[i];
        const char *broken = broken_money(story);
        broken = broken != NULL ? broken : broken_end(run, world, story);
        if (broken != NULL) {
            return broken;
        }
        if (story->plan && story->knows_deletion) {
            return "I14: no plan of a user who is gone";
        }
        completed += story->ends & END_COMPLETED;
    }
    return completed > 1 ? "I12: a user pays once" : NULL;
}

bool world_has_ended(const struct environment *environment, const struct world *world)
{
    for (unsigned i = 0; i < environment->stories; i++) {
        if (world->story[i].subscription != SUBSCRIPTION_NONE && world->story[i].ends == 0) {
            return false;
        }
    }
    return true;
}
