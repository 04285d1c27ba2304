/* SPDX-License-Identifier: Apache-2.0 */
#include "core/token.h"

#include "core/clock.h"
#include "core/text.h"
#include "tools/commands.h"

#include <string.h>

enum { TTL_MAX_MS = 365 * 24 * 3600 };

static bool read_role(const char *text, enum token_role *role)
{
    for (enum token_role r = TOKEN_USER; r <= TOKEN_ADMIN; r++) {
        if (strcmp(text, token_role_name(r)) == 0) {
            *role = r;
            return true;
        }
    }
    return false;
}

static int run_token(const struct cli_call *call)
{
    const char *key_file = cli_need(call, "key-file");
    if (key_file == NULL) {
        return EXIT_USAGE;
    }
    struct token token = {.subject = ids_new()};
    const char *user = cli_text(call, "user");
    if (user != NULL && !ids_parse(user, &token.subject)) {
        return cli_fail(call, EXIT_USAGE, "--user must be a UUID");
    }
    if (!read_role(cli_text(call, "role"), &token.role)) {
        return cli_fail(call, EXIT_USAGE, "--role must be user, operator or admin");
    }
    if (user == NULL && token.role == TOKEN_USER) {
        return cli_fail(call, EXIT_USAGE, "--user ID is needed for a user's token");
    }
    int64_t ttl_ms = 0;
    if (!text_duration_ms(cli_text(call, "ttl"), &ttl_ms) || ttl_ms < 1000 ||
        ttl_ms / 1000 > TTL_MAX_MS) {
        return cli_fail(call, EXIT_USAGE,
                        "--ttl must be a duration such as 30s, 15m or 24h, at most 365 days");
    }

    struct fault fault;
    struct token_keys *keys = NULL;
    char *text = NULL;
    int64_t now = clock_now_ms();
    token.expires_s = (now + ttl_ms) / 1000;
    enum outcome o = token_keys_load(key_file, &keys, &fault);
    if (o == OK) {
        o = token_make(keys, &token, now, &text, &fault);
    }
    token_keys_free(keys);
    if (o != OK) {
        return cli_fail_fault(call, &fault, "no token");
    }
    if (call->is_json) {
        char id[UUID_TEXT_BYTES];
        char expires[CLOCK_TEXT_BYTES];
        (void)printf("{\"token\":\"%s\",\"subject\":\"%s\",\"role\":\"%s\",\"expires\":\"%s\"}\n",
                     text, ids_format(&token.subject, id), token_role_name(token.role),
                     clock_format(token.expires_s * 1000, expires));
    } else {
        (void)printf("%s\n", text);
    }
    free(text);
    return EXIT_DONE;
}

static const struct cli_option options[] = {
    {"key-file", "FILE", "JWT_KEY_FILE", NULL,
     "keys that the services trust, one per line; the first signs"},
    {"user", "ID", NULL, NULL, "whom the token is for (UUID); a new id when absent"},
    {"role", "ROLE", NULL, "user", "user, operator or admin", .choices = "user operator admin"},
    {"ttl", "DURATION", NULL, "1h", "how long it is valid"},
};

const struct cli_command token_commands[] = {
    {"token", "", "make a bearer token for demos and operators",
     "  curl -H \"Authorization: Bearer $(quadrille token --role admin)\" http://…", options,
     COUNT_OF(options), run_token},
};
const size_t token_command_count = COUNT_OF(token_commands);
