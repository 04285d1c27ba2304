/* SPDX-License-Identifier: Apache-2.0 */
#include "core/broker.h"
#include "core/buffer.h"
#include "core/clock.h"
#include "core/ids.h"
#include "core/memory.h"
#include "core/text.h"
#include "support/dead_letters.h"
#include "support/process.h"
#include "tools/dlq/letter.h"
#include "tools/management.h"

#include <check.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

/*
 * The reading half of `quadrille dlq` on queues filled with letters of every family: each command
 * finds what it is asked for, and leaves every byte in its place, in its order.
 */

enum { WAIT_MS = 60000, LETTERS_MAX = 4096, BOMB_BYTES = 64 * 1024 * 1024, HUGE_BYTES = 1 << 20 };

static char vhost[40], *url, *management_url, *folder, *log_path;
static struct management *management;
static struct broker *broker;

static void must(enum outcome o, const struct fault *fault)
{
    ck_assert_msg(o == OK, "%s", fault->text);
}

/* A virtual host of this program's own. */

static bool open_vhost(const char *amqp)
{
    struct fault fault = {0};
    const struct uuid id = ids_new();
    const char *authority = strstr(amqp, "://") + 3;
    AUTO(free_text) char *user = xstrndup(authority, strcspn(authority, ":@"));
    (void)snprintf(vhost, sizeof vhost, "dlq-%02x%02x%02x%02x", id.bytes[12], id.bytes[13],
                   id.bytes[14], id.bytes[15]);
    url = xasprintf("%.*s/%s", (int)(authority - amqp + (ptrdiff_t)strcspn(authority, "/")), amqp,
                    vhost);
    folder = xasprintf("/tmp/%s", vhost);
    log_path = xasprintf("%s/log", folder);
    json_object *all =
        json_tokener_parse("{\"configure\":\".*\",\"write\":\".*\",\"read\":\".*\"}");
    enum outcome o = mkdir(folder, 0700) == 0 ? management_open(management_url, &management, &fault)
                                              : fault_set(&fault, FATAL, "%s", folder);
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
    (void)rmdir(folder);
    free(folder);
    free(log_path);
    free(url);
}

static void put_policy(const char *name, const char *json)
{
    struct fault fault = {0};
    json_object *body = json_tokener_parse(json);
    must(management_call(management, "PUT", body, NULL, &fault, "policies/%s/%s", vhost, name),
         &fault);
    (void)json_object_put(body);
}

static struct broker *connect_here(const char *name)
{
    struct broker *opened = NULL;
    struct fault fault = {0};
    must(broker_open(&(struct broker_options){.url = url, .name = name}, &opened, &fault), &fault);
    return opened;
}

/* Where messages come back to differs, so each command is tried on each kind. */
static const struct {
    const char *name, *type;
    bool is_tail; /* what comes back goes to the end (RabbitMQ 3 without a limit) */
} queues[] = {
    {"limited.dlq", "quorum", false},
    {"plain.dlq", "quorum", true},
    {"classic.dlq", "classic", false},
};

static void set_up(void)
{
    struct fault fault = {0};
    broker = connect_here("test");
    put_policy("limited", "{\"pattern\":\"^limited\",\"apply-to\":\"queues\",\"definition\":{"
                          "\"delivery-limit\":2147483647}}");
    for (size_t i = 0; i < COUNT_OF(queues); i++) {
        must(
            broker_queue_declare(broker, queues[i].name, queues[i].type, false, NULL, NULL, &fault),
            &fault);
    }
    must(broker_confirm_select(broker, &fault), &fault);
    (void)unlink(log_path);
}

static void tear_down(void)
{
    struct fault fault = {0};
    for (size_t i = 0; i < COUNT_OF(queues); i++) {
        must(broker_queue_delete(broker, queues[i].name, &fault), &fault);
    }
    broker_close(broker);
}

/* Letters */

/* Bodies that are not just text, and headers that a terminal would obey. */
#define ESCAPES                                                                                    \
    "\x1b[2J\x1b]0;owned\x07\xc2\x9b"                                                              \
    "31m\xe2\x80\xae"
/* clang-format off */
static const struct dead_letter_sample strange[] = {
    {.family = "Spring", .message_id = "esc-" ESCAPES, .type = "T" ESCAPES,
     .headers = {{'S', "x-exception-message", "obey " ESCAPES, 0},
                 {'S', "x-exception-stacktrace", "E" ESCAPES ": x\n\tat " ESCAPES, 0},
                 {'S', "h" ESCAPES, ESCAPES, 0}, {'F', "f", NULL, 0}, {'S', ESCAPES, ESCAPES, 0}, {'E', "", NULL, 0}},
     .body = "text " ESCAPES},
    {.family = "", .message_id = "json-escapes", .type = "json", .content_type = "application/json",
     .body = "{\"a\":\"\xc2\x9b" "31m\xe2\x80\xae\",\"b\":[1,2.50]}"},
    {.family = "", .message_id = "empty", .body = ""},
    {.family = "", .message_id = "invalid", .body = "caf\xe9 \xff\xfe \xed\xa0\x80 and more text than that"},
};
/* clang-format on */

struct body {
    const char *id;
    const char *encoding;
    char *bytes;
    size_t length;
};

enum { MADE = 4 };
static struct body made[MADE];

static size_t gzip(const char *bytes, size_t length, char *out, size_t room)
{
    z_stream stream = {.next_in = (Bytef *)bytes,
                       .avail_in = (uInt)length,
                       .next_out = (Bytef *)out,
                       .avail_out = (uInt)room};
    if (deflateInit2(&stream, 9, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK ||
        deflate(&stream, Z_FINISH) != Z_STREAM_END) {
        abort();
    }
    (void)deflateEnd(&stream);
    return room - stream.avail_out;
}

static void make_bodies(void)
{
    static const char packed[] = "{\"packed\":[1,2,3]}";
    AUTO(free_text) char *zeros = xcalloc(1, BOMB_BYTES);
    made[0] = (struct body){"binary", NULL, xmalloc(256), 256};
    for (int i = 0; i < 256; i++) {
        made[0].bytes[i] = (char)(i - 128);
    }
    made[1] = (struct body){"gzip", "gzip", xmalloc(1024), 0};
    made[1].length = gzip(packed, strlen(packed), made[1].bytes, 1024);
    made[2] = (struct body){"bomb", "gzip", xmalloc(HUGE_BYTES), 0};
    made[2].length = gzip(zeros, BOMB_BYTES, made[2].bytes, HUGE_BYTES);
    made[3] = (struct body){"huge", NULL, xmalloc(HUGE_BYTES), HUGE_BYTES};
    memset(made[3].bytes, 'h', HUGE_BYTES);
}

/* What was published, in its order. */
static uint8_t prints[LETTERS_MAX][LETTER_FINGERPRINT_BYTES];
static size_t print_count;

static void note(const struct delivery *delivery, uint8_t out[LETTER_FINGERPRINT_BYTES])
{
    AUTO(arena_done) struct arena arena = {0};
    struct letter letter;
    letter_read(delivery, &arena, &letter);
    memcpy(out, letter.fingerprint, LETTER_FINGERPRINT_BYTES);
}

static void await_confirms(void)
{
    struct fault fault = {0};
    while (broker_unconfirmed(broker) > 0) {
        must(broker_wait(broker, -1, 100, &fault), &fault);
    }
}

static void publish(const char *queue, const struct dead_letter_sample *sample, const char *body,
                    size_t length)
{
    AUTO(buffer_done) struct buffer list = {0};
    AUTO(arena_done) struct arena arena = {0};
    struct fault fault = {0};
    uint64_t number = 0;
    struct delivery delivery = {.exchange = "",
                                .routing_key = queue,
                                .body = body,
                                .body_length = length,
                                .body_sent = length};
    dead_letter_properties(sample, &list);
    must(broker_properties_decode(list.bytes, list.length, &arena, &delivery.properties, &fault),
         &fault);
    ck_assert_uint_lt(print_count, LETTERS_MAX);
    note(&delivery, prints[print_count++]);
    must(broker_publish(broker, "", queue, true, list.bytes, list.length, body, length, &number,
                        &fault),
         &fault);
}

/* All samples, the strange ones, then plain ones up to `count`. */
static void fill(const char *queue, size_t count)
{
    print_count = 0;
    for (size_t i = 0; i < dead_letter_sample_count; i++) {
        publish(queue, &dead_letter_samples[i], dead_letter_samples[i].body,
                strlen(dead_letter_samples[i].body));
    }
    for (size_t i = 0; i < COUNT_OF(strange); i++) {
        publish(queue, &strange[i], strange[i].body, strlen(strange[i].body));
    }
    for (size_t i = 0; i < MADE; i++) {
        const struct dead_letter_sample sample = {.message_id = made[i].id,
                                                  .content_encoding = made[i].encoding};
        publish(queue, &sample, made[i].bytes, made[i].length);
    }
    while (print_count < count) {
        char body[32];
        (void)snprintf(body, sizeof body, "{\"n\":%zu}", print_count);
        struct dead_letter_sample sample = dead_letter_samples[0];
        sample.message_id = body;
        publish(queue, &sample, body, strlen(body));
    }
    await_confirms();
}

/* Everything that was published is there, byte for byte, once and in its order. */
static void check_queue(const char *queue)
{
    struct fault fault = {0};
    struct broker *consumer = connect_here("check");
    size_t come = 0;
    must(broker_consume(consumer, queue, 1000, &fault), &fault);
    while (come < print_count) {
        struct delivery deliveries[64];
        size_t count = 0;
        must(broker_take(consumer, deliveries, COUNT_OF(deliveries), WAIT_MS, &count, &fault),
             &fault);
        ck_assert_msg(count > 0, "only %zu of %zu are there", come, print_count);
        for (size_t i = 0; i < count; i++, come++) {
            uint8_t print[LETTER_FINGERPRINT_BYTES];
            note(&deliveries[i], print);
            ck_assert_msg(memcmp(print, prints[come], sizeof print) == 0,
                          "number %zu in queue %s is another", come, queue);
        }
        must(broker_ack(consumer, deliveries[count - 1].tag, true, &fault), &fault);
        broker_release(consumer);
    }
    /* RabbitMQ keeps acks back when many are under way, and forgets these when the channel ends. */
    clock_sleep_ms(100);
    must(broker_tick(consumer, &fault), &fault);
    broker_close(consumer);
    uint32_t left = 1;
    must(broker_queue_declare(broker, queue, NULL, true, &left, NULL, &fault), &fault);
    ck_assert_uint_eq(left, 0);
}

/* The command */

enum { ARGUMENTS_MAX = 20 };

static pid_t start(const char *const *more)
{
    AUTO(free_text) char *amqp = xasprintf("AMQP_URL=%s", url);
    const char *argv[ARGUMENTS_MAX] = {getenv("QUADRILLE_BIN"), "dlq"};
    for (size_t i = 0; more[i] != NULL && i + 3 < ARGUMENTS_MAX; i++) {
        argv[2 + i] = more[i];
    }
    (void)unlink(log_path);
    return process_start(argv, (const char *const[]){amqp, "QUADRILLE_PROFILE", NULL}, log_path);
}

/* Yours; with its length, because there may be a NUL where there must be none. */
static char *read_file(const char *path, size_t *length)
{
    struct buffer text = {0};
    FILE *file = fopen(path, "re");
    char block[4096];
    size_t got = 0;
    while (file != NULL && (got = fread(block, 1, sizeof block, file)) > 0) {
        buffer_add(&text, block, got);
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    (void)buffer_cstr(&text);
    *length = text.length;
    return text.bytes;
}

/* Runs it; nothing of what it says may be obeyed by a terminal. Yours. */
static char *run(const char *const *arguments, int code)
{
    size_t length = 0;
    int status = process_wait(start(arguments), WAIT_MS);
    char *output = read_file(log_path, &length);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == code, "ended with %d: %.1500s",
                  WIFEXITED(status) ? WEXITSTATUS(status) : -1, output);
    ck_assert_msg(text_is_utf8(output, length, NULL), "no UTF-8: %s", output);
    for (size_t i = 0; i < length; i++) {
        bool is_space = output[i] == '\n' || output[i] == '\t';
        ck_assert_msg((unsigned char)output[i] >= ' ' || is_space, "0x%02x in: %s", output[i],
                      output);
    }
    ck_assert_ptr_null(strstr(output, "\xc2\x9b"));
    ck_assert_ptr_null(strstr(output, "\xe2\x80\xae"));
    return output;
}

static void expect(const char *output, const char *says)
{
    ck_assert_msg(strstr(output, says) != NULL, "does not say %s:\n%.1500s", says, output);
}

static const char *const readings[][ARGUMENTS_MAX] = {
    {"groups", NULL},
    {"groups", NULL, "--json"},
    {"show", NULL},
    {"show", NULL, "--limit", "100000"},
    {"show", NULL, "--n", "7", "--json"},
    {"grep", NULL, "--reason", "not known"},
    {"grep", NULL, "--limit", "3", "--bodies"},
    {"grep", NULL, "--json", "--bodies"},
    {"export", NULL},
};

/* One after the other: what the first one changes, the second one would find. */
START_TEST(reading_commands_leave_bytes_and_order)
{
    enum { COUNT = 300 };
    fill(queues[_i].name, COUNT);
    for (size_t i = 0; i < COUNT_OF(readings); i++) {
        const char *arguments[ARGUMENTS_MAX];
        memcpy(arguments, readings[i], sizeof arguments);
        arguments[1] = queues[_i].name;
        free(run(arguments, 0));
    }
    check_queue(queues[_i].name);
}
END_TEST

/* More than one consumer's share. */
START_TEST(a_long_queue_keeps_its_order)
{
    enum { COUNT = 4000 };
    fill(queues[_i].name, COUNT);
    AUTO(free_text)
    char *output = run((const char *const[]){"groups", queues[_i].name, "--json", NULL}, 0);
    expect(output, "\"ready\":4000,\"seen\":4000,\"selected\":4000");
    check_queue(queues[_i].name);
}
END_TEST

START_TEST(an_interrupted_pass_returns_everything_in_order)
{
    enum { COUNT = 4000 };
    struct fault fault = {0};
    uint32_t ready = COUNT;
    fill(queues[_i].name, COUNT);
    pid_t pid = start((const char *const[]){"groups", queues[_i].name, NULL});
    for (int64_t until = clock_monotonic_ms() + WAIT_MS;
         ready == COUNT && process_is_alive(pid) && clock_monotonic_ms() < until;) {
        must(broker_queue_declare(broker, queues[_i].name, NULL, true, &ready, NULL, &fault),
             &fault);
    }
    int status = process_end(pid, SIGINT, WAIT_MS);
    /* 0: it was faster than the signal */
    ck_assert_msg(WIFEXITED(status) && (WEXITSTATUS(status) == 3 || WEXITSTATUS(status) == 0), "%x",
                  status);
    check_queue(queues[_i].name);
}
END_TEST

static const struct {
    const char *says[4];
    const char *arguments[ARGUMENTS_MAX];
    int code;
} sayings[] = {
    {{"\"cause\":\"System.TimeoutException\"", "\"normal_reason\":\"no answer from <ip> in <n> s\"",
      "\"most_returns\":3", "\"failed_queue\":\"submit-order\""},
     {"groups", "limited.dlq", "--json"}},
    {{"upgrade <n> is not known", "sent back up to 2 times", "24 of 24 messages in"},
     {"groups", "limited.dlq"}},
    {{"1 of 24 messages in 1 groups"}, {"groups", "limited.dlq", "--id", "gzip"}},
    {{"reason           upgrade 4711 is not known  Quadrille: quadrille-failure-reason",
      "returns          2", "    - \n      count: 9\n", "  \"amount\": 12.50\n"},
     {"show", "limited.dlq"}},
    {{"compressed JSON", "\"packed\": [\n    1,\n"}, {"show", "limited.dlq", "gzip"}},
    {{"compressed binary", "decompressed no further than 4194304 bytes"},
     {"show", "limited.dlq", "bomb"}},
    {{"256 bytes, binary", "00000080  00 01 02 03 04 05 06 07  08 09"},
     {"show", "limited.dlq", "binary"}},
    {{"0 bytes, empty"}, {"show", "limited.dlq", "empty"}},
    {{"caf\\xe9 \\xff\\xfe \\xed\\xa0\\x80 and"}, {"show", "limited.dlq", "invalid"}},
    {{"1048576 bytes, text", "… 983040 bytes more"}, {"show", "limited.dlq", "huge"}},
    {{"obey \\x1b[2J\\x1b]0;owned\\x07\\u{9b}31m\\u{202e}", "h\\x1b[2J"},
     {"show", "limited.dlq", "--type", "T" ESCAPES}},
    {{"\"a\": \"\\u{9b}31m\\u{202e}\""}, {"show", "limited.dlq", "json-escapes"}},
    {{"\\\"a\\\":\\\"\\u009b31m\\u202e\\\""}, {"show", "limited.dlq", "json-escapes", "--json"}},
    {{"no message of 24 is meant by this"}, {"show", "limited.dlq", "nobody"}, 1},
};

START_TEST(what_is_asked_is_said)
{
    fill("limited.dlq", 0);
    for (size_t k = 0; k < COUNT_OF(sayings); k++) {
        AUTO(free_text) char *output = run(sayings[k].arguments, sayings[k].code);
        for (size_t i = 0; i < COUNT_OF(sayings[k].says) && sayings[k].says[i] != NULL; i++) {
            expect(output, sayings[k].says[i]);
        }
    }
    check_queue("limited.dlq");
}
END_TEST

/* How many lines `grep` has. */
static const struct {
    const char *arguments[8];
    size_t count;
    int code; /* 0: as `count` says */
} selections[] = {
    {{"--reason", "NOT KNOWN"}, 1},
    {{"--class", "rejected"}, 4},
    {{"--class", "TimeoutException"}, 1},
    {{"--class", "Timeout"}, 0},
    {{"--type", "PaymentCompleted"}, 1},
    {{"--type", "fit.billing.PaymentCompleted.v1"}, 1},
    {{"--type", "Payment"}, 0},
    {{"--since", "2026-11-23T07:05:00Z", "--until", "2026-11-23T07:05:00.001Z"}, 9},
    {{"--until", "2026-11-23T07:05:00Z"}, 0},
    {{"--since", "2026-11-24"}, 0},
    {{"--header", "MT-Reason=fault"}, 1},
    {{"--header", "MT-Reason"}, 1},
    {{"--header", "MT-Reason=other"}, 0},
    {{"--header", "rascal.error.code=ECONNREFUSED"}, 1},
    {{"--header", "quadrille-attempts=5"}, 1},
    {{"--pointer", "/message/sku=A-17"}, 1},
    {{"--pointer", "/amount=12.50"}, 1},
    {{"--pointer", "/amount=12.5"}, 0},
    {{"--pointer", "/b/1"}, 1},
    {{"--body", "^\\{\"amount\":\\d+"}, 1},
    {{"--body", "(h+)+x"}, 0, 3}, /* gives up on it */
    {{"--id", "gzip", "--id", "bomb"}, 2},
    {{"--limit", "5"}, 5},
    {{"--type", "order", "--class", "rejected", "--pointer", "/x"}, 0},
};

static void check_selection(size_t row)
{
    const char *arguments[ARGUMENTS_MAX] = {"grep", "limited.dlq"};
    size_t lines = 0;
    memcpy(arguments + 2, selections[row].arguments, sizeof selections[row].arguments);
    int code = selections[row].code > 0 ? selections[row].code : selections[row].count == 0;
    AUTO(free_text) char *output = run(arguments, code);
    for (const char *at = output; (at = strchr(at, '\n')) != NULL; at++) {
        lines++;
    }
    ck_assert_msg(lines == selections[row].count || code != 0, "%s %s: %zu lines:\n%.1000s",
                  arguments[2], arguments[3], lines, output);
}

START_TEST(a_selection_takes_what_it_says)
{
    fill("limited.dlq", 0);
    for (size_t i = 0; i < COUNT_OF(selections); i++) {
        check_selection(i);
    }
    check_queue("limited.dlq");
}
END_TEST

static const struct {
    const char *arguments[ARGUMENTS_MAX];
    int code;
    const char *says;
} refusals[] = {
    {{"groups"}, 2, "which QUEUE?"},
    {{"groups", "nowhere"}, 1, "NOT_FOUND - no queue 'nowhere'"},
    {{"groups", "no\x1bwhere"}, 1, "no queue 'no\\x1bwhere'"},
    {{"groups", "a", "b"}, 2, "'b' is one argument too many"},
    {{"grep", "limited.dlq", "--pointer", "a=1"}, 2, "begins with a slash"},
    {{"grep", "limited.dlq", "--body", "("}, 2, "--body:"},
    {{"grep", "limited.dlq", "--since", "soon"}, 2, "--since and --until take a time"},
    {{"grep", "limited.dlq", "--older-than", "1h", "--until", "2h"}, 2, "takes the place of"},
    {{"grep", "limited.dlq", "--limit", "0"}, 2, "--limit must be an integer"},
    {{"show", "limited.dlq", "x", "--n", "1"}, 2, "either ID or --n N"},
    {{"export", "limited.dlq", "/nowhere/at/all"}, 1, "No such file or directory"},
};

START_TEST(what_cannot_be_done_is_said)
{
    for (size_t i = 0; i < COUNT_OF(refusals); i++) {
        AUTO(free_text) char *output = run(refusals[i].arguments, refusals[i].code);
        expect(output, refusals[i].says);
    }
}
END_TEST

static void check_member(json_object *line, const char *name, const char *bytes, size_t length)
{
    json_object *value = NULL;
    ck_assert(json_object_object_get_ex(line, name, &value));
    const char *text = json_object_get_string(value);
    size_t room = strlen(text) + 1;
    AUTO(free_text) char *decoded = xmalloc(room);
    size_t got = 0;
    ck_assert_int_eq(sodium_base642bin((unsigned char *)decoded, room, text, strlen(text), NULL,
                                       &got, NULL, sodium_base64_VARIANT_ORIGINAL),
                     0);
    ck_assert_uint_eq(got, length);
    ck_assert_int_eq(memcmp(decoded, bytes, length), 0);
}

START_TEST(an_export_is_byte_exact_and_private)
{
    AUTO(free_text) char *path = xasprintf("%s/letters.jsonl", folder);
    const char *const arguments[] = {"export", "limited.dlq", path, NULL};
    struct stat status;
    size_t length = 0;
    size_t count = 0;
    fill("limited.dlq", 0);
    AUTO(free_text) char *output = run(arguments, 0);
    expect(output, "24 letters");
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0600);
    AUTO(free_text) char *again = run(arguments, 1);
    expect(again, "there is such a file already");
    AUTO(free_text) char *text = read_file(path, &length);
    (void)unlink(path);
    for (char *at = text, *end = NULL; (end = strchr(at, '\n')) != NULL; at = end + 1, count++) {
        *end = '\0';
        json_object *line = json_tokener_parse(at);
        ck_assert_ptr_nonnull(line);
        AUTO(buffer_done) struct buffer list = {0};
        size_t made_from = dead_letter_sample_count + COUNT_OF(strange);
        if (count < dead_letter_sample_count) {
            dead_letter_properties(&dead_letter_samples[count], &list);
            check_member(line, "body_base64", dead_letter_samples[count].body,
                         strlen(dead_letter_samples[count].body));
        } else if (count >= made_from && count < made_from + MADE) {
            check_member(line, "body_base64", made[count - made_from].bytes,
                         made[count - made_from].length);
        }
        (void)json_object_put(line);
    }
    ck_assert_uint_eq(count, print_count);
    check_queue("limited.dlq");
}
END_TEST

START_TEST(what_somebody_else_holds_is_not_called_empty)
{
    struct fault fault = {0};
    const char *const arguments[] = {"groups", "limited.dlq", NULL};
    fill("limited.dlq", 0);
    struct broker *holder = connect_here("the one who holds");
    size_t held = 0;
    must(broker_consume(holder, "limited.dlq", 1000, &fault), &fault);
    while (held < print_count) {
        struct delivery deliveries[64];
        size_t count = 0;
        must(broker_take(holder, deliveries, 64, WAIT_MS, &count, &fault), &fault);
        ck_assert_uint_gt(count, 0);
        held += count;
        broker_release(holder);
    }
    /* the management API learns of it within five seconds */
    int64_t until = clock_monotonic_ms() + WAIT_MS;
    for (;;) {
        AUTO(free_text) char *output = run(arguments, 0);
        expect(output, "no message of queue limited.dlq is ready");
        ck_assert_ptr_null(strstr(output, "empty"));
        if (strstr(output, "24 held by connection the one who holds, 127.0.0.1:") != NULL) {
            break;
        }
        ck_assert_msg(clock_monotonic_ms() < until, "%s", output);
        must(broker_wait(holder, -1, 300, &fault), &fault);
    }
    broker_close(holder);
}
END_TEST

START_TEST(looking_that_costs_something_is_warned_of)
{
    AUTO(free_text)
    char *free_of_cost = run((const char *const[]){"groups", "limited.dlq", NULL}, 0);
    ck_assert_ptr_null(strstr(free_of_cost, "delivery limit"));
    put_policy("limited", "{\"pattern\":\"^limited\",\"apply-to\":\"queues\",\"definition\":{"
                          "\"delivery-limit\":20}}");
    int64_t until = clock_monotonic_ms() + WAIT_MS;
    for (;;) {
        AUTO(free_text)
        char *output = run((const char *const[]){"groups", "limited.dlq", NULL}, 0);
        if (strstr(output, "each look counts against the delivery limit of queue limited.dlq, "
                           "which is 20 (policy limited)") != NULL) {
            expect(output, "rabbitmqctl set_policy");
            break;
        }
        ck_assert_msg(clock_monotonic_ms() < until, "%s", output);
        clock_sleep_ms(200);
    }
}
END_TEST

START_TEST(dead_letter_queues_are_found)
{
    struct fault fault = {0};
    json_object *arguments = json_tokener_parse(
        "{\"durable\":true,\"arguments\":{\"x-dead-letter-exchange\":\"graves\"}}");
    must(broker_exchange_declare(broker, "graves", "fanout", false, &fault), &fault);
    must(broker_queue_declare(broker, "cemetery", "quorum", false, NULL, NULL, &fault), &fault);
    must(broker_queue_declare(broker, "ordinary", "quorum", false, NULL, NULL, &fault), &fault);
    must(broker_bind(broker, "cemetery", "graves", "", &fault), &fault);
    must(management_call(management, "PUT", arguments, NULL, &fault, "queues/%s/%s", vhost,
                         "worker"),
         &fault);
    (void)json_object_put(arguments);
    AUTO(free_text) char *new = run((const char *const[]){"ls", "--match", "ord*", NULL}, 0);
    expect(new, "ordinary"); /* nothing is known of it yet, which is no number */
    ck_assert_ptr_null(strstr(new, "-1"));
    fill("limited.dlq", 0);
    int64_t until = clock_monotonic_ms() + WAIT_MS;
    for (;;) { /* the management API knows the depth after a while */
        AUTO(free_text)
        char *output = run((const char *const[]){"ls", "--deep", "--json", NULL}, 0);
        expect(output, "\"queue\":\"cemetery\"");
        expect(output, "\"because\":\"queue worker dead-letters into it\"");
        expect(output, "\"queue\":\"classic.dlq\"");
        ck_assert_ptr_null(strstr(output, "\"queue\":\"ordinary\""));
        if (strstr(output, "\"oldest_at\":\"2026-11-23T07:05:00.000Z\"") != NULL) {
            break;
        }
        ck_assert_msg(clock_monotonic_ms() < until, "%s", output);
        clock_sleep_ms(200);
    }
    AUTO(free_text) char *matched = run((const char *const[]){"ls", "--match", "ord*", NULL}, 0);
    expect(matched, "ordinary");
    ck_assert_ptr_null(strstr(matched, "cemetery"));
    check_queue("limited.dlq");
    must(broker_queue_delete(broker, "cemetery", &fault), &fault);
    must(broker_queue_delete(broker, "ordinary", &fault), &fault);
    must(broker_queue_delete(broker, "worker", &fault), &fault);
}
END_TEST

int main(void)
{
    const char *amqp = getenv("AMQP_URL");
    management_url = getenv("MANAGEMENT_URL");
    if (amqp == NULL || management_url == NULL) {
        (void)puts("1..0 # SKIP no servers: AMQP_URL and MANAGEMENT_URL are not set");
        return EXIT_SUCCESS;
    }
    if (sodium_init() < 0 || !open_vhost(amqp)) {
        return EXIT_FAILURE;
    }
    make_bodies();
    Suite *suite = suite_create("dlq");
    TCase *tcase = tcase_create("dlq");
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, reading_commands_leave_bytes_and_order, 0, (int)COUNT_OF(queues));
    tcase_add_loop_test(tcase, a_long_queue_keeps_its_order, 0, (int)COUNT_OF(queues));
    tcase_add_loop_test(tcase, an_interrupted_pass_returns_everything_in_order, 0,
                        (int)COUNT_OF(queues));
    tcase_add_test(tcase, what_is_asked_is_said);
    tcase_add_test(tcase, a_selection_takes_what_it_says);
    tcase_add_test(tcase, what_cannot_be_done_is_said);
    tcase_add_test(tcase, an_export_is_byte_exact_and_private);
    tcase_add_test(tcase, what_somebody_else_holds_is_not_called_empty);
    tcase_add_test(tcase, looking_that_costs_something_is_warned_of);
    tcase_add_test(tcase, dead_letter_queues_are_found);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    close_vhost();
    for (size_t i = 0; i < MADE; i++) {
        free(made[i].bytes);
    }
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
