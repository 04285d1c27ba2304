/* SPDX-License-Identifier: Apache-2.0 */
#include "consumers/consumer.h"

#include "consumers/consumer_internal.h"
#include "consumers/inbox_sql.h"
#include "consumers/quarantine.h"
#include "core/clock.h"
#include "core/crash.h"
#include "core/log.h"

#include <stdlib.h>
#include <string.h>

enum {
    PREFETCH_BATCHES = 3, /* one at work, one waiting, one on its way */
    PREFETCH_MAX = 2000,  /* a quorum queue's own default */
    IDLE_WAIT_MS = 1000,
    RETRY_POLL_IDLE_MS = 1000, /* another process may have parked something */
    RETRY_POLL_MIN_MS = 20,
    RETRY_LEASE_MS = 60 * 1000,
    OLDEST_EVERY_MS = 10 * 60 * 1000,
    STEADY_MS = 10 * 1000,          /* a connection that has lasted so long is a good one */
    OUTAGE_MAX_MS = 20 * 60 * 1000, /* the broker closes the channel itself after 30 minutes */
    SUSPECT_TRIES = 3,
    QUARANTINE_POLL_MS = 5,
    FRAME_SPARE_BYTES =
        512, /* of a content header's frame: its own words and what the broker adds */
};

static void tell(struct consumer *c, enum link_server server, bool is_up)
{
    link_set(&c->runtime->counters.links, SEAT_WORKER + c->index, server,
             is_up ? LINK_UP : LINK_DOWN);
}

static enum outcome open_db(struct consumer *c, struct fault *fault)
{
    if (c->db == NULL) {
        const struct db_options options = {.url = c->runtime->config->database_url,
                                           .name = c->name,
                                           /* Else `id = ANY ($1)` is planned anew for every batch:
                                              0.1 ms each time, for the same plan. */
                                           .settings =
                                               "-c jit=off -c plan_cache_mode=force_generic_plan"};
        return db_open(&options, &c->db, fault);
    }
    return db_is_lost(c->db) ? db_reopen(c->db, fault) : OK;
}

static void close_broker(struct consumer *c)
{
    if (c->db != NULL) {
        db_set_companion(c->db, NULL);
    }
    broker_close(take(c->broker));
    c->outage_since_ms = 0; /* its messages are given back, and their time begins anew */
    tell(c, LINK_BROKER, false);
}

static enum outcome open_broker(struct consumer *c, struct fault *fault)
{
    const struct broker_options options = {.url = c->runtime->config->amqp_url,
                                           .name = c->name,
                                           .heartbeat_s = (int)c->runtime->config->heartbeat_s,
                                           .tls = service_tls(c->runtime->config)};
    enum outcome o = broker_open(&options, &c->broker, fault);
    if (o != OK) {
        return o;
    }
    c->broker_since_ms = clock_monotonic_ms();
    struct companion companion = broker_companion(c->broker);
    db_set_companion(c->db, &companion);
    c->batch.header_max_bytes = broker_frame_max(c->broker) - FRAME_SPARE_BYTES;

    size_t prefetch = c->batch_size * PREFETCH_BATCHES;
    if (c->is_rebuilding) {
        tell(c, LINK_BROKER, true);
        return OK; /* everything waits in the queue */
    }
    o = broker_consume(c->broker, c->runtime->service->contract->service,
                       (int)(prefetch < PREFETCH_MAX ? prefetch : PREFETCH_MAX), fault);
    tell(c, LINK_BROKER, o == OK);
    return o;
}

enum outcome consumer_read_oldest(struct consumer *c, struct fault *fault)
{
    int64_t now = clock_monotonic_ms();
    if (c->oldest_read_ms != 0 && now - c->oldest_read_ms < OLDEST_EVERY_MS) {
        return OK;
    }
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = db_run(c->db, &sql_inbox_oldest, DB_NO_PARAMS, &rows, fault);
    if (o == OK && (db_rows_count(rows) == 0 || db_is_null(rows, 0, 0))) {
        /* The upkeep makes them; it may only just have started. */
        return fault_set(fault, LOST, "the inbox has no partition of today yet");
    }
    if (o == OK) {
        c->listener.oldest_ms = db_get_time(rows, 0, 0);
        c->oldest_read_ms = now;
    }
    return o;
}

/* It has done what we asked for. */
static void end_outage(struct consumer *c)
{
    if (c->outage_since_ms != 0) {
        tell(c, LINK_DATABASE, true);
        log_info("database.back", LOG_INT("after_ms", clock_monotonic_ms() - c->outage_since_ms));
        c->outage_since_ms = 0;
    }
    c->outage_backoff = (struct backoff){0};
}

/*
 * The database is gone in the middle of a batch: the broker connection and its messages are kept,
 * nothing more is read than the prefetch allows, and the batch is run again when it can be reached.
 * OK: try again. LOST: start afresh.
 */
static enum outcome await_db(struct consumer *c, struct fault *fault)
{
    if (c->is_rebuilding) {
        return LOST; /* the shadow may be gone for good: what was taken is still in its feed */
    }
    tell(c, LINK_DATABASE, false);
    if (c->outage_since_ms == 0) {
        c->outage_since_ms = clock_monotonic_ms();
        log_warn("database.lost", LOG_TEXT("reason", fault->text),
                 LOG_TEXT("instead", "keeping the batch and probing"));
    }
    while (!runtime_is_stopping(c->runtime)) {
        if (clock_monotonic_ms() - c->outage_since_ms > OUTAGE_MAX_MS) {
            return fault_set(fault, LOST, "database: away for %d minutes", OUTAGE_MAX_MS / 60000);
        }
        int64_t until = clock_monotonic_ms() + backoff_next(&c->outage_backoff);
        for (int64_t rest = 1; rest > 0 && !runtime_is_stopping(c->runtime);
             rest = until - clock_monotonic_ms()) {
            enum outcome o = broker_wait(c->broker, c->runtime->stop_fd, rest, fault);
            if (o != OK) {
                return o;
            }
        }
        if (!runtime_is_stopping(c->runtime) && db_reopen(c->db, fault) == OK) {
            return OK;
        }
    }
    return fault_set(fault, LOST, "stopping");
}

/* Runs the batch through outages of the database. */
static enum outcome run_items(struct consumer *c, struct incoming *items, size_t count,
                              struct fault *fault)
{
    for (;;) {
        c->batch.db = c->db;
        enum outcome o = batch_run(&c->batch, items, count, fault);
        if (o == OK) {
            end_outage(c);
        }
        if (o != LOST) {
            return o;
        }
        if (!db_is_lost(c->db)) {
            /* The server is going, or out of something: the session may still look alive. */
            log_debug("database.refused", LOG_TEXT("reason", fault->text));
        }
        o = await_db(c, fault);
        if (o != OK) {
            return o;
        }
    }
}

/* Commits that we are about to run it. A process that dies at it leaves its try behind. */
static enum outcome begin_suspect(struct consumer *c, struct incoming *in, struct fault *fault)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o =
        db_run(c->db, &sql_suspect_begin,
               DB_PARAMS(db_uuid(&in->envelope.id), db_uuid(&c->runtime->life)), &rows, fault);
    if (o != OK) {
        return o;
    }
    int64_t tries = db_get_i64(rows, 0, 0);
    in->is_suspect = true;
    if (tries > SUSPECT_TRIES) {
        in->fate = FATE_DEAD;
        in->failure_class = CLASS_CRASHED;
        (void)snprintf(in->reason, sizeof in->reason, "%d processes died while handling it",
                       SUSPECT_TRIES);
    }
    log_warn("suspect.alone", LOG_ID("event_id", &in->envelope.id), LOG_INT("try", tries));
    return OK;
}

/* Best effort, when it cannot be finished now: an orderly end is no death. */
static void put_down_suspect(struct consumer *c, const struct incoming *in)
{
    struct fault fault = {0};
    enum outcome o = db_is_lost(c->db) ? db_reopen(c->db, &fault) : OK;
    if (o == OK) {
        o = db_run(c->db, &sql_suspect_put_down,
                   DB_PARAMS(db_uuid(&in->envelope.id), db_uuid(&c->runtime->life)), NULL, &fault);
    }
    if (o != OK) {
        log_debug("suspect.kept", LOG_ID("event_id", &in->envelope.id),
                  LOG_TEXT("reason", fault.text));
    }
}

static enum outcome run_suspect(struct consumer *c, struct incoming *in, struct fault *fault)
{
    enum outcome o = begin_suspect(c, in, fault);
    while (o == LOST || o == RETRY) {
        o = await_db(c, fault);
        if (o != OK) {
            break;
        }
        o = begin_suspect(c, in, fault);
    }
    if (o == OK && in->fate == FATE_OPEN) {
        incoming_decode(in, &c->arena);
    }
    o = o == OK ? run_items(c, in, 1, fault) : o;
    if (o == LOST) {
        put_down_suspect(c, in);
    }
    return o;
}

/* At the door of the quarantine. LOST: the broker is gone, or it is time to stop. */
static enum outcome wait_outside(struct consumer *c, struct fault *fault)
{
    return runtime_is_stopping(c->runtime)
               ? fault_set(fault, LOST, "stopping")
               : broker_wait(c->broker, c->runtime->stop_fd, QUARANTINE_POLL_MS, fault);
}

static enum outcome run_together(struct consumer *c, struct incoming *items, size_t count,
                                 struct fault *fault)
{
    struct quarantine *quarantine = &c->runtime->quarantine;
    while (!quarantine_enter(quarantine)) {
        enum outcome o = wait_outside(c, fault);
        if (o != OK) {
            return o;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (items[i].fate == FATE_OPEN) {
            incoming_decode(&items[i], &c->arena);
        }
    }
    enum outcome o = run_items(c, items, count, fault);
    quarantine_leave(quarantine);
    return o;
}

static enum outcome run_suspects(struct consumer *c, struct incoming *items, size_t count,
                                 struct fault *fault)
{
    struct quarantine *quarantine = &c->runtime->quarantine;
    enum outcome o = OK;
    bool is_alone = false;
    quarantine_ask_alone(quarantine);
    while (o == OK && !is_alone) {
        is_alone = quarantine_enter_alone(quarantine);
        if (!is_alone) {
            o = wait_outside(c, fault);
        }
    }
    for (size_t i = 0; o == OK && i < count; i++) {
        o = run_suspect(c, &items[i], fault);
    }
    quarantine_leave_alone(quarantine, is_alone);
    return o;
}

/* Runs the ordinary ones together, then each suspect alone. Reorders `items`. */
enum outcome consumer_run_all(struct consumer *c, size_t count, struct fault *fault)
{
    size_t ordinary = 0;
    for (size_t i = 0; i < count; i++) {
        if (c->items[i].fate != FATE_OPEN || c->items[i].delivery_count < SUSPECT_DELIVERIES) {
            if (i != ordinary) {
                struct incoming swap = c->items[i];
                c->items[i] = c->items[ordinary];
                c->items[ordinary] = swap;
            }
            ordinary++;
        }
    }
    enum outcome o = ordinary > 0 ? run_together(c, c->items, ordinary, fault) : OK;
    if (o == OK && ordinary < count) {
        o = run_suspects(c, &c->items[ordinary], count - ordinary, fault);
    }
    return o;
}

static void receive_delivery(struct consumer *c, const struct delivery *delivery,
                             struct incoming *in, int64_t now_ms)
{
    *in = (struct incoming){
        .exchange = delivery->exchange,
        .routing_key = delivery->routing_key,
        .properties = delivery->properties,
        .body = delivery->body,
        .body_length = delivery->body_length,
        .body_sent = delivery->body_sent,
    };
    const struct header *count = properties_find(&delivery->properties, "x-delivery-count");
    in->delivery_count = count != NULL && count->is_number ? count->number : 0;
    incoming_identify(in, &c->listener, &c->arena, now_ms);
}

static enum outcome run_deliveries(struct consumer *c, size_t count, struct fault *fault)
{
    int64_t now_ms = clock_now_ms();
    uint64_t last_tag = 0;
    for (size_t i = 0; i < count; i++) {
        receive_delivery(c, &c->deliveries[i], &c->items[i], now_ms);
        last_tag = c->deliveries[i].tag;
    }
    c->runtime->counters.consumed += count;
    enum outcome o = consumer_run_all(c, count, fault);
    if (o == OK) {
        crash_point("consumer-after-commit");
        o = broker_ack(c->broker, last_tag, true, fault);
        crash_point("consumer-after-ack");
    }
    return o;
}

static enum outcome read_retry(struct consumer *c, const struct db_rows *rows, int row,
                               struct incoming *in, int64_t now_ms, struct fault *fault)
{
    struct uuid id = db_get_uuid(rows, row, 0);
    *in = (struct incoming){
        .is_retry = true,
        .attempts = (int)db_get_i64(rows, row, 1),
        /* A lease that ended without an outcome means that a process died near it. */
        .delivery_count = db_get_i64(rows, row, 2) > 1 ? SUSPECT_DELIVERIES : 0,
        .first_failed_ms = db_get_time(rows, row, 3),
        .exchange = db_get_text(rows, row, 4),
        .routing_key = db_get_text(rows, row, 5),
        .body = db_get_text(rows, row, 7),
        .body_length = db_get_length(rows, row, 7),
    };
    enum outcome o = broker_properties_decode(
        db_get_text(rows, row, 6), db_get_length(rows, row, 6), &c->arena, &in->properties, fault);
    if (o == OK) {
        incoming_identify(in, &c->listener, &c->arena, now_ms);
        in->envelope.id = id;
    }
    return o;
}

static enum outcome run_retries(struct consumer *c, struct fault *fault)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = db_run(c->db, &sql_retry_take,
                            DB_PARAMS(db_text(c->batch.contract->service),
                                      db_i32((int32_t)c->batch_size), db_i64(RETRY_LEASE_MS)),
                            &rows, fault);
    int count = db_rows_count(rows);
    int64_t now_ms = clock_now_ms();
    for (int row = 0; o == OK && row < count; row++) {
        o = read_retry(c, rows, row, &c->items[row], now_ms, fault);
    }
    return o == OK ? consumer_run_all(c, (size_t)count, fault) : o;
}

/* Worker 0 looks after `retry`: as often as its rows come due, rarely when it is empty. */
enum outcome consumer_poll_retries(struct consumer *c, struct fault *fault)
{
    if (c->index != 0 || clock_monotonic_ms() < c->retry_poll_ms) {
        return OK;
    }
    enum outcome o = run_retries(c, fault);
    if (o != OK) {
        return o;
    }
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    o = db_run(c->db, &sql_retry_count, DB_PARAMS(db_text(c->batch.contract->service)), &rows,
               fault);
    if (o != OK) {
        return o;
    }
    c->runtime->counters.retries_parked = db_get_i64(rows, 0, 0);
    int64_t until_due = db_is_null(rows, 0, 1) ? RETRY_POLL_IDLE_MS : db_get_i64(rows, 0, 1);
    if (until_due > RETRY_POLL_IDLE_MS) {
        until_due = RETRY_POLL_IDLE_MS;
    }
    c->retry_poll_ms =
        clock_monotonic_ms() + (until_due > RETRY_POLL_MIN_MS ? until_due : RETRY_POLL_MIN_MS);
    return OK;
}

static int64_t idle_ms(const struct consumer *c)
{
    if (c->index != 0) {
        return IDLE_WAIT_MS;
    }
    int64_t ms = c->retry_poll_ms - clock_monotonic_ms();
    return ms < 0 ? 0 : ms < IDLE_WAIT_MS ? ms : IDLE_WAIT_MS;
}

static enum outcome take_some(struct consumer *c, struct fault *fault)
{
    enum outcome o = OK;
    if (broker_ready(c->broker) == 0) {
        o = broker_wait(c->broker, c->runtime->stop_fd, idle_ms(c), fault);
    }
    size_t count = 0;
    if (o == OK) {
        o = broker_take(c->broker, c->deliveries, c->batch_size, 0, &count, fault);
    }
    return o == OK && count > 0 ? run_deliveries(c, count, fault) : o;
}

/* The other way of consuming begins, or ends: with a new connection. */
static enum outcome change_over(struct consumer *c)
{
    log_info(c->is_rebuilding ? "rebuild.begun" : "rebuild.over",
             LOG_TEXT("shadow", c->shadow_name));
    rebuild_leave(c);
    c->oldest_read_ms = 0;
    close_broker(c);
    return OK;
}

static enum outcome consume_once(struct consumer *c, struct fault *fault)
{
    bool was_rebuilding = c->is_rebuilding;
    enum outcome o = rebuild_look(c, fault);
    if (o == OK && c->is_rebuilding != was_rebuilding) {
        return change_over(c);
    }
    if (o == OK && c->is_rebuilding) {
        o = rebuild_some(c, fault);
        broker_release(c->broker);
        arena_reset(&c->arena);
        return o;
    }
    if (o == OK) {
        o = consumer_read_oldest(c, fault);
    }
    if (o == OK) {
        o = consumer_poll_retries(c, fault);
    }
    if (o == OK) {
        end_outage(c);
        o = take_some(c, fault);
    } else if (o != FATAL && !broker_is_lost(c->broker)) {
        o = await_db(c, fault);
    }
    broker_release(c->broker);
    arena_reset(&c->arena);
    return o;
}

/* The database first: consuming begins only when a probe has succeeded. What is lost later is the
 * loop's business. */
static enum outcome connect_all(struct consumer *c, struct fault *fault)
{
    if (c->broker != NULL) {
        return OK;
    }
    enum outcome o = open_db(c, fault);
    if (o == OK) {
        o = consumer_read_oldest(c, fault);
    }
    if (o == OK) {
        rebuild_leave(c);
        c->mark_poll_ms = 0;
        o = rebuild_look(c, fault);
    }
    if (o == OK && c->is_rebuilding) {
        c->oldest_read_ms = 0; /* the shadow has a longer memory */
    }
    tell(c, LINK_DATABASE, o == OK);
    return o == OK ? open_broker(c, fault) : o;
}

static enum outcome consume(struct consumer *c, struct fault *fault)
{
    struct backoff backoff = {0};
    while (!runtime_is_stopping(c->runtime)) {
        enum outcome o = connect_all(c, fault);
        if (o == OK) {
            o = consume_once(c, fault);
        }
        if (o == FATAL) {
            return o;
        }
        if (o == OK) {
            continue;
        }
        if (c->broker != NULL && clock_monotonic_ms() - c->broker_since_ms > STEADY_MS) {
            backoff = (struct backoff){0};
        }
        close_broker(c);
        int64_t pause = backoff_next(&backoff);
        log_warn("consumer.reconnecting", LOG_TEXT("reason", fault->text), LOG_INT("in_ms", pause));
        (void)runtime_sleep(c->runtime, pause);
    }
    return OK;
}

static enum outcome consumer_run(struct runtime *runtime, int index, struct fault *fault)
{
    struct consumer c = {
        .runtime = runtime,
        .index = index,
        .listener = {.contract = runtime->service->contract},
        .batch_size = (size_t)runtime->config->batch,
    };
    (void)snprintf(c.name, sizeof c.name, "%s worker-%d", runtime->service->name, index);
    c.deliveries = xcalloc(c.batch_size, sizeof *c.deliveries);
    c.items = xcalloc(c.batch_size, sizeof *c.items);
    batch_init(&c.batch, runtime, c.batch_size);

    enum outcome o = consume(&c, fault);

    close_broker(&c);
    rebuild_leave(&c);
    db_close(c.db);
    batch_done(&c.batch);
    arena_done(&c.arena);
    free(c.deliveries);
    free(c.items);
    return o;
}

static int worker_count(const struct runtime *runtime)
{
    return (int)runtime->config->workers;
}

const struct part consumer_part = {
    .name = "worker", .count = worker_count, .seat = SEAT_WORKER, .run = consumer_run};
