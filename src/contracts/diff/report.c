/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/diff/report.h"

#include "contracts/annotation.h"

#include <string.h>

static bool fails(const struct diff_report *report, const struct diff_finding *finding)
{
    if (finding->is_error) {
        return true;
    }
    if (finding->level == DIFF_UNKNOWN) {
        return !report->allows_unknown;
    }
    return finding->level >= report->fail_on;
}

size_t diff_report_failures(const struct diff_report *report, const struct diff *diff)
{
    size_t count = 0;
    for (size_t i = 0; i < diff->count; i++) {
        count += fails(report, &diff->items[i]);
    }
    for (int level = DIFF_OK; level < DIFF_LEVEL_COUNT; level++) {
        const struct diff_finding some = {.level = (enum diff_level)level};
        count += fails(report, &some) ? diff->left_out.levels[level] : 0;
    }
    return count + diff->left_out.errors;
}

static bool is_shown(const struct diff_report *report, const struct diff_finding *finding)
{
    return report->has_all || finding->level != DIFF_OK || fails(report, finding);
}

static const char *sides_text(unsigned sides)
{
    static const char *const texts[] = {
        [0] = "",
        [DIFF_FORWARD] = "old consumers of new events break",
        [DIFF_BACKWARD] = "new consumers of old events break",
        [DIFF_FORWARD | DIFF_BACKWARD] =
            "old consumers of new events and new consumers of old events break",
    };
    return texts[sides & (DIFF_FORWARD | DIFF_BACKWARD)];
}

/* ---- Text. ---- */

static const char *colour_of(const struct diff_report *report, enum diff_level level)
{
    static const char *const colours[] = {
        [DIFF_OK] = "\033[32m",       [DIFF_RISKY] = "\033[33m",   [DIFF_SOURCE] = "\033[33m",
        [DIFF_TOPOLOGY] = "\033[33m", [DIFF_UNKNOWN] = "\033[31m", [DIFF_BREAKING] = "\033[31m",
    };
    return report->has_colour ? colours[level] : "";
}

/* Foreign text must not reach a terminal with its control characters. */
static void add_clean(struct buffer *out, const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        bool is_control = (unsigned char)*at < 0x20 || *at == 0x7f;
        buffer_add(out, is_control ? "?" : at, 1);
    }
}

static void add_place(struct buffer *out, struct position place)
{
    if (place.path == NULL) {
        buffer_text(out, "(none)");
        return;
    }
    add_clean(out, place.path);
    if (place.line > 0) {
        buffer_printf(out, ":%d:%d", place.line, place.column);
    }
}

static void write_finding(const struct diff_report *report, const struct diff_finding *finding,
                          struct buffer *out)
{
    const struct diff_rule *rule = &diff_rules[finding->rule];
    add_place(out, finding->new_place.path != NULL ? finding->new_place : finding->old_place);
    buffer_printf(
        out, ": %s%s%s: ", colour_of(report, finding->is_error ? DIFF_BREAKING : finding->level),
        finding->is_error ? "error" : diff_level_name(finding->level),
        report->has_colour ? "\033[0m" : "");
    if (finding->subject[0] != '\0') {
        add_clean(out, finding->subject);
        buffer_text(out, finding->path[0] != '\0' ? " " : ": ");
    }
    if (finding->path[0] != '\0') {
        add_clean(out, finding->path);
        buffer_text(out, ": ");
    }
    buffer_printf(out, "%s [%s]\n", rule->change, rule->id);
    if ((finding->sides & (DIFF_FORWARD | DIFF_BACKWARD)) != 0) {
        buffer_printf(out, "    who:    %s%s\n", sides_text(finding->sides),
                      finding->level == DIFF_UNKNOWN ? ", perhaps" : "");
    }
    if (strcmp(finding->before, finding->after) != 0) {
        buffer_text(out, "    before: ");
        add_clean(out, finding->before);
        buffer_text(out, "\n    after:  ");
        add_clean(out, finding->after);
        buffer_byte(out, '\n');
    }
    if (finding->note != NULL) {
        buffer_text(out, "    note:   ");
        add_clean(out, finding->note);
        buffer_byte(out, '\n');
    }
    if (finding->new_place.path != NULL && finding->old_place.path != NULL) {
        buffer_text(out, "    old:    ");
        add_place(out, finding->old_place);
        buffer_byte(out, '\n');
    }
    if (finding->level != DIFF_OK) {
        buffer_printf(out, "    do:     %s\n", rule->advice);
    }
}

static void write_text(const struct diff_report *report, const struct diff *diff,
                       struct buffer *out)
{
    size_t counts[DIFF_LEVEL_COUNT] = {0};
    size_t errors = 0;
    for (size_t i = 0; i < diff->count; i++) {
        errors += diff->items[i].is_error;
        counts[diff->items[i].level] += !diff->items[i].is_error;
        if (is_shown(report, &diff->items[i])) {
            write_finding(report, &diff->items[i], out);
        }
    }
    const char *before = "";
    if (errors > 0) {
        buffer_printf(out, "%zu error%s", errors, errors > 1 ? "s" : "");
        before = ", ";
    }
    for (int level = DIFF_BREAKING; level >= DIFF_OK; level--) {
        if (counts[level] > 0) {
            buffer_printf(out, "%s%zu %s", before, counts[level],
                          diff_level_name((enum diff_level)level));
            before = ", ";
        }
    }
    if (diff_count_left_out(diff) > 0) {
        buffer_printf(out, "; %zu more did not fit in the list, %zu of them wire-breaking",
                      diff_count_left_out(diff), diff->left_out.levels[DIFF_BREAKING]);
    }
    buffer_text(out, report->is_new     ? "everything is new: nothing was compared\n"
                     : diff->count == 0 ? "no difference that matters\n"
                                        : "\n");
}

/* ---- JSON. ---- */

static void add_member(struct buffer *out, const char *name, const char *text)
{
    buffer_printf(out, ", \"%s\": ", name);
    if (text == NULL) {
        buffer_text(out, "null");
    } else {
        buffer_json(out, text, strlen(text));
    }
}

static void add_json_place(struct buffer *out, const char *name, struct position place)
{
    buffer_printf(out, ", \"%s\": ", name);
    if (place.path == NULL) {
        buffer_text(out, "null");
        return;
    }
    buffer_text(out, "{\"file\": ");
    buffer_json(out, place.path, strlen(place.path));
    buffer_printf(out, ", \"line\": %d, \"column\": %d}", place.line, place.column);
}

static void write_json(const struct diff_report *report, const struct diff *diff,
                       struct buffer *out)
{
    size_t failures = diff_report_failures(report, diff);
    buffer_printf(out, "{\"compatible\": %s, \"compared\": %s, \"failures\": %zu, ",
                  failures == 0 ? "true" : "false", report->is_new ? "false" : "true", failures);
    buffer_printf(out, "\"left_out\": %zu, \"findings\": [", diff_count_left_out(diff));
    for (size_t i = 0; i < diff->count; i++) {
        const struct diff_finding *finding = &diff->items[i];
        const struct diff_rule *rule = &diff_rules[finding->rule];
        buffer_printf(out, "%s\n  {\"rule\": \"%s\", \"level\": \"%s\", \"fails\": %s",
                      i > 0 ? "," : "", rule->id, diff_level_name(finding->level),
                      fails(report, finding) ? "true" : "false");
        buffer_printf(out, ", \"forward\": %s, \"backward\": %s",
                      (finding->sides & DIFF_FORWARD) != 0 ? "true" : "false",
                      (finding->sides & DIFF_BACKWARD) != 0 ? "true" : "false");
        add_member(out, "subject", finding->subject);
        add_member(out, "path", finding->path);
        add_member(out, "schema", finding->pointer);
        add_member(out, "change", rule->change);
        add_member(out, "before", finding->before);
        add_member(out, "after", finding->after);
        add_member(out, "note", finding->note);
        add_member(out, "advice", rule->advice);
        add_json_place(out, "old", finding->old_place);
        add_json_place(out, "new", finding->new_place);
        buffer_byte(out, '}');
    }
    buffer_text(out, diff->count > 0 ? "\n]}\n" : "]}\n");
}

/* ---- GitHub: workflow commands, which annotate the lines of a pull request. ---- */

static void write_github(const struct diff_report *report, const struct diff *diff,
                         struct buffer *out)
{
    for (size_t i = 0; i < diff->count; i++) {
        const struct diff_finding *finding = &diff->items[i];
        if (!is_shown(report, finding)) {
            continue;
        }
        const struct diff_rule *rule = &diff_rules[finding->rule];
        struct position place =
            finding->new_place.path != NULL ? finding->new_place : finding->old_place;
        const char *kind = fails(report, finding)      ? "error"
                           : finding->level == DIFF_OK ? "notice"
                                                       : "warning";
        AUTO(free_text) char *title = xasprintf("%s %s", diff_level_name(finding->level), rule->id);
        annotation_start(out, kind, place, title);
        annotation_text(out, finding->subject);
        annotation_text(out, finding->path);
        buffer_printf(out, ": %s; ", rule->change);
        buffer_text(out, sides_text(finding->sides));
        buffer_text(out, finding->sides != 0 ? "; before: " : "before: ");
        annotation_text(out, finding->before);
        buffer_text(out, "; after: ");
        annotation_text(out, finding->after);
        if (finding->note != NULL) {
            buffer_text(out, "; ");
            annotation_text(out, finding->note);
        }
        buffer_printf(out, "; %s\n", rule->advice);
    }
}

diff_writer *diff_writer_find(const char *format)
{
    static const struct {
        const char *name;
        diff_writer *write;
    } writers[] = {{"text", write_text}, {"json", write_json}, {"github", write_github}};
    for (size_t i = 0; i < COUNT_OF(writers); i++) {
        if (strcmp(writers[i].name, format) == 0) {
            return writers[i].write;
        }
    }
    return NULL;
}

void diff_write_rules(struct buffer *out)
{
    buffer_text(out,
                "| rule | change | old consumers of new events | new consumers of old events |\n"
                "|---|---|---|---|\n");
    for (size_t i = 0; i < DIFF_RULE_COUNT; i++) {
        const struct diff_rule *rule = &diff_rules[i];
        buffer_printf(out, "| %s | %s | %s | %s |\n", rule->id, rule->change, rule->forward,
                      rule->backward);
    }
}
