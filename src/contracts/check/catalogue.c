/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/check/catalogue.h"

#include "contracts/key_index.h"
#include "contracts/node_set.h"
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
    return ref_follow(documents, node_find(ref_follow(documents, bindings), "amqp"));
}

/* ---- what cannot be read ---- */

static bool is_at(struct position a, struct position b)
{
    return a.line == b.line && a.column == b.column && strcmp(a.path, b.path) == 0;
}

/* Why the reference leads nowhere, as loading has found it. */
static const char *why_lost(const struct checker *checker, const struct node *ref)
{
    const struct findings *findings = &checker->set->documents.findings;
    for (size_t i = 0; i < findings->count; i++) {
        if (is_at(findings->items[i].place, ref->place)) {
            return findings->items[i].text;
        }
    }
    return "a reference cannot be followed";
}

/* Notes the first reference that leads nowhere; false when this is one. */
static bool can_follow(struct checker *checker, struct check_entry *entry, const struct node *node)
{
    if (node == NULL || ref_follow(&checker->set->documents, node) != NULL) {
        return true;
    }
    if (entry->unjudged == NULL) {
        entry->because = node_find(node, "$ref");
        entry->unjudged = why_lost(checker, entry->because);
    }
    return false;
}

/* The same of each entry of a list or map, which may be a reference itself. */
static void follow_each(struct checker *checker, struct check_entry *entry, const struct node *node)
{
    const struct node *at =
        can_follow(checker, entry, node) ? ref_follow(&checker->set->documents, node) : NULL;
    bool is_many = at != NULL && (at->kind == NODE_LIST || at->kind == NODE_MAP);
    for (const struct node *each = is_many ? at->first : NULL; each != NULL; each = each->next) {
        (void)can_follow(checker, entry, each);
    }
}

/* Everything that tells the message from others, or what it may hold; what is inside its schemas is
 * seen when they are compiled. */
static void look_for_gaps(struct checker *checker, struct check_entry *entry)
{
    static const char *const single[] = {"payload", "headers", "correlationId"};
    const struct asyncapi_message *message = entry->message;
    if (!can_follow(checker, entry, message->written)) {
        return;
    }
    follow_each(checker, entry, node_find(message->channel->at, "bindings"));
    follow_each(checker, entry, node_find(message->channel->at, "parameters"));
    follow_each(checker, entry, message->channel->amqp);
    follow_each(checker, entry, node_find(message->written, "traits"));
    follow_each(checker, entry, node_find(message->at, "bindings"));
    for (size_t i = 0; i < COUNT_OF(single); i++) {
        (void)can_follow(checker, entry, node_find(message->at, single[i]));
    }
}

/* ---- entries ---- */

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
    look_for_gaps(checker, entry);
}

/* Only what shares a key is compared: a catalogue may have thousands. */
static void join_copies(struct checker *checker)
{
    struct key_index index = {0};
    for (size_t i = 0; i < checker->count; i++) {
        const struct asyncapi_message *message = checker->entries[i].message;
        key_index_add(&index, key_hash(message->channel->identity, message->name), i);
    }
    key_index_sort(&index);
    for (size_t i = 0; i < index.count; i++) {
        struct check_entry *entry = &checker->entries[index.items[i].value];
        struct check_entry *last = entry;
        for (size_t j = i + 1;
             j < index.count && index.items[j].key == index.items[i].key && entry->first == NULL;
             j++) {
            struct check_entry *other = &checker->entries[index.items[j].value];
            if (other->first == NULL && asyncapi_same_message(entry->message, other->message)) {
                other->first = entry;
                last->copy = other;
                last = other;
            }
        }
    }
    key_index_done(&index);
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
    struct key_index index = {0};
    for (size_t i = 0; i < checker->count; i++) {
        struct check_entry *entry = &checker->entries[i];
        entry->same = entry;
        key_index_add(&index, (uint64_t)(uintptr_t)entry->message->written, i);
    }
    key_index_sort(&index);
    for (size_t i = 0; i < index.count && !checker->options.is_ours; i++) {
        struct check_entry *entry = &checker->entries[index.items[i].value];
        size_t j = i;
        while (j > 0 && index.items[j - 1].key == index.items[i].key) {
            j--;
        }
        for (; j < i; j++) {
            if (is_same(&checker->entries[index.items[j].value], entry)) {
                entry->same = &checker->entries[index.items[j].value];
                break;
            }
        }
    }
    key_index_done(&index);
}

static const struct node *messages_of(struct checker *checker,
                                      const struct asyncapi_channel *channel)
{
    const struct node *messages =
        ref_follow(&checker->set->documents, node_find(channel->at, "messages"));
    return messages != NULL && messages->kind == NODE_MAP ? messages : NULL;
}

static void add_messages(struct checker *checker, struct asyncapi_channel *channel)
{
    for (size_t i = 0; i < channel->message_count; i++) {
        add_entry(checker, &channel->messages[i]);
    }
    /* Those that the model leaves out, because nobody can read them: one may come. */
    const struct node *messages = messages_of(checker, channel);
    for (const struct node *each = messages != NULL ? messages->first : NULL; each != NULL;
         each = each->next) {
        if (ref_follow(&checker->set->documents, each) == NULL) {
            struct asyncapi_message *message = arena_alloc(&checker->arena, sizeof *message);
            *message = (struct asyncapi_message){.at = each,
                                                 .written = each,
                                                 .key = each->key,
                                                 .name = each->key,
                                                 .channel = channel};
            add_entry(checker, message);
        }
    }
}

static size_t count_messages(struct checker *checker)
{
    const struct asyncapi *set = checker->set;
    size_t count = 0;
    for (size_t d = 0; d < set->count; d++) {
        for (size_t c = 0; c < set->items[d].channel_count; c++) {
            const struct node *messages = messages_of(checker, &set->items[d].channels[c]);
            count += messages != NULL ? messages->count : 0;
        }
    }
    return count;
}

enum outcome catalogue_init(struct checker *checker, struct fault *fault)
{
    const struct asyncapi *set = checker->set;
    size_t count = count_messages(checker);
    if (count == 0) {
        return fault_set(fault, REJECT, "the contracts have no channel with a message");
    }
    if (count > CHECK_CATALOGUE_MAX) {
        return fault_set(fault, REJECT,
                         "the contracts have %zu messages, more than %d: give fewer documents",
                         count, CHECK_CATALOGUE_MAX);
    }
    struct node_set seen = {0};
    checker->entries = xcalloc(count, sizeof *checker->entries);
    for (size_t d = 0; d < set->count; d++) {
        for (size_t c = 0; c < set->items[d].channel_count; c++) {
            /* A channel of a shared file belongs to each document that lists it, and is one. */
            if (node_set_add(&seen, set->items[d].channels[c].at)) {
                add_messages(checker, &set->items[d].channels[c]);
            }
        }
    }
    node_set_done(&seen);
    join_copies(checker);
    join_same(checker);
    return OK;
}

void catalogue_done(struct checker *checker)
{
    for (size_t i = 0; i < checker->count; i++) {
        jsonschema_free(checker->entries[i].payload);
        jsonschema_free(checker->entries[i].headers);
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
    if (schema == NULL || entry->unjudged != NULL) {
        return;
    }
    if (jsonschema_compile(&checker->set->documents, schema, &options, out, &fault) != OK) {
        entry->unjudged =
            arena_printf(&checker->arena, "the contract's schema is wrong: %s", fault.text);
        entry->because = schema;
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
        entry->is_foreign = true;
        entry->note = arena_printf(&checker->arena, "payload not judged: schemaFormat %s",
                                   message->schema_format);
    } else {
        compile(checker, entry, message->payload, checker->options.is_sender, &entry->payload);
    }
    /* Always open: brokers and tracing add headers of their own. */
    compile(checker, entry, message->headers, false, &entry->headers);
}

void checker_each_unjudged(struct checker *checker, struct check_entry *entry, checker_see *see,
                           void *context)
{
    for (size_t i = 0; i < checker->count; i++) {
        struct check_entry *each = &checker->entries[i];
        if (entry != NULL && each != entry && each->first != entry) {
            continue;
        }
        catalogue_compile(checker, each);
        if (each->unjudged != NULL) {
            see(context, each->label, each->unjudged);
        } else if (each->is_foreign) {
            see(context, each->label,
                arena_printf(&checker->arena, "payload of schemaFormat %s",
                             each->message->schema_format));
        }
    }
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

/* Why a name may be missing. */
static const char *gap_hint(const struct checker *checker)
{
    return checker->set->documents.findings.count > 0 ? "; not all of the contracts could be read"
                                                      : "";
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
        return fault_set(fault, REJECT, "no message is called \"%s\"; did you mean \"%s\"?%s", name,
                         nearest, gap_hint(checker));
    }
    AUTO(buffer_done) struct buffer some = {0};
    for (size_t i = 0; i < checker->count && i < TOLD_NAMES_MAX; i++) {
        buffer_printf(&some, "%s%s", i > 0 ? ", " : "", checker->entries[i].label);
    }
    return fault_set(fault, REJECT, "no message is called \"%s\"; there %s %s%s%s", name,
                     checker->count == 1 ? "is" : "are", buffer_cstr(&some),
                     checker->count > TOLD_NAMES_MAX ? ", …" : "", gap_hint(checker));
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
