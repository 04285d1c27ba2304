/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/generate/generate.h"

#include "contracts/generate/c_text.h"

#include <stdlib.h>
#include <string.h>

#define COMPLAIN(generation, position, ...)                                                        \
    findings_add(&(generation)->set->asyncapi.documents.findings, position, __VA_ARGS__)

const char *generation_message(const struct generation *generation,
                               const struct model_message *message)
{
    struct arena *arena = &generation->set->asyncapi.documents.arena;
    const char *name = c_snake(arena, message->name);
    int major = message->channel->major;
    return major > 1 ? arena_printf(arena, "%s_v%d", name, major) : name;
}

static const struct c_type *find_type(const struct generation *generation,
                                      const struct schema *schema)
{
    for (size_t i = 0; i < generation->type_count; i++) {
        if (generation->types[i].schema->at == schema->at) {
            return &generation->types[i];
        }
    }
    return NULL;
}

const char *generation_type(const struct generation *generation, const struct schema *schema)
{
    return find_type(generation, schema)->name;
}

static void add_type(struct generation *generation, const struct schema *schema, const char *name,
                     const char *summary)
{
    for (size_t i = 0; i < generation->type_count; i++) {
        const struct c_type *other = &generation->types[i];
        if (strcmp(other->name, name) == 0) {
            COMPLAIN(generation, schema->at->place,
                     "becomes the C type \"%s\", as does line %d of %s: rename one", name,
                     other->schema->at->place.line, other->schema->at->place.path);
        }
    }
    generation->types =
        xrealloc(generation->types, (generation->type_count + 1) * sizeof generation->types[0]);
    generation->types[generation->type_count++] =
        (struct c_type){.schema = schema, .name = name, .summary = summary};
}

/* Do two members of the struct get the same name? "has_x" and "x_count" count. */
static void check_members(struct generation *generation, const struct schema *object)
{
    struct arena *arena = &generation->set->asyncapi.documents.arena;
    for (size_t i = 0; i < object->property_count; i++) {
        const struct property *property = &object->properties[i];
        const char *name = c_snake(arena, property->name);
        if (!c_is_name(name)) {
            COMPLAIN(generation, property->place, "\"%s\" gives no C name", property->name);
        }
        for (size_t j = 0; j < object->property_count; j++) {
            const char *other = c_snake(arena, object->properties[j].name);
            if ((j < i && strcmp(name, other) == 0) ||
                strcmp(name, arena_printf(arena, "has_%s", other)) == 0 ||
                strcmp(name, arena_printf(arena, "%s_count", other)) == 0 ||
                strcmp(name, arena_printf(arena, "%s_ms", other)) == 0) {
                COMPLAIN(generation, property->place,
                         "\"%s\" and \"%s\" collide as members of a C struct", property->name,
                         object->properties[j].name);
            }
        }
    }
}

static void check_values(struct generation *generation, const struct schema *schema)
{
    struct arena *arena = &generation->set->asyncapi.documents.arena;
    for (size_t i = 0; i < schema->value_count; i++) {
        const char *name = c_upper(arena, schema->values[i]);
        if (*name == '\0') {
            COMPLAIN(generation, schema->at->place, "the value \"%s\" gives no C name",
                     schema->values[i]);
        }
        for (size_t j = 0; j < i; j++) {
            if (strcmp(name, c_upper(arena, schema->values[j])) == 0) {
                COMPLAIN(generation, schema->at->place,
                         "the values \"%s\" and \"%s\" give the same C name", schema->values[j],
                         schema->values[i]);
            }
        }
    }
}

static void collect_types(struct generation *generation, const struct schema *schema,
                          const char *name, const char *summary)
{
    struct arena *arena = &generation->set->asyncapi.documents.arena;
    if (schema->kind == FIELD_ARRAY) {
        collect_types(generation, schema->item, name, NULL);
        return;
    }
    bool is_type = schema->kind == FIELD_OBJECT || schema->kind == FIELD_ENUM;
    if (!is_type || find_type(generation, schema) != NULL) {
        return;
    }
    if (schema->component != NULL && summary == NULL) {
        name = c_snake(arena, schema->component);
    }
    for (size_t i = 0; i < schema->property_count; i++) {
        const struct property *property = &schema->properties[i];
        collect_types(generation, property->schema,
                      arena_printf(arena, "%s_%s", name, c_snake(arena, property->name)), NULL);
    }
    check_members(generation, schema);
    check_values(generation, schema);
    if (summary == NULL) {
        summary = node_find_text(schema->at, "description");
    }
    add_type(generation, schema, name, summary);
}

static void add_message(struct generation *generation, const struct model_message *message)
{
    for (size_t i = 0; i < generation->message_count; i++) {
        if (generation->messages[i] == message) {
            return;
        }
    }
    generation->messages =
        xrealloc(generation->messages, (generation->message_count + 1) * sizeof(void *));
    generation->messages[generation->message_count++] = message;

    if (find_type(generation, message->payload) != NULL) {
        COMPLAIN(generation, message->at->place,
                 "shares its payload with another message: each has its own");
        return;
    }
    collect_types(generation, message->payload, generation_message(generation, message),
                  message->summary != NULL ? message->summary : message->name);
}

static void add_messages(struct generation *generation, const struct model_operation *operations,
                         size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < operations[i].message_count; j++) {
            add_message(generation, operations[i].messages[j]);
        }
    }
}

/* A message has one handler and one publish function. */
static void check_once(struct generation *generation, const struct model_operation *operations,
                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++) {
            for (size_t k = 0; k < operations[i].message_count * operations[j].message_count; k++) {
                const struct model_message *message =
                    operations[i].messages[k / operations[j].message_count];
                if (operations[j].messages[k % operations[j].message_count] == message) {
                    COMPLAIN(generation, operations[i].at->place,
                             "%s is already the business of %s", message->name, operations[j].key);
                }
            }
        }
    }
}

void generation_prepare(struct generation *generation, struct contract_set *set,
                        const struct model_service *service)
{
    *generation = (struct generation){.set = set, .service = service};
    add_messages(generation, service->sends, service->send_count);
    add_messages(generation, service->receives, service->receive_count);
    check_once(generation, service->sends, service->send_count);
    check_once(generation, service->receives, service->receive_count);
}

void generation_done(struct generation *generation)
{
    free(generation->messages);
    free(generation->types);
    *generation = (struct generation){0};
}
