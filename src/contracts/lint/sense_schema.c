/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/sense.h"

#include "contracts/literal.h"
#include "contracts/similar.h"
#include "core/codec.h"
#include "core/pattern.h"
#include "core/text.h"

#include <math.h>
#include <string.h>

enum {
    VALUES_COMPARED_MAX = 500, /* of one enum: each is compared with each */
    NEAR_LOOKED_AT_MAX = 500,  /* properties that a misspelt one is compared with */
};

/* The types as a set. */
enum {
    ANY = 0, /* applies to every type */
    STRING = 1 << 0,
    NUMBER = 1 << 1, /* integer as well */
    ARRAY = 1 << 2,
    OBJECT = 1 << 3,
    OTHER = 1 << 4, /* boolean, null */
    ALL_TYPES = STRING | NUMBER | ARRAY | OBJECT | OTHER,
};

/* clang-format off */
static const struct keyword {
    const char *name;
    int types;
} keywords[] = {
    {"$schema", ANY}, {"$id", ANY}, {"$comment", ANY}, {"title", ANY}, {"description", ANY}, {"type", ANY},
    {"enum", ANY}, {"const", ANY}, {"default", ANY}, {"examples", ANY}, {"readOnly", ANY}, {"writeOnly", ANY},
    {"definitions", ANY}, {"allOf", ANY}, {"anyOf", ANY}, {"oneOf", ANY}, {"not", ANY}, {"if", ANY}, {"then", ANY},
    {"else", ANY}, {"format", ANY}, {"externalDocs", ANY}, {"deprecated", ANY}, {"contentEncoding", STRING},
    {"contentMediaType", STRING}, {"discriminator", OBJECT},
    {"minLength", STRING}, {"maxLength", STRING}, {"pattern", STRING},
    {"minimum", NUMBER}, {"maximum", NUMBER}, {"exclusiveMinimum", NUMBER}, {"exclusiveMaximum", NUMBER},
    {"multipleOf", NUMBER},
    {"items", ARRAY}, {"additionalItems", ARRAY}, {"minItems", ARRAY}, {"maxItems", ARRAY}, {"uniqueItems", ARRAY},
    {"contains", ARRAY},
    {"properties", OBJECT}, {"patternProperties", OBJECT}, {"additionalProperties", OBJECT}, {"required", OBJECT},
    {"minProperties", OBJECT}, {"maxProperties", OBJECT}, {"dependencies", OBJECT}, {"propertyNames", OBJECT},
};

/* What people write who know another dialect, and how draft-07 says it. */
static const struct {
    const char *name, *instead;
} foreign_keywords[] = {
    {"nullable", "write type: [string, 'null']"},
    {"example", "write examples, a list"},
    {"xml", "leave it out"},
    {"id", "write $id"},
    {"$defs", "write definitions"},
    {"dependentRequired", "write dependencies"},
    {"dependentSchemas", "write dependencies"},
    {"prefixItems", "write items as a list"},
    {"unevaluatedProperties", "write additionalProperties beside the properties"},
    {"unevaluatedItems", "write additionalItems"},
    {"minContains", "draft-07 has only contains"},
    {"maxContains", "draft-07 has only contains"},
    {"contentSchema", "draft-07 does not look into encoded content"},
    {"$anchor", "write $id: '#name'"},
    {"$recursiveRef", "write $ref"},
    {"$recursiveAnchor", "write $id"},
    {"$dynamicRef", "write $ref"},
    {"$dynamicAnchor", "write $id"},
    {"$vocabulary", "leave it out"},
};

static const struct {
    const char *name;
    int type;
} types[] = {
    {"string", STRING}, {"number", NUMBER}, {"integer", NUMBER}, {"array", ARRAY}, {"object", OBJECT},
    {"boolean", OTHER}, {"null", OTHER},
};

static const struct format {
    const char *name;
    int types;
} formats[] = {
    {"date-time", STRING}, {"date", STRING}, {"time", STRING}, {"duration", STRING}, {"email", STRING},
    {"idn-email", STRING}, {"hostname", STRING}, {"idn-hostname", STRING}, {"ipv4", STRING}, {"ipv6", STRING},
    {"uri", STRING}, {"uri-reference", STRING}, {"iri", STRING}, {"iri-reference", STRING}, {"uri-template", STRING},
    {"uuid", STRING}, {"json-pointer", STRING}, {"relative-json-pointer", STRING}, {"regex", STRING},
    {"byte", STRING}, {"binary", STRING}, {"password", STRING},
    {"int32", NUMBER}, {"int64", NUMBER}, {"float", NUMBER}, {"double", NUMBER},
    /* Numbers that JavaScript cannot hold are sent as strings, with these words. */
    {"decimal", ANY}, {"int8", NUMBER}, {"int16", NUMBER}, {"uint8", NUMBER}, {"uint16", NUMBER}, {"uint32", NUMBER},
    {"uint64", NUMBER},
};
/* clang-format on */

static int type_named(const struct node *name)
{
    for (size_t i = 0; i < COUNT_OF(types) && name->kind == NODE_STRING; i++) {
        if (strcmp(types[i].name, name->text) == 0) {
            return types[i].type;
        }
    }
    return name->kind == NODE_NULL ? OTHER : ALL_TYPES; /* unknown ones are another rule's */
}

/* The types that the schema itself admits. */
static int types_of(const struct node *at)
{
    const struct node *type = node_find(at, "type");
    if (type == NULL) {
        return ALL_TYPES;
    }
    if (type->kind != NODE_LIST) {
        return type_named(type);
    }
    int set = 0;
    for (const struct node *each = type->first; each != NULL; each = each->next) {
        set |= type_named(each);
    }
    return set;
}

static const struct keyword *find_keyword(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(keywords); i++) {
        if (strcmp(keywords[i].name, name) == 0) {
            return &keywords[i];
        }
    }
    return NULL;
}

static const char *instead_of(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(foreign_keywords); i++) {
        if (strcmp(foreign_keywords[i].name, name) == 0) {
            return foreign_keywords[i].instead;
        }
    }
    return NULL;
}

static const char *near_keyword(const char *name)
{
    const char *names[COUNT_OF(keywords)];
    for (size_t i = 0; i < COUNT_OF(keywords); i++) {
        names[i] = keywords[i].name;
    }
    return similar_find(name, names, COUNT_OF(keywords));
}

static void judge_unknown(struct lint *lint, const struct node *member)
{
    const char *instead = instead_of(member->key);
    if (instead != NULL) {
        lint_add(lint, &sense_ignored_keyword, member->key_place,
                 "draft-07 does not know \"%s\" and ignores it: %s", member->key, instead);
        return;
    }
    const char *near = near_keyword(member->key);
    if (near != NULL) {
        lint_add(lint, &sense_misspelt_keyword, member->key_place,
                 "no keyword is called \"%s\", so it checks nothing: did you mean \"%s\"?",
                 member->key, near);
    }
}

static void judge_keywords(struct lint *lint, const struct schema_visit *visit)
{
    int admitted = types_of(visit->at);
    for (const struct node *member = visit->at->first; member != NULL; member = member->next) {
        const struct keyword *keyword = find_keyword(member->key);
        if (text_starts_with(member->key, "x-") || strcmp(member->key, "$ref") == 0) {
            continue;
        }
        if (keyword == NULL) {
            judge_unknown(lint, member);
        } else if (keyword->types != ANY && (keyword->types & admitted) == 0) {
            const struct node *type = node_find(visit->at, "type");
            lint_add(lint, &sense_keyword_without_effect, member->key_place,
                     "%s has no effect on type %s: remove it, or mend the type", member->key,
                     type->kind == NODE_STRING ? type->text : "that is listed");
        }
    }
}

static void judge_format(struct lint *lint, const struct schema_visit *visit)
{
    const struct node *format = node_find(visit->at, "format");
    if (format == NULL || format->kind != NODE_STRING) {
        return;
    }
    const char *names[COUNT_OF(formats)];
    for (size_t i = 0; i < COUNT_OF(formats); i++) {
        names[i] = formats[i].name;
        if (strcmp(names[i], format->text) != 0) {
            continue;
        }
        if (formats[i].types != ANY && (formats[i].types & types_of(visit->at)) == 0) {
            lint_add(lint, &sense_keyword_without_effect, format->key_place,
                     "the format %s has no effect on this type: remove it, or mend the type",
                     format->text);
        }
        return;
    }
    const char *near = similar_find(format->text, names, COUNT_OF(names));
    lint_add(lint, &sense_unknown_format, format->place,
             "nobody knows the format \"%s\", so it checks nothing%s%s%s", format->text,
             near != NULL ? ": did you mean \"" : "; a pattern would be checked",
             near != NULL ? near : "", near != NULL ? "\"?" : "");
}

static void judge_expression(struct lint *lint, const char *text, size_t length,
                             struct position place)
{
    struct pattern pattern = {.text = text, .length = length};
    struct fault fault;
    if (pattern_prepare(&pattern, &fault) != OK) {
        lint_add(lint, &sense_invalid_pattern, place, "no regular expression: %s", fault.text);
    }
    pattern_done(&pattern);
}

static void judge_patterns(struct lint *lint, const struct schema_visit *visit)
{
    const struct node *pattern = node_find(visit->at, "pattern");
    const struct node *names = node_find(visit->at, "patternProperties");
    if (pattern != NULL && pattern->kind == NODE_STRING) {
        judge_expression(lint, pattern->text, pattern->length, pattern->place);
    }
    for (const struct node *each = names != NULL && names->kind == NODE_MAP ? names->first : NULL;
         each != NULL; each = each->next) {
        judge_expression(lint, each->key, 0, each->key_place);
    }
}

static bool is_number(const struct node *node)
{
    return node != NULL && (node->kind == NODE_INTEGER || node->kind == NODE_NUMBER);
}

static const struct {
    const char *lower, *upper;
} bounds[] = {
    {"minLength", "maxLength"},
    {"minItems", "maxItems"},
    {"minProperties", "maxProperties"},
    {"minimum", "maximum"},
    {"exclusiveMinimum", "exclusiveMaximum"},
    {"minimum", "exclusiveMaximum"},
    {"exclusiveMinimum", "maximum"},
};

static bool is_exclusive(const char *keyword)
{
    return text_starts_with(keyword, "exclusive");
}

/* No number lies between the two. */
static bool is_empty_range(const struct node *lower, const struct node *upper, bool only_integers)
{
    bool is_open = is_exclusive(lower->key) || is_exclusive(upper->key);
    if (only_integers) {
        double from = is_exclusive(lower->key) ? floor(lower->number) + 1 : ceil(lower->number);
        double to = is_exclusive(upper->key) ? ceil(upper->number) - 1 : floor(upper->number);
        return from > to;
    }
    return is_open ? lower->number >= upper->number : lower->number > upper->number;
}

static void judge_bounds(struct lint *lint, const struct schema_visit *visit)
{
    const char *type = node_find_text(visit->at, "type");
    bool only_integers = type != NULL && strcmp(type, "integer") == 0;
    for (size_t i = 0; i < COUNT_OF(bounds); i++) {
        const struct node *lower = node_find(visit->at, bounds[i].lower);
        const struct node *upper = node_find(visit->at, bounds[i].upper);
        if (is_number(lower) && is_number(upper) && is_empty_range(lower, upper, only_integers)) {
            lint_add(lint, &sense_contradictory_bounds, lower->key_place,
                     "%s %s and %s %s leave no value", lower->key, lower->text, upper->key,
                     upper->text);
        }
    }
    const struct node *required = node_find(visit->at, "required");
    const struct node *most = node_find(visit->at, "maxProperties");
    if (required != NULL && required->kind == NODE_LIST && is_number(most) &&
        (double)required->count > most->number) {
        lint_add(lint, &sense_contradictory_bounds, most->key_place,
                 "%zu members are required and maxProperties allows %s", required->count,
                 most->text);
    }
}

/* A value of a type that the schema's own `type` does not admit. */
static void judge_type_of(struct lint *lint, const struct schema_visit *visit,
                          const struct node *value, const char *keyword)
{
    const struct node *type = node_find(visit->at, "type");
    if (type == NULL || literal_has_type(value, type)) {
        return;
    }
    lint_add(lint, &sense_contradictory_values, value->place,
             "%s holds %s, which is not of type %s", keyword, node_kind_phrase(value->kind),
             type->kind == NODE_STRING ? type->text : "that is listed");
}

static void judge_enum(struct lint *lint, const struct schema_visit *visit)
{
    const struct node *list = node_find(visit->at, "enum");
    if (list == NULL || list->kind != NODE_LIST) {
        return;
    }
    if (list->count == 0) {
        lint_add(lint, &sense_contradictory_values, list->key_place,
                 "an empty enum allows no value at all");
    }
    bool compares = list->count <= VALUES_COMPARED_MAX;
    for (const struct node *value = list->first; value != NULL; value = value->next) {
        judge_type_of(lint, visit, value, "enum");
        for (const struct node *other = compares ? list->first : value; other != value;
             other = other->next) {
            if (literal_equal(other, value)) {
                lint_add(lint, &sense_contradictory_values, value->place,
                         "enum lists this value twice");
                break;
            }
        }
    }
}

static void judge_const(struct lint *lint, const struct schema_visit *visit)
{
    const struct node *value = node_find(visit->at, "const");
    const struct node *list = node_find(visit->at, "enum");
    if (value == NULL) {
        return;
    }
    judge_type_of(lint, visit, value, "const");
    bool is_listed = list == NULL || list->kind != NODE_LIST || list->count == 0;
    for (const struct node *each = is_listed ? NULL : list->first; each != NULL && !is_listed;
         each = each->next) {
        is_listed = literal_equal(each, value);
    }
    if (!is_listed) {
        lint_add(lint, &sense_contradictory_values, value->key_place,
                 "const is none of the values that enum lists: no value is valid");
    }
}

/* Whether this schema, or one that judges the same value, declares the member. */
static bool is_declared(struct lint *lint, const struct schema_visit *visit, const char *name)
{
    enum { OUTER_MAX = 32 };
    const struct schema_visit *at = visit;
    for (int i = 0; i < OUTER_MAX; i++) {
        const struct node *found = NULL;
        if (schema_member(lint->documents, at->at, name, &found) == SCHEMA_DECLARED) {
            return true;
        }
        if (!at->is_in_place || at->outer == NULL) {
            return false;
        }
        at = at->outer;
    }
    return true;
}

/* The properties that the schema itself lists: what a misspelt name may have meant. */
static const char *near_property(const struct node *properties, const char *name)
{
    const char *near = NULL;
    int best = SIMILAR_FAR;
    for (const struct node *each = properties->count <= NEAR_LOOKED_AT_MAX ? properties->first
                                                                           : NULL;
         each != NULL; each = each->next) {
        int distance = similar_distance(name, each->key);
        if (distance < best) {
            best = distance;
            near = each->key;
        }
    }
    return near;
}

static void judge_required(struct lint *lint, const struct schema_visit *visit)
{
    const struct node *required = node_find(visit->at, "required");
    const struct node *properties = node_find(visit->at, "properties");
    if (required == NULL || required->kind != NODE_LIST || properties == NULL ||
        properties->kind != NODE_MAP || node_find(visit->at, "patternProperties") != NULL) {
        return;
    }
    for (const struct node *each = required->first; each != NULL; each = each->next) {
        if (each->kind != NODE_STRING || is_declared(lint, visit, each->text)) {
            continue;
        }
        const char *near = near_property(properties, each->text);
        lint_add(lint, &sense_required_undeclared, each->place,
                 "\"%s\" is required, and no property has that name%s%s%s", each->text,
                 near != NULL ? ": did you mean \"" : ": declare it", near != NULL ? near : "",
                 near != NULL ? "\"?" : "");
    }
}

static void judge_discriminator(struct lint *lint, const struct schema_visit *visit)
{
    const struct node *discriminator = node_find(visit->at, "discriminator");
    if (discriminator == NULL || discriminator->kind != NODE_STRING) {
        return;
    }
    const struct node *found = NULL;
    if (schema_member(lint->documents, visit->at, discriminator->text, &found) != SCHEMA_DECLARED) {
        lint_add(lint, &sense_discriminator_not_required, discriminator->place,
                 "the discriminator \"%s\" is no property of this schema: declare and require it",
                 discriminator->text);
    } else if (!schema_requires(lint->documents, visit->at, discriminator->text)) {
        lint_add(lint, &sense_discriminator_not_required, discriminator->place,
                 "the discriminator \"%s\" is not required: add it to required",
                 discriminator->text);
    }
}

void sense_schema(struct lint *lint, const struct schema_visit *visit)
{
    static void (*const judges[])(struct lint *, const struct schema_visit *) = {
        judge_keywords, judge_format, judge_patterns, judge_bounds,
        judge_enum,     judge_const,  judge_required, judge_discriminator,
    };
    for (size_t i = 0; i < COUNT_OF(judges); i++) {
        judges[i](lint, visit);
    }
}
