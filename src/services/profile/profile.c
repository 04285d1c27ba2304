/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clock.h"
#include "core/service.h"
#include "profile_bodies.h"
#include "profile_contract.h"
#include "profile_sql.h"
#include "publishers/command.h"
#include "publishers/idempotency.h"
#include "publishers/partition.h"
#include "publishers/relay.h"

#include <stdlib.h>
#include <string.h>

/*
 * Users, their goals and their metrics. A PUT that changes nothing says nothing, so that a client
 * may repeat it; a deleted user is answered like one who never was.
 */

struct profile_config {
    int64_t token_lifetime_ms;
};

enum { AHEAD_MAX_MS = 5 * 60 * 1000 }; /* of a client's clock before ours */

static enum outcome run(struct command *command, const struct sql *sql,
                        const struct db_param *params, int count, struct db_rows **rows)
{
    return db_run(command->work->db, sql, params, count, rows, command->work->fault);
}

/* Locks the path's user, or answers 404. */
static enum outcome lock_user(struct command *command)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = run(command, &sql_user_lock, DB_PARAMS(db_uuid(&command->user_id)), &rows);
    if (o == OK && db_rows_count(rows) == 0) {
        return problem_reply(command->reply, PROBLEM_NOT_FOUND, NULL, NULL);
    }
    return o;
}

/* Answers with the user as it is now. */
static enum outcome show_user(struct command *command)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = run(command, &sql_user_read, DB_PARAMS(db_uuid(&command->user_id)), &rows);
    if (o != OK) {
        return o;
    }
    if (db_rows_count(rows) == 0) {
        return problem_reply(command->reply, PROBLEM_NOT_FOUND, NULL, NULL);
    }
    command->reply->status = 200;
    buffer_add(&command->reply->body, db_get_text(rows, 0, 0), db_get_length(rows, 0, 0));
    return OK;
}

static struct db_param optional(bool has, int64_t number)
{
    return has ? db_i64(number) : db_null();
}

static void add_member(struct buffer *out, const char *name, const char *value)
{
    buffer_printf(out, ",\"%s\":", name);
    buffer_json(out, value, strlen(value));
}

/* 201 with the user's first token: there is nobody yet who could ask for one. */
static enum outcome welcome(struct command *command, const struct user_registered *user)
{
    const struct profile_config *config = command->work->runtime->own;
    int64_t now_ms = command->work->now_ms;
    const struct token token = {.subject = user->user_id,
                                .expires_s = (now_ms + config->token_lifetime_ms) / 1000};
    AUTO(free_text) char *text = NULL;
    enum outcome o = token_make(command->keys, &token, now_ms, &text, command->work->fault);
    if (o != OK) {
        return o;
    }
    char id[UUID_TEXT_BYTES];
    char at[CLOCK_TEXT_BYTES];
    struct http_reply *reply = command->reply;
    reply->status = 201;
    (void)snprintf(reply->location, sizeof reply->location, "/users/%s",
                   ids_format(&user->user_id, id));
    buffer_printf(&reply->body, "{\"id\":\"%s\"", id);
    add_member(&reply->body, "name", user->name);
    add_member(&reply->body, "email", user->email);
    add_member(&reply->body, "registeredAt", clock_format(now_ms, at));
    add_member(&reply->body, "token", text);
    add_member(&reply->body, "tokenExpiresAt", clock_format(token.expires_s * 1000, at));
    buffer_byte(&reply->body, '}');
    return OK;
}

static enum outcome register_user(struct command *command)
{
    struct work *work = command->work;
    const struct user_registered *body = command->body;
    const struct user_registered user = {.user_id = ids_new(),
                                         .name = body->name,
                                         .email = body->email,
                                         .registered_at_ms = work->now_ms};
    command->user_id = user.user_id;
    enum outcome o = work_queue(work, &sql_user_add,
                                DB_PARAMS(db_uuid(&user.user_id), db_text(user.name),
                                          db_text(user.email), db_time(work->now_ms)),
                                1);
    if (o == OK) {
        o = publish_user_registered(work, &user);
    }
    return o == OK ? welcome(command, &user) : o;
}

static enum outcome update_user(struct command *command)
{
    struct work *work = command->work;
    const struct profile_updated *body = command->body;
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = lock_user(command);
    if (o == OK) {
        o = run(command, &sql_user_update,
                DB_PARAMS(db_uuid(&command->user_id), db_text(body->name), db_text(body->email),
                          db_time(work->now_ms)),
                &rows);
    }
    if (o == OK && db_rows_affected(rows) > 0) {
        o = publish_profile_updated(work, &(struct profile_updated){
                                              .user_id = command->user_id,
                                              .name = body->name,
                                              .email = body->email,
                                              .updated_at_ms = work->now_ms,
                                          });
    }
    return o == OK ? show_user(command) : o;
}

static enum outcome delete_user(struct command *command)
{
    struct work *work = command->work;
    enum outcome o = lock_user(command);
    if (o == OK) {
        o = work_queue(work, &sql_user_delete,
                       DB_PARAMS(db_uuid(&command->user_id), db_time(work->now_ms)), 1);
    }
    if (o == OK) {
        o = idempotency_forget(work->db, &command->user_id, work->fault);
    }
    if (o == OK) {
        o = publish_user_deleted(work, &(struct user_deleted){.user_id = command->user_id,
                                                              .deleted_at_ms = work->now_ms});
    }
    if (o == OK) {
        command->reply->status = 204;
    }
    return o;
}

static enum outcome store_goal(struct command *command, const struct fitness_goal_set *goal,
                               bool *has_changed)
{
    AUTO(db_array_done) struct db_array equipment = {0};
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    db_array_init(&equipment, DB_TEXT);
    for (size_t i = 0; i < goal->equipment_count; i++) {
        db_array_text(&equipment, fitness_goal_set_equipment_values[goal->equipment[i]]);
    }
    enum outcome o = run(
        command, &sql_goal_set,
        DB_PARAMS(db_uuid(&goal->user_id), db_text(fitness_goal_set_goal_values[goal->goal]),
                  db_text(fitness_goal_set_level_values[goal->level]), db_i64(goal->days_per_week),
                  db_array(&equipment), optional(goal->has_target_weight_g, goal->target_weight_g),
                  db_time(goal->set_at_ms)),
        &rows);
    *has_changed = o == OK && db_rows_affected(rows) > 0;
    return o;
}

static enum outcome set_goal(struct command *command)
{
    const struct fitness_goal_set *body = command->body;
    struct fitness_goal_set goal = *body;
    goal.user_id = command->user_id;
    goal.set_at_ms = command->work->now_ms;

    bool has_changed = false;
    enum outcome o = lock_user(command);
    if (o == OK) {
        o = store_goal(command, &goal, &has_changed);
    }
    if (o == OK && has_changed) {
        o = publish_fitness_goal_set(command->work, &goal);
    }
    return o == OK ? show_user(command) : o;
}

static enum outcome check_metrics(struct command *command,
                                  const struct body_metrics_recorded *metrics)
{
    if (!metrics->has_weight_g && !metrics->has_height_mm && !metrics->has_resting_heart_rate_bpm &&
        !metrics->has_age_years && !metrics->has_max_pushups && !metrics->has_sleep_minutes) {
        return problem_reply(command->reply, PROBLEM_INVALID, NULL,
                             "there must be at least one metric");
    }
    if (metrics->measured_at_ms > command->work->now_ms + AHEAD_MAX_MS) {
        return problem_reply(command->reply, PROBLEM_INVALID, "/measuredAt",
                             "/measuredAt must not be in the future");
    }
    return OK;
}

static enum outcome store_metrics(struct work *work, const struct body_metrics_recorded *metrics)
{
    const struct {
        bool has;
        const char *name;
        int64_t value;
    } measured[] = {
        {metrics->has_weight_g, "weightG", metrics->weight_g},
        {metrics->has_height_mm, "heightMm", metrics->height_mm},
        {metrics->has_resting_heart_rate_bpm, "restingHeartRateBpm",
         metrics->resting_heart_rate_bpm},
        {metrics->has_age_years, "ageYears", metrics->age_years},
        {metrics->has_max_pushups, "maxPushups", metrics->max_pushups},
        {metrics->has_sleep_minutes, "sleepMinutes", metrics->sleep_minutes},
    };
    AUTO(db_array_done) struct db_array names = {0};
    AUTO(db_array_done) struct db_array values = {0};
    db_array_init(&names, DB_TEXT);
    db_array_init(&values, DB_INT8);
    for (size_t i = 0; i < COUNT_OF(measured); i++) {
        if (measured[i].has) {
            db_array_text(&names, measured[i].name);
            db_array_i64(&values, measured[i].value);
        }
    }
    return work_queue(work, &sql_metrics_record,
                      DB_PARAMS(db_uuid(&metrics->user_id), db_array(&names), db_array(&values),
                                db_time(metrics->measured_at_ms)),
                      DB_ANY_ROWS);
}

static enum outcome record_metrics(struct command *command)
{
    const struct measuring *body = command->body;
    struct body_metrics_recorded metrics = body->event;
    metrics.user_id = command->user_id;
    if (!body->has_measured_at) {
        metrics.measured_at_ms = command->work->now_ms;
    }
    enum outcome o = check_metrics(command, &metrics);
    if (o == OK) {
        o = lock_user(command);
    }
    if (o == OK) {
        o = store_metrics(command->work, &metrics);
    }
    if (o == OK) {
        o = publish_body_metrics_recorded(command->work, &metrics);
    }
    return o == OK ? show_user(command) : o;
}

/* clang-format off */
static const struct command_route routes[] = {
    {"POST",   "/users",              ACCESS_ANYONE, false, &profile_body, register_user},
    {"GET",    "/users/{id}",         ACCESS_OWNER,  true,  NULL,          show_user},
    {"PUT",    "/users/{id}",         ACCESS_OWNER,  false, &profile_body, update_user},
    {"DELETE", "/users/{id}",         ACCESS_OWNER,  false, NULL,          delete_user},
    {"PUT",    "/users/{id}/goal",    ACCESS_OWNER,  false, &goal_body,    set_goal},
    {"POST",   "/users/{id}/metrics", ACCESS_OWNER,  false, &metrics_body, record_metrics},
};

static const struct config_entry config[] = {
    {.name = "TOKEN_LIFETIME", .kind = CONFIG_DURATION, .offset = offsetof(struct profile_config, token_lifetime_ms),
     .fallback = "30d", .min = 1000, .max = 366LL * 24 * 3600 * 1000,
     .help = "how long a new user's bearer token is valid"},
};
/* clang-format on */

static const struct part *const parts[] = {&relay_part, &partition_part, &command_part, NULL};

static const struct service profile_service = {
    .name = "profile",
    .summary = "users, their goals and body metrics",
    .contract = &profile_contract,
    .parts = parts,
    .commands = routes,
    .command_count = COUNT_OF(routes),
    .config = config,
    .config_count = COUNT_OF(config),
    .own_size = sizeof(struct profile_config),
};

int main(int argc, char **argv)
{
    return service_main(argc, argv, &profile_service);
}
