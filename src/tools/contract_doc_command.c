/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/doc/site.h"
#include "tools/commands.h"

static int write_doc(const struct cli_call *call, struct asyncapi *set)
{
    struct fault fault;
    size_t pages = 0;
    const char *folder = call->arguments[0];
    if (site_write(set, cli_text(call, "title"), folder, &pages, &fault) != OK) {
        return cli_fail(call, EXIT_FAILED, "%s", fault.text);
    }
    findings_print(&set->documents.findings, stderr);
    if (call->is_json) {
        (void)printf("{\"pages\": %zu}\n", pages);
    } else {
        (void)printf("%zu pages; begin with %s/index.html\n", pages, folder);
    }
    if (set->documents.findings.count > 0) {
        return cli_fail(call, EXIT_FAILED, "not everything could be read; see above");
    }
    return EXIT_DONE;
}

static int run_doc(const struct cli_call *call)
{
    if (call->argument_count < 2) {
        return cli_fail(call, EXIT_USAGE,
                        "a folder to write to is needed, then files or folders with AsyncAPI "
                        "documents");
    }
    struct asyncapi set = {0};
    struct fault fault;
    int code = EXIT_DONE;
    if (asyncapi_load(&set, call->arguments + 1, call->argument_count - 1, &fault) == OK) {
        code = write_doc(call, &set);
    } else {
        findings_print(&set.documents.findings, stderr);
        code = cli_fail(call, EXIT_USAGE, "%s", fault.text);
    }
    asyncapi_done(&set);
    return code;
}

static const struct cli_option doc_options[] = {
    {"title", "TEXT", NULL, "Contracts", "what the site is called"},
};

const struct cli_command contract_doc_commands[] = {
    {"contract doc", "DIR PATH…", "write a static site about services, events and sagas",
     "The site needs no server: open DIR/index.html. It loads nothing from elsewhere, and the same "
     "contracts give the\n"
     "same bytes. DIR is made; one that is not empty must have been written by this command, which "
     "then replaces its\n"
     "pages and removes those of what is no more.\n"
     "\n"
     "  quadrille contract doc site/ events/\n"
     "\n"
     "Exit codes: 0 done, 1 nothing was written, or not everything could be read, 2 wrong usage, "
     "or nothing to read: no such\n"
     "path, or no contract there.",
     doc_options, COUNT_OF(doc_options), run_doc},
};
const size_t contract_doc_command_count = COUNT_OF(contract_doc_commands);
