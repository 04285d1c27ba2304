/* SPDX-License-Identifier: Apache-2.0 */
#include "core/token.h"

#include "core/memory.h"
#include "core/text.h"

#include <errno.h>
#include <jwt.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct token_keys {
    int count;
    struct token_key {
        int length;
        unsigned char bytes[TOKEN_KEY_MAX_BYTES];
    } keys[TOKEN_KEYS_MAX];
};

static const char *const role_names[] = {
    [TOKEN_USER] = "user",
    [TOKEN_OPERATOR] = "operator",
    [TOKEN_ADMIN] = "admin",
};

const char *token_role_name(enum token_role role)
{
    return role_names[role];
}

static void close_file(FILE **file)
{
    if (*file != NULL) {
        (void)fclose(*file);
    }
}

static enum outcome add_key(struct token_keys *keys, const char *path, int line, const char *text,
                            size_t length, struct fault *fault)
{
    if (length < TOKEN_KEY_MIN_BYTES || length > TOKEN_KEY_MAX_BYTES) {
        return fault_set(fault, FATAL, "%s, line %d: a key has %d to %d bytes, not %zu", path, line,
                         TOKEN_KEY_MIN_BYTES, TOKEN_KEY_MAX_BYTES, length);
    }
    if (keys->count == TOKEN_KEYS_MAX) {
        return fault_set(fault, FATAL, "%s: more than %d keys", path, TOKEN_KEYS_MAX);
    }
    struct token_key *key = &keys->keys[keys->count++];
    key->length = (int)length;
    memcpy(key->bytes, text, length);
    return OK;
}

static enum outcome read_keys(struct token_keys *keys, const char *path, FILE *file,
                              struct fault *fault)
{
    char text[TOKEN_KEY_MAX_BYTES + 3]; /* one byte too many, line end, NUL */
    enum outcome o = OK;
    for (int line = 1; o == OK && fgets(text, sizeof text, file) != NULL; line++) {
        size_t length = strcspn(text, "\r\n");
        if (length > 0) {
            o = add_key(keys, path, line, text, length, fault);
        }
    }
    sodium_memzero(text, sizeof text);
    if (o == OK && keys->count == 0) {
        return fault_set(fault, FATAL, "%s: there is no key in it", path);
    }
    return o;
}

enum outcome token_keys_load(const char *path, struct token_keys **out, struct fault *fault)
{
    AUTO(close_file) FILE *file = fopen(path, "re");
    struct stat status;
    if (file == NULL || fstat(fileno(file), &status) != 0) {
        return fault_set(fault, FATAL, "%s: %s", path, strerror(errno));
    }
    if (!S_ISREG(status.st_mode) || (status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return fault_set(fault, FATAL,
                         "%s: must be a file that only its owner can read (chmod 600)", path);
    }
    struct token_keys *keys = xcalloc(1, sizeof *keys);
    enum outcome o = read_keys(keys, path, file, fault);
    if (o != OK) {
        token_keys_free(keys);
        return o;
    }
    *out = keys;
    return OK;
}

void token_keys_free(struct token_keys *keys)
{
    if (keys != NULL) {
        sodium_memzero(keys, sizeof *keys);
        free(keys);
    }
}

static void jwt_free_auto(jwt_t **jwt)
{
    jwt_free(*jwt);
}

enum outcome token_make(const struct token_keys *keys, const struct token *token, int64_t now_ms,
                        char **out, struct fault *fault)
{
    char subject[UUID_TEXT_BYTES];
    AUTO(jwt_free_auto) jwt_t *jwt = NULL;
    long now_s = (long)(now_ms / 1000);
    bool is_made =
        jwt_new(&jwt) == 0 &&
        jwt_add_grant(jwt, "sub", ids_format(&token->subject, subject)) == 0 &&
        jwt_add_grant_int(jwt, "iat", now_s) == 0 && jwt_add_grant_int(jwt, "nbf", now_s) == 0 &&
        jwt_add_grant_int(jwt, "exp", (long)token->expires_s) == 0 &&
        (token->role == TOKEN_USER || jwt_add_grant(jwt, "role", role_names[token->role]) == 0) &&
        jwt_set_alg(jwt, JWT_ALG_HS256, keys->keys[0].bytes, keys->keys[0].length) == 0;
    char *text = is_made ? jwt_encode_str(jwt) : NULL;
    if (text == NULL) {
        return fault_set(fault, FATAL, "make a token: %s", strerror(errno));
    }
    *out = xstrdup(text);
    free(text);
    return OK;
}

/* A claim as JSON, NULL when it is not there. (libjwt reads a number that is none as 0, without a
 * word.) */
static char *find_claim(jwt_t *jwt, const char *name)
{
    return jwt_get_grants_json(jwt, name);
}

static bool read_role(jwt_t *jwt, enum token_role *out)
{
    AUTO(free_text) char *json = find_claim(jwt, "role");
    const char *name = jwt_get_grant(jwt, "role");
    *out = TOKEN_USER;
    if (json == NULL) {
        return true;
    }
    for (size_t i = 0; name != NULL && i < COUNT_OF(role_names); i++) {
        if (strcmp(name, role_names[i]) == 0) {
            *out = (enum token_role)i;
            return true;
        }
    }
    return false;
}

/* False when the claim is there and is no whole number, or is not there although it is `required`.
 */
static bool read_instant(jwt_t *jwt, const char *name, bool required, int64_t *out)
{
    AUTO(free_text) char *json = find_claim(jwt, name);
    *out = 0;
    return json != NULL ? text_int(json, 0, INT64_MAX, out) : !required;
}

static enum outcome read_claims(jwt_t *jwt, int64_t now_ms, struct token *out, struct fault *fault)
{
    struct token token;
    int64_t not_before_s = 0;
    int64_t now_s = now_ms / 1000;
    const char *subject = jwt_get_grant(jwt, "sub");
    if (subject == NULL || !ids_parse(subject, &token.subject)) {
        return fault_set(fault, REJECT, "token: sub is not a user's id");
    }
    if (!read_role(jwt, &token.role)) {
        return fault_set(fault, REJECT, "token: unknown role");
    }
    if (!read_instant(jwt, "exp", true, &token.expires_s) ||
        !read_instant(jwt, "nbf", false, &not_before_s)) {
        return fault_set(fault, REJECT, "token: exp is missing, or exp or nbf is no number");
    }
    if (token.expires_s <= now_s - TOKEN_LEEWAY_S) {
        return fault_set(fault, REJECT, "token: has expired");
    }
    if (not_before_s > now_s + TOKEN_LEEWAY_S) {
        return fault_set(fault, REJECT, "token: is not valid yet");
    }
    *out = token;
    return OK;
}

enum outcome token_check(const struct token_keys *keys, const char *text, int64_t now_ms,
                         struct token *out, struct fault *fault)
{
    if (strlen(text) > TOKEN_MAX_BYTES) {
        return fault_set(fault, REJECT, "token: longer than %d bytes", TOKEN_MAX_BYTES);
    }
    for (int i = 0; i < keys->count; i++) {
        AUTO(jwt_free_auto) jwt_t *jwt = NULL;
        if (jwt_decode(&jwt, text, keys->keys[i].bytes, keys->keys[i].length) != 0) {
            jwt = NULL; /* what a failed decode leaves there is not ours to free */
            continue;
        }
        if (jwt_get_alg(jwt) != JWT_ALG_HS256) {
            return fault_set(fault, REJECT, "token: its algorithm is not HS256");
        }
        return read_claims(jwt, now_ms, out, fault);
    }
    return fault_set(fault, REJECT, "token: no key made its signature");
}
