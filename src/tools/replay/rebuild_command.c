/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clock.h"
#include "core/text.h"
#include "tools/access.h"
#include "tools/escape.h"
#include "tools/history/filter.h"
#include "tools/replay/rebuild.h"
#include "tools/replay/replay.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

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

struct session {
    const struct cli_call *call;
    struct contract_set contracts;
    struct history *history;
    struct audience audience;
    struct remaker *remaker;
    struct plan plan;
    struct filter filter;
    struct rebuild rebuild;
};

static void session_done(struct session *session)
{
    rebuild_done(&session->rebuild);
    plan_done(&session->plan);
    remaker_free(session->remaker);
    audience_done(&session->audience);
    history_close(session->history);
    contract_set_done(&session->contracts);
    filter_done(&session->filter);
}

/* What it hears, and nothing else: the filter's other wishes would make a projection with holes. */
static int choose_types(struct session *session)
{
    struct history_filter *filter = &session->filter.history;
    const struct model_service *service = session->rebuild.service;
    for (size_t i = 0; i < service->receive_count; i++) {
        const struct model_operation *receive = &service->receives[i];
        for (size_t j = 0; j < receive->message_count; j++) {
            if (filter->type_count == HISTORY_TYPES_MAX) {
                return cli_fail(session->call, EXIT_FAILED, "%s hears more than %d types",
                                service->name, HISTORY_TYPES_MAX);
            }
            /* By name: of every version. */
            filter->types[filter->type_count++] = receive->messages[j]->name;
        }
    }
    return EXIT_DONE;
}

static int find_service(struct session *session)
{
    const struct cli_call *call = session->call;
    struct fault fault;
    if (call->argument_count != 1) {
        return cli_fail(call, EXIT_USAGE, "give the name of one service");
    }
    if (contract_set_load(&session->contracts, cli_text(call, "contracts"), &fault) != OK) {
        return cli_fail_fault(call, &fault, "the contracts cannot be read");
    }
    session->rebuild.service = contract_set_find(&session->contracts, call->arguments[0]);
    if (session->rebuild.service == NULL) {
        return cli_fail(call, EXIT_USAGE, "no contract knows a service %s", call->arguments[0]);
    }
    return rebuild_judge(session->rebuild.service, &fault) == OK
               ? EXIT_DONE
               : cli_fail_fault(call, &fault, "it cannot be rebuilt");
}

static int open_history(struct session *session, const struct uuid *run)
{
    const struct cli_call *call = session->call;
    struct fault fault;
    int code = history_access(call, "quadrille rebuild", &session->history);
    if (code == EXIT_DONE) {
        code = audience_init(&session->audience, call, &session->contracts,
                             session->rebuild.service->name);
    }
    if (code != EXIT_DONE) {
        return code;
    }
    session->audience.members[0].oldest_ms = 0; /* the shadow's inbox begins with the first event */
    if (remaker_new(&session->contracts, run, &session->remaker, &fault) != OK) {
        return cli_fail_fault(call, &fault, "the contracts cannot be used");
    }
    session->rebuild.source = (struct plan_source){
        .history = session->history,
        .filter = &session->filter.history,
        .audience = &session->audience,
        .remaker = session->remaker,
        .is_stopped = &stopped,
    };
    return choose_types(session);
}

static int open_servers(struct session *session, enum rebuild_state *state)
{
    const struct cli_call *call = session->call;
    struct rebuild *rebuild = &session->rebuild;
    struct db_options options;
    struct fault fault;
    int code = access_database_options(call, "quadrille rebuild", &options);
    if (code != EXIT_DONE) {
        return code;
    }
    rebuild->url = options.url;
    rebuild->live_name = xasprintf("%s%s", cli_text(call, "prefix"), rebuild->service->name);
    rebuild->shadow_name = xasprintf("%s_rebuild", rebuild->live_name);
    rebuild->old_name = xasprintf("%s_replaced", rebuild->live_name);
    return rebuild_open(rebuild, state, &fault) == OK
               ? EXIT_DONE
               : cli_fail_fault(call, &fault, "nothing was done");
}

static int abort_it(struct session *session, enum rebuild_state state)
{
    struct fault fault;
    if (state == REBUILD_SWAPPED) {
        return cli_fail(session->call, EXIT_FAILED,
                        "it has been swapped in already: the same command without --abort drops "
                        "what was replaced");
    }
    if (rebuild_abort(&session->rebuild, &fault) != OK) {
        return cli_fail_fault(session->call, &fault, "it could not be taken back");
    }
    (void)printf("%s goes on as it was\n", session->rebuild.service->name);
    return EXIT_DONE;
}

static int finish(struct session *session)
{
    struct fault fault;
    const struct rebuild *rebuild = &session->rebuild;
    if (!rebuild->keeps_old && rebuild_drop_old(&session->rebuild, &fault) != OK) {
        return cli_fail_fault(session->call, &fault,
                              "it is swapped in, but what was replaced could not be dropped");
    }
    if (session->call->is_json) {
        (void)printf("{\"service\":\"%s\",\"fed\":%lld,\"skipped\":%lld}\n", rebuild->service->name,
                     (long long)rebuild->fed, (long long)rebuild->skipped);
    } else {
        (void)printf("%s is rebuilt and goes on with its queue\n", rebuild->service->name);
    }
    return rebuild->skipped > 0 ? EXIT_PARTLY : EXIT_DONE;
}

static int go(struct session *session)
{
    struct fault fault;
    if (rebuild_go(&session->rebuild, &fault) != OK) {
        return cli_fail_fault(session->call, &fault, "the rebuild is not done");
    }
    return finish(session);
}

static int begin(struct session *session)
{
    struct fault fault;
    const struct cli_call *call = session->call;
    if (plan_make(&session->rebuild.source, &session->plan, &fault) != OK) {
        return cli_fail_fault(call, &fault, "nothing was done");
    }
    bool is_dry = !cli_flag(call, "yes");
    if (call->is_json && is_dry) {
        AUTO(buffer_done) struct buffer out = {0};
        plan_json(&out, &session->plan, &session->audience);
        (void)puts(buffer_cstr(&out));
    } else if (!call->is_json) {
        plan_print(call, &session->plan, &session->audience, session->rebuild.service->name);
    }
    if (is_dry) {
        (void)fprintf(stderr, "Nothing was done. --yes rebuilds it.\n");
        return EXIT_DONE;
    }
    if (session->plan.left_out_count > 0 && !cli_flag(call, "leave-out")) {
        return cli_fail(call, EXIT_FAILED,
                        "nothing was done: the new one would be without these events; --leave-out "
                        "when that is right");
    }
    int64_t first_ms = session->plan.oldest_ms > 0 ? session->plan.oldest_ms : clock_now_ms();
    return rebuild_begin(&session->rebuild, first_ms, &fault) == OK
               ? go(session)
               : cli_fail_fault(call, &fault, "nothing was done");
}

static int act(struct session *session)
{
    enum rebuild_state state = REBUILD_NONE;
    const struct cli_call *call = session->call;
    const struct uuid run = ids_new();
    int code = find_service(session);
    if (code == EXIT_DONE) {
        code = open_servers(session, &state);
    }
    if (code == EXIT_DONE && cli_flag(call, "abort")) {
        return abort_it(session, state);
    }
    if (code == EXIT_DONE) {
        code = open_history(session, &run);
    }
    if (code != EXIT_DONE) {
        return code;
    }
    bool is_dry = !cli_flag(call, "yes");
    if (state == REBUILD_SWAPPED && !is_dry) {
        return finish(session);
    }
    if (state == REBUILD_MARKED && !is_dry) {
        (void)fprintf(stderr, "going on with the rebuild that was begun\n");
        return go(session);
    }
    if (state == REBUILD_MARKED) {
        (void)fprintf(stderr, "%s is being rebuilt: --yes goes on, --abort takes it back\n",
                      session->rebuild.service->name);
    }
    return begin(session);
}

int replay_rebuild(const struct cli_call *call)
{
    struct session session = {.call = call};
    const char *wait = cli_text(call, "wait");
    if (!text_duration_ms(wait, &session.rebuild.wait_ms)) {
        return cli_fail(call, EXIT_USAGE, "--wait must be a duration such as 60s");
    }
    heed_signals();
    session.rebuild.schema = cli_text(call, "schema");
    session.rebuild.keeps_old = cli_flag(call, "keep-old");
    int code = filter_since(call, &session.rebuild.since_ms);
    session.filter.history.since_ms = session.rebuild.since_ms;
    if (code == EXIT_DONE) {
        code = act(&session);
    }
    session_done(&session);
    return code;
}
