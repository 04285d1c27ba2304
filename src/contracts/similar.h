/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTRACTS_SIMILAR_H
#define CONTRACTS_SIMILAR_H

#include <stddef.h>

/*
 * "Did you mean": which of some known words was probably meant. Words are compared without regard
 * to case, `-` and `_`; up to two letters may be wrong, missing, too many or swapped, fewer in
 * short words.
 */

enum { SIMILAR_MAX_BYTES = 64 }; /* longer words are never a slip of others */

/* How far apart two words are: 0 the same, SIMILAR_FAR when there is no likeness. */
enum { SIMILAR_FAR = 1000 };
int similar_distance(const char *a, const char *b);

/* The nearest of `words`, NULL when none is near. */
const char *similar_find(const char *word, const char *const *words, size_t count);

#endif
