/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/node_reader.h"

#include "core/text.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct anchor {
    const char *name;
    const struct node *node; /* NULL while it is being read */
};

struct yaml {
    yaml_parser_t parser;
    struct node_reader *reader;
    struct anchor *anchors; /* in the order of the file: the last of a name counts */
    size_t anchor_count;
};

static struct position place_of(const struct yaml *yaml, yaml_mark_t mark)
{
    return (struct position){
        .path = yaml->reader->path, .line = (int)mark.line + 1, .column = (int)mark.column + 1};
}

#define FAIL(yaml, place, ...) NODE_FAIL((yaml)->reader, place, __VA_ARGS__)

/* Only plain scalars have a type; what is quoted is a string. */
static void resolve(struct node *node)
{
    bool is_integer = false;
    if (node->text[0] == '\0' || strcmp(node->text, "null") == 0 || strcmp(node->text, "~") == 0) {
        node->kind = NODE_NULL;
    } else if (strcmp(node->text, "true") == 0 || strcmp(node->text, "false") == 0) {
        node->kind = NODE_BOOLEAN;
        node->integer = node->text[0] == 't';
    } else if (node_is_number(node->text, &is_integer)) {
        node_set_number(node, is_integer);
    }
}

static bool next_event(struct yaml *yaml, yaml_event_t *event)
{
    if (yaml_parser_parse(&yaml->parser, event) != 0) {
        return true;
    }
    const yaml_parser_t *parser = &yaml->parser;
    struct position place = place_of(yaml, parser->problem_mark);
    if (parser->context != NULL) {
        FAIL(yaml, place, "not YAML: %s %s", parser->problem, parser->context);
    } else {
        FAIL(yaml, place, "not YAML: %s", parser->problem);
    }
    return false;
}

struct decoration {
    const yaml_char_t *anchor, *tag;
};

static struct decoration decoration_of(const yaml_event_t *event)
{
    if (event->type == YAML_SCALAR_EVENT) {
        return (struct decoration){event->data.scalar.anchor, event->data.scalar.tag};
    }
    if (event->type == YAML_SEQUENCE_START_EVENT) {
        return (struct decoration){event->data.sequence_start.anchor,
                                   event->data.sequence_start.tag};
    }
    if (event->type == YAML_MAPPING_START_EVENT) {
        return (struct decoration){event->data.mapping_start.anchor, event->data.mapping_start.tag};
    }
    return (struct decoration){event->data.alias.anchor, NULL};
}

/* Tags make a document mean something that JSON cannot say. */
static void refuse_tag(struct yaml *yaml, const yaml_event_t *event)
{
    if (decoration_of(event).tag != NULL) {
        FAIL(yaml, place_of(yaml, event->start_mark), "tags are not accepted");
    }
}

static const char *scalar_text(struct yaml *yaml, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    if (memchr(text, '\0', length) != NULL) {
        FAIL(yaml, place_of(yaml, event->start_mark), "the text contains U+0000");
    }
    return arena_text(yaml->reader->arena, text, length);
}

static struct node *new_node(struct yaml *yaml, const yaml_event_t *event)
{
    refuse_tag(yaml, event);
    if (yaml->reader->failed) {
        return NULL;
    }
    enum node_kind kind = event->type == YAML_SCALAR_EVENT           ? NODE_STRING
                          : event->type == YAML_SEQUENCE_START_EVENT ? NODE_LIST
                                                                     : NODE_MAP;
    struct node *node = node_reader_new(yaml->reader, kind, place_of(yaml, event->start_mark));
    if (node != NULL && kind == NODE_STRING) {
        node->text = scalar_text(yaml, event);
        if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
            resolve(node);
        }
    }
    return node;
}

static const char *read_key(struct yaml *yaml, const yaml_event_t *event)
{
    struct position place = place_of(yaml, event->start_mark);
    refuse_tag(yaml, event);
    if (event->type != YAML_SCALAR_EVENT) {
        FAIL(yaml, place, "a key must be a text");
        return NULL;
    }
    if (event->data.scalar.anchor != NULL) {
        FAIL(yaml, place, "an anchor on a key is not accepted");
        return NULL;
    }
    const char *key = scalar_text(yaml, event);
    if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && strcmp(key, "<<") == 0) {
        FAIL(yaml, place, "merge keys (<<) are no part of YAML 1.2: write the members out");
    }
    return key;
}

static void set_anchor(struct yaml *yaml, const yaml_event_t *event)
{
    const yaml_char_t *name = decoration_of(event).anchor;
    struct arena *arena = yaml->reader->arena;
    if (yaml->anchor_count == NODE_MAX_ANCHORS) {
        FAIL(yaml, place_of(yaml, event->start_mark), "more than %d anchors", NODE_MAX_ANCHORS);
        return;
    }
    if (yaml->anchors == NULL) {
        yaml->anchors = arena_alloc(arena, NODE_MAX_ANCHORS * sizeof yaml->anchors[0]);
    }
    yaml->anchors[yaml->anchor_count++].name =
        arena_text(arena, (const char *)name, strlen((const char *)name));
}

/* A copy: whoever walks the tree need not know of aliases, and the number of nodes is bounded. */
static struct node *copy_tree(struct yaml *yaml, const struct node *original)
{
    struct node *copy = node_reader_new(yaml->reader, original->kind, original->place);
    if (copy == NULL) {
        return NULL;
    }
    copy->text = original->text;
    copy->integer = original->integer;
    copy->number = original->number;
    copy->is_beyond = original->is_beyond;
    for (const struct node *child = original->first; child != NULL; child = child->next) {
        struct node *below = copy_tree(yaml, child);
        if (below == NULL) {
            return NULL;
        }
        below->key = child->key;
        below->key_place = child->key_place;
        node_reader_append(yaml->reader, copy, below);
    }
    node_reader_close(yaml->reader, copy);
    return copy;
}

static int height_of(const struct node *node)
{
    int height = 0;
    for (const struct node *child = node->first; child != NULL; child = child->next) {
        int below = height_of(child);
        height = below > height ? below : height;
    }
    return height + 1;
}

static struct node *read_alias(struct yaml *yaml, const yaml_event_t *event, int depth)
{
    struct position place = place_of(yaml, event->start_mark);
    const char *name = (const char *)event->data.alias.anchor;
    const struct anchor *anchor = NULL;
    for (size_t i = yaml->anchor_count; i > 0 && anchor == NULL; i--) {
        anchor = strcmp(yaml->anchors[i - 1].name, name) == 0 ? &yaml->anchors[i - 1] : NULL;
    }
    if (anchor == NULL) {
        FAIL(yaml, place, "the alias *%s has no anchor before it", name);
        return NULL;
    }
    if (anchor->node == NULL) {
        FAIL(yaml, place, "the alias *%s stands inside of its own anchor", name);
        return NULL;
    }
    bool has_depth =
        node_reader_has_depth(yaml->reader, place, depth + height_of(anchor->node) - 1);
    return has_depth ? copy_tree(yaml, anchor->node) : NULL;
}

static struct node *read_value(struct yaml *yaml, yaml_event_t *event, int depth);

/* Reads children until the end event of `parent`; every event is released here. */
static void read_children(struct yaml *yaml, struct node *parent, int depth)
{
    while (!yaml->reader->failed) {
        yaml_event_t event;
        if (!next_event(yaml, &event)) {
            return;
        }
        if (event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT) {
            yaml_event_delete(&event);
            node_reader_close(yaml->reader, parent);
            return;
        }

        const char *key = NULL;
        struct position key_place = place_of(yaml, event.start_mark);
        if (parent->kind == NODE_MAP) {
            key = read_key(yaml, &event);
            yaml_event_delete(&event);
            if (key == NULL || yaml->reader->failed || !next_event(yaml, &event)) {
                return;
            }
        }
        struct node *child = read_value(yaml, &event, depth + 1);
        if (child != NULL) {
            child->key = key;
            child->key_place = key_place;
            node_reader_append(yaml->reader, parent, child);
        }
    }
}

static struct node *read_value(struct yaml *yaml, yaml_event_t *event, int depth)
{
    if (event->type == YAML_ALIAS_EVENT) {
        struct node *copy = read_alias(yaml, event, depth);
        yaml_event_delete(event);
        return copy;
    }
    size_t anchor = yaml->anchor_count;
    bool has_anchor = decoration_of(event).anchor != NULL;
    if (has_anchor) {
        set_anchor(yaml, event);
    }
    struct node *node = new_node(yaml, event);
    yaml_event_delete(event);
    if (node == NULL) {
        return NULL;
    }
    if (node->kind >= NODE_LIST) {
        if (!node_reader_has_depth(yaml->reader, node->place, depth)) {
            return NULL;
        }
        read_children(yaml, node, depth);
    }
    if (has_anchor && !yaml->reader->failed) {
        yaml->anchors[anchor].node = node;
    }
    return node;
}

/* The next event that is not the beginning of the stream or of a document. */
static bool next_content(struct yaml *yaml, yaml_event_t *event)
{
    while (next_event(yaml, event)) {
        if (event->type != YAML_STREAM_START_EVENT && event->type != YAML_DOCUMENT_START_EVENT &&
            event->type != YAML_DOCUMENT_END_EVENT) {
            return true;
        }
        yaml_event_delete(event);
    }
    return false;
}

static const struct node *read_document(struct yaml *yaml)
{
    yaml_event_t event;
    if (!next_content(yaml, &event)) {
        return NULL;
    }
    if (event.type == YAML_STREAM_END_EVENT) {
        FAIL(yaml, place_of(yaml, event.start_mark), "the file is empty");
        yaml_event_delete(&event);
        return NULL;
    }
    const struct node *root = read_value(yaml, &event, 0);
    if (yaml->reader->failed || !next_content(yaml, &event)) {
        return NULL;
    }
    if (event.type != YAML_STREAM_END_EVENT) {
        FAIL(yaml, place_of(yaml, event.start_mark), "a second document in the same file");
    }
    yaml_event_delete(&event);
    return root;
}

const struct node *node_parse_yaml(struct node_reader *reader, const char *bytes, size_t length)
{
    struct yaml yaml = {.reader = reader};
    if (yaml_parser_initialize(&yaml.parser) == 0) {
        abort(); /* out of memory */
    }
    yaml_parser_set_encoding(&yaml.parser, YAML_UTF8_ENCODING);
    size_t skip = text_byte_order_mark(bytes, length); /* to libyaml it indents the first line */
    yaml_parser_set_input_string(&yaml.parser, (const unsigned char *)bytes + skip, length - skip);
    const struct node *root = read_document(&yaml);
    yaml_parser_delete(&yaml.parser);
    return root;
}
