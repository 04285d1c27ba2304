/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"
#include "core/broker.h"
#include "core/buffer.h"
#include "core/clock.h"
#include "core/memory.h"
#include "support/dead_letters.h"
#include "support/process.h"
#include "tools/management.h"

#include <curl/curl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * The operator's commands on a large dead-letter queue, each beside the barest loop that does the
 * same to a queue in the same state, in turn. The state matters: a pass that holds what it was
 * given gets messages slower where they have been returned to the queue before.
 */

enum {
    PAIRS_MAX = 3,
    BODY_BYTES = 1024,
    TAKE = 256,
    PREFETCH = 2000,     /* of the bare loops, as the services have it */
    UNCONFIRMED = 1000,  /* of the bare loops */
    COMMAND_MS = 600000, /* nothing takes longer */
    WAIT_MS = 60000,
};

enum measured {
    GROUPS_NEW,
    CONSUME_NEW,
    GROUPS_RETURNED,
    CONSUME_RETURNED,
    RETURN_NEW,
    RETURN_RETURNED,
    RETRY_ALL,
    MOVE_ALL,
    MEASURED
};

static const struct {
    const char *key, *title;
} rows[MEASURED] = {
    [GROUPS_NEW] = {"groups_new_per_s", "dlq groups, new messages"},
    [CONSUME_NEW] = {"consume_new_per_s", "bare consume → ack, new messages"},
    [GROUPS_RETURNED] = {"groups_returned_per_s", "dlq groups, returned before"},
    [CONSUME_RETURNED] = {"consume_returned_per_s", "bare consume → ack, returned before"},
    [RETURN_NEW] = {"return_per_s", "returning in order"},
    [RETURN_RETURNED] = {"return_again_per_s", "returning in order, again"},
    [RETRY_ALL] = {"retry_per_s", "dlq retry of everything"},
    [MOVE_ALL] = {"move_per_s", "bare consume → confirm → ack"},
};

static const struct {
    const char *key, *title;
    enum measured above, below;
    double wanted;
} ratios[] = {
    {"ratio_groups_new", "groups / consume, new messages", GROUPS_NEW, CONSUME_NEW, 0.5},
    {"ratio_groups_returned", "groups / consume, returned before", GROUPS_RETURNED,
     CONSUME_RETURNED, 0.5},
    {"ratio_retry", "retry / consume → confirm → ack", RETRY_ALL, MOVE_ALL, 0.5},
};

enum { RETURN_WANTED_PER_S = 5000, MEMORY_WANTED_MIB = 200 };

struct bench {
    struct bench_options options;
    struct management *management;
    char *url, *log;
    struct broker *broker; /* fills and asks */
    int messages, pairs;
    double per_s[MEASURED][PAIRS_MAX];
};

static const char vhost[] = "bench-ops";
static const char dead[] = "work.dlq", work[] = "work";

static double per_s(int64_t count, int64_t ms)
{
    return (double)count * 1000 / (double)(ms > 0 ? ms : 1);
}

static struct broker *connect_here(const struct bench *bench, const char *name)
{
    struct broker *broker = NULL;
    struct fault fault;
    bench_check(
        broker_open(&(struct broker_options){.url = bench->url, .name = name}, &broker, &fault),
        &fault);
    return broker;
}

static void set_up(struct bench *bench)
{
    struct fault fault;
    const char *amqp = getenv("AMQP_URL");
    const char *management = getenv("MANAGEMENT_URL");
    if (amqp == NULL || management == NULL || strstr(amqp, "://") == NULL) {
        bench_fail("AMQP_URL and MANAGEMENT_URL are needed");
    }
    const char *authority = strstr(amqp, "://") + 3;
    AUTO(free_text) char *user = xstrndup(authority, strcspn(authority, ":@"));
    bench->url =
        xasprintf("%.*s/%s", (int)(authority - amqp) + (int)strcspn(authority, "/"), amqp, vhost);
    bench->log = xasprintf("%s/ops.log", bench->options.folder);
    bench_check(management_open(management, &bench->management, &fault), &fault);
    json_object *all =
        json_tokener_parse("{\"configure\":\".*\",\"write\":\".*\",\"read\":\".*\"}");
    json_object *limit = json_tokener_parse("{\"pattern\":\"dlq$\",\"apply-to\":\"queues\","
                                            "\"definition\":{\"delivery-limit\":2147483647}}");
    bench_check(management_call(bench->management, "PUT", NULL, NULL, &fault, "vhosts/%s", vhost),
                &fault);
    bench_check(management_call(bench->management, "PUT", all, NULL, &fault, "permissions/%s/%s",
                                vhost, user),
                &fault);
    bench_check(
        management_call(bench->management, "PUT", limit, NULL, &fault, "policies/%s/limit", vhost),
        &fault);
    (void)json_object_put(all);
    (void)json_object_put(limit);
    bench->broker = connect_here(bench, "bench");
    bench_check(broker_confirm_select(bench->broker, &fault), &fault);
}

static void tear_down(struct bench *bench)
{
    struct fault fault;
    bench_check(broker_queue_delete(bench->broker, dead, &fault), &fault);
    bench_check(broker_queue_delete(bench->broker, work, &fault), &fault);
    broker_close(bench->broker);
    /* The numbers are there: a virtual host that stays behind does not undo them. */
    if (management_call(bench->management, "DELETE", NULL, NULL, &fault, "vhosts/%s", vhost) !=
        OK) {
        (void)fprintf(stderr, "bench: virtual host %s stays: %s\n", vhost, fault.text);
    }
    management_close(bench->management);
    free(bench->url);
    free(bench->log);
}

/* Queues */

static uint32_t depth(struct bench *bench, const char *queue)
{
    struct fault fault;
    uint32_t ready = 0;
    bench_check(broker_queue_declare(bench->broker, queue, NULL, true, &ready, NULL, &fault),
                &fault);
    return ready;
}

/* A busy quorum queue answers 0, so one look is not enough. */
static void await_depth(struct bench *bench, const char *queue, int wanted)
{
    int64_t until = clock_monotonic_ms() + WAIT_MS;
    while (depth(bench, queue) != (uint32_t)wanted) {
        if (clock_monotonic_ms() > until) {
            bench_fail("%s has %u messages and not %d", queue, depth(bench, queue), wanted);
        }
        clock_sleep_ms(50);
    }
}

static void renew(struct bench *bench, const char *queue)
{
    struct fault fault;
    bench_check(broker_queue_delete(bench->broker, queue, &fault), &fault);
    bench_check(broker_queue_declare(bench->broker, queue, "quorum", false, NULL, NULL, &fault),
                &fault);
}

static void await_confirms(struct broker *broker, size_t most)
{
    struct fault fault;
    while (broker_unconfirmed(broker) > most) {
        bench_check(broker_wait(broker, -1, 100, &fault), &fault);
    }
}

static void publish_letter(struct bench *bench, int number)
{
    AUTO(buffer_done) struct buffer list = {0};
    struct fault fault;
    uint64_t confirm = 0;
    char id[32];
    char body[BODY_BYTES];
    (void)snprintf(id, sizeof id, "letter-%d", number);
    const struct dead_letter_sample sample = {
        .message_id = id,
        .type = "OrderPlaced",
        .content_type = "application/json",
        .headers = {{'S', "quadrille-failed-queue", work, 0},
                    {'S', "quadrille-failure-class", "rejected", 0},
                    {'S', "quadrille-failure-reason",
                     number % 3 == 0 ? "no stock of 17" : "user 4711 is unknown", 0},
                    {0}}};
    dead_letter_properties(&sample, &list);
    memset(body, 'x', sizeof body);
    int head = snprintf(body, sizeof body, "{\"n\":%d,\"text\":\"", number);
    body[head] = 'x';
    body[sizeof body - 2] = '"';
    body[sizeof body - 1] = '}';
    bench_check(broker_publish(bench->broker, "", dead, true, list.bytes, list.length, body,
                               sizeof body, &confirm, &fault),
                &fault);
}

/* New queues, and letters in the first one. */
static void fill(struct bench *bench, int pair)
{
    renew(bench, dead);
    renew(bench, work);
    bench_progress("%d of %d: %d letters …", pair + 1, bench->pairs, bench->messages);
    for (int i = 0; i < bench->messages; i++) {
        publish_letter(bench, i);
        await_confirms(bench->broker, UNCONFIRMED);
    }
    await_confirms(bench->broker, 0);
    await_depth(bench, dead, bench->messages);
}

/* The commands */

static void run(struct bench *bench, const char *const argv[])
{
    AUTO(free_text) char *amqp = xasprintf("AMQP_URL=%s", bench->url);
    AUTO(free_text) char *state = xasprintf("XDG_STATE_HOME=%s/state", bench->options.folder);
    const char *const environment[] = {amqp, state, "QUADRILLE_PROFILE",
                                       "QUADRILLE_TRAIL_DATABASE_URL", NULL};
    (void)unlink(bench->log);
    int status = process_wait(process_start(argv, environment, bench->log), COMMAND_MS);
    if (status == -1 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        bench_fail("dlq %s has failed, see %s", argv[2], bench->log);
    }
}

/* The object among the lines of what a command has said. */
static json_object *read_answer(const struct bench *bench)
{
    char *line = NULL;
    size_t room = 0;
    json_object *answer = NULL;
    FILE *file = fopen(bench->log, "re");
    while (file != NULL && answer == NULL && getline(&line, &room, file) > 0) {
        answer = line[0] == '{' ? json_tokener_parse(line) : NULL;
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    free(line);
    if (answer == NULL) {
        bench_fail("%s has no answer", bench->log);
    }
    return answer;
}

static int64_t number_of(json_object *answer, const char *name)
{
    json_object *value = NULL;
    if (!json_object_object_get_ex(answer, name, &value)) {
        bench_fail("the answer has no %s", name);
    }
    return json_object_get_int64(value);
}

static void groups(struct bench *bench, int pair, enum measured look, enum measured give_back)
{
    const char *const argv[] = {getenv("QUADRILLE_BIN"), "dlq", "groups", dead, "--json", NULL};
    bench_progress("%d of %d: %s …", pair + 1, bench->pairs, rows[look].title);
    run(bench, argv);
    json_object *answer = read_answer(bench);
    if (number_of(answer, "seen") != bench->messages) {
        bench_fail("%lld of %d were seen", (long long)number_of(answer, "seen"), bench->messages);
    }
    bench->per_s[look][pair] = per_s(bench->messages, number_of(answer, "looked_ms"));
    bench->per_s[give_back][pair] = per_s(bench->messages, number_of(answer, "returned_ms"));
    (void)json_object_put(answer);
    await_depth(bench, dead, bench->messages);
}

static void retry(struct bench *bench, int pair)
{
    const char *const argv[] = {getenv("QUADRILLE_BIN"), "dlq", "retry", dead, "--yes", NULL};
    bench_progress("%d of %d: %s …", pair + 1, bench->pairs, rows[RETRY_ALL].title);
    int64_t start = clock_monotonic_ms();
    run(bench, argv);
    bench->per_s[RETRY_ALL][pair] = per_s(bench->messages, clock_monotonic_ms() - start);
    await_depth(bench, work, bench->messages);
    await_depth(bench, dead, 0);
}

/* The bare loops */

static void consume(struct bench *bench, int pair, enum measured row)
{
    struct fault fault;
    struct delivery deliveries[TAKE];
    bench_progress("%d of %d: %s …", pair + 1, bench->pairs, rows[row].title);
    int64_t start = clock_monotonic_ms();
    struct broker *broker = connect_here(bench, "bench loop");
    bench_check(broker_consume(broker, dead, PREFETCH, &fault), &fault);
    for (int done = 0; done < bench->messages;) {
        size_t count = 0;
        bench_check(broker_take(broker, deliveries, TAKE, WAIT_MS, &count, &fault), &fault);
        if (count == 0) {
            bench_fail("%d of %d came", done, bench->messages);
        }
        bench_check(broker_ack(broker, deliveries[count - 1].tag, true, &fault), &fault);
        bench_check(broker_tick(broker, &fault), &fault);
        broker_release(broker);
        done += (int)count;
    }
    bench->per_s[row][pair] = per_s(bench->messages, clock_monotonic_ms() - start);
    await_depth(bench, dead, 0);
    broker_close(broker);
}

/* Confirm numbers of the publisher are the consumer's tags: both count from 1. */
struct mover {
    bool *is_confirmed;
    uint64_t confirmed, acked; /* all up to these */
};

static void on_verdict(void *context, uint64_t number, enum verdict verdict, const char *reason)
{
    struct mover *mover = context;
    if (verdict != VERDICT_CONFIRMED) {
        bench_fail("a message was refused: %s", reason != NULL ? reason : "");
    }
    mover->is_confirmed[number] = true;
    while (mover->is_confirmed[mover->confirmed + 1]) {
        mover->confirmed++;
    }
}

static void move_some(struct broker *from, struct broker *to, struct mover *mover)
{
    struct fault fault;
    struct delivery deliveries[TAKE];
    size_t count = 0;
    bool is_waiting = broker_unconfirmed(to) == 0;
    bench_check(broker_take(from, deliveries, TAKE, is_waiting ? 100 : 0, &count, &fault), &fault);
    for (size_t i = 0; i < count; i++) {
        uint64_t number = 0;
        const struct delivery *delivery = &deliveries[i];
        bench_check(broker_publish(to, "", work, true, delivery->properties.raw,
                                   delivery->properties.raw_length, delivery->body,
                                   delivery->body_length, &number, &fault),
                    &fault);
    }
    broker_release(from);
    bench_check(count > 0 ? broker_tick(to, &fault)
                          : broker_wait(to, broker_socket(from), 100, &fault),
                &fault);
    await_confirms(to, UNCONFIRMED);
    if (mover->confirmed > mover->acked) {
        mover->acked = mover->confirmed;
        bench_check(broker_ack(from, mover->acked, true, &fault), &fault);
    }
    bench_check(broker_tick(from, &fault), &fault);
}

static void move(struct bench *bench, int pair)
{
    struct fault fault;
    struct mover mover = {.is_confirmed = xcalloc((size_t)bench->messages + 2, sizeof(bool))};
    bench_progress("%d of %d: %s …", pair + 1, bench->pairs, rows[MOVE_ALL].title);
    int64_t start = clock_monotonic_ms();
    struct broker *from = connect_here(bench, "bench loop");
    struct broker *to = connect_here(bench, "bench loop");
    broker_on_verdict(to, on_verdict, &mover);
    bench_check(broker_confirm_select(to, &fault), &fault);
    bench_check(broker_consume(from, dead, PREFETCH, &fault), &fault);
    while (mover.acked < (uint64_t)bench->messages) {
        move_some(from, to, &mover);
        if (clock_monotonic_ms() - start > COMMAND_MS) {
            bench_fail("%llu of %d were moved", (unsigned long long)mover.acked, bench->messages);
        }
    }
    bench->per_s[MOVE_ALL][pair] = per_s(bench->messages, clock_monotonic_ms() - start);
    await_depth(bench, work, bench->messages);
    await_depth(bench, dead, 0);
    broker_close(from);
    broker_close(to);
    free(mover.is_confirmed);
}

static void measure(struct bench *bench)
{
    for (int pair = 0; pair < bench->pairs; pair++) {
        fill(bench, pair);
        groups(bench, pair, GROUPS_NEW, RETURN_NEW);
        groups(bench, pair, GROUPS_RETURNED, RETURN_RETURNED);
        consume(bench, pair, CONSUME_RETURNED);
        fill(bench, pair);
        consume(bench, pair, CONSUME_NEW);
        fill(bench, pair);
        retry(bench, pair);
        fill(bench, pair);
        move(bench, pair);
    }
    bench_progress("%s", "");
}

/* What came of it */

struct spread {
    double median, least, most;
};

static struct spread spread_of(const double *values, int count)
{
    double sorted[PAIRS_MAX];
    memcpy(sorted, values, (size_t)count * sizeof sorted[0]);
    bench_sort(sorted, (size_t)count);
    return (struct spread){sorted[count / 2], sorted[0], sorted[count - 1]};
}

static struct spread ratio_of(const struct bench *bench, enum measured above, enum measured below)
{
    double values[PAIRS_MAX];
    for (int i = 0; i < bench->pairs; i++) {
        values[i] = bench->per_s[above][i] / bench->per_s[below][i];
    }
    return spread_of(values, bench->pairs);
}

/* The most that any command has had. */
static double memory_mib(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_CHILDREN, &usage) == 0 ? (double)usage.ru_maxrss / 1024 : -1;
}

static void print_table(const struct bench *bench)
{
    (void)printf("dead-letter queue of %d messages of %d bytes, quorum queues, fsync on; medians "
                 "of %d\n\n",
                 bench->messages, BODY_BYTES, bench->pairs);
    (void)printf("%-38s %9s   spread\n", "", "per s");
    for (int i = 0; i < MEASURED; i++) {
        struct spread rate = spread_of(bench->per_s[i], bench->pairs);
        /* A printf field is as wide as its bytes; the arrow has three. */
        int more = strstr(rows[i].title, "→") == NULL         ? 0
                   : strstr(rows[i].title, "confirm") != NULL ? 4
                                                              : 2;
        (void)printf("%-*s %9.0f   %.0f to %.0f", 38 + more, rows[i].title, rate.median, rate.least,
                     rate.most);
        (void)printf(i == RETURN_NEW || i == RETURN_RETURNED ? "   to reach: %d\n" : "\n",
                     RETURN_WANTED_PER_S);
    }
    (void)printf("\n");
    for (size_t i = 0; i < COUNT_OF(ratios); i++) {
        struct spread ratio = ratio_of(bench, ratios[i].above, ratios[i].below);
        int more = strstr(ratios[i].title, "→") != NULL ? 4 : 0;
        (void)printf("%-*s %9.2f   %.2f to %.2f   to reach: %.2f\n", 38 + more, ratios[i].title,
                     ratio.median, ratio.least, ratio.most, ratios[i].wanted);
    }
    (void)printf("%-38s %9.0f   to reach: below %d\n", "memory of a command, MiB", memory_mib(),
                 MEMORY_WANTED_MIB);
}

static void print_json(const struct bench *bench)
{
    json_object *out = json_object_new_object();
    json_object *samples = json_object_new_object();
    (void)json_object_object_add(out, "messages", json_object_new_int(bench->messages));
    for (int i = 0; i < MEASURED; i++) {
        json_object *list = json_object_new_array();
        for (int pair = 0; pair < bench->pairs; pair++) {
            (void)json_object_array_add(list, json_object_new_double(bench->per_s[i][pair]));
        }
        (void)json_object_object_add(samples, rows[i].key, list);
        (void)json_object_object_add(
            out, rows[i].key,
            json_object_new_double(spread_of(bench->per_s[i], bench->pairs).median));
    }
    for (size_t i = 0; i < COUNT_OF(ratios); i++) {
        (void)json_object_object_add(
            out, ratios[i].key,
            json_object_new_double(ratio_of(bench, ratios[i].above, ratios[i].below).median));
    }
    (void)json_object_object_add(out, "memory_mib", json_object_new_double(memory_mib()));
    (void)json_object_object_add(out, "samples", samples);
    (void)printf("%s\n", json_object_to_json_string_ext(out, JSON_C_TO_STRING_PRETTY));
    (void)json_object_put(out);
}

int main(int argc, char **argv)
{
    struct bench bench = {0};
    if (!bench_read_options(argc, argv, &bench.options) || getenv("QUADRILLE_BIN") == NULL) {
        (void)fprintf(stderr, "usage: QUADRILLE_BIN=… bench-ops --folder FOLDER [--quick] "
                              "[--json]\n");
        return 2;
    }
    bench.pairs = bench.options.is_quick ? 1 : PAIRS_MAX;
    bench.messages = bench.options.is_quick ? 2000 : 100000;
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    set_up(&bench);
    measure(&bench);
    (void)(bench.options.is_json ? print_json : print_table)(&bench);
    tear_down(&bench);
    curl_global_cleanup();
    return 0;
}
