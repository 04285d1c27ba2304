/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/choreography.h"

#include "contracts/similar.h"

#include <stdlib.h>
#include <string.h>

/*
 * One saga as its operations tell it. An *event* of it is a message of a send that has its x-saga;
 * a *step* is a receive that has it, and leads from the messages it hears to its x-outcomes. Facts
 * from outside, and commands, may begin a story anywhere.
 */

enum { SAGA_MAX = 400 }; /* events, and steps, of one saga; a larger one is not judged */

struct event {
    const struct asyncapi_operation *said_by;
    const struct asyncapi_message *message;
    bool is_end;  /* x-saga-end */
    bool is_free; /* nothing of the saga has to be said before */
};

struct saga {
    struct lint *lint;
    const char *name;
    struct event *events;
    size_t event_count;
    const struct asyncapi_operation **steps;
    size_t step_count;
    bool is_too_large;
    /* Tables with a row of SAGA_MAX for each step or event: */
    bool *hears;   /* step × event */
    bool *says;    /* step × event */
    bool *follows; /* event × event that some step makes of it */
};

static bool *cell(bool *table, size_t row, size_t column)
{
    return &table[row * SAGA_MAX + column];
}

static bool hears(const struct asyncapi_operation *step, const struct asyncapi_message *message)
{
    for (size_t i = 0; i < step->message_count; i++) {
        if (step->messages[i] == message || asyncapi_same_message(step->messages[i], message)) {
            return true;
        }
    }
    return false;
}

static bool names(const struct node *outcomes, const struct asyncapi_message *message)
{
    for (const struct node *each = outcomes != NULL ? outcomes->first : NULL; each != NULL;
         each = each->next) {
        if (each->kind == NODE_STRING &&
            (strcmp(each->text, message->key) == 0 || strcmp(each->text, message->name) == 0)) {
            return true;
        }
    }
    return false;
}

static bool says(const struct asyncapi_document *document, const char *word)
{
    for (size_t i = 0; i < document->operation_count; i++) {
        const struct asyncapi_operation *operation = &document->operations[i];
        for (size_t j = 0; j < operation->message_count && operation->is_send; j++) {
            if (strcmp(operation->messages[j]->key, word) == 0 ||
                strcmp(operation->messages[j]->name, word) == 0) {
                return true;
            }
        }
    }
    return false;
}

static bool has_unknown_outcome(const struct asyncapi_operation *step)
{
    const struct node *list = step->outcomes;
    for (const struct node *each = list != NULL ? list->first : NULL; each != NULL;
         each = each->next) {
        if (each->kind == NODE_STRING && !says(step->document, each->text)) {
            return true;
        }
    }
    return false;
}

/* x-outcomes names messages of the step's own document. */
static bool leads_to(const struct asyncapi_operation *step, const struct event *event)
{
    return event->said_by->document == step->document && names(step->outcomes, event->message);
}

static void add_events(struct saga *saga, const struct asyncapi_operation *operation)
{
    for (size_t i = 0; i < operation->message_count; i++) {
        if (saga->event_count == SAGA_MAX) {
            saga->is_too_large = true;
            return;
        }
        saga->events[saga->event_count++] = (struct event){
            .said_by = operation,
            .message = operation->messages[i],
            .is_end = choreography_says_true(operation->at, "x-saga-end"),
        };
    }
}

static void add_step(struct saga *saga, const struct asyncapi_operation *operation)
{
    if (saga->step_count == SAGA_MAX) {
        saga->is_too_large = true;
        return;
    }
    saga->steps[saga->step_count++] = operation;
}

static void collect(struct saga *saga)
{
    const struct asyncapi *set = saga->lint->set;
    for (size_t i = 0; i < set->count; i++) {
        for (size_t j = 0; j < set->items[i].operation_count; j++) {
            const struct asyncapi_operation *operation = &set->items[i].operations[j];
            if (operation->saga == NULL || strcmp(operation->saga, saga->name) != 0) {
                continue;
            }
            if (operation->is_send) {
                add_events(saga, operation);
            } else {
                add_step(saga, operation);
            }
        }
    }
}

/* An event is free when no step says it, or one that hears nothing of the saga: a command, a
 * deadline or a fact from outside leads to it. */
static void connect_step(struct saga *saga, size_t step, bool *has_cause)
{
    bool is_from_inside = false;
    for (size_t i = 0; i < saga->event_count; i++) {
        *cell(saga->hears, step, i) = hears(saga->steps[step], saga->events[i].message);
        *cell(saga->says, step, i) = leads_to(saga->steps[step], &saga->events[i]);
        is_from_inside |= *cell(saga->hears, step, i);
    }
    for (size_t j = 0; j < saga->event_count; j++) {
        if (!*cell(saga->says, step, j)) {
            continue;
        }
        has_cause[j] = true;
        saga->events[j].is_free |= !is_from_inside;
        for (size_t i = 0; i < saga->event_count; i++) {
            *cell(saga->follows, i, j) |= *cell(saga->hears, step, i);
        }
    }
}

static void connect(struct saga *saga)
{
    bool has_cause[SAGA_MAX] = {false};
    for (size_t i = 0; i < saga->step_count; i++) {
        connect_step(saga, i, has_cause);
    }
    for (size_t i = 0; i < saga->event_count; i++) {
        saga->events[i].is_free |= !has_cause[i];
    }
}

/* Marks what follows from marked events, or what they follow from. */
static void spread(const struct saga *saga, bool *marks, bool is_forward)
{
    size_t list[SAGA_MAX];
    size_t count = 0;
    for (size_t i = 0; i < saga->event_count; i++) {
        if (marks[i]) {
            list[count++] = i;
        }
    }
    while (count > 0) {
        size_t from = list[--count];
        for (size_t i = 0; i < saga->event_count; i++) {
            bool is_next =
                is_forward ? *cell(saga->follows, from, i) : *cell(saga->follows, i, from);
            if (is_next && !marks[i]) {
                marks[i] = true;
                list[count++] = i;
            }
        }
    }
}

static bool is_heard(const struct saga *saga, size_t event)
{
    for (size_t i = 0; i < saga->step_count; i++) {
        if (*cell(saga->hears, i, event)) {
            return true;
        }
    }
    return false;
}

/* Where an outcome is unknown, which another rule says, nobody can tell what follows. */
static bool is_unclear(const struct saga *saga, size_t event)
{
    for (size_t i = 0; i < saga->step_count; i++) {
        if (*cell(saga->hears, i, event) && has_unknown_outcome(saga->steps[i])) {
            return true;
        }
    }
    return false;
}

static void find_ends(const struct saga *saga, bool *can_end)
{
    for (size_t i = 0; i < saga->event_count; i++) {
        /* One that nobody hears is another rule's. */
        can_end[i] = saga->events[i].is_end || !is_heard(saga, i) || is_unclear(saga, i);
    }
    spread(saga, can_end, false);
}

static void judge_events(const struct saga *saga)
{
    bool can_end[SAGA_MAX] = {false};
    find_ends(saga, can_end);
    for (size_t i = 0; i < saga->event_count; i++) {
        const struct event *event = &saga->events[i];
        struct position place = event->said_by->written->key_place;
        if (!event->is_end && !is_heard(saga, i)) {
            lint_add(saga->lint, &choreography_saga_outcome_unheard, place,
                     "no step of the saga %s reacts to %s: add one, or write x-saga-end: true",
                     saga->name, event->message->name);
        } else if (!can_end[i]) {
            lint_add(saga->lint, &choreography_saga_without_end, place,
                     "no path leads from %s to an end of the saga %s: some step after it needs "
                     "x-outcomes",
                     event->message->name, saga->name);
        }
    }
}

/* The step's outcomes, what can come at any time and is not over yet, and all that follows. What
 * the step waits for, and what that follows from, is over. */
static void mark_after(const struct saga *saga, size_t step, bool *is_after)
{
    bool is_before[SAGA_MAX] = {false};
    for (size_t i = 0; i < saga->event_count; i++) {
        is_before[i] = *cell(saga->hears, step, i);
    }
    spread(saga, is_before, false);
    for (size_t i = 0; i < saga->event_count; i++) {
        is_after[i] = *cell(saga->says, step, i) || (saga->events[i].is_free && !is_before[i]);
    }
    spread(saga, is_after, true);
}

static bool is_undone(const struct saga *saga, size_t step)
{
    bool is_after[SAGA_MAX] = {false};
    mark_after(saga, step, is_after);
    for (size_t i = 0; i < saga->step_count; i++) {
        const struct asyncapi_operation *undo = saga->steps[i];
        bool is_its_undo = undo->document == saga->steps[step]->document &&
                           undo->compensates != NULL &&
                           strcmp(undo->compensates, saga->steps[step]->key) == 0;
        for (size_t j = 0; j < saga->event_count && is_its_undo; j++) {
            if (is_after[j] && *cell(saga->hears, i, j)) {
                return true;
            }
        }
    }
    return false;
}

static void judge_effects(const struct saga *saga)
{
    for (size_t i = 0; i < saga->step_count; i++) {
        const struct asyncapi_operation *step = saga->steps[i];
        if (choreography_says_true(step->at, "x-external-effect") && !is_undone(saga, i)) {
            lint_add(saga->lint, &choreography_effect_without_compensation,
                     step->written->key_place,
                     "what %s does outside is undone by no step that can still come: add a receive "
                     "with x-compensates: %s",
                     step->key, step->key);
        }
    }
}

static void judge_saga(struct lint *lint, const struct asyncapi_operation *first)
{
    enum { CELLS = SAGA_MAX * SAGA_MAX };
    struct saga saga = {
        .lint = lint,
        .name = first->saga,
        .events = xcalloc(SAGA_MAX, sizeof(struct event)),
        .steps = xcalloc(SAGA_MAX, sizeof(const struct asyncapi_operation *)),
        .hears = xcalloc(CELLS, sizeof(bool)),
        .says = xcalloc(CELLS, sizeof(bool)),
        .follows = xcalloc(CELLS, sizeof(bool)),
    };
    collect(&saga);
    if (saga.is_too_large) {
        lint_add(lint, &choreography_saga_without_end, first->written->key_place,
                 "the saga %s has more than %d events or steps and is not judged: split it",
                 saga.name, SAGA_MAX);
    } else {
        connect(&saga);
        judge_events(&saga);
        judge_effects(&saga);
    }
    free(saga.events);
    free(saga.steps);
    free(saga.hears);
    free(saga.says);
    free(saga.follows);
}

static const char *near_message(const struct asyncapi_document *document, const char *word)
{
    const char *near = NULL;
    int best = SIMILAR_FAR;
    for (size_t i = 0; i < document->operation_count; i++) {
        const struct asyncapi_operation *operation = &document->operations[i];
        for (size_t j = 0; j < operation->message_count && operation->is_send; j++) {
            int distance = similar_distance(word, operation->messages[j]->key);
            if (distance < best) {
                best = distance;
                near = operation->messages[j]->key;
            }
        }
    }
    return near;
}

static void judge_outcomes(struct lint *lint, const struct asyncapi_operation *operation)
{
    const struct node *list = operation->outcomes;
    for (const struct node *each = list != NULL ? list->first : NULL; each != NULL;
         each = each->next) {
        if (each->kind != NODE_STRING || says(operation->document, each->text)) {
            continue;
        }
        const char *near = near_message(operation->document, each->text);
        lint_add(lint, &choreography_unknown_outcome, each->place,
                 "the service does not say %s: %s%s%s", each->text,
                 near != NULL ? "did you mean " : "x-outcomes names messages that it sends",
                 near != NULL ? near : "", near != NULL ? "?" : "");
    }
}

static void judge_compensation(struct lint *lint, const struct asyncapi_operation *operation)
{
    const struct asyncapi_document *document = operation->document;
    const char *near = NULL;
    int best = SIMILAR_FAR;
    if (operation->compensates == NULL) {
        return;
    }
    for (size_t i = 0; i < document->operation_count; i++) {
        const struct asyncapi_operation *other = &document->operations[i];
        int distance = similar_distance(operation->compensates, other->key);
        if (!other->is_send && strcmp(operation->compensates, other->key) == 0) {
            return;
        }
        if (!other->is_send && distance < best) {
            best = distance;
            near = other->key;
        }
    }
    lint_add(
        lint, &choreography_unknown_compensation, node_find(operation->at, "x-compensates")->place,
        "no receiving operation of this document is called %s%s%s%s", operation->compensates,
        near != NULL ? ": did you mean " : "", near != NULL ? near : "", near != NULL ? "?" : "");
}

/* Whether an operation before this one has the same saga. */
static bool is_judged(const struct asyncapi *set, const struct asyncapi_operation *operation)
{
    for (size_t i = 0; i < set->count; i++) {
        for (size_t j = 0; j < set->items[i].operation_count; j++) {
            const struct asyncapi_operation *other = &set->items[i].operations[j];
            if (other == operation) {
                return false;
            }
            if (other->saga != NULL && strcmp(other->saga, operation->saga) == 0) {
                return true;
            }
        }
    }
    return false;
}

void choreography_sagas(struct lint *lint)
{
    for (size_t i = 0; i < lint->set->count; i++) {
        for (size_t j = 0; j < lint->set->items[i].operation_count; j++) {
            const struct asyncapi_operation *operation = &lint->set->items[i].operations[j];
            judge_outcomes(lint, operation);
            judge_compensation(lint, operation);
            if (operation->saga != NULL && !is_judged(lint->set, operation)) {
                judge_saga(lint, operation);
            }
        }
    }
}
