/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/audit_stream.h"

static enum outcome settle(struct audit_stream *stream, struct fault *fault)
{
    if (stream->row >= db_rows_count(stream->rows)) {
        db_rows_free(stream->rows);
        stream->rows = NULL;
        stream->row = 0;
        enum outcome o = db_run(stream->db, stream->fetch, DB_NO_PARAMS, &stream->rows, fault);
        if (o != OK) {
            return o;
        }
    }
    stream->is_there = stream->row < db_rows_count(stream->rows);
    if (stream->is_there) {
        stream->id = db_get_uuid(stream->rows, stream->row, 0);
    }
    return OK;
}

enum outcome audit_stream_open(struct audit_stream *stream, struct db *db,
                               const struct sql *declare, const struct sql *fetch,
                               struct fault *fault)
{
    *stream = (struct audit_stream){.db = db, .fetch = fetch};
    enum outcome o = db_run(db, declare, DB_NO_PARAMS, NULL, fault);
    return o == OK ? settle(stream, fault) : o;
}

void audit_stream_done(struct audit_stream *stream)
{
    db_rows_free(stream->rows);
    *stream = (struct audit_stream){0};
}

enum outcome audit_stream_next(struct audit_stream *stream, struct fault *fault)
{
    stream->row++;
    return settle(stream, fault);
}

bool audit_stream_smallest(const struct audit_stream *streams, size_t count, struct uuid *id)
{
    bool is_found = false;
    for (size_t i = 0; i < count; i++) {
        if (streams[i].is_there && (!is_found || ids_compare(&streams[i].id, id) < 0)) {
            *id = streams[i].id;
            is_found = true;
        }
    }
    return is_found;
}

bool audit_stream_is_at(const struct audit_stream *stream, const struct uuid *id)
{
    return stream->is_there && ids_equal(&stream->id, id);
}
