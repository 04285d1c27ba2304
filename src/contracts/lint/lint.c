/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/lint.h"

#include "contracts/lint/ignore.h"
#include "contracts/pointer.h"
#include "core/buffer.h"
#include "core/text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

const struct lint_rule lint_unreadable = {
    .id = "unreadable",
    .family = LINT_STRUCTURE,
    .severity = LINT_ERROR,
    .summary = "A file that is no YAML or JSON: what it says cannot be judged.",
    .bad = "info: {title: Orders",
    .good = "info: {title: Orders, version: 1.0.0}",
};

/* The frame's own, then the families'. */
static const struct lint_rule *const own_rules[] = {&lint_unreadable, &lint_ignore_file,
                                                    &lint_ignore_unused};

static const struct family {
    const struct lint_rule *const *rules;
    const size_t *count;
    void (*run)(struct lint *lint);
} families[] = {
    {lint_structure_rules, &lint_structure_rule_count, lint_structure},
    {lint_sense_rules, &lint_sense_rule_count, lint_sense},
    {lint_choreography_rules, &lint_choreography_rule_count, lint_choreography},
};

const char *lint_severity_name(enum lint_severity severity)
{
    return severity == LINT_ERROR ? "error" : "warning";
}

const char *lint_family_name(enum lint_family family)
{
    static const char *const names[] = {
        [LINT_STRUCTURE] = "structure",
        [LINT_SENSE] = "sense",
        [LINT_CHOREOGRAPHY] = "choreography",
    };
    return names[family];
}

const struct lint_rule *lint_rule_at(size_t index)
{
    if (index < COUNT_OF(own_rules)) {
        return own_rules[index];
    }
    index -= COUNT_OF(own_rules);
    for (size_t i = 0; i < COUNT_OF(families); i++) {
        if (index < *families[i].count) {
            return families[i].rules[index];
        }
        index -= *families[i].count;
    }
    return NULL;
}

const struct lint_rule *lint_rule_find(const char *id)
{
    const struct lint_rule *rule = NULL;
    for (size_t i = 0; (rule = lint_rule_at(i)) != NULL; i++) {
        if (strcmp(rule->id, id) == 0) {
            return rule;
        }
    }
    return NULL;
}

/* A document that only somebody's reference has brought in is judged when its owner asks. */
static bool is_asked_for(const struct lint *lint, const char *path)
{
    for (size_t i = 0; i < lint->set->count; i++) {
        const struct asyncapi_document *document = &lint->set->items[i];
        if (document->file->path == path || strcmp(document->file->path, path) == 0) {
            return document->is_given;
        }
    }
    return true;
}

/* Texts quote names from the documents: nothing in them may move a terminal's cursor. */
static char *printable(const char *text)
{
    AUTO(buffer_done) struct buffer out = {0};
    size_t length = strlen(text);
    while (length > 0) {
        uint32_t point = 0;
        size_t bytes = text_code_point(text, length, &point);
        if (bytes == 0) { /* cut in the middle of a letter */
            bytes = 1;
        } else if (text_has_control(text, bytes)) {
            buffer_printf(&out, "\\u%04x", (unsigned)point);
        } else {
            buffer_add(&out, text, bytes);
        }
        text += bytes;
        length -= bytes;
    }
    return xstrdup(buffer_cstr(&out));
}

void lint_add(struct lint *lint, const struct lint_rule *rule, struct position place,
              const char *format, ...)
{
    if ((rule->is_ours && !lint->is_ours) || !is_asked_for(lint, place.path)) {
        return;
    }
    if (lint->count == LINT_FINDINGS_MAX) {
        lint->is_cut = true;
        return;
    }
    char text[1024];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if ((lint->count & (lint->count - 1)) == 0) { /* full at every power of two */
        size_t room = lint->count > 0 ? lint->count * 2 : 1;
        lint->findings = xrealloc(lint->findings, room * sizeof lint->findings[0]);
    }
    bool is_error = rule->severity == LINT_ERROR || (rule->is_error_in_ours && lint->is_ours);
    lint->findings[lint->count++] = (struct lint_finding){
        .rule = rule,
        .severity = is_error ? LINT_ERROR : LINT_WARNING,
        .place = place,
        .text = printable(text),
    };
}

void lint_leave(struct lint *lint, struct position place, const char *schema_format)
{
    if (!is_asked_for(lint, place.path)) {
        return;
    }
    size_t i = 0;
    while (i < lint->left_count && strcmp(lint->left[i].name, schema_format) != 0) {
        i++;
    }
    if (i == LINT_FORMATS_MAX) {
        lint->left_others++;
        return;
    }
    if (i == lint->left_count) {
        lint->left[lint->left_count++] = (struct lint_format_left){.name = schema_format};
    }
    lint->left[i].count++;
}

static int by_place(const void *a, const void *b)
{
    const struct lint_finding *left = a;
    const struct lint_finding *right = b;
    int order = strcmp(left->place.path, right->place.path);
    order = order != 0 ? order : left->place.line - right->place.line;
    order = order != 0 ? order : left->place.column - right->place.column;
    order = order != 0 ? order : strcmp(left->rule->id, right->rule->id);
    return order != 0 ? order : strcmp(left->text, right->text);
}

static void forget(struct lint_finding *finding)
{
    free(finding->text);
    free(finding->pointer);
}

/* A definition may be reached along several references. */
static void sort(struct lint *lint)
{
    if (lint->count == 0) {
        return;
    }
    qsort(lint->findings, lint->count, sizeof lint->findings[0], by_place);
    size_t kept = 1;
    for (size_t i = 1; i < lint->count; i++) {
        if (by_place(&lint->findings[kept - 1], &lint->findings[i]) == 0) {
            forget(&lint->findings[i]);
        } else {
            lint->findings[kept++] = lint->findings[i];
        }
    }
    lint->count = kept;
}

static int compare_places(struct position a, struct position b)
{
    int order = strcmp(a.path, b.path);
    order = order != 0 ? order : a.line - b.line;
    return order != 0 ? order : a.column - b.column;
}

/* Whether a rule has found an error there, among the first `count` findings, which are sorted. */
static bool is_error_at(const struct lint *lint, size_t count, struct position place)
{
    size_t first = 0;
    size_t end = count;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        if (compare_places(lint->findings[middle].place, place) < 0) {
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    bool is_said = false;
    for (; first < count && compare_places(lint->findings[first].place, place) == 0; first++) {
        is_said = is_said || lint->findings[first].severity == LINT_ERROR;
    }
    return is_said;
}

/* What loading and following references has found, unless a rule has said it better. */
static void add_unreadable(struct lint *lint)
{
    sort(lint);
    size_t judged = lint->count;
    const struct findings *findings = &lint->documents->findings;
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        if (!is_error_at(lint, judged, finding->place)) {
            lint_add(lint, lint_structure_rule_of(finding->kind), finding->place, "%s",
                     finding->text);
        }
    }
}

static int compare_positions(struct position a, struct position b)
{
    return a.line != b.line ? a.line - b.line : a.column - b.column;
}

/* Where the way to the last place went. Places come in their order, so that the next one lies in
 * the same entries or behind them. */
struct cursor {
    const struct node *holder, *child;
    size_t index;    /* of the child */
    bool is_ordered; /* the holder's entries begin in their order; copies of aliases need not */
};

static bool is_ordered(const struct node *holder)
{
    for (const struct node *child = holder->first; child != NULL && child->next != NULL;
         child = child->next) {
        if (compare_positions(child->key_place, child->next->key_place) > 0) {
            return false;
        }
    }
    return true;
}

/* Nodes stand in the file in their order: the last child that starts before the place holds it. A
 * map and its first member begin at one place; that is then the member's. */
static const struct node *child_before(struct cursor *cursor, const struct node *holder,
                                       struct position place, size_t *index)
{
    if (cursor->holder != holder) {
        *cursor = (struct cursor){.holder = holder, .is_ordered = is_ordered(holder)};
    }
    bool goes_on = cursor->is_ordered && cursor->child != NULL &&
                   compare_positions(cursor->child->key_place, place) <= 0;
    size_t i = goes_on ? cursor->index : 0;
    const struct node *found = NULL;
    for (const struct node *child = goes_on ? cursor->child : holder->first; child != NULL;
         child = child->next, i++) {
        if (compare_positions(child->key_place, place) <= 0) {
            found = child;
            *index = i;
        } else if (cursor->is_ordered) {
            break;
        }
    }
    cursor->child = found;
    cursor->index = found != NULL ? *index : 0;
    return found;
}

static char *pointer_at(struct cursor *cursors, const struct node *root, struct position place)
{
    AUTO(buffer_done) struct buffer pointer = {0};
    const struct node *at = root;
    for (size_t depth = 0; at != NULL && depth <= NODE_MAX_DEPTH; depth++) {
        size_t index = 0;
        at = child_before(&cursors[depth], at, place, &index);
        if (at != NULL && at->key != NULL) {
            pointer_add_key(&pointer, at->key);
        } else if (at != NULL) {
            pointer_add_index(&pointer, index);
        }
    }
    return xstrdup(buffer_cstr(&pointer));
}

static void add_pointers(struct lint *lint)
{
    struct cursor cursors[NODE_MAX_DEPTH + 1] = {0};
    const struct document *file = NULL;
    for (size_t i = 0; i < lint->count; i++) {
        struct lint_finding *finding = &lint->findings[i];
        if (finding->pointer != NULL) {
            continue;
        }
        if (file == NULL || strcmp(file->path, finding->place.path) != 0) {
            file = lint->documents->first;
        }
        while (file != NULL && strcmp(file->path, finding->place.path) != 0) {
            file = file->next;
        }
        finding->pointer = pointer_at(cursors, file != NULL ? file->root : NULL, finding->place);
    }
}

void lint_run(struct lint *lint, struct asyncapi *set)
{
    lint->set = set;
    lint->documents = &set->documents;
    for (size_t i = 0; i < COUNT_OF(families); i++) {
        families[i].run(lint);
    }
    add_unreadable(lint);
    lint_settle(lint);
}

void lint_settle(struct lint *lint)
{
    sort(lint);
    add_pointers(lint);
}

void lint_done(struct lint *lint)
{
    for (size_t i = 0; i < lint->count; i++) {
        forget(&lint->findings[i]);
    }
    free(lint->findings);
    *lint = (struct lint){0};
}

size_t lint_count(const struct lint *lint, enum lint_severity severity)
{
    size_t count = 0;
    for (size_t i = 0; i < lint->count; i++) {
        count +=
            lint->findings[i].severity == severity && lint->findings[i].ignored_because == NULL;
    }
    return count;
}
