/* SPDX-License-Identifier: Apache-2.0 */
#include "support/load.h"

#include "core/clock.h"
#include "core/memory.h"
#include "support/foreign.h"
#include "support/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { PATIENCE_MS = 90000, PAUSE_MS = 50, AUDIT_MS = 120000 };

enum change { STAY, CANCEL, LEAVE };

/* `ends`: the states it may end in; the deadline lets any story that it cuts short end cancelled.
 */
struct load_kind {
    const char *payment_method;
    const char *ends;
    bool has_metrics;
    enum change change;
};

/* clang-format off */
static const struct load_kind
    pays     = {"pm_card_visa",                 "completed",           true,  STAY},
    declined = {"pm_card_chargeDeclined",       "rejected",            true,  STAY},
    no_plan  = {"pm_card_visa",                 "cancelled",           false, STAY},
    hasty    = {"pm_card_visa",                 "completed cancelled", true,  STAY},
    refused  = {"pm_card_chargeDeclined",       "rejected cancelled",  true,  STAY},
    cancels  = {"pm_card_visa",                 "completed cancelled", true,  CANCEL},
    leaves   = {"pm_card_visa",                 "completed cancelled", true,  LEAVE},
    slow     = {"pm_usBankAccount_success",     "completed cancelled", true,  STAY},
    pending  = {"pm_usBankAccount_processing",  "cancelled",           true,  STAY},
    unproven = {"pm_card_authenticationRequired", "cancelled",         true,  STAY};
/* clang-format on */

static const struct load_kind *const calm[10] = {&pays, &pays, &pays,    &declined, &pays,
                                                 &pays, &pays, &no_plan, &pays,     &pays};
static const struct load_kind *const hectic[10] = {&hasty, &cancels, &hasty,   &refused, &leaves,
                                                   &hasty, &slow,    &no_plan, &cancels, &hasty};
/* Each of these takes a whole deadline: few are enough. */
static const struct load_kind *const endless[2] = {&pending, &unproven};

static const struct load_kind *kind_of(const struct load *load, size_t index)
{
    if (!load->is_hectic) {
        return calm[index % COUNT_OF(calm)];
    }
    return index % 20 == 19 ? endless[index / 20 % COUNT_OF(endless)]
                            : hectic[index % COUNT_OF(hectic)];
}

static void revive(struct load *load, const char *service)
{
    if (!company_is_alive(load->company, service)) {
        load->kills += process_was_killed(company_await_end(load->company, service, 0));
        company_start_one(load->company, service, NULL);
        load->restarts++;
    }
}

/* Repeats while nobody answers or the service is not ready, as a client should. */
static long call(struct load *load, const char *service, const char *method, const char *path,
                 const char *token, const char *key, const char *body, json_object **out)
{
    int64_t deadline = clock_monotonic_ms() + PATIENCE_MS;
    for (;;) {
        json_object *answer = NULL;
        long status = company_call(load->company, service, method, path, token, key, body, &answer);
        bool is_final = status != 0 && status != 503 && status != 409 && status != 404;
        if (is_final || clock_monotonic_ms() > deadline) {
            if (out != NULL) {
                *out = answer;
            } else {
                (void)json_object_put(answer);
            }
            return status;
        }
        (void)json_object_put(answer);
        if (status == 0 && !load->is_watched) {
            revive(load, service);
        }
        clock_sleep_ms(PAUSE_MS);
    }
}

static void expect(struct load *load, long status, long wanted, const char *what)
{
    if (status != wanted) {
        (void)fprintf(stderr, "load: %s was answered with %ld instead of %ld\n", what, status,
                      wanted);
        load->unanswered++;
    }
}

static void new_user(struct load *load, struct load_user *user)
{
    struct uuid key_id = ids_new();
    char key[UUID_TEXT_BYTES];
    (void)ids_format(&key_id, key);
    /* Letters only: digits in a row may look like a card number, and that is refused. */
    AUTO(free_text)
    char *body = xasprintf("{\"name\":\"Load User\",\"email\":\"user.%c.%c%c%c@load.example\"}",
                           (int)('a' + load->number), (int)('a' + load->count / 676 % 26),
                           (int)('a' + load->count / 26 % 26), (int)('a' + load->count % 26));
    json_object *answer = NULL;
    expect(load, call(load, "profile", "POST", "/users", NULL, key, body, &answer), 201,
           "registering");
    (void)snprintf(user->id, sizeof user->id, "%s", member_text(answer, "id"));
    (void)snprintf(user->token, sizeof user->token, "%s", member_text(answer, "token"));
    (void)json_object_put(answer);

    AUTO(free_text) char *metrics = xasprintf("/users/%s/metrics", user->id);
    AUTO(free_text) char *goal = xasprintf("/users/%s/goal", user->id);
    if (user->kind->has_metrics) {
        long status =
            call(load, "profile", "POST", metrics, user->token, key,
                 "{\"weightG\":78500,\"heightMm\":1790,\"restingHeartRateBpm\":58}", NULL);
        expect(load, status / 100, 2, "recording metrics");
    }
    long status = call(load, "profile", "PUT", goal, user->token, NULL,
                       "{\"goal\":\"build_muscle\",\"level\":\"beginner\",\"daysPerWeek\":3,"
                       "\"equipment\":[\"dumbbells\"]}",
                       NULL);
    expect(load, status / 100, 2, "setting a goal");
}

void load_users(struct load *load, size_t count)
{
    for (size_t i = 0; i < count && load->count < LOAD_MAX; i++) {
        struct load_user *user = &load->users[load->count];
        *user = (struct load_user){.kind = kind_of(load, load->count)};
        new_user(load, user);
        load->count++;
    }
}

void load_ask(struct load *load, size_t from)
{
    for (size_t i = from; i < load->count; i++) {
        struct load_user *user = &load->users[i];
        AUTO(free_text) char *path = xasprintf("/users/%s/premium-upgrades", user->id);
        AUTO(free_text)
        char *body = xasprintf("{\"paymentMethod\":\"%s\"}", user->kind->payment_method);
        json_object *answer = NULL;
        expect(load, call(load, "subscription", "POST", path, user->token, user->id, body, &answer),
               202, "asking for premium");
        (void)snprintf(user->upgrade_id, sizeof user->upgrade_id, "%s", member_text(answer, "id"));
        (void)json_object_put(answer);
    }
}

/* Too late, or again, is an answer as good as any. */
void load_change_minds(struct load *load, size_t from)
{
    for (size_t i = from; i < load->count; i++) {
        const struct load_user *user = &load->users[i];
        AUTO(free_text) char *leave = xasprintf("/users/%s", user->id);
        AUTO(free_text)
        char *cancel = xasprintf("/users/%s/premium-upgrades/%s", user->id, user->upgrade_id);
        if (user->kind->change == CANCEL) {
            (void)company_call(load->company, "subscription", "DELETE", cancel, user->token, NULL,
                               NULL, NULL);
        } else if (user->kind->change == LEAVE) {
            (void)company_call(load->company, "profile", "DELETE", leave, user->token, NULL, NULL,
                               NULL);
        }
    }
}

static long show(const struct load *load, const struct load_user *user, json_object **answer)
{
    AUTO(free_text)
    char *path = xasprintf("/users/%s/premium-upgrades/%s", user->id, user->upgrade_id);
    return company_call(load->company, "subscription", "GET", path, user->token, NULL, NULL,
                        answer);
}

static bool has_ended(struct load *load, struct load_user *user)
{
    static const char *const ends[] = {"completed", "rejected", "cancelled"};
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        if (strcmp(user->state, ends[i]) == 0) {
            return true; /* there is no way back: the audit would say so */
        }
    }
    json_object *answer = NULL;
    long status = show(load, user, &answer);
    if (status == 200) {
        (void)snprintf(user->state, sizeof user->state, "%s", member_text(answer, "state"));
    } else {
        (void)snprintf(user->state, sizeof user->state, "unknown (HTTP %ld)", status);
    }
    (void)json_object_put(answer);
    return false;
}

static void tell_story(const struct load *load, const struct load_user *user, const char *what)
{
    json_object *answer = NULL;
    (void)show(load, user, &answer);
    (void)fprintf(stderr, "load: upgrade %s %s %s; bound for: %s\n%s\n", user->upgrade_id, what,
                  user->state, user->kind->ends,
                  json_object_to_json_string_ext(answer, JSON_C_TO_STRING_PRETTY));
    (void)json_object_put(answer);
}

size_t load_await(struct load *load, int64_t timeout_ms)
{
    int64_t deadline = clock_monotonic_ms() + timeout_ms;
    size_t open = 0;
    for (size_t i = 0; i < load->count; i++) {
        struct load_user *user = &load->users[i];
        while (!has_ended(load, user)) {
            if (clock_monotonic_ms() > deadline) {
                tell_story(load, user, "is still");
                open++;
                break;
            }
            clock_sleep_ms(PAUSE_MS / 5);
        }
    }
    return open;
}

size_t load_wrong(const struct load *load)
{
    size_t wrong = 0;
    for (size_t i = 0; i < load->count; i++) {
        const struct load_user *user = &load->users[i];
        if (strstr(user->kind->ends, user->state) == NULL) {
            tell_story(load, user, "ended");
            wrong++;
        }
    }
    return wrong;
}

size_t load_ended(const struct load *load, const char *state)
{
    size_t count = 0;
    for (size_t i = 0; i < load->count; i++) {
        count += strcmp(load->users[i].state, state) == 0;
    }
    return count;
}

/* Ids of what was published by hand, for the audit. */
static FILE *open_foreign_ids(const struct company *company, char **path)
{
    *path = xasprintf("%s/foreign-ids", company_folder(company));
    return fopen(*path, "ae");
}

bool load_poison(struct company *company)
{
    char id[UUID_TEXT_BYTES];
    struct uuid event_id = ids_new();
    (void)ids_format(&event_id, id);
    AUTO(free_text)
    char *body =
        xasprintf("{\"upgradeId\":\"%s\",\"userId\":\"%s\",\"chargeId\":\"%s\","
                  "\"providerReference\":\"pi_foreign\","
                  "\"amountMinor\":-5,\"currency\":\"EUR\",\"paidAt\":\"2026-11-23T07:00:00Z\"}",
                  id, id, id);
    const struct foreign_message message = {
        .account = "billing",
        .exchange = "billing.events",
        .routing_key = "billing.payment-completed.v1",
        .id = id,
        .type = "fit.billing.PaymentCompleted.v1",
        .name = "PaymentCompleted",
        .subject = id,
        .correlation_id = id,
        .body = body,
    };
    AUTO(free_text) char *path = NULL;
    FILE *file = open_foreign_ids(company, &path);
    char reason[256] = "its id cannot be noted";
    bool is_said = file != NULL && foreign_publish(&message, reason);
    if (is_said) {
        (void)fprintf(file, "%s\n", id);
    } else {
        (void)fprintf(stderr, "load: the poison was not published: %s\n", reason);
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return is_said;
}

bool load_audit(struct company *company)
{
    AUTO(free_text) char *program = xasprintf("%s/src/tools/quadrille", company_build(company));
    AUTO(free_text)
    char *provider = xasprintf("http://127.0.0.1:%d", company_health_port(company, "provider"));
    AUTO(free_text) char *log = xasprintf("%s/audit.log", company_folder(company));
    AUTO(free_text) char *foreign = NULL;
    FILE *file = open_foreign_ids(company, &foreign); /* makes it */
    if (file != NULL) {
        (void)fclose(file);
    }
    const char *const argv[] = {program,          "audit",  "--wait",    "30s",
                                "--dead-letters", foreign,  "--foreign", foreign,
                                "--provider-url", provider, NULL};
    (void)remove(log);
    pid_t pid = process_start(argv, NULL, log);
    int status = process_wait(pid, AUDIT_MS);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        return true;
    }
    AUTO(free_text) char *show_log = xasprintf("cat '%s' >&2", log);
    int ignored = system(show_log);
    (void)ignored;
    return false;
}
