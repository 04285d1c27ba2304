/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/check/upcast.h"

#include "core/memory.h"

#include <check.h>
#include <string.h>

/* x-upcast: what is wrong with a mapping, and what a right one makes of a payload. */

static struct arena arena;

static const struct node *message_of(const char *text)
{
    struct findings findings = {0};
    const struct node *node = node_parse("test.yaml", text, strlen(text), &arena, &findings);
    findings_done(&findings);
    ck_assert_msg(node != NULL, "%s", text);
    return node;
}

static const struct {
    const char *message;
    const char *says; /* NULL: nothing is wrong */
} judged[] = {
    {"{name: A}", NULL},
    {"x-upcast: [{from: 1}]", NULL},
    {"x-upcast: [{from: 1, drop: [a], rename: {b: c}, default: {d: 1}, set: {e: {f: [1]}}}]", NULL},
    {"x-upcast: {from: 1}", "must be a list"},
    {"x-upcast: []", "must be a list"},
    {"x-upcast: [{rename: {a: b}}]", "with `from`"},
    {"x-upcast: [1]", "with `from`"},
    {"x-upcast: [{from: one}]", "from of x-upcast must be an integer"},
    {"x-upcast: [{from: 3}]", "older major"},
    {"x-upcast: [{from: 0}]", "older major"},
    {"x-upcast: [{from: 1}, {from: 1}]", "another mapping"},
    {"x-upcast: [{from: 1, drop: a}]", "drop of x-upcast must be a list"},
    {"x-upcast: [{from: 1, drop: [1]}]", "drop of x-upcast must be a list"},
    {"x-upcast: [{from: 1, rename: {a: 1}}]", "rename of x-upcast must be a map"},
    {"x-upcast: [{from: 1, default: [a]}]", "default of x-upcast must be a map"},
    {"x-upcast: [{from: 1, renames: {a: b}}]", "no other member"},
};

static void keep_first(void *context, const struct node *where, const char *text)
{
    const char **first = context;
    ck_assert_ptr_nonnull(where);
    if (*first == NULL) {
        *first = arena_printf(&arena, "%s", text);
    }
}

START_TEST(says_what_is_wrong_with_a_mapping)
{
    const char *found = NULL;
    upcast_judge(message_of(judged[_i].message), 3, keep_first, &found);
    if (judged[_i].says == NULL) {
        ck_assert_msg(found == NULL, "%s: %s", judged[_i].message, found);
    } else {
        ck_assert_msg(found != NULL && strstr(found, judged[_i].says) != NULL, "%s: %s",
                      judged[_i].message, found != NULL ? found : "nothing");
    }
    arena_done(&arena);
}
END_TEST

static const struct {
    const char *mapping, *before, *after; /* after NULL: refused */
} applied[] = {
    {"{from: 1}", "{\"a\":1.50}", "{\"a\":1.50}"},
    {"{from: 1, drop: [a, x]}", "{\"a\":1,\"b\":2}", "{\"b\":2}"},
    {"{from: 1, rename: {a: b, x: y}}", "{\"a\":1}", "{\"b\":1}"},
    {"{from: 1, rename: {a: b, b: a}}", "{\"a\":1,\"b\":null}", "{\"b\":1,\"a\":null}"},
    {"{from: 1, rename: {a: b}}", "{\"a\":1,\"b\":2}", NULL},
    {"{from: 1, drop: [b], rename: {a: b}}", "{\"a\":1,\"b\":2}", "{\"b\":1}"},
    {"{from: 1, default: {a: 7, b: [x]}}", "{\"a\":null}", "{\"a\":null,\"b\":[\"x\"]}"},
    {"{from: 1, set: {a: {b: 9007199254740993}}}", "{\"a\":1}", "{\"a\":{\"b\":9007199254740993}}"},
    {"{from: 1}", "[1]", NULL},
};

START_TEST(makes_the_newer_one)
{
    AUTO(free_text) char *text = xasprintf("x-upcast: [%s]", applied[_i].mapping);
    const struct node *mapping = upcast_find(message_of(text), 1);
    struct json_object *body = json_tokener_parse(applied[_i].before);
    struct fault fault = {0};
    ck_assert_ptr_nonnull(mapping);
    ck_assert_ptr_null(upcast_find(message_of(text), 2));
    enum outcome o = upcast_apply(mapping, body, &fault);
    if (applied[_i].after == NULL) {
        ck_assert_int_eq(o, REJECT);
        ck_assert_str_ne(fault.text, "");
    } else {
        ck_assert_msg(o == OK, "%s", fault.text);
        ck_assert_str_eq(json_object_to_json_string_ext(body, JSON_C_TO_STRING_PLAIN),
                         applied[_i].after);
    }
    (void)json_object_put(body);
    arena_done(&arena);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("upcast");
    TCase *tcase = tcase_create("upcast");
    tcase_add_loop_test(tcase, says_what_is_wrong_with_a_mapping, 0, (int)COUNT_OF(judged));
    tcase_add_loop_test(tcase, makes_the_newer_one, 0, (int)COUNT_OF(applied));
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
