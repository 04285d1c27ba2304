/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_DIFF_DIFF_H
#define CONTRACTS_DIFF_DIFF_H

#include "contracts/diff/rules.h"
#include "contracts/node.h"
#include "core/memory.h"

#include <stdbool.h>
#include <stddef.h>

/* What differs between two versions, as a list that reports print. */

enum diff_side {
    DIFF_FORWARD = 1,  /* old consumers of new events */
    DIFF_BACKWARD = 2, /* new consumers of old events: replay, backlog, dead letters */
};

enum { DIFF_FINDINGS_MAX = 10000 };

struct diff_finding {
    enum diff_rule_id rule;
    enum diff_level level;
    unsigned sides;                         /* of enum diff_side: which break; 0: none */
    struct position old_place, new_place;   /* a path of NULL: it is not there */
    const struct node *old_node, *new_node; /* the schemas or objects compared; may be NULL */
    const char *subject;                    /* "billing PaymentCompleted"; "" for bare schemas */
    const char *path;    /* JSON Pointer into the instance, "*" is any item or member */
    const char *pointer; /* JSON Pointer to what decides, in its file */
    const char *before, *after;
    const char *note; /* more about this one; may be NULL */
    bool is_pinned;   /* the address carries the major version: a new one of the document is not
                         enough */
    bool is_error;    /* fails whatever the level */
    unsigned group;   /* of the document it is about: set by diff_add */
};

/* What did not fit in the list. It is counted, because a verdict must not depend on the room. */
struct diff_left_out {
    size_t levels[DIFF_LEVEL_COUNT]; /* without the errors */
    size_t errors;
    size_t announceable; /* of the current group: breaking, and not pinned */
    size_t pinned;       /* of the current group: breaking, and pinned */
    bool has_content;    /* of the current group */
};

/* Zeroed is empty and valid; texts live in the arena. */
struct diff {
    struct arena arena;
    struct diff_finding *items;
    size_t count;
    struct diff_left_out left_out;
    unsigned group; /* that new findings belong to */
    bool is_pinned; /* what new findings are */
};

/* The same finding of two sides becomes one of both. Texts are copied. */
void diff_add(struct diff *diff, const struct diff_finding *finding);
void diff_done(struct diff *diff);

/* What follows is about another document. */
void diff_next_group(struct diff *diff);

/* Words alone, and the order of members, change nothing that anybody relies on; what others do is
 * no change of this document. */
bool diff_is_content(const struct diff_finding *finding);

/* All that did not fit. */
size_t diff_count_left_out(const struct diff *diff);

/* By message, then by path. */
void diff_sort(struct diff *diff);

/* A node as JSON on one line, shortened; "(none)" for NULL. */
const char *diff_text(struct arena *arena, const struct node *node);

#endif
