/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_ECMA_H
#define CORE_ECMA_H

#include "core/buffer.h"
#include "core/memory.h"
#include "core/outcome.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Regular expressions as ECMA-262 of 2024 has them with the u flag: read in full, so that what is
 * no expression there is none here, and told with the character where it goes wrong. What was read
 * is written for PCRE2 (ecma_write) or run by core/ecma_machine.h. core/pattern.h chooses; ask
 * there.
 */

enum {
    ECMA_PATTERN_MAX_BYTES = 32768,
    ECMA_DEPTH_MAX = 200, /* of groups in groups */
};
enum { ECMA_POINT_MAX = 0x10ffff };
/* No end, and whatever is larger than any text. */
static const uint32_t ECMA_UNBOUNDED = UINT32_MAX;

enum ecma_kind {
    ECMA_SEQUENCE, /* its children one after the other; none: empty */
    ECMA_CHOICE,   /* one of its children */
    ECMA_CHARACTER,
    ECMA_SET,
    ECMA_REPEAT, /* its child, min to max times */
    ECMA_GROUP,  /* its child; captured when it has a number */
    ECMA_LOOK,   /* its child matches here, ahead or behind, or does not */
    ECMA_BACK,   /* what the group with its number has captured */
    ECMA_START,
    ECMA_END,
    ECMA_EDGE, /* of a word; negative: no edge */
};

/* A range of code points, or a Unicode property in PCRE2's words. */
struct ecma_item {
    uint32_t low, high;
    const char *property; /* NULL: a range */
    bool is_negative;
};

struct ecma_set {
    struct ecma_item *items;
    size_t count, room;
    bool is_negative;
};

struct ecma_node {
    enum ecma_kind kind;
    struct ecma_node *first, *next; /* child; sibling */
    uint32_t point;                 /* CHARACTER */
    struct ecma_set *set;           /* SET */
    uint32_t min, max;              /* REPEAT */
    uint32_t group;                 /* GROUP: 0 captures nothing. BACK */
    uint32_t group_end; /* REPEAT: the groups from `group` up to here lie inside and start anew */
    bool is_lazy;       /* REPEAT */
    bool is_behind;     /* LOOK */
    bool is_negative;   /* LOOK, EDGE */
};

struct ecma {
    const struct ecma_node *root;
    uint32_t group_count;
    bool has_back;
    bool has_ahead; /* a lookahead that must match */
};

/* REJECT says what is wrong and where. The tree lives in the arena. */
enum outcome ecma_parse(const char *text, size_t length, struct arena *arena, struct ecma *out,
                        struct fault *fault);

/* The same for PCRE2 with PCRE2_UTF and nothing else, captures left out: for what has no
 * `has_back`. */
void ecma_write(const struct ecma *ecma, struct buffer *out);
void ecma_write_set(const struct ecma_set *set, struct buffer *out);

/* \p{name} or \p{name=value}: PCRE2's word for it, borrowed from the arena; NULL when ECMA-262 has
 * no such property. */
const char *ecma_property(const char *text, size_t length, struct arena *arena);

/* May a group's name have it, as its first character or further on? */
bool ecma_is_name(uint32_t point, bool is_first);

#endif
