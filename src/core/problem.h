/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_PROBLEM_H
#define CORE_PROBLEM_H

#include "core/http.h"

/* Errors as RFC 9457 problem details. They name fields, never their values. */

enum problem {
    PROBLEM_MALFORMED,
    PROBLEM_BAD_KEY,
    PROBLEM_UNAUTHENTICATED,
    PROBLEM_FORBIDDEN,
    PROBLEM_NOT_FOUND,
    PROBLEM_METHOD,
    PROBLEM_CONFLICT,
    PROBLEM_STILL_RUNNING,
    PROBLEM_GONE,
    PROBLEM_TOO_LARGE,
    PROBLEM_MEDIA_TYPE,
    PROBLEM_INVALID,
    PROBLEM_CARD_NUMBER,
    PROBLEM_KEY_REUSED,
    PROBLEM_INTERNAL,
    PROBLEM_UNAVAILABLE,
};

/*
 * Replaces whatever the reply holds but its Location and headers. `field` is a JSON Pointer into
 * the request's body, or NULL; `detail` one sentence for this occurrence, or NULL when the title
 * says it all. 401 gets WWW-Authenticate, what passes by itself Retry-After. Returns REJECT, so
 * that a handler refuses in one line.
 */
enum outcome problem_reply(struct http_reply *reply, enum problem problem, const char *field,
                           const char *detail, ...) __attribute__((format(printf, 4, 5)));

/* One more member of the problem that the reply holds (RFC 9457, 3.2). */
void problem_member(struct http_reply *reply, const char *name, const char *value);

#endif
