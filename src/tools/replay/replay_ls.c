/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clock.h"
#include "tools/escape.h"
#include "tools/replay/replay.h"
#include "tools/replay/run.h"

#include <stdlib.h>

static void print_run(const struct cli_call *call, const struct run *run)
{
    char id[UUID_TEXT_BYTES];
    char time[CLOCK_TEXT_BYTES];
    if (call->is_json) {
        AUTO(buffer_done) struct buffer out = {0};
        run_json(&out, run);
        (void)puts(buffer_cstr(&out));
        return;
    }
    (void)printf("%s  %s  %-7s  %lld of %lld", ids_format(&run->id, id),
                 clock_format(run->made_ms, time), run_state_name(run->state), (long long)run->sent,
                 (long long)run->total);
    if (run->returned > 0) {
        (void)printf(", %lld came back", (long long)run->returned);
    }
    if (run->left_out > 0) {
        (void)printf(", %lld left out", (long long)run->left_out);
    }
    (void)printf("%s", run->to != NULL ? "  to " : "");
    escape_print(stdout, run->to);
    (void)printf("\n");
}

int replay_ls(const struct cli_call *call)
{
    struct uuid *ids = NULL;
    size_t count = 0;
    struct fault fault;
    int code = EXIT_DONE;
    if (run_list(&ids, &count, &fault) != OK) {
        return cli_fail_fault(call, &fault, "the runs cannot be listed");
    }
    for (size_t i = 0; i < count; i++) {
        char id[UUID_TEXT_BYTES];
        struct run run;
        if (run_open(&run, ids_format(&ids[i], id), false, &fault) == OK) {
            print_run(call, &run);
        } else {
            code = cli_fail_fault(call, &fault, id);
        }
        run_done(&run);
    }
    free(ids);
    return code;
}

static void print_filter(const struct history_filter *filter)
{
    char text[CLOCK_TEXT_BYTES];
    char id[UUID_TEXT_BYTES];
    const struct {
        const char *name;
        const struct uuid *id;
    } ids[] = {{"correlation", filter->correlation_id},
               {"causation", filter->causation_id},
               {"subject", filter->subject}};
    if (filter->since_ms > 0) {
        (void)printf("since        %s\n", clock_format(filter->since_ms, text));
    }
    if (filter->until_ms > 0) {
        (void)printf("until        %s\n", clock_format(filter->until_ms, text));
    }
    for (size_t i = 0; i < filter->type_count; i++) {
        (void)printf("type         ");
        escape_print(stdout, filter->types[i]);
        (void)printf("\n");
    }
    for (size_t i = 0; i < filter->service_count; i++) {
        (void)printf("service      ");
        escape_print(stdout, filter->services[i]);
        (void)printf("\n");
    }
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        if (ids[i].id != NULL) {
            (void)printf("%-11s  %s\n", ids[i].name, ids_format(ids[i].id, id));
        }
    }
    for (size_t i = 0; i < filter->pointer_count; i++) {
        (void)printf("pointer      ");
        escape_print(stdout, filter->pointers[i].pointer);
        (void)printf("\n"); /* its value may be personal */
    }
    if (filter->id_count > 0) {
        (void)printf("ids          %zu of them\n", filter->id_count);
    }
}

int replay_show(const struct cli_call *call)
{
    struct run run;
    struct fault fault;
    char position[HISTORY_POSITION_TEXT_BYTES];
    char time[CLOCK_TEXT_BYTES];
    if (call->argument_count != 1) {
        return cli_fail(call, EXIT_USAGE, "give the id of one run");
    }
    enum outcome o = run_open(&run, call->arguments[0], false, &fault);
    if (o == OK) {
        print_run(call, &run);
    }
    if (o == OK && !call->is_json) {
        print_filter(&run.filter);
        if (run.rate > 0) {
            (void)printf("rate         %lld/s\n", (long long)run.rate);
        }
        if (run.speed > 0) {
            (void)printf("speed        %lldx\n", (long long)run.speed);
        }
        (void)printf("last         %s\n", history_position_text(&run.last, position));
        (void)printf("come to      %s\n",
                     run.has_at ? history_position_text(&run.at, position) : "nothing yet");
        (void)printf("changed      %s\n", clock_format(run.changed_ms, time));
    }
    run_done(&run);
    return o == OK ? EXIT_DONE : cli_fail_fault(call, &fault, "the run cannot be shown");
}
