/* SPDX-License-Identifier: Apache-2.0 */
#include "core/backoff.h"
#include "core/clock.h"
#include "core/crash.h"
#include "core/db.h"
#include "core/log.h"
#include "core/memory.h"
#include "history.h"
#include "history_sql.h"
#include "vault.h"

enum {
    POLL_MS = 200,
    TAKE_MAX = 500,
    /* How often all erasures on record are done again: a backup of the keys that is restored has
     * the old ones in it. */
    AGAIN_MS = 60 * 60 * 1000,
};

struct eraser {
    struct runtime *runtime;
    struct vault *vault;
    struct db *db;
    struct db_array array;
};

static enum outcome connect(struct eraser *eraser, struct fault *fault)
{
    if (eraser->db != NULL) {
        return db_is_lost(eraser->db) ? db_reopen(eraser->db, fault) : OK;
    }
    return db_open(&(struct db_options){.url = eraser->runtime->config->database_url,
                                        .name = "history eraser"},
                   &eraser->db, fault);
}

static enum outcome note_done(struct eraser *eraser, const struct uuid *persons, size_t count,
                              struct fault *fault)
{
    db_array_init(&eraser->array, DB_UUID);
    for (size_t i = 0; i < count; i++) {
        db_array_uuid(&eraser->array, &persons[i]);
    }
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o =
        db_run(eraser->db, &sql_erasure_hurry, DB_PARAMS(db_array(&eraser->array)), NULL, fault);
    if (o == OK) {
        o = db_run(eraser->db, &sql_erasure_done, DB_PARAMS(db_array(&eraser->array)), &rows,
                   fault);
    }
    if (o == OK && db_rows_affected(rows) > 0) {
        log_info("person.erased", LOG_INT("persons", db_rows_affected(rows)));
    }
    return o;
}

/* The next ones after `after` (NULL: the first); `count` of them, the last becomes `after`. */
static enum outcome erase_some(struct eraser *eraser, bool all, struct uuid *after, bool *is_first,
                               size_t *count, struct fault *fault)
{
    struct uuid persons[TAKE_MAX];
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = db_run(
        eraser->db, &sql_erasure_open,
        DB_PARAMS(db_bool(all), db_uuid(*is_first ? NULL : after), db_i32(TAKE_MAX)), &rows, fault);
    *count = (size_t)db_rows_count(rows);
    if (o != OK || *count == 0) {
        return o;
    }
    for (size_t i = 0; i < *count; i++) {
        persons[i] = db_get_uuid(rows, (int)i, 0);
    }
    *after = persons[*count - 1];
    *is_first = false;
    crash_point("history-before-erasure");
    o = vault_destroy(eraser->vault, persons, *count, fault);
    crash_point("history-after-erasure");
    return o == OK ? note_done(eraser, persons, *count, fault) : o;
}

static enum outcome erase(struct eraser *eraser, bool all, struct fault *fault)
{
    struct uuid after;
    bool is_first = true;
    size_t count = TAKE_MAX;
    enum outcome o = connect(eraser, fault);
    while (o == OK && count == TAKE_MAX && !runtime_is_stopping(eraser->runtime)) {
        o = erase_some(eraser, all, &after, &is_first, &count, fault);
    }
    return o;
}

static enum outcome run(struct runtime *runtime, int index, struct fault *fault)
{
    const struct history_config *config = runtime->own;
    struct eraser eraser = {.runtime = runtime,
                            .vault = vault_new(config->keys_url, "history eraser")};
    struct backoff backoff = {0};
    int64_t again_ms = 0;
    enum outcome o = OK;
    (void)index;
    while (o != FATAL && !runtime_is_stopping(runtime)) {
        bool all = clock_monotonic_ms() >= again_ms;
        o = erase(&eraser, all, fault);
        if (o == OK) {
            backoff = (struct backoff){0};
            again_ms = all ? clock_monotonic_ms() + AGAIN_MS : again_ms;
            (void)runtime_sleep(runtime, POLL_MS);
        } else if (o != FATAL) {
            int64_t pause = backoff_next(&backoff);
            log_warn("erasure.later", LOG_TEXT("reason", fault->text), LOG_INT("in_ms", pause));
            (void)runtime_sleep(runtime, pause);
        }
    }
    vault_free(eraser.vault);
    db_close(eraser.db);
    db_array_done(&eraser.array);
    return o == FATAL ? FATAL : OK;
}

const struct part eraser_part = {.name = "eraser", .run = run};
