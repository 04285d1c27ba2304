/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_IDS_H
#define CORE_IDS_H

#include <stdbool.h>
#include <stdint.h>

/* UUIDs. Ours are version 7 (RFC 9562): the time in front makes them sortable, partitions and
 * indexes depend on it. */

enum { UUID_BYTES = 16, UUID_TEXT_BYTES = 37 };

struct uuid {
    uint8_t bytes[UUID_BYTES];
};

/* A new UUIDv7. Monotonic within a thread even when the clock steps back. Aborts if the kernel
 * gives no randomness. */
struct uuid ids_new(void);

/* Accepts the 36-character form in either case. `out` is written only on success. */
bool ids_parse(const char *text, struct uuid *out);
bool ids_parse_n(const char *text, unsigned long length, struct uuid *out);

/* The 36-character lower-case form. Returns `out`. */
const char *ids_format(const struct uuid *id, char out[UUID_TEXT_BYTES]);

bool ids_equal(const struct uuid *a, const struct uuid *b);
int ids_compare(const struct uuid *a, const struct uuid *b);
bool ids_is_nil(const struct uuid *id);

bool ids_is_v7(const struct uuid *id);
int64_t ids_time_ms(const struct uuid *id); /* of a version 7 id */
/* The smallest id of that millisecond: a partition bound. */
struct uuid ids_floor(int64_t utc_ms);

#endif
