/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include "core/outcome.h"

#include <stdbool.h>
#include <stddef.h>

/* What the measuring programs share: options, leaving, telling how far they are, and order
 * statistics. */

struct bench_options {
    bool is_quick, is_json;
    const char *folder; /* for logs and data */
};

/* --folder FOLDER [--quick] [--json]; false for anything else. */
bool bench_read_options(int argc, char **argv, struct bench_options *out);

/* Ends the benchmark with a message. */
void bench_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
/* The same when `o` is not OK. */
void bench_check(enum outcome o, const struct fault *fault);
/* One line that overwrites itself, on a terminal only; "" takes it away. */
void bench_progress(const char *format, ...) __attribute__((format(printf, 1, 2)));

void bench_sort(double *values, size_t count);
/* The value below which `percent` of the sorted ones lie. */
double bench_percentile(const double *sorted, size_t count, int percent);

#endif
