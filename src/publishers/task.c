/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clock.h"
#include "core/service.h"
#include "publishers/work.h"

enum outcome task_begin(struct task *task, struct db *db, struct runtime *runtime,
                        struct fault *fault)
{
    *task = (struct task){
        .fault = fault,
        .work =
            {
                .db = db,
                .correlation_id = ids_new(),
                .fault = fault,
                .rows = rows_new(),
                .outbox = outbox_new(),
                .runtime = runtime,
                .tag = FAULT_NOBODY,
                .now_ms = clock_now_ms(),
            },
    };
    task->work.arena = &task->arena;
    return tx_begin(db, &task->tx, fault);
}

enum outcome task_commit(struct task *task)
{
    bool has_said = outbox_count(task->work.outbox) > 0;
    enum outcome o = outbox_flush(task->work.outbox, task->work.db, task->fault);
    if (o != OK) {
        return o;
    }
    o = tx_commit(&task->tx, task->fault);
    if (o == OK && has_said) {
        runtime_wake_relay(task->work.runtime);
    }
    return o;
}

void task_end(struct task *task)
{
    tx_end(&task->tx);
    arena_done(&task->arena);
    rows_free(task->work.rows);
    outbox_free(task->work.outbox);
    *task = (struct task){0};
}
