/* SPDX-License-Identifier: Apache-2.0 */
#include "core/crash.h"
#include "core/memory.h"
#include "core/personal.h"
#include "history.h"
#include "history_contract.h"
#include "history_sql.h"
#include "publishers/work.h"
#include "vault.h"

#include <stdlib.h>
#include <string.h>

/* What stands in a row beside the envelope. */
struct entry {
    struct personal personal;
    struct uuid person;
    bool has_person;
    const unsigned char *key; /* borrowed from the vault; NULL: erased, or nothing to seal */
};

/* One parameter of event_record.sql each. */
enum column {
    ID,
    TYPE,
    SERVICE,
    EXCHANGE,
    ROUTING_KEY,
    CORRELATION_ID,
    CAUSATION_ID,
    SUBJECT,
    SEQUENCE,
    OCCURRED_AT,
    PERSON,
    PROPERTIES,
    BODY,
    CUTS,
    SEALED,
    COLUMNS,
};

static const enum db_type types[COLUMNS] = {
    [ID] = DB_UUID,           [TYPE] = DB_TEXT,
    [SERVICE] = DB_TEXT,      [EXCHANGE] = DB_TEXT,
    [ROUTING_KEY] = DB_TEXT,  [CORRELATION_ID] = DB_UUID,
    [CAUSATION_ID] = DB_UUID, [SUBJECT] = DB_UUID,
    [SEQUENCE] = DB_INT8,     [OCCURRED_AT] = DB_TIMESTAMPTZ,
    [PERSON] = DB_UUID,       [PROPERTIES] = DB_BYTEA,
    [BODY] = DB_BYTEA,        [CUTS] = DB_BYTEA,
    [SEALED] = DB_BYTEA,
};

/* Of one worker; reused from batch to batch. */
struct recording {
    struct vault *vault;
    struct entry *entries;
    struct uuid *persons; /* of the entries that have something to seal, in their order */
    const unsigned char **keys;
    size_t room;
    struct db_array columns[COLUMNS];
    struct buffer sealed;
};

static void *open_recording(struct runtime *runtime)
{
    const struct history_config *config = runtime->own;
    struct recording *recording = xcalloc(1, sizeof *recording);
    recording->vault = vault_new(config->keys_url, "history recorder");
    return recording;
}

static void close_recording(void *own)
{
    struct recording *recording = own;
    vault_free(recording->vault);
    for (size_t i = 0; i < recording->room; i++) {
        personal_done(&recording->entries[i].personal);
    }
    for (size_t i = 0; i < COLUMNS; i++) {
        db_array_done(&recording->columns[i]);
    }
    buffer_done(&recording->sealed);
    free(recording->entries);
    free(recording->persons);
    free(recording->keys);
    free(recording);
}

static void make_room(struct recording *recording, size_t count)
{
    if (count <= recording->room) {
        return;
    }
    recording->entries = xrealloc(recording->entries, count * sizeof recording->entries[0]);
    memset(recording->entries + recording->room, 0,
           (count - recording->room) * sizeof recording->entries[0]);
    recording->persons = xrealloc(recording->persons, count * sizeof recording->persons[0]);
    recording->keys = xrealloc(recording->keys, count * sizeof recording->keys[0]);
    recording->room = count;
}

static bool has_cuts(const struct entry *entry)
{
    return entry->personal.cuts.length > 0;
}

static enum outcome read_entry(struct entry *entry, const struct raw_message *raw,
                               struct fault *fault)
{
    const struct field *person = raw->message->person;
    entry->has_person = person != NULL;
    entry->key = NULL;
    personal_clear(&entry->personal);
    if (person == NULL) {
        return OK;
    }
    entry->person = *(const struct uuid *)(const void *)((const char *)raw->event + person->offset);
    return personal_cut(raw->message->shape, raw->envelope->body, raw->envelope->body_length,
                        &entry->personal, fault);
}

static enum outcome find_keys(struct recording *recording, size_t count, struct fault *fault)
{
    size_t sealing = 0;
    for (size_t i = 0; i < count; i++) {
        if (has_cuts(&recording->entries[i])) {
            recording->persons[sealing++] = recording->entries[i].person;
        }
    }
    if (sealing == 0) {
        return OK;
    }
    enum outcome o =
        vault_keys(recording->vault, recording->persons, sealing, recording->keys, fault);
    for (size_t i = 0, key = 0; o == OK && i < count; i++) {
        if (has_cuts(&recording->entries[i])) {
            recording->entries[i].key = recording->keys[key++];
        }
    }
    return o;
}

/* A subject that is no UUID is in the properties all the same. */
static void add_subject(struct db_array *column, const char *subject)
{
    struct uuid id;
    if (ids_parse(subject, &id)) {
        db_array_uuid(column, &id);
    } else {
        db_array_null(column);
    }
}

static void add_envelope(struct db_array *columns, const struct raw_message *raw)
{
    const struct envelope *envelope = raw->envelope;
    db_array_uuid(&columns[ID], &envelope->id);
    db_array_text(&columns[TYPE], raw->message->type);
    db_array_text(&columns[SERVICE], raw->message->service);
    db_array_text(&columns[EXCHANGE], raw->message->exchange);
    db_array_text(&columns[ROUTING_KEY], raw->message->routing_key);
    db_array_uuid(&columns[CORRELATION_ID], &envelope->correlation_id);
    if (envelope->has_causation_id) {
        db_array_uuid(&columns[CAUSATION_ID], &envelope->causation_id);
    } else {
        db_array_null(&columns[CAUSATION_ID]);
    }
    add_subject(&columns[SUBJECT], envelope->subject);
    if (envelope->sequence > 0) {
        db_array_i64(&columns[SEQUENCE], envelope->sequence);
    } else {
        db_array_null(&columns[SEQUENCE]);
    }
    db_array_time(&columns[OCCURRED_AT], envelope->time_ms);
    db_array_bytes(&columns[PROPERTIES], raw->properties, raw->properties_length);
}

static void add_body(struct recording *recording, const struct raw_message *raw,
                     const struct entry *entry)
{
    struct db_array *columns = recording->columns;
    const struct personal *personal = &entry->personal;
    if (!has_cuts(entry)) {
        db_array_bytes(&columns[BODY], raw->envelope->body, raw->envelope->body_length);
        db_array_null(&columns[CUTS]);
        db_array_null(&columns[SEALED]);
        return;
    }
    db_array_bytes(&columns[BODY], personal->body.bytes, personal->body.length);
    db_array_bytes(&columns[CUTS], personal->cuts.bytes, personal->cuts.length);
    if (entry->key == NULL) {
        db_array_null(&columns[SEALED]);
        return;
    }
    buffer_clear(&recording->sealed);
    personal_seal(personal, &raw->envelope->id, entry->key, &recording->sealed);
    db_array_bytes(&columns[SEALED], recording->sealed.bytes, recording->sealed.length);
}

static void add_row(struct recording *recording, const struct raw_message *raw,
                    const struct entry *entry)
{
    add_envelope(recording->columns, raw);
    if (entry->has_person) {
        db_array_uuid(&recording->columns[PERSON], &entry->person);
    } else {
        db_array_null(&recording->columns[PERSON]);
    }
    add_body(recording, raw, entry);
}

static enum outcome insert(struct recording *recording, struct work *work)
{
    struct db_param params[COLUMNS];
    for (size_t i = 0; i < COLUMNS; i++) {
        params[i] = db_array(&recording->columns[i]);
    }
    return db_queue(work->db, &sql_event_record, params, COLUMNS, DB_ANY_ROWS, FAULT_NOBODY,
                    work->fault);
}

/* An intent, committed with the event: the eraser does it. */
static enum outcome ask_erasure(struct work *work, const struct raw_message *raw)
{
    const struct user_deleted *event = raw->event;
    return db_queue(work->db, &sql_erasure_ask,
                    DB_PARAMS(db_uuid(&event->user_id), db_uuid(&raw->envelope->id)), DB_ANY_ROWS,
                    FAULT_NOBODY, work->fault);
}

static enum outcome record(void *own, struct work *work, const struct raw_message *messages,
                           size_t count)
{
    struct recording *recording = own;
    enum outcome o = OK;
    make_room(recording, count);
    for (size_t i = 0; o == OK && i < count; i++) {
        o = read_entry(&recording->entries[i], &messages[i], work->fault);
        if (o != OK) {
            work->fault->culprit = messages[i].tag;
        }
    }
    if (o == OK) {
        o = find_keys(recording, count, work->fault);
    }
    crash_point("history-after-keys");
    if (o != OK) {
        return o;
    }
    for (size_t i = 0; i < COLUMNS; i++) {
        db_array_init(&recording->columns[i], types[i]);
    }
    for (size_t i = 0; i < count; i++) {
        add_row(recording, &messages[i], &recording->entries[i]);
    }
    o = insert(recording, work);
    for (size_t i = 0; o == OK && i < count; i++) {
        if (messages[i].message == &message_user_deleted) {
            o = ask_erasure(work, &messages[i]);
        }
    }
    return o;
}

const struct recorder history_recorder = {
    .open = open_recording, .close = close_recording, .record = record};
