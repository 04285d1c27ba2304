/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/report.h"

#include <string.h>

/* XML 1.0 has no way to write most control characters. */
static void print_xml(FILE *out, const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (strchr("<>&\"'", *at) != NULL || *at == '\t' || *at == '\n' || *at == '\r') {
            (void)fprintf(out, "&#%d;", (int)*at);
        } else if ((unsigned char)*at < ' ') {
            (void)fputc('?', out);
        } else {
            (void)fputc(*at, out);
        }
    }
}

static void print_attribute(FILE *out, const char *name, const char *text)
{
    (void)fprintf(out, " %s=\"", name);
    print_xml(out, text);
    (void)fputc('"', out);
}

static void print_case(FILE *out, const struct lint_finding *finding)
{
    (void)fprintf(out, "    <testcase");
    print_attribute(out, "classname", finding->place.path);
    (void)fprintf(out, " name=\"%s (line %d, column %d)\"", finding->rule->id, finding->place.line,
                  finding->place.column);
    print_attribute(out, "file", finding->place.path);
    if (finding->ignored_because != NULL) {
        (void)fprintf(out, "><skipped");
        print_attribute(out, "message", finding->ignored_because);
    } else {
        (void)fprintf(out, "><failure type=\"%s\"", lint_severity_name(finding->severity));
        print_attribute(out, "message", finding->text);
    }
    (void)fprintf(out, "/></testcase>\n");
}

/* The findings from `first` on that are of one file; `count` says how many. */
static void print_suite(FILE *out, const char *path, const struct lint_finding *first, size_t count)
{
    size_t failures = 0;
    for (size_t i = 0; i < count; i++) {
        failures += first[i].ignored_because == NULL;
    }
    (void)fprintf(out, "  <testsuite");
    print_attribute(out, "name", path);
    (void)fprintf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\">\n",
                  count > 0 ? count : 1, failures, count - failures);
    if (count == 0) { /* a suite without cases would look as if nothing had been judged */
        (void)fprintf(out, "    <testcase");
        print_attribute(out, "classname", path);
        (void)fprintf(out, " name=\"lint\"/>\n");
    }
    for (size_t i = 0; i < count; i++) {
        print_case(out, &first[i]);
    }
    (void)fprintf(out, "  </testsuite>\n");
}

/* What was not judged is skipped, one case for each format. */
static void print_left(FILE *out, const struct lint *lint)
{
    if (lint->left_count == 0) {
        return;
    }
    (void)fprintf(out,
                  "  <testsuite name=\"not judged\" tests=\"%zu\" failures=\"0\" errors=\"0\" "
                  "skipped=\"%zu\">\n",
                  lint->left_count, lint->left_count);
    for (size_t i = 0; i < lint->left_count; i++) {
        (void)fprintf(out, "    <testcase classname=\"schemaFormat\"");
        print_attribute(out, "name", lint->left[i].name);
        (void)fprintf(out, "><skipped/></testcase>\n");
    }
    (void)fprintf(out, "  </testsuite>\n");
}

static bool has_finding(const struct lint *lint, const char *path)
{
    for (size_t i = 0; i < lint->count; i++) {
        if (strcmp(lint->findings[i].place.path, path) == 0) {
            return true;
        }
    }
    return false;
}

void report_junit(const struct lint_report *report)
{
    const struct lint *lint = report->lint;
    size_t failures = lint_count(lint, LINT_ERROR) + lint_count(lint, LINT_WARNING);
    size_t clean = 0;
    for (size_t i = 0; i < lint->set->count; i++) {
        const struct asyncapi_document *document = &lint->set->items[i];
        clean += document->is_given && !has_finding(lint, document->file->path);
    }
    (void)fprintf(report->out,
                  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"contract lint\" "
                  "tests=\"%zu\" failures=\"%zu\" errors=\"0\">\n",
                  lint->count + clean + lint->left_count, failures);
    for (size_t i = 0; i < lint->set->count; i++) {
        const struct asyncapi_document *document = &lint->set->items[i];
        if (document->is_given && !has_finding(lint, document->file->path)) {
            print_suite(report->out, document->file->path, NULL, 0);
        }
    }
    for (size_t i = 0; i < lint->count;) {
        size_t end = i;
        while (end < lint->count &&
               strcmp(lint->findings[end].place.path, lint->findings[i].place.path) == 0) {
            end++;
        }
        print_suite(report->out, lint->findings[i].place.path, &lint->findings[i], end - i);
        i = end;
    }
    print_left(report->out, lint);
    (void)fprintf(report->out, "</testsuites>\n");
}
