/* SPDX-License-Identifier: Apache-2.0 */
#include "athlete.h"

#include "coaching_sql.h"
#include "upgrade.h"

#include <string.h>

/* The key of work_remember. */
static const char table[] = "athlete";

struct athlete *athlete_get(struct work *work, const struct uuid *user_id)
{
    struct athlete *athlete = work_remember(work, table, user_id, sizeof *athlete);
    athlete->user_id = *user_id;
    return athlete;
}

/* A word that the planner does not know any more would be our own mistake: the row is of our own
 * writing. */
static enum outcome read_goal(struct work *work, const struct db_rows *rows, int row,
                              struct plan_request *request)
{
    if (!plan_goal_parse(db_get_text(rows, row, 3), &request->goal) ||
        !plan_level_parse(db_get_text(rows, row, 4), &request->level)) {
        return fault_set(work->fault, FATAL, "the stored goal is none that the planner knows");
    }
    request->days_per_week = (int)db_get_i64(rows, row, 5);
    request->equipment = 0;
    const char *word = db_get_text(rows, row, 6);
    while (*word != '\0') {
        size_t length = strcspn(word, ",");
        if (!plan_equipment_add(arena_text(work->arena, word, length), &request->equipment)) {
            return fault_set(work->fault, FATAL,
                             "the stored equipment is none that the planner knows");
        }
        word += length + (word[length] == ',');
    }
    request->target_weight_g = db_get_i64(rows, row, 7);
    return OK;
}

static enum outcome load_rows(struct work *work, struct db_array *users)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o =
        db_run(work->db, &sql_athlete_load, DB_PARAMS(db_array(users)), &rows, work->fault);
    for (int row = 0; o == OK && row < db_rows_count(rows); row++) {
        struct uuid user_id = db_get_uuid(rows, row, 0);
        struct athlete *athlete = athlete_get(work, &user_id);
        athlete->is_stored = true;
        athlete->is_gone = db_get_bool(rows, row, 1);
        athlete->goal_sequence = db_get_i64(rows, row, 2);
        if (!db_is_null(rows, row, 3)) {
            o = read_goal(work, rows, row, &athlete->request);
        }
    }
    return o;
}

static enum outcome load_metrics(struct work *work, struct db_array *users)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o =
        db_run(work->db, &sql_metric_load, DB_PARAMS(db_array(users)), &rows, work->fault);
    for (int row = 0; o == OK && row < db_rows_count(rows); row++) {
        struct uuid user_id = db_get_uuid(rows, row, 0);
        struct athlete *athlete = athlete_get(work, &user_id);
        enum plan_metric metric;
        if (!plan_metric_parse(db_get_text(rows, row, 1), &metric)) {
            return fault_set(work->fault, FATAL, "a stored metric is none that the planner knows");
        }
        plan_metrics_set(&athlete->request.metrics, metric, db_get_i64(rows, row, 2));
        athlete->measurings[metric] = (struct measuring){.at_ms = db_get_time(rows, row, 3),
                                                         .sequence = db_get_i64(rows, row, 4)};
    }
    return o;
}

enum outcome athlete_load(struct work *work, const void *const events[], size_t count,
                          size_t user_offset, unsigned besides)
{
    AUTO(db_array_done) struct db_array users = {0};
    db_array_init(&users, DB_UUID);
    for (size_t i = 0; i < count; i++) {
        db_array_uuid(&users,
                      (const struct uuid *)(const void *)((const char *)events[i] + user_offset));
    }
    enum outcome o = load_rows(work, &users);
    if (o == OK && (besides & ATHLETE_METRICS) != 0) {
        o = load_metrics(work, &users);
    }
    if (o == OK && (besides & ATHLETE_UPGRADES) != 0) {
        o = upgrade_load(work, &users);
    }
    return o;
}

enum outcome athlete_store(struct work *work, struct athlete *athlete)
{
    if (athlete->is_stored) {
        return OK;
    }
    athlete->is_stored = true;
    return work_queue(work, &sql_athlete_add, DB_PARAMS(db_uuid(&athlete->user_id)), 1);
}

static const char *equipment_words(struct arena *arena, unsigned equipment)
{
    const char *words = "";
    for (int i = 0; i < PLAN_EQUIPMENT_COUNT; i++) {
        if ((equipment & 1u << i) != 0) {
            words = arena_printf(arena, "%s%s%s", words, *words == '\0' ? "" : ",",
                                 plan_equipment_name((enum plan_equipment)i));
        }
    }
    return words;
}

enum outcome athlete_set_goal(struct work *work, struct athlete *athlete,
                              const struct plan_request *goal, int64_t sequence, bool *is_news)
{
    *is_news = !athlete->is_gone && sequence > athlete->goal_sequence;
    enum outcome o = *is_news ? athlete_store(work, athlete) : OK;
    if (o != OK || !*is_news) {
        return o;
    }
    const struct plan_metrics metrics = athlete->request.metrics;
    athlete->request = *goal;
    athlete->request.metrics = metrics;
    athlete->goal_sequence = sequence;
    return work_queue(
        work, &sql_goal_set,
        DB_PARAMS(db_uuid(&athlete->user_id), db_i64(sequence), db_text(plan_goal_name(goal->goal)),
                  db_text(plan_level_name(goal->level)), db_i64(goal->days_per_week),
                  db_text(equipment_words(work->arena, goal->equipment)),
                  goal->target_weight_g != 0 ? db_i64(goal->target_weight_g) : db_null()),
        1);
}

static bool is_later(const struct measuring *one, const struct measuring *other)
{
    return one->at_ms != other->at_ms ? one->at_ms > other->at_ms : one->sequence > other->sequence;
}

enum outcome athlete_set_metrics(struct work *work, struct athlete *athlete,
                                 const struct plan_metrics *metrics,
                                 const struct measuring *measuring)
{
    if (athlete->is_gone || metrics->known == 0) {
        return OK;
    }
    AUTO(db_array_done) struct db_array names = {0};
    AUTO(db_array_done) struct db_array values = {0};
    db_array_init(&names, DB_TEXT);
    db_array_init(&values, DB_INT8);
    for (int i = 0; i < PLAN_METRIC_COUNT; i++) {
        const enum plan_metric metric = (enum plan_metric)i;
        if ((metrics->known & 1u << i) == 0) {
            continue;
        }
        db_array_text(&names, plan_metric_name(metric));
        db_array_i64(&values, metrics->value[i]);
        if (athlete->measurings[i].sequence == 0 || is_later(measuring, &athlete->measurings[i])) {
            plan_metrics_set(&athlete->request.metrics, metric, metrics->value[i]);
            athlete->measurings[i] = *measuring;
        }
    }
    enum outcome o = athlete_store(work, athlete);
    return o != OK ? o
                   : work_queue(work, &sql_metric_set,
                                DB_PARAMS(db_uuid(&athlete->user_id), db_i64(measuring->sequence),
                                          db_array(&names), db_array(&values),
                                          db_time(measuring->at_ms)),
                                DB_ANY_ROWS);
}

enum outcome athlete_forget(struct work *work, struct athlete *athlete)
{
    enum outcome o = athlete_store(work, athlete);
    if (o != OK) {
        return o;
    }
    athlete->is_gone = true;
    athlete->request = (struct plan_request){0};
    return work_queue(work, &sql_athlete_forget, DB_PARAMS(db_uuid(&athlete->user_id)), 1);
}
