/* SPDX-License-Identifier: Apache-2.0 */
#include "support/dead_letters.h"

#include "core/memory.h"

#include <string.h>

static void put_uint(struct buffer *out, uint64_t value, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--) {
        buffer_byte(out, (char)(value >> (8 * i) & 0xff));
    }
}

static void put_short(struct buffer *out, const char *text)
{
    buffer_byte(out, (char)strlen(text));
    buffer_text(out, text);
}

static void put_length(struct buffer *out, size_t at)
{
    size_t length = out->length - at - 4;
    for (int i = 0; i < 4; i++) {
        out->bytes[at + i] = (char)(length >> (8 * (3 - i)) & 0xff);
    }
}

static const struct wire_field *put_fields(const struct wire_field *field, bool has_names,
                                           struct buffer *out);

static const struct wire_field *put_field(const struct wire_field *field, bool has_name,
                                          struct buffer *out)
{
    static const struct {
        char kind;
        int bytes;
    } integers[] = {{'t', 1}, {'b', 1}, {'B', 1}, {'s', 2}, {'u', 2},
                    {'I', 4}, {'i', 4}, {'l', 8}, {'T', 8}};
    if (has_name) {
        put_short(out, field->name);
    }
    buffer_byte(out, field->kind);
    for (size_t i = 0; i < COUNT_OF(integers); i++) {
        if (integers[i].kind == field->kind) {
            put_uint(out, (uint64_t)field->number, integers[i].bytes);
            return field + 1;
        }
    }
    if (field->kind == 'S' || field->kind == 'x') {
        put_uint(out, strlen(field->text), 4);
        buffer_text(out, field->text);
        return field + 1;
    }
    if (field->kind == 'F' || field->kind == 'A') {
        size_t at = out->length;
        put_uint(out, 0, 4);
        field = put_fields(field + 1, field->kind == 'F', out);
        put_length(out, at);
        return field + 1;
    }
    return field + 1; /* 'V' */
}

static const struct wire_field *put_fields(const struct wire_field *field, bool has_names,
                                           struct buffer *out)
{
    while (field->kind != 'E' && field->kind != '\0') {
        field = put_field(field, has_names, out);
    }
    return field;
}

void wire_fields(const struct wire_field *fields, struct buffer *out)
{
    (void)put_fields(fields, true, out);
}

/* AMQP 0-9-1: flags, then those that are there in the order of their flags. */
void dead_letter_properties(const struct dead_letter_sample *sample, struct buffer *out)
{
    size_t flags_at = out->length;
    unsigned flags = 1 << 12; /* delivery mode */
    put_uint(out, 0, 2);
    if (sample->content_type != NULL) {
        flags |= 1 << 15;
        put_short(out, sample->content_type);
    }
    if (sample->content_encoding != NULL) {
        flags |= 1 << 14;
        put_short(out, sample->content_encoding);
    }
    if (sample->headers[0].kind != '\0') {
        flags |= 1 << 13;
        size_t at = out->length;
        put_uint(out, 0, 4);
        wire_fields(sample->headers, out);
        put_length(out, at);
    }
    buffer_byte(out, 2);
    if (sample->message_id != NULL) {
        flags |= 1 << 7;
        put_short(out, sample->message_id);
    }
    if (sample->type != NULL) {
        flags |= 1 << 5;
        put_short(out, sample->type);
    }
    out->bytes[flags_at] = (char)(flags >> 8 & 0xff);
    out->bytes[flags_at + 1] = (char)(flags & 0xff);
}

#define AT_MS 1795417500000 /* 2026-11-23T07:05:00Z */

/* clang-format off */
#define X_DEATH(QUEUE, REASON, COUNT, EXCHANGE, KEY)                                               \
    {'F', "", NULL, 0}, {'l', "count", NULL, COUNT}, {'S', "reason", REASON, 0},                   \
        {'S', "queue", QUEUE, 0}, {'T', "time", NULL, AT_MS / 1000},                               \
        {'S', "exchange", EXCHANGE, 0}, {'A', "routing-keys", NULL, 0}, {'S', "", KEY, 0},         \
        {'E', "", NULL, 0}, {'E', "", NULL, 0}

const struct dead_letter_sample dead_letter_samples[] = {
    {.family = "Quadrille", .message_id = "01938f60-4d10-7b8e-a2f3-6c7d8e9f0a1b", .type = "PaymentCompleted",
     .content_type = "application/json",
     .headers = {{'S', "cloudEvents_type", "fit.billing.PaymentCompleted.v1", 0},
                 {'S', "quadrille-failure-class", "rejected", 0},
                 {'S', "quadrille-failure-reason", "upgrade 4711 is not known", 0},
                 {'S', "quadrille-failed-queue", "coaching", 0},
                 {'S', "quadrille-failed-at", "2026-11-23T07:05:00.000Z", 0},
                 {'S', "quadrille-first-failed-at", "2026-11-23T07:00:00.000Z", 0},
                 {'l', "quadrille-attempts", NULL, 5},
                 {'l', "quadrille-returns", NULL, 2},
                 {'S', "x-original-exchange", "billing.events", 0},
                 {'S', "x-original-routingKey", "billing.payment-completed.v1", 0},
                 {'A', "x-death", NULL, 0}, X_DEATH("other", "rejected", 9, "x", "y"), {'E', "", NULL, 0}},
     .body = "{\"amount\":12.50}",
     .queue = "coaching", .reason = "upgrade 4711 is not known", .normal = "upgrade <n> is not known", .class_name = "rejected",
     .original_exchange = "billing.events", .original_key = "billing.payment-completed.v1",
     .message_type = "fit.billing.PaymentCompleted.v1", .failed_at_ms = AT_MS, .attempts = 5, .returns = 2},
    {.family = "RabbitMQ", .type = "order",
     .headers = {{'A', "x-death", NULL, 0}, X_DEATH("retry", "expired", 3, "", "work"),
                 X_DEATH("work", "rejected", 4, "shop", "order.placed"), {'E', "", NULL, 0},
                 {'S', "x-first-death-queue", "work", 0}, {'S', "x-first-death-reason", "rejected", 0},
                 {'S', "x-first-death-exchange", "shop", 0}},
     .body = "x",
     .queue = "work", .class_name = "rejected", .original_exchange = "shop", .original_key = "order.placed",
     .message_type = "order", .failed_at_ms = AT_MS, .attempts = 4, .returns = 3},
    {.family = "RabbitMQ", /* only what 4.x adds */
     .headers = {{'S', "x-first-death-queue", "first", 0}, {'S', "x-first-death-reason", "maxlen", 0},
                 {'S', "x-last-death-queue", "last", 0}, {'S', "x-last-death-reason", "delivery_limit", 0},
                 {'S', "x-last-death-exchange", "", 0}},
     .body = "", .queue = "last", .class_name = "delivery_limit", .original_exchange = "", .attempts = -1, .returns = -1},
    {.family = "MassTransit", .content_type = "application/vnd.masstransit+json",
     .headers = {{'S', "MT-Reason", "fault", 0}, {'S', "MT-Fault-ExceptionType", "System.TimeoutException", 0},
                 {'S', "MT-Fault-Message", "no answer from 10.0.0.7:443 in 30 s", 0},
                 {'S', "MT-Fault-StackTrace", "   at Shop.Consumer.Consume()\n   at X", 0},
                 {'S', "MT-Fault-InputAddress", "rabbitmq://localhost/shop/submit-order?prefetch=16", 0},
                 {'S', "MT-Fault-Timestamp", "2026-11-23T07:05:00.0000000Z", 0}, {'I', "MT-Fault-RetryCount", NULL, 2}},
     .body = "{\"messageId\":\"7\",\"messageType\":[\"urn:message:Shop:SubmitOrder\"],\"message\":{\"sku\":\"A-17\"}}",
     .queue = "submit-order", .reason = "no answer from 10.0.0.7:443 in 30 s", .normal = "no answer from <ip> in <n> s",
     .class_name = "fault", .exception = "System.TimeoutException", .message_type = "urn:message:Shop:SubmitOrder",
     .failed_at_ms = AT_MS, .attempts = 3, .returns = -1},
    {.family = "NServiceBus", .message_id = "5b1d0b6c-1a38-4a27-b0a4-7d9d3e1b8b05",
     .headers = {{'S', "NServiceBus.FailedQ", "Sales@HOST-1", 0},
                 {'S', "NServiceBus.TimeOfFailure", "2026-11-23 07:05:00:000000 Z", 0},
                 {'S', "NServiceBus.ExceptionInfo.ExceptionType", "System.NullReferenceException", 0},
                 {'S', "NServiceBus.ExceptionInfo.Message", "Object reference not set to an instance of an object.", 0},
                 {'S', "NServiceBus.ExceptionInfo.StackTrace", "   at Sales.Handler.Handle()", 0},
                 {'S', "NServiceBus.DelayedRetries", "3", 0},
                 {'S', "NServiceBus.EnclosedMessageTypes", "Sales.PlaceOrder, Sales, Version=1.0.0.0, Culture=neutral", 0}},
     .body = "<PlaceOrder/>",
     .queue = "Sales", .reason = "Object reference not set to an instance of an object.",
     .normal = "Object reference not set to an instance of an object.", .exception = "System.NullReferenceException",
     .message_type = "Sales.PlaceOrder", .failed_at_ms = AT_MS, .attempts = 4, .returns = -1},
    {.family = "Spring",
     .headers = {{'S', "x-exception-message", "Failed to convert 'abc'", 0},
                 {'S', "x-exception-stacktrace", "java.lang.IllegalArgumentException: Failed to convert\n\tat a.b.C.d(C.java:17)\n", 0},
                 {'S', "x-original-exchange", "orders", 0}, {'S', "x-original-routingKey", "order.new", 0},
                 {'S', "__TypeId__", "org.example.Order", 0},
                 {'A', "x-death", NULL, 0}, X_DEATH("orders.group", "rejected", 1, "orders", "order.new"), {'E', "", NULL, 0}},
     .body = "{}",
     .queue = "orders.group", .reason = "Failed to convert 'abc'", .normal = "Failed to convert <text>", .class_name = "rejected",
     .exception = "java.lang.IllegalArgumentException", .original_exchange = "orders", .original_key = "order.new",
     .message_type = "org.example.Order", .failed_at_ms = AT_MS, .attempts = 1, .returns = 0},
    {.family = "Wolverine",
     .headers = {{'S', "exception-type", "System.InvalidOperationException", 0}, {'S', "exception-message", "no stock", 0},
                 {'S', "exception-stack", "   at A", 0}, {'S', "failed-at", "1795417500000", 0},
                 {'S', "original-destination", "rabbitmq://queue/incoming", 0}, {'S', "attempts", "3", 0},
                 {'S', "message-type", "Shop.Reserve", 0}},
     .body = "{}",
     .queue = "incoming", .reason = "no stock", .normal = "no stock", .exception = "System.InvalidOperationException",
     .message_type = "Shop.Reserve", .failed_at_ms = AT_MS, .attempts = 3, .returns = -1},
    {.family = "Rebus",
     .headers = {{'S', "rbs2-error-details", "System.FormatException: bad 17\r\n   at A", 0}, {'S', "rbs2-source-queue", "trading", 0},
                 {'S', "rbs2-delivery-count", "5", 0}, {'S', "rbs2-msg-type", "Trading.Trade, Trading", 0}},
     .body = "{}",
     .queue = "trading", .reason = "System.FormatException: bad 17\r\n   at A", .normal = "System.FormatException: bad <n>",
     .exception = "System.FormatException", .message_type = "Trading.Trade", .attempts = 5, .returns = -1},
    {.family = "Brighter",
     .headers = {{'S', "originalTopic", "greeting.event", 0}, {'S', "originalMessageType", "MT_EVENT", 0},
                 {'S', "rejectionReason", "DeliveryError", 0}, {'S', "rejectionMessage", "gave up", 0},
                 {'S', "rejectionTimestamp", "2026-11-23T07:05:00+00:00", 0}, {'I', "HandledCount", NULL, 3}},
     .body = "{}",
     .reason = "gave up", .normal = "gave up", .class_name = "DeliveryError", .original_key = "greeting.event", .message_type = "MT_EVENT",
     .failed_at_ms = AT_MS, .attempts = 3, .returns = -1},
    {.family = "CAP",
     .headers = {{'S', "cap-exception", "SubscriberExecutionFailedException-->no row", 0}, {'S', "cap-msg-name", "order.created", 0},
                 {'S', "cap-msg-group", "cap.queue.orders.v1", 0}, {'S', "cap-msg-id", "1", 0}},
     .body = "{}",
     .queue = "cap.queue.orders.v1", .reason = "SubscriberExecutionFailedException-->no row",
     .normal = "SubscriberExecutionFailedException-->no row", .exception = "SubscriberExecutionFailedException",
     .message_type = "order.created", .attempts = -1, .returns = -1},
    {.family = "Rascal",
     .headers = {{'F', "rascal", NULL, 0}, {'S', "originalQueue", "users:delete", 0}, {'S', "originalExchange", "delete", 0},
                 {'S', "originalRoutingKey", "delete.user", 0}, {'F', "error", NULL, 0}, {'S', "message", "Oh noes", 0},
                 {'S', "code", "ECONNREFUSED", 0}, {'E', "", NULL, 0}, {'F', "recovery", NULL, 0}, {'F', "users:delete", NULL, 0},
                 {'I', "republished", NULL, 7}, {'E', "", NULL, 0}, {'E', "", NULL, 0}, {'E', "", NULL, 0}},
     .body = "{}",
     .queue = "users:delete", .reason = "Oh noes", .normal = "Oh noes", .exception = "ECONNREFUSED", .original_exchange = "delete",
     .original_key = "delete.user", .attempts = 7, .returns = -1},
    {.family = "Watermill",
     .headers = {{'S', "reason_poisoned", "cannot unmarshal", 0}, {'S', "topic_poisoned", "events", 0},
                 {'S', "handler_poisoned", "on_event", 0}, {'S', "subscriber_poisoned", "amqp.Subscriber", 0},
                 {'S', "_watermill_requeuer_retries", "4", 0}},
     .body = "{}",
     .queue = "events", .reason = "cannot unmarshal", .normal = "cannot unmarshal", .attempts = -1, .returns = 4},
    {.family = "Dramatiq",
     .headers = {{'A', "x-death", NULL, 0}, X_DEATH("default", "rejected", 1, "", "default"), {'E', "", NULL, 0}},
     .body = "{\"queue_name\":\"default\",\"actor_name\":\"add\",\"args\":[1,2],\"options\":{\"retries\":3,\"traceback\":"
             "\"Traceback (most recent call last):\\n  File \\\"x.py\\\", line 3\\nValueError: bad 12\\n\"}}",
     .queue = "default", .reason = "ValueError: bad 12", .normal = "ValueError: bad <n>", .class_name = "rejected", .exception = "ValueError",
     .original_exchange = "", .original_key = "default", .message_type = "add", .failed_at_ms = AT_MS, .attempts = 3, .returns = 0},
    {.family = "Celery",
     .headers = {{'S', "lang", "py", 0}, {'S', "task", "shop.tasks.charge", 0}, {'S', "id", "1", 0}, {'S', "root_id", "1", 0},
                 {'I', "retries", NULL, 2}, {'V', "eta", NULL, 0}},
     .body = "[[1], {}, {}]", .message_type = "shop.tasks.charge", .attempts = 3, .returns = -1},
    {.family = "dlq-*",
     .headers = {{'S', "dlq-reason", "human words", 0}, {'S', "dlq-error-class", "schema", 0}, {'S', "dlq-original-topic", "orders", 0},
                 {'S', "dlq-failed-at", "2026-11-23T07:05:00Z", 0}, {'S', "dlq-attempts", "2", 0}},
     .body = "{}",
     .queue = "orders", .reason = "human words", .normal = "human words", .class_name = "schema", .failed_at_ms = AT_MS, .attempts = 2,
     .returns = -1},
    {.family = "", .type = "hand-made", .body = "no header tells anything", .message_type = "hand-made", .attempts = -1, .returns = -1},
};
/* clang-format on */
const size_t dead_letter_sample_count = COUNT_OF(dead_letter_samples);
