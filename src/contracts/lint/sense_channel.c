/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/sense.h"

#include "contracts/lint/location.h"
#include "core/text.h"

#include <stdlib.h>
#include <string.h>

enum {
    AMQP_NAME_MAX_BYTES = 255, /* a short string of AMQP 0-9-1 */
    VALUES_MAX = 1000,         /* of one parameter: each is looked up in the others */
    SAME_ADDRESS_MAX = 100,    /* channels of one address that are compared with each other */
};

/* Whether the braces are pairs around names. */
static bool is_well_formed(const char *address)
{
    for (const char *at = address; (at = strpbrk(at, "{}")) != NULL;) {
        size_t name = *at == '{' ? strcspn(at + 1, "{}") : 0;
        if (name == 0 || at[1 + name] != '}') {
            return false;
        }
        at += name + 2;
    }
    return true;
}

/* The places of an address that parameters fill. */
static void judge_places(struct lint *lint, const struct node *address,
                         const struct node *parameters)
{
    for (const char *at = address->text; (at = strchr(at, '{')) != NULL;) {
        size_t length = strcspn(++at, "}");
        AUTO(free_text) char *name = xstrndup(at, length);
        if (node_find(parameters, name) == NULL) {
            lint_add(lint, &sense_address_parameter_undeclared, address->place,
                     "the address has a place for \"%s\", but the channel has no such parameter",
                     name);
        }
        at += length;
    }
}

static bool has_place(const char *address, const char *name)
{
    AUTO(free_text) char *place = xasprintf("{%s}", name);
    return address != NULL && strstr(address, place) != NULL;
}

static void judge_location(struct lint *lint, const struct asyncapi_channel *channel,
                           const struct node *parameter)
{
    const struct node *location = node_find(parameter, "location");
    if (location == NULL || location->kind != NODE_STRING) {
        return;
    }
    for (size_t i = 0; i < channel->message_count; i++) {
        const struct asyncapi_message *message = &channel->messages[i];
        const char *missing = NULL;
        if (location_find(lint->documents, message, location->text, NULL, &missing) ==
            SCHEMA_ABSENT) {
            lint_add(lint, &sense_parameter_location_undeclared, location->place,
                     "the parameter is said to be at %s, but %s declares no \"%s\" there",
                     location->text, message->name, missing);
        }
    }
}

static bool is_listed(const struct node *list, const struct node *value)
{
    for (const struct node *each = list->first; each != NULL; each = each->next) {
        if (each->text != NULL && value->text != NULL && strcmp(each->text, value->text) == 0) {
            return true;
        }
    }
    return false;
}

static void judge_values(struct lint *lint, const struct node *parameter)
{
    const struct node *list = node_find(parameter, "enum");
    const struct node *fallback = node_find(parameter, "default");
    const struct node *examples = node_find(parameter, "examples");
    if (list == NULL || list->kind != NODE_LIST || list->count > VALUES_MAX) {
        return;
    }
    if (fallback != NULL && !is_listed(list, fallback)) {
        lint_add(lint, &sense_parameter_default, fallback->place,
                 "the default is none of the values that enum lists");
    }
    for (const struct node *each =
             examples != NULL && examples->kind == NODE_LIST && examples->count <= VALUES_MAX
                 ? examples->first
                 : NULL;
         each != NULL; each = each->next) {
        if (!is_listed(list, each)) {
            lint_add(lint, &sense_parameter_default, each->place,
                     "the example is none of the values that enum lists");
        }
    }
}

static void judge_parameters(struct lint *lint, const struct asyncapi_channel *channel)
{
    const struct node *address = node_find(channel->at, "address");
    const struct node *parameters =
        ref_follow(lint->documents, node_find(channel->at, "parameters"));
    bool has_address = address != NULL && address->kind == NODE_STRING;
    if (has_address && !is_well_formed(address->text)) {
        lint_add(lint, &sense_address_malformed, address->place,
                 "the braces of the address must be pairs around a name, as in orders.{orderId}");
        return;
    }
    if (has_address) {
        judge_places(lint, address, parameters);
    }
    for (const struct node *each =
             parameters != NULL && parameters->kind == NODE_MAP ? parameters->first : NULL;
         each != NULL; each = each->next) {
        if (has_address && !has_place(address->text, each->key)) {
            lint_add(lint, &sense_parameter_unused, each->key_place,
                     "the address has no place {%s} for this parameter", each->key);
        }
        judge_location(lint, channel, ref_follow(lint->documents, each));
        judge_values(lint, ref_follow(lint->documents, each));
    }
}

static void judge_query(struct lint *lint, const struct asyncapi_channel *channel)
{
    const struct node *address = node_find(channel->at, "address");
    const char *mark = channel->address != NULL ? strpbrk(channel->address, "?#") : NULL;
    if (mark == NULL || address == NULL) {
        return;
    }
    /* A # that is a word of its own is the wildcard of a topic exchange or of MQTT, and a ?
     * follows a name. */
    bool starts_word = mark == channel->address || mark[-1] == '.' || mark[-1] == '/';
    bool ends_word = mark[1] == '\0' || mark[1] == '.';
    if (*mark == '#' && starts_word && ends_word) {
        return;
    }
    if (*mark == '#' && channel->exchange != NULL) {
        return; /* misplaced-wildcard's */
    }
    lint_add(lint, &sense_address_query, address->place,
             "the address must not have a %s (\"%s\"): it belongs into the bindings",
             *mark == '?' ? "query" : "fragment", mark);
}

/* "amqp" or "amqps", but not "amqp1". */
static bool is_amqp(const char *protocol)
{
    return protocol != NULL &&
           (strcasecmp(protocol, "amqp") == 0 || strcasecmp(protocol, "amqps") == 0);
}

static bool some_server_is_amqp(struct lint *lint, const struct node *servers)
{
    for (const struct node *each = servers != NULL ? servers->first : NULL; each != NULL;
         each = each->next) {
        if (is_amqp(node_find_text(ref_follow(lint->documents, each), "protocol"))) {
            return true;
        }
    }
    return false;
}

/* Protocols as servers name them, and the bindings that are for them. */
static const struct {
    const char *protocol, *binding;
} secure[] = {
    {"amqps", "amqp"},       {"https", "http"},         {"wss", "ws"},     {"mqtts", "mqtt"},
    {"secure-mqtt", "mqtt"}, {"kafka-secure", "kafka"}, {"mqtt5", "mqtt"}, {"stomps", "stomp"},
    {"rediss", "redis"},     {"ibmmq-secure", "ibmmq"}, {"mqtt", "mqtt5"}, {"pulsar+ssl", "pulsar"},
};

static bool is_for(const char *protocol, const char *binding)
{
    for (size_t i = 0; i < COUNT_OF(secure); i++) {
        if (strcasecmp(secure[i].protocol, protocol) == 0 &&
            strcmp(secure[i].binding, binding) == 0) {
            return true;
        }
    }
    return strcasecmp(protocol, binding) == 0;
}

/* Whether one of the servers speaks it; one that does not say what it speaks may. */
static bool is_spoken(struct lint *lint, const struct node *servers, const char *binding)
{
    for (const struct node *each = servers->first; each != NULL; each = each->next) {
        const char *protocol = node_find_text(ref_follow(lint->documents, each), "protocol");
        if (protocol == NULL || is_for(protocol, binding)) {
            return true;
        }
    }
    return false;
}

static void judge_bindings(struct lint *lint, const struct asyncapi_document *document,
                           const struct asyncapi_channel *channel)
{
    const struct node *own = node_find(channel->at, "servers");
    const struct node *servers = own != NULL ? own : node_find(document->file->root, "servers");
    const struct node *bindings = ref_follow(lint->documents, node_find(channel->at, "bindings"));
    if (servers == NULL || servers->count == 0 || bindings == NULL || bindings->kind != NODE_MAP) {
        return;
    }
    for (const struct node *each = bindings->first; each != NULL; each = each->next) {
        if (!text_starts_with(each->key, "x-") && !is_spoken(lint, servers, each->key)) {
            lint_add(lint, &sense_binding_without_server, each->key_place,
                     "no server of the channel %s speaks %s", channel->key, each->key);
        }
    }
}

static bool speaks_amqp(struct lint *lint, const struct asyncapi_document *document,
                        const struct asyncapi_channel *channel)
{
    const struct node *own = node_find(channel->at, "servers");
    return channel->amqp != NULL ||
           some_server_is_amqp(lint,
                               own != NULL ? own : node_find(document->file->root, "servers"));
}

static void judge_length(struct lint *lint, const struct asyncapi_document *document,
                         const struct asyncapi_channel *channel)
{
    const struct node *address = node_find(channel->at, "address");
    size_t length = channel->address != NULL ? strlen(channel->address) : 0;
    if (length > AMQP_NAME_MAX_BYTES && speaks_amqp(lint, document, channel)) {
        lint_add(lint, &sense_address_too_long, address->place,
                 "the address has %zu bytes, AMQP allows %d", length, AMQP_NAME_MAX_BYTES);
    }
}

static void judge_name(struct lint *lint, const struct asyncapi_channel *channel, const char *part)
{
    const struct node *at = ref_follow(lint->documents, node_find(channel->amqp, part));
    const struct node *name = node_find(at, "name");
    if (name == NULL || name->kind != NODE_STRING) {
        return;
    }
    /* The broker has made these: using them is fine. The last is the queue that stands for whoever
     * waits for a direct reply. */
    static const char *const ready[] = {
        "amq.direct",       "amq.fanout",         "amq.topic",
        "amq.headers",      "amq.match",          "amq.rabbitmq.trace",
        "amq.rabbitmq.log", "amq.rabbitmq.event", "amq.rabbitmq.reply-to",
    };
    for (size_t i = 0; i < COUNT_OF(ready); i++) {
        if (strcmp(name->text, ready[i]) == 0) {
            return;
        }
    }
    if (text_starts_with(name->text, "amq.")) {
        lint_add(lint, &sense_reserved_name, name->place,
                 "the broker refuses to declare \"%s\": names that begin with amq. are its own",
                 name->text);
    }
    if (strlen(name->text) > AMQP_NAME_MAX_BYTES) {
        lint_add(lint, &sense_address_too_long, name->place,
                 "the name has %zu bytes, AMQP allows %d", strlen(name->text), AMQP_NAME_MAX_BYTES);
    }
}

static void judge_wildcards(struct lint *lint, const struct asyncapi_channel *channel)
{
    if (channel->address == NULL || channel->exchange_type == NULL ||
        strcmp(channel->exchange_type, "topic") != 0) {
        return;
    }
    for (const char *at = channel->address; *at != '\0';) {
        size_t word = strcspn(at, ".");
        size_t plain = strcspn(at, "*#.");
        if (plain < word && word > 1) {
            lint_add(lint, &sense_misplaced_wildcard, node_find(channel->at, "address")->place,
                     "%c is a wildcard only as a word of its own between dots, not in \"%.*s\"",
                     at[plain], (int)word, at);
            return;
        }
        at += word + (at[word] == '.');
    }
}

/* Both say on which servers they are, and no server is the same. */
static bool are_apart(struct lint *lint, const struct asyncapi_channel *a,
                      const struct asyncapi_channel *b)
{
    const struct node *left = node_find(a->at, "servers");
    const struct node *right = node_find(b->at, "servers");
    if (left == NULL || right == NULL || left->count == 0 || right->count == 0) {
        return false;
    }
    for (const struct node *one = left->first; one != NULL; one = one->next) {
        for (const struct node *other = right->first; other != NULL; other = other->next) {
            if (ref_follow(lint->documents, one) == ref_follow(lint->documents, other)) {
                return false;
            }
        }
    }
    return true;
}

/* It says which exchange or queue it means, or that it is for another protocol. */
static bool names_its_place(struct lint *lint, const struct asyncapi_channel *channel)
{
    const struct node *bindings = ref_follow(lint->documents, node_find(channel->at, "bindings"));
    bool has_other = false;
    for (const struct node *each = bindings != NULL && bindings->kind == NODE_MAP ? bindings->first
                                                                                  : NULL;
         each != NULL && channel->amqp == NULL; each = each->next) {
        has_other = has_other || !text_starts_with(each->key, "x-");
    }
    return channel->exchange != NULL || channel->queue != NULL || has_other;
}

/* The specification has no default for an exchange: a channel that names none says with its address
 * alone where it is, which may be where the other one is. */
static bool are_one(struct lint *lint, const struct asyncapi_channel *a,
                    const struct asyncapi_channel *b)
{
    return asyncapi_same_channel(a, b) || !names_its_place(lint, a) || !names_its_place(lint, b);
}

static int by_address(const void *a, const void *b)
{
    const struct asyncapi_channel *left = *(const struct asyncapi_channel *const *)a;
    const struct asyncapi_channel *right = *(const struct asyncapi_channel *const *)b;
    int order = strcmp(left->address, right->address);
    return order != 0 ? order : (left > right) - (left < right);
}

/* `channels[at]` and those of the same address before it. */
static void judge_duplicate(struct lint *lint, const struct asyncapi_channel *const *channels,
                            size_t at)
{
    const struct asyncapi_channel *channel = channels[at];
    for (size_t i = at; i > 0 && at - i < SAME_ADDRESS_MAX; i--) {
        const struct asyncapi_channel *other = channels[i - 1];
        if (strcmp(other->address, channel->address) != 0) {
            return;
        }
        if (other->at != channel->at && are_one(lint, other, channel) &&
            !are_apart(lint, other, channel)) {
            lint_add(lint, &sense_duplicate_address, node_find(channel->at, "address")->place,
                     "the channel %s has this address already: put both channels' messages into "
                     "one",
                     other->key);
            return;
        }
    }
}

void sense_duplicates(struct lint *lint, const struct asyncapi_document *document)
{
    const struct asyncapi_channel **channels =
        xcalloc(document->channel_count + 1, sizeof(const struct asyncapi_channel *));
    size_t count = 0;
    for (size_t i = 0; i < document->channel_count; i++) {
        if (document->channels[i].address != NULL) {
            channels[count++] = &document->channels[i];
        }
    }
    if (count > 0) {
        qsort(channels, count, sizeof(const struct asyncapi_channel *), by_address);
    }
    for (size_t i = 1; i < count; i++) {
        judge_duplicate(lint, channels, i);
    }
    free(channels);
}

void sense_channel(struct lint *lint, const struct asyncapi_document *document,
                   const struct asyncapi_channel *channel)
{
    judge_parameters(lint, channel);
    judge_query(lint, channel);
    judge_length(lint, document, channel);
    judge_name(lint, channel, "exchange");
    judge_name(lint, channel, "queue");
    judge_wildcards(lint, channel);
    judge_bindings(lint, document, channel);
}
