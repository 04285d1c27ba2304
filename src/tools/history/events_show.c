/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clock.h"
#include "tools/escape.h"
#include "tools/history/events.h"
#include "tools/history/print.h"

#include <string.h>

enum { EFFECTS_MAX = 100 };

typedef void (*shown_fn)(const struct cli_call *call, struct buffer *out, size_t i,
                         const struct history_event *event);

static enum outcome each(const struct cli_call *call, struct history *history,
                         const struct history_filter *filter, shown_fn show, struct buffer *out,
                         size_t *count, struct fault *fault)
{
    AUTO(history_reader_free_auto) struct history_reader *reader = NULL;
    const struct history_event *event = NULL;
    *count = 0;
    enum outcome o = history_read(history, filter, &reader, fault);
    if (o == OK) {
        o = history_next(reader, &event, fault);
    }
    while (o == OK && event != NULL && *count < EFFECTS_MAX) {
        show(call, out, *count, event);
        (*count)++;
        o = history_next(reader, &event, fault);
    }
    return o;
}

static void fact(const struct cli_call *call, const char *name, const char *text)
{
    (void)printf("%s%-14s%s ", cli_colour(call, CLI_DIM), name, cli_colour(call, CLI_PLAIN));
    escape_print(stdout, text);
    (void)putchar('\n');
}

static void show_properties(const struct cli_call *call, const struct history_event *event)
{
    struct arena arena = {0};
    struct properties properties = {0};
    struct fault fault;
    if (broker_properties_decode(event->properties, event->properties_length, &arena, &properties,
                                 &fault) != OK) {
        fact(call, "properties", fault.text);
    }
    for (size_t i = 0; i < properties.header_count; i++) {
        const struct header *header = &properties.headers[i];
        AUTO(free_text) char *number = xasprintf("%lld", (long long)header->number);
        AUTO(free_text) char *name = escape_new(header->name);
        (void)printf("  %-28s ", name);
        escape_print(stdout, header->text != NULL ? header->text
                             : header->is_number  ? number
                                                  : "(see --json)");
        (void)putchar('\n');
    }
    arena_done(&arena);
}

static void show_text(const struct cli_call *call, struct buffer *out, size_t i,
                      const struct history_event *event)
{
    char id[UUID_TEXT_BYTES];
    char time[CLOCK_TEXT_BYTES];
    char position[HISTORY_POSITION_TEXT_BYTES];
    (void)out;
    (void)i;
    fact(call, "id", ids_format(&event->id, id));
    fact(call, "type", event->type);
    fact(call, "service", event->service);
    fact(call, "exchange", event->exchange);
    fact(call, "routing key", event->routing_key);
    fact(call, "correlation", ids_format(&event->correlation_id, id));
    fact(call, "causation", event->has_causation_id ? ids_format(&event->causation_id, id) : "-");
    fact(call, "subject", event->has_subject ? ids_format(&event->subject, id) : "-");
    (void)printf("%s%-14s%s %lld\n", cli_colour(call, CLI_DIM), "sequence",
                 cli_colour(call, CLI_PLAIN), (long long)event->sequence);
    fact(call, "occurred", clock_format(event->occurred_at_ms, time));
    fact(call, "recorded", clock_format(event->recorded_at_ms, time));
    fact(call, "position", history_position_text(&event->position, position));
    fact(call, "person", event->has_person ? ids_format(&event->person, id) : "-");
    fact(call, "personal", history_personal_name(event->personal));
    fact(call, "headers", "");
    show_properties(call, event);
    AUTO(buffer_done) struct buffer body = {0};
    escape_add(&body, event->body, event->body_length, ESCAPE_LINES);
    (void)printf("%s\n", buffer_cstr(&body));
}

static void show_line(const struct cli_call *call, struct buffer *out, size_t i,
                      const struct history_event *event)
{
    (void)out;
    (void)i;
    print_line(call, event);
}

static void show_json(const struct cli_call *call, struct buffer *out, size_t i,
                      const struct history_event *event)
{
    (void)call;
    buffer_text(out, i > 0 ? "," : "");
    print_json(out, event, PRINT_HEAD);
}

static void show_whole_json(const struct cli_call *call, struct buffer *out, size_t i,
                            const struct history_event *event)
{
    (void)call;
    (void)i;
    print_json(out, event, PRINT_WHOLE);
}

/* What the event's own row says about its cause. */
struct found {
    struct uuid causation_id;
    bool has_causation_id;
};

static enum outcome find(struct history *history, const struct uuid *id, struct found *found,
                         bool *is_there, struct fault *fault)
{
    AUTO(history_reader_free_auto) struct history_reader *reader = NULL;
    const struct history_event *event = NULL;
    const struct history_filter filter = {.ids = id, .id_count = 1, .is_open_ended = true};
    enum outcome o = history_read(history, &filter, &reader, fault);
    if (o == OK) {
        o = history_next(reader, &event, fault);
    }
    *is_there = o == OK && event != NULL;
    if (*is_there) {
        *found = (struct found){event->causation_id, event->has_causation_id};
    }
    return o;
}

static enum outcome show_one(const struct cli_call *call, struct history *history,
                             const struct uuid *id, const struct found *found, struct fault *fault)
{
    AUTO(buffer_done) struct buffer out = {0};
    const struct history_filter own = {.ids = id, .id_count = 1, .is_open_ended = true};
    const struct history_filter cause = {
        .ids = &found->causation_id, .id_count = 1, .is_open_ended = true};
    const struct history_filter effects = {.causation_id = id, .is_open_ended = true};
    size_t count = 0;
    bool is_json = call->is_json;
    buffer_text(&out, "{\"event\":");
    enum outcome o =
        each(call, history, &own, is_json ? show_whole_json : show_text, &out, &count, fault);
    buffer_text(&out, ",\"cause\":");
    if (o == OK && found->has_causation_id) {
        if (!is_json) {
            fact(call, "cause", "");
        }
        o = each(call, history, &cause, is_json ? show_json : show_line, &out, &count, fault);
    }
    buffer_text(&out, found->has_causation_id && count > 0 ? "" : "null");
    buffer_text(&out, ",\"effects\":[");
    if (!is_json) {
        fact(call, "effects", "");
    }
    if (o == OK) {
        o = each(call, history, &effects, is_json ? show_json : show_line, &out, &count, fault);
    }
    buffer_text(&out, "]}");
    if (o == OK && is_json) {
        (void)puts(buffer_cstr(&out));
    }
    return o;
}

static int show_id(const struct cli_call *call, struct history *history, const char *text)
{
    struct uuid id;
    struct found found = {0};
    struct fault fault;
    bool is_there = false;
    if (!ids_parse(text, &id)) {
        return cli_fail(call, EXIT_USAGE, "an event's id is a UUID");
    }
    enum outcome o = find(history, &id, &found, &is_there, &fault);
    if (o == OK && !is_there) {
        return cli_fail(call, EXIT_FAILED, "the log has no event %s", text);
    }
    if (o == OK) {
        o = show_one(call, history, &id, &found, &fault);
    }
    return o == OK ? EXIT_DONE : cli_fail_fault(call, &fault, "stopped");
}

int events_show(const struct cli_call *call)
{
    enum { IDS_MAX = 40 };
    if (call->argument_count == 0 || call->argument_count > IDS_MAX) {
        return cli_fail(call, EXIT_USAGE, "between 1 and %d ids of events are needed", IDS_MAX);
    }
    AUTO(history_close_auto) struct history *history = NULL;
    int code = history_access(call, "quadrille events show", &history);
    for (size_t i = 0; code == EXIT_DONE && i < call->argument_count; i++) {
        code = show_id(call, history, call->arguments[i]);
    }
    return code;
}
