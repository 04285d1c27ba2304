/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/generate/generate.h"

#include "contracts/generate/c_text.h"

#include <string.h>

/* What one value of this kind is in C; OBJECT and ENUM have a type of their own. */
static const char *const c_types[] = {
    [FIELD_STRING] = "const char *", [FIELD_DATE] = "const char *", [FIELD_EMAIL] = "const char *",
    [FIELD_URI] = "const char *",    [FIELD_UUID] = "struct uuid ", [FIELD_DATE_TIME] = "int64_t ",
    [FIELD_INTEGER] = "int64_t ",    [FIELD_NUMBER] = "double ",    [FIELD_BOOLEAN] = "bool ",
    [FIELD_ENUM] = "enum ",          [FIELD_OBJECT] = "struct ",    [FIELD_ARRAY] = "",
};

static void write_type(const struct generation *generation, const struct schema *schema,
                       struct buffer *out)
{
    buffer_text(out, c_types[schema->kind]);
    if (schema->kind == FIELD_ENUM || schema->kind == FIELD_OBJECT) {
        buffer_printf(out, "%s ", generation_type(generation, schema));
    }
}

static void write_array(const struct generation *generation, const struct schema *item,
                        const char *name, struct buffer *out)
{
    bool is_pointer = strchr(c_types[item->kind], '*') != NULL;
    buffer_text(out, is_pointer ? "    " : "    const ");
    write_type(generation, item, out);
    buffer_printf(out, "%s*%s%s;\n    size_t %s_count;\n", is_pointer ? "const " : "", name,
                  item->kind == FIELD_DATE_TIME ? "_ms" : "", name);
}

static void write_member(const struct generation *generation, const struct property *property,
                         struct buffer *out)
{
    const struct schema *schema = property->schema;
    const char *name = c_snake(&generation->set->asyncapi.documents.arena, property->name);
    if (!property->required || schema->nullable) {
        buffer_printf(out, "    bool has_%s;\n", name);
    }
    if (schema->kind == FIELD_ARRAY) {
        write_array(generation, schema->item, name, out);
        return;
    }
    buffer_text(out, "    ");
    write_type(generation, schema, out);
    buffer_printf(out, "%s%s;\n", name, schema->kind == FIELD_DATE_TIME ? "_ms" : "");
}

static void write_struct(const struct generation *generation, const struct c_type *type,
                         struct buffer *out)
{
    buffer_printf(out, "struct %s {\n", type->name);
    for (size_t i = 0; i < type->schema->property_count; i++) {
        write_member(generation, &type->schema->properties[i], out);
    }
    buffer_text(out, "};\n\n");
}

static void write_enum(const struct generation *generation, const struct c_type *type,
                       struct buffer *out)
{
    struct arena *arena = &generation->set->asyncapi.documents.arena;
    const char *prefix = c_upper(arena, type->name);
    buffer_printf(out, "enum %s {\n", type->name);
    for (size_t i = 0; i < type->schema->value_count; i++) {
        buffer_printf(out, "    %s_%s,\n", prefix, c_upper(arena, type->schema->values[i]));
    }
    buffer_printf(out, "};\nextern const char *const %s_values[%zu];\n\n", type->name,
                  type->schema->value_count);
}

static void write_types(const struct generation *generation, struct buffer *out)
{
    for (size_t i = 0; i < generation->type_count; i++) {
        const struct c_type *type = &generation->types[i];
        if (type->summary != NULL) {
            c_comment(out, type->summary);
        }
        if (type->schema->kind == FIELD_ENUM) {
            write_enum(generation, type, out);
        } else {
            write_struct(generation, type, out);
        }
    }
}

static void write_prototype(const struct generation *generation, const char *verb, const char *name,
                            struct buffer *out)
{
    struct arena *arena = &generation->set->asyncapi.documents.arena;
    struct c_list list;
    c_list_begin(&list, out, arena_printf(arena, "enum outcome %s_%s(", verb, name));
    c_list_add(&list, "struct work *work");
    if (strcmp(verb, "load") == 0) {
        c_list_add(&list, "const struct %s *const events[]", name);
        c_list_add(&list, "size_t count");
    } else {
        c_list_add(&list, "const struct %s *event", name);
    }
    buffer_text(out, ");\n");
}

static void write_send(const struct generation *generation, const struct model_operation *send,
                       struct buffer *out)
{
    for (size_t i = 0; i < send->message_count; i++) {
        write_prototype(generation, "publish", generation_message(generation, send->messages[i]),
                        out);
    }
}

static void write_receive(const struct generation *generation,
                          const struct model_operation *receive, struct buffer *out)
{
    buffer_byte(out, '\n');
    if (receive->summary != NULL) {
        c_comment(out, arena_printf(&generation->set->asyncapi.documents.arena, "%s: %s",
                                    receive->key, receive->summary));
    }
    for (size_t i = 0; i < receive->message_count; i++) {
        const char *name = generation_message(generation, receive->messages[i]);
        write_prototype(generation, "on", name, out);
        write_prototype(generation, "load", name, out);
    }
}

void generate_header(const struct generation *generation, struct buffer *out)
{
    const char *service = generation->service->name;
    const char *guard = c_upper(&generation->set->asyncapi.documents.arena, service);
    buffer_printf(out,
                  "/* SPDX-License-Identifier: Apache-2.0 */\n"
                  "#ifndef %s_CONTRACT_H\n#define %s_CONTRACT_H\n\n"
                  "#include \"core/contract.h\"\n#include \"core/ids.h\"\n\n"
                  "/*\n * Generated from the contract of %s: change that, not this. on_… must be\n"
                  " * defined by the service, load_… may be.\n */\n\n",
                  guard, guard, service);
    write_types(generation, out);
    for (size_t i = 0; i < generation->message_count; i++) {
        buffer_printf(out, "extern const struct message message_%s;\n",
                      generation_message(generation, generation->messages[i]));
    }
    buffer_printf(out, "extern const struct contract %s_contract;\n\n", service);
    for (size_t i = 0; i < generation->service->send_count; i++) {
        write_send(generation, &generation->service->sends[i], out);
    }
    for (size_t i = 0; !generation->service->hears_all && i < generation->service->receive_count;
         i++) {
        write_receive(generation, &generation->service->receives[i], out);
    }
    buffer_text(out, "\n#endif\n");
}
