/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/dlq/selection.h"

#include "core/buffer.h"
#include "core/clock.h"
#include "core/pattern.h"
#include "core/text.h"
#include "tools/dlq/json_at.h"

#include <stdlib.h>
#include <string.h>

static const struct cli_option options[] = {SELECTION_OPTIONS};
_Static_assert(COUNT_OF(options) == SELECTION_OPTION_COUNT, "the rows are counted");

/* Reading */

static bool read_instant(const char *text, int64_t now_ms, int64_t *out)
{
    int64_t ms = 0;
    if (text_duration_ms(text, &ms)) {
        *out = now_ms - ms;
        return true;
    }
    if (text_is_date(text, strlen(text))) {
        AUTO(free_text) char *midnight = xasprintf("%sT00:00:00Z", text);
        return text_date_time(midnight, strlen(midnight), out);
    }
    return text_date_time(text, strlen(text), out);
}

static bool read_times(const struct cli_call *call, struct selection *out)
{
    int64_t now = clock_now_ms();
    int64_t ms = 0;
    const char *since = cli_text(call, "since");
    const char *until = cli_text(call, "until");
    const char *older = cli_text(call, "older-than");
    if ((since != NULL && !read_instant(since, now, &out->since_ms)) ||
        (until != NULL && !read_instant(until, now, &out->until_ms))) {
        (void)cli_fail(call, EXIT_USAGE,
                       "--since and --until take a time such as 2026-11-23T07:05:00Z, a date, or a "
                       "duration such as 2h, which is that long ago");
        return false;
    }
    if (older == NULL) {
        return true;
    }
    if (!text_duration_ms(older, &ms) || until != NULL) {
        (void)cli_fail(call, EXIT_USAGE,
                       "--older-than is a duration such as 30s, 5m, 2h or 7d, and takes the place "
                       "of --until");
        return false;
    }
    out->until_ms = now - ms;
    return true;
}

/* "NAME=VALUE"; the name may be all there is. */
static size_t read_pairs(const struct cli_call *call, const char *option,
                         struct selection_pair pairs[CLI_GIVEN_MAX])
{
    const char *given[CLI_GIVEN_MAX];
    size_t count = cli_list(call, option, given);
    for (size_t i = 0; i < count; i++) {
        const char *sign = strchr(given[i], '=');
        pairs[i].name =
            sign != NULL ? xstrndup(given[i], (size_t)(sign - given[i])) : xstrdup(given[i]);
        pairs[i].value = sign != NULL ? sign + 1 : NULL;
    }
    return count;
}

static bool read_pointers(const struct cli_call *call, struct selection *out)
{
    out->pointer_count = read_pairs(call, "pointer", out->pointers);
    for (size_t i = 0; i < out->pointer_count; i++) {
        const char *name = out->pointers[i].name;
        if (name[0] != '\0' && name[0] != '/') {
            (void)cli_fail(call, EXIT_USAGE, "--pointer %s: a JSON Pointer begins with a slash",
                           name);
            return false;
        }
    }
    return true;
}

static bool read_body(const struct cli_call *call, struct selection *out)
{
    struct fault fault;
    out->body.text = cli_text(call, "body");
    if (out->body.text == NULL || pattern_prepare(&out->body, &fault) == OK) {
        return true;
    }
    (void)cli_fail(call, EXIT_USAGE, "--body: %s", fault.text);
    out->body.text = NULL;
    return false;
}

bool selection_read(const struct cli_call *call, struct selection *out)
{
    *out = (struct selection){.reason = cli_text(call, "reason"),
                              .class_name = cli_text(call, "class"),
                              .type = cli_text(call, "type")};
    out->header_count = read_pairs(call, "header", out->headers);
    out->id_count = cli_list(call, "id", out->ids);
    out->group_count = cli_list(call, "group", out->groups);
    bool has_limit = cli_text(call, "limit") != NULL;
    return read_times(call, out) && read_pointers(call, out) && read_body(call, out) &&
           (!has_limit || cli_int(call, "limit", 1, SELECTION_LIMIT_MAX, &out->limit));
}

void selection_done(struct selection *selection)
{
    for (size_t i = 0; i < selection->header_count; i++) {
        free(selection->headers[i].name);
    }
    for (size_t i = 0; i < selection->pointer_count; i++) {
        free(selection->pointers[i].name);
    }
    if (selection->body.code != NULL) {
        pattern_done(&selection->body);
    }
    *selection = (struct selection){0};
}

bool selection_is_full(const struct selection *selection)
{
    return selection->limit > 0 && selection->taken >= selection->limit;
}

/* Asking */

static bool is_word_of(const char *text, const char *word)
{
    static const char separators[] = ".:/+$, ";
    size_t length = strlen(word);
    for (const char *at = text; length > 0 && (at = strstr(at, word)) != NULL; at++) {
        bool starts = at == text || strchr(separators, at[-1]) != NULL;
        bool ends = at[length] == '\0' || strchr(separators, at[length]) != NULL;
        if (starts && ends) {
            return true;
        }
    }
    return false;
}

static bool names_class(const struct letter *letter, const char *name)
{
    static const enum letter_fact facts[] = {LETTER_CLASS, LETTER_EXCEPTION};
    for (size_t i = 0; i < COUNT_OF(facts); i++) {
        const char *text = letter_text(letter, facts[i]);
        size_t length = text != NULL ? strlen(text) : 0;
        size_t wanted = strlen(name);
        if (length >= wanted && text != NULL && strcmp(text + length - wanted, name) == 0 &&
            (length == wanted || strchr(".$+:", text[length - wanted - 1]) != NULL)) {
            return true;
        }
    }
    return false;
}

static bool is_in_time(const struct selection *selection, const struct letter *letter)
{
    int64_t ms = letter_time_ms(letter);
    if (selection->since_ms == 0 && selection->until_ms == 0) {
        return true;
    }
    return ms > 0 && (selection->since_ms == 0 || ms >= selection->since_ms) &&
           (selection->until_ms == 0 || ms < selection->until_ms);
}

static bool header_is(const struct letter *letter, const struct selection_pair *pair)
{
    const struct header_value *header = headers_find(&letter->headers, pair->name);
    if (header == NULL || pair->value == NULL) {
        return header != NULL;
    }
    if (header->kind == HEADER_TEXT) {
        size_t length = strlen(pair->value);
        return header->text_length == length && memcmp(header->text, pair->value, length) == 0;
    }
    int64_t number = 0;
    if (header->wire_kind == 't') {
        return strcmp(pair->value, header->number != 0 ? "true" : "false") == 0;
    }
    return header->kind == HEADER_NUMBER && text_int(pair->value, INT64_MIN, INT64_MAX, &number) &&
           number == header->number;
}

static bool body_has(const struct letter *letter, const struct selection_pair *pair)
{
    const struct delivery *delivery = letter->delivery;
    struct json_span span;
    if (!json_at(delivery->body, delivery->body_length, pair->name, &span)) {
        return false;
    }
    if (pair->value == NULL) {
        return true;
    }
    AUTO(buffer_done) struct buffer text = {0};
    json_span_text(&span, &text);
    return text.length == strlen(pair->value) &&
           memcmp(buffer_cstr(&text), pair->value, text.length) == 0;
}

static bool matches_pairs(const struct selection *selection, const struct letter *letter)
{
    for (size_t i = 0; i < selection->header_count; i++) {
        if (!header_is(letter, &selection->headers[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < selection->pointer_count; i++) {
        if (!body_has(letter, &selection->pointers[i])) {
            return false;
        }
    }
    return true;
}

static bool is_named(const struct selection *selection, const struct letter *letter)
{
    enum { PREFIX_MIN = 8 }; /* of a fingerprint */
    char fingerprint[LETTER_FINGERPRINT_TEXT_BYTES];
    (void)letter_fingerprint(letter, fingerprint);
    for (size_t i = 0; i < selection->id_count; i++) {
        const char *id = selection->ids[i];
        if (strcmp(id, letter->id) == 0 ||
            (strlen(id) >= PREFIX_MIN && text_starts_with(fingerprint, id))) {
            return true;
        }
    }
    return selection->id_count == 0;
}

static bool is_in_group(const struct selection *selection, const struct letter *letter)
{
    char group[LETTER_GROUP_TEXT_BYTES];
    if (selection->group_count == 0) {
        return true;
    }
    (void)letter_group(letter, group);
    for (size_t i = 0; i < selection->group_count; i++) {
        if (strcmp(selection->groups[i], group) == 0) {
            return true;
        }
    }
    return false;
}

static bool matches_body(struct selection *selection, const struct letter *letter)
{
    const struct delivery *delivery = letter->delivery;
    if (selection->body.text == NULL) {
        return true;
    }
    if (!text_is_utf8(delivery->body, delivery->body_length, NULL)) {
        return false;
    }
    enum pattern_verdict verdict =
        pattern_match(&selection->body, delivery->body, delivery->body_length);
    selection->unsure += verdict == PATTERN_GAVE_UP;
    return verdict == PATTERN_MATCHES;
}

/* The cheap questions first. */
bool selection_takes(struct selection *selection, const struct letter *letter)
{
    const char *reason = letter_text(letter, LETTER_REASON);
    const char *type = letter_text(letter, LETTER_TYPE);
    bool takes = !selection_is_full(selection) &&
                 (selection->reason == NULL ||
                  (reason != NULL && strcasestr(reason, selection->reason) != NULL)) &&
                 (selection->class_name == NULL || names_class(letter, selection->class_name)) &&
                 (selection->type == NULL || (type != NULL && is_word_of(type, selection->type))) &&
                 is_in_time(selection, letter) && is_named(selection, letter) &&
                 is_in_group(selection, letter) && matches_pairs(selection, letter) &&
                 matches_body(selection, letter);
    selection->taken += takes;
    return takes;
}

char *selection_text(const struct cli_call *call)
{
    AUTO(buffer_done) struct buffer text = {0};
    for (size_t i = 0; i < COUNT_OF(options); i++) {
        const char *values[CLI_GIVEN_MAX];
        size_t count = options[i].is_repeatable ? cli_list(call, options[i].name, values) : 0;
        if (!options[i].is_repeatable && cli_text(call, options[i].name) != NULL) {
            values[count++] = cli_text(call, options[i].name);
        }
        for (size_t k = 0; k < count; k++) {
            buffer_printf(&text, "%s--%s %s", text.length > 0 ? " " : "", options[i].name,
                          values[k]);
        }
    }
    return xstrdup(text.length > 0 ? buffer_cstr(&text) : "everything");
}
