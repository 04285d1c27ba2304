/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/jsonschema/program.h"
#include "core/buffer.h"
#include "core/text.h"

#include <stdlib.h>
#include <string.h>

/* What most values never need stays out of the functions that all of them run through. */
#define RARE __attribute__((noinline))

enum { UNIQUE_STACK_SLOTS = 64 }; /* for arrays of half as many elements */

/* ---- numbers ---- */

static RARE int compare_exactly(const struct subject *subject, const struct bound *bound)
{
    /* Rounding keeps the order: doubles that differ differ as their numbers do. */
    double near = json_object_get_double(subject->object);
    if (near < bound->near || near > bound->near) {
        return near < bound->near ? -1 : 1;
    }
    struct value_room room;
    struct number number = value_number(subject->object, &room);
    return number_compare(&number, &bound->exact);
}

/* The value against the bound: less than, equal to or greater than zero. */
static inline int compare(const struct subject *subject, const struct bound *bound)
{
    if (subject->kind == json_type_int && bound->is_integer && subject->integer != INT64_MAX) {
        return (subject->integer > bound->integer) - (subject->integer < bound->integer);
    }
    return compare_exactly(subject, bound);
}

static RARE bool is_multiple(const struct subject *subject, const struct multiple *multiple)
{
    if (subject->kind == json_type_int && multiple->integer > 0 && subject->integer != INT64_MAX) {
        return subject->integer % multiple->integer == 0;
    }
    struct value_room room;
    struct number number = value_number(subject->object, &room);
    return number_is_multiple(&number, multiple->divisor);
}

static RARE bool is_integral(const struct subject *subject)
{
    struct value_room room;
    struct number number = value_number(subject->object, &room);
    return number_is_integer(&number);
}

/* ---- strings ---- */

/* Every code point has one byte that is no continuation. */
static size_t count_points(const char *text, size_t length)
{
    size_t points = 0;
    for (size_t i = 0; i < length; i++) {
        points += ((unsigned char)text[i] & 0xc0) != 0x80 ? 1 : 0;
    }
    return points;
}

/* A code point has 1 to 4 bytes, so that the bytes often suffice. */
static bool has_at_least(const struct subject *subject, uint64_t points)
{
    return subject->length >= points &&
           (subject->length / 4 >= points ||
            count_points(subject_text(subject), subject->length) >= points);
}

static bool has_at_most(const struct subject *subject, uint64_t points)
{
    return subject->length <= points ||
           (subject->length / 4 <= points &&
            count_points(subject_text(subject), subject->length) <= points);
}

static bool matches(struct run *run, const struct pattern *pattern, const char *text, size_t length)
{
    enum pattern_verdict verdict = pattern_match(pattern, text, length);
    run->gave_up = run->gave_up || verdict == PATTERN_GAVE_UP;
    return verdict == PATTERN_MATCHES;
}

static int base64_digit(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;
    return at != NULL ? (int)(at - digits) : -1;
}

/* RFC 4648, section 4, padded and without line feeds. */
static bool decode_base64(const char *text, size_t length, struct buffer *out)
{
    if (length % 4 != 0) {
        return false;
    }
    size_t padding = 0;
    while (padding < 2 && padding < length && text[length - 1 - padding] == '=') {
        padding++;
    }
    unsigned bits = 0;
    for (size_t i = 0; i < length - padding; i++) {
        int digit = base64_digit(text[i]);
        if (digit < 0) {
            return false;
        }
        bits = bits << 6 | (unsigned)digit;
        if (i % 4 != 0) {
            buffer_byte(out, (char)(bits >> (6 - 2 * (i % 4))));
        }
    }
    return true;
}

static bool is_json(const char *text, size_t length)
{
    struct json_object *value = NULL;
    bool is_good = value_read(text, length, &value, NULL) == OK;
    (void)json_object_put(value);
    return is_good;
}

static RARE bool is_content(const struct subject *subject, const struct content *content)
{
    const char *text = subject_text(subject);
    if (!content->is_base64) {
        return is_json(text, subject->length);
    }
    AUTO(buffer_done) struct buffer decoded = {0};
    return decode_base64(text, subject->length, &decoded) &&
           (!content->is_json || is_json(buffer_cstr(&decoded), decoded.length));
}

/* ---- enum and const ---- */

static RARE bool is_other(const struct values *values, const struct json_object *value)
{
    if (!values->has_slots) {
        for (size_t i = 0; i < values->other_count; i++) {
            if (value_is_equal(values->others[i], value)) {
                return true;
            }
        }
        return false;
    }
    for (size_t i = value_hash(value) & (values->other_count - 1); values->others[i] != NULL;
         i = (i + 1) & (values->other_count - 1)) {
        if (value_is_equal(values->others[i], value)) {
            return true;
        }
    }
    return false;
}

static bool is_among(const struct subject *subject, const struct values *values)
{
    switch (subject->kind) {
    case json_type_string:
        return names_find(&values->strings, subject_text(subject), subject->length) != NULL;
    case json_type_null:
        return values->has_null;
    case json_type_boolean:
        return json_object_get_boolean(subject->object) ? values->has_true : values->has_false;
    case json_type_int:
    case json_type_double:
    case json_type_array:
    case json_type_object:
    default:
        return is_other(values, subject->object);
    }
}

/* ---- arrays ---- */

struct unique_slot {
    uint64_t hash;
    struct json_object *value;
    bool is_taken;
};

/* False when the value is there already. */
static bool add_unique(struct unique_slot *slots, size_t mask, struct json_object *value)
{
    uint64_t hash = value_hash(value);
    size_t i = hash & mask;
    for (; slots[i].is_taken; i = (i + 1) & mask) {
        if (slots[i].hash == hash && value_is_equal(slots[i].value, value)) {
            return false;
        }
    }
    slots[i] = (struct unique_slot){.hash = hash, .value = value, .is_taken = true};
    return true;
}

static bool are_unique_in(const struct json_object *array, struct unique_slot *slots, size_t mask)
{
    size_t count = json_object_array_length(array);
    for (size_t i = 0; i < count; i++) {
        if (!add_unique(slots, mask, json_object_array_get_idx(array, i))) {
            return false;
        }
    }
    return true;
}

static RARE bool are_unique(const struct json_object *array)
{
    size_t count = json_object_array_length(array);
    if (count < 2) {
        return true;
    }
    if (count <= UNIQUE_STACK_SLOTS / 2) {
        struct unique_slot slots[UNIQUE_STACK_SLOTS] = {0};
        return are_unique_in(array, slots, UNIQUE_STACK_SLOTS - 1);
    }
    size_t room = UNIQUE_STACK_SLOTS;
    while (room < count * 2) {
        room *= 2;
    }
    struct unique_slot *slots = xcalloc(room, sizeof *slots);
    bool is_unique = are_unique_in(array, slots, room - 1);
    free(slots);
    return is_unique;
}

static RARE bool run_value(struct run *run, const struct instruction *in, struct json_object *value,
                           enum json_type kind);

/* As far as plain arithmetic goes. False: the instruction it stopped at decides. */
static inline __attribute__((always_inline)) bool passes_bounds(const struct instruction **in,
                                                                int64_t integer)
{
    for (;; (*in)++) {
        const struct bound *bound = (*in)->data;
        bool passes = false;
        if ((*in)->op == OP_MINIMUM) {
            passes = bound->is_integer && integer >= bound->integer;
        } else if ((*in)->op == OP_MAXIMUM) {
            passes = bound->is_integer && integer <= bound->integer && integer != INT64_MAX;
        }
        if (!passes) {
            return (*in)->op == OP_END;
        }
    }
}

static inline __attribute__((always_inline)) bool passes_lengths(const struct instruction **in,
                                                                 size_t length)
{
    for (;; (*in)++) {
        bool passes = false;
        if ((*in)->op == OP_MAX_LENGTH) {
            passes = length <= (*in)->limit;
        } else if ((*in)->op == OP_MIN_LENGTH) {
            passes = length / 4 >= (*in)->limit || (length > 0 && (*in)->limit == 1);
        }
        if (!passes) {
            return (*in)->op == OP_END;
        }
    }
}

/* Members and elements often need no more than their kind, a range or a length. */
static inline __attribute__((always_inline)) bool run_child(struct run *run, uint32_t block,
                                                            struct json_object *value)
{
    enum json_type kind = json_object_get_type(value);
    uint32_t entry = run->schema->blocks[block].entry[kind];
    if (entry == PROGRAM_ACCEPT) {
        return true;
    }
    const struct instruction *in = &run->schema->instructions[entry];
    if (kind == json_type_string) {
        if (passes_lengths(&in, (size_t)json_object_get_string_len(value))) {
            return true;
        }
    } else if (kind == json_type_int) {
        if (passes_bounds(&in, json_object_get_int64(value))) {
            return true;
        }
    }
    return run_value(run, in, value, kind);
}

/* json-c's array itself: a call for each element would cost as much as judging it. */
static bool run_items(struct run *run, const struct items *items, const struct json_object *array)
{
    const struct array_list *list = json_object_get_array(array);
    run->steps += list->length;
    for (size_t i = 0; i < list->length; i++) {
        uint32_t block = i < items->count ? items->tuple[i] : items->rest;
        if (block != PROGRAM_ACCEPT && !run_child(run, block, list->array[i])) {
            return false;
        }
    }
    return true;
}

static bool run_contains(struct run *run, uint32_t block, const struct json_object *array)
{
    const struct array_list *list = json_object_get_array(array);
    run->steps += list->length;
    for (size_t i = 0; i < list->length; i++) {
        if (run_child(run, block, list->array[i])) {
            return true;
        }
    }
    return false;
}

/* ---- objects ---- */

static RARE const struct member *find_member(const struct members *members, const char *name)
{
    const struct name *known = names_find(&members->index, name, strlen(name));
    return known != NULL ? &members->list[known->value] : NULL;
}

/* What patternProperties and additionalProperties say about a member. */
static RARE bool run_rest(struct run *run, const struct members *members, const char *name,
                          struct json_object *value, bool is_declared)
{
    size_t length = members->pattern_count > 0 ? strlen(name) : 0;
    for (size_t i = 0; i < members->pattern_count; i++) {
        const struct member_pattern *pattern = &members->patterns[i];
        if (matches(run, &pattern->pattern, name, length)) {
            is_declared = true;
            if (!run_child(run, pattern->block, value)) {
                return false;
            }
        }
    }
    return is_declared || run_child(run, members->rest, value);
}

/* One walk over the members. They mostly come in the order in which the schema has them, so that
 * the next name of the schema is tried before the name is looked up. */
static bool run_members(struct run *run, const struct members *members,
                        const struct json_object *object)
{
    const bool has_rest = members->pattern_count > 0 || members->rest != PROGRAM_ACCEPT;
    const struct member *next = members->list;
    const struct member *end = members->list + members->count;
    size_t required = 0;
    const struct lh_table *table = json_object_get_object(object);
    run->steps += (size_t)table->count;
    for (const struct lh_entry *entry = table->head; entry != NULL; entry = entry->next) {
        const char *name = entry->k;
        struct json_object *value = lh_entry_v(entry);
        bool is_next = next != NULL && next < end && strcmp(next->name, name) == 0;
        const struct member *member = is_next ? next : find_member(members, name);
        if (member != NULL) {
            next = member + 1;
            required += member->is_required ? 1 : 0;
            if (member->block != PROGRAM_ACCEPT && !run_child(run, member->block, value)) {
                return false;
            }
        }
        if (has_rest &&
            !run_rest(run, members, name, value, member != NULL && member->is_declared)) {
            return false;
        }
    }
    return required == members->required_count;
}

static bool run_closed(const struct names *names, const struct json_object *object)
{
    for (const struct lh_entry *entry = json_object_get_object(object)->head; entry != NULL;
         entry = entry->next) {
        if (names_find(names, entry->k, strlen(entry->k)) == NULL) {
            return false;
        }
    }
    return true;
}

static bool run_names(struct run *run, uint32_t block, const struct json_object *object)
{
    for (const struct lh_entry *entry = json_object_get_object(object)->head; entry != NULL;
         entry = entry->next) {
        const struct subject name = subject_of_name(entry->k);
        if (!run_block(run, block, &name)) {
            return false;
        }
    }
    return true;
}

static bool run_dependencies(struct run *run, const struct dependencies *dependencies,
                             const struct subject *subject)
{
    for (size_t i = 0; i < dependencies->count; i++) {
        const struct dependency *dependency = &dependencies->list[i];
        if (!json_object_object_get_ex(subject->object, dependency->name, NULL)) {
            continue;
        }
        for (size_t n = 0; n < dependency->need_count; n++) {
            if (!json_object_object_get_ex(subject->object, dependency->needs[n], NULL)) {
                return false;
            }
        }
        if (!run_block(run, dependency->block, subject)) {
            return false;
        }
    }
    return true;
}

/* ---- alternatives ---- */

static bool run_any_of(struct run *run, const struct branches *branches,
                       const struct subject *subject)
{
    for (size_t i = 0; i < branches->count; i++) {
        if (run_block(run, branches->blocks[i], subject)) {
            return true;
        }
    }
    return false;
}

static bool run_one_of(struct run *run, const struct branches *branches,
                       const struct subject *subject)
{
    size_t fitting = 0;
    for (size_t i = 0; i < branches->count && fitting < 2; i++) {
        fitting += run_block(run, branches->blocks[i], subject) ? 1 : 0;
    }
    return fitting == 1;
}

static bool run_condition(struct run *run, const struct condition *condition,
                          const struct subject *subject)
{
    bool is_true = run_block(run, condition->test, subject);
    return run_block(run, is_true ? condition->then : condition->otherwise, subject);
}

/* ---- one instruction, one block ---- */

static inline __attribute__((always_inline)) bool
check(struct run *run, const struct instruction *in, const struct subject *subject)
{
    struct json_object *object = subject->object;
    switch (in->op) {
    case OP_END:
        return true;
    case OP_FAIL:
    case OP_FAIL_TYPE:
        return false;
    case OP_INTEGRAL:
        return is_integral(subject);
    case OP_VALUES:
        return is_among(subject, in->data);
    case OP_MINIMUM:
        return compare(subject, in->data) >= 0;
    case OP_MAXIMUM:
        return compare(subject, in->data) <= 0;
    case OP_EXCLUSIVE_MINIMUM:
        return compare(subject, in->data) > 0;
    case OP_EXCLUSIVE_MAXIMUM:
        return compare(subject, in->data) < 0;
    case OP_MULTIPLE_OF:
        return is_multiple(subject, in->data);
    case OP_MIN_LENGTH:
        return has_at_least(subject, in->limit);
    case OP_MAX_LENGTH:
        return has_at_most(subject, in->limit);
    case OP_PATTERN:
        return matches(run, in->data, subject_text(subject), subject->length);
    case OP_FORMAT:
        return ((const struct format *)in->data)->check(subject_text(subject), subject->length);
    case OP_CONTENT:
        return is_content(subject, in->data);
    case OP_MIN_ITEMS:
        return json_object_array_length(object) >= in->limit;
    case OP_MAX_ITEMS:
        return json_object_array_length(object) <= in->limit;
    case OP_ITEMS:
        return run_items(run, in->data, object);
    case OP_CONTAINS:
        return run_contains(run, in->block, object);
    case OP_UNIQUE_ITEMS:
        return are_unique(object);
    case OP_MIN_PROPERTIES:
        return (uint64_t)json_object_object_length(object) >= in->limit;
    case OP_MAX_PROPERTIES:
        return (uint64_t)json_object_object_length(object) <= in->limit;
    case OP_MEMBERS:
        return run_members(run, in->data, object);
    case OP_CLOSED:
        return run_closed(in->data, object);
    case OP_PROPERTY_NAMES:
        return run_names(run, in->block, object);
    case OP_DEPENDENCIES:
        return run_dependencies(run, in->data, subject);
    case OP_ALL_OF:
        return run_block(run, in->block, subject);
    case OP_ANY_OF:
        return run_any_of(run, in->data, subject);
    case OP_ONE_OF:
        return run_one_of(run, in->data, subject);
    case OP_NOT:
        return !run_block(run, in->block, subject);
    case OP_IF:
        return run_condition(run, in->data, subject);
    }
    return false;
}

bool run_check(struct run *run, const struct instruction *in, const struct subject *subject)
{
    return check(run, in, subject);
}

static inline __attribute__((always_inline)) bool
run_from(struct run *run, const struct instruction *in, const struct subject *subject)
{
    while (in->op != OP_END && check(run, in, subject)) {
        in++;
    }
    return in->op == OP_END;
}

static bool enter(struct run *run)
{
    if (run->depth == JSONSCHEMA_MAX_DEPTH || ++run->steps > JSONSCHEMA_MAX_STEPS) {
        run->gave_up = true;
    }
    run->depth++;
    return !run->gave_up;
}

/* A child. What has no children of its own goes no deeper; its parent counts it. */
static RARE bool run_value(struct run *run, const struct instruction *in, struct json_object *value,
                           enum json_type kind)
{
    const struct subject subject = subject_of_kind(value, kind);
    if (kind != json_type_object && kind != json_type_array) {
        return run_from(run, in, &subject);
    }
    bool is_valid = enter(run) && run_from(run, in, &subject);
    run->depth--;
    return is_valid;
}

bool run_block(struct run *run, uint32_t block, const struct subject *subject)
{
    uint32_t entry = run->schema->blocks[block].entry[subject->kind];
    if (entry == PROGRAM_ACCEPT) {
        return true;
    }
    bool is_valid = enter(run) && run_from(run, &run->schema->instructions[entry], subject);
    run->depth--;
    return is_valid;
}

bool jsonschema_is_valid(const struct jsonschema *schema, struct json_object *instance)
{
    struct run run = {.schema = schema};
    struct subject subject = subject_of(instance);
    return run_block(&run, schema->root, &subject) && !run.gave_up;
}

void jsonschema_free(struct jsonschema *schema)
{
    if (schema == NULL) {
        return;
    }
    for (size_t i = 0; i < schema->owned_count; i++) {
        (void)json_object_put(schema->owned[i]);
    }
    for (size_t i = 0; i < schema->pattern_count; i++) {
        pattern_done(schema->patterns[i]);
    }
    free(schema->owned);
    free(schema->patterns);
    free(schema->instructions);
    free(schema->blocks);
    free(schema->sources);
    arena_done(&schema->arena);
    free(schema);
}
