/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clock.h"
#include "publishers/outbox.h"
#include "publishers/relay_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES = 128, SEQUENCE_TEXT_BYTES = 24 };

/* PaymentCompleted, out of fit.billing.PaymentCompleted.v1. */
static const char *short_name(const char *type, char out[NAME_BYTES])
{
    const char *end = strrchr(type, '.');
    if (end == NULL) {
        return type;
    }
    const char *start = end;
    while (start > type && start[-1] != '.') {
        start--;
    }
    (void)snprintf(out, NAME_BYTES, "%.*s", (int)(end - start), start);
    return out;
}

static const char *uuid_text(const struct db_rows *rows, int row, int column,
                             char out[UUID_TEXT_BYTES])
{
    if (db_is_null(rows, row, column)) {
        return NULL;
    }
    struct uuid id = db_get_uuid(rows, row, column);
    return ids_format(&id, out);
}

static void add_header(struct header *headers, size_t *count, const char *name, const char *text)
{
    if (text != NULL) {
        headers[(*count)++] = (struct header){.name = name, .text = text};
    }
}

/* An event's properties: design of the wire, CloudEvents binary mode beside the AMQP properties
 * that people see. */
static enum outcome encode_event(struct relay *relay, const struct db_rows *rows, int row,
                                 struct fault *fault)
{
    char id[UUID_TEXT_BYTES];
    char correlation[UUID_TEXT_BYTES];
    char causation[UUID_TEXT_BYTES];
    char subject[UUID_TEXT_BYTES];
    char time[CLOCK_TEXT_BYTES];
    char name[NAME_BYTES];
    char sequence[SEQUENCE_TEXT_BYTES];
    const char *type = db_get_text(rows, row, COLUMN_TYPE);
    const char *correlation_id = uuid_text(rows, row, COLUMN_CORRELATION_ID, correlation);
    int64_t occurred_at_ms = db_get_time(rows, row, COLUMN_OCCURRED_AT);
    (void)uuid_text(rows, row, COLUMN_ID, id);

    struct header headers[10];
    size_t count = 0;
    add_header(headers, &count, "cloudEvents_specversion", "1.0");
    add_header(headers, &count, "cloudEvents_id", id);
    add_header(headers, &count, "cloudEvents_type", type);
    add_header(headers, &count, "cloudEvents_source", relay->source);
    add_header(headers, &count, "cloudEvents_time", clock_format(occurred_at_ms, time));
    add_header(headers, &count, "cloudEvents_correlationid", correlation_id);
    add_header(headers, &count, "cloudEvents_causationid",
               uuid_text(rows, row, COLUMN_CAUSATION_ID, causation));
    add_header(headers, &count, "cloudEvents_subject",
               uuid_text(rows, row, COLUMN_SUBJECT, subject));
    if (!db_is_null(rows, row, COLUMN_SEQUENCE)) {
        /* Text: the extension `sequence` of CloudEvents is one, and so the contracts say. */
        (void)snprintf(sequence, sizeof sequence, "%lld",
                       (long long)db_get_i64(rows, row, COLUMN_SEQUENCE));
        add_header(headers, &count, "cloudEvents_sequence", sequence);
    }
    if (!db_is_null(rows, row, COLUMN_TRACEPARENT)) {
        add_header(headers, &count, "traceparent", db_get_text(rows, row, COLUMN_TRACEPARENT));
    }

    const struct properties properties = {
        .message_id = id,
        .type = short_name(type, name),
        .app_id = relay->runtime->service->name,
        .user_id = broker_user(relay->broker),
        .correlation_id = correlation_id,
        .content_type = "application/json",
        .timestamp_s = occurred_at_ms / 1000,
        .is_persistent = true,
        .headers = headers,
        .header_count = count,
    };
    buffer_clear(&relay->properties);
    return broker_properties_encode(&properties, &relay->properties, fault);
}

/* A dead letter keeps the properties it came with. */
static enum outcome encode(struct relay *relay, const struct db_rows *rows, int row,
                           struct fault *fault)
{
    if (db_get_i64(rows, row, COLUMN_KIND) == OUTBOX_EVENT) {
        return encode_event(relay, rows, row, fault);
    }
    buffer_clear(&relay->properties);
    buffer_add(&relay->properties, db_get_text(rows, row, COLUMN_PROPERTIES),
               db_get_length(rows, row, COLUMN_PROPERTIES));
    return OK;
}

static enum outcome publish(struct relay *relay, const struct db_rows *rows, int row,
                            uint64_t *number, struct fault *fault)
{
    enum outcome o = encode(relay, rows, row, fault);
    if (o != OK) {
        return o;
    }
    return broker_publish(relay->broker, db_get_text(rows, row, COLUMN_EXCHANGE),
                          db_get_text(rows, row, COLUMN_ROUTING_KEY), true, relay->properties.bytes,
                          relay->properties.length, db_get_text(rows, row, COLUMN_BODY),
                          db_get_length(rows, row, COLUMN_BODY), number, fault);
}

static void judge(struct chunk *chunk, int row, const char *failure)
{
    struct row_fate *fate = &chunk->fates[row];
    fate->state = failure == NULL ? ROW_DONE : ROW_FAILED;
    fate->reason = failure == NULL ? NULL : xstrdup(failure);
    chunk->judged++;
}

/* An event that no contract declares to hear has nowhere to go: that is how it should be. */
static bool is_unheard(const struct relay *relay, const struct chunk *chunk, int row)
{
    if (db_get_i64(chunk->rows, row, COLUMN_KIND) != OUTBOX_EVENT) {
        return false;
    }
    const struct message *message = contract_find_send(relay->runtime->service->contract,
                                                       db_get_text(chunk->rows, row, COLUMN_TYPE));
    return message != NULL && !message->is_heard;
}

size_t relay_row_bytes(const struct db_rows *rows, int row)
{
    return db_get_length(rows, row, COLUMN_BODY) + db_get_length(rows, row, COLUMN_PROPERTIES);
}

void relay_on_verdict(void *context, uint64_t number, enum verdict verdict, const char *reason)
{
    struct relay *relay = context;
    struct slot *slot = &relay->slots[number & (relay->slot_count - 1)];
    if (slot->chunk == NULL || slot->number != number) {
        return;
    }
    struct service_counters *counters = &relay->runtime->counters;
    const char *failure = NULL;
    switch (verdict) {
    case VERDICT_CONFIRMED:
        atomic_fetch_add(&counters->confirmed, 1);
        break;
    case VERDICT_RETURNED:
        atomic_fetch_add(&counters->returned, 1);
        failure = is_unheard(relay, slot->chunk, slot->row) ? NULL : reason;
        break;
    case VERDICT_NACKED:
        atomic_fetch_add(&counters->nacked, 1);
        failure = reason;
        break;
    }
    relay->in_flight_bytes -= relay_row_bytes(slot->chunk->rows, slot->row);
    judge(slot->chunk, slot->row, failure);
    slot->chunk = NULL;
}

static struct slot *next_slot(const struct relay *relay)
{
    return &relay->slots[relay->next_number & (relay->slot_count - 1)];
}

static bool has_room(const struct relay *relay)
{
    return next_slot(relay)->chunk == NULL && relay->in_flight_bytes < IN_FLIGHT_BYTES &&
           broker_unconfirmed(relay->broker) < (size_t)relay->runtime->config->relay_window;
}

static enum outcome send_row(struct relay *relay, struct chunk *chunk, struct fault *fault)
{
    int row = chunk->sent;
    uint64_t number = 0;
    enum outcome o = publish(relay, chunk->rows, row, &number, fault);
    if (o != OK && o != REJECT) {
        return o;
    }
    chunk->sent++;
    relay->waiting--;
    if (o == REJECT) { /* this one can never leave: the rest goes on */
        judge(chunk, row, fault->text);
        return OK;
    }
    atomic_fetch_add(&relay->runtime->counters.published, 1);
    relay->next_number = number + 1;
    relay->in_flight_bytes += relay_row_bytes(chunk->rows, row);
    relay->slots[number & (relay->slot_count - 1)] =
        (struct slot){.chunk = chunk, .row = row, .number = number};
    return OK;
}

enum outcome relay_send(struct relay *relay, bool *sent, struct fault *fault)
{
    *sent = false;
    for (struct chunk *chunk = relay->first; chunk != NULL; chunk = chunk->next) {
        while (chunk->sent < chunk->count) {
            if (!has_room(relay)) {
                return OK;
            }
            enum outcome o = send_row(relay, chunk, fault);
            if (o != OK) {
                return o;
            }
            *sent = true;
        }
    }
    return OK;
}
