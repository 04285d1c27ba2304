/* SPDX-License-Identifier: Apache-2.0 */
#include "upgrade_routes.h"

#include "core/problem.h"
#include "subscription_contract.h"
#include "subscription_sql.h"
#include "upgrade.h"
#include "upgrade_view.h"

#include <stdio.h>

enum {
    UPGRADES_SHOWN_MAX = 100,
    DECISIONS_SHOWN_MAX = 200,
    NOT_YET_RETRY_S = 1,
};

/* No amount: the price is ours. No card number: a way to pay is named by the provider's token. */
struct upgrade_request {
    const char *payment_method;
};

static struct pattern payment_method_pattern = {.text = "^pm_[A-Za-z0-9_]+$"};

static const struct field request_fields[] = {
    {.name = "paymentMethod",
     .kind = FIELD_STRING,
     .required = true,
     .personal = true,
     .offset = offsetof(struct upgrade_request, payment_method),
     .has_offset = FIELD_ABSENT,
     .has_max = true,
     .max = 255,
     .pattern = &payment_method_pattern},
};

static const struct shape request_shape = {
    .name = "PremiumUpgrade",
    .size = sizeof(struct upgrade_request),
    .fields = request_fields,
    .field_count = COUNT_OF(request_fields),
};

/*
 * A user whom profile has just registered is heard of here a moment later; until then there is
 * nobody to sell to. That answer looks like any 404, but says when asking again makes sense.
 */
static enum outcome check_member(struct command *command)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    struct work *work = command->work;
    enum outcome o = db_run(work->db, &sql_member_share, DB_PARAMS(db_uuid(&command->user_id)),
                            &rows, work->fault);
    if (o != OK) {
        return o;
    }
    if (db_rows_count(rows) == 0) {
        (void)problem_reply(
            command->reply, PROBLEM_NOT_FOUND, NULL,
            "The user is not known here yet. A user who has just registered will be in a moment.");
        command->reply->retry_after_s = NOT_YET_RETRY_S;
        return REJECT;
    }
    if (!db_get_bool(rows, 0, 0)) {
        return problem_reply(command->reply, PROBLEM_NOT_FOUND, NULL, "The user has left.");
    }
    return OK;
}

static enum outcome check_nothing_open(struct command *command)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    struct work *work = command->work;
    enum outcome o = db_run(work->db, &sql_upgrade_open, DB_PARAMS(db_uuid(&command->user_id)),
                            &rows, work->fault);
    if (o != OK || db_rows_count(rows) == 0) {
        return o;
    }
    struct uuid first = db_get_uuid(rows, 0, 0);
    char path[UPGRADE_PATH_BYTES];
    (void)problem_reply(command->reply, PROBLEM_CONFLICT, NULL, "The user has an upgrade already.");
    problem_member(command->reply, "upgrade", upgrade_path(&command->user_id, &first, path));
    (void)snprintf(command->reply->location, sizeof command->reply->location, "%s", path);
    return REJECT;
}

static enum outcome quote(struct work *work, struct upgrade *upgrade)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    upgrade->tier = tier_values[TIER_PREMIUM];
    enum outcome o =
        db_run(work->db, &sql_price_now, DB_PARAMS(db_text(upgrade->tier), db_time(work->now_ms)),
               &rows, work->fault);
    if (o != OK) {
        return o;
    }
    if (db_rows_count(rows) == 0) {
        return fault_set(work->fault, FATAL, "table price has no price for tier %s", upgrade->tier);
    }
    upgrade->amount_minor = db_get_i64(rows, 0, 0);
    upgrade->currency = arena_text(work->arena, db_get_text(rows, 0, 1), db_get_length(rows, 0, 1));
    upgrade->days = db_get_i64(rows, 0, 2);
    return OK;
}

/* Accepted: what becomes of it is to be seen at its URL. */
static enum outcome accept(struct command *command, const struct upgrade *upgrade)
{
    char path[UPGRADE_PATH_BYTES];
    struct http_reply *reply = command->reply;
    reply->status = 202;
    (void)snprintf(reply->location, sizeof reply->location, "%s",
                   upgrade_path(&upgrade->user_id, &upgrade->id, path));
    return upgrade_show(upgrade, NULL, command->work->arena, &reply->body, command->work->fault);
}

static enum outcome ask(struct command *command)
{
    const struct upgrade_request *request = command->body;
    struct upgrade upgrade = upgrade_new(&command->user_id);
    enum outcome o = check_member(command);
    if (o == OK) {
        o = check_nothing_open(command);
    }
    if (o == OK) {
        o = quote(command->work, &upgrade);
    }
    if (o == OK) {
        o = upgrade_decide(command->work, &upgrade,
                           &(struct happening){
                               .event = SUBSCRIPTION_ON_POST,
                               .payment_method = request->payment_method,
                           });
    }
    return o == OK ? accept(command, &upgrade) : o;
}

static enum outcome cancel(struct command *command)
{
    struct work *work = command->work;
    enum outcome o = upgrade_load_one(work, &command->item_id);
    if (o != OK) {
        return o;
    }
    struct upgrade *upgrade = upgrade_find(work, &command->item_id);
    if (upgrade == NULL || !ids_equal(&upgrade->user_id, &command->user_id)) {
        return problem_reply(command->reply, PROBLEM_NOT_FOUND, NULL,
                             "The user has no such upgrade.");
    }
    o = upgrade_decide(work, upgrade,
                       &(struct happening){
                           .event = SUBSCRIPTION_ON_CANCEL,
                           .reason = revocation_reason_values[REVOCATION_REASON_CANCELLED],
                       });
    if (o == OK && upgrade_has_ended(upgrade)) {
        return problem_reply(command->reply, PROBLEM_CONFLICT, NULL,
                             "The upgrade has ended: it is %s.",
                             subscription_state_name(upgrade->state));
    }
    return o == OK ? accept(command, upgrade) : o;
}

static enum outcome find(struct command *command, const struct uuid *id, int64_t limit,
                         struct db_rows **rows)
{
    struct work *work = command->work;
    return db_run(work->db, &sql_upgrade_show,
                  DB_PARAMS(db_uuid(&command->user_id), db_uuid(id), db_i64(limit)), rows,
                  work->fault);
}

static enum outcome show_all(struct command *command)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = find(command, NULL, UPGRADES_SHOWN_MAX, &rows);
    command->reply->status = 200;
    return o == OK ? upgrade_show_all(rows, command->work->arena, &command->reply->body,
                                      command->work->fault)
                   : o;
}

static enum outcome show(struct command *command)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    AUTO(db_rows_free_auto) struct db_rows *decisions = NULL;
    struct work *work = command->work;
    enum outcome o = find(command, &command->item_id, 1, &rows);
    if (o == OK && db_rows_count(rows) == 0) {
        return problem_reply(command->reply, PROBLEM_NOT_FOUND, NULL,
                             "The user has no such upgrade.");
    }
    if (o == OK) {
        o = db_run(work->db, &sql_decision_show,
                   DB_PARAMS(db_uuid(&command->item_id), db_i64(DECISIONS_SHOWN_MAX)), &decisions,
                   work->fault);
    }
    if (o != OK) {
        return o;
    }
    const struct upgrade upgrade = upgrade_read(work->arena, rows, 0);
    command->reply->status = 200;
    return upgrade_show(&upgrade, decisions, work->arena, &command->reply->body, work->fault);
}

#define ALL "/users/{id}/premium-upgrades"
#define ONE "/users/{id}/premium-upgrades/{upgradeId}"

/* clang-format off */
const struct command_route upgrade_routes[UPGRADE_ROUTES] = {
    {.method = "POST", .path = ALL, .access = ACCESS_OWNER, .body = &request_shape, .run = ask},
    {.method = "GET", .path = ALL, .access = ACCESS_OWNER, .is_query = true, .run = show_all},
    {.method = "GET", .path = ONE, .access = ACCESS_OWNER, .is_query = true, .run = show},
    {.method = "DELETE", .path = ONE, .access = ACCESS_OWNER, .run = cancel},
};
/* clang-format on */
