/* SPDX-License-Identifier: Apache-2.0 */
#include "provider_admin.h"

#include <stdlib.h>
#include <string.h>

/* Result is the caller's; an {"error":…} makes a 400 of it. The lock is held. body is NULL when it
 * is no JSON. */
typedef struct json_object *admin_call(struct provider *provider, struct json_object *body);

static struct json_object *said(const char *field, struct json_object *value)
{
    struct json_object *object = json_object_new_object();

    json_object_object_add(object, field, value);
    return object;
}

static struct json_object *wrong(const char *reason)
{
    return said("error", json_object_new_string(reason));
}

static struct json_object *show_ledger(struct provider *provider, struct json_object *body)
{
    (void)body;
    return payments_audit(&provider->payments);
}

static struct json_object *show_faults(struct provider *provider, struct json_object *body)
{
    (void)body;
    return said("faults", faults_show(&provider->faults));
}

static struct json_object *add_fault(struct provider *provider, struct json_object *body)
{
    const char *reason = faults_add(&provider->faults, body);

    return reason == NULL ? show_faults(provider, body) : wrong(reason);
}

static struct json_object *clear_faults(struct provider *provider, struct json_object *body)
{
    provider->faults.count = 0;
    return show_faults(provider, body);
}

static struct json_object *go_away(struct provider *provider, struct json_object *body)
{
    struct json_object *for_ms = NULL;

    if (!json_object_is_type(body, json_type_object) ||
        !json_object_object_get_ex(body, "for_ms", &for_ms) ||
        !json_object_is_type(for_ms, json_type_int) || json_object_get_int(for_ms) < -1) {
        return wrong("for_ms is needed: milliseconds, or -1 until POST /back");
    }
    provider->away_until_ms =
        json_object_get_int(for_ms) < 0 ? INT64_MAX : monotonic_ms() + json_object_get_int(for_ms);
    return said("away", json_object_new_boolean(true));
}

static struct json_object *come_back(struct provider *provider, struct json_object *body)
{
    (void)body;
    provider->away_until_ms = 0;
    return said("away", json_object_new_boolean(false));
}

static struct json_object *settle(struct provider *provider, struct json_object *body)
{
    (void)body;
    return said("settled", json_object_new_int(payments_settle(&provider->payments)));
}

static struct json_object *say_ok(struct provider *provider, struct json_object *body)
{
    (void)provider;
    (void)body;
    return said("status", json_object_new_string("ok"));
}

/* clang-format off */
static const struct {
    const char *method;
    const char *path;
    admin_call *run;
    const char *help;
} routes[] = {
    {"GET",    "/ledger",  show_ledger,  "charges, refunds, totals by currency, intents"},
    {"GET",    "/faults",  show_faults,  "the faults still to come"},
    {"POST",   "/faults",  add_fault,    "{\"route\":\"create|confirm|cancel|refund|read|any\",\"fault\":…,\"times\":1,\"ms\":0,\"upgrade\":…}"},
    {"DELETE", "/faults",  clear_faults, "forgets them"},
    {"POST",   "/away",    go_away,      "{\"for_ms\":N}: closes every connection for so long; -1: until POST /back"},
    {"POST",   "/back",    come_back,    "answers again"},
    {"POST",   "/settle",  settle,       "ends what is processing or pending"},
    {"GET",    "/healthz", say_ok,       "200 as soon as it listens"},
};
/* clang-format on */

static struct answer run(struct provider *provider, admin_call *call, const struct request *request)
{
    struct json_object *body = json_tokener_parse(request->body);

    pthread_mutex_lock(&provider->lock);
    payments_advance(&provider->payments);
    struct json_object *result = call(provider, body);
    ledger_commit(&provider->ledger);
    struct answer answer = {
        .status = json_object_object_get_ex(result, "error", NULL) ? 400 : 200,
        .body = strdup(record_print(result)),
    };
    json_object_put(result);
    pthread_mutex_unlock(&provider->lock);
    json_object_put(body);
    return answer;
}

struct answer admin_answer(void *subject, const struct request *request)
{
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]) && !request->is_too_large; i++) {
        if (strcmp(routes[i].method, request->method) == 0 &&
            strcmp(routes[i].path, request->path) == 0) {
            return run(subject, routes[i].run, request);
        }
    }
    return (struct answer){.status = request->is_too_large ? 413 : 404};
}

void admin_print(FILE *out)
{
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        fprintf(out, "  %-6s %-9s %s\n", routes[i].method, routes[i].path, routes[i].help);
    }
}
