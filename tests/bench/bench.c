/* SPDX-License-Identifier: Apache-2.0 */
#include "bench.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

bool bench_read_options(int argc, char **argv, struct bench_options *out)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},
        {"quick", no_argument, NULL, 'q'},
        {"folder", required_argument, NULL, 'f'},
        {0},
    };
    for (int option = 0; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (option) {
        case 'j':
            out->is_json = true;
            break;
        case 'q':
            out->is_quick = true;
            break;
        case 'f':
            out->folder = optarg;
            break;
        default:
            return false;
        }
    }
    return optind == argc && out->folder != NULL;
}

void bench_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fputs("bench: ", stderr);
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
    va_end(args);
    exit(1);
}

void bench_check(enum outcome o, const struct fault *fault)
{
    if (o != OK) {
        bench_fail("%s", fault->text);
    }
}

void bench_progress(const char *format, ...)
{
    if (!isatty(STDERR_FILENO)) {
        return;
    }
    va_list args;
    va_start(args, format);
    (void)fputs("\r\033[K", stderr);
    (void)vfprintf(stderr, format, args);
    va_end(args);
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

void bench_sort(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare);
}

double bench_percentile(const double *sorted, size_t count, int percent)
{
    return sorted[count * (size_t)percent / 100];
}
