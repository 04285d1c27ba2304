/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/dlq/session.h"

#include "tools/escape.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int find_place(struct dlq_session *session, const char *version)
{
    struct fault fault;
    enum outcome o =
        place_find(session->management, session->vhost, session->queue, &session->place, &fault);
    if (o == OK) {
        return EXIT_DONE;
    }
    place_guess(version, session->vhost, session->queue, &session->place);
    AUTO(free_text) char *reason = escape_new(fault.text);
    (void)fprintf(stderr, "what the queue is like is not known: %s\n", reason);
    return EXIT_DONE;
}

/* The broker is asked first: a queue that is not there, or a wrong password, is its to say. */
static int look_around(struct dlq_session *session)
{
    struct broker *broker = NULL;
    struct fault fault;
    int code = access_broker(session->call, session->name, &broker);
    if (code != EXIT_DONE) {
        return code;
    }
    enum outcome o = broker_queue_declare(broker, session->queue, NULL, true, NULL, NULL, &fault);
    session->vhost = xstrdup(broker_vhost(broker));
    char version[32];
    (void)snprintf(version, sizeof version, "%s", broker_server_version(broker));
    broker_close(broker);
    if (o != OK) {
        AUTO(free_text) char *reason = escape_new(fault.text);
        return cli_fail(session->call, EXIT_FAILED, "%s", reason);
    }
    if (session->management != NULL) {
        return find_place(session, version);
    }
    place_guess(version, session->vhost, session->queue, &session->place);
    return EXIT_DONE;
}

static void warn_of_looking(const struct dlq_session *session)
{
    AUTO(free_text) char *warning = place_warning(&session->place);
    if (warning != NULL) {
        (void)fprintf(stderr, "%s\n", warning);
    }
}

static int open_queue(struct dlq_session *session, const char *queue)
{
    const struct cli_call *call = session->call;
    session->queue = queue;
    session->name = xasprintf("quadrille %s", call->command->path);
    int code = access_broker_options(call, session->name, &session->broker);
    if (code == EXIT_DONE && cli_text(call, "management-url") != NULL) {
        code = access_management(call, &session->management);
    }
    if (code == EXIT_DONE) {
        code = look_around(session);
    }
    if (code == EXIT_DONE) {
        warn_of_looking(session);
    }
    return code;
}

int dlq_session_open(const struct cli_call *call, struct dlq_session *session)
{
    *session = (struct dlq_session){.call = call};
    if (call->argument_count == 0 || call->arguments[0][0] == '\0') {
        return cli_fail(call, EXIT_USAGE, "which QUEUE? quadrille dlq ls shows them");
    }
    return selection_read(call, &session->selection) ? open_queue(session, call->arguments[0])
                                                     : EXIT_USAGE;
}

int dlq_session_open_queue(const struct cli_call *call, const char *queue,
                           struct dlq_session *session)
{
    *session = (struct dlq_session){.call = call};
    return open_queue(session, queue);
}

void dlq_session_close(struct dlq_session *session)
{
    selection_done(&session->selection);
    management_close(session->management);
    place_done(&session->place);
    free(session->vhost);
    free(session->name);
    arena_done(&session->arena);
}

/* The pass */

struct pass {
    struct dlq_session *session;
    const struct dlq_visitor *visitor;
};

static enum outcome visit(void *context, struct drain *drain, const struct delivery *delivery,
                          drain_ticket ticket, enum drain_decision *out, struct fault *fault)
{
    struct pass *pass = context;
    struct dlq_session *session = pass->session;
    struct letter letter;
    arena_reset(&session->arena);
    letter_read(delivery, &session->arena, &letter);
    bool is_selected = selection_takes(&session->selection, &letter);
    *out = DRAIN_KEEP;
    enum outcome o = pass->visitor->letter(pass->visitor->context, drain, &letter, is_selected,
                                           ticket, out, fault);
    if (*out == DRAIN_KEEP && selection_is_full(&session->selection)) {
        *out = DRAIN_ENOUGH;
    }
    return o;
}

static enum outcome settle(void *context, struct drain *drain, bool is_last, struct fault *fault)
{
    const struct pass *pass = context;
    return pass->visitor->settle != NULL
               ? pass->visitor->settle(pass->visitor->context, drain, is_last, fault)
               : OK;
}

/* "Empty" is never said: what is not ready may be held by somebody. */
static void tell_holders(const struct dlq_session *session, const struct drain_report *report)
{
    if (report->depth > 0 && report->unseen == 0) {
        return;
    }
    AUTO(free_text) char *queue = escape_new(session->queue);
    AUTO(free_text)
    char *holders = session->management != NULL
                        ? place_holders(session->management, session->vhost, session->queue)
                        : NULL;
    if (report->depth == 0) {
        (void)fprintf(stderr, "no message of queue %s is ready", queue);
    } else {
        (void)fprintf(stderr, "%lld messages of queue %s were ready and did not come",
                      (long long)report->unseen, queue);
    }
    if (session->management == NULL) {
        (void)fprintf(stderr, "; whether somebody holds some is not known without "
                              "--management-url\n");
    } else if (holders == NULL) {
        (void)fprintf(stderr, ", and the management API knows of none that is held (its numbers "
                              "are up to 5 s old)\n");
    } else {
        (void)fprintf(stderr, ":\n%s", holders);
    }
}

/* Early ends are no failures, but not all was done either. */
static int judge(const struct dlq_session *session, const struct drain_report *report)
{
    int code = EXIT_DONE;
    if (report->is_interrupted) {
        (void)fprintf(stderr, "interrupted after %lld of %lld messages\n", (long long)report->seen,
                      (long long)report->depth);
        code = EXIT_PARTLY;
    }
    if (report->is_order_lost) {
        (void)fprintf(stderr, "what was not returned yet is back in the queue, but not in its "
                              "order\n");
        code = EXIT_PARTLY;
    }
    if (report->is_full) {
        (void)fprintf(stderr, "%d connections hold all they can: the rest was not seen\n",
                      DRAIN_CONNECTIONS_MAX);
        code = EXIT_PARTLY;
    }
    if (session->selection.unsure > 0) {
        (void)fprintf(stderr,
                      "--body gave up on %lld bodies, which were left out: it goes back and "
                      "forth too much\n",
                      (long long)session->selection.unsure);
        code = EXIT_PARTLY;
    }
    return report->unseen > 0 ? EXIT_PARTLY : code;
}

int dlq_session_run(struct dlq_session *session, const struct dlq_visitor *visitor,
                    struct drain_report *report)
{
    struct pass pass = {session, visitor};
    const struct drain_options options = {.broker = &session->broker,
                                          .queue = session->queue,
                                          .most = visitor->most,
                                          .goes_to_tail = session->place.goes_to_tail,
                                          .has_progress = isatty(STDERR_FILENO) == 1};
    const struct drain_visitor drain_visitor = {
        .visit = visit, .settle = settle, .context = &pass, .is_acting = visitor->is_acting};
    struct fault fault;
    drain_catch_signals();
    enum outcome o = drain_run(&options, &drain_visitor, report, &fault);
    int code = judge(session, report);
    if (o == OK) {
        tell_holders(session, report);
        return code;
    }
    AUTO(free_text) char *reason = escape_new(fault.text);
    return cli_fail(session->call, EXIT_FAILED, "%s", reason);
}
