/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_SAGA_STORY_H
#define TOOLS_SAGA_STORY_H

#include "core/buffer.h"
#include "core/ids.h"
#include "tools/saga/plot.h"

#include <stdint.h>

/*
 * One story that really happened, put beside its plot: who reacted to what and how fast, what
 * should happen next, and what should not have happened. Pure: an array of records and the
 * contracts go in, and the time is told.
 */

enum { STORY_RECORDS_MAX = 2000 /* of one story: everything is compared with everything */ };

enum { STORY_NOWHERE = -1 };

struct story_record {
    struct uuid id, causation_id;
    bool has_causation_id;
    bool is_elsewhere; /* a cause that belongs to another story */
    const char *type, *service;
    int64_t occurred_at_ms, recorded_at_ms;
    /* What story_make adds. */
    const struct graph_event *event;    /* NULL: no contract knows it */
    int cause;                          /* index; STORY_NOWHERE: none, or not in the history */
    int depth;                          /* below it */
    const struct graph_operation *step; /* that led to it by contract; NULL: none is known */
};

/* What a step has still to say. */
struct story_wait {
    int record; /* the first that the step heard */
    const struct graph_operation *step;
    int64_t for_ms;
    bool is_for_others; /* others must speak first: this one is no culprit */
    bool is_overdue;
};

enum story_state { STORY_OPEN, STORY_DONE, STORY_STUCK };

enum story_flaw {
    STORY_UNDECLARED_EVENT,
    STORY_UNDECLARED_REACTION,
    STORY_MISSING_CAUSE,
    STORY_MISSING_REACTION,
    STORY_MISSING_UNDO,
    STORY_NO_WAY_ON,
    STORY_TWO_STARTS,
    STORY_TWO_ENDS,
    STORY_END_WITHOUT_START,
    STORY_FLAWS,
};

struct story_finding {
    enum story_flaw flaw;
    int record; /* STORY_NOWHERE: of the whole story */
    const char *text;
};

/* Zeroed is empty and valid. */
struct story {
    struct arena arena;
    const struct plot *plot;
    struct uuid id;               /* the correlation id */
    struct story_record *records; /* in the order of time */
    int count;
    int *tree; /* indexes: each cause before its effects, which follow it at once */
    struct story_wait *waits;
    int wait_count;
    struct story_finding *findings;
    int finding_count;
    enum story_state state;
    bool is_undoing; /* a step that compensates has been asked for */
    int64_t began_at_ms, last_at_ms, ended_at_ms;
    int end; /* the record; STORY_NOWHERE: none yet */
};

struct story_terms {
    int64_t now_ms;
    int64_t after_ms;   /* what has not happened for so long is overdue */
    int64_t history_ms; /* from when on the history has everything; 0: always */
};

/* The records are copied, texts borrowed. At most STORY_RECORDS_MAX are looked at. */
void story_make(struct story *story, const struct plot *plot, const struct uuid *id,
                const struct story_record *records, size_t count, const struct story_terms *terms);
void story_done(struct story *story);

const char *story_state_name(enum story_state state); /* "open" */
const char *story_flaw_name(enum story_flaw flaw);    /* "undeclared-reaction" */
/* Its name; of an event that no contract knows the type. Not escaped. */
const char *story_event_name(const struct story_record *record);
/* Does it undo something? */
bool story_is_undo(const struct story_record *record);
/* "PaymentCompleted or PaymentFailed" */
void story_add_outcomes(struct buffer *out, const struct graph_operation *step);
/* "0.120 s", "4 m 03 s", "2 d 4 h" */
void story_add_duration(struct buffer *out, int64_t ms);
/* Since its cause; 0 without one, negative when clocks differ. */
int64_t story_delay_ms(const struct story *story, const struct story_record *record);

#endif
