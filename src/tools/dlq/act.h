/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_DLQ_ACT_H
#define TOOLS_DLQ_ACT_H

#include "tools/dlq/deed.h"
#include "tools/dlq/trail.h"

/*
 * A run from its first word to its last: the trail says that it begins, the journal what it does,
 * the trail how it ended; and what it found is printed. What all acting commands share.
 */

/* clang-format off */
#define ACT_OPTIONS                                                                                    \
    TRAIL_OPTIONS,                                                                                     \
    {"yes", NULL, NULL, NULL, "do it; without it, only a plan is made"},                               \
    {"why", "TEXT", NULL, NULL, "a note for the audit trail"},                                         \
    {"rate", "N", NULL, NULL, "at most N messages a second"},                                          \
    {"batch", "N", NULL, NULL, "a canary: the first N, then wait and see whether they come back"},     \
    {"watch", "DURATION", NULL, "30s", "with --batch: how long to wait"},                              \
    {"tolerate", "N", NULL, "0", "with --batch: go on when no more than N have come back"},            \
    {"again", NULL, NULL, NULL, "also messages that a run which was broken off may have sent"}
/* clang-format on */

enum {
    ACT_BATCH_MAX = 1000000,
    ACT_WATCH_MAX_MS = 24 * 60 * 60 * 1000,
};

struct act {
    const struct cli_call *call;
    struct dlq_session *session;
    struct deed_options deed;           /* run, journal, past and export are filled in by act_run */
    const char *selection, *why, *plan; /* for the trail */
    struct uuid undoes;
    int64_t batch, watch_ms, tolerate; /* batch 0 = no canary */
    bool has_canary_failed;
    bool is_quiet; /* a dry run that prints nothing */
    char *export_file;
};

/* --rate, --batch, --watch, --tolerate, --again. False when one is wrong, which has been said. */
bool act_read_options(const struct cli_call *call, struct act *act);

/* Does it (or, with deed.is_dry, looks what it would do) and prints what came of it. `plan_file`: a
 * dry run's. The exit code. */
int act_run(struct act *act, const char *plan_file);

/* A name for a file in the state folder: "<verb>-<queue>-<time>-<id>.<end>". Yours. */
enum outcome act_file(const char *folder, const char *verb, const char *queue,
                      const struct uuid *id, const char *end, char **out, struct fault *fault);

#endif
