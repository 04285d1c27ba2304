/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"
#include "bench_sql.h"
#include "core/clock.h"
#include "core/db.h"
#include "meter.h"
#include "step.h"
#include "support/company.h"
#include "wire.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

/*
 * The hop: consume, claim, load and update one row, append one event, commit, relay it, confirm,
 * ack. Against it the same loop without a database, batches of one, and one message in a hundred
 * failing. Every measurement empties a queue that was filled before; the pairs are interleaved, so
 * that what the machine does meanwhile hits all of them.
 */

enum {
    WORKERS = 3,
    WINDOW = 1000,
    PAIRS_MAX = 5,
    BATCH = 200,
    ACCOUNTS_PER_ROW = 5000,
    SETTLE_MS = 20000
};

static const struct variant {
    const char *title;
    const char *key; /* in JSON */
    const char *program;
    int batch;
    int share; /* of the messages of a full run: one in so many */
    bool has_database;
    bool is_failing;
} variants[] = {
    {"the hop", "hop_per_s", "bench-hop-service", BATCH, 1, true, false},
    {"the same without a database", "hop_no_database_per_s", "bench-plain-service", BATCH, 1, false,
     false},
    {"batches of one", "hop_batch1_per_s", "bench-hop-service", 1, 10, true, false},
    {"1 % of the messages failing", "hop_1pct_failing_per_s", "bench-hop-service", BATCH, 1, true,
     true},
};
enum { HOP, PLAIN, BATCH1, FAILING, VARIANTS = COUNT_OF(variants) };

struct bench {
    struct bench_options options;
    int pairs, messages;
    int64_t latency_ms;
    char *amqp, *database; /* of the account hop */
    struct broker *source; /* fills the queue */
    struct broker *deploy; /* looks at queues and purges */
    struct db *db;         /* hop's database, as its owner */
    struct uuid *accounts;
    int64_t steps; /* that the accounts must show in all */
    struct pace paces[VARIANTS][PAIRS_MAX];
    bool has_latency;
    double latency_p50_ms, latency_p99_ms;
    int64_t latency_rate, latency_count;
};

static const char account_table[] = "drop table if exists account;"
                                    "create table account (id uuid primary key, steps bigint not "
                                    "null default 0, total bigint not null default 0)"
                                    " with (fillfactor = 50);"
                                    "grant select, update on account to hop";

static void make_accounts(struct bench *bench)
{
    struct fault fault;
    bench_check(db_script(bench->db, account_table, &fault), &fault);
    AUTO(db_array_done) struct db_array ids = {0};
    db_array_init(&ids, DB_UUID);
    bench->accounts = xcalloc((size_t)bench->messages, sizeof *bench->accounts);
    for (int i = 0; i < bench->messages; i++) {
        bench->accounts[i] = ids_new();
        db_array_uuid(&ids, &bench->accounts[i]);
    }
    bench_check(db_run(bench->db, &sql_account_make, DB_PARAMS(db_array(&ids)), NULL, &fault),
                &fault);
}

static struct broker *open_broker(const char *url, const char *name)
{
    struct broker *broker = NULL;
    struct fault fault;
    bench_check(broker_open(&(struct broker_options){.url = url, .name = name, .heartbeat_s = 60},
                            &broker, &fault),
                &fault);
    return broker;
}

static char *database_url(const char *service)
{
    AUTO(free_text) char *name = xasprintf("bench_%s", service);
    return company_database_url(service, name);
}

static struct db *open_as_owner(const char *service)
{
    AUTO(free_text) char *name = xasprintf("bench_%s", service);
    AUTO(free_text) char *url = company_database_url("deploy", name);
    AUTO(free_text) char *settings = xasprintf("-c role=%s_owner", service);
    struct db *db = NULL;
    struct fault fault;
    bench_check(db_open(&(struct db_options){.url = url, .name = "bench", .settings = settings},
                        &db, &fault),
                &fault);
    return db;
}

static void set_up(struct bench *bench)
{
    struct fault fault;
    bench_check(codec_prepare(source_contract.sends[0]->shape, &fault), &fault);
    bench->amqp = company_amqp_url("hop");
    bench->database = database_url("hop");
    AUTO(free_text) char *source = company_amqp_url("source");
    AUTO(free_text) char *deploy = company_amqp_url("deploy");
    bench->source = open_broker(source, "bench source");
    bench->deploy = open_broker(deploy, "bench");
    bench_check(broker_confirm_select(bench->source, &fault), &fault);
    bench->db = open_as_owner("hop");
    make_accounts(bench);
}

static void tear_down(struct bench *bench)
{
    broker_close(bench->source);
    broker_close(bench->deploy);
    db_close(bench->db);
    free(bench->accounts);
    free(bench->amqp);
    free(bench->database);
}

struct load {
    int count, failing;
    struct uuid first, last;
};

/* Half of those that fail ask to be tried again and are given up at the second try; the others are
 * refused at once. */
static enum step_taken_verdict verdict_of(int i, bool is_failing)
{
    return !is_failing || i % 100 != 50 ? STEP_TAKEN_VERDICT_OK
           : i % 200 == 50              ? STEP_TAKEN_VERDICT_RETRY
                                        : STEP_TAKEN_VERDICT_REJECT;
}

static void say(struct bench *bench, const struct step_taken *step, const struct uuid *id,
                struct buffer *body, struct buffer *scratch)
{
    struct fault fault;
    char subject[UUID_TEXT_BYTES];
    buffer_clear(body);
    bench_check(codec_encode(source_contract.sends[0]->shape, step, body, &fault), &fault);
    const struct envelope envelope = {
        .id = *id,
        .subject = ids_format(&step->account_id, subject),
        .correlation_id = step->step_id,
        .causation_id = step->step_id,
        .sequence = 1,
        .time_ms = step->taken_at_ms,
        .traceparent = BENCH_TRACEPARENT,
        .body = body->bytes,
        .body_length = body->length,
    };
    uint64_t number = 0;
    bench_check(
        wire_publish(bench->source, source_contract.sends[0], &envelope, scratch, &number, &fault),
        &fault);
}

static struct load fill(struct bench *bench, const struct variant *variant)
{
    struct load load = {.count = bench->messages / variant->share};
    AUTO(buffer_done) struct buffer body = {0};
    AUTO(buffer_done) struct buffer scratch = {0};
    struct fault fault;
    for (int i = 0; i < load.count; i++) {
        enum step_taken_verdict verdict = verdict_of(i, variant->is_failing);
        const struct step_taken step = step_make(&bench->accounts[i], verdict, clock_now_ms());
        load.last = ids_new();
        load.first = i == 0 ? load.last : load.first;
        load.failing += verdict != STEP_TAKEN_VERDICT_OK;
        say(bench, &step, &load.last, &body, &scratch);
        while (broker_unconfirmed(bench->source) >= WINDOW) {
            bench_check(broker_wait(bench->source, -1, 1000, &fault), &fault);
        }
    }
    while (broker_unconfirmed(bench->source) > 0) {
        bench_check(broker_wait(bench->source, -1, 1000, &fault), &fault);
    }
    return load;
}

/* Every message acked: nothing would come again. */
static void await_empty_queue(struct bench *bench)
{
    int64_t deadline = clock_monotonic_ms() + SETTLE_MS;
    uint32_t messages = 1;
    uint32_t consumers = 0;
    while (messages > 0) {
        struct fault fault;
        bench_check(broker_queue_declare(bench->deploy, "hop", "quorum", true, &messages,
                                         &consumers, &fault),
                    &fault);
        if (clock_monotonic_ms() > deadline) {
            bench_fail("%u messages have come back", messages);
        }
        clock_sleep_ms(messages > 0 ? 20 : 0);
    }
}

enum check_column { CHECK_INBOX, CHECK_SAID, CHECK_DEAD, CHECK_PARKED, CHECK_STEPS };

/* Every message exactly once: in the inbox, in the accounts and in the outbox; the failing ones as
 * dead letters. */
static void check_effects(struct bench *bench, const struct load *load)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    struct fault fault;
    bench_check(db_run(bench->db, &sql_hop_check,
                       DB_PARAMS(db_uuid(&load->first), db_uuid(&load->last)), &rows, &fault),
                &fault);
    bench->steps += load->count - load->failing;
    const int64_t wanted[] = {
        [CHECK_INBOX] = load->count - load->failing,
        [CHECK_SAID] = load->count - load->failing,
        [CHECK_DEAD] = load->failing,
        [CHECK_PARKED] = 0,
        [CHECK_STEPS] = bench->steps,
    };
    static const char *const names[] = {"inbox rows", "events said", "dead letters", "parked",
                                        "steps"};
    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        if (db_get_i64(rows, 0, (int)i) != wanted[i]) {
            bench_fail("%lld %s, and there must be %lld", (long long)db_get_i64(rows, 0, (int)i),
                       names[i], (long long)wanted[i]);
        }
    }
}

static void start_hop(struct bench *bench, const char *program, int batch, struct metered *metered)
{
    AUTO(free_text) char *amqp = xasprintf("AMQP_URL=%s", bench->amqp);
    AUTO(free_text) char *database = xasprintf("DATABASE_URL=%s", bench->database);
    AUTO(free_text) char *workers = xasprintf("WORKERS=%d", WORKERS);
    AUTO(free_text) char *batch_setting = xasprintf("BATCH=%d", batch);
    AUTO(free_text) char *window = xasprintf("RELAY_WINDOW=%d", WINDOW);
    const char *const settings[] = {amqp, database, workers, batch_setting, window, NULL};
    meter_start(metered, program, bench->options.folder, settings);
}

static struct pace measure(struct bench *bench, const struct variant *variant)
{
    struct load load = fill(bench, variant);
    struct metered metered;
    start_hop(bench, variant->program, variant->batch, &metered);
    struct pace pace = meter_await(&metered, "confirmed", load.count);
    if (pace.per_s <= 0) {
        bench_fail("%s was done before it could be measured", variant->title);
    }
    await_empty_queue(bench);
    meter_stop(&metered);
    if (variant->has_database) {
        check_effects(bench, &load);
    }
    struct fault fault;
    bench_check(broker_purge(bench->deploy, "sink", &fault), &fault);
    bench_check(broker_purge(bench->deploy, "hop.dlq", &fault), &fault);
    return pace;
}

static void measure_pairs(struct bench *bench)
{
    for (int pair = 0; pair < bench->pairs; pair++) {
        for (int v = 0; v < VARIANTS; v++) {
            bench_progress("round %d of %d: %s …", pair + 1, bench->pairs, variants[v].title);
            bench->paces[v][pair] = measure(bench, &variants[v]);
        }
    }
    bench_progress("%s", "");
}

struct spread {
    double median, least, most;
};

static struct spread spread_of(const double *values, int count)
{
    double sorted[PAIRS_MAX];
    memcpy(sorted, values, (size_t)count * sizeof *values);
    bench_sort(sorted, (size_t)count);
    return (struct spread){
        .median = sorted[count / 2], .least = sorted[0], .most = sorted[count - 1]};
}

static struct spread rate_of(const struct bench *bench, int variant)
{
    double values[PAIRS_MAX];
    for (int i = 0; i < bench->pairs; i++) {
        values[i] = bench->paces[variant][i].per_s;
    }
    return spread_of(values, bench->pairs);
}

/* Of each pair, then their median: what slows the machine down slows both. */
static struct spread ratio_of(const struct bench *bench, int above, int below)
{
    double values[PAIRS_MAX];
    for (int i = 0; i < bench->pairs; i++) {
        values[i] = bench->paces[above][i].per_s / bench->paces[below][i].per_s;
    }
    return spread_of(values, bench->pairs);
}

static double cpu_of(const struct bench *bench, int variant, enum cpu_user user)
{
    double values[PAIRS_MAX];
    for (int i = 0; i < bench->pairs; i++) {
        values[i] = bench->paces[variant][i].cpu_us[user];
    }
    return spread_of(values, bench->pairs).median;
}

static bool has_commit_times(struct bench *bench)
{
    static const struct sql show = {"show_commit_times", "show track_commit_timestamp"};
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    struct fault fault;
    bench_check(db_run(bench->db, &show, DB_NO_PARAMS, &rows, &fault), &fault);
    return strcmp(db_get_text(rows, 0, 0), "on") == 0;
}

static char *write_accounts(const struct bench *bench)
{
    char *path = xasprintf("%s/accounts", bench->options.folder);
    FILE *file = fopen(path, "we");
    if (file == NULL) {
        bench_fail("%s cannot be written", path);
    }
    for (int i = 0; i < bench->messages; i++) {
        char id[UUID_TEXT_BYTES];
        (void)fprintf(file, "%s\n", ids_format(&bench->accounts[i], id));
    }
    if (fclose(file) != 0) {
        bench_fail("%s cannot be written", path);
    }
    return path;
}

static void start_source(struct bench *bench, struct metered *metered)
{
    AUTO(free_text) char *path = write_accounts(bench);
    AUTO(free_text) char *amqp_url = company_amqp_url("source");
    AUTO(free_text) char *url = database_url("source");
    AUTO(free_text) char *amqp = xasprintf("AMQP_URL=%s", amqp_url);
    AUTO(free_text) char *database = xasprintf("DATABASE_URL=%s", url);
    AUTO(free_text) char *accounts = xasprintf("ACCOUNTS=%s", path);
    AUTO(free_text) char *rate = xasprintf("RATE=%lld", (long long)bench->latency_rate);
    AUTO(free_text) char *count = xasprintf("COUNT=%lld", (long long)bench->latency_count);
    const char *const settings[] = {amqp, database, accounts, rate, count, NULL};
    meter_start(metered, "bench-source-service", bench->options.folder, settings);
}

static struct db_rows *commits(struct db *db, const struct sql *sql, const struct uuid *first,
                               int64_t wanted)
{
    int64_t deadline = clock_monotonic_ms() + SETTLE_MS;
    for (;;) {
        struct db_rows *rows = NULL;
        struct fault fault;
        bench_check(db_run(db, sql, DB_PARAMS(db_uuid(first)), &rows, &fault), &fault);
        if (db_rows_count(rows) == wanted) {
            return rows;
        }
        if (clock_monotonic_ms() > deadline) {
            bench_fail("%d of %lld are there", db_rows_count(rows), (long long)wanted);
        }
        db_rows_free(rows);
        clock_sleep_ms(50);
    }
}

/* PostgreSQL notes when a transaction starts its commit, on both sides: the difference has one
 * whole commit in it. */
static void compare_commits(struct bench *bench, const struct uuid *first)
{
    AUTO(db_close_auto) struct db *source = open_as_owner("source");
    AUTO(db_rows_free_auto)
    struct db_rows *causes = commits(source, &sql_source_commits, first, bench->latency_count);
    AUTO(db_rows_free_auto)
    struct db_rows *effects = commits(bench->db, &sql_effect_commits, first, bench->latency_count);
    int count = (int)bench->latency_count;
    double *ms = xcalloc((size_t)count, sizeof *ms);
    for (int i = 0; i < count; i++) {
        struct uuid cause = db_get_uuid(causes, i, 0);
        struct uuid effect = db_get_uuid(effects, i, 0);
        if (!ids_equal(&cause, &effect)) {
            bench_fail("an event has no effect");
        }
        ms[i] = (double)(db_get_i64(effects, i, 1) - db_get_i64(causes, i, 1)) / 1000;
    }
    bench_sort(ms, (size_t)count);
    bench->latency_p50_ms = bench_percentile(ms, (size_t)count, 50);
    bench->latency_p99_ms = bench_percentile(ms, (size_t)count, 99);
    bench->has_latency = true;
    free(ms);
}

static void measure_latency(struct bench *bench)
{
    if (!has_commit_times(bench)) {
        (void)fprintf(stderr,
                      "bench: no latency, because the server has track_commit_timestamp off\n");
        return;
    }
    int64_t rate = (int64_t)(rate_of(bench, HOP).median / 10);
    int64_t most = bench->messages;
    bench->latency_rate = rate > 0 ? rate : 1;
    bench->latency_count = bench->latency_rate * bench->latency_ms / 1000;
    bench->latency_count = bench->latency_count < most ? bench->latency_count : most;
    bench_progress("latency at %lld events a second …", (long long)bench->latency_rate);

    struct metered hop;
    struct metered source;
    start_hop(bench, "bench-hop-service", BATCH, &hop);
    meter_await_ready(&hop);
    struct uuid first = ids_floor(clock_now_ms());
    start_source(bench, &source);
    (void)meter_await(&source, "handled", bench->latency_count);
    (void)meter_await(&hop, "handled", bench->latency_count);
    compare_commits(bench, &first);
    await_empty_queue(bench);
    meter_stop(&source);
    meter_stop(&hop);
    bench_progress("%s", "");
}

static void print_ratio(const char *title, struct spread ratio, double wanted)
{
    (void)printf("%-34s %9.2f   %.2f to %.2f   to reach: %.2f\n", title, ratio.median, ratio.least,
                 ratio.most, wanted);
}

static void print_table(const struct bench *bench)
{
    (void)printf("%d workers, batches of up to %d, 400-byte events, quorum queues, fsync on; "
                 "medians of %d\n\n",
                 WORKERS, BATCH, bench->pairs);
    (void)printf("%-34s %9s   %-17s %s\n", "", "per s", "spread",
                 "CPU µs each: service, broker, database");
    for (int v = 0; v < VARIANTS; v++) {
        struct spread rate = rate_of(bench, v);
        (void)printf("%-34s %9.0f   %6.0f to %-7.0f", variants[v].title, rate.median, rate.least,
                     rate.most);
        (void)printf(" %5.0f %5.0f %5.0f\n", cpu_of(bench, v, CPU_SERVICE),
                     cpu_of(bench, v, CPU_BROKER), cpu_of(bench, v, CPU_DATABASE));
    }
    (void)printf("\n");
    print_ratio("hop / without a database", ratio_of(bench, HOP, PLAIN), 0.5);
    print_ratio("hop / batches of one", ratio_of(bench, HOP, BATCH1), 8);
    print_ratio("1 % failing / hop", ratio_of(bench, FAILING, HOP), 0.5);
    if (bench->has_latency) {
        (void)printf("\nfrom commit to the effect's commit at %lld a second: p50 %.1f ms (to "
                     "reach: below 15), p99 %.1f ms\n",
                     (long long)bench->latency_rate, bench->latency_p50_ms, bench->latency_p99_ms);
    }
}

static void print_json(const struct bench *bench)
{
    json_object *out = json_object_new_object();
    for (int v = 0; v < VARIANTS; v++) {
        (void)json_object_object_add(out, variants[v].key,
                                     json_object_new_double(rate_of(bench, v).median));
    }
    (void)json_object_object_add(out, "ratio_no_database",
                                 json_object_new_double(ratio_of(bench, HOP, PLAIN).median));
    (void)json_object_object_add(out, "ratio_batch1",
                                 json_object_new_double(ratio_of(bench, HOP, BATCH1).median));
    (void)json_object_object_add(out, "latency_p50_ms",
                                 bench->has_latency ? json_object_new_double(bench->latency_p50_ms)
                                                    : NULL);
    (void)json_object_object_add(out, "latency_p99_ms",
                                 bench->has_latency ? json_object_new_double(bench->latency_p99_ms)
                                                    : NULL);
    json_object *samples = json_object_new_object();
    for (int v = 0; v < VARIANTS; v++) {
        json_object *list = json_object_new_array();
        for (int i = 0; i < bench->pairs; i++) {
            (void)json_object_array_add(list, json_object_new_double(bench->paces[v][i].per_s));
        }
        (void)json_object_object_add(samples, variants[v].key, list);
    }
    (void)json_object_object_add(out, "samples", samples);
    (void)printf("%s\n", json_object_to_json_string_ext(out, JSON_C_TO_STRING_PRETTY));
    (void)json_object_put(out);
}

int main(int argc, char **argv)
{
    struct bench bench = {0};
    if (!bench_read_options(argc, argv, &bench.options)) {
        (void)fprintf(stderr, "usage: bench-hop --folder FOLDER [--quick] [--json]\n");
        return 2;
    }
    bench.pairs = bench.options.is_quick ? 1 : PAIRS_MAX;
    bench.messages = bench.options.is_quick ? 4000 : 20000;
    bench.latency_ms = bench.options.is_quick ? 500 : 10000;
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    set_up(&bench);
    measure_pairs(&bench);
    measure_latency(&bench);
    (void)(bench.options.is_json ? print_json : print_table)(&bench);
    tear_down(&bench);
    curl_global_cleanup();
    return 0;
}
