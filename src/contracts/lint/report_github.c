/* SPDX-License-Identifier: Apache-2.0 */
#include "contracts/lint/report.h"

#include "contracts/annotation.h"

void report_github(const struct lint_report *report)
{
    const struct lint *lint = report->lint;
    AUTO(buffer_done) struct buffer out = {0};
    for (size_t i = 0; i < lint->count; i++) {
        const struct lint_finding *finding = &lint->findings[i];
        if (finding->ignored_because == NULL) {
            annotation_start(&out, lint_severity_name(finding->severity), finding->place,
                             finding->rule->id);
            annotation_text(&out, finding->text);
            buffer_byte(&out, '\n');
        }
    }
    for (size_t i = 0; i < lint->left_count; i++) {
        AUTO(free_text) char *count = xasprintf(" (%zu)\n", lint->left[i].count);
        annotation_start(&out, "notice", (struct position){0}, "not judged");
        annotation_text(&out, "schemaFormat ");
        annotation_text(&out, lint->left[i].name);
        buffer_text(&out, count);
    }
    (void)fputs(buffer_cstr(&out), report->out);
}
