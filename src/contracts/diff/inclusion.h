/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_DIFF_INCLUSION_H
#define CONTRACTS_DIFF_INCLUSION_H

#include "contracts/diff/diff.h"
#include "contracts/literal.h"
#include "contracts/node.h"
#include "contracts/ref.h"
#include "core/buffer.h"
#include "core/memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Is everything that one JSON Schema (the left) allows also allowed by another (the right)? YES is
 * a proof; what cannot be decided is UNKNOWN, never YES.
 *
 * The left side is a list of schemas that all hold ("terms"). It is taken apart into alternatives
 * ("variants"), one for each branch of anyOf, oneOf and if and for each type: a little more than
 * the left side allows, never less. The right side is asked keyword by keyword whether it allows
 * each of them. Recursion ends because a pair that is being decided is taken as decided when it
 * comes again one step further down in the instance.
 */

enum verdict { VERDICT_YES, VERDICT_UNKNOWN, VERDICT_NO };

enum {
    INCLUSION_TERMS_MAX = 40,        /* schemas that hold together at one place */
    INCLUSION_ALTERNATIVES_MAX = 64, /* of one place */
    INCLUSION_DEPTH_MAX = 100,       /* steps down into an instance */
    INCLUSION_STEPS_MAX = 200000,    /* pairs and alternatives of one run */
    INCLUSION_CANDIDATES_MAX = 16,   /* schemas that one reference may mean */
    INCLUSION_UNFOLLOWED_MAX = 4,    /* references at one place that are not followed */
};

enum kind {
    KIND_NULL = 1,
    KIND_BOOLEAN = 2,
    KIND_INTEGER = 4,
    KIND_FRACTION = 8, /* numbers that are no integers */
    KIND_STRING = 16,
    KIND_ARRAY = 32,
    KIND_OBJECT = 64,
    KIND_NUMBER = KIND_INTEGER | KIND_FRACTION,
    KIND_ALL = 127,
};

struct term {
    const struct node *node; /* a map: references are followed, allOf is taken apart */
    bool is_left;            /* of what is published: may be closed */
};

struct terms {
    struct term items[INCLUSION_TERMS_MAX];
    size_t count;
    /* References that hold as well, though what they say is not known. */
    const struct node *unfollowed[INCLUSION_UNFOLLOWED_MAX];
    size_t unfollowed_count;
    bool is_never;  /* one of them is `false` */
    bool is_unsure; /* something could not be read: they may allow less than it seems */
};

/* One alternative, of one type. */
struct variant {
    const struct terms *terms;
    unsigned kinds;
    unsigned all_kinds;         /* of all alternatives of the place */
    const struct node **values; /* when is_finite: it can only be one of these */
    size_t value_count;
    bool is_finite;
    /* NULL: unbounded */
    const struct node *low, *high;
    bool low_exclusive, high_exclusive;
    int64_t min_size, max_size;    /* code points of a string, items, members; INT64_MAX */
    bool is_closed;                /* undeclared members do not occur */
    const struct terms *declaring; /* the schemas whose properties count as declared */
};

struct variants {
    struct variant *items;
    size_t count;
    bool is_unsure; /* too many or unreadable: nothing can be concluded */
};

struct inclusion_memo;
struct inclusion_program;

struct inclusion {
    struct documents *left_documents, *right_documents;
    bool is_closed;   /* the left side publishes declared members only */
    bool is_extended; /* x-extensible-enum has a meaning */
    enum diff_side side;
    const char *subject;
    struct diff *diff;

    struct arena arena;
    struct buffer path; /* into the instance */
    int quiet;          /* > 0: findings are not kept */
    int depth;
    int empty_depth; /* steps down while emptiness is looked for */
    size_t steps;
    size_t found; /* findings that were kept */
    struct inclusion_memo *memo;
    struct inclusion_program *programs;
    size_t open_count;  /* pairs that are being decided */
    size_t lowest_used; /* the outermost of them that was taken as decided */
    int hops;           /* of a reference to a reference to … */
};

/* `diff` and the options are set by the caller, the rest is zero. */
void inclusion_done(struct inclusion *run);

/* Whole schemas; adds findings for whatever is not YES. */
enum verdict inclusion_run(struct inclusion *run, const struct node *left,
                           const struct node *right);

/* ---- For the files of the inclusion alone. ---- */

enum verdict inclusion_decide(struct inclusion *run, const struct terms *left,
                              const struct node *right);
/* The same one step further down: an item or a member. `step` is for the path. */
enum verdict inclusion_below(struct inclusion *run, const char *step, const struct terms *left,
                             const struct node *right);
/* The same without findings. */
enum verdict inclusion_try(struct inclusion *run, const struct terms *left,
                           const struct node *right);
/* The same where the right side is what somebody publishes: extensible enums are not. */
enum verdict inclusion_try_strictly(struct inclusion *run, const struct terms *left,
                                    const struct node *right);
enum verdict inclusion_try_below(struct inclusion *run, const struct terms *left,
                                 const struct node *right);

/* reference.c: followed; NULL when that cannot be done safely. */
const struct node *inclusion_follow(struct inclusion *run, const struct node *node);
/* Those that the node's file belongs to. */
struct documents *inclusion_documents(struct inclusion *run, const struct node *node);
/* As tools read it that see the file alone, and as a place in the schema with an $id around it;
 * NULL when it leads nowhere so. */
const struct node *reference_in_file(struct inclusion *run, const struct node *node);
const struct node *reference_in_holder(struct inclusion *run, const struct node *node);
bool reference_has_same_base(const struct node *a, const struct node *b);
/* Schemas in the same files that have taken an address or a name which the reference may mean. */
struct reference_candidates {
    const char *ids[INCLUSION_CANDIDATES_MAX];
    const struct node *targets[INCLUSION_CANDIDATES_MAX]; /* NULL: leads nowhere in it */
    size_t count;
};
/* False when they cannot all be known. */
bool reference_candidates(struct inclusion *run, const struct node *node,
                          struct reference_candidates *out);

/* A finding about the keyword `name` of the schema `right`; returns the verdict. */
struct reason {
    enum diff_rule_id forward, backward; /* the rule when left is new, and when left is old */
    const char *keyword;                 /* of both sides; NULL: the schemas as a whole */
    const char *note;                    /* may be NULL */
};
enum verdict inclusion_no(struct inclusion *run, const struct variant *left,
                          const struct node *right, struct reason reason);
enum verdict inclusion_unknown(struct inclusion *run, const struct variant *left,
                               const struct node *right, struct reason reason);
/* Allowed, but worth a look. */
enum verdict inclusion_risky(struct inclusion *run, const struct variant *left,
                             const struct node *right, struct reason reason);

/* terms.c */
void terms_add(struct inclusion *run, struct terms *terms, const struct node *schema, bool is_left);
struct terms *terms_new(struct inclusion *run);
struct terms *terms_copy(struct inclusion *run, const struct terms *terms);
bool terms_have(const struct terms *terms, const struct node *node);
/* The first term that has the keyword; NULL when none. */
const struct node *terms_find(const struct terms *terms, const char *keyword);
/* What the terms say about the names of members: strings; with the pattern, where it is not NULL.
 */
struct terms *terms_names(struct inclusion *run, const struct terms *terms,
                          const struct node *pattern);
/* {pattern: …} */
const struct node *terms_pattern(struct inclusion *run, const char *pattern);
/* What the terms say about the member `name`, the item at `index`. */
void terms_member(struct inclusion *run, const struct variant *variant, const char *name,
                  struct terms *out);
void terms_item(struct inclusion *run, const struct terms *terms, size_t index, struct terms *out);

/* variants.c */
void variants_make(struct inclusion *run, const struct terms *terms, struct variants *out);
/* A variant as terms again: with its type, so that the other types do not come back. */
struct terms *terms_of_variant(struct inclusion *run, const struct variant *variant);
/* Certainly allows nothing. */
bool terms_are_empty(struct inclusion *run, const struct terms *terms);
unsigned kinds_of_type(const struct node *type);
unsigned kinds_of_value(const struct node *value);
/* The smallest and largest integer of a variant; false when it has none or they are too large. */
bool variant_low_integer(const struct variant *variant, int64_t *out);
bool variant_high_integer(const struct variant *variant, int64_t *out);

/* same.c: equal in meaning, for certain. */
bool same_schema(struct inclusion *run, const struct node *a, const struct node *b);
/* The keyword's value, schema or not, under the same keyword of both. */
bool same_keyword(struct inclusion *run, const char *keyword, const struct node *a,
                  const struct node *b);

/* instance.c: single values, put to the validator */
enum verdict instance_fits(struct inclusion *run, const struct node *value,
                           const struct node *schema);
void instance_done(struct inclusion *run);
/* VERDICT_NO: certainly does not match. */
enum verdict instance_matches(struct inclusion *run, const char *pattern, const char *text);
bool instance_is_multiple(struct inclusion *run, const struct node *number,
                          const struct node *divisor);

/* x-extensible-enum: a consumer must not refuse values that are not listed. */
bool is_extensible(const struct inclusion *run, const struct node *schema);
bool is_listed(const struct node *schema, const struct node *value);

/* The checks of each kind: is every instance of the variant allowed by the keyword of `right`? */
typedef enum verdict inclusion_check(struct inclusion *run, const struct variant *left,
                                     const struct node *right, const struct node *keyword);
inclusion_check check_type, check_values;                                    /* any */
inclusion_check check_low, check_high, check_multiple_of;                    /* scalars */
inclusion_check check_min_size, check_max_size, check_pattern, check_format; /* scalars */
inclusion_check check_content, check_newer;
inclusion_check check_items, check_additional_items, check_contains, check_unique; /* arrays */
inclusion_check check_properties, check_pattern_properties, check_additional_properties,
    check_property_names, check_required, check_dependencies;                  /* objects */
inclusion_check check_all_of, check_any_of, check_one_of, check_not, check_if; /* logic */

#endif
