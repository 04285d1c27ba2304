/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/audit_report.h"

#include "core/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define AUDIT_ROW(name, sentence, look) {#name, sentence, look},
const struct audit_row audit_rows[AUDIT_COUNT] = {AUDIT_INVARIANTS(AUDIT_ROW)};
#undef AUDIT_ROW

void audit_report_init(struct audit_report *report, size_t examples_max)
{
    *report = (struct audit_report){.examples_max = examples_max};
    for (size_t i = 0; i < AUDIT_COUNT; i++) {
        report->verdicts[i].examples = xcalloc(examples_max + 1, sizeof(struct audit_example));
    }
}

static void free_example(struct audit_example *example)
{
    for (size_t i = 0; i < example->pair_count; i++) {
        free(example->pairs[i].text);
    }
    free(example->text);
}

void audit_report_done(struct audit_report *report)
{
    for (size_t i = 0; i < AUDIT_COUNT; i++) {
        struct audit_verdict *verdict = &report->verdicts[i];
        for (size_t e = 0; e < verdict->example_count; e++) {
            free_example(&verdict->examples[e]);
        }
        free(verdict->examples);
    }
    *report = (struct audit_report){0};
}

void audit_report_count(struct audit_report *report, enum audit_invariant invariant, int64_t judged,
                        int64_t differing)
{
    report->verdicts[invariant].judged += judged;
    report->verdicts[invariant].differing += differing;
}

static void add_pair(struct audit_example *example, const char *key, bool is_number, char *text)
{
    example->pairs[example->pair_count++] =
        (struct audit_pair){.key = key, .text = text, .is_number = is_number};
}

static void add_text(struct audit_example *example, const char *key, const char *text)
{
    if (text != NULL && text[0] != '\0') {
        add_pair(example, key, false, xstrdup(text));
    }
}

static void add_id(struct audit_example *example, const char *key, const struct uuid *id)
{
    char text[UUID_TEXT_BYTES];
    if (!ids_is_nil(id)) {
        add_text(example, key, ids_format(id, text));
    }
}

void audit_report_show(struct audit_report *report, enum audit_invariant invariant,
                       const struct audit_place *place, const char *text)
{
    struct audit_verdict *verdict = &report->verdicts[invariant];
    if (verdict->example_count == report->examples_max) {
        return;
    }
    struct audit_example *example = &verdict->examples[verdict->example_count++];
    example->text = xstrdup(text);
    add_text(example, "service", place->service);
    add_id(example, "upgrade", &place->upgrade);
    add_id(example, "event", &place->event);
    add_text(example, "type", place->type);
    add_id(example, "cause", &place->cause);
    add_id(example, "subject", &place->subject);
    add_text(example, "reference", place->reference);
    if (place->has_numbers) {
        add_pair(example, "wanted", true, xasprintf("%lld", (long long)place->wanted));
        add_pair(example, "found", true, xasprintf("%lld", (long long)place->found));
    }
    add_text(example, "currency", place->currency);
}

void audit_report_differ(struct audit_report *report, enum audit_invariant invariant,
                         const struct audit_place *place, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    audit_report_count(report, invariant, 0, 1);
    audit_report_show(report, invariant, place, text);
}

bool audit_verdict_holds(const struct audit_verdict *verdict)
{
    return verdict->judged > 0 && verdict->differing == 0;
}

bool audit_report_holds(const struct audit_report *report)
{
    for (size_t i = 0; i < AUDIT_COUNT; i++) {
        if (!audit_verdict_holds(&report->verdicts[i])) {
            return false;
        }
    }
    return true;
}
