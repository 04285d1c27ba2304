/* SPDX-License-Identifier: Apache-2.0 */
#include "handlers.h"

#include "../unit/unit.h"
#include "contracts/model.h"
#include "core/buffer.h"
#include "core/text.h"

#include <json-c/json.h>

/* Every example of every message that the service says or hears, through the service's generated
 * tables. */

static struct contract_set set;
static const struct model_service *service;

static void setup(void)
{
    struct fault fault = {0};
    ck_assert_msg(contract_set_load(&set, CONTRACTS, &fault) == OK, "%s", fault.text);
    ck_assert_msg(contract_prepare(&CONTRACT, &fault) == OK, "%s", fault.text);
    service = contract_set_find(&set, CONTRACT.service);
    ck_assert_ptr_nonnull(service);
}

static void teardown(void)
{
    contract_set_done(&set);
}

static struct json_object *to_json(const struct node *node)
{
    struct json_object *json = NULL;
    switch (node->kind) {
    case NODE_NULL:
        return NULL;
    case NODE_BOOLEAN:
        return json_object_new_boolean(node->integer == 1);
    case NODE_INTEGER:
        return json_object_new_int64(node->integer);
    case NODE_NUMBER:
        return json_object_new_double(node->number);
    case NODE_STRING:
        return json_object_new_string(node->text);
    case NODE_LIST:
        json = json_object_new_array();
        for (const struct node *child = node->first; child != NULL; child = child->next) {
            json_object_array_add(json, to_json(child));
        }
        return json;
    case NODE_MAP:
        json = json_object_new_object();
        for (const struct node *child = node->first; child != NULL; child = child->next) {
            json_object_object_add(json, child->key, to_json(child));
        }
        return json;
    }
    return NULL;
}

static bool is_same_instant(const char *a, const char *b)
{
    int64_t a_ms = 0;
    int64_t b_ms = 0;
    return text_date_time(a, strlen(a), &a_ms) && text_date_time(b, strlen(b), &b_ms) &&
           a_ms == b_ms;
}

/* Equal documents; an instant may be written in another zone, and null is the same as absent. */
static bool is_equivalent(struct json_object *a, struct json_object *b)
{
    if (!json_object_is_type(a, json_type_object) || !json_object_is_type(b, json_type_object)) {
        return json_object_equal(a, b) != 0 ||
               (json_object_is_type(a, json_type_string) &&
                json_object_is_type(b, json_type_string) &&
                is_same_instant(json_object_get_string(a), json_object_get_string(b)));
    }
    bool is_same = true;
    int members = 0;
    json_object_object_foreach(a, key, value)
    {
        struct json_object *other = json_object_object_get(b, key);
        is_same = is_same && is_equivalent(value, other);
        members += value != NULL ? 1 : 0;
    }
    return is_same && members == json_object_object_length(b);
}

static enum outcome decode(const struct message *message, struct json_object *json,
                           struct arena *arena, void *out, struct fault *fault)
{
    const char *text = json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN);
    return codec_decode(message->shape, CODEC_OPEN, text, strlen(text), arena, out, fault);
}

static void check_round_trip(const struct message *message, struct json_object *example)
{
    struct arena arena = {0};
    struct fault fault = {0};
    AUTO(buffer_done) struct buffer out = {0};
    void *event = arena_alloc(&arena, message->shape->size);
    ck_assert_msg(decode(message, example, &arena, event, &fault) == OK, "%s: %s", message->name,
                  fault.text);
    ck_assert_msg(codec_encode(message->shape, event, &out, &fault) == OK, "%s: %s", message->name,
                  fault.text);
    struct json_object *again = json_tokener_parse(buffer_cstr(&out));
    ck_assert_msg(is_equivalent(example, again), "%s became %s",
                  json_object_to_json_string(example), buffer_cstr(&out));
    json_object_put(again);
    arena_done(&arena);
}

/* Taking a required member away, and giving it a value of another type, is a REJECT that names it.
 */
static void check_refusals(const struct message *message, const struct schema *payload,
                           const struct node *example)
{
    for (size_t i = 0; i < 2 * payload->property_count; i++) {
        const struct property *property = &payload->properties[i / 2];
        struct json_object *json = to_json(example);
        if (i % 2 == 0 && !property->required) {
            json_object_put(json);
            continue;
        }
        if (i % 2 == 0) {
            json_object_object_del(json, property->name);
        } else {
            json_object_object_add(json, property->name, json_object_new_object());
        }
        struct arena arena = {0};
        struct fault fault = {0};
        void *event = arena_alloc(&arena, message->shape->size);
        ck_assert_msg(decode(message, json, &arena, event, &fault) == REJECT, "%s without %s",
                      message->name, property->name);
        ck_assert_msg(strstr(fault.text, property->name) != NULL, "%s: \"%s\" does not name it",
                      property->name, fault.text);
        arena_done(&arena);
        json_object_put(json);
    }
}

static const struct message *find_generated(const char *type)
{
    const struct message *sent = contract_find_send(&CONTRACT, type);
    const struct receive *heard = contract_find_receive(&CONTRACT, type);
    return sent != NULL ? sent : heard != NULL ? heard->message : NULL;
}

static void check_message(const struct model_message *model)
{
    const struct message *message = find_generated(model->type);
    ck_assert_msg(message != NULL, "%s has no table", model->type);
    ck_assert_str_eq(message->routing_key, model->channel->address);
    ck_assert_str_eq(message->service, model->channel->owner->name);
    ck_assert_int_eq(message->is_heard, model->is_heard);
    for (const struct node *each = model->examples->first; each != NULL; each = each->next) {
        const struct node *payload = node_find(each, "payload");
        struct json_object *json = to_json(payload);
        check_round_trip(message, json);
        json_object_put(json);
        check_refusals(message, model->payload, payload);
    }
}

START_TEST(every_example_travels_through_the_tables_unchanged)
{
    size_t messages = 0;
    for (size_t i = 0; i < service->send_count; i++) {
        for (size_t j = 0; j < service->sends[i].message_count; j++, messages++) {
            check_message(service->sends[i].messages[j]);
        }
    }
    ck_assert_uint_eq(messages, CONTRACT.send_count);
    for (size_t i = 0; i < service->receive_count; i++) {
        for (size_t j = 0; j < service->receives[i].message_count; j++, messages++) {
            check_message(service->receives[i].messages[j]);
        }
    }
    ck_assert_uint_eq(messages, CONTRACT.send_count + CONTRACT.receive_count);
}
END_TEST

START_TEST(unknown_members_are_ignored)
{
    const struct model_message *model = service->sends[0].messages[0];
    const struct message *message = CONTRACT.sends[0];
    struct json_object *json = to_json(node_find(model->examples->first, "payload"));
    json_object_object_add(json, "addedLater", json_object_new_string("by a newer version"));
    struct arena arena = {0};
    struct fault fault = {0};
    void *event = arena_alloc(&arena, message->shape->size);
    ck_assert_msg(decode(message, json, &arena, event, &fault) == OK, "%s", fault.text);
    arena_done(&arena);
    json_object_put(json);
}
END_TEST

START_TEST(the_subject_and_the_story_are_uuids_of_the_example)
{
    for (size_t i = 0; i < service->send_count; i++) {
        const struct model_message *model = service->sends[i].messages[0];
        const struct message *message = CONTRACT.sends[i];
        const struct node *payload = node_find(model->examples->first, "payload");
        struct json_object *json = to_json(payload);
        struct arena arena = {0};
        struct fault fault = {0};
        char *event = arena_alloc(&arena, message->shape->size);
        ck_assert_int_eq(decode(message, json, &arena, event, &fault), OK);

        struct uuid expected;
        ck_assert(ids_parse(node_find_text(payload, model->subject->name), &expected));
        ck_assert(ids_equal(&expected, (struct uuid *)(void *)(event + message->subject_offset)));
        ck_assert_int_eq(message->correlation_offset >= 0, model->correlation != NULL);
        if (message->correlation_has_offset >= 0) {
            ck_assert_int_eq(event[message->correlation_has_offset],
                             node_find(payload, model->correlation->name) != NULL);
        } else if (message->correlation_offset >= 0) {
            ck_assert(ids_parse(node_find_text(payload, model->correlation->name), &expected));
            ck_assert(
                ids_equal(&expected, (struct uuid *)(void *)(event + message->correlation_offset)));
        }
        arena_done(&arena);
        json_object_put(json);
    }
}
END_TEST

START_TEST(every_receive_reaches_its_handler_and_needs_no_load)
{
    for (size_t i = 0; i < CONTRACT.receive_count; i++) {
        const struct receive *receive = &CONTRACT.receives[i];
        ck_assert_int_eq(receive->load(NULL, NULL, 0), OK);
        ck_assert_int_eq(receive->on(NULL, NULL), OK);
        ck_assert_int_eq(handler_calls, (int)i + 1);
        ck_assert_str_eq(receive->operation, service->receives[i].key);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("examples");
    TCase *tcase = tcase_create("examples");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, every_example_travels_through_the_tables_unchanged);
    tcase_add_test(tcase, unknown_members_are_ignored);
    tcase_add_test(tcase, the_subject_and_the_story_are_uuids_of_the_example);
    tcase_add_test(tcase, every_receive_reaches_its_handler_and_needs_no_load);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
