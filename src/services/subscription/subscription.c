/* SPDX-License-Identifier: Apache-2.0 */
#include "subscription.h"

#include "consumers/consumer.h"
#include "core/service.h"
#include "publishers/command.h"
#include "publishers/partition.h"
#include "publishers/relay.h"
#include "subscription_contract.h"
#include "subscription_sql.h"
#include "timer.h"
#include "upgrade.h"
#include "upgrade_routes.h"

/*
 * What subscription hears. A handler only names what has happened; upgrade.c asks the saga's table
 * what it means.
 */

static void collect(struct db_array *ids, const void *const *events, size_t count, size_t offset)
{
    db_array_init(ids, DB_UUID);
    for (size_t i = 0; i < count; i++) {
        db_array_uuid(ids, (const struct uuid *)(const void *)((const char *)events[i] + offset));
    }
}

/* `offset` is that of the upgrade's id. One that is not there is nil, and finds nothing. */
static enum outcome load_upgrades(struct work *work, const void *const *events, size_t count,
                                  size_t offset)
{
    AUTO(db_array_done) struct db_array ids = {0};
    AUTO(db_array_done) struct db_array users = {0};
    collect(&ids, events, count, offset);
    collect(&users, NULL, 0, 0);
    return upgrade_load(work, &ids, &users);
}

#define LOAD_UPGRADES(work, events, count, event)                                                  \
    load_upgrades((work), (const void *const *)(events), (count),                                  \
                  offsetof(struct event, upgrade_id))

/* A story that never began here: the table says that it knows no such thing. */
static enum outcome decide(struct work *work, const struct uuid *upgrade_id,
                           const struct happening *happening)
{
    struct upgrade unknown = {.id = *upgrade_id, .state = SUBSCRIPTION_NONE};
    struct upgrade *upgrade = upgrade_find(work, upgrade_id);
    return upgrade_decide(work, upgrade != NULL ? upgrade : &unknown, happening);
}

enum outcome on_user_registered(struct work *work, const struct user_registered *event)
{
    return work_queue(work, &sql_member_welcome, DB_PARAMS(db_uuid(&event->user_id)), DB_ANY_ROWS);
}

/* The members first: a request that is just beginning an upgrade holds its member, so what it began
 * is seen here. */
enum outcome load_user_deleted(struct work *work, const struct user_deleted *const events[],
                               size_t count)
{
    AUTO(db_array_done) struct db_array ids = {0};
    AUTO(db_array_done) struct db_array users = {0};
    collect(&ids, NULL, 0, 0);
    collect(&users, (const void *const *)events, count, offsetof(struct user_deleted, user_id));
    enum outcome o =
        db_run(work->db, &sql_member_lock, DB_PARAMS(db_array(&users)), NULL, work->fault);
    return o == OK ? upgrade_load(work, &ids, &users) : o;
}

enum outcome on_user_deleted(struct work *work, const struct user_deleted *event)
{
    enum outcome o =
        work_queue(work, &sql_member_leave,
                   DB_PARAMS(db_uuid(&event->user_id), db_time(event->deleted_at_ms)), DB_ANY_ROWS);
    struct upgrade *open = upgrade_find_open(work, &event->user_id);
    if (o != OK || open == NULL) {
        return o;
    }
    return upgrade_decide(work, open,
                          &(struct happening){
                              .event = SUBSCRIPTION_ON_USER_DELETED,
                              .reason = revocation_reason_values[REVOCATION_REASON_USER_DELETED],
                          });
}

enum outcome load_payment_completed(struct work *work,
                                    const struct payment_completed *const events[], size_t count)
{
    return LOAD_UPGRADES(work, events, count, payment_completed);
}

enum outcome on_payment_completed(struct work *work, const struct payment_completed *event)
{
    return decide(work, &event->upgrade_id,
                  &(struct happening){.event = SUBSCRIPTION_ON_PAYMENT_COMPLETED});
}

enum outcome load_payment_failed(struct work *work, const struct payment_failed *const events[],
                                 size_t count)
{
    return LOAD_UPGRADES(work, events, count, payment_failed);
}

enum outcome on_payment_failed(struct work *work, const struct payment_failed *event)
{
    return decide(work, &event->upgrade_id,
                  &(struct happening){
                      .event = SUBSCRIPTION_ON_PAYMENT_FAILED,
                      .reason = decline_reason_values[event->reason],
                  });
}

enum outcome load_payment_refunded(struct work *work, const struct payment_refunded *const events[],
                                   size_t count)
{
    return LOAD_UPGRADES(work, events, count, payment_refunded);
}

enum outcome on_payment_refunded(struct work *work, const struct payment_refunded *event)
{
    return decide(work, &event->upgrade_id,
                  &(struct happening){.event = SUBSCRIPTION_ON_PAYMENT_REFUNDED});
}

enum outcome load_payment_voided(struct work *work, const struct payment_voided *const events[],
                                 size_t count)
{
    return LOAD_UPGRADES(work, events, count, payment_voided);
}

enum outcome on_payment_voided(struct work *work, const struct payment_voided *event)
{
    return decide(work, &event->upgrade_id,
                  &(struct happening){.event = SUBSCRIPTION_ON_PAYMENT_VOIDED});
}

enum outcome load_plan_generated(struct work *work, const struct plan_generated *const events[],
                                 size_t count)
{
    return LOAD_UPGRADES(work, events, count, plan_generated);
}

enum outcome on_plan_generated(struct work *work, const struct plan_generated *event)
{
    if (!event->has_upgrade_id) {
        return OK;
    }
    return decide(work, &event->upgrade_id,
                  &(struct happening){
                      .event = SUBSCRIPTION_ON_PLAN_GENERATED,
                      .plan_id = event->plan_id,
                  });
}

enum outcome load_plan_generation_failed(struct work *work,
                                         const struct plan_generation_failed *const events[],
                                         size_t count)
{
    return LOAD_UPGRADES(work, events, count, plan_generation_failed);
}

enum outcome on_plan_generation_failed(struct work *work,
                                       const struct plan_generation_failed *event)
{
    if (!event->has_upgrade_id) {
        return OK;
    }
    return decide(work, &event->upgrade_id,
                  &(struct happening){
                      .event = SUBSCRIPTION_ON_PLAN_GENERATION_FAILED,
                      .reason = revocation_reason_values[REVOCATION_REASON_PLAN_FAILED],
                  });
}

enum outcome load_plan_withdrawn(struct work *work, const struct plan_withdrawn *const events[],
                                 size_t count)
{
    return LOAD_UPGRADES(work, events, count, plan_withdrawn);
}

enum outcome on_plan_withdrawn(struct work *work, const struct plan_withdrawn *event)
{
    return decide(work, &event->upgrade_id,
                  &(struct happening){.event = SUBSCRIPTION_ON_PLAN_WITHDRAWN});
}

/* clang-format off */
#define AT(member) offsetof(struct subscription_config, member)
static const struct config_entry settings[] = {
    {.name = "UPGRADE_DEADLINE", .kind = CONFIG_DURATION, .offset = AT(deadline_ms),
     .fallback = "15m", .min = 1000, .max = INT64_C(7) * 24 * 3600 * 1000,
     .help = "how long an upgrade may take before it is cancelled"},
    {.name = "WATCH_AFTER", .kind = CONFIG_DURATION, .offset = AT(watch_after_ms), .fallback = "2m",
     .min = 500, .max = INT64_C(24) * 3600 * 1000,
     .help = "how long a cancellation waits for its answers before it is said again"},
    {.name = "ATTENTION_AFTER", .kind = CONFIG_INT, .offset = AT(attention_after), .fallback = "3",
     .min = 1, .max = 1000, .help = "repeats without an answer before an upgrade needs attention"},
};
#undef AT
/* clang-format on */

static const struct part *const parts[] = {
    &consumer_part, &relay_part, &partition_part, &command_part, &timer_part, NULL,
};

static const struct service subscription_service = {
    .name = "subscription",
    .summary = "premium upgrades, what they cost and whom they entitle",
    .contract = &subscription_contract,
    .parts = parts,
    .commands = upgrade_routes,
    .command_count = UPGRADE_ROUTES,
    .config = settings,
    .config_count = COUNT_OF(settings),
    .own_size = sizeof(struct subscription_config),
    .readiness = timer_readiness,
};

int main(int argc, char **argv)
{
    return service_main(argc, argv, &subscription_service);
}
