/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_LINT_LINT_H
#define CONTRACTS_LINT_LINT_H

#include "contracts/asyncapi.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Judges contracts by tables of rules in three families: what the AsyncAPI specification demands
 * (structure), what it allows though it makes no sense (sense), and what holds only between
 * services (choreography). Each family is a file with its rules and one function that walks the
 * model.
 */

enum lint_severity { LINT_ERROR, LINT_WARNING };
enum lint_family { LINT_STRUCTURE, LINT_SENSE, LINT_CHOREOGRAPHY };

struct lint_rule {
    const char *id; /* kebab-case, stable for ever: `unknown-key` */
    enum lint_family family;
    enum lint_severity severity;
    bool is_ours; /* a convention of profile quadrille: others' documents are not judged by it */
    const char *summary; /* one sentence: what is wrong and why it matters */
    const char *bad;     /* the essential lines of an example, YAML */
    const char *good;
};

struct lint_finding {
    const struct lint_rule *rule;
    struct position place;
    char *text;                  /* one sentence, and what to do */
    const char *ignored_because; /* NULL: counts */
};

struct lint {
    const struct asyncapi *set;
    struct documents *documents; /* the set's, to follow references */
    bool is_ours;                /* --profile quadrille */
    struct lint_finding *findings;
    size_t count;
};

void lint_add(struct lint *lint, const struct lint_rule *rule, struct position place,
              const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Walks every rule of the three families. */
void lint_run(struct lint *lint);
void lint_done(struct lint *lint);

/* One per family; the tables are for `contract rules`. */
extern const struct lint_rule *const lint_structure_rules[];
extern const size_t lint_structure_rule_count;
void lint_structure(struct lint *lint);
extern const struct lint_rule *const lint_sense_rules[];
extern const size_t lint_sense_rule_count;
void lint_sense(struct lint *lint);
extern const struct lint_rule *const lint_choreography_rules[];
extern const size_t lint_choreography_rule_count;
void lint_choreography(struct lint *lint);

#endif
