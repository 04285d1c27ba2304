/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/commands.h"

#include "core/clock.h"
#include "tools/dlq/act.h"
#include "tools/dlq/import.h"
#include "tools/dlq/letter_view.h"
#include "tools/escape.h"

#include <stdlib.h>
#include <string.h>

/* import, history, undo. */

/* A run that imports has no pass over a queue: its trail is written here. */

static int fail(const struct cli_call *call, const struct fault *fault)
{
    AUTO(free_text) char *reason = escape_new(fault->text);
    return cli_fail(call, EXIT_FAILED, "%s", reason);
}

static char *user_of(const struct broker_options *options, char **vhost)
{
    struct broker *broker = NULL;
    struct fault ignored;
    if (broker_open(options, &broker, &ignored) != OK) {
        return NULL; /* the import will say why */
    }
    char *user = xstrdup(broker_user(broker));
    *vhost = xstrdup(broker_vhost(broker));
    broker_close(broker);
    return user;
}

static void print_import(const struct cli_call *call, const struct import *import, int code)
{
    if (call->is_json) {
        AUTO(buffer_done) struct buffer out = {0};
        buffer_byte(&out, '{');
        json_member_text(&out, "file", import->path);
        json_member_text(&out, "to", import->to);
        json_member_number(&out, "imported", import->imported);
        json_member_number(&out, "skipped_lines", import->skipped);
        json_member_number(&out, "cut", import->cut);
        json_member_bool(&out, "is_done", code == EXIT_DONE);
        buffer_text(&out, "}\n");
        (void)fputs(buffer_cstr(&out), stdout);
        return;
    }
    (void)printf("%lld letters → queue ", (long long)import->imported);
    escape_print(stdout, import->to);
    (void)putchar('\n');
    if (import->cut > 0) {
        (void)fprintf(stderr, "%lld are only beginnings of larger bodies: they were left out\n",
                      (long long)import->cut);
    }
}

static int judge_import(const struct cli_call *call, const struct import *import, enum outcome o,
                        const struct fault *fault)
{
    if (o != OK) {
        return fail(call, fault);
    }
    return import->is_interrupted || import->cut > 0 ? EXIT_PARTLY : EXIT_DONE;
}

/* The run from its first word to its last. */
static int import_with_trail(const struct cli_call *call, struct import *import, const char *verb,
                             const struct uuid *undoes)
{
    struct trail *trail = NULL;
    struct fault fault = {0};
    char *vhost = NULL;
    int code = trail_open(call, &trail);
    if (code != EXIT_DONE) {
        return code;
    }
    AUTO(free_text) char *user = user_of(import->broker, &vhost);
    import->vhost = vhost != NULL ? vhost : "";
    struct trail_run entry = {.run = ids_new(),
                              .verb = verb,
                              .to = import->to,
                              .vhost = vhost,
                              .why = cli_text(call, "why"),
                              .broker_user = user,
                              .export_file = import->path,
                              .started_ms = clock_now_ms(),
                              .state = "begun"};
    if (undoes != NULL) {
        entry.undoes = *undoes;
    }
    if (trail_add(trail, &entry, &fault) != OK) {
        code = fail(call, &fault);
    } else {
        enum outcome o = import_run(import, &fault);
        code = judge_import(call, import, o, &fault);
        print_import(call, import, code);
        entry.state = code == EXIT_DONE ? "done" : code == EXIT_PARTLY ? "partly" : "failed";
        entry.ended_ms = clock_now_ms();
        entry.selected = entry.done = import->imported;
        entry.unsure = import->unsure;
        entry.left = import->cut;
        entry.note = o == OK ? NULL : fault.text;
        struct fault other;
        if (trail_add(trail, &entry, &other) != OK) {
            code = fail(call, &other);
        }
    }
    trail_close(trail);
    free(vhost);
    return code;
}

static int run_import(const struct cli_call *call)
{
    struct broker_options broker;
    struct import import = {.broker = &broker, .to = cli_need(call, "to")};
    if (import.to == NULL) {
        return EXIT_USAGE;
    }
    if (call->argument_count != 1) {
        return cli_fail(call, EXIT_USAGE, "which FILE? dlq export makes one");
    }
    import.path = call->arguments[0];
    int code = access_broker_options(call, "quadrille dlq import", &broker);
    return code == EXIT_DONE ? import_with_trail(call, &import, "import", NULL) : code;
}

/* history */

static const char *text_of(json_object *entry, const char *name)
{
    json_object *member = NULL;
    const char *text = json_object_object_get_ex(entry, name, &member) && member != NULL
                           ? json_object_get_string(member)
                           : NULL;
    return text != NULL ? text : "";
}

static int64_t number_of(json_object *entry, const char *name)
{
    json_object *member = NULL;
    return json_object_object_get_ex(entry, name, &member) ? json_object_get_int64(member) : 0;
}

/* Is there a later entry of the same run? */
static bool is_superseded(json_object *list, size_t index)
{
    const char *run = text_of(json_object_array_get_idx(list, index), "run");
    for (size_t i = index + 1; i < json_object_array_length(list); i++) {
        if (strcmp(text_of(json_object_array_get_idx(list, i), "run"), run) == 0) {
            return true;
        }
    }
    return false;
}

static void add_member(struct buffer *out, const char *label, json_object *entry, const char *name)
{
    const char *text = text_of(entry, name);
    if (text[0] != '\0') {
        buffer_text(out, label);
        escape_add(out, text, strlen(text), ESCAPE_LINE);
    }
}

static void print_entry(json_object *entry, struct buffer *out)
{
    bool is_open = strcmp(text_of(entry, "state"), "begun") == 0;
    add_member(out, "run ", entry, "run");
    add_member(out, "  ", entry, "started_at");
    add_member(out, "  ", entry, "verb");
    add_member(out, " ", entry, "queue");
    add_member(out, " → ", entry, "to");
    if (is_open) {
        buffer_text(out, "\n  under way, or broken off");
    } else {
        add_member(out, "\n  ", entry, "state");
        buffer_printf(out, ": %lld of %lld, %lld left out", (long long)number_of(entry, "done"),
                      (long long)number_of(entry, "selected"),
                      (long long)number_of(entry, "left_out"));
        if (number_of(entry, "may_be_doubled") > 0) {
            buffer_printf(out, ", %lld may be there twice",
                          (long long)number_of(entry, "may_be_doubled"));
        }
    }
    add_member(out, "\n  by ", entry, "user");
    add_member(out, "@", entry, "host");
    add_member(out, ", broker user ", entry, "broker_user");
    add_member(out, "\n  why: ", entry, "why");
    add_member(out, "\n  selection: ", entry, "selection");
    add_member(out, "\n  plan: ", entry, "plan");
    add_member(out, "\n  export: ", entry, "export");
    add_member(out, "\n  ids: ", entry, "ids");
    add_member(out, "\n  undoes ", entry, "undoes");
    add_member(out, "\n  note: ", entry, "note");
    buffer_byte(out, '\n');
}

static int read_trail(const struct cli_call *call, const struct uuid *run, json_object **out)
{
    struct trail *trail = NULL;
    struct fault fault = {0};
    int code = trail_open(call, &trail);
    if (code != EXIT_DONE) {
        return code;
    }
    enum outcome o = trail_read(trail, run, out, &fault);
    trail_close(trail);
    return o == OK ? EXIT_DONE : fail(call, &fault);
}

static bool read_run(const struct cli_call *call, struct uuid *out)
{
    if (call->argument_count == 1 && ids_parse(call->arguments[0], out)) {
        return true;
    }
    (void)cli_fail(call, EXIT_USAGE, "which RUN? dlq history shows their ids");
    return false;
}

static int run_history(const struct cli_call *call)
{
    struct uuid run;
    json_object *list = NULL;
    if (call->argument_count > 0 && !read_run(call, &run)) {
        return EXIT_USAGE;
    }
    int code = read_trail(call, call->argument_count > 0 ? &run : NULL, &list);
    if (code != EXIT_DONE) {
        return code;
    }
    AUTO(buffer_done) struct buffer out = {0};
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        json_object *entry = json_object_array_get_idx(list, i);
        if (is_superseded(list, i)) {
            continue;
        }
        if (call->is_json) {
            const char *text = json_object_to_json_string_ext(entry, JSON_C_TO_STRING_PLAIN);
            escape_json_text(&out, text, strlen(text));
            buffer_byte(&out, '\n');
        } else {
            print_entry(entry, &out);
        }
    }
    (void)fputs(buffer_cstr(&out), stdout);
    (void)json_object_put(list);
    if (out.length == 0 && call->argument_count > 0) {
        return cli_fail(call, EXIT_FAILED, "the trail knows no such run");
    }
    return EXIT_DONE;
}

/* undo */

static json_object *last_entry(json_object *list)
{
    size_t count = json_object_array_length(list);
    return count > 0 ? json_object_array_get_idx(list, count - 1) : NULL;
}

/* Another run has undone it already. */
static bool is_undone(const struct cli_call *call, const char *run)
{
    json_object *list = NULL;
    bool is_done = false;
    if (read_trail(call, NULL, &list) != EXIT_DONE) {
        return true;
    }
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        json_object *entry = json_object_array_get_idx(list, i);
        is_done = is_done || (strcmp(text_of(entry, "undoes"), run) == 0 &&
                              strcmp(text_of(entry, "state"), "done") == 0);
    }
    (void)json_object_put(list);
    return is_done;
}

static int undo_drop(const struct cli_call *call, json_object *entry, const struct uuid *run)
{
    struct broker_options broker;
    struct fault fault;
    struct journal_past safe = {0};
    struct import import = {.broker = &broker,
                            .path = text_of(entry, "export"),
                            .to = text_of(entry, "queue"),
                            .only = &safe};
    int code = access_broker_options(call, "quadrille dlq undo", &broker);
    if (code != EXIT_DONE) {
        return code;
    }
    if (journal_read_safe(text_of(entry, "ids"), &safe, &fault) != OK) {
        return fail(call, &fault);
    }
    if (cli_flag(call, "yes")) {
        code = import_with_trail(call, &import, "undo", run);
    } else {
        AUTO(free_text) char *path = escape_new(import.path);
        AUTO(free_text) char *to = escape_new(import.to);
        (void)printf("would bring back %zu letters from %s into queue %s; --yes does it\n",
                     safe.count, path, to);
    }
    journal_past_done(&safe);
    return code;
}

static bool is_of_run(void *context, const struct letter *letter)
{
    const struct header_value *header = headers_get(&letter->headers, "quadrille-run");
    return header != NULL && header->kind == HEADER_TEXT && strcmp(header->text, context) == 0;
}

/* What is still there goes back. */
static int undo_move(const struct cli_call *call, json_object *entry, const struct uuid *run)
{
    char text[UUID_TEXT_BYTES];
    struct dlq_session session = {0};
    AUTO(free_text) char *selection = xasprintf("what run %s moved", ids_format(run, text));
    struct act act = {.call = call,
                      .session = &session,
                      .deed = {.verb = DEED_MOVE,
                               .to = text_of(entry, "queue"),
                               .takes = is_of_run,
                               .context = text,
                               .is_dry = !cli_flag(call, "yes")},
                      .selection = selection,
                      .why = cli_text(call, "why"),
                      .undoes = *run};
    if (!act_read_options(call, &act)) {
        return EXIT_USAGE;
    }
    int code = dlq_session_open_queue(call, text_of(entry, "to"), &session);
    code = code == EXIT_DONE ? act_run(&act, NULL) : code;
    dlq_session_close(&session);
    return code;
}

static int undo(const struct cli_call *call, json_object *entry, const struct uuid *run)
{
    const char *verb = text_of(entry, "verb");
    bool may_repeat = cli_flag(call, "again");
    if (!may_repeat && is_undone(call, text_of(entry, "run"))) {
        return cli_fail(call, EXIT_FAILED, "it has been undone already; --again does it once more");
    }
    if (strcmp(verb, "drop") == 0) {
        return undo_drop(call, entry, run);
    }
    if (strcmp(verb, "move") == 0) {
        return undo_move(call, entry, run);
    }
    return cli_fail(call, EXIT_FAILED,
                    strcmp(verb, "retry") == 0 || strcmp(verb, "edit") == 0
                        ? "a retry cannot be undone: its consumer may have dealt with the messages "
                          "already. What fails comes back to the dead-letter queue by itself"
                        : "this kind of run cannot be undone");
}

static int run_undo(const struct cli_call *call)
{
    struct uuid run;
    json_object *list = NULL;
    if (!read_run(call, &run)) {
        return EXIT_USAGE;
    }
    int code = read_trail(call, &run, &list);
    if (code != EXIT_DONE) {
        return code;
    }
    json_object *entry = last_entry(list);
    code = entry != NULL ? undo(call, entry, &run)
                         : cli_fail(call, EXIT_FAILED, "the trail knows no such run");
    (void)json_object_put(list);
    return code;
}

/* clang-format off */
static const struct cli_option import_options[] = {
    ACCESS_BROKER, TRAIL_OPTIONS,
    {"to", "QUEUE", NULL, NULL, "where they go; it must exist"},
    {"why", "TEXT", NULL, NULL, "a note for the audit trail"},
};
static const struct cli_option history_options[] = {ACCESS_PROFILE, TRAIL_OPTIONS};
static const struct cli_option undo_options[] = {ACCESS_BROKER_AND_MANAGEMENT, ACT_OPTIONS};
/* clang-format on */

const struct cli_command dlq_history_commands[] = {
    {"dlq import", "FILE", "put the letters of an export into a queue, byte for byte",
     "Broken off, the same import goes on where it was; a few letters may then be there twice.\n"
     "\n"
     "  quadrille dlq import letters.jsonl --to billing.dlq",
     import_options, COUNT_OF(import_options), run_import},
    {"dlq history", "[RUN]", "what was done with dead letters: by whom, why, when, how many",
     "\n  quadrille dlq history\n"
     "  quadrille dlq history --json | jq 'select(.state != \"done\")'",
     history_options, COUNT_OF(history_options), run_history},
    {"dlq undo", "RUN", "bring back what a run has dropped, or moved and is still there",
     "A retry cannot be undone. Without --yes it only tells what it would do.\n"
     "\n"
     "  quadrille dlq undo 01938f60-4d10-7b8e-a2f3-6c7d8e9f0a1b --yes",
     undo_options, COUNT_OF(undo_options), run_undo},
};
const size_t dlq_history_command_count = COUNT_OF(dlq_history_commands);
