/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/replay/remake.h"

#include "contracts/jsonschema/value.h"
#include "core/clock.h"
#include "core/text.h"
#include "tools/replay/property_list.h"

#include <stdlib.h>
#include <string.h>

struct remaker {
    struct contract_set *contracts;
    struct checker *checker;
    struct check_verdict verdict;
    char run[UUID_TEXT_BYTES];
    bool is_direct;
    struct remake_kind **kinds;
    size_t kind_count;
    struct arena arena;
    struct buffer properties, described;
    struct json_object *body; /* upcast; owned */
};

enum outcome remaker_new(struct contract_set *contracts, const struct uuid *run,
                         struct remaker **out, struct fault *fault)
{
    struct remaker *remaker = xcalloc(1, sizeof *remaker);
    remaker->contracts = contracts;
    (void)ids_format(run, remaker->run);
    const struct check_options options = {.is_ours = true, .max_errors = 1};
    enum outcome o = checker_new(&contracts->asyncapi, &options, &remaker->checker, fault);
    if (o != OK) {
        remaker_free(remaker);
        return o;
    }
    *out = remaker;
    return OK;
}

void remaker_free(struct remaker *remaker)
{
    if (remaker != NULL) {
        checker_free(remaker->checker);
        check_verdict_done(&remaker->verdict);
        free(remaker->kinds);
        arena_done(&remaker->arena);
        buffer_done(&remaker->properties);
        buffer_done(&remaker->described);
        (void)json_object_put(remaker->body);
        free(remaker);
    }
}

void remaker_set_direct(struct remaker *remaker, bool is_direct)
{
    remaker->is_direct = is_direct;
}

/* The length of "fit.billing.PaymentCompleted.v" and the number behind it; 0: none. */
static size_t stem_of(const char *type, int64_t *major)
{
    const char *dot = strrchr(type, '.');
    return dot != NULL && dot[1] == 'v' && text_int(dot + 2, 1, 9999, major)
               ? (size_t)(dot - type) + 2
               : 0;
}

static void consider(struct remake_kind *kind, const struct model_message *message, size_t stem,
                     int64_t major)
{
    if (strcmp(message->type, kind->said) == 0) {
        kind->message = message;
        kind->upcast = NULL;
        return;
    }
    bool is_same_still = kind->message != NULL && kind->upcast == NULL;
    if (is_same_still || stem == 0 || strncmp(message->type, kind->said, stem) != 0 ||
        message->channel->major <= major ||
        (kind->message != NULL && kind->message->channel->major >= message->channel->major)) {
        return;
    }
    const struct node *mapping = upcast_find(message->at, major);
    if (mapping != NULL) {
        kind->message = message;
        kind->upcast = mapping;
    }
}

static void find_today(struct remaker *remaker, struct remake_kind *kind)
{
    int64_t major = 0;
    size_t stem = stem_of(kind->said, &major);
    for (size_t i = 0; i < remaker->contracts->service_count; i++) {
        const struct model_service *service = &remaker->contracts->services[i];
        for (size_t j = 0; j < service->channel_count; j++) {
            const struct model_channel *channel = &service->channels[j];
            for (size_t k = 0; k < channel->message_count; k++) {
                consider(kind, &channel->messages[k], stem, major);
            }
        }
    }
}

const struct remake_kind *remaker_kind(struct remaker *remaker, const char *said)
{
    for (size_t i = 0; i < remaker->kind_count; i++) {
        if (strcmp(remaker->kinds[i]->said, said) == 0) {
            return remaker->kinds[i];
        }
    }
    struct remake_kind *kind = arena_alloc(&remaker->arena, sizeof *kind);
    kind->said = arena_text(&remaker->arena, said, strlen(said));
    find_today(remaker, kind);
    remaker->kinds =
        xrealloc(remaker->kinds, (remaker->kind_count + 1) * sizeof(struct remake_kind *));
    remaker->kinds[remaker->kind_count++] = kind;
    return kind;
}

static enum outcome upcast_body(struct remaker *remaker, const struct history_event *event,
                                struct remade *out, struct fault *fault)
{
    (void)json_object_put(take(remaker->body));
    enum outcome o = value_read(event->body, event->body_length, &remaker->body, fault);
    if (o == OK) {
        o = upcast_apply(out->kind->upcast, remaker->body, fault);
    }
    if (o == OK) {
        out->body = json_object_to_json_string_length(
            remaker->body, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE,
            &out->body_length);
    }
    return o;
}

static enum outcome mark(struct remaker *remaker, const struct history_event *event,
                         struct remade *out, struct fault *fault)
{
    struct header more[6] = {{.name = REPLAY_HEADER, .text = remaker->run}};
    size_t count = 1;
    if (event->personal == HISTORY_ERASED) {
        more[count++] = (struct header){.name = REPLAY_ERASED_HEADER, .text = "true"};
    }
    if (out->kind->upcast != NULL) {
        more[count++] = (struct header){.name = REPLAY_UPCAST_HEADER, .text = out->kind->said};
        more[count++] =
            (struct header){.name = "cloudEvents_type", .text = out->kind->message->type};
    }
    if (remaker->is_direct) {
        more[count++] = (struct header){.name = "x-original-exchange", .text = out->exchange};
        more[count++] = (struct header){.name = "x-original-routingKey", .text = out->routing_key};
    }
    buffer_clear(&remaker->properties);
    enum outcome o = property_list_mark(event->properties, event->properties_length, more, count,
                                        &remaker->properties, fault);
    out->properties = remaker->properties.bytes;
    out->properties_length = remaker->properties.length;
    return o;
}

enum outcome remaker_make(struct remaker *remaker, const struct history_event *event,
                          struct remade *out, struct fault *fault)
{
    const struct remake_kind *kind = remaker_kind(remaker, event->type);
    if (kind->message == NULL) {
        return fault_set(fault, REJECT,
                         "no contract has it any more, and no x-upcast leads on from it");
    }
    if (event->personal == HISTORY_SEALED) {
        return fault_set(fault, REJECT,
                         "its personal values are sealed: give --keys-url to open them");
    }
    *out = (struct remade){
        .kind = kind,
        .exchange = kind->message->channel->owner->exchange,
        .routing_key = kind->message->channel->address,
        .body = event->body,
        .body_length = event->body_length,
    };
    enum outcome o = kind->upcast != NULL ? upcast_body(remaker, event, out, fault) : OK;
    return o == OK ? mark(remaker, event, out, fault) : o;
}

static enum outcome judge(struct remaker *remaker, const struct remade *remade,
                          struct json_object *properties, struct fault *fault)
{
    struct check_message message = {
        .exchange = remade->exchange,
        .routing_key = remade->routing_key,
        .properties = properties,
        .body = remade->body,
        .body_length = remade->body_length,
    };
    (void)json_object_object_get_ex(properties, "headers", &message.headers);
    struct check_verdict *verdict = &remaker->verdict;
    checker_message(remaker->checker, &message, clock_now_ms(), verdict);
    if (verdict->is_allowed) {
        return OK;
    }
    if (verdict->errors.count == 0) {
        return fault_set(fault, REJECT, "today's contract does not allow it");
    }
    const struct check_error *error = &verdict->errors.items[0];
    return fault_set(fault, REJECT, "today's contract does not allow it: %s%s %s",
                     check_part_name(error->part), error->instance, error->text);
}

enum outcome remaker_check(struct remaker *remaker, const struct remade *remade,
                           struct fault *fault)
{
    struct json_object *properties = NULL;
    buffer_clear(&remaker->described);
    enum outcome o = broker_properties_json(remade->properties, remade->properties_length,
                                            &remaker->described, fault);
    if (o == OK) {
        o = value_read(remaker->described.bytes, remaker->described.length, &properties, fault);
    }
    if (o == OK) {
        o = judge(remaker, remade, properties, fault);
    }
    (void)json_object_put(properties);
    return o;
}
