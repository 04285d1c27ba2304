/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/node.h"

#include "contracts/node_reader.h"
#include "core/buffer.h"
#include "core/text.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* From so many members on a map is searched by its index. */
enum { INDEX_FROM = 12 };

bool node_is_number(const char *text, bool *is_integer)
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

void node_set_number(struct node *node, bool is_integer)
{
    node->kind = is_integer ? NODE_INTEGER : NODE_NUMBER;
    node->number = strtod(node->text, NULL);
    if (!isfinite(node->number)) {
        node->number = node->number < 0 ? -DBL_MAX : DBL_MAX;
        node->is_beyond = true;
    }
    if (is_integer && !text_int(node->text, INT64_MIN, INT64_MAX, &node->integer)) {
        node->integer = node->text[0] == '-' ? INT64_MIN : INT64_MAX;
        node->is_beyond = true;
    }
}

struct node *node_reader_new(struct node_reader *reader, enum node_kind kind, struct position place)
{
    if (++reader->nodes > NODE_MAX_NODES) {
        NODE_FAIL(reader, place, "more than %d values in one file", NODE_MAX_NODES);
        return NULL;
    }
    struct node *node = arena_alloc(reader->arena, sizeof *node);
    node->kind = kind;
    node->place = place;
    node->key_place = place;
    return node;
}

void node_reader_append(struct node_reader *reader, struct node *parent, struct node *child)
{
    child->parent = parent;
    if (parent->first == NULL) {
        parent->first = child;
    } else {
        parent->last->next = child;
    }
    parent->last = child;
    if (++parent->count > NODE_MAX_ITEMS) {
        NODE_FAIL(reader, child->place, "more than %d entries in one list or map", NODE_MAX_ITEMS);
    }
}

bool node_reader_has_depth(struct node_reader *reader, struct position place, int depth)
{
    if (depth > NODE_MAX_DEPTH) {
        NODE_FAIL(reader, place, "nested deeper than %d", NODE_MAX_DEPTH);
    }
    return depth <= NODE_MAX_DEPTH;
}

static int by_place(const struct node *a, const struct node *b)
{
    int lines = (a->key_place.line > b->key_place.line) - (a->key_place.line < b->key_place.line);
    return lines != 0 ? lines
                      : (a->key_place.column > b->key_place.column) -
                            (a->key_place.column < b->key_place.column);
}

static int by_key(const void *a, const void *b)
{
    const struct node *left = *(struct node *const *)a;
    const struct node *right = *(struct node *const *)b;
    int keys = strcmp(left->key, right->key);
    return keys != 0 ? keys : by_place(left, right);
}

void node_reader_close(struct node_reader *reader, struct node *node)
{
    if (node->kind != NODE_MAP || node->count < 2) {
        return;
    }
    struct node *few[INDEX_FROM];
    struct node **sorted = few;
    if (node->count >= INDEX_FROM) {
        sorted = arena_alloc(reader->arena, node->count * sizeof(struct node *));
        node->index = sorted;
    }
    size_t count = 0;
    for (struct node *child = node->first; child != NULL; child = child->next) {
        sorted[count++] = child;
    }
    qsort(sorted, count, sizeof(struct node *), by_key);
    for (size_t i = 1; i < count; i++) {
        if (strcmp(sorted[i - 1]->key, sorted[i]->key) == 0) {
            NODE_FAIL(reader, sorted[i]->key_place, "the key \"%s\" is already there, on line %d",
                      sorted[i]->key, sorted[i - 1]->key_place.line);
        }
    }
}

static bool has_suffix(const char *path, const char *suffix)
{
    const char *dot = strrchr(path, '.');
    return dot != NULL && strcmp(dot, suffix) == 0;
}

/* A pipe or a file whose name says nothing. Most of JSON is YAML as well, but not all of it:
 * surrogate pairs, U+0000 and tabs are not. NULL when it is no JSON. */
static const struct node *parse_unnamed(const struct node_reader *reader, const char *bytes,
                                        size_t length)
{
    struct findings untold = {0};
    struct node_reader attempt = *reader;
    attempt.findings = &untold;
    const struct node *root = node_parse_json(&attempt, bytes, length);
    findings_done(&untold);
    return attempt.failed ? NULL : root;
}

const struct node *node_parse(const char *path, const char *bytes, size_t length,
                              struct arena *arena, struct findings *findings)
{
    struct node_reader reader = {.path = path, .arena = arena, .findings = findings};
    if (length > NODE_MAX_BYTES) {
        findings_add_kind(findings, FINDING_UNREADABLE, (struct position){.path = path},
                          "larger than %d bytes", NODE_MAX_BYTES);
        return NULL;
    }
    bool is_json = has_suffix(path, ".json");
    bool is_yaml = has_suffix(path, ".yaml") || has_suffix(path, ".yml");
    const struct node *root = is_json || is_yaml ? NULL : parse_unnamed(&reader, bytes, length);
    if (root != NULL) {
        return root;
    }
    root =
        is_json ? node_parse_json(&reader, bytes, length) : node_parse_yaml(&reader, bytes, length);
    return reader.failed ? NULL : root;
}

const struct node *node_load(const char *path, struct arena *arena, struct findings *findings)
{
    struct stat entry;
    if (stat(path, &entry) == 0 && !S_ISREG(entry.st_mode)) { /* reading it might never end */
        findings_add_kind(findings, FINDING_UNREADABLE, (struct position){.path = path},
                          S_ISDIR(entry.st_mode) ? "is a folder, no file"
                                                 : "neither a file nor a folder");
        return NULL;
    }
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        findings_add_kind(findings, FINDING_UNREADABLE, (struct position){.path = path},
                          "cannot be opened: %s", strerror(errno));
        return NULL;
    }
    AUTO(buffer_done) struct buffer content = {0};
    bool is_read = buffer_read(&content, file, NODE_MAX_BYTES);
    (void)fclose(file);
    if (!is_read) {
        findings_add_kind(findings, FINDING_UNREADABLE, (struct position){.path = path},
                          "cannot be read");
        return NULL;
    }
    return node_parse(path, buffer_cstr(&content), content.length, arena, findings);
}

static int with_key(const void *key, const void *item)
{
    const struct node *node = *(struct node *const *)item;
    return strcmp(key, node->key);
}

const struct node *node_find(const struct node *map, const char *key)
{
    if (map == NULL || map->kind != NODE_MAP) {
        return NULL;
    }
    if (map->index != NULL) {
        struct node *const *found =
            bsearch(key, map->index, map->count, sizeof(struct node *), with_key);
        return found != NULL ? *found : NULL;
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

const char *node_kind_phrase(enum node_kind kind)
{
    static const char *const phrases[] = {
        [NODE_NULL] = "null",       [NODE_BOOLEAN] = "a boolean", [NODE_INTEGER] = "an integer",
        [NODE_NUMBER] = "a number", [NODE_STRING] = "a string",   [NODE_LIST] = "a list",
        [NODE_MAP] = "a map",
    };
    return phrases[kind];
}
