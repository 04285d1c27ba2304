/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_DLQ_TRAIL_H
#define TOOLS_DLQ_TRAIL_H

#include "core/ids.h"
#include "tools/cli.h"

#include <json-c/json.h>

/*
 * The audit trail: who did what to which letters, why, when and by which plan. A run is written
 * twice, when it begins and when it ends, so that one that was broken off shows too. In
 * trail.jsonl of the state folder (private, appended under a lock, synchronised), or where
 * --trail-database-url is given in its table quadrille_trail instead (sql/trail_table.sql).
 * No password and no body is ever in it.
 */

enum {
    TRAIL_FORMAT = 1,
    TRAIL_LINE_MAX_BYTES = 1024 * 1024,
    TRAIL_SHOWN_MAX = 1000, /* runs that history tells */
};

/* clang-format off */
#define TRAIL_OPTIONS                                                                                  \
    {"trail-database-url", "URL", "QUADRILLE_TRAIL_DATABASE_URL", NULL,                                \
     "the audit trail's database; without it, a private file in the state folder", .is_setting = true}
/* clang-format on */

/* Texts may be NULL. */
struct trail_run {
    struct uuid run;
    const char *verb, *queue, *vhost, *to, *selection, *why, *plan;
    const char *broker_user, *server_version;
    const char *export_file; /* what undo brings back */
    const char *ids_file;    /* the journal: every letter of the run */
    int64_t started_ms, ended_ms;
    const char *state; /* "begun", "done", "partly", "failed", "nothing" */
    int64_t selected, done, left, unsure;
    struct uuid undoes; /* the run that this one undoes; nil: none */
    const char *note;   /* what went wrong */
};

struct trail;

/* EXIT_DONE, or it has been said why not: then nothing may be done. */
int trail_open(const struct cli_call *call, struct trail **out);
void trail_close(struct trail *trail); /* NULL is fine */
enum outcome trail_add(struct trail *trail, const struct trail_run *run, struct fault *fault);

/* The entries, the oldest first: a list of objects. Only those of `run` when it is not NULL. Yours
 * (json_object_put). */
enum outcome trail_read(struct trail *trail, const struct uuid *run, json_object **out,
                        struct fault *fault);

#endif
