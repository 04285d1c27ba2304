/* SPDX-License-Identifier: Apache-2.0 */
#include "core/personal.h"

#include "core/memory.h"
#include "unit.h"

#include <sodium.h>
#include <string.h>

/* A shape with personal values at every place where one may stand. */

static const struct field leaf_fields[] = {
    {.name = "street", .kind = FIELD_STRING, .personal = true},
    {.name = "number", .kind = FIELD_INTEGER},
};
static const struct shape leaf_shape = {"Leaf", 0, leaf_fields, COUNT_OF(leaf_fields)};
static const struct field leaf_item = {.kind = FIELD_OBJECT, .shape = &leaf_shape};
static const struct field word_item = {.kind = FIELD_STRING, .personal = true};
static const struct field count_item = {.kind = FIELD_INTEGER};
static const struct field fields[] = {
    {.name = "id", .kind = FIELD_UUID},
    {.name = "name", .kind = FIELD_STRING, .personal = true},
    {.name = "weight", .kind = FIELD_INTEGER, .personal = true},
    {.name = "home", .kind = FIELD_OBJECT, .shape = &leaf_shape},
    {.name = "whole", .kind = FIELD_OBJECT, .shape = &leaf_shape, .personal = true},
    {.name = "homes", .kind = FIELD_ARRAY, .item = &leaf_item},
    {.name = "words", .kind = FIELD_ARRAY, .item = &word_item},
    {.name = "counts", .kind = FIELD_ARRAY, .item = &count_item},
};
static const struct shape shape = {"Person", 0, fields, COUNT_OF(fields)};

/* What is said, what of it is left, and how it reads when it is erased. */
static const struct {
    const char *body, *left, *erased;
} bodies[] = {
    {"{}", "{}", "{}"},
    {"{\"id\":\"x\"}", "{\"id\":\"x\"}", "{\"id\":\"x\"}"},
    {"{\"name\":\"Ada\"}", "{\"name\":}", "{\"name\":\"[erased]\"}"},
    {" {\t\"name\" :\n\"Ada\" , \"id\":1 }\r\n", " {\t\"name\" :\n , \"id\":1 }\r\n",
     " {\t\"name\" :\n\"[erased]\" , \"id\":1 }\r\n"},
    {"{\"name\":\"\\u0041\\\"d\\\\a\"}", "{\"name\":}", "{\"name\":\"[erased]\"}"},
    {"{\"\\u006eame\":\"Ada\"}", "{\"\\u006eame\":}", "{\"\\u006eame\":\"[erased]\"}"},
    {"{\"weight\":6.85e1,\"name\":null}", "{\"weight\":,\"name\":}",
     "{\"weight\":null,\"name\":null}"},
    {"{\"home\":{\"street\":\"Main\",\"number\":1}}", "{\"home\":{\"street\":,\"number\":1}}",
     "{\"home\":{\"street\":\"[erased]\",\"number\":1}}"},
    {"{\"home\":null}", "{\"home\":null}", "{\"home\":null}"},
    {"{\"whole\":{\"street\":\"Main\",\"number\":[1,{}]},\"id\":2}", "{\"whole\":,\"id\":2}",
     "{\"whole\":null,\"id\":2}"},
    {"{\"homes\":[ {\"street\":\"a\"}, {\"number\":2} ,{\"street\":\"b\"}]}",
     "{\"homes\":[ {\"street\":}, {\"number\":2} ,{\"street\":}]}",
     "{\"homes\":[ {\"street\":\"[erased]\"}, {\"number\":2} ,{\"street\":\"[erased]\"}]}"},
    {"{\"homes\":[]}", "{\"homes\":[]}", "{\"homes\":[]}"},
    {"{\"words\":[\"a\", \"b\"],\"counts\":[1, 2]}", "{\"words\":[, ],\"counts\":[1, 2]}",
     "{\"words\":[\"[erased]\", \"[erased]\"],\"counts\":[1, 2]}"},
    /* What nobody has declared may be anything. */
    {"{\"nick\":\"Adi\",\"id\":1,\"more\":{\"name\":[true]}}", "{\"nick\":,\"id\":1,\"more\":}",
     "{\"nick\":\"[erased]\",\"id\":1,\"more\":null}"},
    {"{\"home\":{\"floor\":3}}", "{\"home\":{\"floor\":}}", "{\"home\":{\"floor\":null}}"},
    {"{\"name\":\"Zo\xc3\xab \xf0\x9f\x98\x80\"}", "{\"name\":}", "{\"name\":\"[erased]\"}"},
};

static void check_text(const struct buffer *found, const char *wanted)
{
    ck_assert_msg(found->length == strlen(wanted) &&
                      memcmp(found->bytes, wanted, found->length) == 0,
                  "\"%.*s\" instead of \"%s\"", (int)found->length, found->bytes, wanted);
}

START_TEST(a_body_is_cut_and_comes_back_byte_for_byte)
{
    AUTO(personal_done) struct personal cut = {0};
    AUTO(buffer_done) struct buffer joined = {0};
    AUTO(buffer_done) struct buffer blank = {0};
    struct fault fault = {0};
    const char *body = bodies[_i].body;
    ck_assert_msg(personal_cut(&shape, body, strlen(body), &cut, &fault) == OK, "%s", fault.text);
    check_text(&cut.body, bodies[_i].left);
    ck_assert_msg(personal_join(cut.body.bytes, cut.body.length, cut.cuts.bytes, cut.cuts.length,
                                cut.values.bytes, cut.values.length, &joined, &fault) == OK,
                  "%s", fault.text);
    check_text(&joined, body);
    ck_assert_int_eq(personal_blank(cut.body.bytes, cut.body.length, cut.cuts.bytes,
                                    cut.cuts.length, &blank, &fault),
                     OK);
    check_text(&blank, bodies[_i].erased);
}
END_TEST

static const char *const broken[] = {
    "",
    "[]",
    "{",
    "{\"name\":}",
    "{\"name\":\"a\"",
    "{\"name\":\"a\"} x",
    "{\"homes\":[1,]}",
    "{\"home\":{\"street\"}}",
};

START_TEST(what_is_no_json_is_refused)
{
    AUTO(personal_done) struct personal cut = {0};
    struct fault fault = {0};
    ck_assert_int_eq(personal_cut(&shape, broken[_i], strlen(broken[_i]), &cut, &fault), REJECT);
}
END_TEST

START_TEST(nesting_has_an_end)
{
    AUTO(personal_done) struct personal cut = {0};
    AUTO(buffer_done) struct buffer body = {0};
    struct fault fault = {0};
    buffer_text(&body, "{\"deep\":");
    for (int i = 0; i < 100000; i++) {
        buffer_byte(&body, '[');
    }
    ck_assert_int_eq(personal_cut(&shape, body.bytes, body.length, &cut, &fault), REJECT);
}
END_TEST

/* Sealed values of a body, and one byte of something changed. */
struct sealed {
    struct personal cut;
    struct uuid event;
    unsigned char key[PERSONAL_KEY_BYTES];
    struct buffer sealed;
};

static void seal(struct sealed *sealed, const char *body)
{
    struct fault fault = {0};
    *sealed = (struct sealed){.event = ids_new()};
    personal_make_key(sealed->key);
    ck_assert_int_eq(personal_cut(&shape, body, strlen(body), &sealed->cut, &fault), OK);
    personal_seal(&sealed->cut, &sealed->event, sealed->key, &sealed->sealed);
}

static void sealed_done(struct sealed *sealed)
{
    personal_done(&sealed->cut);
    buffer_done(&sealed->sealed);
}

static enum outcome open_it(const struct sealed *sealed, struct buffer *values)
{
    struct fault fault;
    return personal_open(sealed->sealed.bytes, sealed->sealed.length, sealed->cut.cuts.bytes,
                         sealed->cut.cuts.length, &sealed->event, sealed->key, values, &fault);
}

START_TEST(sealed_values_open_with_their_key_and_event_only)
{
    AUTO(sealed_done) struct sealed sealed;
    AUTO(buffer_done) struct buffer values = {0};
    seal(&sealed, "{\"name\":\"Ada\",\"weight\":68500}");
    ck_assert_ptr_null(memmem(sealed.sealed.bytes, sealed.sealed.length, "Ada", 3));
    ck_assert_int_eq(open_it(&sealed, &values), OK);
    ck_assert_uint_eq(values.length, sealed.cut.values.length);
    ck_assert_mem_eq(values.bytes, sealed.cut.values.bytes, values.length);

    unsigned char *const bytes[] = {
        sealed.key, sealed.event.bytes, (unsigned char *)sealed.cut.cuts.bytes,
        (unsigned char *)sealed.sealed.bytes,
        (unsigned char *)sealed.sealed.bytes + sealed.sealed.length - 1};
    for (size_t i = 0; i < COUNT_OF(bytes); i++) {
        *bytes[i] ^= 1;
        buffer_clear(&values);
        ck_assert_msg(open_it(&sealed, &values) == REJECT, "change %zu is not noticed", i);
        *bytes[i] ^= 1;
    }
    sealed.sealed.length = 10;
    ck_assert_int_eq(open_it(&sealed, &values), REJECT);
}
END_TEST

START_TEST(the_length_of_a_value_does_not_show)
{
    AUTO(sealed_done) struct sealed one;
    AUTO(sealed_done) struct sealed another;
    seal(&one, "{\"name\":\"A\"}");
    seal(&another, "{\"name\":\"Augusta Ada King-Noel, Countess\"}");
    ck_assert_uint_eq(one.sealed.length, another.sealed.length);
}
END_TEST

START_TEST(parts_that_do_not_belong_together_are_refused)
{
    AUTO(personal_done) struct personal cut = {0};
    AUTO(buffer_done) struct buffer out = {0};
    struct fault fault = {0};
    const char body[] = "{\"name\":\"Ada\",\"weight\":1}";
    ck_assert_int_eq(personal_cut(&shape, body, strlen(body), &cut, &fault), OK);
    const struct {
        size_t body, cuts, values;
    } lengths[] = {
        {3, cut.cuts.length, cut.values.length},
        {cut.body.length, cut.cuts.length - 1, cut.values.length},
        {cut.body.length, PERSONAL_CUT_BYTES, cut.values.length},
        {cut.body.length, cut.cuts.length, cut.values.length - 1},
        {cut.body.length, cut.cuts.length, 2},
        {cut.body.length, cut.cuts.length, 0},
    };
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        ck_assert_msg(personal_join(cut.body.bytes, lengths[i].body, cut.cuts.bytes,
                                    lengths[i].cuts, cut.values.bytes, lengths[i].values, &out,
                                    &fault) == REJECT,
                      "%zu", i);
    }
    cut.cuts.bytes[PERSONAL_CUT_BYTES] = 0x7f; /* beyond the body */
    ck_assert_int_eq(personal_join(cut.body.bytes, cut.body.length, cut.cuts.bytes, cut.cuts.length,
                                   cut.values.bytes, cut.values.length, &out, &fault),
                     REJECT);
}
END_TEST

int main(void)
{
    if (sodium_init() < 0) {
        return EXIT_FAILURE;
    }
    Suite *suite = suite_create("personal");
    TCase *tcase = tcase_create("personal");
    tcase_add_loop_test(tcase, a_body_is_cut_and_comes_back_byte_for_byte, 0,
                        (int)COUNT_OF(bodies));
    tcase_add_loop_test(tcase, what_is_no_json_is_refused, 0, (int)COUNT_OF(broken));
    tcase_add_test(tcase, nesting_has_an_end);
    tcase_add_test(tcase, sealed_values_open_with_their_key_and_event_only);
    tcase_add_test(tcase, the_length_of_a_value_does_not_show);
    tcase_add_test(tcase, parts_that_do_not_belong_together_are_refused);
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
