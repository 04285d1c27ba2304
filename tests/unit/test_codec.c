/* SPDX-License-Identifier: Apache-2.0 */
#include "core/codec.h"

#include "core/buffer.h"
#include "core/memory.h"
#include "sample.h"
#include "unit.h"

#include <json-c/json.h>
#include <math.h>
#include <string.h>

enum { MUTATIONS = 150000 };

#define ID "01970000-0000-7000-8000-00000000000a"
#define BASE                                                                                       \
    "\"id\":\"" ID "\",\"at\":\"2026-11-23T07:05:00Z\",\"name\":\"x\",\"amount\":1,\"memo\":null"
#define FULL                                                                                       \
    "{\"id\":\"" ID "\",\"at\":\"2026-11-23T07:05:00.123Z\",\"name\":\"Zo\xc3\xab\",\"amount\":"   \
    "999,\"memo\":\"a\\u000ab\","                                                                  \
    "\"slug\":\"ab-cd\",\"born\":\"2000-02-29\",\"mail\":\"a@b.example\",\"site\":\"https://"      \
    "x.example/p?q=1#f\","                                                                         \
    "\"big\":-9223372036854775808,\"ratio\":0.1,\"level\":-1.5e+300,\"isOn\":true,\"colour\":"     \
    "\"dark blue\","                                                                               \
    "\"leaf\":{\"code\":\"ab\",\"we/ig~ht\":-5},\"tags\":[\"a\",\"\xf0\x9f\x98\x80\"],"            \
    "\"leaves\":[{\"code\":\"cd\"},{\"code\":\"ef\",\"we/"                                         \
    "ig~ht\":7}],\"rows\":[[],[1,2,3]],\"greedy\":\"aaa\"}"

static struct arena arena;

static void set_up(void)
{
    struct fault fault;
    ck_assert_msg(codec_prepare(&sample_shape, &fault) == OK, "%s", fault.text);
}

static void tear_down(void)
{
    arena_done(&arena);
}

/* Exactly those bytes, without a NUL: the sanitizer sees a byte read too many. */
static char *copy_bytes(const char *bytes, size_t length)
{
    return memcpy(xmalloc(length), bytes, length);
}

static enum outcome decode(enum codec_mode mode, const char *json, struct sample *out,
                           struct fault *fault)
{
    size_t length = strlen(json);
    AUTO(free_text) char *copy = copy_bytes(json, length);
    return codec_decode(&sample_shape, mode, copy, length, &arena, out, fault);
}

/* Members added to a valid document, and what is said about them (NULL = accepted), at which of
 * their bytes. */
static const struct {
    const char *more;
    const char *fault;
    size_t at;
} members[] = {
    {"", NULL},
    {",\"memo\":\"x\"", "/memo is there twice"},
    {",\"\\u0061mount\":2", "/amount is there twice"},
    {",\"slug\":\"a\",\"slug\":\"a\"", "/slug is there twice"},
    {",\"slug\":null", "/slug must be a string"},
    {",\"slug\":\"a-b\"", NULL},
    {",\"slug\":\"A\"", "/slug must match ^[a-z]+(-[a-z]+)*$"},
    {",\"slug\":\"a\\n\"", "/slug must match ^[a-z]+(-[a-z]+)*$"},
    {",\"slug\":\"\\u0061\"", NULL},
    {",\"born\":\"2023-02-29\"", "/born must be a date (YYYY-MM-DD)"},
    {",\"born\":\"2024-02-29\"", NULL},
    {",\"mail\":null", NULL},
    {",\"mail\":\"nobody\"", "/mail must be an e-mail address"},
    {",\"site\":\"/relative\"", "/site must be an absolute URI"},
    {",\"site\":7", "/site must be a string"},
    {",\"big\":9223372036854775807", NULL},
    {",\"big\":9223372036854775808", "/big is out of range"},
    {",\"big\":-9223372036854775808", NULL},
    {",\"big\":-9223372036854775809", "/big is out of range"},
    {",\"big\":1.0", NULL},
    {",\"big\":1e2", NULL},
    {",\"big\":100e-2", NULL},
    {",\"big\":-0", NULL},
    {",\"big\":0.000e999999999999999999", NULL},
    {",\"big\":1e18", NULL},
    {",\"big\":1e19", "/big is out of range"},
    {",\"big\":1e-1", "/big must be an integer"},
    {",\"big\":1.5", "/big must be an integer"},
    {",\"big\":1e-999999999999999999", "/big must be an integer"},
    {",\"big\":1e999999999999999999", "/big is out of range"},
    {",\"big\":922337203685477580.7e1", NULL},
    {",\"big\":922337203685477580.8e1", "/big is out of range"},
    {",\"big\":\"1\"", "/big must be an integer"},
    {",\"big\":01", "/big is not valid JSON", 8},
    {",\"big\":-", "/big is not valid JSON", 8},
    {",\"big\":1.", "/big is not valid JSON", 9},
    {",\"big\":.5", "/big must be an integer"},
    {",\"big\":+1", "/big must be an integer"},
    {",\"big\":NaN", "/big must be an integer"},
    {",\"big\":true", "/big must be an integer"},
    {",\"ratio\":0", "/ratio must be greater than 0"},
    {",\"ratio\":1.0", NULL},
    {",\"ratio\":1.0000000000000002", "/ratio must be at most 1"},
    {",\"ratio\":1e-300", NULL},
    {",\"ratio\":1e-400", "/ratio must be greater than 0"},
    {",\"level\":1e308", NULL},
    {",\"level\":1e309", "/level is out of range"},
    {",\"level\":Infinity", "/level must be a number"},
    {",\"level\":\"1\"", "/level must be a number"},
    {",\"level\":1e", "/level is not valid JSON", 11},
    {",\"isOn\":false", NULL},
    {",\"isOn\":1", "/isOn must be true or false"},
    {",\"isOn\":tru", "/isOn is not valid JSON", 8},
    {",\"colour\":\"green\"", NULL},
    {",\"colour\":\"dark\\u0020blue\"", NULL},
    {",\"colour\":\"dark\"", "/colour must be one of red, green, dark blue"},
    {",\"colour\":\"redd\"", "/colour must be one of red, green, dark blue"},
    {",\"colour\":0", "/colour must be a string"},
    {",\"leaf\":{\"code\":\"ab\"}", NULL},
    {",\"leaf\":{}", "/leaf/code is required"},
    {",\"leaf\":[]", "/leaf must be an object"},
    {",\"leaf\":{\"code\":\"abc\"}", "/leaf/code must have at most 2 characters"},
    {",\"leaf\":{\"code\":\"\xc3\xab\"}", "/leaf/code must have at least 2 characters"},
    {",\"leaf\":{\"code\":\"\xc3\xab\xf0\x9f\x98\x80\"}", NULL},
    {",\"leaf\":{\"code\":\"\\ud83d\\ude00\\u00eb\"}", NULL},
    {",\"leaf\":{\"code\":\"ab\",\"we/ig~ht\":-6}", "/leaf/we~1ig~0ht must be at least -5"},
    {",\"tags\":[\"a\"]", NULL},
    {",\"tags\":[]", "/tags must have at least 1 item"},
    {",\"tags\":[\"a\",\"b\",\"c\",\"d\"]", "/tags must have at most 3 items"},
    {",\"tags\":[\"a\",\"bcdef\"]", "/tags/1 must have at most 4 characters"},
    {",\"tags\":[\"a\",null]", "/tags/1 must be a string"},
    {",\"tags\":[\"a\",]", "/tags/1 must be a string"},
    {",\"tags\":[\"a\"", "/tags is not valid JSON", 12},
    {",\"tags\":{}", "/tags must be an array"},
    {",\"leaves\":[]", NULL},
    {",\"leaves\":[{\"code\":\"ab\"},{\"code\":1}]", "/leaves/1/code must be a string"},
    {",\"rows\":[[1],[1,2,\"3\"]]", "/rows/1/2 must be an integer"},
    {",\"rows\":[[1,2,3,4]]", "/rows/0 must have at most 3 items"},
    {",\"greedy\":\"aaa\"", NULL},
    {",\"greedy\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"",
     "/greedy takes too long to match against ^(a|a|aa)+$"},
    {",\"slug\":\"\\ud83d\"", "/slug has a lone surrogate", 15},
    {",\"slug\":\"\\ude00\"", "/slug has a lone surrogate", 15},
    {",\"slug\":\"\\ud83d\\u0041\"", "/slug has a lone surrogate", 15},
    {",\"slug\":\"\\u0000\"", "/slug has U+0000", 10},
    {",\"slug\":\"\\u00g0\"", "/slug has a bad escape", 10},
    {",\"slug\":\"\\x\"", "/slug has a bad escape", 10},
    {",\"slug\":\"a\nb\"", "/slug has a control character", 10},
    {",\"slug\":\"\xff\"", "/slug is not valid UTF-8", 9},
    {",\"slug\":\"\xc0\x80\"", "/slug is not valid UTF-8", 9},
    {",\"slug\":\"\xed\xa0\x80\"", "/slug is not valid UTF-8", 9},
    {",\"slug\":\"\xf4\x90\x80\x80\"", "/slug is not valid UTF-8", 9},
    {",\"slug\":\"abc", "/slug is cut off", 13},
    /* What nobody declared is skipped, but must be JSON. */
    {",\"more\":null", NULL},
    {",\"more\":[1,{\"a\":[true,false,null,\"\\\"]}\"],\"b\":{}},[],-1.5E+3]", NULL},
    {",\"more\":[1,]", "/more is not valid JSON", 11},
    {",\"more\":{\"a\":1,}", "/more is not valid JSON", 15},
    {",\"more\":{\"a\" 1}", "/more is not valid JSON", 13},
    {",\"more\":{\"a\":1]", "/more is not valid JSON", 14},
    {",\"more\":[}", "/more is not valid JSON", 9},
    {",\"more\":nul", "/more is not valid JSON", 8},
    {",\"more\":\"\\ud800\"", "/more has a lone surrogate", 15},
    {",\"more\":[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]", NULL},
    {",\"more\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]", "/more is nested too deep", 24},
    {",\"\\u001b[31m\x7f\xc2\x9b evil\":nul",
     "/\\x1b[31m\\x7f\\xc2\\x9b\\x20evil is not valid JSON", 22},
    {",\"more\" 1", "the document is not valid JSON", 8},
    {",7", "the document is not valid JSON", 1},
    {",", "the document is not valid JSON", 1},
    {"} {", "the document is followed by more bytes", 2},
};

START_TEST(judges_each_member)
{
    AUTO(free_text) char *json = xasprintf("{" BASE "%s}", members[_i].more);
    struct sample sample;
    struct fault fault = {.text = ""};
    enum outcome o = decode(CODEC_OPEN, json, &sample, &fault);
    if (members[_i].fault == NULL) {
        ck_assert_msg(o == OK, "%s: %s", json, fault.text);
    } else {
        AUTO(free_text) char *where = xasprintf(" at byte %zu", strlen("{" BASE) + members[_i].at);
        AUTO(free_text)
        char *expected = xasprintf("%s%s", members[_i].fault, members[_i].at > 0 ? where : "");
        ck_assert_int_eq(o, REJECT);
        ck_assert_str_eq(fault.text, expected);
    }
}
END_TEST

/* Whole documents. */
static const struct {
    const char *json;
    const char *fault;
} documents[] = {
    {"", "the document must be an object"},
    {"  ", "the document must be an object"},
    {"null", "the document must be an object"},
    {"[]", "the document must be an object"},
    {"\xef\xbb\xbf{}", "the document must be an object"},
    {"{", "the document is not valid JSON at byte 1"},
    {"{}", "/id is required"},
    {"{\"id\"", "the document is not valid JSON at byte 5"},
    {"{\"id\":", "/id is cut off at byte 6"},
    {"{\"id\":}", "/id must be a string"},
    {"{\"id\":null}", "/id must be a string"},
    {"{\"id\":\"" ID "\"}", "/at is required"},
    {"{\"id\":\"01970000-0000-7000-8000-00000000000\"}", "/id must be a UUID"},
    {"{\"at\":\"2026-11-23\"}", "/at must be a date and time (RFC 3339)"},
    {"{\"name\":\"\"}", "/name must have at least 1 character"},
    {"{\"name\":\"12345678901\"}", "/name must have at most 10 characters"},
    {"{\"amount\":0}", "/amount must be at least 1"},
    {"{\"amount\":1001}", "/amount must be at most 1000"},
    {"{\"tags\":[", "/tags/0 is cut off at byte 9"},
    {"{" BASE "}", NULL},
    {" \t\r\n{ \"memo\" : null , \"amount\":1, \"name\":\"x\", \"at\":\"2026-11-23t07:05:00z\", "
     "\"id\":\"" ID "\" } \n",
     NULL},
    {"{" BASE "}x", "the document is followed by more bytes at byte 107"},
    {FULL, NULL},
};

START_TEST(judges_each_document)
{
    struct sample sample;
    struct fault fault = {.text = ""};
    enum outcome o = decode(CODEC_CLOSED, documents[_i].json, &sample, &fault);
    if (documents[_i].fault == NULL) {
        ck_assert_msg(o == OK, "%s", fault.text);
    } else {
        ck_assert_int_eq(o, REJECT);
        ck_assert_str_eq(fault.text, documents[_i].fault);
    }
}
END_TEST

START_TEST(refuses_unknown_members_when_closed)
{
    static const struct {
        const char *more;
        const char *fault;
    } cases[] = {
        {",\"more\":1", "/more is not known here"},
        {",\"leaf\":{\"code\":\"ab\",\"x\":1}", "/leaf/x is not known here"},
        {",\"leaves\":[{\"code\":\"ab\",\"x\":1}]", "/leaves/0/x is not known here"},
        {",\"\\n\\u202eIgnored\":1", "/\\x0a\\xe2\\x80\\xaeIgnored is not known here"},
        {",\"\":1", "/ is not known here"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(free_text) char *json = xasprintf("{" BASE "%s}", cases[i].more);
        struct sample sample;
        struct fault fault;
        ck_assert_int_eq(decode(CODEC_CLOSED, json, &sample, &fault), REJECT);
        ck_assert_str_eq(fault.text, cases[i].fault);
    }
}
END_TEST

START_TEST(limits_the_names_of_members)
{
    char name[CODEC_KEY_MAX_BYTES + 2] = {0};
    memset(name, 'k', CODEC_KEY_MAX_BYTES);
    struct sample sample;
    struct fault fault;
    AUTO(free_text) char *fits = xasprintf("{" BASE ",\"%s\":1}", name);
    ck_assert_int_eq(decode(CODEC_OPEN, fits, &sample, &fault), OK);
    ck_assert_int_eq(decode(CODEC_CLOSED, fits, &sample, &fault), REJECT);
    ck_assert_ptr_nonnull(strstr(fault.text, "kkk... is not known here"));
    ck_assert_uint_lt(strlen(fault.text), 100);

    name[CODEC_KEY_MAX_BYTES] = 'k';
    AUTO(free_text) char *outer = xasprintf("{" BASE ",\"%s\":1}", name);
    ck_assert_int_eq(decode(CODEC_OPEN, outer, &sample, &fault), REJECT);
    ck_assert_ptr_nonnull(strstr(fault.text, "the document has a member whose name is too long"));
    AUTO(free_text) char *inner = xasprintf("{" BASE ",\"more\":{\"%s\":1}}", name);
    ck_assert_int_eq(decode(CODEC_OPEN, inner, &sample, &fault), REJECT);
    ck_assert_ptr_nonnull(strstr(fault.text, "/more has a member whose name is too long"));
}
END_TEST

START_TEST(limits_texts_and_arrays_without_a_maximum)
{
    struct sample sample;
    struct fault fault;
    AUTO(free_text) char *text = xmalloc(CODEC_STRING_MAX_BYTES + 2);
    memset(text, 'a', CODEC_STRING_MAX_BYTES + 1);
    text[CODEC_STRING_MAX_BYTES] = '\0';
    AUTO(free_text) char *fits = xasprintf("{" BASE ",\"slug\":\"%s\"}", text);
    ck_assert_int_eq(decode(CODEC_OPEN, fits, &sample, &fault), OK);
    text[CODEC_STRING_MAX_BYTES] = 'a';
    text[CODEC_STRING_MAX_BYTES + 1] = '\0';
    AUTO(free_text) char *larger = xasprintf("{" BASE ",\"slug\":\"%s\"}", text);
    ck_assert_int_eq(decode(CODEC_OPEN, larger, &sample, &fault), REJECT);
    ck_assert_str_eq(fault.text, "/slug must have at most 8192 bytes");

    AUTO(buffer_done) struct buffer json = {0};
    buffer_text(&json, "{" BASE ",\"rows\":[[]");
    for (int i = 1; i < CODEC_ITEMS_MAX; i++) {
        buffer_text(&json, ",[7]");
    }
    size_t length = json.length;
    buffer_text(&json, "]}");
    ck_assert_int_eq(decode(CODEC_OPEN, buffer_cstr(&json), &sample, &fault), OK);
    ck_assert_uint_eq(sample.rows_count, CODEC_ITEMS_MAX);
    ck_assert_int_eq(sample.rows[CODEC_ITEMS_MAX - 1].cells[0], 7);
    json.length = length;
    buffer_text(&json, ",[]]}");
    ck_assert_int_eq(decode(CODEC_OPEN, buffer_cstr(&json), &sample, &fault), REJECT);
    ck_assert_str_eq(fault.text, "/rows must have at most 1000 items");
}
END_TEST

START_TEST(reads_every_kind)
{
    struct sample s;
    struct fault fault;
    ck_assert_int_eq(decode(CODEC_CLOSED, FULL, &s, &fault), OK);
    char id[UUID_TEXT_BYTES];
    ck_assert_str_eq(ids_format(&s.id, id), ID);
    ck_assert_int_eq(s.at_ms, 1795417500123);
    ck_assert_str_eq(s.name, "Zo\xc3\xab");
    ck_assert_int_eq(s.amount, 999);
    ck_assert(s.has_memo && strcmp(s.memo, "a\nb") == 0);
    ck_assert(s.has_slug && strcmp(s.slug, "ab-cd") == 0);
    ck_assert(s.has_born && strcmp(s.born, "2000-02-29") == 0);
    ck_assert(s.has_mail && strcmp(s.mail, "a@b.example") == 0);
    ck_assert(s.has_site && strcmp(s.site, "https://x.example/p?q=1#f") == 0);
    ck_assert(s.has_big && s.big == INT64_MIN);
    ck_assert(s.has_ratio && s.ratio == 0.1);
    ck_assert(s.has_level && s.level == -1.5e300);
    ck_assert(s.has_is_on && s.is_on);
    ck_assert(s.has_colour && s.colour == COLOUR_BLUE);
    ck_assert(s.has_leaf && s.leaf.has_weight && s.leaf.weight == -5);
    ck_assert(s.has_tags && s.tags_count == 2 && strcmp(s.tags[1], "\xf0\x9f\x98\x80") == 0);
    ck_assert(s.has_leaves && s.leaves_count == 2 && !s.leaves[0].has_weight &&
              s.leaves[1].weight == 7);
    ck_assert(s.has_rows && s.rows_count == 2 && s.rows[0].cells_count == 0 &&
              s.rows[1].cells[2] == 3);
}
END_TEST

START_TEST(reads_integers_exactly)
{
    static const struct {
        const char *json;
        int64_t number;
    } cases[] = {
        {"0", 0},
        {"-0.0", 0},
        {"1.0", 1},
        {"1e2", 100},
        {"1.50e1", 15},
        {"100e-2", 1},
        {"-1.0E+3", -1000},
        {"10.10e1", 101},
        {"0.001e3", 1},
        {"9007199254740993", 9007199254740993},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
        {"-922337203685477580.8e1", INT64_MIN},
        {"100000000000000000000000e-22", 10},
        {"1000.000", 1000},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        AUTO(free_text) char *json = xasprintf("{" BASE ",\"big\":%s}", cases[i].json);
        struct sample sample;
        struct fault fault = {.text = ""};
        enum outcome o = decode(CODEC_OPEN, json, &sample, &fault);
        ck_assert_msg(o == OK, "%s: %s", cases[i].json, fault.text);
        ck_assert_int_eq(sample.big, cases[i].number);
    }
}
END_TEST

START_TEST(writes_what_it_read)
{
    struct sample sample;
    struct fault fault;
    ck_assert_int_eq(decode(CODEC_CLOSED, FULL, &sample, &fault), OK);
    AUTO(buffer_done) struct buffer out = {0};
    buffer_text(&out, "before ");
    ck_assert_int_eq(codec_encode(&sample_shape, &sample, &out, &fault), OK);
    ck_assert_str_eq(buffer_cstr(&out), "before " FULL);
}
END_TEST

START_TEST(writes_null_only_for_what_is_required)
{
    struct sample sample;
    struct fault fault;
    ck_assert_int_eq(decode(CODEC_OPEN, "{" BASE ",\"mail\":null}", &sample, &fault), OK);
    AUTO(buffer_done) struct buffer out = {0};
    ck_assert_int_eq(codec_encode(&sample_shape, &sample, &out, &fault), OK);
    ck_assert_str_eq(buffer_cstr(&out),
                     "{\"id\":\"" ID "\",\"at\":\"2026-11-23T07:05:00.000Z\",\"name\":\"x\","
                     "\"amount\":1,\"memo\":null}");
}
END_TEST

static void spoil_name(struct sample *s)
{
    s->name = NULL;
}
static void spoil_name_bytes(struct sample *s)
{
    s->name = "\xff";
}
static void spoil_name_length(struct sample *s)
{
    s->name = "";
}
static void spoil_amount(struct sample *s)
{
    s->amount = 0;
}
static void spoil_time(struct sample *s)
{
    s->at_ms = INT64_MAX;
}
static void spoil_time_early(struct sample *s)
{
    s->at_ms = -62167219200001;
}
static void spoil_slug(struct sample *s)
{
    s->slug = "No";
}
static void spoil_born(struct sample *s)
{
    s->born = "2023-02-30";
}
static void spoil_mail(struct sample *s)
{
    s->mail = "@";
}
static void spoil_site(struct sample *s)
{
    s->site = "x";
}
static void spoil_ratio(struct sample *s)
{
    s->ratio = 1.5;
}
static void spoil_ratio_low(struct sample *s)
{
    s->ratio = 0;
}
static void spoil_level(struct sample *s)
{
    s->level = (double)NAN;
}
static void spoil_colour(struct sample *s)
{
    s->colour = (enum colour)7;
}
static void spoil_leaf(struct sample *s)
{
    s->leaf.weight = -6;
}
static void spoil_tags(struct sample *s)
{
    s->tags_count = 0;
}
static void spoil_tag(struct sample *s)
{
    static const char *const tags[] = {"a", "longer"};
    s->tags = tags;
}
static void spoil_leaves(struct sample *s)
{
    s->leaves = NULL;
}
static void spoil_rows(struct sample *s)
{
    s->rows_count = CODEC_ITEMS_MAX + 1;
}

START_TEST(refuses_to_write_what_breaks_its_rules)
{
    static const struct {
        void (*spoil)(struct sample *sample);
        const char *fault;
    } cases[] = {
        {spoil_name, "/name is required"},
        {spoil_name_bytes, "/name is not valid UTF-8"},
        {spoil_name_length, "/name must have at least 1 character"},
        {spoil_amount, "/amount must be at least 1"},
        {spoil_time, "/at must be between the years 0 and 9999"},
        {spoil_time_early, "/at must be between the years 0 and 9999"},
        {spoil_slug, "/slug must match ^[a-z]+(-[a-z]+)*$"},
        {spoil_born, "/born must be a date (YYYY-MM-DD)"},
        {spoil_mail, "/mail must be an e-mail address"},
        {spoil_site, "/site must be an absolute URI"},
        {spoil_ratio, "/ratio must be at most 1"},
        {spoil_ratio_low, "/ratio must be greater than 0"},
        {spoil_level, "/level must be a number"},
        {spoil_colour, "/colour must be one of red, green, dark blue"},
        {spoil_leaf, "/leaf/we~1ig~0ht must be at least -5"},
        {spoil_tags, "/tags must have at least 1 item"},
        {spoil_tag, "/tags/1 must have at most 4 characters"},
        {spoil_leaves, "/leaves is required"},
        {spoil_rows, "/rows must have at most 1000 items"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct sample sample;
        struct fault fault;
        ck_assert_int_eq(decode(CODEC_OPEN, FULL, &sample, &fault), OK);
        cases[i].spoil(&sample);
        AUTO(buffer_done) struct buffer out = {0};
        buffer_text(&out, "kept");
        ck_assert_int_eq(codec_encode(&sample_shape, &sample, &out, &fault), REJECT);
        ck_assert_str_eq(fault.text, cases[i].fault);
        ck_assert_str_eq(buffer_cstr(&out), "kept");
    }
}
END_TEST

START_TEST(refuses_wrong_tables)
{
    static struct pattern bad = {.text = "(unclosed"};
    static const struct field rows[] = {
        {.name = "a", .kind = FIELD_STRING, .required = true},
        {.name = "a", .kind = FIELD_STRING, .has_offset = FIELD_ABSENT},
        {.name = "a",
         .kind = FIELD_STRING,
         .required = true,
         .has_offset = FIELD_ABSENT,
         .pattern = &bad},
        {.name = "a",
         .kind = FIELD_INTEGER,
         .required = true,
         .has_offset = FIELD_ABSENT,
         .pattern = &slug_pattern},
        {.name = "a", .kind = FIELD_ENUM, .required = true, .has_offset = FIELD_ABSENT},
        {.name = "a", .kind = FIELD_OBJECT, .required = true, .has_offset = FIELD_ABSENT},
        {.name = "a", .kind = FIELD_ARRAY, .required = true, .has_offset = FIELD_ABSENT},
    };
    static const char *const faults[] = {
        "T.a: a required field has no has_ flag",
        "T.a: an optional or nullable field needs a has_ flag",
        "T.a: pattern (unclosed: a group is not closed, at its end",
        "T.a: a pattern needs a text",
        "T.a: an enum needs values",
        "T.a: an object needs a shape",
        "T.a: an array needs an item with its size, at offset 0",
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct shape shape = {"T", sizeof(struct sample), &rows[i], 1};
        struct fault fault;
        ck_assert_int_eq(codec_prepare(&shape, &fault), FATAL);
        ck_assert_str_eq(fault.text, faults[i]);
    }
}
END_TEST

/*
 * The slow reference: json-c's tree, walked with the same table. It knows types, presence, bounds,
 * lengths and counts; it does not know formats and patterns, so it accepts more than the codec,
 * never less.
 */
static const char *check_object(const struct shape *shape, json_object *object);

static size_t count_points(json_object *text)
{
    const char *bytes = json_object_get_string(text);
    size_t points = 0;
    for (int i = 0; i < json_object_get_string_len(text); i++) {
        points += (bytes[i] & 0xc0) != 0x80;
    }
    return points;
}

static bool is_outside(const struct field *field, int64_t number)
{
    return (field->has_min && number < field->min) || (field->has_max && number > field->max);
}

static const char *check_value(const struct field *field, json_object *value)
{
    json_type type = json_object_get_type(value);
    switch (field->kind) {
    case FIELD_BOOLEAN:
        return type == json_type_boolean ? NULL : "boolean";
    case FIELD_INTEGER:
        if (type == json_type_double) {
            return floor(json_object_get_double(value)) == json_object_get_double(value)
                       ? NULL
                       : "fraction";
        }
        return type == json_type_int && !is_outside(field, json_object_get_int64(value))
                   ? NULL
                   : "integer";
    case FIELD_NUMBER:
        return type == json_type_int || type == json_type_double ? NULL : "number";
    case FIELD_OBJECT:
        return type == json_type_object ? check_object(field->shape, value) : "object";
    case FIELD_ARRAY:
        if (type != json_type_array ||
            is_outside(field, (int64_t)json_object_array_length(value))) {
            return "array";
        }
        for (size_t i = 0; i < json_object_array_length(value); i++) {
            const char *wrong = check_value(field->item, json_object_array_get_idx(value, i));
            if (wrong != NULL) {
                return wrong;
            }
        }
        return NULL;
    case FIELD_ENUM:
        for (uint16_t i = 0; type == json_type_string && i < field->value_count; i++) {
            if (strcmp(field->values[i], json_object_get_string(value)) == 0) {
                return NULL;
            }
        }
        return "enum";
    case FIELD_UUID:
        return type == json_type_string && json_object_get_string_len(value) == UUID_TEXT_BYTES - 1
                   ? NULL
                   : "uuid";
    case FIELD_STRING:
    case FIELD_DATE:
    case FIELD_EMAIL:
    case FIELD_URI:
    case FIELD_DATE_TIME:
        break;
    }
    return type == json_type_string && !is_outside(field, (int64_t)count_points(value)) ? NULL
                                                                                        : "text";
}

static const char *check_object(const struct shape *shape, json_object *object)
{
    for (size_t i = 0; i < shape->field_count; i++) {
        const struct field *field = &shape->fields[i];
        json_object *value = NULL;
        if (!json_object_object_get_ex(object, field->name, &value)) {
            if (field->required) {
                return "missing";
            }
        } else if (value != NULL || !field->nullable) {
            const char *wrong = check_value(field, value);
            if (wrong != NULL) {
                return wrong;
            }
        }
    }
    return NULL;
}

static const char *reference(const char *json, size_t length)
{
    json_tokener *tokener = json_tokener_new_ex(CODEC_DEPTH_MAX + 1);
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    json_object *tree = json_tokener_parse_ex(tokener, json, (int)length + 1);
    const char *wrong = json_tokener_get_error(tokener) != json_tokener_success ? "syntax"
                        : json_object_get_type(tree) != json_type_object
                            ? "not an object"
                            : check_object(&sample_shape, tree);
    json_object_put(tree);
    json_tokener_free(tokener);
    return wrong;
}

static uint64_t random_state = UINT64_C(0x9e3779b97f4a7c15);

/* xorshift64: the same documents in every run. */
static size_t random_below(size_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (size_t)(random_state % limit);
}

static void mutate(struct buffer *json)
{
    static const char *const pieces[] = {"\"",
                                         "\\",
                                         "\\u0000",
                                         "\\ud83d",
                                         "\\ude00",
                                         "{",
                                         "}",
                                         "[",
                                         "]",
                                         ",",
                                         ":",
                                         "null",
                                         "true",
                                         "0",
                                         "-",
                                         "1e5",
                                         ".0",
                                         "\"memo\":null,",
                                         "\"x\":[{}],",
                                         " ",
                                         "\n",
                                         "\x01",
                                         "\xff",
                                         "\xc3\xab",
                                         "9223372036854775808",
                                         "[[[[[[[[[[[[[[[[[",
                                         "E-1"};
    size_t at = random_below(json->length);
    switch (random_below(4)) {
    case 0:
        json->bytes[at] = (char)random_below(256);
        break;
    case 1: {
        size_t count = 1 + random_below(json->length - at < 12 ? json->length - at : 12);
        memmove(json->bytes + at, json->bytes + at + count, json->length - at - count);
        json->length -= count;
        break;
    }
    case 2: {
        size_t other = random_below(json->length);
        char byte = json->bytes[at];
        json->bytes[at] = json->bytes[other];
        json->bytes[other] = byte;
        break;
    }
    default: {
        const char *piece = pieces[random_below(COUNT_OF(pieces))];
        size_t count = strlen(piece);
        (void)buffer_reserve(json, count);
        memmove(json->bytes + at + count, json->bytes + at, json->length - at);
        memcpy(json->bytes + at, piece, count);
        json->length += count;
    }
    }
}

static void check_round_trip(const struct sample *sample)
{
    AUTO(buffer_done) struct buffer first = {0};
    AUTO(buffer_done) struct buffer second = {0};
    struct fault fault;
    struct sample again;
    if (codec_encode(&sample_shape, sample, &first, &fault) != OK ||
        codec_decode(&sample_shape, CODEC_CLOSED, first.bytes, first.length, &arena, &again,
                     &fault) != OK ||
        codec_encode(&sample_shape, &again, &second, &fault) != OK) {
        ck_abort_msg("%s: %s", buffer_cstr(&first), fault.text);
    }
    if (first.length != second.length || memcmp(first.bytes, second.bytes, first.length) != 0) {
        ck_abort_msg("%s became %s", buffer_cstr(&first), buffer_cstr(&second));
    }
}

START_TEST(accepts_nothing_that_a_slow_reference_refuses)
{
    size_t accepted = 0;
    for (int i = 0; i < MUTATIONS; i++) {
        AUTO(buffer_done) struct buffer json = {0};
        buffer_text(&json, FULL);
        for (size_t n = random_below(3); n-- > 0;) {
            mutate(&json);
        }
        struct sample sample;
        struct fault fault;
        AUTO(free_text) char *copy = copy_bytes(json.bytes, json.length);
        enum outcome o =
            codec_decode(&sample_shape, CODEC_OPEN, copy, json.length, &arena, &sample, &fault);
        if (o == OK) {
            accepted++;
            const char *wrong = reference(buffer_cstr(&json), json.length);
            if (wrong != NULL) {
                ck_abort_msg("%s: the reference says %s", json.bytes, wrong);
            }
            check_round_trip(&sample);
        } else if (o != REJECT || strpbrk(fault.text, "\n\x1b\xff") != NULL) {
            ck_abort_msg("%s: %s", json.bytes, fault.text);
        }
        arena_reset(&arena);
    }
    ck_assert_uint_gt(accepted, MUTATIONS / 4);
    ck_assert_uint_lt(accepted, MUTATIONS * 3 / 4);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("codec");
    TCase *tests = tcase_create("codec");
    tcase_set_timeout(tests, 100);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, judges_each_member, 0, (int)COUNT_OF(members));
    tcase_add_loop_test(tests, judges_each_document, 0, (int)COUNT_OF(documents));
    tcase_add_test(tests, refuses_unknown_members_when_closed);
    tcase_add_test(tests, limits_the_names_of_members);
    tcase_add_test(tests, limits_texts_and_arrays_without_a_maximum);
    tcase_add_test(tests, reads_every_kind);
    tcase_add_test(tests, reads_integers_exactly);
    tcase_add_test(tests, writes_what_it_read);
    tcase_add_test(tests, writes_null_only_for_what_is_required);
    tcase_add_test(tests, refuses_to_write_what_breaks_its_rules);
    tcase_add_test(tests, refuses_wrong_tables);
    tcase_add_test(tests, accepts_nothing_that_a_slow_reference_refuses);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
