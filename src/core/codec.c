/* SPDX-License-Identifier: Apache-2.0 */
#include "core/codec.h"

#include "core/pattern.h"
#include "core/scan.h"

#include <string.h>

/* A table's own mistakes, found once at start: the codec then trusts what it walks. */

static enum outcome prepare_shape(const struct shape *shape, unsigned depth, struct fault *fault);

static bool is_text(enum field_kind kind)
{
    return kind == FIELD_STRING || kind == FIELD_DATE || kind == FIELD_EMAIL || kind == FIELD_URI;
}

/* NULL when the row is sound. */
static const char *find_mistake(const struct field *field)
{
    if (field->pattern != NULL && !is_text(field->kind)) {
        return "a pattern needs a text";
    }
    if (field->kind == FIELD_ENUM && field->value_count == 0) {
        return "an enum needs values";
    }
    if (field->kind == FIELD_OBJECT && field->shape == NULL) {
        return "an object needs a shape";
    }
    if (field->kind == FIELD_ARRAY &&
        (field->item == NULL || field->item_size == 0 || field->item->offset != 0)) {
        return "an array needs an item with its size, at offset 0";
    }
    if (field->kind == FIELD_ARRAY && field->count_offset == field->offset) {
        return "an array needs a count";
    }
    if ((field->kind == FIELD_ARRAY || is_text(field->kind)) && field->has_max && field->max < 0) {
        return "a length cannot be negative";
    }
    return NULL;
}

static const char *find_member_mistake(const struct field *field)
{
    bool is_always_there = field->required && !field->nullable;
    if (is_always_there != (field->has_offset == FIELD_ABSENT)) {
        return is_always_there ? "a required field has no has_ flag"
                               : "an optional or nullable field needs a has_ flag";
    }
    size_t length = strlen(field->name);
    if (length == 0 || length > CODEC_KEY_MAX_BYTES ||
        scan_plain(field->name, field->name + length) != length) {
        return "a name is short ASCII that needs no escapes";
    }
    return find_mistake(field);
}

static enum outcome prepare_value(const struct field *field, unsigned depth, struct fault *fault)
{
    if (field->pattern != NULL) {
        return pattern_prepare(field->pattern, fault);
    }
    if (field->kind == FIELD_OBJECT) {
        return prepare_shape(field->shape, depth + 1, fault);
    }
    if (field->kind != FIELD_ARRAY) {
        return OK;
    }
    const char *mistake =
        field->item->nullable ? "an item cannot be null" : find_mistake(field->item);
    if (mistake != NULL) {
        return fault_set(fault, FATAL, "%s", mistake);
    }
    return depth < CODEC_DEPTH_MAX ? prepare_value(field->item, depth + 1, fault)
                                   : fault_set(fault, FATAL, "is nested too deep");
}

static enum outcome prepare_shape(const struct shape *shape, unsigned depth, struct fault *fault)
{
    if (depth > CODEC_DEPTH_MAX) {
        return fault_set(fault, FATAL, "is nested too deep");
    }
    if (shape->field_count > CODEC_FIELDS_MAX) {
        return fault_set(fault, FATAL, "%s has more than %d fields", shape->name, CODEC_FIELDS_MAX);
    }
    for (size_t i = 0; i < shape->field_count; i++) {
        const struct field *field = &shape->fields[i];
        const char *mistake = find_member_mistake(field);
        enum outcome o = mistake != NULL ? fault_set(fault, FATAL, "%s", mistake)
                                         : prepare_value(field, depth, fault);
        if (o != OK) {
            return fault_wrap(fault, o, "%s.%s", shape->name, field->name);
        }
    }
    return OK;
}

enum outcome codec_prepare(const struct shape *shape, struct fault *fault)
{
    return prepare_shape(shape, 1, fault);
}
