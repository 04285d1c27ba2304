/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/dlq/act.h"

#include "core/clock.h"
#include "core/crash.h"
#include "core/text.h"
#include "tools/dlq/archive.h"
#include "tools/dlq/letter_view.h"
#include "tools/dlq/state.h"
#include "tools/escape.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool act_read_options(const struct cli_call *call, struct act *act)
{
    act->deed.is_again = cli_flag(call, "again");
    if ((cli_text(call, "rate") != NULL &&
         !cli_int(call, "rate", 1, DEED_RATE_MAX, &act->deed.rate)) ||
        (cli_text(call, "batch") != NULL &&
         !cli_int(call, "batch", 1, ACT_BATCH_MAX, &act->batch)) ||
        !cli_int(call, "tolerate", 0, ACT_BATCH_MAX, &act->tolerate)) {
        return false;
    }
    if (!text_duration_ms(cli_text(call, "watch"), &act->watch_ms) ||
        act->watch_ms > ACT_WATCH_MAX_MS) {
        (void)cli_fail(call, EXIT_USAGE, "--watch is a duration up to a day, such as 30s or 5m");
        return false;
    }
    return true;
}

enum outcome act_file(const char *folder, const char *verb, const char *queue,
                      const struct uuid *id, const char *end, char **out, struct fault *fault)
{
    enum { QUEUE_SHOWN_MAX = 60 };
    char text[UUID_TEXT_BYTES];
    AUTO(free_text) char *plain = xstrndup(queue, QUEUE_SHOWN_MAX);
    for (char *at = plain; *at != '\0'; at++) {
        bool is_plain = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
                        (*at >= '0' && *at <= '9') || strchr("._-", *at) != NULL;
        if (!is_plain) {
            *at = '_';
        }
    }
    AUTO(free_text) char *name = xasprintf("%s-%s-%s.%s", verb, plain, ids_format(id, text), end);
    return state_path(folder, name, out, fault);
}

/* Printing */

static void print_number(struct buffer *out, const char *name, int64_t number)
{
    json_member_number(out, name, number);
}

static void print_lefts_json(const struct deed_result *result, struct buffer *out)
{
    buffer_text(out, ",\"left_out\":{");
    bool is_first = true;
    for (enum deed_left i = 0; i < LEFT_REASONS; i++) {
        if (result->left[i] > 0) {
            buffer_printf(out, "%s\"%s\":%lld", is_first ? "" : ",", deed_left_name(i),
                          (long long)result->left[i]);
            is_first = false;
        }
    }
    buffer_byte(out, '}');
}

static void print_destinations_json(const struct deed_result *result, struct buffer *out)
{
    buffer_text(out, ",\"destinations\":[");
    for (size_t i = 0; i < result->destination_count; i++) {
        const struct deed_destination *destination = &result->destinations[i];
        buffer_text(out, i > 0 ? ",{" : "{");
        json_member_text(out, "exchange", destination->exchange);
        json_member_text(out, "routing_key", destination->key);
        json_member_bool(out, "exists", !destination->is_missing);
        json_member_number(out, "letters", destination->count);
        buffer_byte(out, '}');
    }
    buffer_byte(out, ']');
}

static void print_groups_json(const struct deed_result *result, struct buffer *out)
{
    buffer_text(out, ",\"groups\":[");
    for (size_t i = 0; i < result->groups.count; i++) {
        const struct group *group = result->groups.sorted[i].group;
        buffer_text(out, i > 0 ? ",{" : "{");
        json_member_text(out, "group", group->id);
        json_member_number(out, "count", group->count);
        json_member_text(out, "cause", group->cause);
        json_member_text(out, "type", group->type);
        json_member_text(out, "normal_reason", group->normal);
        json_member_number(out, "most_returns", group->most_returns);
        buffer_byte(out, '}');
    }
    buffer_byte(out, ']');
}

static void print_json(const struct act *act, const struct deed_result *result, const char *state,
                       const char *plan_file)
{
    char run[UUID_TEXT_BYTES];
    AUTO(buffer_done) struct buffer out = {0};
    buffer_byte(&out, '{');
    json_member_text(&out, "verb", deed_verb_name(act->deed.verb));
    json_member_text(&out, "queue", act->session->queue);
    json_member_text(&out, "run", act->deed.is_dry ? NULL : ids_format(&act->deed.run, run));
    json_member_text(&out, "state", state);
    json_member_text(&out, "plan", plan_file != NULL ? plan_file : act->plan);
    json_member_text(&out, "export", act->export_file);
    print_number(&out, "seen", result->report.seen);
    print_number(&out, "selected", result->selected);
    print_number(&out, "done", result->done);
    print_number(&out, "may_be_doubled", result->unsure);
    json_member_bool(&out, "is_stopped", result->is_stopped);
    json_member_text(&out, "why_stopped", result->is_stopped ? result->why_stopped : NULL);
    print_lefts_json(result, &out);
    print_destinations_json(result, &out);
    print_groups_json(result, &out);
    buffer_text(&out, "}\n");
    (void)fputs(buffer_cstr(&out), stdout);
}

static void print_destination(const struct deed_destination *destination, struct buffer *out)
{
    buffer_printf(out, "%8lld  → ", (long long)destination->count);
    if (destination->exchange[0] != '\0') {
        buffer_text(out, "exchange ");
        (void)escape_cut(out, destination->exchange, strlen(destination->exchange), 100);
        buffer_text(out, ", key ");
    } else {
        buffer_text(out, "queue ");
    }
    (void)escape_cut(out, destination->key, strlen(destination->key), 100);
    buffer_text(out, destination->is_missing ? ": does not exist\n" : "\n");
}

static void print_group(const struct group *group, struct buffer *out)
{
    const char *type = group->type[0] != '\0' ? group->type : "(no type)";
    buffer_printf(out, "%8lld  %s  ", (long long)group->count, group->id);
    (void)escape_cut(out, type, strlen(type), 60);
    buffer_text(out, "  ");
    (void)escape_cut(out, group->cause, strlen(group->cause), 60);
    buffer_text(out, "  ");
    (void)escape_cut(out, group->normal, strlen(group->normal), 100);
    if (group->most_returns > 0) {
        buffer_printf(out, "  (sent back up to %lld times already)",
                      (long long)group->most_returns);
    }
    buffer_byte(out, '\n');
}

static void print_text(const struct act *act, const struct deed_result *result,
                       const char *plan_file)
{
    AUTO(buffer_done) struct buffer out = {0};
    char run[UUID_TEXT_BYTES];
    for (size_t i = 0; i < result->groups.count; i++) {
        print_group(result->groups.sorted[i].group, &out);
    }
    for (size_t i = 0; i < result->destination_count; i++) {
        print_destination(&result->destinations[i], &out);
    }
    for (enum deed_left i = 0; i < LEFT_REASONS; i++) {
        if (result->left[i] > 0) {
            buffer_printf(&out, "%8lld  left out: %s\n", (long long)result->left[i],
                          deed_left_text(i));
        }
    }
    if (result->first_refusal[0] != '\0') {
        buffer_text(&out, "          the first of them: ");
        escape_add(&out, result->first_refusal, strlen(result->first_refusal), ESCAPE_LINE);
        buffer_byte(&out, '\n');
    }
    buffer_printf(&out, "%s %s%lld of %lld messages of queue ", deed_verb_name(act->deed.verb),
                  act->deed.is_dry ? "would deal with " : "has dealt with ",
                  (long long)result->done, (long long)result->selected);
    (void)escape_cut(&out, act->session->queue, strlen(act->session->queue), 100);
    buffer_text(&out, " that are meant");
    if (act->deed.is_dry) {
        buffer_text(&out, "; nothing was done\n");
    } else {
        buffer_printf(&out, ", run %s\n", ids_format(&act->deed.run, run));
    }
    if (plan_file != NULL) {
        buffer_text(&out, "do it: quadrille dlq apply ");
        escape_add(&out, plan_file, strlen(plan_file), ESCAPE_LINE);
        buffer_byte(&out, '\n');
    }
    if (act->export_file != NULL && result->done > 0) {
        buffer_printf(&out, "bring them back: quadrille dlq undo %s --yes\n", run);
    }
    (void)fputs(buffer_cstr(&out), stdout);
}

static void say_troubles(const struct act *act, const struct deed_result *result)
{
    if (result->is_stopped) {
        AUTO(free_text) char *why = escape_new(result->why_stopped);
        (void)fprintf(stderr, "stopped: %s\n", why);
    }
    if (result->unsure > 0) {
        char run[UUID_TEXT_BYTES];
        (void)fprintf(stderr,
                      "%lld messages were published without an answer: they stay in the queue, and "
                      "may be there twice; `quadrille dlq history %s` says where their ids are\n",
                      (long long)result->unsure, ids_format(&act->deed.run, run));
    }
}

static void print(const struct act *act, struct deed *deed, const char *state,
                  const char *plan_file)
{
    struct deed_result result = *deed_result(deed);
    groups_sort(&result.groups);
    if (act->call->is_json) {
        print_json(act, &result, state, plan_file);
    } else {
        print_text(act, &result, plan_file);
    }
    say_troubles(act, &result);
    /* sorting has allocated in the copy */
    free(result.groups.sorted);
}

/* The run */

static void wait_and_tell(int64_t ms)
{
    enum { STEP_MS = 100 };
    (void)fprintf(stderr, "waiting %lld s to see whether the first ones come back\n",
                  (long long)(ms / 1000));
    for (int64_t until = clock_monotonic_ms() + ms;
         clock_monotonic_ms() < until && !drain_is_interrupted();) {
        clock_sleep_ms(STEP_MS);
    }
}

static int watch_canary(struct act *act, struct deed *deed)
{
    int64_t back = 0;
    wait_and_tell(act->watch_ms);
    if (drain_is_interrupted()) {
        return EXIT_PARTLY;
    }
    int code = deed_count_back(deed, &back);
    if (code != EXIT_DONE) {
        return code;
    }
    act->has_canary_failed = back > act->tolerate;
    (void)fprintf(stderr, "%lld of the first %lld have come back%s\n", (long long)back,
                  (long long)deed_result(deed)->done,
                  act->has_canary_failed ? ": nothing more is sent" : "");
    return act->has_canary_failed ? EXIT_PARTLY : EXIT_DONE;
}

static int do_it(struct act *act, struct deed *deed)
{
    if (act->batch == 0 || act->deed.is_dry || act->deed.verb == DEED_DROP) {
        return deed_run(deed, 0);
    }
    int code = deed_run(deed, act->batch);
    const struct deed_result *result = deed_result(deed);
    if (code != EXIT_DONE || result->is_stopped || result->done < act->batch) {
        return code;
    }
    code = watch_canary(act, deed);
    act->session->selection.taken = result->done;
    if (code == EXIT_DONE && act->deed.takes == NULL) {
        deed_forget_left(deed);
    }
    return code == EXIT_DONE ? deed_run(deed, 0) : code;
}

static int judge(const struct act *act, const struct deed_result *result, int code)
{
    if (code == EXIT_FAILED || code == EXIT_USAGE) {
        return code;
    }
    if (result->selected == 0) {
        return cli_fail(act->call, EXIT_FAILED, "no message of %lld is meant by this",
                        (long long)result->report.seen);
    }
    if (act->deed.is_dry) {
        return code;
    }
    bool is_partly =
        result->is_stopped || result->unsure > 0 || deed_left(result) > 0 || act->has_canary_failed;
    return is_partly ? EXIT_PARTLY : code;
}

static const char *state_name(int code)
{
    return code == EXIT_DONE ? "done" : code == EXIT_PARTLY ? "partly" : "failed";
}

struct run {
    struct trail *trail;
    struct trail_run entry;
    struct journal journal;
    struct journal_past past;
    struct deed *deed;
    char *ids;
};

static int open_files(struct act *act, struct run *run)
{
    struct fault fault;
    const struct journal_about about = {.run = act->deed.run,
                                        .verb = deed_verb_name(act->deed.verb),
                                        .queue = act->session->queue,
                                        .vhost = act->session->vhost,
                                        .to = act->deed.to};
    enum outcome o = journal_open(&about, &run->journal, &fault);
    if (o == OK && act->deed.verb == DEED_DROP) {
        o = act_file("dropped", "drop", act->session->queue, &act->deed.run, "jsonl",
                     &act->export_file, &fault);
        if (o == OK) {
            o = archive_create(act->export_file, &act->deed.export, &fault);
        }
    }
    if (o != OK) {
        AUTO(free_text) char *reason = escape_new(fault.text);
        return cli_fail(act->call, EXIT_FAILED, "%s", reason);
    }
    act->deed.journal = &run->journal;
    /* where it will be when the run has ended */
    run->ids = xasprintf("%.*s.jsonl", (int)(strlen(run->journal.path) - strlen(".open")),
                         run->journal.path);
    return EXIT_DONE;
}

static int write_trail(const struct act *act, struct run *run)
{
    struct fault fault;
    if (trail_add(run->trail, &run->entry, &fault) == OK) {
        return EXIT_DONE;
    }
    AUTO(free_text) char *reason = escape_new(fault.text);
    return cli_fail(act->call, EXIT_FAILED, "the audit trail: %s", reason);
}

static void describe(const struct act *act, struct run *run)
{
    run->entry = (struct trail_run){.run = act->deed.run,
                                    .verb = deed_verb_name(act->deed.verb),
                                    .queue = act->session->queue,
                                    .vhost = act->session->vhost,
                                    .to = act->deed.is_via_exchange ? "(the original exchange)"
                                                                    : act->deed.to,
                                    .selection = act->selection,
                                    .why = act->why,
                                    .plan = act->plan,
                                    .broker_user = deed_broker_user(run->deed),
                                    .export_file = act->export_file,
                                    .ids_file = run->ids,
                                    .started_ms = clock_now_ms(),
                                    .state = "begun",
                                    .undoes = act->undoes};
}

static int begin(struct act *act, struct run *run)
{
    int code = deed_open(act->session, &act->deed, &run->deed);
    if (code != EXIT_DONE || act->deed.is_dry) {
        return code;
    }
    describe(act, run);
    code = write_trail(act, run);
    crash_point("dlq_begun");
    return code;
}

static int end(struct act *act, struct run *run, int code)
{
    const struct deed_result *result = deed_result(run->deed);
    run->entry.state = state_name(code);
    run->entry.ended_ms = clock_now_ms();
    run->entry.selected = result->selected;
    run->entry.done = result->done;
    run->entry.left = deed_left(result);
    run->entry.unsure = result->unsure;
    run->entry.note = result->is_stopped       ? result->why_stopped
                      : act->has_canary_failed ? "the first ones came back"
                                               : NULL;
    /* a pass that failed may not have been heard to the end */
    bool is_clean = code != EXIT_FAILED ? result->unsure == 0 : result->selected == 0;
    crash_point("dlq_ending");
    journal_close(&run->journal, is_clean, run->entry.state);
    const struct drain_report *report = &result->report;
    if (is_clean && !result->has_past && report->seen == report->depth) {
        journal_past_settle(&run->past);
    }
    int written = write_trail(act, run);
    return written == EXIT_DONE ? code : written;
}

int act_run(struct act *act, const char *plan_file)
{
    struct run run = {0};
    struct fault fault;
    int code = EXIT_DONE;
    act->deed.run = ids_new();
    journal_past_read(act->session->vhost, act->session->queue, &run.past);
    act->deed.past = &run.past;
    if (!act->deed.is_dry) {
        code = trail_open(act->call, &run.trail);
        code = code == EXIT_DONE ? open_files(act, &run) : code;
    }
    code = code == EXIT_DONE ? begin(act, &run) : code;
    bool is_begun = code == EXIT_DONE;
    if (is_begun) {
        code = judge(act, deed_result(run.deed), do_it(act, run.deed));
        if (!act->is_quiet) {
            print(act, run.deed, state_name(code), code == EXIT_FAILED ? NULL : plan_file);
        }
    }
    if (act->deed.export != NULL && archive_close(act->deed.export, &fault) != OK) {
        code = cli_fail(act->call, EXIT_FAILED, "%s", fault.text);
    }
    if (is_begun && !act->deed.is_dry) {
        code = end(act, &run, code);
    } else {
        journal_close(&run.journal, true, "nothing");
    }
    journal_past_done(&run.past);
    deed_close(run.deed);
    trail_close(run.trail);
    free(run.ids);
    free(act->export_file);
    act->export_file = NULL;
    return code;
}
