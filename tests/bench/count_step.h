/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_COUNT_STEP_H
#define BENCH_COUNT_STEP_H

#include "hop_contract.h"

/* What the service says about a step: 400 bytes of JSON as well. The same with a database and
 * without. */
struct step_counted count_step(const struct step_taken *event, int64_t steps, int64_t total,
                               int64_t now_ms);

#endif
