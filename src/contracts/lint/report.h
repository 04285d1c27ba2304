/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_LINT_REPORT_H
#define CONTRACTS_LINT_REPORT_H

#include "contracts/lint/lint.h"

#include <stdio.h>

/*
 * What the linter found, for people and for machines. Each writer prints the whole report; ignored
 * findings are counted for people and kept, marked, for machines that have a word for them.
 */

struct lint_report {
    const struct lint *lint;
    FILE *out;
    bool has_colour; /* text only */
};

typedef void lint_write(const struct lint_report *report);

lint_write report_text;   /* file:line:column: severity: sentence [rule], then a summary */
lint_write report_json;   /* an object with `findings` and `summary` */
lint_write report_sarif;  /* SARIF 2.1.0 */
lint_write report_github; /* workflow commands of GitHub Actions */
lint_write report_junit;  /* JUnit's XML: a suite per document, a case per finding */

struct lint_format {
    const char *name;
    lint_write *write;
    const char *help;
};
/* NULL when there is none of that name. */
const struct lint_format *report_format_find(const char *name);

/* How many documents were judged. */
size_t report_documents(const struct lint *lint);
size_t report_ignored(const struct lint *lint);

#endif
