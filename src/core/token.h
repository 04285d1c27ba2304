/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_TOKEN_H
#define CORE_TOKEN_H

#include "core/ids.h"
#include "core/outcome.h"

#include <stdint.h>

/*
 * Bearer tokens: JWTs signed with HMAC-SHA-256 and nothing else. A key file has one key per line;
 * the first one signs, all verify, so keys are rotated by putting a new one in front and taking the
 * old one away when its tokens are dead.
 */

enum {
    TOKEN_KEYS_MAX = 16,
    TOKEN_KEY_MIN_BYTES = 32, /* RFC 7518, 3.2: not shorter than the hash */
    TOKEN_KEY_MAX_BYTES = 512,
    TOKEN_MAX_BYTES = 2048,
    TOKEN_LEEWAY_S = 30, /* between our clock and the issuer's */
};

enum token_role { TOKEN_USER, TOKEN_OPERATOR, TOKEN_ADMIN };

struct token {
    struct uuid subject; /* the user's id */
    enum token_role role;
    int64_t expires_s; /* UTC */
};

struct token_keys;

/* FATAL names the file and the line. The file must not be open to others. */
enum outcome token_keys_load(const char *path, struct token_keys **out, struct fault *fault);
void token_keys_free(struct token_keys *keys); /* NULL is fine */

/* The text is yours (free). Valid from now_ms on. */
enum outcome token_make(const struct token_keys *keys, const struct token *token, int64_t now_ms,
                        char **out, struct fault *fault);

/* REJECT says why, for the log; the caller of an API learns no more than that a valid token is
 * needed. */
enum outcome token_check(const struct token_keys *keys, const char *text, int64_t now_ms,
                         struct token *out, struct fault *fault);

/* "user", "operator", "admin"; the claim is left out for users. */
const char *token_role_name(enum token_role role);

#endif
