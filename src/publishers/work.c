/* SPDX-License-Identifier: Apache-2.0 */
#include "publishers/work.h"

#include "core/buffer.h"

static const struct uuid *uuid_at(const void *event, int offset)
{
    return (const struct uuid *)(const void *)((const char *)event + offset);
}

/* An optional member names a story only when it is there. */
static bool names_story(const struct message *message, const void *event)
{
    return message->correlation_offset >= 0 &&
           (message->correlation_has_offset < 0 ||
            *(const bool *)((const char *)event + message->correlation_has_offset));
}

/* The story: named by the event itself, else the story of its cause, else that of the request. */
static void correlate(const struct work *work, const struct message *message, const void *event,
                      struct envelope *envelope)
{
    if (names_story(message, event)) {
        envelope->correlation_id = *uuid_at(event, message->correlation_offset);
    } else if (work->cause != NULL && work->cause->has_correlation_id) {
        envelope->correlation_id = work->cause->correlation_id;
    } else {
        envelope->correlation_id = work->correlation_id;
    }
    envelope->has_correlation_id = !ids_is_nil(&envelope->correlation_id);
}

enum outcome work_publish_as(struct work *work, const struct message *message, const void *event,
                             struct uuid *id)
{
    struct envelope envelope = {
        .id = ids_new(),
        .time_ms = work->now_ms,
        .traceparent = work->cause != NULL ? work->cause->traceparent : work->traceparent,
    };
    if (work->cause != NULL) {
        envelope.causation_id = work->cause->id;
        envelope.has_causation_id = true;
    }
    correlate(work, message, event, &envelope);

    AUTO(buffer_done) struct buffer body = {0};
    enum outcome o = codec_encode(message->shape, event, &body, work->fault);
    if (o != OK) {
        return fault_wrap(work->fault, o, "%s breaks its own contract", message->name);
    }
    envelope.body = body.bytes;
    envelope.body_length = body.length;
    o = outbox_add_event(work->outbox, message, &envelope, uuid_at(event, message->subject_offset),
                         work->tag, work->fault);
    if (o == OK && id != NULL) {
        *id = envelope.id;
    }
    return o;
}

enum outcome work_publish(struct work *work, const struct message *message, const void *event)
{
    return work_publish_as(work, message, event, NULL);
}

enum outcome work_queue(struct work *work, const struct sql *sql, const struct db_param *params,
                        int count, int64_t expected_rows)
{
    return db_queue(work->db, sql, params, count, expected_rows, work->tag, work->fault);
}
