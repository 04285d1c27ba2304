/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/sense.h"

#include <string.h>

enum { COMPARISONS_MAX = 200 * 1000 }; /* of parts of messages with each other, in one run */

bool sense_is_json_schema(const char *schema_format)
{
    static const char *const ours[] = {"application/vnd.aai.asyncapi", "application/schema+json",
                                       "application/schema+yaml"};
    for (size_t i = 0; i < COUNT_OF(ours) && schema_format != NULL; i++) {
        size_t length = strlen(ours[i]);
        if (strncmp(schema_format, ours[i], length) == 0 &&
            (schema_format[length] == '\0' || strchr(";+", schema_format[length]) != NULL)) {
            return true;
        }
    }
    return schema_format == NULL;
}

static void see_schema(void *context, const struct schema_visit *visit)
{
    sense_schema(context, visit);
    sense_schema_examples(context, visit);
}

/* A schema, or what a Multi Format Schema Object holds when it is JSON Schema. */
static void judge_schema(struct lint *lint, struct schema_walk *walk, const struct node *schema)
{
    const struct node *at = schema != NULL ? ref_follow(lint->documents, schema) : NULL;
    const char *format = node_find_text(at, "schemaFormat");
    if (at == NULL || !sense_is_json_schema(format)) {
        return;
    }
    const struct node *inner = format != NULL ? node_find(at, "schema") : at;
    if (inner != NULL) {
        schema_walk(walk, inner, see_schema, lint);
    }
}

static void judge_message(struct lint *lint, struct schema_walk *walk,
                          const struct asyncapi_message *message)
{
    sense_message(lint, message);
    sense_message_examples(lint, message);
    judge_schema(lint, walk, node_find(message->at, "payload"));
    judge_schema(lint, walk, node_find(message->at, "headers"));
}

static void judge_components(struct lint *lint, struct schema_walk *walk,
                             const struct asyncapi_document *document)
{
    const struct node *components = node_find(document->file->root, "components");
    const struct node *schemas = node_find(components, "schemas");
    for (const struct node *each = schemas != NULL ? schemas->first : NULL; each != NULL;
         each = each->next) {
        judge_schema(lint, walk, each);
    }
}

static void judge_document(struct lint *lint, struct schema_walk *walk, int *steps,
                           const struct asyncapi_document *document)
{
    sense_document(lint, document);
    sense_duplicates(lint, document);
    for (size_t i = 0; i < document->channel_count; i++) {
        const struct asyncapi_channel *channel = &document->channels[i];
        sense_channel(lint, document, channel);
        sense_alike(lint, channel, steps);
        for (size_t j = 0; j < channel->message_count; j++) {
            judge_message(lint, walk, &channel->messages[j]);
        }
    }
    judge_components(lint, walk, document);
}

void lint_sense(struct lint *lint)
{
    struct schema_walk walk = {.documents = lint->documents};
    int steps = COMPARISONS_MAX;
    for (size_t i = 0; i < lint->set->count; i++) {
        judge_document(lint, &walk, &steps, &lint->set->items[i]);
    }
    sense_unused(lint);
    schema_walk_done(&walk);
}
