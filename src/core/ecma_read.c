/* SPDX-License-Identifier: Apache-2.0 */
#include "core/ecma_read.h"

#include "core/text.h"

#include <string.h>

enum { NAME_MAX_POINTS = 256 };

struct ecma_name {
    const uint32_t *points;
    size_t length;
    uint32_t group;
    struct ecma_name *next;
};

struct ecma_reference {
    struct ecma_node *back;
    const uint32_t *name; /* NULL: by number */
    size_t length;
    size_t number; /* of its last character */
    struct ecma_reference *next;
};

static void look(struct ecma_reader *reader)
{
    reader->number++;
    size_t bytes = text_code_point(reader->at, (size_t)(reader->end - reader->at), &reader->point);
    if (bytes == 0) {
        reader->point = ECMA_NO_POINT;
    }
    reader->at += bytes;
}

void ecma_start(struct ecma_reader *reader)
{
    reader->number = 0;
    look(reader);
}

bool ecma_fail(struct ecma_reader *reader, const char *problem)
{
    if (reader->problem == NULL) {
        reader->problem = problem;
        reader->problem_at = reader->point == ECMA_NO_POINT ? 0 : reader->number;
    }
    return false;
}

uint32_t ecma_next(struct ecma_reader *reader)
{
    reader->last = reader->point;
    if (reader->point != ECMA_NO_POINT) {
        look(reader);
    }
    return reader->last;
}

bool ecma_take(struct ecma_reader *reader, uint32_t point)
{
    if (reader->point != point) {
        return false;
    }
    (void)ecma_next(reader);
    return true;
}

bool ecma_take_two(struct ecma_reader *reader, uint32_t first, char second)
{
    if (reader->point != first || reader->at == reader->end || *reader->at != second) {
        return false;
    }
    (void)ecma_next(reader);
    (void)ecma_next(reader);
    return true;
}

static bool is_digit(uint32_t point)
{
    return point >= '0' && point <= '9';
}

bool ecma_read_number(struct ecma_reader *reader, uint32_t *out)
{
    if (!is_digit(reader->point)) {
        return false;
    }
    uint32_t number = 0;
    while (is_digit(reader->point)) {
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, reader->point - '0', &number)) {
            number = ECMA_UNBOUNDED;
        }
        (void)ecma_next(reader);
    }
    *out = number;
    return true;
}

/* "name>" as code points. */
static bool read_name(struct ecma_reader *reader, const uint32_t **out, size_t *length)
{
    uint32_t points[NAME_MAX_POINTS];
    size_t count = 0;
    while (!ecma_take(reader, '>')) {
        uint32_t point = reader->point;
        if (ecma_take_two(reader, '\\', 'u')) {
            if (!ecma_read_unicode(reader, &point)) {
                return false;
            }
        } else if (point == ECMA_NO_POINT) {
            return ecma_fail(reader, "a group's name must end with >");
        } else {
            (void)ecma_next(reader);
        }
        if (!ecma_is_name(point, count == 0)) {
            return ecma_fail(reader, "a group's name has letters, digits, _ and $ only");
        }
        if (count == NAME_MAX_POINTS) {
            return ecma_fail(reader, "a group's name is too long");
        }
        points[count++] = point;
    }
    if (count == 0) {
        return ecma_fail(reader, "a group's name is empty");
    }
    uint32_t *name = arena_alloc(reader->arena, count * sizeof *name);
    memcpy(name, points, count * sizeof *name);
    *out = name;
    *length = count;
    return true;
}

static const struct ecma_name *find_name(const struct ecma_reader *reader, const uint32_t *points,
                                         size_t length)
{
    const struct ecma_name *name = reader->names;
    while (name != NULL &&
           (name->length != length || memcmp(name->points, points, length * sizeof *points) != 0)) {
        name = name->next;
    }
    return name;
}

bool ecma_read_group_name(struct ecma_reader *reader, uint32_t group)
{
    const uint32_t *points = NULL;
    size_t length = 0;
    if (!read_name(reader, &points, &length)) {
        return false;
    }
    if (find_name(reader, points, length) != NULL) {
        return ecma_fail(reader, "two groups have the same name");
    }
    struct ecma_name *name = arena_alloc(reader->arena, sizeof *name);
    *name = (struct ecma_name){
        .points = points, .length = length, .group = group, .next = reader->names};
    reader->names = name;
    return true;
}

bool ecma_refer(struct ecma_reader *reader, struct ecma_node *back, const uint32_t *name,
                size_t length)
{
    struct ecma_reference *reference = arena_alloc(reader->arena, sizeof *reference);
    *reference = (struct ecma_reference){.back = back,
                                         .name = name,
                                         .length = length,
                                         .number = reader->number - 1,
                                         .next = reader->references};
    reader->references = reference;
    return true;
}

bool ecma_read_reference(struct ecma_reader *reader, struct ecma_node *back)
{
    const uint32_t *name = NULL;
    size_t length = 0;
    if (!ecma_take(reader, '<')) {
        return ecma_fail(reader, "after \\k comes a name, as in \\k<name>");
    }
    return read_name(reader, &name, &length) && ecma_refer(reader, back, name, length);
}

bool ecma_resolve(struct ecma_reader *reader)
{
    for (struct ecma_reference *at = reader->references; at != NULL; at = at->next) {
        if (at->name != NULL) {
            const struct ecma_name *name = find_name(reader, at->name, at->length);
            at->back->group = name == NULL ? ECMA_UNBOUNDED : name->group;
        }
        if (at->back->group > reader->group_count) {
            reader->problem = "a reference to a group that is not there";
            reader->problem_at = at->number;
            return false;
        }
    }
    return true;
}
