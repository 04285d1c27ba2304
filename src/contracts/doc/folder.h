/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_DOC_FOLDER_H
#define CONTRACTS_DOC_FOLDER_H

#include "contracts/graph/label.h"
#include "core/memory.h"
#include "core/outcome.h"

#include <stddef.h>

/*
 * The folder of a site. A file of ours, `.quadrille-doc`, marks it and lists what was written, so
 * that a folder of somebody's is never written to, and pages of what is no more go away. Files are
 * replaced as a whole; symbolic links are not followed.
 */

struct folder {
    const char *path;
    int handle; /* -1: not open */
    struct arena arena;
    struct labels written; /* paths in the folder */
    const char **names;    /* the same in their order */
    size_t count, room;
};

/* Makes the folder where there is none. REJECT when it is not empty and not ours. `path` must
 * outlive it. */
enum outcome folder_open(struct folder *folder, const char *path, struct fault *fault);
/* `name` is ours: "index.html", "events/Sold.html". */
enum outcome folder_write(struct folder *folder, const char *name, const char *bytes, size_t length,
                          struct fault *fault);
/* Removes the pages of former times and writes the list. */
enum outcome folder_finish(struct folder *folder, struct fault *fault);
void folder_close(struct folder *folder);

#endif
