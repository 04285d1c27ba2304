/* SPDX-License-Identifier: Apache-2.0 */
#include "table_bugs.h"

#include "core/memory.h"

#include <stdio.h>
#include <string.h>

/* Changes the row; false when that would change nothing. */
typedef bool row_bug(struct field *row);

static bool is_counted(const struct field *row)
{
    return row->kind != FIELD_INTEGER && row->kind != FIELD_NUMBER;
}

static bool no_row(struct field *row)
{
    row->name = "";
    row->required = false;
    return true;
}

static bool other_required(struct field *row)
{
    row->required = !row->required;
    return true;
}

static bool other_nullable(struct field *row)
{
    row->nullable = !row->nullable;
    return true;
}

static bool no_min(struct field *row)
{
    bool says_nothing = is_counted(row) ? row->min <= 0 : row->min == INT64_MIN;
    if (!row->has_min || (row->kind != FIELD_NUMBER && says_nothing)) {
        return false;
    }
    row->has_min = false;
    return true;
}

static bool no_max(struct field *row)
{
    if (!row->has_max) {
        return false;
    }
    row->has_max = false;
    return true;
}

static bool shifted(const struct field *row, bool has, int64_t *bound, int64_t step)
{
    if (!has || row->kind == FIELD_NUMBER || (is_counted(row) && *bound + step < 0)) {
        return false;
    }
    return !__builtin_add_overflow(*bound, step, bound);
}

static bool more_min(struct field *row)
{
    return shifted(row, row->has_min, &row->min, 1);
}

static bool less_min(struct field *row)
{
    return shifted(row, row->has_min, &row->min, -1);
}

static bool more_max(struct field *row)
{
    return shifted(row, row->has_max, &row->max, 1);
}

static bool less_max(struct field *row)
{
    return shifted(row, row->has_max, &row->max, -1);
}

static bool other_exclusive_min(struct field *row)
{
    row->exclusive_min = !row->exclusive_min;
    return row->kind == FIELD_NUMBER && row->has_min;
}

static bool other_exclusive_max(struct field *row)
{
    row->exclusive_max = !row->exclusive_max;
    return row->kind == FIELD_NUMBER && row->has_max;
}

static bool no_pattern(struct field *row)
{
    bool has = row->pattern != NULL;
    row->pattern = NULL;
    return has;
}

static bool any_text(struct field *row)
{
    bool has = row->kind == FIELD_DATE || row->kind == FIELD_EMAIL || row->kind == FIELD_URI;
    row->kind = has ? FIELD_STRING : row->kind;
    return has;
}

static bool one_value_less(struct field *row)
{
    if (row->kind != FIELD_ENUM) {
        return false;
    }
    row->value_count--;
    return true;
}

static const struct {
    row_bug *apply;
    const char *what;
    bool is_for_items; /* makes sense for an array's element */
} bugs[] = {
    {no_row, "left out", false},
    {other_required, "required forgotten or invented", false},
    {other_nullable, "null allowed or refused", false},
    {no_min, "without its lower bound", true},
    {no_max, "without its upper bound", true},
    {more_min, "lower bound one more", true},
    {less_min, "lower bound one less", true},
    {more_max, "upper bound one more", true},
    {less_max, "upper bound one less", true},
    {other_exclusive_min, "lower bound exclusive or not", true},
    {other_exclusive_max, "upper bound exclusive or not", true},
    {no_pattern, "without its pattern", true},
    {any_text, "without its format", true},
    {one_value_less, "without the last value of its enum", true},
};

struct copying {
    struct arena *arena;
    size_t wanted; /* the row to change, counted as they are copied */
    size_t copied;
    struct field *row;
    bool is_item;
    char path[96];
};

static void copy_row(struct copying *copying, struct field *row, bool is_item, const char *path);

static const struct shape *copy_shape(struct copying *copying, const struct shape *shape,
                                      const char *path)
{
    struct shape *copy = arena_alloc(copying->arena, sizeof *copy);
    struct field *rows = arena_alloc(copying->arena, shape->field_count * sizeof *rows);
    *copy = *shape;
    for (size_t i = 0; i < shape->field_count; i++) {
        rows[i] = shape->fields[i];
        copy_row(copying, &rows[i], false,
                 arena_printf(copying->arena, "%s/%s", path, rows[i].name));
    }
    copy->fields = rows;
    return copy;
}

static void copy_row(struct copying *copying, struct field *row, bool is_item, const char *path)
{
    if (copying->copied++ == copying->wanted) {
        copying->row = row;
        copying->is_item = is_item;
        (void)snprintf(copying->path, sizeof copying->path, "%s", path);
    }
    if (row->shape != NULL) {
        row->shape = copy_shape(copying, row->shape, path);
    }
    if (row->item != NULL) {
        struct field *item = arena_alloc(copying->arena, sizeof *item);
        *item = *row->item;
        copy_row(copying, item, true, arena_printf(copying->arena, "%s/-", path));
        row->item = item;
    }
}

/* One row, wrong in one way. false when there is no such row. */
static bool try_bug(const struct shape *shape, size_t wanted, size_t i, struct arena *arena,
                    struct table_bug *bug)
{
    struct copying copying = {.arena = arena, .wanted = wanted};
    bug->shape = copy_shape(&copying, shape, "");
    bug->what[0] = '\0';
    if (copying.row == NULL) {
        return false;
    }
    if ((!copying.is_item || bugs[i].is_for_items) && bugs[i].apply(copying.row)) {
        (void)snprintf(bug->what, sizeof bug->what, "%s: %s", copying.path, bugs[i].what);
    }
    return true;
}

size_t table_bugs(const struct shape *shape, table_bug_visit *visit, void *context)
{
    AUTO(arena_done) struct arena arena = {0};
    struct table_bug bug;
    size_t count = 0;
    for (size_t wanted = 0;; wanted++) {
        for (size_t i = 0; i < COUNT_OF(bugs); i++) {
            arena_reset(&arena);
            if (!try_bug(shape, wanted, i, &arena, &bug)) {
                return count;
            }
            if (bug.what[0] == '\0') {
                continue;
            }
            count++;
            if (!visit(context, &bug)) {
                return count;
            }
        }
    }
}
