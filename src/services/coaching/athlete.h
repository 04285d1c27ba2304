/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COACHING_ATHLETE_H
#define COACHING_ATHLETE_H

#include "plan.h"
#include "publishers/work.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What coaching knows about a user, as the handlers of one batch share it. The user's row is held
 * from the load to the end of the transaction, so that two workers never decide for one user at the
 * same time. Goals and metrics of one user are one subject of the profile service: goals are
 * ordered by cloudEvents_sequence, whatever order they come in; metrics by when they were measured,
 * and by the sequence among those of one moment.
 */

/* When a value was measured, and the sequence of the event that said so. */
struct measuring {
    int64_t at_ms, sequence;
};

struct athlete {
    struct uuid user_id;
    bool is_stored;        /* has a row */
    bool is_gone;          /* deleted: the tombstone */
    int64_t goal_sequence; /* 0: no goal yet */
    struct plan_request request;
    struct measuring measurings[PLAN_METRIC_COUNT]; /* of the values in the request */
    struct upgrade *upgrades;                       /* the known ones: upgrade.h */
};

/* What a load brings besides the athletes themselves. */
enum { ATHLETE_METRICS = 1 << 0, ATHLETE_UPGRADES = 1 << 1 };

/* For load_…: brings the athletes that `count` events name, each by the struct uuid at this offset.
 */
enum outcome athlete_load(struct work *work, const void *const events[], size_t count,
                          size_t user_offset, unsigned besides);
struct athlete *athlete_get(struct work *work, const struct uuid *user_id);

/* Queues the user's row unless there is one. */
enum outcome athlete_store(struct work *work, struct athlete *athlete);

/* A goal of this sequence, once in the order of the sequences; false in *is_news when a newer one
 * is known. */
enum outcome athlete_set_goal(struct work *work, struct athlete *athlete,
                              const struct plan_request *goal, int64_t sequence, bool *is_news);

/* Each metric in `metrics` that was measured after what is known. */
enum outcome athlete_set_metrics(struct work *work, struct athlete *athlete,
                                 const struct plan_metrics *metrics,
                                 const struct measuring *measuring);

/* Deletes goal, metrics and plans, leaves the tombstone. */
enum outcome athlete_forget(struct work *work, struct athlete *athlete);

#endif
