/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/diff/inclusion.h"
#include "contracts/jsonschema/jsonschema.h"
#include "contracts/jsonschema/number.h"
#include "contracts/jsonschema/value.h"
#include "core/codec.h"
#include "core/pattern.h"

#include <string.h>

static bool read_number(const struct node *node, struct number *out)
{
    return number_read(node->text, strlen(node->text), out);
}

bool instance_is_multiple(struct inclusion *run, const struct node *number,
                          const struct node *divisor)
{
    struct number left;
    struct number right;
    if (!read_number(number, &left) || !read_number(divisor, &right)) {
        return false;
    }
    const struct divisor *exact = divisor_new(&right, &run->arena);
    return exact != NULL && number_is_multiple(&left, exact);
}

enum verdict instance_matches(struct inclusion *run, const char *pattern, const char *text)
{
    struct pattern compiled = {.text = pattern};
    if (pattern_prepare(&compiled, NULL) != OK) {
        return VERDICT_UNKNOWN;
    }
    enum pattern_verdict verdict = pattern_match(&compiled, text, strlen(text));
    pattern_done(&compiled);
    if (verdict == PATTERN_GAVE_UP) {
        return VERDICT_UNKNOWN;
    }
    return verdict == PATTERN_MATCHES ? VERDICT_YES : VERDICT_NO;
}

/* ---- Whole values: the validator says. ---- */

/* Compiled programs, by their schema. */
struct inclusion_program {
    const struct node *schema;
    struct jsonschema *program; /* NULL: cannot be compiled */
    struct inclusion_program *next;
};

static const struct jsonschema *program_of(struct inclusion *run, const struct node *schema)
{
    for (struct inclusion_program *at = run->programs; at != NULL; at = at->next) {
        if (at->schema == schema) {
            return at->program;
        }
    }
    struct inclusion_program *added = arena_alloc(&run->arena, sizeof *added);
    *added = (struct inclusion_program){.schema = schema, .next = run->programs};
    run->programs = added;
    const struct jsonschema_options options = {0};
    struct fault fault;
    if (jsonschema_compile(inclusion_documents(run, schema), schema, &options, &added->program,
                           &fault) != OK) {
        added->program = NULL;
    }
    return added->program;
}

/* One of ours says no more than a type or a pattern. */
static enum verdict fits_own(struct inclusion *run, const struct node *value,
                             const struct node *schema)
{
    const struct node *type = node_find(schema, "type");
    const struct node *pattern = node_find(schema, "pattern");
    if (type != NULL && (kinds_of_value(value) & kinds_of_type(type)) == 0) {
        return VERDICT_NO;
    }
    return pattern != NULL && value->kind == NODE_STRING
               ? instance_matches(run, pattern->text, value->text)
               : VERDICT_YES;
}

static bool has_reference(const struct node *node)
{
    if (node_find(node, "$ref") != NULL) {
        return true;
    }
    for (const struct node *child = node->first; child != NULL; child = child->next) {
        if (child->kind >= NODE_LIST && has_reference(child)) {
            return true;
        }
    }
    return false;
}

/* Compiled without the $id around it, its references would lead somewhere else. */
static bool is_misread_alone(const struct node *schema)
{
    for (const struct node *at = schema->parent; at != NULL; at = at->parent) {
        if (node_find(at, "$id") != NULL) {
            return has_reference(schema);
        }
    }
    return false;
}

enum verdict instance_fits(struct inclusion *run, const struct node *value,
                           const struct node *schema)
{
    if (schema->place.path == NULL) {
        return fits_own(run, value, schema);
    }
    if (is_misread_alone(schema)) {
        return VERDICT_UNKNOWN;
    }
    const struct jsonschema *program = program_of(run, schema);
    struct json_object *instance = NULL;
    struct fault fault;
    if (program == NULL || value_of_node(value, &instance, &fault) != OK) {
        return VERDICT_UNKNOWN;
    }
    bool is_valid = jsonschema_is_valid(program, instance);
    (void)json_object_put(instance);
    return is_valid ? VERDICT_YES : VERDICT_NO;
}

void instance_done(struct inclusion *run)
{
    for (struct inclusion_program *at = run->programs; at != NULL; at = at->next) {
        jsonschema_free(at->program);
    }
    run->programs = NULL;
}
