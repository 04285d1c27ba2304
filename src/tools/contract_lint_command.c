/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/ignore.h"
#include "contracts/lint/report.h"
#include "core/clock.h"
#include "tools/commands.h"

#include <string.h>

struct wish {
    const struct lint_format *format;
    const char *ignore; /* NULL: nothing is ignored */
    bool fails_on_warning;
    bool is_ours;
};

/* The value must be one of two words; `second` tells which. */
static bool choose(const struct cli_call *call, const char *option, const char *one,
                   const char *other, bool *second)
{
    const char *value = cli_text(call, option);
    if (strcmp(value, one) != 0 && strcmp(value, other) != 0) {
        (void)cli_fail(call, EXIT_USAGE, "--%s is %s or %s, not \"%s\"", option, one, other, value);
        return false;
    }
    *second = strcmp(value, other) == 0;
    return true;
}

static bool read_wish(const struct cli_call *call, struct wish *wish)
{
    const char *format = call->is_json ? "json" : cli_text(call, "format");
    wish->format = report_format_find(format);
    wish->ignore = cli_text(call, "ignore");
    if (wish->format == NULL) {
        (void)cli_fail(call, EXIT_USAGE,
                       "--format is text, json, sarif, github or junit, not \"%s\"", format);
        return false;
    }
    if (call->argument_count == 0) {
        (void)cli_fail(call, EXIT_USAGE, "name a file or folder with AsyncAPI documents");
        return false;
    }
    return choose(call, "fail-on", "error", "warning", &wish->fails_on_warning) &&
           choose(call, "profile", "asyncapi", "quadrille", &wish->is_ours);
}

static int judge(const struct cli_call *call, const struct wish *wish, struct asyncapi *set)
{
    struct lint lint = {.is_ours = wish->is_ours};
    lint_run(&lint, set);
    if (wish->ignore != NULL) {
        char now[CLOCK_TEXT_BYTES];
        enum { DAY_LENGTH = 10 };
        (void)clock_format(clock_now_ms(), now);
        now[DAY_LENGTH] = '\0';
        struct fault fault;
        if (ignore_apply(&lint, wish->ignore, now, &fault) != OK) {
            lint_done(&lint);
            return cli_fail(call, EXIT_USAGE, "--ignore %s", fault.text);
        }
    }
    const struct lint_report report = {
        .lint = &lint, .out = stdout, .has_colour = call->has_colour};
    wish->format->write(&report);
    bool fails = lint_count(&lint, LINT_ERROR) > 0 ||
                 (wish->fails_on_warning && lint_count(&lint, LINT_WARNING) > 0);
    lint_done(&lint);
    return fails ? EXIT_FAILED : EXIT_DONE;
}

static int run_lint(const struct cli_call *call)
{
    struct wish wish = {0};
    if (!read_wish(call, &wish)) {
        return EXIT_USAGE;
    }
    struct asyncapi set = {0};
    struct fault fault;
    int code = EXIT_DONE;
    if (asyncapi_load(&set, call->arguments, call->argument_count, &fault) == OK) {
        code = judge(call, &wish, &set);
    } else { /* a green answer that has judged nothing would be the worst of all */
        code = cli_fail(call, EXIT_USAGE, "nothing was judged: %s", fault.text);
    }
    asyncapi_done(&set);
    return code;
}

static const struct cli_option lint_options[] = {
    {"format", "FORMAT", NULL, "text", "text, json, sarif, github or junit",
     .choices = "text json sarif github junit"},
    {"fail-on", "SEVERITY", NULL, "error", "exit 1 from this severity on: error or warning",
     .choices = "error warning"},
    {"ignore", "FILE", NULL, NULL, "findings that you live with, each with its reason (below)"},
    {"profile", "NAME", NULL, "asyncapi",
     "asyncapi: the specification, and what makes sense to anybody;\n"
     "                               quadrille: and the conventions of this project"},
};

const struct cli_command contract_lint_commands[] = {
    {"contract lint", "PATH…", "judge AsyncAPI 3 documents: structure, sense, choreography",
     "PATH is a document (YAML or JSON) or a folder with some; give the documents of all services "
     "together, so that\n"
     "what one says can be compared with what another hears. Nothing is fetched over a network.\n"
     "\n"
     "Exit codes: 0 clean, 1 findings, 2 wrong usage or nothing to judge. `quadrille contract "
     "rules` explains the rules.\n"
     "\n"
     "--ignore FILE is a YAML list:\n"
     "  - rule: published-not-consumed       # needed\n"
     "    path: services/billing.yaml        # needed; * ? [] work, leading folders may be left "
     "out\n"
     "    reason: Accounting listens.        # needed\n"
     "    at: /operations/sayPaymentFailed   # only at or below this JSON Pointer\n"
     "    until: 2027-03-31                  # after that day it counts again\n"
     "An entry that hides nothing is a warning.\n"
     "\n"
     "--format json prints {findings: [{rule, family, severity, path, line, column, pointer, text, "
     "ignored}],\n"
     "summary: {documents, errors, warnings, ignored, notJudged, isCut}}; `ignored` is the reason, "
     "where "
     "there is one.",
     lint_options, COUNT_OF(lint_options), run_lint},
};
const size_t contract_lint_command_count = COUNT_OF(contract_lint_commands);
