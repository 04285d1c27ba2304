/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_CONTRACT_MOVED_H
#define TOOLS_CONTRACT_MOVED_H

#include "contracts/asyncapi.h"
#include "tools/contract_revision.h"

#include <stddef.h>

/*
 * Where the contracts of a file or folder were in a revision that has none at that path: its
 * documents with the same id, title or name, best those that are at their old place no more. What
 * lay beside them and is gone as well belongs to them, or its removal would go unseen.
 */

struct moved {
    const char **paths; /* below the revision's temporary folder, sorted; in the arena */
    size_t count;       /* 0: there were none */
};

struct moved moved_find(const struct revision *revision, const char *new_path,
                        const struct asyncapi *new, struct arena *arena);

#endif
