/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/jsonschema/resolve.h"

#include "contracts/jsonschema/keywords.h"
#include "contracts/jsonschema/metaschema.h"
#include "contracts/jsonschema/uri.h"
#include "contracts/pointer.h"
#include "core/text.h"

#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { POINTER_MAX_HOPS = 32 };

void resolver_done(struct resolver *resolver)
{
    free(resolver->resources);
    free(resolver->anchored);
    arena_done(&resolver->arena);
}

void resolver_refuse(struct fault *fault, const struct node *node, const char *format, ...)
{
    char text[FAULT_TEXT_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    (void)fault_set(fault, REJECT, "%s:%d:%d: %s", node->place.path, node->place.line,
                    node->place.column, text);
}

static uint32_t add_resource(struct resolver *resolver, const char *uri, const struct node *root)
{
    size_t index = resolver->resource_count++;
    resolver->resources =
        xrealloc(resolver->resources, resolver->resource_count * sizeof resolver->resources[0]);
    resolver->resources[index] = (struct resource){.uri = uri, .root = root};
    /* The first one of a name keeps it. */
    (void)names_add(&resolver->by_uri, &resolver->arena, uri, strlen(uri), (uint32_t)index);
    return (uint32_t)index;
}

static void add_anchor(struct resolver *resolver, const char *uri, const char *name,
                       const struct node *node)
{
    const char *key = arena_printf(&resolver->arena, "%s#%s", uri, name);
    if (names_find(&resolver->anchors, key, strlen(key)) != NULL) {
        return;
    }
    size_t index = resolver->anchored_count++;
    resolver->anchored =
        xrealloc(resolver->anchored, resolver->anchored_count * sizeof(struct node *));
    resolver->anchored[index] = node;
    (void)names_add(&resolver->anchors, &resolver->arena, key, strlen(key), (uint32_t)index);
}

static const struct name *find_node(const struct resolver *resolver, const struct node *node)
{
    const struct node_key key = {node};
    return names_find(&resolver->by_node, (const char *)&key, sizeof key);
}

static void remember_node(struct resolver *resolver, const struct node *node, uint32_t resource)
{
    const struct node_key key = {node};
    const char *kept = arena_text(&resolver->arena, (const char *)&key, sizeof key);
    (void)names_add(&resolver->by_node, &resolver->arena, kept, sizeof key, resource);
}

static bool is_reference(const struct node *schema)
{
    return node_find_text(schema, "$ref") != NULL;
}

/* The resource that a schema with $id begins; `resource` when it begins none. */
static uint32_t read_id(struct resolver *resolver, const struct node *schema, uint32_t resource)
{
    const char *id = node_find_text(schema, "$id");
    if (id == NULL || is_reference(schema) || text_starts_with(id, "path:")) {
        return resource;
    }
    if (id[0] != '#') {
        const char *uri = uri_resolve(&resolver->arena, resolver->resources[resource].uri, id);
        resource = add_resource(resolver, uri, schema);
    }
    const char *fragment = uri_fragment(id);
    if (fragment != NULL && fragment[0] != '\0' && fragment[0] != '/') {
        add_anchor(resolver, resolver->resources[resource].uri, fragment, schema);
    }
    return resource;
}

static void index_schema(struct resolver *resolver, const struct node *schema, uint32_t resource);

static void index_children(struct resolver *resolver, const struct node *parent, uint32_t resource)
{
    for (const struct node *child = parent->first; child != NULL; child = child->next) {
        index_schema(resolver, child, resource);
    }
}

/* Reads the $id of a schema and of those in it: where keywords hold schemas, nowhere else, so that
 * an $id in an enum means nothing. Recursion is bounded by NODE_MAX_DEPTH. */
static void index_schema(struct resolver *resolver, const struct node *schema, uint32_t resource)
{
    if (schema->kind != NODE_MAP || find_node(resolver, schema) != NULL) {
        return;
    }
    resource = read_id(resolver, schema, resource);
    remember_node(resolver, schema, resource);
    for (const struct node *child = schema->first; child != NULL; child = child->next) {
        switch (keyword_holds(child->key)) {
        case HOLDS_NO_SCHEMA:
            break;
        case HOLDS_SCHEMA:
            index_schema(resolver, child, resource);
            break;
        case HOLDS_SCHEMAS:
            index_children(resolver, child, resource);
            break;
        case HOLDS_SCHEMA_OR_SCHEMAS:
            if (child->kind == NODE_LIST) {
                index_children(resolver, child, resource);
            } else {
                index_schema(resolver, child, resource);
            }
            break;
        }
    }
}

/* A file is a resource. One that is a schema as a whole is read for identifiers at once. */
static uint32_t add_file(struct resolver *resolver, const char *uri, const struct node *root)
{
    uint32_t resource = add_resource(resolver, uri, root);
    if (node_find(root, "asyncapi") != NULL) {
        remember_node(resolver, root, resource);
    } else {
        index_schema(resolver, root, resource);
    }
    return resource;
}

static const struct node *file_root(const struct resolver *resolver, const struct node *node)
{
    for (const struct document *document = resolver->documents->first; document != NULL;
         document = document->next) {
        if (document->root != NULL && strcmp(document->path, node->place.path) == 0) {
            return document->root;
        }
    }
    while (node->parent != NULL) {
        node = node->parent;
    }
    return node;
}

/* The resource that a node stands in. */
static uint32_t resource_of(const struct resolver *resolver, const struct node *node)
{
    for (; node != NULL; node = node->parent) {
        const struct name *known = find_node(resolver, node);
        if (known != NULL) {
            return known->value;
        }
    }
    return 0;
}

enum outcome resolver_start(struct resolver *resolver, const struct node *schema)
{
    const struct node *root = file_root(resolver, schema);
    const char *uri = uri_of_path(&resolver->arena, root->place.path);
    uint32_t resource = add_resource(resolver, uri, root);
    if (root == schema) {
        index_schema(resolver, root, resource);
    } else {
        remember_node(resolver, root, resource);
        index_schema(resolver, schema, resource);
    }
    return OK;
}

/* Whether `path`, symbolic links resolved, is a file in `folder` or below. `real` gets what it is
 * then. */
static bool lies_within(const char *path, const char *folder, char real[PATH_MAX])
{
    char real_folder[PATH_MAX];
    struct stat status;
    if (realpath(folder, real_folder) == NULL || realpath(path, real) == NULL ||
        stat(real, &status) != 0 || !S_ISREG(status.st_mode)) {
        return false;
    }
    size_t length = strlen(real_folder);
    if (strncmp(real, real_folder, length) != 0) {
        return false;
    }
    /* The folder itself may be one file; "/" ends with its slash. */
    return real[length] == '\0' || real[length] == '/' || real_folder[length - 1] == '/';
}

/* The file that one of the given folders has for `uri`; NULL. */
static const char *find_in_folder(struct resolver *resolver, const struct jsonschema_folder *folder,
                                  const char *uri)
{
    size_t length = strlen(folder->uri);
    if (strncmp(uri, folder->uri, length) != 0) {
        return NULL;
    }
    const char *rest = uri + length;
    bool ends_with_slash = length > 0 && folder->uri[length - 1] == '/';
    if (*rest != '\0' && *rest != '/' && !ends_with_slash) {
        return NULL;
    }
    const char *name = uri_decode(&resolver->arena, rest, strcspn(rest, "?"));
    if (name == NULL) {
        return NULL;
    }
    const char *path = *rest == '\0'
                           ? folder->folder
                           : arena_printf(&resolver->arena, "%s/%s", folder->folder, name);
    char real[PATH_MAX];
    return lies_within(path, folder->folder, real)
               ? arena_text(&resolver->documents->arena, real, strlen(real))
               : NULL;
}

static const char *find_remote(struct resolver *resolver, const char *uri)
{
    const struct jsonschema_options *options = resolver->options;
    for (size_t i = 0; i < options->folder_count; i++) {
        const char *path = find_in_folder(resolver, &options->folders[i], uri);
        if (path != NULL) {
            return path;
        }
    }
    return NULL;
}

/* What the loader has found wrong since `before`, else that `path` cannot be read. */
static enum outcome refuse_file(struct resolver *resolver, const struct node *ref, const char *path,
                                size_t before)
{
    const struct findings *findings = &resolver->documents->findings;
    if (findings->count > before) {
        const struct finding *finding = &findings->items[before];
        (void)fault_set(resolver->fault, REJECT, "%s:%d:%d: %s", finding->place.path,
                        finding->place.line, finding->place.column, finding->text);
        return REJECT;
    }
    return RESOLVER_REFUSE(resolver->fault, ref,
                           "the reference \"%s\" leads to %s, which cannot be read", ref->text,
                           path);
}

static enum outcome load_local(struct resolver *resolver, const struct node *ref, const char *path,
                               const struct node **out)
{
    char real[PATH_MAX];
    if (ref->text[0] == '/') {
        return RESOLVER_REFUSE(resolver->fault, ref, "the reference \"%s\" must be relative",
                               ref->text);
    }
    if (resolver->options->root != NULL && !lies_within(path, resolver->options->root, real)) {
        return RESOLVER_REFUSE(resolver->fault, ref,
                               "the reference \"%s\" leads to %s, which is no file in %s",
                               ref->text, path, resolver->options->root);
    }
    size_t before = resolver->documents->findings.count;
    const struct document *document = documents_open(resolver->documents, path);
    if (document == NULL) {
        return refuse_file(resolver, ref, path, before);
    }
    *out = document->root;
    return OK;
}

/* Each URI has nodes of its own, because the same file may have a second URI with another base. */
static enum outcome load_remote(struct resolver *resolver, const struct node *ref, const char *uri,
                                const struct node **out)
{
    struct documents *documents = resolver->documents;
    size_t before = documents->findings.count;
    if (strcmp(uri, METASCHEMA_URI) == 0) {
        *out = node_parse(METASCHEMA_URI, metaschema_text, strlen(metaschema_text),
                          &documents->arena, &documents->findings);
        return *out != NULL ? OK : refuse_file(resolver, ref, METASCHEMA_URI, before);
    }
    const char *path = find_remote(resolver, uri);
    if (path == NULL) {
        return RESOLVER_REFUSE(
            resolver->fault, ref,
            "the reference \"%s\" means %s, which is in none of the folders "
            "given to resolve references (--resolve URI=DIR); nothing is fetched",
            ref->text, uri);
    }
    *out = node_load(path, &documents->arena, &documents->findings);
    return *out != NULL ? OK : refuse_file(resolver, ref, path, before);
}

static enum outcome find_resource(struct resolver *resolver, const struct node *ref,
                                  const char *uri, uint32_t *out)
{
    const struct name *known = names_find(&resolver->by_uri, uri, strlen(uri));
    if (known != NULL) {
        *out = known->value;
        return OK;
    }
    const char *path = uri_path(&resolver->arena, uri);
    const struct node *root = NULL;
    enum outcome o = path != NULL ? load_local(resolver, ref, path, &root)
                                  : load_remote(resolver, ref, uri, &root);
    if (o == OK) {
        *out = add_file(resolver, uri, root);
    }
    return o;
}

static enum outcome follow(struct resolver *resolver, const struct node *ref, int hops,
                           const struct node **out);

/* `pointer` is decoded and begins with a slash. Where it leads through a reference, that is
 * followed when the place itself has no such member. */
static enum outcome walk(struct resolver *resolver, const struct node *ref, char *pointer, int hops,
                         const struct node **node)
{
    char *at = pointer;
    while (at != NULL) {
        char *step = at + 1;
        at = strchr(step, '/');
        if (at != NULL) {
            *at = '\0';
        }
        pointer_unescape(step);
        const struct node *child = pointer_child(*node, step);
        const struct node *inner = node_find(*node, "$ref");
        if (child == NULL && inner != NULL && inner != ref && inner->kind == NODE_STRING) {
            const struct node *target = NULL;
            enum outcome o = follow(resolver, inner, hops + 1, &target);
            if (o != OK) {
                return o;
            }
            child = pointer_child(target, step);
        }
        if (child == NULL) {
            return RESOLVER_REFUSE(resolver->fault, ref,
                                   "the reference \"%s\" leads nowhere: there is no \"%s\"",
                                   ref->text, step);
        }
        *node = child;
    }
    return OK;
}

static enum outcome find_fragment(struct resolver *resolver, const struct node *ref,
                                  uint32_t resource, const char *uri, int hops,
                                  const struct node **out)
{
    const char *raw = uri_fragment(ref->text);
    *out = resolver->resources[resource].root;
    if (raw == NULL || raw[0] == '\0') {
        return OK;
    }
    char *fragment = uri_decode(&resolver->arena, raw, strlen(raw));
    if (fragment == NULL) {
        return RESOLVER_REFUSE(resolver->fault, ref, "the reference \"%s\" has a bad %% escape",
                               ref->text);
    }
    if (fragment[0] == '/') {
        return walk(resolver, ref, fragment, hops, out);
    }
    const char *key = arena_printf(&resolver->arena, "%s#%s", uri, fragment);
    const struct name *anchor = names_find(&resolver->anchors, key, strlen(key));
    if (anchor == NULL) {
        /* A file whose root has an $id knows its names under that. */
        resource = resource_of(resolver, resolver->resources[resource].root);
        key = arena_printf(&resolver->arena, "%s#%s", resolver->resources[resource].uri, fragment);
        anchor = names_find(&resolver->anchors, key, strlen(key));
    }
    if (anchor == NULL) {
        return RESOLVER_REFUSE(
            resolver->fault, ref,
            "the reference \"%s\" leads nowhere: no schema there has \"$id\": \"#%s\"", ref->text,
            fragment);
    }
    *out = resolver->anchored[anchor->value];
    return OK;
}

static enum outcome follow(struct resolver *resolver, const struct node *ref, int hops,
                           const struct node **out)
{
    if (hops > POINTER_MAX_HOPS) {
        return RESOLVER_REFUSE(resolver->fault, ref, "the reference \"%s\" leads in a circle",
                               ref->text);
    }
    if (text_starts_with(ref->text, "path:")) {
        return RESOLVER_REFUSE(resolver->fault, ref, "the reference \"%s\" has an unknown scheme",
                               ref->text);
    }
    uint32_t resource = resource_of(resolver, ref);
    const char *uri = uri_resolve(&resolver->arena, resolver->resources[resource].uri, ref->text);
    /* '#…' is the resource it stands in, even where another one has taken its name. */
    if (ref->text[0] != '#') {
        enum outcome o = find_resource(resolver, ref, uri, &resource);
        if (o != OK) {
            return o;
        }
    }
    const struct node *node = NULL;
    enum outcome o = find_fragment(resolver, ref, resource, uri, hops, &node);
    if (o != OK) {
        return o;
    }
    index_schema(resolver, node, resource_of(resolver, node));
    *out = node;
    return OK;
}

enum outcome resolver_follow(struct resolver *resolver, const struct node *ref,
                             const struct node **out)
{
    if (ref->kind != NODE_STRING) {
        return RESOLVER_REFUSE(resolver->fault, ref, "$ref must be a string, not %s",
                               node_kind_phrase(ref->kind));
    }
    if (ref->length > 0) {
        return RESOLVER_REFUSE(resolver->fault, ref, "$ref has U+0000");
    }
    return follow(resolver, ref, 0, out);
}
