/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NOTIFICATION_LETTER_H
#define NOTIFICATION_LETTER_H

#include "core/buffer.h"
#include "core/ids.h"

#include <stdint.h>

/* What a user is told, as an Internet message (RFC 5322). Pure. */

struct letter {
    struct uuid cause_id;
    const char *cause_name; /* "PlanGenerated" */
    const char *detail;
    const char *to_name;
    const char *to_email;
    const char *from;
    int64_t now_ms;
};

/*
 * Appends headers and body, lines ending in CR LF. The name is base64 within an encoded word and
 * the body is base64, so nothing that a user or a foreign event put there can end a header or a
 * line. Appends nothing when nobody is told about this kind of event.
 */
void letter_write(const struct letter *letter, struct buffer *out);

#endif
