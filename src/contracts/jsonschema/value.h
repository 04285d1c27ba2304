/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_JSONSCHEMA_VALUE_H
#define CONTRACTS_JSONSCHEMA_VALUE_H

#include "contracts/jsonschema/number.h"
#include "contracts/node.h"
#include "core/outcome.h"

#include <json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * JSON values as json-c objects that lose nothing: an integer beyond 64 bits and a number that no
 * double holds keep their text, as every fraction does. As always with json-c, null is NULL.
 */

enum {
    VALUE_MAX_BYTES = 64 * 1024 * 1024,
    VALUE_MAX_DEPTH = 512,
    VALUE_MAX_COUNT = 4 * 1000 * 1000, /* values in one text */
};

/*
 * Strict JSON (RFC 8259) in UTF-8. REJECT says what is wrong, with line and column: a member that
 * is there twice, a lone surrogate, U+0000 in a member's name (json-c cannot hold it; in a string
 * it is fine), and whatever exceeds a limit. The result is the caller's (json_object_put).
 */
enum outcome value_read(const char *bytes, size_t length, struct json_object **out,
                        struct fault *fault);

/* What a node says as JSON. REJECT when a number exceeds a limit. */
enum outcome value_of_node(const struct node *node, struct json_object **out, struct fault *fault);

/* The number a json-c integer or double means; `room` backs it where there is no text. */
struct value_room {
    char text[32];
};
struct number value_number(const struct json_object *value, struct value_room *room);

/* As draft-07 compares: 1 equals 1.0, the order of members does not matter. */
bool value_is_equal(const struct json_object *a, const struct json_object *b);

/* Equal values have equal hashes. Differs from process to process, so that no sender can prepare
 * collisions. */
uint64_t value_hash(const struct json_object *value);

#endif
