/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clock.h"
#include "core/text.h"
#include "tools/access.h"
#include "tools/audit.h"
#include "tools/commands.h"

#include <json-c/json.h>
#include <stdlib.h>

enum { AGAIN_AFTER_MS = 500 };

static void print_example(const struct cli_call *call, const struct audit_example *example)
{
    (void)printf("        %s:%s", example->text, cli_colour(call, CLI_DIM));
    for (size_t i = 0; i < example->pair_count; i++) {
        (void)printf(" %s=%s", example->pairs[i].key, example->pairs[i].text);
    }
    (void)printf("%s\n", cli_colour(call, CLI_PLAIN));
}

static void print_verdict(const struct cli_call *call, const struct audit_row *row,
                          const struct audit_verdict *verdict)
{
    bool holds = audit_verdict_holds(verdict);
    (void)printf("%s%-4s%s  %-3s  %9lld judged  %s\n",
                 cli_colour(call, holds ? CLI_GREEN : CLI_RED), holds ? "ok" : "FAIL",
                 cli_colour(call, CLI_PLAIN), row->id, (long long)verdict->judged, row->sentence);
    if (verdict->judged == 0 && verdict->differing == 0) {
        (void)printf("      judged nothing: there was no row to look at, which proves nothing\n");
    }
    if (verdict->differing == 0) {
        return;
    }
    (void)printf("      %lld differ%s; look at: %s\n", (long long)verdict->differing,
                 verdict->differing == 1 ? "s" : "", row->look);
    for (size_t i = 0; i < verdict->example_count; i++) {
        print_example(call, &verdict->examples[i]);
    }
    if ((int64_t)verdict->example_count < verdict->differing) {
        (void)printf("        and %lld more\n",
                     (long long)(verdict->differing - (int64_t)verdict->example_count));
    }
}

static json_object *example_json(const struct audit_example *example)
{
    json_object *object = json_object_new_object();
    (void)json_object_object_add(object, "text", json_object_new_string(example->text));
    for (size_t i = 0; i < example->pair_count; i++) {
        const struct audit_pair *pair = &example->pairs[i];
        (void)json_object_object_add(object, pair->key,
                                     pair->is_number
                                         ? json_object_new_int64(strtoll(pair->text, NULL, 10))
                                         : json_object_new_string(pair->text));
    }
    return object;
}

static json_object *verdict_json(const struct audit_row *row, const struct audit_verdict *verdict)
{
    json_object *object = json_object_new_object();
    json_object *examples = json_object_new_array();
    for (size_t i = 0; i < verdict->example_count; i++) {
        (void)json_object_array_add(examples, example_json(&verdict->examples[i]));
    }
    (void)json_object_object_add(object, "id", json_object_new_string(row->id));
    (void)json_object_object_add(object, "sentence", json_object_new_string(row->sentence));
    (void)json_object_object_add(object, "look", json_object_new_string(row->look));
    (void)json_object_object_add(object, "judged", json_object_new_int64(verdict->judged));
    (void)json_object_object_add(object, "differing", json_object_new_int64(verdict->differing));
    (void)json_object_object_add(object, "holds",
                                 json_object_new_boolean(audit_verdict_holds(verdict)));
    (void)json_object_object_add(object, "examples", examples);
    return object;
}

static void print_json(const struct audit_report *report)
{
    json_object *document = json_object_new_object();
    json_object *list = json_object_new_array();
    for (size_t i = 0; i < AUDIT_COUNT; i++) {
        (void)json_object_array_add(list, verdict_json(&audit_rows[i], &report->verdicts[i]));
    }
    (void)json_object_object_add(document, "holds",
                                 json_object_new_boolean(audit_report_holds(report)));
    (void)json_object_object_add(document, "invariants", list);
    (void)printf("%s\n", json_object_to_json_string_ext(
                             document, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
    (void)json_object_put(document);
}

static int print_report(const struct cli_call *call, const struct audit_report *report)
{
    if (call->is_json) {
        print_json(report);
    } else {
        for (size_t i = 0; i < AUDIT_COUNT; i++) {
            print_verdict(call, &audit_rows[i], &report->verdicts[i]);
        }
    }
    return audit_report_holds(report) ? EXIT_DONE : EXIT_FAILED;
}

static int print_missing(const struct cli_call *call, const struct audit_options *options,
                         const struct audit_report *report)
{
    struct fault fault;
    const char *folder = cli_text(call, "ids-dir");
    if (folder != NULL && audit_missing_write(options->missing, folder, &fault) != OK) {
        return cli_fail_fault(call, &fault, "the ids cannot be written");
    }
    audit_missing_print(call, options->missing, report->verdicts[AUDIT_I5].judged, folder);
    return options->missing->total == 0 ? EXIT_DONE : EXIT_FAILED;
}

static bool holds(const struct audit_options *options, const struct audit_report *report)
{
    return options->missing != NULL ? options->missing->total == 0 : audit_report_holds(report);
}

/* While events are on their way anything may look wrong: what is wrong at rest stays so until the
 * time is over. */
static int judge(const struct cli_call *call, const struct audit_options *options, size_t examples,
                 int64_t wait_ms)
{
    int64_t deadline = clock_monotonic_ms() + wait_ms;
    for (;;) {
        struct audit_report report;
        struct fault fault;
        audit_report_init(&report, examples);
        if (options->missing != NULL) {
            audit_missing_done(options->missing);
        }
        enum outcome o = audit_run(options, &report, &fault);
        bool is_last = (o == OK && holds(options, &report)) || o == FATAL ||
                       clock_monotonic_ms() + AGAIN_AFTER_MS >= deadline;
        int code = EXIT_DONE;
        if (is_last) {
            code = o != OK                    ? cli_fail_fault(call, &fault, "nothing was judged")
                   : options->missing != NULL ? print_missing(call, options, &report)
                                              : print_report(call, &report);
        }
        audit_report_done(&report);
        if (is_last) {
            return code;
        }
        clock_sleep_ms(AGAIN_AFTER_MS);
    }
}

/* What a run is given, and what must be released after it. */
struct given {
    struct contract_set contracts;
    struct id_set foreign, dead;
    struct audit_missing missing;
    struct audit_options options;
    int64_t examples, wait_ms;
};

static int duration(const struct cli_call *call, const char *option, int64_t *ms)
{
    return text_duration_ms(cli_text(call, option), ms)
               ? EXIT_DONE
               : cli_fail(call, EXIT_USAGE, "--%s must be a duration such as 500ms, 30s or 5m",
                          option);
}

static int read_options(const struct cli_call *call, struct given *given)
{
    struct audit_options *options = &given->options;
    const char *const needed[] = {"contracts", "database-url", "management-url", "provider-url",
                                  "secrets"};
    const char **const to[] = {NULL, &options->database_url, &options->management_url,
                               &options->provider_url, &options->secrets};
    bool is_events = cli_flag(call, "events");
    if (!is_events && cli_text(call, "ids-dir") != NULL) {
        return cli_fail(call, EXIT_USAGE, "--ids-dir belongs to --events");
    }
    options->missing = is_events ? &given->missing : NULL;
    for (size_t i = 0; i < COUNT_OF(needed); i++) {
        bool is_elsewhere = to[i] == &options->management_url || to[i] == &options->provider_url;
        if (is_events && is_elsewhere) {
            continue;
        }
        const char *value = cli_need(call, needed[i]);
        if (value == NULL) {
            return EXIT_USAGE;
        }
        if (to[i] != NULL) {
            *to[i] = value;
        }
    }
    options->prefix = cli_text(call, "prefix");
    options->vhost = cli_text(call, "vhost");
    options->tls = access_tls(call);
    if (!cli_int(call, "examples", 0, AUDIT_EXAMPLES_MAX, &given->examples)) {
        return EXIT_USAGE;
    }
    int code = duration(call, "within", &options->within_ms);
    if (code == EXIT_DONE) {
        code = duration(call, "lag", &options->lag_ms);
    }
    return code == EXIT_DONE ? duration(call, "wait", &given->wait_ms) : code;
}

static enum outcome read_files(const struct cli_call *call, struct given *given,
                               struct fault *fault)
{
    const char *foreign = cli_text(call, "foreign");
    const char *dead = cli_text(call, "dead-letters");
    enum outcome o = contract_set_load(&given->contracts, cli_text(call, "contracts"), fault);
    if (o == OK && foreign != NULL) {
        o = id_set_read(foreign, &given->foreign, fault);
    }
    if (o == OK && !text_int(dead, 0, INT32_MAX, &given->options.dead_letters)) {
        o = id_set_read(dead, &given->dead, fault);
        given->options.dead_letters = (int64_t)given->dead.count;
        given->options.dead_events = &given->dead;
    }
    given->options.contracts = &given->contracts;
    given->options.foreign = &given->foreign;
    return o;
}

static int run_audit(const struct cli_call *call)
{
    struct given given = {0};
    struct fault fault;
    int code = read_options(call, &given);
    if (code != EXIT_DONE) {
        return code;
    }
    enum outcome o = read_files(call, &given, &fault);
    code = o == OK ? judge(call, &given.options, (size_t)given.examples, given.wait_ms)
                   : cli_fail_fault(call, &fault, "nothing was judged");
    contract_set_done(&given.contracts);
    id_set_done(&given.foreign);
    id_set_done(&given.dead);
    audit_missing_done(&given.missing);
    return code;
}

static const struct cli_option options[] = {
    {"contracts", "DIR", "CONTRACTS", "events/asyncapi", "folder with the services' contracts"},
    {"within", "DURATION", NULL, "60s", "how long an upgrade may be under way (I3)"},
    {"wait", "DURATION", NULL, "0s", "judge again until everything holds, for so long at most"},
    {"lag", "DURATION", NULL, "12s",
     "how far the broker's statistics may be behind: what looks wrong is asked again (I10)"},
    {"examples", "N", NULL, "5", "counterexamples shown for each invariant"},
    {"events", NULL, NULL, NULL,
     "only I5, from the databases alone: every event that has not reached a listener, with the "
     "command that repairs it"},
    {"ids-dir", "DIR", NULL, NULL, "with --events: write LISTENER.ids there, for quadrille replay"},
    {"foreign", "FILE", NULL, NULL, "ids of events published by hand, one UUID a line (I6, I8)"},
    {"dead-letters", "N|FILE", NULL, "0",
     "how many dead letters there must be, or the ids of their events (I10)"},
    {"provider-url", "URL", "PROVIDER_ADMIN_URL", NULL,
     "the payment provider's ledger: URL/ledger, or file:PATH", .is_setting = true},
    {"secrets", "DIR", "SECRETS_DIR", NULL, "folder with audit.password", .is_setting = true},
    {"prefix", "TEXT", "DATABASE_PREFIX", "", "put before each database name", .is_setting = true},
    ACCESS_PROFILE,
    ACCESS_MANAGEMENT_URL,
    ACCESS_VHOST,
    ACCESS_DATABASE_URL,
    ACCESS_TLS,
};

#define AUDIT_HELP(name, sentence, look) "  " #name "\t" sentence "\n\tlook at: " look "\n"

const struct cli_command audit_commands[] = {
    {"audit", "", "check from outside that nothing was lost, doubled or left half done",
     "Reads every service's database as quadrille_audit, the broker's management API as audit "
     "(users and\n"
     "database of the URLs do not matter), and the payment provider's ledger. Who hears what comes "
     "from the contracts. Fails when an invariant differs, "
     "and when one had\n"
     "nothing to judge. Meant for a company at rest: while events are on their way, use "
     "--wait.\n\n" AUDIT_INVARIANTS(AUDIT_HELP),
     options, COUNT_OF(options), run_audit},
};
const size_t audit_command_count = COUNT_OF(audit_commands);
