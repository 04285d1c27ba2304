/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/choreography.h"

#include "contracts/lint/location.h"
#include "contracts/lint/schema_walk.h"

#include <string.h>

/* Personal data where everything on the way can read it. */

struct looking {
    struct lint *lint;
    const struct asyncapi_message *message;
};

static bool is_personal(struct lint *lint, const struct node *schema)
{
    return choreography_says_true(ref_follow(lint->documents, schema), "x-personal");
}

static void see_header(void *context, const struct schema_visit *visit)
{
    struct looking *looking = context;
    const struct node *properties = node_find(visit->at, "properties");
    for (const struct node *each =
             properties != NULL && properties->kind == NODE_MAP ? properties->first : NULL;
         each != NULL; each = each->next) {
        if (is_personal(looking->lint, each)) {
            lint_add(looking->lint, &choreography_personal_data_exposed, each->key_place,
                     "the header %s of %s holds personal data: move it into the payload", each->key,
                     looking->message->name);
        }
    }
}

/* Where an expression leads, and whether personal data is there. */
static void judge_location(struct lint *lint, const struct asyncapi_message *message,
                           const struct node *location, const char *what)
{
    const struct node *found = NULL;
    const char *missing = NULL;
    if (location != NULL && location->kind == NODE_STRING &&
        location_find(lint->documents, message, location->text, &found, &missing) ==
            SCHEMA_DECLARED &&
        is_personal(lint, found)) {
        lint_add(lint, &choreography_personal_data_exposed, location->place,
                 "the %s is personal data of %s: use an id that means nothing outside", what,
                 message->name);
    }
}

/* What our runtime copies from the payload into headers. */
static void judge_copied(struct lint *lint, const struct asyncapi_message *message, const char *key)
{
    const struct node *name = node_find(message->at, key);
    const struct node *found = NULL;
    if (name != NULL && name->kind == NODE_STRING && message->payload != NULL &&
        schema_member(lint->documents, message->payload, name->text, &found) == SCHEMA_DECLARED &&
        is_personal(lint, found)) {
        lint_add(lint, &choreography_personal_data_exposed, name->place,
                 "%s is personal data, and %s becomes a header: use an id that means nothing "
                 "outside",
                 name->text, key);
    }
}

static void judge_message(struct lint *lint, const struct asyncapi_message *message)
{
    struct looking looking = {.lint = lint, .message = message};
    struct schema_walk walk = {.documents = lint->documents};
    if (message->headers != NULL) {
        schema_walk(&walk, message->headers, see_header, &looking);
    }
    schema_walk_done(&walk);
    judge_location(lint, message, node_find(message->correlation_id, "location"), "correlation id");
    judge_copied(lint, message, "x-subject");
    judge_copied(lint, message, "x-correlation");
    judge_copied(lint, message, "x-person");
}

static void judge_parameters(struct lint *lint, const struct asyncapi_channel *channel)
{
    const struct node *parameters =
        ref_follow(lint->documents, node_find(channel->at, "parameters"));
    for (const struct node *each =
             parameters != NULL && parameters->kind == NODE_MAP ? parameters->first : NULL;
         each != NULL; each = each->next) {
        const struct node *parameter = ref_follow(lint->documents, each);
        if (is_personal(lint, each)) {
            lint_add(lint, &choreography_personal_data_exposed, each->key_place,
                     "the address holds personal data, %s: use an id that means nothing outside",
                     each->key);
        }
        for (size_t i = 0; i < channel->message_count; i++) {
            judge_location(lint, &channel->messages[i], node_find(parameter, "location"),
                           "address's parameter");
        }
    }
}

void choreography_personal(struct lint *lint)
{
    for (size_t i = 0; i < lint->set->count; i++) {
        for (size_t j = 0; j < lint->set->items[i].channel_count; j++) {
            const struct asyncapi_channel *channel = &lint->set->items[i].channels[j];
            judge_parameters(lint, channel);
            for (size_t k = 0; k < channel->message_count; k++) {
                judge_message(lint, &channel->messages[k]);
            }
        }
    }
}
