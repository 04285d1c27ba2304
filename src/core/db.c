/* SPDX-License-Identifier: Apache-2.0 */
#include "core/db.h"

#include "core/clock.h"

#include <assert.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CONNECT_MS = 5000,
    STATEMENT_MS = 30000,
    STATEMENTS_MAX =
        256, /* prepared per connection: every .sql file of a service fits several times */
    PENDING_MAX = 65536, /* statements in flight */
};

/* What the server still owes us, in the order in which it was asked. */
enum pending_kind { PENDING_PREPARE, PENDING_QUERY, PENDING_SYNC };

struct pending {
    enum pending_kind kind;
    const struct sql *sql;
    int64_t expected_rows;
    int tag;
};

/* A statement is `asked` once its Parse is on its way and usable only when that Parse was not
 * thrown away. */
struct statement {
    const struct sql *sql;
    bool is_asked;
};

/*
 * A queued write before it is sent. What a transaction queues stays here until its next question or
 * its commit: when a handler fails, the server never sees the writes of its batch.
 */
struct held {
    struct held *next;
    const struct sql *sql;
    struct db_param *params;
    int count;
    int64_t expected_rows;
    int tag;
};

struct db {
    PGconn *conn;
    char *url, *database, *name, *settings;
    int64_t connect_ms, statement_ms;
    bool is_lost;
    bool in_transaction; /* BEGIN has been queued and neither COMMIT nor ROLLBACK has */
    bool is_failed;      /* the open transaction has met an error: only ROLLBACK is left */
    struct companion companion;
    bool has_companion;
    int64_t companion_ticked_ms; /* monotonic */
    struct statement statements[STATEMENTS_MAX];
    size_t statement_count;
    struct pending *pending; /* ring of `room`, a power of two */
    size_t room, first, count;
    struct held *held_first, *held_last; /* in `held_memory`, in the order queued */
    size_t held_count;
    struct arena held_memory;
};

static const struct sql sql_begin = {"begin", "BEGIN"};
static const struct sql sql_commit = {"commit", "COMMIT"};
static const struct sql sql_rollback = {"rollback", "ROLLBACK"};

struct state_rule {
    const char *prefix;
    enum outcome outcome;
    bool is_conflict;
};

/* First match wins. Source: PostgreSQL documentation, appendix A. */
static const struct state_rule state_rules[] = {
    {"40001", RETRY, true},   /* serialization failure */
    {"40P01", RETRY, true},   /* deadlock */
    {"23505", RETRY, true},   /* somebody was first: the next run sees their row */
    {"55P03", RETRY, false},  /* lock not available */
    {"57014", RETRY, false},  /* cancelled: statement_timeout */
    {"23514", REJECT, false}, /* check violation */
    {"23", REJECT, false},    {"22", REJECT, false}, {"08", LOST, false},
    {"25006", LOST, false}, /* read-only: a standby, or an operator's switch */
    {"25P03", LOST, false}, /* idle in transaction for too long */
    {"53", LOST, false},    /* out of memory, disk or connections */
    {"57", LOST, false},    /* shutting down, starting up, idle session ended */
    {"58", LOST, false},    /* I/O error */
    {"42", FATAL, false},     {"0A", FATAL, false},  {"28", FATAL, false},
    {"3D", FATAL, false}, /* no such database */
};

static enum outcome fault_from_state(struct fault *fault, const char *state, const char *what,
                                     const char *message)
{
    enum outcome outcome = RETRY;
    bool is_conflict = false;
    for (size_t i = 0; state != NULL && i < COUNT_OF(state_rules); i++) {
        if (strncmp(state, state_rules[i].prefix, strlen(state_rules[i].prefix)) == 0) {
            outcome = state_rules[i].outcome;
            is_conflict = state_rules[i].is_conflict;
            break;
        }
    }
    (void)fault_set(fault, outcome, "%s: %s (%s)", what, message != NULL ? message : "no message",
                    state != NULL ? state : "no state");
    if (fault != NULL) {
        fault->is_conflict = is_conflict;
    }
    return outcome;
}

/* The server's primary message only: its DETAIL repeats row values. */
static enum outcome fault_from_result(struct fault *fault, const PGresult *result, const char *what)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (state != NULL && strcmp(state, "23514") == 0 &&
        PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME) == NULL) {
        state = "55P03"; /* no partition for the row (yet): the upkeep makes it, and then the same
                            row is fine */
    }
    return fault_from_state(fault, state, what,
                            PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
}

static void forget_held(struct db *db)
{
    db->held_first = NULL;
    db->held_last = NULL;
    db->held_count = 0;
    arena_reset(&db->held_memory);
}

static enum outcome lose(struct db *db, struct fault *fault, const char *what)
{
    db->is_lost = true;
    db->in_transaction = false;
    db->count = 0;
    return fault_set(fault, LOST, "database: %s: %s", what,
                     db->conn != NULL ? PQerrorMessage(db->conn) : "not connected");
}

/* A server that answers steadily leaves no pause: so after each wait, however short. */
static void look_after_companion(struct db *db, bool has_news)
{
    if (!db->has_companion) {
        return;
    }
    int64_t now = clock_monotonic_ms();
    if (has_news || now - db->companion_ticked_ms >= db->companion.every_ms) {
        db->companion_ticked_ms = now;
        db->companion.tick(db->companion.context);
    }
}

/* Waits for the socket or `deadline_ms`, looking after the companion. False when the deadline has
 * passed. */
static bool wait_socket(struct db *db, short events, int64_t deadline_ms)
{
    int64_t now = clock_monotonic_ms();
    if (now >= deadline_ms) {
        return false;
    }
    int64_t ms = deadline_ms - now;
    struct pollfd polled[2] = {{.fd = PQsocket(db->conn), .events = events},
                               {.fd = -1, .events = POLLIN}};
    if (db->has_companion) {
        polled[1].fd = db->companion.fd;
        int64_t rest = db->companion_ticked_ms + db->companion.every_ms - now;
        ms = ms < rest ? ms : rest > 0 ? rest : 0;
    }

    (void)poll(polled, 2, (int)ms);
    look_after_companion(db, polled[1].revents != 0);
    return true;
}

/* Pushes what is queued and reads until a result can be taken without blocking. */
static enum outcome wait_result(struct db *db, struct fault *fault)
{
    int64_t deadline = clock_monotonic_ms() + db->statement_ms;
    for (;;) {
        int unsent = PQflush(db->conn);
        if (unsent < 0) {
            return lose(db, fault, "send");
        }
        if (PQisBusy(db->conn) == 0) {
            look_after_companion(db, false);
            return OK;
        }
        short events = (short)(unsent > 0 ? POLLIN | POLLOUT : POLLIN);
        if (!wait_socket(db, events, deadline)) {
            (void)lose(db, NULL, "");
            return fault_set(fault, LOST, "database: no answer within %lld ms",
                             (long long)db->statement_ms);
        }
        if (PQconsumeInput(db->conn) == 0) {
            return lose(db, fault, "receive");
        }
    }
}

static void ignore_notice(void *context, const PGresult *result)
{
    (void)context;
    (void)result;
}

static enum outcome connect_poll(struct db *db, struct fault *fault)
{
    int64_t deadline = clock_monotonic_ms() + db->connect_ms;
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;
    while (status != PGRES_POLLING_OK) {
        if (status == PGRES_POLLING_FAILED) {
            return lose(db, fault, "connect");
        }
        if (!wait_socket(db, status == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline)) {
            (void)lose(db, NULL, "");
            return fault_set(fault, LOST, "database: no connection within %lld ms",
                             (long long)db->connect_ms);
        }
        status = PQconnectPoll(db->conn);
    }
    return OK;
}

static enum outcome connect_now(struct db *db, struct fault *fault)
{
    const char *const keys[] = {"dbname",
                                "application_name",
                                "options",
                                "tcp_user_timeout",
                                "keepalives_idle",
                                "client_encoding",
                                db->database != NULL ? "dbname" : NULL,
                                NULL};
    const char *const values[] = {
        db->url, db->name,     db->settings != NULL ? db->settings : "",
        "10000",               /* ms: a peer that vanished without a word is noticed … */
        "10",                  /* s: … also while it owes us a long answer */
        "UTF8",  db->database, /* only the first one may be a URL */
        NULL};
    db->conn = PQconnectStartParams(keys, values, 1);
    if (db->conn == NULL || PQstatus(db->conn) == CONNECTION_BAD) {
        return lose(db, fault, "connect");
    }
    (void)PQsetNoticeReceiver(db->conn, ignore_notice, NULL);
    db->is_lost = false;
    enum outcome o = connect_poll(db, fault);
    if (o != OK) {
        return o;
    }
    if (PQsetnonblocking(db->conn, 1) != 0 || PQenterPipelineMode(db->conn) == 0) {
        return lose(db, fault, "pipeline mode");
    }
    return OK;
}

static char *copy_or_null(const char *text)
{
    return text != NULL ? xstrdup(text) : NULL;
}

enum outcome db_open(const struct db_options *options, struct db **out, struct fault *fault)
{
    struct db *db = xcalloc(1, sizeof *db);
    db->url = copy_or_null(options->url);
    db->database = copy_or_null(options->database);
    db->name = copy_or_null(options->name);
    db->settings = copy_or_null(options->settings);
    db->connect_ms = options->connect_ms > 0 ? options->connect_ms : CONNECT_MS;
    db->statement_ms = options->statement_ms > 0 ? options->statement_ms : STATEMENT_MS;
    db->room = 64;
    db->pending = xcalloc(db->room, sizeof *db->pending);

    enum outcome o = connect_now(db, fault);
    if (o != OK) {
        db_close(db);
        return o;
    }
    *out = db;
    return OK;
}

void db_close(struct db *db)
{
    if (db == NULL) {
        return;
    }
    PQfinish(db->conn);
    free(db->url);
    free(db->database);
    free(db->name);
    free(db->settings);
    free(db->pending);
    arena_done(&db->held_memory);
    free(db);
}

void db_close_auto(struct db **db)
{
    db_close(*db);
}

enum outcome db_reopen(struct db *db, struct fault *fault)
{
    PQfinish(db->conn);
    db->conn = NULL;
    db->statement_count = 0;
    db->first = 0;
    db->count = 0;
    db->in_transaction = false;
    db->is_failed = false;
    forget_held(db);
    return connect_now(db, fault);
}

bool db_is_lost(const struct db *db)
{
    return db->is_lost;
}

int db_socket(const struct db *db)
{
    return PQsocket(db->conn);
}

void db_set_companion(struct db *db, const struct companion *companion)
{
    db->has_companion = companion != NULL;
    if (companion != NULL) {
        db->companion = *companion;
        db->companion_ticked_ms = clock_monotonic_ms();
    }
}

static void owe(struct db *db, struct pending item)
{
    if (db->count == db->room) {
        struct pending *bigger = xcalloc(db->room * 2, sizeof *bigger);
        for (size_t i = 0; i < db->count; i++) {
            bigger[i] = db->pending[(db->first + i) & (db->room - 1)];
        }
        free(db->pending);
        db->pending = bigger;
        db->first = 0;
        db->room *= 2;
    }
    db->pending[(db->first + db->count++) & (db->room - 1)] = item;
}

static struct statement *statement_find(struct db *db, const struct sql *sql)
{
    for (size_t i = 0; i < db->statement_count; i++) {
        if (db->statements[i].sql == sql) {
            return &db->statements[i];
        }
    }
    return NULL;
}

static void statement_forget(struct db *db, const struct sql *sql)
{
    struct statement *statement = statement_find(db, sql);
    if (statement != NULL) {
        statement->is_asked = false;
    }
}

static enum outcome prepare(struct db *db, const struct sql *sql, struct fault *fault)
{
    struct statement *statement = statement_find(db, sql);
    if (statement != NULL && statement->is_asked) {
        return OK;
    }
    if (statement == NULL) {
        if (db->statement_count == STATEMENTS_MAX) {
            return fault_set(fault, FATAL, "more than %d different statements on one connection",
                             STATEMENTS_MAX);
        }
        statement = &db->statements[db->statement_count++];
        statement->sql = sql;
    }
    if (PQsendPrepare(db->conn, sql->name, sql->text, 0, NULL) == 0) {
        return lose(db, fault, sql->name);
    }
    statement->is_asked = true;
    owe(db, (struct pending){.kind = PENDING_PREPARE, .sql = sql, .tag = FAULT_NOBODY});
    return OK;
}

enum { PARAMS_MAX = 64 };

static enum outcome too_many_statements(struct fault *fault)
{
    return fault_together(
        fault, fault_set(fault, REJECT, "more than %d statements in one transaction", PENDING_MAX));
}

static enum outcome ask(struct db *db, const struct sql *sql, const struct db_param *params,
                        int count, int64_t expected_rows, int tag, struct fault *fault)
{
    assert(count <= PARAMS_MAX);
    if (db->is_lost) {
        return fault_set(fault, LOST, "database: the connection is gone");
    }
    if (db->count >= PENDING_MAX) {
        return too_many_statements(fault);
    }
    enum outcome o = prepare(db, sql, fault);
    if (o != OK) {
        return o;
    }

    const char *values[PARAMS_MAX];
    int lengths[PARAMS_MAX];
    int formats[PARAMS_MAX];
    for (int i = 0; i < count; i++) {
        lengths[i] = params[i].length;
        formats[i] = 1;
        values[i] = params[i].length < 0     ? NULL
                    : params[i].data != NULL ? params[i].data
                                             : (const char *)params[i].small;
    }
    if (PQsendQueryPrepared(db->conn, sql->name, count, values, lengths, formats, 1) == 0) {
        return lose(db, fault, sql->name);
    }
    owe(db, (struct pending){
                .kind = PENDING_QUERY, .sql = sql, .expected_rows = expected_rows, .tag = tag});
    return OK;
}

static enum outcome ask_sync(struct db *db, struct fault *fault)
{
    if (PQpipelineSync(db->conn) == 0) {
        return lose(db, fault, "sync");
    }
    owe(db, (struct pending){.kind = PENDING_SYNC});
    return OK;
}

static enum outcome judge(const struct pending *item, const PGresult *result, struct fault *fault)
{
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        enum outcome o = fault_from_result(fault, result, item->sql->name);
        if (fault != NULL) {
            fault->culprit = item->tag;
        }
        return o;
    }
    if (item->expected_rows == DB_ANY_ROWS) {
        return OK;
    }
    const char *touched = PQcmdTuples((PGresult *)result);
    if (strtoll(touched, NULL, 10) == item->expected_rows) {
        return OK;
    }
    (void)fault_set(fault, RETRY, "%s: %s rows instead of %lld: somebody else was first",
                    item->sql->name, touched, (long long)item->expected_rows);
    if (fault != NULL) {
        fault->culprit = item->tag;
        fault->is_conflict = true;
    }
    return RETRY;
}

/* Takes what answers the oldest item. `*verdict` is its outcome; `rows` gets its result when that
 * is wanted. */
static enum outcome collect_one(struct db *db, enum outcome *verdict, struct db_rows **rows,
                                struct fault *fault)
{
    struct pending item = db->pending[db->first];
    enum outcome o = wait_result(db, fault);
    if (o != OK) {
        return o;
    }
    PGresult *result = PQgetResult(db->conn);
    if (result == NULL || PQstatus(db->conn) == CONNECTION_BAD) {
        PQclear(result);
        return lose(db, fault, "result");
    }
    db->first = (db->first + 1) & (db->room - 1);
    db->count--;

    ExecStatusType status = PQresultStatus(result);
    *verdict = OK;
    if (status == PGRES_PIPELINE_SYNC) {
        PQclear(result);
        return OK;
    }
    if (item.kind == PENDING_SYNC) { /* the server ends the session after its last answer */
        PQclear(result);
        return lose(db, fault, "sync");
    }
    if (status == PGRES_PIPELINE_ABORTED) {
        /* Thrown away because of an earlier error, which has been reported. A Parse among them
         * never happened. */
        if (item.kind == PENDING_PREPARE) {
            statement_forget(db, item.sql);
        }
    } else {
        item.expected_rows = item.kind == PENDING_QUERY ? item.expected_rows : DB_ANY_ROWS;
        *verdict = judge(&item, result, fault);
        if (*verdict != OK && item.kind == PENDING_PREPARE) {
            statement_forget(db, item.sql);
        }
    }
    if (rows != NULL && *verdict == OK && status != PGRES_PIPELINE_ABORTED &&
        item.kind == PENDING_QUERY) {
        *rows = (struct db_rows *)result;
    } else {
        PQclear(result);
    }
    /* Each statement's results end with a NULL; a Sync's do not. */
    o = wait_result(db, fault);
    if (o != OK) {
        return o;
    }
    PGresult *end = PQgetResult(db->conn);
    assert(end == NULL);
    PQclear(end);
    return OK;
}

/* Takes everything that is owed. The first error wins; after it the server skips to the next Sync.
 */
static enum outcome collect_all(struct db *db, struct db_rows **last, struct fault *fault)
{
    enum outcome first = OK;
    while (db->count > 0) {
        enum outcome verdict = OK;
        bool is_last =
            db->count == 1 ||
            (db->count == 2 && db->pending[(db->first + 1) & (db->room - 1)].kind == PENDING_SYNC);
        enum outcome o = collect_one(db, &verdict, is_last && first == OK ? last : NULL,
                                     first == OK ? fault : NULL);
        if (o != OK) {
            return o;
        }
        if (first == OK) {
            first = verdict;
        }
    }
    return first;
}

/* Inside a transaction: an error leaves the pipeline aborted, so a Sync clears it and the ROLLBACK
 * can follow. */
static enum outcome settle(struct db *db, struct db_rows **last, struct fault *fault)
{
    enum outcome first = collect_all(db, last, fault);
    if (first != OK && !db->is_lost) {
        db->is_failed = true;
        struct fault ignored;
        if (ask_sync(db, &ignored) != OK || collect_all(db, NULL, &ignored) == LOST) {
            return LOST;
        }
    }
    return first;
}

static struct db_param *hold_params(struct db *db, const struct db_param *params, int count)
{
    struct db_param *copies = arena_alloc(&db->held_memory, (size_t)count * sizeof *copies);
    for (int i = 0; i < count; i++) {
        copies[i] = params[i];
        if (params[i].data != NULL && params[i].length > 0) {
            copies[i].data = memcpy(arena_alloc(&db->held_memory, (size_t)params[i].length),
                                    params[i].data, (size_t)params[i].length);
        }
    }
    return copies;
}

static enum outcome send_held(struct db *db, struct fault *fault)
{
    enum outcome o = OK;
    for (const struct held *held = db->held_first; o == OK && held != NULL; held = held->next) {
        o = ask(db, held->sql, held->params, held->count, held->expected_rows, held->tag, fault);
    }
    forget_held(db);
    return o;
}

enum outcome db_run(struct db *db, const struct sql *sql, const struct db_param *params, int count,
                    struct db_rows **rows, struct fault *fault)
{
    struct db_rows *result = NULL;
    enum outcome o = send_held(db, fault);
    if (o != OK) {
        return o;
    }
    o = ask(db, sql, params, count, DB_ANY_ROWS, FAULT_NOBODY, fault);
    if (o != OK) {
        return o;
    }
    if (db->in_transaction) {
        if (PQsendFlushRequest(db->conn) == 0) {
            return lose(db, fault, "flush");
        }
        o = settle(db, &result, fault);
    } else {
        o = ask_sync(db, fault);
        if (o == OK) {
            o = collect_all(db, &result, fault);
        }
    }
    if (o != OK) {
        db_rows_free(result);
        return o;
    }
    if (rows != NULL) {
        *rows = result;
    } else {
        db_rows_free(result);
    }
    return OK;
}

enum outcome db_queue(struct db *db, const struct sql *sql, const struct db_param *params,
                      int count, int64_t expected_rows, int tag, struct fault *fault)
{
    assert(count <= PARAMS_MAX);
    if (db->is_lost) {
        return fault_set(fault, LOST, "database: the connection is gone");
    }
    assert(db->in_transaction);
    if (db->count + db->held_count >= PENDING_MAX) {
        return too_many_statements(fault);
    }
    struct held *held = arena_alloc(&db->held_memory, sizeof *held);
    *held = (struct held){
        .sql = sql,
        .params = hold_params(db, params, count),
        .count = count,
        .expected_rows = expected_rows,
        .tag = tag,
    };
    if (db->held_last != NULL) {
        db->held_last->next = held;
    } else {
        db->held_first = held;
    }
    db->held_last = held;
    db->held_count++;
    return OK;
}

enum outcome db_script(struct db *db, const char *text, struct fault *fault)
{
    if (db->is_lost) {
        return fault_set(fault, LOST, "database: the connection is gone");
    }
    assert(!db->in_transaction && db->count == 0);
    if (PQexitPipelineMode(db->conn) == 0 || PQsendQuery(db->conn, text) == 0) {
        return lose(db, fault, "script");
    }
    enum outcome first = OK;
    for (;;) {
        enum outcome o = wait_result(db, fault);
        if (o != OK) {
            return o;
        }
        PGresult *result = PQgetResult(db->conn);
        if (result == NULL) {
            break;
        }
        ExecStatusType status = PQresultStatus(result);
        if (first == OK && status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK &&
            status != PGRES_EMPTY_QUERY) {
            first = fault_from_result(fault, result, "script");
        }
        PQclear(result);
    }
    if (PQstatus(db->conn) == CONNECTION_BAD || PQenterPipelineMode(db->conn) == 0) {
        return lose(db, fault, "pipeline mode");
    }
    return first;
}

enum outcome tx_begin(struct db *db, struct tx *tx, struct fault *fault)
{
    assert(!db->in_transaction);
    enum outcome o = ask(db, &sql_begin, DB_NO_PARAMS, DB_ANY_ROWS, FAULT_NOBODY, fault);
    if (o != OK) {
        return o;
    }
    db->in_transaction = true;
    db->is_failed = false;
    tx->db = db;
    return OK;
}

enum outcome tx_commit(struct tx *tx, struct fault *fault)
{
    struct db *db = tx->db;
    if (db->is_lost) {
        tx->db = NULL;
        return fault_set(fault, LOST, "database: the connection is gone");
    }
    assert(!db->is_failed);
    enum outcome o = send_held(db, fault);
    if (o != OK) {
        return o;
    }
    /*
     * The queued writes are judged before COMMIT is sent: a conditional write that touched no row
     * is no error to the server, and it would commit the rest. Nothing queued since the last answer
     * means nothing to wait for.
     */
    bool has_condition = false;
    for (size_t i = 0; i < db->count && !has_condition; i++) {
        const struct pending *item = &db->pending[(db->first + i) & (db->room - 1)];
        has_condition = item->kind == PENDING_QUERY && item->expected_rows != DB_ANY_ROWS;
    }
    if (has_condition) {
        if (PQsendFlushRequest(db->conn) == 0) {
            return lose(db, fault, "flush");
        }
        o = settle(db, NULL, fault);
        if (o != OK) {
            return o;
        }
    }
    o = ask(db, &sql_commit, DB_NO_PARAMS, DB_ANY_ROWS, FAULT_NOBODY, fault);
    if (o == OK) {
        o = ask_sync(db, fault);
    }
    if (o == OK) {
        o = collect_all(db, NULL, fault);
    }
    if (o == OK) {
        db->in_transaction = false;
        tx->db = NULL;
    } else if (!db->is_lost) {
        db->is_failed = true;
    }
    return o;
}

void tx_end(struct tx *tx)
{
    struct db *db = tx->db;
    if (db == NULL) {
        return;
    }
    tx->db = NULL;
    db->in_transaction = false;
    forget_held(db);
    if (db->is_lost) {
        return;
    }
    struct fault ignored;
    if (!db->is_failed && db->count > 0) {
        /* Errors of what was queued do not matter any more, but they must be taken, and the
         * pipeline cleared. */
        if (ask_sync(db, &ignored) != OK || collect_all(db, NULL, &ignored) == LOST) {
            return;
        }
    }
    if (ask(db, &sql_rollback, DB_NO_PARAMS, DB_ANY_ROWS, FAULT_NOBODY, &ignored) == OK &&
        ask_sync(db, &ignored) == OK) {
        enum outcome o = collect_all(db, NULL, &ignored);
        (void)o;
    }
}

/* struct db_rows is libpq's PGresult under a name of ours: nobody else includes libpq-fe.h. */
static const PGresult *result_of(const struct db_rows *rows)
{
    return (const PGresult *)rows;
}

int db_rows_count(const struct db_rows *rows)
{
    return rows != NULL ? PQntuples(result_of(rows)) : 0;
}

int64_t db_rows_affected(const struct db_rows *rows)
{
    return rows != NULL ? strtoll(PQcmdTuples((PGresult *)rows), NULL, 10) : 0;
}

void db_rows_free(struct db_rows *rows)
{
    PQclear((PGresult *)rows);
}

void db_rows_free_auto(struct db_rows **rows)
{
    db_rows_free(*rows);
}

bool db_is_null(const struct db_rows *rows, int row, int column)
{
    return PQgetisnull(result_of(rows), row, column) != 0;
}

static uint64_t read_big_endian(const void *bytes, int count)
{
    uint64_t value = 0;
    for (int i = 0; i < count; i++) {
        value = value << 8 | ((const uint8_t *)bytes)[i];
    }
    return value;
}

int64_t db_get_i64(const struct db_rows *rows, int row, int column)
{
    if (db_is_null(rows, row, column)) {
        return 0;
    }
    int length = PQgetlength(result_of(rows), row, column);
    uint64_t raw = read_big_endian(PQgetvalue(result_of(rows), row, column), length);
    switch (length) {
    case 1:
        return (int64_t)raw;
    case 2:
        return (int16_t)raw;
    case 4:
        return (int32_t)raw;
    default:
        assert(length == 8);
        return (int64_t)raw;
    }
}

bool db_get_bool(const struct db_rows *rows, int row, int column)
{
    return db_get_i64(rows, row, column) != 0;
}

struct uuid db_get_uuid(const struct db_rows *rows, int row, int column)
{
    struct uuid id = {{0}};
    if (!db_is_null(rows, row, column)) {
        assert(PQgetlength(result_of(rows), row, column) == UUID_BYTES);
        memcpy(id.bytes, PQgetvalue(result_of(rows), row, column), UUID_BYTES);
    }
    return id;
}

int64_t db_get_time(const struct db_rows *rows, int row, int column)
{
    if (db_is_null(rows, row, column)) {
        return INT64_MIN;
    }
    int64_t us = db_get_i64(rows, row, column);
    int64_t ms = us / 1000 - (us % 1000 < 0 ? 1 : 0);
    return ms + DB_EPOCH_MS;
}

const char *db_get_text(const struct db_rows *rows, int row, int column)
{
    return PQgetvalue(result_of(rows), row, column);
}

size_t db_get_length(const struct db_rows *rows, int row, int column)
{
    return (size_t)PQgetlength(result_of(rows), row, column);
}
