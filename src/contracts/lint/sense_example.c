/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/sense.h"

#include "contracts/jsonschema/jsonschema.h"
#include "contracts/jsonschema/value.h"
#include "contracts/pointer.h"

#include <string.h>

/* Examples and defaults, judged by the schemas that they stand for. */

enum {
    ERRORS_TOLD_MAX = 5,     /* of one value */
    VALUES_MAX_COUNT = 2000, /* of one schema's or message's examples */
};

struct trial {
    struct lint *lint;
    const struct lint_rule *rule;
    const struct node *value;
    const char *what; /* "the example", for the sentence */
    int told;
};

/* The node that a JSON Pointer leads to; the last one that is there. */
static const struct node *node_at(const struct node *node, const char *pointer)
{
    while (*pointer == '/') {
        size_t length = strcspn(++pointer, "/");
        AUTO(free_text) char *step = xstrndup(pointer, length);
        pointer_unescape(step);
        const struct node *child = pointer_child(node, step);
        if (child == NULL) {
            return node;
        }
        node = child;
        pointer += length;
    }
    return node;
}

static bool tell(void *context, const struct jsonschema_error *error)
{
    struct trial *trial = context;
    const struct node *at = node_at(trial->value, error->instance);
    bool is_here = strcmp(error->place.path, at->place.path) == 0;
    lint_add(trial->lint, trial->rule, at->place, "%s breaks its own schema: %s%s%s (%s#%s)",
             trial->what, error->instance, error->instance[0] != '\0' ? " " : "it ", error->text,
             is_here ? "" : error->place.path, error->schema);
    return ++trial->told < ERRORS_TOLD_MAX;
}

static void judge_value(struct trial *trial, const struct jsonschema *schema)
{
    struct json_object *value = NULL;
    struct fault fault;
    if (value_of_node(trial->value, &value, &fault) != OK) {
        return; /* larger than anything that is an example */
    }
    if (!jsonschema_is_valid(schema, value)) {
        (void)jsonschema_explain(schema, value, tell, trial);
    }
    (void)json_object_put(value);
}

/* NULL when it is no schema that can be used: other rules say why. */
static struct jsonschema *compile(struct lint *lint, const struct node *schema)
{
    /* What we publish has declared members only, and so have its examples. */
    struct jsonschema_options options = {.is_closed = lint->is_ours};
    struct jsonschema *compiled = NULL;
    struct fault fault;
    if (jsonschema_compile(lint->documents, schema, &options, &compiled, &fault) == OK) {
        return compiled;
    }
    options.without = "pattern"; /* one bad pattern must not hide what else is wrong */
    bool is_usable = jsonschema_compile(lint->documents, schema, &options, &compiled, &fault) == OK;
    return is_usable ? compiled : NULL;
}

static void judge_part(struct lint *lint, const struct asyncapi_message *message,
                       const struct node *schema, const char *part)
{
    const struct node *member = node_find(message->at, part);
    const struct node *at = ref_follow(lint->documents, member);
    if (schema == NULL || !sense_is_json_schema(node_find_text(at, "schemaFormat"))) {
        return;
    }
    struct jsonschema *compiled = NULL;
    size_t count = 0;
    for (const struct node *each = message->examples->first;
         each != NULL && count < VALUES_MAX_COUNT; each = each->next) {
        const struct node *value = node_find(ref_follow(lint->documents, each), part);
        struct trial trial = {
            .lint = lint, .rule = &sense_invalid_example, .value = value, .what = "the example"};
        if (value == NULL) {
            continue;
        }
        compiled = count++ == 0 ? compile(lint, schema) : compiled;
        if (compiled == NULL) {
            return;
        }
        judge_value(&trial, compiled);
    }
    jsonschema_free(compiled);
}

void sense_message_examples(struct lint *lint, const struct asyncapi_message *message)
{
    if (message->examples != NULL) {
        judge_part(lint, message, message->payload, "payload");
        judge_part(lint, message, message->headers, "headers");
    }
}

void sense_schema_examples(struct lint *lint, const struct schema_visit *visit)
{
    const struct node *fallback = node_find(visit->at, "default");
    const struct node *list = node_find(visit->at, "examples");
    bool has_list = list != NULL && list->kind == NODE_LIST && list->count > 0;
    struct jsonschema *compiled = fallback != NULL || has_list ? compile(lint, visit->at) : NULL;
    if (compiled == NULL) {
        return;
    }
    if (fallback != NULL) {
        struct trial trial = {
            .lint = lint, .rule = &sense_invalid_default, .value = fallback, .what = "the default"};
        judge_value(&trial, compiled);
    }
    size_t count = 0;
    for (const struct node *each = has_list ? list->first : NULL;
         each != NULL && count < VALUES_MAX_COUNT; each = each->next, count++) {
        struct trial trial = {
            .lint = lint, .rule = &sense_invalid_example, .value = each, .what = "the example"};
        judge_value(&trial, compiled);
    }
    jsonschema_free(compiled);
}
