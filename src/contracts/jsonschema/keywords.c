/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/jsonschema/keywords.h"

#include "core/buffer.h"
#include "core/format.h"
#include "core/text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LINEAR_VALUES_MAX = 8, VALUES_SHOWN_MAX = 12, VALUE_SHOWN_MAX_BYTES = 60 };

/* What a keyword's value may be. */
enum {
    A_NUMBER = 1U << NODE_INTEGER | 1U << NODE_NUMBER,
    A_BOOLEAN = 1U << NODE_BOOLEAN,
    A_STRING = 1U << NODE_STRING,
    A_LIST = 1U << NODE_LIST,
    A_MAP = 1U << NODE_MAP,
    A_SCHEMA = A_MAP | A_BOOLEAN,
    ANYTHING = A_NUMBER | A_SCHEMA | A_STRING | A_LIST | 1U << NODE_NULL,
};

typedef enum outcome compile_keyword(struct compiler *compiler, const struct node *value);

struct keyword {
    const char *name;
    unsigned kinds;
    const char *wants; /* what its value must be */
    compile_keyword *compile;
    enum keyword_holds holds;
    bool is_part;
};

#define REFUSE(compiler, node, ...) RESOLVER_REFUSE((compiler)->fault, node, __VA_ARGS__)

static void *new_data(struct compiler *compiler, size_t bytes)
{
    return arena_alloc(&compiler->program->arena, bytes);
}

static const char *keep_text(struct compiler *compiler, const char *text)
{
    return arena_text(&compiler->program->arena, text, strlen(text));
}

/* ---- type, enum, const ---- */

static const struct {
    const char *name;
    unsigned kinds;
} types[] = {
    {"null", KIND(json_type_null)},
    {"boolean", KIND(json_type_boolean)},
    {"integer", KIND(json_type_int) | KINDS_INTEGRAL},
    {"number", KINDS_NUMBER},
    {"string", KIND(json_type_string)},
    {"array", KIND(json_type_array)},
    {"object", KIND(json_type_object)},
};

static enum outcome read_type(struct compiler *compiler, const struct node *node, unsigned *kinds)
{
    bool is_name = node->kind == NODE_STRING && node->length == 0;
    for (size_t i = 0; is_name && i < COUNT_OF(types); i++) {
        if (strcmp(types[i].name, node->text) == 0) {
            *kinds |= types[i].kinds;
            return OK;
        }
    }
    return REFUSE(compiler, node,
                  "type must be null, boolean, integer, number, string, array or object");
}

static enum outcome compile_type(struct compiler *compiler, const struct node *value)
{
    unsigned kinds = 0;
    enum outcome o = OK;
    if (value->kind == NODE_STRING) {
        o = read_type(compiler, value, &kinds);
    }
    for (const struct node *one = value->first; one != NULL && o == OK; one = one->next) {
        o = read_type(compiler, one, &kinds);
    }
    if ((kinds & KIND(json_type_double)) != 0) {
        kinds &= ~(unsigned)KINDS_INTEGRAL; /* number says more than integer */
    }
    compiler->kinds = kinds;
    compiler->type = value;
    return o;
}

static void own(struct jsonschema *program, struct json_object *value)
{
    program->owned =
        xrealloc(program->owned, (program->owned_count + 1) * sizeof(struct json_object *));
    program->owned[program->owned_count++] = value;
}

static void add_other(struct values *values, struct json_object *value)
{
    if (!values->has_slots) {
        values->others[values->other_count++] = value;
        return;
    }
    size_t i = value_hash(value) & (values->other_count - 1);
    while (values->others[i] != NULL) {
        i = (i + 1) & (values->other_count - 1);
    }
    values->others[i] = value;
}

static void add_value(struct compiler *compiler, struct values *values, struct json_object *value)
{
    switch (json_object_get_type(value)) {
    case json_type_null:
        values->has_null = true;
        break;
    case json_type_boolean:
        *(json_object_get_boolean(value) ? &values->has_true : &values->has_false) = true;
        break;
    case json_type_string:
        (void)names_add(&values->strings, &compiler->program->arena, json_object_get_string(value),
                        (size_t)json_object_get_string_len(value), 0);
        break;
    case json_type_int:
    case json_type_double:
    case json_type_array:
    case json_type_object:
    default:
        add_other(values, value);
    }
}

/* A value of the schema, which is nobody's secret. */
static void show_value(struct buffer *out, struct json_object *value)
{
    const char *text = json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN |
                                                                 JSON_C_TO_STRING_NOSLASHESCAPE);
    buffer_text(out, strlen(text) > VALUE_SHOWN_MAX_BYTES ? "(a longer value)" : text);
}

/* Said now, because json-c writes into a value that it prints, and a program is read only. */
static void add_demand(struct buffer *out, size_t index, size_t count, struct json_object *value)
{
    if (index == 0) {
        buffer_text(out, count == 1 ? "must be " : "must be one of ");
    }
    if (index < VALUES_SHOWN_MAX) {
        buffer_text(out, index > 0 ? ", " : "");
        show_value(out, value);
    } else if (index == VALUES_SHOWN_MAX) {
        buffer_printf(out, " and %zu more", count - VALUES_SHOWN_MAX);
    }
}

static enum outcome emit_values(struct compiler *compiler, const struct node *keyword,
                                const struct node *first, size_t count)
{
    struct values *values = new_data(compiler, sizeof *values);
    values->has_slots = count > LINEAR_VALUES_MAX;
    size_t room = count + 1;
    if (values->has_slots) {
        for (room = 1; room < count * 2;) {
            room *= 2;
        }
        values->other_count = room;
    }
    values->others = new_data(compiler, room * sizeof(struct json_object *));

    AUTO(buffer_done) struct buffer demand = {0};
    const struct node *node = first;
    for (size_t i = 0; i < count; i++, node = node->next) {
        struct json_object *value = NULL;
        enum outcome o = value_of_node(node, &value, compiler->fault);
        if (o != OK) {
            return o;
        }
        own(compiler->program, value);
        add_value(compiler, values, value);
        add_demand(&demand, i, count, value);
    }
    values->demand =
        keep_text(compiler, count > 0 ? buffer_cstr(&demand) : "cannot be: no value is allowed");
    compile_emit(compiler, keyword, KINDS_ALL,
                 (struct instruction){.op = OP_VALUES, .data = values});
    return OK;
}

static enum outcome compile_enum(struct compiler *compiler, const struct node *value)
{
    return emit_values(compiler, value, value->first, value->count);
}

static enum outcome compile_const(struct compiler *compiler, const struct node *value)
{
    return emit_values(compiler, value, value, 1);
}

/* ---- numbers ---- */

static enum outcome read_number(struct compiler *compiler, const struct node *node,
                                struct number *out, const char **text)
{
    *text = keep_text(compiler, node->text);
    if (strlen(*text) > NUMBER_MAX_BYTES || !number_read(*text, strlen(*text), out)) {
        return REFUSE(compiler, node, "%s has a number beyond the limits", node->key);
    }
    return OK;
}

static enum outcome emit_bound(struct compiler *compiler, const struct node *value, enum op op)
{
    struct bound *bound = new_data(compiler, sizeof *bound);
    enum outcome o = read_number(compiler, value, &bound->exact, &bound->text);
    bound->near = strtod(bound->text, NULL);
    bound->is_integer = text_int(bound->text, INT64_MIN, INT64_MAX, &bound->integer);
    compile_emit(compiler, value, KINDS_NUMBER, (struct instruction){.op = op, .data = bound});
    return o;
}

static enum outcome compile_minimum(struct compiler *compiler, const struct node *value)
{
    return emit_bound(compiler, value, OP_MINIMUM);
}

static enum outcome compile_maximum(struct compiler *compiler, const struct node *value)
{
    return emit_bound(compiler, value, OP_MAXIMUM);
}

static enum outcome compile_exclusive_minimum(struct compiler *compiler, const struct node *value)
{
    return emit_bound(compiler, value, OP_EXCLUSIVE_MINIMUM);
}

static enum outcome compile_exclusive_maximum(struct compiler *compiler, const struct node *value)
{
    return emit_bound(compiler, value, OP_EXCLUSIVE_MAXIMUM);
}

static enum outcome compile_multiple_of(struct compiler *compiler, const struct node *value)
{
    struct multiple *multiple = new_data(compiler, sizeof *multiple);
    struct number number;
    enum outcome o = read_number(compiler, value, &number, &multiple->text);
    if (o != OK) {
        return o;
    }
    multiple->divisor = divisor_new(&number, &compiler->program->arena);
    if (multiple->divisor == NULL) {
        return REFUSE(compiler, value,
                      "multipleOf must be greater than 0 and have at most %d significant digits",
                      NUMBER_MAX_DIVISOR_DIGITS);
    }
    if (!text_int(multiple->text, 1, INT64_MAX, &multiple->integer)) {
        multiple->integer = 0;
    }
    compile_emit(compiler, value, KINDS_NUMBER,
                 (struct instruction){.op = OP_MULTIPLE_OF, .data = multiple});
    return OK;
}

/* ---- limits ---- */

/* A count: 2, 2.0 and 2e0 alike. What no instance can reach is cut. */
static enum outcome emit_limit(struct compiler *compiler, const struct node *value, enum op op,
                               unsigned kinds)
{
    struct number number;
    const char *text = NULL;
    enum outcome o = read_number(compiler, value, &number, &text);
    if (o != OK) {
        return o;
    }
    if (number.is_negative || !number_is_integer(&number)) {
        return REFUSE(compiler, value, "%s must be an integer of 0 or more", value->key);
    }
    uint64_t limit = 0;
    const char *at = number.first;
    for (int64_t i = 0; i < number.exponent && limit < INT64_MAX / 10; i++) {
        limit *= 10;
        if ((size_t)i < number.digits) {
            at += *at == '.' ? 1 : 0;
            limit += (uint64_t)(*at++ - '0');
        }
    }
    compile_emit(compiler, value, kinds, (struct instruction){.op = op, .limit = limit});
    return OK;
}

static enum outcome compile_min_length(struct compiler *compiler, const struct node *value)
{
    return emit_limit(compiler, value, OP_MIN_LENGTH, KIND(json_type_string));
}

static enum outcome compile_max_length(struct compiler *compiler, const struct node *value)
{
    return emit_limit(compiler, value, OP_MAX_LENGTH, KIND(json_type_string));
}

static enum outcome compile_min_items(struct compiler *compiler, const struct node *value)
{
    return emit_limit(compiler, value, OP_MIN_ITEMS, KIND(json_type_array));
}

static enum outcome compile_max_items(struct compiler *compiler, const struct node *value)
{
    return emit_limit(compiler, value, OP_MAX_ITEMS, KIND(json_type_array));
}

static enum outcome compile_min_properties(struct compiler *compiler, const struct node *value)
{
    return emit_limit(compiler, value, OP_MIN_PROPERTIES, KIND(json_type_object));
}

static enum outcome compile_max_properties(struct compiler *compiler, const struct node *value)
{
    return emit_limit(compiler, value, OP_MAX_PROPERTIES, KIND(json_type_object));
}

/* ---- strings ---- */

static enum outcome prepare_pattern(struct compiler *compiler, const struct node *at,
                                    const char *text, size_t length, struct pattern *pattern)
{
    struct fault fault;
    pattern->text = arena_text(&compiler->program->arena, text, length > 0 ? length : strlen(text));
    pattern->length = length;
    if (pattern_prepare(pattern, &fault) != OK) {
        return REFUSE(compiler, at, "%s", fault.text);
    }
    struct jsonschema *program = compiler->program;
    program->patterns =
        xrealloc(program->patterns, (program->pattern_count + 1) * sizeof(struct pattern *));
    program->patterns[program->pattern_count++] = pattern;
    return OK;
}

static enum outcome compile_pattern(struct compiler *compiler, const struct node *value)
{
    struct pattern *pattern = new_data(compiler, sizeof *pattern);
    enum outcome o = prepare_pattern(compiler, value, value->text, value->length, pattern);
    compile_emit(compiler, value, KIND(json_type_string),
                 (struct instruction){.op = OP_PATTERN, .data = pattern});
    return o;
}

static enum outcome compile_format(struct compiler *compiler, const struct node *value)
{
    format_check *check = value->length == 0 ? format_find(value->text) : NULL;
    if (check == NULL || compiler->options->ignores_format) {
        return OK;
    }
    struct format *format = new_data(compiler, sizeof *format);
    *format = (struct format){.check = check, .name = keep_text(compiler, value->text)};
    compile_emit(compiler, value, KIND(json_type_string),
                 (struct instruction){.op = OP_FORMAT, .data = format});
    return OK;
}

/* The one instruction that both speak through; other encodings and types say nothing. */
static struct content *get_content(struct compiler *compiler, const struct node *keyword)
{
    if (compiler->content == NULL) {
        compiler->content = new_data(compiler, sizeof *compiler->content);
        compile_emit(compiler, keyword, KIND(json_type_string),
                     (struct instruction){.op = OP_CONTENT, .data = compiler->content});
    }
    return compiler->content;
}

static enum outcome compile_content_encoding(struct compiler *compiler, const struct node *value)
{
    if (!compiler->options->ignores_format && strcasecmp(value->text, "base64") == 0) {
        get_content(compiler, value)->is_base64 = true;
    }
    return OK;
}

static enum outcome compile_content_media_type(struct compiler *compiler, const struct node *value)
{
    if (!compiler->options->ignores_format && strcasecmp(value->text, "application/json") == 0) {
        get_content(compiler, value)->is_json = true;
    }
    return OK;
}

/* ---- arrays ---- */

static enum outcome compile_items(struct compiler *compiler, const struct node *value)
{
    struct items *items = new_data(compiler, sizeof *items);
    if (value->kind != NODE_LIST) {
        enum outcome o = compile_child(compiler, value, &items->rest);
        compile_emit(compiler, value, KIND(json_type_array),
                     (struct instruction){.op = OP_ITEMS, .data = items});
        return o;
    }
    uint32_t *tuple = new_data(compiler, (value->count + 1) * sizeof *tuple);
    enum outcome o = OK;
    for (const struct node *one = value->first; one != NULL && o == OK; one = one->next) {
        o = compile_child(compiler, one, &tuple[items->count++]);
    }
    items->tuple = tuple;
    compiler->items = items; /* additionalItems speaks about the rest */
    compile_emit(compiler, value, KIND(json_type_array),
                 (struct instruction){.op = OP_ITEMS, .data = items});
    return o;
}

static enum outcome compile_additional_items(struct compiler *compiler, const struct node *value)
{
    return compiler->items != NULL ? compile_child(compiler, value, &compiler->items->rest) : OK;
}

static enum outcome compile_contains(struct compiler *compiler, const struct node *value)
{
    uint32_t block = 0;
    enum outcome o = compile_block(compiler, value, MODE_OPEN, &block);
    compile_emit(compiler, value, KIND(json_type_array),
                 (struct instruction){.op = OP_CONTAINS, .block = block});
    return o;
}

static enum outcome compile_unique_items(struct compiler *compiler, const struct node *value)
{
    if (value->integer != 0) {
        compile_emit(compiler, value, KIND(json_type_array),
                     (struct instruction){.op = OP_UNIQUE_ITEMS});
    }
    return OK;
}

/* ---- objects ---- */

/* The one instruction that properties and its kin share. */
static struct members *get_members(struct compiler *compiler, const struct node *keyword)
{
    if (compiler->members == NULL) {
        compiler->members = new_data(compiler, sizeof *compiler->members);
        compiler->members->list = new_data(compiler, sizeof compiler->members->list[0]);
        compile_emit(compiler, keyword, KIND(json_type_object),
                     (struct instruction){.op = OP_MEMBERS, .data = compiler->members});
    }
    return compiler->members;
}

/* The list of members doubles as it grows. */
static struct member *get_member(struct compiler *compiler, struct members *members,
                                 const char *name)
{
    size_t length = strlen(name);
    const struct name *known = names_find(&members->index, name, length);
    if (known != NULL) {
        return &members->list[known->value];
    }
    if ((members->count & (members->count - 1)) == 0) {
        size_t room = members->count == 0 ? 1 : members->count * 2;
        struct member *list = new_data(compiler, room * sizeof *list);
        if (members->count > 0) {
            memcpy(list, members->list, members->count * sizeof *list);
        }
        members->list = list;
    }
    struct member *member = &members->list[members->count];
    *member = (struct member){.name = keep_text(compiler, name), .length = length};
    (void)names_add(&members->index, &compiler->program->arena, member->name, length,
                    (uint32_t)members->count++);
    return member;
}

static enum outcome compile_properties(struct compiler *compiler, const struct node *value)
{
    struct members *members = get_members(compiler, value);
    for (const struct node *one = value->first; one != NULL; one = one->next) {
        uint32_t block = 0;
        enum outcome o = compile_child(compiler, one, &block);
        if (o != OK) {
            return o;
        }
        struct member *member = get_member(compiler, members, one->key);
        member->is_declared = true;
        member->block = block;
    }
    return OK;
}

static enum outcome check_name(struct compiler *compiler, const struct node *node,
                               const char *keyword)
{
    if (node->kind != NODE_STRING) {
        return REFUSE(compiler, node, "%s must be a list of names", keyword);
    }
    return node->length == 0 ? OK : REFUSE(compiler, node, "%s has a name with U+0000", keyword);
}

static enum outcome compile_required(struct compiler *compiler, const struct node *value)
{
    struct members *members = get_members(compiler, value);
    members->required_source = compile_source(compiler, value);
    for (const struct node *one = value->first; one != NULL; one = one->next) {
        enum outcome o = check_name(compiler, one, value->key);
        if (o != OK) {
            return o;
        }
        struct member *member = get_member(compiler, members, one->text);
        members->required_count += member->is_required ? 0 : 1;
        member->is_required = true;
    }
    return OK;
}

static enum outcome compile_pattern_properties(struct compiler *compiler, const struct node *value)
{
    struct members *members = get_members(compiler, value);
    members->patterns = new_data(compiler, (value->count + 1) * sizeof members->patterns[0]);
    for (const struct node *one = value->first; one != NULL; one = one->next) {
        struct member_pattern *pattern = &members->patterns[members->pattern_count++];
        enum outcome o = prepare_pattern(compiler, one, one->key, 0, &pattern->pattern);
        if (o == OK) {
            o = compile_child(compiler, one, &pattern->block);
        }
        if (o != OK) {
            return o;
        }
    }
    return OK;
}

static enum outcome compile_additional_properties(struct compiler *compiler,
                                                  const struct node *value)
{
    return compile_child(compiler, value, &get_members(compiler, value)->rest);
}

static enum outcome compile_property_names(struct compiler *compiler, const struct node *value)
{
    uint32_t block = 0;
    enum outcome o = compile_child(compiler, value, &block);
    compile_emit(compiler, value, KIND(json_type_object),
                 (struct instruction){.op = OP_PROPERTY_NAMES, .block = block});
    return o;
}

static enum outcome compile_dependency(struct compiler *compiler, const struct node *value,
                                       struct dependency *out)
{
    *out = (struct dependency){.name = keep_text(compiler, value->key),
                               .source = compile_source(compiler, value)};
    if (value->kind != NODE_LIST) {
        return compile_same(compiler, value, true, &out->block);
    }
    out->needs = new_data(compiler, (value->count + 1) * sizeof out->needs[0]);
    for (const struct node *one = value->first; one != NULL; one = one->next) {
        enum outcome o = check_name(compiler, one, "a dependency");
        if (o != OK) {
            return o;
        }
        out->needs[out->need_count++] = keep_text(compiler, one->text);
    }
    return OK;
}

/* dependencies was split in two after draft-07: documents that say they are newer have both. */
static bool is_newer(const struct node *node)
{
    while (node->parent != NULL) {
        node = node->parent;
    }
    const char *draft = node_find_text(node, "$schema");
    return draft != NULL && strstr(draft, "//json-schema.org/draft/20") != NULL;
}

static enum outcome compile_dependencies(struct compiler *compiler, const struct node *value)
{
    struct dependencies *dependencies = new_data(compiler, sizeof *dependencies);
    dependencies->list = new_data(compiler, (value->count + 1) * sizeof dependencies->list[0]);
    for (const struct node *one = value->first; one != NULL; one = one->next) {
        enum outcome o =
            compile_dependency(compiler, one, &dependencies->list[dependencies->count++]);
        if (o != OK) {
            return o;
        }
    }
    compile_emit(compiler, value, KIND(json_type_object),
                 (struct instruction){.op = OP_DEPENDENCIES, .data = dependencies});
    return OK;
}

static enum outcome compile_newer_dependencies(struct compiler *compiler, const struct node *value)
{
    if (!is_newer(value)) {
        return OK;
    }
    return value->kind == NODE_MAP ? compile_dependencies(compiler, value)
                                   : REFUSE(compiler, value, "%s must be a map", value->key);
}

/* ---- schemas for the same value ---- */

static enum outcome compile_all_of(struct compiler *compiler, const struct node *value)
{
    for (const struct node *one = value->first; one != NULL; one = one->next) {
        uint32_t block = 0;
        enum outcome o = compile_same(compiler, one, true, &block);
        if (o != OK) {
            return o;
        }
        if (block != PROGRAM_ACCEPT) {
            compile_emit(compiler, one, KINDS_ALL,
                         (struct instruction){.op = OP_ALL_OF, .block = block});
        }
    }
    return OK;
}

static enum outcome emit_branches(struct compiler *compiler, const struct node *value, enum op op)
{
    struct branches *branches = new_data(compiler, sizeof *branches);
    uint32_t *blocks = new_data(compiler, (value->count + 1) * sizeof *blocks);
    branches->blocks = blocks;
    for (const struct node *one = value->first; one != NULL; one = one->next) {
        enum outcome o = compile_same(compiler, one, true, &blocks[branches->count++]);
        if (o != OK) {
            return o;
        }
    }
    compile_emit(compiler, value, KINDS_ALL, (struct instruction){.op = op, .data = branches});
    return OK;
}

static enum outcome compile_any_of(struct compiler *compiler, const struct node *value)
{
    return emit_branches(compiler, value, OP_ANY_OF);
}

static enum outcome compile_one_of(struct compiler *compiler, const struct node *value)
{
    return emit_branches(compiler, value, OP_ONE_OF);
}

static enum outcome compile_not(struct compiler *compiler, const struct node *value)
{
    uint32_t block = 0;
    enum outcome o = compile_same(compiler, value, false, &block);
    compile_emit(compiler, value, KINDS_ALL, (struct instruction){.op = OP_NOT, .block = block});
    return o;
}

static enum outcome compile_if(struct compiler *compiler, const struct node *value)
{
    compiler->condition = new_data(compiler, sizeof *compiler->condition);
    compile_emit(compiler, value, KINDS_ALL,
                 (struct instruction){.op = OP_IF, .data = compiler->condition});
    return compile_same(compiler, value, false, &compiler->condition->test);
}

static enum outcome compile_then(struct compiler *compiler, const struct node *value)
{
    return compiler->condition != NULL
               ? compile_same(compiler, value, true, &compiler->condition->then)
               : OK;
}

static enum outcome compile_else(struct compiler *compiler, const struct node *value)
{
    return compiler->condition != NULL
               ? compile_same(compiler, value, true, &compiler->condition->otherwise)
               : OK;
}

static enum outcome compile_nothing(struct compiler *compiler, const struct node *value)
{
    (void)compiler;
    (void)value;
    return OK;
}

/* In the order in which a value meets them: what is cheap and tells most comes first. */
/* clang-format off */
static const struct keyword keywords[] = {
    {"type",                 A_STRING | A_LIST, "a type or a list of types", compile_type, HOLDS_NO_SCHEMA, false},
    {"const",                ANYTHING,  "a value",             compile_const,                 HOLDS_NO_SCHEMA, false},
    {"enum",                 A_LIST,    "a list of values",    compile_enum,                  HOLDS_NO_SCHEMA, false},
    {"minimum",              A_NUMBER,  "a number",            compile_minimum,               HOLDS_NO_SCHEMA, false},
    {"maximum",              A_NUMBER,  "a number",            compile_maximum,               HOLDS_NO_SCHEMA, false},
    {"exclusiveMinimum",     A_NUMBER,  "a number",            compile_exclusive_minimum,     HOLDS_NO_SCHEMA, false},
    {"exclusiveMaximum",     A_NUMBER,  "a number",            compile_exclusive_maximum,     HOLDS_NO_SCHEMA, false},
    {"multipleOf",           A_NUMBER,  "a number",            compile_multiple_of,           HOLDS_NO_SCHEMA, false},
    {"minLength",            A_NUMBER,  "an integer",          compile_min_length,            HOLDS_NO_SCHEMA, false},
    {"maxLength",            A_NUMBER,  "an integer",          compile_max_length,            HOLDS_NO_SCHEMA, false},
    {"format",               A_STRING,  "a string",            compile_format,                HOLDS_NO_SCHEMA, false},
    {"pattern",              A_STRING,  "a regular expression", compile_pattern,              HOLDS_NO_SCHEMA, false},
    {"contentEncoding",      A_STRING,  "a string",            compile_content_encoding,      HOLDS_NO_SCHEMA, false},
    {"contentMediaType",     A_STRING,  "a string",            compile_content_media_type,    HOLDS_NO_SCHEMA, false},
    {"minItems",             A_NUMBER,  "an integer",          compile_min_items,             HOLDS_NO_SCHEMA, false},
    {"maxItems",             A_NUMBER,  "an integer",          compile_max_items,             HOLDS_NO_SCHEMA, false},
    {"items",                A_SCHEMA | A_LIST, "a schema or a list of schemas", compile_items, HOLDS_SCHEMA_OR_SCHEMAS, false},
    {"additionalItems",      A_SCHEMA,  "a schema",            compile_additional_items,      HOLDS_SCHEMA,    false},
    {"contains",             A_SCHEMA,  "a schema",            compile_contains,              HOLDS_SCHEMA,    false},
    {"uniqueItems",          A_BOOLEAN, "true or false",       compile_unique_items,          HOLDS_NO_SCHEMA, false},
    {"minProperties",        A_NUMBER,  "an integer",          compile_min_properties,        HOLDS_NO_SCHEMA, false},
    {"maxProperties",        A_NUMBER,  "an integer",          compile_max_properties,        HOLDS_NO_SCHEMA, false},
    {"properties",           A_MAP,     "a map of schemas",    compile_properties,            HOLDS_SCHEMAS,   false},
    {"required",             A_LIST,    "a list of names",     compile_required,              HOLDS_NO_SCHEMA, false},
    {"patternProperties",    A_MAP,     "a map of schemas",    compile_pattern_properties,    HOLDS_SCHEMAS,   false},
    {"additionalProperties", A_SCHEMA,  "a schema",            compile_additional_properties, HOLDS_SCHEMA,    false},
    {"propertyNames",        A_SCHEMA,  "a schema",            compile_property_names,        HOLDS_SCHEMA,    false},
    {"dependencies",         A_MAP,     "a map",               compile_dependencies,          HOLDS_SCHEMAS,   true},
    {"dependentRequired",    ANYTHING,  "a map",               compile_newer_dependencies,    HOLDS_NO_SCHEMA, false},
    {"dependentSchemas",     ANYTHING,  "a map",               compile_newer_dependencies,    HOLDS_NO_SCHEMA, false},
    {"allOf",                A_LIST,    "a list of schemas",   compile_all_of,                HOLDS_SCHEMAS,   true},
    {"anyOf",                A_LIST,    "a list of schemas",   compile_any_of,                HOLDS_SCHEMAS,   true},
    {"oneOf",                A_LIST,    "a list of schemas",   compile_one_of,                HOLDS_SCHEMAS,   true},
    {"not",                  A_SCHEMA,  "a schema",            compile_not,                   HOLDS_SCHEMA,    false},
    {"if",                   A_SCHEMA,  "a schema",            compile_if,                    HOLDS_SCHEMA,    true},
    {"then",                 A_SCHEMA,  "a schema",            compile_then,                  HOLDS_SCHEMA,    true},
    {"else",                 A_SCHEMA,  "a schema",            compile_else,                  HOLDS_SCHEMA,    true},
    {"definitions",          A_MAP,     "a map of schemas",    compile_nothing,               HOLDS_SCHEMAS,   false},
    {"$id",                  A_STRING,  "a URI reference",     compile_nothing,               HOLDS_NO_SCHEMA, false},
};
/* clang-format on */

static const struct keyword *find_keyword(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(keywords); i++) {
        if (strcmp(keywords[i].name, name) == 0) {
            return &keywords[i];
        }
    }
    return NULL;
}

enum keyword_holds keyword_holds(const char *name)
{
    const struct keyword *keyword = find_keyword(name);
    return keyword != NULL ? keyword->holds : HOLDS_NO_SCHEMA;
}

bool keyword_is_part(const char *name)
{
    const struct keyword *keyword = find_keyword(name);
    return keyword != NULL && keyword->is_part;
}

const char *jsonschema_keyword(size_t index)
{
    while (index < COUNT_OF(keywords) && keywords[index].compile == compile_nothing) {
        index++;
    }
    return index < COUNT_OF(keywords) ? keywords[index].name : NULL;
}

enum outcome keywords_compile(struct compiler *compiler, const struct node *schema)
{
    const char *without = compiler->options->without;
    for (size_t i = 0; i < COUNT_OF(keywords); i++) {
        const struct keyword *keyword = &keywords[i];
        const struct node *value = node_find(schema, keyword->name);
        if (value == NULL || (without != NULL && strcmp(without, keyword->name) == 0)) {
            continue;
        }
        if ((1U << value->kind & keyword->kinds) == 0) {
            return REFUSE(compiler, value, "%s must be %s, not %s", keyword->name, keyword->wants,
                          node_kind_phrase(value->kind));
        }
        enum outcome o = keyword->compile(compiler, value);
        if (o != OK) {
            return o;
        }
    }
    return OK;
}
