/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_DIFF_SCHEMA_DIFF_H
#define CONTRACTS_DIFF_SCHEMA_DIFF_H

#include "contracts/diff/diff.h"
#include "contracts/diff/inclusion.h"
#include "contracts/node.h"
#include "contracts/ref.h"

#include <stdbool.h>

/* Two versions of one JSON Schema: which side breaks, by which rule, and what else has changed. */

struct schema_version {
    struct documents *documents;
    const struct node *schema;
};

struct schema_diff_options {
    const char *subject; /* of the findings; NULL: "" */
    unsigned sides;      /* of enum diff_side: which are asked */
    bool is_closed;      /* what is published holds declared members only */
    bool is_wire_only;   /* nothing is told that breaks nobody */
    bool is_extended;    /* x-extensible-enum and discriminator have a meaning */
};

struct schema_verdicts {
    enum verdict forward;  /* old consumers of new events */
    enum verdict backward; /* new consumers of old events */
};

struct schema_verdicts schema_diff(struct diff *diff, const struct schema_version *old,
                                   const struct schema_version *new,
                                   const struct schema_diff_options *options);

#endif
