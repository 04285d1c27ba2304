/* SPDX-License-Identifier: Apache-2.0 */
#include "core/service.h"

#include "core/buffer.h"
#include "core/clock.h"
#include "core/http.h"
#include "core/log.h"
#include "core/memory.h"

#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { EXIT_DONE, EXIT_FAILED, EXIT_USAGE };

/* clang-format off */
#define AT(member) offsetof(struct service_config, member)
static const struct config_entry settings[] = {
    {.name = "AMQP_URL", .kind = CONFIG_SECRET, .offset = AT(amqp_url), .required = true,
     .help = "the broker: amqp://user:password@host:port/vhost, amqps:// for TLS"},
    {.name = "AMQP_CA_FILE", .kind = CONFIG_PATH, .offset = AT(amqp_ca_file),
     .help = "with amqps://: the CAs that may have signed the broker's certificate, PEM; else those of the system"},
    {.name = "AMQP_CERT_FILE", .kind = CONFIG_PATH, .offset = AT(amqp_cert_file),
     .help = "with amqps://: our own certificate and its chain, PEM, where the broker wants one"},
    {.name = "AMQP_KEY_FILE", .kind = CONFIG_PATH, .offset = AT(amqp_key_file),
     .help = "with amqps://: its key, PEM, not encrypted; else it is in the file of the certificate"},
    {.name = "DATABASE_URL", .kind = CONFIG_SECRET, .offset = AT(database_url), .required = true,
     .help = "the service's own database: postgresql://user:password@host:port/name"},
    {.name = "HTTP_LISTEN", .kind = CONFIG_LISTEN, .offset = AT(http_listen), .fallback = "127.0.0.1:0",
     .help = "public listener, where the service has one; port 0 = a free one"},
    {.name = "HEALTH_LISTEN", .kind = CONFIG_LISTEN, .offset = AT(health_listen), .fallback = "127.0.0.1:0",
     .help = "/healthz and /readyz, on a loopback address only"},
    {.name = "JWT_KEY_FILE", .kind = CONFIG_PATH, .offset = AT(jwt_key_file),
     .help = "keys of bearer tokens, one per line: the first signs, all verify"},
    {.name = "PORT_FILE", .kind = CONFIG_PATH, .offset = AT(port_file),
     .help = "where the ports in use are written once they are open"},
    {.name = "LOG_LEVEL", .kind = CONFIG_CHOICE, .offset = AT(log_level), .fallback = "info",
     .choices = "debug, info, warn, error, off", .help = "the lowest level that is logged"},
    {.name = "LOG_FORMAT", .kind = CONFIG_CHOICE, .offset = AT(log_format), .fallback = "auto",
     .choices = "json, text, auto", .help = "how a line looks; auto: text on a terminal, else json"},
    {.name = "WORKERS", .kind = CONFIG_INT, .offset = AT(workers), .fallback = "2", .min = 1, .max = LINK_WORKERS_MAX,
     .help = "threads that consume"},
    {.name = "BATCH", .kind = CONFIG_INT, .offset = AT(batch), .fallback = "200", .min = 1, .max = 5000,
     .help = "messages in one transaction at most"},
    {.name = "HEARTBEAT_S", .kind = CONFIG_INT, .offset = AT(heartbeat_s), .fallback = "10", .min = 1, .max = 600,
     .help = "seconds; a broker silent for two of them is lost"},
    {.name = "RELAY_WINDOW", .kind = CONFIG_INT, .offset = AT(relay_window), .fallback = "1000", .min = 1, .max = 10000,
     .help = "messages published and not yet confirmed at most"},
    {.name = "INBOX_DAYS", .kind = CONFIG_INT, .offset = AT(inbox_days), .fallback = "30", .min = 1, .max = 3650,
     .help = "how long processed events are remembered"},
    {.name = "OUTBOX_DAYS", .kind = CONFIG_INT, .offset = AT(outbox_days), .fallback = "30", .min = 1, .max = 3650,
     .help = "how long published events are kept"},
    {.name = "DRAIN", .kind = CONFIG_DURATION, .offset = AT(drain_ms), .fallback = "9s", .min = 100, .max = 600000,
     .help = "how long a stop may take"},
};
#undef AT

/* What /readyz tells beside the state. */
#define AT(member) offsetof(struct service_counters, member)
static const struct counter { const char *name; size_t offset; } counters[] = {
    {"consumed", AT(consumed)}, {"duplicates", AT(duplicates)}, {"batches", AT(batches)}, {"handled", AT(handled)},
    {"retried", AT(retried)}, {"dead_lettered", AT(dead_lettered)}, {"saga_noops", AT(saga_noops)},
    {"saga_unknown", AT(saga_unknown)}, {"published", AT(published)}, {"confirmed", AT(confirmed)},
    {"returned", AT(returned)}, {"nacked", AT(nacked)},
};
#undef AT
/* clang-format on */

/* A part's thread. */
struct thread {
    pthread_t id;
    struct host *host;
    const struct part *part;
    int index;
    char name[32];
};

/* The process around the runtime. */
struct host {
    struct runtime runtime;
    struct service_config config;
    void *own;
    struct thread *threads;
    int thread_count;
    _Atomic int running;
    _Atomic bool has_failed;
    int signal_fd;
    int done_fd; /* eventfd: a part has ended */
    struct http *health;
    bool is_port_file_written;
};

static void ring(int fd)
{
    const uint64_t one = 1;
    ssize_t written = write(fd, &one, sizeof one); /* full means: it is readable already */
    (void)written;
}

static const char *set_or_null(const char *text)
{
    return text != NULL && text[0] != '\0' ? text : NULL;
}

struct tls_files service_tls(const struct service_config *config)
{
    return (struct tls_files){.ca = set_or_null(config->amqp_ca_file),
                              .certificate = set_or_null(config->amqp_cert_file),
                              .key = set_or_null(config->amqp_key_file)};
}

bool runtime_is_stopping(const struct runtime *runtime)
{
    return atomic_load(&runtime->stopping);
}

void runtime_wake_relay(struct runtime *runtime)
{
    ring(runtime->relay_fd);
}

bool runtime_sleep(struct runtime *runtime, int64_t ms)
{
    int64_t deadline = clock_monotonic_ms() + ms;
    struct pollfd stop = {.fd = runtime->stop_fd, .events = POLLIN};
    for (int64_t left = ms; left > 0 && !runtime_is_stopping(runtime);
         left = deadline - clock_monotonic_ms()) {
        (void)poll(&stop, 1, (int)(left < INT32_MAX ? left : INT32_MAX));
    }
    return runtime_is_stopping(runtime);
}

static void stop(struct host *host)
{
    atomic_store(&host->runtime.stopping, true);
    ring(host->runtime.stop_fd);
}

static void serve_healthz(void *context, const struct http_route *route,
                          const struct http_request *request, struct http_reply *reply)
{
    (void)context;
    (void)route;
    (void)request;
    reply->status = 200;
    buffer_text(&reply->body, "{\"status\":\"alive\"}");
}

static const char *relay_state(const struct service_counters *now)
{
    if (atomic_load(&now->relay_is_blocked)) {
        return "blocked";
    }
    return atomic_load(&now->relay_is_active) ? "active" : "standby";
}

static void add_counters(struct buffer *body, const struct service_counters *now)
{
    for (size_t i = 0; i < COUNT_OF(counters); i++) {
        const _Atomic uint64_t *counter =
            (const _Atomic uint64_t *)((const char *)now + counters[i].offset);
        buffer_printf(body, "%s\"%s\":%llu", i == 0 ? "" : ",", counters[i].name,
                      (unsigned long long)atomic_load(counter));
    }
}

static void serve_readyz(void *context, const struct http_route *route,
                         const struct http_request *request, struct http_reply *reply)
{
    struct runtime *runtime = context;
    const struct service_counters *now = &runtime->counters;
    struct buffer *body = &reply->body;
    enum link_state broker = link_of_all(&now->links, LINK_BROKER);
    enum link_state database = link_of_all(&now->links, LINK_DATABASE);
    bool stopping = runtime_is_stopping(runtime);
    bool is_ready = broker != LINK_DOWN && database == LINK_UP && !stopping;
    (void)route;
    (void)request;

    reply->status = is_ready ? 200 : 503;
    buffer_printf(body,
                  "{\"status\":\"%s\",\"service\":\"%s\",\"broker\":\"%s\",\"database\":\"%s\"",
                  stopping   ? "stopping"
                  : is_ready ? "ready"
                             : "not ready",
                  runtime->service->name, link_name(broker), link_name(database));
    buffer_printf(
        body, ",\"relay\":{\"state\":\"%s\",\"lag_ms\":%lld,\"backlog\":%lld,\"unsent\":%lld}",
        relay_state(now), (long long)atomic_load(&now->relay_lag_ms),
        (long long)atomic_load(&now->relay_backlog), (long long)atomic_load(&now->unsent));
    buffer_printf(body, ",\"retries\":%lld,\"needs_attention\":%lld",
                  (long long)atomic_load(&now->retries_parked),
                  (long long)atomic_load(&now->needs_attention));
    if (runtime->service->readiness != NULL) {
        runtime->service->readiness(runtime, body);
    }
    buffer_text(body, ",\"counters\":{");
    add_counters(body, now);
    buffer_text(body, "}}");
}

static const struct http_route health_routes[] = {
    {.method = "GET", .path = "/healthz", .serve = serve_healthz},
    {.method = "GET", .path = "/readyz", .serve = serve_readyz},
};

static enum outcome open_health(struct host *host, struct fault *fault)
{
    void *const contexts[] = {&host->runtime};
    return http_open(
        &(struct http_options){
            .listen = host->config.health_listen,
            .only_loopback = true,
            .routes = health_routes,
            .route_count = COUNT_OF(health_routes),
            .contexts = contexts,
            .context_count = COUNT_OF(contexts),
        },
        &host->health, fault);
}

static bool has_listener(const struct host *host)
{
    return host->runtime.service->commands != NULL && host->config.http_listen[0] != '\0';
}

/* Readers see all of it or nothing: written beside, then renamed. */
static enum outcome write_port_file(const struct host *host, struct fault *fault)
{
    const char *path = host->config.port_file;
    AUTO(free_text) char *beside = xasprintf("%s.%ld", path, (long)getpid());
    FILE *file = fopen(beside, "we");
    if (file == NULL) {
        return fault_set(fault, FATAL, "%s: %s", beside, strerror(errno));
    }
    bool is_written = fprintf(file, "HTTP_PORT=%d\nHEALTH_PORT=%d\n",
                              atomic_load(&host->runtime.http_port), http_port(host->health)) > 0;
    is_written = fclose(file) == 0 && is_written;
    if (!is_written || rename(beside, path) != 0) {
        int error = errno;
        (void)unlink(beside);
        return fault_set(fault, FATAL, "%s: %s", path, strerror(error));
    }
    return OK;
}

/* As soon as all ports are known. */
static void announce_ports(struct host *host)
{
    struct fault fault;
    if (host->is_port_file_written ||
        (has_listener(host) && atomic_load(&host->runtime.http_port) == 0)) {
        return;
    }
    host->is_port_file_written = true;
    log_info("service.listening", LOG_INT("http_port", atomic_load(&host->runtime.http_port)),
             LOG_INT("health_port", http_port(host->health)));
    if (host->config.port_file != NULL && write_port_file(host, &fault) != OK) {
        log_error("service.failed", LOG_TEXT("reason", fault.text));
        atomic_store(&host->has_failed, true);
        stop(host);
    }
}

static void *run_thread(void *context)
{
    struct thread *thread = context;
    struct host *host = thread->host;
    struct fault fault = {.culprit = FAULT_NOBODY};

    log_thread(thread->name);
    enum outcome o = thread->part->run(&host->runtime, thread->index, &fault);
    if (o != OK) {
        log_error("part.failed", LOG_TEXT("part", thread->name),
                  LOG_TEXT("outcome", outcome_name(o)), LOG_TEXT("reason", fault.text));
        atomic_store(&host->has_failed, true);
        stop(host);
    }
    atomic_fetch_sub(&host->running, 1);
    ring(host->done_fd);
    return NULL;
}

static int part_threads(const struct part *part, const struct runtime *runtime)
{
    return part->count != NULL ? part->count(runtime) : 1;
}

/* Not ready before it has said that it is. */
static void claim_seat(struct runtime *runtime, const struct part *part, int index)
{
    if (part->seat != SEAT_NONE) {
        link_set(&runtime->counters.links, (int)part->seat + index, LINK_BROKER, LINK_DOWN);
        link_set(&runtime->counters.links, (int)part->seat + index, LINK_DATABASE, LINK_DOWN);
    }
}

static enum outcome start_thread(struct host *host, const struct part *part, int index, int of,
                                 struct fault *fault)
{
    struct thread *thread = &host->threads[host->thread_count];
    *thread = (struct thread){.host = host, .part = part, .index = index};
    (void)(of > 1 ? snprintf(thread->name, sizeof thread->name, "%s-%d", part->name, index)
                  : snprintf(thread->name, sizeof thread->name, "%s", part->name));
    claim_seat(&host->runtime, part, index);
    atomic_fetch_add(&host->running, 1);
    int error = pthread_create(&thread->id, NULL, run_thread, thread);
    if (error != 0) {
        atomic_fetch_sub(&host->running, 1);
        return fault_set(fault, FATAL, "start %s: %s", thread->name, strerror(error));
    }
    host->thread_count++;
    return OK;
}

static enum outcome start_parts(struct host *host, struct fault *fault)
{
    const struct part *const *parts = host->runtime.service->parts;
    size_t total = 0;
    for (size_t i = 0; parts[i] != NULL; i++) {
        total += (size_t)part_threads(parts[i], &host->runtime);
    }
    host->threads = xcalloc(total, sizeof *host->threads);
    for (size_t i = 0; parts[i] != NULL; i++) {
        int count = part_threads(parts[i], &host->runtime);
        for (int index = 0; index < count; index++) {
            enum outcome o = start_thread(host, parts[i], index, count, fault);
            if (o != OK) {
                return o;
            }
        }
    }
    return OK;
}

/* The first signal asks, the second insists. */
static void take_signal(struct host *host)
{
    struct signalfd_siginfo info;
    if (read(host->signal_fd, &info, sizeof info) != sizeof info) {
        return;
    }
    if (runtime_is_stopping(&host->runtime)) {
        log_warn("service.stopped_at_once", LOG_INT("signal", info.ssi_signo));
        _exit(EXIT_FAILED);
    }
    log_info("service.stopping", LOG_INT("signal", info.ssi_signo));
    stop(host);
}

static void clear_event(int fd)
{
    uint64_t count = 0;
    ssize_t got = read(fd, &count, sizeof count);
    (void)got;
}

/* Until every part has ended. A part that does not end in time ends with the process. */
static void attend(struct host *host)
{
    enum { LOOK_EVERY_MS = 1000, PORTS_EVERY_MS = 5 };
    int64_t deadline = INT64_MAX;
    while (atomic_load(&host->running) > 0) {
        announce_ports(host);
        int64_t now = clock_monotonic_ms();
        if (runtime_is_stopping(&host->runtime) && deadline == INT64_MAX) {
            deadline = now + host->config.drain_ms;
        }
        if (now >= deadline) {
            log_error("service.drain_timeout",
                      LOG_INT("parts_running", atomic_load(&host->running)));
            _exit(EXIT_FAILED);
        }
        int64_t wait = host->is_port_file_written ? LOOK_EVERY_MS : PORTS_EVERY_MS;
        wait = deadline - now < wait ? deadline - now : wait;
        struct pollfd polled[] = {
            {.fd = host->signal_fd, .events = POLLIN},
            {.fd = host->done_fd, .events = POLLIN},
        };
        (void)poll(polled, COUNT_OF(polled), (int)wait);
        if (polled[0].revents != 0) {
            take_signal(host);
        }
        if (polled[1].revents != 0) {
            clear_event(host->done_fd);
        }
    }
}

/* Both tables, whatever the first one says: whoever mends settings wants to hear of all. */
static enum outcome load_config(struct host *host, struct fault *fault)
{
    const struct service *service = host->runtime.service;
    struct fault common = {.text = ""};
    struct fault own = {.text = ""};
    enum outcome o = config_load(settings, COUNT_OF(settings), &host->config, &common);
    enum outcome own_o = config_load(service->config, service->config_count, host->own, &own);
    if (o != OK || own_o != OK) {
        return fault_set(fault, o != OK ? o : own_o, "%s%s%s", common.text,
                         o != OK && own_o != OK ? "; " : "", own.text);
    }
    log_init(service->name, host->config.log_level, host->config.log_format);
    host->runtime.config = &host->config;
    host->runtime.own = host->own;
    return service->prepare != NULL ? service->prepare(&host->runtime, fault) : OK;
}

static enum outcome prepare(struct host *host, struct fault *fault)
{
    const struct service *service = host->runtime.service;
    if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return fault_set(fault, FATAL, "libsodium or libcurl does not start");
    }
    enum outcome o = service->contract != NULL ? contract_prepare(service->contract, fault) : OK;
    return o == OK ? open_health(host, fault) : o;
}

/* Signals are for the main thread: it takes them from a descriptor, all others inherit the block.
 */
static int open_signals(void)
{
    sigset_t set;
    (void)signal(SIGPIPE, SIG_IGN);
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static enum outcome open_descriptors(struct host *host, struct fault *fault)
{
    host->signal_fd = open_signals();
    host->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    host->runtime.stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    host->runtime.relay_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (host->signal_fd < 0 || host->done_fd < 0 || host->runtime.stop_fd < 0 ||
        host->runtime.relay_fd < 0) {
        return fault_set(fault, FATAL, "descriptors: %s", strerror(errno));
    }
    return OK;
}

static void release(struct host *host)
{
    const struct service *service = host->runtime.service;
    http_close(host->health);
    free(host->threads);
    config_done(service->config, service->config_count, host->own);
    config_done(settings, COUNT_OF(settings), &host->config);
    free(host->own);
    const int descriptors[] = {host->signal_fd, host->done_fd, host->runtime.stop_fd,
                               host->runtime.relay_fd};
    for (size_t i = 0; i < COUNT_OF(descriptors); i++) {
        if (descriptors[i] >= 0) {
            (void)close(descriptors[i]);
        }
    }
    curl_global_cleanup();
}

/* Runs the threads to their end, whether they start well or not. */
static enum outcome run_parts(struct host *host, struct fault *fault)
{
    enum outcome o = start_parts(host, fault);
    if (o != OK) {
        stop(host);
    }
    attend(host);
    for (int i = 0; i < host->thread_count; i++) {
        (void)pthread_join(host->threads[i].id, NULL);
    }
    return o;
}

static int run_service(const struct service *service)
{
    struct host host = {
        .runtime = {.service = service, .life = ids_new(), .stop_fd = -1, .relay_fd = -1},
        .own = xcalloc(1, service->own_size + 1),
        .signal_fd = -1,
        .done_fd = -1,
    };
    struct fault fault = {.culprit = FAULT_NOBODY};
    int status = EXIT_DONE;

    log_init(service->name, "", "");
    log_thread("main");
    enum outcome o = load_config(&host, &fault);
    if (o != OK) {
        status = EXIT_USAGE;
    } else {
        o = open_descriptors(&host, &fault);
        o = o == OK ? prepare(&host, &fault) : o;
        o = o == OK ? run_parts(&host, &fault) : o;
        status = o != OK || atomic_load(&host.has_failed) ? EXIT_FAILED : EXIT_DONE;
    }
    if (o != OK) {
        log_error("service.failed", LOG_TEXT("reason", fault.text));
    } else {
        log_info("service.stopped", LOG_INT("status", status));
    }
    release(&host);
    return status;
}

static void print_help(const struct service *service)
{
    printf("%s: %s\n\nusage: %s [--help | --version]\n\nSettings, from the environment:\n",
           service->name, service->summary, service->name);
    config_print_help(settings, COUNT_OF(settings), stdout);
    config_print_help(service->config, service->config_count, stdout);
    printf("\nExit status: 0 stopped as asked, 1 failed, 2 wrong usage or settings.\n");
}

int service_main(int argc, char **argv, const struct service *service)
{
    if (argc == 1) {
        return run_service(service);
    }
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        print_help(service);
        return EXIT_DONE;
    }
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        printf("%s %s\n", service->name, QUADRILLE_VERSION);
        return EXIT_DONE;
    }
    fprintf(stderr, "%s: wrong arguments; --help says what there is\n", service->name);
    return EXIT_USAGE;
}
