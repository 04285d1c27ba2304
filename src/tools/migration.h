/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_MIGRATION_H
#define TOOLS_MIGRATION_H

#include <stddef.h>

/*
 * The numbered migrations of every module, embedded at build time. A service's database gets those
 * of `publishers` and `consumers` and its own, in this order.
 */
struct migration {
    const char *module; /* "publishers", "billing" */
    const char *name;   /* "001-outbox" */
    const char *sql;
};

extern const struct migration migrations[];
extern const size_t migration_count;

#endif
