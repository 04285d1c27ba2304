/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONSUMERS_BATCH_H
#define CONSUMERS_BATCH_H

#include "consumers/incoming.h"
#include "core/db.h"
#include "core/service.h"
#include "publishers/work.h"

/*
 * A batch of messages through one transaction: claim, load, handle, park and dead-letter what
 * failed, commit. When it returns OK, every message in it is settled and committed, and may be
 * acked. On LOST call it again after a pause, once the database is back: whatever was committed
 * then falls away as a duplicate, dead letters included.
 */

struct batch {
    struct runtime *runtime;
    const struct contract *contract;
    struct db *db;
    struct incoming *items;
    /* Reused from batch to batch. */
    struct rows *rows;
    struct outbox *outbox;
    struct arena arena; /* of the running attempt */
    struct db_array ids;
    struct incoming **order; /* open items sorted by id */
    const void **events;     /* arguments of load_ */
    void *recorder;          /* the recorder's own, where the service has one */
    struct raw_message *raw; /* its arguments */
    size_t room;
    unsigned header_max_bytes; /* what a dead letter's properties may take */
};

void batch_init(struct batch *batch, struct runtime *runtime, size_t room);
void batch_done(struct batch *batch);

/* Settles items[0 … count). FATAL when the process cannot go on. */
enum outcome batch_run(struct batch *batch, struct incoming *items, size_t count,
                       struct fault *fault);

#endif
