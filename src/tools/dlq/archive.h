/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_DLQ_ARCHIVE_H
#define TOOLS_DLQ_ARCHIVE_H

#include "core/buffer.h"
#include "tools/dlq/letter.h"

#include <stdio.h>

/*
 * Letters as JSON Lines, byte for byte: `properties_base64` is the AMQP property list as it came
 * and `body_base64` the body; what stands beside them is for people and for jq, and is not read
 * back.
 */

enum {
    ARCHIVE_FORMAT = 1,
    ARCHIVE_LINE_MAX_BYTES = 64 * 1024 * 1024, /* of 16 MiB: base64 and a readable copy */
};

/* A message that has been read back; lives in the arena. */
struct archive_record {
    const char *queue; /* it was taken from */
    const char *exchange, *routing_key;
    const void *properties; /* encoded: broker_publish, broker_properties_decode */
    size_t properties_length;
    const char *body;
    size_t body_length;
    bool is_cut; /* the body was too large to be taken whole */
    uint8_t fingerprint[LETTER_FINGERPRINT_BYTES];
};

/* One line with its line feed. */
void archive_add(const struct letter *letter, const char *queue, int64_t now_ms,
                 struct buffer *out);
/* REJECT says what is wrong with the line; also when its fingerprint does not fit: it was changed
 * by hand (then `is_changed` allows it). */
enum outcome archive_read(const char *line, size_t length, bool is_changed, struct arena *arena,
                          struct archive_record *out, struct fault *fault);

/* A new file that only its owner can read (0600); REJECT when there is one already. */
enum outcome archive_create(const char *path, FILE **out, struct fault *fault);
/* Writes what is buffered to the disk and closes: OK only when all of it is there. */
enum outcome archive_close(FILE *file, struct fault *fault);

#endif
