/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/replay/rebuild.h"

#include "core/buffer.h"
#include "core/clock.h"
#include "core/crash.h"
#include "tools/schema.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAME_MAX_BYTES = 63,
    POLL_MS = 50,
    PAGE = 1000,
    SWAP_MS = 10 * 1000,
    STATEMENT_MS = 10 * 60 * 1000,
    CLOCKS_MS = 60 * 1000, /* by which the clocks of the servers may differ */
};

static const int64_t DAY_MS = INT64_C(24) * 60 * 60 * 1000;

/* clang-format off */
static const struct sql
    sql_become = {"rebuild_become", "select set_config('role', $1::text, false)"},
    sql_there = {"rebuild_there", "select datallowconn from pg_database where datname = $1::text"},
    sql_here = {"rebuild_here", "select current_database()"},
    sql_mark_find = {"rebuild_mark_find", "select shadow from rebuild"},
    sql_mark_set = {"rebuild_mark_set", "insert into rebuild (shadow) values ($1::text)"},
    sql_mark_end = {"rebuild_mark_end", "delete from rebuild"},
    sql_commands = {"rebuild_commands", "select exists (select from outbox where kind = 0) or exists (select from idempotency)"},
    sql_partitions = {"rebuild_partitions", "select partition_make('inbox', $1::int4, 7)"},
    sql_progress_begin = {"rebuild_progress_begin", "insert into rebuild_progress (position, since) values ('0/0/0', $1::uuid)"},
    sql_progress_read = {"rebuild_progress_read", "select position, since from rebuild_progress"},
    sql_progress_set = {"rebuild_progress_set", "update rebuild_progress set position = $1::text"},
    sql_feed_count = {"rebuild_feed_count", "select count(*) from rebuild_feed"},
    sql_feed_add = {"rebuild_feed_add",
        "insert into rebuild_feed (exchange, routing_key, properties, body) "
        "select exchange, routing_key, properties, body from unnest($1::text[], $2::text[], $3::bytea[], $4::bytea[]) "
        "with ordinality as f (exchange, routing_key, properties, body, place) order by place"},
    sql_skip = {"rebuild_skip", "insert into rebuild_skipped (id, why) values ($1::uuid, $2::text) on conflict do nothing"},
    sql_skipped = {"rebuild_skipped", "select count(*) from rebuild_skipped"},
    sql_claimed = {"rebuild_claimed", "select id from inbox where id > $1::uuid and id >= $2::uuid order by id limit $3::int4"},
    sql_parked = {"rebuild_parked", "select id from retry where id > $1::uuid and id >= $2::uuid order by id limit $3::int4"},
    sql_claimed_lately = {"rebuild_claimed_lately",
        "select id from inbox where claimed_at >= $1::timestamptz and id >= $2::uuid union select id from retry where id >= $2::uuid"},
    sql_missing = {"rebuild_missing",
        "select w.id from unnest($1::uuid[]) w (id) "
        "where not exists (select from inbox i where i.id = w.id) and not exists (select from retry r where r.id = w.id) "
        "and not exists (select from outbox o where o.kind = 1 and o.cause_id = w.id) "
        "and not exists (select from rebuild_skipped s where s.id = w.id) order by 1"},
    sql_lock = {"rebuild_lock_inbox", "lock table inbox in exclusive mode"},
    sql_unsent = {"rebuild_unsent",
        "select exists (select from unsent) or exists (select from outbox o, relay_cursor c where not pg_visible_in_snapshot(o.xid, c.last))"},
    sql_allow = {"rebuild_allow", "select format('alter database %I allow_connections %s', $1::text, $2::text)"},
    sql_drop = {"rebuild_drop", "select format('drop database if exists %I with (force)', $1::text)"},
    sql_rename = {"rebuild_rename",
        "select format('alter database %I rename to %I; alter database %I rename to %I; alter database %I allow_connections true', "
        "$1::text, $2::text, $3::text, $1::text, $1::text)"},
    sql_terminate = {"rebuild_terminate",
        "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname in ($1::text, $2::text) and pid <> $3::int4 and pid <> $4::int4"},
    sql_grant = {"rebuild_grant",
        "select string_agg(format('grant %I to current_user', rolname), '; '), string_agg(format('revoke %I from current_user', rolname), '; ') "
        "from pg_roles where rolname in ($1::text, 'quadrille_audit') and not pg_has_role(oid, 'member')"},
    sql_pid = {"rebuild_pid", "select pg_backend_pid()"};
/* clang-format on */

enum outcome rebuild_judge(const struct model_service *service, struct fault *fault)
{
    if (service->hears_all) {
        return fault_set(fault, REJECT, "%s keeps the history itself: it cannot be made from it",
                         service->name);
    }
    if (service->send_count > 0) {
        return fault_set(fault, REJECT,
                         "%s sends events (%s): they would be said again, with new ids, and "
                         "everybody would act on them twice",
                         service->name, service->sends[0].key);
    }
    for (size_t i = 0; i < service->receive_count; i++) {
        if (node_find(service->receives[i].at, "x-external-effect") != NULL) {
            return fault_set(fault, REJECT,
                             "%s has effects outside (x-external-effect at %s): they would happen "
                             "again",
                             service->name, service->receives[i].key);
        }
    }
    return service->receive_count > 0
               ? OK
               : fault_set(fault, REJECT, "%s hears nothing: there is nothing to rebuild it from",
                           service->name);
}

/* ---- databases ---- */

static enum outcome open_one(const struct rebuild *rebuild, const char *database, struct db **out,
                             struct fault *fault)
{
    const struct db_options options = {.url = rebuild->url,
                                       .database = database,
                                       .name = "quadrille rebuild",
                                       .statement_ms = STATEMENT_MS};
    AUTO(free_text) char *owner = xasprintf("%s_owner", rebuild->service->name);
    enum outcome o = db_open(&options, out, fault);
    return o == OK && database != NULL
               ? db_run(*out, &sql_become, DB_PARAMS(db_text(owner)), NULL, fault)
               : o;
}

/* A statement that takes no parameters: the server itself has quoted its own text. */
static enum outcome run_made(struct db *db, const struct sql *sql, const struct db_param *params,
                             int count, struct fault *fault)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = db_run(db, sql, params, count, &rows, fault);
    return o == OK ? db_script(db, db_get_text(rows, 0, 0), fault) : o;
}

static enum outcome drop(struct rebuild *rebuild, const char *database, struct fault *fault)
{
    return run_made(rebuild->admin, &sql_drop, DB_PARAMS(db_text(database)), fault);
}

static enum outcome allow(struct rebuild *rebuild, const char *database, bool is_allowed,
                          struct fault *fault)
{
    return run_made(rebuild->admin, &sql_allow,
                    DB_PARAMS(db_text(database), db_text(is_allowed ? "true" : "false")), fault);
}

/* Also lets everybody in again: a swap that was killed leaves the door closed. */
static enum outcome look_for(struct rebuild *rebuild, const char *database, bool *is_there,
                             struct fault *fault)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = db_run(rebuild->admin, &sql_there, DB_PARAMS(db_text(database)), &rows, fault);
    *is_there = o == OK && db_rows_count(rows) > 0;
    bool is_closed = *is_there && !db_get_bool(rows, 0, 0);
    return o == OK && is_closed ? allow(rebuild, database, true, fault) : o;
}

static enum outcome open_admin(struct rebuild *rebuild, struct fault *fault)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = open_one(rebuild, NULL, &rebuild->admin, fault);
    if (o == OK) {
        o = db_run(rebuild->admin, &sql_here, DB_NO_PARAMS, &rows, fault);
    }
    if (o == OK && strcmp(db_get_text(rows, 0, 0), rebuild->live_name) == 0) {
        return fault_set(fault, REJECT,
                         "--database-url must name another database than %s, which will be renamed",
                         rebuild->live_name);
    }
    return o;
}

/* How many events were left out; in the one that has been swapped in, too. */
static enum outcome count_skipped(struct rebuild *rebuild, struct db *db, struct fault *fault)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = db_run(db, &sql_skipped, DB_NO_PARAMS, &rows, fault);
    rebuild->skipped = o == OK ? db_get_i64(rows, 0, 0) : 0;
    return o;
}

/* Only who is a member of a role may end its sessions; until we are done. */
static enum outcome become_member(struct rebuild *rebuild, struct fault *fault)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = db_run(rebuild->admin, &sql_grant, DB_PARAMS(db_text(rebuild->service->name)),
                            &rows, fault);
    if (o == OK && !db_is_null(rows, 0, 0)) {
        o = db_script(rebuild->admin, db_get_text(rows, 0, 0), fault);
        rebuild->revoke = xstrdup(db_get_text(rows, 0, 1));
    }
    return o;
}

static void give_up_membership(struct rebuild *rebuild)
{
    struct fault ignored;
    if (rebuild->revoke != NULL && db_script(rebuild->admin, rebuild->revoke, &ignored) != OK) {
        (void)fprintf(stderr, "still to be done in the database: %s\n", rebuild->revoke);
    }
    free(rebuild->revoke);
}

static enum outcome read_mark(struct rebuild *rebuild, bool *is_marked, struct fault *fault)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = db_run(rebuild->live, &sql_mark_find, DB_NO_PARAMS, &rows, fault);
    *is_marked = o == OK && db_rows_count(rows) > 0;
    return o;
}

enum outcome rebuild_open(struct rebuild *rebuild, enum rebuild_state *state, struct fault *fault)
{
    bool is_live = false;
    bool is_shadow = false;
    bool is_old = false;
    bool is_marked = false;
    if (strlen(rebuild->live_name) + strlen("_replaced") > NAME_MAX_BYTES) {
        return fault_set(fault, REJECT,
                         "the name of database %s is too long for _replaced behind it",
                         rebuild->live_name);
    }
    enum outcome o = open_admin(rebuild, fault);
    if (o == OK) {
        o = become_member(rebuild, fault);
    }
    if (o == OK) {
        o = look_for(rebuild, rebuild->live_name, &is_live, fault);
    }
    if (o == OK) {
        o = look_for(rebuild, rebuild->shadow_name, &is_shadow, fault);
    }
    if (o == OK) {
        o = look_for(rebuild, rebuild->old_name, &is_old, fault);
    }
    if (o == OK && !is_live) {
        return fault_set(fault, REJECT, "there is no database %s", rebuild->live_name);
    }
    if (o == OK) {
        o = open_one(rebuild, rebuild->live_name, &rebuild->live, fault);
    }
    if (o == OK) {
        o = read_mark(rebuild, &is_marked, fault);
    }
    if (o == OK && is_old && !is_marked) {
        o = count_skipped(rebuild, rebuild->live, fault);
    }
    *state = is_marked && is_shadow ? REBUILD_MARKED : is_old ? REBUILD_SWAPPED : REBUILD_NONE;
    return o;
}

void rebuild_done(struct rebuild *rebuild)
{
    db_close(rebuild->live);
    db_close(rebuild->shadow);
    give_up_membership(rebuild);
    db_close(rebuild->admin);
    free(rebuild->live_name);
    free(rebuild->shadow_name);
    free(rebuild->old_name);
}

/* ---- beginning ---- */

static enum outcome refuse_commands(struct rebuild *rebuild, struct fault *fault)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = db_run(rebuild->live, &sql_commands, DB_NO_PARAMS, &rows, fault);
    return o == OK && db_get_bool(rows, 0, 0)
               ? fault_set(
                     fault, REJECT,
                     "%s has taken commands or said events: not everything that it knows is in "
                     "the history",
                     rebuild->service->name)
               : o;
}

static enum outcome make_own_tables(struct rebuild *rebuild, struct fault *fault)
{
    AUTO(buffer_done) struct buffer text = {0};
    char block[4096];
    FILE *file = rebuild->schema != NULL ? fopen(rebuild->schema, "re") : NULL;
    if (rebuild->schema == NULL) {
        return OK;
    }
    if (file == NULL) {
        return fault_set(fault, REJECT, "--schema %s: %s", rebuild->schema, strerror(errno));
    }
    for (size_t length = fread(block, 1, sizeof block, file);
         length > 0 && text.length <= REBUILD_SCHEMA_MAX_BYTES;
         length = fread(block, 1, sizeof block, file)) {
        buffer_add(&text, block, length);
    }
    (void)fclose(file);
    if (text.length > REBUILD_SCHEMA_MAX_BYTES || memchr(buffer_cstr(&text), '\0', text.length)) {
        return fault_set(fault, REJECT, "--schema %s is no text of at most %d bytes",
                         rebuild->schema, REBUILD_SCHEMA_MAX_BYTES);
    }
    return db_script(rebuild->shadow, buffer_cstr(&text), fault);
}

/* Its inbox must tell apart everything that it will hear, however long ago that was said. */
static enum outcome make_partitions(struct rebuild *rebuild, int64_t first_ms, struct fault *fault)
{
    int64_t days = (clock_now_ms() - first_ms) / DAY_MS + 1;
    if (days > REBUILD_DAYS_MAX) {
        return fault_set(fault, REJECT, "the oldest event was said %lld days ago, the limit is %d",
                         (long long)days, REBUILD_DAYS_MAX);
    }
    return days > 0 ? db_run(rebuild->shadow, &sql_partitions, DB_PARAMS(db_i32((int32_t)days)),
                             NULL, fault)
                    : OK;
}

enum outcome rebuild_begin(struct rebuild *rebuild, int64_t first_ms, struct fault *fault)
{
    const struct schema_options options = {.url = rebuild->url, .prefix = ""};
    const struct uuid since = ids_floor(rebuild->since_ms);
    enum outcome o = refuse_commands(rebuild, fault);
    if (o == OK) {
        o = drop(rebuild, rebuild->shadow_name, fault); /* of one that was killed before its mark */
    }
    if (o == OK) {
        o = schema_shadow(&options, rebuild->service->name, rebuild->shadow_name, fault);
    }
    if (o == OK) {
        o = open_one(rebuild, rebuild->shadow_name, &rebuild->shadow, fault);
    }
    if (o == OK) {
        o = make_own_tables(rebuild, fault);
    }
    if (o == OK) {
        o = make_partitions(rebuild, first_ms, fault);
    }
    if (o == OK) {
        o = db_run(rebuild->shadow, &sql_progress_begin, DB_PARAMS(db_uuid(&since)), NULL, fault);
    }
    crash_point("rebuild-before-mark");
    if (o == OK) {
        o = db_run(rebuild->live, &sql_mark_end, DB_NO_PARAMS, NULL, fault);
    }
    return o == OK ? db_run(rebuild->live, &sql_mark_set, DB_PARAMS(db_text(rebuild->shadow_name)),
                            NULL, fault)
                   : o;
}

/* ---- the feed ---- */

struct chunk {
    struct db_array exchanges, routing_keys, properties, bodies;
    struct history_position last;
};

static void chunk_clear(struct chunk *chunk)
{
    db_array_init(&chunk->exchanges, DB_TEXT);
    db_array_init(&chunk->routing_keys, DB_TEXT);
    db_array_init(&chunk->properties, DB_BYTEA);
    db_array_init(&chunk->bodies, DB_BYTEA);
}

static void chunk_done(struct chunk *chunk)
{
    db_array_done(&chunk->exchanges);
    db_array_done(&chunk->routing_keys);
    db_array_done(&chunk->properties);
    db_array_done(&chunk->bodies);
}

static bool is_stopped(const struct rebuild *rebuild)
{
    return rebuild->source.is_stopped != NULL && *rebuild->source.is_stopped != 0;
}

static enum outcome say_stopped(struct fault *fault)
{
    return fault_set(fault, LOST, "stopped: the same command goes on, --abort takes it all back");
}

static enum outcome count_feed(struct rebuild *rebuild, int64_t *count, struct fault *fault)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = db_run(rebuild->shadow, &sql_feed_count, DB_NO_PARAMS, &rows, fault);
    *count = o == OK ? db_get_i64(rows, 0, 0) : 0;
    return o;
}

/* Until at most so many rows wait: the service's workers run them. */
static enum outcome await_feed(struct rebuild *rebuild, int64_t most, struct fault *fault)
{
    int64_t least = INT64_MAX;
    int64_t since = clock_monotonic_ms();
    for (;;) {
        int64_t count = 0;
        enum outcome o = count_feed(rebuild, &count, fault);
        if (o != OK || count <= most) {
            return o;
        }
        if (is_stopped(rebuild)) {
            return say_stopped(fault);
        }
        if (count < least) {
            least = count;
            since = clock_monotonic_ms();
        }
        if (clock_monotonic_ms() - since > rebuild->wait_ms) {
            return fault_set(fault, LOST,
                             "%lld events wait in the feed and nobody runs them: is %s running?",
                             (long long)count, rebuild->service->name);
        }
        clock_sleep_ms(POLL_MS);
    }
}

static enum outcome flush(struct rebuild *rebuild, struct chunk *chunk, struct fault *fault)
{
    char position[HISTORY_POSITION_TEXT_BYTES];
    AUTO(tx_end) struct tx tx = {0};
    enum outcome o = await_feed(rebuild, REBUILD_FEED_MAX, fault);
    if (o == OK) {
        o = tx_begin(rebuild->shadow, &tx, fault);
    }
    if (o == OK) {
        o = db_run(rebuild->shadow, &sql_feed_add,
                   DB_PARAMS(db_array(&chunk->exchanges), db_array(&chunk->routing_keys),
                             db_array(&chunk->properties), db_array(&chunk->bodies)),
                   NULL, fault);
    }
    if (o == OK) {
        o = db_run(rebuild->shadow, &sql_progress_set,
                   DB_PARAMS(db_text(history_position_text(&chunk->last, position))), NULL, fault);
    }
    if (o == OK) {
        o = tx_commit(&tx, fault);
    }
    rebuild->fed += chunk->bodies.count;
    chunk_clear(chunk);
    crash_point("rebuild-fed");
    return o;
}

static enum outcome add(struct rebuild *rebuild, const struct history_event *event,
                        struct chunk *chunk, struct fault *fault)
{
    struct remade remade = {0};
    chunk->last = event->position;
    enum outcome o = remaker_make(rebuild->source.remaker, event, &remade, fault);
    if (o == OK) {
        o = remaker_check(rebuild->source.remaker, &remade, fault);
    }
    if (o == REJECT) {
        AUTO(free_text) char *why = xstrdup(fault->text);
        return db_run(rebuild->shadow, &sql_skip, DB_PARAMS(db_uuid(&event->id), db_text(why)),
                      NULL, fault);
    }
    if (o == OK) {
        db_array_text(&chunk->exchanges, remade.exchange);
        db_array_text(&chunk->routing_keys, remade.routing_key);
        db_array_bytes(&chunk->properties, remade.properties, remade.properties_length);
        db_array_bytes(&chunk->bodies, remade.body, remade.body_length);
    }
    return o;
}

/* Everything that is complete now. */
static enum outcome feed(struct rebuild *rebuild, struct chunk *chunk, struct fault *fault)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    AUTO(history_reader_free_auto) struct history_reader *reader = NULL;
    struct history_filter filter = *rebuild->source.filter;
    const struct history_event *event = NULL;
    enum outcome o = db_run(rebuild->shadow, &sql_progress_read, DB_NO_PARAMS, &rows, fault);
    if (o == OK && (db_rows_count(rows) != 1 ||
                    !history_position_parse(db_get_text(rows, 0, 0), &filter.after))) {
        return fault_set(fault, FATAL, "the shadow does not know how far it is: --abort");
    }
    filter.has_after = true;
    chunk_clear(chunk);
    if (o == OK) {
        o = history_read(rebuild->source.history, &filter, &reader, fault);
    }
    if (o == OK) {
        o = history_next(reader, &event, fault);
    }
    while (o == OK && event != NULL) {
        o = add(rebuild, event, chunk, fault);
        if (o == OK && (chunk->bodies.count == REBUILD_CHUNK ||
                        chunk->bodies.data.length > REBUILD_CHUNK_BYTES)) {
            o = flush(rebuild, chunk, fault);
        }
        if (o == OK) {
            o = history_next(reader, &event, fault);
        }
    }
    return o == OK && chunk->bodies.count > 0 ? flush(rebuild, chunk, fault) : o;
}

/* ---- is everything there? ---- */

struct missing {
    int64_t count;
    struct uuid first;
};

/* Of these ids of the live database, those that the shadow knows nothing of. */
static enum outcome look_up(struct rebuild *rebuild, const struct db_rows *ids,
                            struct missing *missing, struct fault *fault)
{
    AUTO(db_array_done) struct db_array list = {0};
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    db_array_init(&list, DB_UUID);
    for (int row = 0; row < db_rows_count(ids); row++) {
        const struct uuid id = db_get_uuid(ids, row, 0);
        db_array_uuid(&list, &id);
    }
    if (list.count == 0) {
        return OK;
    }
    enum outcome o =
        db_run(rebuild->shadow, &sql_missing, DB_PARAMS(db_array(&list)), &rows, fault);
    if (o == OK && db_rows_count(rows) > 0) {
        missing->first = missing->count == 0 ? db_get_uuid(rows, 0, 0) : missing->first;
        missing->count += db_rows_count(rows);
    }
    return o;
}

static enum outcome look_up_all(struct rebuild *rebuild, const struct sql *sql,
                                const struct uuid *since, struct missing *missing,
                                struct fault *fault)
{
    struct uuid after = {{0}};
    for (;;) {
        AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
        enum outcome o =
            db_run(rebuild->live, sql, DB_PARAMS(db_uuid(&after), db_uuid(since), db_i32(PAGE)),
                   &rows, fault);
        if (o == OK) {
            o = look_up(rebuild, rows, missing, fault);
        }
        if (o != OK || db_rows_count(rows) < PAGE) {
            return o;
        }
        after = db_get_uuid(rows, db_rows_count(rows) - 1, 0);
    }
}

static enum outcome find_missing(struct rebuild *rebuild, const struct uuid *since,
                                 struct missing *missing, struct fault *fault)
{
    *missing = (struct missing){0};
    enum outcome o = look_up_all(rebuild, &sql_claimed, since, missing, fault);
    return o == OK ? look_up_all(rebuild, &sql_parked, since, missing, fault) : o;
}

static enum outcome read_since(struct rebuild *rebuild, struct uuid *since, struct fault *fault)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = db_run(rebuild->shadow, &sql_progress_read, DB_NO_PARAMS, &rows, fault);
    if (o == OK && db_rows_count(rows) == 1) {
        *since = db_get_uuid(rows, 0, 1);
    }
    return o;
}

/* ---- the swap ---- */

/* With the inbox locked nobody claims anything. RETRY: not yet. */
static enum outcome check_locked(struct rebuild *rebuild, const struct uuid *since,
                                 int64_t looked_ms, struct fault *fault)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    AUTO(db_rows_free_auto) struct db_rows *unsent = NULL;
    struct missing missing = {0};
    int64_t waiting = 0;
    enum outcome o = db_run(rebuild->live, &sql_lock, DB_NO_PARAMS, NULL, fault);
    if (o == OK) {
        o = db_run(rebuild->live, &sql_claimed_lately,
                   DB_PARAMS(db_time(looked_ms), db_uuid(since)), &rows, fault);
    }
    if (o == OK) {
        o = look_up(rebuild, rows, &missing, fault);
    }
    if (o == OK) {
        o = count_feed(rebuild, &waiting, fault);
    }
    if (o == OK) {
        o = count_skipped(rebuild, rebuild->shadow, fault);
    }
    if (o == OK) {
        o = db_run(rebuild->live, &sql_unsent, DB_NO_PARAMS, &unsent, fault);
    }
    if (o != OK) {
        return o;
    }
    if (missing.count > 0 || waiting > 0) {
        return fault_set(fault, RETRY, "more has come");
    }
    return db_get_bool(unsent, 0, 0)
               ? fault_set(fault, RETRY, "dead letters of %s have not been sent yet",
                           rebuild->service->name)
               : OK;
}

static enum outcome pid_of(struct db *db, int32_t *pid, struct fault *fault)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = db_run(db, &sql_pid, DB_NO_PARAMS, &rows, fault);
    *pid = o == OK ? (int32_t)db_get_i64(rows, 0, 0) : 0;
    return o;
}

/* Nobody else may come in, and everybody else goes. */
static enum outcome clear_out(struct rebuild *rebuild, int32_t live_pid, int32_t shadow_pid,
                              struct fault *fault)
{
    int64_t until = clock_monotonic_ms() + SWAP_MS;
    enum outcome o = allow(rebuild, rebuild->live_name, false, fault);
    if (o == OK) {
        o = allow(rebuild, rebuild->shadow_name, false, fault);
    }
    crash_point("rebuild-doors-closed");
    for (int64_t left = 1; o == OK && left > 0; clock_sleep_ms(POLL_MS)) {
        AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
        o = db_run(rebuild->admin, &sql_terminate,
                   DB_PARAMS(db_text(rebuild->live_name), db_text(rebuild->shadow_name),
                             db_i32(live_pid), db_i32(shadow_pid)),
                   &rows, fault);
        left = o == OK ? db_get_i64(rows, 0, 0) : 0;
        if (left > 0 && clock_monotonic_ms() > until) {
            return fault_set(fault, LOST, "%lld sessions do not leave %s", (long long)left,
                             rebuild->live_name);
        }
    }
    return o;
}

static enum outcome rename_both(struct rebuild *rebuild, struct fault *fault)
{
    AUTO(free_text)
    char *kept = xasprintf("%s_%lld", rebuild->old_name, (long long)clock_now_ms() / 1000);
    const char *old = rebuild->keeps_old ? kept : rebuild->old_name;
    int64_t until = clock_monotonic_ms() + SWAP_MS;
    enum outcome o = OK;
    do { /* our own sessions take a moment to be gone */
        o = run_made(
            rebuild->admin, &sql_rename,
            DB_PARAMS(db_text(rebuild->live_name), db_text(old), db_text(rebuild->shadow_name)),
            fault);
    } while (o != OK && o != LOST && clock_monotonic_ms() < until);
    if (o == OK && rebuild->keeps_old) {
        (void)fprintf(stderr, "the database that was replaced is %s\n", old);
        return allow(rebuild, old, true, fault);
    }
    return o;
}

/* One at a time: the lock of our own transaction is the last thing that holds a late worker back.
 */
static enum outcome swap(struct rebuild *rebuild, const struct uuid *since, int64_t looked_ms,
                         struct fault *fault)
{
    struct tx tx = {0};
    int32_t live_pid = 0;
    int32_t shadow_pid = 0;
    enum outcome o = pid_of(rebuild->live, &live_pid, fault);
    if (o == OK) {
        o = pid_of(rebuild->shadow, &shadow_pid, fault);
    }
    if (o == OK) {
        o = tx_begin(rebuild->live, &tx, fault);
    }
    if (o == OK) {
        o = check_locked(rebuild, since, looked_ms, fault);
    }
    if (o != OK) {
        tx_end(&tx);
        return o;
    }
    o = clear_out(rebuild, live_pid, shadow_pid, fault);
    tx_end(&tx);
    db_close(take(rebuild->live));
    db_close(take(rebuild->shadow));
    if (o == OK) {
        o = rename_both(rebuild, fault);
    }
    crash_point("rebuild-swapped");
    if (o != OK) {
        struct fault ignored;
        (void)(allow(rebuild, rebuild->live_name, true, &ignored) == OK &&
               allow(rebuild, rebuild->shadow_name, true, &ignored) == OK);
    }
    return o;
}

static enum outcome say_missing(const struct rebuild *rebuild, const struct missing *missing,
                                struct fault *fault)
{
    char id[UUID_TEXT_BYTES];
    return fault_set(
        fault, REJECT,
        "%lld events that %s has taken are not in the history, the first is %s: "
        "nothing was replaced; the same command looks again, --abort takes it all back",
        (long long)missing->count, rebuild->service->name, ids_format(&missing->first, id));
}

/* Feeds, waits and looks, until nothing is missing. */
static enum outcome catch_up(struct rebuild *rebuild, struct chunk *chunk, struct fault *fault)
{
    struct uuid since = {{0}};
    int64_t until = clock_monotonic_ms() + rebuild->wait_ms;
    enum outcome o = read_since(rebuild, &since, fault);
    while (o == OK) {
        struct missing missing = {0};
        int64_t fed = rebuild->fed;
        int64_t looked_ms = clock_now_ms() - CLOCKS_MS;
        if (is_stopped(rebuild)) {
            return say_stopped(fault);
        }
        o = feed(rebuild, chunk, fault);
        if (o == OK) {
            o = await_feed(rebuild, 0, fault);
        }
        if (o == OK) {
            o = find_missing(rebuild, &since, &missing, fault);
        }
        if (o == OK && missing.count == 0) {
            o = swap(rebuild, &since, looked_ms, fault);
            if (o != RETRY) {
                return o;
            }
            o = OK;
        }
        until = rebuild->fed > fed ? clock_monotonic_ms() + rebuild->wait_ms : until;
        if (o == OK && clock_monotonic_ms() > until) {
            return missing.count > 0 ? say_missing(rebuild, &missing, fault)
                                     : fault_wrap(fault, LOST, "nothing was replaced");
        }
        clock_sleep_ms(POLL_MS);
    }
    return o;
}

enum outcome rebuild_go(struct rebuild *rebuild, struct fault *fault)
{
    struct chunk chunk = {0};
    enum outcome o = OK;
    if (rebuild->shadow == NULL) {
        o = open_one(rebuild, rebuild->shadow_name, &rebuild->shadow, fault);
    }
    if (o == OK) {
        o = catch_up(rebuild, &chunk, fault);
    }
    chunk_done(&chunk);
    return o;
}

enum outcome rebuild_drop_old(struct rebuild *rebuild, struct fault *fault)
{
    return drop(rebuild, rebuild->old_name, fault);
}

enum outcome rebuild_abort(struct rebuild *rebuild, struct fault *fault)
{
    enum outcome o = db_run(rebuild->live, &sql_mark_end, DB_NO_PARAMS, NULL, fault);
    return o == OK ? drop(rebuild, rebuild->shadow_name, fault) : o;
}
