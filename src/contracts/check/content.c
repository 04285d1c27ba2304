/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/check/catalogue.h"

#include "contracts/jsonschema/value.h"
#include "contracts/pointer.h"
#include "core/buffer.h"
#include "core/text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Errors */

static struct check_error *room_for(const struct check_notes *notes)
{
    struct check_errors *errors = notes->errors;
    if (errors->count == notes->max_errors) {
        errors->hidden++;
        return NULL;
    }
    if (errors->items == NULL) {
        errors->items = arena_alloc(notes->arena, notes->max_errors * sizeof errors->items[0]);
    }
    return &errors->items[errors->count++];
}

size_t check_found(const struct check_errors *errors)
{
    return errors->count + errors->hidden;
}

void check_note(const struct check_notes *notes, enum check_part part, const char *instance,
                const struct node *because, const char *format, ...)
{
    struct check_error *error = room_for(notes);
    if (error == NULL) {
        return;
    }
    va_list args;
    va_start(args, format);
    *error = (struct check_error){
        .part = part,
        .instance = instance,
        .text = arena_vprintf(notes->arena, format, args),
    };
    va_end(args);
    if (because != NULL) {
        error->schema = pointer_to(notes->arena, because);
        error->place = because->place;
    }
}

struct explanation {
    const struct check_notes *notes;
    enum check_part part;
};

static const char *copy(struct arena *arena, const char *text)
{
    return arena_text(arena, text, strlen(text));
}

static bool take_error(void *context, const struct jsonschema_error *found)
{
    const struct explanation *explanation = context;
    struct arena *arena = explanation->notes->arena;
    struct check_error *error = room_for(explanation->notes);
    if (error != NULL) {
        *error = (struct check_error){.part = explanation->part,
                                      .instance = copy(arena, found->instance),
                                      .schema = copy(arena, found->schema),
                                      .place = found->place,
                                      .text = copy(arena, found->text)};
    }
    return check_found(explanation->notes->errors) < CHECK_ERRORS_MAX;
}

static void run_schema(const struct jsonschema *schema, struct json_object *instance,
                       enum check_part part, const struct check_notes *notes)
{
    struct explanation explanation = {notes, part};
    if (schema == NULL || jsonschema_is_valid(schema, instance)) {
        return;
    }
    size_t before = check_found(notes->errors);
    (void)jsonschema_explain(schema, instance, take_error, &explanation);
    if (check_found(notes->errors) == before) {
        check_note(notes, part, "", NULL, "the schema does not allow it");
    }
}

const char *check_text(struct json_object *object, const char *key)
{
    struct json_object *member = NULL;
    if (object == NULL || !json_object_object_get_ex(object, key, &member) ||
        !json_object_is_type(member, json_type_string)) {
        return NULL;
    }
    const char *text = json_object_get_string(member);
    return strlen(text) == (size_t)json_object_get_string_len(member) ? text : NULL;
}

/* Content type */

/* "application/json; charset=utf-8" and "Application/JSON" are one. */
static size_t media_type_length(const char *text)
{
    size_t length = strcspn(text, ";");
    while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t')) {
        length--;
    }
    return length;
}

static bool same_media_type(const char *a, const char *b)
{
    size_t length = media_type_length(a);
    return length == media_type_length(b) && strncasecmp(a, b, length) == 0;
}

static bool is_json_type(const char *type)
{
    static const char *const names[] = {"application/json", "text/json"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (same_media_type(type, names[i])) {
            return true;
        }
    }
    size_t length = media_type_length(type);
    return length > 5 && strncasecmp(type + length - 5, "+json", 5) == 0;
}

static void judge_content_type(const struct asyncapi_message *contract,
                               const struct check_message *message, const struct check_notes *notes)
{
    const char *given = check_text(message->properties, "content_type");
    if (given == NULL || contract->content_type == NULL ||
        same_media_type(given, contract->content_type)) {
        return;
    }
    const struct node *own = node_find(contract->at, "contentType");
    const struct node *common =
        node_find(contract->channel->owner->file->root, "defaultContentType");
    check_note(notes, CHECK_PROPERTIES, "/content_type", own != NULL ? own : common, "must be %s",
               contract->content_type);
}

/* Message binding */

static const struct {
    const char *member, *property, *instance;
} bindings[] = {
    {"contentEncoding", "content_encoding", "/content_encoding"},
    {"messageType", "type", "/type"},
};

static void judge_binding(struct checker *checker, const struct asyncapi_message *contract,
                          const struct check_message *message, const struct check_notes *notes)
{
    const struct node *amqp = catalogue_binding(&checker->set->documents, contract);
    for (size_t i = 0; i < COUNT_OF(bindings); i++) {
        const char *wanted = node_find_text(amqp, bindings[i].member);
        const char *given = check_text(message->properties, bindings[i].property);
        if (wanted != NULL && (given == NULL || strcmp(given, wanted) != 0)) {
            check_note(notes, CHECK_PROPERTIES, bindings[i].instance,
                       node_find(amqp, bindings[i].member), "%s, the AMQP binding says %s",
                       given == NULL ? "is missing" : "is another", wanted);
        }
    }
}

/* Payload */

static void read_value(struct check_subject *subject)
{
    const struct check_message *message = subject->message;
    struct fault fault;
    if (subject->is_read) {
        return;
    }
    subject->is_read = true;
    if (message->has_value) {
        subject->value = json_object_get(message->value);
    } else if (message->body_length > CHECK_MESSAGE_MAX_BYTES) {
        subject->unreadable = xasprintf("has more than %d bytes", CHECK_MESSAGE_MAX_BYTES);
    } else if (value_read(message->body, message->body_length, &subject->value, &fault) != OK) {
        subject->unreadable = xasprintf("%s", fault.text);
    }
}

void content_done(struct check_subject *subject)
{
    (void)json_object_put(subject->value);
    free(subject->unreadable);
    *subject = (struct check_subject){0};
}

static void judge_text(const struct check_entry *entry, const struct check_message *message,
                       const struct check_notes *notes)
{
    if (!text_is_utf8(message->body, message->body_length, NULL)) {
        check_note(notes, CHECK_PAYLOAD, "", NULL, "is no UTF-8");
        return;
    }
    struct json_object *text = json_object_new_string_len(message->body, (int)message->body_length);
    run_schema(entry->payload, text, CHECK_PAYLOAD, notes);
    (void)json_object_put(text);
}

static bool is_encoded(const struct check_message *message)
{
    const char *encoding = check_text(message->properties, "content_encoding");
    return encoding != NULL && strcasecmp(encoding, "utf-8") != 0 &&
           strcasecmp(encoding, "identity") != 0 && strcasecmp(encoding, "8bit") != 0;
}

/* Notes why not. */
static bool is_judged(struct checker *checker, struct check_entry *entry,
                      const struct check_notes *notes)
{
    catalogue_compile(checker, entry);
    if (entry->unjudged != NULL) {
        check_note(notes, CHECK_PAYLOAD, "", entry->because, "cannot be judged, %s",
                   entry->unjudged);
    }
    return entry->unjudged == NULL;
}

void content_judge_payload(struct checker *checker, struct check_entry *entry,
                           struct check_subject *subject, const struct check_notes *notes,
                           const char **note)
{
    const struct check_message *message = subject->message;
    const char *given = check_text(message->properties, "content_type");
    const char *type = entry->message->content_type != NULL ? entry->message->content_type : given;
    if (!is_judged(checker, entry, notes)) {
        return;
    }
    if (entry->payload == NULL) {
        *note = entry->note;
    } else if (message->has_value || type == NULL || is_json_type(type)) {
        if (!message->has_value && is_encoded(message)) {
            *note = "the payload is encoded, and was not decoded";
            return;
        }
        read_value(subject);
        if (subject->unreadable != NULL) {
            check_note(notes, CHECK_PAYLOAD, "", NULL, "%s", subject->unreadable);
        } else {
            run_schema(entry->payload, subject->value, CHECK_PAYLOAD, notes);
        }
    } else if (strncasecmp(type, "text/", strlen("text/")) == 0 &&
               message->body_length <= CHECK_MESSAGE_MAX_BYTES) {
        judge_text(entry, message, notes);
    } else {
        *note = "the payload's content type is neither JSON nor text";
    }
}

/* Headers and correlation */

static void judge_headers(const struct check_entry *entry, const struct check_message *message,
                          const struct check_notes *notes)
{
    struct json_object *headers =
        message->headers != NULL ? json_object_get(message->headers) : json_object_new_object();
    run_schema(entry->headers, headers, CHECK_HEADERS, notes);
    (void)json_object_put(headers);
}

static bool has_member(struct json_object *object, const char *pointer)
{
    struct json_object *found = NULL;
    return object != NULL && json_pointer_get(object, pointer, &found) == 0 && found != NULL;
}

static void judge_correlation(const struct asyncapi_message *contract,
                              struct check_subject *subject, const struct check_notes *notes)
{
    static const char header[] = "$message.header#";
    static const char payload[] = "$message.payload#";
    const struct check_message *message = subject->message;
    const struct node *at = node_find(contract->correlation_id, "location");
    const char *location = node_find_text(contract->correlation_id, "location");
    if (location == NULL) {
        return;
    }
    if (text_starts_with(location, header)) {
        const char *pointer = location + strlen(header);
        /* Many write AMQP's own property as if it were a header. */
        bool is_property =
            (strcmp(pointer, "/correlationId") == 0 || strcmp(pointer, "/correlation_id") == 0) &&
            check_text(message->properties, "correlation_id") != NULL;
        if (!is_property && !has_member(message->headers, pointer)) {
            check_note(notes, CHECK_HEADERS, pointer, at, "is missing: it is the correlation id");
        }
    } else if (text_starts_with(location, payload) && subject->is_read &&
               subject->unreadable == NULL &&
               !has_member(subject->value, location + strlen(payload))) {
        check_note(notes, CHECK_PAYLOAD, location + strlen(payload), at,
                   "is missing: it is the correlation id");
    }
}

void content_judge(struct checker *checker, struct check_entry *entry,
                   struct check_subject *subject, const struct check_notes *notes,
                   const char **note)
{
    const struct check_message *message = subject->message;
    if (!is_judged(checker, entry, notes)) {
        return;
    }
    judge_content_type(entry->message, message, notes);
    judge_binding(checker, entry->message, message, notes);
    operation_judge(checker, entry, message, notes);
    judge_headers(entry, message, notes);
    content_judge_payload(checker, entry, subject, notes, note);
    judge_correlation(entry->message, subject, notes);
    if (checker->options.is_ours) {
        ours_judge(checker, entry, subject, notes);
    }
}
