/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/value.h"

#include <math.h>
#include <string.h>

static bool is_number(const struct node *node)
{
    return node->kind == NODE_INTEGER || node->kind == NODE_NUMBER;
}

static bool equal_numbers(const struct node *a, const struct node *b)
{
    if (a->is_beyond || b->is_beyond) {
        return strcmp(a->text, b->text) == 0;
    }
    if (a->kind == NODE_INTEGER && b->kind == NODE_INTEGER) {
        return strcmp(a->text, b->text) == 0 ||
               (a->integer == b->integer && a->number == b->number && fabs(a->number) < 0x1p53);
    }
    return a->number == b->number;
}

static bool equal_lists(const struct node *a, const struct node *b)
{
    const struct node *other = b->first;
    for (const struct node *each = a->first; each != NULL; each = each->next) {
        if (!value_equal(each, other)) {
            return false;
        }
        other = other->next;
    }
    return true;
}

static bool equal_maps(const struct node *a, const struct node *b)
{
    for (const struct node *each = a->first; each != NULL; each = each->next) {
        const struct node *other = node_find(b, each->key);
        if (other == NULL || !value_equal(each, other)) {
            return false;
        }
    }
    return true;
}

/* As deep as a file may be nested. */
bool value_equal(const struct node *a, const struct node *b)
{
    if (is_number(a) && is_number(b)) {
        return equal_numbers(a, b);
    }
    if (a->kind != b->kind || a->count != b->count) {
        return false;
    }
    switch (a->kind) {
    case NODE_NULL:
        return true;
    case NODE_BOOLEAN:
        return a->integer == b->integer;
    case NODE_STRING:
        return strcmp(a->text, b->text) == 0;
    case NODE_LIST:
        return equal_lists(a, b);
    case NODE_MAP:
        return equal_maps(a, b);
    case NODE_INTEGER:
    case NODE_NUMBER:
        break;
    }
    return false;
}

static bool is_of(const struct node *value, const char *type)
{
    static const struct {
        const char *type;
        enum node_kind kind;
    } kinds[] = {
        {"null", NODE_NULL},     {"boolean", NODE_BOOLEAN}, {"integer", NODE_INTEGER},
        {"number", NODE_NUMBER}, {"number", NODE_INTEGER},  {"string", NODE_STRING},
        {"array", NODE_LIST},    {"object", NODE_MAP},
    };
    bool is_known = false;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].type, type) == 0) {
            is_known = true;
            if (kinds[i].kind == value->kind) {
                return true;
            }
        }
    }
    bool is_whole = value->kind == NODE_NUMBER &&
                    (!isfinite(value->number) || floor(value->number) == value->number);
    return !is_known || (is_whole && strcmp(type, "integer") == 0);
}

bool value_has_type(const struct node *value, const struct node *type)
{
    if (type->kind == NODE_STRING) {
        return is_of(value, type->text);
    }
    if (type->kind != NODE_LIST || type->count == 0) {
        return true;
    }
    for (const struct node *each = type->first; each != NULL; each = each->next) {
        /* A plain null in the list is YAML's and means the same to a reader. */
        const char *name = each->kind == NODE_NULL ? "null" : each->text;
        if (name == NULL || is_of(value, name)) {
            return true;
        }
    }
    return false;
}
