/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/asyncapi.h"

#include "contracts/files.h"
#include "contracts/key_index.h"
#include "contracts/merge.h"
#include "core/text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Documents are collected first, because channels and operations point to each other across them.
 */
struct loading {
    struct asyncapi *set;
    const struct document **files;
    size_t count;
    size_t given; /* the first ones were asked for, the others are referred to */
};

static const struct node *follow(struct asyncapi *set, const struct node *node)
{
    return node != NULL ? ref_follow(&set->documents, node) : NULL;
}

/* A member with its reference followed; NULL when there is none. */
static const struct node *member(struct asyncapi *set, const struct node *map, const char *key)
{
    return follow(set, node_find(map, key));
}

static bool is_map(const struct node *node)
{
    return node != NULL && node->kind == NODE_MAP;
}

static void *allocate(struct asyncapi *set, size_t count, size_t bytes)
{
    return arena_alloc(&set->documents.arena, (count + 1) * bytes);
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Messages */

/* A schema, or the schema in a Multi Format Schema Object, whose format goes to `format`. */
static const struct node *read_schema(struct asyncapi *set, const struct node *schema,
                                      const char **format)
{
    const struct node *at = follow(set, schema);
    const struct node *named = node_find(at, "schemaFormat");
    const struct node *below = node_find(at, "schema");
    if (named == NULL && below == NULL) {
        return schema;
    }
    if (format != NULL) {
        *format = node_find_text(at, "schemaFormat");
    }
    return below;
}

static const struct node *list_member(const struct node *map, const char *key)
{
    const struct node *list = node_find(map, key);
    return list != NULL && list->kind == NODE_LIST ? list : NULL;
}

static void read_message(struct asyncapi *set, struct asyncapi_message *message)
{
    const struct node *at = merge_traits(&set->documents, message->written);
    const char *name = node_find_text(at, "name");
    const char *content_type = node_find_text(at, "contentType");
    message->at = at;
    message->name = name != NULL ? name : message->key;
    message->title = node_find_text(at, "title");
    message->summary = node_find_text(at, "summary");
    message->content_type =
        content_type != NULL ? content_type : message->channel->owner->default_content_type;
    message->payload = read_schema(set, node_find(at, "payload"), &message->schema_format);
    message->headers = read_schema(set, node_find(at, "headers"), NULL);
    message->correlation_id = member(set, at, "correlationId");
    message->examples = list_member(at, "examples");
}

static int compare_nodes(const struct node *a, const struct node *b)
{
    return ((uintptr_t)a > (uintptr_t)b) - ((uintptr_t)a < (uintptr_t)b);
}

/* By node, those of one node in their order. */
static int by_written(const void *a, const void *b)
{
    const struct asyncapi_message *left = *(struct asyncapi_message *const *)a;
    const struct asyncapi_message *right = *(struct asyncapi_message *const *)b;
    int nodes = compare_nodes(left->written, right->written);
    return nodes != 0 ? nodes : (left > right) - (left < right);
}

static void index_messages(struct asyncapi *set, struct asyncapi_channel *channel)
{
    size_t count = channel->message_count;
    channel->by_node = allocate(set, count, sizeof(struct asyncapi_message *));
    for (size_t i = 0; i < count; i++) {
        channel->by_node[i] = &channel->messages[i];
    }
    qsort(channel->by_node, count, sizeof(struct asyncapi_message *), by_written);
}

static void read_messages(struct asyncapi *set, struct asyncapi_channel *channel)
{
    const struct node *messages = member(set, channel->at, "messages");
    if (!is_map(messages)) {
        return;
    }
    channel->messages = allocate(set, messages->count, sizeof channel->messages[0]);
    for (const struct node *node = messages->first; node != NULL; node = node->next) {
        const struct node *written = follow(set, node);
        if (is_map(written)) {
            struct asyncapi_message *message = &channel->messages[channel->message_count++];
            *message =
                (struct asyncapi_message){.written = written, .key = node->key, .channel = channel};
            read_message(set, message);
        }
    }
    index_messages(set, channel);
}

/* Channels */

static void read_amqp(struct asyncapi *set, struct asyncapi_channel *channel)
{
    const struct node *amqp = member(set, member(set, channel->at, "bindings"), "amqp");
    if (!is_map(amqp)) {
        return;
    }
    const char *is = node_find_text(amqp, "is");
    bool is_queue = is != NULL && strcmp(is, "queue") == 0;
    const struct node *part = member(set, amqp, is_queue ? "queue" : "exchange");
    const char *vhost = node_find_text(part, "vhost");
    channel->amqp = amqp;
    channel->exchange = is_queue ? NULL : node_find_text(part, "name");
    channel->exchange_type = is_queue ? NULL : node_find_text(part, "type");
    channel->queue = is_queue ? node_find_text(part, "name") : NULL;
    channel->vhost = vhost != NULL ? vhost : "/";
}

static uint64_t identity_of(const struct asyncapi_channel *channel)
{
    uint64_t hash = key_hash(KEY_HASH_START, channel->address);
    hash = key_hash(hash, channel->exchange);
    hash = key_hash(hash, channel->queue);
    return key_hash(hash, channel->vhost);
}

static bool is_contract(const struct document *file)
{
    return node_find(file->root, "asyncapi") != NULL;
}

/* Whether another AsyncAPI document defines what an entry of this one's channels leads to: the
 * entry of that document's channels is the node itself. */
static bool is_of_another(const struct asyncapi_document *document, const struct node *at)
{
    const struct node *channels = at->parent;
    return at->place.path != document->file->path && channels != NULL && channels->key != NULL &&
           strcmp(channels->key, "channels") == 0 && channels->parent != NULL &&
           channels->parent->parent == NULL && node_find(channels->parent, "asyncapi") != NULL;
}

static void read_channels(struct asyncapi *set, struct asyncapi_document *document)
{
    const struct node *channels = member(set, document->file->root, "channels");
    if (!is_map(channels)) {
        return;
    }
    document->channels = allocate(set, channels->count, sizeof document->channels[0]);
    for (const struct node *node = channels->first; node != NULL; node = node->next) {
        const struct node *at = follow(set, node);
        if (!is_map(at) || is_of_another(document, at)) {
            continue;
        }
        struct asyncapi_channel *channel = &document->channels[document->channel_count++];
        *channel = (struct asyncapi_channel){.at = at,
                                             .key = node->key,
                                             .address = node_find_text(at, "address"),
                                             .owner = document};
        read_amqp(set, channel);
        channel->identity = identity_of(channel);
        read_messages(set, channel);
    }
}

static int by_at(const void *a, const void *b)
{
    const struct asyncapi_channel *left = *(struct asyncapi_channel *const *)a;
    const struct asyncapi_channel *right = *(struct asyncapi_channel *const *)b;
    int nodes = compare_nodes(left->at, right->at);
    return nodes != 0 ? nodes : (left > right) - (left < right);
}

static void index_channels(struct asyncapi *set)
{
    size_t count = 0;
    for (size_t i = 0; i < set->count; i++) {
        count += set->items[i].channel_count;
    }
    set->by_node = allocate(set, count, sizeof(struct asyncapi_channel *));
    for (size_t i = 0; i < set->count; i++) {
        for (size_t j = 0; j < set->items[i].channel_count; j++) {
            set->by_node[set->channel_count++] = &set->items[i].channels[j];
        }
    }
    qsort(set->by_node, count, sizeof(struct asyncapi_channel *), by_at);
}

/* The document's own one first: a channel of a shared file is everybody's. */
static struct asyncapi_channel *find_channel(const struct asyncapi *set,
                                             const struct asyncapi_document *document,
                                             const struct node *at)
{
    size_t first = 0;
    size_t end = at != NULL ? set->channel_count : 0;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        if (compare_nodes(set->by_node[middle]->at, at) < 0) {
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    struct asyncapi_channel *found = NULL;
    for (size_t i = first; at != NULL && i < set->channel_count && set->by_node[i]->at == at; i++) {
        struct asyncapi_channel *channel = set->by_node[i];
        bool is_first_own =
            channel->owner == document && (found == NULL || found->owner != document);
        found = found == NULL || is_first_own ? channel : found;
    }
    return found;
}

/* Operations */

/* Two messages of a channel may be one Message Object: then the reference's last step decides. */
static struct asyncapi_message *find_message(const struct asyncapi_channel *channel,
                                             const struct node *node, const struct node *at)
{
    size_t first = 0;
    size_t end = channel->message_count;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        if (compare_nodes(channel->by_node[middle]->written, at) < 0) {
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    const char *ref = node_find_text(node, "$ref");
    const char *slash = ref != NULL ? strrchr(ref, '/') : NULL;
    struct asyncapi_message *found = NULL;
    for (size_t i = first; i < channel->message_count && channel->by_node[i]->written == at; i++) {
        struct asyncapi_message *message = channel->by_node[i];
        if (found == NULL || (slash != NULL && strcmp(message->key, slash + 1) == 0)) {
            found = message;
        }
    }
    return found;
}

static void free_flags(bool **flags)
{
    free(*flags);
}

/* Those that a list names, each once; without a list all of the channel's. */
static struct asyncapi_message **choose_messages(struct asyncapi *set,
                                                 struct asyncapi_channel *channel,
                                                 const struct node *list, size_t *count)
{
    size_t room = channel->message_count;
    struct asyncapi_message **messages = allocate(set, room, sizeof(struct asyncapi_message *));
    AUTO(free_flags) bool *is_chosen = xcalloc(room, sizeof *is_chosen);
    for (size_t i = 0; i < room && list == NULL; i++) {
        messages[(*count)++] = &channel->messages[i];
    }
    for (const struct node *node = list != NULL ? list->first : NULL; node != NULL;
         node = node->next) {
        const struct node *at = follow(set, node);
        struct asyncapi_message *message = at != NULL ? find_message(channel, node, at) : NULL;
        if (message != NULL && !is_chosen[message - channel->messages]) {
            is_chosen[message - channel->messages] = true;
            messages[(*count)++] = message;
        }
    }
    return messages;
}

static void read_reply(struct asyncapi *set, struct asyncapi_operation *operation)
{
    const struct node *reply = member(set, operation->at, "reply");
    operation->reply_channel =
        find_channel(set, operation->document, member(set, reply, "channel"));
    if (operation->reply_channel != NULL) {
        operation->reply_messages =
            choose_messages(set, operation->reply_channel, list_member(reply, "messages"),
                            &operation->reply_message_count);
    }
}

static void read_operation(struct asyncapi *set, struct asyncapi_operation *operation)
{
    const struct node *at = merge_traits(&set->documents, operation->written);
    const struct node *messages = list_member(at, "messages");
    operation->at = at;
    operation->title = node_find_text(at, "title");
    operation->summary = node_find_text(at, "summary");
    operation->is_send = same_text(node_find_text(at, "action"), "send");
    operation->channel = find_channel(set, operation->document, member(set, at, "channel"));
    operation->names_messages = messages != NULL;
    operation->saga = node_find_text(at, "x-saga");
    operation->compensates = node_find_text(at, "x-compensates");
    operation->outcomes = list_member(at, "x-outcomes");
    if (operation->channel != NULL) {
        operation->messages =
            choose_messages(set, operation->channel, messages, &operation->message_count);
    }
    read_reply(set, operation);
}

static void read_operations(struct asyncapi *set, struct asyncapi_document *document)
{
    const struct node *operations = member(set, document->file->root, "operations");
    if (!is_map(operations)) {
        return;
    }
    document->operations = allocate(set, operations->count, sizeof document->operations[0]);
    for (const struct node *node = operations->first; node != NULL; node = node->next) {
        const struct node *written = follow(set, node);
        if (is_map(written)) {
            struct asyncapi_operation *operation =
                &document->operations[document->operation_count++];
            *operation = (struct asyncapi_operation){
                .written = written, .key = node->key, .document = document};
            read_operation(set, operation);
        }
    }
}

/* Documents */

/* The last step of a path without its suffix; that of the folder for a file called asyncapi. */
static const char *service_name(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *start = slash != NULL ? slash + 1 : path;
    const char *dot = strrchr(start, '.');
    char *name = arena_text(arena, start, dot != NULL ? (size_t)(dot - start) : strlen(start));
    if (slash == NULL || slash == path || strcmp(name, "asyncapi") != 0) {
        return name;
    }
    char *folder = arena_text(arena, path, (size_t)(slash - path));
    const char *above = strrchr(folder, '/');
    const char *last = above != NULL ? above + 1 : folder;
    return strcmp(last, "..") != 0 ? last : name;
}

static void read_document(struct asyncapi *set, struct asyncapi_document *document)
{
    const struct node *root = document->file->root;
    const struct node *info = member(set, root, "info");
    document->service = service_name(&set->documents.arena, document->file->path);
    document->title = node_find_text(info, "title");
    document->version = node_find_text(info, "version");
    document->asyncapi = node_find_text(root, "asyncapi");
    document->id = node_find_text(root, "id");
    document->default_content_type = node_find_text(root, "defaultContentType");
}

static bool is_collected(const struct loading *loading, const char *path)
{
    for (size_t i = 0; i < loading->count; i++) {
        if (loading->files[i]->path == path) {
            return true;
        }
    }
    return false;
}

static void collect(struct loading *loading, const struct document *file)
{
    if (loading->count < ASYNCAPI_DOCUMENTS_MAX && !is_collected(loading, file->path)) {
        loading->files[loading->count++] = file;
    }
}

/* The AsyncAPI document that a node stands in; NULL when it stands in a shared part. */
static const struct document *contract_of(struct asyncapi *set, const struct node *node)
{
    const struct document *file = set->documents.first;
    while (file != NULL && file->path != node->place.path) {
        file = file->next;
    }
    return file != NULL && is_contract(file) ? file : NULL;
}

/* Whoever owns a channel that is heard belongs to the set, asked for or not. */
static void collect_owners(struct loading *loading, const struct document *file)
{
    struct asyncapi *set = loading->set;
    const struct node *channels = member(set, file->root, "channels");
    for (const struct node *node = is_map(channels) ? channels->first : NULL; node != NULL;
         node = node->next) {
        const struct node *at = follow(set, node);
        const struct document *owner = at != NULL ? contract_of(set, at) : NULL;
        if (owner != NULL) {
            collect(loading, owner);
        }
    }
}

/* `asyncapi` as a member's name somewhere: a folder holds many files that are something else, and
 * may be no YAML that we read. */
static bool mentions_asyncapi(const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return true; /* reading it will say why */
    }
    char *line = NULL;
    size_t room = 0;
    bool found = false;
    ssize_t length = 0;
    while (!found && (length = getline(&line, &room, file)) >= 0) {
        const char *start = line + text_byte_order_mark(line, (size_t)length);
        for (const char *at = start; !found && (at = strstr(at, "asyncapi")) != NULL;) {
            bool is_start = at == start || strchr("\"' {,\t", at[-1]) != NULL;
            at += strlen("asyncapi");
            at += *at == '"' || *at == '\'' ? 1 : 0;
            at += strspn(at, " \t");
            found = is_start && *at == ':';
        }
    }
    free_text(&line);
    (void)fclose(file);
    return found;
}

static void collect_file(struct loading *loading, const struct file_name *name)
{
    if (!name->is_given && !mentions_asyncapi(name->path)) {
        return;
    }
    struct documents *documents = &loading->set->documents;
    const struct document *file = documents_open(documents, name->path);
    if (file == NULL) {
        loading->set->unread++;
        return;
    }
    if (is_contract(file)) {
        collect(loading, file);
    } else if (name->is_given) {
        loading->set->unread++;
        findings_add(&documents->findings, file->root->place,
                     "no AsyncAPI document: the member asyncapi is missing at its root");
    }
}

static void read_set(struct asyncapi *set, const struct loading *loading)
{
    set->count = loading->count;
    set->items = allocate(set, set->count, sizeof set->items[0]);
    for (size_t i = 0; i < set->count; i++) {
        set->items[i] =
            (struct asyncapi_document){.file = loading->files[i], .is_given = i < loading->given};
        read_document(set, &set->items[i]);
    }
    for (size_t i = 0; i < set->count; i++) {
        read_channels(set, &set->items[i]);
    }
    index_channels(set);
    for (size_t i = 0; i < set->count; i++) {
        read_operations(set, &set->items[i]);
    }
}

enum outcome asyncapi_load(struct asyncapi *set, const char *const *paths, size_t path_count,
                           struct fault *fault)
{
    AUTO(files_done) struct files files = {0};
    for (size_t i = 0; i < path_count; i++) {
        enum outcome o = files_add(&files, paths[i], fault);
        if (o != OK) {
            return o;
        }
    }
    struct loading loading = {
        .set = set,
        .files = allocate(set, ASYNCAPI_DOCUMENTS_MAX, sizeof(struct document *)),
    };
    for (size_t i = 0; i < files.count; i++) {
        if (loading.count == ASYNCAPI_DOCUMENTS_MAX) {
            return fault_set(fault, REJECT, "%s: more than %d AsyncAPI documents",
                             files.items[i].path, ASYNCAPI_DOCUMENTS_MAX - 1);
        }
        collect_file(&loading, &files.items[i]);
    }
    if (loading.count == 0 && set->documents.findings.count == 0) {
        return fault_set(fault, REJECT, "%s: no AsyncAPI document is there (*.yaml, *.yml, *.json)",
                         path_count > 0 ? paths[0] : "no path");
    }
    loading.given = loading.count;
    for (size_t i = 0; i < loading.count; i++) { /* grows on the way */
        collect_owners(&loading, loading.files[i]);
    }
    read_set(set, &loading);
    return OK;
}

void asyncapi_done(struct asyncapi *set)
{
    documents_done(&set->documents);
    *set = (struct asyncapi){0};
}

bool asyncapi_same_channel(const struct asyncapi_channel *a, const struct asyncapi_channel *b)
{
    if (a->at == b->at) {
        return true;
    }
    return a->identity == b->identity && a->address != NULL && same_text(a->address, b->address) &&
           same_text(a->exchange, b->exchange) && same_text(a->queue, b->queue) &&
           same_text(a->vhost, b->vhost);
}

bool asyncapi_same_message(const struct asyncapi_message *a, const struct asyncapi_message *b)
{
    return asyncapi_same_channel(a->channel, b->channel) && strcmp(a->name, b->name) == 0;
}
