/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_ENVIRONMENTS_H
#define MODEL_ENVIRONMENTS_H

#include "world.h"

/* The environments of every test run, smallest first, ending with one whose name is NULL. */
extern const struct environment environments[];

/* Everything at once, in two halves: minutes and gigabytes, for long runs only. The same ending. */
extern const struct environment everything[];

#endif
