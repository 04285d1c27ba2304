/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_DIFF_RULES_H
#define CONTRACTS_DIFF_RULES_H

#include <stddef.h>

/* What a change of a contract means, as a table: the differ, its reports and the documentation read
 * the same rows. */

/* From harmless to worst. */
enum diff_level {
    DIFF_OK,
    DIFF_RISKY,
    DIFF_SOURCE,   /* generated code changes */
    DIFF_TOPOLOGY, /* the broker must be changed along */
    DIFF_UNKNOWN,  /* cannot be decided: counts as breaking until somebody has looked */
    DIFF_BREAKING,
};
enum { DIFF_LEVEL_COUNT = DIFF_BREAKING + 1 };

/* "wire-breaking" … */
const char *diff_level_name(enum diff_level level);

enum diff_rule_id {
    P01,
    P02,
    P03,
    P04,
    P05,
    P06,
    P07,
    P08,
    P09,
    P10,
    P11,
    P12,
    P13,
    P14,
    P15,
    P16,
    P17,
    P18,
    P19,
    P20,
    P21,
    P22,
    P23,
    P24,
    P25,
    P26,
    P27,
    P28,
    P29,
    P30,
    P31,
    P32,
    M1,
    M2,
    M3,
    M4,
    M5,
    C1,
    C2,
    C3,
    C4,
    C5,
    C6,
    O1,
    O2,
    O3,
    O4,
    O5,
    S1,
    S2,
    S3,
    S4,
    V1,
    V2,
    V3,
    X1,
    DIFF_RULE_COUNT,
};

struct diff_rule {
    const char *id;
    const char *change;   /* what was changed */
    const char *forward;  /* what it does to old consumers of new events */
    const char *backward; /* what it does to new consumers of old events */
    const char *advice;   /* what to do */
};

extern const struct diff_rule diff_rules[DIFF_RULE_COUNT];

#endif
