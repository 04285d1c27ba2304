/* SPDX-License-Identifier: Apache-2.0 */
#include "judges.h"

#include "contracts/jsonschema/value.h"
#include "core/buffer.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A fuzzer asks as well, where Check's assertions do not work. */
static void require(bool is_true, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void require(bool is_true, const char *format, ...)
{
    if (is_true) {
        return;
    }
    va_list args;
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fputc('\n', stderr);
    abort();
}

void judges_init(struct judges *judges, struct contract_set *set, const struct model_message *model,
                 const struct message *message, enum codec_mode mode)
{
    struct fault fault = {0};
    const struct jsonschema_options options = {.is_closed = mode == CODEC_CLOSED};
    *judges = (struct judges){.event = message->name, .shape = message->shape, .mode = mode};
    require(jsonschema_compile(&set->asyncapi.documents, model->payload->at, &options,
                               &judges->schema, &fault) == OK,
            "%s: %s", message->name, fault.text);
}

void judges_done(struct judges *judges)
{
    jsonschema_free(judges->schema);
    *judges = (struct judges){0};
}

bool judges_decode(const struct shape *shape, enum codec_mode mode, const char *json, size_t length,
                   struct fault *fault)
{
    AUTO(arena_done) struct arena arena = {0};
    void *event = arena_alloc(&arena, shape->size);
    enum outcome o = codec_decode(shape, mode, json, length, &arena, event, fault);
    require(o == OK || o == REJECT, "%s: outcome %s", shape->name, outcome_name(o));
    return o == OK;
}

/* ── What a value has anywhere in it ── */

typedef bool value_test(struct json_object *value);

static bool has(struct json_object *value, value_test *test)
{
    if (test(value)) {
        return true;
    }
    if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(value); i++) {
            if (has(json_object_array_get_idx(value, i), test)) {
                return true;
            }
        }
    }
    if (json_object_is_type(value, json_type_object)) {
        json_object_object_foreach(value, key, member)
        {
            (void)key;
            if (has(member, test)) {
                return true;
            }
        }
    }
    return false;
}

static bool is_long_text(struct json_object *value)
{
    return json_object_is_type(value, json_type_string) &&
           json_object_get_string_len(value) > CODEC_STRING_MAX_BYTES;
}

static bool is_text_with_nul(struct json_object *value)
{
    return json_object_is_type(value, json_type_string) &&
           strlen(json_object_get_string(value)) < (size_t)json_object_get_string_len(value);
}

static bool is_long_list(struct json_object *value)
{
    return json_object_is_type(value, json_type_array) &&
           json_object_array_length(value) > CODEC_ITEMS_MAX;
}

static bool has_long_name(struct json_object *value)
{
    if (!json_object_is_type(value, json_type_object)) {
        return false;
    }
    json_object_object_foreach(value, key, member)
    {
        (void)member;
        if (strlen(key) > CODEC_KEY_MAX_BYTES) {
            return true;
        }
    }
    return false;
}

static bool is_huge_number(struct json_object *value)
{
    if (json_object_is_type(value, json_type_int)) {
        return json_object_get_int64(value) == INT64_MAX &&
               json_object_get_uint64(value) > INT64_MAX;
    }
    return json_object_is_type(value, json_type_double) &&
           !(fabs(json_object_get_double(value)) < 0x1p63);
}

/* Written finer than a double is: value_read keeps the text of fractions. */
static bool is_fine_number(struct json_object *value)
{
    enum { DOUBLE_DIGITS = 17 };
    if (!json_object_is_type(value, json_type_double)) {
        return false;
    }
    const char *text = json_object_get_string(value);
    return json_object_get_double(value) == 0 || strspn(text, "-.0123456789") > DOUBLE_DIGITS + 2;
}

static unsigned depth_of(struct json_object *value)
{
    unsigned deepest = 0;
    if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(value); i++) {
            unsigned depth = depth_of(json_object_array_get_idx(value, i));
            deepest = depth > deepest ? depth : deepest;
        }
        return deepest + 1;
    }
    if (json_object_is_type(value, json_type_object)) {
        json_object_object_foreach(value, key, member)
        {
            (void)key;
            unsigned depth = depth_of(member);
            deepest = depth > deepest ? depth : deepest;
        }
        return deepest + 1;
    }
    return 0;
}

static bool is_too_deep(struct json_object *value, const char *json)
{
    return depth_of(value) > CODEC_DEPTH_MAX;
}

static bool has_long_text(struct json_object *value, const char *json)
{
    return has(value, is_long_text);
}

static bool has_nul(struct json_object *value, const char *json)
{
    return has(value, is_text_with_nul);
}

static bool has_long_list(struct json_object *value, const char *json)
{
    return has(value, is_long_list);
}

static bool has_a_long_name(struct json_object *value, const char *json)
{
    return has(value, has_long_name);
}

static bool has_huge_number(struct json_object *value, const char *json)
{
    return has(value, is_huge_number);
}

static bool has_fine_number(struct json_object *value, const char *json)
{
    return has(value, is_fine_number);
}

/* The names that variants give to what no contract declares, twice. */
static bool repeats_the_unknown(struct json_object *value, const char *json)
{
    static const char *const repeated[] = {
        "\"addedLater\":1,\"addedLater\":1",
        "\"a\":1,\"a\":2",
        "\"a\":1,\"\\u0061\":2",
    };
    AUTO(buffer_done) struct buffer dense = {0};
    for (; *json != '\0'; json++) {
        if (strchr(" \t\r\n", *json) == NULL) {
            buffer_byte(&dense, *json);
        }
    }
    for (size_t i = 0; i < COUNT_OF(repeated); i++) {
        if (strstr(buffer_cstr(&dense), repeated[i]) != NULL) {
            return true;
        }
    }
    return false;
}

/*
 * Where the two may differ. `says` is how the one that refuses says so, `is_so` whether that is
 * true. `is_always`: wherever it is so, the decoder must refuse.
 */
static const struct difference {
    const char *says;
    bool (*is_so)(struct json_object *value, const char *json);
    bool decoder_refuses;
    bool is_always;
    const char *because;
} differences[] = {
    {"is nested too deep", is_too_deep, true, true,
     "the codec reads 16 levels, so that no text exhausts the stack"},
    {"must have at most 8192 bytes", has_long_text, true, false,
     "a text without maxLength has 8 KiB at most, so that a message has a limit"},
    {"must have at most 1000 items", has_long_list, true, false,
     "an array without maxItems has 1,000 at most, so that a message has a limit"},
    {"has U+0000", has_nul, true, true, "a string of C ends at NUL, and PostgreSQL keeps none"},
    {"whose name is too long", has_a_long_name, true, true,
     "no declared name is longer than 128 bytes"},
    {"is out of range", has_huge_number, true, false,
     "an integer of C has 64 bits, a number is a double"},
    {"must be greater than", has_fine_number, true, false,
     "a number of C is a double: what lies between two of them is the nearer one"},
    {"must be less than", has_fine_number, true, false,
     "a number of C is a double: what lies between two of them is the nearer one"},
    {"must be at ", has_fine_number, false, false,
     "a number of C is a double: what lies between two of them is the nearer one"},
    {"already there", repeats_the_unknown, false, false,
     "the decoder does not remember the names of members that no contract declares"},
};

size_t judges_difference_count(void)
{
    return COUNT_OF(differences);
}

const char *judges_difference(size_t i)
{
    return differences[i].because;
}

static bool keep_first(void *context, const struct jsonschema_error *error)
{
    struct verdicts *verdicts = context;
    (void)snprintf(verdicts->validator_says, sizeof verdicts->validator_says, "%s %s (%s)",
                   error->instance, error->text, error->schema);
    return false;
}

static void ask_validator(const struct judges *judges, struct json_object *value,
                          struct verdicts *verdicts)
{
    verdicts->validator = jsonschema_is_valid(judges->schema, value);
    bool explained = jsonschema_explain(judges->schema, value, keep_first, verdicts);
    require(explained == verdicts->validator, "%s: is_valid says %d, explain says %d: %s",
            judges->event, verdicts->validator, explained, verdicts->validator_says);
    require(explained || verdicts->validator_says[0] != '\0', "%s: invalid without an error",
            judges->event);
}

/* Why may they differ as they do? NULL: they may not. */
static const struct difference *find_difference(const struct verdicts *verdicts,
                                                struct json_object *value, const char *json)
{
    const char *said = verdicts->decoder ? verdicts->validator_says : verdicts->decoder_says;
    for (size_t i = 0; i < COUNT_OF(differences); i++) {
        if (differences[i].decoder_refuses != verdicts->decoder &&
            strstr(said, differences[i].says) != NULL && differences[i].is_so(value, json)) {
            return &differences[i];
        }
    }
    return NULL;
}

/* Does the decoder refuse what it always must? */
static bool is_strict(const struct verdicts *verdicts, struct json_object *value, const char *json)
{
    for (size_t i = 0; i < COUNT_OF(differences) && verdicts->decoder; i++) {
        if (differences[i].is_always && differences[i].is_so(value, json)) {
            return false;
        }
    }
    return true;
}

void judges_ask(const struct judges *judges, const char *json, size_t length,
                struct verdicts *verdicts)
{
    struct fault fault = {0};
    *verdicts = (struct verdicts){0};
    verdicts->decoder = judges_decode(judges->shape, judges->mode, json, length, &fault);
    (void)snprintf(verdicts->decoder_says, sizeof verdicts->decoder_says, "%s",
                   verdicts->decoder ? "" : fault.text);
    struct json_object *value = NULL;
    if (value_read(json, length, &value, &fault) == OK) {
        ask_validator(judges, value, verdicts);
    } else {
        (void)snprintf(verdicts->validator_says, sizeof verdicts->validator_says, "%s", fault.text);
    }
    if (verdicts->decoder == verdicts->validator) {
        verdicts->is_settled = is_strict(verdicts, value, json);
    } else {
        const struct difference *difference = find_difference(verdicts, value, json);
        verdicts->difference = difference != NULL ? difference->because : NULL;
        verdicts->is_settled = difference != NULL;
    }
    json_object_put(value);
}
