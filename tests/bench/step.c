/* SPDX-License-Identifier: Apache-2.0 */
#include "step.h"

struct step_taken step_make(const struct uuid *account_id, enum step_taken_verdict verdict,
                            int64_t now_ms)
{
    return (struct step_taken){
        .step_id = ids_new(),
        .account_id = *account_id,
        .kind = STEP_TAKEN_KIND_WALK,
        .verdict = verdict,
        .count = 12000,
        .taken_at_ms = now_ms,
        .place = "along-the-river-and-over-the-hills",
        .note = "Nothing in these words matters but their number, for events of this size are what "
                "most "
                "companies send: a few ids, an amount, a time, and a line of text.",
    };
}
