/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/doc/page.h"

#include <string.h>

/*
 * A JSON Schema as a table of fields, whatever it is made of: one row for each property, item and
 * alternative, named by its path. `list[].name` is the name of each of the list's items.
 */

enum {
    ROWS_MAX = 1000, /* of one table: references multiply */
    DEPTH_MAX = 16,  /* of the table */
    PARTS_MAX = 32,  /* of one allOf, nested ones counted */
    VALUE_MAX_BYTES = 300,
};

struct table {
    struct site *site;
    struct buffer *out;
    const char *prefix; /* of anchors */
    const struct graph_event *found;
    size_t rows;
    const struct node *open[DEPTH_MAX]; /* what the row stands in: a schema may contain itself */
};

struct field {
    const char *path;
    const char *note; /* "or", "one of": how it belongs to the row above; NULL */
    const struct node *schema;
    bool is_required;
    int depth;
};

/* The schemas that hold together: it, and the parts of its allOf. */
struct parts {
    const struct node *items[PARTS_MAX];
    size_t count;
    const char *name; /* of the last reference on the way: Currency */
};

static const char *reference_name(const struct node *schema)
{
    const char *ref = node_find_text(schema, "$ref");
    const char *slash = ref != NULL ? strrchr(ref, '/') : NULL;
    return slash != NULL && slash[1] != '\0' ? slash + 1 : NULL;
}

static void gather(struct table *table, struct parts *parts, const struct node *schema)
{
    const char *name = reference_name(schema);
    schema = ref_follow(table->site->documents, schema);
    if (schema == NULL || parts->count == PARTS_MAX) {
        return;
    }
    for (size_t i = 0; i < parts->count; i++) {
        if (parts->items[i] == schema) {
            return;
        }
    }
    parts->name = parts->name != NULL ? parts->name : name;
    parts->items[parts->count++] = schema;
    const struct node *all = node_find(schema, "allOf");
    for (const struct node *part = all != NULL && all->kind == NODE_LIST ? all->first : NULL;
         part != NULL; part = part->next) {
        gather(table, parts, part);
    }
}

static const struct node *find_in(const struct parts *parts, const char *key)
{
    for (size_t i = 0; i < parts->count; i++) {
        const struct node *found = node_find(parts->items[i], key);
        if (found != NULL) {
            return found;
        }
    }
    return NULL;
}

static bool is_true_in(const struct parts *parts, const char *key)
{
    const struct node *node = find_in(parts, key);
    return node != NULL && node->kind == NODE_BOOLEAN && node->integer == 1;
}

/* ---- a row ---- */

static const char *scalar(const struct node *node)
{
    return node != NULL && node->kind != NODE_LIST && node->kind != NODE_MAP ? node->text : NULL;
}

static void add_type(struct buffer *out, const struct parts *parts)
{
    if (parts->count == 0) {
        buffer_text(out, "<span class=\"quiet\">cannot be read</span>");
        return;
    }
    if (parts->items[0]->kind == NODE_BOOLEAN) {
        buffer_text(out, parts->items[0]->integer == 1 ? "anything" : "nothing");
        return;
    }
    const struct node *type = find_in(parts, "type");
    if (type != NULL && type->kind == NODE_LIST) {
        for (const struct node *each = type->first; each != NULL; each = each->next) {
            html_add(out, "%s%s", each != type->first ? " or " : "", scalar(each));
        }
    } else if (scalar(type) != NULL) {
        html_add(out, "%s", scalar(type));
    } else if (find_in(parts, "properties") != NULL) {
        buffer_text(out, "object");
    } else if (find_in(parts, "oneOf") != NULL || find_in(parts, "anyOf") != NULL) {
        buffer_text(out, "alternatives");
    } else {
        buffer_text(out, "any");
    }
    const char *format = scalar(find_in(parts, "format"));
    if (format != NULL || parts->name != NULL) {
        html_add(out, "<span class=\"sub\">%s%s%s</span>", format != NULL ? format : "",
                 format != NULL && parts->name != NULL ? " · " : "",
                 parts->name != NULL ? parts->name : "");
    }
}

static void add_rule(struct buffer *out, const char *name, const struct node *value)
{
    html_add(out, "<li>%s <code>", name);
    html_json(out, value, true, VALUE_MAX_BYTES);
    buffer_text(out, "</code></li>");
}

static void add_ranges(struct buffer *out, const struct parts *parts)
{
    static const struct {
        const char *min, *max, *unit;
    } ranges[] = {
        {"minimum", "maximum", ""},
        {"minLength", "maxLength", " character"},
        {"minItems", "maxItems", " item"},
        {"minProperties", "maxProperties", " member"},
    };
    for (size_t i = 0; i < COUNT_OF(ranges); i++) {
        const char *min = scalar(find_in(parts, ranges[i].min));
        const char *max = scalar(find_in(parts, ranges[i].max));
        const char *last = max != NULL ? max : min;
        if (last == NULL) {
            continue;
        }
        if (min != NULL && max != NULL && strcmp(min, max) == 0) {
            html_add(out, "<li>%s", min);
        } else if (min != NULL && max != NULL) {
            html_add(out, "<li>%s to %s", min, max);
        } else {
            html_add(out, "<li>%s %s", min != NULL ? "at least" : "at most", last);
        }
        bool is_many = ranges[i].unit[0] != '\0' && strcmp(last, "1") != 0;
        html_add(out, "%s%s</li>", ranges[i].unit, is_many ? "s" : "");
    }
}

static void add_values(struct buffer *out, const struct node *values)
{
    enum { VALUES_MAX = 100 };
    size_t count = 0;
    buffer_text(out, "<li>one of ");
    for (const struct node *value = values->first; value != NULL && count < VALUES_MAX;
         value = value->next) {
        buffer_text(out, count++ > 0 ? " <code>" : "<code>");
        html_json(out, value, true, VALUE_MAX_BYTES);
        buffer_text(out, "</code>");
    }
    buffer_text(out, count < values->count ? " …</li>" : "</li>");
}

static void add_rules(struct buffer *out, const struct parts *parts)
{
    static const struct {
        const char *key, *name;
    } rules[] = {
        {"const", "always"},
        {"exclusiveMinimum", "more than"},
        {"exclusiveMaximum", "less than"},
        {"multipleOf", "a multiple of"},
        {"contentEncoding", "encoded as"},
        {"contentMediaType", "holds"},
        {"contains", "contains"},
        {"propertyNames", "names are"},
        {"dependencies", "depends"},
        {"not", "is not"},
        {"if", "if"},
        {"then", "then"},
        {"else", "else"},
        {"default", "default"},
    };
    size_t before = out->length;
    buffer_text(out, "<ul class=\"rules\">");
    size_t empty = out->length;
    const struct node *values = find_in(parts, "enum");
    if (values != NULL && values->kind == NODE_LIST) {
        add_values(out, values);
    }
    add_ranges(out, parts);
    const char *pattern = scalar(find_in(parts, "pattern"));
    if (pattern != NULL) {
        html_add(out, "<li>matches <code>%s</code></li>", pattern);
    }
    for (size_t i = 0; i < COUNT_OF(rules); i++) {
        const struct node *value = find_in(parts, rules[i].key);
        if (value != NULL) {
            add_rule(out, rules[i].name, value);
        }
    }
    if (is_true_in(parts, "uniqueItems")) {
        buffer_text(out, "<li>no item twice</li>");
    }
    const struct node *more = find_in(parts, "additionalProperties");
    if (more != NULL && more->kind == NODE_BOOLEAN && more->integer == 0) {
        buffer_text(out, "<li>no other members</li>");
    }
    if (out->length == empty) {
        out->length = before;
    } else {
        buffer_text(out, "</ul>");
    }
}

static void add_marks(struct buffer *out, const struct field *field, const struct parts *parts)
{
    static const struct {
        const char *key, *name;
    } marks[] = {{"x-personal", "personal"},
                 {"deprecated", "deprecated"},
                 {"readOnly", "read only"},
                 {"writeOnly", "write only"}};
    if (field->is_required) {
        buffer_text(out, " <span class=\"mark required\">required</span>");
    }
    for (size_t i = 0; i < COUNT_OF(marks); i++) {
        if (is_true_in(parts, marks[i].key)) {
            html_add(out, " <span class=\"mark %s\">%s</span>", marks[i].key, marks[i].name);
        }
    }
}

static void add_row(struct table *table, const struct field *field, const struct parts *parts,
                    bool is_repeated)
{
    struct buffer *out = table->out;
    const char *description = scalar(find_in(parts, "description"));
    html_add(
        out,
        "<tr role=\"row\" id=\"%s-%zu\" class=\"depth-%d\"><th role=\"rowheader\" scope=\"row\">",
        table->prefix, table->rows, field->depth < 5 ? field->depth : 5);
    if (field->note != NULL) {
        html_add(out, "<span class=\"sub\">%s</span> ", field->note);
    }
    html_add(out, "<code>%s</code>", field->path);
    add_marks(out, field, parts);
    buffer_text(out, "</th>");
    cell_begin(out, "Type");
    add_type(out, parts);
    cell_end(out);
    cell_begin(out, "Rules");
    add_rules(out, parts);
    cell_end(out);
    cell_begin(out, "Meaning");
    html_prose(out, description);
    if (is_repeated) {
        buffer_text(out, "<p class=\"quiet\">The same again, as deep as you like.</p>");
    }
    cell_end(out);
    row_end(out);
    if (table->found != NULL && field->path[0] != '\0') {
        AUTO(free_text) char *anchor = xasprintf("%s-%zu", table->prefix, table->rows);
        AUTO(free_text) char *name = xasprintf("%s · %s", table->found->label, field->path);
        search_add(table->site, FOUND_FIELD, name, description,
                   table->site->events[table->found - table->site->graph->events], anchor);
    }
    table->rows++;
}

/* ---- what is below it ---- */

static void add_field(struct table *table, const struct field *field);

static bool is_required_in(const struct parts *parts, const char *name)
{
    for (size_t i = 0; i < parts->count; i++) {
        const struct node *required = node_find(parts->items[i], "required");
        const struct node *each =
            required != NULL && required->kind == NODE_LIST ? required->first : NULL;
        for (; each != NULL; each = each->next) {
            if (each->kind == NODE_STRING && strcmp(each->text, name) == 0) {
                return true;
            }
        }
    }
    return false;
}

static void add_below(struct table *table, const struct field *above, const char *path,
                      const char *note, const struct node *schema, bool is_required)
{
    const struct field field = {.path = path,
                                .note = note,
                                .schema = schema,
                                .is_required = is_required,
                                .depth = above->depth + 1};
    add_field(table, &field);
}

/* Properties (or patterns of names) of one part. */
static void add_properties(struct table *table, const struct field *above,
                           const struct parts *parts, const struct node *part, const char *key,
                           const char *format)
{
    const struct node *map = node_find(part, key);
    const struct node *each = map != NULL && map->kind == NODE_MAP ? map->first : NULL;
    for (; each != NULL && table->rows < ROWS_MAX; each = each->next) {
        AUTO(buffer_done) struct buffer path = {0};
        buffer_printf(&path, "%s%s", above->path, above->path[0] != '\0' ? "." : "");
        buffer_text(&path, format);
        buffer_text(&path, each->key);
        buffer_text(&path, format);
        add_below(table, above, buffer_cstr(&path), NULL, each, is_required_in(parts, each->key));
    }
}

static void add_alternatives(struct table *table, const struct field *above,
                             const struct node *part, const char *key, const char *note)
{
    const struct node *list = node_find(part, key);
    const struct node *each = list != NULL && list->kind == NODE_LIST ? list->first : NULL;
    for (size_t i = 1; each != NULL && table->rows < ROWS_MAX; each = each->next, i++) {
        AUTO(free_text) char *text = xasprintf("%s %zu", note, i);
        add_below(table, above, above->path, text, each, false);
    }
}

static void add_items(struct table *table, const struct field *above, const struct node *part)
{
    const struct node *items = node_find(part, "items");
    if (items == NULL) {
        return;
    }
    const struct node *each = items->kind == NODE_LIST ? items->first : items;
    for (size_t i = 0; each != NULL && table->rows < ROWS_MAX; i++) {
        AUTO(free_text)
        char *path = items->kind == NODE_LIST ? xasprintf("%s[%zu]", above->path, i)
                                              : xasprintf("%s[]", above->path);
        add_below(table, above, path, NULL, each, false);
        each = items->kind == NODE_LIST ? each->next : NULL;
    }
}

static void add_parts(struct table *table, const struct field *field, const struct parts *parts)
{
    for (size_t i = 0; i < parts->count && table->rows < ROWS_MAX; i++) {
        const struct node *part = parts->items[i];
        add_properties(table, field, parts, part, "properties", "");
        add_properties(table, field, parts, part, "patternProperties", "/");
        const struct node *more = node_find(part, "additionalProperties");
        if (more != NULL && more->kind == NODE_MAP) {
            AUTO(free_text)
            char *path = xasprintf("%s%s*", field->path, field->path[0] != '\0' ? "." : "");
            add_below(table, field, path, NULL, more, false);
        }
        add_items(table, field, part);
        add_alternatives(table, field, part, "oneOf", "one of:");
        add_alternatives(table, field, part, "anyOf", "any of:");
    }
}

static bool is_open(const struct table *table, const struct node *schema, int depth)
{
    for (int i = 0; i < depth; i++) {
        if (table->open[i] == schema) {
            return true;
        }
    }
    return false;
}

static void add_field(struct table *table, const struct field *field)
{
    struct parts parts = {0};
    gather(table, &parts, field->schema);
    bool is_repeated = parts.count > 0 && is_open(table, parts.items[0], field->depth);
    /* The whole needs no row of its own unless it is no plain object. */
    if (field->depth > 0 || find_in(&parts, "properties") == NULL) {
        add_row(table, field, &parts, is_repeated);
    }
    if (!is_repeated && parts.count > 0 && field->depth < DEPTH_MAX) {
        table->open[field->depth] = parts.items[0];
        add_parts(table, field, &parts);
    }
}

void fields_table(struct site *site, struct buffer *out, const struct node *schema,
                  const char *prefix, const struct graph_event *found)
{
    struct table table = {.site = site, .out = out, .prefix = prefix, .found = found};
    const struct field whole = {.path = "", .schema = schema};
    static const char *const columns[] = {"Field", "Type", "Rules", "Meaning"};
    table_begin(out, "stack fields", columns, COUNT_OF(columns));
    add_field(&table, &whole);
    table_end(out);
    if (table.rows >= ROWS_MAX) {
        html_add(out, "<p class=\"quiet\">Cut after %d rows.</p>\n", ROWS_MAX);
    }
}
