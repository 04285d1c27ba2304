/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/finding.h"

#include "core/memory.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void findings_done(struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        free(findings->items[i].text);
    }
    free(findings->items);
    free(findings->slots);
    *findings = (struct findings){0};
}

static bool is_same(const struct finding *finding, struct position place, const char *text)
{
    return finding->place.line == place.line && finding->place.column == place.column &&
           strcmp(finding->place.path, place.path) == 0 && strcmp(finding->text, text) == 0;
}

/* FNV-1a over the text, begun with the place. */
static size_t hash_of(struct position place, const char *text)
{
    uint64_t hash = 0xcbf29ce484222325u ^ ((uint64_t)place.line << 20) ^ (uint64_t)place.column;
    for (const char *at = text; *at != '\0'; at++) {
        hash = (hash ^ (unsigned char)*at) * 0x100000001b3u;
    }
    return (size_t)(hash ^ (hash >> 32));
}

/* The slot that a finding has, or the free one where it goes. */
static size_t *slot_of(const struct findings *findings, struct position place, const char *text)
{
    size_t mask = findings->slot_count - 1;
    size_t at = hash_of(place, text) & mask;
    while (findings->slots[at] != 0 &&
           !is_same(&findings->items[findings->slots[at] - 1], place, text)) {
        at = (at + 1) & mask;
    }
    return &findings->slots[at];
}

/* Items and slots double together; half of the slots stay free. */
static void make_room(struct findings *findings)
{
    enum { FIRST = 16 };
    if (findings->count * 2 < findings->slot_count) {
        return;
    }
    size_t room = findings->slot_count > 0 ? findings->slot_count : FIRST;
    findings->items = xrealloc(findings->items, room * sizeof findings->items[0]);
    free(findings->slots);
    findings->slot_count = room * 2;
    findings->slots = xcalloc(findings->slot_count, sizeof findings->slots[0]);
    for (size_t i = 0; i < findings->count; i++) {
        *slot_of(findings, findings->items[i].place, findings->items[i].text) = i + 1;
    }
}

static void add(struct findings *findings, enum finding_kind kind, struct position place,
                const char *format, va_list args) __attribute__((format(printf, 4, 0)));

static void add(struct findings *findings, enum finding_kind kind, struct position place,
                const char *format, va_list args)
{
    char text[1024];
    (void)vsnprintf(text, sizeof text, format, args);
    make_room(findings);
    size_t *slot = slot_of(findings, place, text);
    if (*slot == 0) {
        findings->items[findings->count++] =
            (struct finding){.kind = kind, .place = place, .text = xstrdup(text)};
        *slot = findings->count;
    }
}

void findings_add(struct findings *findings, struct position place, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(findings, FINDING_OTHER, place, format, args);
    va_end(args);
}

void findings_add_kind(struct findings *findings, enum finding_kind kind, struct position place,
                       const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(findings, kind, place, format, args);
    va_end(args);
}

void findings_print(const struct findings *findings, FILE *out)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        if (finding->place.line > 0) {
            (void)fprintf(out, "%s:%d:%d: %s\n", finding->place.path, finding->place.line,
                          finding->place.column, finding->text);
        } else {
            (void)fprintf(out, "%s: %s\n", finding->place.path, finding->text);
        }
    }
}
