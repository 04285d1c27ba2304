/* SPDX-License-Identifier: Apache-2.0 */
#include "demo/stories.h"

#include "core/clock.h"
#include "core/memory.h"
#include "support/foreign.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

enum {
    SOON_MS = 10000,
    DEADLINE_MS = 15000, /* more than UPGRADE_DEADLINE in demo.c */
    CALL_MS = 1200,
    ANSWERLESS_MS = 300, /* the call has been made and its time-out has not passed */
    AWAY_MS = 6000,      /* beyond UPGRADE_DEADLINE */
};

static void expect_accepted(struct telling *telling, long status)
{
    if (status != 202) {
        tell_failure(telling, "asking for premium was answered with %ld", status);
    }
}

static void expect_plan(struct telling *telling, const char *tier)
{
    AUTO(free_text) char *path = xasprintf("/users/%s/plan", telling->user.id);
    json_object *plan = NULL;
    long status = company_call(telling->company, "coaching", "GET", path, telling->user.token, NULL,
                               NULL, &plan);
    if (status != 200 || strcmp(member_text(plan, "tier"), tier) != 0) {
        tell_failure(telling, "the plan is %s and not %s (HTTP %ld)", member_text(plan, "tier"),
                     tier, status);
    } else {
        tell(telling, "the plan that counts is the %s one", tier);
    }
    (void)json_object_put(plan);
}

static void tell_completion(struct telling *telling)
{
    meet_user(telling, "Ada", BODY_METRICS);
    tell(telling, "Ada asks for premium, to be paid by card");
    expect_accepted(telling, ask_for_premium(telling, "pm_card_visa", NULL));
    (void)await_state(telling, "completed", SOON_MS);
    expect_plan(telling, "premium");
    expect_money(telling, 1, 0);
}

static void tell_decline(struct telling *telling)
{
    meet_user(telling, "Bob", BODY_METRICS);
    tell(telling, "Bob's card will be declined");
    expect_accepted(telling, ask_for_premium(telling, "pm_card_chargeDeclined", NULL));
    (void)await_state(telling, "rejected", SOON_MS);
    expect_plan(telling, "ordinary");
    expect_money(telling, 0, 0);
}

static void tell_no_plan(struct telling *telling)
{
    meet_user(telling, "Cleo", BODY_NONE);
    tell(
        telling,
        "Cleo pays for premium without ever having recorded a weight: no premium plan can be made");
    expect_accepted(telling, ask_for_premium(telling, "pm_card_visa", NULL));
    (void)await_state(telling, "cancelled", SOON_MS);
    expect_plan(telling, "ordinary");
    expect_money(telling, 1, 1);
}

static void tell_timeout(struct telling *telling)
{
    meet_user(telling, "Dan", BODY_METRICS);
    tell(telling, "the provider will charge Dan's card and never answer");
    disturb_provider(telling, "confirm", "timeout_after", 0);
    expect_accepted(telling, ask_for_premium(telling, "pm_card_visa", NULL));
    (void)await_state(telling, "completed", SOON_MS);
    expect_money(telling, 1, 0);
}

/* The provider takes the money and goes away before it can say so; it comes back after the
 * deadline. */
static void tell_deadline(struct telling *telling)
{
    meet_user(telling, "Eve", BODY_METRICS);
    tell(telling, "the provider charges Eve's card, but goes away before anybody learns of it");
    disturb_provider(telling, "confirm", "timeout_after", 0);
    expect_accepted(telling, ask_for_premium(telling, "pm_card_visa", NULL));
    listen_for(telling, ANSWERLESS_MS);
    AUTO(free_text) char *away = xasprintf("{\"for_ms\":%d}", AWAY_MS);
    if (company_provider(telling->company, "POST", "/away", away, NULL) / 100 != 2) {
        tell_failure(telling, "the provider would not go away");
    }
    (void)await_state(telling, "cancelling_money", DEADLINE_MS);
    tell(telling, "the deadline has passed: whatever was charged must come back");
    (void)await_state(telling, "cancelled", DEADLINE_MS);
    expect_money(telling, 1, 1);
}

static void tell_cancel(struct telling *telling)
{
    meet_user(telling, "Finn", BODY_METRICS);
    tell(telling, "the provider is slow; Finn changes his mind half-way");
    disturb_provider(telling, "confirm", "slow", CALL_MS / 2);
    expect_accepted(telling, ask_for_premium(telling, "pm_card_visa", NULL));
    listen_for(telling, 150);
    AUTO(free_text)
    char *path = xasprintf("/users/%s/premium-upgrades/%s", telling->user.id, telling->upgrade_id);
    long status = company_call(telling->company, "subscription", "DELETE", path,
                               telling->user.token, NULL, NULL, NULL);
    tell(telling, "Finn cancels: HTTP %ld", status);
    if (status != 202) {
        tell_failure(telling, "the cancellation was answered with %ld", status);
    }
    (void)await_state(telling, "cancelled", SOON_MS);
    struct money money = read_money(telling);
    if (money.charges != money.refunds) {
        tell_failure(telling, "the provider kept money: %lld charges, %lld refunds",
                     (long long)money.charges, (long long)money.refunds);
    }
    expect_plan(telling, "ordinary");
}

static void tell_three_times(struct telling *telling)
{
    meet_user(telling, "Gus", BODY_METRICS);
    tell(telling, "Gus's phone has a bad connection and sends the same request three times");
    AUTO(free_text) char *key = xasprintf("gus-%lld", (long long)clock_now_ms());
    char first[UUID_TEXT_BYTES] = "";
    for (int i = 1; i <= 3; i++) {
        long status = ask_for_premium(telling, "pm_card_visa", key);
        tell(telling, "answer %d: HTTP %ld, upgrade %.8s…", i, status, telling->upgrade_id);
        expect_accepted(telling, status);
        if (i == 1) {
            (void)snprintf(first, sizeof first, "%s", telling->upgrade_id);
        } else if (strcmp(first, telling->upgrade_id) != 0) {
            tell_failure(telling, "answer %d names another upgrade", i);
        }
    }
    (void)await_state(telling, "completed", SOON_MS);
    expect_money(telling, 1, 0);
}

/* The audit is told what no outbox of ours can know. */
static void note_foreign_id(struct telling *telling, const char *id)
{
    AUTO(free_text)
    char *path = xasprintf("%s/" FOREIGN_IDS_FILE, company_folder(telling->company));
    FILE *file = fopen(path, "we");
    if (file == NULL || fprintf(file, "%s\n", id) < 0 || fclose(file) != 0) {
        tell_failure(telling, "%s cannot be written", path);
    }
}

/* A PaymentCompleted with a negative amount, said with billing's own account by a program that is
 * not ours. */
static void tell_malformed(struct telling *telling)
{
    meet_user(telling, "Hana", BODY_METRICS);
    tell(telling, "a foreign client says PaymentCompleted with a negative amount, beside Hana's "
                  "honest upgrade");
    char id[UUID_TEXT_BYTES];
    struct uuid event_id = ids_new();
    (void)ids_format(&event_id, id);
    AUTO(free_text)
    char *body =
        xasprintf("{\"upgradeId\":\"%s\",\"userId\":\"%s\",\"chargeId\":\"%s\","
                  "\"providerReference\":\"pi_foreign\","
                  "\"amountMinor\":-5,\"currency\":\"EUR\",\"paidAt\":\"2026-11-23T07:00:00Z\"}",
                  id, telling->user.id, id);
    const struct foreign_message message = {
        .account = "billing",
        .exchange = "billing.events",
        .routing_key = "billing.payment-completed.v1",
        .id = id,
        .type = "fit.billing.PaymentCompleted.v1",
        .name = "PaymentCompleted",
        .subject = id,
        .correlation_id = id,
        .body = body,
    };
    char reason[256];
    expect_accepted(telling, ask_for_premium(telling, "pm_card_visa", NULL));
    if (!foreign_publish(&message, reason)) {
        tell_failure(telling, "the foreign client could not publish: %s", reason);
    }
    note_foreign_id(telling, id);
    (void)await_state(telling, "completed", SOON_MS);
    expect_money(telling, 1, 0);
    show_dead_letter(telling, "subscription.dlq", "/amountMinor");
}

static void tell_kill(struct telling *telling)
{
    meet_user(telling, "Ivo", BODY_METRICS);
    tell(telling,
         "the provider is slow, and billing is killed with -9 while the call is under way");
    disturb_provider(telling, "confirm", "slow", CALL_MS / 2);
    expect_accepted(telling, ask_for_premium(telling, "pm_card_visa", NULL));
    listen_for(telling, 200);
    (void)company_signal(telling->company, "billing", SIGKILL);
    tell(telling, "billing is dead; the upgrade is %s", read_state(telling));
    if (strcmp(telling->state, "requested") != 0) {
        tell_failure(telling, "billing was killed too late: the call was over");
    }
    listen_for(telling, 300);
    company_start_one(telling->company, "billing", NULL);
    tell(telling, "billing is back");
    (void)await_state(telling, "completed", SOON_MS);
    expect_money(telling, 1, 0);
}

const struct story stories[] = {
    {"An upgrade that completes", "five services react to each other; nobody commands", "completed",
     tell_completion},
    {"A declined card", "no money moved, nothing to undo", "rejected", tell_decline},
    {"A plan that cannot be made", "premium is revoked and the payment refunded", "cancelled",
     tell_no_plan},
    {"A provider that charges and does not answer", "one charge, still completed", "completed",
     tell_timeout},
    {"A deadline that passes", "the late payment is given back", "cancelled", tell_deadline},
    {"A user who cancels half-way", "everything already done is undone", "cancelled", tell_cancel},
    {"The same command three times", "one upgrade, one charge, the same answer", "completed",
     tell_three_times},
    {"A malformed event from a foreign client",
     "a dead letter with field and reason; its neighbours go on", "completed", tell_malformed},
    {"Billing killed in mid-flight", "the open intent is finished by the next process", "completed",
     tell_kill},
};
const size_t story_count = COUNT_OF(stories);
