/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_PROFILE_H
#define TOOLS_PROFILE_H

#include "core/memory.h"
#include "core/outcome.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The profiles file: sections that say where servers are (docs/profiles.md).
 *
 *   # our staging cluster
 *   [staging]
 *   url = amqps://operator@broker.staging.example
 *   password-file = ~/.secrets/staging
 *
 * A line is a section, a setting, a comment (# or ;) or empty. A value is the rest of the line
 * without the spaces around it: nothing is quoted or escaped, and a comment has its own line.
 */

enum {
    PROFILE_FILE_MAX_BYTES = 256 * 1024,
    PROFILE_NAME_MAX_BYTES = 64,
    PROFILE_SETTINGS_MAX = 32,
};

struct profile_setting {
    const char *name;
    bool is_path; /* ~/ is the home folder; else it must be absolute */
};

/* $XDG_CONFIG_HOME/quadrille/profiles, else ~/.config/quadrille/profiles. Yours. */
char *profile_path(void);
bool profile_is_there(const char *path);

/*
 * Reads the whole file, which must be private (private_file.h) and free of mistakes, and puts what
 * section `name` says into values[], in the order of `settings`; they live in the arena, and are
 * NULL for what it does not say. `*found` is false when there is no such section. REJECT names file
 * and line, and never a value.
 */
enum outcome profile_read(const char *path, const char *name,
                          const struct profile_setting *settings, size_t count, struct arena *arena,
                          const char **values, bool *found, struct fault *fault);

#endif
