/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_SCHEMA_H
#define TOOLS_SCHEMA_H

#include "core/outcome.h"
#include "tools/migration.h"

/* Roles, databases and migrations of one service. Done as the deploy role, which may create roles
 * and databases. */

enum migration_state {
    MIGRATION_APPLIED,
    MIGRATION_NOW_APPLIED,
    MIGRATION_MISSING,
    MIGRATION_CHANGED,
    MIGRATION_UNKNOWN, /* applied, and not one of ours: a newer version was here */
    MIGRATION_STATES
};

typedef void (*schema_report_fn)(void *context, const char *service,
                                 const struct migration *migration, enum migration_state state);

struct schema_options {
    const char *url;     /* of the deploy role, any database */
    const char *secrets; /* folder with <service>.password and audit.password */
    const char *prefix;  /* of database names; "" for none */
};

/* Nothing is applied after a changed or beside an unknown migration: what it would find is not what
 * it was written for. */
enum outcome schema_apply(const struct schema_options *options, const char *service,
                          schema_report_fn report, void *context, struct fault *fault);
/* Changes nothing: reports what apply would find. */
enum outcome schema_plan(const struct schema_options *options, const char *service,
                         schema_report_fn report, void *context, struct fault *fault);

/* A second database of the service, with everything that its migrations make, beside its own. */
enum outcome schema_shadow(const struct schema_options *options, const char *service,
                           const char *database, struct fault *fault);

#endif
