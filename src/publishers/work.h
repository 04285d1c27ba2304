/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISHERS_WORK_H
#define PUBLISHERS_WORK_H

#include "core/contract.h"
#include "core/db.h"
#include "core/envelope.h"
#include "core/memory.h"
#include "core/outcome.h"
#include "publishers/outbox.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One unit of work: everything a handler may touch. Business rows, inbox row and outbox rows commit
 * together, and nothing else is in reach. A consumer batch has one per event; an HTTP command or a
 * timer has one for itself.
 */

struct work {
    struct db *db;                /* inside an open transaction */
    const struct envelope *cause; /* the event that led here; NULL for a request or a timer */
    struct uuid correlation_id;   /* for events said without a cause and without x-correlation */
    const char *traceparent;      /* for events said without a cause; may be NULL */
    struct fault *fault;
    struct arena *arena;     /* lives until the transaction ends */
    struct rows *rows;       /* shared by the batch: what load_ brought */
    struct outbox *outbox;   /* what has been said so far, written at the end */
    struct runtime *runtime; /* counters, configuration (runtime->own) */
    int tag;                 /* names this work when a queued statement fails */
    int64_t now_ms;          /* one instant for the whole batch */
};

/*
 * Says an event: checked against its contract now, written by outbox_flush. Correlation comes from
 * the message's x-correlation, else from the cause, else from work->correlation_id; causation from
 * the cause. REJECT when the event breaks its own contract. The generated publish_<event>() call
 * this.
 */
enum outcome work_publish(struct work *work, const struct message *message, const void *event);
/* The same, telling the id that the event got. */
enum outcome work_publish_as(struct work *work, const struct message *message, const void *event,
                             struct uuid *id);

/* db_queue with this work's tag and fault. */
enum outcome work_queue(struct work *work, const struct sql *sql, const struct db_param *params,
                        int count, int64_t expected_rows);

/*
 * Rows that load_ brought, by table and key. The handlers of one batch share them, so that the
 * second event of a story sees what the first one decided; a batch that is run again starts empty.
 * `table` is any fixed address.
 */
void *work_remember(struct work *work, const void *table, const struct uuid *key,
                    size_t size); /* zeroed, or the one there is */
void *work_recall(const struct work *work, const void *table,
                  const struct uuid *key); /* NULL when unknown */

struct rows *rows_new(void);
void rows_clear(struct rows *rows);
void rows_free(struct rows *rows);

/* A unit of work that is not a consumed event: BEGIN … work_end. For timers and provider workers;
 * HTTP has command.h. */
struct task {
    struct work work;
    struct tx tx;
    struct arena arena;
    struct fault *fault;
};
enum outcome task_begin(struct task *task, struct db *db, struct runtime *runtime,
                        struct fault *fault);
enum outcome task_commit(struct task *task); /* flushes the outbox, commits, wakes the relay */
void task_end(struct task *task);            /* rolls back unless committed; for AUTO */

#endif
