/* SPDX-License-Identifier: Apache-2.0 */
#include "outbox_fixture.h"

#include "core/clock.h"
#include "core/memory.h"
#include "publishers/partition.h"
#include "publishers/publishers_sql.h"
#include "publishers/work.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct fixture f;

static void set_up(void)
{
    fixture_open(&f);
}

static void tear_down(void)
{
    fixture_close(&f);
}

START_TEST(writes_events_in_the_order_said_and_numbers_each_subject)
{
    AUTO(db_close_auto) struct db *db = fixture_db(&f);
    struct uuid subject = ids_new();
    say(&f, db, &f.heard, &subject, 3);
    say(&f, db, &f.heard, NULL, 2);
    say(&f, db, &f.heard, &subject, 2);
    char text[UUID_TEXT_BYTES];
    ck_assert_int_eq(ask(f.conn, "select count(*) from outbox"), 7);
    ck_assert_int_eq(
        ask(f.conn,
            "select count(*) from (select sequence, row_number() over (order by seq) as place"
            " from outbox where subject = '%s') s where sequence = place",
            ids_format(&subject, text)),
        5);
    ck_assert_int_eq(
        ask(f.conn,
            "select count(*) from (select id, lag(id) over (order by seq) as before from outbox) s"
            " where id <= before"),
        0);
    ck_assert_int_eq(ask(f.conn, "select sequence from outbox_subject where subject = '%s'", text),
                     5);
    ck_assert_int_eq(
        ask(f.conn,
            "select count(*) from outbox where kind = 0 and type = '%s' and exchange = '%s'"
            " and routing_key = '%s' and correlation_id is not null and causation_id is null"
            " and convert_from(body, 'UTF8')::json->>'amount' ~ '^[0-2]$'",
            f.heard.type, f.heard.exchange, f.heard.routing_key),
        7);
}
END_TEST

START_TEST(takes_story_cause_and_trace_from_the_causing_event)
{
    AUTO(db_close_auto) struct db *db = fixture_db(&f);
    struct fault fault = {0};
    const struct envelope cause = {.id = ids_new(),
                                   .correlation_id = ids_new(),
                                   .has_correlation_id = true,
                                   .traceparent =
                                       "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"};
    AUTO(task_end) struct task task;
    ck_assert(task_begin(&task, db, &f.runtime, &fault) == OK);
    task.work.cause = &cause;
    struct uuid id;
    ck_assert(work_publish_as(&task.work, &f.heard,
                              &(struct said){.subject_id = ids_new(), .amount = 1}, &id) == OK);
    ck_assert(task_commit(&task) == OK);
    char ids[3][UUID_TEXT_BYTES];
    ck_assert_int_eq(ask(f.conn,
                         "select count(*) from outbox where id = '%s' and correlation_id = '%s'"
                         " and causation_id = '%s' and traceparent = '%s'",
                         ids_format(&id, ids[0]), ids_format(&cause.correlation_id, ids[1]),
                         ids_format(&cause.id, ids[2]), cause.traceparent),
                     1);
}
END_TEST

/* A plan may belong to an upgrade: then that is its story, else the story goes on that its cause
 * began. */
struct tale {
    struct uuid subject_id;
    struct uuid story_id;
    bool has_story_id;
};

START_TEST(takes_an_optional_story_from_the_event_only_when_it_is_there)
{
    static const struct field fields[] = {
        {.name = "subjectId",
         .kind = FIELD_UUID,
         .required = true,
         .offset = offsetof(struct tale, subject_id),
         .has_offset = FIELD_ABSENT},
        {.name = "storyId",
         .kind = FIELD_UUID,
         .offset = offsetof(struct tale, story_id),
         .has_offset = offsetof(struct tale, has_story_id)},
    };
    const struct shape shape = {"Tale", sizeof(struct tale), fields, COUNT_OF(fields)};
    struct message message = f.heard;
    message.shape = &shape;
    message.subject_offset = offsetof(struct tale, subject_id);
    message.correlation_offset = offsetof(struct tale, story_id);
    message.correlation_has_offset = offsetof(struct tale, has_story_id);

    AUTO(db_close_auto) struct db *db = fixture_db(&f);
    struct fault fault = {0};
    const struct envelope cause = {
        .id = ids_new(), .correlation_id = ids_new(), .has_correlation_id = true};
    struct tale tales[2] = {{.subject_id = ids_new()},
                            {.subject_id = ids_new(), .story_id = ids_new(), .has_story_id = true}};
    const struct uuid *expected[2] = {&cause.correlation_id, &tales[1].story_id};
    AUTO(task_end) struct task task;
    struct uuid ids[2];
    ck_assert(task_begin(&task, db, &f.runtime, &fault) == OK);
    task.work.cause = &cause;
    for (int i = 0; i < 2; i++) {
        ck_assert(work_publish_as(&task.work, &message, &tales[i], &ids[i]) == OK);
    }
    ck_assert(task_commit(&task) == OK);
    for (int i = 0; i < 2; i++) {
        char texts[2][UUID_TEXT_BYTES];
        ck_assert_int_eq(
            ask(f.conn, "select count(*) from outbox where id = '%s' and correlation_id = '%s'",
                ids_format(&ids[i], texts[0]), ids_format(expected[i], texts[1])),
            1);
    }
}
END_TEST

START_TEST(refuses_an_event_that_breaks_its_own_contract)
{
    AUTO(db_close_auto) struct db *db = fixture_db(&f);
    struct fault fault = {0};
    AUTO(task_end) struct task task;
    ck_assert(task_begin(&task, db, &f.runtime, &fault) == OK);
    ck_assert(work_publish(&task.work, &f.heard,
                           &(struct said){.subject_id = ids_new(), .amount = -1}) == REJECT);
    ck_assert_msg(strstr(fault.text, "/amount") != NULL, "%s", fault.text);
    ck_assert_uint_eq(outbox_count(task.work.outbox), 0);
}
END_TEST

START_TEST(forgets_what_was_said_in_a_transaction_that_is_rolled_back)
{
    AUTO(db_close_auto) struct db *db = fixture_db(&f);
    struct fault fault = {0};
    struct task task;
    ck_assert(task_begin(&task, db, &f.runtime, &fault) == OK);
    ck_assert(work_publish(&task.work, &f.heard,
                           &(struct said){.subject_id = ids_new(), .amount = 1}) == OK);
    ck_assert(outbox_flush(task.work.outbox, db, &fault) == OK);
    task_end(&task);
    say(&f, db, &f.heard, NULL, 1);
    ck_assert_int_eq(ask(f.conn, "select count(*) from outbox"), 1);
    ck_assert_int_eq(ask(f.conn, "select count(*) from outbox_subject"), 1);
}
END_TEST

/* Behind by more than the relay looks back; ahead by what some listener would refuse. */
static const struct {
    int64_t ms;
    enum outcome outcome;
} skews[] = {
    {-43201000, RETRY}, /* 12 h and a second */
    {-39600000, OK},    /* 11 h */
    {120000, OK},       /* 2 min */
    {185000, RETRY},    /* 3 min and 5 s */
};

START_TEST(refuses_an_id_that_is_far_from_the_databases_clock)
{
    AUTO(db_close_auto) struct db *db = fixture_db(&f);
    struct fault fault = {0};
    AUTO(task_end) struct task task;
    ck_assert(task_begin(&task, db, &f.runtime, &fault) == OK);
    struct envelope envelope = {
        .id = ids_new(), .time_ms = clock_now_ms(), .body = "{}", .body_length = 2};
    struct uuid then = ids_floor(clock_now_ms() + skews[_i].ms);
    memcpy(envelope.id.bytes, then.bytes, 6);
    struct uuid subject = ids_new();
    ck_assert(outbox_add_event(task.work.outbox, &f.heard, &envelope, &subject, 7, &fault) == OK);
    ck_assert_int_eq(task_commit(&task), skews[_i].outcome);
    ck_assert_int_eq(ask(f.conn, "select count(*) from outbox"), skews[_i].outcome == OK ? 1 : 0);
    if (skews[_i].outcome != OK) {
        ck_assert_int_eq(fault.culprit, 7);
    }
}
END_TEST

START_TEST(writes_a_dead_letter_with_its_properties)
{
    AUTO(db_close_auto) struct db *db = fixture_db(&f);
    struct fault fault = {0};
    AUTO(task_end) struct task task;
    ck_assert(task_begin(&task, db, &f.runtime, &fault) == OK);
    const struct dead_letter letter = {
        .cause_id = ids_new(),
        .type = "",
        .exchange = f.dlx,
        .routing_key = "whatever",
        .properties = "\0\0",
        .properties_length = 2,
        .body = "not json",
        .body_length = 8,
        .failure_class = "contract-violation",
        .queue = f.queue,
    };
    ck_assert(outbox_add_dead_letter(task.work.outbox, &letter, &fault) == OK);
    ck_assert_msg(task_commit(&task) == OK, "%s", fault.text);
    char id[UUID_TEXT_BYTES];
    ck_assert_int_eq(
        ask(f.conn,
            "select count(*) from outbox where kind = 1 and cause_id = '%s' and sequence is null"
            " and properties = '\\x0000' and body = 'not json' and failed_queue = '%s'",
            ids_format(&letter.cause_id, id), f.queue),
        1);
}
END_TEST

/* Two writers of one subject: no number twice, none left out, and the order of the numbers is that
 * of seq. */
static void *say_in_turn(void *context)
{
    const struct uuid *subject = context;
    AUTO(db_close_auto) struct db *db = fixture_db(&f);
    for (int i = 0; i < 40; i++) {
        say(&f, db, &f.heard, subject, 2);
    }
    return NULL;
}

START_TEST(numbers_a_subject_without_gaps_under_competition)
{
    struct uuid subject = ids_new();
    pthread_t threads[3];
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, say_in_turn, &subject), 0);
    }
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        (void)pthread_join(threads[i], NULL);
    }
    ck_assert_int_eq(
        ask(f.conn,
            "select count(*) from (select sequence, row_number() over (order by seq) as place"
            " from outbox) s where sequence = place"),
        240);
}
END_TEST

START_TEST(remembers_rows_by_table_and_key)
{
    static const char tables[2];
    struct work work = {.rows = rows_new()};
    struct uuid keys[200];
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        keys[i] = ids_new();
        int *row = work_remember(&work, &tables[i % 2], &keys[i], sizeof *row);
        ck_assert_int_eq(*row, 0);
        *row = (int)i + 1;
    }
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        const int *row = work_recall(&work, &tables[i % 2], &keys[i]);
        ck_assert(row != NULL && *row == (int)i + 1);
        ck_assert_ptr_eq(row, work_remember(&work, &tables[i % 2], &keys[i], sizeof *row));
        ck_assert_ptr_null(work_recall(&work, &tables[(i + 1) % 2], &keys[i]));
    }
    rows_clear(work.rows);
    ck_assert_ptr_null(work_recall(&work, &tables[0], &keys[0]));
    rows_free(work.rows);
}
END_TEST

static const char *const forbidden[] = {
    "update outbox set kind = 1",
    "delete from outbox",
    "truncate outbox",
    "alter table outbox add column x int",
    "insert into relay_cursor default values",
    "delete from outbox_subject",
    "create table mine (x int)",
    "select outbox_partition_is_needed(uuid_floor(now()), uuid_floor(now()))",
};

START_TEST(the_runtime_role_may_only_append)
{
    PGconn *conn = connect_to(f.url);
    ck_assert_str_eq(refused(conn, forbidden[_i]), "42501");
    PQfinish(conn);
}
END_TEST

START_TEST(an_unexpired_partition_cannot_be_dropped)
{
    PGconn *conn = connect_to(f.url);
    ck_assert_str_eq(refused(conn, "select partition_drop('outbox', current_date, 30)"), "22023");
    ck_assert_str_eq(refused(conn, "select partition_drop('outbox', current_date - 1, 0)"),
                     "22023");
    ck_assert_str_eq(refused(conn, "select partition_make('relay_cursor', 0, 0)"), "42P01");
    PQfinish(conn);
}
END_TEST

/* The text of an EXPLAIN, lines joined. Owned. */
static char *explain(PGconn *conn, const char *execute)
{
    AUTO(free_text) char *sql = xasprintf("explain (analyze, format text) %s", execute);
    PGresult *result = PQexec(conn, sql);
    ck_assert_msg(PQresultStatus(result) == PGRES_TUPLES_OK, "%s", PQerrorMessage(conn));
    char *plan = xstrdup("");
    for (int i = 0; i < PQntuples(result); i++) {
        char *longer = xasprintf("%s%s\n", plan, PQgetvalue(result, i, 0));
        free(plan);
        plan = longer;
    }
    PQclear(result);
    return plan;
}

static double execution_ms(const char *plan)
{
    const char *at = strstr(plan, "Execution Time: ");
    ck_assert_ptr_nonnull(at);
    return strtod(at + strlen("Execution Time: "), NULL);
}

static int compare_double(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void prepare(PGconn *conn, const struct sql *sql, const char *types)
{
    tell(conn, "prepare %s (%s) as %s", sql->name, types, sql->text);
}

/* 31 partitions with rows in all of them, all relayed. */
static void fill_31_partitions(void)
{
    tell(f.conn, "select partition_make('outbox', 27, 3)");
    tell(f.conn,
         "insert into outbox (id, kind, type, exchange, routing_key, occurred_at, body)"
         " select (left(uuid_floor(at)::text, 14) || '7' || substr(gen_random_uuid()::text, "
         "16))::uuid, 0, '%s', '%s', '%s',"
         "        at, convert_to(repeat('x', 400), 'UTF8')"
         "   from (select now() + interval '2 days 23 hours' - n * interval '58 seconds' as at"
         "           from generate_series(1, 43000) n) s",
         f.heard.type, f.heard.exchange, f.heard.routing_key);
    tell(
        f.conn,
        "update relay_cursor set last = pg_current_snapshot(), last_at = now(), oldest_at = now()");
    tell(f.conn, "analyze outbox");
    ck_assert_int_eq(
        ask(f.conn, "select count(*) from pg_inherits where inhparent = 'outbox'::regclass"), 31);
}

static PGconn *relay_session(void)
{
    PGconn *conn = connect_to(f.url);
    tell(conn, "set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set jit = off;"
               "set max_parallel_workers_per_gather = 0");
    prepare(conn, &sql_relay_poll, "text, int8, uuid");
    prepare(conn, &sql_relay_fresh, "text, int8, uuid, int8, int8");
    prepare(conn, &sql_relay_chunk, "text, text, int8, int8, int8, uuid, int8");
    prepare(conn, &sql_relay_restored, "int8, int8, int8, int8");
    prepare(conn, &sql_unsent_take, "int8, int8");
    prepare(conn, &sql_unsent_delete, "uuid[]");
    return conn;
}

static void assert_no_scan(PGconn *conn, const char *execute)
{
    AUTO(free_text) char *plan = explain(conn, execute);
    ck_assert_msg(strstr(plan, "Seq Scan") == NULL, "%s:\n%s", execute, plan);
}

/* The parameters of both polls, out of the cursor. Owned. */
static char *poll_parameters(PGconn *conn)
{
    PGresult *cursor =
        PQexec(conn, "select quote_literal(last::text) || ', ' || base_seq || ', ' ||"
                     " quote_literal(uuid_floor(oldest_at - interval '1 day'))"
                     " from relay_cursor");
    ck_assert_int_eq(PQntuples(cursor), 1);
    char *parameters = xstrdup(PQgetvalue(cursor, 0, 0));
    PQclear(cursor);
    return parameters;
}

static void assert_empty_and_quick(PGconn *conn, const char *execute)
{
    PGresult *rows = PQexec(conn, execute);
    bool is_empty = PQntuples(rows) == 0 || strcmp(PQgetvalue(rows, 0, 3), "0") == 0;
    PQclear(rows);
    ck_assert_msg(is_empty, "%s", execute);
    double times[101];
    for (size_t i = 0; i < COUNT_OF(times); i++) {
        AUTO(free_text) char *plan = explain(conn, execute);
        ck_assert_msg(strstr(plan, "Seq Scan") == NULL, "%s", plan);
        times[i] = execution_ms(plan);
    }
    qsort(times, COUNT_OF(times), sizeof times[0], compare_double);
    ck_assert_msg(times[50] < 1.0, "%s: median %.3f ms", execute, times[50]);
}

static void assert_polls_are_quick(PGconn *conn)
{
    AUTO(free_text) char *parameters = poll_parameters(conn);
    AUTO(free_text) char *poll = xasprintf("execute relay_poll(%s)", parameters);
    AUTO(free_text) char *fresh = xasprintf("execute relay_fresh(%s, 100, 4194304)", parameters);
    assert_empty_and_quick(conn, poll);
    assert_empty_and_quick(conn, fresh);
}

START_TEST(no_plan_scans_a_table_and_an_empty_poll_takes_under_a_millisecond)
{
    fill_31_partitions();
    PGconn *conn = relay_session();
    assert_polls_are_quick(conn);
    PGresult *cursor = PQexec(
        conn, "select last::text, uuid_floor(oldest_at - interval '1 day') from relay_cursor");
    const char *last = PQgetvalue(cursor, 0, 0);
    const char *oldest = PQgetvalue(cursor, 0, 1);
    AUTO(free_text)
    char *chunk = xasprintf("execute relay_chunk('%s', '%s', 100, 0, 500, '%s', 4194304)", last,
                            last, oldest);
    assert_no_scan(conn, chunk);
    assert_no_scan(conn, "execute relay_restored(100, 1000, 500, 4194304)");
    assert_no_scan(conn, "execute unsent_take(200, 4194304)");
    assert_no_scan(conn, "execute unsent_delete(array[gen_random_uuid()])");
    PQclear(cursor);
    PQfinish(conn);
}
END_TEST

/* Rows that this transaction has fetched by way of an index. */
static long long fetched(PGconn *conn)
{
    return ask(conn, "select coalesce(sum(idx_tup_fetch), 0) from pg_stat_xact_user_tables"
                     " where relname like 'outbox%%'");
}

/* Their transaction ids are larger than all of this cluster's, for years. */
START_TEST(rows_restored_from_an_older_cluster_are_not_read_again_and_again)
{
    fill_31_partitions();
    tell(f.conn, "update outbox set xid = '800000000'");
    tell(f.conn, "vacuum analyze outbox");
    tell(f.conn, "update relay_cursor set base_seq = (select max(seq) from outbox),"
                 " last = pg_current_snapshot(), oldest_at = now() - interval '1 day'");
    PGconn *conn = relay_session();
    tell(conn, "begin");
    assert_polls_are_quick(conn);
    ck_assert_int_eq(fetched(conn), 0);
    PQfinish(conn);

    tell(f.conn, "begin");
    ck_assert_int_eq(ask(f.conn, "select outbox_partition_is_needed(uuid_floor(now() - interval"
                                 " '10 days'), uuid_floor(now() - interval '9 days'))::int"),
                     0);
    ck_assert_int_eq(fetched(f.conn), 0);
    tell(f.conn, "commit");
}
END_TEST

/* What is not known to be done after the first restore is not known after the second either. */
START_TEST(a_second_restore_during_the_first_goes_on_from_where_that_had_come)
{
    say_many(&f, f.conn, 300);
    tell(f.conn, "update relay_cursor set restoring = true, after_seq = 40, base_seq = 250,"
                 " high_seq = 200, system_identifier = 1");
    tell(f.conn, "select relay_rebase()");
    ck_assert_int_eq(ask(f.conn, "select after_seq from relay_cursor"), 40);
    ck_assert_int_eq(ask(f.conn, "select base_seq from relay_cursor"), 300);
    tell(f.conn, "update relay_cursor set restoring = false, after_seq = 0, system_identifier = 1");
    tell(f.conn, "select relay_rebase()");
    ck_assert_int_eq(ask(f.conn, "select after_seq from relay_cursor"), 200);
}
END_TEST

static void put_large(int count)
{
    tell(f.conn,
         "insert into outbox (id, kind, type, exchange, routing_key, occurred_at, body, properties)"
         " select (left(uuid_floor(clock_timestamp())::text, 14) || '7' || "
         "substr(gen_random_uuid()::text, 16))::uuid, 1, '', 'e', 'k', now(),"
         " convert_to(repeat('x', 600000), 'UTF8'), convert_to(repeat('x', 100000), 'UTF8')"
         " from generate_series(1, %d)",
         count);
}

static int count_rows(PGconn *conn, const char *sql)
{
    PGresult *rows = PQexec(conn, sql);
    ck_assert_msg(PQresultStatus(rows) == PGRES_TUPLES_OK, "%s", PQerrorMessage(conn));
    int count = PQntuples(rows);
    PQclear(rows);
    return count;
}

/* 700,000 bytes each: the row that reaches 2,000,000 is the third and the last one. One that is
 * larger than all is alone. */
START_TEST(what_is_read_at_once_is_bounded_in_bytes)
{
    put_large(10);
    tell(f.conn,
         "insert into unsent (id, seq, reason, due) select id, seq, 'test', now() from outbox");
    tell(f.conn, "update relay_cursor set oldest_at = now(), last = '3:3:'");
    PGconn *conn = relay_session();
    for (int i = 0; i < 2; i++) {
        int limit = i == 0 ? 2000000 : 1;
        int expected = i == 0 ? 3 : 1;
        AUTO(free_text) char *restored = xasprintf("execute relay_restored(0, 10, 500, %d)", limit);
        ck_assert_int_eq(count_rows(conn, restored), expected);
        AUTO(free_text)
        char *in_window =
            xasprintf("execute relay_chunk('3:3:', pg_current_snapshot()::text, 0, 0, 500,"
                      " uuid_floor(now() - interval '1 day'), %d)",
                      limit);
        ck_assert_int_eq(count_rows(conn, in_window), expected);
        AUTO(free_text) char *again = xasprintf("execute unsent_take(200, %d)", limit);
        ck_assert_int_eq(count_rows(conn, again), expected);
    }
    ck_assert_int_eq(ask(conn, "select count(*) from unsent where tries = 0"), 6);

    AUTO(free_text) char *parameters = poll_parameters(conn);
    AUTO(free_text) char *fresh = xasprintf("execute relay_fresh(%s, 100, 2000000)", parameters);
    PGresult *rows = PQexec(conn, fresh);
    ck_assert_int_eq(PQntuples(rows), 10);
    ck_assert_str_eq(PQgetvalue(rows, 0, PQfnumber(rows, "is_whole")), "f");
    ck_assert(PQgetisnull(rows, 0, PQfnumber(rows, "body")) == 1);
    PQclear(rows);
    PQfinish(conn);
}
END_TEST

/* The check itself must be able to fail: without the relay's settings the same statement scans. */
START_TEST(the_plan_check_sees_a_scan_when_there_is_one)
{
    fill_31_partitions();
    PGconn *conn = connect_to(f.url);
    AUTO(free_text) char *plan = explain(conn, "select count(*) from outbox where type = 'x'");
    ck_assert_ptr_nonnull(strstr(plan, "Seq Scan"));
    PQfinish(conn);
}
END_TEST

static bool has_day(int days_ago)
{
    return ask(f.conn,
               "select to_regclass('outbox_' || to_char((now() at time zone 'UTC')::date - %d, "
               "'YYYYMMDD'))"
               " is not null",
               days_ago) == 1;
}

static void put_row(int days_ago)
{
    tell(f.conn,
         "insert into outbox (id, kind, type, exchange, routing_key, occurred_at, body)"
         " values (uuid_floor(now() - interval '%d days'), 0, 't', 'e', 'k', now(), '')",
         days_ago);
}

START_TEST(upkeep_makes_days_ahead_and_drops_expired_ones)
{
    AUTO(db_close_auto) struct db *db = fixture_db(&f);
    struct fault fault = {0};
    tell(f.conn, "select partition_make('outbox', 12, 0)");
    PGresult *result =
        PQexec(f.conn, "select to_char((now() at time zone 'UTC')::date + 2, 'YYYYMMDD')");
    tell(f.conn, "drop table outbox_%s", PQgetvalue(result, 0, 0));
    PQclear(result);
    ck_assert(has_day(12) && !has_day(-2));
    ck_assert_msg(partition_upkeep(db, "outbox", 7, &fault) == OK, "%s", fault.text);
    ck_assert(!has_day(8) && !has_day(12));
    for (int day = -3; day <= 7; day++) {
        ck_assert(has_day(day));
    }
}
END_TEST

START_TEST(upkeep_keeps_what_is_unread_or_unsent)
{
    AUTO(db_close_auto) struct db *db = fixture_db(&f);
    struct fault fault = {0};
    tell(f.conn, "select partition_make('outbox', 12, 0)");
    put_row(9);
    put_row(10);
    tell(f.conn,
         "insert into unsent (id, seq, reason, due) select id, seq, 'test', now() from outbox"
         " where id < uuid_floor(now() - interval '9 days 12 hours')");
    ck_assert_msg(partition_upkeep(db, "outbox", 7, &fault) == OK, "%s", fault.text);
    ck_assert(!has_day(8) && has_day(9) && has_day(10) && !has_day(11) && has_day(7));

    tell(f.conn, "update relay_cursor set last = pg_current_snapshot()");
    ck_assert(partition_upkeep(db, "outbox", 7, &fault) == OK);
    ck_assert(!has_day(9) && has_day(10));

    tell(f.conn, "delete from unsent");
    ck_assert(partition_upkeep(db, "outbox", 7, &fault) == OK);
    ck_assert(!has_day(10));
}
END_TEST

START_TEST(upkeep_gives_way_when_the_table_is_in_use)
{
    AUTO(db_close_auto) struct db *db = fixture_db(&f);
    struct fault fault = {0};
    tell(f.conn, "select partition_make('outbox', 9, 0)");
    PGconn *reader = connect_to(f.url);
    tell(reader, "begin; select count(*) from outbox");
    int64_t started_ms = clock_monotonic_ms();
    ck_assert(partition_upkeep(db, "outbox", 8, &fault) == RETRY);
    ck_assert_int_lt(clock_monotonic_ms() - started_ms, 1000);
    ck_assert(has_day(9));
    PQfinish(reader);
    ck_assert(partition_upkeep(db, "outbox", 8, &fault) == OK);
    ck_assert(!has_day(9));
}
END_TEST

static void *upkeep_main(void *context)
{
    struct fault fault;
    enum outcome o = partition_part.run(context, 0, &fault);
    (void)o;
    return NULL;
}

/* The inbox here is as bare as the upkeep needs it. */
START_TEST(an_outbox_in_use_does_not_keep_the_inbox_waiting)
{
    tell(f.conn, "create table inbox (id uuid not null primary key) partition by range (id)");
    tell(f.conn, "create function inbox_partition_is_needed(lower uuid, upper uuid) returns boolean"
                 " language sql return false");
    tell(f.conn, "select partition_make('outbox', 40, 0)");
    PGconn *reader = connect_to(f.url);
    tell(reader, "begin; select count(*) from outbox");
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, upkeep_main, &f.runtime), 0);
    bool is_made = wait_until(
        f.conn, 1, 20000,
        "select (count(*) > 4)::int from pg_inherits where inhparent = 'inbox'::regclass");
    atomic_store(&f.runtime.stopping, true);
    uint64_t one = 1;
    ck_assert_int_eq(write(f.runtime.stop_fd, &one, sizeof one), sizeof one);
    (void)pthread_join(thread, NULL);
    PQfinish(reader);
    ck_assert(is_made);
    ck_assert(has_day(40));
}
END_TEST

struct load {
    _Atomic bool stopping;
    _Atomic int64_t slowest_ms;
    _Atomic int inserts;
};

static void *insert_without_pause(void *context)
{
    struct load *load = context;
    AUTO(db_close_auto) struct db *db = fixture_db(&f);
    while (!atomic_load(&load->stopping)) {
        int64_t started_ms = clock_monotonic_ms();
        say(&f, db, &f.heard, NULL, 1);
        int64_t ms = clock_monotonic_ms() - started_ms;
        if (ms > atomic_load(&load->slowest_ms)) {
            atomic_store(&load->slowest_ms, ms);
        }
        atomic_fetch_add(&load->inserts, 1);
    }
    return NULL;
}

/* A reader comes and goes, so that some drops have to give way and some inserts have to wait behind
 * one. */
START_TEST(upkeep_under_load_delays_no_insert_by_more_than_200_ms)
{
    AUTO(db_close_auto) struct db *db = fixture_db(&f);
    struct fault fault = {0};
    tell(f.conn, "select partition_make('outbox', 25, 0)");
    PGconn *reader = connect_to(f.url);
    struct load load = {0};
    pthread_t threads[3];
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, insert_without_pause, &load), 0);
    }
    int gave_way = 0;
    for (int keep = 24; keep >= 4; keep--) {
        bool is_read = keep % 4 == 0;
        if (is_read) {
            tell(reader,
                 "begin; select count(*) from outbox_subject; select id from outbox limit 1");
        }
        enum outcome o = partition_upkeep(db, "outbox", keep, &fault);
        ck_assert_msg(o == OK || o == RETRY, "%s", fault.text);
        gave_way += o == RETRY;
        if (is_read) {
            tell(reader, "commit");
        }
    }
    atomic_store(&load.stopping, true);
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        (void)pthread_join(threads[i], NULL);
    }
    PQfinish(reader);
    ck_assert_int_gt(gave_way, 0);
    ck_assert_int_gt(atomic_load(&load.inserts), 100);
    ck_assert_msg(atomic_load(&load.slowest_ms) <= 200, "an insert took %lld ms",
                  (long long)atomic_load(&load.slowest_ms));
}
END_TEST

int main(void)
{
    if (!fixture_has_servers()) {
        puts("1..0 # SKIP AMQP_URL and DATABASE_URL name no servers");
        return 0;
    }
    TCase *cases = tcase_create("outbox");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, writes_events_in_the_order_said_and_numbers_each_subject);
    tcase_add_test(cases, takes_story_cause_and_trace_from_the_causing_event);
    tcase_add_test(cases, takes_an_optional_story_from_the_event_only_when_it_is_there);
    tcase_add_test(cases, refuses_an_event_that_breaks_its_own_contract);
    tcase_add_test(cases, forgets_what_was_said_in_a_transaction_that_is_rolled_back);
    tcase_add_loop_test(cases, refuses_an_id_that_is_far_from_the_databases_clock, 0,
                        (int)COUNT_OF(skews));
    tcase_add_test(cases, writes_a_dead_letter_with_its_properties);
    tcase_add_test(cases, numbers_a_subject_without_gaps_under_competition);
    tcase_add_test(cases, remembers_rows_by_table_and_key);
    tcase_add_loop_test(cases, the_runtime_role_may_only_append, 0, (int)COUNT_OF(forbidden));
    tcase_add_test(cases, an_unexpired_partition_cannot_be_dropped);
    tcase_add_test(cases, no_plan_scans_a_table_and_an_empty_poll_takes_under_a_millisecond);
    tcase_add_test(cases, rows_restored_from_an_older_cluster_are_not_read_again_and_again);
    tcase_add_test(cases, a_second_restore_during_the_first_goes_on_from_where_that_had_come);
    tcase_add_test(cases, what_is_read_at_once_is_bounded_in_bytes);
    tcase_add_test(cases, the_plan_check_sees_a_scan_when_there_is_one);
    tcase_add_test(cases, upkeep_makes_days_ahead_and_drops_expired_ones);
    tcase_add_test(cases, upkeep_keeps_what_is_unread_or_unsent);
    tcase_add_test(cases, upkeep_gives_way_when_the_table_is_in_use);
    tcase_add_test(cases, an_outbox_in_use_does_not_keep_the_inbox_waiting);
    tcase_add_test(cases, upkeep_under_load_delays_no_insert_by_more_than_200_ms);

    Suite *suite = suite_create("outbox");
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
