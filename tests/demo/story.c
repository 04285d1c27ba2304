/* SPDX-License-Identifier: Apache-2.0 */
#include "demo/story.h"

#include "core/broker.h"
#include "core/clock.h"
#include "core/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LISTEN_MS = 20,
    USER_MS = 10000,
    AFTERTHOUGHT_MS = 100, /* mail follows the end of a story */
};

static const char *colour(const struct telling *telling, const char *code)
{
    return telling->has_colour ? code : "";
}

#define DIM "\033[2m"
#define BOLD "\033[1m"
#define BLUE "\033[34m"
#define RED "\033[31m"
#define PLAIN "\033[0m"

void tell(struct telling *telling, const char *format, ...)
{
    (void)printf("  %s>%s ", colour(telling, BOLD), colour(telling, PLAIN));
    va_list args;
    va_start(args, format);
    (void)vprintf(format, args);
    va_end(args);
    (void)printf("\n");
    (void)fflush(stdout);
}

void tell_failure(struct telling *telling, const char *format, ...)
{
    char text[FAILURE_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    (void)printf("  %snot as told: %s%s\n", colour(telling, RED), text, colour(telling, PLAIN));
    if (telling->failure[0] == '\0') {
        (void)snprintf(telling->failure, sizeof telling->failure, "%s", text);
    }
}

static const struct heard *find_heard(const struct telling *telling, const struct uuid *id)
{
    for (size_t i = 0; i < telling->heard_count; i++) {
        if (ids_equal(&telling->heard[i].id, id)) {
            return &telling->heard[i];
        }
    }
    return NULL;
}

/* "  142 ms  billing       PaymentCompleted        38 ms after subscription's
 * PremiumUpgradeRequested" */
static void on_heard(void *context, const struct heard *heard)
{
    struct telling *telling = context;
    if (telling->heard_count == HEARD_MAX) {
        return;
    }
    if (find_heard(telling, &heard->id) != NULL) {
        return; /* at least once, says the relay */
    }
    struct heard kept = *heard;
    if (kept.said_at_ms == 0) {
        kept.said_at_ms = clock_now_ms(); /* a foreign client need not say when */
    }
    if (kept.said_at_ms < telling->began_ms) {
        return;
    }
    const struct heard *cause =
        heard->has_causation_id ? find_heard(telling, &heard->causation_id) : NULL;
    bool is_mail = strcmp(heard->service, "notification") == 0;
    (void)printf("  %s%6lld ms  %s%-13s%s %-24s%s", colour(telling, DIM),
                 (long long)(kept.said_at_ms - telling->began_ms),
                 colour(telling, is_mail ? DIM : BLUE), heard->service,
                 colour(telling, is_mail ? DIM : PLAIN), heard->name, colour(telling, DIM));
    if (cause != NULL) {
        (void)printf(" %lld ms after %s's %s", (long long)(kept.said_at_ms - cause->said_at_ms),
                     cause->service, cause->name);
    }
    (void)printf("%s\n", colour(telling, PLAIN));
    (void)fflush(stdout);
    telling->heard[telling->heard_count++] = kept;
}

void listen_for(struct telling *telling, int64_t ms)
{
    int64_t deadline = clock_monotonic_ms() + ms;
    do {
        int64_t rest = deadline - clock_monotonic_ms();
        tap_listen(telling->tap, rest < LISTEN_MS ? (rest > 0 ? rest : 0) : LISTEN_MS, on_heard,
                   telling);
    } while (clock_monotonic_ms() < deadline);
}

bool await_event(struct telling *telling, const char *name, int64_t timeout_ms)
{
    int64_t deadline = clock_monotonic_ms() + timeout_ms;
    for (;;) {
        for (size_t i = 0; i < telling->heard_count; i++) {
            if (strcmp(telling->heard[i].name, name) == 0) {
                return true;
            }
        }
        if (clock_monotonic_ms() > deadline) {
            tell_failure(telling, "%s was not heard within %lld ms", name, (long long)timeout_ms);
            return false;
        }
        tap_listen(telling->tap, LISTEN_MS, on_heard, telling);
    }
}

static long call_as_user(struct telling *telling, const char *service, const char *method,
                         const char *path, const char *body, json_object **out)
{
    return company_call(telling->company, service, method, path, telling->user.token, NULL, body,
                        out);
}

static void register_user(struct telling *telling, const char *name)
{
    AUTO(free_text)
    char *body = xasprintf("{\"name\":\"%s\",\"email\":\"%s.%llx@fit.example\"}", name, name,
                           (unsigned long long)telling->began_ms);
    json_object *answer = NULL;
    long status =
        company_call(telling->company, "profile", "POST", "/users", NULL, NULL, body, &answer);
    if (status != 201) {
        tell_failure(telling, "registering was answered with %ld", status);
    }
    (void)snprintf(telling->user.id, sizeof telling->user.id, "%s", member_text(answer, "id"));
    (void)snprintf(telling->user.token, sizeof telling->user.token, "%s",
                   member_text(answer, "token"));
    (void)json_object_put(answer);
}

void meet_user(struct telling *telling, const char *name, enum body body)
{
    tell(telling, "%s registers, %ssets a goal: build muscle, three days a week", name,
         body == BODY_METRICS ? "records body metrics and " : "");
    register_user(telling, name);
    if (body == BODY_METRICS) {
        AUTO(free_text) char *metrics = xasprintf("/users/%s/metrics", telling->user.id);
        long status = call_as_user(
            telling, "profile", "POST", metrics,
            "{\"weightG\":78500,\"heightMm\":1790,\"restingHeartRateBpm\":58,\"ageYears\":34}",
            NULL);
        if (status / 100 != 2) {
            tell_failure(telling, "recording metrics was answered with %ld", status);
        }
    }
    AUTO(free_text) char *goal = xasprintf("/users/%s/goal", telling->user.id);
    long status = call_as_user(telling, "profile", "PUT", goal,
                               "{\"goal\":\"build_muscle\",\"level\":\"intermediate\","
                               "\"daysPerWeek\":3,\"equipment\":[\"dumbbells\",\"pull_up_bar\"]}",
                               NULL);
    if (status / 100 != 2) {
        tell_failure(telling, "setting a goal was answered with %ld", status);
    }
    (void)await_event(telling, "PlanGenerated", USER_MS);
}

long ask_for_premium(struct telling *telling, const char *payment_method,
                     const char *idempotency_key)
{
    AUTO(free_text) char *path = xasprintf("/users/%s/premium-upgrades", telling->user.id);
    AUTO(free_text) char *body = xasprintf("{\"paymentMethod\":\"%s\"}", payment_method);
    int64_t deadline = clock_monotonic_ms() + USER_MS;
    for (;;) {
        json_object *answer = NULL;
        long status = company_call(telling->company, "subscription", "POST", path,
                                   telling->user.token, idempotency_key, body, &answer);
        if (status == 202) {
            (void)snprintf(telling->upgrade_id, sizeof telling->upgrade_id, "%s",
                           member_text(answer, "id"));
        }
        (void)json_object_put(answer);
        if (status != 404 || clock_monotonic_ms() > deadline) {
            return status;
        }
        listen_for(telling, LISTEN_MS); /* subscription has not heard of the new user yet */
    }
}

const char *read_state(struct telling *telling)
{
    AUTO(free_text)
    char *path = xasprintf("/users/%s/premium-upgrades/%s", telling->user.id, telling->upgrade_id);
    json_object *answer = NULL;
    long status = call_as_user(telling, "subscription", "GET", path, NULL, &answer);
    (void)snprintf(telling->state, sizeof telling->state, "%s",
                   status == 200 ? member_text(answer, "state") : "?");
    (void)json_object_put(answer);
    return telling->state;
}

bool await_state(struct telling *telling, const char *state, int64_t timeout_ms)
{
    int64_t deadline = clock_monotonic_ms() + timeout_ms;
    while (strcmp(read_state(telling), state) != 0) {
        if (clock_monotonic_ms() > deadline) {
            tell_failure(telling, "the upgrade is %s and not %s after %lld ms", telling->state,
                         state, (long long)timeout_ms);
            return false;
        }
        listen_for(telling, LISTEN_MS);
    }
    listen_for(telling, AFTERTHOUGHT_MS);
    return true;
}

void disturb_provider(struct telling *telling, const char *route, const char *fault, int64_t ms)
{
    AUTO(free_text)
    char *body = xasprintf("{\"route\":\"%s\",\"fault\":\"%s\",\"times\":1,\"ms\":%lld}", route,
                           fault, (long long)ms);
    long status = company_provider(telling->company, "POST", "/faults", body, NULL);
    if (status / 100 != 2) {
        tell_failure(telling, "the provider's admin port answered %ld", status);
    }
}

static bool is_about(json_object *entry, const char *upgrade_id)
{
    json_object *metadata = NULL;
    if (!json_object_object_get_ex(entry, "metadata", &metadata)) {
        return false;
    }
    json_object_object_foreach(metadata, key, value)
    {
        (void)key;
        if (strcmp(json_object_get_string(value), upgrade_id) == 0) {
            return true;
        }
    }
    return false;
}

static void add_up(json_object *ledger, const char *kind, const char *upgrade_id, int64_t *count,
                   int64_t *minor)
{
    json_object *list = NULL;
    size_t length =
        json_object_object_get_ex(ledger, kind, &list) ? json_object_array_length(list) : 0;
    for (size_t i = 0; i < length; i++) {
        json_object *entry = json_object_array_get_idx(list, i);
        if (upgrade_id == NULL || is_about(entry, upgrade_id)) {
            (*count)++;
            *minor += member_number(entry, "amount");
        }
    }
}

/* NULL: whatever it is about. */
static bool read_lines(struct company *company, const char *upgrade_id, struct money *money)
{
    json_object *ledger = NULL;
    bool is_read = company_provider(company, "GET", "/ledger", NULL, &ledger) == 200;
    if (is_read) {
        *money = (struct money){0};
        add_up(ledger, "charges", upgrade_id, &money->charges, &money->charged_minor);
        add_up(ledger, "refunds", upgrade_id, &money->refunds, &money->refunded_minor);
    }
    (void)json_object_put(ledger);
    return is_read;
}

struct money read_money(struct telling *telling)
{
    struct money money = {0};
    if (!read_lines(telling->company, telling->upgrade_id, &money)) {
        tell_failure(telling, "the provider's ledger cannot be read");
    }
    return money;
}

bool read_ledger(struct company *company, struct money *total)
{
    return read_lines(company, NULL, total);
}

void expect_money(struct telling *telling, int64_t charges, int64_t refunds)
{
    struct money money = read_money(telling);
    if (money.charges != charges || money.refunds != refunds) {
        tell_failure(telling,
                     "the provider's ledger has %lld charges and %lld refunds, not %lld and %lld",
                     (long long)money.charges, (long long)money.refunds, (long long)charges,
                     (long long)refunds);
    }
}

static const char *header_text(const struct delivery *delivery, const char *name)
{
    const struct header *header = properties_find(&delivery->properties, name);
    return header != NULL && header->text != NULL ? header->text : "";
}

static bool look_once(struct telling *telling, struct broker *broker, const char *queue,
                      const char *field)
{
    struct delivery letter;
    struct fault fault;
    bool got = false;
    if (broker_get(broker, queue, &letter, &got, &fault) != OK) {
        tell_failure(telling, "%s: %s", queue, fault.text);
        return true;
    }
    if (!got) {
        return false;
    }
    const char *reason = header_text(&letter, "quadrille-failure-reason");
    tell(telling, "in %s lies %s: %s", queue, header_text(&letter, "quadrille-failure-class"),
         reason);
    if (strstr(reason, field) == NULL) {
        tell_failure(telling, "the dead letter does not name %s", field);
    }
    if (broker_nack(broker, letter.tag, false, true, &fault) != OK) {
        tell_failure(telling, "%s: %s", queue, fault.text);
    }
    return true;
}

void show_dead_letter(struct telling *telling, const char *queue, const char *field)
{
    struct broker *broker = NULL;
    struct fault fault;
    const struct broker_options options = {.url = getenv("AMQP_URL"), .name = "demo inspector"};
    if (broker_open(&options, &broker, &fault) != OK) {
        tell_failure(telling, "%s", fault.text);
        return;
    }
    int64_t deadline = clock_monotonic_ms() + USER_MS;
    while (!look_once(telling, broker, queue, field)) {
        if (clock_monotonic_ms() > deadline) {
            tell_failure(telling, "%s stays empty", queue);
            break;
        }
        listen_for(telling, LISTEN_MS);
    }
    broker_close(broker);
}
