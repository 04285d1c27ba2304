/* SPDX-License-Identifier: Apache-2.0 */
#include "billing.h"

#include "billing_contract.h"
#include "billing_sql.h"
#include "breaker.h"
#include "cashier.h"
#include "charge.h"
#include "consumers/consumer.h"
#include "core/buffer.h"
#include "provider.h"
#include "publishers/partition.h"
#include "publishers/relay.h"

#include <stdio.h>

/*
 * Handlers only write down what is wanted of the provider; the cashier asks it. Rows are remembered
 * by upgrade, so that the second event of a story in a batch sees what the first one decided.
 */

static const char charges[] = "charge";

static enum outcome load(struct work *work, struct db_array *upgrades)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o =
        db_run(work->db, &sql_charge_load, DB_PARAMS(db_array(upgrades)), &rows, work->fault);
    for (int i = 0; o == OK && i < db_rows_count(rows); i++) {
        struct uuid upgrade_id = db_get_uuid(rows, i, 1);
        struct charge *charge = work_remember(work, charges, &upgrade_id, sizeof *charge);
        o = charge_read(rows, i, charge, work->fault);
    }
    return o;
}

/* Every event of ours that concerns a charge names the upgrade. */
#define LOAD(event_type)                                                                           \
    enum outcome load_##event_type(struct work *work, const struct event_type *const events[],     \
                                   size_t count)                                                   \
    {                                                                                              \
        AUTO(db_array_done) struct db_array upgrades = {0};                                        \
        db_array_init(&upgrades, DB_UUID);                                                         \
        for (size_t i = 0; i < count; i++) {                                                       \
            db_array_uuid(&upgrades, &events[i]->upgrade_id);                                      \
        }                                                                                          \
        return load(work, &upgrades);                                                              \
    }

LOAD(premium_upgrade_requested)
LOAD(premium_activation_failed)
LOAD(premium_revoked)

static enum outcome insert(struct work *work, const struct charge *charge)
{
    bool has_amount = charge->amount_minor > 0; /* a tombstone has none */
    return work_queue(work, &sql_charge_insert,
                      DB_PARAMS(db_uuid(&charge->id), db_uuid(&charge->upgrade_id),
                                db_uuid(&charge->user_id),
                                db_text(billing_state_name(charge->state)),
                                has_amount ? db_i64(charge->amount_minor) : db_null(),
                                db_text(has_amount ? charge->currency : NULL),
                                db_text(charge->is_open ? charge->payment_method : NULL),
                                db_bool(charge->is_open), db_uuid(&work->cause->id),
                                db_text(work->cause->traceparent)),
                      1);
}

static enum outcome turn(struct work *work, const struct charge *charge, enum billing_state before)
{
    return work_queue(work, &sql_charge_turn,
                      DB_PARAMS(db_uuid(&charge->id), db_text(billing_state_name(before)),
                                db_text(billing_state_name(charge->state)),
                                db_bool(charge->is_open), db_uuid(&charge->user_id),
                                db_uuid(&work->cause->id), db_text(work->cause->traceparent)),
                      1);
}

/* `fresh` is what the row would be if there is none yet. */
static enum outcome decide(struct work *work, const struct charge *fresh, enum billing_event event)
{
    struct charge *charge = work_recall(work, charges, &fresh->upgrade_id);
    enum billing_state before = charge != NULL ? charge->state : BILLING_NONE;
    const struct billing_rule *rule = billing_decide(before, event);

    if (rule == NULL || rule->kind == RULE_NO_OP) {
        charge_note(work, charge != NULL ? charge : fresh, event, rule);
        return OK;
    }
    if (charge == NULL) {
        charge = work_remember(work, charges, &fresh->upgrade_id, sizeof *charge);
        *charge = *fresh;
    }
    charge->user_id = fresh->user_id; /* one that was anonymised has an answer to give once more */
    enum outcome o = charge_apply(work, charge, rule);
    if (o != OK || rule->kind == RULE_REPEAT) {
        return o;
    }
    return before == BILLING_NONE ? insert(work, charge) : turn(work, charge, before);
}

enum outcome on_premium_upgrade_requested(struct work *work,
                                          const struct premium_upgrade_requested *event)
{
    struct charge fresh = {
        .id = ids_new(),
        .upgrade_id = event->upgrade_id,
        .user_id = event->user_id,
        .amount_minor = event->amount_minor,
    };
    (void)snprintf(fresh.currency, sizeof fresh.currency, "%s", event->currency);
    (void)snprintf(fresh.payment_method, sizeof fresh.payment_method, "%s", event->payment_method);
    return decide(work, &fresh, BILLING_ON_PREMIUM_UPGRADE_REQUESTED);
}

enum outcome on_premium_activation_failed(struct work *work,
                                          const struct premium_activation_failed *event)
{
    const struct charge fresh = {
        .id = ids_new(), .upgrade_id = event->upgrade_id, .user_id = event->user_id};
    return decide(work, &fresh, BILLING_ON_PREMIUM_ACTIVATION_FAILED);
}

enum outcome on_premium_revoked(struct work *work, const struct premium_revoked *event)
{
    const struct charge fresh = {
        .id = ids_new(), .upgrade_id = event->upgrade_id, .user_id = event->user_id};
    return decide(work, &fresh, BILLING_ON_PREMIUM_REVOKED);
}

/* A no-op in every state: only the pivot may undo. The cashier anonymises each charge after its
 * story has ended. */
enum outcome on_user_deleted(struct work *work, const struct user_deleted *event)
{
    return work_queue(work, &sql_user_forget,
                      DB_PARAMS(db_uuid(&event->user_id), db_time(event->deleted_at_ms)),
                      DB_ANY_ROWS);
}

/* clang-format off */
#define AT(member) offsetof(struct billing, member)
static const struct config_entry settings[] = {
    {.name = "PROVIDER_URL", .kind = CONFIG_URL, .offset = AT(provider_url), .required = true,
     .help = "the payment provider: https://api.stripe.com, or http:// on a loopback address"},
    {.name = "PROVIDER_KEY", .kind = CONFIG_SECRET, .offset = AT(provider_key), .required = true,
     .help = "the provider's API key"},
    {.name = "PROVIDER_CONNECT_TIMEOUT", .kind = CONFIG_DURATION, .offset = AT(connect_ms), .fallback = "3s", .min = 10, .max = 60000,
     .help = "how long a connection to the provider may take"},
    {.name = "PROVIDER_TIMEOUT", .kind = CONFIG_DURATION, .offset = AT(answer_ms), .fallback = "20s", .min = 10, .max = 300000,
     .help = "how long a whole call may take; then its outcome is unknown"},
    {.name = "PROVIDER_CALLS", .kind = CONFIG_INT, .offset = AT(calls), .fallback = "50", .min = 1, .max = 1000,
     .help = "calls at the same time at most"},
    {.name = "PROVIDER_LEASE", .kind = CONFIG_DURATION, .offset = AT(lease_ms), .fallback = "5s", .min = 100, .max = 600000,
     .help = "how long after a process has died another one takes up its intents"},
    {.name = "PROVIDER_RETRY_FIRST", .kind = CONFIG_DURATION, .offset = AT(retry_first_ms), .fallback = "500ms", .min = 1, .max = 3600000,
     .help = "first wait before the provider is asked again; doubled each time"},
    {.name = "PROVIDER_RETRY_MAX", .kind = CONFIG_DURATION, .offset = AT(retry_max_ms), .fallback = "1m", .min = 1, .max = 86400000,
     .help = "longest such wait"},
    {.name = "PROVIDER_PENDING_POLL", .kind = CONFIG_DURATION, .offset = AT(pending_ms), .fallback = "2s", .min = 1, .max = 3600000,
     .help = "how often the provider is asked about a payment that is under way there"},
    {.name = "PROVIDER_KEY_LIFE", .kind = CONFIG_DURATION, .offset = AT(key_life_ms), .fallback = "20h", .min = 1, .max = 86400000,
     .help = "how long an idempotency key is surely remembered"},
    {.name = "BREAKER_FAILURES", .kind = CONFIG_INT, .offset = AT(breaker_failures), .fallback = "5", .min = 1, .max = 1000,
     .help = "failed calls in a row before the provider is left in peace"},
    {.name = "BREAKER_FIRST", .kind = CONFIG_DURATION, .offset = AT(breaker_first_ms), .fallback = "1s", .min = 1, .max = 3600000,
     .help = "for how long at first; doubled each time"},
    {.name = "BREAKER_MAX", .kind = CONFIG_DURATION, .offset = AT(breaker_max_ms), .fallback = "30s", .min = 1, .max = 3600000,
     .help = "for how long at most"},
    {.name = "ATTENTION_TRIES", .kind = CONFIG_INT, .offset = AT(attention_tries), .fallback = "10", .min = 1, .max = 1000000,
     .help = "fruitless tries after which an intent needs attention; it is tried on"},
    {.name = "ATTENTION_AFTER", .kind = CONFIG_DURATION, .offset = AT(attention_ms), .fallback = "20m", .min = 1, .max = 604800000,
     .help = "how long an intent may stay in one state before it needs attention"},
    {.name = "FORGET_AFTER", .kind = CONFIG_DURATION, .offset = AT(forget_ms), .fallback = "1d", .max = 31536000000, .min = 1,
     .help = "how long after its end a deleted user's charge is anonymised; longer than any deadline"},
};
#undef AT
/* clang-format on */

static enum outcome prepare(struct runtime *runtime, struct fault *fault)
{
    const struct billing *billing = billing_of(runtime);
    if (billing->retry_max_ms < billing->retry_first_ms ||
        billing->breaker_max_ms < billing->breaker_first_ms) {
        return fault_set(fault, FATAL,
                         "PROVIDER_RETRY_MAX and BREAKER_MAX may not be less than their FIRST");
    }
    return provider_check_url(billing->provider_url, fault);
}

static void readiness(struct runtime *runtime, struct buffer *out)
{
    struct billing_status *now = &billing_of(runtime)->status;
    enum breaker_state breaker = (enum breaker_state)atomic_load(&now->breaker);
    buffer_printf(out, ",\"provider\":{\"breaker\":\"%s\",\"calls\":%d,\"open_intents\":%lld}",
                  breaker_state_name(breaker), atomic_load(&now->calling),
                  (long long)atomic_load(&now->open_intents));
}

static const struct part *const parts[] = {&consumer_part, &relay_part, &partition_part,
                                           &cashier_part, NULL};

static const struct service billing_service = {
    .name = "billing",
    .summary = "charges and refunds, settled with the payment provider",
    .contract = &billing_contract,
    .parts = parts,
    .config = settings,
    .config_count = COUNT_OF(settings),
    .own_size = sizeof(struct billing),
    .prepare = prepare,
    .readiness = readiness,
};

int main(int argc, char **argv)
{
    return service_main(argc, argv, &billing_service);
}
