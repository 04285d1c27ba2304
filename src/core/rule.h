/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_RULE_H
#define CORE_RULE_H

#include "core/codec.h"

/*
 * The rules of a field, the same in both directions: codec_decode and codec_encode ask here. A
 * broken rule is a REJECT of the form "/items/3/amount must be at least 1"; the value itself is
 * never told.
 */

/* Where the codec is: a chain of stack frames, turned into a JSON Pointer only when something is
 * wrong. */
struct place {
    const struct place *up; /* NULL at the document itself */
    const char *name;       /* of a member; NULL for an element */
    size_t length;
    size_t index;
    unsigned depth; /* of containers, this value included */
};

enum outcome rule_fail(const struct place *place, struct fault *fault, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* May this container be opened? */
enum outcome rule_depth(const struct place *place, struct fault *fault);
/* Of a text: `bytes` and `points` measure it. */
enum outcome rule_length(const struct field *field, const struct place *place, size_t bytes,
                         size_t points, struct fault *fault);
/* The format of the kinds that stay text, then the pattern. */
enum outcome rule_format(const struct field *field, const struct place *place, const char *text,
                         size_t length, struct fault *fault);
enum outcome rule_integer(const struct field *field, const struct place *place, int64_t number,
                          struct fault *fault);
enum outcome rule_number(const struct field *field, const struct place *place, double number,
                         struct fault *fault);
size_t rule_items_max(const struct field *field);
enum outcome rule_items(const struct field *field, const struct place *place, size_t count,
                        struct fault *fault);
/* Always the REJECT that lists the values. */
enum outcome rule_values(const struct field *field, const struct place *place, struct fault *fault);

/* Does the struct say whether this field is there? The others always are. */
static inline bool rule_has_flag(const struct field *field)
{
    return (!field->required || field->nullable) && field->has_offset != FIELD_ABSENT;
}

#endif
