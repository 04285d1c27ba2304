/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ecma.h"

#include "core/ecma_read.h"
#include "core/text.h"

#include <string.h>

/* The grammar of ECMA-262, 22.2.1 with [UnicodeMode], one function for each production. */

static struct ecma_node *read_choice(struct ecma_reader *reader, unsigned depth);

static struct ecma_node *new_node(struct ecma_reader *reader, enum ecma_kind kind)
{
    struct ecma_node *node = arena_alloc(reader->arena, sizeof *node);
    node->kind = kind;
    return node;
}

static struct ecma_node *new_set(struct ecma_reader *reader)
{
    struct ecma_node *node = new_node(reader, ECMA_SET);
    node->set = arena_alloc(reader->arena, sizeof *node->set);
    return node;
}

static struct ecma_node *new_character(struct ecma_reader *reader, uint32_t point)
{
    if (point >= 0xd800 && point <= 0xdfff) {
        return new_set(reader); /* empty: no text has half a pair */
    }
    struct ecma_node *node = new_node(reader, ECMA_CHARACTER);
    node->point = point;
    return node;
}

/* `{2}`, `{2,}` or `{2,5}`, the brace read already. */
static bool read_counts(struct ecma_reader *reader, struct ecma_node *repeat)
{
    if (!ecma_read_number(reader, &repeat->min)) {
        return ecma_fail(reader, "a { that begins no count must be written \\{");
    }
    repeat->max = repeat->min;
    if (ecma_take(reader, ',') && !ecma_read_number(reader, &repeat->max)) {
        repeat->max = ECMA_UNBOUNDED;
    }
    if (!ecma_take(reader, '}')) {
        return ecma_fail(reader, "a count must end with }");
    }
    return repeat->min <= repeat->max || ecma_fail(reader, "a count must not fall, as in {2,1}");
}

static bool read_bounds(struct ecma_reader *reader, struct ecma_node *repeat)
{
    repeat->max = ECMA_UNBOUNDED;
    switch (ecma_next(reader)) {
    case '*':
        break;
    case '+':
        repeat->min = 1;
        break;
    case '?':
        repeat->max = 1;
        break;
    default:
        return read_counts(reader, repeat);
    }
    return true;
}

static bool is_quantifier(uint32_t point)
{
    return point == '*' || point == '+' || point == '?' || point == '{';
}

/* The quantifier behind `atom`, where there is one; `group` is the first that lies inside it. */
static struct ecma_node *read_quantifier(struct ecma_reader *reader, struct ecma_node *atom,
                                         uint32_t group)
{
    if (!is_quantifier(reader->point)) {
        return atom;
    }
    struct ecma_node *repeat = new_node(reader, ECMA_REPEAT);
    repeat->first = atom;
    repeat->group = group;
    repeat->group_end = reader->group_count + 1;
    if (!read_bounds(reader, repeat)) {
        return NULL;
    }
    repeat->is_lazy = ecma_take(reader, '?');
    return repeat;
}

/* What a group's opening says: "(", "(?:", "(?=", "(?!", "(?<=", "(?<!", "(?<name>". */
static struct ecma_node *read_opening(struct ecma_reader *reader)
{
    struct ecma_node *node = new_node(reader, ECMA_GROUP);
    if (!ecma_take(reader, '?')) {
        node->group = ++reader->group_count;
        return node;
    }
    if (ecma_take(reader, ':')) {
        return node;
    }
    bool is_angle = ecma_take(reader, '<');
    if (reader->point == '=' || reader->point == '!') {
        node->kind = ECMA_LOOK;
        node->is_behind = is_angle;
        node->is_negative = ecma_next(reader) == '!';
        reader->has_ahead |= !node->is_behind && !node->is_negative;
        return node;
    }
    if (!is_angle) {
        (void)ecma_fail(reader, "after (? comes one of : = ! <");
        return NULL;
    }
    node->group = ++reader->group_count;
    return ecma_read_group_name(reader, node->group) ? node : NULL;
}

static struct ecma_node *read_group(struct ecma_reader *reader, unsigned depth)
{
    if (depth == ECMA_DEPTH_MAX) {
        (void)ecma_fail(reader, "groups are nested too deep");
        return NULL;
    }
    struct ecma_node *node = read_opening(reader);
    if (node == NULL || (node->first = read_choice(reader, depth + 1)) == NULL) {
        return NULL;
    }
    if (!ecma_take(reader, ')')) {
        (void)ecma_fail(reader, "a group is not closed");
        return NULL;
    }
    return node;
}

static struct ecma_node *read_dot(struct ecma_reader *reader)
{
    struct ecma_node *node = new_set(reader);
    node->set->is_negative = true;
    ecma_add_range(reader, node->set, '\n', '\n');
    ecma_add_range(reader, node->set, '\r', '\r');
    ecma_add_range(reader, node->set, 0x2028, 0x2029);
    return node;
}

static struct ecma_node *read_set(struct ecma_reader *reader)
{
    struct ecma_node *node = new_set(reader);
    return ecma_read_class(reader, node->set) ? node : NULL;
}

/* What stands behind a backslash: a back reference, a set, or a character. */
static struct ecma_node *read_escape(struct ecma_reader *reader)
{
    if (reader->point >= '1' && reader->point <= '9') {
        struct ecma_node *node = new_node(reader, ECMA_BACK);
        return ecma_read_number(reader, &node->group) && ecma_refer(reader, node, NULL, 0) ? node
                                                                                           : NULL;
    }
    if (ecma_take(reader, 'k')) {
        struct ecma_node *node = new_node(reader, ECMA_BACK);
        return ecma_read_reference(reader, node) ? node : NULL;
    }
    struct ecma_node *node = new_set(reader);
    uint32_t point = 0;
    switch (ecma_read_escape(reader, node->set, false, &point)) {
    case ECMA_READ_SET:
        return node;
    case ECMA_READ_CHARACTER:
        return new_character(reader, point);
    case ECMA_READ_NOTHING:
        break;
    }
    return NULL;
}

/* What may be repeated. */
static struct ecma_node *read_atom(struct ecma_reader *reader, unsigned depth)
{
    switch (ecma_next(reader)) {
    case '(':
        return read_group(reader, depth);
    case '.':
        return read_dot(reader);
    case '[':
        return read_set(reader);
    case '\\':
        return read_escape(reader);
    default:
        return new_character(reader, reader->last);
    }
}

/* What matches a place; NULL when nothing of the kind stands here. */
static struct ecma_node *read_place(struct ecma_reader *reader)
{
    if (ecma_take(reader, '^')) {
        return new_node(reader, ECMA_START);
    }
    if (ecma_take(reader, '$')) {
        return new_node(reader, ECMA_END);
    }
    if (ecma_take_two(reader, '\\', 'b')) {
        return new_node(reader, ECMA_EDGE);
    }
    if (ecma_take_two(reader, '\\', 'B')) {
        struct ecma_node *node = new_node(reader, ECMA_EDGE);
        node->is_negative = true;
        return node;
    }
    return NULL;
}

/* What cannot begin a term, and what to do about it. */
static const char *find_stray(uint32_t point)
{
    if (is_quantifier(point)) {
        return "there is nothing to repeat";
    }
    if (point == ']') {
        return "a ] outside of a class must be written \\]";
    }
    return point == '}' ? "a } that ends no count must be written \\}" : NULL;
}

static struct ecma_node *read_term(struct ecma_reader *reader, unsigned depth)
{
    const char *stray = find_stray(reader->point);
    if (stray != NULL) {
        (void)ecma_fail(reader, stray);
        return NULL;
    }
    uint32_t group = reader->group_count + 1;
    struct ecma_node *node = read_place(reader);
    if (node == NULL) {
        node = read_atom(reader, depth);
        if (node == NULL || node->kind != ECMA_LOOK) {
            return node == NULL ? NULL : read_quantifier(reader, node, group);
        }
    }
    if (is_quantifier(reader->point)) {
        (void)ecma_fail(reader, "what matches a place cannot be repeated");
        return NULL;
    }
    return node;
}

static struct ecma_node *read_sequence(struct ecma_reader *reader, unsigned depth)
{
    struct ecma_node *sequence = new_node(reader, ECMA_SEQUENCE);
    struct ecma_node **end = &sequence->first;
    while (reader->point != ECMA_NO_POINT && reader->point != '|' && reader->point != ')') {
        struct ecma_node *term = read_term(reader, depth);
        if (term == NULL) {
            return NULL;
        }
        *end = term;
        end = &term->next;
    }
    return sequence;
}

static struct ecma_node *read_choice(struct ecma_reader *reader, unsigned depth)
{
    struct ecma_node *first = read_sequence(reader, depth);
    if (first == NULL || reader->point != '|') {
        return first;
    }
    struct ecma_node *choice = new_node(reader, ECMA_CHOICE);
    choice->first = first;
    struct ecma_node *last = first;
    while (ecma_take(reader, '|')) {
        last->next = read_sequence(reader, depth);
        if (last->next == NULL) {
            return NULL;
        }
        last = last->next;
    }
    return choice;
}

static bool read_all(struct ecma_reader *reader, struct ecma *out)
{
    out->root = read_choice(reader, 0);
    if (out->root == NULL) {
        return false;
    }
    if (reader->point == ')') {
        return ecma_fail(reader, "a ) closes no group");
    }
    return ecma_resolve(reader);
}

enum outcome ecma_parse(const char *text, size_t length, struct arena *arena, struct ecma *out,
                        struct fault *fault)
{
    if (length > ECMA_PATTERN_MAX_BYTES) {
        return fault_set(fault, REJECT, "longer than %d bytes", (int)ECMA_PATTERN_MAX_BYTES);
    }
    if (!text_is_utf8(text, length, NULL)) {
        return fault_set(fault, REJECT, "not valid UTF-8");
    }
    struct ecma_reader reader = {.at = text, .end = text + length, .arena = arena};
    ecma_start(&reader);
    struct ecma read = {0};
    if (!read_all(&reader, &read) && reader.problem_at == 0) {
        return fault_set(fault, REJECT, "%s, at its end", reader.problem);
    }
    if (reader.problem != NULL) {
        return fault_set(fault, REJECT, "%s, at character %zu", reader.problem, reader.problem_at);
    }
    read.group_count = reader.group_count;
    read.has_back = reader.references != NULL;
    read.has_ahead = reader.has_ahead;
    *out = read;
    return OK;
}
