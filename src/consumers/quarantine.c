/* SPDX-License-Identifier: Apache-2.0 */
#include "consumers/quarantine.h"

/* Each side writes before it reads the other's word, in one order for all (seq_cst): at least one
 * of two that come together sees the other. */
bool quarantine_enter(struct quarantine *quarantine)
{
    atomic_fetch_add(&quarantine->batches, 1);
    if (atomic_load(&quarantine->suspects) == 0) {
        return true;
    }
    quarantine_leave(quarantine);
    return false;
}

void quarantine_leave(struct quarantine *quarantine)
{
    atomic_fetch_sub(&quarantine->batches, 1);
}

void quarantine_ask_alone(struct quarantine *quarantine)
{
    atomic_fetch_add(&quarantine->suspects, 1);
}

bool quarantine_enter_alone(struct quarantine *quarantine)
{
    bool is_taken = false;
    if (!atomic_compare_exchange_strong(&quarantine->is_alone, &is_taken, true)) {
        return false;
    }
    if (atomic_load(&quarantine->batches) == 0) {
        return true;
    }
    atomic_store(&quarantine->is_alone, false);
    return false;
}

void quarantine_leave_alone(struct quarantine *quarantine, bool was_alone)
{
    if (was_alone) {
        atomic_store(&quarantine->is_alone, false);
    }
    atomic_fetch_sub(&quarantine->suspects, 1);
}
