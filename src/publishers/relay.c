/* SPDX-License-Identifier: Apache-2.0 */
#include "publishers/relay.h"

#include "core/backoff.h"
#include "core/clock.h"
#include "core/crash.h"
#include "core/log.h"
#include "publishers/relay_internal.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
    POLL_MIN_MS = 2,
    POLL_MAX_MS = 100,
    STANDBY_MS = 1000,   /* between attempts to become the active relay */
    OBSERVE_MS = 1000,   /* between looks at `unsent`, and signs of life */
    LOCK_HEARTBEATS = 3, /* a frozen holder of the lock is put out after so many: 30 s by default */
    STATEMENT_MS =
        600000, /* a look over a long backlog reads all of it, perhaps from a cold disk */
};

/* Any number that no other advisory lock of a service's database has: "quad rela". */
static const struct sql sql_relay_lock = {
    "relay_lock", "select pg_try_advisory_lock(x'7175616472656c61'::bigint)"};
static const struct sql sql_relay_unlock = {"relay_unlock", "select pg_advisory_unlock_all()"};
static const struct sql sql_relay_ping = {"relay_ping", "select 1"};

static int64_t lock_ms(const struct relay *relay)
{
    return relay->runtime->config->heartbeat_s * 1000 * LOCK_HEARTBEATS;
}

static void tell(struct relay *relay, enum link_server server, enum link_state state)
{
    link_set(&relay->runtime->counters.links, SEAT_RELAY, server, state);
}

/*
 * The plans of the relay's statements hold with these; a session that says nothing for lock_ms
 * loses the lock, be it idle or in the middle of a result that nobody takes.
 */
static char *session_settings(const struct relay *relay)
{
    long long limit_ms = (long long)lock_ms(relay);
    return xasprintf("-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c jit=off "
                     "-c max_parallel_workers_per_gather=0 -c synchronous_commit=off "
                     "-c idle_session_timeout=%lld -c idle_in_transaction_session_timeout=%lld "
                     "-c tcp_user_timeout=%lld",
                     limit_ms, limit_ms, limit_ms);
}

static enum outcome open_database(struct relay *relay, struct fault *fault)
{
    AUTO(free_text) char *name = xasprintf("%s relay", relay->runtime->service->name);
    AUTO(free_text) char *settings = session_settings(relay);
    const struct db_options options = {.url = relay->runtime->config->database_url,
                                       .name = name,
                                       .settings = settings,
                                       .statement_ms = STATEMENT_MS};
    enum outcome o = db_open(&options, &relay->db, fault);
    if (o == OK && relay->broker != NULL) {
        struct companion companion = broker_companion(relay->broker);
        db_set_companion(relay->db, &companion);
    }
    tell(relay, LINK_DATABASE, o == OK ? LINK_UP : LINK_DOWN);
    return o;
}

static void drop_database(struct relay *relay)
{
    relay_forget(relay);
    db_close(relay->db);
    relay->db = NULL;
    tell(relay, LINK_DATABASE, LINK_DOWN);
}

static void drop_broker(struct relay *relay)
{
    if (relay->db != NULL) {
        db_set_companion(relay->db, NULL);
    }
    relay_forget(relay);
    broker_close(relay->broker);
    relay->broker = NULL;
    relay->next_number = 1;
    tell(relay, LINK_BROKER, LINK_DOWN);
    atomic_store(&relay->runtime->counters.relay_is_blocked, false);
}

static enum outcome open_broker(struct relay *relay, struct fault *fault)
{
    const struct service_config *config = relay->runtime->config;
    AUTO(free_text) char *name = xasprintf("%s relay", relay->runtime->service->name);
    const struct broker_options options = {
        .url = config->amqp_url,
        .name = name,
        .heartbeat_s = (int)config->heartbeat_s,
        .connect_ms = config->heartbeat_s * 1000,
        .tls = service_tls(config),
    };
    enum outcome o = broker_open(&options, &relay->broker, fault);
    if (o == OK) {
        o = broker_confirm_select(relay->broker, fault);
    }
    if (o != OK) {
        drop_broker(relay);
        return o;
    }
    relay->next_number = 1;
    broker_on_verdict(relay->broker, relay_on_verdict, relay);
    struct companion companion = broker_companion(relay->broker);
    db_set_companion(relay->db, &companion);
    tell(relay, LINK_BROKER, LINK_UP);
    return OK;
}

static void drain_eventfd(int fd)
{
    uint64_t count = 0;
    ssize_t got = read(fd, &count, sizeof count);
    (void)got; /* empty: nobody has written since */
}

/* What is said while we sleep wakes us. Once stopping, the stop flag would do so for ever. */
static enum outcome wait_for_news(struct relay *relay, int64_t ms, bool *woken, struct fault *fault)
{
    int fd = runtime_is_stopping(relay->runtime) ? -1 : relay->wake_fd;
    enum outcome o = broker_wait(relay->broker, fd, ms, fault);
    struct epoll_event event;
    *woken = epoll_wait(relay->wake_fd, &event, 1, 0) > 0;
    if (*woken) {
        drain_eventfd(relay->runtime->relay_fd);
    }
    return o;
}

/* Before another attempt to connect. A broker that is there keeps its heartbeats; what happens to
 * it shows later. */
static void pause_for(struct relay *relay, int64_t ms)
{
    int64_t until = clock_monotonic_ms() + ms;
    while (!runtime_is_stopping(relay->runtime) && clock_monotonic_ms() < until) {
        if (relay->broker != NULL && !broker_is_lost(relay->broker)) {
            struct fault fault;
            enum outcome o = broker_tick(relay->broker, &fault);
            (void)o;
        }
        int64_t rest = until - clock_monotonic_ms();
        (void)runtime_sleep(relay->runtime, rest < POLL_MAX_MS ? rest : POLL_MAX_MS);
    }
}

struct pace {
    int64_t poll_ms;      /* between polls that find nothing */
    int64_t next_poll_ms; /* monotonic */
    int64_t next_observe_ms;
    bool has_more; /* more may be due in `unsent` than was taken up */
};

/* What is read and what the window still holds. A blocked relay reads nothing: there relay_look
 * tells. */
static void show_backlog(struct relay *relay)
{
    struct service_counters *counters = &relay->runtime->counters;
    int64_t backlog = relay->left > 0 ? relay->left : 0;
    int64_t oldest_ms = 0;
    for (const struct chunk *chunk = relay->first; chunk != NULL; chunk = chunk->next) {
        if (!chunk->is_retry && chunk->count > 0) {
            backlog += chunk->count - chunk->judged;
            oldest_ms =
                oldest_ms == 0 ? db_get_time(chunk->rows, 0, COLUMN_OCCURRED_AT) : oldest_ms;
        }
    }
    int64_t lag_ms = oldest_ms == 0 ? 0 : clock_now_ms() - oldest_ms;
    atomic_store(&counters->relay_backlog, backlog);
    atomic_store(&counters->relay_lag_ms, lag_ms > 0 ? lag_ms : 0);
}

static void update_counters(struct relay *relay)
{
    struct service_counters *counters = &relay->runtime->counters;
    bool is_blocked = broker_is_blocked(relay->broker);
    if (!is_blocked) {
        show_backlog(relay);
    }
    atomic_store(&counters->unsent, relay->unsent);
    atomic_store(&counters->relay_is_blocked, is_blocked);
}

/* What is told of an active relay is no longer ours to tell. */
static void step_back(struct relay *relay)
{
    struct service_counters *counters = &relay->runtime->counters;
    atomic_store(&counters->relay_is_active, false);
    atomic_store(&counters->relay_backlog, 0);
    atomic_store(&counters->relay_lag_ms, 0);
    atomic_store(&counters->unsent, 0);
}

static bool wants_rows(const struct relay *relay)
{
    return relay->waiting < CHUNK_ROWS && relay->held_bytes < HELD_BYTES &&
           !broker_is_blocked(relay->broker) && !runtime_is_stopping(relay->runtime);
}

/* Reads when it is time to. Within a window at once; between windows as the pace says. */
static enum outcome read_more(struct relay *relay, struct pace *pace, bool *got,
                              struct fault *fault)
{
    int64_t now = clock_monotonic_ms();
    bool in_window = relay->ahead.target != NULL || relay->ahead.restoring;
    *got = false;
    if (!wants_rows(relay) || (!in_window && now < pace->next_poll_ms)) {
        return OK;
    }
    enum outcome o = relay_read(relay, got, fault);
    pace->poll_ms = *got                              ? POLL_MIN_MS
                    : pace->poll_ms * 2 < POLL_MAX_MS ? pace->poll_ms * 2
                                                      : POLL_MAX_MS;
    pace->next_poll_ms = now + pace->poll_ms;
    return o;
}

static enum outcome take_up_unsent(struct relay *relay, struct pace *pace, struct fault *fault)
{
    bool has_more = false;
    enum outcome o = relay_read_unsent(relay, &has_more, fault);
    pace->has_more = has_more;
    return o;
}

/*
 * Once a second: how many wait in `unsent`, which is also the sign of life that keeps the lock, and
 * those that are due. While there are, the next ones follow as soon as these are settled.
 */
static enum outcome observe(struct relay *relay, struct pace *pace, struct fault *fault)
{
    int64_t now = clock_monotonic_ms();
    bool is_time = now >= pace->next_observe_ms;
    bool is_next = pace->has_more && wants_rows(relay) && !relay_has_retries(relay);
    if (!is_time && !is_next) {
        return OK;
    }
    pace->next_observe_ms = now + OBSERVE_MS;
    enum outcome o = relay_count_unsent(relay, fault);
    if (o == OK && broker_is_blocked(relay->broker)) {
        return relay_look(relay, fault);
    }
    return o == OK && relay->unsent > 0 && wants_rows(relay) ? take_up_unsent(relay, pace, fault)
                                                             : o;
}

static enum outcome work_round(struct relay *relay, struct pace *pace, struct fault *fault)
{
    bool got = false;
    bool sent = false;
    bool settled = false;
    enum outcome o = read_more(relay, pace, &got, fault);
    if (o == OK) {
        o = observe(relay, pace, fault);
    }
    if (o == OK && !broker_is_blocked(relay->broker)) {
        o = relay_send(relay, &sent, fault);
    }
    if (o == OK) {
        o = broker_tick(relay->broker, fault);
    }
    if (o == OK && sent) {
        crash_point("relay-after-publish");
    }
    if (o == OK) {
        o = relay_settle(relay, &settled, fault);
    }
    update_counters(relay);
    if (o != OK || got || settled) {
        return o;
    }
    int64_t now = clock_monotonic_ms();
    int64_t until = pace->next_observe_ms;
    if (wants_rows(relay) && pace->next_poll_ms < until) {
        until = pace->next_poll_ms;
    }
    if (relay_save_due_ms(relay) < until) {
        until = relay_save_due_ms(relay);
    }
    bool woken = false;
    o = wait_for_news(relay, until > now ? until - now : 0, &woken, fault);
    if (woken) {
        pace->next_poll_ms = 0;
    }
    return o;
}

static bool is_idle(const struct relay *relay)
{
    return relay->first == NULL;
}

/* Works until a connection is lost, the cursor is somebody else's, or the runtime stops and all is
 * settled. */
static enum outcome work_until_trouble(struct relay *relay, struct fault *fault)
{
    struct pace pace = {.poll_ms = POLL_MIN_MS};
    int64_t leave_ms = INT64_MAX;
    enum outcome o = OK;
    while (o == OK) {
        if (runtime_is_stopping(relay->runtime)) {
            int64_t now = clock_monotonic_ms();
            /* Half of the time: closing the connections must fit into the rest, even when the
             * broker is blocked and confirms nothing. */
            leave_ms =
                leave_ms == INT64_MAX ? now + relay->runtime->config->drain_ms / 2 : leave_ms;
            if (is_idle(relay) || now >= leave_ms) {
                break;
            }
        }
        o = work_round(relay, &pace, fault);
    }
    return o;
}

static enum outcome try_lock(struct relay *relay, bool *is_ours, struct fault *fault)
{
    AUTO(db_rows_free_auto) struct db_rows *rows = NULL;
    enum outcome o = db_run(relay->db, &sql_relay_lock, DB_NO_PARAMS, &rows, fault);
    *is_ours = o == OK && db_get_bool(rows, 0, 0);
    return o;
}

/* The broker is gone, the lock is ours: keep it, tell how much is waiting, and connect again after
 * the delay. */
static enum outcome wait_for_broker(struct relay *relay, int64_t delay_ms, struct fault *fault)
{
    int64_t until = clock_monotonic_ms() + delay_ms;
    enum outcome o = relay_look(relay, fault);
    while (o == OK && !runtime_is_stopping(relay->runtime) && clock_monotonic_ms() < until) {
        int64_t rest = until - clock_monotonic_ms();
        pause_for(relay, rest < OBSERVE_MS ? rest : OBSERVE_MS);
        o = db_run(relay->db, &sql_relay_ping, DB_NO_PARAMS, NULL, fault);
        if (o == OK) {
            o = relay_look(relay, fault);
        }
    }
    return o;
}

/*
 * Publishes while the broker is there. *is_over: it is not the broker that ended this, but the
 * database, which is gone or refuses (a full disk, read-only), somebody else who moves the cursor,
 * or the runtime, which stops.
 */
static enum outcome publish_while_possible(struct relay *relay, bool *is_over, struct fault *fault)
{
    enum outcome o = relay->broker == NULL ? open_broker(relay, fault) : OK;
    if (o != OK) {
        *is_over = o == FATAL;
        return o;
    }
    o = work_until_trouble(relay, fault);
    *is_over = o == OK || o == RETRY || o == FATAL || db_is_lost(relay->db) ||
               !broker_is_lost(relay->broker);
    return o;
}

/* Holds the lock for as long as there is a database and a reason to. */
static enum outcome be_active(struct relay *relay, struct fault *fault)
{
    struct backoff backoff = {0};
    bool is_over = false;
    while (!runtime_is_stopping(relay->runtime)) {
        int64_t started_ms = clock_monotonic_ms();
        enum outcome o = publish_while_possible(relay, &is_over, fault);
        if (is_over) {
            return o;
        }
        if (clock_monotonic_ms() - started_ms > BACKOFF_MAX_MS) {
            backoff = (struct backoff){0};
        }
        int64_t wait_ms = backoff_next(&backoff);
        log_warn("relay.broker_lost", LOG_TEXT("reason", fault->text),
                 LOG_INT("again_in_ms", wait_ms));
        drop_broker(relay);
        o = wait_for_broker(relay, wait_ms, fault);
        if (o != OK) {
            return o;
        }
    }
    return OK;
}

static enum outcome activate(struct relay *relay, struct fault *fault)
{
    enum outcome o = relay_cursor_load(relay, fault);
    if (o != OK) {
        return o;
    }
    log_info("relay.active", LOG_INT("unsent", relay->unsent));
    atomic_store(&relay->runtime->counters.relay_is_active, true);
    tell(relay, LINK_BROKER, relay->broker != NULL ? LINK_UP : LINK_DOWN);
    o = be_active(relay, fault);
    step_back(relay);
    if (!db_is_lost(relay->db)) { /* left of our own: the next one need not wait */
        struct fault ignored;
        enum outcome unlocked = db_run(relay->db, &sql_relay_unlock, DB_NO_PARAMS, NULL, &ignored);
        (void)unlocked;
    }
    return o;
}

/* One life of the database connection: stand by for the lock, then work. */
static enum outcome live(struct relay *relay, struct fault *fault)
{
    enum outcome o = open_database(relay, fault);
    while (o == OK && !runtime_is_stopping(relay->runtime)) {
        bool is_ours = false;
        o = try_lock(relay, &is_ours, fault);
        if (o == OK && is_ours) {
            return activate(relay, fault);
        }
        if (o == OK) {
            tell(relay, LINK_BROKER, LINK_UNUSED); /* there is nothing to publish here */
            pause_for(relay, STANDBY_MS);
        }
    }
    return o;
}

static enum outcome wake_open(struct relay *relay, struct fault *fault)
{
    const int fds[] = {relay->runtime->relay_fd, relay->runtime->stop_fd};
    relay->wake_fd = epoll_create1(EPOLL_CLOEXEC);
    for (size_t i = 0; i < COUNT_OF(fds) && relay->wake_fd >= 0; i++) {
        struct epoll_event event = {.events = EPOLLIN};
        if (epoll_ctl(relay->wake_fd, EPOLL_CTL_ADD, fds[i], &event) != 0) {
            return fault_set(fault, FATAL, "relay: no epoll");
        }
    }
    return relay->wake_fd >= 0 ? OK : fault_set(fault, FATAL, "relay: no epoll");
}

static void relay_done(struct relay *relay)
{
    drop_broker(relay);
    drop_database(relay);
    cursor_done(&relay->saved);
    cursor_done(&relay->ahead);
    buffer_done(&relay->properties);
    free(relay->slots);
    if (relay->wake_fd >= 0) {
        (void)close(relay->wake_fd);
    }
}

static void relay_init(struct relay *relay, struct runtime *runtime)
{
    *relay = (struct relay){.runtime = runtime, .wake_fd = -1, .next_number = 1, .left = -1};
    (void)snprintf(relay->source, sizeof relay->source, "/fit/%s", runtime->service->name);
    relay->slot_count = 1;
    while (relay->slot_count < (size_t)runtime->config->relay_window * 2) {
        relay->slot_count *= 2;
    }
    relay->slots = xcalloc(relay->slot_count, sizeof *relay->slots);
}

static enum outcome run(struct runtime *runtime, int index, struct fault *fault)
{
    (void)index;
    AUTO(relay_done) struct relay relay;
    relay_init(&relay, runtime);
    enum outcome o = wake_open(&relay, fault);
    struct backoff backoff = {0};
    while (o != FATAL && !runtime_is_stopping(runtime)) {
        int64_t started_ms = clock_monotonic_ms();
        o = live(&relay, fault);
        if (o == OK || o == FATAL) {
            break;
        }
        if (clock_monotonic_ms() - started_ms > BACKOFF_MAX_MS) {
            backoff = (struct backoff){0};
        }
        int64_t wait_ms = backoff_next(&backoff);
        log_warn("relay.interrupted", LOG_TEXT("reason", fault->text),
                 LOG_INT("again_in_ms", wait_ms));
        drop_database(&relay);
        pause_for(&relay, wait_ms);
    }
    return o == FATAL ? FATAL : OK;
}

const struct part relay_part = {.name = "relay", .seat = SEAT_RELAY, .run = run};
