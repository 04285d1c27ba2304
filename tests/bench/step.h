/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_STEP_H
#define BENCH_STEP_H

#include "core/ids.h"
#include "source_contract.h"

#define BENCH_TRACEPARENT "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

/* The benchmark's event about one account: 400 bytes of JSON. */
struct step_taken step_make(const struct uuid *account_id, enum step_taken_verdict verdict,
                            int64_t now_ms);

#endif
