/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/replay/send.h"

#include "core/clock.h"
#include "core/crash.h"
#include "tools/escape.h"

#include <stdlib.h>
#include <unistd.h>

enum {
    RING = 2048, /* at least SEND_WINDOW */
    TICK_EVERY = 64,
    SLICE_MS = 100,
    CONFIRM_MS = 30 * 1000, /* then the broker has lost us */
    DRAW_MS = 200,
    BAR_CELLS = 30,
};

/* One publication that has not been settled. */
struct slot {
    struct history_position position;
    bool is_settled;
};

struct sender {
    struct sending *sending;
    struct slot ring[RING];
    uint64_t next;      /* the oldest number that is not settled */
    uint64_t published; /* the newest number */
    bool is_nacked;
    char reason[200]; /* of the first that came back, or was refused */
    size_t skip_at;   /* in plan->left_out */
    int64_t saved_at_ms, saved_sent;
    int64_t started_ms, sent_before;  /* monotonic; of earlier attempts */
    int64_t first_said_ms, attempted; /* of this attempt */
    int64_t drawn_ms;
    bool is_terminal;
};

static bool is_stopped(const struct sender *sender)
{
    volatile const int *flag = sender->sending->source->is_stopped;
    return flag != NULL && *flag != 0;
}

/* Confirms come in any order; the run has come as far as all before are settled. */
static void on_verdict(void *context, uint64_t number, enum verdict verdict, const char *reason)
{
    struct sender *sender = context;
    struct run *run = sender->sending->run;
    if (verdict != VERDICT_CONFIRMED && sender->reason[0] == '\0') {
        (void)snprintf(sender->reason, sizeof sender->reason, "%s", reason != NULL ? reason : "");
    }
    if (verdict == VERDICT_NACKED) {
        sender->is_nacked = true; /* stays unsettled: the next attempt sends it again */
        return;
    }
    if (verdict == VERDICT_RETURNED) {
        run->returned++;
    } else {
        run->sent++;
    }
    sender->ring[number % RING].is_settled = true;
    while (sender->next <= sender->published && sender->ring[sender->next % RING].is_settled) {
        run->at = sender->ring[sender->next % RING].position;
        run->has_at = true;
        sender->next++;
    }
}

static void draw(struct sender *sender, bool is_last)
{
    const struct run *run = sender->sending->run;
    int64_t now = clock_monotonic_ms();
    if (!sender->is_terminal || (!is_last && now - sender->drawn_ms < DRAW_MS)) {
        return;
    }
    sender->drawn_ms = now;
    int64_t done = run->sent + run->returned;
    int64_t elapsed = now - sender->started_ms;
    double rate = elapsed > 0 ? (double)(done - sender->sent_before) * 1000.0 / (double)elapsed : 0;
    int64_t left = run->total > done ? run->total - done : 0;
    int cells = run->total > 0 ? (int)(done * BAR_CELLS / run->total) : BAR_CELLS;
    cells = cells > BAR_CELLS ? BAR_CELLS : cells;
    (void)fprintf(stderr, "\r[%.*s%.*s] %lld of %lld, %.0f/s", cells,
                  "##############################", BAR_CELLS - cells,
                  "..............................", (long long)done, (long long)run->total, rate);
    if (rate > 0 && left > 0) {
        int64_t seconds = (int64_t)((double)left / rate) + 1;
        (void)fprintf(stderr, ", %lld:%02lld left", (long long)(seconds / 60),
                      (long long)(seconds % 60));
    }
    (void)fprintf(stderr, "\033[K%s", is_last ? "\n" : "");
    (void)fflush(stderr);
}

static enum outcome save(struct sender *sender, struct fault *fault)
{
    struct run *run = sender->sending->run;
    sender->saved_at_ms = clock_monotonic_ms();
    sender->saved_sent = run->sent;
    return run_save(run, fault);
}

static enum outcome save_when_due(struct sender *sender, struct fault *fault)
{
    struct run *run = sender->sending->run;
    draw(sender, false);
    if (run->sent - sender->saved_sent < SEND_SAVE_EVERY &&
        (run->sent == sender->saved_sent ||
         clock_monotonic_ms() - sender->saved_at_ms < SEND_SAVE_MS)) {
        return OK;
    }
    return save(sender, fault);
}

static enum outcome wait_some(struct sender *sender, int64_t ms, struct fault *fault)
{
    enum outcome o = broker_wait(sender->sending->broker, -1, ms < SLICE_MS ? ms : SLICE_MS, fault);
    if (o == RETRY) {
        o = OK;
    }
    if (o == OK && sender->is_nacked) {
        return fault_set(fault, RETRY, "the broker refused a message: %s", sender->reason);
    }
    return o == OK ? save_when_due(sender, fault) : o;
}

/* When the next message may go: by --rate, and by --speed as it was said. Monotonic. */
static int64_t due_ms(const struct sender *sender, const struct history_event *event)
{
    const struct run *run = sender->sending->run;
    int64_t due = sender->started_ms;
    if (run->rate > 0) {
        due = sender->started_ms + sender->attempted * 1000 / run->rate;
    }
    if (run->speed > 0) {
        int64_t said = (event->occurred_at_ms - sender->first_said_ms) / run->speed;
        due = sender->started_ms + said > due ? sender->started_ms + said : due;
    }
    return due;
}

static enum outcome wait_until_due(struct sender *sender, const struct history_event *event,
                                   struct fault *fault)
{
    enum outcome o = OK;
    if (sender->attempted == 0) {
        sender->first_said_ms = event->occurred_at_ms;
    }
    for (int64_t left = due_ms(sender, event) - clock_monotonic_ms();
         o == OK && left > 0 && !is_stopped(sender);
         left = due_ms(sender, event) - clock_monotonic_ms()) {
        o = wait_some(sender, left, fault);
    }
    while (o == OK && broker_unconfirmed(sender->sending->broker) >= SEND_WINDOW &&
           !is_stopped(sender)) {
        o = wait_some(sender, SLICE_MS, fault);
    }
    return o;
}

static enum outcome publish(struct sender *sender, const struct history_event *event,
                            struct fault *fault)
{
    const struct sending *sending = sender->sending;
    const char *to = sending->run->to;
    struct remade remade = {0};
    enum outcome o = remaker_make(sending->source->remaker, event, &remade, fault);
    if (o != OK) {
        return o;
    }
    struct slot *slot = &sender->ring[(sender->published + 1) % RING];
    *slot = (struct slot){.position = event->position};
    o = broker_publish(sending->broker, to != NULL ? "" : remade.exchange,
                       to != NULL ? to : remade.routing_key, true, remade.properties,
                       remade.properties_length, remade.body, remade.body_length,
                       &sender->published, fault);
    if (o == OK && ++sender->attempted % TICK_EVERY == 0) {
        o = broker_tick(sending->broker, fault);
        o = o == OK ? save_when_due(sender, fault) : o;
        crash_point("replay-after-publish");
    }
    return o;
}

static bool is_left_out(struct sender *sender, const struct history_event *event)
{
    const struct plan *plan = sender->sending->plan;
    while (sender->skip_at < plan->left_out_count &&
           plan_compare(&plan->left_out[sender->skip_at], &event->position) < 0) {
        sender->skip_at++;
    }
    return sender->skip_at < plan->left_out_count &&
           plan_compare(&plan->left_out[sender->skip_at], &event->position) == 0;
}

static enum outcome send_events(struct sender *sender, struct history_reader *reader,
                                struct fault *fault)
{
    const struct run *run = sender->sending->run;
    const struct history_event *event = NULL;
    enum outcome o = history_next(reader, &event, fault);
    while (o == OK && event != NULL && plan_compare(&event->position, &run->last) <= 0) {
        if (!is_left_out(sender, event)) {
            o = wait_until_due(sender, event, fault);
            if (o != OK || is_stopped(sender)) {
                return o;
            }
            o = publish(sender, event, fault);
        }
        if (o == OK) {
            o = history_next(reader, &event, fault);
        }
    }
    return o;
}

static enum outcome await_confirms(struct sender *sender, struct fault *fault)
{
    int64_t until = clock_monotonic_ms() + CONFIRM_MS;
    enum outcome o = broker_tick(sender->sending->broker, fault);
    while (o == OK && broker_unconfirmed(sender->sending->broker) > 0) {
        if (clock_monotonic_ms() > until) {
            return fault_set(fault, LOST, "the broker has not confirmed everything in %d seconds",
                             CONFIRM_MS / 1000);
        }
        o = wait_some(sender, SLICE_MS, fault);
    }
    return o;
}

static void say_returned(const struct sender *sender)
{
    const struct run *run = sender->sending->run;
    if (run->returned > 0) {
        AUTO(free_text) char *reason = escape_new(sender->reason);
        (void)fprintf(stderr, "%lld came back, because no queue takes them: %s\n",
                      (long long)run->returned, reason);
    }
}

enum outcome send_all(struct sending *sending, struct fault *fault)
{
    AUTO(history_reader_free_auto) struct history_reader *reader = NULL;
    struct sender *sender = xcalloc(1, sizeof *sender);
    struct run *run = sending->run;
    *sender = (struct sender){
        .sending = sending,
        .next = 1,
        .started_ms = clock_monotonic_ms(),
        .sent_before = run->sent + run->returned,
        .saved_sent = run->sent,
        .saved_at_ms = clock_monotonic_ms(),
        .is_terminal = isatty(STDERR_FILENO) != 0 && !sending->call->is_json,
    };
    run->state = RUN_RUNNING;
    struct companion companion = broker_companion(sending->broker);
    db_set_companion(history_db(sending->source->history), &companion);
    broker_on_verdict(sending->broker, on_verdict, sender);
    enum outcome o =
        history_read(sending->source->history, sending->source->filter, &reader, fault);
    if (o == OK) {
        o = send_events(sender, reader, fault);
    }
    if (o == OK) {
        o = await_confirms(sender, fault);
    }
    db_set_companion(history_db(sending->source->history), NULL);
    broker_on_verdict(sending->broker, NULL, NULL);
    bool is_done = o == OK && !is_stopped(sender);
    run->state = is_done ? RUN_DONE : RUN_STOPPED;
    if (is_done) {
        run->at = run->last;
        run->has_at = true;
    }
    struct fault unsaved;
    if (save(sender, &unsaved) != OK && o == OK) {
        *fault = unsaved;
        o = unsaved.outcome;
    }
    draw(sender, true);
    say_returned(sender);
    free(sender);
    return o;
}
