/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/history/print.h"

#include "core/clock.h"
#include "core/text.h"
#include "tools/escape.h"

#include <sodium.h>
#include <string.h>

const char *print_name(const char *type, size_t *length)
{
    const char *version = strrchr(type, '.');
    const char *start = version;
    while (start != NULL && start > type && start[-1] != '.') {
        start--;
    }
    if (start == NULL || start == type) {
        *length = strlen(type);
        return type;
    }
    *length = (size_t)(version - start);
    return start;
}

static void add_member(struct buffer *out, const char *name, const char *text)
{
    buffer_printf(out, "%s\"%s\":", out->length > 1 ? "," : "", name);
    if (text == NULL) {
        buffer_text(out, "null");
    } else {
        escape_json(out, text, strlen(text));
    }
}

static void add_id(struct buffer *out, const char *name, const struct uuid *id, bool is_there)
{
    char text[UUID_TEXT_BYTES];
    add_member(out, name, is_there ? ids_format(id, text) : NULL);
}

static void add_base64(struct buffer *out, const char *name, const void *bytes, size_t length)
{
    size_t room = sodium_base64_encoded_len(length, sodium_base64_VARIANT_ORIGINAL);
    buffer_printf(out, ",\"%s\":\"", name);
    char *at = buffer_reserve(out, room);
    (void)sodium_bin2base64(at, room, bytes, length, sodium_base64_VARIANT_ORIGINAL);
    buffer_grow(out, room - 1);
    buffer_byte(out, '"');
}

static void add_whole(struct buffer *out, const struct history_event *event)
{
    struct fault fault;
    AUTO(buffer_done) struct buffer properties = {0};
    if (broker_properties_json(event->properties, event->properties_length, &properties, &fault) ==
        OK) {
        buffer_text(out, ",\"properties\":");
        buffer_add(out, properties.bytes, properties.length);
    }
    add_base64(out, "properties_base64", event->properties, event->properties_length);
    if (text_is_utf8(event->body, event->body_length, NULL)) {
        buffer_text(out, ",\"body\":");
        escape_json(out, event->body, event->body_length);
    } else {
        add_base64(out, "body_base64", event->body, event->body_length);
    }
}

void print_json(struct buffer *out, const struct history_event *event, enum print_depth depth)
{
    char text[HISTORY_POSITION_TEXT_BYTES];
    char time[CLOCK_TEXT_BYTES];
    AUTO(buffer_done) struct buffer object = {0};
    buffer_byte(&object, '{');
    add_id(&object, "id", &event->id, true);
    add_member(&object, "position", history_position_text(&event->position, text));
    add_member(&object, "type", event->type);
    add_member(&object, "service", event->service);
    add_member(&object, "exchange", event->exchange);
    add_member(&object, "routing_key", event->routing_key);
    add_id(&object, "correlation_id", &event->correlation_id, true);
    add_id(&object, "causation_id", &event->causation_id, event->has_causation_id);
    add_id(&object, "subject", &event->subject, event->has_subject);
    if (event->sequence > 0) {
        buffer_printf(&object, ",\"sequence\":%lld", (long long)event->sequence);
    } else {
        buffer_text(&object, ",\"sequence\":null");
    }
    add_member(&object, "occurred_at", clock_format(event->occurred_at_ms, time));
    add_member(&object, "recorded_at", clock_format(event->recorded_at_ms, time));
    add_id(&object, "person", &event->person, event->has_person);
    add_member(&object, "personal", history_personal_name(event->personal));
    if (depth == PRINT_WHOLE) {
        add_whole(&object, event);
    }
    buffer_byte(&object, '}');
    buffer_add(out, object.bytes, object.length);
}

void print_line(const struct cli_call *call, const struct history_event *event)
{
    char time[CLOCK_TEXT_BYTES];
    char subject[UUID_TEXT_BYTES] = "-";
    char id[UUID_TEXT_BYTES];
    size_t length = 0;
    const char *name = print_name(event->type, &length);
    AUTO(buffer_done) struct buffer shown = {0};
    escape_add(&shown, name, length, ESCAPE_LINE);
    AUTO(free_text) char *service = escape_new(event->service);
    if (event->has_subject) {
        (void)ids_format(&event->subject, subject);
    }
    (void)printf("%s%s%s  %-14s %s%-26s%s %-36s  %s\n", cli_colour(call, CLI_DIM),
                 clock_format(event->occurred_at_ms, time), cli_colour(call, CLI_PLAIN), service,
                 cli_colour(call, CLI_BOLD), buffer_cstr(&shown), cli_colour(call, CLI_PLAIN),
                 subject, ids_format(&event->id, id));
}
