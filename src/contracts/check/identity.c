/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/check/address.h"
#include "contracts/check/catalogue.h"
#include "contracts/similar.h"

#include <string.h>

/* Which message may it be, by where it was said and what it calls itself? */

static bool is_one_of(const char *text, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count && text != NULL; i++) {
        if (strcmp(text, texts[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* A queue's name is the routing key in the default exchange. */
static unsigned judge_queue(const struct asyncapi_channel *channel,
                            const struct check_origin *origin, const struct check_notes *notes)
{
    const char *queue = channel->queue != NULL ? channel->queue : channel->address;
    if (origin->exchange != NULL && origin->exchange[0] != '\0') {
        check_note(notes, CHECK_MESSAGE, "/exchange", channel->amqp,
                   "its channel is a queue, which the default exchange leads to");
    }
    if (origin->routing_key == NULL || queue == NULL) {
        return 0;
    }
    if (strcmp(origin->routing_key, queue) == 0) {
        return AGREES_KEY;
    }
    check_note(notes, CHECK_MESSAGE, "/routing_key", channel->amqp, "belongs to queue %s", queue);
    return 0;
}

static unsigned judge_exchange(const struct asyncapi_channel *channel,
                               const struct check_origin *origin, const struct check_notes *notes)
{
    if (origin->exchange == NULL || channel->exchange == NULL) {
        return 0;
    }
    if (strcmp(origin->exchange, channel->exchange) == 0) {
        return AGREES_EXCHANGE;
    }
    const struct node *exchange = node_find(channel->amqp, "exchange");
    check_note(notes, CHECK_MESSAGE, "/exchange", exchange != NULL ? exchange : channel->amqp,
               "belongs to exchange %s",
               channel->exchange[0] != '\0' ? channel->exchange : "\"\" (the default one)");
    return 0;
}

static unsigned judge_key(struct checker *checker, const struct asyncapi_channel *channel,
                          const struct check_origin *origin, const struct check_notes *notes)
{
    static const char *const without_key[] = {"fanout", "headers"};
    if (origin->routing_key == NULL || channel->address == NULL ||
        is_one_of(channel->exchange_type, without_key, COUNT_OF(without_key))) {
        return 0;
    }
    if (address_matches(&checker->set->documents, channel, origin->routing_key)) {
        return AGREES_KEY;
    }
    check_note(notes, CHECK_MESSAGE, "/routing_key", node_find(channel->at, "address"),
               "belongs to routing key %s", channel->address);
    return similar_distance(origin->routing_key, channel->address) != SIMILAR_FAR ? AGREES_NEARLY
                                                                                  : 0;
}

/* What comes through the default exchange to a service's queue is a retry, a replay or a returned
 * dead letter: the queue's service must hear it. */
static void judge_listener(struct checker *checker, const struct check_entry *entry,
                           const char *queue, const struct check_notes *notes)
{
    const struct asyncapi *set = checker->set;
    for (size_t d = 0; d < set->count && queue != NULL; d++) {
        const struct asyncapi_document *document = &set->items[d];
        if (strcmp(document->service, queue) != 0) {
            continue;
        }
        for (size_t o = 0; o < document->operation_count; o++) {
            const struct asyncapi_operation *operation = &document->operations[o];
            for (size_t m = 0; m < operation->message_count && !operation->is_send; m++) {
                if (asyncapi_same_message(operation->messages[m], entry->message)) {
                    return;
                }
            }
        }
        check_note(notes, CHECK_MESSAGE, "/routing_key", NULL,
                   "no contract says that queue %s hears it", document->service);
    }
}

static unsigned judge_place(struct checker *checker, const struct check_entry *entry,
                            const struct check_message *message, const struct check_notes *notes)
{
    const struct asyncapi_channel *channel = entry->message->channel;
    const struct check_origin origin = ours_origin(checker, message);
    if (channel->amqp != NULL && channel->exchange == NULL && channel->queue != NULL) {
        return judge_queue(channel, &origin, notes);
    }
    if (checker->options.is_ours && origin.exchange != NULL && origin.exchange[0] == '\0') {
        judge_listener(checker, entry, origin.routing_key, notes);
        return 0;
    }
    return judge_exchange(channel, &origin, notes) | judge_key(checker, channel, &origin, notes);
}

/* Ours have a type that is theirs alone; of others only a binding says that `type` tells it. */
static unsigned judge_type(struct checker *checker, const struct check_entry *entry,
                           const struct check_message *message, const struct check_notes *notes)
{
    const char *name = check_text(message->properties, "type");
    const char *event = check_text(message->headers, "cloudEvents_type");
    bool has_event = message->headers != NULL &&
                     json_object_object_get_ex(message->headers, "cloudEvents_type", NULL);
    if (checker->options.is_ours && has_event) {
        if (event != NULL && entry->type != NULL && strcmp(event, entry->type) == 0) {
            return AGREES_TYPE;
        }
        check_note(notes, CHECK_HEADERS, "/cloudEvents_type", NULL, "is another than %s",
                   entry->type != NULL ? entry->type : entry->label);
        return 0;
    }
    if (name != NULL && strcmp(name, entry->wire_type) == 0) {
        return AGREES_TYPE;
    }
    if (checker->options.is_ours) {
        check_note(notes, CHECK_PROPERTIES, "/type", NULL,
                   name != NULL ? "is another than %s"
                                : "is missing, and header cloudEvents_type: nothing says %s",
                   entry->message->name);
    }
    return 0;
}

unsigned identity_judge(struct checker *checker, const struct check_entry *entry,
                        const struct check_message *message, const struct check_notes *notes)
{
    const char *type = check_text(message->properties, "type");
    unsigned agrees =
        judge_place(checker, entry, message, notes) | judge_type(checker, entry, message, notes);
    /* Others' copies of the channel may have other values for the parameters of its address. */
    for (const struct check_entry *copy = entry->copy;
         copy != NULL && check_found(notes->errors) == 0; copy = copy->copy) {
        agrees |= judge_place(checker, copy, message, notes);
        agrees |= type != NULL && strcmp(type, copy->wire_type) == 0 ? AGREES_TYPE : 0;
    }
    return agrees;
}
