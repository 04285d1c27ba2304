/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/dlq/letter_view.h"

#include "core/buffer.h"
#include "core/clock.h"
#include "core/text.h"
#include "tools/dlq/body_view.h"
#include "tools/escape.h"

#include <inttypes.h>
#include <sodium.h>
#include <string.h>

const char *letter_instant(int64_t ms, char out[32])
{
    return ms > 0 ? clock_format(ms, out) : "-";
}

/* JSON */

static void next_member(struct buffer *out, const char *name)
{
    bool is_first = out->length == 0 || strchr("{[", out->bytes[out->length - 1]) != NULL;
    buffer_printf(out, "%s\"%s\":", is_first ? "" : ",", name);
}

void json_member_text(struct buffer *out, const char *name, const char *text)
{
    next_member(out, name);
    if (text == NULL) {
        buffer_text(out, "null");
    } else {
        escape_json(out, text, strlen(text));
    }
}

void json_member_number(struct buffer *out, const char *name, int64_t number)
{
    next_member(out, name);
    buffer_i64(out, number);
}

void json_member_bool(struct buffer *out, const char *name, bool is_true)
{
    next_member(out, name);
    buffer_text(out, is_true ? "true" : "false");
}

void json_member_instant(struct buffer *out, const char *name, int64_t ms)
{
    char text[CLOCK_TEXT_BYTES];
    json_member_text(out, name, ms > 0 ? clock_format(ms, text) : NULL);
}

void json_member_base64(struct buffer *out, const char *name, const void *bytes, size_t length)
{
    next_member(out, name);
    buffer_byte(out, '"');
    size_t room = sodium_base64_ENCODED_LEN(length, sodium_base64_VARIANT_ORIGINAL);
    (void)sodium_bin2base64(buffer_reserve(out, room), room, bytes, length,
                            sodium_base64_VARIANT_ORIGINAL);
    buffer_grow(out, room - 1);
    buffer_byte(out, '"');
}

static bool is_number(enum letter_fact fact)
{
    return fact == LETTER_ATTEMPTS || fact == LETTER_RETURNS;
}

static bool is_instant(enum letter_fact fact)
{
    return fact == LETTER_FAILED_AT || fact == LETTER_FIRST_FAILED;
}

static void add_facts(const struct letter *letter, struct buffer *out)
{
    for (int i = 0; i < LETTER_FACTS; i++) {
        const struct letter_told *told = &letter->facts[i];
        const char *name = letter_fact_name((enum letter_fact)i);
        if (!told->is_known) {
            json_member_text(out, name, NULL);
        } else if (is_instant((enum letter_fact)i)) {
            json_member_instant(out, name, told->number);
        } else if (is_number((enum letter_fact)i)) {
            json_member_number(out, name, told->number);
        } else {
            json_member_text(out, name, told->text);
        }
    }
    next_member(out, "families");
    buffer_byte(out, '[');
    for (size_t i = 0; i < letter->family_count; i++) {
        buffer_printf(out, "%s\"%s\"", i > 0 ? "," : "", letter->families[i]);
    }
    buffer_byte(out, ']');
    next_member(out, "told_by");
    buffer_byte(out, '{');
    for (int i = 0; i < LETTER_FACTS; i++) {
        if (letter->facts[i].is_known) {
            json_member_text(out, letter_fact_name((enum letter_fact)i), letter->facts[i].header);
        }
    }
    buffer_byte(out, '}');
}

static void add_properties(const struct delivery *delivery, struct buffer *out)
{
    AUTO(buffer_done) struct buffer raw = {0};
    struct fault ignored;
    next_member(out, "properties");
    if (broker_properties_json(delivery->properties.raw, delivery->properties.raw_length, &raw,
                               &ignored) == OK) {
        escape_json_text(out, buffer_cstr(&raw), raw.length);
    } else {
        buffer_text(out, "null");
    }
}

static void add_body(const struct delivery *delivery, struct buffer *out)
{
    json_member_number(out, "body_bytes", (int64_t)delivery->body_sent);
    if (text_is_utf8(delivery->body, delivery->body_length, NULL)) {
        next_member(out, "body");
        escape_json(out, delivery->body, delivery->body_length);
    } else {
        json_member_base64(out, "body_base64", delivery->body, delivery->body_length);
    }
}

void letter_json(const struct letter *letter, bool without_body, struct buffer *out)
{
    char fingerprint[LETTER_FINGERPRINT_TEXT_BYTES];
    char group[LETTER_GROUP_TEXT_BYTES];
    const struct delivery *delivery = letter->delivery;
    buffer_byte(out, '{');
    json_member_text(out, "id", letter->id);
    json_member_bool(out, "has_own_id", letter->has_own_id);
    json_member_text(out, "fingerprint", letter_fingerprint(letter, fingerprint));
    json_member_text(out, "group", letter_group(letter, group));
    json_member_text(out, "cause", letter_cause(letter));
    json_member_text(out, "normal_reason", letter->normal);
    add_facts(letter, out);
    json_member_instant(out, "sent_at", letter->sent_ms);
    json_member_text(out, "arrived_exchange", delivery->exchange);
    json_member_text(out, "arrived_routing_key", delivery->routing_key);
    json_member_bool(out, "redelivered", delivery->is_redelivered);
    if (letter->unread != NULL) {
        json_member_text(out, "unread_headers", letter->unread);
    }
    add_properties(delivery, out);
    if (!without_body) {
        json_member_bool(out, "is_cut", letter->is_cut);
        add_body(delivery, out);
    }
    buffer_byte(out, '}');
}

/* For people */

static void add_escaped(struct buffer *out, const char *text, size_t max)
{
    size_t length = strlen(text);
    escape_add(out, text, length < max ? length : max, ESCAPE_LINE);
    buffer_text(out, length > max ? "…" : "");
}

static void add_value(const struct header_value *value, struct buffer *out)
{
    enum { SHOWN_MAX_BYTES = 2048 };
    switch (value->kind) {
    case HEADER_TEXT:
        escape_add(out, value->text,
                   value->text_length < SHOWN_MAX_BYTES ? value->text_length : SHOWN_MAX_BYTES,
                   ESCAPE_LINE);
        buffer_text(out, value->text_length > SHOWN_MAX_BYTES ? "…" : "");
        break;
    case HEADER_NUMBER:
        if (value->wire_kind == 't') {
            buffer_text(out, value->number != 0 ? "true" : "false");
        } else if (value->wire_kind == 'T') {
            char text[CLOCK_TEXT_BYTES];
            buffer_text(out, clock_format(value->number * 1000, text));
        } else {
            buffer_i64(out, value->number);
        }
        break;
    case HEADER_REAL:
        buffer_printf(out, "%.17g", value->real);
        break;
    case HEADER_VOID:
        buffer_text(out, "(nothing)");
        break;
    case HEADER_TABLE:
    case HEADER_LIST:
        break; /* add_header */
    }
}

/* Recursive to HEADERS_DEPTH_MAX. */
static void add_header(const struct header_value *header, int depth, struct buffer *out)
{
    buffer_printf(out, "%*s", 2 + 2 * depth, "");
    if (header->name_length > 0) {
        add_escaped(out, header->name, header->name_length);
        buffer_text(out, ": ");
    } else {
        buffer_text(out, "- ");
    }
    if (header->kind != HEADER_TABLE && header->kind != HEADER_LIST) {
        add_value(header, out);
        buffer_byte(out, '\n');
        return;
    }
    buffer_text(out, header->count == 0 ? (header->kind == HEADER_TABLE ? "{}\n" : "[]\n") : "\n");
    for (size_t i = 0; i < header->count; i++) {
        add_header(&header->items[i], depth + 1, out);
    }
}

static void add_fact(const struct cli_call *call, const struct letter *letter,
                     enum letter_fact fact, struct buffer *out)
{
    enum { FACT_MAX_BYTES = 4096 };
    char instant[CLOCK_TEXT_BYTES];
    const struct letter_told *told = &letter->facts[fact];
    if (!told->is_known) {
        return;
    }
    buffer_printf(out, "%-16s ", letter_fact_name(fact));
    if (fact == LETTER_STACK) {
        AUTO(buffer_done) struct buffer stack = {0};
        escape_add(&stack, told->text, strlen(told->text), ESCAPE_LINES);
        buffer_text(out, buffer_cstr(&stack));
    } else if (is_instant(fact)) {
        buffer_text(out, letter_instant(told->number, instant));
    } else if (is_number(fact)) {
        buffer_i64(out, told->number);
    } else if (told->text[0] == '\0') {
        buffer_text(out, "(the default exchange)");
    } else {
        add_escaped(out, told->text, FACT_MAX_BYTES);
    }
    buffer_printf(out, "  %s%s: %s%s\n", cli_colour(call, CLI_DIM), told->family, told->header,
                  cli_colour(call, CLI_PLAIN));
}

static void add_line(struct buffer *out, const char *name, const char *text)
{
    if (text != NULL && text[0] != '\0') {
        buffer_printf(out, "%-16s ", name);
        add_escaped(out, text, LETTER_TEXT_MAX_BYTES);
        buffer_byte(out, '\n');
    }
}

static void add_heading(const struct cli_call *call, const char *text, struct buffer *out)
{
    buffer_printf(out, "\n%s%s%s\n", cli_colour(call, CLI_BOLD), text, cli_colour(call, CLI_PLAIN));
}

static void add_amqp(const struct cli_call *call, const struct letter *letter, struct buffer *out)
{
    const struct properties *properties = &letter->delivery->properties;
    char instant[CLOCK_TEXT_BYTES];
    add_heading(call, "AMQP", out);
    add_line(out, "exchange",
             letter->delivery->exchange[0] != '\0' ? letter->delivery->exchange : "(default)");
    add_line(out, "routing key", letter->delivery->routing_key);
    add_line(out, "message_id", properties->message_id);
    add_line(out, "type", properties->type);
    add_line(out, "app_id", properties->app_id);
    add_line(out, "user_id", properties->user_id);
    add_line(out, "correlation_id", properties->correlation_id);
    add_line(out, "reply_to", properties->reply_to);
    add_line(out, "expiration", properties->expiration);
    add_line(out, "content_type", properties->content_type);
    add_line(out, "content_encoding", properties->content_encoding);
    if (letter->sent_ms > 0) {
        add_line(out, "made", letter_instant(letter->sent_ms, instant));
    }
    add_line(out, "persistent", properties->is_persistent ? "yes" : "no");
    if (letter->deliveries >= 0) {
        buffer_printf(out, "%-16s %" PRId64 "\n", "delivery count", letter->deliveries);
    }
}

static void add_body_view(const struct cli_call *call, const struct letter *letter,
                          size_t max_bytes, struct buffer *out)
{
    struct body_view view;
    body_view_init(&view, letter->delivery);
    AUTO(free_text)
    char *title = xasprintf("Body: %zu bytes, %s%s", letter->delivery->body_sent,
                            view.is_compressed ? "compressed " : "", body_kind_name(view.kind));
    add_heading(call, title, out);
    if (view.problem != NULL) {
        buffer_printf(out, "(%s)\n", view.problem);
    }
    body_view_print(&view, max_bytes, out);
    if (letter->is_cut) {
        buffer_text(out, "… it is larger than this tool takes, and cannot be sent on by it\n");
    }
    body_view_done(&view);
}

void letter_print(const struct cli_call *call, const struct letter *letter, size_t max_bytes,
                  struct buffer *out)
{
    char group[LETTER_GROUP_TEXT_BYTES];
    char fingerprint[LETTER_FINGERPRINT_TEXT_BYTES];
    buffer_printf(out, "%s%-16s ", cli_colour(call, CLI_BOLD), "message");
    add_escaped(out, letter->id, LETTER_TEXT_MAX_BYTES);
    buffer_printf(out, "%s\n%-16s %s\n%-16s %s\n", cli_colour(call, CLI_PLAIN), "fingerprint",
                  letter_fingerprint(letter, fingerprint), "group", letter_group(letter, group));
    for (int i = 0; i < LETTER_FACTS; i++) {
        add_fact(call, letter, (enum letter_fact)i, out);
    }
    if (letter->family_count == 0) {
        buffer_text(out, "no header tells why it is here\n");
    }
    add_amqp(call, letter, out);
    if (letter->headers.count > 0) {
        add_heading(call, "Headers", out);
    }
    for (size_t i = 0; i < letter->headers.count; i++) {
        add_header(&letter->headers.items[i], 0, out);
    }
    if (letter->unread != NULL) {
        buffer_printf(out, "  (not all: %s)\n", letter->unread);
    }
    add_body_view(call, letter, max_bytes, out);
}

void letter_print_line(const struct cli_call *call, const struct letter *letter, struct buffer *out)
{
    enum { ID = 36, TYPE = 32, CAUSE = 40, REASON = 120 };
    char instant[CLOCK_TEXT_BYTES];
    const char *type = letter_text(letter, LETTER_TYPE);
    const char *reason = letter_text(letter, LETTER_REASON);
    const char *cause = letter_cause(letter);
    buffer_printf(out, "%s%-24s%s  ", cli_colour(call, CLI_DIM),
                  letter_instant(letter_time_ms(letter), instant), cli_colour(call, CLI_PLAIN));
    (void)escape_cut(out, letter->id, strlen(letter->id), ID);
    buffer_text(out, "  ");
    (void)escape_cut(out, type != NULL ? type : "-", type != NULL ? strlen(type) : 1, TYPE);
    buffer_printf(out, "  %s", cli_colour(call, CLI_RED));
    (void)escape_cut(out, cause, strlen(cause), CAUSE);
    buffer_printf(out, "%s  ", cli_colour(call, CLI_PLAIN));
    (void)escape_cut(out, reason != NULL ? reason : "", reason != NULL ? strlen(reason) : 0,
                     REASON);
    buffer_byte(out, '\n');
}
