/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COACHING_PLANNING_H
#define COACHING_PLANNING_H

#include "athlete.h"
#include "coaching_contract.h"

/*
 * An attempt at a plan, and what becomes of it: the plan is stored and counts, or the refusal is,
 * with its reason; and either is said.
 */

struct planning {
    enum tier tier;
    const struct uuid *upgrade_id; /* of a premium plan, else NULL */
    const char *reason;            /* a stable code; NULL: there is a plan */
    const char *detail;            /* the sentence for the user */
    bool is_early;                 /* what is missing may still be on its way to us */
    struct plan plan;
};

/* Pure: from what is known now, into a zeroed `out`. Who is gone or has no goal is refused like any
 * other. */
void planning_try(const struct athlete *athlete, enum tier tier, struct planning *out);

/* `plan_id` names the plan, if there is one. */
enum outcome planning_store(struct work *work, const struct athlete *athlete,
                            const struct planning *planning, const struct uuid *plan_id);
enum outcome planning_say(struct work *work, const struct athlete *athlete,
                          const struct planning *planning, const struct uuid *plan_id);

#endif
