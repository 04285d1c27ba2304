/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

#include "contracts/jsonschema/jsonschema.h"
#include "contracts/jsonschema/value.h"
#include "contracts/lint/lint.h"
#include "contracts/model.h"
#include "core/buffer.h"
#include "core/contract.h"
#include "core/text.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * How fast contracts are judged, and payloads by them: the generated decoder, the compiled schema
 * and the linter, beside what others use. All measure in turn, round by round, on the same examples
 * of the same events; others are processes that answer over a pipe (tests/bench/contract/).
 */

enum { ROUNDS = 7, MEASURES_MAX = 24, WORKERS_MAX = 4, ITEMS_MAX = 256, WHOLE_RUNS = 15 };

enum group { PARSED, BYTES, DOCUMENTS };

struct measure {
    const char *name;
    enum group group;
    bool is_ours;
    double target; /* of the ratio to what its group is compared with; 0: none */
    double per_s[ROUNDS];
    int rounds;
};

/* In the order of the table. The names are what the workers call it. */
static struct measure measures[] = {
    {"compiled schema, yes or no", PARSED, true, 1, {0}, 0},
    {"compiled schema, explained", PARSED, true, 0, {0}, 0},
    {"ajv", PARSED, false, 0, {0}, 0},
    {"fastjsonschema", PARSED, false, 0, {0}, 0},
    {"valijson", PARSED, false, 0, {0}, 0},
    {"generated decoder", BYTES, true, 2, {0}, 0},
    {"JSON reader and compiled schema", BYTES, true, 0, {0}, 0},
    {"JSON.parse and ajv", BYTES, false, 0, {0}, 0},
    {"JSON.parse alone", BYTES, false, 0, {0}, 0},
    {"json.loads and fastjsonschema", BYTES, false, 0, {0}, 0},
    {"RapidJSON and valijson", BYTES, false, 0, {0}, 0},
    {"contract lint", DOCUMENTS, true, 0, {0}, 0},
    {"@asyncapi/parser", DOCUMENTS, false, 0, {0}, 0},
};

static const struct {
    const char *title;
    const char *unit;
    const char *reference; /* what the ratios are against */
} groups[] = {
    [PARSED] = {"Validation of parsed payloads", "validations", "ajv"},
    [BYTES] = {"From the bytes of a message", "messages", "JSON.parse and ajv"},
    [DOCUMENTS] = {"AsyncAPI documents", "documents", "@asyncapi/parser"},
};

/* Generated tables of every service; an event that several have is the same in all. */
extern const struct contract billing_contract, coaching_contract, notification_contract,
    profile_contract, subscription_contract;
static const struct contract *const contracts[] = {
    &billing_contract, &coaching_contract,     &notification_contract,
    &profile_contract, &subscription_contract,
};

struct item {
    const struct message *message;
    struct jsonschema *schema;
    struct json_object *value;
    const char *text;
    size_t length;
    bool is_first; /* of its event */
};

struct worker {
    const char *command;
    pid_t pid;
    FILE *to, *from;
};

struct bench {
    bool is_quick, is_json;
    const char *folder;  /* for the workers' data */
    const char *company; /* the contracts */
    const char *linter;  /* the program */
    const char *parser;  /* the command that reads all contracts once, NULL: not there */
    int64_t round_ms;
    int rounds;
    struct worker workers[WORKERS_MAX];
    size_t worker_count;
    struct contract_set set;
    struct item items[ITEMS_MAX];
    size_t count, event_count, documents;
    struct arena arena;  /* of what stays */
    struct arena events; /* of what is decoded */
    double lint_ms[WHOLE_RUNS], parser_ms[WHOLE_RUNS];
    int lint_runs, parser_runs;
};

static int64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ── The payloads ── */

static void add_item(struct bench *bench, const struct message *message, struct jsonschema *schema,
                     const struct node *payload)
{
    struct fault fault;
    struct item *item = &bench->items[bench->count];
    if (bench->count == ITEMS_MAX) {
        bench_fail("more than %d examples", ITEMS_MAX);
    }
    *item = (struct item){.message = message, .schema = schema};
    struct json_object *value = NULL;
    bench_check(value_of_node(payload, &value, &fault), &fault);
    const char *text = json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN |
                                                                 JSON_C_TO_STRING_NOSLASHESCAPE);
    item->length = strlen(text);
    item->text = arena_text(&bench->arena, text, item->length);
    json_object_put(value);
    bench_check(value_read(item->text, item->length, &item->value, &fault), &fault);
    bench->count++;
}

static void add_message(struct bench *bench, const struct contract *contract,
                        const struct model_message *model)
{
    struct fault fault;
    struct jsonschema *schema = NULL;
    const struct message *message = contract_find_send(contract, model->type);
    if (message == NULL) {
        bench_fail("%s has no table", model->type);
    }
    bench_check(jsonschema_compile(&bench->set.asyncapi.documents, model->payload->at, NULL,
                                   &schema, &fault),
                &fault);
    size_t first = bench->count;
    for (const struct node *each = model->examples->first; each != NULL; each = each->next) {
        add_item(bench, message, schema, node_find(each, "payload"));
    }
    bench->items[first].is_first = true;
    bench->event_count++;
}

static void read_contracts(struct bench *bench)
{
    struct fault fault;
    bench_check(contract_set_load(&bench->set, bench->company, &fault), &fault);
    for (size_t i = 0; i < COUNT_OF(contracts); i++) {
        const struct model_service *service = contract_set_find(&bench->set, contracts[i]->service);
        if (service == NULL) {
            bench_fail("%s has no contract of %s", bench->company, contracts[i]->service);
        }
        bench_check(contract_prepare(contracts[i], &fault), &fault);
        for (size_t j = 0; j < service->send_count; j++) {
            for (size_t k = 0; k < service->sends[j].message_count; k++) {
                add_message(bench, contracts[i], service->sends[j].messages[k]);
            }
        }
    }
}

/* ── What the others read ── */

static void write_json(struct bench *bench, const struct node *node, struct buffer *out)
{
    node = ref_follow(&bench->set.asyncapi.documents, node);
    if (node == NULL) {
        bench_fail("a reference leads nowhere");
    }
    switch (node->kind) {
    case NODE_NULL:
        buffer_text(out, "null");
        return;
    case NODE_STRING:
        buffer_json(out, node->text, strlen(node->text));
        return;
    case NODE_BOOLEAN:
    case NODE_INTEGER:
    case NODE_NUMBER:
        buffer_text(out, node->text);
        return;
    case NODE_LIST:
    case NODE_MAP:
        break;
    }
    buffer_byte(out, node->kind == NODE_LIST ? '[' : '{');
    for (const struct node *part = node->first; part != NULL; part = part->next) {
        buffer_text(out, part == node->first ? "" : ",");
        if (node->kind == NODE_MAP) {
            buffer_json(out, part->key, strlen(part->key));
            buffer_byte(out, ':');
        }
        write_json(bench, part, out);
    }
    buffer_byte(out, node->kind == NODE_LIST ? ']' : '}');
}

static const struct model_message *model_of(const struct bench *bench,
                                            const struct message *message)
{
    const struct model_service *service = contract_set_find(&bench->set, message->service);
    for (size_t i = 0; i < service->channel_count; i++) {
        for (size_t j = 0; j < service->channels[i].message_count; j++) {
            if (strcmp(service->channels[i].messages[j].type, message->type) == 0) {
                return &service->channels[i].messages[j];
            }
        }
    }
    bench_fail("%s is not in the contract of %s", message->type, message->service);
}

/* [{name, schema, examples}], references resolved, the examples as text. */
static void write_data(struct bench *bench)
{
    AUTO(buffer_done) struct buffer out = {0};
    for (size_t i = 0; i < bench->count; i++) {
        const struct item *item = &bench->items[i];
        if (item->is_first) {
            buffer_text(&out, i == 0 ? "[" : "]},");
            buffer_printf(&out, "{\"name\":\"%s\",\"schema\":", item->message->name);
            write_json(bench, model_of(bench, item->message)->payload->at, &out);
            buffer_text(&out, ",\"examples\":[");
        }
        buffer_text(&out, item->is_first ? "" : ",");
        buffer_json(&out, item->text, item->length);
    }
    buffer_text(&out, "]}]");
    AUTO(free_text) char *path = xasprintf("%s/payloads.json", bench->folder);
    FILE *file = fopen(path, "we");
    if (file == NULL || fwrite(out.bytes, 1, out.length, file) != out.length || fclose(file) != 0) {
        bench_fail("%s: %s", path, strerror(errno));
    }
}

/* ── Ours ── */

typedef size_t pass(struct bench *bench);

/* As a consumer does: a batch of events in one arena. */
static size_t pass_decoder(struct bench *bench)
{
    static char event[8192];
    struct fault fault;
    for (size_t i = 0; i < bench->count; i++) {
        const struct item *item = &bench->items[i];
        if (item->message->shape->size > sizeof event) {
            bench_fail("%s is too large", item->message->name);
        }
        bench_check(codec_decode(item->message->shape, CODEC_OPEN, item->text, item->length,
                                 &bench->events, event, &fault),
                    &fault);
    }
    arena_reset(&bench->events);
    return bench->count;
}

static size_t pass_fast(struct bench *bench)
{
    for (size_t i = 0; i < bench->count; i++) {
        if (!jsonschema_is_valid(bench->items[i].schema, bench->items[i].value)) {
            bench_fail("%s: the example is not valid", bench->items[i].message->name);
        }
    }
    return bench->count;
}

static size_t pass_explain(struct bench *bench)
{
    for (size_t i = 0; i < bench->count; i++) {
        if (!jsonschema_explain(bench->items[i].schema, bench->items[i].value, NULL, NULL)) {
            bench_fail("%s: the example is not valid", bench->items[i].message->name);
        }
    }
    return bench->count;
}

static size_t pass_bytes(struct bench *bench)
{
    struct fault fault;
    for (size_t i = 0; i < bench->count; i++) {
        const struct item *item = &bench->items[i];
        struct json_object *value = NULL;
        bench_check(value_read(item->text, item->length, &value, &fault), &fault);
        if (!jsonschema_is_valid(item->schema, value)) {
            bench_fail("%s: the example is not valid", item->message->name);
        }
        json_object_put(value);
    }
    return bench->count;
}

/* All documents are read and judged anew each time. */
static size_t pass_lint(struct bench *bench)
{
    struct asyncapi set = {0};
    struct lint lint = {.is_ours = true};
    struct fault fault;
    bench_check(asyncapi_load(&set, &bench->company, 1, &fault), &fault);
    lint_run(&lint, &set);
    if (lint_count(&lint, LINT_ERROR) > 0) {
        bench_fail("the linter finds errors in %s", bench->company);
    }
    bench->documents = set.count;
    lint_done(&lint);
    size_t count = set.count;
    asyncapi_done(&set);
    return count;
}

static const struct {
    const char *name;
    pass *pass;
} ours[] = {
    {"generated decoder", pass_decoder},
    {"compiled schema, yes or no", pass_fast},
    {"compiled schema, explained", pass_explain},
    {"JSON reader and compiled schema", pass_bytes},
    {"contract lint", pass_lint},
};

static void add_sample(const char *name, int64_t count, int64_t ns)
{
    for (size_t i = 0; i < COUNT_OF(measures); i++) {
        if (strcmp(measures[i].name, name) == 0 && measures[i].rounds < ROUNDS) {
            measures[i].per_s[measures[i].rounds++] = (double)count * 1e9 / (double)ns;
            return;
        }
    }
    bench_fail("nobody asked for \"%s\"", name);
}

static void measure_ours(struct bench *bench, bool is_warm)
{
    for (size_t i = 0; i < COUNT_OF(ours); i++) {
        int64_t start = now_ns();
        int64_t end = start + bench->round_ms * 1000000;
        int64_t now = start;
        size_t count = 0;
        while (now < end) {
            count += ours[i].pass(bench);
            now = now_ns();
        }
        if (is_warm) {
            add_sample(ours[i].name, (int64_t)count, now - start);
        }
    }
}

/* ── The others ── */

static void worker_start(struct worker *worker)
{
    int there[2];
    int back[2];
    if (pipe2(there, O_CLOEXEC) != 0 || pipe2(back, O_CLOEXEC) != 0) {
        bench_fail("pipe: %s", strerror(errno));
    }
    worker->pid = fork();
    if (worker->pid == 0) {
        (void)dup2(there[0], STDIN_FILENO);
        (void)dup2(back[1], STDOUT_FILENO);
        (void)execl("/bin/sh", "sh", "-c", worker->command, (char *)NULL);
        _exit(127);
    }
    (void)close(there[0]);
    (void)close(back[1]);
    worker->to = fdopen(there[1], "w");
    worker->from = fdopen(back[0], "r");
    if (worker->pid < 0 || worker->to == NULL || worker->from == NULL) {
        bench_fail("%s: %s", worker->command, strerror(errno));
    }
}

static void worker_measure(const struct bench *bench, const struct worker *worker, bool is_warm)
{
    char line[256];
    (void)fprintf(worker->to, "%" PRId64 "\n", bench->round_ms);
    (void)fflush(worker->to);
    while (fgets(line, sizeof line, worker->from) != NULL) {
        char *count = strchr(line, '\t');
        char *ns = count != NULL ? strchr(count + 1, '\t') : NULL;
        if (strcmp(line, ".\n") == 0) {
            return;
        }
        if (ns == NULL) {
            break;
        }
        *count++ = '\0';
        *ns++ = '\0';
        ns[strcspn(ns, "\n")] = '\0';
        int64_t counted = 0;
        int64_t spent = 0;
        if (!text_int(count, 1, INT64_MAX, &counted) || !text_int(ns, 1, INT64_MAX, &spent)) {
            break;
        }
        if (is_warm) {
            add_sample(line, counted, spent);
        }
    }
    bench_fail("%s: no answer", worker->command);
}

static void worker_end(const struct worker *worker)
{
    (void)fclose(worker->to);
    (void)fclose(worker->from);
    (void)waitpid(worker->pid, NULL, 0);
}

/* ── Whole processes ── */

static double run_ms(const char *command)
{
    int64_t start = now_ns();
    pid_t pid = fork();
    if (pid == 0) {
        int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
        (void)dup2(nowhere, STDOUT_FILENO);
        (void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    int status = 0;
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
        bench_fail("%s: failed", command);
    }
    return (double)(now_ns() - start) / 1e6;
}

static void measure_processes(struct bench *bench)
{
    AUTO(free_text)
    char *lint =
        xasprintf("exec %s contract lint --profile quadrille %s", bench->linter, bench->company);
    int runs = bench->is_quick ? 3 : WHOLE_RUNS;
    for (int i = 0; i < runs; i++) {
        bench->lint_ms[bench->lint_runs++] = run_ms(lint);
        if (bench->parser != NULL && i % 8 == 0) {
            bench->parser_ms[bench->parser_runs++] = run_ms(bench->parser);
        }
    }
    bench_sort(bench->lint_ms, (size_t)bench->lint_runs);
    bench_sort(bench->parser_ms, (size_t)bench->parser_runs);
}

/* ── What came out ── */

static double median(const struct measure *measure)
{
    return bench_percentile(measure->per_s, (size_t)measure->rounds, 50);
}

/* 0 when what its group is compared with was not measured. */
static double ratio(const struct measure *measure)
{
    for (size_t i = 0; i < COUNT_OF(measures); i++) {
        if (strcmp(measures[i].name, groups[measure->group].reference) == 0 &&
            measures[i].rounds > 0) {
            return median(measure) / median(&measures[i]);
        }
    }
    return 0;
}

static void print_row(const struct measure *measure)
{
    char target[64] = "";
    double factor = ratio(measure);
    if (measure->rounds == 0) {
        (void)printf("  %-34s not measured: not installed\n", measure->name);
        return;
    }
    if (measure->target > 0) {
        (void)snprintf(target, sizeof target, "   to reach: %g%s", measure->target,
                       factor == 0                 ? ""
                       : factor >= measure->target ? ", reached"
                                                   : ", NOT reached");
    }
    int digits = median(measure) < 100 ? 1 : 0;
    (void)printf("  %-34s %12.*f   %12.*f to %-12.*f", measure->name, digits, median(measure),
                 digits, measure->per_s[0], digits, measure->per_s[measure->rounds - 1]);
    if (factor > 0) {
        (void)printf(" %8.2f", factor);
    }
    (void)printf("%s\n", target);
}

static void print_table(const struct bench *bench)
{
    (void)printf("%zu events, %zu examples, %zu documents; %d round%s of %" PRId64
                 " ms each, in turn\n",
                 bench->event_count, bench->count, bench->documents, bench->rounds,
                 bench->rounds == 1 ? "" : "s", bench->round_ms);
    for (size_t group = 0; group < COUNT_OF(groups); group++) {
        (void)printf("\n%s: %s per second, median and spread, ratio to %s\n", groups[group].title,
                     groups[group].unit, groups[group].reference);
        for (size_t i = 0; i < COUNT_OF(measures); i++) {
            if (measures[i].group == group) {
                print_row(&measures[i]);
            }
        }
    }
    (void)printf("\nThe whole process, all documents, median of %d runs\n", bench->lint_runs);
    (void)printf("  %-34s %8.1f ms   to reach: under 50 ms\n", "quadrille contract lint",
                 bench_percentile(bench->lint_ms, (size_t)bench->lint_runs, 50));
    if (bench->parser_runs > 0) {
        (void)printf("  %-34s %8.1f ms\n", "node with @asyncapi/parser",
                     bench_percentile(bench->parser_ms, (size_t)bench->parser_runs, 50));
    } else {
        (void)printf("  %-34s not measured: not installed\n", "node with @asyncapi/parser");
    }
}

static void add_number(struct json_object *object, const char *name, double number)
{
    (void)json_object_object_add(object, name, json_object_new_double(number));
}

static void print_json(const struct bench *bench)
{
    struct json_object *out = json_object_new_object();
    struct json_object *rows = json_object_new_array();
    for (size_t i = 0; i < COUNT_OF(measures); i++) {
        const struct measure *measure = &measures[i];
        if (measure->rounds == 0) {
            continue;
        }
        struct json_object *row = json_object_new_object();
        (void)json_object_object_add(row, "name", json_object_new_string(measure->name));
        (void)json_object_object_add(row, "unit",
                                     json_object_new_string(groups[measure->group].unit));
        add_number(row, "per_second", median(measure));
        add_number(row, "lowest", measure->per_s[0]);
        add_number(row, "highest", measure->per_s[measure->rounds - 1]);
        if (ratio(measure) > 0) {
            add_number(row, "ratio", ratio(measure));
        }
        (void)json_object_array_add(rows, row);
    }
    (void)json_object_object_add(out, "measures", rows);
    add_number(out, "lint_process_ms",
               bench_percentile(bench->lint_ms, (size_t)bench->lint_runs, 50));
    if (bench->parser_runs > 0) {
        add_number(out, "parser_process_ms",
                   bench_percentile(bench->parser_ms, (size_t)bench->parser_runs, 50));
    }
    (void)printf("%s\n", json_object_to_json_string_ext(out, JSON_C_TO_STRING_PRETTY));
    json_object_put(out);
}

static const struct option options[] = {
    {"json", no_argument, NULL, 'j'},
    {"quick", no_argument, NULL, 'q'},
    {"folder", required_argument, NULL, 'f'},
    {"contracts", required_argument, NULL, 'c'},
    {"quadrille", required_argument, NULL, 'l'},
    {"parser", required_argument, NULL, 'p'},
    {"worker", required_argument, NULL, 'w'},
    {0},
};

static bool read_arguments(int argc, char **argv, struct bench *bench)
{
    for (int option = 0; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (option) {
        case 'j':
            bench->is_json = true;
            break;
        case 'q':
            bench->is_quick = true;
            break;
        case 'f':
            bench->folder = optarg;
            break;
        case 'c':
            bench->company = optarg;
            break;
        case 'l':
            bench->linter = optarg;
            break;
        case 'p':
            bench->parser = optarg;
            break;
        case 'w':
            if (bench->worker_count == WORKERS_MAX) {
                return false;
            }
            bench->workers[bench->worker_count++].command = optarg;
            break;
        default:
            return false;
        }
    }
    return optind == argc && bench->folder != NULL && bench->company != NULL &&
           bench->linter != NULL;
}

int main(int argc, char **argv)
{
    static struct bench bench;
    if (!read_arguments(argc, argv, &bench)) {
        (void)fprintf(stderr,
                      "usage: bench-contract --folder FOLDER --contracts FOLDER --quadrille PROGRAM"
                      " [--parser COMMAND] [--worker COMMAND]... [--quick] [--json]\n");
        return 2;
    }
    bench.rounds = bench.is_quick ? 1 : ROUNDS;
    bench.round_ms = bench.is_quick ? 20 : 300;
    read_contracts(&bench);
    write_data(&bench);
    for (size_t i = 0; i < bench.worker_count; i++) {
        worker_start(&bench.workers[i]);
    }
    /* The first round warms caches and compilers up. */
    for (int round = 0; round <= bench.rounds; round++) {
        bench_progress("round %d of %d", round, bench.rounds);
        measure_ours(&bench, round > 0);
        for (size_t i = 0; i < bench.worker_count; i++) {
            worker_measure(&bench, &bench.workers[i], round > 0);
        }
    }
    for (size_t i = 0; i < bench.worker_count; i++) {
        worker_end(&bench.workers[i]);
    }
    measure_processes(&bench);
    bench_progress("%s", "");
    for (size_t i = 0; i < COUNT_OF(measures); i++) {
        bench_sort(measures[i].per_s, (size_t)measures[i].rounds);
    }
    (void)(bench.is_json ? print_json : print_table)(&bench);
    return 0;
}
