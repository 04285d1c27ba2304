/* SPDX-License-Identifier: Apache-2.0 */
#include "core/problem.h"

#include "unit.h"

START_TEST(says_type_title_and_status)
{
    struct http_reply reply = {0};
    ck_assert_int_eq(problem_reply(&reply, PROBLEM_NOT_FOUND, NULL, NULL), REJECT);
    ck_assert_int_eq(reply.status, 404);
    ck_assert_str_eq(reply.content_type, "application/problem+json");
    ck_assert_str_eq(buffer_cstr(&reply.body),
                     "{\"type\":\"/problems/not-found\",\"title\":\"There is no such "
                     "resource\",\"status\":404}");
    http_reply_done(&reply);
}
END_TEST

START_TEST(escapes_detail_and_field_and_names_the_request)
{
    struct http_reply reply = {0};
    ck_assert(ids_parse("019aadb2-6a00-7000-8000-000000000001", &reply.request_id));
    ck_assert_int_eq(problem_reply(&reply, PROBLEM_INVALID, "/a\"b", "must have %d \"x\"", 3),
                     REJECT);
    ck_assert_str_eq(
        buffer_cstr(&reply.body),
        "{\"type\":\"/problems/invalid\",\"title\":\"A field breaks a rule\",\"status\":422,"
        "\"detail\":\"must have 3 \\\"x\\\"\",\"field\":\"/a\\\"b\","
        "\"instance\":\"urn:uuid:019aadb2-6a00-7000-8000-000000000001\"}");
    http_reply_done(&reply);
}
END_TEST

START_TEST(tells_how_to_authenticate_and_when_to_retry)
{
    struct http_reply reply = {0};
    ck_assert_int_eq(problem_reply(&reply, PROBLEM_UNAUTHENTICATED, NULL, NULL), REJECT);
    ck_assert_uint_eq(reply.header_count, 1);
    ck_assert_str_eq(reply.headers[0].name, "WWW-Authenticate");
    ck_assert_int_eq(reply.retry_after_s, 0);
    ck_assert_int_eq(problem_reply(&reply, PROBLEM_UNAVAILABLE, NULL, NULL), REJECT);
    ck_assert_int_gt(reply.retry_after_s, 0);
    ck_assert_int_eq(problem_reply(&reply, PROBLEM_CONFLICT, NULL, NULL), REJECT);
    ck_assert_int_eq(reply.retry_after_s, 0);
    ck_assert_int_eq(problem_reply(&reply, PROBLEM_STILL_RUNNING, NULL, NULL), REJECT);
    ck_assert_int_gt(reply.retry_after_s, 0);
    http_reply_done(&reply);
}
END_TEST

START_TEST(replaces_the_body_that_was_there)
{
    struct http_reply reply = {.status = 200};
    buffer_text(&reply.body, "{\"secret\":1}");
    ck_assert_int_eq(problem_reply(&reply, PROBLEM_INTERNAL, NULL, NULL), REJECT);
    ck_assert_ptr_null(strstr(buffer_cstr(&reply.body), "secret"));
    http_reply_done(&reply);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("problem");
    tcase_add_test(cases, says_type_title_and_status);
    tcase_add_test(cases, escapes_detail_and_field_and_names_the_request);
    tcase_add_test(cases, tells_how_to_authenticate_and_when_to_retry);
    tcase_add_test(cases, replaces_the_body_that_was_there);
    Suite *suite = suite_create("problem");
    suite_add_tcase(suite, cases);
    return unit_run(suite);
}
