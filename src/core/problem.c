/* SPDX-License-Identifier: Apache-2.0 */
#include "core/problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { DETAIL_MAX_BYTES = 512, RETRY_AFTER_S = 1 };

static const struct problem_row {
    int status;
    const char *code, *title;
    int retry_after_s; /* 0 = not said */
} rows[] = {
    [PROBLEM_MALFORMED] = {400, "malformed", "The body is not what this resource reads"},
    [PROBLEM_BAD_KEY] = {400, "bad-idempotency-key",
                         "The Idempotency-Key must be 1 to 255 visible ASCII characters"},
    [PROBLEM_UNAUTHENTICATED] = {401, "unauthenticated", "A valid bearer token is needed"},
    [PROBLEM_FORBIDDEN] = {403, "forbidden", "The token does not give access to this resource"},
    [PROBLEM_NOT_FOUND] = {404, "not-found", "There is no such resource"},
    [PROBLEM_METHOD] = {405, "method-not-allowed", "The resource does not know this method"},
    [PROBLEM_CONFLICT] = {409, "conflict", "The resource is not in a state that allows this"},
    [PROBLEM_STILL_RUNNING] = {409, "still-running",
                               "The first request with this Idempotency-Key is still running",
                               RETRY_AFTER_S},
    [PROBLEM_GONE] = {410, "gone", "What this Idempotency-Key has made is deleted"},
    [PROBLEM_TOO_LARGE] = {413, "too-large", "The body is larger than 64 KiB"},
    [PROBLEM_MEDIA_TYPE] = {415, "unsupported-media-type",
                            "A body must be application/json, not encoded"},
    [PROBLEM_INVALID] = {422, "invalid", "A field breaks a rule"},
    [PROBLEM_CARD_NUMBER] = {422, "card-number", "A field holds what looks like a card number"},
    [PROBLEM_KEY_REUSED] = {422, "idempotency-key-reused",
                            "This Idempotency-Key came with another body before"},
    [PROBLEM_INTERNAL] = {500, "internal",
                          "The service failed; the log has the reason under this instance"},
    [PROBLEM_UNAVAILABLE] = {503, "unavailable",
                             "The service cannot answer now; the same request may succeed later",
                             RETRY_AFTER_S},
};

static void add_member(struct buffer *body, const char *name, const char *value)
{
    buffer_printf(body, ",\"%s\":", name);
    buffer_json(body, value, strlen(value));
}

static void add_instance(struct buffer *body, const struct uuid *request_id)
{
    char text[UUID_TEXT_BYTES];
    if (!ids_is_nil(request_id)) {
        buffer_printf(body, ",\"instance\":\"urn:uuid:%s\"", ids_format(request_id, text));
    }
}

enum outcome problem_reply(struct http_reply *reply, enum problem problem, const char *field,
                           const char *detail, ...)
{
    const struct problem_row *row = &rows[problem];
    struct buffer *body = &reply->body;

    reply->status = row->status;
    reply->content_type = "application/problem+json";
    reply->retry_after_s = row->retry_after_s;
    if (row->status == 401) {
        http_reply_header(reply, "WWW-Authenticate", "Bearer");
    }

    buffer_clear(body);
    buffer_printf(body, "{\"type\":\"/problems/%s\",\"title\":\"%s\",\"status\":%d", row->code,
                  row->title, row->status);
    if (detail != NULL) {
        char text[DETAIL_MAX_BYTES];
        va_list arguments;
        va_start(arguments, detail);
        (void)vsnprintf(text, sizeof text, detail, arguments);
        va_end(arguments);
        add_member(body, "detail", text);
    }
    if (field != NULL) {
        add_member(body, "field", field);
    }
    add_instance(body, &reply->request_id);
    buffer_text(body, "}");
    return REJECT;
}

void problem_member(struct http_reply *reply, const char *name, const char *value)
{
    reply->body.length--; /* the closing brace */
    add_member(&reply->body, name, value);
    buffer_text(&reply->body, "}");
}
