/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/model.h"
#include "tools/access.h"
#include "tools/commands.h"
#include "tools/schema.h"

#include <string.h>

static const char *const state_words[] = {
    [MIGRATION_APPLIED] = "applied",
    [MIGRATION_NOW_APPLIED] = "now applied",
    [MIGRATION_MISSING] = "missing",
    [MIGRATION_CHANGED] = "changed since it was applied",
    [MIGRATION_UNKNOWN] = "applied, and unknown to this version",
};

static const enum cli_colour state_colours[] = {
    [MIGRATION_APPLIED] = CLI_DIM,    [MIGRATION_NOW_APPLIED] = CLI_GREEN,
    [MIGRATION_MISSING] = CLI_YELLOW, [MIGRATION_CHANGED] = CLI_RED,
    [MIGRATION_UNKNOWN] = CLI_RED,
};

struct report {
    const struct cli_call *call;
    bool is_first;
    size_t counts[MIGRATION_STATES];
};

static void report_one(void *context, const char *service, const struct migration *migration,
                       enum migration_state state)
{
    struct report *report = context;
    report->counts[state]++;
    if (report->call->is_json) {
        (void)printf(
            "%s{\"service\":\"%s\",\"module\":\"%s\",\"migration\":\"%s\",\"state\":\"%s\"}",
            report->is_first ? "" : ",\n", service, migration->module, migration->name,
            state_words[state]);
        report->is_first = false;
    } else if (state != MIGRATION_APPLIED) {
        (void)printf("%-14s %s/%s: %s%s%s\n", service, migration->module, migration->name,
                     cli_colour(report->call, state_colours[state]), state_words[state],
                     cli_colour(report->call, CLI_PLAIN));
    }
}

typedef enum outcome (*schema_fn)(const struct schema_options *options, const char *service,
                                  schema_report_fn report, void *context, struct fault *fault);

static int for_each_service(const struct cli_call *call, schema_fn run, struct report *report)
{
    const char *folder = cli_need(call, "contracts");
    const char *url = cli_need(call, "database-url");
    const char *secrets =
        run == schema_apply ? cli_need(call, "secrets") : cli_text(call, "secrets");
    if (folder == NULL || url == NULL || (run == schema_apply && secrets == NULL)) {
        return EXIT_USAGE;
    }
    const char *only = cli_text(call, "service");
    const struct schema_options options = {
        .url = url, .secrets = secrets, .prefix = cli_text(call, "prefix")};
    struct contract_set set = {0};
    struct fault fault;
    enum outcome o = contract_set_load(&set, folder, &fault);
    size_t done = 0;
    if (call->is_json) {
        (void)printf("[");
    }
    for (size_t i = 0; o == OK && i < set.service_count; i++) {
        if (only == NULL || strcmp(only, set.services[i].name) == 0) {
            o = run(&options, set.services[i].name, report_one, report, &fault);
            done++;
        }
    }
    if (call->is_json) {
        (void)printf("]\n");
    }
    contract_set_done(&set);
    if (o != OK) {
        return cli_fail_fault(call, &fault, "stopped");
    }
    if (done == 0) {
        return cli_fail(call, EXIT_USAGE, "no contract in %s belongs to a service %s", folder,
                        only != NULL ? only : "at all");
    }
    if (!call->is_json) {
        (void)printf(
            "%zu service%s: %zu migrations applied before, %zu now, %zu missing, %zu changed, "
            "%zu unknown\n",
            done, done == 1 ? "" : "s", report->counts[MIGRATION_APPLIED],
            report->counts[MIGRATION_NOW_APPLIED], report->counts[MIGRATION_MISSING],
            report->counts[MIGRATION_CHANGED], report->counts[MIGRATION_UNKNOWN]);
    }
    return EXIT_DONE;
}

static int run_apply(const struct cli_call *call)
{
    struct report report = {.call = call, .is_first = true};
    int code = for_each_service(call, schema_apply, &report);
    if (code == EXIT_DONE && report.counts[MIGRATION_CHANGED] > 0) {
        return cli_fail(call, EXIT_FAILED,
                        "an applied migration was edited: put it back and add a new one instead");
    }
    if (code == EXIT_DONE && report.counts[MIGRATION_UNKNOWN] > 0) {
        return cli_fail(call, EXIT_FAILED,
                        "a newer version has migrated the database: apply with that version");
    }
    return code;
}

static int run_plan(const struct cli_call *call)
{
    struct report report = {.call = call, .is_first = true};
    return for_each_service(call, schema_plan, &report);
}

static int run_verify(const struct cli_call *call)
{
    struct report report = {.call = call, .is_first = true};
    int code = for_each_service(call, schema_plan, &report);
    if (code == EXIT_DONE && report.counts[MIGRATION_MISSING] + report.counts[MIGRATION_CHANGED] +
                                     report.counts[MIGRATION_UNKNOWN] >
                                 0) {
        return cli_fail(call, EXIT_FAILED,
                        "the databases are not what the migrations say; run schema apply");
    }
    return code;
}

static const struct cli_option options[] = {
    {"contracts", "DIR", "CONTRACTS", "events/asyncapi", "folder with the services' contracts"},
    {"service", "NAME", NULL, NULL, "only this service"},
    {"secrets", "DIR", "SECRETS_DIR", NULL, "folder with <service>.password and audit.password",
     .is_setting = true},
    {"prefix", "TEXT", "DATABASE_PREFIX", "", "put before each database name", .is_setting = true},
    ACCESS_DATABASE,
};

const struct cli_command schema_commands[] = {
    {"schema plan", "", "show which migrations are missing", NULL, options, COUNT_OF(options),
     run_plan},
    {"schema apply", "", "create roles and databases, apply missing migrations",
     "Expand, then contract: a migration must leave the running version of the service working. An "
     "applied migration is\n"
     "never edited; its hash is kept and compared. Nothing is applied after an edited one, nor "
     "where "
     "a newer version has\n"
     "been. Two at once wait for each other.",
     options, COUNT_OF(options), run_apply},
    {"schema verify", "", "fail unless every migration is applied unchanged", NULL, options,
     COUNT_OF(options), run_verify},
};
const size_t schema_command_count = COUNT_OF(schema_commands);
