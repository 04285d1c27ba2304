/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_AUDIT_H
#define TOOLS_AUDIT_H

#include "contracts/model.h"
#include "core/db.h"
#include "tools/audit_ledger.h"
#include "tools/audit_missing.h"
#include "tools/audit_report.h"
#include "tools/id_set.h"
#include "tools/management.h"

/*
 * The invariants, checked from outside: a read-only role in every service's database, the broker's
 * management API, the payment provider's ledger. What the services say about themselves counts for
 * nothing here.
 */

struct audit_options {
    const struct contract_set *contracts;
    const char *database_url;   /* any user, any database: both are replaced */
    const char *prefix;         /* of database names */
    const char *management_url; /* any user: replaced */
    struct tls_files tls;       /* of the management API */
    const char *vhost;
    const char *provider_url;
    const char *secrets;              /* folder with audit.password */
    int64_t within_ms;                /* an upgrade may be under way for so long */
    int64_t lag_ms;                   /* so far the broker's statistics may be behind */
    int64_t dead_letters;             /* how many there must be in all dead letter queues */
    const struct id_set *dead_events; /* which ones; NULL: only their number is known */
    struct audit_missing *missing;    /* not NULL: only I5 is judged, and every id kept here */
    const struct id_set *foreign;     /* events published by hand: no outbox has them */
};

/* One service's side of things: everything is read in one snapshot. */
struct audit_service {
    const struct model_service *model;
    struct db *db;
    struct tx tx;
    int64_t inbox_floor_ms, outbox_floor_ms; /* what is older may have been dropped */
};

struct audit {
    const struct audit_options *options;
    struct audit_report *report;
    struct audit_service *services;
    size_t service_count;
    struct management *management;
    struct ledger ledger;
};

/* Judges everything once. Another outcome than OK means that something could not be read: nothing
 * is judged then. */
enum outcome audit_run(const struct audit_options *options, struct audit_report *report,
                       struct fault *fault);

/* The parts, one file each. */
enum outcome audit_stories(struct audit *audit, struct fault *fault); /* I1 to I4, I12 */
enum outcome audit_events(struct audit *audit, struct fault *fault);  /* I5, I6, I8 */
enum outcome audit_checks(struct audit *audit,
                          struct fault *fault); /* I7, I9, of I4 and I10 what one database knows */
enum outcome audit_effects(struct audit *audit,
                           struct fault *fault); /* of I7 what takes two databases to know */
enum outcome audit_queues(struct audit *audit,
                          struct fault *fault); /* of I10 what the broker knows */

/* Counts and shows what a check has found; the columns are the same for all of them. */
void audit_checks_report(struct audit *audit, enum audit_invariant invariant,
                         const struct audit_service *service, const struct db_rows *rows);

/* NULL when no contract belongs to such a service. */
struct audit_service *audit_service_find(struct audit *audit, const char *name);

#endif
