/* SPDX-License-Identifier: Apache-2.0 */
#include "core/broker_headers.h"
#include "core/memory.h"
#include "support/dead_letters.h"
#include "tools/dlq/json_at.h"
#include "tools/dlq/letter.h"
#include "tools/dlq/letter_time.h"
#include "unit.h"

#include <sodium.h>
#include <string.h>

/* A delivery that is not from a broker. */
struct posted {
    struct arena arena;
    struct buffer properties;
    struct delivery delivery;
};

static void posted_done(struct posted *posted)
{
    arena_done(&posted->arena);
    buffer_done(&posted->properties);
}

static void post(struct posted *posted, const struct dead_letter_sample *sample)
{
    struct fault fault = {0};
    dead_letter_properties(sample, &posted->properties);
    posted->delivery = (struct delivery){.exchange = "dlx",
                                         .routing_key = "key",
                                         .body = sample->body,
                                         .body_length = strlen(sample->body),
                                         .body_sent = strlen(sample->body)};
    enum outcome o = broker_properties_decode(posted->properties.bytes, posted->properties.length,
                                              &posted->arena, &posted->delivery.properties, &fault);
    ck_assert_msg(o == OK, "%s", fault.text);
}

static void check_text(const struct letter *letter, enum letter_fact fact, const char *wanted)
{
    const char *text = letter_text(letter, fact);
    ck_assert_msg((text == NULL) == (wanted == NULL) && (text == NULL || strcmp(text, wanted) == 0),
                  "%s is %s, not %s", letter_fact_name(fact), text != NULL ? text : "unknown",
                  wanted != NULL ? wanted : "unknown");
}

START_TEST(every_family_is_one_picture)
{
    const struct dead_letter_sample *sample = &dead_letter_samples[_i];
    AUTO(posted_done) struct posted posted = {0};
    struct letter letter;
    post(&posted, sample);
    letter_read(&posted.delivery, &posted.arena, &letter);
    ck_assert_ptr_null(letter.unread);
    check_text(&letter, LETTER_QUEUE, sample->queue);
    check_text(&letter, LETTER_REASON, sample->reason);
    check_text(&letter, LETTER_CLASS, sample->class_name);
    check_text(&letter, LETTER_EXCEPTION, sample->exception);
    check_text(&letter, LETTER_EXCHANGE, sample->original_exchange);
    check_text(&letter, LETTER_ROUTING_KEY, sample->original_key);
    check_text(&letter, LETTER_TYPE, sample->message_type);
    ck_assert_str_eq(letter.normal, sample->normal != NULL ? sample->normal : "");
    ck_assert_int_eq(letter_number(&letter, LETTER_FAILED_AT), sample->failed_at_ms);
    ck_assert_int_eq(letter_number(&letter, LETTER_ATTEMPTS), sample->attempts);
    ck_assert_int_eq(letter_number(&letter, LETTER_RETURNS), sample->returns);
    ck_assert_str_eq(letter.family_count > 0 ? letter.families[0] : "", sample->family);
    ck_assert(letter.has_own_id == (sample->message_id != NULL));
    ck_assert_uint_eq(strlen(letter.id),
                      sample->message_id != NULL ? strlen(sample->message_id) : 32);
}
END_TEST

START_TEST(the_fingerprint_is_of_the_message_and_not_of_its_deliveries)
{
    struct dead_letter_sample sample = dead_letter_samples[0];
    char texts[4][LETTER_FINGERPRINT_TEXT_BYTES];
    struct letter letter;
    for (int i = 0; i < 4; i++) {
        AUTO(posted_done) struct posted posted = {0};
        struct dead_letter_sample one = sample;
        size_t last = 0;
        while (one.headers[last].kind != '\0') {
            last++;
        }
        if (i == 1) { /* returned twice */
            one.headers[last] = (struct wire_field){'l', "x-delivery-count", NULL, 2};
        }
        if (i == 2) {
            one.headers[last] = (struct wire_field){'l', "x-other-count", NULL, 2};
        }
        if (i == 3) {
            one.body = "{\"amount\":12.51}";
        }
        post(&posted, &one);
        letter_read(&posted.delivery, &posted.arena, &letter);
        (void)letter_fingerprint(&letter, texts[i]);
    }
    ck_assert_str_eq(texts[0], texts[1]);
    ck_assert_str_ne(texts[0], texts[2]);
    ck_assert_str_ne(texts[0], texts[3]);
}
END_TEST

START_TEST(a_message_without_headers_gets_the_broker_s_own_ones)
{
    struct dead_letter_sample bare = {.content_type = "text/plain", .type = "t", .body = "b"};
    struct dead_letter_sample counted = bare;
    counted.headers[0] = (struct wire_field){'l', "x-delivery-count", NULL, 0};
    char texts[2][LETTER_FINGERPRINT_TEXT_BYTES];
    for (int i = 0; i < 2; i++) {
        AUTO(posted_done) struct posted posted = {0};
        struct letter letter;
        post(&posted, i == 0 ? &bare : &counted);
        letter_read(&posted.delivery, &posted.arena, &letter);
        ck_assert_int_eq(letter.deliveries, i - 1);
        (void)letter_fingerprint(&letter, texts[i]);
    }
    ck_assert_str_eq(texts[0], texts[1]);
}
END_TEST

/* Headers that nobody means well with. */

static void nest(struct buffer *out, int levels, bool is_table)
{
    struct wire_field fields[64] = {0};
    for (int i = 0; i < levels; i++) {
        fields[i] = (struct wire_field){is_table ? 'F' : 'A', "x", NULL, 0};
    }
    for (int i = 0; i < levels; i++) {
        fields[levels + i] = (struct wire_field){'E', "", NULL, 0};
    }
    AUTO(buffer_done) struct buffer table = {0};
    wire_fields(fields, &table);
    buffer_add(out, "\x20\x00", 2);
    for (int i = 3; i >= 0; i--) {
        buffer_byte(out, (char)(table.length >> (8 * i) & 0xff));
    }
    buffer_add(out, table.bytes, table.length);
}

START_TEST(depth_is_bounded)
{
    for (int levels = 1; levels < 32; levels++) {
        AUTO(buffer_done) struct buffer raw = {0};
        AUTO(arena_done) struct arena arena = {0};
        struct header_value headers;
        struct fault fault = {0};
        nest(&raw, levels, _i == 0);
        enum outcome o = headers_read(raw.bytes, raw.length, &arena, &headers, &fault);
        ck_assert_msg(o == (levels <= HEADERS_DEPTH_MAX ? OK : REJECT), "%d levels: %s", levels,
                      fault.text);
    }
}
END_TEST

START_TEST(a_broken_list_is_refused_wherever_it_breaks)
{
    AUTO(buffer_done) struct buffer raw = {0};
    dead_letter_properties(&dead_letter_samples[1], &raw);
    size_t at = 0;
    size_t length = 0;
    ck_assert(headers_locate(raw.bytes, raw.length, &at, &length));
    for (size_t i = 0; i < at + length; i++) {
        AUTO(arena_done) struct arena arena = {0};
        AUTO(free_text) char *exact = xmalloc(i + 1); /* the sanitizer sees what is read beyond */
        struct header_value headers;
        struct fault fault = {0};
        memcpy(exact, raw.bytes, i);
        ck_assert_int_eq(headers_read(exact, i, &arena, &headers, &fault), REJECT);
    }
    for (size_t i = 0; i < raw.length; i++) { /* any byte may be any other */
        for (int byte = 0; byte < 256; byte += 5) {
            AUTO(arena_done) struct arena arena = {0};
            struct header_value headers;
            struct fault fault = {0};
            char was = raw.bytes[i];
            raw.bytes[i] = (char)byte;
            enum outcome o = headers_read(raw.bytes, raw.length, &arena, &headers, &fault);
            ck_assert(o == OK || o == REJECT);
            raw.bytes[i] = was;
        }
    }
}
END_TEST

static const struct {
    const char *json, *pointer, *value; /* NULL: none */
} pointers[] = {
    {"{\"a\":1}", "/a", "1"},
    {" {\"a\" : {\"b\": [10, \"x\\ny\", {\"c\":null}]}} ", "/a/b/1", "x\ny"},
    {"{\"a\":{\"b\":[10,20,{\"c\":null}]}}", "/a/b/2/c", "null"},
    {"{\"a\":{\"b\":[10]}}", "/a/b/1", NULL},
    {"{\"a\":{\"b\":[10]}}", "/a/b/00", NULL},
    {"{\"a\":{\"b\":[10]}}", "/a/b/-", NULL},
    {"{\"a\":1,\"a\":2}", "/a", "1"},
    {"{\"x/y\":1,\"m~n\":2}", "/x~1y", "1"},
    {"{\"x/y\":1,\"m~n\":2}", "/m~0n", "2"},
    {"{\"\":{\"\":3}}", "//", "3"},
    {"{\"\\u0061\":4}", "/a", "4"},
    {"[]", "/0", NULL},
    {"{}", "/a", NULL},
    {"{\"a\":1.50}", "/a", "1.50"},
    {"{\"a\":", "/a", NULL},
    {"{\"b\":[1,2,\"a\":5]}", "/a", NULL},
    {"no", "/a", NULL},
    {"", "/a", NULL},
    {"7", "", "7"},
};

START_TEST(a_pointer_finds_its_value)
{
    struct json_span span;
    bool is_there =
        json_at(pointers[_i].json, strlen(pointers[_i].json), pointers[_i].pointer, &span);
    ck_assert(is_there == (pointers[_i].value != NULL));
    if (is_there) {
        AUTO(buffer_done) struct buffer text = {0};
        json_span_text(&span, &text);
        ck_assert_str_eq(buffer_cstr(&text), pointers[_i].value);
    }
}
END_TEST

START_TEST(pretty_json_is_the_same_json)
{
    static const char json[] =
        "{\"a\":[1,{\"b\":\"x, {y}: \\\"[z]\\\"\"},[],{}],\"n\":1e400, \"t\":true}";
    static const char pretty[] =
        "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"x, {y}: \\\"[z]\\\"\"\n    },\n"
        "    [],\n    {}\n  ],\n  \"n\": 1e400,\n  \"t\": true\n}";
    AUTO(buffer_done) struct buffer out = {0};
    ck_assert(json_is_valid(json, strlen(json)));
    json_pretty(json, strlen(json), &out);
    ck_assert_str_eq(buffer_cstr(&out), pretty);
}
END_TEST

static const struct {
    const char *text;
    int64_t ms; /* 0: none */
} instants[] = {
    {"2026-11-23T07:05:00Z", 1795417500000},
    {"2026-11-23T07:05:00.1234567Z", 1795417500123},
    {"2026-11-23 07:05:00:123456 Z", 1795417500123},
    {"2026-11-23 07:05:00,123", 1795417500123},
    {"2026-11-23T09:05:00+02:00", 1795417500000},
    {"2026-11-23T05:05:00-02:00", 1795417500000},
    {"2026-11-23 07:05:00", 1795417500000},
    {"1795417500", 1795417500000},
    {"1795417500000", 1795417500000},
    {"1795417500000000", 1795417500000},
    {"1795417500000000000", 1795417500000},
    {"", 0},
    {"0", 0},
    {"-1", 0},
    {"yesterday", 0},
    {"2026-13-23T07:05:00Z", 0},
    {"2026-11-23T07:05:00Z and a text that is much longer than any instant may be at all", 0},
};

START_TEST(instants_are_read_as_frameworks_write_them)
{
    int64_t ms = 0;
    bool is_one = letter_time_text(instants[_i].text, &ms);
    ck_assert(is_one == (instants[_i].ms != 0));
    ck_assert_int_eq(ms, instants[_i].ms);
}
END_TEST

int main(void)
{
    if (sodium_init() < 0) {
        return EXIT_FAILURE;
    }
    Suite *suite = suite_create("dead_letter");
    TCase *tcase = tcase_create("dead_letter");
    tcase_add_loop_test(tcase, every_family_is_one_picture, 0, (int)dead_letter_sample_count);
    tcase_add_test(tcase, the_fingerprint_is_of_the_message_and_not_of_its_deliveries);
    tcase_add_test(tcase, a_message_without_headers_gets_the_broker_s_own_ones);
    tcase_add_loop_test(tcase, depth_is_bounded, 0, 2);
    tcase_add_test(tcase, a_broken_list_is_refused_wherever_it_breaks);
    tcase_add_loop_test(tcase, a_pointer_finds_its_value, 0, (int)COUNT_OF(pointers));
    tcase_add_test(tcase, pretty_json_is_the_same_json);
    tcase_add_loop_test(tcase, instants_are_read_as_frameworks_write_them, 0,
                        (int)COUNT_OF(instants));
    suite_add_tcase(suite, tcase);
    return unit_run(suite);
}
