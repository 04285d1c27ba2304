/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/structure_rules.h"
#include "contracts/similar.h"
#include "core/buffer.h"
#include "core/text.h"

#include <stdlib.h>
#include <string.h>

/*
 * One walk over a document by the tables of the specification (lint/spec.h). What a reference leads
 * to is put on a list instead of descended into, so that no chain of references is too long, and
 * every node is judged once as the same object.
 */

struct visit {
    const struct node *node;
    const struct spec_object *object;
};

struct walk {
    struct lint *lint;
    struct visit *seen; /* a hash table */
    size_t seen_room, seen_count;
    struct visit *pending;
    size_t pending_room, pending_count;
};

static size_t slot_of(const struct walk *walk, struct visit visit)
{
    uint64_t hash = ((uint64_t)(uintptr_t)visit.node * 0x9E3779B97F4A7C15u) ^
                    ((uint64_t)(uintptr_t)visit.object * 0xC2B2AE3D27D4EB4Fu);
    size_t mask = walk->seen_room - 1;
    size_t at = (size_t)(hash >> 32) & mask;
    while (walk->seen[at].node != NULL &&
           (walk->seen[at].node != visit.node || walk->seen[at].object != visit.object)) {
        at = (at + 1) & mask;
    }
    return at;
}

/* False when the node was judged as this object before. */
static bool see(struct walk *walk, struct visit visit)
{
    enum { FIRST = 256 };
    if (walk->seen_count * 2 >= walk->seen_room) {
        struct visit *old = walk->seen;
        size_t room = walk->seen_room;
        walk->seen_room = room > 0 ? room * 2 : FIRST;
        walk->seen = xcalloc(walk->seen_room, sizeof *old);
        for (size_t i = 0; i < room; i++) {
            if (old[i].node != NULL) {
                walk->seen[slot_of(walk, old[i])] = old[i];
            }
        }
        free(old);
    }
    size_t slot = slot_of(walk, visit);
    if (walk->seen[slot].node != NULL) {
        return false;
    }
    walk->seen[slot] = visit;
    walk->seen_count++;
    return true;
}

static void visit_later(struct walk *walk, struct visit visit)
{
    enum { FIRST = 64 };
    if (walk->pending_count == walk->pending_room) {
        walk->pending_room = walk->pending_room > 0 ? walk->pending_room * 2 : FIRST;
        walk->pending = xrealloc(walk->pending, walk->pending_room * sizeof walk->pending[0]);
    }
    walk->pending[walk->pending_count++] = visit;
}

static const char *name_of(const struct node *node)
{
    return node->key != NULL ? node->key : "an entry";
}

/* Kinds */

static unsigned kind_of(const struct node *node)
{
    bool is_whole = node->kind == NODE_NUMBER && !node->is_beyond && node->number >= -9e15 &&
                    node->number <= 9e15 && node->number == (double)(int64_t)node->number;
    return is_whole ? SPEC_INTEGER : 1u << node->kind;
}

/* "true or false", "a string or null". */
static void say_kinds(unsigned kinds, char *text, size_t room)
{
    static const struct {
        unsigned kind;
        const char *name;
    } names[] = {
        {SPEC_TEXT, "a string"}, {SPEC_INTEGER, "an integer"}, {SPEC_BOOLEAN, "true or false"},
        {SPEC_LIST, "a list"},   {SPEC_MAP, "a map"},          {SPEC_NULL, "null"},
    };
    text[0] = '\0';
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if ((kinds & names[i].kind) != 0) {
            bool is_number = names[i].kind == SPEC_INTEGER && (kinds & SPEC_NUMBER) == SPEC_NUMBER;
            size_t length = strlen(text);
            (void)snprintf(text + length, room - length, "%s%s", length > 0 ? " or " : "",
                           is_number ? "a number" : names[i].name);
        }
    }
}

static const char *article(const char *noun)
{
    return strchr("AEIOUaeiou", noun[0]) != NULL ? "an" : "a";
}

static bool has_kind(struct walk *walk, const struct node *node, unsigned kinds, const char *what)
{
    if ((kind_of(node) & kinds) != 0) {
        return true;
    }
    char wanted[128];
    say_kinds(kinds, wanted, sizeof wanted);
    if (node->kind == NODE_NULL) {
        lint_add(walk->lint, &structure_wrong_type, node->place, "%s must be %s and is empty", what,
                 wanted);
    } else {
        lint_add(walk->lint, &structure_wrong_type, node->place, "%s must be %s, not %s", what,
                 wanted, node_kind_phrase(node->kind));
    }
    return false;
}

/* Values */

static bool is_one_of(const struct node *value, const char *const *values)
{
    for (; *values != NULL; values++) {
        if (strcmp(*values, value->text) == 0) {
            return true;
        }
    }
    return false;
}

static void check_listed(struct walk *walk, const struct node *value,
                         const struct spec_member *member)
{
    if (is_one_of(value, member->values)) {
        return;
    }
    AUTO(buffer_done) struct buffer list = {0};
    size_t count = 0;
    while (member->values[count] != NULL) {
        buffer_printf(&list, "%s%s", count > 0 ? ", " : "", member->values[count]);
        count++;
    }
    const char *near = similar_find(value->text, member->values, count);
    if (near != NULL) {
        lint_add(walk->lint, &structure_bad_value, value->place,
                 "%s cannot be \"%s\": did you mean \"%s\"?", member->name, value->text, near);
    } else {
        lint_add(walk->lint, &structure_bad_value, value->place,
                 "%s cannot be \"%s\": it is one of %s", member->name, value->text,
                 buffer_cstr(&list));
    }
}

static int by_text(const void *a, const void *b)
{
    const struct node *left = *(const struct node *const *)a;
    const struct node *right = *(const struct node *const *)b;
    int texts = strcmp(left->text, right->text);
    int lines = left->place.line - right->place.line;
    return texts != 0 ? texts : lines != 0 ? lines : left->place.column - right->place.column;
}

static void free_nodes(const struct node ***nodes)
{
    free(*nodes);
}

static void free_names(const char ***names)
{
    free(*names);
}

/* Entries that are texts, or references: `what` is said of the later of two. */
static void check_unique(struct walk *walk, const struct node *const *entries, size_t count,
                         const struct lint_rule *rule, const char *what)
{
    AUTO(free_nodes) const struct node **sorted = xcalloc(count, sizeof(struct node *));
    memcpy(sorted, entries, count * sizeof(struct node *));
    qsort(sorted, count, sizeof(struct node *), by_text);
    for (size_t i = 1; i < count; i++) {
        if (strcmp(sorted[i - 1]->text, sorted[i]->text) == 0) {
            lint_add(walk->lint, rule, sorted[i]->place,
                     "%s \"%s\" is already there, on line %d: remove one", what, sorted[i]->text,
                     sorted[i - 1]->place.line);
        }
    }
}

/* What makes entries of a list the same: their text, or a part of them. */
typedef const struct node *entry_text(struct walk *walk, const struct node *entry);

static void check_entries(struct walk *walk, const struct node *list, entry_text *text,
                          const struct lint_rule *rule, const char *what)
{
    AUTO(free_nodes) const struct node **entries = xcalloc(list->count, sizeof(struct node *));
    size_t count = 0;
    for (const struct node *entry = list->first; entry != NULL; entry = entry->next) {
        const struct node *found = text(walk, entry);
        if (found != NULL && found->kind == NODE_STRING) {
            entries[count++] = found;
        }
    }
    check_unique(walk, entries, count, rule, what);
}

static const struct node *itself(struct walk *walk, const struct node *entry)
{
    (void)walk;
    return entry->kind == NODE_MAP ? node_find(entry, "$ref") : entry;
}

static const struct node *tag_name(struct walk *walk, const struct node *entry)
{
    return node_find(ref_follow(walk->lint->documents, entry), "name");
}

static void check_list(struct walk *walk, const struct node *list, const struct spec_member *member)
{
    if ((member->flags & SPEC_SOME) != 0 && list->count == 0) {
        lint_add(walk->lint, &structure_bad_value, list->place, "%s must have at least one entry",
                 member->name);
    }
    if ((member->flags & SPEC_UNIQUE) != 0) {
        check_entries(walk, list, itself, &structure_duplicate_entry, "the entry");
    }
    if (member->object == &spec_tag) {
        check_entries(walk, list, tag_name, &structure_duplicate_tag, "a tag");
    }
    for (const struct node *entry = list->first; entry != NULL && (member->flags & SPEC_TEXTS) != 0;
         entry = entry->next) {
        bool is_unquoted_null = entry->kind == NODE_NULL && member->values != NULL;
        if (is_unquoted_null) {
            lint_add(walk->lint, &structure_wrong_type, entry->place,
                     "%s: write 'null' in quotes, it is the name of a type", member->name);
        } else if (has_kind(walk, entry, SPEC_TEXT, "an entry") && member->values != NULL) {
            check_listed(walk, entry, member);
        }
    }
}

static void visit_plain(struct walk *walk, const struct node *value,
                        const struct spec_member *member)
{
    if (!has_kind(walk, value, member->kinds, member->name)) {
        return;
    }
    if (value->kind == NODE_LIST) {
        check_list(walk, value, member);
    } else if (member->values != NULL && value->text != NULL) {
        check_listed(walk, value, member);
    } else if (member->check != NULL) {
        const char *wanted = member->check(value);
        if (wanted != NULL) {
            lint_add(walk->lint, &structure_bad_value, value->place, "%s must be %s", member->name,
                     wanted);
        }
    }
}

/* References */

/* `text` up to the next step of a pointer that begins with '/'. */
static size_t step_length(const char *pointer)
{
    return *pointer == '/' ? strcspn(pointer + 1, "/") + 1 : 0;
}

static bool is_step(const char *pointer, const char *name)
{
    size_t length = strlen(name);
    return step_length(pointer) == length + 1 && strncmp(pointer + 1, name, length) == 0;
}

/* The member of components that a pointer into components or into the root's maps stands for; NULL
 * when it leads anywhere else. `length` is that of its name. */
static const char *section_of(const char *pointer, size_t *length)
{
    const char *at = pointer;
    if (is_step(at, "components")) {
        at += step_length(at);
    } else if (is_step(at, "channels")) {
        const char *below = at + step_length(at) + step_length(at + step_length(at));
        at = is_step(below, "messages") ? below : at;
    } else if (!is_step(at, "servers") && !is_step(at, "operations")) {
        return NULL;
    }
    const char *key = at + step_length(at);
    bool is_entry = *key == '/' && key[step_length(key)] == '\0';
    *length = step_length(at) > 0 ? step_length(at) - 1 : 0;
    return is_entry ? at + 1 : NULL;
}

static bool has_right_kind(struct walk *walk, const struct node *ref,
                           const struct spec_object *object)
{
    const char *hash = strchr(ref->text, '#');
    size_t length = 0;
    const char *section = hash != NULL ? section_of(hash + 1, &length) : NULL;
    if (section == NULL || object->section == NULL ||
        (strlen(object->section) == length && strncmp(section, object->section, length) == 0)) {
        return true;
    }
    lint_add(walk->lint, &structure_reference_kind, ref->place,
             "%s %s is wanted here, and \"%s\" is one of the %.*s", article(object->name),
             object->name, ref->text, (int)length, section);
    return false;
}

/* Members that say something to a reader alone: beside a schema's $ref they do no harm. */
static bool is_remark(const char *key)
{
    static const char *const remarks[] = {"description", "title",    "summary",
                                          "$comment",    "examples", "deprecated"};
    for (size_t i = 0; i < COUNT_OF(remarks); i++) {
        if (strcmp(key, remarks[i]) == 0) {
            return true;
        }
    }
    return text_starts_with(key, "x-");
}

static void check_siblings(struct walk *walk, const struct node *value,
                           const struct spec_object *object)
{
    for (const struct node *child = value->first; child != NULL; child = child->next) {
        bool is_harmless = object == &spec_schema && is_remark(child->key);
        if (strcmp(child->key, "$ref") != 0 && !is_harmless) {
            lint_add(walk->lint, &structure_reference_siblings, child->key_place,
                     "\"%s\" beside $ref is ignored: remove it, or write it where the reference "
                     "leads",
                     child->key);
        }
    }
}

static void visit_reference(struct walk *walk, const struct node *value,
                            const struct spec_object *object)
{
    const struct node *ref = node_find(value, "$ref");
    check_siblings(walk, value, object);
    if (ref->kind == NODE_STRING && !has_right_kind(walk, ref, object)) {
        return;
    }
    const struct node *target = ref_follow(walk->lint->documents, value);
    if (target != NULL && target->parent == NULL && node_find(target, "asyncapi") != NULL) {
        lint_add(walk->lint, &structure_reference_kind, ref->place,
                 "%s %s is wanted here, and \"%s\" is a whole AsyncAPI document",
                 article(object->name), object->name, ref->text);
    } else if (target != NULL) {
        visit_later(walk, (struct visit){target, object});
    }
}

static bool is_reference(const struct node *node)
{
    return node->kind == NODE_MAP && node_find(node, "$ref") != NULL;
}

/* Objects */

static void visit_object(struct walk *walk, const struct node *node,
                         const struct spec_object *object);

static void visit_value(struct walk *walk, const struct node *value,
                        const struct spec_member *member)
{
    bool may_refer = (member->flags & (SPEC_REF | SPEC_REF_ONLY)) != 0;
    bool is_schema = member->object == &spec_schema;
    if (is_reference(value)) {
        if (may_refer || is_schema) {
            visit_reference(walk, value, member->object);
        } else {
            lint_add(walk->lint, &structure_reference_not_allowed, node_find(value, "$ref")->place,
                     "%s %s cannot be a reference: write it out", article(member->object->name),
                     member->object->name);
        }
    } else if ((member->flags & SPEC_REF_ONLY) != 0) {
        lint_add(walk->lint, &structure_reference_required, value->place,
                 "%s must be a reference, {$ref: …}", name_of(value));
    } else {
        visit_object(walk, value, member->object);
    }
}

/* A name that every reference can hold as it is. */
static bool is_component_key(const char *key)
{
    return *key != '\0' && key[strspn(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                           "0123456789._-")] == '\0';
}

static void visit_entries(struct walk *walk, const struct node *holder,
                          const struct spec_member *member)
{
    const struct node *ref = holder->kind == NODE_MAP ? node_find(holder, "$ref") : NULL;
    if (ref != NULL && ref->kind == NODE_STRING) {
        lint_add(walk->lint, &structure_reference_not_allowed, ref->place,
                 "%s cannot be a reference as a whole: refer to each entry", member->name);
        return;
    }
    for (const struct node *entry = holder->first; entry != NULL; entry = entry->next) {
        if (member->holds == SPEC_COMPONENTS_OF && !is_component_key(entry->key)) {
            lint_add(walk->lint, &structure_bad_component_key, entry->key_place,
                     "\"%s\" cannot be the name of a component: use letters, digits, dots, - and _",
                     entry->key);
        }
        visit_value(walk, entry, member);
    }
}

static void visit_member(struct walk *walk, const struct node *value,
                         const struct spec_member *member)
{
    if (member->object == NULL) {
        visit_plain(walk, value, member);
        return;
    }
    switch (member->holds) {
    case SPEC_ITSELF:
        visit_value(walk, value, member);
        break;
    case SPEC_ITSELF_OR_LIST:
        if (value->kind == NODE_LIST) {
            visit_entries(walk, value, member);
        } else {
            visit_value(walk, value, member);
        }
        break;
    case SPEC_LIST_OF:
        if (has_kind(walk, value, SPEC_LIST, member->name)) {
            check_list(walk, value, member);
            visit_entries(walk, value, member);
        }
        break;
    case SPEC_MAP_OF:
    case SPEC_COMPONENTS_OF:
        if (has_kind(walk, value, SPEC_MAP, member->name)) {
            visit_entries(walk, value, member);
        }
        break;
    }
}

static void check_unknown(struct walk *walk, const struct node *child,
                          const struct spec_object *object)
{
    if (text_starts_with(child->key, "x-")) {
        return;
    }
    if (object->is_open) {
        if (object->rest != 0) {
            (void)has_kind(walk, child, object->rest, child->key);
        }
        return;
    }
    AUTO(free_names) const char **names = xcalloc(object->member_count, sizeof *names);
    for (size_t i = 0; i < object->member_count; i++) {
        names[i] = object->members[i].name;
    }
    const char *today = spec_moved(object, child->key);
    const char *near = similar_find(child->key, names, object->member_count);
    if (today != NULL) {
        lint_add(walk->lint, &structure_unknown_key, child->key_place,
                 "%s %s has no member \"%s\": %s", article(object->name), object->name, child->key,
                 today);
    } else if (near != NULL) {
        lint_add(walk->lint, &structure_unknown_key, child->key_place,
                 "%s %s has no member \"%s\": did you mean \"%s\"?", article(object->name),
                 object->name, child->key, near);
    } else {
        lint_add(walk->lint, &structure_unknown_key, child->key_place,
                 "%s %s has no member \"%s\": remove it, or let its name begin with x-",
                 article(object->name), object->name, child->key);
    }
}

static void check_required(struct walk *walk, const struct node *node,
                           const struct spec_object *object)
{
    for (size_t i = 0; i < object->member_count; i++) {
        const struct spec_member *member = &object->members[i];
        if ((member->flags & SPEC_REQUIRED) != 0 && node_find(node, member->name) == NULL) {
            lint_add(walk->lint, &structure_missing_required, node->key_place,
                     "%s %s needs the member \"%s\"", article(object->name), object->name,
                     member->name);
        }
    }
}

static void check_example(struct walk *walk, const struct node *node)
{
    if (node_find(node, "payload") == NULL && node_find(node, "headers") == NULL) {
        lint_add(walk->lint, &structure_missing_required, node->key_place,
                 "an example needs a payload, headers or both");
    }
}

static void check_amqp(struct walk *walk, const struct node *node)
{
    const char *is = node_find_text(node, "is");
    const struct node *exchange = node_find(node, "exchange");
    const struct node *queue = node_find(node, "queue");
    bool is_queue = is != NULL ? strcmp(is, "queue") == 0 : exchange == NULL && queue != NULL;
    const struct node *wanted = is_queue ? queue : exchange;
    const struct node *other = is_queue ? exchange : queue;
    const char *name = is_queue ? "queue" : "routingKey";
    if (wanted == NULL) {
        lint_add(walk->lint, &structure_amqp_parts, node->key_place,
                 "a channel that is a %s needs the member \"%s\"", name,
                 is_queue ? "queue" : "exchange");
    }
    if (other != NULL) {
        lint_add(walk->lint, &structure_amqp_parts, other->key_place,
                 "a channel that is a %s cannot have the member \"%s\"", name, other->key);
    }
}

/* What a table of members cannot say. */
static const struct {
    const struct spec_object *object;
    void (*check)(struct walk *walk, const struct node *node);
} extras[] = {
    {&spec_message_example, check_example},
    {&spec_amqp_channel, check_amqp},
};

static void visit_map(struct walk *walk, const struct node *node, const struct spec_object *object)
{
    for (const struct node *child = node->first; child != NULL; child = child->next) {
        const struct spec_member *member = spec_find(object, child->key);
        if (member != NULL) {
            visit_member(walk, child, member);
        } else {
            check_unknown(walk, child, object);
        }
    }
    check_required(walk, node, object);
    for (size_t i = 0; i < COUNT_OF(extras); i++) {
        if (extras[i].object == object) {
            extras[i].check(walk, node);
        }
    }
}

/* Formats that are JSON Schema in some edition; the others have tools of their own. */
static bool is_schema_format(const char *format)
{
    static const char *const ours[] = {"application/vnd.aai.asyncapi",
                                       "application/schema+json;version=draft-07",
                                       "application/schema+yaml;version=draft-07"};
    for (size_t i = 0; i < COUNT_OF(ours); i++) {
        if (format == NULL || text_starts_with(format, ours[i])) {
            return true;
        }
    }
    return false;
}

static void visit_multi_format(struct walk *walk, const struct node *node)
{
    static const struct spec_member schema = {"schema", .object = &spec_schema};
    visit_map(walk, node, &spec_multi_format);
    const struct node *below = node_find(node, "schema");
    if (below != NULL && is_schema_format(node_find_text(node, "schemaFormat"))) {
        visit_value(walk, below, &schema);
    }
}

static void visit_object(struct walk *walk, const struct node *node,
                         const struct spec_object *object)
{
    if (!see(walk, (struct visit){node, object})) {
        return;
    }
    if (object->choose != NULL) {
        object = object->choose(node);
    }
    unsigned kinds = object->kinds != 0 ? object->kinds : SPEC_MAP;
    char what[96];
    (void)snprintf(what, sizeof what, "%s %s", article(object->name), object->name);
    if (!has_kind(walk, node, kinds, what) || node->kind != NODE_MAP) {
        return;
    }
    bool is_multi_format = object == &spec_schema && (node_find(node, "schemaFormat") != NULL ||
                                                      node_find(node, "schema") != NULL);
    if (is_multi_format) {
        visit_multi_format(walk, node);
    } else {
        visit_map(walk, node, object);
    }
}

static bool has_version(struct walk *walk, const struct asyncapi_document *document)
{
    const struct node *version = node_find(document->file->root, "asyncapi");
    if (version == NULL) {
        return true;
    }
    const char *text = version->text != NULL ? version->text : "";
    size_t patch = strlen("3.0.");
    bool is_known = version->kind == NODE_STRING &&
                    (strncmp(text, "3.0.", patch) == 0 || strncmp(text, "3.1.", patch) == 0) &&
                    text[patch] != '\0' && strspn(text + patch, "0123456789") > 0;
    if (!is_known) {
        lint_add(walk->lint, &structure_unsupported_version, version->place,
                 "asyncapi must be 3.0.0 or 3.1.0%s",
                 text_starts_with(text, "2.") ? ": convert the document first" : "");
    }
    return is_known;
}

static void visit_document(struct walk *walk, const struct asyncapi_document *document)
{
    if (!has_version(walk, document)) {
        return;
    }
    visit_object(walk, document->file->root, &spec_document);
    while (walk->pending_count > 0) {
        struct visit next = walk->pending[--walk->pending_count];
        visit_object(walk, next.node, next.object);
    }
    structure_links(walk->lint, document);
}

void lint_structure(struct lint *lint)
{
    struct walk walk = {.lint = lint};
    for (size_t i = 0; i < lint->set->count; i++) {
        if (lint->set->items[i].is_given) {
            visit_document(&walk, &lint->set->items[i]);
        }
    }
    free(walk.seen);
    free(walk.pending);
}

const struct lint_rule *lint_structure_rule_of(enum finding_kind kind)
{
    switch (kind) {
    case FINDING_DANGLING:
        return &structure_dangling_reference;
    case FINDING_CIRCULAR:
        return &structure_reference_circular;
    case FINDING_NOT_FOLLOWED:
        return &structure_reference_not_followed;
    case FINDING_OTHER:
    case FINDING_UNREADABLE:
        break;
    }
    return &lint_unreadable;
}
