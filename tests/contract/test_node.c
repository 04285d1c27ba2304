/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit/unit.h"
#include "contracts/node.h"
#include "core/buffer.h"

#include <string.h>

static struct arena arena;
static struct findings findings;

static void teardown(void)
{
    arena_done(&arena);
    findings_done(&findings);
}

static const struct node *parse(const char *text)
{
    return node_parse("t.yaml", text, strlen(text), &arena, &findings);
}

static const struct {
    const char *text;
    enum node_kind kind;
} scalars[] = {
    {"true", NODE_BOOLEAN},
    {"false", NODE_BOOLEAN},
    {"null", NODE_NULL},
    {"", NODE_NULL},
    {"0", NODE_INTEGER},
    {"-7", NODE_INTEGER},
    {"9223372036854775807", NODE_INTEGER},
    {"1.5", NODE_NUMBER},
    {"1e3", NODE_NUMBER},
    {"on", NODE_STRING},
    {"yes", NODE_STRING},
    {"No", NODE_STRING},
    {"True", NODE_STRING},
    {"0o17", NODE_STRING},
    {"017", NODE_STRING},
    {"0x1F", NODE_STRING},
    {"1_000", NODE_STRING},
    {"12:30:45", NODE_STRING},
    {"2026-11-23", NODE_STRING},
    {".inf", NODE_STRING},
    {"+1", NODE_STRING},
    {"'1'", NODE_STRING},
    {"\"true\"", NODE_STRING},
    {"3.0.0", NODE_STRING},
    {"1.", NODE_STRING},
    {"-", NODE_LIST},
};

START_TEST(scalars_are_those_of_json)
{
    AUTO(free_text) char *text = xasprintf("k: %s\n", scalars[_i].text);
    if (scalars[_i].kind == NODE_LIST) {
        free(take(text));
        text = xstrdup("k: [a, b]\n");
    }
    const struct node *root = parse(text);
    ck_assert_uint_eq(findings.count, 0);
    ck_assert_str_eq(node_kind_name(node_find(root, "k")->kind), node_kind_name(scalars[_i].kind));
}
END_TEST

static const struct {
    const char *text;
    int line;
    int column;
    const char *says;
} refused[] = {
    {"a: 1\nb: 2\na: 3\n", 3, 1, "the key \"a\" is already there, on line 1"},
    {"a: &x 1\n", 1, 4, "anchors are not accepted"},
    {"a: 1\nb: *x\n", 2, 4, "aliases are not accepted"},
    {"a: !!binary aGk=\n", 1, 4, "tags are not accepted"},
    {"a: 1\n---\nb: 2\n", 3, 1, "a second document"},
    {"a: [1, 2\nb: 3\n", 2, 2, "not YAML"},
    {"a: \"\\0\"\n", 1, 4, "U+0000"},
    {"? [x]\n: 1\n", 1, 3, "a key must be a text"},
    {"a: 9223372036854775808\n", 1, 4, "does not fit 64 bits"},
    {"a: 1e999\n", 1, 4, "too large"},
    {"a: \xff\n", 1, 1, "not YAML"},
    {"", 1, 1, "the file is empty"},
};

START_TEST(what_json_cannot_say_is_refused_with_line_and_column)
{
    ck_assert_ptr_null(parse(refused[_i].text));
    ck_assert_uint_ge(findings.count, 1);
    const struct finding *finding = &findings.items[0];
    ck_assert_msg(strstr(finding->text, refused[_i].says) != NULL, "%s", finding->text);
    ck_assert_int_eq(finding->place.line, refused[_i].line);
    ck_assert_int_eq(finding->place.column, refused[_i].column);
}
END_TEST

static void add_repeated(struct buffer *out, const char *text, int times)
{
    for (int i = 0; i < times; i++) {
        buffer_text(out, text);
    }
}

START_TEST(depth_and_size_have_limits)
{
    AUTO(buffer_done) struct buffer deep = {0};
    add_repeated(&deep, "[", NODE_MAX_DEPTH + 10);
    ck_assert_ptr_null(parse(buffer_cstr(&deep)));
    ck_assert_str_eq(findings.items[0].text, "nested deeper than 64");

    AUTO(buffer_done) struct buffer wide = {0};
    buffer_byte(&wide, '[');
    add_repeated(&wide, "1,", NODE_MAX_ITEMS + 10);
    ck_assert_ptr_null(parse(buffer_cstr(&wide)));
    ck_assert_str_eq(findings.items[1].text, "more than 2000 entries in one list or map");

    AUTO(buffer_done) struct buffer large = {0};
    add_repeated(&large, "# a comment that says nothing at all\n", NODE_MAX_BYTES / 30);
    ck_assert_ptr_null(parse(buffer_cstr(&large)));
    ck_assert_str_eq(findings.items[2].text, "larger than 1048576 bytes");
}
END_TEST

START_TEST(a_node_knows_where_it_stands)
{
    const struct node *root = parse("a:\n  b: [x, {c: d}]\n");
    const struct node *list = node_find(node_find(root, "a"), "b");
    ck_assert_uint_eq(list->count, 2);
    const struct node *c = node_find(list->last, "c");
    ck_assert_str_eq(c->text, "d");
    ck_assert_int_eq(c->place.line, 2);
    ck_assert_int_eq(c->place.column, 14);
    ck_assert_int_eq(c->key_place.column, 11);
    ck_assert_ptr_eq(c->parent->parent, list);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("node");
    TCase *tcase = tcase_create("node");
    tcase_add_checked_fixture(tcase, NULL, teardown);
    tcase_add_loop_test(tcase, scalars_are_those_of_json, 0, COUNT_OF(scalars));
    tcase_add_loop_test(tcase, what_json_cannot_say_is_refused_with_line_and_column, 0,
                        COUNT_OF(refused));
    tcase_add_test(tcase, depth_and_size_have_limits);
    tcase_add_test(tcase, a_node_knows_where_it_stands);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
