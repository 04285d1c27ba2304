/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_BROKER_HEADERS_H
#define CORE_BROKER_HEADERS_H

#include "core/memory.h"
#include "core/outcome.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The headers of a property list as a tree: what struct header (core/broker.h) does not keep, such
 * as the tables in RabbitMQ's x-death. Read from the bytes as they came over the wire, each with
 * its place there. For tools that show or compare messages of anybody; a service has struct header.
 */

enum {
    HEADERS_DEPTH_MAX = 16,    /* tables within lists within tables … */
    HEADERS_VALUES_MAX = 8192, /* of one message, nested ones included */
};

enum header_kind {
    HEADER_TEXT,   /* long string or bytes: any bytes, NUL-terminated */
    HEADER_NUMBER, /* integers, booleans and timestamps */
    HEADER_REAL,   /* float, double, decimal */
    HEADER_TABLE,
    HEADER_LIST,
    HEADER_VOID,
};

struct header_value {
    enum header_kind kind;
    char wire_kind;   /* AMQP's letter: 'S', 'x', 'l', 'T' … */
    const char *name; /* of a table's member; "" in a list */
    size_t name_length;
    const void *raw; /* name, letter and value on the wire (in a list: letter and value) */
    size_t raw_length;
    const char *text; /* TEXT */
    size_t text_length;
    int64_t number;                   /* NUMBER */
    double real;                      /* NUMBER and REAL */
    const struct header_value *items; /* TABLE and LIST */
    size_t count;
};

/*
 * `raw` is a property list (struct properties: raw), which is borrowed; the tree lives in `arena`.
 * `out` is a TABLE, empty when there are no headers. REJECT when it cannot be read or exceeds a
 * limit: what was read until then is in `out` all the same.
 */
enum outcome headers_read(const void *raw, size_t raw_length, struct arena *arena,
                          struct header_value *out, struct fault *fault);

/* The member of that name, NULL when absent (or when `table` is no table). The first of several. */
const struct header_value *headers_get(const struct header_value *table, const char *name);
/* "rascal.error.code": a member of just that name, else of the table `rascal`, and so on. */
const struct header_value *headers_find(const struct header_value *table, const char *path);

/* Where the header table lies in a property list: *at is its first entry and *length what its
 * entries take, both 0 when there is none. False when the list cannot be read. */
bool headers_locate(const void *raw, size_t raw_length, size_t *at, size_t *length);

#endif
