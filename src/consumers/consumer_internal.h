/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONSUMERS_CONSUMER_INTERNAL_H
#define CONSUMERS_CONSUMER_INTERNAL_H

#include "consumers/batch.h"
#include "core/backoff.h"
#include "core/db.h"
#include "core/service.h"

/* What the files of the consumer share; nobody else includes this. */

/* One worker. */
struct consumer {
    struct runtime *runtime;
    int index;
    char name[64];
    struct db *db;
    struct broker *broker;
    int64_t broker_since_ms; /* monotonic, when it was connected */
    /* From the first failure of the database to the next commit; a connection proves nothing where
     * the disk is full. */
    int64_t outage_since_ms; /* monotonic; 0 = none */
    struct backoff outage_backoff;
    struct batch batch;
    struct listener listener;
    int64_t oldest_read_ms; /* monotonic, when listener.oldest_ms was asked for */
    int64_t retry_poll_ms;  /* monotonic, when to look at `retry` next; worker 0 only */
    size_t batch_size;
    struct delivery *deliveries;
    struct incoming *items;
    struct arena arena; /* decoded events of the batch */
    /* While the projection is being rebuilt (rebuild.c); `db` is the shadow's while it is worked
     * on.
     */
    bool is_rebuilding;
    int64_t mark_poll_ms; /* monotonic, when to look for the mark next */
    struct db *shadow;
    char shadow_name[64];
};

/* Runs the first `count` of its items through outages of the database. */
enum outcome consumer_run_all(struct consumer *c, size_t count, struct fault *fault);
/* From when on the inbox of `db` can tell; asked rarely, or at once with oldest_read_ms = 0. */
enum outcome consumer_read_oldest(struct consumer *c, struct fault *fault);
/* Worker 0 looks after `retry` of `db`. */
enum outcome consumer_poll_retries(struct consumer *c, struct fault *fault);

/*
 * A projection is rebuilt by `quadrille replay rebuild`: a mark in the service's database says so
 * and names the database that will take its place. Until the mark is gone nothing is taken from the
 * queue, and one worker runs what is in the feed there.
 */
/* Looks for the mark when it is due, or at once with mark_poll_ms = 0; sets is_rebuilding. */
enum outcome rebuild_look(struct consumer *c, struct fault *fault);
/* Some of the feed, or a while of waiting. */
enum outcome rebuild_some(struct consumer *c, struct fault *fault);
/* Closes the shadow. */
void rebuild_leave(struct consumer *c);

#endif
