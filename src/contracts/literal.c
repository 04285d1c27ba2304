/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/literal.h"

#include "contracts/jsonschema/number.h"

#include <string.h>

static bool is_number(const struct node *node)
{
    return node->kind == NODE_INTEGER || node->kind == NODE_NUMBER;
}

/* False when its exponent is beyond what number.h takes: then `number` is the nearest there is. */
static bool read_number(const struct node *node, struct number *out)
{
    return number_read(node->text, strlen(node->text), out);
}

int literal_compare(const struct node *a, const struct node *b)
{
    struct number left;
    struct number right;
    if (read_number(a, &left) && read_number(b, &right)) {
        return number_compare(&left, &right);
    }
    return a->number < b->number ? -1 : a->number > b->number;
}

bool literal_is_integer(const struct node *number)
{
    struct number exact;
    return read_number(number, &exact) && number_is_integer(&exact);
}

static bool equal_numbers(const struct node *a, const struct node *b)
{
    struct number left;
    struct number right;
    return read_number(a, &left) && read_number(b, &right) ? number_compare(&left, &right) == 0
                                                           : strcmp(a->text, b->text) == 0;
}

static bool equal_lists(const struct node *a, const struct node *b)
{
    const struct node *other = b->first;
    for (const struct node *each = a->first; each != NULL; each = each->next) {
        if (!literal_equal(each, other)) {
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
        if (other == NULL || !literal_equal(each, other)) {
            return false;
        }
    }
    return true;
}

/* Both may hold U+0000. */
static bool equal_texts(const struct node *a, const struct node *b)
{
    return a->length == b->length && (a->length > 0 ? memcmp(a->text, b->text, a->length) == 0
                                                    : strcmp(a->text, b->text) == 0);
}

/* As deep as a file may be nested. */
bool literal_equal(const struct node *a, const struct node *b)
{
    if (a == b) {
        return true;
    }
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
        return equal_texts(a, b);
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

/* What cannot be read is not said to be none. */
static bool may_be_integer(const struct node *number)
{
    struct number exact;
    return !read_number(number, &exact) || number_is_integer(&exact);
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
    return !is_known ||
           (strcmp(type, "integer") == 0 && value->kind == NODE_NUMBER && may_be_integer(value));
}

bool literal_has_type(const struct node *value, const struct node *type)
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
