/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_TOPOLOGY_H
#define TOOLS_TOPOLOGY_H

#include "contracts/topology_model.h"
#include "core/outcome.h"
#include "tools/management.h"

#include <stdbool.h>

/*
 * The difference between what the contracts want and what a broker has, as steps, and the doing of
 * them. Read and done through the management API: AMQP knows neither users nor policies, and its
 * declares succeed passively whatever a queue is like.
 */

enum step_action {
    STEP_CREATE,
    STEP_CHANGE,
    STEP_REMOVE,
    STEP_REFUSE, /* cannot be changed in place; `detail` says how to migrate */
    STEP_LEAVE,  /* somebody else's, so it stays; `detail` says how to end it */
};

struct topology_step {
    enum step_action action;
    const char *kind; /* "queue", "policy", … */
    char *name;
    char *detail;
    /* How it is done; NULL body with NULL method for what is not done. */
    const char *method;
    char *path; /* below /api/, percent-encoded */
    json_object *body;
};

struct topology_plan {
    struct topology_step *steps;
    size_t count;
};

struct topology_target {
    struct management *management;
    const char *vhost;
    const char *secrets; /* folder of passwords; NULL: passwords are not compared (plan, verify) */
    const char *deploy_user;
};

enum outcome topology_plan_make(const struct topology_target *target,
                                const struct topology_model *model, struct topology_plan *plan,
                                struct fault *fault);
void topology_plan_done(struct topology_plan *plan);

/* Does one step. REJECT for a refusal; nothing to do for what is left. */
enum outcome topology_step_do(const struct topology_target *target,
                              const struct topology_step *step, struct fault *fault);

const char *topology_action_name(enum step_action action);

#endif
