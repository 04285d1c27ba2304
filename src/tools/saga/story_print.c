/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/saga/story_print.h"

#include "core/clock.h"
#include "tools/escape.h"

#include <string.h>

static void add_escaped(struct buffer *out, const char *text)
{
    escape_add(out, text, strlen(text), ESCAPE_LINE);
}

void story_add_wait(struct buffer *out, const struct story *story, const struct story_wait *wait)
{
    AUTO(buffer_done) struct buffer outcomes = {0};
    story_add_outcomes(&outcomes, wait->step);
    add_escaped(out, wait->step->service->name);
    buffer_text(out, wait->is_for_others ? " may then say " : " should say ");
    add_escaped(out, buffer_cstr(&outcomes));
    buffer_text(out, ": it hears ");
    add_escaped(out, story_event_name(&story->records[wait->record]));
    buffer_text(out, ", said ");
    story_add_duration(out, wait->for_ms);
    buffer_text(out, " ago");
    buffer_text(out, wait->step->compensates != NULL ? " (compensation)" : "");
}

void story_add_line(const struct cli_call *call, struct buffer *out, const struct story *story,
                    int64_t now_ms)
{
    static const enum cli_colour colours[] = {CLI_YELLOW, CLI_GREEN, CLI_RED};
    char id[UUID_TEXT_BYTES];
    AUTO(buffer_done) struct buffer age = {0};
    bool is_done = story->state == STORY_DONE;
    story_add_duration(&age, (is_done ? story->ended_at_ms : now_ms) - story->began_at_ms);
    buffer_printf(out, "%s%-5s%s  %s  %11s  ", cli_colour(call, colours[story->state]),
                  story_state_name(story->state), cli_colour(call, CLI_PLAIN),
                  ids_format(&story->id, id), buffer_cstr(&age));
    add_escaped(out, story->plot->name);
    for (int i = story->count; i-- > 0;) {
        if (plot_role(story->plot, story->records[i].event) != 0) {
            buffer_text(out, "  ");
            add_escaped(out, story_event_name(&story->records[is_done ? story->end : i]));
            break;
        }
    }
    buffer_byte(out, '\n');
}

static void add_record(const struct cli_call *call, struct buffer *out, const struct story *story,
                       const struct story_record *record)
{
    enum { DEPTH_MAX = 40 };
    char time[CLOCK_TEXT_BYTES];
    AUTO(buffer_done) struct buffer delay = {0};
    bool is_end = (plot_role(story->plot, record->event) & PLOT_END) != 0;
    if (record->cause != STORY_NOWHERE) {
        buffer_text(&delay, "+");
        story_add_duration(&delay, story_delay_ms(story, record));
    }
    buffer_printf(out, "%s%s%s  %12s  %*s%s", cli_colour(call, CLI_DIM),
                  clock_format(record->occurred_at_ms, time), cli_colour(call, CLI_PLAIN),
                  buffer_cstr(&delay), 2 * (record->depth < DEPTH_MAX ? record->depth : DEPTH_MAX),
                  "", cli_colour(call, is_end ? CLI_GREEN : CLI_BOLD));
    add_escaped(out, story_event_name(record));
    buffer_printf(out, "%s  ", cli_colour(call, CLI_PLAIN));
    add_escaped(out, record->service);
    buffer_text(out, is_end                  ? "  (end)"
                     : story_is_undo(record) ? "  (compensation)"
                     : record->is_elsewhere  ? "  (from another story)"
                                             : "");
    buffer_byte(out, '\n');
}

void story_write_text(const struct cli_call *call, const struct story *story, struct buffer *out)
{
    story_add_line(call, out, story, clock_now_ms());
    buffer_byte(out, '\n');
    for (int i = 0; i < story->count; i++) {
        add_record(call, out, story, &story->records[story->tree[i]]);
    }
    for (int i = 0; story->state != STORY_DONE && i < story->wait_count; i++) {
        bool is_overdue = story->waits[i].is_overdue;
        buffer_printf(out, "%s%s%s: ", cli_colour(call, is_overdue ? CLI_RED : CLI_YELLOW),
                      is_overdue ? "overdue" : "next", cli_colour(call, CLI_PLAIN));
        story_add_wait(out, story, &story->waits[i]);
        buffer_byte(out, '\n');
    }
    for (int i = 0; i < story->finding_count; i++) {
        buffer_printf(out, "%s: ", story_flaw_name(story->findings[i].flaw));
        add_escaped(out, story->findings[i].text);
        buffer_byte(out, '\n');
    }
}

/* Mermaid reads quotes, brackets and # in labels: only letters, digits and blanks are left. */
static void add_label(struct buffer *out, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || strchr(" .-+:", c) != NULL;
        buffer_add(out, is_plain ? text : "_", 1);
    }
}

void story_write_mermaid(const struct story *story, struct buffer *out)
{
    buffer_text(out, "flowchart TD\n");
    for (int i = 0; i < story->count; i++) {
        const struct story_record *record = &story->records[i];
        buffer_printf(out, "    e%d[\"", i);
        add_label(out, story_event_name(record));
        buffer_text(out, "<br/>");
        add_label(out, record->service);
        buffer_text(out, "\"]\n");
        if (record->cause != STORY_NOWHERE) {
            AUTO(buffer_done) struct buffer delay = {0};
            story_add_duration(&delay, story_delay_ms(story, record));
            buffer_printf(out, "    e%d %s|\"%s\"| e%d\n", record->cause,
                          story_is_undo(record) ? "-.->" : "-->", buffer_cstr(&delay), i);
        }
    }
    for (int i = 0; story->state != STORY_DONE && i < story->wait_count; i++) {
        AUTO(buffer_done) struct buffer outcomes = {0};
        story_add_outcomes(&outcomes, story->waits[i].step);
        buffer_printf(out, "    n%d([\"", i);
        add_label(out, buffer_cstr(&outcomes));
        buffer_text(out, "<br/>");
        add_label(out, story->waits[i].step->service->name);
        buffer_printf(out, "\"])\n    e%d -.->|\"%s\"| n%d\n", story->waits[i].record,
                      story->waits[i].is_overdue ? "overdue" : "next", i);
    }
}

static void add_text(struct buffer *out, const char *name, const char *text)
{
    buffer_printf(out, ",\"%s\":", name);
    if (text == NULL) {
        buffer_text(out, "null");
    } else {
        escape_json(out, text, strlen(text));
    }
}

static void add_time(struct buffer *out, const char *name, int64_t ms)
{
    char time[CLOCK_TEXT_BYTES];
    add_text(out, name, ms > 0 ? clock_format(ms, time) : NULL);
}

static void add_events_json(const struct story *story, struct buffer *out)
{
    char id[UUID_TEXT_BYTES];
    buffer_text(out, ",\"events\":[");
    for (int i = 0; i < story->count; i++) {
        const struct story_record *record = &story->records[story->tree[i]];
        buffer_printf(out, "%s{\"id\":\"%s\"", i > 0 ? "," : "", ids_format(&record->id, id));
        add_text(out, "type", record->type);
        add_text(out, "event", record->event != NULL ? record->event->name : NULL);
        add_text(out, "service", record->service);
        add_text(out, "causation_id",
                 record->has_causation_id ? ids_format(&record->causation_id, id) : NULL);
        add_text(out, "step", record->step != NULL ? record->step->operation->key : NULL);
        add_time(out, "occurred_at", record->occurred_at_ms);
        buffer_printf(out, ",\"depth\":%d,\"delay_ms\":", record->depth);
        if (record->cause == STORY_NOWHERE) {
            buffer_text(out, "null");
        } else {
            buffer_i64(out, story_delay_ms(story, record));
        }
        bool is_end = (plot_role(story->plot, record->event) & PLOT_END) != 0;
        buffer_printf(out, ",\"is_end\":%s,\"is_compensation\":%s,\"is_elsewhere\":%s}",
                      is_end ? "true" : "false", story_is_undo(record) ? "true" : "false",
                      record->is_elsewhere ? "true" : "false");
    }
    buffer_byte(out, ']');
}

static void add_waits_json(const struct story *story, struct buffer *out)
{
    char id[UUID_TEXT_BYTES];
    int count = story->state == STORY_DONE ? 0 : story->wait_count;
    buffer_text(out, ",\"next\":[");
    for (int i = 0; i < count; i++) {
        const struct story_wait *wait = &story->waits[i];
        buffer_printf(out, "%s{\"cause\":\"%s\"", i > 0 ? "," : "",
                      ids_format(&story->records[wait->record].id, id));
        add_text(out, "service", wait->step->service->name);
        add_text(out, "step", wait->step->operation->key);
        buffer_text(out, ",\"outcomes\":[");
        for (size_t o = 0; o < wait->step->outcome_count; o++) {
            const char *name = wait->step->outcomes[o]->name;
            buffer_text(out, o > 0 ? "," : "");
            escape_json(out, name, strlen(name));
        }
        buffer_printf(out,
                      "],\"waiting_ms\":%lld,\"is_overdue\":%s,\"waits_for_others\":%s,"
                      "\"is_compensation\":%s}",
                      (long long)wait->for_ms, wait->is_overdue ? "true" : "false",
                      wait->is_for_others ? "true" : "false",
                      wait->step->compensates != NULL ? "true" : "false");
    }
    buffer_byte(out, ']');
}

void story_write_json(const struct story *story, struct buffer *out)
{
    char id[UUID_TEXT_BYTES];
    buffer_printf(out, "{\"correlation_id\":\"%s\"", ids_format(&story->id, id));
    add_text(out, "saga", story->plot->name);
    add_text(out, "state", story_state_name(story->state));
    buffer_printf(out, ",\"is_compensating\":%s", story->is_undoing ? "true" : "false");
    add_time(out, "began_at", story->began_at_ms);
    add_time(out, "ended_at", story->ended_at_ms);
    add_text(out, "end",
             story->end != STORY_NOWHERE ? story_event_name(&story->records[story->end]) : NULL);
    add_events_json(story, out);
    add_waits_json(story, out);
    buffer_text(out, ",\"findings\":[");
    for (int i = 0; i < story->finding_count; i++) {
        const struct story_finding *finding = &story->findings[i];
        buffer_text(out, i > 0 ? ",{\"event\":" : "{\"event\":");
        if (finding->record == STORY_NOWHERE) {
            buffer_text(out, "null");
        } else {
            buffer_printf(out, "\"%s\"", ids_format(&story->records[finding->record].id, id));
        }
        add_text(out, "finding", story_flaw_name(finding->flaw));
        add_text(out, "text", finding->text);
        buffer_byte(out, '}');
    }
    buffer_text(out, "]}");
}
