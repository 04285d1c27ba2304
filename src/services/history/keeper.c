/* SPDX-License-Identifier: Apache-2.0 */
#include "core/db.h"
#include "core/log.h"
#include "core/memory.h"
#include "history.h"
#include "publishers/partition.h"

enum {
    DAYS_MS = 10 * 60 * 1000,
    BLANK_MS = 1000,
    AGAIN_MS = 5000, /* after something was in the way */
};

static const struct sql sql_chain_trim = {"chain_trim", "select chain_trim()"};
static const struct sql sql_dead_letters_blank = {"dead_letters_blank",
                                                  "select dead_letters_blank()"};

static enum outcome keep_days(struct db *db, int64_t days, struct fault *fault)
{
    enum outcome o = partition_upkeep(db, "event_log", days, fault);
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    if (o == OK) {
        o = db_run(db, &sql_chain_trim, DB_NO_PARAMS, &rows, fault);
    }
    if (o == OK && db_get_i64(rows, 0, 0) > 0) {
        log_info("chain.trimmed", LOG_INT("blocks", db_get_i64(rows, 0, 0)));
    }
    return o;
}

static enum outcome blank(struct db *db, struct fault *fault)
{
    return db_run(db, &sql_dead_letters_blank, DB_NO_PARAMS, NULL, fault);
}

static enum outcome connect(struct db **db, const char *url, struct fault *fault)
{
    if (*db != NULL) {
        return db_is_lost(*db) ? db_reopen(*db, fault) : OK;
    }
    return db_open(&(struct db_options){.url = url, .name = "history keeper"}, db, fault);
}

static enum outcome run(struct runtime *runtime, int index, struct fault *fault)
{
    const struct history_config *config = runtime->own;
    AUTO(db_close_auto) struct db *db = NULL;
    int64_t until_days_ms = 0;
    (void)index;
    while (!runtime_is_stopping(runtime)) {
        enum outcome o = connect(&db, runtime->config->database_url, fault);
        if (o == OK && until_days_ms <= 0) {
            o = keep_days(db, config->log_days, fault);
            until_days_ms = o == OK ? DAYS_MS : 0;
        }
        if (o == OK) {
            o = blank(db, fault);
        }
        if (o == FATAL) {
            return FATAL;
        }
        if (o != OK) {
            log_warn("upkeep.later", LOG_TEXT("reason", fault->text));
        }
        (void)runtime_sleep(runtime, o == OK ? BLANK_MS : AGAIN_MS);
        until_days_ms -= BLANK_MS;
    }
    return OK;
}

const struct part keeper_part = {.name = "keeper", .run = run};
