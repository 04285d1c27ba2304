/* SPDX-License-Identifier: Apache-2.0 */
#include "consumers/incoming.h"

#include "core/crash.h"
#include "core/http.h"
#include "core/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Where the contract says nothing, because the contract does not know the message (yet). */
enum { DEFAULT_ATTEMPTS = 10, DEFAULT_BASE_MS = 500, DEFAULT_MAX_MS = 5 * 60 * 1000 };

static const struct retry_policy default_policy = {
    .attempts = DEFAULT_ATTEMPTS, .base_ms = DEFAULT_BASE_MS, .max_ms = DEFAULT_MAX_MS};

static void kill_it(struct incoming *in, const char *failure_class, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void kill_it(struct incoming *in, const char *failure_class, const char *format, ...)
{
    in->fate = FATE_DEAD;
    in->failure_class = failure_class;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(in->reason, sizeof in->reason, format, args);
    va_end(args);
}

static const char *header_text(const struct incoming *in, const char *name)
{
    const struct header *header = properties_find(&in->properties, name);
    return header != NULL ? header->text : NULL;
}

struct origin incoming_origin(const struct incoming *in)
{
    struct origin origin = {.exchange = in->exchange, .routing_key = in->routing_key};
    const char *exchange = header_text(in, "x-original-exchange");
    const char *routing_key = header_text(in, "x-original-routingKey");
    if (in->exchange[0] == '\0' && exchange != NULL && routing_key != NULL) {
        origin = (struct origin){.exchange = exchange, .routing_key = routing_key};
    }
    return origin;
}

/* "billing.payment-completed.v1" → 1; 0 when there is none. */
static int64_t routing_key_major(const char *routing_key)
{
    const char *dot = strrchr(routing_key, '.');
    int64_t major = 0;
    if (dot == NULL || dot[1] != 'v' || !text_int(dot + 2, 1, 9999, &major)) {
        return 0;
    }
    return major;
}

static const struct receive *find_by_name(const struct contract *contract, const char *name,
                                          int64_t major, const char *routing_key)
{
    for (size_t i = 0; i < contract->receive_count; i++) {
        const struct message *message = contract->receives[i].message;
        if (message->major == major && strcmp(message->name, name) == 0 &&
            strcmp(message->routing_key, routing_key) == 0) {
            return &contract->receives[i];
        }
    }
    return NULL;
}

/* Same service and name as something we hear, only the version differs: a rolling deploy looks like
 * that. */
static bool is_unknown_version(const struct contract *contract, const char *type)
{
    const char *version = strrchr(type, '.');
    if (version == NULL || version[1] != 'v') {
        return false;
    }
    size_t stem = (size_t)(version - type) + 2;
    for (size_t i = 0; i < contract->receive_count; i++) {
        if (strncmp(contract->receives[i].message->type, type, stem) == 0) {
            return true;
        }
    }
    return false;
}

static void find_receive(struct incoming *in, const struct contract *contract)
{
    const char *type = header_text(in, "cloudEvents_type");
    if (type != NULL) {
        in->receive = contract_find_receive(contract, type);
        in->envelope.type = type;
    } else if (in->properties.type != NULL) {
        const char *routing_key = incoming_origin(in).routing_key;
        in->receive = find_by_name(contract, in->properties.type, routing_key_major(routing_key),
                                   routing_key);
        in->envelope.type = in->receive != NULL ? in->receive->message->type : in->properties.type;
    }
    if (in->receive != NULL) {
        in->policy = in->receive->retry;
        return;
    }
    in->policy = default_policy;
    if (in->envelope.type == NULL) {
        kill_it(in, CLASS_UNIDENTIFIED,
                "neither header cloudEvents_type nor property type names the event");
    } else if (is_unknown_version(contract, in->envelope.type)) {
        struct fault fault;
        (void)fault_set(&fault, RETRY, "this version of the event is not known here (yet)");
        incoming_set_aside(in, &fault);
        if (in->fate == FATE_DEAD) {
            in->failure_class = CLASS_UNIDENTIFIED;
        }
    } else {
        kill_it(in, CLASS_UNIDENTIFIED, "no contract says that this queue hears this event type");
    }
}

/*
 * Only the operator's account may write to the default exchange, so what came that way is a retry,
 * a replay or a returned dead letter. Anything else must come from the exchange, with the key and
 * from the user of one contract.
 */
static void check_origin(struct incoming *in)
{
    const struct message *message = in->receive->message;
    if (in->exchange[0] == '\0') {
        return;
    }
    if (strcmp(in->exchange, message->exchange) != 0) {
        kill_it(in, CLASS_UNIDENTIFIED, "%s belongs to exchange %s, this came from another one",
                message->name, message->exchange);
    } else if (strcmp(in->routing_key, message->routing_key) != 0) {
        kill_it(in, CLASS_UNIDENTIFIED, "%s belongs to routing key %s, this came with another one",
                message->name, message->routing_key);
    } else if (in->properties.user_id == NULL ||
               strcmp(in->properties.user_id, message->service) != 0) {
        kill_it(in, CLASS_UNIDENTIFIED,
                "%s may be said by user %s only, and user_id says otherwise", message->name,
                message->service);
    }
}

static void check_id(struct incoming *in, const struct listener *listener, int64_t now_ms)
{
    const char *problem = envelope_read_id(in->properties.message_id,
                                           header_text(in, "cloudEvents_id"), &in->envelope.id);
    if (problem != NULL) {
        kill_it(in, CLASS_UNIDENTIFIED, "%s", problem);
        return;
    }
    if (in->is_retry) {
        return; /* age is judged on first arrival only */
    }
    int64_t born = ids_time_ms(&in->envelope.id);
    if (born > now_ms + ENVELOPE_FUTURE_MAX_MS) {
        kill_it(in, CLASS_FROM_THE_FUTURE, "the event id lies more than %d minutes in the future",
                ENVELOPE_FUTURE_MAX_MS / 60000);
    } else if (born < listener->oldest_ms) {
        kill_it(in, CLASS_TOO_OLD,
                "the event id is older than what the inbox can still tell apart");
    }
}

static bool read_uuid(const char *first, const char *second, struct uuid *out)
{
    return ids_parse(first, out) || ids_parse(second, out);
}

static const int64_t SECONDS_MAX = INT64_MAX / 1000000; /* PostgreSQL counts in microseconds */

/* What is no traceparent is none: it would go into our own events and into the log. */
static const char *read_traceparent(const struct incoming *in, struct arena *arena)
{
    char valid[TRACEPARENT_TEXT_BYTES];
    return http_traceparent(header_text(in, "traceparent"), valid)
               ? arena_text(arena, valid, strlen(valid))
               : NULL;
}

static void read_attributes(struct incoming *in, struct arena *arena)
{
    struct envelope *envelope = &in->envelope;
    envelope->source = header_text(in, "cloudEvents_source");
    envelope->subject = header_text(in, "cloudEvents_subject");
    envelope->traceparent = read_traceparent(in, arena);
    envelope->has_causation_id =
        ids_parse(header_text(in, "cloudEvents_causationid"), &envelope->causation_id);
    if (!read_uuid(header_text(in, "cloudEvents_correlationid"), in->properties.correlation_id,
                   &envelope->correlation_id)) {
        envelope->correlation_id = envelope->id; /* a story that begins here */
    }
    envelope->has_correlation_id = true;

    const struct header *sequence = properties_find(&in->properties, "cloudEvents_sequence");
    int64_t number = 0;
    if (sequence != NULL &&
        (sequence->is_number || text_int(sequence->text, 0, INT64_MAX, &number))) {
        envelope->sequence = sequence->is_number ? sequence->number : number;
    }
    const char *time = header_text(in, "cloudEvents_time");
    if (time == NULL || !text_date_time(time, strlen(time), &envelope->time_ms)) {
        int64_t seconds = in->properties.timestamp_s;
        envelope->time_ms = seconds >= 0 && seconds <= SECONDS_MAX ? seconds * 1000 : 0;
    }
    envelope->body = in->body;
    envelope->body_length = in->body_length;
}

/* Also of a version not known here: what is parked is read again, a batch at a time. */
static void check_size(struct incoming *in)
{
    if (in->body_sent > in->body_length) {
        kill_it(in, CLASS_CONTRACT_VIOLATION,
                "the body has %zu bytes, the limit is %d: only the first %zu of them were kept",
                in->body_sent, ENVELOPE_BODY_MAX_BYTES, in->body_length);
        return;
    }
    if (in->body_length > ENVELOPE_BODY_MAX_BYTES) {
        kill_it(in, CLASS_CONTRACT_VIOLATION, "the body has %zu bytes, the limit is %d",
                in->body_length, ENVELOPE_BODY_MAX_BYTES);
    }
}

void incoming_identify(struct incoming *in, const struct listener *listener, struct arena *arena,
                       int64_t now_ms)
{
    in->fate = FATE_OPEN;
    check_id(in, listener, now_ms);
    if (in->fate == FATE_OPEN) {
        find_receive(in, listener->contract);
    }
    if (in->fate != FATE_DEAD || in->body_sent > in->body_length) {
        check_size(in);
    }
    if (in->fate == FATE_OPEN) {
        check_origin(in);
    }
    if (in->fate == FATE_OPEN) {
        read_attributes(in, arena);
    }
}

void incoming_decode(struct incoming *in, struct arena *arena)
{
    crash_on(in->body, in->body_length);
    const char *problem =
        envelope_check_content(in->properties.content_type, in->properties.content_encoding);
    if (problem != NULL) {
        kill_it(in, CLASS_CONTRACT_VIOLATION, "%s", problem);
        return;
    }
    const struct shape *shape = in->receive->message->shape;
    in->event = arena_alloc(arena, shape->size);
    struct fault fault;
    if (codec_decode(shape, CODEC_OPEN, in->body, in->body_length, arena, in->event, &fault) !=
        OK) {
        kill_it(in, CLASS_CONTRACT_VIOLATION, "%s: %.*s", in->receive->message->name,
                REASON_BYTES - 100, fault.text);
    }
}

void incoming_set_aside(struct incoming *in, const struct fault *fault)
{
    in->attempts++;
    (void)snprintf(in->reason, sizeof in->reason, "%.*s", REASON_BYTES - 1, fault->text);
    if (fault->outcome == REJECT) {
        in->fate = FATE_DEAD;
        in->failure_class = CLASS_REJECTED;
    } else if (in->policy.attempts != ATTEMPTS_UNLIMITED && in->attempts >= in->policy.attempts) {
        in->fate = FATE_DEAD;
        in->failure_class = CLASS_RETRIES_EXHAUSTED;
    } else {
        in->fate = FATE_PARK;
    }
}

const char *incoming_clean_text(struct arena *arena, const char *text)
{
    size_t length = text != NULL ? strlen(text) : 0;
    if (length == 0) {
        return "";
    }
    bool is_utf8 = text_is_utf8(text, length, NULL);
    if (is_utf8 && !text_has_control(text, length)) {
        return text;
    }
    char *copy = arena_text(arena, text, length);
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)copy[i];
        if (c < 0x20 || c >= 0x7f) {
            copy[i] = '?';
        }
    }
    return copy;
}
