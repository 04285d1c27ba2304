/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROFILE_BODIES_H
#define PROFILE_BODIES_H

#include "core/codec.h"
#include "profile_contract.h"

/*
 * What the commands of this service read. Each body is its event without what the service itself
 * knows (who, when), and is read into the event's own struct; the rules are those of the contract,
 * so that what passes here can be said.
 */

/* Only a body may leave out when it was measured: just now. */
struct measuring {
    struct body_metrics_recorded event;
    bool has_measured_at;
};

extern const struct shape profile_body; /* struct user_registered, struct profile_updated */
extern const struct shape goal_body;    /* struct fitness_goal_set */
extern const struct shape metrics_body; /* struct measuring */

#endif
