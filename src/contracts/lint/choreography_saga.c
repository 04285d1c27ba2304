/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/choreography.h"

#include "contracts/lint/similar.h"

#include <stdlib.h>
#include <string.h>

/*
 * One saga as its operations tell it. An *event* of it is a message of a send that has its x-saga;
 * a *step* is a receive that has it, and leads from the messages it hears to its x-outcomes. Facts
 * from outside, and commands, may begin a story anywhere.
 */

enum {
    SAGA_EVENTS_MAX = 1000,
    SAGA_STEPS_MAX = 1000
}; /* of one saga: what is more is not judged */

struct event {
    const struct asyncapi_operation *said_by;
    const struct asyncapi_message *message;
    bool is_end;    /* x-saga-end */
    bool can_end;   /* some path leads to an end */
    bool is_marked; /* reached, while a walk goes on */
};

struct saga {
    struct lint *lint;
    const char *name;
    struct event *events;
    size_t event_count;
    const struct asyncapi_operation **steps;
    size_t step_count;
};

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
    for (size_t i = 0; i < operation->message_count && saga->event_count < SAGA_EVENTS_MAX; i++) {
        saga->events[saga->event_count++] = (struct event){
            .said_by = operation,
            .message = operation->messages[i],
            .is_end = choreography_says_true(operation->at, "x-saga-end"),
        };
    }
}

static void collect(struct saga *saga)
{
    const struct asyncapi *set = saga->lint->set;
    saga->events = xcalloc(SAGA_EVENTS_MAX, sizeof saga->events[0]);
    saga->steps = xcalloc(SAGA_STEPS_MAX, sizeof(const struct asyncapi_operation *));
    for (size_t i = 0; i < set->count; i++) {
        for (size_t j = 0; j < set->items[i].operation_count; j++) {
            const struct asyncapi_operation *operation = &set->items[i].operations[j];
            if (operation->saga == NULL || strcmp(operation->saga, saga->name) != 0) {
                continue;
            }
            if (operation->is_send) {
                add_events(saga, operation);
            } else if (saga->step_count < SAGA_STEPS_MAX) {
                saga->steps[saga->step_count++] = operation;
            }
        }
    }
}

static bool is_heard(const struct saga *saga, const struct event *event)
{
    for (size_t i = 0; i < saga->step_count; i++) {
        if (hears(saga->steps[i], event->message)) {
            return true;
        }
    }
    return false;
}

/* Whether some step goes on from this event to one that can end. Where an outcome is unknown, which
 * another rule says, nobody can tell. */
static bool goes_on_to_end(const struct saga *saga, const struct event *event)
{
    for (size_t i = 0; i < saga->step_count; i++) {
        if (hears(saga->steps[i], event->message) && has_unknown_outcome(saga->steps[i])) {
            return true;
        }
        for (size_t j = 0; j < saga->event_count && hears(saga->steps[i], event->message); j++) {
            if (saga->events[j].can_end && leads_to(saga->steps[i], &saga->events[j])) {
                return true;
            }
        }
    }
    return false;
}

static void find_ends(struct saga *saga)
{
    bool changed = true;
    for (size_t i = 0; i < saga->event_count; i++) {
        /* One that nobody hears is another rule's. */
        saga->events[i].can_end = saga->events[i].is_end || !is_heard(saga, &saga->events[i]);
    }
    while (changed) {
        changed = false;
        for (size_t i = 0; i < saga->event_count; i++) {
            struct event *event = &saga->events[i];
            if (!event->can_end && goes_on_to_end(saga, event)) {
                event->can_end = true;
                changed = true;
            }
        }
    }
}

static void judge_events(struct saga *saga)
{
    find_ends(saga);
    for (size_t i = 0; i < saga->event_count; i++) {
        const struct event *event = &saga->events[i];
        struct position place = event->said_by->written->key_place;
        if (!event->is_end && !is_heard(saga, event)) {
            lint_add(saga->lint, &choreography_saga_outcome_unheard, place,
                     "no step of the saga %s reacts to %s: add one, or write x-saga-end: true",
                     saga->name, event->message->name);
        } else if (!event->can_end) {
            lint_add(saga->lint, &choreography_saga_without_end, place,
                     "no path leads from %s to an end of the saga %s: some step after it needs "
                     "x-outcomes",
                     event->message->name, saga->name);
        }
    }
}

/* Marks what may still be said once the outcomes of `step` are. */
static void mark_after(struct saga *saga, const struct asyncapi_operation *step)
{
    bool changed = true;
    for (size_t i = 0; i < saga->event_count; i++) {
        saga->events[i].is_marked = leads_to(step, &saga->events[i]);
    }
    while (changed) {
        changed = false;
        for (size_t i = 0; i < saga->event_count; i++) {
            for (size_t j = 0; j < saga->step_count && saga->events[i].is_marked; j++) {
                for (size_t k = 0;
                     k < saga->event_count && hears(saga->steps[j], saga->events[i].message); k++) {
                    struct event *next = &saga->events[k];
                    if (!next->is_marked && leads_to(saga->steps[j], next)) {
                        next->is_marked = changed = true;
                    }
                }
            }
        }
    }
}

/* Nothing of the saga has to be said before: a command, a deadline, or a fact from outside leads to
 * it. */
static bool can_come_at_any_time(const struct saga *saga, const struct event *event)
{
    bool has_cause = false;
    for (size_t i = 0; i < saga->step_count; i++) {
        if (!leads_to(saga->steps[i], event)) {
            continue;
        }
        has_cause = true;
        bool is_from_inside = false;
        for (size_t j = 0; j < saga->event_count; j++) {
            is_from_inside |= hears(saga->steps[i], saga->events[j].message);
        }
        if (!is_from_inside) {
            return true;
        }
    }
    return !has_cause;
}

static bool is_undone(struct saga *saga, const struct asyncapi_operation *step)
{
    mark_after(saga, step);
    for (size_t i = 0; i < saga->step_count; i++) {
        const struct asyncapi_operation *undo = saga->steps[i];
        if (undo->document != step->document || undo->compensates == NULL ||
            strcmp(undo->compensates, step->key) != 0) {
            continue;
        }
        for (size_t j = 0; j < saga->event_count; j++) {
            const struct event *event = &saga->events[j];
            if (hears(undo, event->message) &&
                (event->is_marked || can_come_at_any_time(saga, event))) {
                return true;
            }
        }
    }
    return false;
}

static void judge_effects(struct saga *saga)
{
    for (size_t i = 0; i < saga->step_count; i++) {
        const struct asyncapi_operation *step = saga->steps[i];
        if (choreography_says_true(step->at, "x-external-effect") && !is_undone(saga, step)) {
            lint_add(saga->lint, &choreography_effect_without_compensation,
                     step->written->key_place,
                     "what %s does outside is undone by no step that can still come: add a receive "
                     "with x-compensates: %s",
                     step->key, step->key);
        }
    }
}

static void judge_saga(struct lint *lint, const char *name)
{
    struct saga saga = {.lint = lint, .name = name};
    collect(&saga);
    judge_events(&saga);
    judge_effects(&saga);
    free(saga.events);
    free(saga.steps);
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
                judge_saga(lint, operation->saga);
            }
        }
    }
}
