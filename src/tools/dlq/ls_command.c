/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/commands.h"

#include "tools/dlq/groups.h"
#include "tools/dlq/letter_view.h"
#include "tools/dlq/session.h"
#include "tools/escape.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { TOP_REASONS = 3, READY_WIDTH = 9, HELD_WIDTH = 7, CONSUMERS_WIDTH = 9, RATE_WIDTH = 8 };

/* One queue as it is told; `groups` only with --deep. */
struct row {
    const struct place *place;
    struct groups groups;
    bool is_deep;
};

static enum outcome count_letter(void *context, struct drain *drain, const struct letter *letter,
                                 bool is_selected, drain_ticket ticket,
                                 enum drain_decision *decision, struct fault *fault)
{
    groups_add(context, letter);
    return OK;
}

/* One pass over each; its place is known already. */
static int look_into(const struct cli_call *call, struct management *management,
                     const struct broker_options *broker, struct row *row)
{
    struct dlq_session session = {.call = call,
                                  .queue = row->place->name,
                                  .broker = *broker,
                                  .management = management,
                                  .place = *row->place,
                                  .vhost = row->place->vhost};
    const struct dlq_visitor visitor = {.letter = count_letter, .context = &row->groups};
    struct drain_report report = {0};
    AUTO(free_text) char *warning = place_warning(row->place);
    if (warning != NULL) {
        (void)fprintf(stderr, "%s\n", warning);
    }
    int code = dlq_session_run(&session, &visitor, &report);
    arena_done(&session.arena);
    groups_sort(&row->groups);
    row->is_deep = true;
    return code;
}

/* Nothing is known of a queue in its first seconds. */
static void cell(struct buffer *out, int width, int64_t number)
{
    if (number >= 0) {
        buffer_printf(out, " %*" PRId64, width, number);
    } else {
        buffer_printf(out, " %*s", width, "?");
    }
}

static void row_json(const struct row *row, struct buffer *out)
{
    const struct place *place = row->place;
    buffer_byte(out, '{');
    json_member_text(out, "queue", place->name);
    json_member_text(out, "vhost", place->vhost);
    json_member_text(out, "type", place->type);
    json_member_text(out, "because", place->because);
    json_member_number(out, "ready", place->ready);
    json_member_number(out, "held", place->unacked);
    json_member_number(out, "consumers", place->consumers);
    buffer_printf(out, ",\"arrivals_per_second\":%.2f", place->arrival_rate);
    json_member_number(out, "delivery_limit", place->limit);
    json_member_bool(out, "looking_counts", place->counts_looks);
    if (row->is_deep) {
        json_member_instant(out, "oldest_at", row->groups.oldest_ms);
        json_member_instant(out, "newest_at", row->groups.newest_ms);
        buffer_text(out, ",\"top_reasons\":[");
        for (size_t i = 0; i < row->groups.count && i < TOP_REASONS; i++) {
            const struct group *group = row->groups.sorted[i].group;
            buffer_text(out, i > 0 ? ",{" : "{");
            json_member_number(out, "count", group->count);
            json_member_text(out, "group", group->id);
            json_member_text(out, "type", group->type);
            json_member_text(out, "cause", group->cause);
            json_member_text(out, "normal_reason", group->normal);
            buffer_byte(out, '}');
        }
        buffer_byte(out, ']');
    }
    buffer_byte(out, '}');
}

static void row_line(const struct cli_call *call, const struct row *row, size_t width,
                     struct buffer *out)
{
    const struct place *place = row->place;
    char oldest[32];
    char newest[32];
    size_t written = escape_cut(out, place->name, strlen(place->name), width);
    buffer_printf(out, "%*s  %-8s", (int)(width - written), "", place->type);
    cell(out, READY_WIDTH, place->ready);
    cell(out, HELD_WIDTH, place->unacked);
    cell(out, CONSUMERS_WIDTH, place->consumers);
    if (place->arrival_rate >= 0) {
        buffer_printf(out, " %*.1f/s  ", RATE_WIDTH, place->arrival_rate);
    } else {
        buffer_printf(out, " %*s    ", RATE_WIDTH, "?");
    }
    buffer_text(out, cli_colour(call, CLI_DIM));
    (void)escape_cut(out, place->because, strlen(place->because), 80);
    buffer_printf(out, "%s\n", cli_colour(call, CLI_PLAIN));
    if (!row->is_deep || row->groups.letters == 0) {
        return;
    }
    buffer_printf(out, "    oldest %s, newest %s\n", letter_instant(row->groups.oldest_ms, oldest),
                  letter_instant(row->groups.newest_ms, newest));
    for (size_t i = 0; i < row->groups.count && i < TOP_REASONS; i++) {
        const struct group *group = row->groups.sorted[i].group;
        buffer_printf(out, "    %7lld  %s  ", (long long)group->count, group->id);
        (void)escape_cut(out, group->cause, strlen(group->cause), 40);
        buffer_text(out, "  ");
        (void)escape_cut(out, group->normal, strlen(group->normal), 80);
        buffer_byte(out, '\n');
    }
}

static void print_rows(const struct cli_call *call, const struct row *rows, size_t count)
{
    enum { WIDTH_MIN = 5, WIDTH_MAX = 48 };
    AUTO(buffer_done) struct buffer out = {0};
    size_t width = WIDTH_MIN;
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(rows[i].place->name);
        width = length > width ? length : width;
    }
    width = width < WIDTH_MAX ? width : WIDTH_MAX;
    if (call->is_json) {
        buffer_text(&out, "{\"queues\":[");
        for (size_t i = 0; i < count; i++) {
            buffer_text(&out, i > 0 ? "," : "");
            row_json(&rows[i], &out);
        }
        buffer_text(&out, "]}\n");
    } else if (count > 0) {
        buffer_printf(&out, "%-*s  %-8s %*s %*s %*s %*s\n", (int)width, "QUEUE", "TYPE",
                      READY_WIDTH, "READY", HELD_WIDTH, "HELD", CONSUMERS_WIDTH, "CONSUMERS",
                      RATE_WIDTH + 2, "ARRIVALS");
        for (size_t i = 0; i < count; i++) {
            row_line(call, &rows[i], width, &out);
        }
    }
    (void)fputs(buffer_cstr(&out), stdout);
}

static int list(const struct cli_call *call, struct management *management, const char *vhost,
                const struct broker_options *broker)
{
    struct places places = {0};
    struct fault fault;
    int code = EXIT_DONE;
    if (places_find(management, vhost, cli_text(call, "match"), &places, &fault) != OK) {
        AUTO(free_text) char *reason = escape_new(fault.text);
        code = cli_fail(call, EXIT_FAILED, "%s", reason);
    }
    struct row *rows = xcalloc(places.count + 1, sizeof *rows);
    for (size_t i = 0; i < places.count; i++) {
        rows[i].place = &places.items[i];
        if (broker != NULL && code == EXIT_DONE && places.items[i].ready != 0) {
            code = look_into(call, management, broker, &rows[i]);
        }
    }
    if (places.count == 0 && code == EXIT_DONE && !call->is_json) {
        (void)fprintf(stderr, "no queue is one of dead letters, by its name or by a dead-letter "
                              "exchange; --match '*' shows all\n");
    }
    if (code != EXIT_FAILED) {
        print_rows(call, rows, places.count);
    }
    for (size_t i = 0; i < places.count; i++) {
        groups_done(&rows[i].groups);
    }
    free(rows);
    places_done(&places);
    return code;
}

static int run_ls(const struct cli_call *call)
{
    AUTO(management_close_auto) struct management *management = NULL;
    struct broker_options options;
    struct broker *broker = NULL;
    AUTO(free_text) char *vhost = NULL;
    bool is_deep = cli_flag(call, "deep");
    int code = access_management(call, &management);
    if (code == EXIT_DONE && (is_deep || cli_text(call, "url") != NULL)) {
        code = access_broker(call, "quadrille dlq ls", &broker);
    }
    if (code == EXIT_DONE && is_deep) {
        code = access_broker_options(call, "quadrille dlq ls", &options);
    }
    if (code == EXIT_DONE) {
        vhost = xstrdup(broker != NULL ? broker_vhost(broker) : cli_text(call, "vhost"));
    }
    broker_close(broker);
    return code == EXIT_DONE ? list(call, management, vhost, is_deep ? &options : NULL) : code;
}

static const struct cli_option ls_options[] = {
    ACCESS_BROKER_AND_MANAGEMENT,
    ACCESS_VHOST,
    {"match", "PATTERN", NULL, NULL,
     "queues whose name fits instead: * is any text, ? a character"},
    {"deep", NULL, NULL, NULL,
     "look into each: oldest, newest and the most frequent reasons (one pass over each queue)"},
};

const struct cli_command dlq_ls_commands[] = {
    {"dlq ls", "", "dead-letter and error queues, how full they are and why",
     "Found are queues that are called as such (*.dlq, *_error, error, *.XQ, *dead-letter* …) and "
     "those that another\n"
     "queue dead-letters into. Numbers are the management API's, up to five seconds old; HELD is "
     "what consumers have\n"
     "taken and not acknowledged. The virtual host is that of --url, else --vhost.\n"
     "\n"
     "  quadrille dlq ls\n"
     "  quadrille dlq ls --match 'billing*' --deep",
     ls_options, COUNT_OF(ls_options), run_ls},
};
const size_t dlq_ls_command_count = COUNT_OF(dlq_ls_commands);
