/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/choreography.h"

#include "contracts/key_index.h"
#include "contracts/similar.h"
#include "contracts/topic.h"

#include <stdlib.h>
#include <string.h>

enum {
    WORDS_COMPARED = 4, /* of two addresses, before they are matched */
    /* Names that are looked through for what was meant, in one run. */
    NEAR_COMPARISONS_MAX = 500 * 1000,
};

/* One way that messages take: into a channel (a send, or the reply to a receive) or out of it. */
struct end {
    const struct asyncapi_operation *operation;
    const struct asyncapi_channel *channel;
    struct asyncapi_message *const *messages;
    size_t message_count;
    bool is_meant_elsewhere; /* x-external */
    /* What tells most pairs of channels apart at once. */
    bool is_plain; /* the address has neither parameters nor wildcards */
    bool is_odd;   /* what it leads to, or comes from, is not told by an equal address */
    uint64_t address_hash, exchange_hash;
    uint64_t words[WORDS_COMPARED]; /* hashes of the first ones; 0: any word, or none */
    size_t word_count;              /* 0: any number */
};

/* All that speak, or all that listen. */
struct side {
    struct end *ends;
    size_t count;
    struct key_index by_address; /* those that are not odd */
    struct key_index odd;        /* the others, all under one key */
};

struct flow {
    struct lint *lint;
    struct side speakers, listeners;
    size_t given;      /* documents that were asked for */
    size_t *near_left; /* of NEAR_COMPARISONS_MAX */
};

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool is_fanout(const struct end *end)
{
    return same_text(end->channel->exchange_type, "fanout");
}

/* The words up to the first one after which there may be any number. A parameter's name with a dot
 * in it is no word. */
static void read_words(struct end *end)
{
    size_t count = 0;
    for (const char *at = end->channel->address; at != NULL;) {
        size_t length = strcspn(at, ".");
        bool opens = memchr(at, '{', length) != NULL;
        bool closes = memchr(at, '}', length) != NULL;
        if (opens != closes || memchr(at, '#', length) != NULL) {
            return;
        }
        if (count < WORDS_COMPARED && !opens && memchr(at, '*', length) == NULL) {
            end->words[count] = key_hash_bytes(KEY_HASH_START, at, length) | 1;
        }
        count++;
        at = at[length] == '.' ? at + length + 1 : NULL;
    }
    end->word_count = count;
}

static void add_end(struct flow *flow, bool speaks, const struct end *end)
{
    struct side *side = speaks ? &flow->speakers : &flow->listeners;
    if (end->channel == NULL) {
        return;
    }
    if ((side->count & (side->count - 1)) == 0) { /* full at every power of two */
        side->ends =
            xrealloc(side->ends, (side->count > 0 ? side->count * 2 : 1) * sizeof side->ends[0]);
    }
    struct end *added = &side->ends[side->count++];
    const char *address = end->channel->address;
    *added = *end;
    added->is_plain = address != NULL && strpbrk(address, "{*#") == NULL;
    added->is_odd = !added->is_plain || (!speaks && is_fanout(added));
    added->address_hash = key_hash(KEY_HASH_START, address);
    added->exchange_hash = key_hash(KEY_HASH_START, end->channel->exchange);
    read_words(added);
    if (added->is_odd) {
        key_index_add(&side->odd, 0, side->count - 1);
    } else {
        key_index_add(&side->by_address, added->address_hash, side->count - 1);
    }
}

static void add_operation(struct flow *flow, const struct asyncapi_operation *operation)
{
    const struct node *channel = operation->channel != NULL ? operation->channel->at : NULL;
    struct end end = {
        .operation = operation,
        .channel = operation->channel,
        .messages = operation->messages,
        .message_count = operation->message_count,
        .is_meant_elsewhere = choreography_says_true(operation->at, "x-external") ||
                              choreography_says_true(channel, "x-external"),
    };
    add_end(flow, operation->is_send, &end);
    end.channel = operation->reply_channel;
    end.messages = operation->reply_messages;
    end.message_count = operation->reply_message_count;
    add_end(flow, !operation->is_send, &end);
}

static void collect(struct flow *flow)
{
    const struct asyncapi *set = flow->lint->set;
    for (size_t i = 0; i < set->count; i++) {
        flow->given += set->items[i].is_given;
        for (size_t j = 0; j < set->items[i].operation_count; j++) {
            add_operation(flow, &set->items[i].operations[j]);
        }
    }
    key_index_sort(&flow->speakers.by_address);
    key_index_sort(&flow->listeners.by_address);
}

/* The ends of the other side that `end` may lead to, or come from: those of the same address and
 * those that are odd; for an odd one all. */
struct partners {
    const struct side *side;
    bool are_all;
    size_t next, same_count;
    const struct key_entry *same;
};

static struct partners partners_of(const struct end *end, const struct side *side)
{
    struct partners partners = {.side = side, .are_all = end->is_odd};
    partners.same = key_index_find(&side->by_address, end->address_hash, &partners.same_count);
    return partners;
}

/* NULL after the last. */
static const struct end *next_partner(struct partners *partners)
{
    const struct side *side = partners->side;
    size_t at = partners->next++;
    if (partners->are_all) {
        return at < side->count ? &side->ends[at] : NULL;
    }
    if (at < partners->same_count) {
        return &side->ends[partners->same[at].value];
    }
    at -= partners->same_count;
    return at < side->odd.count ? &side->ends[side->odd.items[at].value] : NULL;
}

static void side_done(struct side *side)
{
    free(side->ends);
    key_index_done(&side->by_address);
    key_index_done(&side->odd);
}

/* Two addresses without an exchange, where parameters may have other names. */
static bool same_address(const char *a, const char *b)
{
    while (*a != '\0' && *b != '\0') {
        if (*a == '{' && *b == '{') {
            a += strcspn(a, "}");
            b += strcspn(b, "}");
        } else if (*a++ != *b++) {
            return false;
        }
    }
    return *a == *b;
}

static bool channel_leads_to(const struct asyncapi_channel *from, const struct asyncapi_channel *to)
{
    if (asyncapi_same_channel(from, to)) {
        return true;
    }
    if (from->address == NULL || to->address == NULL) {
        return false;
    }
    if (from->amqp == NULL || to->amqp == NULL) {
        return same_address(from->address, to->address);
    }
    if (from->exchange == NULL || !same_text(from->exchange, to->exchange) ||
        !same_text(from->vhost, to->vhost)) {
        return false;
    }
    if (same_text(to->exchange_type, "fanout")) {
        return true;
    }
    return same_text(to->exchange_type, "direct") ? same_address(from->address, to->address)
                                                  : topic_matches(to->address, from->address);
}

/* Words that both have and that differ, whatever the exchange does with patterns. */
static bool have_other_words(const struct end *a, const struct end *b)
{
    for (size_t i = 0; i < WORDS_COMPARED; i++) {
        if (a->words[i] != 0 && b->words[i] != 0 && a->words[i] != b->words[i]) {
            return true;
        }
    }
    return a->word_count != 0 && b->word_count != 0 && a->word_count != b->word_count;
}

/* What is said at one end comes out at the other. */
static bool leads_to(const struct end *from, const struct end *to)
{
    bool have_exchanges = from->channel->exchange != NULL && to->channel->exchange != NULL;
    if (from->channel->at == to->channel->at) {
        return true;
    }
    if (have_exchanges && from->exchange_hash != to->exchange_hash) {
        return false;
    }
    if (from->is_plain && !to->is_odd && from->address_hash != to->address_hash) {
        return false;
    }
    if (have_other_words(from, to) && !is_fanout(to)) {
        return false;
    }
    return channel_leads_to(from->channel, to->channel);
}

static bool names(const struct end *end, const struct asyncapi_message *message)
{
    for (size_t i = 0; i < end->message_count; i++) {
        if (end->messages[i]->at == message->at ||
            strcmp(end->messages[i]->name, message->name) == 0) {
            return true;
        }
    }
    return false;
}

/* Teams that keep copies of a channel may call its messages otherwise. */
static bool carries(const struct end *from, const struct end *to,
                    const struct asyncapi_message *message, const struct end *other)
{
    return leads_to(from, to) && (from->channel->at != to->channel->at || names(other, message));
}

/* Who reads a queue does not say what it is bound to, the bindings of AsyncAPI have no word for it:
 * a message of that name on an exchange may be the one. */
static bool may_reach_queue(const struct end *from, const struct end *to,
                            const struct asyncapi_message *message, const struct end *other)
{
    return from->channel->exchange != NULL && to->channel->queue != NULL &&
           same_text(from->channel->vhost, to->channel->vhost) && names(other, message);
}

static bool is_published(const struct flow *flow, const struct end *listener,
                         const struct asyncapi_message *message)
{
    struct partners speakers = partners_of(listener, &flow->speakers);
    const struct end *speaker = NULL;
    while ((speaker = next_partner(&speakers)) != NULL) {
        if (carries(speaker, listener, message, speaker)) {
            return true;
        }
    }
    for (size_t i = 0; i < flow->speakers.count && listener->channel->queue != NULL; i++) {
        speaker = &flow->speakers.ends[i];
        if (may_reach_queue(speaker, listener, message, speaker)) {
            return true;
        }
    }
    return false;
}

static bool is_heard(const struct flow *flow, const struct end *speaker,
                     const struct asyncapi_message *message)
{
    struct partners listeners = partners_of(speaker, &flow->listeners);
    const struct end *listener = NULL;
    while ((listener = next_partner(&listeners)) != NULL) {
        if (carries(speaker, listener, message, listener)) {
            return true;
        }
    }
    for (size_t i = 0; i < flow->listeners.count; i++) {
        listener = &flow->listeners.ends[i];
        if (may_reach_queue(speaker, listener, message, listener)) {
            return true;
        }
    }
    return false;
}

/* Documents of other people are compared when they speak with each other at all: a folder may hold
 * several systems. One flag for each document. */
static bool *find_connected(const struct flow *flow)
{
    const struct asyncapi *set = flow->lint->set;
    bool *connected = xcalloc(set->count + 1, sizeof *connected);
    for (size_t i = 0; i < flow->speakers.count; i++) {
        const struct end *speaker = &flow->speakers.ends[i];
        const struct asyncapi_document *from = speaker->operation->document;
        struct partners listeners = partners_of(speaker, &flow->listeners);
        const struct end *listener = NULL;
        while ((listener = next_partner(&listeners)) != NULL) {
            const struct asyncapi_document *to = listener->operation->document;
            bool is_known = connected[from - set->items] && connected[to - set->items];
            if (from != to && !is_known && leads_to(speaker, listener)) {
                connected[from - set->items] = true;
                connected[to - set->items] = true;
            }
        }
    }
    return connected;
}

/* Where the operation says which channel it means, or itself. */
static struct position place_of(const struct end *end)
{
    return end->operation->written->key_place;
}

static const char *near_address(const struct flow *flow, const struct end *listener)
{
    const char *near = NULL;
    int best = SIMILAR_FAR;
    for (size_t i = 0; i<flow->speakers.count && * flow->near_left> 0; i++) {
        const char *address = flow->speakers.ends[i].channel->address;
        (*flow->near_left)--;
        int distance = address != NULL && listener->channel->address != NULL
                           ? similar_distance(listener->channel->address, address)
                           : SIMILAR_FAR;
        if (distance < best) {
            best = distance;
            near = address;
        }
    }
    return near;
}

static bool has_speaker_on_exchange(const struct flow *flow, const struct end *listener)
{
    for (size_t i = 0; i < flow->speakers.count; i++) {
        if (listener->channel->exchange != NULL &&
            flow->speakers.ends[i].exchange_hash == listener->exchange_hash &&
            same_text(flow->speakers.ends[i].channel->exchange, listener->channel->exchange)) {
            return true;
        }
    }
    return false;
}

static bool is_pattern(const struct asyncapi_channel *channel)
{
    return channel->address != NULL && same_text(channel->exchange_type, "topic") &&
           topic_has_wildcard(channel->address);
}

static void judge_listener(const struct flow *flow, const struct end *listener)
{
    struct lint *lint = flow->lint;
    bool can_tell = lint->is_ours || flow->given > 1;
    if (!can_tell || listener->is_meant_elsewhere || listener->channel->address == NULL) {
        return;
    }
    for (size_t i = 0; i < listener->message_count; i++) {
        const struct asyncapi_message *message = listener->messages[i];
        if (is_published(flow, listener, message) ||
            choreography_says_true(message->at, "x-external")) {
            continue;
        }
        if (is_pattern(listener->channel) && has_speaker_on_exchange(flow, listener)) {
            lint_add(lint, &choreography_unreachable_binding, place_of(listener),
                     "the binding key %s matches nothing that is said on the exchange %s",
                     listener->channel->address, listener->channel->exchange);
            return;
        }
        const char *near = near_address(flow, listener);
        lint_add(lint, &choreography_consumed_not_published, place_of(listener),
                 "%s waits for %s at %s, and nobody says it there%s%s%s", listener->operation->key,
                 message->name, listener->channel->address, near != NULL ? ": did you mean " : "",
                 near != NULL ? near : "", near != NULL ? "?" : "");
    }
}

static void judge_speaker(const struct flow *flow, const struct end *speaker)
{
    if (flow->given < 2 || speaker->is_meant_elsewhere || speaker->channel->address == NULL) {
        return;
    }
    for (size_t i = 0; i < speaker->message_count; i++) {
        const struct asyncapi_message *message = speaker->messages[i];
        if (!is_heard(flow, speaker, message) &&
            !choreography_says_true(message->at, "x-external")) {
            lint_add(flow->lint, &choreography_published_not_consumed, place_of(speaker),
                     "%s says %s and nobody hears it: write x-external: true if others do",
                     speaker->operation->key, message->name);
        }
    }
}

/* What a pattern brings although the operation does not list it. */
static void judge_surplus(const struct flow *flow, const struct end *listener)
{
    if (!is_pattern(listener->channel) || listener->message_count == 0) {
        return;
    }
    for (size_t i = 0; i < flow->speakers.count; i++) {
        const struct end *speaker = &flow->speakers.ends[i];
        if (speaker->channel->at == listener->channel->at || !leads_to(speaker, listener)) {
            continue;
        }
        for (size_t j = 0; j < speaker->message_count; j++) {
            if (!names(listener, speaker->messages[j])) {
                lint_add(flow->lint, &choreography_binding_matches_more, place_of(listener),
                         "the binding key %s also brings %s, said at %s, which %s does not expect",
                         listener->channel->address, speaker->messages[j]->name,
                         speaker->channel->address, listener->operation->key);
            }
        }
    }
}

/* x-dead-letter-exchange, in the queue itself or in one of the maps that people keep arguments in.
 */
static const struct node *queue_argument(const struct node *queue, const char *name)
{
    static const char *const maps[] = {"arguments", "x-arguments", "x-queue-arguments"};
    const struct node *found = node_find(queue, name);
    for (size_t i = 0; i < COUNT_OF(maps) && found == NULL; i++) {
        found = node_find(node_find(queue, maps[i]), name);
    }
    return found != NULL && found->kind == NODE_STRING ? found : NULL;
}

static bool has_queue_of_name(const struct asyncapi *set, const char *name)
{
    for (size_t i = 0; i < set->count; i++) {
        for (size_t j = 0; j < set->items[i].channel_count; j++) {
            if (same_text(set->items[i].channels[j].queue, name)) {
                return true;
            }
        }
    }
    return false;
}

static bool has_listener_on_exchange(const struct flow *flow, const char *exchange)
{
    for (size_t i = 0; i < flow->listeners.count; i++) {
        if (same_text(flow->listeners.ends[i].channel->exchange, exchange)) {
            return true;
        }
    }
    return false;
}

static void judge_dead_letters(const struct flow *flow, const struct asyncapi_channel *channel)
{
    struct lint *lint = flow->lint;
    const struct node *part = channel->queue != NULL ? node_find(channel->amqp, "queue") : NULL;
    const struct node *queue = ref_follow(lint->documents, part);
    const struct node *exchange = queue_argument(queue, "x-dead-letter-exchange");
    const struct node *key = queue_argument(queue, "x-dead-letter-routing-key");
    if (exchange == NULL) {
        return;
    }
    if (exchange->text[0] != '\0' && !has_listener_on_exchange(flow, exchange->text)) {
        lint_add(lint, &choreography_dead_letter_without_queue, exchange->place,
                 "no operation receives from the dead-letter exchange %s: what dies in %s is lost",
                 exchange->text, channel->queue);
    }
    /* The default exchange brings everything to the queue that the key names. */
    if (exchange->text[0] == '\0' && key != NULL && !has_queue_of_name(lint->set, key->text)) {
        lint_add(lint, &choreography_dead_letter_without_queue, key->place,
                 "no channel declares the queue %s: what dies in %s is lost", key->text,
                 channel->queue);
    }
}

static void judge_operations(const struct flow *flow, const struct asyncapi_document *document)
{
    for (size_t i = 0; i < flow->listeners.count; i++) {
        if (flow->listeners.ends[i].operation->document == document) {
            judge_listener(flow, &flow->listeners.ends[i]);
            judge_surplus(flow, &flow->listeners.ends[i]);
        }
    }
    for (size_t i = 0; i < flow->speakers.count; i++) {
        if (flow->speakers.ends[i].operation->document == document) {
            judge_speaker(flow, &flow->speakers.ends[i]);
        }
    }
}

void choreography_flow(struct lint *lint)
{
    size_t near_left = NEAR_COMPARISONS_MAX;
    struct flow flow = {.lint = lint, .near_left = &near_left};
    collect(&flow);
    bool *connected = find_connected(&flow);
    for (size_t i = 0; i < lint->set->count; i++) {
        const struct asyncapi_document *document = &lint->set->items[i];
        for (size_t j = 0; j < document->channel_count; j++) {
            judge_dead_letters(&flow, &document->channels[j]);
        }
        if (document->is_given && (lint->is_ours || connected[i])) {
            judge_operations(&flow, document);
        }
    }
    free(connected);
    side_done(&flow.speakers);
    side_done(&flow.listeners);
}
