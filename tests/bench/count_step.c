/* SPDX-License-Identifier: Apache-2.0 */
#include "count_step.h"

struct step_counted count_step(const struct step_taken *event, int64_t steps, int64_t total,
                               int64_t now_ms)
{
    return (struct step_counted){
        .step_id = event->step_id,
        .account_id = event->account_id,
        .kind = (enum step_counted_kind)event->kind,
        .steps = steps,
        .total = total,
        .counted_at_ms = now_ms,
        .place = event->place,
        .note = event->note,
    };
}
