/* SPDX-License-Identifier: Apache-2.0 */
#include "consumers/dead_letter.h"

#include "core/buffer.h"
#include "core/clock.h"

enum outcome dead_letter_add(struct outbox *outbox, const char *queue, const struct incoming *in,
                             int64_t now_ms, size_t max_bytes, struct arena *arena,
                             struct fault *fault)
{
    const struct origin origin = incoming_origin(in);
    char failed_at[CLOCK_TEXT_BYTES];
    char first_failed_at[CLOCK_TEXT_BYTES];
    /* The most needed first: where there is no room, the last ones are cut. */
    const struct header headers[] = {
        {.name = "quadrille-failure-class", .text = in->failure_class},
        {.name = "quadrille-failed-queue", .text = queue},
        {.name = "quadrille-failed-at", .text = clock_format(now_ms, failed_at)},
        {.name = "quadrille-first-failed-at",
         .text =
             clock_format(in->first_failed_ms > 0 ? in->first_failed_ms : now_ms, first_failed_at)},
        {.name = "quadrille-attempts", .number = in->attempts, .is_number = true},
        {.name = "x-original-exchange", .text = origin.exchange},
        {.name = "x-original-routingKey", .text = origin.routing_key},
        {.name = "quadrille-failure-reason", .text = incoming_clean_text(arena, in->reason)},
    };
    struct buffer properties = {0};
    enum outcome o =
        broker_properties_extend(in->properties.raw, in->properties.raw_length, headers,
                                 COUNT_OF(headers), max_bytes, &properties, fault);
    if (o == OK) {
        const struct dead_letter letter = {
            .cause_id = in->envelope.id,
            .type = incoming_clean_text(arena, in->envelope.type),
            .exchange = arena_printf(arena, "%s.dlx", queue),
            .routing_key = queue,
            .properties = properties.bytes,
            .properties_length = properties.length,
            .body = in->body,
            .body_length = in->body_length,
            .failure_class = in->failure_class,
            .queue = queue,
        };
        o = outbox_add_dead_letter(outbox, &letter, fault);
    }
    buffer_done(&properties);
    return o;
}
