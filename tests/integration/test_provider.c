/* SPDX-License-Identifier: Apache-2.0 */

/* Starts the stand-in payment provider named by PROVIDER_BIN on free ports and holds it to what it
 * promises. */

#include <check.h>
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    PATH_ROOM = 256,
    URL_ROOM = 256,
    FORM_ROOM = 512,
    ARGS_MAX = 16,
    START_MS = 10000,
    ANSWER_MS = 10000,
    GIVE_UP_MS = 300,
    THREADS = 8,
};

#define KEY_ONE "sk_test_oneSecretOfTheTests"
#define KEY_TWO "sk_test_twoSecretOfTheTests"

/* One server per test, since every test is a process of its own. */
static struct {
    pid_t pid;
    char dir[PATH_ROOM];
    char url[URL_ROOM];
    char admin[URL_ROOM];
} server;

/* What came back. All are freed together at the end of the test. */
struct got {
    struct got *next;
    CURLcode code;
    long status;
    bool is_replayed;
    char *body;
    struct json_object *json;
};

static struct got *all_got;
static pthread_mutex_t all_got_lock = PTHREAD_MUTEX_INITIALIZER;

static void sleep_ms(long ms)
{
    const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    (void)nanosleep(&time, NULL);
}

static long long now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void in_dir(char path[PATH_ROOM + 32], const char *name)
{
    (void)snprintf(path, PATH_ROOM + 32, "%s/%s", server.dir, name);
}

static void write_file(const char *name, const char *mode, const char *text)
{
    char path[PATH_ROOM + 32];

    in_dir(path, name);
    FILE *file = fopen(path, mode);
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

/* The caller's. NULL: there is no such file. */
static char *read_file(const char *name)
{
    char path[PATH_ROOM + 32];
    char *text = NULL;
    size_t room = 0;

    in_dir(path, name);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return NULL;
    }
    if (getdelim(&text, &room, '\0', file) < 0) {
        free(text);
        text = strdup("");
    }
    (void)fclose(file);
    return text;
}

static pid_t spawn(const char *const *args)
{
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        char log[PATH_ROOM + 32];

        in_dir(log, "log");
        int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, S_IRUSR | S_IWUSR);
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nothing behind */
        (void)dup2(fd, STDOUT_FILENO);
        (void)dup2(fd, STDERR_FILENO);
        execv(args[0], (char *const *)args);
        _exit(127);
    }
    return pid;
}

static int wait_exit(pid_t pid)
{
    int status = 0;

    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static const char *binary(void)
{
    const char *path = getenv("PROVIDER_BIN");

    return path == NULL ? "" : path;
}

static void read_ports(void)
{
    long long end_ms = now_ms() + START_MS;
    char *text = NULL;

    while ((text = read_file("ports")) == NULL && now_ms() < end_ms) {
        ck_assert_int_eq(waitpid(server.pid, NULL, WNOHANG), 0); /* it did not start */
        sleep_ms(5);
    }
    ck_assert_ptr_nonnull(text);
    ck_assert_int_eq(
        sscanf(text, "PROVIDER_URL=%63s PROVIDER_ADMIN_URL=%63s", server.url, server.admin), 2);
    free(text);
}

static void start(const char *option, const char *value)
{
    char keys[PATH_ROOM + 32];
    char ports[PATH_ROOM + 32];
    char ledger[PATH_ROOM + 32];
    const char *args[ARGS_MAX] = {binary(),   "--api-key-file", keys,   "--port-file", ports,
                                  "--ledger", ledger,           option, value};

    in_dir(keys, "keys");
    in_dir(ports, "ports");
    in_dir(ledger, "ledger.jsonl");
    (void)unlink(ports);
    server.pid = spawn(args);
    read_ports();
}

static int stop(void)
{
    pid_t pid = server.pid;

    server.pid = 0;
    ck_assert_int_eq(kill(pid, SIGTERM), 0);
    return wait_exit(pid);
}

static void start_plain(void)
{
    (void)snprintf(server.dir, sizeof(server.dir), "/tmp/test_provider.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(server.dir));
    write_file("keys", "we", KEY_ONE "\n" KEY_TWO "\n");
    start(NULL, NULL);
}

static void restart_with(const char *option, const char *value)
{
    ck_assert_int_eq(stop(), 0);
    start(option, value);
}

static void end(void)
{
    static const char *const names[] = {"keys", "ports", "ledger.jsonl", "log"};

    if (server.pid != 0) {
        ck_assert_int_eq(stop(), 0);
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[PATH_ROOM + 32];

        in_dir(path, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(server.dir);
    while (all_got != NULL) {
        struct got *got = all_got;

        all_got = got->next;
        json_object_put(got->json);
        free(got->body);
        free(got);
    }
}

static size_t on_header(char *data, size_t size, size_t count, void *into)
{
    static const char wanted[] = "Idempotent-Replayed: true";
    struct got *got = into;

    if (size * count >= sizeof(wanted) - 1 && strncasecmp(data, wanted, sizeof(wanted) - 1) == 0) {
        got->is_replayed = true;
    }
    return size * count;
}

/* The whole of a call; the other helpers fill in what rarely differs. */
struct ask {
    const char *method; /* NULL: POST when there is a form, else GET */
    const char *base;   /* NULL: the API */
    const char *path;
    const char *form;
    const char *key;     /* Idempotency-Key */
    const char *api_key; /* NULL: KEY_ONE; "": none */
    const char *user;    /* for Basic authentication */
    const char *type;    /* Content-Type */
    long give_up_ms;
};

static struct curl_slist *headers_of(const struct ask *ask)
{
    struct curl_slist *headers = curl_slist_append(NULL, "Expect:");
    const char *api_key = ask->api_key == NULL ? KEY_ONE : ask->api_key;
    char line[FORM_ROOM];

    if (*api_key != '\0' && ask->user == NULL) {
        (void)snprintf(line, sizeof(line), "Authorization: Bearer %s", api_key);
        headers = curl_slist_append(headers, line);
    }
    if (ask->key != NULL) {
        (void)snprintf(line, sizeof(line), "Idempotency-Key: %s", ask->key);
        headers = curl_slist_append(headers, line);
    }
    if (ask->type != NULL) {
        (void)snprintf(line, sizeof(line), "Content-Type: %s", ask->type);
        headers = curl_slist_append(headers, line);
    }
    return headers;
}

static struct got *send_ask(const struct ask *ask)
{
    struct got *got = calloc(1, sizeof(*got));
    char url[2 * URL_ROOM];
    size_t bytes = 0;
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = headers_of(ask);
    FILE *body = open_memstream(&got->body, &bytes);

    (void)snprintf(url, sizeof(url), "%s%s", ask->base == NULL ? server.url : ask->base, ask->path);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, ask->give_up_ms > 0 ? ask->give_up_ms : ANSWER_MS);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, got);
    if (ask->user != NULL) {
        curl_easy_setopt(curl, CURLOPT_USERNAME, ask->user);
        curl_easy_setopt(curl, CURLOPT_PASSWORD, "");
    }
    if (ask->form != NULL) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, ask->form);
    }
    if (ask->method != NULL) {
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, ask->method);
    }
    got->code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &got->status);
    (void)fclose(body);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    got->json = json_tokener_parse(got->body);

    pthread_mutex_lock(&all_got_lock);
    got->next = all_got;
    all_got = got;
    pthread_mutex_unlock(&all_got_lock);
    return got;
}

static struct got *post(const char *path, const char *form, const char *key)
{
    return send_ask(&(struct ask){.path = path, .form = form, .key = key});
}

static struct got *get(const char *path)
{
    return send_ask(&(struct ask){.path = path});
}

static struct got *admin(const char *path, const char *form)
{
    struct got *got = send_ask(&(struct ask){.base = server.admin, .path = path, .form = form});

    ck_assert_int_eq(got->status, 200);
    return got;
}

static void queue_fault(const char *fault)
{
    (void)admin("/faults", fault);
}

/* path: names parted by dots; a number indexes an array. NULL: absent or null. */
static struct json_object *at(struct json_object *json, const char *path)
{
    char copy[URL_ROOM];
    char *rest = copy;

    (void)snprintf(copy, sizeof(copy), "%s", path);
    for (char *name = strsep(&rest, "."); name != NULL && json != NULL; name = strsep(&rest, ".")) {
        struct json_object *child = NULL;

        if (json_object_is_type(json, json_type_array)) {
            child = json_object_array_get_idx(json, strtoul(name, NULL, 10));
        } else {
            (void)json_object_object_get_ex(json, name, &child);
        }
        json = child;
    }
    return json;
}

/* "" when absent. */
static const char *text(const struct got *got, const char *path)
{
    struct json_object *value = at(got->json, path);

    return value == NULL ? "" : json_object_get_string(value);
}

static long long number(const struct got *got, const char *path)
{
    struct json_object *value = at(got->json, path);

    return value == NULL ? -1 : json_object_get_int64(value);
}

#define assert_text(got, path, wanted) ck_assert_str_eq(text((got), (path)), (wanted))
#define assert_number(got, path, wanted) ck_assert_int_eq(number((got), (path)), (wanted))
#define assert_answered(answer, wanted)                                                            \
    do {                                                                                           \
        const struct got *answer_ = (answer);                                                      \
        ck_assert_int_eq(answer_->code, CURLE_OK);                                                 \
        ck_assert_int_eq(answer_->status, (wanted));                                               \
    } while (0)

static const char *create_with(const char *upgrade, const char *method)
{
    char form[FORM_ROOM];

    (void)snprintf(form, sizeof(form), "amount=999&currency=eur&metadata[upgrade_id]=%s%s%s",
                   upgrade, *method == '\0' ? "" : "&payment_method=", method);
    struct got *got = post("/v1/payment_intents", form, NULL);
    assert_answered(got, 200);
    return text(got, "id");
}

static const char *create(const char *method)
{
    return create_with("upgrade-1", method);
}

static struct ask about(char path[URL_ROOM], const char *id, const char *verb, const char *key)
{
    (void)snprintf(path, URL_ROOM, "/v1/payment_intents/%s%s", id, verb);
    return (struct ask){.path = path, .form = *verb == '\0' ? NULL : "", .key = key};
}

static struct got *confirm(const char *id, const char *key)
{
    char path[URL_ROOM];
    struct ask ask = about(path, id, "/confirm", key);

    return send_ask(&ask);
}

static struct got *confirm_briefly(const char *id, const char *key)
{
    char path[URL_ROOM];
    struct ask ask = about(path, id, "/confirm", key);

    ask.give_up_ms = GIVE_UP_MS;
    return send_ask(&ask);
}

static struct got *cancel(const char *id)
{
    char path[URL_ROOM];
    struct ask ask = about(path, id, "/cancel", NULL);

    return send_ask(&ask);
}

static struct got *look(const char *id)
{
    char path[URL_ROOM];
    struct ask ask = about(path, id, "", NULL);

    return send_ask(&ask);
}

static struct got *refund(const char *id, const char *more)
{
    char form[FORM_ROOM];

    (void)snprintf(form, sizeof(form), "payment_intent=%s%s", id, more);
    return post("/v1/refunds", form, NULL);
}

static const char *charged(const char *method)
{
    const char *id = create(method);

    assert_text(confirm(id, NULL), "status", "succeeded");
    return id;
}

static void assert_status(const char *id, const char *status)
{
    assert_text(look(id), "status", status);
}

static size_t count_charges(void)
{
    return json_object_array_length(at(admin("/ledger", NULL)->json, "charges"));
}

START_TEST(knows_its_api_keys_only)
{
    static const char form[] = "amount=1&currency=eur";
    const struct {
        struct ask ask;
        long status;
    } cases[] = {
        {{.api_key = KEY_ONE}, 200},
        {{.api_key = KEY_TWO}, 200},
        {{.user = KEY_ONE}, 200},
        {{.api_key = ""}, 401},
        {{.api_key = "sk_test_other"}, 401},
        {{.api_key = KEY_ONE "x"}, 401},
        {{.user = "sk_test_other"}, 401},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ask ask = cases[i].ask;

        ask.path = "/v1/payment_intents";
        ask.form = form;
        struct got *got = send_ask(&ask);
        assert_answered(got, cases[i].status);
        if (cases[i].status == 401) {
            assert_text(got, "error.type", "invalid_request_error");
            ck_assert_ptr_null(strstr(got->body, "sk_test_other"));
        }
    }
}
END_TEST

START_TEST(creates_an_unconfirmed_intent)
{
    struct got *got = post("/v1/payment_intents",
                           "amount=999&currency=eur&payment_method=pm_card_visa&confirm=false"
                           "&metadata%5Bupgrade_id%5D=u+1%26&description=Premium",
                           NULL);

    assert_answered(got, 200);
    assert_text(got, "object", "payment_intent");
    assert_text(got, "status", "requires_confirmation");
    assert_text(got, "metadata.upgrade_id", "u 1&");
    assert_text(got, "currency", "eur");
    assert_number(got, "amount", 999);
    assert_number(got, "amount_received", 0);
    ck_assert_int_eq(strncmp(text(got, "id"), "pi_", 3), 0);
    ck_assert_str_eq(look(text(got, "id"))->body, got->body);
    ck_assert_uint_eq(count_charges(), 0);
}
END_TEST

START_TEST(wants_a_payment_method_before_it_charges)
{
    const char *id = create("");
    char path[URL_ROOM];
    struct ask ask = about(path, id, "/confirm", NULL);

    assert_status(id, "requires_payment_method");
    struct got *got = confirm(id, NULL);
    assert_answered(got, 400);
    assert_text(got, "error.code", "payment_intent_unexpected_state");
    ask.form = "payment_method=pm_card_visa";
    assert_text(send_ask(&ask), "status", "succeeded");
}
END_TEST

/* clang-format off */
static const struct {
    const char *path;
    const char *form;
    long status;
    const char *code;
    const char *param;
} invalid[] = {
    {"/v1/payment_intents", "currency=eur",                                      400, "parameter_missing", "amount"},
    {"/v1/payment_intents", "amount=1",                                          400, "parameter_missing", "currency"},
    {"/v1/payment_intents", "amount=9.99&currency=eur",                          400, "parameter_invalid_integer", "amount"},
    {"/v1/payment_intents", "amount=0&currency=eur",                             400, "parameter_invalid_integer", "amount"},
    {"/v1/payment_intents", "amount=-5&currency=eur",                            400, "parameter_invalid_integer", "amount"},
    {"/v1/payment_intents", "amount=100000000&currency=eur",                     400, "parameter_invalid_integer", "amount"},
    {"/v1/payment_intents", "amount=99999999999999999999&currency=eur",          400, "parameter_invalid_integer", "amount"},
    {"/v1/payment_intents", "amount=1&currency=euro",                            400, "", "currency"},
    {"/v1/payment_intents", "amount=1&currency=eur&colour=red",                  400, "parameter_unknown", "colour"},
    {"/v1/payment_intents", "amount=1&currency=eur&payment_method=pm_card_gold", 400, "resource_missing", "payment_method"},
    {"/v1/payment_intents", "amount=1&currency=eur&confirm=true",                400, "", "confirm"},
    {"/v1/payment_intents", "amount=1&currency=eur&metadata[]=x",                400, "", "metadata"},
    {"/v1/payment_intents", "amount=1&currency=eur&metadata[a%00b]=x",           400, "", ""},
    {"/v1/payment_intents", "amount",                                            400, "", ""},
    {"/v1/payment_intents/pi_none",         NULL,                                404, "resource_missing", "intent"},
    {"/v1/payment_intents/pi_none/confirm", "",                                  404, "resource_missing", "intent"},
    {"/v1/payment_intents/pi_none/cancel",  "",                                  404, "resource_missing", "intent"},
    {"/v1/refunds",         "amount=1",                                          400, "parameter_missing", "payment_intent"},
    {"/v1/refunds",         "payment_intent=pi_none",                            404, "resource_missing", "payment_intent"},
    {"/v1/refunds",         "payment_intent=pi_none&amount=x",                   400, "parameter_invalid_integer", "amount"},
    {"/v1/refunds?payment_intent=pi_none", NULL,                                 404, "resource_missing", "payment_intent"},
    {"/v1/refunds",         NULL,                                                400, "parameter_missing", "payment_intent"},
    {"/v1/refunds/re_none", NULL,                                                404, "resource_missing", "id"},
    {"/v1/charges",         NULL,                                                404, "", ""},
};
/* clang-format on */

START_TEST(refuses_what_is_not_valid)
{
    struct got *got = post(invalid[_i].path, invalid[_i].form, NULL);

    assert_answered(got, invalid[_i].status);
    assert_text(got, "error.type", "invalid_request_error");
    assert_text(got, "error.code", invalid[_i].code);
    assert_text(got, "error.param", invalid[_i].param);
    ck_assert_str_ne(text(got, "error.message"), "");
}
END_TEST

START_TEST(refuses_other_media_types_and_big_bodies)
{
    static char big[80 * 1024];

    memset(big, 'a', sizeof(big) - 1);
    assert_answered(post("/v1/payment_intents", big, NULL), 413);
    assert_answered(send_ask(&(struct ask){.path = "/v1/payment_intents",
                                           .form = "{\"amount\":1}",
                                           .type = "application/json"}),
                    400);
}
END_TEST

START_TEST(charges_a_card_once)
{
    const char *id = charged("pm_card_visa");
    struct got *again = confirm(id, NULL);

    assert_answered(again, 400);
    assert_text(again, "error.code", "payment_intent_unexpected_state");
    assert_text(again, "error.payment_intent.id", id);
    assert_text(again, "error.payment_intent.status", "succeeded");

    struct got *ledger = admin("/ledger", NULL);
    ck_assert_uint_eq(json_object_array_length(at(ledger->json, "charges")), 1);
    assert_text(ledger, "charges.0.intent", id);
    assert_text(ledger, "charges.0.currency", "eur");
    assert_text(ledger, "charges.0.metadata.upgrade_id", "upgrade-1");
    assert_number(ledger, "charges.0.amount", 999);
    assert_text(ledger, "charges.0.id", text(look(id), "latest_charge"));
    assert_number(ledger, "totals.eur.charged", 999);
    assert_number(ledger, "totals.eur.refunded", 0);
}
END_TEST

/* clang-format off */
static const struct {
    const char *method;
    const char *code;
    const char *decline_code;
} declines[] = {
    {"pm_card_chargeDeclined",                       "card_declined",    "generic_decline"},
    {"pm_card_visa_chargeDeclined",                  "card_declined",    "generic_decline"},
    {"pm_card_chargeDeclinedInsufficientFunds",      "card_declined",    "insufficient_funds"},
    {"pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined",    "insufficient_funds"},
    {"pm_card_chargeDeclinedExpiredCard",            "expired_card",     ""},
    {"pm_card_chargeDeclinedProcessingError",        "processing_error", ""},
};
/* clang-format on */

START_TEST(declines_as_the_card_says)
{
    const char *id = create(declines[_i].method);
    struct got *got = confirm(id, NULL);

    assert_answered(got, 402);
    assert_text(got, "error.type", "card_error");
    assert_text(got, "error.code", declines[_i].code);
    assert_text(got, "error.decline_code", declines[_i].decline_code);
    assert_text(got, "error.payment_intent.id", id);
    assert_text(got, "error.payment_intent.status", "requires_payment_method");
    assert_text(look(id), "last_payment_error.code", declines[_i].code);
    assert_text(look(id), "payment_method", "");
    ck_assert_uint_eq(count_charges(), 0);
    assert_text(cancel(id), "status", "canceled");
}
END_TEST

START_TEST(waits_for_the_customer_who_must_authenticate)
{
    const char *id = create("pm_card_authenticationRequired");
    struct got *got = confirm(id, NULL);

    assert_answered(got, 200);
    assert_text(got, "status", "requires_action");
    assert_text(got, "next_action.type", "use_stripe_sdk");
    assert_text(cancel(id), "status", "canceled");
    ck_assert_uint_eq(count_charges(), 0);
}
END_TEST

START_TEST(charges_after_processing)
{
    restart_with("--processing-ms", "300");
    const char *id = create("pm_usBankAccount_success");

    assert_text(confirm(id, NULL), "status", "processing");
    assert_answered(confirm(id, NULL), 400);
    assert_status(id, "processing");
    ck_assert_uint_eq(count_charges(), 0);
    sleep_ms(350);
    assert_status(id, "succeeded");
    ck_assert_uint_eq(count_charges(), 1);
}
END_TEST

START_TEST(settles_by_hand)
{
    restart_with("--processing-ms", "-1");
    const char *first = create("pm_usBankAccount_success");
    const char *second = create("pm_usBankAccount_processing");

    assert_text(confirm(first, NULL), "status", "processing");
    assert_text(confirm(second, NULL), "status", "processing");
    assert_number(admin("/settle", ""), "settled", 2);
    assert_status(first, "succeeded");
    assert_status(second, "succeeded");
    ck_assert_uint_eq(count_charges(), 2);
    assert_number(admin("/settle", ""), "settled", 0);
}
END_TEST

START_TEST(never_charges_what_was_cancelled_while_processing)
{
    restart_with("--processing-ms", "100");
    const char *id = create("pm_usBankAccount_success");

    (void)confirm(id, NULL);
    assert_text(cancel(id), "status", "canceled");
    sleep_ms(150);
    assert_number(admin("/settle", ""), "settled", 0);
    assert_status(id, "canceled");
    ck_assert_uint_eq(count_charges(), 0);
}
END_TEST

START_TEST(cancels_what_has_not_succeeded)
{
    const char *open = create("pm_card_visa");
    const char *paid = charged("pm_card_visa");

    struct got *got = post("/v1/payment_intents", "amount=1&currency=eur", NULL);
    assert_text(cancel(text(got, "id")), "status", "canceled");

    got = cancel(open);
    assert_answered(got, 200);
    assert_text(got, "status", "canceled");
    ck_assert_int_gt(number(got, "canceled_at"), 0);

    struct got *refusals[] = {cancel(open), confirm(open, NULL), cancel(paid)};
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        assert_answered(refusals[i], 400);
        assert_text(refusals[i], "error.code", "payment_intent_unexpected_state");
        assert_text(refusals[i], "error.payment_intent.status", i < 2 ? "canceled" : "succeeded");
    }
    ck_assert_uint_eq(count_charges(), 1);
}
END_TEST

START_TEST(refunds_a_charge_once)
{
    const char *id = charged("pm_card_visa");
    char path[URL_ROOM];
    struct got *first = refund(id, "");

    assert_answered(first, 200);
    assert_text(first, "object", "refund");
    assert_text(first, "status", "succeeded");
    assert_text(first, "payment_intent", id);
    assert_number(first, "amount", 999);

    struct got *second = refund(id, "");
    assert_answered(second, 400);
    assert_text(second, "error.code", "charge_already_refunded");

    (void)snprintf(path, sizeof(path), "/v1/refunds/%s", text(first, "id"));
    ck_assert_str_eq(get(path)->body, first->body);
    (void)snprintf(path, sizeof(path), "/v1/refunds?payment_intent=%s", id);
    struct got *list = get(path);
    assert_text(list, "object", "list");
    assert_text(list, "has_more", "false");
    ck_assert_uint_eq(json_object_array_length(at(list->json, "data")), 1);
    assert_text(list, "data.0.id", text(first, "id"));

    struct got *ledger = admin("/ledger", NULL);
    assert_text(ledger, "refunds.0.intent", id);
    assert_text(ledger, "refunds.0.metadata.upgrade_id", "upgrade-1");
    assert_number(ledger, "totals.eur.refunded", 999);
    (void)snprintf(path, sizeof(path), "intents.%s.refunded", id);
    assert_number(ledger, path, 999);
}
END_TEST

START_TEST(refunds_in_parts_and_never_more_than_was_charged)
{
    const char *id = charged("pm_card_visa");

    assert_number(refund(id, "&amount=400"), "amount", 400);
    struct got *more = refund(id, "&amount=600");
    assert_answered(more, 400);
    assert_text(more, "error.param", "amount");
    assert_number(refund(id, "&metadata[why]=rest"), "amount", 599);
    assert_text(refund(id, "&amount=1"), "error.code", "charge_already_refunded");
    assert_number(admin("/ledger", NULL), "totals.eur.refunds", 2);
}
END_TEST

START_TEST(refunds_only_what_was_charged)
{
    assert_answered(refund(create("pm_card_visa"), ""), 400);
    ck_assert_uint_eq(json_object_array_length(at(admin("/ledger", NULL)->json, "refunds")), 0);
}
END_TEST

START_TEST(fails_a_refund_at_once)
{
    const char *id = charged("pm_card_refundFail");

    assert_text(refund(id, ""), "status", "failed");
    assert_text(refund(id, ""), "status", "failed"); /* the money is still there to be refunded */
    assert_number(admin("/ledger", NULL), "totals.eur.refunded", 0);
}
END_TEST

START_TEST(fails_a_refund_later)
{
    restart_with("--refund-fail-ms", "200");
    const char *id = charged("pm_card_refundFail");
    char path[URL_ROOM];
    struct got *got = refund(id, "");

    assert_text(got, "status", "succeeded");
    sleep_ms(250);
    (void)snprintf(path, sizeof(path), "/v1/refunds/%s", text(got, "id"));
    assert_text(get(path), "status", "failed");
    assert_text(get(path), "failure_reason", "expired_or_canceled_card");
}
END_TEST

START_TEST(keeps_a_refund_pending)
{
    restart_with("--processing-ms", "-1");
    const char *id = charged("pm_card_pendingRefund");
    char path[URL_ROOM];
    struct got *got = refund(id, "");

    assert_text(got, "status", "pending");
    assert_text(refund(id, ""), "error.code", "charge_already_refunded");
    assert_number(admin("/settle", ""), "settled", 1);
    (void)snprintf(path, sizeof(path), "/v1/refunds/%s", text(got, "id"));
    assert_text(get(path), "status", "succeeded");
}
END_TEST

START_TEST(replays_the_stored_answer_byte_for_byte)
{
    struct got *first =
        post("/v1/payment_intents", "amount=5&currency=eur&metadata[a]=1", "k:create");
    struct got *again =
        post("/v1/payment_intents", "metadata[a]=1&currency=eur&amount=5", "k:create");

    assert_answered(again, 200);
    ck_assert(!first->is_replayed);
    ck_assert(again->is_replayed);
    ck_assert_str_eq(again->body, first->body);

    const char *id = create("pm_card_chargeDeclined");
    struct got *declined = confirm(id, "k:confirm:1");
    (void)cancel(id);
    again = confirm(id, "k:confirm:1");
    assert_answered(again, 402);
    ck_assert(again->is_replayed);
    ck_assert_str_eq(again->body, declined->body);
}
END_TEST

START_TEST(refuses_a_key_with_other_parameters)
{
    (void)post("/v1/payment_intents", "amount=5&currency=eur", "k");
    struct got *others[] = {
        post("/v1/payment_intents", "amount=6&currency=eur", "k"),
        post("/v1/payment_intents", "amount=5&currency=eur&description=x", "k"),
        confirm(create("pm_card_visa"), "k"),
    };

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_answered(others[i], 400);
        assert_text(others[i], "error.type", "idempotency_error");
        ck_assert(!others[i]->is_replayed);
    }
    ck_assert_uint_eq(count_charges(), 0);
}
END_TEST

START_TEST(keeps_the_keys_of_accounts_apart)
{
    struct ask ask = {.path = "/v1/payment_intents", .form = "amount=5&currency=eur", .key = "k"};
    struct got *one = send_ask(&ask);

    ask.api_key = KEY_TWO;
    struct got *two = send_ask(&ask);
    ck_assert(!two->is_replayed);
    ck_assert_str_ne(text(one, "id"), text(two, "id"));
}
END_TEST

START_TEST(stores_nothing_that_never_began)
{
    struct ask stranger = {.path = "/v1/payment_intents",
                           .form = "amount=5&currency=eur",
                           .key = "k1",
                           .api_key = "sk_test_other"};

    assert_answered(send_ask(&stranger), 401);
    assert_answered(post("/v1/payment_intents", "amount=5&currency=eur", "k1"), 200);
    assert_answered(post("/v1/payment_intents", "amount=no&currency=eur", "k2"), 400);
    struct got *got = post("/v1/payment_intents", "amount=5&currency=eur", "k2");
    assert_answered(got, 200);
    ck_assert(!got->is_replayed);
}
END_TEST

START_TEST(refuses_keys_that_are_too_long)
{
    char key[257];

    memset(key, 'k', sizeof(key) - 1);
    key[256] = '\0';
    assert_answered(post("/v1/payment_intents", "amount=5&currency=eur", key), 400);
    key[255] = '\0';
    assert_answered(post("/v1/payment_intents", "amount=5&currency=eur", key), 200);
}
END_TEST

START_TEST(forgets_keys_after_their_time)
{
    restart_with("--key-ttl", "1");
    const char *id = create("pm_card_visa");

    assert_text(confirm(id, "k"), "status", "succeeded");
    ck_assert(confirm(id, "k")->is_replayed);
    sleep_ms(1100);
    struct got *got = confirm(id, "k");
    ck_assert(!got->is_replayed);
    assert_text(got, "error.code", "payment_intent_unexpected_state");
}
END_TEST

struct job {
    pthread_t thread;
    const char *id;
    char key[32];
    struct got *got;
};

static void *run_job(void *cls)
{
    struct job *job = cls;

    job->got = confirm(job->id, job->key);
    return NULL;
}

static void launch(struct job *job, const char *id, const char *key)
{
    job->id = id;
    (void)snprintf(job->key, sizeof(job->key), "%s", key);
    ck_assert_int_eq(pthread_create(&job->thread, NULL, run_job, job), 0);
}

static struct got *join(struct job *job)
{
    ck_assert_int_eq(pthread_join(job->thread, NULL), 0);
    return job->got;
}

START_TEST(says_that_a_key_is_in_use_and_answers_others_meanwhile)
{
    const char *id = create("pm_card_visa");
    struct job job;

    queue_fault("{\"route\":\"confirm\",\"fault\":\"slow\",\"ms\":600}");
    long long begin_ms = now_ms();
    launch(&job, id, "k");
    sleep_ms(200);
    struct got *busy = confirm(id, "k");
    assert_status(id, "requires_confirmation");
    ck_assert_int_lt(now_ms() - begin_ms, 550); /* nobody waited for the slow one */
    struct got *slow = join(&job);

    assert_answered(busy, 409);
    assert_text(busy, "error.code", "idempotency_key_in_use");
    assert_text(slow, "status", "succeeded");
    ck_assert_int_ge(now_ms() - begin_ms, 600);
    ck_assert_str_eq(confirm(id, "k")->body, slow->body);
}
END_TEST

START_TEST(charges_once_however_many_confirm_at_once)
{
    const char *id = create("pm_card_visa");
    struct job jobs[THREADS];
    size_t succeeded = 0;

    for (int i = 0; i < THREADS; i++) {
        char key[32];

        (void)snprintf(key, sizeof(key), "k:%d", i);
        launch(&jobs[i], id, key);
    }
    for (int i = 0; i < THREADS; i++) {
        succeeded += join(&jobs[i])->status == 200;
    }
    ck_assert_uint_eq(succeeded, 1);
    ck_assert_uint_eq(count_charges(), 1);
}
END_TEST

START_TEST(replays_a_stored_500)
{
    const char *id = create("pm_card_visa");

    queue_fault("{\"route\":\"confirm\",\"fault\":\"stored500\"}");
    struct got *first = confirm(id, "k:1");
    struct got *again = confirm(id, "k:1");
    assert_answered(first, 500);
    assert_text(first, "error.type", "api_error");
    assert_answered(again, 500);
    ck_assert(again->is_replayed);
    ck_assert_str_eq(again->body, first->body);
    assert_status(id, "requires_confirmation");
    assert_text(confirm(id, "k:2"), "status", "succeeded");
}
END_TEST

START_TEST(breaks_before_the_effect)
{
    const char *id = create("pm_card_visa");

    queue_fault("{\"route\":\"confirm\",\"fault\":\"error500_before\"}");
    assert_answered(confirm(id, "k"), 500);
    assert_status(id, "requires_confirmation");
    struct got *again = confirm(id, "k");
    ck_assert(!again->is_replayed);
    assert_text(again, "status", "succeeded");
}
END_TEST

START_TEST(breaks_after_the_effect)
{
    const char *id = create("pm_card_visa");

    queue_fault("{\"route\":\"confirm\",\"fault\":\"error500_after\"}");
    assert_answered(confirm(id, "k"), 500);
    assert_status(id, "succeeded");
    struct got *again = confirm(id, "k");
    assert_answered(again, 500);
    ck_assert(again->is_replayed);
    ck_assert_uint_eq(count_charges(), 1);
}
END_TEST

START_TEST(times_out_before_the_effect)
{
    const char *id = create("pm_card_visa");

    queue_fault("{\"route\":\"confirm\",\"fault\":\"timeout_before\"}");
    ck_assert_int_eq(confirm_briefly(id, "k")->code, CURLE_OPERATION_TIMEDOUT);
    assert_status(id, "requires_confirmation");
    struct got *again = confirm(id, "k");
    ck_assert(!again->is_replayed);
    assert_text(again, "status", "succeeded");
}
END_TEST

START_TEST(times_out_after_the_effect)
{
    const char *id = create("pm_card_visa");

    queue_fault("{\"route\":\"confirm\",\"fault\":\"timeout_after\"}");
    ck_assert_int_eq(confirm_briefly(id, "k")->code, CURLE_OPERATION_TIMEDOUT);
    assert_status(id, "succeeded");
    struct got *again = confirm(id, "k");
    assert_text(again, "status", "succeeded");
    ck_assert(again->is_replayed);
    ck_assert_uint_eq(count_charges(), 1);
}
END_TEST

START_TEST(resets_the_connection)
{
    const char *id = create("pm_card_visa");

    queue_fault("{\"route\":\"read\",\"fault\":\"reset\"}");
    ck_assert_int_eq(look(id)->code, CURLE_RECV_ERROR);
    assert_status(id, "requires_confirmation");
}
END_TEST

START_TEST(has_the_effect_of_a_late_call_late)
{
    const char *id = create("pm_card_visa");

    queue_fault("{\"route\":\"confirm\",\"fault\":\"late\",\"ms\":700}");
    ck_assert_int_eq(confirm_briefly(id, "k")->code, CURLE_OPERATION_TIMEDOUT);
    assert_status(id, "requires_confirmation");
    sleep_ms(600);
    assert_status(id, "succeeded");
    ck_assert(confirm(id, "k")->is_replayed);
}
END_TEST

START_TEST(refuses_a_late_call_to_a_cancelled_intent)
{
    const char *id = create("pm_card_visa");

    queue_fault("{\"route\":\"confirm\",\"fault\":\"late\",\"ms\":700}");
    ck_assert_int_eq(confirm_briefly(id, "k")->code, CURLE_OPERATION_TIMEDOUT);
    assert_text(cancel(id), "status", "canceled");
    sleep_ms(600);
    assert_status(id, "canceled");
    ck_assert_uint_eq(count_charges(), 0);
    struct got *again = confirm(id, "k"); /* it did arrive, and was refused */
    ck_assert(again->is_replayed);
    assert_text(again, "error.code", "payment_intent_unexpected_state");
}
END_TEST

START_TEST(a_repeat_that_overtakes_a_late_call_charges_once)
{
    const char *id = create("pm_card_visa");

    queue_fault("{\"route\":\"confirm\",\"fault\":\"late\",\"ms\":600}");
    ck_assert_int_eq(confirm_briefly(id, "k")->code, CURLE_OPERATION_TIMEDOUT);
    assert_text(confirm(id, "k"), "status", "succeeded");
    sleep_ms(500);
    ck_assert_uint_eq(count_charges(), 1);
}
END_TEST

START_TEST(hurts_only_the_calls_a_fault_was_meant_for)
{
    queue_fault(
        "{\"route\":\"any\",\"fault\":\"error500_before\",\"times\":3,\"upgrade\":\"upgrade-2\"}");
    assert_number(admin("/faults", NULL), "faults.0.times", 3);

    const char *well = create_with("upgrade-1", "pm_card_visa");
    assert_text(confirm(well, NULL), "status", "succeeded");
    static const char form[] = "amount=1&currency=eur&payment_method=pm_card_visa"
                               "&metadata[upgrade_id]=upgrade-2";
    assert_answered(post("/v1/payment_intents", form, NULL), 500);
    assert_number(admin("/faults", NULL), "faults.0.times", 2);

    ck_assert_int_eq(
        send_ask(&(struct ask){.method = "DELETE", .base = server.admin, .path = "/faults"})
            ->status,
        200);
    const char *ill = create_with("upgrade-2", "pm_card_visa");
    queue_fault(
        "{\"route\":\"any\",\"fault\":\"error500_before\",\"times\":3,\"upgrade\":\"upgrade-2\"}");
    assert_answered(confirm(ill, NULL), 500);
    assert_answered(look(ill), 500);
    assert_answered(refund(ill, ""), 500);
    assert_text(confirm(ill, NULL), "status", "succeeded");
    ck_assert_uint_eq(json_object_array_length(at(admin("/faults", NULL)->json, "faults")), 0);
}
END_TEST

static const char *const wrong_faults[] = {
    "",
    "[]",
    "{\"route\":\"confirm\"}",
    "{\"fault\":\"slow\",\"ms\":1}",
    "{\"route\":\"confirm\",\"fault\":\"slow\"}",
    "{\"route\":\"elsewhere\",\"fault\":\"reset\"}",
    "{\"route\":\"confirm\",\"fault\":\"flood\"}",
    "{\"route\":\"confirm\",\"fault\":\"reset\",\"times\":0}",
    "{\"route\":\"confirm\",\"fault\":\"reset\",\"colour\":\"red\"}",
};

START_TEST(refuses_faults_it_does_not_know)
{
    struct got *got =
        send_ask(&(struct ask){.base = server.admin, .path = "/faults", .form = wrong_faults[_i]});

    assert_answered(got, 400);
    ck_assert_str_ne(text(got, "error"), "");
}
END_TEST

START_TEST(goes_away_and_comes_back)
{
    const char *id = create("pm_card_visa");

    assert_text(admin("/away", "{\"for_ms\":-1}"), "away", "true");
    for (int i = 0; i < 3; i++) {
        struct got *got = confirm(id, "k");
        ck_assert(got->code == CURLE_GOT_NOTHING || got->code == CURLE_RECV_ERROR ||
                  got->code == CURLE_SEND_ERROR);
    }
    assert_text(admin("/healthz", NULL), "status", "ok");
    assert_text(admin("/back", ""), "away", "false");
    assert_status(id, "requires_confirmation");

    (void)admin("/away", "{\"for_ms\":300}");
    ck_assert_int_ne(look(id)->code, CURLE_OK);
    sleep_ms(350);
    assert_text(confirm(id, "k"), "status", "succeeded");
}
END_TEST

START_TEST(forgets_nothing_when_it_is_killed)
{
    const char *paid = charged("pm_card_visa");
    const char *open = create("pm_card_visa");
    const char *processing = create("pm_usBankAccount_processing");
    struct got *kept = confirm(create("pm_card_visa"), "k");
    int status = 0;

    (void)confirm(processing, NULL);
    (void)refund(paid, "&amount=100");
    queue_fault("{\"route\":\"cancel\",\"fault\":\"stored500\"}");
    char path[URL_ROOM];
    struct ask stored = about(path, open, "/cancel", "k500");
    assert_answered(send_ask(&stored), 500);
    struct got *before = admin("/ledger", NULL);

    ck_assert_int_eq(kill(server.pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(server.pid, &status, 0), server.pid);
    write_file("ledger.jsonl", "ae",
               "{\"kind\":\"charge\",\"id\":\"ch_half"); /* cut off by a crash */
    start(NULL, NULL);

    ck_assert_str_eq(admin("/ledger", NULL)->body, before->body);
    struct got *again = send_ask(&stored);
    assert_answered(again, 500);
    ck_assert(again->is_replayed);
    (void)snprintf(path, sizeof(path), "/v1/payment_intents/%s/confirm", text(kept, "id"));
    again = post(path, "", "k");
    ck_assert(again->is_replayed);
    ck_assert_str_eq(again->body, kept->body);
    assert_number(refund(paid, ""), "amount", 899);
    assert_text(confirm(open, NULL), "status", "succeeded");
    assert_number(admin("/settle", ""), "settled", 1);

    before = admin("/ledger", NULL); /* and what was appended behind the cut is whole */
    restart_with(NULL, NULL);
    ck_assert_str_eq(admin("/ledger", NULL)->body, before->body);
}
END_TEST

START_TEST(ends_what_was_processing_when_it_is_started_again)
{
    restart_with("--processing-ms", "300");
    const char *id = create("pm_usBankAccount_success");

    assert_text(confirm(id, NULL), "status", "processing");
    restart_with("--processing-ms", "300");
    sleep_ms(350);
    assert_status(id, "succeeded");
}
END_TEST

START_TEST(refuses_a_damaged_ledger)
{
    char keys[PATH_ROOM + 32];
    char ledger[PATH_ROOM + 32];
    const char *args[] = {binary(), "--api-key-file", keys, "--ledger", ledger, NULL};

    in_dir(keys, "keys");
    in_dir(ledger, "ledger.jsonl");
    (void)charged("pm_card_visa");
    ck_assert_int_eq(stop(), 0);
    write_file("ledger.jsonl", "ae", "{\"kind\":\"gift\",\"id\":\"x\"}\n");
    ck_assert_int_eq(wait_exit(spawn(args)), 1);
}
END_TEST

START_TEST(stops_at_once_while_calls_hang)
{
    const char *id = create("pm_card_visa");
    struct job jobs[3];

    queue_fault("{\"route\":\"confirm\",\"fault\":\"timeout_after\"}");
    launch(&jobs[0], id, "k:0");
    sleep_ms(100);
    queue_fault("{\"route\":\"confirm\",\"fault\":\"slow\",\"ms\":60000}");
    launch(&jobs[1], id, "k:1");
    sleep_ms(100);
    queue_fault("{\"route\":\"confirm\",\"fault\":\"late\",\"ms\":60000}");
    launch(&jobs[2], id, "k:2");
    sleep_ms(100);
    long long begin_ms = now_ms();
    ck_assert_int_eq(stop(), 0);
    ck_assert_int_lt(now_ms() - begin_ms, 2000);
    for (size_t i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++) {
        ck_assert_int_ne(join(&jobs[i])->code, CURLE_OK);
    }
}
END_TEST

START_TEST(writes_down_no_secret)
{
    (void)charged("pm_card_visa");
    (void)send_ask(&(struct ask){.path = "/v1/payment_intents",
                                 .form = "amount=1&currency=eur&payment_method=pm_unknown",
                                 .api_key = "sk_test_other"});
    ck_assert_int_eq(stop(), 0);
    char *log = read_file("log");
    char *ledger = read_file("ledger.jsonl");

    ck_assert_ptr_nonnull(strstr(log, "PROVIDER_URL=http://127.0.0.1:"));
    ck_assert_ptr_null(strstr(log, "sk_test"));
    ck_assert_ptr_null(strstr(log, "pm_"));
    ck_assert_ptr_nonnull(strstr(ledger, "\"kind\":\"charge\""));
    ck_assert_ptr_null(strstr(ledger, "sk_test"));
    free(log);
    free(ledger);
}
END_TEST

START_TEST(says_how_it_is_used)
{
    const char *help[] = {binary(), "--help", NULL};
    const char *nothing[] = {binary(), NULL};
    const char *stranger[] = {binary(), "--colour", "red", NULL};
    const char *range[] = {binary(), "--port", "70000", NULL};
    const char *no_keys[] = {binary(), "--api-key-file", "/nonexistent/keys", NULL};

    ck_assert_int_eq(wait_exit(spawn(help)), 0);
    ck_assert_int_eq(wait_exit(spawn(nothing)), 2);
    ck_assert_int_eq(wait_exit(spawn(stranger)), 2);
    ck_assert_int_eq(wait_exit(spawn(range)), 2);
    ck_assert_int_eq(wait_exit(spawn(no_keys)), 1);
    char *log = read_file("log");
    ck_assert_ptr_nonnull(strstr(log, "usage: provider"));
    free(log);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

static TCase *add_case(Suite *suite, const char *name)
{
    TCase *tcase = tcase_create(name);

    tcase_add_checked_fixture(tcase, start_plain, end);
    tcase_set_timeout(tcase, 60);
    suite_add_tcase(suite, tcase);
    return tcase;
}

static Suite *provider_suite(void)
{
    Suite *suite = suite_create("provider");

    TCase *money = add_case(suite, "money");
    tcase_add_test(money, knows_its_api_keys_only);
    tcase_add_test(money, creates_an_unconfirmed_intent);
    tcase_add_test(money, wants_a_payment_method_before_it_charges);
    tcase_add_loop_test(money, refuses_what_is_not_valid, 0, COUNT(invalid));
    tcase_add_test(money, refuses_other_media_types_and_big_bodies);
    tcase_add_test(money, charges_a_card_once);
    tcase_add_loop_test(money, declines_as_the_card_says, 0, COUNT(declines));
    tcase_add_test(money, waits_for_the_customer_who_must_authenticate);
    tcase_add_test(money, charges_after_processing);
    tcase_add_test(money, settles_by_hand);
    tcase_add_test(money, never_charges_what_was_cancelled_while_processing);
    tcase_add_test(money, cancels_what_has_not_succeeded);
    tcase_add_test(money, refunds_a_charge_once);
    tcase_add_test(money, refunds_in_parts_and_never_more_than_was_charged);
    tcase_add_test(money, refunds_only_what_was_charged);
    tcase_add_test(money, fails_a_refund_at_once);
    tcase_add_test(money, fails_a_refund_later);
    tcase_add_test(money, keeps_a_refund_pending);

    TCase *keys = add_case(suite, "keys");
    tcase_add_test(keys, replays_the_stored_answer_byte_for_byte);
    tcase_add_test(keys, refuses_a_key_with_other_parameters);
    tcase_add_test(keys, keeps_the_keys_of_accounts_apart);
    tcase_add_test(keys, stores_nothing_that_never_began);
    tcase_add_test(keys, refuses_keys_that_are_too_long);
    tcase_add_test(keys, forgets_keys_after_their_time);
    tcase_add_test(keys, says_that_a_key_is_in_use_and_answers_others_meanwhile);
    tcase_add_test(keys, charges_once_however_many_confirm_at_once);

    TCase *faults = add_case(suite, "faults");
    tcase_add_test(faults, replays_a_stored_500);
    tcase_add_test(faults, breaks_before_the_effect);
    tcase_add_test(faults, breaks_after_the_effect);
    tcase_add_test(faults, times_out_before_the_effect);
    tcase_add_test(faults, times_out_after_the_effect);
    tcase_add_test(faults, resets_the_connection);
    tcase_add_test(faults, has_the_effect_of_a_late_call_late);
    tcase_add_test(faults, refuses_a_late_call_to_a_cancelled_intent);
    tcase_add_test(faults, a_repeat_that_overtakes_a_late_call_charges_once);
    tcase_add_test(faults, hurts_only_the_calls_a_fault_was_meant_for);
    tcase_add_loop_test(faults, refuses_faults_it_does_not_know, 0, COUNT(wrong_faults));
    tcase_add_test(faults, goes_away_and_comes_back);

    TCase *life = add_case(suite, "life");
    tcase_add_test(life, forgets_nothing_when_it_is_killed);
    tcase_add_test(life, ends_what_was_processing_when_it_is_started_again);
    tcase_add_test(life, refuses_a_damaged_ledger);
    tcase_add_test(life, stops_at_once_while_calls_hang);
    tcase_add_test(life, writes_down_no_secret);
    tcase_add_test(life, says_how_it_is_used);
    return suite;
}

int main(void)
{
    if (*binary() == '\0') {
        fputs("test_provider: PROVIDER_BIN must name the provider\n", stderr);
        return 2;
    }

    SRunner *runner = srunner_create(provider_suite());
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
