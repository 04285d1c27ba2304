/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/history/events.h"
#include "tools/history/filter.h"
#include "tools/history/print.h"

#include <stdlib.h>

enum { LIMIT_MAX = 100 * 1000 };

struct lines {
    struct history_event *items;
    size_t count, room;
    struct arena arena;
};

static void keep(struct lines *lines, const struct history_event *event)
{
    if (lines->count == lines->room) {
        lines->room = lines->room > 0 ? lines->room * 2 : 64;
        lines->items = xrealloc(lines->items, lines->room * sizeof lines->items[0]);
    }
    struct history_event *kept = &lines->items[lines->count++];
    *kept = *event;
    kept->type = arena_printf(&lines->arena, "%s", event->type);
    kept->service = arena_printf(&lines->arena, "%s", event->service);
    kept->exchange = arena_printf(&lines->arena, "%s", event->exchange);
    kept->routing_key = arena_printf(&lines->arena, "%s", event->routing_key);
}

static void print(const struct cli_call *call, const struct history_event *event)
{
    if (!call->is_json) {
        print_line(call, event);
        return;
    }
    AUTO(buffer_done) struct buffer out = {0};
    print_json(&out, event, PRINT_HEAD);
    (void)puts(buffer_cstr(&out));
}

static void print_all(const struct cli_call *call, const struct lines *lines, bool is_cut)
{
    for (size_t i = lines->count; i > 0; i--) {
        print(call, &lines->items[i - 1]);
    }
    if (is_cut && !call->is_json) {
        char text[HISTORY_POSITION_TEXT_BYTES];
        (void)fprintf(stderr, "There are earlier ones: --before %s\n",
                      history_position_text(&lines->items[lines->count - 1].position, text));
    }
}

/* All of them, oldest first: nothing has to be kept. */
static enum outcome list_all(const struct cli_call *call, struct history_reader *reader,
                             struct fault *fault)
{
    const struct history_event *event = NULL;
    enum outcome o = history_next(reader, &event, fault);
    for (; o == OK && event != NULL; o = history_next(reader, &event, fault)) {
        print(call, event);
    }
    return o;
}

static enum outcome list_newest(const struct cli_call *call, struct history_reader *reader,
                                size_t limit, struct fault *fault)
{
    struct lines lines = {0};
    const struct history_event *event = NULL;
    enum outcome o = history_next(reader, &event, fault);
    while (o == OK && event != NULL && lines.count < limit) {
        keep(&lines, event);
        o = history_next(reader, &event, fault);
    }
    if (o == OK) {
        print_all(call, &lines, event != NULL);
    }
    free(lines.items);
    arena_done(&lines.arena);
    return o;
}

static int list(const struct cli_call *call, struct filter *filter, size_t limit)
{
    AUTO(history_close_auto) struct history *history = NULL;
    int code = history_access(call, "quadrille events ls", &history);
    if (code != EXIT_DONE) {
        return code;
    }
    AUTO(history_reader_free_auto) struct history_reader *reader = NULL;
    struct fault fault;
    enum outcome o = history_read(history, &filter->history, &reader, &fault);
    if (o == OK) {
        o = limit == 0 ? list_all(call, reader, &fault) : list_newest(call, reader, limit, &fault);
    }
    return o == OK ? EXIT_DONE : cli_fail_fault(call, &fault, "stopped");
}

int events_ls(const struct cli_call *call)
{
    int64_t limit = 0;
    const char *before = cli_text(call, "before");
    AUTO(filter_done) struct filter filter;
    int code = filter_init(&filter, call);
    if (code != EXIT_DONE || !cli_int(call, "limit", 0, LIMIT_MAX, &limit)) {
        return EXIT_USAGE;
    }
    filter.history.is_open_ended = true;
    filter.history.newest_first = limit > 0;
    if (before != NULL && limit == 0) {
        return cli_fail(call, EXIT_USAGE, "--before needs a --limit");
    }
    if (before != NULL && !history_position_parse(before, &filter.history.after)) {
        return cli_fail(call, EXIT_USAGE, "--before must be a position such as 1/780/12");
    }
    filter.history.has_after = before != NULL;
    return list(call, &filter, (size_t)limit);
}
