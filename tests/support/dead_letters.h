/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_DEAD_LETTERS_H
#define SUPPORT_DEAD_LETTERS_H

#include "core/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Dead letters as each framework leaves them: headers byte by byte as on the wire, so that nested
 * tables and lists are there too, and what `quadrille dlq` should make of them.
 */

/* One field of a table or list. 'F' (table) and 'A' (list) hold what follows up to 'E'. */
struct wire_field {
    char kind; /* AMQP's letter; 0 ends the whole */
    const char *name;
    const char *text;
    int64_t number;
};

struct dead_letter_sample {
    const char *family;
    const char *exchange, *routing_key; /* NULL = as the test likes */
    const char *message_id, *type, *content_type, *content_encoding;
    struct wire_field headers[40];
    const char *body;
    /* What is told; NULL and 0 = nothing */
    const char *queue, *reason, *normal, *class_name, *exception, *original_exchange, *original_key,
        *message_type;
    int64_t failed_at_ms, attempts, returns; /* of these two, -1 = not told */
};

extern const struct dead_letter_sample dead_letter_samples[];
extern const size_t dead_letter_sample_count;

/* The encoded property list, delivery mode 2; appended. */
void dead_letter_properties(const struct dead_letter_sample *sample, struct buffer *out);
/* A header table's entries (without its length); appended. */
void wire_fields(const struct wire_field *fields, struct buffer *out);

#endif
