/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/saga/story.h"

#include "../unit/unit.h"

#include <string.h>

/*
 * Stories as they may happen, put beside the contracts: our own saga and one that nothing here
 * knows by name (parcel/).
 */

enum { EVENTS_MAX = 16, FINDINGS_MAX = 4, AFTER_MS = 60000, START_MS = 1700000000 };

struct said {
    const char *type;
    int cause;   /* index; -1: none */
    int unknown; /* 1: a cause that is nowhere */
};

static const struct example {
    const char *name, *path, *saga;
    struct said said[EVENTS_MAX];
    int later_ms; /* how long after the last event it is looked at */
    enum story_state state;
    const char
        *next; /* "service:Outcome or Outcome", in the contracts' order; others' waits in () */
    const char *findings;
} examples[] = {
#define PREMIUM CONTRACTS, "premium-upgrade"
#define REQUESTED                                                                                  \
    {                                                                                              \
        "fit.subscription.PremiumUpgradeRequested.v1", -1, 0                                       \
    }
#define PAID                                                                                       \
    {                                                                                              \
        "fit.billing.PaymentCompleted.v1", 0, 0                                                    \
    }
#define ACTIVE                                                                                     \
    {                                                                                              \
        "fit.subscription.PremiumActivated.v1", 1, 0                                               \
    }
#define PLANNED                                                                                    \
    {                                                                                              \
        "fit.coaching.PlanGenerated.v1", 2, 0                                                      \
    }
#define REVOKED                                                                                    \
    {                                                                                              \
        "fit.subscription.PremiumRevoked.v1", -1, 0                                                \
    }
    {"completed",
     PREMIUM,
     {REQUESTED,
      PAID,
      ACTIVE,
      PLANNED,
      {"fit.subscription.PremiumUpgradeCompleted.v1", 3, 0},
      {"fit.notification.NotificationSent.v1", 4, 0}},
     AFTER_MS * 2,
     STORY_DONE,
     "",
     ""},
    {"rejected",
     PREMIUM,
     {REQUESTED,
      {"fit.billing.PaymentFailed.v1", 0, 0},
      {"fit.subscription.PremiumUpgradeRejected.v1", 1, 0}},
     AFTER_MS * 2,
     STORY_DONE,
     "",
     ""},
    {"fresh",
     PREMIUM,
     {REQUESTED},
     10,
     STORY_OPEN,
     "billing:PaymentCompleted or PaymentFailed;",
     ""},
    {"no plan comes",
     PREMIUM,
     {REQUESTED, PAID, ACTIVE},
     AFTER_MS * 2,
     STORY_STUCK,
     "coaching:PlanGenerated or PlanGenerationFailed;",
     "missing-reaction;"},
    {"refunded, plan still out",
     PREMIUM,
     {REQUESTED, PAID, ACTIVE, PLANNED, REVOKED, {"fit.billing.PaymentRefunded.v1", 4, 0}},
     AFTER_MS * 2,
     STORY_STUCK,
     "coaching:PlanWithdrawn;(subscription:PremiumUpgradeCancelled);",
     "missing-reaction;"},
    {"compensated",
     PREMIUM,
     {REQUESTED,
      PAID,
      ACTIVE,
      PLANNED,
      REVOKED,
      {"fit.billing.PaymentRefunded.v1", 4, 0},
      {"fit.coaching.PlanWithdrawn.v1", 4, 0},
      {"fit.subscription.PremiumUpgradeCancelled.v1", 6, 0}},
     AFTER_MS * 2,
     STORY_DONE,
     "",
     ""},
    {"charged while being undone",
     PREMIUM,
     {REQUESTED,
      {"fit.subscription.PremiumActivationFailed.v1", -1, 0},
      {"fit.billing.PaymentCompleted.v1", 1, 0},
      {"fit.billing.PaymentRefunded.v1", 1, 0},
      {"fit.subscription.PremiumUpgradeCancelled.v1", 3, 0}},
     AFTER_MS * 2,
     STORY_DONE,
     "",
     ""},
    {"undeclared reaction",
     PREMIUM,
     {REQUESTED, PAID, ACTIVE, {"fit.coaching.PlanWithdrawn.v1", 2, 0}},
     10,
     STORY_OPEN,
     "coaching:PlanGenerated or PlanGenerationFailed;(subscription:PremiumUpgradeCancelled);",
     "undeclared-reaction;"},
    {"unknown event",
     PREMIUM,
     {REQUESTED, {"fit.billing.PaymentDoubled.v1", 0, 0}},
     10,
     STORY_OPEN,
     "billing:PaymentCompleted or PaymentFailed;",
     "undeclared-event;"},
    {"cause that is nowhere",
     PREMIUM,
     {REQUESTED, {"fit.billing.PaymentFailed.v1", -1, 1}},
     AFTER_MS * 2,
     STORY_STUCK,
     "subscription:PremiumUpgradeRejected;",
     "missing-cause;missing-reaction;"},
    {"two ends",
     PREMIUM,
     {REQUESTED,
      {"fit.billing.PaymentFailed.v1", 0, 0},
      {"fit.subscription.PremiumUpgradeRejected.v1", 1, 0},
      {"fit.subscription.PremiumUpgradeCompleted.v1", -1, 0}},
     10,
     STORY_DONE,
     "",
     "two-ends;"},
    {"end alone",
     PREMIUM,
     {{"fit.subscription.PremiumUpgradeRejected.v1", -1, 0}},
     10,
     STORY_DONE,
     "",
     "end-without-start;"},
    {"begun twice",
     PREMIUM,
     {REQUESTED, REQUESTED},
     10,
     STORY_OPEN,
     "billing:PaymentCompleted or PaymentFailed;",
     "two-starts;"},
    {"ended without the undo",
     PREMIUM,
     {REQUESTED,
      PAID,
      ACTIVE,
      PLANNED,
      REVOKED,
      {"fit.billing.PaymentRefunded.v1", 4, 0},
      {"fit.subscription.PremiumUpgradeCancelled.v1", 5, 0}},
     AFTER_MS * 2,
     STORY_DONE,
     "coaching:PlanWithdrawn;",
     "missing-undo;"},
    {"a parcel arrives",
     PARCEL,
     "parcel",
     {{"fit.depot.ParcelSent.v1", -1, 0},
      {"fit.carrier.ParcelBooked.v1", 0, 0},
      {"fit.depot.ParcelClosed.v1", 1, 0}},
     AFTER_MS * 2,
     STORY_DONE,
     "",
     ""},
    {"a parcel is called back",
     PARCEL,
     "parcel",
     {{"fit.depot.ParcelSent.v1", -1, 0}, {"fit.depot.ParcelRecalled.v1", -1, 0}},
     AFTER_MS * 2,
     STORY_STUCK,
     "carrier:ParcelReturned;",
     "missing-reaction;"},
    {"a parcel nobody fetches on",
     PARCEL,
     "parcel",
     {{"fit.depot.ParcelRecalled.v2", -1, 0}},
     AFTER_MS * 2,
     STORY_STUCK,
     "",
     "undeclared-event;no-way-on;"},
};

static struct asyncapi set;
static struct graph graph;
static struct plot plot;
static struct story story;
static struct buffer text;

static void make(const struct example *example)
{
    struct fault fault;
    struct story_record records[EVENTS_MAX] = {0};
    char services[EVENTS_MAX][32] = {0};
    size_t count = 0;
    ck_assert_msg(asyncapi_load(&set, &example->path, 1, &fault) == OK, "%s", fault.text);
    ck_assert_msg(graph_make(&graph, &set, &fault) == OK, "%s", fault.text);
    plot_read(&plot, &graph, example->saga);
    for (; count < EVENTS_MAX && example->said[count].type != NULL; count++) {
        const struct said *said = &example->said[count];
        (void)sscanf(said->type, "fit.%31[a-z]", services[count]);
        records[count] = (struct story_record){
            .id = ids_new(),
            .type = said->type,
            .service = services[count],
            .occurred_at_ms = START_MS + (int64_t)count,
            .has_causation_id = said->cause >= 0 || said->unknown != 0,
            .causation_id = said->cause >= 0 ? records[said->cause].id : ids_new(),
        };
    }
    struct story_terms terms = {.now_ms = START_MS + (int64_t)count + example->later_ms,
                                .after_ms = AFTER_MS};
    struct uuid id = ids_new();
    story_make(&story, &plot, &id, records, count, &terms);
}

static void teardown(void)
{
    story_done(&story);
    plot_done(&plot);
    graph_done(&graph);
    asyncapi_done(&set);
    buffer_done(&text);
}

static const char *waits(void)
{
    buffer_clear(&text);
    for (int i = 0; i < story.wait_count; i++) {
        const struct story_wait *wait = &story.waits[i];
        buffer_printf(&text, "%s%s:", wait->is_for_others ? "(" : "", wait->step->service->name);
        story_add_outcomes(&text, wait->step);
        buffer_text(&text, wait->is_for_others ? ");" : ";");
    }
    return buffer_cstr(&text);
}

static const char *findings(void)
{
    buffer_clear(&text);
    for (int i = 0; i < story.finding_count; i++) {
        buffer_printf(&text, "%s;", story_flaw_name(story.findings[i].flaw));
    }
    return buffer_cstr(&text);
}

START_TEST(a_story_is_judged_by_the_contracts)
{
    const struct example *example = &examples[_i];
    make(example);
    ck_assert_msg(story.state == example->state, "%s: it is %s", example->name,
                  story_state_name(story.state));
    ck_assert_msg(strcmp(waits(), example->next) == 0, "%s: next is %s", example->name, waits());
    ck_assert_msg(strcmp(findings(), example->findings) == 0, "%s: found %s", example->name,
                  findings());
}
END_TEST

START_TEST(effects_stand_below_their_causes)
{
    static const int depths[] = {0, 1, 2, 3, 4, 5};
    make(&examples[0]);
    for (int i = 0; i < story.count; i++) {
        ck_assert_int_eq(story.tree[i], i);
        ck_assert_int_eq(story.records[i].depth, depths[i]);
    }
    ck_assert_int_eq(story_delay_ms(&story, &story.records[1]), 1);
    ck_assert_int_eq(story.end, 4);
}
END_TEST

START_TEST(a_circle_of_causes_is_told_once)
{
    struct example circle = examples[0];
    make(&circle);
    struct story_record records[2] = {story.records[0], story.records[1]};
    records[0].has_causation_id = true;
    records[0].causation_id = records[1].id;
    struct story twisted;
    struct uuid id = ids_new();
    story_make(&twisted, &plot, &id, records, 2, &(struct story_terms){.now_ms = START_MS + 9});
    ck_assert_int_eq(twisted.count, 2);
    ck_assert_int_ne(twisted.tree[0], twisted.tree[1]);
    story_done(&twisted);
}
END_TEST

START_TEST(durations_are_short)
{
    static const struct {
        int64_t ms;
        const char *text;
    } durations[] = {{0, "0.000 s"},       {1234, "1.234 s"},     {-5, "-0.005 s"},
                     {243000, "4 m 03 s"}, {7380000, "2 h 03 m"}, {187200000, "2 d 4 h"}};
    buffer_clear(&text);
    story_add_duration(&text, durations[_i].ms);
    ck_assert_str_eq(buffer_cstr(&text), durations[_i].text);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("story");
    tcase_add_checked_fixture(tcase, NULL, teardown);
    tcase_add_loop_test(tcase, a_story_is_judged_by_the_contracts, 0,
                        (int)(sizeof examples / sizeof examples[0]));
    tcase_add_test(tcase, effects_stand_below_their_causes);
    tcase_add_test(tcase, a_circle_of_causes_is_told_once);
    tcase_add_loop_test(tcase, durations_are_short, 0, 6);
    Suite *suite = suite_create("story");
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
