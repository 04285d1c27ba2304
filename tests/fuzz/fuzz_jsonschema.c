/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/jsonschema/jsonschema.h"
#include "contracts/jsonschema/value.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/*
 * A schema, a NUL, an instance, both JSON. What compiles is run both ways, and both come to the
 * same verdict; the explanation has a sentence and places for every error.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool is_true)
{
    if (!is_true) {
        abort();
    }
}

static bool take_error(void *context, const struct jsonschema_error *error)
{
    (*(size_t *)context)++;
    require(error->text[0] != '\0' && (error->instance[0] == '\0' || error->instance[0] == '/'));
    require(error->schema[0] == '\0' || error->schema[0] == '/');
    return true;
}

static void judge(const struct jsonschema *schema, struct json_object *instance)
{
    size_t errors = 0;
    bool is_valid = jsonschema_is_valid(schema, instance);
    require(jsonschema_explain(schema, instance, take_error, &errors) == is_valid);
    require(is_valid == (errors == 0));
    /* A value equals itself, and so does what it prints. */
    require(value_is_equal(instance, instance));
    const char *text = json_object_to_json_string_ext(instance, JSON_C_TO_STRING_PLAIN);
    struct json_object *again = NULL;
    require(value_read(text, strlen(text), &again, NULL) == OK);
    require(value_is_equal(instance, again) && value_hash(instance) == value_hash(again));
    (void)json_object_put(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    const char *end = size > 0 ? memchr(text, '\0', size) : NULL;
    size_t length = end != NULL ? (size_t)(end - text) : size;
    const struct jsonschema_options options = {.is_closed = size % 2 == 1, .root = "/nonexistent"};
    struct documents documents = {0};
    struct jsonschema *schema = NULL;
    struct json_object *instance = NULL;
    const struct node *node =
        node_parse("s.json", text, length, &documents.arena, &documents.findings);
    if (node != NULL && jsonschema_compile(&documents, node, &options, &schema, NULL) == OK &&
        end != NULL && value_read(end + 1, size - length - 1, &instance, NULL) == OK) {
        judge(schema, instance);
    }
    (void)json_object_put(instance);
    jsonschema_free(schema);
    documents_done(&documents);
    return 0;
}
