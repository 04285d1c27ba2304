/* SPDX-License-Identifier: Apache-2.0 */
#include "core/memory.h"
#include "tools/audit.h"
#include "tools/audit_sql.h"

/* What one database can tell by itself: a statement for each check, all of the same shape. */

/* clang-format off */
static const struct check {
    enum audit_invariant invariant;
    const char *service; /* NULL: every service */
    const struct sql *sql;
    enum floor { ALL, INBOX_FLOOR, OUTBOX_FLOOR } floor; /* its $2: from when on rows have not been dropped */
} checks[] = {
    {AUDIT_I4,  "coaching",     &sql_audit_planned, ALL},
    {AUDIT_I7,  NULL,           &sql_audit_answered_once, ALL},
    {AUDIT_I7,  "subscription", &sql_audit_decided_once, ALL},
    {AUDIT_I7,  "history",      &sql_audit_recorded, INBOX_FLOOR},
    {AUDIT_I7,  "notification", &sql_audit_mailed_once, INBOX_FLOOR},
    {AUDIT_I9,  NULL,           &sql_audit_caused, INBOX_FLOOR},
    {AUDIT_I9,  NULL,           &sql_audit_numbered, OUTBOX_FLOOR},
    {AUDIT_I9,  "subscription", &sql_audit_versioned, ALL},
    {AUDIT_I10, NULL,           &sql_audit_relayed, ALL},
    {AUDIT_I10, NULL,           &sql_audit_unsent, ALL},
    {AUDIT_I10, NULL,           &sql_audit_parked, ALL},
};
/* clang-format on */

/* Columns of every check. */
enum { JUDGED, DIFFERING, EVENT, CAUSE, SUBJECT, TYPE, WANTED, FOUND, WRONG };

void audit_checks_report(struct audit *audit, enum audit_invariant invariant,
                         const struct audit_service *service, const struct db_rows *rows)
{
    audit_report_count(audit->report, invariant, db_get_i64(rows, 0, JUDGED),
                       db_get_i64(rows, 0, DIFFERING));
    for (int row = 0; row < db_rows_count(rows); row++) {
        if (db_is_null(rows, row, WRONG)) {
            continue;
        }
        const struct audit_place place = {
            .service = service->model->name,
            .event = db_get_uuid(rows, row, EVENT),
            .cause = db_get_uuid(rows, row, CAUSE),
            .subject = db_get_uuid(rows, row, SUBJECT),
            .type = db_get_text(rows, row, TYPE),
            .has_numbers = !db_is_null(rows, row, FOUND),
            .wanted = db_get_i64(rows, row, WANTED),
            .found = db_get_i64(rows, row, FOUND),
        };
        audit_report_show(audit->report, invariant, &place, db_get_text(rows, row, WRONG));
    }
}

static enum outcome ask(const struct audit *audit, const struct check *check,
                        const struct audit_service *service, struct db_rows **rows,
                        struct fault *fault)
{
    int64_t examples = (int64_t)audit->report->examples_max;
    if (check->floor == ALL) {
        return db_run(service->db, check->sql, DB_PARAMS(db_i64(examples)), rows, fault);
    }
    int64_t ms = check->floor == INBOX_FLOOR ? service->inbox_floor_ms : service->outbox_floor_ms;
    struct uuid floor = ms == INT64_MIN ? (struct uuid){0} : ids_floor(ms);
    return db_run(service->db, check->sql, DB_PARAMS(db_i64(examples), db_uuid(&floor)), rows,
                  fault);
}

static enum outcome run(struct audit *audit, const struct check *check,
                        const struct audit_service *service, struct fault *fault)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = ask(audit, check, service, &rows, fault);
    if (o != OK) {
        return fault_wrap(fault, o, "%s of %s", check->sql->name, service->model->name);
    }
    audit_checks_report(audit, check->invariant, service, rows);
    return OK;
}

enum outcome audit_checks(struct audit *audit, struct fault *fault)
{
    enum outcome o = OK;
    for (size_t c = 0; o == OK && c < COUNT_OF(checks); c++) {
        const struct audit_service *only =
            checks[c].service != NULL ? audit_service_find(audit, checks[c].service) : NULL;
        for (size_t i = 0; o == OK && i < audit->service_count; i++) {
            if (checks[c].service == NULL || only == &audit->services[i]) {
                o = run(audit, &checks[c], &audit->services[i], fault);
            }
        }
    }
    return o;
}
