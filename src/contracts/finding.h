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

/* What the linter calls it; for everybody else the text is enough. */
enum finding_kind {
    FINDING_OTHER,
    FINDING_UNREADABLE,   /* the file is no YAML or JSON, or is not there */
    FINDING_DANGLING,     /* a reference leads nowhere */
    FINDING_CIRCULAR,     /* a reference leads to itself */
    FINDING_NOT_FOLLOWED, /* a reference that is an address or an absolute path */
};

struct finding {
    enum finding_kind kind;
    struct position place;
    char *text;
};

/* Zeroed is empty and valid. */
struct findings {
    struct finding *items;
    size_t count;
    size_t *slots; /* a hash table of item numbers + 1, to know what is there */
    size_t slot_count;
};

void findings_done(struct findings *findings);

/* The same text at the same place is kept once, because a definition may be reached along several
 * references. */
void findings_add(struct findings *findings, struct position place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void findings_add_kind(struct findings *findings, enum finding_kind kind, struct position place,
                       const char *format, ...) __attribute__((format(printf, 4, 5)));

/* One line each: "path:line:column: text". */
void findings_print(const struct findings *findings, FILE *out);

#endif
