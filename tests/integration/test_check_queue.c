/* SPDX-License-Identifier: Apache-2.0 */
#include "core/broker.h"
#include "core/buffer.h"
#include "core/clock.h"
#include "core/ids.h"
#include "core/memory.h"
#include "support/process.h"
#include "tools/management.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * `contract check --queue` beside a queue with traffic: every message still reaches its consumer,
 * the queue and its bindings stay as they are, and a broken message is named.
 */

enum { WAIT_MS = 20000 };

static const char QUEUE[] = "listener";
static const char EXCHANGE[] = "teller.events";
static const char TOLD[] = "teller.tale-told.v1";
static const char SWORN[] = "teller.oath-sworn.v1";

static char vhost[40], *url, *log_path;
static struct management *management;

static void must(enum outcome o, const struct fault *fault)
{
    ck_assert_msg(o == OK, "%s", fault->text);
}

/* A virtual host of this program's own. */

/* Behind amqp:// */
static const char *authority_of(const char *address)
{
    const char *start = strstr(address, "://");
    return start != NULL ? start + strlen("://") : address;
}

static char *user_of(const char *address)
{
    const char *start = authority_of(address);
    return xstrndup(start, strcspn(start, ":@"));
}

static bool open_vhost(const char *amqp, const char *management_url)
{
    struct fault fault = {0};
    const struct uuid id = ids_new();
    AUTO(free_text) char *user = user_of(amqp);
    const char *path = strchr(authority_of(amqp), '/');
    (void)snprintf(vhost, sizeof vhost, "check-%02x%02x%02x%02x", id.bytes[12], id.bytes[13],
                   id.bytes[14], id.bytes[15]);
    url = xasprintf("%.*s/%s", path != NULL ? (int)(path - amqp) : (int)strlen(amqp), amqp, vhost);
    log_path = xasprintf("/tmp/%s.log", vhost);
    json_object *all =
        json_tokener_parse("{\"configure\":\".*\",\"write\":\".*\",\"read\":\".*\"}");
    enum outcome o = management_open(management_url, &management, &fault);
    if (o == OK) {
        o = management_call(management, "PUT", NULL, NULL, &fault, "vhosts/%s", vhost);
    }
    if (o == OK) {
        o = management_call(management, "PUT", all, NULL, &fault, "permissions/%s/%s", vhost, user);
    }
    (void)json_object_put(all);
    if (o != OK) {
        (void)fprintf(stderr, "%s\n", fault.text);
    }
    return o == OK;
}

static void close_vhost(void)
{
    if (management_call(management, "DELETE", NULL, NULL, NULL, "vhosts/%s", vhost) != OK) {
        (void)fprintf(stderr, "%s stays\n", vhost);
    }
    management_close(management);
    (void)unlink(log_path);
    free(log_path);
    free(url);
}

static struct broker *connect_here(void)
{
    struct broker *broker = NULL;
    struct fault fault = {0};
    must(broker_open(&(struct broker_options){.url = url, .name = "test"}, &broker, &fault),
         &fault);
    return broker;
}

static char *bindings_now(void)
{
    json_object *list = NULL;
    struct fault fault = {0};
    must(management_call(management, "GET", NULL, &list, &fault, "queues/%s/%s/bindings", vhost,
                         QUEUE),
         &fault);
    char *text = xstrdup(json_object_to_json_string(list));
    (void)json_object_put(list);
    return text;
}

static struct broker *broker;

static void set_up(void)
{
    struct fault fault = {0};
    broker = connect_here();
    must(broker_exchange_declare(broker, EXCHANGE, "topic", false, &fault), &fault);
    must(broker_queue_declare(broker, QUEUE, "quorum", false, NULL, NULL, &fault), &fault);
    must(broker_bind(broker, QUEUE, EXCHANGE, TOLD, &fault), &fault);
    must(broker_bind(broker, QUEUE, EXCHANGE, SWORN, &fault), &fault);
    must(broker_confirm_select(broker, &fault), &fault);
    (void)unlink(log_path);
}

static void tear_down(void)
{
    struct fault fault = {0};
    must(broker_queue_delete(broker, QUEUE, &fault), &fault);
    broker_close(broker);
}

/* Traffic */

struct saying {
    const char *key, *type, *body;
};

#define TALE "{\"taleId\":\"01938f60-4d10-7b8e-a2f3-6c7d8e9f0a1b\",\"act\":\"believe\"}"

static const struct saying sayings[] = {
    {TOLD, "TaleTold", TALE},
    {TOLD, "TaleTold", "{\"taleId\":\"01938f60-4d10-7b8e-a2f3-6c7d8e9f0a1b\",\"act\":\"sekret\"}"},
    {SWORN, "OathSworn", TALE},
    {SWORN, "OathSworn", "{\"act\":"},
    {TOLD, "TaleTold", TALE},
};
enum { BAD_COUNT = 2 };

static void publish(const struct saying *saying)
{
    AUTO(buffer_done) struct buffer list = {0};
    struct fault fault = {0};
    uint64_t number = 0;
    const struct header headers[] = {{.name = "h", .text = "\xff"},
                                     {.name = "n", .number = 7, .is_number = true}};
    must(broker_properties_encode(&(struct properties){.content_type = "application/json",
                                                       .type = saying->type,
                                                       .headers = headers,
                                                       .header_count = COUNT_OF(headers)},
                                  &list, &fault),
         &fault);
    must(broker_publish(broker, EXCHANGE, saying->key, true, list.bytes, list.length, saying->body,
                        strlen(saying->body), &number, &fault),
         &fault);
}

static void publish_all(void)
{
    struct fault fault = {0};
    for (size_t i = 0; i < COUNT_OF(sayings); i++) {
        publish(&sayings[i]);
    }
    int64_t until = clock_monotonic_ms() + WAIT_MS;
    while (broker_unconfirmed(broker) > 0) {
        ck_assert_msg(clock_monotonic_ms() < until, "not confirmed");
        must(broker_wait(broker, -1, 100, &fault), &fault);
    }
}

/* Each one, once, in its order. */
static void consume_all(void)
{
    struct fault fault = {0};
    struct broker *consumer = connect_here();
    size_t come = 0;
    must(broker_consume(consumer, QUEUE, 100, &fault), &fault);
    while (come < COUNT_OF(sayings)) {
        struct delivery deliveries[COUNT_OF(sayings)];
        size_t count = 0;
        must(broker_take(consumer, deliveries, COUNT_OF(deliveries), WAIT_MS, &count, &fault),
             &fault);
        ck_assert_msg(count > 0, "only %zu messages came", come);
        for (size_t i = 0; i < count; i++, come++) {
            ck_assert_uint_eq(deliveries[i].body_length, strlen(sayings[come].body));
            ck_assert_int_eq(
                memcmp(deliveries[i].body, sayings[come].body, deliveries[i].body_length), 0);
            ck_assert(!deliveries[i].is_redelivered);
            must(broker_ack(consumer, deliveries[i].tag, false, &fault), &fault);
        }
        broker_release(consumer);
    }
    broker_close(consumer);
}

/* The command */

enum { ARGUMENTS_MAX = 24 };

static pid_t start(const char *const *more, const char *variable)
{
    AUTO(free_text) char *amqp = xasprintf("AMQP_URL=%s", url);
    const char *argv[ARGUMENTS_MAX] = {getenv("QUADRILLE_BIN"), "contract",          "check",
                                       "--contracts",           getenv("CONTRACTS"), "--queue"};
    for (size_t i = 0; more[i] != NULL && i + 7 < ARGUMENTS_MAX; i++) {
        argv[6 + i] = more[i];
    }
    return process_start(argv, (const char *const[]){amqp, variable, NULL}, log_path);
}

static char *read_log(void)
{
    struct buffer text = {0};
    FILE *file = fopen(log_path, "re");
    char block[4096];
    size_t length = 0;
    while (file != NULL && (length = fread(block, 1, sizeof block, file)) > 0) {
        buffer_add(&text, block, length);
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    char *copy = xstrdup(buffer_cstr(&text));
    buffer_done(&text);
    return copy;
}

static void expect(const char *output, const char *says)
{
    ck_assert_msg(strstr(output, says) != NULL, "does not say %s:\n%s", says, output);
}

static void await_log(pid_t pid, const char *says)
{
    int64_t until = clock_monotonic_ms() + WAIT_MS;
    for (;;) {
        AUTO(free_text) char *output = read_log();
        if (strstr(output, says) != NULL) {
            return;
        }
        ck_assert_msg(process_is_alive(pid) && clock_monotonic_ms() < until, "never says %s: %s",
                      says, output);
        clock_sleep_ms(10);
    }
}

static int code_of(int status)
{
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at += strlen(part)) {
        count++;
    }
    return count;
}

/* Where the bindings come from. */
static const struct {
    const char *variable; /* "NAME" takes it away */
    const char *arguments[10];
} sources[] = {
    {"CHECKED=1", {"listener", "--json", "--count", "5"}},
    {"MANAGEMENT_URL", {"listener", "--json", "--count", "5"}},
    {"MANAGEMENT_URL",
     {"other", "--json", "--count", "5", "--exchange", "teller.events", "--key", "teller.#"}},
};

START_TEST(every_message_is_judged_and_still_reaches_its_consumer)
{
    AUTO(free_text) char *before = bindings_now();
    pid_t pid = start(sources[_i].arguments, sources[_i].variable);
    await_log(pid, "listening beside queue");
    publish_all();
    ck_assert_int_eq(code_of(process_wait(pid, WAIT_MS)), 1);
    AUTO(free_text) char *output = read_log();
    ck_assert_msg(count_of(output, "\"verdict\":\"ok\"") == COUNT_OF(sayings) - BAD_COUNT &&
                      count_of(output, "\"verdict\":\"bad\"") == BAD_COUNT,
                  "%s", output);
    expect(output, "\"message\":\"teller.TaleTold\",\"errors\":[{\"part\":\"payload\",\"instance\":"
                   "\"/act\",\"schema\":\"/components/schemas/Act/enum\"");
    expect(output, "\"message\":\"teller.OathSworn\",\"errors\":[{\"part\":\"payload\","
                   "\"instance\":\"\",\"text\":\"is not valid JSON");
    expect(output, "{\"summary\":{\"allowed\":3,\"refused\":2,\"reasons\":[{\"reason\":");
    ck_assert_ptr_null(strstr(output, "sekret"));
    consume_all();
    AUTO(free_text) char *after = bindings_now();
    ck_assert_str_eq(before, after);
    uint32_t messages = 1;
    struct fault fault = {0};
    must(broker_queue_declare(broker, QUEUE, "quorum", true, &messages, NULL, &fault), &fault);
    ck_assert_uint_eq(messages, 0);
}
END_TEST

START_TEST(it_ends_when_it_is_interrupted_and_sums_up)
{
    pid_t pid = start((const char *const[]){"listener", NULL}, "CHECKED=1");
    await_log(pid, "listening beside queue listener (2 bindings)");
    publish_all();
    publish_all();
    await_log(pid, "listener:10");
    ck_assert_int_eq(code_of(process_end(pid, SIGINT, WAIT_MS)), 1);
    AUTO(free_text) char *output = read_log();
    expect(output, "ok   listener:1  teller.TaleTold  teller.events teller.tale-told.v1\n");
    expect(output, "bad  listener:2  teller.TaleTold");
    expect(output, "10 judged: 6 allowed, 4 not\n");
    expect(output, "        2  teller.TaleTold: payload /act: ");
    expect(output, "        2  teller.OathSworn: payload: ");
}
END_TEST

static const struct {
    const char *variable;
    int code;
    const char *says;
    const char *arguments[10];
} refusals[] = {
    {"CHECKED=1", 1, "no message came: nothing was judged", {"listener", "--for", "200ms"}},
    {"CHECKED=1", 1, "queue nobody is not there", {"nobody", "--for", "200ms"}},
    {"MANAGEMENT_URL", 1, "how queue nobody is bound is not known", {"nobody", "--for", "200ms"}},
    {"CHECKED=1", 1, "or is bound to no exchange", {"lonely", "--for", "200ms"}},
    {"CHECKED=1", 1, "has arguments, which cannot be bound beside", {"picky", "--for", "200ms"}},
    {"CHECKED=1", 1, "each --exchange needs its --key", {"listener", "--exchange", "a"}},
    {"CHECKED=1",
     1,
     "NOT_FOUND - no exchange 'nowhere'",
     {"listener", "--exchange", "nowhere", "--key", "a", "--for", "200ms"}},
    {"CHECKED=1", 2, "--for is a duration", {"listener", "--for", "soon"}},
    {"CHECKED=1", 2, "--count must be an integer", {"listener", "--count", "0"}},
    {"CHECKED=1", 2, "--queue reads no files", {"listener", "a.json"}},
    {"AMQP_URL", 2, "--url URL is needed", {"listener"}},
};

static void declare_others(void)
{
    struct fault fault = {0};
    json_object *arguments = json_tokener_parse("{\"arguments\":{\"x-match\":\"all\",\"a\":1}}");
    must(broker_queue_declare(broker, "lonely", "classic", false, NULL, NULL, &fault), &fault);
    must(broker_queue_declare(broker, "picky", "classic", false, NULL, NULL, &fault), &fault);
    must(management_call(management, "POST", arguments, NULL, &fault,
                         "bindings/%s/e/amq.headers/q/picky", vhost),
         &fault);
    (void)json_object_put(arguments);
}

START_TEST(what_cannot_be_listened_to_is_told)
{
    declare_others();
    pid_t pid = start(refusals[_i].arguments, refusals[_i].variable);
    int code = code_of(process_wait(pid, WAIT_MS));
    AUTO(free_text) char *output = read_log();
    ck_assert_msg(code == refusals[_i].code, "ended with %d: %s", code, output);
    expect(output, refusals[_i].says);
}
END_TEST

int main(void)
{
    const char *amqp = getenv("AMQP_URL");
    const char *management_url = getenv("MANAGEMENT_URL");
    if (amqp == NULL || management_url == NULL) {
        (void)puts("1..0 # SKIP no servers: AMQP_URL and MANAGEMENT_URL are not set");
        return EXIT_SUCCESS;
    }
    if (!open_vhost(amqp, management_url)) {
        return EXIT_FAILURE;
    }
    Suite *suite = suite_create("check_queue");
    TCase *tcase = tcase_create("check_queue");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, every_message_is_judged_and_still_reaches_its_consumer, 0,
                        COUNT_OF(sources));
    tcase_add_test(tcase, it_ends_when_it_is_interrupted_and_sums_up);
    tcase_add_loop_test(tcase, what_cannot_be_listened_to_is_told, 0, COUNT_OF(refusals));
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    close_vhost();
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
