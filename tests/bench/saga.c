/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"
#include "core/clock.h"
#include "core/db.h"
#include "core/memory.h"
#include "support/company.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/*
 * Whole premium upgrades through the five services, asked for over HTTP: first one after another,
 * for the time that one takes; then all users at once, for how many come through. Times are
 * subscription's own, from the request to the end.
 */

enum { CALLERS = 8, WAIT_MS = 120000, LOOK_MS = 5 };

struct user {
    char id[UUID_TEXT_BYTES];
    char token[1024];
};

struct bench {
    struct bench_options options;
    struct company *company;
    struct db *db; /* subscription's */
    struct user *users;
    int alone, together; /* how many users ask one after another, and at once */
};

static const struct sql sql_completed = {"completed",
                                         "select count(*) from upgrade where state = 'completed'"};
static const struct sql sql_ended = {"ended",
                                     "select count(*) from upgrade where ended_at is not null"};
static const struct sql sql_known = {"known", "select count(*) from member"};
static const struct sql sql_planned = {"planned", "select count(distinct user_id) from plan"};
/* In the order in which they were asked for. */
static const struct sql sql_times = {
    "times", "select requested_at, ended_at from upgrade order by requested_at, id"};

static int64_t count(struct db *db, const struct sql *sql)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    struct fault fault;
    bench_check(db_run(db, sql, DB_NO_PARAMS, &rows, &fault), &fault);
    return db_get_i64(rows, 0, 0);
}

static void await_count(struct db *db, const struct sql *sql, int64_t wanted)
{
    int64_t deadline = clock_monotonic_ms() + WAIT_MS;
    int64_t there = 0;
    while ((there = count(db, sql)) < wanted) {
        if (clock_monotonic_ms() > deadline) {
            bench_fail("%s: %lld and not %lld", sql->name, (long long)there, (long long)wanted);
        }
        clock_sleep_ms(LOOK_MS);
    }
}

static struct db *open_database(const char *service)
{
    AUTO(free_text) char *url = company_database_url(service, service);
    struct db *db = NULL;
    struct fault fault;
    bench_check(db_open(&(struct db_options){.url = url, .name = "bench"}, &db, &fault), &fault);
    return db;
}

static void need(long status, long wanted, const char *what)
{
    if (status != wanted) {
        bench_fail("%s was answered with %ld", what, status);
    }
}

static void register_user(struct company *company, struct user *user, int number)
{
    AUTO(free_text)
    char *body = xasprintf("{\"name\":\"Bench\",\"email\":\"bench.%d.%llx@fit.example\"}", number,
                           (unsigned long long)clock_now_ms());
    json_object *answer = NULL;
    need(company_call(company, "profile", "POST", "/users", NULL, NULL, body, &answer), 201,
         "registering");
    (void)snprintf(user->id, sizeof user->id, "%s", member_text(answer, "id"));
    (void)snprintf(user->token, sizeof user->token, "%s", member_text(answer, "token"));
    (void)json_object_put(answer);

    AUTO(free_text) char *metrics = xasprintf("/users/%s/metrics", user->id);
    AUTO(free_text) char *goal = xasprintf("/users/%s/goal", user->id);
    long status = company_call(
        company, "profile", "POST", metrics, user->token, NULL,
        "{\"weightG\":78500,\"heightMm\":1790,\"restingHeartRateBpm\":58,\"ageYears\":34}", NULL);
    need(status / 100, 2, "recording metrics");
    status = company_call(company, "profile", "PUT", goal, user->token, NULL,
                          "{\"goal\":\"build_muscle\",\"level\":\"intermediate\",\"daysPerWeek\":3,"
                          "\"equipment\":[\"dumbbells\",\"pull_up_bar\"]}",
                          NULL);
    need(status / 100, 2, "setting a goal");
}

static void ask(struct company *company, const struct user *user)
{
    AUTO(free_text) char *path = xasprintf("/users/%s/premium-upgrades", user->id);
    need(company_call(company, "subscription", "POST", path, user->token, NULL,
                      "{\"paymentMethod\":\"pm_card_visa\"}", NULL),
         202, "asking for an upgrade");
}

struct caller {
    struct bench *bench;
    pthread_t thread;
    int first, end; /* of the users */
    bool is_asking; /* else registering */
};

static void *call(void *context)
{
    struct caller *caller = context;
    for (int i = caller->first; i < caller->end; i++) {
        if (caller->is_asking) {
            ask(caller->bench->company, &caller->bench->users[i]);
        } else {
            register_user(caller->bench->company, &caller->bench->users[i], i);
        }
    }
    return NULL;
}

static void call_all(struct bench *bench, int first, int end, bool is_asking)
{
    struct caller callers[CALLERS];
    for (int i = 0; i < CALLERS; i++) {
        callers[i] = (struct caller){
            .bench = bench,
            .first = first + (end - first) * i / CALLERS,
            .end = first + (end - first) * (i + 1) / CALLERS,
            .is_asking = is_asking,
        };
        if (pthread_create(&callers[i].thread, NULL, call, &callers[i]) != 0) {
            bench_fail("no thread");
        }
    }
    for (int i = 0; i < CALLERS; i++) {
        (void)pthread_join(callers[i].thread, NULL);
    }
}

/* Everybody has an ordinary plan and is known where upgrades are asked for. */
static void meet_users(struct bench *bench)
{
    int users = bench->alone + bench->together;
    bench_progress("%d users register …", users);
    AUTO(db_close_auto) struct db *coaching = open_database("coaching");
    int64_t known = count(bench->db, &sql_known);
    int64_t planned = count(coaching, &sql_planned);
    bench->users = xcalloc((size_t)users, sizeof *bench->users);
    call_all(bench, 0, users, false);
    await_count(bench->db, &sql_known, known + users);
    await_count(coaching, &sql_planned, planned + users);
}

struct figures {
    double p50_ms, p99_ms, per_s;
};

static struct figures figure(struct bench *bench, int skip, int upgrades)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    struct fault fault;
    bench_check(db_run(bench->db, &sql_times, DB_NO_PARAMS, &rows, &fault), &fault);
    double *ms = xcalloc((size_t)upgrades, sizeof *ms);
    int64_t begun = db_get_time(rows, skip, 0);
    int64_t ended = begun;
    for (int i = 0; i < upgrades; i++) {
        int64_t end = db_get_time(rows, skip + i, 1);
        ms[i] = (double)(end - db_get_time(rows, skip + i, 0));
        ended = end > ended ? end : ended;
    }
    bench_sort(ms, (size_t)upgrades);
    struct figures figures = {
        .p50_ms = bench_percentile(ms, (size_t)upgrades, 50),
        .p99_ms = bench_percentile(ms, (size_t)upgrades, 99),
        .per_s = upgrades * 1000.0 / (double)(ended > begun ? ended - begun : 1),
    };
    free(ms);
    return figures;
}

static struct figures measure_alone(struct bench *bench)
{
    int64_t before = count(bench->db, &sql_ended);
    for (int i = 0; i < bench->alone; i++) {
        bench_progress("upgrade %d of %d, one after another …", i + 1, bench->alone);
        ask(bench->company, &bench->users[i]);
        await_count(bench->db, &sql_ended, before + i + 1);
    }
    return figure(bench, (int)before, bench->alone);
}

static struct figures measure_together(struct bench *bench)
{
    int64_t before = count(bench->db, &sql_ended);
    bench_progress("%d upgrades at once …", bench->together);
    call_all(bench, bench->alone, bench->alone + bench->together, true);
    await_count(bench->db, &sql_ended, before + bench->together);
    return figure(bench, (int)before, bench->together);
}

static void print(const struct bench *bench, struct figures alone, struct figures together)
{
    if (bench->options.is_json) {
        (void)printf(
            "{\"saga_per_s\": %.1f, \"saga_alone_p50_ms\": %.1f, \"saga_alone_p99_ms\": %.1f, "
            "\"saga_together_p50_ms\": %.1f, \"saga_together_p99_ms\": %.1f}\n",
            together.per_s, alone.p50_ms, alone.p99_ms, together.p50_ms, together.p99_ms);
        return;
    }
    (void)printf("premium upgrades, from the request over HTTP to PremiumUpgradeCompleted, five "
                 "services, payment "
                 "provider included\n\n");
    (void)printf("%-34s p50 %6.0f ms   p99 %6.0f ms\n", "one after another", alone.p50_ms,
                 alone.p99_ms);
    (void)printf("%4d %-29s p50 %6.0f ms   p99 %6.0f ms   %.0f per s\n", bench->together,
                 "asked for at once", together.p50_ms, together.p99_ms, together.per_s);
}

int main(int argc, char **argv)
{
    struct bench bench = {0};
    if (!bench_read_options(argc, argv, &bench.options)) {
        (void)fprintf(stderr, "usage: bench-saga --folder FOLDER [--quick] [--json]\n");
        return 2;
    }
    bench.alone = bench.options.is_quick ? 5 : 50;
    bench.together = bench.options.is_quick ? 20 : 500;
    static const char *const settings[] = {"LOG_LEVEL=warn", NULL};
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    bench.company =
        company_new(&(struct company_options){.folder = bench.options.folder, .extra = settings});
    company_start(bench.company);
    bench.db = open_database("subscription");
    meet_users(&bench);

    int64_t completed = count(bench.db, &sql_completed);
    struct figures alone = measure_alone(&bench);
    struct figures together = measure_together(&bench);
    bench_progress("%s", "");
    completed = count(bench.db, &sql_completed) - completed;
    if (completed != bench.alone + bench.together) {
        bench_fail("%lld of %d upgrades were completed", (long long)completed,
                   bench.alone + bench.together);
    }
    print(&bench, alone, together);

    db_close(bench.db);
    company_free(bench.company);
    free(bench.users);
    curl_global_cleanup();
    return 0;
}
