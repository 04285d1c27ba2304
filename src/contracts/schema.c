/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/schema.h"

#include "core/pattern.h"

#include <string.h>

struct reading {
    struct documents *documents;
    struct schema *schema;
    const struct reading *outer; /* of the schema that this one stands in; NULL for a payload */
    int depth;
};

static const struct schema *read_schema(struct documents *documents, const struct node *node,
                                        const struct reading *outer);

#define COMPLAIN(reading, node, ...)                                                               \
    findings_add(&(reading)->documents->findings, (node)->place, __VA_ARGS__)

static bool read_count(struct reading *reading, const struct node *node, int64_t *out)
{
    if (node->kind != NODE_INTEGER || node->integer < 0) {
        COMPLAIN(reading, node, "%s must be an integer that is not negative", node->key);
        return false;
    }
    *out = node->integer;
    return true;
}

static void read_min_count(struct reading *reading, const struct node *node)
{
    reading->schema->has_min = read_count(reading, node, &reading->schema->min);
}

static void read_max_count(struct reading *reading, const struct node *node)
{
    reading->schema->has_max = read_count(reading, node, &reading->schema->max);
}

/* One bound of a number; `step` makes an exclusive bound of an integer inclusive. */
static bool read_bound(struct reading *reading, const struct node *node, int step, int64_t *integer,
                       double *number)
{
    if (reading->schema->kind == FIELD_INTEGER) {
        if (node->kind != NODE_INTEGER || __builtin_add_overflow(node->integer, step, integer)) {
            COMPLAIN(reading, node, "%s of an integer must be an integer of 64 bits", node->key);
            return false;
        }
    } else if (node->kind != NODE_INTEGER && node->kind != NODE_NUMBER) {
        COMPLAIN(reading, node, "%s must be a number", node->key);
        return false;
    }
    *number = node->number;
    return true;
}

static void read_lower(struct reading *reading, const struct node *node, bool exclusive)
{
    struct schema *schema = reading->schema;
    if (schema->has_min) {
        COMPLAIN(reading, node, "two lower bounds: one is enough");
        return;
    }
    schema->has_min =
        read_bound(reading, node, exclusive ? 1 : 0, &schema->min, &schema->number_min);
    schema->exclusive_min = exclusive && schema->kind == FIELD_NUMBER;
}

static void read_upper(struct reading *reading, const struct node *node, bool exclusive)
{
    struct schema *schema = reading->schema;
    if (schema->has_max) {
        COMPLAIN(reading, node, "two upper bounds: one is enough");
        return;
    }
    schema->has_max =
        read_bound(reading, node, exclusive ? -1 : 0, &schema->max, &schema->number_max);
    schema->exclusive_max = exclusive && schema->kind == FIELD_NUMBER;
}

static void read_minimum(struct reading *reading, const struct node *node)
{
    read_lower(reading, node, false);
}

static void read_exclusive_minimum(struct reading *reading, const struct node *node)
{
    read_lower(reading, node, true);
}

static void read_maximum(struct reading *reading, const struct node *node)
{
    read_upper(reading, node, false);
}

static void read_exclusive_maximum(struct reading *reading, const struct node *node)
{
    read_upper(reading, node, true);
}

static void read_pattern(struct reading *reading, const struct node *node)
{
    if (node->kind != NODE_STRING) {
        COMPLAIN(reading, node, "pattern must be a string");
        return;
    }
    if (node->length > 0) {
        COMPLAIN(reading, node, "U+0000 in a pattern must be written \\u0000");
        return;
    }
    struct pattern pattern = {.text = node->text};
    struct fault fault;
    if (pattern_prepare(&pattern, &fault) != OK) {
        COMPLAIN(reading, node, "%s", fault.text);
        return;
    }
    pattern_done(&pattern);
    reading->schema->pattern = node->text;
}

static void read_values(struct reading *reading, const struct node *node)
{
    struct schema *schema = reading->schema;
    const char **values =
        arena_alloc(&reading->documents->arena, (node->count + 1) * sizeof *values);
    for (const struct node *value = node->first; value != NULL; value = value->next) {
        if (value->kind == NODE_NULL && schema->nullable) {
            continue;
        }
        if (value->kind != NODE_STRING) {
            COMPLAIN(reading, value, "an enum of C needs strings, not %s",
                     node_kind_phrase(value->kind));
            continue;
        }
        values[schema->value_count++] = value->text;
    }
    schema->values = values;
    if (schema->value_count == 0) {
        COMPLAIN(reading, node, "enum must be a list of strings");
    }
}

static void read_const(struct reading *reading, const struct node *node)
{
    struct schema *schema = reading->schema;
    if (schema->kind == FIELD_ENUM && node->kind == NODE_STRING) {
        const char **values = arena_alloc(&reading->documents->arena, sizeof *values);
        values[0] = node->text;
        schema->values = values;
        schema->value_count = 1;
    } else if (schema->kind == FIELD_INTEGER && node->kind == NODE_INTEGER) {
        schema->has_min = schema->has_max = true;
        schema->min = schema->max = node->integer;
    } else {
        COMPLAIN(reading, node, "const must be a string or an integer");
    }
}

static void read_items(struct reading *reading, const struct node *node)
{
    const struct schema *item = read_schema(reading->documents, node, reading);
    if (item == NULL) {
        return;
    }
    if (item->kind == FIELD_ARRAY) {
        COMPLAIN(reading, node,
                 "an array of arrays does not map to C: wrap the inner one in an object");
    } else if (item->nullable) {
        COMPLAIN(reading, node, "an array's items cannot be null");
    }
    reading->schema->item = item;
}

static void read_properties(struct reading *reading, const struct node *node)
{
    struct schema *schema = reading->schema;
    if (node->kind != NODE_MAP || node->count == 0 || node->count > CODEC_FIELDS_MAX) {
        COMPLAIN(reading, node, "properties must be a map of 1 to %d entries", CODEC_FIELDS_MAX);
        return;
    }
    struct property *properties =
        arena_alloc(&reading->documents->arena, node->count * sizeof *properties);
    for (const struct node *child = node->first; child != NULL; child = child->next) {
        const struct schema *read = read_schema(reading->documents, child, reading);
        if (strlen(child->key) > CODEC_KEY_MAX_BYTES) {
            findings_add(&reading->documents->findings, child->key_place,
                         "a name longer than %d bytes", CODEC_KEY_MAX_BYTES);
        }
        if (read != NULL) {
            properties[schema->property_count++] =
                (struct property){.name = child->key, .place = child->key_place, .schema = read};
        }
    }
    schema->properties = properties;
}

static void read_required(struct reading *reading, const struct node *node)
{
    const struct node *properties = node_find(reading->schema->at, "properties");
    for (const struct node *name = node->first; name != NULL; name = name->next) {
        if (name->kind != NODE_STRING || node_find(properties, name->text) == NULL) {
            COMPLAIN(reading, name, "required names \"%s\", which is no property",
                     name->text != NULL ? name->text : node_kind_name(name->kind));
        }
    }
    if (node->kind != NODE_LIST) {
        COMPLAIN(reading, node, "required must be a list");
    }
}

static void read_open(struct reading *reading, const struct node *node)
{
    if (node->kind != NODE_BOOLEAN || node->integer != 1) {
        COMPLAIN(reading, node,
                 "additionalProperties can only be true: what we receive may hold more");
    }
}

static void read_personal(struct reading *reading, const struct node *node)
{
    if (node->kind != NODE_BOOLEAN) {
        COMPLAIN(reading, node, "x-personal must be true or false");
    }
    reading->schema->personal = node->integer == 1;
}

#define KIND(kind) (1u << (kind))
#define TEXTS (KIND(FIELD_STRING) | KIND(FIELD_DATE) | KIND(FIELD_EMAIL) | KIND(FIELD_URI))
#define NUMBERS (KIND(FIELD_INTEGER) | KIND(FIELD_NUMBER))
#define ANY (~0u)

/* clang-format off */
static const struct keyword {
    const char *name;
    unsigned kinds; /* where it applies */
    void (*read)(struct reading *reading, const struct node *node); /* NULL: read with the kind, or only said */
} keywords[] = {
    {"type", ANY, NULL},
    {"format", ANY, NULL},
    {"title", ANY, NULL},
    {"description", ANY, NULL},
    {"examples", ANY, NULL},
    {"default", ANY, NULL},
    {"deprecated", ANY, NULL},
    {"x-personal", ANY, read_personal},
    {"enum", KIND(FIELD_ENUM), read_values},
    {"const", KIND(FIELD_ENUM) | KIND(FIELD_INTEGER), read_const},
    {"minimum", NUMBERS, read_minimum},
    {"maximum", NUMBERS, read_maximum},
    {"exclusiveMinimum", NUMBERS, read_exclusive_minimum},
    {"exclusiveMaximum", NUMBERS, read_exclusive_maximum},
    {"minLength", TEXTS, read_min_count},
    {"maxLength", TEXTS, read_max_count},
    {"pattern", KIND(FIELD_STRING), read_pattern},
    {"items", KIND(FIELD_ARRAY), read_items},
    {"minItems", KIND(FIELD_ARRAY), read_min_count},
    {"maxItems", KIND(FIELD_ARRAY), read_max_count},
    {"properties", KIND(FIELD_OBJECT), read_properties},
    {"required", KIND(FIELD_OBJECT), read_required},
    {"additionalProperties", KIND(FIELD_OBJECT), read_open},
};

static const struct {
    const char *type;
    const char *format; /* NULL: without one */
    enum field_kind kind;
} types[] = {
    {"string", NULL, FIELD_STRING},
    {"string", "uuid", FIELD_UUID},
    {"string", "date-time", FIELD_DATE_TIME},
    {"string", "date", FIELD_DATE},
    {"string", "email", FIELD_EMAIL},
    {"string", "uri", FIELD_URI},
    {"integer", NULL, FIELD_INTEGER},
    {"number", NULL, FIELD_NUMBER},
    {"boolean", NULL, FIELD_BOOLEAN},
    {"object", NULL, FIELD_OBJECT},
    {"array", NULL, FIELD_ARRAY},
};
/* clang-format on */

/* The one type that is not "null"; NULL after a finding. */
static const char *read_type(struct reading *reading, const struct node *node)
{
    const struct node *type = node_find(node, "type");
    if (type == NULL) {
        COMPLAIN(reading, node, "a schema needs a type");
        return NULL;
    }
    if (type->kind == NODE_STRING) {
        return type->text;
    }
    const char *found = NULL;
    size_t others = 0;
    for (const struct node *each = type->first; each != NULL; each = each->next) {
        /* JSON Schema writes it 'null'; plain null is YAML's and means the same to a reader. */
        if (each->text != NULL && strcmp(each->text, "null") == 0) {
            reading->schema->nullable = true;
        } else {
            found = each->kind == NODE_STRING ? each->text : NULL;
            others++;
        }
    }
    if (found == NULL || others != 1) {
        COMPLAIN(reading, type, "type must be one type, or a list of one type and 'null'");
        return NULL;
    }
    return found;
}

static bool read_kind(struct reading *reading, const struct node *node)
{
    const char *type = read_type(reading, node);
    if (type == NULL) {
        return false;
    }
    const struct node *format = node_find(node, "format");
    const char *wanted = format != NULL && format->text != NULL ? format->text : "";
    bool is_enum = node_find(node, "enum") != NULL || node_find(node, "const") != NULL;
    if (is_enum && strcmp(type, "string") == 0) {
        reading->schema->kind = FIELD_ENUM;
        return true;
    }
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        if (strcmp(types[i].type, type) == 0 &&
            strcmp(types[i].format != NULL ? types[i].format : "", wanted) == 0) {
            reading->schema->kind = types[i].kind;
            return true;
        }
    }
    if (format != NULL) {
        COMPLAIN(reading, format, "the format \"%s\" of a %s does not map to C", wanted, type);
    } else {
        COMPLAIN(reading, node_find(node, "type"), "the type \"%s\" does not map to C", type);
    }
    return false;
}

static void read_keyword(struct reading *reading, const struct node *node)
{
    for (size_t i = 0; i < COUNT_OF(keywords); i++) {
        const struct keyword *keyword = &keywords[i];
        if (strcmp(keyword->name, node->key) != 0) {
            continue;
        }
        if ((keyword->kinds & KIND(reading->schema->kind)) == 0) {
            findings_add(&reading->documents->findings, node->key_place,
                         "%s does not apply to this type", node->key);
        } else if (node->is_beyond) {
            COMPLAIN(reading, node, "the number does not fit 64 bits");
        } else if (keyword->read != NULL) {
            keyword->read(reading, node);
        }
        return;
    }
    if (strncmp(node->key, "x-", 2) != 0) {
        findings_add(&reading->documents->findings, node->key_place,
                     "the keyword \"%s\" does not map to C", node->key);
    }
}

static void mark_required(struct schema *schema)
{
    const struct node *required = node_find(schema->at, "required");
    for (size_t i = 0; i < schema->property_count; i++) {
        struct property *property = &schema->properties[i];
        for (const struct node *name = required != NULL ? required->first : NULL; name != NULL;
             name = name->next) {
            property->required |=
                name->kind == NODE_STRING && strcmp(name->text, property->name) == 0;
        }
    }
}

static void check_whole(struct reading *reading)
{
    const struct schema *schema = reading->schema;
    if (schema->kind == FIELD_ARRAY && node_find(schema->at, "items") == NULL) {
        COMPLAIN(reading, schema->at, "an array needs items");
    }
    if (schema->kind == FIELD_OBJECT && node_find(schema->at, "properties") == NULL) {
        COMPLAIN(reading, schema->at, "an object needs properties");
    }
    bool is_number = schema->kind == FIELD_NUMBER;
    if (schema->has_min && schema->has_max &&
        (is_number ? schema->number_min > schema->number_max : schema->min > schema->max)) {
        COMPLAIN(reading, schema->at, "the lower bound is above the upper one: nothing is valid");
    }
}

/* '#/components/schemas/Tier' names a type that is shared: "Tier". */
static const char *component_of(const struct node *node, const struct node *target)
{
    return node == target ? NULL : target->key;
}

static bool stands_in_itself(const struct reading *outer, const struct node *node)
{
    while (outer != NULL && outer->schema->at != node) {
        outer = outer->outer;
    }
    return outer != NULL;
}

static const struct schema *read_schema(struct documents *documents, const struct node *node,
                                        const struct reading *outer)
{
    const struct node *target = ref_follow(documents, node);
    if (target == NULL) {
        return NULL;
    }
    if (++documents->schemas > SCHEMA_MAX_READ) {
        findings_add(&documents->findings, (struct position){.path = node->place.path},
                     "more than %d schemas: references multiply each other", SCHEMA_MAX_READ);
        return NULL;
    }
    struct schema *schema = arena_alloc(&documents->arena, sizeof *schema);
    struct reading reading = {.documents = documents,
                              .schema = schema,
                              .outer = outer,
                              .depth = outer != NULL ? outer->depth + 1 : 1};
    schema->at = target;
    schema->component = component_of(node, target);
    if (target->kind != NODE_MAP) {
        COMPLAIN(&reading, target, "a schema must be a map, not %s",
                 node_kind_phrase(target->kind));
        return NULL;
    }
    if (stands_in_itself(outer, target)) {
        COMPLAIN(&reading, node, "the schema contains itself");
        return NULL;
    }
    if (reading.depth > CODEC_DEPTH_MAX) {
        COMPLAIN(&reading, target, "nested deeper than %d", CODEC_DEPTH_MAX);
        return NULL;
    }
    if (!read_kind(&reading, target)) {
        return NULL;
    }
    for (const struct node *child = target->first; child != NULL; child = child->next) {
        read_keyword(&reading, child);
    }
    mark_required(schema);
    check_whole(&reading);
    return schema;
}

const struct schema *schema_read(struct documents *documents, const struct node *node)
{
    return read_schema(documents, node, NULL);
}

const struct property *schema_find(const struct schema *object, const char *name)
{
    for (size_t i = 0; i < object->property_count; i++) {
        if (strcmp(object->properties[i].name, name) == 0) {
            return &object->properties[i];
        }
    }
    return NULL;
}
