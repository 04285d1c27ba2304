/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/diff/diff.h"

#include "core/buffer.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Longer texts are cut: they are for a line of a report. */
enum { TEXT_MAX_BYTES = 120 };

static const char *copy(struct diff *diff, const char *text)
{
    return text == NULL ? NULL : arena_text(&diff->arena, text, strlen(text));
}

static bool is_same_place(struct position a, struct position b)
{
    return a.line == b.line && a.column == b.column &&
           (a.path == b.path || (a.path != NULL && b.path != NULL && strcmp(a.path, b.path) == 0));
}

static bool is_same(const struct diff_finding *a, const struct diff_finding *b)
{
    return a->rule == b->rule && a->level == b->level && a->is_error == b->is_error &&
           strcmp(a->path, b->path) == 0 && strcmp(a->subject, b->subject) == 0 &&
           is_same_place(a->old_place, b->old_place) && is_same_place(a->new_place, b->new_place) &&
           strcmp(a->before, b->before) == 0 && strcmp(a->after, b->after) == 0;
}

/* ---- A full list. ---- */

void diff_next_group(struct diff *diff)
{
    diff->group++;
    diff->left_out.announceable = 0;
    diff->left_out.pinned = 0;
    diff->left_out.has_content = false;
}

bool diff_is_content(const struct diff_finding *finding)
{
    return finding->rule != P29 && finding->rule != P30 && finding->rule != M3 &&
           finding->rule != S1 && finding->rule != C5 && finding->rule != X1 &&
           (finding->rule != P31 || finding->level != DIFF_OK);
}

size_t diff_count_left_out(const struct diff *diff)
{
    size_t count = diff->left_out.errors;
    for (int level = DIFF_OK; level < DIFF_LEVEL_COUNT; level++) {
        count += diff->left_out.levels[level];
    }
    return count;
}

static void leave_out(struct diff *diff, const struct diff_finding *finding)
{
    struct diff_left_out *left_out = &diff->left_out;
    if (finding->is_error) {
        left_out->errors++;
        return;
    }
    left_out->levels[finding->level]++;
    if (finding->group != diff->group) {
        return; /* that document is done */
    }
    left_out->has_content |= diff_is_content(finding);
    if (finding->level == DIFF_BREAKING) {
        left_out->pinned += finding->is_pinned;
        left_out->announceable += !finding->is_pinned;
    }
}

static int weight_of(const struct diff_finding *finding)
{
    return finding->is_error ? DIFF_LEVEL_COUNT : (int)finding->level;
}

/* The most harmless one gives way to a worse one: what breaks is not lost among words. */
static struct diff_finding *take_milder_place(struct diff *diff, const struct diff_finding *finding)
{
    struct diff_finding *mildest = &diff->items[0];
    for (size_t i = 1; i < diff->count && weight_of(mildest) > DIFF_OK; i++) {
        if (weight_of(&diff->items[i]) < weight_of(mildest)) {
            mildest = &diff->items[i];
        }
    }
    bool is_milder = weight_of(mildest) < weight_of(finding);
    leave_out(diff, is_milder ? mildest : finding);
    return is_milder ? mildest : NULL;
}

static struct diff_finding *make_room(struct diff *diff, const struct diff_finding *finding)
{
    if (diff->count == DIFF_FINDINGS_MAX) {
        return take_milder_place(diff, finding);
    }
    if ((diff->count & (diff->count - 1)) == 0) {
        size_t room = diff->count == 0 ? 1 : diff->count * 2;
        diff->items = xrealloc(diff->items, room * sizeof diff->items[0]);
    }
    return &diff->items[diff->count++];
}

void diff_add(struct diff *diff, const struct diff_finding *finding)
{
    for (size_t i = 0; i < diff->count; i++) {
        if (is_same(&diff->items[i], finding)) {
            diff->items[i].sides |= finding->sides;
            return;
        }
    }
    struct diff_finding added = *finding;
    added.group = diff->group;
    added.is_pinned |= diff->is_pinned;
    struct diff_finding *item = make_room(diff, &added);
    if (item == NULL) {
        return; /* that many say enough */
    }
    *item = added;
    item->subject = copy(diff, finding->subject);
    item->path = copy(diff, finding->path);
    item->pointer = copy(diff, finding->pointer);
    item->before = copy(diff, finding->before);
    item->after = copy(diff, finding->after);
    item->note = copy(diff, finding->note);
}

void diff_done(struct diff *diff)
{
    free(diff->items);
    arena_done(&diff->arena);
    *diff = (struct diff){0};
}

static int compare(const void *left, const void *right)
{
    const struct diff_finding *a = left;
    const struct diff_finding *b = right;
    int order = strcmp(a->subject, b->subject);
    order = order != 0 ? order : strcmp(a->path, b->path);
    order = order != 0 ? order : (int)a->rule - (int)b->rule;
    order = order != 0 ? order : (int)a->sides - (int)b->sides;
    return order != 0 ? order : strcmp(a->pointer, b->pointer);
}

void diff_sort(struct diff *diff)
{
    if (diff->count > 1) {
        qsort(diff->items, diff->count, sizeof diff->items[0], compare);
    }
}

static void add_json(struct buffer *out, const struct node *node)
{
    if (out->length > TEXT_MAX_BYTES) {
        return;
    }
    if (node->kind == NODE_STRING) {
        buffer_json(out, node->text, strlen(node->text));
        return;
    }
    if (node->kind < NODE_LIST) {
        buffer_text(out, node->kind == NODE_NULL ? "null" : node->text);
        return;
    }
    buffer_byte(out, node->kind == NODE_MAP ? '{' : '[');
    for (const struct node *child = node->first; child != NULL; child = child->next) {
        if (child != node->first) {
            buffer_text(out, ", ");
        }
        if (child->key != NULL) {
            buffer_json(out, child->key, strlen(child->key));
            buffer_text(out, ": ");
        }
        add_json(out, child);
    }
    buffer_byte(out, node->kind == NODE_MAP ? '}' : ']');
}

const char *diff_text(struct arena *arena, const struct node *node)
{
    if (node == NULL) {
        return "(none)";
    }
    AUTO(buffer_done) struct buffer out = {0};
    add_json(&out, node);
    size_t length = out.length;
    if (length <= TEXT_MAX_BYTES) {
        return arena_text(arena, out.bytes, length);
    }
    length = TEXT_MAX_BYTES;
    while (length > 0 && ((unsigned char)out.bytes[length] & 0xC0) == 0x80) {
        length--; /* not in the middle of a character */
    }
    return arena_printf(arena, "%.*s…", (int)length, out.bytes);
}
