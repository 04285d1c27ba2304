/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"

#include "core/broker.h"
#include "core/buffer.h"
#include "core/clock.h"
#include "core/memory.h"
#include "support/process.h"
#include "tools/secret.h"

#include <check.h>
#include <json.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * `quadrille replay` on real servers: the teller's events are kept by the history service, counted
 * by the listener, a projection, and wait in the queue of the scribe, who never runs.
 */

enum { TALES = 90, SUBJECTS = 3, TOOL_MS = 30000 };

static struct hall hall;
static struct listener_process listener;
static PGconn *log_conn, *own_conn; /* of the case: the log and the projection, as their owners */
static struct arena arena;
static struct uuid subjects[SUBJECTS];

/* ---- the company ---- */

static PGconn *connect_to(const char *service)
{
    AUTO(free_text) char *url = hall_database_url(&hall, NULL, service);
    AUTO(free_text) char *role = xasprintf("set role %s_owner", service);
    PGconn *conn = PQconnectdb(url);
    ck_assert_msg(PQstatus(conn) == CONNECTION_OK, "%s", PQerrorMessage(conn));
    PQclear(PQexec(conn, role));
    return conn;
}

static void do_sql(PGconn *conn, const char *sql)
{
    PGresult *result = PQexec(conn, sql);
    ck_assert_msg(PQresultStatus(result) == PGRES_COMMAND_OK ||
                      PQresultStatus(result) == PGRES_TUPLES_OK,
                  "%s: %s", sql, PQerrorMessage(conn));
    PQclear(result);
}

static void start_history(void)
{
    AUTO(free_text) char *amqp_url = hall_amqp_url(&hall, "history");
    AUTO(free_text) char *database_url = hall_database_url(&hall, "history", "history");
    AUTO(free_text) char *keys_url = hall_database_url(&hall, "history_keys", "history_keys");
    AUTO(free_text) char *amqp = xasprintf("AMQP_URL=%s", amqp_url);
    AUTO(free_text) char *database = xasprintf("DATABASE_URL=%s", database_url);
    AUTO(free_text) char *keys = xasprintf("KEYS_DATABASE_URL=%s", keys_url);
    AUTO(free_text) char *log = xasprintf("%s/history.log", hall.stage.folder);
    const char *const argv[] = {getenv("HISTORY_BIN"), NULL};
    (void)process_start(
        argv, (const char *const[]){amqp, database, keys, "SEAL_EVERY=100ms", "WORKERS=1", NULL},
        log);
}

static struct saying tale(size_t subject, int64_t number)
{
    char id[UUID_TEXT_BYTES];
    return (struct saying){
        .service = "teller",
        .name = "TaleTold",
        .routing_key = "teller.tale-told.v2",
        .major = 2,
        .id = ids_new(),
        .subject = subjects[subject],
        .sequence = number,
        .body = arena_printf(
            &arena, "{\"taleId\":\"%s\", \"number\":%lld,\"language\":\"en\",\"more\":1.50}",
            ids_format(&subjects[subject], id), (long long)number),
    };
}

static struct uuid tell_tales(size_t count)
{
    struct saying *sayings = arena_alloc(&arena, count * sizeof *sayings);
    for (size_t i = 0; i < count; i++) {
        sayings[i] = tale(i % SUBJECTS, (int64_t)(i / SUBJECTS) + 1);
    }
    stage_say(&hall.stage, sayings, count, 1);
    return sayings[0].id;
}

static void start_listener(const char *setting)
{
    free(listener.log);
    listener = hall_start(&hall, (const char *const[]){setting, NULL});
}

static void open_company(void)
{
    hall_open(&hall);
    start_history();
    start_listener("WORKERS=1"); /* in order */
    for (size_t i = 0; i < SUBJECTS; i++) {
        subjects[i] = ids_new();
    }
    log_conn = connect_to("history");
    (void)tell_tales(TALES);
    stage_await(log_conn, TALES, "select count(*) from event_log");
    do_sql(log_conn, "select partition_make('event_log', 61, 3)");
    PQfinish(log_conn);
    own_conn = connect_to("listener");
    stage_await(own_conn, TALES, "select count(*) from arrival");
    PQfinish(own_conn);
}

static void close_company(void)
{
    (void)hall_end(&listener, SIGTERM);
    hall_close(&hall);
}

static void begin_case(void)
{
    log_conn = connect_to("history");
    own_conn = connect_to("listener");
}

static void end_case(void)
{
    PQfinish(log_conn);
    PQfinish(own_conn);
    arena_done(&arena);
}

static struct broker *open_broker(void)
{
    AUTO(free_text) char *url = hall_amqp_url(&hall, NULL);
    struct broker *broker = NULL;
    struct fault fault = {0};
    ck_assert_msg(
        broker_open(&(struct broker_options){.url = url, .name = "test"}, &broker, &fault) == OK,
        "%s", fault.text);
    return broker;
}

static void purge(const char *queue)
{
    struct broker *broker = open_broker();
    struct fault fault = {0};
    ck_assert_msg(broker_purge(broker, queue, &fault) == OK, "%s", fault.text);
    broker_close(broker);
}

/* ---- what the log has beside ---- */

/* A row of the log that its service would no longer write: an old one, or one of an old version. */
static void log_add(const struct saying *saying)
{
    AUTO(buffer_done) struct buffer properties = {0};
    char id[UUID_TEXT_BYTES];
    char subject[UUID_TEXT_BYTES];
    stage_encode(saying, &properties);
    AUTO(free_text)
    char *type =
        xasprintf("fit.teller.%s.v%d", saying->name, saying->major > 0 ? saying->major : 1);
    const char *values[] = {ids_format(&saying->id, id),
                            type,
                            saying->routing_key,
                            ids_format(&saying->subject, subject),
                            properties.bytes,
                            saying->body};
    const int lengths[] = {0, 0, 0, 0, (int)properties.length, (int)strlen(saying->body)};
    const int formats[] = {0, 0, 0, 0, 1, 1};
    PGresult *result = PQexecParams(
        log_conn,
        "insert into event_log (id, era, type, service, exchange, routing_key, correlation_id, "
        "subject, sequence, occurred_at, properties, body) values ($1::uuid, 1, $2, 'teller', "
        "'teller.events', $3, $1::uuid, $4::uuid, 1, now(), $5::bytea, $6::bytea)",
        6, NULL, values, lengths, formats, 0);
    ck_assert_msg(PQresultStatus(result) == PGRES_COMMAND_OK, "%s", PQerrorMessage(log_conn));
    PQclear(result);
}

static struct uuid id_of_days_ago(int days)
{
    struct uuid id = ids_new();
    struct uuid floor = ids_floor(clock_now_ms() - (int64_t)days * 24 * 60 * 60 * 1000);
    memcpy(id.bytes, floor.bytes, 6);
    return id;
}

/* ---- the tool ---- */

struct output {
    int code;
    const char *text;
};

static const char *read_log(const char *path)
{
    struct buffer text = {0};
    FILE *file = fopen(path, "re");
    char block[4096];
    size_t length;
    while (file != NULL && (length = fread(block, 1, sizeof block, file)) > 0) {
        buffer_add(&text, block, length);
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    const char *copy = arena_text(&arena, buffer_cstr(&text), text.length);
    buffer_done(&text);
    return copy;
}

static pid_t start_tool(const char *crash, const char *const arguments[], const char **log)
{
    static int runs;
    AUTO(free_text) char *amqp_url = hall_amqp_url(&hall, "operator");
    AUTO(free_text) char *keys_url = hall_database_url(&hall, "history_keys", "history_keys");
    const char *const environment[] = {
        arena_printf(&arena, "DATABASE_PREFIX=%s_", hall.stage.name),
        arena_printf(&arena, "KEYS_DATABASE_URL=%s", keys_url),
        arena_printf(&arena, "AMQP_URL=%s", amqp_url),
        arena_printf(&arena, "XDG_STATE_HOME=%s/state.%d", hall.stage.folder, (int)getpid()),
        crash != NULL ? crash : "CRASH_AT",
        NULL};
    const char *argv[32] = {getenv("QUADRILLE_BIN"), "replay"};
    for (size_t i = 0; arguments[i] != NULL && i + 3 < COUNT_OF(argv); i++) {
        argv[i + 2] = arguments[i];
    }
    *log = arena_printf(&arena, "%s/tool.%d.%d", hall.stage.folder, (int)getpid(), runs++);
    return process_start(argv, environment, *log);
}

static struct output run_tool(const char *const arguments[])
{
    const char *log = NULL;
    pid_t pid = start_tool(NULL, arguments, &log);
    int status = process_wait(pid, TOOL_MS);
    return (struct output){WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_log(log)};
}

#define REPLAY(...) run_tool((const char *const[]){__VA_ARGS__, NULL})

static void check_says(const struct output *output, int code, const char *text)
{
    ck_assert_msg(output->code == code && strstr(output->text, text) != NULL,
                  "ended with %d, not %d, or does not say '%s': %s", output->code, code, text,
                  output->text);
}

static const char *find_run(const struct output *output)
{
    const char *at = strstr(output->text, "run ");
    ck_assert_msg(at != NULL, "no run: %s", output->text);
    return arena_text(&arena, at + 4, UUID_TEXT_BYTES - 1);
}

static long long number_of(const char *json, const char *queue, const char *member)
{
    json_object *plan = json_tokener_parse(json);
    json_object *queues = NULL;
    long long sum = -1;
    ck_assert_msg(json_object_object_get_ex(plan, "queues", &queues), "%s", json);
    for (size_t i = 0; i < json_object_array_length(queues); i++) {
        json_object *cell = json_object_array_get_idx(queues, i);
        json_object *name = NULL;
        json_object *value = NULL;
        if (json_object_object_get_ex(cell, "queue", &name) &&
            strcmp(json_object_get_string(name), queue) == 0 &&
            json_object_object_get_ex(cell, member, &value)) {
            sum = (sum < 0 ? 0 : sum) + json_object_get_int64(value);
        }
    }
    (void)json_object_put(plan);
    return sum;
}

/* ---- what came ---- */

struct got {
    struct uuid id;
    const char *subject, *body, *run, *erased, *upcast_of, *original;
    const char *properties; /* all but the headers of replay, as JSON */
};

static const char *header_of(const struct properties *properties, const char *name)
{
    const struct header *header = properties_find(properties, name);
    return header != NULL && header->text != NULL
               ? arena_text(&arena, header->text, strlen(header->text))
               : NULL;
}

static const char *plain_properties(const void *raw, size_t length)
{
    static const char *const added[] = {"quadrille-replay", "x-original-exchange",
                                        "x-original-routingKey", "x-delivery-count"};
    struct buffer text = {0};
    struct fault fault;
    json_object *headers = NULL;
    ck_assert_int_eq(broker_properties_json(raw, length, &text, &fault), OK);
    json_object *object = json_tokener_parse(buffer_cstr(&text));
    ck_assert(json_object_object_get_ex(object, "headers", &headers));
    for (size_t i = 0; i < COUNT_OF(added); i++) {
        json_object_object_del(headers, added[i]);
    }
    const char *copy =
        arena_printf(&arena, "%s", json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN));
    (void)json_object_put(object);
    buffer_done(&text);
    return copy;
}

/* Takes everything out of a queue. */
static size_t drain(const char *queue, struct got *out, size_t room)
{
    struct broker *broker = open_broker();
    struct fault fault = {0};
    size_t count = 0;
    for (;;) {
        struct delivery delivery;
        bool got = false;
        ck_assert_msg(broker_get(broker, queue, &delivery, &got, &fault) == OK, "%s", fault.text);
        if (!got) {
            break;
        }
        ck_assert_uint_lt(count, room);
        const struct properties *properties = &delivery.properties;
        out[count] = (struct got){
            .subject = header_of(properties, "cloudEvents_subject"),
            .body = arena_text(&arena, delivery.body, delivery.body_length),
            .run = header_of(properties, "quadrille-replay"),
            .erased = header_of(properties, "quadrille-erased"),
            .upcast_of = header_of(properties, "quadrille-upcast-of"),
            .original = header_of(properties, "x-original-exchange"),
            .properties = plain_properties(properties->raw, properties->raw_length),
        };
        ck_assert(ids_parse(properties->message_id, &out[count++].id));
        ck_assert_int_eq(broker_ack(broker, delivery.tag, false, &fault), OK);
        broker_release(broker);
    }
    broker_close(broker);
    return count;
}

/* The log's, in its order. */
static size_t logged(struct got *out, size_t room)
{
    PGresult *rows = PQexecParams(log_conn,
                                  "select id::text::bytea, subject::text::bytea, body, properties "
                                  "from event_log where type = "
                                  "'fit.teller.TaleTold.v2' and id < (select uuid_floor(now() + "
                                  "interval '1 day')) and service "
                                  "<> 'made' order by era, xid, position",
                                  0, NULL, NULL, NULL, NULL, 1);
    ck_assert_msg(PQresultStatus(rows) == PGRES_TUPLES_OK, "%s", PQerrorMessage(log_conn));
    size_t count = (size_t)PQntuples(rows);
    ck_assert_uint_le(count, room);
    for (size_t i = 0; i < count; i++) {
        int row = (int)i;
        ck_assert(ids_parse_n(PQgetvalue(rows, row, 0), UUID_TEXT_BYTES - 1, &out[i].id));
        out[i].subject = arena_text(&arena, PQgetvalue(rows, row, 1), UUID_TEXT_BYTES - 1);
        out[i].body =
            arena_text(&arena, PQgetvalue(rows, row, 2), (size_t)PQgetlength(rows, row, 2));
        out[i].properties =
            plain_properties(PQgetvalue(rows, row, 3), (size_t)PQgetlength(rows, row, 3));
    }
    PQclear(rows);
    return count;
}

static struct got *got_room(size_t count)
{
    return arena_alloc(&arena, count * sizeof(struct got));
}

/* The broker brings headers in an order of its own. */
static bool is_same_json(const char *a, const char *b)
{
    json_object *left = json_tokener_parse(a);
    json_object *right = json_tokener_parse(b);
    bool is_same = json_object_equal(left, right) != 0;
    (void)json_object_put(left);
    (void)json_object_put(right);
    return is_same;
}

static bool has_state(void)
{
    AUTO(free_text) char *path = xasprintf("%s/state.%d", hall.stage.folder, (int)getpid());
    return access(path, F_OK) == 0;
}

/* ---- cases ---- */

START_TEST(a_dry_run_counts_and_changes_nothing)
{
    purge("scribe");
    const struct output plan = REPLAY("--type", "TaleTold", "--json");
    ck_assert_msg(plan.code == 0, "%s", plan.text);
    ck_assert_int_eq(number_of(plan.text, "listener", "messages"), TALES);
    ck_assert_int_eq(number_of(plan.text, "listener", "duplicates"), TALES);
    ck_assert_int_eq(number_of(plan.text, "scribe", "messages"), TALES);
    ck_assert_int_eq(number_of(plan.text, "scribe", "duplicates"), 0);
    ck_assert_int_eq(number_of(plan.text, "history", "duplicates"), TALES);
    ck_assert_int_eq(hall_depth(&hall, "scribe"), 0);
    ck_assert(!has_state());
    const struct output people = REPLAY("--type", "TaleTold", "--to", "listener");
    check_says(&people, 0, "90 messages to queue listener alone");
    check_says(&people, 0, "--yes sends them");
}
END_TEST

START_TEST(one_queue_gets_them_byte_for_byte_in_order_and_nobody_else_does)
{
    purge("scribe");
    const struct output output = REPLAY("--type", "TaleTold", "--to", "scribe", "--yes");
    check_says(&output, 0, "90 sent");
    struct got *wanted = got_room(TALES);
    struct got *got = got_room(TALES);
    ck_assert_uint_eq(logged(wanted, TALES), TALES);
    ck_assert_uint_eq(drain("scribe", got, TALES), TALES);
    for (size_t i = 0; i < TALES; i++) {
        ck_assert_msg(ids_equal(&got[i].id, &wanted[i].id), "%zu is out of order", i);
        ck_assert_str_eq(got[i].body, wanted[i].body);
        ck_assert_msg(is_same_json(got[i].properties, wanted[i].properties), "%s, not %s",
                      got[i].properties, wanted[i].properties);
        ck_assert_str_eq(got[i].run, find_run(&output));
        ck_assert_str_eq(got[i].original, "teller.events");
        ck_assert_ptr_null(got[i].erased);
    }
    ck_assert_int_eq(stage_number(own_conn, "select count(*) from arrival"), TALES);
}
END_TEST

START_TEST(everybody_hears_it_again_and_the_inbox_decides)
{
    purge("scribe");
    const struct output again = REPLAY("--type", "TaleTold", "--yes");
    check_says(&again, 0, "90 sent");
    hall_await_depth(&hall, "scribe", TALES);
    hall_await_depth(&hall, "listener", 0);
    /* One queue: those in front of it are done when this one is. */
    const struct saying after = tale(0, 1000);
    stage_say(&hall.stage, &after, 1, 1);
    stage_await(own_conn, 1, "select count(*) from arrival where number = 1000");
    ck_assert_int_eq(stage_number(own_conn, "select count(*) from arrival"), TALES + 1);
    do_sql(own_conn, "truncate arrival, inbox, tally");
    const struct output anew = REPLAY("--type", "TaleTold", "--yes");
    check_says(&anew, 0, "91 sent");
    stage_await(own_conn, TALES + 1, "select count(*) from arrival");
    ck_assert_int_eq(
        stage_number(own_conn,
                     "select count(*) from (select number, lag(number) over (partition by "
                     "tale_id order by n) as before from arrival) a where before > number"),
        0);
    do_sql(own_conn, "delete from arrival where number = 1000");
    do_sql(log_conn, "delete from event_log where id = (select id from event_log where "
                     "convert_from(body, 'UTF8') like '%\"number\":1000,%')");
}
END_TEST

START_TEST(keeps_to_the_rate)
{
    purge("scribe");
    int64_t since = clock_monotonic_ms();
    const struct output output =
        REPLAY("--type", "TaleTold", "--to", "scribe", "--yes", "--rate", "200/s");
    check_says(&output, 0, "90 sent");
    ck_assert_int_ge(clock_monotonic_ms() - since, 89 * 1000 / 200);
    const struct output rate = REPLAY("--rate", "0/s");
    check_says(&rate, 2, "--rate must be");
    const struct output speed = REPLAY("--speed", "x");
    check_says(&speed, 2, "--speed must be");
}
END_TEST

static size_t distinct(const struct got *got, size_t count)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        bool is_first = true;
        for (size_t j = 0; j < i; j++) {
            is_first = is_first && !ids_equal(&got[i].id, &got[j].id);
        }
        found += is_first;
    }
    return found;
}

START_TEST(goes_on_after_kill_9)
{
    const char *log = NULL;
    purge("scribe");
    pid_t pid = start_tool("CRASH_AT=replay-after-publish",
                           (const char *const[]){"--type", "TaleTold", "--to", "scribe", "--yes",
                                                 "--rate", "500/s", NULL},
                           &log);
    ck_assert(process_was_killed(process_wait(pid, TOOL_MS)));
    const struct output killed = {0, read_log(log)};
    const char *run = find_run(&killed);
    const struct output listed = REPLAY("ls");
    check_says(&listed, 0, run);
    check_says(&listed, 0, "running");
    const struct output output = REPLAY("resume", run);
    check_says(&output, 0, "sent");
    struct got *got = got_room(2UL * TALES);
    size_t count = drain("scribe", got, 2UL * TALES);
    ck_assert_uint_eq(distinct(got, count), TALES);
    const struct output shown = REPLAY("show", run);
    check_says(&shown, 0, "done");
    check_says(&shown, 0, "TaleTold");
    const struct output again = REPLAY("resume", run);
    check_says(&again, 1, "is done");
}
END_TEST

START_TEST(stops_when_it_is_asked_to_and_goes_on_without_a_double)
{
    const char *log = NULL;
    purge("scribe");
    pid_t pid = start_tool(NULL,
                           (const char *const[]){"--type", "TaleTold", "--to", "scribe", "--yes",
                                                 "--rate", "40/s", NULL},
                           &log);
    for (long depth = 0; depth < 5; depth = hall_depth(&hall, "scribe")) {
        ck_assert(process_is_alive(pid));
        clock_sleep_ms(20);
    }
    int status = process_end(pid, SIGINT, TOOL_MS);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 3, "%s", read_log(log));
    const struct output stopped = {3, read_log(log)};
    check_says(&stopped, 3, "goes on there");
    const struct output output = REPLAY("resume", find_run(&stopped));
    check_says(&output, 0, "90 sent");
    struct got *got = got_room(2UL * TALES);
    ck_assert_uint_eq(drain("scribe", got, 2UL * TALES), TALES);
    ck_assert_uint_eq(distinct(got, TALES), TALES);
}
END_TEST

static const char *ids_file(const struct uuid *ids, size_t count)
{
    char text[UUID_TEXT_BYTES];
    const char *path = arena_printf(&arena, "%s/ids.%d", hall.stage.folder, (int)getpid());
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(file, "%s\n", ids_format(&ids[i], text));
    }
    (void)fclose(file);
    return path;
}

START_TEST(refuses_what_the_inbox_can_no_longer_tell_apart)
{
    struct saying old = tale(0, 1);
    old.id = id_of_days_ago(60);
    log_add(&old);
    const char *path = ids_file(&old.id, 1);
    const struct output plan = REPLAY("--ids", path, "--to", "listener");
    check_says(&plan, 0, "older than what the inbox of listener can tell apart");
    const struct output output = REPLAY("--ids", path, "--yes");
    check_says(&output, 1, "nothing to send");
    do_sql(log_conn, "delete from event_log where id < uuid_floor(now() - interval '50 days')");
}
END_TEST

START_TEST(asks_todays_contract_and_upcasts_what_is_older)
{
    char subject[UUID_TEXT_BYTES];
    struct saying wrong = tale(1, 1);
    struct saying older = tale(2, 1);
    purge("scribe");
    (void)ids_format(&older.subject, subject);
    wrong.body = arena_printf(&arena, "{\"taleId\":\"%s\",\"number\":-5,\"language\":\"en\"}",
                              ids_format(&wrong.subject, (char[UUID_TEXT_BYTES]){0}));
    older.major = 1;
    older.routing_key = "teller.tale-told.v1";
    older.body =
        arena_printf(&arena, "{\"taleId\":\"%s\",\"count\":77,\"mood\":\"glad\"}", subject);
    struct saying gone = older;
    gone.id = ids_new();
    gone.name = "TaleForgotten";
    log_add(&wrong);
    log_add(&older);
    log_add(&gone);
    const struct uuid ids[] = {wrong.id, older.id, gone.id};
    const struct output output = REPLAY("--ids", ids_file(ids, 3), "--yes");
    check_says(&output, 3, "1 sent");
    check_says(&output, 3, "contract does not allow it: payload/number");
    check_says(&output, 3, "no contract has it any more");
    stage_await(own_conn, 1, "select count(*) from arrival where number = 77 and edition = 2");
    struct got *got = got_room(2);
    hall_await_depth(&hall, "scribe", 1);
    ck_assert_uint_eq(drain("scribe", got, 2), 1);
    ck_assert_str_eq(got[0].upcast_of, "fit.teller.TaleTold.v1");
    ck_assert_str_eq(got[0].body,
                     arena_printf(&arena,
                                  "{\"taleId\":\"%s\",\"number\":77,\"language\":\"en\","
                                  "\"edition\":2}",
                                  subject));
    do_sql(own_conn, "delete from arrival where number = 77");
    do_sql(log_conn, "delete from event_log where type in ('fit.teller.TaleTold.v1', "
                     "'fit.teller.TaleForgotten.v1') or convert_from(body, 'UTF8') like '%:-5,%'");
}
END_TEST

START_TEST(who_has_been_forgotten_reads_as_erased)
{
    const struct uuid user = ids_new();
    char id[UUID_TEXT_BYTES];
    char text[UUID_TEXT_BYTES];
    (void)ids_format(&user, id);
    struct saying sayings[3] = {tale(0, 0), tale(1, 0), tale(2, 0)};
    for (size_t i = 0; i < 2; i++) {
        sayings[i].name = "SecretTold";
        sayings[i].major = 1;
        sayings[i].routing_key = "teller.secret-told.v1";
        sayings[i].body =
            arena_printf(&arena, "{\"taleId\":\"%s\",\"userId\":\"%s\",\"secret\":\"hush%zu\"%s}",
                         ids_format(&sayings[i].subject, text), id, i,
                         i == 1 ? ",\"mail\":\"ada@example.org\"" : "");
    }
    sayings[2] = (struct saying){
        .service = "teller",
        .name = "UserDeleted",
        .routing_key = "teller.user-deleted.v1",
        .id = ids_new(),
        .subject = user,
        .sequence = 1,
        .body = arena_printf(&arena, "{\"userId\":\"%s\"}", id),
    };
    stage_say(&hall.stage, sayings, 2, 1);
    stage_await(own_conn, 2, "select count(*) from secret");
    stage_await(log_conn, 2, "select count(*) from event_log where person is not null");
    do_sql(own_conn, "truncate secret, inbox");
    const struct output before = REPLAY("--type", "SecretTold", "--to", "listener", "--yes");
    check_says(&before, 0, "2 sent");
    stage_await(own_conn, 2, "select count(*) from secret where said like 'hush_'");
    stage_say(&hall.stage, &sayings[2], 1, 1);
    stage_await(log_conn, 1, "select count(*) from erasure where done_at is not null");
    do_sql(own_conn, "truncate secret, inbox");
    const struct output after = REPLAY("--type", "SecretTold", "--to", "listener", "--yes");
    check_says(&after, 3, "1 sent");
    check_says(&after, 3, "its person has been forgotten");
    check_says(&after, 3, "values read as erased");
    ck_assert_ptr_null(strstr(after.text, "ada@"));
    stage_await(own_conn, 1, "select count(*) from secret where said = '[erased]'");
    ck_assert_int_eq(stage_number(own_conn, "select count(*) from secret"), 1);
}
END_TEST

/* ---- rebuild ---- */

static const char *const fresh_crash[] = {"CRASH_AT=rebuild-before-mark", "CRASH_AT=rebuild-fed",
                                          "CRASH_AT=rebuild-doors-closed",
                                          "CRASH_AT=rebuild-swapped"};

#define REBUILD "rebuild", "listener", "--schema", getenv("LISTENER_SQL"), "--yes"

static PGconn *reconnect(void)
{
    PQfinish(own_conn);
    own_conn = connect_to("listener");
    return own_conn;
}

/* What a projection has that saw everything in the log exactly once. */
static void check_projection(void)
{
    AUTO(free_text)
    char *wanted = stage_text(
        log_conn,
        "select string_agg(tale || ' ' || told || ' ' || sum, ',' order by tale) from (select "
        "subject as tale, count(*) as told, sum((convert_from(body, 'UTF8')::json ->> "
        "'number')::int8) as sum from event_log where type = 'fit.teller.TaleTold.v2' group by 1) "
        "t");
    AUTO(free_text)
    char *found =
        stage_text(own_conn, "select string_agg(tale_id || ' ' || told || ' ' || sum, ',' "
                             "order by tale_id) from tally");
    ck_assert_str_eq(found, wanted);
    ck_assert_int_eq(
        stage_number(own_conn, "select count(*) - count(distinct event_id) from arrival"), 0);
}

static void *tell_for_ever(void *stopping)
{
    long told = 0;
    while (!*(_Atomic bool *)stopping) {
        struct saying sayings[6];
        char bodies[6][160];
        for (size_t i = 0; i < COUNT_OF(sayings); i++) {
            char id[UUID_TEXT_BYTES];
            sayings[i] = (struct saying){.service = "teller",
                                         .name = "TaleTold",
                                         .routing_key = "teller.tale-told.v2",
                                         .major = 2,
                                         .id = ids_new(),
                                         .subject = subjects[i % SUBJECTS],
                                         .sequence = told + 1000,
                                         .body = bodies[i]};
            (void)snprintf(bodies[i], sizeof bodies[i],
                           "{\"taleId\":\"%s\",\"number\":%ld,\"language\":\"de\"}",
                           ids_format(&subjects[i % SUBJECTS], id), told % 1000);
        }
        stage_say(&hall.stage, sayings, COUNT_OF(sayings), 1);
        told += (long)COUNT_OF(sayings);
    }
    return (void *)told; /* NOLINT(performance-no-int-to-ptr) */
}

/* Until the queue is empty, the log has it all, and the projection as well. */
static void await_rest(void)
{
    hall_await_depth(&hall, "history", 0);
    hall_await_depth(&hall, "listener", 0);
    stage_await(reconnect(),
                stage_number(log_conn, "select count(*) from event_log where type = "
                                       "'fit.teller.TaleTold.v2'"),
                "select count(*) from arrival");
}

START_TEST(refuses_to_rebuild_what_acts)
{
    const struct output scribe = REPLAY("rebuild", "scribe");
    check_says(&scribe, 1, "sends events (sayTaleCopied)");
    const struct output history = REPLAY("rebuild", "history");
    check_says(&history, 1, "keeps the history itself");
    const struct output nobody = REPLAY("rebuild", "nobody");
    check_says(&nobody, 2, "no contract knows");
}
END_TEST

START_TEST(a_rebuild_may_be_taken_back)
{
    const char *log = NULL;
    const struct output refused = REPLAY(REBUILD);
    check_says(&refused, 1, "--leave-out when that is right");
    pid_t pid = start_tool("CRASH_AT=rebuild-fed",
                           (const char *const[]){REBUILD, "--leave-out", NULL}, &log);
    ck_assert_msg(process_was_killed(process_wait(pid, TOOL_MS)), "%s", read_log(log));
    ck_assert_int_eq(stage_number(own_conn, "select count(*) from rebuild"), 1);
    for (int64_t until = clock_monotonic_ms() + TOOL_MS;
         !hall_has_logged(&listener, "rebuild.begun");) {
        ck_assert(clock_monotonic_ms() < until);
        clock_sleep_ms(20);
    }
    const struct saying after = tale(0, 500);
    stage_say(&hall.stage, &after, 1, 1);
    hall_await_depth(&hall, "listener", 1); /* it waits */
    const struct output output = REPLAY("rebuild", "listener", "--abort");
    check_says(&output, 0, "goes on as it was");
    stage_await(own_conn, 1, "select count(*) from arrival where number = 500");
    ck_assert_int_eq(stage_number(own_conn, "select count(*) from pg_database where datname like "
                                            "current_database() || '_re%%'"),
                     0);
}
END_TEST

/*
 * Under load, with the tool killed at every step and the service in the middle: the projection ends
 * up as one that saw everything exactly once.
 */
START_TEST(a_rebuild_under_load_loses_and_doubles_nothing)
{
    _Atomic bool stopping = false;
    pthread_t teller;
    void *told = NULL;
    /* What it has is wrong in every way. */
    do_sql(own_conn, "update tally set sum = sum + 7; delete from arrival where number % 2 = 0");
    ck_assert_int_eq(pthread_create(&teller, NULL, tell_for_ever, &stopping), 0);
    for (size_t i = 0; i < COUNT_OF(fresh_crash); i++) {
        const char *log = NULL;
        pid_t pid =
            start_tool(fresh_crash[i], (const char *const[]){REBUILD, "--leave-out", NULL}, &log);
        ck_assert_msg(process_was_killed(process_wait(pid, TOOL_MS)), "%s: %s", fresh_crash[i],
                      read_log(log));
        if (i == 1) {
            (void)hall_end(&listener, SIGKILL);
            start_listener("CRASH_AT=rebuild-after-commit");
            hall_await_kill(&listener);
            start_listener("CRASH_AT");
        }
    }
    const struct output output = REPLAY(REBUILD);
    check_says(&output, 3, "is rebuilt"); /* without the mail of who has been forgotten */
    stopping = true;
    (void)pthread_join(teller, &told);
    ck_assert_int_gt((long)told, 100);
    await_rest();
    check_projection();
    ck_assert_int_eq(stage_number(own_conn, "select count(*) from pg_database where datname like "
                                            "current_database() || '_re%%'"),
                     0);
}
END_TEST

/* The commands of docs/runbook.md's section, one a line: those that are indented. */
static void write_commands(const char *path)
{
    const char *text = read_log(getenv("RUNBOOK"));
    const char *at = strstr(text, "\n## A projection has to be rebuilt\n");
    ck_assert_ptr_nonnull(at);
    const char *end = strstr(at + 1, "\n## ");
    FILE *file = fopen(path, "we");
    ck_assert(file != NULL && end != NULL);
    (void)fprintf(file, "set -ex\nquadrille() { \"$QUADRILLE_BIN\" \"$@\"; }\nSERVICE=listener\n");
    int count = 0;
    for (at = strstr(at, "\n    "); at != NULL && at < end; at = strstr(at + 1, "\n    ")) {
        int length = (int)strcspn(at + 5, "\n");
        (void)fprintf(file, "%.*s\n", length, at + 5);
        count++;
    }
    (void)fclose(file);
    ck_assert_int_eq(count, 4);
}

START_TEST(the_runbook_rebuilds_it)
{
    const char *script = arena_printf(&arena, "%s/commands.sh", hall.stage.folder);
    const char *log = arena_printf(&arena, "%s/commands.log", hall.stage.folder);
    AUTO(free_text) char *keys_url = hall_database_url(&hall, "history_keys", "history_keys");
    const char *const environment[] = {
        arena_printf(&arena, "DATABASE_PREFIX=%s_", hall.stage.name),
        arena_printf(&arena, "KEYS_DATABASE_URL=%s", keys_url),
        arena_printf(&arena, "REBUILD_SCHEMA=%s", getenv("LISTENER_SQL")), NULL};
    do_sql(log_conn, "delete from event_log where person is not null");
    do_sql(own_conn, "truncate inbox, tally");
    write_commands(script);
    int status = process_wait(
        process_start((const char *const[]){"/bin/sh", script, NULL}, environment, log), TOOL_MS);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s", read_log(log));
    await_rest();
    check_projection();
}
END_TEST

int main(void)
{
    if (!stage_has_servers()) {
        (void)puts(HALL_SKIP);
        return 0;
    }
    Suite *suite = suite_create("replay");
    TCase *tcase = tcase_create("replay");
    tcase_set_timeout(tcase, 60);
    tcase_add_unchecked_fixture(tcase, open_company, close_company);
    tcase_add_checked_fixture(tcase, begin_case, end_case);
    tcase_add_test(tcase, a_dry_run_counts_and_changes_nothing);
    tcase_add_test(tcase, one_queue_gets_them_byte_for_byte_in_order_and_nobody_else_does);
    tcase_add_test(tcase, everybody_hears_it_again_and_the_inbox_decides);
    tcase_add_test(tcase, keeps_to_the_rate);
    tcase_add_test(tcase, goes_on_after_kill_9);
    tcase_add_test(tcase, stops_when_it_is_asked_to_and_goes_on_without_a_double);
    tcase_add_test(tcase, refuses_what_the_inbox_can_no_longer_tell_apart);
    tcase_add_test(tcase, asks_todays_contract_and_upcasts_what_is_older);
    tcase_add_test(tcase, who_has_been_forgotten_reads_as_erased);
    tcase_add_test(tcase, refuses_to_rebuild_what_acts);
    tcase_add_test(tcase, a_rebuild_may_be_taken_back);
    tcase_add_test(tcase, a_rebuild_under_load_loses_and_doubles_nothing);
    tcase_add_test(tcase, the_runbook_rebuilds_it);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_set_fork_status(runner, CK_NOFORK); /* cases end and start the listener */
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
