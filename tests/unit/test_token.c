/* SPDX-License-Identifier: Apache-2.0 */
#include "core/token.h"

#include "unit.h"

#include <errno.h>
#include <jwt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_A "an-old-key-of-forty-characters-0123456789"
#define KEY_B "a-newer-key-of-forty-characters-987654321"

enum { NOW_S = 1795417500, HOUR_S = 3600 };
#define NOW_MS (NOW_S * INT64_C(1000))

static const char subject_text[] = "019aadb2-6a00-7000-8000-000000000001";

static enum outcome load_with_mode(const char *text, mode_t mode, struct token_keys **keys,
                                   struct fault *fault)
{
    char path[] = "/tmp/test_token_XXXXXX";
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    ck_assert_int_eq(fchmod(fd, mode), 0);
    close(fd);
    enum outcome o = token_keys_load(path, keys, fault);
    unlink(path);
    return o;
}

static struct token_keys *load(const char *text)
{
    struct token_keys *keys = NULL;
    struct fault fault = {.text = ""};
    ck_assert_msg(load_with_mode(text, 0600, &keys, &fault) == OK, "%s", fault.text);
    return keys;
}

static char *make(const struct token_keys *keys, enum token_role role, int64_t expires_s)
{
    struct token token = {.role = role, .expires_s = expires_s};
    char *text = NULL;
    struct fault fault = {.text = ""};
    ck_assert(ids_parse(subject_text, &token.subject));
    ck_assert_msg(token_make(keys, &token, NOW_MS, &text, &fault) == OK, "%s", fault.text);
    return text;
}

static enum outcome check_at(const struct token_keys *keys, const char *text, int64_t now_ms)
{
    struct token token;
    struct fault fault;
    return token_check(keys, text, now_ms, &token, &fault);
}

START_TEST(reads_back_what_it_made)
{
    struct token_keys *keys = load(KEY_A "\n");
    char *text = make(keys, (enum token_role)_i, NOW_S + HOUR_S);
    struct token token;
    struct fault fault = {.text = ""};
    char id[UUID_TEXT_BYTES];
    ck_assert_msg(token_check(keys, text, NOW_MS, &token, &fault) == OK, "%s", fault.text);
    ck_assert_str_eq(ids_format(&token.subject, id), subject_text);
    ck_assert_int_eq(token.role, _i);
    ck_assert_int_eq(token.expires_s, NOW_S + HOUR_S);
    free(text);
    token_keys_free(keys);
}
END_TEST

START_TEST(rotates_keys)
{
    struct token_keys *old = load(KEY_A "\n");
    struct token_keys *both = load(KEY_B "\n\n" KEY_A "\n");
    struct token_keys *newer = load(KEY_B);
    char *by_old = make(old, TOKEN_USER, NOW_S + HOUR_S);
    char *by_both = make(both, TOKEN_USER, NOW_S + HOUR_S);
    ck_assert_int_eq(check_at(both, by_old, NOW_MS), OK);
    ck_assert_int_eq(check_at(newer, by_both, NOW_MS), OK); /* the first signs */
    ck_assert_int_eq(check_at(old, by_both, NOW_MS), REJECT);
    ck_assert_int_eq(check_at(newer, by_old, NOW_MS), REJECT);
    free(by_old);
    free(by_both);
    token_keys_free(old);
    token_keys_free(both);
    token_keys_free(newer);
}
END_TEST

START_TEST(ends_with_its_time)
{
    struct token_keys *keys = load(KEY_A);
    char *text = make(keys, TOKEN_USER, NOW_S + HOUR_S);
    int64_t end_ms = NOW_MS + HOUR_S * INT64_C(1000);
    ck_assert_int_eq(check_at(keys, text, end_ms + (TOKEN_LEEWAY_S - 1) * INT64_C(1000)), OK);
    ck_assert_int_eq(check_at(keys, text, end_ms + TOKEN_LEEWAY_S * INT64_C(1000)), REJECT);
    ck_assert_int_eq(check_at(keys, text, NOW_MS - TOKEN_LEEWAY_S * INT64_C(1000)), OK);
    ck_assert_int_eq(check_at(keys, text, NOW_MS - (TOKEN_LEEWAY_S + 1) * INT64_C(1000)), REJECT);
    free(text);
    token_keys_free(keys);
}
END_TEST

START_TEST(rejects_a_changed_token)
{
    struct token_keys *keys = load(KEY_A);
    char *text = make(keys, TOKEN_USER, NOW_S + HOUR_S);
    size_t length = strlen(text);
    for (size_t i = 0; i < length - 1; i++) { /* the last character holds unused bits */
        char before = text[i];
        text[i] = before == 'A' ? 'B' : 'A';
        ck_assert_msg(check_at(keys, text, NOW_MS) == REJECT, "character %zu changed", i);
        text[i] = before;
    }
    ck_assert_int_eq(check_at(keys, text, NOW_MS), OK);
    free(text);
    token_keys_free(keys);
}
END_TEST

/* Tokens with the right key, made by hand: one thing is wrong with each. */
struct forged {
    jwt_alg_t alg;
    const char *claims;
    enum outcome outcome;
};
#define EXP "\"exp\":1795421100"
#define SUB "\"sub\":\"019aadb2-6a00-7000-8000-000000000001\""
static const struct forged forgeries[] = {
    {JWT_ALG_HS256, "{" SUB "," EXP "}", OK},
    {JWT_ALG_HS256, "{" SUB "," EXP ",\"role\":\"admin\"}", OK},
    {JWT_ALG_NONE, "{" SUB "," EXP "}", REJECT},
    {JWT_ALG_HS384, "{" SUB "," EXP "}", REJECT},
    {JWT_ALG_HS512, "{" SUB "," EXP "}", REJECT},
    {JWT_ALG_HS256, "{" SUB "}", REJECT},
    {JWT_ALG_HS256, "{" SUB ",\"exp\":\"1795421100\"}", REJECT},
    {JWT_ALG_HS256, "{" SUB ",\"exp\":1795421100.5}", REJECT},
    {JWT_ALG_HS256, "{" SUB "," EXP ",\"nbf\":\"1\"}", REJECT},
    {JWT_ALG_HS256, "{" SUB "," EXP ",\"nbf\":1795421000}", REJECT},
    {JWT_ALG_HS256, "{" EXP "}", REJECT},
    {JWT_ALG_HS256, "{\"sub\":\"alice\"," EXP "}", REJECT},
    {JWT_ALG_HS256, "{\"sub\":7," EXP "}", REJECT},
    {JWT_ALG_HS256, "{" SUB "," EXP ",\"role\":\"king\"}", REJECT},
    {JWT_ALG_HS256, "{" SUB "," EXP ",\"role\":[\"admin\"]}", REJECT},
};

START_TEST(takes_hs256_with_sound_claims_only)
{
    const struct forged *row = &forgeries[_i];
    struct token_keys *keys = load(KEY_A);
    jwt_t *jwt = NULL;
    bool is_signed = row->alg != JWT_ALG_NONE;
    ck_assert_int_eq(jwt_new(&jwt), 0);
    ck_assert_int_eq(jwt_add_grants_json(jwt, row->claims), 0);
    ck_assert_int_eq(jwt_set_alg(jwt, row->alg, is_signed ? (const unsigned char *)KEY_A : NULL,
                                 is_signed ? (int)strlen(KEY_A) : 0),
                     0);
    char *text = jwt_encode_str(jwt);
    ck_assert_ptr_nonnull(text);
    ck_assert_msg(check_at(keys, text, NOW_MS) == row->outcome, "%s", row->claims);
    free(text);
    jwt_free(jwt);
    token_keys_free(keys);
}
END_TEST

START_TEST(rejects_what_is_no_token)
{
    static char large[3 * 1024];
    static const char *const texts[] = {"", ".", "..", "a.b.c", "e30.e30.", "nonsense", large};
    struct token_keys *keys = load(KEY_A);
    memset(large, 'a', sizeof large - 1);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        ck_assert_int_eq(check_at(keys, texts[i], NOW_MS), REJECT);
    }
    token_keys_free(keys);
}
END_TEST

/* clang-format off */
static const struct file_case { const char *text; mode_t mode; } bad_files[] = {
    {"", 0600}, {"\n\n", 0600}, {"short\n", 0600}, {KEY_A "\nshort\n", 0600}, {KEY_A "\n", 0640}, {KEY_A "\n", 0604},
};
/* clang-format on */

START_TEST(refuses_a_file_of_weak_or_readable_keys)
{
    struct token_keys *keys = NULL;
    struct fault fault = {.text = ""};
    ck_assert_int_eq(load_with_mode(bad_files[_i].text, bad_files[_i].mode, &keys, &fault), FATAL);
    ck_assert_ptr_null(keys);
    ck_assert_ptr_null(strstr(fault.text, "short"));
}
END_TEST

START_TEST(refuses_a_key_that_is_too_long)
{
    char text[TOKEN_KEY_MAX_BYTES + 2] = {0};
    struct token_keys *keys = NULL;
    struct fault fault = {.text = ""};
    memset(text, 'k', TOKEN_KEY_MAX_BYTES + 1);
    ck_assert_int_eq(load_with_mode(text, 0600, &keys, &fault), FATAL);
    text[TOKEN_KEY_MAX_BYTES] = '\0';
    ck_assert_int_eq(load_with_mode(text, 0600, &keys, &fault), OK);
    token_keys_free(keys);
}
END_TEST

START_TEST(names_the_file_that_is_missing)
{
    struct token_keys *keys = NULL;
    struct fault fault = {.text = ""};
    ck_assert_int_eq(token_keys_load("/nowhere/keys", &keys, &fault), FATAL);
    ck_assert_ptr_nonnull(strstr(fault.text, "/nowhere/keys"));
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("token");
    tcase_add_loop_test(cases, reads_back_what_it_made, TOKEN_USER, TOKEN_ADMIN + 1);
    tcase_add_test(cases, rotates_keys);
    tcase_add_test(cases, ends_with_its_time);
    tcase_add_test(cases, rejects_a_changed_token);
    tcase_add_loop_test(cases, takes_hs256_with_sound_claims_only, 0,
                        sizeof forgeries / sizeof forgeries[0]);
    tcase_add_test(cases, rejects_what_is_no_token);
    tcase_add_loop_test(cases, refuses_a_file_of_weak_or_readable_keys, 0,
                        sizeof bad_files / sizeof bad_files[0]);
    tcase_add_test(cases, refuses_a_key_that_is_too_long);
    tcase_add_test(cases, names_the_file_that_is_missing);
    Suite *suite = suite_create("token");
    suite_add_tcase(suite, cases);
    return unit_run(suite);
}
