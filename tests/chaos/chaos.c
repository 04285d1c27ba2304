/* SPDX-License-Identifier: Apache-2.0 */
#include "core/clock.h"
#include "core/memory.h"
#include "core/text.h"
#include "support/company.h"
#include "support/dice.h"
#include "support/flood.h"
#include "support/load.h"

#include <curl/curl.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

/*
 * The company under continuous load while a seeded schedule of blows falls on services, broker,
 * database and provider; then everything heals, every story must reach an end it may reach, and the
 * audit judges the rest. The schedule repeats with its seed; what it meets does not, because the
 * load runs freely.
 */

enum {
    TICK_MS = 100,
    LOADS = 3,
    FLOCK = 4,        /* users who come together */
    WOUNDS_MAX = 2,   /* open at the same time */
    LEAVE_MS = 10500, /* after SIGTERM */
    REST_MS = 120000, /* until the last story has ended */
    HEARD_MS = 0,
};

static const char *const settings[] = {"UPGRADE_DEADLINE=20s",
                                       "GOAL_PATIENCE=2s",
                                       "WATCH_AFTER=5s",
                                       "PROVIDER_TIMEOUT=2s",
                                       "PROVIDER_LEASE=1s",
                                       "PROVIDER_RETRY_MAX=1s",
                                       "PROVIDER_PENDING_POLL=300ms",
                                       "HEARTBEAT_S=2",
                                       "WORKERS=2",
                                       NULL};

static const char *const services[] = {"profile",  "subscription", "billing",
                                       "coaching", "notification", "history"};

/* One load runs in one thread; only the main thread starts and ends processes. */
struct crowd {
    struct load load;
    pthread_t thread;
    uint64_t seed;
    uint64_t pause_ms; /* so that there are users to the end */
};

struct blow;

struct wound {
    const struct blow *blow;
    const char *target;
    int64_t heals_at_ms;
};

struct chaos {
    struct company *company;
    struct dice dice;
    struct crowd *crowds;
    struct flood *flood; /* NULL while the broker cannot be heard */
    struct wound wounds[WOUNDS_MAX];
    size_t wound_count, blows, failures;
    int64_t start_ms;
};

static _Atomic bool load_is_over;

static void note(const struct chaos *chaos, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void note(const struct chaos *chaos, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)printf("%7.1f s  ", (double)(clock_monotonic_ms() - chaos->start_ms) / 1000);
    (void)vprintf(format, args);
    (void)printf("\n");
    (void)fflush(stdout);
    va_end(args);
}

static int64_t between(struct chaos *chaos, int64_t low, int64_t high)
{
    return low + (int64_t)dice_below(&chaos->dice, (uint64_t)(high - low + 1));
}

/* scripts/server.sh with these words. */
static void server(struct chaos *chaos, const char *words)
{
    AUTO(free_text)
    char *command = xasprintf("\"%s\" \"%s\" %s >/dev/null", getenv("SERVER_SCRIPT"),
                              getenv("INSTANCE_DIR"), words);
    if (system(command) != 0) {
        note(chaos, "FAILURE: server.sh %s", words);
        chaos->failures++;
    }
}

static void kill_service(struct chaos *chaos, const char *name)
{
    (void)company_signal(chaos->company, name, SIGKILL);
}

static bool is_wounded(const struct chaos *chaos, const char *target);

/* 0, or 1 when a server that hangs kept it from finishing what it had begun. */
static void drain_service(struct chaos *chaos, const char *name)
{
    bool is_hindered = is_wounded(chaos, "postgres") || is_wounded(chaos, "rabbitmq");
    int64_t start = clock_monotonic_ms();
    int status = company_signal(chaos->company, name, SIGTERM);
    int64_t took = clock_monotonic_ms() - start;
    if (!WIFEXITED(status) || WEXITSTATUS(status) > (is_hindered ? 1 : 0) || took > LEAVE_MS) {
        note(chaos, "FAILURE: %s left after %lld ms with status %d", name, (long long)took, status);
        chaos->failures++;
    }
}

static void start_service(struct chaos *chaos, const char *name)
{
    company_start_one(chaos->company, name, NULL);
}

static void freeze_service(struct chaos *chaos, const char *name)
{
    (void)company_signal(chaos->company, name, SIGSTOP);
}

static void thaw_service(struct chaos *chaos, const char *name)
{
    (void)company_signal(chaos->company, name, SIGCONT);
}

/* The server script's words with the target behind them. */
static void tell_server(struct chaos *chaos, const char *verb, const char *target)
{
    AUTO(free_text) char *words = xasprintf("%s %s", verb, target);
    server(chaos, words);
}

static void kill_server(struct chaos *chaos, const char *target)
{
    tell_server(chaos, "kill", target);
}

static void stop_server(struct chaos *chaos, const char *target)
{
    tell_server(chaos, "stop", target);
}

static void start_server(struct chaos *chaos, const char *target)
{
    tell_server(chaos, "start", target);
}

static void pause_server(struct chaos *chaos, const char *target)
{
    tell_server(chaos, "pause", target);
}

static void resume_server(struct chaos *chaos, const char *target)
{
    tell_server(chaos, "resume", target);
}

static void restart_immediately(struct chaos *chaos, const char *target)
{
    tell_server(chaos, "restart-immediately", target);
}

static void close_connections(struct chaos *chaos, const char *target)
{
    (void)target;
    server(chaos, "rabbitmqctl -q close_all_connections chaos");
}

static void raise_alarm(struct chaos *chaos, const char *target)
{
    (void)target;
    server(chaos, "rabbitmqctl -q set_vm_memory_high_watermark absolute 10MiB");
}

static void end_alarm(struct chaos *chaos, const char *target)
{
    (void)target;
    server(chaos, "rabbitmqctl -q set_vm_memory_high_watermark absolute 1024MiB");
}

static void disturb_provider(struct chaos *chaos, const char *target)
{
    static const char *const faults[] = {
        "slow",           "timeout_before", "timeout_after", "error500_before",
        "error500_after", "stored500",      "reset",         "late"};
    static const char *const routes[] = {"create", "confirm", "cancel", "refund", "read", "any"};
    const char *fault = faults[between(chaos, 0, COUNT_OF(faults) - 1)];
    const char *route = routes[between(chaos, 0, COUNT_OF(routes) - 1)];
    AUTO(free_text)
    char *body =
        xasprintf("{\"route\":\"%s\",\"fault\":\"%s\",\"times\":%lld,\"ms\":%lld}", route, fault,
                  (long long)between(chaos, 1, 5), (long long)between(chaos, 100, 3000));
    (void)target;
    note(chaos, "         %s", body);
    (void)company_provider(chaos->company, "POST", "/faults", body, NULL);
}

static void calm_provider(struct chaos *chaos, const char *target)
{
    (void)target;
    (void)company_provider(chaos->company, "DELETE", "/faults", NULL, NULL);
}

static void send_provider_away(struct chaos *chaos, const char *target)
{
    (void)target;
    (void)company_provider(chaos->company, "POST", "/away", "{\"for_ms\":-1}", NULL);
}

static void bring_provider_back(struct chaos *chaos, const char *target)
{
    (void)target;
    (void)company_provider(chaos->company, "POST", "/back", NULL, NULL);
}

static void send_duplicates(struct chaos *chaos, const char *target)
{
    (void)target;
    size_t count = chaos->flood != NULL ? flood_count(chaos->flood) : 0;
    unsigned times = (unsigned)between(chaos, 1, 3);
    uint64_t seed = dice_next(&chaos->dice);
    bool is_sent = count > 0 && flood_send(chaos->flood, times, seed);
    note(chaos, "         %zu events, %u times more%s", count, times,
         is_sent ? "" : ": not all were sent");
}

/* clang-format off */
static const struct blow {
    const char *name;
    const char *target; /* NULL: one of the services */
    void (*strike)(struct chaos *chaos, const char *target);
    void (*heal)(struct chaos *chaos, const char *target); /* NULL: nothing to do */
    int64_t min_ms, max_ms;                                /* how long it lasts */
    int weight;
} blows[] = {
    {"is killed",                            NULL,       kill_service,        start_service,       0,    2000, 6},
    {"is asked to leave",                    NULL,       drain_service,       start_service,       0,    500,  3},
    {"is frozen",                            NULL,       freeze_service,      thaw_service,        500,  7000, 4},
    {"is killed",                            "rabbitmq", kill_server,         start_server,        200,  3000, 1},
    {"is stopped",                           "rabbitmq", stop_server,         start_server,        200,  3000, 1},
    {"is frozen",                            "rabbitmq", pause_server,        resume_server,       500,  7000, 2},
    {"closes all connections",               "rabbitmq", close_connections,   NULL,                0,    0,    2},
    {"has a memory alarm",                   "rabbitmq", raise_alarm,         end_alarm,           1000, 6000, 1},
    {"restarts without a checkpoint",        "postgres", restart_immediately, NULL,                0,    0,    2},
    {"is frozen",                            "postgres", pause_server,        resume_server,       500,  7000, 2},
    {"has faults",                           "provider", disturb_provider,    calm_provider,       2000, 9000, 4},
    {"is away",                              "provider", send_provider_away,  bring_provider_back, 500,  6000, 2},
    {"repeats events",                       "operator", send_duplicates,     NULL,                0,    0,    3},
};
/* clang-format on */

static const struct blow *choose_blow(struct chaos *chaos)
{
    int64_t total = 0;
    for (size_t i = 0; i < COUNT_OF(blows); i++) {
        total += blows[i].weight;
    }
    int64_t left = between(chaos, 0, total - 1);
    size_t i = 0;
    while (left >= blows[i].weight) {
        left -= blows[i].weight;
        i++;
    }
    return &blows[i];
}

static bool is_wounded(const struct chaos *chaos, const char *target)
{
    for (size_t i = 0; i < chaos->wound_count; i++) {
        if (strcmp(chaos->wounds[i].target, target) == 0) {
            return true;
        }
    }
    return false;
}

static void strike(struct chaos *chaos)
{
    const struct blow *blow = choose_blow(chaos);
    const char *any = services[between(chaos, 0, COUNT_OF(services) - 1)];
    const char *target = blow->target != NULL ? blow->target : any;
    int64_t lasts_ms = between(chaos, blow->min_ms, blow->max_ms);
    if (is_wounded(chaos, target) ||
        (strcmp(target, "operator") == 0 && is_wounded(chaos, "rabbitmq"))) {
        return;
    }
    note(chaos, "%-12s %s%s", target, blow->name, blow->heal != NULL ? " …" : "");
    chaos->blows++;
    blow->strike(chaos, target);
    if (blow->heal != NULL) {
        chaos->wounds[chaos->wound_count++] = (struct wound){
            .blow = blow, .target = target, .heals_at_ms = clock_monotonic_ms() + lasts_ms};
    }
}

static void heal(struct chaos *chaos, int64_t now_ms)
{
    for (size_t i = 0; i < chaos->wound_count;) {
        struct wound wound = chaos->wounds[i];
        if (wound.heals_at_ms > now_ms) {
            i++;
            continue;
        }
        wound.blow->heal(chaos, wound.target);
        note(chaos, "%-12s … no longer %s", wound.target, wound.blow->name);
        chaos->wounds[i] = chaos->wounds[--chaos->wound_count];
    }
}

/* Who is dead without having been killed has failed. */
static void watch_services(struct chaos *chaos)
{
    for (size_t i = 0; i < COUNT_OF(services); i++) {
        if (!is_wounded(chaos, services[i]) && !company_is_alive(chaos->company, services[i])) {
            note(chaos, "FAILURE: %s died by itself; started again", services[i]);
            chaos->failures++;
            (void)company_await_end(chaos->company, services[i], 0);
            company_start_one(chaos->company, services[i], NULL);
        }
    }
}

/* What the broker drops with a connection is not repeated, no more. */
static void listen_to_events(struct chaos *chaos)
{
    if (is_wounded(chaos, "rabbitmq")) {
        return;
    }
    if (chaos->flood == NULL) {
        chaos->flood = flood_open(getenv("CONTRACTS"));
    } else if (!flood_listen(chaos->flood, HEARD_MS)) {
        flood_close(chaos->flood);
        chaos->flood = NULL;
    }
}

static void *run_crowd(void *context)
{
    struct crowd *crowd = context;
    struct dice dice = {crowd->seed};
    while (!atomic_load(&load_is_over) && crowd->load.count < LOAD_MAX) {
        size_t from = crowd->load.count;
        load_users(&crowd->load, FLOCK);
        load_ask(&crowd->load, from);
        clock_sleep_ms((int64_t)dice_below(&dice, 2 * crowd->pause_ms));
        load_change_minds(&crowd->load, from);
    }
    return NULL;
}

static void start_load(struct chaos *chaos, int64_t lasts_ms)
{
    chaos->crowds = xcalloc(LOADS, sizeof *chaos->crowds);
    for (unsigned i = 0; i < LOADS; i++) {
        struct crowd *crowd = &chaos->crowds[i];
        crowd->load = (struct load){
            .company = chaos->company, .is_hectic = true, .is_watched = true, .number = i};
        crowd->seed = dice_next(&chaos->dice);
        crowd->pause_ms = (uint64_t)lasts_ms * FLOCK / LOAD_MAX;
        if (pthread_create(&crowd->thread, NULL, run_crowd, crowd) != 0) {
            (void)fprintf(stderr, "chaos: no thread for the load\n");
            exit(1);
        }
    }
}

/* The healed company must answer everybody who is still asking. */
static void end_load(struct chaos *chaos)
{
    atomic_store(&load_is_over, true);
    for (size_t i = 0; i < LOADS; i++) {
        (void)pthread_join(chaos->crowds[i].thread, NULL);
    }
}

static void run_blows(struct chaos *chaos, int64_t lasts_ms)
{
    int64_t end_ms = chaos->start_ms + lasts_ms;
    int64_t next_ms = clock_monotonic_ms() + 1000;
    while (clock_monotonic_ms() < end_ms) {
        heal(chaos, clock_monotonic_ms());
        watch_services(chaos);
        listen_to_events(chaos);
        if (clock_monotonic_ms() >= next_ms && chaos->wound_count < WOUNDS_MAX) {
            strike(chaos);
            next_ms = clock_monotonic_ms() + between(chaos, 200, 2500);
        }
        clock_sleep_ms(TICK_MS);
    }
    heal(chaos, INT64_MAX);
    note(chaos, "everything heals");
}

static bool judge(struct chaos *chaos)
{
    static const char *const ends[] = {"completed", "rejected", "cancelled"};
    size_t asked = 0;
    size_t counts[COUNT_OF(ends)] = {0};
    for (size_t i = 0; i < LOADS; i++) {
        struct load *load = &chaos->crowds[i].load;
        chaos->failures += load_await(load, REST_MS) + load_wrong(load) + load->unanswered;
        asked += load->count;
        for (size_t j = 0; j < COUNT_OF(ends); j++) {
            counts[j] += load_ended(load, ends[j]);
        }
    }
    watch_services(chaos);
    note(chaos, "%zu upgrades: %zu completed, %zu rejected, %zu cancelled", asked, counts[0],
         counts[1], counts[2]);
    if (counts[0] == 0) {
        note(chaos, "FAILURE: nothing was completed");
        chaos->failures++;
    }
    size_t unknown = company_count_logged(chaos->company, "saga.unknown");
    if (unknown > 0) {
        note(chaos, "FAILURE: %zu events met a state without a rule", unknown);
        chaos->failures++;
    }
    bool is_sound = load_audit(chaos->company);
    note(chaos, "the invariants %s", is_sound ? "hold" : "DO NOT HOLD");
    return is_sound && chaos->failures == 0;
}

static int usage(void)
{
    (void)fprintf(stderr,
                  "usage: chaos [--seed N] [--minutes M] FOLDER   (called by ./run chaos)\n");
    return 2;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"seed", required_argument, NULL, 's'},
                                            {"minutes", required_argument, NULL, 'm'},
                                            {NULL, 0, NULL, 0}};
    int64_t seed = clock_now_ms() % 1000000;
    int64_t minutes = 3;
    for (int option = 0; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == '?' ||
            !text_int(optarg, option == 's' ? 0 : 1, option == 's' ? INT64_MAX : 1440,
                      option == 's' ? &seed : &minutes)) {
            return usage();
        }
    }
    if (optind != argc - 1) {
        return usage();
    }
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return 1;
    }
    struct chaos chaos = {.dice = {(uint64_t)seed}, .start_ms = clock_monotonic_ms()};
    note(&chaos, "seed %lld, %lld min", (long long)seed, (long long)minutes);
    chaos.company =
        company_new(&(const struct company_options){.folder = argv[optind], .extra = settings});
    company_start(chaos.company);
    listen_to_events(&chaos);
    start_load(&chaos, minutes * 60000);
    run_blows(&chaos, minutes * 60000);
    end_load(&chaos);
    flood_close(chaos.flood);
    bool is_well = judge(&chaos);
    company_free(chaos.company);
    free(chaos.crowds);
    (void)printf(
        "\n%zu blows, %zu failures: %s. The same schedule again: --seed %lld --minutes %lld\n",
        chaos.blows, chaos.failures, is_well ? "sound" : "NOT SOUND", (long long)seed,
        (long long)minutes);
    return is_well ? 0 : 1;
}
