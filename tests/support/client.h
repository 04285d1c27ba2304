/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_CLIENT_H
#define SUPPORT_CLIENT_H

#include "core/buffer.h"

#include <stdbool.h>
#include <stddef.h>

/* An HTTP client for tests: one request, on loopback, on a connection of its own. */

struct answer {
    long status; /* 0: no answer came */
    struct buffer head, body;
};

#define HEADERS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define JSON "Content-Type: application/json"

/* `headers` ends with NULL and may be NULL; `body` may be NULL. */
struct answer client_call(int port, const char *method, const char *path,
                          const char *const *headers, const char *body, size_t length);
bool answer_has_head(struct answer *answer, const char *line);
bool answer_has(struct answer *answer, const char *text); /* in the body */
void answer_done(struct answer *answer);

#endif
