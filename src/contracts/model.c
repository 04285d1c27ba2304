/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/model.h"

#include "contracts/check/upcast.h"
#include "core/text.h"

#include <ctype.h>
#include <glob.h>
#include <string.h>

const struct retry_policy model_default_retry = {.attempts = 8, .base_ms = 500, .max_ms = 300000};

#define COMPLAIN(set, node, ...)                                                                   \
    findings_add(&(set)->asyncapi.documents.findings, (node)->place, __VA_ARGS__)

/* A required text member of a map; NULL after a finding. */
static const char *need_text(struct contract_set *set, const struct node *map, const char *key)
{
    const char *text = node_find_text(map, key);
    if (text == NULL) {
        COMPLAIN(set, map, "%s is missing or no string", key);
    }
    return text;
}

/* A required member that may be a reference. */
static const struct node *need(struct contract_set *set, const struct node *map, const char *key)
{
    const struct node *node = node_find(map, key);
    if (node == NULL) {
        COMPLAIN(set, map, "%s is missing", key);
        return NULL;
    }
    return ref_follow(&set->asyncapi.documents, node);
}

static const struct property *need_id(struct contract_set *set, const struct node *name,
                                      const struct schema *payload)
{
    const struct property *property =
        name->kind == NODE_STRING ? schema_find(payload, name->text) : NULL;
    if (property == NULL || property->schema->kind != FIELD_UUID) {
        COMPLAIN(set, name, "%s must name a property of the payload with format uuid", name->key);
        return NULL;
    }
    return property;
}

/* Schemas are no deeper than a file may be nested. */
static bool has_personal(const struct schema *schema)
{
    if (schema == NULL || schema->personal) {
        return schema != NULL;
    }
    for (size_t i = 0; i < schema->property_count; i++) {
        if (has_personal(schema->properties[i].schema)) {
            return true;
        }
    }
    return schema->kind == FIELD_ARRAY && has_personal(schema->item);
}

static void complain_upcast(void *context, const struct node *where, const char *text)
{
    struct contract_set *set = context;
    COMPLAIN(set, where, "%s", text);
}

/* Whose personal data it is decides with whose key it is stored, and when it is forgotten. */
static void read_person(struct contract_set *set, struct model_message *message)
{
    const struct node *person = node_find(message->at, "x-person");
    if (person == NULL) {
        if (has_personal(message->payload)) {
            COMPLAIN(set, message->at,
                     "x-person is missing: which property names the user whose personal data it "
                     "holds?");
        }
        return;
    }
    message->person = need_id(set, person, message->payload);
    if (message->person != NULL &&
        (!message->person->required || message->person->schema->nullable)) {
        COMPLAIN(set, person, "x-person must name a property that is always there");
    }
}

static void read_payload(struct contract_set *set, const struct node *payload,
                         struct model_message *message)
{
    if (payload == NULL) {
        COMPLAIN(set, message->at, "payload is missing");
        return;
    }
    message->payload = schema_read(&set->asyncapi.documents, payload);
    if (message->payload == NULL) {
        return;
    }
    if (message->payload->kind != FIELD_OBJECT) {
        COMPLAIN(set, payload, "the payload of an event is an object");
        message->payload = NULL;
        return;
    }

    const struct node *subject = node_find(message->at, "x-subject");
    if (subject == NULL) {
        COMPLAIN(set, message->at, "x-subject is missing: which property names the aggregate?");
    } else {
        message->subject = need_id(set, subject, message->payload);
        if (message->subject != NULL &&
            (!message->subject->required || message->subject->schema->nullable)) {
            COMPLAIN(set, subject, "x-subject must name a property that is always there");
        }
    }
    const struct node *correlation = node_find(message->at, "x-correlation");
    if (correlation != NULL) {
        message->correlation = need_id(set, correlation, message->payload);
    }
    read_person(set, message);
    upcast_judge(message->at, message->channel->major, complain_upcast, set);
}

static void read_name(struct contract_set *set, struct model_message *message)
{
    message->name = need_text(set, message->at, "name");
    if (message->name == NULL) {
        return;
    }
    if (!isupper((unsigned char)message->name[0]) ||
        message->name[strspn(message->name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                            "0123456789")] != '\0') {
        COMPLAIN(set, node_find(message->at, "name"), "an event's name is written InThisWay");
    }
    message->type =
        arena_printf(&set->asyncapi.documents.arena, "fit.%s.%s.v%d", message->channel->owner->name,
                     message->name, message->channel->major);
}

static void check_examples(struct contract_set *set, const struct model_message *message)
{
    if (message->examples == NULL || message->examples->count == 0) {
        COMPLAIN(set, message->at, "an example is missing: every message has at least one");
        return;
    }
    for (const struct node *example = message->examples->first; example != NULL;
         example = example->next) {
        if (node_find(example, "payload") == NULL) {
            COMPLAIN(set, example, "the example has no payload");
        }
    }
}

static void read_message(struct contract_set *set, const struct asyncapi_message *from,
                         struct model_channel *channel)
{
    struct model_message *message = &channel->messages[channel->message_count++];
    *message = (struct model_message){
        .at = from->at,
        .key = from->key,
        .summary = from->summary,
        .channel = channel,
        .examples = from->examples,
    };
    read_name(set, message);
    read_payload(set, from->payload, message);
    check_examples(set, message);
}

/* <service>.<fact>.v<major>; 0 when it is written otherwise. */
static int major_of(const char *address, const char *service)
{
    size_t length = strlen(service);
    if (strncmp(address, service, length) != 0 || address[length] != '.') {
        return 0;
    }
    const char *fact = address + length + 1;
    const char *version = strchr(fact, '.');
    int64_t major = 0;
    if (version == NULL || version == fact || version[-1] == '-' ||
        !islower((unsigned char)*fact) ||
        strspn(fact, "abcdefghijklmnopqrstuvwxyz0123456789-") != (size_t)(version - fact) ||
        version[1] != 'v' || !isdigit((unsigned char)version[2]) ||
        !text_int(version + 2, 1, 9999, &major)) {
        return 0;
    }
    return (int)major;
}

static void check_exchange(struct contract_set *set, const struct model_channel *channel)
{
    const struct node *bindings = need(set, channel->at, "bindings");
    const struct node *amqp = bindings != NULL ? need(set, bindings, "amqp") : NULL;
    const struct node *exchange = amqp != NULL ? need(set, amqp, "exchange") : NULL;
    if (exchange == NULL) {
        return;
    }
    const char *is = node_find_text(amqp, "is");
    if (is == NULL || strcmp(is, "routingKey") != 0) {
        COMPLAIN(set, amqp, "the channel must say is: routingKey");
    }
    const char *name = node_find_text(exchange, "name");
    const char *type = node_find_text(exchange, "type");
    const struct node *durable = node_find(exchange, "durable");
    if (name == NULL || strcmp(name, channel->owner->exchange) != 0) {
        COMPLAIN(set, exchange, "the exchange must be named %s", channel->owner->exchange);
    }
    if (type == NULL || strcmp(type, "topic") != 0 || durable == NULL ||
        durable->kind != NODE_BOOLEAN || durable->integer != 1) {
        COMPLAIN(set, exchange, "the exchange must be of type topic and durable");
    }
}

static void read_address(struct contract_set *set, struct model_channel *channel)
{
    const struct node *address = node_find(channel->at, "address");
    channel->address = need_text(set, channel->at, "address");
    if (channel->address == NULL) {
        return;
    }
    channel->major = major_of(channel->address, channel->owner->name);
    if (channel->major == 0) {
        COMPLAIN(set, address, "the address must be %s.<fact>.v<major>, the fact in kebab-case",
                 channel->owner->name);
    }
    if (strlen(channel->address) > MODEL_ADDRESS_MAX_BYTES) {
        COMPLAIN(set, address, "the address is longer than %d bytes", MODEL_ADDRESS_MAX_BYTES);
    }
}

static void read_channel(struct contract_set *set, const struct asyncapi_channel *from,
                         struct model_service *service)
{
    struct model_channel *channel = &service->channels[service->channel_count++];
    *channel = (struct model_channel){.at = from->at, .key = from->key, .owner = service};
    read_address(set, channel);
    check_exchange(set, channel);
    if (from->message_count == 0) {
        COMPLAIN(set, from->at, "a channel needs at least one message");
    }
    channel->messages = arena_alloc(&set->asyncapi.documents.arena,
                                    (from->message_count + 1) * sizeof channel->messages[0]);
    for (size_t i = 0; i < from->message_count; i++) {
        read_message(set, &from->messages[i], channel);
    }
}

/* The channels that this document defines; the others are references to their owner's. */
static void read_channels(struct contract_set *set, struct model_service *service)
{
    const struct asyncapi_document *from = service->from;
    service->channels = arena_alloc(&set->asyncapi.documents.arena,
                                    (from->channel_count + 1) * sizeof service->channels[0]);
    for (size_t i = 0; i < from->channel_count; i++) {
        read_channel(set, &from->channels[i], service);
    }
}

/* Services, channels and messages stand in the order of the general model. */
static struct model_channel *channel_of(const struct contract_set *set,
                                        const struct asyncapi_channel *from)
{
    size_t service = from != NULL ? (size_t)(from->owner - set->asyncapi.items) : SIZE_MAX;
    return service < set->service_count
               ? &set->services[service].channels[from - from->owner->channels]
               : NULL;
}

static int64_t read_duration(struct contract_set *set, const struct node *node)
{
    int64_t ms = 0;
    if (node->kind != NODE_STRING || !text_duration_ms(node->text, &ms) || ms <= 0) {
        COMPLAIN(set, node, "%s must be a duration such as 500ms, 30s or 5m", node->key);
    }
    return ms;
}

static int read_attempts(struct contract_set *set, const struct node *node)
{
    if (node->kind == NODE_STRING && strcmp(node->text, "unlimited") == 0) {
        return ATTEMPTS_UNLIMITED;
    }
    if (node->kind != NODE_INTEGER || node->integer < 1 || node->integer > 1000) {
        COMPLAIN(set, node, "attempts must be an integer from 1 to 1000, or unlimited");
        return 1;
    }
    return (int)node->integer;
}

static struct retry_policy read_retry(struct contract_set *set, const struct node *node)
{
    struct retry_policy retry = model_default_retry;
    for (const struct node *each = node->first; each != NULL; each = each->next) {
        if (each->key != NULL && strcmp(each->key, "attempts") == 0) {
            retry.attempts = read_attempts(set, each);
        } else if (each->key != NULL && strcmp(each->key, "base") == 0) {
            retry.base_ms = read_duration(set, each);
        } else if (each->key != NULL && strcmp(each->key, "max") == 0) {
            retry.max_ms = read_duration(set, each);
        } else {
            COMPLAIN(set, each, "x-retry knows attempts, base and max");
        }
    }
    if (retry.base_ms > retry.max_ms) {
        COMPLAIN(set, node, "base is longer than max");
    }
    return retry;
}

/* The messages an operation names must be its channel's; one that names none has them all. */
static void read_operation_messages(struct contract_set *set, const struct asyncapi_operation *from,
                                    struct model_operation *operation)
{
    struct model_channel *channel = channel_of(set, from->channel);
    operation->messages = arena_alloc(&set->asyncapi.documents.arena,
                                      (from->message_count + 1) * sizeof(struct model_message *));
    for (size_t i = 0; i < from->message_count; i++) {
        operation->messages[operation->message_count++] =
            &channel->messages[from->messages[i] - from->channel->messages];
    }
    const struct node *list = node_find(from->at, "messages");
    if (list != NULL && (list->kind != NODE_LIST || list->count == 0)) {
        COMPLAIN(set, list, "messages must be a list of references to the channel's messages");
    } else if (list != NULL && list->count != from->message_count) {
        COMPLAIN(set, list, "names no message of its channel, or one twice");
    }
}

/* What an extension of an operation must be; read as another kind it would silently mean nothing.
 */
static const struct {
    const char *key;
    enum node_kind kind;
} extensions[] = {
    {"x-saga", NODE_STRING},
    {"x-compensates", NODE_STRING},
    {"x-outcomes", NODE_LIST},
    {"x-retry", NODE_MAP},
};

static void check_extensions(struct contract_set *set, const struct node *operation)
{
    for (size_t i = 0; i < COUNT_OF(extensions); i++) {
        const struct node *node = node_find(operation, extensions[i].key);
        if (node != NULL && node->kind != extensions[i].kind) {
            COMPLAIN(set, node, "%s must be %s", extensions[i].key,
                     node_kind_phrase(extensions[i].kind));
        }
    }
    const struct node *dead_letter = node_find(operation, "x-deadLetter");
    if (dead_letter != NULL) {
        COMPLAIN(set, dead_letter,
                 "x-deadLetter cannot be chosen: what a service cannot process "
                 "goes to its own .dlq");
    }
}

static void read_operation(struct contract_set *set, const struct asyncapi_operation *from,
                           struct model_service *service)
{
    const struct node *at = from->at;
    check_extensions(set, at);
    const char *action = need_text(set, at, "action");
    if (action == NULL || need(set, at, "channel") == NULL) {
        return;
    }
    if (!from->is_send && strcmp(action, "receive") != 0) {
        COMPLAIN(set, node_find(at, "action"), "action must be send or receive");
        return;
    }
    const struct model_channel *channel = channel_of(set, from->channel);
    if (channel == NULL) {
        COMPLAIN(set, node_find(at, "channel"), "names no channel of a contract in this folder");
        return;
    }
    if (from->is_send && channel->owner != service) {
        COMPLAIN(set, at, "%s cannot send what %s owns", service->name, channel->owner->name);
        return;
    }

    struct model_operation *operation = from->is_send
                                            ? &service->sends[service->send_count++]
                                            : &service->receives[service->receive_count++];
    const struct node *retry = node_find(at, "x-retry");
    *operation = (struct model_operation){
        .at = at,
        .key = from->key,
        .summary = from->summary,
        .channel = channel,
        .saga = from->saga,
        .compensates = from->compensates,
        .outcomes = from->outcomes,
        .retry = retry != NULL ? read_retry(set, retry) : model_default_retry,
    };
    read_operation_messages(set, from, operation);
    for (size_t i = 0; i < operation->message_count; i++) {
        operation->messages[i]->is_heard |= !from->is_send;
    }
}

static void read_operations(struct contract_set *set, struct model_service *service)
{
    const struct asyncapi_document *from = service->from;
    struct arena *arena = &set->asyncapi.documents.arena;
    size_t bytes = (from->operation_count + 1) * sizeof(struct model_operation);
    service->sends = arena_alloc(arena, bytes);
    service->receives = arena_alloc(arena, bytes);
    for (size_t i = 0; i < from->operation_count; i++) {
        read_operation(set, &from->operations[i], service);
    }
}

static bool says(const struct model_service *service, const char *key)
{
    for (size_t i = 0; i < service->send_count; i++) {
        for (size_t j = 0; j < service->sends[i].message_count; j++) {
            const char *said = service->sends[i].messages[j]->key;
            if (said != NULL && strcmp(said, key) == 0) {
                return true;
            }
        }
    }
    return false;
}

static void check_outcomes(struct contract_set *set, const struct model_service *service,
                           const struct model_operation *operation)
{
    const struct node *outcomes = operation->outcomes;
    for (const struct node *each = outcomes != NULL ? outcomes->first : NULL; each != NULL;
         each = each->next) {
        if (each->kind != NODE_STRING || !says(service, each->text)) {
            COMPLAIN(set, each, "x-outcomes names what %s does not send", service->name);
        }
    }
    if (operation->compensates != NULL &&
        node_find(node_find(service->document->root, "operations"), operation->compensates) ==
            NULL) {
        COMPLAIN(set, node_find(operation->at, "x-compensates"),
                 "x-compensates names no operation of this document");
    }
}

/* Names of which broker, database or build have something already. */
static const struct {
    const char *name, *because;
} taken[] = {
    {"operator", "the account that sends dead letters back"},
    {"audit", "the account that looks at the broker"},
    {"deploy", "the account that makes everybody's things"},
    {"quadrille_audit", "the role that reads every database"},
    {"postgres", "the database server's own role"},
    {"public", "everybody, to the database server"},
    {"none", "nobody, to the database server"},
    {"amq", "the broker's own exchanges begin with it"},
    {"history_keys", "the database of the history's keys"},
    {"publishers", "the tables of everybody's outbox"},
    {"consumers", "the tables of everybody's inbox"},
};

static void check_name(struct contract_set *set, const struct model_service *service)
{
    const char *name = service->name;
    const struct node *at = service->document->root;
    size_t length = strlen(name);
    if (!islower((unsigned char)name[0]) ||
        name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")] != '\0') {
        COMPLAIN(set, at, "the file's name is the service's: lower case, digits, _");
    }
    for (size_t i = 0; i < COUNT_OF(taken); i++) {
        if (strcmp(name, taken[i].name) == 0) {
            COMPLAIN(set, at, "no service can be called %s: %s", name, taken[i].because);
        }
    }
    if (strncmp(name, "pg_", 3) == 0 || (length > 6 && strcmp(name + length - 6, "_owner") == 0)) {
        COMPLAIN(set, at, "no service can be called pg_… or …_owner: so are database roles");
    }
}

static bool read_hears_all(struct contract_set *set, const struct asyncapi_document *from)
{
    const struct node *hears_all = node_find(node_find(from->file->root, "info"), "x-hears-all");
    if (hears_all != NULL && hears_all->kind != NODE_BOOLEAN) {
        COMPLAIN(set, hears_all, "x-hears-all must be true or false");
    }
    return hears_all != NULL && hears_all->kind == NODE_BOOLEAN && hears_all->integer == 1;
}

static void read_service(struct contract_set *set, const struct asyncapi_document *from)
{
    const struct node *version = node_find(from->file->root, "asyncapi");
    if (from->asyncapi == NULL ||
        (strncmp(from->asyncapi, "3.0.", 4) != 0 && strncmp(from->asyncapi, "3.1.", 4) != 0)) {
        COMPLAIN(set, version, "AsyncAPI must be 3.0 or 3.1");
    }
    struct model_service *service = &set->services[set->service_count++];
    *service = (struct model_service){
        .name = from->service,
        .exchange = arena_printf(&set->asyncapi.documents.arena, "%s.events", from->service),
        .title = from->title,
        .hears_all = read_hears_all(set, from),
        .from = from,
        .document = from->file,
    };
    check_name(set, service);
}

/* Each *.yaml of the folder itself must be a contract: one that lost its first line would vanish
 * from the topology otherwise. */
static enum outcome load(struct contract_set *set, const char *folder, struct fault *fault)
{
    AUTO(free_text) char *pattern = xasprintf("%s/*.yaml", folder);
    AUTO(globfree) glob_t files = {0};
    if (glob(pattern, 0, NULL, &files) != 0 || files.gl_pathc > MODEL_SERVICES_MAX) {
        return fault_set(fault, REJECT, "%s: between 1 and %d contracts (*.yaml) are expected",
                         folder, MODEL_SERVICES_MAX);
    }
    return asyncapi_load(&set->asyncapi, (const char *const *)files.gl_pathv, files.gl_pathc,
                         fault);
}

/* Operations refer to any document's channels, outcomes to any operation: three passes. */
static void read_set(struct contract_set *set)
{
    const struct asyncapi *from = &set->asyncapi;
    set->services =
        arena_alloc(&set->asyncapi.documents.arena, (from->count + 1) * sizeof set->services[0]);
    for (size_t i = 0; i < from->count && from->items[i].is_given; i++) {
        read_service(set, &from->items[i]);
    }
    for (size_t i = 0; i < set->service_count; i++) {
        read_channels(set, &set->services[i]);
    }
    for (size_t i = 0; i < set->service_count; i++) {
        read_operations(set, &set->services[i]);
    }
    for (size_t i = 0; i < set->service_count; i++) {
        for (size_t j = 0; j < set->services[i].receive_count; j++) {
            check_outcomes(set, &set->services[i], &set->services[i].receives[j]);
        }
    }
}

enum outcome contract_set_load(struct contract_set *set, const char *folder, struct fault *fault)
{
    enum outcome o = load(set, folder, fault);
    if (o != OK) {
        return o;
    }
    read_set(set);
    const struct findings *findings = &set->asyncapi.documents.findings;
    if (findings->count == 0) {
        return OK;
    }
    const struct finding *first = &findings->items[0];
    return fault_set(fault, REJECT, "%s:%d:%d: %s (%zu findings)", first->place.path,
                     first->place.line, first->place.column, first->text, findings->count);
}

void contract_set_done(struct contract_set *set)
{
    asyncapi_done(&set->asyncapi);
    *set = (struct contract_set){0};
}

const struct model_service *contract_set_find(const struct contract_set *set, const char *service)
{
    for (size_t i = 0; i < set->service_count; i++) {
        if (strcmp(set->services[i].name, service) == 0) {
            return &set->services[i];
        }
    }
    return NULL;
}
