/* SPDX-License-Identifier: Apache-2.0 */
#include "provider_payments.h"

#include "provider_cards.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
    AMOUNT_MAX = 99999999,
    ID_RANDOM_BYTES = 24,
    METADATA_NAME_MAX_BYTES = 40,
    METADATA_VALUE_MAX_BYTES = 500,
    MESSAGE_MAX_BYTES = 512,
};

static const char invalid_request[] = "invalid_request_error";
static const char unexpected_state[] = "payment_intent_unexpected_state";

struct reply reply_error(unsigned status, const char *type, const char *code, const char *param,
                         const char *message)
{
    struct json_object *error = json_object_new_object();
    struct json_object *body = json_object_new_object();

    record_set_text(error, "type", type);
    record_set_text(error, "code", code);
    record_set_text(error, "param", param);
    record_set_text(error, "message", message);
    json_object_object_add(body, "error", error);
    return (struct reply){.status = status, .body = body};
}

static struct reply invalid(const char *code, const char *param, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static struct reply invalid(const char *code, const char *param, const char *format, ...)
{
    char message[MESSAGE_MAX_BYTES];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    return reply_error(400, invalid_request, code, param, message);
}

static struct reply missing(const char *what, const char *id, const char *param)
{
    char message[MESSAGE_MAX_BYTES];

    (void)snprintf(message, sizeof(message), "No such %s: '%s'", what, id);
    return reply_error(404, invalid_request, "resource_missing", param, message);
}

static struct reply done(struct json_object *body)
{
    return (struct reply){.status = 200, .body = body, .has_begun = true};
}

static struct reply begun(struct reply reply)
{
    reply.has_begun = true;
    return reply;
}

/* A state of the intent forbids the call: Stripe shows the intent in the error. */
static struct reply begun_with(struct reply reply, struct json_object *intent)
{
    struct json_object *error = NULL;

    json_object_object_get_ex(reply.body, "error", &error);
    json_object_object_add(error, "payment_intent", intent);
    return begun(reply);
}

static void id_make(char *id, size_t room, const char *prefix)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    unsigned char random[ID_RANDOM_BYTES];
    char tail[ID_RANDOM_BYTES + 1] = "";

    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random)) {
        abort();
    }
    for (size_t i = 0; i < sizeof(random); i++) {
        tail[i] = digits[random[i] % (sizeof(digits) - 1)];
    }
    (void)snprintf(id, room, "%s%s", prefix, tail);
}

static struct json_object *record_new(const char *kind, const char *prefix,
                                      struct json_object *intent)
{
    struct json_object *record = json_object_new_object();
    char id[ID_RANDOM_BYTES + 8];

    id_make(id, sizeof(id), prefix);
    record_set_text(record, "kind", kind);
    record_set_text(record, "id", id);
    record_set_number(record, "at_ms", wall_ms());
    if (intent != NULL) {
        struct json_object *metadata = NULL;

        json_object_object_get_ex(intent, "metadata", &metadata);
        record_set_text(record, "intent", record_text(intent, "id"));
        record_set_text(record, "currency", record_text(intent, "currency"));
        json_object_object_add(record, "metadata", json_object_get(metadata));
    }
    return record;
}

static struct json_object *find(struct json_object *shelf, const char *id)
{
    struct json_object *record = NULL;

    return json_object_object_get_ex(shelf, id, &record) ? record : NULL;
}

static bool is_status(struct json_object *record, const char *status)
{
    return strcmp(record_text(record, "status"), status) == 0;
}

static void changed(struct payments *payments, struct json_object *record)
{
    ledger_put(payments->ledger, json_object_get(record));
}

static void show_text(struct json_object *shown, const char *field, struct json_object *record,
                      const char *from)
{
    const char *text = record_text(record, from);

    json_object_object_add(shown, field, *text == '\0' ? NULL : json_object_new_string(text));
}

static void show_metadata(struct json_object *shown, struct json_object *record, const char *from)
{
    struct json_object *metadata = NULL;

    json_object_object_get_ex(record, from, &metadata);
    json_object_object_add(shown, "metadata", json_object_get(metadata));
}

/* Of a declined charge; also the error object of the call that was declined. */
static struct json_object *show_decline(const struct card *card)
{
    struct json_object *error = json_object_new_object();

    record_set_text(error, "type", "card_error");
    record_set_text(error, "code", card->code);
    record_set_text(error, "decline_code", card->decline_code);
    record_set_text(error, "message", card->message);
    return error;
}

static struct json_object *show_next_action(struct json_object *intent)
{
    if (!is_status(intent, "requires_action")) {
        return NULL;
    }
    struct json_object *action = json_object_new_object();
    record_set_text(action, "type", "use_stripe_sdk");
    return action;
}

static struct json_object *show_intent(struct json_object *intent)
{
    struct json_object *shown = json_object_new_object();
    const struct card *declined = card_find(record_text(intent, "declined"));
    int64_t canceled_ms = record_number(intent, "canceled_ms");
    int64_t amount = record_number(intent, "amount");

    show_text(shown, "id", intent, "id");
    record_set_text(shown, "object", "payment_intent");
    record_set_number(shown, "amount", amount);
    record_set_number(shown, "amount_received", is_status(intent, "succeeded") ? amount : 0);
    json_object_object_add(shown, "canceled_at",
                           canceled_ms == 0 ? NULL : json_object_new_int64(canceled_ms / 1000));
    show_text(shown, "cancellation_reason", intent, "cancellation_reason");
    record_set_text(shown, "capture_method", "automatic");
    record_set_text(shown, "confirmation_method", "automatic");
    record_set_number(shown, "created", record_number(intent, "at_ms") / 1000);
    show_text(shown, "currency", intent, "currency");
    show_text(shown, "description", intent, "description");
    json_object_object_add(shown, "last_payment_error",
                           declined == NULL ? NULL : show_decline(declined));
    show_text(shown, "latest_charge", intent, "charge");
    json_object_object_add(shown, "livemode", json_object_new_boolean(false));
    show_metadata(shown, intent, "metadata");
    json_object_object_add(shown, "next_action", show_next_action(intent));
    show_text(shown, "payment_method", intent, "payment_method");
    show_text(shown, "status", intent, "status");
    return shown;
}

static struct json_object *show_refund(struct json_object *refund)
{
    struct json_object *shown = json_object_new_object();

    show_text(shown, "id", refund, "id");
    record_set_text(shown, "object", "refund");
    record_set_number(shown, "amount", record_number(refund, "amount"));
    show_text(shown, "charge", refund, "charge");
    record_set_number(shown, "created", record_number(refund, "at_ms") / 1000);
    show_text(shown, "currency", refund, "currency");
    if (is_status(refund, "failed")) {
        record_set_text(shown, "failure_reason", "expired_or_canceled_card");
    }
    show_metadata(shown, refund, "own_metadata");
    show_text(shown, "payment_intent", refund, "intent");
    show_text(shown, "reason", refund, "reason");
    show_text(shown, "status", refund, "status");
    return shown;
}

/* A name that ends in "[" stands for all that begin so. */
static const char *find_unknown(const struct form *form, const char *const *names)
{
    for (size_t i = 0; i < form->count; i++) {
        const char *const *name = names;

        while (*name != NULL) {
            size_t length = strlen(*name);
            bool is_prefix = (*name)[length - 1] == '[';

            if (is_prefix ? strncmp(form->fields[i].name, *name, length) == 0
                          : strcmp(form->fields[i].name, *name) == 0) {
                break;
            }
            name++;
        }
        if (*name == NULL) {
            return form->fields[i].name;
        }
    }
    return NULL;
}

static struct reply unknown(const char *name)
{
    return invalid("parameter_unknown", name, "Received unknown parameter: %s", name);
}

/* Minor units. False: not a whole number from 1 to the most that Stripe takes. */
static bool parse_amount(const char *text, int64_t *amount)
{
    char *end = NULL;

    errno = 0;
    long long value = isdigit((unsigned char)*text) ? strtoll(text, &end, 10) : 0;
    if (errno != 0 || value < 1 || value > AMOUNT_MAX || *end != '\0') {
        return false;
    }
    *amount = value;
    return true;
}

static bool is_currency(const char *text)
{
    return strlen(text) == 3 && islower((unsigned char)text[0]) &&
           islower((unsigned char)text[1]) && islower((unsigned char)text[2]);
}

/* NULL: a name or value is too long or badly written. */
static struct json_object *take_metadata(const struct form *form)
{
    static const char prefix[] = "metadata[";
    struct json_object *metadata = json_object_new_object();

    for (size_t i = 0; i < form->count; i++) {
        const char *name = form->fields[i].name;

        if (strncmp(name, prefix, sizeof(prefix) - 1) != 0) {
            continue;
        }
        name += sizeof(prefix) - 1;
        size_t length = strcspn(name, "]");
        if (length == 0 || length > METADATA_NAME_MAX_BYTES || strcmp(name + length, "]") != 0 ||
            strlen(form->fields[i].value) > METADATA_VALUE_MAX_BYTES) {
            json_object_put(metadata);
            return NULL;
        }
        char key[METADATA_NAME_MAX_BYTES + 1];
        (void)snprintf(key, sizeof(key), "%.*s", (int)length, name);
        record_set_text(metadata, key, form->fields[i].value);
    }
    return metadata;
}

/* True: absent or a known test payment method. */
static bool check_method(const char *method, struct reply *refusal)
{
    if (method == NULL || card_find(method) != NULL) {
        return true;
    }
    *refusal = missing("PaymentMethod", method, "payment_method");
    refusal->status = 400;
    return false;
}

static bool check_create(const struct form *form, int64_t *amount, struct reply *refusal)
{
    static const char *const names[] = {
        "amount",
        "currency",
        "payment_method",
        "confirm",
        "metadata[",
        "description",
        "payment_method_types[",
        "automatic_payment_methods[",
        "capture_method",
        "receipt_email",
        NULL,
    };
    const char *amount_text = form_find(form, "amount");
    const char *currency = form_find(form, "currency");
    const char *confirm = form_find(form, "confirm");
    const char *capture = form_find(form, "capture_method");
    const char *stranger = find_unknown(form, names);

    if (stranger != NULL) {
        *refusal = unknown(stranger);
    } else if (amount_text == NULL || currency == NULL) {
        const char *name = amount_text == NULL ? "amount" : "currency";
        *refusal = invalid("parameter_missing", name, "Missing required param: %s.", name);
    } else if (!parse_amount(amount_text, amount)) {
        *refusal =
            invalid("parameter_invalid_integer", "amount", "Invalid integer: %s", amount_text);
    } else if (!is_currency(currency)) {
        *refusal = invalid(NULL, "currency", "Invalid currency: %s.", currency);
    } else if (confirm != NULL && strcmp(confirm, "false") != 0) {
        *refusal = invalid(NULL, "confirm", "The stand-in confirms in a call of its own only.");
    } else if (capture != NULL && strncmp(capture, "automatic", strlen("automatic")) != 0) {
        *refusal = invalid(NULL, "capture_method", "The stand-in captures automatically only.");
    } else {
        return check_method(form_find(form, "payment_method"), refusal);
    }
    return false;
}

struct reply payments_create(struct payments *payments, const char *id, const struct form *form)
{
    struct reply refusal;
    int64_t amount = 0;
    (void)id;

    if (!check_create(form, &amount, &refusal)) {
        return refusal;
    }
    struct json_object *metadata = take_metadata(form);
    if (metadata == NULL) {
        return invalid(NULL, "metadata",
                       "Metadata names have up to %d characters and values up to %d.",
                       METADATA_NAME_MAX_BYTES, METADATA_VALUE_MAX_BYTES);
    }

    const char *method = form_find(form, "payment_method");
    struct json_object *intent = record_new("intent", "pi_", NULL);
    record_set_number(intent, "amount", amount);
    record_set_text(intent, "currency", form_find(form, "currency"));
    record_set_text(intent, "description", form_find(form, "description"));
    record_set_text(intent, "payment_method", method);
    record_set_text(intent, "status",
                    method == NULL ? "requires_payment_method" : "requires_confirmation");
    json_object_object_add(intent, "metadata", metadata);
    ledger_put(payments->ledger, intent);
    return done(show_intent(intent));
}

struct reply payments_read(struct payments *payments, const char *id, const struct form *form)
{
    struct json_object *intent = find(payments->ledger->intents, id);
    (void)form;

    return intent == NULL ? missing("payment_intent", id, "intent") : done(show_intent(intent));
}

static void charge(struct payments *payments, struct json_object *intent)
{
    struct json_object *record = record_new("charge", "ch_", intent);

    record_set_number(record, "amount", record_number(intent, "amount"));
    record_set_text(intent, "status", "succeeded");
    record_set_text(intent, "charge", record_text(record, "id"));
    record_set_text(intent, "declined", NULL);
    json_object_object_del(intent, "due_ms");
    ledger_put(payments->ledger, record);
    changed(payments, intent);
}

/* after_ms -1: only the administrator ends it. */
static void set_due(struct payments *payments, struct json_object *record, int64_t after_ms)
{
    if (after_ms < 0) {
        return;
    }
    int64_t due_ms = wall_ms() + after_ms;
    record_set_number(record, "due_ms", due_ms);
    if (due_ms < payments->next_due_ms) {
        payments->next_due_ms = due_ms;
    }
}

static struct reply attempt(struct payments *payments, struct json_object *intent)
{
    const struct card *card = card_find(record_text(intent, "payment_method"));

    switch (card->charge) {
    case SUCCEEDS:
        charge(payments, intent);
        break;
    case FAILS: {
        record_set_text(intent, "status", "requires_payment_method");
        record_set_text(intent, "declined", card->method);
        record_set_text(intent, "payment_method", NULL);
        changed(payments, intent);
        struct reply reply = {.status = 402, .body = json_object_new_object()};
        json_object_object_add(reply.body, "error", show_decline(card));
        return begun_with(reply, show_intent(intent));
    }
    case NEEDS_ACTION:
        record_set_text(intent, "status", "requires_action");
        changed(payments, intent);
        break;
    case PROCESSES:
    case PROCESSES_FOREVER:
        record_set_text(intent, "status", "processing");
        set_due(payments, intent, card->charge == PROCESSES ? payments->processing_ms : -1);
        changed(payments, intent);
        break;
    }
    return done(show_intent(intent));
}

struct reply payments_confirm(struct payments *payments, const char *id, const struct form *form)
{
    static const char *const names[] = {"payment_method", "return_url", NULL};
    struct json_object *intent = find(payments->ledger->intents, id);
    const char *method = form_find(form, "payment_method");
    const char *stranger = find_unknown(form, names);
    struct reply refusal;

    if (stranger != NULL) {
        return unknown(stranger);
    }
    if (intent == NULL) {
        return missing("payment_intent", id, "intent");
    }
    if (!check_method(method, &refusal)) {
        return refusal;
    }
    if (is_status(intent, "succeeded")) {
        return begun_with(invalid(unexpected_state, NULL,
                                  "You cannot confirm this PaymentIntent because it has already "
                                  "succeeded after being previously confirmed."),
                          show_intent(intent));
    }
    if (is_status(intent, "canceled") || is_status(intent, "processing")) {
        return begun_with(
            invalid(unexpected_state, NULL,
                    "You cannot confirm this PaymentIntent because it has a status of "
                    "%s. Only a PaymentIntent with one of the following statuses may "
                    "be confirmed: requires_confirmation, requires_action.",
                    record_text(intent, "status")),
            show_intent(intent));
    }
    if (method != NULL) {
        record_set_text(intent, "payment_method", method);
    }
    if (*record_text(intent, "payment_method") == '\0') {
        return begun_with(invalid(unexpected_state, NULL,
                                  "You cannot confirm this PaymentIntent because it's missing a "
                                  "payment method."),
                          show_intent(intent));
    }
    return attempt(payments, intent);
}

struct reply payments_cancel(struct payments *payments, const char *id, const struct form *form)
{
    static const char *const names[] = {"cancellation_reason", NULL};
    struct json_object *intent = find(payments->ledger->intents, id);
    const char *stranger = find_unknown(form, names);

    if (stranger != NULL) {
        return unknown(stranger);
    }
    if (intent == NULL) {
        return missing("payment_intent", id, "intent");
    }
    if (is_status(intent, "succeeded") || is_status(intent, "canceled")) {
        return begun_with(invalid(unexpected_state, NULL,
                                  "You cannot cancel this PaymentIntent because it has a status of "
                                  "%s. Only a PaymentIntent with one of the following statuses may "
                                  "be canceled: requires_payment_method, requires_capture, "
                                  "requires_confirmation, requires_action, processing.",
                                  record_text(intent, "status")),
                          show_intent(intent));
    }
    record_set_text(intent, "status", "canceled");
    record_set_text(intent, "cancellation_reason", form_find(form, "cancellation_reason"));
    record_set_number(intent, "canceled_ms", wall_ms());
    json_object_object_del(intent, "due_ms");
    changed(payments, intent);
    return done(show_intent(intent));
}

static int64_t refunded(struct payments *payments, const char *intent_id)
{
    int64_t sum = 0;

    json_object_object_foreach(payments->ledger->refunds, id, refund)
    {
        (void)id;
        if (strcmp(record_text(refund, "intent"), intent_id) == 0 && !is_status(refund, "failed")) {
            sum += record_number(refund, "amount");
        }
    }
    return sum;
}

static void start_refund(struct payments *payments, struct json_object *refund, enum fate fate)
{
    record_set_text(refund, "status", "succeeded");
    if (fate == FAILS && payments->refund_fail_ms == 0) {
        record_set_text(refund, "status", "failed");
    } else if (fate == FAILS) {
        record_set_text(refund, "becomes", "failed");
        set_due(payments, refund, payments->refund_fail_ms);
    } else if (fate == PROCESSES) {
        record_set_text(refund, "status", "pending");
        record_set_text(refund, "becomes", "succeeded");
        set_due(payments, refund, payments->processing_ms);
    }
}

struct reply refunds_create(struct payments *payments, const char *id, const struct form *form)
{
    static const char *const names[] = {"payment_intent", "amount", "reason", "metadata[", NULL};
    const char *stranger = find_unknown(form, names);
    const char *intent_id = form_find(form, "payment_intent");
    const char *amount_text = form_find(form, "amount");
    int64_t amount = 0;
    (void)id;

    if (stranger != NULL) {
        return unknown(stranger);
    }
    if (intent_id == NULL) {
        return invalid("parameter_missing", "payment_intent",
                       "Missing required param: payment_intent.");
    }
    if (amount_text != NULL && !parse_amount(amount_text, &amount)) {
        return invalid("parameter_invalid_integer", "amount", "Invalid integer: %s", amount_text);
    }
    struct json_object *intent = find(payments->ledger->intents, intent_id);
    if (intent == NULL) {
        return missing("payment_intent", intent_id, "payment_intent");
    }
    if (!is_status(intent, "succeeded")) {
        return begun(invalid(NULL, "payment_intent",
                             "This PaymentIntent (%s) does not have a successful charge to refund.",
                             intent_id));
    }
    int64_t left = record_number(intent, "amount") - refunded(payments, intent_id);
    if (left == 0) {
        return begun(invalid("charge_already_refunded", NULL,
                             "Charge %s has already been refunded.",
                             record_text(intent, "charge")));
    }
    if (amount > left) {
        return begun(invalid(
            NULL, "amount", "Refund amount (%jd) is greater than unrefunded amount on charge (%jd)",
            (intmax_t)amount, (intmax_t)left));
    }
    struct json_object *metadata = take_metadata(form);
    if (metadata == NULL) {
        return invalid(NULL, "metadata",
                       "Metadata names have up to %d characters and values up to %d.",
                       METADATA_NAME_MAX_BYTES, METADATA_VALUE_MAX_BYTES);
    }

    struct json_object *refund = record_new("refund", "re_", intent);
    record_set_number(refund, "amount", amount_text == NULL ? left : amount);
    record_set_text(refund, "charge", record_text(intent, "charge"));
    record_set_text(refund, "reason", form_find(form, "reason"));
    json_object_object_add(refund, "own_metadata", metadata);
    start_refund(payments, refund, card_find(record_text(intent, "payment_method"))->refund);
    ledger_put(payments->ledger, refund);
    return done(show_refund(refund));
}

struct reply refunds_read(struct payments *payments, const char *id, const struct form *form)
{
    struct json_object *refund = find(payments->ledger->refunds, id);
    (void)form;

    return refund == NULL ? missing("refund", id, "id") : done(show_refund(refund));
}

struct reply refunds_list(struct payments *payments, const char *id, const struct form *form)
{
    static const char *const names[] = {"payment_intent", "limit", NULL};
    const char *stranger = find_unknown(form, names);
    const char *intent_id = form_find(form, "payment_intent");
    (void)id;

    if (stranger != NULL) {
        return unknown(stranger);
    }
    if (intent_id == NULL) {
        return invalid("parameter_missing", "payment_intent",
                       "The stand-in lists the refunds of one payment_intent only.");
    }
    if (find(payments->ledger->intents, intent_id) == NULL) {
        return missing("payment_intent", intent_id, "payment_intent");
    }

    struct json_object *data = json_object_new_array();
    json_object_object_foreach(payments->ledger->refunds, refund_id, refund)
    {
        (void)refund_id;
        if (strcmp(record_text(refund, "intent"), intent_id) == 0) {
            json_object_array_add(data, show_refund(refund));
        }
    }
    struct json_object *list = json_object_new_object();
    record_set_text(list, "object", "list");
    record_set_text(list, "url", "/v1/refunds");
    json_object_object_add(list, "has_more", json_object_new_boolean(false));
    json_object_object_add(list, "data", data);
    return done(list);
}

static void settle_refund(struct payments *payments, struct json_object *refund)
{
    record_set_text(refund, "status", record_text(refund, "becomes"));
    record_set_text(refund, "becomes", NULL);
    json_object_object_del(refund, "due_ms");
    changed(payments, refund);
}

static bool is_open(struct json_object *record)
{
    return is_status(record, "processing") || *record_text(record, "becomes") != '\0';
}

/* True: to be ended now. What stays open says when it wants to be looked at again. */
static bool is_due(struct payments *payments, struct json_object *record, bool by_hand)
{
    int64_t due_ms = record_number(record, "due_ms");

    if (!is_open(record) || (!by_hand && due_ms == 0)) {
        return false;
    }
    if (by_hand || due_ms <= wall_ms()) {
        return true;
    }
    if (due_ms < payments->next_due_ms) {
        payments->next_due_ms = due_ms;
    }
    return false;
}

static int settle(struct payments *payments, bool by_hand)
{
    int settled = 0;

    payments->next_due_ms = INT64_MAX;
    json_object_object_foreach(payments->ledger->intents, intent_id, intent)
    {
        (void)intent_id;
        if (is_due(payments, intent, by_hand)) {
            charge(payments, intent);
            settled++;
        }
    }
    json_object_object_foreach(payments->ledger->refunds, refund_id, refund)
    {
        (void)refund_id;
        if (is_due(payments, refund, by_hand)) {
            settle_refund(payments, refund);
            settled++;
        }
    }
    return settled;
}

void payments_advance(struct payments *payments)
{
    if (wall_ms() >= payments->next_due_ms) {
        (void)settle(payments, false);
    }
}

int payments_settle(struct payments *payments)
{
    return settle(payments, true);
}

static void start_sums(struct json_object *sums)
{
    static const char *const fields[] = {"charges", "charged", "refunds", "refunded"};

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        record_set_number(sums, fields[i], 0);
    }
}

static struct json_object *sums_of(struct json_object *parent, const char *name)
{
    struct json_object *sums = find(parent, name);

    if (sums == NULL) {
        sums = json_object_new_object();
        start_sums(sums);
        json_object_object_add(parent, name, sums);
    }
    return sums;
}

static void count(struct json_object *sums, const char *number, const char *amount, int64_t value)
{
    record_set_number(sums, number, record_number(sums, number) + 1);
    record_set_number(sums, amount, record_number(sums, amount) + value);
}

static void audit_intents(const struct payments *payments, struct json_object *intents)
{
    json_object_object_foreach(payments->ledger->intents, id, intent)
    {
        struct json_object *shown = sums_of(intents, id);

        show_text(shown, "status", intent, "status");
        record_set_number(shown, "amount", record_number(intent, "amount"));
        show_text(shown, "currency", intent, "currency");
        show_metadata(shown, intent, "metadata");
    }
}

/* Failed refunds are listed but moved no money, so they are not summed. */
static struct json_object *audit_lines(struct json_object *lines, const char *number,
                                       const char *amount, struct json_object *totals,
                                       struct json_object *intents)
{
    struct json_object *list = json_object_new_array();

    json_object_object_foreach(lines, id, line)
    {
        (void)id;
        json_object_array_add(list, json_object_get(line));
        if (!is_status(line, "failed")) {
            int64_t value = record_number(line, "amount");

            count(sums_of(totals, record_text(line, "currency")), number, amount, value);
            count(sums_of(intents, record_text(line, "intent")), number, amount, value);
        }
    }
    return list;
}

struct json_object *payments_audit(const struct payments *payments)
{
    struct json_object *audit = json_object_new_object();
    struct json_object *totals = json_object_new_object();
    struct json_object *intents = json_object_new_object();

    audit_intents(payments, intents);
    json_object_object_add(
        audit, "charges",
        audit_lines(payments->ledger->charges, "charges", "charged", totals, intents));
    json_object_object_add(
        audit, "refunds",
        audit_lines(payments->ledger->refunds, "refunds", "refunded", totals, intents));
    json_object_object_add(audit, "totals", totals);
    json_object_object_add(audit, "intents", intents);
    return audit;
}
