/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/choreography.h"

#include "contracts/key_index.h"
#include "contracts/lint/past_tense.h"
#include "contracts/model.h"
#include "core/text.h"

#include <stdlib.h>
#include <string.h>

/* Conventions of profile quadrille. */

static void judge_name(struct lint *lint, const struct asyncapi_message *message)
{
    const struct node *name = node_find(message->at, "name");
    if (name != NULL && name->kind == NODE_STRING && !past_tense_is_fact(name->text)) {
        lint_add(lint, &choreography_name_not_past_tense, name->place,
                 "%s is no fact in the past tense: name what has happened, as in PaymentCompleted",
                 name->text);
    }
}

/* The address without its major version, `billing.payment-completed`; its length. */
static size_t fact_length(const char *address)
{
    const char *version = strrchr(address, '.');
    return version != NULL && version[1] == 'v' ? (size_t)(version - address) : strlen(address);
}

bool choreography_hears_all(const struct asyncapi_document *document)
{
    return choreography_says_true(node_find(document->file->root, "info"), "x-hears-all");
}

static bool hears(const struct asyncapi_document *document, const struct asyncapi_message *message)
{
    for (size_t i = 0; i < document->operation_count; i++) {
        const struct asyncapi_operation *operation = &document->operations[i];
        for (size_t j = 0; !operation->is_send && j < operation->message_count; j++) {
            if (operation->messages[j] == message ||
                asyncapi_same_message(operation->messages[j], message)) {
                return true;
            }
        }
    }
    return false;
}

/* Everything that anybody says, itself excepted. */
static void judge_hearing(struct lint *lint, const struct asyncapi_document *document)
{
    const struct node *info = node_find(document->file->root, "info");
    for (size_t i = 0; i < lint->set->count; i++) {
        const struct asyncapi_document *other = &lint->set->items[i];
        for (size_t j = 0; j < other->operation_count; j++) {
            const struct asyncapi_operation *send = &other->operations[j];
            for (size_t k = 0; send->is_send && other != document && k < send->message_count; k++) {
                if (!hears(document, send->messages[k])) {
                    lint_add(lint, &choreography_not_all_heard,
                             node_find(info, "x-hears-all")->key_place,
                             "%s hears all, but not %s of %s: add an operation that receives it",
                             document->service, send->messages[k]->name, other->service);
                }
            }
        }
    }
}

static void judge_two(struct lint *lint, const struct asyncapi_document *document,
                      const struct asyncapi_operation *early, const struct asyncapi_operation *late)
{
    const char *a = early->channel->address;
    const char *b = late->channel->address;
    if (strcmp(a, b) == 0 || fact_length(a) != fact_length(b) ||
        strncmp(a, b, fact_length(a)) != 0) {
        return;
    }
    lint_add(lint, &choreography_two_majors_received, late->written->key_place,
             "%s hears %s and %s, two versions of one event, and would do everything "
             "twice: hear one",
             document->service, a, b);
}

/* Only what hears the same fact is compared. */
static void judge_majors(struct lint *lint, const struct asyncapi_document *document)
{
    if (choreography_hears_all(document)) {
        return; /* it does nothing with them */
    }
    struct key_index facts = {0};
    for (size_t i = 0; i < document->operation_count; i++) {
        const struct asyncapi_operation *operation = &document->operations[i];
        const char *address = operation->channel != NULL ? operation->channel->address : NULL;
        if (!operation->is_send && address != NULL) {
            key_index_add(&facts, key_hash_bytes(KEY_HASH_START, address, fact_length(address)), i);
        }
    }
    key_index_sort(&facts);
    for (size_t i = 0; i < facts.count; i++) {
        for (size_t j = i; j > 0 && facts.items[j - 1].key == facts.items[i].key; j--) {
            judge_two(lint, document, &document->operations[facts.items[j - 1].value],
                      &document->operations[facts.items[i].value]);
        }
    }
    key_index_done(&facts);
}

/* The other service of the set whose address the channel has; NULL: its own. */
static const struct asyncapi_document *owner_of(const struct lint *lint,
                                                const struct asyncapi_document *document,
                                                const struct asyncapi_channel *channel)
{
    for (size_t i = 0; i < lint->set->count; i++) {
        const struct asyncapi_document *other = &lint->set->items[i];
        AUTO(free_text) char *prefix = xasprintf("%s.", other->service);
        if (channel->address != NULL && text_starts_with(channel->address, prefix) &&
            strcmp(other->service, document->service) != 0) {
            return other;
        }
    }
    return NULL;
}

static void judge_copy(struct lint *lint, const struct asyncapi_document *document,
                       const struct asyncapi_channel *channel)
{
    const struct asyncapi_document *owner = owner_of(lint, document, channel);
    if (owner != NULL) {
        lint_add(lint, &choreography_copied_channel, channel->at->key_place,
                 "the channel belongs to %s: refer to it, {$ref: '…#/channels/%s'}", owner->service,
                 channel->key);
    }
}

/* The lines of a channel that is another's. */
struct copy {
    const char *path;
    int first, end; /* 0: the end of the file */
};

struct copies {
    struct copy *items;
    size_t count;
};

static void find_copies(const struct lint *lint, struct copies *copies)
{
    for (size_t i = 0; i < lint->set->count; i++) {
        const struct asyncapi_document *document = &lint->set->items[i];
        copies->items = xrealloc(copies->items, (copies->count + document->channel_count + 1) *
                                                    sizeof copies->items[0]);
        for (size_t j = 0; j < document->channel_count; j++) {
            const struct node *at = document->channels[j].at;
            if (owner_of(lint, document, &document->channels[j]) != NULL) {
                copies->items[copies->count++] =
                    (struct copy){.path = at->place.path,
                                  .first = at->key_place.line,
                                  .end = at->next != NULL ? at->next->key_place.line : 0};
            }
        }
    }
}

static bool is_same_path(const char *a, const char *b)
{
    return a == b || strcmp(a, b) == 0;
}

/* In a channel that is another's everything is wrong; that it is another's is enough. */
static bool is_in_copy(const struct copies *copies, struct position place)
{
    for (size_t i = 0; i < copies->count; i++) {
        const struct copy *copy = &copies->items[i];
        if (place.line >= copy->first && (copy->end == 0 || place.line < copy->end) &&
            is_same_path(copy->path, place.path)) {
            return true;
        }
    }
    return false;
}

/* What a rule has said about this line already. */
static bool is_said(const struct lint *lint, struct position place)
{
    for (size_t i = 0; i < lint->count; i++) {
        if (lint->findings[i].place.line == place.line &&
            is_same_path(lint->findings[i].place.path, place.path)) {
            return true;
        }
    }
    return false;
}

/* The same file among those that are judged; NULL when it is none of them. */
static const char *path_among(const struct lint *lint, const char *path)
{
    for (const struct document *file = lint->documents->first; file != NULL; file = file->next) {
        if (strcmp(file->path, path) == 0) {
            return file->path;
        }
    }
    return NULL;
}

/* What generator and topology say about a folder of contracts. */
static void judge_folder(struct lint *lint, const char *folder)
{
    struct contract_set contracts = {0};
    struct copies copies = {0};
    struct fault fault;
    if (contract_set_load(&contracts, folder, &fault) != OK) {
        find_copies(lint, &copies);
        const struct findings *findings = &contracts.asyncapi.documents.findings;
        for (size_t i = 0; i < findings->count && !lint->is_cut; i++) {
            struct position place = findings->items[i].place;
            place.path = path_among(lint, place.path);
            if (place.path != NULL && !is_said(lint, place) && !is_in_copy(&copies, place)) {
                lint_add(lint, &choreography_convention, place, "%s", findings->items[i].text);
            }
        }
    }
    free(copies.items);
    contract_set_done(&contracts);
}

static char *folder_of(const struct asyncapi_document *document)
{
    const char *path = document->file->path;
    const char *slash = strrchr(path, '/');
    return slash != NULL ? xstrndup(path, (size_t)(slash - path)) : xstrdup(".");
}

/* Each folder once: a document before this one may have named it. */
static bool is_judged(const struct lint *lint, const struct asyncapi_document *document)
{
    AUTO(free_text) char *folder = folder_of(document);
    for (const struct asyncapi_document *other = lint->set->items; other != document; other++) {
        AUTO(free_text) char *earlier = folder_of(other);
        if (other->is_given && strcmp(earlier, folder) == 0) {
            return true;
        }
    }
    return false;
}

void choreography_ours(struct lint *lint)
{
    for (size_t i = 0; i < lint->set->count; i++) {
        const struct asyncapi_document *document = &lint->set->items[i];
        judge_majors(lint, document);
        if (choreography_hears_all(document)) {
            judge_hearing(lint, document);
        }
        for (size_t j = 0; j < document->channel_count; j++) {
            judge_copy(lint, document, &document->channels[j]);
            for (size_t k = 0; k < document->channels[j].message_count; k++) {
                judge_name(lint, &document->channels[j].messages[k]);
            }
        }
    }
    for (size_t i = 0; i < lint->set->count; i++) {
        if (lint->set->items[i].is_given && !is_judged(lint, &lint->set->items[i])) {
            AUTO(free_text) char *folder = folder_of(&lint->set->items[i]);
            judge_folder(lint, folder);
        }
    }
}
