/* SPDX-License-Identifier: Apache-2.0 */
#include "../unit/unit.h"
#include "contracts/jsonschema/jsonschema.h"
#include "contracts/jsonschema/names.h"
#include "contracts/jsonschema/number.h"
#include "contracts/jsonschema/uri.h"
#include "contracts/jsonschema/value.h"
#include "core/buffer.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct documents documents;
static struct jsonschema *schema;
static struct buffer told;

static void teardown(void)
{
    jsonschema_free(schema);
    schema = NULL;
    documents_done(&documents);
    buffer_done(&told);
    told = (struct buffer){0};
}

static enum outcome compile(const char *text, const struct jsonschema_options *options,
                            struct fault *fault)
{
    const struct node *node =
        node_parse("s.json", text, strlen(text), &documents.arena, &documents.findings);
    ck_assert_msg(node != NULL, "%s: %s", text, documents.findings.items[0].text);
    return jsonschema_compile(&documents, node, options, &schema, fault);
}

static json_object *read_text(const char *text)
{
    json_object *value = NULL;
    struct fault fault = {0};
    ck_assert_msg(value_read(text, strlen(text), &value, &fault) == OK, "%s: %s", text, fault.text);
    return value;
}

/* ---- numbers ---- */

static const struct {
    const char *a, *b;
    int order; /* of a, seen from b */
} orders[] = {
    {"1", "1.0", 0},
    {"10", "1e1", 0},
    {"0.1e1", "1", 0},
    {"100e-2", "1", 0},
    {"0", "-0.0e7", 0},
    {"1e1000000", "10e999999", 0},
    {"1e1000000", "1e999999", 1},
    {"-1e1000000", "1e-1000000", -1},
    {"1e-400", "0", 1},
    {"9007199254740993", "9007199254740992", 1},
    {"0.1", "0.1000000000000000000000001", -1},
    {"-2", "-1", -1},
    {"123456789", "12345678.9", 1},
    {"0.00012", "0.00012000", 0},
    {"99999999999999999999", "100000000000000000000", -1},
};

START_TEST(numbers_compare_exactly)
{
    struct number a;
    struct number b;
    ck_assert(number_read(orders[_i].a, strlen(orders[_i].a), &a));
    ck_assert(number_read(orders[_i].b, strlen(orders[_i].b), &b));
    int order = number_compare(&a, &b);
    int back = number_compare(&b, &a);
    ck_assert_int_eq((order > 0) - (order < 0), orders[_i].order);
    ck_assert_int_eq((back > 0) - (back < 0), -orders[_i].order);
    ck_assert(order != 0 || number_hash(&a, 7) == number_hash(&b, 7));
}
END_TEST

START_TEST(an_exponent_has_a_limit)
{
    struct number number;
    ck_assert(number_read("1e100000000000000000", 20, &number));
    ck_assert(!number_read("1e9999999999999999999", 21, &number));
    ck_assert(number_read("0e9999999999999999999", 21, &number));
}
END_TEST

/* ---- values ---- */

static const char *const kept[] = {
    "18446744073709551616",
    "-9223372036854775809",
    "18446744073709551615",
    "9223372036854775808",
    "1e400",
    "1.0",
    "0.10000000000000000000000001",
    "\"a\\u0000b\"",
    "{\"a\":[1,{\"b\":null}],\"\":true}",
};

START_TEST(values_are_kept_as_written)
{
    json_object *value = read_text(kept[_i]);
    ck_assert_str_eq(json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN), kept[_i]);
    const struct node *node =
        node_parse("v.json", kept[_i], strlen(kept[_i]), &documents.arena, &documents.findings);
    json_object *same = NULL;
    struct fault fault;
    ck_assert_int_eq(value_of_node(node, &same, &fault), OK);
    ck_assert(value_is_equal(value, same));
    ck_assert(value_hash(value) == value_hash(same));
    ck_assert_str_eq(json_object_to_json_string_ext(same, JSON_C_TO_STRING_PLAIN), kept[_i]);
    (void)json_object_put(value);
    (void)json_object_put(same);
}
END_TEST

static const struct {
    const char *text;
    const char *says;
} refused_values[] = {
    {"{\"a\": 1,\n \"b\": 2, \"a\": 3}", "has a member that is already there (line 2, byte 10)"},
    {"{\"\\u0061\": 1, \"a\": 3}", "has a member that is already there (line 1, byte 15)"},
    {"\"\\ud83d\"", "has a lone surrogate (line 1, byte 8)"},
    {"\"\xff\"", "is not valid UTF-8 (line 1, byte 2)"},
    {"{\"a\\u0000\": 1}", "has U+0000 in a member's name (line 1, byte 2)"},
    {"[1, 2", "is not valid JSON (line 1, byte 6)"},
    {"01", "is not valid JSON (line 1, byte 2)"},
    {"1.", "is not valid JSON (line 1, byte 3)"},
    {"", "is not valid JSON (line 1, byte 1)"},
    {"nul", "is not valid JSON (line 1, byte 1)"},
    {"1 2", "is followed by more bytes (line 1, byte 3)"},
    {"\"a\nb\"", "has a control character (line 1, byte 3)"},
    {"1e9999999999999999999", "has a number whose exponent is too large (line 1, byte 22)"},
    {"[1,]", "is not valid JSON (line 1, byte 4)"},
    {"{\"a\" 1}", "is not valid JSON (line 1, byte 6)"},
    {"{1: 1}", "is not valid JSON (line 1, byte 2)"},
};

START_TEST(what_is_no_value_is_refused_with_its_place)
{
    json_object *value = NULL;
    struct fault fault;
    const char *text = refused_values[_i].text;
    ck_assert_int_eq(value_read(text, strlen(text), &value, &fault), REJECT);
    ck_assert_str_eq(fault.text, refused_values[_i].says);
}
END_TEST

START_TEST(depth_and_digits_have_limits)
{
    AUTO(buffer_done) struct buffer deep = {0};
    for (int i = 0; i < VALUE_MAX_DEPTH; i++) {
        buffer_byte(&deep, '[');
    }
    for (int i = 0; i < VALUE_MAX_DEPTH; i++) {
        buffer_byte(&deep, ']');
    }
    json_object *value = read_text(buffer_cstr(&deep));
    (void)json_object_put(value);
    struct fault fault;
    AUTO(free_text) char *deeper = xasprintf("[%s]", buffer_cstr(&deep));
    ck_assert_int_eq(value_read(deeper, strlen(deeper), &value, &fault), REJECT);
    ck_assert_ptr_nonnull(strstr(fault.text, "nested too deep"));

    AUTO(buffer_done) struct buffer digits = {0};
    for (int i = 0; i <= NUMBER_MAX_BYTES; i++) {
        buffer_byte(&digits, '1');
    }
    ck_assert_int_eq(value_read(buffer_cstr(&digits), digits.length, &value, &fault), REJECT);
    ck_assert_ptr_nonnull(strstr(fault.text, "too long"));
}
END_TEST

/* ---- names ---- */

/* Of every length: the ends may be the same bytes, as those of a text of 8 bytes are. */
START_TEST(names_of_any_length_have_hashes_of_their_own)
{
    enum { NAMES = 1000, SLOTS = 1U << 16 };
    unsigned char *seen = xcalloc(SLOTS, 1);
    size_t distinct = 0;
    for (int i = 0; i < NAMES; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "%0*d", _i, i);
        size_t slot = names_hash(name, strlen(name)) & (SLOTS - 1);
        distinct += seen[slot] == 0 ? 1 : 0;
        seen[slot] = 1;
    }
    free(seen);
    ck_assert_uint_gt(distinct, NAMES * 9 / 10);
}
END_TEST

/* ---- URIs: the examples of RFC 3986, section 5.4 ---- */

static const struct {
    const char *base, *reference, *target;
} uris[] = {
#define BASE "http://a/b/c/d;p?q"
    {BASE, "g:h", "g:h"},
    {BASE, "g", "http://a/b/c/g"},
    {BASE, "./g", "http://a/b/c/g"},
    {BASE, "g/", "http://a/b/c/g/"},
    {BASE, "/g", "http://a/g"},
    {BASE, "//g", "http://g"},
    {BASE, "?y", "http://a/b/c/d;p?y"},
    {BASE, "g?y", "http://a/b/c/g?y"},
    {BASE, "#s", "http://a/b/c/d;p?q"},
    {BASE, "g#s", "http://a/b/c/g"},
    {BASE, ";x", "http://a/b/c/;x"},
    {BASE, "", "http://a/b/c/d;p?q"},
    {BASE, ".", "http://a/b/c/"},
    {BASE, "..", "http://a/b/"},
    {BASE, "../g", "http://a/b/g"},
    {BASE, "../..", "http://a/"},
    {BASE, "../../g", "http://a/g"},
    {BASE, "../../../g", "http://a/g"},
    {BASE, "/./g", "http://a/g"},
    {BASE, "/../g", "http://a/g"},
    {BASE, "g.", "http://a/b/c/g."},
    {BASE, "..g", "http://a/b/c/..g"},
    {BASE, "./g/.", "http://a/b/c/g/"},
    {BASE, "g/./h", "http://a/b/c/g/h"},
    {BASE, "g;x=1/../y", "http://a/b/c/y"},
    {"http://a", "g", "http://a/g"},
    {"urn:uuid:1-2", "#x", "urn:uuid:1-2"},
    {"path:a/b.json", "c.json", "path:a/c.json"},
    {"path:a/b.json", "../c.json", "path:c.json"},
    {"path:a/b.json", "../../c.json", "path:../c.json"},
    {"path:../b.json", "../c.json", "path:../../c.json"},
    {"path:/a/b.json", "../../../c.json", "path:/c.json"},
    {"path:b.json", "", "path:b.json"},
};

START_TEST(references_resolve_as_the_rfc_says)
{
    ck_assert_str_eq(uri_resolve(&documents.arena, uris[_i].base, uris[_i].reference),
                     uris[_i].target);
}
END_TEST

/* ---- schemas that are wrong ---- */

static const struct {
    const char *text;
    const char *says;
} refused[] = {
    {"{\"type\": \"strin\"}", "s.json:1:10: type must be null, boolean"},
    {"{\"type\": [\"string\", 1]}", "s.json:1:21: type must be"},
    {"{\"minimum\": \"1\"}", "s.json:1:13: minimum must be a number, not a string"},
    {"{\"minLength\": -1}", "minLength must be an integer of 0 or more"},
    {"{\"maxItems\": 1.5}", "maxItems must be an integer of 0 or more"},
    {"{\"multipleOf\": 0}", "multipleOf must be greater than 0"},
    {"{\"multipleOf\": -0.5}", "multipleOf must be greater than 0"},
    {"{\"required\": 1}", "required must be a list of names, not an integer"},
    {"{\"not\": null}", "not must be a schema, not null"},
    {"{\"not\": 1}", "not must be a schema, not an integer"},
    {"{\"$ref\": 1}", "$ref must be a string, not an integer"},
    {"{\"required\": \"a\"}", "required must be a list of names, not a string"},
    {"{\"required\": [1]}", "required must be a list of names"},
    {"{\"required\": [\"a\\u0000b\"]}", "required has a name with U+0000"},
    {"{\"dependencies\": {\"a\": [\"b\\u0000\"]}}", "a dependency has a name with U+0000"},
    {"{\"$ref\": \"#/a\\u0000b\", \"a\": {}}", "$ref has U+0000"},
    {"{\"type\": \"string\\u0000x\"}", "type must be"},
    {"{\"properties\": {\"a\": 1}}", "s.json:1:22: a schema must be a map, true or false"},
    {"{\"anyOf\": [1]}", "a schema must be a map, true or false"},
    {"{\"pattern\": \"(\"}", "s.json:1:13: pattern ("},
    {"{\"patternProperties\": {\"(\": true}}", "pattern ("},
    {"{\"uniqueItems\": 1}", "uniqueItems must be true or false"},
    {"{\"$ref\": 1}", "$ref must be a string"},
    {"{\"$ref\": \"#/definitions/a\"}", "leads nowhere: there is no \"definitions\""},
    {"{\"$ref\": \"#a\"}", "no schema there has \"$id\": \"#a\""},
    {"{\"$ref\": \"#/%zz\"}", "has a bad % escape"},
    {"{\"$ref\": \"#\"}", "leads in a circle"},
    {"{\"$ref\": \"#/definitions/a\", \"definitions\": {\"a\": {\"$ref\": \"#/definitions/b\"}, "
     "\"b\": {\"$ref\": \"#/definitions/a\"}}}",
     "leads in a circle"},
    {"{\"allOf\": [{\"$ref\": \"#\"}]}", "applies itself to the same value again"},
    {"{\"anyOf\": [{\"type\": \"null\"}, {\"not\": {\"$ref\": \"#\"}}]}",
     "applies itself to the same value again"},
    {"{\"properties\": {\"a\": {\"if\": {\"$ref\": \"#/properties/a\"}}}}",
     "applies itself to the same value again"},
    {"{\"dependencies\": {\"a\": {\"$ref\": \"#\"}}}", "applies itself to the same value again"},
    {"{\"$ref\": \"http://example.com/x.json\"}",
     "means http://example.com/x.json, which is in none of the folders"},
    {"{\"$ref\": \"/etc/passwd\"}", "must be relative"},
    {"{\"$ref\": \"path:/etc/passwd\"}", "has an unknown scheme"},
    {"{\"$id\": \"path:/etc/\", \"properties\": {\"a\": {\"$ref\": \"passwd\"}}}",
     "passwd:0:0: cannot be opened"},
    {"{\"$ref\": \"file:///etc/passwd\"}", "in none of the folders"},
    {"[]", "a schema must be a map, true or false, not a list"},
};

START_TEST(a_wrong_schema_is_refused_with_its_place)
{
    struct fault fault = {0};
    ck_assert_int_eq(compile(refused[_i].text, NULL, &fault), REJECT);
    ck_assert_msg(strstr(fault.text, refused[_i].says) != NULL, "%s", fault.text);
}
END_TEST

/* ---- explanations ---- */

static bool note(void *context, const struct jsonschema_error *error)
{
    (void)context;
    buffer_printf(&told, "%s: %s (%s)\n", error->instance, error->text, error->schema);
    return true;
}

static const struct {
    const char *schema, *instance, *says;
} explained[] = {
    {"{\"type\": [\"integer\", \"null\"]}", "\"x\"", ": must be an integer or null (/type)\n"},
    {"{\"type\": \"number\"}", "[]", ": must be a number (/type)\n"},
    {"{\"type\": [\"integer\", \"number\"]}", "[]", ": must be a number (/type)\n"},
    {"{\"items\": {\"maximum\": 10}}", "[10, 11, 12]",
     "/1: must be at most 10 (/items/maximum)\n/2: must be at most 10 (/items/maximum)\n"},
    {"{\"required\": [\"id\"], \"properties\": {\"a/b\": {\"minLength\": 1}}}", "{\"a/b\": \"\"}",
     ": lacks the required member \"id\" (/required)\n"
     "/a~1b: must have at least 1 character (/properties/a~1b/minLength)\n"},
    {"{\"properties\": {\"a\": {}}, \"additionalProperties\": false}", "{\"a\": 1, \"b\": 2}",
     "/b: is not allowed (/additionalProperties)\n"},
    {"{\"enum\": [\"EUR\", \"USD\"]}", "\"GBP\"", ": must be one of \"EUR\", \"USD\" (/enum)\n"},
    {"{\"enum\": []}", "2", ": cannot be: no value is allowed (/enum)\n"},
    {"{\"enum\": [1,2,3,4,5,6,7,8,9,10,11,12,\"x\",null]}", "0",
     ": must be one of 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 2 more (/enum)\n"},
    {"{\"const\": 1}", "2", ": must be 1 (/const)\n"},
    {"{\"dependencies\": {\"a\": [\"b\"]}}", "{\"a\": 1}",
     ": lacks the member \"b\", which \"a\" needs (/dependencies/a)\n"},
    {"{\"propertyNames\": {\"maxLength\": 1}}", "{\"ab\": 1}",
     "/ab: has a name that does not fit the schema of propertyNames (/propertyNames)\n"},
    {"{\"anyOf\": [{\"type\": \"null\"}, {\"properties\": {\"a\": {\"minimum\": 2}}, \"type\": "
     "\"object\"}]}",
     "{\"a\": 1}",
     ": must fit at least one of the 2 schemas of anyOf (/anyOf)\n"
     "/a: must be at least 2 (/anyOf/1/properties/a/minimum)\n"},
    {"{\"oneOf\": [{\"minimum\": 1}, {\"minimum\": 2}]}", "3",
     ": must fit exactly one of the 2 schemas of oneOf, fits 2 (/oneOf)\n"},
    {"{\"allOf\": [{\"$ref\": \"#/definitions/a\"}], \"definitions\": {\"a\": {\"multipleOf\": "
     "0.5}}}",
     "0.7", ": must be a multiple of 0.5 (/definitions/a/multipleOf)\n"},
    {"{\"not\": {}}", "0", ": must not fit the schema of not (/not)\n"},
    {"{\"if\": {\"minimum\": 0}, \"then\": {\"maximum\": 5}}", "6",
     ": must be at most 5 (/then/maximum)\n"},
    {"{\"uniqueItems\": true, \"maxItems\": 1, \"contains\": {\"type\": \"null\"}}", "[1, 1]",
     ": must have at most 1 element (/maxItems)\n"
     ": must have an element that fits the schema of contains (/contains)\n"
     ": must not have an element twice (/uniqueItems)\n"},
    {"{\"pattern\": \"^a\\u0000c\"}", "\"a\\u0000b\"", ": must match the pattern ^a (/pattern)\n"},
    /* Whether it matches is not known: it is not said. */
    {"{\"pattern\": \"^(a+)+$\"}", "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\"",
     ": could not be judged by the pattern ^(a+)+$: it needs too many steps (/pattern)\n"
     ": cannot be judged: the schema asks for more steps, more depth or a harder pattern than the "
     "limits allow ()\n"},
    {"{\"not\": {\"pattern\": \"^(a+)+$\"}}",
     "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\"",
     ": cannot be judged: the schema asks for more steps, more depth or a harder pattern than the "
     "limits allow ()\n"},
    {"{\"format\": \"uuid\", \"pattern\": \"^a\"}", "\"b\"",
     ": must have the format uuid (/format)\n: must match the pattern ^a (/pattern)\n"},
};

START_TEST(errors_say_where_and_what)
{
    struct fault fault = {0};
    ck_assert_msg(compile(explained[_i].schema, NULL, &fault) == OK, "%s", fault.text);
    json_object *value = read_text(explained[_i].instance);
    ck_assert(!jsonschema_explain(schema, value, note, NULL));
    ck_assert(!jsonschema_is_valid(schema, value));
    ck_assert_str_eq(buffer_cstr(&told), explained[_i].says);
    (void)json_object_put(value);
}
END_TEST

/* ---- closed schemas ---- */

static const struct {
    const char *schema, *instance;
    bool is_valid;
} closed[] = {
    {"{\"properties\": {\"a\": {}}}", "{\"a\": 1}", true},
    {"{\"properties\": {\"a\": {}}}", "{\"b\": 1}", false},
    {"{\"type\": \"object\"}", "{\"b\": 1}", true},
    {"{\"properties\": {\"a\": {}}, \"additionalProperties\": true}", "{\"b\": 1}", true},
    {"{\"properties\": {\"a\": {}}, \"patternProperties\": {\"^x\": {}}}", "{\"b\": 1}", true},
    {"{\"properties\": {\"a\": {\"properties\": {\"b\": {}}}}}", "{\"a\": {\"c\": 1}}", false},
    {"{\"items\": {\"properties\": {\"b\": {}}}}", "[{\"c\": 1}]", false},
    {"{\"allOf\": [{\"properties\": {\"a\": {}}}, {\"properties\": {\"b\": {}}}]}",
     "{\"a\": 1, \"b\": 2}", true},
    {"{\"allOf\": [{\"properties\": {\"a\": {}}}, {\"properties\": {\"b\": {}}}]}",
     "{\"a\": 1, \"b\": 2, \"c\": 3}", false},
    {"{\"properties\": {\"a\": {}}, \"allOf\": [{\"$ref\": \"#/definitions/d\"}], \"definitions\": "
     "{\"d\": {\"properties\": {\"d\": {}}}}}",
     "{\"a\": 1, \"d\": 2}", true},
    {"{\"$ref\": \"#/definitions/d\", \"definitions\": {\"d\": {\"properties\": {\"d\": {}}}}}",
     "{\"x\": 2}", false},
    {"{\"properties\": {\"a\": {}}, \"allOf\": [{\"additionalProperties\": true}]}", "{\"x\": 1}",
     true},
    {"{\"not\": {\"properties\": {\"a\": {\"type\": \"string\"}}, \"required\": [\"a\"]}}",
     "{\"a\": 1, \"x\": 1}", true},
    {"{\"properties\": {\"t\": {}}, \"oneOf\": [{\"properties\": {\"a\": {\"type\": \"string\"}}, "
     "\"required\": [\"a\"]}, {\"properties\": {\"b\": {}}, \"required\": [\"b\"]}]}",
     "{\"t\": 1, \"b\": 2}", true},
    {"{\"allOf\": [{\"properties\": {\"a\": {\"properties\": {\"b\": {}}}}}]}",
     "{\"a\": {\"c\": 1}}", false},
};

START_TEST(closed_schemas_let_only_declared_members_pass)
{
    static const struct jsonschema_options options = {.is_closed = true};
    struct fault fault = {0};
    ck_assert_msg(compile(closed[_i].schema, &options, &fault) == OK, "%s", fault.text);
    json_object *value = read_text(closed[_i].instance);
    ck_assert(jsonschema_is_valid(schema, value) == closed[_i].is_valid);
    ck_assert(jsonschema_explain(schema, value, note, NULL) == closed[_i].is_valid);
    (void)json_object_put(value);
}
END_TEST

START_TEST(a_wrong_part_of_a_closed_schema_is_refused)
{
    static const struct jsonschema_options options = {.is_closed = true};
    struct fault fault = {0};
    ck_assert_int_eq(compile("{\"allOf\": [{\"properties\": [1]}]}", &options, &fault), REJECT);
    ck_assert_msg(strstr(fault.text, "properties must be a map") != NULL, "%s", fault.text);
}
END_TEST

/* ---- limits of a run ---- */

START_TEST(references_that_multiply_each_other_end)
{
    AUTO(buffer_done) struct buffer text = {0};
    buffer_text(&text, "{\"$ref\": \"#/definitions/a0\", \"definitions\": {");
    enum { LEVELS = 40 };
    for (int i = 0; i < LEVELS; i++) {
        buffer_printf(&text,
                      "\"a%d\": {\"anyOf\": [{\"$ref\": \"#/definitions/a%d\"}, {\"$ref\": "
                      "\"#/definitions/a%d\"}]}, ",
                      i, i + 1, i + 1);
    }
    buffer_printf(&text, "\"a%d\": {\"type\": \"null\"}}}", LEVELS);
    struct fault fault = {0};
    ck_assert_msg(compile(buffer_cstr(&text), NULL, &fault) == OK, "%s", fault.text);
    json_object *value = read_text("1");
    ck_assert(!jsonschema_is_valid(schema, value));
    ck_assert(!jsonschema_explain(schema, value, note, NULL));
    ck_assert_ptr_nonnull(strstr(buffer_cstr(&told), "cannot be judged"));
    (void)json_object_put(value);
}
END_TEST

START_TEST(the_schema_of_schemas_is_known)
{
    struct fault fault = {0};
    ck_assert_int_eq(jsonschema_compile_metaschema(NULL, &schema, &fault), OK);
    json_object *good = read_text("{\"type\": \"string\", \"minLength\": 1}");
    json_object *bad = read_text("{\"type\": \"string\", \"minLength\": -1}");
    ck_assert(jsonschema_is_valid(schema, good));
    ck_assert(!jsonschema_is_valid(schema, bad));
    (void)json_object_put(good);
    (void)json_object_put(bad);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("jsonschema");
    TCase *tcase = tcase_create("jsonschema");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, NULL, teardown);
    tcase_add_loop_test(tcase, numbers_compare_exactly, 0, COUNT_OF(orders));
    tcase_add_test(tcase, an_exponent_has_a_limit);
    tcase_add_loop_test(tcase, values_are_kept_as_written, 0, COUNT_OF(kept));
    tcase_add_loop_test(tcase, what_is_no_value_is_refused_with_its_place, 0,
                        COUNT_OF(refused_values));
    tcase_add_test(tcase, depth_and_digits_have_limits);
    tcase_add_loop_test(tcase, names_of_any_length_have_hashes_of_their_own, 4, 33);
    tcase_add_loop_test(tcase, references_resolve_as_the_rfc_says, 0, COUNT_OF(uris));
    tcase_add_loop_test(tcase, a_wrong_schema_is_refused_with_its_place, 0, COUNT_OF(refused));
    tcase_add_loop_test(tcase, errors_say_where_and_what, 0, COUNT_OF(explained));
    tcase_add_loop_test(tcase, closed_schemas_let_only_declared_members_pass, 0, COUNT_OF(closed));
    tcase_add_test(tcase, a_wrong_part_of_a_closed_schema_is_refused);
    tcase_add_test(tcase, references_that_multiply_each_other_end);
    tcase_add_test(tcase, the_schema_of_schemas_is_known);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
