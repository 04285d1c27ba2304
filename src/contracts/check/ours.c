/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/check/catalogue.h"

#include "core/envelope.h"
#include "core/text.h"

#include <stdio.h>
#include <string.h>

/* What docs/contracts.md says about an event on the wire, as far as one message can tell it. */

struct check_origin ours_origin(const struct checker *checker, const struct check_message *message)
{
    struct check_origin origin = {message->exchange, message->routing_key};
    const char *exchange = check_text(message->headers, "x-original-exchange");
    const char *routing_key = check_text(message->headers, "x-original-routingKey");
    if (checker->options.is_ours && message->exchange != NULL && message->exchange[0] == '\0' &&
        exchange != NULL && routing_key != NULL) {
        origin = (struct check_origin){exchange, routing_key};
    }
    return origin;
}

static const char *header(const struct check_message *message, const char *name)
{
    return check_text(message->headers, name);
}

static const char *property(const struct check_message *message, const char *name)
{
    return check_text(message->properties, name);
}

static bool differ(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) != 0;
}

static void judge_id(const struct check_subject *subject, const struct check_notes *notes)
{
    struct uuid id;
    const struct check_message *message = subject->message;
    const char *problem =
        envelope_read_id(property(message, "message_id"), header(message, "cloudEvents_id"), &id);
    if (problem != NULL) {
        check_note(notes, CHECK_HEADERS, "/cloudEvents_id", NULL, "%s", problem);
    } else if (ids_time_ms(&id) > subject->now_ms + ENVELOPE_FUTURE_MAX_MS) {
        check_note(notes, CHECK_HEADERS, "/cloudEvents_id", NULL,
                   "the event id lies more than %d minutes in the future",
                   ENVELOPE_FUTURE_MAX_MS / 60000);
    }
}

/* Properties that say what the contract, or a header, says as well. */
static void judge_names(const struct check_entry *entry, const struct check_message *message,
                        bool is_sender, const struct check_notes *notes)
{
    const char *service = entry->message->channel->owner->service;
    const struct {
        const char *name, *instance, *wanted;
    } names[] = {
        {"type", "/type", entry->message->name},
        {"app_id", "/app_id", service},
    };
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const char *given = property(message, names[i].name);
        if (differ(given, names[i].wanted) || (given == NULL && is_sender)) {
            check_note(notes, CHECK_PROPERTIES, names[i].instance, NULL, "must be %s",
                       names[i].wanted);
        }
    }
    const char *source = header(message, "cloudEvents_source");
    if (source != NULL && (!text_starts_with(source, "/fit/") || differ(source + 5, service))) {
        check_note(notes, CHECK_HEADERS, "/cloudEvents_source", NULL, "must be /fit/%s", service);
    }
    if (differ(header(message, "cloudEvents_specversion"), "1.0")) {
        check_note(notes, CHECK_HEADERS, "/cloudEvents_specversion", NULL, "must be 1.0");
    }
    if (differ(property(message, "correlation_id"), header(message, "cloudEvents_correlationid"))) {
        check_note(notes, CHECK_HEADERS, "/cloudEvents_correlationid", NULL,
                   "correlation_id and cloudEvents_correlationid differ");
    }
}

/* Only its owner may say an event; what comes through the default exchange has been said before. */
static void judge_user(const struct check_entry *entry, const struct check_message *message,
                       const struct check_notes *notes)
{
    const char *service = entry->message->channel->owner->service;
    const char *user = property(message, "user_id");
    bool is_again = message->exchange != NULL && message->exchange[0] == '\0';
    if (!is_again && (user == NULL || strcmp(user, service) != 0)) {
        check_note(notes, CHECK_PROPERTIES, "/user_id", NULL,
                   "%s may be said by user %s only, and user_id says otherwise",
                   entry->message->name, service);
    }
}

static void judge_time(const struct check_message *message, const struct check_notes *notes)
{
    struct json_object *stamp = NULL;
    const char *time = header(message, "cloudEvents_time");
    int64_t ms = 0;
    if (time != NULL && text_date_time(time, strlen(time), &ms) && message->properties != NULL &&
        json_object_object_get_ex(message->properties, "timestamp", &stamp) &&
        json_object_is_type(stamp, json_type_int) && json_object_get_int64(stamp) != ms / 1000) {
        check_note(notes, CHECK_PROPERTIES, "/timestamp", NULL,
                   "timestamp and cloudEvents_time differ");
    }
}

/* The properties of the payload that the contract says are also in a header. */
static void judge_payload_names(const struct check_entry *entry,
                                const struct check_subject *subject,
                                const struct check_notes *notes)
{
    static const struct {
        const char *extension, *header, *instance;
    } names[] = {
        {"x-subject", "cloudEvents_subject", "/cloudEvents_subject"},
        {"x-correlation", "cloudEvents_correlationid", "/cloudEvents_correlationid"},
    };
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const char *member = node_find_text(entry->message->at, names[i].extension);
        const char *inside = member != NULL && json_object_is_type(subject->value, json_type_object)
                                 ? check_text(subject->value, member)
                                 : NULL;
        if (differ(inside, header(subject->message, names[i].header))) {
            check_note(notes, CHECK_HEADERS, names[i].instance,
                       node_find(entry->message->at, names[i].extension),
                       "%s and the payload's %s differ", names[i].header, member);
        }
    }
}

void ours_judge(struct checker *checker, const struct check_entry *entry,
                const struct check_subject *subject, const struct check_notes *notes)
{
    const struct check_message *message = subject->message;
    judge_id(subject, notes);
    judge_names(entry, message, checker->options.is_sender, notes);
    judge_user(entry, message, notes);
    judge_time(message, notes);
    judge_payload_names(entry, subject, notes);
    const char *problem = envelope_check_content(property(message, "content_type"),
                                                 property(message, "content_encoding"));
    if (problem != NULL) {
        check_note(notes, CHECK_PROPERTIES,
                   text_starts_with(problem, "content_type") ? "/content_type"
                                                             : "/content_encoding",
                   NULL, "%s", problem);
    }
    size_t length =
        message->has_value
            ? strlen(json_object_to_json_string_ext(message->value, JSON_C_TO_STRING_PLAIN))
            : message->body_length;
    if (length > ENVELOPE_BODY_MAX_BYTES) {
        check_note(notes, CHECK_PAYLOAD, "", NULL, "the body has %zu bytes, the limit is %d",
                   length, ENVELOPE_BODY_MAX_BYTES);
    }
}
