/* SPDX-License-Identifier: Apache-2.0 */
#include "core/backoff.h"
#include "core/buffer.h"
#include "core/chain.h"
#include "core/crash.h"
#include "core/db.h"
#include "core/log.h"
#include "core/memory.h"
#include "history.h"
#include "history_sql.h"

#include <string.h>

enum { BLOCK_ROWS_MAX = 500 };

/* The columns of chain_take.sql. */
enum { ID, ERA, XID, POSITION, COLUMNS = 19 };

struct sealer {
    struct runtime *runtime;
    struct db *db;
};

static enum outcome connect(struct sealer *sealer, struct fault *fault)
{
    if (sealer->db != NULL) {
        return db_is_lost(sealer->db) ? db_reopen(sealer->db, fault) : OK;
    }
    return db_open(&(struct db_options){.url = sealer->runtime->config->database_url,
                                        .name = "history sealer"},
                   &sealer->db, fault);
}

static struct db_param xid_text(const struct db_rows *rows, int row, int column, char text[24])
{
    (void)snprintf(text, 24, "%llu", (unsigned long long)db_get_i64(rows, row, column));
    return db_text(text);
}

static struct uuid list_entries(const struct db_rows *rows, struct buffer *entries)
{
    struct uuid newest = {0};
    for (int row = 0; row < db_rows_count(rows); row++) {
        unsigned char hash[CHAIN_HASH_BYTES];
        struct uuid id = db_get_uuid(rows, row, ID);
        chain_hash_row(rows, row, COLUMNS, hash);
        buffer_add(entries, id.bytes, sizeof id.bytes);
        buffer_add(entries, hash, sizeof hash);
        newest = ids_compare(&id, &newest) > 0 ? id : newest;
    }
    return newest;
}

static enum outcome add_block(struct sealer *sealer, const struct db_rows *head,
                              const struct db_rows *rows, struct fault *fault)
{
    AUTO(buffer_done) struct buffer entries = {0};
    unsigned char previous[CHAIN_HASH_BYTES];
    unsigned char hash[CHAIN_HASH_BYTES];
    char xid[24];
    int last = db_rows_count(rows) - 1;
    int64_t number = db_get_i64(head, 0, 0) + 1;
    struct uuid newest = list_entries(rows, &entries);
    memcpy(previous, db_get_text(head, 0, 1), CHAIN_HASH_BYTES);
    chain_hash_block(previous, number, entries.bytes, entries.length, hash);
    return db_run(sealer->db, &sql_chain_add,
                  DB_PARAMS(db_i64(number), db_i32((int32_t)db_get_i64(rows, last, ERA)),
                            xid_text(rows, last, XID, xid),
                            db_i64(db_get_i64(rows, last, POSITION)), db_i32(last + 1),
                            db_uuid(&newest), db_bytes(entries.bytes, entries.length),
                            db_bytes(previous, sizeof previous), db_bytes(hash, sizeof hash)),
                  NULL, fault);
}

/* One block, if there is something to seal and nobody else is at it. */
static enum outcome seal_block(struct sealer *sealer, int *sealed, struct fault *fault)
{
    AUTO(tx_end) struct tx tx = {0};
    AUTO(db_rows_free_auto) struct db_rows *head = NULL;
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    char xid[24];
    *sealed = 0;
    enum outcome o = tx_begin(sealer->db, &tx, fault);
    if (o == OK) {
        o = db_run(sealer->db, &sql_chain_lock, DB_NO_PARAMS, &head, fault);
    }
    if (o != OK || db_rows_count(head) == 0) {
        return o;
    }
    o = db_run(sealer->db, &sql_chain_take,
               DB_PARAMS(db_i32((int32_t)db_get_i64(head, 0, 2)), xid_text(head, 0, 3, xid),
                         db_i64(db_get_i64(head, 0, 4)), db_i32(BLOCK_ROWS_MAX)),
               &rows, fault);
    if (o != OK || db_rows_count(rows) == 0) {
        return o;
    }
    o = add_block(sealer, head, rows, fault);
    crash_point("history-before-seal");
    if (o == OK) {
        o = tx_commit(&tx, fault);
    }
    *sealed = o == OK ? db_rows_count(rows) : 0;
    return o;
}

static enum outcome seal(struct sealer *sealer, struct fault *fault)
{
    int sealed = BLOCK_ROWS_MAX;
    enum outcome o = connect(sealer, fault);
    while (o == OK && sealed == BLOCK_ROWS_MAX && !runtime_is_stopping(sealer->runtime)) {
        o = seal_block(sealer, &sealed, fault);
    }
    return o;
}

static enum outcome run(struct runtime *runtime, int index, struct fault *fault)
{
    const struct history_config *config = runtime->own;
    struct sealer sealer = {.runtime = runtime};
    struct backoff backoff = {0};
    enum outcome o = OK;
    (void)index;
    while (o != FATAL && !runtime_is_stopping(runtime)) {
        o = seal(&sealer, fault);
        if (o == OK) {
            backoff = (struct backoff){0};
            (void)runtime_sleep(runtime, config->seal_ms);
        } else if (o != FATAL) {
            int64_t pause = backoff_next(&backoff);
            log_warn("seal.later", LOG_TEXT("reason", fault->text), LOG_INT("in_ms", pause));
            (void)runtime_sleep(runtime, pause);
        }
    }
    db_close(sealer.db);
    return o == FATAL ? FATAL : OK;
}

const struct part sealer_part = {.name = "sealer", .run = run};
