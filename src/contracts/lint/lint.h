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

enum {
    LINT_FINDINGS_MAX = 10 * 1000, /* nobody reads more */
    LINT_FORMATS_MAX = 32,         /* schema formats that are told apart */
};

enum lint_severity { LINT_ERROR, LINT_WARNING };
enum lint_family { LINT_STRUCTURE, LINT_SENSE, LINT_CHOREOGRAPHY };
enum { LINT_FAMILY_COUNT = 3 };

struct lint_rule {
    const char *id; /* kebab-case, stable for ever: `unknown-key` */
    enum lint_family family;
    enum lint_severity severity;
    bool is_ours; /* a convention of profile quadrille: others' documents are not judged by it */
    bool is_error_in_ours; /* a warning for others, an error in profile quadrille */
    const char *summary;   /* one sentence: what is wrong and why it matters */
    const char *bad;       /* the essential lines of an example, YAML */
    const char *good;
};

struct lint_finding {
    const struct lint_rule *rule;
    enum lint_severity severity;
    struct position place;
    char *text;                  /* one sentence, and what to do */
    char *pointer;               /* JSON Pointer to the node in its file; set by lint_run */
    const char *ignored_because; /* NULL: counts */
};

/* Schemas that are no JSON Schema, by their schemaFormat: their insides are not judged. */
struct lint_format_left {
    const char *name; /* a part of its document */
    size_t count;
};

struct lint {
    const struct asyncapi *set;
    struct documents *documents; /* the set's, to follow references */
    bool is_ours;                /* --profile quadrille */
    struct lint_finding *findings;
    size_t count;
    bool is_cut; /* there were more than LINT_FINDINGS_MAX */
    struct lint_format_left left[LINT_FORMATS_MAX];
    size_t left_count, left_others; /* schemas of still other formats */
};

/*
 * Adds a finding, unless the rule is no rule of this profile or the place belongs to an AsyncAPI
 * document that was not asked for. The same twice is kept once. Control characters in the text are
 * written as \uXXXX.
 */
void lint_add(struct lint *lint, const struct lint_rule *rule, struct position place,
              const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Counts a schema whose format is not judged, unless its document was not asked for. */
void lint_leave(struct lint *lint, struct position place, const char *schema_format);

/* Walks every rule of the three families. Afterwards the findings are sorted by file, line and
 * column. `is_ours` must be filled in. */
void lint_run(struct lint *lint, struct asyncapi *set);
/* Sorts again what was added since, and finds the pointers of what has none. */
void lint_settle(struct lint *lint);
void lint_done(struct lint *lint);

/* How many findings of this severity count. */
size_t lint_count(const struct lint *lint, enum lint_severity severity);

const char *lint_severity_name(enum lint_severity severity);
const char *lint_family_name(enum lint_family family);

/* Every rule, family by family; NULL after the last. */
const struct lint_rule *lint_rule_at(size_t index);
const struct lint_rule *lint_rule_find(const char *id);

/* The file that nobody could read. */
extern const struct lint_rule lint_unreadable;

/* One per family; the tables are for `contract rules`. */
extern const struct lint_rule *const lint_structure_rules[];
extern const size_t lint_structure_rule_count;
void lint_structure(struct lint *lint);
/* The rule of what loading and following references has found. */
const struct lint_rule *lint_structure_rule_of(enum finding_kind kind);
extern const struct lint_rule *const lint_sense_rules[];
extern const size_t lint_sense_rule_count;
void lint_sense(struct lint *lint);
extern const struct lint_rule *const lint_choreography_rules[];
extern const size_t lint_choreography_rule_count;
void lint_choreography(struct lint *lint);

#endif
