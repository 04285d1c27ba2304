/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/check/catalogue.h"

#include "contracts/similar.h"
#include "core/buffer.h"
#include "core/text.h"

#include <stdlib.h>
#include <string.h>

enum { TOLD_NAMES_MAX = 5 };

/* "billing.payment-completed.v1" → "v1"; NULL when there is none. */
static const char *version_of(const char *address)
{
    const char *dot = address != NULL ? strrchr(address, '.') : NULL;
    int64_t major = 0;
    return dot != NULL && dot[1] == 'v' && text_int(dot + 2, 1, 9999, &major) ? dot + 1 : NULL;
}

/* Its AMQP message binding, NULL when there is none. */
const struct node *catalogue_binding(struct documents *documents,
                                     const struct asyncapi_message *message)
{
    const struct node *bindings = node_find(message->at, "bindings");
    bindings = bindings != NULL ? ref_follow(documents, bindings) : NULL;
    const struct node *amqp = node_find(bindings, "amqp");
    return amqp != NULL ? ref_follow(documents, amqp) : NULL;
}

static void add_entry(struct checker *checker, const struct asyncapi_message *message)
{
    const struct asyncapi_channel *channel = message->channel;
    const char *service = channel->owner->service;
    const char *version = version_of(channel->address);
    struct check_entry *entry = &checker->entries[checker->count++];
    const char *wire_type =
        node_find_text(catalogue_binding(&checker->set->documents, message), "messageType");
    entry->message = message;
    entry->wire_type = wire_type != NULL ? wire_type : message->name;
    entry->label = arena_printf(&checker->arena, "%s.%s", service, message->name);
    entry->qualified =
        arena_printf(&checker->arena, "%s.%s.%s", service, channel->key, message->name);
    if (version != NULL) {
        entry->type =
            arena_printf(&checker->arena, "fit.%s.%s.%s", service, message->name, version);
    }
}

/* A channel of a shared file belongs to each document that lists it, and is one. */
static bool is_known(const struct checker *checker, const struct asyncapi_message *message)
{
    for (size_t i = 0; i < checker->count; i++) {
        const struct asyncapi_message *known = checker->entries[i].message;
        if (known->channel->at == message->channel->at && strcmp(known->key, message->key) == 0) {
            return true;
        }
    }
    return false;
}

static void join_copies(struct checker *checker)
{
    for (size_t i = 0; i < checker->count; i++) {
        struct check_entry *entry = &checker->entries[i];
        struct check_entry *last = entry;
        for (size_t j = i + 1; j < checker->count && entry->first == NULL; j++) {
            struct check_entry *other = &checker->entries[j];
            if (other->first == NULL && asyncapi_same_message(entry->message, other->message)) {
                other->first = entry;
                last->copy = other;
                last = other;
            }
        }
    }
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* What has copies is judged by more than itself. */
static bool is_same(const struct check_entry *a, const struct check_entry *b)
{
    const struct asyncapi_message *left = a->message;
    const struct asyncapi_message *right = b->message;
    bool are_alone = a->first == NULL && b->first == NULL && a->copy == NULL && b->copy == NULL;
    return are_alone && left->written == right->written && strcmp(left->name, right->name) == 0 &&
           same_text(left->content_type, right->content_type);
}

/* Not ours: each of those belongs to one channel, which its type is told by. */
static void join_same(struct checker *checker)
{
    for (size_t i = 0; i < checker->count; i++) {
        struct check_entry *entry = &checker->entries[i];
        entry->same = entry;
        for (size_t j = 0; j < i && !checker->options.is_ours; j++) {
            if (is_same(&checker->entries[j], entry)) {
                entry->same = &checker->entries[j];
                break;
            }
        }
    }
}

static size_t count_messages(const struct asyncapi *set)
{
    size_t count = 0;
    for (size_t d = 0; d < set->count; d++) {
        for (size_t c = 0; c < set->items[d].channel_count; c++) {
            count += set->items[d].channels[c].message_count;
        }
    }
    return count;
}

enum outcome catalogue_init(struct checker *checker, struct fault *fault)
{
    const struct asyncapi *set = checker->set;
    size_t count = count_messages(set);
    if (count == 0) {
        return fault_set(fault, REJECT, "the contracts have no channel with a message");
    }
    if (count > CHECK_CATALOGUE_MAX) {
        return fault_set(fault, REJECT,
                         "the contracts have %zu messages, more than %d: give fewer documents",
                         count, CHECK_CATALOGUE_MAX);
    }
    checker->entries = xcalloc(count, sizeof *checker->entries);
    for (size_t d = 0; d < set->count; d++) {
        for (size_t c = 0; c < set->items[d].channel_count; c++) {
            const struct asyncapi_channel *channel = &set->items[d].channels[c];
            for (size_t m = 0; m < channel->message_count; m++) {
                if (!is_known(checker, &channel->messages[m])) {
                    add_entry(checker, &channel->messages[m]);
                }
            }
        }
    }
    join_copies(checker);
    join_same(checker);
    return OK;
}

void catalogue_done(struct checker *checker)
{
    for (size_t i = 0; i < checker->count; i++) {
        jsonschema_free(checker->entries[i].payload);
        jsonschema_free(checker->entries[i].headers);
        free(checker->entries[i].broken);
    }
    free(checker->entries);
    arena_done(&checker->arena);
}

/* What our validator understands; AsyncAPI's own Schema Object is draft-07 and annotations. */
static bool is_json_schema(const char *format)
{
    static const char *const beginnings[] = {
        "application/vnd.aai.asyncapi;",
        "application/vnd.aai.asyncapi+json;",
        "application/vnd.aai.asyncapi+yaml;",
        "application/schema+json;version=draft-07",
        "application/schema+yaml;version=draft-07",
    };
    for (size_t i = 0; i < COUNT_OF(beginnings) && format != NULL; i++) {
        if (text_starts_with(format, beginnings[i])) {
            return true;
        }
    }
    return format == NULL;
}

static void compile(struct checker *checker, struct check_entry *entry, const struct node *schema,
                    bool is_closed, struct jsonschema **out)
{
    const struct jsonschema_options options = {.ignores_format = checker->options.ignores_format,
                                               .is_closed = is_closed};
    struct fault fault;
    if (schema == NULL || entry->broken != NULL) {
        return;
    }
    if (jsonschema_compile(&checker->set->documents, schema, &options, out, &fault) != OK) {
        entry->broken = xstrdup(fault.text);
    }
}

void catalogue_compile(struct checker *checker, struct check_entry *entry)
{
    if (entry->is_compiled) {
        return;
    }
    const struct asyncapi_message *message = entry->message;
    entry->is_compiled = true;
    if (message->payload == NULL) {
        entry->note = "the contract says nothing about the payload";
    } else if (!is_json_schema(message->schema_format)) {
        entry->note = "the payload's schemaFormat is none that can be judged here";
    } else {
        compile(checker, entry, message->payload, checker->options.is_sender, &entry->payload);
    }
    /* Always open: brokers and tracing add headers of their own. */
    compile(checker, entry, message->headers, false, &entry->headers);
}

/* Names */

static bool is_named(const struct check_entry *entry, const char *name)
{
    return strcmp(entry->message->name, name) == 0 || strcmp(entry->label, name) == 0 ||
           strcmp(entry->qualified, name) == 0 ||
           (entry->type != NULL && strcmp(entry->type, name) == 0) ||
           strcmp(entry->message->key, name) == 0;
}

/* Whatever the name, the same payloads are allowed. */
static bool is_judged_alike(const struct check_entry *a, const struct check_entry *b)
{
    const struct asyncapi_message *left = a->message;
    const struct asyncapi_message *right = b->message;
    return a->copy == NULL && b->copy == NULL && left->payload == right->payload &&
           same_text(left->content_type, right->content_type);
}

static enum outcome unknown(const struct checker *checker, const char *name, struct fault *fault)
{
    const char *nearest = NULL;
    int best = SIMILAR_FAR;
    for (size_t i = 0; i < checker->count; i++) {
        const struct check_entry *entry = &checker->entries[i];
        const char *const names[] = {entry->message->name, entry->label, entry->type};
        for (size_t n = 0; n < COUNT_OF(names); n++) {
            int distance = names[n] != NULL ? similar_distance(name, names[n]) : SIMILAR_FAR;
            if (distance < best) {
                best = distance;
                nearest = names[n];
            }
        }
    }
    if (nearest != NULL) {
        return fault_set(fault, REJECT, "no message is called \"%s\"; did you mean \"%s\"?", name,
                         nearest);
    }
    AUTO(buffer_done) struct buffer some = {0};
    for (size_t i = 0; i < checker->count && i < TOLD_NAMES_MAX; i++) {
        buffer_printf(&some, "%s%s", i > 0 ? ", " : "", checker->entries[i].label);
    }
    return fault_set(fault, REJECT, "no message is called \"%s\"; there %s %s%s", name,
                     checker->count == 1 ? "is" : "are", buffer_cstr(&some),
                     checker->count > TOLD_NAMES_MAX ? ", …" : "");
}

static enum outcome ambiguous(const struct checker *checker, const char *name, struct fault *fault)
{
    AUTO(buffer_done) struct buffer names = {0};
    size_t count = 0;
    for (size_t i = 0; i < checker->count; i++) {
        const struct check_entry *entry = &checker->entries[i];
        if (entry->first == NULL && is_named(entry, name) && count++ < TOLD_NAMES_MAX) {
            buffer_printf(&names, "%s%s", count > 1 ? ", " : "", entry->qualified);
        }
    }
    return fault_set(fault, REJECT, "\"%s\" may be %zu messages: %s%s; give one of these names",
                     name, count, buffer_cstr(&names), count > TOLD_NAMES_MAX ? ", …" : "");
}

enum outcome checker_find(struct checker *checker, const char *name, struct check_entry **out,
                          struct fault *fault)
{
    struct check_entry *found = NULL;
    for (size_t i = 0; i < checker->count; i++) {
        struct check_entry *named = &checker->entries[i];
        struct check_entry *entry = named->first != NULL ? named->first : named;
        if (!is_named(named, name) || entry == found) {
            continue;
        }
        if (found != NULL && !is_judged_alike(found, entry)) {
            return ambiguous(checker, name, fault);
        }
        found = found != NULL ? found : entry;
    }
    if (found == NULL) {
        return unknown(checker, name, fault);
    }
    *out = found;
    return OK;
}
