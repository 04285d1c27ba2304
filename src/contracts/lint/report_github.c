/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/report.h"

#include <string.h>

/* In a command `%` and line ends are written as %xx, in its properties `:` and `,` as well. */
static void print_escaped(FILE *out, const char *text, const char *special)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (strchr(special, *at) != NULL) {
            (void)fprintf(out, "%%%02X", (unsigned)(unsigned char)*at);
        } else {
            (void)fputc(*at, out);
        }
    }
}

static void print_property(FILE *out, const char *name, const char *text)
{
    (void)fprintf(out, "%s=", name);
    print_escaped(out, text, "%\r\n:,");
}

void report_github(const struct lint_report *report)
{
    const struct lint *lint = report->lint;
    for (size_t i = 0; i < lint->count; i++) {
        const struct lint_finding *finding = &lint->findings[i];
        if (finding->ignored_because != NULL) {
            continue;
        }
        (void)fprintf(report->out, "::%s ", lint_severity_name(finding->severity));
        print_property(report->out, "file", finding->place.path);
        if (finding->place.line > 0) {
            (void)fprintf(report->out, ",line=%d,col=%d", finding->place.line,
                          finding->place.column);
        }
        (void)fputc(',', report->out);
        print_property(report->out, "title", finding->rule->id);
        (void)fprintf(report->out, "::");
        print_escaped(report->out, finding->text, "%\r\n");
        (void)fputc('\n', report->out);
    }
}
