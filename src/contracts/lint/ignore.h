/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_LINT_IGNORE_H
#define CONTRACTS_LINT_IGNORE_H

#include "contracts/lint/lint.h"

/*
 * A file of findings that a team lives with, each with its reason:
 *
 *   - rule: published-not-consumed
 *     path: services/billing.yaml        # * ? [] work; leading folders may be left out
 *     at: /operations/sayPaymentFailed   # optional: at or below this JSON Pointer
 *     reason: The accounting system listens, and has no contract yet.
 *     until: 2027-03-31                  # optional: after that day it counts again
 */

enum { IGNORE_ENTRIES_MAX = 2000 };

extern const struct lint_rule lint_ignore_file;   /* error: an entry that is wrong */
extern const struct lint_rule lint_ignore_unused; /* warning: an entry that hides nothing */

/*
 * Reads the file into the set's documents and marks what it names; wrong, outdated and unused
 * entries become findings themselves. `today` is "2026-11-25". REJECT when it cannot be read.
 */
enum outcome ignore_apply(struct lint *lint, const char *path, const char *today,
                          struct fault *fault);

#endif
