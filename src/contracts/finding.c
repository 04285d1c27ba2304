/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/finding.h"

#include "core/memory.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void findings_done(struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++) {
        free(findings->items[i].text);
    }
    free(findings->items);
    *findings = (struct findings){0};
}

static bool is_known(const struct findings *findings, struct position place, const char *text)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        if (finding->place.line == place.line && finding->place.column == place.column &&
            strcmp(finding->place.path, place.path) == 0 && strcmp(finding->text, text) == 0) {
            return true;
        }
    }
    return false;
}

void findings_add(struct findings *findings, struct position place, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (is_known(findings, place, text)) {
        return;
    }

    findings->items = xrealloc(findings->items, (findings->count + 1) * sizeof findings->items[0]);
    findings->items[findings->count++] = (struct finding){.place = place, .text = xstrdup(text)};
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
