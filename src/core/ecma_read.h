/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CORE_ECMA_READ_H
#define CORE_ECMA_READ_H

#include "core/ecma.h"

/* The parser's hands: characters, numbers, names, classes and escapes. Only core/ecma*.c use it. */

static const uint32_t ECMA_NO_POINT = UINT32_MAX; /* behind the last character */

struct ecma_reader {
    const char *at; /* behind `point` */
    const char *end;
    uint32_t point; /* the character to read next */
    uint32_t last;  /* the one read last */
    size_t number;  /* of `point`, from 1 */
    struct arena *arena;
    uint32_t group_count;
    bool has_ahead;
    struct ecma_name *names;           /* of groups */
    struct ecma_reference *references; /* to groups, to look at when all are known */
    const char *problem;               /* the first one */
    size_t problem_at;                 /* the number of a character; 0: at the end */
};

void ecma_start(struct ecma_reader *reader);
/* False, always, so that a failing line stays one line. */
bool ecma_fail(struct ecma_reader *reader, const char *problem);

uint32_t ecma_next(struct ecma_reader *reader); /* reads one, and returns it */
bool ecma_take(struct ecma_reader *reader, uint32_t point);
bool ecma_take_two(struct ecma_reader *reader, uint32_t first, char second);
/* False where no digit stands. What is too large becomes ECMA_UNBOUNDED. */
bool ecma_read_number(struct ecma_reader *reader, uint32_t *out);

/* "name>": what follows "(?<". */
bool ecma_read_group_name(struct ecma_reader *reader, uint32_t group);
/* "<name>": what follows "\k". */
bool ecma_read_reference(struct ecma_reader *reader, struct ecma_node *back);
/* Notes a reference by name, or by node->group where there is none. */
bool ecma_refer(struct ecma_reader *reader, struct ecma_node *back, const uint32_t *name,
                size_t length);
/* Finds the groups of all references; fails where there is none. */
bool ecma_resolve(struct ecma_reader *reader);

enum ecma_read { ECMA_READ_NOTHING, ECMA_READ_CHARACTER, ECMA_READ_SET };

/* What stands behind a backslash and is no place and no reference. A set is added to `set`.
 * Nothing: the problem is noted. A surrogate is a character here. */
enum ecma_read ecma_read_escape(struct ecma_reader *reader, struct ecma_set *set, bool is_in_class,
                                uint32_t *point);
/* \u1234, \ud83d\ude00 or \u{1f600}, from behind the u. */
bool ecma_read_unicode(struct ecma_reader *reader, uint32_t *point);

/* "^a-z]": what follows "[". */
bool ecma_read_class(struct ecma_reader *reader, struct ecma_set *set);
/* Surrogates are left out: no text has them. */
void ecma_add_range(struct ecma_reader *reader, struct ecma_set *set, uint32_t low, uint32_t high);

#endif
