/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_REPLAY_PLAN_H
#define TOOLS_REPLAY_PLAN_H

#include "tools/history/history.h"
#include "tools/replay/audience.h"
#include "tools/replay/remake.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a replay would do: one pass over the chosen events, each judged. Who hears it, can their
 * inboxes still tell it apart, does today's contract allow it? Nothing is sent.
 */

enum {
    PLAN_REASONS_MAX = 200,          /* told apart; more are counted together */
    PLAN_LEFT_OUT_MAX = 1000 * 1000, /* their places are remembered until the run ends */
};

/* So many messages of this type for this queue. */
struct plan_cell {
    const struct remake_kind *kind;
    size_t member; /* of the audience */
    int64_t messages, duplicates;
    struct db_array ids; /* not asked for yet */
};

struct plan_reason {
    char *why;
    const struct remake_kind *kind;
    int64_t count;
    struct uuid first; /* an example */
};

struct plan {
    struct plan_cell *cells;
    size_t cell_count;
    struct plan_reason *reasons;
    size_t reason_count;
    int64_t other_reasons;
    struct history_position *left_out; /* in the order of the log */
    size_t left_out_count;
    int64_t selected, upcast, erased, bytes; /* upcast and so on: of those that will be sent */
    int64_t first_ms, last_ms;               /* when they were said */
    int64_t oldest_ms;                       /* of their ids */
    struct history_position last;
    bool has_last;
};

struct plan_source {
    struct history *history;
    const struct history_filter *filter;
    const struct history_position *upto; /* the last one; NULL: what is complete now */
    struct audience *audience;
    struct remaker *remaker;
    volatile const int *is_stopped; /* may be NULL */
};

enum outcome plan_make(const struct plan_source *source, struct plan *plan, struct fault *fault);
void plan_done(struct plan *plan);

int64_t plan_sendable(const struct plan *plan);
int plan_compare(const struct history_position *a, const struct history_position *b);

/* For people and for programs (docs/json.md). */
void plan_print(const struct cli_call *call, const struct plan *plan,
                const struct audience *audience, const char *to);
void plan_json(struct buffer *out, const struct plan *plan, const struct audience *audience);

#endif
