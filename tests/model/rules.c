/* SPDX-License-Identifier: Apache-2.0 */
#include "rules.h"

#define LOAD(service)                                                                              \
    static struct rule load_##service(unsigned state, unsigned event)                              \
    {                                                                                              \
        const struct service##_rule *found =                                                       \
            service##_decide((enum service##_state)state, (enum service##_event)event);            \
        if (found == NULL) {                                                                       \
            return (struct rule){.next = state, .because = "in neither list"};                     \
        }                                                                                          \
        return (struct rule){.is_listed = true,                                                    \
                             .kind = found->kind,                                                  \
                             .next = found->next,                                                  \
                             .say = found->say,                                                    \
                             .actions = found->actions,                                            \
                             .because = found->because};                                           \
    }

LOAD(subscription)
LOAD(billing)
LOAD(coaching)

static const struct {
    const char *name;
    unsigned states, events;
    struct rule (*load)(unsigned state, unsigned event);
} services[] = {
    [SUBSCRIPTION] = {"subscription", SUBSCRIPTION_STATES, SUBSCRIPTION_EVENTS, load_subscription},
    [BILLING] = {"billing", BILLING_STATES, BILLING_EVENTS, load_billing},
    [COACHING] = {"coaching", COACHING_STATES, COACHING_EVENTS, load_coaching},
};

void rules_load(struct rules *rules)
{
    *rules = (struct rules){0};
    for (unsigned service = 0; service < SERVICES; service++) {
        for (unsigned state = 0; state < services[service].states; state++) {
            for (unsigned event = 0; event < services[service].events; event++) {
                rules->at[service][state][event] = services[service].load(state, event);
            }
        }
    }
}

const char *service_name(enum service service)
{
    return services[service].name;
}

unsigned service_states(enum service service)
{
    return services[service].states;
}

unsigned service_events(enum service service)
{
    return services[service].events;
}

const char *state_name(enum service service, unsigned state)
{
    switch (service) {
    case SUBSCRIPTION:
        return subscription_state_name((enum subscription_state)state);
    case BILLING:
        return billing_state_name((enum billing_state)state);
    case COACHING:
        return coaching_state_name((enum coaching_state)state);
    case SERVICES:
        break;
    }
    return "?";
}

const char *event_name(enum service service, unsigned event)
{
    switch (service) {
    case SUBSCRIPTION:
        return subscription_event_name((enum subscription_event)event);
    case BILLING:
        return billing_event_name((enum billing_event)event);
    case COACHING:
        return coaching_event_name((enum coaching_event)event);
    case SERVICES:
        break;
    }
    return "?";
}

const char *say_name(enum service service, unsigned say)
{
    switch (service) {
    case SUBSCRIPTION:
        return subscription_say_name((enum subscription_say)say);
    case BILLING:
        return billing_say_name((enum billing_say)say);
    case COACHING:
        return coaching_say_name((enum coaching_say)say);
    case SERVICES:
        break;
    }
    return "?";
}

static unsigned count(const struct rules *rules, enum rule_kind kind, const struct reached *reached)
{
    unsigned found = 0;
    for (unsigned service = 0; service < SERVICES; service++) {
        for (unsigned state = 0; state < services[service].states; state++) {
            for (unsigned event = 0; event < services[service].events; event++) {
                const struct rule *rule = &rules->at[service][state][event];
                found += rule->is_listed && rule->kind == kind &&
                         (reached == NULL || reached->at[service][state][event]);
            }
        }
    }
    return found;
}

unsigned rules_count(const struct rules *rules, enum rule_kind kind)
{
    return count(rules, kind, NULL);
}

unsigned rules_reached(const struct rules *rules, enum rule_kind kind,
                       const struct reached *reached)
{
    return count(rules, kind, reached);
}
