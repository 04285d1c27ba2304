/* SPDX-License-Identifier: Apache-2.0 */
#include "hall.h"

#include "core/broker.h"
#include "core/buffer.h"
#include "core/clock.h"
#include "core/text.h"
#include "support/process.h"

#include <arpa/inet.h>
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * TLS to a real broker: what is refused and in which words, that nothing ever falls back to plain
 * text, and that messages of all sizes pass both ways. The broker gets a listener for each of the
 * certificates that certificates.sh makes.
 */

enum { LISTENER_COUNT = 7, COMMAND_MS = 20000, OUTPUT_BYTES = 1 << 16, LARGEST = 5 << 20 };

static const struct listener {
    const char *name, *certificate, *more; /* Erlang's options beside the certificate */
} listeners[LISTENER_COUNT] = {
    {"good", "good", "{verify,verify_none}"},
    {"expired", "expired", "{verify,verify_none}"},
    {"early", "early", "{verify,verify_none}"},
    {"elsewhere", "elsewhere", "{verify,verify_none}"},
    {"stranger", "stranger", "{verify,verify_none}"},
    {"demanding", "good", "{verify,verify_peer},{fail_if_no_peer_cert,true}"},
    {"old", "good", "{verify,verify_none},{versions,['tlsv1.1']}"},
};

static const char *broker_url, *management_url; /* the plain ones */
static char *folder;
static int ports[LISTENER_COUNT];
static int https_port;
static struct hall hall;

static int port_of(const char *listener)
{
    for (size_t i = 0; i < LISTENER_COUNT; i++) {
        if (strcmp(listeners[i].name, listener) == 0) {
            return ports[i];
        }
    }
    ck_abort_msg("no listener %s", listener);
}

static char *file(const char *name)
{
    return name != NULL ? xasprintf("%s/%s", folder, name) : NULL;
}

/* The same account and virtual host as in a URL, elsewhere. */
static char *moved(const char *url, const char *scheme, const char *host, int port)
{
    const char *account = strstr(url, "://") + 3;
    const char *at = strchr(account, '@');
    return xasprintf("%s://%.*s@%s:%d%s", scheme, (int)(at - account), account, host, port,
                     at + strcspn(at, "/"));
}

static char *url_at(const char *scheme, const char *host, int port)
{
    return moved(broker_url, scheme, host, port);
}

static enum outcome try_open(const char *url, const char *ca, const char *certificate,
                             const char *key, struct broker **out, struct fault *fault)
{
    AUTO(free_text) char *ca_file = file(ca);
    AUTO(free_text) char *certificate_file = file(certificate);
    AUTO(free_text) char *key_file = file(key);
    return broker_open(&(struct broker_options){.url = url,
                                                .name = "test",
                                                .tls = {ca_file, certificate_file, key_file}},
                       out, fault);
}

static const struct refusal {
    const char *listener, *scheme, *host, *ca, *certificate, *key;
    enum outcome outcome;
    const char *says;
} refusals[] = {
    {"expired", "amqps", "localhost", "ca.pem", NULL, NULL, LOST,
     "/CN=expired has expired, at Jan  2 00:00:00 2020 GMT"},
    {"early", "amqps", "localhost", "ca.pem", NULL, NULL, LOST,
     "/CN=early is not valid before Jan  1 00:00:00 2048 GMT"},
    {"elsewhere", "amqps", "localhost", "ca.pem", NULL, NULL, LOST,
     "is not for localhost but for broker.elsewhere"},
    {"elsewhere", "amqps", "127.0.0.1", "ca.pem", NULL, NULL, LOST,
     "is not for 127.0.0.1 but for broker.elsewhere"},
    {"stranger", "amqps", "localhost", "ca.pem", NULL, NULL, LOST,
     "no CA that is trusted here has signed it"},
    {"good", "amqps", "localhost", "other-ca.pem", NULL, NULL, LOST,
     "no CA that is trusted here has signed it"},
    {"good", "amqps", "localhost", NULL, NULL, NULL, LOST,
     "no CA that is trusted here has signed it"}, /* the system's */
    {"demanding", "amqps", "localhost", "ca.pem", NULL, NULL, LOST,
     "wants a client certificate: name its files (AMQP_CERT_FILE, AMQP_KEY_FILE)"},
    {"demanding", "amqps", "localhost", "ca.pem", "stranger.pem", "stranger.key", LOST,
     "the broker trusts no CA that has signed our certificate"},
    {"old", "amqps", "localhost", "ca.pem", NULL, NULL, LOST,
     "only versions of TLS that are no longer safe: 1.2 or newer is needed"},
    {"good", "amqp", "localhost", NULL, NULL, NULL, LOST,
     "TLS is spoken there: write amqps:// in the URL"},
    {NULL, "amqps", "localhost", "ca.pem", NULL, NULL, LOST,
     "no TLS is spoken there: is this the broker's port for TLS"},
    {"good", "amqps", "localhost", "nowhere.pem", NULL, NULL, FATAL, "nowhere.pem cannot be used"},
    {"good", "amqps", "localhost", "ca.key", NULL, NULL, FATAL, "ca.key cannot be used"},
    {"demanding", "amqps", "localhost", "ca.pem", "client.pem", "good.key", FATAL,
     "good.key cannot be used"},
    {"demanding", "amqps", "localhost", "ca.pem", "client.pem", "client.locked.key", FATAL,
     "it must be PEM, not encrypted"},
    {"demanding", "amqps", "localhost", "ca.pem", NULL, "client.key", FATAL,
     "belongs to no certificate"},
};

static int plain_port(void)
{
    const char *colon = strrchr(broker_url, ':') + 1;
    AUTO(free_text) char *digits = xstrndup(colon, strcspn(colon, "/"));
    int64_t port = 0;
    ck_assert(text_int(digits, 1, UINT16_MAX, &port));
    return (int)port;
}

START_TEST(is_refused)
{
    const struct refusal *row = &refusals[_i];
    struct broker *broker = NULL;
    struct fault fault = {.text = ""};
    int port = row->listener != NULL ? port_of(row->listener) : plain_port();
    AUTO(free_text) char *url = url_at(row->scheme, row->host, port);
    enum outcome o = try_open(url, row->ca, row->certificate, row->key, &broker, &fault);
    ck_assert_msg(o == row->outcome, "%s instead of %s: %s", outcome_name(o),
                  outcome_name(row->outcome), fault.text);
    ck_assert_msg(strstr(fault.text, row->says) != NULL, "does not say \"%s\": %s", row->says,
                  fault.text);
}
END_TEST

static void must(enum outcome o, const struct fault *fault)
{
    ck_assert_msg(o == OK, "%s", fault->text);
}

/* Sizes around a record's and a frame's, and much more than the socket takes at once. */
static const size_t sizes[] = {0, 1, 16383, 16384, 16385, 131064, 131065, 1 << 20, LARGEST};
enum { SMALL = 3000 };

static void publish(struct broker *broker, const char *queue, const void *body, size_t length)
{
    AUTO(buffer_done) struct buffer list = {0};
    struct fault fault;
    uint64_t number = 0;
    must(broker_properties_encode(&(struct properties){.message_id = "m"}, &list, &fault), &fault);
    must(broker_publish(broker, "", queue, true, list.bytes, list.length, body, length, &number,
                        &fault),
         &fault);
}

static void fill(char *body, size_t length, unsigned seed)
{
    for (size_t i = 0; i < length; i++) {
        seed = seed * 1103515245U + 12345U;
        body[i] = (char)(seed >> 16);
    }
}

/* Takes `count` messages, and compares the n-th with what fill makes of n. */
static void expect_messages(struct broker *broker, const size_t *lengths, size_t count)
{
    char *wanted = xmalloc(LARGEST);
    size_t seen = 0;
    int64_t deadline = clock_monotonic_ms() + COMMAND_MS;
    while (seen < count) {
        struct delivery deliveries[100];
        size_t taken = 0;
        struct fault fault;
        ck_assert_msg(clock_monotonic_ms() < deadline, "%zu of %zu", seen, count);
        must(broker_take(broker, deliveries, 100, 100, &taken, &fault), &fault);
        for (size_t i = 0; i < taken; i++, seen++) {
            ck_assert_uint_eq(deliveries[i].body_length, lengths[seen]);
            fill(wanted, lengths[seen], (unsigned)seen);
            ck_assert(memcmp(wanted, deliveries[i].body, lengths[seen]) == 0);
        }
        if (taken > 0) {
            must(broker_ack(broker, deliveries[taken - 1].tag, true, &fault), &fault);
        }
        broker_release(broker);
    }
    free(wanted);
}

static const struct {
    const char *listener, *host, *certificate, *key;
} good[] = {
    {"good", "localhost", NULL, NULL},
    {"good", "127.0.0.1", NULL, NULL},
    {"demanding", "localhost", "client.pem", "client.key"},
};

START_TEST(messages_pass_both_ways)
{
    struct broker *sender = NULL;
    struct broker *receiver = NULL;
    struct fault fault;
    AUTO(free_text) char *queue = NULL;
    AUTO(free_text) char *url = url_at("amqps", good[_i].host, port_of(good[_i].listener));
    must(try_open(url, "ca.pem", good[_i].certificate, good[_i].key, &sender, &fault), &fault);
    must(try_open(url, "ca.pem", good[_i].certificate, good[_i].key, &receiver, &fault), &fault);
    must(broker_queue_temporary(receiver, &queue, &fault), &fault);
    must(broker_consume(receiver, queue, 1000, &fault), &fault);
    must(broker_confirm_select(sender, &fault), &fault);

    char *body = xmalloc(LARGEST);
    size_t lengths[COUNT_OF(sizes) + SMALL];
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        lengths[i] = i < COUNT_OF(sizes) ? sizes[i] : i % 700;
        fill(body, lengths[i], (unsigned)i);
        publish(sender, queue, body, lengths[i]);
    }
    free(body);
    int64_t deadline = clock_monotonic_ms() + COMMAND_MS;
    while (broker_unconfirmed(sender) > 0) {
        ck_assert_int_lt(clock_monotonic_ms(), deadline);
        must(broker_wait(sender, -1, 100, &fault), &fault);
    }
    expect_messages(receiver, lengths, COUNT_OF(lengths));
    broker_close(sender);
    broker_close(receiver);
}
END_TEST

/* Whoever listens there learns nothing but that somebody wants TLS. */
START_TEST(nothing_is_said_in_plain_text)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    char heard[4096];
    int ear = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(ear, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(listen(ear, 1), 0);
    ck_assert_int_eq(getsockname(ear, (struct sockaddr *)&address, &size), 0);
    AUTO(free_text) char *url = url_at("amqps", "127.0.0.1", ntohs(address.sin_port));
    struct broker *broker = NULL;
    struct fault fault;
    enum outcome o = broker_open(
        &(struct broker_options){.url = url, .name = "test", .connect_ms = 200}, &broker, &fault);
    ck_assert_int_eq(o, LOST);
    ck_assert_ptr_nonnull(strstr(fault.text, "no handshake in time"));
    int peer = accept(ear, NULL, NULL);
    ssize_t length = recv(peer, heard, sizeof heard, 0);
    ck_assert_int_gt(length, 5);
    ck_assert_int_eq(heard[0], 0x16); /* a handshake record */
    ck_assert_ptr_null(memmem(heard, (size_t)length, "AMQP", 4));
    (void)close(peer);
    (void)close(ear);
}
END_TEST

/* Writing to a socket that is closed kills nobody by a signal. The broker may be quick and say
 * goodbye before we have written: then it is tried again. */
START_TEST(a_closed_connection_is_lost)
{
    enum { TRIES = 50 };
    bool has_written = false;
    AUTO(free_text) char *url = url_at("amqps", "localhost", port_of("good"));
    for (int i = 0; i < TRIES && !has_written; i++) {
        struct broker *broker = NULL;
        struct fault fault;
        must(try_open(url, "ca.pem", NULL, NULL, &broker, &fault), &fault);
        publish(broker, "nowhere", "", 0);
        ck_assert_int_eq(shutdown(broker_socket(broker), SHUT_WR), 0);
        ck_assert_int_eq(broker_tick(broker, &fault), LOST);
        has_written = strstr(fault.text, "Broken pipe") != NULL;
        ck_assert_int_eq(broker_tick(broker, &fault), LOST);
        broker_close(broker);
    }
    ck_assert(has_written);
}
END_TEST

/* What reaches the servers as a whole. */

static int run(const char *const arguments[], const char *const environment[], char **output)
{
    AUTO(free_text) char *log = file("command.log");
    (void)unlink(log);
    int status = process_wait(process_start(arguments, environment, log), COMMAND_MS);
    AUTO(buffer_done) struct buffer text = {0};
    FILE *stream = fopen(log, "re");
    ck_assert_ptr_nonnull(stream);
    char *room = buffer_reserve(&text, OUTPUT_BYTES);
    buffer_grow(&text, fread(room, 1, OUTPUT_BYTES, stream));
    (void)fclose(stream);
    *output = xstrdup(buffer_cstr(&text));
    ck_assert_msg(status >= 0 && WIFEXITED(status), "did not end: %s", *output);
    return WEXITSTATUS(status);
}

/* A profile whose passwords stand in files of their own; everything is TLS. */
static void write_profile(const char *ca)
{
    const char *url = broker_url + strlen("amqp://");
    const char *colon = strchr(url, ':');
    AUTO(free_text) char *configuration = file("quadrille");
    AUTO(free_text) char *path = file("quadrille/profiles");
    AUTO(free_text) char *password = file("password");
    (void)mkdir(configuration, 0700);
    (void)umask(077);
    FILE *out = fopen(password, "we");
    ck_assert_ptr_nonnull(out);
    (void)fprintf(out, "%.*s\n", (int)strcspn(colon + 1, "@"), colon + 1);
    (void)fclose(out);
    out = fopen(path, "we");
    ck_assert_ptr_nonnull(out);
    (void)fprintf(out,
                  "[secure]\nurl = amqps://%.*s@localhost:%d/%%2F\nca-file = %s/%s\n"
                  "password-file = %s\n",
                  (int)(colon - url), url, port_of("demanding"), folder, ca, password);
    (void)fprintf(out, "cert-file = %s/client.pem\nkey-file = %s/client.key\n", folder, folder);
    (void)fclose(out);
}

START_TEST(a_profile_is_enough)
{
    AUTO(free_text) char *home = xasprintf("XDG_CONFIG_HOME=%s", folder);
    const char *const environment[] = {home, "AMQP_URL", "MANAGEMENT_URL", NULL};
    const char *const arguments[] = {getenv("QUADRILLE_BIN"),
                                     "contract",
                                     "check",
                                     "--contracts",
                                     getenv("CONTRACTS"),
                                     "--queue",
                                     "q",
                                     "--server-profile",
                                     "secure",
                                     "--exchange",
                                     "amq.topic",
                                     "--key",
                                     "#",
                                     "--for",
                                     "50ms",
                                     NULL};
    AUTO(free_text) char *output = NULL;
    write_profile("ca.pem");
    (void)run(arguments, environment, &output);
    ck_assert_msg(strstr(output, "listening beside queue q") != NULL, "%s", output);
    free(take(output));
    write_profile("other-ca.pem");
    ck_assert_int_eq(run(arguments, environment, &output), 1);
    ck_assert_msg(strstr(output, "no CA that is trusted here") != NULL, "%s", output);
}
END_TEST

static const struct {
    const char *ca; /* NULL: the system's */
    int status;
    const char *says;
} https[] = {
    {"ca.pem", 0, " changes to make"},
    {"other-ca.pem", 1, "certificate"},
    {NULL, 1, "certificate"},
};

START_TEST(the_management_api_by_https)
{
    AUTO(free_text) char *ca_file = file(https[_i].ca);
    AUTO(free_text)
    char *ca = ca_file != NULL ? xasprintf("AMQP_CA_FILE=%s", ca_file) : xstrdup("AMQP_CA_FILE");
    AUTO(free_text)
    char *url = moved(management_url, "https", "localhost", https_port);
    AUTO(free_text) char *management = xasprintf("MANAGEMENT_URL=%s", url);
    const char *const environment[] = {management, ca, NULL};
    const char *const arguments[] = {getenv("QUADRILLE_BIN"), "topology",          "plan",
                                     "--contracts",           getenv("CONTRACTS"), NULL};
    AUTO(free_text) char *output = NULL;
    int status = run(arguments, environment, &output);
    ck_assert_msg(status == https[_i].status && strstr(output, https[_i].says) != NULL, "%d: %s",
                  status, output);
}
END_TEST

START_TEST(a_service_takes_the_files_from_its_settings)
{
    AUTO(free_text) char *plain = hall_amqp_url(&hall, "listener");
    AUTO(free_text) char *url = moved(plain, "AMQP_URL=amqps", "localhost", port_of("demanding"));
    AUTO(free_text) char *ca = xasprintf("AMQP_CA_FILE=%s/ca.pem", folder);
    AUTO(free_text) char *certificate = xasprintf("AMQP_CERT_FILE=%s/client.pem", folder);
    AUTO(free_text) char *key = xasprintf("AMQP_KEY_FILE=%s/client.key", folder);
    struct listener_process listener =
        hall_start(&hall, (const char *const[]){url, ca, certificate, key, NULL});
    int64_t deadline = clock_monotonic_ms() + COMMAND_MS;
    while (!hall_says(&listener, "\"broker\":\"up\"")) {
        ck_assert_int_lt(clock_monotonic_ms(), deadline);
        clock_sleep_ms(20);
    }
    (void)hall_end(&listener, SIGTERM);
    free(listener.log);
}
END_TEST

static void open_hall(void)
{
    hall_open(&hall);
}

static void close_hall(void)
{
    hall_close(&hall);
}

/* A port that nobody has just now. */
static int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(fd, (struct sockaddr *)&address, size) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
        perror("no free port");
        exit(EXIT_FAILURE);
    }
    (void)close(fd);
    return ntohs(address.sin_port);
}

static void add_options(struct buffer *out, const char *certificate, const char *more)
{
    buffer_printf(
        out, "[{cacertfile,\"%s/ca.pem\"},{certfile,\"%s/%s.pem\"},{keyfile,\"%s/%s.key\"},%s]",
        folder, folder, certificate, folder, certificate, more);
}

/* One call, because each one starts a virtual machine. */
static void start_listeners(void)
{
    AUTO(buffer_done) struct buffer words = {0};
    buffer_text(&words,
                "lists:foreach(fun({Port, Options}) -> ok = rabbit_networking:"
                "start_ssl_listener({\"127.0.0.1\", Port}, rabbit_ssl_options:fix(Options), 2) "
                "end, [");
    for (size_t i = 0; i < LISTENER_COUNT; i++) {
        ports[i] = free_port();
        buffer_printf(&words, "%s{%d,", i > 0 ? "," : "", ports[i]);
        add_options(&words, listeners[i].certificate, listeners[i].more);
        buffer_byte(&words, '}');
    }
    buffer_text(&words, "]), ok = application:stop(rabbitmq_management), application:set_env("
                        "rabbitmq_management, ssl_config, ");
    https_port = free_port();
    AUTO(free_text) char *more = xasprintf("{ip,{127,0,0,1}},{port,%d}", https_port);
    add_options(&words, "good", more);
    buffer_text(&words, "), ok = application:start(rabbitmq_management).");
    const char *const arguments[] = {getenv("SERVER_SCRIPT"), getenv("INSTANCE_DIR"),
                                     "rabbitmqctl",           "eval",
                                     buffer_cstr(&words),     NULL};
    AUTO(free_text) char *log = file("listeners.log");
    int status = process_wait(process_start(arguments, NULL, log), COMMAND_MS);
    if (status != 0) {
        (void)fprintf(stderr, "the listeners do not start; see %s\n", log);
        exit(EXIT_FAILURE);
    }
}

static void make_certificates(void)
{
    /* A new one: the broker remembers what a file held before. */
    folder = xasprintf("%s/tls-XXXXXX", getenv("INSTANCE_DIR"));
    if (mkdtemp(folder) == NULL) {
        perror(folder);
        exit(EXIT_FAILURE);
    }
    const char *const arguments[] = {getenv("CERTIFICATES_SCRIPT"), folder, NULL};
    AUTO(free_text) char *log = file("certificates.log");
    if (process_wait(process_start(arguments, NULL, log), COMMAND_MS) != 0) {
        (void)fprintf(stderr, "no certificates; see %s\n", log);
        exit(EXIT_FAILURE);
    }
}

int main(void)
{
    broker_url = getenv("AMQP_URL");
    management_url = getenv("MANAGEMENT_URL");
    if (broker_url == NULL || management_url == NULL || getenv("INSTANCE_DIR") == NULL ||
        getenv("SERVER_SCRIPT") == NULL) {
        (void)puts("1..0 # SKIP the broker is not ours to change: INSTANCE_DIR is not set");
        return EXIT_SUCCESS;
    }
    (void)signal(SIGPIPE, SIG_DFL); /* it kills who does not look after it */
    make_certificates();
    start_listeners();
    TCase *cases = tcase_create("tls");
    tcase_set_timeout(cases, 60);
    tcase_add_unchecked_fixture(cases, open_hall, close_hall);
    tcase_add_loop_test(cases, is_refused, 0, COUNT_OF(refusals));
    tcase_add_loop_test(cases, messages_pass_both_ways, 0, COUNT_OF(good));
    tcase_add_test(cases, nothing_is_said_in_plain_text);
    tcase_add_test(cases, a_closed_connection_is_lost);
    tcase_add_test(cases, a_profile_is_enough);
    tcase_add_loop_test(cases, the_management_api_by_https, 0, COUNT_OF(https));
    tcase_add_test(cases, a_service_takes_the_files_from_its_settings);
    Suite *suite = suite_create("tls");
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    free(folder);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
