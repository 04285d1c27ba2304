/* SPDX-License-Identifier: Apache-2.0 */
#include "publishers/outbox.h"

#include "publishers/publishers_sql.h"

#include <stdlib.h>

/* One array per parameter of outbox_append.sql, filled as events are said: nothing is copied twice.
 */
enum column {
    ID,
    KIND,
    TYPE,
    EXCHANGE,
    ROUTING_KEY,
    CORRELATION_ID,
    CAUSATION_ID,
    SUBJECT,
    TRACEPARENT,
    OCCURRED_AT,
    BODY,
    PROPERTIES,
    FAILURE_CLASS,
    FAILED_QUEUE,
    CAUSE_ID,
    COLUMNS,
};

static const enum db_type column_types[COLUMNS] = {
    [ID] = DB_UUID,
    [KIND] = DB_INT4,
    [TYPE] = DB_TEXT,
    [EXCHANGE] = DB_TEXT,
    [ROUTING_KEY] = DB_TEXT,
    [CORRELATION_ID] = DB_UUID,
    [CAUSATION_ID] = DB_UUID,
    [SUBJECT] = DB_UUID,
    [TRACEPARENT] = DB_TEXT,
    [OCCURRED_AT] = DB_TIMESTAMPTZ,
    [BODY] = DB_BYTEA,
    [PROPERTIES] = DB_BYTEA,
    [FAILURE_CLASS] = DB_TEXT,
    [FAILED_QUEUE] = DB_TEXT,
    [CAUSE_ID] = DB_UUID,
};

struct outbox {
    struct db_array columns[COLUMNS];
    size_t count;
    int tag; /* of all that was added, FAULT_NOBODY when it was more than one */
};

struct outbox *outbox_new(void)
{
    struct outbox *outbox = xcalloc(1, sizeof *outbox);
    outbox_clear(outbox);
    return outbox;
}

void outbox_free(struct outbox *outbox)
{
    if (outbox == NULL) {
        return;
    }
    for (int i = 0; i < COLUMNS; i++) {
        db_array_done(&outbox->columns[i]);
    }
    free(outbox);
}

void outbox_clear(struct outbox *outbox)
{
    for (int i = 0; i < COLUMNS; i++) {
        db_array_init(&outbox->columns[i], column_types[i]);
    }
    outbox->count = 0;
    outbox->tag = FAULT_NOBODY;
}

size_t outbox_count(const struct outbox *outbox)
{
    return outbox->count;
}

static enum outcome check_room(const struct outbox *outbox, size_t body_length, struct fault *fault)
{
    if (outbox->count >= OUTBOX_ROWS_MAX) {
        return fault_together(fault, fault_set(fault, REJECT,
                                               "outbox: more than %d messages in one transaction",
                                               OUTBOX_ROWS_MAX));
    }
    if (body_length > ENVELOPE_BODY_MAX_BYTES) {
        return fault_set(fault, REJECT, "outbox: a body of %zu bytes, at most %d are allowed",
                         body_length, ENVELOPE_BODY_MAX_BYTES);
    }
    return OK;
}

static void add_uuid(struct db_array *array, const struct uuid *id, bool is_there)
{
    if (is_there) {
        db_array_uuid(array, id);
    } else {
        db_array_null(array);
    }
}

static void add_text(struct db_array *array, const char *text)
{
    if (text != NULL) {
        db_array_text(array, text);
    } else {
        db_array_null(array);
    }
}

enum outcome outbox_add_event(struct outbox *outbox, const struct message *message,
                              const struct envelope *envelope, const struct uuid *subject, int tag,
                              struct fault *fault)
{
    enum outcome o = check_room(outbox, envelope->body_length, fault);
    if (o != OK) {
        return o;
    }
    struct db_array *columns = outbox->columns;
    db_array_uuid(&columns[ID], &envelope->id);
    db_array_i32(&columns[KIND], OUTBOX_EVENT);
    db_array_text(&columns[TYPE], message->type);
    db_array_text(&columns[EXCHANGE], message->exchange);
    db_array_text(&columns[ROUTING_KEY], message->routing_key);
    add_uuid(&columns[CORRELATION_ID], &envelope->correlation_id, envelope->has_correlation_id);
    add_uuid(&columns[CAUSATION_ID], &envelope->causation_id, envelope->has_causation_id);
    db_array_uuid(&columns[SUBJECT], subject);
    add_text(&columns[TRACEPARENT], envelope->traceparent);
    db_array_time(&columns[OCCURRED_AT], envelope->time_ms);
    db_array_bytes(&columns[BODY], envelope->body, envelope->body_length);
    db_array_null(&columns[PROPERTIES]);
    db_array_null(&columns[FAILURE_CLASS]);
    db_array_null(&columns[FAILED_QUEUE]);
    db_array_null(&columns[CAUSE_ID]);
    outbox->tag = outbox->count == 0 || outbox->tag == tag ? tag : FAULT_NOBODY;
    outbox->count++;
    return OK;
}

enum outcome outbox_add_dead_letter(struct outbox *outbox, const struct dead_letter *letter,
                                    struct fault *fault)
{
    if (outbox->count >= OUTBOX_ROWS_MAX) { /* its body is as large as the broker let it be */
        return check_room(outbox, 0, fault);
    }
    struct uuid id = ids_new();
    struct db_array *columns = outbox->columns;
    db_array_uuid(&columns[ID], &id);
    db_array_i32(&columns[KIND], OUTBOX_DEAD_LETTER);
    db_array_text(&columns[TYPE], letter->type);
    db_array_text(&columns[EXCHANGE], letter->exchange);
    db_array_text(&columns[ROUTING_KEY], letter->routing_key);
    db_array_null(&columns[CORRELATION_ID]);
    db_array_null(&columns[CAUSATION_ID]);
    db_array_null(&columns[SUBJECT]);
    db_array_null(&columns[TRACEPARENT]);
    db_array_time(&columns[OCCURRED_AT], ids_time_ms(&id));
    db_array_bytes(&columns[BODY], letter->body, letter->body_length);
    db_array_bytes(&columns[PROPERTIES], letter->properties, letter->properties_length);
    db_array_text(&columns[FAILURE_CLASS], letter->failure_class);
    db_array_text(&columns[FAILED_QUEUE], letter->queue);
    add_uuid(&columns[CAUSE_ID], &letter->cause_id, !ids_is_nil(&letter->cause_id));
    outbox->tag = FAULT_NOBODY;
    outbox->count++;
    return OK;
}

enum outcome outbox_flush(struct outbox *outbox, struct db *db, struct fault *fault)
{
    if (outbox->count == 0) {
        return OK;
    }
    struct db_param params[COLUMNS];
    for (int i = 0; i < COLUMNS; i++) {
        params[i] = db_array(&outbox->columns[i]);
    }
    enum outcome o = db_queue(db, &sql_outbox_append, params, COLUMNS, (int64_t)outbox->count,
                              outbox->tag, fault);
    outbox_clear(outbox);
    return o;
}
