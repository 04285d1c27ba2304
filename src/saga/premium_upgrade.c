/* SPDX-License-Identifier: Apache-2.0 */
#include "saga/premium_upgrade.h"

#include <string.h>

static const char *const actions[PREMIUM_UPGRADE_ACTIONS] = {
    "insert upgrade",
    "start deadline",
    "stop deadline",
    "pivot := CANCELLED",
    "pivot := COMPLETED",
    "entitlement on",
    "entitlement off",
    "note money settled",
    "note plan withdrawn",
    "close",
    "insert charge row = open intent",
    "store payment intent id (created unconfirmed), then confirm it",
    "intent becomes \"cancel at provider\"",
    "open refund intent",
    "close intent",
    "insert charge row as tombstone",
    "insert premium plan for this upgrade",
    "insert row without plan",
    "insert tombstone",
    "user tombstone",
    "plan pointer back to the newest ordinary plan",
    "delete plans",
};

/* A rule of any of the three services, as text. Two rules that differ in nothing but their event
 * share a line. */
struct row {
    enum rule_kind kind;
    unsigned actions;
    const char *next, *say, *because;
};

struct service {
    const char *name;
    unsigned states, events;
    const char *(*state_name)(unsigned state);
    const char *(*event_name)(unsigned event);
    bool (*decide)(unsigned state, unsigned event, struct row *row);
};

/* One adapter per service: the same tables, their enums seen as numbers. */
#define SERVICE(service)                                                                           \
    static const char *service##_state_text(unsigned state)                                        \
    {                                                                                              \
        return service##_state_name((enum service##_state)state);                                  \
    }                                                                                              \
    static const char *service##_event_text(unsigned event)                                        \
    {                                                                                              \
        return service##_event_name((enum service##_event)event);                                  \
    }                                                                                              \
    static bool service##_row(unsigned state, unsigned event, struct row *row)                     \
    {                                                                                              \
        const struct service##_rule *rule =                                                        \
            service##_decide((enum service##_state)state, (enum service##_event)event);            \
        if (rule != NULL) {                                                                        \
            *row = (struct row){.kind = rule->kind,                                                \
                                .actions = rule->actions,                                          \
                                .next = service##_state_name(rule->next),                          \
                                .say = service##_say_name(rule->say),                              \
                                .because = rule->because};                                         \
        }                                                                                          \
        return rule != NULL;                                                                       \
    }

SERVICE(subscription)
SERVICE(billing)
SERVICE(coaching)

static const struct service services[] = {
    {"subscription", SUBSCRIPTION_STATES, SUBSCRIPTION_EVENTS, subscription_state_text,
     subscription_event_text, subscription_row},
    {"billing", BILLING_STATES, BILLING_EVENTS, billing_state_text, billing_event_text,
     billing_row},
    {"coaching", COACHING_STATES, COACHING_EVENTS, coaching_state_text, coaching_event_text,
     coaching_row},
};

static bool is_same(const struct row *a, const struct row *b)
{
    return a->kind == b->kind && a->actions == b->actions && strcmp(a->next, b->next) == 0 &&
           strcmp(a->say, b->say) == 0 && strcmp(a->because, b->because) == 0;
}

static void print_actions(FILE *out, unsigned set)
{
    const char *separator = "";
    for (unsigned bit = 0; bit < PREMIUM_UPGRADE_ACTIONS; bit++) {
        if (set & 1U << bit) {
            fprintf(out, "%s%s", separator, actions[bit]);
            separator = ", ";
        }
    }
    fputs(set == 0 ? "-" : "", out);
}

/* Whether an earlier event of this state has the same row, and so has named this event on its line.
 */
static bool is_printed(const struct service *service, unsigned state, unsigned event,
                       const struct row *row)
{
    for (unsigned earlier = 0; earlier < event; earlier++) {
        struct row other;
        if (service->decide(state, earlier, &other) && is_same(row, &other)) {
            return true;
        }
    }
    return false;
}

static void print_line(FILE *out, const struct service *service, unsigned state, unsigned event,
                       const struct row *row)
{
    fprintf(out, "| `%s` | %s", service->state_name(state), service->event_name(event));
    for (unsigned later = event + 1; later < service->events; later++) {
        struct row other;
        if (service->decide(state, later, &other) && is_same(row, &other)) {
            fprintf(out, " · %s", service->event_name(later));
        }
    }
    if (row->kind == RULE_ACT) {
        fprintf(out, " | `%s`", row->next);
    }
    if (row->kind != RULE_NO_OP) {
        const bool is_silent = strcmp(row->say, "-") == 0;
        fprintf(out, is_silent ? " | %s" : " | `%s`", row->say);
    }
    if (row->kind == RULE_ACT) {
        fputs(" | ", out);
        print_actions(out, row->actions);
    }
    fprintf(out, " | %s |\n", row->because);
}

static void print_table(FILE *out, const struct service *service, enum rule_kind kind)
{
    static const char *const heads[] = {
        [RULE_ACT] = "| state | event | next state | says | action | because |\n"
                     "|---|---|---|---|---|---|\n",
        [RULE_REPEAT] = "\nSaid again, under a new event id; the state stays:\n\n"
                        "| state | event | says again | because |\n|---|---|---|---|\n",
        [RULE_NO_OP] = "\nListed no-ops: the state stays, nothing is said, it is counted:\n\n"
                       "| state | events | because |\n|---|---|---|\n",
    };
    fputs(heads[kind], out);
    for (unsigned state = 0; state < service->states; state++) {
        for (unsigned event = 0; event < service->events; event++) {
            struct row row;
            if (service->decide(state, event, &row) && row.kind == kind &&
                !is_printed(service, state, event, &row)) {
                print_line(out, service, state, event, &row);
            }
        }
    }
}

void premium_upgrade_print(FILE *out)
{
    for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
        fprintf(out, "%s## %s\n\n", i == 0 ? "" : "\n", services[i].name);
        print_table(out, &services[i], RULE_ACT);
        print_table(out, &services[i], RULE_REPEAT);
        print_table(out, &services[i], RULE_NO_OP);
    }
}
