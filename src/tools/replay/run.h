/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_REPLAY_RUN_H
#define TOOLS_REPLAY_RUN_H

#include "core/buffer.h"
#include "core/ids.h"
#include "tools/history/history.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * A run of `quadrille replay --yes` and how far it has come, in two private files below
 * $XDG_STATE_HOME/quadrille/replay: <id>.json says what was asked for and never changes,
 * <id>.at says how far it is and is replaced whole. Files, because the operator reads the log's
 * database and may write nothing there; and they hold no bodies.
 */

enum {
    RUN_FILE_MAX_BYTES = 16 * 1024 * 1024, /* HISTORY_IDS_MAX ids and the rest */
    RUN_TEXT_MAX_BYTES = 255,
    RUN_RATE_MAX = 1000 * 1000,
    RUN_SPEED_MAX = 1000 * 1000, /* times as fast as it was said */
};

enum run_state { RUN_RUNNING, RUN_STOPPED, RUN_DONE };
const char *run_state_name(enum run_state state); /* "running" … */

struct run {
    struct uuid id;
    int64_t made_ms;
    char *to;                     /* NULL: to everybody */
    int64_t rate, speed;          /* 0: as fast as it goes */
    int64_t total;                /* messages to send, when it was planned */
    int64_t left_out;             /* the same */
    struct history_position last; /* the last event chosen */
    struct history_filter filter; /* what it points to lives in the arena */
    struct arena arena;
    /* How far it has come. */
    enum run_state state;
    struct history_position at; /* everything up to there is confirmed, or left out */
    bool has_at;
    int64_t sent, returned, changed_ms;
    /* Of the process that works on it. */
    char *path; /* of <id>.json */
    int lock;   /* -1: not ours */
};

/* A new one, with its files; ours until run_done. `filter` is copied. */
enum outcome run_begin(struct run *run, const struct history_filter *filter, struct fault *fault);
/* One that is there. With `is_ours` nobody else works on it until run_done. */
enum outcome run_open(struct run *run, const char *id, bool is_ours, struct fault *fault);
enum outcome run_save(struct run *run, struct fault *fault);
void run_done(struct run *run);

/* Every run, the oldest first; ids are UUIDv7. `ids` is yours (free). */
enum outcome run_list(struct uuid **ids, size_t *count, struct fault *fault);

void run_json(struct buffer *out, const struct run *run);

#endif
