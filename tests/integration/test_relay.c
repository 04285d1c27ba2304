/* SPDX-License-Identifier: Apache-2.0 */
#include "outbox_fixture.h"

#include "core/buffer.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/memory.h"
#include "publishers/relay.h"
#include "publishers/work.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
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

enum { QUIET_MS = 5000 };

/* All that was said is done, as the cursor has it. */
static bool settles(int64_t ms)
{
    return wait_until(f.conn, 0, ms,
                      "select count(*) from outbox, relay_cursor c where c.target is not null"
                      " or not pg_visible_in_snapshot(xid, c.last)");
}

/* This program again, as nothing but a relay of the fixture: see main. */
static pid_t child_start(const char *crash_at)
{
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        (void)setenv("RELAY_CHILD", f.name, 1);
        (void)setenv("RELAY_CHILD_DATABASE", f.url, 1);
        if (crash_at != NULL) {
            (void)setenv("CRASH_AT", crash_at, 1);
        }
        execl("/proc/self/exe", "test_relay", (char *)NULL);
        _exit(127);
    }
    return pid;
}

static int child_main(const char *name)
{
    fixture_contract(&f, name);
    f.config.database_url = getenv("RELAY_CHILD_DATABASE");
    log_init(name, getenv("LOG_LEVEL") != NULL ? getenv("LOG_LEVEL") : "off", "text");
    struct fault fault;
    return relay_part.run(&f.runtime, 0, &fault) == OK ? 0 : 1;
}

static void child_end(pid_t pid)
{
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
}

static bool child_has_lock(void)
{
    return wait_until(
        f.conn, 1, 5000,
        "select count(*) from pg_locks where locktype = 'advisory' and granted and database ="
        " (select oid from pg_database where datname = current_database())");
}

static const char *header(const struct delivery *delivery, const char *name)
{
    const struct header *found = properties_find(&delivery->properties, name);
    return found != NULL && found->text != NULL ? found->text : "";
}

START_TEST(sends_an_event_with_all_its_properties)
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
    struct uuid subject = ids_new();
    struct uuid id;
    ck_assert(work_publish_as(&task.work, &f.heard,
                              &(struct said){.subject_id = subject, .amount = 5}, &id) == OK);
    ck_assert(task_commit(&task) == OK);

    struct relay_thread relay;
    relay_start(&f, &relay);
    ck_assert(broker_consume(f.broker, f.queue, 10, &fault) == OK);
    struct delivery d;
    size_t count = 0;
    ck_assert(broker_take(f.broker, &d, 1, QUIET_MS, &count, &fault) == OK);
    ck_assert_uint_eq(count, 1);

    char text[UUID_TEXT_BYTES];
    char url_user[64] = {0};
    ck_assert_int_eq(sscanf(getenv("AMQP_URL"), "amqp://%63[^:]", url_user), 1);
    ck_assert_str_eq(d.exchange, f.exchange);
    ck_assert_str_eq(d.routing_key, f.heard.routing_key);
    ck_assert_str_eq(d.properties.message_id, ids_format(&id, text));
    ck_assert_str_eq(header(&d, "cloudEvents_id"), text);
    ck_assert_str_eq(d.properties.type, "Said");
    ck_assert_str_eq(header(&d, "cloudEvents_type"), "fit.test.Said.v1");
    ck_assert_str_eq(d.properties.app_id, f.name);
    ck_assert_str_eq(d.properties.user_id, url_user);
    AUTO(free_text) char *source = xasprintf("/fit/%s", f.name);
    ck_assert_str_eq(header(&d, "cloudEvents_source"), source);
    ck_assert_str_eq(d.properties.correlation_id, ids_format(&cause.correlation_id, text));
    ck_assert_str_eq(header(&d, "cloudEvents_correlationid"), text);
    ck_assert_str_eq(header(&d, "cloudEvents_causationid"), ids_format(&cause.id, text));
    ck_assert_str_eq(header(&d, "cloudEvents_subject"), ids_format(&subject, text));
    ck_assert_str_eq(header(&d, "cloudEvents_specversion"), "1.0");
    ck_assert_str_eq(header(&d, "traceparent"), cause.traceparent);
    ck_assert_str_eq(header(&d, "cloudEvents_sequence"), "1");
    ck_assert_str_eq(d.properties.content_type, "application/json");
    ck_assert(d.properties.is_persistent);
    char time[CLOCK_TEXT_BYTES];
    ck_assert_str_eq(header(&d, "cloudEvents_time"), clock_format(task.work.now_ms, time));
    ck_assert_int_eq(d.properties.timestamp_s, task.work.now_ms / 1000);
    broker_release(f.broker);
    relay_stop(&relay);
}
END_TEST

START_TEST(sends_everything_in_the_order_said)
{
    struct heard heard = {0};
    struct relay_thread relay;
    relay_start(&f, &relay);
    AUTO(db_close_auto) struct db *db = fixture_db(&f);
    for (int i = 0; i < 30; i++) {
        say(&f, db, &f.heard, NULL, 100);
    }
    hear(f.queue, &heard, 3000, QUIET_MS);
    ck_assert_uint_eq(heard.count, 3000);
    for (size_t i = 1; i < heard.count; i++) { /* one writer: its ids rise with seq */
        ck_assert_int_lt(ids_compare(&heard.ids[i - 1], &heard.ids[i]), 0);
    }
    ck_assert(settles(QUIET_MS));
    ck_assert(wait_until(f.conn, 3000, QUIET_MS, "select high_seq from relay_cursor"));
    relay_stop(&relay);
    ck_assert_uint_eq(atomic_load(&relay.runtime.counters.confirmed), 3000);
    ck_assert_int_eq(atomic_load(&relay.runtime.counters.relay_backlog), 0);
    ck_assert_int_eq(atomic_load(&relay.runtime.counters.relay_lag_ms), 0);
    heard_done(&heard);
}
END_TEST

START_TEST(is_woken_by_a_commit_in_its_own_process)
{
    struct relay_thread relay;
    relay_start(&f, &relay);
    AUTO(db_close_auto) struct db *db = fixture_db(&f);
    int64_t fastest_ms = INT64_MAX;
    for (uint64_t i = 0; i < 10; i++) {
        clock_sleep_ms(300); /* long enough for the pace to reach its slowest */
        say(&f, db, &f.heard, NULL, 1);
        runtime_wake_relay(&relay.runtime);
        int64_t started_ms = clock_monotonic_ms();
        while (atomic_load(&relay.runtime.counters.confirmed) <= i &&
               clock_monotonic_ms() - started_ms < QUIET_MS) {
            clock_sleep_ms(1);
        }
        int64_t ms = clock_monotonic_ms() - started_ms;
        fastest_ms = ms < fastest_ms ? ms : fastest_ms;
    }
    relay_stop(&relay);
    ck_assert_msg(fastest_ms < 20, "%lld ms", (long long)fastest_ms);
}
END_TEST

START_TEST(sends_a_dead_letter_as_it_was_stored)
{
    AUTO(db_close_auto) struct db *db = fixture_db(&f);
    struct fault fault = {0};
    AUTO(buffer_done) struct buffer properties = {0};
    const struct properties stored = {
        .message_id = "strange", .content_type = "text/plain", .is_persistent = true};
    ck_assert(broker_properties_encode(&stored, &properties, &fault) == OK);
    AUTO(task_end) struct task task;
    ck_assert(task_begin(&task, db, &f.runtime, &fault) == OK);
    const struct dead_letter letter = {
        .type = "",
        .exchange = f.dlx,
        .routing_key = "whatever",
        .properties = properties.bytes,
        .properties_length = properties.length,
        .body = "not json",
        .body_length = 8,
        .failure_class = "contract-violation",
        .queue = f.queue,
    };
    ck_assert(outbox_add_dead_letter(task.work.outbox, &letter, &fault) == OK);
    ck_assert(task_commit(&task) == OK);
    struct relay_thread relay;
    relay_start(&f, &relay);
    ck_assert(broker_consume(f.broker, f.dlq, 10, &fault) == OK);
    struct delivery d;
    size_t count = 0;
    ck_assert(broker_take(f.broker, &d, 1, QUIET_MS, &count, &fault) == OK);
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(d.properties.message_id, "strange");
    ck_assert_str_eq(d.routing_key, "whatever");
    ck_assert_uint_eq(d.properties.raw_length, properties.length);
    ck_assert_mem_eq(d.properties.raw, properties.bytes, properties.length);
    ck_assert_mem_eq(d.body, "not json", 8);
    broker_release(f.broker);
    relay_stop(&relay);
}
END_TEST

/* A property list that fills its frame. The broker takes it, and on its second delivery adds
 * x-delivery-count to it. */
START_TEST(the_largest_list_comes_back_larger_and_leaves_as_a_dead_letter)
{
    enum {
        LIST_BYTES = BROKER_FRAME_MAX - 8 - 12,
        TEXT_BYTES = LIST_BYTES - 2 - 4 - 1 - 6 - 1 - 4
    };
    struct fault fault = {0};
    AUTO(free_text) char *text = xmalloc(TEXT_BYTES);
    memset(text, 'x', TEXT_BYTES);
    text[TEXT_BYTES - 1] = '\0';
    const struct properties properties = {
        .headers = &(struct header){.name = "x-huge", .text = text}, .header_count = 1};
    AUTO(buffer_done) struct buffer list = {0};
    ck_assert(broker_properties_encode(&properties, &list, &fault) == OK);
    ck_assert_uint_eq(list.length, LIST_BYTES); /* the delivery mode takes the last byte */

    uint64_t number = 0;
    ck_assert(broker_confirm_select(f.broker, &fault) == OK);
    ck_assert(broker_consume(f.broker, f.queue, 10, &fault) == OK);
    ck_assert(broker_publish(f.broker, f.exchange, f.heard.routing_key, true, list.bytes,
                             list.length, "{}", 2, &number, &fault) == OK);
    struct delivery d;
    for (int i = 0; i < 2; i++) {
        size_t count = 0;
        while (count == 0) {
            ck_assert_msg(broker_take(f.broker, &d, 1, QUIET_MS, &count, &fault) == OK, "%s",
                          fault.text);
        }
        if (i == 0) {
            broker_release(f.broker);
            ck_assert(broker_nack(f.broker, d.tag, false, true, &fault) == OK);
        }
    }
    ck_assert_ptr_nonnull(properties_find(&d.properties, "x-delivery-count"));
    ck_assert_uint_gt(d.properties.raw_length, LIST_BYTES);

    const struct header class = {.name = "quadrille-failure-class", .text = "unidentified"};
    AUTO(buffer_done) struct buffer letter = {0};
    ck_assert(broker_properties_extend(d.properties.raw, d.properties.raw_length, &class, 1,
                                       LIST_BYTES, &letter, &fault) == OK);
    ck_assert(broker_publish(f.broker, f.dlx, "", true, letter.bytes, letter.length, "{}", 2,
                             &number, &fault) == OK);
    while (broker_unconfirmed(f.broker) > 0) {
        ck_assert_msg(broker_wait(f.broker, -1, QUIET_MS, &fault) == OK, "%s", fault.text);
    }
    ck_assert(broker_ack(f.broker, d.tag, false, &fault) == OK);
    broker_release(f.broker);
}
END_TEST

START_TEST(is_not_stalled_by_a_long_running_writer)
{
    struct heard heard = {0};
    PGconn *writer = connect_to(f.url);
    tell(writer, "begin");
    say_many(&f, writer, 1);
    struct relay_thread relay;
    relay_start(&f, &relay);
    for (int i = 0; i < 5; i++) {
        say_many(&f, f.conn, 400);
        clock_sleep_ms(50);
    }
    hear(f.queue, &heard, 2000, QUIET_MS);
    ck_assert_uint_eq(heard_distinct(&heard), 2000);
    tell(writer, "commit");
    hear(f.queue, &heard, 2001, QUIET_MS);
    ck_assert_uint_eq(heard_distinct(&heard), 2001);
    ck_assert_uint_eq(heard.count, 2001);
    relay_stop(&relay);
    heard_done(&heard);
    PQfinish(writer);
}
END_TEST

/* Several writers whose transactions overlap and end in any order: nothing is left out, nothing
 * comes twice. */
static void *overlap(void *context)
{
    unsigned seed = *(const unsigned *)context;
    PGconn *conn = connect_to(f.url);
    for (int i = 0; i < 40; i++) {
        tell(conn, "begin");
        say_many(&f, conn, 1 + rand_r(&seed) % 20);
        clock_sleep_ms(rand_r(&seed) % 30);
        say_many(&f, conn, 1 + rand_r(&seed) % 20);
        tell(conn, rand_r(&seed) % 5 == 0 ? "rollback" : "commit");
    }
    PQfinish(conn);
    return NULL;
}

START_TEST(misses_no_row_of_overlapping_writers)
{
    struct heard heard = {0};
    struct relay_thread relay;
    relay_start(&f, &relay);
    pthread_t threads[4];
    unsigned seeds[] = {1, 2, 3, 4};
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, overlap, &seeds[i]), 0);
    }
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        (void)pthread_join(threads[i], NULL);
    }
    size_t said = (size_t)ask(f.conn, "select count(*) from outbox");
    hear(f.queue, &heard, said, QUIET_MS);
    ck_assert_uint_eq(heard_distinct(&heard), said);
    ck_assert_uint_eq(heard.count, said);
    relay_stop(&relay);
    heard_done(&heard);
}
END_TEST

START_TEST(a_killed_relay_is_replaced_at_once)
{
    struct heard heard = {0};
    say_many(&f, f.conn, 20000);
    pid_t child = child_start(NULL);
    ck_assert(child_has_lock());
    struct relay_thread standby;
    relay_start(&f, &standby);
    hear(f.queue, &heard, 2000, QUIET_MS);
    ck_assert(!atomic_load(&standby.runtime.counters.relay_is_active));
    child_end(child);
    int64_t killed_ms = clock_monotonic_ms();
    while (!atomic_load(&standby.runtime.counters.relay_is_active) &&
           clock_monotonic_ms() - killed_ms < QUIET_MS) {
        clock_sleep_ms(10);
    }
    ck_assert_int_lt(clock_monotonic_ms() - killed_ms, 2500);
    hear(f.queue, &heard, 20000, QUIET_MS);
    ck_assert_uint_eq(heard_distinct(&heard), 20000);
    relay_stop(&standby);
    heard_done(&heard);
}
END_TEST

/* The frozen one loses its session, is replaced, and when it goes on cannot move the cursor:
 * duplicates at worst. */
START_TEST(a_frozen_relay_is_replaced_and_fenced)
{
    struct heard heard = {0};
    f.config.heartbeat_s = 1;
    say_many(&f, f.conn, 20000);
    pid_t child = child_start("relay-after-publish:3:stop");
    ck_assert(child_has_lock());
    struct relay_thread standby;
    relay_start(&f, &standby);
    hear(f.queue, &heard, 20000, 12000); /* the child's heartbeat is 2 s: its session lives 6 s */
    ck_assert(atomic_load(&standby.runtime.counters.relay_is_active));
    ck_assert_uint_eq(heard_distinct(&heard), 20000);
    ck_assert(settles(QUIET_MS));
    long long version = ask(f.conn, "select version from relay_cursor");
    ck_assert_int_eq(kill(child, SIGCONT), 0);
    clock_sleep_ms(1500);
    ck_assert_int_eq(waitpid(child, NULL, WNOHANG), 0);
    ck_assert(atomic_load(&standby.runtime.counters.relay_is_active));
    ck_assert_int_eq(ask(f.conn, "select version from relay_cursor"), version);
    say_many(&f, f.conn, 10);
    hear(f.queue, &heard, 20010, QUIET_MS);
    ck_assert_uint_eq(heard_distinct(&heard), 20010);
    child_end(child);
    relay_stop(&standby);
    heard_done(&heard);
}
END_TEST

static const char *const crash_points[] = {
    "relay-after-publish",   "relay-after-publish:4", "relay-after-confirm",
    "relay-after-confirm:3", "relay-before-cursor",   "relay-before-cursor:2",
};

START_TEST(loses_nothing_when_it_dies_anywhere)
{
    struct heard heard = {0};
    say_many(&f, f.conn, 3000);
    pid_t child = child_start(crash_points[_i]);
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "%s was not passed",
                  crash_points[_i]);
    struct relay_thread relay;
    relay_start(&f, &relay);
    hear(f.queue, &heard, 3000, QUIET_MS);
    ck_assert_uint_eq(heard_distinct(&heard), 3000);
    ck_assert(settles(QUIET_MS));
    relay_stop(&relay);
    heard_done(&heard);
}
END_TEST

/* Also of those that stand by. */
static void end_relay_sessions(void)
{
    PGconn *killer = connect_to(f.url);
    tell(killer, "select pg_terminate_backend(pid) from pg_stat_activity"
                 " where datname = current_database() and application_name like '%% relay'");
    PQfinish(killer);
}

/* The lock changes hands again and again while both publish: duplicates, but nothing is lost. */
START_TEST(two_relays_at_once_publish_duplicates_at_worst)
{
    struct heard heard = {0};
    struct relay_thread one;
    struct relay_thread two;
    relay_start(&f, &one);
    relay_start(&f, &two);
    for (int i = 0; i < 10; i++) {
        say_many(&f, f.conn, 500);
        end_relay_sessions();
        clock_sleep_ms(150);
    }
    hear(f.queue, &heard, 5000, QUIET_MS);
    ck_assert_uint_eq(heard_distinct(&heard), 5000);
    ck_assert(settles(QUIET_MS));
    relay_stop(&one);
    relay_stop(&two);
    heard_done(&heard);
}
END_TEST

START_TEST(a_cursor_moved_by_somebody_else_stops_it)
{
    struct heard heard = {0};
    struct relay_thread relay;
    relay_start(&f, &relay);
    say_many(&f, f.conn, 100);
    hear(f.queue, &heard, 100, QUIET_MS);
    ck_assert(settles(QUIET_MS));
    tell(f.conn, "update relay_cursor set version = version + 1");
    say_many(&f, f.conn, 100);
    hear(f.queue, &heard, 200, QUIET_MS);
    ck_assert(settles(QUIET_MS));
    hear(f.queue, &heard, SIZE_MAX, 1000);
    ck_assert_uint_eq(heard_distinct(&heard), 200);
    ck_assert_uint_ge(heard.count, 300); /* the refused move was said again */
    relay_stop(&relay);
    heard_done(&heard);
}
END_TEST

static const char *const restorations[] = {
    "update relay_cursor set system_identifier = system_identifier + 1",
    "update relay_cursor set system_identifier = 1, last = '900000000:900000000:'",
    "update relay_cursor set last = '900000000:900000000:'",
};

START_TEST(goes_on_by_number_after_a_restored_dump)
{
    struct heard heard = {0};
    struct relay_thread relay;
    relay_start(&f, &relay);
    say_many(&f, f.conn, 300);
    hear(f.queue, &heard, 300, QUIET_MS);
    ck_assert(settles(QUIET_MS));
    relay_stop(&relay);
    /* Rows that were there and not read at the time of the dump, with transaction ids from far away
     * … */
    say_many(&f, f.conn, 600);
    tell(f.conn, "update outbox set xid = '800000000' where seq > 300");
    tell(f.conn, "%s", restorations[_i]);
    /* … and rows written here before the relay is started. */
    say_many(&f, f.conn, 50);
    relay_start(&f, &relay);
    hear(f.queue, &heard, 950, QUIET_MS);
    ck_assert_uint_eq(heard_distinct(&heard), 950);
    say_many(&f, f.conn, 50);
    hear(f.queue, &heard, 1000, QUIET_MS);
    ck_assert_uint_eq(heard_distinct(&heard), 1000);
    ck_assert(wait_until(f.conn, 1000, QUIET_MS, "select high_seq from relay_cursor"));
    relay_stop(&relay);
    ck_assert_uint_eq(atomic_load(&relay.runtime.counters.published), 700);
    ck_assert_int_eq(ask(f.conn,
                         "select count(*) from relay_cursor c, pg_control_system() s"
                         " where c.system_identifier = s.system_identifier and not restoring"),
                     1);
    heard_done(&heard);
}
END_TEST

/* The fixture's database becomes what a dump of it says, taken while writers are `running`; the
 * cluster is another one, as far as the cursor can know. */
static void dump_and_restore(PGconn *running[], size_t count)
{
    char file[] = "/tmp/relay_dump_XXXXXX";
    int fd = mkstemp(file);
    ck_assert_int_ge(fd, 0);
    (void)close(fd);
    AUTO(free_text) char *dump = xasprintf("pg_dump -Fc -f %s '%s'", file, f.owner_url);
    ck_assert_int_eq(system(dump), 0);
    for (size_t i = 0; i < count; i++) {
        PQfinish(running[i]);
    }
    PQfinish(f.conn);
    PGconn *deploy = connect_to(getenv("DATABASE_URL"));
    tell(deploy, "drop database %s", f.name); /* waits 5 s for sessions that are ending */
    tell(deploy, "create database %s owner %s", f.name, f.owner);
    PQfinish(deploy);
    AUTO(free_text)
    char *restore = xasprintf("pg_restore --exit-on-error -d '%s' %s", f.owner_url, file);
    int status = system(restore);
    (void)unlink(file);
    ck_assert_int_eq(status, 0);
    f.conn = connect_to(f.owner_url);
    tell(f.conn, "set role %s", f.owner);
    tell(f.conn, "update relay_cursor set system_identifier = system_identifier + 1");
}

/* A writer was running at the cursor's snapshot and has committed since: at the dump its row is
 * unread, with a number below many that are done. Another one is running at the dump. */
START_TEST(a_dump_restored_elsewhere_loses_no_event)
{
    struct heard heard = {0};
    PGconn *writers[] = {connect_to(f.url), connect_to(f.url)};
    for (size_t i = 0; i < COUNT_OF(writers); i++) {
        tell(writers[i], "begin");
        say_many(&f, writers[i], 1);
    }
    struct relay_thread relay;
    relay_start(&f, &relay);
    say_many(&f, f.conn, 300);
    hear(f.queue, &heard, 300, QUIET_MS);
    ck_assert(settles(QUIET_MS));
    relay_stop(&relay);
    tell(writers[0], "commit");
    say_many(&f, f.conn, 200);
    dump_and_restore(writers, COUNT_OF(writers));

    say_many(&f, f.conn, 50);
    relay_start(&f, &relay);
    hear(f.queue, &heard, 551, QUIET_MS);
    ck_assert_uint_eq(heard_distinct(&heard), 551);
    ck_assert_uint_eq(heard.count, 851); /* all again, from the late row on */
    say_many(&f, f.conn, 50);
    hear(f.queue, &heard, 601, QUIET_MS);
    ck_assert_uint_eq(heard_distinct(&heard), 601);
    relay_stop(&relay);
    heard_done(&heard);
}
END_TEST

START_TEST(what_nobody_declares_to_hear_is_counted_and_done)
{
    struct heard heard = {0};
    AUTO(db_close_auto) struct db *db = fixture_db(&f);
    say(&f, db, &f.unheard, NULL, 3);
    say(&f, db, &f.heard, NULL, 2);
    struct relay_thread relay;
    relay_start(&f, &relay);
    hear(f.queue, &heard, 2, QUIET_MS);
    ck_assert(settles(QUIET_MS));
    relay_stop(&relay);
    ck_assert_uint_eq(atomic_load(&relay.runtime.counters.returned), 3);
    ck_assert_int_eq(ask(f.conn, "select count(*) from unsent"), 0);
    heard_done(&heard);
}
END_TEST

START_TEST(a_returned_event_waits_in_unsent_and_the_rest_goes_on)
{
    struct heard heard = {0};
    struct fault fault = {0};
    AUTO(db_close_auto) struct db *db = fixture_db(&f);
    say(&f, db, &f.heard, NULL, 1);
    say(&f, db, &f.missing, NULL, 3);
    say(&f, db, &f.heard, NULL, 4);
    struct relay_thread relay;
    relay_start(&f, &relay);
    hear(f.queue, &heard, 5, QUIET_MS);
    ck_assert_uint_eq(heard.count, 5);
    ck_assert(settles(QUIET_MS));
    ck_assert(wait_until(f.conn, 3, QUIET_MS,
                         "select count(*) from unsent where reason ilike '%no_route%'"));
    ck_assert(wait_until(f.conn, 1, QUIET_MS, "select (max(tries) > 0)::int from unsent"));
    ck_assert_int_eq(atomic_load(&relay.runtime.counters.unsent), 3);
    ck_assert(broker_bind(f.broker, f.queue, f.exchange, f.missing.routing_key, &fault) == OK);
    hear(f.queue, &heard, 8, 10000);
    ck_assert_uint_eq(heard_distinct(&heard), 8);
    ck_assert(wait_until(f.conn, 0, QUIET_MS, "select count(*) from unsent"));
    relay_stop(&relay);
    ck_assert_int_eq(atomic_load(&relay.runtime.counters.unsent), 0);
    heard_done(&heard);
}
END_TEST

/* Until now `unsent` was empty, as far as the relay knew. */
START_TEST(what_is_put_into_unsent_by_hand_is_sent_without_a_restart)
{
    struct heard heard = {0};
    struct relay_thread relay;
    relay_start(&f, &relay);
    say_many(&f, f.conn, 500);
    hear(f.queue, &heard, 500, QUIET_MS);
    tell(f.conn,
         "insert into unsent (id, seq, reason, due) select id, seq, 'again', now() from outbox");
    hear(f.queue, &heard, SIZE_MAX, 2500);
    ck_assert_uint_eq(heard.count, 1000);
    ck_assert(wait_until(f.conn, 0, QUIET_MS, "select count(*) from unsent"));
    relay_stop(&relay);
    heard_done(&heard);
}
END_TEST

static long long resident_peak_kib(pid_t pid)
{
    AUTO(free_text) char *path = xasprintf("/proc/%d/status", (int)pid);
    FILE *status = fopen(path, "re");
    ck_assert_ptr_nonnull(status);
    char line[256];
    long long kib = 0;
    while (fgets(line, sizeof line, status) != NULL) {
        if (strncmp(line, "VmHWM:", 6) == 0) {
            kib = strtoll(line + 6, NULL, 10);
        }
    }
    (void)fclose(status);
    return kib;
}

/* Nobody hears them, so the broker need not keep them. */
static void say_large(int count, int bytes)
{
    tell(f.conn,
         "insert into outbox (id, kind, type, exchange, routing_key, occurred_at, body)"
         " select (left(uuid_floor(clock_timestamp())::text, 14) || '7' || "
         "substr(gen_random_uuid()::text, 16))::uuid, 0, '%s', '%s', '%s', now(),"
         " convert_to(repeat('x', %d), 'UTF8') from generate_series(1, %d)",
         f.unheard.type, f.unheard.exchange, f.unheard.routing_key, bytes, count);
}

/* 150 rows of 2 MiB: at once they would be more than three times what is allowed here. */
START_TEST(large_bodies_do_not_fill_the_memory)
{
    enum { ROWS = 150, ALLOWED_KIB = 96 * 1024 };
    (void)setenv("ASAN_OPTIONS", "quarantine_size_mb=1", 1);
    say_large(ROWS, 2 * 1024 * 1024);
    pid_t child = child_start(NULL);
    bool is_done = settles(60000);
    long long kib = resident_peak_kib(child);
    child_end(child);
    ck_assert(is_done);
    ck_assert_msg(kib < ALLOWED_KIB, "%lld KiB", kib);
}
END_TEST

static pid_t broker_pid(void)
{
    const char *text = getenv("RABBITMQ_PID");
    ck_assert_ptr_nonnull(text);
    return (pid_t)strtol(text, NULL, 10);
}

static bool broker_is(const struct relay_thread *relay, enum link_state state)
{
    return link_get(&relay->runtime.counters.links, SEAT_RELAY, LINK_BROKER) == state;
}

static bool broker_becomes(const struct relay_thread *relay, enum link_state wanted, int64_t ms)
{
    int64_t until = clock_monotonic_ms() + ms;
    while (!broker_is(relay, wanted) && clock_monotonic_ms() < until) {
        clock_sleep_ms(20);
    }
    return broker_is(relay, wanted);
}

static bool becomes(const _Atomic bool *flag, bool wanted, int64_t ms)
{
    int64_t until = clock_monotonic_ms() + ms;
    while (atomic_load(flag) != wanted && clock_monotonic_ms() < until) {
        clock_sleep_ms(20);
    }
    return atomic_load(flag) == wanted;
}

/* The one that holds the lock has asked for a chunk, and never reads the answer, which is larger
 * than the sockets' buffers. */
START_TEST(a_relay_frozen_in_the_middle_of_a_result_is_replaced)
{
    enum { BODY_BYTES = 15 * 1024 * 1024 };
    tell(f.conn, "begin");
    say_many(&f, f.conn, 600);
    say_large(1, BODY_BYTES);
    tell(f.conn, "commit");
    pid_t child = child_start("relay-after-publish:1:stop");
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, WUNTRACED), child);
    ck_assert(WIFSTOPPED(status));
    struct relay_thread standby;
    relay_start(&f, &standby);
    tell(f.conn, "begin; lock table outbox in access exclusive mode");
    ck_assert_int_eq(kill(child, SIGCONT), 0);
    ck_assert(wait_until(f.conn, 1, QUIET_MS,
                         "select count(*) from pg_locks where relation = 'outbox'::regclass"
                         " and not granted"));
    ck_assert_int_eq(kill(child, SIGSTOP), 0);
    tell(f.conn, "commit");
    /* The lock's session may be silent for 6 s. */
    bool is_replaced = becomes(&standby.runtime.counters.relay_is_active, true, 20000);
    child_end(child);
    ck_assert(is_replaced);
    relay_stop(&standby);
}
END_TEST

/* As when an operator switches it, or when it has become a standby. */
START_TEST(a_database_that_refuses_costs_neither_the_broker_nor_duplicates)
{
    struct heard heard = {0};
    struct relay_thread relay;
    relay_start(&f, &relay);
    say_many(&f, f.conn, 100);
    hear(f.queue, &heard, 100, QUIET_MS);
    ck_assert(settles(QUIET_MS));
    PGconn *deploy = connect_to(getenv("DATABASE_URL"));
    tell(deploy, "alter role %s in database %s set default_transaction_read_only = on", f.name,
         f.name);
    end_relay_sessions();
    say_many(&f, f.conn, 100);
    bool was_up = true;
    for (int i = 0; i < 40; i++) {
        clock_sleep_ms(100);
        was_up = was_up && broker_is(&relay, LINK_UP);
    }
    uint64_t published = atomic_load(&relay.runtime.counters.published);
    tell(deploy, "alter role %s in database %s reset default_transaction_read_only", f.name,
         f.name);
    PQfinish(deploy);
    ck_assert(was_up);
    ck_assert_uint_eq(published, 100);
    hear(f.queue, &heard, 200, 15000);
    ck_assert(settles(QUIET_MS));
    ck_assert_uint_eq(heard_distinct(&heard), 200);
    ck_assert_uint_eq(heard.count, 200);
    relay_stop(&relay);
    heard_done(&heard);
}
END_TEST

START_TEST(who_steps_back_tells_nothing_of_the_stream_any_more)
{
    AUTO(db_close_auto) struct db *db = fixture_db(&f);
    struct relay_thread one;
    struct relay_thread two;
    relay_start(&f, &one);
    ck_assert(child_has_lock());
    relay_start(&f, &two);
    say(&f, db, &f.missing, NULL, 3);
    ck_assert(wait_until(f.conn, 3, QUIET_MS, "select count(*) from unsent"));
    clock_sleep_ms(1200);
    ck_assert_int_eq(atomic_load(&one.runtime.counters.unsent), 3);
    for (int i = 0; i < 50 && !atomic_load(&two.runtime.counters.relay_is_active); i++) {
        if (atomic_load(&one.runtime.counters.relay_is_active)) {
            end_relay_sessions();
        }
        clock_sleep_ms(300);
    }
    clock_sleep_ms(1200);
    ck_assert(atomic_load(&two.runtime.counters.relay_is_active));
    ck_assert(!atomic_load(&one.runtime.counters.relay_is_active));
    ck_assert_int_eq(atomic_load(&one.runtime.counters.unsent), 0);
    ck_assert_int_eq(atomic_load(&two.runtime.counters.unsent), 3);
    relay_stop(&one);
    relay_stop(&two);
}
END_TEST

/* scripts/server.sh on the private servers. */
static bool server(const char *arguments)
{
    AUTO(free_text)
    char *command = xasprintf("\"$SERVER_SCRIPT\" \"$INSTANCE_DIR\" %s >/dev/null 2>&1", arguments);
    return system(command) == 0;
}

static bool has_private_broker(void)
{
    return getenv("SERVER_SCRIPT") != NULL && getenv("INSTANCE_DIR") != NULL &&
           getenv("RABBITMQ_PID") != NULL;
}

START_TEST(a_nacked_event_waits_in_unsent_and_the_rest_goes_on)
{
    struct heard heard = {0};
    struct fault fault = {0};
    ck_assert(broker_bind(f.broker, f.dlq, f.exchange, f.missing.routing_key, &fault) == OK);
    AUTO(free_text)
    char *policy = xasprintf("rabbitmqctl set_policy --apply-to queues %s '^%s.dlq$' "
                             "'{\"max-length\":20,\"overflow\":\"reject-publish\"}'",
                             f.name, f.name);
    ck_assert(server(policy));
    AUTO(db_close_auto) struct db *db = fixture_db(&f);
    struct relay_thread relay;
    relay_start(&f, &relay);
    for (int i = 0; i < 20;
         i++) { /* a quorum queue takes a few beyond its limit before it says no */
        say(&f, db, &f.missing, NULL, 5);
        say(&f, db, &f.heard, NULL, 1);
        clock_sleep_ms(50);
    }
    hear(f.queue, &heard, 20, QUIET_MS);
    ck_assert_uint_eq(heard.count, 20);
    ck_assert(settles(QUIET_MS));
    ck_assert_int_gt(ask(f.conn, "select count(*) from unsent where reason like '%%nack%%'"), 0);
    struct heard late = {0};
    hear(f.dlq, &late, 100, 20000); /* makes room */
    ck_assert_uint_eq(heard_distinct(&late), 100);
    ck_assert(wait_until(f.conn, 0, QUIET_MS, "select count(*) from unsent"));
    AUTO(free_text) char *clear = xasprintf("rabbitmqctl clear_policy %s", f.name);
    ck_assert(server(clear));
    relay_stop(&relay);
    heard_done(&heard);
    heard_done(&late);
}
END_TEST

START_TEST(a_frozen_broker_is_noticed_within_two_heartbeats)
{
    struct heard heard = {0};
    const char *pid = getenv("RABBITMQ_PID");
    ck_assert_ptr_nonnull(pid);
    pid_t broker = (pid_t)strtol(pid, NULL, 10);
    struct relay_thread relay;
    relay_start(&f, &relay);
    say_many(&f, f.conn, 100);
    hear(f.queue, &heard, 100, QUIET_MS);
    ck_assert_int_eq(kill(broker, SIGSTOP), 0);
    say_many(&f, f.conn, 5000);
    int64_t frozen_ms = clock_monotonic_ms();
    bool is_noticed = broker_becomes(&relay, LINK_DOWN, 10000);
    int64_t noticed_ms = clock_monotonic_ms() - frozen_ms;
    clock_sleep_ms(1500);
    int64_t backlog = atomic_load(&relay.runtime.counters.relay_backlog);
    int64_t lag_ms = atomic_load(&relay.runtime.counters.relay_lag_ms);
    (void)kill(broker, SIGCONT);
    ck_assert(is_noticed);
    ck_assert_msg(noticed_ms <= 2 * 2000 + 1000, "%lld ms", (long long)noticed_ms);
    ck_assert_int_eq(backlog, 5000);
    ck_assert_int_ge(lag_ms, 1500);
    ck_assert(broker_becomes(&relay, LINK_UP, 20000));
    hear(f.queue, &heard, 5100, QUIET_MS);
    ck_assert_uint_eq(heard_distinct(&heard), 5100);
    relay_stop(&relay);
    heard_done(&heard);
}
END_TEST

/* The row is due again after 1 to 2 s, and its confirm comes after 3 s. */
START_TEST(a_slow_confirm_does_not_make_it_read_unsent_twice)
{
    struct heard heard = {0};
    pid_t broker = broker_pid();
    struct relay_thread relay;
    relay_start(&f, &relay);
    say_many(&f, f.conn, 20);
    hear(f.queue, &heard, 20, QUIET_MS);
    ck_assert(settles(QUIET_MS));
    ck_assert_int_eq(kill(broker, SIGSTOP), 0);
    tell(f.conn,
         "insert into unsent (id, seq, reason, due) select id, seq, 'again', now() from outbox");
    clock_sleep_ms(3300);
    (void)kill(broker, SIGCONT);
    ck_assert(wait_until(f.conn, 0, QUIET_MS, "select count(*) from unsent"));
    ck_assert(broker_is(&relay, LINK_UP));
    hear(f.queue, &heard, SIZE_MAX, 1000);
    ck_assert_uint_eq(heard.count, 40);
    relay_stop(&relay);
    heard_done(&heard);
}
END_TEST

static const struct {
    const char *raise, *clear;
    int64_t ms; /* the first one: longer than the lock's session may be silent, and than two
                   heartbeats */
} alarms[] = {
    {"rabbitmqctl set_vm_memory_high_watermark absolute 1MiB",
     "rabbitmqctl set_vm_memory_high_watermark absolute 1024MiB", 8000},
    {"rabbitmqctl set_disk_free_limit 1000000GB", "rabbitmqctl set_disk_free_limit 50MB", 2500},
};

START_TEST(a_blocked_broker_pauses_it_and_it_resumes_by_itself)
{
    struct heard heard = {0};
    struct relay_thread relay;
    relay_start(&f, &relay);
    say_many(&f, f.conn, 10);
    hear(f.queue, &heard, 10, QUIET_MS);
    ck_assert(server(alarms[_i].raise));
    say_many(&f, f.conn, 5000); /* the broker tells a publisher only when it publishes */
    bool is_blocked = becomes(&relay.runtime.counters.relay_is_blocked, true, 10000);
    say_many(&f, f.conn, 2000);
    clock_sleep_ms(alarms[_i].ms);
    bool is_still_active = atomic_load(&relay.runtime.counters.relay_is_active);
    bool is_still_blocked = atomic_load(&relay.runtime.counters.relay_is_blocked);
    int64_t backlog = atomic_load(&relay.runtime.counters.relay_backlog);
    int64_t lag_ms = atomic_load(&relay.runtime.counters.relay_lag_ms);
    ck_assert(server(alarms[_i].clear));
    ck_assert(is_blocked && is_still_active && is_still_blocked);
    ck_assert_int_gt(backlog, 5000);
    ck_assert_int_ge(lag_ms, alarms[_i].ms - 2000);
    ck_assert(becomes(&relay.runtime.counters.relay_is_blocked, false, 10000));
    hear(f.queue, &heard, 7010, QUIET_MS);
    ck_assert_uint_eq(heard_distinct(&heard), 7010);
    ck_assert_uint_eq(heard.count, 7010);
    relay_stop(&relay);
    heard_done(&heard);
}
END_TEST

START_TEST(a_blocked_broker_does_not_keep_it_from_leaving_in_time)
{
    struct heard heard = {0};
    struct relay_thread relay;
    relay_start(&f, &relay);
    say_many(&f, f.conn, 10);
    hear(f.queue, &heard, 10, QUIET_MS);
    ck_assert(server("rabbitmqctl set_vm_memory_high_watermark absolute 1MiB"));
    say_many(&f, f.conn, 100);
    bool is_blocked = becomes(&relay.runtime.counters.relay_is_blocked, true, 10000);
    int64_t start_ms = clock_monotonic_ms();
    relay_stop(&relay);
    int64_t took_ms = clock_monotonic_ms() - start_ms;
    ck_assert(server("rabbitmqctl set_vm_memory_high_watermark absolute 1024MiB"));
    ck_assert(is_blocked);
    ck_assert_msg(took_ms < f.config.drain_ms, "%lld ms", (long long)took_ms);
    relay_start(&f, &relay);
    hear(f.queue, &heard, 110, QUIET_MS);
    ck_assert_uint_eq(heard_distinct(&heard), 110);
    relay_stop(&relay);
    heard_done(&heard);
}
END_TEST

START_TEST(finishes_what_is_in_flight_when_it_stops)
{
    struct heard heard = {0};
    say_many(&f, f.conn, 5000);
    struct relay_thread relay;
    relay_start(&f, &relay);
    while (atomic_load(&relay.runtime.counters.confirmed) < 500) {
        clock_sleep_ms(1);
    }
    relay_stop(&relay);
    uint64_t confirmed = atomic_load(&relay.runtime.counters.confirmed);
    ck_assert_uint_eq(confirmed, atomic_load(&relay.runtime.counters.published));
    ck_assert_int_eq(ask(f.conn, "select high_seq from relay_cursor"), (long long)confirmed);
    relay_start(&f, &relay);
    hear(f.queue, &heard, 5000, QUIET_MS);
    ck_assert_uint_eq(heard_distinct(&heard), 5000);
    ck_assert_uint_eq(heard.count, 5000);
    relay_stop(&relay);
    heard_done(&heard);
}
END_TEST

int main(void)
{
    const char *child = getenv("RELAY_CHILD");
    if (child != NULL) {
        return child_main(child);
    }
    if (!fixture_has_servers()) {
        puts("1..0 # SKIP AMQP_URL and DATABASE_URL name no servers");
        return 0;
    }
    TCase *cases = tcase_create("relay");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_set_timeout(cases, 120);
    tcase_add_test(cases, sends_an_event_with_all_its_properties);
    tcase_add_test(cases, sends_everything_in_the_order_said);
    tcase_add_test(cases, is_woken_by_a_commit_in_its_own_process);
    tcase_add_test(cases, sends_a_dead_letter_as_it_was_stored);
    tcase_add_test(cases, the_largest_list_comes_back_larger_and_leaves_as_a_dead_letter);
    tcase_add_test(cases, is_not_stalled_by_a_long_running_writer);
    tcase_add_test(cases, misses_no_row_of_overlapping_writers);
    tcase_add_test(cases, a_killed_relay_is_replaced_at_once);
    tcase_add_test(cases, a_frozen_relay_is_replaced_and_fenced);
    tcase_add_loop_test(cases, loses_nothing_when_it_dies_anywhere, 0, (int)COUNT_OF(crash_points));
    tcase_add_test(cases, two_relays_at_once_publish_duplicates_at_worst);
    tcase_add_test(cases, a_cursor_moved_by_somebody_else_stops_it);
    tcase_add_loop_test(cases, goes_on_by_number_after_a_restored_dump, 0,
                        (int)COUNT_OF(restorations));
    tcase_add_test(cases, a_dump_restored_elsewhere_loses_no_event);
    tcase_add_test(cases, what_nobody_declares_to_hear_is_counted_and_done);
    tcase_add_test(cases, what_is_put_into_unsent_by_hand_is_sent_without_a_restart);
    tcase_add_test(cases, large_bodies_do_not_fill_the_memory);
    tcase_add_test(cases, a_relay_frozen_in_the_middle_of_a_result_is_replaced);
    tcase_add_test(cases, a_database_that_refuses_costs_neither_the_broker_nor_duplicates);
    tcase_add_test(cases, who_steps_back_tells_nothing_of_the_stream_any_more);
    tcase_add_test(cases, a_returned_event_waits_in_unsent_and_the_rest_goes_on);
    tcase_add_test(cases, finishes_what_is_in_flight_when_it_stops);
    if (has_private_broker()) {
        tcase_add_test(cases, a_nacked_event_waits_in_unsent_and_the_rest_goes_on);
        tcase_add_test(cases, a_frozen_broker_is_noticed_within_two_heartbeats);
        tcase_add_test(cases, a_slow_confirm_does_not_make_it_read_unsent_twice);
        tcase_add_loop_test(cases, a_blocked_broker_pauses_it_and_it_resumes_by_itself, 0,
                            (int)COUNT_OF(alarms));
        tcase_add_test(cases, a_blocked_broker_does_not_keep_it_from_leaving_in_time);
    }

    Suite *suite = suite_create("relay");
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
