/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/location.h"

#include "contracts/lint/sense.h"
#include "contracts/pointer.h"
#include "core/text.h"

#include <string.h>

static const struct node *schema_of(struct documents *documents, const struct node *member,
                                    const struct node *schema)
{
    const struct node *at = ref_follow(documents, member);
    return sense_is_json_schema(node_find_text(at, "schemaFormat")) ? schema : NULL;
}

enum schema_answer location_find(struct documents *documents,
                                 const struct asyncapi_message *message, const char *expression,
                                 const struct node **found, const char **missing)
{
    static const char header[] = "$message.header#";
    static const char payload[] = "$message.payload#";
    bool is_header = text_starts_with(expression, header);
    if (!is_header && !text_starts_with(expression, payload)) {
        return SCHEMA_OPEN;
    }
    const char *at = expression + strlen(is_header ? header : payload);
    const struct node *schema =
        is_header ? schema_of(documents, node_find(message->at, "headers"), message->headers)
                  : schema_of(documents, node_find(message->at, "payload"), message->payload);
    while (schema != NULL && *at == '/') {
        size_t length = strcspn(++at, "/");
        char *step = arena_text(&documents->arena, at, length);
        pointer_unescape(step);
        const struct node *next = NULL;
        enum schema_answer answer = schema_member(documents, schema, step, &next);
        if (answer != SCHEMA_DECLARED) {
            *missing = step;
            return answer;
        }
        schema = next;
        at += length;
    }
    if (found != NULL) {
        *found = schema;
    }
    return schema != NULL && *at == '\0' ? SCHEMA_DECLARED : SCHEMA_OPEN;
}
