/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clock.h"
#include "core/text.h"
#include "tools/access.h"
#include "tools/escape.h"
#include "tools/history/filter.h"
#include "tools/replay/replay.h"
#include "tools/replay/send.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { IDS_LINE_MAX = 256 };

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
    (void)signal;
    stopped = 1;
}

static void heed_signals(void)
{
    struct sigaction action = {.sa_handler = stop};
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGHUP, &action, NULL);
}

/* What both `replay` and `replay resume` hold. Zeroed is valid. */
struct session {
    const struct cli_call *call;
    struct contract_set contracts;
    struct history *history;
    struct audience audience;
    struct remaker *remaker;
    struct plan plan;
    struct broker *broker;
};

static void session_done(struct session *session)
{
    plan_done(&session->plan);
    remaker_free(session->remaker);
    audience_done(&session->audience);
    history_close(session->history);
    broker_close(session->broker);
    contract_set_done(&session->contracts);
}

static int session_open(struct session *session, const struct run *run)
{
    const struct cli_call *call = session->call;
    struct fault fault;
    if (contract_set_load(&session->contracts, cli_text(call, "contracts"), &fault) != OK) {
        return cli_fail_fault(call, &fault, "the contracts cannot be read");
    }
    int code = history_access(call, "quadrille replay", &session->history);
    if (code == EXIT_DONE) {
        code = audience_init(&session->audience, call, &session->contracts, run->to);
    }
    if (code != EXIT_DONE) {
        return code;
    }
    if (remaker_new(&session->contracts, &run->id, &session->remaker, &fault) != OK) {
        return cli_fail_fault(call, &fault, "the contracts cannot be used");
    }
    remaker_set_direct(session->remaker, run->to != NULL);
    return EXIT_DONE;
}

static int open_broker(struct session *session, const char *to)
{
    struct fault fault;
    int code = access_broker(session->call, "quadrille replay", &session->broker);
    if (code != EXIT_DONE) {
        return code;
    }
    if (to != NULL &&
        broker_queue_declare(session->broker, to, "quorum", true, NULL, NULL, &fault) != OK) {
        return cli_fail_fault(session->call, &fault, "nothing was sent");
    }
    return broker_confirm_select(session->broker, &fault) == OK
               ? EXIT_DONE
               : cli_fail_fault(session->call, &fault, "nothing was sent");
}

/* ---- options ---- */

static int read_rate(const struct cli_call *call, int64_t *rate)
{
    const char *text = cli_text(call, "rate");
    size_t length = text != NULL ? strcspn(text, "/") : 0;
    AUTO(free_text) char *number = text != NULL ? xstrndup(text, length) : NULL;
    *rate = 0;
    if (text == NULL || ((text[length] == '\0' || strcmp(text + length, "/s") == 0) &&
                         text_int(number, 1, RUN_RATE_MAX, rate))) {
        return EXIT_DONE;
    }
    return cli_fail(call, EXIT_USAGE,
                    "--rate must be a number of messages a second up to %d: 100/s", RUN_RATE_MAX);
}

static int read_speed(const struct cli_call *call, int64_t *speed)
{
    const char *text = cli_text(call, "speed");
    size_t length = strlen(text);
    AUTO(free_text) char *number = xstrndup(text, length > 0 ? length - 1 : 0);
    *speed = 0;
    if (strcmp(text, "max") == 0 ||
        (length > 1 && text[length - 1] == 'x' && text_int(number, 1, RUN_SPEED_MAX, speed))) {
        return EXIT_DONE;
    }
    return cli_fail(call, EXIT_USAGE, "--speed must be 1x, 10x or the like, or max");
}

/* One id a line; empty lines and those that begin with # are nothing. */
static int read_ids_from(const struct cli_call *call, FILE *file, struct filter *filter)
{
    char line[IDS_LINE_MAX];
    struct uuid *ids = NULL;
    size_t count = 0;
    size_t room = 0;
    for (size_t number = 1; fgets(line, sizeof line, file) != NULL; number++) {
        size_t length = strcspn(line, " \t\r\n");
        if (length == 0 || line[0] == '#') {
            continue;
        }
        if (count == HISTORY_IDS_MAX) {
            free(ids);
            return cli_fail(call, EXIT_USAGE, "--ids has more than %d ids", HISTORY_IDS_MAX);
        }
        if (count == room) {
            room = room > 0 ? room * 2 : 64;
            ids = xrealloc(ids, room * sizeof *ids);
        }
        if (!ids_parse_n(line, length, &ids[count++])) {
            free(ids);
            return cli_fail(call, EXIT_USAGE, "--ids: line %zu is no UUID", number);
        }
    }
    struct uuid *kept = arena_alloc(&filter->arena, (count + 1) * sizeof *kept);
    if (count > 0) {
        memcpy(kept, ids, count * sizeof *kept);
    }
    free(ids);
    filter->history.ids = kept;
    filter->history.id_count = count;
    return count > 0 ? EXIT_DONE : cli_fail(call, EXIT_USAGE, "--ids has no id");
}

static int read_ids(const struct cli_call *call, struct filter *filter)
{
    const char *path = cli_text(call, "ids");
    if (path == NULL) {
        return EXIT_DONE;
    }
    if (strcmp(path, "-") == 0) {
        return read_ids_from(call, stdin, filter);
    }
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return cli_fail(call, EXIT_USAGE, "--ids %s: %s", path, strerror(errno));
    }
    int code = read_ids_from(call, file, filter);
    (void)fclose(file);
    return code;
}

static int read_options(const struct cli_call *call, struct run *run, struct filter *filter)
{
    const char *to = cli_text(call, "to");
    if (to != NULL && (to[0] == '\0' || strlen(to) > RUN_TEXT_MAX_BYTES)) {
        return cli_fail(call, EXIT_USAGE, "--to must be the name of a queue");
    }
    run->to = to != NULL ? xstrdup(to) : NULL;
    int code = filter_init(filter, call);
    if (code == EXIT_DONE) {
        code = read_rate(call, &run->rate);
    }
    if (code == EXIT_DONE) {
        code = read_speed(call, &run->speed);
    }
    return code == EXIT_DONE ? read_ids(call, filter) : code;
}

/* ---- doing it ---- */

static void warn_of_ids(const struct session *session, const struct history_filter *filter)
{
    if (filter->id_count > 0 && session->plan.selected < (int64_t)filter->id_count) {
        (void)fprintf(stderr, "%lld of the %zu ids are not in the log, or do not fit the filters\n",
                      (long long)filter->id_count - (long long)session->plan.selected,
                      filter->id_count);
    }
}

static void print_plan(const struct session *session, const struct run *run, bool is_dry)
{
    if (!session->call->is_json) {
        plan_print(session->call, &session->plan, &session->audience, run->to);
        if (is_dry && plan_sendable(&session->plan) > 0) {
            (void)printf("Nothing was sent. --yes sends them.\n");
        }
        return;
    }
    if (is_dry) {
        AUTO(buffer_done) struct buffer out = {0};
        plan_json(&out, &session->plan, &session->audience);
        (void)puts(buffer_cstr(&out));
    }
}

static int finish(const struct session *session, const struct run *run, enum outcome o,
                  const struct fault *fault)
{
    char id[UUID_TEXT_BYTES];
    (void)ids_format(&run->id, id);
    if (session->call->is_json) {
        AUTO(buffer_done) struct buffer out = {0};
        run_json(&out, run);
        (void)puts(buffer_cstr(&out));
    } else {
        (void)printf("%lld sent%s\n", (long long)run->sent,
                     run->state == RUN_DONE ? "" : ", stopped");
    }
    if (o != OK) {
        (void)cli_fail_fault(session->call, fault, "stopped");
    }
    if (run->state != RUN_DONE) {
        (void)fprintf(stderr, "quadrille replay resume %s goes on there\n", id);
        return EXIT_PARTLY;
    }
    return run->returned > 0 || session->plan.left_out_count > 0 ? EXIT_PARTLY : EXIT_DONE;
}

static int send_planned(struct session *session, const struct plan_source *source, struct run *run)
{
    struct fault fault = {0};
    struct sending sending = {
        .call = session->call,
        .source = source,
        .plan = &session->plan,
        .run = run,
        .broker = session->broker,
    };
    enum outcome o = send_all(&sending, &fault);
    return finish(session, run, o, &fault);
}

static struct plan_source source_of(struct session *session, const struct history_filter *filter)
{
    return (struct plan_source){
        .history = session->history,
        .filter = filter,
        .audience = &session->audience,
        .remaker = session->remaker,
        .is_stopped = &stopped,
    };
}

static int do_it(struct session *session, const struct plan_source *source, struct run *run)
{
    char id[UUID_TEXT_BYTES];
    struct fault fault;
    int code = open_broker(session, run->to);
    if (code != EXIT_DONE) {
        return code;
    }
    run->total = plan_sendable(&session->plan);
    run->left_out = (int64_t)session->plan.left_out_count;
    run->last = session->plan.last;
    if (run_begin(run, source->filter, &fault) != OK) {
        return cli_fail_fault(session->call, &fault, "nothing was sent");
    }
    (void)fprintf(stderr, "run %s\n", ids_format(&run->id, id));
    return send_planned(session, source, run);
}

static int plan_and_run(struct session *session, struct run *run, const struct filter *filter)
{
    struct fault fault = {0};
    bool is_dry = !cli_flag(session->call, "yes");
    int code = session_open(session, run);
    if (code != EXIT_DONE) {
        return code;
    }
    struct plan_source source = source_of(session, &filter->history);
    if (plan_make(&source, &session->plan, &fault) != OK) {
        return cli_fail_fault(session->call, &fault, "nothing was sent");
    }
    print_plan(session, run, is_dry);
    warn_of_ids(session, &filter->history);
    if (is_dry) {
        return EXIT_DONE;
    }
    if (plan_sendable(&session->plan) == 0) {
        return cli_fail(session->call, EXIT_FAILED, "there is nothing to send");
    }
    return do_it(session, &source, run);
}

int replay_run(const struct cli_call *call)
{
    struct session session = {.call = call};
    struct run run = {.id = ids_new(), .lock = -1};
    struct filter filter = {0};
    if (call->argument_count > 0) {
        return cli_fail(call, EXIT_USAGE, "there is no command replay %s", call->arguments[0]);
    }
    heed_signals();
    int code = read_options(call, &run, &filter);
    if (code == EXIT_DONE) {
        code = plan_and_run(&session, &run, &filter);
    }
    session_done(&session);
    run_done(&run);
    filter_done(&filter);
    return code;
}

/* ---- going on ---- */

static int go_on(struct session *session, struct run *run)
{
    struct fault fault = {0};
    int code = session_open(session, run);
    if (code == EXIT_DONE) {
        code = open_broker(session, run->to);
    }
    if (code != EXIT_DONE) {
        return code;
    }
    run->filter.after = run->at;
    run->filter.has_after = run->has_at;
    struct plan_source source = source_of(session, &run->filter);
    source.upto = &run->last;
    if (plan_make(&source, &session->plan, &fault) != OK) {
        return cli_fail_fault(session->call, &fault, "nothing was sent");
    }
    run->total = run->sent + run->returned + plan_sendable(&session->plan);
    return send_planned(session, &source, run);
}

int replay_resume(const struct cli_call *call)
{
    struct session session = {.call = call};
    struct run run;
    struct fault fault;
    if (call->argument_count != 1) {
        return cli_fail(call, EXIT_USAGE, "give the id of one run: quadrille replay ls");
    }
    heed_signals();
    int code = EXIT_DONE;
    if (run_open(&run, call->arguments[0], true, &fault) != OK) {
        code = cli_fail_fault(call, &fault, "the run cannot go on");
    } else if (run.state == RUN_DONE) {
        code = cli_fail(call, EXIT_FAILED, "the run is done: nothing is left to send");
    } else {
        code = go_on(&session, &run);
    }
    session_done(&session);
    run_done(&run);
    return code;
}
