/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUBSCRIPTION_UPGRADE_H
#define SUBSCRIPTION_UPGRADE_H

#include "core/ids.h"
#include "publishers/work.h"
#include "saga/premium_upgrade.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One premium upgrade: a row, and the only function that changes it. Whatever happens to an
 * upgrade, an event, a request, the passing of time, goes through upgrade_decide, which asks the
 * saga's table and carries out the row that it finds.
 */

/* As in table `upgrade`. Texts are NULL and instants INT64_MIN when SQL says null; texts live as
 * long as the work. */
struct upgrade {
    struct uuid id, user_id;
    enum subscription_state state;
    int32_t version;
    const char *pivot, *reason;
    const char *tier, *currency;
    int64_t amount_minor, days;
    int64_t requested_at_ms, deadline_at_ms, activated_at_ms, ended_at_ms, due_at_ms;
    int32_t repeats;
    bool needs_attention;
    const char *traceparent;
};

/* What happens to an upgrade, and what comes with it. */
struct happening {
    enum subscription_event event;
    const char *reason;         /* of what cancels or rejects, in the contract's words */
    struct uuid plan_id;        /* SUBSCRIPTION_ON_PLAN_GENERATED */
    const char *payment_method; /* SUBSCRIPTION_ON_POST */
};

/*
 * Brings the upgrades with these ids and the open or completed one of each of these users, locked
 * until the transaction ends, for upgrade_find and upgrade_find_open. One statement.
 */
enum outcome upgrade_load(struct work *work, struct db_array *ids, struct db_array *users);
enum outcome upgrade_load_one(struct work *work, const struct uuid *id);

/* Borrowed from the work; NULL when there is none. */
struct upgrade *upgrade_find(const struct work *work, const struct uuid *id);
struct upgrade *upgrade_find_open(const struct work *work, const struct uuid *user_id);

/* Row `row` of a statement that selects the columns of upgrade_load.sql. */
struct upgrade upgrade_read(struct arena *arena, const struct db_rows *rows, int row);

/* A story that has not begun. It stands still until upgrade_decide is told of the request. */
struct upgrade upgrade_new(const struct uuid *user_id);

/*
 * Decides and carries out: queues the conditional update, the decision and the entitlement, says
 * what is to be said, and leaves in `upgrade` what it has become. Late and repeated happenings
 * change nothing and are counted. A story that somebody else has moved meanwhile shows at the
 * commit, as a conflict.
 */
enum outcome upgrade_decide(struct work *work, struct upgrade *upgrade,
                            const struct happening *happening);

static inline bool upgrade_has_ended(const struct upgrade *upgrade)
{
    return upgrade->ended_at_ms != INT64_MIN;
}

int64_t
upgrade_valid_until_ms(const struct upgrade *upgrade); /* INT64_MIN when premium was never on */

#endif
