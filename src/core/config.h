/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_CONFIG_H
#define CORE_CONFIG_H

#include "core/outcome.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * A service's settings: one table drives the environment variables, their checks and the help. A
 * setting's member of the struct is named by its offset.
 *
 * kind      written as                       member
 * TEXT      anything printable               char *
 * INT       42                               int64_t
 * DURATION  500ms 30s 5m 2h 7d               int64_t, milliseconds
 * FLAG      true, false                      bool
 * CHOICE    one of the entry's words         char *
 * URL       scheme:…                         char *
 * SECRET    X, or the path of a file in X_FILE  char *
 * PATH      a path                           char *
 * LISTEN    host:port, [::1]:port            char *
 *
 * A text that is neither set nor has a fallback is NULL; one that is set to nothing is "".
 */

enum config_kind {
    CONFIG_TEXT,
    CONFIG_INT,
    CONFIG_DURATION,
    CONFIG_FLAG,
    CONFIG_CHOICE,
    CONFIG_URL,
    CONFIG_SECRET,
    CONFIG_PATH,
    CONFIG_LISTEN,
};

enum { CONFIG_SECRET_MAX_BYTES = 64 * 1024 };

struct config_entry {
    const char *name; /* of the environment variable */
    enum config_kind kind;
    size_t offset;
    const char *fallback; /* as it would be written; NULL = none */
    bool required;        /* must be set, and not to nothing */
    int64_t min, max;     /* INT and DURATION (ms), inclusive; both 0 = no bounds */
    const char *help;
    const char *choices; /* of a CHOICE: "json, text, auto" */
};

/*
 * Reads the environment into `out` (zeroed); its texts are yours until config_done, none is left
 * after FATAL, which names every wrong variable and what is expected, never what was given. A
 * secret file that others may read is logged.
 */
enum outcome config_load(const struct config_entry *entries, size_t count, void *out,
                         struct fault *fault);

/* Frees the texts. */
void config_done(const struct config_entry *entries, size_t count, void *out);

void config_print_help(const struct config_entry *entries, size_t count, FILE *stream);

#endif
