/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/diff/document.h"

#include "contracts/pointer.h"
#include "contracts/topic.h"
#include "core/buffer.h"
#include "core/text.h"

#include <string.h>

void document_tell(struct document_comparison *c, const struct document_change *change)
{
    const struct node *decides = change->new != NULL ? change->new : change->old;
    const struct diff_finding finding = {
        .rule = change->rule,
        .level = change->level,
        .sides = change->sides,
        .old_place = change->old != NULL ? change->old->place : (struct position){0},
        .new_place = change->new != NULL ? change->new->place : (struct position){0},
        .old_node = change->old,
        .new_node = change->new,
        .subject = change->subject,
        .path = "",
        .pointer = pointer_to(&c->arena, decides),
        .before = change->before != NULL ? change->before : "(none)",
        .after = change->after != NULL ? change->after : "(none)",
        .note = change->note,
        .is_error = change->is_error,
    };
    diff_add(c->diff, &finding);
}

const char *document_subject(struct document_comparison *c, const char *service, const char *what)
{
    const char *against = c->options->against;
    return arena_printf(&c->arena, "%s%s%s%s%s", service, what[0] != '\0' ? " " : "", what,
                        against != NULL ? " since " : "", against != NULL ? against : "");
}

void document_pin(struct document_comparison *c, const struct asyncapi_channel *channel)
{
    c->diff->is_pinned = channel != NULL && address_major(channel->address) > 0;
}

int64_t address_major(const char *address)
{
    const char *last = address != NULL ? strrchr(address, 'v') : NULL;
    int64_t major = 0;
    if (last == NULL || last == address || (last[-1] != '.' && last[-1] != '/') ||
        !text_int(last + 1, 0, INT32_MAX, &major)) {
        return 0;
    }
    return major;
}

bool same_or_none(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static struct asyncapi_document *only_given(const struct asyncapi *set)
{
    struct asyncapi_document *only = NULL;
    for (size_t i = 0; i < set->count; i++) {
        if (set->items[i].is_given) {
            if (only != NULL) {
                return NULL;
            }
            only = &set->items[i];
        }
    }
    return only;
}

static size_t common_ending(const char *a, const char *b)
{
    size_t left = strlen(a);
    size_t right = strlen(b);
    size_t count = 0;
    while (count < left && count < right && a[left - count - 1] == b[right - count - 1]) {
        count++;
    }
    return count;
}

/* Of several files with the service's name the one whose path is most alike: v1/orders.yaml is not
 * v2/orders.yaml. */
static struct asyncapi_document *find_named(const struct asyncapi *set,
                                            const struct asyncapi_document *document)
{
    struct asyncapi_document *best = NULL;
    size_t best_score = 0;
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->items[i].service, document->service) == 0) {
            size_t score = 1 + common_ending(set->items[i].file->path, document->file->path);
            best = score > best_score ? &set->items[i] : best;
            best_score = score > best_score ? score : best_score;
        }
    }
    if (best != NULL) {
        return best;
    }
    for (size_t i = 0; i < set->count; i++) {
        if (document->id != NULL && same_or_none(set->items[i].id, document->id)) {
            return &set->items[i];
        }
    }
    return NULL;
}

static size_t count_messages(const struct asyncapi_document *document)
{
    size_t count = 0;
    for (size_t i = 0; i < document->channel_count; i++) {
        count += document->channels[i].message_count;
    }
    return count;
}

/* The same message on the same channel. */
static size_t count_common(const struct asyncapi_document *a, const struct asyncapi_document *b)
{
    size_t count = 0;
    for (size_t i = 0; i < a->channel_count; i++) {
        for (size_t m = 0; m < a->channels[i].message_count; m++) {
            const struct asyncapi_message *message = &a->channels[i].messages[m];
            const struct asyncapi_message *other = message_find(b, message);
            count += other != NULL && asyncapi_same_message(message, other);
        }
    }
    return count;
}

/* Half of the messages of the larger one; 0: less. */
static size_t likeness(const struct asyncapi_document *a, const struct asyncapi_document *b)
{
    size_t common = count_common(a, b);
    size_t left = count_messages(a);
    size_t right = count_messages(b);
    return 2 * common >= (left > right ? left : right) ? common : 0;
}

/* Of those whose names the other version does not have. */
static struct asyncapi_document *find_alike(const struct asyncapi *set, const struct asyncapi *from,
                                            const struct asyncapi_document *document)
{
    struct asyncapi_document *best = NULL;
    size_t best_likeness = 0;
    for (size_t i = 0; i < set->count; i++) {
        size_t found =
            find_named(from, &set->items[i]) == NULL ? likeness(document, &set->items[i]) : 0;
        if (found > best_likeness) {
            best = &set->items[i];
            best_likeness = found;
        }
    }
    return best;
}

struct asyncapi_document *document_find(const struct asyncapi *set, const struct asyncapi *from,
                                        const struct asyncapi_document *document)
{
    struct asyncapi_document *found = find_named(set, document);
    if (found != NULL) {
        return found;
    }
    found = find_alike(set, from, document);
    return found != NULL && find_alike(from, set, found) == document ? found : NULL;
}

struct asyncapi_message *message_find(const struct asyncapi_document *document,
                                      const struct asyncapi_message *message)
{
    struct asyncapi_message *best = NULL;
    int best_score = 0;
    for (size_t c = 0; c < document->channel_count; c++) {
        struct asyncapi_channel *channel = &document->channels[c];
        for (size_t m = 0; m < channel->message_count; m++) {
            struct asyncapi_message *other = &channel->messages[m];
            if (strcmp(other->name, message->name) != 0 ||
                address_major(channel->address) != address_major(message->channel->address)) {
                continue;
            }
            int score = 1 + 2 * same_or_none(channel->address, message->channel->address) +
                        (strcmp(channel->key, message->channel->key) == 0);
            if (score > best_score) {
                best = other;
                best_score = score;
            }
        }
    }
    return best;
}

struct asyncapi_channel *channel_find(const struct asyncapi_document *document,
                                      const struct asyncapi_channel *channel)
{
    for (size_t i = 0; i < document->channel_count; i++) {
        if (strcmp(document->channels[i].key, channel->key) == 0) {
            return &document->channels[i];
        }
    }
    for (size_t i = 0; i < document->channel_count; i++) {
        if (asyncapi_same_channel(&document->channels[i], channel)) {
            return &document->channels[i];
        }
    }
    for (size_t i = 0; i < channel->message_count; i++) {
        struct asyncapi_message *message = message_find(document, &channel->messages[i]);
        if (message != NULL) {
            return message->channel;
        }
    }
    return NULL;
}

bool channel_same_exchange(const struct asyncapi_channel *a, const struct asyncapi_channel *b)
{
    return same_or_none(a->exchange, b->exchange) && same_or_none(a->vhost, b->vhost);
}

static bool matches(const struct asyncapi_channel *binding, const struct asyncapi_channel *key,
                    const char *address)
{
    const char *type = key->exchange_type;
    if (type != NULL && strcmp(type, "fanout") == 0) {
        return true;
    }
    return type == NULL || strcmp(type, "topic") == 0 ? topic_matches(binding->address, address)
                                                      : strcmp(binding->address, address) == 0;
}

bool channel_matches(const struct asyncapi_channel *binding, const struct asyncapi_channel *key)
{
    return binding->address != NULL && key->address != NULL &&
           channel_same_exchange(binding, key) && matches(binding, key, key->address);
}

bool channel_surely_matches(const struct asyncapi_channel *binding,
                            const struct asyncapi_channel *key)
{
    if (!channel_matches(binding, key)) {
        return false;
    }
    /* A word that no binding names: what a parameter may be filled with. */
    AUTO(buffer_done) struct buffer address = {0};
    for (const char *word = key->address; *word != '\0';) {
        size_t length = strcspn(word, ".");
        bool is_open = memchr(word, '{', length) != NULL;
        buffer_add(&address, is_open ? "?" : word, is_open ? 1 : length);
        word += length;
        if (*word == '.') {
            buffer_byte(&address, *word++);
        }
    }
    return binding->at == key->at || strcmp(binding->address, key->address) == 0 ||
           matches(binding, key, buffer_cstr(&address));
}

bool message_is_heard(const struct asyncapi_message *heard, const struct asyncapi_message *said)
{
    return asyncapi_same_message(heard, said) ||
           (strcmp(heard->name, said->name) == 0 && channel_matches(heard->channel, said->channel));
}

struct operation_messages operation_messages(const struct asyncapi_operation *operation,
                                             bool is_send)
{
    return operation->is_send == is_send
               ? (struct operation_messages){operation->messages, operation->message_count}
               : (struct operation_messages){operation->reply_messages,
                                             operation->reply_message_count};
}

static bool handles(const struct asyncapi_operation *operation, bool is_send,
                    const struct asyncapi_message *message)
{
    const struct operation_messages list = operation_messages(operation, is_send);
    for (size_t i = 0; i < list.count; i++) {
        if (message_is_heard(list.items[i], message)) {
            return true;
        }
    }
    return false;
}

static const struct asyncapi_operation *find_operation(const struct asyncapi_document *document,
                                                       const struct asyncapi_message *message,
                                                       bool is_send)
{
    for (size_t i = 0; i < document->operation_count; i++) {
        const struct asyncapi_operation *operation = &document->operations[i];
        if (handles(operation, is_send, message)) {
            return operation;
        }
    }
    return NULL;
}

const struct asyncapi_operation *find_listener(const struct asyncapi *set,
                                               const struct asyncapi_message *message)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct asyncapi_operation *found = find_operation(&set->items[i], message, false);
        if (found != NULL) {
            return found;
        }
    }
    return NULL;
}

bool is_sent(const struct asyncapi *set, const struct asyncapi_message *message)
{
    for (size_t i = 0; i < set->count; i++) {
        if (find_operation(&set->items[i], message, true) != NULL) {
            return true;
        }
    }
    return false;
}

bool is_sent_here(const struct asyncapi *set, const struct asyncapi_message *message)
{
    for (size_t i = 0; i < set->count; i++) {
        for (size_t o = 0; o < set->items[i].operation_count; o++) {
            const struct operation_messages list =
                operation_messages(&set->items[i].operations[o], true);
            for (size_t m = 0; m < list.count; m++) {
                if (list.items[m]->written == message->written) {
                    return true;
                }
            }
        }
    }
    return false;
}

bool is_sent_by_owner(const struct asyncapi_message *message)
{
    return find_operation(message->channel->owner, message, true) != NULL;
}

bool is_received_by_owner(const struct asyncapi_message *message)
{
    return find_operation(message->channel->owner, message, false) != NULL;
}

bool knows_listeners(const struct asyncapi *set)
{
    return set->count > 1;
}

static void tell_renamed(struct document_comparison *c, const struct asyncapi_document *old,
                         const struct asyncapi_document *new)
{
    bool has_id = old->id != NULL && same_or_none(old->id, new->id);
    document_tell(c,
                  &(struct document_change){
                      .rule = S1,
                      .level = DIFF_SOURCE,
                      .subject = document_subject(c, new->service, ""),
                      .old = old->file->root,
                      .new = new->file->root,
                      .before = old->service,
                      .after = new->service,
                      .note = has_id ? "the same id"
                                     : arena_printf(&c->arena, "%zu of %zu messages are the same",
                                                    count_common(old, new), count_messages(old)),
                  });
}

static void compare_documents(struct document_comparison *c, struct asyncapi_document *old,
                              struct asyncapi_document *new, bool is_pair)
{
    diff_next_group(c->diff);
    if (!is_pair && !c->options->is_history && strcmp(old->service, new->service) != 0) {
        tell_renamed(c, old, new);
    }
    document_diff_messages(c, old, new);
    if (!c->options->is_history) {
        document_diff_channels(c, old, new);
        document_diff_operations(c, old, new);
        document_diff_servers(c, old, new);
    }
    document_diff_version(c, old, new);
}

/* A service that is gone takes all its messages along. */
static void compare_removed(struct document_comparison *c, struct asyncapi_document *old)
{
    struct asyncapi_document nothing = {
        .file = old->file, .service = old->service, .version = old->version, .id = old->id};
    diff_next_group(c->diff);
    document_diff_messages(c, old, &nothing);
    if (!c->options->is_history) {
        document_diff_operations(c, old, &nothing);
    }
}

void document_diff(struct diff *diff, struct asyncapi *old, struct asyncapi *new,
                   const struct document_diff_options *options)
{
    struct document_comparison c = {.diff = diff, .old = old, .new = new, .options = options};
    /* Two files are two versions of one service, whatever they are called. */
    struct asyncapi_document *old_only = only_given(old);
    struct asyncapi_document *new_only = only_given(new);
    bool is_pair = old_only != NULL && new_only != NULL;
    for (size_t i = 0; i < old->count; i++) {
        struct asyncapi_document *document = &old->items[i];
        if (!document->is_given) {
            continue;
        }
        struct asyncapi_document *other = is_pair ? new_only : document_find(new, old, document);
        if (other != NULL) {
            compare_documents(&c, document, other, is_pair);
        } else {
            compare_removed(&c, document);
        }
    }
    diff_next_group(diff);
    if (!options->is_history) {
        document_diff_copies(&c);
    }
    arena_done(&c.arena);
}
