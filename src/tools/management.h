/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_MANAGEMENT_H
#define TOOLS_MANAGEMENT_H

#include "core/outcome.h"
#include "core/tls.h"

#include <json-c/json.h>

/*
 * RabbitMQ's management HTTP API, as the deploy or operator user. Used for what AMQP cannot say:
 * users, permissions, policies, bindings, queue depths.
 */

struct management;

enum outcome management_open(const char *url, struct management **out,
                             struct fault *fault); /* http://user:password@host:port */
/* For https://, copied: the same files as for the broker. Without it the system's CAs are trusted.
 * Chain and name are verified in either case. */
void management_trust(struct management *management, const struct tls_files *files);
void management_close(struct management *management);
void management_close_auto(struct management **management);

/*
 * One call; `path` begins after /api/ and its %s take segments, percent-encoded here. `body` may be
 * NULL. OK for 2xx; REJECT with the API's words for 4xx (fault), RETRY for 5xx, LOST when it does
 * not answer. `out` may be NULL, else it is yours (json_object_put); NULL when the answer has no
 * body.
 */
enum outcome management_call(struct management *management, const char *method, json_object *body,
                             json_object **out, struct fault *fault, const char *path, ...)
    __attribute__((format(printf, 6, 7)));

/* The same for a path that is percent-encoded already, without an answer. */
enum outcome management_send(struct management *management, const char *method, const char *path,
                             json_object *body, struct fault *fault);

/* The last HTTP status, for those who treat 404 as an answer. */
long management_status(const struct management *management);

#endif
