/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOOLS_AUDIT_STREAM_H
#define TOOLS_AUDIT_STREAM_H

#include "core/db.h"

/*
 * The rows of one cursor, in the order of the id in their first column, read in batches of bounded
 * size. Several of them are merged to compare databases of any size without a join.
 */

struct audit_stream {
    struct db *db;
    const struct sql *fetch;
    struct db_rows *rows; /* the batch being read */
    int row;
    struct uuid id; /* of the row, valid while is_there */
    bool is_there;
};

/*
 * Declares the cursor in the connection's open transaction and goes to its first row. `fetch` takes
 * the next batch of that cursor.
 */
enum outcome audit_stream_open(struct audit_stream *stream, struct db *db,
                               const struct sql *declare, const struct sql *fetch,
                               struct fault *fault);
void audit_stream_done(struct audit_stream *stream);

enum outcome audit_stream_next(struct audit_stream *stream, struct fault *fault);

/* The smallest id of all streams that are not at their end; false when all are. */
bool audit_stream_smallest(const struct audit_stream *streams, size_t count, struct uuid *id);
bool audit_stream_is_at(const struct audit_stream *stream, const struct uuid *id);

#endif
