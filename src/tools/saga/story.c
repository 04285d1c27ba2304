/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/saga/story.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const char *const state_names[] = {"open", "done", "stuck"};

static const char *const flaw_names[STORY_FLAWS] = {
    [STORY_UNDECLARED_EVENT] = "undeclared-event",
    [STORY_UNDECLARED_REACTION] = "undeclared-reaction",
    [STORY_MISSING_CAUSE] = "missing-cause",
    [STORY_MISSING_REACTION] = "missing-reaction",
    [STORY_MISSING_UNDO] = "missing-undo",
    [STORY_NO_WAY_ON] = "no-way-on",
    [STORY_TWO_STARTS] = "two-starts",
    [STORY_TWO_ENDS] = "two-ends",
    [STORY_END_WITHOUT_START] = "end-without-start",
};

const char *story_state_name(enum story_state state)
{
    return state_names[state];
}

const char *story_flaw_name(enum story_flaw flaw)
{
    return flaw_names[flaw];
}

const char *story_event_name(const struct story_record *record)
{
    return record->event != NULL ? record->event->name : record->type;
}

bool story_is_undo(const struct story_record *record)
{
    return record->step != NULL && record->step->compensates != NULL;
}

void story_add_outcomes(struct buffer *out, const struct graph_operation *step)
{
    for (size_t i = 0; i < step->outcome_count; i++) {
        buffer_printf(out, "%s%s", i > 0 ? " or " : "", step->outcomes[i]->name);
    }
}

void story_add_duration(struct buffer *out, int64_t ms)
{
    enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR };
    if (ms < 0) {
        buffer_byte(out, '-');
        ms = ms == INT64_MIN ? INT64_MAX : -ms;
    }
    if (ms < MINUTE) {
        buffer_printf(out, "%" PRId64 ".%03d s", ms / SECOND, (int)(ms % SECOND));
    } else if (ms < HOUR) {
        buffer_printf(out, "%d m %02d s", (int)(ms / MINUTE), (int)(ms % MINUTE / SECOND));
    } else if (ms < DAY) {
        buffer_printf(out, "%d h %02d m", (int)(ms / HOUR), (int)(ms % HOUR / MINUTE));
    } else {
        buffer_printf(out, "%" PRId64 " d %d h", ms / DAY, (int)(ms % DAY / HOUR));
    }
}

int64_t story_delay_ms(const struct story *story, const struct story_record *record)
{
    return record->cause == STORY_NOWHERE
               ? 0
               : record->occurred_at_ms - story->records[record->cause].occurred_at_ms;
}

/* ---- who caused what ---- */

static int by_time(const void *a, const void *b)
{
    const struct story_record *left = a;
    const struct story_record *right = b;
    if (left->occurred_at_ms != right->occurred_at_ms) {
        return left->occurred_at_ms < right->occurred_at_ms ? -1 : 1;
    }
    return ids_compare(&left->id, &right->id);
}

static int find(const struct story *story, const struct uuid *id)
{
    for (int i = 0; i < story->count; i++) {
        if (ids_equal(&story->records[i].id, id)) {
            return i;
        }
    }
    return STORY_NOWHERE;
}

static void link_causes(struct story *story)
{
    for (int i = 0; i < story->count; i++) {
        struct story_record *record = &story->records[i];
        record->event = plot_event(story->plot->graph, record->type);
        record->cause =
            record->has_causation_id ? find(story, &record->causation_id) : STORY_NOWHERE;
        record->cause = record->cause == i ? STORY_NOWHERE : record->cause;
    }
}

static void add_branch(struct story *story, bool *is_told, int *at, int record)
{
    /* Each is told once, so that a circle of causes ends; depth is bounded by the number. */
    int *stack = xcalloc((size_t)story->count + 1, sizeof *stack);
    int top = 0;
    stack[top++] = record;
    is_told[record] = true;
    while (top > 0) {
        int now = stack[--top];
        story->tree[(*at)++] = now;
        for (int i = story->count; i-- > 0;) {
            if (story->records[i].cause == now && !is_told[i]) {
                is_told[i] = true;
                story->records[i].depth = story->records[now].depth + 1;
                stack[top++] = i;
            }
        }
    }
    free(stack);
}

static void plant_tree(struct story *story)
{
    int at = 0;
    bool *is_told = arena_alloc(&story->arena, (size_t)story->count + 1);
    story->tree = arena_alloc(&story->arena, ((size_t)story->count + 1) * sizeof(int));
    for (int i = 0; i < story->count; i++) {
        if (story->records[i].cause == STORY_NOWHERE) {
            add_branch(story, is_told, &at, i);
        }
    }
    for (int i = 0; i < story->count; i++) { /* what is left are circles */
        if (!is_told[i]) {
            add_branch(story, is_told, &at, i);
        }
    }
}

/* ---- by which step ---- */

static bool is_by(const struct story_record *record, const struct graph_operation *step)
{
    return strcmp(record->service, step->service->name) == 0;
}

static bool is_answer(const struct story_record *record, const struct graph_operation *step)
{
    return record->event != NULL && !record->is_elsewhere && is_by(record, step) &&
           graph_leads_to(step, record->event);
}

static bool is_heard(const struct story_record *record, const struct graph_operation *step)
{
    return record->event != NULL && graph_says(step, record->event);
}

static bool is_asked(const struct story *story, const struct graph_operation *step)
{
    for (int i = 0; i < story->count; i++) {
        if (is_heard(&story->records[i], step)) {
            return true;
        }
    }
    return false;
}

static const struct graph_operation *step_between(const struct story *story,
                                                  const struct story_record *cause,
                                                  const struct story_record *effect)
{
    const struct graph *graph = story->plot->graph;
    const struct graph_operation *late = NULL;
    for (size_t i = 0; i < graph->operation_count; i++) {
        const struct graph_operation *step = &graph->operations[i];
        if (step->is_send || !is_heard(cause, step) || !is_by(effect, step)) {
            continue;
        }
        if (graph_leads_to(step, effect->event)) {
            return step;
        }
        /* A step that is being undone may still answer, late, and then the undo is its cause. */
        if (step->compensates != NULL && graph_leads_to(step->compensates, effect->event) &&
            is_asked(story, step->compensates)) {
            late = step->compensates;
        }
    }
    return late;
}

static void find_steps(struct story *story)
{
    for (int i = 0; i < story->count; i++) {
        struct story_record *record = &story->records[i];
        if (record->cause != STORY_NOWHERE && record->event != NULL) {
            record->step = step_between(story, &story->records[record->cause], record);
        }
    }
}

/* ---- what should happen next ---- */

static bool is_answered(const struct story *story, const struct graph_operation *step)
{
    for (int i = 0; i < story->count; i++) {
        if (is_answer(&story->records[i], step)) {
            return true;
        }
    }
    return false;
}

/* Has somebody been asked to undo it? Then nobody waits for it any more. */
static bool is_undone(const struct story *story, const struct graph_operation *step)
{
    const struct graph *graph = story->plot->graph;
    for (size_t i = 0; step != NULL && i < graph->operation_count; i++) {
        if (graph->operations[i].compensates == step && is_asked(story, &graph->operations[i])) {
            return true;
        }
    }
    return false;
}

static int first_heard(const struct story *story, const struct graph_operation *step)
{
    for (int i = 0; i < story->count; i++) {
        const struct story_record *record = &story->records[i];
        bool is_off = step->compensates == NULL && is_undone(story, record->step);
        if (is_heard(record, step) && !record->is_elsewhere && !is_off) {
            return i;
        }
    }
    return STORY_NOWHERE;
}

static void add_wait(struct story *story, const struct graph_operation *step,
                     const struct story_terms *terms)
{
    int record = first_heard(story, step);
    bool is_over = story->state == STORY_DONE && step->compensates == NULL;
    if (record == STORY_NOWHERE || is_over || is_answered(story, step) || is_undone(story, step)) {
        return;
    }
    int64_t for_ms = terms->now_ms - story->records[record].occurred_at_ms;
    story->waits[story->wait_count++] = (struct story_wait){
        .record = record, .step = step, .for_ms = for_ms, .is_overdue = for_ms > terms->after_ms};
}

static bool leads_to_outcome_of(const struct story *story, const struct graph_operation *step,
                                const struct graph_operation *other)
{
    for (size_t i = 0; i < other->outcome_count; i++) {
        if (plot_reaches(story->plot, step, other->outcomes[i])) {
            return true;
        }
    }
    return false;
}

/* Two refunds and a withdrawal have one end: who has been heard waits for who has not. */
static void find_others(struct story *story)
{
    int others = 0;
    for (int i = 0; i < story->wait_count; i++) {
        for (int j = 0; j < story->wait_count && !story->waits[i].is_for_others; j++) {
            const struct graph_operation *mine = story->waits[i].step;
            const struct graph_operation *theirs = story->waits[j].step;
            story->waits[i].is_for_others = i != j && leads_to_outcome_of(story, theirs, mine) &&
                                            !leads_to_outcome_of(story, mine, theirs);
        }
        others += story->waits[i].is_for_others;
    }
    for (int i = 0; i < story->wait_count; i++) {
        struct story_wait *wait = &story->waits[i];
        wait->is_for_others = wait->is_for_others && others < story->wait_count;
        wait->is_overdue = wait->is_overdue && !wait->is_for_others;
    }
}

static void find_waits(struct story *story, const struct story_terms *terms)
{
    const struct graph *graph = story->plot->graph;
    story->waits =
        arena_alloc(&story->arena, (graph->operation_count + 1) * sizeof story->waits[0]);
    for (size_t i = 0; i < graph->operation_count; i++) {
        if (plot_is_step(story->plot, &graph->operations[i])) {
            add_wait(story, &graph->operations[i], terms);
        }
    }
    find_others(story);
}

/* ---- beginning and end ---- */

static void find_times(struct story *story)
{
    story->end = STORY_NOWHERE;
    for (int i = 0; i < story->count; i++) {
        const struct story_record *record = &story->records[i];
        unsigned role = plot_role(story->plot, record->event);
        if (record->is_elsewhere) {
            continue;
        }
        story->last_at_ms = record->occurred_at_ms;
        story->began_at_ms = story->began_at_ms == 0 ? record->occurred_at_ms : story->began_at_ms;
        if ((role & PLOT_END) != 0 && story->end == STORY_NOWHERE) {
            story->end = i;
            story->ended_at_ms = record->occurred_at_ms;
            story->state = STORY_DONE;
        }
    }
}

static void find_undoing(struct story *story)
{
    const struct graph *graph = story->plot->graph;
    for (size_t i = 0; i < graph->operation_count; i++) {
        const struct graph_operation *step = &graph->operations[i];
        story->is_undoing |=
            plot_is_step(story->plot, step) && step->compensates != NULL && is_asked(story, step);
    }
}

static bool is_quiet(const struct story *story, const struct story_terms *terms)
{
    return story->wait_count == 0 && terms->now_ms - story->last_at_ms > terms->after_ms;
}

static void find_state(struct story *story, const struct story_terms *terms)
{
    if (story->state == STORY_DONE) {
        return;
    }
    bool is_stuck = is_quiet(story, terms);
    for (int i = 0; i < story->wait_count; i++) {
        is_stuck |= story->waits[i].is_overdue;
    }
    story->state = is_stuck ? STORY_STUCK : STORY_OPEN;
}

/* ---- what is wrong ---- */

static void add_finding(struct story *story, enum story_flaw flaw, int record, const char *format,
                        ...) __attribute__((format(printf, 4, 5)));

static void add_finding(struct story *story, enum story_flaw flaw, int record, const char *format,
                        ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    story->findings[story->finding_count++] =
        (struct story_finding){flaw, record, arena_printf(&story->arena, "%s", text)};
}

static void judge_cause(struct story *story, int at, const struct story_terms *terms)
{
    const struct story_record *record = &story->records[at];
    if (record->cause == STORY_NOWHERE) {
        int64_t said_ms = ids_time_ms(&record->causation_id);
        bool is_known_lost = record->has_causation_id && said_ms >= terms->history_ms &&
                             terms->now_ms - record->occurred_at_ms > terms->after_ms;
        if (is_known_lost) {
            char id[UUID_TEXT_BYTES];
            add_finding(story, STORY_MISSING_CAUSE, at, "its cause %s is not in the history",
                        ids_format(&record->causation_id, id));
        }
        return;
    }
    const struct story_record *cause = &story->records[record->cause];
    if (cause->event != NULL && record->step == NULL) {
        add_finding(story, STORY_UNDECLARED_REACTION, at, "no contract lets %s answer %s with it",
                    record->service, story_event_name(cause));
    }
}

static void judge_record(struct story *story, int at, const struct story_terms *terms)
{
    const struct story_record *record = &story->records[at];
    if (record->is_elsewhere) {
        return;
    }
    if (record->event == NULL) {
        add_finding(story, STORY_UNDECLARED_EVENT, at, "no contract has this event");
    } else {
        judge_cause(story, at, terms);
    }
}

static void judge_waits(struct story *story)
{
    for (int i = 0; i < story->wait_count; i++) {
        const struct story_wait *wait = &story->waits[i];
        const char *service = wait->step->service->name;
        AUTO(buffer_done) struct buffer outcomes = {0};
        story_add_outcomes(&outcomes, wait->step);
        if (story->state == STORY_DONE && wait->is_overdue) {
            add_finding(story, STORY_MISSING_UNDO, wait->record,
                        "the story has ended, and %s has never answered it with %s", service,
                        buffer_cstr(&outcomes));
        } else if (wait->is_overdue) {
            add_finding(story, STORY_MISSING_REACTION, wait->record,
                        "%s should have answered it with %s", service, buffer_cstr(&outcomes));
        }
    }
}

static void judge_whole(struct story *story, const struct story_terms *terms)
{
    int starts = 0;
    int ends = 0;
    for (int i = 0; i < story->count; i++) {
        unsigned role = plot_role(story->plot, story->records[i].event);
        bool is_here = !story->records[i].is_elsewhere;
        starts += is_here && (role & PLOT_START) != 0;
        ends += is_here && (role & PLOT_END) != 0;
        if (is_here && ends > 1 && (role & PLOT_END) != 0) {
            add_finding(story, STORY_TWO_ENDS, i, "the story had ended with %s",
                        story_event_name(&story->records[story->end]));
        }
        if (is_here && starts > 1 && (role & PLOT_START) != 0) {
            add_finding(story, STORY_TWO_STARTS, i, "the story had begun before");
        }
    }
    bool is_cut = story->count > 0 && story->began_at_ms < terms->history_ms;
    if (ends > 0 && starts == 0 && !is_cut) {
        add_finding(story, STORY_END_WITHOUT_START, story->end,
                    "the story has an end, and no beginning");
    }
    if (story->state == STORY_STUCK && story->wait_count == 0) {
        add_finding(story, STORY_NO_WAY_ON, STORY_NOWHERE,
                    "nobody has anything to say by contract, and the story has no end");
    }
}

static void judge(struct story *story, const struct story_terms *terms)
{
    size_t room = 3 * (size_t)story->count + (size_t)story->wait_count + 2;
    story->findings = arena_alloc(&story->arena, room * sizeof story->findings[0]);
    for (int i = 0; i < story->count; i++) {
        judge_record(story, i, terms);
    }
    judge_waits(story);
    judge_whole(story, terms);
}

void story_make(struct story *story, const struct plot *plot, const struct uuid *id,
                const struct story_record *records, size_t count, const struct story_terms *terms)
{
    *story = (struct story){.plot = plot, .id = *id};
    count = count < STORY_RECORDS_MAX ? count : STORY_RECORDS_MAX;
    story->count = (int)count;
    story->records = arena_alloc(&story->arena, (count + 1) * sizeof story->records[0]);
    if (count > 0) {
        memcpy(story->records, records, count * sizeof story->records[0]);
        qsort(story->records, count, sizeof story->records[0], by_time);
    }
    link_causes(story);
    plant_tree(story);
    find_steps(story);
    find_times(story);
    find_undoing(story);
    find_waits(story, terms);
    find_state(story, terms);
    judge(story, terms);
}

void story_done(struct story *story)
{
    arena_done(&story->arena);
    *story = (struct story){0};
}
