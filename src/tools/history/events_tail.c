/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/model.h"
#include "core/clock.h"
#include "core/text.h"
#include "tools/escape.h"
#include "tools/history/events.h"
#include "tools/history/history.h"
#include "tools/history/print.h"

#include <signal.h>
#include <string.h>

/* Live, from a temporary queue that is bound to the exchanges: nothing is taken from anybody. */

enum {
    TAKE = 100,
    PREFETCH = 1000,
    WAIT_MS = 200,
    WAITING_MAX = 10 * 1000, /* wait in the broker while we are slow; beyond, the oldest go */
    LIMIT_MAX = 1000 * 1000 * 1000,
};

static volatile sig_atomic_t is_stopped;

static void stop(int signal)
{
    (void)signal;
    is_stopped = 1;
}

struct tail {
    const struct cli_call *call;
    struct broker *broker;
    const char *types[CLI_GIVEN_MAX], *services[CLI_GIVEN_MAX];
    size_t type_count, service_count;
    struct history_pointer pointers[HISTORY_POINTERS_MAX];
    size_t pointer_count;
    int64_t limit, shown;
    struct arena arena;
};

static const char *header_text(const struct properties *properties, const char *name)
{
    const struct header *header = properties_find(properties, name);
    return header != NULL ? header->text : NULL;
}

static bool is_said(const char *wanted, const char *found)
{
    return wanted == NULL || (found != NULL && strcasecmp(wanted, found) == 0);
}

static bool is_wanted(const struct tail *tail, const struct delivery *delivery, const char *type)
{
    const struct properties *properties = &delivery->properties;
    const char *correlation = header_text(properties, "cloudEvents_correlationid");
    bool is_type = tail->type_count == 0;
    for (size_t i = 0; i < tail->type_count; i++) {
        is_type = is_type || history_is_type(type, tail->types[i]);
    }
    return is_type &&
           is_said(cli_text(tail->call, "correlation"),
                   correlation != NULL ? correlation : properties->correlation_id) &&
           is_said(cli_text(tail->call, "subject"),
                   header_text(properties, "cloudEvents_subject")) &&
           history_says(delivery->body, delivery->body_length, tail->pointers, tail->pointer_count);
}

static void add_text(struct buffer *out, const char *name, const char *text)
{
    buffer_printf(out, "%s\"%s\":", out->length > 1 ? "," : "", name);
    if (text == NULL) {
        buffer_text(out, "null");
    } else {
        escape_json(out, text, strlen(text));
    }
}

static void show_json(const struct tail *tail, const struct delivery *delivery, const char *type)
{
    struct fault fault;
    char time[CLOCK_TEXT_BYTES];
    const struct properties *properties = &delivery->properties;
    AUTO(buffer_done) struct buffer out = {0};
    AUTO(buffer_done) struct buffer list = {0};
    buffer_byte(&out, '{');
    add_text(&out, "id", properties->message_id);
    add_text(&out, "type", type);
    add_text(&out, "exchange", delivery->exchange);
    add_text(&out, "routing_key", delivery->routing_key);
    add_text(&out, "heard_at", clock_format(clock_now_ms(), time));
    if (broker_properties_json(properties->raw, properties->raw_length, &list, &fault) == OK) {
        buffer_text(&out, ",\"properties\":");
        buffer_add(&out, list.bytes, list.length);
    }
    if (cli_flag(tail->call, "body")) {
        buffer_text(&out, ",\"body\":");
        escape_json(&out, delivery->body, delivery->body_length);
    }
    buffer_byte(&out, '}');
    (void)puts(buffer_cstr(&out));
}

static void show_text(const struct tail *tail, const struct delivery *delivery, const char *type)
{
    char time[CLOCK_TEXT_BYTES];
    size_t length = 0;
    const struct properties *properties = &delivery->properties;
    const char *name = print_name(type, &length);
    AUTO(buffer_done) struct buffer shown = {0};
    AUTO(free_text) char *exchange = escape_new(delivery->exchange);
    AUTO(free_text) char *subject = escape_new(header_text(properties, "cloudEvents_subject"));
    AUTO(free_text) char *id = escape_new(properties->message_id);
    escape_add(&shown, name, length, ESCAPE_LINE);
    (void)printf("%s%s%s  %-20s %s%-26s%s %-36s  %s\n", cli_colour(tail->call, CLI_DIM),
                 clock_format(clock_now_ms(), time), cli_colour(tail->call, CLI_PLAIN), exchange,
                 cli_colour(tail->call, CLI_BOLD), buffer_cstr(&shown),
                 cli_colour(tail->call, CLI_PLAIN), subject, id);
    if (cli_flag(tail->call, "body")) {
        buffer_clear(&shown);
        escape_add(&shown, delivery->body, delivery->body_length, ESCAPE_LINES);
        (void)printf("%s\n", buffer_cstr(&shown));
    }
}

static void show(struct tail *tail, const struct delivery *delivery)
{
    const char *type = header_text(&delivery->properties, "cloudEvents_type");
    type = type != NULL ? type : delivery->properties.type;
    type = type != NULL ? type : "";
    if (!is_wanted(tail, delivery, type)) {
        return;
    }
    if (tail->call->is_json) {
        show_json(tail, delivery, type);
    } else {
        show_text(tail, delivery, type);
    }
    (void)fflush(stdout);
    tail->shown++;
}

static bool is_over(const struct tail *tail)
{
    return is_stopped != 0 || (tail->limit > 0 && tail->shown >= tail->limit);
}

static bool serves(const struct tail *tail, const char *service)
{
    for (size_t i = 0; i < tail->service_count; i++) {
        if (strcmp(tail->services[i], service) == 0) {
            return true;
        }
    }
    return tail->service_count == 0;
}

static enum outcome bind_all(const struct tail *tail, const char *queue, struct fault *fault)
{
    struct contract_set set = {0};
    size_t bound = 0;
    enum outcome o = contract_set_load(&set, cli_text(tail->call, "contracts"), fault);
    for (size_t i = 0; o == OK && i < set.service_count; i++) {
        if (serves(tail, set.services[i].name) && set.services[i].send_count > 0) {
            o = broker_bind(tail->broker, queue, set.services[i].exchange, "#", fault);
            bound++;
        }
    }
    if (o == OK && bound == 0) {
        o = fault_set(fault, REJECT,
                      "no contract in %s belongs to a service of that name that "
                      "says something",
                      cli_text(tail->call, "contracts"));
    }
    contract_set_done(&set);
    return o;
}

static enum outcome listen(struct tail *tail, struct fault *fault)
{
    AUTO(free_text) char *queue = NULL;
    enum outcome o = broker_queue_temporary_bounded(tail->broker, WAITING_MAX, &queue, fault);
    if (o == OK) {
        o = bind_all(tail, queue, fault);
    }
    if (o == OK) {
        o = broker_consume(tail->broker, queue, PREFETCH, fault);
    }
    if (o == OK) {
        (void)fprintf(stderr, "listening; Ctrl-C ends\n");
    }
    while (o == OK && !is_over(tail)) {
        struct delivery deliveries[TAKE];
        size_t count = 0;
        o = broker_take(tail->broker, deliveries, TAKE, WAIT_MS, &count, fault);
        for (size_t i = 0; o == OK && i < count && !is_over(tail); i++) {
            show(tail, &deliveries[i]);
        }
        if (o == OK && count > 0) {
            o = broker_ack(tail->broker, deliveries[count - 1].tag, true, fault);
        }
        broker_release(tail->broker);
    }
    return is_stopped != 0 ? OK : o;
}

static int read_pointers(struct tail *tail)
{
    const char *given[CLI_GIVEN_MAX];
    size_t count = cli_list(tail->call, "pointer", given);
    for (size_t i = 0; i < count && i < HISTORY_POINTERS_MAX; i++) {
        const char *equals = strchr(given[i], '=');
        if (given[i][0] != '/' || equals == NULL) {
            return cli_fail(tail->call, EXIT_USAGE,
                            "--pointer must be a JSON Pointer and a value: /amountMinor=999");
        }
        tail->pointers[tail->pointer_count++] = (struct history_pointer){
            arena_text(&tail->arena, given[i], (size_t)(equals - given[i])), equals + 1};
    }
    return count > HISTORY_POINTERS_MAX
               ? cli_fail(tail->call, EXIT_USAGE, "more than %d times --pointer",
                          HISTORY_POINTERS_MAX)
               : EXIT_DONE;
}

int events_tail(const struct cli_call *call)
{
    struct tail tail = {.call = call};
    struct fault fault;
    const struct sigaction action = {.sa_handler = stop};
    tail.type_count = cli_list(call, "type", tail.types);
    tail.service_count = cli_list(call, "service", tail.services);
    int code = read_pointers(&tail);
    if (code == EXIT_DONE && !cli_int(call, "limit", 0, LIMIT_MAX, &tail.limit)) {
        code = EXIT_USAGE;
    }
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    if (code == EXIT_DONE) {
        code = access_broker(call, "quadrille events tail", &tail.broker);
    }
    if (code == EXIT_DONE && listen(&tail, &fault) != OK) {
        code = cli_fail_fault(call, &fault, "stopped");
    }
    broker_close(tail.broker);
    arena_done(&tail.arena);
    return code;
}
