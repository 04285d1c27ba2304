/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/check/catalogue.h"

#include <string.h>

/*
 * The AMQP bindings of operations, as far as a message shows them (AsyncAPI's AMQP 0-9-1 bindings,
 * version 0.3.0, "Operation Binding Object"): `mandatory`, `bcc` and `ack` leave no trace in it,
 * and `replyTo` was taken out after 0.2.0. What is sent must be as one of the operations that send
 * it says; what is received must be as each of those that receive it says.
 */

struct look {
    const struct check_message *message;
    const struct asyncapi_operation *operation;
    const struct node *value; /* what the binding says */
    const struct check_notes *notes;
};

static struct json_object *member(struct json_object *object, const char *key)
{
    struct json_object *found = NULL;
    return object != NULL && json_object_object_get_ex(object, key, &found) ? found : NULL;
}

static void differ(const struct look *look, const char *instance, bool is_missing)
{
    check_note(look->notes, CHECK_PROPERTIES, instance, look->value,
               "%s, the AMQP binding of %s says %s", is_missing ? "is missing" : "is another",
               look->operation->key, look->value->text);
}

static void compare_text(const struct look *look, const char *key, const char *instance)
{
    const char *given = check_text(look->message->properties, key);
    if (look->value->kind != NODE_STRING && look->value->kind != NODE_INTEGER) {
        return; /* the linter's matter */
    }
    if (given == NULL || strcmp(given, look->value->text) != 0) {
        differ(look, instance, given == NULL);
    }
}

/* `absent` is what a message without the property has. */
static void compare_number(const struct look *look, const char *key, const char *instance,
                           int64_t absent)
{
    struct json_object *given = member(look->message->properties, key);
    int64_t number =
        json_object_is_type(given, json_type_int) ? json_object_get_int64(given) : absent;
    if (look->value->kind == NODE_INTEGER && number != look->value->integer) {
        differ(look, instance, given == NULL);
    }
}

/* In the message as decimal text. */
static void judge_expiration(const struct look *look)
{
    if (look->value->kind == NODE_INTEGER) {
        compare_text(look, "expiration", "/expiration");
    }
}

static void judge_user(const struct look *look)
{
    compare_text(look, "user_id", "/user_id");
}

static void judge_reply_to(const struct look *look)
{
    const char *version = node_find_text(look->value->parent, "bindingVersion");
    if (version != NULL && (strcmp(version, "0.1.0") == 0 || strcmp(version, "0.2.0") == 0)) {
        compare_text(look, "reply_to", "/reply_to");
    }
}

static void judge_priority(const struct look *look)
{
    compare_number(look, "priority", "/priority", 0);
}

static void judge_delivery_mode(const struct look *look)
{
    enum { TRANSIENT = 1 };
    compare_number(look, "delivery_mode", "/delivery_mode", TRANSIENT);
}

static void judge_timestamp(const struct look *look)
{
    bool is_there = member(look->message->properties, "timestamp") != NULL;
    if (look->value->kind == NODE_BOOLEAN && is_there != (look->value->integer == 1)) {
        check_note(look->notes, CHECK_PROPERTIES, "/timestamp", look->value,
                   "%s, the AMQP binding of %s says timestamp: %s",
                   is_there ? "is there" : "is missing", look->operation->key, look->value->text);
    }
}

static bool is_listed(struct json_object *list, const char *text)
{
    size_t count = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
    for (size_t i = 0; i < count; i++) {
        struct json_object *item = json_object_array_get_idx(list, i);
        if (json_object_is_type(item, json_type_string) &&
            strcmp(json_object_get_string(item), text) == 0) {
            return true;
        }
    }
    return false;
}

/* RabbitMQ's name for further routing keys is a header CC, a list. */
static void judge_copies(const struct look *look)
{
    struct json_object *list = member(look->message->headers, "CC");
    for (const struct node *key = look->value->kind == NODE_LIST ? look->value->first : NULL;
         key != NULL; key = key->next) {
        if (key->kind == NODE_STRING && !is_listed(list, key->text)) {
            check_note(look->notes, CHECK_HEADERS, "/CC", key,
                       "lacks %s, which the AMQP binding of %s says", key->text,
                       look->operation->key);
        }
    }
}

static const struct {
    const char *member;
    void (*judge)(const struct look *look);
} members[] = {
    {"expiration", judge_expiration},
    {"userId", judge_user},
    {"replyTo", judge_reply_to},
    {"priority", judge_priority},
    {"deliveryMode", judge_delivery_mode},
    {"timestamp", judge_timestamp},
    {"cc", judge_copies},
};

static void judge_one(struct checker *checker, const struct asyncapi_operation *operation,
                      const struct check_message *message, const struct check_notes *notes)
{
    struct documents *documents = &checker->set->documents;
    const struct node *bindings = ref_follow(documents, node_find(operation->at, "bindings"));
    const struct node *amqp = ref_follow(documents, node_find(bindings, "amqp"));
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        const struct look look = {message, operation, node_find(amqp, members[i].member), notes};
        if (look.value != NULL) {
            members[i].judge(&look);
        }
    }
}

/* By node: each document that lists a channel of a shared file has it as its own. */
static bool has_message(const struct asyncapi_operation *operation,
                        const struct asyncapi_message *message)
{
    if (operation->channel == NULL || operation->channel->at != message->channel->at) {
        return false;
    }
    for (size_t i = 0; i < operation->message_count; i++) {
        if (strcmp(operation->messages[i]->key, message->key) == 0) {
            return true;
        }
    }
    return false;
}

void operation_judge(struct checker *checker, const struct check_entry *entry,
                     const struct check_message *message, const struct check_notes *notes)
{
    const struct asyncapi *set = checker->set;
    const struct asyncapi_operation *sender = NULL; /* the first that does not fit */
    bool fits_sender = false;
    for (size_t d = 0; d < set->count; d++) {
        for (size_t o = 0; o < set->items[d].operation_count; o++) {
            const struct asyncapi_operation *operation = &set->items[d].operations[o];
            if (!has_message(operation, entry->message)) {
                continue;
            }
            if (!operation->is_send) {
                judge_one(checker, operation, message, notes);
                continue;
            }
            struct check_errors errors = {0};
            const struct check_notes counted = {.errors = &errors};
            judge_one(checker, operation, message, &counted);
            fits_sender = fits_sender || check_found(&errors) == 0;
            sender = sender == NULL && check_found(&errors) > 0 ? operation : sender;
        }
    }
    if (sender != NULL && !fits_sender) {
        judge_one(checker, sender, message, notes);
    }
}
