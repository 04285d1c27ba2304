/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_CONTRACT_REVISION_H
#define TOOLS_CONTRACT_REVISION_H

#include "core/memory.h"
#include "core/outcome.h"

#include <stddef.h>

/*
 * Files as they were in a revision of the git repository that a path lies in. They are written to a
 * private temporary folder, YAML, JSON and Avro only, so that references between them lead where
 * they led then. git is run without a shell and changes nothing in the repository.
 */

enum { REVISION_TAGS_MAX = 100 };

/* Zeroed is empty and valid. */
struct revision {
    char *folder; /* temporary */
    char *path;   /* the wanted file or folder in it */
    char *name;   /* "git:v1.2.0" */
    char *top;    /* of the repository */
};

/*
 * REJECT: no repository, no such revision, or git fails; the fault says what git said. When the
 * revision does not have the path, `path` is NULL.
 */
enum outcome revision_take(const char *path, const char *name, struct revision *out,
                           struct fault *fault);
void revision_done(struct revision *revision);

/* The path in the repository of a file below the temporary folder; NULL for others. */
const char *revision_inside(const struct revision *revision, const char *path);

/* "git:v1:events/billing.yaml" for a path below the temporary folder, else the path itself. */
const char *revision_path(const struct revision *revision, struct arena *arena, const char *path);

/* The names of the newest `limit` tags that the current commit has, newest first. */
enum outcome revision_tags(const char *path, size_t limit, struct arena *arena, const char **names,
                           size_t *count, struct fault *fault);

#endif
