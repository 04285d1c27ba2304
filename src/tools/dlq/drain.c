/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/dlq/drain.h"

#include "core/clock.h"
#include "core/memory.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    TAKE = 256,
    WAIT_MS = 100,
    NONE_MS = 200,   /* nothing is ready, and nothing has come */
    STALL_MS = 5000, /* messages are ready, and none is given */
    /* RabbitMQ answers 0 when a quorum queue is too busy to tell its depth within 250 ms. */
    BUSY_MS = 200,
    ASK_MAX = 40,
    ACK_ROUNDS = 4,
    ACK_ROUND_MS = 50,
    CANCEL_MS = 30000, /* without any sign of it */
    /* Of 32 messages each, awaited together: the broker merges commands of one channel when more
     * than 32 are under way, and then their order is lost. */
    CHUNKS_AWAITED = 16,
    AWAIT_MS = 2000,
    AWAIT_RIVAL_MS = 20, /* somebody takes what is returned: the count tells nothing any more */
    PROGRESS_MS = 500,
    TICKET_SHIFT = 48, /* a ticket is the connection's index above the delivery tag */
};

/* What one connection holds. Tags count from 1; a bit is set while its message is held. */
struct hold {
    struct broker *broker;
    uint64_t *bits;
    size_t words;
    uint64_t last; /* the highest tag that has come */
    uint64_t low;  /* all below are settled */
    size_t held;
    /* Consumers follow each other on a connection. What one of them got lies behind the last tag of
     * the one before, and goes back in commands of its own. */
    uint64_t *ends;
    size_t end_count;
    size_t consumer_held;
    uint64_t *acks; /* decided, and not said yet */
    size_t ack_count, ack_room;
    bool is_consuming;
    size_t prefetch;
};

struct drain {
    struct drain_options options;
    struct drain_visitor visitor;
    struct drain_report *report;
    struct hold holds[DRAIN_CONNECTIONS_MAX];
    size_t count;           /* the last one is the one that takes */
    int64_t target, wanted; /* to be visited; to be taken */
    int64_t taken;
    bool has_enough; /* no more is shown */
    bool has_rival;
    int64_t started_ms, told_ms;
};

static volatile sig_atomic_t interrupts;

static void interrupt(int signal)
{
    (void)signal;
    if (interrupts < 2) {
        interrupts = interrupts + 1;
    }
}

void drain_catch_signals(void)
{
    const struct sigaction action = {.sa_handler = interrupt};
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

bool drain_is_interrupted(void)
{
    return interrupts > 0;
}

/* What is held */

/* The last tag of the consumers before this one. */
static uint64_t previous_end(const struct hold *hold)
{
    return hold->end_count > 0 ? hold->ends[hold->end_count - 1] : 0;
}

static bool is_held(const struct hold *hold, uint64_t tag)
{
    return tag <= hold->last && (hold->bits[tag / 64] >> (tag % 64) & 1) != 0;
}

static void hold_add(struct hold *hold, uint64_t tag)
{
    size_t word = (size_t)(tag / 64);
    if (word >= hold->words) {
        size_t words = word * 2 + 16;
        hold->bits = xrealloc(hold->bits, words * sizeof hold->bits[0]);
        memset(hold->bits + hold->words, 0, (words - hold->words) * sizeof hold->bits[0]);
        hold->words = words;
    }
    hold->bits[word] |= UINT64_C(1) << (tag % 64);
    hold->last = tag;
    hold->held++;
    hold->consumer_held++;
}

static void hold_drop(struct hold *hold, uint64_t tag)
{
    hold->bits[tag / 64] &= ~(UINT64_C(1) << (tag % 64));
    hold->held--;
    hold->consumer_held -= tag > previous_end(hold);
    if (hold->ack_count == hold->ack_room) {
        hold->ack_room = hold->ack_room * 2 + 64;
        hold->acks = xrealloc(hold->acks, hold->ack_room * sizeof hold->acks[0]);
    }
    hold->acks[hold->ack_count++] = tag;
}

/* All that lie below the lowest held one with one ack; each other one with its own. */
static enum outcome hold_say(struct hold *hold, struct fault *fault)
{
    enum outcome o = OK;
    uint64_t multiple = 0;
    if (hold->ack_count == 0) {
        return OK;
    }
    while (hold->low <= hold->last && !is_held(hold, hold->low)) {
        hold->low++;
    }
    for (size_t i = 0; i < hold->ack_count && o == OK; i++) {
        uint64_t tag = hold->acks[i];
        if (tag >= hold->low) {
            o = broker_ack(hold->broker, tag, false, fault);
        } else if (tag > multiple) {
            multiple = tag;
        }
    }
    if (multiple > 0 && o == OK) {
        o = broker_ack(hold->broker, multiple, true, fault);
    }
    hold->ack_count = 0;
    return o;
}

static int64_t count_held(const struct drain *drain)
{
    int64_t held = 0;
    for (size_t i = 0; i < drain->count; i++) {
        held += (int64_t)drain->holds[i].held;
    }
    return held;
}

enum outcome drain_done(struct drain *drain, drain_ticket ticket, struct fault *fault)
{
    struct hold *hold = &drain->holds[ticket >> TICKET_SHIFT];
    uint64_t tag = ticket & ((UINT64_C(1) << TICKET_SHIFT) - 1);
    assert(is_held(hold, tag));
    if (broker_is_lost(hold->broker)) {
        return fault_set(fault, LOST, "the connection that held it is gone");
    }
    hold_drop(hold, tag);
    drain->report->done++;
    return OK;
}

enum outcome drain_tick(struct drain *drain, struct fault *fault)
{
    enum outcome o = OK;
    for (size_t i = 0; i < drain->count && o == OK; i++) {
        o = hold_say(&drain->holds[i], fault);
        if (o == OK) {
            o = broker_tick(drain->holds[i].broker, fault);
        }
    }
    return o;
}

/* Taking */

static int64_t prefetch_of(const struct drain *drain)
{
    int64_t rest = drain->wanted - drain->taken;
    return rest < 1 ? 1 : rest < DRAIN_CONSUMER_SHARE ? rest : DRAIN_CONSUMER_SHARE;
}

static enum outcome start_consumer(struct drain *drain, struct hold *hold, struct fault *fault)
{
    int prefetch = (int)prefetch_of(drain);
    enum outcome o = broker_consume(hold->broker, drain->options.queue, prefetch, fault);
    hold->is_consuming = o == OK;
    hold->prefetch = (size_t)prefetch;
    return o;
}

static enum outcome open_hold(struct drain *drain, struct fault *fault)
{
    struct hold *hold = &drain->holds[drain->count];
    *hold = (struct hold){.low = 1};
    enum outcome o = broker_open(drain->options.broker, &hold->broker, fault);
    if (o == OK) {
        drain->count++;
        drain->report->connections++;
    }
    return o;
}

static struct hold *current(struct drain *drain)
{
    return &drain->holds[drain->count - 1];
}

/* `is_known`: the queue has told it. */
static enum outcome count_ready(struct drain *drain, uint32_t *ready, bool *is_known,
                                struct fault *fault)
{
    int64_t start = clock_monotonic_ms();
    enum outcome o = broker_queue_declare(current(drain)->broker, drain->options.queue, NULL, true,
                                          ready, NULL, fault);
    *is_known = o == OK && (*ready > 0 || clock_monotonic_ms() - start < BUSY_MS);
    return o;
}

/* Asks until it is known. */
static enum outcome insist_on_ready(struct drain *drain, uint32_t *ready, struct fault *fault)
{
    for (int i = 0; i < ASK_MAX; i++) {
        bool is_known = false;
        enum outcome o = count_ready(drain, ready, &is_known, fault);
        if (o != OK || is_known) {
            return o;
        }
    }
    return fault_set(fault, RETRY, "queue %s is too busy to tell how many messages it has",
                     drain->options.queue);
}

/* Nothing is shown of these. Waits for anything that comes: the end of the consumer is no message,
 * and broker_take would sit out its time on it. */
static enum outcome take_unseen(struct drain *drain, struct hold *hold, size_t *count,
                                struct fault *fault)
{
    struct delivery deliveries[TAKE];
    enum outcome o = broker_take(hold->broker, deliveries, TAKE, 0, count, fault);
    if (o == OK && *count == 0 && broker_is_consuming(hold->broker)) {
        return broker_wait(hold->broker, -1, WAIT_MS, fault);
    }
    for (size_t i = 0; o == OK && i < *count; i++) {
        hold_add(hold, deliveries[i].tag);
        drain->taken++;
    }
    broker_release(hold->broker);
    return o;
}

/* No more comes to it; what has been on its way belongs to it. */
static enum outcome stop_consumer(struct drain *drain, struct fault *fault)
{
    struct hold *hold = current(drain);
    if (!hold->is_consuming) {
        return OK;
    }
    hold->is_consuming = false;
    enum outcome o = broker_cancel(hold->broker, fault);
    int64_t until = clock_monotonic_ms() + CANCEL_MS;
    while (o == OK && (broker_is_consuming(hold->broker) || broker_ready(hold->broker) > 0)) {
        size_t count = 0;
        o = take_unseen(drain, hold, &count, fault);
        until = count > 0 ? clock_monotonic_ms() + CANCEL_MS : until;
        if (o == OK && clock_monotonic_ms() > until) {
            o = fault_set(fault, LOST, "the broker does not end the consumer");
        }
    }
    hold->ends = xrealloc(hold->ends, (hold->end_count + 1) * sizeof hold->ends[0]);
    hold->ends[hold->end_count++] = hold->last;
    hold->consumer_held = 0;
    return o;
}

static void tell_progress(struct drain *drain, const char *what, int64_t count, int64_t of)
{
    int64_t now = clock_monotonic_ms();
    if (drain->options.has_progress && now - drain->told_ms >= PROGRESS_MS) {
        drain->told_ms = now;
        (void)fprintf(stderr, "\r\033[K%s %lld of %lld", what, (long long)count, (long long)of);
        (void)fflush(stderr);
    }
}

static bool is_looking(const struct drain *drain)
{
    return !drain->has_enough && interrupts == 0 && drain->report->seen < drain->target;
}

static enum outcome visit_one(struct drain *drain, struct hold *hold,
                              const struct delivery *delivery, struct fault *fault)
{
    enum drain_decision decision = DRAIN_KEEP;
    drain_ticket ticket = (uint64_t)(drain->count - 1) << TICKET_SHIFT | delivery->tag;
    drain->report->seen++;
    enum outcome o =
        drain->visitor.visit(drain->visitor.context, drain, delivery, ticket, &decision, fault);
    if (o != OK) {
        return o;
    }
    if (decision == DRAIN_DONE) {
        hold_drop(hold, delivery->tag);
        drain->report->done++;
    }
    drain->has_enough = drain->has_enough || decision == DRAIN_ENOUGH;
    return OK;
}

/* What has arrived, at most TAKE; `count` tells how many. */
static enum outcome take_some(struct drain *drain, size_t *count, struct fault *fault)
{
    struct hold *hold = current(drain);
    struct delivery deliveries[TAKE];
    enum outcome o = broker_take(hold->broker, deliveries, TAKE, WAIT_MS, count, fault);
    if (o != OK) {
        return o;
    }
    for (size_t i = 0; i < *count; i++) {
        hold_add(hold, deliveries[i].tag);
    }
    drain->taken += (int64_t)*count;
    for (size_t i = 0; i < *count && o == OK && is_looking(drain); i++) {
        o = visit_one(drain, hold, &deliveries[i], fault);
    }
    broker_release(hold->broker);
    tell_progress(drain, "seen", drain->report->seen, drain->target);
    return o == OK ? drain_tick(drain, fault) : o;
}

/* Must more be taken? A queue that puts returned ones at its end wants the whole round. */
static bool is_taking(const struct drain *drain)
{
    bool must = drain->options.goes_to_tail && interrupts < 2;
    return drain->taken < drain->wanted && (is_looking(drain) || must);
}

/* Where the visitor acknowledges, a connection holds little: see drain.h. */
static bool is_hold_full(const struct drain *drain, const struct hold *hold)
{
    return drain->visitor.is_acting && hold->held >= DRAIN_ACTING_SHARE;
}

/* The consumer holds all it may: another one goes on where it stopped. */
static enum outcome next_consumer(struct drain *drain, struct fault *fault)
{
    enum outcome o = stop_consumer(drain, fault);
    if (o != OK || !is_taking(drain)) {
        return o;
    }
    if (is_hold_full(drain, current(drain))) {
        if (drain->count == DRAIN_CONNECTIONS_MAX) {
            drain->report->is_full = true;
            return OK;
        }
        o = open_hold(drain, fault);
    }
    return o == OK ? start_consumer(drain, current(drain), fault) : o;
}

static enum outcome settle(struct drain *drain, bool is_last, struct fault *fault)
{
    return drain->visitor.settle != NULL
               ? drain->visitor.settle(drain->visitor.context, drain, is_last, fault)
               : OK;
}

/* Nothing has come for a while (`idle_ms`): is there anything left? */
static enum outcome ask_for_more(struct drain *drain, int64_t idle_ms, bool *is_over,
                                 struct fault *fault)
{
    uint32_t ready = 0;
    bool is_known = false;
    enum outcome o = settle(drain, false, fault);
    if (o == OK) {
        o = count_ready(drain, &ready, &is_known, fault);
    }
    bool is_none = is_known && ready == 0 && idle_ms >= NONE_MS;
    *is_over = (is_none || idle_ms >= STALL_MS) && broker_ready(current(drain)->broker) == 0;
    return o;
}

static enum outcome take_all(struct drain *drain, struct fault *fault)
{
    int64_t last_ms = clock_monotonic_ms();
    bool is_over = false;
    enum outcome o = start_consumer(drain, current(drain), fault);
    while (o == OK && !is_over && is_taking(drain)) {
        size_t count = 0;
        o = take_some(drain, &count, fault);
        if (o == OK && current(drain)->consumer_held >= current(drain)->prefetch) {
            o = next_consumer(drain, fault);
            is_over = drain->report->is_full;
        } else if (o == OK && count == 0) {
            o = ask_for_more(drain, clock_monotonic_ms() - last_ms, &is_over, fault);
        }
        last_ms = count > 0 ? clock_monotonic_ms() : last_ms;
    }
    return o;
}

/* Returning */

/* Until the queue's count has grown by what was returned: only then has it taken it. */
static enum outcome await_returned(struct drain *drain, int64_t expected, struct fault *fault)
{
    int64_t until = clock_monotonic_ms() + (drain->has_rival ? AWAIT_RIVAL_MS : AWAIT_MS);
    for (;;) {
        uint32_t ready = 0;
        bool is_known = false;
        enum outcome o = count_ready(drain, &ready, &is_known, fault);
        if (o != OK || (int64_t)ready >= expected) {
            return o;
        }
        if (clock_monotonic_ms() >= until) {
            drain->has_rival = true;
            return OK;
        }
        o = broker_wait(current(drain)->broker, -1, 1, fault);
        if (o != OK) {
            return o;
        }
    }
}

/* All that are held up to `tag`; the others up to there are settled. */
static enum outcome return_up_to(struct drain *drain, struct hold *hold, uint64_t tag, size_t count,
                                 struct fault *fault)
{
    enum outcome o = broker_nack(hold->broker, tag, true, true, fault);
    if (o == OK) {
        drain->report->returned += (int64_t)count;
        hold->held -= count;
    }
    return o;
}

static enum outcome return_hold(struct drain *drain, struct hold *hold, int64_t base,
                                struct fault *fault)
{
    size_t count = 0;
    size_t consumer = 0;
    uint64_t last = 0; /* that is held: the broker refuses one that is settled */
    int chunks = 0;
    int64_t all = drain->report->returned + count_held(drain);
    enum outcome o = hold_say(hold, fault);
    for (uint64_t tag = hold->low; tag <= hold->last && o == OK && interrupts < 2; tag++) {
        while (consumer < hold->end_count && hold->ends[consumer] < tag) {
            consumer++;
        }
        bool is_end = consumer < hold->end_count && hold->ends[consumer] == tag;
        count += is_held(hold, tag);
        last = is_held(hold, tag) ? tag : last;
        if (count == 0 || (count < DRAIN_RETURN_CHUNK && !is_end)) {
            continue;
        }
        o = return_up_to(drain, hold, last, count, fault);
        count = 0;
        if (o == OK && (++chunks % CHUNKS_AWAITED == 0 || hold->held == 0)) {
            o = await_returned(drain, base + drain->report->returned, fault);
            tell_progress(drain, "returned", drain->report->returned, all);
        }
        if (o == OK && chunks % CHUNKS_AWAITED == 0) {
            o = drain_tick(drain, fault);
        }
    }
    return o;
}

static enum outcome return_all(struct drain *drain, struct fault *fault)
{
    uint32_t base = 0;
    enum outcome o = stop_consumer(drain, fault);
    if (o == OK) {
        o = drain_tick(drain, fault);
    }
    if (o == OK && count_held(drain) > 0) {
        o = insist_on_ready(drain, &base, fault);
    }
    for (size_t i = 0; i < drain->count && o == OK; i++) {
        o = return_hold(drain, &drain->holds[i], base, fault);
    }
    return o;
}

/* RabbitMQ keeps acks back when more than 32 commands are under way, and forgets these when the
 * channel ends: then the messages would come back although their copies are safe. There is no
 * answer to an ack, so the channels are given time. */
static void let_acks_arrive(struct drain *drain)
{
    struct fault ignored;
    for (int i = 0; i < ACK_ROUNDS && drain->report->done > 0; i++) {
        for (size_t k = 0; k < drain->count; k++) {
            struct broker *broker = drain->holds[k].broker;
            enum outcome o = broker_queue_declare(broker, drain->options.queue, NULL, true, NULL,
                                                  NULL, &ignored);
            (void)o; /* lost ones are beyond help */
        }
        clock_sleep_ms(ACK_ROUND_MS);
    }
}

/* The whole pass */

static void close_all(struct drain *drain)
{
    drain->report->is_order_lost = count_held(drain) > 0;
    let_acks_arrive(drain);
    for (size_t i = 0; i < drain->count; i++) {
        broker_close(drain->holds[i].broker);
        free(drain->holds[i].bits);
        free(drain->holds[i].acks);
        free(drain->holds[i].ends);
    }
    if (drain->options.has_progress && drain->told_ms > drain->started_ms) {
        (void)fputs("\r\033[K", stderr);
    }
}

static enum outcome begin(struct drain *drain, struct fault *fault)
{
    uint32_t ready = 0;
    enum outcome o = open_hold(drain, fault);
    if (o == OK) {
        o = insist_on_ready(drain, &ready, fault);
    }
    if (o != OK) {
        return o;
    }
    int64_t most = drain->options.most;
    drain->report->depth = ready;
    drain->target = most > 0 && most < ready ? most : ready;
    drain->wanted = drain->options.goes_to_tail ? ready : drain->target;
    return OK;
}

static enum outcome pass(struct drain *drain, struct fault *fault)
{
    enum outcome o = begin(drain, fault);
    if (o != OK || drain->report->depth == 0) {
        return o;
    }
    struct fault other;
    o = take_all(drain, fault);
    /* What the visitor still has under way is settled whatever has happened. */
    enum outcome settled = settle(drain, true, o == OK ? fault : &other);
    o = o == OK ? settled : o;
    int64_t now = clock_monotonic_ms();
    drain->report->looked_ms = now - drain->started_ms;
    enum outcome returned = return_all(drain, o == OK ? fault : &other);
    drain->report->returned_ms = clock_monotonic_ms() - now;
    return o == OK ? returned : o;
}

enum outcome drain_run(const struct drain_options *options, const struct drain_visitor *visitor,
                       struct drain_report *report, struct fault *fault)
{
    *report = (struct drain_report){0};
    struct drain *drain = xcalloc(1, sizeof *drain);
    drain->options = *options;
    drain->visitor = *visitor;
    drain->report = report;
    drain->started_ms = drain->told_ms = clock_monotonic_ms();
    enum outcome o = pass(drain, fault);
    report->is_interrupted = interrupts > 0;
    report->unseen =
        drain->has_enough || interrupts > 0 || o != OK ? 0 : drain->target - report->seen;
    close_all(drain);
    free(drain);
    return o;
}
