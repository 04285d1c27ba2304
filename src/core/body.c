/* SPDX-License-Identifier: Apache-2.0 */
#include "core/body.h"

#include "core/buffer.h"
#include "core/card.h"
#include "core/rule.h"
#include "core/scan.h"

#include <stdio.h>
#include <stdlib.h>

struct reader {
    struct scan scan;
    struct buffer plain; /* the string at hand without its escapes */
    struct fault *fault;
};

static enum body_verdict check_value(struct reader *reader, const struct place *place);

static enum body_verdict malformed(struct reader *reader)
{
    (void)fault_set(reader->fault, REJECT, "The body is not JSON: %s at byte %zu.",
                    reader->scan.problem, (size_t)(reader->scan.at - reader->scan.start));
    return BODY_MALFORMED;
}

static enum body_verdict has_card(struct reader *reader, const struct place *place)
{
    (void)rule_fail(place, reader->fault, "must not hold a card number");
    return BODY_HAS_CARD;
}

static bool text_has_card(struct reader *reader, const struct scan_text *text)
{
    if (!text->is_escaped) {
        return card_is_in(text->start, text->length);
    }
    buffer_clear(&reader->plain);
    scan_unescape(text, buffer_reserve(&reader->plain, text->bytes));
    buffer_grow(&reader->plain, text->bytes);
    return card_is_in(reader->plain.bytes, reader->plain.length);
}

static enum body_verdict check_string(struct reader *reader, const struct place *place)
{
    struct scan_text text;
    if (!scan_string(&reader->scan, &text)) {
        return malformed(reader);
    }
    return text_has_card(reader, &text) ? has_card(reader, place) : BODY_GOOD;
}

/* As it is written, and as a whole number where it is written with an exponent. */
static enum body_verdict check_number(struct reader *reader, const struct place *place)
{
    struct scan_number number;
    if (!scan_number(&reader->scan, &number)) {
        return malformed(reader);
    }
    int64_t whole = 0;
    if (!number.is_plain && scan_integer(&number, &whole) == SCAN_INTEGER) {
        char text[24];
        int length = snprintf(text, sizeof text, "%lld", (long long)whole);
        if (card_is_in(text, (size_t)length)) {
            return has_card(reader, place);
        }
    }
    return card_is_in(number.start, number.length) ? has_card(reader, place) : BODY_GOOD;
}

static enum body_verdict check_object(struct reader *reader, const struct place *place)
{
    (void)scan_expect(&reader->scan, '{');
    if (scan_take(&reader->scan, '}')) {
        return BODY_GOOD;
    }
    do {
        struct scan_text key;
        if (!scan_key(&reader->scan, &key)) {
            return malformed(reader);
        }
        if (text_has_card(reader, &key)) {
            return has_card(reader, place);
        }
        const struct place member = {
            .up = place, .name = key.start, .length = key.length, .depth = place->depth + 1};
        enum body_verdict verdict = check_value(reader, &member);
        if (verdict != BODY_GOOD) {
            return verdict;
        }
    } while (scan_take(&reader->scan, ','));
    return scan_expect(&reader->scan, '}') ? BODY_GOOD : malformed(reader);
}

static enum body_verdict check_array(struct reader *reader, const struct place *place)
{
    (void)scan_expect(&reader->scan, '[');
    if (scan_take(&reader->scan, ']')) {
        return BODY_GOOD;
    }
    size_t index = 0;
    do {
        const struct place item = {.up = place, .index = index++, .depth = place->depth + 1};
        enum body_verdict verdict = check_value(reader, &item);
        if (verdict != BODY_GOOD) {
            return verdict;
        }
    } while (scan_take(&reader->scan, ','));
    return scan_expect(&reader->scan, ']') ? BODY_GOOD : malformed(reader);
}

static enum body_verdict check_value(struct reader *reader, const struct place *place)
{
    char first = scan_peek(&reader->scan);
    if ((first == '{' || first == '[') && rule_depth(place, reader->fault) != OK) {
        return BODY_MALFORMED;
    }
    switch (first) {
    case '{':
        return check_object(reader, place);
    case '[':
        return check_array(reader, place);
    case '"':
        return check_string(reader, place);
    case 't':
        return scan_word(&reader->scan, "true") ? BODY_GOOD : malformed(reader);
    case 'f':
        return scan_word(&reader->scan, "false") ? BODY_GOOD : malformed(reader);
    case 'n':
        return scan_word(&reader->scan, "null") ? BODY_GOOD : malformed(reader);
    default:
        return check_number(reader, place);
    }
}

enum body_verdict body_check(const char *json, size_t length, struct fault *fault)
{
    struct reader reader = {.scan = {.start = json, .at = json, .end = json + length},
                            .fault = fault};
    const struct place document = {.depth = 1};
    enum body_verdict verdict = check_value(&reader, &document);
    if (verdict == BODY_GOOD && !scan_is_done(&reader.scan)) {
        verdict = malformed(&reader);
    }
    buffer_done(&reader.plain);
    return verdict;
}
