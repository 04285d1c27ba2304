/* SPDX-License-Identifier: Apache-2.0 */
#include "consumers/batch.h"

#include "consumers/dead_letter.h"
#include "consumers/inbox_sql.h"
#include "core/clock.h"
#include "core/crash.h"
#include "core/log.h"

#include <stdlib.h>
#include <string.h>

enum {
    CONFLICTS_MAX = 5, /* runs of the same batch after lost races, before somebody is blamed */
    CONFLICT_PAUSE_MS = 20,
};

void batch_init(struct batch *batch, struct runtime *runtime, size_t room)
{
    *batch = (struct batch){
        .runtime = runtime,
        .contract = runtime->service->contract,
        .rows = rows_new(),
        .outbox = outbox_new(),
        .order = xcalloc(room, sizeof(void *)),
        .events = xcalloc(room, sizeof(void *)),
        .room = room,
        .header_max_bytes = BROKER_FRAME_MAX / 2,
    };
    if (runtime->service->recorder != NULL) {
        batch->recorder = runtime->service->recorder->open(runtime);
        batch->raw = xcalloc(room, sizeof batch->raw[0]);
    }
}

void batch_done(struct batch *batch)
{
    rows_free(batch->rows);
    outbox_free(batch->outbox);
    arena_done(&batch->arena);
    db_array_done(&batch->ids);
    free(batch->order);
    free(batch->events);
    if (batch->recorder != NULL) {
        batch->runtime->service->recorder->close(batch->recorder);
    }
    free(batch->raw);
}

/* The messages that one attempt is about. */
struct span {
    struct incoming *items;
    size_t count;
};

static int compare_ids(const void *a, const void *b)
{
    const struct incoming *const *left = a;
    const struct incoming *const *right = b;
    int order = ids_compare(&(*left)->envelope.id, &(*right)->envelope.id);
    return order != 0 ? order : (*left > *right) - (*left < *right);
}

/* Sorts the first `count` of `order` and makes their ids the parameter. */
static void sort_ids(struct batch *batch, size_t count)
{
    qsort(batch->order, count, sizeof(void *), compare_ids);
    db_array_init(&batch->ids, DB_UUID);
    for (size_t i = 0; i < count; i++) {
        db_array_uuid(&batch->ids, &batch->order[i]->envelope.id);
    }
}

/* Marks as fresh what the database returned. Twins within the batch: the first one is it. */
static enum outcome claim(struct batch *batch, struct span span, struct fault *fault)
{
    size_t open = 0;
    for (size_t i = 0; i < span.count; i++) {
        span.items[i].is_fresh = false;
        if (span.items[i].fate == FATE_OPEN) {
            batch->order[open++] = &span.items[i];
        }
    }
    if (open == 0) {
        return OK;
    }
    sort_ids(batch, open);
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o =
        db_run(batch->db, &sql_inbox_claim, DB_PARAMS(db_array(&batch->ids)), &rows, fault);
    if (o != OK) {
        return o;
    }
    /* The ids come back in the order in which they went in; nothing promises it, so the search
     * wraps around. */
    size_t at = 0;
    for (int row = 0; row < db_rows_count(rows); row++) {
        struct uuid id = db_get_uuid(rows, row, 0);
        size_t tried = 0;
        while (tried < open && !ids_equal(&batch->order[at]->envelope.id, &id)) {
            at = (at + 1) % open;
            tried++;
        }
        while (at > 0 && ids_equal(&batch->order[at - 1]->envelope.id, &id)) {
            at--;
        }
        batch->order[at]->is_fresh = tried < open;
    }
    return OK;
}

static struct work work_of(struct batch *batch, const struct incoming *in, int64_t now_ms,
                           struct fault *fault)
{
    return (struct work){
        .db = batch->db,
        .cause = in != NULL ? &in->envelope : NULL,
        .fault = fault,
        .arena = &batch->arena,
        .rows = batch->rows,
        .outbox = batch->outbox,
        .runtime = batch->runtime,
        .tag = in != NULL ? (int)(in - batch->items) : FAULT_NOBODY,
        .now_ms = now_ms,
    };
}

/* One set-based statement per kind of event that is in the batch. */
static enum outcome load(struct batch *batch, struct span span, int64_t now_ms, struct fault *fault)
{
    for (size_t r = 0; r < batch->contract->receive_count; r++) {
        const struct receive *receive = &batch->contract->receives[r];
        if (receive->load == NULL) {
            continue;
        }
        size_t count = 0;
        for (size_t i = 0; i < span.count; i++) {
            if (span.items[i].is_fresh && span.items[i].receive == receive) {
                batch->events[count++] = span.items[i].event;
            }
        }
        if (count > 0) {
            struct work work = work_of(batch, NULL, now_ms, fault);
            enum outcome o = receive->load(&work, batch->events, count);
            if (o != OK) {
                return o;
            }
        }
    }
    return OK;
}

static enum outcome handle(struct batch *batch, struct span span, int64_t now_ms,
                           struct fault *fault)
{
    for (size_t i = 0; i < span.count; i++) {
        struct incoming *in = &span.items[i];
        if (!in->is_fresh) {
            continue;
        }
        log_bind(&in->envelope);
        struct work work = work_of(batch, in, now_ms, fault);
        fault->text[0] = '\0';
        enum outcome o = in->receive->on(&work, in->event);
        log_unbind();
        if (o != OK) {
            if (fault->text[0] == '\0') {
                o = fault_set(fault, o, "the handler of %s said %s", in->receive->message->name,
                              outcome_name(o));
            }
            fault->outcome = o;
            if (fault->culprit ==
                FAULT_NOBODY) { /* else it read, and learned what an earlier one had queued */
                fault->culprit = work.tag;
            }
            return o;
        }
    }
    return OK;
}

/* All fresh ones at once. Who fails is named by the recorder or found by halving the batch. */
static enum outcome record(struct batch *batch, struct span span, int64_t now_ms,
                           struct fault *fault)
{
    size_t count = 0;
    for (size_t i = 0; i < span.count; i++) {
        const struct incoming *in = &span.items[i];
        if (in->is_fresh) {
            batch->raw[count++] = (struct raw_message){
                .message = in->receive->message,
                .envelope = &in->envelope,
                .properties = in->properties.raw,
                .properties_length = in->properties.raw_length,
                .event = in->event,
                .tag = (int)(in - batch->items),
            };
        }
    }
    if (count == 0) {
        return OK;
    }
    struct work work = work_of(batch, NULL, now_ms, fault);
    return batch->runtime->service->recorder->record(batch->recorder, &work, batch->raw, count);
}

/* Exponential, capped; the second half of the delay is random, so that what failed together does
 * not return together. */
static int64_t retry_delay_ms(const struct retry_policy *policy, int attempts)
{
    int64_t delay = policy->base_ms;
    for (int i = 1; i < attempts && delay < policy->max_ms; i++) {
        delay *= 2;
    }
    if (delay > policy->max_ms) {
        delay = policy->max_ms;
    }
    struct uuid random = ids_new();
    uint32_t dice = (uint32_t)random.bytes[12] << 8 | random.bytes[13];
    return delay / 2 + (int64_t)(dice % 1024) * (delay / 2) / 1024;
}

static enum outcome park(struct batch *batch, struct incoming *in, struct fault *fault)
{
    const char *queue = batch->contract->service;
    int64_t delay_ms = retry_delay_ms(&in->policy, in->attempts);
    const char *reason = incoming_clean_text(&batch->arena, in->reason);
    if (in->is_retry) {
        return db_queue(batch->db, &sql_retry_again,
                        DB_PARAMS(db_uuid(&in->envelope.id), db_text(queue), db_i32(in->attempts),
                                  db_i64(delay_ms), db_text(reason)),
                        DB_ANY_ROWS, FAULT_NOBODY, fault);
    }
    return db_queue(batch->db, &sql_retry_park,
                    DB_PARAMS(db_uuid(&in->envelope.id), db_text(queue),
                              db_text(incoming_clean_text(&batch->arena, in->envelope.type)),
                              db_i32(in->attempts), db_i64(delay_ms), db_text(reason),
                              db_text(incoming_clean_text(&batch->arena, in->exchange)),
                              db_text(incoming_clean_text(&batch->arena, in->routing_key)),
                              db_bytes(in->properties.raw, in->properties.raw_length),
                              db_bytes(in->body, in->body_length)),
                    DB_ANY_ROWS, FAULT_NOBODY, fault);
}

/* `rows` are ids in their order. */
static bool has_id(const struct db_rows *rows, const struct uuid *id)
{
    int first = 0;
    int end = db_rows_count(rows);
    while (first < end) {
        int middle = first + (end - first) / 2;
        struct uuid found = db_get_uuid(rows, middle, 0);
        int order = ids_compare(id, &found);
        if (order == 0) {
            return true;
        }
        *(order < 0 ? &end : &first) = order < 0 ? middle : middle + 1;
    }
    return false;
}

/*
 * A message that died may come again, as every message may, and at the same time to another worker:
 * its letter is said once. Not what came through the default exchange: a letter that the operator
 * has given back may die again, and is a new letter then. Without an id nobody can tell.
 */
static enum outcome find_said(struct batch *batch, struct span span, struct fault *fault)
{
    size_t dead = 0;
    for (size_t i = 0; i < span.count; i++) {
        struct incoming *in = &span.items[i];
        in->is_said = false;
        if (in->fate == FATE_DEAD && in->exchange[0] != '\0' && !ids_is_nil(&in->envelope.id)) {
            batch->order[dead++] = in;
        }
    }
    if (dead == 0) {
        return OK;
    }
    sort_ids(batch, dead);
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = db_queue(batch->db, &sql_dead_letter_lock, DB_PARAMS(db_array(&batch->ids)),
                              DB_ANY_ROWS, FAULT_NOBODY, fault);
    if (o == OK) {
        o = db_run(batch->db, &sql_dead_letter_find,
                   DB_PARAMS(db_text(batch->contract->service), db_array(&batch->ids)), &rows,
                   fault);
    }
    if (o != OK) {
        return o;
    }
    for (size_t i = 0; i < dead; i++) {
        const struct uuid *id = &batch->order[i]->envelope.id;
        bool is_twin = i > 0 && ids_equal(&batch->order[i - 1]->envelope.id, id);
        batch->order[i]->is_said = is_twin || has_id(rows, id);
    }
    return OK;
}

static enum outcome put_aside(struct batch *batch, struct span span, int64_t now_ms,
                              struct fault *fault)
{
    enum outcome found = find_said(batch, span, fault);
    if (found != OK) {
        return found;
    }
    for (size_t i = 0; i < span.count; i++) {
        struct incoming *in = &span.items[i];
        enum outcome o = OK;
        if (in->fate == FATE_PARK) {
            o = park(batch, in, fault);
        } else if (in->fate == FATE_DEAD && !in->is_said) {
            o = dead_letter_add(batch->outbox, batch->contract->service, in, now_ms,
                                batch->header_max_bytes, &batch->arena, fault);
        }
        if (o != OK) {
            return o;
        }
    }
    return OK;
}

/* What may have a row in `retry` that must go. What was parked and is handled on a redelivery keeps
 * it: when it is due, it falls away as a duplicate. */
static bool leaves_retry(const struct incoming *in)
{
    return in->fate == FATE_DEAD || (in->is_retry && in->fate == FATE_OPEN);
}

/* Takes out of `retry` and `suspect` what this transaction settles. */
static enum outcome clear_marks(struct batch *batch, struct span span, struct fault *fault)
{
    db_array_init(&batch->ids, DB_UUID);
    for (size_t i = 0; i < span.count; i++) {
        struct incoming *in = &span.items[i];
        if (leaves_retry(in)) {
            db_array_uuid(&batch->ids, &in->envelope.id);
        }
        if (in->is_suspect && in->fate != FATE_DONE) {
            enum outcome o =
                db_queue(batch->db, &sql_suspect_end, DB_PARAMS(db_uuid(&in->envelope.id)),
                         DB_ANY_ROWS, FAULT_NOBODY, fault);
            if (o != OK) {
                return o;
            }
        }
    }
    if (batch->ids.count == 0) {
        return OK;
    }
    return db_queue(batch->db, &sql_retry_done,
                    DB_PARAMS(db_text(batch->contract->service), db_array(&batch->ids)),
                    DB_ANY_ROWS, FAULT_NOBODY, fault);
}

static enum outcome attempt(struct batch *batch, struct span span, struct fault *fault)
{
    int64_t now_ms = clock_now_ms();
    rows_clear(batch->rows);
    outbox_clear(batch->outbox);
    arena_reset(&batch->arena);

    AUTO(tx_end) struct tx tx = {0};
    enum outcome o = tx_begin(batch->db, &tx, fault);
    if (o == OK) {
        o = claim(batch, span, fault);
    }
    crash_point("consumer-after-claim");
    if (o == OK && batch->recorder != NULL) {
        o = record(batch, span, now_ms, fault);
    } else if (o == OK) {
        o = load(batch, span, now_ms, fault);
        o = o == OK ? handle(batch, span, now_ms, fault) : o;
    }
    if (o == OK) {
        o = put_aside(batch, span, now_ms, fault);
    }
    if (o == OK) {
        o = clear_marks(batch, span, fault);
    }
    if (o == OK) {
        o = outbox_flush(batch->outbox, batch->db, fault);
    }
    crash_point("consumer-before-commit");
    return o == OK ? tx_commit(&tx, fault) : o;
}

static void report(struct batch *batch, struct span span)
{
    struct service_counters *counters = &batch->runtime->counters;
    for (size_t i = 0; i < span.count; i++) {
        struct incoming *in = &span.items[i];
        log_bind(&in->envelope);
        switch (in->fate) {
        case FATE_OPEN:
            *(in->is_fresh ? &counters->handled : &counters->duplicates) += 1;
            break;
        case FATE_PARK:
            counters->retried++;
            log_warn("retry.scheduled", LOG_TEXT("type", in->envelope.type),
                     LOG_INT("attempt", in->attempts), LOG_TEXT("reason", in->reason));
            break;
        case FATE_DEAD:
            if (in->is_said) {
                counters->duplicates++;
                log_debug("dead-letter.repeated", LOG_TEXT("reason", in->reason));
                break;
            }
            counters->dead_lettered++;
            log_error("dead-letter.written", LOG_TEXT("type", in->envelope.type),
                      LOG_TEXT("class", in->failure_class), LOG_TEXT("reason", in->reason));
            break;
        case FATE_DONE:
            break;
        }
        in->fate = FATE_DONE;
        log_unbind();
    }
    counters->batches++;
}

/* The one who is named, or who stands alone (FAULT_TOGETHER names nobody). NULL: nobody can be
 * blamed yet. */
static struct incoming *find_culprit(struct batch *batch, struct span span,
                                     const struct fault *fault)
{
    for (size_t i = 0; i < span.count; i++) {
        struct incoming *in = &span.items[i];
        if (in->fate == FATE_OPEN && (in - batch->items == fault->culprit || span.count == 1)) {
            return in;
        }
    }
    return NULL;
}

static enum outcome settle(struct batch *batch, struct span span, struct fault *fault)
{
    int conflicts = 0;
    for (;;) {
        *fault = (struct fault){.culprit = FAULT_NOBODY};
        enum outcome o = attempt(batch, span, fault);
        if (o == OK) {
            report(batch, span);
            return OK;
        }
        if (o == LOST || o == FATAL) {
            return o;
        }
        if (fault->is_conflict && conflicts < CONFLICTS_MAX) {
            conflicts++;
            log_debug("batch.conflict", LOG_INT("run", conflicts), LOG_TEXT("reason", fault->text));
            (void)runtime_sleep(batch->runtime, (int64_t)CONFLICT_PAUSE_MS * conflicts * conflicts);
            continue;
        }
        struct incoming *culprit = find_culprit(batch, span, fault);
        if (culprit != NULL) {
            incoming_set_aside(culprit, fault);
            conflicts = 0;
            continue;
        }
        size_t half = span.count / 2;
        if (half == 0) {
            /* It is the database that cannot take it now, or we that write what it never takes. */
            return fault_wrap(fault, o == RETRY ? LOST : FATAL,
                              "a message can be neither handled, parked nor dead-lettered");
        }
        o = settle(batch, (struct span){span.items, half}, fault);
        return o == OK ? settle(batch, (struct span){span.items + half, span.count - half}, fault)
                       : o;
    }
}

enum outcome batch_run(struct batch *batch, struct incoming *items, size_t count,
                       struct fault *fault)
{
    batch->items = items;
    enum outcome o = count > 0 ? settle(batch, (struct span){items, count}, fault) : OK;
    if (o == OK) {
        runtime_wake_relay(batch->runtime);
    }
    return o;
}
