/* SPDX-License-Identifier: Apache-2.0 */
#include "core/db.h"

#include "core/memory.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

static const struct sql sql_table = {"table",
                                     "create temporary table note (id bigint primary key)"};
static const struct sql sql_add = {"add",
                                   "insert into note values ($1::bigint) on conflict do nothing"};
static const struct sql sql_count = {"count", "select count(*) from note"};
static const struct sql sql_divide = {"divide", "select 1 / $1::bigint"};

static struct db *open_db(void)
{
    struct fault fault;
    struct db *db = NULL;
    const struct db_options options = {.url = getenv("DATABASE_URL"), .name = "test db"};
    ck_assert_msg(db_open(&options, &db, &fault) == OK, "%s", fault.text);
    ck_assert_int_eq(db_run(db, &sql_table, DB_NO_PARAMS, NULL, &fault), OK);
    return db;
}

static int64_t count_notes(struct db *db)
{
    struct fault fault;
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    ck_assert_msg(db_run(db, &sql_count, DB_NO_PARAMS, &rows, &fault) == OK, "%s", fault.text);
    return db_get_i64(rows, 0, 0);
}

START_TEST(a_reader_learns_who_queued_what_failed)
{
    struct fault fault = {.culprit = FAULT_NOBODY};
    AUTO(db_close_auto) struct db *db = open_db();
    struct tx tx = {0};
    ck_assert_int_eq(tx_begin(db, &tx, &fault), OK);
    ck_assert_int_eq(db_queue(db, &sql_add, DB_PARAMS(db_i64(1)), 1, 6, &fault), OK);
    ck_assert_int_eq(db_queue(db, &sql_divide, DB_PARAMS(db_i64(0)), DB_ANY_ROWS, 7, &fault), OK);
    ck_assert_int_eq(db_run(db, &sql_count, DB_NO_PARAMS, NULL, &fault), REJECT);
    ck_assert_int_eq(fault.culprit, 7);
    tx_end(&tx);

    /* `count` was thrown away before the server had prepared it. */
    ck_assert_int_eq(count_notes(db), 0);
}
END_TEST

START_TEST(a_condition_that_fails_commits_nothing)
{
    struct fault fault = {.culprit = FAULT_NOBODY};
    AUTO(db_close_auto) struct db *db = open_db();
    for (int run = 0; run < 2; run++) {
        struct tx tx = {0};
        ck_assert_int_eq(tx_begin(db, &tx, &fault), OK);
        ck_assert_int_eq(db_queue(db, &sql_add, DB_PARAMS(db_i64(10 + run)), 1, 3, &fault), OK);
        ck_assert_int_eq(db_queue(db, &sql_add, DB_PARAMS(db_i64(1)), 1, 4, &fault), OK);
        ck_assert_int_eq(tx_commit(&tx, &fault), run == 0 ? OK : RETRY);
        tx_end(&tx);
    }
    ck_assert_int_eq(fault.culprit, 4);
    ck_assert(fault.is_conflict);
    ck_assert_int_eq(count_notes(db), 2);
}
END_TEST

int main(void)
{
    if (getenv("DATABASE_URL") == NULL) {
        (void)puts("1..0 # SKIP no servers: DATABASE_URL is not set");
        return EXIT_SUCCESS;
    }
    TCase *cases = tcase_create("db");
    tcase_add_test(cases, a_reader_learns_who_queued_what_failed);
    tcase_add_test(cases, a_condition_that_fails_commits_nothing);
    Suite *suite = suite_create("db");
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
