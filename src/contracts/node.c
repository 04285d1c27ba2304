/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/node.h"

#include "core/buffer.h"
#include "core/text.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct reader {
    yaml_parser_t parser;
    const char *path;
    struct arena *arena;
    struct findings *findings;
    size_t nodes;
    bool failed;
};

static struct position place_of(const struct reader *reader, yaml_mark_t mark)
{
    return (struct position){
        .path = reader->path, .line = (int)mark.line + 1, .column = (int)mark.column + 1};
}

#define FAIL(reader, place, ...)                                                                   \
    ((reader)->failed = true, findings_add((reader)->findings, place, __VA_ARGS__))

/* -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)? : JSON's numbers and nothing else. */
static bool is_json_number(const char *text, bool *is_integer)
{
    const char *at = text + (*text == '-' ? 1 : 0);
    size_t digits = strspn(at, "0123456789");
    if (digits == 0 || (digits > 1 && *at == '0')) {
        return false;
    }
    at += digits;
    *is_integer = *at == '\0';
    if (*at == '.') {
        digits = strspn(++at, "0123456789");
        if (digits == 0) {
            return false;
        }
        at += digits;
    }
    if (*at == 'e' || *at == 'E') {
        at++;
        at += *at == '-' || *at == '+' ? 1 : 0;
        digits = strspn(at, "0123456789");
        if (digits == 0) {
            return false;
        }
        at += digits;
    }
    return *at == '\0';
}

static void resolve_number(struct reader *reader, struct node *node, bool is_integer)
{
    node->kind = is_integer ? NODE_INTEGER : NODE_NUMBER;
    node->number = strtod(node->text, NULL);
    if (is_integer && !text_int(node->text, INT64_MIN, INT64_MAX, &node->integer)) {
        FAIL(reader, node->place, "the number does not fit 64 bits");
    }
    if (!isfinite(node->number)) {
        FAIL(reader, node->place, "the number is too large");
    }
}

/* Only plain scalars have a type; what is quoted is a string. */
static void resolve(struct reader *reader, struct node *node, bool is_plain)
{
    bool is_integer = false;
    node->kind = NODE_STRING;
    if (!is_plain) {
        return;
    }
    if (node->text[0] == '\0' || strcmp(node->text, "null") == 0 || strcmp(node->text, "~") == 0) {
        node->kind = NODE_NULL;
    } else if (strcmp(node->text, "true") == 0 || strcmp(node->text, "false") == 0) {
        node->kind = NODE_BOOLEAN;
        node->integer = node->text[0] == 't';
    } else if (is_json_number(node->text, &is_integer)) {
        resolve_number(reader, node, is_integer);
    }
}

static bool next_event(struct reader *reader, yaml_event_t *event)
{
    if (yaml_parser_parse(&reader->parser, event) != 0) {
        return true;
    }
    const yaml_parser_t *parser = &reader->parser;
    struct position place = place_of(reader, parser->problem_mark);
    if (parser->context != NULL) {
        FAIL(reader, place, "not YAML: %s %s", parser->problem, parser->context);
    } else {
        FAIL(reader, place, "not YAML: %s", parser->problem);
    }
    return false;
}

/* Tags and anchors make a document mean something that JSON cannot say. */
static void refuse_decorations(struct reader *reader, const yaml_event_t *event)
{
    struct position place = place_of(reader, event->start_mark);
    const yaml_char_t *anchor = NULL;
    const yaml_char_t *tag = NULL;
    if (event->type == YAML_SCALAR_EVENT) {
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
    } else if (event->type == YAML_ALIAS_EVENT) {
        FAIL(reader, place, "aliases are not accepted: use $ref");
    }
    if (anchor != NULL) {
        FAIL(reader, place, "anchors are not accepted: use $ref");
    }
    if (tag != NULL) {
        FAIL(reader, place, "tags are not accepted");
    }
}

static const char *scalar_text(struct reader *reader, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    if (memchr(text, '\0', length) != NULL) {
        FAIL(reader, place_of(reader, event->start_mark), "the text contains U+0000");
    }
    return arena_text(reader->arena, text, length);
}

static struct node *new_node(struct reader *reader, const yaml_event_t *event)
{
    struct position place = place_of(reader, event->start_mark);
    if (++reader->nodes > NODE_MAX_NODES) {
        FAIL(reader, place, "more than %d values in one file", NODE_MAX_NODES);
    }
    refuse_decorations(reader, event);
    if (reader->failed) {
        return NULL;
    }

    struct node *node = arena_alloc(reader->arena, sizeof *node);
    node->place = place;
    if (event->type == YAML_SCALAR_EVENT) {
        node->text = scalar_text(reader, event);
        resolve(reader, node, event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE);
    } else {
        node->kind = event->type == YAML_SEQUENCE_START_EVENT ? NODE_LIST : NODE_MAP;
    }
    return node;
}

static void append(struct reader *reader, struct node *parent, struct node *child)
{
    child->parent = parent;
    if (parent->first == NULL) {
        parent->first = child;
    } else {
        parent->last->next = child;
    }
    parent->last = child;
    if (++parent->count > NODE_MAX_ITEMS) {
        FAIL(reader, child->place, "more than %d entries in one list or map", NODE_MAX_ITEMS);
    }
}

static const char *read_key(struct reader *reader, const struct node *map,
                            const yaml_event_t *event)
{
    struct position place = place_of(reader, event->start_mark);
    refuse_decorations(reader, event);
    if (event->type != YAML_SCALAR_EVENT) {
        FAIL(reader, place, "a key must be a text");
        return NULL;
    }
    const char *key = scalar_text(reader, event);
    const struct node *other = node_find(map, key);
    if (other != NULL) {
        FAIL(reader, place, "the key \"%s\" is already there, on line %d", key,
             other->key_place.line);
    }
    return key;
}

static struct node *read_value(struct reader *reader, yaml_event_t *event, int depth);

/* Reads children until the end event of `parent`; every event is released here. */
static void read_children(struct reader *reader, struct node *parent, int depth)
{
    while (!reader->failed) {
        yaml_event_t event;
        if (!next_event(reader, &event)) {
            return;
        }
        if (event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT) {
            yaml_event_delete(&event);
            return;
        }

        const char *key = NULL;
        struct position key_place = place_of(reader, event.start_mark);
        if (parent->kind == NODE_MAP) {
            key = read_key(reader, parent, &event);
            yaml_event_delete(&event);
            if (key == NULL || reader->failed || !next_event(reader, &event)) {
                return;
            }
        }
        struct node *child = read_value(reader, &event, depth + 1);
        if (child != NULL) {
            child->key = key;
            child->key_place = key_place;
            append(reader, parent, child);
        }
    }
}

static struct node *read_value(struct reader *reader, yaml_event_t *event, int depth)
{
    struct node *node = new_node(reader, event);
    yaml_event_delete(event);
    if (node == NULL || node->kind < NODE_LIST) {
        return node;
    }
    if (depth > NODE_MAX_DEPTH) {
        FAIL(reader, node->place, "nested deeper than %d", NODE_MAX_DEPTH);
        return NULL;
    }
    read_children(reader, node, depth);
    return node;
}

/* The next event that is not the beginning of the stream or of a document. */
static bool next_content(struct reader *reader, yaml_event_t *event)
{
    while (next_event(reader, event)) {
        if (event->type != YAML_STREAM_START_EVENT && event->type != YAML_DOCUMENT_START_EVENT &&
            event->type != YAML_DOCUMENT_END_EVENT) {
            return true;
        }
        yaml_event_delete(event);
    }
    return false;
}

static const struct node *read_document(struct reader *reader)
{
    yaml_event_t event;
    if (!next_content(reader, &event)) {
        return NULL;
    }
    if (event.type == YAML_STREAM_END_EVENT) {
        FAIL(reader, place_of(reader, event.start_mark), "the file is empty");
        yaml_event_delete(&event);
        return NULL;
    }
    const struct node *root = read_value(reader, &event, 0);
    if (reader->failed || !next_content(reader, &event)) {
        return NULL;
    }
    if (event.type != YAML_STREAM_END_EVENT) {
        FAIL(reader, place_of(reader, event.start_mark), "a second document in the same file");
    }
    yaml_event_delete(&event);
    return root;
}

const struct node *node_parse(const char *path, const char *bytes, size_t length,
                              struct arena *arena, struct findings *findings)
{
    struct reader reader = {.path = path, .arena = arena, .findings = findings};
    if (length > NODE_MAX_BYTES) {
        findings_add(findings, (struct position){.path = path}, "larger than %d bytes",
                     NODE_MAX_BYTES);
        return NULL;
    }
    if (yaml_parser_initialize(&reader.parser) == 0) {
        abort(); /* out of memory */
    }
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)bytes, length);
    const struct node *root = read_document(&reader);
    yaml_parser_delete(&reader.parser);
    return reader.failed ? NULL : root;
}

const struct node *node_load(const char *path, struct arena *arena, struct findings *findings)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        findings_add(findings, (struct position){.path = path}, "cannot be opened: %s",
                     strerror(errno));
        return NULL;
    }
    enum { PIECE_BYTES = 65536 };
    AUTO(buffer_done) struct buffer content = {0};
    size_t count = 0;
    do {
        count = fread(buffer_reserve(&content, PIECE_BYTES), 1, PIECE_BYTES, file);
        buffer_grow(&content, count);
    } while (count > 0 && content.length <= NODE_MAX_BYTES);
    bool failed = ferror(file) != 0;
    (void)fclose(file);
    if (failed) {
        findings_add(findings, (struct position){.path = path}, "cannot be read");
        return NULL;
    }
    return node_parse(path, buffer_cstr(&content), content.length, arena, findings);
}

const struct node *node_find(const struct node *map, const char *key)
{
    if (map == NULL || map->kind != NODE_MAP) {
        return NULL;
    }
    for (const struct node *child = map->first; child != NULL; child = child->next) {
        if (strcmp(child->key, key) == 0) {
            return child;
        }
    }
    return NULL;
}

const char *node_find_text(const struct node *map, const char *key)
{
    const struct node *child = node_find(map, key);
    return child != NULL && child->kind == NODE_STRING ? child->text : NULL;
}

const char *node_kind_name(enum node_kind kind)
{
    static const char *const names[] = {
        [NODE_NULL] = "null",     [NODE_BOOLEAN] = "boolean", [NODE_INTEGER] = "integer",
        [NODE_NUMBER] = "number", [NODE_STRING] = "string",   [NODE_LIST] = "list",
        [NODE_MAP] = "map",
    };
    return names[kind];
}
