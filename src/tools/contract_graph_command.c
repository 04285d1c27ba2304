/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/graph/writer.h"
#include "tools/commands.h"

#include <string.h>

static const struct {
    const char *option;
    enum graph_view view;
} views[] = {{"service", GRAPH_SERVICE}, {"saga", GRAPH_SAGA}, {"event", GRAPH_EVENT}};

/* False when more than one part is asked for. */
static bool read_view(const struct cli_call *call, enum graph_view *view, const char **name)
{
    *view = GRAPH_SYSTEM;
    for (size_t i = 0; i < COUNT_OF(views); i++) {
        const char *value = cli_text(call, views[i].option);
        if (value == NULL) {
            continue;
        }
        if (*view != GRAPH_SYSTEM) {
            return false;
        }
        *view = views[i].view;
        *name = value;
    }
    return true;
}

static int show(const struct cli_call *call, const struct graph_writer *writer,
                const struct asyncapi *set)
{
    enum graph_view view = GRAPH_SYSTEM;
    const char *name = NULL;
    if (!read_view(call, &view, &name)) {
        return cli_fail(call, EXIT_USAGE, "one of --service, --saga and --event at a time");
    }
    struct graph graph = {0};
    struct fault fault;
    AUTO(buffer_done) struct buffer out = {0};
    int code = EXIT_DONE;
    enum outcome o = graph_make(&graph, set, &fault);
    if (o == OK) {
        o = graph_show(&graph, view, name, &fault);
    }
    if (o == OK) {
        writer->write(&graph, &out);
        (void)fwrite(buffer_cstr(&out), 1, out.length, stdout);
    } else {
        code = cli_fail(call, EXIT_FAILED, "%s", fault.text);
    }
    graph_done(&graph);
    return code;
}

static int run_graph(const struct cli_call *call)
{
    const char *format = call->is_json ? "json" : cli_text(call, "format");
    const struct graph_writer *writer = graph_writer_find(format);
    if (writer == NULL) {
        return cli_fail(call, EXIT_USAGE, "--format is text, mermaid, dot or json, not \"%s\"",
                        format);
    }
    if (call->argument_count == 0) {
        return cli_fail(call, EXIT_USAGE, "a file or folder with AsyncAPI documents is needed");
    }
    struct asyncapi set = {0};
    struct fault fault;
    int code = EXIT_DONE;
    if (asyncapi_load(&set, call->arguments, call->argument_count, &fault) == OK) {
        findings_print(&set.documents.findings, stderr);
        code = show(call, writer, &set);
        if (code == EXIT_DONE && set.documents.findings.count > 0) {
            code = cli_fail(call, EXIT_FAILED, "not everything could be read; see above");
        }
    } else {
        findings_print(&set.documents.findings, stderr);
        code = cli_fail(call, EXIT_USAGE, "%s", fault.text);
    }
    asyncapi_done(&set);
    return code;
}

static const struct cli_option graph_options[] = {
    {"format", "FORMAT", NULL, "text", "text, mermaid, dot (Graphviz) or json",
     .choices = "text mermaid dot json"},
    {"service", "NAME", NULL, NULL, "only this service and those it speaks with"},
    {"saga", "NAME", NULL, NULL, "only this saga: its steps, compensations and ends"},
    {"event", "NAME", NULL, NULL, "only this event: who says it, who hears it, what follows"},
};

const struct cli_command contract_graph_commands[] = {
    {"contract graph", "PATH…", "show who says what to whom",
     "PATH is an AsyncAPI 3 document or a folder with some. Services are matched by their "
     "channels, so that documents\n"
     "of different teams, each with its own copy, make one picture. Sagas are read from x-saga, "
     "x-outcomes and\n"
     "x-compensates. A name is written as the picture of all shows it.\n"
     "\n"
     "  quadrille contract graph events/\n"
     "  quadrille contract graph events/ --service billing --format dot | dot -Tsvg >billing.svg\n"
     "\n"
     "Exit codes: 0 done, 1 not everything could be read, or there is nothing of that name, 2 "
     "wrong usage, or nothing\n"
     "to read: no such path, or no contract there.",
     graph_options, COUNT_OF(graph_options), run_graph},
};
const size_t contract_graph_command_count = COUNT_OF(contract_graph_commands);
