/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/generate/generate.h"

#include "contracts/generate/c_text.h"

#include <inttypes.h>
#include <string.h>

static const char *const kind_names[] = {
    [FIELD_STRING] = "FIELD_STRING",   [FIELD_DATE] = "FIELD_DATE",
    [FIELD_EMAIL] = "FIELD_EMAIL",     [FIELD_URI] = "FIELD_URI",
    [FIELD_UUID] = "FIELD_UUID",       [FIELD_DATE_TIME] = "FIELD_DATE_TIME",
    [FIELD_INTEGER] = "FIELD_INTEGER", [FIELD_NUMBER] = "FIELD_NUMBER",
    [FIELD_BOOLEAN] = "FIELD_BOOLEAN", [FIELD_ENUM] = "FIELD_ENUM",
    [FIELD_OBJECT] = "FIELD_OBJECT",   [FIELD_ARRAY] = "FIELD_ARRAY",
};

static const char *literal(struct arena *arena, const char *text)
{
    AUTO(buffer_done) struct buffer string = {0};
    c_string(&string, text);
    return arena_text(arena, string.bytes, string.length);
}

static const char *integer(struct arena *arena, int64_t number)
{
    return number == INT64_MIN ? "INT64_MIN" : arena_printf(arena, "%" PRId64, number);
}

static void add_bounds(struct arena *arena, struct c_list *row, const struct schema *schema)
{
    bool is_number = schema->kind == FIELD_NUMBER;
    if (schema->has_min) {
        c_list_add(row, ".has_min = true");
    }
    if (schema->has_max) {
        c_list_add(row, ".has_max = true");
    }
    if (schema->has_min && is_number) {
        c_list_add(row, ".number_min = %.17g", schema->number_min);
    } else if (schema->has_min) {
        c_list_add(row, ".min = %s", integer(arena, schema->min));
    }
    if (schema->has_max && is_number) {
        c_list_add(row, ".number_max = %.17g", schema->number_max);
    } else if (schema->has_max) {
        c_list_add(row, ".max = %s", integer(arena, schema->max));
    }
    if (schema->exclusive_min) {
        c_list_add(row, ".exclusive_min = true");
    }
    if (schema->exclusive_max) {
        c_list_add(row, ".exclusive_max = true");
    }
}

/* What the kind needs besides its place in the struct. `base` names the tables that were written
 * before. */
static void add_rules(const struct generation *generation, struct c_list *row,
                      const struct schema *schema, const char *base)
{
    add_bounds(&generation->set->asyncapi.documents.arena, row, schema);
    if (schema->pattern != NULL) {
        c_list_add(row, ".pattern = &%s_pattern", base);
    }
    if (schema->kind == FIELD_ENUM) {
        c_list_add(row, ".values = %s_values", generation_type(generation, schema));
        c_list_add(row, ".value_count = %zu", schema->value_count);
    }
    if (schema->kind == FIELD_OBJECT) {
        c_list_add(row, ".shape = &%s_shape", generation_type(generation, schema));
    }
}

/* offsetof knows the member, so the array's item is measured by the member itself. */
static void add_array(struct c_list *row, const char *type, const char *name, const char *member,
                      const char *base)
{
    c_list_add(row, ".count_offset = offsetof(struct %s, %s_count)", type, name);
    c_list_add(row, ".item = &%s_item", base);
    c_list_add(row, ".item_size = sizeof *((struct %s *)0)->%s", type, member);
}

static void write_row(const struct generation *generation, const char *type,
                      const struct property *property, struct buffer *out)
{
    struct arena *arena = &generation->set->asyncapi.documents.arena;
    const struct schema *schema = property->schema;
    const char *name = c_snake(arena, property->name);
    bool is_time = schema->kind == FIELD_DATE_TIME ||
                   (schema->kind == FIELD_ARRAY && schema->item->kind == FIELD_DATE_TIME);
    const char *member = arena_printf(arena, "%s%s", name, is_time ? "_ms" : "");
    const char *base = arena_printf(arena, "%s_%s", type, name);

    struct c_list row;
    c_list_begin(&row, out, "    {");
    c_list_add(&row, ".name = %s", literal(arena, property->name));
    c_list_add(&row, ".kind = %s", kind_names[schema->kind]);
    if (property->required) {
        c_list_add(&row, ".required = true");
    }
    if (schema->nullable) {
        c_list_add(&row, ".nullable = true");
    }
    if (schema->personal) {
        c_list_add(&row, ".personal = true");
    }
    c_list_add(&row, ".offset = offsetof(struct %s, %s)", type, member);
    if (!property->required || schema->nullable) {
        c_list_add(&row, ".has_offset = offsetof(struct %s, has_%s)", type, name);
    } else {
        c_list_add(&row, ".has_offset = FIELD_ABSENT");
    }
    if (schema->kind == FIELD_ARRAY) {
        add_array(&row, type, name, member, base);
    }
    add_rules(generation, &row, schema, base);
    buffer_text(out, "},\n");
}

static void write_pattern(struct arena *arena, const char *base, const struct schema *schema,
                          struct buffer *out)
{
    if (schema->pattern != NULL) {
        buffer_printf(out, "static struct pattern %s_pattern = {.text = %s};\n", base,
                      literal(arena, schema->pattern));
    }
}

/* The tables that a row points to. */
static void write_helpers(const struct generation *generation, const char *type,
                          const struct property *property, struct buffer *out)
{
    struct arena *arena = &generation->set->asyncapi.documents.arena;
    const char *base = arena_printf(arena, "%s_%s", type, c_snake(arena, property->name));
    write_pattern(arena, base, property->schema, out);
    if (property->schema->kind != FIELD_ARRAY) {
        return;
    }
    const struct schema *item = property->schema->item;
    const char *item_base = arena_printf(arena, "%s_item", base);
    write_pattern(arena, item_base, item, out);
    struct c_list row;
    buffer_printf(out, "static const struct field %s_item = {\n", base);
    c_list_begin(&row, out, "    ");
    c_list_add(&row, ".kind = %s", kind_names[item->kind]);
    c_list_add(&row, ".required = true");
    if (item->personal) {
        c_list_add(&row, ".personal = true");
    }
    c_list_add(&row, ".has_offset = FIELD_ABSENT");
    add_rules(generation, &row, item, item_base);
    buffer_text(out, ",\n};\n");
}

/* `json_name` is the message's own name, or the type's. */
static void write_shape(const struct generation *generation, const struct c_type *type,
                        const char *json_name, struct buffer *out)
{
    const struct schema *schema = type->schema;
    for (size_t i = 0; i < schema->property_count; i++) {
        write_helpers(generation, type->name, &schema->properties[i], out);
    }
    buffer_printf(out, "static const struct field %s_fields[] = {\n", type->name);
    for (size_t i = 0; i < schema->property_count; i++) {
        write_row(generation, type->name, &schema->properties[i], out);
    }
    buffer_printf(out,
                  "};\n"
                  "static const struct shape %s_shape = {\n"
                  "    .name = \"%s\",\n"
                  "    .size = sizeof(struct %s),\n"
                  "    .fields = %s_fields,\n"
                  "    .field_count = COUNT_OF(%s_fields),\n"
                  "};\n\n",
                  type->name, json_name, type->name, type->name, type->name);
}

static void write_values(const struct generation *generation, const struct c_type *type,
                         struct buffer *out)
{
    struct c_list list;
    buffer_printf(out, "const char *const %s_values[%zu] = {\n", type->name,
                  type->schema->value_count);
    c_list_begin(&list, out, "    ");
    for (size_t i = 0; i < type->schema->value_count; i++) {
        c_list_add(&list, "%s",
                   literal(&generation->set->asyncapi.documents.arena, type->schema->values[i]));
    }
    buffer_text(out, ",\n};\n\n");
}

static const char *offset_of(struct arena *arena, const char *type, const char *prefix,
                             const struct property *property)
{
    return arena_printf(arena, "offsetof(struct %s, %s%s)", type, prefix,
                        c_snake(arena, property->name));
}

static void write_message(const struct generation *generation, const struct model_message *message,
                          struct buffer *out)
{
    struct arena *arena = &generation->set->asyncapi.documents.arena;
    const struct model_channel *channel = message->channel;
    const struct property *correlation = message->correlation;
    const char *type = generation_message(generation, message);
    bool may_miss =
        correlation != NULL && (!correlation->required || correlation->schema->nullable);
    buffer_printf(out,
                  "const struct message message_%s = {\n"
                  "    .name = \"%s\",\n"
                  "    .type = \"%s\",\n"
                  "    .service = \"%s\",\n"
                  "    .exchange = \"%s\",\n"
                  "    .routing_key = \"%s\",\n"
                  "    .major = %d,\n"
                  "    .shape = &%s_shape,\n"
                  "    .subject_offset = %s,\n"
                  "    .correlation_offset = %s,\n"
                  "    .correlation_has_offset = %s,\n"
                  "    .is_heard = %s,\n",
                  type, message->name, message->type, channel->owner->name,
                  channel->owner->exchange, channel->address, channel->major, type,
                  offset_of(arena, type, "", message->subject),
                  correlation != NULL ? offset_of(arena, type, "", correlation) : "-1",
                  may_miss ? offset_of(arena, type, "has_", correlation) : "-1",
                  message->is_heard ? "true" : "false");
    if (message->person != NULL) {
        buffer_printf(out, "    .person = &%s_fields[%td],\n", type,
                      message->person - message->payload->properties);
    }
    buffer_text(out, "};\n\n");
}

static const struct model_message *message_of(const struct generation *generation,
                                              const struct c_type *type)
{
    for (size_t i = 0; i < generation->message_count; i++) {
        if (generation->messages[i]->payload->at == type->schema->at) {
            return generation->messages[i];
        }
    }
    return NULL;
}

static void write_tables(const struct generation *generation, struct buffer *out)
{
    for (size_t i = 0; i < generation->type_count; i++) {
        const struct c_type *type = &generation->types[i];
        const struct model_message *message = message_of(generation, type);
        if (type->schema->kind == FIELD_ENUM) {
            write_values(generation, type, out);
            continue;
        }
        write_shape(generation, type, message != NULL ? message->name : type->name, out);
        if (message != NULL) {
            write_message(generation, message, out);
        }
    }
}

static void write_publish(const char *name, struct buffer *out)
{
    struct arena arena = {0};
    struct c_list list;
    c_list_begin(&list, out, arena_printf(&arena, "enum outcome publish_%s(", name));
    c_list_add(&list, "struct work *work");
    c_list_add(&list, "const struct %s *event", name);
    buffer_printf(out, ")\n{\n    return work_publish(work, &message_%s, event);\n}\n\n", name);
    arena_done(&arena);
}

static void write_calls(const char *name, struct buffer *out)
{
    struct arena arena = {0};
    struct c_list list;
    buffer_printf(out, "#pragma weak load_%s\n", name);
    c_list_begin(&list, out, arena_printf(&arena, "static enum outcome call_load_%s(", name));
    c_list_add(&list, "struct work *work");
    c_list_add(&list, "const void *const events[]");
    c_list_add(&list, "size_t count");
    buffer_printf(out,
                  ")\n"
                  "{\n"
                  "    if (load_%s == NULL) {\n"
                  "        return OK;\n"
                  "    }\n"
                  "    return load_%s(work, (const struct %s *const *)events, count);\n"
                  "}\n\n"
                  "static enum outcome call_on_%s(struct work *work, const void *event)\n"
                  "{\n"
                  "    return on_%s(work, event);\n"
                  "}\n\n",
                  name, name, name, name, name);
    arena_done(&arena);
}

static void write_outcomes(const struct generation *generation,
                           const struct model_operation *receive, struct buffer *out)
{
    struct arena *arena = &generation->set->asyncapi.documents.arena;
    if (receive->outcomes == NULL) {
        return;
    }
    struct c_list list;
    c_list_begin(&list, out,
                 arena_printf(arena, "static const char *const %s_outcomes[] = {",
                              c_snake(arena, receive->key)));
    for (const struct node *each = receive->outcomes->first; each != NULL; each = each->next) {
        c_list_add(&list, "%s", literal(arena, each->text));
    }
    c_list_add(&list, "NULL");
    buffer_text(out, "};\n");
}

static void write_receive(const struct generation *generation,
                          const struct model_operation *receive, const char *name,
                          struct buffer *out)
{
    struct arena *arena = &generation->set->asyncapi.documents.arena;
    const struct retry_policy *retry = &receive->retry;
    buffer_printf(out,
                  "    {\n"
                  "        .operation = \"%s\",\n"
                  "        .message = &message_%s,\n",
                  receive->key, name);
    if (!generation->service->hears_all) {
        buffer_printf(out,
                      "        .load = call_load_%s,\n"
                      "        .on = call_on_%s,\n",
                      name, name);
    }
    buffer_printf(
        out, "        .retry = {.attempts = %s, .base_ms = %" PRId64 ", .max_ms = %" PRId64 "},\n",
        retry->attempts == ATTEMPTS_UNLIMITED ? "ATTEMPTS_UNLIMITED"
                                              : integer(arena, retry->attempts),
        retry->base_ms, retry->max_ms);
    if (receive->saga != NULL) {
        buffer_printf(out, "        .saga = %s,\n", literal(arena, receive->saga));
    }
    if (receive->compensates != NULL) {
        buffer_printf(out, "        .compensates = %s,\n", literal(arena, receive->compensates));
    }
    if (receive->outcomes != NULL) {
        buffer_printf(out, "        .outcomes = %s_outcomes,\n", c_snake(arena, receive->key));
    }
    buffer_text(out, "    },\n");
}

static void write_sends(const struct generation *generation, struct buffer *out)
{
    const struct model_service *service = generation->service;
    if (service->send_count == 0) {
        return;
    }
    for (size_t i = 0; i < service->send_count; i++) {
        for (size_t j = 0; j < service->sends[i].message_count; j++) {
            write_publish(generation_message(generation, service->sends[i].messages[j]), out);
        }
    }
    buffer_text(out, "static const struct message *const sends[] = {\n");
    for (size_t i = 0; i < service->send_count; i++) {
        for (size_t j = 0; j < service->sends[i].message_count; j++) {
            buffer_printf(out, "    &message_%s,\n",
                          generation_message(generation, service->sends[i].messages[j]));
        }
    }
    buffer_text(out, "};\n\n");
}

static void write_all_calls(const struct generation *generation, struct buffer *out)
{
    const struct model_service *service = generation->service;
    buffer_text(out,
                "/* load_… is weak: a service that has nothing to bring does not define it. */\n");
    for (size_t i = 0; i < service->receive_count; i++) {
        for (size_t j = 0; j < service->receives[i].message_count; j++) {
            write_calls(generation_message(generation, service->receives[i].messages[j]), out);
        }
    }
}

static void write_receives(const struct generation *generation, struct buffer *out)
{
    const struct model_service *service = generation->service;
    if (service->receive_count == 0) {
        return;
    }
    if (service->hears_all) {
        buffer_text(out, "/* The service's recorder takes them all. */\n");
    } else {
        write_all_calls(generation, out);
    }
    for (size_t i = 0; i < service->receive_count; i++) {
        write_outcomes(generation, &service->receives[i], out);
    }
    buffer_text(out, "\nstatic const struct receive receives[] = {\n");
    for (size_t i = 0; i < service->receive_count; i++) {
        for (size_t j = 0; j < service->receives[i].message_count; j++) {
            const struct model_operation *receive = &service->receives[i];
            write_receive(generation, receive, generation_message(generation, receive->messages[j]),
                          out);
        }
    }
    buffer_text(out, "};\n\n");
}

void generate_source(const struct generation *generation, struct buffer *out)
{
    const struct model_service *service = generation->service;
    buffer_printf(out,
                  "/* SPDX-License-Identifier: Apache-2.0 */\n"
                  "/* Generated from the contract of %s: change that, not this. */\n"
                  "#include \"%s_contract.h\"\n\n"
                  "#include \"publishers/work.h\"\n\n",
                  service->name, service->name);
    write_tables(generation, out);
    write_sends(generation, out);
    write_receives(generation, out);
    buffer_printf(out, "const struct contract %s_contract = {\n    .service = \"%s\",\n",
                  service->name, service->name);
    if (service->send_count > 0) {
        buffer_text(out, "    .sends = sends,\n    .send_count = COUNT_OF(sends),\n");
    }
    if (service->receive_count > 0) {
        buffer_text(out, "    .receives = receives,\n    .receive_count = COUNT_OF(receives),\n");
    }
    buffer_text(out, "};\n");
}
