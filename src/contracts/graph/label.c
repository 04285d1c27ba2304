/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/graph/label.h"

#include "contracts/graph/graph.h"
#include "core/buffer.h"
#include "core/text.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char REPLACEMENT[] = "\xef\xbf\xbd"; /* U+FFFD */
static const char ELLIPSIS[] = "\xe2\x80\xa6";

/* Controls, line separators, and what turns the direction of the text around it. */
static bool is_harmful(uint32_t point)
{
    return point < 0x20 || (point >= 0x7f && point < 0xa0) ||
           (point >= 0x200b && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
           (point >= 0x2060 && point <= 0x206f) || point == 0xfeff;
}

const char *label_clean(struct arena *arena, const char *text)
{
    AUTO(buffer_done) struct buffer out = {0};
    size_t length = strlen(text);
    for (size_t i = 0; i < length;) {
        uint32_t point = 0;
        size_t bytes = text_code_point(text + i, length - i, &point);
        if (out.length + bytes > GRAPH_LABEL_MAX_BYTES) {
            buffer_text(&out, ELLIPSIS);
            break;
        }
        if (bytes == 0 || is_harmful(point)) {
            buffer_text(&out, REPLACEMENT);
        } else {
            buffer_add(&out, text + i, bytes);
        }
        i += bytes > 0 ? bytes : 1;
    }
    if (out.length == 0) {
        buffer_text(&out, "(no name)");
    }
    return arena_text(arena, out.bytes, out.length);
}

size_t label_width(const char *text)
{
    size_t width = 0;
    for (; *text != '\0'; text++) {
        width += ((unsigned char)*text & 0xc0U) != 0x80U;
    }
    return width;
}

void labels_done(struct labels *labels)
{
    free(labels->slots);
    *labels = (struct labels){0};
}

static size_t hash_of(const struct labels *labels, const char *text)
{
    size_t hash = 2166136261U;
    for (; *text != '\0'; text++) {
        int c = (unsigned char)*text;
        hash = (hash ^ (size_t)(labels->folds_case ? tolower(c) : c)) * 16777619U;
    }
    return hash;
}

static const char **slot_of(const struct labels *labels, const char *text)
{
    size_t i = hash_of(labels, text) % labels->room;
    while (labels->slots[i] != NULL && (labels->folds_case ? strcasecmp(labels->slots[i], text)
                                                           : strcmp(labels->slots[i], text)) != 0) {
        i = (i + 1) % labels->room;
    }
    return &labels->slots[i];
}

static void make_room(struct labels *labels)
{
    enum { FIRST_ROOM = 64 };
    if (2 * (labels->count + 1) < labels->room) {
        return;
    }
    const struct labels old = *labels;
    labels->room = old.room > 0 ? 2 * old.room : FIRST_ROOM;
    labels->slots = xcalloc(labels->room, sizeof labels->slots[0]);
    for (size_t i = 0; i < old.room; i++) {
        if (old.slots[i] != NULL) {
            *slot_of(labels, old.slots[i]) = old.slots[i];
        }
    }
    free(old.slots);
}

bool labels_put(struct labels *labels, const char *text)
{
    make_room(labels);
    const char **slot = slot_of(labels, text);
    if (*slot != NULL) {
        return false;
    }
    *slot = text;
    labels->count++;
    return true;
}

bool labels_has(const struct labels *labels, const char *text)
{
    return labels->room > 0 && *slot_of(labels, text) != NULL;
}

const char *labels_add(struct labels *labels, struct arena *arena, const char *name,
                       const char *more)
{
    const char *label = label_clean(arena, name);
    if (labels_put(labels, label)) {
        return label;
    }
    if (more != NULL) {
        label = arena_printf(arena, "%s (%s)", label, label_clean(arena, more));
        if (labels_put(labels, label)) {
            return label;
        }
    }
    labels->last_number = labels->last_number > 0 ? labels->last_number : 1;
    for (;;) {
        const char *numbered = arena_printf(arena, "%s %zu", label, ++labels->last_number);
        if (labels_put(labels, numbered)) {
            return numbered;
        }
    }
}
