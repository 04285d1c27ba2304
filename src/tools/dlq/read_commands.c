/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/commands.h"

#include "core/clock.h"
#include "tools/dlq/archive.h"
#include "tools/dlq/groups.h"
#include "tools/dlq/letter_view.h"
#include "tools/dlq/session.h"
#include "tools/escape.h"

#include <string.h>

/* groups, show, grep and export: one pass each, and nothing is taken away. */

/* Opens, runs and closes; the visitor's context is the caller's. */
static int pass(const struct cli_call *call, struct dlq_session *session,
                const struct dlq_visitor *visitor, struct drain_report *report)
{
    int code = dlq_session_open(call, session);
    return code == EXIT_DONE ? dlq_session_run(session, visitor, report) : code;
}

static bool takes_one_queue(const struct cli_call *call, size_t most)
{
    if (call->argument_count > most) {
        (void)cli_fail(call, EXIT_USAGE, "'%s' is one argument too many", call->arguments[most]);
        return false;
    }
    return true;
}

/* groups */

static enum outcome group_letter(void *context, struct drain *drain, const struct letter *letter,
                                 bool is_selected, drain_ticket ticket,
                                 enum drain_decision *decision, struct fault *fault)
{
    if (is_selected) {
        groups_add(context, letter);
    }
    return OK;
}

static void group_json(const struct group *group, struct buffer *out)
{
    buffer_byte(out, '{');
    json_member_text(out, "group", group->id);
    json_member_number(out, "count", group->count);
    json_member_text(out, "cause", group->cause);
    json_member_text(out, "class", group->class_name);
    json_member_text(out, "exception", group->exception);
    json_member_text(out, "type", group->type);
    json_member_text(out, "normal_reason", group->normal);
    json_member_text(out, "reason", group->reason);
    json_member_text(out, "failed_queue", group->queue);
    json_member_text(out, "family", group->family);
    json_member_instant(out, "oldest_at", group->oldest_ms);
    json_member_instant(out, "newest_at", group->newest_ms);
    json_member_number(out, "most_returns", group->most_returns);
    json_member_text(out, "example", group->example_id);
    buffer_byte(out, '}');
}

static void group_text(const struct cli_call *call, const struct group *group, struct buffer *out)
{
    char oldest[32];
    char newest[32];
    const char *dim = cli_colour(call, CLI_DIM);
    const char *plain = cli_colour(call, CLI_PLAIN);
    buffer_printf(out, "%s%8lld%s  %s  ", cli_colour(call, CLI_BOLD), (long long)group->count,
                  plain, group->id);
    (void)escape_cut(out, group->type[0] != '\0' ? group->type : "(no type)",
                     group->type[0] != '\0' ? strlen(group->type) : strlen("(no type)"), 60);
    buffer_printf(out, "  %s", cli_colour(call, CLI_RED));
    (void)escape_cut(out, group->cause, strlen(group->cause), 60);
    buffer_printf(out, "%s\n          ", plain);
    if (group->normal[0] != '\0') {
        (void)escape_cut(out, group->normal, strlen(group->normal), 160);
    } else {
        buffer_text(out, "(no reason is told)");
    }
    buffer_printf(out, "\n          %s%s … %s", dim, letter_instant(group->oldest_ms, oldest),
                  letter_instant(group->newest_ms, newest));
    if (group->queue[0] != '\0') {
        buffer_text(out, ", failed in ");
        (void)escape_cut(out, group->queue, strlen(group->queue), 60);
    }
    if (group->most_returns > 0) {
        buffer_printf(out, ", %ssent back up to %lld times%s", cli_colour(call, CLI_YELLOW),
                      (long long)group->most_returns, dim);
    }
    buffer_text(out, ", e.g. ");
    (void)escape_cut(out, group->example_id, strlen(group->example_id), 64);
    buffer_printf(out, "%s\n", plain);
}

static void print_groups(const struct cli_call *call, const struct groups *groups,
                         const struct drain_report *report)
{
    AUTO(buffer_done) struct buffer out = {0};
    if (call->is_json) {
        buffer_byte(&out, '{');
        json_member_text(&out, "queue", call->arguments[0]);
        json_member_number(&out, "ready", report->depth);
        json_member_number(&out, "seen", report->seen);
        json_member_number(&out, "selected", groups->letters);
        json_member_number(&out, "in_further_groups", groups->others);
        json_member_number(&out, "looked_ms", report->looked_ms);
        json_member_number(&out, "returned_ms", report->returned_ms);
        buffer_text(&out, ",\"groups\":[");
    }
    for (size_t i = 0; i < groups->count; i++) {
        if (call->is_json) {
            buffer_text(&out, i > 0 ? "," : "");
            group_json(groups->sorted[i].group, &out);
        } else {
            group_text(call, groups->sorted[i].group, &out);
        }
    }
    if (call->is_json) {
        buffer_text(&out, "]}\n");
    } else {
        buffer_printf(&out, "%lld of %lld messages in %zu groups", (long long)groups->letters,
                      (long long)report->seen, groups->count);
        buffer_printf(&out, groups->others > 0 ? ", and %lld in further groups\n" : "\n",
                      (long long)groups->others);
    }
    (void)fputs(buffer_cstr(&out), stdout);
}

static int run_groups(const struct cli_call *call)
{
    struct groups groups = {0};
    struct dlq_session session = {0};
    struct drain_report report = {0};
    const struct dlq_visitor visitor = {.letter = group_letter, .context = &groups};
    if (!takes_one_queue(call, 1)) {
        return EXIT_USAGE;
    }
    int code = pass(call, &session, &visitor, &report);
    if (code == EXIT_DONE || code == EXIT_PARTLY) {
        groups_sort(&groups);
        print_groups(call, &groups, &report);
    }
    groups_done(&groups);
    dlq_session_close(&session);
    return code;
}

/* grep and show: letters are printed as they come. */

struct printing {
    const struct cli_call *call;
    bool is_whole;        /* the whole picture, else a line */
    int64_t first, count; /* show: which of those that are selected; count 0 = all */
    const char *wanted;   /* show: this id */
    size_t max_bytes;
    bool has_body; /* in JSON */
    int64_t selected, printed;
};

static bool is_wanted(const struct printing *printing, const struct letter *letter)
{
    enum { PREFIX_MIN = 8 };
    char fingerprint[LETTER_FINGERPRINT_TEXT_BYTES];
    return printing->wanted == NULL || strcmp(printing->wanted, letter->id) == 0 ||
           (strlen(printing->wanted) >= PREFIX_MIN &&
            strncmp(letter_fingerprint(letter, fingerprint), printing->wanted,
                    strlen(printing->wanted)) == 0);
}

static enum outcome write_out(struct buffer *out, struct fault *fault)
{
    return fwrite(buffer_cstr(out), 1, out->length, stdout) == out->length
               ? OK
               : fault_set(fault, FATAL, "standard output cannot be written");
}

static enum outcome print_letter(void *context, struct drain *drain, const struct letter *letter,
                                 bool is_selected, drain_ticket ticket,
                                 enum drain_decision *decision, struct fault *fault)
{
    struct printing *printing = context;
    AUTO(buffer_done) struct buffer out = {0};
    if (!is_selected || !is_wanted(printing, letter) || ++printing->selected < printing->first) {
        return OK;
    }
    if (printing->call->is_json) {
        letter_json(letter, !printing->has_body, &out);
        buffer_byte(&out, '\n');
    } else if (printing->is_whole) {
        buffer_text(&out, printing->printed > 0 ? "\n────────\n" : "");
        letter_print(printing->call, letter, printing->max_bytes, &out);
    } else {
        letter_print_line(printing->call, letter, &out);
    }
    printing->printed++;
    if (printing->count > 0 && printing->printed >= printing->count) {
        *decision = DRAIN_ENOUGH;
    }
    return write_out(&out, fault);
}

static int run_printing(const struct cli_call *call, struct printing *printing, int64_t most)
{
    struct dlq_session session = {0};
    struct drain_report report = {0};
    const struct dlq_visitor visitor = {.letter = print_letter, .context = printing, .most = most};
    int code = pass(call, &session, &visitor, &report);
    if (code == EXIT_DONE && printing->printed == 0) {
        code = cli_fail(call, EXIT_FAILED, "no message of %lld is meant by this",
                        (long long)report.seen);
    }
    dlq_session_close(&session);
    return code;
}

static bool read_max_bytes(const struct cli_call *call, struct printing *printing)
{
    int64_t max = 0;
    if (!cli_int(call, "max-bytes", 1, BROKER_MESSAGE_MAX_BYTES, &max)) {
        return false;
    }
    printing->max_bytes = (size_t)max;
    return true;
}

static int run_show(const struct cli_call *call)
{
    struct printing printing = {.call = call, .is_whole = true, .first = 1, .has_body = true};
    if (!takes_one_queue(call, 2) || !read_max_bytes(call, &printing)) {
        return EXIT_USAGE;
    }
    if (call->argument_count == 2) {
        printing.wanted = call->arguments[1];
        if (cli_text(call, "n") != NULL) {
            return cli_fail(call, EXIT_USAGE, "either ID or --n N");
        }
    } else if (cli_text(call, "n") != NULL) {
        if (!cli_int(call, "n", 1, SELECTION_LIMIT_MAX, &printing.first)) {
            return EXIT_USAGE;
        }
        printing.count = 1;
    } else if (cli_text(call, "limit") == NULL) {
        printing.count = 1;
    }
    return run_printing(call, &printing, 0);
}

static int run_grep(const struct cli_call *call)
{
    struct printing printing = {.call = call, .first = 1, .has_body = cli_flag(call, "bodies")};
    printing.is_whole = printing.has_body;
    if (!takes_one_queue(call, 1) || !read_max_bytes(call, &printing)) {
        return EXIT_USAGE;
    }
    return run_printing(call, &printing, 0);
}

/* export */

struct exporting {
    const char *queue;
    FILE *file;
    int64_t count, cut, bytes;
};

static enum outcome export_letter(void *context, struct drain *drain, const struct letter *letter,
                                  bool is_selected, drain_ticket ticket,
                                  enum drain_decision *decision, struct fault *fault)
{
    struct exporting *exporting = context;
    AUTO(buffer_done) struct buffer out = {0};
    if (!is_selected) {
        return OK;
    }
    archive_add(letter, exporting->queue, clock_now_ms(), &out);
    exporting->count++;
    exporting->cut += letter->is_cut;
    exporting->bytes += (int64_t)out.length;
    return fwrite(buffer_cstr(&out), 1, out.length, exporting->file) == out.length
               ? OK
               : fault_set(fault, FATAL, "the file cannot be written");
}

static enum outcome open_export(const char *path, FILE **out, struct fault *fault)
{
    if (path != NULL && strcmp(path, "-") != 0) {
        return archive_create(path, out, fault);
    }
    *out = stdout;
    return OK;
}

static int finish_export(const struct cli_call *call, const struct exporting *exporting,
                         const char *path, int code)
{
    struct fault fault;
    if (exporting->file != NULL && archive_close(exporting->file, &fault) != OK) {
        return cli_fail(call, EXIT_FAILED, "%s", fault.text);
    }
    if (code != EXIT_DONE && code != EXIT_PARTLY) {
        return code;
    }
    AUTO(free_text) char *shown = escape_new(path != NULL ? path : "standard output");
    if (call->is_json && path != NULL) {
        AUTO(buffer_done) struct buffer out = {0};
        buffer_byte(&out, '{');
        json_member_text(&out, "file", path);
        json_member_number(&out, "letters", exporting->count);
        json_member_number(&out, "bytes", exporting->bytes);
        json_member_number(&out, "cut", exporting->cut);
        buffer_byte(&out, '}');
        (void)puts(buffer_cstr(&out));
    } else {
        (void)fprintf(stderr, "%lld letters, %lld bytes → %s\n", (long long)exporting->count,
                      (long long)exporting->bytes, shown);
    }
    if (exporting->cut > 0) {
        (void)fprintf(stderr,
                      "%lld bodies are larger than %d bytes: only their beginnings are "
                      "there\n",
                      (long long)exporting->cut, BROKER_MESSAGE_MAX_BYTES);
        return EXIT_PARTLY;
    }
    return code;
}

static int run_export(const struct cli_call *call)
{
    struct exporting exporting = {0};
    struct dlq_session session = {0};
    struct drain_report report = {0};
    struct fault fault;
    const struct dlq_visitor visitor = {.letter = export_letter, .context = &exporting};
    if (!takes_one_queue(call, 2)) {
        return EXIT_USAGE;
    }
    const char *path = call->argument_count == 2 && strcmp(call->arguments[1], "-") != 0
                           ? call->arguments[1]
                           : NULL;
    int code = dlq_session_open(call, &session);
    exporting.queue = session.queue;
    if (code == EXIT_DONE && open_export(path, &exporting.file, &fault) != OK) {
        AUTO(free_text) char *reason = escape_new(fault.text);
        code = cli_fail(call, EXIT_FAILED, "%s", reason);
    }
    if (code == EXIT_DONE) {
        code = dlq_session_run(&session, &visitor, &report);
    }
    code = finish_export(call, &exporting, path, code);
    dlq_session_close(&session);
    return code;
}

static const struct cli_option groups_options[] = {DLQ_OPTIONS};

static const struct cli_option show_options[] = {
    DLQ_OPTIONS,
    {"n", "N", NULL, NULL, "the Nth of those that are selected (default the first)"},
    {"max-bytes", "N", NULL, "65536", "of each body"},
};

static const struct cli_option grep_options[] = {
    DLQ_OPTIONS,
    {"bodies", NULL, NULL, NULL, "the whole letters, bodies included"},
    {"max-bytes", "N", NULL, "65536", "of each body"},
};

const struct cli_command dlq_read_commands[] = {
    {"dlq groups", "QUEUE", "dead letters by cause, reason and type, the most frequent first",
     "The cause is the failure class of our services, else the exception's type, else RabbitMQ's "
     "reason. In the reason\n"
     "numbers, ids, times, quoted texts and paths do not count. Every family of headers is read: "
     "ours, RabbitMQ's x-death,\n"
     "MassTransit, NServiceBus, Spring, Wolverine, Rebus, Brighter, CAP, Rascal, Watermill, "
     "Dramatiq, Celery.\n"
     "\n"
     "The messages are taken, looked at and returned in their order; Ctrl-C returns them as well.\n"
     "\n"
     "  quadrille dlq groups billing.dlq\n"
     "  quadrille dlq groups orders_error --since 2h --json",
     groups_options, COUNT_OF(groups_options), run_groups},
    {"dlq show", "QUEUE [ID]", "one dead letter: why, where, headers and body",
     "ID is the message id, or the fingerprint (or at least 8 digits of it) of a message without "
     "one. JSON has a member\n"
     "per line, gzip is decompressed up to 4 MiB, what is no text is a hex dump. Bytes that a "
     "terminal would obey are\n"
     "escaped.\n"
     "\n"
     "  quadrille dlq show billing.dlq\n"
     "  quadrille dlq show billing.dlq --n 3 --class rejected\n"
     "  quadrille dlq show billing.dlq 01938f60-4d10-7b8e-a2f3-6c7d8e9f0a1b --json",
     show_options, COUNT_OF(show_options), run_show},
    {"dlq grep", "QUEUE", "a line for each dead letter that fits",
     "Exit 1 when none does.\n"
     "\n"
     "  quadrille dlq grep billing.dlq --reason timeout --since 2026-11-23\n"
     "  quadrille dlq grep billing.dlq --pointer /userId=7 --header tenant=a --limit 10\n"
     "  quadrille dlq grep orders_error --class TimeoutException --body '\"sku\":\"A-[0-9]+\"' "
     "--json",
     grep_options, COUNT_OF(grep_options), run_grep},
    {"dlq export", "QUEUE [FILE]", "dead letters as JSON Lines, byte for byte",
     "FILE is made anew and private (0600); without it, or for -, standard output. The messages "
     "stay in the queue.\n"
     "docs/dead-letters.md has the format.\n"
     "\n"
     "  quadrille dlq export billing.dlq letters.jsonl --group 1f0c9a7be522",
     groups_options, COUNT_OF(groups_options), run_export},
};
const size_t dlq_read_command_count = COUNT_OF(dlq_read_commands);
