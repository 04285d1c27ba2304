/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COACHING_UPGRADE_H
#define COACHING_UPGRADE_H

#include "athlete.h"
#include "planning.h"
#include "saga/premium_upgrade.h"

/*
 * Coaching's part in a premium upgrade: one row per upgrade, moved by the saga's table and by
 * nothing else. Every call wants the athlete loaded with ATHLETE_UPGRADES.
 */

struct upgrade {
    struct uuid id;
    enum coaching_state state;
    bool is_stored;
    struct uuid plan_id;  /* nil when none was made */
    struct upgrade *next; /* of the same athlete */
};

enum outcome upgrade_load(struct work *work, struct db_array *users);

/* As far as it is known: without a row NONE, or GONE where the user's tombstone is. */
struct upgrade *upgrade_get(struct work *work, struct athlete *athlete, const struct uuid *id);

/* Does what the table says. `planning` is the attempt at a plan that an activation wants; NULL for
 * other events. */
enum outcome upgrade_decide(struct work *work, struct athlete *athlete, struct upgrade *upgrade,
                            enum coaching_event event, const struct planning *planning);

#endif
