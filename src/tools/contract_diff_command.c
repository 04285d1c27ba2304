/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/diff/report.h"
#include "contracts/diff/schema_diff.h"
#include "contracts/jsonschema/jsonschema.h"
#include "tools/commands.h"

#include <string.h>

/* False after a message: an option has a word that it does not know. */
static bool read_report(const struct cli_call *call, struct diff_report *report,
                        diff_writer **writer)
{
    const char *format = call->is_json ? "json" : cli_text(call, "format");
    const char *level = cli_text(call, "fail-on");
    *writer = diff_writer_find(format);
    if (*writer == NULL) {
        (void)cli_fail(call, EXIT_USAGE, "--format is text, json or github, not \"%s\"", format);
        return false;
    }
    *report = (struct diff_report){
        .allows_unknown = cli_flag(call, "allow-unknown"),
        .has_all = cli_flag(call, "all"),
        .has_colour = call->has_colour,
    };
    for (int i = DIFF_RISKY; i < DIFF_LEVEL_COUNT; i++) {
        if (strcmp(level, diff_level_name((enum diff_level)i)) == 0) {
            report->fail_on = (enum diff_level)i;
            return true;
        }
    }
    (void)cli_fail(call, EXIT_USAGE,
                   "--fail-on is wire-breaking, unknown, topology, source-breaking or risky, not "
                   "\"%s\"",
                   level);
    return false;
}

static bool read_sides(const struct cli_call *call, unsigned *sides)
{
    static const struct {
        const char *name;
        unsigned sides;
    } directions[] = {{"forward", DIFF_FORWARD},
                      {"backward", DIFF_BACKWARD},
                      {"full", DIFF_FORWARD | DIFF_BACKWARD}};
    const char *direction = cli_text(call, "direction");
    for (size_t i = 0; i < COUNT_OF(directions); i++) {
        if (strcmp(directions[i].name, direction) == 0) {
            *sides = directions[i].sides;
            return true;
        }
    }
    (void)cli_fail(call, EXIT_USAGE, "--direction is forward, backward or full, not \"%s\"",
                   direction);
    return false;
}

static int conclude(const struct cli_call *call, struct diff *diff)
{
    struct diff_report report;
    diff_writer *writer = NULL;
    if (!read_report(call, &report, &writer)) {
        return EXIT_USAGE;
    }
    AUTO(buffer_done) struct buffer out = {0};
    diff_sort(diff);
    writer(&report, diff, &out);
    (void)fwrite(buffer_cstr(&out), 1, out.length, stdout);
    return diff_report_failures(&report, diff) > 0 ? EXIT_FAILED : EXIT_DONE;
}

/* ---- Two bare schemas. ---- */

static bool is_schema(const struct cli_call *call, const struct document *document)
{
    if (document != NULL &&
        (document->root->kind == NODE_MAP || document->root->kind == NODE_BOOLEAN)) {
        return true;
    }
    if (document != NULL) {
        (void)cli_fail(call, EXIT_USAGE,
                       "%s is no JSON Schema: it must be an object, true or "
                       "false",
                       document->path);
    }
    return false;
}

/* A schema that the validator refuses has no meaning to compare. */
static bool is_meaningful(const struct cli_call *call, struct documents *documents,
                          const struct document *document)
{
    struct jsonschema *program = NULL;
    struct fault fault;
    enum outcome o = jsonschema_compile(documents, document->root, NULL, &program, &fault);
    jsonschema_free(program);
    if (o != OK) {
        (void)cli_fail(call, EXIT_USAGE, "%s", fault.text);
    }
    return o == OK;
}

static int compare_schemas(const struct cli_call *call, struct documents sets[2])
{
    struct schema_version versions[2];
    struct schema_diff_options options = {.is_closed = cli_flag(call, "closed")};
    if (!read_sides(call, &options.sides)) {
        return EXIT_USAGE;
    }
    for (int i = 0; i < 2; i++) {
        const struct document *document = documents_open(&sets[i], call->arguments[i]);
        findings_print(&sets[i].findings, stderr);
        if (!is_schema(call, document) || !is_meaningful(call, &sets[i], document)) {
            return EXIT_USAGE;
        }
        versions[i] = (struct schema_version){&sets[i], document->root};
    }
    struct diff diff = {0};
    (void)schema_diff(&diff, &versions[0], &versions[1], &options);
    int code = conclude(call, &diff);
    diff_done(&diff);
    return code;
}

static int run_schemas(const struct cli_call *call)
{
    struct documents sets[2] = {0};
    int code = compare_schemas(call, sets);
    documents_done(&sets[0]);
    documents_done(&sets[1]);
    return code;
}

static int print_rules(void)
{
    AUTO(buffer_done) struct buffer out = {0};
    diff_write_rules(&out);
    (void)fputs(buffer_cstr(&out), stdout);
    return EXIT_DONE;
}

static int run_diff(const struct cli_call *call)
{
    struct diff_report report;
    diff_writer *writer = NULL;
    if (cli_flag(call, "rules")) {
        return print_rules();
    }
    if (!read_report(call, &report, &writer)) {
        return EXIT_USAGE;
    }
    if (call->argument_count != 2) {
        return cli_fail(call, EXIT_USAGE, "OLD and NEW are needed; see --help");
    }
    if (!cli_flag(call, "schema")) {
        return cli_fail(call, EXIT_USAGE, "only --schema can be compared yet");
    }
    return run_schemas(call);
}

static const struct cli_option diff_options[] = {
    {"schema", NULL, NULL, NULL, "OLD and NEW are JSON Schema files (draft-07), JSON or YAML"},
    {"direction", "SIDE", NULL, "full",
     "with --schema: forward (old consumers read new data), backward (new consumers read old "
     "data) or full"},
    {"closed", NULL, NULL, NULL,
     "with --schema: data holds declared members only, consumers ignore others"},
    {"format", "FORMAT", NULL, "text", "text, json or github (annotations of a pull request)"},
    {"fail-on", "LEVEL", NULL, "wire-breaking",
     "exit 1 from this level on: risky, source-breaking, topology, unknown, wire-breaking"},
    {"allow-unknown", NULL, NULL, NULL, "what cannot be decided does not fail"},
    {"all", NULL, NULL, NULL, "also tell the changes that break nothing"},
    {"rules", NULL, NULL, NULL, "print the table of rules and stop"},
};

const struct cli_command contract_diff_commands[] = {
    {"contract diff", "OLD NEW", "tell which changes of contracts break whom", NULL, diff_options,
     COUNT_OF(diff_options), run_diff},
};
const size_t contract_diff_command_count = COUNT_OF(contract_diff_commands);
