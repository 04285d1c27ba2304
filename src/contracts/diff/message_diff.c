/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/diff/document.h"
#include "contracts/diff/schema_diff.h"

#include <string.h>

static const struct node anything = {.kind = NODE_BOOLEAN, .text = "true", .integer = 1};

/* ---- Payload and headers. ---- */

/* Schemas of other languages are only known to be the same or not. */
static bool is_json_schema(const char *format)
{
    return format == NULL || strstr(format, "asyncapi") != NULL ||
           strstr(format, "schema+json") != NULL || strstr(format, "schema+yaml") != NULL;
}

static void compare_foreign(struct document_comparison *c, const struct asyncapi_message *old,
                            const struct asyncapi_message *new, const char *subject)
{
    if (old->payload != NULL && new->payload != NULL && same_value(old->payload, new->payload)) {
        return;
    }
    document_tell(c, &(struct document_change){
                         .rule = P32,
                         .level = DIFF_UNKNOWN,
                         .sides = DIFF_FORWARD | DIFF_BACKWARD,
                         .subject = subject,
                         .old = old->payload != NULL ? old->payload : old->at,
                         .new = new->payload != NULL ? new->payload : new->at,
                         .before = diff_text(&c->arena, old->payload),
                         .after = diff_text(&c->arena, new->payload),
                         .note = "the schema is no JSON Schema, and it was changed",
                     });
}

/* What is published by one version and read by the other. */
static void compare_schemas(struct document_comparison *c, const struct node *old,
                            const struct node *new, unsigned sides, const char *subject)
{
    if (old == NULL && new == NULL) {
        return;
    }
    const struct schema_version before = {&c->old->documents, old != NULL ? old : &anything};
    const struct schema_version after = {&c->new->documents, new != NULL ? new : &anything};
    const struct schema_diff_options options = {
        .subject = subject,
        .sides = sides,
        .is_closed = true,
        .is_wire_only = c->options->is_history,
        .is_extended = true,
    };
    (void)schema_diff(c->diff, &before, &after, &options);
}

static unsigned sides_of(const struct document_comparison *c, const struct asyncapi_message *old,
                         const struct asyncapi_message *new)
{
    if (c->options->is_history) {
        return DIFF_BACKWARD;
    }
    bool only_reads = is_received_by_owner(new) && !is_sent(c->old, old) && !is_sent(c->new, new);
    return only_reads ? DIFF_BACKWARD : DIFF_FORWARD | DIFF_BACKWARD;
}

/* ---- What else a message has. ---- */

static const char *encoding_of(const struct asyncapi_message *message)
{
    return node_find_text(node_find(node_find(message->at, "bindings"), "amqp"), "contentEncoding");
}

static void compare_words(struct document_comparison *c, const struct asyncapi_message *old,
                          const struct asyncapi_message *new, unsigned sides, const char *subject)
{
    const struct {
        const char *name;
        const char *old, *new;
    } words[] = {
        {"contentType", old->content_type, new->content_type},
        {"schemaFormat", old->schema_format, new->schema_format},
        {"contentEncoding", encoding_of(old), encoding_of(new)},
    };
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (!same_or_none(words[i].old, words[i].new)) {
            document_tell(c, &(struct document_change){
                                 .rule = M4,
                                 .level = DIFF_BREAKING,
                                 .sides = sides,
                                 .subject = subject,
                                 .old = old->at,
                                 .new = new->at,
                                 .before = words[i].old,
                                 .after = words[i].new,
                                 .note = words[i].name,
                             });
        }
    }
    const char *before = node_find_text(old->correlation_id, "location");
    const char *after = node_find_text(new->correlation_id, "location");
    if (before != NULL && !same_or_none(before, after) && (sides & DIFF_FORWARD) != 0) {
        document_tell(c, &(struct document_change){
                             .rule = M5,
                             .level = DIFF_BREAKING,
                             .sides = DIFF_FORWARD,
                             .subject = subject,
                             .old = old->correlation_id,
                             .new = new->correlation_id != NULL ? new->correlation_id : new->at,
                             .before = before,
                             .after = after,
                         });
    }
    if (strcmp(old->key, new->key) != 0) {
        document_tell(c, &(struct document_change){
                             .rule = M3,
                             .level = DIFF_OK,
                             .subject = subject,
                             .old = old->at,
                             .new = new->at,
                             .before = old->key,
                             .after = new->key,
                         });
    }
}

static void compare_message(struct document_comparison *c, const struct asyncapi_message *old,
                            const struct asyncapi_message *new)
{
    const char *subject = document_subject(c, new->channel->owner->service, new->name);
    unsigned sides = sides_of(c, old, new);
    size_t from = c->diff->count;
    if (is_json_schema(old->schema_format) && is_json_schema(new->schema_format)) {
        compare_schemas(c, old->payload, new->payload, sides, subject);
    } else {
        compare_foreign(c, old, new, subject);
    }
    compare_schemas(c, old->headers, new->headers, sides,
                    document_subject(c, new->channel->owner->service,
                                     arena_printf(&c->arena, "%s (headers)", new->name)));
    compare_words(c, old, new, sides, subject);
    document_pin(c, from, new->channel);
}

/* ---- Messages that came or went. ---- */

static const char *name_listener(struct document_comparison *c,
                                 const struct asyncapi_operation *listener)
{
    return arena_printf(&c->arena, "heard by %s (%s)", listener->document->service, listener->key);
}

static void tell_removed(struct document_comparison *c, const struct asyncapi_message *old)
{
    bool only_reads = is_received_by_owner(old) && !is_sent(c->old, old);
    if (only_reads) {
        return; /* nobody depends on what it reads: its operations tell */
    }
    const struct asyncapi_operation *now = find_listener(c->new, old);
    const struct asyncapi_operation *before = find_listener(c->old, old);
    struct document_change change = {
        .rule = M1,
        .level = DIFF_OK,
        .subject = document_subject(c, old->channel->owner->service, old->name),
        .old = old->at,
        .before = old->name,
        .note = "nobody hears it",
    };
    if (now != NULL || !knows_listeners(c->old)) {
        change.level = DIFF_BREAKING;
        change.sides = DIFF_FORWARD;
        change.note = now != NULL ? name_listener(c, now) : "who hears it is not known";
    } else if (before != NULL) {
        change.level = DIFF_RISKY;
        change.sides = DIFF_FORWARD;
        change.note = arena_printf(&c->arena, "%s until now", name_listener(c, before));
    }
    size_t from = c->diff->count;
    document_tell(c, &change);
    document_pin(c, from, old->channel);
}

/* Operations of others that take whatever the channel has. */
static const struct asyncapi_operation *find_taker_of_all(const struct asyncapi *set,
                                                          const struct asyncapi_channel *channel)
{
    for (size_t i = 0; i < set->count; i++) {
        for (size_t o = 0; o < set->items[i].operation_count; o++) {
            const struct asyncapi_operation *operation = &set->items[i].operations[o];
            if (!operation->is_send && !operation->names_messages && operation->channel != NULL &&
                (asyncapi_same_channel(operation->channel, channel) ||
                 channel_matches(operation->channel, channel))) {
                return operation;
            }
        }
    }
    return NULL;
}

static void tell_added(struct document_comparison *c, const struct asyncapi_document *old,
                       const struct asyncapi_message *new)
{
    const struct asyncapi_channel *channel = channel_find(old, new->channel);
    const struct asyncapi_operation *taker =
        channel != NULL ? find_taker_of_all(c->old, channel) : NULL;
    document_tell(c, &(struct document_change){
                         .rule = M2,
                         .level = taker != NULL ? DIFF_RISKY : DIFF_OK,
                         .sides = taker != NULL ? DIFF_FORWARD : 0,
                         .subject = document_subject(c, new->channel->owner->service, new->name),
                         .new = new->at,
                         .after = new->name,
                         .note = taker != NULL ? name_listener(c, taker) : "a new message",
                     });
}

void document_diff_messages(struct document_comparison *c, struct asyncapi_document *old,
                            struct asyncapi_document *new)
{
    for (size_t i = 0; i < old->channel_count; i++) {
        for (size_t m = 0; m < old->channels[i].message_count; m++) {
            const struct asyncapi_message *message = &old->channels[i].messages[m];
            const struct asyncapi_message *other = message_find(new, message);
            if (other != NULL) {
                compare_message(c, message, other);
            } else if (!c->options->is_history) {
                tell_removed(c, message);
            }
        }
    }
    for (size_t i = 0; i < new->channel_count && !c->options->is_history; i++) {
        for (size_t m = 0; m < new->channels[i].message_count; m++) {
            if (message_find(old, &new->channels[i].messages[m]) == NULL) {
                tell_added(c, old, &new->channels[i].messages[m]);
            }
        }
    }
}

/* ---- A publisher's schema and a consumer's own copy of it. ---- */

static enum verdict fits(struct document_comparison *c, struct asyncapi *set, struct diff *diff,
                         const struct asyncapi_message *said, const struct asyncapi_message *heard,
                         const char *subject)
{
    const struct schema_version copy = {&set->documents,
                                        heard->payload != NULL ? heard->payload : &anything};
    const struct schema_version origin = {&set->documents,
                                          said->payload != NULL ? said->payload : &anything};
    const struct schema_diff_options options = {
        .subject = subject, .sides = DIFF_FORWARD, .is_closed = true, .is_extended = true};
    (void)c;
    return schema_diff(diff, &copy, &origin, &options).forward;
}

/* It was so before: not a finding of this change. */
static bool was_so(struct document_comparison *c, const struct asyncapi_message *said,
                   const struct asyncapi_message *heard)
{
    const struct asyncapi_document *publisher = document_find(c->old, said->channel->owner);
    const struct asyncapi_document *consumer = document_find(c->old, heard->channel->owner);
    const struct asyncapi_message *old_said =
        publisher != NULL ? message_find(publisher, said) : NULL;
    const struct asyncapi_message *old_heard =
        consumer != NULL ? message_find(consumer, heard) : NULL;
    if (old_said == NULL || old_heard == NULL) {
        return false;
    }
    struct diff unseen = {0};
    enum verdict verdict = fits(c, c->old, &unseen, old_said, old_heard, "");
    diff_done(&unseen);
    return verdict != VERDICT_YES;
}

static void compare_copy(struct document_comparison *c, const struct asyncapi_message *said,
                         const struct asyncapi_message *heard)
{
    if (!is_json_schema(said->schema_format) || !is_json_schema(heard->schema_format)) {
        return;
    }
    struct diff found = {0};
    const char *subject = document_subject(
        c, said->channel->owner->service,
        arena_printf(&c->arena, "%s as heard by %s", said->name, heard->channel->owner->service));
    enum verdict verdict = fits(c, c->new, &found, said, heard, subject);
    if (verdict != VERDICT_YES && !was_so(c, said, heard)) {
        for (size_t i = 0; i < found.count; i++) {
            struct diff_finding finding = found.items[i];
            if (finding.level < DIFF_UNKNOWN) {
                continue;
            }
            finding.note = arena_printf(&c->arena, "%s: expected %s, published %s",
                                        diff_rules[finding.rule].id, finding.before, finding.after);
            finding.rule = X1;
            diff_add(c->diff, &finding);
        }
    }
    diff_done(&found);
}

static void compare_copies(struct document_comparison *c, const struct asyncapi_document *publisher,
                           const struct asyncapi_message *heard)
{
    for (size_t i = 0; i < publisher->channel_count; i++) {
        for (size_t m = 0; m < publisher->channels[i].message_count; m++) {
            const struct asyncapi_message *said = &publisher->channels[i].messages[m];
            if (said->at != heard->at && message_is_heard(heard, said) && is_sent_by_owner(said)) {
                compare_copy(c, said, heard);
            }
        }
    }
}

void document_diff_copies(struct document_comparison *c)
{
    for (size_t i = 0; i < c->new->count; i++) {
        const struct asyncapi_document *consumer = &c->new->items[i];
        for (size_t o = 0; o < consumer->operation_count; o++) {
            const struct asyncapi_operation *operation = &consumer->operations[o];
            for (size_t m = 0; !operation->is_send && m < operation->message_count; m++) {
                const struct asyncapi_message *heard = operation->messages[m];
                for (size_t p = 0; p < c->new->count; p++) {
                    const struct asyncapi_document *publisher = &c->new->items[p];
                    if (publisher != heard->channel->owner) {
                        compare_copies(c, publisher, heard);
                    }
                }
            }
        }
    }
}
