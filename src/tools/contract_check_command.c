/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/access.h"
#include "tools/commands.h"
#include "tools/contract_check.h"

#include <string.h>

static bool is_either(const struct cli_call *call, const char *option, const char *one,
                      const char *other, bool *is_one)
{
    const char *value = cli_text(call, option);
    *is_one = strcmp(value, one) == 0;
    if (!*is_one && strcmp(value, other) != 0) {
        (void)cli_fail(call, EXIT_USAGE, "--%s is %s or %s", option, one, other);
        return false;
    }
    return true;
}

static bool read_options(const struct cli_call *call, struct check_options *options)
{
    int64_t max_errors = 0;
    options->ignores_format = cli_flag(call, "no-format");
    if (!is_either(call, "as", "sender", "receiver", &options->is_sender) ||
        !is_either(call, "profile", "quadrille", "none", &options->is_ours) ||
        !cli_int(call, "max-errors", 1, CHECK_ERRORS_MAX, &max_errors)) {
        return false;
    }
    options->max_errors = (size_t)max_errors;
    return true;
}

/* What to judge: exactly one way of telling it. */
static bool is_understood(const struct cli_call *call)
{
    const char *message = cli_text(call, "message");
    const char *queue = cli_text(call, "queue");
    bool is_wire = cli_flag(call, "wire");
    if ((message != NULL) + is_wire + (queue != NULL) != 1) {
        (void)cli_fail(call, EXIT_USAGE,
                       "one of --message NAME (payloads), --wire (whole messages) and --queue NAME "
                       "(live traffic) is needed");
        return false;
    }
    if (queue != NULL && call->argument_count > 0) {
        (void)cli_fail(call, EXIT_USAGE, "--queue reads no files");
        return false;
    }
    if (queue == NULL && call->argument_count == 0) {
        (void)cli_fail(call, EXIT_USAGE, "which FILE? - is standard input, a message per line");
        return false;
    }
    return true;
}

/* The exit code; whatever is wrong has been said. */
static int open_session(struct check_session *session, const struct check_options *options)
{
    const struct cli_call *call = session->call;
    const char *paths[CLI_GIVEN_MAX];
    size_t count = cli_list(call, "contracts", paths);
    if (count == 0) {
        paths[count++] = cli_text(call, "contracts");
    }
    const char *name = cli_text(call, "message");
    struct fault fault;
    enum outcome o = asyncapi_load(&session->set, paths, count, &fault);
    findings_print(&session->set.documents.findings, stderr);
    if (o != OK) {
        return cli_fail(call, EXIT_USAGE, "%s", fault.text);
    }
    if (session->set.unread > 0) { /* anything may have stood there */
        return cli_fail(call, EXIT_FAILED, "the contracts cannot be read; see above");
    }
    o = checker_new(&session->set, options, &session->checker, &fault);
    if (o == OK && name != NULL) {
        o = checker_find(session->checker, name, &session->entry, &fault);
    }
    if (o != OK) {
        return cli_fail(call, EXIT_FAILED, "%s", fault.text);
    }
    check_report_gaps(call, session->checker, session->entry);
    return EXIT_DONE;
}

static int judge_files(struct check_session *session)
{
    const struct cli_call *call = session->call;
    bool is_read = true;
    for (size_t i = 0; i < call->argument_count; i++) {
        is_read = check_session_read(session, call->arguments[i]) && is_read;
    }
    if (!call->is_json && session->report.allowed + session->report.refused > 1) {
        check_report_summary(&session->report);
    }
    return is_read ? EXIT_DONE : EXIT_USAGE;
}

static int run_session(struct check_session *session)
{
    const struct check_report *report = &session->report;
    bool is_live = cli_text(session->call, "queue") != NULL;
    if (is_live) {
        session->report.reasons = xcalloc(CHECK_REASONS_MAX, sizeof report->reasons[0]);
    }
    int code = is_live ? check_session_listen(session) : judge_files(session);
    if (code == EXIT_DONE && report->allowed + report->refused == 0) {
        return cli_fail(session->call, EXIT_FAILED, "no message came: nothing was judged");
    }
    return code == EXIT_DONE && report->refused > 0 ? EXIT_FAILED : code;
}

static int run_check(const struct cli_call *call)
{
    struct check_options options = {0};
    if (!read_options(call, &options) || !is_understood(call)) {
        return EXIT_USAGE;
    }
    struct check_session session = {.call = call, .report = {.call = call}};
    int code = open_session(&session, &options);
    code = code == EXIT_DONE ? run_session(&session) : code;
    check_report_done(&session.report);
    check_verdict_done(&session.verdict);
    checker_free(session.checker);
    asyncapi_done(&session.set);
    return code;
}

static const struct cli_option check_options[] = {
    {"contracts", "PATH", "CONTRACTS", "events/asyncapi", "AsyncAPI document, or folder with some",
     .is_repeatable = true},
    {"message", "NAME", NULL, NULL,
     "FILEs hold payloads of this message: Name, service.Name, or its CloudEvents type"},
    {"wire", NULL, NULL, NULL, "FILEs describe whole AMQP messages (below); find out what each is"},
    {"queue", "NAME", NULL, NULL, "judge copies of what this queue gets"},
    {"as", "ROLE", NULL, "receiver",
     "receiver: payloads may hold more than is declared; sender: they may not",
     .choices = "receiver sender"},
    {"profile", "NAME", NULL, "none", "quadrille: also the rules of our events on the wire; none",
     .choices = "quadrille none"},
    {"no-format", NULL, NULL, NULL, "leave `format` unjudged"},
    {"max-errors", "N", NULL, "20", "told per message"},
    {"exchange", "NAME", NULL, NULL, "for --queue: bind to this instead", .is_repeatable = true},
    {"key", "KEY", NULL, NULL,
     "for --queue: the binding key that belongs to it; several may share one --exchange",
     .is_repeatable = true},
    {"count", "N", NULL, NULL, "for --queue: end after so many messages"},
    {"for", "DURATION", NULL, NULL, "for --queue: end after 500ms, 30s, 5m …"},
    /* --profile means rules here. */
    {"server-profile", "NAME", "QUADRILLE_PROFILE", NULL,
     "the profile that says where the servers are", .is_setting = true},
    ACCESS_URL,
    ACCESS_MANAGEMENT_URL,
    ACCESS_PASSWORD_FILE,
    ACCESS_TLS,
};

const struct cli_command contract_check_commands[] = {
    {"contract check", "[FILE…]", "is this message allowed?",
     "A FILE is one JSON text; *.jsonl, *.ndjson and - (standard input) have one per line and get "
     "a "
     "verdict per line, at\n"
     "once. Exit 0: all are allowed. 1: some are not, or there was nothing to judge. 2: wrong "
     "usage, "
     "or a path that is not there.\n"
     "\n"
     "--wire reads\n"
     "  {\"exchange\": \"shop.events\", \"routing_key\": \"shop.order-placed.v1\",\n"
     "   \"properties\": {\"content_type\": \"application/json\", \"type\": \"OrderPlaced\", "
     "\"message_id\": \"…\"},\n"
     "   \"headers\": {\"tenant\": \"a\"}, \"body\": {\"orderId\": 7}}\n"
     "or what the management page and API show for a message (\"payload\", \"payload_encoding\", "
     "headers within properties),\n"
     "or a list of these. Properties: content_type content_encoding correlation_id reply_to "
     "expiration message_id type\n"
     "user_id app_id cluster_id (strings), delivery_mode priority timestamp (integers). Instead of "
     "\"body\" (any JSON)\n"
     "\"body_base64\" holds bytes. An exchange or routing key that is left out is not known and "
     "not "
     "judged.\n"
     "\n"
     "Exactly one message of the contracts must fit: by exchange and routing key, type (the AMQP "
     "binding's messageType,\n"
     "else name; with --profile quadrille cloudEvents_type), content type, headers and payload. In "
     "an address {id} stands\n"
     "for one or more characters but dots; * is one word and # any number of words. Where several "
     "documents describe\n"
     "the same message, all must allow it. A payload that is neither JSON nor text is not judged, "
     "which the verdict says.\n"
     "A message whose contract cannot be read is told before the verdicts; its own is n/a "
     "(\"unjudged\" in JSON).\n"
     "\n"
     "--queue binds a temporary queue beside: the queue itself, its messages and its consumers "
     "notice nothing. Bindings\n"
     "are those of --exchange and --key, else of the queue (--management-url), else of what the "
     "service of that name\n"
     "receives by contract. What is sent to the queue directly, through the default exchange, is "
     "not seen; when verdicts\n"
     "are not read, at most 10,000 messages wait and the oldest are dropped. Places and rules are "
     "told, never values.\n"
     "\n"
     "  quadrille contract check --contracts events/ --message OrderPlaced order.json\n"
     "  tail -F events.jsonl | quadrille contract check --contracts events/ --message OrderPlaced "
     "-\n"
     "  quadrille contract check --contracts events/ --wire message.json\n"
     "  quadrille contract check --contracts events/ --queue packing --for 5m",
     check_options, COUNT_OF(check_options), run_check},
};
const size_t contract_check_command_count = COUNT_OF(contract_check_commands);
