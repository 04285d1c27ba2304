/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/sense.h"

#include "contracts/literal.h"

#include <string.h>

/*
 * Whether two messages of one channel can be told apart. They can when no value is valid as both.
 * That is proved by what every reader would look at:
 *
 *   - the payload's or headers' types have nothing in common;
 *   - a member (of any object in them) that one requires and the other refuses;
 *   - a member that both declare, whose values have nothing in common (const, enum, types) and that
 *     at least one of them requires. Where neither does, it is still what people mean to look at,
 * so a const or enum on both sides counts as well;
 *   - of a list of branches (oneOf, anyOf) every one is told apart from the other side;
 *   - another content type, or AMQP's message type.
 *
 * What is not proved apart is said to be alike; messages whose payload is not JSON Schema are left
 * out.
 */

enum {
    DEPTH_MAX = 6,      /* of members of members */
    MESSAGES_MAX = 100, /* of one channel: each is compared with each */
    VALUES_MAX = 100,   /* of one enum */
};

struct pair {
    struct documents *documents;
    int *steps; /* what may still be looked at; with none left nobody can tell */
};

static bool are_apart(struct pair *pair, const struct node *a, const struct node *b, int depth);

/* The values that a schema lists: `count` from `first` on; 0: it lists none. */
static size_t values_of(const struct node *schema, const struct node **first)
{
    const struct node *value = node_find(schema, "const");
    const struct node *list = node_find(schema, "enum");
    if (value != NULL) {
        *first = value;
        return 1;
    }
    if (list != NULL && list->kind == NODE_LIST && list->count <= VALUES_MAX) {
        *first = list->first;
        return list->count;
    }
    return 0;
}

static bool fits(const struct node *value, const struct node *schema)
{
    const struct node *type = node_find(schema, "type");
    const struct node *listed = NULL;
    size_t count = values_of(schema, &listed);
    if (type != NULL && !literal_has_type(value, type)) {
        return false;
    }
    for (size_t i = 0; i < count; i++, listed = listed->next) {
        if (literal_equal(listed, value)) {
            return true;
        }
    }
    return count == 0;
}

/* No value that `a` lists is one of `b`. */
static bool has_other_values(const struct node *a, const struct node *b)
{
    const struct node *value = NULL;
    size_t count = values_of(a, &value);
    for (size_t i = 0; i < count; i++, value = value->next) {
        if (fits(value, b)) {
            return false;
        }
    }
    return count > 0;
}

/* `type` as a list of names; integer is a kind of number. */
static bool shares_type(const struct node *one, const struct node *type)
{
    static const char *const names[] = {"null",   "boolean", "string", "array",
                                        "object", "integer", "number"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        bool in_both = true;
        const struct node *lists[] = {one, type};
        for (size_t j = 0; j < COUNT_OF(lists); j++) {
            bool found = false;
            bool is_list = lists[j]->kind == NODE_LIST;
            for (const struct node *each = is_list ? lists[j]->first : lists[j]; each != NULL;
                 each = is_list ? each->next : NULL) {
                const char *text = each->kind == NODE_NULL ? "null" : each->text;
                bool is_wider =
                    text != NULL && strcmp(text, "number") == 0 && strcmp(names[i], "integer") == 0;
                found |= text == NULL || strcmp(text, names[i]) == 0 || is_wider;
            }
            in_both &= found;
        }
        if (in_both) {
            return true;
        }
    }
    return false;
}

static bool has_other_type(const struct node *a, const struct node *b)
{
    const struct node *left = node_find(a, "type");
    const struct node *right = node_find(b, "type");
    return left != NULL && right != NULL && !shares_type(left, right);
}

static bool is_closed(const struct node *schema)
{
    const struct node *others = node_find(schema, "additionalProperties");
    return others != NULL && others->kind == NODE_BOOLEAN && others->integer == 0 &&
           node_find(schema, "patternProperties") == NULL;
}

/* A member that `a` always has and `b` never. */
static bool has_member_of_its_own(struct pair *pair, const struct node *a, const struct node *b)
{
    const struct node *required = node_find(a, "required");
    const struct node *properties = node_find(b, "properties");
    for (const struct node *each = required != NULL ? required->first : NULL; each != NULL;
         each = each->next) {
        const struct node *refused = each->text != NULL ? node_find(properties, each->text) : NULL;
        bool is_refused = refused != NULL && refused->kind == NODE_BOOLEAN && refused->integer == 0;
        if (each->kind == NODE_STRING && ((is_closed(b) && refused == NULL) || is_refused) &&
            (*pair->steps)-- > 0) {
            return true;
        }
    }
    return false;
}

static bool lists_values(struct pair *pair, const struct node *schema)
{
    const struct node *first = NULL;
    return values_of(ref_follow(pair->documents, schema), &first) > 0;
}

static bool has_telling_member(struct pair *pair, const struct node *a, const struct node *b,
                               int depth)
{
    const struct node *properties = node_find(a, "properties");
    for (const struct node *each = properties != NULL ? properties->first : NULL; each != NULL;
         each = each->next) {
        const struct node *other = NULL;
        if ((*pair->steps)-- <= 0 ||
            schema_member(pair->documents, b, each->key, &other) != SCHEMA_DECLARED) {
            continue;
        }
        bool is_there = schema_requires(pair->documents, a, each->key) ||
                        schema_requires(pair->documents, b, each->key) ||
                        (lists_values(pair, each) && lists_values(pair, other));
        if (is_there && are_apart(pair, each, other, depth + 1)) {
            return true;
        }
    }
    return false;
}

/* Any branch of allOf that is apart from `b` is enough; of oneOf and anyOf all must be. */
static bool branches_are_apart(struct pair *pair, const struct node *a, const struct node *b,
                               int depth)
{
    static const struct {
        const char *key;
        bool needs_all;
    } lists[] = {{"allOf", false}, {"oneOf", true}, {"anyOf", true}};
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        const struct node *list = node_find(a, lists[i].key);
        size_t apart = 0;
        for (const struct node *each = list != NULL ? list->first : NULL; each != NULL;
             each = each->next) {
            apart += are_apart(pair, each, b, depth + 1);
        }
        if (list != NULL && apart > 0 && (!lists[i].needs_all || apart == list->count)) {
            return true;
        }
    }
    return false;
}

static bool are_apart(struct pair *pair, const struct node *a, const struct node *b, int depth)
{
    const struct node *left = ref_follow(pair->documents, a);
    const struct node *right = ref_follow(pair->documents, b);
    if (left == NULL || right == NULL || depth > DEPTH_MAX || (*pair->steps)-- <= 0) {
        return false;
    }
    if (left->kind != NODE_MAP || right->kind != NODE_MAP) { /* `false` is no value at all */
        return (left->kind == NODE_BOOLEAN && left->integer == 0) ||
               (right->kind == NODE_BOOLEAN && right->integer == 0);
    }
    return has_other_type(left, right) || has_other_values(left, right) ||
           has_other_values(right, left) || has_member_of_its_own(pair, left, right) ||
           has_member_of_its_own(pair, right, left) ||
           has_telling_member(pair, left, right, depth) ||
           has_telling_member(pair, right, left, depth) ||
           branches_are_apart(pair, left, right, depth) ||
           branches_are_apart(pair, right, left, depth);
}

static bool differ(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcasecmp(a, b) != 0;
}

static const char *amqp_type(struct pair *pair, const struct asyncapi_message *message)
{
    const struct node *bindings = ref_follow(pair->documents, node_find(message->at, "bindings"));
    return node_find_text(ref_follow(pair->documents, node_find(bindings, "amqp")), "messageType");
}

/* A schema that cannot be read here may say anything. */
static bool is_readable(struct pair *pair, const struct asyncapi_message *message,
                        const char *member)
{
    const struct node *at = ref_follow(pair->documents, node_find(message->at, member));
    return sense_is_json_schema(node_find_text(at, "schemaFormat"));
}

static bool can_tell(struct pair *pair, const struct asyncapi_message *a,
                     const struct asyncapi_message *b)
{
    bool are_readable = is_readable(pair, a, "payload") && is_readable(pair, b, "payload") &&
                        is_readable(pair, a, "headers") && is_readable(pair, b, "headers");
    if (!are_readable || differ(a->content_type, b->content_type) ||
        differ(amqp_type(pair, a), amqp_type(pair, b))) {
        return true;
    }
    return are_apart(pair, a->payload, b->payload, 0) || are_apart(pair, a->headers, b->headers, 0);
}

void sense_alike(struct lint *lint, const struct asyncapi_channel *channel, int *steps)
{
    size_t count = channel->message_count < MESSAGES_MAX ? channel->message_count : MESSAGES_MAX;
    for (size_t i = 1; i < count; i++) {
        for (size_t j = 0; j<i && * steps> 0; j++) {
            const struct asyncapi_message *message = &channel->messages[i];
            const struct asyncapi_message *other = &channel->messages[j];
            struct pair pair = {.documents = lint->documents, .steps = steps};
            if (!can_tell(&pair, message, other) && *steps > 0) {
                lint_add(lint, &sense_indistinguishable_messages, message->written->key_place,
                         "a value can be valid as %s and as %s: give each a required member with a "
                         "const, or a header, that tells them apart",
                         message->key, other->key);
                break;
            }
        }
    }
}
