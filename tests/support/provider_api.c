/* SPDX-License-Identifier: Apache-2.0 */
#include "provider_api.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    ID_MAX_BYTES = 64,
    KEY_ID_ROOM = 16 + 1 + KEY_MAX_BYTES + 1,
};

/* "*" in a path stands for an id. */
struct route {
    const char *method;
    const char *path;
    const char *fault; /* what the fault queue calls it */
    payments_call *run;
};

/* clang-format off */
static const struct route routes[] = {
    {"POST", "/v1/payment_intents",           "create",  payments_create},
    {"GET",  "/v1/payment_intents/*",         "read",    payments_read},
    {"POST", "/v1/payment_intents/*/confirm", "confirm", payments_confirm},
    {"POST", "/v1/payment_intents/*/cancel",  "cancel",  payments_cancel},
    {"POST", "/v1/refunds",                   "refund",  refunds_create},
    {"GET",  "/v1/refunds",                   "read",    refunds_list},
    {"GET",  "/v1/refunds/*",                 "read",    refunds_read},
};
/* clang-format on */

struct call {
    struct provider *provider;
    const struct request *request;
    const struct route *route;
    struct form form;
    char id[ID_MAX_BYTES + 1];
    char key[KEY_ID_ROOM]; /* "": the call has no idempotency key */
    uint64_t print;
};

static const struct answer no_answer = {.status = 0};

/* Takes the reply's body. */
static struct answer answer_of(struct reply reply)
{
    struct answer answer = {.status = reply.status, .body = strdup(record_print(reply.body))};

    if (answer.body == NULL) {
        abort();
    }
    json_object_put(reply.body);
    return answer;
}

static struct reply refuse(unsigned status, const char *message)
{
    return reply_error(status, "invalid_request_error", NULL, NULL, message);
}

static struct reply broken(void)
{
    return reply_error(500, "api_error", NULL, NULL, "An unknown error occurred");
}

bool api_is_away(void *subject)
{
    struct provider *provider = subject;

    pthread_mutex_lock(&provider->lock);
    bool is_away = monotonic_ms() < provider->away_until_ms;
    pthread_mutex_unlock(&provider->lock);
    return is_away;
}

static const char *find_api_key(const struct provider *provider, const char *given)
{
    for (size_t i = 0; i < API_KEYS_MAX; i++) {
        if (*given != '\0' && strcmp(provider->api_keys[i], given) == 0) {
            return provider->api_keys[i];
        }
    }
    return NULL;
}

/* Bearer, or Basic with the key as user. NULL: neither, or an unknown key. */
static const char *authenticate(const struct call *call)
{
    static const char scheme[] = "Bearer ";
    const char *header = request_header(call->request, MHD_HTTP_HEADER_AUTHORIZATION);

    if (header != NULL && strncasecmp(header, scheme, sizeof(scheme) - 1) == 0) {
        return find_api_key(call->provider, header + sizeof(scheme) - 1);
    }
    char *user = MHD_basic_auth_get_username_password(call->request->connection, NULL);
    const char *key = user == NULL ? NULL : find_api_key(call->provider, user);
    MHD_free(user);
    return key;
}

static bool match(const char *pattern, const char *path, char id[ID_MAX_BYTES + 1])
{
    size_t head = strcspn(pattern, "*");

    id[0] = '\0';
    if (pattern[head] == '\0') {
        return strcmp(pattern, path) == 0;
    }
    if (strncmp(pattern, path, head) != 0) {
        return false;
    }
    size_t length = strcspn(path + head, "/");
    if (length == 0 || length > ID_MAX_BYTES ||
        strcmp(pattern + head + 1, path + head + length) != 0) {
        return false;
    }
    (void)snprintf(id, ID_MAX_BYTES + 1, "%.*s", (int)length, path + head);
    return true;
}

static const struct route *find_route(const struct request *request, char id[ID_MAX_BYTES + 1])
{
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        if (strcmp(routes[i].method, request->method) == 0 &&
            match(routes[i].path, request->path, id)) {
            return &routes[i];
        }
    }
    return NULL;
}

static enum MHD_Result add_argument(void *cls, enum MHD_ValueKind kind, const char *name,
                                    const char *value)
{
    (void)kind;
    return form_add(cls, name, value == NULL ? "" : value) ? MHD_YES : MHD_NO;
}

static bool read_form(struct call *call)
{
    static const char wanted[] = "application/x-www-form-urlencoded";
    const char *type = request_header(call->request, MHD_HTTP_HEADER_CONTENT_TYPE);

    if (strcmp(call->request->method, "GET") == 0) {
        (void)MHD_get_connection_values(call->request->connection, MHD_GET_ARGUMENT_KIND,
                                        add_argument, &call->form);
        return true;
    }
    if (call->request->body_bytes == 0) {
        return true;
    }
    return type != NULL && strncasecmp(type, wanted, sizeof(wanted) - 1) == 0 &&
           strlen(call->request->body) == call->request->body_bytes &&
           form_parse(&call->form, call->request->body);
}

/* False: the header is too long. */
static bool read_key(struct call *call, const char *api_key)
{
    const char *key = request_header(call->request, "Idempotency-Key");

    if (key == NULL || *key == '\0' || strcmp(call->request->method, "POST") != 0) {
        return true;
    }
    if (strlen(key) > KEY_MAX_BYTES) {
        return false;
    }
    (void)snprintf(call->key, sizeof(call->key), "%016" PRIx64 ":%s",
                   print_text(PRINT_START, api_key), key);
    call->print = form_print(&call->form, call->request->method, call->request->path);
    return true;
}

/* True: the call can be tried. Else refusal says why not; nothing of it is stored. */
static bool read_call(struct call *call, struct reply *refusal)
{
    const char *api_key = authenticate(call);

    if (api_key == NULL) {
        *refusal = refuse(401, "Invalid API Key provided. Give it as \"Authorization: Bearer "
                               "sk_test_...\" or as the user of Basic authentication.");
        return false;
    }
    call->route = find_route(call->request, call->id);
    if (call->route == NULL) {
        *refusal = refuse(404, "Unrecognized request URL.");
        return false;
    }
    if (call->request->is_too_large) {
        *refusal = refuse(413, "The request is too large.");
        return false;
    }
    if (!read_form(call)) {
        *refusal = refuse(400, "Invalid request (check that your POST content type is "
                               "application/x-www-form-urlencoded).");
        return false;
    }
    if (!read_key(call, api_key)) {
        *refusal = refuse(400, "Idempotency keys are up to 255 characters long.");
        return false;
    }
    return true;
}

/* Of the payment intent that the call is about, or is to create. Owned by the caller; NULL:
 * unknown. */
static struct json_object *metadata_of(struct call *call)
{
    static const char prefix[] = "metadata[";
    const char *about = form_find(&call->form, "payment_intent");
    struct json_object *record = NULL;
    struct json_object *metadata = NULL;

    if (json_object_object_get_ex(call->provider->ledger.intents, about == NULL ? call->id : about,
                                  &record) ||
        json_object_object_get_ex(call->provider->ledger.refunds, call->id, &record)) {
        json_object_object_get_ex(record, "metadata", &metadata);
        return json_object_get(metadata);
    }
    metadata = json_object_new_object();
    for (size_t i = 0; i < call->form.count; i++) {
        if (strncmp(call->form.fields[i].name, prefix, sizeof(prefix) - 1) == 0) {
            record_set_text(metadata, call->form.fields[i].name, call->form.fields[i].value);
        }
    }
    return metadata;
}

static struct fault take_fault(struct call *call)
{
    struct provider *provider = call->provider;

    pthread_mutex_lock(&provider->lock);
    struct json_object *metadata = metadata_of(call);
    struct fault fault = faults_take(&provider->faults, call->route->fault, metadata);
    json_object_put(metadata);
    pthread_mutex_unlock(&provider->lock);
    return fault;
}

/* The key is stored or in use: answers instead of an effect. The lock is held. */
static struct answer answer_known(enum claim claim, struct json_object *stored)
{
    if (claim == STORED) {
        char *body = strdup(record_text(stored, "body"));
        return (struct answer){
            .status = (unsigned)record_number(stored, "status"),
            .body = body,
            .is_replayed = true,
        };
    }
    if (claim == RUNNING) {
        return answer_of(reply_error(409, "idempotency_error", "idempotency_key_in_use", NULL,
                                     "There is currently another in-progress request using this "
                                     "Idempotency-Key. Please try again later."));
    }
    return answer_of(reply_error(400, "idempotency_error", NULL, NULL,
                                 "Keys for idempotent requests can only be used with the same "
                                 "parameters they were first used with."));
}

/* False: the key has an answer already. */
static bool claim_key(struct call *call, struct answer *known)
{
    struct json_object *stored = NULL;

    if (call->key[0] == '\0') {
        return true;
    }
    pthread_mutex_lock(&call->provider->lock);
    enum claim claim = keys_claim(&call->provider->keys, call->key, call->print, &stored);
    if (claim != CLAIMED) {
        *known = answer_known(claim, stored);
    }
    pthread_mutex_unlock(&call->provider->lock);
    return claim == CLAIMED;
}

static void release_key(struct call *call)
{
    pthread_mutex_lock(&call->provider->lock);
    keys_release(&call->provider->keys, call->key);
    pthread_mutex_unlock(&call->provider->lock);
}

static struct reply run_route(struct call *call, enum fault_kind fault)
{
    struct provider *provider = call->provider;

    if (fault == FAULT_STORED500) {
        struct reply reply = broken();
        reply.has_begun = true;
        return reply;
    }
    struct reply reply = call->route->run(&provider->payments, call->id, &call->form);
    if (fault == FAULT_ERROR500_AFTER && reply.has_begun) {
        json_object_put(reply.body);
        reply.status = 500;
        reply.body = broken().body;
    }
    return reply;
}

static struct answer have_effect(struct call *call, enum fault_kind fault)
{
    struct provider *provider = call->provider;

    pthread_mutex_lock(&provider->lock);
    payments_advance(&provider->payments);
    struct reply reply = run_route(call, fault);
    bool is_final = reply.has_begun;
    struct answer answer = answer_of(reply);
    if (call->key[0] != '\0' && is_final) {
        keys_store(&provider->keys, call->key, call->print, answer.status, answer.body);
    } else if (call->key[0] != '\0') {
        keys_release(&provider->keys, call->key);
    }
    ledger_commit(&provider->ledger);
    pthread_mutex_unlock(&provider->lock);
    return answer;
}

static struct answer claim_and_run(struct call *call, struct fault fault)
{
    struct answer known = no_answer;

    if (!claim_key(call, &known)) {
        return known;
    }
    if (fault.kind == FAULT_SLOW && !wait_ms(fault.ms, call->provider->stop_fd)) {
        release_key(call);
        return no_answer;
    }
    return have_effect(call, fault.kind);
}

static struct answer stay_silent(struct call *call, struct answer answer)
{
    free(answer.body);
    request_await_end(call->request, call->provider->stop_fd);
    return no_answer;
}

static struct answer answer_faulty(struct call *call, struct fault fault)
{
    switch (fault.kind) {
    case FAULT_LATE:
        if (!wait_ms(fault.ms, call->provider->stop_fd)) {
            return no_answer;
        }
        return stay_silent(call, claim_and_run(call, fault));
    case FAULT_TIMEOUT_BEFORE:
        return stay_silent(call, no_answer);
    case FAULT_TIMEOUT_AFTER:
        return stay_silent(call, claim_and_run(call, fault));
    case FAULT_RESET:
        request_reset(call->request);
        return no_answer;
    case FAULT_ERROR500_BEFORE:
        return answer_of(broken());
    case FAULT_NONE:
    case FAULT_SLOW:
    case FAULT_ERROR500_AFTER:
    case FAULT_STORED500:
        break;
    }
    return claim_and_run(call, fault);
}

struct answer api_answer(void *subject, const struct request *request)
{
    struct call call = {.provider = subject, .request = request};
    struct reply refusal;
    struct answer answer =
        read_call(&call, &refusal) ? answer_faulty(&call, take_fault(&call)) : answer_of(refusal);

    form_done(&call.form);
    if (api_is_away(subject)) { /* went away while this was under way */
        free(answer.body);
        return no_answer;
    }
    return answer;
}
