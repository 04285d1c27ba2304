/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"

#include "core/clock.h"
#include "core/memory.h"
#include "publishers/partition.h"
#include "support/process.h"
#include "support/proxy.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* Consumers on the real servers: whatever happens to messages, processes and transactions, each
 * effect happens once. */

#define ALONE ((const char *const[]){"WORKERS=1", NULL})

static struct hall hall;
static PGconn *conn;

static void set_up(void)
{
    hall_clear(&hall);
    conn = stage_connect(&hall.stage);
}

static void tear_down(void)
{
    PQfinish(conn);
}

static void do_sql(const char *sql)
{
    PGresult *result = PQexec(conn, sql);
    ck_assert_msg(PQresultStatus(result) == PGRES_COMMAND_OK ||
                      PQresultStatus(result) == PGRES_TUPLES_OK,
                  "%s: %s", sql, PQerrorMessage(conn));
    PQclear(result);
}

static const char *text_of(const struct uuid *id)
{
    static char text[UUID_TEXT_BYTES];
    return ids_format(id, text);
}

static long long dead_letters(const char *failure_class)
{
    return stage_number(conn, "select count(*) from outbox where kind = 1 and failure_class = '%s'",
                        failure_class);
}

/* Nothing is on its way any more: neither parked, nor under suspicion, nor dead. */
static void check_peace(void)
{
    ck_assert_int_eq(stage_number(conn, "select count(*) from retry"), 0);
    ck_assert_int_eq(stage_number(conn, "select count(*) from suspect"), 0);
    ck_assert_int_eq(stage_number(conn, "select count(*) from outbox where kind = 1"), 0);
}

START_TEST(three_of_each_shuffled_change_nothing)
{
    struct tales tales = {0};
    tales_add(&tales, 200, "believe", 7, "thrice");
    tales_add(&tales, 20, "refuse", 7, "thrice");
    tales_multiply(&tales, 3, 20261123);
    struct listener_process listener = hall_start(&hall, (const char *const[]){"BATCH=50", NULL});
    tales_tell(&hall, &tales);
    hall_await(&listener, "consumed", 660);
    hall_await(&listener, "handled", 200);
    hall_await(&listener, "duplicates", 440);
    ck_assert_int_eq(hall_tells(&listener, "dead_lettered"), 20);
    ck_assert_int_eq(hall_end(&listener, SIGTERM), 0);
    hall_check_effects(conn, 200);
    ck_assert_int_eq(hall_depth(&hall, "listener"), 0);
    ck_assert_int_eq(dead_letters("rejected"), 20);
    ck_assert_int_eq(stage_number(conn, "select count(*) from retry"), 0);
    tales_done(&tales);
}
END_TEST

START_TEST(copies_that_die_at_the_same_time_leave_one_letter)
{
    struct tales tales = {0};
    tales_add(&tales, 60, "refuse", 7, "often");
    struct saying *copies = xcalloc(tales.count * 8, sizeof copies[0]);
    for (size_t i = 0; i < tales.count * 8; i++) {
        copies[i] = tales.list[i / 8]; /* side by side, so that workers have them together */
    }
    const struct tales told = {.list = copies, .count = tales.count * 8};
    struct listener_process listener =
        hall_start(&hall, (const char *const[]){"BATCH=1", "WORKERS=8", NULL});
    tales_tell(&hall, &told);
    hall_await(&listener, "consumed", 480);
    stage_await(conn, 60, "select count(distinct cause_id) from outbox where kind = 1");
    ck_assert_int_eq(dead_letters("rejected"), 60);
    hall_await(&listener, "duplicates", 420);
    ck_assert_int_eq(hall_end(&listener, SIGTERM), 0);
    ck_assert_int_eq(dead_letters("rejected"), 60);
    free(copies);
    tales_done(&tales);
}
END_TEST

START_TEST(ten_thousand_through_two_competing_instances)
{
    struct tales tales = {0};
    tales_add(&tales, 10000, "believe", 7, "many");
    struct listener_process first = hall_start(&hall, NULL);
    struct listener_process second = hall_start(&hall, NULL);
    tales_tell(&hall, &tales);
    hall_await_effects(conn, 10000);
    hall_await_depth(&hall, "listener", 0);
    long long of_first = hall_tells(&first, "handled");
    long long of_second = hall_tells(&second, "handled");
    ck_assert_int_eq(of_first + of_second, 10000);
    ck_assert_int_gt(of_first, 0);
    ck_assert_int_gt(of_second, 0);
    ck_assert_int_eq(hall_end(&first, SIGTERM), 0);
    ck_assert_int_eq(hall_end(&second, SIGTERM), 0);
    hall_check_effects(conn, 10000);
    check_peace();
    tales_done(&tales);
}
END_TEST

/* clang-format off */
static const struct poison { const char *act, *failure_class, *reason; } poisons[] = {
    {"refuse", "rejected", "the handler of TaleTold said reject"},
    {"break-rule", "rejected", "effect_number_check"},
    {"break-promise", "rejected", "promise_kept_by_fkey"}, /* nobody is named: found by halving */
    {"break-own-contract", "rejected", "number"},
    {"sing", "contract-violation", "act"},
};
/* clang-format on */

/* All hundred wait in the queue, so they come as one batch; the poison somewhere in the middle. */
START_TEST(a_poison_in_a_batch_of_a_hundred_hurts_no_other)
{
    const struct poison *poison = &poisons[_i];
    struct tales tales = {0};
    tales_add(&tales, 61, "believe", 7, "good");
    tales_add(&tales, 1, poison->act, 7, "bad");
    struct uuid culprit = tales.list[61].id;
    tales_add(&tales, 38, "believe", 7, "good");
    tales_tell(&hall, &tales);
    hall_await_depth(&hall, "listener", 100);
    struct listener_process listener = hall_start(&hall, ALONE);
    hall_await_effects(conn, 99);
    hall_await_depth(&hall, "listener.dlq", 1);
    ck_assert_int_eq(
        stage_number(conn, "select count(*) from effect where event_id = '%s'", text_of(&culprit)),
        0);
    ck_assert_int_eq(
        stage_number(conn, "select count(*) from inbox where id = '%s'", text_of(&culprit)), 0);
    ck_assert_int_eq(
        stage_number(
            conn,
            "select count(*) from outbox where kind = 1 and cause_id = '%s' and failure_class = "
            "'%s' and position(convert_to('%s', 'UTF8') in properties) > 0",
            text_of(&culprit), poison->failure_class, poison->reason),
        1);
    ck_assert_int_eq(stage_number(conn, "select count(*) from parking"), 0);
    ck_assert_int_eq(hall_tells(&listener, "consumed"), 100);
    ck_assert_int_eq(hall_end(&listener, SIGTERM), 0);
    ck_assert_int_eq(hall_depth(&hall, "listener"), 0);
    tales_done(&tales);
}
END_TEST

/* Each says less than a transaction may, all together more; the last one too much alone. */
START_TEST(a_limit_of_the_transaction_is_nobodys_fault)
{
    enum { TALES = 25, SAID = 12500 };
    struct tales tales = {0};
    tales_add(&tales, TALES, "babble", SAID / TALES, "much");
    tales_add(&tales, 1, "babble", 10001, "too much");
    struct uuid culprit = tales.list[TALES].id;
    tales_tell(&hall, &tales);
    hall_await_depth(&hall, "listener", TALES + 1);
    struct listener_process listener = hall_start(&hall, ALONE);
    stage_await(conn, TALES, "select count(*) from effect");
    hall_await_depth(&hall, "listener.dlq", 1);
    ck_assert_int_eq(hall_tells(&listener, "consumed"), TALES + 1);
    ck_assert_int_eq(hall_end(&listener, SIGTERM), 0);
    ck_assert_int_eq(stage_number(conn, "select count(*) from outbox where kind = 0"), SAID);
    ck_assert_int_eq(
        stage_number(conn, "select count(*) from outbox where cause_id = '%s'", text_of(&culprit)),
        1);
    tales_done(&tales);
}
END_TEST

/* Parked, and then refused on a redelivery: nothing of it may come again. */
START_TEST(what_was_parked_dies_once)
{
    struct tales tales = {0};
    struct tales again = {0};
    tales_add_oaths(&tales, 1, "wait");
    tales_add_oaths(&again, 1, "refuse");
    again.list[0].id = tales.list[0].id;
    tales_tell(&hall, &tales);
    hall_await_depth(&hall, "listener", 1);
    struct listener_process listener = hall_start(&hall, ALONE);
    stage_await(conn, 1, "select count(*) from retry");
    do_sql("update retry set due = clock_timestamp() + interval '1 hour'");
    tales_tell(&hall, &again);
    hall_await_depth(&hall, "listener.dlq", 1);
    ck_assert_int_eq(stage_number(conn, "select count(*) from retry"), 0);
    ck_assert_int_eq(hall_end(&listener, SIGTERM), 0);
    ck_assert_int_eq(dead_letters("rejected"), 1);
    tales_done(&tales);
    tales_done(&again);
}
END_TEST

/* Neither handled nor parked for a while: the process waits, keeps it and tries again. */
START_TEST(what_cannot_be_parked_now_is_parked_later)
{
    struct tales tales = {0};
    do_sql("update stumbling set code = '57014', times = 4; alter table retry enable trigger trip");
    tales_add(&tales, 1, "wait", 7, "waits");
    struct listener_process listener = hall_start(&hall, ALONE);
    tales_tell(&hall, &tales);
    stage_await(conn, 5, "select last_value from stumbles");
    stage_await(conn, 1, "select count(*) from retry");
    do_sql("update door set is_open = true");
    hall_await_effects(conn, 1);
    ck_assert_int_eq(hall_end(&listener, SIGTERM), 0);
    check_peace();
    tales_done(&tales);
}
END_TEST

enum { DAY_MS = 24 * 60 * 60 * 1000 };

static void age(struct uuid *id, int days)
{
    const struct uuid time = ids_floor(clock_now_ms() - (int64_t)days * DAY_MS);
    memcpy(id->bytes, time.bytes, 6);
}

static long long inbox_days(void)
{
    return stage_number(conn,
                        "select count(*) from pg_inherits where inhparent = 'inbox'::regclass");
}

/* As if the last upkeep had been ten days ago: the days since then have no partition. */
static void forget_the_last_days(void)
{
    do_sql("do $$ declare day date; begin for day in select generate_series((now() at time zone "
           "'UTC')::date - 6, (now() at time zone 'UTC')::date + 3, '1 day') loop execute "
           "format('drop table inbox_%s', to_char(day, 'YYYYMMDD')); end loop; end $$");
}

START_TEST(what_waited_for_days_finds_its_day_in_the_inbox)
{
    struct tales tales = {0};
    tales_add(&tales, 8, "believe", 7, "waited");
    for (size_t i = 0; i < tales.count; i++) {
        age(&tales.list[i].id, (int)i);
    }
    forget_the_last_days();
    tales_tell(&hall, &tales);
    struct listener_process listener = hall_start(&hall, NULL);
    hall_await_effects(conn, 8);
    ck_assert_int_eq(stage_number(conn, "select count(*) from parking"), 0);
    ck_assert_int_eq(hall_end(&listener, SIGTERM), 0);
    check_peace();
    tales_done(&tales);
}
END_TEST

/* A parked event can be claimed when it is due, however old its day has become. */
START_TEST(a_day_of_the_inbox_stays_while_a_retry_needs_it)
{
    AUTO(free_text) char *url = hall_database_url(&hall, "listener", "listener");
    AUTO(db_close_auto) struct db *db = NULL;
    struct fault fault = {0};
    struct tales tales = {0};
    tales_add_oaths(&tales, 1, "wait");
    age(&tales.list[0].id, 5);
    ck_assert_int_eq(inbox_days(), 7 + 1 + 3);
    struct listener_process listener = hall_start(&hall, ALONE);
    tales_tell(&hall, &tales);
    stage_await(conn, 1, "select count(*) from retry");
    ck_assert_int_eq(hall_end(&listener, SIGTERM), 0);
    ck_assert(db_open(&(struct db_options){.url = url}, &db, &fault) == OK);
    ck_assert_msg(partition_upkeep(db, "inbox", 2, &fault) == OK, "%s", fault.text);
    ck_assert_int_eq(inbox_days(), 1 + 2 + 1 + 3);
    do_sql("update door set is_open = true; update retry set due = clock_timestamp()");
    listener = hall_start(&hall, ALONE);
    hall_await_effects(conn, 1);
    ck_assert_int_eq(hall_end(&listener, SIGTERM), 0);
    check_peace();
    do_sql("truncate inbox; select partition_make('inbox', 7, 3)");
    tales_done(&tales);
}
END_TEST

static const char *const conflict_codes[] = {"40P01", "40001"};

START_TEST(a_lost_race_is_run_again_and_burns_no_attempt)
{
    AUTO(free_text)
    char *sql = xasprintf("update stumbling set code = '%s', times = 3", conflict_codes[_i]);
    struct tales tales = {0};
    do_sql(sql);
    tales_add(&tales, 49, "believe", 7, "good");
    tales_add(&tales, 1, "stumble", 7, "stumbles");
    tales_tell(&hall, &tales);
    hall_await_depth(&hall, "listener", 50);
    struct listener_process listener = hall_start(&hall, ALONE);
    hall_await_effects(conn, 50);
    ck_assert_int_eq(stage_number(conn, "select last_value from stumbles"), 4);
    ck_assert_int_eq(stage_number(conn, "select count(*) from parking"), 0);
    ck_assert_int_eq(hall_end(&listener, SIGTERM), 0);
    check_peace();
    tales_done(&tales);
}
END_TEST

/* The listener waits first, so its deadlock check comes first, and it is the one who is chosen. */
START_TEST(a_real_deadlock_is_survived)
{
    struct tales tales = {0};
    tales_add(&tales, 1, "lock", 7, "locks");
    PGconn *other = stage_connect(&hall.stage);
    PQclear(PQexec(other, "begin; update lock set turns = 0 where id = 2"));
    struct listener_process listener = hall_start(&hall, ALONE);
    tales_tell(&hall, &tales);
    stage_await(conn, 1,
                "select count(*) from pg_locks where not granted and pid in (select pid from "
                "pg_stat_activity"
                " where datname = current_database() and usename = 'listener')");
    PGresult *result = PQexec(other, "update lock set turns = 0 where id = 1; commit");
    ck_assert_msg(PQresultStatus(result) == PGRES_COMMAND_OK, "%s", PQerrorMessage(other));
    PQclear(result);
    PQfinish(other);
    hall_await_effects(conn, 1);
    ck_assert(hall_has_logged(&listener, "batch.conflict"));
    ck_assert_int_eq(stage_number(conn, "select sum(turns) from lock"), 2);
    ck_assert_int_eq(stage_number(conn, "select count(*) from parking"), 0);
    ck_assert_int_eq(hall_end(&listener, SIGTERM), 0);
    check_peace();
    tales_done(&tales);
}
END_TEST

START_TEST(who_loses_every_race_is_parked)
{
    struct tales tales = {0};
    do_sql("update stumbling set code = '40P01', times = 6");
    tales_add(&tales, 1, "stumble", 7, "stumbles");
    struct listener_process listener = hall_start(&hall, ALONE);
    tales_tell(&hall, &tales);
    hall_await_effects(conn, 1);
    ck_assert_int_eq(stage_number(conn, "select last_value from stumbles"), 7);
    ck_assert_int_eq(stage_number(conn, "select max(attempts) from parking"), 1);
    ck_assert_int_eq(hall_end(&listener, SIGTERM), 0);
    check_peace();
    tales_done(&tales);
}
END_TEST

/* x-retry of hearTale: 4 executions, from 200 ms, at most 500 ms; the second half of each delay is
 * dice. */
static const struct delay {
    int attempts, min_ms, max_ms;
} delays[] = {{1, 100, 200}, {2, 200, 400}, {3, 250, 500}};

/* Delays are the database's, whatever the service's clock says below two minutes' difference. */
static const char *const skews[] = {"SKEW_S=0", "SKEW_S=-100", "SKEW_S=100"};

START_TEST(retries_come_later_and_later_and_end)
{
    AUTO(free_text) char *preload = xasprintf("LD_PRELOAD=%s", getenv("SKEW_LIB"));
    enum { DOUBTS = 30, PARKED = 3 * DOUBTS };
    struct tales tales = {0};
    tales_add(&tales, DOUBTS, "doubt", 7, "doubted");
    tales_add(&tales, 10, "believe", 7, "good");
    tales_tell(&hall, &tales);
    hall_await_depth(&hall, "listener", DOUBTS + 10);
    struct listener_process listener =
        hall_start(&hall, (const char *const[]){"WORKERS=1", preload, skews[_i],
                                                "ASAN_OPTIONS=verify_asan_link_order=0", NULL});
    hall_await_depth(&hall, "listener.dlq", DOUBTS);
    for (size_t i = 0; i < COUNT_OF(delays); i++) {
        const struct delay *delay = &delays[i];
        ck_assert_int_eq(stage_number(conn,
                                      "select count(distinct id) from parking where attempts = %d",
                                      delay->attempts),
                         DOUBTS);
        ck_assert_int_eq(
            stage_number(conn,
                         "select count(*) from parking where attempts = %d and delay not between "
                         "interval '%d ms' and interval '%d ms'",
                         delay->attempts, delay->min_ms, delay->max_ms),
            0);
        /* What failed together does not come back together. */
        ck_assert_int_gt(
            stage_number(conn, "select count(distinct delay) from parking where attempts = %d",
                         delay->attempts),
            DOUBTS / 3);
    }
    ck_assert_int_eq(stage_number(conn, "select count(*) from parking"), PARKED);
    ck_assert_int_eq(dead_letters("retries-exhausted"), DOUBTS);
    ck_assert_int_eq(stage_number(conn, "select count(*) from retry"), 0);
    ck_assert_int_eq(hall_end(&listener, SIGTERM), 0);
    hall_check_effects(conn, 10);
    tales_done(&tales);
}
END_TEST

START_TEST(a_retry_that_succeeds_has_its_effect_once)
{
    struct tales tales = {0};
    tales_add_oaths(&tales, 20, "wait");
    tales_multiply(&tales, 2, 1); /* what is parked already absorbs its redelivery */
    struct listener_process listener = hall_start(&hall, NULL);
    tales_tell(&hall, &tales);
    stage_await(conn, 20, "select count(*) from retry");
    ck_assert_int_eq(stage_number(conn, "select count(*) from inbox"), 0);
    do_sql("update door set is_open = true");
    hall_await_effects(conn, 20);
    stage_await(conn, 0, "select count(*) from retry");
    ck_assert_int_eq(hall_end(&listener, SIGTERM), 0);
    hall_check_effects(conn, 20);
    check_peace();
    tales_done(&tales);
}
END_TEST

START_TEST(unlimited_attempts_never_die)
{
    struct tales tales = {0};
    tales_add_oaths(&tales, 3, "wait");
    struct listener_process listener = hall_start(&hall, NULL);
    tales_tell(&hall, &tales);
    stage_await(conn, 3, "select count(distinct id) from parking where attempts = 25");
    ck_assert_int_eq(
        stage_number(conn, "select count(*) from parking where delay > interval '40 ms'"), 0);
    ck_assert_int_eq(stage_number(conn, "select count(*) from outbox"), 0);
    do_sql("update door set is_open = true");
    hall_await_effects(conn, 3);
    ck_assert_int_eq(hall_end(&listener, SIGTERM), 0);
    check_peace();
    tales_done(&tales);
}
END_TEST

static const char *const crash_points[] = {
    "CRASH_AT=consumer-after-claim",
    "CRASH_AT=consumer-before-commit",
    "CRASH_AT=consumer-after-commit",
    "CRASH_AT=consumer-after-ack",
};

START_TEST(killed_anywhere_each_effect_happens_once)
{
    struct tales tales = {0};
    tales_add(&tales, 50, "believe", 7, "good");
    tales_add(&tales, 1, "refuse", 7, "bad");
    tales_add(&tales, 1, "sing", 7, "bad");
    tales_add_oaths(&tales, 1, "wait");
    tales_tell(&hall, &tales);
    hall_await_depth(&hall, "listener", 53);
    struct listener_process listener =
        hall_start(&hall, (const char *const[]){"WORKERS=1", crash_points[_i], NULL});
    hall_await_kill(&listener);
    long long before = stage_number(conn, "select count(*) from effect");
    ck_assert_int_eq(before > 0, _i >= 2); /* its first batch had what had arrived by then */
    listener = hall_start(&hall, ALONE);
    stage_await(conn, 50, "select count(*) from effect");
    hall_await_depth(&hall, "listener", 0);
    do_sql("update door set is_open = true");
    hall_await_effects(conn, 51);
    hall_await_depth(&hall, "listener.dlq", 2);
    stage_await(conn, 0, "select count(*) from retry");
    ck_assert_int_eq(hall_end(&listener, SIGTERM), 0);
    hall_check_effects(conn, 51);
    ck_assert_int_eq(hall_depth(&hall, "listener"), 0);
    ck_assert_int_eq(stage_number(conn, "select count(*) from outbox where kind = 1"), 2);
    ck_assert_int_eq(stage_number(conn, "select count(*) from suspect"), 0);
    tales_done(&tales);
}
END_TEST

/* COMMIT arrives, its answer does not: was it done? It was, and everything is said once. The proxy
 * looks for the word in what the listener sends: no other statement may have it, not in its comment
 * either. */
START_TEST(a_commit_without_an_answer_is_found_done)
{
    AUTO(free_text) char *direct = hall_database_url(&hall, "listener", "listener");
    struct proxy *proxy = proxy_start((int)strtol(strrchr(direct, ':') + 1, NULL, 10));
    AUTO(free_text) char *url = proxy_url(proxy, direct);
    AUTO(free_text) char *setting = xasprintf("DATABASE_URL=%s", url);
    struct tales tales = {0};
    tales_add(&tales, 2, "sing", 7, "bad"); /* in the first batch, however small */
    tales_add_oaths(&tales, 1, "wait");
    tales_add(&tales, 50, "believe", 7, "good");
    struct listener_process listener =
        hall_start(&hall, (const char *const[]){"WORKERS=1", setting, NULL});
    while (!hall_says(&listener, "\"state\":\"active\"")) {
        clock_sleep_ms(10);
    }
    proxy_cut_answer(proxy, "commit");
    tales_tell(&hall, &tales);
    stage_await(conn, 50, "select count(*) from effect");
    ck_assert(proxy_has_cut_answer(proxy));
    while (hall_tells(&listener, "duplicates") <= 0) {
        clock_sleep_ms(10);
    }
    ck_assert(hall_has_logged(&listener, "database.lost"));
    do_sql("update door set is_open = true");
    hall_await_effects(conn, 51);
    hall_await_depth(&hall, "listener.dlq", 2);
    ck_assert_int_eq(hall_end(&listener, SIGTERM), 0);
    hall_check_effects(conn, 51);
    ck_assert_int_eq(dead_letters("contract-violation"), 2);
    proxy_stop(proxy);
    tales_done(&tales);
}
END_TEST

#define DEADLY "CRASH_ON=deadly"

/* As a supervisor would: starts it again whenever it has died, until the message is dead. Returns
 * how many died. */
static int supervise(const char *const extra[])
{
    enum { STARTS_MAX = 12 };
    for (int deaths = 0; deaths < STARTS_MAX; deaths++) {
        struct listener_process listener = hall_start(&hall, extra);
        while (process_is_alive(listener.pid)) {
            if (dead_letters("crashed") == 1) {
                hall_await_depth(&hall, "listener.dlq", 1);
                ck_assert_int_eq(hall_end(&listener, SIGTERM), 0);
                return deaths;
            }
            clock_sleep_ms(10);
        }
        hall_await_kill(&listener);
        /* What it had leased comes back when the lease ends, a minute later. */
        do_sql("update retry set due = clock_timestamp() where leases > 0");
    }
    ck_abort_msg("after %d deaths there is no dead letter", STARTS_MAX);
    return -1;
}

/* The second one breaks its contract besides: it kills where its body is read. */
static const char *const deadly_acts[] = {"believe", "sing"};

START_TEST(a_message_that_kills_every_process_ends_in_the_dlq)
{
    struct tales tales = {0};
    tales_add(&tales, 10, "believe", 7, "good");
    tales_add(&tales, 1, deadly_acts[_i], 7, "deadly");
    struct uuid culprit = tales.list[10].id;
    tales_add(&tales, 10, "believe", 7, "good");
    tales_tell(&hall, &tales);
    hall_await_depth(&hall, "listener", 21);
    ck_assert_int_eq(supervise((const char *const[]){"WORKERS=1", DEADLY, NULL}),
                     6); /* three in company, three alone */
    hall_await_effects(conn, 20);
    ck_assert_int_eq(stage_number(conn,
                                  "select count(*) from outbox where kind = 1 and cause_id = '%s'",
                                  text_of(&culprit)),
                     1);
    ck_assert_int_eq(stage_number(conn, "select count(*) from suspect"), 0);
    ck_assert_int_eq(stage_number(conn, "select count(*) from parking"), 0);
    ck_assert_int_eq(hall_depth(&hall, "listener"), 0);
    tales_done(&tales);
}
END_TEST

/* Both under suspicion, and each in a worker of its own: the slow one would be in flight whenever
 * the other one kills. */
START_TEST(an_innocent_in_another_worker_is_not_blamed_with_it)
{
    struct tales tales = {0};
    tales_add(&tales, 3, "dawdle", 500, "slow");
    tales_add(&tales, 1, "believe", 7, "deadly");
    tales_add(&tales, 2, "dawdle", 500, "slow");
    struct uuid culprit = tales.list[3].id;
    tales_tell(&hall, &tales);
    hall_await_depth(&hall, "listener", 6);
    hall_give_back(&hall, "listener", 6, 3);
    ck_assert_int_eq(supervise((const char *const[]){"WORKERS=2", "BATCH=1", DEADLY, NULL}), 3);
    struct listener_process listener = hall_start(&hall, NULL);
    hall_await_effects(conn, 5);
    ck_assert_int_eq(hall_end(&listener, SIGTERM), 0);
    ck_assert_int_eq(stage_number(conn, "select count(*) from outbox where kind = 1"), 1);
    ck_assert_int_eq(
        stage_number(conn, "select count(*) from outbox where cause_id = '%s'", text_of(&culprit)),
        1);
    ck_assert_int_eq(stage_number(conn, "select count(*) from suspect"), 0);
    tales_done(&tales);
}
END_TEST

START_TEST(so_does_one_that_kills_from_the_retry_table)
{
    struct tales tales = {0};
    tales_add(&tales, 5, "wait", 7, "good");
    tales_add(&tales, 1, "wait", 7, "deadly");
    struct listener_process listener = hall_start(&hall, ALONE);
    tales_tell(&hall, &tales);
    stage_await(conn, 6, "select count(*) from retry");
    ck_assert_int_eq(hall_end(&listener, SIGKILL), SIGKILL);
    /* Fresh in `retry`, whatever the first process has still done. */
    do_sql("update retry set attempts = 1, leases = 0, due = clock_timestamp(); update door set "
           "is_open = true");
    ck_assert_int_eq(supervise((const char *const[]){"WORKERS=1", DEADLY, NULL}),
                     4); /* one in company, three alone */
    hall_await_effects(conn, 5);
    ck_assert_int_eq(stage_number(conn, "select count(*) from retry"), 0);
    ck_assert_int_eq(stage_number(conn, "select count(*) from suspect"), 0);
    tales_done(&tales);
}
END_TEST

#define DAWDLERS                                                                                   \
    "select count(*) from pg_locks where locktype = 'advisory' and objid = 4711 and database = "   \
    "(select oid from pg_database where datname = current_database())"

static void wait_for_dawdler(void)
{
    stage_await(conn, 1, DAWDLERS);
}

START_TEST(sigterm_ends_the_batch_that_runs_and_leaves)
{
    struct tales tales = {0};
    tales_add(&tales, 1, "dawdle", 1500, "slow");
    tales_add(&tales, 300, "believe", 7, "good");
    tales_tell(&hall, &tales);
    hall_await_depth(&hall, "listener", 301);
    struct listener_process listener =
        hall_start(&hall, (const char *const[]){"WORKERS=1", "BATCH=10", NULL});
    wait_for_dawdler();
    ck_assert_int_eq(hall_end(&listener, SIGTERM), 0);
    /* A batch takes what has arrived: ten, or fewer when the broker was slower. */
    long long done = stage_number(conn, "select count(*) from effect");
    ck_assert(done >= 1 && done <= 10);
    hall_check_effects(conn, done);
    hall_await_depth(&hall, "listener", (long)(301 - done)); /* acked what was done, no more */
    listener = hall_start(&hall, NULL);
    hall_await_effects(conn, 301);
    ck_assert_int_eq(hall_end(&listener, SIGTERM), 0);
    check_peace();
    tales_done(&tales);
}
END_TEST

/* The database comes and goes until the pauses are long, so that the end falls into one. */
START_TEST(a_suspect_that_is_given_back_in_order_was_not_tried)
{
    struct tales tales = {0};
    tales_add(&tales, 1, "dawdle", 20000, "slow");
    tales_tell(&hall, &tales);
    hall_await_depth(&hall, "listener", 1);
    hall_give_back(&hall, "listener", 1, 3);
    struct listener_process listener = hall_start(&hall, ALONE);
    for (int outage = 0; outage < 5; outage++) {
        wait_for_dawdler();
        ck_assert_int_eq(stage_number(conn, "select tries from suspect"), 1);
        hall_cut_off(&hall);
        stage_await(conn, 0, DAWDLERS);
    }
    ck_assert_int_eq(hall_end(&listener, SIGTERM), 0);
    ck_assert_int_eq(stage_number(conn, "select count(*) from suspect where tries > 0"), 0);
    hall_await_depth(&hall, "listener", 1);
    tales_done(&tales);
}
END_TEST

START_TEST(sigterm_leaves_within_ten_seconds_whatever_hangs)
{
    struct tales tales = {0};
    tales_add(&tales, 1, "dawdle", 20000, "hangs");
    struct listener_process listener =
        hall_start(&hall, (const char *const[]){"WORKERS=1", "DRAIN=2s", NULL});
    tales_tell(&hall, &tales);
    wait_for_dawdler();
    int64_t asked = clock_monotonic_ms();
    int status = hall_end(&listener, SIGTERM);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 1, "ended with %d", status);
    ck_assert_int_lt(clock_monotonic_ms() - asked, 3000);
    hall_await_depth(&hall, "listener", 1); /* not lost */
    ck_assert_int_eq(stage_number(conn, "select count(*) from effect"), 0);
    tales_done(&tales);
}
END_TEST

static void open_hall(void)
{
    hall_open(&hall);
}

static void close_hall(void)
{
    hall_close(&hall);
}

int main(void)
{
    if (!stage_has_servers()) {
        (void)puts(HALL_SKIP);
        return EXIT_SUCCESS;
    }
    TCase *cases = tcase_create("consumer");
    tcase_set_timeout(cases, 60);
    tcase_add_unchecked_fixture(cases, open_hall, close_hall);
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, three_of_each_shuffled_change_nothing);
    tcase_add_test(cases, copies_that_die_at_the_same_time_leave_one_letter);
    tcase_add_test(cases, ten_thousand_through_two_competing_instances);
    tcase_add_loop_test(cases, a_poison_in_a_batch_of_a_hundred_hurts_no_other, 0,
                        COUNT_OF(poisons));
    tcase_add_loop_test(cases, a_lost_race_is_run_again_and_burns_no_attempt, 0,
                        COUNT_OF(conflict_codes));
    tcase_add_test(cases, a_real_deadlock_is_survived);
    tcase_add_test(cases, what_waited_for_days_finds_its_day_in_the_inbox);
    tcase_add_test(cases, a_day_of_the_inbox_stays_while_a_retry_needs_it);
    tcase_add_test(cases, who_loses_every_race_is_parked);
    tcase_add_test(cases, what_was_parked_dies_once);
    tcase_add_test(cases, a_limit_of_the_transaction_is_nobodys_fault);
    tcase_add_test(cases, what_cannot_be_parked_now_is_parked_later);
    tcase_add_loop_test(cases, retries_come_later_and_later_and_end, 0, COUNT_OF(skews));
    tcase_add_test(cases, a_retry_that_succeeds_has_its_effect_once);
    tcase_add_test(cases, unlimited_attempts_never_die);
    tcase_add_loop_test(cases, killed_anywhere_each_effect_happens_once, 0, COUNT_OF(crash_points));
    tcase_add_test(cases, a_commit_without_an_answer_is_found_done);
    tcase_add_loop_test(cases, a_message_that_kills_every_process_ends_in_the_dlq, 0,
                        COUNT_OF(deadly_acts));
    tcase_add_test(cases, an_innocent_in_another_worker_is_not_blamed_with_it);
    tcase_add_test(cases, so_does_one_that_kills_from_the_retry_table);
    tcase_add_test(cases, sigterm_ends_the_batch_that_runs_and_leaves);
    tcase_add_test(cases, a_suspect_that_is_given_back_in_order_was_not_tried);
    tcase_add_test(cases, sigterm_leaves_within_ten_seconds_whatever_hangs);
    Suite *suite = suite_create("consumer");
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
