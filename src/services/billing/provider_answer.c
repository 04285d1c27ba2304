/* SPDX-License-Identifier: Apache-2.0 */
#include "provider_answer.h"

#include "core/codec.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct said_error {
    const char *type, *code, *decline_code, *param;
    bool has_code, has_decline_code, has_param;
    struct said_intent {
        const char *id, *object, *status;
        struct said_decline {
            const char *code, *decline_code;
            bool has_code, has_decline_code;
        } last_error;
        bool has_last_error;
    } intent;
    bool has_intent;
};

struct said_refund {
    const char *id, *object, *status;
    bool has_status;
    int64_t amount;
};

/* What any 2xx answer is, before we know which. */
struct said_object {
    const char *object;
};

struct said_list {
    const struct said_refund *data;
    size_t data_count;
};

struct said_failure {
    struct said_error error;
};

/* clang-format off */
#define TEXT(name_, type, member) \
    {.name = (name_), .kind = FIELD_STRING, .required = true, .offset = offsetof(type, member), .has_offset = FIELD_ABSENT}
#define MAYBE(name_, type, member) \
    {.name = (name_), .kind = FIELD_STRING, .nullable = true, .offset = offsetof(type, member), .has_offset = offsetof(type, has_##member)}

static const struct field decline_fields[] = {
    MAYBE("code", struct said_decline, code),
    MAYBE("decline_code", struct said_decline, decline_code),
};
static const struct shape decline_shape = {"decline", sizeof(struct said_decline), decline_fields, COUNT_OF(decline_fields)};

static const struct field intent_fields[] = {
    TEXT("id", struct said_intent, id),
    TEXT("object", struct said_intent, object),
    TEXT("status", struct said_intent, status),
    {.name = "last_payment_error", .kind = FIELD_OBJECT, .nullable = true, .shape = &decline_shape,
     .offset = offsetof(struct said_intent, last_error), .has_offset = offsetof(struct said_intent, has_last_error)},
};
static const struct shape intent_shape = {"payment_intent", sizeof(struct said_intent), intent_fields, COUNT_OF(intent_fields)};

static const struct field error_fields[] = {
    TEXT("type", struct said_error, type),
    MAYBE("code", struct said_error, code),
    MAYBE("decline_code", struct said_error, decline_code),
    MAYBE("param", struct said_error, param),
    {.name = "payment_intent", .kind = FIELD_OBJECT, .nullable = true, .shape = &intent_shape,
     .offset = offsetof(struct said_error, intent), .has_offset = offsetof(struct said_error, has_intent)},
};
static const struct shape error_shape = {"error", sizeof(struct said_error), error_fields, COUNT_OF(error_fields)};

static const struct field failure_fields[] = {
    {.name = "error", .kind = FIELD_OBJECT, .required = true, .shape = &error_shape,
     .offset = offsetof(struct said_failure, error), .has_offset = FIELD_ABSENT},
};
static const struct shape failure_shape = {"failure", sizeof(struct said_failure), failure_fields, COUNT_OF(failure_fields)};

static const struct field refund_fields[] = {
    TEXT("id", struct said_refund, id),
    TEXT("object", struct said_refund, object),
    MAYBE("status", struct said_refund, status),
    {.name = "amount", .kind = FIELD_INTEGER, .required = true, .offset = offsetof(struct said_refund, amount), .has_offset = FIELD_ABSENT},
};
static const struct shape refund_shape = {"refund", sizeof(struct said_refund), refund_fields, COUNT_OF(refund_fields)};
static const struct field refund_item = {.kind = FIELD_OBJECT, .required = true, .shape = &refund_shape, .has_offset = FIELD_ABSENT};

static const struct field list_fields[] = {
    {.name = "data", .kind = FIELD_ARRAY, .required = true, .item = &refund_item, .item_size = sizeof(struct said_refund),
     .offset = offsetof(struct said_list, data), .count_offset = offsetof(struct said_list, data_count), .has_offset = FIELD_ABSENT},
};
static const struct shape list_shape = {"list", sizeof(struct said_list), list_fields, COUNT_OF(list_fields)};

static const struct field object_fields[] = {
    TEXT("object", struct said_object, object),
};
static const struct shape object_shape = {"object", sizeof(struct said_object), object_fields, COUNT_OF(object_fields)};

struct word {
    const char *text;
    int meaning;
};

static const struct word payment_words[] = {
    {"requires_payment_method", PAYMENT_REQUIRES_METHOD},
    {"requires_confirmation", PAYMENT_REQUIRES_CONFIRMATION},
    {"requires_action", PAYMENT_REQUIRES_ACTION},
    {"processing", PAYMENT_PROCESSING},
    {"succeeded", PAYMENT_SUCCEEDED},
    {"canceled", PAYMENT_CANCELED},
    {NULL, PAYMENT_OTHER},
};

static const struct word refund_words[] = {
    {"succeeded", REFUND_SUCCEEDED},
    {"failed", REFUND_FAILED},
    {"canceled", REFUND_FAILED},
    {NULL, REFUND_PENDING},
};
/* clang-format on */

static int meaning(const struct word *words, const char *text)
{
    while (words->text != NULL && strcmp(words->text, text) != 0) {
        words++;
    }
    return words->meaning;
}

/* Words of the provider that go into paths, rows and events: of these characters, or not at all. */
static bool is_plain(const char *text, size_t max)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    size_t length = strspn(text, allowed);
    return length > 0 && length <= max && text[length] == '\0';
}

static void copy_code(char to[CODE_MAX_BYTES + 1], const char *text)
{
    (void)snprintf(to, CODE_MAX_BYTES + 1, "%s", is_plain(text, CODE_MAX_BYTES) ? text : "unknown");
}

static void break_off(struct answer *answer, const char *code)
{
    answer->kind = ANSWER_BROKEN;
    copy_code(answer->code, code);
}

static bool take_reference(struct answer *answer, const char *id)
{
    if (!is_plain(id, REFERENCE_MAX_BYTES)) {
        break_off(answer, "unreadable");
        return false;
    }
    (void)snprintf(answer->reference, sizeof answer->reference, "%s", id);
    return true;
}

static void take_codes(struct answer *answer, const char *code, const char *decline_code)
{
    if (code != NULL) {
        copy_code(answer->code, code);
    }
    if (decline_code != NULL) {
        copy_code(answer->decline_code, decline_code);
    }
}

static void take_intent(struct answer *answer, const struct said_intent *intent)
{
    const struct said_decline *why = &intent->last_error;
    if (!take_reference(answer, intent->id)) {
        return;
    }
    answer->kind = ANSWER_INTENT;
    answer->payment = (enum payment_status)meaning(payment_words, intent->status);
    if (intent->has_last_error && answer->code[0] == '\0') {
        take_codes(answer, why->has_code ? why->code : NULL,
                   why->has_decline_code ? why->decline_code : NULL);
    }
}

static void take_refund(struct answer *answer, const struct said_refund *refund)
{
    enum refund_status status =
        (enum refund_status)meaning(refund_words, refund->has_status ? refund->status : "pending");
    answer->refunded_minor += status == REFUND_SUCCEEDED ? refund->amount : 0;
    if (status > answer->refund && take_reference(answer, refund->id)) {
        answer->refund = status;
    }
}

static void take_list(struct answer *answer, const struct said_list *list)
{
    answer->kind = ANSWER_REFUND;
    for (size_t i = 0; i < list->data_count && answer->kind == ANSWER_REFUND; i++) {
        take_refund(answer, &list->data[i]);
    }
}

static void read_success(const char *body, size_t length, struct arena *arena,
                         struct answer *answer)
{
    struct said_object said = {0};
    struct said_intent intent = {0};
    struct said_refund refund = {0};
    struct said_list list = {0};
    struct fault fault; /* an answer that breaks its shape is unreadable, whatever breaks it */
    enum outcome o = codec_decode(&object_shape, CODEC_OPEN, body, length, arena, &said, &fault);
    const char *object = o == OK ? said.object : "";

    if (strcmp(object, "payment_intent") == 0 &&
        codec_decode(&intent_shape, CODEC_OPEN, body, length, arena, &intent, &fault) == OK) {
        take_intent(answer, &intent);
    } else if (strcmp(object, "refund") == 0 &&
               codec_decode(&refund_shape, CODEC_OPEN, body, length, arena, &refund, &fault) ==
                   OK) {
        answer->kind = ANSWER_REFUND;
        take_refund(answer, &refund);
    } else if (strcmp(object, "list") == 0 &&
               codec_decode(&list_shape, CODEC_OPEN, body, length, arena, &list, &fault) == OK) {
        take_list(answer, &list);
    } else {
        break_off(answer, "unreadable");
    }
}

/* Stripe's table of HTTP statuses. 401, 403, 409 and 429 are not stored under the key: it never
 * began. */
static enum answer_kind kind_of_error(long http_status, const struct said_error *error)
{
    switch (http_status) {
    case 409:
    case 429:
        return ANSWER_LATER;
    case 401:
    case 403:
        return ANSWER_DENIED;
    default:
        return http_status >= 500 || strcmp(error->type, "idempotency_error") == 0 ? ANSWER_BROKEN
                                                                                   : ANSWER_REFUSED;
    }
}

/* A card that is declined, or a payment method that is not there. Any other refusal is of our call.
 */
static bool is_about_method(const struct said_error *error)
{
    return strcmp(error->type, "card_error") == 0 ||
           (error->has_code && strcmp(error->code, "resource_missing") == 0 && error->has_param &&
            strcmp(error->param, "payment_method") == 0);
}

static void read_failure(long http_status, const char *body, size_t length, struct arena *arena,
                         struct answer *answer)
{
    struct said_failure said = {0};
    struct fault fault;
    if (codec_decode(&failure_shape, CODEC_OPEN, body, length, arena, &said, &fault) != OK) {
        static const struct said_error unknown = {.type = ""};
        enum answer_kind kind = kind_of_error(http_status, &unknown);
        break_off(answer, "unreadable");
        /* Not the provider's own refusal, maybe something on the way: nothing may be concluded from
         * it. */
        answer->kind = kind == ANSWER_REFUSED ? ANSWER_BROKEN : kind;
        return;
    }
    const struct said_error *error = &said.error;
    answer->kind = kind_of_error(http_status, error);
    take_codes(answer, error->has_code ? error->code : error->type,
               error->has_decline_code ? error->decline_code : NULL);
    if (answer->kind == ANSWER_REFUSED && error->has_intent) {
        take_intent(answer, &error->intent);
    }
    answer->is_about_method = answer->kind == ANSWER_REFUSED && is_about_method(error);
}

void provider_answer_read(long http_status, const char *body, size_t length, struct answer *answer)
{
    struct arena arena = {0};
    *answer = (struct answer){.http_status = http_status};
    if (http_status >= 200 && http_status < 300) {
        read_success(body, length, &arena, answer);
    } else if (http_status >= 400) {
        read_failure(http_status, body, length, &arena, answer);
    } else {
        break_off(answer, "redirected"); /* not followed */
    }
    arena_done(&arena);
}
