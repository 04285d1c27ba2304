/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/replay/plan.h"

#include "core/clock.h"

#include <stdlib.h>
#include <string.h>

int plan_compare(const struct history_position *a, const struct history_position *b)
{
    if (a->era != b->era) {
        return a->era < b->era ? -1 : 1;
    }
    if (a->xid != b->xid) {
        return a->xid < b->xid ? -1 : 1;
    }
    return a->number != b->number ? (a->number < b->number ? -1 : 1) : 0;
}

int64_t plan_sendable(const struct plan *plan)
{
    return plan->selected - (int64_t)plan->left_out_count;
}

void plan_done(struct plan *plan)
{
    for (size_t i = 0; i < plan->cell_count; i++) {
        db_array_done(&plan->cells[i].ids);
    }
    for (size_t i = 0; i < plan->reason_count; i++) {
        free(plan->reasons[i].why);
    }
    free(plan->cells);
    free(plan->reasons);
    free(plan->left_out);
    *plan = (struct plan){0};
}

static enum outcome ask(struct plan_cell *cell, struct audience *audience, struct fault *fault)
{
    int64_t count = 0;
    enum outcome o = audience_has(&audience->members[cell->member], &cell->ids, &count, fault);
    cell->duplicates += count;
    db_array_init(&cell->ids, DB_UUID);
    return o;
}

static struct plan_cell *find_cell(struct plan *plan, const struct remake_kind *kind, size_t member)
{
    for (size_t i = 0; i < plan->cell_count; i++) {
        if (plan->cells[i].kind == kind && plan->cells[i].member == member) {
            return &plan->cells[i];
        }
    }
    plan->cells = xrealloc(plan->cells, (plan->cell_count + 1) * sizeof plan->cells[0]);
    struct plan_cell *cell = &plan->cells[plan->cell_count++];
    *cell = (struct plan_cell){.kind = kind, .member = member};
    db_array_init(&cell->ids, DB_UUID);
    return cell;
}

static void note_reason(struct plan *plan, const struct remake_kind *kind, const char *why,
                        const struct uuid *id)
{
    for (size_t i = 0; i < plan->reason_count; i++) {
        if (plan->reasons[i].kind == kind && strcmp(plan->reasons[i].why, why) == 0) {
            plan->reasons[i].count++;
            return;
        }
    }
    if (plan->reason_count == PLAN_REASONS_MAX) {
        plan->other_reasons++;
        return;
    }
    if (plan->reasons == NULL) {
        plan->reasons = xcalloc(PLAN_REASONS_MAX, sizeof plan->reasons[0]);
    }
    plan->reasons[plan->reason_count++] =
        (struct plan_reason){.why = xstrdup(why), .kind = kind, .count = 1, .first = *id};
}

static enum outcome leave_out(struct plan *plan, const struct history_event *event,
                              const struct remake_kind *kind, const char *why, struct fault *fault)
{
    char reason[FAULT_TEXT_BYTES];
    (void)snprintf(reason, sizeof reason, "%s", why);
    if (plan->left_out_count == PLAN_LEFT_OUT_MAX) {
        return fault_set(fault, REJECT,
                         "more than %d events would be left out: choose fewer. The last one: %s",
                         PLAN_LEFT_OUT_MAX, reason);
    }
    if ((plan->left_out_count & (plan->left_out_count + 1)) == 0) { /* 0, 1, 3, 7 …: full */
        plan->left_out =
            xrealloc(plan->left_out, (2 * plan->left_out_count + 1) * sizeof plan->left_out[0]);
    }
    plan->left_out[plan->left_out_count++] = event->position;
    note_reason(plan, kind, reason, &event->id);
    return OK;
}

/* REJECT: why it must not be sent to those who hear it. */
static enum outcome judge_audience(const struct audience *audience,
                                   const struct history_event *event,
                                   const struct remake_kind *kind, struct fault *fault)
{
    size_t hearers = 0;
    for (size_t i = 0; i < audience->count; i++) {
        const struct audience_member *member = &audience->members[i];
        if (!audience_hears(member, kind->message->type)) {
            continue;
        }
        hearers++;
        if (ids_time_ms(&event->id) < member->oldest_ms) {
            return fault_set(fault, REJECT,
                             "it is older than what the inbox of %s can tell apart%s",
                             member->queue, member->db != NULL ? "" : " (--inbox-days)");
        }
    }
    if (hearers == 0) {
        return fault_set(fault, REJECT, "%s hears it",
                         audience->count == 1 ? "the queue's service no longer" : "nobody");
    }
    return OK;
}

static enum outcome judge(const struct plan_source *source, const struct history_event *event,
                          struct remade *remade, struct fault *fault)
{
    enum outcome o = remaker_make(source->remaker, event, remade, fault);
    if (o == OK) {
        o = judge_audience(source->audience, event, remade->kind, fault);
    }
    if (o == OK) {
        o = remaker_check(source->remaker, remade, fault);
    }
    return o == REJECT && event->personal == HISTORY_ERASED
               ? fault_wrap(fault, o, "its person has been forgotten")
               : o;
}

static enum outcome count_in(const struct plan_source *source, struct plan *plan,
                             const struct history_event *event, const struct remade *remade,
                             struct fault *fault)
{
    enum outcome o = OK;
    plan->upcast += remade->kind->upcast != NULL;
    plan->erased += event->personal == HISTORY_ERASED;
    plan->bytes += (int64_t)(remade->body_length + remade->properties_length);
    for (size_t i = 0; o == OK && i < source->audience->count; i++) {
        if (audience_hears(&source->audience->members[i], remade->kind->message->type)) {
            struct plan_cell *cell = find_cell(plan, remade->kind, i);
            cell->messages++;
            db_array_uuid(&cell->ids, &event->id);
            o = cell->ids.count == AUDIENCE_CHUNK ? ask(cell, source->audience, fault) : OK;
        }
    }
    return o;
}

static enum outcome consider(const struct plan_source *source, struct plan *plan,
                             const struct history_event *event, struct fault *fault)
{
    struct remade remade = {0};
    plan->selected++;
    plan->last = event->position;
    plan->has_last = true;
    if (plan->first_ms == 0 || event->occurred_at_ms < plan->first_ms) {
        plan->first_ms = event->occurred_at_ms;
    }
    int64_t id_ms = ids_time_ms(&event->id);
    plan->oldest_ms = plan->oldest_ms == 0 || id_ms < plan->oldest_ms ? id_ms : plan->oldest_ms;
    if (event->occurred_at_ms > plan->last_ms) {
        plan->last_ms = event->occurred_at_ms;
    }
    enum outcome o = judge(source, event, &remade, fault);
    if (o == REJECT) {
        return leave_out(plan, event, remaker_kind(source->remaker, event->type), fault->text,
                         fault);
    }
    return o == OK ? count_in(source, plan, event, &remade, fault) : o;
}

enum outcome plan_make(const struct plan_source *source, struct plan *plan, struct fault *fault)
{
    AUTO(history_reader_free_auto) struct history_reader *reader = NULL;
    const struct history_event *event = NULL;
    enum outcome o = history_read(source->history, source->filter, &reader, fault);
    if (o == OK) {
        o = history_next(reader, &event, fault);
    }
    while (o == OK && event != NULL &&
           (source->upto == NULL || plan_compare(&event->position, source->upto) <= 0)) {
        if (source->is_stopped != NULL && *source->is_stopped != 0) {
            return fault_set(fault, LOST, "stopped");
        }
        o = consider(source, plan, event, fault);
        if (o == OK) {
            o = history_next(reader, &event, fault);
        }
    }
    for (size_t i = 0; o == OK && i < plan->cell_count; i++) {
        o = ask(&plan->cells[i], source->audience, fault);
    }
    return o;
}
