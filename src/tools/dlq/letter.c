/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/dlq/letter.h"

#include "core/buffer.h"
#include "core/ids.h"
#include "core/text.h"
#include "tools/dlq/json_at.h"
#include "tools/dlq/letter_time.h"
#include "tools/dlq/reason.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* How a value is read. */
enum reading {
    AS_TEXT,
    AS_COUNT,
    AS_COUNT_BEFORE, /* of retries: the first execution is not among them */
    AS_TIME,
    AS_ADDRESS,     /* "rabbitmq://host/vhost/billing?x=1": the queue is the last step */
    AS_ENDPOINT,    /* "billing@machine" */
    AS_TYPE_NAME,   /* "Shop.OrderPlaced, Shop, Version=1.0": up to the comma */
    AS_THROWN,      /* "System.Exception: text" and "Exception-->text": the name */
    AS_LAST_LINE,   /* of a Python traceback */
    AS_LAST_THROWN, /* the name in it */
    AS_REPUBLISHED, /* a table queue → {republished: count}: the largest */
    AS_DEATH,       /* x-death: RabbitMQ's own table */
};

/* Which part of an x-death entry a fact is. */
static const char *const death_parts[LETTER_FACTS] = {
    [LETTER_QUEUE] = "queue",    [LETTER_CLASS] = "reason",
    [LETTER_FAILED_AT] = "time", [LETTER_FIRST_FAILED] = "time",
    [LETTER_ATTEMPTS] = "count", [LETTER_EXCHANGE] = "exchange",
    [LETTER_RETURNS] = "count",  [LETTER_ROUTING_KEY] = "routing-keys",
};

/*
 * Who says what in which header. For each fact the first row that is there wins, so those who know
 * more about a failure stand before those who know less, and RabbitMQ itself, which knows only that
 * a message was rejected, stands last. `mark`: only when this header is there as well. A path that
 * begins with a slash is a JSON Pointer into the body.
 */
/* clang-format off */
static const struct row {
    const char *family;
    enum letter_fact fact;
    const char *path;
    enum reading reading;
    const char *mark;
} rows[] = {
    {"Quadrille", LETTER_QUEUE, "quadrille-failed-queue", AS_TEXT, NULL},
    {"Quadrille", LETTER_REASON, "quadrille-failure-reason", AS_TEXT, NULL},
    {"Quadrille", LETTER_CLASS, "quadrille-failure-class", AS_TEXT, NULL},
    {"Quadrille", LETTER_FAILED_AT, "quadrille-failed-at", AS_TIME, NULL},
    {"Quadrille", LETTER_FIRST_FAILED, "quadrille-first-failed-at", AS_TIME, NULL},
    {"Quadrille", LETTER_ATTEMPTS, "quadrille-attempts", AS_COUNT, NULL},
    {"Quadrille", LETTER_EXCHANGE, "x-original-exchange", AS_TEXT, "quadrille-failure-class"},
    {"Quadrille", LETTER_ROUTING_KEY, "x-original-routingKey", AS_TEXT, "quadrille-failure-class"},
    {"Quadrille", LETTER_RETURNS, "quadrille-returns", AS_COUNT, NULL},

    {"MassTransit", LETTER_QUEUE, "MT-Fault-InputAddress", AS_ADDRESS, NULL},
    {"MassTransit", LETTER_REASON, "MT-Fault-Message", AS_TEXT, NULL},
    {"MassTransit", LETTER_CLASS, "MT-Reason", AS_TEXT, NULL},
    {"MassTransit", LETTER_EXCEPTION, "MT-Fault-ExceptionType", AS_TEXT, NULL},
    {"MassTransit", LETTER_STACK, "MT-Fault-StackTrace", AS_TEXT, NULL},
    {"MassTransit", LETTER_FAILED_AT, "MT-Fault-Timestamp", AS_TIME, NULL},
    {"MassTransit", LETTER_ATTEMPTS, "MT-Fault-RetryCount", AS_COUNT_BEFORE, NULL},
    {"MassTransit", LETTER_TYPE, "MT-Fault-MessageType", AS_TEXT, NULL},
    {"MassTransit", LETTER_TYPE, "/messageType/0", AS_TEXT, "MT-Reason"},

    {"NServiceBus", LETTER_QUEUE, "NServiceBus.FailedQ", AS_ENDPOINT, NULL},
    {"NServiceBus", LETTER_REASON, "NServiceBus.ExceptionInfo.Message", AS_TEXT, NULL},
    {"NServiceBus", LETTER_EXCEPTION, "NServiceBus.ExceptionInfo.ExceptionType", AS_TYPE_NAME, NULL},
    {"NServiceBus", LETTER_STACK, "NServiceBus.ExceptionInfo.StackTrace", AS_TEXT, NULL},
    {"NServiceBus", LETTER_FAILED_AT, "NServiceBus.TimeOfFailure", AS_TIME, NULL},
    {"NServiceBus", LETTER_ATTEMPTS, "NServiceBus.DelayedRetries", AS_COUNT_BEFORE, NULL},
    {"NServiceBus", LETTER_ATTEMPTS, "NServiceBus.Retries", AS_COUNT_BEFORE, NULL},
    {"NServiceBus", LETTER_TYPE, "NServiceBus.EnclosedMessageTypes", AS_TYPE_NAME, NULL},

    {"Spring", LETTER_REASON, "x-exception-message", AS_TEXT, NULL},
    {"Spring", LETTER_EXCEPTION, "x-exception-stacktrace", AS_THROWN, NULL},
    {"Spring", LETTER_STACK, "x-exception-stacktrace", AS_TEXT, NULL},
    {"Spring", LETTER_EXCHANGE, "x-original-exchange", AS_TEXT, NULL},
    {"Spring", LETTER_ROUTING_KEY, "x-original-routingKey", AS_TEXT, NULL},
    {"Spring", LETTER_TYPE, "__TypeId__", AS_TEXT, NULL},

    {"Wolverine", LETTER_QUEUE, "original-destination", AS_ADDRESS, NULL},
    {"Wolverine", LETTER_REASON, "exception-message", AS_TEXT, NULL},
    {"Wolverine", LETTER_EXCEPTION, "exception-type", AS_TEXT, NULL},
    {"Wolverine", LETTER_STACK, "exception-stack", AS_TEXT, NULL},
    {"Wolverine", LETTER_FAILED_AT, "failed-at", AS_TIME, NULL},
    {"Wolverine", LETTER_ATTEMPTS, "attempts", AS_COUNT, NULL},
    {"Wolverine", LETTER_TYPE, "message-type", AS_TEXT, NULL},

    {"Rebus", LETTER_QUEUE, "rbs2-source-queue", AS_TEXT, NULL},
    {"Rebus", LETTER_REASON, "rbs2-error-details", AS_TEXT, NULL},
    {"Rebus", LETTER_EXCEPTION, "rbs2-error-details", AS_THROWN, NULL},
    {"Rebus", LETTER_STACK, "rbs2-error-details", AS_TEXT, NULL},
    {"Rebus", LETTER_ATTEMPTS, "rbs2-delivery-count", AS_COUNT, NULL},
    {"Rebus", LETTER_TYPE, "rbs2-msg-type", AS_TYPE_NAME, NULL},

    {"Brighter", LETTER_REASON, "rejectionMessage", AS_TEXT, NULL},
    {"Brighter", LETTER_CLASS, "rejectionReason", AS_TEXT, NULL},
    {"Brighter", LETTER_FAILED_AT, "rejectionTimestamp", AS_TIME, NULL},
    {"Brighter", LETTER_ROUTING_KEY, "originalTopic", AS_TEXT, NULL},
    {"Brighter", LETTER_TYPE, "originalMessageType", AS_TEXT, NULL},
    {"Brighter", LETTER_ATTEMPTS, "HandledCount", AS_COUNT, NULL},

    {"CAP", LETTER_QUEUE, "cap-msg-group", AS_TEXT, NULL},
    {"CAP", LETTER_REASON, "cap-exception", AS_TEXT, NULL},
    {"CAP", LETTER_EXCEPTION, "cap-exception", AS_THROWN, NULL},
    {"CAP", LETTER_TYPE, "cap-msg-name", AS_TEXT, NULL},

    {"Rascal", LETTER_QUEUE, "rascal.originalQueue", AS_TEXT, NULL},
    {"Rascal", LETTER_REASON, "rascal.error.message", AS_TEXT, NULL},
    {"Rascal", LETTER_EXCEPTION, "rascal.error.code", AS_TEXT, NULL},
    {"Rascal", LETTER_EXCHANGE, "rascal.originalExchange", AS_TEXT, NULL},
    {"Rascal", LETTER_ROUTING_KEY, "rascal.originalRoutingKey", AS_TEXT, NULL},
    {"Rascal", LETTER_ATTEMPTS, "rascal.recovery", AS_REPUBLISHED, NULL},

    {"Watermill", LETTER_QUEUE, "topic_poisoned", AS_TEXT, NULL},
    {"Watermill", LETTER_REASON, "reason_poisoned", AS_TEXT, NULL},
    {"Watermill", LETTER_RETURNS, "_watermill_requeuer_retries", AS_COUNT, NULL},

    {"Dramatiq", LETTER_QUEUE, "/queue_name", AS_TEXT, "/actor_name"},
    {"Dramatiq", LETTER_TYPE, "/actor_name", AS_TEXT, "/queue_name"},
    {"Dramatiq", LETTER_REASON, "/options/traceback", AS_LAST_LINE, "/actor_name"},
    {"Dramatiq", LETTER_EXCEPTION, "/options/traceback", AS_LAST_THROWN, "/actor_name"},
    {"Dramatiq", LETTER_STACK, "/options/traceback", AS_TEXT, "/actor_name"},
    {"Dramatiq", LETTER_ATTEMPTS, "/options/retries", AS_COUNT, "/actor_name"},

    {"Celery", LETTER_TYPE, "task", AS_TEXT, "root_id"},
    {"Celery", LETTER_ATTEMPTS, "retries", AS_COUNT_BEFORE, "root_id"},

    {"dlq-*", LETTER_QUEUE, "dlq-original-topic", AS_TEXT, NULL},
    {"dlq-*", LETTER_REASON, "dlq-reason", AS_TEXT, NULL},
    {"dlq-*", LETTER_CLASS, "dlq-error-class", AS_TEXT, NULL},
    {"dlq-*", LETTER_STACK, "dlq-stack", AS_TEXT, NULL},
    {"dlq-*", LETTER_FAILED_AT, "dlq-failed-at", AS_TIME, NULL},
    {"dlq-*", LETTER_ATTEMPTS, "dlq-attempts", AS_COUNT, NULL},

    {"CloudEvents", LETTER_TYPE, "cloudEvents_type", AS_TEXT, NULL},
    {"CloudEvents", LETTER_TYPE, "cloudEvents:type", AS_TEXT, NULL},

    {"RabbitMQ", LETTER_QUEUE, "x-death", AS_DEATH, NULL},
    {"RabbitMQ", LETTER_CLASS, "x-death", AS_DEATH, NULL},
    {"RabbitMQ", LETTER_FAILED_AT, "x-death", AS_DEATH, NULL},
    {"RabbitMQ", LETTER_FIRST_FAILED, "x-death", AS_DEATH, NULL},
    {"RabbitMQ", LETTER_ATTEMPTS, "x-death", AS_DEATH, NULL},
    {"RabbitMQ", LETTER_EXCHANGE, "x-death", AS_DEATH, NULL},
    {"RabbitMQ", LETTER_ROUTING_KEY, "x-death", AS_DEATH, NULL},
    {"RabbitMQ", LETTER_RETURNS, "x-death", AS_DEATH, NULL},
    {"RabbitMQ", LETTER_QUEUE, "x-last-death-queue", AS_TEXT, NULL},
    {"RabbitMQ", LETTER_CLASS, "x-last-death-reason", AS_TEXT, NULL},
    {"RabbitMQ", LETTER_EXCHANGE, "x-last-death-exchange", AS_TEXT, NULL},
    {"RabbitMQ", LETTER_QUEUE, "x-first-death-queue", AS_TEXT, NULL},
    {"RabbitMQ", LETTER_CLASS, "x-first-death-reason", AS_TEXT, NULL},
    {"RabbitMQ", LETTER_EXCHANGE, "x-first-death-exchange", AS_TEXT, NULL},
};
/* clang-format on */

static const char *const fact_names[LETTER_FACTS] = {
    [LETTER_QUEUE] = "queue",
    [LETTER_REASON] = "reason",
    [LETTER_CLASS] = "class",
    [LETTER_EXCEPTION] = "exception",
    [LETTER_STACK] = "stack",
    [LETTER_FAILED_AT] = "failed_at",
    [LETTER_FIRST_FAILED] = "first_failed_at",
    [LETTER_ATTEMPTS] = "attempts",
    [LETTER_EXCHANGE] = "exchange",
    [LETTER_ROUTING_KEY] = "routing_key",
    [LETTER_TYPE] = "type",
    [LETTER_RETURNS] = "returns",
};

const char *letter_fact_name(enum letter_fact fact)
{
    return fact_names[fact];
}

/* A value that was found: in a header or in the body. */
struct found {
    const struct header_value *header; /* NULL: in the body */
    const char *text;                  /* NULL when it is no text */
    size_t length;
};

static const char *keep(struct arena *arena, const char *text, size_t length)
{
    return arena_text(arena, text, length < LETTER_TEXT_MAX_BYTES ? length : LETTER_TEXT_MAX_BYTES);
}

/* Most bodies are none of those that tell something: seen without reading them as JSON. */
static bool may_hold(const struct delivery *delivery, const char *pointer)
{
    char name[32];
    int length =
        snprintf(name, sizeof name, "\"%.*s\"", (int)strcspn(pointer + 1, "/"), pointer + 1);
    return delivery->body_length > 0 && delivery->body[0] == '{' &&
           memmem(delivery->body, delivery->body_length, name, (size_t)length) != NULL;
}

static bool find_in_body(const struct delivery *delivery, const char *pointer, struct arena *arena,
                         struct found *out)
{
    struct json_span span;
    if (!may_hold(delivery, pointer) ||
        !json_at(delivery->body, delivery->body_length, pointer, &span) || span.length == 0 ||
        strchr("{[n", span.start[0]) != NULL) {
        return false;
    }
    AUTO(buffer_done) struct buffer text = {0};
    json_span_text(&span, &text);
    *out = (struct found){.text = arena_text(arena, buffer_cstr(&text), text.length),
                          .length = text.length};
    return true;
}

static bool find(const struct letter *letter, const char *path, struct arena *arena,
                 struct found *out)
{
    if (path[0] == '/') {
        return find_in_body(letter->delivery, path, arena, out);
    }
    const struct header_value *header = headers_find(&letter->headers, path);
    if (header == NULL) {
        return false;
    }
    *out = (struct found){.header = header, .text = header->text, .length = header->text_length};
    return true;
}

static bool tell_text(struct letter_told *told, const char *text, size_t length,
                      struct arena *arena)
{
    if (text == NULL || length == 0) {
        return false;
    }
    told->text = keep(arena, text, length);
    return true;
}

static bool tell_count(struct letter_told *told, const struct found *found, int64_t more)
{
    int64_t number = 0;
    bool is_count = found->text != NULL
                        ? text_int(found->text, 0, INT32_MAX, &number)
                        : found->header != NULL && found->header->kind == HEADER_NUMBER;
    if (is_count && found->text == NULL) {
        number = found->header->number;
    }
    told->number = number + more;
    return is_count && number >= 0 && number <= INT32_MAX;
}

static bool tell_time(struct letter_told *told, const struct found *found)
{
    if (found->text != NULL) {
        return letter_time_text(found->text, &told->number);
    }
    return found->header != NULL && found->header->kind == HEADER_NUMBER &&
           letter_time_number(found->header->number, &told->number);
}

/* The last step without what follows a question mark. */
static bool tell_address(struct letter_told *told, const struct found *found, struct arena *arena)
{
    if (found->text == NULL) {
        return false;
    }
    size_t end = strcspn(found->text, "?");
    size_t start = end;
    while (start > 0 && found->text[start - 1] != '/' &&
           !(found->text[start - 1] == ':' && strstr(found->text, "//") == NULL)) {
        start--;
    }
    return tell_text(told, found->text + start, end - start, arena);
}

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '$' || c == '`' || c == '+';
}

/* A word followed by ": " or "-->" or the end of its line. */
static bool tell_thrown(struct letter_told *told, const char *text, struct arena *arena)
{
    size_t length = 0;
    while (is_name(text[length])) {
        length++;
    }
    const char *behind = text + length;
    bool is_thrown = *behind == ':' || *behind == '\n' || *behind == '\r' || *behind == '\0' ||
                     text_starts_with(behind, "-->");
    return length > 1 && is_thrown && tell_text(told, text, length, arena);
}

static const char *last_line(const char *text, size_t *length)
{
    size_t end = strlen(text);
    while (end > 0 && (text[end - 1] == '\n' || text[end - 1] == '\r')) {
        end--;
    }
    size_t start = end;
    while (start > 0 && text[start - 1] != '\n') {
        start--;
    }
    *length = end - start;
    return text + start;
}

static bool tell_republished(struct letter_told *told, const struct found *found)
{
    const struct header_value *table = found->header;
    bool is_known = false;
    for (size_t i = 0; table != NULL && table->kind == HEADER_TABLE && i < table->count; i++) {
        const struct header_value *count = headers_get(&table->items[i], "republished");
        if (count != NULL && count->kind == HEADER_NUMBER && count->number >= told->number &&
            count->number <= INT32_MAX) {
            told->number = count->number;
            is_known = true;
        }
    }
    return is_known;
}

/* RabbitMQ writes the latest death first. Where a letter has died of waiting since (in a delay
 * queue, or in the dead-letter queue itself), its failure is the latest that was none of time. */
static const struct header_value *death_of(const struct header_value *list, enum letter_fact fact)
{
    if (list == NULL || list->kind != HEADER_LIST || list->count == 0) {
        return NULL;
    }
    if (fact == LETTER_FIRST_FAILED || fact == LETTER_EXCHANGE || fact == LETTER_ROUTING_KEY) {
        return &list->items[list->count - 1];
    }
    for (size_t i = 0; i < list->count; i++) {
        const struct header_value *reason = headers_get(&list->items[i], "reason");
        if (reason != NULL && reason->text != NULL && strcmp(reason->text, "expired") != 0) {
            return &list->items[i];
        }
    }
    return &list->items[0];
}

static bool tell_death(struct letter_told *told, enum letter_fact fact, const struct found *found,
                       struct arena *arena)
{
    const struct header_value *death = death_of(found->header, fact);
    const struct header_value *part = death != NULL ? headers_get(death, death_parts[fact]) : NULL;
    if (part != NULL && part->kind == HEADER_LIST) {
        part = part->count > 0 ? &part->items[0] : NULL;
    }
    if (part == NULL) {
        return false;
    }
    const struct found value = {.header = part, .text = part->text, .length = part->text_length};
    switch (fact) {
    case LETTER_FAILED_AT:
    case LETTER_FIRST_FAILED:
        return tell_time(told, &value);
    case LETTER_ATTEMPTS:
        return tell_count(told, &value, 0);
    case LETTER_RETURNS: /* it has died there more than once, so somebody has sent it back */
        return tell_count(told, &value, -1);
    case LETTER_EXCHANGE: /* "" is the default exchange */
        told->text = part->text != NULL ? keep(arena, part->text, part->text_length) : NULL;
        return told->text != NULL;
    case LETTER_QUEUE:
    case LETTER_REASON:
    case LETTER_CLASS:
    case LETTER_EXCEPTION:
    case LETTER_STACK:
    case LETTER_ROUTING_KEY:
    case LETTER_TYPE:
    case LETTER_FACTS:
        break;
    }
    return tell_text(told, value.text, value.length, arena);
}

static bool tell(struct letter_told *told, const struct row *row, const struct found *found,
                 struct arena *arena)
{
    const char *line = NULL;
    size_t length = 0;
    switch (row->reading) {
    case AS_TEXT:
        if (row->fact == LETTER_EXCHANGE && found->text != NULL && found->length == 0) {
            told->text = "";
            return true;
        }
        return tell_text(told, found->text, found->length, arena);
    case AS_COUNT:
        return tell_count(told, found, 0);
    case AS_COUNT_BEFORE:
        return tell_count(told, found, 1);
    case AS_TIME:
        return tell_time(told, found);
    case AS_ADDRESS:
        return tell_address(told, found, arena);
    case AS_ENDPOINT:
        return found->text != NULL &&
               tell_text(told, found->text, strcspn(found->text, "@"), arena);
    case AS_TYPE_NAME:
        return found->text != NULL &&
               tell_text(told, found->text, strcspn(found->text, ",;"), arena);
    case AS_THROWN:
        return found->text != NULL && tell_thrown(told, found->text, arena);
    case AS_LAST_LINE:
        line = found->text != NULL ? last_line(found->text, &length) : NULL;
        return tell_text(told, line, length, arena);
    case AS_LAST_THROWN:
        return found->text != NULL && tell_thrown(told, last_line(found->text, &length), arena);
    case AS_REPUBLISHED:
        return tell_republished(told, found);
    case AS_DEATH:
        return tell_death(told, row->fact, found, arena);
    }
    return false;
}

static void note_family(struct letter *letter, const char *family)
{
    for (size_t i = 0; i < letter->family_count; i++) {
        if (letter->families[i] == family) {
            return;
        }
    }
    if (letter->family_count < LETTER_FAMILIES_MAX) {
        letter->families[letter->family_count++] = family;
    }
}

static void read_rows(struct letter *letter, struct arena *arena)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct letter_told *fact = &letter->facts[rows[i].fact];
        struct letter_told told = {.family = rows[i].family, .header = rows[i].path};
        struct found found;
        struct found mark;
        if ((rows[i].mark != NULL && !find(letter, rows[i].mark, arena, &mark)) ||
            !find(letter, rows[i].path, arena, &found) || !tell(&told, &rows[i], &found, arena)) {
            continue;
        }
        note_family(letter, rows[i].family);
        if (!fact->is_known) {
            told.is_known = true;
            *fact = told;
        }
    }
}

/* What AMQP's own properties tell where no header does. */
static void read_properties(struct letter *letter)
{
    const struct properties *properties = &letter->delivery->properties;
    struct letter_told *type = &letter->facts[LETTER_TYPE];
    struct uuid id;
    if (!type->is_known && properties->type != NULL && properties->type[0] != '\0') {
        *type = (struct letter_told){
            .text = properties->type, .is_known = true, .family = "AMQP", .header = "type"};
    }
    if (properties->timestamp_s > 0) {
        (void)letter_time_number(properties->timestamp_s, &letter->sent_ms);
    } else if (properties->message_id != NULL && ids_parse(properties->message_id, &id) &&
               ids_is_v7(&id)) {
        letter->sent_ms = ids_time_ms(&id);
    }
}

bool letter_is_broker_count(const char *header)
{
    static const char *const counts[] = {"x-delivery-count", "x-acquired-count"};
    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        if (strcmp(header, counts[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void hash_part(crypto_generichash_state *state, const void *bytes, size_t length)
{
    unsigned char size[8];
    for (size_t i = 0; i < sizeof size; i++) {
        size[i] = (unsigned char)((uint64_t)length >> (8 * i) & 0xff);
    }
    (void)crypto_generichash_update(state, size, sizeof size);
    (void)crypto_generichash_update(state, bytes, length);
}

static int by_bytes(const void *a, const void *b)
{
    const struct header_value *one = a;
    const struct header_value *other = b;
    size_t shorter = one->raw_length < other->raw_length ? one->raw_length : other->raw_length;
    int order = memcmp(one->raw, other->raw, shorter);
    return order != 0
               ? order
               : (one->raw_length > other->raw_length) - (one->raw_length < other->raw_length);
}

/* | flags less that of headers | what stands before the headers | each header | what follows | */
static void hash_properties(crypto_generichash_state *state, const struct letter *letter)
{
    const struct properties *properties = &letter->delivery->properties;
    const uint8_t *raw = properties->raw;
    size_t at = 0;
    size_t length = 0;
    if (letter->unread != NULL || properties->raw_length < 2 ||
        !headers_locate(raw, properties->raw_length, &at, &length)) {
        hash_part(state, raw, properties->raw_length);
        return;
    }
    const uint8_t flags[2] = {raw[0] & 0xdf, raw[1]};
    /* Where no headers are, they would stand behind content type and encoding: all is "before". */
    size_t before = at > 0 ? at - 4 : properties->raw_length;
    size_t after = at > 0 ? at + length : properties->raw_length;
    (void)crypto_generichash_update(state, flags, sizeof flags);
    (void)crypto_generichash_update(state, raw + 2, before - 2);
    (void)crypto_generichash_update(state, raw + after, properties->raw_length - after);
    /* In an order of their own: a quorum queue sorts them when it adds its count. */
    struct header_value *sorted = xcalloc(letter->headers.count + 1, sizeof *sorted);
    if (letter->headers.count > 0) {
        memcpy(sorted, letter->headers.items, letter->headers.count * sizeof *sorted);
    }
    qsort(sorted, letter->headers.count, sizeof *sorted, by_bytes);
    for (size_t i = 0; i < letter->headers.count; i++) {
        if (!letter_is_broker_count(sorted[i].name)) {
            hash_part(state, sorted[i].raw, sorted[i].raw_length);
        }
    }
    free(sorted);
}

static void read_fingerprint(struct letter *letter)
{
    const struct delivery *delivery = letter->delivery;
    crypto_generichash_state state;
    (void)crypto_generichash_init(&state, NULL, 0, LETTER_FINGERPRINT_BYTES);
    hash_part(&state, delivery->exchange, strlen(delivery->exchange));
    hash_part(&state, delivery->routing_key, strlen(delivery->routing_key));
    hash_properties(&state, letter);
    hash_part(&state, delivery->body, delivery->body_length);
    (void)crypto_generichash_final(&state, letter->fingerprint, LETTER_FINGERPRINT_BYTES);
}

static void read_id(struct letter *letter, struct arena *arena)
{
    const char *id = letter->delivery->properties.message_id;
    char text[LETTER_FINGERPRINT_TEXT_BYTES];
    letter->has_own_id = id != NULL && id[0] != '\0';
    letter->id = letter->has_own_id
                     ? id
                     : arena_text(arena, letter_fingerprint(letter, text), sizeof text - 1);
}

void letter_read(const struct delivery *delivery, struct arena *arena, struct letter *out)
{
    struct fault fault = {0};
    *out = (struct letter){.delivery = delivery,
                           .deliveries = -1,
                           .is_cut = delivery->body_sent > delivery->body_length};
    if (headers_read(delivery->properties.raw, delivery->properties.raw_length, arena,
                     &out->headers, &fault) != OK) {
        out->unread = arena_text(arena, fault.text, strlen(fault.text));
    }
    read_rows(out, arena);
    read_properties(out);
    const struct header_value *count = headers_get(&out->headers, "x-delivery-count");
    if (count != NULL && count->kind == HEADER_NUMBER) {
        out->deliveries = count->number;
    }
    const char *reason = letter_text(out, LETTER_REASON);
    out->normal = reason != NULL ? reason_normal(reason, strlen(reason), arena) : "";
    read_fingerprint(out);
    read_id(out, arena);
}

int64_t letter_number(const struct letter *letter, enum letter_fact fact)
{
    const struct letter_told *told = &letter->facts[fact];
    bool is_instant = fact == LETTER_FAILED_AT || fact == LETTER_FIRST_FAILED;
    return told->is_known ? told->number : is_instant ? 0 : -1;
}

int64_t letter_time_ms(const struct letter *letter)
{
    int64_t failed = letter_number(letter, LETTER_FAILED_AT);
    return failed > 0 ? failed : letter->sent_ms;
}

const char *letter_cause(const struct letter *letter)
{
    const struct letter_told *class = &letter->facts[LETTER_CLASS];
    const struct letter_told *exception = &letter->facts[LETTER_EXCEPTION];
    if (class->is_known && strcmp(class->family, "Quadrille") == 0) {
        return class->text;
    }
    return exception->is_known ? exception->text : class->is_known ? class->text : "";
}

const char *letter_fingerprint(const struct letter *letter, char out[LETTER_FINGERPRINT_TEXT_BYTES])
{
    return sodium_bin2hex(out, LETTER_FINGERPRINT_TEXT_BYTES, letter->fingerprint,
                          LETTER_FINGERPRINT_BYTES);
}

const char *letter_group(const struct letter *letter, char out[LETTER_GROUP_TEXT_BYTES])
{
    enum { HASH_BYTES = 16 };
    unsigned char hash[HASH_BYTES];
    const char *type = letter_text(letter, LETTER_TYPE);
    const char *cause = letter_cause(letter);
    crypto_generichash_state state;
    (void)crypto_generichash_init(&state, NULL, 0, sizeof hash);
    hash_part(&state, cause, strlen(cause));
    hash_part(&state, letter->normal, strlen(letter->normal));
    hash_part(&state, type != NULL ? type : "", type != NULL ? strlen(type) : 0);
    (void)crypto_generichash_final(&state, hash, sizeof hash);
    return sodium_bin2hex(out, LETTER_GROUP_TEXT_BYTES, hash, LETTER_GROUP_TEXT_BYTES / 2);
}
