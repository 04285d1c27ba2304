/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/commands.h"

#include "core/clock.h"
#include "tools/dlq/act.h"
#include "tools/dlq/deed_plan.h"
#include "tools/dlq/edit.h"
#include "tools/escape.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* retry, move, drop: a plan first, then what it says; apply. */

/* The plan that a dry run writes. */
struct planning {
    const char *const *sets;
    size_t set_count;
    struct deed_plan plan;
    char *path;
    FILE *file;
    int64_t count;
};

static enum outcome plan_letter(void *context, const struct letter *letter, struct fault *fault)
{
    struct planning *planning = context;
    if (planning->count == DEED_PLAN_LETTERS_MAX) {
        return fault_set(fault, REJECT, "more than %d messages are meant: --limit makes it less",
                         DEED_PLAN_LETTERS_MAX);
    }
    planning->count++;
    return deed_plan_add(planning->file, letter, fault);
}

static char *copy_text(const char *text)
{
    return text != NULL ? xstrdup(text) : NULL;
}

static int begin_plan(const struct act *act, const char *path, struct planning *planning)
{
    const struct uuid id = ids_new();
    struct fault fault;
    planning->plan = (struct deed_plan){.verb = xstrdup(deed_verb_name(act->deed.verb)),
                                        .queue = xstrdup(act->session->queue),
                                        .vhost = xstrdup(act->session->vhost),
                                        .to = copy_text(act->deed.to),
                                        .selection = copy_text(act->selection),
                                        .why = copy_text(act->why),
                                        .is_via_exchange = act->deed.is_via_exchange,
                                        .max_returns = act->deed.max_returns,
                                        .made_ms = clock_now_ms()};
    for (size_t i = 0; i < planning->set_count; i++) {
        planning->plan.sets[planning->plan.set_count++] = xstrdup(planning->sets[i]);
    }
    enum outcome o = OK;
    if (path != NULL) {
        planning->path = xstrdup(path);
    } else {
        o = act_file("plans", planning->plan.verb, act->session->queue, &id, "plan",
                     &planning->path, &fault);
    }
    if (o == OK) {
        o = deed_plan_create(&planning->plan, planning->path, &planning->file, &fault);
    }
    if (o != OK) {
        AUTO(free_text) char *reason = escape_new(fault.text);
        return cli_fail(act->call, EXIT_FAILED, "the plan: %s", reason);
    }
    return EXIT_DONE;
}

static int end_plan(const struct act *act, struct planning *planning, int code)
{
    struct fault fault;
    bool is_good = code == EXIT_DONE || code == EXIT_PARTLY;
    if (planning->file != NULL && deed_plan_end(planning->file, planning->count, &fault) != OK) {
        code = cli_fail(act->call, EXIT_FAILED, "%s", fault.text);
        is_good = false;
    }
    if (planning->file != NULL && !is_good) {
        (void)unlink(planning->path);
    }
    free(planning->path);
    deed_plan_done(&planning->plan);
    return code;
}

static int make_plan(struct act *act, const char *const *sets, size_t set_count)
{
    struct planning planning = {.sets = sets, .set_count = set_count};
    int code = begin_plan(act, cli_text(act->call, "plan"), &planning);
    if (code == EXIT_DONE) {
        act->deed.is_dry = true;
        act->deed.note = plan_letter;
        act->deed.note_context = &planning;
        code = act_run(act, planning.path);
    }
    return end_plan(act, &planning, code);
}

/* Whatever the verb: session, selection, then the plan or the deed. */
static int act_on_queue(const struct cli_call *call, struct act *act)
{
    struct dlq_session session = {0};
    if (call->argument_count > 1) {
        return cli_fail(call, EXIT_USAGE, "'%s' is one argument too many", call->arguments[1]);
    }
    if (cli_flag(call, "yes") && cli_text(call, "plan") != NULL) {
        return cli_fail(call, EXIT_USAGE, "either --plan FILE, then dlq apply FILE, or --yes");
    }
    act->call = call;
    act->session = &session;
    act->why = cli_text(call, "why");
    AUTO(free_text) char *selection = selection_text(call);
    act->selection = selection;
    int code = act_read_options(call, act) ? dlq_session_open(call, &session) : EXIT_USAGE;
    if (code == EXIT_DONE) {
        code = cli_flag(call, "yes") ? act_run(act, NULL) : make_plan(act, NULL, 0);
    }
    dlq_session_close(&session);
    return code;
}

static int run_retry(const struct cli_call *call)
{
    struct act act = {
        .deed = {.verb = DEED_RETRY, .is_via_exchange = cli_flag(call, "via-exchange")}};
    if (cli_text(call, "max-returns") != NULL &&
        !cli_int(call, "max-returns", 1, DEED_RETURNS_MAX, &act.deed.max_returns)) {
        return EXIT_USAGE;
    }
    return act_on_queue(call, &act);
}

static int run_move(const struct cli_call *call)
{
    struct act act = {.deed = {.verb = DEED_MOVE, .to = cli_need(call, "to")}};
    if (act.deed.to == NULL) {
        return EXIT_USAGE;
    }
    return act_on_queue(call, &act);
}

static int run_drop(const struct cli_call *call)
{
    struct act act = {.deed = {.verb = DEED_DROP}};
    return act_on_queue(call, &act);
}

/* edit */

static int set_count_of(const struct cli_call *call, const char *sets[CLI_GIVEN_MAX])
{
    size_t count = cli_list(call, "set", sets);
    for (size_t i = 0; i < count; i++) {
        if (sets[i][0] != '/' || strchr(sets[i], '=') == NULL) {
            (void)cli_fail(call, EXIT_USAGE,
                           "--set is /path=value, a JSON Pointer and JSON or text");
            return -1;
        }
    }
    return (int)count;
}

/* The one letter that is meant: what the editor gets, and how it is found again. */
struct only_one {
    struct deed_plan plan;
    struct buffer body;
    int64_t count;
};

static enum outcome look_at_one(void *context, const struct letter *letter, struct fault *fault)
{
    struct only_one *one = context;
    if (one->count++ == 0) {
        one->plan.letters = xcalloc(1, sizeof *one->plan.letters);
        one->plan.count = 1;
        one->plan.letters[0].times = 1;
        memcpy(one->plan.letters[0].fingerprint, letter->fingerprint, LETTER_FINGERPRINT_BYTES);
        buffer_add(&one->body, letter->delivery->body, letter->delivery->body_length);
    }
    return OK;
}

static bool is_in_plan(void *context, const struct letter *letter)
{
    return deed_plan_takes(context, letter);
}

static int send_edited(struct act *act, const char *const *sets, size_t count)
{
    struct edit *edit = NULL;
    int code = edit_open(act->call, sets, count, &edit);
    if (code == EXIT_DONE) {
        act->deed.change = edit_change;
        act->deed.change_context = edit;
        code = cli_flag(act->call, "yes") ? act_run(act, NULL) : make_plan(act, sets, count);
    }
    edit_close(edit);
    return code;
}

/* Two passes: nothing is held while somebody thinks. */
static int edit_one(struct act *act)
{
    struct only_one one = {0};
    struct act look = *act;
    look.deed.is_dry = look.is_quiet = true;
    look.deed.note = look_at_one;
    look.deed.note_context = &one;
    AUTO(buffer_done) struct buffer set = {0};
    int code = act_run(&look, NULL);
    if (code == EXIT_DONE && one.count != 1) {
        code = cli_fail(act->call, EXIT_USAGE,
                        "%lld messages are meant, and an editor takes one: --id ID or --limit 1 "
                        "says which, --set edits many",
                        (long long)one.count);
    }
    if (code == EXIT_DONE) {
        code = edit_by_hand(act->call, buffer_cstr(&one.body), one.body.length, &set);
    }
    if (code == EXIT_DONE) {
        const char *const sets[] = {buffer_cstr(&set)};
        act->deed.takes = is_in_plan;
        act->deed.context = &one.plan;
        code = send_edited(act, sets, COUNT_OF(sets));
        act->deed.context = NULL;
    }
    deed_plan_done(&one.plan);
    buffer_done(&one.body);
    return code;
}

static int run_edit(const struct cli_call *call)
{
    const char *sets[CLI_GIVEN_MAX];
    struct dlq_session session = {0};
    int count = set_count_of(call, sets);
    if (count < 0 || call->argument_count > 1) {
        return count < 0 ? EXIT_USAGE
                         : cli_fail(call, EXIT_USAGE, "'%s' is one argument too many",
                                    call->arguments[1]);
    }
    AUTO(free_text) char *selection = selection_text(call);
    struct act act = {.call = call,
                      .session = &session,
                      .deed = {.verb = DEED_EDIT, .to = cli_text(call, "to")},
                      .selection = selection,
                      .why = cli_text(call, "why")};
    int code = act_read_options(call, &act) ? dlq_session_open(call, &session) : EXIT_USAGE;
    if (code == EXIT_DONE) {
        code = count > 0 ? send_edited(&act, sets, (size_t)count) : edit_one(&act);
    }
    dlq_session_close(&session);
    return code;
}

/* apply */

/* Letters of the plan that were not found. */
static int tell_gone(const struct deed_plan *plan, int code)
{
    enum { TOLD_MAX = 20 };
    int64_t gone = 0;
    for (size_t i = 0; i < plan->count; i++) {
        const struct deed_plan_letter *letter = &plan->letters[i];
        if (letter->seen < letter->times && gone++ < TOLD_MAX) {
            AUTO(free_text) char *id = escape_new(letter->id);
            (void)fprintf(stderr, "gone: %s\n", id);
        }
    }
    if (gone == 0) {
        return code;
    }
    (void)fprintf(stderr,
                  "%lld messages of the plan are not in the queue any more, or were not "
                  "reached\n",
                  (long long)gone);
    return code == EXIT_DONE ? EXIT_PARTLY : code;
}

static int apply(struct act *act, struct deed_plan *plan)
{
    if (strcmp(act->session->vhost, plan->vhost) != 0) {
        AUTO(free_text) char *vhost = escape_new(plan->vhost);
        return cli_fail(act->call, EXIT_USAGE, "the plan is for virtual host %s", vhost);
    }
    if (!deed_verb_find(plan->verb, &act->deed.verb)) {
        return cli_fail(act->call, EXIT_USAGE, "the plan says what this version cannot do");
    }
    act->deed.to = plan->to;
    act->deed.is_via_exchange = plan->is_via_exchange;
    act->deed.max_returns = plan->max_returns;
    act->deed.takes = is_in_plan;
    act->deed.context = plan;
    act->selection = plan->selection;
    act->why = act->why != NULL ? act->why : plan->why;
    struct edit *edit = NULL;
    int code = EXIT_DONE;
    if (act->deed.verb == DEED_EDIT) {
        code = edit_open(act->call, (const char *const *)plan->sets, plan->set_count, &edit);
        act->deed.change = edit_change;
        act->deed.change_context = edit;
    }
    code = code == EXIT_DONE ? act_run(act, NULL) : EXIT_USAGE;
    edit_close(edit);
    return code == EXIT_USAGE ? code : tell_gone(plan, code);
}

static int run_apply(const struct cli_call *call)
{
    struct deed_plan plan = {0};
    struct fault fault;
    struct dlq_session session = {0};
    if (call->argument_count != 1) {
        return cli_fail(call, EXIT_USAGE, "which PLAN? a run without --yes writes one");
    }
    struct act act = {.call = call,
                      .session = &session,
                      .why = cli_text(call, "why"),
                      .plan = call->arguments[0]};
    if (!act_read_options(call, &act)) {
        return EXIT_USAGE;
    }
    if (deed_plan_read(call->arguments[0], &plan, &fault) != OK) {
        deed_plan_done(&plan);
        AUTO(free_text) char *reason = escape_new(fault.text);
        return cli_fail(call, EXIT_FAILED, "%s", reason);
    }
    int code = dlq_session_open_queue(call, plan.queue, &session);
    code = code == EXIT_DONE ? apply(&act, &plan) : code;
    dlq_session_close(&session);
    deed_plan_done(&plan);
    return code;
}

/* clang-format off */
#define PLAN_OPTION {"plan", "FILE", NULL, NULL, "write the plan there; else into the state folder"}
static const struct cli_option retry_options[] = {
    DLQ_OPTIONS, ACT_OPTIONS, PLAN_OPTION,
    {"via-exchange", NULL, NULL, NULL, "to the exchange and routing key it was published with, and so to everybody who hears it"},
    {"max-returns", "N", NULL, NULL, "leave out what has been sent back N times already"},
};
static const struct cli_option move_options[] = {
    DLQ_OPTIONS, ACT_OPTIONS, PLAN_OPTION,
    {"to", "QUEUE", NULL, NULL, "where they go; it must exist"},
};
static const struct cli_option drop_options[] = {DLQ_OPTIONS, ACT_OPTIONS, PLAN_OPTION};
#define CONTRACTS_OPTION                                                                               \
    {"contracts", "PATH", NULL, NULL, "what the result of an edit is judged by: AsyncAPI documents, or a folder with some", \
     .is_repeatable = true}
static const struct cli_option edit_options[] = {
    DLQ_OPTIONS, ACT_OPTIONS, PLAN_OPTION, CONTRACTS_OPTION,
    {"set", "/PATH=VALUE", NULL, NULL, "set this value (JSON, else text) in each body; without it, $EDITOR opens one", .is_repeatable = true},
    {"to", "QUEUE", NULL, NULL, "where they go; else to the queue that each has failed in"},
};
static const struct cli_option apply_options[] = {ACCESS_BROKER_AND_MANAGEMENT, ACT_OPTIONS, CONTRACTS_OPTION};
/* clang-format on */

const struct cli_command dlq_act_commands[] = {
    {"dlq retry", "QUEUE", "send dead letters back to the queue in which they failed",
     "Without --yes it only makes a plan: how many, to where, in what groups, what is left out and "
     "why. `dlq apply` does\n"
     "exactly that plan. Each copy is published mandatory and confirmed before the letter is "
     "acknowledged; headers\n"
     "quadrille-returns and quadrille-run are added to it. What is not meant keeps its place.\n"
     "\n"
     "  quadrille dlq retry billing.dlq --group 1f0c9a7be522\n"
     "  quadrille dlq retry billing.dlq --batch 10 --watch 1m --max-returns 3 --why 'INC-7' --yes",
     retry_options, COUNT_OF(retry_options), run_retry},
    {"dlq move", "QUEUE", "send dead letters to another queue",
     "As dlq retry, and the count of returns stays as it is.\n"
     "\n"
     "  quadrille dlq move billing.dlq --to billing.parked --class rejected --yes",
     move_options, COUNT_OF(move_options), run_move},
    {"dlq drop", "QUEUE", "take dead letters out of their queue, and keep an export",
     "The export is private and lies in the state folder; `dlq undo` brings the letters back.\n"
     "\n"
     "  quadrille dlq drop billing.dlq --older-than 30d --why 'INC-7' --yes",
     drop_options, COUNT_OF(drop_options), run_drop},
    {"dlq edit", "QUEUE", "send dead letters back with another body",
     "Only JSON. The rest of the body stays byte for byte. Each gets a new message id; header "
     "quadrille-edit-of has the old\n"
     "one. With --contracts a result that its contract forbids is left out. The differences are "
     "shown.\n"
     "\n"
     "  quadrille dlq edit billing.dlq --id 01938f60-4d10-7b8e-a2f3-6c7d8e9f0a1b\n"
     "  quadrille dlq edit billing.dlq --group 1f0c9a7be522 --set /currency=EUR --contracts "
     "events/asyncapi --yes",
     edit_options, COUNT_OF(edit_options), run_edit},
    {"dlq apply", "PLAN", "do what a plan says, with exactly the messages in it",
     "Messages that are gone meanwhile are told.\n"
     "\n"
     "  quadrille dlq apply retry.plan --rate 50",
     apply_options, COUNT_OF(apply_options), run_apply},
};
const size_t dlq_act_command_count = COUNT_OF(dlq_act_commands);
