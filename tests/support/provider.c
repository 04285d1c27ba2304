/* SPDX-License-Identifier: Apache-2.0 */

/* A stand-in payment provider: see usage() for what it does, provider_payments.h for the rules it
 * keeps. */

#include "provider_admin.h"
#include "provider_api.h"
#include "provider_cards.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
    DONE = 0,
    FAILED = 1,
    WRONG_USAGE = 2,
    PATH_ROOM = 4096,
};

struct options {
    int64_t port;
    int64_t admin_port;
    int64_t key_ttl_s;
    int64_t processing_ms;
    int64_t refund_fail_ms;
    const char *port_file;
    const char *ledger;
    const char *api_key_file;
};

static const struct options defaults = {.key_ttl_s = INT64_C(24) * 60 * 60, .processing_ms = 2000};

struct option_rule {
    const char *name;
    const char *value;
    size_t text;   /* where it goes: one of these two, */
    size_t number; /* and its range */
    int64_t min;
    int64_t max;
    const char *help;
};

#define TEXT(field) .text = offsetof(struct options, field) + 1
#define NUMBER(field, low, high)                                                                   \
    .number = offsetof(struct options, field) + 1, .min = (low), .max = (high)

static const struct option_rule rules[] = {
    {"api-key-file", "FILE", TEXT(api_key_file),
     .help = "the API keys it knows, one per line, sk_test_... (needed)"},
    {"port", "PORT", NUMBER(port, 0, UINT16_MAX),
     .help = "for the API on 127.0.0.1; 0, the default, picks a free one"},
    {"admin-port", "PORT", NUMBER(admin_port, 0, UINT16_MAX),
     .help = "for the admin calls, likewise"},
    {"port-file", "FILE", TEXT(port_file),
     .help = "gets PROVIDER_URL=... and PROVIDER_ADMIN_URL=... once both listen"},
    {"ledger", "FILE", TEXT(ledger),
     .help = "what it must not forget, JSON Lines; without it, memory only"},
    {"key-ttl", "SECONDS", NUMBER(key_ttl_s, 0, INT64_C(365) * 24 * 60 * 60),
     .help = "how long an idempotency key is known; default 86400"},
    {"processing-ms", "MS", NUMBER(processing_ms, -1, INT32_MAX),
     .help = "how long a charge or refund takes that is not instant; default 2000; -1: until POST "
             "/settle"},
    {"refund-fail-ms", "MS", NUMBER(refund_fail_ms, 0, INT32_MAX),
     .help = "a failing refund is said to have succeeded for so long; default 0"},
};

enum {
    RULES = sizeof(rules) / sizeof(rules[0]),
};

static void usage(FILE *out)
{
    fputs(
        "usage: provider --api-key-file FILE [options]\n\n"
        "A payment provider to test against: the part of Stripe's PaymentIntents and Refunds API\n"
        "that a shop needs, with its own ledger, and faults on request.\n\n",
        out);
    for (size_t i = 0; i < RULES; i++) {
        fprintf(out, "  --%-15s %-8s %s\n", rules[i].name, rules[i].value, rules[i].help);
    }
    fprintf(out, "  --%-15s %-8s %s\n\nPayment methods\n", "help", "", "prints this");
    cards_print(out);
    fputs("\nAdmin calls\n", out);
    admin_print(out);
    fputs("\nFaults\n", out);
    faults_print(out);
}

static bool read_number(const char *text, int64_t min, int64_t max, int64_t *number)
{
    char *end = NULL;

    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < min || value > max) {
        return false;
    }
    *number = value;
    return true;
}

static bool set_option(struct options *options, const struct option_rule *rule, const char *value)
{
    char *base = (char *)options;

    if (rule->text != 0) {
        *(const char **)(void *)(base + rule->text - 1) = value;
        return true;
    }
    if (!read_number(value, rule->min, rule->max, (int64_t *)(void *)(base + rule->number - 1))) {
        fprintf(stderr, "provider: --%s is a number from %jd to %jd\n", rule->name,
                (intmax_t)rule->min, (intmax_t)rule->max);
        return false;
    }
    return true;
}

/* DONE: go on. Else what to exit with. */
static int read_options(struct options *options, int argc, char **argv, bool *wants_help)
{
    struct option known[RULES + 2] = {{0}};

    for (size_t i = 0; i < RULES; i++) {
        known[i] = (struct option){rules[i].name, required_argument, NULL, (int)i};
    }
    known[RULES] = (struct option){"help", no_argument, NULL, RULES};

    *options = defaults;
    for (int found = 0; (found = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        if (found == RULES) {
            *wants_help = true;
            return DONE;
        }
        if (found < 0 || found > RULES || !set_option(options, &rules[found], optarg)) {
            return WRONG_USAGE;
        }
    }
    if (optind != argc || options->api_key_file == NULL) {
        usage(stderr);
        return WRONG_USAGE;
    }
    return DONE;
}

static bool read_api_keys(struct provider *provider, const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        fprintf(stderr, "provider: cannot read %s: %s\n", path, strerror(errno));
        return false;
    }

    char line[API_KEY_MAX_BYTES + 2];
    size_t count = 0;
    bool is_good = true;
    while (is_good && fgets(line, sizeof(line), file) != NULL) {
        line[strcspn(line, "\r\n")] = '\0';
        is_good = count < API_KEYS_MAX && strncmp(line, "sk_test_", strlen("sk_test_")) == 0 &&
                  snprintf(provider->api_keys[count++], API_KEY_MAX_BYTES + 1, "%s", line) <=
                      API_KEY_MAX_BYTES;
    }
    (void)fclose(file);
    if (!is_good || count == 0) {
        fprintf(stderr, "provider: %s must hold 1 to %d lines that begin with sk_test_\n", path,
                API_KEYS_MAX);
        return false;
    }
    return true;
}

static bool write_ports(const char *path, const char *text)
{
    char next[PATH_ROOM];
    int length = snprintf(next, sizeof(next), "%s.next", path);
    FILE *file = length > 0 && length < PATH_ROOM ? fopen(next, "we") : NULL;
    bool is_written = file != NULL && fputs(text, file) >= 0;

    if (file != NULL && fclose(file) != 0) {
        is_written = false;
    }
    if (!is_written || rename(next, path) != 0) {
        fprintf(stderr, "provider: cannot write %s: %s\n", path, strerror(errno));
        return false;
    }
    return true;
}

static bool say_ports(const struct options *options, const struct listener *api,
                      const struct listener *admin)
{
    char text[128];

    (void)snprintf(text, sizeof(text),
                   "PROVIDER_URL=http://127.0.0.1:%u\nPROVIDER_ADMIN_URL=http://127.0.0.1:%u\n",
                   listener_port(api), listener_port(admin));
    (void)fputs(text, stdout);
    (void)fflush(stdout);
    return options->port_file == NULL || write_ports(options->port_file, text);
}

static bool serve(struct provider *provider, const struct options *options, int signal_fd)
{
    struct listener api = {.subject = provider, .answer = api_answer, .is_away = api_is_away};
    struct listener admin = {.subject = provider, .answer = admin_answer};
    struct pollfd signals = {.fd = signal_fd, .events = POLLIN};

    bool is_good = listener_open(&api, (uint16_t)options->port) &&
                   listener_open(&admin, (uint16_t)options->admin_port) &&
                   say_ports(options, &api, &admin);
    while (is_good && poll(&signals, 1, -1) < 0 && errno == EINTR) {
    }
    if (eventfd_write(provider->stop_fd, 1) != 0) { /* wakes all that wait in an answer */
        abort();
    }
    listener_close(&api);
    listener_close(&admin);
    return is_good;
}

/* Blocked before any thread starts, so that no thread is hit. */
static int open_signals(void)
{
    sigset_t wanted;

    (void)signal(SIGPIPE, SIG_IGN);
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &wanted, NULL);
    return signalfd(-1, &wanted, SFD_CLOEXEC);
}

int main(int argc, char **argv)
{
    static struct provider provider = {.lock = PTHREAD_MUTEX_INITIALIZER, .ledger.fd = -1};
    struct options options;
    bool wants_help = false;
    int wrong = read_options(&options, argc, argv, &wants_help);

    if (wants_help) {
        usage(stdout);
        return DONE;
    }
    if (wrong != DONE) {
        return wrong;
    }

    int signal_fd = open_signals();
    provider.stop_fd = eventfd(0, EFD_CLOEXEC);
    provider.payments = (struct payments){
        .ledger = &provider.ledger,
        .processing_ms = options.processing_ms,
        .refund_fail_ms = options.refund_fail_ms,
    };
    provider.keys = (struct keys){
        .ledger = &provider.ledger,
        .running = json_object_new_object(),
        .ttl_ms = options.key_ttl_s * 1000,
    };
    bool is_good =
        signal_fd >= 0 && provider.stop_fd >= 0 && read_api_keys(&provider, options.api_key_file) &&
        ledger_open(&provider.ledger, options.ledger) && serve(&provider, &options, signal_fd);

    ledger_close(&provider.ledger);
    json_object_put(provider.keys.running);
    (void)close(provider.stop_fd);
    (void)close(signal_fd);
    return is_good ? DONE : FAILED;
}
