/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_FINDING_H
#define CONTRACTS_FINDING_H

#include <stddef.h>
#include <stdio.h>

/* What is wrong with the contracts, and where. Findings are collected: a reader wants them all, not
 * the first. */

struct position {
    const char *path; /* lives as long as the contracts */
    int line;         /* from 1; 0 = the file as a whole */
    int column;
};

struct finding {
    struct position place;
    char *text;
};

struct findings {
    struct finding *items;
    size_t count;
};

void findings_done(struct findings *findings);

/* The same text at the same place is kept once, because a definition may be reached along several
 * references. */
void findings_add(struct findings *findings, struct position place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* One line each: "path:line:column: text". */
void findings_print(const struct findings *findings, FILE *out);

#endif
