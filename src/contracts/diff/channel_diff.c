/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/diff/document.h"

#include <assert.h>
#include <string.h>

/* ---- Routing keys: what every binding matches. ---- */

static bool has_operation(const struct asyncapi *set, const struct asyncapi_channel *channel,
                          bool is_send)
{
    for (size_t i = 0; i < set->count; i++) {
        for (size_t o = 0; o < set->items[i].operation_count; o++) {
            const struct asyncapi_operation *operation = &set->items[i].operations[o];
            if (operation->is_send == is_send && operation->channel != NULL &&
                asyncapi_same_channel(operation->channel, channel)) {
                return true;
            }
        }
    }
    return false;
}

/* By a reference or in its own document: another channel with the same address does not count. */
static bool uses(const struct asyncapi *set, const struct asyncapi_channel *channel, bool is_send)
{
    for (size_t i = 0; i < set->count; i++) {
        for (size_t o = 0; o < set->items[i].operation_count; o++) {
            const struct asyncapi_operation *operation = &set->items[i].operations[o];
            if (operation->is_send == is_send && operation->channel != NULL &&
                operation->channel->at == channel->at) {
                return true;
            }
        }
    }
    return false;
}

static void tell_address(struct document_comparison *c, const struct asyncapi_channel *old,
                         const struct asyncapi_channel *new, enum diff_level level, unsigned sides,
                         const char *note)
{
    document_pin(c, new);
    document_tell(c, &(struct document_change){
                         .rule = C1,
                         .level = level,
                         .sides = sides,
                         .subject = document_subject(c, new->owner->service, new->key),
                         .old = old->at,
                         .new = new->at,
                         .before = old->address,
                         .after = new->address,
                         .note = note,
                     });
    document_pin(c, NULL);
}

/* The publisher uses another key: which queues of today lose or get it? */
static void judge_key(struct document_comparison *c, const struct asyncapi_channel *old,
                      const struct asyncapi_channel *new)
{
    bool is_told = false;
    for (size_t i = 0; i < c->old->count; i++) {
        const struct asyncapi_document *listener = &c->old->items[i];
        for (size_t o = 0; o < listener->operation_count; o++) {
            const struct asyncapi_operation *operation = &listener->operations[o];
            if (operation->is_send || operation->channel == NULL) {
                continue;
            }
            bool was = channel_matches(operation->channel, old);
            bool is = channel_matches(operation->channel, new);
            if (was && !channel_surely_matches(operation->channel, new)) {
                tell_address(c, old, new, DIFF_BREAKING, DIFF_FORWARD,
                             arena_printf(&c->arena, "the binding of %s, %s, no longer matches",
                                          listener->service, operation->channel->address));
                is_told = true;
            } else if (is && !was) {
                tell_address(c, old, new, DIFF_RISKY, DIFF_FORWARD,
                             arena_printf(&c->arena, "the binding of %s, %s, matches now",
                                          listener->service, operation->channel->address));
                is_told = true;
            }
        }
    }
    if (is_told) {
        return;
    }
    bool is_known = knows_listeners(c->old);
    tell_address(c, old, new, is_known ? DIFF_OK : DIFF_BREAKING, is_known ? 0U : DIFF_FORWARD,
                 is_known ? "every binding matches it as before" : "who listens is not known");
}

/* A consumer binds another key: what does it no longer get? */
static void judge_binding(struct document_comparison *c, const struct asyncapi_channel *old,
                          const struct asyncapi_channel *new)
{
    bool is_told = false;
    for (size_t i = 0; i < c->new->count; i++) {
        const struct asyncapi_document *publisher = &c->new->items[i];
        for (size_t o = 0; o < publisher->operation_count; o++) {
            const struct asyncapi_operation *operation = &publisher->operations[o];
            if (!operation->is_send || operation->channel == NULL) {
                continue;
            }
            bool was = channel_matches(old, operation->channel);
            bool is = was ? channel_surely_matches(new, operation->channel)
                          : channel_matches(new, operation->channel);
            if (was != is) {
                tell_address(c, old, new, was ? DIFF_BREAKING : DIFF_RISKY, DIFF_BACKWARD,
                             arena_printf(&c->arena, "%s of %s %s", operation->channel->address,
                                          publisher->service,
                                          was ? "is no longer heard" : "is heard now"));
                is_told = true;
            }
        }
    }
    if (!is_told) {
        tell_address(c, old, new, DIFF_TOPOLOGY, 0, "the queue must be bound anew");
    }
}

static void compare_address(struct document_comparison *c, const struct asyncapi_channel *old,
                            const struct asyncapi_channel *new)
{
    /* Another major version is another message: its removal is told as such. */
    if (same_or_none(old->address, new->address) ||
        address_major(old->address) != address_major(new->address)) {
        return;
    }
    bool only_reads =
        uses(c->new, new, false) && !uses(c->new, new, true) && !uses(c->old, old, true);
    if (only_reads) {
        judge_binding(c, old, new);
    } else {
        judge_key(c, old, new);
    }
}

/* ---- Exchanges and queues. ---- */

struct trait {
    const char *object, *name;
    const char *fallback; /* what it is when it is not written */
    enum diff_rule_id rule;
};

static const struct trait traits[] = {
    {"exchange", "name", NULL, C2},       {"exchange", "type", NULL, C2},
    {"exchange", "durable", "true", C2},  {"exchange", "autoDelete", "false", C2},
    {"exchange", "vhost", "/", C2},       {"queue", "name", NULL, C3},
    {"queue", "durable", "true", C3},     {"queue", "exclusive", "false", C3},
    {"queue", "autoDelete", "false", C3}, {"queue", "vhost", "/", C3},
    {"queue", "arguments", NULL, C3},     {"queue", "x-arguments", NULL, C3},
};

static const char *trait_text(struct document_comparison *c, const struct node *amqp,
                              const struct trait *trait)
{
    const struct node *object = node_find(amqp, trait->object);
    const struct node *value = node_find(object, trait->name);
    if (value == NULL) {
        return object != NULL ? trait->fallback : NULL;
    }
    return value->kind < NODE_LIST ? value->text : diff_text(&c->arena, value);
}

static const struct node *dead_letters(const struct node *amqp)
{
    static const char *const holders[] = {"arguments", "x-arguments"};
    const struct node *queue = node_find(amqp, "queue");
    const struct node *found = node_find(queue, "x-dead-letter-exchange");
    for (size_t i = 0; i < COUNT_OF(holders) && found == NULL; i++) {
        found = node_find(node_find(queue, holders[i]), "x-dead-letter-exchange");
    }
    return found;
}

static void compare_topology(struct document_comparison *c, const struct asyncapi_channel *old,
                             const struct asyncapi_channel *new)
{
    const char *subject = document_subject(c, new->owner->service, new->key);
    for (size_t i = 0; i < COUNT_OF(traits); i++) {
        const char *before = trait_text(c, old->amqp, &traits[i]);
        const char *after = trait_text(c, new->amqp, &traits[i]);
        if (!same_or_none(before, after)) {
            document_tell(c, &(struct document_change){
                                 .rule = traits[i].rule,
                                 .level = DIFF_TOPOLOGY,
                                 .subject = subject,
                                 .old = old->at,
                                 .new = new->at,
                                 .before = before,
                                 .after = after,
                                 .note = arena_printf(&c->arena, "%s of the %s", traits[i].name,
                                                      traits[i].object),
                             });
        }
    }
    if (dead_letters(old->amqp) != NULL && dead_letters(new->amqp) == NULL) {
        document_tell(c, &(struct document_change){
                             .rule = C4,
                             .level = DIFF_BREAKING,
                             .sides = DIFF_FORWARD | DIFF_BACKWARD,
                             .subject = subject,
                             .old = old->at,
                             .new = new->at,
                             .before = diff_text(&c->arena, dead_letters(old->amqp)),
                         });
    }
    if (!channel_same_exchange(old, new) && has_operation(c->old, old, true) &&
        (has_operation(c->old, old, false) || !knows_listeners(c->old))) {
        tell_address(c, old, new, DIFF_BREAKING, DIFF_FORWARD,
                     "queues of today are bound to another exchange");
    }
}

/* One that has lost its last publisher or its last listener, though it is still there. */
static void compare_ends(struct document_comparison *c, const struct asyncapi_channel *old,
                         const struct asyncapi_channel *new)
{
    static const struct {
        bool is_send;
        const char *note;
    } ends[] = {{true, "nobody publishes it any more"}, {false, "nobody listens any more"}};
    for (size_t i = 0; i < COUNT_OF(ends) && knows_listeners(c->old); i++) {
        if (has_operation(c->old, old, ends[i].is_send) &&
            !has_operation(c->new, new, ends[i].is_send) &&
            has_operation(c->new, new, !ends[i].is_send)) {
            document_tell(c, &(struct document_change){
                                 .rule = C5,
                                 .level = DIFF_RISKY,
                                 .subject = document_subject(c, new->owner->service, new->key),
                                 .old = old->at,
                                 .new = new->at,
                                 .before = old->address,
                                 .after = new->address,
                                 .note = ends[i].note,
                             });
        }
    }
}

void document_diff_channels(struct document_comparison *c, struct asyncapi_document *old,
                            struct asyncapi_document *new)
{
    for (size_t i = 0; i < old->channel_count; i++) {
        const struct asyncapi_channel *channel = &old->channels[i];
        const struct asyncapi_channel *other = channel_find(new, channel);
        if (other != NULL) {
            compare_address(c, channel, other);
            compare_topology(c, channel, other);
            compare_ends(c, channel, other);
            document_diff_parameters(c, channel, other);
            document_diff_channel_servers(c, channel, other);
        }
    }
}

/* ---- Operations. ---- */

static const struct asyncapi_operation *operation_find(const struct asyncapi_document *document,
                                                       const struct asyncapi_operation *operation)
{
    for (size_t i = 0; i < document->operation_count; i++) {
        if (strcmp(document->operations[i].key, operation->key) == 0) {
            return &document->operations[i];
        }
    }
    return NULL;
}

/* The same under another name: direction, and a message or the channel. */
static const struct asyncapi_operation *operation_alike(const struct asyncapi_document *document,
                                                        const struct asyncapi_operation *operation)
{
    for (size_t i = 0; i < document->operation_count; i++) {
        const struct asyncapi_operation *other = &document->operations[i];
        if (other->is_send == operation->is_send && other->channel != NULL &&
            operation->channel != NULL &&
            (asyncapi_same_channel(other->channel, operation->channel) ||
             strcmp(other->channel->key, operation->channel->key) == 0)) {
            return other;
        }
    }
    return NULL;
}

static void tell_operation(struct document_comparison *c, enum diff_rule_id rule,
                           enum diff_level level, unsigned sides,
                           const struct asyncapi_operation *old,
                           const struct asyncapi_operation *new, const char *note)
{
    const struct asyncapi_operation *one = new != NULL ? new : old;
    assert(one != NULL);
    document_tell(c, &(struct document_change){
                         .rule = rule,
                         .level = level,
                         .sides = sides,
                         .subject = document_subject(c, one->document->service, one->key),
                         .old = old != NULL ? old->at : NULL,
                         .new = new != NULL ? new->at : NULL,
                         .before = old == NULL    ? NULL
                                   : old->is_send ? "send"
                                                  : "receive",
                         .after = new == NULL    ? NULL
                                  : new->is_send ? "send"
                                                 : "receive",
                         .note = note,
                     });
}

static void tell_send_removed(struct document_comparison *c, const struct asyncapi_operation *old)
{
    const struct asyncapi_operation *heard = NULL;
    for (size_t i = 0; i < old->message_count && heard == NULL; i++) {
        heard = find_listener(c->new, old->messages[i]);
    }
    bool is_known = knows_listeners(c->old);
    bool breaks = heard != NULL || !is_known;
    tell_operation(c, O1, breaks ? DIFF_BREAKING : DIFF_OK, breaks ? DIFF_FORWARD : 0U, old, NULL,
                   heard != NULL ? arena_printf(&c->arena, "heard by %s (%s)",
                                                heard->document->service, heard->key)
                   : is_known    ? "nobody hears it"
                                 : "who hears it is not known");
}

/* What is not said is what the broker takes it for. */
static const struct {
    const char *name, *fallback;
    enum diff_level level;
} settings[] = {
    {"expiration", NULL, DIFF_RISKY},   {"userId", NULL, DIFF_RISKY},
    {"cc", NULL, DIFF_TOPOLOGY},        {"bcc", NULL, DIFF_TOPOLOGY},
    {"priority", "0", DIFF_RISKY},      {"deliveryMode", "1", DIFF_RISKY},
    {"mandatory", "false", DIFF_RISKY}, {"replyTo", NULL, DIFF_RISKY},
    {"timestamp", "false", DIFF_RISKY}, {"ack", "false", DIFF_RISKY},
};

static const struct node *binding_of(struct documents *documents,
                                     const struct asyncapi_operation *operation)
{
    const struct node *bindings = node_find(operation->at, "bindings");
    bindings = bindings != NULL ? ref_follow(documents, bindings) : NULL;
    const struct node *amqp = node_find(bindings, "amqp");
    return amqp != NULL ? ref_follow(documents, amqp) : NULL;
}

static const char *setting_text(struct document_comparison *c, const struct node *amqp,
                                size_t index)
{
    const struct node *value = node_find(amqp, settings[index].name);
    if (value == NULL) {
        return settings[index].fallback;
    }
    return value->kind < NODE_LIST ? value->text : diff_text(&c->arena, value);
}

static void compare_settings(struct document_comparison *c, const struct asyncapi_operation *old,
                             const struct asyncapi_operation *new)
{
    const struct node *was = binding_of(&c->old->documents, old);
    const struct node *is = binding_of(&c->new->documents, new);
    for (size_t i = 0; i < COUNT_OF(settings); i++) {
        const char *before = setting_text(c, was, i);
        const char *after = setting_text(c, is, i);
        const struct node *a = node_find(was, settings[i].name);
        const struct node *b = node_find(is, settings[i].name);
        if (!same_or_none(before, after)) {
            document_tell(c, &(struct document_change){
                                 .rule = O5,
                                 .level = settings[i].level,
                                 .subject = document_subject(c, new->document->service, new->key),
                                 .old = a != NULL ? a : old->at,
                                 .new = b != NULL ? b : new->at,
                                 .before = before,
                                 .after = after,
                                 .note = settings[i].name,
                             });
        }
    }
}

/* What the operation itself still does; its removal is told as such. */
static void compare_messages(struct document_comparison *c,
                             const struct asyncapi_operation *operation,
                             const struct asyncapi_operation *other,
                             const struct asyncapi_document *new)
{
    document_diff_said(c, operation, new);
    const struct operation_messages heard = operation_messages(operation, false);
    for (size_t i = 0; i < heard.count && other != NULL; i++) {
        const struct asyncapi_message *now =
            document_still_has(c, operation->document, new, heard.items[i]);
        if (now != NULL && !document_handles(new, false, now)) {
            tell_operation(c, O2, DIFF_TOPOLOGY, 0, operation, other,
                           arena_printf(&c->arena, "it no longer takes %s", heard.items[i]->name));
        }
    }
}

void document_diff_operations(struct document_comparison *c, struct asyncapi_document *old,
                              struct asyncapi_document *new)
{
    for (size_t i = 0; i < old->operation_count; i++) {
        const struct asyncapi_operation *operation = &old->operations[i];
        const struct asyncapi_operation *other = operation_find(new, operation);
        if (other != NULL && other->is_send != operation->is_send) {
            tell_operation(c, O3, DIFF_BREAKING, DIFF_FORWARD | DIFF_BACKWARD, operation, other,
                           NULL);
            continue;
        }
        if (other == NULL) {
            other = operation_alike(new, operation);
            if (other != NULL) {
                tell_operation(c, O4, DIFF_OK, 0, operation, other, "it has another key");
            } else if (operation->is_send) {
                tell_send_removed(c, operation);
                continue;
            } else {
                tell_operation(c, O2, DIFF_TOPOLOGY, 0, operation, NULL, NULL);
            }
        }
        if (other != NULL) {
            compare_settings(c, operation, other);
        }
        compare_messages(c, operation, other, new);
    }
    for (size_t i = 0; i < new->operation_count; i++) {
        if (operation_find(old, &new->operations[i]) == NULL &&
            operation_alike(old, &new->operations[i]) == NULL) {
            tell_operation(c, O4, DIFF_OK, 0, NULL, &new->operations[i], "it is new");
        }
    }
}
