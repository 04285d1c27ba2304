/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/diff/inclusion.h"

#include <string.h>

/* ---- What kind of value it is. ---- */

enum verdict check_type(struct inclusion *run, const struct variant *left, const struct node *right,
                        const struct node *keyword)
{
    unsigned kinds = kinds_of_type(keyword);
    if ((left->kinds & ~kinds) == 0) {
        return VERDICT_YES;
    }
    bool is_disjoint = (left->all_kinds & kinds) == 0;
    return inclusion_no(run, left, right,
                        (struct reason){.forward = is_disjoint ? P11 : P09,
                                        .backward = is_disjoint ? P11 : P10,
                                        .keyword = "type"});
}

static bool holds(const struct node *allowed, const struct node *value)
{
    if (strcmp(allowed->key, "const") == 0) {
        return literal_equal(allowed, value);
    }
    for (const struct node *at = allowed->first; at != NULL; at = at->next) {
        if (literal_equal(at, value)) {
            return true;
        }
    }
    return false;
}

bool is_listed(const struct node *schema, const struct node *value)
{
    const struct node *list = node_find(schema, "enum");
    return list == NULL || holds(list, value);
}

bool is_extensible(const struct inclusion *run, const struct node *schema)
{
    const struct node *extensible = node_find(schema, "x-extensible-enum");
    return run->is_extended && extensible != NULL && extensible->kind == NODE_BOOLEAN &&
           extensible->integer != 0;
}

static struct reason reason_of_values(struct inclusion *run, const struct variant *left,
                                      const char *keyword)
{
    bool is_const = strcmp(keyword, "const") == 0 && terms_find(left->terms, "const") != NULL;
    return (struct reason){
        .forward = is_const ? P14 : P12, .backward = is_const ? P14 : P13, .keyword = keyword};
}

static enum verdict refuse_values(struct inclusion *run, const struct variant *left,
                                  const struct node *right, const struct node *keyword)
{
    struct reason reason = reason_of_values(run, left, keyword->key);
    AUTO(buffer_done) struct buffer list = {0};
    for (size_t i = 0; i < left->value_count; i++) {
        if (!holds(keyword, left->values[i])) {
            buffer_text(&list, list.length > 0 ? ", " : "not allowed: ");
            buffer_text(&list, diff_text(&run->arena, left->values[i]));
        }
    }
    if (list.length == 0) {
        return VERDICT_YES;
    }
    reason.note = buffer_cstr(&list);
    if (is_extensible(run, right)) {
        return inclusion_risky(run, left, right, reason);
    }
    return inclusion_no(run, left, right, reason);
}

/* As many integers as an enum may well have. */
enum { INTEGERS_MAX = 100 };

static bool fits_terms(struct inclusion *run, const struct terms *terms, const struct node *value)
{
    for (size_t i = 0; i < terms->count; i++) {
        if (instance_fits(run, value, terms->items[i].node) == VERDICT_NO) {
            return false;
        }
    }
    return true;
}

/* False when there are too many. */
static bool list_integers(struct inclusion *run, const struct variant *left, struct variant *out)
{
    int64_t low = 0;
    int64_t high = 0;
    if (left->kinds != KIND_INTEGER || !variant_low_integer(left, &low) ||
        !variant_high_integer(left, &high) || high - low >= INTEGERS_MAX) {
        return false;
    }
    *out = *left;
    out->values = arena_alloc(&run->arena, INTEGERS_MAX * sizeof(const struct node *));
    for (int64_t integer = low; integer <= high; integer++) {
        struct node *value = arena_alloc(&run->arena, sizeof *value);
        *value = (struct node){.kind = NODE_INTEGER,
                               .text = arena_printf(&run->arena, "%lld", (long long)integer),
                               .integer = integer,
                               .number = (double)integer};
        if (fits_terms(run, left->terms, value)) {
            out->values[out->value_count++] = value;
        }
    }
    return true;
}

/* One number, or as many integers as lie between two bounds. */
static bool list_numbers(struct inclusion *run, const struct variant *left, struct variant *out)
{
    if ((left->kinds & ~(unsigned)KIND_NUMBER) != 0 || left->low == NULL || left->high == NULL) {
        return false;
    }
    if (literal_compare(left->low, left->high) != 0) {
        return list_integers(run, left, out);
    }
    *out = *left;
    out->values = arena_alloc(&run->arena, sizeof(const struct node *));
    out->values[out->value_count++] = left->low;
    return true;
}

/* enum, const. What is not a few values itself may still be few by its bounds or its pattern. */
enum verdict check_values(struct inclusion *run, const struct variant *left,
                          const struct node *right, const struct node *keyword)
{
    if (left->is_finite) {
        return refuse_values(run, left, right, keyword);
    }
    struct variant few;
    if (list_numbers(run, left, &few)) {
        return refuse_values(run, &few, right, keyword);
    }
    struct reason reason = reason_of_values(run, left, keyword->key);
    if (terms_find(left->terms, "pattern") != NULL || terms_find(left->terms, "format") != NULL ||
        left->max_size <= 1) {
        reason.note = "the other side may allow a few values only";
        return inclusion_unknown(run, left, right, reason);
    }
    return inclusion_no(run, left, right, reason);
}

/* ---- Numbers. ---- */

static bool is_low_enough(const struct variant *left, const struct variant *wanted)
{
    if (left->low == NULL) {
        return false;
    }
    int order = literal_compare(left->low, wanted->low);
    if (order > 0 || (order == 0 && (left->low_exclusive || !wanted->low_exclusive))) {
        return true;
    }
    int64_t a = 0;
    int64_t b = 0;
    return (left->kinds & KIND_FRACTION) == 0 && variant_low_integer(left, &a) &&
           variant_low_integer(wanted, &b) && a >= b;
}

static bool is_high_enough(const struct variant *left, const struct variant *wanted)
{
    if (left->high == NULL) {
        return false;
    }
    int order = literal_compare(left->high, wanted->high);
    if (order < 0 || (order == 0 && (left->high_exclusive || !wanted->high_exclusive))) {
        return true;
    }
    int64_t a = 0;
    int64_t b = 0;
    return (left->kinds & KIND_FRACTION) == 0 && variant_high_integer(left, &a) &&
           variant_high_integer(wanted, &b) && a <= b;
}

/* minimum, exclusiveMinimum */
enum verdict check_low(struct inclusion *run, const struct variant *left, const struct node *right,
                       const struct node *keyword)
{
    const struct variant wanted = {.low = keyword,
                                   .low_exclusive = strcmp(keyword->key, "exclusiveMinimum") == 0};
    return is_low_enough(left, &wanted)
               ? VERDICT_YES
               : inclusion_no(
                     run, left, right,
                     (struct reason){.forward = P15, .backward = P16, .keyword = keyword->key});
}

/* maximum, exclusiveMaximum */
enum verdict check_high(struct inclusion *run, const struct variant *left, const struct node *right,
                        const struct node *keyword)
{
    const struct variant wanted = {.high = keyword,
                                   .high_exclusive = strcmp(keyword->key, "exclusiveMaximum") == 0};
    return is_high_enough(left, &wanted)
               ? VERDICT_YES
               : inclusion_no(
                     run, left, right,
                     (struct reason){.forward = P15, .backward = P16, .keyword = keyword->key});
}

enum verdict check_multiple_of(struct inclusion *run, const struct variant *left,
                               const struct node *right, const struct node *keyword)
{
    static const struct node one = {.kind = NODE_INTEGER, .text = "1", .integer = 1, .number = 1};
    if ((left->kinds & KIND_FRACTION) == 0 && instance_is_multiple(run, &one, keyword)) {
        return VERDICT_YES;
    }
    size_t divisors = 0;
    for (size_t i = 0; i < left->terms->count; i++) {
        const struct node *divisor = node_find(left->terms->items[i].node, "multipleOf");
        if (divisor != NULL && instance_is_multiple(run, divisor, keyword)) {
            return VERDICT_YES;
        }
        divisors += divisor != NULL;
    }
    const struct reason reason = {.forward = P17, .backward = P17, .keyword = "multipleOf"};
    return divisors > 1 ? inclusion_unknown(run, left, right, reason) /* together they may */
                        : inclusion_no(run, left, right, reason);
}

/* ---- Sizes: of texts, arrays and objects. ---- */

enum verdict check_min_size(struct inclusion *run, const struct variant *left,
                            const struct node *right, const struct node *keyword)
{
    return (double)left->min_size >= keyword->number
               ? VERDICT_YES
               : inclusion_no(
                     run, left, right,
                     (struct reason){.forward = P15, .backward = P16, .keyword = keyword->key});
}

/* Items that all differ, and can only be one of a few values. */
static bool has_few_items(struct inclusion *run, const struct variant *left)
{
    const struct node *unique = terms_find(left->terms, "uniqueItems");
    if (left->kinds != KIND_ARRAY || unique == NULL || unique->integer == 0) {
        return false;
    }
    struct terms *item = terms_new(run);
    struct variants values;
    terms_item(run, left->terms, INT32_MAX, item);
    variants_make(run, item, &values);
    bool are_few = !values.is_unsure;
    for (size_t i = 0; i < values.count && are_few; i++) {
        are_few = values.items[i].is_finite;
    }
    return are_few;
}

enum verdict check_max_size(struct inclusion *run, const struct variant *left,
                            const struct node *right, const struct node *keyword)
{
    const struct reason reason = {.forward = P15, .backward = P16, .keyword = keyword->key};
    if (left->max_size != INT64_MAX && (double)left->max_size <= keyword->number) {
        return VERDICT_YES;
    }
    return has_few_items(run, left) ? inclusion_unknown(run, left, right, reason)
                                    : inclusion_no(run, left, right, reason);
}

/* ---- Texts. ---- */

/* Patterns that match anything: they are searched for, not matched as a whole. */
static bool matches_all(const struct node *pattern)
{
    static const char *const all[] = {"", "^", "$", ".*", "^.*", ".*$", "(?:)", "[\\s\\S]*"};
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        if (pattern->length == 0 && strcmp(all[i], pattern->text) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_same(const struct terms *terms, const struct node *keyword)
{
    for (size_t i = 0; i < terms->count; i++) {
        const struct node *own = node_find(terms->items[i].node, keyword->key);
        if (own != NULL && literal_equal(own, keyword)) {
            return true;
        }
    }
    return false;
}

enum verdict check_pattern(struct inclusion *run, const struct variant *left,
                           const struct node *right, const struct node *keyword)
{
    if (matches_all(keyword) || has_same(left->terms, keyword)) {
        return VERDICT_YES;
    }
    const struct reason reason = {.forward = P18, .backward = P18, .keyword = "pattern"};
    if (terms_find(left->terms, "pattern") != NULL || terms_find(left->terms, "format") != NULL ||
        left->max_size == 0) {
        return inclusion_unknown(run, left, right, reason);
    }
    return inclusion_no(run, left, right, reason);
}

/* Formats that validators assert. Others are notes to people, but some validators assert them
 * too. */
static const struct {
    const char *name;
    unsigned kinds;
    bool is_note; /* asserted by nobody on the wire, except for the size of an integer */
} formats[] = {
    {"date-time", KIND_STRING, false},
    {"date", KIND_STRING, false},
    {"time", KIND_STRING, false},
    {"duration", KIND_STRING, false},
    {"email", KIND_STRING, false},
    {"idn-email", KIND_STRING, false},
    {"hostname", KIND_STRING, false},
    {"idn-hostname", KIND_STRING, false},
    {"ipv4", KIND_STRING, false},
    {"ipv6", KIND_STRING, false},
    {"uri", KIND_STRING, false},
    {"uri-reference", KIND_STRING, false},
    {"iri", KIND_STRING, false},
    {"iri-reference", KIND_STRING, false},
    {"uri-template", KIND_STRING, false},
    {"json-pointer", KIND_STRING, false},
    {"relative-json-pointer", KIND_STRING, false},
    {"regex", KIND_STRING, false},
    {"uuid", KIND_STRING, false},
    {"int32", KIND_NUMBER, false},
    {"int64", KIND_NUMBER, false},
    {"float", KIND_NUMBER, true},
    {"double", KIND_NUMBER, true},
    {"byte", KIND_STRING, false},
    {"binary", KIND_STRING, true},
    {"password", KIND_STRING, true},
};

/* int32 fits where int64 is expected. */
static bool fits_integer(const struct variant *left, const char *format)
{
    static const struct node low32 = {
        .kind = NODE_INTEGER, .text = "-2147483648", .integer = INT32_MIN, .number = INT32_MIN};
    static const struct node high32 = {
        .kind = NODE_INTEGER, .text = "2147483647", .integer = INT32_MAX, .number = INT32_MAX};
    static const struct node low64 = {
        .kind = NODE_INTEGER, .text = "-9223372036854775808", .number = -0x1p63};
    static const struct node high64 = {
        .kind = NODE_INTEGER, .text = "9223372036854775807", .number = 0x1p63};
    bool is_wide = strcmp(format, "int64") == 0;
    static const struct node int32 = {.kind = NODE_STRING, .text = "int32", .key = "format"};
    if (is_wide && has_same(left->terms, &int32)) {
        return true;
    }
    const struct variant wanted = {.low = is_wide ? &low64 : &low32,
                                   .high = is_wide ? &high64 : &high32};
    return (left->kinds & KIND_FRACTION) == 0 && is_low_enough(left, &wanted) &&
           is_high_enough(left, &wanted);
}

enum verdict check_format(struct inclusion *run, const struct variant *left,
                          const struct node *right, const struct node *keyword)
{
    if (has_same(left->terms, keyword)) {
        return VERDICT_YES;
    }
    const struct reason reason = {.forward = P19, .backward = P19, .keyword = "format"};
    for (size_t i = 0; i < COUNT_OF(formats); i++) {
        if (strcmp(formats[i].name, keyword->text) != 0) {
            continue;
        }
        if ((formats[i].kinds & left->kinds) == 0 || formats[i].is_note ||
            (formats[i].kinds == KIND_NUMBER && fits_integer(left, keyword->text))) {
            return VERDICT_YES;
        }
        return inclusion_no(run, left, right, reason);
    }
    return inclusion_unknown(run, left, right,
                             (struct reason){.forward = P19,
                                             .backward = P19,
                                             .keyword = "format",
                                             .note = "whether this format is asserted is not "
                                                     "known"});
}

/* ---- Content, and what came after draft-07. ---- */

static bool same_or_none(const struct node *a, const struct node *b, const char *keyword)
{
    const struct node *left = node_find(a, keyword);
    const struct node *right = node_find(b, keyword);
    return left == NULL || right == NULL ? left == right : literal_equal(left, right);
}

/* contentEncoding, contentMediaType: read together, because JSON may lie in base64. */
enum verdict check_content(struct inclusion *run, const struct variant *left,
                           const struct node *right, const struct node *keyword)
{
    for (size_t i = 0; i < left->terms->count; i++) {
        const struct node *own = left->terms->items[i].node;
        if (same_or_none(own, right, "contentEncoding") &&
            same_or_none(own, right, "contentMediaType")) {
            return VERDICT_YES;
        }
    }
    return inclusion_no(run, left, right,
                        (struct reason){.forward = P19, .backward = P19, .keyword = keyword->key});
}

/* Not asserted by draft-07, but by validators that know more. */
enum verdict check_newer(struct inclusion *run, const struct variant *left,
                         const struct node *right, const struct node *keyword)
{
    for (size_t i = 0; i < left->terms->count; i++) {
        const struct node *own = node_find(left->terms->items[i].node, keyword->key);
        if (own != NULL && literal_equal(own, keyword)) {
            return VERDICT_YES;
        }
    }
    return inclusion_unknown(run, left, right,
                             (struct reason){.forward = P32,
                                             .backward = P32,
                                             .keyword = keyword->key,
                                             .note = "a keyword that came after draft-07"});
}
