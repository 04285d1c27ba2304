/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"

#include "core/buffer.h"
#include "core/memory.h"
#include "support/process.h"
#include "tools/secret.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * `quadrille schema` on the real contracts: for every service its migrations, one after the other,
 * lead to what its schema.sql files say, and what was applied is neither applied again nor edited
 * unseen.
 */

enum { DUMP_MS = 30000 };

static const char *const services[] = {"billing",      "coaching", "history",
                                       "notification", "profile",  "subscription"};

static struct hall
    hall; /* without a broker: for its tool, its folder and the names of its databases */

static char *read_all(const char *path)
{
    struct buffer text = {0};
    FILE *file = fopen(path, "re");
    ck_assert_msg(file != NULL, "%s cannot be read", path);
    char block[4096];
    size_t length;
    while ((length = fread(block, 1, sizeof block, file)) > 0) {
        buffer_add(&text, block, length);
    }
    (void)fclose(file);
    char *copy = xstrdup(buffer_cstr(&text));
    buffer_done(&text);
    return copy;
}

static void do_sql(PGconn *conn, const char *sql)
{
    PGresult *result = PQexec(conn, sql);
    ck_assert_msg(PQresultStatus(result) == PGRES_COMMAND_OK ||
                      PQresultStatus(result) == PGRES_TUPLES_OK,
                  "%.200s: %s", sql, PQerrorMessage(conn));
    PQclear(result);
}

static void do_file(PGconn *conn, const char *path)
{
    AUTO(free_text) char *full = xasprintf("%s/%s", getenv("SOURCE_ROOT"), path);
    AUTO(free_text) char *sql = read_all(full);
    do_sql(conn, sql);
}

static PGconn *connect_to(const char *service)
{
    struct stage stage = hall.stage;
    stage.service = service;
    return stage_connect(&stage);
}

static void check_tool(const char *verb, int wanted, const char *says)
{
    char *output = NULL;
    int code = hall_tool(&hall, (const char *const[]){"schema", verb, NULL}, &output);
    ck_assert_msg(code == wanted, "schema %s ended with %d, not %d: %s", verb, code, wanted,
                  output);
    ck_assert_msg(strstr(output, says) != NULL, "schema %s does not say '%s': %s", verb, says,
                  output);
    free(output);
}

/* Lines that tell nothing about the schema: comments, and the random words that newer versions put
 * around it. */
static bool is_noise(const char *line)
{
    return line[0] == '\0' || strncmp(line, "--", 2) == 0 || strncmp(line, "\\restrict", 9) == 0 ||
           strncmp(line, "\\unrestrict", 11) == 0;
}

static char *dump(const char *service, const char *database)
{
    AUTO(free_text) char *path = xasprintf("%s/%s.dump", hall.stage.folder, database);
    AUTO(free_text) char *log = xasprintf("%s/pg_dump.log", hall.stage.folder);
    AUTO(free_text) char *url = secret_url_with_database(getenv("DATABASE_URL"), database);
    AUTO(free_text) char *role = xasprintf("--role=%s_owner", service);
    AUTO(free_text) char *file = xasprintf("--file=%s", path);
    const char *const argv[] = {getenv("PG_DUMP"), "--schema-only", role, file, url, NULL};
    int status = process_wait(process_start(argv, NULL, log), DUMP_MS);
    ck_assert_msg(status == 0, "pg_dump %s ended with %d, see %s", database, status, log);

    struct buffer kept = {0};
    AUTO(free_text) char *text = read_all(path);
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        if (!is_noise(line)) {
            buffer_text(&kept, line);
            buffer_byte(&kept, '\n');
        }
    }
    char *copy = xstrdup(buffer_cstr(&kept));
    buffer_done(&kept);
    return copy;
}

/* What the schema.sql files make, in a database of their own. */
static char *dump_files(const char *service)
{
    AUTO(free_text) char *database = xasprintf("%s_files_%s", hall.stage.name, service);
    AUTO(free_text)
    char *create = xasprintf("create database %s owner %s_owner", database, service);
    AUTO(free_text) char *url = secret_url_with_database(getenv("DATABASE_URL"), database);
    AUTO(free_text) char *own = xasprintf("src/services/%s/schema.sql", service);
    AUTO(free_text)
    char *settings = xasprintf(
        "set quadrille.runtime_role = '%s'; set quadrille.audit_role = 'quadrille_audit'", service);
    PGconn *deploy = PQconnectdb(getenv("DATABASE_URL"));
    do_sql(deploy, create);
    PQfinish(deploy);
    PGconn *conn = PQconnectdb(url);
    do_sql(conn, settings);
    do_file(conn, "src/tools/sql/schema_owner.sql");
    do_file(conn, "src/publishers/schema.sql");
    do_file(conn, "src/consumers/schema.sql");
    do_file(conn, own);
    PQfinish(conn);
    return dump(service, database);
}

/* The first line that differs, for people. */
static void check_same(const char *service, char *migrated, char *written)
{
    if (strcmp(migrated, written) == 0) {
        return;
    }
    char *rest_a = NULL, *rest_b = NULL;
    char *a = strtok_r(migrated, "\n", &rest_a);
    char *b = strtok_r(written, "\n", &rest_b);
    while (a != NULL && b != NULL && strcmp(a, b) == 0) {
        a = strtok_r(NULL, "\n", &rest_a);
        b = strtok_r(NULL, "\n", &rest_b);
    }
    ck_abort_msg("%s: the migrations say '%s', schema.sql says '%s'", service,
                 a != NULL ? a : "nothing", b != NULL ? b : "nothing");
}

START_TEST(migrations_lead_to_what_schema_sql_says)
{
    const char *service = services[_i];
    AUTO(free_text) char *database = xasprintf("%s_%s", hall.stage.name, service);
    AUTO(free_text) char *migrated = dump(service, database);
    AUTO(free_text) char *written = dump_files(service);
    ck_assert_ptr_nonnull(strstr(migrated, "CREATE TABLE public.outbox "));
    check_same(service, migrated, written);
}
END_TEST

START_TEST(applied_twice_is_nothing)
{
    AUTO(free_text) char *database = xasprintf("%s_billing", hall.stage.name);
    AUTO(free_text) char *before = dump("billing", database);
    PGconn *conn = connect_to("billing");
    AUTO(free_text)
    char *records = stage_text(
        conn, "select string_agg(m::text, ';' order by m::text) from schema_migration m");
    check_tool("apply", 0, " 0 now, 0 missing, 0 changed");
    check_tool("verify", 0, " 0 missing, 0 changed");
    AUTO(free_text)
    char *again = stage_text(
        conn, "select string_agg(m::text, ';' order by m::text) from schema_migration m");
    AUTO(free_text) char *after = dump("billing", database);
    ck_assert_str_eq(records, again);
    ck_assert_str_eq(before, after);
    PQfinish(conn);
}
END_TEST

/* Another text has another hash: the record stands for the file as it was. */
START_TEST(an_edited_migration_is_noticed)
{
    PGconn *conn = connect_to("coaching");
    do_sql(conn, "update schema_migration set hash = reverse(hash) where module = 'coaching'");
    check_tool("plan", 0, "changed since it was applied");
    check_tool("verify", 1, "changed since it was applied");
    check_tool("apply", 1, "was edited");
    do_sql(conn, "update schema_migration set hash = reverse(hash) where module = 'coaching'");
    check_tool("verify", 0, " 0 changed");
    PQfinish(conn);
}
END_TEST

static void do_deploy(const char *format, const char *service)
{
    AUTO(free_text) char *database = xasprintf("%s_%s", hall.stage.name, service);
    const char *place = strstr(format, "%s");
    AUTO(free_text)
    char *sql = xasprintf("%.*s%s%s", (int)(place - format), format, database, place + 2);
    PGconn *deploy = PQconnectdb(getenv("DATABASE_URL"));
    do_sql(deploy, sql);
    PQfinish(deploy);
}

/* What comes after an edited migration was written for what that one used to say. */
START_TEST(nothing_is_applied_after_an_edited_migration)
{
    PGconn *conn = connect_to("coaching");
    do_sql(conn, "update schema_migration set hash = reverse(hash) where name = '001-outbox'");
    do_sql(conn, "delete from schema_migration where name = '002-idempotency'");
    do_sql(conn, "drop table idempotency");
    check_tool("apply", 1, "publishers/002-idempotency: missing");
    ck_assert_int_eq(
        stage_number(conn, "select count(*) from pg_class where relname = 'idempotency'"), 0);
    do_sql(conn, "update schema_migration set hash = reverse(hash) where name = '001-outbox'");
    check_tool("apply", 0, " 1 now, 0 missing, 0 changed");
    PQfinish(conn);
}
END_TEST

START_TEST(a_migration_of_a_newer_version_is_noticed)
{
    PGconn *conn = connect_to("coaching");
    do_sql(conn, "insert into schema_migration values ('coaching', '999-later', 'x')");
    check_tool("plan", 0, "coaching/999-later: applied, and unknown to this version");
    check_tool("verify", 1, "999-later");
    check_tool("apply", 1, "a newer version");
    do_sql(conn, "delete from schema_migration where name = '999-later'");
    check_tool("verify", 0, " 0 unknown");
    PQfinish(conn);
}
END_TEST

/* Neither a database that somebody has opened to all nor an empty one is touched by looking. */
START_TEST(looking_changes_nothing)
{
    PGconn *conn = connect_to("coaching");
    do_sql(conn, "set role coaching_owner");
    do_deploy("set role coaching_owner; grant connect on database %s to public", "coaching");
    do_deploy("drop database %s with (force)", "profile");
    do_deploy("create database %s owner profile_owner", "profile");
    check_tool("plan", 0, "profile/001-profile: missing");
    check_tool("verify", 1, "run schema apply");
    PGconn *empty = connect_to("profile");
    ck_assert_int_eq(
        stage_number(empty, "select count(*) from pg_class where relname = 'schema_migration'"), 0);
    PQfinish(empty);
    const char *is_open =
        "select has_database_privilege('public', current_database(), 'connect')::int";
    ck_assert_int_eq(stage_number(conn, "%s", is_open), 1);
    check_tool("apply", 0, " 0 missing, 0 changed");
    ck_assert_int_eq(stage_number(conn, "%s", is_open), 0);
    PQfinish(conn);
}
END_TEST

/* The second one waits for the first and finds nothing left to do. */
START_TEST(two_deployments_at_once_do_the_work_once)
{
    static const char *const apply[] = {"schema", "apply", NULL};
    pid_t pids[3];
    for (size_t i = 0; i < COUNT_OF(services); i++) {
        do_deploy("drop database %s with (force)", services[i]);
    }
    for (size_t i = 0; i < COUNT_OF(pids); i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            char *output = NULL;
            int code = hall_tool(&hall, apply, &output);
            (void)fprintf(stderr, "%s", output);
            _exit(code);
        }
    }
    for (size_t i = 0; i < COUNT_OF(pids); i++) {
        int status = 0;
        ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "one of them failed");
    }
    check_tool("verify", 0, " 0 missing, 0 changed");
}
END_TEST

/* A migration and its record stand or fall together, and the next apply goes on where this one
 * stopped. */
START_TEST(a_migration_that_fails_leaves_nothing)
{
    AUTO(free_text)
    char *drop = xasprintf("drop database %s_profile with (force)", hall.stage.name);
    AUTO(free_text)
    char *create = xasprintf("create database %s_profile owner profile_owner", hall.stage.name);
    PGconn *deploy = PQconnectdb(getenv("DATABASE_URL"));
    do_sql(deploy, drop);
    check_tool("plan", 0, "profile/001-profile: missing");
    check_tool("verify", 1, "run schema apply");
    do_sql(deploy, create);
    PQfinish(deploy);
    PGconn *conn = connect_to("profile");
    do_sql(
        conn,
        "create table suspect (in_the_way int)"); /* the last table of the consumers' migration */
    check_tool("apply", 1, "consumers/001-inbox");
    ck_assert_int_eq(
        stage_number(conn, "select count(*) from schema_migration where module = 'publishers'"), 2);
    ck_assert_int_eq(
        stage_number(conn, "select count(*) from schema_migration where module <> 'publishers'"),
        0);
    ck_assert_int_eq(
        stage_number(conn, "select count(*) from pg_class where relname in ('inbox', 'retry')"), 0);
    do_sql(conn, "drop table suspect");
    check_tool("apply", 0, " 0 missing, 0 changed");
    check_tool("verify", 0, " 0 missing, 0 changed");
    PQfinish(conn);
}
END_TEST

/* What the audit has no use for it may not read: who somebody is, how they measure, what they were
 * answered. */
static const struct {
    const char *service, *sql;
    bool is_allowed;
} audits[] = {
    {"profile", "select count(id), count(deleted_at) from users", true},
    {"profile", "select email from users", false},
    {"profile", "select name from users", false},
    {"profile", "select goal from goal", false},
    {"profile", "select value from metric", false},
    {"profile", "select answer from idempotency", false},
    {"coaching", "select count(plan_id) from athlete", true},
    {"coaching", "select goal from athlete", false},
    {"coaching", "select document from plan", false},
    {"coaching", "select value from metric", false},
    {"notification", "select count(user_id), count(sent_at) from mail where cause_name = state",
     true},
    {"notification", "select detail from mail", false},
    {"notification", "select email from recipient", false},
};

START_TEST(the_audit_reads_what_each_schema_lets_it)
{
    char *password = NULL;
    struct fault fault;
    ck_assert_msg(secret_read(hall.secrets, "audit", &password, &fault) == OK, "%s", fault.text);
    AUTO(free_text) char *database = xasprintf("%s_%s", hall.stage.name, audits[_i].service);
    AUTO(free_text) char *place = secret_url_with_database(getenv("DATABASE_URL"), database);
    AUTO(free_text) char *url = secret_url_with_user(place, "quadrille_audit", password);
    PGconn *conn = PQconnectdb(url);
    PGresult *result = PQexec(conn, audits[_i].sql);
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    ck_assert_msg(audits[_i].is_allowed ? state == NULL
                                        : state != NULL && strcmp(state, "42501") == 0,
                  "%s: %s", audits[_i].sql, state != NULL ? PQerrorMessage(conn) : "may be read");
    PQclear(result);
    PQfinish(conn);
    free(password);
}
END_TEST

static void open_databases(void)
{
    char folder[] = "/tmp/test_schema_XXXXXX";
    const struct uuid id = ids_new();
    hall = (struct hall){.secrets = getenv("SECRETS_DIR")};
    (void)snprintf(hall.stage.name, sizeof hall.stage.name, "s%02x%02x%02x%02x%02x", id.bytes[11],
                   id.bytes[12], id.bytes[13], id.bytes[14], id.bytes[15]);
    hall.stage.folder = xstrdup(mkdtemp(folder));
    char *output = NULL;
    if (hall_tool(&hall, (const char *const[]){"schema", "apply", NULL}, &output) != 0) {
        (void)fprintf(stderr, "schema apply: %s\n", output);
        exit(1);
    }
    free(output);
}

static void drop_databases(void)
{
    stage_clear(&hall.stage);
}

int main(void)
{
    if (!stage_has_servers()) {
        (void)puts(HALL_SKIP);
        return EXIT_SUCCESS;
    }
    TCase *cases = tcase_create("schema");
    tcase_set_timeout(cases, 60);
    tcase_add_unchecked_fixture(cases, open_databases, drop_databases);
    tcase_add_loop_test(cases, migrations_lead_to_what_schema_sql_says, 0, COUNT_OF(services));
    tcase_add_loop_test(cases, the_audit_reads_what_each_schema_lets_it, 0, COUNT_OF(audits));
    tcase_add_test(cases, applied_twice_is_nothing);
    tcase_add_test(cases, an_edited_migration_is_noticed);
    tcase_add_test(cases, nothing_is_applied_after_an_edited_migration);
    tcase_add_test(cases, a_migration_of_a_newer_version_is_noticed);
    tcase_add_test(cases, looking_changes_nothing);
    tcase_add_test(cases, a_migration_that_fails_leaves_nothing);
    tcase_add_test(cases, two_deployments_at_once_do_the_work_once);
    Suite *suite = suite_create("schema");
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
