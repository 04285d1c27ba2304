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

/* What has been seen of schemas in this run. */
struct schemas {
    struct lint *lint;
    struct schema_walk walk;
    struct schema_circles circles;
    struct node_set foreign; /* of another kind than JSON Schema */
};

static void see_circle(void *context, const struct node *branch)
{
    lint_add(
        context, &sense_schema_circle, branch->key_place,
        "the schema applies itself to the same value again here: no validator comes to an end; "
        "let it hold itself below properties or items, or remove this");
}

static void see_schema(void *context, const struct schema_visit *visit)
{
    struct schemas *schemas = context;
    sense_schema(schemas->lint, visit);
    sense_schema_examples(schemas->lint, visit);
    schema_circles_find(&schemas->circles, schemas->lint->documents, visit->at, see_circle,
                        schemas->lint);
}

/* A schema, or what a Multi Format Schema Object holds when it is JSON Schema. */
static void judge_schema(struct schemas *schemas, const struct node *schema)
{
    struct lint *lint = schemas->lint;
    const struct node *at = ref_follow(lint->documents, schema);
    const char *format = node_find_text(at, "schemaFormat");
    if (at == NULL) {
        return;
    }
    if (!sense_is_json_schema(format)) {
        if (node_set_add(&schemas->foreign, at)) {
            lint_leave(lint, at->place, format);
        }
        return;
    }
    const struct node *inner = format != NULL ? node_find(at, "schema") : at;
    if (inner != NULL) {
        schema_walk(&schemas->walk, inner, see_schema, schemas);
    }
}

static void judge_message(struct schemas *schemas, const struct asyncapi_message *message)
{
    sense_message(schemas->lint, message);
    sense_message_examples(schemas->lint, message);
    judge_schema(schemas, node_find(message->at, "payload"));
    judge_schema(schemas, node_find(message->at, "headers"));
}

static void judge_components(struct schemas *schemas, const struct asyncapi_document *document)
{
    const struct node *components = node_find(document->file->root, "components");
    const struct node *named = node_find(components, "schemas");
    for (const struct node *each = named != NULL ? named->first : NULL; each != NULL;
         each = each->next) {
        judge_schema(schemas, each);
    }
}

static void judge_document(struct schemas *schemas, int *steps,
                           const struct asyncapi_document *document)
{
    struct lint *lint = schemas->lint;
    sense_document(lint, document);
    sense_duplicates(lint, document);
    for (size_t i = 0; i < document->channel_count; i++) {
        const struct asyncapi_channel *channel = &document->channels[i];
        sense_channel(lint, document, channel);
        sense_alike(lint, channel, steps);
        for (size_t j = 0; j < channel->message_count; j++) {
            judge_message(schemas, &channel->messages[j]);
        }
    }
    judge_components(schemas, document);
}

void lint_sense(struct lint *lint)
{
    struct schemas schemas = {.lint = lint, .walk = {.documents = lint->documents}};
    int steps = COMPARISONS_MAX;
    for (size_t i = 0; i < lint->set->count; i++) {
        judge_document(&schemas, &steps, &lint->set->items[i]);
    }
    sense_unused(lint);
    schema_walk_done(&schemas.walk);
    schema_circles_done(&schemas.circles);
    node_set_done(&schemas.foreign);
}
