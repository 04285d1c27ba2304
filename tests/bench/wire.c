/* SPDX-License-Identifier: Apache-2.0 */
#include "wire.h"

#include "core/clock.h"

#include <inttypes.h>
#include <stdio.h>

enum outcome wire_publish(struct broker *broker, const struct message *message,
                          const struct envelope *envelope, struct buffer *scratch, uint64_t *number,
                          struct fault *fault)
{
    char id[UUID_TEXT_BYTES];
    char correlation[UUID_TEXT_BYTES];
    char causation[UUID_TEXT_BYTES];
    char time[CLOCK_TEXT_BYTES];
    char source[80];
    char sequence[24];
    (void)snprintf(source, sizeof source, "/fit/%s", message->service);
    (void)snprintf(sequence, sizeof sequence, "%" PRId64, envelope->sequence);
    (void)ids_format(&envelope->id, id);
    (void)ids_format(&envelope->correlation_id, correlation);
    (void)ids_format(&envelope->causation_id, causation);
    const struct header headers[] = {
        {.name = "cloudEvents_specversion", .text = "1.0"},
        {.name = "cloudEvents_id", .text = id},
        {.name = "cloudEvents_type", .text = message->type},
        {.name = "cloudEvents_source", .text = source},
        {.name = "cloudEvents_time", .text = clock_format(envelope->time_ms, time)},
        {.name = "cloudEvents_correlationid", .text = correlation},
        {.name = "cloudEvents_causationid", .text = causation},
        {.name = "cloudEvents_subject", .text = envelope->subject},
        {.name = "cloudEvents_sequence", .text = sequence},
        {.name = "traceparent", .text = envelope->traceparent},
    };
    const struct properties properties = {
        .message_id = id,
        .type = message->name,
        .app_id = message->service,
        .user_id = broker_user(broker),
        .correlation_id = correlation,
        .content_type = "application/json",
        .timestamp_s = envelope->time_ms / 1000,
        .is_persistent = true,
        .headers = headers,
        .header_count = COUNT_OF(headers),
    };
    buffer_clear(scratch);
    enum outcome o = broker_properties_encode(&properties, scratch, fault);
    return o == OK ? broker_publish(broker, message->exchange, message->routing_key, true,
                                    scratch->bytes, scratch->length, envelope->body,
                                    envelope->body_length, number, fault)
                   : o;
}
