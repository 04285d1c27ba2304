/* SPDX-License-Identifier: Apache-2.0 */
#include "core/memory.h"
#include "tools/audit.h"
#include "tools/audit_sql.h"

/*
 * What a service has made of the events that it has claimed. Only the speaker knows their types and
 * subjects, only the listener their effects: the events go from one database to the other in
 * portions, so that memory does not grow with their number.
 */

/* clang-format off */
static const struct effect {
    const char *speaker, *type, *listener;
    const struct sql *judge; /* in the listener's database */
    int params;              /* the first so many of the parameters of `judge` below */
} effects[] = {
    {"profile",      "fit.profile.FitnessGoalSet.v1",               "coaching", &sql_audit_goals,    5},
    {"profile",      "fit.profile.BodyMetricsRecorded.v1",          "coaching", &sql_audit_metrics,  4},
    {"subscription", "fit.subscription.PremiumUpgradeRequested.v1", "billing",  &sql_audit_requests, 3},
};
/* clang-format on */

static const struct sql said_fetch = {"audit_said_fetch", "fetch 10000 from said"};
static const struct sql said_close = {"audit_said_close", "close said"};

static enum outcome judge(struct audit *audit, const struct effect *effect,
                          const struct db_rows *said, struct fault *fault)
{
    const struct audit_service *listener = audit_service_find(audit, effect->listener);
    int64_t floor_ms = listener->outbox_floor_ms;
    const struct uuid floor = floor_ms == INT64_MIN ? (struct uuid){0} : ids_floor(floor_ms);
    AUTO(db_array_done) struct db_array ids = {0};
    AUTO(db_array_done) struct db_array subjects = {0};
    AUTO(db_array_done) struct db_array sequences = {0};
    db_array_init(&ids, DB_UUID);
    db_array_init(&subjects, DB_UUID);
    db_array_init(&sequences, DB_INT8);
    for (int row = 0; row < db_rows_count(said); row++) {
        const struct uuid id = db_get_uuid(said, row, 0);
        const struct uuid subject = db_get_uuid(said, row, 1);
        db_array_uuid(&ids, &id);
        db_array_uuid(&subjects, &subject);
        db_array_i64(&sequences, db_get_i64(said, row, 2));
    }
    const struct db_param params[] = {db_i64((int64_t)audit->report->examples_max), db_array(&ids),
                                      db_array(&subjects), db_array(&sequences), db_uuid(&floor)};
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = db_run(listener->db, effect->judge, params, effect->params, &rows, fault);
    if (o == OK) {
        audit_checks_report(audit, AUDIT_I7, listener, rows);
    }
    return o;
}

static enum outcome run(struct audit *audit, const struct effect *effect, struct db *speaker,
                        struct fault *fault)
{
    enum outcome o =
        db_run(speaker, &sql_audit_said, DB_PARAMS(db_text(effect->type)), NULL, fault);
    bool is_more = true;
    while (o == OK && is_more) {
        AUTO(db_rows_free_auto) struct db_rows *said = NULL;
        o = db_run(speaker, &said_fetch, DB_NO_PARAMS, &said, fault);
        is_more = o == OK && db_rows_count(said) > 0;
        if (is_more) {
            o = judge(audit, effect, said, fault);
        }
    }
    return o == OK ? db_run(speaker, &said_close, DB_NO_PARAMS, NULL, fault) : o;
}

enum outcome audit_effects(struct audit *audit, struct fault *fault)
{
    enum outcome o = OK;
    for (size_t i = 0; o == OK && i < COUNT_OF(effects); i++) {
        const struct audit_service *speaker = audit_service_find(audit, effects[i].speaker);
        if (speaker != NULL && audit_service_find(audit, effects[i].listener) != NULL) {
            o = run(audit, &effects[i], speaker->db, fault);
        }
    }
    return o == OK ? OK : fault_wrap(fault, o, "effects");
}
