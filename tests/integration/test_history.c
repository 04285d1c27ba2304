/* SPDX-License-Identifier: Apache-2.0 */
#include "stage.h"

#include "core/buffer.h"
#include "core/clock.h"
#include "core/memory.h"
#include "support/process.h"

#include <check.h>
#include <json.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * The real history service: what the others would say is said by hand; what it keeps is read with
 * `quadrille events` and, as nobody else may, in its tables.
 */

static struct stage stage;
static PGconn *conn;   /* the log, as a superuser */
static PGconn *deploy; /* the server */
static PGconn *keys;
static struct arena arena; /* what lives as long as the case */

enum { END_MS = 30000, TOOL_MS = 30000 };

static PGconn *connect_to(const char *database)
{
    AUTO(free_text)
    char *name = database != NULL ? xasprintf("%s_%s", stage.name, database) : xstrdup("postgres");
    AUTO(free_text) char *base = xstrdup(getenv("DATABASE_URL"));
    *(strrchr(base, '/') + 1) = '\0';
    AUTO(free_text) char *url = xasprintf("%s%s", base, name);
    PGconn *opened = PQconnectdb(url);
    ck_assert_msg(PQstatus(opened) == CONNECTION_OK, "%s", PQerrorMessage(opened));
    return opened;
}

static void begin_case(void)
{
    conn = connect_to("history");
    keys = connect_to("history_keys");
    PQclear(PQexec(conn, "set role history_owner; set client_min_messages = warning"));
    PQclear(PQexec(keys, "set role history_keys_owner"));
    deploy = connect_to(NULL);
}

static void end_case(void)
{
    PQfinish(conn);
    PQfinish(keys);
    PQfinish(deploy);
    arena_done(&arena);
}

static void do_sql(PGconn *at, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void do_sql(PGconn *at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *sql = NULL;
    ck_assert_int_ge(vasprintf(&sql, format, args), 0);
    va_end(args);
    PGresult *result = PQexec(at, sql);
    ck_assert_msg(PQresultStatus(result) == PGRES_COMMAND_OK ||
                      PQresultStatus(result) == PGRES_TUPLES_OK,
                  "%s: %s", sql, PQerrorMessage(at));
    PQclear(result);
    free(sql);
}

/* ---- the service ---- */

static char *setting(const char *name, char *url)
{
    char *text = arena_printf(&arena, "%s=%s", name, url);
    free(url);
    return text;
}

static char *amqp_setting(void)
{
    AUTO(free_text) char *url = company_amqp_url("history");
    const char *authority = strstr(url, "://") + 3;
    return setting(
        "AMQP_URL",
        xasprintf("%.*s/%s", (int)(authority + strcspn(authority, "/") - url), url, stage.name));
}

static void start(const char *one, const char *another)
{
    AUTO(free_text) char *log = xasprintf("%s_history", stage.name);
    AUTO(free_text) char *vault = xasprintf("%s_history_keys", stage.name);
    const char *const extra[] = {
        amqp_setting(),
        setting("DATABASE_URL", company_database_url("history", log)),
        setting("KEYS_DATABASE_URL", company_database_url("history_keys", vault)),
        one != NULL ? one : another,
        one != NULL ? another : NULL,
        NULL};
    company_start_one(stage.company, "history", extra);
}

static void restart(const char *one, const char *another)
{
    if (company_is_alive(stage.company, "history")) {
        ck_assert_int_eq(company_signal(stage.company, "history", SIGTERM), 0);
    }
    start(one, another);
    company_await_ready(stage.company, "history");
}

/* ---- the tool ---- */

struct output {
    int code;
    const char *text;
};

static struct output run_tool(const char *crash, bool has_keys, const char *const arguments[])
{
    static int runs;
    const char *log = arena_printf(&arena, "%s/tool.%d", stage.folder, runs++);
    AUTO(free_text) char *vault = xasprintf("%s_history_keys", stage.name);
    const char *const environment[] = {
        arena_printf(&arena, "DATABASE_PREFIX=%s_", stage.name),
        has_keys ? setting("KEYS_DATABASE_URL", company_database_url("history_keys", vault))
                 : "KEYS_DATABASE_URL",
        setting("AMQP_URL", xasprintf("%s", strchr(amqp_setting(), '=') + 1)),
        crash != NULL ? crash : "CRASH_AT", NULL};
    const char *argv[24] = {
        arena_printf(&arena, "%s/src/tools/quadrille", company_build(stage.company)), "events"};
    for (size_t i = 0; arguments[i] != NULL; i++) {
        argv[i + 2] = arguments[i];
    }
    int status = process_wait(process_start(argv, environment, log), TOOL_MS);
    struct buffer text = {0};
    FILE *file = fopen(log, "re");
    char block[4096];
    size_t length = 0;
    ck_assert_ptr_nonnull(file);
    while ((length = fread(block, 1, sizeof block, file)) > 0) {
        buffer_add(&text, block, length);
    }
    (void)fclose(file);
    struct output output = {.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
                            .text = arena_text(&arena, buffer_cstr(&text), text.length)};
    buffer_done(&text);
    return output;
}

#define TOOL(...) run_tool(NULL, true, (const char *const[]){__VA_ARGS__, NULL})

static struct json_object *show(const char *id, bool has_keys)
{
    struct output output =
        run_tool(NULL, has_keys, (const char *const[]){"show", id, "--json", NULL});
    ck_assert_msg(output.code == 0, "%s", output.text);
    struct json_object *root = json_tokener_parse(output.text);
    ck_assert_ptr_nonnull(root);
    return root;
}

static const char *event_text(struct json_object *root, const char *member)
{
    return json_object_get_string(
        json_object_object_get(json_object_object_get(root, "event"), member));
}

static size_t count_lines(const char *text, const char *with)
{
    size_t count = 0;
    for (const char *at = strstr(text, with); at != NULL; at = strstr(at + 1, with)) {
        count++;
    }
    return count;
}

/* ---- what is said ---- */

struct user {
    struct uuid id;
    char text[UUID_TEXT_BYTES];
    const char *name, *email;
};

static struct user make_user(void)
{
    struct user user = {.id = ids_new()};
    (void)ids_format(&user.id, user.text);
    user.name = arena_printf(&arena, "Ada-%s", user.text + 24);
    user.email = arena_printf(&arena, "ada.%s@example.org", user.text + 24);
    return user;
}

static struct saying say_of(const struct user *user, const char *name, const char *routing_key,
                            const char *body)
{
    return (struct saying){.service = "profile",
                           .name = name,
                           .routing_key = routing_key,
                           .id = ids_new(),
                           .subject = user->id,
                           .sequence = 1,
                           .body = body};
}

#define NOW "\"2026-11-23T07:06:00.200Z\""

static struct saying registered(const struct user *user)
{
    return say_of(user, "UserRegistered", "profile.user-registered.v1",
                  arena_printf(&arena,
                               "{\"userId\":\"%s\",\"name\":\"%s\",\"email\":\"%s\","
                               "\"registeredAt\":" NOW "}",
                               user->text, user->name, user->email));
}

static struct saying deleted(const struct user *user)
{
    return say_of(user, "UserDeleted", "profile.user-deleted.v1",
                  arena_printf(&arena, "{\"userId\":\"%s\",\"deletedAt\":" NOW "}", user->text));
}

static const char *id_of(const struct saying *saying)
{
    char text[UUID_TEXT_BYTES];
    return arena_printf(&arena, "%s", ids_format(&saying->id, text));
}

static void await_recorded(const struct saying *saying)
{
    stage_await(conn, 1, "select count(*) from event_log where id = '%s'", id_of(saying));
}

static void say_one(const struct saying *saying)
{
    stage_say(&stage, saying, 1, 1);
    await_recorded(saying);
}

static void await_sealed(void)
{
    stage_await(conn, 0,
                "select count(*) from event_log l, chain_head h"
                " where (l.era, l.xid, l.position) > (h.era, h.xid, h.position)");
}

static void expect_verified(void)
{
    await_sealed();
    struct output output = TOOL("verify");
    ck_assert_msg(output.code == 0, "%s", output.text);
}

/* ---- bodies ---- */

/* %1$s the user's id. */
static const char *const bodies[] = {
    "{\"userId\":\"%1$s\",\"name\":\"Ada\",\"email\":\"a@b.example\",\"registeredAt\":" NOW "}",
    " {\r\n\t\"registeredAt\" : " NOW ",  \"email\": \"a@b.example\" ,\"name\":\"\\u0041da\",\n"
    "\"userId\":\"%1$s\" }\n",
    "{\"name\":\"Zo\xc3\xab \\\"\\\\\\/\\u0111 \xf0\x9f\x98\x80\",\"userId\":\"%1$s\",\"email\":"
    "\"a@b.example\",\"registeredAt\":" NOW ",\"nick\":{\"a\":[1.0,2e3,null]},\"x\":-0.10}",
    "{\"\\u006eame\":\"A\",\"userId\":\"%1$s\",\"email\":\"a@b.example\",\"registeredAt\":" NOW "}",
};

START_TEST(a_body_comes_back_byte_for_byte_and_lies_there_without_its_values)
{
    struct user user = make_user();
    struct saying saying = registered(&user);
    struct buffer body = {0};
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    buffer_printf(&body, bodies[_i], user.text);
#pragma GCC diagnostic pop
    saying.body = buffer_cstr(&body);
    say_one(&saying);

    struct json_object *root = show(id_of(&saying), true);
    ck_assert_str_eq(event_text(root, "body"), saying.body);
    ck_assert_str_eq(event_text(root, "personal"), "opened");
    ck_assert_str_eq(event_text(root, "type"), "fit.profile.UserRegistered.v1");
    ck_assert_str_eq(event_text(root, "person"), user.text);
    (void)json_object_put(root);
    root = show(id_of(&saying), false);
    ck_assert_str_eq(event_text(root, "personal"), "sealed");
    ck_assert_ptr_null(strstr(event_text(root, "body"), "b.example"));
    (void)json_object_put(root);
    ck_assert_int_eq(
        stage_number(conn,
                     "select position('\\x622e6578616d706c65'::bytea in body)" /* b.example */
                     " + position('\\x622e6578616d706c65'::bytea in sealed)"
                     " from event_log where id = '%s'",
                     id_of(&saying)),
        0);
    buffer_done(&body);
}
END_TEST

START_TEST(properties_come_back_byte_for_byte)
{
    struct user user = make_user();
    struct saying saying = registered(&user);
    saying.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    say_one(&saying);
    struct json_object *root = show(id_of(&saying), true);
    struct json_object *properties =
        json_object_object_get(json_object_object_get(root, "event"), "properties");
    struct json_object *headers = json_object_object_get(properties, "headers");
    ck_assert_str_eq(json_object_get_string(json_object_object_get(headers, "traceparent")),
                     saying.traceparent);
    ck_assert_str_eq(json_object_get_string(json_object_object_get(properties, "user_id")),
                     "profile");
    ck_assert_int_eq(json_object_object_length(headers), 9);
    (void)json_object_put(root);
}
END_TEST

START_TEST(duplicates_give_one_row)
{
    struct saying sayings[20];
    struct user user = make_user();
    for (size_t i = 0; i < COUNT_OF(sayings); i++) {
        sayings[i] = registered(&user);
    }
    stage_say(&stage, sayings, COUNT_OF(sayings), 3);
    stage_await(conn, COUNT_OF(sayings), "select count(*) from event_log where subject = '%s'",
                user.text);
    restart(NULL, NULL);
    stage_say(&stage, sayings, COUNT_OF(sayings), 1);
    struct user last = make_user();
    struct saying end = registered(&last);
    say_one(&end);
    ck_assert_int_eq(
        stage_number(conn, "select count(*) from event_log where subject = '%s'", user.text),
        COUNT_OF(sayings));
    ck_assert_int_eq(
        stage_number(keys, "select count(*) from person_key where person = '%s'", user.text), 1);
    ck_assert_int_eq(stage_number(conn, "select count(*) from outbox"), 0);
}
END_TEST

/* ---- forgetting ---- */

/* Every value of every column of every table, as text and as bytes. */
static void expect_nowhere(const char *value)
{
    AUTO(free_text)
    char *found = stage_text(conn,
                             "select string_agg(place, ', ') from ("
                             " select c.relname || '.' || a.attname as place,"
                             "  query_to_xml(format('select count(*) as n from public.%%I t where "
                             "position(%%L in t.%%I::text) > 0"
                             "   or position(encode(%%L::bytea, ''hex'') in t.%%I::text) > 0', "
                             "c.relname, '%1$s', a.attname,"
                             "   '%1$s', a.attname), true, true, '')::text as hits"
                             " from pg_class c join pg_attribute a on a.attrelid = c.oid"
                             " where c.relnamespace = 'public'::regnamespace and c.relkind in "
                             "('r', 'p') and a.attnum > 0"
                             "   and not a.attisdropped) t where hits !~ '<n>0</n>'",
                             value);
    ck_assert_msg(found[0] == '\0', "\"%s\" stands in %s", value, found);
}

START_TEST(the_search_for_values_finds_them)
{
    struct user user = make_user();
    struct saying saying = registered(&user);
    say_one(&saying);
    /* Not personal, so it is there: in a text column and within bytes. */
    ck_assert_int_ge(stage_number(conn,
                                  "select count(*) from event_log where"
                                  " position(encode('%s'::bytea, 'hex') in body::text) > 0",
                                  user.text),
                     1);
}
END_TEST

START_TEST(after_user_deleted_nothing_personal_can_be_read)
{
    struct user user = make_user();
    struct saying first = registered(&user);
    say_one(&first);
    /* A body that breaks the contract dies, a version that nobody knows is parked: as they came. */
    struct saying wrong = registered(&user);
    wrong.body = arena_printf(&arena, "{\"userId\":\"%s\",\"name\":\"%s\",\"email\":7}", user.text,
                              user.name);
    stage_say(&stage, &wrong, 1, 1);
    stage_await(conn, 1, "select count(*) from outbox where cause_id = '%s'", id_of(&wrong));
    do_sql(conn,
           "insert into retry (id, queue, type, attempts, due, first_failed_at, last_failed_at,"
           " reason, exchange, routing_key, properties, body) select '%s', 'history', type, 1,"
           " now() + interval '1 hour', now(), now(), '', exchange, routing_key, properties,"
           " '%s'::text::bytea from event_log where id = '%s'",
           "01938f5e-2b7c-7a31-9c54-0d6f1e2a3b4c",
           arena_printf(&arena, "{\"userId\":\"%s\",\"name\":\"%s\"}", user.text, user.name),
           id_of(&first));

    struct saying goodbye = deleted(&user);
    say_one(&goodbye);
    stage_await(conn, 1, "select count(done_at) from erasure where person = '%s'", user.text);
    ck_assert_int_eq(stage_number(keys,
                                  "select count(*) from person_key where person = '%s'"
                                  " and key is null and erased_at is not null",
                                  user.text),
                     1);
    struct saying late = registered(&user);
    restart(NULL, NULL); /* and no worker remembers the key */
    say_one(&late);
    ck_assert_int_eq(
        stage_number(conn, "select count(sealed) from event_log where id = '%s'", id_of(&late)), 0);
    stage_await(conn, 0, "select count(*) from outbox where body <> ''");
    stage_await(conn, 0, "select count(*) from retry");
    expect_nowhere(user.name);
    expect_nowhere(user.email);

    const struct saying *const all[] = {&first, &late};
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        struct json_object *root = show(id_of(all[i]), true);
        AUTO(free_text)
        char *wanted = xasprintf("{\"userId\":\"%s\",\"name\":\"[erased]\",\"email\":\"[erased]\","
                                 "\"registeredAt\":" NOW "}",
                                 user.text);
        ck_assert_str_eq(event_text(root, "body"), wanted);
        ck_assert_str_eq(event_text(root, "personal"), "erased");
        (void)json_object_put(root);
    }
    await_sealed();
    struct output output = TOOL("export", "--subject", user.text);
    ck_assert_int_eq(output.code, 0);
    ck_assert_uint_eq(count_lines(output.text, "[erased]"), 4);
    ck_assert_ptr_null(strstr(output.text, user.name));
    expect_verified();
}
END_TEST

START_TEST(a_restored_backup_of_the_keys_forgets_again)
{
    struct user user = make_user();
    struct saying first = registered(&user);
    say_one(&first);
    AUTO(free_text)
    char *key = stage_text(keys, "select key from person_key where person = '%s'", user.text);
    struct saying goodbye = deleted(&user);
    say_one(&goodbye);
    stage_await(conn, 1, "select count(done_at) from erasure where person = '%s'", user.text);
    do_sql(keys, "update person_key set key = '%s', erased_at = null where person = '%s'", key,
           user.text);
    restart(NULL, NULL);
    stage_await(keys, 0, "select count(key) from person_key where person = '%s'", user.text);
}
END_TEST

START_TEST(the_keys_are_nobody_elses)
{
    static const char *const others[] = {"audit", "history"};
    AUTO(free_text) char *name = xasprintf("%s_history_keys", stage.name);
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        AUTO(free_text) char *url = company_database_url(others[i], name);
        const char *role = strcmp(others[i], "audit") == 0 ? "quadrille_audit" : others[i];
        ck_assert_int_eq(stage_number(deploy,
                                      "select has_database_privilege('%s', '%s', 'connect')::int",
                                      role, name),
                         0);
        PGconn *other = PQconnectdb(url);
        ck_assert_int_eq(PQstatus(other), CONNECTION_BAD);
        PQfinish(other);
    }
}
END_TEST

START_TEST(without_the_keys_nothing_is_recorded_parked_or_dead_and_nothing_is_lost)
{
    struct user user = make_user();
    struct saying saying = registered(&user);
    do_sql(deploy, "alter database \"%s_history_keys\" allow_connections false", stage.name);
    AUTO(free_text) char *own_url = company_database_url("history_keys", "postgres");
    PGconn *own = PQconnectdb(own_url); /* may end sessions of its own account */
    do_sql(own,
           "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()"
           " and usename = 'history_keys' and datname = '%s_history_keys'",
           stage.name);
    PQfinish(own);
    AUTO(free_text)
    char *waiting =
        xasprintf("grep -q 'database of the keys' '%s/history.log'", company_folder(stage.company));
    stage_say(&stage, &saying, 1, 1);
    int64_t until = clock_monotonic_ms() + END_MS;
    while (system(waiting) != 0) {
        ck_assert_msg(clock_monotonic_ms() < until, "nobody misses the keys");
        clock_sleep_ms(50);
    }
    ck_assert_int_eq(
        stage_number(conn, "select count(*) from event_log where id = '%s'", id_of(&saying)), 0);
    ck_assert_int_eq(stage_number(conn,
                                  "select (select count(*) from retry) + (select count(*) from "
                                  "outbox where cause_id = '%s')",
                                  id_of(&saying)),
                     0);
    do_sql(deploy, "alter database \"%s_history_keys\" allow_connections true", stage.name);
    await_recorded(&saying);
    PQreset(keys);
}
END_TEST

/* ---- the chain ---- */

/* What somebody with all rights does to the row %1$s, what verify says of it, and how it is undone.
 */
static const struct {
    const char *deed, *finding, *undo;
} deeds[] = {
    {"update event_log set body = overlay(body placing '\\x39' from 20 for 1) where id = '%1$s'",
     "changed", "update event_log l set body = k.body from kept k where k.id = l.id"},
    {"update event_log set type = type || 'x' where id = '%1$s'", "changed",
     "update event_log l set type = k.type from kept k where k.id = l.id"},
    {"update event_log set sealed = null where id = '%1$s'", "changed",
     "update event_log l set sealed = k.sealed from kept k where k.id = l.id"},
    {"update event_log set recorded_at = recorded_at + interval '1 microsecond' where id = '%1$s'",
     "changed", "update event_log l set recorded_at = k.recorded_at from kept k where k.id = l.id"},
    {"delete from event_log where id = '%1$s'", "removed",
     "insert into event_log overriding system value select * from kept"},
    {"update kept set id = '%1$s';"
     " insert into event_log overriding system value select * from kept",
     "added", "delete from event_log where id = '%1$s'"},
};

START_TEST(the_chain_names_what_was_changed_removed_or_added)
{
    struct user user = make_user();
    struct saying saying = registered(&user);
    struct saying strange = registered(&user);
    say_one(&saying);
    expect_verified();
    bool is_added = strcmp(deeds[_i].finding, "added") == 0;
    const char *id = is_added ? id_of(&strange) : id_of(&saying);
    do_sql(
        conn,
        "drop table if exists kept; create table kept as select * from event_log where id = '%s'",
        id_of(&saying));
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    do_sql(conn, deeds[_i].deed, id);
    struct output output = TOOL("verify");
    AUTO(free_text) char *wanted = xasprintf("%-8s %s", deeds[_i].finding, id);
    ck_assert_int_eq(output.code, 1);
    ck_assert_msg(strstr(output.text, wanted) != NULL, "no \"%s\" in %s", wanted, output.text);
    ck_assert_uint_eq(count_lines(output.text, "(block "), 1);
    do_sql(conn, deeds[_i].undo, id);
#pragma GCC diagnostic pop
    do_sql(conn, "drop table kept");
    expect_verified();
}
END_TEST

static const struct {
    const char *deed, *says;
} chain_deeds[] = {
    {"update chain_block set entries = overlay(entries placing '\\xffff' from 40) where number = "
     "%d",
     "its list of rows was changed"},
    {"update chain_block set hash = decode(repeat('ab', 32), 'hex') where number = %d",
     "the block before it is another one"},
    {"delete from chain_block where number = %d", "blocks before it are missing"},
    {"update chain_head set hash = decode(repeat('ab', 32), 'hex')",
     "the chain's head has another hash"},
};

START_TEST(a_changed_chain_does_not_verify)
{
    struct user user = make_user();
    for (int i = 0; i < 3; i++) {
        struct saying saying = registered(&user);
        say_one(&saying);
        await_sealed();
    }
    ck_assert_int_eq(company_signal(stage.company, "history", SIGTERM), 0);
    int number = (int)stage_number(conn, "select number - 1 from chain_head");
    do_sql(conn, "drop table if exists kept_block, kept_head;"
                 "create table kept_block as select * from chain_block;"
                 "create table kept_head as select * from chain_head");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    do_sql(conn, chain_deeds[_i].deed, number);
#pragma GCC diagnostic pop
    struct output output = TOOL("verify");
    ck_assert_int_eq(output.code, 1);
    ck_assert_msg(strstr(output.text, chain_deeds[_i].says) != NULL, "%s", output.text);
    do_sql(conn,
           "truncate chain_block, chain_head; insert into chain_block select * from kept_block;"
           "insert into chain_head select * from kept_head; drop table kept_block, kept_head");
    start("SEAL_EVERY=50ms", NULL);
    expect_verified();
}
END_TEST

START_TEST(a_chain_that_was_rewritten_is_found_by_a_head_that_was_written_down)
{
    struct user user = make_user();
    struct saying saying = registered(&user);
    say_one(&saying);
    await_sealed();
    const char *head = strstr(TOOL("verify").text, "; head ") + strlen("; head ");
    AUTO(free_text) char *kept = xstrndup(head, strcspn(head, "\n"));
    struct output output = TOOL("verify", "--head", kept);
    ck_assert_msg(output.code == 0, "%s", output.text);
    AUTO(free_text) char *wrong = xstrdup(kept);
    char *digit = wrong + strlen(wrong) - 1;
    *digit = *digit == '0' ? '1' : '0';
    ck_assert_int_eq(TOOL("verify", "--head", wrong).code, 1);
    ck_assert_int_eq(TOOL("verify", "--head", "7").code, 2);
}
END_TEST

START_TEST(after_a_restore_elsewhere_a_new_era_begins_and_the_chain_goes_on)
{
    struct user user = make_user();
    struct saying before = registered(&user);
    struct saying after = registered(&user);
    say_one(&before);
    await_sealed();
    long long era = stage_number(conn, "select max(era) from log_era");
    /* Transaction ids of a cluster that was further ahead. */
    do_sql(conn, "update log_era set system_identifier = 1");
    say_one(&after);
    ck_assert_int_eq(stage_number(conn, "select era from event_log where id = '%s'", id_of(&after)),
                     era + 1);
    ck_assert_int_eq(stage_number(conn, "select max(era) from log_era"), era + 1);
    expect_verified();
    struct output output = TOOL("export", "--subject", user.text);
    const char *first = strstr(output.text, id_of(&before));
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_nonnull(strstr(first, id_of(&after)));
    do_sql(conn, "update log_era set system_identifier = (select system_identifier from "
                 "pg_control_system())");
}
END_TEST

START_TEST(days_that_have_expired_go_and_the_rest_verifies)
{
    struct user user = make_user();
    struct saying saying = registered(&user);
    say_one(&saying);
    await_sealed(); /* the next block has nothing but what comes now */
    /* As if it had been recorded nine days ago. */
    do_sql(conn,
           "select partition_make('event_log', 9, 0);"
           "insert into event_log (id, era, type, service, exchange, routing_key, correlation_id,"
           " occurred_at, properties, body) select uuid_floor(now() - interval '9 days'),"
           " (select max(era) from log_era), type,"
           " service, exchange, routing_key, correlation_id, occurred_at, properties, body"
           " from event_log where id = '%s'",
           id_of(&saying));
    expect_verified();
    long long blocks = stage_number(conn, "select cut_number from chain_head");
    restart("INBOX_DAYS=8", "LOG_DAYS=8");
    stage_await(conn, 0,
                "select count(*) from event_log where id < uuid_floor(now() - interval '8 days')");
    stage_await(conn, 0,
                "select count(*) from pg_class where relname = 'event_log' ||"
                " to_char((now() at time zone 'UTC')::date - 9, '\"_\"YYYYMMDD')");
    struct output output = TOOL("verify", "--json");
    ck_assert_msg(output.code == 0, "%s", output.text);
    /* Its block speaks of it alone; it is not the first one, so it stays as a link. */
    ck_assert_int_eq(stage_number(conn, "select count(*) from chain_block where entries is null"),
                     1);
    ck_assert_int_eq(stage_number(conn, "select cut_number from chain_head"), blocks);
    /* Where all before it are gone too, the chain begins later, and still fits. */
    do_sql(conn, "create table kept as select number, era, xid, position from chain_block"
                 " where entries is null;"
                 "update chain_block b set entries = null, newest = uuid_floor('2020-01-01')"
                 " from kept k where b.number < k.number;"
                 "delete from event_log l using kept k"
                 " where (l.era, l.xid, l.position) <= (k.era, k.xid, k.position)");
    ck_assert_int_ge(stage_number(conn, "select chain_trim()"), 1);
    ck_assert_int_eq(stage_number(conn, "select h.cut_number - k.number from chain_head h, kept k"),
                     0);
    do_sql(conn, "drop table kept");
    expect_verified();
    restart("SEAL_EVERY=50ms", NULL);
}
END_TEST

/* ---- crashes ---- */

static const char *const crashes[] = {
    "CRASH_AT=history-after-keys",         "CRASH_AT=consumer-before-commit",
    "CRASH_AT=consumer-after-commit",      "CRASH_AT=history-before-seal",
    "CRASH_AT=history-after-keys:3:abort",
};

START_TEST(a_kill_loses_and_doubles_nothing)
{
    struct saying sayings[60];
    struct user user = make_user();
    for (size_t i = 0; i < COUNT_OF(sayings); i++) {
        sayings[i] = registered(&user);
    }
    ck_assert_int_eq(company_signal(stage.company, "history", SIGTERM), 0);
    start(crashes[_i], "BATCH=10");
    stage_say(&stage, sayings, COUNT_OF(sayings), 1);
    int status = company_await_end(stage.company, "history", END_MS);
    ck_assert_msg(status != -1 && !(WIFEXITED(status) && WEXITSTATUS(status) == 0),
                  "it was not killed: %d", status);
    start("SEAL_EVERY=50ms", NULL);
    stage_await(conn, COUNT_OF(sayings), "select count(*) from event_log where subject = '%s'",
                user.text);
    company_await_ready(stage.company, "history");
    ck_assert_int_eq(stage_number(conn,
                                  "select (select count(*) from inbox) - (select count(*) from "
                                  "event_log where id >= (select id from inbox order by id limit 1)"
                                  " and id in (select id from inbox))"),
                     0);
    expect_verified();
}
END_TEST

static const char *const erasure_crashes[] = {"CRASH_AT=history-before-erasure",
                                              "CRASH_AT=history-after-erasure"};

START_TEST(a_kill_during_an_erasure_only_delays_it)
{
    struct user user = make_user();
    struct saying first = registered(&user);
    struct saying goodbye = deleted(&user);
    say_one(&first);
    do_sql(conn, "delete from erasure"); /* else the first look does those of other cases again */
    ck_assert_int_eq(company_signal(stage.company, "history", SIGTERM), 0);
    start(erasure_crashes[_i], NULL);
    stage_say(&stage, &goodbye, 1, 1);
    int status = company_await_end(stage.company, "history", END_MS);
    ck_assert(process_was_killed(status));
    start("SEAL_EVERY=50ms", NULL);
    stage_await(conn, 1, "select count(done_at) from erasure where person = '%s'", user.text);
    ck_assert_int_eq(
        stage_number(keys, "select count(key) from person_key where person = '%s'", user.text), 0);
    company_await_ready(stage.company, "history");
}
END_TEST

/* ---- the tool ---- */

START_TEST(filters_choose)
{
    struct user user = make_user();
    struct user other = make_user();
    struct saying first = registered(&user);
    struct saying second = registered(&other);
    first.story = ids_new();
    struct saying goal =
        say_of(&user, "FitnessGoalSet", "profile.fitness-goal-set.v1",
               arena_printf(
                   &arena,
                   "{\"userId\":\"%s\",\"goal\":\"build_muscle\",\"level\":\"beginner\","
                   "\"daysPerWeek\":3,\"equipment\":[],\"targetWeightG\":72000,\"setAt\":" NOW "}",
                   user.text));
    say_one(&first);
    say_one(&second);
    say_one(&goal);
    char story[UUID_TEXT_BYTES];
    (void)ids_format(&first.story, story);
    const struct {
        const char *option, *value;
        size_t first, second, goal;
    } cases[] = {
        {"--subject", user.text, 1, 0, 1},
        {"--correlation", story, 1, 0, 0},
        {"--type", "FitnessGoalSet", 0, 0, 1},
        {"--type", "fit.profile.UserRegistered.v1", 1, 1, 0},
        {"--type", "Registered", 0, 0, 0},
        {"--service", "profile", 1, 1, 1},
        {"--service", "billing", 0, 0, 0},
        {"--since", "1h", 1, 1, 1},
        {"--until", "2026-01-01", 0, 0, 0},
        {"--pointer", "/targetWeightG=72000", 0, 0, 1},
        {"--pointer", "/daysPerWeek=3", 0, 0, 1},
        {"--pointer", "/daysPerWeek=4", 0, 0, 0},
        {"--pointer", arena_printf(&arena, "/email=%s", other.email), 0, 1, 0},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct output output = TOOL("ls", "--limit", "1000", cases[i].option, cases[i].value);
        ck_assert_int_eq(output.code, 0);
        const struct {
            const struct saying *saying;
            size_t wanted;
        } all[] = {{&first, cases[i].first}, {&second, cases[i].second}, {&goal, cases[i].goal}};
        for (size_t j = 0; j < COUNT_OF(all); j++) {
            ck_assert_msg(count_lines(output.text, id_of(all[j].saying)) == all[j].wanted,
                          "%s %s: event %zu", cases[i].option, cases[i].value, j);
        }
    }
    /* Newest last, a page at a time. */
    struct output output = TOOL("ls", "--limit", "1", "--subject", user.text);
    ck_assert_ptr_nonnull(strstr(output.text, id_of(&goal)));
    ck_assert_ptr_null(strstr(output.text, id_of(&first)));
    const char *before = strstr(output.text, "--before ");
    ck_assert_ptr_nonnull(before);
    AUTO(free_text)
    char *position = xstrndup(before + strlen("--before "), strcspn(before + 9, "\n"));
    output = TOOL("ls", "--limit", "1", "--subject", user.text, "--before", position);
    ck_assert_ptr_nonnull(strstr(output.text, id_of(&first)));
    ck_assert_int_eq(TOOL("ls", "--subject", "x").code, 2);
    ck_assert_int_eq(TOOL("ls", "--since", "yesterday").code, 2);
    ck_assert_int_eq(TOOL("show", "01938f5e-2b7c-7a31-9c54-0d6f1e2a3b4d").code, 1);
}
END_TEST

START_TEST(an_export_that_was_killed_goes_on_without_gap_or_double)
{
    enum { EVENTS = 150 };
    struct saying sayings[EVENTS];
    struct user user = make_user();
    for (size_t i = 0; i < EVENTS; i++) {
        sayings[i] = registered(&user);
    }
    stage_say(&stage, sayings, EVENTS, 1);
    stage_await(conn, EVENTS, "select count(*) from event_log where subject = '%s'", user.text);
    await_sealed(); /* then it is complete too: others' transactions no longer hold it back */
    const char *out = arena_printf(&arena, "%s/export.jsonl", stage.folder);
    const char *cursor = arena_printf(&arena, "%s/export.cursor", stage.folder);
    const char *const some[] = {"export",    "--out",   out,       "--cursor", cursor,
                                "--subject", user.text, "--limit", "70",       NULL};
    const char *const all[] = {"export", "--out",     out,       "--cursor",
                               cursor,   "--subject", user.text, NULL};
    ck_assert_int_eq(run_tool("CRASH_AT=export-before-cursor", true, all).code, -1);
    ck_assert_int_eq(run_tool(NULL, true, some).code, 0);
    ck_assert_int_eq(run_tool("CRASH_AT=export-before-cursor", true, all).code, -1);
    ck_assert_int_eq(run_tool(NULL, true, all).code, 0);
    struct stat status;
    ck_assert_int_eq(stat(out, &status), 0);
    ck_assert_int_eq(status.st_mode & 0777, 0600);
    AUTO(free_text)
    char *count = xasprintf("test $(wc -l <'%s') = %d && test $(sort -u '%s' | wc -l) = %d", out,
                            EVENTS, out, EVENTS);
    ck_assert_int_eq(system(count), 0);
    /* Without a cursor an existing file is left alone. */
    ck_assert_int_eq(TOOL("export", "--out", out).code, 1);
}
END_TEST

START_TEST(tail_shows_what_is_said_now)
{
    const char *log = arena_printf(&arena, "%s/tail.log", stage.folder);
    AUTO(free_text) char *url = company_amqp_url("deploy");
    const char *authority = strstr(url, "://") + 3;
    const char *const environment[] = {
        arena_printf(&arena, "AMQP_URL=%.*s/%s", (int)(authority + strcspn(authority, "/") - url),
                     url, stage.name),
        NULL};
    const char *const argv[] = {
        arena_printf(&arena, "%s/src/tools/quadrille", company_build(stage.company)),
        "events",
        "tail",
        "--type",
        "UserRegistered",
        "--limit",
        "1",
        "--json",
        "--contracts",
        getenv("CONTRACTS"),
        NULL};
    pid_t pid = process_start(argv, environment, log);
    AUTO(free_text) char *listens = xasprintf("grep -q listening '%s'", log);
    int64_t until = clock_monotonic_ms() + END_MS;
    while (system(listens) != 0) {
        ck_assert_msg(clock_monotonic_ms() < until && process_is_alive(pid), "it does not listen");
        clock_sleep_ms(50);
    }
    struct user user = make_user();
    struct saying sayings[] = {deleted(&user), registered(&user)};
    stage_say(&stage, sayings, 2, 1);
    ck_assert_int_eq(process_wait(pid, END_MS), 0);
    AUTO(free_text)
    char *shows = xasprintf("grep -q '%s' '%s' && ! grep -q '%s' '%s' && ! grep -q '%s' '%s'",
                            id_of(&sayings[1]), log, id_of(&sayings[0]), log, user.name, log);
    ck_assert_int_eq(system(shows), 0);
}
END_TEST

int main(void)
{
    if (!stage_has_servers()) {
        (void)puts("1..0 # SKIP the environment names no servers");
        return EXIT_SUCCESS;
    }
    Suite *suite = suite_create("history");
    TCase *tcase = tcase_create("history");
    tcase_add_checked_fixture(tcase, begin_case, end_case);
    tcase_add_loop_test(tcase, a_body_comes_back_byte_for_byte_and_lies_there_without_its_values, 0,
                        (int)COUNT_OF(bodies));
    tcase_add_test(tcase, properties_come_back_byte_for_byte);
    tcase_add_test(tcase, duplicates_give_one_row);
    tcase_add_test(tcase, filters_choose);
    tcase_add_test(tcase, an_export_that_was_killed_goes_on_without_gap_or_double);
    tcase_add_test(tcase, tail_shows_what_is_said_now);
    tcase_add_test(tcase, the_search_for_values_finds_them);
    tcase_add_test(tcase, after_user_deleted_nothing_personal_can_be_read);
    tcase_add_test(tcase, a_restored_backup_of_the_keys_forgets_again);
    tcase_add_test(tcase, the_keys_are_nobody_elses);
    tcase_add_test(tcase, without_the_keys_nothing_is_recorded_parked_or_dead_and_nothing_is_lost);
    tcase_add_loop_test(tcase, the_chain_names_what_was_changed_removed_or_added, 0,
                        (int)COUNT_OF(deeds));
    tcase_add_loop_test(tcase, a_changed_chain_does_not_verify, 0, (int)COUNT_OF(chain_deeds));
    tcase_add_test(tcase, a_chain_that_was_rewritten_is_found_by_a_head_that_was_written_down);
    tcase_add_test(tcase, after_a_restore_elsewhere_a_new_era_begins_and_the_chain_goes_on);
    tcase_add_loop_test(tcase, a_kill_loses_and_doubles_nothing, 0, (int)COUNT_OF(crashes));
    tcase_add_loop_test(tcase, a_kill_during_an_erasure_only_delays_it, 0,
                        (int)COUNT_OF(erasure_crashes));
    tcase_add_test(tcase, days_that_have_expired_go_and_the_rest_verifies);
    suite_add_tcase(suite, tcase);

    stage_open(&stage, "history", (const char *const[]){"SEAL_EVERY=50ms", NULL});
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK); /* cases restart the service, a child of ours */
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    stage_close(&stage);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
