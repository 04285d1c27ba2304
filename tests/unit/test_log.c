/* SPDX-License-Identifier: Apache-2.0 */
#include "core/log.h"

#include "core/envelope.h"
#include "core/memory.h"
#include "core/text.h"
#include "unit.h"

#include <json-c/json.h>
#include <string.h>
#include <unistd.h>

static int capture;

/* Everything written to stderr from here on can be read from the file `capture`. */
static void set_up(void)
{
    char path[] = "/tmp/test_log_XXXXXX";
    capture = mkstemp(path);
    ck_assert_int_ge(capture, 0);
    (void)unlink(path);
    ck_assert_int_eq(dup2(capture, STDERR_FILENO), STDERR_FILENO);
}

static const char *written(void)
{
    static char text[16384];
    ssize_t length = pread(capture, text, sizeof text - 1, 0);
    ck_assert_int_ge(length, 0);
    text[length] = '\0';
    return text;
}

static const char *member(json_object *line, const char *name)
{
    json_object *value = NULL;
    return json_object_object_get_ex(line, name, &value) ? json_object_get_string(value) : NULL;
}

START_TEST(writes_one_json_object_per_line)
{
    log_init("billing", "info", "auto");
    log_thread("worker-2");
    log_warn("retry.scheduled", LOG_INT("attempt", 3),
             LOG_TEXT("reason", "a \"b\"\n\x1b[31m\xc2\x9b\xff"), LOG_TEXT("nothing", NULL));
    const char *text = written();
    ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
    ck_assert(!text_has_control(text, strlen(text) - 1) && text_is_utf8(text, strlen(text), NULL));

    json_object *line = json_tokener_parse(text);
    ck_assert_ptr_nonnull(line);
    ck_assert_str_eq(member(line, "level"), "warn");
    ck_assert_str_eq(member(line, "service"), "billing");
    ck_assert_str_eq(member(line, "thread"), "worker-2");
    ck_assert_str_eq(member(line, "event"), "retry.scheduled");
    ck_assert_str_eq(member(line, "attempt"), "3");
    ck_assert_str_eq(member(line, "reason"), "a \"b\"\n\x1b[31m\xc2\x9b\xef\xbf\xbd");
    ck_assert_ptr_null(member(line, "nothing"));
    int64_t ms = 0;
    ck_assert(text_date_time(member(line, "time"), strlen(member(line, "time")), &ms));
    json_object_put(line);
}
END_TEST

START_TEST(leaves_out_what_is_below_its_level)
{
    log_init("s", "warn", "json");
    log_debug("no");
    log_info("no");
    ck_assert_str_eq(written(), "");
    log_warn("yes");
    log_error("yes");
    ck_assert_ptr_nonnull(strstr(written(), "\"error\""));

    log_init("s", "off", "json");
    size_t length = strlen(written());
    log_error("no");
    ck_assert_uint_eq(strlen(written()), length);
}
END_TEST

START_TEST(takes_unknown_words_as_the_default)
{
    log_init("s", "loud", "xml");
    log_debug("no");
    log_info("yes");
    ck_assert_ptr_nonnull(strstr(written(), "\"event\":\"yes\"}"));
    ck_assert_ptr_null(strstr(written(), "\"no\""));
}
END_TEST

START_TEST(adds_the_bound_ids)
{
    log_init("s", "debug", "json");
    struct envelope envelope = {.id = ids_new(),
                                .correlation_id = ids_new(),
                                .has_correlation_id = true,
                                .traceparent = "00-x"};
    char id[UUID_TEXT_BYTES];
    char correlation[UUID_TEXT_BYTES];
    log_bind(&envelope);
    log_debug("in");
    json_object *line = json_tokener_parse(written());
    ck_assert_str_eq(member(line, "event_id"), ids_format(&envelope.id, id));
    ck_assert_str_eq(member(line, "correlation_id"),
                     ids_format(&envelope.correlation_id, correlation));
    ck_assert_ptr_null(member(line, "causation_id"));
    ck_assert_str_eq(member(line, "traceparent"), "00-x");
    json_object_put(line);

    size_t length = strlen(written());
    log_unbind();
    log_debug("out");
    ck_assert_ptr_null(strstr(written() + length, "event_id"));
}
END_TEST

START_TEST(is_readable_for_people)
{
    log_init("billing", "debug", "text");
    struct uuid id = {{1}};
    log_error("charge.failed", LOG_TEXT("code", "card_declined"), LOG_TEXT("why", "no money\n"),
              LOG_ID("upgrade", &id));
    ck_assert_ptr_nonnull(strstr(
        written(), " \033[31merror\033[0m billing \033[1mcharge.failed\033[0m code=card_declined "
                   "why=\"no money\\u000a\" "
                   "upgrade=01000000-0000-0000-0000-000000000000\n"));
}
END_TEST

START_TEST(cuts_long_texts)
{
    log_init("s", "info", "json");
    AUTO(free_text) char *text = xmalloc(100001);
    memset(text, 'a', 100000);
    text[100000] = '\0';
    log_info("long", LOG_TEXT("text", text));
    ck_assert_uint_lt(strlen(written()), 4096);
    json_object *line = json_tokener_parse(written());
    ck_assert_ptr_nonnull(line);
    json_object_put(line);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log");
    TCase *tests = tcase_create("log");
    tcase_add_checked_fixture(tests, set_up, NULL);
    tcase_add_test(tests, writes_one_json_object_per_line);
    tcase_add_test(tests, leaves_out_what_is_below_its_level);
    tcase_add_test(tests, takes_unknown_words_as_the_default);
    tcase_add_test(tests, adds_the_bound_ids);
    tcase_add_test(tests, is_readable_for_people);
    tcase_add_test(tests, cuts_long_texts);
    suite_add_tcase(suite, tests);
    return unit_run(suite);
}
