/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_DIFF_REPORT_H
#define CONTRACTS_DIFF_REPORT_H

#include "contracts/diff/diff.h"
#include "core/buffer.h"

#include <stdbool.h>

/* Findings as people, programs and GitHub read them. */

struct diff_report {
    enum diff_level fail_on; /* this and worse is a failure */
    bool allows_unknown;     /* what cannot be decided is none */
    bool has_all;            /* also tells what is ok */
    bool has_colour;
    bool is_new; /* there was no old version: nothing was compared */
};

size_t diff_report_failures(const struct diff_report *report, const struct diff *diff);

typedef void diff_writer(const struct diff_report *report, const struct diff *diff,
                         struct buffer *out);
/* "text", "json", "github"; NULL when there is none of that name. */
diff_writer *diff_writer_find(const char *format);

/* The rules as a Markdown table. */
void diff_write_rules(struct buffer *out);

#endif
