/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/spec.h"

/* JSON Schema draft-07 and what AsyncAPI adds to it. Other keywords are annotations to a validator;
 * whether one is a slip is a matter of sense. */

static const char *const type_names[] = {"null",   "boolean", "object",  "array",
                                         "number", "string",  "integer", NULL};

/* clang-format off */
#define SCHEMA(name) {name, .object = &spec_schema}
#define SCHEMAS(name) {name, .object = &spec_schema, .holds = SPEC_LIST_OF, .flags = SPEC_SOME}
#define SCHEMA_MAP(name) {name, .object = &spec_schema, .holds = SPEC_MAP_OF}
#define COUNT(name) {name, SPEC_INTEGER, .check = spec_is_natural}

static const struct spec_object names = {.name = "list of names", .kinds = SPEC_LIST};

static const struct spec_object *choose_dependency(const struct node *node)
{
    return node->kind == NODE_LIST ? &names : &spec_schema;
}

static const struct spec_object dependency = {.name = "dependency", .choose = choose_dependency};

static const struct spec_member schema_members[] = {
    {"$id", SPEC_TEXT},
    {"$schema", SPEC_TEXT},
    {"$comment", SPEC_TEXT},
    {"title", SPEC_TEXT},
    {"description", SPEC_TEXT},
    {"default", SPEC_ANY},
    {"examples", SPEC_LIST},
    {"readOnly", SPEC_BOOLEAN},
    {"writeOnly", SPEC_BOOLEAN},
    {"type", SPEC_TEXT | SPEC_LIST, SPEC_TEXTS | SPEC_UNIQUE | SPEC_SOME, .values = type_names},
    {"enum", SPEC_LIST},
    {"const", SPEC_ANY},
    {"multipleOf", SPEC_NUMBER, .check = spec_is_positive},
    {"maximum", SPEC_NUMBER},
    {"exclusiveMaximum", SPEC_NUMBER},
    {"minimum", SPEC_NUMBER},
    {"exclusiveMinimum", SPEC_NUMBER},
    COUNT("maxLength"),
    COUNT("minLength"),
    {"pattern", SPEC_TEXT},
    {"format", SPEC_TEXT},
    {"items", .object = &spec_schema, .holds = SPEC_ITSELF_OR_LIST},
    SCHEMA("additionalItems"),
    COUNT("maxItems"),
    COUNT("minItems"),
    {"uniqueItems", SPEC_BOOLEAN},
    SCHEMA("contains"),
    COUNT("maxProperties"),
    COUNT("minProperties"),
    {"required", SPEC_LIST, SPEC_TEXTS | SPEC_UNIQUE},
    SCHEMA_MAP("properties"),
    SCHEMA_MAP("patternProperties"),
    SCHEMA("additionalProperties"),
    {"dependencies", .object = &dependency, .holds = SPEC_MAP_OF, .flags = SPEC_REF},
    SCHEMA("propertyNames"),
    SCHEMA("if"),
    SCHEMA("then"),
    SCHEMA("else"),
    SCHEMAS("allOf"),
    SCHEMAS("anyOf"),
    SCHEMAS("oneOf"),
    SCHEMA("not"),
    SCHEMA_MAP("definitions"),
    {"contentMediaType", SPEC_TEXT},
    {"contentEncoding", SPEC_TEXT},
    {"discriminator", SPEC_TEXT},
    {"externalDocs", .object = &spec_external_docs, .flags = SPEC_REF},
    {"deprecated", SPEC_BOOLEAN},
};

const struct spec_object spec_schema = {
    .name = "Schema Object",
    .members = schema_members,
    .member_count = COUNT_OF(schema_members),
    .kinds = SPEC_MAP | SPEC_BOOLEAN,
    .is_open = true,
    .section = "schemas",
};

static const struct spec_member multi_format_members[] = {
    {"schemaFormat", SPEC_TEXT, SPEC_REQUIRED},
    {"schema", SPEC_ANY, SPEC_REQUIRED},
};
/* clang-format on */

const struct spec_object spec_multi_format = {
    .name = "Multi Format Schema Object",
    .members = multi_format_members,
    .member_count = COUNT_OF(multi_format_members),
    .section = "schemas",
};
