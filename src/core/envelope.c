/* SPDX-License-Identifier: Apache-2.0 */
#include "core/envelope.h"

#include "core/text.h"

#include <string.h>

const char *envelope_read_id(const char *message_id, const char *header, struct uuid *out)
{
    const char *id = message_id != NULL ? message_id : header;
    if (!ids_parse(id, out) || !ids_is_v7(out)) {
        return "the event id (message_id or cloudEvents_id) must be a UUID of version 7";
    }
    if (message_id != NULL && header != NULL && strcmp(message_id, header) != 0) {
        return "message_id and cloudEvents_id differ";
    }
    return NULL;
}

const char *envelope_check_content(const char *content_type, const char *content_encoding)
{
    if (content_type != NULL && !text_starts_with(content_type, "application/json")) {
        return "content_type must be application/json";
    }
    if (content_encoding != NULL && strcmp(content_encoding, "utf-8") != 0) {
        return "content_encoding must be absent or utf-8";
    }
    return NULL;
}
