/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_SERVICE_H
#define CORE_SERVICE_H

#include "core/config.h"
#include "core/contract.h"
#include "core/ids.h"
#include "core/link.h"
#include "core/outcome.h"
#include "core/tls.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One process of one service: flags, signals, threads, draining and exit codes live here once.
 * `main` is a declaration: `return service_main(argc, argv, &coaching_service);`. What runs inside
 * is a list of parts (consumer workers, the relay, the HTTP listener, timers, a provider's
 * workers); each runs in threads of its own and shares with the others nothing but this struct's
 * stop flag, counters and wake-up descriptor.
 */

struct service_counters {
    _Atomic uint64_t consumed, duplicates, batches, handled, retried, dead_lettered, saga_noops,
        saga_unknown;
    _Atomic uint64_t published, confirmed, returned, nacked;
    _Atomic int64_t relay_lag_ms, relay_backlog, unsent, retries_parked, needs_attention;
    _Atomic bool relay_is_active, relay_is_blocked;
    struct links links;
};

/* Every service has these settings; its own table adds to them. */
struct service_config {
    char *amqp_url;
    char *amqp_ca_file, *amqp_cert_file, *amqp_key_file; /* of amqps:// */
    char *database_url;
    char *http_listen;   /* host:port, port 0 = a free one; empty = no public listener */
    char *health_listen; /* loopback */
    char *jwt_key_file;
    char *port_file; /* where the ports in use are written, for tests and demos */
    char *log_level, *log_format;
    int64_t workers, batch, heartbeat_s, relay_window;
    int64_t inbox_days, outbox_days;
    int64_t drain_ms;
};

/* Who runs messages in this process; consumers/quarantine.h has the rules. */
struct quarantine {
    _Atomic int batches, suspects;
    _Atomic bool is_alone;
};

struct service;
struct buffer;
struct command_route;

/* What every part gets. `own` is the service's own configuration struct. */
struct runtime {
    const struct service *service;
    const struct service_config *config;
    const void *own;
    struct service_counters counters;
    struct quarantine quarantine;
    struct uuid life; /* of this process: another one means that it has died or restarted */
    _Atomic bool stopping;
    _Atomic int http_port; /* of the public listener, set by its part; 0 = not open yet */
    int stop_fd;           /* eventfd: readable for ever once stopping */
    int relay_fd;          /* eventfd: written after each commit that appended to the outbox */
};

/* What broker_options want to know of them. */
struct tls_files service_tls(const struct service_config *config);

bool runtime_is_stopping(const struct runtime *runtime);
/* After a commit that may have appended events. */
void runtime_wake_relay(struct runtime *runtime);
/* Sleeps at most ms; true when it is time to stop. */
bool runtime_sleep(struct runtime *runtime, int64_t ms);

struct work;
struct envelope;

/* A message as it came, and what it turned out to be: identified, believed, valid. */
struct raw_message {
    const struct message *message;
    const struct envelope *envelope; /* its body too */
    const void *properties;          /* the AMQP property list */
    size_t properties_length;
    const void *event; /* decoded */
    int tag;           /* names it in a fault */
};

/*
 * Of a service whose contract says x-hears-all. Instead of a handler for each event it has one for
 * all fresh messages of a batch, inside the batch's transaction; outcomes mean what a handler's
 * mean. `own` belongs to one worker.
 */
struct recorder {
    void *(*open)(struct runtime *runtime);
    void (*close)(void *own);
    enum outcome (*record)(void *own, struct work *work, const struct raw_message *messages,
                           size_t count);
};

/* One kind of thread. `run` returns when the runtime stops (OK) or when the process must go
 * (FATAL). */
struct part {
    const char *name;
    int (*count)(const struct runtime *runtime); /* how many threads; NULL = 1 */
    enum link_seat
        seat; /* of the first thread, which is not ready before it says so; SEAT_NONE = it
                 does not count for /readyz, or speaks up only when something is wrong */
    enum outcome (*run)(struct runtime *runtime, int index, struct fault *fault);
};

struct service {
    const char *name;
    const char *summary; /* one line for --help */
    const struct contract *contract;
    const struct recorder *recorder; /* NULL: the contract's handlers */
    const struct part *const *parts; /* NULL-terminated */
    const struct command_route
        *commands; /* public listener, served by publishers/command.h; NULL = none */
    size_t command_count;
    const struct config_entry *config; /* the service's own settings, into `own` */
    size_t config_count;
    size_t own_size;
    /* After configuration, before all else: checks of the settings what the tables cannot. May be
     * NULL. */
    enum outcome (*prepare)(struct runtime *runtime, struct fault *fault);
    /* Adds members to /readyz's JSON (",\"provider\":\"away\""); may be NULL. Called on the health
     * thread. */
    void (*readiness)(struct runtime *runtime, struct buffer *out);
};

/* Exit codes: 0 done, 1 failed, 2 wrong usage. */
int service_main(int argc, char **argv, const struct service *service);

#endif
