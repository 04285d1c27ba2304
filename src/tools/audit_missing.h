/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_AUDIT_MISSING_H
#define TOOLS_AUDIT_MISSING_H

#include "core/ids.h"
#include "core/outcome.h"
#include "tools/cli.h"

#include <stddef.h>
#include <stdint.h>

/* Which event has not reached which listener: `quadrille audit --events`. */

enum { AUDIT_MISSING_MAX = 1000 * 1000 /* ids kept; more are counted */ };

struct audit_missed {
    char *listener, *type;
    struct uuid *ids;
    size_t id_count, room;
};

/* Zeroed is empty and valid. */
struct audit_missing {
    struct audit_missed *items; /* one for each listener and type */
    size_t count;
    size_t kept;
    int64_t total;
};

void audit_missing_add(struct audit_missing *missing, const char *listener, const char *type,
                       const struct uuid *id);
void audit_missing_done(struct audit_missing *missing);

/* Writes <folder>/<listener>.ids for each listener, private files for `quadrille replay --ids`. */
enum outcome audit_missing_write(const struct audit_missing *missing, const char *folder,
                                 struct fault *fault);
/* `folder` as above; NULL: none was written. */
void audit_missing_print(const struct cli_call *call, const struct audit_missing *missing,
                         int64_t judged, const char *folder);

#endif
