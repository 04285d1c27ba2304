/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/report.h"

#include <string.h>

static const struct lint_format formats[] = {
    {"text", report_text, "for people"},
    {"json", report_json, "for scripts"},
    {"sarif", report_sarif, "SARIF 2.1.0, for code scanning"},
    {"github", report_github, "annotations of GitHub Actions"},
    {"junit", report_junit, "JUnit XML, for GitLab, Jenkins and others"},
};

const struct lint_format *report_format_find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(formats); i++) {
        if (strcmp(formats[i].name, name) == 0) {
            return &formats[i];
        }
    }
    return NULL;
}

size_t report_documents(const struct lint *lint)
{
    size_t count = 0;
    for (size_t i = 0; i < lint->set->count; i++) {
        count += lint->set->items[i].is_given;
    }
    return count;
}

size_t report_ignored(const struct lint *lint)
{
    return lint->count - lint_count(lint, LINT_ERROR) - lint_count(lint, LINT_WARNING);
}

/* A file's name, or a schema format's, may hold anything but must not move the cursor. */
static void print_path(FILE *out, const char *path)
{
    for (const char *at = path; *at != '\0'; at++) {
        bool is_control = (unsigned char)*at < ' ' || *at == '\x7f';
        (void)fputc(is_control ? '?' : *at, out);
    }
}

static void print_finding(const struct lint_report *report, const struct lint_finding *finding)
{
    static const char *const colours[] = {[LINT_ERROR] = "\033[31m", [LINT_WARNING] = "\033[33m"};
    FILE *out = report->out;
    bool colour = report->has_colour;
    print_path(out, finding->place.path);
    if (finding->place.line > 0) {
        (void)fprintf(out, ":%d:%d", finding->place.line, finding->place.column);
    }
    (void)fprintf(out, ": %s%s%s: %s %s[%s]%s\n", colour ? colours[finding->severity] : "",
                  lint_severity_name(finding->severity), colour ? "\033[0m" : "", finding->text,
                  colour ? "\033[2m" : "", finding->rule->id, colour ? "\033[0m" : "");
}

/* Once for each format, so that nobody takes silence for a verdict. */
static void print_left(const struct lint_report *report)
{
    const struct lint *lint = report->lint;
    for (size_t i = 0; i < lint->left_count; i++) {
        (void)fprintf(report->out, "not judged: schemaFormat ");
        print_path(report->out, lint->left[i].name);
        (void)fprintf(report->out, " (%zu schema%s)\n", lint->left[i].count,
                      lint->left[i].count == 1 ? "" : "s");
    }
    if (lint->left_others > 0) {
        (void)fprintf(report->out, "not judged: other schema formats (%zu)\n", lint->left_others);
    }
}

static void print_count(FILE *out, size_t count, const char *noun, const char *after)
{
    (void)fprintf(out, "%zu %s%s%s", count, noun, count == 1 ? "" : "s", after);
}

void report_text(const struct lint_report *report)
{
    const struct lint *lint = report->lint;
    for (size_t i = 0; i < lint->count; i++) {
        if (lint->findings[i].ignored_because == NULL) {
            print_finding(report, &lint->findings[i]);
        }
    }
    size_t ignored = report_ignored(lint);
    print_left(report);
    print_count(report->out, report_documents(lint), "document", ": ");
    print_count(report->out, lint_count(lint, LINT_ERROR), "error", ", ");
    print_count(report->out, lint_count(lint, LINT_WARNING), "warning", "");
    if (ignored > 0) {
        (void)fprintf(report->out, ", %zu ignored", ignored);
    }
    (void)fprintf(report->out, "%s\n",
                  lint->is_cut ? "; there are more than are told: mend these first" : "");
}
