/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/jsonschema/value.h"
#include "core/broker.h"
#include "core/buffer.h"
#include "core/clock.h"
#include "core/text.h"
#include "tools/access.h"
#include "tools/contract_check.h"

#include <signal.h>
#include <string.h>

/*
 * Live traffic, judged without taking anything from anybody: a temporary queue with the bindings of
 * the one that is looked at gets a copy of every message. What is published to that queue directly,
 * through the default exchange, cannot be seen so.
 */

enum {
    TAKE = 100,
    PREFETCH = 1000,
    WAIT_MS = 200,
    /* Wait in the broker while we are slow or stopped; beyond, the oldest are dropped unseen. */
    WAITING_MAX = 10 * 1000,
    BINDINGS_MAX = 1000,
};

static volatile sig_atomic_t is_stopped;

static void stop(int signal)
{
    (void)signal;
    is_stopped = 1;
}

struct binding {
    const char *exchange, *key;
};

struct bindings {
    struct arena arena;
    struct binding *items;
    size_t count;
};

static enum outcome add_binding(struct bindings *bindings, const char *exchange, const char *key,
                                struct fault *fault)
{
    if (bindings->count == BINDINGS_MAX) {
        return fault_set(fault, REJECT, "more than %d bindings", BINDINGS_MAX);
    }
    if (bindings->items == NULL) {
        bindings->items = arena_alloc(&bindings->arena, BINDINGS_MAX * sizeof bindings->items[0]);
    }
    bindings->items[bindings->count++] =
        (struct binding){arena_text(&bindings->arena, exchange, strlen(exchange)),
                         arena_text(&bindings->arena, key, strlen(key))};
    return OK;
}

/* As they are given: each exchange with its key, or one exchange with several. */
static enum outcome bindings_given(const struct cli_call *call, struct bindings *bindings,
                                   struct fault *fault)
{
    const char *exchanges[CLI_GIVEN_MAX];
    const char *keys[CLI_GIVEN_MAX];
    size_t exchange_count = cli_list(call, "exchange", exchanges);
    size_t key_count = cli_list(call, "key", keys);
    if (key_count == 0 || (exchange_count != 1 && exchange_count != key_count)) {
        return fault_set(fault, REJECT,
                         "each --exchange needs its --key, or one --exchange several of them");
    }
    for (size_t i = 0; i < key_count; i++) {
        enum outcome o =
            add_binding(bindings, exchanges[exchange_count == 1 ? 0 : i], keys[i], fault);
        if (o != OK) {
            return o;
        }
    }
    return OK;
}

static const char *member_of(json_object *object, const char *key)
{
    json_object *member = NULL;
    return json_object_object_get_ex(object, key, &member) &&
                   json_object_is_type(member, json_type_string)
               ? json_object_get_string(member)
               : "";
}

static bool has_arguments(json_object *object)
{
    json_object *arguments = NULL;
    return json_object_object_get_ex(object, "arguments", &arguments) &&
           json_object_is_type(arguments, json_type_object) &&
           json_object_object_length(arguments) > 0;
}

static enum outcome read_bindings(json_object *list, const char *queue, struct bindings *bindings,
                                  struct fault *fault)
{
    size_t count = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
    enum outcome o = OK;
    for (size_t i = 0; i < count && o == OK; i++) {
        json_object *item = json_object_array_get_idx(list, i);
        const char *source = member_of(item, "source");
        if (source[0] == '\0') {
            continue; /* every queue has it, and nobody can bind to it */
        }
        o = has_arguments(item)
                ? fault_set(fault, REJECT,
                            "the binding of queue %s to exchange %s has arguments, which cannot be "
                            "bound beside; give --exchange and --key",
                            queue, source)
                : add_binding(bindings, source, member_of(item, "routing_key"), fault);
    }
    if (o == OK && bindings->count == 0) {
        o = fault_set(
            fault, REJECT,
            "queue %s is not there, or is bound to no exchange: nothing can be seen beside", queue);
    }
    return o;
}

/* As the broker has them. */
static enum outcome bindings_of_queue(struct management *management, const char *vhost,
                                      const char *queue, struct bindings *bindings,
                                      struct fault *fault)
{
    json_object *list = NULL;
    enum outcome o = management_call(management, "GET", NULL, &list, fault, "queues/%s/%s/bindings",
                                     vhost, queue);
    if (o == OK) {
        o = read_bindings(list, queue, bindings, fault);
    }
    (void)json_object_put(list);
    return o;
}

/* A parameter is a part of one word: the narrowest binding key is `*` for the word. */
static const char *binding_key(struct arena *arena, const char *address)
{
    AUTO(buffer_done) struct buffer key = {0};
    for (const char *word = address;;) {
        size_t length = strcspn(word, ".");
        bool has_parameter = memchr(word, '{', length) != NULL;
        buffer_add(&key, has_parameter ? "*" : word, has_parameter ? 1 : length);
        if (word[length] == '\0') {
            return arena_text(arena, buffer_cstr(&key), key.length);
        }
        buffer_byte(&key, '.');
        word += length + 1;
    }
}

/* As the contract of the service wants them, whose queue has its name. */
static enum outcome bindings_of_contract(const struct asyncapi *set, const char *queue,
                                         struct bindings *bindings, struct fault *fault)
{
    enum outcome o = OK;
    for (size_t d = 0; d < set->count; d++) {
        const struct asyncapi_document *document = &set->items[d];
        for (size_t i = 0; i < document->operation_count && o == OK; i++) {
            const struct asyncapi_operation *operation = &document->operations[i];
            const struct asyncapi_channel *channel = operation->channel;
            if (strcmp(document->service, queue) == 0 && !operation->is_send && channel != NULL &&
                channel->exchange != NULL && channel->exchange[0] != '\0' &&
                channel->address != NULL) {
                o = add_binding(bindings, channel->exchange,
                                binding_key(&bindings->arena, channel->address), fault);
            }
        }
    }
    if (o == OK && bindings->count == 0) {
        o = fault_set(
            fault, REJECT,
            "how queue %s is bound is not known: give --management-url, or --exchange and "
            "--key; no contract of a service %s hears anything",
            queue, queue);
    }
    return o;
}

/* The management API may be NULL: nobody has said where it is. */
static enum outcome find_bindings(const struct check_session *session,
                                  struct management *management, struct broker *broker,
                                  struct bindings *bindings, struct fault *fault)
{
    const struct cli_call *call = session->call;
    const char *queue = cli_text(call, "queue");
    if (cli_text(call, "exchange") != NULL || cli_text(call, "key") != NULL) {
        return bindings_given(call, bindings, fault);
    }
    return management != NULL
               ? bindings_of_queue(management, broker_vhost(broker), queue, bindings, fault)
               : bindings_of_contract(&session->set, queue, bindings, fault);
}

static enum outcome start(const struct check_session *session, struct management *management,
                          struct broker *broker, struct bindings *bindings, struct fault *fault)
{
    AUTO(free_text) char *ear = NULL;
    enum outcome o = find_bindings(session, management, broker, bindings, fault);
    if (o == OK) {
        o = broker_queue_temporary_bounded(broker, WAITING_MAX, &ear, fault);
    }
    for (size_t i = 0; i < bindings->count && o == OK; i++) {
        o = broker_bind(broker, ear, bindings->items[i].exchange, bindings->items[i].key, fault);
    }
    return o == OK ? broker_consume(broker, ear, PREFETCH, fault) : o;
}

/* Judging */

static void judge(struct check_session *session, const struct delivery *delivery)
{
    AUTO(buffer_done) struct buffer text = {0};
    struct json_object *properties = NULL;
    struct fault fault;
    const char *id = delivery->properties.message_id;
    AUTO(free_text)
    char *what = xasprintf("%s %s%s%s", delivery->exchange, delivery->routing_key,
                           id != NULL ? " " : "", id != NULL ? id : "");
    const struct check_source source = {.name = cli_text(session->call, "queue"),
                                        .number =
                                            session->report.allowed + session->report.refused + 1,
                                        .what = what};
    enum outcome o = broker_properties_json(delivery->properties.raw,
                                            delivery->properties.raw_length, &text, &fault);
    if (o == OK) {
        o = value_read(buffer_cstr(&text), text.length, &properties, &fault);
    }
    if (o != OK) {
        checker_refuse(&session->verdict, "the properties cannot be judged: %s", fault.text);
    } else if (delivery->body_sent > delivery->body_length) {
        checker_refuse(&session->verdict, "has %zu bytes, more than %d", delivery->body_sent,
                       BROKER_MESSAGE_MAX_BYTES);
    } else {
        struct check_message message = {.exchange = delivery->exchange,
                                        .routing_key = delivery->routing_key,
                                        .properties = properties,
                                        .body = delivery->body,
                                        .body_length = delivery->body_length};
        (void)json_object_object_get_ex(properties, "headers", &message.headers);
        checker_message(session->checker, &message, clock_now_ms(), &session->verdict);
    }
    check_report_verdict(&session->report, &source, &session->verdict);
    (void)json_object_put(properties);
}

struct end {
    int64_t count;       /* messages; 0: no limit */
    int64_t deadline_ms; /* monotonic; 0: none */
};

static bool is_over(const struct check_session *session, const struct end *end)
{
    int64_t judged = (int64_t)(session->report.allowed + session->report.refused);
    return is_stopped != 0 || (end->count > 0 && judged >= end->count) ||
           (end->deadline_ms > 0 && clock_monotonic_ms() >= end->deadline_ms);
}

static enum outcome listen_until(struct check_session *session, struct broker *broker,
                                 const struct end *end, struct fault *fault)
{
    enum outcome o = OK;
    while (o == OK && !is_over(session, end)) {
        struct delivery deliveries[TAKE];
        size_t count = 0;
        o = broker_take(broker, deliveries, TAKE, WAIT_MS, &count, fault);
        for (size_t i = 0; i < count && o == OK && !is_over(session, end); i++) {
            judge(session, &deliveries[i]);
        }
        if (o == OK && count > 0) {
            o = broker_ack(broker, deliveries[count - 1].tag, true, fault);
        }
        broker_release(broker);
    }
    return o;
}

static bool read_end(const struct cli_call *call, struct end *end)
{
    const char *duration = cli_text(call, "for");
    int64_t ms = 0;
    if (cli_text(call, "count") != NULL && !cli_int(call, "count", 1, INT64_MAX, &end->count)) {
        return false;
    }
    if (duration == NULL) {
        return true;
    }
    if (!text_duration_ms(duration, &ms) || ms <= 0) {
        (void)cli_fail(call, EXIT_USAGE, "--for is a duration such as 500ms, 30s or 5m");
        return false;
    }
    end->deadline_ms = clock_monotonic_ms() + ms;
    return true;
}

static void catch_signals(void)
{
    const struct sigaction action = {.sa_handler = stop};
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

int check_session_listen(struct check_session *session)
{
    const struct cli_call *call = session->call;
    AUTO(management_close_auto) struct management *management = NULL;
    struct broker *broker = NULL;
    struct bindings bindings = {0};
    struct end end = {0};
    struct fault fault;
    if (!read_end(call, &end)) {
        return EXIT_USAGE;
    }
    catch_signals();
    int code = access_broker(call, "quadrille contract check", &broker);
    if (code == EXIT_DONE && cli_text(call, "management-url") != NULL) {
        code = access_management(call, &management);
    }
    if (code != EXIT_DONE) {
        broker_close(broker);
        return code;
    }
    enum outcome o = start(session, management, broker, &bindings, &fault);
    if (o == OK) {
        (void)fprintf(stderr, "listening beside queue %s (%zu bindings); Ctrl-C ends\n",
                      cli_text(call, "queue"), bindings.count);
        o = listen_until(session, broker, &end, &fault);
        check_report_summary(&session->report);
    }
    broker_close(broker);
    arena_done(&bindings.arena);
    return o == OK ? EXIT_DONE : cli_fail(call, EXIT_FAILED, "%s", fault.text);
}
