/* SPDX-License-Identifier: Apache-2.0 */
#include "core/chain.h"
#include "core/text.h"
#include "tools/history/events.h"
#include "tools/history/history.h"
#include "tools/history/history_sql.h"

#include <inttypes.h>
#include <sodium.h>
#include <string.h>

enum {
    BLOCKS_AT_ONCE = 20,
    ROWS_AT_ONCE = 500,
    COLUMNS = 19,
    SHOWN_MAX = 100, /* findings; the others are counted */
    ENTRIES_MAX = 100 * 1000,
    HASH_TEXT_BYTES = 2 * CHAIN_HASH_BYTES + 1,
};

enum finding { CHANGED, REMOVED, ADDED, BLOCK, DAY, FINDINGS };

static const struct {
    const char *name, *says;
} findings[] = {
    [CHANGED] = {"changed", "the row is not the one that was sealed"},
    [REMOVED] = {"removed", "a row was sealed and is not there"},
    [ADDED] = {"added", "a row stands among sealed ones and was not sealed"},
    [BLOCK] = {"block", "the block does not fit"},
    [DAY] = {"day", "a day in the middle has no partition"},
};

/* Where the chain has come to. */
struct verification {
    const struct cli_call *call;
    struct db *db;
    int64_t number; /* of the last block that was looked at */
    unsigned char hash[CHAIN_HASH_BYTES];
    struct history_position position; /* its last row */
    struct uuid oldest;               /* ids before it have been dropped */
    int64_t blocks, rows, dropped, unsealed;
    size_t counts[FINDINGS];
    size_t shown;
    int64_t wanted_number; /* --head; 0 = none */
    unsigned char wanted_hash[CHAIN_HASH_BYTES];
    bool has_met_head;
};

static void report(struct verification *v, enum finding finding, int64_t block, const char *what)
{
    v->counts[finding]++;
    if (v->shown == SHOWN_MAX) {
        return;
    }
    v->shown++;
    if (v->call->is_json) {
        (void)printf("{\"finding\":\"%s\",\"block\":%" PRId64 ",\"what\":\"%s\"}\n",
                     findings[finding].name, block, what);
        return;
    }
    (void)printf("%s%-8s%s %s: %s (block %" PRId64 ")\n", cli_colour(v->call, CLI_RED),
                 findings[finding].name, cli_colour(v->call, CLI_PLAIN), what,
                 findings[finding].says, block);
}

static void report_event(struct verification *v, enum finding finding, int64_t block,
                         const void *id)
{
    struct uuid uuid;
    char text[UUID_TEXT_BYTES];
    memcpy(uuid.bytes, id, sizeof uuid.bytes);
    report(v, finding, block, ids_format(&uuid, text));
}

static struct db_param xid_param(uint64_t xid, char text[24])
{
    (void)snprintf(text, 24, "%" PRIu64, xid);
    return db_text(text);
}

/* The entries of a block, and which of them have been met. */
struct block {
    int64_t number;
    struct history_position last;
    const unsigned char *entries;
    size_t count;
    bool *is_met;
};

static const unsigned char *entry_at(const struct block *block, size_t i)
{
    return block->entries + i * CHAIN_ENTRY_BYTES;
}

/* Rows come in the order of the entries: the search goes on where it was. */
static size_t find_entry(const struct block *block, const struct uuid *id, size_t from)
{
    for (size_t i = 0; i < block->count; i++) {
        size_t at = (from + i) % block->count;
        if (memcmp(entry_at(block, at), id->bytes, sizeof id->bytes) == 0) {
            return at;
        }
    }
    return SIZE_MAX;
}

static void judge_row(struct verification *v, struct block *block, const struct db_rows *rows,
                      int row, size_t *next)
{
    unsigned char hash[CHAIN_HASH_BYTES];
    struct uuid id = db_get_uuid(rows, row, 0);
    size_t at = block->count > 0 ? find_entry(block, &id, *next) : SIZE_MAX;
    v->rows++;
    if (at == SIZE_MAX) {
        report_event(v, ADDED, block->number, id.bytes);
        return;
    }
    *next = at + 1;
    block->is_met[at] = true;
    chain_hash_row(rows, row, COLUMNS, hash);
    if (memcmp(hash, entry_at(block, at) + sizeof id.bytes, sizeof hash) != 0) {
        report_event(v, CHANGED, block->number, id.bytes);
    }
}

static enum outcome judge_rows(struct verification *v, struct block *block, struct fault *fault)
{
    struct history_position from = v->position;
    size_t next = 0;
    int count = ROWS_AT_ONCE;
    while (count == ROWS_AT_ONCE) {
        AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
        char from_text[24];
        char last_text[24];
        enum outcome o =
            db_run(v->db, &sql_history_rows,
                   DB_PARAMS(db_i32(from.era), xid_param(from.xid, from_text), db_i64(from.number),
                             db_i32(block->last.era), xid_param(block->last.xid, last_text),
                             db_i64(block->last.number), db_i32(ROWS_AT_ONCE)),
                   &rows, fault);
        if (o != OK) {
            return o;
        }
        count = db_rows_count(rows);
        for (int row = 0; row < count; row++) {
            judge_row(v, block, rows, row, &next);
        }
        if (count > 0) {
            from = (struct history_position){(int32_t)db_get_i64(rows, count - 1, 1),
                                             (uint64_t)db_get_i64(rows, count - 1, 2),
                                             db_get_i64(rows, count - 1, 3)};
        }
    }
    for (size_t i = 0; i < block->count; i++) {
        bool is_dropped = memcmp(entry_at(block, i), v->oldest.bytes, sizeof v->oldest.bytes) < 0;
        v->dropped += is_dropped && !block->is_met[i];
        if (!block->is_met[i] && !is_dropped) {
            report_event(v, REMOVED, block->number, entry_at(block, i));
        }
    }
    return OK;
}

/* Columns of history_blocks.sql. */
enum { NUMBER, ERA, XID, POSITION, COUNT, NEWEST, ENTRIES, PREVIOUS, HASH };

static bool is_hash(const struct db_rows *rows, int row, int column,
                    const unsigned char hash[CHAIN_HASH_BYTES])
{
    return db_get_length(rows, row, column) == CHAIN_HASH_BYTES &&
           memcmp(db_get_text(rows, row, column), hash, CHAIN_HASH_BYTES) == 0;
}

static void judge_link(struct verification *v, const struct db_rows *rows, int row)
{
    int64_t number = db_get_i64(rows, row, NUMBER);
    unsigned char hash[CHAIN_HASH_BYTES];
    if (number != v->number + 1) {
        report(v, BLOCK, number, "blocks before it are missing");
    } else if (!is_hash(rows, row, PREVIOUS, v->hash)) {
        report(v, BLOCK, number, "the block before it is another one");
    }
    size_t length = db_get_length(rows, row, ENTRIES);
    if (db_is_null(rows, row, ENTRIES)) {
        return; /* its days are gone; its own hash still links */
    }
    unsigned char previous[CHAIN_HASH_BYTES] = {0};
    if (db_get_length(rows, row, PREVIOUS) == CHAIN_HASH_BYTES) {
        memcpy(previous, db_get_text(rows, row, PREVIOUS), sizeof previous);
    }
    chain_hash_block(previous, number, db_get_text(rows, row, ENTRIES), length, hash);
    if (!is_hash(rows, row, HASH, hash) || length % CHAIN_ENTRY_BYTES != 0) {
        report(v, BLOCK, number, "its list of rows was changed");
    }
}

static void go_on(struct verification *v, const struct db_rows *rows, int row)
{
    v->number = db_get_i64(rows, row, NUMBER);
    v->blocks++;
    if (db_get_length(rows, row, HASH) == CHAIN_HASH_BYTES) {
        memcpy(v->hash, db_get_text(rows, row, HASH), sizeof v->hash);
    }
    if (v->number == v->wanted_number) {
        v->has_met_head = true;
        if (memcmp(v->hash, v->wanted_hash, sizeof v->hash) != 0) {
            report(v, BLOCK, v->number, "its hash is not the one given with --head");
        }
    }
    v->position = (struct history_position){(int32_t)db_get_i64(rows, row, ERA),
                                            (uint64_t)db_get_i64(rows, row, XID),
                                            db_get_i64(rows, row, POSITION)};
}

static enum outcome judge_block(struct verification *v, const struct db_rows *rows, int row,
                                struct fault *fault)
{
    struct arena arena = {0};
    struct block block = {
        .number = db_get_i64(rows, row, NUMBER),
        .last = {(int32_t)db_get_i64(rows, row, ERA), (uint64_t)db_get_i64(rows, row, XID),
                 db_get_i64(rows, row, POSITION)},
        .entries = (const unsigned char *)db_get_text(rows, row, ENTRIES),
        .count = db_get_length(rows, row, ENTRIES) / CHAIN_ENTRY_BYTES,
    };
    if (block.count > ENTRIES_MAX) {
        return fault_set(fault, REJECT, "block %" PRId64 " lists more than %d rows", block.number,
                         ENTRIES_MAX);
    }
    block.is_met = arena_alloc(&arena, block.count + 1);
    judge_link(v, rows, row);
    enum outcome o = judge_rows(v, &block, fault);
    arena_done(&arena);
    go_on(v, rows, row);
    return o;
}

static enum outcome judge_blocks(struct verification *v, struct fault *fault)
{
    int count = BLOCKS_AT_ONCE;
    while (count == BLOCKS_AT_ONCE) {
        AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
        enum outcome o = db_run(v->db, &sql_history_blocks,
                                DB_PARAMS(db_i64(v->number), db_i32(BLOCKS_AT_ONCE)), &rows, fault);
        if (o != OK) {
            return o;
        }
        count = db_rows_count(rows);
        for (int row = 0; row < count; row++) {
            o = judge_block(v, rows, row, fault);
            if (o != OK) {
                return o;
            }
        }
    }
    return OK;
}

static enum outcome judge_days(struct verification *v, struct fault *fault)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = db_run(v->db, &sql_history_days, DB_NO_PARAMS, &rows, fault);
    for (int row = 0; o == OK && row < db_rows_count(rows); row++) {
        report(v, DAY, 0, db_get_text(rows, row, 0));
    }
    return o;
}

/* Blocks that are sealed while we read are read too; so the head is asked for again at the end. */
static enum outcome judge_head(struct verification *v, struct fault *fault)
{
    AUTO(db_rows_free_auto) struct db_rows *head = NULL;
    AUTO(db_rows_free_auto) struct db_rows *count = NULL;
    char xid[24];
    enum outcome o = db_run(v->db, &sql_history_head, DB_NO_PARAMS, &head, fault);
    if (o == OK && db_get_i64(head, 0, 0) < v->number) {
        report(v, BLOCK, v->number, "the chain's head does not know of it");
    } else if (o == OK && db_get_i64(head, 0, 0) == v->number && !is_hash(head, 0, 1, v->hash)) {
        report(v, BLOCK, v->number, "the chain's head has another hash");
    } else if (o == OK && db_get_i64(head, 0, 0) > v->number + BLOCKS_AT_ONCE) {
        report(v, BLOCK, db_get_i64(head, 0, 0), "the chain's head lies beyond its last block");
    }
    if (o == OK) {
        o = db_run(v->db, &sql_history_unsealed,
                   DB_PARAMS(db_i32(v->position.era), xid_param(v->position.xid, xid),
                             db_i64(v->position.number)),
                   &count, fault);
    }
    if (o == OK) {
        v->unsealed = db_get_i64(count, 0, 0);
    }
    return o;
}

static enum outcome begin(struct verification *v, struct fault *fault)
{
    AUTO(db_rows_free_auto) struct db_rows *head = NULL;
    enum outcome o = db_run(v->db, &sql_history_head, DB_NO_PARAMS, &head, fault);
    if (o == OK && db_rows_count(head) == 0) {
        report(v, BLOCK, 0, "the chain has no head");
    } else if (o == OK) {
        v->number = db_get_i64(head, 0, 5);
        v->oldest = db_get_uuid(head, 0, 7);
        if (db_get_length(head, 0, 6) == CHAIN_HASH_BYTES) {
            memcpy(v->hash, db_get_text(head, 0, 6), sizeof v->hash);
        }
    }
    return o;
}

/* Rows before the first block that is left belong to blocks that are gone; of what lies there only
 * days that have not been dropped can be seen, as added. */
static enum outcome verify(struct verification *v, struct fault *fault)
{
    enum outcome o = begin(v, fault);
    if (o == OK) {
        o = judge_blocks(v, fault);
    }
    if (o == OK) {
        o = judge_days(v, fault);
    }
    return o == OK ? judge_head(v, fault) : o;
}

static bool read_head(const char *text, struct verification *v)
{
    const char *colon = strchr(text, ':');
    size_t length = 0;
    if (colon == NULL) {
        return false;
    }
    AUTO(free_text) char *number = xstrndup(text, (size_t)(colon - text));
    return text_int(number, 1, INT64_MAX, &v->wanted_number) &&
           sodium_hex2bin(v->wanted_hash, sizeof v->wanted_hash, colon + 1, strlen(colon + 1), NULL,
                          &length, NULL) == 0 &&
           length == sizeof v->wanted_hash && colon[1 + HASH_TEXT_BYTES - 1] == '\0';
}

static int conclude(struct verification *v)
{
    char hash[HASH_TEXT_BYTES];
    size_t found = 0;
    for (size_t i = 0; i < FINDINGS; i++) {
        found += v->counts[i];
    }
    (void)sodium_bin2hex(hash, sizeof hash, v->hash, sizeof v->hash);
    if (v->call->is_json) {
        (void)printf("{\"blocks\":%" PRId64 ",\"rows\":%" PRId64 ",\"dropped\":%" PRId64
                     ",\"unsealed\":%" PRId64 ",\"changed\":%zu,\"removed\":%zu,\"added\":%zu,"
                     "\"wrong_blocks\":%zu,\"missing_days\":%zu,\"head\":\"%" PRId64 ":%s\"}\n",
                     v->blocks, v->rows, v->dropped, v->unsealed, v->counts[CHANGED],
                     v->counts[REMOVED], v->counts[ADDED], v->counts[BLOCK], v->counts[DAY],
                     v->number, hash);
    } else {
        (void)printf("%" PRId64 " blocks with %" PRId64 " rows, %" PRId64
                     " dropped with their day, "
                     "%" PRId64 " not sealed yet; head %" PRId64 ":%s\n",
                     v->blocks, v->rows, v->dropped, v->unsealed, v->number, hash);
    }
    return found == 0
               ? EXIT_DONE
               : cli_fail(v->call, EXIT_FAILED,
                          "the log was changed: %zu rows changed, %zu removed, %zu added; %zu "
                          "blocks and %zu days are wrong",
                          v->counts[CHANGED], v->counts[REMOVED], v->counts[ADDED],
                          v->counts[BLOCK], v->counts[DAY]);
}

int events_verify(const struct cli_call *call)
{
    struct verification v = {.call = call};
    const char *head = cli_text(call, "head");
    if (head != NULL && !read_head(head, &v)) {
        return cli_fail(call, EXIT_USAGE,
                        "--head must be what events verify prints: a number, a colon, a hash");
    }
    AUTO(history_close_auto) struct history *history = NULL;
    int code = history_access(call, "quadrille events verify", &history);
    if (code != EXIT_DONE) {
        return code;
    }
    v.db = history_db(history);
    struct fault fault;
    if (verify(&v, &fault) != OK) {
        return cli_fail_fault(call, &fault, "stopped");
    }
    if (head != NULL && !v.has_met_head) {
        report(&v, BLOCK, v.wanted_number, "the chain does not have it");
    }
    return conclude(&v);
}
