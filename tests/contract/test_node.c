/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit/unit.h"
#include "contracts/node.h"
#include "core/buffer.h"

#include <math.h>
#include <stdio.h>
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

#define NEST_20 "[[[[[[[[[[[[[[[[[[[["

static const struct {
    const char *text;
    int line;
    int column;
    const char *says;
} refused[] = {
    {"a: 1\nb: 2\na: 3\n", 3, 1, "the key \"a\" is already there, on line 1"},
    {"a: 1\nb: *x\n", 2, 4, "the alias *x has no anchor before it"},
    {"a: &x [1, *x]\n", 1, 11, "stands inside of its own anchor"},
    {"&x a: 1\n", 1, 1, "an anchor on a key"},
    {"a: &x {b: 1}\nc: {<<: *x}\n", 2, 5, "merge keys (<<)"},
    {"a: &x [[[]]]\nb: " NEST_20 NEST_20 NEST_20 "[[*x", 2, 66, "nested deeper than 64"},
    {"a: !!binary aGk=\n", 1, 4, "tags are not accepted"},
    {"a: 1\n---\nb: 2\n", 3, 1, "a second document"},
    {"a: [1, 2\nb: 3\n", 2, 2, "not YAML"},
    {"a: \"\\0\"\n", 1, 4, "U+0000"},
    {"? [x]\n: 1\n", 1, 3, "a key must be a text"},
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
    ck_assert_str_eq(findings.items[1].text, "more than 100000 entries in one list or map");

    AUTO(buffer_done) struct buffer large = {0};
    add_repeated(&large, "# a comment that says nothing at all\n", NODE_MAX_BYTES / 30);
    ck_assert_ptr_null(parse(buffer_cstr(&large)));
    ck_assert_str_eq(findings.items[2].text, "larger than 8388608 bytes");
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

START_TEST(a_node_without_a_name_has_a_place_for_it)
{
    const struct node *root = parse("[{a: b}]");
    ck_assert_str_eq(root->key_place.path, "t.yaml");
    ck_assert_int_eq(root->first->key_place.column, 2);
}
END_TEST

START_TEST(a_byte_order_mark_is_no_part_of_the_text)
{
    const struct node *root = parse("\xef\xbb\xbf"
                                    "a: 1\nb: 2\n");
    ck_assert_ptr_nonnull(root);
    ck_assert_str_eq(root->first->key, "a");
    ck_assert_int_eq(root->first->key_place.column, 1);
    ck_assert_str_eq(root->last->key, "b");
}
END_TEST

START_TEST(numbers_beyond_every_type_keep_their_text)
{
    static const struct {
        const char *text;
        enum node_kind kind;
        bool is_beyond;
        int64_t integer;
    } numbers[] = {
        {"9223372036854775807", NODE_INTEGER, false, INT64_MAX},
        {"9223372036854775808", NODE_INTEGER, true, INT64_MAX},
        {"-9223372036854775809", NODE_INTEGER, true, INT64_MIN},
        {"1e400", NODE_NUMBER, true, 0},
        {"-1e400", NODE_NUMBER, true, 0},
        {"1e308", NODE_NUMBER, false, 0},
    };
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        const struct node *number = parse(numbers[i].text);
        ck_assert_uint_eq(findings.count, 0);
        ck_assert_int_eq(number->kind, numbers[i].kind);
        ck_assert_int_eq(number->is_beyond, numbers[i].is_beyond);
        ck_assert_str_eq(number->text, numbers[i].text);
        ck_assert(number->kind == NODE_NUMBER || number->integer == numbers[i].integer);
        ck_assert(isfinite(number->number));
        ck_assert((number->number < 0) == (numbers[i].text[0] == '-'));
    }
}
END_TEST

START_TEST(an_alias_is_a_copy_that_keeps_its_place)
{
    const struct node *root = parse("a: &x {b: &y [1, 2]}\nc: *x\nd: *y\ne: &x 7\nf: *x\n");
    ck_assert_uint_eq(findings.count, 0);
    const struct node *c = node_find(root, "c");
    const struct node *list = node_find(c, "b");
    ck_assert_uint_eq(list->count, 2);
    ck_assert_ptr_ne(list, node_find(node_find(root, "a"), "b"));
    ck_assert_ptr_eq(list->parent, c);
    ck_assert_int_eq(list->place.line, 1);
    ck_assert_int_eq(list->place.column, 11);
    ck_assert_int_eq(c->key_place.line, 2);
    ck_assert_int_eq(node_find(root, "d")->last->integer, 2);
    ck_assert_int_eq(node_find(root, "f")->integer, 7);
}
END_TEST

START_TEST(aliases_that_multiply_end)
{
    AUTO(buffer_done) struct buffer text = {0};
    buffer_text(&text, "l0: &l0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n");
    for (int i = 1; i < 10; i++) {
        buffer_printf(&text, "l%d: &l%d [", i, i);
        for (int j = 0; j < 10; j++) {
            buffer_printf(&text, "%s*l%d", j > 0 ? ", " : "", i - 1);
        }
        buffer_text(&text, "]\n");
    }
    ck_assert_ptr_null(parse(buffer_cstr(&text)));
    ck_assert_str_eq(findings.items[0].text, "more than 500000 values in one file");
}
END_TEST

START_TEST(a_large_map_is_searched_and_judged_like_a_small_one)
{
    enum { KEYS = 50000 };
    AUTO(buffer_done) struct buffer text = {0};
    for (int i = 0; i < KEYS; i++) {
        buffer_printf(&text, "k%d: %d\n", i * 7919 % KEYS, i);
    }
    const struct node *root = parse(buffer_cstr(&text));
    ck_assert_uint_eq(root->count, KEYS);
    for (int i = 0; i < KEYS; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "k%d", i * 7919 % KEYS);
        ck_assert_int_eq(node_find(root, key)->integer, i);
    }
    ck_assert_ptr_null(node_find(root, "k"));
    ck_assert_ptr_null(node_find(root, "l"));

    buffer_text(&text, "k7: again\nk8: again\n");
    ck_assert_ptr_null(parse(buffer_cstr(&text)));
    ck_assert_uint_eq(findings.count, 2);
    ck_assert_int_eq(findings.items[0].place.line, KEYS + 1);
}
END_TEST

static const struct node *parse_json(const char *text)
{
    return node_parse("t.json", text, strlen(text), &arena, &findings);
}

START_TEST(json_is_read_with_places)
{
    const struct node *root = parse_json("\xEF\xBB\xBF {\"a\": [1, {\"\xC3\xA9\": \"x\"}],\r\n"
                                         "\t\"<<\": -1.5E+2, \"n\": null, \"t\": true }\n ");
    ck_assert_uint_eq(findings.count, 0);
    const struct node *x = node_find(node_find(root, "a")->last, "\xC3\xA9");
    ck_assert_str_eq(x->text, "x");
    ck_assert_int_eq(x->place.line, 1);
    ck_assert_int_eq(x->place.column, 18);
    ck_assert_int_eq(x->key_place.column, 13);
    const struct node *number = node_find(root, "<<");
    ck_assert_int_eq(number->kind, NODE_NUMBER);
    ck_assert_double_eq(number->number, -150);
    ck_assert_int_eq(number->place.line, 2);
    ck_assert_int_eq(number->place.column, 8);
    ck_assert_int_eq(node_find(root, "n")->kind, NODE_NULL);
    ck_assert_int_eq(node_find(root, "t")->integer, 1);
}
END_TEST

START_TEST(json_escapes_are_decoded)
{
    const struct node *text =
        parse_json("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20AC\\ud83d\\ude00\"");
    ck_assert_uint_eq(findings.count, 0);
    ck_assert_str_eq(text->text, "\"\\/\b\f\n\r\tA\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
}
END_TEST

static const struct {
    const char *text;
    int line, column;
    const char *says;
} bad_json[] = {
    {"", 1, 1, "the file is empty"},
    {"  \n", 2, 1, "the file is empty"},
    {"{\"a\": 1,}", 1, 9, "a key in quotes is missing"},
    {"[1,]", 1, 4, "a value is missing"},
    {"[1 2]", 1, 4, "a comma or ] is missing"},
    {"{\"a\" 1}", 1, 6, "a colon is missing"},
    {"{'a': 1}", 1, 2, "a key in quotes is missing"},
    {"{\"a\": 1,\n \"b\": 2,\n \"a\": 3}", 3, 2, "the key \"a\" is already there, on line 1"},
    {"[1] // no", 1, 5, "something follows the value"},
    {"{} {}", 1, 4, "something follows the value"},
    {"[01]", 1, 2, "no such value"},
    {"[+1]", 1, 2, "no such value"},
    {"[.5]", 1, 2, "no such value"},
    {"[NaN]", 1, 2, "no such value"},
    {"[True]", 1, 2, "no such value"},
    {"[yes]", 1, 2, "no such value"},
    {"[&a 1, *a]", 1, 2, "no such value"},
    {"\"a", 1, 3, "the text has no end"},
    {"\"a\nb\"", 1, 3, "a control character"},
    {"\"\\x\"", 1, 3, "an escape that JSON does not know"},
    {"\"\\u12\"", 1, 3, "four hexadecimal digits"},
    {"{\"\\u0000\": 1}", 1, 4, "U+0000"},
    {"\"\\ud83d\"", 1, 3, "half of a surrogate pair"},
    {"\"\\ude00\"", 1, 3, "half of a surrogate pair"},
    {"\"\\u\x11"
     "1e0\"",
     1, 3, "four hexadecimal digits"},
    {"\"\\ud83d\\u0041\"", 1, 3, "half of a surrogate pair"},
    {"[\"a\",\n \"\xC3\"]", 2, 3, "the text is no UTF-8"},
    {"[", 1, 2, "a value is missing"},
    {"{\"a\": [1, 2}", 1, 12, "a comma or ] is missing"},
    {NEST_20 NEST_20 NEST_20 NEST_20, 1, 66, "nested deeper than 64"},
};

START_TEST(what_is_no_json_is_refused_with_line_and_column)
{
    ck_assert_ptr_null(parse_json(bad_json[_i].text));
    ck_assert_uint_ge(findings.count, 1);
    const struct finding *finding = &findings.items[0];
    ck_assert_msg(strstr(finding->text, bad_json[_i].says) != NULL, "%s", finding->text);
    ck_assert_int_eq(finding->place.line, bad_json[_i].line);
    ck_assert_int_eq(finding->place.column, bad_json[_i].column);
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
    tcase_add_test(tcase, a_node_without_a_name_has_a_place_for_it);
    tcase_add_test(tcase, a_byte_order_mark_is_no_part_of_the_text);
    tcase_add_test(tcase, numbers_beyond_every_type_keep_their_text);
    tcase_add_test(tcase, an_alias_is_a_copy_that_keeps_its_place);
    tcase_add_test(tcase, aliases_that_multiply_end);
    tcase_add_test(tcase, a_large_map_is_searched_and_judged_like_a_small_one);
    tcase_add_test(tcase, json_is_read_with_places);
    tcase_add_test(tcase, json_escapes_are_decoded);
    tcase_add_loop_test(tcase, what_is_no_json_is_refused_with_line_and_column, 0,
                        COUNT_OF(bad_json));
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
