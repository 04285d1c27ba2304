/* SPDX-License-Identifier: Apache-2.0 */
#include "consumers/incoming.h"
#include "core/clock.h"
#include "core/service.h"
#include "count_step.h"
#include "publishers/work.h"
#include "wire.h"

#include <stdlib.h>

/*
 * The same loop without a database: consume, decode, encode, publish with all headers, wait for the
 * confirm, ack. What a careful program does that may lose its state and say everything twice: the
 * measure for the hop.
 */

enum { PREFETCH_BATCHES = 3, IDLE_MS = 100 }; /* as the consumer's */

struct plain {
    struct runtime *runtime;
    struct broker *in, *out;
    struct listener listener;
    size_t batch, window;
    struct delivery *deliveries;
    struct arena arena;
    struct buffer body, scratch;
    /* Delivery tags and verdicts by confirm number: a ring of `room`, a power of two. */
    struct pending {
        uint64_t tag;
        bool is_confirmed;
    } * ring;
    size_t room;
    uint64_t oldest, next; /* confirm numbers in flight */
};

enum outcome on_step_taken(struct work *work, const struct step_taken *event)
{
    (void)event;
    return fault_set(work->fault, FATAL, "the loop without a database runs no handlers");
}

static struct pending *pending_at(struct plain *plain, uint64_t number)
{
    return &plain->ring[number & (plain->room - 1)];
}

static void on_verdict(void *context, uint64_t number, enum verdict verdict, const char *reason)
{
    struct plain *plain = context;
    (void)reason;
    if (verdict == VERDICT_CONFIRMED) {
        pending_at(plain, number)->is_confirmed = true;
        plain->runtime->counters.confirmed++;
    }
}

/* Acks what has been confirmed without a gap. */
static enum outcome ack_confirmed(struct plain *plain, struct fault *fault)
{
    uint64_t tag = 0;
    while (plain->oldest < plain->next && pending_at(plain, plain->oldest)->is_confirmed) {
        tag = pending_at(plain, plain->oldest++)->tag;
    }
    return tag != 0 ? broker_ack(plain->in, tag, true, fault) : OK;
}

static enum outcome await_room(struct plain *plain, struct fault *fault)
{
    enum outcome o = OK;
    while (o == OK && broker_unconfirmed(plain->out) >= plain->window &&
           !runtime_is_stopping(plain->runtime)) {
        o = broker_wait(plain->out, plain->runtime->stop_fd, IDLE_MS, fault);
        if (o == OK) {
            o = ack_confirmed(plain, fault);
        }
    }
    return o;
}

static enum outcome answer(struct plain *plain, const struct incoming *in, int64_t now_ms,
                           struct fault *fault)
{
    const struct step_counted counted = count_step(in->event, 1, 12000, now_ms);
    char subject[UUID_TEXT_BYTES];
    buffer_clear(&plain->body);
    enum outcome o = codec_encode(hop_contract.sends[0]->shape, &counted, &plain->body, fault);
    if (o != OK) {
        return o;
    }
    const struct envelope envelope = {
        .id = ids_new(),
        .subject = ids_format(&counted.account_id, subject),
        .correlation_id = in->envelope.correlation_id,
        .causation_id = in->envelope.id,
        .sequence = 1,
        .time_ms = now_ms,
        .traceparent = in->envelope.traceparent,
        .body = plain->body.bytes,
        .body_length = plain->body.length,
    };
    uint64_t number = 0;
    return wire_publish(plain->out, hop_contract.sends[0], &envelope, &plain->scratch, &number,
                        fault);
}

static enum outcome pass_on(struct plain *plain, const struct delivery *delivery, int64_t now_ms,
                            struct fault *fault)
{
    struct incoming in = {
        .exchange = delivery->exchange,
        .routing_key = delivery->routing_key,
        .properties = delivery->properties,
        .body = delivery->body,
        .body_length = delivery->body_length,
    };
    incoming_identify(&in, &plain->listener, &plain->arena, now_ms);
    if (in.fate == FATE_OPEN) {
        incoming_decode(&in, &plain->arena);
    }
    if (in.fate != FATE_OPEN) {
        return fault_set(fault, FATAL, "%s", in.reason);
    }
    enum outcome o = await_room(plain, fault);
    if (o == OK) {
        *pending_at(plain, plain->next++) = (struct pending){.tag = delivery->tag};
        o = answer(plain, &in, now_ms, fault);
    }
    return o;
}

static enum outcome wait_for_work(struct plain *plain, struct fault *fault)
{
    return broker_ready(plain->in) == 0
               ? broker_wait(plain->out, broker_socket(plain->in), IDLE_MS, fault)
               : broker_tick(plain->out, fault);
}

static enum outcome loop_once(struct plain *plain, struct fault *fault)
{
    enum outcome o = wait_for_work(plain, fault);
    size_t count = 0;
    if (o == OK) {
        o = ack_confirmed(plain, fault);
    }
    if (o == OK) {
        o = broker_take(plain->in, plain->deliveries, plain->batch, 0, &count, fault);
    }
    int64_t now_ms = clock_now_ms();
    plain->runtime->counters.consumed += count;
    for (size_t i = 0; o == OK && i < count; i++) {
        o = pass_on(plain, &plain->deliveries[i], now_ms, fault);
    }
    broker_release(plain->in);
    arena_reset(&plain->arena);
    return o == OK ? broker_tick(plain->out, fault) : o;
}

static enum outcome connect_both(struct plain *plain, struct fault *fault)
{
    const struct broker_options options = {.url = plain->runtime->config->amqp_url,
                                           .name = "plain"};
    enum outcome o = broker_open(&options, &plain->out, fault);
    if (o == OK) {
        broker_on_verdict(plain->out, on_verdict, plain);
        o = broker_confirm_select(plain->out, fault);
    }
    if (o == OK) {
        o = broker_open(&options, &plain->in, fault);
    }
    return o == OK ? broker_consume(plain->in, "hop", (int)plain->batch * PREFETCH_BATCHES, fault)
                   : o;
}

static enum outcome plain_run(struct runtime *runtime, int index, struct fault *fault)
{
    struct links *links = &runtime->counters.links;
    struct plain plain = {
        .runtime = runtime,
        .listener = {.contract = &hop_contract},
        .batch = (size_t)runtime->config->batch,
        .window = (size_t)(runtime->config->relay_window / runtime->config->workers),
        .room = 16384, /* above the largest window */
        .oldest = 1,
        .next = 1,
    };
    plain.deliveries = xcalloc(plain.batch, sizeof *plain.deliveries);
    plain.ring = xcalloc(plain.room, sizeof *plain.ring);
    enum outcome o = connect_both(&plain, fault);
    link_set(links, SEAT_WORKER + index, LINK_BROKER, o == OK ? LINK_UP : LINK_DOWN);
    link_set(links, SEAT_WORKER + index, LINK_DATABASE, LINK_UP); /* it needs none */
    while (o == OK && !runtime_is_stopping(runtime)) {
        o = loop_once(&plain, fault);
    }
    broker_close(plain.in);
    broker_close(plain.out);
    buffer_done(&plain.body);
    buffer_done(&plain.scratch);
    arena_done(&plain.arena);
    free(plain.deliveries);
    free(plain.ring);
    return o;
}

static int worker_count(const struct runtime *runtime)
{
    return (int)runtime->config->workers;
}

static const struct part plain_part = {
    .name = "worker", .count = worker_count, .seat = SEAT_WORKER, .run = plain_run};
static const struct part *const parts[] = {&plain_part, NULL};

static const struct service plain_service = {
    .name = "hop",
    .summary = "counts steps without a database, for the benchmark",
    .contract = &hop_contract,
    .parts = parts,
};

int main(int argc, char **argv)
{
    return service_main(argc, argv, &plain_service);
}
