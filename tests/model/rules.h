/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_RULES_H
#define MODEL_RULES_H

#include <stdbool.h>

#include "saga/premium_upgrade.h"

/*
 * The production tables as the model looks them up: every (state, event) pair asked once of the
 * production functions. A mutation patches this copy; the production functions know nothing of it.
 */

enum service { SUBSCRIPTION, BILLING, COACHING, SERVICES };
enum { MOST_STATES = BILLING_STATES, MOST_EVENTS = SUBSCRIPTION_EVENTS };

struct rule {
    bool is_listed;
    enum rule_kind kind;
    unsigned next, say, actions;
    const char *because;
};

struct rules {
    struct rule at[SERVICES][MOST_STATES][MOST_EVENTS];
};

/* Which pairs were met. */
struct reached {
    bool at[SERVICES][MOST_STATES][MOST_EVENTS];
};

void rules_load(struct rules *rules);

const char *service_name(enum service service);
unsigned service_states(enum service service);
unsigned service_events(enum service service);
const char *state_name(enum service service, unsigned state);
const char *event_name(enum service service, unsigned event);
const char *say_name(enum service service, unsigned say);

/* How many listed pairs of one kind there are, and how many of them were reached. */
unsigned rules_count(const struct rules *rules, enum rule_kind kind);
unsigned rules_reached(const struct rules *rules, enum rule_kind kind,
                       const struct reached *reached);

#endif
